"""What several publishers say: one panel for each thing measured, a marker for each publisher."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures._marks import MARKERS, spread
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.labels import fieldwork_label
from reports.words.printer import Printer
from surveys.published.conflicts import PublisherPoint
from surveys.published.series import PublishedSeries
from surveys.study.fieldwork import year_of

PANEL_HEIGHT = 1.5
LABEL_SIZE = 7.0
NAMES_APART = 0.105
"""Least distance between two names, as a share of the height of a panel."""


@draws("publishers")
def draw_publishers(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw each published series, publishers apart, conflicts tied and breaks marked.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study names no series of several publishers.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("publishers").id
    'publishers'
    """
    series = () if results.diffusion is None else results.diffusion.series
    shown = [one for one in series if any(point.year is not None for point in one.points)]
    if not shown:
        return None
    with figure_style():
        figure = _draw(shown, printer)
    conflicts = [conflict for one in shown for conflict in one.conflicts]
    values = {
        name: printer.value(f"publishers.{name}", count, unit="count", why_no_interval="a count")
        for name, count in (
            ("figures", sum(len(one.points) for one in shown)),
            ("publishers", len({name for one in shown for name in one.publishers})),
            ("conflicts", len(conflicts)),
            ("apart", sum(conflict.apart is True for conflict in conflicts)),
        )
    }
    return DrawnFigure(
        id="publishers",
        figure=figure,
        caption=printer.say(
            "Of {conflicts} pairs of published figures said to conflict, {apart} lie further apart than their "
            "sampling and rounding allow",
            conflicts=values["conflicts"],
            apart=values["apart"],
        ),
        subtitle=printer.say(
            "{figures} figures of {publishers} publishers, one panel for each thing measured",
            figures=values["figures"],
            publishers=values["publishers"],
        ),
        alt=printer.say("Small panels over time, one marker shape for each publisher.")
        + " "
        + " ".join(_told(one, printer) for one in shown),
        base=printer.say(
            "Bases differ: see the table of conflicts. Vertical lines: {level} Wilson interval widened by rounding; a "
            "count is only rounded. Horizontal lines: time span that the source gives. Hollow: no number of "
            "respondents published, or low confidence. Dotted rule: break of a publisher’s series. Thin orange "
            "line: two figures "
            "that conflict.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(),
        data=pd.DataFrame([row for one in shown for row in one.to_frame().to_dict("records")]),
    )


def _draw(shown: list[PublishedSeries], printer: Printer) -> Figure:
    n_rows = (len(shown) + 1) // 2
    figure = Figure(figsize=(TEXT_WIDTH, PANEL_HEIGHT * n_rows), layout="constrained")
    panels = np.atleast_1d(figure.subplots(n_rows, 2, squeeze=False)).ravel()
    for axes, one in zip(panels, shown, strict=False):
        _panel(axes, one, printer)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    return figure


def _panel(axes: Axes, one: PublishedSeries, printer: Printer) -> None:
    points = [point for point in one.points if point.figure.fieldwork is not None]
    unit = points[0].figure.unit
    first = min(year_of(point.figure.fieldwork.first) for point in points if point.figure.fieldwork)
    last = max(year_of(point.figure.fieldwork.last) for point in points if point.figure.fieldwork)
    top = max(point.figure.value if point.interval is None else point.interval.conf_high for point in points)
    top = min(1.0, 1.12 * top) if unit == "share" else 1.12 * top
    looks = {name: (MARKERS[k % len(MARKERS)], SERIES[k % len(SERIES)]) for k, name in enumerate(one.publishers)}
    for cut in one.breaks:
        color = looks[cut.publisher][1] if cut.publisher in looks and len(looks) > 1 else MUTED
        axes.axvline(cut.year, color=color, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
    for conflict in one.conflicts:
        pair = (conflict.first, conflict.second)
        ends = [(point.year, point.figure.value) for point in pair if point.year is not None]
        if len(ends) == 2:
            axes.plot(*zip(*ends, strict=True), color=ACCENT, linewidth=0.7, zorder=2)
    for name in one.publishers:
        marker, color = looks[name]
        for run in one.runs(name):
            years = [point.year for point in run if point.year is not None]
            axes.plot(years, [point.figure.value for point in run], color=color, linewidth=0.9, alpha=0.7, zorder=2)
        for point in one.of(name):
            _point(axes, point, marker, color)
    _names(axes, one, looks, top)
    span = max(last - first, 1.0)
    axes.set_xlim(first - 0.05 * span, last + 0.05 * span)
    axes.set_ylim(0, top)
    axes.set_title(printer.label(one.label), fontsize=8.5)
    ticks = [float(tick) for tick in axes.get_yticks() if tick <= top]
    axes.set_yticks(ticks, [_tick(printer, unit, float(tick)) for tick in ticks])
    step = 1 if span <= 4 else 2
    shown = list(range(int(np.ceil(first)), int(last) + 1, step))
    axes.set_xticks(shown, [str(year) for year in shown])
    axes.tick_params(labelsize=7)


def _tick(printer: Printer, unit: str, value: float) -> str:
    if unit == "share":
        return printer.numbers.share(value)
    return printer.numbers.people(value) if unit in ("people", "accounts") else printer.numbers.number(value, 0)


def _point(axes: Axes, point: PublisherPoint, marker: str, color: str) -> None:
    if point.figure.fieldwork is None or point.year is None:
        return
    value, days = point.figure.value, point.figure.fieldwork
    hollow = point.interval is None or not point.reliable
    if days.days > 31:
        axes.plot(
            [year_of(days.first), year_of(days.last)], [value] * 2, color=color, linewidth=0.8, alpha=0.6, zorder=2
        )
    if point.interval is not None:
        axes.plot(
            [point.year] * 2,
            [point.interval.conf_low, point.interval.conf_high],
            color=color,
            linewidth=1.1,
            linestyle="-" if point.reliable else ":",
            zorder=3,
        )
    axes.plot(
        point.year,
        value,
        marker=marker,
        markersize=4.2,
        color=color,
        markerfacecolor="white" if hollow else color,
        markeredgewidth=0.9,
        zorder=4,
    )


def _names(axes: Axes, one: PublishedSeries, looks: dict[str, tuple[str, str]], top: float) -> None:
    """Name each publisher right of the panel, near the height of its last figure."""
    ends = {
        name: points[-1]
        for name in one.publishers
        if (points := [point for point in one.of(name) if point.year is not None])
    }
    heights = spread([point.figure.value for point in ends.values()], NAMES_APART * top)
    heights = heights - max(0.0, float(heights.max()) - 0.97 * top)
    for name, height in zip(ends, heights, strict=True):
        marker, color = looks[name]
        across = axes.get_yaxis_transform()
        axes.plot(1.05, height, marker=marker, markersize=3.6, color=color, clip_on=False, transform=across)
        axes.annotate(
            name,
            (1.05, height),
            (5, 0),
            xycoords=across,
            textcoords="offset points",
            va="center",
            fontsize=LABEL_SIZE,
            color=INK,
            annotation_clip=False,
        )


def _told(one: PublishedSeries, printer: Printer) -> str:
    listed = "; ".join(
        f"{point.publisher}, {fieldwork_label(point, printer)}: {printer.published(point.figure)}"
        for point in one.points
    )
    return printer.say("{series}: {values}.", series=printer.label(one.label), values=listed)
