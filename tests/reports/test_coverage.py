"""The fonts of the report have what French and English need, and what they lack is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from reports.document.blocks import Document, Figure
from reports.document.coverage import FONTS, check_coverage
from surveys.core.errors import StudyError

NEEDED = "\u202f\u00a0−«»–—’“”…≥≤≠±×œŒæéÉçÇ€†‡•°²½→↑■●▲"


@pytest.mark.parametrize("file", sorted(FONTS.glob("*.ttf")), ids=lambda file: file.stem)
def test_fonts_have_what_french_and_english_need(file: Path):
    with TTFont(file, lazy=True) as font:
        known = font.getBestCmap()
    missing = [character for character in NEEDED if ord(character) not in known]
    assert set(missing) <= ({"●"} if "Serif" in file.stem else set())


@pytest.mark.parametrize("file", sorted((FONTS / "web").glob("*.woff2")), ids=lambda file: file.stem)
def test_fonts_that_were_changed_do_not_bear_the_reserved_name(file: Path):
    assert "source" not in file.stem.casefold()
    assert file.stat().st_size < 40_000


def test_the_licences_are_beside_the_fonts():
    for family in ("SourceSans3", "SourceSerif4"):
        assert "SIL OPEN FONT LICENSE" in (FONTS / f"{family}-OFL.txt").read_text(encoding="utf-8")


def make(title: str, svg: str | None = None) -> Document:
    blocks = () if svg is None else (Figure(anchor="f", caption="So", subtitle="", svg=svg, alt="A", base="B"),)
    return Document(
        language="en", title=title, subtitle="", author="", date=date(2013, 12, 31), notice="", blocks=blocks
    )


def test_a_character_without_glyph_is_named_with_its_text():
    with pytest.raises(StudyError, match=r"text “Label 日本”: the fonts of the report do not have U\+65E5"):
        check_coverage(make("Label 日本"))


def test_the_text_of_drawings_is_looked_at_too():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>😀</text></svg>'
    with pytest.raises(StudyError, match=r"figure 'f', text “😀”: .* U\+1F600 GRINNING FACE"):
        check_coverage(make("Title", svg))
