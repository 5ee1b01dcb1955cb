"""What the log adds to the survey: where the two agree, what calibration gains, and the error of recall."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from churn.adoption.calibration import DISAGREE, CalibratedFunnel, MarginTest
from churn.adoption.recall_error import RecallError
from reports.document.blocks import Block, Column, Heading, Paragraph, Row, RowGroup, Table
from reports.figures.calibration import PANELS, recall_error_id
from reports.figures.drawn import FigureWords
from reports.results.calibration import HORIZON, CalibrationResults
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import (
    asked_in,
    conversion_label,
    holding,
    note_sentence,
    step_label,
    wave_label,
    with_interval,
)
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.estimates.contrasts import Contrast
from surveys.funnel.funnel import Measure
from surveys.study.schema import Step, Survey

AWARE: tuple[Step, Measure] = ("aware", "cumulative")
RATIO_OF_VARIANCES = "a ratio of two estimated variances"
NONE = "–"


def write_calibration(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on what the log adds to the survey.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the study has no survey and log of one platform.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_calibration(example_results(), open_printer("en"), {})[0].text
    'What the log adds to the survey'
    """
    found = results.calibration
    if found is None:
        return []
    surveys = {survey.wave: survey for survey in results.study.survey}
    blocks: list[Block] = [
        Heading(level=1, text=printer.say("What the log adds to the survey"), anchor="calibration"),
        *(Paragraph.of(text) for text in _margins(printer, found, surveys)),
    ]
    if "calibration" in figures:
        blocks.append(figure_block(figures["calibration"]))
    told = [text for error in found.recalls[-1:] for text in _recall(printer, found, error, surveys[error.wave])]
    return [*blocks, *(Paragraph.of(text) for text in told), _table(printer, found, surveys)]


def _margins(printer: Printer, found: CalibrationResults, surveys: dict[str, Survey]) -> Iterator[str]:
    if found.calibrated is not None:
        yield printer.say(
            "The log counts accounts without asking anybody. Where it agrees with the survey, respondents can be "
            "weighted towards as many holders of an account as the log counts: the further the two may count different "
            "people, the less it counts. Where they disagree by more than both errors allow, no weighting can tell "
            "which of them is right."
        )
        yield from _gains(printer, found.calibrated, surveys)
        yield from _disagreements(printer, found.calibrated, surveys)


def _gains(printer: Printer, calibrated: CalibratedFunnel, surveys: dict[str, Survey]) -> Iterator[str]:
    """Say for the last wave in which survey and log agree what calibration gains."""
    waves = [wave for wave in calibrated.before if calibrated.agrees(wave)]
    asked = [wave for wave in waves if ("", "", "signup", "conversion") in calibrated.before[wave].index]
    if not asked:
        return
    wave = asked[-1]
    before, after = calibrated.at(wave, "signup", "conversion")
    yield printer.say(
        "In {when} the two agree ({p}). Weighted to the log, {after} of those who have heard of it {hold} "
        "({interval}) instead of {before} ({wider}): its variance is divided by {gain}. For awareness, which says "
        "little about who signed up, the divisor is {little}.",
        when=wave_label(printer, surveys[wave]),
        hold=holding(printer, asked_in((surveys[wave],), calibrated.platform)),
        p=_p(printer, min(test.difference.p_value for test in calibrated.tests if test.margin.wave == wave)),
        after=printer.estimate(_id(wave, "signup", "conversion", "after"), after),
        interval=printer.interval(_id(wave, "signup", "conversion", "after"), after),
        before=printer.estimate(_id(wave, "signup", "conversion", "before"), before),
        wider=printer.interval(_id(wave, "signup", "conversion", "before"), before),
        gain=_gain(printer, calibrated, wave, "signup", "conversion"),
        little=_gain(printer, calibrated, wave, *AWARE),
    )


def _disagreements(printer: Printer, calibrated: CalibratedFunnel, surveys: dict[str, Survey]) -> Iterator[str]:
    """Say for the last wave in which the log counts other numbers of holders how many accounts each would have."""
    apart = [test for test in calibrated.tests if test.margin.measure == "cumulative" and not test.agrees]
    if not apart:
        return
    test = apart[-1]
    name = _id(test.margin.wave, "signup", "cumulative", "ratio")
    words = {
        "when": wave_label(printer, surveys[test.margin.wave]),
        "hold": holding(printer, asked_in((surveys[test.margin.wave],), calibrated.platform)),
        "ratio": printer.estimate(name, test.ratio),
        "interval": printer.interval(name, test.ratio),
        "p": _p(printer, test.difference.p_value),
    }
    if test.ratio.estimate > 1:
        yield printer.say(
            "In {when}, for each person counted among those who {hold}, the log counts {ratio} ({interval}; {p}). Some "
            "people hold several accounts, some accounts belong to nobody in the base: taking accounts for people "
            "would be wrong, and the survey’s own estimates are kept.",
            **words,
        )
    else:
        yield printer.say(
            "In {when}, for each person counted among those who {hold}, the log counts only {ratio} ({interval}; {p}). "
            "Either some claim an account that they do not have, or the log lacks accounts: the survey’s own "
            "estimates are kept.",
            **words,
        )


def _recall(printer: Printer, found: CalibrationResults, error: RecallError, survey: Survey) -> Iterator[str]:
    time = error.times[-1]
    recalled, logged, gap = error.at(time)
    words = {
        "when": wave_label(printer, survey),
        "recalled": with_interval(printer, recall_error_id(error, time, "recalled"), recalled),
        "logged": with_interval(printer, recall_error_id(error, time, "logged"), logged),
        "days": printer.numbers.count(int(time)),
        "gap": printer.estimate(recall_error_id(error, time, "difference"), _points(gap, error.recall.n)),
        "interval": printer.interval(recall_error_id(error, time, "difference"), _points(gap, error.recall.n)),
        "p": _p(printer, error.p_value),
    }
    if error.agrees:
        yield printer.say(
            "Asked in {when}, {recalled} of those who signed up recall having left within {days} days; the log of the "
            "same months gives {logged}. The difference of {gap} ({interval}) is within what both errors allow ({p}).",
            **words,
        )
    else:
        yield printer.say(
            "Asked in {when}, {recalled} of those who signed up recall having left within {days} days; the log of the "
            "same months gives {logged}, a difference of {gap} ({interval}; {p}).",
            **words,
        )
        yield _where(printer, error)
    if error.wave in found.stayed:
        with_recall, with_log = found.stayed[error.wave]
        yield printer.say(
            "Carried through the funnel: {recall} of the base signed up and were still there {days} days later by "
            "what people recall, {log} by what accounts did.",
            recall=with_interval(printer, f"calibration.{error.wave}.stayed.recalled", with_recall),
            log=with_interval(printer, f"calibration.{error.wave}.stayed.logged", with_log),
            days=printer.numbers.count(int(HORIZON)),
        )


def _where(printer: Printer, error: RecallError) -> str:
    """Say in which stretch of time recall and log differ most."""
    bands = error.bands.iloc[:-1]
    place = int(bands["difference"].abs().to_numpy().argmax())
    row = bands.iloc[place]
    low, high = (0.0, *error.times)[place], error.times[place]
    shares = {
        name: printer.value(
            f"calibration.{error.wave}.left.{low:g}-{high:g}.{name}",
            float(row[name]),
            unit="share",
            why_no_interval="a difference of two shares whose intervals are given",
        )
        for name in ("recalled", "logged")
    }
    words = {"low": printer.numbers.count(int(low)), "high": printer.numbers.count(int(high)), **shares}
    if row["difference"] < 0:
        return printer.say(
            "It is widest between day {low} and day {high}: {recalled} recall having left then, {logged} of accounts "
            "did. What was tried and soon dropped is forgotten, dated later, or not thought of as leaving.",
            **words,
        )
    return printer.say(
        "It is widest between day {low} and day {high}: {recalled} recall having left then, {logged} of accounts did. "
        "Departures are dated too close to the day of signing up, or accounts called gone are still looked at.",
        **words,
    )


def _table(printer: Printer, found: CalibrationResults, surveys: dict[str, Survey]) -> Table:
    rows: list[Row] = []
    if found.calibrated is not None:
        rows += _calibrated_rows(printer, found.calibrated, surveys)
    for time in sorted({time for error in found.recalls for time in error.times}):
        rows.append(
            RowGroup(text=printer.say("Gone within {days} days of signing up", days=printer.numbers.count(int(time))))
        )
        for error in found.recalls:
            if time in error.times:
                recalled, logged, gap = error.at(time)
                said = [
                    with_interval(printer, recall_error_id(error, time, name), one)
                    for name, one in (("recalled", recalled), ("logged", logged))
                ]
                told = with_interval(printer, recall_error_id(error, time, "difference"), _points(gap, error.recall.n))
                rows.append((wave_label(printer, surveys[error.wave]), *said, told, NONE, NONE))
    headers = [
        *(printer.say("Wave"), printer.say("Survey"), printer.say("Log")),
        *(
            printer.say("Survey minus log"),
            printer.say("Calibrated"),
            printer.say("Times as precise"),
        ),
    ]
    widths = (1.12, 1.55, 1.4, 2.45, 1.42, 0.65)
    level = found.calibrated.conf_level if found.calibrated is not None else found.recalls[0].conf_level
    return Table(
        anchor="tab-calibration",
        caption=printer.say("Survey and log side by side, and what calibration gains"),
        columns=tuple(
            Column(text=header, align="left" if i == 0 else "right", width=width)
            for i, (header, width) in enumerate(zip(headers, widths, strict=True))
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: respondents of each wave, and accounts opened before it. In brackets: {level} confidence "
            "intervals. Times as precise: variance before over variance after, the log’s own error counted in. Only "
            "waves in which survey and log agree are calibrated.",
            level=printer.numbers.share(level),
        ),
        notes=(
            *((printer.say("Simulated data."),) if found.simulated else ()),
            *(note_sentence(printer, note) for note in found.notes if note.message != DISAGREE.message),
        ),
    )


def _calibrated_rows(printer: Printer, calibrated: CalibratedFunnel, surveys: dict[str, Survey]) -> Iterator[Row]:
    tests = {(test.margin.wave, test.margin.step, test.margin.measure): test for test in calibrated.tests}
    for step, measure in (*PANELS, AWARE):
        inside = [wave for wave, found in calibrated.before.items() if ("", "", step, measure) in found.index]
        shown = [wave for wave in inside if (wave, step, measure) in tests or calibrated.agrees(wave)]
        if shown:
            asked = asked_in(surveys.values(), calibrated.platform)
            name = step_label if measure == "cumulative" else conversion_label
            label = name(printer, step, asked)
            yield RowGroup(text=f"{label[:1].upper()}{label[1:]}")
        for wave in shown:
            yield _calibrated_row(printer, calibrated, surveys[wave], (step, measure), tests.get((wave, step, measure)))


def _calibrated_row(
    printer: Printer, calibrated: CalibratedFunnel, survey: Survey, share: tuple[Step, Measure], test: MarginTest | None
) -> Row:
    wave = survey.wave
    before, after = calibrated.at(wave, *share)
    cells = [wave_label(printer, survey), with_interval(printer, _id(wave, *share, "before"), before)]
    if test is None:
        cells += [NONE, NONE]
    else:
        margin = test.margin.estimate(calibrated.conf_level)
        cells.append(with_interval(printer, _id(wave, *share, "log"), margin))
        gap = _points(test.difference, test.survey.n)
        cells.append(with_interval(printer, _id(wave, *share, "difference"), gap))
    if not calibrated.agrees(wave):
        return (*cells, NONE, NONE)
    return (
        *cells,
        with_interval(printer, _id(wave, *share, "after"), after),
        _gain(printer, calibrated, wave, *share),
    )


def _p(printer: Printer, p_value: float) -> str:
    return NONE if math.isnan(p_value) else printer.numbers.p_value(p_value)


def _points(difference: Contrast, n: int | None) -> Estimate:
    """Take a difference of shares for an estimate in points."""
    return Estimate(
        estimate=difference.estimate,
        std_error=difference.std_error,
        conf_low=difference.conf_low,
        conf_high=difference.conf_high,
        conf_level=difference.conf_level,
        n=n,
        unit="points",
        method="difference of independent estimates, Student's t",
    )


def _gain(printer: Printer, calibrated: CalibratedFunnel, wave: str, step: str, measure: str) -> str:
    frame = calibrated.to_frame()
    here = (frame["wave"] == wave) & (frame["step"] == step) & (frame["measure"] == measure) & (frame["level"] == "")
    ratio = float(frame.loc[here, "variance_ratio"].iloc[0])
    if math.isinf(ratio):
        return printer.say("exact")
    name = _id(wave, step, measure, "gain")
    digits = 1 if ratio >= 2 else 2
    return printer.value(name, ratio, unit="ratio", why_no_interval=RATIO_OF_VARIANCES, digits=digits)


def _id(wave: str, step: str, measure: str, what: str) -> str:
    return f"calibration.{wave}.{step}.{measure}.{what}"
