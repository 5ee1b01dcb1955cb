"""For whom: awareness and sign-up by group in the latest wave."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports.figures._marks import draw_interval, upper_end
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import FunnelRow, all_funnel_rows, in_no_level, latest_wave, main_platform, steps_of_panels
from reports.results.study import StudyResults
from reports.words.labels import (
    asked_in,
    group_label,
    holding,
    level_label,
    listed,
    platform_label,
    sampling_words,
    step_label,
    survey_note,
    wave_label,
)
from reports.words.printer import Printer
from surveys.core.results import absence
from surveys.study.schema import Survey

ROW_HEIGHT = 0.25


@draws("groups")
def draw_groups(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw awareness and sign-up of the main platform by group.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the latest wave has no groups.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("groups").id
    'groups'
    """
    platform = main_platform(results.study)
    survey = latest_wave(results.study, platform)
    if not platform or results.funnel is None or survey is None or not survey.group:
        return None
    measured = all_funnel_rows(results.funnel, wave=survey.wave, platform=platform, measure="cumulative")
    panels = steps_of_panels(row for row in measured if row.group and absence(row.estimate) is None)
    rows = [row for row in measured if row.step in panels and row.group]
    if not rows:
        return None
    with figure_style():
        figure = _draw(printer, survey, rows, panels)
    name, asked = platform_label(printer, results.study, platform), asked_in((survey,), platform)
    told = [
        printer.say(
            "{level}, {step}: {share}",
            level=level_label(printer, survey, row.group, row.level),
            step=step_label(printer, row.step, asked).lower(),
            share=printer.estimate(row.id, row.estimate),
        )
        for row in rows
    ]
    return DrawnFigure(
        id="groups",
        figure=figure,
        caption=_caption(printer, survey, rows, name),
        subtitle=printer.say(
            "Share who have heard of {platform}, and who {hold}, by group, {wave}",
            platform=name,
            hold=holding(printer, asked),
            wave=wave_label(printer, survey),
        )
        if panels == ("aware", "signup")
        else printer.say(
            "{platform}, by group, {wave}: {steps}",
            platform=name,
            wave=wave_label(printer, survey),
            steps=", ".join(step_label(printer, step, asked).lower() for step in panels),
        ),
        alt=printer.say("Dots with intervals, one row for each group.") + " " + listed(printer, told) + ".",
        base=printer.say(
            "Base: respondents of each group who answered; their number stands at the right, step by step where it "
            "differs. Lines: {level} confidence intervals.",
            level=printer.numbers.share(results.study.study.conf_level),
        )
        + " "
        + sampling_words(printer, survey),
        notes=((printer.say("Simulated data."),) if survey.simulated else ())
        + tuple(survey_note(printer, (survey,), note) for note in in_no_level(results.funnel, survey.wave)),
        data=pd.DataFrame(
            [
                {
                    "wave": row.wave,
                    "platform": row.platform,
                    "group": row.group,
                    "level": row.level,
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


def _draw(printer: Printer, survey: Survey, rows: list[FunnelRow], steps: tuple[str, ...]) -> Figure:
    levels = list(dict.fromkeys((row.group, row.level) for row in rows))
    heights: dict[tuple[str, str], float] = {}
    headings: list[tuple[float, str]] = []
    y = 0.0
    for group in dict.fromkeys(group for group, _ in levels):
        headings.append((y, group_label(printer, survey, group)))
        for level in [pair for pair in levels if pair[0] == group]:
            y += 1
            heights[level] = y
        y += 1.5
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * (y + 1.6)), layout="constrained")
    panels = figure.subplots(1, len(steps), sharey=True, squeeze=False)[0]
    for axes, step, color in zip(panels, steps, SERIES, strict=False):
        shown = [row for row in rows if row.step == step]
        for row in shown:
            height = heights[(row.group, row.level)]
            if absence(row.estimate) is not None:
                axes.text(0, height, printer.estimate(row.id, row.estimate), va="center", color=MUTED, fontsize=8)
                continue
            draw_interval(axes, height, row.estimate.conf_low, row.estimate.conf_high, color=color)
            axes.plot(row.estimate.estimate, height, marker="o", markersize=5.5, color=color, zorder=4)
            axes.annotate(
                printer.estimate(row.id, row.estimate),
                (upper_end(row.estimate), height),
                (5, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
            )
        axes.set_title(step_label(printer, step, asked_in((survey,), rows[0].platform)))
        ends = [upper_end(row.estimate) for row in shown if absence(row.estimate) is None]
        top = max(ends, default=1.0) or 1.0
        axes.set_xlim(0, 1.16 * top)
        ticks = [tick for tick in axes.get_xticks() if tick <= min(1.0, 1.16 * top)]
        axes.set_xticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
        axes.set_ylim(y - 0.9, -0.6)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.hlines(list(heights.values()), 0, 1.16 * top, color=MUTED, linewidth=0.3, alpha=0.5, zorder=0)
    panels[0].set_yticks(list(heights.values()), [level_label(printer, survey, *pair) for pair in heights])
    for height, heading in headings:
        panels[0].annotate(
            heading,
            (0, height),
            (-6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            weight="semibold",
            color=INK,
            annotation_clip=False,
        )
    for pair, height in heights.items():
        bases = dict.fromkeys(row.estimate.n or 0 for row in rows if (row.group, row.level) == pair)
        panels[-1].annotate(
            f"n = {'; '.join(printer.numbers.count(n) for n in bases)}",
            (1, height),
            (4, 0),
            fontsize=8,
            color=INK,
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    return figure


def _caption(printer: Printer, survey: Survey, rows: list[FunnelRow], name: str) -> str:
    """Name the group with most accounts and the one with fewest."""
    first = next(iter(survey.group), "")
    signup = [row for row in rows if row.step == "signup" and row.group == first and absence(row.estimate) is None]
    if len(signup) < 2:
        return printer.say("For whom: {platform}, by group", platform=name)
    most, least = (pick(signup, key=lambda row: row.estimate.estimate) for pick in (max, min))
    return printer.say(
        "{platform}: {most} {hold} among {high}, {least} among {low}",
        platform=name,
        hold=holding(printer, asked_in((survey,), most.platform)),
        most=printer.estimate(most.id, most.estimate),
        least=printer.estimate(least.id, least.estimate),
        high=level_label(printer, survey, most.group, most.level),
        low=level_label(printer, survey, least.group, least.level),
    )
