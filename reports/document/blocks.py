"""The document: what a report says, before it is set as PDF or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Literal, Self
from xml.etree import ElementTree

from reports.words.typography import name_character, shown_text, unprintable
from surveys.core.errors import Problem, SpecError
from surveys.study.fields import Language

Align = Literal["left", "right", "center"]
Origin = Literal["measured", "simulated"]
Tone = Literal["plain", "strong", "muted", "simulated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; level 1 begins a chapter, level 2 a section of it, level 3 a part of that."""

    level: Literal[1, 2, 3]
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text; strong where it matters."""

    text: str
    weight: Literal["normal", "strong"] = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnote:
    """A remark at the foot of the page, called from where it stands among the runs."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A mention of a heading, figure or table by its anchor, printed with its number, such as `figure 3`."""

    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of running text."""

    runs: tuple[Run | Footnote | Reference, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Make a paragraph of plain text."""
        return cls(runs=(Run(text=text),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One number for the first page: its value, what it is, its interval and base."""

    value: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigures:
    """The numbers of the first page, side by side."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure: its drawing as SVG and every word around it."""

    anchor: str
    caption: str
    subtitle: str
    svg: str
    alt: str
    base: str
    notes: tuple[str, ...] = ()
    origin: Origin = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its header, how it is set, its share of the width, and a header over it and its like."""

    text: str
    align: Align = "left"
    width: float | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that is not plain: strong, muted, or of simulated data, which a dagger then says."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """A header over the rows that follow it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """A line of small print, and where what it speaks of can be read."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """Small print under the row before it, over the whole width."""

    lines: tuple[NoteLine, ...]


Row = tuple[str | Cell, ...] | RowGroup | RowNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of each row is its header, and columns of one group stand side by side."""

    anchor: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    base: str
    notes: tuple[str, ...] = ()
    origin: Origin = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A remark set apart, with a title where it has one."""

    tone: Literal["note", "caution"]
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBreak:
    """A new page, where there are pages."""


Block = Heading | Paragraph | Bullets | KeyFigures | Figure | Table | Definitions | Callout | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    A whole report in one language.

    Attributes
    ----------
    language : {"fr", "en"}
        Of every text in it.
    title, subtitle, author : str
        For the title page.
    date : date
        Of the report; the same inputs give the same date.
    notice : str
        Said on the title page and beside it, such as that the data are simulated; may be empty.
    blocks : tuple of Block
        In reading order.
    keywords : tuple of str
        For those who search a library.

    Raises
    ------
    SpecError
        With everything that would make a bad page: headings that skip a level, anchors that repeat,
        references to nothing, figures without words, drawings that are not plain SVG, tables that are not
        rectangular, characters that cannot be shown.

    Examples
    --------
    >>> Document(language="en", title="Empty", subtitle="", author="", date=date(2013, 12, 31), notice="",
    ...          blocks=()).title
    'Empty'
    """

    language: Language
    title: str
    subtitle: str
    author: str
    date: date
    notice: str
    blocks: tuple[Block, ...]
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would make a bad page."""
        problems = [*_heading_problems(self.blocks), *_anchor_problems(self.blocks), *_block_problems(self.blocks)]
        if not self.title.strip():
            problems.append(Problem("title", "empty, expected what the report is called", "Give one"))
        problems += [
            Problem(
                f"text “{shown_text(text)[:60]}”", f"holds {name_character(bad)}, which cannot be shown", "Remove it"
            )
            for text in texts_of(self)
            if (bad := unprintable(text))
        ]
        if problems:
            raise SpecError(*problems)


def texts_of(value: object) -> Iterator[str]:
    """
    Go through every text of a document or of a part of it, drawings left out.

    Parameters
    ----------
    value : object
        A document, a block, or a tuple of them.

    Yields
    ------
    str
        In reading order.

    Examples
    --------
    >>> list(texts_of(Bullets(items=("one", "two"))))
    ['one', 'two']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts_of(part)
    elif is_dataclass(value):
        for attribute in fields(value):
            if attribute.name not in {"svg", "anchor", "language", "tone", "weight", "align", "origin"}:
                yield from texts_of(getattr(value, attribute.name))


def _heading_problems(blocks: tuple[Block, ...]) -> Iterator[Problem]:
    level = 0
    for block in blocks:
        if isinstance(block, Heading):
            if block.level > level + 1:
                yield Problem(f"heading “{block.text}”", f"level {block.level} after {level}", "Do not skip a level")
            if not block.text.strip():
                yield Problem(f"heading '{block.anchor}'", "empty, expected words", "Say what follows")
            level = block.level


def _anchor_problems(blocks: tuple[Block, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for block in blocks:
        if isinstance(block, Heading | Figure | Table):
            place = f"anchor '{block.anchor}'"
            if block.anchor in seen:
                yield Problem(place, "stands twice, expected once", "Rename one of them")
            if not re.fullmatch(r"[a-z][a-z0-9-]*", block.anchor):
                yield Problem(place, "expected small letters, digits and hyphens", "Rename it")
            seen.add(block.anchor)
    for block in blocks:
        for run in block.runs if isinstance(block, Paragraph) else ():
            if isinstance(run, Reference) and run.anchor not in seen:
                place = f"reference to '{run.anchor}'"
                yield Problem(place, "no heading, figure or table has this anchor", "Correct it")


def _block_problems(blocks: tuple[Block, ...]) -> Iterator[Problem]:
    for block in blocks:
        if isinstance(block, Figure | Table) and not (block.caption.strip() and block.base.strip()):
            yield Problem(f"'{block.anchor}'", "has no caption or no base", "Say what it shows, and of whom")
        if isinstance(block, Figure):
            yield from _figure_problems(block)
        if isinstance(block, Table):
            yield from _table_problems(block)


def _figure_problems(figure: Figure) -> Iterator[Problem]:
    if not figure.alt.strip():
        yield Problem(f"'{figure.anchor}'", "has no words for those who cannot see it", "Write its alternative text")
    reason = _not_plain_svg(figure.svg)
    if reason:
        yield Problem(f"'{figure.anchor}'", f"drawing {reason}", "Draw it with reports.look.theme.figure_to_svg")


def _not_plain_svg(svg: str) -> str:
    """Say what keeps a drawing from being shown as it is: it must not load, link or run anything."""
    if "<!ENTITY" in svg:
        return "declares entities"
    try:
        root = ElementTree.fromstring(svg.encode())
    except (ElementTree.ParseError, UnicodeEncodeError):
        return "is not SVG"
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return "is not SVG"
    for element in root.iter():
        if str(element.tag).rpartition("}")[2] in {"script", "foreignObject", "a", "animate", "set"}:
            return f"holds <{str(element.tag).rpartition('}')[2]}>"
        for name, value in element.attrib.items():
            local = name.rpartition("}")[2].lower()
            if local.startswith("on") or (local == "href" and not value.startswith(("#", "data:image/png;"))):
                return f"holds the attribute {local}"
    return ""


def _table_problems(table: Table) -> Iterator[Problem]:
    if not table.columns:
        yield Problem(f"'{table.anchor}'", "has no column", "Give it at least one")
    elif any(len(row) != len(table.columns) for row in table.rows if isinstance(row, tuple)):
        yield Problem(f"'{table.anchor}'", "its rows and columns differ in number", "Fill every cell")
    if not all(column.text.strip() for column in table.columns):
        yield Problem(f"'{table.anchor}'", "has a column without a header", "Say what it holds")
    groups = [
        group
        for group, before in zip(
            (column.group for column in table.columns), ("", *(column.group for column in table.columns)), strict=False
        )
        if group and group != before
    ]
    if len(set(groups)) != len(groups):
        yield Problem(f"'{table.anchor}'", "columns of one group stand apart", "Put them side by side")
