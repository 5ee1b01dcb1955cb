from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.tenures.counts import TenureCounts, count_tenures, read_counts, write_counts
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Note


@pytest.fixture
def tenures() -> Tenures:
    group = pd.DataFrame({"age": pd.Categorical(["18-24", "25-34", "18-24", None])})
    notes = (Note("{n} events after {day} are left out", {"n": 3, "day": date(2013, 12, 31)}),)
    return Tenures(
        duration=[3, 3, 3, 5], event=[1, 0, 1, 0], entry=[np.nan, 1, np.nan, 2], attributes=group, notes=notes
    )


def test_accounts_that_share_everything_share_a_cell(tenures: Tenures):
    frame = count_tenures(tenures, by=["age"]).to_frame()
    assert frame.columns.tolist() == ["age", "entry", "duration", "event", "n"]
    assert frame["n"].tolist() == [2, 1, 1]
    assert frame["age"].astype(object).where(frame["age"].notna(), None).tolist() == ["18-24", "25-34", None]


def test_counts_come_back_from_a_file_as_they_were(tenures: Tenures, tmp_path: Path):
    counts = count_tenures(tenures, by=["age"])
    write_counts(counts, tmp_path / "counts.parquet")
    back = read_counts(tmp_path / "counts.parquet")
    pd.testing.assert_frame_equal(back.to_frame(), counts.to_frame())
    assert back.time_unit == "days"
    assert back.notes == counts.notes


def test_causes_are_counted_apart_and_come_back_from_a_file(tmp_path: Path):
    tenures = Tenures(duration=[3, 3, 5, 6], event=[1, 1, 0, 1], cause=[1, 2, 0, 2], causes=("banned", "left"))
    counts = count_tenures(tenures)
    assert counts.n.tolist() == [1, 1, 1, 1]
    write_counts(counts, tmp_path / "counts.parquet")
    back = read_counts(tmp_path / "counts.parquet")
    assert (back.causes, back.cause.tolist()) == (("banned", "left"), [1, 2, 0, 2])
    assert back.where(back.event).cause.tolist() == [1, 2, 2]


def test_a_dropout_without_a_cause_is_refused():
    with pytest.raises(SpecError, match="1 accounts left without a cause"):
        Tenures(duration=[3, 3], event=[1, 1], cause=[1, 0], causes=("banned",))


def test_the_same_counts_are_the_same_bytes(tenures: Tenures, tmp_path: Path):
    for name in ("a", "b"):
        write_counts(count_tenures(tenures, by=["age"]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_unknown_attribute_is_named_with_the_nearest(tenures: Tenures):
    with pytest.raises(SpecError, match=r"^count_tenures, by 'ages': no such attribute. Did you mean 'age'\?"):
        count_tenures(tenures, by=["ages"])


@pytest.mark.parametrize("n", [0, 1.5, -2])
def test_counts_are_whole_numbers_from_1(n: float):
    with pytest.raises(SpecError, match="expected whole numbers from 1"):
        TenureCounts.from_frame(pd.DataFrame({"duration": [1], "event": [True], "n": [n]}))


def test_says_so_when_there_is_no_file(tmp_path: Path):
    with pytest.raises(StudyError, match=r"^counts.parquet: cannot be read, expected counts of tenures"):
        read_counts(tmp_path / "counts.parquet")
