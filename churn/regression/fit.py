"""The fit of a Cox model to spells of accounts, on standardised covariates, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.regression import _residuals
from churn.regression._concordance import Pairs, compare_pairs
from churn.regression._likelihood import Likelihood, Maximum, Point, aliased, maximise
from churn.regression._predicted import Hazard, cumulative_hazard, times_of
from churn.regression._residuals import Increments, increments
from churn.regression._ties import Ties
from churn.regression.risk_sets import Slots, Spells, risk_sets
from churn.survival.tallies import Timeline, product_limit
from surveys.core.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """
    A maximum of the partial likelihood and all that it was found from.

    Attributes
    ----------
    spells : Spells
    slots : Slots
    x : ndarray of float, shape (n_units, k)
        Covariates less `center`, over `spread`; all that follows is on this scale.
    center, spread : ndarray of float, shape (k,)
    likelihood : Likelihood
    maximum : Maximum
    cluster : ndarray of int, shape (n_spells,), or None
    """

    spells: Spells
    slots: Slots
    x: Floats
    center: Floats
    spread: Floats
    likelihood: Likelihood
    maximum: Maximum
    cluster: Ints | None

    @property
    def coefficient(self) -> Floats:
        """Coefficients of the covariates as they were given."""
        return self.maximum.coefficient / self.spread

    @property
    def log_risk(self) -> Floats:
        """Linear predictor of each spell, less that of the mean; equal for equal covariates."""
        score = np.zeros(len(self.x))
        for column, coefficient in zip(self.x.T, self.maximum.coefficient, strict=True):
            score += column * coefficient
        return score[self.spells.unit]

    def covariance(self, *, robust: bool) -> Floats:
        """Give the covariance of the coefficients: the inverse information, or the sandwich around it."""
        found = np.linalg.inv(self.maximum.at.information)
        if robust:
            found = found @ _residuals.meat(self.score_residuals(), self.spells, self.cluster) @ found
        return np.asarray(found / np.outer(self.spread, self.spread))

    def increments(self) -> Increments:
        """Give what each slot adds to the hazard."""
        return increments(self.likelihood, self.maximum.coefficient)

    def score_residuals(self, *, at_null: bool = False) -> Floats:
        """Give score residuals of each account of a spell, at the fit or at no effect; shape (n_spells, k)."""
        added = increments(self.likelihood, np.zeros(len(self.spread))) if at_null else self.increments()
        risk = np.ones(len(self.spells.n)) if at_null else np.exp(self.log_risk)
        return _residuals.score(self.spells, self.slots, added, risk, self.x)

    def influence(self) -> Floats:
        """Give the influence (dfbeta) of each account of a spell on the coefficients, shape (n_spells, k)."""
        return np.asarray(self.score_residuals() @ np.linalg.inv(self.maximum.at.information) / self.spread)

    def martingale_residuals(self) -> Floats:
        """Give the martingale residual of each account of a spell: events less those expected."""
        return _residuals.martingale(self.spells, self.slots, self.increments(), np.exp(self.log_risk))

    def schoenfeld_residuals(self) -> tuple[Ints, Floats]:
        """Give spells that leave, by slot, and their covariates less the mean of those at risk, as given."""
        gone = np.flatnonzero(self.spells.event)
        gone = gone[np.argsort(self.slots.last[gone], kind="stable")]
        away = self.x[self.spells.unit[gone]] - self.increments().mean[self.slots.last[gone]]
        return gone, away * self.spread

    def robust_score_test(self) -> float:
        """Give the robust score statistic at no effect, with the variance among accounts or clusters."""
        residual, gradient = self.score_residuals(at_null=True), self.maximum.null.score
        return float(gradient @ np.linalg.solve(_residuals.meat(residual, self.spells, self.cluster), gradient))

    def proportional(self, transform: str) -> tuple[Floats, float]:
        """Give score statistics of each covariate's interaction with a function of time, and of all together."""
        time = self._timescale(transform)
        time = time - self.slots.gone @ time / self.slots.gone.sum()
        return _residuals.proportional(self.likelihood, self.maximum.coefficient, time)

    def _timescale(self, transform: str) -> Floats:
        if transform in ("identity", "log"):
            return np.log(self.slots.time) if transform == "log" else self.slots.time
        timeline = Timeline.of(self.spells.duration, self.spells.event, self.spells.entry)
        tallies = timeline.tally(self.spells.n)
        at = np.searchsorted(timeline.time, self.slots.time)
        if transform == "km":
            return 1 - np.concatenate([[1.0], product_limit(tallies)[0]])[at]
        ended = (tallies.n_event + tallies.n_censor)[at]
        return np.cumsum(tallies.n_event + tallies.n_censor)[at] - (ended - 1) / 2

    def concordance(self) -> Pairs:
        """Compare the order of the linear predictor with that of leaving."""
        return compare_pairs(self.spells, self.slots, self.log_risk, self.cluster)

    def hazards(self, profiles: Floats, *, robust: bool) -> list[Hazard]:
        """Give cumulative hazards of profiles of covariates, as they were given, in each stratum."""
        scaled = (profiles - self.center) / self.spread
        covariance = self.covariance(robust=robust) * np.outer(self.spread, self.spread)
        added = self.increments()
        log_risk = scaled @ self.maximum.coefficient
        return [
            cumulative_hazard(times_of(self.spells, i), self.slots, i, added, scaled, log_risk, covariance)
            for i in range(int(self.spells.stratum.max()) + 1)
        ]


def standardise(x: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Give covariates less their mean, over their spread, then both; in columns."""
    center = weight @ x / weight.sum()
    x = np.array(x, order="F")
    x -= center
    spread = np.sqrt([weight @ column**2 / weight.sum() for column in x.T])
    spread = np.where(spread > 0, spread, 1.0)
    x /= spread
    return x, center, spread


def gather(x: Floats, rows: Ints) -> Floats:
    """Give some rows, in columns."""
    found = np.empty((len(rows), x.shape[1]), order="F")
    for j in range(x.shape[1]):
        np.take(x[:, j], rows, out=found[:, j])
    return found


def fit_cox(spells: Spells, x: Floats, ties: Ties, cluster: Ints | None = None) -> Fit | list[int]:
    """Maximise the partial likelihood; covariates that other ones determine are listed instead."""
    weight = np.asarray(np.bincount(spells.unit, spells.n * spells.weight, len(x)), np.float64)
    x, center, spread = standardise(x, weight)
    slots = Slots.of(spells)
    sets, rows = risk_sets(spells, slots, len(x))
    likelihood = Likelihood.of(x if rows is None else gather(x, rows), sets, slots, ties)
    null: Point = likelihood.at(np.zeros(x.shape[1]))
    repeated = aliased(null.information, np.full(x.shape[1], slots.gone_weight.sum()))
    if repeated:
        return repeated
    return Fit(spells, slots, x, center, spread, likelihood, maximise(likelihood, null), cluster)
