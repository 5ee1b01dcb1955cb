"""Regression under a survey design: linear, logistic, complementary log-log and Poisson models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from surveys.core.arrays import Bools, Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.rounding import say_p
from surveys.data.codebook import format_code
from surveys.design.design import Design
from surveys.estimates.contrasts import Contrast
from surveys.estimates.domains import row_mask
from surveys.models import glm_fit as _regression
from surveys.models.glm_fit import Coefficients, FamilyName, LinkName
from surveys.samples.sample import Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL: dict[FamilyName, LinkName] = {"gaussian": "identity", "quasibinomial": "logit", "quasipoisson": "log"}
LINKS: dict[FamilyName, tuple[LinkName, ...]] = {
    "gaussian": ("identity",),
    "quasibinomial": ("logit", "cloglog"),
    "quasipoisson": ("log",),
}
RATIOS: dict[LinkName, str] = {"logit": "odds_ratio", "cloglog": "hazard_ratio", "log": "rate_ratio"}
GREATEST: dict[FamilyName, float] = {"quasibinomial": 1.0, "quasipoisson": np.inf}
RANGES: dict[FamilyName, str] = {"quasibinomial": "0 to 1", "quasipoisson": "0 and above"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldTest:
    """The test that all coefficients of a term are zero: an F with its degrees of freedom."""

    term: str
    statistic: float
    ndf: float
    ddf: float
    p_value: float

    def summary(self) -> str:
        """Say the test in one line of English."""
        return f"{self.term}: F({self.ndf:.4g}, {self.ddf:.4g}) = {self.statistic:.3g}, {say_p(self.p_value)}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GlmResult:
    """
    A regression fitted under a survey design.

    Attributes
    ----------
    model : SurveyGlm
        What was asked for.
    index : Index, shape (k,)
        Names of the coefficients; `sex[T.M]` is level M of sex against its first level.
    estimate, std_error : ndarray of float, shape (k,)
        On the scale of the linear predictor.
    deviations : ndarray of float, shape (m, k)
        A matrix whose cross-product is the covariance.
    df : float
        Degrees of freedom of the design, less those of the model.
    t, p_value : ndarray of float, shape (k,)
        Of each coefficient against zero, two-sided; NaN where `df` is below 1.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the intervals of Student's t.
    conf_level : float
        Between 0 and 1.
    n : int
        Rows counted.
    terms : mapping of str to tuple of int
        Positions of each term's coefficients.
    """

    model: SurveyGlm
    index: pd.Index
    estimate: Floats
    std_error: Floats
    deviations: Floats = field(repr=False)
    df: float
    t: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    n: int
    terms: Mapping[str, tuple[int, ...]]

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients under the design, shape (k, k)."""
        return self.deviations.T @ self.deviations

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is: `odds_ratio`, `hazard_ratio`, `rate_ratio`, or nothing."""
        return RATIOS.get(self.model.chosen_link, "")

    def to_frame(self) -> pd.DataFrame:
        """Give one row per coefficient; but for a linear model, with the ratio it makes and its interval."""
        names = ("estimate", "std_error", "t", "p_value", "conf_low", "conf_high")
        columns: dict[str, object] = {"term": list(self.index)} | {name: getattr(self, name) for name in names}
        if self.ratio:
            with np.errstate(over="ignore"):
                ends = {"": self.estimate, "_low": self.conf_low, "_high": self.conf_high}
                columns |= {f"{self.ratio}{end}": np.exp(value) for end, value in ends.items()}
        return pd.DataFrame(columns)

    def contrast(self, weights: Mapping[str, float]) -> Contrast:
        """
        Estimate a weighted sum of coefficients.

        Parameters
        ----------
        weights : mapping of str to float
            Weight of each coefficient named.

        Returns
        -------
        Contrast

        Raises
        ------
        SpecError
            If a coefficient is unknown.
        """
        return Contrast.between(
            weights, self.index, self.estimate, self.covariance, self.df, conf_level=self.conf_level
        )

    def wald_test(self, term: str) -> WaldTest:
        """
        Test that all coefficients of a term are zero.

        Parameters
        ----------
        term : str
            As the formula writes it.

        Returns
        -------
        WaldTest

        Raises
        ------
        SpecError
            If the model has no such term.
        EstimateError
            If the design has too few units for the test.
        """
        if term not in self.terms:
            mend = did_you_mean(term, self.terms, f"Terms here: {', '.join(self.terms)}")
            raise SpecError.at(f"term '{term}'", "the model has no such term", mend)
        used = list(self.terms[term])
        estimate, spread = self.estimate[used], self.covariance[np.ix_(used, used)]
        if np.linalg.matrix_rank(spread, hermitian=True) < len(used):
            raise EstimateError.at(
                f"term '{term}'", "the design has too few units to test it", "Join some of its levels"
            )
        value = float(estimate @ np.linalg.solve(spread, estimate)) / len(used)
        p_value = float(special.fdtrc(len(used), self.df, value)) if self.df >= 1 else float("nan")
        return WaldTest(term=term, statistic=value, ndf=float(len(used)), ddf=self.df, p_value=p_value)

    def summary(self) -> str:
        """Say each coefficient, or the ratio it makes, in a line of English."""
        change = np.exp if self.ratio else np.asarray
        lines = zip(
            self.index, *(change(x) for x in (self.estimate, self.conf_low, self.conf_high)), self.p_value, strict=True
        )
        label = self.ratio.replace("_", " ") or "coefficient"
        return "\n".join(
            f"{name}: {label} {e:.3g} [{low:.3g}, {high:.3g}], {say_p(p)}" for name, e, low, high, p in lines
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each coefficient but the intercept as a point on its interval, the first at the top."""
        shown = [i for i, name in enumerate(self.index) if name != "Intercept"]
        height = -np.arange(len(shown), dtype=float)
        ax.hlines(height, self.conf_low[shown], self.conf_high[shown])
        ax.plot(self.estimate[shown], height, "o")
        return ax


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
    ) -> GlmResult:
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
        GlmResult
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
        names = self._variables(data)
        inside = row_mask(design, rows) & (design.weights != 0)
        inside &= data[names].notna().all(axis=1).to_numpy()
        if not inside.any():
            raise EstimateError.at(
                f"formula '{self.formula}'", "no row has all of its variables", "Leave some of them out"
            )
        complete = data[names] if inside.all() else data.loc[inside, names]
        outcome, matrix, labels, terms = self._matrices(complete.reset_index(drop=True))
        kept = np.flatnonzero(inside)
        statistic = Coefficients(
            matrix,
            outcome,
            kept,
            design.n,
            _regression.FAMILIES[self.family],
            _regression.LINKS[self.chosen_link],
        )
        self._check(statistic, design.weights, labels)
        return self._describe(statistic, design, inside, labels, terms, conf_level)

    def _variables(self, data: pd.DataFrame) -> list[str]:
        """List the columns that the formula names."""
        from formulaic import Formula
        from formulaic.errors import FormulaicError

        place = f"formula '{self.formula}'"
        try:
            named = Formula(self.formula).required_variables
        except FormulaicError as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise SpecError.at(
                place, f"cannot be read: {reason[:1].lower()}{reason[1:]}", "Write it as 'y ~ x + z'"
            ) from None
        wanted = sorted(str(name) for name in named if str(name) not in FUNCTIONS)
        columns = [str(name) for name in data.columns]
        unknown = [name for name in wanted if name not in columns]
        if unknown:
            raise SpecError(*(
                Problem(place, f"no column is called '{name}'", did_you_mean(name, columns, "Name columns of the data"))
                for name in unknown
            ))  # fmt: skip
        if not wanted:
            raise SpecError.at(place, "names no column", "Write it as 'y ~ x + z'")
        return wanted

    def _matrices(self, data: pd.DataFrame) -> tuple[Floats, Floats, pd.Index, dict[str, tuple[int, ...]]]:
        """Build outcome and covariates from complete rows, with the names of columns and the places of terms."""
        from formulaic import Formula
        from formulaic.errors import FormulaicError

        place = f"formula '{self.formula}'"
        try:
            built = Formula(self.formula).get_model_matrix(data, context=FUNCTIONS, na_action="raise")
        except (FormulaicError, ValueError, TypeError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise SpecError.at(place, f"cannot be worked out: {reason[:1].lower()}{reason[1:]}", "Correct it") from None
        if not hasattr(built, "lhs") or built.lhs.shape[1] != 1:
            mend = "Write one outcome that is a number before '~', such as I(answer == \"Yes\")"
            raise SpecError.at(place, "has no single outcome", mend)
        outcome, matrix = built.lhs.iloc[:, 0].to_numpy(float), np.asarray(built.rhs, float)
        problems = []
        if not np.isfinite(matrix).all() or not np.isfinite(outcome).all():
            problems.append(
                Problem(place, "gives infinite or missing values", "Limit rows to those where it can be had")
            )
        elif not _regression.FAMILIES[self.family].inside(outcome).all():
            found = f"{outcome.min():g} to {outcome.max():g}"
            problems.append(
                Problem(place, f"the outcome goes from {found}, expected {RANGES[self.family]}", "Recode it")
            )
        if problems:
            raise SpecError(*problems)
        slices = {str(term): tuple(range(*part.indices(matrix.shape[1]))) for term, part in _slices(built.rhs).items()}
        terms = {name: places for name, places in slices.items() if name != "1"}
        return outcome, matrix, built.rhs.columns, terms

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
        names: pd.Index,
        terms: dict[str, tuple[int, ...]],
        conf_level: float,
    ) -> GlmResult:
        estimate, found = statistic.value(design.weights), design.deviations(statistic)
        std_error = np.sqrt(np.square(found).sum(axis=0))
        df = float(design.degrees_of_freedom(counted) + 1 - len(names))
        t = np.divide(estimate, std_error, out=np.full_like(estimate, np.nan), where=std_error > 0)
        half = student_t(df, conf_level) * std_error
        return GlmResult(
            model=self,
            index=pd.Index([str(name) for name in names], name="term"),
            estimate=estimate,
            std_error=std_error,
            deviations=found,
            df=df,
            t=t,
            p_value=2 * special.stdtr(df, -np.abs(t)) if df >= 1 else np.full_like(t, np.nan),
            conf_low=estimate - half,
            conf_high=estimate + half,
            conf_level=conf_level,
            n=int(counted.sum()),
            terms=terms,
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


def _factor(values: pd.Series) -> pd.Series:
    """Make levels of numbers, in their order, named as a person would write them."""
    if values.dtype.kind not in "iuf":
        return values.astype("category")
    codes, levels = pd.factorize(values.to_numpy(float), sort=True)
    named = pd.Categorical.from_codes(codes, categories=pd.Index([format_code(float(level)) for level in levels]))
    return pd.Series(named, index=values.index)


def _slices(matrix: Any) -> Mapping[Any, slice]:
    found: Mapping[Any, slice] = matrix.model_spec.term_slices
    return found


FUNCTIONS: dict[str, Any] = {"factor": _factor, "I": lambda values: values}
"""What a formula may call beside the functions of formulaic itself."""
