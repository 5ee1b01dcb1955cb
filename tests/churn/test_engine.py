from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churn.days.bitmaps import BITS
from churn.days.zones import EPOCH, day_number
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from tests.churn.logs import make_study, write_events, write_lines

MICROSECOND = timedelta(microseconds=1)


def hard_instants(zone: str) -> list[datetime]:
    """Local midnights, last microseconds of days, instants before 1970 and around changes of the clock."""
    local = ZoneInfo(zone)
    midnights = [datetime(*day, tzinfo=local) for day in ((1969, 12, 30), (1970, 1, 1), (2013, 3, 31), (2013, 10, 27))]
    edges = [
        start.astimezone(UTC) + step for start in midnights for step in (-MICROSECOND, 0 * MICROSECOND, MICROSECOND)
    ]
    changes = [datetime(2013, 3, 31, 1, tzinfo=UTC), datetime(2013, 10, 27, 1, tzinfo=UTC)]
    return edges + [change + step for change in changes for step in (-MICROSECOND, 0 * MICROSECOND)]


def make_rows(zone: str) -> list[tuple[int, datetime]]:
    rng = np.random.default_rng(3)
    start = datetime(2013, 1, 1, tzinfo=UTC)
    drawn = [start + timedelta(microseconds=int(x)) for x in rng.integers(0, 364 * 86_400_000_000, 400)]
    # A year between 1970 and 2013: years far from all others are refused.
    times = [*hard_instants(zone), datetime(1991, 6, 1, tzinfo=UTC), *drawn]
    return [(int(account), time) for account, time in zip(rng.integers(0, 40, len(times)), times, strict=True)]


def active_days(activity: Activity) -> dict[int, set[int]]:
    found = {}
    for account, words in zip(activity.accounts["account"], activity.words, strict=True):
        bits = [(j, k) for j, word in enumerate(words) for k in range(BITS) if int(word) >> k & 1]
        found[account] = {activity.origin + BITS * j + k for j, k in bits}
    return found


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"])
def test_the_engine_agrees_with_a_plain_reduction_row_for_row(zone: str, tmp_path: Path):
    rows = make_rows(zone)
    write_events(tmp_path / "log.parquet", rows, pa.timestamp("us", tz="UTC"))
    activity = read_activity(make_study(tmp_path, events="log.parquet", timezone=zone))
    instants, days = defaultdict(list), defaultdict(set)
    for account, time in rows:
        instants[account].append((time - EPOCH) // MICROSECOND)
        days[account].add(day_number(time.astimezone(ZoneInfo(zone)).date()))
    accounts = sorted(instants)
    assert activity.accounts["account"].tolist() == accounts
    assert activity.n_events_of.tolist() == [len(instants[a]) for a in accounts]
    assert activity.first.tolist() == [min(instants[a]) for a in accounts]
    assert activity.last.tolist() == [max(instants[a]) for a in accounts]
    assert activity.first_day.tolist() == [min(days[a]) for a in accounts]
    assert activity.last_day.tolist() == [max(days[a]) for a in accounts]
    assert active_days(activity) == days


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_timestamps_of_any_precision_are_the_same_instants(unit: str, zone: str | None, tmp_path: Path):
    time = datetime(2013, 4, 5, 22, 30, tzinfo=UTC)
    stored = pa.array([time.replace(tzinfo=None)], pa.timestamp("us")).cast(pa.timestamp(unit))
    typed = stored if zone is None else stored.cast(pa.timestamp(unit, tz=zone))
    write_events(tmp_path / "log.parquet", [("a", typed[0].value)], typed.type)
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    assert activity.first.tolist() == [(time - EPOCH) // MICROSECOND]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("2013-04-05T22:30:00Z", {}),
        ("2013-04-05 22:30:00", {}),
        ("2013-04-05T22:30", {}),
        ("2013-04-06T00:30:00+02:00", {}),
        (" 2013-04-05 18:30:00.000-04 ", {}),
        ("05/04/2013 22h30", {"time_format": "%d/%m/%Y %Hh%M"}),
        ("05/04/2013 23:30 +0100", {"time_format": "%d/%m/%Y %H:%M %z"}),
        ("1365201000", {"time_unit": "s"}),
        ("1365201000.0", {"time_unit": "s"}),
        ("1365201000000", {"time_unit": "ms"}),
        ("1365201000000000", {"time_unit": "us"}),
    ],
)
def test_text_is_read_as_the_study_says(text: str, options: dict[str, str], tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", f"007,{text}")
    activity = read_activity(make_study(tmp_path, events="log.csv", timezone="Europe/Paris", clock="UTC", **options))
    assert EPOCH + timedelta(microseconds=int(activity.first[0])) == datetime(2013, 4, 5, 22, 30, tzinfo=UTC)
    assert activity.first_day.tolist() == [day_number(date(2013, 4, 6))]
    assert activity.accounts["account"].tolist() == ["007"]


@pytest.mark.parametrize(
    ("text", "options"),
    [("2013-04-05", {}), ("20130405", {"time_format": "%Y%m%d"}), ("15800", {"time_unit": "day"})],
)
def test_a_date_is_a_local_day(text: str, options: dict[str, str], tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", f"a,{text}")
    activity = read_activity(make_study(tmp_path, events="log.csv", timezone="America/New_York", **options))
    assert activity.grain == "day"
    assert activity.first_day.tolist() == [day_number(date(2013, 4, 5))]
    assert EPOCH + timedelta(microseconds=int(activity.first[0])) == datetime(2013, 4, 5, 4, tzinfo=UTC)


def test_dates_of_parquet_are_local_days(tmp_path: Path):
    days = [date(2013, 4, 5), date(1991, 4, 5), date(1969, 4, 5)]
    write_events(tmp_path / "log.parquet", [("a", day) for day in days], pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet", timezone="Asia/Tokyo"))
    assert (activity.first_day[0], activity.last_day[0]) == (day_number(date(1969, 4, 5)), day_number(date(2013, 4, 5)))


def test_json_lines_give_the_same_as_csv(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "01,2013-04-05T10:00:00Z", "01,2013-05-05T10:00:00Z")
    lines = [f'{{"time": "2013-0{month}-05T10:00:00Z", "other": [1], "account": "01"}}' for month in (4, 5)]
    write_lines(tmp_path / "log.jsonl", *lines)
    csv, json = (read_activity(make_study(tmp_path, events=name)) for name in ("log.csv", "log.jsonl"))
    pd.testing.assert_frame_equal(csv.to_frame(), json.to_frame())


def test_several_files_are_one_log_and_several_columns_one_account(tmp_path: Path):
    for i in (1, 2):
        write_lines(tmp_path / f"log{i}.csv", "site,id,time", f"a,{i},2013-04-05 10:00", "b,1,2013-04-06 10:00")
    activity = read_activity(make_study(tmp_path, events="log*.csv", account=["site", "id"]))
    assert activity.accounts.to_numpy().tolist() == [["a", "1"], ["a", "2"], ["b", "1"]]
    assert activity.n_events_of.tolist() == [1, 1, 2]


def test_groups_are_those_of_the_first_event_and_changes_are_counted(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time,device",
        "a,2013-06-01 10:00,web",
        "a,2013-04-01 10:00,phone",
        "b,2013-04-01 10:00,web",
        "c,2013-04-01 10:00,",
    )
    activity = read_activity(make_study(tmp_path, events="log.csv", group=["device"]))
    assert activity.attributes["device"].astype(object).where(lambda x: x.notna(), None).tolist() == [
        "phone",
        "web",
        None,
    ]
    assert [str(note) for note in activity.notes] == [
        "1 account has several values of device; the one at its first event counts"
    ]


def test_more_memory_is_taken_where_the_disk_is_no_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from ibis.backends.duckdb import Backend

    write_events(tmp_path / "log.parquet", make_rows("UTC"), pa.timestamp("us", tz="UTC"))
    limits = []
    fetch = Backend.to_pyarrow

    def short_of_memory(backend: Backend, expression: Any) -> pa.Table:
        (limit,) = backend.raw_sql("SELECT current_setting('memory_limit')").fetchone()
        limits.append(limit)
        if len(limits) == 1:
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate")
        return fetch(backend, expression)

    monkeypatch.setattr(Backend, "to_pyarrow", short_of_memory)
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    assert activity.n_events == len(make_rows("UTC"))
    assert limits[:2] == ["572.2 MiB", "3.7 GiB"]


def test_a_log_of_a_century_is_reduced_like_one_of_a_year(tmp_path: Path):
    rows = [("a", date(1930, 1, 1)), ("a", date(2013, 1, 1)), ("b", date(1980, 2, 29))]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    assert {account: len(days) for account, days in active_days(activity).items()} == {"a": 2, "b": 1}
