"""Units of claims and of published figures: their synonyms, their multipliers, and what can be compared with what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from surveys.core.errors import did_you_mean

UNSAID = "count"
"""The kind of a bare multiplier, as in `million`: how many, and not of what."""

MULTIPLIERS: Mapping[str, float] = {
    **dict.fromkeys(("hundred", "hundreds", "centaines"), 1e2),
    **dict.fromkeys(("k", "thousand", "thousands", "mille", "millier", "milliers"), 1e3),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 1e5),
    **dict.fromkeys(("m", "mn", "mio", "million", "millions", "mln"), 1e6),
    **dict.fromkeys(("crore", "crores"), 1e7),
    **dict.fromkeys(("bn", "md", "mds", "mrd", "mrds", "billion", "billions", "milliard", "milliards"), 1e9),
    **dict.fromkeys(("trillion", "trillions"), 1e12),
}
WORDS: Mapping[str, tuple[str, float]] = {
    **dict.fromkeys(("share", "fraction", "proportion"), ("share", 1.0)),
    **dict.fromkeys(
        ("%", "percent", "per cent", "percents", "percentage", "pct", "pc", "p.c.", "pourcent", "pour cent"),
        ("share", 0.01),
    ),
    **dict.fromkeys(("‰", "permille", "per mille", "per mil", "pour mille"), ("share", 0.001)),
    **dict.fromkeys(("ppm", "parts per million"), ("share", 1e-6)),
    **dict.fromkeys(
        ("point", "points", "pts", "pp", "pt", "percentage point", "percentage points", "points de pourcentage"),
        ("points", 0.01),
    ),
    **dict.fromkeys(("ratio", "times", "fois", "x", "fold", "multiple"), ("ratio", 1.0)),
    **dict.fromkeys(("index", "indice"), ("index", 1.0)),
    **dict.fromkeys(
        ("people", "person", "persons", "personnes", "users", "utilisateurs", "unique visitors", "unique users",
         "visiteurs uniques", "visitors", "inhabitants", "habitants", "adults", "respondents", "subscribers"),
        ("people", 1.0),
    ),
    **dict.fromkeys(
        ("accounts", "account", "comptes", "registrations", "inscriptions", "sign-ups", "signups", "profiles",
         "members", "membres", "inscrits"),
        ("accounts", 1.0),
    ),
    **dict.fromkeys(("messages", "message", "tweets", "tweet", "posts"), ("messages", 1.0)),
    **dict.fromkeys(("downloads", "download", "téléchargements"), ("downloads", 1.0)),
    **dict.fromkeys(("installations", "installs", "install", "installation"), ("installations", 1.0)),
    **dict.fromkeys(("uninstalls", "uninstallations", "désinstallations"), ("uninstallations", 1.0)),
    **dict.fromkeys(("activations", "activation"), ("activations", 1.0)),
    **dict.fromkeys(("devices", "appareils", "device", "smartphones", "phones"), ("devices", 1.0)),
    **dict.fromkeys(("visits", "visit", "visites"), ("visits", 1.0)),
    **dict.fromkeys(("views", "page views", "pages vues", "vues"), ("views", 1.0)),
    **dict.fromkeys(("sessions", "session"), ("sessions", 1.0)),
    **dict.fromkeys(("openings", "opens", "ouvertures"), ("openings", 1.0)),
    **dict.fromkeys(("notifications", "notification"), ("notifications", 1.0)),
    **dict.fromkeys(("payments", "payment", "paiements", "transactions"), ("payments", 1.0)),
    **dict.fromkeys(("households", "ménages", "foyers"), ("households", 1.0)),
    **dict.fromkeys(("subscriptions", "abonnements"), ("subscriptions", 1.0)),
    **dict.fromkeys(("cars", "vehicles", "voitures", "véhicules"), ("vehicles", 1.0)),
    **dict.fromkeys(("courses", "enrolments", "enrollments"), ("enrolments", 1.0)),
    **dict.fromkeys(("followers", "abonnés"), ("followers", 1.0)),
    **dict.fromkeys(("answers", "réponses", "replies"), ("answers", 1.0)),
    **dict.fromkeys(("words", "mots"), ("words", 1.0)),
    **dict.fromkeys(("characters", "caractères", "signs", "signes"), ("characters", 1.0)),
    **dict.fromkeys(("rank", "rang"), ("rank", 1.0)),
    **dict.fromkeys(("networks", "réseaux"), ("networks", 1.0)),
    **dict.fromkeys(("hours", "hour", "heures", "h"), ("minutes", 60.0)),
    **dict.fromkeys(("minutes", "minute", "min", "mn."), ("minutes", 1.0)),
    **dict.fromkeys(("seconds", "second", "secondes", "s"), ("minutes", 1 / 60)),
    **dict.fromkeys(("days", "day", "jours"), ("days", 1.0)),
    **dict.fromkeys(("weeks", "week", "semaines"), ("days", 7.0)),
    **dict.fromkeys(("months", "month", "mois"), ("months", 1.0)),
    **dict.fromkeys(("years", "year", "ans", "années"), ("months", 12.0)),
    **dict.fromkeys(("eur", "€", "euro", "euros"), ("EUR", 1.0)),
    **dict.fromkeys(("usd", "$", "dollar", "dollars", "us$"), ("USD", 1.0)),
    **dict.fromkeys(("gbp", "£", "pounds"), ("GBP", 1.0)),
    **dict.fromkeys(("inr", "₹", "rupees"), ("INR", 1.0)),
    **dict.fromkeys(("chf", "jpy", "cny"), ("money", 1.0)),
}  # fmt: skip
WHOLE = frozenset(
    {"people", "accounts", "messages", "downloads", "installations", "uninstallations", "activations", "devices"}
    | {"visits", "households", "subscriptions", "vehicles", "enrolments", "payments", "notifications", "answers"}
)
"""Things that are counted whole: there are no 1.6 of them, unless it is a mean."""
PERIODS: Mapping[str, str] = {
    **dict.fromkeys(("day", "jour", "daily"), "day"),
    **dict.fromkeys(("week", "semaine"), "week"),
    **dict.fromkeys(("month", "mois"), "month"),
    **dict.fromkeys(("year", "an", "année"), "year"),
    **dict.fromkeys(("hour", "heure"), "hour"),
    **dict.fromkeys(("minute",), "minute"),
    **dict.fromkeys(("second", "seconde"), "second"),
}
SECONDS: Mapping[str, float] = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 7 * 86400.0,
    "month": 365.25 / 12 * 86400.0,
    "year": 365.25 * 86400.0,
}
PER = re.compile(r"\s+(?:per|par|a|each|chaque)\s+|/", re.IGNORECASE)
BASE = re.compile(r"\s+(?:of|de|des|d’|d')\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """
    A unit as it was read.

    Attributes
    ----------
    kind : str
        `share`, `points`, `ratio`, `index`, or what is counted or measured; `count` where only a multiplier is said.
    scale : float
        By which a printed number is multiplied: 0.01 of a percentage, 1,000,000 of millions.
    per : str
        `day`, `month`, `user` and the like; empty where it is no rate.
    """

    kind: str
    scale: float = 1.0
    per: str = ""


def read_unit(text: str) -> Unit | None:
    """
    Read a unit.

    Parameters
    ----------
    text : str
        Such as `%`, `Mio.`, `million unique visitors`, `minutes per day`; letter case is of no account.

    Returns
    -------
    Unit or None
        None where the words are not known.

    Examples
    --------
    >>> read_unit("pct"), read_unit("Mio.")
    (Unit(kind='share', scale=0.01, per=''), Unit(kind='count', scale=1000000.0, per=''))
    >>> read_unit("million downloads"), read_unit("minutes per day").per
    (Unit(kind='downloads', scale=1000000.0, per=''), 'day')
    >>> read_unit("furlongs") is None
    True
    """
    plain = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()).lower()
    known = _plain(plain)
    if known is not None:
        return known
    thing, cut, rate = _cut(plain)
    unit = _plain(thing) if cut else None
    if unit is None:
        return _of_a_base(plain)
    period = PERIODS.get(rate, rate)
    return Unit(kind=unit.kind, scale=unit.scale, per=period)


def convert(value: float, one: Unit, other: Unit) -> float | None:
    """
    Convert a number from one unit to another.

    Parameters
    ----------
    value : float
        In `one`.
    one, other : Unit
        As `read_unit` gives them.

    Returns
    -------
    float or None
        In `other`; None where the two do not measure the same.

    Examples
    --------
    >>> convert(2.5, read_unit("lakh accounts"), read_unit("accounts"))
    250000.0
    >>> convert(1000, read_unit("messages per second"), read_unit("million messages per day"))
    86.4
    >>> convert(3, read_unit("minutes"), read_unit("%")) is None
    True
    """
    pace = pace_between(one.per, other.per)
    if one.kind != other.kind or pace is None:
        return None
    return value * one.scale * pace / other.scale


def pace_between(one: str, other: str) -> float | None:
    """Give by what a rate is multiplied to be one of another period; None where one of them is no period."""
    if one == other:
        return 1.0
    if one in SECONDS and other in SECONDS:
        return SECONDS[other] / SECONDS[one]
    return None


suggest_unit = partial(did_you_mean, known=(*WORDS, *MULTIPLIERS))
"""Offer the nearest unit that is known."""


def _plain(text: str) -> Unit | None:
    """Read a unit that is no rate: a word, a multiplier, or a multiplier and a word."""
    if text in WORDS:
        kind, scale = WORDS[text]
        return Unit(kind=kind, scale=scale)
    first, _, rest = text.partition(" ")
    times = MULTIPLIERS.get(first.rstrip("."))
    if times is None:
        return None
    rest = BASE.sub("", f" {rest}").strip() if rest.startswith(("of ", "de ", "d’", "d'")) else rest
    if not rest:
        return Unit(kind=UNSAID, scale=times)
    after = _plain(rest)
    return None if after is None else Unit(kind=after.kind, scale=times * after.scale)


def _cut(text: str) -> tuple[str, bool, str]:
    found = PER.search(text)
    return (text, False, "") if found is None else (text[: found.start()], True, text[found.end() :].strip())


def _of_a_base(text: str) -> Unit | None:
    """Read a unit that names its base as well, as in `percent of web users`."""
    found = BASE.search(text)
    unit = None if found is None else _plain(text[: found.start()])
    return unit if unit is not None and unit.kind == "share" else None
