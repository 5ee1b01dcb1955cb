"""Arrays behind accounts that are never closed: the BG/NBD likelihood of their activity, and what it expects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveys.core.arrays import Floats

NEAR_ONE = 1e-6
WIDTH = 1e-5


def log_likelihood(frequency: Floats, recency: Floats, age: Floats, n: Floats) -> Callable[[NDArray[Any]], Any]:
    """
    Give the likelihood of repeat activity, a function of the logarithms of r, alpha, a and b.

    Parameters
    ----------
    frequency : ndarray of float, shape (n_cells,)
        Times seen again after the first.
    recency, age : ndarray of float, shape (n_cells,)
        Time from the first to the last, and from the first to the end of observation.
    n : ndarray of float, shape (n_cells,)
        Accounts.

    Returns
    -------
    callable
    """
    times, place = np.unique(frequency, return_inverse=True)
    accounts = np.bincount(place, n)
    again = frequency > 0
    before = np.where(again, frequency - 1, 0.0)

    def value(theta: NDArray[Any]) -> Any:
        r, alpha, a, b = np.exp(theta)
        counted = special.loggamma(r + times) - special.loggamma(r) + r * theta[1]
        counted = counted + special.loggamma(b + times) - special.loggamma(b)
        counted = counted + special.loggamma(a + b) - special.loggamma(a + b + times)
        alive = -(r + frequency) * np.log(alpha + age)
        gone = theta[2] - np.log(b + before) - (r + frequency) * np.log(alpha + recency)
        highest = np.where(again, np.maximum(alive.real, gone.real), alive.real)
        both = np.exp(alive - highest) + np.where(again, np.exp(np.where(again, gone, highest) - highest), 0.0)
        return accounts @ counted + n @ (highest + np.log(both))

    return value


def score(frequency: Floats, recency: Floats, age: Floats, n: Floats) -> Callable[[Floats], Floats]:
    """Give the gradient of `log_likelihood`, shape (4,)."""
    times, place = np.unique(frequency, return_inverse=True)
    accounts = np.bincount(place, n)
    again = frequency > 0
    before = np.where(again, frequency - 1, 0.0)

    def value(theta: Floats) -> Floats:
        r, alpha, a, b = np.exp(theta)
        stays = alive(theta, frequency, recency, age)
        kept, gone = n * stays, n * (1 - stays)
        until, since = alpha + age, alpha + recency
        both = special.psi(a + b) - special.psi(a + b + times)
        more = special.psi(r + times) - special.psi(r) + theta[1]
        of_r = accounts @ more - kept @ np.log(until) - gone @ np.log(since)
        of_alpha = n.sum() * r / alpha - (r + frequency) @ (kept / until + gone / since)
        of_a = accounts @ both + gone.sum() / a
        of_b = accounts @ (special.psi(b + times) - special.psi(b) + both) - gone @ (1 / (b + before))
        return np.array([r * of_r, alpha * of_alpha, a * of_a, b * of_b])

    return value


def alive(theta: Floats, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """Give the probability that each account has not gone."""
    r, alpha, a, b = np.exp(theta)
    again = frequency > 0
    before = np.where(again, frequency - 1, 0.0)
    log_odds = np.log(a) - np.log(b + before) + (r + frequency) * (np.log(alpha + age) - np.log(alpha + recency))
    return np.asarray(np.where(again, special.expit(-log_odds), 1.0))


def expected_later(theta: Floats, span: float, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """
    Give the times each account is expected to be seen within a span after the end of observation.

    The hypergeometric function is taken after Euler's transformation, in which nothing overflows.
    """
    r, alpha, a, b = np.exp(theta)
    a = _not_one(a)
    ahead = special.hyp2f1(r + frequency, a - 1, a + b + frequency - 1, -span / (alpha + age))
    return np.asarray((a + b + frequency - 1) / (a - 1) * (1 - ahead) * alive(theta, frequency, recency, age))


def expected_of_new(theta: Floats, spans: Floats) -> Floats:
    """Give the times a new account is expected to be seen again within each span."""
    r, alpha, a, b = np.exp(theta)
    a = _not_one(a)
    return np.asarray((a + b - 1) / (a - 1) * (1 - special.hyp2f1(r, a - 1, a + b - 1, -spans / alpha)))


def _not_one(a: float) -> float:
    return 1 + NEAR_ONE if abs(a - 1) < NEAR_ONE else a


def slopes(function: Callable[[Floats], Floats], theta: Floats) -> Floats:
    """Differentiate by central differences where a function takes no complex numbers, shape (..., k)."""
    steps = WIDTH * np.eye(len(theta))
    return np.stack([(function(theta + step) - function(theta - step)) / (2 * WIDTH) for step in steps], axis=-1)
