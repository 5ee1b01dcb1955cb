"""What a report says of usage: groups, causes, definitions, projection."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.definitions.rule_bias import OwnSilences
from reports.build.build import build_report
from reports.figures import example_results
from reports.results.graph import Graph
from reports.results.staying import open_staying
from surveys.core.results import Unavailable
from surveys.study.file import read_study
from surveys.study.schema import Study

STUDY = """
[study]
title = "Forum"
as_of = 2020-12-31
timezone = "Europe/Paris"
language = ["fr", "en"]

[usage]
accounts = "accounts.csv"
account = "id"
tenure = "months"
tenure_unit = "months"
dropped = { item = "left", yes = ["yes"], no = ["no"] }
cause = "why"
group = ["plan"]
dropout = { rule = "closed", horizon = 12 }
"""


def place(folder: Path, *, longest: int = 48) -> Study:
    """A table of tenures in months, with two plans and two causes of leaving."""
    rng = np.random.default_rng(5)
    plan = rng.choice(["free", "paid"], 400)
    months = np.minimum(np.ceil(rng.exponential(np.where(plan == "paid", 40, 15))), longest).astype(int)
    left = months < longest
    why = np.where(left, rng.choice(["bored", "=banned"], 400), "")
    table = pd.DataFrame({"id": range(400), "months": months, "left": np.where(left, "yes", "no"), "why": why})
    table.assign(plan=plan).to_csv(folder / "accounts.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return read_study(folder)


def test_a_table_of_tenures_reports_groups_causes_and_what_lies_beyond(tmp_path: Path):
    place(tmp_path)
    built = build_report(tmp_path, tmp_path / "report", formats=["html"]).folder
    rows = json.loads((built / "results.json").read_text(encoding="utf-8"))["numbers"]
    ids = {row["id"] for row in rows}
    assert {"bygroup.plan.free.12", "bygroup.plan.paid.mean", "projection.last"} <= ids
    assert any(name.startswith("causes.bored.") for name in ids)
    figures = {path.name for path in (built / "figures").iterdir()}
    assert {"causes.fr.svg", "staying-groups.fr.svg", "projection.en.svg"} <= figures
    assert {"causes.csv", "staying_by_group_1.csv", "projection.csv"} <= {p.name for p in (built / "tables").iterdir()}
    page = (built / "report.fr.html").read_text(encoding="utf-8")
    assert "Pourquoi les comptes partent" in page
    assert "=banned" in page


def test_paying_accounts_stay_longer_and_the_test_says_so(tmp_path: Path):
    (plan,) = open_staying(Graph(place(tmp_path))).groups
    assert plan.means.difference[plan.means.levels.index("paid")] > 0
    assert plan.test.p_value < 1e-6


def test_too_few_periods_are_not_projected(tmp_path: Path):
    found = open_staying(Graph(place(tmp_path, longest=4))).projection
    assert isinstance(found, Unavailable)
    assert "too few to project" in str(found)


def test_the_headline_is_one_of_the_definitions():
    staying = example_results().staying
    assert staying is not None
    assert staying.activity is not None
    same = staying.activity.definitions.at("next_visit")
    assert same.estimate == pytest.approx(staying.dropout.estimate, abs=1e-12)
    assert same.n == staying.dropout.n
    by_gap = staying.activity.definitions.at("gone", gap_days=30)
    assert by_gap.estimate == pytest.approx(staying.by_gap.estimate, abs=1e-12)


def test_the_default_rule_finds_the_truth_of_the_simulation():
    staying = example_results().staying
    assert staying is not None
    assert staying.bias is not None
    assert isinstance(staying.bias.accounts, OwnSilences)
    assert np.abs(staying.bias.bias_of("next_visit")).max() < 0.006
    assert staying.bias.bias_of("log_end").min() > 0.008


@pytest.mark.parametrize("events", [["a,2024-06-28", "b,2024-06-28", "c,2024-06-29", "a,2024-06-30"], ["a,2024-06-27"]])
def test_a_log_too_short_for_any_month_is_reported(events: list[str], tmp_path: Path):
    (tmp_path / "log.csv").write_text("\n".join(["u,t", *events, ""]), encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "Days"\nas_of = 2024-06-30\n\n[usage]\nevents = "log.csv"\naccount = "u"\ntime = "t"\n'
        'dropout = { rule = "inactive", gap_days = 1, horizon_days = 1 }\n',
        encoding="utf-8",
    )
    built = build_report(tmp_path, tmp_path / "out", languages=["en"], formats=["html"]).folder
    assert "NaN" not in (built / "results.json").read_text(encoding="utf-8")


LOG = """
[study]
title = "Forum"
as_of = {as_of}
timezone = "UTC"
language = ["en"]

[usage]
events = "log.csv"
account = "id"
time = "at"
opening_days = 0
"""


def place_log(folder: Path, *, days: int, step: float) -> Study:
    """Accounts that live 80 days on average; half of them come back about every `step` days."""
    rng, rows = np.random.default_rng(6), []
    for account in range(900):
        first, lived = rng.integers(0, days - 20), rng.exponential(80)
        silences = rng.exponential(step if account % 2 else 2, 80)
        since = np.concatenate([[0], np.cumsum(silences)])
        rows += [(account, day) for day in first + since[since <= lived] if day < days]
    log = pd.DataFrame(rows, columns=["id", "day"])
    at = pd.Timestamp("2013-01-01", tz="UTC") + pd.to_timedelta(log["day"], unit="D")
    log.assign(at=at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))[["id", "at"]].to_csv(folder / "log.csv", index=False)
    as_of = date(2013, 1, 1) + timedelta(days=days - 1)
    (folder / "study.toml").write_text(LOG.format(as_of=as_of), encoding="utf-8")
    return read_study(folder)


def test_a_gap_that_moves_the_curve_is_told_on_the_first_page(tmp_path: Path):
    staying = open_staying(Graph(place_log(tmp_path, days=365, step=45)))
    assert staying.gap is not None
    assert staying.gap.is_far(30)
    built = build_report(tmp_path, tmp_path / "report", formats=["html"]).folder
    page = (built / "report.en.html").read_text(encoding="utf-8")
    assert "is too short to call accounts gone" in page
    assert "are expected back" in page


def test_a_log_too_short_for_the_next_visit_says_so_and_is_built(tmp_path: Path):
    staying = open_staying(Graph(place_log(tmp_path, days=75, step=10)))
    assert isinstance(staying.dropout, Unavailable)
    built = build_report(tmp_path, tmp_path / "report", formats=["html"]).folder
    page = (built / "report.en.html").read_text(encoding="utf-8")
    assert "fewer than the 60 that are needed" in page
    assert "and counts as gone whoever comes back later" in page
