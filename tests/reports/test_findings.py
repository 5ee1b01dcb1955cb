"""Findings are made by rules: they move with the results, and say their base."""

from __future__ import annotations

import pytest

from reports.figures import example_results
from reports.findings import RULES, find
from reports.results.study import StudyResults
from reports.words.printer import Printer, open_printer


@pytest.fixture(params=["en", "fr"])
def printer(request: pytest.FixtureRequest) -> Printer:
    return open_printer(request.param)


def test_every_sentence_has_a_number_a_base_and_a_full_stop(printer: Printer):
    for finding in find(example_results(), printer):
        assert any(c.isdigit() for c in finding.text), finding.rule
        assert "base" in finding.text, finding.rule
        assert finding.text.endswith("."), finding.rule


def test_what_the_data_decide_comes_first(printer: Printer):
    decided = [finding.decided for finding in find(example_results(), printer)]
    assert decided == sorted(decided, reverse=True)


def test_a_study_without_results_has_no_findings(printer: Printer):
    nothing = dict.fromkeys(("funnel", "staying", "adoption", "calibration", "network", "diffusion"))
    empty: StudyResults = example_results().but(joint=(), claims=(), series=(), recalls=(), **nothing)
    assert find(empty, printer) == ()


def test_each_rule_speaks_once(printer: Printer):
    rules = [finding.rule for finding in find(example_results(), printer)]
    assert len(rules) == len(set(rules)) <= len(RULES)


def test_an_account_of_sentences_adds_up():
    printer = open_printer("en")
    find(example_results(), printer)
    counts = [printer.ledger[f"claims.{part}"].value for part in ("held", "beside", "contradicted", "unchecked")]
    assert sum(counts) == printer.ledger["claims.total"].value == len(example_results().claims)
