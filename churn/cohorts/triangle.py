"""Retention by cohort: accounts that signed up in the same calendar month, and how many are active later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.cohorts.lifecycle import check_local
from churn.days.periods import period_starts
from churn.days.zones import day_date
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints
from surveys.core.intervals import wilson_interval
from surveys.core.results import Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortTriangle:
    """
    Accounts active in each calendar month since the month of their sign-up.

    Attributes
    ----------
    cohort : tuple of date
        First day of each month in which accounts signed up, rising.
    n_accounts : ndarray of int, shape (n_cohorts,)
        Accounts that signed up in it.
    n_active : ndarray of float, shape (n_cohorts, n_ages)
        Accounts active in the month of each age; NaN where the month is not over or lies ahead.
    observed : ndarray of bool, shape (n_cohorts, n_ages)
        Whether any of the month lies within the window.
    complete : ndarray of bool, shape (n_cohorts, n_ages)
        Whether all of the month lies within the window.
    share, conf_low, conf_high : ndarray of float, shape (n_cohorts, n_ages)
        Share of the cohort that is active, and its interval (Wilson); NaN as `n_active`. At age 0 every
        account is active by definition, so both limits are 1.
    conf_level : float
        Between 0 and 1.
    timezone : str
        Name of the zone whose months these are.
    notes : tuple of Note
        Caveats.
    """

    cohort: tuple[date, ...]
    n_accounts: Ints
    n_active: Floats
    observed: NDArray[np.bool_]
    complete: NDArray[np.bool_]
    share: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float = 0.95
    timezone: str = "UTC"
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per cell that the window reaches.

        Returns
        -------
        DataFrame
            `cohort` (date), `age` (whole months since, first is 0), `n_accounts`, `n_active`, `share`,
            `conf_low`, `conf_high`, `complete`.
        """
        row, age = np.nonzero(self.observed)
        return pd.DataFrame(
            {
                "cohort": [self.cohort[i] for i in row],
                "age": age,
                "n_accounts": self.n_accounts[row],
                **{name: getattr(self, name)[row, age] for name in ("n_active", "share", "conf_low", "conf_high")},
                "complete": self.complete[row, age],
            }
        )

    def summary(self) -> str:
        """Say what the triangle covers, in one line of English."""
        total = int(self.n_accounts.sum())
        first, last = self.cohort[0], self.cohort[-1]
        return f"{total:,} accounts in {len(self.cohort)} monthly cohorts, {first:%Y-%m} to {last:%Y-%m}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the shares as a grid of cells, oldest cohort on top; empty where a month is not over.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        ax.pcolormesh(np.ma.masked_invalid(self.share), vmin=0, vmax=1, edgecolors="white", linewidth=0.5)
        ax.set_xticks(np.arange(self.share.shape[1]) + 0.5, [str(age) for age in range(self.share.shape[1])])
        ax.set_yticks(np.arange(len(self.cohort)) + 0.5, [f"{month:%Y-%m}" for month in self.cohort])
        ax.invert_yaxis()
        return ax


def retention_triangle(activity: Activity, *, conf_level: float = 0.95) -> CohortTriangle:
    """
    Count the accounts of each monthly cohort that are active in each later month.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CohortTriangle
        Calendar months of `activity.timezone`. A cell whose month is not over by the end of the window
        is empty.

    Raises
    ------
    SpecError
        If `conf_level` is not between 0 and 1, or the activity holds elapsed days.
    EstimateError
        If there are no accounts.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> triangle = retention_triangle(read_activity(open_example("twitter_france")))
    >>> triangle.summary()
    '4,000 accounts in 60 monthly cohorts, 2009-01 to 2013-12'
    >>> triangle.to_frame()[["cohort", "age", "n_accounts", "n_active"]].head(3)
           cohort  age  n_accounts  n_active
    0  2009-01-01    0          33      33.0
    1  2009-01-01    1          33      13.0
    2  2009-01-01    2          33      12.0
    """
    check_local(activity, "retention_triangle", conf_level)
    activity = activity.signups()
    starts = period_starts(int(activity.first_day.min()), activity.end_day, "month")
    month_of = np.searchsorted(starts, activity.first_day, side="right") - 1
    n_months = len(starts) - 1
    size = np.bincount(month_of, minlength=n_months)
    active = np.stack(
        [
            np.bincount(month_of[activity.active_between(int(low), int(high))], minlength=n_months)
            for low, high in pairwise(starts)
        ]
    )
    cohorts = np.flatnonzero(size)
    month = cohorts[:, None] + np.arange(n_months - cohorts[0])
    observed = month < n_months
    within = np.where(observed, month, 0)
    complete = observed & (starts[within + 1] <= activity.end_day)
    n_active = np.where(complete, active[within, cohorts[:, None]], np.nan)
    n_accounts = size[cohorts]
    share = n_active / n_accounts[:, None]
    low, high = wilson_interval(share, np.broadcast_to(n_accounts[:, None], share.shape), conf_level)
    low[complete[:, 0], 0] = high[complete[:, 0], 0] = 1.0
    unfinished = Note("months that are not over by {day} are left empty", {"day": day_date(activity.end_day - 1)})
    return CohortTriangle(
        cohort=tuple(day_date(starts[i]) for i in cohorts),
        n_accounts=n_accounts,
        n_active=n_active,
        observed=observed,
        complete=complete,
        share=share,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        timezone=activity.timezone,
        notes=activity.notes + (() if complete[observed].all() else (unfinished,)),
    )
