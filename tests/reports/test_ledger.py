"""Each number once, under its name, with its base and its interval or the reason for having none."""

from __future__ import annotations

import json

import pytest

from reports.words.ledger import Ledger, PrintedNumber
from reports.words.printer import Printer, open_printer
from surveys.core.errors import SpecError
from surveys.core.results import Estimate

AWARE = Estimate(estimate=0.28, std_error=0.014, conf_low=0.253, conf_high=0.308, n=1015, method="logit")


def test_both_languages_share_a_row():
    ledger = Ledger()
    for language in ("fr", "en"):
        printer = Printer(language, ledger)
        printer.estimate("aware", AWARE)
        printer.interval("aware", AWARE)
    (row,) = json.loads(ledger.to_json())["numbers"]
    assert row["value"] == 0.28
    assert (row["low"], row["high"], row["level"], row["base"]) == (0.253, 0.308, 0.95, 1015)
    assert row["texts"] == {"fr": ["28\u202f%", "25\u00a0à\u00a031\u202f%"], "en": ["28%", "25–31%"]}


def test_the_order_of_printing_does_not_matter():
    def ledger(names: str) -> str:
        printer = open_printer("en")
        for name in names:
            printer.value(name, 3, unit="count", why_no_interval="a count")
        return printer.ledger.to_json()

    assert ledger("ab") == ledger("ba")


def test_a_name_stands_for_one_number():
    printer = open_printer("en")
    printer.value("n", 3, unit="count", why_no_interval="a count")
    with pytest.raises(SpecError, match="already 3"):
        printer.value("n", 4, unit="count", why_no_interval="a count")


def test_a_number_without_interval_says_why():
    with pytest.raises(SpecError, match="neither an interval nor a reason"):
        open_printer("en").value("n", 3, unit="count", why_no_interval="")


def test_what_is_not_a_number_is_never_entered():
    printer = open_printer("en")
    with pytest.raises(SpecError, match="expected a finite number"):
        printer.value("n", float("nan"), unit="count", why_no_interval="a count")
    assert len(printer.ledger) == 0


def test_numbers_know_the_files_behind_them():
    ledger = Ledger()
    ledger.record(PrintedNumber(id="funnel.a", value=1.0, unit="count", why_no_interval="a count"), "en", "1")
    (row,) = json.loads(ledger.to_json({"funnel.a": ["a.sav"], "funnel": ["b"]}))["numbers"]
    assert row["inputs"] == ["a.sav"]
