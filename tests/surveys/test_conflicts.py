"""Conflicts of published figures: two for the same time, base and definition; a series that grows is none."""

from __future__ import annotations

from datetime import date

import pytest

from surveys.core.results import Estimate
from surveys.published.conflicts import PublisherPoint, conflicts_of, window_of
from surveys.published.figure import PublishedFigure
from surveys.study.fieldwork import Fieldwork
from surveys.study.published import FigureSeries

SPEC = FigureSeries(label="use", measure="use")


def point(value: float, first: date, last: date | None = None, *, publisher: str = "P") -> PublisherPoint:
    figure = PublishedFigure(
        id=f"{publisher}-{first}-{value}",
        entity="S",
        country="FR",
        measure="use",
        subgroup="",
        wave="",
        value=value,
        unit="share",
        half_unit=0.005,
        base="adults",
        n=5000,
        date=str(first),
        publisher=publisher,
        source="",
        kind="published",
        confidence="",
        conflicts_with=(),
        fieldwork=Fieldwork(first, last or first),
    )
    interval = figure.interval()
    assert isinstance(interval, Estimate)
    return PublisherPoint(publisher=publisher, figure=figure, interval=interval)


def test_a_yearly_series_that_grows_is_in_no_conflict_with_itself():
    years = [point(0.1 * k, date(2010 + k, 1, 1), date(2010 + k, 12, 31)) for k in range(1, 6)]
    assert list(conflicts_of(years, SPEC)) == []


def test_a_series_of_every_fortnight_is_in_no_conflict_with_itself():
    weeks = [point(0.1 * k, date(2020, 10, 1 + 14 * (k - 1))) for k in range(1, 4)]
    assert list(conflicts_of(weeks, SPEC)) == []


def test_two_figures_for_one_time_are_whoever_gives_them():
    day = date(2020, 10, 1)
    for other in ("P", "Q"):
        assert len(list(conflicts_of([point(0.1, day), point(0.2, day, publisher=other)], SPEC))) == 1


@pytest.mark.parametrize(("step", "found"), [(7, 0), (91, 1)])
def test_the_window_follows_the_pace_of_the_series(step: int, found: int):
    start = date(2020, 1, 1).toordinal()
    own = [point(0.05 * k, date.fromordinal(start + step * k)) for k in range(1, 5)]
    other = point(0.9, date.fromordinal(start + 4 * step + 6), publisher="Q")
    assert window_of([*own, other]) == pytest.approx(min(31, step / 2), abs=0.1)
    assert len(list(conflicts_of([*own, other], SPEC))) == found
