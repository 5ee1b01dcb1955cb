"""Cox models and log-rank scores under survey weights as array functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn._design_based import Codes, Floats, Followed, divide, martingale_table

Ties = Literal["efron", "breslow"]

MOST_STEPS = 50
PRECISION = 1e-10
FLAT = 1e-9
"""A likelihood whose curvature has fallen to this share of that at no effect rises without end."""


class Fit(NamedTuple):
    """Coefficients, the inverse of the information, and what score residuals are made of."""

    coefficient: Floats
    inverse: Floats
    relative_risk: Floats
    substep: Codes
    fraction: Floats
    intensity: Floats
    mean: Floats
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class CoxScore:
    """
    Coefficients of a proportional-hazards model.

    Attributes
    ----------
    position : ndarray of int, shape (n_followed,)
        Place of each person's end among the distinct times, counted from 0.
    event : ndarray of bool, shape (n_followed,)
    covariates : ndarray of float, shape (n_followed, k)
    row : ndarray of int, shape (n_followed,)
        Row of the sample.
    n_rows : int
        Rows of the sample.
    ties : {'efron', 'breslow'}

    Notes
    -----
    How many leave at the same time is counted in the sample, whatever the weights: coefficients are then
    smooth in the weights, and the replicates of R's survey do the same.
    """

    position: Codes
    event: NDArray[np.bool_]
    covariates: Floats
    row: Codes
    n_rows: int
    ties: Ties

    def value(self, weights: Floats) -> Floats:
        """Give the coefficients, shape (k,); NaN where the likelihood has no maximum."""
        fit = self.fit(weights)
        return fit.coefficient if fit.converged else np.full(self.covariates.shape[1], np.nan)

    def influence(self, weights: Floats) -> Floats:
        """Linearise: score residuals times the inverse of the information."""
        fit = self.fit(weights)
        n_times = int(self.position.max()) + 1
        leaving, at = self.event, self.position[self.event]
        risk, x = fit.relative_risk[:, None], self.covariates
        hazard = np.bincount(fit.substep, fit.intensity, n_times)
        weighed = _sums(fit.substep, fit.intensity[:, None] * fit.mean, n_times)
        until, weighed_until = np.cumsum(hazard)[self.position, None], np.cumsum(weighed, axis=0)[self.position]
        score = -risk * (x * until - weighed_until)
        partial = fit.fraction * fit.intensity
        own = np.bincount(fit.substep, partial, n_times)[at, None]
        own_weighed = _sums(fit.substep, partial[:, None] * fit.mean, n_times)[at]
        average = divide(
            _sums(fit.substep, fit.mean, n_times), np.bincount(fit.substep, minlength=n_times).astype(float)[:, None]
        )
        score[leaving] += x[leaving] - average[at] + risk[leaving] * (x[leaving] * own - own_weighed)
        moved = np.zeros((self.n_rows, x.shape[1]))
        moved[self.row] = score @ fit.inverse / _scale(weights[self.row])
        return moved

    def fit(self, weights: Floats) -> Fit:
        """Maximise the weighted partial likelihood by Newton's method."""
        w = weights[self.row] / _scale(weights[self.row])
        k = self.covariates.shape[1]
        center = w @ self.covariates / w.sum()
        spread = np.sqrt(w @ np.square(self.covariates - center) / w.sum())
        spread = np.where(spread > 0, spread, 1.0)
        x = (self.covariates - center) / spread
        frame = _Frame.of(self, w)
        coefficient, converged, start = np.zeros(k), False, np.zeros(k)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(MOST_STEPS):
                risk = np.exp(x @ coefficient)
                score, information, intensity, mean = frame.derivatives(x, risk)
                step = _solve(information, score)
                if converged or step is None:
                    break
                start = np.diag(information) if not start.any() else start
                coefficient = coefficient + step
                converged = bool(np.abs(step).max() < PRECISION * (1 + np.abs(coefficient).max()))
        inverse = _solve(information, np.eye(k)) if converged else None
        found = inverse is not None and bool((np.diag(information) > FLAT * start).all())
        return Fit(
            coefficient=coefficient / spread,
            inverse=(np.eye(k) if inverse is None else inverse) / np.outer(spread, spread),
            relative_risk=risk,
            substep=frame.substep,
            fraction=frame.fraction,
            intensity=intensity,
            mean=mean * spread + center,
            converged=found,
        )


class _Frame(NamedTuple):
    """What a fit needs besides coefficients: times at which people leave, a step for each of those tied."""

    position: Codes
    event: NDArray[np.bool_]
    weights: Floats
    substep: Codes
    fraction: Floats
    share: Floats
    n_times: int

    @classmethod
    def of(cls, model: CoxScore, w: Floats) -> _Frame:
        n_times = int(model.position.max()) + 1
        at = model.position[model.event]
        tied, together = np.bincount(at, minlength=n_times), np.bincount(at, w[model.event], n_times)
        steps = tied * (together > 0) if model.ties == "efron" else (together > 0).astype(np.intp)
        substep = np.repeat(np.arange(n_times), steps)
        first = np.repeat(np.cumsum(steps) - steps, steps)
        fraction = (np.arange(len(substep)) - first) / steps[substep]
        return cls(model.position, model.event, w, substep, fraction, (together[substep] / steps[substep]), n_times)

    def derivatives(self, x: Floats, risk: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Give score, information, and the intensity and mean of covariates at each step."""
        r = self.weights * risk
        leaving, at, k = self.event, self.position[self.event], x.shape[1]
        s0, d0 = self._at_risk(r), np.bincount(at, r[leaving], self.n_times)[self.substep]
        pool = s0 - self.fraction * d0
        mean = np.empty((len(self.substep), k))
        for j in range(k):
            d1 = np.bincount(at, (r * x[:, j])[leaving], self.n_times)[self.substep]
            mean[:, j] = (self._at_risk(r * x[:, j]) - self.fraction * d1) / pool
        information = np.empty((k, k))
        for i in range(k):
            for j in range(i + 1):
                rxx = r * x[:, i] * x[:, j]
                d2 = np.bincount(at, rxx[leaving], self.n_times)[self.substep]
                second = (self._at_risk(rxx) - self.fraction * d2) / pool
                information[i, j] = information[j, i] = self.share @ (second - mean[:, i] * mean[:, j])
        score = self.weights[leaving] @ x[leaving] - self.share @ mean
        return score, information, self.share / pool, mean

    def _at_risk(self, values: Floats) -> Floats:
        found = np.asarray(np.bincount(self.position, values, self.n_times), float)
        return np.cumsum(found[::-1])[::-1][self.substep]


@dataclass(frozen=True, slots=True, eq=False)
class LogRankScore:
    """
    Score of a Cox model of groups at no effect, for each level but the first.

    Attributes
    ----------
    followed : Followed
        With one cause, and a level for each group.
    rho : float
        Power of the pooled share retained before each time by which departures count.

    Notes
    -----
    As in R's survey, those who leave at the same time are counted by Efron's method.
    """

    followed: Followed
    rho: float

    def value(self, weights: Floats) -> Floats:
        """Add up the weighted score residuals, shape (n_levels - 1,)."""
        return weights @ self.influence(weights)

    def influence(self, weights: Floats) -> Floats:
        """Weigh each row's martingale increments by how far its group is from the mean of those at risk."""
        followed, risk = self.followed, self.followed.risk(weights)
        hazard, share = self._efron(risk.at_risk, risk.gone[:, 0])
        kept = np.cumprod(1 - divide(risk.gone.sum(axis=(0, 1)), risk.at_risk.sum(axis=0)))
        weight = np.concatenate([[1.0], kept[:-1]]) ** self.rho
        coefficient = weight[:, None] * (np.eye(followed.n_levels)[:, None, 1:] - share[1:].T)
        table = martingale_table(coefficient, np.broadcast_to(hazard, risk.at_risk.shape), followed.n_kinds)
        moved = np.zeros((followed.n_rows, followed.n_levels - 1))
        moved[followed.row] = table[followed.level, followed.kind, followed.position]
        return moved

    def _efron(self, at_risk: Floats, gone: Floats) -> tuple[Floats, Floats]:
        """Give the hazard at each time, shape (n_times,), and the mean share of each level among those at risk."""
        n_times = len(self.followed.time)
        tied = np.bincount(self.followed.position[self.followed.kind == 1], minlength=n_times)
        together = gone.sum(axis=0)
        steps = tied * (together > 0)
        substep = np.repeat(np.arange(n_times), steps)
        fraction = (np.arange(len(substep)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[substep]
        pool = at_risk.sum(axis=0)[substep] - fraction * together[substep]
        hazard = np.asarray(np.bincount(substep, together[substep] / steps[substep] / pool, n_times), float)
        shares = (at_risk[:, substep] - fraction * gone[:, substep]) / pool / steps[substep]
        return hazard, _sums(substep, shares.T, n_times).T


def _sums(codes: Codes, values: Floats, n: int) -> Floats:
    return np.stack([np.bincount(codes, column, n) for column in values.T], axis=1)


def _scale(weights: Floats) -> float:
    mean = float(weights.mean())
    return mean if mean > 0 else 1.0


def _solve(matrix: Floats, right: Floats) -> Floats | None:
    """Solve, or give None where there is no single answer."""
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > 1e13:
        return None
    return np.asarray(np.linalg.solve(matrix, right))
