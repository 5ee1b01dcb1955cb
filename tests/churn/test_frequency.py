"""Tests of rows of a table that stand for several accounts: the same as that many rows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import count_tenures
from churn.tenures.tables import count_tenure_table
from churn.tenures.tenures import read_tenures
from churn.usage.accounts import read_accounts
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_lines

TENURES: dict[str, Any] = {
    "accounts": "t.csv",
    "account": (),
    "tenure": "days",
    "tenure_unit": "days",
    "dropped": {"item": "gone", "yes": [1], "no": [0], "not_asked": "missing"},
    "dropout": {"rule": "closed"},
}
DATES: dict[str, Any] = {"accounts": "a.csv", "account": (), "signup": "opened", "last_seen": "seen"}


def patterns() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    opened = [date(2013, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 300, 30)]
    lived = rng.integers(0, 200, 30)
    seen = [min(day + timedelta(days=int(x)), date(2013, 12, 31)) for day, x in zip(opened, lived, strict=True)]
    frame = pd.DataFrame({"opened": opened, "seen": seen, "plan": rng.choice(["free", "paid"], 30)})
    return frame.assign(days=rng.integers(1, 99, 30), gone=rng.integers(0, 2, 30), n=rng.integers(0, 9, 30))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("given", [TENURES, DATES], ids=["tenures", "dates"])
def test_rows_that_stand_for_several_are_that_many_rows(given: dict[str, Any], kind: str, tmp_path: Path):
    file = f"{given['accounts'][0]}.{kind}"
    frame = patterns()
    write = (lambda f, path: f.to_csv(path, index=False)) if kind == "csv" else (lambda f, path: f.to_parquet(path))
    write(frame, tmp_path / file)
    told = given | {"accounts": file, "group": ["plan"], "silent_end": True}
    found = count_tenures(read_tenures(make_study(tmp_path, frequency="n", **told)), by=["plan"])
    rows = frame.loc[frame.index.repeat(frame["n"])].reset_index(drop=True)
    write(rows.assign(id=range(len(rows))), tmp_path / file)
    expected = count_tenures(read_tenures(make_study(tmp_path, **(told | {"account": "id"}))), by=["plan"])
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    assert kaplan_meier(found).n == expected.n_accounts


def test_counted_tables_give_the_same_without_rows(tmp_path: Path):
    write_lines(tmp_path / "t.csv", "days,gone,n", "4,1,10", "9,0,30", "9,,5", "7,1,0")
    counts = count_tenure_table(make_study(tmp_path, frequency="n", **TENURES))
    assert counts.to_frame()[["duration", "event", "n"]].to_numpy().tolist() == [[4, True, 10], [9, False, 30]]
    assert "5 accounts are left out because the table does not say whether they are gone" in map(str, counts.notes)


@pytest.mark.parametrize("cell", ["", "two", "-1", "1.5"])
def test_what_is_no_number_of_accounts_is_refused_by_row(cell: str, tmp_path: Path):
    write_lines(tmp_path / "t.csv", "days,gone,n", "4,1,10", f"9,0,{cell}")
    with pytest.raises(StudyError, match=r"t\.csv, row 3, column 'n': 1 of 2 .*stand for a .*number of accounts"):
        count_tenure_table(make_study(tmp_path, frequency="n", **TENURES))
    write_lines(tmp_path / "a.csv", "opened,seen,n", "2013-01-01,2013-12-20,10", f"2013-01-01,2013-12-20,{cell}")
    with pytest.raises(StudyError, match=r"a\.csv, row 3, column 'n': 1 of 2 .* stand for a whole number of accounts"):
        read_accounts(make_study(tmp_path, frequency="n", **DATES))


def test_rows_of_nobody_alone_are_refused(tmp_path: Path):
    write_lines(tmp_path / "t.csv", "days,gone,n", "4,1,0")
    with pytest.raises(StudyError, match=r"t\.csv, column 'n': is 0 in every row"):
        count_tenure_table(make_study(tmp_path, frequency="n", **TENURES))
    write_lines(tmp_path / "a.csv", "opened,seen,n", "2013-01-01,2013-12-20,0")
    with pytest.raises(StudyError, match=r"a\.csv, column 'n': is 0 in every row"):
        read_accounts(make_study(tmp_path, frequency="n", **DATES))


def test_a_row_of_several_accounts_names_none_and_is_no_event(tmp_path: Path):
    with pytest.raises(ValidationError, match="frequency says that rows stand for several accounts"):
        make_study(tmp_path, frequency="n", **(DATES | {"account": "id"}))
    with pytest.raises(ValidationError, match="frequency is of a table of accounts"):
        make_study(tmp_path, frequency="n", events="log.csv")
