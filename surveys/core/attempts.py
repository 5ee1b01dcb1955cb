"""Results that others do without: a number, or the reason why these data do not give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numpy.linalg import LinAlgError

from surveys.core.errors import EstimateError
from surveys.core.results import NOT_ESTIMABLE, Unavailable

T = TypeVar("T")


def attempt(compute: Callable[[], T]) -> T | Unavailable:
    """
    Compute a result that other results do without.

    Parameters
    ----------
    compute : callable
        Without arguments.

    Returns
    -------
    result of `compute`, or Unavailable
        With the reason where these data do not allow it. Problems of the study or of a call are raised all the same.

    Examples
    --------
    >>> from surveys.core.results import Note
    >>> def fail() -> int:
    ...     raise EstimateError.because("gray_test", Note("no account left"), "Follow accounts for longer")
    >>> attempt(lambda: 3), print(attempt(fail))
    no account left
    (3, None)
    """
    try:
        return compute()
    except EstimateError as error:
        return Unavailable(error.reason)
    except (ArithmeticError, LinAlgError):
        return Unavailable(NOT_ESTIMABLE)
