"""The lifecycle of accounts: new, retained, come back and lost, month by month."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from churn.cohorts.lifecycle import Lifecycle
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.labels import platform_label
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

MONTHS = 24
PARTS = ("already", "retained", "resurrected", "new")
LABELS = {
    "already": "First seen, perhaps there before the log begins",
    "retained": "Also active the month before",
    "resurrected": "Come back",
    "new": "New",
    "lost": "Lost since the month before",
}
COLORS = {"already": SERIES[4], "retained": SERIES[0], "resurrected": SERIES[2], "new": SERIES[1], "lost": SERIES[3]}


@draws("lifecycle")
def draw_lifecycle(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the active accounts of each month by where they come from, and those lost.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no log of events of two months.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("lifecycle").id
    'lifecycle'
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or staying.activity is None:
        return None
    lifecycle = staying.activity.lifecycle
    if isinstance(lifecycle, Unavailable):
        return None
    churn = lifecycle.latest_churn
    if not isinstance(churn, Estimate):
        return None
    with figure_style():
        figure = _draw(lifecycle, printer)
    last = int(np.flatnonzero(~np.isnan(lifecycle.churn))[-1])
    when = printer.numbers.month(lifecycle.period_start[last])
    return DrawnFigure(
        id="lifecycle",
        figure=figure,
        caption=printer.say(
            "{share} of the accounts active the month before were not active in {month}: "
            "visitor churn, not the dropout of accounts",
            share=printer.estimate("lifecycle.churn", churn, digits=1),
            month=when,
        ),
        subtitle=printer.say(
            "Accounts of {platform} active in each month, by where they come from; below zero, those lost",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say("Bars stacked upward for accounts active in each month, downward for those lost.")
        + " "
        + printer.say(
            "In {month}: {new} new, {retained} also active the month before, {resurrected} come back, {lost} lost.",
            month=when,
            **{
                name: printer.value(
                    f"lifecycle.{name}",
                    int(getattr(lifecycle, f"n_{name}")[last]),
                    unit="accounts",
                    why_no_interval="a count of accounts",
                )
                for name in LABELS
                if name != "already"
            },
        ),
        base=printer.say(
            "Base: {n} accounts; the {k} latest calendar months in {zone}. "
            "Visitor churn: {share} ({interval}, Wilson).",
            n=printer.numbers.count(lifecycle.n),
            k=printer.numbers.count(min(MONTHS, len(lifecycle.period_start))),
            zone=lifecycle.timezone,
            share=printer.estimate("lifecycle.churn", churn, digits=1),
            interval=printer.interval("lifecycle.churn", churn, digits=1),
        ),
        notes=(
            *((printer.say("Simulated data."),) if usage.simulated else ()),
            *(() if lifecycle.complete[-1] else (printer.say("The month that is not over is pale."),)),
        ),
        data=lifecycle.to_frame(),
    )


def _draw(lifecycle: Lifecycle, printer: Printer) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    first = max(0, len(lifecycle.period_start) - MONTHS)
    place = np.arange(len(lifecycle.period_start) - first)
    solid = np.where(lifecycle.complete[first:], 1.0, 0.45)
    base = np.zeros(len(place))
    parts = [name for name in PARTS if name != "already" or lifecycle.n_already[first:].any()]
    for name in parts:
        height = getattr(lifecycle, f"n_{name}")[first:]
        _bars(axes.bar(place, height, bottom=base, color=COLORS[name], width=0.82), solid)
        base = base + height
    lost = -lifecycle.n_lost[first:]
    _bars(axes.bar(place, lost, color=COLORS["lost"], width=0.82), solid)
    for name in (*parts, "lost"):
        axes.bar([0], [0], color=COLORS[name], label=printer.say(LABELS[name]))
    step = max(1, round(len(place) / 6))
    marks = place[::-1][::step][::-1]
    axes.set_xticks(marks, [printer.numbers.month(lifecycle.period_start[first + int(i)]) for i in marks], fontsize=8)
    ticks = axes.get_yticks()
    axes.set_yticks(ticks, [printer.numbers.count(abs(float(tick))) for tick in ticks])
    axes.set_ylim(min(float(lost.min()) * 1.15, 0), float(base.max()) * 1.05)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="x", length=0)
    figure.legend(loc="outside upper left", frameon=False, fontsize=8, ncols=4 if len(parts) == 3 else 3)
    return figure


def _bars(bars: object, solid: np.ndarray) -> None:
    for bar, alpha in zip(bars, solid, strict=True):  # type: ignore[call-overload]
        bar.set_alpha(float(alpha))
