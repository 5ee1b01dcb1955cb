from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from statsmodels.stats.proportion import proportion_confint

from churn.cohorts.retention import measure_retention
from churn.cohorts.rules import RetentionRule
from churn.cohorts.triangle import retention_triangle
from churn.days.periods import add_months, period_of, period_start, period_starts
from churn.days.zones import day_date, day_number
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tenures import Tenures
from churn.usage.log import read_activity
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable
from tests.churn.logs import make_study, write_events, write_lines
from tests.churn.plain import START, activity_of, dates_of, logs

mpl.use("agg")

END = START + timedelta(days=201)
FLOOR = {"day": lambda d: d, "week": lambda d: d - timedelta(days=d.weekday()), "month": lambda d: d.replace(day=1)}


def later(day: date, months: int) -> date:
    """The same day of the month some months later, or its last, as pandas has it."""
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()


def window(signup: date, rule: RetentionRule, first: int, last: int) -> tuple[date, date]:
    """First day of a window of ages and the day after it, by the words of the rule."""
    if rule.clock == "calendar":
        start = FLOOR[rule.period](signup)
        if rule.period == "month":
            return later(start, first), later(start, last + 1)
        length = {"day": 1, "week": 7}[rule.period]
        return start + timedelta(days=first * length), start + timedelta(days=(last + 1) * length)
    if rule.period == "month":
        return later(signup, first), later(signup, last + 1)
    length = {"day": 1, "week": 7, "30 days": 30}[rule.period]
    return signup + timedelta(days=first * length), signup + timedelta(days=(last + 1) * length)


def plain_cell(seen: list[date], rule: RetentionRule, first: int, last: int) -> tuple[bool, bool, bool]:
    """Whether the window was observed to its end, whether it began, and whether the account was active in it."""
    low, high = window(seen[0], rule, first, last)
    active = any(low <= day and (rule.measure == "on or after" or day < high) for day in seen)
    return high <= END, low < END, active


RULES = [
    RetentionRule(measure=measure, period=period, clock=clock, brackets=((0, 0), (1, 2), (4, 9)))
    for measure in ("on", "on or after", "bracket")
    for clock, periods in {
        "calendar": ("day", "week", "month"),
        "dates": ("day", "week", "30 days", "month"),
        "elapsed": ("week", "30 days"),
    }.items()
    for period in periods
]


@pytest.mark.parametrize("cohorts", ["all", "own"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.measure}-{rule.period}-{rule.clock}")
@settings(max_examples=8, deadline=None)
@given(days=logs)
def test_every_cell_is_what_plain_loops_count(rule: RetentionRule, cohorts: str, days: dict[int, set[int]]):
    period = rule.period if rule.period != "30 days" else "month"
    retention = measure_retention(activity_of(days), rule, cohorts="all" if cohorts == "all" else period)
    for i, cohort in enumerate(retention.cohort):
        members = [seen for seen in dates_of(days).values() if cohort in (None, FLOOR[period](seen[0]))]
        assert retention.n_accounts[i] == len(members)
        for k, (first, last) in enumerate(zip(retention.age, retention.age_to, strict=True)):
            cells = [plain_cell(seen, rule, int(first), int(last)) for seen in members]
            found = (retention.n_eligible[i, k], retention.n_open[i, k], retention.n_active[i, k])
            assert found == (
                sum(closed for closed, _, _ in cells),
                sum(begun and not closed for closed, begun, _ in cells),
                sum(closed and active for closed, _, active in cells),
            ), (cohort, first)
            assert retention.n_seen[i, k] == sum(begun and active for _, begun, active in cells)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.clock == "calendar"], ids=lambda rule: f"{rule}")
@settings(max_examples=5, deadline=None)
@given(days=logs)
def test_recurring_cohorts_hold_whoever_was_active(rule: RetentionRule, days: dict[int, set[int]]):
    retention = measure_retention(activity_of(days), rule, cohort_kind="recurring")
    floor = FLOOR[rule.period]
    for i, cohort in enumerate(retention.cohort):
        members = [seen for seen in dates_of(days).values() if any(floor(day) == cohort for day in seen)]
        assert retention.n_accounts[i] == len(members)
        for k, (first, last) in enumerate(zip(retention.age, retention.age_to, strict=True)):
            low, high = window(cohort, rule, int(first), int(last))
            endless = rule.measure == "on or after"
            n = sum(any(low <= day and (endless or day < high) for day in seen) for seen in members)
            assert retention.n_seen[i, k] == (n if low < END else 0)
            assert retention.n_eligible[i, k] == (len(members) if high <= END else 0)


@given(st.dates(date(1960, 1, 1), date(2030, 12, 31)), st.integers(0, 40))
def test_months_end_on_the_last_day_where_they_are_shorter(day: date, months: int):
    assert day_date(int(add_months(day_number(day), months))) == later(day, months)


@given(st.dates(date(1960, 1, 1), date(2030, 12, 31)), st.sampled_from(["day", "week", "month"]))
def test_weeks_begin_on_monday_and_months_on_the_first(day: date, period: str):
    start = period_start(period_of(day_number(day), period), period)
    assert day_date(int(start)) == FLOOR[period](day)
    starts = period_starts(day_number(day), day_number(day) + 90, period)
    assert starts[0] <= day_number(day) < starts[1]
    assert starts[-2] < day_number(day) + 90 <= starts[-1]


def test_monthly_calendar_retention_is_the_triangle():
    activity = activity_of({1: {0, 40, 70}, 2: {5, 6}, 3: {50, 90, 199}, 4: {150}})
    triangle = retention_triangle(activity)
    retention = measure_retention(activity, RetentionRule())
    assert retention.cohort == triangle.cohort
    np.testing.assert_array_equal(retention.n_active[triangle.complete], triangle.n_active[triangle.complete])
    np.testing.assert_array_equal(retention.conf_low[triangle.complete], triangle.conf_low[triangle.complete])


def test_elapsed_days_are_24_hours_across_a_change_of_the_clock(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "a,2013-03-30T12:00:00Z",
        "a,2013-03-31T11:59:59Z",
        "b,2013-03-30T12:00:00Z",
        "b,2013-03-31T12:00:00Z",
    )
    study = make_study(tmp_path, events="log.csv", timezone="Europe/Paris", as_of=date(2013, 4, 2))
    rule = {clock: RetentionRule(period="day", clock=clock) for clock in ("elapsed", "dates")}
    elapsed = measure_retention(read_activity(study, clock="elapsed"), rule["elapsed"])
    assert elapsed.n_active[0, :3].tolist() == [2, 1, 0]
    local = measure_retention(read_activity(study), rule["dates"])
    assert local.n_active[0, :3].tolist() == [2, 2, 0]


def test_elapsed_windows_are_eligible_to_the_second(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01T00:00:00Z", "b,2013-01-01T00:00:01Z")
    study = make_study(tmp_path, events="log.csv", as_of=date(2013, 1, 7))
    weekly = measure_retention(read_activity(study, clock="elapsed"), RetentionRule(period="week", clock="elapsed"))
    assert weekly.n_eligible[0].tolist() == [1, 0]
    assert weekly.n_open[0].tolist() == [1, 0]


def test_elapsed_days_of_events_before_1970_and_of_several_columns(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "site,account,time",
        "x,1,1969-12-30T23:00:00Z",
        "x,1,1970-01-02T22:59:59Z",
        "y,1,1970-01-01T00:00:00Z",
    )
    study = make_study(tmp_path, events="log.csv", account=("site", "account"), as_of=date(1970, 1, 5))
    activity = read_activity(study, clock="elapsed")
    assert activity.words[:, 0].tolist() == [0b101, 0b1]


def test_the_first_silence_is_told_to_the_second(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "a,2013-01-01T10:00:00Z",
        "a,2013-01-04T09:59:59Z",
        "a,2013-01-07T09:59:59Z",
        "a,2013-01-07T12:00:00Z",
        "b,2013-01-01T00:00:00Z",
        "b,2013-01-02T00:00:00Z",
    )
    study = make_study(tmp_path, events="log.csv", as_of=date(2013, 1, 31))
    activity = read_activity(study, silence_days=3)
    since = activity.silent_since.astype("datetime64[us]").astype(str).tolist()
    assert since == ["2013-01-04T09:59:59.000000", "2013-01-02T00:00:00.000000"]
    assert activity.silence_days == 3


def test_the_first_silence_of_a_log_of_days(tmp_path: Path):
    days = [date(2013, 1, 1), date(2013, 1, 3), date(2013, 1, 6)]
    write_events(tmp_path / "log.parquet", [("a", day) for day in days], pa.date32())
    study = make_study(tmp_path, events="log.parquet", timezone="Europe/Paris", as_of=date(2013, 1, 31))
    activity = read_activity(study, silence_days=3)
    assert activity.silent_since.astype("datetime64[us]").astype(str).tolist() == ["2013-01-02T23:00:00.000000"]


@pytest.fixture
def half() -> dict[int, set[int]]:
    """Ten accounts of an old cohort, five active again a week later, two after two; four of a young one."""
    old = {i: {0} | ({8} if i < 5 else set()) | ({15} if i < 2 else set()) for i in range(10)}
    return old | {i: {14, 15} if i < 12 else {14} for i in range(10, 14)}


def test_open_cells_go_forward_by_the_steps_of_older_cohorts(half: dict[int, set[int]]):
    monday = date(2013, 1, 7)
    weekly = measure_retention(activity_of(half, 25, monday), RetentionRule(period="week"))
    np.testing.assert_array_equal(weekly.complete, [[True, True, True, False], [True, False, False, False]])
    assert weekly.projected[1, 1] == pytest.approx(5 / 10)
    assert weekly.projected[1, 2] == pytest.approx(5 / 10 * 2 / 5)
    assert np.isnan(weekly.projected[weekly.complete]).all()
    assert np.isnan(weekly.projected[0, 3])
    frame = weekly.to_frame()
    assert frame["projected"].notna().sum() == 2
    assert len(frame) == 7


def test_projecting_unbounded_retention_is_kaplan_meier():
    rng = np.random.default_rng(4)
    days = {
        i: {int(s)} | {int(s + r) for r in rng.integers(0, 60, rng.integers(0, 4)) if s + r < 201}
        for i, s in enumerate(rng.integers(0, 200, 400))
    }
    activity = activity_of(days)
    daily = measure_retention(activity, RetentionRule(measure="on or after", period="day", clock="dates"))
    observed = activity.end_day - activity.first_day
    last = activity.last_day - activity.first_day
    expected, share = [], 1.0
    for k in range(1, 40):
        at_risk = (observed >= k + 1) & (last >= k - 1)
        share *= (at_risk & (last >= k)).sum() / at_risk.sum()
        expected.append(share)
    found = np.where(daily.complete, daily.share, daily.projected)[0]
    np.testing.assert_allclose(found[1:40], expected, rtol=1e-12)
    complete = activity_of({i: {0, 3 + i % 7} for i in range(20)}, 190)
    on_or_after = measure_retention(complete, RetentionRule(measure="on or after", period="day", clock="dates"))
    curve = kaplan_meier(Tenures(duration=complete.last_day - complete.first_day, event=np.ones(20, bool)))
    for k in range(1, 9):
        assert on_or_after.at(k).estimate == pytest.approx(curve.at(k - 1).estimate)


def test_intervals_are_wilson_on_the_eligible(half: dict[int, set[int]]):
    weekly = measure_retention(activity_of(half, 25), RetentionRule(period="week", clock="dates"), conf_level=0.9)
    found = weekly.at(1)
    low, high = proportion_confint(5, 10, alpha=0.1, method="wilson")
    assert isinstance(found, Estimate)
    assert (found.estimate, found.n) == (0.5, 10)
    assert (found.conf_low, found.conf_high) == pytest.approx((low, high), abs=1e-14)


def test_a_cell_nobody_reached_says_so(half: dict[int, set[int]]):
    weekly = measure_retention(activity_of(half, 25), RetentionRule(period="week", clock="dates"))
    found = weekly.at(3)
    assert isinstance(found, Unavailable)
    assert str(found) == "no account was observed through age 3"


def test_measuring_leaves_the_activity_as_it_was(half: dict[int, set[int]]):
    activity = activity_of(half)
    before = [np.array(getattr(activity, name)) for name in ("first_day", "last_day", "words")]
    for rule in RULES:
        measure_retention(activity, rule)
    after = [getattr(activity, name) for name in ("first_day", "last_day", "words")]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_notes_tell_the_rule_and_what_is_open(half: dict[int, set[int]]):
    weekly = measure_retention(activity_of(half, 25, date(2013, 1, 7)), RetentionRule(period="week"))
    assert [str(note) for note in weekly.notes] == [
        "an account is retained at an age when it is active at that age",
        "ages are calendar weeks, from Monday, after that of sign-up",
        "2 cells are open on 2013-01-31: only accounts whose window is over count in them",
    ]


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda a: RetentionRule(period="month", clock="elapsed"), "RetentionRule.period"),
        (lambda a: RetentionRule(period="30 days"), "RetentionRule.period"),
        (lambda a: RetentionRule(measure="at"), "RetentionRule.measure"),
        (lambda a: RetentionRule(measure="bracket", brackets=((3, 1),)), "RetentionRule.brackets"),
        (lambda a: measure_retention(a, RetentionRule(period="week"), cohorts="month"), "measure_retention, cohorts"),
        (
            lambda a: measure_retention(a, RetentionRule(period="week", clock="dates"), cohort_kind="recurring"),
            "measure_retention, cohort_kind",
        ),
        (lambda a: measure_retention(a, conf_level=95), "conf_level"),
        (lambda a: measure_retention(a).at(1, cohort=date(1999, 1, 1)), "Retention.at"),
        (lambda a: measure_retention(a).at(99, cohort=date(2012, 11, 1)), "Retention.at"),
    ],
)
def test_what_contradicts_itself_is_refused(made, place: str):
    with pytest.raises(SpecError, match=place):
        made(activity_of({1: {0, 5}}))


def test_clocks_are_not_mixed_up(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01T00:00:00Z")
    study = make_study(tmp_path, events="log.csv", as_of=date(2013, 1, 7))
    with pytest.raises(SpecError, match="the rule counts 24 hours"):
        measure_retention(read_activity(study), RetentionRule(period="week", clock="elapsed"))
    with pytest.raises(SpecError, match="the rule counts local days"):
        measure_retention(read_activity(study, clock="elapsed"))


def test_an_empty_activity_is_refused():
    empty = activity_of({1: {0}})
    none = {name: getattr(empty, name)[:0] for name in ("first", "last", "first_day", "last_day", "words")}
    with pytest.raises(EstimateError, match="no accounts"):
        measure_retention(replace(empty, **none))


def test_open_cells_are_hatched(half: dict[int, set[int]]):
    weekly = measure_retention(activity_of(half, 25, date(2013, 1, 7)), RetentionRule(period="week"))
    ax = weekly.plot(Figure().add_subplot())
    closed, hatched = ax.collections
    assert hatched.get_hatch() == "////"
    assert (~closed.get_array().mask).sum() == 4
    line = measure_retention(activity_of(half, 25), RetentionRule(period="week", clock="dates"))
    assert line.plot(Figure().add_subplot()).lines[0].get_ydata().tolist()[:2] == [1, 0.5]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5, deadline=None)
@given(days=logs)
def test_words_in_either_order_of_memory_give_the_same(days: dict[int, set[int]]):
    activity = activity_of(days)
    other = replace(activity, words=np.asfortranarray(activity.words))
    for rule in (RetentionRule(period="week"), RetentionRule(period="week", clock="dates")):
        np.testing.assert_array_equal(measure_retention(activity, rule).n_seen, measure_retention(other, rule).n_seen)


@pytest.mark.parametrize("zone", ["America/St_Johns", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kolkata"])
def test_instants_are_counted_as_plain_loops_do_in_any_zone(tmp_path: Path, zone: str):
    rng = np.random.default_rng(len(zone))
    begin, end = pd.Timestamp("2010-09-01", tz="UTC"), pd.Timestamp("2011-01-01").tz_localize(zone)
    span = int((end - begin).total_seconds())
    signup = rng.integers(0, span, 150)
    changes = [
        pd.Timestamp("2010-11-07 00:01").tz_localize("America/St_Johns", ambiguous=True),
        pd.Timestamp("2010-10-17 03:00Z"),
    ]
    rows = [(f"u{i:03d}", begin + timedelta(seconds=int(s))) for i, s in enumerate(signup)]
    rows += [
        (name, t + timedelta(hours=float(h))) for name, t in rows for h in rng.choice([0.5, 24, 23.9, 168, 720], 2)
    ]
    rows += [(f"v{i}", t + timedelta(minutes=20 * i - 60)) for t in changes for i in range(6)]
    lines = [f"{name},{t.tz_convert('UTC').isoformat()}" for name, t in rows if t < end]
    write_lines(tmp_path / "log.csv", "account,time", *lines)
    study = make_study(tmp_path, events="log.csv", timezone=zone, as_of=date(2010, 12, 31))
    seen: dict[str, list[pd.Timestamp]] = {}
    for name, t in rows:
        if t < end:
            seen.setdefault(name, []).append(t)
    elapsed = measure_retention(read_activity(study, clock="elapsed"), RetentionRule(period="day", clock="elapsed"))
    day = timedelta(days=1)
    for k in (0, 1, 7, 29, 30):
        ages = [
            [(t - min(times)) // day for t in times] for times in seen.values() if end - min(times) >= (k + 1) * day
        ]
        assert (elapsed.n_eligible[0, k], elapsed.n_active[0, k]) == (len(ages), sum(k in age for age in ages))
    weekly = measure_retention(read_activity(study), RetentionRule(period="week"))
    mondays = {name: [FLOOR["week"](t.tz_convert(zone).date()) for t in times] for name, times in seen.items()}
    for i, cohort in enumerate(weekly.cohort):
        members = [weeks for weeks in mondays.values() if min(weeks) == cohort]
        for k in np.flatnonzero(weekly.begun[i]):
            wanted = cohort + timedelta(days=7 * int(weekly.age[k]))
            assert weekly.n_seen[i, k] == sum(wanted in weeks for weeks in members)
