"""Draws and calibrations behind simulated studies, on arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, roots_genlaguerre, roots_hermitenorm

from surveys.core.arrays import Floats, Ints

DAY_SECONDS = 86_400
_STEEPEST = 60.0


def apportion(shares: ArrayLike, total: int) -> Ints:
    """Split `total` into whole numbers proportional to `shares`, largest remainders first."""
    quota = np.asarray(shares, dtype=float) / np.sum(shares) * total
    whole: Ints = np.floor(quota).astype(np.int64)
    largest = np.argsort(whole - quota, kind="stable")[: total - whole.sum()]
    whole[largest] += 1
    return whole


def mean_share(logits: ArrayLike, sd: float) -> Floats:
    """Average expit(logit + effect) over normal effects of standard deviation `sd`, elementwise."""
    nodes, weights = roots_hermitenorm(41)
    shares = expit(np.asarray(logits, dtype=float)[..., None] + sd * nodes)
    return np.asarray(shares @ (weights / weights.sum()))


def calibrate(target: float, offsets: ArrayLike, mass: ArrayLike, sd: float) -> float:
    """Find the intercept that makes the mass-weighted mean share equal to `target` (mass need not add to 1)."""
    low = -np.max(offsets) - _STEEPEST
    high = -np.min(offsets) + _STEEPEST

    def excess(intercept: float) -> float:
        return float(np.dot(mass, mean_share(np.asarray(offsets) + intercept, sd)) - target)

    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14))


def assign_clusters(rng: np.random.Generator, sizes: Ints, cluster_size: float) -> tuple[Ints, Ints]:
    """Give each respondent a stratum and a cluster; every stratum of two or more has at least two clusters."""
    strata = np.repeat(np.arange(len(sizes)), sizes)
    clusters, first = [], 0
    for size in sizes:
        count = int(min(size, max(2, round(size / cluster_size))))
        extra = rng.integers(count, size=size - count) if size > count else np.empty(0, dtype=np.int64)
        clusters.append(first + np.concatenate([np.arange(count), extra]))
        first += count
    return strata, np.concatenate(clusters)


def noisy_weights(rng: np.random.Generator, weights: Floats, cv: float, total: float) -> Floats:
    """Multiply weights by lognormal noise of mean 1, then scale them to `total`."""
    spread = np.sqrt(np.log1p(cv**2))
    noisy = weights * rng.lognormal(-(spread**2) / 2, spread, len(weights))
    return np.asarray(noisy * (total / noisy.sum()))


def account_names(n: int, *, first: int = 1) -> NDArray[np.object_]:
    """Name `n` accounts `a00001`, `a00002` and so on, from number `first`."""
    digits = max(5, len(str(first + n - 1)))
    return np.array([f"a{number:0{digits}d}" for number in range(first, first + n)], dtype=object)


def draw_signups(rng: np.random.Generator, seconds: ArrayLike, cumulative: ArrayLike, n: int) -> Ints:
    """Draw `n` instants in rising order, in whole seconds, that follow a piecewise linear growth curve."""
    share = np.asarray(cumulative, dtype=float)
    share = (share - share[0]) / (share[-1] - share[0])
    instants: Floats = np.interp(np.sort(rng.random(n)), share, np.asarray(seconds, dtype=float))
    return np.asarray(np.floor(instants), dtype=np.int64)


def draw_kinds(rng: np.random.Generator, shares: Sequence[float], n: int) -> Ints:
    """Draw of which kind, numbered from 0, each of `n` accounts is."""
    return np.asarray(rng.choice(len(shares), size=n, p=shares), dtype=np.int64)


def draw_lifetimes(rng: np.random.Generator, kind: Ints, means: Sequence[float]) -> Floats:
    """Draw exponential lifetimes in days by kind; a mean of 0 is a lifetime of 0."""
    return np.asarray(rng.standard_exponential(len(kind)) * np.asarray(means, dtype=float)[kind])


def draw_activity(rng: np.random.Generator, lifetimes: Floats, rates: Floats) -> tuple[Ints, Ints]:
    """Draw Poisson events during each lifetime, after one at second 0: account, seconds since its sign-up."""
    counts = rng.poisson(rates * lifetimes)
    account = np.repeat(np.arange(len(lifetimes)), counts)
    seconds = np.floor(rng.random(len(account)) * lifetimes[account] * DAY_SECONDS).astype(np.int64)
    first = np.arange(len(lifetimes))
    return np.concatenate([first, account]), np.concatenate([np.zeros_like(first), seconds])


def expected_survival(
    days: ArrayLike, shares: Sequence[float], means: Sequence[float], rate_mean: float, rate_shape: float
) -> Floats:
    """
    Probability that the last event of an account comes more than `days` after its first.

    With an exponential lifetime of mean m and Poisson events at rate r this is
    exp(-t/m) r m / (1 + r m); the mean over gamma rates is Gauss-Laguerre quadrature.
    """
    nodes, weights = roots_genlaguerre(60, rate_shape - 1)
    rates = nodes * rate_mean / rate_shape
    times = np.asarray(days, dtype=float)
    survival = np.zeros_like(times)
    for share, mean in zip(shares, means, strict=True):
        if mean > 0:
            seen = np.dot(weights / weights.sum(), rates * mean / (1 + rates * mean))
            survival += share * np.exp(-times / mean) * seen
    return survival
