"""When an account counts as retained: which activity counts, at what age, on which clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from surveys.core.arrays import Ints
from surveys.core.errors import Problem, SpecError
from surveys.core.results import Note
from surveys.study.schema import Weekday

Measure = Literal["on", "on or after", "bracket"]
Length = Literal["day", "week", "30 days", "month"]
Clock = Literal["calendar", "dates", "elapsed"]

BRACKETS = ((0, 0), (1, 7), (8, 14), (15, 30), (31, 60))
MEASURED: dict[Measure, str] = {
    "on": "an account is retained at an age when it is active at that age",
    "on or after": "an account is retained at an age when it is active at that age or at any later time",
    "bracket": "an account is retained in a range of ages when it is active at one of them",
}
AGES: dict[tuple[Clock, Length], str] = {
    ("calendar", "day"): "ages are calendar days after that of sign-up",
    ("calendar", "week"): "ages are calendar weeks, from Monday, after that of sign-up",
    ("calendar", "month"): "ages are calendar months after that of sign-up",
    ("dates", "day"): "ages are local dates after that of sign-up",
    ("dates", "week"): "ages are weeks of local dates from that of sign-up",
    ("dates", "30 days"): "ages are 30 local dates each, from that of sign-up",
    ("dates", "month"): "ages are months from the date of sign-up to the same date, or to the last of a shorter month",
    ("elapsed", "day"): "ages are periods of 24 hours from the instant of sign-up",
    ("elapsed", "week"): "ages are periods of 7 times 24 hours from the instant of sign-up",
    ("elapsed", "30 days"): "ages are periods of 30 times 24 hours from the instant of sign-up",
}

WEEKS_FROM: dict[Weekday, str] = {
    "tuesday": "ages are calendar weeks, from Tuesday, after that of sign-up",
    "wednesday": "ages are calendar weeks, from Wednesday, after that of sign-up",
    "thursday": "ages are calendar weeks, from Thursday, after that of sign-up",
    "friday": "ages are calendar weeks, from Friday, after that of sign-up",
    "saturday": "ages are calendar weeks, from Saturday, after that of sign-up",
    "sunday": "ages are calendar weeks, from Sunday, after that of sign-up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """
    When an account counts as retained.

    Attributes
    ----------
    measure : {'on', 'on or after', 'bracket'}
        `on`: active within the period of that age; `on or after`: active then or at any later time
        (unbounded); `bracket`: active within a range of ages.
    period : {'day', 'week', '30 days', 'month'}
        Unit of age.
    clock : {'calendar', 'dates', 'elapsed'}
        `calendar`: whole days, weeks (from the day that the study names, Monday without it) or months of the
        calendar, age 0 being the one of sign-up. `dates`: local dates counted from that of sign-up; a month ends
        on the same day of the next month, or on its last day. `elapsed`: periods of 24 hours from the instant of
        sign-up.
    brackets : tuple of tuple of int and int
        First and last age of each range, both included, for `bracket`.

    Raises
    ------
    SpecError
        If a choice is not one of these, or a month is asked for in hours, 30 days in the calendar.

    Examples
    --------
    >>> for note in RetentionRule(measure="on", period="week", clock="calendar").describe():
    ...     print(note)
    an account is retained at an age when it is active at that age
    ages are calendar weeks, from Monday, after that of sign-up
    """

    measure: Measure = "on"
    period: Length = "month"
    clock: Clock = "calendar"
    brackets: tuple[tuple[int, int], ...] = BRACKETS

    def __post_init__(self) -> None:
        """Refuse what is not a rule."""
        choices = {"measure": get_args(Measure), "period": get_args(Length), "clock": get_args(Clock)}
        problems = [
            Problem(f"RetentionRule.{name}", f"got '{getattr(self, name)}'", f"Choose one of: {', '.join(known)}")
            for name, known in choices.items()
            if getattr(self, name) not in known
        ]
        if self.period == "month" and self.clock == "elapsed":
            what = "a month has no fixed number of hours"
            problems.append(Problem("RetentionRule.period", what, "Choose '30 days', or clock 'dates'"))
        if self.period == "30 days" and self.clock == "calendar":
            what = "the calendar has no periods of 30 days"
            problems.append(Problem("RetentionRule.period", what, "Choose 'month', or another clock"))
        if self.measure == "bracket" and not (self.brackets and all(0 <= a <= b for a, b in self.brackets)):
            what = "expected pairs of first and last age, from 0"
            problems.append(Problem("RetentionRule.brackets", what, "Give pairs such as (1, 7)"))
        if problems:
            raise SpecError(*problems)

    def describe(self, week_starts: Weekday = "monday") -> tuple[Note, ...]:
        """Say the rule in two clauses: what counts, and what ages are, weeks from a day."""
        if (self.clock, self.period) == ("calendar", "week") and week_starts != "monday":
            return Note(MEASURED[self.measure]), Note(WEEKS_FROM[week_starts])
        return Note(MEASURED[self.measure]), Note(AGES[self.clock, self.period])

    def windows(self, oldest: int) -> tuple[Ints, Ints]:
        """Give the first and last age of each window, the oldest age being the last needed without brackets."""
        if self.measure == "bracket":
            ages = np.array(self.brackets, np.int64)
            return ages[:, 0], ages[:, 1]
        return np.arange(oldest + 1), np.arange(oldest + 1)
