"""Array functions of life tables: the actuarial method, and time at risk split at breaks of tenure."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from surveys.core.arrays import Bools, Floats, Ints


class Intervals(NamedTuple):
    """The actuarial method, interval by interval, shape (n_intervals,)."""

    n_enter: Ints
    n_event: Ints
    n_censor: Ints
    n_effective: Floats
    dropout: Floats
    survival: Floats
    log_std_error: Floats
    hazard: Floats
    hazard_std_error: Floats


def actuarial(duration: Floats, event: Bools, count: Ints, breaks: Floats) -> Intervals:
    """Count accounts in the intervals [a, b), those censored in one as there for half of it."""
    size, width = len(breaks) - 1, np.diff(breaks)
    place = np.searchsorted(breaks, duration, side="right") - 1
    inside = (place >= 0) & (place < size)
    gone, censored = (
        np.rint(np.bincount(place[inside & kind], count[inside & kind], size)).astype(np.int64)
        for kind in (event, ~event)
    )
    later = int(count[place >= size].sum())
    n_enter = np.cumsum((gone + censored)[::-1])[::-1] + later
    effective = n_enter - censored / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        dropout = gone / effective
        survival = np.cumprod(1 - dropout, dtype=np.float64)
        terms = np.where(gone == 0, 0.0, dropout / (effective - gone))
        hazard = gone / (width * (effective - gone / 2))
        error = hazard * np.sqrt((1 - (hazard * width / 2) ** 2) / gone)
    return Intervals(
        n_enter=n_enter,
        n_event=gone,
        n_censor=censored,
        n_effective=effective,
        dropout=dropout,
        survival=survival,
        log_std_error=np.sqrt(np.cumsum(terms)),
        hazard=hazard,
        hazard_std_error=np.where(gone > 0, error, np.nan),
    )


def time_at_risk(
    duration: Floats, event: Bools, entry: Floats, count: Ints, group: Ints, k: int, breaks: Floats
) -> tuple[Ints, Floats]:
    """
    Add up departures and time at risk by group and interval (a, b] of tenure, shape (k, n_intervals).

    A departure at the first break itself counts in the first interval.
    """
    entered = np.where(np.isnan(entry), 0.0, entry)
    n_event, time = np.zeros((k, len(breaks) - 1), np.int64), np.zeros((k, len(breaks) - 1))
    for i, (low, high) in enumerate(pairwise(breaks)):
        spent = np.minimum(duration, high) - np.maximum(entered, low)
        time[:, i] = np.bincount(group, count * np.maximum(spent, 0.0), k)
        here = event & (duration <= high) & ((duration > low) | ((i == 0) & (duration == low)))
        n_event[:, i] = np.rint(np.bincount(group[here], count[here], k))
    return n_event, time


def poisson_limits(n_event: Ints, conf_level: float) -> tuple[Floats, Floats]:
    """Give the exact limits of the mean of a Poisson count."""
    tail = (1 - conf_level) / 2
    low = np.where(n_event > 0, special.gammaincinv(np.maximum(n_event, 1), tail), 0.0)
    return low, np.asarray(special.gammainccinv(n_event + 1, tail))
