"""A Cox model, fitted: hazard ratios, tests, diagnostics, and predicted shares retained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.regression._ties import Ties
from churn.regression.cox_curves import CoxCurves, curves_of, hazard_table
from churn.regression.diagnostics import (
    Concordance,
    ProportionalHazardsTest,
    Residuals,
    Transform,
    concordance_of,
    proportional_hazards,
    residual_table,
)
from churn.regression.exchange import LifelinesCoxResult, cox_fitter, cox_from_lifelines
from churn.regression.fit import Fit
from churn.survival.tallies import ConfType
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.models.fitted import FittedModel
from surveys.models.formulas import Covariates
from surveys.models.significance import ChiSquaredTest

if TYPE_CHECKING:
    from lifelines import CoxPHFitter

StdErrors = Literal["model", "robust"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoxResult(FittedModel):
    """
    A proportional-hazards model of leaving, fitted; coefficients are logarithms of hazard ratios.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, conf_low, conf_high, conf_level, terms, notes
        As of every `FittedModel`.
    model_covariance : ndarray of float, shape (k, k)
        As the model alone has it, whatever `std_errors` says.
    log_likelihood, log_likelihood_null : float
        Partial, at the fit and at no effect.
    n, n_event : int
        Rows of accounts, and departures.
    ties : {'efron', 'breslow', 'exact'}
        How accounts that leave at the same time are counted.
    std_errors : {'model', 'robust'}
        Whether the covariance is the model's, or the sandwich over accounts or clusters.
    strata : tuple of str
        Each with a baseline hazard of its own; one, nameless, without strata.
    time_unit : str
        Unit of tenures.
    """

    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    n_event: int
    ties: Ties
    std_errors: StdErrors
    strata: tuple[str, ...]
    time_unit: str
    _fit: Fit
    _covariates: Covariates
    _rows: NDArray[np.int64]
    _levels: pd.DataFrame

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        errors = {"model": "errors of the model", "robust": "robust errors"}[self.std_errors]
        ties = {"efron": "Efron's ties", "breslow": "Breslow's ties", "exact": "exact ties"}[self.ties]
        return f"Cox model, {ties}, {errors}"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is."""
        return "hazard_ratio"

    @property
    def aic(self) -> float:
        """Akaike's information criterion of the partial likelihood."""
        return 2 * len(self.index) - 2 * self.log_likelihood

    def likelihood_ratio_test(self) -> ChiSquaredTest:
        """Test by the partial likelihood that no covariate has an effect."""
        statistic = 2 * (self.log_likelihood - self.log_likelihood_null)
        return ChiSquaredTest.of(statistic, len(self.index), "likelihood ratio test")

    def score_test(self) -> ChiSquaredTest:
        """Test by the gradient at no effect; with groups as covariates and without ties, the log-rank test."""
        _, gradient, information = self._fit.maximum.null
        statistic = float(gradient @ np.linalg.solve(information, gradient))
        return ChiSquaredTest.of(statistic, len(self.index), "score test")

    def robust_score_test(self) -> ChiSquaredTest:
        """
        Test by the gradient at no effect, with its variance among accounts or clusters.

        Raises
        ------
        SpecError
            If ties are exact.
        """
        self._refuse_exact("robust score test")
        return ChiSquaredTest.of(self._fit.robust_score_test(), len(self.index), "robust score test")

    def proportional_hazards_test(self, transform: Transform = "km") -> ProportionalHazardsTest:
        """
        Test that hazard ratios stay the same over time.

        Parameters
        ----------
        transform : {'km', 'identity', 'rank', 'log'}
            How hazard ratios may change instead: along 1 minus the share retained, time, its rank, or its
            logarithm.

        Returns
        -------
        ProportionalHazardsTest

        Raises
        ------
        SpecError
            If the transform is unknown, or ties are exact.

        Notes
        -----
        The score test of an interaction of each covariate with the function of time, which is exact under
        ties, as `cox.zph` of R's survival from 3.0 [1]_.

        References
        ----------
        .. [1] Grambsch and Therneau (1994), Proportional hazards tests and diagnostics based on weighted
           residuals, *Biometrika* 81, 515-526.
        """
        self._refuse_exact("proportional_hazards_test")
        if transform not in get_args(Transform):
            mend = did_you_mean(transform, get_args(Transform), f"Known: {', '.join(get_args(Transform))}")
            raise SpecError.at(f"transform '{transform}'", "not known here", mend)
        if transform == "log" and self._fit.slots.time.min() <= 0:
            raise SpecError.at("transform 'log'", "some accounts leave at 0", "Take 'km', 'rank' or 'identity'")
        return proportional_hazards(self._fit, self.index, transform)

    def concordance(self) -> Concordance:
        """
        Measure how often the account with the higher risk leaves first.

        Returns
        -------
        Concordance

        Notes
        -----
        Harrell's C, its error by the infinitesimal jackknife, as `concordance` of R's survival.
        """
        return concordance_of(self._fit, self.strata, n=self.n, conf_level=self.conf_level)

    def residuals(self, kind: Residuals = "martingale") -> pd.DataFrame:
        """
        Give residuals of each account of a cell.

        Parameters
        ----------
        kind : {'martingale', 'deviance', 'score', 'schoenfeld', 'dfbeta'}
            `score` is what an account adds to the gradient, not counting its weight; `dfbeta` about by how much
            its absence would change the estimates, its weight included, as in R; `schoenfeld` the covariates of
            those who leave less their mean among those at risk, in order of stratum and time.

        Returns
        -------
        DataFrame
            `row` of the tenures or counts, counted from 0, `n` accounts, and `residual`, or a column for
            each covariate; with `time` for `schoenfeld`.

        Raises
        ------
        SpecError
            If the kind is unknown, or ties are exact.
        """
        self._refuse_exact("residuals")
        if kind not in get_args(Residuals):
            mend = did_you_mean(kind, get_args(Residuals), f"Known: {', '.join(get_args(Residuals))}")
            raise SpecError.at(f"residuals '{kind}'", "not known here", mend)
        return residual_table(self._fit, kind, self.model_covariance, self._rows, self.index)

    def baseline_hazard(self) -> pd.DataFrame:
        """
        Give the cumulative hazard of an account whose covariates are all 0.

        Returns
        -------
        DataFrame
            `stratum`, `time`, `cumulative_hazard`, `std_error`.

        Raises
        ------
        SpecError
            If ties are exact.
        """
        self._refuse_exact("baseline_hazard")
        zero = np.zeros((1, len(self.index)))
        return hazard_table(self._fit.hazards(zero, robust=self.std_errors == "robust"), self.strata)

    def survival(
        self, profiles: pd.DataFrame, *, conf_type: ConfType = "log-log", conf_level: float | None = None
    ) -> CoxCurves:
        """
        Predict the share of accounts retained, by tenure.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns)
            Values of the columns that the model names, one row for each kind of account.
        conf_type : {'log-log', 'log', 'plain'}
            Scale on which the limits are symmetric.
        conf_level : float, optional
            Between 0 and 1; that of the model without it.

        Returns
        -------
        CoxCurves
            A curve for each profile in each stratum.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown, or ties are exact.

        Notes
        -----
        The exponential of minus Breslow's or Efron's cumulative hazard [1]_.

        References
        ----------
        .. [1] Tsiatis (1981), A large sample study of Cox's regression model, *Annals of Statistics* 9, 93-108.
        """
        self._refuse_exact("survival")
        return self._curves(self._covariates.of(profiles), profiles, conf_type=conf_type, conf_level=conf_level)

    def _curves(
        self,
        x: Floats,
        profiles: pd.DataFrame,
        *,
        conf_type: ConfType = "log-log",
        conf_level: float | None = None,
    ) -> CoxCurves:
        return curves_of(
            self._fit.hazards(x, robust=self.std_errors == "robust"),
            strata=self.strata,
            profiles=profiles.reset_index(drop=True),
            conf_type=conf_type,
            conf_level=self.conf_level if conf_level is None else conf_level,
            time_unit=self.time_unit,
            method=self.method,
            n=self.n,
            notes=self.notes,
        )

    def predict(
        self, profiles: pd.DataFrame | None = None, times: float | Sequence[float] | None = None
    ) -> pd.DataFrame:
        """
        Predict the share of accounts retained, by tenure, in each stratum.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns that the model names, one row for each kind of account; the kinds of the fit
            without it.
        times : float or sequence of float, optional
            Tenures, in `time_unit`; those at which accounts left or were censored without them.

        Returns
        -------
        DataFrame
            `stratum`, `profile`, `time`, `survival`, `std_error`, `conf_low`, `conf_high`; NaN beyond the longest
            tenure of a stratum.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown, a time is negative, or ties are exact.
        """
        self._refuse_exact("predict")
        if profiles is None:
            curves = self._curves(self._covariates.matrix.to_numpy(float), self._covariates.matrix)
        else:
            curves = self.survival(profiles)
        return pd.concat([curve.rows_at(times) for curve in curves.curves], ignore_index=True)

    def to_lifelines(self) -> CoxPHFitter:
        """
        Give the model as a fitted `CoxPHFitter` of lifelines, whose summaries, predictions and plots agree with it.

        Returns
        -------
        CoxPHFitter
            As lifelines has it, its `variance_matrix_` is that of the model; robust errors are its
            `standard_errors_`.

        Raises
        ------
        SpecError
            If ties are exact, which lifelines does not know.

        Examples
        --------
        >>> from churn.regression.cox import Cox
        >>> from churn.tenures.tenures import Tenures
        >>> plan = pd.DataFrame({"plan": ["a", "b", "b", "a"] * 3})
        >>> fitted = Cox("~ plan").fit(Tenures(duration=range(1, 13), event=[1, 1, 0] * 4, attributes=plan))
        >>> theirs = fitted.to_lifelines()
        >>> round(float(theirs.hazard_ratios_["plan[T.b]"]), 3), round(float(np.exp(fitted.estimate[0])), 3)
        (0.972, 0.972)
        """
        self._refuse_exact("to_lifelines")
        fit = self._fit
        hazards = fit.hazards(fit.center[None], robust=False)
        return cox_fitter(
            self,
            self._covariates,
            fit.spells,
            center=fit.center,
            baselines=[(hazard.time, hazard.cumulative[:, 0]) for hazard in hazards],
            levels=self._levels,
            model_covariance=self.model_covariance,
            robust=self.std_errors == "robust",
            log_likelihoods=(self.log_likelihood, self.log_likelihood_null),
            concordance=fit.concordance().concordance,
            log_risk=fit.log_risk,
        )

    @staticmethod
    def from_lifelines(fitter: CoxPHFitter) -> LifelinesCoxResult:
        """
        Take a fitted `CoxPHFitter` of lifelines, for tables, sentences, tests and drawings as here.

        Parameters
        ----------
        fitter : CoxPHFitter
            Fitted without a penalty.

        Returns
        -------
        LifelinesCoxResult

        Raises
        ------
        SpecError
            If it is another kind of fitter, not fitted, penalised, or has a parametric baseline.
        """
        return cox_from_lifelines(fitter)

    def _refuse_exact(self, place: str) -> None:
        if self.ties == "exact":
            raise SpecError.at(place, "cannot be had with exact ties", "Take ties='efron'")
