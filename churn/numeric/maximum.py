"""Maximum likelihood by Newton's method: its loop, and derivatives of few parameters that hold to rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Floats

LogLikelihood = Callable[[NDArray[Any]], Any]
Score = Callable[[Floats], Floats]
P = TypeVar("P")

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

    def step(theta: Floats, _: float) -> tuple[Floats, bool]:
        slope, information = slopes(theta), -_differences(slopes, theta, WIDTH)
        if not (np.isfinite(slope).all() and np.isfinite(information).all()):
            return np.full_like(slope, np.nan), False
        roots, vectors = np.linalg.eigh(information)
        way = ascent(roots, vectors, slope, longest=LONGEST_STEP)
        return way, bool(float(slope @ way) < SETTLED and roots[0] > 1e-10 * abs(roots[-1]))

    for theta, value, settled in newton(lambda at: _value(log_likelihood, at), np.asarray(start, float), step):
        if settled:
            return Maximum(theta, value, np.asarray(np.linalg.inv(-curvature(slopes, theta)), float))
        if np.abs(theta).max() > farthest:
            return None
    return None


def newton(
    at: Callable[[Floats], P],
    start: Floats,
    step: Callable[[Floats, P], tuple[Floats, bool]],
    *,
    value: Callable[[P], float] = float,  # type: ignore[assignment]
    slack: Callable[[float], float] = lambda value: 1e-13 * abs(value),
    halvings: int = 40,
    most_steps: int = MOST_STEPS,
) -> Iterator[tuple[Floats, P, bool]]:
    """
    Climb a likelihood by Newton's method, step by step; whoever asks says when to stop.

    Parameters
    ----------
    at : callable
        What is known of the likelihood at parameters.
    start : ndarray of float, shape (k,)
        Where to begin.
    step : callable
        The way from parameters and what is known there, and whether it is so short that it is the last; NaN
        where there is none.
    value : callable
        The log-likelihood, of what is known; minus infinity where it is of no use.
    slack : callable
        By how much a likelihood may fall and be taken not to, from its value.
    halvings, most_steps : int
        At most.

    Yields
    ------
    tuple
        Parameters, what is known there, and whether the last step was taken; no more once no part of a step
        leads up.

    Examples
    --------
    >>> def way(x, _):
    ...     return 3 - x, bool(abs(3 - x[0]) < 1e-9)
    >>> [(float(x[0]), last) for x, _, last in newton(lambda x: -((x[0] - 3) ** 2), np.zeros(1), way)][0]
    (3.0, False)
    """
    theta, point = start, at(start)
    for _ in range(most_steps):
        way, last = step(theta, point)
        if not np.isfinite(way).all():
            return
        level = value(point)
        floor = level - slack(level)
        for _ in range(halvings):
            ahead = at(theta + way)
            if value(ahead) >= floor:
                theta, point, stuck = theta + way, ahead, bool((way == 0).all())
                break
            way = way / 2
        else:
            stuck = True
        yield theta, point, last
        if stuck or last:
            return


def ascent(roots: Floats, vectors: Floats, score: Floats, *, longest: float = np.inf) -> Floats:
    """Give Newton's step, made one of ascent where the likelihood is not concave, and not too long."""
    bent = np.maximum(np.abs(roots), 1e-10 * max(float(np.abs(roots).max()), 1e-300))
    step = vectors @ ((vectors.T @ score) / bent)
    return np.asarray(step * min(1.0, longest / max(float(np.abs(step).max()), 1e-300)))


def _value(log_likelihood: LogLikelihood, theta: Floats) -> float:
    with np.errstate(all="ignore"):
        value = float(np.real(log_likelihood(theta)))
    return value if np.isfinite(value) else -np.inf


def jacobian(function: Any, theta: Floats) -> Floats:
    """Differentiate a function of parameters along the imaginary axis, shape (..., k)."""
    step = 1e-20
    return np.stack([np.imag(function(theta + 1j * step * unit)) / step for unit in np.eye(len(theta))], axis=-1)
