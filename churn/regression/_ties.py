"""Denominators of the partial likelihood under Efron's and Breslow's treatment of ties, for any number of ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from surveys.core.arrays import Floats, Ints

Ties = Literal["efron", "breslow", "exact"]

NODES = 14
"""Nodes of the quadrature of many ties; exact to rounding while less than half of the risk leaves at once."""
HALF = 0.5
BLOCK = 2_000_000


class Denominators(NamedTuple):
    """
    Means over the tied of powers of `pool = at_risk - u * leaving`, shape (n_slots,) each.

    `u` is the share of the tied already gone: 0, 1/d, ..., (d-1)/d for Efron, always 0 for Breslow.
    """

    log: Floats
    inverse: Floats
    inverse_u: Floats
    square: Floats
    square_u: Floats
    square_uu: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tied:
    """
    Where the means over the tied are taken: nodes in slots, with weights that add to 1 in each.

    Notes
    -----
    Slots with few tied have a node for each of them. Beyond, the sum over 0, 1, ..., d-1 of a function
    that is smooth on it is replaced by Gauss's quadrature of the discrete uniform measure, whose
    polynomials are Gram's: exact for polynomials of degree up to 27, and here to rounding.
    """

    gone: Ints
    slot: Ints
    u: Floats
    weight: Floats
    start: Ints
    reduced: Ints

    @classmethod
    def of(cls, gone: Ints, ties: Ties) -> Tied:
        """Lay out the nodes for numbers of tied accounts."""
        if ties != "efron":
            gone = np.ones_like(gone)
        size = np.minimum(gone, NODES)
        start = np.cumsum(size) - size
        slot = np.repeat(np.arange(len(gone)), size)
        step = np.arange(len(slot)) - start[slot]
        u, weight = step / gone[slot], 1.0 / size[slot]
        reduced = np.flatnonzero(gone > NODES)
        if len(reduced):
            counts, where = np.unique(gone[reduced], return_inverse=True)
            place, share = _gram_nodes(counts)
            rows = start[reduced][:, None] + np.arange(NODES)
            u[rows], weight[rows] = place[where], share[where]
        return cls(gone, slot, u, weight, start, reduced)

    def denominators(self, at_risk: Floats, leaving: Floats) -> Denominators:
        """Take the means, given weighted risks at risk and leaving in each slot."""
        found = _means(self.slot, self.u, self.weight, self.start, at_risk, leaving)
        crowded = self.reduced[leaving[self.reduced] >= HALF * at_risk[self.reduced]]
        for part in _parts(crowded, self.gone):
            tied = self.gone[part]
            first = np.cumsum(tied) - tied
            slot = np.repeat(np.arange(len(part)), tied)
            u = (np.arange(len(slot)) - first[slot]) / tied[slot]
            found[:, part] = _means(slot, u, 1 / tied[slot], first, at_risk[part], leaving[part])
        return Denominators(*found)


def _means(slot: Ints, u: Floats, weight: Floats, start: Ints, at_risk: Floats, leaving: Floats) -> Floats:
    pool = at_risk[slot] - u * leaving[slot]
    inverse = weight / pool
    square = inverse / pool
    terms = (weight * np.log(pool), inverse, u * inverse, square, u * square, u * u * square)
    return np.stack([np.add.reduceat(term, start) for term in terms])


def _parts(slots: Ints, gone: Ints) -> list[Ints]:
    """Cut slots into parts whose tied accounts fit into memory together."""
    if not len(slots):
        return []
    block = np.cumsum(gone[slots]) // BLOCK
    return np.split(slots, np.flatnonzero(np.diff(block)) + 1)


def _gram_nodes(counts: Ints) -> tuple[Floats, Floats]:
    """Give nodes in [0, 1) and weights of the quadrature of 0, 1/d, ..., (d-1)/d, shape (n_counts, NODES)."""
    d, k = counts[:, None].astype(float), np.arange(1, NODES, dtype=float)
    beside = np.sqrt(k**2 * (1 - (k / d) ** 2) / (4 * (4 * k**2 - 1)))
    jacobi = np.zeros((len(counts), NODES, NODES))
    i = np.arange(NODES - 1)
    jacobi[:, i, i + 1] = jacobi[:, i + 1, i] = beside
    place, vectors = np.linalg.eigh(jacobi)
    return place + (d - 1) / (2 * d), vectors[:, 0, :] ** 2
