"""What is said beside numbers that take a silence for leaving, and beside those of the next visit."""

from __future__ import annotations

from churn.definitions.gap_check import FAR_ELSEWHERE, GapCheck
from churn.next_visit.curve import HalvesCheck, NextVisitCurve
from reports.results.study import StudyResults
from reports.words.labels import note_sentence
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

BY_SILENCE = ("next_visit", "inactive")
"""Rules under which accounts are called gone by a silence that the end of the log shows."""


def gap_sentences(results: StudyResults, printer: Printer) -> tuple[str, ...]:
    """
    Say what calling accounts gone after a silence moves, and how many of those called gone are expected back.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    tuple of str
        Sentences for the foot of a table or figure that rests on the gap; none where no silence is used.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> len(gap_sentences(example_results(), open_printer("en")))
    2
    """
    if results.staying is not None and isinstance(results.staying.gap, Unavailable):
        return (note_sentence(printer, results.staying.gap.reason),)
    check = _check(results)
    if check is None:
        return ()
    assert results.study.usage is not None
    told, horizon = [], results.study.usage.horizon
    moved = check.at(horizon)
    if isinstance(moved, Estimate):
        told.append(
            printer.say(
                "Where accounts are called gone one by one, it is after {gap} silent days, which moves the share still "
                "there after {days} days by {points} ({interval}) against the next visit, which needs no silence.",
                gap=printer.numbers.count(check.gap_days),
                days=printer.numbers.count(horizon),
                points=printer.estimate(f"silence.moved.{horizon}", moved),
                interval=printer.interval(f"silence.moved.{horizon}", moved),
            )
        )
    if isinstance(check.wrongly_gone, Estimate):
        told.append(
            printer.say(
                "Of the {n} accounts silent for {gap} days at the end of the log, {share} ({interval}) are expected "
                "back.",
                n=printer.numbers.count(check.n_called),
                gap=printer.numbers.count(check.gap_days),
                share=printer.estimate("silence.wrong", check.wrongly_gone, digits=1),
                interval=printer.interval("silence.wrong", check.wrongly_gone, digits=1),
            )
        )
    return tuple(told)


def _check(results: StudyResults) -> GapCheck | None:
    usage, staying = results.study.usage, results.staying
    return (
        None
        if staying is None
        or usage is None
        or usage.dropout.rule not in BY_SILENCE
        or isinstance(staying.gap, Unavailable)
        else staying.gap
    )


def warnings(results: StudyResults, printer: Printer) -> tuple[str, ...]:
    """
    Say what may be wrong with the share gone at the horizon: a gap too short, a log too short, cohorts that differ.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    tuple of str
        Sentences for the first page; none where nothing is wrong.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> warnings(example_results(), open_printer("en"))
    ()
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None:
        return ()
    told = []
    if isinstance(staying.curve, NextVisitCurve):
        told += [note_sentence(printer, note) for note in staying.curve.warnings(usage.horizon)]
    check = _check(results)
    time = None if check is None else _far(check, usage.horizon)
    if check is not None and time is not None:
        moved = check.at(time)
        assert isinstance(moved, Estimate)
        values = {
            "gap": printer.numbers.count(check.gap_days),
            "days": printer.numbers.count(time),
            "points": printer.estimate(f"silence.moved.{time}", moved),
            "interval": printer.interval(f"silence.moved.{time}", moved),
        }
        told.append(
            printer.say(
                "A silence of {gap} days is too short to call accounts gone, or a season misleads it: it moves the "
                "share still there after {days} days by {points} ({interval}). Tests between groups, models and "
                "projections rest on it.",
                **values,
            )
            if usage.dropout.rule == "next_visit"
            else printer.say(
                "A silence of {gap} days is too short to call accounts gone, or a season misleads it: it moves the "
                "share still there after {days} days by {points} ({interval}). The rule next_visit needs no silence.",
                **values,
            )
        )
    return tuple(told)


def _far(check: GapCheck, horizon: int) -> int | None:
    """Give the tenure at which the gap moves the curve, the horizon first; elsewhere more is needed than by chance."""
    if check.is_far(horizon):
        return horizon
    return next((time for time in check.time if check.is_far(time, errors=FAR_ELSEWHERE)), None)


def next_visit_sentences(results: StudyResults, printer: Printer) -> tuple[str, ...]:
    """
    Say on what the next visit rests at the horizon: the longest wait, those back late, early against late sign-ups.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    tuple of str
        None under another rule.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> len(next_visit_sentences(example_results(), open_printer("en")))
    2
    """
    usage, staying = results.study.usage, results.staying
    if usage is None or staying is None or not isinstance(staying.curve, NextVisitCurve):
        return ()
    curve, horizon = staying.curve, usage.horizon
    told = []
    if horizon < len(curve.time):
        why = "a count, or what the estimate itself holds"
        told.append(
            printer.say(
                "Gone means never seen again: each account followed beyond day {days} is waited for until its next "
                "visit, for {wait} days where the log allows; {late} of the accounts came back in the last quarter of "
                "that wait.",
                days=printer.numbers.count(horizon),
                wait=printer.value(f"visit.wait.{horizon}", int(curve.wait[horizon]), unit="days", why_no_interval=why),
                late=printer.value(
                    f"visit.late.{horizon}", float(curve.late[horizon]), unit="share", digits=1, why_no_interval=why
                ),
            )
        )
    halves = curve.halves
    if isinstance(halves, HalvesCheck):
        told.append(
            printer.say(
                "Early sign-ups against late ones, still there after {days} days: {early} and {late}.",
                days=printer.numbers.count(halves.time),
                early=printer.estimate("visit.early", halves.early, digits=1),
                late=printer.estimate("visit.later", halves.late, digits=1),
            )
        )
    else:
        told.append(note_sentence(printer, halves.reason))
    return tuple(told)
