"""What a definition does to the headline: one-month dropout under every month, gap and zone; choosing the gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.cohorts.lifecycle import check_local
from churn.cohorts.retention import measure_retention
from churn.cohorts.rules import RetentionRule
from churn.days.periods import add_months, period_of, period_start
from churn.days.zones import DAY
from churn.definitions._arrays import dropout_within, silences
from churn.next_visit.curve import METHOD
from churn.next_visit.estimate import seen_again_after
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from churn.tenures.judging import judge_activity
from churn.tenures.outcomes import Outcomes
from churn.tenures.rules import DropoutRule
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import SpecError, StudyError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MonthRule = Literal["30 days", "anniversary", "calendar"]
Definition = Literal["next_visit", "gone", "first_silence", "detected", "absent", "unseen"]

GAPS = (7, 14, 30, 60, 90)
ASIDE = ("unseen", "first_silence", "detected")
"""Definitions that take any silence for leaving, or date it late: no answers to the question of the others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DefinitionFan:
    """
    The one-month dropout of one log under every definition.

    Attributes
    ----------
    zone : tuple of str
        Name of the zone, for each row.
    definition : tuple of {'next_visit', 'gone', 'first_silence', 'detected', 'absent', 'unseen'}
        `next_visit`: never seen again after the first month; `gone`: silent since some day of the first month, and
        for at least the gap; `first_silence` and `detected`: gone within 30 days under these rules of `DropoutRule`;
        `absent`: not active in the second month; `unseen`: not active after the first month, so far, of those
        observed for two months.
    month : tuple of {'30 days', 'anniversary', 'calendar'}
        What ends the first month: 30 periods of 24 hours; the same day of the next month, or its last day; the
        first day of the next month.
    gap_days : ndarray of float, shape (n_rows,)
        Silence after which an account is taken to be gone, in days; NaN where none is used.
    dropout, std_error, conf_low, conf_high : ndarray of float, shape (n_rows,)
        Share gone, with its interval: logit for `next_visit`, log-log for rules with a gap, Wilson for the others.
        NaN where the log is too short.
    n : ndarray of int, shape (n_rows,)
        Accounts that could be judged.
    n_dropped : ndarray of float, shape (n_rows,)
        Accounts found gone; NaN where the estimate is a curve's.
    returned : ndarray of float, shape (n_rows,)
        Share of all accounts that came back after a silence of `gap_days` local days; NaN but for `gone`.
    conf_level : float
        Between 0 and 1.
    notes : tuple of Note
        Caveats.
    """

    zone: tuple[str, ...]
    definition: tuple[Definition, ...]
    month: tuple[MonthRule, ...]
    gap_days: Floats
    dropout: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n: Ints
    n_dropped: Floats
    returned: Floats
    conf_level: float = 0.95
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the intervals."""
        return "Kaplan-Meier, log-log interval (next visit: logit); shares, Wilson interval"

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest dropout of all definitions, those of `ASIDE` left out."""
        kept = np.array([name not in ASIDE for name in self.definition])
        found = self.dropout[kept & ~np.isnan(self.dropout)]
        return (float(found.min()), float(found.max())) if len(found) else (np.nan, np.nan)

    def at(
        self,
        definition: Definition,
        *,
        month: MonthRule = "30 days",
        gap_days: int | None = None,
        zone: str | None = None,
    ) -> Estimate | Unavailable:
        """
        Give the dropout under one definition.

        Parameters
        ----------
        definition : str
            As in `definition`.
        month : {'30 days', 'anniversary', 'calendar'}
            As in `month`.
        gap_days : int, optional
            For `gone`, `first_silence` and `detected`.
        zone : str, optional
            The first one, if not given.

        Returns
        -------
        Estimate or Unavailable

        Raises
        ------
        SpecError
            If there is no such definition.
        """
        wanted = self.zone[0] if zone is None else zone
        for i in range(len(self.n)):
            gap = None if np.isnan(self.gap_days[i]) else int(self.gap_days[i])
            if (self.zone[i], self.definition[i], self.month[i], gap) == (wanted, definition, month, gap_days):
                return self._estimate(i)
        what = f"there is no '{definition}' with month '{month}', gap {gap_days} and zone '{wanted}'"
        raise SpecError.at("DefinitionFan.at", what, "Choose a row of to_frame()")

    def _estimate(self, i: int) -> Estimate | Unavailable:
        if np.isnan(self.dropout[i]):
            return Unavailable(Note("the log is too short for this definition"))
        return Estimate(
            estimate=float(self.dropout[i]),
            std_error=float(self.std_error[i]),
            conf_low=float(self.conf_low[i]),
            conf_high=float(self.conf_high[i]),
            conf_level=self.conf_level,
            n=int(self.n[i]),
            method=METHODS.get(self.definition[i], "Wilson"),
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per definition.

        Returns
        -------
        DataFrame
            `zone`, `definition`, `month`, `gap_days`, `dropout`, `std_error`, `conf_low`, `conf_high`, `n`,
            `n_dropped`, `returned`.
        """
        named = {"zone": list(self.zone), "definition": list(self.definition), "month": list(self.month)}
        columns = ("gap_days", "dropout", "std_error", "conf_low", "conf_high", "n", "n_dropped", "returned")
        return pd.DataFrame(named | {name: getattr(self, name) for name in columns})

    def summary(self) -> str:
        """Say how far the definitions lie apart, in one line of English."""
        low, high = self.range
        return f"one-month dropout between {say_share(low)} and {say_share(high)} under {len(self.n)} definitions"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw each definition as a point with its interval, one below the other.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        place = np.arange(len(self.n))
        errors = np.nan_to_num(np.array([self.dropout - self.conf_low, self.conf_high - self.dropout]))
        ax.errorbar(self.dropout, place, xerr=np.maximum(errors, 0), fmt="o", markersize=4)
        gaps = ["" if np.isnan(gap) else f", {gap:.0f} d" for gap in self.gap_days]
        names = zip(self.definition, self.month, gaps, self.zone, strict=True)
        ax.set_yticks(place, [f"{definition}, {month}{gap} ({zone})" for definition, month, gap, zone in names])
        ax.invert_yaxis()
        return ax


def compare_definitions(
    activity: Activity | Mapping[str, Activity],
    *,
    elapsed: Activity | None = None,
    gaps: Sequence[int] = GAPS,
    gap_days: int = 30,
    observed_months: int = 2,
    conf_level: float = 0.95,
) -> DefinitionFan:
    """
    Estimate the one-month dropout under every month, gap and zone.

    Parameters
    ----------
    activity : Activity, or mapping of str to Activity
        Active local days; several of the same log, by the name of their zone, to see what the zone does.
    elapsed : Activity, optional
        Active days of 24 hours since sign-up, of the same log. Without it, `absent` takes the 30 days of a log of
        instants as local dates, which a note says.
    gaps : sequence of int
        Days of silence after which an account is taken to be gone (`gone`).
    gap_days : int
        The same for `first_silence` and `detected`.
    observed_months : int
        Months for which an account must have been observed to count as not seen after the first (`unseen`). With
        1, accounts count that had no time to be seen again.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DefinitionFan
        For each zone, `next_visit` under every month, `gone` under every gap and month, `first_silence` and `detected`
        with a month of 30 days, then `absent` and `unseen` under every month.

    Raises
    ------
    SpecError
        If an activity is on the wrong clock, or a gap or a number of months is not whole, from 1.
    EstimateError
        If there are no accounts.

    Notes
    -----
    `next_visit` with a month of 30 days is the dropout of `next_visit_survival` at 30 days; with the other months, each
    account is waited for from the end of its own. `gone` with a month of 30 days is the dropout of
    `kaplan_meier(measure_tenures(activity))` at 30 days. With the other months, tenure is the share of one's own month
    that has passed, in local dates, so that the product limit holds for months of unequal length.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> fan = compare_definitions(read_activity(open_example("twitter_france")), gaps=(30, 90))
    >>> fan.summary()
    'one-month dropout between 52.5% and 57.9% under 17 definitions'
    """
    activities = {activity.timezone: activity} if isinstance(activity, Activity) else dict(activity)
    wrong = [gap for gap in (*gaps, gap_days) if gap < 1 or gap != int(gap)]
    if wrong or not activities:
        raise SpecError.at(
            "compare_definitions", f"got gaps {wrong}" if wrong else "there is no activity", "Give whole days"
        )
    if observed_months < 1 or observed_months != int(observed_months):
        raise SpecError.at("compare_definitions, observed_months", f"got {observed_months}", "Give whole months")
    for found in activities.values():
        check_local(found, "compare_definitions", conf_level)
    if elapsed is not None and elapsed.clock != "elapsed":
        mend = "Read it with read_activity(study, clock='elapsed')"
        raise SpecError.at("compare_definitions, elapsed", "holds local days", mend)
    rows = [
        row
        for zone, found in activities.items()
        for row in _rows(zone, found, elapsed, (gaps, gap_days), observed_months, conf_level)
    ]
    first = next(iter(activities.values()))
    approximate = elapsed is None and first.grain == "instant"
    note = Note("the second 30 days are counted in local dates, not in periods of 24 hours")
    columns = dict(zip(_Row._fields, zip(*rows, strict=True), strict=True))
    numbers = {
        name: np.array(values) for name, values in columns.items() if name not in ("zone", "definition", "month")
    }
    return DefinitionFan(
        zone=columns["zone"],
        definition=columns["definition"],
        month=columns["month"],
        **numbers,
        conf_level=conf_level,
        notes=first.notes + ((note,) if approximate else ()),
    )


METHODS = dict.fromkeys(("gone", "first_silence", "detected"), "Kaplan-Meier, log-log interval") | {
    "next_visit": METHOD
}


class _Row(NamedTuple):
    zone: str
    definition: Definition
    month: MonthRule
    gap_days: float
    dropout: float
    std_error: float
    conf_low: float
    conf_high: float
    n: int
    n_dropped: float
    returned: float


def _rows(
    zone: str,
    activity: Activity,
    elapsed: Activity | None,
    gaps: tuple[Sequence[int], int],
    observed_months: int,
    conf_level: float,
) -> Iterator[_Row]:
    yield from _never_again(zone, activity.signups(), conf_level)
    yield from _gone(zone, activity, gaps[0], conf_level)
    yield from _other_rules(zone, activity.signups(), gaps[1], conf_level)
    yield from _absent(zone, activity, elapsed, conf_level)
    yield from _unseen(zone, activity, observed_months, conf_level)


def _never_again(zone: str, activity: Activity, conf_level: float) -> Iterator[_Row]:
    """Wait for the next visit from the end of each account's first month on."""
    lengths = month_lengths(activity.first_day)
    for month in get_args(MonthRule):
        # The day of sign-up is day 0, so that a month of so many days ends with the day before.
        until = np.full(activity.n_accounts, 30) if month == "30 days" else lengths[month] - 1
        found = seen_again_after(activity, until, conf_level=conf_level)
        numbers = (
            (np.nan,) * 4
            if isinstance(found, Unavailable)
            else (1 - found.estimate, found.std_error, 1 - found.conf_high, 1 - found.conf_low)
        )
        n = 0 if isinstance(found, Unavailable) else found.n or 0
        yield _Row(zone, "next_visit", month, np.nan, *numbers, n, np.nan, np.nan)


def _other_rules(zone: str, activity: Activity, gap: int, conf_level: float) -> Iterator[_Row]:
    """Estimate dropout within 30 days under rules that answer other questions."""
    rules: tuple[Literal["first_silence", "detected"], ...] = ("first_silence", "detected")
    for rule in rules:
        found, n = (np.nan,) * 4, 0
        with suppress(StudyError):
            outcomes = judge_activity(activity, DropoutRule(rule, gap))
            kept, n = outcomes.kept, int(outcomes.kept.sum())
            found = _at_30_days(outcomes.duration[kept], outcomes.event[kept], conf_level)
        yield _Row(zone, rule, "30 days", gap, *found, n, np.nan, np.nan)


def _gone(zone: str, activity: Activity, gaps: Sequence[int], conf_level: float) -> Iterator[_Row]:
    _, _, ever = silences(activity.words, activity.end_day - activity.origin, sorted(gaps))
    back = dict(zip(sorted(gaps), ever / activity.n_accounts, strict=True))
    activity = activity.signups()
    lengths = month_lengths(activity.first_day)
    for gap in gaps:
        try:
            outcomes = judge_activity(activity, DropoutRule("inactive", int(gap)))
        except StudyError:
            outcomes = None
        for month in get_args(MonthRule):
            found = _by_curve(activity, outcomes, int(gap), lengths.get(month), conf_level)
            n = 0 if outcomes is None else int(outcomes.kept.sum())
            yield _Row(zone, "gone", month, gap, *found, n, np.nan, back[gap])


def _by_curve(
    activity: Activity, outcomes: Outcomes | None, gap: int, lengths: Ints | None, conf_level: float
) -> tuple[float, float, float, float]:
    """Estimate dropout by the product limit, within 30 days or months of given lengths; NaN where none is kept."""
    if outcomes is None:
        return (np.nan,) * 4
    kept, event = outcomes.kept, outcomes.event[outcomes.kept]
    if lengths is None:
        return _at_30_days(outcomes.duration[kept], event, conf_level)
    until = np.where(outcomes.event, activity.last_day, activity.end_day - 1 - gap)[kept] - activity.first_day[kept]
    return dropout_within(np.maximum(until, 0), event, lengths[kept], conf_level)


def _at_30_days(duration: Floats, event: NDArray[np.bool_], conf_level: float) -> tuple[float, float, float, float]:
    cells = np.bincount(duration.astype(np.int64) * 2 + event)
    found = np.flatnonzero(cells)
    table = pd.DataFrame({"duration": found // 2, "event": found % 2 == 1, "n": cells[found]})
    dropout = kaplan_meier(TenureCounts.from_frame(table), conf_level=conf_level).dropout(at=30)
    if isinstance(dropout, Unavailable):
        return (np.nan,) * 4
    return dropout.estimate, dropout.std_error, dropout.conf_low, dropout.conf_high


def month_lengths(first_day: Ints) -> dict[MonthRule, Ints]:
    """
    Give the days from sign-up to the end of the first month, under the rules in which they differ.

    Parameters
    ----------
    first_day : ndarray of int, shape (n_accounts,)
        Local days of sign-up, in days since 1970-01-01.

    Returns
    -------
    dict of str to ndarray of int, shape (n_accounts,)
        For `anniversary` and `calendar`.

    Examples
    --------
    >>> {name: days.tolist() for name, days in month_lengths(np.array([30])).items()}
    {'anniversary': [28], 'calendar': [1]}
    """
    distinct, place = np.unique(first_day, return_inverse=True)
    anniversary = add_months(distinct, 1) - distinct
    calendar = period_start(period_of(distinct, "month") + 1, "month") - distinct
    return {"anniversary": anniversary[place], "calendar": calendar[place]}


def months_later(first_day: Ints, months: int) -> dict[MonthRule, Ints]:
    """
    Give the day after a number of months, the one of sign-up among them, under the rules in which months differ.

    Parameters
    ----------
    first_day : ndarray of int, shape (n_accounts,)
        Local days of sign-up, in days since 1970-01-01.
    months : int
        At least 1.

    Returns
    -------
    dict of str to ndarray of int, shape (n_accounts,)
        For `anniversary` and `calendar`, in days since 1970-01-01.

    Examples
    --------
    >>> {name: days.tolist() for name, days in months_later(np.array([30]), 2).items()}
    {'anniversary': [89], 'calendar': [59]}
    """
    distinct, place = np.unique(first_day, return_inverse=True)
    calendar = period_start(period_of(distinct, "month") + months, "month")
    return {"anniversary": add_months(distinct, months)[place], "calendar": calendar[place]}


def _absent(zone: str, activity: Activity, elapsed: Activity | None, conf_level: float) -> Iterator[_Row]:
    second = ((1, 1),)
    rules = {
        "30 days": RetentionRule(measure="bracket", period="30 days", clock="dates", brackets=second),
        "anniversary": RetentionRule(measure="bracket", period="month", clock="dates", brackets=second),
        "calendar": RetentionRule(measure="bracket", period="month", clock="calendar", brackets=second),
    }
    for month in get_args(MonthRule):
        source, rule = activity, rules[month]
        if month == "30 days" and elapsed is not None:
            source = elapsed
            rule = RetentionRule(measure="bracket", period="30 days", clock="elapsed", brackets=second)
        kept = measure_retention(source, rule, cohorts="all", conf_level=conf_level)
        yield _share(
            zone, "absent", month, int((kept.n_eligible - kept.n_active)[0, 0]), int(kept.n_eligible[0, 0]), conf_level
        )


def _unseen(zone: str, activity: Activity, months: int, conf_level: float) -> Iterator[_Row]:
    """Count, of the accounts observed for some months of their own, those not seen after the first."""
    activity = activity.signups()
    by_day = activity.grain == "day"
    first, last, end, month = (
        (activity.first_day, activity.last_day, activity.end_day, 30)
        if by_day
        else (activity.first, activity.last, activity.end, 30 * DAY)
    )
    old, gone = end - first >= months * month, last - first < month
    yield _share(zone, "unseen", "30 days", int((old & gone).sum()), int(old.sum()), conf_level)
    until = months_later(activity.first_day, months)
    for name, length in month_lengths(activity.first_day).items():
        after = activity.first_day + length
        old, gone = until[name] <= activity.end_day, activity.last_day < after
        yield _share(zone, "unseen", name, int((old & gone).sum()), int(old.sum()), conf_level)


def _share(zone: str, definition: Definition, month: MonthRule, dropped: int, n: int, conf_level: float) -> _Row:
    share = dropped / n if n else np.nan
    low, high = wilson_interval(share, n, conf_level)
    error = float(np.sqrt(share * (1 - share) / n)) if n else np.nan
    return _Row(zone, definition, month, np.nan, share, error, float(low), float(high), n, dropped, np.nan)
