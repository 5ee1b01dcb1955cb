"""Columns of times as whole numbers that every engine computes alike: microseconds since 1970 UTC, or local days."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.days.zones import DAY, ZoneOffsets
from churn.engine.base import Engine
from churn.engine.sources import Source
from surveys.core.errors import StudyError

TimeUnit = Literal["timestamp", "day", "s", "ms", "us"]
Grain = Literal["instant", "day"]

TICKS = {"s": 1_000_000, "ms": 1_000, "us": 1, "day": 1}
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
SAMPLE = 1000
CLOCK_PARTS = re.compile(r"%[-]?[HIcXTsMfgnpz]")
OFFSET_PARTS = re.compile(r"%[zZs]")
OFFSET = r"([zZ]|[+-]\d{1,2}(:?\d{2}){0,2}|\s[A-Za-z][A-Za-z_/+-]*\d*)$"
"""How a text of more than a date ends that says how far its clock is from UTC."""

_TEXT = (dt.string, dt.string)


@ibis.udf.scalar.builtin(name="try_strptime", signature=(_TEXT, dt.timestamp))  # type: ignore[untyped-decorator]
def _read_as(text: ir.StringValue, time_format: str) -> ir.TimestampValue:
    """Read a time written in a given format, null where it is not; DuckDB only."""


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
    clock : str or None
        Name of the zone whose clock times without an offset are; None where nobody says.
    """

    name: str
    unit: TimeUnit = "timestamp"
    time_format: str | None = None
    clock: str | None = "UTC"


class Times:
    """
    Times of one column as whole numbers: microseconds since 1970 UTC, or local days.

    Parameters
    ----------
    engine : Engine
        Where it runs.
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
    Numbers are UTC. A date is a local day. Text is one or the other for the whole column, as its first values
    are. Anything else is null in `ticks` though `present`. `walls` tells the times that are written without an
    offset, None where there can be none: their ticks are those of UTC until `instants` puts them on a clock.
    """

    def __init__(
        self, engine: Engine, table: ir.Table, column: TimeColumn, source: Source, sample: Callable[[], list[str]]
    ) -> None:
        value = table[column.name]
        kind = value.type()
        self._engine = engine
        self.name = column.name
        self.unit = column.unit
        self.grain: Grain = "instant"
        self.present: ir.BooleanValue = value.notnull()
        self.walls: ir.BooleanValue | None = None
        if kind.is_string() and not engine.reads_text:
            mend = "Name a view in which it is cast, or numbers and time_unit in study.toml"
            what = "holds text, expected dates and times, which a database has types for"
            raise StudyError.at(f"{source.name}, column '{column.name}'", what, mend)
        if kind.is_string():
            text = value.strip()
            self.present = value.notnull() & (text != "")
            self.ticks = self._from_text(text, column, sample)
        elif kind.is_date():
            self.grain = "day"
            self.ticks = self._whole_days(value.cast(dt.timestamp))
        elif kind.is_timestamp():
            self.ticks = engine.microseconds(value)
            if engine.shows_wall_clock(source, column.name, kind):
                self.walls = value.notnull()
        elif kind.is_numeric() and column.unit != "timestamp":
            self.ticks = self._from_number(value, column.unit)
        else:
            mend = "Say what they count under time_unit in study.toml: 's', 'ms', 'us' or 'day'"
            what = f"holds {kind}, expected dates and times"
            raise StudyError.at(f"{source.name}, column '{column.name}'", what, mend)

    def instants(self, offsets: ZoneOffsets | None) -> ir.IntegerValue:
        """Give the times as ticks, those without an offset on the clock of a zone; None for UTC."""
        if offsets is None or self.walls is None:
            return self.ticks
        turns = zip(offsets.turns, offsets.offsets, strict=False)
        last = int(offsets.offsets[-1])
        cases = [(self.ticks < int(turn), int(before)) for turn, before in turns]
        ahead = ibis.cases(*cases, else_=last) if cases else ibis.literal(last, dt.int64)
        return ibis.ifelse(self.walls, self.ticks - ahead, self.ticks)

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
            dated = _read_as(text, column.time_format)
            if CLOCK_PARTS.search(column.time_format):
                if not OFFSET_PARTS.search(column.time_format):
                    self.walls = dated.notnull()
                return _bounded(self._engine.microseconds(dated), 1)
            self.grain = "day"
            return self._whole_days(dated)
        if all(len(value.strip()) <= 10 for value in sample()):
            self.grain = "day"
            short = ibis.ifelse(text.length() <= 10, text, ibis.null(dt.string))
            return self._whole_days(short.try_cast(dt.timestamp))
        long = ibis.ifelse(text.length() > 10, text, ibis.null(dt.string))
        self.walls = ~text.substr(10).re_search(OFFSET)
        return _bounded(self._engine.microseconds(long.try_cast(dt.Timestamp("UTC"))), 1)

    def _from_number(self, number: ir.NumericValue, unit: TimeUnit) -> ir.IntegerValue:
        if unit == "day":
            self.grain = "day"
            whole = number.cast(dt.int64)
            return ibis.ifelse(whole == number, whole, ibis.null(dt.int64))
        if isinstance(number, ir.IntegerValue):
            return _bounded(number, TICKS[unit])
        inside = number.between(EARLIEST // TICKS[unit], LATEST // TICKS[unit])
        return _bounded(ibis.ifelse(inside, number, None).cast(dt.Decimal(27, 6)), TICKS[unit])

    def _whole_days(self, midnight: ir.TimestampValue) -> ir.IntegerValue:
        return self._engine.quotient(self._engine.microseconds(midnight), DAY)


def _bounded(number: ir.NumericValue, factor: int) -> ir.IntegerValue:
    inside = number.between(EARLIEST // factor, LATEST // factor)
    return ibis.ifelse(inside, (number * factor).cast(dt.int64), ibis.null(dt.int64))


def time_sample(engine: Engine, source: Source, name: str) -> list[str]:
    """
    Fetch the first values of a column that are not blank, as text.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> folder = open_example("twitter_france").folder
    >>> how = {"key": "events", "wanted": {"time": "time"}, "delimiter": None, "encoding": "utf-8"}
    >>> from churn.engine.open import open_source
    >>> with open_source(folder, "events/2009.parquet", **how) as (engine, source):
    ...     time_sample(engine, source, "time")[0]
    '2009-01-03 09:25:21+00'
    """
    column = engine.open(source, [name])[name].cast(dt.string)
    rows = column.name("value").as_table().filter(lambda t: t.value.strip() != "").limit(SAMPLE)
    return [str(value) for value in engine.fetch(rows, source)["value"].to_pylist()]
