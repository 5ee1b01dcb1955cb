"""What several publishers say about one thing: values side by side, conflicts kept, breaks marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.core.results import Estimate
from surveys.published.conflicts import (
    FigureConflict,
    PublisherPoint,
    base_of,
    conflicts_of,
    time_of,
)
from surveys.published.figure import PublishedFigure
from surveys.published.figure_breaks import FigureBreak, merged_breaks, stated_breaks, told_breaks
from surveys.published.figures import PublishedFigures
from surveys.study.fields import Label
from surveys.study.published import FigureSeries
from surveys.study.schema import Study

WITH_INTERVAL = ("share", "people", "accounts")
"""Units whose sampling or rounding can be told; the spread behind a mean is not published."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedSeries:
    """
    One thing that several publishers measured.

    Attributes
    ----------
    name : str
        Of the table in study.toml.
    label : label
        What was measured, of whom.
    points : tuple of PublisherPoint
        By publisher, in the order of their first measurement, then by time; those without a date last.
    conflicts : tuple of FigureConflict
        Those declared first.
    breaks : tuple of FigureBreak
        By time.
    """

    name: str
    label: Label
    points: tuple[PublisherPoint, ...]
    conflicts: tuple[FigureConflict, ...]
    breaks: tuple[FigureBreak, ...]

    @property
    def publishers(self) -> tuple[str, ...]:
        """Who measured it."""
        return tuple(dict.fromkeys(point.publisher for point in self.points))

    def of(self, publisher: str) -> tuple[PublisherPoint, ...]:
        """Pick the points of one publisher."""
        return tuple(point for point in self.points if point.publisher == publisher)

    def runs(self, publisher: str) -> tuple[tuple[PublisherPoint, ...], ...]:
        """
        Give the stretches of a publisher's reliable points that can be joined by a line.

        Returns
        -------
        tuple of tuple of PublisherPoint
            Of one base and unit each, and cut where the series is broken.
        """
        by_base: dict[tuple[str, str], list[PublisherPoint]] = {}
        for point in self.of(publisher):
            if point.reliable and point.year is not None:
                by_base.setdefault((base_of(point.figure), point.figure.unit), []).append(point)
        cuts = [cut.year for cut in self.breaks if cut.publisher in ("", publisher)]
        stretches: dict[tuple[tuple[str, str], int], list[PublisherPoint]] = {}
        for key, points in by_base.items():
            for point in points:
                n_before = sum(cut <= point.year for cut in cuts if point.year is not None)
                stretches.setdefault((key, n_before), []).append(point)
        return tuple(tuple(stretch) for stretch in stretches.values())

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per figure.

        Returns
        -------
        DataFrame
            `series`, `id`, `publisher`, `date`, `first`, `last`, `basis`, `value`, `unit`, `conf_low`,
            `conf_high`, `n`, `base`, `mode`, `measure`, `confidence`, `conflicts_with`.
        """
        others = {point.figure.id: [] for point in self.points}  # type: dict[str, list[str]]
        for conflict in self.conflicts:
            one, other = conflict.first.figure.id, conflict.second.figure.id
            others[one].append(other)
            others[other].append(one)
        return pd.DataFrame(
            [
                {
                    "series": self.name,
                    "id": point.figure.id,
                    "publisher": point.publisher,
                    "date": point.figure.date,
                    "first": None if point.figure.fieldwork is None else point.figure.fieldwork.first,
                    "last": None if point.figure.fieldwork is None else point.figure.fieldwork.last,
                    "basis": "" if point.figure.fieldwork is None else point.figure.fieldwork.basis,
                    "value": point.figure.value,
                    "unit": point.figure.unit,
                    "conf_low": None if point.interval is None else point.interval.conf_low,
                    "conf_high": None if point.interval is None else point.interval.conf_high,
                    "n": point.figure.n,
                    "base": point.figure.base,
                    "mode": point.figure.mode,
                    "measure": point.figure.measure,
                    "confidence": point.figure.confidence,
                    "conflicts_with": "; ".join(others[point.figure.id]),
                }
                for point in self.points
            ]
        )

    def summary(self) -> str:
        """Say how many figures, publishers and conflicts, in one line of English."""
        return (
            f"{self.name}: {len(self.points)} figures of {len(self.publishers)} publishers, "
            f"{len(self.conflicts)} conflicts, {len(self.breaks)} breaks"
        )


def read_published_series(study: Study, published: PublishedFigures) -> tuple[PublishedSeries, ...]:
    """
    Put side by side what several publishers say, one series for each table of the study.

    Nothing is averaged: conflicting values stand beside each other, and values of low confidence are kept
    and marked.

    Parameters
    ----------
    study : Study
        Its `[published.series.NAME]` tables.
    published : PublishedFigures
        Where the figures are.

    Returns
    -------
    tuple of PublishedSeries
        In the order of the study.

    Raises
    ------
    StudyError
        If a table names a figure that the file lacks, or chooses none. All problems are given at once.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> study = open_example("twitter_france")
    >>> read_published_series(study, read_published(study))[0].summary()
    'twitter_awareness: 14 figures of 4 publishers, 5 conflicts, 1 breaks'
    """
    if study.published is None:
        return ()
    problems = list(_problems(study.published.series, published))
    if problems:
        raise StudyError(*problems)
    level = study.study.conf_level
    return tuple(_read(name, spec, published, level) for name, spec in study.published.series.items())


def publisher_name(publisher: str) -> str:
    """
    Take the name of who measured out of the name of who reported.

    Parameters
    ----------
    publisher : str
        As the file has it.

    Returns
    -------
    str
        Without the paper that reported it, and without remarks.

    Examples
    --------
    >>> publisher_name("Ifop via Le Monde Informatique"), publisher_name("RJMetrics (R. J. Moore) via TechCrunch")
    ('Ifop', 'RJMetrics')
    """
    return re.split(r"\s+via\s+|\s*\(|,\s", publisher, maxsplit=1)[0].strip()


def _problems(series: dict[str, FigureSeries], published: PublishedFigures) -> Iterator[Problem]:
    for name, spec in series.items():
        place = f"study.toml, [published.series.{name}]"
        pairs = [cut.between for cut in spec.breaks if cut.between] + [conflict.between for conflict in spec.conflicts]
        for identifier in (*spec.figures, *spec.publishers, *(one for pair in pairs for one in pair)):
            if identifier not in published:
                what = f"'{identifier}' is not in {published.path.name}"
                yield Problem(place, what, did_you_mean(identifier, published, "Name one of its rows"))
        chosen = {figure.id for figure in _chosen(spec, published)}
        if not chosen:
            yield Problem(place, f"no row of {published.path.name} matches", "Correct measure, entity or country")
        for identifier in sorted({one for pair in pairs for one in pair if one in published} - chosen):
            yield Problem(place, f"'{identifier}' is not in the series", "Name figures of the series")


def _chosen(spec: FigureSeries, published: PublishedFigures) -> list[PublishedFigure]:
    if spec.figures:
        return [published[identifier] for identifier in spec.figures if identifier in published]
    return [
        figure
        for figure in published.values()
        if figure.measure == spec.measure
        and spec.entity in (None, figure.entity)
        and spec.country in (None, figure.country)
        and figure.kind != "press_claim"
        and not figure.subgroup
    ]


def _read(name: str, spec: FigureSeries, published: PublishedFigures, conf_level: float) -> PublishedSeries:
    points = [_point(figure, spec, conf_level) for figure in _chosen(spec, published)]
    points.sort(key=time_of)
    order = list(dict.fromkeys(point.publisher for point in points))
    points.sort(key=lambda point: (order.index(point.publisher), *time_of(point)))
    return PublishedSeries(
        name=name,
        label=spec.label,
        points=tuple(points),
        conflicts=tuple(conflicts_of(points, spec)),
        breaks=tuple(
            sorted(
                merged_breaks(list(stated_breaks(points, spec)), list(told_breaks(points, order))),
                key=lambda cut: (cut.year, cut.publisher),
            )
        ),
    )


def _point(figure: PublishedFigure, spec: FigureSeries, conf_level: float) -> PublisherPoint:
    interval = figure.interval(conf_level) if figure.unit in WITH_INTERVAL else None
    return PublisherPoint(
        publisher=spec.publishers.get(figure.id) or publisher_name(figure.publisher),
        figure=figure,
        interval=interval if isinstance(interval, Estimate) else None,
    )
