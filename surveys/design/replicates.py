"""Samples whose variance is found by estimating again with replicate weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Codes, Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Note
from surveys.design import _replicates
from surveys.design import stages as _design
from surveys.design.design import Adjustment, Design, Sampling, Statistic
from surveys.design.replicate_columns import KINDS, Kind, find_columns, scale_deviations
from surveys.design.rows import Rows
from surveys.design.stages import Stage

Centre = Literal["mean", "estimate"]

__all__ = ["KINDS", "Kind", "ReplicateDesign", "bootstrap", "jackknife"]

LEFT_OUT = "{n} of {total} replicates are left out, because an estimate does not exist in them"


def _none() -> Codes:
    return np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplicateDesign(Design):
    r"""
    A sample with replicate weights: any statistic is estimated again with each of them.

    Attributes
    ----------
    replicates : ndarray of float, shape (n_rows, n_replicates)
        Weights of each replicate, full ones (not factors); NaN in a replicate that cannot be weighed.
    coefficients : ndarray of float, shape (n_replicates,)
        What each squared deviation counts: `scale` times `rscales` in R's terms.
    kind : {"JK1", "JKn", "BRR", "Fay", "bootstrap", "SDR", "other"}
        How the replicates were made.
    centre : {"mean", "estimate"}
        What deviations are taken from: the mean of the replicates, or the estimate from the whole
        sample (R's `mse`).
    df : int or None
        Degrees of freedom; None where units and strata are known and counted.
    df_stated : bool
        Whether whoever made the replicates stated `df`, which then holds for domains too.
    weights, stratum, stages, lonely_psu, sampling, stratum_names, adjustments
        As for `Design`; `stages` is empty where the file gives replicates in their place.

    Notes
    -----
    The covariance is :math:`\sum_r c_r (\hat\theta_r - \bar\theta)(\hat\theta_r - \bar\theta)^\top`.
    A replicate in which an estimate does not exist, such as one with an empty domain, is left out
    of what is estimated together, with a note.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [2.0, 2, 2], "r1": [0.0, 3, 3], "r2": [3.0, 0, 3], "r3": [3.0, 3, 0]})
    >>> design = ReplicateDesign.from_replicates(frame, weight="w", columns="r[0-9]+", kind="JK1")
    >>> design.degrees_of_freedom()
    2
    >>> design.covariance(np.array([[1.0], [4], [4]])).round(9).tolist()
    [[36.0]]
    """

    replicates: Floats = field(repr=False)
    coefficients: Floats = field(repr=False)
    kind: Kind = "other"
    centre: Centre = "mean"
    df: int | None = None
    df_stated: bool = False
    stratum: Codes = field(default_factory=_none)
    stages: tuple[Stage, ...] = ()

    @classmethod
    def from_replicates(
        cls,
        frame: pd.DataFrame,
        *,
        weight: str,
        columns: str | Sequence[str],
        kind: Kind,
        scale: float | None = None,
        rscales: float | Sequence[float] | None = None,
        rho: float = 0.0,
        centre: Centre = "mean",
        df: int | None = None,
        holding: Literal["weights", "factors"] = "weights",
        sampling: Sampling = "probability",
        place: str = "frame",
        lines: NDArray[np.intp] | None = None,
    ) -> Self:
        """
        Read replicate weights from the columns of a table.

        Parameters
        ----------
        frame : DataFrame
            One row per respondent.
        weight : str
            Column of the weights of the whole sample.
        columns : str or sequence of str
            Columns of the replicates, or a regular expression that matches the whole of their names.
        kind : {"JK1", "JKn", "BRR", "Fay", "bootstrap", "SDR", "other"}
            How they were made; gives the scales that are not stated.
        scale : float, optional
            What every squared deviation counts.
        rscales : float or sequence of float, optional
            What the squared deviation of each replicate counts besides.
        rho : float
            Fay's constant, between 0 and 1.
        centre : {"mean", "estimate"}
            As the attribute of the same name.
        df : int, optional
            Degrees of freedom, which then hold for every domain too; without it, the rank of the replicate
            weights less 1.
        holding : {"weights", "factors"}
            Whether the columns hold weights, or what `weight` is to be multiplied by.
        sampling, place, lines
            As for `Design.from_frame`.

        Returns
        -------
        ReplicateDesign

        Raises
        ------
        SpecError
            With every problem: columns that do not exist or match nothing, cells that cannot be
            weights, scales that are missing, negative or of another number than the replicates.
        """
        rows = Rows(frame, place, np.arange(1, len(frame) + 1) if lines is None else lines)
        names, problems = find_columns(frame, columns, place)
        problems += rows.unknown([weight, *([] if isinstance(columns, str) else names)])
        if problems:
            raise SpecError(*problems)
        problems += [problem for name in (weight, *names) for problem in rows.bad_weights(name)]
        coefficients, wrong = scale_deviations(kind, len(names), scale, rscales, rho)
        if problems or wrong:
            raise SpecError(*problems, *wrong)
        weights = frame[weight].to_numpy(float)
        replicates = np.asfortranarray(frame[names].to_numpy(float))
        if holding == "factors":
            replicates *= weights[:, None]
        return cls(
            weights=weights,
            replicates=replicates,
            coefficients=coefficients,
            kind=kind,
            centre=centre,
            df=_replicates.rank(replicates, len(names)) - 1 if df is None else df,
            df_stated=df is not None,
            sampling=sampling,
        )

    @property
    def linearised(self) -> bool:
        """Whether variances come from influence values: no, from estimating again."""
        return False

    @property
    def lonely_strata(self) -> tuple[str, ...]:
        """Names of the strata from which one unit was drawn out of several, where strata are known."""
        return tuple(self.stratum_names[i] for i in np.flatnonzero(self.stages[0].lonely)) if self.stages else ()

    @property
    def n_replicates(self) -> int:
        """Number of replicates."""
        return len(self.coefficients)

    def adjusted(self, adjustment: Adjustment) -> Self:
        """
        Take the weights that a step of weighting gives, in the whole sample and in every replicate.

        Parameters
        ----------
        adjustment : Adjustment
            Made from the weights of this design.

        Returns
        -------
        ReplicateDesign
            Replicates in which the step is impossible, because a cell is empty, count no more.
        """
        return replace(
            self,
            weights=adjustment.after,
            adjustments=(*self.adjustments, adjustment),
            replicates=_replicates.each(self.replicates, partial(_tried, adjustment.reweigh)),
        )

    def degrees_of_freedom(self, rows: NDArray[np.bool_] | None = None) -> int:
        """
        Give the degrees of freedom of what some rows tell.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,), optional
            Which rows are counted; all of them without it. Rows of weight 0 never are.

        Returns
        -------
        int
            Primary units minus strata where these are known; otherwise `df` where it was stated, or the rank
            of the rows' replicate weights less 1.
        """
        counted = self.weights != 0 if rows is None else rows & (self.weights != 0)
        if self.df is None:
            return _design.count_degrees(self.stages[0], counted)
        if rows is None or counted.all() or (self.df_stated and counted.any()):
            return self.df
        usable = np.isfinite(self.replicates[0])
        return _replicates.rank(self.replicates[counted][:, usable], self.df + 1) - 1

    def appraise(self, statistic: Statistic) -> tuple[Floats, tuple[Note, ...]]:
        """
        Estimate again with each replicate.

        Parameters
        ----------
        statistic : Statistic
            What is estimated; its influence is not asked for.

        Returns
        -------
        deviations : ndarray of float, shape (n_replicates, k)
            A matrix D with covariance D'D; rows of replicates left out are 0.
        notes : tuple of Note
            How many replicates are left out, if any.

        Raises
        ------
        EstimateError
            If no replicate has all the estimates that the whole sample has.
        """
        full, values = self._values(statistic)
        found, left_out = _replicates.deviations(values, full, self.coefficients, around_full=self.centre == "estimate")
        if left_out == self.n_replicates:
            raise EstimateError.at(
                "replicate weights",
                "there is no replicate in which all estimates exist",
                "Estimate for larger domains, or fewer at once",
            )
        notes = (Note(LEFT_OUT, {"n": left_out, "total": self.n_replicates}),) if left_out else ()
        return found, notes

    def std_errors(self, statistic: Statistic) -> Floats:
        """
        Give the standard error of each estimate by itself, none being left out for another's sake.

        Parameters
        ----------
        statistic : Statistic
            What is estimated.

        Returns
        -------
        ndarray of float, shape (k,)
            NaN where a replicate lacks the estimate.
        """
        full, values = self._values(statistic)
        values = values[np.isfinite(self.replicates[0])]
        whole = np.isfinite(values).all(axis=0) & np.isfinite(full)
        usable = self.coefficients[np.isfinite(self.replicates[0])]
        errors = np.full(len(full), np.nan)
        found, _ = _replicates.deviations(values[:, whole], full[whole], usable, around_full=self.centre == "estimate")
        errors[whole] = np.sqrt(np.square(found).sum(axis=0))
        return errors

    def check_variance(self, place: str = "sampling design") -> None:
        """
        Refuse replicates that tell nothing.

        Parameters
        ----------
        place : str
            What the sample is called in messages.

        Raises
        ------
        EstimateError
            If there are fewer than two replicates.
        """
        if self.n_replicates < 2:
            mend = "Name the columns of all replicates"
            raise EstimateError.at(place, f"variances need two replicates, got {self.n_replicates}", mend)

    def _values(self, statistic: Statistic) -> tuple[Floats, Floats]:
        full = statistic.value(self.weights)
        return full, _replicates.evaluate(self.replicates, partial(_tried, statistic.value), len(full))

    def _deviations(self, influence: Floats) -> Floats:
        values = np.where(np.isfinite(self.replicates[0]), 1.0, np.nan)[:, None] * (
            np.nan_to_num(self.replicates).T @ influence
        )
        full = self.weights @ influence
        return _replicates.deviations(values, full, self.coefficients, around_full=self.centre == "estimate")[0]


def jackknife(design: Design, *, centre: Centre = "mean") -> ReplicateDesign:
    """
    Make the replicates of a jackknife: each primary unit left out in turn.

    Parameters
    ----------
    design : Design
        With its stages; later ones than the first are not used.
    centre : {"mean", "estimate"}
        What deviations are taken from.

    Returns
    -------
    ReplicateDesign
        Weighted again in every replicate by the steps that weighted `design`, so that variances
        know what weighting cost; with few units it is the safer choice.

    Raises
    ------
    EstimateError
        If the design has no variance, or `lonely_psu` is "adjust", which a jackknife cannot do.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "region": ["N", "N", "S", "S"]})
    >>> jackknife(Design.from_frame(frame, weight="w", strata="region")).replicates.T.tolist()
    [[0.0, 2.0, 2.0, 2.0], [2.0, 0.0, 2.0, 2.0], [1.0, 1.0, 0.0, 4.0], [1.0, 1.0, 4.0, 0.0]]
    """
    _check_stages(design, "jackknife")
    if design.lonely_psu == "adjust" and design.lonely_strata:
        raise EstimateError.at(
            "sampling design",
            "a jackknife cannot follow the rule 'adjust' for strata with one primary unit",
            "Set lonely_psu to 'average', 'certainty' or 'remove'",
        )
    first = design.stages[0]
    units, coefficients = _replicates.jackknife_plan(first, design.lonely_psu)
    replicates = _replicates.jackknife(design.base_weights, first, design.stratum, units)
    return _made(design, replicates, coefficients, "JK1" if len(first.drawn) == 1 else "JKn", centre)


def bootstrap(design: Design, *, n_replicates: int = 200, seed: int = 1, centre: Centre = "mean") -> ReplicateDesign:
    """
    Make the replicates of the bootstrap of Rao and Wu, one unit fewer being drawn in each stratum.

    Parameters
    ----------
    design : Design
        With its stages; later ones than the first, and population sizes, are not used.
    n_replicates : int
        At least 2.
    seed : int
        The same seed gives the same replicates.
    centre : {"mean", "estimate"}
        What deviations are taken from.

    Returns
    -------
    ReplicateDesign
        Weighted again in every replicate by the steps that weighted `design`.

    Raises
    ------
    SpecError
        If there are fewer than two replicates.
    EstimateError
        If the design has no variance.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 2], "region": ["N", "N", "S", "S"]})
    >>> bootstrap(Design.from_frame(frame, weight="w", strata="region"), n_replicates=3).replicates.shape
    (4, 3)
    """
    if n_replicates < 2:
        raise SpecError.at("n_replicates", f"got {n_replicates}, expected 2 or more", "Use 200 or more")
    _check_stages(design, "bootstrap")
    replicates = _replicates.bootstrap(design.base_weights, design.stages[0], n_replicates, seed)
    return _made(design, replicates, np.full(n_replicates, 1 / (n_replicates - 1)), "bootstrap", centre)


def _made(design: Design, replicates: Floats, coefficients: Floats, kind: Kind, centre: Centre) -> ReplicateDesign:
    for adjustment in design.adjustments:
        replicates = _replicates.each(replicates, partial(_tried, adjustment.reweigh))
    return ReplicateDesign(
        weights=design.weights,
        stratum=design.stratum,
        stages=design.stages,
        lonely_psu=design.lonely_psu,
        sampling=design.sampling,
        stratum_names=design.stratum_names,
        adjustments=design.adjustments,
        left_out=design.left_out,
        replicates=replicates,
        coefficients=coefficients,
        kind=kind,
        centre=centre,
    )


def _check_stages(design: Design, what: str) -> None:
    if not design.stages:
        raise EstimateError.at(
            f"{what}", "the sample has replicate weights in place of strata and clusters", "Use the replicates it has"
        )
    Design.check_variance(design)


def _tried(function: Callable[[Floats], Floats], weights: Floats) -> Floats | None:
    try:
        return function(weights)
    except EstimateError:
        return None
