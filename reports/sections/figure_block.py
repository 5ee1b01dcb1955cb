"""Turning a drawn figure into a block of the document."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document.blocks import Block, Figure, Paragraph
from reports.figures.drawn import FigureWords
from reports.words.labels import note_sentence
from reports.words.printer import Printer
from surveys.core.results import Unavailable


def figure_block(words: FigureWords) -> Figure:
    """
    Set a figure on the page with its words, and with its outline until the document takes its drawing.

    Parameters
    ----------
    words : FigureWords
        In the report's language.

    Returns
    -------
    Figure
        A block of the document.

    Examples
    --------
    >>> from reports.figures import example_figure
    >>> from reports.figures.drawn import words_of
    >>> figure_block(words_of(example_figure("survival"))).anchor
    'fig-survival'
    """
    return Figure(
        anchor=f"fig-{words.id}",
        caption=words.caption,
        subtitle=words.subtitle,
        svg=words.outline,
        alt=words.alt,
        base=words.base,
        notes=words.notes,
    )


def figure_or_reason(
    printer: Printer, figures: Mapping[str, FigureWords], name: str, found: object, *, under: Block | None = None
) -> list[Block]:
    """
    Set a figure on the page, or in its place the reason why what it shows cannot be had.

    Parameters
    ----------
    printer : Printer
        Language of the reason.
    figures : mapping of str to FigureWords
        Those drawn, by name.
    name : str
        Of the figure.
    found : object
        What the figure shows; Unavailable where it cannot be had.
    under : Block, optional
        What stands before the one or the other.

    Returns
    -------
    list of Block
        Empty where there is neither.

    Examples
    --------
    >>> from reports.document.blocks import texts_of
    >>> from reports.words.printer import open_printer
    >>> from surveys.core.results import NOT_ESTIMABLE
    >>> [told] = figure_or_reason(open_printer("en"), {}, "cohorts", Unavailable(NOT_ESTIMABLE))
    >>> "".join(texts_of(told))
    'Cannot be estimated.'
    """
    before = [] if under is None else [under]
    if name in figures:
        return [*before, figure_block(figures[name])]
    return [*before, Paragraph.of(note_sentence(printer, found.reason))] if isinstance(found, Unavailable) else []
