"""Columns that name and describe accounts: names that lost digits, and texts that stand for no value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.errors import Problem, StudyError
from surveys.data.nonanswers import kind_of
from surveys.study.schema import Study
from surveys.study.usage import Usage

if TYPE_CHECKING:
    import pyarrow as pa

EXACT = 2**53
"""Whole numbers beyond this are not all told apart as floating numbers."""
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
SHOWN = 3


def refuse_inexact(accounts: pa.Table, names: Sequence[str], place: str) -> None:
    """
    Refuse names of accounts that are stored as floating numbers so large that digits are lost.

    Parameters
    ----------
    accounts : pyarrow.Table
        A column for each of `names`, in order: numbers or text.
    names : sequence of str
        Columns of the file.
    place : str
        Name of the file, for messages.

    Raises
    ------
    StudyError
        If a column of numbers has a point or an exponent in numbers beyond 2 ** 53, where neighbours are one.

    Examples
    --------
    >>> import pyarrow as pa
    >>> refuse_inexact(pa.table({"account_0": ["9007199254740993", "12"]}), ["id"], "log.csv")
    >>> refuse_inexact(pa.table({"account_0": [9.1e15, 12.0]}), ["id"], "log.parquet")
    Traceback (most recent call last):
    surveys.core.errors.StudyError: log.parquet, column 'id': holds floating numbers beyond 9,007,199,254,740,992, \
such as 9100000000000000.0, whose last digits are lost, so that several accounts look like one. \
Export the column as whole numbers or as text.
    """
    problems = []
    for name, column in zip(names, accounts.columns, strict=True):
        found = _inexact(column)
        if found is not None:
            what = (
                f"holds floating numbers beyond {EXACT:,}, such as {found}, whose last digits are lost, so that "
                "several accounts look like one"
            )
            mend = "Export the column as whole numbers or as text"
            problems.append(Problem(f"{place}, column '{name}'", what, mend))
    if problems:
        raise StudyError(*problems)


def _inexact(column: pa.ChunkedArray) -> str | None:
    """Give a name that has lost digits, if the column is one of numbers and has any."""
    import pyarrow.types as kinds

    if kinds.is_floating(column.type):
        values = column.drop_null().to_numpy()
        large = values[np.abs(values) >= EXACT]
        return str(float(large[0])) if len(large) else None
    if not (kinds.is_string(column.type) or kinds.is_large_string(column.type)):
        return None
    names = column.drop_null().to_pandas()
    written = names[names.str.contains("[.eE]", regex=True)]
    doubtful = [text for text in written if NUMBER.fullmatch(text) and abs(float(text)) >= EXACT]
    # Codes of letters and digits may look like a number with an exponent by chance; a column of numbers has no others.
    if not doubtful or not all(map(NUMBER.fullmatch, names)):
        return None
    return str(doubtful[0]).strip()


def settle_groups(
    attributes: pd.DataFrame, usage: Usage, place: str, n: NDArray[np.int64] | None = None
) -> pd.DataFrame:
    """
    Take texts that stand for no value out of the levels of groups, and ask about those that only look so.

    Parameters
    ----------
    attributes : DataFrame of categories, shape (n_accounts, n_groups)
        Columns that describe accounts.
    usage : Usage
        Its `group_missing` are texts for "no value", its `group_levels` texts that are levels all the same.
    place : str
        Name of the file, for messages.
    n : ndarray of int, shape (n_accounts,), optional
        Accounts that each row stands for; one, if not given.

    Returns
    -------
    DataFrame
        Missing where the account has no value.

    Raises
    ------
    StudyError
        If a level looks like no answer, and the study does not say what it is.

    Examples
    --------
    >>> attributes = pd.DataFrame({"country": pd.Categorical(["FR", "NA", "FR"])})
    >>> usage = Usage(events="log.csv", account="id", time="at", group=("country",), group_missing=("NA",))
    >>> settle_groups(attributes, usage, "log.csv")["country"].isna().tolist()
    [False, True, False]
    """
    problems, settled = [], {}
    for name in attributes.columns:
        column = attributes[name]
        if not isinstance(column.dtype, pd.CategoricalDtype):
            continue
        texts = [str(level) for level in column.cat.categories]
        doubtful = [
            text
            for text in texts
            if kind_of(text) is not None and text not in usage.group_missing and text not in usage.group_levels
        ]
        if doubtful:
            problems.append(_asked(column, doubtful, f"{place}, column '{name}'", n))
        gone = [level for level in column.cat.categories if str(level) in usage.group_missing]
        settled[name] = column.cat.remove_categories(gone) if gone else column
    if problems:
        raise StudyError(*problems)
    return attributes.assign(**settled)


def _asked(column: pd.Series, doubtful: Sequence[str], place: str, n: NDArray[np.int64] | None) -> Problem:
    each = np.ones(len(column), np.int64) if n is None else n
    shown = [f"'{text}' ({int(each[(column == text).to_numpy()].sum()):,} accounts)" for text in doubtful[:SHOWN]]
    more = f" and {len(doubtful) - SHOWN} more" if len(doubtful) > SHOWN else ""
    mend = "List them under group_missing in study.toml, or under group_levels if they are levels"
    return Problem(place, f"texts that look like no answer: {', '.join(shown)}{more}", mend)


def account_columns(usage: Usage) -> tuple[str, ...]:
    """
    Give the columns that name an account together.

    Examples
    --------
    >>> account_columns(Usage(events="log.csv", account="id", time="sent_at"))
    ('id',)
    >>> account_columns(Usage(events="log.csv", account=("country", "id"), time="sent_at"))
    ('country', 'id')
    """
    return (usage.account,) if isinstance(usage.account, str) else usage.account


def wanted_columns(usage: Usage, times: dict[str, str]) -> dict[str, str]:
    """
    Give every column a study asks for, by the key that asks for it.

    Examples
    --------
    >>> usage = Usage(events="log.csv", account="id", time="sent_at", group=("country",))
    >>> wanted_columns(usage, {"time": "sent_at"})
    {'account': 'id', 'time': 'sent_at', 'group[0]': 'country'}
    """
    accounts = account_columns(usage)
    keys = {"account" if len(accounts) == 1 else f"account[{i}]": name for i, name in enumerate(accounts)}
    return keys | times | {f"group[{i}]": name for i, name in enumerate(usage.group)}


def usage_of(study: Study) -> Usage:
    """
    Give the `[usage]` of a study, or say that it has none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> usage_of(open_example("twitter_france")).events
    'events/*.parquet'
    """
    if study.usage is None:
        raise StudyError.at("study.toml", "has no [usage]", "Add [usage] with events or accounts")
    return study.usage


def place_of(rows: list[tuple[str, int]], n: int, column: str) -> str:
    """
    Name the first places of a problem.

    Parameters
    ----------
    rows : list of tuple of str and int
        File and row of the first ones.
    n : int
        How many there are in all.
    column : str
        Column in which they are.

    Returns
    -------
    str

    Examples
    --------
    >>> place_of([("a.csv", 3), ("a.csv", 8)], 2, "time")
    "a.csv, rows 3 and 8, column 'time'"
    """
    file = rows[0][0]
    shown = [str(row) for name, row in rows if name == file]
    more = n > len(shown)
    if len(shown) == 1 and not more:
        return f"{file}, row {shown[0]}, column '{column}'"
    listed = ", ".join(shown) + " and more" if more else ", ".join(shown[:-1]) + " and " + shown[-1]
    return f"{file}, rows {listed}, column '{column}'"
