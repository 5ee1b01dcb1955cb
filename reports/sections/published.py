"""Published figures beside the study's own, and whether they hold up."""

from __future__ import annotations

from collections.abc import Mapping

from reports.figures.drawn import DrawnFigure
from reports.model import Block, Heading
from reports.printer import Printer
from reports.recipe import Results
from reports.sections.figure_block import figure_block


def write_published(results: Results, printer: Printer, figures: Mapping[str, DrawnFigure]) -> list[Block]:
    """
    Write the opening of the chapter on published figures; publishers and claims follow.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to DrawnFigure
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the study has no published figures.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.printer import open_printer
    >>> write_published(example_results(), open_printer("en"), {})[0].text
    'Do the published figures hold up?'
    """
    if results.published is None:
        return []
    blocks: list[Block] = [Heading(level=1, text=printer.say("Do the published figures hold up?"), anchor="published")]
    if "published" in figures:
        blocks.append(figure_block(figures["published"]))
    return blocks
