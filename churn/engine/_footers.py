"""What the footers of Parquet files tell of a column of times, and where a log in the order of time can be cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from churn.days.bitmaps import BITS
from churn.days.zones import DAY, ZoneOffsets
from surveys.core.arrays import Ints

TICKS = {"milliseconds": (1_000, 1), "microseconds": (1, 1), "nanoseconds": (1, 1_000)}
WORTHWHILE = 1.5
FEWEST_ROWS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Footers:
    """
    The row groups of a log.

    Attributes
    ----------
    n_rows, n_null : int
        Rows, and those without a time.
    low, high : ndarray of int, shape (n_row_groups,)
        First and last time of each row group, in microseconds since 1970 UTC.
    rows : ndarray of int, shape (n_row_groups,)
        Rows of each.
    """

    n_rows: int
    n_null: int
    low: Ints
    high: Ints
    rows: Ints

    @property
    def first(self) -> int:
        """First time of the log."""
        return int(self.low.min())

    @property
    def last(self) -> int:
        """Last time of the log."""
        return int(self.high.max())

    def cuts(self, origin: int, offsets: ZoneOffsets, n_words: int) -> list[tuple[int | None, int | None]]:
        """
        Cut a large log into words of 62 days, where each row group would be read about once.

        Any cuts would do, for what is gathered from several parts is merged; these are near the local
        midnights at which words end, so that there is little to merge.

        Returns
        -------
        list of tuple of int or None
            From when, and until when, exclusive, in microseconds; empty where cuts would not pay.
        """
        if self.n_rows < FEWEST_ROWS:
            return []
        ahead = int(offsets.offsets[0])
        inner = [(origin + BITS * j) * DAY - ahead for j in range(1, n_words)]
        ends: list[int | None] = [None, *(cut for cut in inner if self.first < cut <= self.last), None]
        cuts = list(pairwise(ends))
        read = sum(self._read_between(low, high) for low, high in cuts)
        return cuts if len(cuts) > 1 and read <= WORTHWHILE * self.n_rows else []

    def _read_between(self, low: int | None, high: int | None) -> int:
        """Count the rows of the row groups that reach into a span of time."""
        after = True if low is None else self.high >= low
        before = True if high is None else self.low < high
        return int(self.rows[np.broadcast_to(after & before, self.rows.shape)].sum())


def read_footers(files: Sequence[Path], name: str) -> Footers | None:
    """Read what footers say of a column of timestamps; None where any row group does not say it."""
    found = [_row_groups(path, name) for path in files]
    groups = [group for rows in found if rows is not None for group in rows]
    if any(rows is None for rows in found) or not groups:
        return None
    low, high, rows, n_null = np.array(groups, np.int64).T
    return Footers(int(rows.sum()), int(n_null.sum()), low, high, rows)


def _row_groups(path: Path, name: str) -> list[tuple[int, int, int, int]] | None:
    metadata = pq.read_metadata(path)
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    if name not in paths:
        return None
    position = paths.index(name)
    unit = _unit(metadata.schema.column(position))
    if unit is None:
        return None
    times, over = TICKS[unit]
    groups = []
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        told = group.column(position).statistics
        if not group.num_rows:
            continue
        if told is None or not told.has_min_max or not told.has_null_count:
            return None
        low, high = told.min_raw * times // over, -(-told.max_raw * times // over)
        groups.append((low, high, group.num_rows, told.null_count))
    return groups


def _unit(column: pq.ColumnSchema) -> str | None:
    """Tell what the whole numbers of a column of timestamps count; None for older ways to store them."""
    if column.physical_type != "INT64" or column.logical_type.type != "TIMESTAMP":
        return None
    return str(json.loads(column.logical_type.to_json())["timeUnit"])
