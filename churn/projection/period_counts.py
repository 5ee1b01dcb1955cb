"""Accounts at risk and gone in whole periods of tenure, of one cohort or several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from churn.survival.tallies import Tallies, limits, product_limit
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Note


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodCounts:
    """
    How many accounts were at risk in each whole period of tenure, and how many left in it.

    Attributes
    ----------
    n_at_risk : ndarray of float, shape (n_periods,)
        Accounts retained until the period began and observed through it; not whole where they come from
        published shares.
    n_event : ndarray of float, shape (n_periods,)
        Those of them that left in it.
    n : float
        Accounts in all.
    time_unit : str
        What a period is called, in the plural.
    notes : tuple of Note
        Caveats.

    Examples
    --------
    >>> PeriodCounts.from_survivors([1000, 631, 468, 382]).summary()
    '1,000 accounts over 3 periods, 618 of them gone'
    """

    n_at_risk: Floats
    n_event: Floats
    n: float
    time_unit: str = "periods"
    notes: tuple[Note, ...] = ()

    @classmethod
    def from_survivors(
        cls, survivors: ArrayLike | pd.DataFrame, *, time_unit: str = "periods", notes: tuple[Note, ...] = ()
    ) -> PeriodCounts:
        """
        Take counts from a table of accounts still there.

        Parameters
        ----------
        survivors : array_like of float, shape (n_periods + 1,) or (n_cohorts, n_periods + 1)
            Accounts at the start, then after each period; a row per cohort, NaN where it is not that old.
        time_unit : str
            What a period is called, in the plural.
        notes : tuple of Note
            Caveats.

        Returns
        -------
        PeriodCounts
            Cohorts added up by age.

        Raises
        ------
        SpecError
            If a row rises, has a gap or holds something that is not a count.

        Examples
        --------
        >>> cohorts = [[10_000, 8_000, 6_480], [10_000, 8_000, np.nan]]
        >>> PeriodCounts.from_survivors(cohorts, time_unit="years").to_frame()[["period", "n_at_risk", "n_event"]]
           period  n_at_risk  n_event
        0       1    20000.0   4000.0
        1       2     8000.0   1520.0
        """
        table = np.atleast_2d(np.asarray(survivors, float))
        problems = [problem for i, row in enumerate(table) for problem in _survivor_problems(row, i + 1)]
        if problems:
            raise SpecError(*problems)
        before, lost = table[:, :-1], -np.diff(table, axis=1)
        at_risk = np.where(np.isnan(lost), 0.0, before).sum(axis=0)
        seen = int(np.count_nonzero(at_risk))
        return cls(
            n_at_risk=at_risk[:seen],
            n_event=np.nansum(lost, axis=0)[:seen],
            n=float(table[:, 0].sum()),
            time_unit=time_unit,
            notes=notes,
        )

    @classmethod
    def from_tenures(
        cls, tenures: Tenures | TenureCounts, *, period: float, time_unit: str | None = None
    ) -> PeriodCounts:
        """
        Count whole periods of tenures.

        Parameters
        ----------
        tenures : Tenures or TenureCounts
            One row per account, or counts of accounts.
        period : float
            Length of a period, in `tenures.time_unit`; a dropout at its very end lies in it, and one at 0
            in the first.
        time_unit : str, optional
            What a period is called, in the plural; `periods of 30 days` unless told.

        Returns
        -------
        PeriodCounts
            An account counts in the periods through which it was observed, or in which it left; the one
            in which it was censored, or came under observation, does not count.

        Raises
        ------
        SpecError
            If `period` is not more than 0.

        Examples
        --------
        >>> tenures = Tenures(duration=[0, 30, 31, 75, 90], event=[True, True, True, False, False])
        >>> PeriodCounts.from_tenures(tenures, period=30).to_frame()[["period", "n_at_risk", "n_event"]]
           period  n_at_risk  n_event
        0       1        5.0      2.0
        1       2        3.0      1.0
        2       3        1.0      0.0
        """
        if not period > 0:
            raise SpecError.at("period", f"got {period:g}, expected more than 0", "Give the length of a period")
        cells = count_tenures(tenures) if isinstance(tenures, Tenures) else tenures
        last = np.where(cells.event, np.maximum(np.ceil(cells.duration / period), 1), cells.duration // period)
        first = np.ceil(np.where(np.isnan(cells.entry), 0.0, cells.entry) / period)
        counted = last > first
        last, first, n = (x[counted].astype(np.int64) for x in (last, first, cells.n))
        size = int(last.max(initial=0))
        entered = np.cumsum(np.bincount(first, n, size + 1))[:size]
        left = np.cumsum(np.bincount(last, n, size + 1))[:size]
        gone = cells.event[counted]
        at_risk = entered - left
        event = np.bincount(last[gone], n[gone], size + 1)[1:]
        seen = int(np.argmin(np.append(at_risk > 0, False)))
        return cls(
            n_at_risk=at_risk[:seen].astype(np.float64),
            n_event=event[:seen].astype(np.float64),
            n=float(cells.n.sum()),
            time_unit=time_unit or f"periods of {period:g} {cells.time_unit}",
            notes=cells.notes,
        )

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return len(self.n_event)

    @property
    def greenwood(self) -> Floats:
        """Variance of the logarithm of the share retained after each period, by Greenwood; shape (n_periods,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            added = self.n_event / (self.n_at_risk * (self.n_at_risk - self.n_event))
        return np.asarray(np.cumsum(added))

    def until(self, n_periods: int) -> PeriodCounts:
        """
        Keep the first periods.

        Parameters
        ----------
        n_periods : int
            How many.

        Returns
        -------
        PeriodCounts

        Examples
        --------
        >>> PeriodCounts.from_survivors([1000, 631, 468, 382]).until(2).n_periods
        2
        """
        return PeriodCounts(
            n_at_risk=self.n_at_risk[:n_periods],
            n_event=self.n_event[:n_periods],
            n=self.n,
            time_unit=self.time_unit,
            notes=self.notes,
        )

    def to_frame(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """
        Give one row per period.

        Parameters
        ----------
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        DataFrame
            `period` (first is 1), `n_at_risk`, `n_event`; `survival`, `conf_low`, `conf_high`: share retained
            after it, by the product limit, with log-log limits.
        """
        period = np.arange(1, self.n_periods + 1)
        nobody = np.zeros(self.n_periods)
        survival, error = product_limit(Tallies(n_at_risk=self.n_at_risk, n_event=self.n_event, n_censor=nobody))
        low, high = limits(survival, error, normal_quantile(conf_level), "log-log")
        return pd.DataFrame(
            {
                "period": period,
                "n_at_risk": self.n_at_risk,
                "n_event": self.n_event,
                "survival": survival,
                "conf_low": low,
                "conf_high": high,
            }
        )

    def summary(self) -> str:
        """Say how many accounts were seen, for how long, and how many left, in one line of English."""
        gone = self.n_event.sum()
        return f"{self.n:,.0f} accounts over {self.n_periods} {self.time_unit}, {gone:,.0f} of them gone"


def _survivor_problems(row: Floats, number: int) -> list[Problem]:
    place = f"survivors, row {number}"
    seen = row[: int(np.flatnonzero(~np.isnan(row)).max(initial=-1)) + 1]
    if np.isnan(seen).any() or not len(seen):
        return [Problem(place, "a count is missing before the last one", "Fill it in, or leave the cohort out")]
    if not (np.isfinite(seen).all() and (seen >= 0).all() and seen[0] > 0):
        return [Problem(place, "expected counts, the first of them more than 0", "Correct the counts")]
    rise = np.flatnonzero(np.diff(seen) > 0)
    if len(rise):
        at = int(rise[0])
        what = f"{seen[at + 1]:g} after {at + 1} periods are more than {seen[at]:g} before"
        mend = "Give accounts that have not left, rather than active ones: PeriodCounts.from_tenures counts them"
        return [Problem(place, what, mend)]
    return []
