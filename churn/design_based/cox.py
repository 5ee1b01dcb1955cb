"""What makes people leave sooner, under a survey design: Cox models and the log-rank test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from churn.design_based._cox import CoxScore, LogRankScore, Ties
from churn.design_based.curves import follow
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Note
from surveys.core.rounding import say_p
from surveys.design.design import Design
from surveys.estimates.domains import By
from surveys.estimates.means import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxModel:
    """
    A proportional-hazards model of leaving.

    Attributes
    ----------
    coefficients : Estimates
        Logarithms of hazard ratios, labelled by covariate, with their covariance; Student's t on the
        degrees of freedom of the design, less one for each covariate after the first.
    n, n_event : int
        Respondents followed, and those of them who left.
    ties : {'efron', 'breslow'}
        How those who leave at the same time are counted.
    notes : tuple of Note
        Caveats.
    """

    coefficients: Estimates
    n: int
    n_event: int
    ties: Ties
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per covariate.

        Returns
        -------
        DataFrame
            `covariate`, `coefficient`, `std_error`, `t`, `p_value`, `hazard_ratio`, and `conf_low`,
            `conf_high` of the hazard ratio.
        """
        found = self.coefficients
        t = found.estimate / found.std_error
        return pd.DataFrame(
            {
                "covariate": found.index,
                "coefficient": found.estimate,
                "std_error": found.std_error,
                "t": t,
                "p_value": 2 * special.stdtr(found.df, -np.abs(t)),
                "hazard_ratio": np.exp(found.estimate),
                "conf_low": np.exp(found.conf_low),
                "conf_high": np.exp(found.conf_high),
            }
        )

    def summary(self) -> str:
        """Say each hazard ratio, its interval and its test in a line of English."""
        rows = self.to_frame()
        return "\n".join(
            f"{row.covariate}: hazard ratio {row.hazard_ratio:.2f} [{row.conf_low:.2f}, {row.conf_high:.2f}], "
            f"{say_p(p)}"
            for row, p in zip(rows.itertuples(), rows["p_value"], strict=True)
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each hazard ratio as a point on its interval, on a logarithmic axis, the first at the top."""
        rows = self.to_frame()
        height = -np.arange(len(rows), dtype=float)
        ax.set_xscale("log")
        ax.hlines(height, rows["conf_low"], rows["conf_high"])
        ax.plot(rows["hazard_ratio"], height, "o")
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogRankTest:
    """
    A test that groups leave at the same rate.

    Attributes
    ----------
    levels : tuple of str
        Of the group, in order.
    score, std_error : ndarray of float, shape (n_levels - 1,)
        Weighted departures minus those expected, of each level but the first; in people.
    covariance : ndarray of float, shape (n_levels - 1, n_levels - 1)
        Of the scores, under the design.
    chi_squared : float
        Of all scores together, on `n_levels - 1` degrees of freedom.
    p_value : float
        Under the chi-squared distribution, as R's survey gives it.
    p_value_f : float
        Under the F distribution with the design's degrees of freedom, which is safer with few units.
    df : float
        Degrees of freedom of the design.
    rho : float
        Weight of early departures: 0 for the log-rank test; 1 as Peto and Peto.
    n : int
        Respondents followed.
    notes : tuple of Note
        Caveats.
    """

    levels: tuple[str, ...]
    score: Floats
    std_error: Floats
    covariance: Floats = field(repr=False)
    chi_squared: float
    p_value: float
    p_value_f: float
    df: float
    rho: float
    n: int
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give one row per level but the first: `level`, `score`, `std_error`, `z`."""
        columns = {"score": self.score, "std_error": self.std_error, "z": self.score / self.std_error}
        return pd.DataFrame({"level": self.levels[1:], **columns})

    def summary(self) -> str:
        """Say the test in a line of English."""
        k = len(self.score)
        if math.isnan(self.p_value_f):
            return f"chi-squared({k}) = {self.chi_squared:.3g}, {say_p(self.p_value)}, n = {self.n:,}"
        return f"F({k}, {self.df:.4g}) = {self.chi_squared / k:.3g}, {say_p(self.p_value_f)}, n = {self.n:,}"


def survey_cox(
    design: Design,
    duration: ArrayLike,
    event: ArrayLike,
    covariates: pd.DataFrame | Mapping[str, ArrayLike],
    *,
    rows: ArrayLike | None = None,
    ties: Ties = "efron",
    conf_level: float = 0.95,
) -> CoxModel:
    """
    Fit a proportional-hazards model of leaving to a survey sample.

    Parameters
    ----------
    design : Design
        The sample: linearised, or with replicate weights.
    duration : array_like of float, shape (n_rows,)
        Tenure at dropout or censoring; NaN for those who do not count.
    event : array_like of float or bool, shape (n_rows,)
        1 for gone, 0 for censored, NaN for those who do not count.
    covariates : DataFrame or mapping of str to array_like, shape (n_rows, k)
        Numbers as they are; text and categories as an indicator of each level but the first. Rows that
        lack one leave the model, never the design.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the model is limited to.
    ties : {'efron', 'breslow'}
        How those who leave at the same time are counted.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CoxModel

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row, or an option is unknown.
    EstimateError
        If the likelihood has no maximum, as where a covariate does not vary or separates those who
        left; or if the design has no variance.

    Notes
    -----
    The weighted partial likelihood, its score residuals turned into a covariance by the design [1]_.

    References
    ----------
    .. [1] D. A. Binder (1992), "Fitting Cox's proportional hazards models from survey data", *Biometrika*
       79, 139-147.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> age, town = rng.uniform(18, 80, 400), np.repeat(np.arange(40), 10)
    >>> left = rng.exponential(45 * np.exp(0.01 * age))
    >>> design = Design.from_frame(pd.DataFrame({"town": town}), cluster="town")
    >>> print(survey_cox(design, np.minimum(left, 90), left <= 90, {"age": age}).summary())
    age: hazard ratio 0.99 [0.98, 1.00], p = 0.002
    """
    if ties not in get_args(Ties):
        raise SpecError.at("ties", f"got '{ties}'", did_you_mean(ties, get_args(Ties), "Choose 'efron' or 'breslow'"))
    table = design_matrix(design, covariates)
    values = table.to_numpy(float)
    known = np.isfinite(values).all(axis=1)
    end = np.where(known, np.asarray(duration, float), np.nan)
    followed, _, notes = follow(design, end, event, None, rows, ("0", "1"))
    gone = followed.kind == 1
    score = CoxScore(followed.position, gone, values[followed.row], followed.row, design.n, ties)
    if not gone.any() or score.fit(design.weights) is None:
        raise EstimateError.at(
            "covariates",
            "the likelihood has no maximum",
            "Leave out covariates that do not vary, repeat others, or separate those who left from the rest",
        )
    counted = np.zeros(design.n, bool)
    counted[followed.row] = True
    freedom = design.degrees_of_freedom(counted) - values.shape[1] + 1
    return CoxModel(
        coefficients=_estimates(design, score, pd.Index(table.columns, name="covariate"), freedom, conf_level),
        n=len(followed.row),
        n_event=int(gone.sum()),
        ties=ties,
        notes=notes,
    )


def survey_logrank(
    design: Design,
    duration: ArrayLike,
    event: ArrayLike,
    by: By,
    *,
    rho: float = 0.0,
    rows: ArrayLike | None = None,
) -> LogRankTest:
    r"""
    Test whether groups of a population leave at the same rate.

    Parameters
    ----------
    design, duration, event, rows
        As for `survey_cox`.
    by : array_like, shape (n_rows,), or several columns of them
        Levels of the group.
    rho : float
        Power of the pooled share retained by which departures count: 0 for the log-rank test.

    Returns
    -------
    LogRankTest

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row.
    EstimateError
        If fewer than two levels are followed, nobody has left, or the design has no variance.

    Notes
    -----
    The weighted score of a Cox model of the groups at no effect, in which each departure counts
    :math:`\hat S(t_j-)^\rho`, with its variance under the design [1]_: `svylogrank` of R's survey.

    References
    ----------
    .. [1] K. A. Rader (2014), *Methods for analyzing survival and binary data in complex surveys*,
       dissertation, Harvard University.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2, 1, 1]}), weight="w")
    >>> print(survey_logrank(design, [3, 5, 8, 9, 20, 30, 6, 7], [1, 1, 1, 0, 1, 0, 1, 1], list("FFFFMMMM")).summary())
    F(1, 7) = 0.656, p = 0.445, n = 8
    """
    followed, levels, notes = follow(design, duration, event, by, rows, ("0", "1"))
    if len(levels) < 2:
        raise EstimateError.at("by", f"has {len(levels)} level, expected two or more", "Name a group that varies")
    if not (followed.kind == 1).any():
        raise EstimateError.at("event", "nobody has left", "Follow people for longer")
    statistic = LogRankScore(followed, rho)
    score, found = statistic.value(design.weights), design.deviations(statistic)
    covariance = found.T @ found
    counted = np.zeros(design.n, bool)
    counted[followed.row] = True
    k, df = len(score), float(design.degrees_of_freedom(counted))
    chi_squared = float(score @ np.linalg.pinv(covariance, hermitian=True) @ score)
    return LogRankTest(
        levels=levels,
        score=score,
        std_error=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        chi_squared=chi_squared,
        p_value=float(special.chdtrc(k, chi_squared)),
        p_value_f=float(special.fdtrc(k, df, chi_squared / k)) if df >= 1 else float("nan"),
        df=df,
        rho=rho,
        n=len(followed.row),
        notes=notes,
    )


def design_matrix(design: Design, covariates: pd.DataFrame | Mapping[str, ArrayLike]) -> pd.DataFrame:
    """
    Give covariates as columns of numbers, NaN where there is none.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1]}), weight="w")
    >>> design_matrix(design, {"age": [20, 30, 40], "town": ["Lyon", "Nice", None]})
        age  townNice
    0  20.0       0.0
    1  30.0       1.0
    2  40.0       NaN
    """
    table = (
        covariates
        if isinstance(covariates, pd.DataFrame)
        else pd.DataFrame(
            {
                name: pd.Series(column) if isinstance(column, pd.Categorical) else np.asarray(column)
                for name, column in covariates.items()
            }
        )
    )
    if len(table) != design.n or table.shape[1] == 0:
        what = f"got {table.shape[1]} columns of {len(table)} rows for a sample of {design.n}"
        raise SpecError.at("covariates", what, "Give at least one, with one value for each row of the sample")
    columns: dict[str, Floats] = {}
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            columns[str(name)] = column.to_numpy(float)
            continue
        grouped = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
        codes = grouped.cat.codes.to_numpy()
        for i, level in list(enumerate(grouped.cat.categories))[1:]:
            columns[f"{name}{level}"] = np.where(codes < 0, np.nan, codes == i)
    return pd.DataFrame(columns)


def _estimates(design: Design, score: CoxScore, index: pd.Index, freedom: int, conf_level: float) -> Estimates:
    estimate, found = score.value(design.weights), design.deviations(score)
    std_error = np.sqrt(np.square(found).sum(axis=0))
    half = student_t(freedom, conf_level) * std_error
    return Estimates(
        index=index,
        estimate=estimate,
        std_error=std_error,
        deviations=found,
        df=np.full(len(index), float(freedom)),
        n=np.full(len(index), len(score.row)),
        conf_low=estimate - half,
        conf_high=estimate + half,
        conf_level=conf_level,
        method=("Student's t",) * len(index),
        unit="logarithm of a hazard ratio",
        degrees_of_freedom=freedom,
    )
