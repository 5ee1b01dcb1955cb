"""What a claim is held against: published figures first, then the study's own results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from surveys.claim_sections import Claim
from surveys.errors import StudyError, did_you_mean
from surveys.published import PublishedFigure, PublishedFigures
from surveys.results import Estimate, Note, Unavailable

Own = Mapping[str, Estimate | Unavailable]

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


def find_evidence(
    claim: Claim,
    identifier: str,
    published: PublishedFigures,
    *,
    own: Own,
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
    >>> absent = {"dropout": Unavailable(NOT_IN_THE_STUDY)}
    >>> print(find_evidence(study.claim[0], "dropout", published, own=absent).estimate)
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
        conf_low=max(0.0, figure.value - figure.half_unit),
        conf_high=min(1.0, figure.value + figure.half_unit),
        conf_level=conf_level,
        n=None,
        unit=figure.unit,
        method="rounding",
        notes=(SAMPLING_LEFT_OUT,),
    )
