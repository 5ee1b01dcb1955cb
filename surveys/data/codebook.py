"""What the codes of each item mean, and which of them mean that there is no answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Code = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One item of a questionnaire, as its data file describes it.

    Attributes
    ----------
    name : str
        Name of the column.
    label : str
        The question; empty where the file does not give it.
    codes : mapping of code to str
        Label of each code, in the order of the file; empty where the file lists none.
    missing_codes : tuple of code
        Codes declared to mean that there is no answer.
    missing_ranges : tuple of (float, float)
        Ranges of codes declared likewise, both ends included.

    Examples
    --------
    >>> heard = Item(name="q1", codes={1: "Yes", 2: "No", 9: "Refused"}, missing_codes=(9,))
    >>> heard.is_missing(np.array([1.0, 9.0, np.nan])).tolist()
    [False, True, False]
    """

    name: str
    label: str = ""
    codes: Mapping[Code, str] = field(default_factory=lambda: MappingProxyType({}))
    missing_codes: tuple[Code, ...] = ()
    missing_ranges: tuple[tuple[float, float], ...] = ()

    def is_missing(self, values: NDArray[np.generic]) -> NDArray[np.bool_]:
        """
        Tell which values are declared to mean that there is no answer.

        Parameters
        ----------
        values : ndarray, shape (n,)
            Codes as stored; blank cells are not declared missing, and give False.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        found = is_code(values, self.missing_codes)
        if values.dtype.kind == "f":
            numbers = values.astype(float)
            for low, high in self.missing_ranges:
                found |= (numbers >= low) & (numbers <= high)
        return found

    def label_of(self, code: Code) -> str | None:
        """Give the label of a code, or None where the file gives none."""
        return next((label for known, label in self.codes.items() if same_code(known, code)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSet:
    """
    The items of one question to which people can give several answers.

    Attributes
    ----------
    name, label : str
        Of the question.
    items : tuple of str
        One for each answer that can be ticked; or one for each answer given, where `counted` is None
        and `ticked` False.
    counted : code or None
        The code that means that an answer was ticked; None where whatever is not blank does.
    ticked : bool
        Whether each item is one answer, rather than one of several places for any answer.

    Examples
    --------
    >>> ResponseSet(name="q3", label="Which do you use?", items=("q3_1", "q3_2"), counted=1).items
    ('q3_1', 'q3_2')
    """

    name: str
    label: str = ""
    items: tuple[str, ...]
    counted: Code | None = None
    ticked: bool = True


@dataclass(frozen=True, slots=True)
class Codebook:
    """
    The items of a data file, by name.

    Attributes
    ----------
    items : mapping of str to Item
        In the order of the columns.
    sets : mapping of str to ResponseSet
        Questions to which people can give several answers, by name.

    Examples
    --------
    >>> book = Codebook({"q1": Item(name="q1", label="Have you heard of it?")})
    >>> book["q1"].label, "q2" in book
    ('Have you heard of it?', False)
    """

    items: Mapping[str, Item] = field(default_factory=lambda: MappingProxyType({}))
    sets: Mapping[str, ResponseSet] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> Item:
        return self.items.get(name, Item(name=name))

    def __contains__(self, name: object) -> bool:
        return name in self.items

    def __iter__(self) -> Iterator[str]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def format_code(code: Code) -> str:
    """
    Write a code as a person would.

    Parameters
    ----------
    code : int, float or str
        As stored.

    Returns
    -------
    str
        Whole numbers without a decimal point.

    Examples
    --------
    >>> format_code(1.0), format_code(2.5), format_code("R1")
    ('1', '2.5', 'R1')
    """
    if isinstance(code, str):
        return code
    return str(int(code)) if float(code).is_integer() else repr(float(code))


def as_number(code: Code) -> float:
    """
    Read a code as a number.

    Parameters
    ----------
    code : int, float or str
        As stored, or as a study file writes it.

    Returns
    -------
    float
        NaN where it is not a number.

    Examples
    --------
    >>> as_number("01"), as_number("R1")
    (1.0, nan)
    """
    try:
        return float(code)
    except ValueError:
        return float("nan")


def same_code(one: Code, other: Code) -> bool:
    """
    Tell whether two codes are the same, as numbers where both are numbers.

    Examples
    --------
    >>> same_code("01", 1), same_code("R1", "R2")
    (True, False)
    """
    return one == other or as_number(one) == as_number(other)


def is_code(values: NDArray[np.generic], codes: Iterable[Code]) -> NDArray[np.bool_]:
    """
    Tell which values are one of some codes.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Codes as stored: floats with NaN, or objects that are text or None.
    codes : iterable of int, float or str
        What to look for; "1", 1 and 1.0 are the same code.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> is_code(np.array([1.0, 2.0, np.nan]), [1]).tolist()
    [True, False, False]
    >>> is_code(np.array(["1", "01", "R1", None], dtype=object), [1]).tolist()
    [True, True, False, False]
    """
    wanted = tuple(codes)
    if values.dtype.kind != "O":
        numbers = [number for number in map(as_number, wanted) if not np.isnan(number)]
        return np.isin(values, numbers)
    distinct, where = distinct_codes(values)
    found = [value is not None and any(same_code(value, code) for code in wanted) for value in distinct]
    return np.array(found, bool)[where]


def distinct_codes(values: NDArray[np.generic]) -> tuple[list[Code | None], NDArray[np.intp]]:
    """
    List the codes that occur.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Codes as stored: floats with NaN, or objects that are text or None.

    Returns
    -------
    codes : list
        Each code once, rising, numbers in a column of text as numbers; None, for blank, comes last.
    where : ndarray of int, shape (n,)
        Position in `codes` of each value.

    Examples
    --------
    >>> distinct_codes(np.array([2.0, 1.0, np.nan, 2.0]))
    ([1.0, 2.0, None], array([1, 0, 2, 1]))
    """
    import pandas as pd

    where, distinct = pd.factorize(values, use_na_sentinel=True)
    found: list[Code] = distinct.tolist()
    numbers = [as_number(code) for code in found]
    keys = [(np.isnan(number), np.nan_to_num(number), str(code)) for number, code in zip(numbers, found, strict=True)]
    order = sorted(range(len(found)), key=keys.__getitem__)
    rank = np.empty(len(found) + 1, np.intp)
    rank[order] = np.arange(len(found))
    rank[-1] = len(found)
    codes: list[Code | None] = [found[i] if isinstance(found[i], str) else float(found[i]) for i in order]
    return [*codes, None], rank[where]
