"""What the figures allow against what is claimed, sentence by sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Transform

from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.claims import group_words, grouped, is_answered, verdict_label
from reports.words.printer import Printer
from surveys.claims.check import CheckedClaim
from surveys.core.results import Estimate

ROW_HEIGHT = 0.178
REACH = 4.0
"""The axis goes from a quarter of what is claimed to four times as much; beyond, an arrow."""
MARGIN = 1.35
A_COUNT = "a count of sentences"
MARKS: Mapping[str, tuple[str, str]] = {
    "supported": ("o", SERIES[1]),
    "overstated": ("D", SERIES[3]),
    "contradicted": ("X", SERIES[2]),
    "not checkable": ("s", SERIES[4]),
}
"""Marker and colour of each group of verdicts."""


@draws("claims")
def draw_claims(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw, for each sentence, what the figures allow as a multiple of what is claimed.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study checks no sentence.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("claims").id
    'claims'
    """
    if not results.claims:
        return None
    with figure_style():
        figure = _draw(results, printer)
    counts = {group: sum(1 for _ in members) for group, members in grouped(results.claims)}
    held, contradicted, unchecked, total = (
        printer.value(f"claims.{name}", count, unit="count", why_no_interval=A_COUNT)
        for name, count in (
            ("held", counts.get("supported", 0)),
            ("contradicted", counts.get("contradicted", 0)),
            ("unchecked", counts.get("not checkable", 0)),
            ("total", len(results.claims)),
        )
    )
    return DrawnFigure(
        id="claims",
        figure=figure,
        caption=printer.say(
            "Of {total} sentences in print: {held} in agreement with the figures, {contradicted} in contradiction with "
            "them, {unchecked} not to be checked as it stands",
            held=held,
            total=total,
            contradicted=contradicted,
            unchecked=unchecked,
        ),
        subtitle=printer.say(
            "What the figures allow, divided by what is claimed (1: just what is claimed), logarithmic scale"
        ),
        alt=printer.say("One row for each sentence: a point and an interval on a scale where 1 is what is claimed.")
        + " "
        + _told(results, printer),
        base=printer.say(
            "Base: the one of each sentence, in the table below. Lines: {level} confidence intervals, for sampling and "
            "rounding; points: each way of reading the sentence, hollow where it does not answer. Arrows: beyond the "
            "axis.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(),
        data=_frame(results),
    )


def _told(results: StudyResults, printer: Printer) -> str:
    verdicts = Counter(claim.verdict for claim in results.claims)
    return " ".join(
        printer.say(
            "{verdict}: {count}.",
            verdict=verdict_label(printer, verdict).capitalize(),
            count=printer.numbers.count(count),
        )
        for verdict, count in verdicts.items()
    )


def _draw(results: StudyResults, printer: Printer) -> Figure:
    groups = grouped(results.claims)
    n_rows = len(results.claims) + len(groups)
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * n_rows + 0.45), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_xlim(1 / (REACH * MARGIN), REACH * MARGIN)
    axes.set_ylim(n_rows - 0.4, -0.7)
    ticks, labels, y = [], [], 0
    for group, members in groups:
        axes.text(
            0,
            y + 0.1,
            group_words(printer, group),
            transform=_beside(axes),
            fontsize=8.5,
            weight="semibold",
            va="center",
        )
        for number, checked in members:
            y += 1
            ticks.append(y)
            name = printer.label(checked.claim.label or checked.claim.statement)
            labels.append(printer.say("{number}. {name}", number=str(number), name=name))
            _draw_row(axes, y, checked, group, printer)
        y += 1
    _finish(axes, ticks, labels, printer)
    return figure


def _beside(axes: Axes) -> Transform:
    """Place by the width of the axes across, by rows down."""
    return axes.get_yaxis_transform()


def _draw_row(axes: Axes, y: int, checked: CheckedClaim, group: str, printer: Printer) -> None:
    marker, color = MARKS[group]
    axes.text(
        1.02, y, verdict_label(printer, checked.verdict), transform=_beside(axes), va="center", fontsize=8, color=color
    )
    if not isinstance(checked.interval, Estimate):
        reason = printer.note(checked.interval.reason)
        axes.text(
            0.5,
            y,
            reason,
            transform=_beside(axes),
            ha="center",
            va="center",
            fontsize=7.5,
            style="italic",
            color=MUTED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
            zorder=5,
        )
        return
    span = checked.relative(checked.interval)
    axes.hlines(y, _within(span.conf_low), _within(span.conf_high), color=color, linewidth=1.3, zorder=3)
    answers = [
        (checked.relative(reading.answer).estimate, reading.side != "unknown")
        for reading in checked.readings
        if isinstance(reading.answer, Estimate)
    ]
    some_decided = any(decided for _, decided in answers)
    for ratio, decided in answers:
        if some_decided and not decided:
            continue
        if 1 / REACH <= ratio <= REACH:
            axes.plot(
                ratio,
                y,
                marker=marker,
                color=color,
                markersize=5,
                markerfacecolor=color if decided else "white",
                linestyle="",
                zorder=4,
            )
    _draw_arrows(axes, y, checked, span, color, printer)


def _draw_arrows(axes: Axes, y: int, checked: CheckedClaim, span: Estimate, color: str, printer: Printer) -> None:
    """Say where an interval leaves the axis; where its estimate does, how far it is."""
    edge = REACH * 1.12
    for beyond, place, marker in ((span.conf_low < 1 / REACH, 1 / edge, "<"), (span.conf_high > REACH, edge, ">")):
        if beyond:
            axes.plot(place, y, marker=marker, color=color, markersize=4.5, linestyle="", zorder=4)
    if 1 / REACH <= span.estimate <= REACH:
        return
    text = _times(span.estimate, f"claim.{checked.claim.id}.relative", span, printer)
    left = span.estimate < 1
    axes.annotate(
        text,
        (_within(span.conf_high) if left else _within(span.conf_low), y),
        (7 if left else -7, 0),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
        fontsize=7.5,
        color=INK,
    )


def _times(ratio: float, identifier: str, span: Estimate, printer: Printer) -> str:
    """Print a multiple: so many times as much, or so many times less."""
    less = 0 < ratio < 1
    size = 1 / ratio if less else ratio
    number = printer.value(
        identifier,
        size,
        unit="ratio" if size < 100 else "count",
        why_no_interval="its interval is drawn, and printed in the table in the unit of the sentence",
        digits=0 if size >= 10 else 1,
    )
    return f"÷ {number}" if less else f"× {number}"


def _within(ratio: float) -> float:
    edge = REACH * 1.12
    return min(max(ratio, 1 / edge), edge)


def _finish(axes: Axes, ticks: list[int], labels: list[str], printer: Printer) -> None:
    axes.axvline(1, color=INK, linewidth=0.8, zorder=2)
    places = (1 / 4, 1 / 2, 1, 2, 4)
    axes.set_xticks(places, [_tick(place, printer) for place in places])
    axes.set_xticks([], minor=True)
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.spines["left"].set_visible(False)


def _tick(place: float, printer: Printer) -> str:
    if place == 1:
        return printer.say("as claimed")
    return f"× {printer.numbers.count(place)}" if place > 1 else f"÷ {printer.numbers.count(1 / place)}"


def _frame(results: StudyResults) -> pd.DataFrame:
    rows = []
    for group, members in grouped(results.claims):
        for number, checked in members:
            span = checked.relative(checked.interval) if isinstance(checked.interval, Estimate) else None
            rows.append(
                {
                    "number": number,
                    "id": checked.claim.id,
                    "group": group,
                    "verdict": checked.verdict,
                    "ratio": span.estimate if span else math.nan,
                    "ratio_low": span.conf_low if span else math.nan,
                    "ratio_high": span.conf_high if span else math.nan,
                    "answered": is_answered(checked),
                }
            )
    return pd.DataFrame(rows)
