"""Whether the fonts of the report can show a text, told before a page is set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from fontTools.ttLib import TTFont

from reports.document.blocks import Document, Figure, texts_of
from reports.words.typography import name_character
from surveys.core.errors import Problem, StudyError

FONTS = Path(__file__).parent.parent / "look" / "fonts"
NOT_DRAWN = frozenset("\u00ad\u200d")


def check_coverage(document: Document) -> None:
    """
    Refuse a document that holds characters the fonts do not have.

    Parameters
    ----------
    document : Document
        The report.

    Raises
    ------
    StudyError
        Naming each character that cannot be shown, and the shortest text that has it first.

    Examples
    --------
    >>> import datetime
    >>> check_coverage(Document(language="en", title="日本", subtitle="", author="", date=datetime.date(2013, 12, 31),
    ...                         notice="", blocks=()))
    Traceback (most recent call last):
    surveys.core.errors.StudyError: text “日本”: the fonts of the report do not have U+65E5 CJK UNIFIED ...
    """
    problems = [*_missing(texts_of(document), _characters("SourceSans3") | _characters("SourceSerif4"), "text")]
    for block in document.blocks:
        if isinstance(block, Figure):
            problems += _missing(_drawn_texts(block.svg), _characters("SourceSans3"), f"figure '{block.anchor}', text")
    if problems:
        raise StudyError(*problems)


def _missing(texts: Iterable[str], known: frozenset[str], place: str) -> list[Problem]:
    """Name each character that is not there by the shortest text that holds it, which is most often a label."""
    holding: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        character = next((c for c in text if c not in known), None)
        if character is not None and len(text) < len(holding.get(character, f"{text} ")):
            holding[character] = text
    return [
        Problem(
            f"{place} “{text[:60]}”",
            f"the fonts of the report do not have {name_character(character)}",
            "Give it a label in Latin, Greek or Cyrillic letters",
        )
        for character, text in holding.items()
    ]


def _drawn_texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", svg))
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\n", "") for text in texts]


@cache
def _characters(family: str) -> frozenset[str]:
    known = []
    for file in sorted(FONTS.glob(f"{family}-*.ttf")):
        with TTFont(file, lazy=True) as font:
            known.append(set(map(chr, font.getBestCmap())))
    return frozenset(set.intersection(*known)) | NOT_DRAWN
