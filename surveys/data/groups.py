"""From codes and numbers to the levels of a group, such as age bands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from surveys.core.errors import Problem
from surveys.core.results import Note, NoteValue
from surveys.data.answers import UNASKED, UNASKED_IN_WAVE
from surveys.data.codebook import Code, Item, as_number, distinct_codes, format_code, is_code, same_code
from surveys.data.nonanswers import described, kind_of_code
from surveys.design.rows import shortened, some
from surveys.study.fields import Label, Language
from surveys.study.schema import Group

FEW = 5
LONGEST = 200
NO_LEVEL = "respondents without an answer to “{group}”, who stand in none of its levels: {n} of {of}"
NO_LEVEL_IN_WAVE = "{wave}: respondents without an answer to “{group}”, who stand in none of its levels: {n} of {of}"
MARKUP = re.compile(r"[<>{}\\$\x00-\x1f\x7f-\x9f]|\.\.[/\\]")


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """
    The level of each respondent.

    Attributes
    ----------
    names : tuple of str
        Levels in the order of the study file, then of the codebook, then of the codes.
    position : ndarray of int, shape (n,)
        Index in `names` of each respondent, -1 for none.
    """

    names: tuple[str, ...]
    position: NDArray[np.intp]

    def labels(self) -> NDArray[np.object_]:
        """Give the level of each respondent as text, None for none, shape (n,)."""
        return np.array([*self.names, None], dtype=object)[self.position]


def in_language(label: Label, language: Language) -> str:
    """
    Give a label in a language, or in the first it has.

    Parameters
    ----------
    label : str or dict
        As the study file writes it.
    language : {"fr", "en"}

    Returns
    -------
    str

    Examples
    --------
    >>> in_language({"fr": "Femmes", "en": "Women"}, "en")
    'Women'
    """
    return label if isinstance(label, str) else label.get(language) or next(iter(label.values()))


def name_wave(notes: Iterable[Note], wave: str) -> list[Note]:
    """
    Say of which wave respondents were counted, where notes of several waves stand together.

    Examples
    --------
    >>> [str(note) for note in name_wave([Note(NO_LEVEL, {"n": 1, "of": 9, "group": "sex"})], "2009-06")]
    ['2009-06: respondents without an answer to “sex”, who stand in none of its levels: 1 of 9']
    """
    named = {NO_LEVEL: NO_LEVEL_IN_WAVE, UNASKED: UNASKED_IN_WAVE}
    return [
        Note(named[note.message], {**note.values, "wave": wave}) if note.message in named else note for note in notes
    ]


def band_names(bands: Sequence[float]) -> tuple[str, ...]:
    """
    Name bands by their limits.

    Parameters
    ----------
    bands : sequence of float
        Lower limits, rising; the last band has no upper one.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> band_names([18, 25, 35]), band_names([0, 0.5])
    (('18-24', '25-34', '35+'), ('0 to below 0.5', '0.5+'))
    """
    whole = all(float(limit).is_integer() for limit in bands)
    closed = [
        f"{low:g}-{high - 1:g}" if whole and high - low > 1 else f"{low:g}" if whole else f"{low:g} to below {high:g}"
        for low, high in pairwise(bands)
    ]
    return (*closed, f"{bands[-1]:g}+")


def classify(
    values: NDArray[np.generic], group: Group, item: Item, place: str, language: Language, *, name: str = ""
) -> tuple[Levels, list[Problem], list[Note]]:
    """
    Put each respondent in a level.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Codes or numbers as stored.
    group : Group
        Bands or levels, as the study file states them.
    item : Item
        Labels of the codes, as the data file states them.
    place : str
        File and column, for messages.
    language : {"fr", "en"}
        Of the names of the levels.
    name : str
        Of the group, for notes; that of the item without it.

    Returns
    -------
    levels : Levels
    problems : list of Problem
        Codes that have no level, text where bands need numbers, and codes that look like no answer and are
        neither levels nor missing in the study.
    notes : list of Note
        Respondents who have no answer or are below the first band, and levels that a reader should know
        more about.

    Examples
    --------
    >>> age = Group(item="age", bands=(18, 25, 35))
    >>> levels, problems, _ = classify(np.array([19.0, 40.0, 25.0]), age, Item(name="age"), "wave.csv", "en")
    >>> levels.labels().tolist(), problems
    (['18-24', '35+', '25-34'], [])
    """
    found, where = distinct_codes(values)
    codes = [code for code in found if code is not None]
    stored = np.array(codes, dtype=values.dtype)
    counted = ~(is_code(stored, group.missing) | item.is_missing(stored))
    if not counted.any():
        return Levels((), np.full(len(values), -1)), [Problem(place, "the column has no answer", "Name another")], []
    kept = [code for code, counts in zip(codes, counted, strict=True) if counts]
    step = _banded if group.bands else _labelled
    names, level, problems, notes = step(kept, group, item, place, language)
    position = np.full(len(codes) + 1, -1)
    position[:-1][counted] = level
    levels = Levels(tuple(names), position[where])
    problems += _no_answers([code for code in kept if not _named(code, group)], item, place)
    unanswered = int((~np.append(counted, False))[where].sum())
    below = int((levels.position < 0).sum()) - unanswered
    if below:
        message = "respondents below the first band of '{item}', who are in none: {n}"
        notes.append(Note(message, {"n": below, "item": item.name}))
    if unanswered:
        told: dict[str, NoteValue] = {"n": unanswered, "of": len(values), "group": name or item.name}
        notes.append(Note(NO_LEVEL, told))
    return levels, problems, [*notes, *_few(levels, item.name)]


def _named(code: Code, group: Group) -> bool:
    return any(same_code(key, code) for key in group.levels)


def _no_answers(codes: Sequence[Code], item: Item, place: str) -> list[Problem]:
    """Ask about codes that look like no answer and would be levels, or numbers in a band."""
    doubtful = [described(code, item) for code in codes if kind_of_code(code, item)]
    if not doubtful:
        return []
    mend = f"List them under missing for the group of '{item.name}' in study.toml, or under levels if they are"
    return [Problem(place, f"codes that look like no answer: {some(doubtful)}", mend)]


Found = tuple[list[str], list[int], list[Problem], list[Note]]


def _banded(codes: list[Code], group: Group, item: Item, place: str, language: Language) -> Found:
    numbers = [as_number(code) for code in codes]
    names = list(band_names(group.bands))
    text = [f"'{code}'" for code, number in zip(codes, numbers, strict=True) if np.isnan(number)]
    level = (np.searchsorted(group.bands, numbers, "right") - 1).tolist()
    if not text:
        return names, level, [], []
    mend = f"Correct the cells, or list them under missing for the group of '{item.name}' in study.toml"
    return names, level, [Problem(place, f"got {some(text)}, expected numbers", mend)], []


def _labelled(codes: list[Code], group: Group, item: Item, place: str, language: Language) -> Found:
    listed = [code for key in (*group.levels, *item.codes) for code in codes if same_code(key, code)]
    ordered = list(dict.fromkeys([*listed, *codes]))
    named = {code: _name(code, group, item, language) for code in ordered}
    unknown = [format_code(code) for code in ordered if named[code] is None]
    raw = {code: name if name is not None else format_code(code) for code, name in named.items()}
    shown = _shown(list(dict.fromkeys(raw.values())))
    names = list(shown.values())
    problems = []
    if unknown:
        mend = f"List them under levels or missing for the group of '{item.name}' in study.toml"
        problems.append(Problem(place, f"codes without a level: {some(unknown)}", mend))
    notes = _alike(names, item.name)
    if any(len(name) > LONGEST for name in shown):
        notes.append(Note("labels of '{item}' beyond {n} characters are cut", {"item": item.name, "n": LONGEST}))
    if any(MARKUP.search(name) for name in shown):
        notes.append(Note("labels of '{item}' hold markup or control characters, printed as text", {"item": item.name}))
    return names, [names.index(shown[raw[code]]) for code in codes], problems, notes


def _shown(labels: Sequence[str]) -> dict[str, str]:
    """Cut long labels and blank out control characters, keeping apart those that differed."""
    shown: dict[str, str] = {}
    for label in labels:
        plain = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in label)
        name = short = plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
        copies = 1
        while name in shown.values():
            copies += 1
            name = f"{short} ({copies})"
        shown[label] = name
    return shown


def _name(code: Code, group: Group, item: Item, language: Language) -> str | None:
    for key, given in group.levels.items():
        if same_code(key, code):
            return in_language(given, language)
    label = item.label_of(code)
    return label if label is not None else None if group.levels else format_code(code)


def _alike(names: Sequence[str], item: str) -> list[Note]:
    """Tell which labels people would read as the same."""
    seen: dict[str, str] = {}
    for name in names:
        folded = "".join(unicodedata.normalize("NFKC", name).casefold().split()).strip(".\u200b").replace("ı", "i")
        if folded in seen:
            return [
                Note(
                    "labels '{one}' and '{other}' of '{item}' look alike and are kept apart",
                    {"one": seen[folded], "other": name, "item": item},
                )
            ]
        seen[folded] = name
    return []


def _few(levels: Levels, item: str) -> list[Note]:
    counts = np.bincount(levels.position[levels.position >= 0], minlength=len(levels.names))
    few = [f"{name} ({count})" for name, count in zip(levels.names, counts, strict=True) if 0 < count < FEW]
    return (
        [Note("levels of '{item}' with very few respondents: {levels}", {"item": item, "levels": shortened(few)})]
        if few
        else []
    )
