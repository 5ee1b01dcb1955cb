from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from matplotlib.figure import Figure
from scipy import stats

from churn.survival.restricted_means import RestrictedMeans, restricted_means
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError

mpl.use("agg")


def simulated(n: int = 400, seed: int = 1) -> Tenures:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b", "c"], n)
    duration, asked = rng.exponential(20 + 8 * (group == "b"), n), rng.uniform(10, 80, n)
    attributes = pd.DataFrame({"group": group})
    return Tenures(duration=np.minimum(duration, asked).round(1), event=duration <= asked, attributes=attributes)


def compared(**options: str) -> RestrictedMeans:
    return restricted_means(simulated(), by="group", until=30, **options)


def test_agrees_with_lifelines():
    tenures, found = simulated(), compared()
    for i, level in enumerate(found.levels):
        inside = (tenures.attributes["group"] == level).to_numpy()
        fitter = KaplanMeierFitter().fit(tenures.duration[inside], tenures.event[inside])
        assert found.estimate[i] == pytest.approx(restricted_mean_survival_time(fitter, t=30), abs=1e-9)


def test_without_censoring_it_is_the_comparison_of_two_means():
    rng = np.random.default_rng(2)
    first, second = rng.integers(1, 50, 80).astype(float), rng.integers(1, 60, 70).astype(float)
    group = pd.DataFrame({"group": ["a"] * 80 + ["b"] * 70})
    tenures = Tenures(duration=np.concatenate([first, second]), event=np.ones(150, bool), attributes=group)
    found = restricted_means(tenures, by="group", until=40)
    cut = np.minimum(first, 40), np.minimum(second, 40)
    error = np.sqrt(cut[0].var() / 80 + cut[1].var() / 70)
    assert found.difference[1] == pytest.approx(cut[1].mean() - cut[0].mean())
    assert found.difference_std_error[1] == pytest.approx(error)
    assert found.p_value[1] == pytest.approx(2 * stats.norm.sf(abs(found.difference[1] / error)))


def test_counts_give_the_same_comparison_as_rows():
    tenures = simulated()
    counts = count_tenures(tenures, by=["group"])
    both = [restricted_means(x, by="group", until=30).to_frame() for x in (tenures, counts)]
    pd.testing.assert_frame_equal(*both)


def test_the_reference_is_compared_with_nobody():
    found = compared(reference="b")
    assert np.isnan(found.difference).tolist() == [False, True, False]
    assert found.difference[0] == pytest.approx(-compared().difference[1])
    assert found.ratio[0] == pytest.approx(1 / compared().ratio[1])
    with pytest.raises(SpecError) as caught:
        found.difference_of("b")
    assert str(caught.value) == "level 'b': not compared with 'b'. Levels here: a, c."


def test_intervals_hold_what_they_are_of():
    found = compared()
    difference, ratio = found.difference_of("b"), found.ratio_of("b")
    assert difference.conf_low < difference.estimate < difference.conf_high
    assert difference.n == found.n[:2].sum()
    assert ratio.conf_low * ratio.conf_high == pytest.approx(ratio.estimate**2)
    relative = np.hypot(*(found.std_error / found.estimate)[:2])
    assert ratio.std_error == pytest.approx(ratio.estimate * relative)


def test_intervals_cover_the_true_difference_as_often_as_they_say():
    """The mean of an exponential tenure within a horizon is known."""
    truth = [rate * (1 - np.exp(-30 / rate)) for rate in (20.0, 28.0)]
    covered = []
    for seed in range(200):
        found = restricted_means(simulated(seed=seed), by="group", until=30)
        covered.append(found.difference_low[1] <= truth[1] - truth[0] <= found.difference_high[1])
    assert 0.90 < np.mean(covered) < 0.985


def test_a_group_not_observed_until_the_horizon_is_named():
    group = pd.DataFrame({"plan": ["free", "free", "paid", "paid"]})
    tenures = Tenures(duration=[3, 9, 20, 40], event=[1, 0, 1, 0], attributes=group)
    with pytest.raises(EstimateError) as caught:
        restricted_means(tenures, by="plan", until=30)
    assert str(caught.value) == (
        "until, level 'free': no account was observed beyond 9 days. Choose a shorter horizon."
    )


def test_levels_that_are_none_are_refused():
    with pytest.raises(SpecError) as caught:
        compared(reference="d")
    assert str(caught.value) == "reference 'd': no such level. Levels here: a, b, c."
    one = simulated().where((simulated().attributes["group"] == "a").to_numpy())
    with pytest.raises(EstimateError, match="has 1 level, expected two or more"):
        restricted_means(one, by="group", until=30)


def test_the_points_drawn_are_the_means():
    found = compared()
    ax = found.plot(Figure().add_subplot())
    assert ax.get_lines()[0].get_xdata().tolist() == found.estimate.tolist()
    told = f"a: {found.estimate[0]:.1f} of the first 30 days [{found.conf_low[0]:.1f}, {found.conf_high[0]:.1f}]"
    assert found.summary().splitlines()[0] == told
