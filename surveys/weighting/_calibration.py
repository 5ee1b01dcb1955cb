"""Array functions of weighting: weights that meet known totals, and what is left of scores beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Codes, Floats
from surveys.design.stages import column_sums, first_rows, nested

Distance = Literal["linear", "raking", "logit"]

SWEEPS_OF_SCORES = 10
HALVINGS = 60
EXTREME = 300.0
REFINEMENTS = 2


def cell_sums(weights: Floats, cells: Sequence[Codes], totals: Sequence[Floats]) -> list[Floats]:
    """Add up the weights by the levels of each margin."""
    return [np.bincount(code, weights, len(total)).astype(float) for code, total in zip(cells, totals, strict=True)]


def poststratify(weights: Floats, cell: Codes, totals: Floats) -> Floats:
    """Scale the weights of each cell to its total; cells of weight 0 keep it."""
    sums = np.bincount(cell, weights, len(totals))
    return weights * np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0)[cell]


def rake(
    weights: Floats, cells: Sequence[Codes], totals: Sequence[Floats], tolerance: float, max_sweeps: int
) -> tuple[Floats, int]:
    """
    Scale weights to one margin after the other until all are met.

    Parameters
    ----------
    weights : ndarray of float, shape (n_rows,)
    cells : sequence of ndarray of int, each of shape (n_rows,)
        Level of each row in each margin.
    totals : sequence of ndarray of float, each of shape (n_levels,)
    tolerance : float
        Largest gap to stop at, relative to the total.
    max_sweeps : int
        How often to go through the margins at most.

    Returns
    -------
    weights : ndarray of float, shape (n_rows,)
    sweeps : int
        How often the margins were gone through.

    References
    ----------
    .. [1] W. E. Deming and F. F. Stephan (1940), "On a least squares adjustment of a sampled frequency
       table when the expected marginal totals are known", *Annals of Mathematical Statistics* 11.
    """
    sweeps = 0
    while sweeps < max_sweeps and gaps(weights, cells, totals).max(initial=0.0) > tolerance:
        for cell, total in zip(cells, totals, strict=True):
            weights = poststratify(weights, cell, total)
        sweeps += 1
    return weights, sweeps


def gaps(weights: Floats, cells: Sequence[Codes], totals: Sequence[Floats]) -> Floats:
    """Give the largest gap of each margin, relative to its totals, shape (n_margins,)."""
    sums = cell_sums(weights, cells, totals)
    return np.array(
        [
            (np.abs(found - total) / np.where(total > 0, total, 1.0)).max()
            for found, total in zip(sums, totals, strict=True)
        ]
    )


def stretch(raised: Floats, distance: Distance, bounds: tuple[float, float] | None) -> tuple[Floats, Floats]:
    """
    Give the factors on the weights, and their slopes, of a distance function.

    Parameters
    ----------
    raised : ndarray of float, shape (n_rows,)
        Terms times multipliers.
    distance : {"linear", "raking", "logit"}
        After Deville and Särndal (1992), "Calibration estimators in survey sampling", *Journal of
        the American Statistical Association* 87, 376-382.
    bounds : tuple of float, optional
        Between which factors have to lie; "logit" needs them.
    """
    if distance == "logit":
        low, high = bounds if bounds is not None else (0.0, np.inf)
        steep = (high - low) / ((1 - low) * (high - 1))
        grown = np.exp(np.clip(raised * steep, -EXTREME, EXTREME))
        below = (high - 1) + (1 - low) * grown
        factor = (low * (high - 1) + high * (1 - low) * grown) / below
        return factor, grown * steep * (1 - low) * (high - 1) * (high - low) / below**2
    factor = 1 + raised if distance == "linear" else np.exp(np.minimum(raised, EXTREME))
    slope = np.ones_like(raised) if distance == "linear" else factor
    if bounds is None:
        return factor, slope
    inside = (factor > bounds[0]) & (factor < bounds[1])
    return np.clip(factor, *bounds), np.where(inside, slope, 0.0)


def calibrate(
    weights: Floats,
    terms: Floats,
    totals: Floats,
    distance: Distance,
    bounds: tuple[float, float] | None,
    tolerance: float,
    max_steps: int,
) -> tuple[Floats, Floats]:
    """
    Change weights as little as a distance allows, so that they meet totals.

    Parameters
    ----------
    weights : ndarray of float, shape (n_rows,)
    terms : ndarray of float, shape (n_rows, k)
        What is to be summed; columns may depend on each other.
    totals : ndarray of float, shape (k,)
    distance, bounds
        As for `stretch`.
    tolerance : float
        Largest gap to stop at, relative to the total plus 1.
    max_steps : int
        Newton's steps at most.

    Returns
    -------
    weights : ndarray of float, shape (n_rows,)
    gap : ndarray of float, shape (k,)
        What is missing from each total, relative to it plus 1.
    """
    size = np.maximum(np.sqrt(weights @ terms**2 / max(weights.sum(), 1.0)), np.finfo(float).tiny)
    scaled, aim = terms / size, totals / size
    allowed = (1 + np.abs(totals)) / size
    multipliers = np.zeros(terms.shape[1])
    factor, slope = stretch(scaled @ multipliers, distance, bounds)
    gap = aim - (weights * factor) @ scaled
    for _ in range(max_steps):
        if (np.abs(gap) / allowed).max(initial=0.0) <= tolerance:
            break
        step = np.linalg.lstsq(scaled.T @ (scaled * (weights * slope)[:, None]), gap, rcond=1e-13)[0]
        worst = np.abs(gap).sum()
        for _ in range(HALVINGS):
            factor, slope = stretch(scaled @ (multipliers + step), distance, bounds)
            gap = aim - (weights * factor) @ scaled
            if np.abs(gap).sum() < worst:
                break
            step = step / 2
        else:
            break
        multipliers = multipliers + step
    return weights * factor, gap / allowed


def trim(weights: Floats, low: float, high: float, *, strict: bool) -> Floats:
    """
    Cut weights to limits, and share what was cut equally among the others.

    Parameters
    ----------
    weights : ndarray of float, shape (n_rows,)
    low, high : float
        Limits.
    strict : bool
        Whether to go on until sharing has pushed none out again; those once cut get no share.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        With the same sum, unless every weight was cut.
    """
    cut: NDArray[np.bool_] = np.zeros(len(weights), bool)
    while True:
        outside = (weights < low) | (weights > high)
        if not outside.any():
            return weights
        cut |= outside
        kept = np.clip(weights, low, high)
        if cut.all():
            return kept
        kept[~cut] += (weights - kept).sum() / (~cut).sum()
        weights = kept
        if not strict:
            return weights


def cell_residuals(scores: Floats, weights: Floats, importance: Floats, cell: Codes, n_cells: int) -> Floats:
    """
    Take from scores their mean within cells.

    Parameters
    ----------
    scores : ndarray of float, shape (n_rows, k)
        Weight times influence.
    weights : ndarray of float, shape (n_rows,)
        What the scores are multiplied by.
    importance : ndarray of float, shape (n_rows,)
        Weights of the means.
    cell : ndarray of int, shape (n_rows,)
    n_cells : int
    """
    sums = np.bincount(cell, importance, n_cells)[:, None]
    means = column_sums(_per_weight(scores, weights) * importance[:, None], cell, n_cells)
    means = np.divide(means, sums, out=np.zeros_like(means), where=sums > 0)
    return scores - weights[:, None] * means[cell]


def sweep_residuals(scores: Floats, weights: Floats, cells: Sequence[Codes]) -> Floats:
    """
    Take from scores their plain means within each margin in turn, ten times over, as R's `rake`.

    Notes
    -----
    What is taken is the same within a combination of all margins, so that the sweeps need one sum
    for each combination.
    """
    crossed = np.zeros(len(weights), np.intp)
    for cell in cells:
        crossed = nested(crossed, cell)
    levels = [cell[first_rows(crossed)] for cell in cells]
    values = _per_weight(scores, weights)
    left = column_sums(values, crossed, int(crossed.max(initial=-1)) + 1)
    rows = np.bincount(crossed).astype(float)
    taken = np.zeros_like(left)
    for _ in range(SWEEPS_OF_SCORES):
        for level in levels:
            size = np.bincount(level, rows)[:, None]
            sums = column_sums(left - rows[:, None] * taken, level, len(size))
            taken += np.divide(sums, size, out=np.zeros_like(sums), where=size > 0)[level]
    return (values - taken[crossed]) * weights[:, None]


def regression_residuals(scores: Floats, weights: Floats, before: Floats, terms: Floats) -> Floats:
    """Take from scores what a regression on the terms, weighted as before calibration, tells of them."""
    size = np.sqrt(before @ terms**2)
    scaled = terms / np.where(size > 0, size, 1.0)
    weighted = scaled * before[:, None]
    inverse = np.linalg.pinv(weighted.T @ scaled, rcond=1e-13, hermitian=True)
    left = _per_weight(scores, weights)
    for _ in range(REFINEMENTS):
        left = left - scaled @ (inverse @ (weighted.T @ left))
    return left * weights[:, None]


def _per_weight(scores: Floats, weights: Floats) -> Floats:
    divisor = weights[:, None]
    return np.divide(scores, divisor, out=np.zeros_like(scores), where=divisor != 0)
