"""What every engine offers to a reduction written in Ibis, and the few functions that each names its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.engine.sources import Source

if TYPE_CHECKING:
    import pyarrow as pa


@ibis.udf.agg.builtin(name="bit_or", signature=((dt.int64,), dt.int64))  # type: ignore[untyped-decorator]
def any_bit(bits: ir.IntegerValue) -> ir.IntegerValue:
    """Give the bits that any of the values has; Ibis has no rule of its own for it on Spark."""


class Engine(ABC):
    """
    Where a reduction runs.

    Attributes
    ----------
    reads_text : bool
        Whether times written as text, and rows by their number, can be told; only for files.
    """

    reads_text = False
    _backend: Any

    @abstractmethod
    def open(self, source: Source, columns: Sequence[str], paths: Sequence[Path] | None = None) -> ir.Table:
        """Open a source, or some of its files, as a table of the columns named."""

    @abstractmethod
    def fetch(self, expression: ir.Table, source: Source) -> pa.Table:
        """Run an expression; what the engine cannot read becomes an error about the source."""

    @abstractmethod
    def microseconds(self, instant: ir.TimestampValue) -> ir.IntegerValue:
        """Microseconds since 1970 UTC, exactly; null for instants without end."""

    def shows_wall_clock(self, source: Source, column: str, kind: dt.Timestamp) -> bool:
        """Tell whether the timestamps of a column are what a clock showed, and no instants."""
        return kind.timezone is None

    def quotient(self, number: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
        """
        Divide whole numbers that are not negative, or leave no rest, and drop the rest.

        The multiple below is divided in floating point, which is exact for all days of a calendar: a day is
        a multiple of 2 ** 13 microseconds.
        """
        return ((number - number % divisor) / divisor).cast(dt.int64)

    def earliest(self, tick: ir.IntegerValue, text: ir.StringValue) -> ir.StringValue:
        """Take the text at the smallest tick; among several, the first by code points, a missing one last."""
        return ibis.struct({"tick": tick, "missing": text.isnull(), "text": text}).min()["text"]

    def keep_order(self, kept: bool) -> None:  # noqa: B027
        """Choose whether rows come in the order of their file, which costs memory in large reductions."""

    def count(self, source: Source, columns: Mapping[str, str]) -> pa.Table:
        """Count rows that agree in some columns, named by what to call them here; the count is called `n`."""
        rows = self.open(source, list(dict.fromkeys(columns.values())))
        rows = rows.select(**{key: rows[name] for key, name in columns.items()})
        return self.fetch(rows.group_by(*columns).aggregate(n=rows.count()), source)

    @abstractmethod
    def close(self) -> None:
        """Let go of files, connections and memory."""


def first_line(error: Exception) -> str:
    """Give what an engine complains of, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
