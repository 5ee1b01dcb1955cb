"""Leaving as recalled: when people say they left, beside what a naive share would say."""

from __future__ import annotations

from collections.abc import Mapping

from churn.design_based.recall import RecallCurve
from reports.document.blocks import Block, Column, Heading, Paragraph, Table
from reports.figures.drawn import FigureWords
from reports.figures.recall import EVER, recall_id
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import wave_label, with_interval
from reports.words.printer import Printer
from surveys.core.results import Unavailable


def write_recall(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on when people say they left.

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
        Empty where no wave asks when people left.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_recall(example_results(), open_printer("en"), {})[0].text
    'Leaving, as people recall it'
    """
    curves = results.recalls
    if not curves:
        return []
    blocks: list[Block] = [
        Heading(level=2, text=printer.say("Leaving, as people recall it"), anchor="recall"),
        Paragraph.of(
            printer.say(
                "Who has left, and how soon, are two questions: the share who have left at any time grows with the age "
                "of accounts, and is not the dropout soon after sign-up."
            )
        ),
    ]
    if "recall" in figures:
        blocks.append(figure_block(figures["recall"]))
    return [*blocks, _table(results, printer, curves)]


def _table(results: StudyResults, printer: Printer, curves: tuple[RecallCurve, ...]) -> Table:
    surveys = {survey.wave: survey for survey in results.study.survey}
    times = sorted({time for curve in curves for time in curve.times})
    rows = [
        (
            wave_label(printer, surveys[curve.wave]),
            printer.numbers.count(curve.n),
            *(_gone(printer, curve, time) for time in times),
            with_interval(printer, recall_id(curve, EVER), curve.left, digits=1),
        )
        for curve in curves
    ]
    within = [printer.say("Within {days} days", days=printer.numbers.count(int(time))) for time in times]
    headers = [printer.say("Wave"), printer.say("Answers"), *within, printer.say("At any time")]
    return Table(
        anchor="tab-recall",
        caption=printer.say("Share of those who signed up who say they had left, by wave"),
        columns=tuple(Column(text=header, align="left" if i == 0 else "right") for i, header in enumerate(headers)),
        rows=tuple(rows),
        base=printer.say(
            "Base: respondents who signed up and answered. "
            "In brackets: {level} confidence intervals, which know the survey design.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=(printer.say("Simulated data."),) if any(curve.simulated for curve in curves) else (),
    )


def _gone(printer: Printer, curve: RecallCurve, time: float) -> str:
    if time not in curve.times:
        return "–"
    gone = curve.dropout(at=time)
    if isinstance(gone, Unavailable):
        return printer.note(gone.reason)
    return with_interval(printer, recall_id(curve, time), gone, digits=1)
