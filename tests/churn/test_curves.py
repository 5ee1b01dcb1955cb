from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from churn._curves import merge_near_ties
from churn.counts import count_tenures
from churn.curves import SurvivalCurve, kaplan_meier, kaplan_meier_by
from churn.tenures import Tenures
from surveys.errors import EstimateError, SpecError
from surveys.results import Estimate, Unavailable

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
    curves = kaplan_meier_by(Tenures(duration=[1, 2, 3, 4], event=[1, 1, 1, 0], attributes=group), by="age")
    assert {level: curve.n for level, curve in curves.items()} == {"a": 1, "b": 2}
    assert [str(note) for note in curves["a"].notes] == ["1 accounts without a value of age are left out"]


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
