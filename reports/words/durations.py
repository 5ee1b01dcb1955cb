"""Durations as a reader meets them."""

from __future__ import annotations

from typing import cast

from reports.words.numbers import Kind
from reports.words.printer import Printer

SINCE = {
    "days": "Days since sign-up",
    "weeks": "Weeks since sign-up",
    "months": "Months since sign-up",
    "years": "Years since sign-up",
}


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
