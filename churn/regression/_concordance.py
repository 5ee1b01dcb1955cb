"""Harrell's concordance index of a risk score, and its infinitesimal-jackknife standard error, from counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churn.regression.risk_sets import Slots, Spells
from surveys.core.arrays import Bools, Floats, Ints


class Pairs(NamedTuple):
    """Concordant, discordant and tied pairs by stratum, weighted, and the standard error of the concordance."""

    concordant: Floats
    discordant: Floats
    tied_score: Floats
    tied_time: Floats
    tied_both: Floats
    std_error: float

    @property
    def concordance(self) -> float:
        """Share of pairs in which the account with the higher score leaves first; ties of the score count half."""
        c, d, t = (float(x.sum()) for x in self[:3])
        return (c + t / 2) / (c + d + t)


class _Against(NamedTuple):
    """Weight of those that an account is compared with: whose order agrees with the score, or not, or ties with it."""

    agree: Floats
    differ: Floats
    tie: Floats


def compare_pairs(spells: Spells, slots: Slots, score: Floats, cluster: Ints | None) -> Pairs:
    """
    Count pairs; the standard error is that of the infinitesimal jackknife, over accounts or clusters.

    Notes
    -----
    An account that leaves is compared with those at risk that do not leave at the same time. How many of
    these have a lower score is a count of points below and to one side of another, found bit by bit of
    the score's rank, so that the work grows with cells and the logarithm of distinct scores. Slot t has
    the key 2t; accounts censored in or after it have the key 2t + 1. Ranks rise with the stratum, so that
    no account is counted against those of another.
    """
    _, rank = np.unique(score, return_inverse=True)
    _, rank = np.unique(spells.stratum * (int(rank.max()) + 1) + rank, return_inverse=True)
    late = slots.first > np.searchsorted(slots.stratum, spells.stratum)
    gone = np.flatnonzero(spells.event)
    leaver = _as_leaver(spells, slots, rank, late, gone)
    n_strata = int(spells.stratum.max()) + 1
    weight, stratum = (spells.n * spells.weight)[gone], spells.stratum[gone]
    agree, differ, tie = (_added(stratum, weight * x, n_strata) for x in leaver)
    total = float(agree.sum() + differ.sum() + tie.sum())
    lead = float(agree.sum() - differ.sum()) / max(total, 1.0)
    own = _as_stayer(spells, slots, rank, late, gone)
    for counted, found in zip(own, leaver, strict=True):
        counted[gone] += found
    influence = spells.weight * (own.agree - own.differ - lead * (own.agree + own.differ + own.tie)) / max(total, 1.0)
    spread = spells.n @ influence**2 if cluster is None else np.square(np.bincount(cluster, spells.n * influence)).sum()
    both = _pairs_within(slots.last[gone] * (int(rank.max()) + 1) + rank[gone], spells, gone, n_strata)
    same_time = _pairs_within(slots.last[gone], spells, gone, n_strata) - both
    return Pairs(agree, differ, tie, same_time, both, float(np.sqrt(spread)) / 2)


def _added(code: Ints, values: Floats, n_codes: int) -> Floats:
    return np.asarray(np.bincount(code, values, n_codes), np.float64)


def _as_leaver(spells: Spells, slots: Slots, rank: Ints, late: Bools, gone: Ints) -> _Against:
    """Compare each cell that leaves with those that stay behind."""
    some = slots.last >= slots.first
    late = late & some
    weight = spells.n * spells.weight
    key = np.concatenate([(2 * slots.last + ~spells.event)[some], 2 * slots.first[late] - 1])
    signed = np.concatenate([weight[some], -weight[late]])
    at = slots.last[gone]
    below, equal = _dominated(key, np.concatenate([rank[some], rank[late]]), signed, 2 * at, rank[gone])
    order = np.argsort(key)
    beyond = np.concatenate([np.cumsum(signed[order][::-1])[::-1], [0.0]])
    later = beyond[np.searchsorted(key[order], np.stack([2 * at, 2 * _stratum_end(slots)[at] - 1]), side="right")]
    return _Against(below, later[0] - later[1] - below - equal, equal)


def _as_stayer(spells: Spells, slots: Slots, rank: Ints, late: Bools, gone: Ints) -> _Against:
    """Compare each cell with those that leave while it stays."""
    start = 2 * slots.first - 1
    end = np.where(slots.last >= slots.first, 2 * slots.last + ~spells.event, start)
    n, entered = len(rank), np.flatnonzero(late)
    asked, ranks = np.concatenate([end, start[entered]]), np.concatenate([rank, rank[entered]])
    left = spells.n[gone] * spells.weight[gone]
    found = _dominated(-2 * slots.last[gone], -rank[gone], left, -asked, -ranks)
    for counted in found:
        counted[entered] -= counted[n:]
    higher, same = found[0][:n], found[1][:n]
    before = slots.cumulated(slots.gone_weight)
    return _Against(higher, before[(end + 1) // 2] - before[slots.first] - higher - same, same)


def _stratum_end(slots: Slots) -> Ints:
    """Give each slot the first slot after its stratum."""
    return np.searchsorted(slots.stratum, slots.stratum, side="right")


def _pairs_within(group: Ints, spells: Spells, gone: Ints, n_strata: int) -> Floats:
    """Count weighted pairs of accounts that leave and share a group, by stratum."""
    _, first, index = np.unique(group, return_index=True, return_inverse=True)
    n, weight = spells.n[gone], spells.weight[gone]
    pairs = (np.bincount(index, n * weight) ** 2 - np.bincount(index, n * weight**2)) / 2
    return np.asarray(np.bincount(spells.stratum[gone][first], pairs, n_strata), float)


def _dominated(key: Ints, rank: Ints, weight: Floats, asked_key: Ints, asked_rank: Ints) -> tuple[Floats, Floats]:
    """Add up weights of points whose key is greater than one asked for, their rank smaller; or their rank equal."""
    n_asked = len(asked_key)
    keys, is_asked = np.concatenate([key, asked_key]), np.arange(len(key) + n_asked) >= len(key)
    sequence = np.argsort(-2 * keys - is_asked, kind="stable")
    ranks = np.concatenate([rank, asked_rank])[sequence]
    ranks -= ranks.min()
    held = np.concatenate([weight, np.zeros(n_asked)])[sequence]
    below, order = np.zeros(len(ranks)), np.arange(len(ranks))
    for bit in reversed(range(int(ranks.max()).bit_length())):
        prefix = ranks[order] >> bit
        bounds = np.flatnonzero(np.r_[True, np.diff(prefix >> 1) != 0, True])
        one = (prefix & 1).astype(bool)
        lower = np.concatenate([[0.0], np.cumsum(np.where(one, 0.0, held[order]))])
        size = np.diff(bounds)
        below[order[one]] += (lower[:-1] - np.repeat(lower[bounds[:-1]], size))[one]
        order = _parted(order, one, bounds, size)
    same = ranks[order]
    bounds = np.flatnonzero(np.r_[True, np.diff(same) != 0, True])
    passed = np.concatenate([[0.0], np.cumsum(held[order])])
    equal = np.empty(len(ranks))
    equal[order] = passed[:-1] - np.repeat(passed[bounds[:-1]], np.diff(bounds))
    place = np.empty(len(ranks), np.int64)
    place[sequence] = np.arange(len(ranks))
    return below[place[len(key) :]], equal[place[len(key) :]]


def _parted(order: Ints, one: Ints, bounds: Ints, size: Ints) -> Ints:
    """Within each group, put those without the bit before those with it, else in the same order."""
    zeros = np.concatenate([[0], np.cumsum(~one)])
    start, first = np.repeat(bounds[:-1], size), np.repeat(zeros[bounds[:-1]], size)
    in_group = np.repeat(np.diff(zeros[bounds]), size)
    rank = zeros[:-1] - first
    here = np.arange(len(order))
    parted = np.empty_like(order)
    parted[np.where(one, start + in_group + (here - start - rank), start + rank)] = order
    return parted
