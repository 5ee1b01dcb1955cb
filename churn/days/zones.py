"""Local calendar days from instants, by integer offsets that are constant between changes of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from surveys.core.arrays import Ints

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PROBE = 6 * 3600
OLDEST, NEWEST = -25_567 * DAY, 47_482 * DAY
"""First days of 1900 and 2100: beyond them clocks are taken to stay as they are there."""
UTC_NAMES = frozenset(("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal"))


@dataclass(frozen=True, slots=True, eq=False)
class ZoneOffsets:
    """
    How far local time is ahead of UTC, over a span of instants.

    Attributes
    ----------
    changes : ndarray of int, shape (n_changes,)
        Instants at which the offset changes, in microseconds since 1970 UTC, rising.
    offsets : ndarray of int, shape (n_changes + 1,)
        Offset before the first change, then after each, in microseconds.
    """

    changes: Ints
    offsets: Ints

    def local_days(self, instants: Ints) -> Ints:
        """Give the local calendar day of each instant, in days since 1970-01-01."""
        return (instants + self.offsets[np.searchsorted(self.changes, instants, side="right")]) // DAY

    def instants(self, walls: Ints) -> Ints:
        """
        Give the instants at which the clocks of the zone show some times, in microseconds since 1970 UTC.

        A time that the clocks skip is read by the offset before the change; of one that they show twice, the first
        is meant.
        """
        return walls - self.offsets[np.searchsorted(self.turns, walls, side="right")]

    @property
    def turns(self) -> Ints:
        """Times shown by the clocks from which on the offset after each change holds, shape (n_changes,)."""
        return self.changes + np.maximum(self.offsets[:-1], self.offsets[1:])

    @property
    def unclear(self) -> Ints:
        """Times that the clocks skip or show twice: from and until, shape (n_changes, 2)."""
        before, after = self.changes + self.offsets[:-1], self.changes + self.offsets[1:]
        return np.stack([np.minimum(before, after), np.maximum(before, after)], axis=1)


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return (offset.days * 86_400 + offset.seconds) * SECOND + offset.microseconds


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def zone_offsets(timezone: str, low: int, high: int) -> ZoneOffsets:
    """
    Find the offsets of a zone between two instants.

    `zoneinfo` does not list its changes, so the span is probed every six hours and each change
    is then found to the second.

    Parameters
    ----------
    timezone : str
        Name of the zone, such as `Europe/Paris`.
    low, high : int
        First and last instant needed, in microseconds since 1970 UTC.

    Returns
    -------
    ZoneOffsets
        Valid from `low` to `high`.

    Examples
    --------
    >>> paris = zone_offsets("Europe/Paris", 1_356_998_400 * SECOND, 1_388_534_400 * SECOND)
    >>> (paris.offsets // (3600 * SECOND)).tolist()
    [1, 2, 1]
    """
    zone = ZoneInfo(timezone)
    first, last = low // SECOND, high // SECOND + 1
    probes = [*range(first, last, PROBE), last]
    found = [_offset(zone, probe) for probe in probes]
    turns = [i for i in range(1, len(probes)) if found[i] != found[i - 1]]
    changes = [_change_between(zone, probes[i - 1], probes[i]) * SECOND for i in turns]
    return ZoneOffsets(np.array(changes, np.int64), np.array([found[0], *(found[i] for i in turns)], np.int64))


def wall_offsets(timezone: str, low: int, high: int) -> ZoneOffsets:
    """
    Find the offsets of a zone between two times shown by its clocks.

    Parameters
    ----------
    timezone : str
        Name of the zone.
    low, high : int
        First and last time shown, in microseconds since 1970-01-01 00:00 on those clocks.

    Returns
    -------
    ZoneOffsets
        Valid between them, as far as they lie in the twentieth or twenty-first century.

    Examples
    --------
    >>> paris = wall_offsets("Europe/Paris", 1_364_698_800 * SECOND, 1_364_700_600 * SECOND)
    >>> (paris.instants(np.array([1_364_696_400]) * SECOND) // SECOND).tolist()
    [1364692800]
    """
    first, last = max(low, OLDEST) - DAY, min(high, NEWEST) + DAY
    return zone_offsets(timezone, first, max(first, last))


def day_number(day: date) -> int:
    """Give the number of days from 1970-01-01 to a date."""
    return (day - EPOCH.date()).days


def day_date(number: int) -> date:
    """Give the date that lies a number of days after 1970-01-01."""
    return EPOCH.date() + timedelta(days=int(number))


def day_start(timezone: str, number: int) -> int:
    """
    Find the first instant of a local calendar day.

    Parameters
    ----------
    timezone : str
        Name of the zone.
    number : int
        Days since 1970-01-01.

    Returns
    -------
    int
        Microseconds since 1970 UTC. Where clocks jump over midnight, the day starts at the jump.

    Examples
    --------
    >>> day_start("Europe/Paris", day_number(date(2013, 7, 1))) == (1_372_636_800 - 2 * 3600) * SECOND
    True
    """
    day = day_date(number)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return (midnight.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
