"""Arrays behind survival curves: tallies at each time, the product limit, cumulative hazards, limits and quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from surveys.core.arrays import Amounts, Bools, Floats, Ints

ConfType = Literal["log-log", "log", "plain"]

TOLERANCE = float(np.sqrt(np.finfo(float).eps))
SUMMED = 32


class Tallies(NamedTuple):
    """Counts at each distinct time of dropout or censoring, or sums of weights, shape (..., n_times)."""

    n_at_risk: Amounts
    n_event: Amounts
    n_censor: Amounts


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """
    When each cell of accounts is at risk, as places among the distinct times of dropout or censoring.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Distinct times, rising.
    first : ndarray of int, shape (n_cells,), or None
        Place of the first time after entry; None where all are at risk from the start.
    last : ndarray of int, shape (n_cells,)
        Place of the time of dropout or censoring.
    event : ndarray of bool, shape (n_cells,)
        True for dropout.
    """

    time: Floats
    first: Ints | None
    last: Ints
    event: Bools

    @classmethod
    def of(cls, duration: Floats, event: Bools, entry: Floats | None) -> Timeline:
        """Place cells at risk at entry < time <= duration; an entry of NaN, or None for all, is from the start."""
        if entry is None or np.isnan(entry).all():
            (duration,) = merge_near_ties(duration)
            time, last = _distinct(duration)
            return cls(time, None, last, event)
        duration, entry = merge_near_ties(duration, np.where(np.isnan(entry), -np.inf, entry))
        time, last = _distinct(duration)
        return cls(time, np.searchsorted(time, entry, side="right").astype(np.int64), last, event)

    def tally(self, amount: Amounts, level: Ints | None = None, n_levels: int = 1) -> Tallies:
        """
        Add up an amount of each cell, such as its accounts, among those at risk, gone and censored.

        Without `level`, arrays have shape (n_times,); with it, (n_levels, n_times).
        """
        size = (n_levels, len(self.time))
        start = np.int64(0) if level is None else level * len(self.time)
        gone = _sums(start + self.last, np.where(self.event, amount, 0), size)
        censored = _sums(start + self.last, np.where(self.event, 0, amount), size)
        at_risk = np.cumsum((gone + censored)[:, ::-1], axis=1)[:, ::-1]
        if self.first is not None:
            later = np.cumsum(_sums(start + self.first - 1, amount, size, self.first > 0)[:, ::-1], axis=1)[:, ::-1]
            at_risk = at_risk - later
        parts = (at_risk, gone, censored)
        return Tallies(*parts) if level is not None else Tallies(*(part[0] for part in parts))


def _sums(place: Ints, amount: Amounts, size: tuple[int, int], kept: Bools | None = None) -> Amounts:
    if kept is not None and not kept.all():
        place, amount = place[kept], amount[kept]
    total = np.bincount(place, weights=amount, minlength=size[0] * size[1]).reshape(size)
    return np.rint(total).astype(np.int64) if np.issubdtype(amount.dtype, np.integer) else total


def _distinct(duration: Floats) -> tuple[Floats, Ints]:
    limit = 4 * len(duration) + 10_000
    if len(duration) and duration.min() >= 0 and duration.max() < limit and np.all(duration == np.floor(duration)):
        whole = duration.astype(np.int64)
        found = np.flatnonzero(np.bincount(whole))
        position = np.zeros(found[-1] + 1, np.int64)
        position[found] = np.arange(len(found))
        return found.astype(np.float64), position[whole]
    time, index = np.unique(duration, return_inverse=True)
    return time, index.astype(np.int64)


def merge_near_ties(*times: Floats) -> tuple[Floats, ...]:
    """
    Make times equal that differ by rounding only, as `timefix` in R's survival does.

    Times closer than the square root of the machine epsilon, outright or relative to the mean of the
    distinct times, take the value of the smallest among them. Infinite times stay as they are.
    """
    if all(np.all(values == np.floor(values)) for values in times):
        return times
    distinct = np.unique(np.concatenate(times))
    distinct = distinct[np.isfinite(distinct)]
    if len(distinct) < 2:
        return times
    steps = np.diff(distinct)
    same = (steps <= TOLERANCE) | (steps / np.abs(distinct).mean() <= TOLERANCE)
    if not same.any():
        return times
    cuts = distinct[np.r_[True, ~same]]
    merged = []
    for values in times:
        finite = np.isfinite(values)
        index = np.searchsorted(cuts, np.where(finite, values, cuts[0]), side="right") - 1
        merged.append(np.where(finite, cuts[index], values))
    return tuple(merged)


def weighted_tallies(timeline: Timeline, accounts: Tallies, count: Ints, weight: Floats | None) -> Tallies:
    """
    Tally sums of weights, given the tallies of accounts; they are exactly 0 where nobody is.

    `n_at_risk` minus `n_event` is exactly 0, too, where everybody at risk goes.
    """
    if weight is None:
        return accounts
    sums = timeline.tally(count * weight)
    at_risk = np.where(accounts.n_at_risk == 0, 0.0, sums.n_at_risk)
    gone = np.where(accounts.n_at_risk == accounts.n_event, at_risk, sums.n_event)
    return Tallies(at_risk, gone, sums.n_censor)


def divide(above: Amounts, below: Amounts) -> Floats:
    """Divide, with 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below != 0)


def product_limit(tallies: Tallies) -> tuple[Floats, Floats]:
    """Give the share retained after each time and the standard error of its logarithm (Greenwood)."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    left: Floats = np.ones(len(gone))
    np.divide(at_risk - gone, at_risk, out=left, where=at_risk > 0)
    survival = np.cumprod(left, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = gone / (at_risk * (at_risk - gone))
    terms[gone == 0] = 0.0
    log_error: Floats = np.sqrt(np.cumsum(terms))
    return survival, log_error


def cumulative_hazard(tallies: Tallies) -> tuple[Floats, Floats]:
    """Give Nelson and Aalen's sum of d/n after each time, and its standard error, the root of the sum of d/n²."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    steps = divide(gone, at_risk)
    return np.cumsum(steps), np.sqrt(np.cumsum(divide(steps, at_risk)))


def tie_corrected_hazard(tallies: Tallies, n_gone: Ints) -> tuple[Floats, Floats]:
    """
    Give Fleming and Harrington's sum, in which those gone at a time go one after the other.

    Of each time, the sum of 1/n, 1/(n-1), ..., and of their squares for the variance; under weights, each
    of the `n_gone` accounts takes their mean weight with it.
    """
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    some = n_gone > 0
    each = gone[some] / n_gone[some]
    first, second = reciprocals(at_risk[some] / each, n_gone[some])
    steps, squares = np.zeros(len(gone)), np.zeros(len(gone))
    steps[some], squares[some] = first, second / each
    return np.cumsum(steps), np.sqrt(np.cumsum(squares))


def reciprocals(top: Floats, terms: Ints) -> tuple[Floats, Floats]:
    """
    Sum 1/(top - k) and 1/(top - k)² over k = 0, ..., terms - 1, at a cost that does not grow with the terms.

    The last terms are summed as they are, the others by the formula of Euler and Maclaurin.
    """
    k = np.arange(SUMMED)
    bottom = top - terms + 1
    near = np.where(k < terms[:, None], bottom[:, None] + k, np.inf)
    first, second = (1 / near).sum(axis=1), (1 / near**2).sum(axis=1)
    far = terms > SUMMED
    low, n = (bottom + SUMMED)[far], (terms - SUMMED)[far].astype(np.float64)
    high = low + n - 1
    gap = n - 1
    inverse = {power: 1 / low**power - 1 / high**power for power in (4, 6)}
    square = gap * (low + high) / (low * high) ** 2
    cube = gap * (low**2 + low * high + high**2) / (low * high) ** 3
    first[far] += np.log1p(gap / low) + (1 / low + 1 / high) / 2 + square / 12 - inverse[4] / 120 + inverse[6] / 252
    second[far] += (
        gap / (low * high)
        + (1 / low**2 + 1 / high**2) / 2
        + cube / 6
        - (1 / low**5 - 1 / high**5) / 30
        + (1 / low**7 - 1 / high**7) / 42
    )
    return first, second


def limits(survival: Floats, log_error: Floats, z: float, conf_type: ConfType) -> tuple[Floats, Floats]:
    """
    Give confidence limits of the share retained, NaN where R's survival gives none.

    None where everybody has gone, unless the error is 0 there and the limits are plain; with `log-log`,
    none either while nobody has gone.
    """
    inside = np.where(survival == 0, np.nan, survival)
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "plain":
            error = z * survival * log_error
            return np.maximum(survival - error, 0), np.minimum(survival + error, 1)
        if conf_type == "log":
            width: Floats = np.exp(z * log_error)
            return inside / width, np.minimum(inside * width, 1)
        log_survival = np.log(np.where(inside == 1, np.nan, inside))
        center, error = np.log(-log_survival), z * log_error / log_survival
        low: Floats = np.exp(-np.exp(center - error))
        high: Floats = np.exp(-np.exp(center + error))
        return low, high


def remaining_area(time: Floats, survival: Floats, start: float, until: float) -> Floats:
    """Give the area under a curve up to a horizon from its start, then from each time: shape (n_times + 1,)."""
    ends = np.clip(np.concatenate([[start], time, [np.inf]]), start, until)
    areas = np.concatenate([[1.0], survival]) * np.diff(ends)
    return np.cumsum(areas[::-1])[::-1]


def greenwood_sum(tallies: Tallies, remaining: Floats) -> float:
    """Give the variance of the area under a curve, from the area that remains after each time."""
    at_risk, gone = tallies.n_at_risk.astype(np.float64), tallies.n_event.astype(np.float64)
    return float(np.sum(remaining**2 * divide(gone, at_risk * (at_risk - gone))))


def crossing(time: Floats, survival: Floats, share_gone: float, last: float) -> float:
    """
    Find the first time by which a share has gone, NaN if it never has.

    Where the curve is flat at exactly that share, up to rounding, the middle of the flat stretch, as
    `quantile.survfit` of R's survival; a curve that stays there to the end is taken to `last`.
    """
    gone = 1 - survival
    reached = np.flatnonzero(gone >= share_gone - TOLERANCE)
    if not len(reached):
        return np.nan
    passed = np.flatnonzero(gone >= share_gone + TOLERANCE)
    first = float(time[reached[0]])
    if abs(gone[reached[0]] - share_gone) >= TOLERANCE:
        return first
    return (first + (float(time[passed[0]]) if len(passed) else last)) / 2
