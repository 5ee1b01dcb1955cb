"""Numbers as publishers print them, and the tables that hold them: decimals, thousands, bounds, rounding."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from surveys.core.errors import StudyError

Bound = Literal["", "below", "above"]
Rows = list[tuple[int, dict[str, str]]]

SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'’_")
BOUNDS: tuple[tuple[str, Bound], ...] = (
    ("<", "below"),
    ("≤", "below"),
    ("fewer than", "below"),
    ("less than", "below"),
    ("moins de", "below"),
    (">", "above"),
    ("≥", "above"),
    ("more than", "above"),
    ("plus de", "above"),
)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}(\.\d+)?|[+-]?\d{1,3}(,\d{3})+\.\d+")
EITHER = re.compile(r"[+-]?\d{1,3},\d{3}")
GROUPS = re.compile(r"[+-]?\d{1,3}([ \u00a0\u202f\u2009'’]\d{3})+([.,]\d+)?")
FEWEST_ZEROS, FEWEST_DIGITS = 2, 4
"""A number printed in full is taken as rounded where it has so many digits and ends in so many zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """
    A number as it is printed.

    Attributes
    ----------
    value : float
        As printed, before its unit's multiplier.
    half_unit : float
        Half of its last digit; zeros that end a number printed in full are no digits, beyond the first two.
    bound : str
        `below` for one printed as `<8`, `above` for `>8`, empty otherwise.
    """

    value: float
    half_unit: float
    bound: Bound = ""


def read_printed(text: str, *, decimal_comma: bool = False) -> Printed:
    """
    Read a number as it is printed.

    Parameters
    ----------
    text : str
        Such as `58`, `58,5`, `7 272 388`, `1,234,567`, `<8`.
    decimal_comma : bool
        Whether a comma is known to be a decimal sign, as in files cut by semicolons.

    Returns
    -------
    Printed
        Its value, its rounding, and whether it is a bound.

    Raises
    ------
    ValueError
        If it is no number, or can be read in two ways.

    Examples
    --------
    >>> read_printed("58,5").value, read_printed("7 272 388").value, read_printed("<8").bound
    (58.5, 7272388.0, 'below')
    >>> read_printed("30000000").half_unit
    500000.0
    >>> read_printed("1,234")
    Traceback (most recent call last):
    ValueError: got '1,234', which is 1234 or 1.234, expected one that can be read in one way
    """
    said, bound = _bound(text.strip())
    plain = said.removesuffix("%").strip()
    if "," in plain and not decimal_comma:
        if EITHER.fullmatch(plain):
            what = f"got '{text}', which is {plain.replace(',', '')} or {plain.replace(',', '.')}"
            raise ValueError(f"{what}, expected one that can be read in one way")
        if THOUSANDS.fullmatch(plain):
            plain = plain.replace(",", "")
    if GROUPS.fullmatch(plain):
        plain = plain.translate(SPACES)
    plain = plain.replace("−", "-").replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"got '{text}', expected a number") from None
    if not math.isfinite(value):
        raise ValueError(f"got '{text}', expected a number with an end")
    return Printed(value=value, half_unit=_half_unit(plain), bound=bound)


def read_rows(path: Path) -> tuple[list[str], Rows, bool]:
    """
    Read a table of published figures, cut by commas or by semicolons.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8.

    Returns
    -------
    columns : list of str
        As the header has them.
    rows : list of (int, dict)
        Each with the number of its line.
    decimal_comma : bool
        Whether the file is cut by semicolons, as spreadsheets do whose decimal sign is the comma.

    Raises
    ------
    StudyError
        If the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read()
        delimiter = ";" if is_cut_by_semicolons(text.partition("\n")[0]) else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader], delimiter == ";"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyError.at(path.name, f"cannot be read: {error}", "Give a CSV file in UTF-8") from None


def is_cut_by_semicolons(header: str) -> bool:
    """Tell whether a header is that of a spreadsheet whose decimal sign is the comma."""
    return header.count(";") > header.count(",")


def _bound(text: str) -> tuple[str, Bound]:
    low = text.lower()
    for words, bound in BOUNDS:
        if low.startswith(words):
            return text[len(words) :].strip(), bound
    return text, ""


def _half_unit(plain: str) -> float:
    mantissa, _, power = plain.lower().partition("e")
    whole, dot, decimals = mantissa.partition(".")
    digits = whole.lstrip("+-")
    zeros = len(digits) - len(digits.rstrip("0"))
    if dot or len(digits) < FEWEST_DIGITS or zeros < FEWEST_ZEROS:
        zeros = 0
    return float(0.5 * 10.0 ** (min(zeros, max(0, len(digits) - 2)) - len(decimals) + int(power or 0)))
