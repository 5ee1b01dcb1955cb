"""Units and printed numbers: read as people write them, converted there and back, asked about where they cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.examples import open_example
from surveys.core.errors import StudyError
from surveys.core.results import Estimate
from surveys.published._printed import read_printed
from surveys.published.figures import PublishedFigures, read_published
from surveys.study.units import MULTIPLIERS, WORDS, convert, read_unit

HEADER = "id,entity,country,measure,value,unit,base_population,n,publisher,kind,half_unit,margin,deff"


def read(folder: Path, *rows: str, header: str = HEADER) -> PublishedFigures:
    (folder / "p.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text("", encoding="utf-8")
    study = open_example("twitter_france")
    published = study.published
    assert published is not None
    return read_published(
        study.model_copy(update={"folder": folder, "published": published.model_copy(update={"file": "p.csv"})})
    )


@pytest.mark.parametrize(
    ("said", "kind", "scale"),
    [
        ("%", "share", 0.01),
        ("Percent", "share", 0.01),
        ("pct", "share", 0.01),
        ("pour cent", "share", 0.01),
        ("points", "points", 0.01),
        ("point", "points", 0.01),
        ("Mio.", "count", 1e6),
        ("M", "count", 1e6),
        ("milliards", "count", 1e9),
        ("thousand accounts", "accounts", 1e3),
        ("lakh", "count", 1e5),
        ("crore payments", "payments", 1e7),
        ("millions de comptes", "accounts", 1e6),
        ("million USD", "USD", 1e6),
        ("hours", "minutes", 60.0),
        ("percent of active web users", "share", 0.01),
    ],
)
def test_units_are_read_by_their_synonyms_and_multipliers(said: str, kind: str, scale: float):
    unit = read_unit(said)
    assert unit is not None
    assert (unit.kind, unit.scale, unit.per) == (kind, scale, "")


def test_rates_keep_what_they_are_per():
    assert [read_unit(text).per for text in ("minutes per day", "openings per user", "messages/second")] == [  # type: ignore[union-attr]
        "day",
        "user",
        "second",
    ]


@given(value=st.floats(0.001, 1e6), one=st.sampled_from(sorted(WORDS)), other=st.sampled_from(sorted(WORDS)))
def test_a_number_is_converted_there_and_back_or_not_at_all(value: float, one: str, other: str):
    first, second = read_unit(one), read_unit(other)
    assert first is not None
    assert second is not None
    there = convert(value, first, second)
    assert (there is None) == (first.kind != second.kind)
    if there is not None:
        assert convert(there, second, first) == pytest.approx(value)


@given(times=st.sampled_from(sorted(MULTIPLIERS)), noun=st.sampled_from(["accounts", "downloads", "€"]))
def test_a_multiplier_goes_with_any_noun(times: str, noun: str):
    unit = read_unit(f"{times} {noun}")
    assert unit is not None
    assert unit.scale == MULTIPLIERS[times]


@pytest.mark.parametrize(
    ("said", "value", "half", "bound"),
    [
        ("58", 58, 0.5, ""),
        ("58,5", 58.5, 0.05, ""),
        ("58.50", 58.5, 0.005, ""),
        ("7 272 388", 7272388, 0.5, ""),
        ("7\u202f272\u202f388,5", 7272388.5, 0.05, ""),
        ("1,234,567", 1234567, 0.5, ""),
        ("576000", 576000, 500, ""),
        ("30000000", 3e7, 5e5, ""),
        ("100", 100, 0.5, ""),
        ("<8", 8, 0.5, "below"),
        ("> 1,5", 1.5, 0.05, "above"),
        ("−39", -39, 0.5, ""),
    ],
)
def test_numbers_are_read_as_they_are_printed(said: str, value: float, half: float, bound: str):
    printed = read_printed(said)
    assert (printed.value, printed.half_unit, printed.bound) == (pytest.approx(value), pytest.approx(half), bound)


def test_a_table_of_a_french_spreadsheet_is_read(tmp_path: Path):
    found = read(tmp_path, "a;S;FR;m;58,5;%;b;1000;P;;;;", header=HEADER.replace(",", ";"))
    assert found["a"].value == pytest.approx(0.585)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "a,S,W,m,58,percnt,b,1000,P,,,,",
            "p.csv, line 2, column 'unit': got 'percnt', expected a unit, as in percent, million people or minutes. "
            "Did you mean 'percent'?",
        ),
        (
            "a,S,W,m,-39,percent,b,1000,P,,,,",
            "p.csv, line 2, column 'value': got -39 percent of 1,000 respondents, expected 0 to 100 percent. Correct "
            "the value, or leave n empty where it is a change.",
        ),
        (
            "a,S,W,m,1.6,people,b,1000,P,,,,",
            "p.csv, line 2, column 'value': got 1.6 people, expected a whole number of them. Name the multiplier, as "
            "in million people.",
        ),
        (
            'a,S,W,m,"1,234",people,b,1000,P,,,,',
            "p.csv, line 2, column 'value': got '1,234', which is 1234 or 1.234, expected one that can be read in one "
            "way. Write a plain number, as in 28 or 31.5.",
        ),
        (
            "a,S,W,m,58,percent,b,1000,P,sampel,,,",
            "p.csv, line 2, column 'kind': got 'sampel', expected published, sample, count, estimate, claim, derived, "
            "computed, press_claim. Did you mean 'sample'?",
        ),
        (
            "a,S,W,m,58,percent,b,0,P,,,,",
            "p.csv, line 2, column 'n': got 0, expected a whole number above 0. Correct it, or leave it empty where "
            "none is published.",
        ),
    ],
)
def test_what_cannot_be_is_asked_about_with_file_line_and_column(tmp_path: Path, row: str, message: str):
    with pytest.raises(StudyError) as caught:
        read(tmp_path, row)
    assert str(caught.value) == message


def interval(folder: Path, row: str) -> Estimate:
    found = read(folder, row)["a"].interval()
    assert isinstance(found, Estimate)
    return found


def test_uncertainty_of_a_figure_follows_its_kind(tmp_path: Path):
    sample = interval(tmp_path, "a,S,W,m,58,percent,b,1000,P,sample,,,")
    spread = interval(tmp_path, "a,S,W,m,58,percent,b,1000,P,sample,,,2")
    margin = interval(tmp_path, "a,S,W,m,58,percent,b,,P,sample,,3,")
    count = interval(tmp_path, "a,S,W,m,58,percent,b,,P,count,,,")
    coarse = interval(tmp_path, "a,S,W,m,58,percent,b,,P,count,2,,")
    assert spread.conf_high - spread.conf_low > 1.3 * (sample.conf_high - sample.conf_low) - 0.01
    assert (margin.conf_low, margin.conf_high) == pytest.approx((0.545, 0.615))
    assert (count.conf_low, count.conf_high) == pytest.approx((0.575, 0.585))
    assert (coarse.conf_low, coarse.conf_high) == pytest.approx((0.56, 0.60))
    modelled = interval(tmp_path, "a,S,W,m,58,percent,b,,P,estimate,,,")
    assert "error is not known" in str(modelled.notes[0])
    below = interval(tmp_path, "a,S,W,m,<8,million,b,,P,,,,")
    assert (below.conf_low, below.conf_high) == (0, 8.5e6)
