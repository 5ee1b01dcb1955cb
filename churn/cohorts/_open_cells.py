"""Going forward from what was observed of a cohort, by the steps of those that were observed longer."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from surveys.core.arrays import Bools, Floats, Ints
from surveys.core.intervals import normal_quantile

ENOUGH_COHORTS = 4
"""Cohorts observed at both ages, with fewer of which their dispersion between two ages is not measured."""
SMALLEST_LOSS = 0.02
"""Share lost in a step under which no step counts as more precise."""
MOST_BASES = 100
"""Ages from which dispersion is measured; where there are more, each takes that of the nearest one below."""


def project(
    share: Floats,
    eligible: Ints,
    active: Ints,
    before: Ints,
    complete: Bools,
    *,
    certain: bool,
    nested: bool,
    conf_level: float,
    n_accounts: Ints | None = None,
) -> tuple[Floats, Floats, Floats]:
    """
    Go forward from each cohort's last complete share by the steps of all eligible accounts.

    Arrays have shape (n_cohorts, n_ages); so have the projected shares and the limits within which the share of
    the cohort will lie, NaN where complete. `certain` says that every account is active in the first window,
    `nested` that whoever is active in a window was so in the one before. `n_accounts`, shape (n_cohorts,), are the
    accounts of each cohort: the most that were eligible, if not given.
    """
    sizes = np.asarray(eligible.max(axis=1) if n_accounts is None else n_accounts, np.float64)
    base = _bases(active, complete, sizes, certain=certain)
    chain = _chained(share, eligible, active, before, complete, base.age, certain=certain, nested=nested)
    trend = _trends(active, before, nested=nested)
    middle = np.minimum(chain.middle * np.exp(trend.since(base.age)), 1.0)
    level = np.asarray(active * np.exp(-trend.size), np.float64)
    spread, df = _dispersion(active, level, complete, base.age, nested=nested, sizes=sizes, lost=trend.lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        onward = np.minimum(middle * sizes[:, None] / base.accounts, 1.0)
        drawn = np.where(base.accounts > 0, (1 - onward) / (onward * base.accounts), np.nan)
        relative = drawn + chain.variance + spread + trend.variance(base.age)
        degrees = np.where(spread > 0, relative**2 / (spread**2 / df), np.inf)
    low, high = _limits(middle, relative, degrees, sizes[:, None], conf_level)
    gone = nested & (base.accounts == 0) & ~np.isnan(middle)
    return middle, np.where(gone, 0.0, low), np.where(gone, 0.0, high)


class _Trends(NamedTuple):
    """
    By how much steps rise or fall from cohort to cohort: the first step, and those after it by one slope.

    `reach` holds, for the first step and for the others, the cohorts between a cohort and those that its steps were
    measured on, added up to each age, shape (2, n_cohorts, n_ages).
    """

    slope: Floats
    error: Floats
    reach: Floats

    @property
    def lost(self) -> int:
        """Degrees of freedom that the slope of a step takes from the dispersion of cohorts."""
        return int((self.error > 0).any())

    @property
    def size(self) -> Floats:
        """Logarithm of what the trends make of each cell, from age 0."""
        return np.asarray(np.tensordot(self.slope, self.reach, 1))

    def since(self, base: Ints) -> Floats:
        """Logarithm of what the trends make of each cell, from its base."""
        return np.asarray(np.tensordot(self.slope, self._after(base), 1))

    def variance(self, base: Ints) -> Floats:
        """Variance of that, from the errors of the slopes."""
        return np.asarray(np.tensordot(self.error**2, self._after(base) ** 2, 1))

    def _after(self, base: Ints) -> Floats:
        rows = np.arange(base.shape[0])[:, None]
        return np.asarray(self.reach - self.reach[:, rows, np.maximum(base, 0)])


def _trends(active: Ints, before: Ints, *, nested: bool) -> _Trends:
    """Fit a line through the steps of the cohorts, weighted by how well each is known; none through too few."""
    n_cohorts, n_ages = active.shape
    cohort = np.arange(n_cohorts, dtype=np.float64)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        start = before.sum(axis=0)
        step = active.sum(axis=0) / start
        apart = np.nan_to_num(np.where(before > 0, active / (before * step) - 1, 0.0))
        weight = np.nan_to_num(np.where(before > 0, before * step / np.maximum(1 - step, SMALLEST_LOSS), 0.0))
        distance = np.nan_to_num(cohort - (before * cohort).sum(axis=0) / start)
    slope, error, reach = np.zeros(2), np.zeros(2), np.zeros((2, n_cohorts, n_ages))
    for i, ages in enumerate((slice(1, 2), slice(2, n_ages))):
        w, d, e = weight[:, ages], distance[:, ages], apart[:, ages]
        known, room = w > 0, float((w * d**2).sum())
        free = int(known.sum()) - int(known.any(axis=0).sum()) - 1
        if known.sum(axis=0).max(initial=0) < ENOUGH_COHORTS or not room > 0 or free < 1:
            continue
        slope[i] = float((w * d * e).sum()) / room
        scatter = float((w * (e - slope[i] * d) ** 2).sum()) / free
        error[i] = np.sqrt((max(scatter, 1.0) if nested else scatter) / room)
        reach[i, :, ages] = d
    return _Trends(slope, error, np.cumsum(reach, axis=2))


class _Chain(NamedTuple):
    middle: Floats
    variance: Floats


def _chained(
    share: Floats,
    eligible: Ints,
    active: Ints,
    before: Ints,
    complete: Bools,
    base: Ints,
    *,
    certain: bool,
    nested: bool,
) -> _Chain:
    """
    Multiply each last complete share by the steps after it.

    The relative variance is that of the steps alone: Greenwood's where accounts only leave. Otherwise the same
    accounts stand above and below in steps that follow each other, and what remains is the variance of the two ends.
    """
    shape = share.shape
    middle, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    known = np.where(complete, share, np.nan)
    if certain:
        middle[~complete[:, 0], 0], variance[~complete[:, 0], 0] = 1.0, 0.0
    total, start, n = active.sum(axis=0), before.sum(axis=0), eligible.sum(axis=0)
    for k in range(1, shape[1]):
        if not start[k]:
            continue
        from_share = np.where(complete[:, k - 1], known[:, k - 1], middle[:, k - 1])
        middle[:, k] = np.where(complete[:, k], np.nan, np.minimum(from_share * total[k] / start[k], 1))
        if nested:
            so_far, apart = np.where(complete[:, k - 1], 0.0, variance[:, k - 1]), _log_variance(total[k], start[k])
        else:
            so_far = np.where(base[:, k] > 0, _log_variance(total[np.maximum(base[:, k], 0)], n[k]), 0.0)
            apart = _log_variance(total[k], n[k])
        variance[:, k] = np.where(complete[:, k], np.nan, so_far + apart)
    return _Chain(middle, variance)


class _Bases(NamedTuple):
    age: Ints
    accounts: Floats


def _bases(active: Ints, complete: Bools, sizes: Floats, *, certain: bool) -> _Bases:
    """Find, for each cell, the last complete age before it and the accounts active then."""
    age = np.full(complete.shape, -1)
    count = np.full(complete.shape, np.nan)
    if certain:
        age[:, 0], count[:, 0] = 0, sizes
    for k in range(1, complete.shape[1]):
        last = complete[:, k - 1]
        age[:, k] = np.where(last, k - 1, age[:, k - 1])
        count[:, k] = np.where(last, active[:, k - 1], count[:, k - 1])
    return _Bases(age, count)


def _dispersion(
    active: Ints, level: Floats, complete: Bools, base: Ints, *, nested: bool, sizes: Floats, lost: int
) -> tuple[Floats, Floats]:
    """
    Measure how far cohorts differ in what is left from one age to another, beyond chance and beyond their trend.

    `level` are active accounts without the trend.
    Gives, for each cell, the relative variance between cohorts from its base to its age, and its degrees of
    freedom. The moment estimate of a random effect, from the cohorts that were observed at both ages; where these
    are too few, that to the last age at which they are enough, and where there is none, that of a single step,
    as often as there are steps.
    """
    found, df = np.zeros(base.shape), np.ones(base.shape)
    row, age = np.nonzero((base >= 0) & ~complete & (np.arange(base.shape[1]) > base))
    start = base[row, age]
    wanted = np.unique(start)
    taken = wanted if len(wanted) <= MOST_BASES else wanted[np.linspace(0, len(wanted) - 1, MOST_BASES).astype(int)]
    one_step, known = _single_steps(level, complete, lost)
    for at, until in pairwise([*taken.tolist(), base.shape[1]]):
        here = np.flatnonzero((start >= at) & (start < until))
        r, k, j = row[here], age[here], start[here]
        between, cohorts = _between(level, complete, int(at), lost)
        ages = np.arange(len(cohorts))
        last = np.maximum.accumulate(np.where((cohorts >= ENOUGH_COHORTS) & (ages > at), ages, -1))[k - (j - at)]
        told = last >= 0
        alone = 0.0 if nested else np.where(j > 0, 1 / np.maximum(active[r, j], 1) - 1 / sizes[r], 0.0)
        found[r, k] = np.where(told, between[np.maximum(last, 0)], one_step * (k - j) + alone)
        df[r, k] = np.where(told, cohorts[np.maximum(last, 0)] - 1 - lost, known)
    return found, np.maximum(df, 1.0)


def _between(active: Floats, complete: Bools, j: int, lost: int) -> tuple[Floats, Ints]:
    """Give the relative variance of another cohort from age j to each age, and how many cohorts tell it."""
    start = np.where(complete[:, j], active[:, j], 0.0)
    both = complete & (start > 0)[:, None]
    weight = np.where(both, start[:, None], 0.0)
    total, cohorts = weight.sum(axis=0), both.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        onward = np.where(both, active, 0).sum(axis=0) / total
        apart = np.where(both, (active / start[:, None] - onward) ** 2 * weight, 0.0).sum(axis=0)
        free = np.maximum(cohorts - 1 - lost, 1)
        chance = free * np.maximum(onward * (1 - onward), 0.0)
        room = onward**2 * (total - (weight**2).sum(axis=0) / total) * free / np.maximum(cohorts - 1, 1)
        found = np.where(room > 0, np.maximum(apart - chance, 0.0) / room * (1 + 1 / cohorts), 0.0)
    return np.nan_to_num(found), cohorts


def _single_steps(active: Floats, complete: Bools, lost: int) -> tuple[float, float]:
    """Give the relative variance between cohorts of one step, the mean over ages by their cohorts."""
    variance, weight = 0.0, 0
    for j in range(1, complete.shape[1] - 1):
        between, cohorts = _between(active[:, j : j + 2], complete[:, j : j + 2], 0, lost)
        if cohorts[1] >= 2 + lost:
            variance += float(between[1]) * (int(cohorts[1]) - 1 - lost)
            weight += int(cohorts[1]) - 1 - lost
    return (variance / weight, float(weight)) if weight else (0.0, 1.0)


def _limits(
    middle: Floats, relative: Floats, degrees: Floats, sizes: Floats, conf_level: float
) -> tuple[Floats, Floats]:
    """Put limits around shares of cohorts by a beta distribution of their mean and variance, on whole accounts."""
    tail = (1 - conf_level) / 2
    wider = special.stdtrit(np.where(np.isfinite(degrees), np.maximum(degrees, 1.0), 1.0), 1 - tail)
    wider = np.where(np.isfinite(degrees), wider / normal_quantile(conf_level), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (middle > 0) & (middle < 1) & np.isfinite(relative)
        variance = np.clip(relative * (middle * wider) ** 2, 1e-12, 0.98 * middle * (1 - middle))
        size = middle * (1 - middle) / variance - 1
        ends = []
        for at, sure in ((tail, middle), (1 - tail, middle)):
            quantile = special.betaincinv(
                np.where(inside, middle * size, 1.0), np.where(inside, (1 - middle) * size, 1.0), at
            )
            whole = np.rint(quantile * sizes) / sizes
            ends.append(np.where(inside, whole, np.where(middle == 1, sure, np.nan)))
    return np.minimum(ends[0], middle), np.maximum(ends[1], middle)


def _log_variance(active: Ints, n: Ints) -> Floats:
    """Give the variance of the logarithm of a share, 0 where nobody is missing."""
    active, n = np.asarray(active, np.float64), np.asarray(n, np.float64)
    found: Floats = np.full(np.broadcast_shapes(active.shape, n.shape), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((active > 0) & (n > 0), np.maximum(1 / active - 1 / n, 0.0), found)
