"""What a Cox model found: hazard ratios, their tests, whether hazards are proportional, how well it orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.regression import _residuals
from churn.regression._ties import Ties
from churn.regression.cox_curves import CoxCurves, curves_of
from churn.regression.fit import Fit
from churn.regression.formulas import Covariates
from churn.regression.hazard_ratios import plot_ratios, ratio_table
from churn.survival.tallies import ConfType
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note
from surveys.core.rounding import say_p
from surveys.estimates.contrasts import Contrast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

StdErrors = Literal["model", "robust"]
Transform = Literal["km", "identity", "rank", "log"]
Residuals = Literal["martingale", "deviance", "score", "schoenfeld", "dfbeta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquaredTest:
    """
    A test by a chi-squared statistic.

    Attributes
    ----------
    statistic : float
    df : int
        Degrees of freedom.
    p_value : float
    method : str
        Name of the test.
    """

    statistic: float
    df: int
    p_value: float
    method: str

    @classmethod
    def of(cls, statistic: float, df: int, method: str) -> ChiSquaredTest:
        """
        Compare a statistic with its distribution.

        Examples
        --------
        >>> print(ChiSquaredTest.of(3.84, 1, "Wald test").summary())
        Wald test: chi-squared(1) = 3.84, p = 0.050
        """
        return cls(statistic=statistic, df=df, p_value=float(special.chdtrc(df, statistic)), method=method)

    def summary(self) -> str:
        """Say the test in one line of English."""
        return f"{self.method}: chi-squared({self.df}) = {self.statistic:.3g}, {say_p(self.p_value)}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProportionalHazardsTest:
    """
    A test that hazard ratios stay the same over time.

    Attributes
    ----------
    index : Index, shape (k,)
        Names of the covariates.
    statistic, p_value : ndarray of float, shape (k,)
        Chi-squared on one degree of freedom, for each covariate.
    together : ChiSquaredTest
        Of all covariates.
    transform : {'km', 'identity', 'rank', 'log'}
        The function of time that hazard ratios may follow instead.
    """

    index: pd.Index
    statistic: Floats
    p_value: Floats
    together: ChiSquaredTest
    transform: Transform

    def to_frame(self) -> pd.DataFrame:
        """Give one row per covariate and one, `(all)`, for all: `term`, `statistic`, `df`, `p_value`."""
        return pd.DataFrame(
            {
                "term": [*self.index, "(all)"],
                "statistic": [*self.statistic, self.together.statistic],
                "df": [1] * len(self.index) + [self.together.df],
                "p_value": [*self.p_value, self.together.p_value],
            }
        )

    def summary(self) -> str:
        """Say the test of all covariates in one line of English."""
        return self.together.summary()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concordance:
    """
    How often the account with the higher risk leaves first.

    Attributes
    ----------
    estimate : Estimate
        Share of comparable pairs; pairs of equal risk count half.
    strata : tuple of str
        Within which accounts are compared; one, nameless, without strata.
    concordant, discordant, tied_risk : ndarray of float, shape (n_strata,)
        Comparable pairs, weighted: those who leave in the order of their risk, or against it, or at equal risk.
    tied_time, tied_both : ndarray of float, shape (n_strata,)
        Pairs that leave at the same time, at different and at equal risk: they do not count.
    """

    estimate: Estimate
    strata: tuple[str, ...]
    concordant: Floats
    discordant: Floats
    tied_risk: Floats
    tied_time: Floats
    tied_both: Floats

    def to_frame(self) -> pd.DataFrame:
        """Give one row per stratum, with its pairs."""
        names = ("concordant", "discordant", "tied_risk", "tied_time", "tied_both")
        return pd.DataFrame({"stratum": self.strata} | {name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say the concordance in one line of English."""
        return f"concordance {self.estimate.summary()}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxResult:
    """
    A proportional-hazards model of leaving, fitted.

    Attributes
    ----------
    index : Index, shape (k,)
        Names of the covariates; `sex[T.M]` is level M of sex against its first level.
    estimate, std_error : ndarray of float, shape (k,)
        Logarithms of hazard ratios.
    covariance, model_covariance : ndarray of float, shape (k, k)
        Of the estimates, as `std_errors` says; and as the model alone has it.
    z, p_value : ndarray of float, shape (k,)
        Of each estimate against zero, two-sided.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the normal intervals of the estimates.
    conf_level : float
        Between 0 and 1.
    log_likelihood, log_likelihood_null : float
        Partial, at the fit and at no effect.
    n, n_event : int
        Rows of accounts, and departures.
    ties : {'efron', 'breslow', 'exact'}
        How accounts that leave at the same time are counted.
    std_errors : {'model', 'robust'}
        Whether the covariance is the model's, or the sandwich over accounts or clusters.
    terms : mapping of str to tuple of int
        Positions of each term's covariates.
    strata : tuple of str
        Each with a baseline hazard of its own; one, nameless, without strata.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

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
    ties: Ties
    std_errors: StdErrors
    terms: Mapping[str, tuple[int, ...]]
    strata: tuple[str, ...]
    time_unit: str
    notes: tuple[Note, ...] = ()
    _fit: Fit = field(repr=False)
    _covariates: Covariates = field(repr=False)
    _rows: NDArray[np.int64] = field(repr=False)

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        errors = {"model": "errors of the model", "robust": "robust errors"}[self.std_errors]
        ties = {"efron": "Efron's ties", "breslow": "Breslow's ties", "exact": "exact ties"}[self.ties]
        return f"Cox model, {ties}, {errors}"

    @property
    def aic(self) -> float:
        """Akaike's information criterion of the partial likelihood."""
        return 2 * len(self.index) - 2 * self.log_likelihood

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
        """Say each hazard ratio, its interval and its test in a line of English."""
        rows = zip(self.index, *(np.exp(x) for x in (self.estimate, self.conf_low, self.conf_high)), strict=True)
        return "\n".join(
            f"{name}: hazard ratio {ratio:.3g} [{low:.3g}, {high:.3g}], {say_p(p)}"
            for (name, ratio, low, high), p in zip(rows, self.p_value, strict=True)
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each hazard ratio as a point on its interval, on a logarithmic axis, the first at the top."""
        return plot_ratios(self, ax)

    def contrast(self, weights: Mapping[str, float]) -> Contrast:
        """
        Estimate a weighted sum of logarithms of hazard ratios.

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

    def wald_test(self, term: str | None = None) -> ChiSquaredTest:
        """
        Test that the covariates of a term, or all of them, have no effect.

        Parameters
        ----------
        term : str, optional
            As the formula writes it.

        Returns
        -------
        ChiSquaredTest

        Raises
        ------
        SpecError
            If the model has no such term.
        """
        if term is not None and term not in self.terms:
            mend = did_you_mean(term, self.terms, f"Terms here: {', '.join(self.terms)}")
            raise SpecError.at(f"term '{term}'", "the model has no such term", mend)
        used = list(range(len(self.index)) if term is None else self.terms[term])
        estimate, spread = self.estimate[used], self.covariance[np.ix_(used, used)]
        return ChiSquaredTest.of(float(estimate @ np.linalg.solve(spread, estimate)), len(used), "Wald test")

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
        each, together = self._fit.proportional(transform)
        return ProportionalHazardsTest(
            index=self.index,
            statistic=each,
            p_value=special.chdtrc(1, each),
            together=ChiSquaredTest.of(together, len(self.index), "test of proportional hazards"),
            transform=transform,
        )

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
        pairs = self._fit.concordance()
        half = float(student_t(np.inf, self.conf_level)) * pairs.std_error
        value = pairs.concordance
        estimate = Estimate(
            estimate=value,
            std_error=pairs.std_error,
            conf_low=max(value - half, 0.0),
            conf_high=min(value + half, 1.0),
            conf_level=self.conf_level,
            n=self.n,
            method="concordance, infinitesimal jackknife",
        )
        return Concordance(
            estimate=estimate,
            strata=self.strata,
            concordant=pairs.concordant,
            discordant=pairs.discordant,
            tied_risk=pairs.tied_score,
            tied_time=pairs.tied_time,
            tied_both=pairs.tied_both,
        )

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
        fit, spells = self._fit, self._fit.spells
        if kind == "schoenfeld":
            gone, found = fit.schoenfeld_residuals()
            about = {"row": self._rows[gone], "n": spells.n[gone], "time": fit.slots.time[fit.slots.last[gone]]}
            return pd.DataFrame(about).join(pd.DataFrame(found, columns=self.index))
        about = {"row": self._rows, "n": spells.n}
        if kind in ("score", "dfbeta"):
            found = fit.score_residuals() * fit.spread
            found = found @ self.model_covariance * spells.weight[:, None] if kind == "dfbeta" else found
            return pd.DataFrame(about).join(pd.DataFrame(found, columns=self.index))
        residual = fit.martingale_residuals()
        return pd.DataFrame(
            about | {"residual": _residuals.deviance(spells, residual) if kind == "deviance" else residual}
        )

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
        parts = [
            pd.DataFrame(
                {
                    "stratum": name,
                    "time": hazard.time,
                    "cumulative_hazard": hazard.cumulative[:, 0],
                    "std_error": hazard.std_error[:, 0],
                }
            )
            for name, hazard in zip(
                self.strata, self._fit.hazards(zero, robust=self.std_errors == "robust"), strict=True
            )
        ]
        return pd.concat(parts, ignore_index=True)

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
        hazards = self._fit.hazards(self._covariates.of(profiles), robust=self.std_errors == "robust")
        return curves_of(
            hazards,
            strata=self.strata,
            profiles=profiles.reset_index(drop=True),
            conf_type=conf_type,
            conf_level=self.conf_level if conf_level is None else conf_level,
            time_unit=self.time_unit,
            method=self.method,
            n=self.n,
            notes=self.notes,
        )

    def _refuse_exact(self, place: str) -> None:
        if self.ties == "exact":
            raise SpecError.at(place, "cannot be had with exact ties", "Take ties='efron'")
