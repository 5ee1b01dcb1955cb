"""Cox proportional-hazards regression under a survey design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from churn.design_based._cox import CoxScore, Ties
from churn.design_based.covariates import sample_covariates
from churn.design_based.curves import follow
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.design.design import Design
from surveys.models.fitted import FittedModel, inference
from surveys.models.formulas import Covariates


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SurveyCoxResult(FittedModel):
    """
    A proportional-hazards model of leaving under a survey design, fitted.

    Coefficients are logarithms of hazard ratios.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, df, conf_low, conf_high, conf_level, terms, notes
        As of every `FittedModel`; `df` are the degrees of freedom of the design, less one for each covariate
        after the first.
    deviations : ndarray of float, shape (m, k)
        A matrix whose cross-product is the covariance.
    n, n_event : int
        Respondents followed, and those of them who left.
    ties : {'efron', 'breslow'}
        How those who leave at the same time are counted.
    """

    deviations: Floats
    n_event: int
    ties: Ties
    _covariates: Covariates

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        ties = {"efron": "Efron's ties", "breslow": "Breslow's ties"}[self.ties]
        return f"Cox model, {ties}, errors of the design"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is."""
        return "hazard_ratio"

    def predict(self, profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Give the hazard of kinds of people against people whose covariates are all 0.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the covariates; the rows of the fit without it.

        Returns
        -------
        DataFrame
            `profile`, `hazard_ratio`, `std_error` of its logarithm, `conf_low`, `conf_high`.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown.
        """
        x = self._covariates.matrix.to_numpy(float) if profiles is None else self._covariates.of(profiles)
        logarithm = x @ self.estimate
        error = np.sqrt(np.square(self.deviations @ x.T).sum(axis=0))
        half = student_t(self.df, self.conf_level) * error
        return pd.DataFrame(
            {
                "profile": np.arange(len(x)),
                "hazard_ratio": np.exp(logarithm),
                "std_error": error,
                "conf_low": np.exp(logarithm - half),
                "conf_high": np.exp(logarithm + half),
            }
        )


def survey_cox(
    design: Design,
    duration: ArrayLike,
    event: ArrayLike,
    covariates: pd.DataFrame | Mapping[str, ArrayLike],
    *,
    rows: ArrayLike | None = None,
    ties: Ties = "efron",
    conf_level: float = 0.95,
) -> SurveyCoxResult:
    """
    Fit a Cox proportional-hazards regression to a survey sample.

    Parameters
    ----------
    design : Design
        The sample: linearised, or with replicate weights.
    duration : array_like of float, shape (n_rows,)
        Tenure at dropout or censoring; NaN for those who do not count.
    event : array_like of float or bool, shape (n_rows,)
        1 for gone, 0 for censored, NaN for those who do not count.
    covariates : DataFrame or mapping of str to array_like, shape (n_rows, k)
        Numbers as they are; text and categories in treatment contrasts with the first level, as
        `town[T.Nice]`. Rows that lack one leave the model, never the design.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the model is limited to.
    ties : {'efron', 'breslow'}
        How those who leave at the same time are counted.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    SurveyCoxResult

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row, or an option is unknown.
    EstimateError
        If the likelihood has no maximum, as where a covariate does not vary or separates those who
        left; or if the design has no variance.

    Notes
    -----
    The weighted partial likelihood, its score residuals turned into a covariance by the design [1]_.

    References
    ----------
    .. [1] D. A. Binder (1992), "Fitting Cox's proportional hazards models from survey data", *Biometrika*
       79, 139-147.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> age, town = rng.uniform(18, 80, 400), np.repeat(np.arange(40), 10)
    >>> left = rng.exponential(45 * np.exp(0.01 * age))
    >>> design = Design.from_frame(pd.DataFrame({"town": town}), cluster="town")
    >>> print(survey_cox(design, np.minimum(left, 90), left <= 90, {"age": age}).summary())
    age: hazard ratio 0.989 [0.983, 0.996], p = 0.002
    """
    if ties not in get_args(Ties):
        raise SpecError.at("ties", f"got '{ties}'", did_you_mean(ties, get_args(Ties), "Choose 'efron' or 'breslow'"))
    built, values = sample_covariates(design, covariates)
    known = np.isfinite(values).all(axis=1)
    end = np.where(known, np.asarray(duration, float), np.nan)
    followed, _, notes = follow(design, end, event, None, rows, ("0", "1"))
    gone = followed.kind == 1
    score = CoxScore(followed.position, gone, values[followed.row], followed.row, design.n, ties)
    if not gone.any() or score.fit(design.weights) is None:
        raise EstimateError.at(
            "covariates",
            "the likelihood has no maximum",
            "Leave out covariates that do not vary, repeat others, or separate those who left from the rest",
        )
    counted = np.zeros(design.n, bool)
    counted[followed.row] = True
    freedom = design.degrees_of_freedom(counted) - values.shape[1] + 1
    estimate, found = score.value(design.weights), design.deviations(score)
    return SurveyCoxResult(
        index=pd.Index([str(name) for name in built.matrix.columns], name="term"),
        **inference(
            estimate,
            found.T @ found,
            conf_level=conf_level,
            df=float(freedom),
            std_error=np.sqrt(np.square(found).sum(axis=0)),
        ),
        deviations=found,
        n=len(followed.row),
        n_event=int(gone.sum()),
        ties=ties,
        terms=built.terms,
        notes=notes,
        _covariates=built,
    )
