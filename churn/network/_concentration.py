"""Arrays behind concentration: Gini coefficient and top shares of counts, what each account adds, resampling."""

from __future__ import annotations

import numpy as np
from scipy import special

from surveys.core.arrays import Floats

BLOCK = 4_000_000
"""Draws that are held at once."""


def gini(value: Floats, n: Floats) -> Floats:
    """
    Give the Gini coefficients of counts of accounts, one for each row of `n`, shape (..., n_values).

    Half the mean difference of two accounts drawn with replacement, over the mean; `value` rises.
    """
    size, total = n.sum(axis=-1), n @ value
    below = np.cumsum(n, axis=-1) - n
    ranks = below + 0.5 * n
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * ((n * ranks) @ value) / (size * total) - 1)


def top_share(value: Floats, n: Floats, top: float) -> Floats:
    """
    Give the share of the total that the top share of accounts holds, one for each row of `n`.

    The accounts at the cut are alike, and those that are needed of them count, the last one in part.
    """
    size, total = n.sum(axis=-1, keepdims=True), n @ value
    above = np.cumsum(n[..., ::-1], axis=-1)[..., ::-1] - n
    counted = np.clip(top * size - above, 0, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((counted @ value) / total)


def gini_influence(value: Floats, n: Floats) -> Floats:
    """Give the influence of an account of each value on the Gini coefficient, which averages to 0."""
    size, mean = n.sum(), n @ value / n.sum()
    until, held = np.cumsum(n), np.cumsum(n * value)
    distance = (value * (2 * until - size) - 2 * held + held[-1]) / size
    delta = n @ distance / size
    coefficient = delta / (2 * mean)
    return np.asarray((distance - delta) / mean - coefficient * (value - mean) / mean)


def top_influence(value: Floats, n: Floats, top: float) -> Floats:
    """Give the influence of an account of each value on the top share, which averages to 0."""
    size, mean = n.sum(), n @ value / n.sum()
    above = np.cumsum(n[::-1])[::-1] - n
    cut = value[np.searchsorted(-above, -top * size, side="left")] if top * size > 0 else value[-1]
    held = np.maximum(value - cut, 0.0) + top * cut
    share = n @ held / (size * mean)
    return np.asarray((held - share * value) / mean)


def linearised_error(influence: Floats, n: Floats) -> float:
    """Give the standard error of a statistic of accounts drawn independently."""
    size = n.sum()
    return float(np.sqrt(n @ influence**2 / (size * (size - 1)))) if size > 1 else np.nan


def resample(n: Floats, replicates: int, seed: int) -> list[Floats]:
    """Draw as many accounts with replacement, `replicates` times, as counts of each value; in blocks of rows."""
    rng = np.random.Generator(np.random.PCG64(seed))
    size, rows = int(n.sum()), max(1, BLOCK // len(n))
    counts = [min(rows, replicates - start) for start in range(0, replicates, rows)]
    return [rng.multinomial(size, n / size, size=count).astype(np.float64) for count in counts]


def bca_limits(drawn: Floats, estimate: float, influence: Floats, n: Floats, conf_level: float) -> tuple[float, float]:
    """
    Give the limits of a bias-corrected and accelerated bootstrap interval.

    Values equal to the estimate count half towards the bias; the acceleration is that of the influence.
    """
    share_below = (np.sum(drawn < estimate) + 0.5 * np.sum(drawn == estimate)) / len(drawn)
    bias = special.ndtri(np.clip(share_below, 0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    square = n @ influence**2
    acceleration = n @ influence**3 / (6 * square**1.5) if square > 0 else 0.0
    z = bias + special.ndtri(np.array([(1 - conf_level) / 2, (1 + conf_level) / 2]))
    low, high = np.quantile(drawn, special.ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)
