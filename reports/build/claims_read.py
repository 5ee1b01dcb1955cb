"""How each claim of a study was read: what its file says, what was inferred, and the verdict."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.results.study import StudyResults
from surveys.claims.check import CheckedClaim
from surveys.study.claims import Claim
from surveys.study.file import STUDY_FILE, read_study

INFERRED = ("id", "unit", "says", "value", "half_unit", "measure", "of", "date")


def tell_claims(folder: Path) -> list[str]:
    """
    Tell how each claim was read, in English, a block of lines each.

    Parameters
    ----------
    folder : Path
        Where `study.toml` lies.

    Returns
    -------
    list of str
        For each claim its name and verdict, what was inferred, how its evidence was read, and its interval.

    Raises
    ------
    StudyError
        If the study or its figures cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> print(tell_claims(example_folder("twitter_france"))[0])
    a-third-know-twitter: consistent: the value claimed lies within the interval of the figures (28.0% [24.8%, 31.4%], n = 1,015)
      inferred: unit = share, says = almost, value = 0.333333, half_unit = 0
      read as: ifop_w3_twitter_aware
    """  # noqa: E501
    study = read_study(folder)
    raw = tomllib.loads((folder / STUDY_FILE).read_text(encoding="utf-8-sig")).get("claim", [])
    checked = StudyResults(study).claims
    return ["\n".join(_lines(one, given)) for one, given in zip(checked, raw, strict=True)]


def _lines(checked: CheckedClaim, given: Mapping[str, Any]) -> Iterator[str]:
    yield f"{checked.claim.id}: {checked.summary()}"
    inferred = ", ".join(_inferred(checked.claim, given))
    if inferred:
        yield f"  inferred: {inferred}"
    for reading in checked.readings:
        formula, inputs = reading.reading.formula, reading.reading.inputs
        names = ", ".join(name if formula is None else f"{letter} = {name}" for letter, name in inputs.items())
        yield f"  read as: {names if formula is None else f'{formula}, where {names}'}"


def _inferred(claim: Claim, given: Mapping[str, Any]) -> Iterator[str]:
    """Name the keys that the file leaves out, or says in words."""
    for key in INFERRED:
        value = getattr(claim, key)
        if value in (None, "") or (key in given and not isinstance(given[key], str)):
            continue
        if given.get(key, "equals" if key == "says" else None) != value:
            yield f"{key} = {value:g}" if isinstance(value, float) else f"{key} = {value}"
