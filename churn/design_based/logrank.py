"""The log-rank test under a survey design: whether groups of a population leave at the same rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from churn.design_based._cox import LogRankScore
from churn.design_based.curves import follow
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError
from surveys.core.results import Note
from surveys.core.rounding import say_p
from surveys.design.design import Design
from surveys.estimates.domains import By


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
