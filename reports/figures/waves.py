"""Awareness and sign-up since the first wave, for every platform, with intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures._marks import MARKERS, spread, upper_end
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import FunnelRow, funnel_rows, main_platform, platforms, steps_of_panels
from reports.results.study import StudyResults
from reports.words.labels import asked_in, holding, platform_label, sampling_words, step_label, wave_label
from reports.words.printer import Printer

LABEL_GAP = 0.062


@draws("waves")
def draw_waves(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw awareness and sign-up by wave and platform.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where fewer than two waves measured a step.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("waves").id
    'waves'
    """
    if results.funnel is None or len(results.study.survey) < 2:
        return None
    measured = funnel_rows(results.funnel, group="", measure="cumulative")
    panels = steps_of_panels(measured)
    rows = [row for row in measured if row.step in panels]
    if len({row.wave for row in rows}) < 2:
        return None
    with figure_style():
        figure = _draw(results, printer, rows, panels)
    bases = [row.estimate.n or 0 for row in rows]
    asked = asked_in(results.study.survey)
    base = printer.say(
        "Base: respondents of each wave who answered, {low} to {high}. Vertical lines: {level} confidence intervals.",
        low=printer.numbers.count(min(bases)),
        high=printer.numbers.count(max(bases)),
        level=printer.numbers.share(results.study.study.conf_level),
    )
    return DrawnFigure(
        id="waves",
        figure=figure,
        caption=_caption(results, printer, rows),
        subtitle=printer.say(
            "Share of the base who have heard of each platform, and who {hold}, by wave", hold=holding(printer, asked)
        )
        if panels == ("aware", "signup")
        else printer.say(
            "Share of the base by wave and platform: {steps}",
            steps=", ".join(step_label(printer, step, asked).lower() for step in panels),
        ),
        alt=printer.say("Lines from left to right, one for each platform, a panel for each step.")
        + " "
        + _told(results, printer, rows),
        base=f"{base} {sampling_words(printer, results.study.survey[-1])}",
        notes=(printer.say("Simulated data."),) if any(row.simulated for row in rows) else (),
        data=pd.DataFrame(
            [
                {
                    "wave": row.wave,
                    "platform": row.platform,
                    "step": row.step,
                    "share": row.estimate.estimate,
                    "conf_low": row.estimate.conf_low,
                    "conf_high": row.estimate.conf_high,
                    "n": row.estimate.n,
                }
                for row in rows
            ]
        ),
    )


def _draw(results: StudyResults, printer: Printer, rows: list[FunnelRow], steps: tuple[str, ...]) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.7), layout="constrained")
    panels = figure.subplots(1, len(steps), squeeze=False)[0]
    position = {survey.wave: _year(survey.wave, index) for index, survey in enumerate(results.study.survey)}
    for axes, step in zip(panels, steps, strict=True):
        ends = []
        for index, platform in enumerate(platforms(results.study)):
            line = [row for row in rows if (row.platform, row.step) == (platform, step)]
            if line:
                _draw_line(
                    axes, [position[row.wave] for row in line], line, index, platform == main_platform(results.study)
                )
                ends.append((platform, index, line[-1]))
        top = max((upper_end(row.estimate) for row in rows if row.step == step), default=1.0)
        axes.set_ylim(0, min(1.0, 1.05 * top) or 1.0)
        axes.set_title(step_label(printer, step, asked_in(results.study.survey)))
        _label_ends(axes, results, printer, ends, position)
        _format(axes, printer, list(position.values()))
    return figure


def _draw_line(axes: Axes, x: list[float], line: list[FunnelRow], index: int, strong: bool) -> None:
    share = [row.estimate.estimate for row in line]
    color, marker = SERIES[index % len(SERIES)], MARKERS[index % len(MARKERS)]
    axes.vlines(
        x, [row.estimate.conf_low for row in line], [row.estimate.conf_high for row in line], color=color, linewidth=1.1
    )
    axes.plot(x, share, color=color, marker=marker, markersize=4, linewidth=1.8 if strong else 1.2)


def _label_ends(
    axes: Axes,
    results: StudyResults,
    printer: Printer,
    ends: list[tuple[str, int, FunnelRow]],
    position: dict[str, float],
) -> None:
    """Write each platform's name and last value beside the end of its line."""
    top = axes.get_ylim()[1]
    heights = spread([row.estimate.estimate for _, _, row in ends], LABEL_GAP * top)
    right = max(position.values())
    for (platform, index, row), height in zip(ends, heights, strict=True):
        name = platform_label(printer, results.study, platform)
        x = position[row.wave]
        axes.annotate(
            f"{name}  {printer.estimate(row.id, row.estimate)}",
            (x, row.estimate.estimate),
            (right + 0.18, height),
            va="center",
            color=INK,
            weight="semibold" if platform == main_platform(results.study) else "normal",
            annotation_clip=False,
            fontsize=8,
            arrowprops={
                "arrowstyle": "-",
                "color": SERIES[index % len(SERIES)],
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 3,
            },
        )


def _format(axes: Axes, printer: Printer, years: list[float]) -> None:
    first, last = int(min(years)), int(max(years))
    axes.set_xticks([year + 0.5 for year in range(first, last + 1)], [str(year) for year in range(first, last + 1)])
    axes.tick_params(axis="x", length=0, labelsize=8)
    axes.set_xlim(min(first + 0.25, min(years) - 0.2), max(years) + 0.1)
    ticks = [tick for tick in axes.get_yticks() if tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)


def _year(wave: str, index: int) -> float:
    """Place a wave named after a month on the axis of years; others one after the other."""
    year, _, month = wave.partition("-")
    return int(year) + (int(month) - 0.5) / 12 if year.isdigit() and month.isdigit() else float(index)


def _caption(results: StudyResults, printer: Printer, rows: list[FunnelRow]) -> str:
    platform = main_platform(results.study)
    aware, signup = (
        [row for row in rows if (row.platform, row.step) == (platform, step)] for step in ("aware", "signup")
    )
    if len(aware) < 2 or len(signup) < 2:
        steps = ", ".join(
            dict.fromkeys(step_label(printer, row.step, asked_in(results.study.survey)).lower() for row in rows)
        )
        return printer.say("From wave to wave: {steps}", steps=steps)
    first, last, start, end = (
        printer.estimate(row.id, row.estimate) for row in (aware[0], aware[-1], signup[0], signup[-1])
    )
    return printer.say(
        "Awareness of {platform} went from {first} to {last}; sign-up from {start} to {end}",
        platform=platform_label(printer, results.study, platform),
        first=first,
        last=last,
        start=start,
        end=end,
    )


def _told(results: StudyResults, printer: Printer, rows: list[FunnelRow]) -> str:
    """Tell the first and last point of every line."""
    surveys = {survey.wave: survey for survey in results.study.survey}
    told = []
    for step in dict.fromkeys(row.step for row in rows):
        for platform in platforms(results.study):
            line = [row for row in rows if (row.platform, row.step) == (platform, step)]
            if line:
                told.append(
                    printer.say(
                        "{platform}, {step}: {first} in {when}, {last} in {then}.",
                        platform=platform_label(printer, results.study, platform),
                        step=step_label(printer, step, asked_in(results.study.survey, platform)).lower(),
                        first=printer.estimate(line[0].id, line[0].estimate),
                        when=wave_label(printer, surveys[line[0].wave]),
                        last=printer.estimate(line[-1].id, line[-1].estimate),
                        then=wave_label(printer, surveys[line[-1].wave]),
                    )
                )
    return " ".join(told)
