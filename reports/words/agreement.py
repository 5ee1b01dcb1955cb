"""Nouns that agree with the number printed before them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from surveys.study.fields import Language

SINGULAR_UP_TO: Mapping[Language, tuple[str, ...]] = {"en": ("1",), "fr": ("0", "1")}
"""Numbers, as printed, whose noun stands in the singular."""
NOUNS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "simulated accounts": "simulated account",
        "whole periods": "whole period",
        "latest monthly cohorts": "latest monthly cohort",
        "latest calendar months": "latest calendar month",
        "accounts": "account",
        "respondents": "respondent",
        "messages": "message",
        "ties": "tie",
        "days": "day",
        "weeks": "week",
        "months": "month",
        "years": "year",
        "periods": "period",
    },
    "fr": {
        "comptes simulés": "compte simulé",
        "comptes connus": "compte connu",
        "comptes observés": "compte observé",
        "comptes, observés": "compte, observé",
        "comptes, tels qu’ils étaient": "compte, tel qu’il était",
        "périodes entières observées": "période entière observée",
        "dernières cohortes mensuelles": "dernière cohorte mensuelle",
        "derniers mois civils": "dernier mois civil",
        "comptes qui pouvaient être jugés": "compte qui pouvait être jugé",
        "comptes": "compte",
        "répondants": "répondant",
        "messages": "message",
        "liens": "lien",
        "jours": "jour",
        "semaines": "semaine",
        "années": "année",
        "ans": "an",
        "périodes": "période",
    },
}
"""What follows a number in messages, longest first, by what it is in the singular."""
COUNTED: Mapping[Language, re.Pattern[str]] = {
    # A noun of two numbers, as in “12 and 1 respondents”, stays in the plural.
    language: re.compile(r"(?<!} and )(?<!} et )\{(\w+)} (" + "|".join(nouns) + r")\b")
    for language, nouns in NOUNS.items()
}


def agreeing(message: str, values: Mapping[str, str], language: Language) -> str:
    """
    Put nouns of a message in the singular where the number before them is one.

    Parameters
    ----------
    message : str
        In `language`, with named placeholders.
    values : mapping of str to str
        What goes into the placeholders, printed already.
    language : {"fr", "en"}
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

    def agree(found: re.Match[str]) -> str:
        name, noun = found.groups()
        one = values.get(name) in SINGULAR_UP_TO[language]
        return f"{{{name}}} {NOUNS[language][noun] if one else noun}"

    return COUNTED[language].sub(agree, message)
