"""What the definition changes: other months, other gaps, other rules, and what each does to the headline."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Heading, Paragraph
from reports.figures.drawn import FigureWords
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_or_reason
from reports.words.printer import Printer
from surveys.core.results import Estimate


def write_definitions(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on what other definitions of dropout would give.

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
        Empty where the study has no log of events.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_definitions(example_results(), open_printer("en"), {})[0].text
    'What the definition changes'
    """
    if results.staying is None or results.staying.activity is None:
        return []
    heading = Heading(level=2, text=printer.say("What the definition changes"), anchor="sensitivity")
    blocks: list[Block] = [heading, Paragraph.of(_meanings(results, printer))]
    said = results.staying.activity
    for name, text, found in (
        ("definitions", None, said.definitions),
        ("gaps", _gaps(printer), said.gaps),
        ("rules", _rules(printer), results.staying.bias),
    ):
        blocks += figure_or_reason(printer, figures, name, found, under=None if text is None else Paragraph.of(text))
    return blocks


LEAST_OBSERVED = 30


def _meanings(results: StudyResults, printer: Printer) -> str:
    assert results.staying is not None
    assert results.staying.activity is not None
    text = printer.say(
        "“One month” may be 30 days, the same day of the next month, or the end of the calendar month. “Gone” may be "
        "silent ever since, absent from the second month, or simply not seen since the first. Every combination is "
        "computed from the same log."
    )
    unseen = results.staying.activity.never_returned
    if isinstance(unseen, Estimate):
        text += " " + printer.say(
            "Not to be confused with them: of the {n} accounts observed for {days} days or more, {share} ({interval}) "
            "had shown nothing after the day of their sign-up by the end of the log.",
            n=printer.numbers.count(unseen.n or 0),
            days=printer.numbers.count(LEAST_OBSERVED),
            share=printer.estimate("unseen", unseen, digits=1),
            interval=printer.interval("unseen", unseen, digits=1),
        )
    return text


def _gaps(printer: Printer) -> str:
    return printer.say(
        "A gap that is too short takes absences for departures; one that is too long wastes the end of the log. "
        "The shortest gap after which few come back is a fair choice."
    )


def _rules(printer: Printer) -> str:
    return printer.say(
        "Why accounts are judged as of one gap before the end: dating everybody at their last activity, or counting "
        "the others until the end of the log, gives recent accounts less chance to be found gone than old ones, and "
        "overstates how long accounts stay."
    )
