"""A log of events, reduced to what is known of each account: one Ibis expression for every engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.days.bitmaps import BITS
from churn.days.zones import DAY, UTC_NAMES, ZoneOffsets, wall_offsets
from churn.engine._footers import Footers, read_footers
from churn.engine.base import Engine, any_bit
from churn.engine.clocks import clock_notes, clock_problem
from churn.engine.partials import Merged, by_account, merge
from churn.engine.sources import Source
from churn.engine.times import TimeColumn, Times, time_sample
from surveys.core.errors import StudyError
from surveys.core.results import Note

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 3
POWERS = [1 << i for i in range(BITS)]

Fault = Literal["account", "time", "unreadable"]
Clock = Literal["local", "elapsed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    What a log holds before it is reduced.

    Attributes
    ----------
    n_rows, n_without_account, n_without_time, n_unreadable : int
        Rows; those with a blank account or time; those whose time cannot be read.
    n_late : int
        Rows at or after the end of the window.
    first, last : int or None
        First and last time before the end, in microseconds or days since 1970; None without any.
    latest : int or None
        Last time of all, as `last`.
    """

    n_rows: int
    n_without_account: int
    n_without_time: int
    n_unreadable: int
    n_late: int
    first: int | None
    last: int | None
    latest: int | None


class EventLog:
    """
    A log of events, opened on an engine.

    Parameters
    ----------
    engine : Engine
        Where it runs.
    source : Source
        Files of the log, or its table.
    account : tuple of str
        Columns that name the account together.
    time : TimeColumn
        When each event happened.
    groups : tuple of str
        Columns that describe the account.
    """

    def __init__(
        self, engine: Engine, source: Source, *, account: tuple[str, ...], time: TimeColumn, groups: tuple[str, ...]
    ) -> None:
        self._engine, self._source = engine, source
        self._account, self._groups, self._time = account, groups, time
        self._keys = [f"account_{i}" for i in range(len(account))]
        self._sample: list[str] | None = None
        self.offsets: ZoneOffsets | None = None
        self._rows, times = self._read(None)
        self.grain = times.grain
        self.expected = times.expected
        self.n_walls, self.n_unclear = 0, 0
        if times.walls is not None and time.clock not in UTC_NAMES:
            self._settle(times)
        # Smallest and largest of a column as it is stored stand in the footers of Parquet files.
        self._typed = self._rows.stored.type().is_timestamp() and engine.reads_text and self.offsets is None
        self._footers: Footers | None = None
        if self._typed and source.kind == "parquet":
            self._footers = read_footers(source.files, time.name)

    def _settle(self, times: Times) -> None:
        """Put times without an offset on the clock that the study names, and count them."""
        walls = self._rows.filter(self._rows.wall & self._rows.tick.notnull())
        found = walls.aggregate(n=walls.count(), low=walls.tick.min(), high=walls.tick.max())
        row = self._engine.fetch(found, self._source).to_pylist()[0]
        self.n_walls = row["n"]
        if not self.n_walls:
            return
        if self._time.clock is None:
            raise StudyError(clock_problem(f"{self._source.name}, column '{self._time.name}'", self.n_walls))
        self.offsets = wall_offsets(self._time.clock, row["low"], row["high"])
        if len(self.offsets.changes):
            unclear = ibis.or_(*((walls.tick >= int(a)) & (walls.tick < int(b)) for a, b in self.offsets.unclear))
            counted = walls.filter(unclear)
            self.n_unclear = self._engine.fetch(counted.aggregate(n=counted.count()), self._source)["n"][0].as_py()
        self._rows, _ = self._read(None)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Say on whose clock times without an offset are read."""
        return clock_notes(self._time.clock, self.n_walls, self.n_unclear)

    def _first_values(self) -> list[str]:
        if self._sample is None:
            self._sample = time_sample(self._engine, self._source, self._time.name)
        return self._sample

    def _read(self, paths: Sequence[Path] | None) -> tuple[ir.Table, Times]:
        columns = list(dict.fromkeys([*self._account, self._time.name, *self._groups]))
        table = self._engine.open(self._source, columns, paths)
        times = Times(self._engine, table, self._time, self._source, self._first_values)
        keys = {key: account_key(table[name]) for key, name in zip(self._keys, self._account, strict=True)}
        groups = {f"group_{i}": unless_blank(table[name]).cast(dt.string) for i, name in enumerate(self._groups)}
        stored = table[self._time.name]
        columns_of_time = {"tick": times.instants(self.offsets), "present": times.present, "stored": stored}
        wall = ibis.literal(False) if times.walls is None else times.walls
        return table.select(**keys, **groups, **columns_of_time, wall=wall), times

    def _no_account(self, rows: ir.Table) -> ir.BooleanValue:
        blank = rows[self._keys[0]].isnull()
        for key in self._keys[1:]:
            blank |= rows[key].isnull()
        return blank

    def outline(self, end: int) -> Profile | None:
        """
        Take from the footers of Parquet files what `profile` would count, without reading all of them.

        Parameters
        ----------
        end : int
            First tick after the window, in microseconds.

        Returns
        -------
        Profile or None
            With no account missing, which only the reduction can tell; None where footers do not say enough
            or tell of faults, which only a reading can place. Where events are late, `last` is the end of the
            window.
        """
        found = self._footers
        if found is None or found.n_null or found.first >= end:
            return None
        n_late = 0
        if found.last >= end:
            late = self._rows.filter(_between(self._rows.stored, end, None))
            n_late = self._engine.fetch(late.aggregate(n=late.count()), self._source)["n"][0].as_py()
        return Profile(
            n_rows=found.n_rows,
            n_without_account=0,
            n_without_time=0,
            n_unreadable=0,
            n_late=n_late,
            first=found.first,
            last=min(found.last, end - 1),
            latest=found.last,
        )

    def profile(self, end: int) -> Profile:
        """
        Count what is there, what is missing and what comes too late, in one pass.

        Parameters
        ----------
        end : int
            First tick after the window: microseconds, or days where the log holds days.

        Returns
        -------
        Profile
            Counts and the span of the log within the window.
        """
        rows = self._rows
        micros = self._engine.microseconds
        found = self._one_row(
            n_rows=rows.count(),
            n_with_account=(~self._no_account(rows)).sum() if len(self._keys) > 1 else rows[self._keys[0]].count(),
            n_with_time=rows.stored.count() if self._typed else rows.present.sum(),
            n_read=rows.stored.count() if self._typed else rows.tick.count(),
            first=micros(rows.stored.min()) if self._typed else rows.tick.min(),
            last=micros(rows.stored.max()) if self._typed else rows.tick.max(),
        )
        late = {"n_late": 0}
        if found["last"] is not None and found["last"] >= end:
            inside = rows.tick < end
            late = self._one_row(
                n_late=(rows.tick >= end).sum(), first=rows.tick.min(where=inside), last=rows.tick.max(where=inside)
            )
        n_rows, n_with_time = found["n_rows"], found["n_with_time"] or 0
        return Profile(
            n_rows=n_rows,
            n_without_account=n_rows - (found["n_with_account"] or 0),
            n_without_time=n_rows - n_with_time,
            n_unreadable=n_with_time - found["n_read"],
            n_late=late["n_late"],
            first=late.get("first", found["first"]),
            last=late.get("last", found["last"]),
            latest=found["last"],
        )

    def _one_row(self, **numbers: ir.Value) -> dict[str, Any]:
        row: dict[str, Any] = self._engine.fetch(self._rows.aggregate(**numbers), self._source).to_pylist()[0]
        return row

    def examples(self, fault: Fault) -> list[tuple[str, int, str | None]]:
        """
        Find the first rows with a fault.

        Parameters
        ----------
        fault : {'account', 'time', 'unreadable'}
            Blank account, blank time, or a time that cannot be read.

        Returns
        -------
        list of tuple of str, int and str or None
            File, row as a spreadsheet counts it, and the time found there; at most three. The rows of a
            table have no number: there the table stands in the place of the file, once, and the row is 0.
        """
        found: list[tuple[str, int, str | None]] = []
        self._engine.keep_order(True)
        if self._source.kind == "table":
            wrong = self._faulty(self._rows, fault).select(raw=self._rows.stored.cast(dt.string)).limit(1)
            fetched = self._engine.fetch(wrong, self._source).to_pylist()
            return [(self._source.name, 0, row["raw"]) for row in fetched]
        for path, copy in zip(self._source.files, self._source.readable, strict=True):
            rows, _ = self._read([copy])
            rows = rows.mutate(row=ibis.row_number())
            wrong = self._faulty(rows, fault).select("row", raw=rows.stored.cast(dt.string))
            wrong = wrong.order_by("row").limit(SHOWN - len(found))
            fetched = self._engine.fetch(wrong, self._source).to_pylist()
            found += [(path.name, row["row"] + self._source.first_row, row["raw"]) for row in fetched]
            if len(found) == SHOWN:
                break
        return found

    def _faulty(self, rows: ir.Table, fault: Fault) -> ir.Table:
        faults = {
            "account": self._no_account(rows),
            "time": ~rows.present,
            "unreadable": rows.present & rows.tick.isnull(),
        }
        return rows.filter(faults[fault])

    def by_account(
        self, *, end: int | None, origin: int, offsets: ZoneOffsets | None, n_words: int, clock: Clock = "local"
    ) -> Merged | None:
        """
        Reduce the log to one row per account.

        Parameters
        ----------
        end : int or None
            First tick after the window; None where no event lies after it, which saves a comparison.
        origin : int
            Local day of the first bit, in days since 1970; no event lies before it.
        offsets : ZoneOffsets or None
            Local time of instants; None where the log holds days.
        n_words : int
            Words of 62 days needed from `origin` to `end`.
        clock : {'local', 'elapsed'}
            Whether days are local ones, or periods of 24 hours since the account's first event.

        Returns
        -------
        Merged or None
            In the order of the accounts; None where rows have no account.

        Notes
        -----
        The engine gathers events by account and word of 62 days, so that the work per event does not grow with
        the length of the log; what it gathers is merged here, the same way as the logs of several days are.
        Where the footers of Parquet files show that the log is in the order of time, it is gathered word by
        word, which keeps the engine's tables small.
        """
        gathered = self.gather(end=end, origin=origin, offsets=offsets, n_words=n_words, clock=clock)
        return merge(gathered, self._keys, len(self._groups), n_words)

    def gather(
        self, *, end: int | None, origin: int, offsets: ZoneOffsets | None, n_words: int, clock: Clock = "local"
    ) -> Iterator[pa.Table]:
        """
        Gather the events of the log by account and word, in one part or several.

        Parameters
        ----------
        end, origin, offsets, n_words, clock
            As for `by_account`.

        Yields
        ------
        pyarrow.Table
            `account_0`..., `word`, `bits` of that word, `n_events`, `first`, `last`; and for each group
            `start_group_0`, the value at `first`, `low_group_0` and `high_group_0`, the first and last of its values.
        """
        rows = self._rows if end is None else self._rows.filter(self._rows.tick < end)
        slices: list[ir.Table] = [rows]
        if clock == "local" and offsets is not None and self._footers is not None:
            cuts = self._footers.cuts(origin, offsets, n_words)
            slices = [rows.filter(_between(rows.stored, low, high)) for low, high in cuts] or slices
        self._engine.keep_order(False)
        for part in slices:
            yield self._engine.fetch(self._gathered(part, origin, offsets, clock), self._source)

    def _gathered(self, rows: ir.Table, origin: int, offsets: ZoneOffsets | None, clock: Clock) -> ir.Table:
        """Gather events by account and word: all arithmetic is on whole numbers."""
        engine, keys = self._engine, self._keys
        groups = [f"group_{i}" for i in range(len(self._groups))]
        if clock == "elapsed":
            rows = rows.join(rows.group_by(*keys).aggregate(start=rows.tick.min()), keys)
            day = rows.tick - rows.start if offsets is None else engine.quotient(rows.tick - rows.start, DAY)
        else:
            day = rows.tick - origin if offsets is None else engine.quotient(_since(rows.tick, offsets, origin), DAY)
        rows = rows.select(*keys, *groups, "tick", day=day.cast(dt.int32))
        rows = rows.mutate(word=engine.quotient(rows.day, BITS).cast(dt.int16), bit=ibis.array(POWERS)[rows.day % BITS])
        return rows.group_by(*keys, "word").aggregate(
            n_events=rows.count(),
            first=rows.tick.min(),
            last=rows.tick.max(),
            bits=any_bit(rows.bit),
            **{f"start_{name}": engine.earliest(rows.tick, rows[name]) for name in groups},
            **{f"low_{name}": rows[name].min() for name in groups},
            **{f"high_{name}": rows[name].max() for name in groups},
        )

    def first_silences(self, *, end: int | None, gap: int) -> pa.Table:
        """
        Find the last event before each account's first long silence that another event follows.

        Parameters
        ----------
        end : int or None
            First tick after the window; None where no event lies after it.
        gap : int
            Shortest silence that counts, in ticks.

        Returns
        -------
        pyarrow.Table
            `account_0`..., `since`, null where there is none; ordered by account.
        """
        rows = self._rows if end is None else self._rows.filter(self._rows.tick < end)
        rows = rows.select(*self._keys, "tick")
        after = rows.tick.lead().over(ibis.window(group_by=self._keys, order_by="tick"))
        rows = rows.mutate(since=ibis.ifelse(after - rows.tick >= gap, rows.tick, ibis.null(dt.int64)))
        accounts = rows.group_by(*self._keys).aggregate(since=rows.since.min())
        self._engine.keep_order(False)
        return by_account(self._engine.fetch(accounts, self._source), self._keys)


def _since(instant: ir.IntegerValue, offsets: ZoneOffsets, origin: int) -> ir.IntegerValue:
    """Count microseconds of local time from the midnight that opens a day."""
    ahead = int(offsets.offsets[0])
    local = instant - (origin * DAY - ahead)
    if len(offsets.changes):
        cases = [
            (instant < int(change), int(before) - ahead)
            for change, before in zip(offsets.changes, offsets.offsets, strict=False)
        ]
        local = local + ibis.cases(*cases, else_=int(offsets.offsets[-1]) - ahead)
    return local


def _between(stored: ir.TimestampValue, low: int | None, high: int | None) -> ir.BooleanValue:
    """Compare times as they are stored, which lets row groups be skipped."""
    from datetime import timedelta

    from churn.days.zones import EPOCH

    zone = stored.type().timezone

    def at(tick: int) -> ir.TimestampScalar:
        instant = EPOCH + timedelta(microseconds=tick)
        return ibis.literal(instant if zone else instant.replace(tzinfo=None), type=stored.type())

    inside = ibis.literal(True)
    if low is not None:
        inside = inside & (stored >= at(low))
    if high is not None:
        inside = inside & (stored < at(high))
    return inside


def unless_blank(value: ir.Value) -> ir.Value:
    """
    Give a value, or null for an empty text and for what is no number.

    Examples
    --------
    >>> unless_blank(ibis.literal("")).type().is_string()
    True
    """
    if value.type().is_floating():
        return ibis.ifelse(value.isnan(), ibis.null(value.type()), value)
    return value.nullif("") if value.type().is_string() else value


def account_key(value: ir.Value) -> ir.Value:
    """
    Give what names an account: whole numbers and the like as they are, other kinds as text.

    Examples
    --------
    >>> account_key(ibis.literal(7, "int64")).type().is_integer()
    True
    """
    kind = value.type()
    if kind.is_uuid() or kind.is_unknown() or kind.is_inet() or kind.is_macaddr():
        return value.cast(dt.string)
    return unless_blank(value)
