"""Array functions of generalised linear models: weighted fits, their influence values, and separation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, optimize, special

from surveys._design import Codes, Floats
from surveys._estimates import Bools

FamilyName = Literal["gaussian", "quasibinomial", "quasipoisson"]
LinkName = Literal["identity", "logit", "cloglog", "log"]

STEPS = 100
SETTLED = 1e-11
LEAST = 1e-15
CERTAIN = 1e-8
DIRECTION = 1e-7


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
    "logit": Link(
        special.logit, lambda eta: _unit(special.expit(eta)), lambda eta: special.expit(eta) * special.expit(-eta)
    ),
    "cloglog": Link(
        lambda mean: np.log(-np.log1p(-mean)),
        lambda eta: _unit(-np.expm1(-np.exp(np.minimum(eta, 700)))),
        lambda eta: np.exp(np.minimum(eta, 700) - np.exp(np.minimum(eta, 700))),
    ),
    "log": Link(np.log, lambda eta: np.exp(np.minimum(eta, 700)), lambda eta: np.exp(np.minimum(eta, 700))),
}
FAMILIES: dict[FamilyName, Family] = {
    "gaussian": Family(np.ones_like, lambda y: y, np.isfinite),
    "quasibinomial": Family(lambda mean: mean * (1 - mean), lambda y: (y + 0.5) / 2, lambda y: (y >= 0) & (y <= 1)),
    "quasipoisson": Family(lambda mean: mean, lambda y: y + 0.1, lambda y: y >= 0),
}


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
    """

    matrix: Floats
    outcome: Floats
    rows: Codes
    n_rows: int
    family: Family
    link: Link

    def value(self, weights: Floats) -> Floats:
        """Fit under some weights, shape (k,); NaN where the fit does not settle."""
        return self.fit(weights)[0]

    def influence(self, weights: Floats) -> Floats:
        """Linearise: each row's score times the inverse of the expected information."""
        beta = self.fit(weights)[0]
        eta = self.matrix @ beta
        mean, slope = self.link.inverse(eta), self.link.slope(eta)
        variance = np.maximum(self.family.variance(mean), LEAST)
        information = weights[self.rows] * slope**2 / variance
        size = np.sqrt(np.square(self.matrix).sum(axis=0))
        scaled = self.matrix / size
        bread = np.linalg.inv((scaled * information[:, None]).T @ scaled)
        moved = np.zeros((self.n_rows, self.matrix.shape[1]))
        moved[self.rows] = (scaled * ((self.outcome - mean) * slope / variance)[:, None]) @ bread / size
        return moved

    def fit(self, weights: Floats) -> tuple[Floats, bool]:
        """Give the coefficients by iterated weighted least squares, and whether they settled."""
        w, x, y = weights[self.rows], self.matrix, self.outcome
        size = np.sqrt(np.square(x).sum(axis=0))
        eta = self.link.function(self.family.start(y))
        beta = np.full(x.shape[1], np.nan)
        for _ in range(STEPS):
            mean, slope = self.link.inverse(eta), np.maximum(self.link.slope(eta), LEAST)
            root = np.sqrt(w * slope**2 / np.maximum(self.family.variance(mean), LEAST))
            try:
                q, r = np.linalg.qr(x / size * root[:, None])
                found = linalg.solve_triangular(r, q.T @ (root * (eta + (y - mean) / slope))) / size
            except (linalg.LinAlgError, ValueError):
                return np.full_like(beta, np.nan), False
            if not np.isfinite(found).all():
                return np.full_like(beta, np.nan), False
            moved = np.abs(found - beta) * size
            beta, eta = found, x @ found
            if (moved <= SETTLED * (1 + np.abs(beta) * size)).all():
                return beta, True
        return np.full_like(beta, np.nan), False

    def certain(self, weights: Floats) -> bool:
        """Tell whether some rows are fitted as all but certain, as they are under separation."""
        beta, settled = self.fit(weights)
        if not settled:
            return True
        variance = self.family.variance(self.link.inverse(self.matrix @ beta))
        return bool((variance[weights[self.rows] > 0] < CERTAIN).any())


def aliased_columns(matrix: Floats, weights: Floats) -> list[int]:
    """Give the columns that others determine, the later ones first to go."""
    scaled = matrix * np.sqrt(weights)[:, None]
    size = np.sqrt(np.square(scaled).sum(axis=0))
    kept: list[int] = []
    gone: list[int] = []
    for j in range(matrix.shape[1]):
        column = scaled[:, j] / size[j] if size[j] > 0 else scaled[:, j]
        others = scaled[:, kept] / size[kept]
        left = column - others @ np.linalg.lstsq(others, column, rcond=None)[0] if kept else column
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
