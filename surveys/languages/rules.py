"""What a language asks of those who print in it, and the languages that there are; each registers itself."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

from surveys.core.additions import forget_addition, note_addition

NARROW = "\N{NARROW NO-BREAK SPACE}"
NO_BREAK = "\N{NO-BREAK SPACE}"
PREFIX = "language_"
"""What the names of modules begin with that define a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRules:
    """
    A language, and the habits of those who print in it.

    Attributes
    ----------
    code : str
        Two letters, as `study.toml` and the names of files have them.
    locale, region : str
        Of the Common Locale Data Repository; region alone, for hyphenation.
    percent : str
        What follows a percentage.
    after_comparison : str
        What stands between `<` and a number.
    quotes : tuple of str
        Before and after what is quoted.
    between : str
        What joins items of a list that hold commas.
    to : str
        Word between the ends of an interval.
    dash : bool
        Whether a dash stands for that word where both ends are plain numbers.
    first_day : str
        How the first of a month is written; as other days where empty.
    is_singular : callable
        Whether a number, which is not negative, has its noun in the singular.
    singular_texts : tuple of str
        Such numbers as they are printed without decimals.
    nouns : mapping of str to str
        What follows a number in messages, longest first, by what it is in the singular.
    joins : tuple of str
        Words between two numbers of one noun, which then stays in the plural.
    space : callable
        Gives authored text its typographic spaces.
    words : Path or None
        Its catalogue, where it is not among those of the reports.
    complete : bool
        Whether the catalogue has every message; what it has not is printed in English otherwise, and that is told.

    Examples
    --------
    >>> rules_of("fr").quotes[0].strip(), rules_of("en").to
    ('«', 'to')
    """

    code: str
    locale: str
    region: str
    percent: str = f"{NO_BREAK}%"
    after_comparison: str = NO_BREAK
    quotes: tuple[str, str] = ("“", "”")
    between: str = "; "
    to: str = "–"
    dash: bool = True
    first_day: str = ""
    is_singular: Callable[[float], bool] = lambda number: number == 1
    singular_texts: tuple[str, ...] = ("1",)
    nouns: Mapping[str, str] = field(default_factory=dict)
    joins: tuple[str, ...] = ()
    space: Callable[[str], str] = lambda text: text
    words: Path | None = None
    complete: bool = True


_REGISTERED: dict[str, LanguageRules] = {}


def register_language(added: LanguageRules) -> LanguageRules:
    """
    Register a language, in which studies can then be labelled and reported.

    Parameters
    ----------
    added : LanguageRules
        Takes the place of one of the same code.

    Returns
    -------
    LanguageRules
        The same.

    Examples
    --------
    >>> german = register_language(LanguageRules(code="de", locale="de", region="DE"))
    >>> "de" in language_codes()
    True
    >>> withdraw_language("de")
    """
    note_addition("language", added.code)
    _REGISTERED[added.code] = added
    return added


def withdraw_language(code: str) -> None:
    """Forget a language."""
    del _REGISTERED[code]
    forget_addition("language", code)


def language_codes() -> tuple[str, ...]:
    """
    Name the languages that there are.

    Examples
    --------
    >>> language_codes()
    ('fr', 'en')
    """
    _import_own()
    return tuple(sorted(_REGISTERED, reverse=True))


def rules_of(code: str) -> LanguageRules:
    """
    Give the rules of a language.

    Raises
    ------
    KeyError
        If there is no such language.
    """
    _import_own()
    return _REGISTERED[code]


@cache
def _import_own() -> None:
    """Let those of this folder register, before any that was registered elsewhere."""
    others = dict(_REGISTERED)
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(PREFIX):
            import_module(f"surveys.languages.{module.name}")
    _REGISTERED.update(others)
