"""Arrays behind curves of diffusion: logistic and Bass, their likelihood, their slopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from surveys.core.arrays import Floats

DiffusionModel = Literal["logistic", "bass"]

PARAMETERS: dict[DiffusionModel, tuple[str, ...]] = {
    "logistic": ("growth", "midpoint"),
    "bass": ("innovation", "imitation"),
}
CEILING_LIMIT = 12.0
"""Largest logit of the ceiling that is tried: a ceiling of 99.9994 %."""
LOG_LIMITS = (-18.0, 6.0)
STEP = 1e-6
ROUNDS = 80
"""Steps of scoring after which a fit is left as it is."""
TINY = 1e-9


class Observations(NamedTuple):
    """
    Shares observed, and how far each may be off.

    Attributes
    ----------
    times : ndarray of float, shape (n_points,)
        Since the start of the model, in years.
    shares : ndarray of float, shape (n_points,)
    sizes : ndarray of float, shape (n_points,) or None
        Respondents behind each share, for a binomial distribution.
    errors : ndarray of float, shape (n_points,) or None
        Standard errors, for a normal distribution.
    """

    times: Floats
    shares: Floats
    sizes: Floats | None
    errors: Floats | None


class Found(NamedTuple):
    """A curve fitted: `theta` on the scale of the search, and the deviance there."""

    theta: Floats
    deviance: float


def curve(model: DiffusionModel, theta: NDArray[Any], times: Floats, ceiling: float | Floats | None) -> NDArray[Any]:
    """
    Give the share reached at each time.

    Parameters
    ----------
    model : {'logistic', 'bass'}
    theta : ndarray of float, shape (..., 2) or (..., 3)
        Logistic: logarithm of the growth rate, midpoint. Bass: logarithms of innovation and imitation. Last,
        where the ceiling is estimated: its logit.
    times : ndarray of float, shape (n_times,)
        In years; for Bass, since the launch.
    ceiling : float, ndarray of float of shape (...), or None
        None where it is the last of `theta`.

    Returns
    -------
    ndarray of float, shape (..., n_times)
    """
    first, second = theta[..., 0, None], theta[..., 1, None]
    top = special.expit(theta[..., 2, None]) if ceiling is None else np.asarray(ceiling)[..., None]
    if model == "logistic":
        return np.asarray(top * special.expit(np.exp(first) * (times - second)))
    innovation, imitation = np.exp(first), np.exp(second)
    since = np.maximum(times, 0.0)
    decay = np.exp(-(innovation + imitation) * since)
    return np.asarray(top * -np.expm1(-(innovation + imitation) * since) / (1 + imitation / innovation * decay))


def fit(model: DiffusionModel, seen: Observations, ceiling: float | None, start: Floats | None = None) -> Found | None:
    """
    Maximise the likelihood, from several starts unless one is given.

    The sum of squared deviance residuals is the deviance, so that least squares on them is maximum
    likelihood.
    """
    low, high = _bounds(model, seen.times, ceiling)
    starts = starts_of(model, seen, ceiling) if start is None else [start]
    best: Found | None = None

    def residuals(theta: Floats) -> Floats:
        return deviance_residuals(seen, curve(model, theta, seen.times, ceiling))

    for guess in starts:
        inside = np.clip(guess, low + 1e-6, high - 1e-6)
        try:
            tried = optimize.least_squares(residuals, inside, bounds=(low, high), x_scale="jac", xtol=1e-9, ftol=1e-10)
        except (ValueError, np.linalg.LinAlgError):
            continue
        deviance = 2 * float(tried.cost)
        if np.isfinite(deviance) and (best is None or deviance < best.deviance - 1e-9):
            best = Found(np.asarray(tried.x, float), deviance)
    return best


def fit_many(
    model: DiffusionModel, seen: Observations, ceilings: float | Floats | None, starts: Floats
) -> tuple[Floats, Floats]:
    """
    Maximise many likelihoods at once, by damped Fisher scoring.

    Parameters
    ----------
    model : {'logistic', 'bass'}
    seen : Observations
        Shares of shape (n_points,), or (n_fits, n_points) where each fit has its own.
    ceilings : float, ndarray of float of shape (n_fits,), or None
    starts : ndarray of float, shape (n_fits, k)

    Returns
    -------
    (ndarray, ndarray)
        Parameters, shape (n_fits, k), and deviances, shape (n_fits,).
    """
    low, high = _bounds(model, seen.times, None if ceilings is None else 1.0)
    theta = np.clip(starts, low, high)
    n_fits, k = theta.shape
    damping = np.full(n_fits, 1e-2)
    mean = curve(model, theta, seen.times, ceilings)
    deviance = (deviance_residuals(seen, mean) ** 2).sum(axis=-1)
    for _ in range(ROUNDS):
        slopes = jacobian(lambda at: curve(model, at, seen.times, ceilings), theta)
        weights = 1 / sampling_variance(seen, mean)
        score = np.einsum("fpk,fp->fk", slopes, weights * (seen.shares - mean))
        curvature = np.einsum("fpk,fp,fpl->fkl", slopes, weights, slopes)
        diagonal = np.einsum("fkk->fk", curvature)
        damped = curvature + (damping[:, None] * diagonal + 1e-10)[:, :, None] * np.eye(k)
        tried = np.clip(theta + np.linalg.solve(damped, score[:, :, None])[:, :, 0], low, high)
        tried_mean = curve(model, tried, seen.times, ceilings)
        tried_deviance = (deviance_residuals(seen, tried_mean) ** 2).sum(axis=-1)
        better = tried_deviance <= deviance
        gained = np.where(better, deviance - tried_deviance, np.inf)
        theta, mean = np.where(better[:, None], tried, theta), np.where(better[:, None], tried_mean, mean)
        deviance = np.where(better, tried_deviance, deviance)
        damping = np.clip(np.where(better, damping / 5, damping * 4), 1e-12, 1e12)
        if ((gained < 1e-10) | (damping >= 1e12)).all():
            break
    return theta, deviance


def deviance_residuals(seen: Observations, fitted: Floats) -> Floats:
    """Give residuals whose squares add up to the deviance of a binomial distribution, or of a normal one."""
    if seen.errors is not None:
        return np.asarray((seen.shares - fitted) / seen.errors)
    assert seen.sizes is not None
    mean = np.clip(fitted, TINY, 1 - TINY)
    unit = special.xlogy(seen.shares, seen.shares / mean) + special.xlogy(
        1 - seen.shares, (1 - seen.shares) / (1 - mean)
    )
    return np.asarray(np.sign(seen.shares - mean) * np.sqrt(2 * seen.sizes * np.maximum(unit, 0.0)))


def pearson(seen: Observations, fitted: Floats) -> float:
    """Give Pearson's statistic: squared distances in units of the sampling variance, added up."""
    return float((((seen.shares - fitted) ** 2) / sampling_variance(seen, fitted)).sum())


def sampling_variance(seen: Observations, fitted: Floats) -> Floats:
    """Give the variance of each share if the curve is true."""
    if seen.errors is not None:
        return np.broadcast_to(seen.errors**2, np.shape(fitted))
    assert seen.sizes is not None
    return np.asarray(np.clip(fitted * (1 - fitted), TINY, None) / seen.sizes)


def log_likelihood(seen: Observations, fitted: Floats) -> float:
    """Give the log-likelihood; terms that no parameter changes are left out of a binomial one."""
    if seen.errors is not None:
        return float((-0.5 * ((seen.shares - fitted) / seen.errors) ** 2 - np.log(seen.errors)).sum())
    assert seen.sizes is not None
    mean = np.clip(fitted, TINY, 1 - TINY)
    terms = special.xlogy(seen.shares, mean) + special.xlogy(1 - seen.shares, 1 - mean)
    return float((seen.sizes * terms).sum())


def jacobian(function: Callable[[Floats], NDArray[Any]], theta: Floats) -> Floats:
    """Give slopes by central differences, shape (..., n_values, n_parameters)."""
    columns = []
    for k in range(theta.shape[-1]):
        step = np.zeros_like(theta)
        step[..., k] = STEP * np.maximum(1.0, np.abs(theta[..., k]))
        columns.append((function(theta + step) - function(theta - step)) / (2 * step[..., k, None]))
    return np.stack(columns, axis=-1)


def information(model: DiffusionModel, theta: Floats, seen: Observations, ceiling: float | None) -> Floats:
    """Give Fisher's information, shape (n_parameters, n_parameters)."""
    slopes = jacobian(lambda at: curve(model, at, seen.times, ceiling), theta)
    weights = 1 / sampling_variance(seen, curve(model, theta, seen.times, ceiling))
    return np.asarray(slopes.T @ (weights[:, None] * slopes))


def _bounds(model: DiffusionModel, times: Floats, ceiling: float | None) -> tuple[Floats, Floats]:
    span = max(float(np.ptp(times)), 1e-3)
    if model == "logistic":
        low, high = [LOG_LIMITS[0], times.min() - 10 * span], [LOG_LIMITS[1], times.max() + 10 * span]
    else:
        low, high = [LOG_LIMITS[0]] * 2, [LOG_LIMITS[1]] * 2
    if ceiling is None:
        low, high = [*low, -CEILING_LIMIT], [*high, CEILING_LIMIT]
    return np.asarray(low, float), np.asarray(high, float)


def starts_of(model: DiffusionModel, seen: Observations, ceiling: float | None) -> Iterator[Floats]:
    """Give places to begin a search from, the likeliest first."""
    tops = (
        [ceiling]
        if ceiling is not None
        else [min(0.999, 1.05 * seen.shares.max()), min(0.99, 2 * seen.shares.max()), 0.97]
    )
    for top in tops:
        last = [] if ceiling is not None else [float(special.logit(top))]
        if model == "logistic":
            rate, midpoint = _line(seen, float(top))
            yield np.array([np.log(rate), midpoint, *last])
        else:
            for innovation, imitation in product((1e-3, 1e-5, 0.03), (1.2, 0.4, 3.0)):
                yield np.array([np.log(innovation), np.log(imitation), *last])


def _line(seen: Observations, top: float) -> tuple[float, float]:
    """Start a logistic curve from a straight line through logits of the share of the ceiling."""
    logits = special.logit(np.clip(seen.shares / top, 0.005, 0.98))
    slope, level = np.polyfit(seen.times, logits, 1)
    rate = max(float(slope), 1e-2)
    return rate, float(-level / rate) if slope > 0 else float(seen.times.mean())
