"""Weighting a sample to what is known of its population, in steps that are recorded and can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.design.design import Adjustment, Design
from surveys.design.rows import Rows
from surveys.weighting.kish import Kish, kish
from surveys.weighting.steps import Calibrate, PostStratify, Rake, Trim

__all__ = ["Calibrate", "Kish", "PostStratify", "Rake", "Trim", "WeightingRecipe", "WeightingStep", "kish", "reweight"]

AnyDesign = TypeVar("AnyDesign", bound=Design)


class WeightingStep(Protocol):
    """A step of weighting, as it was asked for."""

    def apply(self, rows: Rows, weights: Floats) -> Adjustment:
        """Weigh the rows anew; problems with the totals and the data are errors."""
        ...

    def summary(self) -> str:
        """Say the step in a line of English."""
        ...

    def to_frame(self) -> pd.DataFrame:
        """List the totals and limits of the step, one row each."""
        ...


@dataclass(frozen=True, slots=True)
class WeightingRecipe:
    """
    Steps of weighting in their order: the same recipe gives the same weights to whoever repeats it.

    Attributes
    ----------
    steps : tuple of WeightingStep
        `PostStratify`, `Rake`, `Calibrate` or `Trim`.

    Examples
    --------
    >>> recipe = WeightingRecipe((Rake({"sex": {"F": 60, "M": 40}}), Trim(upper=50)))
    >>> print(recipe.summary())
    1. raked to sex (2 levels), 100 people
    2. trimmed to at most 50
    >>> frame = pd.DataFrame({"sex": ["F", "F", "M"]})
    >>> recipe.apply(Design.from_frame(frame), frame).weights.tolist()
    [30.0, 30.0, 40.0]
    """

    steps: tuple[WeightingStep, ...] = field(default=())

    @classmethod
    def of(cls, design: Design) -> WeightingRecipe:
        """Give the steps that led to the weights of a design."""
        return cls(tuple(adjustment.step for adjustment in design.adjustments))  # type: ignore[misc]

    def apply(
        self, design: AnyDesign, frame: pd.DataFrame, *, place: str = "frame", lines: NDArray[np.intp] | None = None
    ) -> AnyDesign:
        """
        Weigh a sample anew.

        Parameters
        ----------
        design : Design
            With weights from the draw; replicates are weighed too.
        frame : DataFrame
            One row per respondent, with the columns of the margins.
        place : str
            What the table is called in messages.
        lines : ndarray of int, shape (n_rows,), optional
            What each row is called in messages.

        Returns
        -------
        Design
            Of the same kind, whose variances know the steps.

        Raises
        ------
        SpecError
            With every problem of a step's totals or of the data, naming the margin.
        EstimateError
            If the margins of a step cannot all be met, naming the one that is furthest from it.
        """
        if len(frame) != design.n:
            raise SpecError.at(
                place, f"got {len(frame)} rows for a sample of {design.n}", "Give the rows of the sample"
            )
        rows = Rows(frame, place, np.arange(1, len(frame) + 1) if lines is None else lines)
        for step in self.steps:
            design = design.adjusted(step.apply(rows, design.weights))
        return design

    def summary(self) -> str:
        """Say each step in a numbered line of English."""
        return "\n".join(f"{number}. {step.summary()}" for number, step in enumerate(self.steps, 1)) or "not weighted"

    def to_frame(self) -> pd.DataFrame:
        """List every total and limit: columns `step`, `kind`, `margin`, `level`, `total`."""
        parts = [step.to_frame().assign(step=number) for number, step in enumerate(self.steps, 1)]
        columns = ["step", "kind", "margin", "level", "total"]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def reweight(design: AnyDesign, frame: pd.DataFrame, *steps: WeightingStep) -> AnyDesign:
    """
    Weigh a sample anew.

    Parameters
    ----------
    design : Design
        With weights from the draw.
    frame : DataFrame
        One row per respondent, with the columns of the margins.
    *steps : WeightingStep
        In the order in which they are done.

    Returns
    -------
    Design

    Raises
    ------
    SpecError, EstimateError
        As `WeightingRecipe.apply`.

    Examples
    --------
    >>> frame = pd.DataFrame({"sex": ["F", "F", "M"]})
    >>> reweight(Design.from_frame(frame), frame, PostStratify("sex", {"F": 52, "M": 48})).weights.tolist()
    [26.0, 26.0, 48.0]
    """
    return WeightingRecipe(steps).apply(design, frame)
