"""Products of shares on the logarithm: covariance and parametric draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from surveys.core.arrays import Floats


def draw_factors(
    factors: Floats, parts: Sequence[tuple[Floats, float]], *, size: int, rng: np.random.Generator
) -> Floats:
    """
    Draw shares around their estimates on the logit, the parts being independent of each other.

    Each part gives deviations of the logarithms, shape (m, k), and degrees of freedom: its draws are of a
    multivariate t of that many. Factors known exactly, or without a logit, are kept as they are. Shape (size, k).
    """
    with np.errstate(divide="ignore"):
        middle = special.logit(factors)
    moved = np.zeros((size, len(factors)))
    for deviations, df in parts:
        root = np.linalg.qr(deviations, mode="r")
        noise = rng.standard_normal((size, len(root))) @ root
        if np.isfinite(df):
            noise /= np.sqrt(rng.chisquare(df, (size, 1)) / df)
        moved += noise
    known = ~np.any([np.any(deviations != 0, axis=0) for deviations, _ in parts], axis=0)
    known |= (factors <= 0) | (factors >= 1)
    drawn = special.expit(np.where(known, 0.0, middle) + np.where(known, 0.0, moved / np.where(known, 1, 1 - factors)))
    return np.where(known, factors, drawn)


def nested_deviations(first: float, second: float, n: int) -> Floats:
    """
    Give deviations of the logarithms of a share and of the next step's share of it, from one sample.

    Whoever takes the second step took the first, so that the two are independent: the share of those who
    go on is binomial among those who could.
    """
    onward = second / first
    return np.diag(np.sqrt([(1 - first) / (n * first), (1 - onward) / (n * first * onward)]))


def rounding_deviations(values: Sequence[float], half_units: Sequence[float]) -> Floats:
    """
    Give deviations of the logarithms of steps from shares of everybody that were rounded.

    A rounded figure lies anywhere within half a unit with the same chance, which is a variance of a
    third of its square. One row for each figure, one column for each step.
    """
    relative = np.asarray(half_units) / np.sqrt(3) / np.asarray(values)
    steps = np.eye(len(relative)) - np.eye(len(relative), k=1)
    deviations: Floats = relative[:, None] * steps
    return deviations
