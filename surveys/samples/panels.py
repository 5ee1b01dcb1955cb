"""Waves that share respondents: one design over all of them, so that their estimates share a covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Note
from surveys.data.codebook import format_code
from surveys.design.design import Adjustment, Design, Statistic, Step
from surveys.design.rows import listed
from surveys.samples.sample import Sample

RESPONDENT, WEIGHT = "", " "
"""Names that no column of a file can have."""
ALIKE = ("strata", "cluster", "nest", "fpc", "lonely_psu", "sampling")


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A statistic of the rows of one wave, among the rows of all."""

    statistic: Statistic
    rows: slice
    n: int

    def value(self, weights: Floats) -> Floats:
        return self.statistic.value(weights[self.rows])

    def influence(self, weights: Floats) -> Floats:
        inside = self.statistic.influence(weights[self.rows])
        moved = np.zeros((self.n, inside.shape[1]))
        moved[self.rows] = inside
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class _PlacedAdjustment:
    """A step of weighting of one wave, among the rows of all."""

    adjustment: Adjustment
    rows: slice
    n: int

    @property
    def step(self) -> Step:
        return self.adjustment.step

    @property
    def before(self) -> Floats:
        return self._placed(self.adjustment.before)

    @property
    def after(self) -> Floats:
        return self._placed(self.adjustment.after)

    def reweigh(self, weights: Floats) -> Floats:
        found = weights.copy()
        found[self.rows] = self.adjustment.reweigh(weights[self.rows])
        return found

    def residuals(self, scores: Floats) -> Floats:
        found = scores.copy()
        found[self.rows] = self.adjustment.residuals(scores[self.rows])
        return found

    def _placed(self, weights: Floats) -> Floats:
        found = np.zeros(self.n)
        found[self.rows] = weights
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveDesign(Design):
    """
    One wave of a panel: a domain of the design of all its waves.

    Attributes
    ----------
    panel : Design
        Of the rows of all waves; a respondent who is in several is one unit.
    rows : slice
        Where the wave's rows are among them.
    """

    panel: Design
    rows: slice

    @classmethod
    def within(cls, own: Design, panel: Design, rows: slice) -> Self:
        """Make the design of a wave from its own and the panel's."""
        return cls(**{field.name: getattr(own, field.name) for field in fields(own)}, panel=panel, rows=rows)

    def appraise(self, statistic: Statistic) -> tuple[Floats, tuple[Note, ...]]:
        """Linearise over the units of the panel; see `Design.appraise`."""
        return self.panel.appraise(_Placed(statistic, self.rows, self.panel.n))

    def covariance(self, influence: Any) -> Floats:
        """Give the covariance over the units of the panel; see `Design.covariance`."""
        values = np.asarray(influence, float)
        spread = np.zeros((self.panel.n, values.shape[1]))
        spread[self.rows] = values
        return self.panel.covariance(spread)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """
    The waves of one panel.

    Attributes
    ----------
    samples : tuple of Sample
        In the order given; the design of each is a domain of one design, so that estimates from
        several of them can be combined.
    respondents : tuple of ndarray
        Identifiers of each wave's respondents.
    """

    samples: tuple[Sample, ...]
    respondents: tuple[NDArray[np.object_], ...]

    def shared(self, one: int, other: int) -> int:
        """Count the respondents who are in two of the waves."""
        return len(np.intersect1d(self.respondents[one], self.respondents[other]))


def join_panel(samples: Sequence[Sample]) -> Panel:
    """
    Join waves that share respondents.

    Parameters
    ----------
    samples : sequence of Sample
        Waves whose surveys name one panel. A respondent keeps the identifier, and its stratum and cluster.

    Returns
    -------
    Panel

    Raises
    ------
    StudyError
        If the waves are described by different designs, or a respondent changes stratum or cluster.

    Notes
    -----
    The rows of all waves are one sample in which a respondent, or the cluster the respondent was drawn
    in, is one unit, and each wave is a domain. Linearised estimates of two waves then share one
    covariance: that of those who are in both.

    Examples
    --------
    >>> from surveys.data.codebook import Codebook
    >>> from surveys.study.schema import Survey
    >>> def wave(name: str, ids: list[str]) -> Sample:
    ...     frame = pd.DataFrame({"id": ids})
    ...     spec, design = Survey(wave=name, file="", panel="p", id="id"), Design.from_frame(frame)
    ...     return Sample(spec=spec, frame=frame, codebook=Codebook(), design=design, notes=(), place=name,
    ...                   lines=np.arange(len(ids)))
    >>> join_panel([wave("1", ["a", "b", "c"]), wave("2", ["b", "c", "d"])]).shared(0, 1)
    2
    """
    first = samples[0]
    if any(not sample.design.linearised for sample in samples):
        mend = "Remove panel, or replicates from its waves"
        raise StudyError.at(f"study.toml, panel '{first.spec.panel}'", "replicate weights differ by wave", mend)
    different = [
        name for name in ALIKE if any(getattr(sample.spec, name) != getattr(first.spec, name) for sample in samples)
    ]
    place = f"study.toml, panel '{first.spec.panel}'"
    if different:
        raise StudyError.at(place, f"waves differ in {', '.join(different)}", "Describe one design for the panel")
    respondents = tuple(_identifiers(sample) for sample in samples)
    columns = [*listed(first.spec.strata), *listed(first.spec.cluster), *listed(first.spec.fpc)]
    table = pd.concat([sample.frame[columns] for sample in samples], ignore_index=True)
    weights = np.concatenate([sample.design.weights for sample in samples])
    table = table.assign(**{RESPONDENT: np.concatenate(respondents), WEIGHT: weights})
    moved = table.groupby(RESPONDENT)[columns].nunique().gt(1).any(axis=1) if columns else pd.Series(dtype=bool)
    if moved.any():
        what = f"{int(moved.sum())} respondents change stratum or cluster between waves"
        raise StudyError.at(place, what, "Give each the values with which the respondent was drawn")
    spec = first.spec
    try:
        panel = Design.from_frame(
            table,
            weight=WEIGHT,
            strata=spec.strata,
            cluster=spec.cluster or RESPONDENT,
            nest=spec.nest,
            fpc=spec.fpc,
            lonely_psu=spec.lonely_psu,
            sampling=spec.sampling,
            place=place,
        )
    except SpecError as error:
        raise StudyError(*error.problems) from None
    stops = np.cumsum([len(sample) for sample in samples])
    rows = [slice(int(stop) - len(sample), int(stop)) for sample, stop in zip(samples, stops, strict=True)]
    adjustments = tuple(
        _PlacedAdjustment(adjustment, inside, len(weights))
        for sample, inside in zip(samples, rows, strict=True)
        for adjustment in sample.design.adjustments
    )
    panel = replace(panel, adjustments=adjustments)
    joined = tuple(
        replace(sample, design=WaveDesign.within(sample.design, panel, inside))
        for sample, inside in zip(samples, rows, strict=True)
    )
    return Panel(samples=joined, respondents=respondents)


def _identifiers(sample: Sample) -> NDArray[np.object_]:
    assert sample.spec.id is not None
    return np.array([format_code(code) for code in sample.frame[sample.spec.id]], dtype=object)
