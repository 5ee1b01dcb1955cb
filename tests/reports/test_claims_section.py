"""The section on sentences of the press: every claim is told and drawn, in both languages."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from reports.document.blocks import RowGroup, RowNote, Table
from reports.figures import example_results
from reports.figures.registry import FIGURES
from reports.results.study import StudyResults
from reports.sections.claims import write_claims
from reports.words.claims import GROUPS, claimed_words
from reports.words.printer import Printer, open_printer
from surveys.claims.check import check_claim
from surveys.published.figures import PublishedFigures
from surveys.study.claims import Claim
from surveys.study.fields import Language


@pytest.fixture(scope="module")
def results() -> StudyResults:
    return example_results()


@pytest.fixture(params=["fr", "en"])
def printer(request: pytest.FixtureRequest) -> Printer:
    language: Language = request.param
    return open_printer(language)


def told(results: StudyResults, printer: Printer) -> Table:
    table = write_claims(results, printer, {})[-1]
    assert isinstance(table, Table)
    return table


def test_every_claim_has_a_row_with_number_base_verdict_and_reason(results, printer):
    rows = [row for row in told(results, printer).rows if isinstance(row, tuple)]
    assert len(rows) == len(results.claims)
    assert all(all(str(cell).strip() for cell in row) for row in rows)


def test_claims_stand_in_groups_by_verdict_and_keep_their_numbers(results, printer):
    groups = [row for row in told(results, printer).rows if isinstance(row, RowGroup)]
    assert 0 < len(groups) <= len(GROUPS)
    numbers = [int(str(row[0]).split(".")[0]) for row in told(results, printer).rows if isinstance(row, tuple)]
    assert sorted(numbers) == list(range(1, len(results.claims) + 1))


def test_the_figure_has_a_row_for_each_claim_and_a_line_at_what_is_claimed(results, printer):
    drawn = FIGURES["claims"](results, printer)
    assert drawn is not None
    axes = drawn.figure.axes[0]
    assert axes.get_xscale() == "log"
    assert len(axes.get_yticks()) == len(results.claims) == len(drawn.data)
    assert any(set(map(float, line.get_xdata())) == {1.0} for line in axes.get_lines())


def test_what_is_drawn_is_what_the_figures_allow_over_what_is_claimed(results):
    drawn = FIGURES["claims"](results, open_printer("en"))
    assert drawn is not None
    third = drawn.data.set_index("id").loc["a-third-know-twitter"]
    assert third["ratio"] == pytest.approx(0.28 * 3)
    assert third["ratio_low"] < third["ratio"] < third["ratio_high"] < 1


def test_no_text_of_the_figure_leaves_the_page(results, printer):
    drawn = FIGURES["claims"](results, printer)
    assert drawn is not None
    drawn.figure.draw_without_rendering()
    page = drawn.figure.bbox
    axes = drawn.figure.axes[0]
    for text in (*axes.texts, *axes.get_yticklabels()):
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1
        assert box.x1 <= page.x1 + 1


@pytest.mark.parametrize(
    ("name", "english", "french"),
    [
        ("a-third-know-twitter", "almost 33%", "près de 33 %"),
        ("760000-on-twitter", "760,000", "760 000"),
        ("54-and-a-half-percent-gave-up", "54.5%", "54,5 %"),
        ("growth-of-a-third-of-a-percent", "0.34%", "0,34 %"),
        ("8-percent-in-2011", "+1 point", "+1 point"),
        ("26-to-29-million-on-facebook", "26–29 million", "26 à 29 millions"),
        ("100-million-messages", "at least 100,000,000", "au moins 100 000 000"),
        ("350-billion-messages", "350 billion", "350 milliards"),
        ("retention-caps-reach", "at most 10%", "au plus 10 %"),
    ],
)
def test_what_is_claimed_is_printed_with_the_digits_of_the_sentence(results, name, english, french):
    checked = next(claim for claim in results.claims if claim.claim.id == name)
    for language, text in (("en", english), ("fr", french)):
        shown = claimed_words(open_printer(language), checked)  # type: ignore[arg-type]
        assert shown.replace("\u202f", " ").replace("\u00a0", " ") == text


def test_a_study_without_claims_has_no_section(results, printer):
    assert write_claims(results.but(claims=()), printer, {}) == []
    assert FIGURES["claims"](results.but(claims=()), printer) is None


def test_rows_of_a_file_are_named_only_where_a_sentence_is_held_against_one(results, printer):
    own = next(claim for claim in results.claims if not any(one.figure for one in claim.evidence))
    assert told(results, printer).notes
    assert told(results.but(claims=(own,)), printer).notes == ()


def test_under_each_claim_stands_every_figure_with_publisher_date_and_base(results, printer):
    rows = told(results, printer).rows
    notes = {before[0]: row for before, row in pairwise(rows) if isinstance(row, RowNote) and isinstance(before, tuple)}
    assert len(notes) == len(results.claims)
    for number, checked in enumerate(results.claims, start=1):
        note = next(note for sentence, note in notes.items() if str(sentence).startswith(f"{number}. "))
        text = "\n".join(line.text for line in note.lines).replace("’", "'")
        for item in checked.evidence:
            if item.figure is not None:
                for written in (item.figure.publisher, item.figure.base, item.figure.date):
                    label = results.study.published.say(written)
                    said = printer.label(written if label is None else label)
                    assert said.replace("’", "'") in text.replace("’", "'")
            else:
                assert item.id in text


def test_evidence_is_a_table_of_its_own(results):
    frame = results.claims[0].evidence_frame()
    assert frame.loc[0, ["publisher", "n", "date"]].tolist() == ["Ifop", 1015, "2009-06-03/2009-06-04"]


def test_a_claim_in_minutes_without_source_is_printed_with_its_digits_and_the_base_of_its_figure(results, printer):
    figure = replace(
        results.published["ipsos13b_followers"],
        id="m",
        value=2.9,
        half_unit=0.05,
        unit="minutes",
        unit_printed="minutes",
        printed="2.9",
        base="daily users",
    )
    claim = Claim.model_validate({"statement": "2.6 minutes a day.", "value": "2.6 minutes", "evidence": "m"})
    checked = check_claim(claim, PublishedFigures(path=Path("p.csv"), figures={"m": figure}))
    rows = told(results.but(claims=(checked,)), printer).rows
    row = next(row for row in rows if isinstance(row, tuple))
    note = next(row for row in rows if isinstance(row, RowNote))
    shown = (
        " ".join(map(str, (*row, note.lines[0].text))).replace("\u00a0", " ").replace("\u202f", " ").replace(",", ".")
    )
    assert "( ;" not in shown
    assert "(base" in shown
    for part in ("daily users", "2.6 minutes", "2.9 minutes", "2.85", "2.95"):
        assert part in shown
