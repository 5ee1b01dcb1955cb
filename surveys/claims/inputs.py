"""What a claim is held against: published figures first, then the study's own results."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from surveys.core.arrays import Floats
from surveys.core.errors import StudyError, did_you_mean
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published.figure import PublishedFigure, unit_of_figure
from surveys.published.figures import PublishedFigures
from surveys.study.claims import Claim
from surveys.study.units import Unit

Own = Mapping[str, Estimate | Unavailable]
Influences = Mapping[str, Mapping[str, Floats]]
"""By name of a result: what each sample leaves uncertain about it, as deviations whose squares add up to a variance."""

USUAL_RESPONDENTS = 1000
"""Where a share has no number of respondents, a verdict against the claim must hold with this many too."""

SAMPLING_LEFT_OUT = Note("rounding only: the publisher gives no number of respondents")
NOT_IN_THE_STUDY = Note("the study has no data for it")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """
    One number that a claim is held against.

    Attributes
    ----------
    id : str
        Row of the file of published figures, or name of a result of the study.
    estimate : Estimate or Unavailable
        With its interval; of a share without a number of respondents, for rounding alone.
    cautious : Estimate or Unavailable
        The same, with the sampling error of a usual number of respondents where none is published.
    figure : PublishedFigure or None
        None for the study's own results.
    is_simulated : bool
        Whether it rests on simulated answers or a simulated log.
    """

    id: str
    estimate: Estimate | Unavailable
    cautious: Estimate | Unavailable
    figure: PublishedFigure | None = None
    is_simulated: bool = False

    @property
    def never_alone(self) -> bool:
        """Whether it is of low grade, or itself a claim of the press, so that it bears nothing out alone."""
        return self.figure is not None and (self.figure.confidence == "low" or self.figure.is_claim)

    @property
    def unit(self) -> Unit:
        """Unit of its numbers; a bare multiplier says not of what."""
        if self.figure is None:
            known = self.estimate.unit if isinstance(self.estimate, Estimate) else "share"
            return Unit(kind=known)
        return unit_of_figure(self.figure.unit_printed or self.figure.unit) or Unit(kind=self.figure.unit)

    def told(self) -> dict[str, object]:
        """Give what is known of it, by column of a table of evidence."""
        known = self.estimate if isinstance(self.estimate, Estimate) else None
        figure = self.figure
        return {
            "id": self.id,
            "printed": figure.printed if figure else "",
            "unit": figure.unit_printed if figure else self.unit.kind,
            "estimate": known.estimate if known else None,
            "conf_low": known.conf_low if known else None,
            "conf_high": known.conf_high if known else None,
            "publisher": figure.publisher if figure else "",
            "date": figure.date if figure else "",
            "base": figure.base if figure else "",
            "n": figure.n if figure else known.n if known else None,
            "kind": figure.kind if figure else "own",
            "confidence": figure.confidence if figure else "",
            "source": figure.source if figure else "",
            "link": figure.source_url if figure else "",
            "line": figure.line if figure else None,
            "simulated": self.is_simulated,
        }


def correlation_between(one: Evidence, other: Evidence, influences: Influences) -> tuple[float, float]:
    r"""
    Tell between what limits the correlation of two numbers lies that a claim is held against.

    Parameters
    ----------
    one, other : Evidence
        Two of the inputs of a formula.
    influences : mapping of str to mapping of str to ndarray
        Of the study's own results, by name and sample.

    Returns
    -------
    least, most : float
        The same where it is known: 1 of a number with itself, that of the samples which two own results share, and
        0 of numbers that share none.

    Notes
    -----
    Two shares p and q that one poll published have the covariance :math:`(r - pq)/n`, where r is the share of
    those counted in both: at least :math:`\max(0, p + q - 1)`, as where nobody can give both answers, and at most
    the smaller of the two, as where one answer is asked only of those who gave the other.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> found = find_evidence(study.claim[0], "ifop_w3_twitter_aware", read_published(study), own={})
    >>> correlation_between(found, found, {})
    (1.0, 1.0)
    """
    if one.id == other.id:
        return 1.0, 1.0
    if one.figure is not None and other.figure is not None:
        return _of_one_poll(one.figure, other.figure)
    first, second = (influences.get(item.id, {}) if item.figure is None else {} for item in (one, other))
    shared = sum(
        float(first[sample] @ second[sample])
        for sample in first.keys() & second.keys()
        if len(first[sample]) == len(second[sample])
    )
    sizes = [math.sqrt(sum(float(part @ part) for part in parts.values())) for parts in (first, second)]
    correlation = shared / math.prod(sizes) if math.prod(sizes) > 0 else 0.0
    return correlation, correlation


def _of_one_poll(one: PublishedFigure, other: PublishedFigure) -> tuple[float, float]:
    """Bound the correlation of two shares that the same people gave, of whom nothing says how many gave both."""
    fields = ("publisher", "country", "base", "subgroup", "n", "wave", "date", "fieldwork")
    same = one.n is not None and all(getattr(one, name) == getattr(other, name) for name in fields)
    p, q = one.value, other.value
    if not same or {one.unit, other.unit} != {"share"} or not (0 < p < 1 and 0 < q < 1):
        return 0.0, 0.0
    spread = math.sqrt(p * (1 - p) * q * (1 - q))
    return (max(0.0, p + q - 1) - p * q) / spread, (min(p, q) - p * q) / spread


def find_evidence(
    claim: Claim,
    identifier: str,
    published: PublishedFigures,
    *,
    own: Own,
    simulated: Collection[str] = (),
    conf_level: float = 0.95,
) -> Evidence:
    """
    Find what a claim names.

    Parameters
    ----------
    claim : Claim
        Who asks, for the message.
    identifier : str
        Row of the file of published figures, or name of a result of the study.
    published : PublishedFigures
        Searched first.
    own : mapping of str to Estimate or Unavailable
        The study's own results, by name; those that it has no data for are Unavailable.
    simulated : collection of str
        Names of own results that rest on simulated data.
    conf_level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    Evidence
        Its estimate is Unavailable where the study cannot give the result.

    Raises
    ------
    StudyError
        If nothing has that name.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> published = read_published(study)
    >>> absent = {"dropout": Unavailable(NOT_IN_THE_STUDY)}
    >>> print(find_evidence(study.claim[0], "dropout", published, own=absent).estimate)
    the study has no data for it
    """
    if identifier in published:
        figure = published[identifier]
        asked = figure.n is not None or figure.kind in ("count", "estimate") or figure.is_full_count
        cautious = figure if asked else replace(figure, n=USUAL_RESPONDENTS)
        known = figure.interval(conf_level)
        estimate = known if isinstance(known, Estimate) else _rounded(figure, conf_level)
        return Evidence(id=identifier, estimate=estimate, cautious=cautious.interval(conf_level), figure=figure)
    if identifier in own:
        found = own[identifier]
        return Evidence(id=identifier, estimate=found, cautious=found, is_simulated=identifier in simulated)
    raise StudyError.at(
        f"study.toml, [[claim]] '{claim.id}'",
        f"'{identifier}' is not in {published.path.name}, nor a result of the study",
        did_you_mean(identifier, [*published, *own], "Name a row of the file, or a result of the study"),
    )


def _rounded(figure: PublishedFigure, conf_level: float) -> Estimate:
    """Give a share that has no number of respondents the interval of its rounding."""
    return Estimate(
        estimate=figure.value,
        std_error=math.nan,
        conf_low=0.0 if figure.bound == "below" else max(0.0, figure.value - figure.half_unit),
        conf_high=1.0 if figure.bound == "above" else min(1.0, figure.value + figure.half_unit),
        conf_level=conf_level,
        n=None,
        unit=figure.unit,
        method="rounding",
        notes=(SAMPLING_LEFT_OUT,),
    )
