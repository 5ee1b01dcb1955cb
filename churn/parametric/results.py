"""A parametric law of how long accounts stay, fitted: shares retained, quantiles, what covariates do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from churn.parametric._likelihood import Distribution, above, density, quantile
from churn.regression.formulas import Covariates
from surveys.core.arguments import one_number
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

StdErrors = Literal["model", "robust"]

EXTRAPOLATED = Note("nobody was observed beyond {last} {unit}; what is said of later is an extrapolation of the model")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParametricSurvival:
    """
    A law of how long accounts stay, fitted.

    Attributes
    ----------
    distribution : {'weibull', 'log-normal', 'log-logistic', 'exponential'}
        Of durations.
    std_errors : {'model', 'robust'}
        Where standard errors come from.
    index : Index, shape (k,)
        Names of the coefficients of the location of log durations, then `log(scale)` but for an exponential law.
    estimate, std_error : ndarray of float, shape (k,)
        As `survreg` of R's survival has them.
    covariance : ndarray of float, shape (k, k)
        Of the estimates.
    z, p_value : ndarray of float, shape (k,)
        Of each against zero, two-sided.
    conf_low, conf_high : ndarray of float, shape (k,)
        Normal limits.
    conf_level : float
        Between 0 and 1.
    log_likelihood, log_likelihood_null : float
        At the estimates, and of the law without covariates; weighted where there are weights.
    n, n_event : int
        Accounts, and those of them that left.
    observed_until : float
        Longest duration observed, in `time_unit`.
    columns : tuple of str
        What the formula names.
    time_unit : str
        Unit of durations.
    notes : tuple of Note
        Caveats.
    """

    distribution: Distribution
    std_errors: StdErrors
    index: pd.Index
    estimate: Floats
    std_error: Floats
    covariance: Floats = field(repr=False)
    z: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    log_likelihood: float
    log_likelihood_null: float
    n: int
    n_event: int
    observed_until: float
    columns: tuple[str, ...]
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()
    _covariates: Covariates = field(repr=False)

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"{self.distribution} law, maximum likelihood, {self.std_errors} standard errors"

    @property
    def scale(self) -> float:
        """Scale of the log durations: 1 for an exponential law."""
        return 1.0 if self.distribution == "exponential" else float(np.exp(self.estimate[-1]))

    @property
    def aic(self) -> float:
        """Akaike's criterion; of laws fitted to the same accounts, the lowest is the best bet."""
        return 2 * len(self.index) - 2 * self.log_likelihood

    def survival(self, times: Sequence[float], profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Give the share retained at chosen tenures.

        Parameters
        ----------
        times : sequence of float
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
        chosen = np.atleast_1d(np.asarray(times, float))
        if not (chosen >= 0).all():
            raise SpecError.at("times", "got a negative or missing tenure", "Give tenures of 0 or more")
        x = self._rows(profiles)
        profile, time = np.repeat(np.arange(len(x)), len(chosen)), np.tile(chosen, len(x))
        with np.errstate(divide="ignore"):
            z = (np.log(time) - (x @ self._location)[profile]) / self.scale
        begun = np.isfinite(z)
        at = np.where(begun, z, 0.0)
        slopes = -x[profile] / self.scale
        if self.distribution != "exponential":
            slopes = np.column_stack([slopes, -at])
        error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
        half, law = normal_quantile(self.conf_level) * error, self.distribution
        columns = {
            "survival": above(law, at),
            "std_error": density(law, at) * error,
            "conf_low": above(law, at + half),
            "conf_high": above(law, at - half),
        }
        sure = {"survival": 1.0, "std_error": 0.0, "conf_low": 1.0, "conf_high": 1.0}
        columns = {name: np.where(begun, column, sure[name]) for name, column in columns.items()}
        return pd.DataFrame({"profile": profile, "time": time, **columns, "extrapolated": time > self.observed_until})

    def quantiles(self, shares_gone: Sequence[float], profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Give the tenures by which shares of the accounts have gone.

        Parameters
        ----------
        shares_gone : sequence of float
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
        z = quantile(self.distribution, gone) * self.scale
        slopes = x[profile]
        if self.distribution != "exponential":
            slopes = np.column_stack([slopes, z])
        time = np.exp((x @ self._location)[profile] + z)
        error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
        half = normal_quantile(self.conf_level) * error
        return pd.DataFrame(
            {
                "profile": profile,
                "share_gone": gone,
                "time": time,
                "std_error": time * error,
                "conf_low": time * np.exp(-half),
                "conf_high": time * np.exp(half),
                "extrapolated": time > self.observed_until,
            }
        )

    def at(self, time: float, **covariates: Any) -> Estimate:
        """
        Give the share of one kind of account retained at a tenure.

        Parameters
        ----------
        time : float
            In `time_unit`.
        **covariates : float or str
            Value of each column that the formula names.

        Returns
        -------
        Estimate
            With a note where the tenure lies beyond what was observed.

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
        time = one_number(time, "ParametricSurvival.at, time")
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

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per coefficient.

        Returns
        -------
        DataFrame
            `term`, `estimate`, `std_error`, `z`, `p_value`, `conf_low`, `conf_high`; and `time_ratio` with its
            limits: by what a unit of the covariate multiplies durations (NaN for `log(scale)`).
        """
        names = ("estimate", "std_error", "z", "p_value", "conf_low", "conf_high")
        ratio = np.where(self.index == "log(scale)", np.nan, 1.0)
        ends = {"": self.estimate, "_low": self.conf_low, "_high": self.conf_high}
        with np.errstate(over="ignore"):
            ratios = {f"time_ratio{end}": ratio * np.exp(value) for end, value in ends.items()}
        return pd.DataFrame({"term": list(self.index)} | {name: getattr(self, name) for name in names} | ratios)

    def summary(self) -> str:
        """Say each coefficient and its interval in a line of English."""
        return "\n".join(
            f"{row.term}: {row.estimate:.3g} [{row.conf_low:.3g}, {row.conf_high:.3g}]"
            for row in self.to_frame().itertuples()
        )

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
        rows = self.to_frame()
        rows = rows[~rows["term"].isin(["Intercept", "log(scale)"])]
        if len(rows):
            height = -np.arange(len(rows), dtype=float)
            ax.set_xscale("log")
            ax.hlines(height, rows["time_ratio_low"], rows["time_ratio_high"])
            ax.plot(rows["time_ratio"], height, "o")
            return ax
        shown = self.survival(np.linspace(0, self.observed_until, 200).tolist())
        (line,) = ax.plot(shown["time"], shown["survival"])
        limits = (shown["conf_low"], shown["conf_high"])
        ax.fill_between(shown["time"], *limits, alpha=0.2, linewidth=0, color=line.get_color())
        return ax

    @property
    def _location(self) -> Floats:
        return self.estimate if self.distribution == "exponential" else self.estimate[:-1]

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
