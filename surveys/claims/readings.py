"""One reading of a claim: the answer that its figures give, what keeps it from being one, and its verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal

from surveys.claims.arithmetic import Correlations, evaluate_formula, read_formula
from surveys.claims.inputs import Evidence, Influences, correlation_between
from surveys.claims.verdicts import (
    A_FORECAST,
    Judgement,
    Side,
    Verdict,
    ends_said,
    is_off_by_thousands,
    is_too_precise,
    judge,
)
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published.concentration_bounds import top_share_bounds
from surveys.published.figure import PublishedFigure
from surveys.study.claims import Claim, Reading
from surveys.study.fields import Label
from surveys.study.fieldwork import Fieldwork, parse_fieldwork, years_apart
from surveys.study.units import UNSAID, Unit, read_unit

NOT_COUNTED = frozenset({"share", "points", "ratio", "index", "minutes", "days", "months", "EUR", "USD", "GBP", "INR"})
"""Kinds that a bare number of millions is never of."""

Flag = Literal[
    "arithmetic", "base", "unit", "definition", "date", "precision", "wording", "list", "mode", "consistency",
    "simulated", "reliability"
]  # fmt: skip

YEARS_APART = 2
"""A figure this many years from the claim is of another date, unless the study says that it may stand."""

NOT_COMPARABLE: Mapping[str, Note] = {
    "definition": Note("the figures measure something else"),
    "base": Note("the figures are of other people"),
    "date": Note("the figures are of another date"),
    "unit": Note("the figures are in another unit"),
    "wording": Note("the question asked was not the same"),
    "list": Note("the list shown was not the same"),
    "mode": Note("the way of asking was not the same"),
    "simulated": Note("it would rest on simulated data, which say nothing of what was"),
}
FRACTION_BELOW = 0.01
MAY_BE_A_FRACTION = Note("the figure may be a fraction filed under percent, a hundred times too small in the file")
LOW_GRADE = Note("the only figures are of low reliability, or are themselves claims of the press")
COMPUTED = Note("the figures are others’ computations, not measurements")
MODELLED = Note("the publisher’s estimate has an error that is not known")

ONLY_WITHOUT_SAMPLING = Note("outside their rounding, but sampling might explain it: no number of respondents is known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """In what the evidence is not what the claim speaks of, with the analyst's sentence where one is given."""

    flag: Flag
    figure: str
    words: Label | None = None
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedReading:
    """
    One reading of a claim, with its own verdict.

    Attributes
    ----------
    reading : Reading
        As the study states it.
    verdict : str
        `not checkable` where the answer is not one to the question, or is too uncertain to go against it.
    reason : Note
        One clause.
    side : str
        On which side of the figures the claim lies: `fits`, `above`, `below` or `unknown`.
    answer : Estimate or Unavailable
        What the figures give, in the unit of the claim.
    differences : tuple of Difference
        In what the answer is not what the claim speaks of.
    evidence : tuple of Evidence
        The figures it rests on.
    """

    reading: Reading
    verdict: Verdict
    reason: Note
    side: Side
    answer: Estimate | Unavailable
    differences: tuple[Difference, ...]
    evidence: tuple[Evidence, ...]


def check_reading(
    claim: Claim,
    reading: Reading,
    evidence: Sequence[Evidence],
    *,
    influences: Influences | None = None,
    conf_level: float = 0.95,
) -> CheckedReading:
    """
    Answer a claim by one of its readings.

    Parameters
    ----------
    claim : Claim
        The sentence.
    reading : Reading
        One of its readings.
    evidence : sequence of Evidence
        One for each of the reading's inputs, in their order.
    influences : mapping, optional
        Of the study's own results, by name and sample: results of one sample are not independent.
    conf_level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    CheckedReading
        A share without a number of respondents bears out a claim by its rounding alone; it goes against
        one only where the sampling error of a usual number of respondents would not save it.

    Raises
    ------
    StudyError
        If the formula cannot be read.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.claims.inputs import find_evidence
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> claim = study.claim[0]
    >>> found = [find_evidence(claim, name, read_published(study), own={}) for name in claim.reading[0].inputs.values()]
    >>> check_reading(claim, claim.reading[0], found).verdict
    'consistent'
    """
    named = dict(zip(reading.inputs, evidence, strict=True))
    correlations = {
        frozenset((one, other)): correlation_between(named[one], named[other], influences or {})
        for one, other in combinations(named, 2)
    }
    answer = _answer(claim, reading, [item.estimate for item in evidence], correlations, conf_level)
    cautious = _answer(claim, reading, [item.cautious for item in evidence], correlations, conf_level)
    differences = _differences(claim, reading, evidence)
    judgement, noticed = _judge(claim, answer, cautious, differences)
    judgement, graded = _graded(claim, judgement, evidence)
    noticed += graded
    first = evidence[0].id
    return CheckedReading(
        reading=reading,
        verdict=judgement.verdict,
        reason=judgement.reason,
        side=judgement.side,
        answer=answer,
        differences=(*differences, *(Difference(flag=flag, figure=first) for flag in noticed)),
        evidence=tuple(evidence),
    )


def _judge(
    claim: Claim, answer: Estimate | Unavailable, cautious: Estimate | Unavailable, differences: Sequence[Difference]
) -> tuple[Judgement, list[Flag]]:
    """Give a verdict, and the flags that the numbers themselves raise."""
    if isinstance(answer, Unavailable):
        return Judgement(verdict="not checkable", reason=answer.reason, side="unknown"), []
    decisive = [difference.flag for difference in differences if difference.decisive]
    if decisive:
        return Judgement(verdict="not checkable", reason=NOT_COMPARABLE[decisive[0]], side="unknown"), []
    found = judge(claim, answer)
    if found.side == "unknown":
        return found, ["precision"]
    if found.side != "fits":
        if isinstance(cautious, Estimate) and judge(claim, cautious).side != found.side:
            return Judgement(verdict="not checkable", reason=ONLY_WITHOUT_SAMPLING, side="unknown"), ["precision"]
        return found, ["unit"] if is_off_by_thousands(claim, answer) else []
    return found, ["precision"] if is_too_precise(claim, answer) else []


def _graded(claim: Claim, found: Judgement, evidence: Sequence[Evidence]) -> tuple[Judgement, list[Flag]]:
    """Keep evidence from bearing out more than it can: of low grade, computed, modelled, or of a time before."""
    figures = [item.figure for item in evidence if item.figure is not None]
    if found.side not in ("fits", "unknown") and _may_be_a_fraction(claim, evidence):
        return Judgement(verdict="not checkable", reason=MAY_BE_A_FRACTION, side="unknown"), ["unit"]
    if found.side == "fits" and any(item.never_alone for item in evidence):
        return Judgement(verdict="not checkable", reason=LOW_GRADE, side="unknown"), ["reliability"]
    if claim.says == "will" and any(_is_before(figure.fieldwork, claim.by) for figure in figures):
        return Judgement(verdict="not checkable", reason=A_FORECAST, side="unknown"), ["date"]
    kinds = {figure.kind for figure in figures}
    if found.verdict == "supported" and kinds & {"derived", "computed"} and claim.says == "equals":
        return replace(found, verdict="consistent", reason=COMPUTED), []
    if "estimate" in kinds and found.verdict in ("supported", "overstated", "understated"):
        if found.side == "fits":
            return replace(found, verdict="consistent", reason=MODELLED), []
        return Judgement(verdict="not checkable", reason=MODELLED, side="unknown"), ["precision"]
    return found, []


def _may_be_a_fraction(claim: Claim, evidence: Sequence[Evidence]) -> bool:
    """Tell whether a single percentage below 1 would answer the claim as a fraction: 0.58 filed under percent."""
    figure = evidence[0].figure
    if len(evidence) > 1 or figure is None or figure.unit != "share" or not 0 < figure.value < FRACTION_BELOW:
        return False
    low, high = ends_said(claim)
    return claim.unit == "share" and low <= figure.value / FRACTION_BELOW <= high


def _is_before(when: Fieldwork | None, by: str) -> bool:
    """Tell whether a figure is of a time before the one that a forecast is for; true where neither is known."""
    target = parse_fieldwork(by)
    return target is None or when is None or when.last < target.first


def _answer(
    claim: Claim,
    reading: Reading,
    estimates: Sequence[Estimate | Unavailable],
    correlations: Correlations,
    conf_level: float,
) -> Estimate | Unavailable:
    inputs: dict[str, Estimate] = {}
    for name, estimate in zip(reading.inputs, estimates, strict=True):
        if isinstance(estimate, Unavailable):
            return estimate
        inputs[name] = estimate
    if claim.top is not None:
        return _top_share(claim.top, [(reading.top[name], inputs[name]) for name in inputs], conf_level)
    if reading.formula is None:
        return replace(next(iter(inputs.values())), unit=claim.unit)
    formula = read_formula(reading.formula, f"study.toml, [[claim]] '{claim.id}', formula")
    return evaluate_formula(formula, inputs, unit=claim.unit, correlations=correlations, conf_level=conf_level)


def _top_share(top: float, points: Sequence[tuple[float, Estimate]], conf_level: float) -> Estimate:
    """Take the widest bounds that the points allow anywhere in their intervals."""
    corners = product(*[[(share, end) for end in (known.conf_low, known.conf_high)] for share, known in points])
    bounds = [top_share_bounds(top, corner) for corner in corners]
    low, high = min(bound[0] for bound in bounds), max(bound[1] for bound in bounds)
    return Estimate(
        estimate=(low + high) / 2,
        std_error=math.nan,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        n=None,
        unit="share",
        method="bounds of a concave concentration curve",
        notes=(Note("bounds, not an interval for sampling"),),
    )


def _differences(claim: Claim, reading: Reading, evidence: Sequence[Evidence]) -> list[Difference]:
    """Give the differences that the study explains, then those noticed and not explained, which decide."""
    found = [
        Difference(flag=kind, figure=evidence[0].id, words=words, decisive=kind in reading.decisive)
        for kind, words in reading.differs.items()
    ]
    figures = [item.figure for item in evidence if item.figure is not None]
    noticed: dict[Flag, str] = {}
    noticed |= _of_other_things(claim, reading, evidence)
    for figure in figures:
        if claim.country is not None and figure.country != claim.country:
            noticed.setdefault("base", figure.id)
        if _years_apart(claim.date, figure.fieldwork) > YEARS_APART:
            noticed.setdefault("date", figure.id)
    explained = set(reading.differs)
    if reading.formula is None and not reading.top:
        noticed |= _of_other_people(claim, figures[:1])
    found += [Difference(flag="simulated", figure=item.id, decisive=True) for item in evidence if item.is_simulated][:1]
    found += [
        Difference(flag=flag, figure=figure, decisive=True) for flag, figure in noticed.items() if flag not in explained
    ]
    return found


def _of_other_things(claim: Claim, reading: Reading, evidence: Sequence[Evidence]) -> dict[Flag, str]:
    """
    Notice figures of something else than the claim's measure, or in another unit.

    What a formula measures is what the claim does, unless the reading says otherwise; a single figure must say so.
    """
    noticed: dict[Flag, str] = {}
    figures = [item.figure for item in evidence if item.figure is not None]
    if reading.measure is not None:
        measures = {reading.measure}
    elif reading.formula is None and claim.measure:
        measures = {figure.measure for figure in figures}
    else:
        measures = set()
    if measures and claim.measure and claim.measure not in measures:
        noticed["definition"] = evidence[0].id
    if reading.formula is None and claim.top is None and not _same_unit(claim.unit, evidence[0].unit):
        noticed["unit"] = evidence[0].id
    return noticed


def _same_unit(said: str, unit: Unit) -> bool:
    """Tell whether a figure is in the unit of a claim; where either says only how many, any count will do."""
    claimed = read_unit(said) or Unit(kind=said)
    kinds = {claimed.kind, unit.kind}
    if UNSAID in kinds:
        return not kinds & NOT_COUNTED
    if kinds == {"share", "ratio"} or kinds == {"share", "points"}:
        return True
    same_rate = not claimed.per or not unit.per or claimed.per == unit.per
    return claimed.kind == unit.kind and same_rate


def _of_other_people(claim: Claim, figures: Sequence[PublishedFigure]) -> dict[Flag, str]:
    """Notice a single figure that is of part of the people that the claim speaks of, or of another service."""
    noticed: dict[Flag, str] = {}
    for figure in figures:
        if figure.subgroup.strip() and figure.subgroup.strip() != claim.subgroup.strip():
            noticed["base"] = figure.id
        if claim.entity is not None and figure.entity != claim.entity:
            noticed["definition"] = figure.id
    return noticed


def _years_apart(one: str, other: Fieldwork | None) -> float:
    """Give the years between the nearest ends of two periods; nought where either is not known."""
    when = parse_fieldwork(one)
    return 0.0 if when is None or other is None else years_apart(when, other)
