from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.core.errors import SpecError
from surveys.core.intervals import METHODS, proportion_interval, student_t, wilson_interval


def test_wilson_is_the_interval_of_the_textbook():
    # Agresti and Coull (1998): 0 of 20 gives 0 to 0.161.
    low, high = wilson_interval(0, 20)
    assert low == 0
    assert high == pytest.approx(1.959963984540054**2 / (20 + 1.959963984540054**2))


def test_korn_graubard_without_a_design_is_clopper_pearson():
    n, yes = 50, 3
    p = yes / n
    low, high, names = proportion_interval([p], [np.sqrt(p * (1 - p) / n)], n - 1, n, method="beta")
    assert low[0] == pytest.approx(stats.beta.ppf(0.025, yes, n - yes + 1))
    assert high[0] == pytest.approx(stats.beta.ppf(0.975, yes + 1, n - yes))
    assert names.tolist() == ["Korn-Graubard"]


@pytest.mark.parametrize("method", METHODS)
def test_a_share_of_nobody_or_everybody_is_given_an_exact_interval(method: str):
    low, high, names = proportion_interval([0.0, 1.0], [0.0, 0.0], 99, 100, method=method, n_effective=[60.0, 60.0])
    assert low[0] == 0
    assert high[1] == 1
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 60), rel=1e-3)
    assert low[1] == pytest.approx(1 - high[0])
    assert set(names) == {"Korn-Graubard"}


@given(
    p=st.floats(0.001, 0.999),
    error=st.floats(1e-4, 0.2),
    df=st.integers(1, 400),
    method=st.sampled_from([method for method in METHODS if method not in ("mean", "asin")]),
)
def test_intervals_hold_the_share_and_stay_inside(p: float, error: float, df: int, method: str):
    low, high, _ = proportion_interval([p], [error], df, 500, method=method)
    assert 0 <= low[0] <= p <= high[0] <= 1


@given(p=st.floats(0, 1), n=st.integers(1, 10**6))
def test_wilson_mirrors_yes_and_no(p: float, n: int):
    low, high = wilson_interval(p, n)
    other_low, other_high = wilson_interval(1 - p, n)
    assert low == pytest.approx(1 - other_high, abs=1e-9)
    assert high == pytest.approx(1 - other_low, abs=1e-9)


def test_there_is_no_interval_without_degrees_of_freedom():
    low, high, _ = proportion_interval([0.4, 0.0], [0.1, 0.0], 0, 10)
    assert np.isnan([*low, *high]).all()


def test_there_is_no_interval_without_respondents():
    low, high = wilson_interval(np.nan, 0)
    assert np.isnan([low, high]).all()


def test_student_t_ends_in_the_normal():
    assert student_t(np.inf) == pytest.approx(stats.norm.ppf(0.975))
    assert student_t(7, 0.9) == pytest.approx(stats.t.ppf(0.95, 7))


def test_says_which_intervals_exist():
    with pytest.raises(SpecError) as error:
        proportion_interval([0.4], [0.1], 9, 10, method="wilsen")
    assert str(error.value) == "method 'wilsen': not an interval known here. Did you mean 'wilson'?"


def test_refuses_percentages():
    with pytest.raises(SpecError) as error:
        wilson_interval(28, 1015)
    assert str(error.value) == "p: got a share outside 0 to 1. Give shares, not percentages."
