"""The lifecycle of accounts: new, retained, resurrected and lost in each period, and those who never came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.cohorts._counts import pack_windows
from churn.cohorts.period_patterns import PeriodPatterns, count_patterns
from churn.days.periods import Period, period_starts
from churn.days.zones import day_date
from churn.usage.activity import Activity
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifecycle:
    """
    Accounts by what they did in each calendar period.

    They add up: `n_active` is `n_new + n_already + n_retained + n_resurrected`, and `n_lost` is the active
    accounts of the period before that are not retained; `n_dormant` is that of the period before, plus those
    lost, minus those resurrected.

    Attributes
    ----------
    period_start : tuple of date
        First day of each period, rising.
    n_active : ndarray of int, shape (n_periods,)
        Accounts active in the period.
    n_new : ndarray of int, shape (n_periods,)
        Those that signed up in it.
    n_already : ndarray of int, shape (n_periods,)
        Those first seen in it that may have been there before the log begins.
    n_retained : ndarray of int, shape (n_periods,)
        Those also active in the period before.
    n_resurrected : ndarray of int, shape (n_periods,)
        Those that signed up earlier and were not active in the period before.
    n_lost : ndarray of int, shape (n_periods,)
        Accounts active in the period before and not in this one.
    n_dormant : ndarray of int, shape (n_periods,)
        Accounts that signed up earlier and are not active in this period.
    complete : ndarray of bool, shape (n_periods,)
        Whether all of the period was observed; the counts of one that was not are those so far.
    churn, std_error, conf_low, conf_high : ndarray of float, shape (n_periods,)
        Visitor churn: share of the accounts active in the period before that is not active in this one, with
        its interval (Wilson); NaN in the first period and in one that was not observed to its end.
    quick_ratio : ndarray of float, shape (n_periods,)
        Accounts gained, new and resurrected, for each one lost; NaN as `churn`, and where none was lost.
    period : {'day', 'week', 'month'}
        Length of the periods; weeks begin on the day that the study names.
    conf_level : float
        Between 0 and 1.
    timezone : str
        Name of the zone whose calendar this is.
    n : int
        Accounts.
    patterns : PeriodPatterns or None
        Accounts by the last whole periods in which they were active; None where only the counts are known.
    notes : tuple of Note
        Caveats.
    """

    period_start: tuple[date, ...]
    n_active: Ints
    n_new: Ints
    n_already: Ints
    n_retained: Ints
    n_resurrected: Ints
    n_lost: Ints
    n_dormant: Ints
    complete: NDArray[np.bool_]
    churn: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    quick_ratio: Floats
    period: Period
    conf_level: float = 0.95
    timezone: str = "UTC"
    n: int
    patterns: PeriodPatterns | None = None
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the measure and its interval."""
        return f"visitor churn from {self.period} to {self.period}, Wilson interval"

    @property
    def latest_churn(self) -> Estimate | Unavailable:
        """Visitor churn in the last period observed to its end."""
        known = np.flatnonzero(~np.isnan(self.churn))
        if not len(known):
            return Unavailable(Note("fewer than two whole periods were observed"))
        return self._estimate(int(known[-1]))

    @property
    def pooled_churn(self) -> Estimate | Unavailable:
        """
        Visitor churn over all periods observed to their end.

        Each period weighs as many accounts as were active before it. The interval takes an account in one
        period and the same account in another as independent.
        """
        known = np.flatnonzero(~np.isnan(self.churn))
        if not len(known):
            return Unavailable(Note("fewer than two whole periods were observed"))
        lost, before = int(self.n_lost[known].sum()), int(self.n_active[known - 1].sum())
        low, high = wilson_interval(lost / before, before, self.conf_level)
        share = lost / before
        return Estimate(
            estimate=share,
            std_error=float(np.sqrt(share * (1 - share) / before)),
            conf_low=float(low),
            conf_high=float(high),
            conf_level=self.conf_level,
            n=before,
            method=f"{self.method}, accounts counted once in each {self.period}",
            notes=self.notes,
        )

    def _estimate(self, k: int) -> Estimate:
        return Estimate(
            estimate=float(self.churn[k]),
            std_error=float(self.std_error[k]),
            conf_low=float(self.conf_low[k]),
            conf_high=float(self.conf_high[k]),
            conf_level=self.conf_level,
            n=int(self.n_active[k - 1]),
            method=self.method,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per period.

        Returns
        -------
        DataFrame
            `period_start`, `n_active`, `n_new`, `n_already`, `n_retained`, `n_resurrected`, `n_lost`, `n_dormant`,
            `complete`, `churn`, `std_error`, `conf_low`, `conf_high`, `quick_ratio`.
        """
        counts = ("n_active", "n_new", "n_already", "n_retained", "n_resurrected", "n_lost", "n_dormant")
        told = ("complete", "churn", "std_error", "conf_low", "conf_high", "quick_ratio")
        return pd.DataFrame(
            {"period_start": list(self.period_start), **{name: getattr(self, name) for name in (*counts, *told)}}
        )

    def summary(self) -> str:
        """Say how many left in the last whole period, in one line of English."""
        churn = self.latest_churn
        told = str(churn) if isinstance(churn, Unavailable) else churn.summary()
        return f"{self.n:,} accounts in {len(self.period_start)} {self.period}s; churn in the last whole one: {told}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw accounts gained and kept above zero, and those lost below it, as bars; periods not over are pale.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        place = np.arange(len(self.period_start))
        base = np.zeros(len(place))
        for name in ("already", "retained", "resurrected", "new"):
            height = getattr(self, f"n_{name}")
            if name == "already" and not height.any():
                continue
            bars = ax.bar(place, height, bottom=base, label=name)
            base = base + height
            for bar in np.array(bars.patches)[~self.complete]:
                bar.set_alpha(0.4)
        lost = ax.bar(place, -self.n_lost, label="lost")
        for bar in np.array(lost.patches)[~self.complete]:
            bar.set_alpha(0.4)
        ax.set_xticks(place, [str(day) for day in self.period_start])
        return ax


def measure_lifecycle(activity: Activity, *, period: Period = "month", conf_level: float = 0.95) -> Lifecycle:
    """
    Count new, retained, resurrected, lost and dormant accounts in each calendar period.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    period : {'day', 'week', 'month'}
        Length of the periods; weeks begin on the day that the study names.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Lifecycle
        From the first period with an account to that in which observation ends.

    Raises
    ------
    SpecError
        If an option is not one of those above, or the activity holds elapsed days.
    EstimateError
        If there are no accounts.

    Notes
    -----
    The accounting of growth common in product analysis; the quick ratio is Hsu's [1]_. Visitor churn is not the
    dropout of a curve of tenures: it says who skips a period, and some of those come back (`n_resurrected`).

    References
    ----------
    .. [1] J. Hsu (2015), "Diligence at Social Capital, part 1: Accounting for user growth".

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> lifecycle = measure_lifecycle(read_activity(open_example("twitter_france")))
    >>> lifecycle.summary()
    '4,000 accounts in 60 months; churn in the last whole one: 9.4% [7.6%, 11.6%], n = 827'
    >>> lifecycle.to_frame().loc[1, ["n_active", "n_new", "n_retained", "n_resurrected", "n_lost"]].astype(int).tolist()
    [46, 33, 13, 0, 20]
    """
    _check(activity, period, conf_level)
    starts = period_starts(int(activity.first_day.min()), activity.end_day, period, activity.week_starts)
    edges = starts - activity.origin
    active = pack_windows(activity.words, edges[:-1], edges[1:])
    n_active = np.bitwise_count(active).sum(axis=1, dtype=np.int64)
    seen_in = np.searchsorted(starts, activity.first_day, side="right") - 1
    there = np.zeros(activity.n_accounts, bool) if activity.there_before is None else activity.there_before
    n_new, n_already = (
        np.bincount(seen_in[rows], minlength=len(n_active)).astype(np.int64) for rows in (~there, there)
    )
    n_retained = np.concatenate([[0], np.bitwise_count(active[1:] & active[:-1]).sum(axis=1, dtype=np.int64)])
    before = np.concatenate([[0], n_active[:-1]])
    n_lost, n_resurrected = before - n_retained, n_active - n_new - n_already - n_retained
    complete = np.asarray(starts[1:] <= activity.end_day)
    churn, error, low, high = _churn(n_lost, before, complete, conf_level)
    gained = (n_new + n_resurrected).astype(np.float64)
    ratio = np.divide(gained, n_lost, out=np.full(len(gained), np.nan), where=~np.isnan(churn) & (n_lost > 0))
    unfinished = Note(
        "a period that is not over by {day} counts what was seen so far", {"day": day_date(activity.end_day - 1)}
    )
    return Lifecycle(
        period_start=tuple(day_date(day) for day in starts[:-1]),
        n_active=n_active,
        n_new=n_new,
        n_already=n_already,
        n_retained=n_retained,
        n_resurrected=n_resurrected,
        n_lost=n_lost,
        n_dormant=np.cumsum(n_new + n_already) - n_active,
        complete=complete,
        churn=churn,
        std_error=error,
        conf_low=low,
        conf_high=high,
        quick_ratio=ratio,
        period=period,
        conf_level=conf_level,
        timezone=activity.timezone,
        n=activity.n_accounts,
        patterns=count_patterns(active, seen_in, complete),
        notes=activity.notes + (() if complete[-1] else (unfinished,)),
    )


def _check(activity: Activity, period: Period, conf_level: float) -> None:
    if period not in get_args(Period):
        raise SpecError.at("measure_lifecycle, period", f"got '{period}'", "Choose 'day', 'week' or 'month'")
    check_local(activity, "measure_lifecycle", conf_level)


def check_local(activity: Activity, place: str, conf_level: float) -> None:
    """
    Refuse activity in elapsed days where local ones are needed, a wrong level, and an empty log.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> check_local(read_activity(open_example("twitter_france")), "measure_lifecycle", 0.95)
    """
    if activity.clock != "local":
        raise SpecError.at(
            f"{place}, activity", "holds elapsed days, local ones are needed", "Use read_activity(study)"
        )
    check_level(conf_level)
    if not activity.n_accounts:
        raise EstimateError.at(place, "there are no accounts", "Use a log with events in the window")


def _churn(
    lost: Ints, before: Ints, complete: NDArray[np.bool_], conf_level: float
) -> tuple[Floats, Floats, Floats, Floats]:
    share = np.divide(lost, before, out=np.full(len(lost), np.nan), where=complete & (before > 0))
    low, high = wilson_interval(share, before, conf_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(share * (1 - share) / before)
    return share, error, low, high


def never_returned(activity: Activity, *, horizon_days: int = 30, conf_level: float = 0.95) -> Estimate | Unavailable:
    """
    Estimate the share of accounts never seen after the day of their sign-up, however long they were observed.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    horizon_days : int
        Local days after that of sign-up for which an account must have been observed, at least 1; accounts
        that were not are left out, since so little says nothing of whether they come back.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimate or Unavailable
        The interval is Wilson's; Unavailable where no account was observed for so long.

    Raises
    ------
    SpecError
        If `horizon_days` is less than 1, or the activity holds elapsed days.
    EstimateError
        If there are no accounts.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> never_returned(read_activity(open_example("twitter_france"))).summary()
    '43.2% [41.7%, 44.8%], n = 3,915'
    """
    check_local(activity, "never_returned", conf_level)
    if horizon_days < 1:
        raise SpecError.at("never_returned, horizon_days", f"got {horizon_days}", "Give at least 1 day")
    activity = activity.signups()
    observed = activity.end_day - activity.first_day > horizon_days
    n = int(np.count_nonzero(observed))
    left_out = activity.n_accounts - n
    if not n:
        return Unavailable(Note("no account was observed for {days} days after its sign-up", {"days": horizon_days}))
    share = int(np.count_nonzero(observed & (activity.last_day == activity.first_day))) / n
    limits = wilson_interval(share, n, conf_level)
    message = "{n} accounts that signed up in the last {gap} days of the window are left out"
    return Estimate(
        estimate=share,
        std_error=float(np.sqrt(share * (1 - share) / n)),
        conf_low=float(limits[0]),
        conf_high=float(limits[1]),
        conf_level=conf_level,
        n=n,
        method=f"share never active after the day of sign-up, {horizon_days} days observed or more, Wilson interval",
        notes=activity.notes + ((Note(message, {"n": left_out, "gap": horizon_days}),) if left_out else ()),
    )
