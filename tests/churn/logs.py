"""The smallest honest usage studies: a log or a table in a folder, and what study.toml says of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from surveys.study.schema import Study


def make_study(folder: Path, *, as_of: date = date(2013, 12, 31), timezone: str = "UTC", **usage: Any) -> Study:
    """A study whose usage is as given; account and time have plain names unless said otherwise."""
    if "events" in usage:
        # The logs of these tests begin with their service, unless a test says otherwise.
        usage = {"time": "time", "opening_days": 0, "silent_end": True} | usage
    return Study.model_validate(
        {
            "folder": folder,
            "study": {"title": "a study", "as_of": as_of, "timezone": timezone},
            "usage": {"account": "account"} | usage,
        }
    )


def write_lines(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def write_events(path: Path, rows: Iterable[tuple[Any, Any]], kind: pa.DataType) -> Path:
    """Write accounts and times to Parquet."""
    accounts, times = zip(*rows, strict=True)
    pq.write_table(pa.table({"account": list(accounts), "time": pa.array(times, kind)}), path)
    return path
