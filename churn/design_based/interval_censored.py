"""Durations known only to lie between bounds, under a survey design: nonparametric shares, and parametric models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from churn.design_based.covariates import sample_covariates
from churn.design_based.curves import loglog_limits
from churn.parametric.interval_likelihood import Distribution, IntervalShares, ParametricScore, half_open
from surveys.core.arguments import one_number
from surveys.core.arrays import Codes, Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note, Unavailable
from surveys.design.design import Design
from surveys.estimates.domains import row_mask
from surveys.estimates.means import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNTOLD = Note("the answers do not say how many were still there at {time} {unit}")
CHOICES = get_args(Distribution)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntervalCurve:
    """
    Share retained by tenure, where tenures are known to lie in half-open intervals.

    Attributes
    ----------
    estimates : Estimates
        Shares retained at the tenures asked for, labelled by tenure, with their covariance; NaN where
        the answers do not tell.
    support : DataFrame
        Intervals that hold mass: `low`, excluded, `high`, included, and `mass`. Within one of them
        nothing is known of when people left.
    time_unit : str
        Unit of tenures.
    """

    estimates: Estimates = field(repr=False)
    support: pd.DataFrame = field(repr=False)
    time_unit: str = "days"

    def at(self, time: float) -> Estimate | Unavailable:
        """
        Give the share retained at a tenure that was asked for.

        Parameters
        ----------
        time : float
            One of those asked for, in `time_unit`.

        Returns
        -------
        Estimate or Unavailable
            Unavailable within an interval that holds mass, and beyond what was observed.

        Raises
        ------
        SpecError
            If the tenure was not asked for.
        """
        time = one_number(time, "IntervalCurve.at, time")
        found = self.estimates.at(float(time))
        if np.isnan(found.estimate):
            return Unavailable(Note(UNTOLD.message, {"time": f"{time:g}", "unit": self.time_unit}))
        return found

    def dropout(self, *, at: float) -> Estimate | Unavailable:
        """Give the share gone by a tenure: one minus the share retained, its interval turned round."""
        kept = self.at(at)
        if isinstance(kept, Unavailable):
            return kept
        return replace(kept, estimate=1 - kept.estimate, conf_low=1 - kept.conf_high, conf_high=1 - kept.conf_low)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per tenure asked for, as `Estimates.to_frame`."""
        return self.estimates.to_frame()

    def summary(self) -> str:
        """Say the share retained at each tenure asked for, a line for each."""
        points = [(time, self.at(time)) for time in self.estimates.index]
        return "\n".join(
            f"{time:g} {self.time_unit}: {point if isinstance(point, Unavailable) else point.summary()}"
            for time, point in points
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each share as a point on its interval; nothing is known of the way between them."""
        found = self.estimates
        ax.vlines(found.index.to_numpy(float), found.conf_low, found.conf_high)
        ax.plot(found.index.to_numpy(float), found.estimate, "o")
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyDurationResult:
    """
    An accelerated-failure-time model of durations.

    Attributes
    ----------
    distribution : {'weibull', 'log-normal', 'log-logistic'}
        Of durations.
    coefficients : Estimates
        Of the location of log durations, `(intercept)` first and `log(scale)` last, with their covariance
        under the design.
    n : int
        Respondents counted.
    time_unit : str
        Unit of durations.
    """

    distribution: Distribution
    coefficients: Estimates
    n: int
    time_unit: str = "days"

    def at(self, time: float, **covariates: float) -> Estimate:
        """
        Give the share retained at a tenure.

        Parameters
        ----------
        time : float
            In `time_unit`, more than 0.
        **covariates : float
            Value of each; 0 for those not named.

        Returns
        -------
        Estimate
            With an interval on the scale on which the model is linear.

        Raises
        ------
        SpecError
            If a covariate is unknown.
        """
        time = one_number(time, "SurveyDurationResult.at, time")
        found = self.coefficients
        names = [str(name) for name in found.index[:-1]]
        unknown = [name for name in covariates if name not in names[1:]]
        if unknown:
            raise SpecError.at(
                unknown[0], "the model has no such covariate", did_you_mean(unknown[0], names, "Leave it out")
            )
        x = np.array([1.0] + [covariates.get(name, 0.0) for name in names[1:]])
        scale = np.exp(found.estimate[-1])
        z = (np.log(time) - x @ found.estimate[:-1]) / scale
        error = float(np.linalg.norm(found.deviations @ np.append(-x / scale, -z)))
        half = float(student_t(found.df[0])) * error
        low, kept, high = (float(_above(self.distribution, end)) for end in (z + half, z, z - half))
        slope = abs(_above(self.distribution, z + 1e-5) - _above(self.distribution, z - 1e-5)) / 2e-5
        return Estimate(
            estimate=kept,
            std_error=float(slope * error),
            conf_low=low,
            conf_high=high,
            conf_level=found.conf_level,
            n=self.n,
            method=f"{self.distribution} model, Student's t",
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per coefficient, as `Estimates.to_frame`."""
        return self.coefficients.to_frame()

    def summary(self) -> str:
        """Say each coefficient and its interval in a line of English."""
        rows = self.to_frame().itertuples()
        return "\n".join(f"{row[1]}: {row.estimate:.3g} [{row.conf_low:.3g}, {row.conf_high:.3g}]" for row in rows)

    def plot(self, ax: Axes) -> Axes:
        """Draw the share retained, covariates being 0, up to the tenure by which nine in ten have gone."""
        intercept, scale = self.coefficients.estimate[0], np.exp(self.coefficients.estimate[-1])
        time = np.linspace(0, np.exp(intercept + 1.5 * scale), 200)[1:]
        ax.plot(time, _above(self.distribution, (np.log(time) - intercept) / scale))
        return ax


def _above(distribution: Distribution, z: ArrayLike) -> Floats:
    values = np.asarray(z, float)
    match distribution:
        case "weibull":
            return np.asarray(np.exp(-np.exp(values)))
        case "log-normal":
            return np.asarray(special.ndtr(-values))
        case "log-logistic":
            return np.asarray(special.expit(-values))


def survey_interval_survival(
    design: Design,
    low: ArrayLike,
    high: ArrayLike,
    *,
    times: Sequence[float],
    rows: ArrayLike | None = None,
    time_unit: str = "days",
    conf_level: float = 0.95,
) -> IntervalCurve:
    r"""
    Estimate the share retained by tenure, where tenures are known to lie between bounds.

    Parameters
    ----------
    design : Design
        The sample: linearised, or with replicate weights.
    low, high : array_like of float, shape (n_rows,)
        Each tenure is more than `low` and at most `high`, in `time_unit`: equal where it is known
        exactly, as from a log; `high` infinite for those who have not left. With a `low` of 0, those who
        left at once are in. NaN for those who do not count.
    times : sequence of float
        Tenures to estimate.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the curve is limited to.
    time_unit : str
        Of tenures.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    IntervalCurve
        With log-log limits of Student's t.

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row, or a lower end lies above its upper end.
    EstimateError
        If nobody counts, or the design has no variance.

    Notes
    -----
    Turnbull's estimate [1]_ with weights: the masses that maximise :math:`\sum_i w_i\log P(l_i<T\le h_i)`.
    Intervals are half open, so that "up to 7 days" and "7 to 30 days" share no tenure; closed ones would
    merge adjoining bands. Errors come from the scores of the masses found; where there are many exact
    dates they agree with those of the Kaplan-Meier curve.

    References
    ----------
    .. [1] B. W. Turnbull (1976), "The empirical distribution function with arbitrarily grouped, censored
       and truncated data", *Journal of the Royal Statistical Society* B 38, 290-295.

    Examples
    --------
    >>> low, high = np.repeat([0.0, 7, 60], [10, 20, 70]), np.repeat([7.0, 30, np.inf], [10, 20, 70])
    >>> design = Design.from_frame(pd.DataFrame({"w": np.ones(100)}), weight="w")
    >>> print(survey_interval_survival(design, low, high, times=[7, 20, 30]).summary())
    7 days: 90.0% [82.0%, 94.5%], n = 100
    20 days: the answers do not say how many were still there at 20 days
    30 days: 70.0% [59.8%, 78.1%], n = 100
    """
    left, right, row, counted = _check_bounds(design, low, high, rows)
    chosen = np.asarray(times, float)
    statistic = IntervalShares(*half_open(left, right), row, design.n, chosen)
    estimate, found = statistic.value(design.weights), design.deviations(statistic)
    told = statistic.told(design.weights)
    estimate = np.where(told, np.minimum(estimate, 1.0), np.nan)
    std_error = np.where(told, np.sqrt(np.square(found).sum(axis=0)), np.nan)
    freedom = design.degrees_of_freedom(counted)
    conf_low, conf_high = loglog_limits(estimate, std_error, np.full(len(chosen), float(freedom)), conf_level)
    starts, ends = statistic.support
    mass = statistic.masses(design.weights)
    support = pd.DataFrame({"low": np.maximum(starts, 0.0), "high": ends, "mass": mass})
    return IntervalCurve(
        estimates=Estimates(
            index=pd.Index(chosen, name="time"),
            estimate=estimate,
            std_error=std_error,
            deviations=found,
            df=np.full(len(chosen), float(freedom)),
            n=np.full(len(chosen), len(row)),
            conf_low=conf_low,
            conf_high=conf_high,
            conf_level=conf_level,
            method=("Turnbull, log-log interval, Student's t",) * len(chosen),
            unit="share",
            degrees_of_freedom=freedom,
        ),
        support=support[support["mass"] > 1e-9].reset_index(drop=True),
        time_unit=time_unit,
    )


def survey_duration_model(
    design: Design,
    low: ArrayLike,
    high: ArrayLike,
    covariates: pd.DataFrame | Mapping[str, ArrayLike] | None = None,
    *,
    distribution: Distribution = "weibull",
    rows: ArrayLike | None = None,
    time_unit: str = "days",
    conf_level: float = 0.95,
) -> SurveyDurationResult:
    """
    Fit a parametric model to durations that lie between bounds.

    Parameters
    ----------
    design, low, high, rows, time_unit, conf_level
        As for `survey_interval_survival`; a duration known exactly has to be more than 0.
    covariates : DataFrame or mapping of str to array_like, shape (n_rows, k), optional
        As for `survey_cox`.
    distribution : {'weibull', 'log-normal', 'log-logistic'}
        Of durations.

    Returns
    -------
    SurveyDurationResult
        As `svysurvreg` of R's survey.

    Raises
    ------
    SpecError
        As `survey_interval_survival`; if the distribution is unknown; if an exact duration is 0.
    EstimateError
        If the likelihood has no maximum, or the design has no variance.

    Examples
    --------
    >>> low, high = np.repeat([0.0, 7, 30], [10, 20, 70]), np.repeat([7.0, 30, np.inf], [10, 20, 70])
    >>> design = Design.from_frame(pd.DataFrame({"w": np.ones(100)}), weight="w")
    >>> print(survey_duration_model(design, low, high).at(30).summary())
    70.0% [59.8%, 78.1%], n = 100
    """
    if distribution not in CHOICES:
        mend = did_you_mean(distribution, CHOICES, f"Choose from: {', '.join(CHOICES)}")
        raise SpecError.at("distribution", f"got '{distribution}'", mend)
    names, columns = [], np.empty((design.n, 0))
    if covariates is not None:
        built, columns = sample_covariates(design, covariates)
        names = [str(name) for name in built.matrix.columns]
    known = np.isfinite(columns).all(axis=1)
    ends = np.where(known, np.asarray(low, float), np.nan)
    left, right, row, counted = _check_bounds(design, ends, high, rows)
    if ((left == right) & (left <= 0)).any():
        raise SpecError.at("low", "durations of exactly 0 have no logarithm", "Give them an upper end above 0")
    values = np.column_stack([np.ones(len(row)), columns[row]])
    score = ParametricScore(distribution, left, right, values, row, design.n)
    estimate = score.value(design.weights)
    if np.isnan(estimate).any():
        mend = "Leave covariates out, or choose the nonparametric estimate"
        raise EstimateError.at("durations", "the likelihood has no maximum", mend)
    found = design.deviations(score)
    std_error = np.sqrt(np.square(found).sum(axis=0))
    freedom = design.degrees_of_freedom(counted)
    half = float(student_t(freedom, conf_level)) * std_error
    index = pd.Index(["(intercept)", *names, "log(scale)"], name="coefficient")
    return SurveyDurationResult(
        distribution=distribution,
        coefficients=Estimates(
            index=index,
            estimate=estimate,
            std_error=std_error,
            deviations=found,
            df=np.full(len(index), float(freedom)),
            n=np.full(len(index), len(row)),
            conf_low=estimate - half,
            conf_high=estimate + half,
            conf_level=conf_level,
            method=("Student's t",) * len(index),
            unit=f"logarithm of {time_unit}",
            degrees_of_freedom=freedom,
        ),
        n=len(row),
        time_unit=time_unit,
    )


def _check_bounds(
    design: Design, low: ArrayLike, high: ArrayLike, rows: ArrayLike | None
) -> tuple[Floats, Floats, Codes, NDArray[np.bool_]]:
    left, right, inside = np.asarray(low, float), np.asarray(high, float), row_mask(design, rows)
    problems = [
        Problem(name, f"got shape {array.shape}, expected ({design.n},)", "Give one value for each row of the sample")
        for name, array in (("low", left), ("high", right))
        if array.shape != (design.n,)
    ]
    if problems:
        raise SpecError(*problems)
    counted = inside & ~np.isnan(left) & ~np.isnan(right) & (design.weights > 0)
    row = np.flatnonzero(counted)
    wrong = int((left[row] > right[row]).sum())
    if wrong:
        problems.append(Problem("low", f"{wrong} lower ends lie above their upper ends", "Correct them"))
    if (left[row] < 0).any() or np.isinf(left[row]).any():
        problems.append(Problem("low", "got a negative or endless lower end", "Give the time from sign-up, 0 or more"))
    if problems:
        raise SpecError(*problems)
    if not len(row):
        raise EstimateError.at("low", "nobody counts", "Choose a larger group")
    return left[row], right[row], row, counted
