"""What common rules of dropout do to the curve, where the truth is known because accounts are simulated."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.definitions.rule_bias import Habit, OwnSilences, RuleBias
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.printer import Printer

LABELS: dict[Habit, str] = {
    "next_visit": "Waited for until the next visit",
    "inactive": "Judged as of the gap before the end",
    "last_seen": "All dated at their last activity",
    "log_end": "Others censored at the end of the log",
    "detected": "Dated when the gap is full",
    "first_silence": "The first gap ends the tenure",
    "never_returned": "Share not seen after that day",
}
REACH = (0.11, 0.125)
"""How far below and above the truth a panel reaches, in shares of accounts."""


@draws("rules")
def draw_rules(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share still there under each rule, beside the truth of a simulation.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no log of events.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("rules").id
    'rules'
    """
    if results.staying is None or not isinstance(results.staying.bias, RuleBias):
        return None
    bias = results.staying.bias
    if not np.isfinite(bias.survival[bias.rule.index(_own(results, bias))]).any():
        return None
    with figure_style():
        figure = _draw(bias, printer, _own(results, bias))
    rule = _own(results, bias)
    last = int(np.flatnonzero(np.isfinite(bias.survival[bias.rule.index(rule)]))[-1])
    time = bias.time[last]
    truth, own, usual = (
        printer.estimate(f"rules.{name}.{time:g}", found, digits=1)
        for name, found in (
            ("truth", bias.truth_at(last)),
            (rule, bias.estimate_at(rule, last)),
            ("log_end", bias.estimate_at("log_end", last)),
        )
    )
    return DrawnFigure(
        id="rules",
        figure=figure,
        caption=printer.say(
            "Where {truth} stay {days} days, the rule of this report finds {own}, the commonest habit {usual}",
            truth=truth,
            days=printer.numbers.count(int(time)),
            own=own,
            usual=usual,
        ),
        subtitle=printer.say("Share of simulated accounts still there, by rule of dropout, and the truth"),
        alt=printer.say("One panel for each tenure, one row of points for each rule, a vertical line at the truth.")
        + " "
        + " ".join(_told(bias, printer, k) for k in range(len(bias.time))),
        base=printer.say(
            "Base: {n} simulated accounts with the silences of this log, each by the tenure of the visit before it, "
            "and its days of sign-up; gap of {gap} days. Lines: {level} confidence intervals. Points outside a panel "
            "stand at its edge.",
            n=printer.numbers.count(bias.n),
            gap=printer.numbers.count(bias.gap_days),
            level=printer.numbers.share(0.95),
        )
        if isinstance(bias.accounts, OwnSilences)
        else printer.say(
            "Base: {n} simulated accounts observed for {days} days, gap of {gap} days. "
            "Lines: {level} confidence intervals. Points outside a panel stand at its edge.",
            n=printer.numbers.count(bias.n),
            days=printer.numbers.count(bias.accounts.end_day),
            gap=printer.numbers.count(bias.gap_days),
            level=printer.numbers.share(0.95),
        ),
        notes=(
            printer.say("Simulated data."),
            *(
                ()
                if isinstance(bias.accounts, OwnSilences)
                else (printer.say("This log is too short, or holds too few accounts, to simulate its own silences."),)
            ),
        ),
        data=bias.to_frame(),
    )


def _told(bias: RuleBias, printer: Printer, k: int) -> str:
    time = f"{bias.time[k]:g}"
    found = [
        f"{printer.say(LABELS[habit])}: "
        + printer.estimate(f"rules.{habit}.{time}", bias.estimate_at(habit, k), digits=1)
        for habit in bias.rule
        if np.isfinite(bias.survival[bias.rule.index(habit), k])
    ]
    return printer.say(
        "After {time}: truth {share}; {found}.",
        time=printer.numbers.duration(float(bias.time[k])),
        share=printer.estimate(f"rules.truth.{time}", bias.truth_at(k), digits=1),
        found="; ".join(found),
    )


def _own(results: StudyResults, bias: RuleBias) -> Habit:
    """Give the rule of the study, or the one nearest to it among those simulated."""
    usage = results.study.usage
    known: dict[str, Habit] = {habit: habit for habit in bias.rule}
    return known.get("" if usage is None else usage.dropout.rule or "", "inactive")


def _draw(bias: RuleBias, printer: Printer, own: Habit) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 0.3 * len(bias.rule) + 0.7), layout="constrained")
    panels = figure.subplots(1, len(bias.time), sharey=True)
    for k, axes in enumerate(np.atleast_1d(panels)):
        _panel(axes, bias, printer, k, own)
    np.atleast_1d(panels)[0].set_yticks(range(len(bias.rule)), [printer.say(LABELS[habit]) for habit in bias.rule])
    np.atleast_1d(panels)[0].tick_params(axis="y", pad=14)
    return figure


def _panel(axes: Axes, bias: RuleBias, printer: Printer, k: int, own: Habit) -> None:
    truth, time = float(bias.truth[k]), f"{bias.time[k]:g}"
    left, right = truth - REACH[0], truth + REACH[1]
    axes.axvline(truth, color=MUTED, linewidth=1)
    for y, habit in enumerate(bias.rule):
        found = bias.estimate_at(habit, k)
        if not np.isfinite(found.estimate):
            continue
        beyond = found.estimate > right
        color = ACCENT if habit == own else SERIES[0]
        x = min(found.estimate, right - 0.006)
        axes.hlines(y, found.conf_low, min(found.conf_high, right), color=color, linewidth=1.4)
        axes.plot(x, y, marker=">" if beyond else "o", color=color, markersize=4.5)
        beside = -1 if beyond or found.estimate < truth - 0.002 else 1
        axes.annotate(
            printer.estimate(f"rules.{habit}.{time}", found, digits=1),
            (x, y),
            (5 * beside, 0),
            textcoords="offset points",
            ha="right" if beside < 0 else "left",
            va="center",
            fontsize=7.5,
            color=INK,
        )
    axes.set_xlim(left, right)
    axes.set_ylim(len(bias.rule) - 0.5, -0.75)
    shown = printer.estimate(f"rules.truth.{time}", bias.truth_at(k), digits=1)
    axes.set_xticks([truth], [printer.say("truth: {share}", share=shown)], color=MUTED, fontsize=8)
    axes.set_title(printer.numbers.duration(float(bias.time[k])), fontsize=9, color=INK, loc="left")
    axes.tick_params(axis="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.spines["bottom"].set_visible(True)
