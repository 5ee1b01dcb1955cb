"""Residuals of a Cox model: martingale, deviance, score, and the robust covariance and tests made of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churn.regression._likelihood import Likelihood
from churn.regression.risk_sets import Slots, Spells
from surveys.core.arrays import Floats, Ints


class Increments(NamedTuple):
    """What each slot adds: to the hazard, to the hazard times the mean covariates, and what its tied are spared."""

    hazard: Floats
    spared: Floats
    moment: Floats
    spared_moment: Floats
    mean: Floats
    square: Floats


def increments(likelihood: Likelihood, coefficient: Floats) -> Increments:
    """Work out increments of a fit, at coefficients and covariates of the likelihood's own scale."""
    _, found, first, first_gone = likelihood.moments(coefficient)
    gone = likelihood.slots.gone_weight
    of = [column[:, None] for column in found]
    return Increments(
        hazard=gone * found.inverse,
        spared=gone * found.inverse_u,
        moment=gone[:, None] * (of[3] * first - of[4] * first_gone),
        spared_moment=gone[:, None] * (of[4] * first - of[5] * first_gone),
        mean=of[1] * first - of[2] * first_gone,
        square=gone * found.square,
    )


def martingale(spells: Spells, slots: Slots, added: Increments, risk: Floats) -> Floats:
    """Give the martingale residual of each account in a cell: events less those expected; `risk` is that of spells."""
    until = slots.cumulated(added.hazard)
    expected = until[np.maximum(slots.last + 1, slots.first)] - until[slots.first]
    gone = np.flatnonzero(spells.event)
    expected[gone] -= added.spared[slots.last[gone]]
    return spells.event - risk * expected


def deviance(spells: Spells, residual: Floats) -> Floats:
    """Give deviance residuals: martingale residuals made about symmetric."""
    gone = spells.event.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(gone > 0, gone * np.log(gone - residual), 0.0)
    return np.asarray(np.sign(residual) * np.sqrt(-2 * (residual + part)))


def score(spells: Spells, slots: Slots, added: Increments, risk: Floats, x: Floats) -> Floats:
    """Give the score residual of each account in a cell, shape (n_spells, k)."""
    hazard, moment = slots.cumulated(added.hazard), slots.cumulated(added.moment)
    end = np.maximum(slots.last + 1, slots.first)
    found = np.empty((len(risk), x.shape[1]), order="F")
    gone = np.flatnonzero(spells.event)
    at = slots.last[gone]
    passed = hazard[end] - hazard[slots.first]
    for j in range(x.shape[1]):
        covariate = x[spells.unit, j]
        found[:, j] = -risk * (covariate * passed - (moment[end, j] - moment[slots.first, j]))
        spared = covariate[gone] * added.spared[at] - added.spared_moment[at, j]
        found[gone, j] += covariate[gone] - added.mean[at, j] + risk[gone] * spared
    return found


def meat(residual: Floats, spells: Spells, cluster: Ints | None) -> Floats:
    """Add up squares of weighted residuals, over accounts or over clusters of them."""
    if cluster is None:
        weighed = residual * (np.sqrt(spells.n) * spells.weight)[:, None]
    else:
        share = spells.n * spells.weight
        weighed = np.stack([np.bincount(cluster, column * share) for column in residual.T], axis=1)
    return np.asarray(weighed.T @ weighed)


def proportional(likelihood: Likelihood, coefficient: Floats, time: Floats) -> tuple[Floats, float]:
    """
    Give score statistics of an interaction of each covariate with a function of time, and of all together.

    Each has one degree of freedom, all together one for each covariate; `time` is the function in each slot.
    """
    moments = likelihood.moments(coefficient)
    gone = likelihood.slots.gone_weight
    mean = (
        moments.denominators.inverse[:, None] * moments.first
        - moments.denominators.inverse_u[:, None] * moments.first_gone
    )
    gradient = time @ (likelihood.gone_x - gone[:, None] * mean)
    plain, tilted, squared = (likelihood.curvature(moments, gone * time**power) for power in range(3))
    left = squared - tilted @ np.linalg.solve(plain, tilted)
    return gradient**2 / np.diag(left), float(gradient @ np.linalg.solve(left, gradient))
