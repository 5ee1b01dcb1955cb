"""The command says of every bad input what its index asks: refuse it by name, warn, or accept it in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bad_inputs.run import STUDIES, BadInput, check_input, read_index

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("BAD_INPUTS_DIR", HERE.parent.parent.parent / "shared" / "bad_inputs"))

OTHERWISE = {
    "two_extract_dates.csv": "accepted: every account may have its own end of observation",
    "none_censored.csv": "accepted: that everybody left is no fault of the table",
    "single_row.csv": "accepted: the base, 1, stands beside every estimate",
    "events_one_user.csv": "accepted: the base, 1, stands beside every estimate",
    "dup_ids_identical.csv": "refused: accounts that occur twice are an error even where their rows are alike",
    "events_exact_duplicates.csv": "accepted: one event more on an active day changes no tenure",
    "event_before_signup.csv": "accepted: what events are called is not read, sign-up being the first of them",
    "perfect_separation.csv": "accepted: a study fits no model with covariates",
    "constant_and_collinear.csv": "accepted: a study fits no model with covariates",
    "label_emoji_combining.csv": "refused: the fonts of the report lack these characters, which build refuses too",
    "cols_python_names.csv": "accepted: columns may be called anything",
    "sav_undeclared_99.sav": "refused: a code that the study does not list is an error",
    "gz_named_csv.csv": "refused: compressed content under a name that does not say so",
    "gz_bombish_64MB.csv.gz": "accepted: memory is bounded, and one account is a base of 1",
}
"""Files of which the command says something else than the shared index asks, with what it says."""


def cases() -> list[object]:
    own = read_index(HERE / "files")
    shared = read_index(SHARED) if (SHARED / "index.csv").is_file() else []
    return [_case(found) for found in (*own, *shared)]


def _case(found: BadInput) -> object:
    name = found.path.name
    marks: list[pytest.MarkDecorator] = []
    if found.kind not in STUDIES:
        marks.append(pytest.mark.skip(reason=f"a study reads no file of kind '{found.kind}'"))
    elif name in OTHERWISE:
        marks.append(pytest.mark.xfail(reason=OTHERWISE[name], strict=True))
    return pytest.param(found, id=name, marks=marks)


@pytest.mark.parametrize("found", cases())
def test_says_of_a_file_what_its_index_asks(found: BadInput, tmp_path: Path):
    outcome = check_input(found, tmp_path)
    assert outcome.verdict == found.verdict, f"{found.wrong}: {outcome.said}"
    if outcome.verdict == "reject":
        assert any(found.path.name in line for line in outcome.said), "the problem names the file"
