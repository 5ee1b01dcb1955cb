"""Spans of days that a text names, however it writes them: figures, months, quarters and seasons, two languages."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date

Span = tuple[date, date]
Reading = Callable[[dict[str, str]], Span]

SEASONS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "early": ((1, 1), (4, 30)),
    "spring": ((3, 20), (6, 21)),
    "mid": ((5, 1), (8, 31)),
    "summer": ((6, 21), (9, 22)),
    "autumn": ((9, 22), (12, 21)),
    "late": ((9, 1), (12, 31)),
}
"""Longest reading of words for a part of a year, month and day of each end."""
WORDS = {
    **dict.fromkeys(("early", "beginning", "début", "debut"), "early"),
    **dict.fromkeys(("spring", "printemps"), "spring"),
    **dict.fromkeys(("mid", "middle", "mi"), "mid"),
    **dict.fromkeys(("summer", "été", "ete"), "summer"),
    **dict.fromkeys(("autumn", "fall", "automne"), "autumn"),
    **dict.fromkeys(("late", "end", "fin"), "late"),
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january janvier janv jan",
            "february février fevrier févr fevr feb",
            "march mars mar",
            "april avril apr avr",
            "may mai",
            "june juin jun",
            "july juillet juil jul",
            "august août aout aug",
            "september septembre sept sep",
            "october octobre oct",
            "november novembre nov",
            "december décembre decembre dec déc",
        ),
        start=1,
    )
    for name in names.split()
}
NUMBERS = {"two": 2, "three": 3, "six": 6, "nine": 9, "twelve": 12}
MONTHS_TO = re.compile(r"\b(two|three|six|nine|twelve|\d+) months to\b", re.IGNORECASE)


def read_spans(text: str) -> list[Span]:
    """
    Find every span that a text names, from left to right.

    Raises ValueError where one holds an impossible day, or can be read in two ways.
    """
    found, at = list[Span](), 0
    while at < len(text):
        for pattern, reading in WAYS:
            match = pattern.match(text, at)
            if match is not None:
                found.append(reading({name: part for name, part in match.groupdict().items() if part is not None}))
                at = match.end()
                break
        else:
            at += 1
    length = MONTHS_TO.search(text)
    if length is None:
        return found
    months = NUMBERS.get(length[1].lower()) or int(length[1])
    return [(_months_before(first, months), last) for first, last in found]


def _plain(part: dict[str, str]) -> Span:
    """Read a year with what there is of month and day, for one end or both."""
    year = int(part["y"])
    month, until = _month(part, "m"), _month(part, "n")
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    first = date(year, month, int(part.get("d", 1)))
    day = part.get("e") or (part.get("d") if until is None else None)
    last = _end_of(year, until or month) if day is None else date(year, until or month, int(day))
    return (first if first <= last else first.replace(year=year - 1)), last


def _month(part: dict[str, str], name: str) -> int | None:
    if name in part:
        return int(part[name])
    return MONTHS[part[f"{name}name"].lower()] if f"{name}name" in part else None


def _day_first(part: dict[str, str]) -> Span:
    """Read `15/10/2013`, and `03.04.2013` by the only habit that writes it so; `03/04/2013` is two days."""
    one, other = int(part["a"]), int(part["b"])
    if part["dot"] != "." and one != other and max(one, other) <= 12:
        raise ValueError("one day in Paris, another in New York")
    day, month = (other, one) if part["dot"] != "." and other > 12 else (one, other)
    return (date(int(part["y"]), month, day),) * 2


def _part_of_year(part: dict[str, str]) -> Span:
    """Read a quarter (Q, T) or a half (H, S)."""
    year, number = int(part["y"]), int(part["k"])
    length = 3 if part["part"].upper() in "QT" else 6
    return date(year, length * (number - 1) + 1, 1), _end_of(year, length * number)


def _season(part: dict[str, str]) -> Span:
    year, (first, last) = int(part["y"]), SEASONS[WORDS[part["word"].lower()]]
    return date(year, *first), date(year, *last)


def _winter(part: dict[str, str]) -> Span:
    year = int(part["y"])
    _check_next(year, part["z"])
    return date(year, 12, 21), date(year + 1, 3, 20)


def _two_years_or_month(part: dict[str, str]) -> Span:
    """Read `2012/13` as two years and `2009/06` as a month; `2008/09` is either."""
    year, number = int(part["y"]), int(part["m"])
    if number != (year + 1) % 100:
        return _plain(part)
    if number <= 12:
        raise ValueError("a month to some, two years to others")
    return date(year, 1, 1), date(year + 1, 12, 31)


def _check_next(year: int, text: str) -> None:
    if int(text[-2:]) != (year + 1) % 100:
        raise ValueError("not the next year")


def _end_of(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first.replace(day=monthrange(year, month)[1])


def _months_before(day: date, n_months: int) -> date:
    months = 12 * day.year + day.month - 1 - n_months
    return date(months // 12, months % 12 + 1, 1)


def _any(names: dict[str, str] | dict[str, int], group: str) -> str:
    return rf"(?P<{group}>{'|'.join(sorted(names, key=len, reverse=True))})"


YEAR, TWO = r"(?P<y>(?:1[89]|20|21)\d\d)", r"\d\d"
TO = r"(?:\s*(?:/|–|—|\.\.)\s*|\s+(?:-|to|and|au|à|et)\s+)"
OR_HYPHEN = rf"(?:{TO}|-)"
NTH = r"(?:er|st|nd|rd|th)?"
OF = r"(?:of |de |du )?"
NAME, NEXT, WORD = _any(MONTHS, "mname"), _any(MONTHS, "nname"), _any(WORDS, "word")
WAYS: tuple[tuple[re.Pattern[str], Reading], ...] = tuple(
    (re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE), reading)
    for pattern, reading in (
        (rf"{YEAR}-(?P<m>{TWO})-(?P<d>{TWO}){TO}(?:(?P<n>{TWO})-)?(?P<e>{TWO})(?!-)", _plain),
        (rf"{YEAR}-(?P<m>{TWO})-(?P<d>{TWO})(?:[T ]\d\d:[\d:.]+Z?)?(?![-/]\d)", _plain),
        (rf"{YEAR}-(?P<m>{TWO})-(?P<d>{TWO})(?=/\d{{4}})", _plain),
        (rf"{YEAR}/(?P<m>{TWO})/(?P<d>{TWO})", _plain),
        (rf"{YEAR}\.(?P<m>{TWO})\.(?P<d>{TWO})", _plain),
        (rf"{YEAR}(?P<m>{TWO})(?P<d>{TWO})", _plain),
        (rf"(?P<a>\d{{1,2}})(?P<dot>[-/.])(?P<b>\d{{1,2}})(?P=dot){YEAR}", _day_first),
        (rf"{YEAR}[ -]?(?P<part>[QT])(?P<k>[1-4])", _part_of_year),
        (rf"{YEAR}[ -]?(?P<part>[HS])(?P<k>[12])", _part_of_year),
        (rf"(?P<part>[QT])(?P<k>[1-4])[ /-]{YEAR}", _part_of_year),
        (rf"(?P<part>[HS])(?P<k>[12])[ /-]{YEAR}", _part_of_year),
        (rf"(?:winter|hiver)[ -]{YEAR}[-/–](?P<z>(?:\d\d)?\d\d)", _winter),
        (rf"{YEAR}[-/–](?P<z>(?:\d\d)?\d\d)[ -](?:winter|hiver)", _winter),
        (rf"{WORD}[ -]{OF}{YEAR}", _season),
        (rf"{YEAR}[ -]{WORD}", _season),
        (rf"(?P<d>\d\d?){NTH}(?:{OR_HYPHEN}(?P<e>\d\d?){NTH})? {OF}{NAME}\.?,? {OF}{YEAR}", _plain),
        (rf"(?P<d>\d\d?){NTH} {NAME}\.?{OR_HYPHEN}(?P<e>\d\d?){NTH} {NEXT}\.?,? {YEAR}", _plain),
        (rf"{NAME}\.? (?P<d>\d\d?){NTH}(?:{OR_HYPHEN}(?P<e>\d\d?){NTH})?,? {YEAR}", _plain),
        (rf"{NAME}\.?{OR_HYPHEN}{NEXT}\.?,? {OF}{YEAR}", _plain),
        (rf"{NAME}\.?,?[ -]{OF}{YEAR}", _plain),
        (rf"{YEAR}[ -]{NAME}", _plain),
        (rf"{YEAR}-(?P<m>{TWO}){TO}(?P<n>{TWO})(?!-)", _plain),
        (rf"{YEAR}-(?P<m>{TWO})", _plain),
        (rf"{YEAR}/(?P<m>{TWO})", _two_years_or_month),
        (rf"(?P<m>{TWO})[-/.]{YEAR}", _plain),
        (rf"{YEAR}(?P<m>{TWO})", _plain),
        (YEAR, _plain),
    )
)
"""Ways of writing a date and how each is read, those that say more first."""
