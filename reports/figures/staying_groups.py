"""For whom: how long accounts stay in each level of a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.survival.grouping import LEFT_OUT
from reports.figures._marks import spread
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.staying import GroupStaying
from reports.results.study import StudyResults
from reports.words.durations import SINCE, lasting
from reports.words.labels import note_sentence, platform_label
from reports.words.printer import Printer
from surveys.core.results import Estimate

MOST_LEVELS = 6
FEW = 10
"""Fewer accounts at risk than this, and a curve is no longer drawn."""


@draws("staying-groups")
def draw_staying_groups(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share of accounts retained by tenure, level by level, a panel for each group.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where no account has a level of a group.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> draw_staying_groups(example_results(), open_printer("en")) is None
    True
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None:
        return None
    groups = tuple(group for group in staying.groups if group.curves)
    if not groups:
        return None
    with figure_style():
        figure = _draw(groups, printer)
    first, horizon = groups[0], usage.horizon
    told = [
        f"{level}: {printer.estimate(group_id(first, level, horizon), kept)}"
        for level in shown_levels(first)
        if isinstance(kept := first.curves[level].at(horizon), Estimate)
    ]
    when = lasting(printer, horizon, staying.curve.time_unit)
    return DrawnFigure(
        id="staying-groups",
        figure=figure,
        caption=printer.say(
            "Still there after {time}, by {group}: {shares}", time=when, group=first.name, shares=", ".join(told)
        )
        if told
        else printer.say("Accounts still there, by {group}", group=first.name),
        subtitle=printer.say(
            "Share of the accounts of {platform} still there, by time since sign-up and by group (Kaplan-Meier)",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        )
        if usage.dropout.rule != "next_visit"
        else printer.say(
            "Share of the accounts of {platform} seen again, by time since sign-up and by group (next visit)",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say("One falling curve with its band for each level, a panel for each group.")
        + (f" {', '.join(told)}." if told else ""),
        base=printer.say(
            "Base: {n} accounts; the {most} largest levels of each group. Bands: {level} confidence intervals, log-log."
            if usage.dropout.rule != "next_visit"
            else "Base: {n} accounts; the {most} largest levels of each group. "
            "Bands: {level} confidence intervals, logit.",
            n=printer.numbers.count(_with_level(groups[0]) if len(groups) == 1 else staying.curve.n),
            most=printer.numbers.count(MOST_LEVELS),
            level=printer.numbers.share(staying.curve.conf_level),
        ),
        notes=((printer.say("Simulated data."),) if usage.simulated else ()) + _left_out(printer, groups),
        data=pd.concat(
            [
                curve.to_frame().assign(group=group.name, level=level)
                for group in groups
                for level, curve in group.curves.items()
            ],
            ignore_index=True,
        ),
    )


def _with_level(group: GroupStaying) -> int:
    return sum(curve.n for curve in group.curves.values())


def _left_out(printer: Printer, groups: tuple[GroupStaying, ...]) -> tuple[str, ...]:
    """Count the accounts that are in no level of a group."""
    told = [note for group in groups for note in next(iter(group.curves.values())).notes if note.message == LEFT_OUT]
    return tuple(note_sentence(printer, note) for note in dict.fromkeys(told))


def group_id(group: GroupStaying, level: str, time: float) -> str:
    """
    Name the share of a level still there at a tenure, in the ledger.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> group_id(SimpleNamespace(name="country"), "FR", 30)
    'bygroup.country.FR.30'
    """
    return f"bygroup.{group.name}.{level}.{time:g}"


def shown_levels(group: GroupStaying) -> list[str]:
    """
    Choose the levels with most accounts, in the order of the group.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> curves = {"FR": SimpleNamespace(n=3), "BE": SimpleNamespace(n=5)}
    >>> shown_levels(SimpleNamespace(curves=curves))
    ['FR', 'BE']
    """
    largest = sorted(group.curves, key=lambda level: -group.curves[level].n)[:MOST_LEVELS]
    return [level for level in group.curves if level in largest]


def _draw(groups: tuple[GroupStaying, ...], printer: Printer) -> Figure:
    n_rows = (len(groups) + 1) // 2
    n_columns = 1 if len(groups) == 1 else 2
    figure = Figure(figsize=(TEXT_WIDTH, 3.0 * n_rows), layout="constrained")
    panels = np.atleast_1d(figure.subplots(n_rows, n_columns, sharey=True)).ravel()
    for axes, group in zip(panels, groups, strict=False):
        _panel(axes, group, printer)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    return figure


def _panel(axes: Axes, group: GroupStaying, printer: Printer) -> None:
    ends, labels, last = [], [], 0.0
    for i, level in enumerate(shown_levels(group)):
        curve, color = group.curves[level], SERIES[i % len(SERIES)]
        if not len(curve.time):
            continue
        enough = curve.time[curve.n_at_risk >= FEW]
        shown = curve.time <= (enough[-1] if len(enough) else curve.time[-1])
        time = np.concatenate([[curve.start], curve.time[shown]])
        survival, low, high = (
            np.concatenate([[1.0], np.nan_to_num(x[shown], nan=1.0)])
            for x in (curve.survival, curve.conf_low, curve.conf_high)
        )
        axes.fill_between(time, low, high, step="post", color=color, alpha=0.16, linewidth=0)
        axes.step(time, survival, where="post", color=color, linewidth=1.6)
        ends.append(float(survival[-1]))
        labels.append((level, color))
        last = max(last, float(time[-1]))
    heights = spread(ends, 0.075)
    heights += max(0.0, 0.03 - heights.min(initial=1.0))
    for height, (level, color) in zip(heights, labels, strict=True):
        axes.annotate(level, (last, height), (4, 0), textcoords="offset points", fontsize=8.5, color=color, va="center")
    unit = next(iter(group.curves.values())).time_unit
    axes.set_title(group.name, fontsize=9, color=INK, loc="left")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, last * 1.01 or 1.0)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [printer.numbers.share(x) for x in (0, 0.25, 0.5, 0.75, 1)])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.set_xlabel(printer.say(SINCE[unit]))
