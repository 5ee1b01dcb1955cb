"""Bounds of a concentration curve known at a few points."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.published.concentration_bounds import top_share_bounds


def test_bounds_of_a_concentration_curve_are_exact_at_a_known_point():
    assert top_share_bounds(0.1, [(0.1, 0.9)]) == pytest.approx((0.9, 0.9))


def test_nothing_known_means_between_equality_and_one_account_sending_all():
    assert top_share_bounds(0.2, []) == pytest.approx((0.2, 1.0))


def test_a_real_concentration_curve_lies_within_its_bounds():
    messages = np.sort(np.random.default_rng(5).pareto(1.2, 10_000))[::-1].cumsum()
    share = messages / messages[-1]
    points = [(0.05, float(share[499])), (0.3, float(share[2999]))]
    low, high = top_share_bounds(0.2, points)
    assert low <= share[1999] <= high
