"""The ledger: one row for every number printed, so that a page can be checked without reading it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from surveys.core.errors import SpecError
from surveys.core.results import Estimate
from surveys.study.fields import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """
    A number as it is known, and as it was printed.

    Attributes
    ----------
    id : str
        Name of the number, the same in every language.
    value : float
        In `unit`; shares between 0 and 1.
    unit : str
        `share`, `people`, `accounts`, `days`, `count`.
    base : int or None
        Respondents or accounts that it rests on.
    low, high, level : float or None
        Its interval, where it has one.
    method : str
        Name of the estimate or the interval.
    why_no_interval : str
        Said where there is none.
    why_no_base : str
        Said of an estimate without a base.
    texts : dict of str to list of str
        Every way it was printed, by language.
    """

    id: str
    value: float
    unit: str
    base: int | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    why_no_interval: str = ""
    why_no_base: str = ""
    texts: dict[Language, list[str]] = field(default_factory=dict)


class Ledger:
    """
    Every number printed in a report, each under its name.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger.record(PrintedNumber(id="n", value=3, unit="count", why_no_interval="a count"), "en", "3")
    >>> ledger["n"].texts
    {'en': ['3']}
    """

    def __init__(self) -> None:
        self._numbers: dict[str, PrintedNumber] = {}

    def __getitem__(self, identifier: str) -> PrintedNumber:
        """Find a number by its name."""
        return self._numbers[identifier]

    def __len__(self) -> int:
        """Count the numbers."""
        return len(self._numbers)

    def texts(self, language: Language) -> set[str]:
        """
        Give every text printed in a language.

        Parameters
        ----------
        language : {"fr", "en"}
            The language.

        Returns
        -------
        set of str
            As printed.

        Examples
        --------
        >>> Ledger().texts("fr")
        set()
        """
        return {text for number in self._numbers.values() for text in number.texts.get(language, ())}

    def record(self, number: PrintedNumber, language: Language, text: str) -> None:
        """
        Enter a number, and how it was printed.

        Parameters
        ----------
        number : PrintedNumber
            Without its texts.
        language : {"fr", "en"}
            Of the text.
        text : str
            As printed.

        Raises
        ------
        SpecError
            If the name already stands for another number, or the number has neither interval nor a
            reason for having none.

        Examples
        --------
        >>> Ledger().record(PrintedNumber(id="x", value=1.0, unit="share"), "en", "100%")
        Traceback (most recent call last):
        surveys.core.errors.SpecError: number 'x': neither an interval nor a reason for having none. Give one.
        """
        if number.low is None and not number.why_no_interval:
            raise SpecError.at(f"number '{number.id}'", "neither an interval nor a reason for having none", "Give one")
        known = self._numbers.setdefault(number.id, number)
        if known.value != number.value or known.unit != number.unit:
            raise SpecError.at(
                f"number '{number.id}'", f"got {number.value}, already {known.value}", "Name it otherwise"
            )
        texts = known.texts.setdefault(language, [])
        if text not in texts:
            texts.append(text)

    def __iter__(self) -> Iterator[PrintedNumber]:
        """Go through the numbers in the order in which they were entered."""
        return iter(self._numbers.values())

    def enter(self, numbers: Iterable[PrintedNumber]) -> None:
        """
        Enter numbers that another ledger holds.

        Parameters
        ----------
        numbers : iterable of PrintedNumber
            With their texts.

        Raises
        ------
        SpecError
            As `record`.

        Examples
        --------
        >>> one, other = Ledger(), Ledger()
        >>> one.record(PrintedNumber(id="n", value=3, unit="count", why_no_interval="a count"), "en", "3")
        >>> other.enter(one)
        >>> other.texts("en")
        {'3'}
        """
        for number in numbers:
            for language, texts in number.texts.items():
                for text in texts:
                    self.record(replace(number, texts={}), language, text)

    def to_json(self, inputs: Mapping[str, Sequence[str]] | None = None) -> str:
        r"""
        Write the ledger.

        Parameters
        ----------
        inputs : mapping of str to sequence of str, optional
            Files behind each number, by its name.

        Returns
        -------
        str
            One JSON object; numbers sorted by name, with all their digits.

        Examples
        --------
        >>> Ledger().to_json()
        '{"numbers": []}\n'
        """
        rows = []
        for identifier in sorted(self._numbers):
            row: dict[str, Any] = {key: _plain(value) for key, value in asdict(self._numbers[identifier]).items()}
            row["inputs"] = list((inputs or {}).get(identifier, ()))
            rows.append(json.dumps(row, ensure_ascii=False, allow_nan=False))
        listed = "" if not rows else "\n" + ",\n".join(rows) + "\n"
        return f'{{"numbers": [{listed}]}}\n'


def printed_estimate(identifier: str, estimate: Estimate) -> PrintedNumber:
    """
    Turn an estimate into a row of the ledger.

    Parameters
    ----------
    identifier : str
        Name of the number.
    estimate : Estimate
        Without an interval where its ends are not numbers.

    Returns
    -------
    PrintedNumber
        Without texts.

    Examples
    --------
    >>> estimate = Estimate(estimate=0.28, std_error=0.01, conf_low=0.25, conf_high=0.31, n=1015, method="Wilson")
    >>> printed_estimate("aware", estimate).base
    1015
    """
    has_interval = math.isfinite(estimate.conf_low) and math.isfinite(estimate.conf_high)
    return PrintedNumber(
        id=identifier,
        value=estimate.estimate,
        unit=estimate.unit,
        base=estimate.n,
        low=estimate.conf_low if has_interval else None,
        high=estimate.conf_high if has_interval else None,
        level=estimate.conf_level if has_interval else None,
        method=estimate.method,
        why_no_interval="" if has_interval else "the interval does not exist",
        why_no_base="" if estimate.n is not None else "whoever published what it rests on does not say",
    )


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
