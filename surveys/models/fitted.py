"""Fitted regression models: coefficients, intervals, tests, tables and displays, as every model gives them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from scipy import special

from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Note
from surveys.core.rounding import say_p
from surveys.estimates.contrasts import Contrast
from surveys.models.significance import ChiSquaredTest, WaldTest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 30
"""Coefficients that a notebook shows; `to_frame` has them all."""
NO_COVARIATES = ("Intercept", "log(scale)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FittedModel(ABC):
    """
    A regression model, fitted: what all of them share.

    Attributes
    ----------
    index : Index, shape (k,)
        Names of the coefficients; `sex[T.M]` is level M of sex against its first level.
    estimate, std_error : ndarray of float, shape (k,)
        On the scale of the linear predictor.
    covariance : ndarray of float, shape (k, k)
        Of the estimates.
    statistic, p_value : ndarray of float, shape (k,)
        Of each estimate against zero, two-sided: Student's t on `df` degrees of freedom, z where `df` is infinite;
        the p-value is NaN where `df` is below 1.
    df : float
        Degrees of freedom.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the intervals of the estimates.
    conf_level : float
        Between 0 and 1.
    n : int
        What was counted: accounts, respondents, or periods of accounts.
    terms : mapping of str to tuple of int
        Positions of each term's coefficients.
    notes : tuple of Note
        Caveats.
    """

    index: pd.Index
    estimate: Floats
    std_error: Floats
    covariance: Floats = field(repr=False)
    statistic: Floats
    p_value: Floats
    df: float = np.inf
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    n: int
    terms: Mapping[str, tuple[int, ...]]
    notes: tuple[Note, ...] = ()

    not_ratios: ClassVar[tuple[str, ...]] = ()
    """Coefficients of which the exponential is no ratio."""

    @property
    @abstractmethod
    def method(self) -> str:
        """Name of the model and of its errors."""

    @property
    @abstractmethod
    def ratio(self) -> str:
        """What an exponentiated coefficient is, such as `hazard_ratio`; nothing for a linear model."""

    @property
    def ratio_label(self) -> str:
        """What an exponentiated coefficient is, in words."""
        return self.ratio.replace("_", " ") or "coefficient"

    @property
    def nuisance(self) -> tuple[int, ...]:
        """Positions of coefficients that sentences leave out, such as those of the baseline."""
        return ()

    @abstractmethod
    def predict(self, profiles: pd.DataFrame | None = None) -> pd.DataFrame:
        """Predict for rows of covariates, with an interval where there is one: one row per profile."""

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per coefficient.

        Returns
        -------
        DataFrame
            `term`, `estimate`, `std_error`, `t` (or `z`, where degrees of freedom are infinite), `p_value`,
            `conf_low`, `conf_high`; but for a linear model also the ratio, such as `hazard_ratio`, with its
            `_low` and `_high`.
        """
        columns: dict[str, object] = {
            "term": list(self.index),
            "estimate": self.estimate,
            "std_error": self.std_error,
            "z" if np.isposinf(self.df) else "t": self.statistic,
            "p_value": self.p_value,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
        }
        if self.ratio:
            ends = {"": self.estimate, "_low": self.conf_low, "_high": self.conf_high}
            columns |= {f"{self.ratio}{end}": self._exponential(value) for end, value in ends.items()}
        return pd.DataFrame(columns)

    def _exponential(self, value: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return np.asarray(np.where(self.index.isin(self.not_ratios), np.nan, np.exp(value)))

    def summary(self) -> str:
        """Say each coefficient or the ratio it makes, its interval and its test, in a line of English."""
        return "\n".join(self._line(i) for i in range(len(self.index)) if i not in self.nuisance)

    def _line(self, i: int) -> str:
        ends = [float(x[i]) for x in (self.estimate, self.conf_low, self.conf_high)]
        label = "coefficient"
        if self.ratio and self.index[i] not in self.not_ratios:
            with np.errstate(over="ignore"):
                ends, label = [float(np.exp(x)) for x in ends], self.ratio_label
        return "{}: {} {:.3g} [{:.3g}, {:.3g}], ".format(self.index[i], label, *ends) + say_p(float(self.p_value[i]))

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the ratio of each covariate, or its coefficient, on its interval, the first at the top.

        Parameters
        ----------
        ax : Axes
            Where to draw; its axis becomes logarithmic for ratios.

        Returns
        -------
        Axes
            The same.
        """
        shown = [i for i, name in enumerate(self.index) if name not in NO_COVARIATES and i not in self.nuisance]
        height = -np.arange(len(shown), dtype=float)
        ends = [x[shown] for x in (self.conf_low, self.conf_high, self.estimate)]
        if self.ratio:
            ax.set_xscale("log")
            ends = [np.exp(x) for x in ends]
        low, high, middle = ends
        ax.hlines(height, low, high)
        ax.plot(middle, height, "o")
        return ax

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
            With an interval on the degrees of freedom of the model.

        Raises
        ------
        SpecError
            If a coefficient is unknown.
        """
        return Contrast.between(
            weights, self.index, self.estimate, self.covariance, self.df, conf_level=self.conf_level
        )

    def wald_test(self, term: str | None = None) -> ChiSquaredTest | WaldTest:
        """
        Test that the coefficients of a term, or all of them, are zero.

        Parameters
        ----------
        term : str, optional
            As the formula writes it.

        Returns
        -------
        ChiSquaredTest or WaldTest
            An F test where degrees of freedom are finite.

        Raises
        ------
        SpecError
            If the model has no such term.
        EstimateError
            If a design has too few units for the test.
        """
        if term is not None and term not in self.terms:
            mend = did_you_mean(term, self.terms, f"Terms here: {', '.join(self.terms)}")
            raise SpecError.at(f"term '{term}'", "the model has no such term", mend)
        used = list(range(len(self.index)) if term is None else self.terms[term])
        estimate, spread = self.estimate[used], self.covariance[np.ix_(used, used)]
        if np.isposinf(self.df):
            return ChiSquaredTest.of(float(estimate @ np.linalg.solve(spread, estimate)), len(used), "Wald test")
        name = "all" if term is None else term
        if np.linalg.matrix_rank(spread, hermitian=True) < len(used):
            what = "the design has too few units to test it"
            raise EstimateError.at(f"term '{name}'", what, "Join some of its levels")
        value = float(estimate @ np.linalg.solve(spread, estimate)) / len(used)
        return WaldTest.of(name, value, len(used), self.df)

    def __repr__(self) -> str:
        """Say model, size and coefficients in one short line."""
        named = ", ".join(str(name) for name in self.index[:5])
        more = f" and {len(self.index) - 5} more" if len(self.index) > 5 else ""
        return f"<{type(self).__name__}: {self.method}, n = {self.n:,}; {named}{more}>"[:500]

    def _repr_html_(self) -> str:
        """Show a small table of the coefficients, the model above it and its caveats below."""
        from html import escape

        rows = self.to_frame().set_index("term").head(MOST_ROWS).rename_axis(None)
        table = rows.to_html(float_format=lambda x: f"{x:.3g}", na_rep="", border=0)
        lines = [str(note) for note in self.notes]
        if len(self.index) > MOST_ROWS:
            lines.insert(0, f"{len(self.index) - MOST_ROWS} more coefficients: see to_frame()")
        told = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f"<p>{escape(self.method)}, n = {self.n:,}</p>{table}{told}"


def inference(
    estimate: Floats, covariance: Floats, *, conf_level: float, df: float = np.inf, std_error: Floats | None = None
) -> dict[str, Any]:
    """
    Give errors, tests against zero and intervals of coefficients.

    Parameters
    ----------
    estimate : ndarray of float, shape (k,)
    covariance : ndarray of float, shape (k, k)
    conf_level : float
        Between 0 and 1.
    df : float
        Degrees of freedom of Student's t; infinite for normal intervals.
    std_error : ndarray of float, shape (k,), optional
        Where it was found otherwise than from the covariance.

    Returns
    -------
    dict
        Attributes of a `FittedModel`.

    Examples
    --------
    >>> found = inference(np.array([1.0]), np.array([[0.25]]), conf_level=0.95)
    >>> found["statistic"].tolist(), found["conf_low"].round(3).tolist()
    ([2.0], [0.02])
    """
    error = np.sqrt(np.diag(covariance)) if std_error is None else std_error
    statistic = np.divide(estimate, error, out=np.full_like(estimate, np.nan), where=error > 0)
    half = student_t(df, conf_level) * error
    return {
        "estimate": estimate,
        "covariance": covariance,
        "std_error": error,
        "statistic": statistic,
        "p_value": _two_sided(statistic, df),
        "df": df,
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "conf_level": conf_level,
    }


def _two_sided(statistic: Floats, df: float) -> Floats:
    if math.isinf(df):
        return np.asarray(2 * special.ndtr(-np.abs(statistic)))
    return np.asarray(2 * special.stdtr(df, -np.abs(statistic)) if df >= 1 else np.full_like(statistic, np.nan))
