"""Sentences of the press, and whether they hold up."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Column, Heading, NoteLine, Paragraph, Row, RowGroup, RowNote, Table
from reports.figures.drawn import FigureWords
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.claims import allowed_words, claimed_words, difference_words, group_words, grouped, verdict_label
from reports.words.evidence import evidence_lines
from reports.words.labels import listed
from reports.words.printer import Printer
from surveys.claims.check import CheckedClaim


def write_claims(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the section on sentences of the press.

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
        Empty where the study checks none.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_claims(example_results(), open_printer("en"), {})[0].text
    'Sentences of the press'
    """
    if not results.claims:
        return []
    blocks: list[Block] = [
        Heading(level=2, text=printer.say("Sentences of the press"), anchor="claims"),
        Paragraph.of(
            printer.say(
                "Each sentence is restated in our own words and held against figures that others published, or against "
                "the study’s own: the sum it makes, its base, its unit, its definition, its date, its precision, and "
                "whether its figures can all be true. Where a sentence can be read in several ways and these "
                "disagree, it cannot be checked as it stands, and the reason says on what it depends."
            )
        ),
    ]
    if "claims" in figures:
        blocks.append(figure_block(figures["claims"]))
    return [*blocks, _table(results, printer)]


def _table(results: StudyResults, printer: Printer) -> Table:
    headers = (
        printer.say("Sentence"),
        printer.say("Claimed"),
        printer.say("What the figures allow"),
        printer.say("Verdict"),
        printer.say("Why"),
    )
    rows: list[Row] = []
    for group, members in grouped(results.claims):
        rows.append(RowGroup(text=group_words(printer, group)))
        for number, claim in members:
            rows.append(_row(number, claim, printer))
            lines = evidence_lines(printer, claim, results.study)
            if lines:
                rows.append(RowNote(lines=tuple(NoteLine(text=text, url=url) for text, url in lines)))
    return Table(
        anchor="tab-claims",
        caption=printer.say("Sentences of the press and their verdicts"),
        columns=tuple(
            Column(text=header, align="right" if index in (1, 2) else "left", width=width)
            for index, (header, width) in enumerate(zip(headers, (2.5, 1.35, 1.75, 1.15, 2.8), strict=True))
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: the one named under each sentence. Intervals at the {level} level cover sampling and rounding, or "
            "rounding alone where the publisher gives no number of respondents. In brackets: figures that do not "
            "answer the sentence. Under each sentence, every figure it was held against, as its publisher printed it.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=_held_against(results, printer),
    )


def _row(number: int, checked: CheckedClaim, printer: Printer) -> tuple[str, ...]:
    sentence = _sentence(number, checked, printer)
    return (
        sentence,
        claimed_words(printer, checked),
        allowed_words(printer, checked),
        verdict_label(printer, checked.verdict),
        _why(checked, printer),
    )


def _sentence(number: int, checked: CheckedClaim, printer: Printer) -> str:
    """Give the sentence with its source and its base; the base of its first figure where the study names none."""
    claim = checked.claim
    figures = [item.figure for item in checked.evidence if item.figure is not None]
    source, base = printer.label(claim.source), printer.label(claim.of) or (figures[0].base if figures else "")
    told = [source, printer.say("base: {base}", base=base) if base.strip() else ""]
    words = {"number": str(number), "statement": printer.label(claim.statement)}
    remark = listed(printer, filter(None, told))
    if not remark:
        return printer.say("{number}. {statement}", **words)
    return printer.say("{number}. {statement} ({remark})", **words, remark=remark)


def _why(checked: CheckedClaim, printer: Printer) -> str:
    """Give the reason, then what does not fit and the reason does not say."""
    told = [
        difference_words(printer, difference)
        for difference in checked.differences
        if difference.words is not None
        or difference.flag == "unit"
        or (difference.flag == "precision" and checked.verdict == "consistent")
    ]
    return listed(printer, [printer.note(checked.reason), *told]) + "."


def _held_against(results: StudyResults, printer: Printer) -> tuple[str, ...]:
    """Name the rows of the file of published figures, where any sentence is held against one."""
    rows = list(_rows(results))
    if results.published is None or not rows:
        return ()
    name = results.published.path.name
    return (printer.say("Held against these rows of {file}: {rows}.", file=name, rows=", ".join(rows)),)


def _rows(results: StudyResults) -> list[str]:
    return list(
        dict.fromkeys(item.id for claim in results.claims for item in claim.evidence if item.figure is not None)
    )
