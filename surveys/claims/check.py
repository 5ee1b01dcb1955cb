"""Sentences of the press held against figures: their sum, their parts, and every way of reading them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from surveys.claims.arithmetic import all_notes
from surveys.claims.consistency import RIGHT_SUM, WRONG_SUM, check_of, holds, sum_is_right, sum_of
from surveys.claims.inputs import Evidence, Influences, Own, find_evidence
from surveys.claims.readings import COMPUTED, MODELLED, CheckedReading, Difference, Flag, check_reading
from surveys.claims.sources import are_declared, span_of_sources
from surveys.claims.verdicts import Side, Verdict, judge
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published.figures import PublishedFigures
from surveys.study.claims import ITSELF, SUPERLATIVES, Claim, Consistency

MILDEST: tuple[Verdict, ...] = ("consistent", "supported", "overstated", "understated", "contradicted")
"""Among readings that agree, the verdict that says least."""

NOTHING_TO_HOLD_AGAINST = Note("no figure to compare with")
COUNTEREXAMPLE = Note("one figure is enough to refute it, and there is one")
NO_COUNTEREXAMPLE = Note("none of the figures goes against it, which is no proof that none does")
DEPENDS = Note("the answer depends on how the sentence is read")
DEPENDS_ON: dict[int, str] = {
    1: "the readings disagree, according to {first}",
    2: "the readings disagree, according to {first} and {second}",
    3: "the readings disagree, according to {first}, {second} and {third}",
}
OF_THE_DIFFERENCE: dict[Flag, str] = {
    "base": "the base",
    "date": "the date",
    "definition": "the definition",
    "unit": "the unit",
    "wording": "the wording",
    "list": "the list tested",
    "mode": "the mode",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CheckedClaim:
    """
    A claim, its verdict, and the figures behind it.

    Attributes
    ----------
    claim : Claim
        As the study states it.
    verdict : str
        `supported`, `consistent`, `overstated`, `understated`, `contradicted` or `not checkable`.
    reason : Note
        One clause that says why.
    interval : Estimate or Unavailable
        What the figures allow, in the unit of the claim; over several readings, from the lowest to the
        highest end.
    differences : tuple of Difference
        Base, date, definition, arithmetic, precision and the like that do not fit.
    readings : tuple of CheckedReading
        Each way of reading it, with a verdict of its own.
    evidence : tuple of Evidence
        The figures the claim was held against, each once.
    total : Estimate or None
        What its own sum gives; None where it makes none.
    """

    claim: Claim
    verdict: Verdict
    reason: Note
    interval: Estimate | Unavailable
    differences: tuple[Difference, ...]
    readings: tuple[CheckedReading, ...]
    evidence: tuple[Evidence, ...]
    total: Estimate | None = None

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Kinds of difference, each once."""
        return tuple(dict.fromkeys(difference.flag for difference in self.differences))

    def relative(self, answer: Estimate) -> Estimate:
        """Divide an answer by the number claimed, or by the middle of the range."""
        ends = sorted((answer.conf_low / self.claim.claimed, answer.conf_high / self.claim.claimed))
        return replace(
            answer,
            estimate=answer.estimate / self.claim.claimed,
            std_error=math.nan,
            conf_low=ends[0],
            conf_high=ends[1],
            unit="ratio",
        )

    def summary(self) -> str:
        """Say the verdict and its reason in one line of English."""
        interval = f" ({self.interval.summary()})" if isinstance(self.interval, Estimate) else ""
        return f"{self.verdict}: {self.reason}{interval}"

    def evidence_frame(self) -> pd.DataFrame:
        """
        Give one row for each figure that the claim was held against.

        Returns
        -------
        DataFrame
            Columns claim, id, printed, unit, estimate, conf_low, conf_high, publisher, date, base, n, kind, confidence,
            source, link, line and simulated.
        """
        return pd.DataFrame([{"claim": self.claim.id, **item.told()} for item in self.evidence])

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row for each reading, or a single one where there is none.

        Returns
        -------
        DataFrame
            Columns id, says, claimed_low, claimed_high, unit, verdict, reason, flags, reading, formula,
            inputs, estimate, conf_low, conf_high, reading_verdict, reading_reason, and verdict_low and verdict_high,
            the interval behind the verdict.
        """
        low, high = self.claim.ends
        common = {
            "id": self.claim.id,
            "says": self.claim.says,
            "claimed_low": low,
            "claimed_high": high,
            "unit": self.claim.unit,
            "verdict": self.verdict,
            "reason": str(self.reason),
            "flags": ", ".join(self.flags),
            "verdict_low": self.interval.conf_low if isinstance(self.interval, Estimate) else None,
            "verdict_high": self.interval.conf_high if isinstance(self.interval, Estimate) else None,
        }
        return pd.DataFrame(
            [
                common | _told(number, reading)
                for number, reading in enumerate(self.readings or (None,), start=1 if self.readings else 0)
            ]
        )


def check_claim(
    claim: Claim,
    published: PublishedFigures,
    *,
    own: Own | None = None,
    influences: Influences | None = None,
    simulated: Collection[str] = (),
    conf_level: float = 0.95,
) -> CheckedClaim:
    """
    Hold one claim against published figures and the study's own results.

    A sum that does not give the number claimed, or figures that cannot all be true, contradict it; a sum that is all
    there is, is graded like any other figure. Otherwise each reading gives a verdict. Readings that cannot be answers,
    or are too uncertain, abstain; where the others agree, theirs is the verdict, the mildest of them. Where they do
    not, several sources of one reading are judged by their span; of readings that the study declares to differ, the
    reason says on what the answer depends.

    Parameters
    ----------
    claim : Claim
        Its inputs are named by identifiers of `published`, or by names of `own`.
    published : PublishedFigures
        The figures to hold it against, searched first.
    own : mapping of str to Estimate or Unavailable, optional
        The study's own results, by name; on one that is Unavailable, the claim is not checkable.
    influences : mapping of str to mapping of str to ndarray, optional
        By name of a result and of a sample: results that share a sample are not independent.
    simulated : collection of str
        Names of own results that rest on simulated data, which bear nothing out.
    conf_level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    CheckedClaim
        With verdict, reason, interval, readings and differences.

    Raises
    ------
    StudyError
        If the claim names a figure that nobody gives, or a formula or a sum cannot be read.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> check_claim(study.claim[0], read_published(study)).verdict
    'consistent'
    """

    def find(identifier: str) -> Evidence:
        return find_evidence(claim, identifier, published, own=own or {}, simulated=simulated, conf_level=conf_level)

    readings = tuple(
        check_reading(
            claim,
            reading,
            [find(name) for name in reading.inputs.values()],
            influences=influences,
            conf_level=conf_level,
        )
        for reading in claim.reading
    )
    compared = {
        name: find(name)
        for check in claim.consistency
        for name in (check.total, *check.parts)
        if name not in (None, ITSELF)
    }
    broken = [check for check in claim.consistency if not holds(claim, check, find)]
    total = sum_of(claim)
    verdict, reason, noticed = _verdict(claim, readings, broken, total)
    evidence = {item.id: item for reading in readings for item in reading.evidence} | compared
    decided = bool(noticed) or any(reading.side != "unknown" for reading in readings)
    differences = [
        difference
        for reading in readings
        for difference in reading.differences
        if isinstance(reading.answer, Estimate) and not (decided and reading.side == "unknown")
    ]
    return CheckedClaim(
        claim=claim,
        verdict=verdict,
        reason=reason,
        interval=total if total is not None and not readings else _interval(readings),
        differences=(*noticed, *differences),
        readings=readings,
        evidence=tuple(evidence.values()),
        total=total,
    )


def _verdict(
    claim: Claim, readings: Sequence[CheckedReading], broken: Sequence[Consistency], total: Estimate | None
) -> tuple[Verdict, Note, list[Difference]]:
    """Give verdict and reason, and the differences that no single reading shows."""
    if total is not None and not sum_is_right(claim, total):
        graded: Verdict = "contradicted" if readings or broken else judge(claim, total).verdict
        return graded, WRONG_SUM, [Difference(flag="arithmetic", figure=claim.id, decisive=True)]
    impossible = next((check for check in broken if not check.differs), None)
    if impossible is not None:
        found = Difference(flag="consistency", figure=claim.id, decisive=True)
        return "contradicted", check_of(claim, impossible).broken, [found]
    if total is not None and not readings and not broken:
        return judge(claim, total).verdict, RIGHT_SUM, []
    verdict, reason = _agreement(claim, readings)
    if not broken or verdict in ("contradicted", "overstated", "understated"):
        return verdict, reason, []
    excuses = [
        Difference(flag=kind, figure=claim.id, words=words, decisive=True) for kind, words in broken[0].differs.items()
    ]
    return "not checkable", check_of(claim, broken[0]).broken, excuses


def _agreement(claim: Claim, readings: Sequence[CheckedReading]) -> tuple[Verdict, Note]:
    decided = [reading for reading in readings if reading.side != "unknown"]
    if not decided:
        if not readings:
            return "not checkable", NOTHING_TO_HOLD_AGAINST
        return "not checkable", readings[0].reason
    if claim.says in SUPERLATIVES:
        return _superlative(decided)
    sides: set[Side] = {reading.side for reading in decided}
    if len(sides) > 1:
        if are_declared(decided):
            return "not checkable", _dependence(decided)
        return span_of_sources(claim, decided)
    decided = [reading for reading in decided if reading.reason not in (COMPUTED, MODELLED)] or decided
    mildest = min(decided, key=lambda reading: MILDEST.index(reading.verdict))
    return mildest.verdict, mildest.reason


def _superlative(decided: Sequence[CheckedReading]) -> tuple[Verdict, Note]:
    """Judge what is said of all by each: one counterexample contradicts, and no list of examples bears it out."""
    if any(reading.verdict == "contradicted" for reading in decided):
        return "contradicted", COUNTEREXAMPLE
    return "consistent", NO_COUNTEREXAMPLE


def _dependence(decided: Sequence[CheckedReading]) -> Note:
    """Say in what the readings that disagree differ."""
    told = [{difference.flag: difference.words for difference in reading.differences} for reading in decided]
    kinds = [kind for kind in OF_THE_DIFFERENCE if any(words.get(kind) != told[0].get(kind) for words in told)]
    named = [OF_THE_DIFFERENCE[kind] for kind in kinds]
    if len(named) not in DEPENDS_ON:
        return DEPENDS
    return Note(DEPENDS_ON[len(named)], dict(zip(("first", "second", "third"), named, strict=False)))


def _interval(readings: Sequence[CheckedReading]) -> Estimate | Unavailable:
    """Span the answers of the readings that count, or of all where none does."""
    decided = [reading for reading in readings if reading.side != "unknown"]
    answers = [reading.answer for reading in decided or readings if isinstance(reading.answer, Estimate)]
    if not answers:
        first = readings[0].answer if readings else None
        return first if isinstance(first, Unavailable) else Unavailable(NOTHING_TO_HOLD_AGAINST)
    if len(answers) == 1:
        return answers[0]
    methods = {answer.method for answer in answers}
    bases = [answer.n for answer in answers if answer.n is not None]
    return replace(
        answers[0],
        conf_low=min(answer.conf_low for answer in answers),
        conf_high=max(answer.conf_high for answer in answers),
        n=min(bases) if bases else None,
        method=methods.pop() if len(methods) == 1 else "span of several readings",
        notes=all_notes(answers),
    )


def _told(number: int, reading: CheckedReading | None) -> dict[str, object]:
    if reading is None:
        return {"reading": number}
    answer = reading.answer if isinstance(reading.answer, Estimate) else None
    return {
        "reading": number,
        "formula": reading.reading.formula or next(iter(reading.reading.inputs)),
        "inputs": ", ".join(f"{name} = {identifier}" for name, identifier in reading.reading.inputs.items()),
        "estimate": answer.estimate if answer else None,
        "conf_low": answer.conf_low if answer else None,
        "conf_high": answer.conf_high if answer else None,
        "reading_verdict": reading.verdict,
        "reading_reason": str(reading.reason),
    }
