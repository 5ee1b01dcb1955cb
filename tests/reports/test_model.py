"""A document that would make a bad page is refused, with every reason at once."""

from __future__ import annotations

from datetime import date

import pytest

from reports.document.blocks import (
    Block,
    Column,
    Document,
    Figure,
    Footnote,
    Heading,
    Paragraph,
    Reference,
    RowGroup,
    Run,
    Table,
    texts_of,
)
from surveys.core.errors import SpecError
from tests.reports.sample import make_document

SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
CHAPTER = Heading(level=1, text="Chapter", anchor="chapter")


def document(*blocks: Block, title: str = "Title") -> Document:
    return Document(
        language="en", title=title, subtitle="", author="", date=date(2013, 12, 31), notice="", blocks=blocks
    )


def figure(**changes: str) -> Figure:
    words = {"anchor": "fig", "caption": "So", "subtitle": "", "svg": SVG.format(""), "alt": "A line", "base": "All"}
    return Figure(**(words | changes))  # type: ignore[arg-type]


def table(*rows: object, columns: tuple[Column, ...] = (Column(text="a"), Column(text="b"))) -> Table:
    return Table(anchor="tab", caption="So", columns=columns, rows=rows, base="Base: all")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([Heading(level=2, text="Part", anchor="part")], "level 2 after 0"),
        ([Heading(level=1, text=" ", anchor="part")], "empty, expected words"),
        ([CHAPTER, CHAPTER], "stands twice"),
        ([Heading(level=1, text="Chapter", anchor='x" onload="')], "small letters, digits and hyphens"),
        ([Paragraph(runs=(Reference(anchor="nowhere"),))], "no heading, figure or table has this anchor"),
        ([figure(alt=" ")], "has no words for those who cannot see it"),
        ([figure(base="")], "has no caption or no base"),
        ([figure(svg="not a drawing")], "is not SVG"),
        ([figure(svg=SVG.format("<script/>"))], "holds <script>"),
        ([figure(svg=SVG.format('<path onclick="x"/>'))], "holds the attribute onclick"),
        ([figure(svg=SVG.format('<image href="https://example.org/a.png"/>'))], "holds the attribute href"),
        ([figure(svg='<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format(""))], "declares entities"),
        ([table(("1", "2"), ("1",))], "its rows and columns differ in number"),
        ([table(columns=())], "has no column"),
        ([table(columns=(Column(text=""),))], "has a column without a header"),
        ([table(columns=tuple(Column(text="x", group=group) for group in "aba"))], "columns of one group stand apart"),
        ([Paragraph(runs=(Run(text="re\u202eversed"),))], "U\\+202E RIGHT-TO-LEFT OVERRIDE"),
        ([Paragraph(runs=(Footnote(text="bell\x07"),))], "U\\+0007"),
        ([table(("one\nline", "2"))], "U\\+000A"),
    ],
)
def test_a_bad_page_is_refused(blocks, message):
    with pytest.raises(SpecError, match=message):
        document(*blocks)


def test_every_problem_is_told_at_once():
    with pytest.raises(SpecError) as raised:
        document(figure(alt="", base=""), Heading(level=3, text="", anchor="A"), title="")
    assert len(raised.value.problems) == 6


def test_rows_may_stand_under_a_header_of_their_own():
    assert document(table(RowGroup(text="Age"), ("18", "2")))


def test_every_text_of_the_sample_is_seen():
    texts = set(texts_of(make_document("fr")))
    assert {"L’essentiel", "Connaissent", "Tranches d’âge", "Données simulées", "Notoriété"} <= texts
    assert not any("<svg" in text for text in texts)
