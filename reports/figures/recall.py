"""Leaving as recalled: the share gone by each end of a band, wave by wave, beside the naive share."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from churn.design_based.recall import RecallCurve
from reports.figures._marks import MARKERS
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.study import StudyResults
from reports.words.labels import platform_label, sampling_words, wave_label
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

EVER = "ever"


@draws("recall")
def draw_recall(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the share gone by each end of a band, as people recall it.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where no wave asks when people left.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("recall").id
    'recall'
    """
    curves = results.recalls
    if not curves:
        return None
    with figure_style():
        figure = _draw(results, printer, curves)
    surveys = {survey.wave: survey for survey in results.study.survey}
    last = curves[-1]
    name = platform_label(printer, results.study, last.platform)
    notes = _notes(printer, {wave_label(printer, surveys[curve.wave]): curve for curve in curves})
    return DrawnFigure(
        id="recall",
        figure=figure,
        caption=_caption(printer, last, name, wave_label(printer, surveys[last.wave])),
        subtitle=printer.say("Share of those who signed up who say they had left, by days since sign-up, by wave"),
        alt=printer.say("Groups of points with intervals, one group for each stretch of time, one point for each wave.")
        + " "
        + " ".join(_told(printer, curve, wave_label(printer, surveys[curve.wave])) for curve in curves),
        base=printer.say(
            "Base: respondents who signed up and answered, {bases}. Lines: {level} confidence intervals. {sampling}",
            bases=", ".join(printer.numbers.count(curve.n) for curve in curves),
            level=printer.numbers.share(last.conf_level),
            sampling=sampling_words(printer, surveys[last.wave]),
        ),
        notes=(*((printer.say("Simulated data."),) if any(curve.simulated for curve in curves) else ()), *notes),
        data=pd.concat([curve.to_frame() for curve in curves], ignore_index=True),
    )


def _notes(printer: Printer, curves: dict[str, RecallCurve]) -> list[str]:
    """Say the caveats that all waves share once, and each of the others with its wave."""
    told = {when: [printer.note(note) for note in curve.curve_notes] for when, curve in curves.items()}
    shared = [note for note in next(iter(told.values())) if all(note in notes for notes in told.values())]
    own = [
        printer.say("{when}: {note}", when=when, note=note)
        for when, notes in told.items()
        for note in notes
        if note not in shared
    ]
    return [f"{note[:1].upper()}{note[1:]}." for note in (*shared, *own)]


def recall_id(curve: RecallCurve, time: float | str) -> str:
    """
    Name a number of a recall curve in the ledger.

    Parameters
    ----------
    curve : RecallCurve
        Of one wave.
    time : float or str
        End of a band in days, or `ever`.

    Returns
    -------
    str

    Examples
    --------
    >>> from reports.figures import example_results
    >>> recall_id(example_results().recalls[0], 30.0)
    'recall.2011-10.twitter.30'
    """
    return f"recall.{curve.wave}.{curve.platform}.{time if isinstance(time, str) else f'{time:g}'}"


def _caption(printer: Printer, curve: RecallCurve, platform: str, when: str) -> str:
    shown = [(time, gone) for time in curve.times if isinstance(gone := curve.dropout(at=time), Estimate)]
    if not shown:
        return printer.say("When people say they left {platform}", platform=platform)
    time, gone = shown[-1]
    return printer.say(
        "Asked in {when}, {share} of those who signed up for {platform} had left within {days} days; "
        "{ever} had left at some time",
        when=when,
        share=printer.estimate(recall_id(curve, time), gone),
        platform=platform,
        days=printer.numbers.count(int(time)),
        ever=printer.estimate(recall_id(curve, EVER), curve.left),
    )


def _told(printer: Printer, curve: RecallCurve, when: str) -> str:
    told = [
        printer.say(
            "{when}, within {days} days: {share}.",
            when=when,
            days=printer.numbers.count(int(time)),
            share=printer.estimate(recall_id(curve, time), gone),
        )
        for time in curve.times
        if isinstance(gone := curve.dropout(at=time), Estimate)
    ]
    return " ".join(told)


def _draw(results: StudyResults, printer: Printer, curves: tuple[RecallCurve, ...]) -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 3.4), layout="constrained")
    axes = figure.subplots()
    surveys = {survey.wave: survey for survey in results.study.survey}
    times = sorted({time for curve in curves for time in curve.times})
    shift = np.linspace(-0.24, 0.24, len(curves)) if len(curves) > 1 else np.zeros(1)
    for i, curve in enumerate(curves):
        color, marker = SERIES[i % len(SERIES)], MARKERS[i % len(MARKERS)]
        points: list[tuple[int, float | str, Estimate | Unavailable | None, Estimate]] = [
            (times.index(time), time, curve.dropout(at=time), curve.naive_dropout(at=time)) for time in curve.times
        ]
        points.append((len(times), EVER, None, curve.left))
        for place, time, gone, naive in points:
            shown = gone if isinstance(gone, Estimate) else None
            x, point = place + shift[i], shown or naive
            axes.vlines(x, point.conf_low, point.conf_high, color=color, linewidth=1.2)
            axes.plot(
                x,
                point.estimate,
                marker=marker,
                markersize=5.5,
                color=color,
                linestyle="",
                markerfacecolor=color if shown else "white",
            )
            if shown and abs(shown.estimate - naive.estimate) > 5e-4:
                axes.plot(
                    x + 0.08,
                    naive.estimate,
                    marker=marker,
                    markersize=5,
                    color=color,
                    markerfacecolor="white",
                    linestyle="",
                )
            axes.annotate(
                printer.estimate(recall_id(curve, time), point),
                (x, point.conf_high),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=INK,
            )
        axes.plot([], [], marker=marker, color=color, linestyle="", label=wave_label(printer, surveys[curve.wave]))
    axes.plot([], [], marker="o", color=MUTED, markerfacecolor="white", linestyle="", label=printer.say("Naive share"))
    labels = [printer.say("Within {days} days", days=printer.numbers.count(int(time))) for time in times]
    axes.set_xticks(range(len(times) + 1), [*labels, printer.say("At any time")])
    axes.axvline(len(times) - 0.5, ymax=0.88, color=MUTED, linewidth=0.5)
    top = max(float(curve.to_frame()["conf_high"].max()) for curve in curves)
    axes.set_ylim(0, min(1.0, max(top, *(curve.left.conf_high for curve in curves)) + 0.08))
    ticks = [tick for tick in axes.get_yticks() if tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [printer.numbers.share(float(tick)) for tick in ticks])
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="x", length=0)
    axes.legend(loc="upper left", frameon=False, fontsize=8, ncols=len(curves) + 1)
    return figure
