"""Columns of a table of tenures, read as numbers and outcomes, and what is wrong with them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Bools, Floats
from surveys.data.codebook import as_number, format_code, is_code
from surveys.study.fields import Answer
from surveys.study.usage import Usage

if TYPE_CHECKING:
    import pyarrow as pa


NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault:
    """
    Something that is wrong with some rows.

    Attributes
    ----------
    key : str
        Which column: `tenure`, `dropped`, `entry`, `cause` or `account`.
    wrong : ndarray of bool, shape (n_rows,)
        Rows that are wrong; at least one.
    what : str
        What was found, to go on from "3 of 20 accounts".
    mend : str
        How to put it right.
    """

    key: str
    wrong: Bools
    what: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TenureColumns:
    """
    Columns of a table of tenures.

    Attributes
    ----------
    duration : ndarray of float, shape (n_rows,)
        Tenure at dropout or censoring.
    gone : ndarray of float, shape (n_rows,)
        1 for dropout, 0 for censoring, NaN where the table does not say.
    entry : ndarray of float, shape (n_rows,), or None
        Tenure at which observation began; NaN for sign-up.
    cause : ndarray of int, shape (n_rows,), or None
        Why accounts left: 0 where they did not, i for `causes[i - 1]`.
    causes : tuple of str
        Names of the causes, in alphabetical order.
    number : ndarray of float, shape (n_rows,), or None
        Accounts that each row stands for; None where the table has no such column.
    faults : tuple of Fault
        What keeps the columns from being used.
    """

    duration: Floats
    gone: Floats
    entry: Floats | None
    cause: NDArray[np.int64] | None
    causes: tuple[str, ...]
    number: Floats | None
    faults: tuple[Fault, ...]


def read_columns(table: pa.Table, usage: Usage) -> TenureColumns:
    """
    Read the columns `tenure`, `dropped`, and where they are there `entry`, `cause` and `frequency`.

    Parameters
    ----------
    table : pyarrow.Table
        Columns as they are stored, text or not.
    usage : Usage
        What the codes mean.

    Returns
    -------
    TenureColumns

    Examples
    --------
    >>> import pyarrow as pa
    >>> usage = Usage(
    ...     accounts="a.csv", tenure="t", tenure_unit="days", dropped={"item": "d", "yes": ["yes"]},
    ...     dropout={"rule": "closed"})
    >>> read = read_columns(pa.table({"tenure": ["3", " 4", "x"], "dropped": ["yes", "no", "no"]}), usage)
    >>> read.gone, [(fault.key, fault.what) for fault in read.faults]
    (array([1., 0., 0.]), [('tenure', "have a tenure that is not a number, such as 'x'")])
    """
    assert usage.dropped is not None
    gone, faults = _outcomes(table["dropped"], usage.dropped)
    counted = ~np.isnan(gone)
    duration, found = _numbers(table["tenure"], "tenure", counted, "have a tenure that is")
    faults += found
    absent = np.isnan(duration) & counted & ~_any(found, len(duration))
    faults += _fault("tenure", absent, "have no tenure", "Fill it in, or leave these accounts out of the table")
    entry = None
    if "entry" in table.column_names:
        entry, found = _numbers(table["entry"], "entry", counted, "come under observation at what is")
        faults += found
        entry[entry == 0] = np.nan
        what = "come under observation when they are already gone or censored"
        mend = "Correct these rows, or leave these accounts out of the table"
        faults += _fault("entry", counted & (entry >= duration), what, mend)
    cause, causes = None, tuple[str, ...]()
    if "cause" in table.column_names:
        cause, causes, found = _causes(table["cause"], gone, usage.cause_blank)
        faults += found
    number = None
    if "frequency" in table.column_names:
        number, found = _frequencies(table["frequency"])
        faults += found
    return TenureColumns(
        duration=duration,
        gone=gone,
        entry=entry,
        cause=cause,
        causes=causes,
        number=number,
        faults=tuple(faults),
    )


def _frequencies(column: pa.ChunkedArray) -> tuple[Floats, list[Fault]]:
    """Read how many accounts each row stands for: whole numbers, 0 or more."""
    every = np.ones(len(column), bool)
    number, faults = _numbers(column, "frequency", every, "stand for a number of accounts that is")
    mend = "Correct these cells, or name another column under frequency in study.toml"
    odd = (np.isnan(number) | (number != np.floor(number))) & ~_any(faults, len(number))
    return number, faults + _fault("frequency", odd, "do not stand for a whole number of accounts", mend)


def repeated_accounts(table: pa.Table, n_keys: int) -> list[Fault]:
    """
    Find accounts without a name, and those that occur a second time.

    Parameters
    ----------
    table : pyarrow.Table
        With `account_0`...
    n_keys : int
        Columns that name an account together.

    Returns
    -------
    list of Fault

    Examples
    --------
    >>> import pyarrow as pa
    >>> [fault.what for fault in repeated_accounts(pa.table({"account_0": ["a", "b", "a", " "]}), 1)]
    ['have no name', 'occur a second time']
    """
    if not n_keys:
        return []
    names = pd.DataFrame({i: read_text(table[f"account_{i}"]) for i in range(n_keys)})
    blank = np.asarray(names.isna().any(axis=1))
    twice = np.asarray(names.duplicated(keep="first")) & ~blank
    mend = "Keep one row per account, or name more columns under account in study.toml"
    return [
        *_fault("account", blank, "have no name", "Fill in the account, or delete these rows"),
        *_fault("account", twice, "occur a second time", mend),
    ]


def _fault(key: str, wrong: Bools, what: str, mend: str) -> list[Fault]:
    return [Fault(key=key, wrong=wrong, what=what, mend=mend)] if wrong.any() else []


def _any(faults: list[Fault], n: int) -> Bools:
    found = np.zeros(n, bool)
    for fault in faults:
        found |= fault.wrong
    return found


def _numbers(column: pa.ChunkedArray, key: str, counted: Bools, what: str) -> tuple[Floats, list[Fault]]:
    """Read numbers, 0 or more, of the rows that count; NaN where blank."""
    import pyarrow.types as kinds

    kind = column.type
    if kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind):
        values = column.cast("double").to_pandas().to_numpy(np.float64, copy=True)
        readable = np.ones(len(values), bool)
    else:
        codes, distinct = _distinct(column)
        is_text = kinds.is_string(kind) or kinds.is_large_string(kind)
        read = [float(text) if is_text and NUMBER.fullmatch(text) else np.nan for text in distinct]
        values = np.append(read, np.nan)[codes]
        readable = ~np.isnan(values) | (codes == -1)
    mend = f"Correct these cells, or name another column under {key} in study.toml"
    faults = []
    for wrong, kind_of in ((~readable, "not a number"), (np.isinf(values), "endless"), (values < 0, "negative")):
        bad = wrong & counted
        if bad.any():
            shown = f", such as '{column[int(np.flatnonzero(bad)[0])].as_py()}'"
            faults += _fault(key, bad, f"{what} {kind_of}{shown}", mend)
    return values, faults


def read_text(column: pa.ChunkedArray) -> pd.Categorical[str]:
    """
    Give values as text without blanks around it, missing where nothing is left.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        As stored.

    Returns
    -------
    Categorical

    Examples
    --------
    >>> import pyarrow as pa
    >>> read_text(pa.chunked_array([[2.0, None, 1.5]])).tolist()
    ['2', nan, '1.5']
    """
    codes, distinct = _distinct(column)
    return pd.Categorical.from_codes(codes, categories=pd.Index(distinct, dtype="str"))


def _distinct(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Give each value of a column its number, -1 where blank, and the values as text in alphabetical order."""
    encoded = column.combine_chunks().dictionary_encode()
    stored = [None if value is None else _shown(value) for value in encoded.dictionary.to_pylist()]
    distinct = sorted({text for text in stored if text})
    number = {text: i for i, text in enumerate(distinct)}
    where = np.array([*(number.get(text or "", -1) for text in stored), -1], np.int64)
    index = encoded.indices.fill_null(len(stored)).to_numpy(zero_copy_only=False)
    return where[index], distinct


def _shown(value: object) -> str:
    """Write a stored value as a person would: numbers without a needless point, truth as 1 or 0."""
    if isinstance(value, float):
        return "" if math.isnan(value) else format_code(value)
    return str(int(value)) if isinstance(value, bool) else str(value).strip()


def _outcomes(column: pa.ChunkedArray, answer: Answer) -> tuple[Floats, list[Fault]]:
    """Read who is gone: 1, 0, or NaN where the table does not say and the study leaves these accounts out."""
    codes, distinct = _distinct(column)
    values = np.array(distinct, object)
    yes, no, missing = (is_code(values, listed) for listed in (answer.yes, answer.no, answer.missing))
    meaning = np.where(yes, 1.0, np.where(missing, np.nan, 0.0))
    gone = np.append(meaning, 0.0 if answer.not_asked == "no" else np.nan)[codes]
    faults = []
    blank = codes == -1
    if answer.not_asked is None:
        mend = (
            "Fill them in; or set not_asked under dropped in study.toml, 'no' for still there, 'missing' to leave out"
        )
        faults += _fault("dropped", blank, "do not say whether they are gone", mend)
    other, told = np.flatnonzero(~(yes | no | missing)), "which study.toml does not explain"
    if not answer.no and len(other):
        numbers = not np.isnan([as_number(code) for code in answer.yes]).any()
        likely = [i for i in other if not numbers or not np.isnan(as_number(distinct[i]))]
        taken = max(likely, key=lambda i: int((codes == i).sum()), default=-1)
        other = other[other != taken]
        told += f", beside '{distinct[taken]}' for no" if taken >= 0 else ""
    if len(other):
        wrong = np.isin(codes, other)
        got = distinct[codes[int(np.flatnonzero(wrong)[0])]]
        mend = "Correct these cells, or list the codes under yes, no or missing of dropped in study.toml"
        faults += _fault("dropped", wrong, f"have '{got}', {told}", mend)
    return gone, faults


def _causes(
    column: pa.ChunkedArray, gone: Floats, blank_name: str | None
) -> tuple[NDArray[np.int64], tuple[str, ...], list[Fault]]:
    """Give the causes of those who are gone their numbers; a blank one is what the study says it is."""
    codes, names = _distinct(column)
    left = gone == 1
    if blank_name is not None:
        names = [*names, blank_name]
        codes = np.where((codes == -1) & left, len(names) - 1, codes)
    mend = "Fill in the cause, or name that of blank cells under cause_blank in study.toml"
    faults = _fault("cause", (codes == -1) & left, "are gone without a cause", mend)
    mend = "Clear the cause, or correct the column that says who is gone"
    faults += _fault("cause", (codes != -1) & (gone == 0), "have a cause and are not gone", mend)
    codes = np.where(left, codes, -1)
    causes = tuple(sorted({names[i] for i in np.unique(codes) if i >= 0}))
    number = np.array([*(causes.index(name) + 1 if name in causes else 0 for name in names), 0], np.int64)
    return number[codes], causes, faults
