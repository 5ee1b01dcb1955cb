from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from churn.survival._jackknife import Jackknife
from churn.survival.kaplan_meier import SurvivalCurve, kaplan_meier
from churn.survival.tallies import merge_near_ties
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable

mpl.use("agg")

rows = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)


def make_tenures(drawn: list[tuple[int, bool]]) -> Tenures:
    return Tenures(duration=[time for time, _ in drawn], event=[event for _, event in drawn])


def sixmp() -> Tenures:
    """Weeks in remission under 6-MP (Freireich et al. 1963), as in Klein and Moeschberger, table 1.1."""
    gone = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    return Tenures(duration=gone + censored, event=[True] * 9 + [False] * 12, time_unit="weeks")


def test_agrees_with_the_textbook():
    curve = kaplan_meier(sixmp(), conf_type="plain")
    steps = curve.n_event > 0
    assert curve.time[steps].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.n_at_risk[steps].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert np.round(curve.survival[steps], 3).tolist() == [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert np.round(curve.std_error[steps], 4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve.median.estimate == 23
    assert curve.summary() == "21 accounts, 9 of them gone; median 23 weeks [13, not reached]"


@given(rows)
def test_agrees_with_lifelines(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    curve = kaplan_meier(tenures)
    theirs = KaplanMeierFitter().fit(tenures.duration, tenures.event)
    expected = theirs.survival_function_at_times(curve.time).to_numpy()
    np.testing.assert_allclose(curve.survival, expected, atol=1e-12)
    table = theirs.event_table.loc[curve.time]
    assert curve.n_at_risk.tolist() == table["at_risk"].tolist()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20), st.booleans()), min_size=1, max_size=40))
def test_late_entry_is_counting_who_is_there(drawn: list[tuple[int, int, bool]]):
    entry = np.array([start for start, _, _ in drawn], float)
    stop = entry + [length for _, length, _ in drawn]
    curve = kaplan_meier(Tenures(duration=stop, event=[event for *_, event in drawn], entry=entry))
    assert curve.n_at_risk.tolist() == [int(((entry < time) & (time <= stop)).sum()) for time in curve.time]


@given(rows)
def test_without_censoring_it_is_the_share_still_there(drawn: list[tuple[int, bool]]):
    times = np.array([time for time, _ in drawn])
    curve = kaplan_meier(Tenures(duration=times, event=np.ones(len(times), bool)))
    np.testing.assert_allclose(curve.survival, [(times > time).mean() for time in curve.time], atol=1e-12)


@given(rows)
def test_counts_give_the_same_curve_as_rows(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    from_rows, from_counts = kaplan_meier(tenures), kaplan_meier(count_tenures(tenures))
    pd.testing.assert_frame_equal(from_rows.to_frame(), from_counts.to_frame())
    assert from_rows.n == from_counts.n


@given(rows, st.sampled_from(["log-log", "log", "plain"]))
def test_it_never_rises_and_its_interval_holds_it(drawn: list[tuple[int, bool]], conf_type: str):
    curve = kaplan_meier(make_tenures(drawn), conf_type=conf_type)
    assert (np.diff(curve.survival) <= 0).all()
    known = ~np.isnan(curve.conf_low)
    assert (curve.conf_low[known] <= curve.survival[known] + 1e-12).all()
    assert (curve.conf_high[known] >= curve.survival[known] - 1e-12).all()


def test_the_median_of_a_curve_flat_at_one_half_is_in_the_middle():
    curve = kaplan_meier(Tenures(duration=range(1, 9), event=[1, 1, 1, 1, 0, 1, 0, 0]))
    assert curve.median.estimate == 5
    assert (curve.median.conf_low, np.isnan(curve.median.conf_high)) == (1, True)


@pytest.mark.parametrize("n", [6, 10, 14, 22, 46, 58])
def test_rounding_does_not_move_the_median(n: int):
    """One half reached by a product of fractions that floating point does not take to 0.5 exactly."""
    curve = kaplan_meier(Tenures(duration=np.arange(1, n + 1), event=np.ones(n, bool)))
    assert curve.median.estimate == n / 2 + 0.5


def test_a_curve_that_ends_at_one_half_takes_the_end_of_observation():
    assert kaplan_meier(Tenures(duration=[2, 10], event=[True, False])).median.estimate == 6


def test_says_so_when_the_median_is_never_reached():
    curve = kaplan_meier(Tenures(duration=[1, 5, 9, 36], event=[True, False, False, False]))
    assert isinstance(curve.median, Unavailable)
    assert str(curve.median) == "median not reached: 75.0% remained at 36 days"


def test_nothing_is_said_beyond_what_was_observed():
    curve = kaplan_meier(Tenures(duration=[1, 5], event=[True, False]))
    assert isinstance(curve.at(5), Estimate)
    assert str(curve.at(5.5)) == "no account was observed beyond 5 days"
    assert str(curve.dropout(at=6)) == "no account was observed beyond 5 days"


def test_when_all_have_gone_nobody_is_there_later():
    late = kaplan_meier(Tenures(duration=[1, 5], event=[True, True])).at(100)
    assert late.estimate == 0
    assert np.isnan(late.conf_low)


def test_dropout_is_retention_turned_round():
    curve = kaplan_meier(sixmp())
    kept, gone = curve.at(10), curve.dropout(at=10)
    assert gone.estimate == pytest.approx(1 - kept.estimate)
    assert (gone.conf_low, gone.conf_high) == pytest.approx((1 - kept.conf_high, 1 - kept.conf_low))
    assert gone.std_error == kept.std_error


def test_accounts_silent_since_the_first_day_leave_at_zero():
    curve = kaplan_meier(Tenures(duration=[0, 0, 10, 20], event=[True, True, True, False]))
    assert curve.at(0).estimate == 0.5


def test_the_risk_table_counts_who_is_left():
    table = kaplan_meier(sixmp()).risk_table([0, 6, 6.5, 35, 36])
    assert table["n_at_risk"].tolist() == [21, 21, 17, 1, 0]
    assert table["n_event"].tolist() == [0, 3, 3, 9, 9]
    assert table["n_censor"].tolist() == [0, 1, 1, 12, 12]


def test_a_risk_set_that_empties_early_is_told():
    curve = kaplan_meier(Tenures(duration=[3, 9], event=[True, True], entry=[0, 5]))
    assert [str(note) for note in curve.notes] == [
        "all accounts at risk had gone at 3 days, before others came under observation"
    ]


def test_a_curve_from_a_later_start_leaves_out_who_left_before():
    curve = kaplan_meier(sixmp(), start=7)
    assert (curve.n, curve.start) == (17, 7)
    assert str(curve.at(6)) == "the curve begins at 7 weeks"
    assert curve.at(10).estimate == pytest.approx(16 / 17 * 14 / 15)


def test_one_curve_per_level_and_a_note_on_the_rest():
    group = pd.DataFrame({"age": ["b", "a", None, "b"]})
    curves = kaplan_meier(Tenures(duration=[1, 2, 3, 4], event=[1, 1, 1, 0], attributes=group), by="age")
    assert {level: curve.n for level, curve in curves.items()} == {"a": 1, "b": 2}
    assert [str(note) for note in curves["a"].notes] == ["1 account without a value of age is left out"]


def test_times_that_differ_by_rounding_are_one_time():
    (merged,) = merge_near_ties(np.array([0.1 + 0.2, 0.3, 1.0, 1.1]))
    assert len(np.unique(merged)) == 3


def test_one_account_is_a_curve():
    assert kaplan_meier(Tenures(duration=[0], event=[False])).survival.tolist() == [1.0]


def test_no_accounts_are_no_curve():
    with pytest.raises(EstimateError, match="there are no accounts to follow"):
        kaplan_meier(Tenures(duration=[], event=[]))


def test_options_that_are_none_are_refused():
    with pytest.raises(SpecError) as caught:
        kaplan_meier(sixmp(), conf_type="loglog")  # type: ignore[arg-type]
    assert str(caught.value) == "conf_type: got 'loglog', expected one of log-log, log, plain. Did you mean 'log-log'?"
    with pytest.raises(SpecError, match="conf_level"):
        kaplan_meier(sixmp(), conf_level=95)


def test_the_line_drawn_is_the_estimate():
    curve = kaplan_meier(sixmp())
    ax = curve.plot(Figure().add_subplot())
    (line,) = ax.get_lines()
    assert line.get_xdata().tolist() == [0, *curve.time]
    assert line.get_ydata().tolist() == [1, *curve.survival]
    assert line.get_drawstyle() == "steps-post"


def test_curves_are_values_that_stay():
    curve = kaplan_meier(sixmp())
    with pytest.raises(AttributeError):
        curve.n = 3  # type: ignore[misc]
    assert isinstance(curve, SurvivalCurve)


def clustered(n: int = 120, seed: int = 5) -> Tenures:
    """Accounts with ties, late entry, weights and holders of one to several accounts."""
    rng = np.random.default_rng(seed)
    duration, asked = rng.geometric(0.06, n), rng.integers(3, 40, n)
    stop = np.minimum(duration, asked).astype(float)
    attributes = pd.DataFrame(
        {
            "weight": rng.integers(1, 6, n) / 2,
            "holder": np.where(rng.random(n) < 0.4, 1000 + np.arange(n), rng.integers(0, n // 4, n)),
            "plan": rng.choice(["free", "paid"], n),
        }
    )
    entry = np.where(rng.random(n) < 0.5, np.nan, rng.integers(0, stop))
    return Tenures(duration=stop, event=duration <= asked, entry=entry, attributes=attributes)


def curve_with(tenures: Tenures, account: int, weight: float, **options: str) -> SurvivalCurve:
    attributes = tenures.attributes.assign(weight=tenures.attributes["weight"].where(np.arange(120) != account, weight))
    moved = Tenures(duration=tenures.duration, event=tenures.event, entry=tenures.entry, attributes=attributes)
    return kaplan_meier(moved, weight="weight", **options)


def derivatives(tenures: Tenures) -> np.ndarray:
    """How the curve changes with the weight of each account, by differences, shape (n_accounts, n_times)."""
    step = 1e-5
    weight = tenures.attributes["weight"].to_numpy()
    return np.array(
        [
            (curve_with(tenures, i, w + step).survival - curve_with(tenures, i, w - step).survival) / (2 * step)
            for i, w in enumerate(weight)
        ]
    )


def test_the_jackknife_adds_up_what_each_account_moves_the_curve_by():
    tenures = clustered()
    moved = derivatives(tenures) * tenures.attributes["weight"].to_numpy()[:, None]
    alone = kaplan_meier(tenures, weight="weight")
    np.testing.assert_allclose(alone.std_error, np.sqrt((moved**2).sum(axis=0)), atol=1e-8)
    together = kaplan_meier(tenures, weight="weight", cluster="holder")
    sums = pd.DataFrame(moved).groupby(tenures.attributes["holder"].to_numpy()).sum().to_numpy()
    np.testing.assert_allclose(together.std_error, np.sqrt((sums**2).sum(axis=0)), atol=1e-8)
    assert alone.method == "Kaplan-Meier, log-log interval, infinitesimal jackknife"


def test_the_mean_has_the_jackknife_of_the_curve():
    tenures, until, step = clustered(), 20.0, 1e-5
    weight = tenures.attributes["weight"].to_numpy()
    means = np.array(
        [
            [curve_with(tenures, i, w + side * step).restricted_mean(until).estimate for side in (-1, 1)]
            for i, w in enumerate(weight)
        ]
    )
    moved = weight * (means[:, 1] - means[:, 0]) / (2 * step)
    found = kaplan_meier(tenures, weight="weight").restricted_mean(until)
    assert found.std_error == pytest.approx(np.sqrt((moved**2).sum()), abs=1e-7)
    assert found.method == "area under the curve, infinitesimal jackknife"


@pytest.mark.parametrize("n", [120, 5000])
def test_clusters_move_the_curve_by_the_sum_of_their_accounts(n: int):
    """A matrix of every account at every time gives what is got from changes alone."""
    tenures = clustered(n)
    curve = kaplan_meier(tenures, weight="weight", cluster="holder")
    time, entry = curve.time, np.nan_to_num(tenures.entry, nan=-1.0)[:, None]
    there = (entry < time) & (time <= tenures.duration[:, None])
    gone = (time == tenures.duration[:, None]) & tenures.event[:, None]
    left = curve.n_at_risk - curve.n_event
    inverse = np.divide(1, left, out=np.zeros(len(left)), where=left > 0)
    moved = np.cumsum((gone - there * curve.n_event / curve.n_at_risk) * inverse, axis=1)
    weighted = moved * tenures.attributes["weight"].to_numpy()[:, None]
    sums = pd.DataFrame(weighted).groupby(tenures.attributes["holder"].to_numpy()).sum().to_numpy()
    np.testing.assert_allclose(curve.std_error, curve.survival * np.sqrt((sums**2).sum(axis=0)), rtol=1e-11)


@pytest.mark.parametrize("cluster", [None, "holder"])
def test_counts_give_the_same_jackknife_as_rows(cluster: str | None):
    tenures = clustered().where(np.repeat(np.arange(120), 3))
    counts = count_tenures(tenures, by=["weight", *([cluster] if cluster else [])])
    assert len(counts.n) <= tenures.n_accounts / 3
    options = {"weight": "weight", "cluster": cluster}
    rows, cells = kaplan_meier(tenures, **options), kaplan_meier(counts, **options)
    np.testing.assert_allclose(rows.std_error, cells.std_error, rtol=1e-10)
    np.testing.assert_allclose(rows.survival, cells.survival, rtol=1e-12)
    assert rows.n == cells.n


def test_clusters_of_one_account_change_nothing():
    tenures = clustered()
    alone = tenures.attributes.assign(account=np.arange(tenures.n_accounts))
    each = Tenures(duration=tenures.duration, event=tenures.event, entry=tenures.entry, attributes=alone)
    np.testing.assert_allclose(
        kaplan_meier(each, weight="weight", cluster="account").std_error,
        kaplan_meier(each, weight="weight").std_error,
        rtol=1e-12,
    )


def test_whole_weights_under_greenwood_are_accounts():
    tenures = clustered()
    counts = TenureCounts.from_frame(
        pd.DataFrame({"duration": tenures.duration, "event": tenures.event, "n": tenures.attributes["weight"] * 2})
    )
    doubled = Tenures(
        duration=tenures.duration,
        event=tenures.event,
        attributes=tenures.attributes.assign(weight=tenures.attributes["weight"] * 2),
    )
    weighted = kaplan_meier(doubled, weight="weight", std_errors="greenwood")
    np.testing.assert_allclose(weighted.std_error, kaplan_meier(counts).std_error, rtol=1e-12)
    assert weighted.n == tenures.n_accounts
    assert [str(note) for note in weighted.notes] == [
        "standard errors take the weights of accounts for numbers of accounts"
    ]
    assert weighted.summary().startswith("120 accounts, weighted by weight; median ")


def test_a_weighted_curve_ends_at_zero_exactly():
    tenures = Tenures(duration=[1, 2, 3], event=[1, 1, 1], attributes=pd.DataFrame({"w": [0.1, 0.2, 0.7]}))
    curve = kaplan_meier(tenures, weight="w")
    assert (curve.survival[-1], curve.std_error[-1]) == (0, 0)


def test_weights_that_are_none_are_refused():
    tenures = Tenures(duration=[1, 2, 3], event=[1, 1, 1], attributes=pd.DataFrame({"w": [0.0, "two", 1]}))
    with pytest.raises(SpecError) as caught:
        kaplan_meier(tenures, weight="w")
    assert str(caught.value) == "weight 'w': 2 weights are not numbers above 0. Correct them."
    with pytest.raises(SpecError, match="kaplan_meier, 'v': no such attribute"):
        kaplan_meier(tenures, weight="v")


def test_accounts_without_a_weight_are_left_out_and_counted():
    tenures = Tenures(duration=[1, 2, 3], event=[1, 1, 1], attributes=pd.DataFrame({"w": [1.0, None, 2.0]}))
    curve = kaplan_meier(tenures, weight="w")
    assert curve.n == 2
    assert [str(note) for note in curve.notes] == ["1 account without a value of w is left out"]


def test_greenwood_knows_no_clusters():
    with pytest.raises(SpecError) as caught:
        kaplan_meier(clustered(), cluster="holder", std_errors="greenwood")
    assert str(caught.value) == (
        "std_errors: got 'greenwood', which takes each account for itself. "
        "Leave out the cluster, or choose 'jackknife'."
    )


@given(rows)
def test_the_area_under_a_curve_without_censoring_is_the_mean_tenure(drawn: list[tuple[int, bool]]):
    times = np.array([time for time, _ in drawn], float)
    curve = kaplan_meier(Tenures(duration=times, event=np.ones(len(times), bool)))
    mean = curve.restricted_mean(25)
    assert mean.estimate == pytest.approx(np.minimum(times, 25).mean(), abs=1e-10)
    assert mean.std_error == pytest.approx(np.minimum(times, 25).std() / np.sqrt(len(times)), abs=1e-10)


def test_the_mean_of_a_later_start_counts_from_sign_up():
    curve = kaplan_meier(Tenures(duration=[2, 6, 10, 20], event=[1, 1, 1, 1]), start=5)
    assert curve.restricted_mean(12).estimate == pytest.approx((6 + 10 + 12) / 3)


def test_no_mean_beyond_what_was_observed():
    curve = kaplan_meier(Tenures(duration=[1, 5], event=[True, False]))
    assert str(curve.restricted_mean(6)) == "no account was observed beyond 5 days"
    with pytest.raises(SpecError) as caught:
        curve.restricted_mean(0)
    assert str(caught.value) == "until: got 0, expected a time after 0. Choose a longer horizon."


def test_levels_come_in_the_order_of_their_values():
    group = pd.DataFrame({"cohort": [10, 2, 10, 2], "size": pd.Categorical(list("SLSL"), categories=["S", "L"])})
    tenures = Tenures(duration=[1, 2, 3, 4], event=[1] * 4, attributes=group)
    assert list(kaplan_meier(tenures, by="cohort")) == ["2", "10"]
    assert list(kaplan_meier(tenures, by="size")) == ["S", "L"]


def test_a_variance_of_one_column_is_that_of_the_curve():
    """The sum of the steps up to a time, each times 1, is the curve there."""
    curve = kaplan_meier(clustered(), weight="weight", cluster="holder")
    jackknife = curve._jackknife
    assert isinstance(jackknife, Jackknife)
    for place in (3, 10, 20):
        until = (np.arange(len(curve.time)) <= place).astype(float)
        assert jackknife.variance_of_sum(until) == pytest.approx(curve.log_std_error[place] ** 2, rel=1e-10)


@pytest.mark.parametrize("times", [[30, 60, 90], np.array([30, 60, 90]), (30,), "30", None, float("nan"), True])
def test_a_quantile_a_mean_and_a_dropout_are_asked_for_at_one_number(times: object):
    curve = kaplan_meier(Tenures(duration=[10, 20, 35, 50, 80, 95], event=[1, 0, 1, 1, 0, 1]))
    for place, ask in (
        ("SurvivalCurve.at, time", lambda at: curve.dropout(at=at)),
        ("SurvivalCurve.quantile, share_gone", curve.quantile),
        ("SurvivalCurve.restricted_mean, until", curve.restricted_mean),
    ):
        with pytest.raises(SpecError, match=rf"^{place}: got .*, expected one number\. "):
            ask(times)  # type: ignore[operator]
    assert curve.at(np.int64(30)).summary() == curve.at(30.0).summary() == curve.at(np.array(30)).summary()
    assert [share.summary()[:5] for share in map(curve.at, (10, 35, 50))] == ["83.3%", "62.5%", "41.7%"]
