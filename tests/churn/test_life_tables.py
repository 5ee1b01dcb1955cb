from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy import stats

from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.life_tables import actuarial_life_table, dropout_rates
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError

mpl.use("agg")

rows = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60)


def make_tenures(drawn: list[tuple[int, bool]]) -> Tenures:
    return Tenures(duration=[time for time, _ in drawn], event=[event for _, event in drawn])


def angina() -> TenureCounts:
    """Years of survival of 2,418 men with angina pectoris (Gehan 1969; Lee, table 4.4): deaths and losses by year."""
    gone = [456, 226, 152, 171, 135, 125, 83, 74, 51, 42, 43, 34, 18, 9, 6, 0]
    lost = [0, 39, 22, 23, 24, 107, 133, 102, 68, 64, 45, 53, 33, 27, 23, 30]
    year = np.arange(16) + 0.5
    table = pd.DataFrame({"duration": np.tile(year, 2), "event": np.repeat([True, False], 16), "n": gone + lost})
    return TenureCounts.from_frame(table[table["n"] > 0], time_unit="years")


def test_agrees_with_the_textbook():
    table = actuarial_life_table(angina(), range(17))
    assert table.n_enter[:5].tolist() == [2418, 1962, 1697, 1523, 1329]
    assert table.n_effective[:5].tolist() == [2418, 1942.5, 1686, 1511.5, 1317]
    assert np.round(table.dropout[:4], 4).tolist() == [0.1886, 0.1163, 0.0902, 0.1131]
    assert np.round(table.survival[:5], 4).tolist() == [0.8114, 0.717, 0.6524, 0.5786, 0.5193]
    assert np.round(table.std_error[:4], 4).tolist() == [0.008, 0.0092, 0.0097, 0.0101]
    assert np.round(table.hazard[:4], 4).tolist() == [0.2082, 0.1235, 0.0944, 0.1199]
    assert np.round(table.hazard_std_error[:4], 4).tolist() == [0.0097, 0.0082, 0.0076, 0.0092]


@given(rows)
def test_without_censoring_it_is_kaplan_meier_at_the_breaks(drawn: list[tuple[int, bool]]):
    times = np.array([time for time, _ in drawn], float)
    tenures = Tenures(duration=times, event=np.ones(len(times), bool))
    table = actuarial_life_table(tenures, [0, 7, 14, 31])
    kept = [(times >= end).mean() for end in table.end]
    known = ~np.isnan(table.survival)
    np.testing.assert_allclose(table.survival[known], np.array(kept)[known], atol=1e-12)


@given(rows)
def test_counts_give_the_same_table_as_rows(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    tables = [actuarial_life_table(x, [0, 3, 9, 40]).to_frame() for x in (tenures, count_tenures(tenures))]
    pd.testing.assert_frame_equal(*tables)


def test_an_account_that_ends_at_a_break_belongs_to_the_interval_after_it():
    table = actuarial_life_table(Tenures(duration=[7, 14, 20], event=[True, False, True]), [0, 7, 14])
    assert table.n_event.tolist() == [0, 1]
    assert table.n_enter.tolist() == [3, 3]
    assert table.n_censor.tolist() == [0, 0]


def test_those_gone_before_the_first_break_are_not_counted():
    table = actuarial_life_table(Tenures(duration=[2, 7, 20], event=[True, True, False]), [5, 10])
    assert (table.n, table.n_enter.tolist()) == (2, [2])


def test_late_entry_needs_another_method():
    tenures = Tenures(duration=[2, 7], event=[True, True], entry=[0, 3])
    with pytest.raises(EstimateError) as caught:
        actuarial_life_table(tenures, [0, 10])
    assert str(caught.value) == (
        "actuarial_life_table: 1 accounts came under observation after the first break. "
        "Use kaplan_meier, which allows for late entry."
    )


@pytest.mark.parametrize("breaks", [[5], [0, 5, 5], [5, 0], [0, np.nan]])
def test_breaks_have_to_rise(breaks: list[float]):
    with pytest.raises(SpecError, match="expected two or more rising tenures"):
        actuarial_life_table(angina(), breaks)


def test_the_line_drawn_is_the_share_retained():
    table = actuarial_life_table(angina(), range(17))
    (line,) = table.plot(Figure().add_subplot()).get_lines()
    assert line.get_xdata().tolist() == list(range(17))
    assert line.get_ydata().tolist() == [1, *table.survival]
    assert table.method == "actuarial, log-log interval"


@given(rows.filter(lambda drawn: any(time for time, _ in drawn)))
def test_time_at_risk_is_the_sum_of_tenures_however_it_is_split(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    whole, split = dropout_rates(tenures), dropout_rates(tenures, breaks=[0, 4, 11, 100])
    assert whole.time_at_risk.tolist() == [tenures.duration.sum()]
    assert split.time_at_risk.sum() == pytest.approx(tenures.duration.sum())
    assert split.n_event.sum() == whole.n_event[0] == tenures.event.sum()


@given(rows)
def test_counts_give_the_same_rates_as_rows(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    rates = [dropout_rates(x, breaks=[0, 5, 50]).to_frame() for x in (tenures, count_tenures(tenures))]
    pd.testing.assert_frame_equal(*rates)


def test_limits_leave_half_the_remaining_probability_on_either_side():
    rates = dropout_rates(Tenures(duration=[10.0] * 12, event=[True] * 7 + [False] * 5), conf_level=0.9)
    low, high = rates.conf_low[0] * 120, rates.conf_high[0] * 120
    assert stats.poisson.sf(6, low) == pytest.approx(0.05)
    assert stats.poisson.cdf(7, high) == pytest.approx(0.05)


def test_where_nobody_left_the_rate_may_still_be_above_zero():
    rates = dropout_rates(Tenures(duration=[10.0, 20], event=[False, False]))
    assert (rates.rate[0], rates.conf_low[0]) == (0, 0)
    assert rates.conf_high[0] == pytest.approx(-np.log(0.025) / 30)


def test_time_before_entry_is_not_at_risk():
    tenures = Tenures(duration=[10, 10], event=[True, False], entry=[4, np.nan])
    assert dropout_rates(tenures, breaks=[0, 5, 10]).time_at_risk.tolist() == [6, 10]


def test_no_time_at_risk_has_no_rate():
    rates = dropout_rates(Tenures(duration=[3, 4], event=[True, False]), breaks=[0, 5, 9])
    assert np.isnan(rates.rate).tolist() == [False, True]


def test_a_rate_for_each_level_and_interval():
    group = pd.DataFrame({"plan": ["free", "paid", "free", None]})
    tenures = Tenures(duration=[5, 5, 10, 1], event=[True, False, True, True], attributes=group)
    rates = dropout_rates(tenures, by="plan", breaks=[0, 5, 10])
    assert rates.level == ("free", "free", "paid", "paid")
    assert rates.start.tolist() == [0, 5, 0, 5]
    assert rates.n_event.tolist() == [1, 1, 0, 0]
    assert [str(note) for note in rates.notes] == ["1 account without a value of plan is left out"]
    ax = rates.plot(Figure().add_subplot())
    assert ax.get_lines()[0].get_xdata()[:2].tolist() == rates.rate[:2].tolist()


def test_a_steady_rate_gives_the_curve_its_shape():
    rng = np.random.default_rng(7)
    left = rng.exponential(25, 20_000)
    tenures = Tenures(duration=np.minimum(left, 60), event=left <= 60)
    rate = dropout_rates(tenures).rate[0]
    assert np.exp(-30 * rate) == pytest.approx(kaplan_meier(tenures).at(30).estimate, abs=0.01)
