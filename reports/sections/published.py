"""Published figures beside the study's own, and whether they hold up."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Column, Heading, Table
from reports.figures.drawn import FigureWords
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.printer import Printer
from surveys.core.results import Estimate
from surveys.published.figures import PublishedFigures

MOST_ROWS = 60
"""Figures that a page lists; the file has them all."""


def write_published(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the opening of the chapter on published figures; publishers and claims follow.

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
        Empty where the study has no published figures.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_published(example_results(), open_printer("en"), {})[0].text
    'Do the published figures hold up?'
    """
    if results.published is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("Do the published figures hold up?"), anchor="published")]
    if "published" in figures:
        blocks.append(figure_block(figures["published"]))
    elif not results.claims and len(results.published):
        blocks.append(_table(results.published, printer))
    return blocks


def _table(published: PublishedFigures, printer: Printer) -> Table:
    """List the figures as they were printed, where nothing of the study stands beside them."""
    headers = (printer.say("Published"), printer.say("Interval"), "n", printer.say("Base"), printer.say("Publisher"))
    rows = []
    for figure in list(published.values())[:MOST_ROWS]:
        interval = figure.interval()
        rows.append(
            (
                f"{figure.entity}, {figure.measure}: {printer.published(figure)}",
                printer.interval(f"published.{figure.id}", interval)
                if isinstance(interval, Estimate)
                else printer.note(interval.reason),
                "–" if figure.n is None else printer.numbers.count(figure.n),
                figure.base or "–",
                figure.publisher or "–",
            )
        )
    return Table(
        anchor="tab-published",
        caption=printer.say("Figures as they were published"),
        columns=tuple(
            Column(text=header, align="right" if i in (1, 2) else "left") for i, header in enumerate(headers)
        ),
        rows=tuple(rows),
        base=printer.say(
            "Base: the one that each source names. Intervals at the {level} level cover sampling and rounding.",
            level=printer.numbers.share(0.95),
        ),
    )
