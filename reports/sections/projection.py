"""Beyond what was seen: retention projected, its error, and whether the model fits."""

from __future__ import annotations

from collections.abc import Mapping

from churn.projection.projection import HoldOut, RetentionProjection
from reports.document.blocks import Block, Heading, Paragraph
from reports.figures.drawn import FigureWords
from reports.figures.projection import hold_out_sentence
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.labels import note_sentence
from reports.words.printer import Printer


def write_projection(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the part on retention beyond what was seen.

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
        Empty where the study has no usage; one sentence where nothing can be projected.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_projection(example_results(), open_printer("en"), {})[0].text
    'Beyond what was seen'
    """
    if results.staying is None:
        return []
    projection = results.staying.projection
    heading = Heading(level=2, text=printer.say("Beyond what was seen"), anchor="projection")
    if not isinstance(projection, RetentionProjection):
        return [heading, Paragraph.of(note_sentence(printer, projection.reason))]
    held = projection.hold_out
    error = hold_out_sentence(printer, held) if isinstance(held, HoldOut) else note_sentence(printer, held.reason)
    verdict = printer.say("How well the model fits. {verdict}", verdict=note_sentence(printer, projection.verdict))
    blocks: list[Block] = [heading, Paragraph.of(f"{error} {verdict}")]
    return [*blocks, figure_block(figures["projection"])] if "projection" in figures else blocks
