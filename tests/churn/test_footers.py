from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.days.zones import DAY, zone_offsets
from churn.engine import _footers
from churn.engine._footers import read_footers
from churn.engine.event_log import EventLog
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_events

STAMP = pa.timestamp("us", tz="UTC")


def make_log(folder: Path, *, order: str, kind: pa.DataType = STAMP, rows: int = 4_000) -> Path:
    """A year and a half of events in row groups of 200, in the order of time or not."""
    rng = np.random.default_rng(2)
    times = rng.integers(1_356_998_400_000_000, 1_388_534_400_000_000, rows)
    times = np.sort(times) if order == "time" else times
    accounts, devices = rng.integers(0, 60, rows), np.array(["web", "phone"])[rng.integers(0, 2, rows)]
    stored = pa.array(times, pa.timestamp("us", tz="UTC")).cast(kind, safe=False)
    path = folder / f"{order}.parquet"
    pq.write_table(pa.table({"account": accounts, "time": stored, "device": devices}), path, row_group_size=200)
    return path


def read(folder: Path, path: Path, **options: object) -> Activity:
    return read_activity(
        make_study(folder, events=path.name, timezone="Europe/Paris", clock="UTC", group=["device"], **options)
    )


@pytest.mark.parametrize("kind", [STAMP, pa.timestamp("us"), pa.timestamp("ms", tz="Asia/Tokyo"), pa.timestamp("ns")])
def test_a_log_cut_where_words_end_gives_the_same(kind: pa.DataType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = make_log(tmp_path, order="time", kind=kind)
    whole = read(tmp_path, path)
    monkeypatch.setattr(_footers, "FEWEST_ROWS", 0)
    found = read_footers([path], "time")
    assert found is not None
    assert len(found.cuts(15_706, zone_offsets("Europe/Paris", found.first, found.last), 6)) == 6
    cut = read(tmp_path, path)
    pd.testing.assert_frame_equal(cut.to_frame(), whole.to_frame())
    assert (cut.words == whole.words).all()
    assert [str(note) for note in cut.notes] == [str(note) for note in whole.notes]


def test_a_log_in_no_order_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_footers, "FEWEST_ROWS", 0)
    found = read_footers([make_log(tmp_path, order="none")], "time")
    assert found is not None
    assert found.cuts(15_706, zone_offsets("UTC", found.first, found.last), 6) == []


def test_footers_tell_the_span_and_no_reading_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = make_log(tmp_path, order="time")
    expected = read(tmp_path, path)
    monkeypatch.setattr(EventLog, "profile", None)
    assert read(tmp_path, path).summary() == expected.summary()


def test_late_events_are_counted_from_the_row_groups_that_reach_beyond_the_window(tmp_path: Path):
    path = make_log(tmp_path, order="time")
    times = pq.read_table(path)["time"].to_numpy()
    late = int((times >= np.datetime64("2013-05-31T22:00")).sum())
    activity = read(tmp_path, path, as_of=date(2013, 5, 31))
    assert [str(note) for note in activity.notes][-2:][0] == f"{late} events after 2013-05-31 are left out"
    assert activity.n_events == len(times) - late


def test_a_missing_account_is_found_though_footers_do_not_tell(tmp_path: Path):
    stamps = [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    write_events(tmp_path / "log.parquet", [("a", stamps[0]), ("", stamps[1]), (None, stamps[2])], STAMP)
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(tmp_path, events="log.parquet"))
    assert str(caught.value) == (
        "log.parquet, rows 2 and 3, column 'account': 2 of 3 rows are blank. "
        "Fill in the account, or delete these rows from the log."
    )


def test_footers_that_do_not_tell_are_not_used(tmp_path: Path):
    path = make_log(tmp_path, order="time")
    pq.write_table(pq.read_table(path), tmp_path / "bare.parquet", write_statistics=False)
    pq.write_table(pq.read_table(path), tmp_path / "old.parquet", use_deprecated_int96_timestamps=True)
    assert read_footers([path, tmp_path / "bare.parquet"], "time") is None
    assert read_footers([tmp_path / "old.parquet"], "time") is None
    for name in ("bare", "old"):
        assert read(tmp_path, tmp_path / f"{name}.parquet").summary() == read(tmp_path, path).summary()


def test_the_span_of_nanoseconds_is_rounded_outwards(tmp_path: Path):
    for tick, low, high in ((-1_500, -2, -1), (1_500, 1, 2)):
        write_events(tmp_path / "log.parquet", [("a", tick)], pa.timestamp("ns"))
        found = read_footers([tmp_path / "log.parquet"], "time")
        assert found is not None
        assert (found.first, found.last) == (low, high)
        assert found.last < DAY
