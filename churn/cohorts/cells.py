"""Counts behind retention: accounts of each cohort eligible, under way and active at each age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from churn.cohorts import _counts as arrays
from churn.cohorts.rules import Length, RetentionRule
from churn.days.periods import add_months, period_of, period_start, period_starts
from churn.days.zones import DAY, day_date, day_number
from churn.usage.activity import Activity
from surveys.core.arrays import Ints
from surveys.study.schema import Weekday

Cohorts = Literal["all", "day", "week", "month"]

DAYS: dict[Length, int] = {"day": 1, "week": 7, "30 days": 30}
FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """
    Accounts of each cohort at each age.

    Attributes
    ----------
    cohort : tuple of date or None
        First day of the period of each cohort; None for all accounts together.
    age, age_to : ndarray of int, shape (n_ages,)
        First and last age of each window.
    n_accounts : ndarray of int, shape (n_cohorts,)
        Accounts of each cohort.
    eligible, open : ndarray of int, shape (n_cohorts, n_ages)
        Accounts whose window was over, or under way, when observation ended.
    active, seen : ndarray of int, shape (n_cohorts, n_ages)
        Eligible accounts active in the window; all accounts active in it so far.
    before : ndarray of int, shape (n_cohorts, n_ages)
        Eligible accounts active in the window before.
    """

    cohort: tuple[date | None, ...]
    age: Ints
    age_to: Ints
    n_accounts: Ints
    eligible: Ints
    open: Ints
    active: Ints
    seen: Ints
    before: Ints

    def together(self) -> Cells:
        """Add up all cohorts."""
        sums = (getattr(self, name).sum(axis=0)[None] for name in ("eligible", "open", "active", "seen", "before"))
        return Cells((None,), self.age, self.age_to, self.n_accounts.sum()[None], *sums)


def first_time(activity: Activity, rule: RetentionRule, cohorts: Cohorts) -> Cells:
    """
    Count the accounts of each cohort of sign-up at each age.

    Parameters
    ----------
    activity : Activity
        At least one account, on the clock of the rule.
    rule : RetentionRule
        When an account counts as retained.
    cohorts : {'all', 'day', 'week', 'month'}
        Period of sign-up; in the calendar that of the rule, which `Cells.together` adds up.

    Returns
    -------
    Cells

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> weekly = first_time(activity, RetentionRule(period="week", clock="dates"), "all")
    >>> weekly.active[0, :3].tolist(), weekly.eligible[0, :3].tolist()
    ([3983, 1637, 1499], [3983, 3965, 3940])
    """
    if rule.clock == "calendar":
        return _by_calendar(activity, rule)
    if rule.period == "month":
        return _by_anniversary(activity, rule, cohorts)
    return _by_age(activity, rule, cohorts)


def _group(activity: Activity, cohorts: Cohorts) -> tuple[Ints, tuple[date | None, ...]]:
    """Give each account the number of its cohort, counting only cohorts that have accounts."""
    if cohorts == "all":
        return np.zeros(activity.n_accounts, np.int64), (None,)
    period = period_of(activity.first_day, cohorts, activity.week_starts)
    base = int(period.min())
    number = period - base
    found = np.flatnonzero(np.bincount(number))
    place = np.zeros(found[-1] + 1, np.int64)
    place[found] = np.arange(len(found))
    return place[number], tuple(day_date(day) for day in period_start(base + found, cohorts, activity.week_starts))


def _by_calendar(activity: Activity, rule: RetentionRule) -> Cells:
    assert rule.period != "30 days"
    starts = period_starts(int(activity.first_day.min()), activity.end_day, rule.period, activity.week_starts)
    group, labels = _group(activity, rule.period)
    groups = arrays.Groups.of(group, len(labels), np.zeros_like(group))
    own = np.searchsorted(starts, [_day(label) for label in labels])
    n_periods = len(starts) - 1
    low, high = starts[:-1] - activity.origin, starts[1:] - activity.origin
    age, age_to = rule.windows(n_periods - 1 - int(own[0]))
    size = groups.size
    until = _padded(starts)
    if rule.measure == "bracket":
        first, after = until[own[:, None] + age], until[own[:, None] + age_to + 1]
        seen = arrays.count_own(
            activity.words, activity.last_day, groups, first - activity.origin, after - activity.origin, endless=False
        )
    else:
        reach = np.where(np.arange(n_periods) >= own[:, None], size[:, None], 0)
        windows = arrays.Windows(low, high, reach, rule.measure == "on or after")
        upto = np.broadcast_to(size[:, None], reach.shape)
        last = activity.last_day - activity.origin
        by_period, _, _ = arrays.count_active(activity.words, last, groups, windows, upto)
        first, after = until[own[:, None] + age], until[own[:, None] + age + 1]
        seen = by_period[np.arange(len(own))[:, None], np.minimum(own[:, None] + age, n_periods - 1)]
    return _all_or_none(labels, age, age_to, size, seen, first, after, activity.end_day)


def _padded(starts: Ints) -> Ints:
    """Let periods after the last one begin beyond any day."""
    return np.concatenate([starts, np.full(4 * len(starts) + 4000, FAR)])


def _day(label: date | None) -> int:
    assert label is not None
    return day_number(label)


def _all_or_none(
    labels: tuple[date | None, ...],
    age: Ints,
    age_to: Ints,
    size: Ints,
    seen: Ints,
    first: Ints,
    after: Ints,
    end_day: int,
) -> Cells:
    """Make cells whose accounts share one window; `first` and `after` are its days, shape of the cells."""
    closed, begun = after <= end_day, first < end_day
    seen = np.where(begun, seen, 0)
    active = np.where(closed, seen, 0)
    before = np.zeros_like(active)
    before[:, 1:] = np.where(closed[:, 1:], active[:, :-1], 0)
    each = size[:, None]
    return Cells(
        labels, age, age_to, size, np.where(closed, each, 0), np.where(begun & ~closed, each, 0), active, seen, before
    )


def _by_anniversary(activity: Activity, rule: RetentionRule, cohorts: Cohorts) -> Cells:
    """Take accounts that signed up on the same day together: their months are the same."""
    group, labels = _group(activity, "day")
    groups = arrays.Groups.of(group, len(labels), np.zeros_like(group))
    signup = np.array([_day(label) for label in labels])
    oldest = int(period_of(activity.end_day, "month") - period_of(signup[0], "month"))
    if oldest and add_months(signup[0], oldest) > activity.end_day:
        oldest -= 1
    age, age_to = rule.windows(oldest)
    first, after = add_months(signup[:, None], age), add_months(signup[:, None], age_to + 1)
    seen = arrays.count_own(
        activity.words,
        activity.last_day - activity.origin,
        groups,
        first - activity.origin,
        after - activity.origin,
        endless=rule.measure == "on or after",
    )
    daily = _all_or_none(labels, age, age_to, groups.size, seen, first, after, activity.end_day)
    wanted = np.zeros_like(signup) if cohorts == "all" else period_of(signup, cohorts, activity.week_starts)
    return _gathered(daily, wanted, cohorts, activity.week_starts)


def _gathered(daily: Cells, period: Ints, cohorts: Cohorts, week_starts: Weekday) -> Cells:
    """Add up cohorts of days to cohorts of longer periods."""
    found, cuts = np.unique(period, return_index=True)
    labels = (None,) if cohorts == "all" else tuple(map(day_date, period_start(found, cohorts, week_starts)))
    names = ("n_accounts", "eligible", "open", "active", "seen", "before")
    return Cells(labels, daily.age, daily.age_to, *(np.add.reduceat(getattr(daily, name), cuts) for name in names))


def _by_age(activity: Activity, rule: RetentionRule, cohorts: Cohorts) -> Cells:
    """Count in days since sign-up, local dates or periods of 24 hours; every account is eligible by itself."""
    assert rule.period != "month"
    if activity.clock == "elapsed":
        shift, last = None, (activity.last - activity.first) // DAY
        observed = (activity.end - activity.first) // DAY
        begun = -(-(activity.end - activity.first) // DAY)
    else:
        shift, last = activity.first_day - activity.origin, activity.last_day - activity.first_day
        observed = begun = activity.end_day - activity.first_day
    group, labels = _group(activity, cohorts)
    groups = arrays.Groups.of(group, len(labels), observed)
    length = DAYS[rule.period]
    age, age_to = rule.windows(int(observed.max()) // length)
    low, high = age * length, (age_to + 1) * length
    eligible, reach = groups.observed_for(high), groups.observed_for(low)
    windows = arrays.Windows(low, high, reach, rule.measure == "on or after")
    seen, active, before = arrays.count_active(activity.words, last, groups, windows, eligible, shift)
    started = arrays.lookup(arrays.Groups.of(group, len(labels), begun).longer, low + 1)
    return Cells(labels, age, age_to, groups.size, eligible, started - eligible, active, seen, before)


def recurring(activity: Activity, rule: RetentionRule) -> Cells:
    """
    Count, of the accounts active in each calendar period, those active again at each age after it.

    Parameters
    ----------
    activity : Activity
        At least one account, in local days.
    rule : RetentionRule
        With clock `calendar`.

    Returns
    -------
    Cells

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> recurring(read_activity(open_example("twitter_france")), RetentionRule()).active[:2, :2].tolist()
    [[33, 13], [46, 35]]
    """
    assert rule.period != "30 days"
    starts = period_starts(int(activity.first_day.min()), activity.end_day, rule.period, activity.week_starts)
    low, high = starts[:-1] - activity.origin, starts[1:] - activity.origin
    n_periods = len(low)
    active = arrays.pack_windows(activity.words, low, high)
    size = np.bitwise_count(active).sum(axis=1, dtype=np.int64)
    age, age_to = rule.windows(n_periods - 1)
    own = np.arange(n_periods)
    first, after = _padded(starts)[own[:, None] + age], _padded(starts)[own[:, None] + age_to + 1]
    if rule.measure == "bracket":
        seen = np.zeros(first.shape, np.int64)
        for j in range(len(age)):
            inside = arrays.pack_windows(activity.words, first[:, j] - activity.origin, after[:, j] - activity.origin)
            seen[:, j] = np.bitwise_count(active & inside).sum(axis=1, dtype=np.int64)
    else:
        later = arrays.pack_from(activity.last_day - activity.origin, low) if rule.measure == "on or after" else active
        common = arrays.count_common(active, later)
        seen = common[own[:, None], np.minimum(own[:, None] + age, n_periods - 1)]
    labels = tuple(day_date(day) for day in starts[:-1])
    cells = _all_or_none(labels, age, age_to, size, seen, first, after, activity.end_day)
    return _without_empty(cells)


def _without_empty(cells: Cells) -> Cells:
    kept = np.flatnonzero(cells.n_accounts)
    names = ("n_accounts", "eligible", "open", "active", "seen", "before")
    labels = tuple(cells.cohort[i] for i in kept)
    return Cells(labels, cells.age, cells.age_to, *(getattr(cells, name)[kept] for name in names))
