from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.core.errors import SpecError
from surveys.design.design import Design
from surveys.design.replicates import bootstrap, jackknife
from surveys.estimates._quantiles import RULES, weighted_quantile
from surveys.estimates.dispersion import design_effect, variance
from surveys.estimates.means import mean
from surveys.estimates.quantiles import INTERVALS, quantile

HYNDMAN_FAN = {
    "hf1": "inverted_cdf",
    "hf2": "averaged_inverted_cdf",
    "hf4": "interpolated_inverted_cdf",
    "hf5": "hazen",
    "hf6": "weibull",
    "hf7": "linear",
    "hf8": "median_unbiased",
    "hf9": "normal_unbiased",
}


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    n = 400
    return pd.DataFrame(
        {
            "psu": np.arange(n) // 8,
            "w": rng.uniform(1, 4, n),
            "hours": rng.gamma(2, 3, n),
            "sex": rng.choice(["F", "M"], n),
        }
    )


def clustered(frame: pd.DataFrame) -> Design:
    return Design.from_frame(frame, weight="w", cluster="psu")


def test_a_worked_example():
    values, weights = np.array([10.0, 20, 30, 40]), np.array([1.0, 1, 1, 5])
    assert weighted_quantile(values, weights, np.array([0.1, 0.125, 0.3, 0.5, 1.0]), "math").tolist() == [
        10,
        10,
        30,
        40,
        40,
    ]
    assert weighted_quantile(values, weights, np.array([0.25]), "school").tolist() == [25]
    assert np.isnan(weighted_quantile(values, weights, np.array([-0.1, 1.1]), "math")).all()


@pytest.mark.parametrize(("rule", "method"), HYNDMAN_FAN.items())
def test_equal_weights_give_the_quantiles_of_hyndman_and_fan(rule, method, rng):
    values, p = rng.normal(size=37), np.linspace(0.03, 0.97, 31)
    expected = np.quantile(values, p, method=method)
    assert np.allclose(weighted_quantile(values, np.full(37, 2.5), p, rule), expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    rule=st.sampled_from(RULES),
    seed=st.integers(0, 1000),
)
def test_quantiles_rise_and_stay_among_the_values(values, rule, seed):
    weights = np.random.default_rng(seed).uniform(0.1, 5, len(values))
    found = weighted_quantile(np.array(values), weights, np.linspace(0.01, 0.99, 25), rule)
    assert (np.diff(found) >= -1e-9).all()
    assert min(values) - 1e-9 <= found.min() <= found.max() <= max(values) + 1e-9


@pytest.mark.parametrize("interval", [name for name in INTERVALS if name != "replicates"])
def test_the_interval_of_a_median_holds_it(frame, interval):
    found = quantile(clustered(frame), frame["hours"], [0.25, 0.5, 0.75], interval=interval)
    assert (found.conf_low < found.estimate).all()
    assert (found.estimate < found.conf_high).all()
    assert found.df.tolist() == [49] * 3


def test_the_interval_covers_as_often_as_it_says(rng):
    inside = 0
    for _ in range(200):
        sample = pd.DataFrame({"y": rng.exponential(size=120)})
        found = quantile(Design.from_frame(sample), sample["y"])
        inside += found.conf_low[0] <= np.log(2) <= found.conf_high[0]
    assert 0.90 <= inside / 200 <= 0.99


def test_domains_have_quantiles_of_their_own(frame):
    found = quantile(clustered(frame), frame["hours"], [0.5], by=frame["sex"])
    alone = quantile(clustered(frame), frame["hours"], 0.5, rows=(frame["sex"] == "M").to_numpy())
    assert found.index.tolist() == [("F", 0.5), ("M", 0.5)]
    assert (found.estimate[1], found.conf_low[1], found.n[1]) == (alone.estimate[0], alone.conf_low[0], alone.n[0])
    assert found.to_frame().columns.tolist()[:3] == ["sex", "quantile", "estimate"]


def test_replicates_give_intervals_of_their_own(frame):
    design = bootstrap(clustered(frame), n_replicates=100, seed=2)
    woodruff, again = quantile(design, frame["hours"]), quantile(design, frame["hours"], interval="replicates")
    assert again.estimate.tolist() == woodruff.estimate.tolist()
    assert again.std_error[0] == pytest.approx(woodruff.std_error[0], rel=0.5)


def test_an_end_beyond_the_answers_is_not_made_up(frame):
    few = frame.iloc[:24]
    found = quantile(clustered(few), few["hours"], 0.97)
    assert np.isnan(found.conf_high[0])
    assert str(found.notes[0]) == "quantiles without one end of their interval, which lies beyond the answers given: 1"


def test_what_is_not_known_is_refused(frame):
    design = clustered(frame)
    with pytest.raises(SpecError, match="rule 'hf77': not a rule known here"):
        quantile(design, frame["hours"], rule="hf77")
    with pytest.raises(SpecError, match="interval 'beat': not an interval known here"):
        quantile(design, frame["hours"], interval="beat")
    with pytest.raises(SpecError, match="p: got a quantile outside 0 to 1"):
        quantile(design, frame["hours"], 50)
    with pytest.raises(SpecError, match="the design has no replicate weights"):
        quantile(design, frame["hours"], interval="replicates")


def test_equal_weights_give_the_usual_variance(frame):
    found = variance(Design.from_frame(frame), frame["hours"])
    assert found.estimate[0] == pytest.approx(frame["hours"].var())


def test_linearised_and_jackknifed_variances_agree(frame):
    design = clustered(frame)
    linear, again = variance(design, frame["hours"]), variance(jackknife(design), frame["hours"])
    assert linear.estimate.tolist() == pytest.approx(again.estimate.tolist())
    assert linear.std_error[0] == pytest.approx(again.std_error[0], rel=0.05)


def test_a_simple_sample_has_a_design_effect_of_one(frame):
    design = Design.from_frame(frame)
    assert design_effect(design, frame["hours"], draw="with replacement").iloc[0] == pytest.approx(1)
    sized = frame.assign(size=1000, one=2.5)
    drawn = Design.from_frame(sized, weight="one", fpc="size")
    for of in ("mean", "total"):
        assert design_effect(drawn, frame["hours"], of=of).iloc[0] == pytest.approx(1)


def test_the_design_effect_is_the_variance_over_that_of_a_simple_sample(frame):
    design, y = clustered(frame), frame["hours"].to_numpy()
    spread = np.average((y - np.average(y, weights=design.weights)) ** 2, weights=design.weights) * 400 / 399
    expected = mean(design, y).std_error[0] ** 2 / (spread / 400)
    assert design_effect(design, y, draw="with replacement").iloc[0] == pytest.approx(expected)
