"""Tests of what names and describes accounts: numbers that lost digits, and texts that stand for no value."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.network.followed import read_following
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tables import count_tenure_table
from churn.tenures.tenures import read_tenures
from churn.usage.accounts import read_accounts
from churn.usage.log import read_activity
from churn.usage.states import read_states
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_lines

LARGE = 2**60
LOST = "digits are lost"


def csv(folder: Path, ids: list[str]) -> dict[str, Any]:
    write_lines(folder / "log.csv", "account,time", *(f"{account},2013-04-0{i + 1}" for i, account in enumerate(ids)))
    return {"events": "log.csv"}


def parquet(folder: Path, ids: pa.Array) -> dict[str, Any]:
    days = pa.array([date(2013, 4, i + 1) for i in range(len(ids))])
    pq.write_table(pa.table({"account": ids, "time": days}), folder / "log.parquet")
    return {"events": "log.parquet"}


@pytest.mark.parametrize("ids", [["1e18", "12"], ["9007199254740993.0", "7.0"], ["1.15292E+18", "3", ""][:2]])
def test_numbers_of_text_that_lost_digits_are_refused(ids: list[str], tmp_path: Path):
    with pytest.raises(StudyError, match=rf"log\.csv, column 'account': holds floating numbers beyond .* {LOST}"):
        read_activity(make_study(tmp_path, **csv(tmp_path, ids)))


@pytest.mark.parametrize("ids", [["9007199254740993", str(LARGE + 1)], ["1e5", "7.0"], ["12e30", "a7"], ["7e99x", "1"]])
def test_whole_numbers_small_ones_and_codes_are_taken(ids: list[str], tmp_path: Path):
    assert read_activity(make_study(tmp_path, **csv(tmp_path, ids))).n_accounts == 2


def test_columns_of_floating_numbers_are_refused_where_they_are_large(tmp_path: Path):
    study = make_study(tmp_path, **parquet(tmp_path, pa.array([float(LARGE), 5.0])))
    for read in (read_activity, read_states, read_tenures):
        with pytest.raises(StudyError, match=rf"log\.parquet, column 'account': .*1\.152921504606847e\+18, .*{LOST}"):
            read(study)
    assert read_activity(make_study(tmp_path, **parquet(tmp_path, pa.array([4.0, 5.0])))).n_accounts == 2
    assert read_activity(make_study(tmp_path, **parquet(tmp_path, pa.array([LARGE, LARGE + 1])))).n_accounts == 2


def test_an_account_that_is_no_number_is_blank(tmp_path: Path):
    with pytest.raises(StudyError, match="1 of 2 rows are blank"):
        read_activity(make_study(tmp_path, **parquet(tmp_path, pa.array([4.0, float("nan")]))))


def test_numbers_of_json_are_read_as_they_are_written(tmp_path: Path):
    def lines(ids: list[str]) -> dict[str, Any]:
        rows = [f'{{"account": {account}, "time": "2013-04-0{i + 1}"}}' for i, account in enumerate(ids)]
        write_lines(tmp_path / "log.jsonl", *rows)
        return {"events": "log.jsonl"}

    assert json.loads('{"a": 9007199254740993}')["a"] == 9007199254740993
    exact = read_activity(make_study(tmp_path, **lines(["9007199254740993", "9007199254740992"])))
    assert exact.n_accounts == 2
    with pytest.raises(StudyError, match=LOST):
        read_activity(make_study(tmp_path, **lines(["1.1e18", "5"])))


def test_tables_of_accounts_and_of_tenures_are_as_strict(tmp_path: Path):
    write_lines(tmp_path / "a.csv", "account,opened,seen", "1.1e18,2013-01-01,2013-12-01", "7,2013-01-01,2013-12-20")
    with pytest.raises(StudyError, match=rf"a\.csv, column 'account': .*{LOST}"):
        read_accounts(make_study(tmp_path, accounts="a.csv", signup="opened", last_seen="seen"))
    given = {"accounts": "t.csv", "tenure": "days", "tenure_unit": "days", "dropout": {"rule": "closed"}}
    given |= {"dropped": {"item": "gone", "yes": [1], "no": [0]}}
    write_lines(tmp_path / "t.csv", "account,days,gone", "1.1e18,4,1", "7,9,0")
    with pytest.raises(StudyError, match=rf"t\.csv, column 'account': .*{LOST}"):
        count_tenure_table(make_study(tmp_path, **given))
    log = csv(tmp_path, ["a", "b"])
    write_lines(tmp_path / "f.csv", "who,followed", "1.1e18,4", "7,9")
    following = {"file": "f.csv", "account": "who", "number": "followed"}
    with pytest.raises(StudyError, match=rf"f\.csv, column 'who': .*{LOST}"):
        read_following(make_study(tmp_path, following=following, **log))


def grouped(folder: Path, **usage: Any) -> Any:
    rows = [f"a{i},2013-0{1 + i % 6}-0{1 + i % 9},{['FR', 'NA', 'Unknown', ''][i % 4]}" for i in range(40)]
    write_lines(folder / "log.csv", "account,time,country", *rows)
    return make_study(folder, events="log.csv", group=["country"], **usage)


def test_texts_that_look_like_no_answer_are_asked_about(tmp_path: Path):
    with pytest.raises(StudyError) as error:
        read_tenures(grouped(tmp_path))
    assert str(error.value) == (
        "log.csv, column 'country': texts that look like no answer: 'NA' (10 accounts), 'Unknown' (10 accounts). "
        "List them under group_missing in study.toml, or under group_levels if they are levels."
    )


def test_declared_they_are_no_level_or_one(tmp_path: Path):
    missing = read_tenures(grouped(tmp_path, group_missing=["NA", "Unknown"]))
    curves = kaplan_meier(missing, by="country")
    assert {level: curve.n for level, curve in curves.items()} == {"FR": 10}
    assert "30 accounts without a value of country are left out" in map(str, curves["FR"].notes)
    namibia = read_tenures(grouped(tmp_path, group_missing=["Unknown"], group_levels=["NA"]))
    assert {level: curve.n for level, curve in kaplan_meier(namibia, by="country").items()} == {"FR": 10, "NA": 10}


def test_tables_ask_alike(tmp_path: Path):
    write_lines(tmp_path / "t.csv", "days,gone,plan", "4,1,free", "9,0,N/A", "9,0,N/A", "8,1,paid")
    given = {"accounts": "t.csv", "tenure": "days", "tenure_unit": "days", "dropout": {"rule": "closed"}}
    given |= {"dropped": {"item": "gone", "yes": [1], "no": [0]}, "group": ["plan"], "account": ()}
    with pytest.raises(
        StudyError, match=r"t\.csv, column 'plan': texts that look like no answer: 'N/A' \(2 accounts\)"
    ):
        count_tenure_table(make_study(tmp_path, **given), by=["plan"])
    counts = count_tenure_table(make_study(tmp_path, group_missing=["N/A"], **given), by=["plan"])
    assert counts.strata["plan"].isna().sum() == 1
    write_lines(
        tmp_path / "a.csv", "account,opened,seen,plan", "a,2013-01-01,2013-12-01,null", "b,2013-01-01,2013-12-20,x"
    )
    about = {"accounts": "a.csv", "signup": "opened", "last_seen": "seen", "group": ["plan"]}
    with pytest.raises(
        StudyError, match=r"a\.csv, column 'plan': texts that look like no answer: 'null' \(1 accounts\)"
    ):
        read_accounts(make_study(tmp_path, **about))


def test_what_is_no_number_in_a_group_is_blank(tmp_path: Path):
    days = [date(2013, 4, 1), date(2013, 4, 2)]
    table = pa.table({"account": ["a", "b"], "time": days, "size": pa.array([1.0, float("nan")])})
    pq.write_table(table, tmp_path / "log.parquet")
    found = read_activity(make_study(tmp_path, events="log.parquet", group=["size"]))
    assert pd.isna(found.attributes["size"]).tolist() == [False, True]
