"""
Array functions of generalised linear models: weighted fits, their influence values, and separation.

Fits are ours: statsmodels agrees to 1e-13, but takes five times as long (0.39 s against 0.08 s for 100,000 rows and 7
coefficients), which replicate weights pay hundreds of times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import linalg, optimize, special

from surveys.core.arrays import Bools, Codes, Floats
from surveys.estimates.influence import weighted_sums

FamilyName = Literal["gaussian", "quasibinomial", "quasipoisson"]
LinkName = Literal["identity", "logit", "cloglog", "log"]

STEPS = 100
SETTLED = 1e-11
LEAST = 1e-15
HIGHEST = 150.0
CERTAIN = 1e-8
SINGULAR = 1e14
DIRECTION = 1e-7
APART = 1e-6
BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class Link:
    """How a mean follows from a linear predictor: the function, its inverse, and the inverse's slope."""

    function: Callable[[Floats], Floats]
    inverse: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Family:
    """A variance function, where a fit starts, and what lies within its range."""

    variance: Callable[[Floats], Floats]
    start: Callable[[Floats], Floats]
    inside: Callable[[Floats], Bools]


def _unit(mean: Floats) -> Floats:
    return np.clip(mean, LEAST, 1 - LEAST)


LINKS: dict[LinkName, Link] = {
    "identity": Link(lambda mean: mean, lambda eta: eta, np.ones_like),
    "logit": Link(special.logit, lambda eta: _unit(special.expit(eta)), lambda mean: mean * (1 - mean)),
    "cloglog": Link(
        lambda mean: np.log(-np.log1p(-mean)),
        lambda eta: _unit(-np.expm1(-np.exp(np.minimum(eta, HIGHEST)))),
        lambda mean: -(1 - mean) * np.log1p(-mean),
    ),
    "log": Link(np.log, lambda eta: np.exp(np.minimum(eta, HIGHEST)), lambda mean: mean),
}
FAMILIES: dict[FamilyName, Family] = {
    "gaussian": Family(np.ones_like, lambda y: y, np.isfinite),
    "quasibinomial": Family(lambda mean: mean * (1 - mean), lambda y: (y + 0.5) / 2, lambda y: (y >= 0) & (y <= 1)),
    "quasipoisson": Family(lambda mean: mean, lambda y: y + 0.1, lambda y: y >= 0),
}


CANONICAL = (
    (FAMILIES["gaussian"], LINKS["identity"]),
    (FAMILIES["quasibinomial"], LINKS["logit"]),
    (FAMILIES["quasipoisson"], LINKS["log"]),
)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients, linear predictor, orthogonal columns, the triangle that led to them, and how it ended."""

    beta: Floats
    eta: Floats
    basis: Floats
    triangle: Floats
    state: Literal["settled", "unsettled"]


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """
    Coefficients of a generalised linear model, as a statistic of a design.

    Attributes
    ----------
    matrix : ndarray of float, shape (n_counted, k)
        Covariates of the rows counted.
    outcome : ndarray of float, shape (n_counted,)
    rows : ndarray of int, shape (n_counted,)
        Where these rows stand in the sample.
    n_rows : int
        Rows of the sample.
    family : Family
    link : Link
    last : list
        The weights fitted last, and their fit.
    """

    matrix: Floats
    outcome: Floats
    rows: Codes
    n_rows: int
    family: Family
    link: Link
    last: list[tuple[Floats, Fit]] = field(default_factory=list, repr=False)

    def value(self, weights: Floats) -> Floats:
        """Fit under some weights, shape (k,); NaN where the fit does not settle."""
        return self.fit(weights).beta

    def influence(self, weights: Floats) -> Floats:
        """Linearise: each row's score times the inverse of the expected information."""
        fitted = self.fit(weights)
        scores, back = self._scores(fitted, weights)
        counted: Floats = fitted.basis @ back
        counted *= scores[:, None]
        if len(self.rows) == self.n_rows:
            return counted
        influence = np.zeros((self.n_rows, self.matrix.shape[1]))
        influence[self.rows] = counted
        return influence

    def unit_sums(self, weights: Floats, unit: Codes, n_units: int) -> Floats:
        """Add up weight times influence over the rows of each unit, shape (n_units, k)."""
        fitted = self.fit(weights)
        scores, back = self._scores(fitted, weights)
        scores *= weights[self.rows]
        return weighted_sums(scores, fitted.basis, unit[self.rows], n_units) @ back

    def _scores(self, fitted: Fit, weights: Floats) -> tuple[Floats, Floats]:
        """Give the score of each row in its linear predictor, and the map from the basis to the coefficients."""
        information, _ = self._normal_equations(fitted.basis, fitted.eta, weights[self.rows])
        mean = self.link.inverse(fitted.eta)
        scores = self.outcome - mean
        if not self._canonical:
            scores *= self.link.slope(mean) / self._variance(mean)
        return scores, linalg.solve_triangular(fitted.triangle, np.linalg.inv(information)).T

    def fit(self, weights: Floats) -> Fit:
        """Fit by iterated weighted least squares, in columns that are orthogonal under the weights."""
        if self.last and self.last[0][0] is weights:
            return self.last[0][1]
        w, y = weights[self.rows], self.outcome
        nothing = np.full(self.matrix.shape[1], np.nan)
        triangle, size = weighted_triangle(self.matrix, w)
        if np.abs(np.diag(triangle)).min() <= DIRECTION * np.abs(np.diag(triangle)).max():
            return Fit(nothing, np.full(len(y), np.nan), self.matrix, triangle, "unsettled")
        # Columns side by side in memory: each is read by itself.
        basis = (linalg.solve_triangular(triangle * size, np.eye(len(size))).T @ self.matrix.T).T
        eta, found = self.link.function(self.family.start(y)), nothing
        state: Literal["settled", "unsettled"] = "unsettled"
        for _ in range(STEPS):
            information, pulled = self._normal_equations(basis, eta, w)
            if not np.isfinite(information).all() or np.linalg.cond(information) > SINGULAR:
                break
            step = np.linalg.solve(information, pulled)
            moved, found, eta = np.abs(step - found), step, basis @ step
            if (moved <= self._settled * (1 + np.abs(found))).all():
                state = "settled"
                break
        beta = linalg.solve_triangular(triangle, found) / size if state == "settled" else nothing
        fitted = Fit(beta, eta, basis, triangle * size, state)
        self.last[:] = [(weights, fitted)]
        return fitted

    def certain(self, weights: Floats) -> bool:
        """Tell whether some rows are fitted as all but certain, as they are under separation."""
        fitted = self.fit(weights)
        if fitted.state == "unsettled":
            return True
        variance = self.family.variance(self.link.inverse(fitted.eta))
        return bool((variance[weights[self.rows] > 0] < CERTAIN).any())

    def _normal_equations(self, basis: Floats, eta: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Sum up information and weighted responses, block by block so that what is between stays in the cache."""
        k = basis.shape[1]
        information, pulled = np.zeros((k, k)), np.zeros(k)
        for start in range(0, len(eta), BLOCK):
            block = slice(start, start + BLOCK)
            mean = self.link.inverse(eta[block])
            slope = np.maximum(self.link.slope(mean), LEAST)
            pull = weights[block] * slope
            response = weights[block] * (self.outcome[block] - mean)
            if not self._canonical:
                steep = slope / self._variance(mean)
                pull, response = pull * steep, response * steep
            response += pull * eta[block]
            columns = basis[block]
            information += (columns * pull[:, None]).T @ columns
            pulled += response @ columns
        return information, pulled

    @property
    def _settled(self) -> float:
        """Newton's steps square the error, so that a step below the root leaves one below the tolerance."""
        return float(np.sqrt(SETTLED)) if self._canonical else SETTLED

    @property
    def _canonical(self) -> bool:
        """Whether the slope of the link is the variance, so that the one over the other is 1."""
        return (self.family, self.link) in CANONICAL

    def _variance(self, mean: Floats) -> Floats:
        return np.maximum(self.family.variance(mean), LEAST)


def weighted_triangle(matrix: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Give the triangle of the weighted columns at length 1, and their lengths; by QR where columns are near."""
    gram = np.zeros((matrix.shape[1], matrix.shape[1]))
    for start in range(0, len(matrix), BLOCK):
        columns = matrix[start : start + BLOCK]
        gram += (columns * weights[start : start + BLOCK, None]).T @ columns
    size = np.sqrt(np.diag(gram))
    size[size == 0] = 1.0
    scaled = gram / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] > APART:
        return np.asarray(np.linalg.cholesky(scaled).T), size
    return np.asarray(np.linalg.qr(matrix / size * np.sqrt(weights)[:, None], mode="r")), size


def aliased_columns(matrix: Floats, weights: Floats) -> list[int]:
    """Give the columns that earlier ones determine."""
    columns, _ = weighted_triangle(matrix, weights)
    kept: list[int] = []
    gone: list[int] = []
    for j in range(columns.shape[1]):
        others = columns[:, kept]
        left = columns[:, j] - others @ np.linalg.lstsq(others, columns[:, j], rcond=None)[0] if kept else columns[:, j]
        (kept if np.linalg.norm(left) > DIRECTION else gone).append(j)
    return gone


def separating_columns(matrix: Floats, outcome: Floats, *, upper: float) -> list[int]:
    r"""
    Find covariates along which an outcome is told without error, so that no estimate is finite.

    Parameters
    ----------
    matrix : ndarray of float, shape (n_rows, k)
        Covariates.
    outcome : ndarray of float, shape (n_rows,)
    upper : float
        The greatest outcome there is: 1 for shares, infinity for counts.

    Returns
    -------
    list of int
        Columns of a direction that separates; empty where there is none.

    Notes
    -----
    A direction b separates where :math:`x^\top b \le 0` wherever the outcome is least, at least 0 where
    it is greatest, 0 elsewhere, and not 0 everywhere (Konis, 2007); a linear programme looks for it.
    """
    size = np.abs(matrix).max(axis=0)
    distinct = np.unique(np.column_stack([matrix / np.where(size > 0, size, 1.0), outcome]), axis=0)
    x, y = distinct[:, :-1], distinct[:, -1]
    sign = np.where(y == 0, -1.0, np.where(y == upper, 1.0, 0.0))
    towards = x * sign[:, None]
    held = x[sign == 0]
    found = optimize.linprog(
        -towards.sum(axis=0),
        A_ub=-towards[sign != 0],
        b_ub=np.zeros(int((sign != 0).sum())),
        A_eq=held if len(held) else None,
        b_eq=np.zeros(len(held)) if len(held) else None,
        bounds=(-1, 1),
        method="highs",
    )
    if not found.success or -found.fun <= DIRECTION:
        return []
    return [int(j) for j in np.flatnonzero(np.abs(found.x) > DIRECTION)]
