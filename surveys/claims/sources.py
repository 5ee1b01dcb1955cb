"""Several sources of one claim: told from readings that the study declares, and judged by their span."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from surveys.claims.readings import CheckedReading
from surveys.claims.verdicts import Verdict, ends_said
from surveys.core.results import Estimate, Note
from surveys.study.claims import Claim

IN_THE_SPAN = Note("the sources disagree, and the value claimed lies within their span")
ON_BOTH_SIDES = Note("the sources lie on both sides of the bound claimed")
OWN_CONFLICT = Note("one publisher gives two figures for the same time, and the claim goes with only one")
BOUNDS = ("at least", "at most", "more than", "less than")


def are_declared(readings: Sequence[CheckedReading]) -> bool:
    """Tell whether readings differ in what they mean, as the study says, and not only in who measured."""
    told = {
        (
            str(reading.reading.label),
            reading.reading.formula,
            reading.reading.measure,
            str(sorted(reading.reading.differs.items(), key=str)),
            bool(reading.reading.top),
        )
        for reading in readings
    }
    return len(told) > 1


def span_of_sources(claim: Claim, readings: Sequence[CheckedReading]) -> tuple[Verdict, Note]:
    """
    Judge a claim that some sources bear out and others not, or that lies between them.

    Parameters
    ----------
    claim : Claim
        The sentence.
    readings : sequence of CheckedReading
        One for each source; they lie on different sides of the claim.

    Returns
    -------
    verdict : str
        `consistent` with the span; `not checkable` where the sources lie on both sides of a bound, or one publisher
        gives two figures for the same that differ by more than the claim's rounding.
    reason : Note
        One clause.
    """
    if claim.says in BOUNDS:
        return "not checkable", ON_BOTH_SIDES
    low, high = ends_said(claim)
    for one, other in combinations(readings, 2):
        apart = _gap(one, other) > high - low and _of_one_publisher(one, other)
        if apart and any(_is_within(reading, low, high) for reading in (one, other)):
            return "not checkable", OWN_CONFLICT
    return "consistent", IN_THE_SPAN


def _is_within(reading: CheckedReading, low: float, high: float) -> bool:
    return isinstance(reading.answer, Estimate) and low <= reading.answer.estimate <= high


def _gap(one: CheckedReading, other: CheckedReading) -> float:
    if not (isinstance(one.answer, Estimate) and isinstance(other.answer, Estimate)):
        return 0.0
    return max(one.answer.conf_low - other.answer.conf_high, other.answer.conf_low - one.answer.conf_high)


def _of_one_publisher(one: CheckedReading, other: CheckedReading) -> bool:
    names = [
        {item.figure.publisher.partition(" via ")[0] for item in reading.evidence if item.figure is not None}
        for reading in (one, other)
    ]
    return len(names[0] | names[1]) == 1
