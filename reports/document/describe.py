"""What a page needs to know of a document, in plain values: the same for the PDF and for its twin."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from reports.document.blocks import (
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Definitions,
    Document,
    Figure,
    Footnote,
    Heading,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Reference,
    Row,
    RowGroup,
    RowNote,
    Run,
    Table,
)
from reports.document.numbering import Numbered, number_blocks
from reports.words.catalogue import Wording
from reports.words.numbers import Numbers
from surveys.languages.rules import NO_BREAK, rules_of

WEB = re.compile(r"https?://[^\s\"<>]+$")
WIDEST_COLUMN = 34
"""Characters beyond which a column of a table wraps rather than grow."""

Numbering = dict[str, Numbered]


def describe_document(document: Document) -> dict[str, Any]:
    """
    Describe a document in strings, numbers, lists and dictionaries.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    dict
        With its `blocks`, each with its `kind`; numbered, and in the words of the document's language.

    Examples
    --------
    >>> import datetime
    >>> describe_document(Document(language="fr", title="Rapport", subtitle="", author="",
    ...                            date=datetime.date(2013, 12, 31), notice="", blocks=()))["words"]["contents"]
    'Sommaire'
    """
    wording = Wording(document.language)
    numbering = number_blocks(document)
    return {
        "language": document.language,
        "region": rules_of(document.language).region,
        "title": document.title,
        "subtitle": document.subtitle,
        "author": document.author,
        "notice": document.notice,
        "keywords": list(document.keywords),
        "date": Numbers(document.language).date(document.date),
        "year": document.date.year,
        "month": document.date.month,
        "day": document.date.day,
        "words": {
            "contents": wording.say("Contents"),
            "notes": wording.say("Notes"),
            "simulated": wording.say("Simulated data"),
            "skip": wording.say("Skip to the text"),
        },
        "blocks": [_describe_block(block, numbering, wording) for block in document.blocks],
    }


def _describe_block(block: Block, numbering: Numbering, wording: Wording) -> dict[str, Any]:
    match block:
        case Heading():
            number = numbering[block.anchor].number
            said = {"level": block.level, "text": block.text, "anchor": block.anchor, "number": number}
            return {"kind": "heading"} | said
        case Paragraph():
            return {"kind": "paragraph", "runs": [_describe_run(run, numbering) for run in block.runs]}
        case Bullets():
            return {"kind": "bullets", "items": list(block.items)}
        case KeyFigures():
            return {"kind": "key-figures", "items": [_describe_key_figure(item) for item in block.items]}
        case Figure():
            number = numbering[block.anchor].number
            in_words = wording.say("Figure {number} in words", number=number)
            drawn = {"subtitle": block.subtitle, "svg": block.svg, "alt": block.alt, "in-words": in_words}
            return {"kind": "figure"} | _describe_words(block, numbering, wording) | drawn
        case Table():
            return {"kind": "table"} | _describe_words(block, numbering, wording) | _describe_cells(block)
        case Definitions():
            items = [{"term": term, "meaning": meaning} for term, meaning in block.items]
            return {"kind": "definitions", "items": items}
        case Callout():
            return {"kind": "callout", "tone": block.tone, "title": block.title, "text": block.text}
        case _:
            return {"kind": "page-break"}


def _describe_key_figure(item: KeyFigure) -> dict[str, str]:
    """Part the number from a word such as `million`, which is set smaller."""
    number, _, word = item.value.partition(NO_BREAK)
    if not word.isalpha():
        number, word = item.value, ""
    return {"number": number, "word": word, "label": item.label, "detail": item.detail}


def _describe_run(run: Run | Footnote | Reference, numbering: Numbering) -> dict[str, str]:
    match run:
        case Footnote():
            return {"kind": "note", "text": run.text}
        case Reference():
            return {"kind": "link", "text": numbering[run.anchor].mention, "anchor": run.anchor}
        case _:
            return {"kind": "strong" if run.weight == "strong" else "text", "text": run.text}


def _describe_words(block: Figure | Table, numbering: Numbering, wording: Wording) -> dict[str, Any]:
    return {
        "anchor": block.anchor,
        "label": numbering[block.anchor].label,
        "caption": block.caption,
        "base": block.base,
        "notes": _all_notes(block, wording),
        "simulated": block.origin == "simulated",
    }


def _all_notes(block: Figure | Table, wording: Wording) -> list[str]:
    """Give the notes, with the one that explains the dagger where it is used."""
    rows = block.rows if isinstance(block, Table) else ()
    cells = [cell for row in rows if isinstance(row, tuple) for cell in row if isinstance(cell, Cell)]
    dagger = [f"† {wording.say('Simulated data')}"] if any(cell.tone == "simulated" for cell in cells) else []
    return [*block.notes, *dagger]


def _describe_cells(table: Table) -> dict[str, Any]:
    widths = _widths(table)
    groups = _column_groups(table)
    return {
        "columns": [
            {"text": column.text, "align": column.align, "width": width}
            for column, width in zip(table.columns, widths, strict=True)
        ],
        "groups": [{"text": text, "span": span} for text, span in groups],
        "header-rows": 2 if groups else 1,
        "rows": [_describe_row(row) for row in table.rows],
    }


def _describe_row(row: Row) -> dict[str, Any]:
    if isinstance(row, RowGroup):
        return {"group": row.text}
    if isinstance(row, RowNote):
        return {"note": [{"text": line.text, "url": line.url if WEB.match(line.url) else ""} for line in row.lines]}
    return {
        "cells": [
            {"text": cell.text, "tone": cell.tone} if isinstance(cell, Cell) else {"text": cell, "tone": "plain"}
            for cell in row
        ]
    }


def _column_groups(table: Table) -> list[tuple[str, int]]:
    """Give the headers that stand over several columns, and how many each covers; none where no column has one."""
    groups = [(text, len(list(columns))) for text, columns in groupby(column.group for column in table.columns)]
    return groups if any(text for text, _ in groups) else []


def _widths(table: Table) -> list[float]:
    """Share the width as the author says, or by what each column holds."""
    if any(column.width is not None for column in table.columns):
        return [1.0 if column.width is None else column.width for column in table.columns]
    rows = [row for row in table.rows if isinstance(row, tuple)]
    return [
        float(max(_header_width(column), *(_text_width(row[index]) for row in rows), 3) + 2)
        for index, column in enumerate(table.columns)
    ]


def _text_width(cell: str | Cell) -> int:
    text = cell.text if isinstance(cell, Cell) else cell
    return min(WIDEST_COLUMN, len(text))


def _header_width(column: Column) -> int:
    longest = max((len(word) for word in column.text.split()), default=0)
    return max(longest, min(WIDEST_COLUMN, len(column.text)) // 2) + 1
