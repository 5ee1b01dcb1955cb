"""What several publishers say about one thing: values side by side, conflicts kept, breaks marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Literal

import pandas as pd

from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.core.results import Estimate
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.study.fields import Label
from surveys.study.fieldwork import year_of
from surveys.study.published import FigureSeries
from surveys.study.schema import Study

Found = Literal["declared", "test", "both"]
Doubt = Literal["base", "mode", "measure", "list", "date", "reliability"]

WITH_INTERVAL = ("share", "people", "accounts")
"""Units whose sampling or rounding can be told; the spread behind a mean is not published."""
CLOSE_DAYS = 31
"""Days between two measurements up to which they are of the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherPoint:
    """One figure of a series, its publisher named without the paper that reported it."""

    publisher: str
    figure: PublishedFigure
    interval: Estimate | None

    @property
    def year(self) -> float | None:
        """Middle of its fieldwork on an axis of years; None where no date is given."""
        return None if self.figure.fieldwork is None else self.figure.fieldwork.year

    @property
    def reliable(self) -> bool:
        """Whether nothing speaks against it: a figure of low confidence is shown, and never joined."""
        return self.figure.confidence != "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureConflict:
    """
    Two figures of a series that say otherwise.

    Attributes
    ----------
    first, second : PublisherPoint
        In order of time.
    found : {"declared", "test", "both"}
        Whether the file says so, or their intervals do not overlap although they measure the same thing of
        the same people at about the same time.
    apart : bool or None
        Whether the intervals overlap nowhere; None where one of them has no interval.
    doubts : tuple of str
        In what the two are not alike, as the file tells: base, mode, measure, list, date, reliability.
    reason : label or None
        Why they may differ, in the words of the study.
    """

    first: PublisherPoint
    second: PublisherPoint
    found: Found
    apart: bool | None
    doubts: tuple[Doubt, ...]
    reason: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBreak:
    """
    Where a series cannot be read across.

    Attributes
    ----------
    year : float
        Where it lies on an axis of years.
    publisher : str
        Whose series it breaks; empty for all.
    doubts : tuple of str
        What changes, as the file tells: mode, base or list; empty where only the study says so.
    before, after : tuple of str
        What the file says on each side, of each of them.
    reason : label or None
        In the words of the study.
    """

    year: float
    publisher: str
    doubts: tuple[Doubt, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    reason: Label | None = None


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
                by_base.setdefault((_base(point.figure), point.figure.unit), []).append(point)
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


def asked_by(mode: str) -> str:
    """
    Reduce a mode of asking to its first words.

    Parameters
    ----------
    mode : str
        As the file has it, with remarks.

    Returns
    -------
    str
        Such as `online`; empty where nothing is said. A doubt of the file stays as a question mark.

    Examples
    --------
    >>> asked_by("online, quotas"), asked_by("telephone? (low confidence)")
    ('online', 'telephone?')
    """
    return re.split(r"[,(;]", mode, maxsplit=1)[0].strip()


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
    points.sort(key=_time)
    order = list(dict.fromkeys(point.publisher for point in points))
    points.sort(key=lambda point: (order.index(point.publisher), *_time(point)))
    return PublishedSeries(
        name=name,
        label=spec.label,
        points=tuple(points),
        conflicts=tuple(_conflicts(points, spec)),
        breaks=tuple(
            sorted(
                _merged(list(_stated_breaks(points, spec)), list(_told_breaks(points, order))),
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


def _time(point: PublisherPoint) -> tuple[float, str]:
    return (9999.0 if point.year is None else point.year), point.figure.id


def _conflicts(points: Sequence[PublisherPoint], spec: FigureSeries) -> Iterator[FigureConflict]:
    reasons = {frozenset(conflict.between): conflict.reason for conflict in spec.conflicts}
    found = []
    for pair in combinations(sorted(points, key=_time), 2):
        one, other = (point.figure for point in pair)
        key = frozenset((one.id, other.id))
        declared = one.id in other.conflicts_with or other.id in one.conflicts_with or key in reasons
        apart = _apart(*pair)
        tested = bool(apart) and _alike(one, other)
        if declared or tested:
            found.append(
                FigureConflict(
                    first=pair[0],
                    second=pair[1],
                    found="both" if declared and tested else "declared" if declared else "test",
                    apart=apart,
                    doubts=_doubts(one, other),
                    reason=reasons.get(key),
                )
            )
    yield from sorted(found, key=lambda conflict: conflict.found == "test")


def _apart(first: PublisherPoint, second: PublisherPoint) -> bool | None:
    one, other = first.interval, second.interval
    if one is None or other is None:
        return None
    return one.conf_high < other.conf_low or other.conf_high < one.conf_low


def _alike(one: PublishedFigure, other: PublishedFigure) -> bool:
    """Tell whether two figures measure the same of the same people at about the same time."""
    return (
        one.fieldwork is not None
        and other.fieldwork is not None
        and one.fieldwork.gap(other.fieldwork) <= CLOSE_DAYS
        and (one.entity, one.measure, one.unit, one.country) == (other.entity, other.measure, other.unit, other.country)
        and _base(one) == _base(other)
    )


def _base(figure: PublishedFigure) -> str:
    """Give the people that a figure is of, without remarks in brackets."""
    return re.sub(r"\s*\([^)]*\)", "", figure.base).strip().lower()


def _doubts(one: PublishedFigure, other: PublishedFigure) -> tuple[Doubt, ...]:
    modes = {asked_by(one.mode), asked_by(other.mode)} - {""}
    far = one.fieldwork is None or other.fieldwork is None or one.fieldwork.gap(other.fieldwork) > CLOSE_DAYS
    told: dict[Doubt, bool] = {
        "base": _base(one) != _base(other),
        "mode": len(modes) > 1,
        "measure": one.measure != other.measure,
        "list": one.entity != other.entity,
        "date": far,
        "reliability": "low" in (one.confidence, other.confidence),
    }
    return tuple(doubt for doubt, holds in told.items() if holds)


def _stated_breaks(points: Sequence[PublisherPoint], spec: FigureSeries) -> Iterator[FigureBreak]:
    at = {point.figure.id: point for point in points}
    for cut in spec.breaks:
        if cut.date is not None:
            yield FigureBreak(year=year_of(cut.date), publisher="", doubts=(), reason=cut.reason)
        elif cut.between is not None:
            sides = [at[identifier] for identifier in cut.between]
            years = [point.year for point in sides if point.year is not None]
            names = {point.publisher for point in sides}
            if len(years) == 2:
                publisher = names.pop() if len(names) == 1 else ""
                yield FigureBreak(year=sum(years) / 2, publisher=publisher, doubts=(), reason=cut.reason)


def _told_breaks(points: Sequence[PublisherPoint], publishers: Sequence[str]) -> Iterator[FigureBreak]:
    """Find where base, mode or list change from one figure of a publisher to its next, as the file tells."""
    for publisher in publishers:
        own = [point for point in points if point.publisher == publisher and point.reliable and point.year is not None]
        for before, after in pairwise(own):
            one, other = before.figure, after.figure
            sides: dict[Doubt, tuple[str, str]] = {
                "base": (_base(one), _base(other)),
                "mode": (asked_by(one.mode), asked_by(other.mode)),
                "list": (one.entity, other.entity),
            }
            changed = {
                doubt: pair for doubt, pair in sides.items() if pair[0] != pair[1] and (doubt == "list" or all(pair))
            }
            if "base" in changed and _comes_back(own, before, after):
                continue
            if changed:
                assert before.year is not None
                assert after.year is not None
                yield FigureBreak(
                    year=(before.year + after.year) / 2,
                    publisher=publisher,
                    doubts=tuple(changed),
                    before=tuple(pair[0] for pair in changed.values()),
                    after=tuple(pair[1] for pair in changed.values()),
                )


def _comes_back(points: Sequence[PublisherPoint], before: PublisherPoint, after: PublisherPoint) -> bool:
    """Tell whether a change of base is only a figure of other people among the rest, which breaks nothing."""
    at = points.index(after)
    earlier = {_base(point.figure) for point in points[:at]}
    later = {_base(point.figure) for point in points[at:]}
    return _base(before.figure) in later or _base(after.figure) in earlier


def _merged(stated: Sequence[FigureBreak], told: Sequence[FigureBreak]) -> Iterator[FigureBreak]:
    """Give each break once, with the words of the study and what the file tells."""
    reasons = {(round(cut.year, 6), cut.publisher): cut for cut in stated}
    for cut in told:
        same = reasons.pop((round(cut.year, 6), cut.publisher), None)
        yield cut if same is None else replace(cut, reason=same.reason)
    yield from reasons.values()
