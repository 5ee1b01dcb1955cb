"""The numbers of headings, figures and tables, so that the PDF and its twin count alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reports.document.blocks import Block, Document, Figure, Heading, Table
from reports.words.catalogue import Wording


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    How one block is numbered.

    Attributes
    ----------
    number : str
        Such as `2.1`.
    label : str
        What stands over it, such as `Table 2`; the number alone for a heading.
    mention : str
        What stands in running text, such as `table 2`.
    """

    number: str
    label: str
    mention: str


def number_blocks(document: Document) -> dict[str, Numbered]:
    """
    Give its number to every heading, figure and table of a document.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    dict of str to Numbered
        By anchor.

    Examples
    --------
    >>> import datetime
    >>> blocks = (Heading(level=1, text="Findings", anchor="a"), Heading(level=2, text="First", anchor="b"))
    >>> document = Document(language="en", title="Report", subtitle="", author="", date=datetime.date(2013, 12, 31),
    ...                     notice="", blocks=blocks)
    >>> {anchor: numbered.number for anchor, numbered in number_blocks(document).items()}
    {'a': '1', 'b': '1.1'}
    """
    wording = Wording(document.language)
    numbered: dict[str, Numbered] = {}
    levels = [0, 0, 0]
    seen: Counter[str] = Counter()
    for block in document.blocks:
        if isinstance(block, Heading):
            levels = [*levels[: block.level - 1], levels[block.level - 1] + 1, *([0] * (3 - block.level))]
            number = ".".join(map(str, levels[: block.level]))
            numbered[block.anchor] = Numbered(number, number, wording.say("section {number}", number=number))
        elif isinstance(block, Figure | Table):
            seen[type(block).__name__] += 1
            numbered[block.anchor] = _say(block, str(seen[type(block).__name__]), wording)
    return numbered


def _say(block: Block, number: str, wording: Wording) -> Numbered:
    if isinstance(block, Figure):
        return Numbered(
            number, wording.say("Figure {number}", number=number), wording.say("figure {number}", number=number)
        )
    return Numbered(number, wording.say("Table {number}", number=number), wording.say("table {number}", number=number))
