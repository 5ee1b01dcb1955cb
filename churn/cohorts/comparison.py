"""Are newer cohorts staying better? The difference between newer and older ones, and the trend over all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from churn.cohorts.retention import Retention
from churn.days.periods import Period, period_of
from churn.days.zones import day_number
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile, wilson_interval
from surveys.core.results import Estimate, Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortComparison:
    """
    Retention of cohorts at one age, compared.

    Attributes
    ----------
    cohort : tuple of date
        First day of the period of each cohort that is complete at that age, rising.
    n_accounts, n_active : ndarray of int, shape (n_cohorts,)
        Accounts of each cohort, and those retained.
    share, conf_low, conf_high : ndarray of float, shape (n_cohorts,)
        Share retained, with its interval (Wilson).
    age : int
        Whole periods since sign-up.
    since : date
        First of the newer cohorts.
    older, newer : Estimate
        Share retained of the accounts of the older and the newer cohorts.
    difference : Estimate
        Newer less older.
    difference_p_value : float
        Of the score test that both are the same.
    trend : Estimate
        Change of the share from one period to the next, along the straight line of least squares.
    trend_p_value : float
        Of the Cochran-Armitage test that there is no trend.
    homogeneity : float
        Pearson's chi-squared that all cohorts have the same share, on `n_cohorts - 1` degrees of freedom.
    homogeneity_p_value : float
        Its p-value.
    conf_level : float
        Between 0 and 1.
    n : int
        Accounts compared.
    notes : tuple of Note
        Caveats.
    """

    cohort: tuple[date, ...]
    n_accounts: Ints
    n_active: Ints
    share: Floats
    conf_low: Floats
    conf_high: Floats
    age: int
    since: date
    older: Estimate
    newer: Estimate
    difference: Estimate
    difference_p_value: float
    trend: Estimate
    trend_p_value: float
    homogeneity: float
    homogeneity_p_value: float
    conf_level: float = 0.95
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the tests."""
        return "score test of two shares, Newcombe interval; Cochran-Armitage trend; Pearson's chi-squared"

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per cohort.

        Returns
        -------
        DataFrame
            `cohort`, `n_accounts`, `n_active`, `share`, `conf_low`, `conf_high`, `newer` (bool).
        """
        names = ("n_accounts", "n_active", "share", "conf_low", "conf_high")
        columns = {name: getattr(self, name) for name in names}
        newer = [day >= self.since for day in self.cohort]
        return pd.DataFrame({"cohort": list(self.cohort), **columns, "newer": newer})

    def summary(self) -> str:
        """Say whether newer cohorts stay better, in one line of English."""
        low, middle, high = (
            f"{100 * x:+.1f}" for x in (self.difference.conf_low, self.difference.estimate, self.difference.conf_high)
        )
        return (
            f"at age {self.age}, cohorts since {self.since} retain {self.newer.estimate:.1%}, older ones "
            f"{self.older.estimate:.1%}: {middle} points [{low}, {high}], p = {self.difference_p_value:.2g}"
        )

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the share of each cohort with its interval, and the mean of the older and of the newer ones.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        place = np.arange(len(self.cohort))
        errors = np.maximum([self.share - self.conf_low, self.conf_high - self.share], 0)
        points = ax.errorbar(place, self.share, yerr=errors, fmt="o", markersize=4)
        cut = sum(day < self.since for day in self.cohort)
        color = points.lines[0].get_color()
        ax.hlines(
            [self.older.estimate, self.newer.estimate], [-0.5, cut - 0.5], [cut - 0.5, len(place) - 0.5], colors=color
        )
        ax.set_xticks(place, [str(day) for day in self.cohort])
        return ax


def compare_cohorts(retention: Retention, *, age: int, since: date | None = None) -> CohortComparison:
    r"""
    Test whether newer cohorts stay better than older ones.

    Parameters
    ----------
    retention : Retention
        First-time cohorts by day, week or month; only those complete at the age are compared, so that all
        had the same time.
    age : int
        First age of a window, at least 1 period after sign-up.
    since : date, optional
        First day from which a cohort counts as newer; if not given, the later half of the cohorts does.

    Returns
    -------
    CohortComparison

    Raises
    ------
    SpecError
        If the retention is not one of first-time cohorts, there is no such age, or it is 0.
    EstimateError
        If fewer than two cohorts are complete at the age, or all of them are on one side of `since`.

    Notes
    -----
    The interval of the difference is Newcombe's, from the Wilson intervals of both shares [1]_. The trend is
    that of Cochran and Armitage, with the number of the period as score [2]_; its estimate is the slope
    :math:`\sum n(x-\bar x)(p-\bar p)/\sum n(x-\bar x)^2`, with the binomial variance of each share.

    References
    ----------
    .. [1] R. G. Newcombe (1998), "Interval estimation for the difference between independent proportions",
       *Statistics in Medicine* 17, 873-890, method 10.
    .. [2] P. Armitage (1955), "Tests for linear trends in proportions and frequencies", *Biometrics* 11, 375-386.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.cohorts.retention import measure_retention
    >>> from churn.cohorts.rules import RetentionRule
    >>> from reports.examples import open_example
    >>> monthly = measure_retention(read_activity(open_example("twitter_france")), RetentionRule())
    >>> compare_cohorts(monthly, age=1).summary()
    'at age 1, cohorts since 2011-06-01 retain 46.9%, older ones 47.7%: -0.9 points [-4.4, +2.6], p = 0.63'
    """
    column = _checked(retention, age)
    kept = np.flatnonzero(retention.complete[:, column])
    cohort = tuple(day for i in kept if (day := retention.cohort[i]) is not None)
    n, active = retention.n_accounts[kept], retention.n_active[kept, column]
    if len(cohort) < 2:
        what = f"{len(cohort)} cohorts are complete at age {age}, expected at least 2"
        raise EstimateError.at("compare_cohorts", what, "Choose a smaller age")
    first = cohort[len(cohort) // 2] if since is None else since
    newer = np.array([day >= first for day in cohort])
    if newer.all() or not newer.any():
        what = f"all cohorts complete at age {age} signed up {'since' if newer.any() else 'before'} {first}"
        raise EstimateError.at("compare_cohorts, since", what, f"Choose a day after {cohort[0]}, up to {cohort[-1]}")
    level = retention.conf_level
    before, after = (_share(int(active[side].sum()), int(n[side].sum()), level) for side in (~newer, newer))
    difference, p_value = _difference(before, after, level)
    assert retention.cohorts != "all"
    slope, trend_p_value = _trend(cohort, retention.cohorts, active, n, level)
    pooled = active.sum() / n.sum()
    statistic = float(np.sum((active - n * pooled) ** 2 / (n * pooled * (1 - pooled)))) if 0 < pooled < 1 else 0.0
    low, high = wilson_interval(active / n, n, level)
    message = "{n} cohorts are not complete at age {age} and are left out"
    left_out = len(retention.cohort) - len(cohort)
    return CohortComparison(
        cohort=cohort,
        n_accounts=n,
        n_active=active,
        share=active / n,
        conf_low=low,
        conf_high=high,
        age=age,
        since=first,
        older=before,
        newer=after,
        difference=difference,
        difference_p_value=p_value,
        trend=slope,
        trend_p_value=trend_p_value,
        homogeneity=statistic,
        homogeneity_p_value=float(special.chdtrc(len(cohort) - 1, statistic)),
        conf_level=level,
        n=int(n.sum()),
        notes=retention.notes + ((Note(message, {"n": left_out, "age": age}),) if left_out else ()),
    )


def _checked(retention: Retention, age: int) -> int:
    if retention.cohorts == "all" or retention.cohort_kind == "recurring":
        mend = "Measure retention by first-time cohorts of days, weeks or months"
        raise SpecError.at("compare_cohorts", "needs cohorts that share no account", mend)
    if age not in retention.age:
        raise SpecError.at("compare_cohorts, age", f"there is no age {age}", f"Choose one up to {retention.age.max()}")
    if age == 0:
        what = "at age 0 every account is active by definition"
        raise SpecError.at("compare_cohorts, age", what, "Choose one from 1")
    return int(np.flatnonzero(retention.age == age)[0])


def _share(active: int, n: int, conf_level: float) -> Estimate:
    share = active / n
    low, high = wilson_interval(share, n, conf_level)
    return Estimate(
        estimate=share,
        std_error=float(np.sqrt(share * (1 - share) / n)),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=n,
        method="Wilson",
    )


def _difference(older: Estimate, newer: Estimate, conf_level: float) -> tuple[Estimate, float]:
    apart = newer.estimate - older.estimate
    down = np.hypot(newer.estimate - newer.conf_low, older.conf_high - older.estimate)
    up = np.hypot(newer.conf_high - newer.estimate, older.estimate - older.conf_low)
    assert older.n is not None
    assert newer.n is not None
    n = older.n + newer.n
    pooled = (older.estimate * older.n + newer.estimate * newer.n) / n
    spread = np.sqrt(pooled * (1 - pooled) * (1 / older.n + 1 / newer.n))
    estimate = Estimate(
        estimate=apart,
        std_error=float(np.hypot(older.std_error, newer.std_error)),
        conf_low=float(apart - down),
        conf_high=float(apart + up),
        conf_level=conf_level,
        n=n,
        method="Newcombe",
    )
    return estimate, _two_sided(apart, float(spread))


def _two_sided(value: float, error: float) -> float:
    return float(2 * special.ndtr(-abs(value / error))) if error > 0 else 1.0


def _trend(
    cohort: tuple[date, ...], period: Period, active: Ints, n: Ints, conf_level: float
) -> tuple[Estimate, float]:
    score = period_of([day_number(day) for day in cohort], period).astype(np.float64)
    share, pooled = active / n, active.sum() / n.sum()
    apart = score - np.average(score, weights=n)
    spread = np.sum(n * apart**2)
    slope = float(np.sum(n * apart * (share - pooled)) / spread)
    error = float(np.sqrt(np.sum(n * apart**2 * share * (1 - share))) / spread)
    null_error = float(np.sqrt(pooled * (1 - pooled) / spread))
    width = normal_quantile(conf_level) * error
    estimate = Estimate(
        estimate=slope,
        std_error=error,
        conf_low=slope - width,
        conf_high=slope + width,
        conf_level=conf_level,
        n=int(n.sum()),
        method=f"least squares, change of the share per {period}",
    )
    return estimate, _two_sided(slope, null_error)
