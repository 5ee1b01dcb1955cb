"""What the log adds to the survey: margins, the precision they gain, and the error of recall."""

from __future__ import annotations

from dataclasses import dataclass

from churn.adoption.calibration import CalibratedFunnel, calibrate_to_log
from churn.adoption.log_margins import LogMargin, count_log_margins
from churn.adoption.measures import join_recall
from churn.adoption.recall_error import RecallError, compare_recall
from churn.design_based.recall import RecallCurve
from reports.results.staying import StayingResults
from surveys.core.errors import EstimateError, SpecError, StudyError, reason_of
from surveys.core.results import Estimate, Note
from surveys.funnel.funnel import Funnel
from surveys.study.schema import Study

HORIZON = 30.0
NOT_MET = Note("surveys cannot be calibrated to the log: {reason}")
NOT_COMPARED = Note("recall of wave {wave} cannot be held against the log: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationResults:
    """
    What the log of a platform says of what people say about it.

    Attributes
    ----------
    calibrated : CalibratedFunnel or None
        Surveys before and after calibration; None where the study does not say what an account stands for.
    recalls : tuple of RecallError
        One for each wave that asks when people left and whose log can be read.
    stayed : dict of str to (Estimate, Estimate)
        By wave: the share of the base that signed up and was still there after 30 days, with staying as
        recalled and as logged.
    simulated : bool
        Whether the surveys or the log are.
    notes : tuple of Note
        Caveats, and what could not be done.
    """

    calibrated: CalibratedFunnel | None
    recalls: tuple[RecallError, ...]
    stayed: dict[str, tuple[Estimate, Estimate]]
    simulated: bool
    notes: tuple[Note, ...] = ()


def compute_calibration(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, recalls: tuple[RecallCurve, ...]
) -> CalibrationResults | None:
    """
    Hold the surveys of a study against its log.

    Parameters
    ----------
    study : Study
        The study.
    funnel : Funnel or None
        Its surveys.
    staying : StayingResults or None
        Its usage.
    recalls : tuple of RecallCurve
        When people say they left, by wave.

    Returns
    -------
    CalibrationResults or None
        None where the study has no survey, or no log of events of a platform asked about.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> found = example_results().calibration
    >>> [error.wave for error in found.recalls]
    ['2011-10', '2012-10', '2013-10']
    """
    usage = study.usage
    if funnel is None or staying is None or staying.activity is None or usage is None or usage.platform is None:
        return None
    notes: list[Note] = []
    calibrated = None
    if usage.coverage is not None:
        margins, told = count_log_margins(study, staying.activity.log)
        notes += told
        kept = [margin for margin in margins if _some(funnel, margin)]
        try:
            calibrated = calibrate_to_log(study, kept) if kept else None
        except EstimateError as error:
            notes.append(Note(NOT_MET.message, {"reason": reason_of(error)}))
    compared = []
    for recall in recalls:
        try:
            compared.append(compare_recall(study, recall))
        except (StudyError, SpecError, EstimateError) as error:
            notes.append(Note(NOT_COMPARED.message, {"wave": recall.wave, "reason": reason_of(error)}))
    if calibrated is None and not compared:
        return None
    return CalibrationResults(
        calibrated=calibrated,
        recalls=tuple(compared),
        stayed={
            error.wave: _carried(funnel, error, signup)
            for error in compared
            if HORIZON in error.times
            and 0 < (signup := funnel.at(error.wave, error.platform, "signup")).estimate < 1
            and all(0 < share.estimate < 1 for share in error.at(HORIZON)[:2])
        },
        simulated=usage.simulated or any(survey.simulated for survey in study.survey),
        notes=(*notes, *(() if calibrated is None else calibrated.notes), *_of_recall(compared)),
    )


def _carried(funnel: Funnel, error: RecallError, signup: Estimate) -> tuple[Estimate, Estimate]:
    """Carry staying through the funnel, as recalled by those who told of signing up, and as logged."""
    recalled, logged = error.stayed_after(signup, horizon=HORIZON)
    try:
        return join_recall(funnel, error.recall, horizon=HORIZON).cumulative["stayed"], logged
    except SpecError:
        return recalled, logged


def _some(funnel: Funnel, margin: LogMargin) -> bool:
    """Tell whether some respondents, but not all, are counted by a margin: nobody can be weighted up from none."""
    return 0 < funnel.at(margin.wave, margin.platform, margin.step, margin.measure).estimate < 1


def _of_recall(compared: list[RecallError]) -> tuple[Note, ...]:
    return tuple({str(note): note for error in compared for note in error.notes[1:]}.values())
