from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reports.document.blocks import Block, Bullets, Cell, Document, Figure, Table
from reports.figures import example_results
from reports.figures.drawn import words_of
from reports.figures.trend import draw_trend
from reports.results.study import StudyResults
from reports.sections.waves import write_waves
from reports.words.printer import Printer, open_printer
from surveys.funnel.waves import WaveChanges, compare_waves


@pytest.fixture(scope="module")
def results() -> StudyResults:
    return example_results()


@pytest.fixture(scope="module")
def changes(results: StudyResults) -> WaveChanges:
    assert results.funnel is not None
    return compare_waves(results.study, results.funnel)


def tables(blocks: list[Block]) -> dict[str, Table]:
    return {block.anchor: block for block in blocks if isinstance(block, Table)}


def plain(text: str | Cell) -> str:
    return (text if isinstance(text, str) else text.text).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_change_of_the_main_platform_is_in_the_table(results, changes, language):
    printer = open_printer(language)
    table = tables(write_waves(results, changes, printer, {}))["tab-changes"]
    assert len(table.rows) == 7
    change = changes.at("2009-06", "2009-11", "twitter", "aware")
    number = printer.ledger["change.2009-06.2009-11.twitter.aware.cumulative"]
    assert (number.value, number.low, number.high) == (change.estimate, change.conf_low, change.conf_high)
    assert number.texts[language][0].replace(",", ".") == f"{100 * change.estimate:+.1f}"


def test_the_list_of_services_is_named_where_it_grew(results, changes):
    table = tables(write_waves(results, changes, open_printer("fr"), {}))["tab-changes"]
    assert [plain(row[-1]) for row in table.rows][2:4] == [
        "liste de services : 10, puis 17",
        "liste de services : 17, puis 32",
    ]


def test_waves_that_cannot_be_compared_are_muted_and_said(results):
    surveys = list(results.study.survey)
    surveys[2] = surveys[2].model_copy(update={"mode": "telephone"})
    study = results.study.model_copy(update={"survey": tuple(surveys)})
    broken = compare_waves(study, results.funnel)
    blocks = write_waves(results, broken, open_printer("en"), {})
    rows = tables(blocks)["tab-changes"].rows
    assert isinstance(rows[2][1], Cell)
    assert rows[2][1].tone == "muted"
    assert plain(rows[2][-1]) == "mode: by telephone, then online; list of services: 10, then 17"
    said = next(block for block in blocks if isinstance(block, Bullets)).items
    assert said[-1] == (
        "Waves 2009-06 and 2009-11 were not asked in the same way: part of their change is an effect of mode."
    )


def test_the_caveat_of_a_wave_stands_beside_its_changes(results, changes):
    blocks = write_waves(results, changes, open_printer("en"), {})
    assert "1,015 people" in next(block for block in blocks if isinstance(block, Bullets)).items[0]


def test_nothing_is_written_about_one_wave(results, changes):
    empty = replace(changes, changes=changes.changes.iloc[:0])
    assert write_waves(results, empty, open_printer("en"), {}) == []


def drawn(printer: Printer, results: StudyResults):
    figure = draw_trend(results, printer)
    assert figure is not None
    return figure


def test_no_line_joins_figures_of_lists_of_different_length(results):
    figure = drawn(open_printer("en"), results)
    axes = figure.figure.axes[0]
    assert figure.data["break_before"].tolist() == [False] + [True] * 6
    lines = [line for line in axes.lines if line.get_linestyle() == "-" and len(set(line.get_xdata())) > 1]
    assert lines == []
    dashed = [line for line in axes.lines if len(line.get_xdata()) == 2 and len(set(line.get_xdata())) == 1]
    assert len(dashed) == 6
    assert figure.caption.replace("\u00a0", " ") == (
        "Members of at least one of the networks tested: 20% (October 2007), 86% (October 2013); "
        "breaks in the series: 6"
    )


def test_figures_of_one_list_are_joined(results):
    surveys = [survey.model_copy(update={"items_tested": 17}) for survey in results.study.survey]
    same = results.study.model_copy(update={"survey": tuple(surveys)})
    figure = drawn(open_printer("en"), results.but(study=same))
    assert not figure.data["break_before"].any()
    assert max(len(line.get_xdata()) for line in figure.figure.axes[0].lines) == 7


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_figure_tells_how_many_were_tested(results, changes, language):
    printer = open_printer(language)
    figure = drawn(printer, results)
    assert "55" in figure.alt
    blocks = write_waves(results, changes, printer, {"trend": words_of(figure)})
    assert isinstance(blocks[-1], Figure)
    document = Document(
        language=language,
        title="Waves",
        subtitle="",
        author="",
        date=date(2013, 12, 31),
        notice="",
        blocks=tuple(blocks),
    )
    assert document.blocks
