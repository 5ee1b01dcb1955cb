"""Do groups of accounts leave at the same rate? Log-rank tests from counts: overall, for a trend, and for all pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from churn.survival._logrank import Departures, Score, chi_squared, departures_by_stratum, score
from churn.survival.grouping import GroupedAccounts, group_accounts
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.comparisons.pairs import adjust_probabilities
from surveys.core.arguments import check_choice
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, Problem, SpecError
from surveys.core.results import Note
from surveys.core.rounding import say_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Adjustment = Literal["holm", "fdr", "bonferroni", "none"]
ONE_LEVEL = Note("fewer than two levels can be compared")
NEVER_TOGETHER = Note("no departure that counts found two groups at risk")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogRankComparison:
    r"""
    Departures of each group of accounts, beside those expected if all groups left at one rate.

    Attributes
    ----------
    levels : tuple of str
        Of the group, in order.
    n : ndarray of int, shape (k,)
        Accounts of each level.
    observed, expected : ndarray of float, shape (k,)
        Departures, each with the weight of its time.
    covariance : ndarray of float, shape (k, k)
        Of `observed` minus `expected`; hypergeometric, added up over times and strata.
    chi_squared : float
        Of all differences together.
    df : int
        Degrees of freedom: groups that were ever compared, less one.
    p_value : float
        Under the chi-squared distribution.
    by_stratum : DataFrame
        `stratum`, `level`, `n`, `observed`, `expected`; one stratum, "", where there are none.
    by : str
        Attribute that makes the groups.
    strata : tuple of str
        Attributes within whose levels groups are compared.
    rho, gamma : float
        Weight of the time, :math:`S^\rho(1-S)^\gamma`: 0 and 0 for the log-rank test.
    notes : tuple of Note
        Caveats.
    """

    levels: tuple[str, ...]
    n: Ints
    observed: Floats
    expected: Floats
    covariance: Floats = field(repr=False)
    chi_squared: float
    df: int
    p_value: float
    by_stratum: pd.DataFrame = field(repr=False)
    by: str
    strata: tuple[str, ...] = ()
    rho: float = 0.0
    gamma: float = 0.0
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the test."""
        weights = "" if self.rho == self.gamma == 0 else f", Fleming-Harrington weights ({self.rho:g}, {self.gamma:g})"
        strata = f", stratified by {', '.join(self.strata)}" if self.strata else ""
        return f"log-rank{weights}{strata}"

    def trend(self, scores: Mapping[str, float] | Sequence[float] | None = None) -> TrendTest:
        """
        Test whether the rate of leaving rises or falls along the groups.

        Parameters
        ----------
        scores : mapping of level to float, or sequence of float, optional
            Where each group stands; 1, 2, ... in the order of `levels` without it.

        Returns
        -------
        TrendTest

        Raises
        ------
        SpecError
            If there is not one score for each level, or all are the same.
        EstimateError
            If groups of different scores were never at risk together.

        Notes
        -----
        The differences weighted by the scores, over the standard error that the covariance gives [1]_.

        References
        ----------
        .. [1] R. E. Tarone (1975), "Tests for trend in life table analysis", *Biometrika* 62, 679-682.

        Examples
        --------
        >>> group = pd.DataFrame({"age": ["18-24", "25-34", "35+"] * 4})
        >>> tenures = Tenures(duration=range(1, 13), event=[1, 1, 0] * 4, attributes=group)
        >>> print(logrank(tenures, by="age").trend().summary())
        z = -2.26, p = 0.024: lower rates at higher scores
        """
        given = _scores(self.levels, scores)
        centered = given - given.mean()
        difference = float(centered @ (self.observed - self.expected))
        variance = float(centered @ self.covariance @ centered)
        if not variance > 0:
            raise EstimateError.because(
                "trend", Note("groups of different scores were never at risk together"), "Choose others"
            )
        z = difference / np.sqrt(variance)
        return TrendTest(
            scores=dict(zip(self.levels, given.tolist(), strict=True)),
            z=float(z),
            chi_squared=float(z**2),
            p_value=float(2 * special.ndtr(-abs(z))),
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per level: `level`, `n`, `observed`, `expected`, and `ratio`, the one over the other."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.observed / self.expected
        columns = {"n": self.n, "observed": self.observed, "expected": self.expected, "ratio": ratio}
        return pd.DataFrame({"level": self.levels, **columns})

    def summary(self) -> str:
        """Say the test in one line of English."""
        return f"chi-squared({self.df}) = {self.chi_squared:.3g}, {say_p(self.p_value)}, n = {int(self.n.sum()):,}"

    def plot(self, ax: Axes) -> Axes:
        """Draw each group's departures over those expected as a point, the first at the top; 1 is the common rate."""
        ratio = self.to_frame()["ratio"].to_numpy()
        ax.axvline(1.0, linewidth=0.8, color="0.6")
        ax.plot(ratio, -np.arange(len(ratio), dtype=float), "o")
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrendTest:
    """
    A test that the rate of leaving does not rise or fall along ordered groups of accounts.

    Attributes
    ----------
    scores : dict of str to float
        Where each group stands.
    z : float
        Above 0 where groups with higher scores leave sooner.
    chi_squared : float
        Its square, on one degree of freedom.
    p_value : float
        Two-sided, under the normal distribution.
    notes : tuple of Note
        Caveats.
    """

    scores: dict[str, float]
    z: float
    chi_squared: float
    p_value: float
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give the test as one row: `z`, `chi_squared`, `p_value`."""
        return pd.DataFrame([{name: getattr(self, name) for name in ("z", "chi_squared", "p_value")}])

    def summary(self) -> str:
        """Say the test in one line of English."""
        way = "higher" if self.z > 0 else "lower"
        return f"z = {self.z:.2f}, {say_p(self.p_value)}: {way} rates at higher scores"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairwiseLogRank:
    """
    A log-rank test of each pair of groups of accounts.

    Attributes
    ----------
    first, second : tuple of str, length n_pairs
        Levels that are compared.
    chi_squared : ndarray of float, shape (n_pairs,)
        On one degree of freedom; NaN where the two were never at risk together.
    p_value, p_adjusted : ndarray of float, shape (n_pairs,)
        Of each test alone, and with regard to their number.
    adjustment : {'holm', 'fdr', 'bonferroni', 'none'}
        How probabilities allow for the number of pairs.
    by : str
        Attribute that makes the groups.
    notes : tuple of Note
        Caveats.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    chi_squared: Floats
    p_value: Floats
    p_adjusted: Floats
    adjustment: Adjustment
    by: str
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give one row per pair: `first`, `second`, `chi_squared`, `p_value`, `p_adjusted`."""
        names = ("first", "second", "chi_squared", "p_value", "p_adjusted")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say each test in a line of English."""
        rows = zip(self.first, self.second, self.chi_squared, self.p_adjusted, strict=True)
        return "\n".join(
            f"{a}, {b}: " + ("never at risk together" if np.isnan(x) else f"chi-squared(1) = {x:.3g}, {say_p(p)}")
            for a, b, x, p in rows
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each adjusted probability as a point on a logarithmic axis, the first pair at the top."""
        ax.set_xscale("log")
        ax.plot(self.p_adjusted, -np.arange(len(self.first), dtype=float), "o")
        return ax


def logrank(
    tenures: Tenures | TenureCounts, *, by: str, strata: str | Sequence[str] = (), rho: float = 0.0, gamma: float = 0.0
) -> LogRankComparison:
    r"""
    Test whether groups of accounts leave at the same rate.

    For respondents of a survey, whose weights and design count, see `survey_logrank`.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str
        Attribute, or column of the strata, whose levels are the groups.
    strata : str or sequence of str
        Attributes within whose levels groups are compared.
    rho, gamma : float
        Weight of a time, :math:`\hat S(t-)^\rho\{1-\hat S(t-)\}^\gamma`, 0 or more: 0 and 0 for the log-rank test, 1
        and 0 for that of Peto and Peto, which stresses early departures; 0 and 1 stresses late ones.

    Returns
    -------
    LogRankComparison
        Accounts without a group or a stratum are left out, and the notes count them.

    Raises
    ------
    SpecError
        If an attribute is not there, or an exponent is negative.
    EstimateError
        If no departure of a weight above 0 found two groups at risk.

    Notes
    -----
    At each time of a departure, those of a group are compared with its share of the accounts at risk, times
    all departures; at risk are those with entry < time <= duration. The curve :math:`\hat S` is that of all
    groups of the stratum [1]_. With a generalized inverse of the covariance, no group needs to be left out.

    References
    ----------
    .. [1] D. P. Harrington and T. R. Fleming (1982), "A class of rank test procedures for censored survival
       data", *Biometrika* 69, 553-566; `survdiff` of R's survival.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 5})
    >>> tenures = Tenures(duration=range(1, 11), event=[1, 0] * 5, attributes=group)
    >>> print(logrank(tenures, by="age").summary())
    chi-squared(1) = 5, p = 0.025, n = 10
    """
    layers = (strata,) if isinstance(strata, str) else tuple(strata)
    accounts, departures = _departures(tenures, by, layers, rho, gamma, "logrank")
    scores = [score(part, rho, gamma) for part in departures]
    whole = Score(*(np.sum([part[i] for part in scores], axis=0) for i in range(3)))
    statistic, rank = chi_squared(whole.observed - whole.expected, whole.covariance)
    if not rank:
        raise EstimateError.because(f"logrank, by '{by}'", NEVER_TOGETHER, "Choose larger groups")
    return LogRankComparison(
        levels=accounts.levels[by],
        n=np.bincount(accounts.columns[by], accounts.n).astype(np.int64),
        observed=whole.observed,
        expected=whole.expected,
        covariance=whole.covariance,
        chi_squared=statistic,
        df=rank,
        p_value=float(special.chdtrc(rank, statistic)),
        by_stratum=_by_stratum(accounts, by, layers, scores),
        by=by,
        strata=layers,
        rho=float(rho),
        gamma=float(gamma),
        notes=accounts.notes,
    )


def pairwise_logrank(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    adjustment: Adjustment = "holm",
    strata: str | Sequence[str] = (),
    rho: float = 0.0,
    gamma: float = 0.0,
) -> PairwiseLogRank:
    """
    Test each pair of groups of accounts, with regard to the number of pairs.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str
        Attribute, or column of the strata, whose levels are the groups.
    adjustment : {'holm', 'fdr', 'bonferroni', 'none'}
        Holm's method and Bonferroni's keep the chance of any false difference at the level; "fdr", by
        Benjamini and Hochberg, the expected share of false ones among those found.
    strata, rho, gamma
        As for `logrank`; the curve that weighs times is that of the pair.

    Returns
    -------
    PairwiseLogRank

    Raises
    ------
    SpecError
        As `logrank`, and where the adjustment is not one of those above.
    EstimateError
        If there are fewer than two groups.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24", "25-34", "35+"] * 4})
    >>> tenures = Tenures(duration=range(1, 13), event=[1, 1, 0] * 4, attributes=group)
    >>> print(pairwise_logrank(tenures, by="age").summary())
    18-24, 25-34: chi-squared(1) = 0.411, p = 0.521
    18-24, 35+: chi-squared(1) = 4, p = 0.137
    25-34, 35+: chi-squared(1) = 4, p = 0.137
    """
    check_choice("adjustment", adjustment, get_args(Adjustment))
    layers = (strata,) if isinstance(strata, str) else tuple(strata)
    accounts, departures = _departures(tenures, by, layers, rho, gamma, "pairwise_logrank")
    pairs = list(combinations(range(len(accounts.levels[by])), 2))
    found = np.array([_test_pair(departures, np.array(pair), rho, gamma) for pair in pairs])
    p_value = np.asarray(special.chdtrc(1, found))
    return PairwiseLogRank(
        first=tuple(accounts.levels[by][a] for a, _ in pairs),
        second=tuple(accounts.levels[by][b] for _, b in pairs),
        chi_squared=found,
        p_value=p_value,
        p_adjusted=_adjusted(p_value, adjustment),
        adjustment=adjustment,
        by=by,
        notes=accounts.notes,
    )


def _departures(
    tenures: Tenures | TenureCounts, by: str, strata: tuple[str, ...], rho: float, gamma: float, place: str
) -> tuple[GroupedAccounts, list[Departures]]:
    negative = [
        Problem(name, f"got {value:g}, expected 0 or more", "Choose another weight")
        for name, value in (("rho", rho), ("gamma", gamma))
        if not value >= 0
    ]
    if negative:
        raise SpecError(*negative)
    accounts = group_accounts(tenures, [by, *strata], place=f"{place}, by")
    k = len(accounts.levels[by])
    if k < 2:
        error = EstimateError.at(
            f"{place}, by '{by}'", f"has {k} level, expected two or more", "Choose another attribute"
        )
        error.reason = ONE_LEVEL
        raise error
    parts = departures_by_stratum(
        accounts.duration,
        accounts.event,
        accounts.entry,
        accounts.n,
        accounts.columns[by],
        _stratum(accounts, strata),
        k,
    )
    return accounts, list(parts)


def _stratum(accounts: GroupedAccounts, strata: tuple[str, ...]) -> Ints:
    code = np.zeros(len(accounts.n), np.int64)
    for name in strata:
        code = code * len(accounts.levels[name]) + accounts.columns[name]
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def _by_stratum(accounts: GroupedAccounts, by: str, strata: tuple[str, ...], scores: Sequence[Score]) -> pd.DataFrame:
    stratum, k = _stratum(accounts, strata), len(accounts.levels[by])
    first = np.unique(stratum, return_index=True)[1]
    names = [" × ".join(accounts.levels[name][accounts.columns[name][i]] for name in strata) for i in first]
    n = np.bincount(stratum * k + accounts.columns[by], accounts.n, len(scores) * k).astype(np.int64)
    return pd.DataFrame(
        {
            "stratum": np.repeat(names, k),
            "level": np.tile(accounts.levels[by], len(scores)),
            "n": n,
            "observed": np.concatenate([part.observed for part in scores]),
            "expected": np.concatenate([part.expected for part in scores]),
        }
    )


def _test_pair(departures: Sequence[Departures], pair: Ints, rho: float, gamma: float) -> float:
    scores = [score(part.of(pair), rho, gamma) for part in departures]
    difference = np.sum([part.observed - part.expected for part in scores], axis=0)
    statistic, rank = chi_squared(difference, np.sum([part.covariance for part in scores], axis=0))
    return statistic if rank else float("nan")


def _adjusted(p_value: Floats, adjustment: Adjustment) -> Floats:
    if adjustment == "bonferroni":
        return np.asarray(np.minimum(p_value * np.isfinite(p_value).sum(), 1.0))
    return adjust_probabilities(p_value, adjustment)


def _scores(levels: tuple[str, ...], scores: Mapping[str, float] | Sequence[float] | None) -> Floats:
    if scores is None:
        return np.arange(1.0, len(levels) + 1)
    named = set(scores) if isinstance(scores, Mapping) else None
    if named is not None and named != set(levels):
        what = f"got scores of {', '.join(sorted(map(str, named)))}, expected those of {', '.join(levels)}"
        raise SpecError.at("trend", what, "Give one for each level")
    given: Floats = np.array(
        [scores[level] for level in levels] if isinstance(scores, Mapping) else list(scores), float
    )
    if given.shape != (len(levels),) or not np.isfinite(given).all():
        raise SpecError.at("trend", f"got {len(given)} scores for {len(levels)} levels", "Give one number for each")
    if np.ptp(given) == 0:
        raise SpecError.at("trend", "all scores are the same", "Give different scores")
    return given
