"""Tables as files: every share, and nothing that a spreadsheet would compute."""

from __future__ import annotations

from dataclasses import replace

from reports.build.tables import result_tables, table_texts
from reports.figures import example_results


def test_banner_tables_hold_every_share_and_no_formula():
    results = example_results()
    table = results.tables[0]
    rows = (replace(table.rows[0], label="=1+1"), *table.rows[1:])
    text = table_texts(results.but(tables=(replace(table, rows=rows),)))["table_steps"]
    assert text.count("\n") == 1 + 5 * 8
    assert ",'=1+1," in text


def test_every_part_of_the_study_has_its_table():
    assert {"funnel", "table_steps", "waves", "disclosure", "joint", "survival", "cohorts", "claims"} <= set(
        result_tables(example_results())
    )
