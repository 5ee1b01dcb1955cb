"""Regression under a survey design: linear, logistic, complementary log-log and Poisson models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from surveys.core.arrays import Bools, Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.design.design import Design
from surveys.estimates.domains import row_mask
from surveys.models import glm_fit as _regression
from surveys.models.fitted import FittedModel, inference
from surveys.models.formulas import Covariates, build_regression, named_columns
from surveys.models.glm_fit import Coefficients, FamilyName, LinkName
from surveys.samples.sample import Sample

USUAL: dict[FamilyName, LinkName] = {"gaussian": "identity", "quasibinomial": "logit", "quasipoisson": "log"}
LINKS: dict[FamilyName, tuple[LinkName, ...]] = {
    "gaussian": ("identity",),
    "quasibinomial": ("logit", "cloglog"),
    "quasipoisson": ("log",),
}
RATIOS: dict[LinkName, str] = {"logit": "odds_ratio", "cloglog": "hazard_ratio", "log": "rate_ratio"}
GREATEST: dict[FamilyName, float] = {"quasibinomial": 1.0, "quasipoisson": np.inf}
RANGES: dict[FamilyName, str] = {"quasibinomial": "0 to 1", "quasipoisson": "0 and above"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SurveyGlmResult(FittedModel):
    """
    A regression fitted under a survey design.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, df, conf_low, conf_high, conf_level, n, terms, notes
        As of every `FittedModel`; `df` are the degrees of freedom of the design, less those of the model.
    model : SurveyGlm
        What was asked for.
    deviations : ndarray of float, shape (m, k)
        A matrix whose cross-product is the covariance.
    """

    model: SurveyGlm
    deviations: Floats
    _covariates: Covariates

    @property
    def method(self) -> str:
        """Name of the model and of its errors."""
        return f"{self.model.family} regression, {self.model.chosen_link} link, errors of the design"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is: `odds_ratio`, `hazard_ratio`, `rate_ratio`, or nothing."""
        return RATIOS.get(self.model.chosen_link, "")

    def predict(self, profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """
        Predict the mean of the outcome.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns on the right of the formula; the rows of the fit without it.

        Returns
        -------
        DataFrame
            `profile`, `mean`, `std_error`, `conf_low`, `conf_high`, the limits being symmetric on the scale of
            the linear predictor.

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown.

        Examples
        --------
        >>> frame = pd.DataFrame({"w": [1.0, 2] * 6, "kept": [0, 1, 1, 0, 0, 1] * 2, "sex": list("FFFMMM") * 2})
        >>> fitted = SurveyGlm("kept ~ sex", family="quasibinomial").fit(Design.from_frame(frame, weight="w"), frame)
        >>> fitted.predict(pd.DataFrame({"sex": ["F", "M"]}))["mean"].round(3).tolist()
        [0.75, 0.4]
        """
        x = self._covariates.matrix.to_numpy(float) if profiles is None else self._covariates.of(profiles)
        link = _regression.LINKS[self.model.chosen_link]
        predictor = x @ self.estimate
        error = np.sqrt(np.square(self.deviations @ x.T).sum(axis=0))
        half, mean = student_t(self.df, self.conf_level) * error, link.inverse(predictor)
        return pd.DataFrame(
            {
                "profile": np.arange(len(x)),
                "mean": mean,
                "std_error": np.abs(link.slope(mean)) * error,
                "conf_low": link.inverse(predictor - half),
                "conf_high": link.inverse(predictor + half),
            }
        )


@dataclass(frozen=True, slots=True)
class SurveyGlm:
    """
    A generalised linear model, to be fitted to samples.

    Parameters
    ----------
    formula : str
        As R writes it, `kept ~ age + factor(wave)`: text makes treatment contrasts with the first level
        in alphabetical order as reference, and `factor` does so for numbers. A name that is not a plain
        word stands between backticks. It is code: take it from an analyst, never from data.
    family : {"gaussian", "quasibinomial", "quasipoisson"}
        The last two let the design say how much the outcome varies.
    link : {"identity", "logit", "cloglog", "log"}, optional
        The usual one of the family without it; "cloglog" goes with "quasibinomial".

    Raises
    ------
    SpecError
        If the family or link is not known, or they do not go together.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 6, "kept": [0, 1, 1, 0, 0, 1] * 2, "sex": list("FFFMMM") * 2})
    >>> fitted = SurveyGlm("kept ~ sex", family="quasibinomial").fit(Design.from_frame(frame, weight="w"), frame)
    >>> fitted.to_frame()[["term", "odds_ratio"]].round(3).values.tolist()
    [['Intercept', 3.0], ['sex[T.M]', 0.222]]
    """

    formula: str
    family: FamilyName = "gaussian"
    link: LinkName | None = None

    def __post_init__(self) -> None:
        """Refuse families and links that are not known."""
        if self.family not in LINKS:
            mend = did_you_mean(self.family, get_args(FamilyName), f"Known: {', '.join(LINKS)}")
            raise SpecError.at(f"family '{self.family}'", "not known here", mend)
        if self.chosen_link not in LINKS[self.family]:
            known = LINKS[self.family]
            what = f"does not go with family '{self.family}'"
            raise SpecError.at(f"link '{self.link}'", what, f"Take {' or '.join(known)}")

    @property
    def chosen_link(self) -> LinkName:
        """The link, or the usual one of the family."""
        return USUAL[self.family] if self.link is None else self.link

    def fit(
        self,
        source: Sample | Design,
        frame: pd.DataFrame | None = None,
        *,
        rows: ArrayLike | None = None,
        conf_level: float = 0.95,
    ) -> SurveyGlmResult:
        """
        Fit the model.

        Parameters
        ----------
        source : Sample or Design
            Of a sample, codes that the data file declares missing are no answers.
        frame : DataFrame, optional
            One row per respondent; with a design only.
        rows : array_like of bool, shape (n_rows,), optional
            The domain that the model is limited to.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        SurveyGlmResult
            Rows without one of the variables leave the fit, never the design.

        Raises
        ------
        SpecError
            If the formula cannot be read, names unknown columns, or its outcome is out of range.
        EstimateError
            If covariates determine each other, or tell the outcome without error (separation): no
            finite estimate exists, and the covariate is named.

        Notes
        -----
        Pseudo-maximum likelihood; the covariance is that of the linearised estimating equations
        (Binder, 1983, *International Statistical Review* 51, 279-292), as `svyglm` of R's survey.
        """
        design, data = _data(source, frame)
        names = named_columns(self.formula, data)
        inside = row_mask(design, rows) & (design.weights != 0)
        inside &= data[names].notna().all(axis=1).to_numpy()
        if not inside.any():
            raise EstimateError.at(
                f"formula '{self.formula}'", "no row has all of its variables", "Leave some of them out"
            )
        complete = data[names] if inside.all() else data.loc[inside, names]
        outcome, covariates = self._matrices(complete.reset_index(drop=True))
        kept = np.flatnonzero(inside)
        statistic = Coefficients(
            covariates.matrix.to_numpy(float),
            outcome,
            kept,
            design.n,
            _regression.FAMILIES[self.family],
            _regression.LINKS[self.chosen_link],
        )
        self._check(statistic, design.weights, covariates.matrix.columns)
        return self._describe(statistic, design, inside, covariates, conf_level)

    def _matrices(self, data: pd.DataFrame) -> tuple[Floats, Covariates]:
        """Build outcome and covariates from complete rows."""
        outcome, covariates = build_regression(self.formula, data)
        if not _regression.FAMILIES[self.family].inside(outcome).all():
            found = f"{outcome.min():g} to {outcome.max():g}"
            what = f"the outcome goes from {found}, expected {RANGES[self.family]}"
            raise SpecError.at(f"formula '{self.formula}'", what, "Recode it")
        return outcome, covariates

    def _check(self, statistic: Coefficients, weights: Floats, names: pd.Index) -> None:
        """Refuse models without a finite, single answer."""
        place = f"formula '{self.formula}'"
        counted = weights[statistic.rows]
        if (counted < 0).any():
            raise EstimateError.at(place, "some weights are negative", "Calibrate with bounds, or by raking")
        aliased = _regression.aliased_columns(statistic.matrix, counted)
        if aliased:
            told = ", ".join(f"'{names[j]}'" for j in aliased)
            raise EstimateError.at(place, f"other covariates determine {told}", "Leave it out, or join its levels")
        if self.family in GREATEST and statistic.certain(weights):
            upper = GREATEST[self.family]
            columns = _regression.separating_columns(statistic.matrix, statistic.outcome, upper=upper)
            telling = [names[j] for j in columns if names[j] != "Intercept"] or [names[j] for j in columns]
            if telling:
                told = ", ".join(f"'{name}'" for name in telling)
                what = f"the data are separated: {told} tells the outcome without error for some respondents"
                raise EstimateError.at(
                    place, f"{what}, so that no finite coefficient exists", "Join its levels, or leave it out"
                )
        if statistic.fit(weights).state == "unsettled":
            raise EstimateError.at(place, "the fit does not settle", "Rescale the covariates, or leave some out")

    def _describe(
        self,
        statistic: Coefficients,
        design: Design,
        counted: Bools,
        covariates: Covariates,
        conf_level: float,
    ) -> SurveyGlmResult:
        estimate, found = statistic.value(design.weights), design.deviations(statistic)
        std_error = np.sqrt(np.square(found).sum(axis=0))
        df = float(design.degrees_of_freedom(counted) + 1 - len(estimate))
        return SurveyGlmResult(
            model=self,
            index=pd.Index([str(name) for name in covariates.matrix.columns], name="term"),
            **inference(estimate, found.T @ found, conf_level=conf_level, df=df, std_error=std_error),
            deviations=found,
            n=int(counted.sum()),
            terms=covariates.terms,
            _covariates=covariates,
        )


def _data(source: Sample | Design, frame: pd.DataFrame | None) -> tuple[Design, pd.DataFrame]:
    if isinstance(source, Sample):
        columns = {
            str(name): source.frame[name].mask(source.codebook[str(name)].is_missing(source.frame[name].to_numpy()))
            for name in source.frame.columns
        }
        return source.design, pd.DataFrame(columns)
    if frame is None or len(frame) != source.n:
        got = "no table" if frame is None else f"a table of {len(frame)} rows"
        raise SpecError.at(
            "frame", f"got {got} for a sample of {source.n}", "Give the table with one row per respondent"
        )
    return source, frame
