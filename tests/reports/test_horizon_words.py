"""Sentences about the horizon say the one of the study."""

import pytest

from reports.document.blocks import texts_of
from reports.figures import example_results
from reports.findings.adoption import find_stayed
from reports.findings.usage import find_followed
from reports.results.study import StudyResults
from reports.sections.joint import write_joint
from reports.words.durations import horizon_words, within_words
from reports.words.printer import open_printer


def with_horizon(days: int) -> StudyResults:
    results = example_results()
    assert results.study.usage is not None
    dropout = results.study.usage.dropout.model_copy(update={"horizon_days": days})
    usage = results.study.usage.model_copy(update={"dropout": dropout})
    study = results.study.model_copy(update={"usage": usage})
    return results.but(study=study, staying=results.staying, adoption=results.adoption, joint=results.joint)


@pytest.mark.parametrize("days", [7, 90])
@pytest.mark.parametrize(("language", "month", "unit"), [("en", "a month", "days"), ("fr", "un mois", "jours")])
def test_sentences_about_staying_follow_the_horizon(days: int, language: str, month: str, unit: str):
    results, printer = with_horizon(days), open_printer(language)
    told = " ".join(texts_of(tuple(write_joint(results, printer, {}))))
    stayed = find_stayed(results, printer)
    assert stayed is not None
    assert month not in told.replace("\u00a0", " ") + stayed.text
    assert f"{days} {unit}" in told.replace("\u00a0", " ")
    assert f"{days} {unit}" in stayed.text.replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_month_is_said_where_it_is_one(language: str):
    printer = open_printer(language)
    assert horizon_words(printer, with_horizon(30).study) == within_words(printer, 1, "months")
    assert within_words(printer, 3, "months").replace("\u00a0", " ") == {"en": "3 months", "fr": "3 mois"}[language]


def test_the_finding_on_following_says_its_own_horizon():
    found = find_followed(example_results(), open_printer("en"))
    assert found is None or "a month" in found.text
