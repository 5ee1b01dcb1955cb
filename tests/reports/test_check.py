"""What `check` accepts, `build` builds; what `build` refuses, `check` says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from reports.build.check import check_study
from reports.cli import app
from tests.random_studies import write_study

ABOUT = {"title": "A study", "as_of": date(2024, 7, 31), "language": ["en"]}
PUBLISHED = pd.DataFrame(
    {
        "id": ["f1"],
        "entity": "S",
        "country": "FR",
        "measure": "awareness",
        "value": [28],
        "unit": "percent",
        "base_population": "adults",
        "n": [1000],
        "publisher": "P",
        "fieldwork_date": ["2010-05"],
    }
)


def claim_on(name: str) -> dict[str, Any]:
    return {
        "id": "third",
        "statement": "A third have it",
        "source": "the press",
        "measure": "awareness",
        "of": "adults",
        "value": 0.33,
        "half_unit": 0.005,
        "reading": [{"inputs": {"a": name}}],
    }


def survey(folder: Path, **more: Any) -> dict[str, Any]:
    pd.DataFrame({"q": [1, 2] * 30, "g": ["東京", "Київ", "Αθήνα"] * 20}).to_csv(folder / "s.csv", index=False)
    return {"wave": "2024", "file": "s.csv", "platform": {"p": {"aware": {"item": "q", "yes": [1]}}}} | more


def agree(folder: Path, *formats: str) -> int:
    """Run both commands and hold them against each other."""
    run = CliRunner()
    checked = run.invoke(app, ["check", str(folder)])
    built = run.invoke(app, ["build", str(folder), *(part for kind in formats for part in ("--format", kind))])
    assert checked.exit_code == built.exit_code, (checked.output, built.output)
    return checked.exit_code


def test_a_label_that_the_fonts_do_not_have_is_refused_by_check_once_for_each_character(tmp_path: Path) -> None:
    write_study(tmp_path, {"study": ABOUT, "survey": [survey(tmp_path, group={"city": {"item": "g"}})]})
    problems, _ = check_study(tmp_path)
    assert [problem.what for problem in problems if problem.place.startswith("text")] == [
        "the fonts of the report do not have U+6771 CJK UNIFIED IDEOGRAPH-6771"
    ]
    assert agree(tmp_path) == 1


def test_letters_that_the_fonts_have_are_accepted_and_built(tmp_path: Path) -> None:
    frame = survey(
        tmp_path, group={"city": {"item": "g", "levels": {"東京": "Tokyo", "Київ": "Київ", "Αθήνα": "Αθήνα"}}}
    )
    write_study(tmp_path, {"study": ABOUT, "survey": [frame]})
    assert agree(tmp_path) == 0


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("f1", 0),
        ("funnel.2024.p.aware.cumulative", 0),
        ("dropout", 0),
        ("network.mutual", 0),
        ("dropouts", 1),
        ("funnel.2024.p.signup.cumulative", 1),
    ],
)
def test_names_of_results_are_the_same_for_check_and_build(tmp_path: Path, name: str, status: int) -> None:
    PUBLISHED.to_csv(tmp_path / "published.csv", index=False)
    spec = {"study": ABOUT, "survey": [survey(tmp_path)], "published": {"file": "published.csv"}}
    write_study(tmp_path, spec | {"claim": [claim_on(name)]})
    assert agree(tmp_path, "html") == status


def test_a_study_of_published_figures_alone_has_chapters_of_these_alone(tmp_path: Path) -> None:
    PUBLISHED.to_csv(tmp_path / "published.csv", index=False)
    spec = {"study": ABOUT, "published": {"file": "published.csv"}}
    write_study(tmp_path, spec)
    assert agree(tmp_path, "html") == 0
    page = next(tmp_path.rglob("report.en.html")).read_text(encoding="utf-8")
    assert "Figures as they were published" in page
    assert "28%" in page


def test_a_study_without_data_says_what_is_missing(tmp_path: Path) -> None:
    write_study(tmp_path, {"study": ABOUT})
    problems, _ = check_study(tmp_path)
    assert [str(problem) for problem in problems] == [
        "study.toml: nothing to report on, expected at least one of [[survey]], [usage] and [published]. "
        "Add one, as in the file that 'churn init' makes."
    ]
    assert agree(tmp_path) == 1


def test_claims_on_own_results_need_no_published_figures(tmp_path: Path) -> None:
    name = "funnel.2024.p.aware.cumulative"
    write_study(tmp_path, {"study": ABOUT, "survey": [survey(tmp_path)], "claim": [claim_on(name)]})
    assert agree(tmp_path, "html") == 0
    page = next(tmp_path.rglob("report.en.html")).read_text(encoding="utf-8")
    assert "A third have it" in page


def test_a_crosstab_job_needs_no_platform(tmp_path: Path) -> None:
    wave = survey(tmp_path, platform={}, group={"half": {"item": "q"}})
    table = {"id": "city", "item": "q", "banner": ["half"]}
    write_study(tmp_path, {"study": ABOUT, "survey": [wave], "table": [table]})
    assert agree(tmp_path, "html") == 0
