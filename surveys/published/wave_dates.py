"""When the waves of a study were asked, and which of its dates cannot be read."""

from __future__ import annotations

from surveys.core.results import Note
from surveys.published.figures import PublishedFigures
from surveys.study.fieldwork import Fieldwork, parse_fieldwork
from surveys.study.schema import Study, Survey

UNREAD_WAVE = Note("when wave {wave} was asked is not read from “{text}”: give a day, a month or a year, as 2013-10-15")
UNREAD_CLAIM = Note("the date of claim {claim} is not read from “{text}”: it is held against figures of any date")
UNREAD_FIGURE = Note("when figure {figure} was measured is not read from “{text}”: it stands on no axis of time")


def wave_fieldwork(survey: Survey) -> Fieldwork | None:
    """
    Tell when a wave was asked.

    Parameters
    ----------
    survey : Survey
        Its `date` is read; where that says nothing, its `wave`.

    Returns
    -------
    Fieldwork or None
        None where neither says it.

    Examples
    --------
    >>> round(wave_fieldwork(Survey(wave="W3", file="", date="2009-06-03/2009-06-04")).year, 3)
    2009.422
    >>> wave_fieldwork(Survey(wave="2013-autumn", file="")).last
    datetime.date(2013, 12, 21)
    """
    return parse_fieldwork(survey.date) or parse_fieldwork(survey.wave)


def unread_dates(study: Study, published: PublishedFigures | None = None) -> tuple[Note, ...]:
    """
    Name every date of a study that cannot be read.

    Parameters
    ----------
    study : Study
        Its surveys and claims.
    published : PublishedFigures, optional
        Its figures, where it has some.

    Returns
    -------
    tuple of Note
        One for each date that is given and not read; what has no date has none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> unread_dates(open_example("twitter_france"))
    ()
    """
    figures = () if published is None else tuple(published.values())
    told = [
        *((UNREAD_WAVE, {"wave": survey.wave, "text": survey.date}) for survey in study.survey),
        *((UNREAD_CLAIM, {"claim": claim.id, "text": claim.date}) for claim in study.claim),
        *((UNREAD_FIGURE, {"figure": figure.id, "text": figure.date}) for figure in figures if not figure.fieldwork),
    ]
    return tuple(
        Note(note.message, values)
        for note, values in told
        if values["text"].strip() and parse_fieldwork(values["text"]) is None
    )
