from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from churn.competing.curve import CumulativeIncidence
from churn.competing.gray import gray_test
from churn.competing.incidence import cause_specific, cumulative_incidence
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.logrank import logrank
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable

mpl.use("agg")

CAUSES = ("closed", "banned")
rows = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 15), st.integers(0, 2)), min_size=1, max_size=40)


def make_tenures(drawn: list[tuple[int, int, int]], *, late: bool = False) -> Tenures:
    entry, length, cause = (np.array(column) for column in zip(*drawn, strict=True))
    return Tenures(
        duration=(entry if late else 0) + length,
        entry=np.where(entry > 0, entry, np.nan) if late else None,
        event=cause > 0,
        cause=cause,
        causes=CAUSES,
    )


def simulated(n: int = 300, *, late: bool = False) -> Tenures:
    rng = np.random.default_rng(5)
    duration = np.ceil(rng.exponential(20, n)) + 1
    entry = np.where(rng.random(n) < 0.5, np.nan, np.floor(duration * rng.random(n) * 0.9))
    groups = {
        "age": rng.choice(["18-24", "25-34", "35+"], n),
        "city": rng.choice(["Lyon", "Nice"], n),
        "holder": rng.integers(0, 40, n).astype(str),
        "weight": rng.choice([0.5, 1.0, 2.5], n),
    }
    cause = rng.choice(3, n, p=[0.3, 0.4, 0.3])
    attributes = pd.DataFrame(groups)
    return Tenures(
        duration=duration,
        entry=np.where(entry == 0, np.nan, entry) if late else None,
        event=cause > 0,
        cause=cause,
        causes=CAUSES,
        attributes=attributes,
    )


def influences(tenures: Tenures, times: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Differentiate every state's share with respect to each account's weight: (n_times, n_accounts, n_states)."""
    entry = np.full(tenures.n_accounts, -1.0) if tenures.entry is None else np.nan_to_num(tenures.entry, nan=-1.0)
    retained, found = 1.0, np.zeros((tenures.n_accounts, 3))
    path = []
    for time in times:
        at_risk = (entry < time) & (time <= tenures.duration)
        gone = np.array([(tenures.duration == time) & (tenures.cause == k) for k in (1, 2)]).T
        n = weight[at_risk].sum()
        hazard = weight @ gone / n
        own = (gone - at_risk[:, None] * hazard) * retained / n
        found = np.column_stack(
            [found[:, 0] * (1 - hazard.sum()) - own.sum(axis=1), found[:, 1:] + found[:, :1] * hazard + own]
        )
        retained *= 1 - hazard.sum()
        path.append(found)
    return np.array(path)


def test_agrees_with_sums_done_by_hand():
    """Four accounts leave or are censored one after the other, of two causes in turn."""
    found = cumulative_incidence(Tenures(duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=CAUSES))
    assert found.share.tolist() == [[0.75, 0.25, 0], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25]]
    assert found.n_at_risk.tolist() == [4, 3, 2, 1]
    assert found.n_event.tolist() == [[1, 0], [0, 1], [1, 0], [0, 0]]
    assert found.std_error[0] == pytest.approx([np.sqrt(0.75 * 0.25 / 4)] * 2 + [0])


@given(rows, st.booleans())
def test_everybody_is_somewhere(drawn: list[tuple[int, int, int]], late: bool):
    found = cumulative_incidence(make_tenures(drawn, late=late))
    np.testing.assert_allclose(found.share.sum(axis=1), 1, atol=1e-12)
    assert (np.diff(found.share[:, 1:], axis=0) >= 0).all()
    assert (found.share >= 0).all()


@given(rows)
def test_without_censoring_it_is_the_share_that_left_with_its_binomial_error(drawn: list[tuple[int, int, int]]):
    tenures = make_tenures([(entry, length, max(cause, 1)) for entry, length, cause in drawn])
    found = cumulative_incidence(tenures)
    for column, cause in enumerate((1, 2), start=1):
        share = np.array([((tenures.duration <= time) & (tenures.cause == cause)).mean() for time in found.time])
        np.testing.assert_allclose(found.share[:, column], share, atol=1e-12)
        binomial = np.sqrt(share * (1 - share) / len(drawn))
        np.testing.assert_allclose(found.std_error[:, column], binomial, atol=1e-7)


@given(rows)
def test_what_is_retained_is_the_kaplan_meier_curve(drawn: list[tuple[int, int, int]]):
    tenures = make_tenures(drawn)
    found, curve = cumulative_incidence(tenures), kaplan_meier(tenures)
    np.testing.assert_allclose(found.share[:, 0], curve.survival, atol=1e-12)
    np.testing.assert_allclose(found.std_error[:, 0], np.nan_to_num(curve.std_error), atol=1e-12)


@given(rows, st.booleans())
def test_counts_give_the_same_as_rows(drawn: list[tuple[int, int, int]], late: bool):
    tenures = make_tenures(drawn, late=late)
    ours, theirs = cumulative_incidence(tenures), cumulative_incidence(count_tenures(tenures))
    pd.testing.assert_frame_equal(ours.to_frame(), theirs.to_frame(), atol=1e-9)


@given(rows, st.booleans())
def test_the_jackknife_is_the_sum_of_squared_influences(drawn: list[tuple[int, int, int]], late: bool):
    tenures = make_tenures(drawn, late=late)
    found = cumulative_incidence(tenures)
    squares = np.square(influences(tenures, found.time, np.ones(tenures.n_accounts))).sum(axis=1)
    np.testing.assert_allclose(found.std_error**2, squares, atol=1e-12)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("cluster", [None, "holder"])
def test_weights_and_clusters_enter_the_jackknife(late: bool, weight: str | None, cluster: str | None):
    tenures = simulated(late=late)
    weights = tenures.attributes["weight"].to_numpy() if weight else np.ones(tenures.n_accounts)
    found = cumulative_incidence(tenures, weight=weight, cluster=cluster)
    moved = influences(tenures, found.time, weights) * weights[:, None]
    if cluster:
        code = pd.factorize(tenures.attributes[cluster])[0]
        moved = np.stack([moved[:, code == i].sum(axis=1) for i in np.unique(code)], axis=1)
    np.testing.assert_allclose(found.std_error**2, np.square(moved).sum(axis=1), atol=1e-12)
    counts = count_tenures(tenures, by=["holder", "weight"])
    again = cumulative_incidence(counts, weight=weight, cluster=cluster)
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame(), atol=1e-10)


def test_a_cluster_gives_what_is_retained_the_error_of_kaplan_meier():
    tenures = simulated()
    found, curve = cumulative_incidence(tenures, cluster="holder"), kaplan_meier(tenures, cluster="holder")
    np.testing.assert_allclose(found.std_error[:, 0], np.nan_to_num(curve.std_error), atol=1e-12)


def test_both_standard_errors_are_near_each_other():
    ours, theirs = (cumulative_incidence(simulated(), std_errors=x) for x in ("jackknife", "aalen"))
    middle = (ours.time > 3) & (ours.time < 40)
    np.testing.assert_allclose(theirs.std_error[middle], ours.std_error[middle], rtol=0.02)
    assert theirs.method == "Aalen-Johansen, Aalen's variance, log-log interval"


def test_one_minus_kaplan_meier_overstates_what_competes():
    tenures = simulated()
    found = cumulative_incidence(tenures)
    told = found.naive(20, "closed")
    assert isinstance(told, Estimate)
    alone = kaplan_meier(cause_specific(tenures, "closed")).dropout(at=20)
    assert isinstance(alone, Estimate)
    assert (told.estimate, told.conf_low, told.conf_high) == (alone.estimate, alone.conf_low, alone.conf_high)
    table = found.overstatement([10, 20])
    assert (table["overstated"] > 0).all()
    assert table["one_minus_kaplan_meier"].iloc[2] == told.estimate
    share = found.at(20, "closed")
    assert isinstance(share, Estimate)
    assert str(told.notes[-1]) == (
        f"{told.estimate:.1%} gone of closed by 20 days if other causes are taken for censoring, "
        f"{share.estimate:.1%} if not"
    )


def test_with_one_cause_nothing_is_overstated():
    found = cumulative_incidence(Tenures(duration=[1, 2, 3, 4], event=[1, 1, 0, 1], cause=[1, 1, 0, 1], causes=("x",)))
    np.testing.assert_allclose(found.overstatement([1, 2, 3])["overstated"], 0, atol=1e-12)


def test_curves_by_group_leave_out_those_without_one():
    group = pd.DataFrame({"age": ["18-24", "25-34", None]})
    tenures = Tenures(duration=[1, 2, 3], event=[1, 1, 0], cause=[1, 2, 0], causes=CAUSES, attributes=group)
    found = cumulative_incidence(tenures, by="age")
    assert list(found) == ["18-24", "25-34"]
    assert found["25-34"].share.tolist() == [[0, 0, 1]]
    assert [str(note) for note in found["18-24"].notes] == ["1 account without a value of age is left out"]


def test_nothing_is_said_beyond_what_was_observed():
    found = cumulative_incidence(Tenures(duration=[1, 5], event=[True, False], cause=[1, 0], causes=CAUSES))
    assert isinstance(found.at(6, "closed"), Unavailable)
    assert str(found.naive(6, "closed")) == "no account was observed beyond 5 days"
    assert found.overstatement([6])["share"].isna().all()
    early = found.at(0, "closed")
    assert isinstance(early, Estimate)
    assert (early.estimate, early.conf_high) == (0, 0)


def test_gray_with_one_cause_and_no_censoring_is_near_the_log_rank_test():
    tenures = simulated()
    alone = Tenures(
        duration=tenures.duration,
        event=np.ones(tenures.n_accounts, bool),
        cause=np.ones(tenures.n_accounts, int),
        causes=("gone",),
        attributes=tenures.attributes,
    )
    test, other = gray_test(alone, by="age"), logrank(alone, by="age")
    assert test.chi_squared[0] == pytest.approx(other.chi_squared, rel=0.05)
    np.testing.assert_allclose(test.score[0], other.observed - other.expected, atol=1e-10)


@pytest.mark.parametrize("strata", [(), "city"])
def test_gray_from_counts_is_gray_from_rows(strata: str | tuple[str, ...]):
    tenures = simulated()
    ours = gray_test(tenures, by="age", strata=strata, rho=1)
    theirs = gray_test(count_tenures(tenures, by=["age", "city"]), by="age", strata=strata, rho=1)
    np.testing.assert_allclose(ours.chi_squared, theirs.chi_squared, rtol=1e-12)
    np.testing.assert_allclose(ours.score.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(ours.covariance.sum(axis=1), 0, atol=1e-9)
    assert ours.n_event.sum() == tenures.event.sum()
    assert ours.to_frame().columns.tolist() == ["cause", "chi_squared", "df", "p_value"]


def test_gray_agrees_with_cmprsk():
    """`cuminc(c(3,5,8,9,2,4,6,7,7,3), c(1,2,1,0,1,1,1,2,0,2), rep(1:2, each=5))` of cmprsk 2.2-11."""
    group = pd.DataFrame({"age": ["18-24"] * 5 + ["25-34"] * 5})
    cause = np.array([1, 2, 1, 0, 1, 1, 1, 2, 0, 2])
    tenures = Tenures(
        duration=[3, 5, 8, 9, 2, 4, 6, 7, 7, 3], event=cause > 0, cause=cause, causes=CAUSES, attributes=group
    )
    found = gray_test(tenures, by="age")
    np.testing.assert_allclose(found.chi_squared, [0.06358722509932048, 0.38680171359958365], rtol=1e-12)


def test_a_cause_that_cannot_be_compared_says_so():
    group = pd.DataFrame({"age": ["18-24", "25-34", "25-34"]})
    tenures = Tenures(duration=[1, 2, 3], event=[0, 1, 1], cause=[0, 1, 2], causes=CAUSES, attributes=group)
    found = gray_test(tenures, by="age")
    assert np.isnan(found.p_value).all()
    assert str(found.notes[0]) == "groups cannot be compared on closed: its scores have no spread"


def test_other_causes_become_censoring():
    tenures = simulated()
    counts = cause_specific(count_tenures(tenures, by=["age"]), "banned")
    assert counts.cause is None
    assert int(counts.n[counts.event].sum()) == int((tenures.cause == 2).sum())
    assert counts.n_accounts == tenures.n_accounts
    by_rows = cause_specific(Tenures(duration=[1, 2], event=[1, 1], cause=[1, 2], causes=CAUSES), "banned")
    assert by_rows.event.tolist() == [False, True]


def test_is_drawn_as_curves_or_as_a_stack():
    found = cumulative_incidence(simulated())
    ax = Figure().add_subplot()
    found.plot(ax)
    assert [line.get_label() for line in ax.lines] == list(CAUSES)
    assert ax.lines[0].get_ydata()[-1] == found.share[-1, 1]
    stacked = Figure().add_subplot()
    found.plot(stacked, drawing="stacked")
    assert len(stacked.collections) == 2
    top = stacked.collections[1].get_paths()[0].get_extents().y1
    assert top == pytest.approx(1 - found.share[-1, 0])


def test_summary_and_frame():
    found = cumulative_incidence(simulated())
    assert found.summary().startswith("300 accounts; by ")
    frame = found.to_frame()
    assert len(frame) == 3 * len(found.time)
    assert frame["state"].unique().tolist() == ["retained", "closed", "banned"]


def message(call: object) -> str:
    with pytest.raises((SpecError, EstimateError)) as caught:
        call()  # type: ignore[operator]
    return str(caught.value)


def test_says_what_cannot_be():
    plain = Tenures(duration=[1, 2], event=[1, 0])
    assert message(lambda: cumulative_incidence(plain)) == (
        "cumulative_incidence: the causes of dropout are not told apart. Give the cause of each dropout."
    )
    tenures = simulated(40)
    found: CumulativeIncidence = cumulative_incidence(tenures)
    assert message(lambda: found.at(3, "close")) == "cause 'close': no such cause. Did you mean 'closed'?"
    assert message(lambda: found.naive(3, "retained")) == (
        "cause 'retained': no such cause. Choose one of closed, banned."
    )
    assert message(lambda: cause_specific(tenures, "ban")) == (
        "cause_specific, cause 'ban': no such cause. Did you mean 'banned'?"
    )
    assert message(lambda: cumulative_incidence(tenures, std_errors="aalen", weight="weight")) == (  # type: ignore[arg-type]
        "std_errors: got 'aalen', which takes each account for itself, and all alike. "
        "Leave out the weight and the cluster, or choose 'jackknife'."
    )
    assert (
        message(lambda: gray_test(tenures, by="ages")) == "gray_test, by 'ages': no such attribute. Did you mean 'age'?"
    )
    one = Tenures(
        duration=[1, 2], event=[1, 0], cause=[1, 0], causes=("x",), attributes=pd.DataFrame({"age": ["a", "a"]})
    )
    assert message(lambda: gray_test(one, by="age")) == (
        "gray_test, by 'age': has one level, expected two or more. Name another attribute."
    )
    named = Tenures(duration=[1], event=[1], cause=[1], causes=("retained",))
    assert message(lambda: cumulative_incidence(named)) == (
        "cumulative_incidence: a cause is called 'retained', as are those still there. Rename it."
    )
