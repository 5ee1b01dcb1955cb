"""A published figure over a list that grew: points by wave, joined only where they can be compared."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.labels import listed, wave_label
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.published.over_list import ListPoint, ListSeries, read_list_series


@draws("trend")
def draw_trend(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw a published figure over the whole list of platforms tested, with the breaks of its series.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        The first such series of the study; None where it names none, or one of fewer than two waves.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> draw_trend(example_results(), open_printer("en")).id
    'trend'
    """
    if results.published is None:
        return None
    series = next(
        (found for found in read_list_series(results.study, results.published) if len(found.points) > 1), None
    )
    if series is None or any(point.figure.unit != "share" for point in series.points):
        return None
    level = results.study.study.conf_level
    with figure_style():
        figure = _draw(series, printer, level)
    first, last = series.points[0], series.points[-1]
    caption = printer.say(
        "{label}: {first} ({when}), {last} ({then}); breaks in the series: {n}",
        label=printer.label(series.label),
        first=printer.published(first.figure),
        when=wave_label(printer, first.survey),
        last=printer.published(last.figure),
        then=wave_label(printer, last.survey),
        n=printer.numbers.count(sum(map(bool, series.breaks))),
    )
    base = printer.say(
        "Base: as each source counts. Vertical lines: {level} confidence intervals for sampling and rounding; "
        "a hollow point has none, its number of respondents not being published.",
        level=printer.numbers.share(level),
    )
    return DrawnFigure(
        id="trend",
        figure=figure,
        caption=caption,
        subtitle=printer.say("Share of the base by wave, with the number of services tested; no line crosses a break"),
        alt=printer.say("Points from left to right, by wave.") + " " + _told(series, printer),
        base=base,
        notes=(_sources(series, printer),),
        data=_data(series, level),
    )


def _draw(series: ListSeries, printer: Printer, level: float) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.3), layout="constrained")
    axes = figure.subplots()
    top = max(_interval(point, level)[1] for point in series.points)
    axes.set_ylim(0, max(1.0, top) * 1.12)
    for run in series.runs():
        axes.plot([p.year for p in run], [p.figure.value for p in run], color=SERIES[0], linewidth=1.6, zorder=2)
    for point in series.points:
        _draw_point(axes, point, printer, level)
    for before, after, found in zip(series.points, series.points[1:], series.breaks, strict=False):
        if found:
            axes.axvline((before.year + after.year) / 2, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
    years = [point.year for point in series.points]
    axes.set_xlim(min(years) - 0.4, max(years) + 0.4)
    axes.set_xticks(years, [wave_label(printer, point.survey).replace("\u00a0", "\n") for point in series.points])
    axes.tick_params(axis="x", length=0, labelsize=8)
    ticks = [0, 0.25, 0.5, 0.75, 1.0]
    axes.set_yticks(ticks, [printer.numbers.share(tick) for tick in ticks])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    return figure


def _draw_point(axes: Axes, point: ListPoint, printer: Printer, level: float) -> None:
    low, high, sampled = _interval(point, level)
    if sampled:
        axes.vlines(point.year, low, high, color=SERIES[0], linewidth=1.2, zorder=2)
    fill = SERIES[0] if sampled else "white"
    axes.plot([point.year], [point.figure.value], "o", color=SERIES[0], markerfacecolor=fill, markersize=5.5, zorder=3)
    axes.annotate(
        printer.published(point.figure),
        (point.year, high),
        (0, 5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=INK,
        weight="semibold",
    )
    axes.annotate(
        _tested(point, printer),
        (point.year, low),
        (0, -6),
        textcoords="offset points",
        ha="center",
        va="top",
        color=INK,
        fontsize=7.5,
    )


def _interval(point: ListPoint, level: float) -> tuple[float, float, bool]:
    """Give the ends of a figure's interval and whether it has one."""
    found = point.figure.interval(level)
    if isinstance(found, Estimate):
        return found.conf_low, found.conf_high, True
    return point.figure.value, point.figure.value, False


def _tested(point: ListPoint, printer: Printer) -> str:
    n = point.survey.items_tested
    return printer.say("list unknown") if n is None else printer.say("{n} tested", n=printer.numbers.count(n))


def _told(series: ListSeries, printer: Printer) -> str:
    """Tell every point, and how long its list was."""
    points = [
        printer.say(
            "{when}: {share} ({tested})",
            when=wave_label(printer, point.survey),
            share=printer.published(point.figure),
            tested=_tested(point, printer),
        )
        for point in series.points
    ]
    return listed(printer, points) + "."


def _sources(series: ListSeries, printer: Printer) -> str:
    return printer.say(
        "Sources: {sources}.", sources=listed(printer, [point.figure.publisher for point in series.points])
    )


def _data(series: ListSeries, level: float) -> pd.DataFrame:
    broken = (False, *map(bool, series.breaks))
    return pd.DataFrame(
        [
            {
                "wave": point.survey.wave,
                "share": point.figure.value,
                "conf_low": low if sampled else float("nan"),
                "conf_high": high if sampled else float("nan"),
                "n": point.figure.n,
                "items_tested": point.survey.items_tested,
                "break_before": cut,
                "id": point.figure.id,
            }
            for point, cut in zip(series.points, broken, strict=True)
            for low, high, sampled in [_interval(point, level)]
        ]
    )
