"""Claims of the press held against published figures: arithmetic, base, definition and interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from surveys.claim_sections import Claim, Evidence
from surveys.errors import StudyError, did_you_mean
from surveys.published import PublishedFigure, PublishedFigures
from surveys.results import Estimate, Note, Unavailable
from surveys.section import Label

Verdict = Literal["supported", "consistent", "overstated", "understated", "contradicted", "not checkable"]
Flag = Literal["arithmetic", "base", "definition", "date", "precision"]

FAR = 2.0
"""A value this many times beyond the nearer end of the interval contradicts rather than exaggerates."""

ROUNDS_TO = Note("the published figure rounds to the value claimed")
INSIDE = Note("the value claimed lies within the interval of the published figure")
ABOVE = Note("the value claimed lies above the interval of the published figure")
BELOW = Note("the value claimed lies below the interval of the published figure")
FAR_OUT = Note("the value claimed lies far outside the interval of the published figure")
OTHER_DEFINITION = Note("the published figure measures something else")
OTHER_COUNTRY = Note("the published figure is of another country")
NO_INTERVAL = Note("no interval can be given for the published figure")
WRONG_PRODUCT = Note("share times population is not the number claimed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """In what the evidence is not what the claim speaks of, with the analyst's sentence where one is given."""

    flag: Flag
    figure: str
    words: Label | None = None


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
        What the evidence allows, in the unit of the claim.
    differences : tuple of Difference
        Base, date, definition, arithmetic or precision that do not fit.
    evidence : tuple of PublishedFigure
        The figures the claim was held against.
    """

    claim: Claim
    verdict: Verdict
    reason: Note
    interval: Estimate | Unavailable
    differences: tuple[Difference, ...]
    evidence: tuple[PublishedFigure, ...]

    def summary(self) -> str:
        """Say the verdict and its reason in one line of English."""
        interval = f" ({self.interval.summary()})" if isinstance(self.interval, Estimate) else ""
        return f"{self.verdict}: {self.reason}{interval}"


def check_claim(claim: Claim, published: PublishedFigures, *, conf_level: float = 0.95) -> CheckedClaim:
    """
    Hold one claim against published figures.

    A figure that measures something else, or another country, makes the claim not checkable. Otherwise
    the value claimed is compared with the interval of the evidence, which covers sampling and rounding,
    and, for a number of people, the share is multiplied by the population that fits its base and date.

    Parameters
    ----------
    claim : Claim
        Its evidence is named by identifiers of `published`.
    published : PublishedFigures
        The figures to hold it against.
    conf_level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    CheckedClaim
        With verdict, reason, interval and differences.

    Raises
    ------
    StudyError
        If the claim names a figure that is not in the file.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published import read_published
    >>> study = open_example("twitter_france")
    >>> check_claim(study.claim[0], read_published(study)).verdict
    'overstated'
    """
    evidence = tuple(_find(claim, item.id, published) for item in claim.evidence)
    differences = list(_differences(claim, claim.evidence, evidence))
    if claim.estimand == "people" and claim.population is not None:
        population = _find(claim, claim.population.id, published)
        differences += _differences(claim, (claim.population,), (population,), same_measure=False)
        interval, arithmetic = _people(claim, evidence[0], population, conf_level)
        differences += arithmetic
        evidence += (population,)
    elif claim.estimand == "top_share":
        interval = _top_share(claim, evidence, conf_level)
    else:
        interval = evidence[0].interval(conf_level)
    verdict, reason = _verdict(claim, evidence, interval, differences)
    return CheckedClaim(
        claim=claim,
        verdict=verdict,
        reason=reason,
        interval=interval,
        differences=tuple(differences),
        evidence=evidence,
    )


def top_share_bounds(top: float, points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """
    Bound the share held by the most active, from the shares of other top groups.

    Parameters
    ----------
    top : float
        Share of accounts asked about, between 0 and 1, most active first.
    points : sequence of (float, float)
        Known shares of accounts and of messages, from one population, both between 0 and 1.

    Returns
    -------
    low, high : float
        The least and the greatest share of messages that any population with these points allows.

    Notes
    -----
    Counted from the most active, the concentration curve rises from (0, 0) to (1, 1) and is concave.
    Below a chord between two known points it cannot pass; above the line through two neighbouring
    points, prolonged, it cannot pass either.

    Examples
    --------
    >>> [round(bound, 3) for bound in top_share_bounds(0.20, [(0.022, 0.583), (0.225, 0.90)])]
    [0.861, 0.897]
    """
    known = sorted({(0.0, 0.0), (1.0, 1.0), *points})
    low, high = 0.0, 1.0
    for (x0, y0), (x1, y1) in pairwise(known):
        on_line = y0 + (y1 - y0) * (top - x0) / (x1 - x0)
        if x0 <= top <= x1:
            low, high = max(low, on_line), min(high, y1)
        else:
            high = min(high, on_line)
    return low, high


def _find(claim: Claim, identifier: str, published: PublishedFigures) -> PublishedFigure:
    if identifier not in published:
        raise StudyError.at(
            f"study.toml, [[claim]] '{claim.id}'",
            f"'{identifier}' is not in {published.path.name}",
            did_you_mean(identifier, published, "Name one of its rows"),
        )
    return published[identifier]


def _differences(
    claim: Claim, items: Sequence[Evidence], figures: Sequence[PublishedFigure], *, same_measure: bool = True
) -> list[Difference]:
    found = []
    for item, figure in zip(items, figures, strict=True):
        found += [Difference(flag=flag, figure=figure.id, words=words) for flag, words in item.differs.items()]
        if same_measure and figure.measure != claim.measure and "definition" not in item.differs:
            found.append(Difference(flag="definition", figure=figure.id))
        if claim.country is not None and figure.country != claim.country and "base" not in item.differs:
            found.append(Difference(flag="base", figure=figure.id))
    return found


def _people(
    claim: Claim, share: PublishedFigure, population: PublishedFigure, conf_level: float
) -> tuple[Estimate | Unavailable, list[Difference]]:
    """Multiply a share by the population that fits it; check the claim's own product on its own population."""
    interval = share.interval(conf_level)
    if isinstance(interval, Unavailable) or claim.claimed_population is None:
        return interval, []
    differences = []
    slack = share.half_unit * claim.claimed_population + claim.half_unit
    if abs(share.value * claim.claimed_population - claim.value) > slack:
        differences.append(Difference(flag="arithmetic", figure=share.id))
    people = Estimate(
        estimate=interval.estimate * population.value,
        std_error=math.nan,
        conf_low=interval.conf_low * (population.value - population.half_unit),
        conf_high=interval.conf_high * (population.value + population.half_unit),
        conf_level=conf_level,
        n=interval.n,
        unit="people",
        method=interval.method,
    )
    if claim.half_unit < (people.conf_high - people.conf_low) / 20:
        differences.append(Difference(flag="precision", figure=share.id))
    return people, differences


def _top_share(claim: Claim, figures: Sequence[PublishedFigure], conf_level: float) -> Estimate:
    """Take the widest bounds that any one source allows: each source is a population of its own."""
    top = claim.top or 0.0
    sources = {figure.publisher for figure in figures}
    bounds = [
        top_share_bounds(
            top,
            [
                (item.top or 0.0, figure.value)
                for item, figure in zip(claim.evidence, figures, strict=True)
                if figure.publisher == source
            ],
        )
        for source in sorted(sources)
    ]
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


def _verdict(
    claim: Claim,
    evidence: Sequence[PublishedFigure],
    interval: Estimate | Unavailable,
    differences: Sequence[Difference],
) -> tuple[Verdict, Note]:
    flags = {difference.flag for difference in differences}
    if "arithmetic" in flags:
        return "contradicted", WRONG_PRODUCT
    if "definition" in flags:
        return "not checkable", OTHER_DEFINITION
    if claim.country is not None and evidence[0].country != claim.country:
        return "not checkable", OTHER_COUNTRY
    if isinstance(interval, Unavailable):
        return "not checkable", NO_INTERVAL
    if claim.estimand != "top_share" and abs(interval.estimate - claim.value) <= claim.half_unit:
        return "supported", ROUNDS_TO
    low, high = claim.value - claim.half_unit, claim.value + claim.half_unit
    if high < interval.conf_low:
        return ("contradicted", FAR_OUT) if high * FAR < interval.conf_low else ("understated", BELOW)
    if low > interval.conf_high:
        return ("contradicted", FAR_OUT) if low > FAR * interval.conf_high else ("overstated", ABOVE)
    return "consistent", INSIDE
