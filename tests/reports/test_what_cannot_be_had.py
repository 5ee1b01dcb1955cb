"""One result that cannot be had says why in its place, and stops nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports.document.blocks import Document, texts_of
from reports.figures import words_of_figures
from reports.results.progress import open_progress
from reports.results.study import StudyResults, compute_all
from reports.sections.compose import compose_document
from reports.words.printer import open_printer
from surveys.core.results import NOT_ESTIMABLE, Unavailable
from surveys.study.fields import Language
from surveys.study.file import read_study
from tests.random_studies import write_study

ABOUT = {"title": "A study", "as_of": date(2024, 7, 31), "language": ["en", "fr"]}


def results_of(folder: Path, spec: dict[str, Any]) -> StudyResults:
    write_study(folder, {"study": ABOUT} | spec)
    with open_progress("quiet", total=9) as progress:
        return compute_all(StudyResults(read_study(folder)), progress)


def document_of(results: StudyResults, language: Language = "en") -> Document:
    printer = open_printer(language)
    return compose_document(results, printer, words_of_figures(results, printer))


def texts(results: StudyResults, language: Language = "en") -> str:
    return "\n".join(texts_of(document_of(results, language)))


def accounts(folder: Path, rows: list[dict[str, Any]], **usage: Any) -> dict[str, Any]:
    pd.DataFrame(rows).to_csv(folder / "accounts.csv", index=False)
    return {
        "usage": {
            "accounts": "accounts.csv",
            "account": "u",
            "signup": "signup",
            "closed": "closed",
            "group": ["kind"],
            "dropout": {"rule": "closed", "horizon_days": 30},
        }
        | usage
    }


def test_groups_never_at_risk_together_have_curves_and_a_reason_for_no_test(tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        old = i < 30
        signup = (date(2022, 1, 1) if old else date(2024, 1, 1)) + timedelta(i)
        seen = signup + timedelta(730) if old else signup
        closed = seen + timedelta(20 + i) if i % 3 == 0 else None
        rows.append({"u": f"u{i}", "kind": "old" if old else "new", "signup": signup, "from": seen, "closed": closed})
    found = results_of(tmp_path, accounts(tmp_path, rows, entry="from"))
    assert found.staying is not None
    [group] = found.staying.groups
    assert [round(curve.survival[-1], 3) for curve in group.curves.values()] == [0.667, 0.667]
    assert str(group.test) == "no departure that counts found two groups at risk"
    assert isinstance(group.means, Unavailable)
    said = texts(found)
    assert "No test whether the levels leave at one rate: no departure that counts" in said
    assert "no account was under observation before 730 days" in said
    assert "pas de test" in texts(found, "fr").lower()


def test_a_tiny_level_does_not_shorten_the_horizon_of_the_others(tmp_path: Path) -> None:
    rows = [
        {"u": f"u{i}", "kind": "ab"[i % 2], "signup": date(2024, 1, 1), "closed": date(2024, 2, 1) if i % 5 else None}
        for i in range(60)
    ]
    rows.append({"u": "lone", "kind": "lone", "signup": date(2024, 7, 30), "closed": None})
    found = results_of(tmp_path, accounts(tmp_path, rows))
    assert found.staying is not None
    means = found.staying.groups[0].means
    assert not isinstance(means, Unavailable)
    assert means.levels == ("a", "b")
    assert means.until > 200
    assert "which have fewer than 10 accounts: lone." in texts(found)


def test_a_group_of_one_level_or_of_blanks_alone_says_so(tmp_path: Path) -> None:
    rows = [{"u": f"u{i}", "kind": "all", "blank": None, "signup": date(2024, 1, 1 + i)} for i in range(20)]
    spec = accounts(tmp_path, [row | {"closed": date(2024, 3, 1)} for row in rows], group=["kind", "blank"])
    said = texts(results_of(tmp_path, spec))
    assert "No comparison of mean tenures: fewer than two levels can be compared." in said
    assert "Accounts by blank: no account has a value." in said


def test_a_share_of_nobody_says_nobody_and_leaves_the_others(tmp_path: Path) -> None:
    n = 40
    frame = pd.DataFrame(
        {"q": np.arange(n) % 2 + 1, "sex": np.arange(n) % 2 + 1, "sat": np.where(np.arange(n), 1, np.nan)}
    )
    frame["young"] = (np.arange(n) == 0).astype(int)
    frame.to_csv(tmp_path / "s.csv", index=False)
    found = results_of(
        tmp_path,
        {
            "survey": [
                {
                    "wave": "2020",
                    "file": "s.csv",
                    "platform": {"p": {"signup": {"item": "q", "yes": [1]}}},
                    "group": {"sex": {"item": "sex", "levels": {"1": "Men", "2": "Women"}}},
                    "base": {"young": {"label": "the young", "any": [{"item": "young", "yes": [1]}]}},
                    "share": {"sat": {"item": "sat", "yes": [1], "not_asked": "missing", "base": "young"}},
                }
            ]
        },
    )
    said = texts(found)
    assert "nobody in the base" in said
    assert "50%" in said
    assert "personne dans la base" in texts(found, "fr")


def test_waves_that_asked_one_step_only_are_compared_on_that_step(tmp_path: Path) -> None:
    for step in ("active", "signup", "lapsed"):
        waves = []
        for year in (2018, 2019, 2020):
            pd.DataFrame({"q": np.arange(60) % 3 % 2 + 1}).to_csv(tmp_path / f"{year}.csv", index=False)
            platform = {"svc": {"label": "Svc", step: {"item": "q", "yes": [1]}}}
            waves.append({"wave": str(year), "date": str(year), "file": f"{year}.csv", "platform": platform})
        found = results_of(tmp_path, {"survey": waves})
        for language in ("en", "fr"):
            assert any(getattr(block, "anchor", "") == "fig-waves" for block in document_of(found, language).blocks)


def test_columns_and_definitions_of_what_the_study_does_not_have_are_not_printed(tmp_path: Path) -> None:
    pd.DataFrame({"q": np.arange(60) % 3 % 2 + 1}).to_csv(tmp_path / "s.csv", index=False)
    platform = {"svc": {"label": "Svc", "active": {"item": "q", "yes": [1]}}}
    said = texts(results_of(tmp_path, {"survey": [{"wave": "2020", "file": "s.csv", "platform": platform}]}))
    assert "Strata" not in said
    assert "have heard of the service" not in said
    assert "simple random sample" in said


def test_a_table_of_accounts_is_not_called_a_log(tmp_path: Path) -> None:
    rows = [
        {"u": f"u{i}", "kind": "ab"[i % 2], "signup": date(2024, 1, 1), "closed": date(2024, 2, 1) if i % 5 else None}
        for i in range(60)
    ]
    assert "log" not in texts(results_of(tmp_path, accounts(tmp_path, rows))).lower().replace("log-rank", "").replace(
        "log-log", ""
    ).replace("log(−log", "").replace("logarithm", "")


def test_a_chapter_that_cannot_be_had_says_why_in_its_place(tmp_path: Path) -> None:
    rows = [{"u": f"u{i}", "kind": "a", "signup": date(2024, 1, 1), "closed": None} for i in range(30)]
    found = results_of(tmp_path, accounts(tmp_path, rows))
    lost = found.but(absent={"diffusion": Unavailable(NOT_ESTIMABLE)})
    assert "This chapter cannot be had: cannot be estimated." in texts(lost)
    assert "Ce chapitre n’a pu être établi" in texts(lost, "fr")
