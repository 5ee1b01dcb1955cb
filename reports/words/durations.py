"""Durations as a reader meets them."""

from __future__ import annotations

from typing import cast

from reports.words.numbers import Kind
from reports.words.printer import Printer
from surveys.study.schema import Study

SINCE = {
    "days": "Days since sign-up",
    "weeks": "Weeks since sign-up",
    "months": "Months since sign-up",
    "years": "Years since sign-up",
}
ONE_MONTH = {("days", 28), ("days", 30), ("days", 31), ("months", 1)}


def horizon_words(printer: Printer, study: Study) -> str:
    """
    Write the tenure of the headline as it stands after a verb or before "later".

    Parameters
    ----------
    printer : Printer
        Language of the report.
    study : Study
        Whose usage sets the horizon; 30 days without usage.

    Returns
    -------
    str
        A month where it is one, otherwise its length with its unit.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> horizon_words(open_printer("en"), open_example("twitter_france"))
    'a month'
    """
    if study.usage is None:
        return printer.say("a month")
    return within_words(printer, study.usage.horizon, study.usage.tenure_unit or "days")


def within_words(printer: Printer, time: float, unit: str) -> str:
    """
    Write a tenure as it stands after a verb, a month where it is one.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    time : float
        How long.
    unit : {'days', 'weeks', 'months', 'years'}
        The unit of `time`.

    Returns
    -------
    str

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> within_words(open_printer("en"), 7, "days"), within_words(open_printer("en"), 1, "months")
    ('7 days', 'a month')
    """
    return printer.say("a month") if (unit, time) in ONE_MONTH else lasting(printer, time, unit)


def lasting(printer: Printer, time: float, unit: str) -> str:
    """
    Write a tenure with its unit.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    time : float
        How long.
    unit : {'days', 'weeks', 'months', 'years'}
        The unit of `time`.

    Returns
    -------
    str

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> lasting(open_printer("fr"), 30, "days")
    '30 jours'
    """
    if unit == "days":
        return printer.say("{days} days", days=printer.numbers.count(int(time)))
    return printer.numbers.duration(time, cast(Kind, unit))
