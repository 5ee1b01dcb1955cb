"""How long a silence must be before it means departure: who comes back, by the length of the silence."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from churn.definitions.gaps import GapChoice
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.labels import note_sentence
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

LONGEST = 120


@draws("gaps")
def draw_gaps(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share of silent accounts that come back, by the length of the silence.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no log of events, or too short a one.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("gaps").id
    'gaps'
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or staying.activity is None or isinstance(staying.activity.gaps, Unavailable):
        return None
    choice = staying.activity.gaps
    with figure_style():
        figure = _draw(choice, usage.dropout.gap_days, printer)
    accepted = printer.numbers.share(choice.error)
    caption = (
        printer.say("More than {accepted} come back after every silence tried", accepted=accepted)
        if isinstance(choice.chosen, Unavailable)
        else printer.say(
            "From {days} silent days on, at most {accepted} of the accounts come back",
            days=printer.numbers.count(choice.chosen),
            accepted=accepted,
        )
    )
    return DrawnFigure(
        id="gaps",
        figure=figure,
        caption=caption,
        subtitle=printer.say("Share of silent accounts that were active again later, by days of silence"),
        alt=printer.say("A curve that falls with the length of the silence, and a line at the share accepted.")
        + " "
        + caption
        + ".",
        base=printer.say(
            "Base: accounts silent for so long, and then observed for as long again: {most} at first, {least} at last. "
            "Band: {level} confidence interval, Wilson.",
            most=printer.numbers.count(int(choice.n_silent[0])),
            least=printer.numbers.count(int(choice.n_silent[choice.gap <= LONGEST][-1])),
            level=printer.numbers.share(choice.conf_level),
        ),
        notes=(
            *((printer.say("Simulated data."),) if usage.simulated else ()),
            *(note_sentence(printer, note) for note in choice.notes[-1:]),
        ),
        data=choice.to_frame(),
    )


def _draw(choice: GapChoice, gap_days: int, printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 1.9), layout="constrained")
    axes = figure.subplots()
    shown = (choice.gap <= LONGEST) & np.isfinite(choice.share)
    gap = choice.gap[shown]
    axes.fill_between(gap, choice.conf_low[shown], choice.conf_high[shown], color=SERIES[0], alpha=0.22, linewidth=0)
    axes.plot(gap, choice.share[shown], color=SERIES[0], marker="o", markersize=3.5, linewidth=1.5)
    axes.axhline(choice.error, color=MUTED, linewidth=1, linestyle=(0, (3, 2)))
    axes.annotate(
        printer.say("accepted: {share}", share=printer.numbers.share(choice.error)),
        (gap[-1], choice.error),
        (0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=MUTED,
    )
    named = {gap_days} | ({choice.chosen} if isinstance(choice.chosen, int) else set())
    for place, days in enumerate(sorted(named & set(gap.tolist()), reverse=True)):
        point = choice.at(days)
        assert isinstance(point, Estimate)
        axes.plot(days, point.estimate, marker="o", markersize=6, color=ACCENT, zorder=5)
        axes.annotate(
            printer.say(
                "{days} days: {share} ({interval})",
                days=printer.numbers.count(days),
                share=printer.estimate(f"gaps.{days}", point, digits=1),
                interval=printer.interval(f"gaps.{days}", point, digits=1),
            ),
            (days, max(point.estimate, choice.error)),
            (10, 8 + 15 * place),
            textcoords="offset points",
            color=INK,
            weight="semibold",
            fontsize=8.5,
        )
    axes.set_ylim(0, None)
    axes.set_xlim(0, gap[-1] * 1.02)
    ticks = [tick for tick in axes.get_yticks() if tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.set_xticks([t for t in (1, 7, 14, 30, 45, 60, 75, 90, 120) if t <= gap[-1]])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.set_xlabel(printer.say("Days of silence"))
    return figure
