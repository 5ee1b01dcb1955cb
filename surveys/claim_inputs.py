"""What a claim is held against: published figures first, then the study's own results."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from surveys.claim_sections import Claim
from surveys.errors import StudyError, did_you_mean
from surveys.published import PublishedFigure, PublishedFigures
from surveys.results import Estimate, Note, Unavailable
from surveys.study import Study

Own = Mapping[str, Estimate | Unavailable]

OWN_NAMES = (
    "dropout",
    "following.few",
    "following.many",
    "following.ratio",
    "network.dialogue",
    "network.gini.accounts",
    "network.gini.active",
    "network.mutual",
    "network.never_posted",
    "network.top20.accounts",
    "network.top20.active",
)
"""Results that a study may give beside its funnel; one that a study cannot give makes a claim not checkable."""

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
    """

    id: str
    estimate: Estimate | Unavailable
    cautious: Estimate | Unavailable
    figure: PublishedFigure | None = None


def result_names(study: Study) -> tuple[str, ...]:
    """
    Name the results that a claim of a study may be held against.

    Parameters
    ----------
    study : Study
        Its waves and platforms name the steps of the funnel, and further shares.

    Returns
    -------
    tuple of str
        Such as `funnel.2009-06.twitter.aware.cumulative`, then `OWN_NAMES`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> result_names(open_example("twitter_france"))[0]
    'funnel.2007-10.twitter.aware.cumulative'
    """
    steps = [
        f"funnel.{survey.wave}.{key}.{step}.{measure}"
        for survey in study.survey
        for key, platform in survey.platform.items()
        for step in platform.steps()
        for measure in ("cumulative", "conversion")
    ]
    shares = [f"share.{survey.wave}.{name}" for survey in study.survey for name in survey.share]
    return (*steps, *shares, *OWN_NAMES)


def find_evidence(
    claim: Claim,
    identifier: str,
    published: PublishedFigures,
    *,
    own: Own,
    own_names: Collection[str] = OWN_NAMES,
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
        The study's own results, by name.
    own_names : collection of str
        Names of results that some study could give.
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
    >>> from surveys.published import read_published
    >>> study = open_example("twitter_france")
    >>> published = read_published(study)
    >>> print(find_evidence(study.claim[0], "dropout", published, own={}).estimate)
    the study has no data for it
    """
    if identifier in published:
        figure = published[identifier]
        cautious = figure if figure.n is not None else replace(figure, n=USUAL_RESPONDENTS)
        known = figure.interval(conf_level)
        estimate = known if isinstance(known, Estimate) else _rounded(figure, conf_level)
        return Evidence(id=identifier, estimate=estimate, cautious=cautious.interval(conf_level), figure=figure)
    if identifier in own:
        return Evidence(id=identifier, estimate=own[identifier], cautious=own[identifier])
    if identifier in own_names:
        absent = Unavailable(NOT_IN_THE_STUDY)
        return Evidence(id=identifier, estimate=absent, cautious=absent)
    raise StudyError.at(
        f"study.toml, [[claim]] '{claim.id}'",
        f"'{identifier}' is not in {published.path.name}, nor a result of the study",
        did_you_mean(identifier, [*published, *own, *own_names], "Name a row of the file, or a result of the study"),
    )


def _rounded(figure: PublishedFigure, conf_level: float) -> Estimate:
    """Give a share that has no number of respondents the interval of its rounding."""
    return Estimate(
        estimate=figure.value,
        std_error=math.nan,
        conf_low=max(0.0, figure.value - figure.half_unit),
        conf_high=min(1.0, figure.value + figure.half_unit),
        conf_level=conf_level,
        n=None,
        unit=figure.unit,
        method="rounding",
        notes=(SAMPLING_LEFT_OUT,),
    )
