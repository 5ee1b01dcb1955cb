from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import NelsonAalenFitter
from matplotlib.figure import Figure

from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.nelson_aalen import nelson_aalen
from churn.survival.tallies import reciprocals
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError

mpl.use("agg")

rows = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60)


def make_tenures(drawn: list[tuple[int, bool]]) -> Tenures:
    return Tenures(duration=[time for time, _ in drawn], event=[event for _, event in drawn])


def sixmp() -> Tenures:
    """Weeks in remission under 6-MP, as in Klein and Moeschberger, table 4.2."""
    gone = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    return Tenures(duration=gone + censored, event=[True] * 9 + [False] * 12, time_unit="weeks")


def test_agrees_with_the_textbook():
    hazard = nelson_aalen(sixmp())
    steps = hazard.n_event > 0
    table = [0.1428, 0.2017, 0.2683, 0.3517, 0.4426, 0.5854, 0.7521]
    assert hazard.cumulative_hazard[steps].tolist() == pytest.approx(table, abs=1e-4)
    errors = [0.0825, 0.1013, 0.1212, 0.1471, 0.1729, 0.2244, 0.2795]
    assert hazard.std_error[steps].tolist() == pytest.approx(errors, abs=2e-4)


@given(rows)
def test_agrees_with_lifelines(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(tenures.duration, tenures.event)
    hazard = nelson_aalen(tenures)
    np.testing.assert_allclose(
        hazard.cumulative_hazard, theirs.cumulative_hazard_at_times(hazard.time).to_numpy(), atol=1e-12
    )


@given(rows)
def test_one_by_one_is_leaving_one_after_the_other(drawn: list[tuple[int, bool]]):
    """Ties are undone by moving each departure of a day a little later than the one before."""
    tenures = make_tenures(drawn)
    order = np.lexsort((~tenures.event, tenures.duration))
    moved = tenures.duration[order] + np.arange(len(order)) / 1000
    apart = nelson_aalen(Tenures(duration=moved, event=tenures.event[order]))
    tied = nelson_aalen(tenures, ties="one by one")
    last = np.searchsorted(apart.time, tied.time + 0.9) - 1
    np.testing.assert_allclose(tied.cumulative_hazard, apart.cumulative_hazard[last], atol=1e-12)
    np.testing.assert_allclose(tied.std_error, apart.std_error[last], atol=1e-12)


@given(rows)
def test_counts_give_the_same_hazard_as_rows(drawn: list[tuple[int, bool]]):
    tenures = make_tenures(drawn)
    for ties in ("together", "one by one"):
        found = [nelson_aalen(x, ties=ties).to_frame() for x in (tenures, count_tenures(tenures))]
        pd.testing.assert_frame_equal(*found)


@given(st.floats(1, 2000), st.integers(1, 500))
def test_sums_of_reciprocals_do_not_depend_on_how_they_are_summed(extra: float, terms: int):
    top = terms - 1 + extra
    first, second = reciprocals(np.array([top]), np.array([terms]))
    k = top - np.arange(terms)
    assert first[0] == pytest.approx((1 / k).sum(), rel=1e-13)
    assert second[0] == pytest.approx((1 / k**2).sum(), rel=1e-13)


def test_millions_of_departures_in_one_day_cost_nothing():
    table = pd.DataFrame({"duration": [0, 1, 1], "event": [True, True, False], "n": [6_000_000, 3_000_000, 1_000_000]})
    hazard = nelson_aalen(TenureCounts.from_frame(table), ties="one by one")
    assert hazard.cumulative_hazard[0] == pytest.approx(np.log(10 / 4), abs=1e-6)
    assert hazard.cumulative_hazard[1] == pytest.approx(np.log(10), abs=1e-5)


def test_the_share_retained_lies_above_kaplan_meier_and_never_ends():
    tenures = Tenures(duration=[1, 2, 2, 3], event=[True] * 4)
    curve = nelson_aalen(tenures).survival()
    assert (curve.survival > kaplan_meier(tenures).survival).all()
    assert curve.survival[-1] > 0
    assert curve.method == "Nelson-Aalen, log-log interval"
    one_by_one = nelson_aalen(tenures, ties="one by one").survival("plain")
    assert one_by_one.method == "Fleming-Harrington, plain interval"


def test_the_jackknife_goes_along_into_the_curve():
    attributes = pd.DataFrame({"w": [1.0, 2, 1, 0.5], "holder": ["a", "a", "b", "c"]})
    tenures = Tenures(duration=[1, 2, 2, 3], event=[1, 1, 0, 0], attributes=attributes)
    hazard = nelson_aalen(tenures, weight="w", cluster="holder")
    curve = hazard.survival()
    assert hazard.method == "Nelson-Aalen, log interval, infinitesimal jackknife"
    np.testing.assert_allclose(curve.std_error, curve.survival * hazard.std_error)
    assert "jackknife" in curve.restricted_mean(3).method


def test_late_entry_counts_who_is_there():
    hazard = nelson_aalen(Tenures(duration=[3, 5, 9], event=[1, 1, 0], entry=[0, 4, 2]))
    assert hazard.cumulative_hazard.tolist() == [0.5, 1.0, 1.0]


def test_nothing_is_said_outside_what_was_observed():
    hazard = nelson_aalen(Tenures(duration=[4, 5], event=[True, False]), start=3)
    assert str(hazard.at(2)) == "the curve begins at 3 days"
    assert str(hazard.at(6)) == "no account was observed beyond 5 days"
    assert (hazard.at(3.5).estimate, hazard.at(5).estimate, hazard.at(5).unit) == (0, 0.5, "departures per account")


def test_one_sum_per_level():
    group = pd.DataFrame({"age": ["b", "a", None, "b"]})
    found = nelson_aalen(Tenures(duration=[1, 2, 3, 4], event=[1, 1, 1, 0], attributes=group), by="age")
    assert {level: hazard.n for level, hazard in found.items()} == {"a": 1, "b": 2}
    assert [str(note) for note in found["a"].notes] == ["1 account without a value of age is left out"]


def test_options_that_are_none_are_refused():
    with pytest.raises(SpecError) as caught:
        nelson_aalen(sixmp(), ties="one-by-one")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "ties: got 'one-by-one', expected one of together, one by one. Did you mean 'one by one'?"
    )
    with pytest.raises(SpecError, match="conf_type: got 'log-log', expected one of log, plain"):
        nelson_aalen(sixmp(), conf_type="log-log")  # type: ignore[arg-type]


def test_the_line_drawn_is_the_estimate():
    hazard = nelson_aalen(sixmp())
    ax = hazard.plot(Figure().add_subplot())
    (line,) = ax.get_lines()
    assert line.get_ydata().tolist() == [0, *hazard.cumulative_hazard]
    assert hazard.summary() == "0.752 departures per account by 35 weeks [0.363, 1.56], n = 21"
