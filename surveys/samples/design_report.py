"""What a sampling design allows to be said, told before any number is estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from surveys.core.results import Note
from surveys.design.design import Design
from surveys.design.replicates import ReplicateDesign
from surveys.design.rows import shortened
from surveys.weighting.kish import Kish, kish
from surveys.weighting.recipe import WeightingRecipe

TOP = 0.01
FEW_DEGREES, FEW_EFFECTIVE, MUCH = 10, 30, 0.1

EMPTY = "strata in which nobody has a weight: {strata}"
LONELY = "strata with one primary unit ({strata}) follow the rule '{rule}'"
SCARCE = "intervals rest on {df} degrees of freedom and are wide"
SMALL = "the weights leave {n} respondents worth {n_effective} (Kish)"
HEAVY = "{share} of the weight lies on {n} respondents"
NEGATIVE = "respondents with a negative weight: {n}"
ZERO = "respondents with no weight: {n}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DesignReport:
    """
    What a sampling design allows to be said.

    Attributes
    ----------
    n_strata, n_units : int or None
        First-stage strata and units that hold a respondent with a weight; None where the file gives
        replicate weights in their place.
    n_replicates : int or None
        Replicates, where there are any.
    df : int
        Degrees of freedom.
    empty_strata : tuple of str
        Strata in which nobody has a weight.
    lonely_strata : tuple of str
        Strata from which one unit was drawn out of several.
    weights : Kish
        Their extremes, Kish's design effect and effective sample size.
    top_share : float
        Share of the weight that lies on the hundredth part of the respondents with the largest.
    recipe : WeightingRecipe
        Steps of weighting.
    step_effects : tuple of float
        Kish's design effect before the first step, and after each.
    notes : tuple of Note
        What calls for care.
    left_out : mapping of str to int
        Rows of the file that are no respondents, by reason.
    """

    n_strata: int | None
    n_units: int | None
    n_replicates: int | None
    df: int
    empty_strata: tuple[str, ...]
    lonely_strata: tuple[str, ...]
    weights: Kish
    top_share: float
    recipe: WeightingRecipe
    step_effects: tuple[float, ...]
    notes: tuple[Note, ...]
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def to_frame(self) -> pd.DataFrame:
        """List what was found: columns `measure` and `value`, NaN for what does not apply."""
        values = {
            "respondents": self.weights.n,
            "strata": self.n_strata,
            "empty_strata": len(self.empty_strata),
            "lonely_strata": len(self.lonely_strata),
            "primary_units": self.n_units,
            "replicates": self.n_replicates,
            "degrees_of_freedom": self.df,
            "weight_sum": self.weights.total,
            "weight_min": self.weights.smallest,
            "weight_max": self.weights.largest,
            "weight_variation": self.weights.variation,
            "kish_design_effect": self.weights.design_effect,
            "n_effective": self.weights.n_effective,
            "top_share": self.top_share,
            **{f"left_out_{reason}": n for reason, n in self.left_out.items()},
        }
        return pd.DataFrame({"measure": list(values), "value": [np.nan if x is None else x for x in values.values()]})

    def summary(self) -> str:
        """Say the design, the weights and what calls for care, a line of English each."""
        weights = self.weights
        drawn = (
            f"{self.n_units:,} primary units in {self.n_strata:,} strata"
            if self.n_units is not None
            else "replicate weights in place of strata and clusters"
        )
        replicates = f", {self.n_replicates:,} replicates" if self.n_replicates is not None else ""
        lines = [
            f"{weights.n:,} respondents, {drawn}{replicates}, {self.df:,} degrees of freedom",
            f"weights from {weights.smallest:.4g} to {weights.largest:.4g}, sum {weights.total:,.6g}, "
            f"Kish's design effect {weights.design_effect:.2f}, effective sample size {weights.n_effective:,.0f}",
        ]
        if self.left_out:
            lines.append("rows left out: " + ", ".join(f"{n:,} {reason}" for reason, n in self.left_out.items()))
        if self.recipe.steps:
            effects = " → ".join(f"{effect:.2f}" for effect in self.step_effects)
            lines += [self.recipe.summary(), f"Kish's design effect from step to step: {effects}"]
        return "\n".join([*lines, *map(str, self.notes)])


def describe_design(design: Design) -> DesignReport:
    """
    Tell what a sampling design allows to be said.

    Parameters
    ----------
    design : Design
        Linearised or with replicates, weighted or not.

    Returns
    -------
    DesignReport

    Raises
    ------
    SpecError
        If there is no positive weight.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 1, 2, 0], "region": ["N", "N", "S", "W"]})
    >>> report = describe_design(Design.from_frame(frame, weight="w", strata="region", lonely_psu="adjust"))
    >>> report.empty_strata, report.lonely_strata, report.n_units
    (('W',), ('S', 'W'), 3)
    """
    weighted = design.weights != 0
    found = kish(design.weights)
    n_strata = n_units = None
    empty: tuple[str, ...] = ()
    if design.stages:
        held = np.bincount(design.stratum, weighted, len(design.stratum_names))
        n_strata = int((held > 0).sum())
        n_units = len(np.unique(design.stages[0].unit[weighted]))
        empty = tuple(design.stratum_names[i] for i in np.flatnonzero(held == 0))
    top = max(1, int(np.ceil(TOP * design.n)))
    share = float(np.sort(design.weights)[-top:].sum() / found.total)
    before = [adjustment.before for adjustment in design.adjustments]
    return DesignReport(
        n_strata=n_strata,
        n_units=n_units,
        n_replicates=design.n_replicates if isinstance(design, ReplicateDesign) else None,
        df=design.degrees_of_freedom(),
        empty_strata=empty,
        lonely_strata=design.lonely_strata,
        weights=found,
        top_share=share,
        recipe=WeightingRecipe.of(design),
        step_effects=tuple(kish(weights).design_effect for weights in (*before, design.weights)),
        notes=tuple(_notes(design, found, empty, share, top)),
        left_out=design.left_out,
    )


def _notes(design: Design, found: Kish, empty: tuple[str, ...], share: float, top: int) -> list[Note]:
    notes = []
    df = design.degrees_of_freedom()
    negative, zero = int((design.weights < 0).sum()), int((design.weights == 0).sum())
    if empty:
        notes.append(Note(EMPTY, {"strata": shortened(empty)}))
    if design.lonely_strata:
        notes.append(Note(LONELY, {"strata": shortened(design.lonely_strata), "rule": design.lonely_psu}))
    if df < FEW_DEGREES:
        notes.append(Note(SCARCE, {"df": df}))
    if found.n_effective < FEW_EFFECTIVE:
        notes.append(Note(SMALL, {"n": found.n, "n_effective": round(found.n_effective)}))
    if share > MUCH and top < MUCH * found.n:
        notes.append(Note(HEAVY, {"share": share, "n": top}))
    if negative:
        notes.append(Note(NEGATIVE, {"n": negative}))
    if zero:
        notes.append(Note(ZERO, {"n": zero}))
    return notes
