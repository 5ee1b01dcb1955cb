"""Cox models and log-rank scores under survey weights as array functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from churn.design_based._curves import FollowedSample, divide, martingale_table
from churn.regression.fit import Fit, fit_cox
from churn.regression.risk_sets import Spells
from surveys.core.arrays import Codes, Floats

Ties = Literal["efron", "breslow"]


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
        return np.full(self.covariates.shape[1], np.nan) if fit is None else fit.coefficient

    def influence(self, weights: Floats) -> Floats:
        """Linearise: score residuals times the inverse of the information."""
        fit, influence = self.fit(weights), np.zeros((self.n_rows, self.covariates.shape[1]))
        influence[self.row] = np.nan if fit is None else fit.influence()
        return influence

    def fit(self, weights: Floats) -> Fit | None:
        """Maximise the weighted partial likelihood; None where it has no maximum."""
        weight = weights[self.row]
        n = len(weight)
        together = np.bincount(self.position[self.event], weight[self.event], int(self.position.max()) + 1)
        spells = Spells(
            duration=self.position.astype(float),
            entry=np.full(n, np.nan),
            event=self.event & (together[self.position] > 0),
            n=np.ones(n, np.int64),
            weight=weight,
            stratum=np.zeros(n, np.int64),
            unit=np.arange(n),
        )
        if not spells.event.any():
            return None
        found = fit_cox(spells, self.covariates, self.ties)
        return found if isinstance(found, Fit) and found.maximum.state == "found" else None


@dataclass(frozen=True, slots=True, eq=False)
class LogRankScore:
    """
    Score of a Cox model of groups at no effect, for each level but the first.

    Attributes
    ----------
    followed : FollowedSample
        With one cause, and a level for each group.
    rho : float
        Power of the pooled share retained before each time by which departures count.

    Notes
    -----
    As in R's survey, those who leave at the same time are counted by Efron's method.
    """

    followed: FollowedSample
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
        influence = np.zeros((followed.n_rows, followed.n_levels - 1))
        influence[followed.row] = table[followed.level, followed.kind, followed.position]
        return influence

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
