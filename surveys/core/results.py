"""What every result shares: caveats that can be told in any language, and reasons for absence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from surveys.core.rounding import say_points, say_share
from surveys.core.singulars import SINGULARS

NoteValue: TypeAlias = "int | float | Decimal | str | date | Note"


@dataclass(frozen=True, slots=True)
class Note:
    """
    A caveat, its words kept apart from its numbers.

    Attributes
    ----------
    message : str
        English, with named placeholders; also the key under which a translation is found.
    values : mapping of str to int, float, Decimal, str, date or Note
        What goes into the placeholders. A float is a share and is shown as a percentage; a Decimal is a
        number and keeps its decimals; a Note is a clause, said in the language of the whole.

    Examples
    --------
    >>> print(Note("{n} accounts signed up after {day} and are left out", {"n": 12, "day": "2013-12-01"}))
    12 accounts signed up after 2013-12-01 and are left out
    """

    message: str
    values: Mapping[str, NoteValue] = field(default_factory=lambda: MappingProxyType({}))

    def __hash__(self) -> int:
        """Hash message and values, so that equal notes hash alike whatever mapping holds their values."""
        return hash((self.message, frozenset(self.values.items())))

    @property
    def worded(self) -> str:
        """The message, in the singular where it counts one thing."""
        return SINGULARS.get(self.message, self.message) if self.values.get("n") == 1 else self.message

    def __str__(self) -> str:
        """Say it in English."""
        shown = {key: say_share(value) if isinstance(value, float) else value for key, value in self.values.items()}
        return self.worded.format_map(shown)

    def to_json(self) -> list[Any]:
        """
        Give message and values as JSON can hold them.

        Examples
        --------
        >>> Note("{n} events after {day} are left out", {"n": 3, "day": date(2013, 12, 31)}).to_json()
        ['{n} events after {day} are left out', {'n': 3, 'day': {'date': '2013-12-31'}}]
        """
        return [self.message, {key: _stored(value) for key, value in self.values.items()}]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> Note:
        """
        Take a note from what `to_json` gave.

        Examples
        --------
        >>> print(Note.from_json(["c = {c}", {"c": {"decimal": "0.24"}}]))
        c = 0.24
        """
        message, values = stored
        return cls(message, {key: _restored(value) for key, value in values.items()})


def _stored(value: NoteValue) -> Any:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Note):
        return {"note": value.to_json()}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _restored(value: Any) -> NoteValue:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if "note" in value:
        return Note.from_json(value["note"])
    return date.fromisoformat(value["date"]) if "date" in value else Decimal(value["decimal"])


@dataclass(frozen=True, slots=True)
class Unavailable:
    """
    A number that cannot be had, with the reason.

    Attributes
    ----------
    reason : Note
        Why, in words a reader of the report understands.

    Examples
    --------
    >>> print(Unavailable(Note("median not reached: {share} remained at {time} days", {"share": 0.71, "time": 36})))
    median not reached: 71.0% remained at 36 days
    """

    reason: Note

    def __str__(self) -> str:
        """Give the reason in English."""
        return str(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    One number with its uncertainty and its base.

    Attributes
    ----------
    estimate, std_error : float
        In `unit`; a share is between 0 and 1. `std_error` is NaN where only an interval is known.
    conf_low, conf_high : float
        Ends of the confidence interval, in `unit`.
    conf_level : float
        Between 0 and 1.
    n : int or None
        Unweighted base: respondents or accounts; None when whoever published it did not say.
    unit : str
        `share`, `accounts`, `people`, `days`, ...
    method : str
        Name of the interval, as a statistician would cite it.
    notes : tuple of Note
        Caveats.

    Examples
    --------
    >>> Estimate(estimate=0.28, std_error=0.014, conf_low=0.25, conf_high=0.31, n=1015, method="Wilson").summary()
    '28.0% [25.0%, 31.0%], n = 1,015'
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float = 0.95
    n: int | None = None
    unit: str = "share"
    method: str
    notes: tuple[Note, ...] = ()

    def summary(self) -> str:
        """Say the estimate, its interval and its base in one line of English."""
        base = "n not published" if self.n is None else f"n = {self.n:,}"
        ends = (self.conf_low, self.conf_high)
        if all(map(math.isnan, ends)):
            return f"{_told(self.unit, self.estimate)}, no interval, {base}"
        return f"{_told(self.unit, self.estimate, *ends)}, {base}"


def _told(unit: str, *numbers: float) -> str:
    """Write a number, and the ends of its interval in brackets, as its unit asks."""
    if unit == "points":
        return say_points(*numbers)
    shown = [say_share(x) if unit == "share" else f"{x:.2f}" if unit == "ratio" else f"{x:,.0f}" for x in numbers]
    return shown[0] + (f" [{', '.join(shown[1:])}]" if len(shown) > 1 else "")


NOBODY_IN_BASE = Note("nobody in the base")
NOT_ESTIMABLE = Note("cannot be estimated")


def absence(estimate: Estimate) -> Unavailable | None:
    """
    Say why an estimate is no number, where it is none.

    Parameters
    ----------
    estimate : Estimate
        Such as one cell of many that were estimated together.

    Returns
    -------
    Unavailable or None
        None where the estimate is a number.

    Examples
    --------
    >>> nobody = Estimate(estimate=math.nan, std_error=0, conf_low=math.nan, conf_high=math.nan, n=0, method="Wilson")
    >>> print(absence(nobody))
    nobody in the base
    """
    if math.isfinite(estimate.estimate):
        return None
    return Unavailable(NOBODY_IN_BASE if estimate.n == 0 else NOT_ESTIMABLE)
