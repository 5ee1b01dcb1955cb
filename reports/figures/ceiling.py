"""Reach against monthly retention: what a steady state would allow, what was stated, and what was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures._marks import spread
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.diffusion import PublishedReach, ReachResults
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.labels import platform_label
from reports.words.printer import Printer

HEIGHT = 3.6
INFLOWS = (0.005, 0.02, 0.06, 0.12)
TOP, LEFT = 0.30, 0.1
SMALL = 7.5
CLOSE = (0.15, 0.015)
"""Distance in retention and in reach under which two names would touch."""


@draws("ceiling")
def draw_ceiling(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw steady-state reach by retention and arrivals, with what was published and what the log shows.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where neither the study nor its log says anything about reach.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("ceiling").id
    'ceiling'
    """
    reach = None if results.diffusion is None else results.diffusion.reach
    if reach is None:
        return None
    platform = platform_label(printer, results.study, log_platform(results.study))
    with figure_style():
        figure = Figure(figsize=(TEXT_WIDTH, HEIGHT), layout="constrained")
        _draw(figure.subplots(), reach, printer, platform)
    usage = results.study.usage
    return DrawnFigure(
        id="ceiling",
        figure=figure,
        caption=_caption(reach, printer),
        subtitle=printer.say("Share of the universe reached in a month, by share of a month’s visitors back the next"),
        alt=printer.say(
            "Curves that rise with retention, one for each number of newcomers a month, and labelled points."
        )
        + " "
        + " ".join(_told(reach, printer)),
        base=printer.say(
            "Curves: steady state, newcomers a month as a share of the universe, divided by one minus retention. "
            "Diamonds: published pairs, hollow for an upper bound. At the right: reach published without a retention."
        )
        + (
            " "
            + printer.say(
                "The log: {first} to {last}; retention by Wilson, reach by Poisson, {level}.",
                first=printer.numbers.month(reach.flows.first_month),
                last=printer.numbers.month(reach.flows.last_month),
                level=printer.numbers.share(results.study.study.conf_level),
            )
            if reach.flows is not None
            else ""
        ),
        notes=(printer.say("Simulated data."),)
        if reach.flows is not None and usage is not None and usage.simulated
        else (),
        data=_frame(reach),
    )


def _caption(reach: ReachResults, printer: Printer) -> str:
    if reach.statement is not None and reach.statement.retention is not None:
        stated = printer.published(reach.statement.reach)
        _, newcomers, _ = next(row for row in reach.needed if row[0] == 0.10)
        beyond = [pair for pair in reach.published if _contradicts(pair, reach.statement)]
        if beyond:
            highest = max(beyond, key=lambda pair: pair.reach.value)
            return printer.say(
                "“{retention} retention caps reach at {reach}” holds only if no more than {inflow} of the universe "
                "arrives each month; {count} published figures of {entity} lie above, up to {highest}",
                entity=reach.statement.reach.entity,
                retention=printer.published(reach.statement.retention),
                reach=stated,
                inflow=printer.estimate("ceiling.needed.10", newcomers, digits=0),
                count=printer.value("ceiling.beyond", len(beyond), unit="count", why_no_interval="a count"),
                highest=printer.published(highest.reach),
            )
    return printer.say("The reach that a retention allows depends on how many arrive each month")


def _contradicts(pair: PublishedReach, statement: PublishedReach) -> bool:
    """Tell whether a reach of the same service, its retention unknown or no higher, is above that stated."""
    assert statement.retention is not None
    return (
        not (pair.ceiling or pair.at_most)
        and pair.reach.entity == statement.reach.entity
        and (pair.retention is None or pair.retention.value <= statement.retention.value)
        and pair.reach.value - pair.reach.half_unit > statement.reach.value
    )


def _draw(axes: Axes, reach: ReachResults, printer: Printer, platform: str) -> None:
    for inflow in INFLOWS:
        retention = np.linspace(LEFT, 1 - inflow / TOP, 200)
        axes.plot(retention, inflow / (1 - retention), color=MUTED, linewidth=0.9, zorder=2)
        axes.annotate(
            printer.value(
                f"ceiling.arrivals.{1000 * inflow:g}",
                inflow,
                unit="share",
                digits=1 if inflow < 0.01 else 0,
                why_no_interval="a rate for which a curve is drawn",
            ),
            (retention[-1], TOP),
            (0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
            color=MUTED,
        )
    axes.text(
        0.0,
        1.07,
        printer.say("Newcomers a month, share of the universe:"),
        transform=axes.transAxes,
        fontsize=SMALL,
        color=MUTED,
    )
    _statement(axes, reach, printer)
    _pairs(axes, reach, printer)
    _alone(axes, [pair for pair in reach.published if pair.retention is None], printer)
    _log(axes, reach, printer.say("log of {platform}", platform=platform))
    axes.set_xlim(LEFT, 1.0)
    axes.set_ylim(0, TOP)
    ticks = np.arange(0.2, 1.01, 0.2)
    axes.set_xticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    heights = np.arange(0, TOP + 0.01, 0.1)
    axes.set_yticks(heights, [printer.numbers.share(float(tick)) for tick in heights])
    axes.set_xlabel(printer.say("Back the next month"))
    axes.set_ylabel(printer.say("Reach"))


def _statement(axes: Axes, reach: ReachResults, printer: Printer) -> None:
    stated = reach.statement
    if stated is None or stated.retention is None:
        return
    x, y = stated.retention.value, stated.reach.value
    axes.hlines(y, LEFT, x, color=ACCENT, linewidth=1, linestyle=(0, (4, 2)), zorder=3)
    axes.plot(x, y, marker="*", markersize=11, color=ACCENT, linestyle="", zorder=4)
    _name(axes, printer.label(stated.label), (x, y), (-7, 6), "right", ACCENT)


def _pairs(axes: Axes, reach: ReachResults, printer: Printer) -> None:
    """Name each pair at its right, or at its left where a neighbour stands close at its right."""
    pairs = [
        (pair.retention.value, pair) for pair in reach.published if pair.retention is not None and not pair.ceiling
    ]
    for x, pair in pairs:
        y = pair.reach.value
        crowded = any(0 < other - x < CLOSE[0] and abs(near.reach.value - y) < CLOSE[1] for other, near in pairs)
        axes.plot(
            x,
            y,
            marker="D",
            markersize=5,
            color=SERIES[0],
            markerfacecolor="white" if pair.at_most else SERIES[0],
            linestyle="",
            zorder=4,
        )
        _name(axes, printer.label(pair.label), (x, y), (-7 if crowded else 7, -3), "right" if crowded else "left", INK)


def _name(axes: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], side: str, color: str) -> None:
    axes.annotate(
        text,
        at,
        offset,
        textcoords="offset points",
        ha=side,
        fontsize=SMALL,
        color=color,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        zorder=3.5,
    )


def _alone(axes: Axes, pairs: list[PublishedReach], printer: Printer) -> None:
    """Mark at the right edge the reaches that were published without a retention."""
    heights = spread([pair.reach.value for pair in pairs], 0.017) if pairs else np.empty(0)
    across = axes.get_yaxis_transform()
    for pair, height in zip(pairs, heights, strict=True):
        axes.plot(
            [1.0, 1.02, 1.03],
            [pair.reach.value, pair.reach.value, height],
            color=SERIES[0],
            linewidth=0.8,
            transform=across,
            clip_on=False,
        )
        axes.annotate(
            f"{printer.label(pair.label)} · {printer.published(pair.reach)}",
            (1.03, height),
            (2, 0),
            xycoords=across,
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=INK,
            annotation_clip=False,
        )


def _log(axes: Axes, reach: ReachResults, name: str) -> None:
    if reach.flows is None:
        return
    kept, reached = reach.flows.retention, reach.flows.reach
    axes.errorbar(
        kept.estimate,
        reached.estimate,
        xerr=[[kept.estimate - kept.conf_low], [kept.conf_high - kept.estimate]],
        yerr=[[reached.estimate - reached.conf_low], [reached.conf_high - reached.estimate]],
        marker="o",
        markersize=5,
        color=SERIES[2],
        linewidth=1.2,
        zorder=5,
    )
    _name(axes, name, (kept.estimate, reached.estimate), (0, 8), "center", SERIES[2])


def _told(reach: ReachResults, printer: Printer) -> list[str]:
    told = [
        printer.say(
            "{label}: reach {reach}, retention {retention}.",
            label=printer.label(pair.label),
            reach=printer.published(pair.reach),
            retention=printer.published(pair.retention),
        )
        for pair in reach.published
        if pair.retention is not None
    ]
    if reach.flows is not None:
        told.append(
            printer.say(
                "{label}: reach {reach}, retention {retention}.",
                label=printer.say("Log"),
                reach=printer.estimate("ceiling.log.reach", reach.flows.reach, digits=1),
                retention=printer.estimate("ceiling.log.retention", reach.flows.retention, digits=1),
            )
        )
    return told


def _frame(reach: ReachResults) -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "kind": "stated" if pair.ceiling else "published",
            "id": pair.reach.id,
            "reach": pair.reach.value,
            "retention": None if pair.retention is None else pair.retention.value,
            "publisher": pair.reach.publisher,
        }
        for pair in reach.published
    ]
    if reach.flows is not None:
        rows.append(
            {
                "kind": "log",
                "id": "log",
                "reach": reach.flows.reach.estimate,
                "reach_low": reach.flows.reach.conf_low,
                "reach_high": reach.flows.reach.conf_high,
                "retention": reach.flows.retention.estimate,
                "retention_low": reach.flows.retention.conf_low,
                "retention_high": reach.flows.retention.conf_high,
            }
        )
    for inflow in INFLOWS:
        for kept in np.arange(0.2, 0.96, 0.05):
            if inflow / (1 - kept) <= 1:
                rows.append(
                    {
                        "kind": "steady state",
                        "inflow": inflow,
                        "retention": round(float(kept), 2),
                        "reach": inflow / (1 - kept),
                    }
                )
    return pd.DataFrame(rows)
