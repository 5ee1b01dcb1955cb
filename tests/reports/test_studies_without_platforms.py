"""A survey may ask about no service at all: shares and banner tables are a report of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.build.build import build_report
from reports.build.check import check_study
from surveys.core.errors import StudyError

HEAD = """
[study]
title = "Habits"
as_of = 2020-12-31

[[survey]]
wave = "2020-06"
file = "answers.csv"

[survey.group.sex]
item = "sex"
"""
SHARE = """
[survey.share.reads]
label = "read the news"
item = "reads"
yes = [1]
no = [2]
"""
TABLE = """
[[table]]
id = "reads"
item = "reads"
levels = { 1 = "daily", 2 = "less" }
banner = ["sex"]
"""
KINDS = {"shares": SHARE, "tables": TABLE, "both": SHARE + TABLE}


def place(folder: Path, parts: str) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"sex": rng.choice(["m", "f"], 300), "reads": rng.choice([1, 2], 300)})
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "study.toml").write_text(HEAD + parts, encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_is_checked_and_built(kind: str, tmp_path: Path):
    place(tmp_path, KINDS[kind])
    assert check_study(tmp_path)[0] == ()
    built = build_report(tmp_path, tmp_path / "report", languages=["fr", "en"], formats=["html"])
    assert len(built.documents) == 2
    ledger = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))["numbers"]
    page = (tmp_path / "report" / "report.en.html").read_text(encoding="utf-8")
    assert {row["base"] for row in ledger if row["id"] in ("share.2020-06.reads", "table.reads.1")} == {300}
    assert ("Further shares" in page, "Shares, for everybody" in page) == (False, kind != "tables")
    assert (tmp_path / "report" / "tables" / "shares.csv").is_file() == (kind != "tables")


def test_of_which_nothing_is_asked_is_told_what_is_missing(tmp_path: Path):
    place(tmp_path, "")
    (problem,) = check_study(tmp_path)[0]
    assert "no survey asks about a platform" in str(problem)
    with pytest.raises(StudyError, match="no survey asks about a platform"):
        build_report(tmp_path, tmp_path / "report", languages=["en"], formats=["html"])
