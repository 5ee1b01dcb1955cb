from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from churn.definitions.rule_bias import OwnSilences, RuleBias, SimulatedAccounts, simulate_rule_bias
from churn.next_visit.estimate import next_visit_survival
from churn.next_visit.visit_counts import count_visits
from surveys.core.errors import SpecError
from tests.churn.plain import activity_of

mpl.use("agg")


@pytest.fixture(scope="module")
def found() -> RuleBias:
    return simulate_rule_bias()


def test_the_default_rule_finds_the_truth(found: RuleBias):
    assert found.n == 200_000
    assert found.time.tolist() == [30, 60, 90, 120]
    assert np.abs(found.bias_of("inactive")).max() < 0.005
    assert np.abs(found.bias_of("next_visit")).max() < 0.006


def test_the_common_habits_do_not(found: RuleBias):
    at_120 = dict(zip(found.rule, found.survival[:, 3] / found.truth[3], strict=True))
    assert 1.2 < at_120["last_seen"] < 1.35
    assert 1.3 < at_120["log_end"] < 1.4
    assert at_120["first_silence"] < 0.95
    assert at_120["never_returned"] < 0.97


def test_detection_is_the_truth_moved_by_the_gap(found: RuleBias):
    detected = found.survival[found.rule.index("detected")]
    assert np.abs(detected[1:] - found.truth[:-1]).max() < 0.005


def test_the_draws_are_those_of_the_research(found: RuleBias):
    np.testing.assert_allclose(found.truth, [0.510, 0.350, 0.253, 0.188], atol=0.004)
    assert found.returned.estimate == pytest.approx(0.025, abs=0.003)


def test_the_same_seed_draws_the_same():
    first, second = (simulate_rule_bias(n_accounts=2000, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.survival, second.survival)
    assert not np.array_equal(first.truth, simulate_rule_bias(n_accounts=2000, seed=4).truth)


def test_a_log_too_short_for_a_tenure_leaves_it_empty():
    lives = SimulatedAccounts(entry_days=60, end_day=80)
    found = simulate_rule_bias(n_accounts=2000, times=(30, 90), accounts=lives)
    assert np.isnan(found.survival[found.rule.index("inactive"), 1])
    assert found.to_frame()["survival"].isna().sum() >= 2


def test_frame_and_figure_hold_every_rule(found: RuleBias):
    frame = found.to_frame()
    assert len(frame) == 7 * 4
    np.testing.assert_allclose(frame["bias"], frame["survival"] - frame["truth"])
    assert len(found.plot(Figure().add_subplot()).lines) == 8
    assert found.summary().startswith("200,000 accounts, gap 30 days: 0.00")


def test_accounts_live_with_the_silences_of_a_log():
    """In a log of long silences the gap takes absences for departures, in the simulation as in the log."""
    rng = np.random.default_rng(12)
    days = {}
    for account in range(1500):
        first = int(rng.integers(0, 330))
        visits = first + np.cumsum(np.ceil(rng.exponential(rng.choice([2, 40]), 40))).astype(int)
        lived = first + rng.exponential(80)
        days[account] = {first, *(int(day) for day in visits if day <= min(lived, 364))}
    counts = count_visits(activity_of(days, 365))
    own = OwnSilences.of(counts)
    assert own.end_day == counts.size
    assert own.followed.sum() == pytest.approx(1)
    assert (np.diff(own.distribution, axis=1) >= 0).all()
    found = simulate_rule_bias(n_accounts=8000, accounts=own)
    curve = next_visit_survival(counts)
    assert found.truth == pytest.approx([curve.at(time).estimate for time in found.time], abs=0.05)
    assert np.abs(found.bias_of("next_visit")).max() < 0.015
    assert found.bias_of("inactive").max() < -0.01
    assert "silences drawn from those of the log" in str(found.notes[0])


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda: simulate_rule_bias(n_accounts=0), "simulate_rule_bias"),
        (lambda: simulate_rule_bias(n_accounts=10, times=()), "simulate_rule_bias, times"),
        (lambda: SimulatedAccounts(rate_mean=0), "SimulatedAccounts.rate_mean"),
        (lambda: SimulatedAccounts(rate_least=-1), "SimulatedAccounts.rate_least"),
        (lambda: SimulatedAccounts(end_day=10), "SimulatedAccounts"),
        (lambda: simulate_rule_bias(n_accounts=100).bias_of("closed"), "RuleBias.bias_of"),
    ],
)
def test_wrong_options_are_refused(made, place: str):
    with pytest.raises(SpecError, match=place):
        made()
