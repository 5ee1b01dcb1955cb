"""Headers and codebooks of exports from online survey services: LimeSurvey and Qualtrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from surveys.core.results import Note
from surveys.data.codebook import Codebook, Item, ResponseSet, distinct_codes, format_code

Service = Literal["", "limesurvey", "qualtrics"]

LIMESURVEY_COLUMNS = {"submitdate", "lastpage", "startlanguage"}
CODE_AND_TEXT = re.compile(r"\s*([A-Za-z]\w*(?:\[[^\]]*\])*)\.\s(.*)", re.DOTALL)
SUBQUESTION = re.compile(r"([A-Za-z]\w*)\[(\w+)\]")
IMPORTED_CHOICE = re.compile(r"(QID\d+)_(\d+)")
TICKED = {"1", "y", "yes", "oui"}
UNFINISHED = Note("respondents who did not finish the questionnaire: {n}")
PREVIEWS = Note("rows that are tests of the questionnaire, not respondents: {n}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """
    What the first rows of a table say about its columns.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    labels : mapping of str to str
        The question behind a column, where a row or the header itself gives it.
    imported : mapping of str to str
        Identifiers that Qualtrics gives in its third row.
    service : {"", "limesurvey", "qualtrics"}
        What exported the table; empty where it says nothing of it.
    n_rows : int
        Rows before the first respondent.
    """

    names: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    imported: Mapping[str, str] = field(default_factory=dict)
    service: Service = ""
    n_rows: int = 1


def read_heading(rows: Sequence[Sequence[str]]) -> Heading:
    r"""
    Read the header of a table.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows; three are enough.

    Returns
    -------
    Heading
        Three rows where the third is that of Qualtrics' identifiers; one otherwise. Names of LimeSurvey's
        columns lose the question, where it follows the code.

    Examples
    --------
    >>> heading = read_heading([["submitdate. Date submitted", "lastpage. Last page", "q1. Heard of it?"]])
    >>> heading.names, heading.labels["q1"]
    (('submitdate', 'lastpage', 'q1'), 'Heard of it?')
    """
    names = tuple(cell.strip() for cell in rows[0])
    if len(rows) >= 3 and len(rows[1]) == len(rows[2]) == len(names):
        imported = [_import_id(cell) for cell in rows[2]]
        if imported and all(found is not None for found in imported):
            return Heading(
                names=names,
                labels={name: " ".join(cell.split()) for name, cell in zip(names, rows[1], strict=True)},
                imported={name: found or "" for name, found in zip(names, imported, strict=True)},
                service="qualtrics",
                n_rows=3,
            )
    split = [CODE_AND_TEXT.fullmatch(name) for name in names]
    codes = [found.group(1) if found else name for found, name in zip(split, names, strict=True)]
    if len(LIMESURVEY_COLUMNS.intersection(codes)) < 2:
        return Heading(names=names)
    labels = {found.group(1): " ".join(found.group(2).split()) for found in split if found}
    return Heading(names=tuple(codes), labels=labels, service="limesurvey")


def _import_id(cell: str) -> str | None:
    try:
        found = json.loads(cell)
    except ValueError:
        return None
    return str(found["ImportId"]) if isinstance(found, dict) and "ImportId" in found else None


def describe_export(frame: pd.DataFrame, heading: Heading) -> tuple[Codebook, tuple[Note, ...]]:
    """
    Give the codebook of an export, and what it says about its rows.

    Parameters
    ----------
    frame : DataFrame
        One row per respondent.
    heading : Heading
        Of the table.

    Returns
    -------
    codebook : Codebook
        Questions as labels; columns of one question of which each holds one answer, ticked or blank, are
        a set of responses.
    notes : tuple of Note
        Respondents who did not finish, and tests of the questionnaire; none is left out.

    Examples
    --------
    >>> names = ("submitdate", "lastpage", "q1[a]", "q1[b]")
    >>> frame = pd.DataFrame([["2013-10-01", 2, "Y", None], [None, 1, None, "Y"]], columns=names)
    >>> codebook, notes = describe_export(frame, Heading(names=names, service="limesurvey"))
    >>> codebook.sets["q1"].items, str(notes[0])
    (('q1[a]', 'q1[b]'), 'respondents who did not finish the questionnaire: 1')
    """
    items = {str(name): Item(name=str(name), label=heading.labels.get(str(name), "")) for name in frame.columns}
    sets = {found.name: found for found in _sets(frame, heading)}
    return Codebook(items, sets), tuple(_about_rows(frame, heading))


def _sets(frame: pd.DataFrame, heading: Heading) -> Iterator[ResponseSet]:
    members: dict[str, list[str]] = {}
    for name in heading.names:
        found = (
            SUBQUESTION.fullmatch(name)
            if heading.service == "limesurvey"
            else IMPORTED_CHOICE.fullmatch(heading.imported.get(name, ""))
        )
        if found and name in frame.columns:
            members.setdefault(found.group(1), []).append(name)
    for stem, names in members.items():
        ticked = [name for name in names if _is_tick(frame[name], heading.labels.get(name, ""))]
        if len(ticked) < 2 or len(ticked) < len(names) - 1:
            continue
        name = stem if heading.service == "limesurvey" else ticked[0].rpartition("_")[0]
        yield ResponseSet(
            name=name, label=_common([heading.labels.get(one, "") for one in ticked]), items=tuple(ticked)
        )


def _is_tick(column: pd.Series, label: str) -> bool:
    """Tell whether a column is blank but for one value, which means that the answer was ticked."""
    codes = [code for code in distinct_codes(column.to_numpy())[0] if code is not None]
    if len(codes) != 1 or not column.isna().any():
        return False
    said = format_code(codes[0])
    return said.casefold() in TICKED or (bool(label) and label.endswith(said))


def _common(labels: Sequence[str]) -> str:
    """Give the question that several labels begin with."""
    shared = labels[0]
    for label in labels[1:]:
        while not label.startswith(shared):
            shared = shared[:-1]
    return re.sub(r"[\s\-\[(:]*(?:Selected Choice)?[\s\-\[(:]*$", "", shared)


def _about_rows(frame: pd.DataFrame, heading: Heading) -> Iterator[Note]:
    if heading.service == "limesurvey" and "submitdate" in frame.columns:
        unfinished = int(frame["submitdate"].isna().sum())
        if unfinished:
            yield Note(UNFINISHED.message, {"n": unfinished})
    if heading.service == "qualtrics":
        finished = _said(frame, "finished", heading)
        unfinished = sum(value in ("0", "false", "faux") for value in finished)
        if unfinished:
            yield Note(UNFINISHED.message, {"n": unfinished})
        previews = sum(
            value in ("1", "survey preview", "survey test", "2") for value in _said(frame, "status", heading)
        )
        if previews:
            yield Note(PREVIEWS.message, {"n": previews})


def _said(frame: pd.DataFrame, identifier: str, heading: Heading) -> list[str]:
    """Give the values of one of Qualtrics' own columns, whatever it is called."""
    name = next((name for name, found in heading.imported.items() if found == identifier), None)
    if name is None or name not in frame.columns:
        return []
    return [format_code(value).casefold() for value in frame[name] if not pd.isna(value)]
