"""PostgreSQL: a table or view on a server, read in one snapshot that writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError, TableNotFound

from churn.engine.base import Engine, first_line
from churn.engine.registry import opens
from churn.engine.sources import Source, shown_address
from surveys.core.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 50_000


@ibis.udf.scalar.builtin(name="isfinite", signature=((dt.timestamp,), dt.boolean))  # type: ignore[untyped-decorator]
def _is_finite(instant: ir.TimestampValue) -> ir.BooleanValue:
    """Tell whether a timestamp is one, and not without end."""


@ibis.udf.scalar.builtin(name="convert_to", signature=((dt.string, dt.string), dt.binary))  # type: ignore[untyped-decorator]
def _encoded(text: ir.StringValue, encoding: str) -> ir.BinaryValue:
    """Bytes of a text, whose order is that of code points whatever the collation."""


class PostgresEngine(Engine):
    """
    A PostgreSQL server.

    Parameters
    ----------
    address : str
        As libpq takes it, `postgresql://user@host:port/database`. Passwords come from the environment
        (`PGPASSWORD`, `PGPASSFILE`, `~/.pgpass`).

    Raises
    ------
    StudyError
        If the server cannot be reached or lets nobody in.
    """

    def __init__(self, address: str) -> None:
        try:
            import psycopg
        except ImportError:
            mend = "Install it: pip install 'adoption-churn[postgres]'"
            raise StudyError.at("study.toml, usage.events", "PostgreSQL needs the package psycopg", mend) from None
        self._place = shown_address(address)
        self._error: type[Exception] = psycopg.Error
        try:
            self._connection: Any = psycopg.connect(address, application_name="churn")
        except psycopg.Error as error:
            raise StudyError.at(self._place, f"no connection ({first_line(error)})", _mend(str(error))) from None
        # Both readings of a log must see the same rows: everything happens in one transaction.
        self._connection.read_only = True
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.execute("SET TimeZone = 'UTC'")
        self._backend = ibis.postgres.from_connection(self._connection)

    def source(self, name: str) -> Source:
        """Find a table or view by its name, with or without its schema."""
        schema, _, table = name.rpartition(".")
        with self._explained(self._place):
            try:
                columns = tuple(self._backend.table(table, database=schema or None).columns)
            except TableNotFound:
                known = self._backend.list_tables(database=schema or None)
                otherwise = "Name a table or view, as in 'schema.table', under table in study.toml"
                mend = did_you_mean(table, known, otherwise)
                raise StudyError.at(self._place, f"no table '{name}'", mend) from None
        label = f"{name} at {self._place}"
        return Source(files=(), readable=(), kind="table", columns=columns, label=label, table=name)

    def open(self, source: Source, columns: Sequence[str], paths: Sequence[Path] | None = None) -> ir.Table:
        """Open the table of a source."""
        schema, _, table = source.table.rpartition(".")
        with self._explained(source.name):
            return self._backend.table(table, database=schema or None).select(*columns)

    def fetch(self, expression: ir.Table, source: Source) -> pa.Table:
        """Run an expression, its rows coming in batches."""
        with self._explained(source.name):
            return self._backend.to_pyarrow_batches(expression, chunk_size=BATCH).read_all()

    def microseconds(self, instant: ir.TimestampValue) -> ir.IntegerValue:
        """Microseconds since 1970 UTC: PostgreSQL gives the epoch as an exact decimal."""
        seconds = instant.epoch_seconds().cast(dt.Decimal(27, 6))
        return ibis.ifelse(_is_finite(instant), (seconds * 1_000_000).cast(dt.int64), ibis.null(dt.int64))

    def earliest(self, tick: ir.IntegerValue, text: ir.StringValue) -> ir.StringValue:
        """Take the text with the smallest tick; rows are no values here that could be compared."""
        order = [tick, text.isnull(), _encoded(text, "UTF8")]
        return text.collect(order_by=order, include_null=True)[0]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _explained(self, place: str) -> Iterator[None]:
        try:
            yield
        except (self._error, IbisError) as error:
            raise StudyError.at(place, f"cannot be read ({first_line(error)})", _mend(str(error))) from None


def _mend(message: str) -> str:
    if "password" in message:
        return "Put the password into PGPASSWORD or ~/.pgpass"
    if "permission denied" in message:
        return "Ask for the right to read it"
    return "Check events and table in study.toml, and that the server runs"


@opens("postgresql")
def open_postgresql(address: str, folder: Path, table: str, scratch: Path) -> tuple[Engine, Source]:
    """Connect to a server, and find a table there."""
    engine = PostgresEngine(address)
    try:
        return engine, engine.source(table)
    except BaseException:
        engine.close()
        raise
