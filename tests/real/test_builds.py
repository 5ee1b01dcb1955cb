"""Studies on real data build to the end, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from reports.build import build_report
from tests.real.data import place_study, place_study_among, real


def check_build(folder: Path, *expected: str) -> None:
    built = build_report(folder, folder / "report", languages=["fr", "en"])
    names = ["report.en.html", "report.fr.html", "report.en.pdf", "report.fr.pdf"]
    assert [path.name for path in built.documents] == names
    assert all(path.stat().st_size > 10_000 for path in built.documents)
    ledger = json.loads((folder / "report" / "results.json").read_text(encoding="utf-8"))["numbers"]
    assert set(expected) <= {row["id"] for row in ledger}


def test_collegemsg(tmp_path: Path):
    place_study("collegemsg", tmp_path, real("collegemsg"))
    check_build(tmp_path, "dropout", "returned")


def test_cdnow(tmp_path: Path):
    place_study("cdnow", tmp_path, real("cdnow"))
    check_build(tmp_path, "dropout", "returned")


def test_oulad_with_late_entry(tmp_path: Path):
    """On the clock of each course: who registered after its start came under observation late."""
    folder = real("oulad")
    course = ["code_module", "code_presentation"]
    table = pd.read_csv(folder / "studentRegistration.csv").merge(pd.read_csv(folder / "courses.csv"), on=course)
    table = table.dropna(subset="date_registration")
    table = table[~(table["date_unregistration"] <= table["date_registration"].clip(lower=0))]
    end = table[["module_presentation_length", "date_unregistration"]].max(axis=1)
    whole = {name: table[name].astype("Int64") for name in ("date_registration", "date_unregistration")}
    table = table.assign(date_start=0, date_end=end.astype("Int64"), **whole)
    table.assign(date_entry=table["date_registration"].clip(lower=0)).to_csv(tmp_path / "accounts.csv", index=False)
    place_study("oulad_course_clock", tmp_path)
    check_build(tmp_path, "dropout")


def test_pew_core_trends_2021(tmp_path: Path):
    place_study_among("pew_core_trends_2021", tmp_path, real("pew_core_trends_2021"))
    check_build(tmp_path, "funnel.2021.facebook.signup.cumulative")
