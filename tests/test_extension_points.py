"""What is added in one file is used by a study that names it: a format, an engine, a rule, a language."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.engine.base import Engine
from churn.engine.duckdb import DuckDBEngine
from churn.engine.registry import opens, withdraw_engine
from churn.engine.sources import Source, find_source
from churn.tenures.outcomes import Outcomes
from churn.tenures.rule_kinds import RuleKind, register_rule, withdraw_rule
from churn.usage.activity import Activity
from reports.build.build import build_report
from reports.build.check import check_study
from reports.build.manifest import describe_build
from reports.build.products import Products
from reports.document.blocks import texts_of
from reports.results.study import StudyResults
from reports.words.catalogue import add_words, withdraw_words
from surveys.core.errors import StudyError
from surveys.core.results import Note
from surveys.data.codebook import Codebook
from surveys.data.formats import SurveyFormat, register_format, withdraw_format
from surveys.data.microdata import Microdata
from surveys.languages.rules import LanguageRules, register_language, withdraw_language
from surveys.study.file import read_study
from tests.random_studies import write_study
from tests.reports.test_incremental import log

ABOUT = {"title": "A study", "as_of": date(2023, 12, 31)}


def read_lines_of_json(path: Path, encoding: str | None) -> Microdata:
    """Read a file of one JSON object a line, with all its items."""
    rows = [json.loads(line) for line in path.read_text(encoding=encoding or "utf-8").splitlines()]
    frame = pd.DataFrame(rows).astype(float)
    return Microdata(place=path.name, frame=frame, codebook=Codebook(), lines=np.arange(1, len(frame) + 1))


@pytest.fixture
def lines_of_json() -> Iterator[None]:
    register_format(SurveyFormat(name="lines of JSON", suffixes=(".jsonl",), read=read_lines_of_json))
    yield
    withdraw_format("lines of JSON")


@pytest.mark.usefixtures("lines_of_json")
def test_a_survey_is_read_from_a_format_that_was_added(tmp_path: Path) -> None:
    answers = [{"aware": 1 + (i % 4 == 0), "w": 1.0} for i in range(80)]
    (tmp_path / "wave.jsonl").write_text("\n".join(map(json.dumps, answers)))
    platform = {"svc": {"label": "Svc", "aware": {"item": "aware", "yes": [1]}}}
    write_study(tmp_path, {"study": ABOUT, "survey": [{"wave": "1", "file": "wave.jsonl", "platform": platform}]})
    assert check_study(tmp_path)[0] == ()
    funnel = StudyResults(read_study(tmp_path)).funnel
    assert funnel is not None
    share = funnel.at("1", "svc", "aware")
    assert (share.estimate, share.n) == (0.75, 80)


def spec_at(address: str) -> dict[str, object]:
    usage = {"events": address, "table": "log.csv", "account": "account", "time": "time", "opening_days": 0}
    return {"study": ABOUT, "usage": usage}


def test_a_log_is_read_by_an_engine_that_was_added(tmp_path: Path) -> None:
    @opens("toy")
    def open_toy(address: str, folder: Path, table: str, scratch: Path) -> tuple[Engine, Source]:
        source = find_source(folder, table, key="events", delimiter=None, encoding="utf-8", scratch=scratch)
        return DuckDBEngine(scratch), source

    log(np.random.default_rng(1)).to_csv(tmp_path / "log.csv", index=False)
    try:
        write_study(tmp_path, spec_at("toy://here"))
        added = StudyResults(read_study(tmp_path)).staying
    finally:
        withdraw_engine("toy")
    usage = {"events": "log.csv", "account": "account", "time": "time", "opening_days": 0}
    write_study(tmp_path, {"study": ABOUT, "usage": usage})
    own = StudyResults(read_study(tmp_path)).staying
    assert added is not None
    assert own is not None
    pd.testing.assert_frame_equal(added.counts.to_frame(), own.counts.to_frame())


@pytest.fixture
def seen_once() -> Iterator[None]:
    """Gone after its first day is who was seen on one day alone; everybody else is observed to the end."""

    def judge(activity: Activity, gap_days: int) -> Outcomes:
        gone = activity.first_day == activity.last_day
        duration = np.where(gone, 0, activity.end_day - 1 - activity.first_day).astype(float)
        return Outcomes(duration=duration, event=gone, kept=np.ones(len(gone), bool))

    needed = "needs a log of events"
    told = Note("an account is gone that was seen on one day alone")
    kind = RuleKind(name="seen_once", describe=lambda gap: told, judge_activity=judge, judge_accounts=needed)
    register_rule(kind)
    add_words("fr", {told.message: "un compte vu un seul jour est perdu"})
    yield
    withdraw_words("fr", [told.message])
    withdraw_rule("seen_once")


def with_rule(folder: Path, rule: str) -> Path:
    log(np.random.default_rng(1)).to_csv(folder / "log.csv", index=False)
    usage = {"events": "log.csv", "account": "account", "time": "time", "opening_days": 0, "dropout": {"rule": rule}}
    write_study(folder, {"study": ABOUT | {"language": ["en", "fr"]}, "usage": usage})
    return folder


@pytest.mark.usefixtures("seen_once")
def test_a_study_names_a_rule_that_was_added(tmp_path: Path) -> None:
    folder = with_rule(tmp_path, "seen_once")
    assert check_study(folder)[0] == ()
    results = StudyResults(read_study(folder))
    days = log(np.random.default_rng(1)).assign(day=lambda rows: rows["time"].str[:10]).groupby("account")["day"]
    assert results.staying is not None
    assert int(results.staying.tenures.event.sum()) == int((days.nunique() == 1).sum())
    products = Products(results)
    assert "n account is gone that was seen on one day alone" in " ".join(
        texts_of(products.document("en", drawn=False))
    )
    assert "n compte vu un seul jour est perdu" in " ".join(texts_of(products.document("fr", drawn=False)))


def test_a_rule_that_nobody_added_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    problems, _ = check_study(with_rule(tmp_path, "inactiv"))
    (line,) = map(str, problems)
    assert line.startswith("study.toml, usage.dropout: got 'inactiv' for 'rule', expected one of next_visit, inactive")
    assert line.endswith("Did you mean 'inactive'?")


def judged_by(leaves: bool) -> RuleKind:
    def judge(activity: Activity, gap_days: int) -> Outcomes:
        n = len(activity.first_day)
        duration = (activity.end_day - 1 - activity.first_day).astype(float)
        return Outcomes(duration=duration, event=np.full(n, leaves), kept=np.ones(n, bool))

    told = Note("everybody or nobody leaves")
    return RuleKind(name="toy", describe=lambda gap: told, judge_activity=judge, judge_accounts="needs a log")


def test_a_rule_of_the_same_name_with_other_code_makes_the_report_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURN_CACHE", str(tmp_path / "kept"))
    (tmp_path / "study").mkdir()
    folder = with_rule(tmp_path / "study", "toy")

    def built(leaves: bool, into: str) -> bytes:
        register_rule(judged_by(leaves))
        try:
            build_report(folder, tmp_path / into, formats=["html"], languages=["en"])
        finally:
            withdraw_rule("toy")
        return (tmp_path / into / "report.en.html").read_bytes()

    first = built(False, "report")
    again = built(True, "report")
    monkeypatch.setenv("CHURN_CACHE", "")
    assert again == built(True, "fresh")
    assert again != first


def test_what_is_registered_here_alone_is_marked_in_the_key_and_what_is_withdrawn_is_not(tmp_path: Path) -> None:
    study = read_study(with_rule(tmp_path, "inactive"))
    plain = describe_build(study)
    assert describe_build(study) == plain
    register_language(LanguageRules(code="de", locale="de", region="DE"))
    assert describe_build(study).made_by != describe_build(study).made_by
    withdraw_language("de")
    assert describe_build(study) == plain


REPLACED = """
from churn.tenures.rule_kinds import RuleKind, register_rule, rule_kind
from surveys.claims.checks.registry import ConsistencyCheck, checks, register_check
from surveys.core.results import Note
from surveys.languages.rules import LanguageRules, language_codes, register_language, rules_of

french = register_language(LanguageRules(code="fr", locale="fr_CA", region="CA"))
rule = register_rule(RuleKind(name="inactive", describe=lambda gap: Note("x"), judge_activity="", judge_accounts=""))
check = register_check(ConsistencyCheck(kind="sum", broken=Note("x"), needs_total=False, holds=lambda *_: True))
assert rules_of("fr") is french and language_codes() == ("fr", "en")
assert rule_kind("inactive") is rule
assert checks()["sum"] is check
"""


def test_what_replaces_something_of_our_own_stays_whenever_it_registers() -> None:
    done = subprocess.run([sys.executable, "-c", REPLACED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8"

msgid "Staying"
msgstr "Bleiben"
"""


@pytest.fixture
def german(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "de.po").write_text(PO, encoding="utf-8")
    nouns = {"accounts": "account"}
    register_language(
        LanguageRules(
            code="de", locale="de", region="DE", to="bis", words=tmp_path / "de.po", complete=False, nouns=nouns
        )
    )
    yield
    withdraw_language("de")


@pytest.mark.usefixtures("german")
def test_a_study_is_reported_in_a_language_that_was_added(tmp_path: Path) -> None:
    log(np.random.default_rng(1)).to_csv(tmp_path / "log.csv", index=False)
    usage = {"events": "log.csv", "account": "account", "time": "time", "opening_days": 0}
    title = {"en": "A study", "de": "Eine Studie"}
    write_study(tmp_path, {"study": ABOUT | {"title": title, "language": ["de"]}, "usage": usage})
    problems, warnings = check_study(tmp_path)
    assert problems == ()
    assert any("'de'" in warning and "printed in English" in warning for warning in warnings)
    build = build_report(tmp_path, tmp_path / "report", formats=["html"])
    assert [path.name for path in build.documents] == ["report.de.html"]
    page = build.documents[0].read_text(encoding="utf-8")
    assert '<html lang="de"' in page
    assert "Eine Studie" in page
    assert "Bleiben" in page
    assert "31. Dezember 2023" in page.replace("\u00a0", " ")


def test_a_language_that_nobody_added_is_refused(tmp_path: Path) -> None:
    write_study(
        tmp_path, {"study": ABOUT | {"language": ["de"]}, "usage": {"events": "a", "account": "b", "time": "c"}}
    )
    with pytest.raises(StudyError, match="got 'de', expected one of fr, en"):
        read_study(tmp_path)


def test_an_engine_that_nobody_added_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    write_study(tmp_path, spec_at("toy://here"))
    with pytest.raises(StudyError, match="begins with toy://, expected postgresql or spark"):
        _ = StudyResults(read_study(tmp_path)).staying
