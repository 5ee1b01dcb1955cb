"""When a publisher asked, as far as the source says it: a span of days, never a day that nobody gave."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

Basis = Literal["fieldwork", "publication"]

MONTH_DAY = tuple[int, int]
SEASONS: dict[str, tuple[MONTH_DAY, MONTH_DAY]] = {
    "early": ((1, 1), (4, 30)),
    "spring": ((3, 20), (6, 21)),
    "mid": ((5, 1), (8, 31)),
    "summer": ((6, 21), (9, 22)),
    "autumn": ((9, 22), (12, 21)),
    "late": ((9, 1), (12, 31)),
}
"""Longest reading of words for a part of a year; winter is in two years and is not read."""
PART = re.compile(rf"(?:({'|'.join(SEASONS)})[ -](\d{{4}})|(\d{{4}})[ -]({'|'.join(SEASONS)}))", re.IGNORECASE)
MOMENT = re.compile(r"\b(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\b")
MONTHS_TO = re.compile(r"\b(two|three|six|nine|twelve|\d+) months to\b", re.IGNORECASE)
NUMBERS = {"two": 2, "three": 3, "six": 6, "nine": 9, "twelve": 12}
PUBLISHED = re.compile(r"\(?\bpublished\b\s*(?P<when>[^)]*)\)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """
    The days within which a figure was measured.

    Attributes
    ----------
    first, last : date
        Every day from the first to the last is possible.
    basis : {"fieldwork", "publication"}
        Whether the source says when people were asked, or only when it was printed: people were then asked
        before.
    """

    first: date
    last: date
    basis: Basis = "fieldwork"

    @property
    def days(self) -> int:
        """How many days are possible."""
        return (self.last - self.first).days + 1

    @property
    def year(self) -> float:
        """
        Middle of the span on an axis of years.

        Examples
        --------
        >>> round(Fieldwork(date(2009, 6, 3), date(2009, 6, 4)).year, 3)
        2009.422
        """
        return (year_of(self.first) + year_of(date.fromordinal(self.last.toordinal() + 1))) / 2

    def gap(self, other: Fieldwork) -> int:
        """
        Count the days between two spans; zero where they touch.

        Examples
        --------
        >>> Fieldwork(date(2009, 6, 3), date(2009, 6, 4)).gap(Fieldwork(date(2009, 6, 1), date(2009, 6, 30)))
        0
        """
        return max(0, (max(self.first, other.first) - min(self.last, other.last)).days)


def parse_fieldwork(text: str, start: str = "", end: str = "") -> Fieldwork | None:
    """
    Read when a figure was measured.

    Parameters
    ----------
    text : str
        As sources say it: `2009-06-03/2009-06-04`, `2009-06`, `2013-autumn`, `published 2012-07-19`,
        `undated (about 2011)`.
    start, end : str
        First and last day, month or year where they are known; they stand before the text.

    Returns
    -------
    Fieldwork or None
        None where the text says no year, or holds an impossible day.

    Examples
    --------
    >>> for text in ("2008-09/2008-10", "2007-autumn", "published 2012-07-19"):
    ...     found = parse_fieldwork(text)
    ...     print(found.first, found.last, found.basis)
    2008-09-01 2008-10-31 fieldwork
    2007-09-22 2007-12-21 fieldwork
    2012-07-19 2012-07-19 publication
    """
    given = "/".join(part for part in (start, end) if part.strip())
    basis: Basis = "fieldwork"
    said, printed = given or text, None
    if not given and (printed := PUBLISHED.search(said)):
        before = said[: printed.start()].strip()
        basis = "fieldwork" if before else "publication"
        said = before or printed["when"]
    try:
        spans = _spans(said)
        latest = max(last for _, last in _spans(printed["when"])) if printed and spans else date.max
    except ValueError:
        return None
    if not spans:
        return None
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    return Fieldwork(first, max(first, min(last, latest)), basis)


def year_of(day: date) -> float:
    """
    Place a day on an axis of years.

    Parameters
    ----------
    day : date
        Its beginning is placed.

    Returns
    -------
    float
        In years.

    Examples
    --------
    >>> year_of(date(2010, 1, 1))
    2010.0
    """
    start = date(day.year, 1, 1)
    return day.year + (day - start).days / (date(day.year + 1, 1, 1) - start).days


def date_of_year(year: float) -> date:
    """
    Find the day at a place on an axis of years.

    Parameters
    ----------
    year : float
        As `year_of` gives it; before the year 1 or after 9999, the end of the calendar stands for it.

    Returns
    -------
    date
        The day that holds it.

    Examples
    --------
    >>> date_of_year(2009.5)
    datetime.date(2009, 7, 2)
    """
    if not 1 <= year < 9999:
        return date.min if year < 1 else date.max
    start = date(int(year), 1, 1)
    length = (date(int(year) + 1, 1, 1) - start).days
    return date.fromordinal(start.toordinal() + int((year - int(year)) * length))


def _spans(text: str) -> list[tuple[date, date]]:
    part = PART.search(text)
    if part is not None:
        word, year = (part[1] or part[4]).lower(), int(part[2] or part[3])
        (first_month, first_day), (last_month, last_day) = SEASONS[word]
        first = date(year, first_month, first_day)
        if (length := MONTHS_TO.search(text)) is not None:
            first = _months_before(first, NUMBERS.get(length[1].lower()) or int(length[1]))
        return [(first, date(year, last_month, last_day))]
    return [_moment(found) for found in MOMENT.finditer(text)]


def _moment(found: re.Match[str]) -> tuple[date, date]:
    year, month, day = int(found[1]), found[2], found[3]
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    first = date(year, int(month), int(day or 1))
    return first, first if day else date(year, int(month), monthrange(year, int(month))[1])


def _months_before(day: date, n_months: int) -> date:
    months = 12 * day.year + day.month - 1 - n_months
    return date(months // 12, months % 12 + 1, 1)
