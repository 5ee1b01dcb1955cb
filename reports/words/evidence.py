"""Words for evidence: each figure behind a verdict, with who printed it, when, of whom, and its interval."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from string import ascii_uppercase

from reports.words.labels import listed
from reports.words.printer import INTERVAL_KINDS, Printer
from surveys.claims.check import CheckedClaim
from surveys.claims.inputs import Evidence
from surveys.core.results import Estimate
from surveys.published.figure import PublishedFigure
from surveys.study.schema import Study

COUNTED = ("people", "accounts", "messages")
NAME = re.compile(r"[A-Za-z_]\w*")
Line = tuple[str, str]
"""What is said of a figure, and where it can be read."""


def evidence_lines(printer: Printer, checked: CheckedClaim, study: Study) -> list[Line]:
    """
    Tell every figure that a claim was held against, and how each reading joins them.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    checked : CheckedClaim
        The claim.
    study : Study
        Whose words stand for those of the file of published figures.

    Returns
    -------
    list of (str, str)
        A line for each figure, with its link, and one for each formula, in the order of the readings.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> results = example_results()
    >>> evidence_lines(open_printer("en"), results.claims[0], results.study)[0][0]
    'A. 28% [25–31%]; Ifop, 2009-06-03/2009-06-04; base: French web users aged 18 and over; n = 1,015'
    """
    letters = {item.id: _letter(place) for place, item in enumerate(checked.evidence)}
    lines = list(_sum_line(printer, checked))
    told: set[str] = set()
    for number, reading in enumerate(checked.readings, start=1):
        lines += [_line(printer, item, letters, study) for item in reading.evidence if item.id not in told]
        told |= {item.id for item in reading.evidence}
        lines += _formula_line(printer, checked, number, letters)
    lines += [_line(printer, item, letters, study) for item in checked.evidence if item.id not in told]
    if checked.claim.needs is not None:
        lines.append((printer.say("what would answer it: {needs}", needs=printer.label(checked.claim.needs)), ""))
    return lines


def _letter(place: int) -> str:
    return ascii_uppercase[place] if place < len(ascii_uppercase) else f"A{place}"


def words_of_file(text: str, printer: Printer, study: Study) -> str:
    """
    Say a text of the file of published figures in the words that the study has for it; quote it where it has none.

    Parameters
    ----------
    text : str
        Such as the base of a figure.
    printer : Printer
        Language.
    study : Study
        With `[published.words]`, or without.

    Returns
    -------
    str

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> words_of_file("existing accounts", open_printer("fr"), open_example("twitter_france"))
    'comptes existants'
    """
    label = None if study.published is None else study.published.say(text)
    return printer.numbers.quote(text) if label is None else printer.label(label)


def _line(printer: Printer, item: Evidence, letters: Mapping[str, str], study: Study) -> Line:
    if item.figure is None:
        return f"{letters[item.id]}. {_own_line(printer, item)}", ""
    figure = item.figure

    def name(text: str) -> str:
        """Say a name or a date as the study does, or else as it stands in the file."""
        label = None if study.published is None else study.published.say(text)
        return text if label is None else printer.label(label)

    date = name(figure.date) if figure.date else ""
    texts = (text for text in (figure.base, figure.subgroup) if text.strip())
    base = ", ".join(words_of_file(text, printer, study) for text in texts)
    parts = [
        f"{letters[item.id]}. {_number(printer, figure, name(_unit(figure)))} {_interval(printer, item)}".strip(),
        printer.say("{publisher}, {date}", publisher=name(figure.publisher), date=date or printer.say("undated")),
        printer.say("base: {base}", base=base) if base.strip() else printer.say("base not published"),
        _asked(printer, figure),
        _kind(printer, figure),
    ]
    return listed(printer, filter(None, parts)), figure.source_url


def _unit(figure: PublishedFigure) -> str:
    """Give the unit as printed, or the plain one where the value was printed in thousands or millions."""
    try:
        as_printed = float(figure.printed.replace(",", ".").replace("\u202f", "").replace(" ", "")) == figure.value
    except ValueError:
        as_printed = False
    return figure.unit_printed if as_printed else f"{figure.unit} / {figure.per}" if figure.per else figure.unit


def _number(printer: Printer, figure: PublishedFigure, unit: str) -> str:
    """Print a figure with the digits of its publisher, and the unit where the number does not show it."""
    before = {"below": "< ", "above": "> "}.get(figure.bound, "")
    number = printer.published(figure)
    if figure.unit in COUNTED:
        return before + printer.numbers.count(round(figure.value))
    return before + number + ("" if figure.unit in INTERVAL_KINDS else f" {unit}")


def _interval(printer: Printer, item: Evidence) -> str:
    known = item.estimate
    if not isinstance(known, Estimate) or not math.isfinite(known.conf_low) or not math.isfinite(known.conf_high):
        return ""
    if item.figure is not None and item.figure.unit in COUNTED:
        low, high = (printer.numbers.count(round(end)) for end in (known.conf_low, known.conf_high))
        return f"[{low}–{high}]"
    if item.figure is not None and item.figure.unit not in INTERVAL_KINDS:
        digits = max(0, math.ceil(-math.log10(2 * item.figure.half_unit))) + 1 if item.figure.half_unit else 0
        return f"[{printer.interval(f'evidence.{item.id}', replace(known, unit='ratio'), digits=digits)}]"
    return f"[{printer.interval(f'evidence.{item.id}', known)}]"


def _asked(printer: Printer, figure: PublishedFigure) -> str:
    if figure.n is not None:
        return printer.say("n = {n}", n=printer.value(f"evidence.{figure.id}.n", figure.n, unit="count",
                                                       why_no_interval="a count of respondents"))  # fmt: skip
    return printer.say("n not published") if figure.unit == "share" and not figure.is_full_count else ""


def _kind(printer: Printer, figure: PublishedFigure) -> str:
    kinds = {
        "sample": printer.say("a sample"),
        "count": printer.say("a full count"),
        "estimate": printer.say("the publisher’s estimate, of unknown error"),
        "claim": printer.say("itself a claim of the press"),
        "press_claim": printer.say("itself a claim of the press"),
        "derived": printer.say("computed from other figures"),
        "computed": printer.say("computed from other figures"),
    }
    told = [kinds.get(figure.kind, ""), printer.say("of low reliability") if figure.confidence == "low" else ""]
    return listed(printer, filter(None, told))


def _own_line(printer: Printer, item: Evidence) -> str:
    origin = printer.say("simulated data of this study") if item.is_simulated else printer.say("this study’s own data")
    if not isinstance(item.estimate, Estimate):
        return listed(printer, [f"{item.id}: {printer.note(item.estimate.reason)}", origin])
    number = printer.estimate(f"evidence.{item.id}", item.estimate)
    return listed(printer, [f"{item.id} = {number}", origin])


def _formula_line(printer: Printer, checked: CheckedClaim, number: int, letters: Mapping[str, str]) -> Iterator[Line]:
    """Tell how a reading joins its figures, and what that gives."""
    reading = checked.readings[number - 1]
    formula = reading.reading.formula
    if formula is None or not isinstance(reading.answer, Estimate):
        return
    inputs = reading.reading.inputs
    said = NAME.sub(lambda found: letters[inputs[found[0]]] if found[0] in inputs else found[0], formula)
    value = printer.interval(f"claim.{checked.claim.id}.reading.{number}", reading.answer)
    yield printer.say("read as {formula}: {value}", formula=said.replace("*", "×"), value=value), ""


def _sum_line(printer: Printer, checked: CheckedClaim) -> Iterator[Line]:
    claim = checked.claim
    if claim.arithmetic is not None and checked.total is not None:
        value = printer.interval(f"claim.{claim.id}.sum", checked.total)
        yield (
            printer.say("its own sum: {formula} = {value}", formula=claim.arithmetic.replace("*", "×"), value=value),
            "",
        )
