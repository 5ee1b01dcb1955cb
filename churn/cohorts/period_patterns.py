"""Patterns of activity in the last periods, and how many accounts show each: who counts in several periods at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Bools, Floats, Ints

LONGEST = 13
"""Periods that a pattern spans: twelve steps from one to the next."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeriodPatterns:
    """
    Accounts by the last whole periods in which they were active.

    Attributes
    ----------
    active : ndarray of bool, shape (n_patterns, n_periods)
        In which of the periods.
    there : ndarray of bool, shape (n_patterns, n_periods)
        In which the accounts had signed up, that one included.
    n : ndarray of int, shape (n_patterns,)
        Accounts with each pattern.
    last : int
        Place of the last of the periods in the lifecycle.
    """

    active: Bools
    there: Bools
    n: Ints
    last: int

    def until(self, last: int, steps: int) -> PeriodPatterns | None:
        """Take the steps that end at a period; None where the patterns do not go back far enough."""
        stop = self.active.shape[1] - (self.last - last)
        start = stop - steps - 1
        if start < 0 or last > self.last:
            return None
        return PeriodPatterns(active=self.active[:, start:stop], there=self.there[:, start:stop], n=self.n, last=last)


def count_patterns(packed: NDArray[np.uint64], first: Ints, complete: Bools) -> PeriodPatterns | None:
    """
    Count the patterns of the last whole periods.

    Parameters
    ----------
    packed : ndarray of uint64, shape (n_periods, n_parts)
        One bit per account, set where it is active in the period.
    first : ndarray of int, shape (n_accounts,)
        Period in which each account was first seen.
    complete : ndarray of bool, shape (n_periods,)
        Whether all of the period was observed.

    Returns
    -------
    PeriodPatterns or None
        None where no period was observed to its end.
    """
    whole = np.flatnonzero(complete)
    if not len(whole):
        return None
    last = int(whole[-1])
    start = max(0, last - LONGEST + 1)
    width = last - start + 1
    since = np.clip(first - start, 0, width)
    code = since.astype(np.int64)
    for k in range(width):
        bits = np.unpackbits(packed[start + k].view(np.uint8))[: len(first)]
        code |= bits.astype(np.int64) << (4 + k)
    found, n = np.unique(code, return_counts=True)
    places = np.arange(width)
    return PeriodPatterns(
        active=(found[:, None] >> (4 + places)) & 1 == 1,
        there=(found[:, None] & 15) <= places,
        n=n.astype(np.int64),
        last=last,
    )


def ratio_error(above: Floats, below: Floats, n: Ints) -> tuple[float, float, float]:
    """
    Give a ratio of totals over accounts, its standard error with accounts as clusters, and how many there are.

    Parameters
    ----------
    above, below : ndarray of float, shape (n_patterns,)
        What one account of each pattern adds to both totals.
    n : ndarray of int, shape (n_patterns,)
        Accounts with each pattern.
    """
    total = float(n @ below)
    if total <= 0:
        return 0.0, 0.0, 0.0
    ratio = float(n @ above) / total
    clusters = float(n[below > 0].sum())
    spread = float(n @ (above - ratio * below) ** 2) * (clusters / (clusters - 1) if clusters > 1 else 1.0)
    return ratio, float(np.sqrt(spread)) / total, clusters
