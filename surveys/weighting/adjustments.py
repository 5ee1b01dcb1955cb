"""What steps of weighting did to a sample, kept so that replicates can go through them and variances know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError
from surveys.design.design import Step
from surveys.weighting import _calibration
from surveys.weighting._calibration import Distance
from surveys.weighting.margins import Margin

MET = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostStratified:
    """Weights scaled to the totals of cells; variances are those of residuals from the cells' means."""

    step: Step
    before: Floats
    after: Floats
    margin: Margin

    def reweigh(self, weights: Floats) -> Floats:
        """Scale other weights to the same totals."""
        return post_stratified(weights, self.margin)

    def residuals(self, scores: Floats) -> Floats:
        """Take the means of the cells from scores."""
        cell, n_cells = self.margin.cell, len(self.margin.totals)
        return _calibration.cell_residuals(scores, self.after, self.before, cell, n_cells)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raked:
    """Weights raked to margins; variances are those of residuals from all margins in turn."""

    step: Step
    before: Floats
    after: Floats
    margins: tuple[Margin, ...]
    tolerance: float
    max_sweeps: int

    def reweigh(self, weights: Floats) -> Floats:
        """Rake other weights to the same margins."""
        return raked(weights, self.margins, self.tolerance, self.max_sweeps)

    def residuals(self, scores: Floats) -> Floats:
        """Sweep the means of the margins out of scores."""
        return _calibration.sweep_residuals(scores, self.after, [margin.cell for margin in self.margins])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibrated:
    """Weights calibrated to totals; variances are those of residuals from a weighted regression."""

    step: Step
    before: Floats
    after: Floats
    margins: tuple[Margin, ...]
    terms: Floats
    distance: Distance
    bounds: tuple[float, float] | None
    tolerance: float
    max_steps: int

    def reweigh(self, weights: Floats) -> Floats:
        """Calibrate other weights to the same totals."""
        return calibrated(weights, self.margins, self.terms, self.distance, self.bounds, self.tolerance, self.max_steps)

    def residuals(self, scores: Floats) -> Floats:
        """Take the regression on the terms out of scores."""
        return _calibration.regression_residuals(scores, self.after, self.before, self.terms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trimmed:
    """Weights cut to limits; variances take the limits as given."""

    step: Step
    before: Floats
    after: Floats
    low: float
    high: float
    strict: bool

    def reweigh(self, weights: Floats) -> Floats:
        """Cut other weights to the same limits."""
        return _calibration.trim(weights, self.low, self.high, strict=self.strict)

    def residuals(self, scores: Floats) -> Floats:
        """Give the scores back: no total is held fixed."""
        return scores


def post_stratified(weights: Floats, margin: Margin) -> Floats:
    """
    Scale weights to the totals of cells, or refuse where a cell is empty.

    Examples
    --------
    >>> sex = Margin("sex", ("F", "M"), np.array([52.0, 48.0]), np.array([0, 0, 1]))
    >>> post_stratified(np.ones(3), sex).tolist()
    [26.0, 26.0, 48.0]
    """
    found = _calibration.poststratify(weights, margin.cell, margin.totals)
    _check(found, [margin], MET, "has a cell without respondents")
    return found


def raked(weights: Floats, margins: Sequence[Margin], tolerance: float, max_sweeps: int) -> Floats:
    """
    Rake weights to margins, or refuse where they cannot all be met.

    Examples
    --------
    >>> sex = Margin("sex", ("F", "M"), np.array([60.0, 40.0]), np.array([0, 0, 1, 1]))
    >>> age = Margin("age", ("18-34", "35+"), np.array([50.0, 50.0]), np.array([0, 1, 0, 1]))
    >>> raked(np.ones(4), [sex, age], 1e-9, 50).round(6).tolist()
    [30.0, 30.0, 20.0, 20.0]
    """
    cells, totals = [margin.cell for margin in margins], [margin.totals for margin in margins]
    found, sweeps = _calibration.rake(weights, cells, totals, tolerance, max_sweeps)
    _check(found, margins, max(tolerance, MET), f"is not met after {sweeps} sweeps")
    return found


def calibrated(
    weights: Floats,
    margins: Sequence[Margin],
    terms: Floats,
    distance: Distance,
    bounds: tuple[float, float] | None,
    tolerance: float,
    max_steps: int,
) -> Floats:
    """
    Calibrate weights to totals, or refuse where they cannot be met.

    Examples
    --------
    >>> sex = Margin("sex", ("F", "M"), np.array([52.0, 48.0]), np.array([0, 0, 1]))
    >>> calibrated(np.ones(3), [sex], sex.terms(), "linear", None, 1e-9, 50).round(6).tolist()
    [26.0, 26.0, 48.0]
    """
    totals = np.concatenate([margin.totals for margin in margins])
    found, gap = _calibration.calibrate(weights, terms, totals, distance, bounds, tolerance, max_steps)
    if not np.isfinite(gap).all() or np.abs(gap).max(initial=0.0) > max(tolerance, MET):
        labels = [label for margin in margins for label in margin.labels()]
        worst = int(np.argmax(np.where(np.isfinite(gap), np.abs(gap), np.inf)))
        within = f" with factors from {bounds[0]:g} to {bounds[1]:g}" if bounds else ""
        raise EstimateError.at(
            f"margin '{labels[worst]}'",
            f"its total, {totals[worst]:,.6g}, cannot be met together with the others{within}",
            "Widen bounds, join levels, or drop the margin" if bounds else "Correct the totals, or drop the margin",
        )
    return found


def _check(weights: Floats, margins: Sequence[Margin], tolerance: float, what: str) -> None:
    gaps = _calibration.gaps(weights, [m.cell for m in margins], [m.totals for m in margins])
    if gaps.max(initial=0.0) <= tolerance:
        return
    worst = margins[int(np.argmax(gaps))]
    sums = np.bincount(worst.cell, weights, len(worst.totals))
    level = int(np.argmax(np.abs(sums - worst.totals) / np.where(worst.totals > 0, worst.totals, 1.0)))
    raise EstimateError.at(
        f"margin '{worst.name}'",
        f"{what}: '{worst.levels[level]}' has {sums[level]:,.6g}, wanted {worst.totals[level]:,.6g}",
        "Join levels that few respondents are in, or drop the margin",
    )
