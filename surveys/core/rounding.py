"""Rounding as readers expect it: half away from zero, on the decimal number, and never to all or to nothing."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

FIGURES = 12
"""Significant figures of a computed number that are taken at their word; further ones are noise of its arithmetic."""
EXACT = 10**FIGURES


def half_away(x: float | Decimal, digits: int = 0) -> Decimal:
    """
    Round a number, halves away from zero.

    Parameters
    ----------
    x : float or Decimal
        Finite. A half is one in the decimal number that was meant: 57 of 200 is 28.5 %, although the
        nearest binary number lies below.
    digits : int
        Decimals to keep; negative ones round to tens, hundreds and so on.

    Returns
    -------
    Decimal
        With that many decimals.

    Raises
    ------
    ValueError
        If `x` is not finite.

    Examples
    --------
    >>> half_away(100 * 57 / 200), half_away(-2.45, 1), half_away(0.1 + 0.2, 1)
    (Decimal('29'), Decimal('-2.5'), Decimal('0.3'))
    """
    if not math.isfinite(x):
        raise ValueError(f"got {x}, expected a finite number")
    return _decimal(x).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, Context(prec=60)) + 0


def significant(x: float, figures: int) -> Decimal:
    """
    Round a number to so many significant figures, halves away from zero.

    Parameters
    ----------
    x : float
        Finite.
    figures : int
        One or more.

    Returns
    -------
    Decimal

    Examples
    --------
    >>> int(significant(45_321, 2)), int(significant(12_500, 2)), int(significant(99_600, 2))
    (45000, 13000, 100000)
    """
    return half_away(x, figures - 1 - leading_place(x)) if x else Decimal(0)


def leading_place(x: float) -> int:
    """
    Tell the power of ten of the first figure of a number that is not 0.

    Examples
    --------
    >>> leading_place(34.7), leading_place(0.02)
    (1, -2)
    """
    return _decimal(abs(x)).adjusted()


def say_share(share: float, digits: int = 1) -> str:
    """
    Write a share as a percentage in English.

    Parameters
    ----------
    share : float
        Between 0 and 1; beyond for a growth. NaN and infinity are written as such.
    digits : int
        Decimals.

    Returns
    -------
    str
        Never 100 % for less than all, nor 0 % for more than none.

    Examples
    --------
    >>> say_share(0.285, 0), say_share(0.9996), say_share(0.0004), say_share(1.0)
    ('29%', '>99.9%', '<0.1%', '100.0%')
    """
    if not math.isfinite(share):
        return f"{share}"
    shown, unit = half_away(100 * share, digits), Decimal(1).scaleb(-digits)
    if 0 < share < 1 and shown in (0, 100):
        return f"<{unit}%" if shown == 0 else f">{100 - unit}%"
    return f"{shown:,}%"


def say_points(difference: float, *ends: float) -> str:
    """
    Write a difference of shares in English, in percentage points.

    Parameters
    ----------
    difference : float
        Of shares: 0.034 is 3.4 points.
    *ends : float
        Of its interval, lower end first.

    Returns
    -------
    str

    Examples
    --------
    >>> say_points(0.034), say_points(-0.1, -0.155, 0.02)
    ('+3.4 points', '-10.0 points [-15.5, +2.0]')
    """
    shown = [f"{half_away(100 * x, 1):+}" if math.isfinite(x) else f"{x}" for x in (difference, *ends)]
    return f"{shown[0]} points" + (f" [{', '.join(shown[1:])}]" if ends else "")


def say_p(p_value: float) -> str:
    """
    Write a p-value in English.

    Parameters
    ----------
    p_value : float
        Between 0 and 1; NaN where there is none.

    Returns
    -------
    str
        Never 0, since no test is that sure.

    Examples
    --------
    >>> say_p(0.0421), say_p(1e-9), say_p(float("nan"))
    ('p = 0.042', 'p < 0.001', 'no p-value')
    """
    if math.isnan(p_value):
        return "no p-value"
    return "p < 0.001" if p_value < 0.001 else f"p = {half_away(p_value, 3)}"


def _decimal(x: float | Decimal) -> Decimal:
    """Take a number as it was meant: whole ones and large ones to the last digit, others to twelve figures."""
    if isinstance(x, int | Decimal) or abs(x) >= EXACT:
        return Decimal(x)
    return Decimal(f"{x:.{FIGURES}g}")
