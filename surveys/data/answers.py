"""From codes to yes, no and no answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import Problem, nearest
from surveys.core.results import Note, NoteValue
from surveys.data.codebook import Code, Item, as_number, distinct_codes, format_code, is_code, same_code
from surveys.data.nonanswers import described, kind_of_code
from surveys.design.rows import shortened, some
from surveys.study.fields import Answer
from surveys.study.schema import Recall

OTHERS_ARE_NO = "“{question}”: every answer other than {answers} counts as no, such as {others}"
UNASKED = "“{question}”: answers that say {answers} count as questions that were not asked: {n}"
UNASKED_IN_WAVE = "{wave}, “{question}”: answers that say {answers} count as questions that were not asked: {n}"


def as_answer(question: Answer | Recall) -> Answer:
    """
    Ask of a recall question whether people left at all.

    Parameters
    ----------
    question : Answer or Recall
        As the study file states it.

    Returns
    -------
    Answer
        A recall question's bands mean yes, its `still` no, and no other code is known.

    Examples
    --------
    >>> left = as_answer(Recall(item="q3", bands={"1": "0-7 d", "2": "7-30 d"}, still=(9,)))
    >>> left.yes, left.no
    (('1', '2'), (9,))
    """
    if isinstance(question, Answer):
        return question
    return Answer(
        item=question.item,
        yes=tuple(question.bands),
        no=question.still,
        missing=question.missing,
        not_asked=question.not_asked,
    )


def decode(
    values: NDArray[np.generic], answer: Answer, item: Item, place: str
) -> tuple[Floats, list[Problem], list[Note]]:
    """
    Decode an item into yes, no and no answer.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Codes as stored: floats with NaN, or objects that are text or None.
    answer : Answer
        What the codes mean, as the study file states it.
    item : Item
        What they mean, as the data file states it.
    place : str
        File and column, for messages.

    Returns
    -------
    indicator : ndarray of float, shape (n,)
        1 for yes, 0 for no, NaN for no answer; to be used only where there is no problem.
    problems : list of Problem
        Cells that cannot be decoded.
    notes : list of Note
        Answers that mean no without having been listed, where there are several; and texts such as `NA` that
        count as a question that was not asked, where the study says what that means.

    Examples
    --------
    >>> heard = Answer(item="q1", yes=(1,), no=(2,), missing=(9,))
    >>> decode(np.array([1.0, 2.0, 9.0]), heard, Item(name="q1"), "wave.csv, column 'q1'")
    (array([ 1.,  0., nan]), [], [])
    """
    found, where = distinct_codes(values)
    codes = [code for code in found if code is not None]
    counts = np.bincount(where, minlength=len(found))
    stored = np.array(codes, dtype=values.dtype)
    yes = is_code(stored, answer.yes)
    missing = (is_code(stored, answer.missing) | item.is_missing(stored)) & ~yes
    unlisted = [
        code
        for code, decided in zip(codes, yes | missing, strict=True)
        if not decided and not any(same_code(code, known) for known in answer.no)
    ]
    unasked = _unasked(unlisted, answer, item)
    unlisted = [code for code in unlisted if code not in unasked]
    blank = (where == len(codes)) | is_code(values, unasked)
    shown = {code: f"{format_code(code)} ({_people(count)})" for code, count in zip(codes, counts, strict=False)}
    strange = _strange(unlisted, answer, item)
    problems = [
        *_blank(blank, answer, place),
        *_unexplained(strange, shown, answer, item, place),
        *_no_answers([code for code in unlisted if code not in strange[0]], counts, codes, item, place),
        *_absent(codes, answer, item, place),
    ]
    notes = [_as_unasked(unasked, counts, codes, item)] if unasked else []
    if len(unlisted) > 1 and not answer.no:
        yeses, others = (shortened([_answer(code, item) for code in each]) for each in (answer.yes, unlisted))
        told: dict[str, NoteValue] = {"question": item.label or item.name, "answers": yeses, "others": others}
        notes.append(Note(OTHERS_ARE_NO, told))
    unsaid = 0.0 if answer.not_asked == "no" else np.nan
    meaning = np.append(np.where(missing, np.nan, yes.astype(float)), unsaid)
    meaning[:-1][is_code(stored, unasked)] = unsaid
    return meaning[where], problems, notes


def was_asked(values: NDArray[np.generic], answer: Answer, item: Item) -> NDArray[np.bool_]:
    """
    Tell who was asked: whoever gave any answer, be it that there is none.

    Parameters
    ----------
    values, answer, item
        As for `decode`.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for blank cells, and for those such as `NA` or `Not asked` that count as blank.

    Examples
    --------
    >>> heard = Answer(item="q1", yes=(1,), missing=(9,), not_asked="missing")
    >>> was_asked(np.array(["1", "9", "NA", None], dtype=object), heard, Item(name="q1")).tolist()
    [True, True, False, False]
    """
    found, where = distinct_codes(values)
    codes = [code for code in found if code is not None]
    stored = np.array(codes, dtype=values.dtype)
    decided = is_code(stored, (*answer.yes, *answer.no, *answer.missing)) | item.is_missing(stored)
    unlisted = [code for code, known in zip(codes, decided, strict=True) if not known]
    return (where < len(codes)) & ~is_code(values, _unasked(unlisted, answer, item))


def _unasked(unlisted: Sequence[Code], answer: Answer, item: Item) -> list[Code]:
    """List the codes that stand for a blank cell or a question not asked, where the study says what that means."""
    if answer.not_asked is None:
        return []
    return [code for code in unlisted if kind_of_code(code, item) in ("blank", "not asked")]


def _blank(blank: NDArray[np.bool_], answer: Answer, place: str) -> list[Problem]:
    if blank.all():
        return [Problem(place, "the column is empty", "Name the column that holds the answers")]
    if not blank.any() or answer.not_asked is not None:
        return []
    return [
        Problem(
            place,
            f"{blank.sum()} of {len(blank)} cells are blank, and study.toml does not say what that means",
            "Set not_asked = 'no' if a blank means no, so that these people stay in the base, "
            "or not_asked = 'missing' to leave them out",
        )
    ]


def _strange(unlisted: Sequence[Code], answer: Answer, item: Item) -> tuple[list[Code], str]:
    """List the codes that neither the study nor the codebook explains, and say what is strange about them."""
    labelled = any(not _declared(code, answer, item) for code in item.codes)
    if answer.no:
        return list(unlisted), "not listed in study.toml"
    if labelled:
        return [code for code in unlisted if item.label_of(code) is None], "without a label in the file"
    if not np.isnan([as_number(code) for code in answer.yes]).any():
        return [code for code in unlisted if np.isnan(as_number(code))], "that are not numbers"
    return [], ""


def _unexplained(
    strange: tuple[list[Code], str], shown: dict[Code, str], answer: Answer, item: Item, place: str
) -> list[Problem]:
    codes, what = strange
    if not codes:
        return []
    mend = f"Correct the cells, or list the codes under yes, no or missing for '{item.name}' in study.toml"
    return [Problem(place, f"codes {what}: {some([shown[code] for code in codes])}", mend)]


def _no_answers(
    unlisted: Sequence[Code], counts: NDArray[np.intp], codes: Sequence[Code], item: Item, place: str
) -> list[Problem]:
    """Ask about codes that look like no answer and would be counted as no."""
    doubtful = [code for code in unlisted if kind_of_code(code, item)]
    if not doubtful:
        return []
    shown = [f"{described(code, item)} ({_people(int(counts[codes.index(code)]))})" for code in doubtful]
    unasked = any(kind_of_code(code, item) != "no answer" for code in doubtful)
    mend = f"List them under missing for '{item.name}' in study.toml, or under no if they mean no"
    more = "; not_asked says what a question that was not asked means" if unasked else ""
    return [Problem(place, f"codes that look like no answer: {some(shown)}", f"{mend}{more}")]


def _as_unasked(unasked: Sequence[Code], counts: NDArray[np.intp], codes: Sequence[Code], item: Item) -> Note:
    n = int(sum(counts[codes.index(code)] for code in unasked))
    said = shortened([_answer(code, item) for code in unasked])
    return Note(UNASKED, {"question": item.label or item.name, "n": n, "answers": said})


def _answer(code: Code, item: Item) -> str:
    label = item.label_of(code)
    return label if label else format_code(code)


def _absent(found: Sequence[Code], answer: Answer, item: Item, place: str) -> list[Problem]:
    """Tell which codes that mean yes are known neither to the file nor to its codebook, but misspelt."""
    problems = []
    present = [format_code(code) for code in found]
    for code in answer.yes:
        if any(same_code(code, other) for other in [*item.codes, *present]):
            continue
        known = [f"{format_code(other)} ({label})" for other, label in item.codes.items()]
        close = nearest(code, present) if isinstance(code, str) else None
        if known:
            mend = f"Correct yes for '{item.name}' in study.toml; the codes are {some(known, 12)}"
        elif close:
            mend = f"Did you mean '{close}'?"
        else:
            continue
        problems.append(
            Problem(place, f"no respondent has code {format_code(code)}, which study.toml counts as yes", mend)
        )
    return problems


def _declared(code: Code, answer: Answer, item: Item) -> bool:
    return any(same_code(code, known) for known in (*item.missing_codes, *answer.missing))


def _people(count: int) -> str:
    return "1 respondent" if count == 1 else f"{count} respondents"
