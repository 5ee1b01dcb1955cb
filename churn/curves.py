"""Kaplan-Meier curves: the share of accounts retained by tenure, with its interval, median and risk table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from churn._curves import ConfType, crossing, limits, product_limit, tally
from churn.counts import TenureCounts
from churn.tenures import Tenures
from surveys.errors import EstimateError, SpecError, did_you_mean
from surveys.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurve:
    """
    Share of accounts retained, by tenure.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures at which an account left or was censored, in `time_unit`, rising.
    survival : ndarray of float, shape (n_times,)
        Share retained just after each time, between 0 and 1.
    std_error : ndarray of float, shape (n_times,)
        Standard error of `survival`; NaN once nobody is left.
    log_std_error : ndarray of float, shape (n_times,)
        Standard error of the logarithm of `survival` (Greenwood).
    conf_low, conf_high : ndarray of float, shape (n_times,)
        Pointwise confidence limits of `survival`; NaN where they do not exist.
    n_at_risk, n_event, n_censor : ndarray of int, shape (n_times,)
        Accounts under observation just before each time, gone at it, censored at it.
    start : float
        Tenure at which the curve begins, in `time_unit`; the share is of accounts retained until then.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    n : int
        Accounts that the curve rests on.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    log_std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Ints
    n_event: Ints
    n_censor: Ints
    start: float = 0.0
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: ConfType = "log-log"
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"Kaplan-Meier, {self.conf_type} interval"

    def at(self, time: float) -> Estimate | Unavailable:
        """
        Give the share retained at a tenure.

        Parameters
        ----------
        time : float
            In `time_unit`.

        Returns
        -------
        Estimate or Unavailable
            Unavailable before the curve begins, and beyond the longest tenure observed unless everybody
            has gone by then.
        """
        if time < self.start:
            reason = "the curve begins at {start} {unit}"
            return Unavailable(Note(reason, {"start": _number(self.start), "unit": self.time_unit}))
        if time > self.time[-1] and self.survival[-1] > 0:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": _number(self.time[-1]), "unit": self.time_unit}))
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        value, error, low, high = (
            (1.0, 0.0, 1.0, 1.0)
            if index < 0
            else tuple(float(x[index]) for x in (self.survival, self.std_error, self.conf_low, self.conf_high))
        )
        return self._estimate(value, error, low, high)

    def dropout(self, *, at: float) -> Estimate | Unavailable:
        """
        Give the share gone by a tenure.

        Parameters
        ----------
        at : float
            In `time_unit`; 30 for the one-month dropout of a curve in days.

        Returns
        -------
        Estimate or Unavailable
            One minus the share retained, its interval turned round.
        """
        kept = self.at(at)
        if isinstance(kept, Unavailable):
            return kept
        return self._estimate(1 - kept.estimate, kept.std_error, 1 - kept.conf_high, 1 - kept.conf_low)

    def _estimate(self, value: float, error: float, low: float, high: float) -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            method=self.method,
            notes=self.notes,
        )

    @property
    def median(self) -> Estimate | Unavailable:
        """Tenure by which half of the accounts have gone, as `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, share_gone: float) -> Estimate | Unavailable:
        """
        Give the tenure by which a share of the accounts has gone.

        Parameters
        ----------
        share_gone : float
            Between 0 and 1, both excluded.

        Returns
        -------
        Estimate or Unavailable
            In `time_unit`, without a standard error; an end of the interval that is not reached is NaN.
            Where the curve is flat at exactly that share, the middle of the flat stretch.

        Raises
        ------
        SpecError
            If `share_gone` is not between 0 and 1.

        Notes
        -----
        The rule of `quantile.survfit` in R's survival; the interval holds the tenures at which the
        pointwise interval of the curve contains the share [1]_.

        References
        ----------
        .. [1] Brookmeyer and Crowley (1982), A confidence interval for the median survival time,
           *Biometrics* 38, 29-41.
        """
        if not 0 < share_gone < 1:
            raise SpecError.at("quantile", f"got {share_gone}, expected a share between 0 and 1", "Correct it")
        value = self._crossing(self.survival, share_gone)
        if np.isnan(value):
            reason = "median not reached: {share} remained at {time} {unit}"
            if share_gone != 0.5:
                reason = "quantile not reached: {share} remained at {time} {unit}"
            share, time = float(self.survival[-1]), _number(self.time[-1])
            return Unavailable(Note(reason, {"share": share, "time": time, "unit": self.time_unit}))
        return Estimate(
            estimate=value,
            std_error=np.nan,
            conf_low=self._crossing(self.conf_low, share_gone),
            conf_high=self._crossing(self.conf_high, share_gone),
            conf_level=self.conf_level,
            n=self.n,
            unit=self.time_unit,
            method=f"{self.method}, Brookmeyer-Crowley",
            notes=self.notes,
        )

    def _crossing(self, curve: Floats, share_gone: float) -> float:
        last = np.nan if np.isnan(curve[-1]) else float(self.time[-1])
        return crossing(self.time, curve, share_gone, last)

    def risk_table(self, times: Sequence[float]) -> pd.DataFrame:
        """
        Count accounts at risk, gone and censored at chosen tenures.

        Parameters
        ----------
        times : sequence of float
            Tenures, in `time_unit`.

        Returns
        -------
        DataFrame
            `time`; `n_at_risk` just before the first time of the curve at or after it; `n_event` and
            `n_censor` up to and including it.
        """
        chosen = np.asarray(times, np.float64)
        after = np.searchsorted(self.time, chosen, side="left")
        until = np.searchsorted(self.time, chosen, side="right")
        gone, censored = (np.concatenate([[0], np.cumsum(x)])[until] for x in (self.n_event, self.n_censor))
        at_risk = np.concatenate([self.n_at_risk, [0]])[after]
        return pd.DataFrame({"time": chosen, "n_at_risk": at_risk, "n_event": gone, "n_censor": censored})

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per time.

        Returns
        -------
        DataFrame
            `time`, `n_at_risk`, `n_event`, `n_censor`, `survival`, `std_error`, `conf_low`, `conf_high`.
        """
        names = ("time", "n_at_risk", "n_event", "n_censor", "survival", "std_error", "conf_low", "conf_high")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say how many accounts left and when half of them had, in one line of English."""
        median = self.median
        if isinstance(median, Unavailable):
            told = str(median)
        else:
            low, high = ("not reached" if np.isnan(x) else _number(x) for x in (median.conf_low, median.conf_high))
            told = f"median {_number(median.estimate)} {self.time_unit} [{low}, {high}]"
        return f"{self.n:,} accounts, {int(self.n_event.sum()):,} of them gone; {told}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the curve and its interval as steps.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        time = np.concatenate([[self.start], self.time])
        low, high = (
            np.concatenate([[1.0], np.where(np.isnan(x) & (self.survival == 1), 1.0, x)])
            for x in (self.conf_low, self.conf_high)
        )
        (line,) = ax.step(time, np.concatenate([[1.0], self.survival]), where="post")
        ax.fill_between(time, low, high, step="post", alpha=0.2, linewidth=0, color=line.get_color())
        return ax


def _number(value: float) -> str:
    return f"{value:g}"


def kaplan_meier(
    tenures: Tenures | TenureCounts,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
) -> SurvivalCurve:
    r"""
    Estimate the share of accounts retained, by tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.
    start : float, optional
        Estimate for accounts retained until this tenure, in `tenures.time_unit`; those that left or were
        censored before it are not counted.

    Returns
    -------
    SurvivalCurve
        With one row per distinct tenure.

    Raises
    ------
    SpecError
        If an option is not one of those above.
    EstimateError
        If there are no accounts.

    Notes
    -----
    The product limit :math:`\hat S(t)=\prod_{t_i\le t}(1-d_i/n_i)` [1]_, with Greenwood's variance. At
    equal times dropouts come before censorings; an account is at risk after its entry, up to and
    including its duration.

    References
    ----------
    .. [1] Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, *JASA* 53,
       457-481.

    Examples
    --------
    >>> curve = kaplan_meier(Tenures(duration=[1, 2, 3, 4, 5, 6, 7, 8], event=[1, 1, 1, 1, 0, 1, 0, 0]))
    >>> curve.summary()
    '8 accounts, 5 of them gone; median 5 days [1, not reached]'
    >>> curve.dropout(at=3).summary()
    '37.5% [13.9%, 77.1%], n = 8'
    """
    _check_options(conf_type, conf_level)
    counts = _cells(tenures)
    kept = np.ones(len(counts.n), bool) if start is None else counts.duration >= start
    if not kept.any():
        raise EstimateError.at("kaplan_meier", "there are no accounts to follow", "Choose a larger group")
    counts = counts.where(kept) if start is not None else counts
    entry = None if np.isnan(counts.entry).all() else counts.entry
    time, n_at_risk, n_event, n_censor = tally(counts.duration, counts.event, counts.n, entry)
    survival, log_error = product_limit(n_at_risk, n_event)
    with np.errstate(invalid="ignore"):
        std_error = survival * log_error
    low, high = limits(survival, log_error, float(norm.ppf((1 + conf_level) / 2)), conf_type)
    return SurvivalCurve(
        time=time,
        survival=survival,
        std_error=std_error,
        log_std_error=log_error,
        conf_low=low,
        conf_high=high,
        n_at_risk=n_at_risk,
        n_event=n_event,
        n_censor=n_censor,
        start=0.0 if start is None else start,
        time_unit=counts.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        n=counts.n_accounts,
        notes=counts.notes + _emptied(time, survival, counts.time_unit),
    )


def kaplan_meier_by(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
) -> dict[str, SurvivalCurve]:
    """
    Estimate one curve per level of an attribute.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts.
    by : str
        Attribute, or column of the strata.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.
    start : float, optional
        As for `kaplan_meier`.

    Returns
    -------
    dict of str to SurvivalCurve
        In the order of the levels. Accounts without a value are in none of the curves, and each curve's
        notes count them.

    Raises
    ------
    SpecError
        If the attribute is not there.
    EstimateError
        If no account has a value.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24", "18-24", "25-34"]})
    >>> tenures = Tenures(duration=[3, 5, 9], event=[True, False, True], attributes=group)
    >>> {level: curve.n for level, curve in kaplan_meier_by(tenures, by="age").items()}
    {'18-24': 2, '25-34': 1}
    """
    frame = tenures.attributes if isinstance(tenures, Tenures) else tenures.strata
    if by not in frame.columns:
        mend = did_you_mean(by, map(str, frame.columns), "Name an attribute of the accounts")
        raise SpecError.at(f"kaplan_meier_by, by '{by}'", "no such attribute", mend)
    column = frame[by]
    levels = sorted(column.dropna().unique())
    if not levels:
        raise EstimateError.at(f"kaplan_meier_by, by '{by}'", "no account has a value", "Choose another attribute")
    absent = np.asarray(column.isna())
    n_absent = int(absent.sum()) if isinstance(tenures, Tenures) else int(tenures.n[absent].sum())
    message = "{n} accounts without a value of {group} are left out"
    notes = (Note(message, {"n": n_absent, "group": by}),) if n_absent else ()
    curves = {}
    for level in levels:
        counts = _cells(tenures.where(np.asarray(column == level)))
        counts = TenureCounts(
            strata=counts.strata,
            entry=counts.entry,
            duration=counts.duration,
            event=counts.event,
            n=counts.n,
            time_unit=counts.time_unit,
            notes=counts.notes + notes,
        )
        curves[str(level)] = kaplan_meier(counts, conf_type=conf_type, conf_level=conf_level, start=start)
    return curves


def _check_options(conf_type: str, conf_level: float) -> None:
    if conf_type not in get_args(ConfType):
        mend = did_you_mean(conf_type, get_args(ConfType), "Choose one of them")
        raise SpecError.at("conf_type", f"got '{conf_type}', expected one of {', '.join(get_args(ConfType))}", mend)
    if not 0 < conf_level < 1:
        raise SpecError.at("conf_level", f"got {conf_level}, expected a share between 0 and 1", "Give one such as 0.95")


def _cells(tenures: Tenures | TenureCounts) -> TenureCounts:
    if isinstance(tenures, TenureCounts):
        return tenures
    n = tenures.n_accounts
    return TenureCounts(
        strata=pd.DataFrame(index=range(n)),
        entry=np.full(n, np.nan) if tenures.entry is None else tenures.entry,
        duration=tenures.duration,
        event=tenures.event,
        n=np.ones(n, np.int64),
        time_unit=tenures.time_unit,
        notes=tenures.notes,
    )


def _emptied(time: Floats, survival: Floats, time_unit: str) -> tuple[Note, ...]:
    zero = np.flatnonzero(survival == 0)
    if not len(zero) or zero[0] == len(time) - 1:
        return ()
    message = "all accounts at risk had gone at {time} {unit}, before others came under observation"
    return (Note(message, {"time": _number(time[zero[0]]), "unit": time_unit}),)
