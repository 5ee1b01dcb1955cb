"""Two figures for the same time, base and definition that say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median
from typing import Literal

from surveys.core.results import Estimate
from surveys.published.figure import PublishedFigure
from surveys.study.fields import Label
from surveys.study.published import FigureSeries

Found = Literal["declared", "test", "both"]
Doubt = Literal["base", "mode", "measure", "list", "date", "reliability"]

CLOSE_DAYS = 31
"""Days between two measurements up to which they are of the same time, where the series moves no faster."""
DAYS_OF_A_YEAR = 365.25


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


def time_of(point: PublisherPoint) -> tuple[float, str]:
    """Give what points are put in order of time by; those without a date come last."""
    return (9999.0 if point.year is None else point.year), point.figure.id


def conflicts_of(points: Sequence[PublisherPoint], spec: FigureSeries) -> Iterator[FigureConflict]:
    """
    Find the pairs of a series that say otherwise, those that the file or the study declares first.

    Parameters
    ----------
    points : sequence of PublisherPoint
        Of one series.
    spec : FigureSeries
        What the study says of their conflicts.

    Yields
    ------
    FigureConflict
        Of two publishers, or of one that gives two figures for one time; the next figure of a publisher is none.
    """
    reasons = {frozenset(conflict.between): conflict.reason for conflict in spec.conflicts}
    found, window = [], window_of(points)
    for pair in combinations(sorted(points, key=time_of), 2):
        one, other = (point.figure for point in pair)
        key = frozenset((one.id, other.id))
        declared = one.id in other.conflicts_with or other.id in one.conflicts_with or key in reasons
        apart = _apart(*pair)
        tested = bool(apart) and _alike(*pair, window)
        if declared or tested:
            found.append(
                FigureConflict(
                    first=pair[0],
                    second=pair[1],
                    found="both" if declared and tested else "declared" if declared else "test",
                    apart=apart,
                    doubts=_doubts(one, other, window),
                    reason=reasons.get(key),
                )
            )
    yield from sorted(found, key=lambda conflict: conflict.found == "test")


def _apart(first: PublisherPoint, second: PublisherPoint) -> bool | None:
    one, other = first.interval, second.interval
    if one is None or other is None:
        return None
    return one.conf_high < other.conf_low or other.conf_high < one.conf_low


def _alike(one: PublisherPoint, other: PublisherPoint, window: float) -> bool:
    """Tell whether two figures measure the same of the same people at the same time."""
    first, second = one.figure, other.figure
    return (
        _at_the_same_time(one, other, window)
        and (first.entity, first.measure, first.unit, first.country)
        == (second.entity, second.measure, second.unit, second.country)
        and base_of(first) == base_of(second)
    )


def _at_the_same_time(one: PublisherPoint, other: PublisherPoint, window: float) -> bool:
    """Tell whether spans overlap, or those of two publishers are short and near; one publisher's next is a series."""
    first, second = one.figure.fieldwork, other.figure.fieldwork
    if first is None or second is None:
        return False
    gap = first.gap(second)
    near = one.publisher != other.publisher and max(first.days, second.days) <= max(window, 1) and gap <= window
    return gap == 0 or near


def window_of(points: Sequence[PublisherPoint]) -> float:
    """
    Give the days up to which two figures are of the same time, by the pace of the series.

    Parameters
    ----------
    points : sequence of PublisherPoint
        Of one series.

    Returns
    -------
    float
        Half the days between a publisher's figures, of whoever publishes most often, and a month at most.
    """
    paces = []
    for publisher in {point.publisher for point in points}:
        years = sorted({point.year for point in points if point.publisher == publisher and point.year is not None})
        steps = [DAYS_OF_A_YEAR * (after - before) for before, after in pairwise(years)]
        paces += [median(steps)] if steps else []
    return min(CLOSE_DAYS, min(paces) / 2) if paces else CLOSE_DAYS


def base_of(figure: PublishedFigure) -> str:
    """Give the people that a figure is of, without remarks in brackets."""
    return re.sub(r"\s*\([^)]*\)", "", figure.base).strip().lower()


def _doubts(one: PublishedFigure, other: PublishedFigure, window: float) -> tuple[Doubt, ...]:
    modes = {asked_by(one.mode), asked_by(other.mode)} - {""}
    far = one.fieldwork is None or other.fieldwork is None or one.fieldwork.gap(other.fieldwork) > window
    told: dict[Doubt, bool] = {
        "base": base_of(one) != base_of(other),
        "mode": len(modes) > 1,
        "measure": one.measure != other.measure,
        "list": one.entity != other.entity,
        "date": far,
        "reliability": "low" in (one.confidence, other.confidence),
    }
    return tuple(doubt for doubt, holds in told.items() if holds)
