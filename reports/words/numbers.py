"""Numbers, dates and intervals as French and English readers write them."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from babel.units import format_unit

from reports.words.typography import MINUS, quote, typographic
from surveys.core.errors import SpecError
from surveys.core.rounding import half_away, leading_place, significant
from surveys.languages.rules import NO_BREAK, LanguageRules, language_codes, rules_of
from surveys.study.fields import Language

Kind = Literal["share", "points", "count", "number", "people", "hours", "days", "weeks", "months", "years"]

_DURATIONS = {name: f"duration-{name[:-1]}" for name in ("hours", "days", "weeks", "months", "years")}
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_MILLION, _BILLION = 10**6, 10**9


@dataclass(frozen=True)
class Numbers:
    r"""
    Write numbers in one language.

    Shares are between 0 and 1 on the way in and percentages on the way out. French has a
    narrow no-break space before the percent sign and between thousands, and a decimal comma.
    Negative numbers have a real minus sign. What is not a finite number is refused.

    An interval is written `25,3 à 30,8 %` in French and `25.3–30.8%` in English: the unit
    once, both ends with the same decimals. English says `to` where an end is negative or
    signed, since a dash would be read as a minus. Halves are rounded away from zero, as spreadsheets do,
    and a word agrees with the number as it is printed.

    Parameters
    ----------
    language : {"fr", "en"}
        Whose habits to follow; English dates are in the order of Britain.

    Raises
    ------
    SpecError
        If the language is neither.

    Examples
    --------
    >>> from surveys.languages.rules import NARROW
    >>> english = Numbers("en")
    >>> english.share(0.283), english.count(2015), english.interval(0.253, 0.308)
    ('28%', '2,015', '25.3–30.8%')
    >>> english.people(1_700_000), english.people(690_000), english.month("2009-06")
    ('1.7\xa0million', '0.69\xa0million', 'June\xa02009')
    >>> Numbers("fr").interval(0.253, 0.308).replace(NARROW, "_").replace(NO_BREAK, "~")
    '25,3~à~30,8_%'
    """

    language: Language

    def __post_init__(self) -> None:
        if self.language not in language_codes():
            known = " or ".join(map(repr, language_codes()))
            raise SpecError.at("Numbers", f"got language {self.language!r}, expected {known}", "Choose one")

    def share(self, x: float, digits: int = 0) -> str:
        """
        Write a share as a percentage.

        A share that is not nil but would be rounded to 0 is written as less than the smallest
        that is not, and likewise close to 1: 100 % is said of all, and of nobody less.

        Parameters
        ----------
        x : float
            Share, between 0 and 1 (beyond 1 for a growth).
        digits : int
            Decimals of the percentage.

        Returns
        -------
        str
            Such as `28%`.

        Raises
        ------
        SpecError
            If `x` is not a finite number.

        Examples
        --------
        >>> Numbers("en").share(0.001), Numbers("en").share(0.9999), Numbers("en").share(0)
        ('<0.5%', '>99.5%', '0%')
        >>> Numbers("en").share(57 / 200), Numbers("en").share(199 / 200)
        ('29%', '99.5%')
        """
        return self._percent(self._percentage(100 * _finite(x, "share"), digits))

    def count(self, n: float) -> str:
        """
        Write a whole number of things, exactly.

        Parameters
        ----------
        n : int or float
            The number; a weighted one is rounded to the nearest whole.

        Returns
        -------
        str
            Such as `2,015`.

        Raises
        ------
        SpecError
            If `n` is not a finite number.
        """
        return self._decimal(_finite(n, "count"), 0)

    def number(self, x: float, digits: int = 1) -> str:
        """
        Write a number with a fixed count of decimals.

        Parameters
        ----------
        x : float
            The number.
        digits : int
            Decimals, kept even where they are zeros.

        Returns
        -------
        str
            Such as `1.50`.

        Raises
        ------
        SpecError
            If `x` is not a finite number.
        """
        return self._decimal(_finite(x, "number"), digits)

    def people(self, n: float) -> str:
        """
        Write an estimated number of people with no more figures than it deserves.

        Below 10 000 exactly; below 100 000 to two figures; from there in millions, from a
        billion in billions, to two figures or the nearest whole million.

        Parameters
        ----------
        n : float
            How many people.

        Returns
        -------
        str
            Such as `1.7 million`, with a no-break space.

        Raises
        ------
        SpecError
            If `n` is not a finite number.
        """
        size = abs(_finite(n, "people"))
        if size < 100_000:
            return self._decimal(_significant(n, 2) if size >= 10_000 else n, 0)
        scale = _BILLION if size >= _BILLION else _MILLION
        digits = _decimals_for(size / scale, 2)
        return self._scaled(self._decimal(n / scale, digits), half_away(size / scale, digits), scale)

    def points(self, x: float, digits: int = 1) -> str:
        """
        Write a difference between two shares in percentage points, with its sign.

        Parameters
        ----------
        x : float
            Difference of shares: 0.034 is 3.4 points.
        digits : int
            Decimals of the points.

        Returns
        -------
        str
            Such as `+3.4 points`.

        Raises
        ------
        SpecError
            If `x` is not a finite number.
        """
        value = 100 * _finite(x, "points")
        return f"{self._signed(value, digits)}{NO_BREAK}{self._points_word(value, digits)}"

    def duration(self, x: float, unit: Kind = "days", digits: int = 0) -> str:
        """
        Write a length of time with its unit.

        Parameters
        ----------
        x : float
            How long.
        unit : {"hours", "days", "weeks", "months", "years"}
            The unit of `x`.
        digits : int
            Decimals.

        Returns
        -------
        str
            Such as `30 days`, with a no-break space.

        Raises
        ------
        SpecError
            If `x` is not a finite number, or `unit` is none of these.
        """
        if unit not in _DURATIONS:
            raise SpecError.at("duration", f"got unit {unit!r}, expected one of {', '.join(_DURATIONS)}", "Choose one")
        value = _finite(x, "duration")
        return f"{self._decimal(value, digits)}{NO_BREAK}{self._duration_word(half_away(value, digits), unit)}"

    def p_value(self, p: float) -> str:
        """
        Write a p-value.

        Parameters
        ----------
        p : float
            Between 0 and 1.

        Returns
        -------
        str
            Such as `p = 0.042`, or `p < 0.001`, with no-break spaces.

        Raises
        ------
        SpecError
            If `p` is not between 0 and 1.

        Examples
        --------
        >>> Numbers("en").p_value(0.0421).replace(NO_BREAK, " ")
        'p = 0.042'
        """
        if not 0 <= _finite(p, "p_value") <= 1:
            raise SpecError.at("p_value", f"got {p}, expected a probability between 0 and 1", "Check what it is")
        sign, shown, digits = ("<", 0.001, 3) if p < 0.001 else ("=", p, 3 if p < 0.1 else 2)
        return f"p{NO_BREAK}{sign}{NO_BREAK}{self._decimal(shown, digits)}"

    def interval(self, low: float, high: float, kind: Kind = "share", digits: int | None = None) -> str:
        """
        Write an interval: both ends with the same decimals, the unit once.

        Parameters
        ----------
        low, high : float
            The ends, in the unit of `kind`; shares, and differences of shares, as fractions of 1.
        kind : {"share", "points", "count", "number", "people", "hours", "days", "weeks", "months", "years"}
            What is counted.
        digits : int, optional
            Decimals; 1 for shares, points and numbers and 0 for the others unless given.
            People are rounded as `people` does, and take none.

        Returns
        -------
        str
            Such as `25.3–30.8%`.

        Raises
        ------
        SpecError
            If an end is not a finite number, the ends are in the wrong order, or the kind is unknown.

        Examples
        --------
        >>> english = Numbers("en")
        >>> english.interval(12, 15, "days").replace(NO_BREAK, " ")
        '12–15 days'
        >>> english.interval(550_000, 860_000, "people").replace(NO_BREAK, " ")
        '0.55–0.86 million'
        >>> english.interval(-0.021, 0.034, "points").replace(NO_BREAK, " ")
        '−2.1 to +3.4 points'
        """
        _finite(low, "interval"), _finite(high, "interval")
        if low > high:
            raise SpecError.at("interval", f"got {low} to {high}, expected the lower end first", "Exchange the ends")
        digits = digits if digits is not None else int(kind in ("share", "points", "number"))
        if kind == "share":
            return self._percent(self._join_shares(100 * low, 100 * high, digits))
        if kind == "points":
            ends = self._join(low, high, lambda x: self._signed(100 * x, digits), signed=True)
            return f"{ends}{NO_BREAK}{self._points_word(100 * high, digits)}"
        if kind == "people":
            return self._people_interval(low, high)
        ends = self._join(low, high, lambda x: self._decimal(x, digits))
        if kind in _DURATIONS:
            return f"{ends}{NO_BREAK}{self._duration_word(half_away(high, digits), kind)}"
        if kind in ("count", "number"):
            return ends
        kinds = ("share", "points", "count", "number", "people", *_DURATIONS)
        raise SpecError.at("interval", f"got kind {kind!r}, expected one of {', '.join(kinds)}", "Choose one")

    def date(self, day: dt.date) -> str:
        """
        Write a date in full.

        Parameters
        ----------
        day : date
            The day.

        Returns
        -------
        str
            Such as `12 June 2009`, with no-break spaces; French has `1er` for the first of a month.

        Examples
        --------
        >>> Numbers("fr").date(dt.date(2009, 6, 1)).replace(NO_BREAK, " ")
        '1er juin 2009'
        """
        shown = format_date(day, "long", locale=self._locale).replace(" ", NO_BREAK)
        first = self._rules.first_day
        return f"{first}{shown[1:]}" if first and day.day == 1 else shown

    def month(self, month: dt.date | str) -> str:
        """
        Write a month and its year.

        Parameters
        ----------
        month : date or str
            Any day of it, or `2009-06`.

        Returns
        -------
        str
            Such as `June 2009`, with a no-break space.

        Raises
        ------
        SpecError
            If a text is not of the form `2009-06`.
        """
        if isinstance(month, str):
            parts = _MONTH.fullmatch(month)
            if parts is None:
                raise SpecError.at("month", f"got {month!r}, expected a month such as '2009-06'", "Write it so")
            month = dt.date(int(parts[1]), int(parts[2]), 1)
        day = month.date() if isinstance(month, dt.datetime) else month
        return format_skeleton("yMMMM", day, locale=self._locale).replace(" ", NO_BREAK)

    def period(self, period: str) -> str:
        """
        Write when something took place.

        Parameters
        ----------
        period : str
            A day, a month or a year as `2009-06-03`, `2009-06` or `2009`, or two of them with a slash between.

        Returns
        -------
        str
            Such as `3 June 2009 – 4 June 2009`; text of any other form as it is.

        Examples
        --------
        >>> Numbers("en").period("2008-09/2008-10").replace(NO_BREAK, " ")
        'September 2008 – October 2008'
        >>> Numbers("fr").period("2009-06-01").replace(NO_BREAK, " "), Numbers("fr").period("spring")
        ('1er juin 2009', 'spring')
        """
        return f"{NO_BREAK}– ".join(self._moment(moment.strip()) for moment in period.split("/"))

    def between(self, low: str, high: str) -> str:
        """
        Join two ends that are words or numbers already written.

        Parameters
        ----------
        low, high : str
            The ends.

        Returns
        -------
        str
            Such as `12 to not reached`.

        Examples
        --------
        >>> Numbers("en").between("12", "not reached").replace(NO_BREAK, " ")
        '12 to not reached'
        """
        return f"{low}{NO_BREAK}{self._rules.to}{NO_BREAK}{high}"

    def quote(self, text: str) -> str:
        """Put text between this language's quotation marks; see `reports.words.typography.quote`."""
        return quote(text, self.language)

    def typographic(self, text: str) -> str:
        """Give authored text this language's spaces; see `reports.words.typography.typographic`."""
        return typographic(text, self.language)

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self._rules.locale)

    @property
    def _rules(self) -> LanguageRules:
        return rules_of(self.language)

    def _moment(self, text: str) -> str:
        if _MONTH.fullmatch(text):
            return self.month(text)
        try:
            return self.date(dt.date.fromisoformat(text)) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else text
        except ValueError:
            return text

    def _decimal(self, x: float | Decimal, digits: int) -> str:
        zeros = "0" * digits
        shown = format_decimal(half_away(x, digits), f"#,##0.{zeros}" if digits else "#,##0", locale=self._locale)
        return shown.replace("-", MINUS)

    def _signed(self, x: float, digits: int) -> str:
        return ("+" if half_away(x, digits) > 0 else "") + self._decimal(x, digits)

    def _percent(self, number: str) -> str:
        return f"{number}{self._rules.percent}"

    def _percentage(self, percent: float, digits: int) -> str:
        """Write a percentage without its sign, saying of one next to 0 or 100 on which side it lies."""
        shown, half = half_away(percent, digits), Decimal(5).scaleb(-digits - 1)
        meant = half_away(percent, digits + 6)
        if shown == 0 and percent > 0:
            return self._comparison("<") + self._decimal(half, digits + 1)
        if shown == 100 and meant == 100 - half:
            return self._decimal(meant, digits + 1)
        if shown == 100 and percent < 100:
            return self._comparison(">") + self._decimal(100 - half, digits + 1)
        return self._decimal(percent, digits)

    def _join_shares(self, low: float, high: float, digits: int) -> str:
        """Join two percentages, with more decimals where they differ and would be written alike."""
        more = (finer for finer in range(digits, digits + 4) if half_away(low, finer) != half_away(high, finer))
        digits = digits if low == high else next(more, digits)
        ends = [self._percentage(end, digits) for end in (low, high)]
        return self._between_ends(*ends, worded=low < 0 or any(end[0] in "<>" for end in ends))

    def _comparison(self, sign: str) -> str:
        return f"{sign}{self._rules.after_comparison}"

    def _join(self, low: float, high: float, show: Callable[[float], str], signed: bool = False) -> str:
        return self._between_ends(show(low), show(high), worded=signed or low < 0)

    def _between_ends(self, low: str, high: str, *, worded: bool) -> str:
        """Set an interval; in English with a word where a dash would be read as a minus or a comparison."""
        if worded or not self._rules.dash:
            return f"{low}{NO_BREAK}{self._rules.to}{NO_BREAK}{high}"
        return f"{low}–{high}"

    def _people_interval(self, low: float, high: float) -> str:
        if low < 100_000:
            return self._join(low, high, lambda n: self._decimal(_significant(n, 2) if abs(n) >= 10_000 else n, 0))
        scale = _BILLION if low >= _BILLION else _MILLION
        digits = min(_decimals_for(low / scale, 2), _decimals_for(high / scale, 3))
        ends = self._join(low, high, lambda n: self._decimal(n / scale, digits))
        return self._scaled(ends, half_away(high / scale, digits), scale)

    def _scaled(self, number: str, size: Decimal, scale: int) -> str:
        formats: Any = self._locale.compact_decimal_formats["long"]
        plural = "one" if self._rules.is_singular(float(size)) else "other"
        word = formats[plural][str(scale)].pattern.replace("0", "").strip()
        return f"{number}{NO_BREAK}{word}"

    def _points_word(self, points: float, digits: int) -> str:
        size = abs(half_away(points, digits))
        return "point" if self._rules.is_singular(float(size)) else "points"

    def _duration_word(self, value: Decimal, unit: str) -> str:
        whole = int(value) if value == int(value) else float(value)
        return re.sub(r"^[-−\d.,\s\u202f\u00a0]+", "", format_unit(whole, _DURATIONS[unit], locale=self._locale))


def share_digits(share: float) -> int:
    """
    Choose the decimals of a percentage by its size.

    Parameters
    ----------
    share : float
        Between 0 and 1.

    Returns
    -------
    int
        One below ten per cent, where half a point matters, and where a whole number would say all; none
        between.

    Examples
    --------
    >>> share_digits(0.021), share_digits(0.28)
    (1, 0)
    >>> share_digits(199 / 200), share_digits(1.0)
    (1, 0)
    """
    return 1 if 0 < share < 0.1 or 0.995 <= share < 1 else 0


def _finite(x: float, place: str) -> float:
    """Refuse what is not a number that can be printed."""
    if isinstance(x, bool) or not math.isfinite(x):
        raise SpecError.at(place, f"got {x}, expected a finite number", "Say why the number cannot be had instead")
    return x


def _decimals_for(size: float, figures: int) -> int:
    """Count the decimals that leave so many significant figures."""
    return max(0, figures - 1 - leading_place(float(significant(size, figures))))


def _significant(x: float, figures: int) -> float:
    """Round to so many significant figures."""
    return float(significant(x, figures))
