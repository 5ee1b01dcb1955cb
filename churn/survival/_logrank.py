"""Array functions of log-rank tests: observed and expected departures, their covariance, and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from churn.survival.tallies import Timeline, divide
from surveys.core.arrays import Amounts, Bools, Floats, Ints

RANK_TOLERANCE = 1e-9


class Departures(NamedTuple):
    """
    Accounts gone and at risk in one stratum, at each time at which somebody goes.

    Attributes
    ----------
    gone, at_risk : ndarray of int, shape (k, n_times)
        Of each group.
    """

    gone: Amounts
    at_risk: Amounts

    def of(self, groups: Ints) -> Departures:
        """Keep some groups, at the times at which one of theirs goes."""
        gone = self.gone[groups]
        kept = gone.any(axis=0)
        return Departures(gone[:, kept], self.at_risk[groups][:, kept])


class Score(NamedTuple):
    """Weighted departures of each group, those expected if all left at one rate, shape (k,), and their covariance."""

    observed: Floats
    expected: Floats
    covariance: Floats


def departures_by_stratum(
    duration: Floats, event: Bools, entry: Floats, count: Ints, group: Ints, stratum: Ints, k: int
) -> Iterator[Departures]:
    """Tally departures stratum by stratum, in the order of their codes."""
    order = np.argsort(stratum, kind="stable")
    ends = np.flatnonzero(np.diff(stratum[order])) + 1
    for rows in np.split(order, ends):
        timeline = Timeline.of(duration[rows], event[rows], entry[rows])
        tallies = timeline.tally(count[rows], group[rows], k)
        kept = tallies.n_event.any(axis=0)
        yield Departures(tallies.n_event[:, kept], tallies.n_at_risk[:, kept])


def score(departures: Departures, rho: float, gamma: float) -> Score:
    """
    Compare departures with those expected, under the weights of Fleming and Harrington.

    The weight of a time is S(t-)**rho (1 - S(t-))**gamma, S being the curve of all groups of the stratum;
    the covariance is hypergeometric.
    """
    gone, at_risk = (part.astype(np.float64) for part in departures)
    d, n = gone.sum(axis=0), at_risk.sum(axis=0)
    retained = np.concatenate([[1.0], np.cumprod((n - d) / n)])[:-1]
    weight = retained**rho * (1 - retained) ** gamma
    share = at_risk / n
    spread = weight**2 * d * divide(n - d, n - 1)
    covariance = np.diag(share @ spread) - (share * spread) @ share.T
    return Score(gone @ weight, share @ (weight * d), covariance)


def chi_squared(difference: Floats, covariance: Floats) -> tuple[float, int]:
    """
    Give the quadratic form of differences in a generalized inverse of their covariance, and its rank.

    The covariance is scaled to correlations first, so that the rank does not depend on how large groups are.
    """
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    some = scale > 0
    if not some.any():
        return 0.0, 0
    scaled = difference[some] / scale[some]
    values, vectors = np.linalg.eigh(covariance[np.ix_(some, some)] / np.outer(scale[some], scale[some]))
    kept = values > RANK_TOLERANCE
    return float(np.sum((vectors.T @ scaled)[kept] ** 2 / values[kept])), int(kept.sum())
