"""When people were asked, in many spellings, by one reader for waves, figures and claims."""

from __future__ import annotations

from datetime import date

import pytest

from surveys.published.wave_dates import unread_dates, wave_fieldwork
from surveys.study.fieldwork import Fieldwork, parse_fieldwork, years_apart
from surveys.study.schema import Study, Survey


@pytest.mark.parametrize(
    ("text", "first", "last", "basis"),
    [
        ("2009-06-03/2009-06-04", date(2009, 6, 3), date(2009, 6, 4), "fieldwork"),
        ("2008-09/2008-10", date(2008, 9, 1), date(2008, 10, 31), "fieldwork"),
        ("2013-autumn", date(2013, 9, 22), date(2013, 12, 21), "fieldwork"),
        ("2010-late", date(2010, 9, 1), date(2010, 12, 31), "fieldwork"),
        ("2009", date(2009, 1, 1), date(2009, 12, 31), "fieldwork"),
        ("2009 (published 2009-06-11)", date(2009, 1, 1), date(2009, 6, 11), "fieldwork"),
        ("published 2012-07-19", date(2012, 7, 19), date(2012, 7, 19), "publication"),
        ("published mid-2013", date(2013, 5, 1), date(2013, 8, 31), "publication"),
        ("undated (about 2011)", date(2011, 1, 1), date(2011, 12, 31), "fieldwork"),
        ("nine months to mid-2009", date(2008, 8, 1), date(2009, 8, 31), "fieldwork"),
        ("2009-08 (two weeks before 12 Aug)", date(2009, 8, 1), date(2009, 8, 31), "fieldwork"),
        ("2009-06-03/04", date(2009, 6, 3), date(2009, 6, 4), "fieldwork"),
        ("2009-06-28/07-03", date(2009, 6, 28), date(2009, 7, 3), "fieldwork"),
        ("2009-06/07", date(2009, 6, 1), date(2009, 7, 31), "fieldwork"),
        ("2009-06-03 to 2009-06-04", date(2009, 6, 3), date(2009, 6, 4), "fieldwork"),
        ("2009-06-03 00:00:00", date(2009, 6, 3), date(2009, 6, 3), "fieldwork"),
        ("2009-06-03T10:00", date(2009, 6, 3), date(2009, 6, 3), "fieldwork"),
        ("2009/06/03", date(2009, 6, 3), date(2009, 6, 3), "fieldwork"),
        ("20090603", date(2009, 6, 3), date(2009, 6, 3), "fieldwork"),
        ("15/10/2013", date(2013, 10, 15), date(2013, 10, 15), "fieldwork"),
        ("10/15/2013", date(2013, 10, 15), date(2013, 10, 15), "fieldwork"),
        ("03.04.2009", date(2009, 4, 3), date(2009, 4, 3), "fieldwork"),
        ("06/2009", date(2009, 6, 1), date(2009, 6, 30), "fieldwork"),
        ("2009/06", date(2009, 6, 1), date(2009, 6, 30), "fieldwork"),
        ("2012/13", date(2012, 1, 1), date(2013, 12, 31), "fieldwork"),
        ("2013-Q3", date(2013, 7, 1), date(2013, 9, 30), "fieldwork"),
        ("T1 2013", date(2013, 1, 1), date(2013, 3, 31), "fieldwork"),
        ("H2 2013", date(2013, 7, 1), date(2013, 12, 31), "fieldwork"),
        ("Autumn 2013", date(2013, 9, 22), date(2013, 12, 21), "fieldwork"),
        ("été 2012", date(2012, 6, 21), date(2012, 9, 22), "fieldwork"),
        ("fin 2010", date(2010, 9, 1), date(2010, 12, 31), "fieldwork"),
        ("winter 2012-13", date(2012, 12, 21), date(2013, 3, 20), "fieldwork"),
        ("hiver 2012/2013", date(2012, 12, 21), date(2013, 3, 20), "fieldwork"),
        ("3-4 June 2009", date(2009, 6, 3), date(2009, 6, 4), "fieldwork"),
        ("du 3 au 4 juin 2009", date(2009, 6, 3), date(2009, 6, 4), "fieldwork"),
        ("1er juin 2009", date(2009, 6, 1), date(2009, 6, 1), "fieldwork"),
        ("June 3, 2009", date(2009, 6, 3), date(2009, 6, 3), "fieldwork"),
        ("28 June - 3 July 2009", date(2009, 6, 28), date(2009, 7, 3), "fieldwork"),
        ("December-January 2010", date(2009, 12, 1), date(2010, 1, 31), "fieldwork"),
        ("Feb-2012", date(2012, 2, 1), date(2012, 2, 29), "fieldwork"),
        ("n = 1015, 2009-06", date(2009, 6, 1), date(2009, 6, 30), "fieldwork"),
        ("2009-06 (published online)", date(2009, 6, 1), date(2009, 6, 30), "fieldwork"),
        ("publié le 12 juin 2009", date(2009, 6, 12), date(2009, 6, 12), "publication"),
    ],
)
def test_a_date_is_the_span_that_the_source_gives(text: str, first: date, last: date, basis: str):
    assert parse_fieldwork(text) == Fieldwork(first, last, basis)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "unknown", "W3", "2009-13-01", "2009-02-30", "2009-06-31", "03/04/2009", "2008/09", "June 31, 2009"]
)
def test_no_date_is_made_up(text: str):
    assert parse_fieldwork(text) is None


def test_a_date_that_is_given_and_not_read_is_told():
    waves = [
        {"wave": f"W{i}", "file": "a.csv", "date": text} for i, text in enumerate(("2013-autumn", "03/04/2009", ""))
    ]
    study = Study.model_validate({"study": {"title": "A study", "as_of": "2013-12-31"}, "survey": waves})
    assert [str(note) for note in unread_dates(study)] == [
        "when wave W1 was asked is not read from “03/04/2009”: give a day, a month or a year, as 2013-10-15"
    ]


def test_the_name_of_a_wave_stands_in_for_its_date():
    assert wave_fieldwork(Survey(wave="2009-06", file="")) == parse_fieldwork("2009-06")
    assert wave_fieldwork(Survey(wave="2009-06", file="", date="2009-06-03/04")) == parse_fieldwork("2009-06-03/04")
    assert wave_fieldwork(Survey(wave="W3", file="")) is None


@pytest.mark.parametrize(("one", "other", "years"), [("2009", "2012", 2), ("2010", "2013", 2), ("2009", "2010", 0)])
def test_whole_years_lie_whole_years_apart(one: str, other: str, years: float):
    first, second = parse_fieldwork(one), parse_fieldwork(other)
    assert first is not None
    assert second is not None
    assert years_apart(first, second) == years_apart(second, first) == years
