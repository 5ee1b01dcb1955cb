"""Fine and Gray's model: what raises the share of accounts gone for one reason, others being gone for another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.regression._fine_gray import SubdistributionFit, fit_subdistribution
from churn.regression.formulas import Covariates, build_covariates, complete_rows, variables
from churn.regression.hazard_ratios import plot_ratios, ratio_table
from churn.regression.risk_sets import Spells
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Note
from surveys.core.rounding import say_p
from surveys.estimates.contrasts import Contrast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FineGrayResult:
    """
    A proportional model of the hazard of one cause's cumulative incidence, fitted.

    Attributes
    ----------
    cause : str
        The reason in question.
    index : Index, shape (k,)
        Names of the covariates.
    estimate, std_error : ndarray of float, shape (k,)
        Logarithms of subdistribution hazard ratios.
    covariance, model_covariance : ndarray of float, shape (k, k)
        The sandwich that knows the censoring to be estimated; the inverse information.
    z, p_value : ndarray of float, shape (k,)
        Of each estimate against zero, two-sided.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the normal intervals of the estimates.
    conf_level : float
        Between 0 and 1.
    log_likelihood, log_likelihood_null : float
        At the fit and at no effect.
    n, n_event, n_other : int
        Accounts, those gone for the cause, and those gone for another.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

    cause: str
    index: pd.Index
    estimate: Floats
    std_error: Floats
    covariance: Floats = field(repr=False)
    model_covariance: Floats = field(repr=False)
    z: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    log_likelihood: float
    log_likelihood_null: float
    n: int
    n_event: int
    n_other: int
    time_unit: str
    notes: tuple[Note, ...] = ()
    _fit: SubdistributionFit = field(repr=False)
    _covariates: Covariates = field(repr=False)

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        return "Fine-Gray model, Breslow's ties, robust errors"

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per covariate.

        Returns
        -------
        DataFrame
            `term`, `estimate`, `std_error`, `z`, `p_value`, `conf_low`, `conf_high`, and `hazard_ratio`,
            `hazard_ratio_low`, `hazard_ratio_high`.
        """
        return ratio_table(self)

    def summary(self) -> str:
        """Say each subdistribution hazard ratio, its interval and its test in a line of English."""
        return "\n".join(
            f"{row.term}: subdistribution hazard ratio of {self.cause} {row.hazard_ratio:.3g} "
            f"[{row.hazard_ratio_low:.3g}, {row.hazard_ratio_high:.3g}], {say_p(float(p))}"
            for row, p in zip(self.to_frame().itertuples(), self.p_value, strict=True)
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each hazard ratio as a point on its interval, on a logarithmic axis, the first at the top."""
        return plot_ratios(self, ax)

    def contrast(self, weights: Mapping[str, float]) -> Contrast:
        """
        Estimate a weighted sum of logarithms of subdistribution hazard ratios.

        Parameters
        ----------
        weights : mapping of str to float
            Weight of each covariate named.

        Returns
        -------
        Contrast
            With a normal interval.

        Raises
        ------
        SpecError
            If a covariate is unknown.
        """
        return Contrast.between(weights, self.index, self.estimate, self.covariance, np.inf, conf_level=self.conf_level)

    def incidence(self, profiles: pd.DataFrame) -> pd.DataFrame:
        """
        Predict the share of accounts gone for the cause, by tenure, without an interval.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns)
            Values of the columns that the model names, one row for each kind of account.

        Returns
        -------
        DataFrame
            `profile`, the row of the profiles counted from 0; `time`; `incidence`, just after each time at
            which an account left for the cause.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown.
        """
        fit = self._fit
        log_risk = (self._covariates.of(profiles) - fit.center) / fit.spread @ fit.maximum.coefficient
        hazard = np.cumsum(fit.hazard())
        parts = [
            pd.DataFrame({"profile": i, "time": fit.slots.time, "incidence": -np.expm1(-hazard * np.exp(value))})
            for i, value in enumerate(log_risk)
        ]
        return pd.concat(parts, ignore_index=True)


def fine_gray(tenures: Tenures | TenureCounts, formula: str, *, cause: str, conf_level: float = 0.95) -> FineGrayResult:
    """
    Model the share of accounts gone for one reason, where others leave for another.

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
    if not 0 < conf_level < 1:
        raise SpecError.at("conf_level", f"got {conf_level}, expected a share between 0 and 1", "Give one such as 0.95")
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
    std_error = np.sqrt(np.diag(covariance))
    half, z = float(student_t(np.inf, conf_level)) * std_error, estimate / std_error
    return FineGrayResult(
        cause=cause,
        index=pd.Index([str(name) for name in built.matrix.columns], name="term"),
        estimate=estimate,
        std_error=std_error,
        covariance=covariance,
        model_covariance=fit.covariance(robust=False),
        z=z,
        p_value=2 * special.ndtr(-np.abs(z)),
        conf_low=estimate - half,
        conf_high=estimate + half,
        conf_level=conf_level,
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
