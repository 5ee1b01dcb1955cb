"""How many accounts each account follows, from the file that says so, and which accounts are known at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churn.usage.columns import account_columns, place_of, refuse_inexact, usage_of
from surveys.core.errors import Problem, StudyError
from surveys.core.reads import shared
from surveys.study.schema import Study

NUMBER = "followed"


def read_following(study: Study) -> pd.DataFrame:
    """
    Read how many accounts each account follows.

    Parameters
    ----------
    study : Study
        With `usage.following`.

    Returns
    -------
    DataFrame
        The columns of `usage.account`, which name the account, and `followed`; in the order of the file.

    Raises
    ------
    StudyError
        If the file or a column is not there, an account is blank or comes twice, or a number is not whole, from 0.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_following(open_example("twitter_france")).columns.tolist()
    ['account', 'followed']
    """
    return shared("following", lambda: _read(study), of=(study,))


def _read(study: Study) -> pd.DataFrame:
    from churn.engine.event_log import account_key
    from churn.engine.open import open_source

    usage = usage_of(study)
    if usage.following is None:
        raise StudyError.at("study.toml, usage", "has no [usage.following]", "Say in which file the numbers are")
    file, number = usage.following.file, usage.following.number
    given = usage.following.account
    columns = (given,) if isinstance(given, str) else given
    wanted = {f"following.account[{i}]": name for i, name in enumerate(columns)} | {"following.number": number}
    how = {"key": "following.file", "wanted": wanted, "delimiter": None, "encoding": usage.encoding}
    with open_source(study.folder, file, **how) as (engine, source):  # type: ignore[arg-type]
        engine.keep_order(True)
        rows = engine.open(source, list(dict.fromkeys([*columns, number])))
        named = {name: account_key(rows[column]) for name, column in zip(account_columns(usage), columns, strict=True)}
        table = engine.fetch(rows.select(**named, **{NUMBER: rows[number]}), source)
        refuse_inexact(table.select(list(named)), columns, source.name)
        frame = table.to_pandas()
        first, place = source.first_row, source.name
    return _checked(frame, number, columns, place, first)


def _checked(frame: pd.DataFrame, number: str, columns: tuple[str, ...], place: str, first: int) -> pd.DataFrame:
    followed = pd.to_numeric(frame[NUMBER], errors="coerce").to_numpy(np.float64)
    keys = frame.drop(columns=NUMBER)
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(followed) & (followed >= 0) & (followed == np.floor(followed)))
    account = "', '".join(columns)
    faults = (
        (keys.isna().any(axis=1).to_numpy(), account, "are blank", "Fill in the account, or delete these rows"),
        (keys.duplicated().to_numpy(), account, "name an account that came before", "Keep one row for each account"),
        (wrong, number, "are blank or no whole number from 0", "Correct them, or delete these rows"),
    )
    problems = [
        Problem(
            place_of([(place, int(row) + first) for row in np.flatnonzero(rows)[:3]], int(rows.sum()), column),
            f"{int(rows.sum()):,} of {len(frame):,} rows {what}",
            mend,
        )
        for rows, column, what, mend in faults
        if rows.any()
    ]
    if problems:
        raise StudyError(*problems)
    return frame.assign(**{NUMBER: followed.astype(np.int64)})


def number_of(accounts: pd.DataFrame, following: pd.DataFrame) -> np.ndarray:
    """
    Find the number of each account; NaN for those that the file does not know.

    Parameters
    ----------
    accounts : DataFrame, shape (n_accounts, n_keys)
        What names each account.
    following : DataFrame
        The same columns, and one more with the number.

    Returns
    -------
    ndarray of float, shape (n_accounts,)

    Raises
    ------
    StudyError
        If accounts are whole numbers on one side and text on the other.

    Examples
    --------
    >>> accounts = pd.DataFrame({"account": ["a", "b"]})
    >>> number_of(accounts, pd.DataFrame({"account": ["b"], "followed": [3]})).tolist()
    [nan, 3.0]
    """
    keys = list(accounts.columns)
    _check_kinds(accounts, following)
    number = next(name for name in following.columns if name not in keys)
    found = accounts.reset_index(drop=True).merge(following, on=keys, how="left", validate="many_to_one")
    return found[number].to_numpy(np.float64)


def count_silent(accounts: pd.DataFrame, following: pd.DataFrame) -> int:
    """
    Count the accounts of the file that a log does not know.

    Parameters
    ----------
    accounts : DataFrame, shape (n_accounts, n_keys)
        What names each account of the log.
    following : DataFrame
        As `read_following` gives it.

    Returns
    -------
    int

    Examples
    --------
    >>> following = pd.DataFrame({"account": ["b", "c"], "followed": [3, 0]})
    >>> count_silent(pd.DataFrame({"account": ["a", "b"]}), following)
    1
    """
    _check_kinds(accounts, following)
    keys = list(accounts.columns)
    return len(following) - len(accounts.merge(following[keys], on=keys))


def _check_kinds(accounts: pd.DataFrame, following: pd.DataFrame) -> None:
    for name in accounts.columns:
        log, file = (pd.api.types.is_numeric_dtype(frame[name]) for frame in (accounts, following))
        if log != file:
            kinds = ("whole numbers", "text") if log else ("text", "whole numbers")
            what = f"'{name}' is {kinds[0]} in the log and {kinds[1]} in the file of numbers followed"
            raise StudyError.at("study.toml, usage.following", what, "Write both alike")
