"""The survival curve: the share of accounts retained by tenure, with its interval, quantiles and risk table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import pandas as pd

from churn.survival._jackknife import Jackknife
from churn.survival.step_curve import StepCurve
from churn.survival.tallies import ConfType, Tallies, crossing, greenwood_sum, remaining_area
from surveys.core.arguments import one_number
from surveys.core.arrays import Amounts, Floats
from surveys.core.errors import SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from lifelines import KaplanMeierFitter
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SurvivalCurve(StepCurve):
    """
    Share of accounts retained, by tenure.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures at which an account left or was censored, in `time_unit`, rising.
    survival : ndarray of float, shape (n_times,)
        Share retained just after each time, between 0 and 1.
    std_error : ndarray of float, shape (n_times,)
        Standard error of `survival`; once nobody is left, NaN by Greenwood's formula and 0 by the jackknife.
    log_std_error : ndarray of float, shape (n_times,)
        Standard error of the logarithm of `survival`.
    conf_low, conf_high : ndarray of float, shape (n_times,)
        Pointwise confidence limits of `survival`; NaN where they do not exist, as once nobody is left, though
        plain limits of the jackknife are then 0.
    n_at_risk, n_event, n_censor : ndarray of int, shape (n_times,)
        Accounts under observation just before each time, gone at it, censored at it; sums of their weights,
        as floats, where they have weights.
    start : float
        Tenure at which the curve begins, in `time_unit`; the share is of accounts retained until then.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    n : int
        Accounts that the curve rests on, whatever their weights.
    estimator : str
        Name of the curve.
    std_errors : {'greenwood', 'aalen', 'jackknife'}
        Where standard errors come from.
    weight : str or None
        Attribute that held the weights.
    observed_from : float
        Tenure at which the first account came under observation, in `time_unit`; nothing was seen before.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    log_std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Amounts
    n_event: Amounts
    n_censor: Amounts
    start: float = 0.0
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: ConfType = "log-log"
    n: int
    estimator: str = "Kaplan-Meier"
    std_errors: Literal["greenwood", "aalen", "jackknife"] = "greenwood"
    weight: str | None = None
    observed_from: float = 0.0
    notes: tuple[Note, ...] = ()
    _jackknife: Jackknife | None = field(default=None, repr=False)
    _columns: ClassVar[tuple[str, ...]] = (
        "time",
        "n_at_risk",
        "n_event",
        "n_censor",
        "survival",
        "std_error",
        "conf_low",
        "conf_high",
    )

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        jackknife = ", infinitesimal jackknife" if self.std_errors == "jackknife" else ""
        return f"{self.estimator}, {self.conf_type} interval{jackknife}"

    def _at(self, time: float) -> Estimate | Unavailable:
        if time < self.start:
            reason = "the curve begins at {start} {unit}"
            return Unavailable(Note(reason, {"start": f"{self.start:g}", "unit": self.time_unit}))
        if self.start < time < self.observed_from:
            return self._unobserved()
        if time > self.time[-1] and self.survival[-1] > 0:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        value, error, low, high = (
            (1.0, 0.0, 1.0, 1.0)
            if index < 0
            else tuple(float(x[index]) for x in (self.survival, self.std_error, self.conf_low, self.conf_high))
        )
        return self._estimate(value, error, low, high)

    def _unobserved(self) -> Unavailable:
        reason = "no account was under observation before {first} {unit}"
        return Unavailable(Note(reason, {"first": f"{self.observed_from:g}", "unit": self.time_unit}))

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
        kept = self._at(one_number(at, "SurvivalCurve.at, time"))
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
        pointwise interval of the curve contains the share [1]_. A limit of the curve that turns back, as it
        can where few accounts are left, is taken where it first reaches the share.

        References
        ----------
        .. [1] Brookmeyer and Crowley (1982), A confidence interval for the median survival time,
           *Biometrics* 38, 29-41.
        """
        share_gone = one_number(share_gone, "SurvivalCurve.quantile, share_gone")
        if not 0 < share_gone < 1:
            raise SpecError.at("quantile", f"got {share_gone}, expected a share between 0 and 1", "Correct it")
        value = self._crossing(self.survival, share_gone)
        if np.isnan(value):
            reason = "median not reached: {share} remained at {time} {unit}"
            if share_gone != 0.5:
                reason = "quantile not reached: {share} remained at {time} {unit}"
            share, time = float(self.survival[-1]), f"{self.time[-1]:g}"
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

    def restricted_mean(self, until: float) -> Estimate | Unavailable:
        r"""
        Give the mean tenure within a horizon: the area under the curve.

        Parameters
        ----------
        until : float
            In `time_unit`, beyond `start`.

        Returns
        -------
        Estimate or Unavailable
            In `time_unit`, counted from sign-up; for accounts retained until `start` where that is not 0.
            Unavailable beyond the longest tenure observed, unless everybody has gone by then, and where nobody was
            under observation within the horizon.

        Raises
        ------
        SpecError
            If `until` does not lie beyond the start of the curve.

        Notes
        -----
        :math:`\int_0^{\tau}\hat S(t)\,dt`, with the variance
        :math:`\sum_{t_j\le\tau}(\int_{t_j}^{\tau}\hat S)^2 d_j/\{n_j(n_j-d_j)\}` [1]_, or that of the
        infinitesimal jackknife where the curve has it; the interval is normal.

        References
        ----------
        .. [1] Klein and Moeschberger (2003), *Survival Analysis*, 2nd ed., 4.5.

        Examples
        --------
        >>> from churn.survival.kaplan_meier import kaplan_meier
        >>> from churn.tenures.tenures import Tenures
        >>> curve = kaplan_meier(Tenures(duration=[10, 20, 30, 40], event=[True, True, True, False]))
        >>> curve.restricted_mean(30).estimate
        22.5
        """
        until = one_number(until, "SurvivalCurve.restricted_mean, until")
        if not until > self.start:
            what = f"got {until:g}, expected a time after {self.start:g}"
            raise SpecError.at("until", what, "Choose a longer horizon")
        if self.observed_from > max(self.start, 0.0) and until <= self.observed_from:
            return self._unobserved()
        if until > self.time[-1] and self.survival[-1] > 0:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        area = remaining_area(self.time, self.survival, self.start, until)
        mean = self.start + float(area[0])
        if self._jackknife is None:
            variance = greenwood_sum(Tallies(self.n_at_risk, self.n_event, self.n_censor), area[1:])
        else:
            variance = self._jackknife.variance_of_sum(area[1:])
        error = float(np.sqrt(variance))
        half = normal_quantile(self.conf_level) * error
        how = "infinitesimal jackknife" if self._jackknife else "Greenwood"
        return Estimate(
            estimate=mean,
            std_error=error,
            conf_low=mean - half,
            conf_high=mean + half,
            conf_level=self.conf_level,
            n=self.n,
            unit=self.time_unit,
            method=f"area under the curve, {how}",
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

    def to_lifelines(self) -> KaplanMeierFitter:
        """
        Give the curve as a fitted `KaplanMeierFitter` of lifelines.

        Returns
        -------
        KaplanMeierFitter
            As `churn.survival.exchange.fitter_of` says, with what differs.

        Raises
        ------
        SpecError
            If the curve is not Kaplan and Meier's with Greenwood's errors, or lifelines has no word for it.
        """
        from churn.survival.exchange import fitter_of

        return fitter_of(self)

    @classmethod
    def from_lifelines(cls, fitter: KaplanMeierFitter, *, time_unit: str = "days") -> Self:
        """
        Take a fitted `KaplanMeierFitter` of lifelines.

        Parameters
        ----------
        fitter : KaplanMeierFitter
            Fitted to times that are censored on the right; its weights count accounts.
        time_unit : str
            Unit of its times.

        Returns
        -------
        SurvivalCurve
            From its counts, at its confidence level, with log-log limits.

        Raises
        ------
        SpecError
            If it is not fitted, or to times that are censored on the left.

        Examples
        --------
        >>> from lifelines import KaplanMeierFitter
        >>> SurvivalCurve.from_lifelines(KaplanMeierFitter().fit([10, 20, 30, 40], [1, 1, 1, 0])).summary()
        '4 accounts, 3 of them gone; median 25 days [10, not reached]'
        """
        from churn.survival.exchange import columns_of

        return cls(**columns_of(fitter), time_unit=time_unit)

    def summary(self) -> str:
        """Say how many accounts left and when half of them had, in one line of English."""
        median = self.median
        if isinstance(median, Unavailable):
            told = str(median)
        else:
            low, high = ("not reached" if np.isnan(x) else f"{x:g}" for x in (median.conf_low, median.conf_high))
            told = f"median {median.estimate:g} {self.time_unit} [{low}, {high}]"
        gone = f", {self.n_event.sum():,} of them gone" if self.weight is None else f", weighted by {self.weight}"
        return f"{self.n:,} accounts{gone}; {told}"

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
