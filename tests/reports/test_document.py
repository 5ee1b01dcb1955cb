"""The PDF is tagged, archival, the same twice, and prints text that came with data as text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache

import pikepdf
import pytest
from pikepdf import Name

from reports.document.pdf import render_pdf
from surveys.study.fields import Language
from tests.reports.sample import HOSTILE, make_document

pypdf = pytest.importorskip("pypdf")
LANGUAGES: tuple[Language, ...] = ("fr", "en")


@cache
def pdf(language: Language, hostile: str = "", n_rows: int = 12) -> bytes:
    return render_pdf(make_document(language, hostile, n_rows))


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def tags(content: bytes) -> Iterator[tuple[str, pikepdf.Object]]:
    def walk(node: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
        if isinstance(node, pikepdf.Array):
            for kid in node:
                yield from walk(kid)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield str(node.S), node
            if "/K" in node:
                yield from walk(node.K)

    with pikepdf.open(io.BytesIO(content)) as opened:
        yield from walk(opened.Root.StructTreeRoot)


@pytest.mark.parametrize("language", LANGUAGES)
def test_twice_the_same_document_is_twice_the_same_bytes(language):
    assert render_pdf(make_document(language)) == pdf(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_it_is(language):
    with pikepdf.open(io.BytesIO(pdf(language))) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang).startswith(language)
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        assert "/Outlines" in opened.Root
        with opened.open_metadata() as metadata:
            assert metadata["dc:title"] == make_document(language).title
            assert metadata["pdfuaid:part"] == "1"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
            assert metadata["xmp:CreateDate"].startswith("2013-12-31")


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_tables_and_figures_are_tagged(language):
    found = [tag for tag, _ in tags(pdf(language))]
    assert {"/H1", "/P", "/L", "/Figure", "/Caption", "/Table", "/THead", "/TH", "/TD", "/Note"} <= set(found)
    assert found.count("/TH") == 6 + 3 + 1  # columns, two groups, the empty header beside them, a group of rows


def test_figures_have_their_words():
    alts = [str(node.Alt) for tag, node in tags(pdf("en")) if tag == "/Figure"]
    assert alts == ["A curve that falls in steps: 100% on day 0, 47% on day 30, 21% on day 120."]


def test_headers_of_columns_say_that_they_are():
    scopes = [
        str(attributes.Scope)
        for tag, node in tags(pdf("en"))
        if tag == "/TH"
        for attributes in (node.A if isinstance(node.A, pikepdf.Array) else [node.A])
        if "/Scope" in attributes
    ]
    assert set(scopes) == {str(Name.Column)}
    assert len(scopes) == 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_that_came_with_data_is_printed_as_it_is(language):
    printed = text_of(pdf(language, HOSTILE))
    assert HOSTILE.replace(" ", "") in printed.replace(" ", "").replace("\u00ad", "")
    assert "root:x:" not in printed


def test_a_long_table_keeps_every_row_and_repeats_its_header():
    content = pdf("en", n_rows=500)
    printed = text_of(content)
    assert not [index for index in range(500) if f"{18 + index}–{22 + index}" not in printed]
    assert printed.count("Have heard of it") > 5


def test_no_font_but_ours_is_embedded():
    with pikepdf.open(io.BytesIO(pdf("fr", HOSTILE))) as opened:
        fonts = {
            str(font.BaseFont).partition("+")[2]
            for page in opened.pages
            for font in page.Resources.get("/Font", {}).values()
        }
    assert fonts
    assert all(font.startswith(("SourceSans3", "SourceSerif4")) for font in fonts), fonts
