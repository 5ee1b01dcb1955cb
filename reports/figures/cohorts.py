"""Cohorts: accounts of each month still active in the months that follow."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from churn.cohorts.retention import Retention
from churn.cohorts.triangle import CohortTriangle
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import HEAT, INK, MUTED, TEXT_WIDTH, figure_style, ink_on
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.labels import platform_label
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

COHORTS = AGES = 12
PALE = "#C9CED6"
PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


@draws("cohorts")
def draw_cohorts(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the latest monthly cohorts, one row each.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no log of events.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("cohorts").id
    'cohorts'
    """
    if results.staying is None or results.staying.activity is None or results.study.usage is None:
        return None
    triangle, retention = results.staying.activity.triangle, results.staying.activity.retention
    if isinstance(triangle, Unavailable) or isinstance(retention, Unavailable):
        return None
    with figure_style():
        figure = _draw(triangle, retention, printer)
    shown = range(max(0, len(triangle.cohort) - COHORTS), len(triangle.cohort))
    second = [
        (float(triangle.share[row, 1]), int(triangle.n_accounts[row]))
        for row in shown
        if triangle.share.shape[1] > 1 and triangle.complete[row, 1]
    ]
    accounts = int(triangle.n_accounts[list(shown)].sum())
    name = platform_label(printer, results.study, log_platform(results.study))
    low, high = (
        (
            printer.value(
                f"cohorts.second.{which}",
                value,
                unit="share",
                base=base,
                why_no_interval="the range of cells, each with its interval in the table of cohorts",
            )
            for which, (value, base) in (("least", min(second)), ("most", max(second)))
        )
        if second
        else ("", "")
    )
    caption = (
        printer.say("In the month after sign-up, {low} to {high} of a cohort are active", low=low, high=high)
        if second
        else printer.say("Active accounts by cohort and month since sign-up")
    )
    return DrawnFigure(
        id="cohorts",
        figure=figure,
        caption=caption,
        subtitle=printer.say(
            "Share of the accounts of {platform} opened in a month that are active in each later month", platform=name
        ),
        alt=printer.say("A triangle of cells, one row for each month of sign-up, one column for each month since.")
        + " "
        + caption
        + ". "
        + printer.say("The shares are in the table of cohorts that comes with this report."),
        base=printer.say(
            "Base: {n} accounts of the {k} latest monthly cohorts; the size of each stands at the left. "
            "Calendar months in {zone}. "
            "Hatched cells are not over: what they hold is projected from older cohorts. "
            "Intervals are in the table of cohorts.",
            n=printer.numbers.count(accounts),
            k=printer.numbers.count(len(shown)),
            zone=triangle.timezone,
        ),
        notes=(printer.say("Simulated data."),) if results.study.usage.simulated else (),
        data=retention.to_frame(),
    )


def _draw(triangle: CohortTriangle, retention: Retention, printer: Printer) -> Figure:
    first = max(0, len(triangle.cohort) - COHORTS)
    share = triangle.share[first:, :AGES]
    low, high = triangle.conf_low[first:, :AGES], triangle.conf_high[first:, :AGES]
    figure = Figure(figsize=(TEXT_WIDTH, 0.25 * len(share) + 0.7), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(np.ma.masked_invalid(share), cmap=HEAT, vmin=0, vmax=1, edgecolors="white", linewidth=1.2)
    for row, age in np.argwhere(np.isfinite(share)):
        cohort = triangle.cohort[first + row]
        cell = Estimate(
            estimate=float(share[row, age]),
            std_error=float("nan"),
            conf_low=float(low[row, age]),
            conf_high=float(high[row, age]),
            conf_level=triangle.conf_level,
            n=int(triangle.n_accounts[first + row]),
            method="Wilson",
        )
        text = printer.estimate(f"cohorts.{cohort:%Y-%m}.{age}", cell)
        axes.text(age + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7.5, color=ink_on(HEAT(cell.estimate)))
    for row, age in np.argwhere(np.isfinite(retention.projected[first:, : share.shape[1]])):
        cell = Estimate(
            estimate=float(retention.projected[first + row, age]),
            std_error=float("nan"),
            conf_low=float(retention.projected_low[first + row, age]),
            conf_high=float(retention.projected_high[first + row, age]),
            conf_level=retention.conf_level,
            n=int(triangle.n_accounts[first + row]),
            method="projected from older cohorts",
        )
        axes.add_patch(_open_cell(age, row))
        text = printer.estimate(f"cohorts.{triangle.cohort[first + row]:%Y-%m}.{age}.projected", cell)
        axes.text(
            age + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7, style="italic", color=MUTED, bbox=PLAIN
        )
    axes.set_xticks(np.arange(share.shape[1]) + 0.5, [printer.numbers.count(age) for age in range(share.shape[1])])
    axes.set_yticks(
        np.arange(len(share)) + 0.5,
        [
            f"{printer.numbers.month(month)}  (n = {printer.numbers.count(int(n))})"
            for month, n in zip(triangle.cohort[first:], triangle.n_accounts[first:], strict=True)
        ],
    )
    axes.set_xlabel(printer.say("Months since sign-up"), color=INK)
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.invert_yaxis()
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _open_cell(age: int, row: int) -> Rectangle:
    return Rectangle((age + 0.04, row + 0.04), 0.92, 0.92, fill=False, hatch="////", edgecolor=PALE, linewidth=0.4)
