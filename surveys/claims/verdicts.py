"""From a claimed number and the interval of an answer to a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from surveys.core.results import Estimate, Note
from surveys.study.claim_words import LEAST_OF_ALMOST
from surveys.study.claims import Claim

Verdict = Literal["supported", "consistent", "overstated", "understated", "contradicted", "not checkable"]
Side = Literal["fits", "above", "below", "unknown"]

FAR = 2.0
"""A value this many times beyond the nearer end of the interval contradicts rather than exaggerates."""
FINE = 20
"""Digits finer than this part of the interval are false precision."""
THOUSAND = 1000.0

ROUNDS_TO = Note("the figures round to the value claimed")
INSIDE = Note("the value claimed lies within the interval of the figures")
COVERS = Note("the range claimed covers the interval of the figures")
ABOVE = Note("the value claimed lies above the interval of the figures")
BELOW = Note("the value claimed lies below the interval of the figures")
FAR_OUT = Note("the value claimed lies far outside the interval of the figures")
BOUND_KEPT = Note("the whole interval keeps to the bound claimed")
BOUND_POSSIBLE = Note("the interval holds values on both sides of the bound claimed")
BOUND_BROKEN = Note("the whole interval lies beyond the bound claimed")
NO_CHANGE = Note("the figures cannot tell a change from none")
OTHER_WAY = Note("the figures changed the other way")
A_FORECAST = Note("it speaks of a time to come, which no figure of an earlier one bears out")
ABOUT = 0.1
"""What about a number may be off by, as a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, the clause that gives its reason, and on which side of the figures the claim lies."""

    verdict: Verdict
    reason: Note
    side: Side


def judge(claim: Claim, answer: Estimate) -> Judgement:
    """
    Hold the number claimed against the interval of an answer.

    Parameters
    ----------
    claim : Claim
        What is claimed, and whether as a number, a bound or a change.
    answer : Estimate
        What the figures allow, in the unit of the claim.

    Returns
    -------
    Judgement
        `fits` for supported and consistent; `unknown` where a change cannot be told from none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> claim = open_example("twitter_france").claim[0]
    >>> answer = Estimate(estimate=0.28, std_error=0.014, conf_low=0.248, conf_high=0.314, n=1015, method="Wilson")
    >>> judge(claim, answer).verdict
    'consistent'
    """
    match claim.says:
        case "at least" | "at most" | "more than" | "less than" | "none exceeds" | "fastest":
            return _bound(claim, answer)
        case "rises" | "falls" | "rose by" | "fell by":
            return _change(claim, answer)
    return _number(claim, answer)


def ends_said(claim: Claim) -> tuple[float, float]:
    """
    Give the ends of what a claim may mean: its rounding, and what "about" and "almost" add.

    Examples
    --------
    >>> claim = Claim.model_validate({"statement": "Almost half.", "value": "almost half", "arithmetic": "1 / 2"})
    >>> ends_said(claim)
    (0.45, 0.5)
    """
    least, most = claim.ends
    slack = max(claim.half_unit, ABOUT * abs(claim.claimed)) if claim.says == "about" else claim.half_unit
    if claim.says == "almost":
        return LEAST_OF_ALMOST * least - slack, most + slack
    return least - slack, most + slack


def is_too_precise(claim: Claim, answer: Estimate) -> bool:
    """Tell whether the claim gives digits finer than a twentieth of the interval; one without `half_unit` has none."""
    return claim.says == "equals" and 0 < claim.half_unit < (answer.conf_high - answer.conf_low) / FINE


def is_off_by_thousands(claim: Claim, answer: Estimate) -> bool:
    """Tell whether the claim is a power of a thousand away, within a factor of two."""
    if not (claim.claimed > 0 and answer.estimate > 0):
        return False
    size = math.log(claim.claimed / answer.estimate, THOUSAND)
    return round(size) != 0 and abs(size - round(size)) <= math.log(2, THOUSAND)


def _number(claim: Claim, answer: Estimate) -> Judgement:
    (least, most), (low, high) = claim.ends, ends_said(claim)
    if high < answer.conf_low:
        far = high > 0 and high * FAR < answer.conf_low
        return _out("below", "contradicted" if far else "understated", FAR_OUT if far else BELOW)
    if low > answer.conf_high:
        far = answer.conf_high > 0 and low > FAR * answer.conf_high
        return _out("above", "contradicted" if far else "overstated", FAR_OUT if far else ABOVE)
    if least < most and low <= answer.conf_low and answer.conf_high <= high:
        return Judgement(verdict="supported", reason=COVERS, side="fits")
    if claim.says == "will":
        return Judgement(verdict="consistent", reason=INSIDE, side="fits")
    if low <= answer.estimate <= high and least == most and not is_too_precise(claim, answer):
        return Judgement(verdict="supported", reason=ROUNDS_TO, side="fits")
    return Judgement(verdict="consistent", reason=INSIDE, side="fits")


def _bound(claim: Claim, answer: Estimate) -> Judgement:
    """Judge a bound, which is kept or broken: beyond it, there is no exaggerating."""
    least = claim.says in ("at least", "more than", "fastest")
    side: Side = "above" if least else "below"
    kept = answer.conf_low >= claim.claimed if least else answer.conf_high <= claim.claimed
    if least:
        broken = answer.conf_high < claim.claimed - claim.half_unit
    else:
        broken = answer.conf_low > claim.claimed + claim.half_unit
    if broken:
        return _out(side, "contradicted", BOUND_BROKEN)
    return Judgement(
        verdict="supported" if kept else "consistent", reason=BOUND_KEPT if kept else BOUND_POSSIBLE, side="fits"
    )


def _change(claim: Claim, answer: Estimate) -> Judgement:
    """Judge a change along the direction claimed; `rose by` and `fell by` count along it from nought."""
    if answer.conf_low <= 0 <= answer.conf_high:
        return Judgement(verdict="not checkable", reason=NO_CHANGE, side="unknown")
    grows = answer.conf_low > 0
    if grows != (claim.says != "falls"):
        return _out("below" if claim.says == "falls" else "above", "contradicted", OTHER_WAY)
    if claim.says == "falls":
        return _along_a_fall(claim, answer)
    return _number(claim, answer)


def _along_a_fall(claim: Claim, answer: Estimate) -> Judgement:
    """Judge a fall by its size, so that a greater one than the figures' is overstated."""
    least, most = claim.ends
    sizes = {"value": abs(claim.value)} if claim.value is not None else {"low": abs(most), "high": abs(least)}
    mirrored = replace(answer, estimate=-answer.estimate, conf_low=-answer.conf_high, conf_high=-answer.conf_low)
    return _number(claim.model_copy(update={**sizes, "says": "fell by"}), mirrored)


def _out(side: Side, verdict: Verdict, reason: Note) -> Judgement:
    return Judgement(verdict=verdict, reason=reason, side=side)
