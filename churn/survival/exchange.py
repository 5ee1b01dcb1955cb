"""Kaplan-Meier curves as fitters of lifelines, from the counts at their times, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from churn.survival.tallies import Tallies, limits, product_limit
from surveys.core.arrays import Amounts, Bools, Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile

if TYPE_CHECKING:
    from lifelines import KaplanMeierFitter


class CountedCurve(Protocol):
    """What of a Kaplan-Meier curve lifelines can hold: its counts, and how it was estimated."""

    @property
    def time(self) -> Floats:
        """Tenures at which accounts left or were censored."""

    @property
    def n_at_risk(self) -> Amounts:
        """Accounts at risk at each."""

    @property
    def n_event(self) -> Amounts:
        """Accounts that left at each."""

    @property
    def n_censor(self) -> Amounts:
        """Accounts censored at each."""

    @property
    def estimator(self) -> str:
        """Name of the estimator."""

    @property
    def std_errors(self) -> str:
        """Name of the formula of its errors."""

    @property
    def method(self) -> str:
        """Name of the curve and its interval."""

    @property
    def weight(self) -> str | None:
        """Attribute that weighs accounts."""

    @property
    def start(self) -> float:
        """Tenure that the curve begins at."""

    @property
    def observed_from(self) -> float:
        """Tenure at which the first account came under observation."""

    @property
    def conf_level(self) -> float:
        """Of its interval."""


def fitter_of(curve: CountedCurve) -> KaplanMeierFitter:
    """
    Give a Kaplan-Meier curve as a fitted `KaplanMeierFitter` of lifelines.

    Parameters
    ----------
    curve : CountedCurve
        A `SurvivalCurve` by Kaplan and Meier, with Greenwood's standard errors.

    Returns
    -------
    KaplanMeierFitter
        Its survival function agrees with the curve, and its interval where that is log-log, the only one lifelines
        has. Its median is the first time at which the share is at most a half; here it is the middle of the
        stretch where the share is exactly that. Accounts that enter late do so between two times of the curve,
        which adds rows.

    Raises
    ------
    SpecError
        If the curve is another, has errors of the jackknife, or has both weights and accounts that enter late.
    EstimateError
        If lifelines refuses the curve, as where all accounts at risk are gone before others enter.

    Examples
    --------
    >>> from churn.survival.kaplan_meier import kaplan_meier
    >>> from churn.tenures.tenures import Tenures
    >>> fitter = fitter_of(kaplan_meier(Tenures(duration=[10, 20, 30, 40], event=[True, True, True, False])))
    >>> float(fitter.median_survival_time_), fitter.survival_function_.iloc[:, 0].round(9).tolist()
    (20.0, [1.0, 0.75, 0.5, 0.25, 0.25])
    """
    from lifelines import KaplanMeierFitter
    from lifelines.exceptions import StatError

    if curve.estimator != "Kaplan-Meier" or curve.std_errors != "greenwood":
        what = f"got {curve.method}, expected Kaplan-Meier with Greenwood's standard errors"
        raise SpecError.at("to_lifelines", what, "Estimate it with std_errors='greenwood'")
    duration, event, amount = _exits(curve)
    entrants = np.diff(curve.n_at_risk, prepend=0) + np.concatenate([[0], (curve.n_event + curve.n_censor)[:-1]])
    entry = None
    if curve.weight is None and entrants[1:].any():
        duration, event, amount, entry = _matched(curve, entrants, duration, event, amount)
    elif curve.start > 0 or curve.observed_from > 0:
        entry = np.full(len(duration), max(curve.start, curve.observed_from))
    if curve.weight is not None and not np.allclose(entrants[1:], 0, atol=1e-9 * float(amount.sum())):
        what = "got weights and accounts that enter late, expected one of them"
        raise SpecError.at("to_lifelines", what, "Leave the weights out")
    fitter = KaplanMeierFitter(alpha=1 - curve.conf_level)
    try:
        return fitter.fit(duration, event, entry=entry, weights=amount)
    except StatError as error:
        raise EstimateError.at(
            "to_lifelines", f"lifelines refuses it: {str(error).strip().rstrip('.')}", "Begin it later"
        ) from error


def columns_of(fitter: KaplanMeierFitter) -> dict[str, Any]:
    """
    Give what a `SurvivalCurve` is made of from a fitted `KaplanMeierFitter` of lifelines.

    Parameters
    ----------
    fitter : KaplanMeierFitter
        Fitted to times that are censored on the right; its weights count accounts.

    Returns
    -------
    dict
        Attributes of the curve, from the counts of the fitter, at its confidence level, with log-log limits.

    Raises
    ------
    SpecError
        If it is not fitted, or to times that are censored on the left.

    Examples
    --------
    >>> from lifelines import KaplanMeierFitter
    >>> columns_of(KaplanMeierFitter().fit([10, 20, 30, 40], [1, 1, 1, 0]))["n_at_risk"].tolist()
    [4, 3, 2, 1]
    """
    from lifelines.utils import CensoringType

    if not hasattr(fitter, "event_table") or CensoringType.is_left_censoring(fitter):
        what = "got none that is fitted to times censored on the right"
        raise SpecError.at("from_lifelines, fitter", what, "Fit it first")
    table = fitter.event_table[fitter.event_table["removed"] > 0]
    tallies = Tallies(*(_whole(table[name].to_numpy(np.float64)) for name in ("at_risk", "observed", "censored")))
    survival, log_error = product_limit(tallies)
    low, high = limits(survival, log_error, normal_quantile(1 - fitter.alpha), "log-log")
    with np.errstate(invalid="ignore"):
        error = survival * log_error
    return {
        "time": table.index.to_numpy(np.float64),
        "survival": survival,
        "std_error": error,
        "log_std_error": log_error,
        "conf_low": low,
        "conf_high": high,
        "n_at_risk": tallies.n_at_risk,
        "n_event": tallies.n_event,
        "n_censor": tallies.n_censor,
        "conf_level": 1 - fitter.alpha,
        "n": round(float(np.sum(fitter.weights))),
        "observed_from": 0.0 if fitter.entry is None else max(0.0, float(np.min(fitter.entry))),
    }


def _whole(amount: Floats) -> Amounts:
    return amount.astype(np.int64) if (amount == np.round(amount)).all() else amount


def _exits(curve: CountedCurve) -> tuple[Floats, Bools, Floats]:
    """Give the times at which accounts leave or are censored, those that leave first, and how many."""
    amount = np.column_stack([curve.n_event, curve.n_censor]).ravel().astype(np.float64)
    event = np.tile([True, False], len(curve.time))
    return np.repeat(curve.time, 2)[amount > 0], event[amount > 0], amount[amount > 0]


def _matched(
    curve: CountedCurve, entrants: Amounts, duration: Floats, event: Bools, amount: Floats
) -> tuple[Floats, Bools, Floats, Floats]:
    """Pair who enters with who leaves, first with first: only how many there are at each time matters."""
    before = np.concatenate([[max(curve.start, curve.observed_from)], (curve.time[:-1] + curve.time[1:]) / 2])
    gone, come = np.cumsum(amount), np.cumsum(entrants)
    cuts = np.union1d(gone, come[entrants > 0])
    out, into = np.searchsorted(gone, cuts), np.searchsorted(come, cuts)
    return duration[out], event[out], np.diff(cuts, prepend=0), before[into]
