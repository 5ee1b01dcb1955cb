"""Arguments that must be one number: lists, text and nothing are refused by name."""

from __future__ import annotations

import math

import numpy as np

from surveys.errors import SpecError

SHOWN = 60


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
    surveys.errors.SpecError: SurvivalCurve.at, time: got [30, 60], expected one number. Ask for one at a time, as in \
[curve.at(t) for t in (30, 60)].
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
