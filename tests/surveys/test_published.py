"""Published figures: intervals for sampling and rounding, and a file that is refused with its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveys.core.errors import StudyError
from surveys.core.results import Estimate, Unavailable
from surveys.published.figure import PublishedFigure
from surveys.published.figures import REQUIRED_COLUMNS, PublishedFigures, fractions_of_percent, read_published
from surveys.study.schema import Study

HEADER = ",".join(REQUIRED_COLUMNS)


def read(tmp_path: Path, *rows: str, header: str = HEADER) -> dict[str, PublishedFigure]:
    (tmp_path / "p.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    raw = {"folder": tmp_path, "study": {"title": "t", "as_of": "2013-12-31"}, "published": {"file": "p.csv"}}
    return dict(read_published(Study.model_validate(raw)))


def test_the_interval_covers_sampling_and_rounding(tmp_path: Path):
    """28 % of 1,015: Wilson's 25.3-30.8 %, moved out by what rounding hides."""
    interval = read(tmp_path, "a,Twitter,FR,awareness,28,percent,web users,1015,Ifop")["a"].interval()
    assert isinstance(interval, Estimate)
    assert interval.estimate == 0.28
    assert interval.conf_low == pytest.approx(0.2484, abs=5e-4)
    assert interval.conf_high == pytest.approx(0.3134, abs=5e-4)


def test_decimals_printed_say_how_coarse_the_rounding_is(tmp_path: Path):
    figures = read(
        tmp_path,
        "a,T,FR,awareness,28,percent,b,10,P",
        "b,T,FR,awareness,40.55,percent,b,10,P",
        "c,F,FR,accounts,12.03202,million,b,,P",
    )
    assert [figure.half_unit for figure in figures.values()] == pytest.approx([0.005, 0.00005, 5.0])
    assert [figure.value for figure in figures.values()] == pytest.approx([0.28, 0.4055, 12_032_020])


def test_without_a_number_of_respondents_there_is_no_interval(tmp_path: Path):
    interval = read(tmp_path, "a,T,FR,awareness,28,percent,b,,P")["a"].interval()
    assert isinstance(interval, Unavailable)
    assert str(interval) == "the publisher gives no number of respondents"


def test_a_count_has_the_interval_of_its_rounding(tmp_path: Path):
    interval = read(tmp_path, "a,F,FR,accounts,12,million,b,,P")["a"].interval()
    assert isinstance(interval, Estimate)
    assert (interval.conf_low, interval.conf_high) == (11.5e6, 12.5e6)


def test_zero_percent_keeps_its_interval_within_bounds(tmp_path: Path):
    interval = read(tmp_path, "a,T,FR,awareness,0,percent,b,100,P")["a"].interval()
    assert isinstance(interval, Estimate)
    assert interval.conf_low == pytest.approx(0.0, abs=1e-15)
    assert interval.conf_high > 0.005


def test_every_bad_line_is_named(tmp_path: Path):
    with pytest.raises(StudyError) as caught:
        read(
            tmp_path,
            "a,T,FR,awareness,28 or so,percent,b,10,P",
            "b,T,FR,awareness,28,percent,b,10,P",
            "b,T,FR,awareness,28,percent,b,10,P",
            "c,T,FR,awareness,28,percent,b,10",
        )
    assert str(caught.value).splitlines() == [
        "p.csv, line 2, column 'value': got '28 or so', expected a number. Write a plain number, as in 28 or 31.5.",
        "p.csv, line 4, column 'id': 'b' stands twice. Give each figure a name of its own.",
        "p.csv, line 5: the number of cells differs from the header's. Quote cells that hold commas.",
    ]


def test_missing_columns_are_named_together(tmp_path: Path):
    with pytest.raises(StudyError, match=r"p\.csv, line 1: columns value, publisher not found"):
        read(tmp_path, header="id,entity,country,measure,unit,base_population,n")


@pytest.mark.parametrize(
    ("value", "n", "asked"),
    [
        ("0.335", "1015", True),
        ("0.02", "2000", True),
        ("33.5", "1015", False),
        ("0.5", "300", False),
        ("0.34", "", False),
        ("0.07", "20000", False),
        ("0", "1000", False),
    ],
)
def test_a_fraction_among_percentages_is_asked_about(tmp_path: Path, value: str, n: str, asked: bool):
    figures = read(tmp_path, "a,T,FR,awareness,41,percent,b,1015,P", f"b,T,FR,awareness,{value},percent,b,{n},P")
    told = [str(note) for note in fractions_of_percent(PublishedFigures(tmp_path / "p.csv", figures))]
    assert [line.split(":")[0] for line in told] == (["p.csv, line 3, column 'value'"] if asked else [])
    assert all(f"{value}% is printed finer" in line for line in told)
