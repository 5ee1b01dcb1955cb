"""Arrays behind cumulative incidence: shares gone of each cause, their standard errors, and Gray's test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from churn.survival.tallies import Tallies, Timeline, divide, product_limit
from surveys.core.arrays import Amounts, Floats, Ints

ROUNDING = 1e-13


class CauseTallies(NamedTuple):
    """Counts at each time, or sums of weights: at risk, shape (n_times,); gone by cause, (n_times, n_causes)."""

    n_at_risk: Amounts
    n_event: Amounts


def gone_by_cause(timeline: Timeline, cause: Ints, amount: Amounts, n_causes: int) -> Amounts:
    """Add up an amount of the cells gone of each cause at each time, shape (n_times, n_causes)."""
    place = timeline.last * (n_causes + 1) + cause
    total = np.bincount(place, weights=amount, minlength=len(timeline.time) * (n_causes + 1))
    table = total.reshape(-1, n_causes + 1)[:, 1:]
    return np.rint(table).astype(np.int64) if np.issubdtype(amount.dtype, np.integer) else table


def _before(values: Floats, start: float) -> Floats:
    return np.concatenate([np.full_like(values[:1], start), values[:-1]])


def _product_limit(n_at_risk: Amounts, gone: Amounts) -> Floats:
    return product_limit(Tallies(n_at_risk, gone, np.zeros_like(gone)))[0]


def occupancy(retained: Floats, tallies: CauseTallies) -> Floats:
    """Give the share retained, then gone of each cause, after each time; shape (n_times, 1 + n_causes)."""
    steps = _before(retained, 1.0)[:, None] * divide(tallies.n_event, tallies.n_at_risk[:, None])
    share = np.column_stack([retained, np.cumsum(steps, axis=0)])
    return np.where(np.abs(share - 1) < ROUNDING, 1.0, share)


def jackknife_errors(share: Floats, tallies: CauseTallies) -> Floats:
    """
    Give the standard error of each state's share, by the infinitesimal jackknife over accounts.

    For accounts that count alike and all come under observation before the first leaves: influences of
    different times are then uncorrelated, and their sums over accounts add up over time.
    """
    n, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.sum(axis=1)
    scaled = np.cumsum(divide(gone, n * (n - gone)))
    scaled_before, each = _before(scaled, 0.0)[:, None], divide(np.ones_like(n), n)[:, None]
    before = _before(share[:, :1], 1.0)
    step = before * tallies.n_event * each
    mixed = np.cumsum(step * (scaled_before - each), axis=0)
    own = 2 * step * _before(mixed, 0.0) + step**2 * scaled_before + step * (before - step) * each
    return np.column_stack([share[:, 0] * np.sqrt(scaled), np.sqrt(np.maximum(np.cumsum(own, axis=0), 0))])


class Move(NamedTuple):
    """
    What one time does to the influence of accounts on the states, as rows.

    `carry` is what becomes of the influence so far; `risk` is added for a unit of weight at risk, and a row
    of `gone`, by cause, besides for one that leaves.
    """

    carry: Floats
    risk: Floats
    gone: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """
    The infinitesimal jackknife where accounts have weights or clusters, or come under observation late.

    Attributes
    ----------
    timeline : Timeline
        When cells are at risk.
    cause : ndarray of int, shape (n_cells,)
        0 for censoring, i for the i-th cause.
    count : ndarray of int, shape (n_cells,)
        Accounts of each cell.
    weight : ndarray of float, shape (n_cells,)
        Of each account of the cell.
    tallies : CauseTallies
        Of the weights.
    share : ndarray of float, shape (n_times, n_states)
        Share in each state after each time.
    """

    timeline: Timeline
    cause: Ints
    count: Ints
    weight: Floats
    tallies: CauseTallies
    share: Floats

    def errors(self) -> Floats:
        """
        Give standard errors where each account stands for itself, shape (n_times, n_states).

        Accounts at risk that entered together have the same influence, so that one row for each entry is
        followed, and the sums of squares and products over all accounts are carried from time to time.
        """
        entries, group = np.unique(self._first(), return_inverse=True)
        amount = self.count * self.weight**2
        at_risk = np.bincount(group, amount, len(entries))
        n_states = self.share.shape[1]
        influence, squares = np.zeros((len(entries), n_states)), np.zeros((n_states, n_states))
        found = np.zeros(self.share.shape)
        for j, move, leaving in self._times():
            if move is not None:
                here = entries <= j
                there = at_risk * here
                gone = leaving[self.cause[leaving] > 0]
                own = np.bincount(self.cause[gone] - 1, amount[gone], n_states - 1)
                apart = np.zeros((n_states - 1, n_states))
                np.add.at(apart, self.cause[gone] - 1, amount[gone, None] * influence[group[gone]])
                cross = np.outer(there @ influence @ move.carry + own @ move.gone, move.risk)
                cross += (apart @ move.carry).T @ move.gone
                fresh = there.sum() * np.outer(move.risk, move.risk) + move.gone.T @ (own[:, None] * move.gone)
                squares = move.carry.T @ squares @ move.carry + cross + cross.T + fresh
                influence[here] = influence[here] @ move.carry + move.risk
            at_risk -= np.bincount(group[leaving], amount[leaving], len(entries))
            found[j] = np.diag(squares)
        return self._roots(found)

    def clustered_errors(self, cluster: Ints) -> Floats:
        """Give standard errors from the sums of influences within clusters, shape (n_times, n_states)."""
        amount, n_clusters = self.count * self.weight, int(cluster.max()) + 1
        entering, first = np.argsort(self._first(), kind="stable"), np.sort(self._first())
        bounds = np.searchsorted(first, np.arange(len(self.share) + 1))
        at_risk = np.zeros(n_clusters)
        influence, found = np.zeros((n_clusters, self.share.shape[1])), np.zeros(self.share.shape)
        for j, move, leaving in self._times():
            new = entering[bounds[j] : bounds[j + 1]]
            at_risk += np.bincount(cluster[new], amount[new], n_clusters)
            if move is not None:
                influence = influence @ move.carry + at_risk[:, None] * move.risk
                gone = leaving[self.cause[leaving] > 0]
                np.add.at(influence, cluster[gone], amount[gone, None] * move.gone[self.cause[gone] - 1])
            at_risk -= np.bincount(cluster[leaving], amount[leaving], n_clusters)
            found[j] = np.square(influence).sum(axis=0)
        return self._roots(found)

    def _first(self) -> Ints:
        line = self.timeline
        return np.zeros(len(line.last), np.int64) if line.first is None else line.first

    def _times(self) -> Iterator[tuple[int, Move | None, Ints]]:
        """Give each time's place, what it does where an account leaves, and the cells whose observation ends."""
        order = np.argsort(self.timeline.last, kind="stable")
        bounds = np.searchsorted(self.timeline.last[order], np.arange(len(self.share) + 1))
        before = _before(self.share[:, 0], 1.0)
        for j, n in enumerate(self.tallies.n_at_risk):
            gone = self.tallies.n_event[j]
            move = _move(before[j] / n, gone / n) if n and gone.any() else None
            yield j, move, order[bounds[j] : bounds[j + 1]]

    def _roots(self, squares: Floats) -> Floats:
        errors = np.sqrt(np.maximum(squares, 0))
        errors[self.share[:, 0] == 0, 0] = 0.0
        return errors


def _move(scale: float, hazard: Floats) -> Move:
    n_causes = len(hazard)
    carry = np.eye(n_causes + 1)
    carry[0, 0], carry[0, 1:] = 1 - hazard.sum(), hazard
    gone = scale * np.column_stack([np.full(n_causes, -1.0), np.eye(n_causes)])
    return Move(carry, scale * np.concatenate([[hazard.sum()], -hazard]), gone)


def aalen_errors(share: Floats, tallies: CauseTallies) -> Floats:
    """Give the standard error of each state's share by Aalen's formula; the share retained is all causes as one."""
    n, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.sum(axis=1)
    parts = [(gone, 1 - share[:, 0]), *zip(tallies.n_event.T, share[:, 1:].T, strict=True)]
    return np.column_stack([_aalen_error(n, own, gone - own, share[:, 0], part) for own, part in parts])


def _aalen_error(n: Floats, own: Amounts, other: Amounts, retained: Floats, share: Floats) -> Floats:
    before = _before(retained, 1.0)
    own_term = _binomial_term(n, own, before)
    other_term = np.where(retained > 0, _binomial_term(n, other, before), 0.0)
    step = np.diff(share, prepend=0.0)
    curvature = np.cumsum(divide(own_term + other_term, retained**2))
    curvature_before = _before(curvature, 0.0)
    slope = np.cumsum(divide(own_term, retained) - step * curvature_before)
    terms = own_term - 2 * step * _before(slope, 0.0) + step**2 * curvature_before
    return np.sqrt(np.maximum(np.cumsum(terms), 0))


def _binomial_term(n: Floats, gone: Amounts, before: Floats) -> Floats:
    tied = 1 - divide(np.maximum(gone - 1.0, 0), n - 1)
    return before**2 * tied * divide(gone, n**2)


def gray_score(n_at_risk: Ints, own: Amounts, other: Amounts, rho: float) -> tuple[Floats, Floats]:
    """
    Give Gray's score of each group and their covariance, for one cause within one stratum.

    Each argument but `rho` has shape (n_times, n_groups): accounts at risk, gone of the cause, gone of others.
    """
    n = n_at_risk.astype(np.float64)
    retained = np.column_stack([_product_limit(*both) for both in zip(n.T, (own + other).T, strict=True)])
    before = _before(retained, 1.0)
    share = np.cumsum(before * divide(own, n), axis=0)
    risk = divide(n, before)
    own_all, risk_all = own.sum(axis=1), risk.sum(axis=1)
    pooled = np.cumsum(divide(own_all, risk_all))
    remaining = 1 - _before(pooled, 0.0)
    weight = remaining**rho
    adjusted = risk * (1 - _before(share, 0.0))
    expected = own_all[:, None] * divide(adjusted, adjusted.sum(axis=1, keepdims=True))
    score = (weight[:, None] * (own - expected)).sum(axis=0)

    fraction = divide(risk, risk_all[:, None])
    spread = weight[:, None, None] * risk[:, :, None] * (np.eye(n.shape[1]) - fraction[:, None, :])
    until = np.cumsum(spread * divide(own_all, risk_all * remaining)[:, None, None], axis=0)
    later = until[-1] - until
    kept = divide(1 - pooled[:, None], retained)
    tied = 1 - divide(np.maximum(own_all - 1.0, 0)[:, None], risk_all[:, None] * before - 1)
    own_term = tied * before * divide(own_all[:, None], risk_all[:, None] * n)
    other_term = np.where(retained > 0, _binomial_term(n, other, before), 0.0)
    covariance = _sum_of_squares(own_term, spread + (1 - kept)[:, None, :] * later)
    return score, covariance + _sum_of_squares(other_term, kept[:, None, :] * later)


def _sum_of_squares(term: Floats, part: Floats) -> Floats:
    """Add up term * part partᵀ over times and groups: (t, k), (t, i, k) -> (i, i)."""
    flat = np.moveaxis(part, 1, 0).reshape(part.shape[1], -1)
    total: Floats = (flat * term.ravel()) @ flat.T
    return total
