"""Results of the part on calibration."""

from __future__ import annotations

from dataclasses import dataclass

from churn.recall import RecallCurve
from reports.usage import StayingResults
from surveys.funnel import Funnel
from surveys.study import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationResults:
    """What the part on calibration shows."""


def compute_calibration(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, recalls: tuple[RecallCurve, ...]
) -> CalibrationResults | None:
    """Compute what the part on calibration shows."""
    return None
