"""Cox models to and from lifelines, which is imported only then."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from churn.regression.risk_sets import Spells
from surveys.core.arguments import some_times
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.models.fitted import FittedModel, inference
from surveys.models.formulas import Covariates

BASELINE = "baseline cumulative hazard"


@dataclass(frozen=True, slots=True, eq=False)
class Regressors:
    """
    Covariates by parameter, worked out as here, where lifelines looks for its own.

    Attributes
    ----------
    mappings : mapping of str to Covariates or None
        None for a parameter that depends on nothing.
    """

    mappings: Mapping[str, Covariates | None]

    def transform_df(self, df: pd.DataFrame) -> pd.DataFrame:
        """Give the columns of each parameter, shape (n_rows, k)."""
        parts = {name: self._columns(built, df) for name, built in self.mappings.items()}
        together: pd.DataFrame = pd.concat(parts, axis=1, names=["param", "covariate"])
        return together.astype(float)

    def keys(self) -> Iterator[str]:
        """Name the parameters."""
        return iter(self.mappings)

    @staticmethod
    def _columns(built: Covariates | None, df: pd.DataFrame) -> pd.DataFrame:
        if built is None or list(built.matrix.columns) == ["Intercept"]:
            return pd.DataFrame({"Intercept": 1.0}, index=df.index)
        return pd.DataFrame(built.of(df.reset_index(drop=True)), index=df.index, columns=list(built.matrix.columns))


def steps(time: Floats, cumulative: Floats) -> pd.Series:
    """
    Lay out steps so that a line through the points is the step function: each is preceded by its level before.

    Examples
    --------
    >>> found = steps(np.array([1.0, 2.0]), np.array([0.5, 0.7]))
    >>> np.interp([0.5, 1, 1.5, 3], found.index, found).tolist()
    [0.0, 0.5, 0.5, 0.7]
    """
    before = np.concatenate([[0.0], cumulative[:-1]])
    index = np.column_stack([np.nextafter(time, -np.inf), time]).ravel()
    return pd.Series(np.column_stack([before, cumulative]).ravel(), index=index)


def cox_fitter(
    fitted: FittedModel,
    covariates: Covariates,
    spells: Spells,
    *,
    center: Floats,
    baselines: Sequence[tuple[Floats, Floats]],
    levels: pd.DataFrame,
    model_covariance: Floats,
    robust: bool,
    log_likelihoods: tuple[float, float],
    concordance: float,
    log_risk: Floats,
) -> Any:
    """
    Make a fitted `CoxPHFitter` of lifelines.

    Parameters
    ----------
    fitted : FittedModel
    covariates : Covariates
        Of the fit.
    spells : Spells
        What it was fitted to.
    center : ndarray of float, shape (k,)
        Covariates of the baseline.
    baselines : sequence of tuple of ndarray of float
        Times and cumulative hazards at the center, of each stratum.
    levels : DataFrame, shape (n_strata, n_columns)
        What strata are; no columns without them.
    model_covariance : ndarray of float, shape (k, k)
    robust : bool
        Whether the errors of `fitted` are robust.
    log_likelihoods : tuple of float
        At the fit and at no effect.
    concordance : float
    log_risk : ndarray of float, shape (n_spells,)

    Returns
    -------
    CoxPHFitter
        Its baseline holds the level just before each step besides, so that predictions are steps at any time.
    """
    from lifelines import CoxPHFitter
    from lifelines.fitters.coxph_fitter import SemiParametricPHFitter
    from lifelines.utils import CensoringType

    strata = list(levels.columns) or None
    fitter = CoxPHFitter(alpha=1 - fitted.conf_level, strata=strata)
    model = SemiParametricPHFitter(alpha=1 - fitted.conf_level, strata=strata)
    names = pd.Index(fitted.index, name="covariate")
    rows = pd.DataFrame({"T": spells.duration, "E": spells.event, "W": spells.n * spells.weight, "P": np.exp(log_risk)})
    model.params_ = pd.Series(fitted.estimate, index=names, name="coef")
    model.variance_matrix_ = pd.DataFrame(model_covariance, index=names, columns=names)
    model.standard_errors_ = pd.Series(fitted.std_error, index=names, name="se")
    model.confidence_intervals_ = model._compute_confidence_intervals()
    model.regressors = Regressors({"beta_": covariates})
    model._norm_mean = pd.Series(center, index=names)
    model._norm_std = pd.Series(np.ones(len(center)), index=names)
    model.baseline_cumulative_hazard_ = _baseline(baselines, levels)
    model.baseline_hazard_ = model.baseline_cumulative_hazard_.diff().fillna(0.0)
    model.baseline_hazard_.columns = [
        "baseline hazard" if column == BASELINE else column for column in model.baseline_hazard_.columns
    ]
    model.baseline_survival_ = model._compute_baseline_survival()
    model.timeline = np.unique(np.concatenate([time for time, _ in baselines]))
    model.log_likelihood_, model._ll_null_ = log_likelihoods
    model._concordance_index_ = concordance
    model.durations, model.event_observed, model.weights = rows["T"], rows["E"], rows["W"]
    model.entries = None if np.isnan(spells.entry).all() else pd.Series(np.nan_to_num(spells.entry))
    model._predicted_partial_hazards_ = rows
    model._central_values = covariates.matrix.iloc[:0]
    model._n_examples = len(rows)
    model.duration_col, model.event_col, model.entry_col = "duration", "event", None
    model.weights_col = model.cluster_col = model._clusters = None
    model.robust, model.formula = robust, covariates.formula.partition("~")[2].strip() or None
    model._time_fit_was_called = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S") + " UTC"
    for each in (model, fitter):
        CensoringType.set_censoring_type(each, CensoringType.RIGHT)
    fitter._model = model
    return fitter


def _baseline(baselines: Sequence[tuple[Floats, Floats]], levels: pd.DataFrame) -> pd.DataFrame:
    if not len(levels.columns):
        return steps(*baselines[0]).to_frame(BASELINE)
    keys = [row[0] if len(row) == 1 else row for row in levels.itertuples(index=False, name=None)]
    parts = {key: steps(*each) for key, each in zip(keys, baselines, strict=True)}
    index = np.unique(np.concatenate([part.index for part in parts.values()]))
    columns = {key: np.interp(index, part.index, part) for key, part in parts.items()}
    found = pd.DataFrame(np.column_stack(list(columns.values())), index=index)
    found.columns = pd.MultiIndex.from_tuples(keys) if isinstance(keys[0], tuple) else pd.Index(keys)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LifelinesCoxResult(FittedModel):
    """
    A Cox model that lifelines fitted, with tables, sentences, tests and drawings as here.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, conf_low, conf_high, conf_level, n, terms, notes
        As of every `FittedModel`.
    fitter : CoxPHFitter
        What it was made of.
    """

    fitter: Any

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        return f"Cox model fitted by lifelines, {'robust errors' if self.fitter.robust else 'errors of the model'}"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is."""
        return "hazard_ratio"

    def predict(
        self, profiles: pd.DataFrame | None = None, times: float | Sequence[float] | None = None
    ) -> pd.DataFrame:
        """
        Give the share of accounts retained that lifelines predicts, without an interval.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns)
            Values of the covariates, one row for each kind of account.
        times : float or sequence of float, optional
            Tenures; those of the fit without them.

        Returns
        -------
        DataFrame
            `profile`, `time`, `survival`.

        Raises
        ------
        SpecError
            If there are no profiles, or a time is negative.
        """
        if profiles is None:
            raise SpecError.at("profiles", "lifelines keeps no covariates of the fit", "Give a row for each kind")
        chosen = None if times is None else some_times(times, "times")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shares = self.fitter.predict_survival_function(profiles.reset_index(drop=True), times=chosen)
        n_times, n_profiles = shares.shape
        return pd.DataFrame(
            {
                "profile": np.repeat(np.arange(n_profiles), n_times),
                "time": np.tile(shares.index.to_numpy(float), n_profiles),
                "survival": shares.to_numpy(float).T.ravel(),
            }
        )


def cox_from_lifelines(fitter: Any) -> LifelinesCoxResult:
    """
    Take a fitted `CoxPHFitter` of lifelines.

    Parameters
    ----------
    fitter : CoxPHFitter
        With Breslow's baseline, which is the default of lifelines.

    Returns
    -------
    LifelinesCoxResult

    Raises
    ------
    SpecError
        If it is another kind of fitter, not fitted, penalised, or has a parametric baseline.

    Examples
    --------
    >>> from lifelines import CoxPHFitter
    >>> stay, left = [5, 3, 9, 8, 7, 4, 4, 3, 2, 5], [1] * 9 + [0]
    >>> frame = pd.DataFrame({"stay": stay, "left": left, "age": [4, 3, 9, 8] * 2 + [5, 6]})
    >>> print(cox_from_lifelines(CoxPHFitter().fit(frame, "stay", "left")).summary())
    age: hazard ratio 0.791 [0.551, 1.13], p = 0.203
    """
    place, mend = "from_lifelines", "Give a fitted CoxPHFitter without penalty"
    if type(fitter).__name__ != "CoxPHFitter":
        raise SpecError.at(place, f"got {type(fitter).__name__}", mend)
    if "_model" not in vars(fitter):
        raise SpecError.at(place, "the fitter is not fitted", "Call its fit first")
    if fitter.baseline_estimation_method != "breslow" or np.any(np.asarray(fitter.penalizer) != 0):
        raise SpecError.at(place, "the fitter has a penalty or a parametric baseline", mend)
    error = fitter.standard_errors_.to_numpy(float)
    covariance = fitter.variance_matrix_.to_numpy(float)
    names = [str(name) for name in fitter.params_.index]
    return LifelinesCoxResult(
        index=pd.Index(names, name="term"),
        **inference(fitter.params_.to_numpy(float), covariance, conf_level=1 - float(fitter.alpha), std_error=error),
        n=round(float(fitter.weights.sum())),
        terms={name: (i,) for i, name in enumerate(names)},
        fitter=fitter,
    )
