"""Maximum likelihood with few parameters: Newton's method on derivatives that hold to rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Floats

LogLikelihood = Callable[[NDArray[Any]], Any]
Score = Callable[[Floats], Floats]

TINY = 1e-20
WIDTH = 1e-4
MOST_STEPS = 200
LONGEST_STEP = 2.0
SETTLED = 1e-13


class Maximum(NamedTuple):
    """Where a likelihood is highest: parameters, shape (k,), its value there, and their covariance, shape (k, k)."""

    theta: Floats
    value: float
    covariance: Floats


def gradient(log_likelihood: LogLikelihood, theta: Floats) -> Floats:
    """Differentiate along the imaginary axis, which loses no digits; shape (k,)."""
    return np.array([log_likelihood(theta + 1j * TINY * unit).imag / TINY for unit in np.eye(len(theta))])


def curvature(score: Score, theta: Floats) -> Floats:
    """Differentiate a gradient by central differences of fourth order, shape (k, k)."""
    near, far = _differences(score, theta, WIDTH), _differences(score, theta, 2 * WIDTH)
    return np.asarray((4 * near - far) / 3)


def _differences(score: Score, theta: Floats, width: float) -> Floats:
    rows = [score(theta + step) - score(theta - step) for step in width * np.eye(len(theta))]
    found = np.array(rows) / (2 * width)
    return np.asarray((found + found.T) / 2)


def maximise(
    log_likelihood: LogLikelihood, start: Floats, *, score: Score | None = None, farthest: float = 14.0
) -> Maximum | None:
    """
    Maximise a likelihood by Newton's method.

    Parameters
    ----------
    log_likelihood : callable
        Takes parameters, shape (k,), real or complex, and gives a number; analytic in them.
    start : ndarray of float, shape (k,)
        Where to begin; parameters are logarithms or logits, so that steps of about 1 make sense.
    score : callable, optional
        Gradient, where it is cheaper by formula than along the imaginary axis.
    farthest : float
        Distance from 0 beyond which a parameter is taken to grow without end.

    Returns
    -------
    Maximum or None
        None where there is no maximum within `farthest`.
    """
    slopes = score or (lambda theta: gradient(log_likelihood, theta))
    theta = np.asarray(start, float)
    value = _value(log_likelihood, theta)
    for _ in range(MOST_STEPS):
        slope, information = slopes(theta), -_differences(slopes, theta, WIDTH)
        if not (np.isfinite(slope).all() and np.isfinite(information).all()):
            return None
        roots, vectors = np.linalg.eigh(information)
        step = ascent(roots, vectors, slope)
        trial, reached = climb(log_likelihood, theta, value, step)
        settled = float(slope @ step) < SETTLED and roots[0] > 1e-10 * abs(roots[-1])
        stuck = np.array_equal(trial, theta)
        theta, value = trial, reached
        if settled:
            return Maximum(theta, value, np.asarray(np.linalg.inv(-curvature(slopes, theta)), float))
        if stuck or np.abs(theta).max() > farthest:
            return None
    return None


def ascent(roots: Floats, vectors: Floats, score: Floats) -> Floats:
    """Give Newton's step, made one of ascent where the likelihood is not concave, and not too long."""
    bent = np.maximum(np.abs(roots), 1e-10 * max(float(np.abs(roots).max()), 1e-300))
    step = vectors @ ((vectors.T @ score) / bent)
    return np.asarray(step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300)))


def climb(log_likelihood: LogLikelihood, theta: Floats, value: float, step: Floats) -> tuple[Floats, float]:
    """Halve a step until the likelihood does not fall."""
    for _ in range(40):
        reached = _value(log_likelihood, theta + step)
        if reached >= value - 1e-13 * abs(value):
            return theta + step, reached
        step = step / 2
    return theta, value


def _value(log_likelihood: LogLikelihood, theta: Floats) -> float:
    with np.errstate(all="ignore"):
        value = float(np.real(log_likelihood(theta)))
    return value if np.isfinite(value) else -np.inf


def jacobian(function: Any, theta: Floats) -> Floats:
    """Differentiate a function of parameters along the imaginary axis, shape (..., k)."""
    step = 1e-20
    return np.stack([np.imag(function(theta + 1j * step * unit)) / step for unit in np.eye(len(theta))], axis=-1)
