"""Whole numbers of Parquet files are counted by one packed key, to the same counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.engine._packing import Packing
from churn.engine.open import open_source
from churn.numeric.cells import add_up

COLUMNS = {"a": "low", "b": "wide", "c": "plan", "d": "gaps", "e": "size"}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1970)


@pytest.fixture
def table(rng) -> pd.DataFrame:
    n = 5_000
    return pd.DataFrame(
        {
            "low": rng.integers(-3, 2, n).astype(np.int8),
            "wide": rng.choice([-(2**40), 7, 2**40], n),
            "plan": rng.choice(["x", "y"], n),
            "gaps": pd.array(rng.choice([1, 2, 3], n), "Int32"),
            "size": rng.integers(250, 256, n).astype(np.uint8),
        }
    )


def counted(folder, pattern: str) -> pd.DataFrame:
    how = {"key": "accounts", "wanted": {}, "delimiter": None, "encoding": "utf-8"}
    with open_source(folder, pattern, **how) as (engine, source):
        cells = engine.count(source, COLUMNS)
    return cells.select([*COLUMNS, "n"]).to_pandas().sort_values(list(COLUMNS)).reset_index(drop=True)


def expected(table: pd.DataFrame) -> pd.DataFrame:
    named = table[list(COLUMNS.values())].set_axis(list(COLUMNS), axis=1)
    return named.groupby(list(COLUMNS), dropna=False).size().rename("n").reset_index()


@pytest.mark.parametrize("row_group_size", [700, 5_000])
def test_counts_are_those_of_the_columns_as_they_are(tmp_path, table, row_group_size):
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "a.parquet", row_group_size=row_group_size)
    assert list(Packing.of([tmp_path / "a.parquet"], COLUMNS).spans) == ["a", "b", "d", "e"]
    pd.testing.assert_frame_equal(counted(tmp_path, "a.parquet"), expected(table), check_dtype=False)


def test_the_range_is_that_of_all_files(tmp_path, table):
    table[:2_000].assign(low=np.int8(100)).to_parquet(tmp_path / "a1.parquet")
    table[2_000:].to_parquet(tmp_path / "a2.parquet")
    whole = pd.concat([table[:2_000].assign(low=np.int8(100)), table[2_000:]])
    pd.testing.assert_frame_equal(counted(tmp_path, "a*.parquet"), expected(whole), check_dtype=False)


def test_columns_with_blanks_without_ranges_or_too_wide_stay_as_they_are(tmp_path, table):
    table.loc[3, "gaps"] = pd.NA
    table["wide"] = np.where(np.arange(len(table)) % 2, 2**63 - 1, -(2**63))
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "a.parquet", write_statistics=["low", "wide", "gaps"])
    assert not Packing.of([tmp_path / "a.parquet"], COLUMNS).spans
    pd.testing.assert_frame_equal(counted(tmp_path, "a.parquet"), expected(table), check_dtype=False)


def test_cells_that_agree_are_added_up_in_order_blanks_last(rng):
    codes = [(rng.integers(-1, size, 400), size) for size in (3, 4, 2)]
    n = rng.integers(1, 9, 400)
    kept = np.flatnonzero(n > 2)
    frame = pd.DataFrame({i: np.where(code < 0, size, code) for i, (code, size) in enumerate(codes)}).assign(n=n)
    wanted = frame.iloc[kept].groupby([0, 1, 2])["n"].sum()
    rows, total = add_up(codes, kept, n)
    assert frame.iloc[rows][[0, 1, 2]].apply(tuple, axis=1).tolist() == wanted.index.tolist()
    assert total.tolist() == wanted.tolist()


def test_cells_are_added_up_however_many_codes_there_are():
    wide = [(np.array([2**40, 0, 2**40]), 2**41) for _ in range(4)]
    rows, total = add_up(wide, np.arange(3), np.array([1, 2, 3]))
    assert (rows[0], rows[1] in (0, 2), total.tolist()) == (1, True, [2, 4])
