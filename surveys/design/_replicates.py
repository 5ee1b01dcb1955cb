"""Array functions of replicate weights: what a sample would have weighed, drawn again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surveys.core.arrays import Codes, Floats
from surveys.design.stages import LonelyPsu, Stage

RANK_TOLERANCE = 1e-10
PROBE = 4


def deviations(values: Floats, full: Floats, coefficients: Floats, *, around_full: bool) -> tuple[Floats, int]:
    r"""
    Scale the deviations of replicate estimates, so that the cross-product is the covariance.

    Parameters
    ----------
    values : ndarray of float, shape (n_replicates, k)
        Estimates in each replicate; not finite where there is none.
    full : ndarray of float, shape (k,)
        Estimates in the whole sample.
    coefficients : ndarray of float, shape (n_replicates,)
        What each squared deviation counts.
    around_full : bool
        Whether deviations are taken from `full` rather than from the mean of the replicates.

    Returns
    -------
    deviations : ndarray of float, shape (n_replicates, k)
        A matrix D with covariance :math:`D^\top D`; rows of replicates left out are 0.
    left_out : int
        Replicates in which an estimate that the whole sample has does not exist.
    """
    known = np.isfinite(full)
    usable = np.isfinite(values[:, known]).all(axis=1)
    found = np.zeros_like(values)
    if not usable.any():
        found[:] = np.nan
        return found, len(values)
    kept = values[np.ix_(usable, known)]
    centre = full[known] if around_full else kept[coefficients[usable] > 0].mean(axis=0)
    found[np.ix_(usable, known)] = (kept - centre) * np.sqrt(coefficients[usable])[:, None]
    return found, int((~usable).sum())


def rank(replicates: Floats, enough: int) -> int:
    """Give the rank of a matrix of replicate weights, shape (n_rows, n_replicates); no more than `enough`."""
    present = np.flatnonzero((replicates != 0).any(axis=1))
    for rows in (present[:: max(1, len(present) // (PROBE * replicates.shape[1]))], present):
        part = replicates[rows]
        part = part / np.abs(part).max(axis=1, keepdims=True, initial=0.0) if len(part) else part
        roots = np.linalg.eigvalsh(part.T @ part)
        found = int((roots > RANK_TOLERANCE * roots.max(initial=0.0)).sum())
        if found >= enough or len(rows) == len(present):
            break
    return min(found, enough)


def jackknife_plan(stage: Stage, lonely_psu: LonelyPsu) -> tuple[Codes, Floats]:
    """
    Plan a jackknife: leave each unit out in turn, and let the others of its stratum stand in.

    Parameters
    ----------
    stage : Stage
        The first stage.
    lonely_psu : {"fail", "adjust", "average", "certainty", "remove"}
        "average" lets strata of several units count for the lonely ones; the others count them 0.

    Returns
    -------
    units : ndarray of int, shape (n_replicates,)
        The unit left out in each replicate; lonely units are never left out.
    coefficients : ndarray of float, shape (n_replicates,)
        What each squared deviation counts.
    """
    units = np.flatnonzero(stage.drawn[stage.parent] > 1)
    above = stage.parent[units]
    coefficients = (1 - stage.fraction[above]) * (stage.drawn[above] - 1) / stage.drawn[above]
    if lonely_psu == "average" and stage.lonely.any():
        coefficients = coefficients * len(stage.drawn) / (len(stage.drawn) - stage.lonely.sum())
    return units, coefficients


def jackknife(weights: Floats, stage: Stage, stratum: Codes, units: Codes) -> Floats:
    """Weigh the rows with each of `units` left out in turn, shape (n_rows, n_replicates)."""
    replicates = np.empty((len(weights), len(units)), order="F")
    for column, unit in enumerate(units.tolist()):
        above = stage.parent[unit]
        factor = np.where(stratum == above, stage.drawn[above] / (stage.drawn[above] - 1), 1.0)
        factor[stage.unit == unit] = 0.0
        replicates[:, column] = weights * factor
    return replicates


def bootstrap(weights: Floats, stage: Stage, n_replicates: int, seed: int) -> Floats:
    """
    Draw one unit fewer than there are in each stratum, with replacement, again and again.

    Parameters
    ----------
    weights : ndarray of float, shape (n_rows,)
        Of the whole sample.
    stage : Stage
        The first stage.
    n_replicates : int
        How often to draw.
    seed : int
        The same seed gives the same replicates.

    Returns
    -------
    ndarray of float, shape (n_rows, n_replicates)

    Notes
    -----
    Rao and Wu (1988), "Resampling inference with complex survey data", *Journal of the American
    Statistical Association* 83, 231-241, with n - 1 units. Sampling fractions are not used.
    """
    random = np.random.default_rng(seed)
    order = np.argsort(stage.parent, kind="stable")
    sizes = stage.drawn.astype(np.intp)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    replicates = np.empty((len(weights), n_replicates), order="F")
    for column in range(n_replicates):
        times = np.ones(len(order))
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
            if size > 1:
                drawn = np.bincount(random.integers(0, size, size - 1), minlength=size)
                times[order[start : start + size]] = drawn * (size / (size - 1))
        replicates[:, column] = weights * times[stage.unit]
    return replicates


def each(replicates: Floats, change: Callable[[Floats], Floats | None]) -> Floats:
    """Change the weights of each replicate; those for which that is impossible become NaN."""
    changed = np.empty_like(replicates, order="F")
    for column in range(replicates.shape[1]):
        found = change(replicates[:, column]) if np.isfinite(replicates[0, column]) else None
        changed[:, column] = np.nan if found is None else found
    return changed


def evaluate(replicates: Floats, value: Callable[[Floats], Floats | None], k: int) -> Floats:
    """Give the estimates in each replicate, shape (n_replicates, k); NaN where there is none."""
    values = np.full((replicates.shape[1], k), np.nan)
    for column in range(replicates.shape[1]):
        if np.isfinite(replicates[0, column]):
            found = value(replicates[:, column])
            if found is not None:
                values[column] = found
    return values
