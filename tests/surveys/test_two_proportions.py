"""Two printed percentages: Newcombe's own examples, R's prop.test, and what must hold of any pair."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from surveys.core.errors import SpecError
from surveys.core.two_proportions import Compare, OneMethod, TwoMethod, compare_proportions, one_proportion


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ],
)
def test_newcombe_1998_table_2_method_10(counts: tuple[int, int, int, int], low: float, high: float):
    found = compare_proportions(*counts)
    assert (found.conf_low, found.conf_high) == pytest.approx((low, high), abs=6e-5)


def test_newcombe_1998_one_proportion_method_4():
    found = one_proportion(81, 263, method="wilson-corrected")
    assert (found.conf_low, found.conf_high) == pytest.approx((0.2535, 0.3682), abs=6e-5)


def test_shares_and_counts_are_the_same():
    assert compare_proportions(0.5, 200, 0.4, 100).conf_low == compare_proportions(100, 200, 40, 100).conf_low


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 47), st.integers(3, 87))
def test_a_difference_lies_in_its_interval_and_turns_round(k: int, other: int):
    for method in get_args(TwoMethod):
        there = compare_proportions(k, 50, other, 90, method=method)
        back = compare_proportions(other, 90, k, 50, method=method)
        assert there.conf_low <= k / 50 - other / 90 <= there.conf_high
        assert (there.conf_low, there.conf_high) == pytest.approx((-back.conf_high, -back.conf_low), abs=1e-6)


@given(st.integers(2, 98))
def test_a_proportion_lies_in_its_interval(k: int):
    for method in get_args(OneMethod):
        found = one_proportion(k, 100, method=method)
        assert 0 <= found.conf_low < k / 100 < found.conf_high <= 1
    assert one_proportion(k, 100, method="wilson-corrected").conf_low < one_proportion(k, 100).conf_low


def test_miettinen_nurminen_where_the_search_of_statsmodels_fails():
    found = compare_proportions(37.5 / 50, 50, 0.125, 91, method="miettinen-nurminen")
    assert found.conf_low < 0.625 < found.conf_high


def test_ratio_and_odds_ratio():
    assert compare_proportions(0.5, 1000, 0.25, 1000, compare="ratio").estimate == 2
    assert compare_proportions(0.5, 1000, 0.25, 1000, compare="odds-ratio").estimate == pytest.approx(3)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(SpecError, match="got 300 of 200"):
        compare_proportions(300, 200, 0.5, 100)
    with pytest.raises(SpecError, match="is of differences"):
        compare_proportions(0.3, 200, 0.5, 100, compare="ratio", method="newcombe")


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((56, 70, 48, 80), 0.0528, 0.3382), ((9, 10, 3, 10), 0.1700, 0.8406)]
)
def test_newcombe_1998_table_2_method_5(counts: tuple[int, int, int, int], low: float, high: float):
    found = compare_proportions(*counts, method="miettinen-nurminen")
    assert (found.conf_low, found.conf_high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("compare", ["ratio", "odds-ratio"])
def test_ratios_turn_round(compare: Compare):
    there = compare_proportions(56, 70, 48, 80, compare=compare)
    back = compare_proportions(48, 80, 56, 70, compare=compare)
    assert there.conf_low < there.estimate < there.conf_high
    assert (there.conf_low, there.conf_high) == pytest.approx((1 / back.conf_high, 1 / back.conf_low), rel=1e-6)


def test_the_ratio_agrees_with_statsmodels_as_far_as_its_search_goes():
    found = compare_proportions(56, 70, 48, 80, compare="ratio")
    theirs = confint_proportions_2indep(56, 70, 48, 80, compare="ratio", method="score")
    assert (found.conf_low, found.conf_high) == pytest.approx(theirs, rel=5e-3)
