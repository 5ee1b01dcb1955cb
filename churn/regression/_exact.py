"""The exact (conditional) partial likelihood of tied events: which set of accounts left, whatever their order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize

from churn.regression.risk_sets import RiskSets
from surveys.core.arrays import Floats, Ints


class Share(NamedTuple):
    """What one or more times add to the log-likelihood, its gradient and its curvature."""

    log_likelihood: float
    score: Floats
    information: Floats


def tied_sets(x: Floats, log_risk: Floats, sets: RiskSets, slots: Ints) -> Share:
    r"""
    Add up the exact partial log-likelihood over slots.

    Notes
    -----
    Of all sets of d accounts that could have left, the probability of the one that did: its product of
    risks over the elementary symmetric polynomial of the risks, the coefficient of :math:`z^d` in
    :math:`\prod_i(1+r_iz)`. The coefficient is an integral over a circle whose radius makes d the mean of
    the number who leave if each does so independently; the trapezoidal rule gives it to rounding.
    """
    k = x.shape[1]
    total = Share(0.0, np.zeros(k), np.zeros((k, k)))
    for slot in slots:
        units, count, gone = sets.members(int(slot))
        if gone.sum() == count.sum():
            continue
        log_sum, mean, spread = _symmetric(x[units], log_risk[units], count, float(gone.sum()))
        total = Share(
            total.log_likelihood + float(gone @ log_risk[units]) - log_sum,
            total.score + gone @ x[units] - mean,
            total.information + spread,
        )
    return total


def _symmetric(x: Floats, log_risk: Floats, count: Floats, d: float) -> tuple[float, Floats, Floats]:
    """Give the logarithm of the polynomial, and its first and second derivatives in the coefficients."""
    center = np.log(d / (count.sum() - d))

    def excess(log_radius: float) -> float:
        return float(count @ (1 / (1 + np.exp(-np.clip(log_risk + log_radius, -700, 700))))) - d

    low, high = center - log_risk.max() - 1, center - log_risk.min() + 1
    log_radius = float(optimize.brentq(excess, low, high, xtol=1e-8))
    chance = 1 / (1 + np.exp(-(log_risk + log_radius)))
    variance = float(count @ (chance * (1 - chance)))
    points = int(min(count.sum() + 1, np.ceil(15 + np.sqrt(225 + 90 * variance))))
    points += 1 - points % 2
    angle = 2 * np.pi * np.arange(points // 2 + 1) / points
    turned = np.exp(1j * angle)[:, None]
    pool = 1 - chance + chance * turned
    weight = np.exp(np.log(pool) @ count - 1j * d * angle)
    weight[1:] *= 2
    leaving = chance * turned / pool
    moved = (leaving * count) @ x
    total = float(weight.real.sum())
    mean = (weight @ moved).real / total
    own = (weight @ (leaving * (1 - leaving))).real * count / total
    second = ((moved * weight[:, None]).T @ moved).real / total + (x.T * own) @ x
    log_sum = float(count @ np.logaddexp(0, log_risk + log_radius)) - d * log_radius + np.log(total / points)
    return log_sum, mean, second - np.outer(mean, mean)
