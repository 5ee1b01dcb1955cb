"""Accelerated-failure-time regression of tenures, from counts of accounts or interval-censored durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.parametric.distributions import DISTRIBUTIONS, Distribution
from churn.parametric.likelihood import Durations, Maximum, known_bounds, maximise, sandwich
from churn.parametric.results import AcceleratedFailureTimeResult, StdErrors
from churn.survival.grouping import LEFT_OUT, MODEL_BASED
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.results import Note
from surveys.models.fitted import inference
from surveys.models.formulas import Covariates, build_covariates, variables
from surveys.models.glm_fit import aliased_columns

Times = Literal["exact", "begun"]

PLACE = "AcceleratedFailureTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratedFailureTime:
    r"""
    An accelerated-failure-time model: covariates multiply durations of a parametric distribution.

    Parameters
    ----------
    formula : str, optional
        Covariates as R writes them, `~ age_group + log(following)`, as for `Cox`; none without it.
    distribution : {'weibull', 'log-normal', 'log-logistic', 'exponential'}
        Of durations.
    times : {'exact', 'begun'}
        Whether durations are taken as they are, or count units begun, so that an account that left at 7
        did so after 6 and by 7, and one that left at 0 did so within the first unit.
    weights : str, optional
        Column of sampling weights, one for each account of a cell.
    clusters : str, optional
        Column that tells whose rows depend on each other.
    std_errors : {'model', 'robust'}, optional
        From the information, or from the influence of each account or cluster. Robust where there are
        weights or clusters, else the model's, if not said.

    Raises
    ------
    SpecError
        If an option is unknown, or options do not go together.

    Notes
    -----
    :math:`\log T = x'\beta + \sigma\varepsilon` [1]_, in the parametrisation of `survreg` of R's survival, with
    delayed entry besides. Newton's method with analytic derivatives; counts count as so many rows, weights
    weigh the likelihood. Robust errors are those of the sandwich.

    References
    ----------
    .. [1] Kalbfleisch and Prentice (2002), *The Statistical Analysis of Failure Time Data*, 2nd ed., chapter 3.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> invited = rng.integers(0, 2, 2000)
    >>> left = 40 * np.exp(0.5 * invited) * rng.weibull(0.8, 2000)
    >>> frame = pd.DataFrame({"invited": invited})
    >>> tenures = Tenures(duration=np.minimum(left, 90), event=left <= 90, attributes=frame)
    >>> fitted = AcceleratedFailureTime(formula="~ invited").fit(tenures)
    >>> fitted.dropout(at=30, invited=1).summary()
    '41.6% [39.3%, 44.1%], n = 2,000'
    """

    formula: str | None = None
    distribution: Distribution = "weibull"
    times: Times = "exact"
    weights: str | None = None
    clusters: str | None = None
    std_errors: StdErrors | None = None

    def __post_init__(self) -> None:
        """Refuse options that are unknown or do not go together."""
        check_choice("distribution", self.distribution, get_args(Distribution))
        check_choice("times", self.times, get_args(Times))
        if self.std_errors is not None:
            check_choice("std_errors", self.std_errors, get_args(StdErrors))
        if self.clusters and self.std_errors == "model":
            raise SpecError.at("std_errors 'model'", "does not go with clusters", "Leave one of them out")

    @property
    def chosen_errors(self) -> StdErrors:
        """The errors asked for, or those that go with weights and clusters."""
        return self.std_errors or ("robust" if self.weights or self.clusters else "model")

    def fit(self, tenures: Tenures | TenureCounts, *, conf_level: float = 0.95) -> AcceleratedFailureTimeResult:
        """
        Fit the model to tenures, which may be left-truncated and right-censored.

        Parameters
        ----------
        tenures : Tenures or TenureCounts
            One row per account, or counts of accounts; the result is the same.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        AcceleratedFailureTimeResult
            Accounts without one of the columns are left out, and the notes count them.

        Raises
        ------
        SpecError
            If the formula cannot be read or worked out, or names unknown columns; if a weight is not a number
            above 0, or an exact duration is 0.
        EstimateError
            If nobody has left, covariates determine each other, or the likelihood has no maximum.
        """
        wanted = self._columns(tenures.attributes if isinstance(tenures, Tenures) else tenures.strata)
        cells = count_tenures(tenures, by=wanted) if isinstance(tenures, Tenures) else tenures
        if self.times == "exact" and (zero := cells.event & (cells.duration <= 0)).any():
            what = f"{int(cells.n[zero].sum()):,} accounts left at 0, which has no logarithm"
            raise SpecError.at(PLACE, what, "Use times='begun' if durations count units begun, or give their bounds")
        low, high, entry = known_bounds(cells.duration, cells.event, cells.entry, begun=self.times == "begun")
        durations = Durations(low, high, entry, cells.n.astype(np.float64), np.ones(len(low)))
        return self._fitted(cells.strata[wanted], durations, conf_level, cells.time_unit, cells.notes)

    def fit_bounds(
        self,
        frame: pd.DataFrame,
        *,
        low: str,
        high: str,
        n: str | None = None,
        entry: str | None = None,
        time_unit: str = "days",
        conf_level: float = 0.95,
    ) -> AcceleratedFailureTimeResult:
        """
        Fit the model to interval-censored durations.

        Parameters
        ----------
        frame : DataFrame, shape (n_rows, n_columns)
            One row per account, or per cell of accounts that are alike.
        low, high : str
            Columns of the bounds, in `time_unit`: more than `low` and at most `high`, equal where the duration
            is known. A missing `low` means since the start; a missing or infinite `high`, not yet gone.
        n : str, optional
            Column of the number of accounts in each row.
        entry : str, optional
            Column of the tenure at which observation began, missing where at sign-up.
        time_unit : str
            Unit of durations.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        AcceleratedFailureTimeResult

        Raises
        ------
        SpecError
            As `fit`; if bounds are crossed, negative, or before entry.
        EstimateError
            As `fit`.

        Examples
        --------
        >>> bands = pd.DataFrame({"low": [np.nan, 7, 30], "high": [7, 30, np.nan], "n": [10, 20, 70]})
        >>> model = AcceleratedFailureTime(distribution="log-normal")
        >>> model.fit_bounds(bands, low="low", high="high", n="n").at(30).summary()
        '70.0% [60.5%, 78.3%], n = 100'
        """
        _check_columns(frame, [name for name in (low, high, n, entry) if name])
        wanted = self._columns(frame)
        size, upper = len(frame), frame[high].to_numpy(np.float64)
        durations = Durations(
            low=np.nan_to_num(frame[low].to_numpy(np.float64), nan=0.0),
            high=np.where(np.isnan(upper), np.inf, upper),
            entry=np.nan_to_num(frame[entry].to_numpy(np.float64), nan=0.0) if entry else np.zeros(size),
            n=frame[n].to_numpy(np.float64) if n else np.ones(size),
            weight=np.ones(size),
        )
        return self._fitted(frame[wanted].reset_index(drop=True), durations, conf_level, time_unit, ())

    def _columns(self, frame: pd.DataFrame) -> list[str]:
        named = variables(self.formula, frame) if self.formula else []
        others = [name for name in (self.weights, self.clusters) if name]
        _check_columns(frame, others)
        return list(dict.fromkeys([*named, *others]))

    def _fitted(
        self,
        frame: pd.DataFrame,
        durations: Durations,
        conf_level: float,
        time_unit: str,
        notes: tuple[Note, ...],
    ) -> AcceleratedFailureTimeResult:
        check_level(conf_level)
        absent = {str(name): frame[name].isna().to_numpy() for name in frame.columns}
        kept = ~np.logical_or.reduce([np.zeros(len(frame), bool), *absent.values()])
        notes += tuple(
            Note(LEFT_OUT, {"n": int(durations.n[rows].sum()), "group": name})
            for name, rows in absent.items()
            if rows.any()
        )
        frame = frame[kept].reset_index(drop=True)
        durations = Durations(*(column[kept] for column in durations))
        if self.weights:
            durations = durations._replace(weight=_weights(frame[self.weights]))
            notes += (MODEL_BASED,) if self.chosen_errors == "model" else ()
        _check_durations(durations)
        covariates = self._covariates(frame)
        found = self._maximum(durations, covariates)
        null = maximise(self.distribution, durations, np.ones((len(frame), 1)))
        clusters = pd.factorize(frame[self.clusters])[0].astype(np.int64) if self.clusters else None
        robust = self.chosen_errors == "robust"
        return self._described(
            found,
            covariance=sandwich(found, durations, clusters) if robust else found.inverse,
            null=float("nan") if null is None else null.log_likelihood,
            covariates=covariates,
            columns=tuple(variables(self.formula, frame)) if self.formula else (),
            durations=durations,
            conf_level=conf_level,
            time_unit=time_unit,
            notes=notes,
        )

    def _described(
        self,
        found: Maximum,
        *,
        covariance: Floats,
        null: float,
        covariates: Covariates,
        columns: tuple[str, ...],
        durations: Durations,
        conf_level: float,
        time_unit: str,
        notes: tuple[Note, ...],
    ) -> AcceleratedFailureTimeResult:
        gone = np.isfinite(durations.high)
        scale = ["log(scale)"] if DISTRIBUTIONS[self.distribution].free_scale else []
        return AcceleratedFailureTimeResult(
            distribution=self.distribution,
            std_errors=self.chosen_errors,
            index=pd.Index([*map(str, covariates.matrix.columns), *scale], name="term"),
            **inference(found.theta, covariance, conf_level=conf_level),
            terms=covariates.terms,
            log_likelihood=found.log_likelihood,
            log_likelihood_null=null,
            n=int(durations.n.sum()),
            n_event=int(durations.n[gone].sum()),
            observed_until=float(np.where(gone, durations.high, durations.low).max()),
            columns=columns,
            time_unit=time_unit,
            notes=notes,
            _covariates=covariates,
        )

    def _covariates(self, frame: pd.DataFrame) -> Covariates:
        if self.formula and variables(self.formula, frame):
            return build_covariates(self.formula, frame, intercept=True)
        every = np.zeros(len(frame), np.int64)
        return Covariates("", pd.DataFrame({"Intercept": [1.0]}), every, {}, None)

    def _maximum(self, durations: Durations, covariates: Covariates) -> Maximum:
        place = f"formula '{self.formula}'" if self.formula else PLACE
        patterns, names = covariates.matrix.to_numpy(np.float64), covariates.matrix.columns
        aliased = aliased_columns(patterns, np.bincount(covariates.unit, durations.total, len(patterns)).astype(float))
        if aliased:
            told = ", ".join(f"'{names[j]}'" for j in aliased)
            raise EstimateError.at(place, f"other covariates determine {told}", "Leave it out, or join its levels")
        found = maximise(self.distribution, durations, patterns[covariates.unit])
        if found is None:
            what = f"the likelihood of the {self.distribution} distribution has no maximum"
            mend = "Leave out covariates that separate those who left from the rest, or choose another distribution"
            raise EstimateError.at(place, what, mend)
        return found


def _check_columns(frame: pd.DataFrame, wanted: list[str]) -> None:
    columns = [str(name) for name in frame.columns]
    problems = [
        Problem(f"{PLACE}, column '{name}'", "no such column", did_you_mean(name, columns, "Name one that is there"))
        for name in wanted
        if name not in columns
    ]
    if problems:
        raise SpecError(*problems)


def _weights(column: pd.Series) -> Floats:
    weight = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    wrong = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if wrong:
        raise SpecError.at(f"weights '{column.name}'", f"{wrong} weights are not numbers above 0", "Correct them")
    return weight


def _check_durations(durations: Durations) -> None:
    low, high, entry, n, _ = durations
    if not n.sum() > 0:
        raise EstimateError.at(PLACE, "there are no accounts to follow", "Choose a larger group")
    faults: list[tuple[NDArray[np.bool_], str, str]] = [
        (~((low >= 0) & np.isfinite(low)), "lower bounds are negative or endless", "Correct them"),
        (~(high >= low), "lower bounds lie above the upper ones", "Correct them"),
        (~((entry >= 0) & np.isfinite(entry)), "entries are negative or endless", "Correct them"),
        (~((n > 0) & np.isfinite(n)), "numbers of accounts are not above 0", "Correct them"),
        (
            (low == high) & (low <= 0),
            "durations are exactly 0, which has no logarithm",
            "Give them an upper bound above 0",
        ),
        ((entry > 0) & (low < entry), "durations may end before their entry", "Raise their lower bounds to the entry"),
    ]
    problems = [Problem(PLACE, f"{int(wrong.sum())} {what}", mend) for wrong, what, mend in faults if wrong.any()]
    if problems:
        raise SpecError(*problems)
    if not np.isfinite(high).any():
        raise EstimateError.at(PLACE, "nobody leaves", "Follow accounts for longer")
