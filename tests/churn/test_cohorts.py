from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from statsmodels.stats.proportion import proportion_confint

from churn.cohorts.triangle import retention_triangle
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.errors import SpecError
from tests.churn.logs import make_study, write_events, write_lines

mpl.use("agg")


def make_activity(folder: Path, days: dict[str, list[date]], as_of: date) -> Activity:
    rows = [(account, day) for account, seen in days.items() for day in seen]
    write_events(folder / "log.parquet", rows, pa.date32())
    return read_activity(make_study(folder, events="log.parquet", as_of=as_of))


@pytest.fixture
def activity(tmp_path: Path) -> Activity:
    days = {
        "a": [date(2013, 1, 31), date(2013, 2, 1), date(2013, 3, 10)],
        "b": [date(2013, 1, 1)],
        "c": [date(2013, 3, 15), date(2013, 4, 2)],
    }
    return make_activity(tmp_path, days, date(2013, 4, 15))


def test_a_cell_counts_who_was_active_in_a_calendar_month(activity: Activity):
    frame = retention_triangle(activity).to_frame()
    assert frame.columns.tolist() == [
        "cohort",
        "age",
        "n_accounts",
        "n_active",
        "share",
        "conf_low",
        "conf_high",
        "complete",
    ]
    january = frame[frame["cohort"] == date(2013, 1, 1)]
    assert january["n_accounts"].tolist() == [2, 2, 2, 2]
    np.testing.assert_array_equal(january["n_active"], [2, 1, 1, np.nan])
    np.testing.assert_array_equal(january["share"], [1, 0.5, 0.5, np.nan])


def test_a_month_that_is_not_over_is_empty_and_says_so(activity: Activity):
    triangle = retention_triangle(activity)
    frame = triangle.to_frame()
    april = frame[~frame["complete"]]
    assert april[["cohort", "age"]].to_numpy().tolist() == [[date(2013, 1, 1), 3], [date(2013, 3, 1), 1]]
    assert april[["n_active", "share", "conf_low", "conf_high"]].isna().all(axis=None)
    assert [str(note) for note in triangle.notes] == ["months that are not over by 2013-04-15 are left empty"]


def test_a_month_that_ends_with_the_window_is_over(tmp_path: Path):
    triangle = retention_triangle(make_activity(tmp_path, {"a": [date(2013, 4, 1)]}, date(2013, 4, 30)))
    assert triangle.complete.all()
    assert triangle.notes == ()


def test_intervals_are_wilson_and_the_first_month_is_certain(activity: Activity):
    frame = retention_triangle(activity, conf_level=0.9).to_frame()
    low, high = proportion_confint(1, 2, alpha=0.1, method="wilson")
    assert frame.loc[1, ["conf_low", "conf_high"]].tolist() == pytest.approx([low, high], abs=1e-14)
    assert frame.loc[0, ["conf_low", "conf_high"]].tolist() == [1, 1]


def test_months_are_those_of_the_zone_of_the_study(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-31T23:30:00Z")
    cohorts = {}
    for zone in ("UTC", "Europe/Paris"):
        study = make_study(tmp_path, events="log.csv", timezone=zone, as_of=date(2013, 3, 1))
        cohorts[zone] = retention_triangle(read_activity(study)).cohort
    assert cohorts == {"UTC": (date(2013, 1, 1),), "Europe/Paris": (date(2013, 2, 1),)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(st.dictionaries(st.integers(0, 20), st.sets(st.integers(0, 300), min_size=1), min_size=1))
def test_cohorts_hold_every_account_once(tmp_path: Path, drawn: dict[int, set[int]]):
    first = date(2012, 11, 20)
    days = {str(account): [first + timedelta(days=day) for day in seen] for account, seen in drawn.items()}
    triangle = retention_triangle(make_activity(tmp_path, days, first + timedelta(days=300)))
    assert triangle.n_accounts.sum() == len(drawn)
    known = triangle.complete
    sizes = np.broadcast_to(triangle.n_accounts[:, None], known.shape)
    assert (triangle.n_active[known] <= sizes[known]).all()
    assert (triangle.n_active[:, 0][known[:, 0]] == triangle.n_accounts[known[:, 0]]).all()


def test_the_cells_drawn_are_the_shares(activity: Activity):
    triangle = retention_triangle(activity)
    ax = triangle.plot(Figure().add_subplot())
    drawn = ax.collections[0].get_array()
    assert drawn.mask.tolist() == (~triangle.complete).tolist()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2013-01", "2013-03"]


def test_summary_says_what_is_covered(activity: Activity):
    assert retention_triangle(activity).summary() == "3 accounts in 2 monthly cohorts, 2013-01 to 2013-03"


def test_a_level_that_is_none_is_refused(activity: Activity):
    with pytest.raises(SpecError, match="conf_level"):
        retention_triangle(activity, conf_level=95)
