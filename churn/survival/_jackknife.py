"""Arrays of the infinitesimal jackknife: the influence of each account, or cluster of accounts, on a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.survival.tallies import Tallies, Timeline, divide, reciprocals
from surveys.core.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife:
    r"""
    Influence of accounts on a cumulative hazard, or on minus the logarithm of a curve.

    The influence at time *t* of a unit of weight of account *i* is
    :math:`\sum_{t_j\le t}\{a_j\,dN_i(t_j)-b_j\,Y_i(t_j)\}`. Accounts of one cell have the same influence, so that
    the variance needs no more than the cells; only clusters of several accounts need to be told apart.

    Attributes
    ----------
    timeline : Timeline
        When cells are at risk.
    count : ndarray of int, shape (n_cells,)
        Accounts of each cell.
    weight : ndarray of float, shape (n_cells,)
        Of each account of the cell.
    cluster : ndarray of int, shape (n_cells,), or None
        Code of the cluster that all accounts of the cell belong to; None where each is its own.
    gone, at_risk : ndarray of float, shape (n_times,)
        :math:`a_j` and :math:`b_j`.
    """

    timeline: Timeline
    count: Ints
    weight: Floats
    cluster: Ints | None
    gone: Floats
    at_risk: Floats

    def variance(self) -> Floats:
        """Give the variance of the cumulative hazard at each time, shape (n_times,)."""
        if self.cluster is None:
            return self._of_single(np.ones(len(self.count), bool))
        size = np.bincount(self.cluster, weights=self.count)
        single = (size == 1)[self.cluster]
        found = self._of_single(single)
        return found if single.all() else found + self._of_clusters(~single, self.cluster)

    def variance_of_sum(self, factor: Floats) -> float:
        """Give the variance of the sum of the steps of the cumulative hazard, each times a factor."""
        moved = self.weight * self._moved(self.gone * factor, np.cumsum(self.at_risk * factor))
        if self.cluster is None:
            return float(np.sum(self.count * moved**2))
        return float(np.sum(np.bincount(self.cluster, weights=self.count * moved) ** 2))

    def _moved(self, gone: Floats, until: Floats) -> Floats:
        """Give the influence of a unit of weight of each cell when its observation ends."""
        line = self.timeline
        return np.where(line.event, gone[line.last], 0.0) - until[line.last] + self._before(until)

    def _before(self, until: Floats) -> Floats:
        """Give the sum of `at_risk` before entry, for each cell."""
        first = self.timeline.first
        return np.zeros(len(self.count)) if first is None else np.concatenate([[0.0], until])[first]

    def _of_single(self, rows: Bools) -> Floats:
        """Add up squares of accounts that are clusters of their own: of those whose end is past, and of the others."""
        until = np.cumsum(self.at_risk)
        square = np.where(rows, self.count * self.weight**2, 0.0)
        over = np.bincount(self.timeline.last, square * self._moved(self.gone, until) ** 2, len(until))
        before = self._before(until)
        still, shifted, both = (self._ongoing(square * before**power) for power in (0, 1, 2))
        return np.cumsum(over, dtype=np.float64) + np.maximum(until**2 * still - 2 * until * shifted + both, 0.0)

    def _ongoing(self, amount: Floats) -> Floats:
        """Add up an amount over the cells that have entered by each time and whose observation goes on after it."""
        line, n = self.timeline, len(self.timeline.time)
        ending = np.cumsum(np.bincount(line.last, amount, n)[::-1])[::-1]
        later: Floats = np.append(ending[1:], 0.0)
        if line.first is None:
            return later
        entering = np.cumsum(np.bincount(line.first, amount, n + 1)[::-1])[::-1]
        return later - entering[1:]

    def _of_clusters(self, rows: Bools, cluster: Ints) -> Floats:
        """
        Add up squares of what clusters of several accounts have moved, F - BR at each time.

        F is what accounts whose end is past have moved, and B before entry times the weight of those who go on;
        R is that weight, and B the sum of `at_risk`. F and R of a cluster change when an account enters or
        ends, so that the sums of F², FR and R² over clusters are those of their changes.
        """
        line, until = self.timeline, np.cumsum(self.at_risk)
        row = np.flatnonzero(rows)
        amount = (self.count * self.weight)[row]
        entering = amount * self._before(until)[row]
        first = np.zeros(len(row), np.int64) if line.first is None else line.first[row]
        changes = Changes.of(
            cluster=np.tile(cluster[row], 2),
            place=np.concatenate([first, line.last[row]]),
            over=np.concatenate([entering, amount * self._moved(self.gone, until)[row] - entering]),
            still=np.concatenate([amount, -amount]),
        )
        over = changes.steps(changes.over**2, len(until))
        both, still = (changes.steps(x * changes.still, len(until)) for x in (changes.over, changes.still))
        # Added up from the end, where nobody goes on, they are exact where few do and B is large.
        both, still = (np.append(-np.cumsum(x[:0:-1])[::-1], 0.0) for x in (both, still))
        over = np.cumsum(over)
        return np.maximum(over - 2 * until * both + until**2 * still, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """
    Two running sums of each cluster, where they change.

    Attributes
    ----------
    place : ndarray of int, shape (n_changes,)
        Place of the time of each change.
    opens : ndarray of bool, shape (n_changes,)
        True for the first change of a cluster.
    over, still : ndarray of float, shape (n_changes,)
        The sums after each change.
    """

    place: Ints
    opens: Bools
    over: Floats
    still: Floats

    @classmethod
    def of(cls, cluster: Ints, place: Ints, over: Floats, still: Floats) -> Changes:
        """Sort changes by cluster and time, and add them up within each cluster."""
        order = np.lexsort((place, cluster))
        opens = np.diff(cluster[order], prepend=-1) > 0
        return cls(place[order], opens, _within(over[order], opens), _within(still[order], opens))

    def steps(self, product: Floats, n: int) -> Floats:
        """Add up, over clusters, by how much a product of the sums changes at each of n times."""
        step = product - np.where(self.opens, 0.0, np.concatenate([[0.0], product[:-1]]))
        return np.bincount(self.place, step, n).astype(np.float64)


def _within(values: Floats, opens: Bools) -> Floats:
    """Add up values within runs that begin where `opens` is true."""
    total = np.cumsum(values)
    starts = np.flatnonzero(opens)
    before = np.where(starts > 0, total[starts - 1], 0.0) if len(starts) else np.zeros(0)
    return np.asarray(total - np.repeat(before, np.diff(np.append(starts, len(values)))))


def influence_of_product_limit(tallies: Tallies) -> tuple[Floats, Floats]:
    """Give the coefficients of minus the logarithm of the product limit, 0 where everybody at risk goes."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    inverse = divide(np.ones(len(gone)), at_risk - gone)
    return inverse, divide(gone, at_risk) * inverse


def influence_of_hazard(tallies: Tallies) -> tuple[Floats, Floats]:
    """Give the coefficients of Nelson and Aalen's cumulative hazard."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    inverse = divide(np.ones(len(gone)), at_risk)
    return inverse, gone * inverse**2


def influence_of_tie_corrected_hazard(tallies: Tallies, n_gone: Ints) -> tuple[Floats, Floats]:
    """Give the coefficients of Fleming and Harrington's cumulative hazard, each step the sum of s/(n - ks)."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    own, shared = np.zeros(len(gone)), np.zeros(len(gone))
    some = n_gone > 0
    each = gone[some] / n_gone[some]
    top = at_risk[some] / each
    _, second = reciprocals(top, n_gone[some])
    # The step's derivatives: in n, minus the sum of s/(n - ks)²; in s, the sum of n/(n - ks)².
    shared[some] = second / each
    own[some] = top * second / each / n_gone[some]
    return own, shared
