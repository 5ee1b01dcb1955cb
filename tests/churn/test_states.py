from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.tenures.counts import count_tenures
from churn.tenures.tenures import DropoutRule, measure_tenures
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from churn.usage.states import AccountStates, load_states, merge_states, read_states, write_states
from surveys.core.errors import SpecError, StudyError
from tests.churn.logs import make_study, write_lines

ZONE = "Europe/Paris"
START, N_DAYS = date(2013, 3, 1), 70
AS_OF = START + timedelta(days=N_DAYS - 1)


def make_days(folder: Path) -> None:
    """One file to a local day, over a change of the clock, and one with all of them."""
    rng = np.random.default_rng(8)
    start = pd.Timestamp(START, tz=ZONE)
    whole = []
    for day in range(N_DAYS):
        low, high = start + pd.DateOffset(days=day), start + pd.DateOffset(days=day + 1)
        span = int((high - low) / timedelta(microseconds=1))
        ticks = [0, span - 1, *rng.integers(0, span, 8).tolist()]
        table = pa.table(
            {
                "account": [f"a{i}" for i in rng.integers(0, 25, len(ticks))],
                "time": pa.array([low + timedelta(microseconds=t) for t in ticks], pa.timestamp("us", tz="UTC")),
                "device": [("web", "phone", None)[i] for i in rng.integers(0, 3, len(ticks))],
            }
        )
        pq.write_table(table, folder / f"day{day}.parquet")
        whole.append(table)
    pq.write_table(pa.concat_tables(whole), folder / "all.parquet")


def day_state(folder: Path, day: int) -> AccountStates:
    as_of = START + timedelta(days=day)
    study = make_study(folder, events=f"day{day}.parquet", as_of=as_of, timezone=ZONE, group=["device"])
    return read_states(study)


def assert_same(found: Activity, expected: Activity) -> None:
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    assert found.summary() == expected.summary()
    assert [str(note) for note in found.notes] == [str(note) for note in expected.notes]
    for day in range(found.origin, found.end_day):
        assert (found.active_between(day, day + 1) == expected.active_between(day, day + 1)).all()
    for name in ("first_day", "last_day", "n_events_of"):
        assert (getattr(found, name) == getattr(expected, name)).all()


@pytest.fixture
def expected(tmp_path: Path) -> Activity:
    make_days(tmp_path)
    return read_activity(make_study(tmp_path, events="all.parquet", as_of=AS_OF, timezone=ZONE, group=["device"]))


def test_merging_day_by_day_gives_what_one_reading_gives(tmp_path: Path, expected: Activity):
    kept = tmp_path / "states.parquet"
    for day in range(N_DAYS):
        states = day_state(tmp_path, day)
        if day:
            states = merge_states(load_states(kept), states)
        write_states(states, kept)
    found = load_states(kept).to_activity()
    assert_same(found, expected)
    rule = DropoutRule("inactive", 30)
    pd.testing.assert_frame_equal(
        count_tenures(measure_tenures(found, rule)).to_frame(),
        count_tenures(measure_tenures(expected, rule)).to_frame(),
    )


def test_order_and_steps_do_not_matter(tmp_path: Path, expected: Activity):
    days = [day_state(tmp_path, day) for day in range(N_DAYS)]
    halves = [merge_states(*days[N_DAYS // 2 :]), merge_states(*days[: N_DAYS // 2])]
    found, backwards = merge_states(*halves), merge_states(*days[::-1])
    assert found.table.equals(backwards.table)
    assert_same(found.to_activity(), expected)
    assert found.table.num_rows < sum(day.table.num_rows for day in days)


def test_states_of_one_log_are_its_activity(tmp_path: Path, expected: Activity):
    study = make_study(tmp_path, events="all.parquet", as_of=AS_OF, timezone=ZONE, group=["device"])
    assert_same(read_states(study).to_activity(), expected)


def test_days_before_1970_and_logs_of_dates_merge_too(tmp_path: Path):
    write_lines(tmp_path / "old.csv", "account,time", "b,1969-12-31", "a,1969-03-01")
    write_lines(tmp_path / "new.csv", "account,time", "b,1970-01-01", "c,1970-06-01", "b,1970-01-02")
    parts = [
        read_states(make_study(tmp_path, events=name, as_of=date(1970, 12, 31), timezone="Asia/Tokyo"))
        for name in ("new.csv", "old.csv")
    ]
    write_states(merge_states(*parts), tmp_path / "states.parquet")
    whole = read_activity(make_study(tmp_path, events="*.csv", as_of=date(1970, 12, 31), timezone="Asia/Tokyo"))
    assert_same(load_states(tmp_path / "states.parquet").to_activity(), whole)


def test_notes_are_kept(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account;time", "a;2013-12-31T10:00:00Z", "a;2014-01-01T10:00:00Z")
    states = read_states(make_study(tmp_path, events="log.csv"))
    write_states(states, tmp_path / "states.parquet")
    assert [str(note) for note in load_states(tmp_path / "states.parquet").notes] == [
        "log.csv is read as separated by semicolon",
        "1 event after 2013-12-31 is left out",
    ]


def test_says_what_keeps_states_from_being_merged(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "a,2013-12-31T10:00:00Z")
    here, there = (read_states(make_study(tmp_path, events="log.csv", timezone=zone)) for zone in ("UTC", ZONE))
    with pytest.raises(SpecError) as caught:
        merge_states(here, there)
    assert str(caught.value) == (
        "merge_states: timezone differs: UTC and Europe/Paris. Read all days with the same study."
    )


def test_rows_without_an_account_are_refused(tmp_path: Path):
    times = pa.array([datetime(2013, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"account": ["a", None], "time": times}), tmp_path / "log.parquet")
    with pytest.raises(StudyError) as caught:
        read_states(make_study(tmp_path, events="log.parquet"))
    assert str(caught.value).startswith("log.parquet, row 2, column 'account': 1 of 2 rows are blank.")
