from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from churn.network import _concentration as arrays
from churn.network.concentration import lorenz, measure_concentration, never_posted
from surveys.core.errors import EstimateError, SpecError
from surveys.published.concentration_bounds import top_share_bounds

COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=40).filter(lambda counts: sum(counts) > 0)


def plain_gini(counts: NDArray[np.float64]) -> float:
    """Mean difference of every pair over twice the mean."""
    return float(np.abs(counts[:, None] - counts[None, :]).mean() / (2 * counts.mean()))


def plain_top(counts: NDArray[np.float64], top: float) -> float:
    """Count the accounts one by one, the last in part."""
    wanted, held = top * len(counts), 0.0
    for count in sorted(counts, reverse=True):
        held += min(1.0, wanted) * count
        wanted -= min(1.0, wanted)
    return float(held / counts.sum())


def skewed(n: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).negative_binomial(0.4, 0.02, n)


class TestCurve:
    @given(COUNTS, st.floats(0.01, 0.99))
    def test_gini_and_top_share_are_those_of_plain_computations(self, counts: list[int], top: float):
        curve, given_counts = lorenz(counts), np.array(counts, float)
        assert curve.gini() == pytest.approx(plain_gini(given_counts), abs=1e-12)
        assert curve.top_share(top) == pytest.approx(plain_top(given_counts, top), abs=1e-12)

    @given(COUNTS, st.integers(2, 5))
    def test_copies_of_the_accounts_change_nothing(self, counts: list[int], copies: int):
        once, often = lorenz(counts), lorenz(counts, [copies] * len(counts))
        assert often.gini() == pytest.approx(once.gini(), abs=1e-12)
        assert often.top_share(0.3) == pytest.approx(once.top_share(0.3), abs=1e-12)

    @given(COUNTS)
    def test_gini_is_twice_the_area_between_curve_and_diagonal(self, counts: list[int]):
        curve = lorenz(counts)
        assert curve.gini() == pytest.approx(1 - 2 * np.trapezoid(curve.total, curve.accounts), abs=1e-12)

    @given(COUNTS, st.floats(0.05, 0.95))
    def test_top_shares_lie_within_the_bounds_of_two_others(self, counts: list[int], top: float):
        curve = lorenz(counts)
        low, high = top_share_bounds(top, [(at, curve.top_share(at)) for at in (0.1, 0.4)])
        assert low - 1e-9 <= curve.top_share(top) <= high + 1e-9

    @pytest.mark.parametrize("counts", [[1], [5, 5, 5]])
    def test_equal_accounts_share_equally(self, counts: list[int]):
        assert lorenz(counts).gini() == pytest.approx(0, abs=1e-12)
        assert lorenz(counts).top_share(0.2) == pytest.approx(0.2)

    def test_the_correction_makes_one_holder_of_everything_count_as_one(self):
        assert lorenz([7], silent=3).gini("n/(n-1)") == pytest.approx(1)

    def test_silent_accounts_are_accounts_without_a_message(self):
        assert lorenz([1, 4], silent=2).to_frame().equals(lorenz([1, 0, 4, 0]).to_frame())
        assert lorenz([1, 4], silent=2).n_active == 2

    @pytest.mark.parametrize("counts", [[-1, 2], [float("nan")], [float("inf")]])
    def test_impossible_counts_are_refused(self, counts: list[float]):
        with pytest.raises(SpecError, match="counts"):
            lorenz(counts)

    @pytest.mark.parametrize("counts", [[], [0, 0]])
    def test_nothing_to_share_is_refused(self, counts: list[int]):
        with pytest.raises(EstimateError, match="nothing to share"):
            lorenz(counts)

    def test_a_top_that_is_no_share_is_refused(self):
        with pytest.raises(SpecError, match="top"):
            lorenz([1]).top_share(20)


class TestIntervals:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_linearised_errors_are_those_of_the_jackknife(self, seed: int):
        counts = skewed(400, seed).astype(float)
        found = measure_concentration(lorenz(counts), replicates=100)
        for statistic, error in (
            (plain_gini, found.gini.std_error),
            (lambda x: plain_top(x, 0.2), found.top_share.std_error),
        ):
            left_out = np.array([statistic(np.delete(counts, i)) for i in range(len(counts))])
            jackknife = np.sqrt((len(counts) - 1) * left_out.var())
            assert error == pytest.approx(jackknife, rel=0.02)

    def test_linearised_errors_agree_with_the_bootstrap(self):
        found = measure_concentration(lorenz(skewed(2000, 3)), replicates=4000)
        assert found.gini.std_error == pytest.approx(found.bootstrap_error["gini"], rel=0.04)
        assert found.top_share.std_error == pytest.approx(found.bootstrap_error["top_share"], rel=0.04)

    def test_influences_average_to_nothing(self):
        curve = lorenz(skewed(500, 4))
        n = curve.n.astype(float)
        assert n @ arrays.gini_influence(curve.value, n) == pytest.approx(0, abs=1e-9)
        assert n @ arrays.top_influence(curve.value, n, 0.2) == pytest.approx(0, abs=1e-9)

    def test_resampling_counts_is_resampling_accounts(self):
        counts = skewed(300, 5)
        curve = lorenz(counts)
        rng = np.random.default_rng(6)
        one_by_one = [lorenz(rng.choice(counts, len(counts))).gini() for _ in range(1500)]
        blocks = arrays.resample(curve.n.astype(float), 1500, seed=7)
        by_counts = np.concatenate([arrays.gini(curve.value, block) for block in blocks])
        assert by_counts.mean() == pytest.approx(np.mean(one_by_one), abs=0.002)
        assert by_counts.std() == pytest.approx(np.std(one_by_one), rel=0.08)

    def test_intervals_cover_the_truth_as_often_as_they_say(self):
        truth = lorenz(skewed(2_000_000, 8))
        covered = np.zeros(2)
        for seed in range(200):
            found = measure_concentration(lorenz(skewed(1000, 100 + seed)), replicates=400, seed=seed)
            for i, (estimate, value) in enumerate(
                ((found.gini, truth.gini()), (found.top_share, truth.top_share(0.2)))
            ):
                covered[i] += estimate.conf_low <= value <= estimate.conf_high
        assert np.all(covered / 200 > 0.90), covered / 200

    def test_the_same_seed_gives_the_same_interval(self):
        curve = lorenz(skewed(200, 9))
        first, again = (measure_concentration(curve, replicates=200) for _ in range(2))
        assert first.to_frame().equals(again.to_frame())

    def test_blocks_do_not_change_what_is_drawn(self, monkeypatch: pytest.MonkeyPatch):
        n = lorenz(skewed(200, 9)).n.astype(float)
        whole = np.concatenate(arrays.resample(n, 50, seed=1))
        monkeypatch.setattr(arrays, "BLOCK", 7 * len(n))
        assert np.array_equal(np.concatenate(arrays.resample(n, 50, seed=1)), whole)

    def test_what_the_largest_hold_is_said_and_not_how_many_there_are(self):
        few = measure_concentration(lorenz([3, 2, 1], silent=50), replicates=100)
        assert any("the 3 accounts with the most hold 100.0% of all" in str(note) for note in few.gini.notes)
        many = np.append(np.ones(5000), [200, 150, 100, 100, 50])
        heavy = measure_concentration(lorenz(many), replicates=100)
        assert any("the 5 accounts with the most hold 10.7% of all" in str(note) for note in heavy.top_share.notes)
        even = measure_concentration(lorenz(np.arange(1, 101)), replicates=100)
        assert not any("with the most" in str(note) for note in even.gini.notes)

    @pytest.mark.parametrize("option", [{"top": 0}, {"conf_level": 1}, {"replicates": 10}])
    def test_impossible_options_are_refused(self, option: dict[str, float]):
        with pytest.raises(SpecError, match=next(iter(option))):
            measure_concentration(lorenz([1, 2]), **option)  # type: ignore[arg-type]


class TestNeverPosted:
    def test_silent_accounts_count_beside_those_of_the_log(self):
        found = never_posted([0, 2, 5], silent=1)
        assert (found.estimate, found.n, found.method) == (0.5, 4, "Wilson")

    def test_no_account_is_refused(self):
        with pytest.raises(EstimateError, match="no account"):
            never_posted([])
