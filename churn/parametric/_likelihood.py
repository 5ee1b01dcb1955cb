"""Arrays behind parametric survival: the likelihood of durations from counts, its maximum, its sandwich, its law."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from churn.parametric import interval_likelihood as _interval_censored
from surveys.core.arrays import Floats

Distribution = Literal["weibull", "log-normal", "log-logistic", "exponential"]

MOST_STEPS = 100
SETTLED = 1e-14
LONGEST, EXTREME, FARTHEST_STEP = 200.0, 20.0, 3.0
FLATTEST = 1000.0
"""Standard error, over the range of a covariate, from which a log duration is not known at all."""


class Durations(NamedTuple):
    """
    What is known of durations: each is more than `low` and at most `high`, or equal to both, shape (n_cells,).

    `entry` is 0 where observation began with the duration; `n` counts accounts, `weight` is that of each.
    """

    low: Floats
    high: Floats
    entry: Floats
    n: Floats
    weight: Floats

    @property
    def total(self) -> Floats:
        """Weight of each cell."""
        return np.asarray(self.n * self.weight)


def known_bounds(
    duration: Floats, event: NDArray[np.bool_], entry: Floats, *, begun: bool
) -> tuple[Floats, Floats, Floats]:
    """
    Give what tenures say of durations: lower and upper ends, equal where known, and entries, 0 for none.

    Where durations count units begun, a dropout lies in the unit that it ends, and one at 0 in the first.
    """
    entry = np.where(np.isnan(entry), 0.0, entry)
    if not begun:
        return duration, np.where(event, duration, np.inf), entry
    low = np.where(event, np.maximum(np.maximum(np.ceil(duration) - 1, 0), entry), duration)
    return low, np.where(event, np.maximum(np.ceil(duration), 1), np.inf), entry


class Scores(NamedTuple):
    """Log-likelihood of each cell, its slopes, shape (n_cells, k), and minus their weighted curvature, (k, k)."""

    log_likelihood: Floats
    slopes: Floats
    information: Floats


def scores(distribution: Distribution, theta: Floats, durations: Durations, covariates: Floats) -> Scores:
    """
    Differentiate the likelihood of durations in coefficients and, but for an exponential law, the log scale.

    Parameters
    ----------
    distribution : {'weibull', 'log-normal', 'log-logistic', 'exponential'}
    theta : ndarray of float, shape (k,)
        Coefficients of the location, then the log scale.
    durations : Durations
    covariates : ndarray of float, shape (n_cells, p)

    Returns
    -------
    Scores
        Of one account in each cell, but for the information, which counts them all.
    """
    free = distribution != "exponential"
    law: _interval_censored.Distribution = "weibull" if distribution == "exponential" else distribution
    location = covariates @ (theta[:-1] if free else theta)
    log_scale = float(theta[-1]) if free else 0.0
    with np.errstate(all="ignore"):
        found = _interval_censored.log_likelihood(law, durations.low, durations.high, location, log_scale)
        late = durations.entry > 0
        if late.any():
            endless = np.full(int(late.sum()), np.inf)
            until = _interval_censored.log_likelihood(law, durations.entry[late], endless, location[late], log_scale)
            for ours, theirs in zip(found, until, strict=True):
                ours[late] -= theirs
    w = durations.total
    slopes = covariates * found.location[:, None]
    information = -(covariates * (w * found.location_location)[:, None]).T @ covariates
    if free:
        cross = -(covariates.T @ (w * found.location_scale))
        corner = np.array([[-(w @ found.scale_scale)]])
        slopes = np.column_stack([slopes, found.scale])
        information = np.block([[information, cross[:, None]], [cross[None], corner]])
    return Scores(found.log_likelihood, slopes, information)


class Maximum(NamedTuple):
    """Parameters, shape (k,), log-likelihood, inverse information (k, k), and slopes at them (n_cells, k)."""

    theta: Floats
    log_likelihood: float
    inverse: Floats
    slopes: Floats


def maximise(distribution: Distribution, durations: Durations, covariates: Floats) -> Maximum | None:
    """Fit by Newton's method; None where the likelihood has no maximum."""
    w = durations.total
    theta = _start(distribution, durations, covariates)
    found = scores(distribution, theta, durations, covariates)
    value = _value(found, w)
    for _ in range(MOST_STEPS):
        score = w @ found.slopes
        if not (np.isfinite(found.information).all() and np.isfinite(score).all()):
            return None
        spread = np.sqrt(np.maximum(np.abs(np.diag(found.information)), 1e-300))
        roots, vectors = np.linalg.eigh(found.information / np.outer(spread, spread))
        whole = ascent(roots, vectors, score / spread) / spread
        decrement = float(score @ whole)
        step = whole * min(1.0, FARTHEST_STEP / max(_reach(whole, covariates), 1e-300))
        for _ in range(40):
            trial = scores(distribution, theta + step, durations, covariates)
            reached = _value(trial, w)
            if reached >= value - 1e-13 * abs(value):
                break
            step = step / 2
        theta, found, value = theta + step, trial, reached
        if decrement < SETTLED * max(1.0, w.sum()) and roots[0] > 1e-11 * roots[-1]:
            return _settled(distribution, theta, durations, covariates)
        if _reach(theta, covariates) > LONGEST or np.abs(theta[covariates.shape[1] :]).max(initial=0) > EXTREME:
            return None
    return None


def _reach(theta: Floats, covariates: Floats) -> float:
    """Give how far parameters move a log duration or a log scale."""
    p = covariates.shape[1]
    return float(np.abs(np.append(covariates @ theta[:p], theta[p:])).max())


def _settled(distribution: Distribution, theta: Floats, durations: Durations, covariates: Floats) -> Maximum | None:
    """Take two last steps of Newton, which square the error away, and describe what is there."""
    w = durations.total
    for _ in range(2):
        found = scores(distribution, theta, durations, covariates)
        theta = theta + np.linalg.solve(found.information, w @ found.slopes)
    found = scores(distribution, theta, durations, covariates)
    try:
        inverse = np.linalg.inv(found.information)
    except np.linalg.LinAlgError:
        return None
    width = np.append(np.ptp(covariates, axis=0), np.ones(len(theta) - covariates.shape[1]))
    flat = ~(np.sqrt(np.maximum(np.diag(inverse), 0.0)) * width < FLATTEST)
    if not (np.isfinite(inverse).all() and (np.diag(inverse) > 0).all()) or flat.any():
        return None
    return Maximum(theta, float(w @ found.log_likelihood), (inverse + inverse.T) / 2, found.slopes)


def ascent(roots: Floats, vectors: Floats, score: Floats) -> Floats:
    """Give Newton's step, made one of ascent where the likelihood is not concave."""
    bent = np.maximum(np.abs(roots), 1e-10 * max(float(np.abs(roots).max()), 1e-300))
    return np.asarray(vectors @ ((vectors.T @ score) / bent))


def _value(found: Scores, w: Floats) -> float:
    value = float(w @ found.log_likelihood)
    return value if np.isfinite(value) else -np.inf


def _start(distribution: Distribution, durations: Durations, covariates: Floats) -> Floats:
    """Start at a least-squares line through the logarithms of the durations."""
    w = durations.total
    finite = np.isfinite(durations.high)
    low = np.maximum(durations.low, 0.0)
    middle = np.where(finite, (low + np.where(finite, durations.high, 0.0)) / 2, low)
    positive = middle > 0
    smallest = middle[positive].min() if positive.any() else 1.0
    logs = np.log(np.where(positive, middle, smallest / 2))
    root = np.sqrt(w)
    line = np.linalg.lstsq(covariates * root[:, None], logs * root, rcond=None)[0]
    if distribution == "exponential":
        return np.asarray(line)
    spread = np.sqrt(w @ np.square(logs - covariates @ line) / w.sum())
    return np.append(line, np.log(max(float(spread), 0.1)))


def sandwich(found: Maximum, durations: Durations, cluster: NDArray[np.int64] | None) -> Floats:
    """
    Give the robust covariance: the sum of squares of each account's, or cluster's, influence, shape (k, k).

    Accounts of one cell have one influence each; with clusters, the influences of a cluster are added first.
    """
    moved = found.slopes @ found.inverse * durations.weight[:, None]
    if cluster is None:
        return np.asarray((moved * durations.n[:, None]).T @ moved)
    totals = np.zeros((int(cluster.max()) + 1, moved.shape[1]))
    np.add.at(totals, cluster, moved * durations.n[:, None])
    return np.asarray(totals.T @ totals)


def above(distribution: Distribution, z: Floats) -> Floats:
    """Give the share beyond a standardised log duration."""
    match distribution:
        case "log-normal":
            return np.asarray(special.ndtr(-z))
        case "log-logistic":
            return np.asarray(special.expit(-z))
        case _:
            with np.errstate(over="ignore"):
                return np.asarray(np.exp(-np.exp(z)))


def density(distribution: Distribution, z: Floats) -> Floats:
    """Give the density of a standardised log duration."""
    match distribution:
        case "log-normal":
            return np.asarray(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))
        case "log-logistic":
            return np.asarray(special.expit(z) * special.expit(-z))
        case _:
            with np.errstate(over="ignore"):
                return np.asarray(np.exp(z - np.exp(z)))


def quantile(distribution: Distribution, share_gone: Floats) -> Floats:
    """Give the standardised log duration by which a share has gone."""
    match distribution:
        case "log-normal":
            return np.asarray(special.ndtri(share_gone))
        case "log-logistic":
            return np.asarray(special.logit(share_gone))
        case _:
            return np.asarray(np.log(-np.log1p(-share_gone)))
