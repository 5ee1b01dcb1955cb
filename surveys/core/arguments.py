"""Checks of arguments: numbers, times, choices and levels; anything else is refused by name."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.core.errors import SpecError, did_you_mean

SHOWN = 60


def numbers(values: ArrayLike, place: str, *, expected: str = "numbers") -> NDArray[np.float64]:
    """
    Take a column of numbers or truth values, NaN where missing, and refuse text.

    Parameters
    ----------
    values : array_like, shape (n,)
        Numbers, booleans, or missing.
    place : str
        What to call it in messages.
    expected : str
        What should have been given.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    SpecError
        If there is anything else.

    Examples
    --------
    >>> numbers([True, None, 0], "event").tolist()
    [1.0, nan, 0.0]
    >>> numbers(["1", "0"], "event", expected="true and false, or 0 and 1")
    Traceback (most recent call last):
    surveys.core.errors.SpecError: event: got '1', expected true and false, or 0 and 1. Turn the column into numbers.
    """
    column = pd.Series(values)
    if column.dtype.kind in "iufb":
        return np.asarray(column, np.float64)
    for value in column[column.notna()]:
        if isinstance(value, str) or not isinstance(value, int | float | np.bool_ | np.integer | np.floating):
            raise SpecError.at(place, f"got {value!r}, expected {expected}", "Turn the column into numbers")
    return np.asarray(column.astype(object).where(column.notna(), np.nan), np.float64)


def one_number(value: object, place: str) -> float:
    """
    Take one number, and refuse anything else.

    Parameters
    ----------
    value : object
        A number of Python or NumPy, or an array that holds one and has no axis.
    place : str
        What to call it in messages.

    Returns
    -------
    float

    Raises
    ------
    SpecError
        If it is no number, or not one, or NaN.

    Examples
    --------
    >>> one_number(np.int64(30), "SurvivalCurve.at, time")
    30.0
    >>> one_number([30, 60], "SurvivalCurve.at, time")
    Traceback (most recent call last):
    surveys.core.errors.SpecError: SurvivalCurve.at, time: got [30, 60], expected one number. Ask for one at a time, \
as in [curve.at(t) for t in (30, 60)].
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
        if not math.isnan(number):
            return number
    shown = " ".join(repr(value).split())
    shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}..."
    several = hasattr(value, "__iter__") and not isinstance(value, str)
    mend = "Ask for one at a time, as in [curve.at(t) for t in (30, 60)]" if several else "Give a number, such as 30"
    raise SpecError.at(place, f"got {shown}, expected one number", mend)


def some_times(values: object, place: str) -> NDArray[np.float64]:
    """
    Take one time or several, 0 or later, and refuse anything else.

    Parameters
    ----------
    values : float or sequence of float
        Times, in the unit of whoever asks.
    place : str
        What to call them in messages.

    Returns
    -------
    ndarray of float, shape (n_times,)

    Raises
    ------
    SpecError
        If one of them is no number, or below 0.

    Examples
    --------
    >>> some_times(30, "times").tolist(), some_times([0, 7], "times").tolist()
    ([30.0], [0.0, 7.0])
    >>> some_times([7, -1], "times")
    Traceback (most recent call last):
    surveys.core.errors.SpecError: times: got a negative or missing tenure. Give tenures of 0 or more.
    """
    several: ArrayLike = values if is_several(values) else [values]  # type: ignore[assignment]
    times = np.atleast_1d(numbers(several, place))
    if not (times >= 0).all():
        raise SpecError.at(place, "got a negative or missing tenure", "Give tenures of 0 or more")
    return times


def is_several(value: object) -> bool:
    """
    Tell whether several values were given rather than one.

    Examples
    --------
    >>> is_several([30]), is_several(np.array([1, 2])), is_several(30), is_several(np.array(30))
    (True, True, False, False)
    """
    return isinstance(value, pd.Series | pd.Index | list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def check_choice(place: str, value: str, choices: Sequence[str]) -> None:
    """
    Refuse a value that is not one of the choices.

    Examples
    --------
    >>> check_choice("conf_type", "loglog", ("log-log", "log", "plain"))
    Traceback (most recent call last):
    surveys.core.errors.SpecError: conf_type: got 'loglog', expected one of log-log, log, plain. Did you mean 'log-log'?
    """
    if value not in choices:
        mend = did_you_mean(value, choices, "Choose one of them")
        raise SpecError.at(place, f"got '{value}', expected one of {', '.join(choices)}", mend)


def check_level(conf_level: float) -> None:
    """
    Refuse a confidence level that is not a share.

    Examples
    --------
    >>> check_level(95)
    Traceback (most recent call last):
    surveys.core.errors.SpecError: conf_level: got 95, expected a share between 0 and 1. Give one such as 0.95.
    """
    if not 0 < conf_level < 1:
        raise SpecError.at("conf_level", f"got {conf_level}, expected a share between 0 and 1", "Give one such as 0.95")
