"""Tests of whose clock times without an offset are: logs and tables of every kind, hours that clocks skip or repeat."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from churn.days.zones import SECOND, wall_offsets
from churn.network.messages import read_messages
from churn.usage.accounts import read_accounts
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from churn.usage.states import read_states
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_events, write_lines

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
ASKED = (
    "{place}: times written without an offset: {n}, and nobody says whose clock they are. Say clock = 'study', "
    "'UTC' or the name of a zone under [usage] in study.toml."
)
# The first minutes of a month and the last of it, in Paris: in UTC the first lie in the month before.
LOCAL = [("a", "2013-02-01 00:20:00"), ("a", "2013-02-28 23:50:00"), ("b", "2013-07-01 00:40:00")]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stored(kind: str, folder: Path, rows: list[tuple[str, str]] = LOCAL) -> dict[str, Any]:
    """The same local times in a file of a kind."""
    if kind == "csv":
        write_lines(folder / "log.csv", "account,time", *(f"{account},{time}" for account, time in rows))
    elif kind == "jsonl":
        lines = [f'{{"account": "{account}", "time": "{time.replace(" ", "T")}"}}' for account, time in rows]
        write_lines(folder / "log.jsonl", *lines)
    elif kind == "format":
        written = [datetime.fromisoformat(time).strftime("%d/%m/%Y %H:%M:%S") for _, time in rows]
        write_lines(folder / "log.csv", "account,time", *(f"{rows[i][0]},{text}" for i, text in enumerate(written)))
        return {"events": "log.csv", "time_format": "%d/%m/%Y %H:%M:%S"}
    else:
        times = [(account, datetime.fromisoformat(time)) for account, time in rows]
        write_events(folder / "log.parquet", times, pa.timestamp("us"))
    return {"events": f"log.{kind}"}


def instants(activity: Activity) -> list[str]:
    return [str(EPOCH + timedelta(microseconds=int(tick)))[:16] for tick in (*activity.first, *activity.last)]


KINDS = ("csv", "jsonl", "format", "parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_whose_clock_times_without_an_offset_are_is_asked(kind: str, tmp_path: Path):
    given = stored(kind, tmp_path)
    with pytest.raises(StudyError) as error:
        read_activity(make_study(tmp_path, timezone=PARIS, **given))
    assert str(error.value) == ASKED.format(place=f"{given['events']}, column 'time'", n=3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_clock_of_the_study_keeps_local_days(kind: str, tmp_path: Path):
    activity = read_activity(make_study(tmp_path, timezone=PARIS, clock="study", **stored(kind, tmp_path)))
    first, last = [date(2013, 2, 1), date(2013, 7, 1)], [date(2013, 2, 28), date(2013, 7, 1)]
    epoch = date(1970, 1, 1)
    assert activity.first_day.tolist() == [(day - epoch).days for day in first]
    assert activity.last_day.tolist() == [(day - epoch).days for day in last]
    assert instants(activity) == ["2013-01-31 23:20", "2013-06-30 22:40", "2013-02-28 22:50", "2013-06-30 22:40"]
    told = "times written without an offset are read on the clock of Europe/Paris: 3"
    assert told in map(str, activity.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_another_clock_than_that_of_the_study(kind: str, tmp_path: Path):
    given = stored(kind, tmp_path)
    utc = read_activity(make_study(tmp_path, timezone=PARIS, clock="UTC", **given))
    assert instants(utc)[0] == "2013-02-01 00:20"
    there = read_activity(make_study(tmp_path, timezone=PARIS, clock=NEW_YORK, **given))
    assert instants(there)[:2] == ["2013-02-01 05:20", "2013-07-01 04:40"]
    plain = read_activity(make_study(tmp_path, timezone="UTC", clock=NEW_YORK, **given))
    assert instants(plain) == instants(there)


def test_nothing_is_asked_where_no_clock_is_needed(tmp_path: Path):
    assert read_activity(make_study(tmp_path, timezone="UTC", **stored("csv", tmp_path))).notes == ()
    write_events(tmp_path / "zoned.parquet", [("a", datetime(2013, 4, 5, tzinfo=UTC))], pa.timestamp("us", tz="UTC"))
    write_lines(tmp_path / "dates.csv", "account,time", "a,2013-04-05")
    write_lines(tmp_path / "seconds.csv", "account,time", "a,1365120000")
    for offset in ("Z", "+02:00", "-0530", "+09", " UTC"):
        write_lines(tmp_path / "offsets.csv", "account,time", f"a,2013-04-05T10:00:00{offset}")
        assert read_activity(make_study(tmp_path, timezone=PARIS, events="offsets.csv")).n_events == 1, offset
    for events, more in (("zoned.parquet", {}), ("dates.csv", {}), ("seconds.csv", {"time_unit": "s"})):
        assert read_activity(make_study(tmp_path, timezone=PARIS, events=events, **more)).n_events == 1


def test_times_with_an_offset_stay_where_they_are_beside_others(tmp_path: Path):
    lines = ["a,2013-02-01T00:20:00", "b,2013-02-01T00:20:00Z", "c,2013-02-01T00:20:00-05:00"]
    write_lines(tmp_path / "log.csv", "account,time", *lines)
    with pytest.raises(StudyError, match=r"column 'time': times written without an offset: 1,"):
        read_activity(make_study(tmp_path, timezone=PARIS, events="log.csv"))
    activity = read_activity(make_study(tmp_path, timezone=PARIS, events="log.csv", clock="study"))
    assert instants(activity)[:3] == ["2013-01-31 23:20", "2013-02-01 00:20", "2013-02-01 05:20"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_hours_that_clocks_skip_or_repeat_follow_a_rule_that_is_told(kind: str, tmp_path: Path):
    rows = [("a", "2013-03-31 02:30:00"), ("b", "2013-10-27 02:30:00"), ("c", "2013-10-27 03:00:00")]
    activity = read_activity(make_study(tmp_path, timezone=PARIS, clock="study", **stored(kind, tmp_path, rows)))
    assert instants(activity)[:3] == ["2013-03-31 01:30", "2013-10-27 00:30", "2013-10-27 02:00"]
    assert str(activity.notes[1]).startswith("of times that the clocks of Europe/Paris skip, ")


def test_the_rule_is_that_of_the_first_of_two_times_in_every_zone():
    rng = np.random.default_rng(5)
    for zone in (PARIS, NEW_YORK, "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"):
        walls = np.sort(rng.integers(1_350_000_000, 1_400_000_000, 4000)) * SECOND
        found = wall_offsets(zone, int(walls[0]), int(walls[-1])).instants(walls)
        for wall, instant in zip(walls[::10], found[::10], strict=True):
            shown = (EPOCH + timedelta(microseconds=int(wall))).replace(tzinfo=ZoneInfo(zone), fold=0)
            assert int(instant) == (shown.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def test_tables_of_accounts_ask_and_keep_the_clock(tmp_path: Path):
    lines = ["a,2013-02-01 00:20:00,2013-02-28 23:50:00", "b,2013-07-01 00:40:00,2013-07-09 00:10:00"]
    write_lines(tmp_path / "accounts.csv", "account,opened,seen", *lines)
    given = {"accounts": "accounts.csv", "signup": "opened", "last_seen": "seen", "timezone": PARIS}
    with pytest.raises(StudyError) as error:
        read_accounts(make_study(tmp_path, silent_end=True, **given))
    assert str(error.value).splitlines() == [
        ASKED.format(place=f"accounts.csv, column '{name}'", n=2) for name in ("opened", "seen")
    ]
    found = read_accounts(make_study(tmp_path, silent_end=True, clock="study", **given))
    shown = [str(EPOCH + timedelta(microseconds=int(tick)))[:16] for tick in found.signup]
    assert shown == ["2013-01-31 23:20", "2013-06-30 22:40"]
    assert "times written without an offset are read on the clock of Europe/Paris: 4" in str(found.notes[0])


def test_states_and_messages_are_on_the_same_clock(tmp_path: Path):
    rows = ["a,2013-02-01 00:20:00,b", "b,2013-02-01 00:50:00,a"]
    write_lines(tmp_path / "log.csv", "account,time,recipient", *rows)
    study = make_study(tmp_path, timezone=PARIS, clock="study", events="log.csv", recipient="recipient")
    assert instants(read_states(study).to_activity())[0] == "2013-01-31 23:20"
    assert read_messages(study).n_answers == 1


def test_an_unknown_clock_is_refused(tmp_path: Path):
    with pytest.raises(ValidationError, match="expected 'study', 'UTC' or the name of a time zone"):
        make_study(tmp_path, events="log.csv", clock="Paris")
