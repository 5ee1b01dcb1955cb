from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.statistics import multivariate_logrank_test
from matplotlib.figure import Figure
from scipy import stats

from churn.survival._logrank import chi_squared
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.logrank import logrank, pairwise_logrank
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError

mpl.use("agg")

rows = st.lists(
    st.tuples(st.integers(1, 20), st.booleans(), st.sampled_from("abc"), st.sampled_from("xy")), min_size=8, max_size=60
)


def make_tenures(drawn: list[tuple[int, bool, str, str]], entry: object = None) -> Tenures:
    attributes = pd.DataFrame({"group": [row[2] for row in drawn], "layer": [row[3] for row in drawn]})
    return Tenures(
        duration=[row[0] for row in drawn], event=[row[1] for row in drawn], entry=entry, attributes=attributes
    )


def compared(drawn: list[tuple[int, bool, str, str]]) -> bool:
    """Whether at some departure accounts of two groups are at risk, and stay on."""
    return any(
        gone and len({group for time, _, group, _ in drawn if time >= day}) > 1 and any(row[0] > day for row in drawn)
        for day, gone, _, _ in drawn
    )


def remission() -> Tenures:
    """Weeks in remission under 6-MP and placebo (Freireich et al. 1963)."""
    gone = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    return Tenures(
        duration=gone + censored + placebo,
        event=[True] * 9 + [False] * 12 + [True] * 21,
        attributes=pd.DataFrame({"drug": ["6-MP"] * 21 + ["placebo"] * 21}),
        time_unit="weeks",
    )


def simulated(n: int = 300) -> Tenures:
    rng = np.random.default_rng(3)
    group = rng.choice(["a", "b", "c", "d"], n)
    duration, asked = rng.geometric(0.04 + 0.02 * (group == "c")), rng.integers(5, 60, n)
    attributes = pd.DataFrame({"group": group, "layer": rng.choice(["x", "y", "z"], n)})
    return Tenures(duration=np.minimum(duration, asked), event=duration <= asked, attributes=attributes)


def test_agrees_with_the_textbook():
    """Observed and expected of Freireich's trial, as in Collett or Kleinbaum and Klein: 9 and 21, 19.3 and 10.7."""
    found = logrank(remission(), by="drug")
    assert found.observed.tolist() == [9, 21]
    assert np.round(found.expected, 2).tolist() == [19.25, 10.75]
    assert round(found.chi_squared, 2) == 16.79
    assert found.summary() == "chi-squared(1) = 16.8, p < 0.001, n = 42"


@given(rows.filter(compared))
def test_agrees_with_lifelines(drawn: list[tuple[int, bool, str, str]]):
    tenures = make_tenures(drawn)
    theirs = multivariate_logrank_test(tenures.duration, tenures.attributes["group"], tenures.event)
    found = logrank(tenures, by="group")
    levels = len(set(tenures.attributes["group"]))
    if found.df == levels - 1:
        assert found.chi_squared == pytest.approx(theirs.test_statistic, abs=1e-8)
        assert found.p_value == pytest.approx(theirs.p_value, abs=1e-8)


@given(rows.filter(compared))
def test_counts_give_the_same_test_as_rows(drawn: list[tuple[int, bool, str, str]]):
    tenures = make_tenures(drawn)
    from_rows = logrank(tenures, by="group", rho=1)
    from_counts = logrank(count_tenures(tenures, by=["group", "layer"]), by="group", rho=1)
    np.testing.assert_allclose(from_rows.observed, from_counts.observed, atol=1e-12)
    np.testing.assert_allclose(from_rows.covariance, from_counts.covariance, atol=1e-12)
    assert from_rows.n.tolist() == from_counts.n.tolist()


@given(rows.filter(compared))
def test_as_many_leave_as_are_expected_to(drawn: list[tuple[int, bool, str, str]]):
    found = logrank(make_tenures(drawn), by="group", rho=0.5)
    assert found.observed.sum() == pytest.approx(found.expected.sum(), abs=1e-10)
    np.testing.assert_allclose(found.covariance.sum(axis=0), 0, atol=1e-10)


def test_strata_add_up():
    tenures = simulated()
    whole = logrank(tenures, by="group", strata="layer")
    parts = [logrank(tenures.where((tenures.attributes["layer"] == x).to_numpy()), by="group") for x in "xyz"]
    np.testing.assert_allclose(whole.expected, sum(part.expected for part in parts), rtol=1e-12)
    np.testing.assert_allclose(whole.covariance, sum(part.covariance for part in parts), rtol=1e-10)
    table = whole.by_stratum.groupby("stratum")["expected"].sum()
    assert table.tolist() == pytest.approx([part.expected.sum() for part in parts])
    assert whole.by_stratum["n"].sum() == 300


def test_early_and_late_departures_are_weighed_by_the_common_curve():
    tenures = simulated()
    curve = kaplan_meier(tenures)
    before = np.concatenate([[1.0], curve.survival[:-1]])
    for rho, gamma in ((0, 0), (1, 0), (0, 1), (0.5, 2)):
        found = logrank(tenures, by="group", rho=rho, gamma=gamma)
        assert found.observed.sum() == pytest.approx((before**rho * (1 - before) ** gamma * curve.n_event).sum())
    assert found.method == "log-rank, Fleming-Harrington weights (0.5, 2)"


def test_late_entry_counts_who_is_there():
    tenures = make_tenures([(5, True, "a", "x"), (8, False, "b", "x"), (9, False, "a", "x")], entry=[0, 6, 2])
    with pytest.raises(EstimateError) as caught:
        logrank(tenures, by="group")
    assert str(caught.value) == (
        "logrank, by 'group': no departure that counts found two groups at risk. Choose larger groups."
    )


def test_a_group_that_was_never_there_takes_no_degree_of_freedom():
    drawn = [
        (2, True, "a", "x"),
        (5, True, "b", "x"),
        (6, False, "a", "x"),
        (20, False, "b", "x"),
        (30, True, "c", "x"),
    ]
    found = logrank(make_tenures(drawn, entry=[0, 0, 0, 0, 25]), by="group")
    assert (found.df, found.expected[2]) == (1, 0 + 1.0)
    assert found.chi_squared == pytest.approx(logrank(make_tenures(drawn[:4]), by="group").chi_squared)


def test_the_statistic_is_that_of_any_group_left_out():
    found = logrank(simulated(), by="group")
    difference = found.observed - found.expected
    for out in range(4):
        kept = np.arange(4) != out
        inside = np.linalg.solve(found.covariance[np.ix_(kept, kept)], difference[kept])
        assert found.chi_squared == pytest.approx(difference[kept] @ inside, rel=1e-10)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.chi_squared, 3))


def test_a_tiny_group_beside_a_huge_one_keeps_its_degree_of_freedom():
    scale = np.array([1e8, 1e8, 1e-3])
    covariance = np.diag(scale) - np.outer(scale, scale) / scale.sum()
    statistic, rank = chi_squared(np.array([0.0, -0.03, 0.03]), covariance)
    assert rank == 2
    assert statistic == pytest.approx(0.03**2 / 1e-3, rel=1e-4)


def test_the_trend_of_two_groups_is_their_difference():
    found = logrank(remission(), by="drug")
    trend = found.trend()
    assert trend.chi_squared == pytest.approx(found.chi_squared)
    assert trend.p_value == pytest.approx(found.p_value)
    assert trend.summary() == "z = 4.10, p < 0.001: higher rates at higher scores"


def test_the_trend_does_not_depend_on_where_scores_begin_or_in_what_unit():
    found = logrank(simulated(), by="group")
    assert found.trend([10, 20, 30, 50]).z == pytest.approx(found.trend({"d": 5, "c": 3, "b": 2, "a": 1}).z)
    assert found.trend([4, 3, 2, 1]).z == pytest.approx(-found.trend().z)
    assert found.trend().to_frame().columns.tolist() == ["z", "chi_squared", "p_value"]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"6-MP": 1}, "trend: got scores of 6-MP, expected those of 6-MP, placebo. Give one for each level."),
        ([1, 2, 3], "trend: got 3 scores for 2 levels. Give one number for each."),
        ([1, 1], "trend: all scores are the same. Give different scores."),
    ],
)
def test_scores_that_order_nothing_are_refused(scores: object, message: str):
    with pytest.raises(SpecError) as caught:
        logrank(remission(), by="drug").trend(scores)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_each_pair_is_tested_as_if_alone():
    tenures = simulated()
    pairs = pairwise_logrank(tenures, by="group", strata="layer", rho=1, adjustment="none")
    for i, (a, b) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        alone = tenures.where(tenures.attributes["group"].isin([a, b]).to_numpy())
        assert pairs.chi_squared[i] == pytest.approx(logrank(alone, by="group", strata="layer", rho=1).chi_squared)
    assert pairs.p_adjusted.tolist() == pairs.p_value.tolist()


def test_adjusted_probabilities_allow_for_the_number_of_pairs():
    tenures = simulated()
    plain = pairwise_logrank(tenures, by="group", adjustment="none").p_value
    found = {name: pairwise_logrank(tenures, by="group", adjustment=name).p_adjusted for name in ("holm", "fdr")}
    bonferroni = pairwise_logrank(tenures, by="group", adjustment="bonferroni").p_adjusted
    np.testing.assert_allclose(bonferroni, np.minimum(plain * 6, 1))
    assert (found["fdr"] <= found["holm"] + 1e-15).all()
    assert (found["holm"] <= bonferroni + 1e-15).all()
    np.testing.assert_allclose(found["fdr"], stats.false_discovery_control(plain))


def test_pairs_never_at_risk_together_have_no_test():
    drawn = [
        (2, True, "a", "x"),
        (5, True, "b", "x"),
        (6, False, "a", "x"),
        (30, True, "c", "x"),
        (40, False, "c", "x"),
    ]
    pairs = pairwise_logrank(make_tenures(drawn, entry=[0, 0, 0, 25, 25]), by="group", adjustment="bonferroni")
    assert np.isnan(pairs.chi_squared).tolist() == [False, True, True]
    assert pairs.p_adjusted[0] == pairs.p_value[0]
    assert pairs.summary().splitlines()[1] == "a, c: never at risk together"


def test_accounts_without_a_group_are_left_out_and_counted():
    tenures = simulated()
    some = tenures.attributes.assign(group=tenures.attributes["group"].where(np.arange(300) >= 12))
    found = logrank(Tenures(duration=tenures.duration, event=tenures.event, attributes=some), by="group")
    assert found.n.sum() == 288
    assert [str(note) for note in found.notes] == ["12 accounts without a value of group are left out"]


def test_what_cannot_be_compared_is_said():
    tenures = simulated()
    with pytest.raises(EstimateError) as caught:
        logrank(tenures.where((tenures.attributes["group"] == "a").to_numpy()), by="group")
    assert str(caught.value) == "logrank, by 'group': has 1 level, expected two or more. Choose another attribute."
    with pytest.raises(SpecError) as refused:
        logrank(tenures, by="grup")
    assert str(refused.value) == "logrank, by 'grup': no such attribute. Did you mean 'group'?"
    with pytest.raises(SpecError) as refused:
        logrank(tenures, by="group", rho=-1)
    assert str(refused.value) == "rho: got -1, expected 0 or more. Choose another weight."
    with pytest.raises(SpecError, match="adjustment: got 'bonferoni', expected one of holm, fdr, bonferroni, none"):
        pairwise_logrank(tenures, by="group", adjustment="bonferoni")  # type: ignore[arg-type]


def test_the_points_drawn_are_the_ratios():
    found = logrank(remission(), by="drug")
    ax = found.plot(Figure().add_subplot())
    assert ax.get_lines()[1].get_xdata().tolist() == found.to_frame()["ratio"].tolist()
    pairs = pairwise_logrank(simulated(), by="group")
    assert pairs.plot(Figure().add_subplot()).get_lines()[0].get_xdata().tolist() == pairs.p_adjusted.tolist()
