"""The spaces, quotation marks and apostrophes that a language's typographers expect."""

from __future__ import annotations

import re
import unicodedata

from surveys.languages.rules import rules_of
from surveys.study.fields import Language

FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
ALLOWED = {"\u00ad", "\u200d"}
MINUS = "\N{MINUS SIGN}"

_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)[^\s»]+|[\w.+-]+@[\w-]+\.[\w.]+")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=[\w«{])")


def quote(text: str, language: Language) -> str:
    """
    Put text between a language's quotation marks.

    Parameters
    ----------
    text : str
        What is quoted; left as it is.
    language : {"fr", "en"}
        Whose quotation marks.

    Returns
    -------
    str
        In French between guillemets with narrow no-break spaces, in English between curly quotes.

    Examples
    --------
    >>> from surveys.languages.rules import NARROW
    >>> quote("génération Y", "en")
    '“génération Y”'
    >>> quote("génération Y", "fr").replace(NARROW, "_")
    '«_génération Y_»'
    """
    before, after = rules_of(language).quotes
    return f"{before}{text}{after}"


def typographic(text: str, language: Language) -> str:
    """
    Give authored text its typographic spaces and apostrophes.

    In French a narrow no-break space goes before `: ; ! ? %`, inside guillemets and between thousands; addresses,
    times and ratios are left alone. Doing it twice changes nothing more. Meant for text that
    an author wrote, not for data.

    Parameters
    ----------
    text : str
        A sentence or a title; placeholders in braces are respected.
    language : {"fr", "en"}
        The language that the text is in.

    Returns
    -------
    str
        The same words.

    Examples
    --------
    >>> from surveys.languages.rules import NARROW
    >>> typographic("Combien ? 28 % : à 12:30, voir https://insee.fr/?a=1", "fr").replace(NARROW, "_")
    'Combien_? 28_%_: à 12:30, voir https://insee.fr/?a=1'
    >>> typographic("2 % de 38 000 000", "fr").replace(NARROW, "_")
    '2_% de 38_000_000'
    >>> typographic("don't know", "en")
    'don’t know'
    """
    pieces, start = [], 0
    for address in _ADDRESS.finditer(text):
        pieces += [_space(text[start : address.start()], language), address[0]]
        start = address.end()
    return "".join([*pieces, _space(text[start:], language)])


def _space(text: str, language: Language) -> str:
    return rules_of(language).space(_APOSTROPHE.sub("’", text))


def name_character(character: str) -> str:
    """
    Name one character, so that it can be found where it cannot be seen.

    Parameters
    ----------
    character : str
        A single character.

    Returns
    -------
    str
        Its code point and its Unicode name.

    Examples
    --------
    >>> name_character("日")
    'U+65E5 CJK UNIFIED IDEOGRAPH-65E5'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, 'a character without a name')}"


def unprintable(text: str) -> str:
    """
    Find the first character that no page can show as it is: controls, overrides of direction, private use.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        The character; empty where there is none.

    Examples
    --------
    >>> unprintable("plain"), unprintable("re\u202eversed") == "\u202e"
    ('', True)
    """
    return next((c for c in text if unicodedata.category(c) in FORBIDDEN_CATEGORIES and c not in ALLOWED), "")


def shown_text(text: str) -> str:
    r"""
    Make text fit to be shown: characters that cannot be become a visible mark.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        Without controls and overrides of direction.

    Examples
    --------
    >>> shown_text("a\x1b[31mb")
    'a�[31mb'
    """
    return "".join("�" if unprintable(c) else c for c in text)
