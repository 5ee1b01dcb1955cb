"""Discrete-time hazard regression: the chance of leaving in a period among those who stayed until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from churn.regression.discrete_results import DiscreteHazardResult, Link
from churn.regression.person_periods import PersonPeriods, count_periods
from churn.survival.grouping import LEFT_OUT
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note
from surveys.models import glm_fit as _regression
from surveys.models.fitted import inference
from surveys.models.formulas import Covariates, build_covariates, variables

Baseline = Literal["period", "linear", "spline", "formula"]

BASELINES: dict[Baseline, str] = {
    "period": "0 + factor(period)",
    "linear": "period",
    "spline": "cr(period, df={df}, constraints='center')",
    "formula": "",
}
CERTAIN = 1e-8
PRECISION = 1e-11


@dataclass(frozen=True, slots=True)
class DiscreteHazard:
    """
    A discrete-time hazard regression, to be fitted to tenures or person-periods.

    Parameters
    ----------
    formula : str
        Covariates as R writes them, `~ age_group + factor(wave)`, among the columns that describe accounts,
        and `period`, the number of the period counted from 1. It is code: take it from an analyst, never
        from data.
    link : {'cloglog', 'logit'}
        Whose exponentiated coefficients are hazard ratios of the grouped continuous hazard, or odds ratios.
    baseline : {'period', 'linear', 'spline', 'formula'}
        How the hazard follows time: one coefficient for each period, a line, a natural spline; or as the
        formula says.
    df : int
        Degrees of freedom of the spline.
    width : float
        Length of a period in the unit of the tenures, such as 30 for months of tenures in days.

    Raises
    ------
    SpecError
        If an option is unknown.

    Notes
    -----
    The likelihood of tenures in periods is that of a binomial model of accounts period by period [1]_, and
    counts of accounts at risk and gone are sufficient for it; statsmodels maximises it.

    References
    ----------
    .. [1] Prentice and Gloeckler (1978), Regression analysis of grouped survival data with application to
       breast cancer data, *Biometrics* 34, 57-67.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "age": ["18-24"] * 3 + ["25-34"] * 3,
    ...         "duration": [1, 2, 2] * 2,
    ...         "event": [1, 1, 0] * 2,
    ...         "n": [40, 30, 30, 20, 20, 60],
    ...     }
    ... )
    >>> fitted = DiscreteHazard("~ age").fit(TenureCounts.from_frame(frame))
    >>> print(fitted.summary())
    age[T.25-34]: hazard ratio 0.426 [0.288, 0.631], p < 0.001
    >>> fitted.predict(pd.DataFrame({"age": ["18-24"]}))["survival"].round(3).tolist()
    [0.598, 0.301]
    """

    formula: str
    link: Link = "cloglog"
    baseline: Baseline = "period"
    df: int = 4
    width: float = 1.0

    def __post_init__(self) -> None:
        """Refuse options that are unknown."""
        for name, value, known in (("link", self.link, Link), ("baseline", self.baseline, Baseline)):
            if value not in get_args(known):
                mend = did_you_mean(value, get_args(known), f"Known: {', '.join(get_args(known))}")
                raise SpecError.at(f"{name} '{value}'", "not known here", mend)

    def fit(self, source: Tenures | TenureCounts | PersonPeriods, *, conf_level: float = 0.95) -> DiscreteHazardResult:
        """
        Fit the model.

        Parameters
        ----------
        source : Tenures, TenureCounts or PersonPeriods
            Tenures are counted by period first; periods are taken as they are.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        DiscreteHazardResult
            Accounts without one of the columns are left out, and the notes count them.

        Raises
        ------
        SpecError
            If the formula cannot be read or worked out, or names unknown columns.
        EstimateError
            If nobody leaves, covariates determine each other, or tell without error who leaves when, as
            where nobody leaves in a period with a coefficient of its own: the covariate is named.
        """
        check_level(conf_level)
        table, periods, notes = self._rows(source)
        built = build_covariates(self._whole_formula(), table, intercept=True)
        matrix = built.matrix.to_numpy(float)[built.unit]
        at_risk, gone = table["n_at_risk"].to_numpy(float), table["n_event"].to_numpy(float)
        if not gone.any():
            raise EstimateError.at("DiscreteHazard", "nobody leaves", "Follow accounts for longer")
        names = [str(name) for name in built.matrix.columns]
        self._check(matrix, at_risk, names)
        estimate, covariance, hazard = self._maximise(matrix, at_risk, gone, names)
        return self._describe(built, periods, notes, (estimate, covariance, hazard, at_risk, gone), conf_level)

    def _rows(
        self, source: Tenures | TenureCounts | PersonPeriods
    ) -> tuple[pd.DataFrame, PersonPeriods, tuple[Note, ...]]:
        """Lay periods out with the columns that the formula names, those without one of them left out."""
        if isinstance(source, PersonPeriods):
            frame, kept, notes = source.strata, source, source.notes
            wanted = [name for name in variables(self.formula, frame.assign(period=0)) if name != "period"]
        else:
            frame = source.attributes if isinstance(source, Tenures) else source.strata
            wanted = [name for name in variables(self.formula, frame.assign(period=0)) if name != "period"]
            absent = frame[wanted].isna()
            n = np.ones(len(frame), np.int64) if isinstance(source, Tenures) else source.n
            notes = tuple(
                Note(LEFT_OUT, {"n": int(n[absent[name].to_numpy()].sum()), "group": name})
                for name in wanted
                if absent[name].any()
            )
            complete = ~absent.any(axis=1).to_numpy()
            if not complete.any():
                place = f"formula '{self.formula}'"
                raise EstimateError.at(place, "no account has all of the columns", "Leave some of them out")
            source = source if complete.all() else source.where(complete)
            kept = count_periods(source, by=wanted, width=self.width)
            notes = kept.notes + notes
        table = kept.to_frame()[[*wanted, "period", "n_at_risk", "n_event"]]
        whole = table.notna().all(axis=1)
        if not whole.all():
            lost = int(table.loc[~whole, "n_at_risk"].sum())
            message = "{n} periods of accounts lack a value of a covariate and are left out"
            notes = (*notes, Note(message, {"n": lost}))
        return table[whole].reset_index(drop=True), kept, notes

    def _whole_formula(self) -> str:
        """Put the baseline before the covariates."""
        right = self.formula.strip().removeprefix("~").strip()
        baseline = BASELINES[self.baseline].format(df=self.df)
        return f"~ {' + '.join(part for part in (baseline, right) if part)}"

    def _check(self, matrix: Floats, at_risk: Floats, names: list[str]) -> None:
        aliased = _regression.aliased_columns(matrix, at_risk)
        if aliased:
            told = ", ".join(f"'{names[j]}'" for j in aliased)
            place = f"formula '{self.formula}'"
            raise EstimateError.at(place, f"other covariates determine {told}", "Leave it out, or join its levels")

    def _maximise(
        self, matrix: Floats, at_risk: Floats, gone: Floats, names: list[str]
    ) -> tuple[Floats, Floats, Floats]:
        import warnings

        from statsmodels.genmod.families import Binomial, links
        from statsmodels.genmod.generalized_linear_model import GLM

        link = {"cloglog": links.CLogLog, "logit": links.Logit}[self.link]()
        model = GLM(np.column_stack([gone, at_risk - gone]), matrix, family=Binomial(link=link))
        found: Any = None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = model.fit(tol_criterion="params", atol=PRECISION, rtol=PRECISION, maxiter=100)
        hazard = np.asarray(found.mu)
        certain = ((hazard < CERTAIN) | (hazard > 1 - CERTAIN)).any()
        if certain or not found.converged or not np.isfinite(found.params).all():
            self._refuse(matrix, gone / at_risk, names)
        return np.asarray(found.params), np.asarray(found.cov_params()), hazard

    def _refuse(self, matrix: Floats, share: Floats, names: list[str]) -> None:
        """Refuse separated data; tiny hazards alone do not separate."""
        place = f"formula '{self.formula}'"
        telling = [names[j] for j in _regression.separating_columns(matrix, share, upper=1.0)]
        if telling:
            told = ", ".join(f"'{name}'" for name in telling)
            what = f"{told} tells without error who leaves when, so that no finite coefficient exists"
            raise EstimateError.at(place, what, "Join its levels or periods, or take baseline='linear'")

    def _describe(
        self,
        built: Covariates,
        periods: PersonPeriods,
        notes: tuple[Note, ...],
        found: tuple[Floats, Floats, Floats, Floats, Floats],
        conf_level: float,
    ) -> DiscreteHazardResult:
        estimate, covariance, hazard, at_risk, gone = found
        names = [str(name) for name in built.matrix.columns]
        own = BASELINES[self.baseline].format(df=self.df).removeprefix("0 + ")
        baseline = {i for term, places in built.terms.items() if term == own for i in places}
        level = (
            gone.sum() / at_risk.sum() if "Intercept" in names else _regression.LINKS[self.link].inverse(np.zeros(1))
        )
        return DiscreteHazardResult(
            index=pd.Index(names, name="term"),
            **inference(estimate, covariance, conf_level=conf_level),
            link=self.link,
            log_likelihood=_log_likelihood(hazard, at_risk, gone),
            null_deviance=-2 * _log_likelihood(np.broadcast_to(level, gone.shape), at_risk, gone),
            n=int(at_risk.sum()),
            n_event=int(gone.sum()),
            terms=built.terms,
            baseline=tuple(sorted(baseline | {i for i, name in enumerate(names) if name == "Intercept"})),
            periods=np.unique(periods.period),
            width=periods.width,
            time_unit=periods.time_unit,
            notes=notes,
            _covariates=built,
        )


def _log_likelihood(hazard: Floats, at_risk: Floats, gone: Floats) -> float:
    return float(special.xlogy(gone, hazard).sum() + special.xlog1py(at_risk - gone, -hazard).sum())
