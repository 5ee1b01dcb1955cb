from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from churn.tenures.counts import count_tenures
from churn.tenures.tables import count_tenure_table
from churn.tenures.tenures import Tenures, read_tenures
from churn.usage.accounts import read_accounts
from surveys.core.errors import SpecError, StudyError
from surveys.study.schema import Study
from tests.churn.logs import make_study, write_lines

MONTHS: dict[str, Any] = {
    "account": (),
    "tenure": "months",
    "tenure_unit": "months",
    "dropped": {"item": "left", "yes": ["yes"]},
    "dropout": {"rule": "closed", "horizon": 1},
}


def table_study(folder: Path, *lines: str, **usage: Any) -> Study:
    write_lines(folder / "a.csv", *lines)
    return make_study(folder, **({"accounts": "a.csv"} | MONTHS | usage))


def message(folder: Path, *lines: str, **usage: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        count_tenure_table(table_study(folder, *lines, **usage))
    return str(caught.value).splitlines()


def test_accounts_alike_share_a_cell_and_keep_their_unit(tmp_path: Path):
    study = table_study(tmp_path, "months,left,plan", "3,yes,a", "3, yes ,a", "3.0,no,a", "0,yes,b", group=["plan"])
    counts = count_tenure_table(study, by=["plan"])
    assert counts.time_unit == "months"
    assert counts.to_frame().to_dict("list") == {
        "plan": ["a", "a", "b"],
        "entry": pytest.approx([np.nan] * 3, nan_ok=True),
        "duration": [3, 3, 0],
        "event": [False, True, True],
        "n": [1, 2, 1],
    }
    tenures = read_tenures(study)
    assert (tenures.n_accounts, tenures.time_unit) == (4, "months")
    assert tenures.entry is None
    assert tenures.rule is not None
    assert str(tenures.rule.describe()) == "an account is gone when it is closed"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.booleans(), st.sampled_from(["", "FR", "BE"]), st.integers(0, 3)), min_size=1
    )
)
def test_counts_are_those_of_the_rows(tmp_path: Path, drawn: list[tuple[int, bool, str, int]]):
    frame = pd.DataFrame(drawn, columns=["months", "left", "country", "entry"])
    frame = frame.assign(months=frame["months"] + frame["entry"], why=frame["left"].map({True: "moved", False: ""}))
    frame["left"] = frame["left"].map({True: "yes", False: "no"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    study = make_study(tmp_path, accounts="a.csv", **MONTHS, entry="entry", cause="why", group=["country"])
    rows = Tenures(
        duration=frame["months"],
        event=frame["left"] == "yes",
        entry=frame["entry"].where(frame["entry"] > 0),
        cause=(frame["left"] == "yes").astype(int),
        causes=("moved",),
        attributes=pd.DataFrame({"country": pd.Categorical(frame["country"].replace("", None))}),
        time_unit="months",
    )
    for by in ([], ["country"]):
        counts = count_tenure_table(study, by=by).to_frame().astype({"event": bool})
        for expected in (count_tenures(rows, by=by), count_tenures(read_tenures(study), by=by)):
            pd.testing.assert_frame_equal(counts, expected.to_frame(), check_dtype=False, check_categorical=False)


def test_typed_columns_are_read_as_they_are(tmp_path: Path):
    columns = {
        "months": pa.array([3, 5, None], pa.float32()),
        "left": pa.array([True, False, None]),
        "plan": pa.array([1, None, 2]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    dropped = {"item": "left", "yes": [1], "not_asked": "missing"}
    counts = count_tenure_table(
        make_study(tmp_path, accounts="a.parquet", **(MONTHS | {"dropped": dropped}), group=["plan"]), by=["plan"]
    )
    assert counts.strata["plan"].astype(object).where(counts.strata["plan"].notna(), None).tolist() == ["1", None]
    assert counts.duration.tolist() == [3, 5]
    assert counts.event.tolist() == [True, False]
    assert [str(note) for note in counts.notes] == [
        "1 account is left out because the table does not say whether it is gone"
    ]


def test_causes_are_told_apart(tmp_path: Path):
    lines = ("months,left,why", "3,yes,price", "3,yes,", "4,no,", "4,yes,ban ")
    counts = count_tenure_table(table_study(tmp_path, *lines, cause="why", cause_blank="unknown"))
    assert counts.causes == ("ban", "price", "unknown")
    assert counts.to_frame()["cause"].astype(object).where(counts.event, None).tolist() == [
        "price",
        "unknown",
        None,
        "ban",
    ]
    assert message(tmp_path, *lines, cause="why") == [
        "a.csv, row 3, column 'why': 1 of 4 accounts are gone without a cause. "
        "Fill in the cause, or name that of blank cells under cause_blank in study.toml."
    ]


def test_every_bad_cell_is_told_with_its_place(tmp_path: Path):
    found = message(
        tmp_path,
        "id,months,left,from,why",
        "a,3,yes,0,moved",
        "b,soon,no,,",
        "c,-1,no,,",
        "d,,no,,",
        "e,4,perhaps,,",
        "f,4,,,",
        "g,4,no,4,",
        "h,4,no,-2,",
        "i,4,no,,moved",
        "a,inf,no,,",
        account="id",
        entry="from",
        cause="why",
        dropped={"item": "left", "yes": ["yes"], "no": ["no"]},
    )
    assert found == [
        "a.csv, row 11, column 'id': 1 of 10 accounts occur a second time. "
        "Keep one row per account, or name more columns under account in study.toml.",
        "a.csv, row 7, column 'left': 1 of 10 accounts do not say whether they are gone. "
        "Fill them in; or set not_asked under dropped in study.toml, 'no' for still there, 'missing' to leave out.",
        "a.csv, row 6, column 'left': 1 of 10 accounts have 'perhaps', which study.toml does not explain. "
        "Correct these cells, or list the codes under yes, no or missing of dropped in study.toml.",
        "a.csv, rows 3 and 11, column 'months': 2 of 10 accounts have a tenure that is not a number, such as 'soon'. "
        "Correct these cells, or name another column under tenure in study.toml.",
        "a.csv, row 4, column 'months': 1 of 10 accounts have a tenure that is negative, such as '-1'. "
        "Correct these cells, or name another column under tenure in study.toml.",
        "a.csv, row 5, column 'months': 1 of 10 accounts have no tenure. "
        "Fill it in, or leave these accounts out of the table.",
        "a.csv, row 9, column 'from': 1 of 10 accounts come under observation at what is negative, such as '-2'. "
        "Correct these cells, or name another column under entry in study.toml.",
        "a.csv, row 8, column 'from': 1 of 10 accounts come under observation when they are already gone or censored. "
        "Correct these rows, or leave these accounts out of the table.",
        "a.csv, row 10, column 'why': 1 of 10 accounts have a cause and are not gone. "
        "Clear the cause, or correct the column that says who is gone.",
    ]


def test_a_second_code_that_is_not_yes_has_to_be_listed(tmp_path: Path):
    assert message(tmp_path, "months,left", "1,yes", "2,no", "3,No", "4,no") == [
        "a.csv, row 4, column 'left': 1 of 4 accounts have 'No', which study.toml does not explain, "
        "beside 'no' for no. Correct these cells, or list the codes under yes, no or missing of dropped in study.toml."
    ]


def test_rows_are_placed_in_their_own_file(tmp_path: Path):
    for name, rows in {"a": ["1,yes"], "b": ["1,yes", "x,yes"]}.items():
        write_lines(tmp_path / f"{name}.csv", "months,left", *rows)
    with pytest.raises(StudyError, match=r"^b\.csv, row 3, column 'months'"):
        read_tenures(make_study(tmp_path, **(MONTHS | {"accounts": "*.csv"})))


def test_columns_have_to_be_there(tmp_path: Path):
    assert message(tmp_path, "month,left", "1,yes", "2,no") == [
        "a.csv, column 'months': not found; [usage] tenure asks for it and the columns are 'month', 'left'. "
        "Did you mean 'month'?"
    ]


def test_an_empty_table_is_refused(tmp_path: Path):
    assert message(tmp_path, "months,left") == ["a.csv: has no rows, expected one per account. Export it again."]


def test_a_table_in_which_nobody_can_be_judged_is_refused(tmp_path: Path):
    dropped = {"item": "left", "yes": ["yes"], "missing": ["?"]}
    assert message(tmp_path, "months,left", "1,?", "2,?", dropped=dropped) == [
        "a.csv, column 'left': says of no account whether it is gone. Name the column that does under dropped in "
        "study.toml."
    ]


def test_a_group_that_is_none_is_named_with_the_nearest(tmp_path: Path):
    with pytest.raises(SpecError, match="Did you mean 'plan'"):
        count_tenure_table(table_study(tmp_path, "months,left,plan", "1,yes,a", group=["plan"]), by=["plans"])


def test_a_table_of_tenures_has_no_dates(tmp_path: Path):
    with pytest.raises(StudyError, match="names a column of tenures, expected dates"):
        read_accounts(table_study(tmp_path, "months,left", "1,yes"))


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ({"tenure_unit": None}, "tenure needs tenure_unit, what it counts, and dropped"),
        ({"dropped": None}, "tenure needs tenure_unit, what it counts, and dropped"),
        ({"dropout": {"rule": "inactive", "horizon": 1}}, "set dropout = { rule = 'closed' }"),
        ({"dropout": {"rule": "closed"}}, "tenures in months need horizon, in months, in dropout"),
        ({"tenure_unit": "days"}, "tenures in days need horizon_days in dropout"),
        ({"signup": "opened"}, "tenure stands in the place of dates: remove signup"),
        ({"tenure": None, "signup": "opened", "account": "id", "closed": "left"}, "name its column under tenure"),
        ({"cause_blank": "unknown"}, "cause_blank is for blank cells of cause"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(tmp_path: Path, usage: dict[str, Any], told: str):
    with pytest.raises(ValidationError, match=told):
        make_study(tmp_path, **({"accounts": "a.csv"} | MONTHS | usage))
