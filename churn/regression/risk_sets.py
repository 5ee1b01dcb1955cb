"""Risk sets of the partial likelihood and sums over them, from cells of equal accounts or row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from churn.survival.tallies import Timeline
from surveys.core.arrays import Bools, Floats, Ints

ROWS = 16_384
"""Rows that are worked on at a time."""
SMALL = 100_000
"""Spells of a table of times by patterns below which the table is always the quicker way."""


class Spells(NamedTuple):
    """Accounts that share everything, shape (n_spells,) each."""

    duration: Floats
    entry: Floats
    """NaN for those under observation from the start."""
    event: Bools
    n: Ints
    weight: Floats
    """Of each account in the cell."""
    stratum: Ints
    """Counted from 0."""
    unit: Ints
    """Row of the covariates."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """
    The times at which somebody leaves, in the order of stratum and time.

    Attributes
    ----------
    time : ndarray of float, shape (n_slots,)
    stratum : ndarray of int, shape (n_slots,)
    first, last : ndarray of int, shape (n_spells,)
        A cell is at risk in the slots `first` to `last`, both included; in none where `last` is smaller.
    gone : ndarray of int, shape (n_slots,)
        Accounts that leave.
    gone_weight : ndarray of float, shape (n_slots,)
        The sum of their weights.
    """

    time: Floats
    stratum: Ints
    first: Ints
    last: Ints
    gone: Ints
    gone_weight: Floats

    @classmethod
    def of(cls, spells: Spells) -> Slots:
        """Lay out the slots of some spells."""
        timeline = Timeline.of(spells.duration, spells.event, spells.entry)
        time = timeline.time
        key = spells.stratum * len(time) + timeline.last
        size = (int(spells.stratum.max(initial=0)) + 1) * len(time)
        before = 0 if timeline.first is None else timeline.first
        begin = spells.stratum * len(time) + before
        if size <= 4 * len(key) + 10_000:
            present = np.zeros(size + 1, bool)
            present[key[spells.event]] = True
            found = np.flatnonzero(present)
            until = np.concatenate([[0], np.cumsum(present)])
            last, first = until[key + 1] - 1, until[begin]
        else:
            found = np.unique(key[spells.event])
            last = np.searchsorted(found, key, side="right") - 1
            first = np.searchsorted(found, begin, side="left")
        at = last[spells.event]
        gone = np.bincount(at, spells.n[spells.event], len(found))
        return cls(
            time=time[found % len(time)],
            stratum=found // len(time),
            first=first.astype(np.int64),
            last=last.astype(np.int64),
            gone=np.rint(gone).astype(np.int64),
            gone_weight=np.asarray(np.bincount(at, (spells.n * spells.weight)[spells.event], len(found)), np.float64),
        )

    def __len__(self) -> int:
        return len(self.time)

    def cumulated(self, values: Floats) -> Floats:
        """Give sums of values over the slots before each, with a last row for all: difference them at will."""
        return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])


class WholeMoments:
    """Moments of units taken all at once."""

    __slots__ = ()

    def moments(self: RiskSets, x: Floats, coefficient: Floats) -> tuple[Floats, Floats, Floats]:
        """Give risks of units, and sums of risks and of risks times covariates: (n_slots, 1 + k) each."""
        risk = np.exp(x @ coefficient)
        values = np.empty((len(risk), 1 + x.shape[1]), order="F")
        values[:, 0], values[:, 1:] = risk, risk[:, None] * x
        return risk, *self.sums(values)

    def second(self, x: Floats, share: Floats) -> Floats:
        """Give the sum over units of squares of covariates times a share, shape (k, k)."""
        return np.asarray(x.T @ (x * share[:, None]))


class RiskSets(Protocol):
    """Sums over those at risk, and over those who leave, in each slot; and the adjoint of both."""

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Give weighted sums of unit values, shape (n_units, k), at risk and leaving: (n_slots, k) each."""

    def spread(self, at_risk: Floats, leaving: Floats) -> Floats:
        """Give each unit the weighted sum of slot values while at risk, less that of `leaving` when it leaves."""

    def moments(self, x: Floats, coefficient: Floats) -> tuple[Floats, Floats, Floats]:
        """Give risks of units, and sums of risks and of risks times covariates: (n_slots, 1 + k) each."""

    def second(self, x: Floats, share: Floats) -> Floats:
        """Give the sum over units of squares of covariates times a share, shape (k, k)."""

    def members(self, slot: int) -> tuple[Ints, Floats, Floats]:
        """Give units at risk in a slot, the accounts in each, and those of them who leave."""


@dataclass(frozen=True, slots=True, eq=False)
class PatternSets(WholeMoments):
    """Risk sets as two tables of slots by patterns; sums over them are matrix products."""

    at_risk: Floats
    leaving: Floats
    counted: tuple[Floats, Floats]

    @classmethod
    def of(cls, spells: Spells, slots: Slots, n_units: int) -> PatternSets:
        """Count cells into the tables."""
        counted = _tables(spells, slots, n_units, spells.n.astype(float))
        even = bool((spells.weight == 1).all())
        at_risk, leaving = counted if even else _tables(spells, slots, n_units, spells.n * spells.weight)
        return cls(at_risk, leaving, counted)

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Give weighted sums of unit values at risk and leaving."""
        return self.at_risk @ values, self.leaving @ values

    def spread(self, at_risk: Floats, leaving: Floats) -> Floats:
        """Give each unit the weighted sum of slot values while at risk, less that when it leaves."""
        return at_risk @ self.at_risk - leaving @ self.leaving

    def members(self, slot: int) -> tuple[Ints, Floats, Floats]:
        """Give units at risk in a slot, the accounts in each, and those of them who leave."""
        at_risk, leaving = self.counted
        units = np.flatnonzero(at_risk[slot])
        return units, at_risk[slot, units], leaving[slot, units]


def _tables(spells: Spells, slots: Slots, n_units: int, weight: Floats) -> tuple[Floats, Floats]:
    n = len(slots)
    inside = slots.last >= slots.first

    def table(rows: Bools, slot: Ints) -> Floats:
        flat = np.bincount(slot[rows] * n_units + spells.unit[rows], weight[rows], n * n_units)
        return np.asarray(flat, float).reshape(n, n_units)

    left = table(inside, slots.last)
    late = inside & (slots.first > _stratum_start(slots)[spells.stratum])
    entered = table(late, slots.first) if late.any() else None
    at_risk = np.empty_like(left)
    edges = np.flatnonzero(np.r_[True, np.diff(slots.stratum) != 0, True])
    for low, high in pairwise(edges):
        at_risk[low:high] = np.cumsum(left[low:high][::-1], axis=0)[::-1]
        if entered is not None:
            later = np.cumsum(entered[low:high][::-1], axis=0)[::-1]
            at_risk[low : high - 1] -= later[1:]
    return at_risk, table(inside & spells.event, slots.last)


def _stratum_start(slots: Slots) -> Ints:
    """Give the first slot of each stratum; strata in which nobody leaves have none that matters."""
    start = np.full(int(slots.stratum.max()) + 2, len(slots), np.int64)
    np.minimum.at(start, slots.stratum, np.arange(len(slots)))
    return np.minimum.accumulate(start[::-1])[::-1]


class RowSets:
    """Risk sets row by row, for covariates with about as many values as there are accounts."""

    def __init__(self, spells: Spells, slots: Slots) -> None:
        self.n_slots = len(slots)
        inside = np.flatnonzero(slots.last >= slots.first)
        key = 2 * slots.last[inside] + spells.event[inside]
        order = inside[np.argsort(key.astype(np.uint16 if 2 * len(slots) < 2**16 else np.int64), kind="stable")]
        self.unit, self.last, self.first = spells.unit[order], slots.last[order], slots.first[order]
        self.n, self.event = spells.n[order], spells.event[order]
        self.weight = self.n * spells.weight[order]
        self.bounds = np.searchsorted(2 * self.last + self.event, np.arange(2 * self.n_slots + 1))
        late = np.flatnonzero(self.first > _stratum_start(slots)[spells.stratum[order]])
        self.late = late[np.argsort(self.first[late], kind="stable")]
        self.stratum = slots.stratum
        edges = np.flatnonzero(np.r_[True, np.diff(slots.stratum) != 0, True])
        self.longest, self.one_stratum = int(np.diff(edges).max()), len(edges) == 2

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Give weighted sums of unit values at risk and leaving."""
        return self._cumulated(lambda rows: values[rows] * self.weight[rows, None], values.shape[1])

    def moments(self, x: Floats, coefficient: Floats) -> tuple[Floats, Floats, Floats]:
        """Give risks of units, and sums of risks and of risks times covariates: (n_slots, 1 + k) each."""
        risk = np.empty(len(x))
        held = np.empty((min(ROWS, len(x)), 1 + x.shape[1]), order="F")

        def part(rows: slice) -> Floats:
            here = x[rows]
            risk[rows] = np.exp(here @ coefficient)
            values = held[: len(here)]
            np.multiply(risk[rows], self.weight[rows], out=values[:, 0])
            np.multiply(here, values[:, :1], out=values[:, 1:])
            return values

        at_risk, leaving = self._cumulated(part, 1 + x.shape[1])
        return risk, at_risk, leaving

    def second(self, x: Floats, share: Floats) -> Floats:
        """Give the sum over units of squares of covariates times a share, shape (k, k)."""
        found = np.zeros((x.shape[1], x.shape[1]))
        for start in range(0, len(x), ROWS):
            here = x[start : start + ROWS]
            found += here.T @ (here * share[start : start + ROWS, None])
        return found

    def _cumulated(self, part: Callable[[slice], Floats], k: int) -> tuple[Floats, Floats]:
        """Add up blocks of rows by slot, then over those at risk; blocks stay in the processor's cache."""
        ended = np.zeros((2 * self.n_slots, k))
        entered = np.zeros((self.n_slots, k)) if len(self.late) else None
        for start in range(0, len(self.last), ROWS):
            stop = min(start + ROWS, len(self.last))
            values = part(slice(start, stop))
            low, high = (int(np.searchsorted(self.bounds, i, side="right")) - 1 for i in (start, stop - 1))
            bounds = np.maximum(self.bounds[low : high + 1] - start, 0)
            some = np.flatnonzero(np.diff(np.append(bounds, stop - start)) > 0)
            for j in range(k):
                ended[low + some, j] += np.add.reduceat(values[:, j], bounds[some])
            if entered is not None:
                rows = self.late[(self.late >= start) & (self.late < stop)]
                for j in range(k):
                    entered[:, j] += np.bincount(self.first[rows], values[rows - start, j], self.n_slots)
        gone = ended[1::2]
        at_risk = self._from_here(ended[::2] + gone)
        return at_risk if entered is None else at_risk - self._from_here(entered) + entered, gone

    def _from_here(self, values: Floats) -> Floats:
        """Add up over this slot and later ones of its stratum."""
        if self.one_stratum:
            return np.cumsum(values[::-1], axis=0)[::-1]
        total, step = values.copy(), 1
        while step < self.longest:
            same = self.stratum[step:] == self.stratum[:-step]
            total[:-step] += np.where(same[:, None], total[step:], 0.0)
            step *= 2
        return total

    def spread(self, at_risk: Floats, leaving: Floats) -> Floats:
        """Give each unit the weighted sum of slot values while at risk, less that when it leaves."""
        until = np.concatenate([[0.0], np.cumsum(at_risk)])
        share = until[self.last + 1]
        if not self.one_stratum or len(self.late):
            share -= until[self.first]
        spared = np.zeros(2 * self.n_slots)
        spared[1::2] = leaving
        share -= np.repeat(spared, np.diff(self.bounds))
        share *= self.weight
        return share

    def members(self, slot: int) -> tuple[Ints, Floats, Floats]:
        """Give units at risk in a slot, the accounts in each, and those of them who leave."""
        rows = np.flatnonzero((self.first <= slot) & (self.last >= slot))
        leaving = np.where(self.event[rows] & (self.last[rows] == slot), self.n[rows], 0)
        return rows, self.n[rows].astype(float), leaving.astype(float)


def risk_sets(spells: Spells, slots: Slots, n_units: int, *, small: int = SMALL) -> tuple[RiskSets, Ints | None]:
    """Choose tables where they are no larger than the cells, else rows, with the covariate row of each of these."""
    if len(slots) * n_units <= max(4 * len(spells.n), small):
        return PatternSets.of(spells, slots, n_units), None
    rows = RowSets(spells, slots)
    return rows, rows.unit
