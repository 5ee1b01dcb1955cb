"""Numbers of claims as sentences say them: 82 %, 10 million people, one in five, a third, doubled, almost half."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from surveys.study.units import MULTIPLIERS, UNSAID, read_unit

CARRIED = 0.1
"""A number in words stands for what lies within this part of it."""
LEAST_OF_ALMOST = 0.9
"""Almost a number is at least this part of it."""

SMALL: Mapping[str, int] = {
    **dict.fromkeys(("one", "a", "an", "un", "une"), 1),
    **dict.fromkeys(("two", "deux"), 2),
    **dict.fromkeys(("three", "trois"), 3),
    **dict.fromkeys(("four", "quatre"), 4),
    **dict.fromkeys(("five", "cinq"), 5),
    **dict.fromkeys(("six",), 6),
    **dict.fromkeys(("seven", "sept"), 7),
    **dict.fromkeys(("eight", "huit"), 8),
    **dict.fromkeys(("nine", "neuf"), 9),
    **dict.fromkeys(("ten", "dix"), 10),
    **dict.fromkeys(("twelve", "douze"), 12),
    **dict.fromkeys(("twenty", "vingt"), 20),
    **dict.fromkeys(("fifty", "cinquante"), 50),
}
FRACTIONS: Mapping[str, float] = {
    **dict.fromkeys(("half", "a half", "one half", "halved", "la moitié", "moitié", "divisé par deux"), 1 / 2),
    **dict.fromkeys(("third", "a third", "one third", "un tiers", "tiers", "le tiers"), 1 / 3),
    **dict.fromkeys(("two thirds", "two-thirds", "deux tiers", "les deux tiers"), 2 / 3),
    **dict.fromkeys(("quarter", "a quarter", "one quarter", "un quart", "le quart"), 1 / 4),
    **dict.fromkeys(("three quarters", "three-quarters", "trois quarts", "les trois quarts"), 3 / 4),
    **dict.fromkeys(("a fifth", "one fifth", "un cinquième"), 1 / 5),
    **dict.fromkeys(("a tenth", "one tenth", "un dixième"), 1 / 10),
}
MULTIPLES: Mapping[str, float] = {
    **dict.fromkeys(("doubled", "double", "twice", "doublé", "le double"), 2),
    **dict.fromkeys(("tripled", "triple", "thrice", "triplé"), 3),
    **dict.fromkeys(("quadrupled", "quadruple", "quadruplé"), 4),
}
PREFIXES: Mapping[str, str] = {
    **dict.fromkeys(("about", "around", "roughly", "some", "environ", "à peu près", "quelque", "~"), "about"),
    **dict.fromkeys(("almost", "nearly", "close to", "presque", "près de", "quasiment"), "almost"),
    **dict.fromkeys(("more than", "over", "plus de", "plus d’", "plus d'", ">"), "more than"),
    **dict.fromkeys(("less than", "fewer than", "under", "moins de", "moins d’", "moins d'", "<"), "less than"),
    **dict.fromkeys(("at least", "au moins", "≥"), "at least"),
    **dict.fromkeys(("at most", "up to", "au plus", "jusqu’à", "≤"), "at most"),
}
AMONG = re.compile(r"(?P<some>[\w]+)\s+(?:[\w’']+\s+){0,3}?(?:in|out of|sur|of every)\s+(?P<all>\w+)", re.IGNORECASE)
TIMES = re.compile(
    r"(?P<n>[\w.,]+?)[\s-]*(?:times|fois|fold|x)(?:\s+(?P<way>less|fewer|more|moins|plus).*)?", re.IGNORECASE
)
NUMBER = re.compile(r"(?P<n>[+−-]?\d[\d\s\u00a0\u202f.,’']*)(?P<unit>.*)", re.DOTALL)
SPACES = re.compile(r"[\s\u00a0\u202f’']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    A number as a sentence says it.

    Attributes
    ----------
    value : float
        In `unit`; a share between 0 and 1.
    unit : str
        As a claim names units; empty where none is said.
    half_unit : float
        Half of the last digit said; what words carry is a tenth of the number either way.
    says : str
        `about`, `almost`, `more than`, `less than`, `at least`, `at most` where the words before it say so, or empty.
    """

    value: float
    unit: str
    half_unit: float
    says: str = ""


def read_said(text: str) -> Said:
    """
    Read a number as a sentence says it, in English or in French.

    Parameters
    ----------
    text : str
        Such as `82 %`, `more than 10 million people`, `one in five`, `almost tripled`, `39 points`.

    Returns
    -------
    Said
        With its unit and its rounding.

    Raises
    ------
    ValueError
        If no number is found, or one that can be read in two ways.

    Examples
    --------
    >>> read_said("82 %")
    Said(value=0.82, unit='share', half_unit=0.005, says='')
    >>> read_said("almost tripled")
    Said(value=3, unit='ratio', half_unit=0.0, says='almost')
    >>> read_said("one in five").half_unit
    0.02
    >>> read_said("10,3 millions de comptes")
    Said(value=10300000.0, unit='accounts', half_unit=50000.0, says='')
    """
    plain = " ".join(text.split())
    says, plain = _prefix(plain)
    value, unit, half = _in_words(plain.lower()) or _in_digits(plain, text)
    return Said(value=value, unit=unit, half_unit=0.0 if says and says != "about" else half, says=says)


def carried(value: float, unit: str) -> float:
    """
    Give the rounding of a number that a claim states without one.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        Of the claim.

    Returns
    -------
    float
        A tenth of a simple fraction and of a small whole multiple; otherwise half of the last digit.

    Examples
    --------
    >>> carried(0.5, "share"), carried(3, "ratio"), carried(0.82, "share")
    (0.05, 0.30000000000000004, 0.005)
    """
    simple = [fraction for fraction in FRACTIONS.values() if abs(value - fraction) < 5e-4]
    if unit == "share" and simple:
        return CARRIED * abs(value)
    if unit == "ratio" and value > 1:
        return of_times(value, f"{value:.10g}")
    scale = 0.01 if unit in ("share", "points") else 1.0
    return half_of_digits(f"{value / scale:.10g}") * scale


def of_times(n: float, said: str) -> float:
    """Give what a number of times stands for: half of one, less where it is small, a tenth where it is round."""
    if not float(n).is_integer():
        return half_of_digits(said.replace(",", "."))
    return CARRIED * n if n % 10 == 0 else min(CARRIED * n, 0.5)


def half_of_digits(digits: str) -> float:
    """Give half of the last digit of a plain number; zeros that end a whole number of four digits or more are none."""
    whole, dot, decimals = digits.lower().partition("e")[0].partition(".")
    bare = whole.lstrip("+-−")
    zeros = len(bare) - len(bare.rstrip("0"))
    zeros = 0 if dot or len(bare) < 4 else min(zeros, len(bare) - 2)
    power = int(digits.lower().partition("e")[2] or 0)
    return float(0.5 * 10.0 ** (zeros - len(decimals) + power))


def _prefix(text: str) -> tuple[str, str]:
    low = text.lower()
    for words in sorted(PREFIXES, key=len, reverse=True):
        if low.startswith(words) and (not words[-1].isalpha() or low[len(words) : len(words) + 1] == " "):
            return PREFIXES[words], text[len(words) :].strip()
    return "", text


def _in_words(text: str) -> tuple[float, str, float] | None:
    if text in FRACTIONS:
        return FRACTIONS[text], "share", CARRIED * FRACTIONS[text]
    if text in MULTIPLES:
        return MULTIPLES[text], "ratio", CARRIED * MULTIPLES[text]
    among = AMONG.fullmatch(text)
    if among is not None:
        some, of = _small(among["some"]), _small(among["all"])
        if some and of and some <= of:
            return some / of, "share", min(CARRIED * some / of, 0.5 / of)
    times = TIMES.fullmatch(text)
    if times is not None:
        n = _small(times["n"]) or _plain(times["n"])
        if n:
            return n, "ratio", of_times(n, times["n"])
    return None


def _in_digits(text: str, whole: str) -> tuple[float, str, float]:
    found = NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(
            f"'{whole}' says no number that can be read; write one, as in 82 %, 10 million people, one in 5"
        )
    printed = SPACES.sub("", found["n"].strip()).replace("−", "-").rstrip(".,")
    value = _plain(printed)
    if value is None:
        raise ValueError(f"'{printed}' can be read in two ways; write it without a separator of thousands")
    said = found["unit"].strip()
    half = half_of_digits(printed.replace(",", "."))
    if not said:
        return value, "", half
    unit = read_unit(said)
    if unit is None:
        head = said.split()[0]
        times = MULTIPLIERS.get(head.lower().rstrip("."))
        raise ValueError(
            f"the unit '{said}' is not known; name one, as in %, points, million people, minutes"
            if times is None
            else f"'{said}' is a multiplier and a unit that is not known; name the unit under unit"
        )
    name = unit.kind if not unit.per else f"{unit.kind} per {unit.per}"
    return round(value * unit.scale, 12), "" if unit.kind == UNSAID and not unit.per else name, half * unit.scale


def _small(word: str) -> int | None:
    return SMALL.get(word) or (int(word) if word.isdigit() else None)


def _plain(text: str) -> float | None:
    """Read digits with one decimal sign, or with thousands cut in several groups; None where either is possible."""
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3}){2,}", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[+-]?[1-9]\d{0,2}[,.]\d{3}", text) and "," in text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
