from __future__ import annotations

from datetime import date

import pytest

from reports.document.blocks import Cell, Document, Heading, Table
from reports.figures import example_results
from reports.sections.crosstabs import write_crosstabs
from reports.words.printer import open_printer
from surveys.tables.banners import build_tables
from surveys.tables.crosstabs import BannerTable


@pytest.fixture(scope="module")
def tables() -> tuple[BannerTable, ...]:
    return build_tables(example_results().study)


def texts(row) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in row]


def test_the_banner_has_a_letter_for_each_column(tables):
    printer = open_printer("en")
    *_, table = write_crosstabs(example_results(), printer, tables)
    assert isinstance(table, Table)
    assert [(column.group, column.text) for column in table.columns] == [
        ("", "Share"),
        ("", "All"),
        ("Age", "18–24 (A)"),
        ("Age", "25–34 (B)"),
        ("Age", "35–49 (C)"),
        ("Age", "50–64 (D)"),
        ("Age", "65+ (E)"),
        ("Sex", "Men (F)"),
        ("Sex", "Women (G)"),
    ]


BASES = ["Respondents", "Weighted base", "Effective base"]


def test_shares_stand_over_their_intervals_and_bases_below_those_they_are_of(tables):
    *_, table = write_crosstabs(example_results(), open_printer("en"), tables)
    labels = [texts(row)[0] for row in table.rows]
    assert labels[:5] == ["Have heard of it", "interval", *BASES]
    assert labels[-5:] == ["Have left, of those who opened an account", "interval", *BASES]
    assert texts(table.rows[5])[2].endswith("bCDE")


def test_bases_printed_are_those_of_the_shares(tables):
    *_, table = write_crosstabs(example_results(), open_printer("en"), tables)
    rows = [texts(row) for row in table.rows]
    printed = [row[1:] for row in rows if row[0] == "Respondents"]
    firsts = [first for first, _ in tables[0].blocks]
    assert printed == [[f"{n:,}" for n in tables[0].n[i]] for i in firsts]
    assert len({tuple(row) for row in printed}) > 2


def test_suppressed_cells_say_so_and_their_note_stands_below(tables):
    *_, table = write_crosstabs(example_results(), open_printer("en"), tables)
    rows = [texts(row) for row in table.rows]
    cells = rows[-5]
    assert cells[0] == "Have left, of those who opened an account"
    assert cells.count("**") == 2
    assert rows[-4].count("–") == 2
    assert [base.endswith("**") for base in rows[-1]] == [cell == "**" for cell in cells]
    assert "** Effective base below 30: neither shown nor compared." in table.notes


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_number_of_the_table_is_in_the_ledger(tables, language):
    printer = open_printer(language)
    *_, table = write_crosstabs(example_results(), printer, tables)
    printed = printer.ledger.texts(language)
    for row in table.rows:
        for text in texts(row)[1:]:
            plain = text.replace("*", "").removesuffix(" (Kish)")
            number = plain.rpartition("%")[0] + "%" if "%" in plain else plain
            assert number in printed or number in {"", "–"}
    known = printer.ledger["table.steps.signup.age.18-24"]
    assert known.low is not None
    assert known.base == 118
    assert printer.ledger["table.steps.aware.n.sex.Hommes"].why_no_interval == "a count of respondents"


def test_the_chapter_is_said_in_french(tables):
    blocks = write_crosstabs(example_results(), open_printer("fr"), tables)
    assert [block.text for block in blocks if isinstance(block, Heading)] == ["Par groupe, en détail"]
    table = blocks[-1]
    assert [column.text for column in table.columns][:2] == ["Part", "Ensemble"]
    assert table.columns[-1].text == "Femmes (G)"
    assert texts(table.rows[-1])[0] == "Base efficace"
    assert "La méthode de Holm" in " ".join(table.notes)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_chapter_makes_a_document(tables, language):
    blocks = write_crosstabs(example_results(), open_printer(language), tables)
    document = Document(
        language=language, title="T", subtitle="", author="", date=date(2013, 12, 31), notice="", blocks=tuple(blocks)
    )
    assert len(document.blocks) == 3


def test_without_a_table_there_is_no_chapter():
    assert write_crosstabs(example_results(), open_printer("en"), ()) == []
