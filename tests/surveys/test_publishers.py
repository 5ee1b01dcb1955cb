"""Several publishers: dates without false days, conflicts kept, breaks marked, nothing averaged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from surveys.core.errors import StudyError
from surveys.core.results import Estimate
from surveys.published.conflicts import asked_by
from surveys.published.figures import read_published
from surveys.published.series import PublishedSeries, publisher_name, read_published_series
from surveys.study.fieldwork import date_of_year, year_of
from surveys.study.file import read_study

HEADER = (
    "id,entity,country,measure,value,unit,base_population,n,publisher,"
    "fieldwork_date,mode,kind,confidence,conflicts_with"
)
STUDY = """
[study]
title = "Two publishers"
as_of = 2013-12-31

[published]
file = "figures.csv"

[published.series.known]
label = "Have heard of it"
measure = "awareness"
"""
ROWS = (
    "a1,It,FR,awareness,20,percent,web users 18+,1000,Able via Daily,2009-06,online,published,high,",
    "a2,It,FR,awareness,50,percent,web users 18+,1000,Able,2010-06,online,published,high,",
    "b1,It,FR,awareness,40,percent,web users 18+ (all),1000,Baker (J. Doe),2010-06-10,online,published,high,",
    "b2,It,FR,awareness,60,percent,web users 13+,,Baker,published 2011-01-02,telephone,published,low,a2",
    "p1,It,FR,awareness,33,percent,web users,,press article,2010,,press_claim,,",
)


def series(tmp_path: Path, rows: tuple[str, ...] = ROWS, more: str = "") -> PublishedSeries:
    (tmp_path / "figures.csv").write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY + more, encoding="utf-8")
    study = read_study(tmp_path)
    return read_published_series(study, read_published(study))[0]


def test_a_year_and_its_place_on_an_axis_are_one_another():
    for day in (date(2009, 1, 1), date(2012, 2, 29), date(2013, 12, 31)):
        assert date_of_year(year_of(day) + 1e-6) == day


def test_the_name_of_a_publisher_is_not_that_of_the_paper():
    assert publisher_name("Ifop for L'Atelier via silicon.fr") == "Ifop for L'Atelier"
    assert publisher_name("Nielsen Online (D. Martin), 28 Apr 2009, mirror") == "Nielsen Online"
    assert asked_by("online (per later Ifop notes)") == "online"


def test_values_are_kept_side_by_side_and_never_averaged(tmp_path: Path):
    found = series(tmp_path)
    assert [(point.publisher, point.figure.value) for point in found.points] == [
        ("Able", 0.2),
        ("Able", 0.5),
        ("Baker", 0.4),
        ("Baker", 0.6),
    ]


def test_claims_of_the_press_are_no_measurement(tmp_path: Path):
    assert "p1" not in {point.figure.id for point in series(tmp_path).points}


def test_a_conflict_is_found_where_intervals_of_the_same_month_do_not_overlap(tmp_path: Path):
    found = {(one.first.figure.id, one.second.figure.id): one for one in series(tmp_path).conflicts}
    tested = found["b1", "a2"] if ("b1", "a2") in found else found["a2", "b1"]
    assert tested.found == "test"
    assert tested.apart is True
    assert tested.doubts == ()


def test_values_a_year_apart_do_not_conflict_by_test(tmp_path: Path):
    assert all({one.first.figure.id, one.second.figure.id} != {"a1", "b1"} for one in series(tmp_path).conflicts)


def test_a_declared_conflict_says_in_what_the_figures_differ(tmp_path: Path):
    declared = next(one for one in series(tmp_path).conflicts if one.found == "declared")
    assert {declared.first.figure.id, declared.second.figure.id} == {"a2", "b2"}
    assert declared.doubts == ("base", "mode", "date", "reliability")
    assert declared.apart is None


def test_a_reason_of_the_study_stands_beside_its_conflict(tmp_path: Path):
    more = 'conflicts = [{ between = ["a2", "b2"], reason = "another question" }]\n'
    assert next(one.reason for one in series(tmp_path, more=more).conflicts if one.reason) == "another question"


def test_a_line_stops_at_a_break_and_leaves_out_low_confidence(tmp_path: Path):
    joined = series(tmp_path)
    assert [[point.figure.id for point in run] for run in joined.runs("Able")] == [["a1", "a2"]]
    assert [[point.figure.id for point in run] for run in joined.runs("Baker")] == [["b1"]]
    broken = series(tmp_path, more='breaks = [{ between = ["a1", "a2"], reason = "new wording" }]\n')
    assert [[point.figure.id for point in run] for run in broken.runs("Able")] == [["a1"], ["a2"]]


def test_another_way_of_asking_breaks_a_series_by_itself(tmp_path: Path):
    rows = (ROWS[0].replace("online", "telephone? (a blog)"), *ROWS[1:])
    cut = series(tmp_path, rows).breaks[0]
    assert (cut.publisher, cut.doubts, cut.before, cut.after) == ("Able", ("mode",), ("telephone?",), ("online",))


def test_a_figure_of_other_people_among_the_rest_is_no_break(tmp_path: Path):
    rows = (
        *ROWS[:2],
        "a3,It,FR,awareness,30,percent,everybody 15+,1000,Able,2010-01,online,published,high,",
    )
    found = series(tmp_path, rows)
    assert found.breaks == ()
    assert [[point.figure.id for point in run] for run in found.runs("Able")] == [["a1", "a2"], ["a3"]]


def test_a_mean_has_no_interval_that_could_be_told(tmp_path: Path):
    rows = ("m1,any,FR,awareness,2.9,networks per user,web users,2015,Able,2010-09,online,published,high,",)
    assert series(tmp_path, rows).points[0].interval is None


def test_a_share_with_a_base_has_its_interval(tmp_path: Path):
    point = series(tmp_path).points[0]
    assert isinstance(point.interval, Estimate)
    assert point.interval.conf_low < 0.195
    assert point.interval.conf_high > 0.205


def test_says_all_that_is_wrong_at_once(tmp_path: Path):
    more = 'conflicts = [{ between = ["a2", "b9"], reason = "?" }, { between = ["a2", "p1"], reason = "?" }]\n'
    with pytest.raises(StudyError) as caught:
        series(tmp_path, more=more)
    assert "'b9' is not in figures.csv" in str(caught.value)
    assert "'p1' is not in the series" in str(caught.value)


def test_a_break_needs_a_place(tmp_path: Path):
    with pytest.raises(StudyError, match="either between, with two figures, or a date"):
        series(tmp_path, more='breaks = [{ reason = "new wording" }]\n')
