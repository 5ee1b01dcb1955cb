from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tenures import DropoutRule, Tenures, measure_tenures, read_tenures, returned_share
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Estimate
from tests.churn.logs import make_study, write_events, write_lines

GAP = 30
AT = (30, 60, 90, 120)
DAY = 86_400_000_000
START = datetime(2013, 1, 1)
LENGTH = 210
END_US = (datetime(2013, 1, 1) - datetime(1970, 1, 1)).days * DAY + LENGTH * DAY


def test_status_is_judged_a_gap_before_the_end(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "silent,2013-10-01T00:00:00Z",
        "silent,2013-12-02T00:00:00Z",
        "active,2013-10-01T00:00:00Z",
        "active,2013-12-02T00:00:01Z",
        "once,2013-10-01T00:00:00Z",
        "new,2013-12-02T00:00:00Z",
    )
    tenures = read_tenures(make_study(tmp_path, events="log.csv", group=["account"]))
    assert tenures.attributes["account"].tolist() == ["active", "once", "silent"]
    assert tenures.duration.tolist() == [62, 0, 62]
    assert tenures.event.tolist() == [False, True, True]
    assert tenures.n_excluded == 1
    assert [str(note) for note in tenures.notes] == [
        "sign-up is dated at the first event of an account in the log",
        "1 account that signed up in the last 30 days of the window is left out",
    ]
    assert tenures.summary() == "3 accounts, 2 of them gone"


def test_a_log_of_days_is_judged_at_the_end_of_a_day(tmp_path: Path):
    rows = [("silent", date(2013, 10, 1)), ("silent", date(2013, 12, 1))]
    rows += [("active", date(2013, 10, 1)), ("active", date(2013, 12, 2)), ("new", date(2013, 12, 2))]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    tenures = read_tenures(make_study(tmp_path, events="log.parquet", timezone="Europe/Paris"))
    assert tenures.duration.tolist() == [61, 61]
    assert tenures.event.tolist() == [False, True]
    assert tenures.n_excluded == 1


def test_a_gap_longer_than_the_log_is_refused(tmp_path: Path):
    write_events(tmp_path / "log.parquet", [("a", date(2013, 12, 15))], pa.date32())
    with pytest.raises(StudyError) as caught:
        read_tenures(make_study(tmp_path, events="log.parquet"))
    assert str(caught.value) == (
        "study.toml, usage.dropout.gap_days: all accounts signed up in the 30 days before 2013-12-31. "
        "Shorten the gap, or use a longer log."
    )


def day_log(path: Path, days: dict[str, list[int]]) -> None:
    """Write a log of days; day 1 is 1 December 2013."""
    rows = [(name, date(2013, 12, day)) for name, when in days.items() for day in when]
    write_events(path, rows, pa.date32())


ABSENCES = {
    "always": [1, 5, 10, 15, 20, 25, 30],
    "back": [1, 3, 14, 30],
    "gone": [1, 3],
    "just over": [2, 21],
    "just under": [2, 22],
    "new": [24],
    "once": [4],
}
"""Silences of 10 days, judged on the 21st of a window that ends on the 31st."""


@pytest.mark.parametrize(
    ("rule", "accounts", "durations", "events"),
    [
        ("inactive", "always back gone over under once", [20, 20, 2, 19, 19, 0], [0, 0, 1, 1, 0, 1]),
        ("first_silence", "always back gone over under once", [20, 2, 2, 0, 0, 0], [0, 1, 1, 1, 1, 1]),
        ("detected", "always back gone over under new once", [30, 30, 12, 29, 29, 7, 10], [0, 0, 1, 1, 0, 0, 1]),
    ],
)
def test_a_rule_on_a_log_worked_by_hand(
    tmp_path: Path, rule: str, accounts: str, durations: list[int], events: list[int]
):
    day_log(tmp_path / "log.parquet", ABSENCES)
    dropout = {"rule": rule, "gap_days": 10}
    found = read_tenures(make_study(tmp_path, events="log.parquet", group=["account"], dropout=dropout))
    assert [name.split()[-1] for name in found.attributes["account"]] == accounts.split()
    assert found.duration.tolist() == durations
    assert found.event.tolist() == events
    assert found.n_excluded == 7 - len(durations)
    assert isinstance(found.returned, Estimate)
    assert found.returned.estimate == pytest.approx(3 / 7)


def test_a_dropout_is_detected_when_the_gap_is_full(tmp_path: Path):
    """In instants: declared gone to the microsecond, and everybody else observed to the end."""
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "gone,2013-12-01T12:00:00Z",
        "gone,2013-12-03T13:00:00Z",
        "new,2013-12-31T12:00:00Z",
        "seen,2013-12-01T00:00:00Z",
        "seen,2013-12-22T00:00:01Z",
    )
    dropout = {"rule": "detected", "gap_days": 10}
    found = read_tenures(make_study(tmp_path, events="log.csv", dropout=dropout))
    assert found.duration.tolist() == [13, 1, 31]
    assert found.event.tolist() == [True, False, False]


def test_silences_are_whole_days_unless_they_were_read_to_the_microsecond(tmp_path: Path):
    """Two days of silence: from noon to noon two days later is one whole local day and two elapsed ones."""
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        *(f"a,2013-12-{day:02}T12:00:00Z" for day in (1, 3, 6)),
        *(f"b,2013-12-{day:02}T12:00:00Z" for day in (1, 2, 3)),
    )
    study, rule = make_study(tmp_path, events="log.csv", as_of=date(2013, 12, 6)), DropoutRule("first_silence", 2)
    local, elapsed = (measure_tenures(read_activity(study, clock=clock), rule) for clock in ("local", "elapsed"))
    exact = measure_tenures(read_activity(study, silence_days=2), rule)
    assert local.duration.tolist() == [2, 2]
    assert elapsed.duration.tolist() == [2, 2]
    assert exact.duration.tolist() == [0, 2]
    assert [found.event.tolist() for found in (local, elapsed, exact)] == [[True, True]] * 3


def plain_tenures(days: dict[int, list[int]], rule: str, gap: int, last: int) -> dict[int, tuple[int, bool]]:
    """Judge one account after the other, one day after the other; `last` is the last day observed."""
    found = {}
    for account, active in days.items():
        end, seen = last - gap, sorted(set(active))
        if rule == "first_silence":
            quiet = [day for day in seen if day <= end and not any(day < other <= day + gap for other in seen)]
            stop = quiet[0] if quiet else end
            gone = bool(quiet)
        else:
            gone = seen[-1] <= end
            stop = seen[-1] if gone else end
        if rule == "detected":
            found[account] = (stop + gap - seen[0], gone)
        elif seen[0] <= end:
            found[account] = (stop - seen[0], gone)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), gap=st.integers(1, 140), length=st.integers(150, 400))
def test_every_rule_is_that_of_a_plain_loop(tmp_path: Path, seed: int, gap: int, length: int):
    rng = np.random.default_rng(seed)
    rate = rng.choice([0.003, 0.02, 0.1, 0.6], 50)
    days = {i: np.flatnonzero(rng.random(length) < rate[i]).tolist() or [0] for i in range(50)}
    days[0] = [0, *days[0]]
    start = date(2013, 1, 1)
    rows = [(account, start + timedelta(days=day)) for account, when in days.items() for day in when]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    as_of = start + timedelta(days=length - 1)
    activity = read_activity(make_study(tmp_path, events="log.parquet", as_of=as_of))
    for rule in ("inactive", "first_silence", "detected"):
        found = measure_tenures(activity, DropoutRule(rule, gap))
        expected = plain_tenures(days, rule, gap, length - 1).values()
        assert list(zip(found.duration, found.event, strict=True)) == list(expected)
    came_back = [any(after - day > gap for day, after in pairwise(sorted(set(when)))) for when in days.values()]
    assert returned_share(activity, gap).estimate == pytest.approx(np.mean(came_back))


def test_what_is_detected_is_the_default_later_by_the_gap(tmp_path: Path):
    simulate_log(tmp_path / "log.parquet", 5_000)
    activity = read_activity(make_study(tmp_path, events="log.parquet", as_of=date(2013, 7, 29)))
    default, detected = (measure_tenures(activity, DropoutRule(rule, GAP)) for rule in ("inactive", "detected"))
    early, late = kaplan_meier(default), kaplan_meier(detected)
    for day in AT:
        assert late.at(day + GAP).estimate == early.at(day).estimate


def test_each_rule_says_what_it_takes_for_gone():
    told = {rule: str(DropoutRule(rule, 14).describe()) for rule in ("inactive", "first_silence", "detected", "closed")}
    assert told == {
        "inactive": "an account is gone when it shows nothing for 14 days; the dropout is dated at its last activity",
        "first_silence": "an account is gone at its first 14 days without activity, even if it comes back; "
        "the dropout is dated at its last activity before them",
        "detected": "an account is gone when it shows nothing for 14 days; the dropout is dated when they are over",
        "closed": "an account is gone when it is closed",
    }


def test_share_that_came_back_counts_whole_silent_days(tmp_path: Path):
    days = {"never": [1], "soon": [1, 31], "late": [1, 32]}
    rows = [(name, date(2013, 1, 1) + timedelta(days=day - 1)) for name, when in days.items() for day in when]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    assert returned_share(activity, 30).estimate == pytest.approx(1 / 3)
    assert returned_share(activity, 29).estimate == pytest.approx(2 / 3)


def simulate_log(path: Path, n_accounts: int) -> np.ndarray:
    """Draw Weibull lifetimes, activity at gamma rates, sign-up over 180 days of 210; give the last activity ever."""
    rng = np.random.default_rng(7)
    signup = rng.uniform(0, 180, n_accounts)
    lifetime = 60 * rng.weibull(0.7, n_accounts)
    rate = rng.gamma(2, 0.35 / 2, n_accounts) + 0.02
    number = rng.poisson(rate * lifetime)
    account = np.repeat(np.arange(n_accounts), number)
    since = rng.random(len(account)) * lifetime[account]
    last = np.zeros(n_accounts)
    np.maximum.at(last, account, since)
    accounts = np.concatenate([np.arange(n_accounts), account])
    days = np.concatenate([signup, signup[account] + since])
    seen = days < LENGTH
    start = np.datetime64(START, "us").astype(np.int64)
    times = pa.array(start + np.floor(days[seen] * DAY).astype(np.int64), pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"account": accounts[seen], "time": times}), path)
    return last


def survival(tenures: Tenures) -> list[float]:
    curve = kaplan_meier(tenures)
    return [curve.at(day).estimate for day in AT]


def habits(activity: Activity) -> dict[str, list[float]]:
    """The two common habits: an account still seen is censored at its last activity, or at the end of the log."""
    gone = activity.end - activity.last >= GAP * DAY
    lived = activity.last - activity.first
    observed = np.where(gone, lived, activity.end - activity.first)
    return {
        "censored at last activity": survival(Tenures(duration=np.ceil(lived / DAY), event=gone)),
        "censored at the end": survival(Tenures(duration=np.ceil(observed / DAY), event=gone)),
    }


def test_the_rule_finds_the_planted_dropout_and_the_common_habits_do_not(tmp_path: Path):
    last = simulate_log(tmp_path / "log.parquet", 200_000)
    truth = np.array([(last > day).mean() for day in AT])
    as_of = date(2013, 1, 1) + timedelta(days=LENGTH - 1)
    activity = read_activity(make_study(tmp_path, events="log.parquet", as_of=as_of))
    assert activity.end == END_US
    ours = survival(measure_tenures(activity, DropoutRule("inactive", GAP)))
    np.testing.assert_allclose(ours, truth, atol=0.005)
    for name, theirs in habits(activity).items():
        assert (np.array(theirs) > truth + 0.015).all(), name
        assert theirs[-1] / truth[-1] > 1.25, name


def test_impossible_tenures_are_refused():
    with pytest.raises(SpecError) as caught:
        Tenures(duration=[1, -1, np.nan], event=[True, False], entry=[0, 0, 0])
    assert str(caught.value).splitlines() == [
        "Tenures.event: has 2 rows, expected 3. Give one row per account.",
        "Tenures.duration: 2 durations are missing, negative or endless. Give the time from sign-up, 0 or more.",
        "Tenures.entry: 1 accounts leave before they enter. Correct them.",
    ]


def test_later_changes_to_the_input_do_not_reach_the_tenures():
    duration = np.array([1.0, 2.0])
    tenures = Tenures(duration=duration, event=[True, False])
    duration[0] = 9
    assert tenures.duration.tolist() == [1, 2]


@pytest.mark.parametrize(("rule", "gap"), [("gone", 30), ("inactive", 0)])
def test_a_rule_that_is_none_is_refused(rule: str, gap: int):
    with pytest.raises(SpecError):
        DropoutRule(rule, gap)  # type: ignore[arg-type]


def test_a_log_has_no_closing_dates(tmp_path: Path):
    write_events(tmp_path / "log.parquet", [("a", date(2013, 1, 15))], pa.date32())
    activity = read_activity(make_study(tmp_path, events="log.parquet"))
    with pytest.raises(StudyError, match="rule 'closed' needs the closing date of each account"):
        measure_tenures(activity, DropoutRule("closed"))


def test_next_visit_calls_accounts_gone_as_inactive_does(tmp_path: Path):
    simulate_log(tmp_path / "log.parquet", 500)
    activity = read_activity(make_study(tmp_path, events="log.parquet", as_of=date(2013, 7, 29)))
    first, second = (measure_tenures(activity, DropoutRule(rule, GAP)) for rule in ("next_visit", "inactive"))
    assert first.duration.tolist() == second.duration.tolist()
    assert first.rule == second.rule == DropoutRule("inactive", GAP)


def test_a_log_needs_no_rule_and_a_table_has_the_one_that_it_allows(tmp_path: Path):
    assert make_study(tmp_path, events="log.csv").usage.dropout.rule == "next_visit"
    table = {"accounts": "a.csv", "signup": "opened"}
    assert make_study(tmp_path, **table, last_seen="seen").usage.dropout.rule == "inactive"
    assert make_study(tmp_path, **table, closed="closed").usage.dropout.rule == "closed"
    assert make_study(tmp_path, **table, closed="closed", last_seen="seen").usage.dropout.rule == "inactive"
    with pytest.raises(ValueError, match="rule 'next_visit' needs a log of events"):
        make_study(tmp_path, **table, last_seen="seen", dropout={"rule": "next_visit"})
