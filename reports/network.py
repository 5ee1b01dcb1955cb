"""Results of the part on network."""

from __future__ import annotations

from dataclasses import dataclass

from reports.usage import StayingResults
from surveys.study import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkResults:
    """What the part on network shows."""


def compute_network(study: Study, staying: StayingResults | None) -> NetworkResults | None:
    """Compute what the part on network shows."""
    return None
