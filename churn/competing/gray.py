"""Gray's test of equal cumulative incidence between groups, by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from churn.competing._incidence import gone_by_cause, gray_score
from churn.competing.incidence import CAUSE, causes_apart
from churn.survival.grouping import GroupedAccounts
from churn.survival.tallies import Timeline
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arrays import Amounts, Floats, Ints
from surveys.core.errors import EstimateError
from surveys.core.results import Note
from surveys.core.rounding import say_p

Table = tuple[Ints, Amounts]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrayTest:
    """
    A test, for each cause, that groups have the same share gone at every tenure.

    Attributes
    ----------
    causes : tuple of str
        Causes of which an account left.
    levels : tuple of str
        Groups, in order.
    chi_squared, p_value : ndarray of float, shape (n_causes,)
        Of each cause, on `df` degrees of freedom; NaN where the covariance is singular.
    df : int
        Levels less one.
    n_event : ndarray of int, shape (n_causes, n_levels)
        Accounts gone.
    score : ndarray of float, shape (n_causes, n_levels)
        Weighted sum of accounts gone minus those expected if groups were alike.
    covariance : ndarray of float, shape (n_causes, n_levels, n_levels)
        Of the scores.
    rho : float
        Power of one minus the pooled share gone, by which accounts gone count.
    by : str
        Attribute that makes the groups.
    strata : tuple of str
        Attributes within whose levels groups are compared.
    n : int
        Accounts compared.
    notes : tuple of Note
        Caveats.
    """

    causes: tuple[str, ...]
    levels: tuple[str, ...]
    chi_squared: Floats
    p_value: Floats
    df: int
    n_event: Ints
    score: Floats
    covariance: Floats = field(repr=False)
    rho: float
    by: str
    strata: tuple[str, ...] = ()
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the test."""
        power = "" if self.rho == 0 else f", rho = {self.rho:g}"
        return f"Gray's test{power}" + (f", stratified by {', '.join(self.strata)}" if self.strata else "")

    def to_frame(self) -> pd.DataFrame:
        """Give one row per cause: `cause`, `chi_squared`, `df`, `p_value`."""
        columns = {"chi_squared": self.chi_squared, "df": self.df, "p_value": self.p_value}
        return pd.DataFrame({"cause": list(self.causes), **columns})

    def summary(self) -> str:
        """Say the test of each cause in a line of English."""
        return "\n".join(
            f"{row.cause}: chi-squared({row.df}) = {row.chi_squared:.3g}, {say_p(float(p))}, n = {self.n:,}"
            for row, p in zip(self.to_frame().itertuples(), self.p_value, strict=True)
        )


def gray_test(
    tenures: Tenures | TenureCounts, *, by: str, rho: float = 0.0, strata: str | Sequence[str] = ()
) -> GrayTest:
    r"""
    Test for each cause whether groups have the same share gone at every tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts, with causes told apart; the result is the same.
    by : str
        Attribute, or column of the strata, whose levels are compared.
    rho : float
        Power of one minus the pooled share gone of the cause, by which accounts gone count: 0 counts all
        alike, 1 gives weight to early dropout.
    strata : str or sequence of str
        Attributes within whose levels groups are compared.

    Returns
    -------
    GrayTest

    Raises
    ------
    SpecError
        If an attribute is not there, or causes are not told apart.
    EstimateError
        If fewer than two levels have accounts, or no account left.

    Notes
    -----
    Gray's test of equal subdistribution hazards [1]_ with the variance of his R package cmprsk, including
    its correction for ties. Unlike a log-rank test of cause-specific hazards it compares the shares that
    do leave for a cause.

    References
    ----------
    .. [1] Gray (1988), A class of K-sample tests for comparing the cumulative incidence of a competing risk,
       *Annals of Statistics* 16, 1141-1154.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24"] * 4 + ["25-34"] * 4})
    >>> tenures = Tenures(
    ...     duration=[3, 5, 8, 9, 2, 4, 6, 7],
    ...     event=[1, 1, 1, 0, 1, 1, 1, 1],
    ...     cause=[1, 2, 1, 0, 1, 1, 1, 2],
    ...     causes=("closed", "banned"),
    ...     attributes=group,
    ... )
    >>> print(gray_test(tenures, by="age").summary())
    closed: chi-squared(1) = 1.36, p = 0.243, n = 8
    banned: chi-squared(1) = 0.00788, p = 0.929, n = 8
    """
    within = (strata,) if isinstance(strata, str) else tuple(strata)
    cells = causes_apart("gray_test, by", tenures, [by, *within])
    cause, levels = cells.columns[CAUSE], cells.levels[by]
    if len(levels) < 2:
        raise EstimateError.at(f"gray_test, by '{by}'", "has one level, expected two or more", "Name another attribute")
    if not cells.event.any():
        raise EstimateError.at("gray_test", "no account left", "Follow accounts for longer")
    tables = _tables(cells, by, within, len(tenures.causes))
    left = np.unique(cause[cause > 0])
    parts = [_gray(tables, int(k) - 1, rho) for k in left]
    chi_squared = np.array([_quadratic(score, covariance) for score, covariance in parts])
    names = tuple(tenures.causes[k - 1] for k in left)
    return GrayTest(
        causes=names,
        levels=levels,
        chi_squared=chi_squared,
        p_value=chdtrc(len(levels) - 1, chi_squared),
        df=len(levels) - 1,
        n_event=np.sum([gone.sum(axis=0) for _, gone in tables], axis=0).T[left - 1],
        score=np.array([score for score, _ in parts]),
        covariance=np.array([covariance for _, covariance in parts]),
        rho=rho,
        by=by,
        strata=within,
        n=cells.n_accounts,
        notes=cells.notes + _untested(names, chi_squared),
    )


def _tables(cells: GroupedAccounts, by: str, within: tuple[str, ...], n_causes: int) -> list[Table]:
    """Give for each stratum the accounts at risk, (n_times, n_levels), and gone, (n_times, n_levels, n_causes)."""
    line = Timeline.of(cells.duration, cells.event, cells.entry)
    group, n_levels = cells.columns[by], len(cells.levels[by])
    codes = pd.DataFrame({name: cells.columns[name] for name in within})
    stratum = codes.groupby(list(within)).ngroup().to_numpy() if within else np.zeros(len(group), np.int64)
    tables = []
    for s in np.unique(stratum):
        n = np.where(stratum == s, cells.n, 0)
        at_risk = np.asarray(line.tally(n, group, n_levels).n_at_risk, np.int64).T
        gone = [
            gone_by_cause(line, cells.columns[CAUSE], np.where(group == g, n, 0), n_causes) for g in range(n_levels)
        ]
        tables.append((at_risk, np.stack(gone, axis=1)))
    return tables


def _gray(tables: list[Table], k: int, rho: float) -> tuple[Floats, Floats]:
    parts = [gray_score(n, gone[..., k], gone.sum(axis=2) - gone[..., k], rho) for n, gone in tables]
    return np.sum([score for score, _ in parts], axis=0), np.sum([spread for _, spread in parts], axis=0)


def _quadratic(score: Floats, covariance: Floats) -> float:
    some = covariance[:-1, :-1]
    if np.linalg.matrix_rank(some, hermitian=True) < len(some):
        return np.nan
    return float(score[:-1] @ np.linalg.solve(some, score[:-1]))


def _untested(causes: tuple[str, ...], chi_squared: Floats) -> tuple[Note, ...]:
    message = "groups cannot be compared on {cause}: its scores have no spread"
    absent = np.isnan(chi_squared)
    return tuple(Note(message, {"cause": cause}) for cause, none in zip(causes, absent, strict=True) if none)
