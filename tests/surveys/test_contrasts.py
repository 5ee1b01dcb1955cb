from __future__ import annotations

import math

import pytest
from scipy import stats

from surveys.estimates.contrasts import Contrast, add_independent, effective_df


def test_the_test_is_that_of_student():
    found = Contrast.of(0.2, 0.01, 12)
    assert found.t == pytest.approx(2)
    assert found.p_value == pytest.approx(2 * stats.t.sf(2, 12))
    assert found.conf_high == pytest.approx(0.2 + stats.t.ppf(0.975, 12) * 0.1)


def test_two_samples_are_compared_as_welch_does():
    one, other = Contrast.of(5.0, 4 / 10, 9), Contrast.of(-3.0, 9 / 15, 14)
    welch = stats.ttest_ind_from_stats(5, 2, 10, 3, 3, 15, equal_var=False)
    found = add_independent([one, other])
    assert found.t == pytest.approx(welch.statistic)
    assert found.p_value == pytest.approx(welch.pvalue)


def test_nothing_is_tested_without_degrees_of_freedom_or_variance():
    assert math.isnan(Contrast.of(0.2, 0.01, 0).p_value)
    assert math.isnan(Contrast.of(0.2, 0.0, 12).t)


def test_a_part_that_varies_without_a_degree_of_freedom_leaves_none():
    assert effective_df([1.0, 2.0], [60, 0]) == 0
    assert effective_df([1.0, 0.0], [60, 0]) == 60
