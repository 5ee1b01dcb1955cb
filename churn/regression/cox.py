"""Cox proportional-hazards regression, on accounts or on counts of equal accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.regression._ties import Ties
from churn.regression.complete_rows import complete_rows
from churn.regression.cox_results import CoxResult, StdErrors
from churn.regression.fit import Fit, fit_cox
from churn.regression.risk_sets import Spells
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note
from surveys.models.fitted import inference
from surveys.models.formulas import Covariates, build_covariates, variables
from surveys.models.patterns import find_patterns

STRANGERS = "rows of covariates of accounts that have no tenure, which are left out: {n}"


@dataclass(frozen=True, slots=True)
class Cox:
    r"""
    A Cox proportional-hazards regression, to be fitted to tenures.

    Parameters
    ----------
    formula : str, optional
        Covariates as R writes them, `~ age_group + log(following)`, among the columns that describe accounts:
        text makes treatment contrasts with the first level in alphabetical order as reference, and `factor`
        does so for numbers. It is code: take it from an analyst, never from data. None where covariates
        are handed to `fit`.
    ties : {'efron', 'breslow', 'exact'}
        How accounts that leave at the same time are counted.
    strata : sequence of str
        Columns; each combination of their levels has a baseline hazard of its own.
    weights : str, optional
        Column of sampling weights, one for each account of a cell.
    clusters : str, optional
        Column that tells whose rows depend on each other, such as the account of time-varying rows.
    std_errors : {'model', 'robust'}, optional
        Robust where there are weights or clusters, else the model's, if not said.
    cause : str, optional
        Reason of leaving that is modelled; those gone for another are censored then. Any, without it.

    Raises
    ------
    SpecError
        If an option is unknown, or options do not go together.

    Notes
    -----
    The partial likelihood [1]_ needs sums over those at risk only, which counts of equal accounts give
    exactly: `n` accounts in a cell are as `n` rows, also under Efron's ties [2]_. Weights are R's: tied
    accounts are counted by rows and weighed by their mean. An account is at risk after its entry, up to
    and including its duration. Robust errors are those of Lin and Wei [3]_.

    References
    ----------
    .. [1] Cox (1972), Regression models and life-tables, *JRSS B* 34, 187-220.
    .. [2] Efron (1977), The efficiency of Cox's likelihood function for censored data, *JASA* 72, 557-565.
    .. [3] Lin and Wei (1989), The robust inference for the Cox proportional hazards model, *JASA* 84,
       1074-1078.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "age": ["18-24"] * 4 + ["25-34"] * 4,
    ...         "duration": [5, 10, 20, 30] * 2,
    ...         "event": [1, 1, 1, 0] * 2,
    ...         "n": [40, 30, 20, 10, 20, 20, 20, 40],
    ...     }
    ... )
    >>> fitted = Cox("~ age").fit(TenureCounts.from_frame(frame))
    >>> print(fitted.summary())
    age[T.25-34]: hazard ratio 0.42 [0.301, 0.585], p < 0.001
    >>> print(fitted.concordance().summary())
    concordance 62.8% [58.0%, 67.5%], n = 200
    """

    formula: str | None = None
    ties: Ties = "efron"
    strata: Sequence[str] = ()
    weights: str | None = None
    clusters: str | None = None
    std_errors: StdErrors | None = None
    cause: str | None = None

    def __post_init__(self) -> None:
        """Refuse options that are unknown or do not go together."""
        object.__setattr__(self, "strata", (self.strata,) if isinstance(self.strata, str) else tuple(self.strata))
        for name, value, known in (("ties", self.ties, Ties), ("std_errors", self.std_errors, StdErrors)):
            if value is not None and value not in get_args(known):
                mend = did_you_mean(value, get_args(known), f"Known: {', '.join(get_args(known))}")
                raise SpecError.at(f"{name} '{value}'", "not known here", mend)
        if self.ties == "exact" and (self.weights or self.clusters or self.std_errors == "robust"):
            raise SpecError.at(
                "ties 'exact'", "go with neither weights nor clusters nor robust errors", "Take ties='efron'"
            )
        if self.clusters and self.std_errors == "model":
            raise SpecError.at("std_errors 'model'", "does not go with clusters", "Leave one of them out")

    @property
    def chosen_errors(self) -> StdErrors:
        """The errors asked for, or those that go with weights and clusters."""
        return self.std_errors or ("robust" if self.weights or self.clusters else "model")

    def fit(
        self,
        tenures: Tenures | TenureCounts,
        covariates: pd.DataFrame | None = None,
        *,
        conf_level: float = 0.95,
    ) -> CoxResult:
        """
        Fit the model.

        Parameters
        ----------
        tenures : Tenures or TenureCounts
            One row per account, or counts of accounts; rows of one account under several values of a
            covariate follow each other by `entry` and `duration`.
        covariates : DataFrame of numbers, shape (n_rows, k), optional
            Without a formula only. Where the tenures name their accounts, one row per account, which columns
            or the index name by the same names: rows are joined on them, and the notes count accounts on one
            side only. Otherwise one row per row of `tenures`, in the same order.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        CoxResult
            Accounts without one of the columns are left out, and the notes count them.

        Raises
        ------
        SpecError
            If the formula cannot be read or worked out, or names unknown columns; a weight is not a number
            above 0; or covariates do not name the accounts that the tenures name.
        EstimateError
            If nobody leaves, covariates do not vary among those at risk or determine each other, or tell
            without error who leaves first: no finite estimate exists, and the covariate is named.
        """
        check_level(conf_level)
        frame = tenures.attributes if isinstance(tenures, Tenures) else tenures.strata
        joined, strangers = _joined(tenures, covariates)
        wanted = self._wanted(frame, joined)
        kept, rows, notes = complete_rows(tenures, wanted, place="Cox")
        notes = (*notes, *strangers)
        built = self._build(wanted.iloc[rows], given=covariates is not None)
        stratum, levels = _strata(wanted.iloc[rows], self.strata)
        n = len(kept.duration)
        spells = Spells(
            duration=kept.duration,
            entry=np.full(n, np.nan) if kept.entry is None else kept.entry,
            event=self._gone(kept),
            n=np.ones(n, np.int64) if isinstance(kept, Tenures) else kept.n,
            weight=np.ones(n) if self.weights is None else _weights(wanted[self.weights].iloc[rows]),
            stratum=stratum,
            unit=built.unit,
        )
        if not spells.event.any():
            why = (
                Note("nobody leaves")
                if self.cause is None
                else Note("nobody leaves for cause '{cause}'", {"cause": self.cause})
            )
            raise EstimateError.because("Cox", why, "Follow accounts for longer")
        cluster = pd.factorize(wanted[self.clusters].iloc[rows])[0] if self.clusters else None
        fit = fit_cox(spells, built.matrix.to_numpy(float), self.ties, cluster)
        found = self._settled(fit, [str(name) for name in built.matrix.columns])
        return self._describe(found, built, rows, levels, kept, notes, conf_level)

    def _gone(self, tenures: Tenures | TenureCounts) -> NDArray[np.bool_]:
        """Tell who leaves, for the cause if there is one."""
        if self.cause is None:
            return tenures.event
        if tenures.cause is None or self.cause not in tenures.causes:
            mend = did_you_mean(self.cause, tenures.causes, f"Causes here: {', '.join(tenures.causes) or 'none'}")
            raise SpecError.at(f"cause '{self.cause}'", "no such cause", mend)
        return np.asarray(tenures.cause == tenures.causes.index(self.cause) + 1)

    def _wanted(self, frame: pd.DataFrame, covariates: pd.DataFrame | None) -> pd.DataFrame:
        """Give covariates, strata, clusters and weights as columns."""
        if (self.formula is None) == (covariates is None):
            mend = "Give a formula, or covariates to fit, not both"
            raise SpecError.at("Cox", "has " + ("no covariates" if covariates is None else "covariates twice"), mend)
        others = list(dict.fromkeys([*self.strata, *(name for name in (self.clusters, self.weights) if name)]))
        for name in others:
            if name not in frame.columns:
                mend = did_you_mean(name, map(str, frame.columns), "Name a column that describes accounts")
                raise SpecError.at(f"Cox, column '{name}'", "no such column", mend)
        if covariates is None:
            named = variables(str(self.formula), frame)
            if not named:
                raise SpecError.at(f"formula '{self.formula}'", "names no column", "Write it as '~ x + z'")
            return frame[list(dict.fromkeys([*named, *others]))]
        if len(covariates) != len(frame) or covariates.shape[1] == 0:
            what = f"got {covariates.shape[1]} columns of {len(covariates)} rows for {len(frame)} rows of tenures"
            raise SpecError.at("covariates", what, "Give at least one, with one value for each row")
        text = [str(name) for name in covariates.columns if covariates[name].dtype.kind not in "iufb"]
        if text:
            raise SpecError.at(f"covariates '{text[0]}'", "are not numbers", "Use a formula, or make indicators of it")
        given = covariates.astype(float).reset_index(drop=True)
        return pd.concat([given, frame[[name for name in others if name not in given]].reset_index(drop=True)], axis=1)

    def _build(self, columns: pd.DataFrame, *, given: bool) -> Covariates:
        if not given:
            return build_covariates(str(self.formula), columns)
        others = {*self.strata, self.clusters, self.weights}
        matrix = columns[[name for name in columns.columns if name not in others]]
        unit, first = find_patterns(matrix)
        terms = {str(name): (i,) for i, name in enumerate(matrix.columns)}
        return Covariates("", matrix.iloc[first].reset_index(drop=True), unit, terms, None)

    def _settled(self, fit: Fit | list[int], names: list[str]) -> Fit:
        """Refuse aliased covariates and monotone likelihoods."""
        place = "Cox" if self.formula is None else f"formula '{self.formula}'"
        if isinstance(fit, list):
            why = Note(
                "{names} does not vary among those at risk, or other covariates determine it",
                {"names": _told(names[j] for j in fit)},
            )
            raise EstimateError.because(place, why, "Leave it out, or join its levels")
        if fit.maximum.state != "found":
            told = _told(names[j] for j in fit.maximum.drifting)
            why = Note(
                "{names} tells without error who leaves first, so that no finite coefficient exists", {"names": told}
            )
            raise EstimateError.because(place, why, "Join its levels, or leave it out")
        return fit

    def _describe(
        self,
        fit: Fit,
        built: Covariates,
        rows: Ints,
        levels: pd.DataFrame,
        tenures: Tenures | TenureCounts,
        notes: tuple[Note, ...],
        conf_level: float,
    ) -> CoxResult:
        estimate, errors = fit.coefficient, self.chosen_errors
        model_covariance = fit.covariance(robust=False)
        covariance = fit.covariance(robust=True) if errors == "robust" else model_covariance
        return CoxResult(
            index=pd.Index([str(name) for name in built.matrix.columns], name="term"),
            **inference(estimate, covariance, conf_level=conf_level),
            model_covariance=model_covariance,
            log_likelihood=fit.maximum.at.log_likelihood,
            log_likelihood_null=fit.maximum.null.log_likelihood,
            n=int(fit.spells.n.sum()),
            n_event=int(fit.slots.gone.sum()),
            ties=self.ties,
            std_errors=errors,
            terms=built.terms,
            strata=_names_of(levels),
            time_unit=tenures.time_unit,
            notes=tenures.notes + notes,
            _fit=fit,
            _covariates=built,
            _rows=rows,
            _levels=levels,
        )


def _joined(
    tenures: Tenures | TenureCounts, covariates: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, tuple[Note, ...]]:
    """Put covariates into the order of the accounts that the tenures name; missing where they are of none."""
    accounts = tenures.accounts if isinstance(tenures, Tenures) else None
    if covariates is None or accounts is None:
        return covariates, ()
    keys = list(accounts.columns)
    told = ", ".join(f"'{key}'" for key in keys)
    if set(keys) <= set(covariates.columns):
        given = covariates.set_index(keys)
    elif list(covariates.index.names) == keys:
        given = covariates
    else:
        what = f"name no accounts, and those of the tenures are named by {told}"
        raise SpecError.at("covariates", what, f"Add {told} as columns or as the index")
    if not given.index.is_unique:
        what = f"have {int(given.index.duplicated().sum()):,} rows of accounts that have one already"
        raise SpecError.at("covariates", what, "Give one row for each account")
    index = pd.MultiIndex.from_frame(accounts) if len(keys) > 1 else pd.Index(accounts[keys[0]])
    place = given.index.get_indexer(index)
    if not (place >= 0).any():
        raise SpecError.at("covariates", "name none of the accounts of the tenures", "Name accounts alike in both")
    n = int(len(given) - len(np.unique(place[place >= 0])))
    notes = (Note(STRANGERS, {"n": n}),) if n else ()
    truth = {name: float for name in given.columns if given[name].dtype == bool}
    rows = given.astype(truth).reset_index(drop=True).iloc[place]
    return rows.where((place >= 0)[:, None]), notes


def _strata(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Ints, pd.DataFrame]:
    """Give the number of each combination of levels that is there, and the combinations, in order."""
    if not columns:
        return np.zeros(len(frame), np.int64), pd.DataFrame(index=[0])
    code = np.zeros(len(frame), np.int64)
    for name in columns:
        own, levels = pd.factorize(frame[name], sort=True)
        code = code * len(levels) + own
    _, first, stratum = np.unique(code, return_index=True, return_inverse=True)
    return stratum.astype(np.int64), frame[list(columns)].iloc[first].reset_index(drop=True)


def _names_of(levels: pd.DataFrame) -> tuple[str, ...]:
    if not len(levels.columns):
        return ("",)
    rows = levels.itertuples(index=False)
    return tuple(", ".join(f"{name}={value}" for name, value in zip(levels.columns, row, strict=True)) for row in rows)


def _weights(column: pd.Series) -> Floats:
    weight = pd.to_numeric(column, errors="coerce").to_numpy(float)
    wrong = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if wrong:
        raise SpecError.at(f"weights '{column.name}'", f"{wrong} weights are not numbers above 0", "Correct them")
    return weight


def _told(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
