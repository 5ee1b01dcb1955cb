"""Calendar days, weeks and months as numbers of days since 1970-01-01."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from surveys.core.arrays import Ints
from surveys.study.schema import WEEKDAYS, Weekday

Period = Literal["day", "week", "month"]

INTO_WEEK: dict[Weekday, int] = {day: (3 - i) % 7 for i, day in enumerate(WEEKDAYS)}
"""How far 1970-01-01, a Thursday, lies into the week that begins on a day."""


def period_starts(first_day: int, end_day: int, period: Period, week_starts: Weekday = "monday") -> Ints:
    """Give the first day of every period from that of `first_day` to that before `end_day`, and of the next one."""
    low, high = period_of(np.array([first_day, end_day - 1]), period, week_starts)
    return period_start(np.arange(low, high + 2), period, week_starts)


def period_of(days: ArrayLike, period: Period, week_starts: Weekday = "monday") -> Ints:
    """Give each day the number of its period; consecutive periods have consecutive numbers."""
    number = np.asarray(days, np.int64)
    if period == "day":
        return number
    if period == "week":
        return (number + INTO_WEEK[week_starts]) // 7
    return number.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def period_start(numbers: ArrayLike, period: Period, week_starts: Weekday = "monday") -> Ints:
    """Give the first day of numbered periods."""
    number = np.asarray(numbers, np.int64)
    if period == "day":
        return number
    if period == "week":
        return number * 7 - INTO_WEEK[week_starts]
    return number.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def add_months(days: ArrayLike, months: ArrayLike) -> Ints:
    """Give the same day of the month some months later, or the last of that month where it has no such day."""
    day = np.asarray(days, np.int64)
    month = period_of(day, "month")
    later = month + np.asarray(months, np.int64)
    start, end = period_start(later, "month"), period_start(later + 1, "month")
    return np.minimum(start + (day - period_start(month, "month")), end - 1)
