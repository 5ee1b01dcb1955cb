"""Logs that allow next to nothing are reported, each result that cannot be had with its reason, in French too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reports.document.blocks import texts_of
from reports.results import staying as staying_module
from reports.results.study import StudyResults
from reports.words.catalogue import Wording
from surveys.core.errors import EstimateError, SpecError, StudyError
from surveys.core.results import NOT_ESTIMABLE, Note
from surveys.study.fields import Language
from tests.reports.catalogue import read_catalogue
from tests.reports.test_what_cannot_be_had import document_of, results_of

END = date(2024, 7, 31)
SHOWN = (
    "retention_triangle",
    "measure_retention",
    "measure_lifecycle",
    "compare_definitions",
    "choose_gap",
)
Rows = list[tuple[str, int, str]]
"""Account, days before the end, level of the group."""


def two_days() -> Rows:
    return [(f"u{i}", i % 2, "ab"[i % 2]) for i in range(20)] + [(f"u{i}", 0, "ab"[i % 2]) for i in range(6)]


def one_account() -> Rows:
    return [("only", days, "a") for days in (300, 290, 200, 3)]


def one_account_once() -> Rows:
    return [("only", 100, "a")]


def all_gone_on_day_one() -> Rows:
    return [(f"u{i}", 200, "ab"[i % 2]) for i in range(40)] + [("late", 0, "a")]


def one_event_each() -> Rows:
    return [(f"u{i}", 3 * i, "ab"[i % 2]) for i in range(100)]


def a_single_active_day() -> Rows:
    return [(f"u{i}", 0, "ab"[i % 2]) for i in range(30)]


def every_level_tiny() -> Rows:
    return [(f"u{i}", 250 - days - i, f"level {i}") for i in range(12) for days in (0, 3, 9)]


def a_gap_longer_than_the_log() -> Rows:
    return [(f"u{i}", days, "ab"[i % 2]) for i in range(30) for days in (20 - i % 15, 2)]


HOSTILE = (
    two_days,
    one_account,
    one_account_once,
    all_gone_on_day_one,
    one_event_each,
    every_level_tiny,
    a_gap_longer_than_the_log,
)

LONG = (one_account, one_account_once, all_gone_on_day_one, one_event_each, every_level_tiny)
"""Those that outlast a gap of 30 days; with a gap longer than the log nobody can be judged."""


def logged(folder: Path, rows: Rows, **dropout: Any) -> StudyResults:
    """Results of a log of `rows`, at noon."""
    at = [datetime.combine(END - timedelta(days), time(12)).isoformat() + "Z" for _, days, _ in rows]
    frame = pd.DataFrame({"u": [row[0] for row in rows], "at": at, "kind": [row[2] for row in rows]})
    frame.to_csv(folder / "log.csv", index=False)
    usage = {"events": "log.csv", "account": "u", "time": "at", "group": ["kind"], "dropout": dropout}
    return results_of(folder, {"usage": usage})


def test_a_single_active_day_is_a_problem_of_the_study(tmp_path: Path):
    with pytest.raises(StudyError, match="all accounts signed up in the 1 days before 2024-07-31"):
        logged(tmp_path, a_single_active_day(), rule="inactive", gap_days=1)


def texts_in(found: StudyResults, language: Language) -> str:
    return "\n".join(texts_of(document_of(found, language)))


@pytest.fixture
def said_in_french(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Text among the values of notes that a French report says and that is none of its messages."""
    left: list[str] = []
    plain = Wording.note

    def note(self: Wording, caveat: Note) -> str:
        known = read_catalogue()
        if self.language == "fr":
            left.extend(v for v in caveat.values.values() if isinstance(v, str) and v.count(" ") > 1 and v not in known)
        return plain(self, caveat)

    monkeypatch.setattr(Wording, "note", note)
    return left


@pytest.mark.parametrize("rule", ["next_visit", "inactive"])
@pytest.mark.parametrize("rows", HOSTILE)
def test_a_hostile_log_is_reported_in_both_languages(
    rows: Callable[[], Rows], rule: str, tmp_path: Path, said_in_french: list[str]
):
    found = logged(tmp_path, rows(), rule=rule, gap_days=30 if rows in LONG else 1)
    assert texts_in(found, "en")
    french = texts_in(found, "fr")
    assert not said_in_french
    assert not re.search(r"\b1 comptes", french)
    assert not re.search(r"\b1 accounts", texts_in(found, "en"))


@pytest.mark.parametrize(
    "name",
    [
        "retention_triangle",
        "measure_retention",
        "measure_lifecycle",
        "never_returned",
        "compare_definitions",
        "choose_gap",
        "compare_gap",
        "project_tenures",
        "simulate_rule_bias",
        "returned_share",
        "kaplan_meier, by",
        "next_visit_survival, by",
        "compare_at",
        "count_visits",
        "kaplan_meier",
    ],
)
def test_one_result_without_an_answer_stops_no_other(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    function, _, only_by = name.partition(", ")
    estimate = getattr(staying_module, function)

    def refuse(*given: object, **options: object) -> object:
        if only_by and "by" not in options:
            return estimate(*given, **options)
        raise EstimateError.because(name, NOT_ESTIMABLE, "Give more")

    monkeypatch.setattr(staying_module, function, refuse)
    staying_module._made_up_bias.cache_clear()
    found = logged(tmp_path, [(f"u{i}", d, "ab"[i % 2]) for i in range(40) for d in (250 - i, 200 - i, 3)])
    if name in ("count_visits", "kaplan_meier"):
        assert "This chapter cannot be had: cannot be estimated." in texts_in(found, "en")
    else:
        assert found.staying is not None
        assert not found.absent
    if name in SHOWN:
        assert "Cannot be estimated." in texts_in(found, "en")
        assert "Cannot" not in texts_in(found, "fr")


def test_a_clause_is_said_in_the_language_of_the_sentence():
    told = Note("no model of retention fits: {reason}", {"reason": Note("nobody has left")})
    assert str(told) == "no model of retention fits: nobody has left"
    assert Wording("fr").note(told).endswith("personne n’est parti")
    assert Note.from_json(told.to_json()) == told
    with pytest.raises(SpecError):
        Wording("fr").note(Note("no model of retention fits: {reason}", {"reason": Note("nothing of the kind")}))


def test_nouns_agree_with_the_number_printed():
    english, french = Wording("en"), Wording("fr")
    base = "Base: {n} accounts. In brackets: {level} confidence intervals."
    assert english.say(base, n="1", level="95%").startswith("Base: 1 account.")
    assert english.say(base, n="21", level="95%").startswith("Base: 21 accounts.")
    assert "1 compte." in french.say(base, n="1", level="95 %")
    assert "0 compte." in french.say(base, n="0", level="95 %")
    both = "{answers} of the messages answer one received, and {mutual} of the ties are mutual "
    both += "(base: {n} messages, {m} ties)."
    assert "1 message, 1 tie)" in english.say(both, answers="0%", mutual="0%", n="1", m="1")
    asked = "{interval}; {n} respondents, {when}"
    assert english.say(asked, interval="0–1%", n="1", when="2020") == "0–1%; 1 respondent, 2020"
