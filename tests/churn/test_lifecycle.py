from __future__ import annotations

from datetime import date, timedelta

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from statsmodels.stats.proportion import proportion_confint

from churn.cohorts.lifecycle import measure_lifecycle, never_returned
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable
from tests.churn.plain import activity_of, dates_of, logs

mpl.use("agg")

JANUARY = date(2013, 1, 1)
FLOOR = {"day": lambda d: d, "week": lambda d: d - timedelta(days=d.weekday()), "month": lambda d: d.replace(day=1)}


@pytest.fixture
def four() -> dict[int, set[int]]:
    """Days of 2013: two accounts of January, one of which skips February; one of February; one seen once."""
    return {1: {0, 35, 60}, 2: {10, 70}, 3: {40, 65}, 4: {5}}


def test_months_add_up_by_hand(four: dict[int, set[int]]):
    frame = measure_lifecycle(activity_of(four, 90, JANUARY)).to_frame()
    assert frame["period_start"].tolist() == [date(2013, month, 1) for month in (1, 2, 3)]
    columns = {
        "n_active": [3, 2, 3],
        "n_new": [3, 1, 0],
        "n_retained": [0, 1, 2],
        "n_resurrected": [0, 0, 1],
        "n_lost": [0, 2, 0],
        "n_dormant": [0, 2, 1],
    }
    assert {name: frame[name].tolist() for name in columns} == columns
    np.testing.assert_array_equal(frame["quick_ratio"], [np.nan, 0.5, np.nan])
    np.testing.assert_allclose(frame["churn"], [np.nan, 2 / 3, 0.0])
    assert frame["complete"].all()


@pytest.mark.parametrize("period", ["day", "week", "month"])
@settings(max_examples=15, deadline=None)
@given(days=logs)
def test_every_period_is_what_plain_sets_say(period: str, days: dict[int, set[int]]):
    lifecycle = measure_lifecycle(activity_of(days), period=period)
    floor, seen = FLOOR[period], dates_of(days)
    before: set[int] = set()
    for k, start in enumerate(lifecycle.period_start):
        active = {name for name, dates in seen.items() if any(floor(day) == start for day in dates)}
        new = {name for name in active if floor(seen[name][0]) == start}
        found = [getattr(lifecycle, f"n_{name}")[k] for name in ("active", "new", "retained", "resurrected", "lost")]
        expected = (active, new, active & before, active - before - new, before - active)
        assert found == [len(part) for part in expected]
        before = active


@settings(max_examples=25, deadline=None)
@given(days=logs)
def test_they_add_up_in_every_period(days: dict[int, set[int]]):
    life = measure_lifecycle(activity_of(days), period="week")
    np.testing.assert_array_equal(life.n_active, life.n_new + life.n_retained + life.n_resurrected)
    np.testing.assert_array_equal(life.n_active[:-1], life.n_retained[1:] + life.n_lost[1:])
    np.testing.assert_array_equal(np.diff(life.n_dormant), (life.n_lost - life.n_resurrected)[1:])
    assert life.n_new.sum() == life.n == life.n_active[-1] + life.n_dormant[-1]


def test_a_month_that_is_not_over_has_no_churn(four: dict[int, set[int]]):
    life = measure_lifecycle(activity_of(four, 80, JANUARY))
    assert life.complete.tolist() == [True, True, False]
    assert np.isnan(life.churn[2])
    assert [str(note) for note in life.notes] == ["a period that is not over by 2013-03-21 counts what was seen so far"]
    latest = life.latest_churn
    assert isinstance(latest, Estimate)
    assert latest.n == 3


def test_churn_has_wilson_intervals(four: dict[int, set[int]]):
    life = measure_lifecycle(activity_of(four, 90, JANUARY), conf_level=0.9)
    low, high = proportion_confint(2, 3, alpha=0.1, method="wilson")
    assert (life.conf_low[1], life.conf_high[1]) == pytest.approx((low, high), abs=1e-14)
    pooled = life.pooled_churn
    assert isinstance(pooled, Estimate)
    assert (pooled.estimate, pooled.n) == (2 / 5, 5)
    assert life.summary() == "4 accounts in 3 months; churn in the last whole one: 0.0% [0.0%, 57.5%], n = 2"


def test_one_month_alone_has_no_churn():
    life = measure_lifecycle(activity_of({1: {0}}, 10, JANUARY))
    assert isinstance(life.latest_churn, Unavailable)
    assert isinstance(life.pooled_churn, Unavailable)


def test_never_returned_means_never_of_those_observed_for_long_enough():
    days = {1: {0}, 2: {0, 1}, 3: {0, 31}, 4: {69}, 5: {70}}
    found = never_returned(activity_of(days, 100, JANUARY))
    assert isinstance(found, Estimate)
    assert (found.estimate, found.n) == (2 / 4, 4)
    assert str(found.notes[-1]) == "1 account that signed up in the last 30 days of the window is left out"
    longer = never_returned(activity_of(days, 100, JANUARY), horizon_days=31)
    assert (longer.estimate, longer.n) == (1 / 3, 3)
    assert isinstance(never_returned(activity_of(days, 100, JANUARY), horizon_days=100), Unavailable)


def test_nobody_never_returned_where_everybody_came_back_however_late():
    found = never_returned(activity_of({1: {0, 60}, 2: {1, 79}, 3: {4, 58}}, 91, JANUARY))
    assert isinstance(found, Estimate)
    assert (found.estimate, found.n) == (0, 3)


@settings(max_examples=20, deadline=None)
@given(days=logs, horizon=st.integers(1, 150))
def test_never_returned_is_what_plain_loops_count(days: dict[int, set[int]], horizon: int):
    old = [sorted(seen) for seen in days.values() if min(seen) + horizon < 201]
    found = never_returned(activity_of(days), horizon_days=horizon)
    if not old:
        assert isinstance(found, Unavailable)
        return
    silent = sum(len(seen) == 1 for seen in old)
    assert (found.estimate, found.n) == (pytest.approx(silent / len(old)), len(old))


def test_bars_stand_on_zero_and_what_is_lost_hangs_below(four: dict[int, set[int]]):
    ax = measure_lifecycle(activity_of(four, 80, JANUARY)).plot(Figure().add_subplot())
    assert [container.get_label() for container in ax.containers] == ["retained", "resurrected", "new", "lost"]
    assert [bar.get_height() for bar in ax.containers[3]] == [0, -2, 0]
    assert ax.containers[2].patches[2].get_alpha() == 0.4


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda a: measure_lifecycle(a, period="year"), "measure_lifecycle, period"),
        (lambda a: measure_lifecycle(a, conf_level=2), "conf_level"),
        (lambda a: never_returned(a, horizon_days=0), "never_returned, horizon_days"),
    ],
)
def test_wrong_options_are_refused(made, place: str):
    with pytest.raises(SpecError, match=place):
        made(activity_of({1: {0, 5}}))
