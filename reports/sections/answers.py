"""The sentences that everybody repeats, and their verdicts, on one page."""

from __future__ import annotations

from reports.document.blocks import Block, Column, Heading, Table
from reports.results.study import StudyResults
from reports.words.claims import allowed_words, claimed_words, flag_label, is_answered, verdict_label
from reports.words.labels import with_interval
from reports.words.printer import Printer
from surveys.claims.check import CheckedClaim
from surveys.core.results import Estimate


def write_answers(results: StudyResults, printer: Printer) -> list[Block]:
    """
    Write the table of the sentences that the study puts first.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    list of Block
        Empty where no claim is a headline.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> len(write_answers(example_results(), open_printer("en"))[1].rows)
    11
    """
    told = [checked for checked in results.claims if checked.claim.headline]
    if not told:
        return []
    headers = (
        printer.say("Sentence"),
        printer.say("Claimed"),
        printer.say("Measured"),
        printer.say("Base"),
        printer.say("Verdict"),
    )
    table = Table(
        anchor="tab-answers",
        caption=printer.say("What was repeated, and what the figures say"),
        columns=tuple(
            Column(text=header, align="right" if index in (1, 2) else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (2.9, 1.2, 1.9, 2.2, 1.5), strict=True))
        ),
        rows=tuple(_row(checked, printer) for checked in told),
        base=printer.say(
            "Base: the one named beside each sentence. Intervals at the {level} level cover sampling and rounding. In "
            "brackets: figures that do not answer the sentence. Reasons, and the other sentences: see “{section}”.",
            level=printer.numbers.share(results.study.study.conf_level),
            section=printer.say("Sentences of the press"),
        ),
    )
    return [Heading(level=2, text=printer.say("What was repeated"), anchor="answers"), table]


def _row(checked: CheckedClaim, printer: Printer) -> tuple[str, ...]:
    return (
        printer.label(checked.claim.statement),
        claimed_words(printer, checked),
        _measured(checked, printer),
        printer.label(checked.claim.of),
        _verdict(checked, printer),
    )


def _verdict(checked: CheckedClaim, printer: Printer) -> str:
    """Name the verdict, and in brackets what does not fit."""
    verdict = verdict_label(printer, checked.verdict)
    flags = ", ".join(flag_label(printer, flag) for flag in checked.flags)
    return f"{verdict} ({flags})" if flags else verdict


def _measured(checked: CheckedClaim, printer: Printer) -> str:
    """Print the estimate beside its interval, where one reading gives both."""
    interval = checked.interval
    one = sum(reading.side != "unknown" for reading in checked.readings) == 1 or len(checked.readings) == 1
    if isinstance(interval, Estimate) and interval.method != "rounding" and one and checked.claim.top is None:
        text = with_interval(printer, f"claim.{checked.claim.id}.allowed", interval)
        return text if is_answered(checked) else f"({text})"
    return allowed_words(printer, checked)
