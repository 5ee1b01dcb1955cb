"""Accelerated-failure-time models of durations that lie between bounds, under a survey design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from churn.design_based.covariates import sample_covariates
from churn.design_based.interval_censored import counted_bounds
from churn.parametric.distributions import DISTRIBUTIONS, Distribution
from churn.parametric.likelihood import DurationScore
from churn.parametric.results import AcceleratedFailureTimeResult
from surveys.core.arguments import check_choice
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.models.fitted import inference
from surveys.models.formulas import Covariates


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
) -> AcceleratedFailureTimeResult:
    """
    Fit a parametric model to durations that lie between bounds.

    Parameters
    ----------
    design, low, high, rows, time_unit, conf_level
        As for `survey_interval_survival`; a duration known exactly has to be more than 0.
    covariates : DataFrame or mapping of str to array_like, shape (n_rows, k), optional
        As for `survey_cox`.
    distribution : {'weibull', 'log-normal', 'log-logistic', 'exponential'}
        Of durations.

    Returns
    -------
    AcceleratedFailureTimeResult
        As `svysurvreg` of R's survey: with the errors and degrees of freedom of the design.

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
    check_choice("distribution", distribution, get_args(Distribution))
    if covariates is None:
        every = np.zeros(design.n, np.int64)
        built = Covariates("", pd.DataFrame({"Intercept": [1.0]}), every, {}, None)
        values = np.ones((design.n, 1))
    else:
        built, values = sample_covariates(design, covariates, intercept=True)
    known = np.isfinite(values).all(axis=1)
    left, right, row, counted = counted_bounds(design, np.where(known, np.asarray(low, float), np.nan), high, rows)
    if ((left == right) & (left <= 0)).any():
        raise SpecError.at("low", "durations of exactly 0 have no logarithm", "Give them an upper end above 0")
    score = DurationScore(distribution, left, right, values[row], row, design.n)
    fit = score.fit(design.weights)
    if fit is None:
        mend = "Leave covariates out, or choose the nonparametric estimate"
        raise EstimateError.at("durations", "the likelihood has no maximum", mend)
    null = DurationScore(distribution, left, right, np.ones((len(row), 1)), row, design.n).fit(design.weights)
    deviations = design.deviations(score)
    scale = ["log(scale)"] if DISTRIBUTIONS[distribution].free_scale else []
    gone = np.isfinite(right)
    return AcceleratedFailureTimeResult(
        distribution=distribution,
        std_errors="design",
        index=pd.Index([*map(str, built.matrix.columns), *scale], name="term"),
        **inference(
            fit.theta,
            deviations.T @ deviations,
            conf_level=conf_level,
            df=float(design.degrees_of_freedom(counted)),
            std_error=np.sqrt(np.square(deviations).sum(axis=0)),
        ),
        terms=built.terms,
        log_likelihood=fit.log_likelihood,
        log_likelihood_null=float("nan") if null is None else null.log_likelihood,
        n=len(row),
        n_event=int(gone.sum()),
        observed_until=float(np.where(gone, right, left).max()),
        columns=() if covariates is None else tuple(map(str, covariates)),
        time_unit=time_unit,
        _covariates=built,
    )
