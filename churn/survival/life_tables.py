"""Leaving by interval of tenure: actuarial life tables, and rates per time at risk with exact limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from churn.survival._life_tables import actuarial, poisson_limits, time_at_risk
from churn.survival.grouping import group_accounts
from churn.survival.tallies import ConfType, limits
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Note
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERYBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LifeTable:
    """
    Accounts that entered, left and were censored in intervals of tenure.

    Attributes
    ----------
    start, end : ndarray of float, shape (n_intervals,)
        Ends of the intervals, in `time_unit`: `start` included, `end` excluded.
    n_enter, n_event, n_censor : ndarray of int, shape (n_intervals,)
        Accounts retained until the start, gone within the interval, censored within it.
    n_effective : ndarray of float, shape (n_intervals,)
        Accounts exposed: those that entered, less half of those censored.
    dropout : ndarray of float, shape (n_intervals,)
        Share of those exposed that left in the interval; NaN where nobody was exposed.
    survival, std_error, conf_low, conf_high : ndarray of float, shape (n_intervals,)
        Share retained until the end of the interval.
    hazard, hazard_std_error : ndarray of float, shape (n_intervals,)
        Rate of leaving at the middle of the interval, per account and `time_unit`.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    n : int
        Accounts retained until the first interval.
    notes : tuple of Note
        Caveats.
    """

    start: Floats
    end: Floats
    n_enter: Ints
    n_event: Ints
    n_censor: Ints
    n_effective: Floats
    dropout: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    hazard: Floats
    hazard_std_error: Floats
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: ConfType = "log-log"
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"actuarial, {self.conf_type} interval"

    def to_frame(self) -> pd.DataFrame:
        """Give one row per interval."""
        counted = ("start", "end", "n_enter", "n_event", "n_censor", "n_effective", "dropout")
        estimated = ("survival", "std_error", "conf_low", "conf_high", "hazard", "hazard_std_error")
        return pd.DataFrame({name: getattr(self, name) for name in (*counted, *estimated)})

    def summary(self) -> str:
        """Say the share retained until the end of each interval in a line of English."""
        rows = self.to_frame()
        columns = [rows[name].tolist() for name in ("end", "survival", "conf_low", "conf_high")]
        return "\n".join(
            f"retained until {end:g} {self.time_unit}: {say_share(share)} [{say_share(low)}, {say_share(high)}]"
            for end, share, low, high in zip(*columns, strict=True)
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw the share retained as a line through the ends of the intervals, with its interval."""
        time = np.concatenate([self.start[:1], self.end])
        low, high = (np.concatenate([[1.0], x]) for x in (self.conf_low, self.conf_high))
        (line,) = ax.plot(time, np.concatenate([[1.0], self.survival]))
        ax.fill_between(time, low, high, alpha=0.2, linewidth=0, color=line.get_color())
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DropoutRates:
    """
    Departures per time at risk, by group and interval of tenure.

    Attributes
    ----------
    level : tuple of str, length n_rows
        Of the group; "" is everybody.
    start, end : ndarray of float, shape (n_rows,)
        Interval of tenure, in `time_unit`: after `start`, until `end`; infinite where it has no end.
    n_event : ndarray of int, shape (n_rows,)
        Departures.
    time_at_risk : ndarray of float, shape (n_rows,)
        Accounts times the `time_unit` that each was at risk.
    rate, conf_low, conf_high : ndarray of float, shape (n_rows,)
        Departures per account and `time_unit`; NaN where no time was spent at risk.
    std_error : ndarray of float, shape (n_rows,)
        Of the rate: the root of departures, over time at risk.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    n : int
        Accounts followed.
    notes : tuple of Note
        Caveats.
    """

    level: tuple[str, ...]
    start: Floats
    end: Floats
    n_event: Ints
    time_at_risk: Floats
    rate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    time_unit: str = "days"
    conf_level: float = 0.95
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return "departures per time at risk, exact Poisson interval"

    def to_frame(self) -> pd.DataFrame:
        """Give one row per level and interval."""
        names = ("level", "start", "end", "n_event", "time_at_risk", "rate", "std_error", "conf_low", "conf_high")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say each rate in a line of English."""
        rows = zip(self.level, self.start, self.n_event, self.rate, self.conf_low, self.conf_high, strict=True)
        return "\n".join(
            f"{level or 'everybody'}, after {start:g} {self.time_unit}: {n:,} departures, "
            f"{rate:.4g} per account and unit [{low:.4g}, {high:.4g}]"
            for level, start, n, rate, low, high in rows
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each rate as a point on its interval, the first at the top."""
        height = -np.arange(len(self.level), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.rate, height, "o")
        return ax


def actuarial_life_table(
    tenures: Tenures | TenureCounts,
    breaks: Sequence[float],
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> LifeTable:
    """
    Make a life table by the actuarial method, for tenures grouped in intervals.

    Where the day of leaving is known, `kaplan_meier` supposes less.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    breaks : sequence of float
        Where intervals begin and end, rising, at least two, in `tenures.time_unit`. Accounts that last
        beyond the last one are retained in all intervals; those that end before the first are not counted.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    LifeTable

    Raises
    ------
    SpecError
        If the breaks do not rise, or an option is not one of those above.
    EstimateError
        If no account is retained until the first break, or some entered late.

    Notes
    -----
    Accounts censored in an interval count as exposed for half of it; the variance of the share retained is
    Greenwood's, that of the hazard Gehan's [1]_, as METHOD=LIFE of SAS LIFETEST.

    References
    ----------
    .. [1] E. A. Gehan (1969), "Estimating survival functions from the life table", *Journal of Chronic
       Diseases* 21, 629-644.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 8, 12, 25, 40, 41], event=[1, 0, 1, 1, 0, 1])
    >>> print(actuarial_life_table(tenures, [0, 10, 30]).summary())
    retained until 10 days: 81.8% [23.9%, 97.2%]
    retained until 30 days: 40.9% [5.4%, 76.0%]
    """
    check_choice("conf_type", conf_type, get_args(ConfType))
    check_level(conf_level)
    ends = _breaks(breaks)
    accounts = group_accounts(tenures)
    if late := int(accounts.n[accounts.entry > ends[0]].sum()):
        what = f"{late} accounts came under observation after the first break"
        raise EstimateError.at("actuarial_life_table", what, "Use kaplan_meier, which allows for late entry")
    kept = accounts.duration >= ends[0]
    if not kept.any():
        raise EstimateError.at("actuarial_life_table", "there are no accounts to follow", "Begin earlier")
    found = actuarial(accounts.duration, accounts.event, accounts.n, ends)
    with np.errstate(invalid="ignore"):
        error = found.survival * found.log_std_error
    low, high = limits(found.survival, found.log_std_error, normal_quantile(conf_level), conf_type)
    return LifeTable(
        start=ends[:-1],
        end=ends[1:],
        n_enter=found.n_enter,
        n_event=found.n_event,
        n_censor=found.n_censor,
        n_effective=found.n_effective,
        dropout=found.dropout,
        survival=found.survival,
        std_error=error,
        conf_low=low,
        conf_high=high,
        hazard=found.hazard,
        hazard_std_error=found.hazard_std_error,
        time_unit=accounts.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        n=int(accounts.n[kept].sum()),
        notes=accounts.notes,
    )


def dropout_rates(
    tenures: Tenures | TenureCounts,
    *,
    by: str | None = None,
    breaks: Sequence[float] | None = None,
    conf_level: float = 0.95,
) -> DropoutRates:
    """
    Estimate rates of leaving per time at risk (person-time).

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str, optional
        Attribute, or column of the strata, a rate for each of whose levels is wanted.
    breaks : sequence of float, optional
        Tenures between which rates are taken, rising, at least two, in `tenures.time_unit`; from sign-up on
        without it.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DropoutRates
        A row for each level and interval. Accounts without a level are left out, and the notes count them.

    Raises
    ------
    SpecError
        If the attribute is not there, or the breaks do not rise.
    EstimateError
        If there are no accounts.

    Notes
    -----
    The rate is constant within an interval, or an average. Limits are those of the mean of a Poisson count
    that it would be exceeded, or fallen short of, with half the remaining probability [1]_. Time at risk
    begins at entry.

    References
    ----------
    .. [1] F. Garwood (1936), "Fiducial limits for the Poisson distribution", *Biometrika* 28, 437-442.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 8, 12, 25, 40, 41], event=[1, 0, 1, 1, 0, 1])
    >>> print(dropout_rates(tenures).summary())
    everybody, after 0 days: 4 departures, 0.03101 per account and unit [0.008449, 0.07939]
    """
    check_level(conf_level)
    ends = np.array([0.0, np.inf]) if breaks is None else _breaks(breaks)
    accounts = group_accounts(tenures, [] if by is None else [by], place="dropout_rates, by")
    if not len(accounts.n):
        raise EstimateError.at("dropout_rates", "there are no accounts to follow", "Choose a larger group")
    levels = (EVERYBODY,) if by is None else accounts.levels[by]
    group = np.zeros(len(accounts.n), np.int64) if by is None else accounts.columns[by]
    tables = time_at_risk(accounts.duration, accounts.event, accounts.entry, accounts.n, group, len(levels), ends)
    n_event, time = tables[0].ravel(), tables[1].ravel()
    low, high = poisson_limits(n_event, conf_level)
    rate, error, low, high = (
        np.divide(above, time, out=np.full(len(time), np.nan), where=time > 0)
        for above in (n_event, np.sqrt(n_event), low, high)
    )
    return DropoutRates(
        level=tuple(np.repeat(levels, len(ends) - 1).tolist()),
        start=np.tile(ends[:-1], len(levels)),
        end=np.tile(ends[1:], len(levels)),
        n_event=n_event,
        time_at_risk=time,
        rate=rate,
        std_error=error,
        conf_low=low,
        conf_high=high,
        time_unit=accounts.time_unit,
        conf_level=conf_level,
        n=accounts.n_accounts,
        notes=accounts.notes,
    )


def _breaks(breaks: Sequence[float]) -> Floats:
    ends = np.asarray(breaks, np.float64)
    if ends.ndim != 1 or len(ends) < 2 or np.isnan(ends).any() or not (np.diff(ends) > 0).all():
        raise SpecError.at("breaks", f"got {list(breaks)}, expected two or more rising tenures", "Put them in order")
    return ends
