"""Tests of columns that say who is gone, whatever their coding, and of covariates that name their accounts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.regression.cox import Cox
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from churn.tenures.rules import DropoutRule
from churn.tenures.status import read_status
from churn.tenures.tenures import Tenures, measure_tenures
from churn.usage.log import read_activity
from surveys.core.errors import SpecError
from tests.churn.logs import make_study, write_lines

SAY = "expected true and false, or 0 and 1. Say which code is a dropout, as in event=2, or event={1: False, 2: True}."
NOT_SAID = "1 of 4 rows do not say who is gone. Fill them in, or leave them out: missing='leave out'."
CODINGS = [
    ([2, 1, 2, 1], f"got 1, 2, {SAY}"),
    ([2.0, 1.0, 2.0, 1.0], f"got 1, 2, {SAY}"),
    ([1, -1, 1, 0], f"got -1, 0, 1, {SAY}"),
    (["True", "False", "True", "False"], f"got 'False', 'True', {SAY}"),
    (["1", "0", "1", "0"], f"got '0', '1', {SAY}"),
    ([0.5, 0, 1, 0], f"got 0, 0.5, 1, {SAY}"),
    ([1, np.nan, 1, 0], NOT_SAID),
    ([True, None, True, False], NOT_SAID),
    (pd.array([True, None, True, False], dtype="boolean"), NOT_SAID),
]


@pytest.mark.parametrize(("status", "told"), CODINGS)
def test_codes_that_nobody_explains_are_refused(status: Any, told: str):
    with pytest.raises(SpecError) as error:
        Tenures(duration=[1, 2, 3, 4], event=status)
    assert str(error.value) == f"Tenures.event: {told}"
    with pytest.raises(SpecError) as error:
        TenureCounts.from_frame(pd.DataFrame({"duration": [1, 2, 3, 4], "event": status, "n": 1}))
    assert str(error.value) == f"TenureCounts, column 'event': {told}"


@pytest.mark.parametrize(
    "status",
    [[True, False, True, False], [1, 0, 1, 0], [1.0, 0.0, 1.0, 0.0], pd.array([1, 0, 1, 0], dtype="Int64")],
)
def test_booleans_and_0_and_1_are_taken(status: Any):
    assert Tenures(duration=[1, 2, 3, 4], event=status).event.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ([2, 1, 2, 1], 2),
        ([2.0, 1.0, 2.0, 1.0], 2),
        (["gone", "there", "gone", "there"], "gone"),
        ([2, 1, 2, 1], {1: False, 2: True}),
        (["1", "0", "1", "0"], {"1": True, "0": False}),
    ],
)
def test_a_call_says_what_codes_mean(status: Any, event: Any):
    frame = pd.DataFrame({"time": [1.0, 2, 3, 4], "status": status, "sex": list("FMFM"), "id": list("abcd")})
    found = Tenures.from_frame(frame, duration="time", status="status", event=event, account="id")
    assert found.event.tolist() == [True, False, True, False]
    assert found.to_frame().columns.tolist() == ["id", "sex", "entry", "duration", "event"]
    counted = frame.rename(columns={"time": "duration", "status": "event"}).assign(n=5)
    assert TenureCounts.from_frame(counted, event=event).event.tolist() == [True, False, True, False]


def test_a_third_code_is_asked_about():
    with pytest.raises(SpecError, match="got 1, 2, 9, expected 2 and one other code"):
        read_status([2, 1, 9], event=2)
    with pytest.raises(SpecError, match="got 9, which event does not explain"):
        read_status([2, 1, 9], event={1: False, 2: True})
    with pytest.raises(SpecError, match="got 0, 1, expected 2 and one other code"):
        read_status([0, 1, 0], event=2)


def test_accounts_of_which_nothing_is_said_are_left_out_on_request_and_counted():
    frame = pd.DataFrame({"duration": [1, 2, 3, 4], "event": [2, 9, None, 1], "n": [10, 20, 30, 40]})
    codes = {1: False, 2: True, 9: None}
    found = Tenures.from_frame(frame.drop(columns="n"), event=codes, missing="leave out")
    assert (found.n_accounts, found.n_excluded) == (2, 2)
    assert str(found.notes[0]) == "accounts of which nothing says whether they are gone, which are left out: 2"
    counts = TenureCounts.from_frame(frame, event=codes, missing="leave out")
    assert counts.n_accounts == 50
    assert str(counts.notes[0]) == "accounts of which nothing says whether they are gone, which are left out: 50"
    with pytest.raises(SpecError, match="1 of 4 rows do not say who is gone"):
        Tenures.from_frame(frame, event=codes)


def test_an_account_whose_observation_ends_as_it_begins_is_told_from_one_that_leaves_before():
    with pytest.raises(SpecError) as error:
        Tenures(duration=[3, 5, 9], event=[1, 1, 0], entry=[3, 7, 2])
    assert str(error.value).splitlines() == [
        "Tenures.entry: 1 accounts leave before they enter. Correct them.",
        "Tenures.entry: 1 accounts come under observation as it ends, and would never be at risk. "
        "Leave these accounts out.",
    ]


def simulated(n: int = 300) -> tuple[Tenures, pd.DataFrame]:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"id": [f"a{i}" for i in range(n)], "x": rng.normal(size=n)})
    duration = rng.exponential(np.exp(-frame["x"])) + 0.01
    tenures = Tenures(duration=duration, event=rng.random(n) < 0.8, accounts=frame[["id"]], attributes=frame[["x"]])
    return tenures, frame


@pytest.mark.parametrize("by", ["column", "index"])
def test_covariates_are_joined_on_the_account_whatever_their_order(by: str):
    tenures, frame = simulated()
    expected = Cox("~ x").fit(tenures).estimate[0]
    shuffled = frame.sample(frac=1, random_state=1)
    given = shuffled if by == "column" else shuffled.set_index("id")
    assert Cox().fit(tenures, covariates=given).estimate[0] == pytest.approx(expected)
    text = Cox().fit(
        tenures, covariates=given.assign(high=given["x"] > 0)[["high", *(["id"] if by == "column" else [])]]
    )
    assert text.n == 300


def test_accounts_on_one_side_only_are_counted():
    tenures, frame = simulated()
    known = pd.concat([frame.iloc[40:], pd.DataFrame({"id": ["z1", "z2"], "x": 0.0})])
    fitted = Cox().fit(tenures, covariates=known)
    assert fitted.n == 260
    assert {str(note) for note in fitted.notes} == {
        "40 accounts without a value of x are left out",
        "rows of covariates of accounts that have no tenure, which are left out: 2",
    }


def test_covariates_that_do_not_name_the_accounts_are_refused():
    tenures, frame = simulated()
    with pytest.raises(SpecError) as error:
        Cox().fit(tenures, covariates=frame[["x"]])
    assert str(error.value) == (
        "covariates: name no accounts, and those of the tenures are named by 'id'. Add 'id' as columns or as the index."
    )
    with pytest.raises(SpecError, match="have 1 rows of accounts that have one already"):
        Cox().fit(tenures, covariates=pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(SpecError, match="name none of the accounts"):
        Cox().fit(tenures, covariates=frame.assign(id=range(300)))


def test_without_names_of_accounts_rows_go_by_their_order():
    tenures, frame = simulated()
    plain = Tenures(duration=tenures.duration, event=tenures.event)
    found = Cox().fit(plain, covariates=frame[["x"]]).estimate[0]
    assert found == pytest.approx(Cox("~ x").fit(tenures).estimate[0])
    with pytest.raises(SpecError, match="299 rows for 300 rows of tenures"):
        Cox().fit(plain, covariates=frame[["x"]].iloc[1:])


def test_tenures_of_a_log_keep_their_accounts(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "b,2013-02-01", "a,2013-01-01", "a,2013-12-20", "c,2013-12-25")
    activity = read_activity(make_study(tmp_path, as_of=date(2013, 12, 31), events="log.csv"))
    tenures = measure_tenures(activity, DropoutRule("inactive", 30))
    assert tenures.to_frame()[["account", "event"]].to_dict("list") == {"account": ["a", "b"], "event": [False, True]}
    assert tenures.where(tenures.event).to_frame()["account"].tolist() == ["b"]
    assert kaplan_meier(tenures).n == 2
