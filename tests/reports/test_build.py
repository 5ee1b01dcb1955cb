"""Building: the same bytes twice, and every number on the page in the ledger."""

from __future__ import annotations

import fcntl
import html
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from reports.build.build import build_report
from reports.examples import example_folder
from reports.words.typography import typographic

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """One build for all: a worker that comes while another builds waits for it."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent
    folder = root / "example_report"
    with (root / "example_report.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            build_report(example_folder("twitter_france"), folder)
    return folder


def test_a_report_holds_its_documents_figures_tables_counts_and_ledger(report: Path):
    names = {path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()}
    assert {
        "report.fr.pdf",
        "report.en.pdf",
        "report.fr.html",
        "report.en.html",
        "results.json",
        "manifest.json",
    } <= names
    assert {f"figures/survival.{kind}" for kind in ("fr.svg", "fr.pdf", "fr.png", "en.svg", "csv")} <= names
    assert {"tables/funnel.csv", "counts/tenures.parquet"} <= names


def test_two_builds_give_the_same_bytes(report: Path, tmp_path: Path):
    """In another process, another folder, another hash seed, time zone and locale."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "reports.cli", "build", "--out", str(tmp_path / "again")]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    for path in sorted(report.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(report)).read_bytes(), path.name


def test_every_number_of_the_ledger_has_an_interval_or_says_why_it_has_none(report: Path):
    rows = json.loads((report / "results.json").read_text(encoding="utf-8"))["numbers"]
    assert len(rows) > 200
    for row in rows:
        assert (row["low"] is not None and row["low"] <= row["value"] <= row["high"]) or row["why_no_interval"], row[
            "id"
        ]
        assert set(row["texts"]) == {"fr", "en"}, row["id"]


def test_every_number_of_the_ledger_names_the_files_behind_it(report: Path):
    rows = json.loads((report / "results.json").read_text(encoding="utf-8"))["numbers"]
    assert [row["id"] for row in rows if not row["inputs"]] == []


def visible_text(page: str) -> str:
    """Give the words of a page, addresses left out."""
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"https?://\S+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def said_by_the_study(numbers: str, language: Literal["fr", "en"]) -> set[str]:
    """Percentages in the labels of the example: sentences of the press, and what differs from them."""
    study = tomllib.loads((example_folder("twitter_france") / "study.toml").read_text(encoding="utf-8"))

    def texts(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            yield from ([part[language]] if isinstance(part.get(language), str) else [])
            for inside in part.values():
                yield from texts(inside)
        elif isinstance(part, list):
            for inside in part:
                yield from texts(inside)

    return {number for text in texts(study) for number in re.findall(numbers, typographic(text, language))}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_percentage_on_the_page_is_in_the_ledger(report: Path, language: str):
    """But for axis ticks, the level of the intervals, and what the study's own words and definitions say."""
    text = visible_text((report / f"report.{language}.html").read_text(encoding="utf-8"))
    rows = json.loads((report / "results.json").read_text(encoding="utf-8"))["numbers"]
    printed = {text for row in rows for text in row["texts"][language]}
    numbers = r"\d[\d\u202f.,]*(?:\u202f?%|%)"
    ends = {end for text in printed for end in re.findall(numbers, text)}
    found = set(re.findall(numbers, text))
    ticks = {f"{tick}{sign}" for tick in (*range(0, 101, 5), "2,5", "2.5") for sign in ("%", "\u202f%")}
    strays = found - ends - ticks
    levels = {"95%", "99%", "95\u202f%", "99\u202f%"}
    quoted = levels | {"2%", "40%", "60%", "80%", "20%", "2\u202f%", "40\u202f%", "60\u202f%", "80\u202f%", "20\u202f%"}
    rounded = {"28.5%", "28,5\u202f%"}  # what the rule of rounding is shown by
    assert strays - quoted - rounded - said_by_the_study(numbers, language) == set()


def test_the_french_report_has_no_english_word(report: Path):
    text = visible_text((report / "report.fr.html").read_text(encoding="utf-8"))
    names = r"\S*[_*/]\S*|University of Illinois|The Guardian"
    words = set(re.findall(r"[A-Za-zÀ-ÿ]+", re.sub(names, " ", text).casefold()))
    english = {
        "the",
        "and",
        "of",
        "with",
        "have",
        "has",
        "heard",
        "account",
        "accounts",
        "hold",
        "left",
        "gone",
        "still",
        "there",
        "after",
        "days",
        "day",
        "months",
        "month",
        "share",
        "sample",
        "wave",
        "waves",
        "survey",
        "surveys",
        "figure",
        "table",
        "contents",
        "base",
        "estimate",
        "published",
        "from",
        "who",
        "people",
        "interval",
        "confidence",
        "respondents",
        "yes",
        "aware",
        "signup",
        "lapsed",
        "june",
        "december",
        "october",
        "september",
        "november",
        "not",
        "is",
        "are",
    } - {"base", "table", "figure"}
    assert words & english == set()


def test_french_typography_is_right(report: Path):
    text = visible_text((report / "report.fr.html").read_text(encoding="utf-8"))
    assert not re.search(r"\d %", text), "a plain space before a percent sign"
    assert not re.search(r"\w [;!?»]", text), "a plain space before a high sign"
    assert not re.search(r"\d\.\d+\u202f?%", text), "a decimal point"
    assert "« " not in text
    assert "3\u202f025" in text
