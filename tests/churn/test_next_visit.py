"""Next visit: who is seen again after each tenure, what the log cannot tell, and what a gap does beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from churn.definitions.fractional_departures import departure_odds, fractional_tenures
from churn.definitions.gap_check import compare_gap
from churn.next_visit.curve import HalvesCheck
from churn.next_visit.estimate import compare_at, compare_halves, next_visit_survival
from churn.next_visit.visit_counts import VisitCounts, count_visits
from churn.survival.kaplan_meier import kaplan_meier
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable
from tests.churn.plain import activity_of

N_DAYS = 201
logs = st.dictionaries(
    st.integers(0, 40), st.sets(st.integers(0, N_DAYS - 1), min_size=1, max_size=12), min_size=1, max_size=25
)


def drawn(seed: int, n: int, *, rate: float = 0.3, life: float = 40.0, n_days: int = 365, fade: float = 0.0):
    """Poisson visits during exponential lives; `fade` shortens the lives of late sign-ups."""
    rng = np.random.default_rng(seed)
    days = {}
    for account in range(n):
        first = int(rng.integers(0, n_days - 30))
        lived = rng.exponential(life * (1 - fade * first / n_days))
        seen = first + np.floor(rng.random(rng.poisson(rate * lived)) * lived).astype(int)
        days[account] = {first, *(int(day) for day in seen if day < n_days)}
    return activity_of(days, n_days)


def plainly(days: Mapping[int, set[int]], t: int, wait: int) -> float:
    """Kaplan-Meier by loops: the wait from `t` to the next visit, of accounts followed beyond `t`."""
    waits = []
    for seen in days.values():
        first = min(seen)
        if (follow := N_DAYS - 1 - first) <= t:
            continue
        later = [day - first for day in seen if day - first > t]
        waits.append((min(later) - t, True) if later else (follow - t, False))
    gone = 1.0
    for w in range(1, wait + 1):
        at_risk = sum(length >= w for length, _ in waits)
        gone *= 1 - (sum(back and length == w for length, back in waits) / at_risk if at_risk else 0)
    return 1 - gone


@settings(max_examples=40, deadline=None)
@given(days=logs)
def test_the_tables_are_what_plain_loops_count(days: dict[int, set[int]]):
    counts = count_visits(activity_of(days, N_DAYS))
    pairs: dict[tuple[int, int], int] = {}
    silent: dict[tuple[int, int], int] = {}
    for seen in days.values():
        tenures = sorted(day - min(seen) for day in seen)
        for two in pairwise(tenures):
            pairs[two] = pairs.get(two, 0) + 1
        end = (tenures[-1], N_DAYS - 1 - min(seen))
        silent[end] = silent.get(end, 0) + 1
    frame = counts.to_frame().groupby(["table", "start", "stop"])["n"].sum()
    expected = {("pairs", *key): n for key, n in pairs.items()} | {("silent", *key): n for key, n in silent.items()}
    assert frame.to_dict() == expected
    assert counts.n_accounts == len(days)


@settings(max_examples=40, deadline=None)
@given(days=logs, t=st.integers(0, 100))
def test_the_curve_is_the_product_limit_of_the_wait(days: dict[int, set[int]], t: int):
    curve = next_visit_survival(count_visits(activity_of(days, N_DAYS)), least_wait=1)
    found = curve.at(t)
    if isinstance(found, Unavailable):
        return
    every = [plainly(days, s, int(curve.wait[s])) for s in range(t + 1)]
    assert found.estimate == pytest.approx(min(every), abs=1e-12)
    assert found.n == sum(N_DAYS - 1 - min(seen) > t for seen in days.values())
    assert 0 <= found.conf_low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.conf_high <= 1


@settings(max_examples=20, deadline=None)
@given(days=logs)
def test_counts_of_parts_add_up(days: dict[int, set[int]]):
    activity = activity_of(days, N_DAYS)
    whole = count_visits(activity, halves=False)
    odd = {name: seen for name, seen in days.items() if name % 2}
    even = {name: seen for name, seen in days.items() if not name % 2}
    parts = [count_visits(activity_of(part, N_DAYS), halves=False) for part in (odd, even) if part]
    added = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    for pooled in ("pairs", "silent"):
        first, second = (getattr(counts.pooled(), pooled) for counts in (whole, added))
        assert [list(column) for column in first] == [list(column) for column in second]


def test_blocks_and_sorted_tables_count_alike(monkeypatch: pytest.MonkeyPatch):
    activity = drawn(1, 300)
    plain = count_visits(activity)
    monkeypatch.setattr("churn.next_visit.waits.BLOCK", 7)
    monkeypatch.setattr("churn.next_visit.waits.DENSE", 10)
    monkeypatch.setattr("churn.next_visit.waits.MOST_WAITING", 100)
    pd.testing.assert_frame_equal(plain.to_frame(), count_visits(activity).to_frame())


def test_long_silences_are_waited_for():
    """Everybody comes back every 45 days for ever: nobody is gone, whatever a gap of 30 days would say."""
    days = {account: set(range(account % 300, 365, 45)) for account in range(1500)}
    counts = count_visits(activity_of(days, 365))
    curve = next_visit_survival(counts)
    assert curve.at(30).estimate == pytest.approx(1.0)
    assert curve.at(120).estimate == pytest.approx(1.0)
    assert curve.at(120).conf_low > 0.97
    found = compare_gap(counts, gap_days=30, times=(120,))
    assert found.at(120).estimate < -0.05
    assert found.is_far(120)
    assert found.wrongly_gone.estimate > 0.9


def test_a_service_that_nobody_leaves_is_no_short_log():
    """Nearly all are back within days, so that few are still awaited; the log is long enough all the same."""
    rng = np.random.default_rng(4)
    days = {a: {0, *np.flatnonzero(rng.random(365) < (0.5 if a % 50 else 0.0)).tolist()} for a in range(1000)}
    curve = next_visit_survival(count_visits(activity_of(days, 365)))
    assert curve.at(30).estimate == pytest.approx(0.98)
    assert curve.wait[30] > 300
    assert not curve.too_short[30]


def test_where_nobody_comes_back_the_upper_limit_is_exact():
    days = {account: {account % 100} for account in range(100)}
    found = next_visit_survival(count_visits(activity_of(days, 365))).at(30)
    assert (found.estimate, found.conf_low) == (0.0, 0.0)
    assert 0.03 < found.conf_high < 0.15


def test_beyond_what_the_log_supports_it_says_so():
    curve = next_visit_survival(count_visits(drawn(2, 500)))
    last = int(curve.time[-1])
    assert curve.wait[-1] >= 60
    told = str(curve.at(last + 1))
    assert told == (
        f"at {last + 1} days accounts are followed for 59 days more at most, fewer than the 60 that are needed"
    )
    assert str(curve.at(400)) == f"no account was observed beyond {len(curve.wait_by_day)} days"
    assert str(curve.at(-1)) == "the curve begins at 0 days"


def test_a_log_shorter_than_the_wait_has_no_curve_and_its_doors_still_open():
    curve = next_visit_survival(count_visits(activity_of({1: {0, 3}, 2: {1}}, 20)))
    assert len(curve.time) == 0
    assert isinstance(curve.at(5), Unavailable)
    assert isinstance(curve.dropout(at=5), Unavailable)
    assert isinstance(curve.median, Unavailable)
    assert curve.to_frame().empty
    assert curve.risk_table([0, 30]).empty
    assert curve.summary().startswith("2 accounts; ")
    assert isinstance(compare_gap(count_visits(activity_of({1: {0}}, 20)), gap_days=30).at(30), Unavailable)


def test_returns_late_in_the_wait_widen_the_upper_limit_and_are_told():
    """A third come back every 70 days; at day 120 of 210, few waits are long enough."""
    rng = np.random.default_rng(8)
    days = {}
    for account in range(3000):
        first = int(rng.integers(0, 60))
        step = 70 if account % 3 == 0 else 500
        days[account] = {first, *range(first + int(rng.integers(1, 70)), 210, step)}
    curve = next_visit_survival(count_visits(activity_of(days, 210)))
    assert curve.too_short[120]
    found = curve.at(120)
    assert any("too short for 120 days" in str(note) for note in found.notes)
    plain = curve.std_error[120] * 1.96
    assert found.conf_high - found.estimate > plain + curve.late[120] / 2


def test_cohorts_that_differ_are_told():
    alike = compare_halves(count_visits(drawn(11, 2000)))
    assert isinstance(alike, HalvesCheck)
    assert not alike.differ
    curve = next_visit_survival(count_visits(drawn(11, 2000, fade=0.9)))
    assert isinstance(curve.halves, HalvesCheck)
    assert curve.halves.z > 4
    assert any("cohorts differ" in str(note) for note in curve.at(30).notes)


def test_halves_need_two_halves_followed_for_long():
    assert isinstance(compare_halves(count_visits(activity_of({1: {0}, 2: {0, 3}}, 300))), Unavailable)
    late = {account: {0 if account < 50 else 180} for account in range(100)}
    assert "are followed for" in str(compare_halves(count_visits(activity_of(late, 250))))


def test_levels_have_their_own_curves_and_are_compared_at_a_tenure():
    short, long = drawn(3, 700, life=15), drawn(4, 700, life=60)
    words = np.concatenate([short.words, long.words])
    both = replace(
        short,
        words=words,
        first_day=np.concatenate([short.first_day, long.first_day]),
        last_day=np.concatenate([short.last_day, long.last_day]),
        first=np.concatenate([short.first, long.first]),
        last=np.concatenate([short.last, long.last]),
        accounts=pd.DataFrame({"account": range(1400)}),
        attributes=pd.DataFrame({"plan": pd.Categorical(["free"] * 699 + [None] + ["paid"] * 700)}),
    )
    counts = count_visits(both, by=["plan"])
    assert "1 account without a value of plan is left out" in [str(note) for note in counts.notes]
    curves = next_visit_survival(counts, by="plan")
    assert list(curves) == ["free", "paid"]
    paid = next_visit_survival(count_visits(long))
    assert curves["paid"].at(30).estimate == pytest.approx(paid.at(30).estimate, abs=1e-12)
    found = compare_at(curves, at=30)
    assert found.reference == "free"
    assert found.difference[1] == pytest.approx(curves["paid"].at(30).estimate - curves["free"].at(30).estimate)
    assert found.p_value[1] == pytest.approx(found.overall_p_value)
    assert found.overall_p_value < 1e-6
    with pytest.raises(SpecError, match="Did you mean 'plan'"):
        next_visit_survival(counts, by="plam")


def test_without_long_silences_the_gap_moves_nothing():
    """Visits every day or so: nobody is silent for 30 days and comes back."""
    found = compare_gap(count_visits(drawn(5, 1500, rate=1.5)), gap_days=30, times=(30, 60))
    for time in (30, 60):
        assert abs(found.at(time).estimate) < 3 * found.at(time).std_error + 1e-9
    assert found.wrongly_gone.estimate < 0.002


def test_where_nobody_is_expected_back_the_upper_limit_is_exact():
    found = compare_gap(count_visits(activity_of({account: {account} for account in range(40)}, 200)), gap_days=30)
    assert found.wrongly_gone.estimate == 0.0
    assert found.wrongly_gone.conf_high == pytest.approx(1 - 0.025 ** (1 / 40))


def test_the_share_wrongly_called_gone_is_that_of_the_simulation():
    """Silences of three lengths, lives that end by chance: the expected share is near the one that the lives hold."""
    rng = np.random.default_rng(21)
    whole: dict[int, set[int]] = {}
    for account in range(4000):
        first = int(rng.integers(0, 330))
        step = rng.choice([3, 10, 50])
        visits = first + np.cumsum(np.ceil(rng.exponential(step, 60))).astype(int)
        lived = first + rng.exponential(60)
        whole[account] = {first, *(int(day) for day in visits if day <= lived)}
    seen = {account: {day for day in days if day < 365} for account, days in whole.items()}
    called = [a for a, days in seen.items() if max(days) <= 364 - 30]
    truth = np.mean([max(whole[a]) > max(seen[a]) for a in called])
    found = compare_gap(count_visits(activity_of(seen, 365)), gap_days=30)
    assert found.n_called == len(called)
    assert found.wrongly_gone.estimate == pytest.approx(truth, rel=0.25)
    assert found.wrongly_gone.conf_low < truth < found.wrongly_gone.conf_high


def test_fractional_departures_give_the_curve_of_the_next_visit():
    activity = drawn(9, 3000, rate=0.06)
    fractional = kaplan_meier(fractional_tenures(activity), weight="weight")
    curve = next_visit_survival(count_visits(activity))
    for time in (30, 60):
        assert fractional.at(time).estimate == pytest.approx(curve.at(time).estimate, abs=0.01)
    tenures = fractional_tenures(activity, gap_days=0)
    assert tenures.attributes.groupby("account_number")["weight"].sum().to_numpy() == pytest.approx(1)


def test_the_odds_of_being_gone_rise_with_silence():
    odds = departure_odds(count_visits(drawn(9, 3000, rate=0.06)))
    assert (np.diff(odds.probability, axis=1) >= -1e-12).all()
    assert odds.at(np.array([10]), np.array([10_000])).tolist() == [1.0]
    assert set(odds.to_frame()) == {"tenure", "silence", "probability"}


def test_accounts_have_the_same_replicate_in_any_order():
    days = {account: {account % 50, account % 50 + 3} for account in range(200)}
    forward = count_visits(activity_of(days, N_DAYS)).to_frame()
    backward = count_visits(activity_of(dict(reversed(days.items())), N_DAYS)).to_frame()
    pd.testing.assert_frame_equal(forward, backward)


def test_the_curve_draws_itself_and_tells_its_rows():
    curve = next_visit_survival(count_visits(drawn(6, 400)))
    assert len(curve.plot(Figure().add_subplot()).lines) == 1
    assert (np.diff(curve.survival) <= 0).all()
    frame = curve.to_frame()
    assert (frame["n_back"] <= frame["n_at_risk"]).all()
    assert curve.risk_table([0, 30, 9999])["time"].tolist() == [0.0, 30.0]
    median = curve.median
    assert isinstance(median, Estimate)
    assert curve.at(median.estimate).estimate <= 0.5


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda counts: compare_gap(counts, gap_days=0), "compare_gap, gap_days"),
        (lambda counts: compare_gap(counts, gap_days=30).at(31), "GapCheck.at"),
        (lambda counts: next_visit_survival(counts).quantile(2), "quantile"),
        (lambda counts: count_visits(activity_of({1: {0}}, 20), by=["plan"]), "by 'plan'"),
        (lambda counts: count_visits(activity_of({1: {0}}, 20), replicates=0), "count_visits, replicates"),
    ],
)
def test_wrong_options_are_refused(made, place: str):
    counts: VisitCounts = count_visits(activity_of({1: {0, 5}, 2: {3}}, 120))
    with pytest.raises(SpecError, match=place):
        made(counts)
