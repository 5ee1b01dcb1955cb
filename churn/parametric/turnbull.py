"""
Turnbull's nonparametric maximum likelihood estimate for interval-censored durations, as array functions.

Its own steps of Newton keep masses at 0 or more, which those of `churn.numeric.maximum` would not; lifelines' estimate
gives no influence values, which errors under a design need.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Codes, Floats

MOST_ROUNDS = 60
EM_STEPS = 20
PRECISION = 1e-9
SLACK = 1e-7
NEGLIGIBLE = 1e-5
NOTHING = 1e-9
MOST_STEPS = 60


def half_open(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """
    Write durations as intervals that do not hold their lower end.

    A duration known exactly has the float just below it as its lower end; a lower end of 0 becomes minus
    infinity, so that those who leave at once belong to the first band.
    """
    exact = low == high
    below = np.where(exact, np.nextafter(low, -np.inf), low)
    return np.where((below <= 0) & ~(exact & (low > 0)), -np.inf, below), high


@dataclass(frozen=True, eq=False)
class IntervalShares:
    """
    Shares retained at chosen times, where durations lie in half-open intervals (Turnbull).

    Attributes
    ----------
    low, high : ndarray of float, shape (n_counted,)
        Each duration is more than `low` and at most `high`, which may be infinite.
    row : ndarray of int, shape (n_counted,)
        Row of the sample.
    n_rows : int
        Rows of the sample.
    times : ndarray of float, shape (k,)
    """

    low: Floats
    high: Floats
    row: Codes
    n_rows: int
    times: Floats

    @cached_property
    def _distinct(self) -> tuple[Floats, Codes]:
        pairs, place = np.unique(np.column_stack([self.low, self.high]), axis=0, return_inverse=True)
        return pairs, place.reshape(-1)

    @cached_property
    def support(self) -> tuple[Floats, Floats]:
        """The intervals that can hold mass: from a lower end to the next end, where that is an upper one."""
        pairs, _ = self._distinct
        lows, highs = np.unique(pairs[:, 0]), np.unique(pairs[:, 1])
        ends = np.concatenate([lows, highs])
        upper = np.concatenate([np.zeros(len(lows), bool), np.ones(len(highs), bool)])
        order = np.lexsort((~upper, ends))
        ends, upper = ends[order], upper[order]
        innermost = np.flatnonzero(~upper[:-1] & upper[1:])
        return ends[innermost], ends[innermost + 1]

    @cached_property
    def _inside(self) -> Floats:
        """Which supports each distinct interval holds, shape (n_distinct, n_supports)."""
        pairs, _ = self._distinct
        low, high = self.support
        return np.asarray((pairs[:, :1] <= low) & (high <= pairs[:, 1:]), float)

    def masses(self, weights: Floats) -> Floats:
        """Maximise the weighted likelihood over the masses of the supports (EM and Newton), shape (n_supports,)."""
        pairs, place = self._distinct
        together = np.bincount(place, weights[self.row], len(pairs))
        total = together.sum()
        if not total > 0:
            return np.full(self._inside.shape[1], np.nan)
        share, inside = together / total, self._inside
        counted = share > 0
        share, inside = share[counted], inside[counted]

        mass = np.full(inside.shape[1], 1 / inside.shape[1])
        for _ in range(MOST_ROUNDS):
            for _ in range(EM_STEPS):
                mass = _accelerated(mass, share, inside)
            mass = _newton(mass, share, inside)
            if (inside.T @ (share / (inside @ mass))).max() < 1 + SLACK:
                break
        return mass

    def _beyond(self) -> Floats:
        """Which supports lie after each time, shape (n_supports, k)."""
        return (self.support[0][:, None] >= self.times).astype(float)

    def value(self, weights: Floats) -> Floats:
        """Give the share retained at each time, shape (k,)."""
        return self.masses(weights) @ self._beyond()

    def influence(self, weights: Floats) -> Floats:
        """Linearise: scores of the supports that hold mass, times the inverse of their information."""
        _, place = self._distinct
        mass = self.masses(weights)
        held = mass > NOTHING
        inside, p, beyond = self._inside[:, held], mass[held], self._beyond()[held]
        total = inside @ p
        score = np.divide(inside, total[:, None], out=np.zeros_like(inside), where=total[:, None] > 0)
        free = _zero_sum(len(p))
        together = np.bincount(place, weights[self.row], len(total))
        projected = score @ free
        information = (projected * together[:, None]).T @ projected
        change = projected @ np.linalg.pinv(information, hermitian=True) @ free.T @ beyond
        influence = np.zeros((self.n_rows, len(self.times)))
        influence[self.row] = change[place]
        return influence

    def told(self, weights: Floats) -> NDArray[np.bool_]:
        """Tell at which times the share is known: not within a support that holds mass, nor beyond what was seen."""
        low, high = self.support
        held = self.masses(weights) > NOTHING
        within = (low[held, None] < self.times) & (self.times < high[held, None])
        finite = np.concatenate([self.high[np.isfinite(self.high)], self.low[np.isfinite(self.low)]])
        return np.asarray(~within.any(axis=0) & (self.times <= finite.max(initial=0.0)), bool)


def _likelihood(mass: Floats, share: Floats, inside: Floats) -> float:
    held = inside @ mass
    return float(share @ np.log(held)) if (held > 0).all() else -np.inf


def _accelerated(mass: Floats, share: Floats, inside: Floats) -> Floats:
    """Take two steps of the EM algorithm, and leap along them where that raises the likelihood (SQUAREM)."""
    first = mass * (inside.T @ (share / (inside @ mass)))
    second = first * (inside.T @ (share / (inside @ first)))
    change, curve = first - mass, second - 2 * first + mass
    bend = float(np.sqrt(np.square(curve).sum()))
    if bend < PRECISION**2:
        return np.asarray(second / second.sum())
    size = float(np.sqrt(np.square(change).sum())) / bend
    leap: Floats = mass + 2 * size * change + size**2 * curve
    if (leap < 0).any() or _likelihood(leap / leap.sum(), share, inside) < _likelihood(second, share, inside):
        return np.asarray(second / second.sum())
    return np.asarray(leap / leap.sum())


def _newton(mass: Floats, share: Floats, inside: Floats) -> Floats:
    """Maximise by Newton's method over the supports that hold mass, giving up those that reach 0."""
    start, reached = mass, _likelihood(mass, share, inside)
    mass = np.where(mass > NEGLIGIBLE, mass, 0.0)
    for _ in range(MOST_STEPS):
        held = mass > 0
        within = inside[:, held]
        total = within @ mass[held]
        if not (total > 0).all():
            return start
        scaled = within * (np.sqrt(share) / total)[:, None]
        gradient = within.T @ (share / total) - 1
        step = np.linalg.lstsq(scaled.T @ scaled, gradient, rcond=1e-12)[0]
        falling = step < 0
        room = -mass[held][falling] / step[falling]
        far = min(1.0, float(room.min(initial=np.inf)))
        moved = mass[held] + far * step
        if far < 1:
            moved[np.flatnonzero(falling)[room <= far * (1 + 1e-12)]] = 0.0
        mass = mass.copy()
        mass[held] = np.maximum(moved, 0.0)
        if far == 1 and np.abs(step).max(initial=0.0) < PRECISION:
            break
    mass = mass / mass.sum()
    return mass if _likelihood(mass, share, inside) >= reached else start


def _zero_sum(k: int) -> Floats:
    """Give orthogonal directions in which masses keep their sum, shape (k, k - 1)."""
    full = np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0]
    return np.asarray(full[:, 1:])
