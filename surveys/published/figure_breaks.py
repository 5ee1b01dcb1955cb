"""Where the figures of a series cannot be compared across: breaks that the study states, and those the file tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from surveys.published.conflicts import Doubt, PublisherPoint, asked_by, base_of
from surveys.study.fields import Label
from surveys.study.fieldwork import year_of
from surveys.study.published import FigureSeries


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


def stated_breaks(points: Sequence[PublisherPoint], spec: FigureSeries) -> Iterator[FigureBreak]:
    """Give the breaks that the study states, each between two figures or from a date on."""
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


def told_breaks(points: Sequence[PublisherPoint], publishers: Sequence[str]) -> Iterator[FigureBreak]:
    """Find where base, mode or list change from one figure of a publisher to its next, as the file tells."""
    for publisher in publishers:
        own = [point for point in points if point.publisher == publisher and point.reliable and point.year is not None]
        for before, after in pairwise(own):
            one, other = before.figure, after.figure
            sides: dict[Doubt, tuple[str, str]] = {
                "base": (base_of(one), base_of(other)),
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
    earlier = {base_of(point.figure) for point in points[:at]}
    later = {base_of(point.figure) for point in points[at:]}
    return base_of(before.figure) in later or base_of(after.figure) in earlier


def merged_breaks(stated: Sequence[FigureBreak], told: Sequence[FigureBreak]) -> Iterator[FigureBreak]:
    """Give each break once, with the words of the study and what the file tells."""
    reasons = {(round(cut.year, 6), cut.publisher): cut for cut in stated}
    for cut in told:
        same = reasons.pop((round(cut.year, 6), cut.publisher), None)
        yield cut if same is None else replace(cut, reason=same.reason)
    yield from reasons.values()
