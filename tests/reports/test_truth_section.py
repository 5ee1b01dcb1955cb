"""The page that sets estimates beside what was planted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from reports.document.blocks import Row, RowGroup, Table
from reports.figures import example_results
from reports.sections.truth import write_truth
from reports.words.printer import open_printer
from surveys.core.results import Estimate


def rows_of(results: Any) -> dict[str, Row]:
    """Give the rows below the heading of messages, by their first cell."""
    (table,) = (block for block in write_truth(results, open_printer("en")) if isinstance(block, Table))
    rows: dict[str, Row] = {}
    group = ""
    for row in table.rows:
        if isinstance(row, RowGroup):
            group = row.text
        elif group == "Messages and accounts followed":
            rows[str(row[0])] = row
    return rows


def network(**found: Estimate) -> Any:
    return SimpleNamespace(named=lambda: {name.replace("_", ".", 1): value for name, value in found.items()})


def estimate(value: float, low: float, high: float, unit: Any = "share") -> Estimate:
    return Estimate(estimate=value, std_error=0.1, conf_low=low, conf_high=high, n=100, unit=unit, method="bootstrap")


def test_what_was_planted_of_the_network_stands_beside_its_estimates():
    found = network(
        network_never_posted=estimate(0.267, 0.25, 0.28),
        following_ratio=estimate(1.5, 1.2, 1.9, "ratio"),
    )
    rows = rows_of(example_results().but(network=found))
    assert rows["Accounts that never wrote"][2:] == ("27.0%", "yes")
    assert rows["Ratio of these two"] == ("Ratio of these two", "1.50 (1.20–1.90)", "2.12", "no")


def test_a_recount_of_the_log_is_no_truth_to_hold_an_estimate_from_it_against():
    rows = rows_of(example_results().but(network=network(network_mutual=estimate(0.53, 0.5, 0.56))))
    assert rows == {}


def test_without_messages_the_page_has_none():
    assert rows_of(example_results().but(network=None)) == {}
