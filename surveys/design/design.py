"""The sampling design: what turns influence values into a covariance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.core.arrays import Codes, Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Note
from surveys.design import stages as _design
from surveys.design.rows import Rows, listed, quoted, some
from surveys.design.stages import LonelyPsu, Stage

Sampling = Literal["probability", "quota", "opt-in", "census"]
Columns = str | Sequence[str]


class Statistic(Protocol):
    """What an estimator tells a design: its value under any weights, and how much each row moves it."""

    def value(self, weights: Floats) -> Floats:
        """Give the estimates under some weights, shape (k,)."""
        ...

    def influence(self, weights: Floats) -> Floats:
        """Give the derivative of each estimate in each row's weight, shape (n_rows, k)."""
        ...


@runtime_checkable
class Summable(Statistic, Protocol):
    """A statistic that adds up by units without an influence value for every row."""

    def unit_sums(self, weights: Floats, unit: Codes, n_units: int) -> Floats:
        """Add up weight times influence over the rows of each unit, shape (n_units, k)."""
        ...


class Step(Protocol):
    """A step of weighting, as it was asked for."""

    def summary(self) -> str:
        """Say the step in a line of English."""
        ...


class Adjustment(Protocol):
    """What a step of weighting did to a sample: it can be done again, and the variance knows it."""

    @property
    def step(self) -> Step:
        """What was asked for."""
        ...

    @property
    def before(self) -> Floats:
        """Weights before the step, shape (n_rows,)."""
        ...

    @property
    def after(self) -> Floats:
        """Weights after the step, shape (n_rows,)."""
        ...

    def reweigh(self, weights: Floats) -> Floats:
        """Do the same to other weights, such as those of a replicate, shape (n_rows,)."""
        ...

    def residuals(self, scores: Floats) -> Floats:
        """Take from weight times influence, shape (n_rows, k), what the known totals hold fixed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """
    A sample drawn in stages, its variance found by linearisation.

    Attributes
    ----------
    weights : ndarray of float, shape (n_rows,)
        People each row stands for, or a number proportional to it; not negative.
    stratum : ndarray of int, shape (n_rows,)
        First-stage stratum of each row, counted from 0.
    stages : tuple of Stage
        One to three stages, from the first.
    lonely_psu : {"fail", "adjust", "average", "certainty", "remove"}
        What to do with a stratum in which one unit was drawn out of several: refuse the variance, or
        as R's `survey.lonely.psu`.
    sampling : {"probability", "quota", "opt-in", "census"}
        How respondents were found: changes the words beside a margin of error, not the number.
    stratum_names : tuple of str
        What each stratum is called, for messages.
    adjustments : tuple of Adjustment
        Steps of weighting that led to `weights`, in order; see `surveys.weighting.recipe`.
    left_out : mapping of str to int
        Rows of the file that are no part of the sample, by reason.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "region": ["N", "N", "S", "S"]})
    >>> design = Design.from_frame(frame, weight="w", strata="region")
    >>> design.degrees_of_freedom()
    2
    >>> design.covariance(np.array([[1.0], [0], [1], [0]])).round(9).tolist()
    [[5.0]]
    """

    weights: Floats
    stratum: Codes
    stages: tuple[Stage, ...]
    lonely_psu: LonelyPsu = "fail"
    sampling: Sampling = "probability"
    stratum_names: tuple[str, ...] = field(default=(), repr=False)
    adjustments: tuple[Adjustment, ...] = field(default=(), repr=False)
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        weight: str | None = None,
        strata: Columns | None = None,
        cluster: Columns | None = None,
        nest: bool = False,
        fpc: Columns | None = None,
        lonely_psu: LonelyPsu = "fail",
        sampling: Sampling = "probability",
        place: str = "frame",
        lines: NDArray[np.intp] | None = None,
    ) -> Design:
        """
        Read a design from the columns of a table.

        Parameters
        ----------
        frame : DataFrame
            One row per respondent.
        weight : str, optional
            Column of weights; without it, the inverse sampling fractions of `fpc`, or 1.
        strata : str or sequence of str, optional
            Column of first-stage strata; several are crossed.
        cluster : str or sequence of str, optional
            Columns of sampling units, the first stage first; without it, each row is a unit.
        nest : bool
            Whether codes of clusters start again in each stratum.
        fpc : str or sequence of str, optional
            Columns of population sizes, one per stage: units in the population of the stratum, or of
            the unit drawn before. Numbers up to 1 are sampling fractions.
        lonely_psu, sampling
            As the attributes of the same names.
        place : str
            What the table is called in messages.
        lines : ndarray of int, shape (n_rows,), optional
            What each row is called in messages; rows are counted from 1 without it.

        Returns
        -------
        Design

        Raises
        ------
        SpecError
            With every problem: columns that do not exist, weights that are missing, negative,
            infinite or all zero, blank strata or clusters, clusters that lie in several strata,
            population sizes below the number drawn or that vary within their set.
        """
        rows = Rows(frame, place, np.arange(1, len(frame) + 1) if lines is None else lines)
        strata_columns, clusters, sizes = listed(strata), listed(cluster), listed(fpc)
        problems = rows.unknown([*listed(weight), *strata_columns, *clusters, *sizes])
        if problems:
            raise SpecError(*problems)
        problems += [problem for name in listed(weight) for problem in rows.bad_weights(name)]
        problems += [problem for name in (*strata_columns, *clusters) for problem in rows.blank(name)]
        problems += [problem for name in sizes for problem in rows.bad_sizes(name)]
        if problems:
            raise SpecError(*problems)
        stratum, names = _crossed(frame, strata_columns)
        units = [_crossed(frame, [name])[0] for name in clusters] or [np.arange(len(frame), dtype=np.intp)]
        if clusters and strata_columns and not nest:
            problems += rows.straddling(clusters[0], units[0], stratum, names)
        known = [frame[name].to_numpy(float) for name in sizes]
        share = bool(known) and all((size <= 1).all() for size in known) and any((size < 1).any() for size in known)
        stages = _design.build_stages(stratum, units, known, given_as="fraction" if share else "size")
        problems += [] if share else rows.small_sizes(sizes, known, stages, stratum, names)
        if problems:
            raise SpecError(*problems)
        weights = frame[weight].to_numpy(float) if weight else _design.inverse_fractions(stratum, stages)
        return cls(
            weights=weights,
            stratum=stratum,
            stages=stages,
            lonely_psu=lonely_psu,
            sampling=sampling,
            stratum_names=names,
        )

    @property
    def n(self) -> int:
        """Rows of the sample."""
        return len(self.weights)

    @property
    def linearised(self) -> bool:
        """Whether variances come from influence values, rather than from estimating again."""
        return True

    @property
    def lonely_strata(self) -> tuple[str, ...]:
        """Names of the strata from which one unit was drawn out of several."""
        return tuple(self.stratum_names[i] for i in np.flatnonzero(self.stages[0].lonely))

    @property
    def base_weights(self) -> Floats:
        """Weights before the first step of weighting, shape (n_rows,)."""
        return self.adjustments[0].before if self.adjustments else self.weights

    def adjusted(self, adjustment: Adjustment) -> Self:
        """
        Take the weights that a step of weighting gives.

        Parameters
        ----------
        adjustment : Adjustment
            Made from the weights of this design.

        Returns
        -------
        Design
        """
        return replace(self, weights=adjustment.after, adjustments=(*self.adjustments, adjustment))

    def degrees_of_freedom(self, rows: NDArray[np.bool_] | None = None) -> int:
        """
        Count the primary units minus the strata, among those that hold a counted row.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,), optional
            Which rows are counted; all of them without it. Rows of weight 0 never are.

        Returns
        -------
        int
        """
        counted = self.weights != 0 if rows is None else rows & (self.weights != 0)
        return _design.count_degrees(self.stages[0], counted)

    def n_effective(self, rows: NDArray[np.bool_] | None = None) -> float:
        """
        Give Kish's effective sample size: what unequal weights leave of the number of rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,), optional
            Which rows are counted; all of them without it.

        Returns
        -------
        float
            Squared sum of the weights over the sum of their squares; NaN without a row.
        """
        weights = self.weights if rows is None else self.weights[rows]
        squares = float(weights @ weights)
        return float(weights.sum() ** 2 / squares) if squares else float("nan")

    def deviations(self, statistic: Statistic) -> Floats:
        r"""
        Linearise some estimates and reduce them to units.

        Parameters
        ----------
        statistic : Statistic
            What is estimated.

        Returns
        -------
        ndarray of float, shape (n_units over all stages, k)
            A matrix D: the covariance of the estimates is :math:`D^\top D`, and matrices of several
            statistics of one sample can be put side by side to share one covariance.

        Raises
        ------
        EstimateError
            If no variance exists: one unit in all, or a lonely one where `lonely_psu` is "fail".
        """
        return self.appraise(statistic)[0]

    def appraise(self, statistic: Statistic) -> tuple[Floats, tuple[Note, ...]]:
        """
        Give the deviations of some estimates, and what has to be said about them.

        Parameters
        ----------
        statistic : Statistic
            What is estimated.

        Returns
        -------
        deviations : ndarray of float, shape (m, k)
            As `deviations`.
        notes : tuple of Note
            Caveats.

        Raises
        ------
        EstimateError
            As `deviations`.
        """
        if isinstance(statistic, Summable) and not self.adjustments:
            self.check_variance()
            return _design.deviations(self.stages, partial(statistic.unit_sums, self.weights), self.lonely_psu), ()
        return self._deviations(statistic.influence(self.weights)), ()

    def std_errors(self, statistic: Statistic) -> Floats:
        """
        Give the standard error of each estimate by itself.

        Parameters
        ----------
        statistic : Statistic
            What is estimated.

        Returns
        -------
        ndarray of float, shape (k,)
            NaN where a replicate lacks an estimate that the whole sample has.

        Raises
        ------
        EstimateError
            As `deviations`.
        """
        return np.asarray(np.sqrt(np.square(self.deviations(statistic)).sum(axis=0)))

    def _deviations(self, influence: Floats) -> Floats:
        self.check_variance()
        scores = influence * self.weights[:, None]
        for adjustment in self.adjustments:
            scores = adjustment.residuals(scores)
        return _design.deviations(self.stages, partial(_design.column_sums, scores), self.lonely_psu)

    def covariance(self, influence: ArrayLike) -> Floats:
        """
        Give the covariance of weighted sums of influence values.

        Parameters
        ----------
        influence : array_like of float, shape (n_rows, k)
            How much each row moves each estimate; 0 outside the domain of an estimate.

        Returns
        -------
        ndarray of float, shape (k, k)

        Raises
        ------
        EstimateError
            As `deviations`.
        SpecError
            If `influence` has another number of rows than the sample.
        """
        values = np.asarray(influence, float)
        if values.ndim != 2 or len(values) != self.n:
            raise SpecError.at(
                "influence",
                f"got shape {values.shape}, expected ({self.n}, k)",
                "Give one row for each row of the sample",
            )
        found = self._deviations(values)
        return found.T @ found

    def check_variance(self, place: str = "sampling design") -> None:
        """
        Refuse a design that has no variance.

        Parameters
        ----------
        place : str
            What the sample is called in messages.

        Raises
        ------
        EstimateError
            If there is one unit in all, or a lonely one where `lonely_psu` is "fail".
        """
        first = self.stages[0]
        if len(first.parent) == 1 and first.fraction[0] < 1:
            raise EstimateError.at(
                place,
                "there is one primary unit in all, so that nothing tells how samples would vary",
                "Name the column of the units drawn first, or leave cluster out if people were drawn directly",
            )
        if self.lonely_psu == "fail" and any(stage.lonely.any() for stage in self.stages):
            strata = self.lonely_strata
            where = f"strata {some([quoted(name) for name in strata])}" if strata else "units of an earlier stage"
            raise EstimateError.at(
                place,
                f"one unit alone was drawn from {where}, so that variances cannot be estimated",
                "Join it to another, or set lonely_psu to 'adjust', 'average', 'certainty' or 'remove'",
            )


def _crossed(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Codes, tuple[str, ...]]:
    """Give the combinations of some columns numbers from 0, and names."""
    code = np.zeros(len(frame), np.intp)
    for name in columns:
        code = _design.nested(code, np.asarray(pd.factorize(frame[name], sort=True)[0], np.intp))
    rows = frame.iloc[_design.first_rows(code)]
    named = [[quoted(value)[1:-1] for value in rows[name]] for name in columns]
    return code, tuple(" × ".join(parts) for parts in zip(*named, strict=True)) if named else ("all",)
