"""DuckDB inside the process: Parquet, CSV and JSON files, within bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.engine._packing import Packing
from churn.engine.base import Engine
from churn.engine.sources import Source, first_bad_json
from surveys.core.errors import StudyError

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

PLACES = 22
"""Bits of a whole number up to which DuckDB counts in an array with a place for each value, not by hashing."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=((dt.timestamp,), dt.int64))  # type: ignore[untyped-decorator]
def _epoch_us(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970 UTC."""


@ibis.udf.scalar.builtin(name="divide", signature=((dt.int64, dt.int64), dt.int64))  # type: ignore[untyped-decorator]
def _divide(number: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
    """Divide whole numbers and drop the rest; the floor, where both are positive."""


class DuckDBEngine(Engine):
    """
    DuckDB in memory, with a limit beyond which it works on disk.

    Parameters
    ----------
    scratch : Path
        Existing folder for what does not fit in memory.
    memory : str
        Limit, as in `600MB`.
    more_memory : str
        Limit for what cannot be done on disk.
    threads : int
        Threads to use.
    """

    reads_text = True

    def __init__(self, scratch: Path, *, memory: str = "600MB", more_memory: str = "4GB", threads: int = 2) -> None:
        self._more_memory = more_memory
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
            try:
                return self._backend.to_pyarrow(expression)
            except duckdb.OutOfMemoryException:
                self._backend.raw_sql(f"SET memory_limit = '{self._more_memory}'")
                return self._backend.to_pyarrow(expression)

    def microseconds(self, instant: ir.TimestampValue) -> ir.IntegerValue:
        """Microseconds since 1970 UTC; `epoch_seconds` would round half seconds up."""
        return _epoch_us(instant)

    def quotient(self, number: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
        """Divide in whole numbers; Ibis would leave `//` to floating point."""
        return _divide(number, divisor)

    def keep_order(self, kept: bool) -> None:
        """Choose whether rows come in the order of their file, which costs memory in large reductions."""
        self._backend.raw_sql(f"SET preserve_insertion_order = {'true' if kept else 'false'}")

    def count(self, source: Source, columns: Mapping[str, str]) -> pa.Table:
        """Count rows that agree in some columns; whole numbers of Parquet files are packed into one key."""
        packing = Packing.of(source.readable if source.kind == "parquet" else (), columns)
        rows = self.open(source, list(dict.fromkeys(columns.values())))
        rows = rows.select(**packing.keys(rows, columns))
        self._backend.raw_sql(f"SET perfect_ht_threshold = {PLACES if packing.spans else 12}")
        return packing.unpack(self.fetch(rows.group_by(*rows.columns).aggregate(n=rows.count()), source))

    def close(self) -> None:
        """Let go of files and memory."""
        self._backend.disconnect()


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
