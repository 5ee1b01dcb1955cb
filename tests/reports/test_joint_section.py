"""The chapter from hearing to staying: what it says, and where a study has only part of what it joins."""

from __future__ import annotations

import pytest

from reports.document.blocks import Block, Bullets, Figure, Heading, RowGroup, Table, texts_of
from reports.figures import example_results
from reports.figures.decomposition import draw_decomposition
from reports.figures.denominators import draw_denominators
from reports.figures.drawn import FigureWords, words_of
from reports.figures.joint import draw_joint
from reports.results.adoption import compute_adoption
from reports.results.study import StudyResults
from reports.sections.joint import write_joint
from reports.words.printer import Printer, open_printer
from surveys.published.figures import PublishedFigures
from surveys.study.schema import Study

DRAWN_BY = {"joint": draw_joint, "decomposition": draw_decomposition, "denominators": draw_denominators}


@pytest.fixture(scope="module")
def results() -> StudyResults:
    return example_results()


def drawn(results: StudyResults, printer: Printer) -> dict[str, FigureWords]:
    figures = {name: draw(results, printer) for name, draw in DRAWN_BY.items()}
    return {name: words_of(figure) for name, figure in figures.items() if figure is not None}


def written(results: StudyResults, printer: Printer | None = None) -> list[Block]:
    used = printer or open_printer("en")
    return write_joint(results, used, drawn(results, used))


def anchors(blocks: list[Block]) -> list[str]:
    return [block.anchor for block in blocks if isinstance(block, Heading | Figure | Table)]


def table(blocks: list[Block], anchor: str) -> Table:
    return next(block for block in blocks if isinstance(block, Table) and block.anchor == anchor)


def told(blocks: list[Block]) -> str:
    return " ".join(texts_of(tuple(blocks))).replace("\u00a0", " ")


def joined(
    results: StudyResults, study: Study, *, published: PublishedFigures | None, usage: bool = True
) -> StudyResults:
    """Join again what a study with fewer parts has."""
    staying = results.staying if usage else None
    adoption = compute_adoption(study, results.funnel, staying, published)
    return results.but(study=study, staying=staying, published=published, adoption=adoption)


def test_goes_from_waves_to_groups_to_others_to_causes_to_people(results: StudyResults):
    assert anchors(written(results)) == [
        *("joint", "fig-joint", "tab-joint", "tab-joint-groups"),
        *("joint-printed", "tab-joint-printed"),
        *("joint-why", "fig-decomposition", "tab-joint-parts"),
        *("joint-people", "fig-denominators"),
    ]


def test_says_for_how_long_sign_up_per_aware_person_stood_still(results: StudyResults):
    bullets = [item for block in written(results) if isinstance(block, Bullets) for item in block.items]
    ifop = next(item for item in bullets if item.startswith("Twitter, France: ")).replace("\u00a0", " ")
    assert "from June 2009 to October 2011, awareness went from 28% to 85%" in ifop
    assert "between 7.1% (4.3–11.7%) and 9.4% (8.0–11.0%): differences no larger than chance (p = 0.61" in ifop
    assert ifop.endswith("In October 2012 it was 13% (12–15%), which does not fit.")


def test_names_the_cause_of_a_difference_only_where_one_stands_out(results: StudyResults):
    text = told(written(results))
    assert "is multiplied by 4.00 (2.33–6.86); what counts most is awareness" in text
    assert "no step accounts for more of it than the others beyond the uncertainty" in text


def test_tells_simulated_waves_from_real_figures(results: StudyResults):
    blocks = written(results)
    assert "Simulated data." in table(blocks, "tab-joint").notes
    assert "Simulated data." not in table(blocks, "tab-joint-printed").notes
    assert "Twitter, June 2009 (simulated)" in told(blocks)


def test_says_which_figures_count_users_and_which_are_missing(results: StudyResults):
    notes = " ".join(table(written(results), "tab-joint-printed").notes)
    assert "Users, not holders of an account: Twitter, United States" in notes
    assert "Facebook, France, October 2013): the publisher gives no number of respondents." in notes.replace(
        "\xa0", " "
    )


def test_printed_funnels_stand_under_their_country_and_service(results: StudyResults):
    rows = table(written(results), "tab-joint-printed").rows
    assert [row.text for row in rows if isinstance(row, RowGroup)] == [
        *("Twitter, France", "Facebook, France", "Copains d’avant, France"),
        *("Twitter, United States", "Facebook, United States", "Twitter, Canada"),
    ]
