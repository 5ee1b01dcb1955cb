"""Retention: the share of accounts active a number of days, weeks or months after they signed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from churn.cohorts._open_cells import project
from churn.cohorts.cells import Cells, Cohorts, first_time, recurring
from churn.cohorts.rules import RetentionRule
from churn.days.zones import day_date
from churn.usage.activity import Activity
from surveys.core.arrays import Bools, Floats, Ints
from surveys.core.errors import EstimateError, Problem, SpecError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CohortKind = Literal["first-time", "recurring"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Retention:
    """
    Accounts of each cohort retained at each age.

    Attributes
    ----------
    cohort : tuple of date or None
        First day of the period in which each cohort signed up, rising; None for all accounts together.
    age, age_to : ndarray of int, shape (n_ages,)
        Whole periods since sign-up, first is 0; the last age of a bracket, `age` otherwise.
    n_accounts : ndarray of int, shape (n_cohorts,)
        Accounts of each cohort.
    n_eligible : ndarray of int, shape (n_cohorts, n_ages)
        Accounts whose whole window was observed.
    n_open : ndarray of int, shape (n_cohorts, n_ages)
        Accounts whose window had begun, but was not over, when observation ended.
    n_active : ndarray of int, shape (n_cohorts, n_ages)
        Eligible accounts that were active in the window.
    n_seen : ndarray of int, shape (n_cohorts, n_ages)
        Accounts active in the window so far, whether or not it is over.
    share, std_error, conf_low, conf_high : ndarray of float, shape (n_cohorts, n_ages)
        Share of the eligible accounts that was active, with its interval (Wilson); NaN without any. At age 0
        every account is active by definition.
    projected, projected_low, projected_high : ndarray of float, shape (n_cohorts, n_ages)
        Share to be expected where not all of a cohort is eligible yet, from the steps of the accounts that
        are, and the limits within which the share will lie once they all are; NaN in complete cells, and where
        no account has got that far.
    rule : RetentionRule
        When an account counted as retained.
    cohorts : {'all', 'day', 'week', 'month'}
        Period of sign-up.
    cohort_kind : {'first-time', 'recurring'}
        Whether an account belongs to the cohort of its sign-up, or to that of every period it is active in.
    conf_level : float
        Between 0 and 1.
    timezone : str
        Name of the zone whose calendar this is.
    n : int
        Accounts.
    notes : tuple of Note
        Caveats.
    """

    cohort: tuple[date | None, ...]
    age: Ints
    age_to: Ints
    n_accounts: Ints
    n_eligible: Ints
    n_open: Ints
    n_active: Ints
    n_seen: Ints
    share: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    projected: Floats
    projected_low: Floats
    projected_high: Floats
    rule: RetentionRule
    cohorts: Cohorts
    cohort_kind: CohortKind = "first-time"
    conf_level: float = 0.95
    timezone: str = "UTC"
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the measure and its interval."""
        return f"retention {self.rule.measure} {self.rule.period} ({self.rule.clock}), Wilson interval"

    @property
    def complete(self) -> Bools:
        """Whether the window of every account of the cohort is over, shape (n_cohorts, n_ages)."""
        return np.asarray(self.n_eligible == self.n_accounts[:, None])

    @property
    def begun(self) -> Bools:
        """Whether the window of any account of the cohort has begun, shape (n_cohorts, n_ages)."""
        return np.asarray(self.n_eligible + self.n_open > 0)

    def at(self, age: int, *, cohort: date | None = None) -> Estimate | Unavailable:
        """
        Give the share retained at one age.

        Parameters
        ----------
        age : int
            First age of a window.
        cohort : date, optional
            First day of the cohort's period; not needed where all accounts stand together.

        Returns
        -------
        Estimate or Unavailable
            Of the eligible accounts.

        Raises
        ------
        SpecError
            If there is no such cohort or age.
        """
        if cohort not in self.cohort:
            known = ", ".join(str(day) for day in self.cohort[:3])
            raise SpecError.at("Retention.at", f"there is no cohort {cohort}", f"Choose one of: {known}, ...")
        if age not in self.age:
            raise SpecError.at("Retention.at", f"there is no age {age}", f"Choose one up to {self.age.max()}")
        i, k = self.cohort.index(cohort), int(np.flatnonzero(self.age == age)[0])
        if not self.n_eligible[i, k]:
            return Unavailable(Note("no account was observed through age {age}", {"age": age}))
        return Estimate(
            estimate=float(self.share[i, k]),
            std_error=float(self.std_error[i, k]),
            conf_low=float(self.conf_low[i, k]),
            conf_high=float(self.conf_high[i, k]),
            conf_level=self.conf_level,
            n=int(self.n_eligible[i, k]),
            method=self.method,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per cohort and age that has begun, or is projected.

        Returns
        -------
        DataFrame
            `cohort`, `age`, `age_to`, `n_accounts`, `n_eligible`, `n_open`, `n_active`, `n_seen`, `share`,
            `std_error`, `conf_low`, `conf_high`, `complete`, `projected`, `projected_low`, `projected_high`.
        """
        row, k = np.nonzero(self.begun | ~np.isnan(self.projected))
        counts = ("n_eligible", "n_open", "n_active", "n_seen")
        shares = ("share", "std_error", "conf_low", "conf_high")
        told = ("complete", "projected", "projected_low", "projected_high")
        return pd.DataFrame(
            {
                "cohort": [self.cohort[i] for i in row],
                "age": self.age[k],
                "age_to": self.age_to[k],
                "n_accounts": self.n_accounts[row],
                **{name: getattr(self, name)[row, k] for name in (*counts, *shares, *told)},
            }
        )

    def summary(self) -> str:
        """Say what the cells cover, in one line of English."""
        cells = int(self.begun.sum())
        closed = int((self.complete & self.begun).sum())
        return f"{self.n:,} accounts, {len(self.cohort)} cohorts, {cells:,} cells, {closed:,} of them complete"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw one cohort as a line with its interval, several as a grid of cells; projected cells are hatched.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        if len(self.cohort) == 1:
            (line,) = ax.plot(self.age, self.share[0], marker="o", markersize=3)
            ax.fill_between(self.age, self.conf_low[0], self.conf_high[0], alpha=0.2, linewidth=0)
            joined = np.where(self.complete[0], self.share[0], self.projected[0])
            ax.plot(self.age, joined, linestyle="--", color=line.get_color(), zorder=line.get_zorder() - 0.1)
            return ax
        shown = np.where(self.complete, self.share, np.nan)
        ax.pcolormesh(np.ma.masked_invalid(shown), vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
        open_cells = np.ma.masked_invalid(np.where(self.complete, np.nan, self.projected))
        ax.pcolor(open_cells, vmin=0, vmax=1, edgecolors="white", linewidth=0.5, hatch="////")
        ax.set_xticks(np.arange(len(self.age)) + 0.5, [str(age) for age in self.age])
        ax.set_yticks(np.arange(len(self.cohort)) + 0.5, [str(day) for day in self.cohort])
        ax.invert_yaxis()
        return ax


def measure_retention(
    activity: Activity,
    rule: RetentionRule | None = None,
    *,
    cohorts: Cohorts | None = None,
    cohort_kind: CohortKind = "first-time",
    conf_level: float = 0.95,
) -> Retention:
    r"""
    Count the accounts retained at each age, by cohort.

    Parameters
    ----------
    activity : Activity
        Active days of each account; elapsed ones for a rule with clock `elapsed`, unless the log holds days.
    rule : RetentionRule, optional
        When an account counts as retained; active in that calendar month, if not given.
    cohorts : {'all', 'day', 'week', 'month'}, optional
        Period of sign-up by which accounts are put together. If not given, that of the rule in the
        calendar, and `all` otherwise.
    cohort_kind : {'first-time', 'recurring'}
        `recurring` counts an account in the cohort of every period in which it is active, not only of the
        one of its sign-up; only in the calendar.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Retention
        A cell is complete when the whole window of all its accounts was observed. Eligibility is told per
        account: in an open cell the share is that of the accounts whose window is over.

    Raises
    ------
    SpecError
        If the options contradict each other, or the activity is not on the clock of the rule.
    EstimateError
        If there are no accounts.

    Notes
    -----
    Open cells are projected by steps, as Kaplan and Meier's curve and the chain ladder of insurance [1]_ go
    forward: a cohort's last complete share times, for each later age, active accounts at that age over
    active accounts at the age before, both among all accounts eligible at it. Where enough cohorts were
    observed, the first step and those after it may each rise or fall from cohort to cohort, by a weighted line.
    The interval is one for what the cell will show once it is complete, on whole accounts, by a beta distribution
    with the variance of four parts: chance among the accounts of the cohort itself; how far cohorts differ from
    each other beyond chance and trend, by moments [2]_ and with Student's t; the steps, Greenwood's where whoever
    is active at an age was so at the age before; and the trends.

    `on or after` looks at a longer stretch of time for older accounts: recent ones always look worse, as some of
    them will still come back.

    References
    ----------
    .. [1] Mack (1993), Distribution-free calculation of the standard error of chain ladder reserve
       estimates, *ASTIN Bulletin* 23, 213-225.
    .. [2] DerSimonian and Laird (1986), Meta-analysis in clinical trials, *Controlled Clinical Trials* 7, 177-188.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> weekly = measure_retention(activity, RetentionRule(period="week", clock="dates"))
    >>> weekly.at(4).summary()
    '33.2% [31.7%, 34.7%], n = 3,907'
    >>> measure_retention(activity, RetentionRule(measure="on or after", period="month")).summary()
    '4,000 accounts, 60 cohorts, 1,830 cells, 1,830 of them complete'
    """
    rule = RetentionRule() if rule is None else rule
    cohorts = _cohorts_of(rule, cohorts)
    _check(activity, rule, cohorts, cohort_kind, conf_level)
    if cohort_kind == "first-time":
        activity = activity.signups()
    cells = recurring(activity, rule) if cohort_kind == "recurring" else first_time(activity, rule, cohorts)
    if cohorts == "all":
        cells = cells.together()
    return _described(cells, activity, rule, cohorts, cohort_kind, conf_level)


def _cohorts_of(rule: RetentionRule, cohorts: Cohorts | None) -> Cohorts:
    if cohorts is not None:
        return cohorts
    return rule.period if rule.clock == "calendar" and rule.period != "30 days" else "all"


def _check(
    activity: Activity, rule: RetentionRule, cohorts: Cohorts, cohort_kind: CohortKind, conf_level: float
) -> None:
    place = "measure_retention"
    problems = []
    if cohorts not in get_args(Cohorts) or cohort_kind not in get_args(CohortKind):
        what = f"got cohorts '{cohorts}' and cohort_kind '{cohort_kind}'"
        mend = "Choose cohorts 'all', 'day', 'week' or 'month', and 'first-time' or 'recurring'"
        problems.append(Problem(place, what, mend))
    elif rule.clock == "calendar" and cohorts not in ("all", rule.period):
        what = (
            f"ages in calendar {rule.period}s are counted from the {rule.period} of sign-up, got cohorts by {cohorts}"
        )
        problems.append(Problem(f"{place}, cohorts", what, f"Choose '{rule.period}' or 'all', or clock 'dates'"))
    elif rule.clock != "calendar" and cohort_kind == "recurring":
        what = "recurring cohorts need periods of the calendar"
        problems.append(Problem(f"{place}, cohort_kind", what, "Choose clock 'calendar'"))
    elapsed = activity.clock == "elapsed"
    if rule.clock == "elapsed" and not elapsed and activity.grain == "instant":
        mend = "Read the log with read_activity(study, clock='elapsed'), or choose clock 'dates'"
        problems.append(Problem(f"{place}, activity", "holds local days, the rule counts 24 hours", mend))
    if rule.clock != "elapsed" and elapsed:
        mend = "Read the log with read_activity(study)"
        problems.append(Problem(f"{place}, activity", "holds elapsed days, the rule counts local days", mend))
    if not 0 < conf_level < 1:
        what = f"got {conf_level}, expected a share between 0 and 1"
        problems.append(Problem("conf_level", what, "Give one such as 0.95"))
    if problems:
        raise SpecError(*problems)
    if not activity.n_accounts:
        raise EstimateError.at(place, "there are no accounts", "Use a log with events in the window")


def _described(
    cells: Cells,
    activity: Activity,
    rule: RetentionRule,
    cohorts: Cohorts,
    cohort_kind: CohortKind,
    conf_level: float,
) -> Retention:
    known = cells.eligible > 0
    share = np.divide(cells.active, cells.eligible, out=np.full(known.shape, np.nan), where=known)
    low, high = wilson_interval(share, cells.eligible, conf_level)
    certain = known & (cells.age == 0)
    low[certain] = high[certain] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(share * (1 - share) / cells.eligible)
    complete = cells.eligible == cells.n_accounts[:, None]
    projected = project(
        share,
        cells.eligible,
        cells.active,
        cells.before,
        complete,
        certain=bool(cells.age[0] == 0),
        nested=rule.measure == "on or after",
        conf_level=conf_level,
        n_accounts=cells.n_accounts,
    )
    return Retention(
        cohort=cells.cohort,
        age=cells.age,
        age_to=cells.age_to,
        n_accounts=cells.n_accounts,
        n_eligible=cells.eligible,
        n_open=cells.open,
        n_active=cells.active,
        n_seen=cells.seen,
        share=share,
        std_error=error,
        conf_low=low,
        conf_high=high,
        projected=projected[0],
        projected_low=projected[1],
        projected_high=projected[2],
        rule=rule,
        cohorts=cohorts,
        cohort_kind=cohort_kind,
        conf_level=conf_level,
        timezone=activity.timezone,
        n=activity.n_accounts,
        notes=(*activity.notes, *rule.describe(activity.week_starts), *_caveats(cells, complete, rule, activity)),
    )


def _caveats(cells: Cells, complete: Bools, rule: RetentionRule, activity: Activity) -> tuple[Note, ...]:
    notes = []
    n_open = int((~complete & (cells.eligible + cells.open > 0)).sum())
    if n_open:
        message = "{n} cells are open on {day}: only accounts whose window is over count in them"
        notes.append(Note(message, {"n": n_open, "day": day_date(activity.end_day - 1)}))
    if rule.measure == "on or after":
        notes.append(Note("recent cohorts look worse than they are: some of their accounts will still come back"))
    return tuple(notes)
