"""Tables as files: every share, and nothing that a spreadsheet would compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reports.build.tables import result_tables, write_tables
from reports.figures import example_results


def test_banner_tables_hold_every_share_and_no_formula(tmp_path: Path):
    results = example_results()
    table = results.tables[0]
    rows = (replace(table.rows[0], label="=1+1"), *table.rows[1:])
    write_tables(results.but(tables=(replace(table, rows=rows),)), tmp_path / "tables")
    text = (tmp_path / "tables" / "table_steps.csv").read_text(encoding="utf-8")
    assert text.count("\n") == 1 + 5 * 8
    assert ",'=1+1," in text


def test_every_part_of_the_study_has_its_table():
    assert {"funnel", "table_steps", "waves", "disclosure", "joint", "survival", "cohorts", "claims"} <= set(
        result_tables(example_results())
    )
