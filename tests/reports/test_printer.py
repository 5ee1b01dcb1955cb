"""Estimates print with the decimals they can bear, and an end that does not exist is told in words."""

from __future__ import annotations

import math

import pytest

from reports.words.printer import open_printer
from surveys.core.results import Estimate

S = "\u00a0"


def estimate(value: float, low: float, high: float, unit: str = "share") -> Estimate:
    return Estimate(estimate=value, std_error=math.nan, conf_low=low, conf_high=high, n=100, unit=unit, method="")


@pytest.mark.parametrize(
    ("known", "number", "interval"),
    [
        (estimate(0.28, 0.253, 0.308), "28%", "25–31%"),
        (estimate(0.021, 0.013, 0.033), "2.1%", "1.3–3.3%"),
        (estimate(690_000, 550_000, 860_000, "people"), f"0.69{S}million", f"0.55–0.86{S}million"),
        (estimate(36, 30, 41, "days"), "36", "30–41"),
        (estimate(36, 30, math.inf, "days"), "36", f"30{S}to{S}not{S}reached"),
        (estimate(36, math.nan, math.nan, "days"), "36", "no interval"),
    ],
)
def test_prints_the_number_and_its_interval(known, number, interval):
    printer = open_printer("en")
    assert printer.estimate("x", known) == number
    assert printer.interval("x", known).replace(S, " ") == interval.replace(S, " ")
