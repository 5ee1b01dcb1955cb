"""Spark: Parquet files or a table of its catalogue, on this machine or on a cluster."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.engine.base import Engine, first_line
from churn.engine.registry import opens
from churn.engine.sources import Source, find_parquet, shown_address
from surveys.core.errors import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

VIEW = "churn_log"
LOCAL = re.compile(r"local(\[(\d+|\*)\])?")
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
ON_THIS_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}


@ibis.udf.scalar.builtin(name="unix_micros", signature=((dt.timestamp,), dt.int64))  # type: ignore[untyped-decorator]
def _unix_micros(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970 UTC."""


class SparkEngine(Engine):
    """
    A Spark session.

    Parameters
    ----------
    address : str
        `spark://local`, `spark://local[2]` for a number of threads here, or a master such as
        `spark://host:7077`; `spark://yarn` as the configuration of Spark says.
    scratch : Path
        Existing folder for what a session on this machine writes down.

    Raises
    ------
    StudyError
        If PySpark is not installed or Spark does not start.
    """

    def __init__(self, address: str, scratch: Path) -> None:
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            mend = "Install it: pip install 'adoption-churn[spark]'"
            raise StudyError.at("study.toml, usage.events", "Spark needs the package pyspark", mend) from None
        from py4j.protocol import Py4JError

        self._place = shown_address(address)
        self._errors: tuple[type[Exception], ...] = (PySparkException, Py4JError)
        # Spark tells every error a second time, in many lines.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        self._found = SparkSession.getActiveSession()
        try:
            self._session: Any = self._found or start_session(address, scratch)
        except (*self._errors, OSError, RuntimeError) as error:
            mend = "Install a Java runtime (default-jre-headless), and check events in study.toml"
            raise StudyError.at(self._place, f"Spark does not start ({first_line(error)})", mend) from None
        self._backend = ibis.pyspark.connect(self._session)

    def source(self, folder: Path, name: str) -> Source:
        """Find Parquet files by a pattern or an address, or a table of the catalogue."""
        label = f"{name} at {self._place}"
        files: tuple[Path, ...] = ()
        reader: list[str] = []
        if "://" in name:
            reader = [name]
        elif "/" in name or "*" in name or name.endswith(".parquet"):
            files = find_parquet(folder, name)
            reader = [f"file://{path.resolve()}" for path in files]
        with self._explained(label):
            frame = self._session.read.parquet(*reader) if reader else self._session.table(name)
            frame.createOrReplaceTempView(VIEW)
            columns = tuple(self._backend.table(VIEW).columns)
        return Source(files=files, readable=files, kind="table", columns=columns, label=label, table=VIEW)

    def open(self, source: Source, columns: Sequence[str], paths: Sequence[Path] | None = None) -> ir.Table:
        """Open the view of a source."""
        with self._explained(source.name):
            return self._backend.table(source.table).select(*columns)

    def fetch(self, expression: ir.Table, source: Source) -> pa.Table:
        """Run an expression."""
        with self._explained(source.name):
            return self._session.sql(self._backend.compile(expression)).toArrow()

    def microseconds(self, instant: ir.TimestampValue) -> ir.IntegerValue:
        """Microseconds since 1970 UTC; a timestamp without a zone is UTC."""
        return _unix_micros(instant.cast(dt.Timestamp("UTC")))

    def shows_wall_clock(self, source: Source, column: str, kind: dt.Timestamp) -> bool:
        """Tell whether a column is of Spark's timestamps without a zone, for which Ibis has no type of their own."""
        with self._explained(source.name):
            return str(self._session.table(source.table).schema[column].dataType.typeName()) == "timestamp_ntz"

    def close(self) -> None:
        """Stop the session, unless it was there before."""
        if self._found is None:
            self._session.stop()

    @contextmanager
    def _explained(self, place: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            mend = "Check events and table in study.toml, and that Spark can read it"
            raise StudyError.at(place, f"cannot be read ({first_line(error)})", mend) from None


def start_session(address: str, scratch: Path) -> Any:
    """Start Spark on this machine, or join the cluster at an address."""
    from pyspark.sql import SparkSession

    where = address.removeprefix("spark://")
    local = LOCAL.fullmatch(where)
    master = (where if local and local[1] else "local[*]") if local else where if where == "yarn" else address
    settings = SETTINGS | (ON_THIS_MACHINE | {"spark.sql.warehouse.dir": str(scratch)} if local else {})
    builder = SparkSession.builder.master(master).appName("churn")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


@opens("spark")
def open_spark(address: str, folder: Path, table: str, scratch: Path) -> tuple[Engine, Source]:
    """Start or join a session, and find files or a table there."""
    engine = SparkEngine(address, scratch)
    try:
        return engine, engine.source(folder, table)
    except BaseException:
        engine.close()
        raise
