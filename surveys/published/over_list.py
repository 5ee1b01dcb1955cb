"""Published figures over a whole list of platforms, and where the list changed between waves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.breaks import Break, list_breaks
from surveys.study.fields import Label
from surveys.study.schema import Study, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPoint:
    """One published figure over the list of its wave; `year` is the middle of the fieldwork."""

    survey: Survey
    year: float
    figure: PublishedFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSeries:
    """
    Figures of several waves that depend on the whole list of platforms tested.

    Attributes
    ----------
    name : str
        Key of the series in the study.
    label : label
        What is measured.
    points : tuple of ListPoint
        In the order of the waves.
    breaks : tuple of tuple of Break
        What differs between each point and the next; they can be compared only where nothing does.
    """

    name: str
    label: Label
    points: tuple[ListPoint, ...]
    breaks: tuple[tuple[Break, ...], ...]

    def runs(self) -> tuple[tuple[ListPoint, ...], ...]:
        """Cut the series where it is broken: only the points of a run can be joined by a line."""
        runs = [[self.points[0]]]
        for point, found in zip(self.points[1:], self.breaks, strict=True):
            if found:
                runs.append([])
            runs[-1].append(point)
        return tuple(map(tuple, runs))


def read_list_series(study: Study, published: PublishedFigures) -> tuple[ListSeries, ...]:
    """
    Find the figures over the whole list that a study names, with their breaks.

    Parameters
    ----------
    study : Study
        Its `[published.over_list.NAME]` tables.
    published : PublishedFigures
        Where the figures are.

    Returns
    -------
    tuple of ListSeries
        Empty where the study names none.

    Raises
    ------
    StudyError
        If a wave or a figure that is named does not exist.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> series = read_list_series(study, read_published(study))[0]
    >>> [(found[0].before, found[0].after) for found in series.breaks][:3]
    [(None, None), (None, 17), (17, 32)]
    """
    if study.published is None:
        return ()
    surveys = {survey.wave: survey for survey in study.survey}
    problems = []
    for name, series in study.published.over_list.items():
        place = f"study.toml, [published.over_list.{name}.figure]"
        for wave, identifier in series.figure.items():
            if wave not in surveys:
                mend = did_you_mean(wave, surveys, f"Waves here: {', '.join(surveys)}")
                problems.append(Problem(place, f"no survey has wave '{wave}'", mend))
            if identifier not in published:
                mend = did_you_mean(identifier, published, f"Add it to {published.path.name}")
                problems.append(Problem(place, f"no figure is called '{identifier}'", mend))
    if problems:
        raise StudyError(*problems)
    return tuple(
        _series(name, series.label, [(survey, published[series.figure[wave]]) for wave, survey in surveys.items()
                                     if wave in series.figure])
        for name, series in study.published.over_list.items()
    )  # fmt: skip


def _series(name: str, label: Label, found: list[tuple[Survey, PublishedFigure]]) -> ListSeries:
    dates = [wave_fieldwork(survey) for survey, _ in found]
    years = [float(i) if when is None else when.year for i, when in enumerate(dates)]
    if None in dates:
        years = [float(i) for i in range(len(found))]
    points = tuple(
        ListPoint(survey=survey, year=year, figure=figure) for (survey, figure), year in zip(found, years, strict=True)
    )
    breaks = tuple(list_breaks(before.survey, after.survey) for before, after in pairwise(points))
    return ListSeries(name=name, label=label, points=points, breaks=breaks)
