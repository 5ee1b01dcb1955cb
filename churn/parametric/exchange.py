"""Accelerated-failure-time models to and from lifelines, which is imported only then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from churn.parametric.distributions import Distribution
from churn.regression.exchange import Regressors
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import SpecError
from surveys.models.fitted import FittedModel
from surveys.models.formulas import Covariates, build_covariates

MEND = "Give a fitted WeibullAFTFitter, LogNormalAFTFitter or LogLogisticAFTFitter without penalty"


class Fitter(NamedTuple):
    """How lifelines names a distribution and its parameters; `sign` is that of its ancillary in the log scale."""

    name: str
    primary: str
    ancillary: str
    sign: float


FITTERS: dict[Distribution, Fitter] = {
    "weibull": Fitter("WeibullAFTFitter", "lambda_", "rho_", -1.0),
    "log-normal": Fitter("LogNormalAFTFitter", "mu_", "sigma_", 1.0),
    "log-logistic": Fitter("LogLogisticAFTFitter", "alpha_", "beta_", -1.0),
}


def aft_fitter(
    fitted: FittedModel,
    distribution: Distribution,
    covariates: Covariates,
    *,
    n_event: int,
    observed_until: float,
    log_likelihoods: tuple[float, float],
    robust: bool,
) -> Any:
    """
    Make a fitted AFT fitter of lifelines.

    Parameters
    ----------
    fitted : FittedModel
        Coefficients of the location, then the log scale.
    distribution : {'weibull', 'log-normal', 'log-logistic'}
    covariates : Covariates
        Of the fit.
    n_event : int
        Accounts that left.
    observed_until : float
        Longest duration observed.
    log_likelihoods : tuple of float
        At the fit and without covariates.
    robust : bool
        Whether errors are other than the model's.

    Returns
    -------
    WeibullAFTFitter, LogNormalAFTFitter or LogLogisticAFTFitter

    Raises
    ------
    SpecError
        If lifelines has no such model.
    """
    if distribution not in FITTERS:
        what = f"lifelines has no {distribution} model of accelerated failure time"
        raise SpecError.at("to_lifelines", what, f"Take {', '.join(FITTERS)}")
    import lifelines
    from lifelines.utils import CensoringType

    kind = FITTERS[distribution]
    fitter = getattr(lifelines, kind.name)(alpha=1 - fitted.conf_level)
    pairs = [(kind.primary, str(name)) for name in fitted.index[:-1]] + [(kind.ancillary, "Intercept")]
    index = pd.MultiIndex.from_tuples(pairs, names=["param", "covariate"])
    sign = np.append(np.ones(len(pairs) - 1), kind.sign)
    fitter.params_ = pd.Series(sign * fitted.estimate, index=index)
    fitter.variance_matrix_ = pd.DataFrame(np.outer(sign, sign) * fitted.covariance, index=index, columns=index)
    fitter.standard_errors_ = pd.Series(fitted.std_error, index=index, name="se")
    fitter.confidence_intervals_ = fitter._compute_confidence_intervals()
    fitter.regressors = Regressors({kind.primary: covariates, kind.ancillary: None})
    fitter.timeline = np.linspace(0, observed_until, 101)[1:]
    fitter.log_likelihood_, fitter._ll_null_ = log_likelihoods
    fitter.weights = pd.Series([float(n_event), float(fitted.n - n_event)])
    fitter.event_observed = pd.Series([1, 0])
    fitter.robust, fitter.strata = robust, None
    fitter._concordance_index_ = float("nan")
    fitter._compare_to_values = np.zeros(len(pairs))
    fitter.duration_col, fitter.event_col = "duration", "event"
    fitter.weights_col = fitter.entry_col = fitter.entries = None
    fitter._time_fit_was_called = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S") + " UTC"
    CensoringType.set_censoring_type(fitter, CensoringType.RIGHT)
    return fitter


class Taken(NamedTuple):
    """What a fitter of lifelines says, in the order and on the scale of ours."""

    distribution: Distribution
    covariates: Covariates
    columns: tuple[str, ...]
    estimate: Floats
    covariance: Floats
    std_error: Floats


def taken(fitter: Any) -> Taken:
    """
    Read a fitted AFT fitter of lifelines.

    Raises
    ------
    SpecError
        If it is another kind of fitter, not fitted, penalised, without intercept, or its ancillary parameter
        depends on covariates.
    """
    place, names = "from_lifelines", {kind.name: name for name, kind in FITTERS.items()}
    if type(fitter).__name__ not in names:
        raise SpecError.at(place, f"got {type(fitter).__name__}", MEND)
    if not hasattr(fitter, "params_"):
        raise SpecError.at(place, "the fitter is not fitted", "Call its fit first")
    distribution = names[type(fitter).__name__]
    kind = FITTERS[distribution]
    params = fitter.params_
    own = [str(name) for name in params[kind.primary].index]
    if np.any(np.asarray(fitter.penalizer) != 0) or len(params[kind.ancillary]) > 1 or "Intercept" not in own:
        what = "the fitter has a penalty, no intercept, or covariates of its ancillary parameter"
        raise SpecError.at(place, what, MEND)
    covariates, columns = _covariates(fitter.regressors.mappings[kind.primary], own)
    order = _order(own, list(covariates.matrix.columns), [level == kind.primary for level, _ in params.index])
    sign = np.append(np.ones(len(own)), kind.sign)
    return Taken(
        distribution,
        covariates,
        columns,
        sign * params.to_numpy(float)[order],
        np.outer(sign, sign) * fitter.variance_matrix_.to_numpy(float)[np.ix_(order, order)],
        fitter.standard_errors_.to_numpy(float)[order],
    )


def _order(own: Sequence[str], wanted: Sequence[str], primary: Sequence[bool]) -> Ints:
    """Give places in lifelines' parameters: the location in the order wanted, then the ancillary one."""
    place = np.flatnonzero(primary)
    return np.append(place[[own.index(name) for name in wanted]], np.flatnonzero(~np.asarray(primary))[0])


def _covariates(mapping: Any, own: Sequence[str]) -> tuple[Covariates, tuple[str, ...]]:
    if isinstance(mapping, Covariates):
        return mapping, tuple(str(name) for name in mapping.spec.required_variables) if mapping.spec else ()
    every = np.zeros(1, np.int64)
    if isinstance(mapping, list):
        columns = [name for name in own if name != "Intercept"]
        if not columns:
            return Covariates("", pd.DataFrame({"Intercept": [1.0]}), every, {}, None), ()
        formula = "~ " + " + ".join(f"`{name}`" for name in columns)
        return build_covariates(formula, pd.DataFrame({name: [0.0] for name in columns}), intercept=True), tuple(
            columns
        )
    names = ["Intercept", *(name for name in own if name != "Intercept")]
    places = {name: i for i, name in enumerate(names)}
    slices = {str(term): part for term, part in mapping.term_slices.items() if str(term) != "1"}
    terms = {
        term: tuple(places[mapping.column_names[i]] for i in range(*part.indices(len(names))))
        for term, part in slices.items()
    }
    matrix = pd.DataFrame(np.zeros((1, len(names))), columns=names)
    return Covariates(f"~ {mapping.formula}", matrix, every, terms, mapping), tuple(
        sorted(map(str, mapping.required_variables))
    )
