"""Results of the part on diffusion."""

from __future__ import annotations

from dataclasses import dataclass

from reports.usage import StayingResults
from surveys.funnel import Funnel
from surveys.published import PublishedFigures
from surveys.study import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiffusionResults:
    """What the part on diffusion shows."""


def compute_diffusion(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, published: PublishedFigures | None
) -> DiffusionResults | None:
    """Compute what the part on diffusion shows."""
    return None
