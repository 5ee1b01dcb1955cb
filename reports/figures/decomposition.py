"""What each step accounts for in the difference between two funnels, with its interval."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.adoption.decomposition import SHARED_STEP
from reports.figures._marks import MARKERS, draw_interval
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.adoption import Comparison
from reports.results.study import StudyResults
from reports.words.funnels import STEPS, cause_sentence, comparison_id, part_label, row_label, side_names
from reports.words.labels import listed, note_sentence, with_interval
from reports.words.printer import Printer
from surveys.core.results import Estimate

ROW_HEIGHT = 0.24
HEADING = 1.15
GAP = 0.4
LABEL_ROOM = 150


@draws("decomposition")
def draw_decomposition(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw what each step accounts for in the difference between two funnels.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where nothing is compared.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("decomposition").id
    'decomposition'
    """
    if results.adoption is None or not results.adoption.comparisons:
        return None
    comparisons = results.adoption.comparisons
    with figure_style():
        figure = _draw(results, printer, comparisons)
    notes = [
        note_sentence(printer, note)
        for each in comparisons
        for note in each.decomposition.notes
        if note.message != SHARED_STEP.message
    ]
    if comparisons[0].first is None and any(survey.simulated for survey in results.study.survey):
        notes.insert(
            0,
            printer.say(
                "Comparisons marked as simulated are of simulated data; the others are of figures "
                "that others printed, which are real."
            ),
        )
    return DrawnFigure(
        id="decomposition",
        figure=figure,
        caption=cause_sentence(results, printer, comparisons[min(1, len(comparisons) - 1)]).rstrip("."),
        subtitle=printer.say(
            "By how much each step multiplies the share of the base, and its points of the difference, from the first "
            "funnel to the second"
        ),
        alt=printer.say("One row of bars with intervals for each step, grouped by comparison.")
        + " "
        + listed(printer, _told(results, printer, comparisons))
        + ".",
        base=printer.say(
            "The ratios of the steps multiply to that of the whole; the points, after Shapley, add up to its "
            "difference. In bold: the step that counts most, where its part differs from that of each other beyond the "
            "uncertainty. Lines: {level} confidence intervals by the delta method. A step for which one figure serves "
            "both funnels is no step of their difference. Bases and sources: those of the tables of this chapter.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=tuple(dict.fromkeys(notes)),
        data=pd.concat(
            [
                each.decomposition.to_frame().assign(comparison=" / ".join(side_names(results, printer, each)))
                for each in comparisons
            ],
            ignore_index=True,
        ),
    )


def _draw(results: StudyResults, printer: Printer, comparisons: tuple[Comparison, ...]) -> Figure:
    rows = sum(len(each.decomposition.steps) + HEADING + GAP for each in comparisons)
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * rows + 0.4), layout="constrained")
    axes, numbers = figure.subplots(1, 2, width_ratios=[2, 1.75], sharey=True)
    axes.set_xscale("log")
    y, heights, ends = 0.0, {}, [1.0]
    for each in comparisons:
        found = each.decomposition
        axes.annotate(
            " → ".join(side_names(results, printer, each)),
            (0, y),
            (-LABEL_ROOM, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            weight="semibold",
            color=INK,
            fontsize=8.5,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            zorder=6,
        )
        y += HEADING
        for step, ratio in found.ratios.items():
            _row(axes, step, ratio, y)
            weight = "semibold" if step == found.cause else "normal"
            numbers.text(0, y, _numbers(printer, each, step), va="center", fontsize=8, color=INK, weight=weight)
            heights[y] = row_label(printer, step)
            ends += [ratio.conf_low, ratio.conf_high]
            y += 1
        y += GAP
    axes.set_yticks(list(heights), list(heights.values()))
    axes.set_ylim(y - GAP, -0.8)
    axes.set_xlim(min(ends) / 1.15, max(ends) * 1.15)
    axes.axvline(1, color=MUTED, linewidth=0.7, zorder=1)
    powers = range(math.floor(math.log2(min(ends))), math.ceil(math.log2(max(ends))) + 1)
    low, high = axes.get_xlim()
    ticks = [2.0**power for power in powers if low <= 2.0**power <= high]
    axes.set_xticks(
        ticks, ["×\u00a0" + printer.numbers.number(tick, 2 if tick < 0.5 else int(tick < 1)) for tick in ticks]
    )
    axes.set_xticks([], minor=True)
    axes.tick_params(axis="y", length=0)
    numbers.set_xlim(0, 1)
    numbers.set_xticks([])
    numbers.tick_params(axis="y", length=0, labelleft=False)
    for spine in (*numbers.spines.values(), axes.spines["left"]):
        spine.set_visible(False)
    return figure


def _row(axes: Axes, step: str, ratio: Estimate, y: float) -> None:
    color, marker = SERIES[STEPS.index(step)], MARKERS[STEPS.index(step)]
    axes.plot([1, ratio.estimate], [y, y], color=color, linewidth=6, alpha=0.3, solid_capstyle="butt", zorder=2)
    draw_interval(axes, y, ratio.conf_low, ratio.conf_high, color=color)
    axes.plot(ratio.estimate, y, marker=marker, markersize=5, color=color, zorder=4)


def _numbers(printer: Printer, comparison: Comparison, step: str) -> str:
    """Print the ratio of a step with its interval, and its points of the difference."""
    found, identifier = comparison.decomposition, f"{comparison_id(comparison)}.{step}"
    ratio, points = found.ratios[step], found.parts[step]
    return printer.say(
        "× {ratio}, or {points}",
        ratio=with_interval(printer, f"{identifier}.ratio", ratio),
        points=printer.estimate(f"{identifier}.points", points),
    )


def _told(results: StudyResults, printer: Printer, comparisons: tuple[Comparison, ...]) -> list[str]:
    return [
        printer.say(
            "{first} to {second}, {step}: {part}",
            first=first,
            second=second,
            step=part_label(printer, step),
            part=_numbers(printer, each, step),
        )
        for each in comparisons
        for first, second in [side_names(results, printer, each)]
        for step in each.decomposition.steps
    ]
