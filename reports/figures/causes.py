"""Why accounts leave: the share gone of each cause, by tenure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from churn.competing.curve import CumulativeIncidence
from reports.figures._marks import spread
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style
from reports.results.lookup import log_platform
from reports.results.study import StudyResults
from reports.words.durations import SINCE, lasting
from reports.words.labels import platform_label
from reports.words.printer import Printer
from surveys.core.results import Estimate

FEW = 10
"""Fewer accounts at risk than this, and curves are no longer drawn."""


@draws("causes")
def draw_causes(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share gone of each cause, by tenure.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study does not tell causes of dropout apart.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> draw_causes(example_results(), open_printer("en")) is None
    True
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or not isinstance(staying.incidence, CumulativeIncidence):
        return None
    incidence = staying.incidence
    last = _last_time(incidence)
    with figure_style():
        figure = _draw(incidence, printer, last)
    told = [
        printer.say(
            "{cause}: {share}", cause=cause, share=printer.estimate(f"causes.{cause}.{last:g}", found, digits=1)
        )
        for cause in incidence.causes
        if isinstance(found := incidence.at(last, cause), Estimate)
    ]
    when = lasting(printer, last, incidence.time_unit)
    return DrawnFigure(
        id="causes",
        figure=figure,
        caption=printer.say("Gone after {time}, by cause: {shares}", time=when, shares="; ".join(told)),
        subtitle=printer.say(
            "Share of the accounts of {platform} gone of each cause, by time since sign-up (Aalen-Johansen)",
            platform=platform_label(printer, results.study, log_platform(results.study)),
        ),
        alt=printer.say("One rising curve with its band for each cause.") + " " + "; ".join(told) + ".",
        base=printer.say(
            "Base: {n} accounts. Bands: {level} confidence intervals. Causes compete: the shares and the share still "
            "there add up to everybody.",
            n=printer.numbers.count(incidence.n),
            level=printer.numbers.share(incidence.conf_level),
        ),
        notes=(printer.say("Simulated data."),) if usage.simulated else (),
        data=incidence.to_frame(),
    )


def _id(cause: str, time: float) -> str:
    return f"causes.{cause}.{time:g}"


def _last_time(incidence: CumulativeIncidence) -> float:
    enough = incidence.time[incidence.n_at_risk >= FEW]
    return float(enough[-1] if len(enough) else incidence.time[-1])


def _draw(incidence: CumulativeIncidence, printer: Printer, last: float) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    shown = incidence.time <= last
    time = np.concatenate([[incidence.start], incidence.time[shown]])
    ends, labels = [], []
    for i, cause in enumerate(incidence.causes):
        color = SERIES[i % len(SERIES)]
        share, low, high = (
            np.concatenate([[0.0], np.nan_to_num(x[shown, i + 1])])
            for x in (incidence.share, incidence.conf_low, incidence.conf_high)
        )
        axes.fill_between(time, low, high, step="post", color=color, alpha=0.2, linewidth=0)
        axes.step(time, share, where="post", color=color, linewidth=1.6)
        ends.append(float(share[-1]))
        labels.append((cause, color))
    top = max(0.05, float(np.nanmax(incidence.conf_high[shown][:, 1:])) * 1.08)
    for height, end, (cause, color) in zip(spread(ends, 0.07 * top), ends, labels, strict=True):
        found = incidence.at(last, cause)
        assert isinstance(found, Estimate)
        text = f"{cause}  {printer.estimate(_id(cause, last), found, digits=1)}"
        axes.annotate(
            text,
            (last, end),
            (last * 1.02, height),
            fontsize=8.5,
            color=color,
            va="center",
            annotation_clip=False,
        )
    axes.set_ylim(0, min(1.0, top))
    axes.set_xlim(incidence.start, last * 1.01)
    ticks = [tick for tick in axes.get_yticks() if tick <= top]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.set_xlabel(printer.say(SINCE[incidence.time_unit]), color=INK)
    return figure
