"""Cumulative hazards: departures per account at risk, added up over tenure (Nelson-Aalen, Fleming-Harrington)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, cast, get_args, overload

import numpy as np

from churn.survival._jackknife import Jackknife, influence_of_hazard, influence_of_tie_corrected_hazard
from churn.survival.curve import SurvivalCurve
from churn.survival.grouping import MODEL_BASED, Followed, GroupedAccounts, check_errors, group_accounts
from churn.survival.step_curve import StepCurve
from churn.survival.tallies import ConfType, cumulative_hazard, limits, tie_corrected_hazard
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Amounts, Floats
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HazardTies = Literal["together", "one by one"]
HazardLimits = Literal["log", "plain"]
HazardErrors = Literal["aalen", "jackknife"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HazardCurve(StepCurve):
    """
    Cumulative hazard of leaving, by tenure.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures at which an account left or was censored, in `time_unit`, rising.
    cumulative_hazard : ndarray of float, shape (n_times,)
        Departures per account at risk, added up to and including each time.
    std_error : ndarray of float, shape (n_times,)
        Standard error of `cumulative_hazard`.
    conf_low, conf_high : ndarray of float, shape (n_times,)
        Pointwise confidence limits of `cumulative_hazard`; NaN before the first departure on the log scale.
    n_at_risk, n_event, n_censor : ndarray of int, shape (n_times,)
        As in `SurvivalCurve`.
    ties : {'together', 'one by one'}
        Whether accounts gone at the same time leave together or one after the other.
    start : float
        Tenure at which the sum begins, in `time_unit`.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log', 'plain'}
        Scale on which the limits are symmetric.
    n : int
        Accounts that the sum rests on, whatever their weights.
    std_errors : {'aalen', 'jackknife'}
        Where standard errors come from.
    weight : str or None
        Attribute that held the weights.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    cumulative_hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Amounts
    n_event: Amounts
    n_censor: Amounts
    ties: HazardTies
    start: float = 0.0
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: HazardLimits = "log"
    n: int
    std_errors: HazardErrors = "aalen"
    weight: str | None = None
    notes: tuple[Note, ...] = ()
    _jackknife: Jackknife | None = field(default=None, repr=False)
    _columns: ClassVar[tuple[str, ...]] = (
        "time",
        "n_at_risk",
        "n_event",
        "n_censor",
        "cumulative_hazard",
        "std_error",
        "conf_low",
        "conf_high",
    )

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        name = "Nelson-Aalen" if self.ties == "together" else "Fleming-Harrington"
        jackknife = ", infinitesimal jackknife" if self.std_errors == "jackknife" else ""
        return f"{name}, {self.conf_type} interval{jackknife}"

    def _at(self, time: float) -> Estimate | Unavailable:
        if time < self.start:
            reason = "the curve begins at {start} {unit}"
            return Unavailable(Note(reason, {"start": f"{self.start:g}", "unit": self.time_unit}))
        if time > self.time[-1]:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        value, error, low, high = (
            0.0 if index < 0 else float(x[index])
            for x in (self.cumulative_hazard, self.std_error, self.conf_low, self.conf_high)
        )
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            unit="departures per account",
            method=self.method,
            notes=self.notes,
        )

    def survival(self, conf_type: ConfType = "log-log") -> SurvivalCurve:
        """
        Give the share retained that the cumulative hazard entails: the exponential of minus it.

        Parameters
        ----------
        conf_type : {'log-log', 'log', 'plain'}
            Scale on which the limits are symmetric.

        Returns
        -------
        SurvivalCurve
            Above that of Kaplan and Meier, and never 0.

        Examples
        --------
        >>> found = nelson_aalen(Tenures(duration=[1, 2, 3, 4], event=[True, True, False, True]))
        >>> found.survival().survival.round(3).tolist()
        [0.779, 0.558, 0.558, 0.205]
        """
        check_choice("conf_type", conf_type, get_args(ConfType))
        survival = np.exp(-self.cumulative_hazard)
        low, high = limits(survival, self.std_error, normal_quantile(self.conf_level), conf_type)
        return SurvivalCurve(
            time=self.time,
            survival=survival,
            std_error=survival * self.std_error,
            log_std_error=self.std_error,
            conf_low=low,
            conf_high=high,
            n_at_risk=self.n_at_risk,
            n_event=self.n_event,
            n_censor=self.n_censor,
            start=self.start,
            time_unit=self.time_unit,
            conf_level=self.conf_level,
            conf_type=conf_type,
            n=self.n,
            estimator="Nelson-Aalen" if self.ties == "together" else "Fleming-Harrington",
            std_errors=self.std_errors,
            weight=self.weight,
            notes=self.notes,
            _jackknife=self._jackknife,
        )

    def summary(self) -> str:
        """Say how far the hazard adds up by the longest tenure observed, in one line of English."""
        value, low, high = (float(x[-1]) for x in (self.cumulative_hazard, self.conf_low, self.conf_high))
        until = f"{self.time[-1]:g} {self.time_unit}"
        return f"{value:.3g} departures per account by {until} [{low:.3g}, {high:.3g}], n = {self.n:,}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the sum and its interval as steps, on the axes given."""
        time = np.concatenate([[self.start], self.time])
        low, high = (np.concatenate([[0.0], np.nan_to_num(x)]) for x in (self.conf_low, self.conf_high))
        (line,) = ax.step(time, np.concatenate([[0.0], self.cumulative_hazard]), where="post")
        ax.fill_between(time, low, high, step="post", alpha=0.2, linewidth=0, color=line.get_color())
        return ax


@overload
def nelson_aalen(
    tenures: Tenures | TenureCounts,
    *,
    by: None = None,
    ties: HazardTies = "together",
    conf_type: HazardLimits = "log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: HazardErrors | None = None,
) -> HazardCurve: ...
@overload
def nelson_aalen(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    ties: HazardTies = "together",
    conf_type: HazardLimits = "log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: HazardErrors | None = None,
) -> dict[str, HazardCurve]: ...
def nelson_aalen(
    tenures: Tenures | TenureCounts,
    *,
    by: str | None = None,
    ties: HazardTies = "together",
    conf_type: HazardLimits = "log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: HazardErrors | None = None,
) -> HazardCurve | dict[str, HazardCurve]:
    r"""
    Estimate the cumulative hazard of leaving, by tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    ties : {'together', 'one by one'}
        Whether accounts gone at the same time leave together, as Nelson and Aalen have it, or one after the
        other within the unit of time, as Fleming and Harrington.
    conf_type : {'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.
    start, weight, cluster
        As for `kaplan_meier`.
    std_errors : {'aalen', 'jackknife'}, optional
        Aalen's formula, which takes weights for numbers of accounts; or the infinitesimal jackknife, the
        default where there is a weight or a cluster.

    Returns
    -------
    HazardCurve or dict of str to HazardCurve
        With one row per distinct tenure.
        By level, in their order, where `by` is given: accounts without a value are in none of the curves, and each
        curve's notes count them.

    Raises
    ------
    SpecError
        If an option is not one of those above, or an attribute is not there.
    EstimateError
        If there are no accounts.

    Notes
    -----
    :math:`\hat H(t)=\sum_{t_j\le t}d_j/n_j` with variance :math:`\sum d_j/n_j^2` [1]_; one by one, each
    term is :math:`1/n_j+1/(n_j-1)+\dots+1/(n_j-d_j+1)`, and the variance the sum of their squares [2]_.

    References
    ----------
    .. [1] O. Aalen (1978), "Nonparametric inference for a family of counting processes", *Annals of
       Statistics* 6, 701-726.
    .. [2] T. R. Fleming and D. P. Harrington (1984), "Nonparametric estimation of the survival distribution
       in censored data", *Communications in Statistics* 13, 2469-2486.

    Examples
    --------
    >>> tenures = Tenures(duration=[1, 1, 2, 3], event=[True, True, True, False])
    >>> print(nelson_aalen(tenures).summary())
    1 departures per account by 3 days [0.301, 3.32], n = 4
    >>> nelson_aalen(tenures, ties="one by one").cumulative_hazard.round(3).tolist()
    [0.583, 1.083, 1.083]

    One curve for each level:

    >>> import pandas as pd
    >>> group = pd.DataFrame({"age": ["18-24", "18-24", "25-34"]})
    >>> tenures = Tenures(duration=[3, 5, 9], event=[True, False, True], attributes=group)
    >>> {level: float(curve.cumulative_hazard[-1]) for level, curve in nelson_aalen(tenures, by="age").items()}
    {'18-24': 0.5, '25-34': 1.0}
    """
    if by is not None:
        return _by_level(tenures, by, ties, conf_type, conf_level, start, weight, cluster, std_errors)
    chosen = _check_options(ties, conf_type, conf_level, weight, cluster, std_errors)
    cells = group_accounts(tenures, [cluster] if cluster else [], weight=weight, place="nelson_aalen,")
    return _curve(cells, ties, conf_type, conf_level, start, weight, cluster, chosen)


def _by_level(
    tenures: Tenures | TenureCounts,
    by: str,
    ties: HazardTies,
    conf_type: HazardLimits,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
    std_errors: HazardErrors | None,
) -> dict[str, HazardCurve]:
    chosen = _check_options(ties, conf_type, conf_level, weight, cluster, std_errors)
    cells = group_accounts(tenures, [by, *([cluster] if cluster else [])], weight=weight, place="nelson_aalen, by")
    return {
        level: _curve(part, ties, conf_type, conf_level, start, weight, cluster, chosen)
        for level, part in cells.split(by)
    }


def _curve(
    cells: GroupedAccounts,
    ties: HazardTies,
    conf_type: HazardLimits,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
    std_errors: HazardErrors,
) -> HazardCurve:
    followed = Followed.of(cells, start, "nelson_aalen")
    tallies, n_gone = followed.tallies, np.asarray(followed.accounts.n_event, np.int64)
    together = ties == "together"
    hazard, error = cumulative_hazard(tallies) if together else tie_corrected_hazard(tallies, n_gone)
    jackknife = None
    if std_errors == "jackknife":
        influence = influence_of_hazard(tallies) if together else influence_of_tie_corrected_hazard(tallies, n_gone)
        jackknife = followed.jackknife(cluster, *influence)
        error = np.sqrt(jackknife.variance())
    low, high = _limits(hazard, error, normal_quantile(conf_level), conf_type)
    model_based = (MODEL_BASED,) if weight and std_errors == "aalen" else ()
    return HazardCurve(
        time=followed.timeline.time,
        cumulative_hazard=hazard,
        std_error=error,
        conf_low=low,
        conf_high=high,
        n_at_risk=tallies.n_at_risk,
        n_event=tallies.n_event,
        n_censor=tallies.n_censor,
        ties=ties,
        start=0.0 if start is None else start,
        time_unit=cells.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        n=followed.cells.n_accounts,
        std_errors=std_errors,
        weight=weight,
        notes=cells.notes + model_based,
        _jackknife=jackknife,
    )


def _check_options(
    ties: str, conf_type: str, conf_level: float, weight: str | None, cluster: str | None, std_errors: str | None
) -> HazardErrors:
    check_choice("ties", ties, get_args(HazardTies))
    check_choice("conf_type", conf_type, get_args(HazardLimits))
    check_level(conf_level)
    return cast(HazardErrors, check_errors(std_errors, "aalen", weight, cluster))


def _limits(hazard: Floats, error: Floats, z: float, conf_type: HazardLimits) -> tuple[Floats, Floats]:
    if conf_type == "plain":
        return np.maximum(hazard - z * error, 0.0), hazard + z * error
    known = np.where(hazard > 0, hazard, np.nan)
    width = np.exp(z * error / known)
    return known / width, known * width
