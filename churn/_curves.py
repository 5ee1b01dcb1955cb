"""Arrays behind the survival curve: tallies at each time, the product limit, its limits and its quantiles."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ConfType = Literal["log-log", "log", "plain"]

TOLERANCE = float(np.sqrt(np.finfo(float).eps))


class Tallies(NamedTuple):
    """Counts at each distinct time of dropout or censoring, shape (n_times,)."""

    time: Floats
    n_at_risk: Ints
    n_event: Ints
    n_censor: Ints


def merge_near_ties(*times: Floats) -> tuple[Floats, ...]:
    """
    Make times equal that differ by rounding only, as `timefix` in R's survival does.

    Times closer than the square root of the machine epsilon, outright or relative to the mean of the
    distinct times, take the value of the smallest among them. Infinite times stay as they are.
    """
    distinct = np.unique(np.concatenate(times))
    distinct = distinct[np.isfinite(distinct)]
    if len(distinct) < 2 or np.all(distinct == np.round(distinct)):
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


def tally(duration: Floats, event: NDArray[np.bool_], count: Ints, entry: Floats | None) -> Tallies:
    """Count accounts at risk, gone and censored; at risk are those with entry < time <= duration."""
    if entry is not None:
        entry = np.where(np.isnan(entry), -np.inf, entry)
        duration, entry = merge_near_ties(duration, entry)
    else:
        (duration,) = merge_near_ties(duration)
    time, index = _distinct(duration)
    n_event = _sums(index, np.where(event, count, 0), len(time))
    n_censor = _sums(index, np.where(event, 0, count), len(time))
    n_at_risk = np.cumsum((n_event + n_censor)[::-1])[::-1]
    if entry is not None:
        order = np.argsort(entry, kind="stable")
        entered = np.concatenate([[0], np.cumsum(count[order])])
        n_at_risk = n_at_risk - (entered[-1] - entered[np.searchsorted(entry[order], time, side="left")])
    return Tallies(time, n_at_risk, n_event, n_censor)


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


def _sums(index: Ints, count: Ints, n: int) -> Ints:
    total = np.bincount(index, weights=count, minlength=n)
    return np.rint(total).astype(np.int64)


def product_limit(n_at_risk: Ints, n_event: Ints) -> tuple[Floats, Floats]:
    """Give the share retained after each time and the standard error of its logarithm (Greenwood)."""
    some = n_at_risk > 0
    left: Floats = np.ones(len(n_event))
    left[some] = (n_at_risk[some] - n_event[some]) / n_at_risk[some]
    survival = np.cumprod(left, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = n_event / (n_at_risk.astype(np.float64) * (n_at_risk - n_event))
    terms[n_event == 0] = 0.0
    log_error: Floats = np.sqrt(np.cumsum(terms))
    return survival, log_error


def limits(survival: Floats, log_error: Floats, z: float, conf_type: ConfType) -> tuple[Floats, Floats]:
    """
    Give confidence limits of the share retained, NaN where R's survival gives none.

    None where everybody has gone; with `log-log`, none either while nobody has.
    """
    inside = np.where(survival == 0, np.nan, survival)
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "plain":
            error = z * inside * log_error
            return np.maximum(inside - error, 0), np.minimum(inside + error, 1)
        if conf_type == "log":
            width: Floats = np.exp(z * log_error)
            return inside / width, np.minimum(inside * width, 1)
        log_survival = np.log(np.where(inside == 1, np.nan, inside))
        center, error = np.log(-log_survival), z * log_error / log_survival
        low: Floats = np.exp(-np.exp(center - error))
        high: Floats = np.exp(-np.exp(center + error))
        return low, high


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
