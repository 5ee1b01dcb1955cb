"""Where logs and tables are read: files by DuckDB inside the process, or tables by PostgreSQL or Spark."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.engine.base import Engine
from churn.engine.duckdb import DuckDBEngine
from churn.engine.event_log import EventLog, Profile, unless_blank
from churn.engine.registry import engine_for
from churn.engine.sources import Source, check_columns, find_source
from churn.engine.times import Grain, TimeColumn, Times, time_sample

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Engine",
    "EventLog",
    "Grain",
    "Profile",
    "TimeColumn",
    "Times",
    "open_source",
    "read_accounts_table",
    "time_sample",
]


@contextmanager
def open_source(
    folder: Path,
    pattern: str,
    *,
    key: str,
    wanted: Mapping[str, str],
    delimiter: str | None,
    encoding: str,
    table: str | None = None,
) -> Iterator[tuple[Engine, Source]]:
    """
    Find the files or the table of a study, check their columns and start an engine on them.

    Parameters
    ----------
    folder, pattern, key, delimiter, encoding
        As for `find_source`; or `pattern` is the address of a PostgreSQL server or of Spark.
    wanted : mapping of str to str
        Columns wanted, by the key of `study.toml` that names them.
    table : str, optional
        With an address: table or view on the server; for Spark, also Parquet files.

    Yields
    ------
    tuple of Engine and Source
        Valid inside the `with` block.

    Raises
    ------
    StudyError
        If files, server, table or columns are not there.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> folder = open_example("twitter_france").folder
    >>> how = {"key": "events", "wanted": {"time": "time"}, "delimiter": None, "encoding": "utf-8"}
    >>> with open_source(folder, "events/*.parquet", **how) as (engine, source):
    ...     source.name
    '2009.parquet and 4 more'
    """
    with tempfile.TemporaryDirectory(prefix="churn-") as name, ExitStack() as opened:
        scratch = Path(name)
        engine: Engine
        if "://" in pattern:
            engine, source = engine_for(pattern)(pattern, folder, table or "", scratch)
            opened.callback(engine.close)
        else:
            source = find_source(folder, pattern, key=key, delimiter=delimiter, encoding=encoding, scratch=scratch)
            engine = DuckDBEngine(scratch)
            opened.callback(engine.close)
        check_columns(source, wanted)
        yield engine, source


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
        `group_0`..., and for each column of times `tick_NAME`, `raw_NAME` and `wall_NAME`, which tells the times
        that are written without an offset and whose ticks are those of UTC; then whether each column of
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
        chosen: dict[str, ir.Value] = {f"account_{i}": unless_blank(table[name]) for i, name in enumerate(account)}
        chosen |= {f"group_{i}": unless_blank(table[name]).cast(dt.string) for i, name in enumerate(groups)}
        for column in times:

            def sample(name: str = column.name) -> list[str]:
                if name not in samples:
                    samples[name] = time_sample(engine, source, name)
                return samples[name]

            read = Times(engine, table, column, source, sample)
            raw = table[column.name].cast(dt.string)
            chosen[f"tick_{column.name}"] = read.ticks
            chosen[f"wall_{column.name}"] = ibis.literal(False) if read.walls is None else read.walls
            chosen[f"raw_{column.name}"] = ibis.ifelse(read.present, raw, ibis.null(dt.string))
            grains[column.name], expected[column.name] = read.grain, read.expected
        rows = table.select(file=ibis.literal(number), row=ibis.row_number() + source.first_row, **chosen)
        parts.append(engine.fetch(rows, source))
    return pa.concat_tables(parts, promote_options="permissive"), grains, expected
