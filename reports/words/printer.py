"""Printing: words and numbers in one language, every number entered in the ledger as it is printed."""

from __future__ import annotations

import math

from reports.words.catalogue import Wording
from reports.words.ledger import Ledger, PrintedNumber, printed_estimate
from reports.words.numbers import Kind, Numbers, share_digits
from surveys.core.results import Estimate, Note, absence
from surveys.published.figure import PublishedFigure
from surveys.study.fields import Label, Language
from surveys.study.fieldwork import date_of_year

INTERVAL_KINDS: dict[str, Kind] = {
    "share": "share",
    "points": "points",
    "people": "people",
    "accounts": "people",
    "messages": "people",
    "ratio": "number",
}
"""How the ends of an interval are written, by unit; those of any other unit are counts."""
WITH_DECIMALS = ("share", "points", "ratio")


class Printer:
    """
    Words and numbers of a report in one language.

    Parameters
    ----------
    language : {"fr", "en"}
        Of the report.
    ledger : Ledger
        Where numbers are entered.

    Examples
    --------
    >>> estimate = Estimate(estimate=0.28, std_error=0.01, conf_low=0.25, conf_high=0.31, n=1015, method="Wilson")
    >>> printer = open_printer("en")
    >>> printer.estimate("aware", estimate), printer.interval("aware", estimate)
    ('28%', '25–31%')
    """

    def __init__(self, language: Language, ledger: Ledger) -> None:
        self.language: Language = language
        self.ledger = ledger
        self.numbers = Numbers(language)
        self.wording = Wording(language)

    def say(self, message: str, /, **values: str) -> str:
        """Say a message of the catalogue, as `Wording.say`."""
        return self.wording.say(message, **values)

    def note(self, note: Note) -> str:
        """Say a caveat, as `Wording.note`."""
        return self.wording.note(note)

    def label(self, label: Label) -> str:
        """Say a label of the study, as `Wording.label`."""
        return self.wording.label(label)

    def estimate(self, identifier: str, estimate: Estimate, *, digits: int | None = None) -> str:
        """
        Print an estimate and enter it.

        Parameters
        ----------
        identifier : str
            Name of the number in the ledger.
        estimate : Estimate
            The number.
        digits : int, optional
            Of a share, a difference or a ratio, after the decimal sign; chosen by its size without it.

        Returns
        -------
        str
            Without its interval; the reason, not entered, where the estimate is no number.

        Examples
        --------
        >>> printer = open_printer("en")
        >>> stay = Estimate(estimate=12.0, std_error=1, conf_low=10, conf_high=14, unit="days", method="")
        >>> printer.estimate("d", stay)
        '12'
        """
        absent = absence(estimate)
        if absent is not None:
            return self.note(absent.reason)
        text = self._text(estimate.estimate, estimate.unit, self._digits(estimate, digits))
        self.ledger.record(printed_estimate(identifier, estimate), self.language, text)
        return text

    def interval(self, identifier: str, estimate: Estimate, *, digits: int | None = None) -> str:
        """
        Print the interval of an estimate and enter it.

        Parameters
        ----------
        identifier : str
            Name of the number in the ledger.
        estimate : Estimate
            The number.
        digits : int, optional
            Of a share, a difference or a ratio, after the decimal sign; those of the estimate without it.

        Returns
        -------
        str
            Its two ends, or words where there is none.

        Examples
        --------
        >>> printer = open_printer("fr")
        >>> lost = Estimate(estimate=0.0, std_error=0.0, conf_low=math.nan, conf_high=math.nan, n=1, method="")
        >>> printer.interval("x", lost)
        'sans intervalle'
        """
        if absence(estimate) is not None:
            return self.say("no interval")
        chosen = self._digits(estimate, digits)
        row = printed_estimate(identifier, estimate)
        if row.low is None or row.high is None:
            ends = [
                self._text(end, estimate.unit, chosen) if math.isfinite(end) else self.say("not reached")
                for end in (estimate.conf_low, estimate.conf_high)
            ]
            text = self.say("no interval") if len(set(ends)) == 1 else self.numbers.between(*ends)
        elif estimate.unit == "year":
            text = self.numbers.between(*(self._text(end, "year", 0) for end in (row.low, row.high)))
        else:
            kind = INTERVAL_KINDS.get(estimate.unit, "count")
            text = self.numbers.interval(row.low, row.high, kind, chosen if estimate.unit in WITH_DECIMALS else None)
        self.ledger.record(row, self.language, text)
        return text

    def value(
        self,
        identifier: str,
        value: float,
        *,
        unit: str,
        why_no_interval: str,
        base: int | None = None,
        digits: int | None = None,
    ) -> str:
        """
        Print a number that has no interval, and enter it with the reason.

        Parameters
        ----------
        identifier : str
            Name of the number in the ledger.
        value : float
            In `unit`.
        unit : str
            `share`, `points` (a difference of shares), `ratio`, `people`, `accounts`, `messages`, `days`,
            `count`.
        why_no_interval : str
            The reason, in English, for the ledger.
        base : int, optional
            What it rests on.
        digits : int, optional
            Of a share, a difference or a ratio, after the decimal sign.

        Returns
        -------
        str
            The number; people and accounts in full, since nothing is uncertain about them.

        Examples
        --------
        >>> open_printer("en").value("n", 59835, unit="count", why_no_interval="a count")
        '59,835'
        """
        exact = "count" if unit in ("people", "accounts", "messages") else unit
        text = self._text(value, exact, _digits_of(value, unit) if digits is None else digits)
        row = PrintedNumber(id=identifier, value=value, unit=unit, base=base, why_no_interval=why_no_interval)
        self.ledger.record(row, self.language, text)
        return text

    def published(self, figure: PublishedFigure) -> str:
        """
        Print a published figure with the digits its publisher gave, and enter it.

        Parameters
        ----------
        figure : PublishedFigure
            The figure.

        Returns
        -------
        str
            Without its interval.

        Examples
        --------
        >>> from reports.examples import open_example
        >>> from surveys.published.figures import read_published
        >>> open_printer("en").published(read_published(open_example("twitter_france"))["ifop_w3_twitter_aware"])
        '28%'
        """
        scale = 200 if figure.unit == "share" else 2
        digits = max(0, round(-math.log10(scale * figure.half_unit)))
        unit = figure.unit if figure.unit in INTERVAL_KINDS or not digits else "number"
        text = self._text(figure.value, unit, digits)
        interval = figure.interval()
        row = (
            printed_estimate(f"published.{figure.id}", interval)
            if isinstance(interval, Estimate) and math.isfinite(interval.conf_high)
            else PrintedNumber(
                id=f"published.{figure.id}",
                value=figure.value,
                unit=figure.unit,
                base=figure.n,
                why_no_interval="printed as a bound" if isinstance(interval, Estimate) else str(interval),
            )
        )
        self.ledger.record(row, self.language, text)
        return text

    def _digits(self, estimate: Estimate, digits: int | None) -> int:
        return _digits_of(estimate.estimate, estimate.unit) if digits is None else digits

    def _text(self, value: float, unit: str, digits: int) -> str:
        match unit:
            case "share":
                return self.numbers.share(value, digits)
            case "points":
                return self.numbers.points(value, digits)
            case "ratio":
                return self.numbers.number(value, digits)
            case "people" | "accounts" | "messages" if value >= 1e4:
                return self.numbers.people(value)
            case "year":
                return self.numbers.month(date_of_year(value))
            case "number":
                return self.numbers.number(value, digits)
            case _:
                return self.numbers.count(value)


def _digits_of(value: float, unit: str) -> int:
    """Choose decimals: those of a share by its size, one for points, two for a ratio under ten."""
    match unit:
        case "points":
            return 1
        case "ratio":
            return 2 if abs(value) < 10 else 1
        case _:
            return share_digits(value)


def open_printer(language: Language) -> Printer:
    """
    Open a printer with a ledger of its own.

    Parameters
    ----------
    language : {"fr", "en"}
        Of what it prints.

    Returns
    -------
    Printer
        Its ledger is empty.

    Examples
    --------
    >>> open_printer("fr").say("Staying")
    'Rester'
    """
    return Printer(language, Ledger())
