"""Rounding as readers expect it, and the sentences that results say of themselves."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.core.results import Estimate, Note
from surveys.core.rounding import half_away, say_p, say_share, significant
from surveys.design.design import Design
from surveys.estimates.contrasts import Contrast
from surveys.estimates.means import proportion


@given(st.integers(-(10**6), 10**6), st.integers(1, 3))
def test_a_half_in_the_decimal_number_goes_away_from_zero(k, digits):
    half = (10 * k + (5 if k >= 0 else -5)) / 10 ** (digits + 1)
    assert half_away(half, digits) == Decimal(k + (1 if k >= 0 else -1)).scaleb(-digits)


def test_noise_of_the_arithmetic_does_not_decide():
    assert half_away(100 * 0.285) == 29
    assert half_away(100 * (1 - 0.715)) == 29
    assert half_away(0.1 * 3 * 5) == 2


def test_whole_numbers_are_never_changed():
    assert half_away(12_345_678_901_234_567) == 12_345_678_901_234_567
    assert half_away(123_456_789_012_345.0) == 123_456_789_012_345


def test_significant_figures_round_halves_up():
    assert [int(significant(x, 2)) for x in (12_500, 28_500, 99_500)] == [13_000, 29_000, 100_000]


def test_what_is_not_a_number_is_not_rounded():
    with pytest.raises(ValueError, match="expected a finite number"):
        half_away(float("nan"))


def estimate(value: float, unit: str, half: float = 0.02) -> Estimate:
    return Estimate(
        estimate=value, std_error=half / 2, conf_low=value - half, conf_high=value + half, n=200, method="", unit=unit
    )


def test_a_difference_says_points():
    assert estimate(-0.034, "points").summary() == "-3.4 points [-5.4, -1.4], n = 200"


def test_a_contrast_of_shares_says_points_and_one_of_means_its_own_unit():
    answers = pd.DataFrame({"a": [1.0, 1, 1, 0] * 5, "b": [1.0, 0, 1, 0] * 5})
    shares = proportion(Design.from_frame(answers), {"a": answers["a"], "b": answers["b"]})
    assert shares.contrast({"a": 1, "b": -1}).summary().startswith("+25.0 points [")
    assert Contrast.of(2.5, 0.25, 60).summary().startswith("2.5 [1.5, 3.5]")


def test_a_summary_never_says_all_of_less_than_all():
    almost = Estimate(estimate=1999 / 2000, std_error=0, conf_low=0.9972, conf_high=0.99999, n=2000, method="")
    assert almost.summary() == ">99.9% [99.7%, >99.9%], n = 2,000"
    assert str(Note("{share} stay", {"share": 0.9999})) == ">99.9% stay"
    assert say_share(0.0001) == "<0.1%"


def test_an_interval_that_does_not_exist_is_said_in_words():
    none = Estimate(estimate=0.5, std_error=0, conf_low=float("nan"), conf_high=float("nan"), n=1, method="")
    assert none.summary() == "50.0%, no interval, n = 1"


def test_no_test_is_ever_sure():
    assert say_p(0.0) == say_p(1e-12) == "p < 0.001"
    assert say_p(0.0005) == "p < 0.001"
    assert say_p(0.25) == "p = 0.250"
