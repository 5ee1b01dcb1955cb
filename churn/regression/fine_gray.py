"""Fine-Gray regression: covariates of the cumulative incidence of one cause under competing risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.regression._fine_gray import SubdistributionFit, fit_subdistribution
from churn.regression.complete_rows import complete_rows
from churn.regression.risk_sets import Spells
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_level, some_times
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note
from surveys.models.fitted import FittedModel, inference
from surveys.models.formulas import Covariates, build_covariates, variables


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FineGrayResult(FittedModel):
    """
    A Fine-Gray regression of the subdistribution hazard of one cause, fitted.

    Coefficients are logarithms of subdistribution hazard ratios.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, conf_low, conf_high, conf_level, terms, notes
        As of every `FittedModel`; the covariance is the robust sandwich, which accounts for the estimated censoring
        weights.
    cause : str
        The reason in question.
    model_covariance : ndarray of float, shape (k, k)
        The inverse information.
    log_likelihood, log_likelihood_null : float
        At the fit and at no effect.
    n, n_event, n_other : int
        Accounts, those gone for the cause, and those gone for another.
    time_unit : str
        Unit of tenures.
    """

    cause: str
    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    n_event: int
    n_other: int
    time_unit: str
    _fit: SubdistributionFit
    _covariates: Covariates

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        return "Fine-Gray model, Breslow's ties, robust errors"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is: of the subdistribution."""
        return "hazard_ratio"

    @property
    def ratio_label(self) -> str:
        """What an exponentiated coefficient is, in words."""
        return f"subdistribution hazard ratio of {self.cause}"

    def predict(
        self, profiles: pd.DataFrame | None = None, times: float | Sequence[float] | None = None
    ) -> pd.DataFrame:
        """
        Predict the share of accounts gone for the cause, by tenure, without an interval.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns that the model names, one row for each kind of account; the kinds of the fit
            without it.
        times : float or sequence of float, optional
            Tenures, in `time_unit`; those at which an account left for the cause without them.

        Returns
        -------
        DataFrame
            `profile`, the row of the profiles counted from 0; `time`; `incidence`, just after it.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown, or a time is negative.
        """
        fit = self._fit
        x = self._covariates.matrix.to_numpy(float) if profiles is None else self._covariates.of(profiles)
        log_risk = (x - fit.center) / fit.spread @ fit.maximum.coefficient
        time, hazard = fit.slots.time, np.cumsum(fit.hazard())
        if times is not None:
            time = some_times(times, "times")
            hazard = np.concatenate([[0.0], hazard])[np.searchsorted(fit.slots.time, time, side="right")]
        parts = [
            pd.DataFrame({"profile": i, "time": time, "incidence": -np.expm1(-hazard * np.exp(value))})
            for i, value in enumerate(log_risk)
        ]
        return pd.concat(parts, ignore_index=True)


def fine_gray(tenures: Tenures | TenureCounts, formula: str, *, cause: str, conf_level: float = 0.95) -> FineGrayResult:
    """
    Fit a Fine-Gray regression of the subdistribution hazard of one cause of leaving.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        With causes, and observed from sign-up; one row per account, or counts of accounts.
    formula : str
        Covariates as R writes them, `~ age_group + following`, among the columns that describe accounts. It
        is code: take it from an analyst, never from data.
    cause : str
        The reason in question.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    FineGrayResult
        Accounts without one of the columns are left out, and the notes count them.

    Raises
    ------
    SpecError
        If causes are not told apart, the cause is unknown, accounts are observed from a later tenure than
        sign-up, or the formula cannot be worked out.
    EstimateError
        If nobody leaves for the cause, covariates do not vary among those at risk or determine each other,
        or tell without error who leaves first: the covariate is named.

    Notes
    -----
    The subdistribution hazard [1]_: those gone for another reason stay at risk, at the chance of not being
    censored by then. Ties are Breslow's; errors know that censoring is estimated, as `crr` of R's cmprsk.

    References
    ----------
    .. [1] Fine and Gray (1999), A proportional hazards model for the subdistribution of a competing risk,
       *JASA* 94, 496-509.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "age": ["18-24"] * 4 + ["25-34"] * 4,
    ...         "duration": [5, 10, 20, 30] * 2,
    ...         "event": [1, 1, 1, 0] * 2,
    ...         "cause": ["left", "banned", "left", None] * 2,
    ...         "n": [40, 30, 20, 10, 20, 20, 20, 40],
    ...     }
    ... )
    >>> print(fine_gray(TenureCounts.from_frame(frame), "~ age", cause="left").summary())
    age[T.25-34]: subdistribution hazard ratio of left 0.593 [0.423, 0.831], p = 0.002
    """
    _check(tenures, cause, conf_level)
    frame = tenures.attributes if isinstance(tenures, Tenures) else tenures.strata
    named, place = variables(formula, frame), f"formula '{formula}'"
    if not named:
        raise SpecError.at(place, "names no column", "Write it as '~ x + z'")
    kept, _, notes = complete_rows(tenures, frame[named], place=place)
    attributes = kept.attributes if isinstance(kept, Tenures) else kept.strata
    built = build_covariates(formula, attributes)
    code = np.asarray(kept.cause)
    spells = _spells(kept, code == kept.causes.index(cause) + 1, built)
    other = kept.event & ~spells.event
    if not spells.event.any():
        raise EstimateError.at(f"cause '{cause}'", "nobody leaves for it", "Follow accounts for longer")
    fit = fit_subdistribution(spells, other, built.matrix.to_numpy(float))
    names = [str(name) for name in built.matrix.columns]
    if isinstance(fit, list):
        told = ", ".join(f"'{names[j]}'" for j in fit)
        what = f"{told} does not vary among those at risk, or other covariates determine it"
        raise EstimateError.at(place, what, "Leave it out, or join its levels")
    if fit.maximum.state != "found":
        told = ", ".join(f"'{names[j]}'" for j in fit.maximum.drifting)
        what = f"{told} tells without error who leaves first, so that no finite coefficient exists"
        raise EstimateError.at(place, what, "Join its levels, or leave it out")
    return _describe(fit, built, cause, kept, notes, conf_level)


def _check(tenures: Tenures | TenureCounts, cause: str, conf_level: float) -> None:
    check_level(conf_level)
    if tenures.cause is None:
        raise SpecError.at("fine_gray", "the tenures tell no causes apart", "Give the cause of each dropout")
    if cause not in tenures.causes:
        mend = did_you_mean(cause, tenures.causes, f"Causes here: {', '.join(tenures.causes)}")
        raise SpecError.at(f"cause '{cause}'", "no such cause", mend)
    if tenures.entry is not None and not np.isnan(tenures.entry).all():
        what = "some accounts come under observation after sign-up"
        raise SpecError.at("fine_gray", what, "Limit tenures to accounts observed from sign-up, or take Cox")


def _spells(tenures: Tenures | TenureCounts, event: NDArray[np.bool_], built: Covariates) -> Spells:
    n = len(tenures.duration)
    return Spells(
        duration=tenures.duration,
        entry=np.full(n, np.nan),
        event=event,
        n=np.ones(n, np.int64) if isinstance(tenures, Tenures) else tenures.n,
        weight=np.ones(n),
        stratum=np.zeros(n, np.int64),
        unit=built.unit,
    )


def _describe(
    fit: SubdistributionFit,
    built: Covariates,
    cause: str,
    tenures: Tenures | TenureCounts,
    notes: tuple[Note, ...],
    conf_level: float,
) -> FineGrayResult:
    estimate, covariance = fit.maximum.coefficient / fit.spread, fit.covariance(robust=True)
    return FineGrayResult(
        cause=cause,
        index=pd.Index([str(name) for name in built.matrix.columns], name="term"),
        **inference(estimate, covariance, conf_level=conf_level),
        terms=built.terms,
        model_covariance=fit.covariance(robust=False),
        log_likelihood=fit.maximum.at.log_likelihood,
        log_likelihood_null=fit.maximum.null.log_likelihood,
        n=int(fit.spells.n.sum()),
        n_event=int(fit.slots.gone.sum()),
        n_other=int(fit.spells.n[fit.other].sum()),
        time_unit=tenures.time_unit,
        notes=tenures.notes + notes,
        _fit=fit,
        _covariates=built,
    )
