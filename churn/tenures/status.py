"""Columns that say who is gone: booleans and 0 or 1 alone, unless a call says what other codes mean."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from surveys.core.arrays import Bools
from surveys.core.errors import SpecError

Missing = Literal["refuse", "leave out"]
EventCode = Hashable | Mapping[Any, bool | None] | None

SAY = "Say which code is a dropout, as in event=2, or event={1: False, 2: True}"
SHOWN = 4


def read_status(
    values: ArrayLike | pd.Series, *, event: EventCode = None, missing: Missing = "refuse", place: str = "event"
) -> tuple[Bools, Bools]:
    """
    Read a column that says who is gone.

    Parameters
    ----------
    values : array_like, shape (n,)
        Booleans, or 0 for censoring and 1 for dropout; other codes where `event` explains them.
    event : value or mapping, optional
        The code of a dropout, beside which one other code stands for censoring; or what each code means: True,
        False, or None for "not known".
    missing : {'refuse', 'leave out'}
        What becomes of rows that do not say.
    place : str
        What to call the column in messages.

    Returns
    -------
    gone : ndarray of bool, shape (n,)
        True for dropout; without meaning where not known.
    known : ndarray of bool, shape (n,)
        False for rows to leave out.

    Raises
    ------
    SpecError
        If there are other codes, or rows that do not say and are to be refused.

    Examples
    --------
    >>> read_status([1, 2, 2], event=2)[0]
    array([False,  True,  True])
    >>> read_status([1, 2, 2])
    Traceback (most recent call last):
    surveys.core.errors.SpecError: event: got 1, 2, expected true and false, or 0 and 1. Say which code is a \
dropout, as in event=2, or event={1: False, 2: True}.
    """
    if missing not in get_args(Missing):
        raise SpecError.at("missing", f"got '{missing}'", "Choose 'refuse' or 'leave out'")
    stored = np.asarray(values)
    if stored.dtype == bool and event is None:
        return np.array(stored, ndmin=1), np.ones(stored.shape or (1,), bool)
    column = pd.Series(np.atleast_1d(stored) if not isinstance(values, pd.Series) else values.to_numpy(object))
    codes, distinct = pd.factorize(column)
    meaning = _meaning(list(distinct), event, place)
    unknown = codes == -1
    found = np.array([np.nan if told is None else float(told) for told in meaning] + [np.nan])[codes]
    if unknown.any() and missing == "refuse":
        mend = "Fill them in, or leave them out: missing='leave out'"
        raise SpecError.at(place, f"{int(unknown.sum()):,} of {len(codes):,} rows do not say who is gone", mend)
    return found == 1, ~np.isnan(found)


def _meaning(distinct: list[Any], event: EventCode, place: str) -> list[bool | None]:
    """Give what each code means."""
    if isinstance(event, Mapping):
        strange = [code for code in distinct if code not in event]
        if strange:
            raise SpecError.at(place, f"got {_listed(strange)}, which event does not explain", "Add it to the mapping")
        return [event[code] for code in distinct]
    if event is not None:
        others = [code for code in distinct if code != event]
        if len(others) > 1 or (distinct and len(others) == len(distinct)):
            what = f"got {_listed(distinct)}, expected {event!r} and one other code"
            raise SpecError.at(place, what, "Say what each code means, as in event={1: False, 2: True, 9: None}")
        return [bool(code == event) for code in distinct]
    strange = [code for code in distinct if isinstance(code, str) or code not in (0, 1)]
    if strange:
        raise SpecError.at(place, f"got {_listed(distinct)}, expected true and false, or 0 and 1", SAY)
    return [bool(code) for code in distinct]


def _listed(codes: list[Any]) -> str:
    plain = [code.item() if isinstance(code, np.generic) else code for code in codes]
    try:
        plain.sort()
    except TypeError:
        plain.sort(key=str)
    whole = [int(code) if isinstance(code, float) and code.is_integer() else code for code in plain]
    more = ", ..." if len(whole) > SHOWN else ""
    return ", ".join(map(repr, whole[:SHOWN])) + more
