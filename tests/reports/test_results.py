"""Results are computed when they are asked for, once, and no more of them than was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.build.files import write_figures_of
from reports.build.products import Products
from reports.examples import open_example
from reports.figures.registry import FIGURES
from reports.results.study import PARTS, StudyResults
from reports.words.ledger import Ledger
from reports.words.printer import Printer

NEEDS = {
    "waves": {"funnel"},
    "survival": {"staying"},
    "cohorts": {"staying"},
    "lifecycle": {"staying"},
    "gaps": {"staying"},
    "projection": {"staying"},
    "recall": {"recalls"},
    "published": {"published", "series"},
}
"""Of some figures, the parts of the results that they may ask for."""


@pytest.mark.parametrize("name", NEEDS)
def test_a_figure_computes_what_it_shows_alone(name: str):
    results = StudyResults(open_example("twitter_france"))
    FIGURES[name](results, Printer("en", Ledger()))
    assert {computed.partition(".")[0] for computed in results.computed} <= NEEDS[name] | {"funnel", "sample"}


def test_a_part_is_computed_once():
    results = StudyResults(open_example("twitter_france"))
    assert results.published is results.published


def test_other_parts_stay_as_they_are():
    results = StudyResults(open_example("twitter_france"))
    other = results.but(network=None)
    assert other.network is None
    assert all(getattr(other, name) is getattr(results, name) for name in PARTS if name != "network")


def test_a_figure_asked_for_by_name_is_drawn_from_its_own_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("reports.results.study.open_staying", lambda study: pytest.fail("the log was read"))
    products = Products(StudyResults(open_example("twitter_france")))
    written = write_figures_of(products, tmp_path, "en", ("svg",), ids=("waves",))
    assert [file.name for file in written] == ["waves.en.svg", "waves.csv"]
