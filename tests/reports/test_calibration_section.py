"""The part on what the log adds to the survey: what it says, and where it is silent."""

from __future__ import annotations

import pytest

from reports.document.blocks import Table, texts_of
from reports.figures import example_results
from reports.figures.calibration import draw_calibration
from reports.results.calibration import compute_calibration
from reports.results.study import StudyResults
from reports.sections.calibration import write_calibration
from reports.words.printer import open_printer
from surveys.study.schema import Study


@pytest.fixture(scope="module")
def results() -> StudyResults:
    return example_results()


def told(results: StudyResults) -> str:
    return " ".join(texts_of(tuple(write_calibration(results, open_printer("en"), {}))))


def compute(results: StudyResults, study: Study) -> StudyResults:
    found = compute_calibration(study, results.funnel, results.staying, results.recalls)
    return results.but(study=study, calibration=found)


def test_waves_that_agree_are_calibrated_and_the_others_are_not(results: StudyResults):
    (table,) = [block for block in write_calibration(results, open_printer("en"), {}) if isinstance(block, Table)]
    rows = [row for row in table.rows if isinstance(row, tuple)]
    assert [row[-2] != "–" for row in rows[:6]] == [True, True, True, True, False, False]
    assert len(rows) == 6 + 4 + 4 + 3 + 3 + 3


def test_says_that_accounts_are_more_than_people(results: StudyResults):
    text = told(results)
    assert "for each person counted among those who have ever had an account, the log counts 1.88" in text
    assert "the survey’s own estimates are kept" in text


def test_without_coverage_only_recall_is_compared(results: StudyResults):
    assert results.study.usage is not None
    usage = results.study.usage.model_copy(update={"coverage": None})
    bare = compute(results, results.study.model_copy(update={"usage": usage}))
    assert bare.calibration is not None
    assert bare.calibration.calibrated is None
    assert "Hold an account" not in told(bare)
    drawn = draw_calibration(bare, open_printer("en"))
    assert drawn is not None
    assert drawn.caption.startswith("Asked in ")


def test_with_enough_accounts_for_each_person_the_last_waves_agree(results: StudyResults):
    """Two accounts for each person, give or take: the margin is uncertain, and the gain is small."""
    assert results.study.usage is not None
    assert results.study.usage.coverage is not None
    coverage = results.study.usage.coverage.model_copy(
        update={"accounts_per_person": 1.8, "accounts_per_person_error": 0.6}
    )
    usage = results.study.usage.model_copy(update={"coverage": coverage})
    unsure = compute(results, results.study.model_copy(update={"usage": usage}))
    assert unsure.calibration is not None
    assert unsure.calibration.calibrated is not None
    signups = [test for test in unsure.calibration.calibrated.tests if test.margin.step == "signup"]
    assert all(test.agrees for test in signups[3:])


def test_a_study_without_log_has_no_such_part(results: StudyResults):
    assert compute_calibration(results.study, results.funnel, None, results.recalls) is None
    none = results.but(calibration=None)
    assert write_calibration(none, open_printer("fr"), {}) == []
    assert draw_calibration(none, open_printer("fr")) is None
