"""Steps of weighting: post-strata, raking, calibration and trimming, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.design.rows import Rows
from surveys.weighting import _calibration
from surveys.weighting._calibration import Distance
from surveys.weighting.adjustments import Calibrated, PostStratified, Raked, Trimmed, calibrated, post_stratified, raked
from surveys.weighting.margins import Frozen, Key, Margin, Totals, freeze, lay_margins

DISTANCES: tuple[Distance, ...] = get_args(Distance)


@dataclass(frozen=True, slots=True, init=False)
class PostStratify:
    """
    Scale weights to the known size of each cell of a population.

    Parameters
    ----------
    by : str or tuple of str
        Column, or columns that are crossed.
    totals : mapping of code to float
        People in each cell; of crossed columns, the codes are tuples.

    Examples
    --------
    >>> print(PostStratify("sex", {"F": 52, "M": 48}).summary())
    post-stratified to sex (2 cells, 100 people)
    """

    margins: Frozen

    def __init__(self, by: Key, totals: Mapping[Any, float]) -> None:
        object.__setattr__(self, "margins", freeze({by: totals}))

    def apply(self, rows: Rows, weights: Floats) -> PostStratified:
        """
        Scale the weights.

        Parameters
        ----------
        rows : Rows
            The respondents.
        weights : ndarray of float, shape (n_rows,)

        Returns
        -------
        PostStratified

        Raises
        ------
        SpecError
            With every problem of the totals or the data, naming the margin.
        """
        (margin,) = _laid(self.margins, rows, weights)
        return PostStratified(step=self, before=weights, after=post_stratified(weights, margin), margin=margin)

    def summary(self) -> str:
        """Say the step in a line of English."""
        ((columns, totals),) = self.margins
        levels = totals if isinstance(totals, tuple) else ()
        people = sum(total for _, total in levels)
        return f"post-stratified to {' × '.join(columns)} ({len(levels)} cells, {people:,.6g} people)"

    def to_frame(self) -> pd.DataFrame:
        """List the totals."""
        return _listed("post-stratify", self.margins)


@dataclass(frozen=True, slots=True, init=False)
class Rake:
    """
    Scale weights to one margin after the other, until all are met.

    Parameters
    ----------
    margins : mapping of column, or tuple of columns, to mapping of code to float
        People in each level; all margins have to add up to the same.
    tolerance : float
        Largest gap to stop at, relative to the total.
    max_sweeps : int
        How often to go through the margins at most.

    Examples
    --------
    >>> print(Rake({"sex": {"F": 52, "M": 48}, "age": {"young": 30, "old": 70}}).summary())
    raked to sex (2 levels) and age (2 levels), 100 people
    """

    margins: Frozen
    tolerance: float = 1e-11
    max_sweeps: int = 2000

    def __init__(
        self,
        margins: Mapping[Key, Mapping[Any, float]],
        tolerance: float = 1e-11,
        max_sweeps: int = 2000,
    ) -> None:
        object.__setattr__(self, "margins", freeze(margins))
        object.__setattr__(self, "tolerance", tolerance)
        object.__setattr__(self, "max_sweeps", max_sweeps)

    def apply(self, rows: Rows, weights: Floats) -> Raked:
        """
        Rake the weights.

        Parameters
        ----------
        rows : Rows
            The respondents.
        weights : ndarray of float, shape (n_rows,)

        Returns
        -------
        Raked

        Raises
        ------
        SpecError
            With every problem of the totals or the data, naming the margin.
        EstimateError
            If the margins cannot all be met, naming the one that is furthest from it.
        """
        margins = _laid(self.margins, rows, weights)
        numbers = [margin.name for margin in margins if margin.values is not None]
        if numbers:
            what = "a single total, and raking needs one for each level"
            raise SpecError(
                *(Problem(f"margin '{name}'", what, "Calibrate instead, or give levels") for name in numbers)
            )
        after = raked(weights, margins, self.tolerance, self.max_sweeps)
        return Raked(
            step=self,
            before=weights,
            after=after,
            margins=margins,
            tolerance=self.tolerance,
            max_sweeps=self.max_sweeps,
        )

    def summary(self) -> str:
        """Say the step in a line of English."""
        people = sum(total for _, total in self.margins[0][1]) if isinstance(self.margins[0][1], tuple) else 0.0
        return f"raked to {_margins_said(self.margins)}, {people:,.6g} people"

    def to_frame(self) -> pd.DataFrame:
        """List the totals."""
        return _listed("rake", self.margins)


@dataclass(frozen=True, slots=True, init=False)
class Calibrate:
    """
    Change weights as little as a distance allows, so that they meet known totals.

    Parameters
    ----------
    totals : mapping of column, or tuple of columns, to mapping of code to float, or to float
        People in each level; of a column of numbers, its sum in the population.
    distance : {"linear", "raking", "logit"}
        "linear" can give negative weights without bounds; "logit" needs bounds.
    bounds : tuple of float, optional
        Between which every weight may be multiplied, such as (0.4, 2.5).
    tolerance : float
        Largest gap to stop at, relative to the total plus 1.
    max_steps : int
        Newton's steps at most.

    References
    ----------
    .. [1] J.-C. Deville and C.-E. Särndal (1992), "Calibration estimators in survey sampling",
       *Journal of the American Statistical Association* 87, 376-382.

    Examples
    --------
    >>> print(Calibrate({"sex": {"F": 52, "M": 48}, "accounts": 130}, distance="raking").summary())
    calibrated to sex (2 levels) and accounts (its sum), raking distance
    """

    margins: Frozen
    distance: Distance = "linear"
    bounds: tuple[float, float] | None = None
    tolerance: float = 1e-11
    max_steps: int = 200

    def __init__(
        self,
        totals: Totals,
        distance: Distance = "linear",
        bounds: tuple[float, float] | None = None,
        tolerance: float = 1e-11,
        max_steps: int = 200,
    ) -> None:
        _check_distance(distance, bounds)
        for name, value in (
            ("margins", freeze(totals)),
            ("distance", distance),
            ("bounds", bounds),
            ("tolerance", tolerance),
            ("max_steps", max_steps),
        ):
            object.__setattr__(self, name, value)

    def apply(self, rows: Rows, weights: Floats) -> Calibrated:
        """
        Calibrate the weights.

        Parameters
        ----------
        rows : Rows
            The respondents.
        weights : ndarray of float, shape (n_rows,)

        Returns
        -------
        Calibrated

        Raises
        ------
        SpecError
            With every problem of the totals or the data, naming the margin.
        EstimateError
            If the totals cannot all be met, naming the one that is furthest from it.
        """
        margins = _laid(self.margins, rows, weights)
        terms = np.concatenate([margin.terms() for margin in margins], axis=1)
        after = calibrated(weights, margins, terms, self.distance, self.bounds, self.tolerance, self.max_steps)
        return Calibrated(
            step=self,
            before=weights,
            after=after,
            margins=margins,
            terms=terms,
            distance=self.distance,
            bounds=self.bounds,
            tolerance=self.tolerance,
            max_steps=self.max_steps,
        )

    def summary(self) -> str:
        """Say the step in a line of English."""
        within = f", factors from {self.bounds[0]:g} to {self.bounds[1]:g}" if self.bounds else ""
        return f"calibrated to {_margins_said(self.margins)}, {self.distance} distance{within}"

    def to_frame(self) -> pd.DataFrame:
        """List the totals."""
        return _listed("calibrate", self.margins)


@dataclass(frozen=True, slots=True)
class Trim:
    """
    Cut weights to limits, and share what was cut equally among the others, as R's `trimWeights`.

    Attributes
    ----------
    lower, upper : float
        Limits.
    strict : bool
        Whether to go on until sharing has pushed none out again.

    Examples
    --------
    >>> print(Trim(upper=900).summary())
    trimmed to at most 900
    """

    lower: float = float("-inf")
    upper: float = float("inf")
    strict: bool = True

    def __post_init__(self) -> None:
        """Refuse limits that no weight can lie between."""
        if not self.lower < self.upper:
            got = f"got limits {self.lower:g} and {self.upper:g}"
            raise SpecError.at("trim", got, "Give an upper limit above the lower one")

    def apply(self, rows: Rows, weights: Floats) -> Trimmed:
        """
        Trim the weights.

        Parameters
        ----------
        rows : Rows
            The respondents.
        weights : ndarray of float, shape (n_rows,)

        Returns
        -------
        Trimmed

        Raises
        ------
        SpecError
            If the weights cannot lie within the limits and keep their sum.
        """
        mean = float(weights.mean())
        if not self.lower <= mean <= self.upper:
            what = f"the mean weight is {mean:,.6g}, outside {self.lower:g} to {self.upper:g}"
            raise SpecError.at("trim", what, "Set limits on both sides of the mean weight")
        after = _calibration.trim(weights, self.lower, self.upper, strict=self.strict)
        return Trimmed(step=self, before=weights, after=after, low=self.lower, high=self.upper, strict=self.strict)

    def summary(self) -> str:
        """Say the step in a line of English."""
        limits = [f"at least {self.lower:g}"] if np.isfinite(self.lower) else []
        limits += [f"at most {self.upper:g}"] if np.isfinite(self.upper) else []
        return f"trimmed to {' and '.join(limits) or 'no limits'}"

    def to_frame(self) -> pd.DataFrame:
        """List the limits."""
        rows = [("trim", "", "lower limit", self.lower), ("trim", "", "upper limit", self.upper)]
        return pd.DataFrame(rows, columns=["kind", "margin", "level", "total"])


def _laid(frozen: Frozen, rows: Rows, weights: Floats) -> tuple[Margin, ...]:
    margins, problems = lay_margins(frozen, rows, weights)
    if problems:
        raise SpecError(*problems)
    return tuple(margins)


def _check_distance(distance: str, bounds: tuple[float, float] | None) -> None:
    if distance not in DISTANCES:
        mend = did_you_mean(str(distance), DISTANCES, f"Known: {', '.join(DISTANCES)}")
        raise SpecError.at(f"distance '{distance}'", "not a distance known here", mend)
    if distance == "logit" and bounds is None:
        raise SpecError.at("bounds", "missing, and distance 'logit' needs them", "Give for example (0.4, 2.5)")
    if bounds is not None and not bounds[0] < 1 < bounds[1]:
        raise SpecError.at("bounds", f"got {bounds[0]:g} and {bounds[1]:g}", "Give one below 1 and one above")


def _margins_said(margins: Frozen) -> str:
    said = [
        f"{' × '.join(columns)} ({f'{len(totals)} levels' if isinstance(totals, tuple) else 'its sum'})"
        for columns, totals in margins
    ]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _listed(kind: str, margins: Frozen) -> pd.DataFrame:
    rows: list[tuple[str, str, str, float]] = []
    for columns, totals in margins:
        name = " × ".join(columns)
        pairs: Iterable[tuple[tuple[str, ...], float]] = totals if isinstance(totals, tuple) else [((), totals)]
        rows += [(kind, name, " × ".join(level), total) for level, total in pairs]
    return pd.DataFrame(rows, columns=["kind", "margin", "level", "total"])
