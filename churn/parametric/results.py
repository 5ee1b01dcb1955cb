"""Accelerated-failure-time models, fitted: shares retained, quantiles, and by what covariates multiply durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

import numpy as np
import pandas as pd

from churn.parametric.distributions import DISTRIBUTIONS, Distribution
from churn.parametric.exchange import aft_fitter, taken
from churn.parametric.predictions import Line, quantile_table, survival_table
from surveys.core.arguments import is_several, one_number, some_times
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note
from surveys.models.fitted import NO_COVARIATES, FittedModel, inference
from surveys.models.formulas import Covariates

if TYPE_CHECKING:
    from lifelines import LogLogisticAFTFitter, LogNormalAFTFitter, WeibullAFTFitter
    from matplotlib.axes import Axes

StdErrors = Literal["model", "robust", "design"]

EXTRAPOLATED = Note("nobody was observed beyond {last} {unit}; what is said of later is an extrapolation of the model")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AcceleratedFailureTimeResult(FittedModel):
    """
    An accelerated-failure-time model, fitted: the parametric distribution of how long accounts stay.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, conf_low, conf_high, conf_level, terms, notes
        As of every `FittedModel`: coefficients of the location of log durations, then `log(scale)` but for an
        exponential distribution, as `survreg` of R's survival has them.
    distribution : {'weibull', 'log-normal', 'log-logistic', 'exponential'}
        Of durations.
    std_errors : {'model', 'robust', 'design'}
        Where standard errors come from.
    log_likelihood, log_likelihood_null : float
        At the estimates, and of the distribution without covariates; weighted where there are weights.
    n, n_event : int
        Accounts, and those of them that left.
    observed_until : float
        Longest duration observed, in `time_unit`.
    columns : tuple of str
        What the formula names.
    time_unit : str
        Unit of durations.
    """

    distribution: Distribution
    std_errors: StdErrors
    log_likelihood: float
    log_likelihood_null: float
    n_event: int
    observed_until: float
    columns: tuple[str, ...]
    time_unit: str = "days"
    _covariates: Covariates

    not_ratios: ClassVar[tuple[str, ...]] = NO_COVARIATES

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"{self.distribution} distribution, maximum likelihood, {self.std_errors} standard errors"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is: by what a unit of the covariate multiplies durations."""
        return "time_ratio"

    @property
    def scale(self) -> float:
        """Scale of the log durations: 1 for an exponential distribution."""
        return float(np.exp(self.estimate[-1])) if self._free_scale else 1.0

    @property
    def aic(self) -> float:
        """Akaike's criterion; of distributions fitted to the same accounts, the lowest is the best bet."""
        return 2 * len(self.index) - 2 * self.log_likelihood

    def predict(
        self, profiles: pd.DataFrame | None = None, times: float | Sequence[float] | None = None
    ) -> pd.DataFrame:
        """
        Give the share retained by tenure, of each kind of account.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns that the formula names; not needed where it names none.
        times : float or sequence of float, optional
            Tenures, in `time_unit`; a hundred up to the longest observed without them.

        Returns
        -------
        DataFrame
            As `survival`.

        Raises
        ------
        SpecError
            As `survival`.
        """
        chosen = np.linspace(0, self.observed_until, 101).tolist() if times is None else times
        return self.survival(chosen, profiles)

    def survival(self, times: float | Sequence[float], profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Give the share retained at chosen tenures.

        Parameters
        ----------
        times : float or sequence of float
            Tenures, in `time_unit`; 0 or more.
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns that the formula names, one row for each kind of account; not needed where it
            names none.

        Returns
        -------
        DataFrame
            `profile` (row of `profiles`), `time`, `survival`, `std_error`, `conf_low`, `conf_high`, and
            `extrapolated`: beyond what was observed. Limits are symmetric on the scale on which the model
            is linear.

        Raises
        ------
        SpecError
            If a column is missing or holds a level that the model does not know; if a time is negative.
        """
        chosen = some_times(times, "times")
        x = self._rows(profiles)
        profile, time = np.repeat(np.arange(len(x)), len(chosen)), np.tile(chosen, len(x))
        return survival_table(self._predictor, x, profile, time, until=self.observed_until)

    def quantiles(self, shares_gone: float | Sequence[float], profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Give the tenures by which shares of the accounts have gone.

        Parameters
        ----------
        shares_gone : float or sequence of float
            Between 0 and 1, both excluded.
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            As for `survival`.

        Returns
        -------
        DataFrame
            `profile`, `share_gone`, `time`, `std_error`, `conf_low`, `conf_high`, in `time_unit`, limits being
            symmetric for the logarithm, and `extrapolated`.

        Raises
        ------
        SpecError
            If a share is not between 0 and 1; as `survival`.

        Examples
        --------
        >>> from churn.parametric.aft import AcceleratedFailureTime
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(duration=[2, 5, 9, 14, 20, 30, 30, 30], event=[1, 1, 1, 1, 1, 0, 0, 0])
        >>> fitted = AcceleratedFailureTime().fit(tenures)
        >>> [round(float(time), 1) for time in fitted.quantiles([0.25, 0.5])["time"]]
        [7.7, 19.3]
        """
        share = np.atleast_1d(np.asarray(shares_gone, float))
        if not ((share > 0) & (share < 1)).all():
            raise SpecError.at("shares_gone", "got a share that is not between 0 and 1", "Give shares such as 0.5")
        x = self._rows(profiles)
        profile, gone = np.repeat(np.arange(len(x)), len(share)), np.tile(share, len(x))
        return quantile_table(self._predictor, x, profile, gone, until=self.observed_until)

    @overload
    def at(self, time: float, **covariates: Any) -> Estimate: ...

    @overload
    def at(self, time: Sequence[float], **covariates: Any) -> pd.DataFrame: ...

    def at(self, time: float | Sequence[float], **covariates: Any) -> Estimate | pd.DataFrame:
        """
        Give the share of one kind of account retained at a tenure.

        Parameters
        ----------
        time : float or sequence of float
            In `time_unit`.
        **covariates : float or str
            Value of each column that the formula names.

        Returns
        -------
        Estimate or DataFrame
            With a note where the tenure lies beyond what was observed; for several times a row each, `time`,
            `estimate`, `std_error`, `conf_low`, `conf_high`.

        Raises
        ------
        SpecError
            As `survival`.

        Examples
        --------
        >>> from churn.parametric.aft import AcceleratedFailureTime
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(duration=[2, 5, 9, 14, 20, 30, 30, 30], event=[1, 1, 1, 1, 1, 0, 0, 0])
        >>> fitted = AcceleratedFailureTime().fit(tenures)
        >>> fitted.at(30).summary()
        '34.8% [7.3%, 65.3%], n = 8'
        """
        if is_several(time):
            names = ["time", "survival", "std_error", "conf_low", "conf_high"]
            return self.survival(time, self._one(covariates))[names].rename(columns={"survival": "estimate"})
        time = one_number(time, "AcceleratedFailureTimeResult.at, time")
        row = self.survival([time], self._one(covariates)).iloc[0]
        return self._estimate(row, "survival", "share", bool(row["extrapolated"]))

    def dropout(self, *, at: float, **covariates: Any) -> Estimate:
        """Give the share of one kind of account gone by a tenure: one minus `at`, its interval turned round."""
        row = self.survival([at], self._one(covariates)).iloc[0]
        turned = pd.Series(
            {
                "dropout": 1 - row["survival"],
                "std_error": row["std_error"],
                "conf_low": 1 - row["conf_high"],
                "conf_high": 1 - row["conf_low"],
            }
        )
        return self._estimate(turned, "dropout", "share", bool(row["extrapolated"]))

    def median(self, **covariates: Any) -> Estimate:
        """
        Give the tenure by which half of one kind of account has gone.

        Parameters
        ----------
        **covariates : float or str
            Value of each column that the formula names.

        Returns
        -------
        Estimate
            In `time_unit`, with a note where it lies beyond what was observed.

        Examples
        --------
        >>> from churn.parametric.aft import AcceleratedFailureTime
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(duration=[2, 5, 9, 14, 20, 30, 30, 30], event=[1, 1, 1, 1, 1, 0, 0, 0])
        >>> fitted = AcceleratedFailureTime().fit(tenures)
        >>> fitted.median().summary()
        '19 [8, 49], n = 8'
        """
        row = self.quantiles([0.5], self._one(covariates)).iloc[0]
        return self._estimate(row, "time", self.time_unit, bool(row["extrapolated"]))

    def plot(self, ax: Axes) -> Axes:
        """
        Draw what each covariate multiplies durations by; the share retained where there are none.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        if not self.index.isin(NO_COVARIATES).all():
            return FittedModel.plot(self, ax)
        shown = self.survival(np.linspace(0, self.observed_until, 200).tolist())
        (line,) = ax.plot(shown["time"], shown["survival"])
        limits = (shown["conf_low"], shown["conf_high"])
        ax.fill_between(shown["time"], *limits, alpha=0.2, linewidth=0, color=line.get_color())
        return ax

    def to_lifelines(self) -> WeibullAFTFitter | LogNormalAFTFitter | LogLogisticAFTFitter:
        """
        Give the model as a fitted AFT fitter of lifelines, whose summary and predictions agree with it.

        Returns
        -------
        WeibullAFTFitter, LogNormalAFTFitter or LogLogisticAFTFitter
            Without the accounts of the fit, so that its concordance is not a number.

        Raises
        ------
        SpecError
            If the distribution is exponential, which lifelines has no such model of.

        Examples
        --------
        >>> from churn.parametric.aft import AcceleratedFailureTime
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(duration=[2, 5, 9, 14, 20, 30, 30, 30], event=[1, 1, 1, 1, 1, 0, 0, 0])
        >>> fitted = AcceleratedFailureTime().fit(tenures)
        >>> theirs = fitted.to_lifelines()
        >>> round(float(theirs.predict_median(pd.DataFrame(index=[0])).iloc[0]), 1), round(fitted.median().estimate, 1)
        (19.3, 19.3)
        """
        return aft_fitter(
            self,
            self.distribution,
            self._covariates,
            n_event=self.n_event,
            observed_until=self.observed_until,
            log_likelihoods=(self.log_likelihood, self.log_likelihood_null),
            robust=self.std_errors != "model",
        )

    @classmethod
    def from_lifelines(cls, fitter: WeibullAFTFitter | LogNormalAFTFitter | LogLogisticAFTFitter) -> Self:
        """
        Take a fitted AFT fitter of lifelines.

        Parameters
        ----------
        fitter : WeibullAFTFitter, LogNormalAFTFitter or LogLogisticAFTFitter
            Fitted without a penalty, its ancillary parameter being the same for all.

        Returns
        -------
        AcceleratedFailureTimeResult
            In the parametrisation of `survreg` of R's survival, as all of ours.

        Raises
        ------
        SpecError
            If it is another kind of fitter, or a model that is not one of ours.
        """
        found = taken(fitter)
        return cls(
            distribution=found.distribution,
            std_errors="robust" if fitter.robust else "model",
            index=pd.Index([*map(str, found.covariates.matrix.columns), "log(scale)"], name="term"),
            **inference(
                found.estimate, found.covariance, conf_level=1 - float(fitter.alpha), std_error=found.std_error
            ),
            terms=found.covariates.terms,
            log_likelihood=float(fitter.log_likelihood_),
            log_likelihood_null=float(fitter._ll_null),
            n=round(float(fitter.weights.sum())),
            n_event=round(float(fitter.weights[fitter.event_observed > 0].sum())),
            observed_until=float(np.max(fitter.timeline)),
            columns=found.columns,
            _covariates=found.covariates,
        )

    @property
    def _location(self) -> Floats:
        return self.estimate[:-1] if self._free_scale else self.estimate

    @property
    def _predictor(self) -> Line:
        level = float(student_t(self.df, self.conf_level))
        return Line(self.distribution, self._location, self.scale, self.covariance, level)

    @property
    def _free_scale(self) -> bool:
        return DISTRIBUTIONS[self.distribution].free_scale

    def _rows(self, profiles: pd.DataFrame | None) -> Floats:
        if not self.columns:
            return np.ones((1 if profiles is None else len(profiles), 1))
        if profiles is None:
            told = ", ".join(f"'{name}'" for name in self.columns)
            raise SpecError.at("profiles", f"the model depends on {told}", "Give a row for each kind of account")
        return self._covariates.of(profiles)

    def _one(self, covariates: Mapping[str, Any]) -> pd.DataFrame:
        problems = [
            Problem("covariates", f"the model has no '{name}'", did_you_mean(name, self.columns, "Leave it out"))
            for name in covariates
            if name not in self.columns
        ]
        problems += [
            Problem("covariates", f"the model depends on '{name}'", "Give its value")
            for name in self.columns
            if name not in covariates
        ]
        if problems:
            raise SpecError(*problems)
        return pd.DataFrame({name: [value] for name, value in covariates.items()}, index=range(1))

    def _estimate(self, row: pd.Series, name: str, unit: str, beyond: bool) -> Estimate:
        note = Note(EXTRAPOLATED.message, {"last": f"{self.observed_until:g}", "unit": self.time_unit})
        return Estimate(
            estimate=float(row[name]),
            std_error=float(row["std_error"]),
            conf_low=float(row["conf_low"]),
            conf_high=float(row["conf_high"]),
            conf_level=self.conf_level,
            n=self.n,
            unit=unit,
            method=self.method,
            notes=self.notes + ((note,) if beyond else ()),
        )
