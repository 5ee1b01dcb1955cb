from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.days.bitmaps import BITS
from churn.days.zones import EPOCH, day_number
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import DropoutRule, measure_tenures
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.errors import StudyError
from tests.churn.logs import make_study
from tests.churn.servers import PASSWORD, postgres_server, spark_session

SHOWN = {
    "spark": "the log.parquet at spark://local[2]",
    "postgresql": "public.events at postgresql://churn@/postgres",
}
ENGINES = ("duckdb", "postgresql", "spark")
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
)
MICROSECOND = timedelta(microseconds=1)
ACCOUNTS = ("a", "B", "Z", "b", "é", "e", "É", "ab", "a b", "10", "9", "Ω", "𝔸", "_")  # orders differ by collation
GROUPS = ("web", "Web", "phone", "", None)
AS_OF = date(2013, 12, 31)
DAYS = [(1969, 12, 30), (1970, 1, 1), (1987, 3, 22), (2013, 3, 31), (2013, 4, 7), (2013, 10, 20), (2013, 12, 31)]

Row = tuple[str, datetime, str | None]


def changes(zone: str) -> list[datetime]:
    """Hours of a year at which the clock changes."""
    hours = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(365 * 48)]
    local = ZoneInfo(zone)
    offsets = [hour.astimezone(local).utcoffset() for hour in hours]
    return [hours[i] for i in range(1, len(hours)) if offsets[i] != offsets[i - 1]]


def hard_instants() -> list[datetime]:
    """Midnights of every zone, last microseconds of days, both sides of changes of the clock, half seconds."""
    moments = [datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in ZONES for day in DAYS]
    moments += [change for zone in ZONES for change in changes(zone)]
    steps = (-500_000, -1, 0, 1)
    return [moment + step * MICROSECOND for moment in moments for step in steps]


def make_rows() -> list[Row]:
    rng = np.random.default_rng(11)
    start = datetime(1968, 1, 1, tzinfo=UTC)
    spread = [start + timedelta(microseconds=int(x)) for x in rng.integers(0, 46 * 365 * 86_400_000_000, 600)]
    dense = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(seconds=int(x)) for x in rng.integers(0, 367 * 86_400, 600)]
    times = hard_instants() + spread + dense
    accounts, groups = rng.choice(len(ACCOUNTS), len(times)), rng.choice(len(GROUPS), len(times))
    rows = [(ACCOUNTS[a], time, GROUPS[g]) for a, time, g in zip(accounts, times, groups, strict=True)]
    opening = {account: min(time for other, time, _ in rows if other == account) for account in ACCOUNTS}
    ties = [(account, time, group) for account, time in opening.items() for group in rng.permutation(GROUPS)[:3]]
    return rows + ties


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return make_rows()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        before = os.environ.get("PGPASSWORD")
        os.environ["PGPASSWORD"] = PASSWORD
        yield address
        os.environ.pop("PGPASSWORD") if before is None else os.environ.update(PGPASSWORD=before)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session() as session:
        yield session


def load(address: str, name: str, table: pa.Table, kinds: dict[str, str]) -> None:
    """Copy rows into a new table of the server."""
    import psycopg

    with psycopg.connect(address) as connection:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
        connection.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row in table.to_pylist():
                copy.write_row(list(row.values()))


class Place:
    """Where one log lies for one engine."""

    def __init__(self, engine: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self.engine, self.folder = engine, folder
        if engine == "postgresql":
            self.address = request.getfixturevalue("server")
        elif engine == "spark":
            request.getfixturevalue("spark")

    def put(self, table: pa.Table, kinds: dict[str, str]) -> dict[str, str]:
        """Put a log there, and say what the study file says of it."""
        pq.write_table(table, self.folder / "the log.parquet")
        if self.engine == "duckdb":
            return {"events": "the log.parquet"}
        if self.engine == "spark":
            return {"events": "spark://local[2]", "table": "the log.parquet"}
        load(self.address, "events", table, kinds)
        return {"events": self.address, "table": "public.events"}


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path, request)


def plain(rows: list[Row], zone: str) -> dict[str, list[Any]]:
    """The reduction written out: calendars row by row, Python's whole numbers."""
    local = ZoneInfo(zone)
    kept: dict[str, list[tuple[int, int, str | None]]] = defaultdict(list)
    for account, time, group in rows:
        day = day_number(time.astimezone(local).date())
        if day <= day_number(AS_OF):
            kept[account].append(((time - EPOCH) // MICROSECOND, day, group or None))
    accounts = sorted(kept)
    found: dict[str, list[Any]] = {"account": accounts}
    found["n_events"] = [len(kept[a]) for a in accounts]
    found["first"] = [min(tick for tick, _, _ in kept[a]) for a in accounts]
    found["last"] = [max(tick for tick, _, _ in kept[a]) for a in accounts]
    found["days"] = [sorted({day for _, day, _ in kept[a]}) for a in accounts]
    found["group"] = [min(kept[a], key=lambda row: (row[0], row[2] is None, row[2] or ""))[2] for a in accounts]
    found["several"] = [sum(len({group for _, _, group in kept[a] if group}) > 1 for a in accounts)]
    found["late"] = [len(rows) - sum(found["n_events"])]
    return found


def days_of(activity: Activity) -> list[list[int]]:
    bits = np.unpackbits(np.ascontiguousarray(activity.words).view(np.uint8), axis=1, bitorder="little")
    used = bits.reshape(activity.n_accounts, -1, 64)[:, :, :BITS].reshape(activity.n_accounts, -1)
    return [(activity.origin + np.flatnonzero(row)).tolist() for row in used]


def told(activity: Activity) -> dict[str, list[Any]]:
    group = activity.attributes["device"].astype(object)
    notes = {note.message: note.values["n"] for note in activity.notes}
    return {
        "account": activity.accounts["account"].tolist(),
        "n_events": activity.n_events_of.tolist(),
        "first": activity.first.tolist(),
        "last": activity.last.tolist(),
        "days": days_of(activity),
        "group": group.where(group.notna(), None).tolist(),
        "several": [notes["{n} accounts have several values of {group}; the one at their first event counts"]],
        "late": [notes["{n} events after {day} are left out"]],
    }


def test_every_engine_agrees_with_a_plain_reduction_row_for_row(place: Place, rows: list[Row]):
    accounts, times, groups = zip(*rows, strict=True)
    stamp = pa.timestamp("us", tz="UTC")
    table = pa.table({"account": accounts, "time": pa.array(times, stamp), "device": pa.array(groups, pa.string())})
    collated = 'text COLLATE "und-x-icu"'
    where = place.put(table, {"account": collated, "time": "timestamptz", "device": collated})
    for zone in ZONES:
        activity = read_activity(make_study(place.folder, timezone=zone, group=["device"], **where))
        assert told(activity) == plain(rows, zone), zone
        assert activity.first_day.tolist() == [days[0] for days in told(activity)["days"]]
        assert activity.last_day.tolist() == [days[-1] for days in told(activity)["days"]]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Lord_Howe"])
def test_count_tables_are_the_same_on_every_engine(
    zone: str, rows: list[Row], tmp_path: Path, request: pytest.FixtureRequest
):
    accounts, times, groups = zip(*rows, strict=True)
    numbers = [ACCOUNTS.index(account) for account in accounts]
    # Without a zone, and with numbers for accounts.
    naive = pa.array([time.replace(tzinfo=None) for time in times], pa.timestamp("us"))
    table = pa.table({"account": numbers, "time": naive, "device": pa.array(groups, pa.string())})
    kinds = {"account": "bigint", "time": "timestamp", "device": "text"}
    found = []
    for engine in ENGINES:
        place = Place(engine, tmp_path, request)
        where = place.put(table, kinds)
        activity = read_activity(make_study(tmp_path, timezone=zone, clock="UTC", group=["device"], **where))
        found.append(count_tenures(measure_tenures(activity, DropoutRule("inactive", 30))).to_frame())
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


@pytest.mark.parametrize("clock", ["local", "elapsed"])
def test_dates_and_numbers_are_read_alike(clock: Any, place: Place):
    days = [date(1969, 12, 31), date(1991, 1, 1), date(2013, 12, 31), date(2013, 4, 5)]
    seconds = [(day - EPOCH.date()).days * 86_400 + 86_399 for day in days]
    table = pa.table({"account": [1, 1, 2, 2], "day": pa.array(days, pa.date32()), "second": seconds})
    where = place.put(table, {"account": "int", "day": "date", "second": "bigint"})
    by_date = read_activity(make_study(place.folder, time="day", timezone="Asia/Tokyo", **where), clock=clock)
    by_second = read_activity(make_study(place.folder, time="second", time_unit="s", **where), clock=clock)
    assert (by_date.grain, by_second.grain) == ("day", "instant")
    assert by_second.first.tolist() == [-1_000_000, 1_365_206_399_000_000]
    assert by_date.first_day.tolist() == by_second.first_day.tolist() == [-1, day_number(date(2013, 4, 5))]
    assert days_of(by_date) == days_of(by_second)


def test_times_without_an_offset_are_on_the_clock_of_the_study(place: Place):
    walls = [datetime(2013, 2, 1, 0, 20), datetime(2013, 3, 31, 2, 30), datetime(2013, 10, 27, 2, 30)]
    table = pa.table({"account": [1, 2, 3], "time": pa.array(walls, pa.timestamp("us"))})
    where = place.put(table, {"account": "int", "time": "timestamp"})
    with pytest.raises(StudyError, match="column 'time': times written without an offset: 3,"):
        read_activity(make_study(place.folder, timezone="Europe/Paris", **where))
    activity = read_activity(make_study(place.folder, timezone="Europe/Paris", clock="study", **where))
    shown = [EPOCH + timedelta(microseconds=int(tick)) for tick in activity.first]
    assert [str(time)[:16] for time in shown] == ["2013-01-31 23:20", "2013-03-31 01:30", "2013-10-27 00:30"]
    assert days_of(activity) == [[15737], [15795], [16005]]


def message(place: Place, where: dict[str, str], **usage: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(place.folder, **(where | usage)))
    return str(caught.value).splitlines()


def test_bad_rows_are_counted_wherever_they_are(place: Place):
    stamps = pa.array([datetime(2013, 1, 1), None, datetime(2013, 1, 2)], pa.timestamp("us", tz="UTC"))
    where = place.put(
        pa.table({"account": ["a", "b", None], "time": stamps}), {"account": "text", "time": "timestamptz"}
    )
    rows = [f"the log.parquet, row {row}" for row in (3, 2)]
    account, time = [SHOWN[place.engine]] * 2 if place.engine in SHOWN else rows
    assert message(place, where) == [
        f"{account}, column 'account': 1 of 3 rows are blank. Fill in the account, or delete these rows from the log.",
        f"{time}, column 'time': 1 of 3 rows are blank. Fill in the time, or delete these rows from the log.",
    ]


@pytest.mark.parametrize("place", ["postgresql", "spark"], indirect=True)
def test_text_is_not_taken_for_a_time_in_a_database(place: Place):
    where = place.put(pa.table({"account": ["a"], "time": ["2013-01-01"]}), {"account": "text", "time": "text"})
    assert message(place, where) == [
        f"{SHOWN[place.engine]}, column 'time': holds text, expected dates and times, which a database has types for. "
        "Name a view in which it is cast, or numbers and time_unit in study.toml."
    ]
    assert message(place, where, account="acount")[0].endswith("Did you mean 'account'?")


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
class TestPostgres:
    table = pa.table({"account": ["a"], "time": [datetime(2013, 1, 1, tzinfo=UTC)]})

    def put(self, place: Place) -> dict[str, str]:
        return place.put(self.table, {"account": "text", "time": "timestamptz"})

    def test_says_which_table_was_meant(self, place: Place):
        where = self.put(place)
        assert message(place, where, table="event") == [
            "postgresql://churn@/postgres: no table 'event'. Did you mean 'events'?"
        ]

    def test_says_where_the_password_goes_and_never_what_it_is(self, place: Place, monkeypatch: pytest.MonkeyPatch):
        where = self.put(place)
        for password in (None, "wrong and secret"):
            monkeypatch.delenv("PGPASSWORD") if password is None else monkeypatch.setenv("PGPASSWORD", password)
            (line,) = message(place, where)
            assert line.startswith("postgresql://churn@/postgres: no connection (")
            assert line.endswith("Put the password into PGPASSWORD or ~/.pgpass.")
            assert "secret" not in line

    def test_endless_times_are_counted(self, place: Place):
        where = self.put(place)
        import psycopg

        with psycopg.connect(place.address) as connection:
            connection.execute("INSERT INTO events VALUES ('b', 'infinity'), ('c', '-infinity')")
        (line,) = message(place, where)
        assert "2 of 3 rows cannot be read as a time" in line

    def test_a_study_builds_and_its_manifest_tells_what_the_log_held(self, place: Place, rows: list[Row]):
        from reports.build.build import build_report

        accounts, times, _ = zip(*rows, strict=True)
        table = pa.table({"account": accounts, "time": pa.array(times, pa.timestamp("us", tz="UTC"))})
        where = place.put(table, {"account": "text", "time": "timestamptz"})
        lines = ["[study]", 'title = "A log in a database"', "as_of = 2013-12-31", "[usage]"]
        lines += ['account = "account"', 'time = "time"', *(f'{key} = "{value}"' for key, value in where.items())]
        (place.folder / "study.toml").write_text("\n".join(lines))
        target = place.folder / "report"
        assert build_report(place.folder, target, languages=["en"], formats=["html"]).changed
        assert not build_report(place.folder, target, languages=["en"], formats=["html"]).changed
        inputs = json.loads((target / "manifest.json").read_text())["inputs"]
        first, last = min(times).isoformat(), max(times).isoformat()
        name = "public.events at postgresql://churn@/postgres"
        assert inputs[name] == f"{len(rows)} rows, {first} to {last}"
        assert not any(PASSWORD in file.read_text(errors="ignore") for file in target.rglob("*") if file.is_file())

    def test_nothing_is_written(self, place: Place):
        from churn.engine.postgresql_engine import PostgresEngine
        from churn.engine.sources import shown_address

        where = self.put(place)
        engine = PostgresEngine(where["events"])
        with pytest.raises(Exception, match="read-only transaction"):
            engine._connection.execute("CREATE TABLE other (x int)")
        engine.close()
        assert shown_address(where["events"]) == "postgresql://churn@/postgres"


def test_says_that_no_server_answers(tmp_path: Path):
    pytest.importorskip("psycopg")
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(tmp_path, events=f"postgresql://ana@/stats?host={tmp_path}", table="events"))
    line = str(caught.value)
    assert line.startswith("postgresql://ana@/stats: no connection (")
    assert line.endswith(". Check events and table in study.toml, and that the server runs.")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("events", "table", "expected"),
    [
        ("postgresql://ana:secret@host/stats", "log", "events holds a password; put it into PGPASSWORD or ~/.pgpass"),
        ("postgresql://host/stats?password=secret", "log", "events holds a password"),
        ("postgresql://ana@host/stats", None, "expected table, which names the log at the address under events"),
        ("mysql://ana:secret@host/stats", "log", "events holds a password"),
        ("log.csv", "log", "table goes with the address of a database or of Spark under events"),
    ],
)
def test_addresses_are_checked_with_the_study(events: str, table: str | None, expected: str, tmp_path: Path):
    from surveys.study.file import read_study

    lines = ["[study]", 'title = "x"', "as_of = 2013-12-31", "[usage]", 'account = "a"', 'time = "t"']
    lines += [f'events = "{events}"', *([] if table is None else [f'table = "{table}"'])]
    (tmp_path / "study.toml").write_text("\n".join(lines))
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)
