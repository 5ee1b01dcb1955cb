"""Which rows of a file are respondents, and how many people each row stands for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.data.codebook import as_number, format_code
from surveys.data.microdata import Microdata
from surveys.data.nonanswers import kind_of
from surveys.data.web_exports import PREVIEWS, UNFINISHED
from surveys.design.rows import Rows

Reason = Literal["preview", "test", "spam", "unfinished"]

REASONS: tuple[Reason, ...] = ("preview", "test", "spam", "unfinished")
LEFT_OUT: Mapping[Reason, Note] = {
    "preview": Note("rows left out that are previews of the questionnaire, not respondents: {n}"),
    "test": Note("rows left out that are tests of the questionnaire, not respondents: {n}"),
    "spam": Note("rows left out that the survey service takes for spam: {n}"),
    "unfinished": Note("respondents left out who did not finish the questionnaire: {n}"),
}
KEPT: Mapping[Reason, Note] = {
    "preview": Note("rows that are previews of the questionnaire and are kept: {n}"),
    "test": Note("rows that are tests of the questionnaire and are kept: {n}"),
    "spam": Note("rows that the survey service takes for spam and that are kept: {n}"),
    "unfinished": Note("respondents who did not finish the questionnaire and are kept: {n}"),
}
QUALTRICS = {
    "startdate",
    "enddate",
    "status",
    "progress",
    "finished",
    "recordeddate",
    "responseid",
    "distributionchannel",
}
LIMESURVEY = {"lastpage", "startlanguage"}
ENOUGH = 4
PREVIEW, TEST, SPAM = 1, 2, 8
"""What the bits of Qualtrics' response type mean; the others tell how an answer came in."""
NOT_FINISHED = ("0", "false", "faux", "no", "non")
MOST = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Respondents:
    """
    The rows of a file that are respondents.

    Attributes
    ----------
    data : Microdata
        Without the rows left out, with notes on them and on those kept though they might have been.
    left_out : mapping of str to int
        Rows left out, by reason; a row is counted under the first of `REASONS` that fits it.
    """

    data: Microdata
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def select_respondents(data: Microdata, keep: Collection[Reason] = ()) -> Respondents:
    """
    Leave out previews, tests, spam and unfinished answers of an export from LimeSurvey or Qualtrics.

    Parameters
    ----------
    data : Microdata
        A file; others than those of the two services are left as they are.
    keep : collection of {"preview", "test", "spam", "unfinished"}
        What is not left out.

    Returns
    -------
    Respondents

    Raises
    ------
    StudyError
        If nobody remains.

    Examples
    --------
    >>> from surveys.data.codebook import Codebook
    >>> frame = pd.DataFrame({"submitdate": ["2013-10-01", None], "lastpage": [2.0, 1.0], "q1": [1.0, 2.0]})
    >>> data = Microdata(place="wave.csv", frame=frame, codebook=Codebook(), lines=np.array([2, 3]))
    >>> found = select_respondents(data)
    >>> len(found.data.frame), dict(found.left_out), str(found.data.notes[0])
    (1, {'unfinished': 1}, 'respondents left out who did not finish the questionnaire: 1')
    """
    reason = _reasons(data)
    counts = {each: int((reason == each).sum()) for each in REASONS}
    found = [each for each in REASONS if counts[each]]
    if not found:
        return Respondents(data=data)
    left_out: dict[str, int] = {each: counts[each] for each in found if each not in keep}
    inside = ~np.isin(reason, list(left_out))
    if not inside.any():
        listed = ", ".join(f"{each} ({n})" for each, n in left_out.items())
        mend = f"Export the answers that count, or set keep = {list(left_out)} for this survey in study.toml"
        raise StudyError.at(data.place, f"no row is a finished answer of a respondent: {listed}", mend)
    told = [Note((LEFT_OUT if each in left_out else KEPT)[each].message, {"n": counts[each]}) for each in found]
    said = {UNFINISHED.message, PREVIEWS.message}
    notes = (*(note for note in data.notes if note.message not in said), *told)
    frame = data.frame[inside].reset_index(drop=True)
    return Respondents(data=replace(data, frame=frame, lines=data.lines[inside], notes=notes), left_out=left_out)


def expand_rows(data: Microdata, column: str) -> Microdata:
    """
    Repeat each row for the people it stands for.

    Parameters
    ----------
    data : Microdata
        A row for each pattern of answers.
    column : str
        Of the number of people in each row.

    Returns
    -------
    Microdata
        A row for each person, called as the row of the file is; rows of nobody are gone.

    Raises
    ------
    StudyError
        If a number is missing, negative or not whole, or all are 0.

    Examples
    --------
    >>> from surveys.data.codebook import Codebook
    >>> frame = pd.DataFrame({"q1": [1.0, 2.0], "n": [3.0, 1.0]})
    >>> data = Microdata(place="wave.csv", frame=frame, codebook=Codebook(), lines=np.array([2, 3]))
    >>> expand_rows(data, "n").frame["q1"].tolist()
    [1.0, 1.0, 1.0, 2.0]
    """
    rows = Rows(data.frame, data.place, data.lines)
    problems = rows.unknown([column]) or _bad_counts(rows, column)
    if problems:
        raise StudyError(*problems)
    where = np.repeat(np.arange(len(data.frame)), data.frame[column].to_numpy(float).astype(np.int64))
    return replace(data, frame=data.frame.iloc[where].reset_index(drop=True), lines=data.lines[where])


def _bad_counts(rows: Rows, column: str) -> list[Problem]:
    problems = rows.not_numbers(column, "number of people")
    if problems:
        return problems
    counts = rows.frame[column].to_numpy(float)
    for wrong, what in (
        (np.isnan(counts), "there is no number of people"),
        (counts < 0, "the number of people is negative"),
        (np.isfinite(counts) & (counts >= 0) & (counts != np.floor(counts)), "the number of people is not whole"),
        (np.isposinf(counts), "the number of people is infinite"),
    ):
        if wrong.any():
            mend = "Correct the cell; a weight that is no number of people belongs to the key weight"
            problems.append(Problem(rows.at(wrong, column), what, mend))
    if problems:
        return problems
    total, place = counts.sum(), f"{rows.place}, column '{column}'"
    if total == 0:
        return [Problem(place, "all numbers of people are 0", "Name the column of the numbers of people")]
    if total > MOST:
        mend = "Give the numbers as weight if they are those of a population, not of a sample"
        return [Problem(place, f"the rows stand for {total:,.0f} people, more than {MOST:,}", mend)]
    return []


def _reasons(data: Microdata) -> NDArray[np.object_]:
    """Give the first reason to leave out each row, None for respondents."""
    reason = np.full(len(data.frame), None, dtype=object)
    names = {_folded(data, str(name)): str(name) for name in data.frame.columns}
    marked: Mapping[Reason, NDArray[np.bool_]] = {}
    if data.origins or len(QUALTRICS & names.keys()) >= ENOUGH:
        marked = _qualtrics(data, names)
    elif "submitdate" in names and LIMESURVEY & names.keys():
        marked = {"unfinished": _blank(data.frame[names["submitdate"]])}
    for each in reversed([each for each in REASONS if each in marked]):
        reason[marked[each]] = each
    return reason


def _folded(data: Microdata, name: str) -> str:
    """Give the identifier that Qualtrics has for a column, or else the column's name."""
    return data.origins.get(name, name).strip().lstrip("_").casefold()


def _qualtrics(data: Microdata, names: Mapping[str, str]) -> dict[Reason, NDArray[np.bool_]]:
    types, channels = _said(data, names.get("status")), _said(data, names.get("distributionchannel"))
    finished, progress = _said(data, names.get("finished")), _said(data, names.get("progress"))
    if not names.get("finished"):
        ended = [as_number(said) < 100 for said in progress]
    else:
        ended = [said in NOT_FINISHED for said in finished]
    return {
        "preview": _either(types, PREVIEW, channels, ("preview", "aperçu")),
        "test": _either(types, TEST, channels, ("test",)),
        "spam": _either(types, SPAM, [""] * len(types), ("spam",)),
        "unfinished": np.array(ended, bool),
    }


def _either(types: Sequence[str], bit: int, channels: Sequence[str], words: Sequence[str]) -> NDArray[np.bool_]:
    return np.array(
        [_is_of_type(said, bit, words) or channel in words for said, channel in zip(types, channels, strict=True)], bool
    )


def _is_of_type(said: str, bit: int, words: Sequence[str]) -> bool:
    number = as_number(said)
    if np.isfinite(number) and number.is_integer() and number >= 0:
        return bool(int(number) & bit)
    return any(word in said for word in words)


def _said(data: Microdata, name: str | None) -> list[str]:
    """Give the cells of a column as folded text, by their labels where the file has them; blanks for no column."""
    if name is None:
        return [""] * len(data.frame)
    item = data.codebook[name]
    return [
        "" if pd.isna(value) else (item.label_of(value) or format_code(value)).strip().casefold()
        for value in data.frame[name]
    ]


def _blank(column: pd.Series) -> NDArray[np.bool_]:
    written = column.map(lambda value: isinstance(value, str) and kind_of(value) == "blank")
    return np.asarray(column.isna() | written, bool)
