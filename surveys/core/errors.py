"""Errors written for the person holding the file: where, what, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from surveys.core.results import NOT_ESTIMABLE, Note


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong, in three parts.

    Attributes
    ----------
    place : str
        Where: file, then row, column or key, as the person sees them.
    what : str
        What was found, and what was expected.
    mend : str
        How to put it right.

    Examples
    --------
    >>> print(Problem("responses.csv, row 418, column 'heard'", "got 9, expected 1 or 2", "Correct the cell"))
    responses.csv, row 418, column 'heard': got 9, expected 1 or 2. Correct the cell.
    """

    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        """Say it in one line."""
        line = f"{self.place}: {self.what}. {self.mend}{'' if self.mend.endswith('?') else '.'}"
        return " ".join("".join(c if c.isprintable() else "�" for c in line).split())


class ProblemError(ValueError):
    """
    One or more problems, gathered so that all can be mended at once.

    Parameters
    ----------
    *problems : Problem
        At least one, in the order in which a reader meets them.

    Examples
    --------
    >>> raise StudyError(Problem("study.toml", "file not found", "Create it with 'churn init'"))
    Traceback (most recent call last):
    surveys.core.errors.StudyError: study.toml: file not found. Create it with 'churn init'.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))

    @classmethod
    def at(cls, place: str, what: str, mend: str) -> Self:
        """Build the error for a single problem."""
        return cls(Problem(place, what, mend))


class StudyError(ProblemError):
    """The study file or its data cannot be used as they are."""


class SpecError(ProblemError):
    """A function was called with something it cannot work on."""


class EstimateError(ProblemError):
    """
    The mathematics has no answer for these data.

    Attributes
    ----------
    reason : Note
        Why, in words a reader of a report understands.
    """

    reason: Note = NOT_ESTIMABLE

    @classmethod
    def because(cls, place: str, reason: Note, mend: str) -> Self:
        """
        Build the error for a single problem whose words a report can say in its language.

        Examples
        --------
        >>> EstimateError.because("logrank, by 'age'", Note("no account left"), "Follow accounts for longer").reason
        Note(message='no account left', values=mappingproxy({}))
        """
        error = cls(Problem(place, str(reason), mend))
        error.reason = reason
        return error


def reason_of(error: ProblemError) -> Note:
    """
    Give the reason why a result cannot be had, for a note of a report: without place and mend, which are for a call.

    Parameters
    ----------
    error : ProblemError
        What was raised.

    Returns
    -------
    Note
        A clause that a report can say in its language; where the error has none, that there is no estimate.

    Examples
    --------
    >>> reason = Note("no account left")
    >>> print(reason_of(EstimateError.because("logrank, by 'age'", reason, "Follow accounts for longer")))
    no account left
    """
    return error.reason if isinstance(error, EstimateError) else NOT_ESTIMABLE


def nearest(name: str, known: Iterable[str]) -> str | None:
    """
    Find the known name closest to one that is not known.

    Parameters
    ----------
    name : str
        The name found.
    known : iterable of str
        Names that would have been accepted.

    Returns
    -------
    str or None
        The closest, or None when nothing is close.

    Examples
    --------
    >>> nearest("wieght", ["weight", "strata"])
    'weight'
    """
    candidates = list(known)
    folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    close = difflib.get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """
    Say how to mend an unknown name.

    Parameters
    ----------
    name : str
        The name found.
    known : iterable of str
        Names that would have been accepted.
    otherwise : str
        What to say when nothing known is close.

    Returns
    -------
    str
        A clause without a final full stop.

    Examples
    --------
    >>> did_you_mean("wieght", ["weight", "strata"], "Remove it")
    "Did you mean 'weight'?"
    """
    match = nearest(name, known)
    return otherwise if match is None else f"Did you mean '{match}'?"
