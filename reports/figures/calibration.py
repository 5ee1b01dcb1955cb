"""What the log adds to the survey: each step before and after calibration, and recall against log."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn.adoption.calibration import CalibratedFunnel
from churn.adoption.recall_error import RecallError
from reports.figures._marks import draw_interval
from reports.figures.drawn import DrawnFigure
from reports.figures.registry import draws
from reports.look.theme import ACCENT, INK, MUTED, SERIES, TEXT_WIDTH, figure_style
from reports.results.calibration import CalibrationResults
from reports.results.study import StudyResults
from reports.words.labels import (
    Asked,
    asked_in,
    conversion_label,
    holding,
    platform_label,
    sampling_words,
    step_label,
    wave_label,
)
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.funnel.funnel import Measure
from surveys.languages.rules import rules_of
from surveys.study.schema import Step, Survey

PANELS: tuple[tuple[Step, Measure], ...] = (
    ("signup", "cumulative"),
    ("signup", "conversion"),
    ("active", "conversion"),
    ("lapsed", "conversion"),
)
SURVEY, LOG, BOTH = MUTED, ACCENT, SERIES[0]
SHIFT = 0.17
ROW_HEIGHT = 0.27
TITLE_CHARACTERS = 30
MOST_TICKS = 5


@draws("calibration")
def draw_calibration(results: StudyResults, printer: Printer) -> DrawnFigure | None:
    """
    Draw the steps of a platform before and after calibration to its log, and recall against log.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    DrawnFigure or None
        None where the study has no survey and log of one platform.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> example_figure("calibration").id
    'calibration'
    """
    found = results.calibration
    if found is None:
        return None
    surveys = {survey.wave: survey for survey in results.study.survey}
    with figure_style():
        figure = _draw(printer, found, surveys)
    caption = calibration_caption(printer, found, surveys)
    platform = found.recalls[-1].platform if found.calibrated is None else found.calibrated.platform
    waves = list(dict.fromkeys([*_waves(found.calibrated), *(error.wave for error in found.recalls)]))
    level = results.study.study.conf_level
    return DrawnFigure(
        id="calibration",
        figure=figure,
        caption=caption,
        subtitle=printer.say(
            "What people say of {platform} and what its log counts, wave by wave: shares of the base, of those who "
            "have heard of it, and of those who signed up",
            platform=platform_label(printer, results.study, platform),
        ),
        alt=printer.say("One row for each wave, with a point and an interval for the survey and for the log.")
        + " "
        + caption
        + ".",
        base=printer.say(
            "Base: respondents of each wave; accounts opened before it. Lines: {level} confidence intervals.",
            level=printer.numbers.share(level),
        )
        + " "
        + sampling_words(printer, surveys[waves[-1]]),
        notes=(printer.say("Simulated data."),) if found.simulated else (),
        data=_data(found),
    )


def calibration_caption(printer: Printer, found: CalibrationResults, surveys: dict[str, Survey]) -> str:
    """
    Say in one sentence where survey and log agree.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    found : CalibrationResults
        What was found.
    surveys : dict of str to Survey
        By wave.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> surveys = {survey.wave: survey for survey in results.study.survey}
    >>> calibration_caption(open_printer("en"), results.calibration, surveys).partition(" agree")[0]
    'Survey and log'
    """
    told = []
    if found.calibrated is not None:
        tests = [test for test in found.calibrated.tests if test.margin.measure == "cumulative"]
        agree, all_waves = (
            printer.value(f"calibration.{name}", count, unit="count", why_no_interval="a count of waves")
            for name, count in (("agree", sum(test.agrees for test in tests)), ("waves", len(tests)))
        )
        told.append(
            printer.say(
                "Survey and log agree on how many {hold} in {agree} of {all} waves",
                hold=holding(printer, asked_in(surveys.values(), found.calibrated.platform)),
                agree=agree,
                all=all_waves,
            )
        )
    if found.recalls:
        error = found.recalls[-1]
        time = error.times[-1]
        recalled, logged, _ = error.at(time)
        said = printer.say(
            "asked in {when}, {recalled} recall having left within {days} days, and {logged} of accounts had gone",
            when=wave_label(printer, surveys[error.wave]),
            recalled=printer.estimate(recall_error_id(error, time, "recalled"), recalled),
            days=printer.numbers.count(int(time)),
            logged=printer.estimate(recall_error_id(error, time, "logged"), logged),
        )
        told.append(said if told else f"{said[:1].upper()}{said[1:]}")
    return rules_of(printer.language).between.join(told)


def recall_error_id(error: RecallError, time: float, what: str) -> str:
    """
    Name a number of a recall error in the ledger.

    Parameters
    ----------
    error : RecallError
        Of one wave.
    time : float
        End of a band, in days.
    what : str
        `recalled`, `logged` or `difference`.

    Returns
    -------
    str

    Examples
    --------
    >>> from reports.figures import example_results
    >>> recall_error_id(example_results().calibration.recalls[0], 30.0, "logged")
    'calibration.2011-10.left.30.logged'
    """
    return f"calibration.{error.wave}.left.{time:g}.{what}"


def _waves(calibrated: CalibratedFunnel | None) -> list[str]:
    return [] if calibrated is None else list(calibrated.before)


def _draw(printer: Printer, found: CalibrationResults, surveys: dict[str, Survey]) -> Figure:
    waves, asked = _waves(found.calibrated), [error.wave for error in found.recalls]
    heights = [len(rows) + 1.2 for rows in (waves, asked) if rows]
    figure = Figure(figsize=(TEXT_WIDTH, ROW_HEIGHT * sum(heights) + 0.75))
    figure.set_layout_engine("constrained", wspace=0.06)
    parts = list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if found.calibrated is not None:
        _draw_steps(parts.pop(0), printer, found.calibrated, surveys)
    if found.recalls:
        _draw_recalls(parts.pop(0), printer, found.recalls, surveys)
    _legend(figure, printer, found)
    return figure


def _draw_steps(part: Figure, printer: Printer, calibrated: CalibratedFunnel, surveys: dict[str, Survey]) -> None:
    waves = _waves(calibrated)
    known = {(step, measure) for found in calibrated.before.values() for _, _, step, measure in found.index}
    panels = [panel for panel in PANELS if panel in known]
    all_axes = part.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    margins = {(test.margin.wave, test.margin.step, test.margin.measure): test for test in calibrated.tests}
    for axes, (step, measure) in zip(all_axes, panels, strict=True):
        for i, wave in enumerate(waves):
            if ("", "", step, measure) not in calibrated.before[wave].index:
                continue
            before, after = calibrated.at(wave, step, measure)
            _mark(axes, i - SHIFT, before, SURVEY, "o")
            test = margins.get((wave, step, measure))
            if test is not None:
                _mark(axes, i + SHIFT, test.margin.estimate(calibrated.conf_level), LOG, "D")
            elif calibrated.agrees(wave):
                _mark(axes, i + SHIFT, after, BOTH, "s")
        axes.set_title(
            _panel_title(printer, step, measure, asked_in(surveys.values(), calibrated.platform)), fontsize=8.5
        )
        _finish(axes, [wave_label(printer, surveys[wave]) for wave in waves], printer, axes.get_xlim()[1])


def _panel_title(printer: Printer, step: str, measure: str, asked: Asked) -> str:
    """Name a panel, in lines that fit over it."""
    label = (step_label if measure == "cumulative" else conversion_label)(printer, step, asked)
    return textwrap.fill(f"{label[:1].upper()}{label[1:]}", TITLE_CHARACTERS)


def _draw_recalls(part: Figure, printer: Printer, recalls: Sequence[RecallError], surveys: dict[str, Survey]) -> None:
    times = sorted({time for error in recalls for time in error.times})
    all_axes = part.subplots(1, len(times), sharey=True, sharex=True, squeeze=False)[0]
    for axes, time in zip(all_axes, times, strict=True):
        for i, error in enumerate(recalls):
            if time in error.times:
                recalled, logged, _ = error.at(time)
                _mark(axes, i - SHIFT, recalled, SURVEY, "o")
                _mark(axes, i + SHIFT, logged, LOG, "D")
        axes.set_title(
            printer.say("Gone within {days} days of signing up", days=printer.numbers.count(int(time))), fontsize=8.5
        )
    top = all_axes[0].get_xlim()[1]
    for axes in all_axes:
        _finish(axes, [wave_label(printer, surveys[error.wave]) for error in recalls], printer, top)


def _mark(axes: Axes, y: float, estimate: Estimate, color: str, marker: str) -> None:
    draw_interval(axes, y, estimate.conf_low, estimate.conf_high, color=color)
    axes.plot(estimate.estimate, y, marker=marker, color=color, markersize=5, linestyle="", zorder=4)


def _finish(axes: Axes, labels: list[str], printer: Printer, top: float) -> None:
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step <= MOST_TICKS or step == 0.2)
    ticks = [step * i for i in range(math.floor(min(top, 1.0) / step) + 1)]
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, top)
    axes.set_xticks(ticks, [printer.numbers.share(tick) for tick in ticks])
    axes.grid(axis="x", linewidth=0.4, alpha=0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for i in range(1, len(labels)):
        axes.axhline(i - 0.5, color=MUTED, linewidth=0.3, alpha=0.4)


def _legend(figure: Figure, printer: Printer, found: CalibrationResults) -> None:
    from matplotlib.lines import Line2D

    marks = [("o", SURVEY, printer.say("Survey")), ("D", LOG, printer.say("Log"))]
    if found.calibrated is not None and any(found.calibrated.agrees(wave) for wave in found.calibrated.before):
        marks.append(("s", BOTH, printer.say("Survey calibrated to the log, where they agree")))
    handles = [
        Line2D([], [], marker=marker, color=color, linestyle="", markersize=5, label=label)
        for marker, color, label in marks
    ]
    figure.legend(
        handles=handles, loc="outside upper right", frameon=False, fontsize=8, ncols=len(handles), labelcolor=INK
    )


def _data(found: CalibrationResults) -> pd.DataFrame:
    """Lay out everything drawn, one row for each point and its interval."""
    rows: list[tuple[object, ...]] = []
    if found.calibrated is not None:
        frame = found.calibrated.to_frame().query("group == ''")
        for row in frame.to_dict("records"):
            for name in ("before", "after"):
                ends = (row[name], row[f"{name}_low"], row[f"{name}_high"])
                rows.append((row["wave"], row["step"], row["measure"], "", name, *ends, row["agrees"]))
        for test in found.calibrated.tests:
            margin = test.margin.estimate(found.calibrated.conf_level)
            what = (test.margin.wave, test.margin.step, test.margin.measure, "", "log")
            rows.append((*what, margin.estimate, margin.conf_low, margin.conf_high, test.agrees))
    for error in found.recalls:
        for time in error.times:
            recalled, logged, _ = error.at(time)
            for name, one in (("recalled", recalled), ("log", logged)):
                key = (error.wave, "left", "", f"{time:g}", name)
                rows.append((*key, one.estimate, one.conf_low, one.conf_high, error.agrees))
    names = ["wave", "step", "measure", "days", "what", "share", "conf_low", "conf_high", "agrees"]
    return pd.DataFrame(rows, columns=names)
