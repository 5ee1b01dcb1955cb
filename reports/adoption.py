"""Results of the part on adoption."""

from __future__ import annotations

from dataclasses import dataclass

from reports.usage import StayingResults
from surveys.funnel import Funnel
from surveys.published import PublishedFigures
from surveys.study import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdoptionResults:
    """What the part on adoption shows."""


def compute_adoption(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, published: PublishedFigures | None
) -> AdoptionResults | None:
    """Compute what the part on adoption shows."""
    return None
