"""Hand-coded samples of messages: shares of categories with simultaneous intervals."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.coding._agreement import cluster_effects, mean_effect
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.core.results import Estimate, Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SimultaneousMethod = Literal["goodman", "sison-glaz"]
NAMES: dict[SimultaneousMethod, str] = {"goodman": "Goodman, simultaneous", "sison-glaz": "Sison-Glaz, simultaneous"}
SMALL = 5
ASSUMED = Note("messages are taken as drawn one by one; drawn by day or half-hour, they would tell less")
SUPPOSED = Note("the variance is supposed, not estimated, to be {effect} of that of messages drawn one by one")
RARE = Note("categories with fewer than {n} messages, for which the intervals are rough: {categories}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedShares:
    """
    Shares of the categories of a coded sample, with intervals that hold together.

    Attributes
    ----------
    categories : tuple of str
        As coded.
    count : ndarray of int, shape (k,)
        Messages of each category.
    share : ndarray of float, shape (k,)
        Between 0 and 1; they add up to 1.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of intervals that hold all at once with probability `conf_level`.
    conf_level : float
        Between 0 and 1.
    n : int
        Messages coded.
    n_clusters : int or None
        Days, half-hours or other clusters in which they were drawn.
    design_effect : float
        By how much the variance exceeds that of messages drawn one by one.
    method : str
        Name of the intervals.
    notes : tuple of Note
        Caveats.
    """

    categories: tuple[str, ...]
    count: NDArray[np.intp]
    share: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    n: int
    n_clusters: int | None
    design_effect: float
    method: str
    notes: tuple[Note, ...] = ()

    @property
    def n_effective(self) -> float:
        """Messages drawn one by one that would tell as much."""
        return self.n / self.design_effect

    def to_frame(self) -> pd.DataFrame:
        """Give one row per category: category, count, share, conf_low, conf_high."""
        return pd.DataFrame(
            {
                "category": self.categories,
                "count": self.count,
                "share": self.share,
                "conf_low": self.conf_low,
                "conf_high": self.conf_high,
            }
        )

    def at(self, category: str) -> Estimate:
        """
        Give the share of one category.

        Parameters
        ----------
        category : str
            One of `categories`.

        Returns
        -------
        Estimate
            Its interval is one of those that hold together, wider than alone.

        Raises
        ------
        SpecError
            If there is no such category.
        """
        if category not in self.categories:
            mend = did_you_mean(category, self.categories, f"Categories here: {', '.join(self.categories)}")
            raise SpecError.at(f"category '{category}'", "not in the sample", mend)
        i = self.categories.index(category)
        share = float(self.share[i])
        return Estimate(
            estimate=share,
            std_error=float(np.sqrt(share * (1 - share) / self.n_effective)),
            conf_low=float(self.conf_low[i]),
            conf_high=float(self.conf_high[i]),
            conf_level=self.conf_level,
            n=self.n,
            method=self.method,
            notes=self.notes,
        )

    def summary(self) -> str:
        """Say each share and its interval in a line of English."""
        return "\n".join(f"{category}: {self.at(category).summary()}" for category in self.categories)

    def plot(self, ax: Axes) -> Axes:
        """Draw each share as a point on its interval, the first category at the top."""
        height = -np.arange(len(self.categories), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.share, height, "o")
        return ax


def share_of_codes(
    codes: Sequence[Hashable] | NDArray[np.generic],
    *,
    cluster: ArrayLike | None = None,
    method: SimultaneousMethod = "goodman",
    conf_level: float = 0.95,
) -> CodedShares:
    r"""
    Estimate the share of each category from the coding of every message.

    Parameters
    ----------
    codes : sequence, shape (n,)
        Category of each message.
    cluster : array_like, shape (n,), optional
        Day, half-hour or other unit in which each message was drawn.
    method : {"goodman", "sison-glaz"}
        Of the intervals, as `share_of_counts`.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    CodedShares
        Categories in the order of their frequency.

    Raises
    ------
    SpecError
        If messages have no category, clusters are missing or of another length, or there is one only.

    Notes
    -----
    Messages of one half-hour are about the same events. The linearised variance between clusters gives
    the design effect of each category; their mean, weighted as in Rao and Scott's first-order correction
    [1]_, divides the counts that enter the intervals. A mean below 1 is taken as 1.

    References
    ----------
    .. [1] J. N. K. Rao and A. J. Scott (1981), "The analysis of categorical data from complex sample
       surveys", *Journal of the American Statistical Association* 76, 221-230.

    Examples
    --------
    >>> found = share_of_codes(["babble", "news", "babble", "talk"] * 25)
    >>> found.to_frame().round(2).values.tolist()[0]
    ['babble', 50, 0.5, 0.38, 0.62]
    """
    values = np.asarray(codes, object)
    blank = pd.isna(values)
    if blank.any():
        mend = "Code every message, or leave out those that were not"
        raise SpecError.at("codes", f"{int(blank.sum())} of {len(values)} messages have no category", mend)
    position, found = pd.factorize(values)
    count = np.bincount(position, minlength=len(found))
    order = np.argsort(-count, kind="stable")
    counts = {str(found[i]): int(count[i]) for i in order}
    if cluster is None:
        return share_of_counts(counts, method=method, conf_level=conf_level)
    where = np.asarray(cluster, object)
    if len(where) != len(values) or pd.isna(where).any():
        raise SpecError.at("cluster", f"got {len(where)} clusters for {len(values)} messages, or blanks among them",
                           "Give the cluster of each message")  # fmt: skip
    units, names = pd.factorize(where)
    if len(names) < 2:
        raise SpecError.at("cluster", "all messages lie in one cluster, which has no variance", "Leave cluster out")
    share = count / len(values)
    effect = max(1.0, mean_effect(cluster_effects(position, units, len(found)), share))
    return _describe(counts, effect, len(names), (), method, conf_level)


def share_of_counts(
    counts: Mapping[str, int],
    *,
    design_effect: float = 1.0,
    method: SimultaneousMethod = "goodman",
    conf_level: float = 0.95,
) -> CodedShares:
    r"""
    Estimate the share of each category from published counts.

    Parameters
    ----------
    counts : mapping of str to int
        Messages of each category; those of no category have to be one of them.
    design_effect : float
        At least 1: what is supposed about a sample whose clusters were not published.
    method : {"goodman", "sison-glaz"}
        Goodman's [1]_ intervals are Wilson's with the quantile of :math:`\alpha/k`; Sison and Glaz's [2]_
        are narrower where there are many categories, and know no design effect.
    conf_level : float
        Between 0 and 1; of all intervals at once.

    Returns
    -------
    CodedShares

    Raises
    ------
    SpecError
        If there are fewer than two categories, a count is negative, or no message at all; if the method
        is not known, or cannot have a design effect.

    References
    ----------
    .. [1] L. A. Goodman (1965), "On simultaneous confidence intervals for multinomial proportions",
       *Technometrics* 7, 247-254.
    .. [2] C. P. Sison and J. Glaz (1995), "Simultaneous confidence intervals and sample size determination
       for multinomial proportions", *Journal of the American Statistical Association* 90, 366-369.

    Examples
    --------
    Two thousand tweets of August 2009:

    >>> tweets = {"babble": 811, "conversation": 751, "pass-along": 174, "promotion": 117, "spam": 75, "news": 72}
    >>> share_of_counts(tweets).at("babble").summary()
    '40.6% [37.7%, 43.5%], n = 2,000'
    >>> share_of_counts(tweets, design_effect=2).at("babble").summary()
    '40.6% [36.5%, 44.7%], n = 2,000'
    """
    notes = (ASSUMED,) if design_effect == 1 else (Note(SUPPOSED.message, {"effect": float(design_effect)}),)
    return _describe(counts, design_effect, None, notes, method, conf_level)


def _describe(
    counts: Mapping[str, int],
    effect: float,
    n_clusters: int | None,
    notes: tuple[Note, ...],
    method: SimultaneousMethod,
    conf_level: float,
) -> CodedShares:
    _check(counts, effect, method, conf_level)
    from statsmodels.stats.proportion import multinomial_proportions_confint

    count = np.array(list(counts.values()))
    n = int(count.sum())
    limits = multinomial_proportions_confint(count / effect, alpha=1 - conf_level, method=method)
    rare = [name for name, number in counts.items() if number < SMALL]
    if rare:
        notes += (Note(RARE.message, {"n": SMALL, "categories": ", ".join(rare)}),)
    return CodedShares(
        categories=tuple(counts),
        count=count,
        share=count / n,
        conf_low=np.maximum(limits[:, 0], 0.0),
        conf_high=np.minimum(limits[:, 1], 1.0),
        conf_level=conf_level,
        n=n,
        n_clusters=n_clusters,
        design_effect=effect,
        method=NAMES[method],
        notes=notes,
    )


def _check(counts: Mapping[str, int], effect: float, method: SimultaneousMethod, conf_level: float) -> None:
    problems = []
    if method not in NAMES:
        known = get_args(SimultaneousMethod)
        mend = did_you_mean(method, known, f"Known: {', '.join(known)}")
        problems.append(Problem(f"method '{method}'", "not an interval known here", mend))
    elif method == "sison-glaz" and effect != 1:
        problems.append(Problem("method 'sison-glaz'", "knows no design effect", "Use 'goodman'"))
    if len(counts) < 2:
        problems.append(Problem("counts", f"got {len(counts)} categories, expected two or more", "Give all of them"))
    negative = [name for name, number in counts.items() if number < 0 or int(number) != number]
    if negative:
        problems.append(Problem("counts", f"not a number of messages: {', '.join(negative)}", "Give whole numbers"))
    elif sum(counts.values()) == 0:
        problems.append(Problem("counts", "there is no message", "Give what was coded"))
    if not effect >= 1:
        problems.append(
            Problem("design_effect", f"got {effect}, expected 1 or more", "Leave it out if it is not known")
        )
    if not 0 < conf_level < 1:
        problems.append(Problem("conf_level", f"got {conf_level}, expected a number between 0 and 1", "Write 0.95"))
    if problems:
        raise SpecError(*problems)
