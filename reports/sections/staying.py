"""Staying: how long accounts last, and by cohort."""

from __future__ import annotations

from collections.abc import Mapping

from churn.next_visit.curve import NextVisitCurve
from reports.document.blocks import Block, Column, Heading, Paragraph, Table
from reports.figures.drawn import FigureWords
from reports.results.staying import StayingResults
from reports.results.study import StudyResults
from reports.sections.definitions import write_definitions
from reports.sections.figure_block import figure_block, figure_or_reason
from reports.sections.projection import write_projection
from reports.sections.staying_groups import write_staying_groups
from reports.words.durations import ONE_MONTH, SINCE, lasting
from reports.words.labels import note_sentence, with_interval
from reports.words.printer import Printer
from reports.words.silences import gap_sentences, next_visit_sentences
from surveys.core.results import Estimate, Unavailable

CHOSEN = {
    "days": (1, 7, 30, 60, 90, 180, 365, 730, 1095, 1460),
    "weeks": (1, 4, 8, 13, 26, 52, 104, 156, 208),
    "months": (1, 3, 6, 12, 24, 36, 48, 60, 72, 96, 120),
    "years": (1, 2, 3, 5, 10, 15, 20),
}
"""Tenures of the table, by unit; those beyond the curve are left out."""
UNITS = {"days": "days", "weeks": "weeks", "months": "months", "years": "years"}


def write_staying(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the chapter on how long accounts stay.

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
        Empty where the study has no usage.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_staying(example_results(), open_printer("en"), {})[0].text
    'Staying'
    """
    staying, usage = results.staying, results.study.usage
    if staying is None or usage is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("Staying"), anchor="staying")]
    if isinstance(staying.dropout, Estimate):
        blocks.append(
            Paragraph.of(
                printer.say(
                    "{share} of the accounts ({interval}) are gone after {time}: "
                    "the one-month dropout of this report, one minus the curve at that day."
                    if (staying.curve.time_unit, usage.horizon) in ONE_MONTH
                    else "{share} of the accounts ({interval}) are gone after {time}: "
                    "one minus the curve at that time.",
                    share=printer.estimate("dropout", staying.dropout),
                    interval=printer.interval("dropout", staying.dropout),
                    time=lasting(printer, usage.horizon, staying.curve.time_unit),
                )
            )
        )
    else:
        blocks.append(Paragraph.of(_instead(results, staying, printer)))
    if told := next_visit_sentences(results, printer):
        blocks.append(Paragraph.of(" ".join(told)))
    if isinstance(staying.returned, Estimate) and usage.dropout.rule != "closed":
        blocks.append(
            Paragraph.of(
                printer.say(
                    "{share} of the accounts ({interval}) came back after a silence of {days} days or more.",
                    share=printer.estimate("returned", staying.returned, digits=1),
                    interval=printer.interval("returned", staying.returned, digits=1),
                    days=printer.numbers.count(usage.dropout.gap_days),
                )
            )
        )
    if told := gap_sentences(results, printer):
        blocks.append(Paragraph.of(" ".join(told)))
    if "survival" in figures:
        blocks.append(figure_block(figures["survival"]))
    if len(staying.curve.time):
        blocks.append(_table(results, staying, printer))
    causes = Heading(level=2, text=printer.say("Why accounts leave"), anchor="causes")
    blocks += figure_or_reason(printer, figures, "causes", staying.incidence, under=causes)
    blocks += write_staying_groups(results, printer, figures)
    if staying.activity is not None:
        triangle, retention = staying.activity.triangle, staying.activity.retention
        lifecycle = staying.activity.lifecycle
        cohorts = Heading(level=2, text=printer.say("Cohorts"), anchor="cohorts")
        months = Heading(level=2, text=printer.say("Life of the accounts, month by month"), anchor="lifecycle")
        lost = triangle if isinstance(triangle, Unavailable) else retention
        churn = lifecycle if isinstance(lifecycle, Unavailable) else lifecycle.latest_churn
        blocks += figure_or_reason(printer, figures, "cohorts", lost, under=cohorts)
        blocks += figure_or_reason(printer, figures, "lifecycle", churn, under=months)
    return [*blocks, *write_definitions(results, printer, figures), *write_projection(results, printer, figures)]


def _instead(results: StudyResults, staying: StayingResults, printer: Printer) -> str:
    """Say why the share gone cannot be had, and what a silence would tell instead."""
    assert isinstance(staying.dropout, Unavailable)
    reason = note_sentence(printer, staying.dropout.reason)
    usage = results.study.usage
    if usage is None or usage.dropout.rule != "next_visit" or not isinstance(staying.by_gap, Estimate):
        return reason
    return f"{reason} " + printer.say(
        "Calling accounts gone after {gap} silent days gives {share} ({interval}) after {time}, and counts as gone "
        "whoever comes back later.",
        gap=printer.numbers.count(usage.dropout.gap_days),
        share=printer.estimate("silence.dropout", staying.by_gap),
        interval=printer.interval("silence.dropout", staying.by_gap),
        time=lasting(printer, usage.horizon, staying.curve.time_unit),
    )


def _table(results: StudyResults, staying: StayingResults, printer: Printer) -> Table:
    unit = staying.curve.time_unit
    emptied = staying.curve.time[staying.curve.survival <= 0]
    times = [
        time
        for time in CHOSEN[unit]
        if isinstance(staying.curve.at(time), Estimate) and not (len(emptied) and time > emptied[0])
    ]
    rows = []
    for time, risk in zip(times, staying.curve.risk_table(times).to_dict("records"), strict=True):
        kept, gone = staying.curve.at(time), staying.curve.dropout(at=time)
        assert isinstance(kept, Estimate)
        assert isinstance(gone, Estimate)
        at_risk = printer.value(
            f"risk.{time}.n_at_risk", int(risk["n_at_risk"]), unit="accounts", why_no_interval="a count of accounts"
        )
        rows.append(
            (
                printer.numbers.count(time),
                at_risk,
                *(
                    with_interval(printer, identifier, point, digits=1)
                    for identifier, point in ((f"survival.{time}", kept), (f"survival.{time}.gone", gone))
                ),
            )
        )
    usage = results.study.usage
    headers = (
        printer.say(SINCE[unit]),
        printer.say("Followed further") if isinstance(staying.curve, NextVisitCurve) else printer.say("At risk"),
        printer.say("Still there"),
        printer.say("Gone"),
    )
    return Table(
        anchor="tab-survival",
        caption=printer.say("Accounts still there and gone, by days since sign-up")
        if unit == "days"
        else printer.say("Accounts still there and gone, by time since sign-up"),
        columns=tuple(Column(text=header, align="right") for header in headers),
        rows=tuple(rows),
        base=printer.say(
            "Base: the accounts followed further than each day, of {n}. Kaplan-Meier of the wait for the next visit; "
            "in brackets: {level} confidence intervals, logit. Median: {median}.",
            n=printer.numbers.count(staying.curve.n),
            level=printer.numbers.share(staying.curve.conf_level),
            median=_median(staying, printer),
        )
        if isinstance(staying.curve, NextVisitCurve)
        else printer.say(
            "Base: {n} accounts. Kaplan-Meier; in brackets: {level} confidence intervals, log-log. Median: {median}.",
            n=printer.numbers.count(staying.curve.n),
            level=printer.numbers.share(staying.curve.conf_level),
            median=_median(staying, printer),
        ),
        notes=(printer.say("Simulated data."),) if usage is not None and usage.simulated else (),
    )


def _median(staying: StayingResults, printer: Printer) -> str:
    median = staying.curve.median
    if isinstance(median, Unavailable):
        return printer.note(median.reason)
    text = printer.estimate("survival.median", median)
    interval = printer.interval("survival.median", median)
    return printer.say("{time} {unit} ({interval})", time=text, unit=printer.say(UNITS[median.unit]), interval=interval)
