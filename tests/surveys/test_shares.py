from __future__ import annotations

from collections.abc import Callable

import pytest

from surveys.funnel.shares import COLUMNS, estimate_shares
from surveys.study.schema import Study

TEXT = "w,q1,q2,age\n" + "".join(f"1,{i % 2},{'' if i % 2 == 0 else i % 4},{20 + i}\n" for i in range(40))
SHARE = {
    "daily": {"item": "q2", "yes": [1], "no": [3], "not_asked": "no", "base": "users"},
    "heard": {"item": "q1", "yes": [1]},
}


@pytest.fixture
def study(make_study: Callable[..., Study]) -> Study:
    base = {"users": {"any": [{"item": "q1", "yes": [1]}]}}
    return make_study(TEXT, share=SHARE, base=base, group={"age": {"item": "age", "bands": [20, 40]}})


def test_a_share_is_of_its_base(study: Study):
    shares = estimate_shares(study)
    assert shares.at("2009-06", "daily").n == 20
    assert shares.at("2009-06", "daily").estimate == pytest.approx(0.5)
    assert shares.at("2009-06", "heard").n == 40


def test_shares_are_given_by_group(study: Study):
    frame = estimate_shares(study).to_frame()
    assert frame.columns.tolist() == list(COLUMNS)
    assert frame[frame["share"] == "daily"][["base", "group", "level", "n"]].to_numpy().tolist() == [
        ["users", "", "", 20],
        ["users", "age", "20-39", 10],
        ["users", "age", "40+", 10],
    ]


def test_a_study_that_names_no_share_has_none(make_study: Callable[..., Study]):
    assert estimate_shares(make_study("w,q1\n1,1\n1,0\n")).to_frame().empty


def test_each_share_is_a_line_of_english(study: Study):
    assert estimate_shares(study).summary().split("\n")[0].startswith("2009-06, daily: 50.0% [")
