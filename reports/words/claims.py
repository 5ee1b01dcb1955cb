"""Words for claims: what is claimed, what the figures allow, the verdict, and what does not fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from reports.words.printer import INTERVAL_KINDS, Printer
from surveys.claims.check import CheckedClaim
from surveys.claims.readings import Difference, Flag
from surveys.claims.verdicts import Verdict
from surveys.core.results import Estimate
from surveys.study.claims import Says

GROUPS: tuple[tuple[Verdict, ...], ...] = (
    ("supported", "consistent"),
    ("overstated", "understated"),
    ("contradicted",),
    ("not checkable",),
)
"""Verdicts that stand together on a page, in the order in which they are told."""

MOST_DECIMALS = 3


def grouped(claims: Sequence[CheckedClaim]) -> list[tuple[str, list[tuple[int, CheckedClaim]]]]:
    """
    Group claims by verdict, each with its number in the study.

    Parameters
    ----------
    claims : sequence of CheckedClaim
        In the order of the study.

    Returns
    -------
    list of (str, list of (int, CheckedClaim))
        The first verdict of each group that has any, and its claims.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> [name for name, _ in grouped(example_results().claims)]
    ['supported', 'overstated', 'contradicted', 'not checkable']
    """
    numbered = list(enumerate(claims, start=1))
    groups = [(verdicts[0], [(i, c) for i, c in numbered if c.verdict in verdicts]) for verdicts in GROUPS]
    return [(str(name), members) for name, members in groups if members]


def group_words(printer: Printer, group: str) -> str:
    """Name a group of verdicts by its first."""
    return {
        "supported": printer.say("In agreement with the figures"),
        "overstated": printer.say("Saying too much, or too little"),
        "contradicted": printer.say("Contradicted"),
        "not checkable": printer.say("Not checkable as they stand"),
    }[group]


def verdict_label(printer: Printer, verdict: Verdict) -> str:
    """
    Name a verdict.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    verdict : str
        As `check_claim` gives it.

    Returns
    -------
    str
        In the language of the report.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> verdict_label(open_printer("fr"), "overstated")
    'exagéré'
    """
    return {
        "supported": printer.say("supported"),
        "consistent": printer.say("consistent"),
        "overstated": printer.say("overstated"),
        "understated": printer.say("understated"),
        "contradicted": printer.say("contradicted"),
        "not checkable": printer.say("not checkable"),
    }[verdict]


def flag_label(printer: Printer, flag: Flag) -> str:
    """Name a kind of difference."""
    return {
        "arithmetic": printer.say("arithmetic"),
        "base": printer.say("base"),
        "unit": printer.say("unit"),
        "definition": printer.say("definition"),
        "date": printer.say("date"),
        "precision": printer.say("precision"),
        "wording": printer.say("wording"),
        "list": printer.say("list"),
        "mode": printer.say("mode"),
        "consistency": printer.say("consistency"),
        "simulated": printer.say("simulated data"),
        "reliability": printer.say("reliability"),
    }[flag]


def difference_words(printer: Printer, difference: Difference) -> str:
    """Say in what a figure does not fit, in the analyst's words where there are any."""
    words = {
        "arithmetic": printer.say("the sum is wrong"),
        "base": printer.say("the figure is of other people"),
        "unit": printer.say("off by a power of a thousand, as when millions are taken for billions"),
        "definition": printer.say("the figure measures something else"),
        "date": printer.say("the figure is of another date"),
        "precision": printer.say("more digits than the figures bear"),
        "wording": printer.say("the question was another"),
        "list": printer.say("the list was another"),
        "mode": printer.say("people were asked in another way"),
        "consistency": printer.say("the figures cannot all be true"),
        "simulated": printer.say("simulated data say nothing of what was"),
        "reliability": printer.say("the figure is of low reliability, or itself a claim of the press"),
    }
    told = words[difference.flag] if difference.words is None else printer.label(difference.words)
    return printer.say("{flag}: {words}", flag=flag_label(printer, difference.flag), words=told)


def claimed_words(printer: Printer, checked: CheckedClaim) -> str:
    """
    Print the number claimed, with the digits of the sentence.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    checked : CheckedClaim
        The claim.

    Returns
    -------
    str
        A number, a bound or a range.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> claimed_words(open_printer("en"), example_results().claims[4])
    'at most 10%'
    """
    claim = checked.claim
    if not claim.states_number:
        return printer.say("no number")
    identifier = f"claim.{claim.id}.claimed"
    low, high = claim.ends
    if low < high:
        stated = Estimate(
            estimate=claim.claimed,
            std_error=math.nan,
            conf_low=low,
            conf_high=high,
            unit=claim.unit,
            method="range claimed",
        )
        return printer.interval(identifier, stated)
    if low >= 1e9:
        stated = Estimate(
            estimate=low, std_error=math.nan, conf_low=math.nan, conf_high=math.nan, unit=claim.unit, method="as stated"
        )
        return printer.estimate(identifier, stated)
    unit = claim.unit if _decimals(checked) == 0 or claim.unit in INTERVAL_KINDS else "ratio"
    number = printer.value(
        identifier, low, unit=unit, why_no_interval="as the sentence states it", digits=_decimals(checked)
    )
    return says_words(printer, claim.says, number + unit_words(printer, claim.unit))


def unit_words(printer: Printer, unit: str) -> str:
    """Name a unit that its number does not show, after a space; units that are not known stand as they are written."""
    shown = ("share", "points", "ratio", "people", "accounts", "count", "index")
    words = {
        "messages": "",
        "messages per second": printer.say("messages a second"),
        "words": printer.say("words"),
        "followers": printer.say("followers"),
        "answers": printer.say("answers"),
        "USD": printer.say("dollars"),
        "EUR": printer.say("euros"),
        "minutes": printer.say("minutes"),
        "days": printer.say("days"),
        "months": printer.say("months"),
        "downloads": printer.say("downloads"),
        "devices": printer.say("devices"),
        "visits": printer.say("visits"),
        "rank": printer.say("(rank)"),
    }
    told = "" if unit in shown else words.get(unit, unit)
    return f" {told}" if told else ""


def says_words(printer: Printer, says: Says, number: str) -> str:
    """Put before a number claimed what the sentence says of it."""
    words = {
        "about": printer.say("about {number}", number=number),
        "almost": printer.say("almost {number}", number=number),
        "more than": printer.say("more than {number}", number=number),
        "less than": printer.say("less than {number}", number=number),
        "at least": printer.say("at least {number}", number=number),
        "at most": printer.say("at most {number}", number=number),
        "rose by": printer.say("a rise of {number}", number=number),
        "fell by": printer.say("a fall of {number}", number=number),
        "none exceeds": printer.say("none above {number}", number=number),
    }
    return words.get(says, number)


def allowed_words(printer: Printer, checked: CheckedClaim) -> str:
    """
    Print what the figures allow; in brackets what is no answer to the sentence.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    checked : CheckedClaim
        The claim.

    Returns
    -------
    str
        An interval, a count, or the reason why there is none.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> allowed_words(open_printer("en"), example_results().claims[0])
    '25–31%'
    """
    interval = checked.interval
    if not isinstance(interval, Estimate):
        return printer.note(interval.reason)
    identifier = f"claim.{checked.claim.id}.allowed"
    if not math.isfinite(interval.conf_high):
        low = replace(interval, estimate=interval.conf_low, conf_low=math.nan, conf_high=math.nan)
        return printer.say("at least {number}", number=printer.estimate(identifier, low))
    alone = interval.method == "rounding" and any(reading.answer is interval for reading in checked.readings)
    digits = None
    if checked.claim.unit not in INTERVAL_KINDS and _decimals(checked):
        interval, digits = replace(interval, unit="ratio"), _decimals(checked) + 1
    show = printer.estimate if alone else printer.interval
    text = show(identifier, interval, digits=digits)
    text += unit_words(printer, checked.claim.unit)
    return text if is_answered(checked) else f"({text})"


def is_answered(checked: CheckedClaim) -> bool:
    """Tell whether some reading is an answer to the sentence, rather than to another one."""
    if not checked.readings:
        return checked.total is not None
    return any(not any(difference.decisive for difference in reading.differences) for reading in checked.readings)


def _decimals(checked: CheckedClaim) -> int:
    """Count the decimals of the sentence, or those that its number needs."""
    scale = 100 if checked.claim.unit in ("share", "points") else 1
    half, value = checked.claim.half_unit * scale, checked.claim.claimed * scale
    if half > 0:
        return min(MOST_DECIMALS, max(0, round(-math.log10(2 * half))))
    return next((digits for digits in range(MOST_DECIMALS) if round(value, digits) == round(value, 9)), 0)
