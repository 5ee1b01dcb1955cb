"""Nouns that agree with the number printed before them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from surveys.languages.rules import rules_of
from surveys.study.fields import Language


def agreeing(message: str, values: Mapping[str, str], language: Language) -> str:
    """
    Put nouns of a message in the singular where the number before them is one.

    Parameters
    ----------
    message : str
        In `language`, with named placeholders.
    values : mapping of str to str
        What goes into the placeholders, printed already.
    language : str
        Of the message; French has the singular for nothing, too.

    Returns
    -------
    str
        The message, its placeholders as they were.

    Examples
    --------
    >>> agreeing("Base: {n} accounts, {days} days.", {"n": "1", "days": "30"}, "en")
    'Base: {n} account, {days} days.'
    """
    rules = rules_of(language)
    if not rules.nouns:
        return message

    def agree(found: re.Match[str]) -> str:
        name, noun = found.groups()
        one = values.get(name) in rules.singular_texts
        return f"{{{name}}} {rules.nouns[noun] if one else noun}"

    return _counted(language).sub(agree, message)


@cache
def _counted(language: Language) -> re.Pattern[str]:
    """Find nouns after a number; that of two numbers, as in “12 and 1 respondents”, stays in the plural."""
    rules = rules_of(language)
    joined = "".join(f"(?<!}} {word} )" for word in rules.joins)
    return re.compile(joined + r"\{(\w+)} (" + "|".join(rules.nouns) + r")\b")
