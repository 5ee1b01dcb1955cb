"""The page asks for nothing, runs nothing, and says to everybody what it shows."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reports.document.html import render_html
from surveys.study.fields import Language
from tests.reports.sample import HOSTILE, make_document

LANGUAGES: tuple[Language, ...] = ("fr", "en")


class Page(HTMLParser):
    """Every start tag with its attributes, and the text outside styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.inside: str = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.texts.append(data)

    def having(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@cache
def html(language: Language, hostile: str = "", n_rows: int = 12) -> str:
    return render_html(make_document(language, hostile, n_rows))


@pytest.mark.parametrize("language", LANGUAGES)
def test_twice_the_same_document_is_twice_the_same_page(language):
    assert render_html(make_document(language)) == html(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_asked_of_anybody(language):
    page = Page(html(language))
    links = [value for name in ("src", "href", "xlink:href", "action") for value in page.having(name)]
    assert all(value.startswith("#") for value in links)
    assert "http" not in re.sub(r"http-equiv", "", html(language))
    assert set(re.findall(r"url\((.{5})", html(language))) <= {"data:", "#fig-"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_policy_allows_the_style_sheet_and_no_more(language):
    style = re.search(r"<style>(.*?)</style>", html(language), re.DOTALL)
    assert style
    expected = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = [a["content"] for _, a in Page(html(language)).tags if "http-equiv" in a]
    assert f"style-src 'sha256-{expected}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_the_policy_would_refuse_is_there(language):
    page = Page(html(language))
    assert not page.having("style")
    assert not [tag for tag, _ in page.tags if tag in {"script", "link", "iframe", "object", "embed", "form"}]
    assert [tag for tag, _ in page.tags].count("style") == 1
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_identifier_stands_once_and_every_mention_leads_somewhere(language):
    page = Page(html(language))
    identifiers = page.having("id")
    assert not [name for name, n in Counter(identifiers).items() if n > 1]
    named = page.having("aria-labelledby") + page.having("aria-describedby")
    assert {value[1:] for value in page.having("href")} | set(named) <= set(identifiers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_its_landmarks_and_its_language(language):
    page = Page(html(language))
    tags = Counter(tag for tag, _ in page.tags)
    assert tags["main"] == tags["nav"] == tags["header"] == tags["h1"] == tags["title"] == 1
    assert page.tags[0] == ("html", {"lang": language})
    assert ("a", {"class": "skip", "href": "#text"}) in page.tags


def test_headings_never_skip_a_level():
    levels = [int(tag[1]) for tag, _ in Page(html("fr")).tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_header_of_a_table_says_what_it_heads():
    scopes = Counter(attributes.get("scope") for tag, attributes in Page(html("fr")).tags if tag == "th")
    assert scopes == {"col": 6, "colgroup": 2, "rowgroup": 1, "row": 13}


def test_a_figure_has_a_name_and_is_told_in_words():
    page = Page(html("en"))
    (image,) = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert image["aria-labelledby"] == "fig-survival-caption"
    assert image["aria-describedby"] == "fig-survival-words"
    assert "47% on day 30" in html("en")


def test_what_scrolls_can_be_reached_by_keyboard():
    regions = [attributes for _, attributes in Page(html("en")).tags if attributes.get("class") == "scroll"]
    assert regions
    assert all(a["tabindex"] == "0" and a["role"] == "region" and a["aria-labelledby"] for a in regions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_that_came_with_data_is_printed_as_it_is(language):
    page = Page(html(language, HOSTILE))
    assert any(HOSTILE in text for text in page.texts)
    assert "alert(1)</script>" not in html(language, HOSTILE)


def test_a_long_table_keeps_every_row():
    assert sum(attributes.get("scope") == "row" for _, attributes in Page(html("en", n_rows=500)).tags) == 501


def test_the_ends_of_an_interval_stay_on_one_line():
    assert '<span class="range">25.3–30.8%</span>' in html("en")
    assert "<title>Twitter in France, 2007-2013</title>" in html("en")
