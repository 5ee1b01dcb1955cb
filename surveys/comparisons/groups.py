"""Comparing groups under a survey design: the t-test, rank tests, and all pairs of estimates at once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from surveys.comparisons.pairs import (
    ADJUSTMENTS,
    SCORES,
    Adjustment,
    RankScore,
    adjust_probabilities,
    compare_pairs,
    population_ranks,
)
from surveys.core.arrays import Bools, Codes, Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.rounding import say_p
from surveys.design.design import Design
from surveys.estimates.contrasts import Contrast
from surveys.estimates.domains import level_codes, row_mask
from surveys.estimates.influence import Total
from surveys.estimates.means import Estimates, mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """
    A test that groups have the same distribution of a variable, from its ranks in the population.

    Attributes
    ----------
    test : str
        Which scores the ranks were given.
    estimate : float
        Difference in mean score of the second group from the first; NaN where there are more than two.
    statistic : float
        Student's t for two groups; Wald's chi-squared over its degrees of freedom, an F, for more.
    ndf, ddf : float
        Degrees of freedom of F; for two groups `ndf` is 1 and `ddf` that of t.
    p_value : float
        NaN where the design leaves no degrees of freedom.
    levels : tuple of str
        Groups, the first being the one compared with.
    n : int
        Rows counted.
    """

    test: RankScore
    estimate: float
    statistic: float
    ndf: float
    ddf: float
    p_value: float
    levels: tuple[str, ...]
    n: int

    def summary(self) -> str:
        """Say the test in one line of English."""
        name = f"t({self.ddf:.4g})" if len(self.levels) == 2 else f"F({self.ndf:.4g}, {self.ddf:.4g})"
        return f"{self.test}: {name} = {self.statistic:.3g}, {say_p(self.p_value)}, n = {self.n:,}"

    def to_frame(self) -> pd.DataFrame:
        """Give the test as one row."""
        names = ("test", "estimate", "statistic", "ndf", "ddf", "p_value", "n")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def t_test(
    design: Design, values: ArrayLike, groups: ArrayLike, *, rows: ArrayLike | None = None, conf_level: float = 0.95
) -> Contrast:
    """
    Test whether two groups have the same mean.

    Parameters
    ----------
    design : Design
        The sample.
    values : array_like of float, shape (n_rows,)
        NaN where there is no answer.
    groups : array_like, shape (n_rows,)
        With two levels; a row without one is in neither.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the test is limited to.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Contrast
        The second level's mean minus the first's, on one degree of freedom fewer than the design has,
        as `svyttest` of R's survey.

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row of the sample.
    EstimateError
        If there are not two groups, or the design has no variance.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 3, "hours": [3.0, 1, 5, 2, 0, 6], "sex": list("FFFMMM")})
    >>> print(t_test(Design.from_frame(frame, weight="w"), frame["hours"], frame["sex"]).summary())
    0.7 [-4.45, 5.85], t = 0.38 on 4 degrees of freedom, p = 0.725
    """
    numbers = _numbers(design, values)
    counted = row_mask(design, rows) & np.isfinite(numbers)
    codes, levels = level_codes(design, groups, counted, "groups")
    _two(levels)
    means = mean(design, numbers, by=pd.Categorical.from_codes(codes, categories=pd.Index(range(2))), rows=counted)
    difference = means.contrast([-1.0, 1.0])
    df = design.degrees_of_freedom(counted & (codes >= 0)) - 1
    return Contrast.of(difference.estimate, difference.std_error**2, df, conf_level=conf_level)


def rank_test(
    design: Design,
    values: ArrayLike,
    groups: ArrayLike,
    *,
    test: RankScore = "wilcoxon",
    rows: ArrayLike | None = None,
) -> RankTest:
    """
    Test whether groups have the same distribution, from ranks.

    Parameters
    ----------
    design : Design
        The sample.
    values : array_like of float, shape (n_rows,)
        Ordered; NaN where there is no answer.
    groups : array_like, shape (n_rows,)
        Levels; a row without one is in none.
    test : {"wilcoxon", "KruskalWallis", "median", "vanderWaerden"}
        The score of a rank; the first two are the same, by the names they have for two groups and more.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the test is limited to.

    Returns
    -------
    RankTest

    Raises
    ------
    SpecError
        If the test is not known, or the arguments do not have one value for each row of the sample.
    EstimateError
        If there are fewer than two groups, or the design has no variance.

    Notes
    -----
    Ranks are those estimated for the population, ties sharing theirs, and the test is a linear
    regression of their scores on the groups (Lumley and Scott, 2013, *Biometrika* 100, 831-842).

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 3, "hours": [3.0, 1, 5, 2, 0, 6], "sex": list("FFFMMM")})
    >>> print(rank_test(Design.from_frame(frame, weight="w"), frame["hours"], frame["sex"]).summary())
    wilcoxon: t(4) = 0.412, p = 0.701, n = 6
    """
    if test not in SCORES:
        mend = did_you_mean(test, get_args(RankScore), f"Known: {', '.join(SCORES)}")
        raise SpecError.at(f"test '{test}'", "not a rank test known here", mend)
    numbers = _numbers(design, values)
    counted = row_mask(design, rows) & np.isfinite(numbers) & (design.weights != 0)
    codes, levels = level_codes(design, groups, counted, "groups")
    counted &= codes >= 0
    scores = np.zeros(design.n)
    scores[counted] = SCORES[test](
        population_ranks(numbers[counted], design.weights[counted]), float(design.weights[counted].sum())
    )
    estimate, moved = _regress_on_groups(design, scores, codes, counted, len(levels))
    freedom, ndf = design.degrees_of_freedom(counted), len(levels) - 1
    spread = moved.T @ moved
    if ndf == 1:
        found = Contrast.of(float(estimate[0]), float(spread[0, 0]), freedom - 1)
        shift, statistic, p_value = found.estimate, found.t, found.p_value
    else:
        shift = float("nan")
        statistic = _wald(estimate, spread) / ndf
        p_value = float(special.fdtrc(ndf, freedom - ndf, statistic)) if freedom > ndf else float("nan")
    return RankTest(
        test=test,
        estimate=shift,
        statistic=statistic,
        ndf=ndf,
        ddf=freedom - ndf,
        p_value=p_value,
        levels=tuple(map(str, levels)),
        n=int(counted.sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairwiseDifferences:
    """
    The differences of all pairs of some estimates, tested together.

    Attributes
    ----------
    first, second : tuple of label, length n_pairs
        What is compared: the difference is the first minus the second.
    estimate, std_error, conf_low, conf_high : ndarray of float, shape (n_pairs,)
        In the unit of the estimates; the intervals are of each pair alone.
    df : float
        Degrees of freedom.
    t, p_value, p_adjusted : ndarray of float, shape (n_pairs,)
        NaN where a pair has no standard error.
    adjustment : {"none", "holm", "fdr"}
        How probabilities allow for the number of pairs.
    conf_level : float
        Between 0 and 1.
    """

    first: tuple[Hashable, ...]
    second: tuple[Hashable, ...]
    estimate: Floats
    std_error: Floats
    df: float
    t: Floats
    p_value: Floats
    p_adjusted: Floats
    conf_low: Floats
    conf_high: Floats
    adjustment: Adjustment
    conf_level: float = field(default=0.95)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per pair."""
        columns: dict[str, object] = {"first": list(self.first), "second": list(self.second)}
        names = ("estimate", "std_error", "t", "p_value", "p_adjusted", "conf_low", "conf_high")
        return pd.DataFrame(columns | {name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say each difference in a line of English."""
        rows = zip(self.first, self.second, self.estimate, self.conf_low, self.conf_high, self.p_adjusted, strict=True)
        return "\n".join(f"{a} - {b}: {e:.3g} [{low:.3g}, {high:.3g}], {say_p(p)}" for a, b, e, low, high, p in rows)

    def plot(self, ax: Axes) -> Axes:
        """Draw each difference as a point on its interval, the first at the top."""
        height = -np.arange(len(self.first), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.estimate, height, "o")
        return ax


def pairwise_differences(
    estimates: Estimates,
    *,
    labels: Sequence[Hashable] | Mapping[Hashable, object] | None = None,
    adjustment: Adjustment = "holm",
) -> PairwiseDifferences:
    """
    Test the differences of all pairs of some estimates of one sample.

    Parameters
    ----------
    estimates : Estimates
        Shares or means of groups, which may overlap: the tests use their covariance.
    labels : sequence of labels, optional
        Which estimates to compare; all without it.
    adjustment : {"holm", "fdr", "none"}
        Holm's method keeps the chance of any false difference at the level; "fdr", by Benjamini and
        Hochberg, the expected share of false ones among those found.

    Returns
    -------
    PairwiseDifferences

    Raises
    ------
    SpecError
        If the adjustment or a label is not known, or there are fewer than two estimates.

    Notes
    -----
    A share of 0 or 1 has no variance in the sample, though it has an interval; see `deviations_with_ends`.

    Examples
    --------
    >>> from surveys.estimates.means import proportion
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 6, "y": [0, 1, 1] * 4, "age": ["18-24", "25-34", "35+"] * 4})
    >>> ages = proportion(Design.from_frame(frame, weight="w"), frame["y"] == 1, by=frame["age"])
    >>> pairwise_differences(ages).to_frame()[["first", "second", "estimate"]].values.tolist()
    [['18-24', '25-34', -1.0], ['18-24', '35+', -1.0], ['25-34', '35+', 0.0]]
    """
    check_adjustment(adjustment)
    chosen = list(estimates.index if labels is None else labels)
    place = {label: i for i, label in enumerate(estimates.index)}
    for label in chosen:
        if label not in place:
            mend = did_you_mean(str(label), [str(known) for known in place], "Name labels of the estimates")
            raise SpecError.at("labels", f"no estimate is called '{label}'", mend)
    if len(chosen) < 2:
        raise SpecError.at("labels", f"got {len(chosen)} estimates, expected two or more", "Name those to compare")
    pairs = np.array([(place[a], place[b]) for a, b in combinations(chosen, 2)])
    difference, std_error, t, p_value = compare_pairs(
        estimates.estimate, deviations_with_ends(estimates), pairs, estimates.degrees_of_freedom
    )
    half = student_t(estimates.degrees_of_freedom, estimates.conf_level) * std_error
    return PairwiseDifferences(
        first=tuple(a for a, _ in combinations(chosen, 2)),
        second=tuple(b for _, b in combinations(chosen, 2)),
        estimate=difference,
        std_error=std_error,
        df=float(estimates.degrees_of_freedom),
        t=t,
        p_value=p_value,
        p_adjusted=adjust_probabilities(p_value, adjustment),
        conf_low=difference - half,
        conf_high=difference + half,
        adjustment=adjustment,
        conf_level=estimates.conf_level,
    )


def deviations_with_ends(estimates: Estimates) -> Floats:
    """
    Give shares of 0 and 1 the variance that their intervals speak of.

    Parameters
    ----------
    estimates : Estimates
        Of any unit; only shares are changed.

    Returns
    -------
    ndarray of float, shape (m, k) or (m + k, k)
        The deviations, with a row for each estimate where a share is 0 or 1: the distance to the far end
        of its interval, divided by the quantile that made it. NaN where it has no interval.

    Notes
    -----
    The recovery of variances from intervals of Zou and Donner (2008, *Statistics in Medicine* 27,
    1693-1702). Without it, 0 out of 20 would differ from 10 % as surely as 0 out of 20,000.

    Examples
    --------
    >>> from surveys.estimates.means import proportion
    >>> nobody = proportion(Design.from_frame(pd.DataFrame(index=range(20))), np.zeros(20))
    >>> bool(np.square(deviations_with_ends(nobody)).sum() ** 0.5 > 0.05)
    True
    """
    found = estimates.estimate
    ends = (found == 0) | (found == 1)
    if estimates.unit != "share" or not ends.any():
        return estimates.deviations
    reach = np.maximum(estimates.conf_high - found, found - estimates.conf_low)
    error = np.where(ends, reach / student_t(estimates.df, estimates.conf_level), 0.0)
    return np.concatenate([estimates.deviations, np.diag(error)])


def check_adjustment(adjustment: str) -> None:
    """
    Refuse an adjustment that is not known.

    Examples
    --------
    >>> check_adjustment("holm")
    >>> check_adjustment("homl")
    Traceback (most recent call last):
    surveys.core.errors.SpecError: adjustment 'homl': not known here. Did you mean 'holm'?
    """
    if adjustment not in ADJUSTMENTS:
        mend = did_you_mean(adjustment, ADJUSTMENTS, f"Known: {', '.join(ADJUSTMENTS)}")
        raise SpecError.at(f"adjustment '{adjustment}'", "not known here", mend)


def _numbers(design: Design, values: ArrayLike) -> Floats:
    numbers = np.asarray(values, float)
    if numbers.shape != (design.n,):
        what = f"got shape {numbers.shape} for a sample of {design.n}"
        raise SpecError.at("values", what, "Give one value for each row of the sample")
    return numbers


def _two(levels: pd.Index) -> None:
    if len(levels) != 2:
        named = ", ".join(map(str, levels[:6]))
        raise EstimateError.at(
            "groups", f"has {len(levels)} levels ({named}), expected two", "Limit rows to two of them"
        )


def _regress_on_groups(
    design: Design, scores: Floats, codes: Codes, counted: Bools, n_levels: int
) -> tuple[Floats, Floats]:
    """Give the differences in mean score from the first group, and their deviations under the design."""
    member = (codes[:, None] == np.arange(n_levels)) & counted[:, None]
    size = design.weights @ member
    means = (design.weights * scores) @ member / size
    moved = np.where(member, scores[:, None] - means, 0.0) / size
    found = design.deviations(Total(moved[:, 1:] - moved[:, :1]))
    return means[1:] - means[0], found


def _wald(estimate: Floats, spread: Floats) -> float:
    try:
        return float(estimate @ np.linalg.solve(spread, estimate))
    except np.linalg.LinAlgError:
        raise EstimateError.at(
            "groups", "the design has too few units to compare so many groups", "Join some of them"
        ) from None
