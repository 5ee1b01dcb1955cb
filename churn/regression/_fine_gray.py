"""Fine-Gray subdistribution hazards as array functions: weighted risk sets and the sandwich covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from churn.regression._likelihood import Likelihood, Maximum, aliased, maximise
from churn.regression.fit import gather, standardise
from churn.regression.risk_sets import RiskSets, Slots, Spells, WholeMoments, risk_sets
from churn.survival.tallies import Timeline
from surveys.core.arrays import Bools, Floats, Ints


class Censoring(NamedTuple):
    """Kaplan-Meier estimate of the censoring distribution, at each distinct time of dropout or censoring."""

    place: Ints
    """Of each spell among these times."""
    censored: Floats
    at_risk: Floats
    left: Floats
    """Share not yet censored just before each time."""


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionSets(WholeMoments):
    """
    Subdistribution risk sets: accounts with a competing event stay, with inverse-probability-of-censoring weights.

    Attributes
    ----------
    base : RiskSets
        Without them.
    unit : ndarray of int, shape (n_others,)
        The unit of each spell that ended for another reason.
    first : ndarray of int, shape (n_others,)
        The slot from which it is kept.
    weight : ndarray of float, shape (n_others,)
        Its accounts, over the share not yet censored when they left.
    left : ndarray of float, shape (n_slots,)
        Share not yet censored just before each slot.
    n_base : int
        Units that `base` knows; those after them are spells of `unit`.
    """

    base: RiskSets
    unit: Ints
    first: Ints
    weight: Floats
    left: Floats
    n_base: int

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Give weighted sums of unit values at risk and leaving."""
        at_risk, leaving = self.base.sums(values[: self.n_base])
        for j in range(values.shape[1]):
            kept = np.bincount(self.first, self.weight * values[self.unit, j], len(self.left) + 1)
            at_risk[:, j] += self.left * np.cumsum(kept[:-1])
        return at_risk, leaving

    def spread(self, at_risk: Floats, leaving: Floats) -> Floats:
        """Give each unit the weighted sum of slot values while at risk, less that when it leaves."""
        share = self.base.spread(at_risk, leaving)
        size = max(self.n_base, int(self.unit.max(initial=-1)) + 1)
        found = np.concatenate([share, np.zeros(size - self.n_base)])
        from_here = np.concatenate([np.cumsum((self.left * at_risk)[::-1])[::-1], [0.0]])
        found += np.bincount(self.unit, self.weight * from_here[self.first], size)
        return found

    def members(self, slot: int) -> tuple[Ints, Floats, Floats]:
        """Give units at risk in a slot without those gone for another reason."""
        return self.base.members(slot)


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionFit:
    """
    A maximum of Fine and Gray's likelihood.

    Attributes
    ----------
    spells : Spells
        Whose `event` is the cause in question.
    other : ndarray of bool, shape (n_spells,)
        Gone for another reason.
    slots : Slots
    censoring : Censoring
    x : ndarray of float, shape (n_units, k)
        Covariates less `center`, over `spread`.
    center, spread : ndarray of float, shape (k,)
    likelihood : Likelihood
    maximum : Maximum
    """

    spells: Spells
    other: Bools
    slots: Slots
    censoring: Censoring
    x: Floats
    center: Floats
    spread: Floats
    likelihood: Likelihood
    maximum: Maximum

    def covariance(self, *, robust: bool) -> Floats:
        """Give the covariance of the coefficients; the robust sandwich accounts for the estimated censoring weights."""
        found = np.linalg.inv(self.maximum.at.information)
        if robust:
            weighed = self.influence() * np.sqrt(self.spells.n)[:, None]
            found = found @ (weighed.T @ weighed) @ found
        return np.asarray(found / np.outer(self.spread, self.spread))

    def hazard(self) -> Floats:
        """Give the increment in each slot of the subdistribution hazard at mean covariates."""
        moments = self.likelihood.moments(self.maximum.coefficient)
        return self.slots.gone_weight * moments.denominators.inverse

    def influence(self) -> Floats:
        """Give the score residual of each account of a spell, shape (n_spells, k)."""
        moments = self.likelihood.moments(self.maximum.coefficient)
        inverse = moments.denominators.inverse
        hazard, mean = self.slots.gone_weight * inverse, inverse[:, None] * moments.first
        spells, slots, censoring = self.spells, self.slots, self.censoring
        x = self.x[spells.unit]
        risk = np.exp(self.x @ self.maximum.coefficient)[spells.unit][:, None]
        end = slots.last + 1
        until = slots.cumulated(hazard)[end, None]
        found = -risk * (x * until - slots.cumulated(hazard[:, None] * mean)[end])
        found[spells.event] += x[spells.event] - mean[slots.last[spells.event]]

        left = censoring.left[np.searchsorted(self._times(), slots.time)]
        thinned = left * hazard
        before, before_mean = slots.cumulated(thinned), slots.cumulated(thinned[:, None] * mean)
        after, after_mean = before[-1] - before, before_mean[-1] - before_mean
        kept = self.other
        share = risk[kept] / censoring.left[censoring.place[kept], None]
        found[kept] -= share * (x[kept] * after[end[kept], None] - after_mean[end[kept]])
        return found + self._through_censoring(x, risk, after, after_mean)

    def _times(self) -> Floats:
        return Timeline.of(self.spells.duration, self.spells.event, None).time

    def _through_censoring(self, x: Floats, risk: Floats, after: Floats, after_mean: Floats) -> Floats:
        """
        Give what each account adds by its part in the estimate of censoring.

        Censoring acts on those who left before it, in the slots from its own time on, as in `crr` of R's cmprsk.
        """
        censoring, kept = self.censoring, self.other
        n_times, at = len(censoring.left), censoring.place[kept]
        share = (self.spells.n[kept] / censoring.left[at])[:, None] * risk[kept]
        sums = np.stack([np.bincount(at, c, n_times) for c in np.hstack([share, share * x[kept]]).T], axis=1)
        before = np.cumsum(sums, axis=0) - sums
        gone, gone_x = before[:, 0], before[:, 1:]
        slot = np.searchsorted(self.slots.time, self._times(), side="left")
        pull = gone_x * after[slot, None] - gone[:, None] * after_mean[slot]
        pull = pull / censoring.at_risk[:, None]
        spent = np.cumsum(pull * (censoring.censored / censoring.at_risk)[:, None], axis=0)
        found = -spent[censoring.place]
        stays = ~self.spells.event & ~kept
        found[stays] += pull[censoring.place[stays]]
        return found


def fit_subdistribution(spells: Spells, other: Bools, x: Floats) -> SubdistributionFit | list[int]:
    """Maximise the likelihood; covariates that other ones determine are listed instead."""
    weight = np.asarray(np.bincount(spells.unit, spells.n, len(x)), np.float64)
    x, center, spread = standardise(x, weight)
    slots = Slots.of(spells)
    timeline = Timeline.of(spells.duration, spells.event, None)
    tallies = Timeline(timeline.time, None, timeline.last, ~(spells.event | other)).tally(spells.n)
    at_risk, censored = tallies.n_at_risk.astype(float), tallies.n_event.astype(float)
    left = np.concatenate([[1.0], np.cumprod(1 - censored / at_risk)[:-1]])
    censoring = Censoring(timeline.last, censored, at_risk, left)
    base, rows = risk_sets(spells, slots, len(x))
    unit = spells.unit[other]
    n_base = len(x) if rows is None else len(rows)
    sets = SubdistributionSets(
        base=base,
        unit=unit if rows is None else n_base + np.arange(len(unit)),
        first=slots.last[other] + 1,
        weight=spells.n[other] / left[timeline.last[other]],
        left=left[np.searchsorted(timeline.time, slots.time)],
        n_base=n_base,
    )
    likelihood = Likelihood.of(x if rows is None else gather(x, np.concatenate([rows, unit])), sets, slots, "breslow")
    null = likelihood.at(np.zeros(x.shape[1]))
    repeated = aliased(null.information, np.full(x.shape[1], slots.gone_weight.sum()))
    if repeated:
        return repeated
    found = maximise(likelihood, null)
    return SubdistributionFit(spells, other, slots, censoring, x, center, spread, likelihood, found)
