"""Studies on real data build to the end, in both languages, as PDF too; the zoo builds them as HTML."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from reports.build.build import build_report
from tests.real.data import place_study, place_study_among, real


def check_build(folder: Path, *expected: str) -> None:
    built = build_report(folder, folder / "report", languages=["fr", "en"])
    names = ["report.en.html", "report.fr.html", "report.en.pdf", "report.fr.pdf"]
    assert [path.name for path in built.documents] == names
    assert all(path.stat().st_size > 10_000 for path in built.documents)
    ledger = json.loads((folder / "report" / "results.json").read_text(encoding="utf-8"))["numbers"]
    assert set(expected) <= {row["id"] for row in ledger}


@pytest.mark.slow
def test_collegemsg(tmp_path: Path):
    place_study("collegemsg", tmp_path, real("collegemsg"))
    check_build(tmp_path, "dropout", "returned", "network.dialogue", "network.gini.accounts", "following.ratio")


@pytest.mark.slow
def test_cdnow(tmp_path: Path):
    place_study("cdnow", tmp_path, real("cdnow"))
    check_build(tmp_path, "dropout", "returned")


@pytest.mark.slow
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


def test_oulad_with_competing_outcomes(tmp_path: Path):
    """Every registration ends: by withdrawal on a known day, or with the course, in one of three results."""
    folder = real("oulad")
    course = ["code_module", "code_presentation"]
    table = pd.read_csv(folder / "studentRegistration.csv").merge(pd.read_csv(folder / "courses.csv"), on=course)
    table = table.merge(pd.read_csv(folder / "studentInfo.csv"), on=[*course, "id_student"])
    table = table.dropna(subset="date_registration")
    table = table[(table["final_result"] != "Withdrawn") | table["date_unregistration"].notna()]
    entry = table["date_registration"].clip(lower=0).astype(int)
    ended = table["date_unregistration"].fillna(table["module_presentation_length"]).astype(int)
    table = table.assign(date_start=0, date_registration=entry, date_ended=ended)[ended > entry]
    table.to_csv(tmp_path / "accounts.csv", index=False)
    place_study("oulad_outcomes", tmp_path)
    check_build(tmp_path, "dropout", "survival.180")


def test_telco_in_months(tmp_path: Path):
    place_study("telco_ibm", tmp_path, real("telco_ibm"))
    check_build(tmp_path, "dropout", "survival.12", "risk.72.n_at_risk")
    page = (tmp_path / "report" / "report.en.html").read_text(encoding="utf-8")
    assert "Months since sign-up" in page
    assert "Days since sign-up" not in page


@pytest.mark.slow
def test_pew_core_trends_2021(tmp_path: Path):
    place_study_among("pew_core_trends_2021", tmp_path, real("pew_core_trends_2021"))
    check_build(tmp_path, "funnel.2021.facebook.signup.cumulative")


def test_ifii_dfs_adoption_2020(tmp_path: Path):
    """Never, first use, continuing, stopped: as shares of everybody and by sex, and as a banner table."""
    place_study_among("ifii_dfs_adoption_2020", tmp_path, real("ifii_dfs_adoption_2020"))
    stages = [f"share.2020-07.{stage}" for stage in ("never", "first_use", "continuing", "stopped")]
    check_build(tmp_path, "share.2020-07.never_before.sex.Women", *stages)
    page = (tmp_path / "report" / "report.en.html").read_text(encoding="utf-8")
    assert "Digital financial services: never, first use, continuing, stopped" in page
    assert page.count("52%") >= 2
