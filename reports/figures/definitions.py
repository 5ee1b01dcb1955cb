"""What the definition changes: one-month dropout under every month, gap and reading of absence."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from churn.definitions.fan import DefinitionFan, MonthRule
from reports.figures._marks import MARKERS
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.labels import platform_label
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

TICK = 0.05
OTHER_RULES = {
    "first_silence": "Left at the first {days} silent days, back or not",
    "detected": "Declared gone, {days} silent days after",
}
MONTHS: dict[MonthRule, str] = {
    "30 days": "30 days",
    "anniversary": "Same day of the next month",
    "calendar": "End of the calendar month",
}


@draws("definitions")
def draw_definitions(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the one-month dropout under each definition.

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
    >>> example_figure("definitions").id
    'definitions'
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or staying.activity is None:
        return None
    fan = staying.activity.definitions
    if isinstance(fan, Unavailable):
        return None
    rows = [(name, cells) for name, cells in _rows(fan, printer) if cells]
    if not rows or not np.isfinite(fan.range).all():
        return None
    with figure_style():
        figure = _draw(rows, printer)
    low, high = (
        printer.value(
            f"definitions.{which}",
            value,
            unit="share",
            digits=1,
            why_no_interval="the range of definitions, each with its interval in the table of definitions",
        )
        for which, value in zip(("least", "most"), fan.range, strict=True)
    )
    caption = printer.say(
        "One-month dropout is {low} to {high}, by what a month and being gone mean", low=low, high=high
    )
    return DrawnFigure(
        id="definitions",
        figure=figure,
        caption=caption,
        subtitle=printer.say(
            "Share of the accounts of {platform} gone within a month, under each definition of month and of gone",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say("One row of points with intervals for each definition of gone, one point for each month rule.")
        + " "
        + caption
        + ".",
        base=printer.say(
            "Base: {low} to {high} accounts that could be judged. Lines: {level} confidence intervals, logit for the "
            "next visit, log-log for Kaplan-Meier, Wilson for the others. Calendar of {zone}.",
            low=printer.numbers.count(int(fan.n.min())),
            high=printer.numbers.count(int(fan.n.max())),
            level=printer.numbers.share(fan.conf_level),
            zone=fan.zone[0],
        ),
        notes=(printer.say("Simulated data."),) if usage.simulated else (),
        data=fan.to_frame(),
    )


def _rows(fan: DefinitionFan, printer: Printer) -> list[tuple[str, dict[MonthRule, tuple[str, Estimate]]]]:
    """Name each definition of gone, with its estimate and its name in the ledger under each month rule."""
    named = zip(fan.definition, fan.gap_days.tolist(), strict=True)
    gaps = sorted({int(gap) for definition, gap in named if definition == "gone"})
    rows = [(printer.say("Never seen again (next visit)"), _cells(fan, "next_visit", None))]
    for gap in gaps:
        label = printer.say("Gone: silent since, for {days} days or more", days=printer.numbers.count(gap))
        rows.append((label, _cells(fan, "gone", gap)))
    for definition, gap in dict.fromkeys(zip(fan.definition, fan.gap_days.tolist(), strict=True)):
        if definition in OTHER_RULES:
            label = printer.say(OTHER_RULES[definition], days=printer.numbers.count(int(gap)))
            rows.append((label, _cells(fan, definition, int(gap))))
    rows.append((printer.say("Absent from the second month"), _cells(fan, "absent", None)))
    rows.append(
        (printer.say("Not seen after the first month, of accounts observed for two"), _cells(fan, "unseen", None))
    )
    return rows


def _cells(fan: DefinitionFan, definition: str, gap: int | None) -> dict[MonthRule, tuple[str, Estimate]]:
    found = {}
    for month in MONTHS:
        if not any(pair == (definition, month) for pair in zip(fan.definition, fan.month, strict=True)):
            continue
        estimate = fan.at(definition, month=month, gap_days=gap)  # type: ignore[arg-type]
        if isinstance(estimate, Estimate):
            found[month] = (f"definitions.{definition}.{gap or 0}.{month.replace(' ', '_')}", estimate)
    return found


def _draw(rows: list[tuple[str, dict[MonthRule, tuple[str, Estimate]]]], printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 0.33 * len(rows) + 0.75), layout="constrained")
    axes, numbers = figure.subplots(1, 2, width_ratios=[3, 1.35], sharey=True)
    shift = dict(zip(MONTHS, (-0.22, 0.0, 0.22), strict=True))
    for i, (_, cells) in enumerate(rows):
        for k, (month, (identifier, estimate)) in enumerate(cells.items()):
            color, marker = SERIES[list(MONTHS).index(month)], MARKERS[list(MONTHS).index(month)]
            y = i + shift[month]
            axes.hlines(y, estimate.conf_low, estimate.conf_high, color=color, linewidth=1.2)
            axes.plot(estimate.estimate, y, marker=marker, color=color, markersize=5, linestyle="")
            numbers.text(
                k, i, printer.estimate(identifier, estimate, digits=1), ha="center", va="center", fontsize=8, color=INK
            )
    for k, month in enumerate(MONTHS):
        axes.plot([], [], marker=MARKERS[k], color=SERIES[k], linestyle="", label=printer.say(MONTHS[month]))
        numbers.plot(k, -0.75, marker=MARKERS[k], color=SERIES[k], markersize=5, clip_on=False)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.6)
    low, high = (float(x) for x in axes.get_xlim())
    ticks = np.arange(math.floor(low / TICK), math.ceil(high / TICK) + 1) * TICK
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_xticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.grid(axis="x", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper right", frameon=False, fontsize=8, ncols=3)
    numbers.set_xlim(-0.5, len(MONTHS) - 0.5)
    numbers.set_xticks([])
    numbers.tick_params(axis="y", length=0, labelleft=False)
    for spine in (*numbers.spines.values(), axes.spines["left"]):
        spine.set_visible(False)
    axes.axvline(axes.get_xlim()[0], color=MUTED, linewidth=0.5)
    return figure
