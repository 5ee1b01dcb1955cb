"""The ceiling of reach: arithmetic done by hand, a chain simulated, intervals against draws."""

from __future__ import annotations

import numpy as np
import pytest

from churn.adoption._reach import mixed_survival
from churn.adoption.reach import (
    EARLY,
    constant_retention,
    inflow_needed,
    long_run_states,
    measure_flows,
    mixture_of,
    reach_ceiling,
    return_needed,
)
from churn.cohorts.lifecycle import Lifecycle
from churn.projection.models import fit_retention
from churn.projection.period_counts import PeriodCounts
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable


def share(value: float, low: float, high: float) -> Estimate:
    return Estimate(estimate=value, std_error=float("nan"), conf_low=low, conf_high=high, n=500, method="")


def test_forty_percent_retention_and_ten_percent_reach_need_six_percent_a_month():
    assert inflow_needed(0.10, 0.40).estimate == pytest.approx(0.06)
    assert reach_ceiling(0.40, 0.06).constant.estimate == pytest.approx(0.10)  # type: ignore[union-attr]
    assert return_needed(0.10, 0.40).estimate == pytest.approx(0.06 / 0.9)


def test_one_rate_leaves_next_to_nobody_after_a_year():
    assert constant_retention(0.40, 3).estimate == pytest.approx(0.064)
    assert constant_retention(0.40, 12).estimate == pytest.approx(0.00001678, rel=1e-3)


def test_steady_state_is_where_a_month_by_month_count_settles():
    present = 0.0
    for _ in range(400):
        present = 0.7 * present + 0.02
    assert reach_ceiling(0.7, 0.02).constant.estimate == pytest.approx(present)  # type: ignore[union-attr]


def test_a_finite_universe_in_which_the_lapsed_return_settles_as_simulated():
    never, lapsed, present = 1.0, 0.0, 0.0
    for _ in range(20_000):
        arrive = 0.02 * never
        never, lapsed, present = (
            never - arrive,
            lapsed * 0.95 + present * 0.6,
            present * 0.4 + lapsed * 0.05 + arrive,
        )
    assert reach_ceiling(0.4, 0.01, returning=0.05).returning.estimate == pytest.approx(present, rel=1e-9)  # type: ignore[union-attr]
    assert long_run_states(0.4, 0.05, 0.02, 0.0)["present"] == pytest.approx(present, rel=1e-9)


def test_states_add_up_when_the_universe_is_renewed():
    states = long_run_states(0.4, 0.01, 0.05, 0.002)
    assert sum(states.values()) == pytest.approx(1)
    assert min(states.values()) > 0


def test_rates_that_differ_reach_further_than_one_rate_with_the_same_first_month():
    mixture = mixture_of((1, 0.40), (12, 0.20))
    assert isinstance(mixture, tuple)
    found = reach_ceiling(0.40, 0.006, mixture=mixture, horizon=60)
    assert isinstance(found.mixed, Estimate)
    assert isinstance(found.constant, Estimate)
    assert found.mixed.estimate > 4 * found.constant.estimate
    assert found.mixed.estimate == pytest.approx(0.006 * mixed_survival(*mixture, 59).sum())


def test_reach_has_no_cap_where_some_hardly_ever_leave():
    found = reach_ceiling(0.40, 0.006, mixture=(0.3, 0.2))
    assert isinstance(found.mixed, Unavailable)
    assert "no cap" in str(found.mixed)


def test_a_mixture_with_an_end_is_the_mean_tenure_of_its_distribution():
    found = reach_ceiling(0.40, 0.01, mixture=(3.0, 4.0))
    assert found.mixed.estimate == pytest.approx(0.01 * (3 + 4 - 1) / 2)  # type: ignore[union-attr]
    assert found.mixed.estimate == pytest.approx(0.01 * mixed_survival(3.0, 4.0, 200_000).sum(), rel=1e-3)  # type: ignore[union-attr]


def test_a_fitted_model_carries_its_own_interval():
    model = fit_retention(PeriodCounts.from_survivors([1000, 420, 340, 300, 278, 262, 250]))
    found = reach_ceiling(0.42, share(0.006, 0.0055, 0.0066), mixture=model, horizon=24)
    tenure = model.expected_tenure(horizon=24)
    assert isinstance(found.mixed, Estimate)
    assert isinstance(tenure, Estimate)
    assert found.mixed.estimate == pytest.approx(0.006 * tenure.estimate)
    assert found.mixed.conf_low < 0.0055 * tenure.estimate
    assert found.mixed.conf_high > 0.0066 * tenure.estimate


def test_no_mixture_falls_as_fast_as_one_rate_or_faster():
    assert isinstance(mixture_of((1, 0.40), (3, 0.03)), Unavailable)


def test_intervals_are_those_of_independent_draws():
    rng = np.random.default_rng(4)
    kept, arriving = share(0.40, 0.36, 0.44), share(0.06, 0.054, 0.0666)
    retention = rng.normal(0.40, 0.04 / 1.96, 200_000)
    inflow = np.exp(rng.normal(np.log(0.06), np.log(0.0666 / 0.06) / 1.96, 200_000))
    low, high = np.quantile(inflow / (1 - retention), [0.025, 0.975])
    found = reach_ceiling(kept, arriving).constant
    assert isinstance(found, Estimate)
    assert found.conf_low == pytest.approx(low, rel=0.01)
    assert found.conf_high == pytest.approx(high, rel=0.01)


def test_a_share_that_is_certain_adds_no_width():
    found = reach_ceiling(0.40, share(0.06, 0.05, 0.07)).constant
    assert isinstance(found, Estimate)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.05 / 0.6, 0.07 / 0.6))


def test_more_arrivals_than_there_are_people_is_said():
    assert isinstance(reach_ceiling(0.95, 0.2).constant, Unavailable)
    assert isinstance(reach_ceiling(0.4, 0.01).returning, Unavailable)


@pytest.mark.parametrize(("retention", "inflow"), [(1.0, 0.1), (-0.1, 0.1), (0.4, 1.2)])
def test_refuses_impossible_shares(retention: float, inflow: float):
    with pytest.raises(SpecError, match="expected a share"):
        reach_ceiling(retention, inflow)


def lifecycle(n_months: int = 4) -> Lifecycle:
    from datetime import date

    active = np.array([100, 150, 180, 200])[:n_months]
    new = np.array([100, 60, 50, 45])[:n_months]
    retained = np.array([0, 90, 128, 152])[:n_months]
    nothing = np.full(n_months, np.nan)
    lost = np.concatenate([[0], active[:-1]]) - retained
    dormant = np.array([0, 10, 30, 55])[:n_months]
    return Lifecycle(
        period_start=tuple(date(2013, month + 1, 1) for month in range(n_months)),
        n_active=active,
        n_new=new,
        n_already=np.zeros(n_months, int),
        n_retained=retained,
        n_resurrected=active - new - retained,
        n_lost=lost,
        n_dormant=dormant,
        complete=np.ones(n_months, bool),
        churn=nothing,
        std_error=nothing,
        conf_low=nothing,
        conf_high=nothing,
        quick_ratio=nothing,
        period="month",
        n=255,
    )


def test_flows_are_read_from_a_lifecycle():
    flows = measure_flows(lifecycle(), universe=100_000, share_of_all=0.1, months=3)
    assert not isinstance(flows, Unavailable)
    assert flows.retention.estimate == pytest.approx((90 + 128 + 152) / (100 + 150 + 180))
    assert flows.returning.estimate == pytest.approx((0 + 2 + 3) / (0 + 10 + 30))
    assert flows.newcomers.estimate == pytest.approx((60 + 50 + 45) / 3 / 10_000)
    assert flows.inflow.estimate == pytest.approx((60 + 50 + 45 + 0 + 2 + 3) / 3 / 10_000)
    assert flows.reach.estimate == pytest.approx(200 / 10_000)
    assert (flows.first_month, flows.last_month) == ("2013-02", "2013-04")


def test_one_month_gives_no_flows():
    found = measure_flows(lifecycle(2), universe=100_000)
    assert isinstance(found, Unavailable)
    assert found.reason == EARLY
