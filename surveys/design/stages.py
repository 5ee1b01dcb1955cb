"""Array functions of sampling designs: units within units, and deviations whose cross-product is a covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Codes, Floats

UnitSums = Callable[[NDArray[np.intp], int], NDArray[np.float64]]
LonelyPsu = Literal["fail", "adjust", "average", "certainty", "remove"]

DENSE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """
    One stage of sampling: units drawn from sets, such as clusters from strata.

    Attributes
    ----------
    unit : ndarray of int, shape (n_rows,)
        The unit that each row belongs to, counted from 0.
    parent : ndarray of int, shape (n_units,)
        The set that each unit was drawn from, counted from 0.
    drawn : ndarray of float, shape (n_sets,)
        Units drawn from each set.
    fraction : ndarray of float, shape (n_sets,)
        Share of the set's units that was drawn; 0 where the draw counts as with replacement.
    """

    unit: Codes
    parent: Codes
    drawn: Floats
    fraction: Floats

    @property
    def lonely(self) -> NDArray[np.bool_]:
        """Sets from which one unit was drawn while there were more, shape (n_sets,)."""
        alone: NDArray[np.bool_] = (self.drawn == 1) & (self.fraction < 1)
        return alone


def compact(codes: Codes) -> Codes:
    """Renumber codes from 0 without gaps, keeping their order."""
    if len(codes) == 0:
        return codes
    if codes.max() <= DENSE * len(codes):
        present = np.bincount(codes) > 0
        return (np.cumsum(present) - 1)[codes]
    return np.unique(codes, return_inverse=True)[1]


def nested(outer: Codes, inner: Codes) -> Codes:
    """Give the pairs of an outer and an inner code numbers from 0, the outer varying slowest."""
    return compact(outer * (inner.max(initial=0) + 1) + inner)


def first_rows(unit: Codes) -> Codes:
    """Give one row of each unit, shape (n_units,)."""
    rows = np.empty(unit.max(initial=-1) + 1, np.intp)
    rows[unit[::-1]] = np.arange(len(unit) - 1, -1, -1)
    return rows


def build_stages(
    strata: Codes, units: Sequence[Codes], sizes: Sequence[Floats], *, given_as: Literal["size", "fraction"] = "size"
) -> tuple[Stage, ...]:
    """
    Lay units within units.

    Parameters
    ----------
    strata : ndarray of int, shape (n_rows,)
        Stratum of each row.
    units : sequence of ndarray of int, each of shape (n_rows,)
        Units of each stage, the first being drawn from the strata.
    sizes : sequence of ndarray of float, each of shape (n_rows,)
        Units in the population of the set that the row's unit was drawn from, stage by stage. A
        stage after the first counts only where all stages before it have a size.
    given_as : {"size", "fraction"}
        Whether `sizes` are numbers of units, or the shares of them that were drawn.

    Returns
    -------
    tuple of Stage
    """
    stages = []
    parent = strata
    for depth in range(max(1, min(len(units), len(sizes)))):
        unit = nested(parent, units[depth])
        rows = first_rows(unit)
        above = parent[rows]
        drawn = np.bincount(above).astype(float)
        fraction = np.zeros_like(drawn)
        if depth < len(sizes):
            fraction[above] = sizes[depth][rows]
            fraction = fraction if given_as == "fraction" else drawn / fraction
        stages.append(Stage(unit, above, drawn, fraction))
        parent = unit
    return tuple(stages)


def inverse_fractions(strata: Codes, stages: Sequence[Stage]) -> Floats:
    """Weight each row by the product of the inverse sampling fractions of its stages."""
    weight = np.ones(len(strata))
    for stage in stages:
        fraction = stage.fraction[stage.parent[stage.unit]]
        weight /= np.where(fraction > 0, fraction, 1.0)
    return weight


def column_sums(values: Floats, codes: Codes, n_codes: int) -> Floats:
    """Add up the rows of a matrix by code, giving shape (n_codes, n_columns)."""
    sums = np.empty((n_codes, values.shape[1]))
    for j in range(values.shape[1]):
        sums[:, j] = np.bincount(codes, values[:, j], n_codes)
    return sums


def deviations(stages: Sequence[Stage], unit_sums: UnitSums, lonely_psu: LonelyPsu) -> Floats:
    r"""
    Scale each unit's deviation from the mean of its set, so that the cross-product is the covariance.

    Parameters
    ----------
    stages : sequence of Stage
        From the first to the last.
    unit_sums : callable
        Gives sums of weight times influence, shape (n_units, n_columns), for the unit of each row and
        the number of units.
    lonely_psu : {"fail", "adjust", "average", "certainty", "remove"}
        What a lonely unit adds: "adjust" its deviation from the mean of all units of the stage;
        "average" the average of the sets that have more than one unit; the others nothing.

    Returns
    -------
    ndarray of float, shape (n_units over all stages, n_columns)
        A matrix D; the covariance of the sums of scores is :math:`D^\top D`.

    Notes
    -----
    The recursive estimator for multistage samples: units drawn within a unit of an earlier stage
    count times the sampling fractions above them (Särndal, Swensson and Wretman, 1992, 4.3).
    """
    blocks = []
    reach = np.ones(len(stages[0].drawn))
    for depth, stage in enumerate(stages):
        totals = unit_sums(stage.unit, len(stage.parent))
        means = column_sums(totals, stage.parent, len(stage.drawn)) / stage.drawn[:, None]
        scale = (1 - stage.fraction) * np.where(stage.drawn > 1, stage.drawn / np.maximum(stage.drawn - 1, 1), 1.0)
        if depth == 0 and lonely_psu == "adjust":
            means[stage.lonely] = totals.mean(axis=0)
        if lonely_psu == "average" and stage.lonely.any():
            together = len(stage.drawn) - stage.lonely.sum()
            scale = scale * (len(stage.drawn) / together if together else np.nan)
        totals -= means[stage.parent]
        totals *= np.sqrt(scale * reach)[stage.parent][:, None]
        blocks.append(totals)
        reach = (reach * stage.fraction)[stage.parent]
        if not reach.any():
            break
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def count_degrees(stage: Stage, rows: NDArray[np.bool_]) -> int:
    """Count the units of the first stage minus their strata, among those that hold a counted row."""
    if rows.all():  # every unit has a row
        return len(stage.parent) - len(stage.drawn)
    held = np.bincount(stage.unit, rows, len(stage.parent)) > 0
    return int(held.sum() - np.count_nonzero(np.bincount(stage.parent[held])))
