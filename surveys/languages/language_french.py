"""French as it is printed in France."""

from __future__ import annotations

import re

from surveys.languages.rules import NARROW, LanguageRules, register_language

_SPACES = " \u00a0\u202f\u2009"
_BEFORE = re.compile(rf"(?<=[^\s(\[])[{_SPACES}]*([;:!?]+)(?=[\s)\]»”\"’,.…]|$)")
_PERCENT = re.compile(rf"(?<=[\d}}])[{_SPACES}]*([%‰])")
_THOUSANDS = re.compile(r"(?<![\w,.])\d{1,3}(?: \d{3})+(?![\w])")
_OPENING = re.compile(rf"«[{_SPACES}]*")
_CLOSING = re.compile(rf"[{_SPACES}]*»")


def space_french(text: str) -> str:
    """
    Put narrow no-break spaces before `: ; ! ? %`, inside guillemets and between thousands.

    Parameters
    ----------
    text : str
        As an author wrote it.

    Returns
    -------
    str

    Examples
    --------
    >>> space_french("Combien ? 28 %").replace(NARROW, "_")
    'Combien_? 28_%'
    """
    text = _THOUSANDS.sub(lambda number: number[0].replace(" ", NARROW), text)
    text = _OPENING.sub(f"«{NARROW}", text)
    text = _CLOSING.sub(f"{NARROW}»", text)
    text = _PERCENT.sub(rf"{NARROW}\1", text)
    return _BEFORE.sub(rf"{NARROW}\1", text)


FRENCH = register_language(
    LanguageRules(
        code="fr",
        locale="fr",
        region="FR",
        percent=f"{NARROW}%",
        quotes=(f"«{NARROW}", f"{NARROW}»"),
        between=f"{NARROW}; ",
        to="à",
        dash=False,
        first_day="1er",
        is_singular=lambda number: number < 2,
        singular_texts=("0", "1"),
        joins=("et",),
        space=space_french,
        nouns={
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
    )
)
