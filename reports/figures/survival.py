"""Staying: the survival curve with the one-month mark and its table of accounts at risk."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.next_visit.curve import NextVisitCurve
from churn.tenures.rules import DropoutRule
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.staying import StayingResults
from reports.results.study import StudyResults
from reports.words.durations import SINCE, lasting
from reports.words.labels import note_sentence, platform_label
from reports.words.printer import Printer
from reports.words.silences import gap_sentences
from surveys.core.results import Estimate

DRAWN = {
    "days": (0, 30, 60, 90, 120, 180, 240, 300, 365),
    "weeks": (0, 4, 8, 13, 17, 26, 39, 52),
    "months": (0, 1, 3, 6, 12, 18, 24, 36, 48, 60, 72, 84, 96, 120),
    "years": (0, 1, 2, 3, 5, 10, 15, 20),
}
FIRST_YEAR = {"days": 365, "weeks": 52}
"""Where the curve of long logs is cut; that of months or years is drawn to its end."""
FEW = 10
"""Fewer accounts at risk than this, and the curve is no longer drawn."""


@draws("survival")
def draw_survival(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share of accounts retained by tenure.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no usage.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("survival").id
    'survival'
    """
    staying = results.staying
    if staying is None or results.study.usage is None or not len(staying.curve.time):
        return None
    horizon, unit = results.study.usage.horizon, staying.curve.time_unit
    kept = staying.curve.at(horizon)
    with figure_style():
        figure = _draw(results, staying, printer, kept)
    name = platform_label(printer, results.study, log_platform(results.study))
    caption = (
        printer.say(
            "{share} of the accounts opened on {platform} are still there after {time}",
            share=printer.estimate(f"survival.{horizon}", kept),
            platform=name,
            time=lasting(printer, horizon, unit),
        )
        if isinstance(kept, Estimate)
        else printer.say("How long accounts opened on {platform} stay", platform=name)
    )
    told = [
        printer.say(
            "After {time}: {share}.",
            time=lasting(printer, time, unit),
            share=printer.estimate(f"survival.{time}", point),
        )
        for time in _times(staying)[1:]
        if isinstance(point := staying.curve.at(time), Estimate)
    ]
    return DrawnFigure(
        id="survival",
        figure=figure,
        caption=caption,
        subtitle=printer.say("Share of accounts seen again, by days since sign-up, first year (next visit)")
        if isinstance(staying.curve, NextVisitCurve)
        else printer.say("Share of accounts still there, by days since sign-up, first year (Kaplan-Meier)")
        if unit == "days"
        else printer.say("Share of accounts still there, by time since sign-up (Kaplan-Meier)"),
        alt=printer.say("A curve that falls in steps, steeply at first, with its confidence band.")
        + " "
        + " ".join(told),
        base=printer.say(
            "Base: {n} accounts, for each day those followed further. Band: {level} confidence interval, logit. "
            "An account is gone when it is never seen again.",
            n=printer.numbers.count(staying.curve.n),
            level=printer.numbers.share(staying.curve.conf_level),
        )
        if isinstance(staying.curve, NextVisitCurve)
        else printer.say(
            "Base: {n} accounts. Band: {level} confidence interval, log-log. "
            "An account is gone when it shows nothing in the last {gap} days of observation.",
            n=printer.numbers.count(staying.curve.n),
            level=printer.numbers.share(staying.curve.conf_level),
            gap=printer.numbers.count(results.study.usage.dropout.gap_days),
        )
        if results.study.usage.dropout.rule == "inactive"
        else printer.say(
            "Base: {n} accounts. Band: {level} confidence interval, log-log.",
            n=printer.numbers.count(staying.curve.n),
            level=printer.numbers.share(staying.curve.conf_level),
        )
        + " "
        + note_sentence(printer, DropoutRule.of(results.study.usage.dropout).describe()),
        notes=(
            *((printer.say("Simulated data."),) if results.study.usage.simulated else ()),
            *(note_sentence(printer, note) for note in staying.notes),
            *(gap_sentences(results, printer) if results.study.usage.dropout.rule == "inactive" else ()),
        ),
        data=staying.curve.to_frame(),
    )


def _times(staying: StayingResults) -> list[int]:
    """Choose tenures for the table that the curve reaches with enough accounts at risk."""
    last = _last_time(staying)
    return [time for time in DRAWN[staying.curve.time_unit] if time <= last]


def _last_time(staying: StayingResults) -> float:
    curve = staying.curve
    enough = curve.time[curve.n_at_risk >= FEW]
    last = float(enough[-1] if len(enough) else curve.time[-1])
    return min(FIRST_YEAR.get(curve.time_unit, last), last)


def _draw(results: StudyResults, staying: StayingResults, printer: Printer, kept: object) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 4.0), layout="constrained")
    axes, table = figure.subplots(2, 1, height_ratios=[5, 1.1], sharex=True)
    curve, last = staying.curve, _last_time(staying)
    shown = curve.time <= last
    time = np.concatenate([[0.0], curve.time[shown]])
    survival = np.concatenate([[1.0], curve.survival[shown]])
    low, high = (np.concatenate([[1.0], np.nan_to_num(x[shown], nan=1.0)]) for x in (curve.conf_low, curve.conf_high))
    axes.fill_between(time, low, high, step="post", color=SERIES[0], alpha=0.22, linewidth=0)
    axes.step(time, survival, where="post", color=SERIES[0], linewidth=1.8)
    horizon = float(results.study.usage.horizon) if results.study.usage else 30.0
    if isinstance(kept, Estimate):
        axes.vlines(horizon, 0, kept.estimate, color=ACCENT, linewidth=1, linestyle=(0, (3, 2)))
        axes.plot(horizon, kept.estimate, marker="o", markersize=5, color=ACCENT, zorder=5)
        text = printer.say(
            "{time}: {share} still there ({interval})",
            time=lasting(printer, horizon, curve.time_unit),
            share=printer.estimate(f"survival.{horizon:g}", kept),
            interval=printer.interval(f"survival.{horizon:g}", kept),
        )
        axes.annotate(
            text,
            (horizon, kept.estimate),
            (14, 12),
            textcoords="offset points",
            color=INK,
            weight="semibold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [printer.numbers.share(x) for x in (0, 0.25, 0.5, 0.75, 1)])
    axes.set_xlim(-0.012 * last, last * 1.03 or 1.0)
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(printer.say(SINCE[curve.time_unit]))
    _draw_risk_table(table, staying, printer)
    return figure


def _draw_risk_table(table: Axes, staying: StayingResults, printer: Printer) -> None:
    """Write accounts at risk, gone and censored under the tenures they belong to."""
    times = _readable(_times(staying), _last_time(staying))
    rows = staying.curve.risk_table(times)
    labels = (
        {
            "n_at_risk": printer.say("Followed"),
            "n_back": printer.say("Seen again"),
            "n_censor": printer.say("Cut short"),
        }
        if isinstance(staying.curve, NextVisitCurve)
        else {"n_at_risk": printer.say("At risk"), "n_event": printer.say("Gone"), "n_censor": printer.say("Censored")}
    )
    table.set_ylim(len(labels) - 0.5, -0.7)
    for height, column in enumerate(labels):
        for time, count in zip(rows["time"], rows[column], strict=True):
            text = printer.value(
                f"risk.{time:g}.{column}", int(count), unit="accounts", why_no_interval="a count of accounts"
            )
            table.text(time, height, text, ha="center", va="center", fontsize=8, color=INK)
    table.set_yticks(range(len(labels)), list(labels.values()))
    table.tick_params(axis="both", length=0, labelbottom=False)
    table.tick_params(axis="y", pad=14)
    for spine in table.spines.values():
        spine.set_visible(False)
    table.axhline(-0.65, color=MUTED, linewidth=0.5)
    table.set_xticks(times, [printer.numbers.count(time) for time in times])


def _readable(times: list[int], last: float) -> list[int]:
    """Keep tenures far enough apart for their numbers not to touch."""
    kept = [times[0]]
    for time in times[1:]:
        if time - kept[-1] >= last * 0.075:
            kept.append(time)
    return kept
