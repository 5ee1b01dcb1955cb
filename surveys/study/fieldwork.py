"""When people were asked, as far as a text says it: a span of days, never a day that nobody gave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from surveys.study._date_spans import read_spans

Basis = Literal["fieldwork", "publication"]


PUBLISHED = re.compile(r"\(?\b(?:published|publiée?s?)\b\s*(?P<when>[^)]*)\)?", re.IGNORECASE)


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
        As sources say it: `2009-06-03/2009-06-04`, `2009-06-03/04`, `2009-06`, `2013-Q3`, `2013-autumn`,
        `3-4 June 2009`, `juin 2009`, `published 2012-07-19`, `undated (about 2011)`.
    start, end : str
        First and last day, month or year where they are known; they stand before the text.

    Returns
    -------
    Fieldwork or None
        None where the text says no year, holds an impossible day, or can be read in two ways, as `03/04/2009`.

    Examples
    --------
    >>> for text in ("2008-09/2008-10", "2009-06-03/04", "2007-autumn", "published 2012-07-19"):
    ...     found = parse_fieldwork(text)
    ...     print(found.first, found.last, found.basis)
    2008-09-01 2008-10-31 fieldwork
    2009-06-03 2009-06-04 fieldwork
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
        spans = read_spans(said)
        ends = [stop for _, stop in read_spans(printed["when"])] if printed else []
        latest = max(ends, default=date.max)
    except ValueError:
        return None
    if not spans:
        return None
    first, last = min(start for start, _ in spans), max(stop for _, stop in spans)
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


def years_apart(one: Fieldwork, other: Fieldwork) -> float:
    """
    Give the years between the nearest ends of two spans.

    Parameters
    ----------
    one, other : Fieldwork
        In any order.

    Returns
    -------
    float
        In years of the calendar; 0 where they touch.

    Examples
    --------
    >>> years_apart(Fieldwork(date(2009, 1, 1), date(2009, 12, 31)), Fieldwork(date(2012, 1, 1), date(2012, 1, 31)))
    2.0
    """
    ends = [year_of(each.last + timedelta(days=1)) for each in (one, other)]
    return max(0.0, year_of(other.first) - ends[0], year_of(one.first) - ends[1])
