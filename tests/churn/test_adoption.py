"""The joint funnel: a product whose interval carries both uncertainties, and covers as often as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churn.adoption.joint import join_funnel, product_of_shares
from churn.counts import TenureCounts
from churn.curves import kaplan_meier
from reports.figures import example_results
from surveys.errors import SpecError
from surveys.results import Estimate, Unavailable


def share(estimate: float, std_error: float, n: int = 1000) -> Estimate:
    return Estimate(
        estimate=estimate, std_error=std_error, conf_low=0.0, conf_high=1.0, n=n, method="test", conf_level=0.95
    )


def test_the_relative_variance_of_a_product_is_the_sum_of_the_two():
    product = product_of_shares(share(0.2, 0.02), share(0.5, 0.03))
    assert product.estimate == pytest.approx(0.1)
    assert (product.std_error / 0.1) ** 2 == pytest.approx(0.1**2 + 0.06**2)


def test_a_step_known_without_error_only_scales_the_other():
    product = product_of_shares(share(0.2, 0.02), share(0.5, 0.0))
    assert product.std_error == pytest.approx(0.01)


def test_few_degrees_of_freedom_widen_the_interval_only_as_far_as_the_survey_is_to_blame():
    known, few = (
        product_of_shares(share(0.2, 0.02), share(0.5, 0.03)),
        product_of_shares(share(0.2, 0.02), share(0.5, 0.03), 5),
    )
    assert few.conf_high - few.conf_low > known.conf_high - known.conf_low
    sure = product_of_shares(share(0.2, 1e-9), share(0.5, 0.03), 5)
    assert sure.conf_low == pytest.approx(product_of_shares(share(0.2, 1e-9), share(0.5, 0.03)).conf_low)


def test_the_interval_stays_between_0_and_1():
    product = product_of_shares(share(0.99, 0.05), share(0.99, 0.05))
    assert 0 < product.conf_low < product.conf_high < 1


@pytest.mark.parametrize("edge", [0.0, 1.0])
def test_a_share_of_nobody_or_everybody_is_refused(edge: float):
    with pytest.raises(SpecError, match="expected shares between 0 and 1"):
        product_of_shares(share(edge, 0.0), share(0.5, 0.03))


def test_the_interval_covers_the_product_as_often_as_it_says():
    """Binomial steps of 400 and 900: 2,000 studies, so that the coverage is known to within a point."""
    rng = np.random.default_rng(20131231)
    truth, covered = 0.15 * 0.42, 0
    for signed, stayed in zip(rng.binomial(400, 0.15, 2000), rng.binomial(900, 0.42, 2000), strict=True):
        p, s = signed / 400, stayed / 900
        product = product_of_shares(share(p, math.sqrt(p * (1 - p) / 400)), share(s, math.sqrt(s * (1 - s) / 900)), 399)
        covered += product.conf_low <= truth <= product.conf_high
    assert 0.93 <= covered / 2000 <= 0.97


def test_steps_multiply_to_the_last_one():
    for joint in example_results().joint:
        steps = joint.conditional
        product = steps["aware"].estimate * steps["signup"].estimate * steps["stayed"].estimate
        assert joint.cumulative["stayed"].estimate == pytest.approx(product, rel=0.02)


def test_people_are_the_share_of_the_population_named_by_the_wave():
    joint = example_results().joint[-1]
    people = joint.people("stayed")
    assert isinstance(people, Estimate)
    assert people.estimate == pytest.approx(joint.cumulative["stayed"].estimate * 38_300_000)
    assert people.conf_low < people.estimate < people.conf_high


def test_without_a_population_there_are_no_people():
    import dataclasses

    joint = dataclasses.replace(example_results().joint[-1], population=None)
    assert isinstance(joint.people("stayed"), Unavailable)


def test_a_curve_that_ends_before_the_horizon_is_refused():
    import pandas as pd

    short = kaplan_meier(TenureCounts.from_frame(pd.DataFrame({"duration": [5, 9], "event": [1, 0], "n": [3, 7]})))
    funnel = example_results().funnel
    assert funnel is not None
    with pytest.raises(SpecError, match="no account was observed beyond 9 days"):
        join_funnel(funnel, short, platform="twitter", wave="2013-10")


def test_a_wave_that_did_not_ask_is_named():
    results = example_results()
    assert results.funnel is not None
    assert results.staying is not None
    with pytest.raises(SpecError) as caught:
        join_funnel(results.funnel, results.staying.curve, platform="twitter", wave="2007-10")
    assert str(caught.value) == "platform 'twitter', wave '2007-10': no signup, cumulative. Ask for it in the survey."
