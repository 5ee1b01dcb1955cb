"""Claims written short: a number in words, evidence as a formula over figures, the rest inferred."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from surveys.study.claim_words import carried, read_said
from surveys.study.units import UNSAID, read_unit, suggest_unit

BOUNDS = ("more than", "less than", "at least", "at most", "none exceeds", "fastest")
CANONICAL = ("share", "points", "ratio")
FUNCTIONS = ("sqrt", "log", "log2", "log10", "exp")
ARROW = re.compile(r"\s*(?:->|→)\s*")
NAME = re.compile(r"[A-Za-z_][\w.]*")
LONGEST_ID = 48


def expand_claim(raw: Mapping[str, Any]) -> dict[str, Any]:
    """
    Fill in what a claim written short leaves out.

    Parameters
    ----------
    raw : mapping
        Table of `study.toml`: `value` may be words, `evidence` names figures or joins them.

    Returns
    -------
    dict
        The same with a plain `value`, `unit`, `half_unit`, `reading` and `id`.

    Raises
    ------
    ValueError
        If a number or a unit cannot be read, or evidence and readings are both given.

    Examples
    --------
    >>> short = expand_claim({"statement": "It lost 82% of users.", "value": "82 %", "says": "fell by",
    ...                       "evidence": "peak -> july"})
    >>> short["id"], short["value"], short["reading"]
    ('it-lost-82-of-users', 0.82, [{'inputs': {'a': 'peak', 'b': 'july'}, 'formula': '1 - b / a'}])
    """
    claim = dict(raw)
    if isinstance(claim.get("value"), str):
        _read_value(claim)
    _read_unit(claim)
    if claim.get("half_unit") is None and isinstance(claim.get("value"), int | float):
        bound = claim.get("says") in (*BOUNDS, "almost")
        claim["half_unit"] = 0.0 if bound else carried(float(claim["value"]), str(claim.get("unit", "share")))
    if claim.get("half_unit") is None:
        claim.pop("half_unit", None)
    if "evidence" in claim:
        if claim.get("reading"):
            raise ValueError("evidence and reading are both given; leave out evidence")
        said = claim.pop("evidence")
        claim["reading"] = [_reading(text, claim) for text in ([said] if isinstance(said, str) else said)]
    if "id" not in claim and "statement" in claim:
        claim["id"] = _identifier(claim["statement"])
    return claim


def _read_value(claim: dict[str, Any]) -> None:
    said = read_said(claim["value"])
    if said.unit and claim.setdefault("unit", said.unit) != said.unit:
        raise ValueError(f"value is in {said.unit}, and unit says {claim['unit']}; leave out unit")
    if said.says and claim.setdefault("says", said.says) not in (said.says, "equals"):
        raise ValueError(f"value says '{said.says}', and says is '{claim['says']}'; leave one out")
    claim["value"] = said.value
    claim.setdefault("unit", UNSAID)
    claim.setdefault("half_unit", said.half_unit)


def _read_unit(claim: dict[str, Any]) -> None:
    """Bring the numbers of a claim to the unit that its kind is kept in."""
    said = claim.get("unit", "share")
    if not isinstance(said, str) or said in (*CANONICAL, UNSAID):
        return
    unit = read_unit(said)
    if unit is None:
        mend = suggest_unit(said, otherwise="")
        if mend:
            raise ValueError(f"got '{said}' for 'unit'. {mend}")
        return
    for name in ("value", "low", "high", "half_unit"):
        if isinstance(claim.get(name), int | float) and unit.scale != 1:
            claim[name] = round(claim[name] * unit.scale, 12)
    claim["unit"] = f"{unit.kind} per {unit.per}" if unit.per else unit.kind


def _reading(text: str, claim: Mapping[str, Any]) -> dict[str, Any]:
    ends = ARROW.split(text.strip())
    if len(ends) == 2:
        return {"inputs": {"a": ends[0], "b": ends[1]}, "formula": _change(claim)}
    if not re.search(r"\s[-+*/^]\s|[(*/]", text):
        return {"inputs": {"a": text.strip()}}
    names = [name for name in dict.fromkeys(NAME.findall(text)) if name not in FUNCTIONS]
    letters = {name: f"x{i}" for i, name in enumerate(names, start=1)}
    formula = NAME.sub(lambda found: letters.get(found[0], found[0]), text.strip())
    return {"inputs": {letter: name for name, letter in letters.items()}, "formula": formula}


def _change(claim: Mapping[str, Any]) -> str:
    """Give the formula of a change from a to b, in the unit and along the direction of the claim."""
    falls = claim.get("says") == "fell by"
    match claim.get("unit", "share"):
        case "points":
            return "a - b" if falls else "b - a"
        case "ratio":
            return "a / b" if falls else "b / a"
        case "share":
            return "1 - b / a" if falls else "b / a - 1"
    return "a - b" if falls else "b - a"


def _identifier(statement: Any) -> str:
    """Make a name of the sentence, in English where it is given."""
    said = statement if isinstance(statement, str) else str(statement.get("en") or next(iter(statement.values()), ""))
    plain = unicodedata.normalize("NFKD", said).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or "claim"
