"""Durations known to lie between bounds, as array functions: the nonparametric estimate and parametric likelihoods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveys.core.arrays import Codes, Floats

Distribution = Literal["weibull", "log-normal", "log-logistic"]

MOST_ROUNDS = 60
EM_STEPS = 20
PRECISION = 1e-9
SLACK = 1e-7
NEGLIGIBLE = 1e-5
NOTHING = 1e-9
MOST_STEPS = 60


def half_open(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """
    Write durations as intervals that do not hold their lower end.

    A duration known exactly has the float just below it as its lower end; a lower end of 0 becomes minus
    infinity, so that those who leave at once belong to the first band.
    """
    exact = low == high
    below = np.where(exact, np.nextafter(low, -np.inf), low)
    return np.where((below <= 0) & ~(exact & (low > 0)), -np.inf, below), high


@dataclass(frozen=True, eq=False)
class IntervalShares:
    """
    Shares retained at chosen times, where durations lie in half-open intervals (Turnbull).

    Attributes
    ----------
    low, high : ndarray of float, shape (n_counted,)
        Each duration is more than `low` and at most `high`, which may be infinite.
    row : ndarray of int, shape (n_counted,)
        Row of the sample.
    n_rows : int
        Rows of the sample.
    times : ndarray of float, shape (k,)
    """

    low: Floats
    high: Floats
    row: Codes
    n_rows: int
    times: Floats

    @cached_property
    def _distinct(self) -> tuple[Floats, Codes]:
        pairs, place = np.unique(np.column_stack([self.low, self.high]), axis=0, return_inverse=True)
        return pairs, place.reshape(-1)

    @cached_property
    def support(self) -> tuple[Floats, Floats]:
        """The intervals that can hold mass: from a lower end to the next end, where that is an upper one."""
        pairs, _ = self._distinct
        lows, highs = np.unique(pairs[:, 0]), np.unique(pairs[:, 1])
        ends = np.concatenate([lows, highs])
        upper = np.concatenate([np.zeros(len(lows), bool), np.ones(len(highs), bool)])
        order = np.lexsort((~upper, ends))
        ends, upper = ends[order], upper[order]
        innermost = np.flatnonzero(~upper[:-1] & upper[1:])
        return ends[innermost], ends[innermost + 1]

    @cached_property
    def _inside(self) -> Floats:
        """Which supports each distinct interval holds, shape (n_distinct, n_supports)."""
        pairs, _ = self._distinct
        low, high = self.support
        return np.asarray((pairs[:, :1] <= low) & (high <= pairs[:, 1:]), float)

    def masses(self, weights: Floats) -> Floats:
        """Maximise the weighted likelihood over the masses of the supports (EM and Newton), shape (n_supports,)."""
        pairs, place = self._distinct
        together = np.bincount(place, weights[self.row], len(pairs))
        total = together.sum()
        if not total > 0:
            return np.full(self._inside.shape[1], np.nan)
        share, inside = together / total, self._inside
        counted = share > 0
        share, inside = share[counted], inside[counted]

        mass = np.full(inside.shape[1], 1 / inside.shape[1])
        for _ in range(MOST_ROUNDS):
            for _ in range(EM_STEPS):
                mass = _accelerated(mass, share, inside)
            mass = _newton(mass, share, inside)
            if (inside.T @ (share / (inside @ mass))).max() < 1 + SLACK:
                break
        return mass

    def _beyond(self) -> Floats:
        """Which supports lie after each time, shape (n_supports, k)."""
        return (self.support[0][:, None] >= self.times).astype(float)

    def value(self, weights: Floats) -> Floats:
        """Give the share retained at each time, shape (k,)."""
        return self.masses(weights) @ self._beyond()

    def influence(self, weights: Floats) -> Floats:
        """Linearise: scores of the supports that hold mass, times the inverse of their information."""
        _, place = self._distinct
        mass = self.masses(weights)
        held = mass > NOTHING
        inside, p, beyond = self._inside[:, held], mass[held], self._beyond()[held]
        total = inside @ p
        score = np.divide(inside, total[:, None], out=np.zeros_like(inside), where=total[:, None] > 0)
        free = _zero_sum(len(p))
        together = np.bincount(place, weights[self.row], len(total))
        projected = score @ free
        information = (projected * together[:, None]).T @ projected
        change = projected @ np.linalg.pinv(information, hermitian=True) @ free.T @ beyond
        moved = np.zeros((self.n_rows, len(self.times)))
        moved[self.row] = change[place]
        return moved

    def told(self, weights: Floats) -> NDArray[np.bool_]:
        """Tell at which times the share is known: not within a support that holds mass, nor beyond what was seen."""
        low, high = self.support
        held = self.masses(weights) > NOTHING
        within = (low[held, None] < self.times) & (self.times < high[held, None])
        finite = np.concatenate([self.high[np.isfinite(self.high)], self.low[np.isfinite(self.low)]])
        return np.asarray(~within.any(axis=0) & (self.times <= finite.max(initial=0.0)), bool)


def _likelihood(mass: Floats, share: Floats, inside: Floats) -> float:
    held = inside @ mass
    return float(share @ np.log(held)) if (held > 0).all() else -np.inf


def _accelerated(mass: Floats, share: Floats, inside: Floats) -> Floats:
    """Take two steps of the EM algorithm, and leap along them where that raises the likelihood (SQUAREM)."""
    first = mass * (inside.T @ (share / (inside @ mass)))
    second = first * (inside.T @ (share / (inside @ first)))
    change, curve = first - mass, second - 2 * first + mass
    bend = float(np.sqrt(np.square(curve).sum()))
    if bend < PRECISION**2:
        return np.asarray(second / second.sum())
    size = float(np.sqrt(np.square(change).sum())) / bend
    leap: Floats = mass + 2 * size * change + size**2 * curve
    if (leap < 0).any() or _likelihood(leap / leap.sum(), share, inside) < _likelihood(second, share, inside):
        return np.asarray(second / second.sum())
    return np.asarray(leap / leap.sum())


def _newton(mass: Floats, share: Floats, inside: Floats) -> Floats:
    """Maximise by Newton's method over the supports that hold mass, giving up those that reach 0."""
    start, reached = mass, _likelihood(mass, share, inside)
    mass = np.where(mass > NEGLIGIBLE, mass, 0.0)
    for _ in range(MOST_STEPS):
        held = mass > 0
        within = inside[:, held]
        total = within @ mass[held]
        if not (total > 0).all():
            return start
        scaled = within * (np.sqrt(share) / total)[:, None]
        gradient = within.T @ (share / total) - 1
        step = np.linalg.lstsq(scaled.T @ scaled, gradient, rcond=1e-12)[0]
        falling = step < 0
        room = -mass[held][falling] / step[falling]
        far = min(1.0, float(room.min(initial=np.inf)))
        moved = mass[held] + far * step
        if far < 1:
            moved[np.flatnonzero(falling)[room <= far * (1 + 1e-12)]] = 0.0
        mass = mass.copy()
        mass[held] = np.maximum(moved, 0.0)
        if far == 1 and np.abs(step).max(initial=0.0) < PRECISION:
            break
    mass = mass / mass.sum()
    return mass if _likelihood(mass, share, inside) >= reached else start


def _zero_sum(k: int) -> Floats:
    """Give orthogonal directions in which masses keep their sum, shape (k, k - 1)."""
    full = np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0]
    return np.asarray(full[:, 1:])


class _Law(NamedTuple):
    """Distribution function, what it leaves, density and its slope, and the slopes of the log density, at z."""

    below: Floats
    above: Floats
    density: Floats
    slope: Floats
    score: Floats
    bend: Floats
    log_density: Floats


def _law(name: Distribution, z: Floats) -> _Law:
    if name == "weibull":
        e = np.exp(np.minimum(z, 700.0))
        above = np.exp(-e)
        density = np.exp(np.minimum(z, 700.0) - e)
        return _Law(-np.expm1(-e), above, density, density * (1 - e), 1 - e, -e, z - e)
    if name == "log-normal":
        log_density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        density = np.exp(log_density)
        return _Law(special.ndtr(z), special.ndtr(-z), density, -z * density, -z, -np.ones_like(z), log_density)
    below, above = special.expit(z), special.expit(-z)
    density = below * above
    log_density = special.log_expit(z) + special.log_expit(-z)
    return _Law(below, above, density, density * (above - below), above - below, -2 * density, log_density)


class Derivatives(NamedTuple):
    """Log-likelihood of each row, and its derivatives in the location and the log scale, each of shape (n,)."""

    log_likelihood: Floats
    location: Floats
    scale: Floats
    location_location: Floats
    location_scale: Floats
    scale_scale: Floats


def log_likelihood(name: Distribution, low: Floats, high: Floats, location: Floats, log_scale: float) -> Derivatives:
    """
    Differentiate the likelihood of log durations, row by row.

    Parameters
    ----------
    name : {'weibull', 'log-normal', 'log-logistic'}
    low, high : ndarray of float, shape (n,)
        Ends of each interval; equal where the duration is known, and then more than 0.
    location : ndarray of float, shape (n,)
        Of the logarithm of each duration.
    log_scale : float

    Returns
    -------
    Derivatives
    """
    scale = np.exp(log_scale)
    with np.errstate(divide="ignore"):
        ends = [(np.log(np.maximum(end, 0.0)) - location) / scale for end in (low, high)]
    exact = low == high
    zl, zu = (np.where(np.isfinite(z), z, 0.0) for z in ends)
    lower, upper = _law(name, zl), _law(name, zu)
    open_low, open_high = np.isneginf(ends[0]), np.isposinf(ends[1])
    high_tail = np.where(open_high, 0.0, upper.above), np.where(open_low, 1.0, lower.above)
    low_tail = np.where(open_high, 1.0, upper.below), np.where(open_low, 0.0, lower.below)
    inside = np.where(zl > 0, high_tail[1] - high_tail[0], low_tail[0] - low_tail[1])
    inside = np.where(exact, 1.0, np.maximum(inside, 1e-300))
    a, da = (np.where(open_high, 0.0, x) / inside for x in (upper.density, upper.slope))
    b, db = (np.where(open_low, 0.0, x) / inside for x in (lower.density, lower.slope))
    uu, ll, ul = da - a**2, -db - b**2, a * b
    between = Derivatives(
        np.log(inside),
        -(a - b) / scale,
        -(a * zu - b * zl),
        (uu + 2 * ul + ll) / scale**2,
        (uu * zu + ul * (zu + zl) + ll * zl + a - b) / scale,
        uu * zu**2 + 2 * ul * zu * zl + ll * zl**2 + a * zu - b * zl,
    )
    s, ds = lower.score, lower.bend
    known = Derivatives(
        lower.log_density - log_scale - np.log(np.where(exact, np.maximum(low, 1e-300), 1.0)),
        -s / scale,
        -s * zl - 1,
        ds / scale**2,
        (ds * zl + s) / scale,
        ds * zl**2 + s * zl,
    )
    return Derivatives(*(np.where(exact, one, other) for one, other in zip(known, between, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class ParametricScore:
    """
    Coefficients of an accelerated-failure-time model and the logarithm of its scale.

    Attributes
    ----------
    name : {'weibull', 'log-normal', 'log-logistic'}
    low, high : ndarray of float, shape (n_counted,)
        Ends of each duration's interval.
    covariates : ndarray of float, shape (n_counted, p)
        With a column of ones for the intercept.
    row : ndarray of int, shape (n_counted,)
        Row of the sample.
    n_rows : int
        Rows of the sample.
    """

    name: Distribution
    low: Floats
    high: Floats
    covariates: Floats
    row: Codes
    n_rows: int

    def value(self, weights: Floats) -> Floats:
        """Give the coefficients and the log scale, shape (p + 1,); NaN where the likelihood has no maximum."""
        found = self.fit(weights)
        return np.full(self.covariates.shape[1] + 1, np.nan) if found is None else found[0]

    def influence(self, weights: Floats) -> Floats:
        """Linearise: scores times the inverse of the observed information."""
        found = self.fit(weights)
        moved = np.zeros((self.n_rows, self.covariates.shape[1] + 1))
        if found is None:
            return np.full_like(moved, np.nan)
        _, inverse, scores = found
        moved[self.row] = scores @ inverse
        return moved

    def fit(self, weights: Floats) -> tuple[Floats, Floats, Floats] | None:
        """Maximise the weighted likelihood by Newton's method: parameters, inverse information, scores."""
        w = weights[self.row]
        unit = w.mean()
        if not unit > 0:
            return None
        w = w / unit
        theta = self._start(w)
        value, scores, information = self._derivatives(theta, w)
        for _ in range(MOST_STEPS):
            step = self._ascent(information, w @ scores)
            for _ in range(30):
                trial = theta + step
                found = self._derivatives(trial, w)
                if found[0] >= value - 1e-12 * abs(value):
                    break
                step = step / 2
            theta, (value, scores, information) = trial, found
            if np.abs(step).max() < 1e-11 * (1 + np.abs(theta).max()):
                curvature = np.linalg.eigvalsh(information)
                if not curvature[0] > 1e-12 * curvature[-1]:
                    return None
                return theta, np.linalg.inv(information) / unit, scores
        return None

    def _start(self, w: Floats) -> Floats:
        finite = np.isfinite(self.high)
        middle = np.where(finite, (np.maximum(self.low, 0) + np.where(finite, self.high, 0)) / 2, self.low)
        middle = np.log(np.maximum(middle, 1e-8))
        root = np.sqrt(w)[:, None]
        theta = np.linalg.lstsq(self.covariates * root, middle * root[:, 0], rcond=None)[0]
        spread = np.sqrt(w @ np.square(middle - self.covariates @ theta) / w.sum())
        return np.append(theta, np.log(max(spread, 0.1)))

    def _derivatives(self, theta: Floats, w: Floats) -> tuple[float, Floats, Floats]:
        x = self.covariates
        with np.errstate(over="ignore", invalid="ignore"):
            found = log_likelihood(self.name, self.low, self.high, x @ theta[:-1], float(theta[-1]))
        scores = np.column_stack([x * found.location[:, None], found.scale])
        cross = x.T @ (w * found.location_scale)
        top = (x * (w * found.location_location)[:, None]).T @ x
        information = -np.block([[top, cross[:, None]], [cross[None], np.array([[w @ found.scale_scale]])]])
        value = float(w @ found.log_likelihood)
        return (value if np.isfinite(value) else -np.inf), scores, information

    @staticmethod
    def _ascent(information: Floats, score: Floats) -> Floats:
        """Give Newton's step, made one of ascent where the likelihood is not concave."""
        values, vectors = np.linalg.eigh(information)
        values = np.maximum(np.abs(values), 1e-10 * np.abs(values).max())
        step = vectors @ ((vectors.T @ score) / values)
        return np.asarray(step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300)))
