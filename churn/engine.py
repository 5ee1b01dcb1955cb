"""Reductions of logs and tables on the engine: Ibis expressions, run by DuckDB within bounded memory."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn._bitmaps import BITS
from churn._zones import DAY, ZoneOffsets
from churn.sources import Source, check_columns, find_source, first_bad_json
from surveys.errors import StudyError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

TimeUnit = Literal["timestamp", "day", "s", "ms", "us"]
Grain = Literal["instant", "day"]

TICKS = {"s": 1_000_000, "ms": 1_000, "us": 1, "day": 1}
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
SAMPLE = 1000
SHOWN = 3
POWERS = [1 << i for i in range(BITS)]
CLOCK_PARTS = re.compile(r"%[-]?[HIcXTsMfgnpz]")


@ibis.udf.scalar.builtin(name="epoch_us", signature=((dt.timestamp,), dt.int64))  # type: ignore[untyped-decorator]
def _microseconds(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970 UTC."""


@ibis.udf.scalar.builtin(name="divide", signature=((dt.int64, dt.int64), dt.int64))  # type: ignore[untyped-decorator]
def _quotient(number: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
    """Divide whole numbers and drop the rest; the floor, where both are positive."""


_TEXT = (dt.string, dt.string)


@ibis.udf.scalar.builtin(name="try_strptime", signature=(_TEXT, dt.timestamp))  # type: ignore[untyped-decorator]
def _read_as(text: ir.StringValue, time_format: str) -> ir.TimestampValue:
    """Read a time written in a given format, null where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumn:
    """
    A column of times and how it is written.

    Attributes
    ----------
    name : str
        Column of the file.
    unit : {'timestamp', 'day', 's', 'ms', 'us'}
        `timestamp` for dates and times; otherwise what the numbers count since 1970 UTC.
    time_format : str or None
        Format of text, as in `%d/%m/%Y %H:%M`.
    """

    name: str
    unit: TimeUnit = "timestamp"
    time_format: str | None = None


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
    """

    n_rows: int
    n_without_account: int
    n_without_time: int
    n_unreadable: int
    n_late: int
    first: int | None
    last: int | None


class Engine:
    """
    DuckDB in memory, two threads, with a limit beyond which it works on disk.

    Parameters
    ----------
    scratch : Path
        Existing folder for what does not fit in memory.
    memory : str
        Limit, as in `2GB`.
    threads : int
        Threads to use.
    """

    def __init__(self, scratch: Path, *, memory: str = "2GB", threads: int = 2) -> None:
        self._backend: Backend = ibis.duckdb.connect(
            threads=threads,
            memory_limit=memory,
            temp_directory=str(scratch),
            autoinstall_known_extensions=False,
        )
        self._backend.raw_sql("SET TimeZone = 'UTC'")

    def open(self, source: Source, columns: Sequence[str], paths: Sequence[Path] | None = None) -> ir.Table:
        """Open files as a table of the columns named; text files give text, whatever it looks like."""
        found = [_literal_path(path) for path in (paths or source.readable)]
        with _explained(source):
            if source.kind == "parquet":
                table = self._backend.read_parquet(found, hive_partitioning=False)
            elif source.kind == "json":
                types = dict.fromkeys(columns, "VARCHAR")
                table = self._backend.read_json(found, columns=types, format="newline_delimited")
            else:
                table = self._backend.read_csv(
                    found,
                    columns=dict.fromkeys(source.columns, "VARCHAR"),
                    auto_detect=False,
                    header=True,
                    delim=source.delimiter,
                    quote=source.quote,
                    escape=source.quote,
                )
            return table.select(*columns)

    def fetch(self, expression: ir.Table, source: Source) -> pa.Table:
        """Run an expression; what the engine cannot read becomes an error about the file."""
        with _explained(source):
            return self._backend.to_pyarrow(expression)

    def keep_order(self, kept: bool) -> None:
        """Choose whether rows come in the order of their file, which costs memory in large reductions."""
        self._backend.raw_sql(f"SET preserve_insertion_order = {'true' if kept else 'false'}")

    def close(self) -> None:
        """Let go of files and memory."""
        self._backend.disconnect()


@contextmanager
def open_source(
    folder: Path, pattern: str, *, key: str, wanted: Mapping[str, str], delimiter: str | None, encoding: str
) -> Iterator[tuple[Engine, Source]]:
    """
    Find the files of a study, check their columns and start an engine on them.

    Parameters
    ----------
    folder, pattern, key, delimiter, encoding
        As for `find_source`.
    wanted : mapping of str to str
        Columns wanted, by the key of `study.toml` that names them.

    Yields
    ------
    tuple of Engine and Source
        Valid inside the `with` block.

    Raises
    ------
    StudyError
        If files or columns are not there.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> folder = open_example("twitter_france").folder
    >>> how = {"key": "events", "wanted": {"time": "time"}, "delimiter": None, "encoding": "utf-8"}
    >>> with open_source(folder, "events/*.parquet", **how) as (engine, source):
    ...     source.name
    '2009.parquet and 4 more'
    """
    with tempfile.TemporaryDirectory(prefix="churn-") as name:
        scratch = Path(name)
        source = find_source(folder, pattern, key=key, delimiter=delimiter, encoding=encoding, scratch=scratch)
        check_columns(source, wanted)
        engine = Engine(scratch)
        try:
            yield engine, source
        finally:
            engine.close()


def _literal_path(path: Path) -> str:
    return re.sub(r"([*?\[])", r"[\1]", str(path))


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _explanation(str(error), source) from None


def _explanation(message: str, source: Source) -> StudyError:
    named = {str(copy): path.name for path, copy in zip(source.files, source.readable, strict=True)}
    file = next((name for copy, name in named.items() if copy in message), source.name)
    if source.kind == "json" and (bad := first_bad_json(source)):
        mend = 'Write one object such as {"account": "a1"} to a line'
        return StudyError.at(f"{bad[0]}, row {bad[1]}", "expected one JSON object to a line", mend)
    line = re.search(r"Line: (\d+)", message)
    place = f"{file}, row {line[1]}" if line else file
    if "format specifier" in message:
        got = message.splitlines()[0].partition("specifier ")[2]
        mend = "Write it as in '%d/%m/%Y %H:%M'"
        return StudyError.at("study.toml, usage.time_format", f"is not a format of times ({got})", mend)
    widths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if widths:
        return StudyError.at(place, f"found {widths[2]} columns, expected {widths[1]}", "Correct the row")
    if "unterminated quote" in message:
        return StudyError.at(place, "a quotation mark is not closed", "Close it, or double it inside a value")
    if "unicode" in message or "utf-8" in message.lower():
        mend = "Name the encoding of the file, such as 'cp1252', under encoding in study.toml"
        return StudyError.at(place, "found bytes that are not UTF-8", mend)
    if "invalid state" in message:
        mend = "Save it with one kind of line end and with quotation marks doubled inside values"
        return StudyError.at(place, "line ends are mixed or a quotation mark stands alone", mend)
    return StudyError.at(place, f"cannot be read ({message.splitlines()[0]})", "Export the file again")


class Times:
    """
    Times of one column as whole numbers: microseconds since 1970 UTC, or local days.

    Parameters
    ----------
    table : ibis Table
        Where the column is.
    column : TimeColumn
        Which column, and how it is written.
    source : Source
        Its files, for messages.
    sample : callable
        Gives the first values of the column as text.

    Notes
    -----
    Numbers, and times without an offset, are UTC. A date is a local day. Text is one or the other for
    the whole column, as its first values are. Anything else is null in `ticks` though `present`.
    """

    def __init__(self, table: ir.Table, column: TimeColumn, source: Source, sample: Callable[[], list[str]]) -> None:
        value = table[column.name]
        kind = value.type()
        self.name = column.name
        self.unit = column.unit
        self.grain: Grain = "instant"
        self.present: ir.BooleanValue = value.notnull()
        if isinstance(value, ir.StringColumn):
            text = value.strip()
            self.present = value.notnull() & (text != "")
            self.ticks = self._from_text(text, column, sample)
        elif kind.is_date():
            self.grain = "day"
            self.ticks = _whole_days(_microseconds(value.cast(dt.timestamp)))
        elif kind.is_timestamp():
            self.ticks = _microseconds(value)
        elif kind.is_numeric() and column.unit != "timestamp":
            self.ticks = self._from_number(value, column.unit)
        else:
            mend = "Say what they count under time_unit in study.toml: 's', 'ms', 'us' or 'day'"
            what = f"holds {kind}, expected dates and times"
            raise StudyError.at(f"{source.name}, column '{column.name}'", what, mend)

    @property
    def expected(self) -> str:
        """Say how the first values of the column are written."""
        if self.unit != "timestamp":
            return f"a number of {'days' if self.unit == 'day' else self.unit}"
        return "a date such as 2013-04-05" if self.grain == "day" else "a date and time such as 2013-04-05T12:30:00Z"

    def _from_text(self, text: ir.StringValue, column: TimeColumn, sample: Callable[[], list[str]]) -> ir.IntegerValue:
        if column.unit != "timestamp":
            pattern = r"-?\d{1,12}(\.0+)?" if column.unit == "day" else r"-?\d{1,18}(\.\d{1,9})?"
            number = ibis.ifelse(text.re_search(f"^{pattern}$"), text, ibis.null(dt.string))
            return self._from_number(number.try_cast(dt.Decimal(27, 6)), column.unit)
        if column.time_format is not None:
            dated = _microseconds(_read_as(text, column.time_format))
            if CLOCK_PARTS.search(column.time_format):
                return _bounded(dated, 1)
            self.grain = "day"
            return _whole_days(dated)
        if all(len(value.strip()) <= 10 for value in sample()):
            self.grain = "day"
            short = ibis.ifelse(text.length() <= 10, text, ibis.null(dt.string))
            return _whole_days(_microseconds(short.try_cast(dt.timestamp)))
        long = ibis.ifelse(text.length() > 10, text, ibis.null(dt.string))
        return _bounded(_microseconds(long.try_cast(dt.Timestamp("UTC"))), 1)

    def _from_number(self, number: ir.NumericValue, unit: TimeUnit) -> ir.IntegerValue:
        if unit == "day":
            self.grain = "day"
            whole = number.cast(dt.int64)
            return ibis.ifelse(whole == number, whole, ibis.null(dt.int64))
        exact = number if isinstance(number, ir.IntegerValue) else number.try_cast(dt.Decimal(27, 6))
        return _bounded(exact, TICKS[unit])


def _bounded(number: ir.NumericValue, factor: int) -> ir.IntegerValue:
    inside = number.between(EARLIEST // factor, LATEST // factor)
    return ibis.ifelse(inside, (number * factor).cast(dt.int64), ibis.null(dt.int64))


def _whole_days(microseconds: ir.IntegerValue) -> ir.IntegerValue:
    return _quotient(microseconds, DAY)


def time_sample(engine: Engine, source: Source, name: str) -> list[str]:
    """
    Fetch the first values of a column that are not blank, as text.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> folder = open_example("twitter_france").folder
    >>> how = {"key": "events", "wanted": {"time": "time"}, "delimiter": None, "encoding": "utf-8"}
    >>> with open_source(folder, "events/2009.parquet", **how) as (engine, source):
    ...     time_sample(engine, source, "time")[0]
    '2009-01-03 09:25:21+00'
    """
    column = engine.open(source, [name])[name].cast(dt.string)
    rows = column.name("value").as_table().filter(lambda t: t.value.strip() != "").limit(SAMPLE)
    return [str(value) for value in engine.fetch(rows, source)["value"].to_pylist()]


class EventLog:
    """
    A log of events, opened on the engine.

    Parameters
    ----------
    engine : Engine
        Where it runs.
    source : Source
        Files of the log.
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
        self._sample: list[str] | None = None
        self._rows, times = self._read(None)
        self.grain = times.grain
        self.expected = times.expected
        # Smallest and largest of a column as it is stored stand in the footers of Parquet files.
        self._typed = self._rows.stored.type().is_timestamp()

    def _first_values(self) -> list[str]:
        if self._sample is None:
            self._sample = time_sample(self._engine, self._source, self._time.name)
        return self._sample

    def _read(self, paths: Sequence[Path] | None) -> tuple[ir.Table, Times]:
        columns = list(dict.fromkeys([*self._account, self._time.name, *self._groups]))
        table = self._engine.open(self._source, columns, paths)
        times = Times(table, self._time, self._source, self._first_values)
        keys = {f"account_{i}": _unless_blank(table[name]) for i, name in enumerate(self._account)}
        groups = {f"group_{i}": _unless_blank(table[name]).cast(dt.string) for i, name in enumerate(self._groups)}
        stored = table[self._time.name]
        return table.select(**keys, **groups, tick=times.ticks, present=times.present, stored=stored), times

    def _no_account(self, rows: ir.Table) -> ir.BooleanValue:
        blank = rows["account_0"].isnull()
        for i in range(1, len(self._account)):
            blank |= rows[f"account_{i}"].isnull()
        return blank

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
        accounts = [rows[f"account_{i}"] for i in range(len(self._account))]
        found = self._one_row(
            n_rows=rows.count(),
            n_with_account=accounts[0].count() if len(accounts) == 1 else (~self._no_account(rows)).sum(),
            n_with_time=rows.stored.count() if self._typed else rows.present.sum(),
            n_read=rows.stored.count() if self._typed else rows.tick.count(),
            first=_microseconds(rows.stored.min()) if self._typed else rows.tick.min(),
            last=_microseconds(rows.stored.max()) if self._typed else rows.tick.max(),
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
        )

    def _one_row(self, **numbers: ir.Value) -> dict[str, Any]:
        row: dict[str, Any] = self._engine.fetch(self._rows.aggregate(**numbers), self._source).to_pylist()[0]
        return row

    def examples(self, fault: Literal["account", "time", "unreadable"]) -> list[tuple[str, int, str | None]]:
        """
        Find the first rows with a fault.

        Parameters
        ----------
        fault : {'account', 'time', 'unreadable'}
            Blank account, blank time, or a time that cannot be read.

        Returns
        -------
        list of tuple of str, int and str or None
            File, row as a spreadsheet counts it, and the time found there; at most three.
        """
        found: list[tuple[str, int, str | None]] = []
        self._engine.keep_order(True)
        for path, copy in zip(self._source.files, self._source.readable, strict=True):
            rows, _ = self._read([copy])
            rows = rows.mutate(row=ibis.row_number())
            faults = {
                "account": self._no_account(rows),
                "time": ~rows.present,
                "unreadable": rows.present & rows.tick.isnull(),
            }
            wrong = rows.filter(faults[fault]).select("row", raw=rows.stored.cast(dt.string))
            wrong = wrong.order_by("row").limit(SHOWN - len(found))
            fetched = self._engine.fetch(wrong, self._source).to_pylist()
            found += [(path.name, row["row"] + self._source.first_row, row["raw"]) for row in fetched]
            if len(found) == SHOWN:
                break
        return found

    def by_account(self, *, end: int | None, origin: int, offsets: ZoneOffsets | None, n_words: int) -> pa.Table:
        """
        Reduce the log to one row per account, in one pass.

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

        Returns
        -------
        pyarrow.Table
            `account_0`..., `n_events`, `first`, `last`, `word_0`..., and for each group `group_0` and
            `n_values_0`, the value at the first event and how many there are; ordered by account.

        Notes
        -----
        Events are first gathered by account and word, then by account, so that the work per event does
        not grow with the length of the log. All arithmetic is on whole numbers; Ibis would leave `//` to
        floating point.
        """
        keys = [f"account_{i}" for i in range(len(self._account))]
        groups = [f"group_{i}" for i in range(len(self._groups))]
        rows = self._rows if end is None else self._rows.filter(self._rows.tick < end)
        day = rows.tick - origin if offsets is None else _local_day(rows.tick, offsets, origin)
        rows = rows.select(*keys, *groups, "tick", day=day.cast(dt.int32))
        rows = rows.mutate(word=_quotient(rows.day, BITS).cast(dt.int16), bit=ibis.array(POWERS)[rows.day % BITS])
        partial = rows.group_by(*keys, "word").aggregate(
            n_events=rows.count(),
            first=rows.tick.min(),
            last=rows.tick.max(),
            bits=rows.bit.bit_or(),
            **{f"start_{name}": ibis.struct({"tick": rows.tick, "value": rows[name]}).min() for name in groups},
            **{f"low_{name}": rows[name].min() for name in groups},
            **{f"high_{name}": rows[name].max() for name in groups},
        )
        words = {f"word_{j}": ibis.ifelse(partial.word == j, partial.bits, 0).bit_or() for j in range(n_words)}
        accounts = partial.group_by(*keys).aggregate(
            n_events=partial.n_events.sum().cast(dt.int64),
            first=partial["first"].min(),
            last=partial["last"].max(),
            **words,
            **{name: partial[f"start_{name}"].min()["value"] for name in groups},
            **{f"several_{name}": partial[f"low_{name}"].min() != partial[f"high_{name}"].max() for name in groups},
        )
        self._engine.keep_order(False)
        return self._engine.fetch(accounts.order_by(*keys), self._source)


def _local_day(instant: ir.IntegerValue, offsets: ZoneOffsets, origin: int) -> ir.IntegerValue:
    ahead = int(offsets.offsets[0])
    local = instant - (origin * DAY - ahead)
    if len(offsets.changes):
        cases = [
            (instant < int(change), int(before) - ahead)
            for change, before in zip(offsets.changes, offsets.offsets, strict=False)
        ]
        local = local + ibis.cases(*cases, else_=int(offsets.offsets[-1]) - ahead)
    return _quotient(local, DAY)


def _unless_blank(value: ir.Value) -> ir.Value:
    return value.nullif("") if isinstance(value, ir.StringValue) else value


def read_accounts_table(
    engine: Engine, source: Source, *, account: tuple[str, ...], times: Sequence[TimeColumn], groups: tuple[str, ...]
) -> tuple[pa.Table, dict[str, Grain], dict[str, str]]:
    """
    Read a table of accounts, row for row.

    Parameters
    ----------
    engine : Engine
        Where it runs.
    source : Source
        Files of the table.
    account : tuple of str
        Columns that name the account together.
    times : sequence of TimeColumn
        Columns of times.
    groups : tuple of str
        Columns that describe the account.

    Returns
    -------
    tuple of pyarrow.Table, dict and dict
        In the order of the files: `file` (number) and `row` (as a spreadsheet shows it), `account_0`...,
        `group_0`..., and for each column of times `tick_NAME`, `raw_NAME`; then whether each column of
        times holds instants or days, and how its values are expected to be written.

    Examples
    --------
    >>> import pandas as pd
    >>> how = {"key": "accounts", "wanted": {"signup": "opened"}, "delimiter": None, "encoding": "utf-8"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"id": ["a", "b"], "opened": ["1970-01-02", "soon"]}).to_csv(f"{folder}/a.csv", index=False)
    ...     with open_source(Path(folder), "a.csv", **how) as (engine, source):
    ...         times = [TimeColumn(name="opened")]
    ...         table, grains, _ = read_accounts_table(engine, source, account=("id",), times=times, groups=())
    >>> table["tick_opened"].to_pylist(), grains
    ([1, None], {'opened': 'day'})
    """
    import pyarrow as pa

    engine.keep_order(True)
    columns = list(dict.fromkeys([*account, *(column.name for column in times), *groups]))
    samples: dict[str, list[str]] = {}
    parts: list[pa.Table] = []
    grains: dict[str, Grain] = {}
    expected: dict[str, str] = {}
    for number, path in enumerate(source.readable):
        table = engine.open(source, columns, [path])
        chosen: dict[str, ir.Value] = {f"account_{i}": _unless_blank(table[name]) for i, name in enumerate(account)}
        chosen |= {f"group_{i}": _unless_blank(table[name]).cast(dt.string) for i, name in enumerate(groups)}
        for column in times:

            def sample(name: str = column.name) -> list[str]:
                if name not in samples:
                    samples[name] = time_sample(engine, source, name)
                return samples[name]

            read = Times(table, column, source, sample)
            raw = table[column.name].cast(dt.string)
            chosen[f"tick_{column.name}"] = read.ticks
            chosen[f"raw_{column.name}"] = ibis.ifelse(read.present, raw, ibis.null(dt.string))
            grains[column.name], expected[column.name] = read.grain, read.expected
        rows = table.select(file=ibis.literal(number), row=ibis.row_number() + source.first_row, **chosen)
        parts.append(engine.fetch(rows, source))
    return pa.concat_tables(parts, promote_options="permissive"), grains, expected
