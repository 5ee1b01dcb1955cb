"""Arrays behind the ceiling of reach: steady states, and intervals carried from inputs to a function of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import optimize, special

from surveys.core.arrays import Floats

Ends = tuple[float, float, float]
"""Estimate, low end and high end."""


def steady_reach(retention: float, inflow: float) -> float:
    """Give the share reached in the long run: each month's arrivals, times the months that they stay."""
    return inflow / (1 - retention) if retention < 1 else np.inf


def returning_reach(retention: float, returning: float) -> float:
    """Give the share of a finite universe present in the long run, once everybody has been there and may return."""
    return returning / (returning + 1 - retention) if returning > 0 else 0.0


def three_states(retention: float, returning: float, arriving: float, renewal: float) -> Floats:
    """
    Give the long-run shares of a universe present, lapsed, and never there.

    A Markov chain: a share `arriving` of those never there arrives each month, `retention` of those present
    stays, `returning` of the lapsed comes back, and `renewal` of everybody is replaced by newcomers.
    """
    stays = np.array(
        [
            [retention, 1 - retention, 0.0],
            [returning, 1 - returning, 0.0],
            [arriving, 0.0, 1 - arriving],
        ]
    )
    moves = (1 - renewal) * stays + renewal * np.array([0.0, 0.0, 1.0])
    equations = np.vstack([moves.T - np.eye(3), np.ones(3)])
    return np.asarray(np.linalg.lstsq(equations, np.array([0.0, 0.0, 0.0, 1.0]), rcond=None)[0])


def mixed_survival(alpha: float, beta: float, n_months: int) -> Floats:
    """Give the share still there after 0, 1, ... months where dropout rates are beta-distributed."""
    months = np.arange(n_months + 1)
    return np.asarray(np.exp(special.betaln(alpha, beta + months) - special.betaln(alpha, beta)))


def mixture_through(months: tuple[float, float], shares: tuple[float, float]) -> tuple[float, float] | None:
    """Find the beta distribution of dropout rates whose retention passes through two points; None where none does."""

    def misses(logs: Floats) -> Floats:
        alpha, beta = np.exp(logs)
        logs_of_share = special.betaln(alpha, beta + np.asarray(months)) - special.betaln(alpha, beta)
        return np.asarray(logs_of_share - np.log(shares))

    found = optimize.least_squares(misses, np.zeros(2), bounds=(-12, 12), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    alpha, beta = np.exp(found.x)
    return (float(alpha), float(beta)) if np.abs(found.fun).max() < 1e-6 else None


def carry(function: Callable[..., float], inputs: Sequence[Ends], *, scale: str) -> Ends:
    """
    Carry intervals of independent inputs to a function of them that rises or falls in each.

    Each input is moved to either end of its interval while the others stay; squared movements of the result
    are added on each side, on the scale on which the result is closest to normal.
    """
    link, back = {
        "log": (np.log, np.exp),
        "logit": (special.logit, special.expit),
        "identity": (float, float),
    }[scale]
    middle = [estimate for estimate, _, _ in inputs]
    with np.errstate(divide="ignore"):
        centre = float(link(function(*middle)))
        below = above = 0.0
        for k, (_, low, high) in enumerate(inputs):
            moved = [
                float(link(function(*(end if j == k else value for j, value in enumerate(middle)))))
                for end in (low, high)
            ]
            below += max(0.0, centre - min(moved)) ** 2
            above += max(0.0, max(moved) - centre) ** 2
    return float(back(centre)), float(back(centre - np.sqrt(below))), float(back(centre + np.sqrt(above)))
