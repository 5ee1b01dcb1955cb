"""Merging what is known of accounts over parts of a log: smallest, largest, sum, and the bits of any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from surveys.core.arrays import Ints

ROWS = 262_144
NEVER, ALWAYS = np.iinfo(np.int64).max, np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """
    One row per account, in the order of the accounts.

    Attributes
    ----------
    accounts : pyarrow.Table
        The columns that name each account.
    n_events, first, last : ndarray of int, shape (n_accounts,)
        Events, and the first and last tick.
    words : ndarray of uint64, shape (n_accounts, n_words)
        Bits of active days.
    groups : tuple of Categorical
        For each column that describes the account, its value at the first tick.
    several : tuple of ndarray of bool
        For each, whether the account has several values.
    """

    accounts: pa.Table
    n_events: Ints
    first: Ints
    last: Ints
    words: NDArray[np.uint64]
    groups: tuple[pd.Categorical, ...]
    several: tuple[NDArray[np.bool_], ...]


def ranked(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Give each value of a column its place in their order, text by code points; -1 where it is null."""
    if pa.types.is_integer(column.type) and not column.null_count:
        distinct, place = np.unique(column.to_numpy(), return_inverse=True)
        return place, pa.array(distinct, column.type)
    encoded = column.combine_chunks().dictionary_encode()
    chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
    if len(chunks) > 1:
        chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
    values = chunks[0].dictionary
    order = pc.sort_indices(values)
    rank = np.empty(len(values) + 1, np.int64)
    rank[order.to_numpy()] = np.arange(len(values))
    rank[-1] = -1
    codes = [rank[pc.fill_null(chunk.indices, len(values)).to_numpy(zero_copy_only=False)] for chunk in chunks]
    return codes[0] if len(codes) == 1 else np.concatenate(codes), values.take(order)


def numbered_accounts(table: pa.Table, keys: list[str]) -> tuple[Ints, pa.Table]:
    """Give each row the place of its account in their order, and list them; names may take several columns."""
    codes, values = ranked(table[keys[0]])
    accounts = pa.table({keys[0]: values})
    for key in keys[1:]:
        more, values = ranked(table[key])
        distinct, codes = np.unique(codes * len(values) + more, return_inverse=True)
        accounts = accounts.take(distinct // len(values)).append_column(key, values.take(distinct % len(values)))
    return codes, accounts


def by_account(table: pa.Table, keys: list[str]) -> pa.Table:
    """Put a table with one row per account in the order of the accounts."""
    return table.take(np.argsort(numbered_accounts(table, keys)[0], kind="stable"))


def merge(parts: Iterable[pa.Table], keys: list[str], n_groups: int, n_words: int) -> Merged | None:
    """
    Merge partial states, of which an account may have any number.

    Parameters
    ----------
    parts : iterable of pyarrow.Table
        `keys`; `word`, `bits` of that word, `n_events`, `first`, `last`; and for each group `start_group_0`, the
        value at `first`, `low_group_0` and `high_group_0`, the first and last of its values.
    keys : list of str
        Columns that name the account.
    n_groups : int
        Columns that describe it.
    n_words : int
        Words to keep.

    Returns
    -------
    Merged or None
        The same whatever the order of the rows, and however the log was cut into parts; None where a row has
        no account.
    """
    table = pa.concat_tables(parts, promote_options="permissive")
    if any(table[key].null_count for key in keys):
        return None
    codes, accounts = numbered_accounts(table, keys)
    table = table.drop_columns(keys)
    n = accounts.num_rows
    n_events, first, last = np.zeros(n, np.int64), np.full(n, NEVER), np.full(n, ALWAYS)
    words = np.zeros((n_words, n), np.uint64)
    done = 0
    for batch in table.to_batches(max_chunksize=ROWS):
        rows = codes[done : done + batch.num_rows]
        np.add.at(n_events, rows, _numbers(batch, "n_events"))
        np.minimum.at(first, rows, _numbers(batch, "first"))
        np.maximum.at(last, rows, _numbers(batch, "last"))
        place = _numbers(batch, "word") * n + rows
        np.bitwise_or.at(words.reshape(-1), place, _numbers(batch, "bits").view(np.uint64))
        done += batch.num_rows
    opening = np.flatnonzero(_numbers(table, "first") == first[codes]) if n_groups else np.empty(0, np.int64)
    found = [_group(table, i, codes, opening, n) for i in range(n_groups)]
    return Merged(
        accounts, n_events, first, last, words.T, tuple(value for value, _ in found), tuple(many for _, many in found)
    )


def _numbers(rows: pa.Table | pa.RecordBatch, name: str) -> Ints:
    return np.asarray(rows[name]).astype(np.int64, copy=False)


def compacted(table: pa.Table, keys: list[str], n_groups: int) -> pa.Table:
    """Merge partial states to one row for each account and word, in their order; they are partial states still."""
    codes, rows = numbered_accounts(table, [*keys, "word"])
    n = rows.num_rows
    if n == table.num_rows:
        return table.take(np.argsort(codes, kind="stable"))
    n_events, first, last, bits = np.zeros(n, np.int64), np.full(n, NEVER), np.full(n, ALWAYS), np.zeros(n, np.int64)
    np.add.at(n_events, codes, _numbers(table, "n_events"))
    np.minimum.at(first, codes, _numbers(table, "first"))
    np.maximum.at(last, codes, _numbers(table, "last"))
    np.bitwise_or.at(bits, codes, _numbers(table, "bits"))
    columns = {"n_events": n_events, "first": first, "last": last, "bits": bits}
    columns |= _compacted_groups(table, n_groups, codes, first)
    for name in table.column_names[len(keys) + 1 :]:
        rows = rows.append_column(name, pa.array(columns[name]))
    return rows.select(table.column_names)


def _compacted_groups(table: pa.Table, n_groups: int, codes: Ints, first: Ints) -> dict[str, pa.Array]:
    opening = np.flatnonzero(_numbers(table, "first") == first[codes])
    columns = {}
    for i in range(n_groups):
        *found, values = _extremes(table, i, codes, opening, len(first))
        padded = pa.concat_arrays([values, pa.nulls(1, values.type)])
        for part, rank in zip(("start", "low", "high"), found, strict=True):
            columns[f"{part}_group_{i}"] = padded.take(pa.array(np.where(rank < 0, len(values), rank)))
    return columns


def _extremes(table: pa.Table, i: int, codes: Ints, opening: Ints, n: int) -> tuple[Ints, Ints, Ints, pa.Array]:
    """Rank the value at the first tick, the lowest and the highest; those missing come last, or first in the last."""
    parts = [table[f"{part}_group_{i}"] for part in ("start", "low", "high")]
    rank, values = ranked(pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type))
    none = len(values)
    start, low, high = rank.reshape(3, -1)
    at_first, lowest, highest = np.full(n, none), np.full(n, none), np.full(n, -1)
    np.minimum.at(at_first, codes[opening], np.where(start[opening] < 0, none, start[opening]))
    np.minimum.at(lowest, codes, np.where(low < 0, none, low))
    np.maximum.at(highest, codes, high)
    return at_first, lowest, highest, values


def _group(table: pa.Table, i: int, codes: Ints, opening: Ints, n: int) -> tuple[pd.Categorical, NDArray[np.bool_]]:
    """Take the value at the first tick, among several the first by code points; and tell who has several."""
    at_first, lowest, highest, values = _extremes(table, i, codes, opening, n)
    used, position = np.unique(at_first, return_inverse=True)
    known = used < len(values)
    labels = values.take(used[known]).to_pandas()
    category = pd.Categorical.from_codes(np.where(known[position], position, -1), categories=pd.Index(labels))
    return category, lowest < highest
