"""Over what a log of events is reduced: its first day, the end of observation, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from churn.days.zones import DAY, ZoneOffsets, day_date, day_number, day_start, zone_offsets
from churn.usage.activity import DayClock
from churn.usage.columns import account_columns, place_of, usage_of
from churn.usage.log_edges import FAR_DAYS
from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study
from surveys.study.usage import Usage

if TYPE_CHECKING:
    from churn.engine.open import EventLog, Grain, Profile

LONGEST = 36_525


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """
    Over what a log is reduced.

    Attributes
    ----------
    origin, end_day : int
        First local day of the log, and the day after the last one observed, in days since 1970-01-01.
    end : int
        End of observation, exclusive, in microseconds since 1970 UTC.
    offsets : ZoneOffsets or None
        Local time of the log's instants; None where it holds days.
    late : int or None
        First tick that comes too late; None where none does.
    notes : tuple of Note
        Caveats.
    """

    origin: int
    end_day: int
    end: int
    offsets: ZoneOffsets | None
    late: int | None
    notes: tuple[Note, ...]


def log_window(study: Study, log: EventLog, name: str, *, clock: DayClock = "local") -> Window:
    """Find the window of a log, and refuse rows that lack a time; rows without an account may show later."""
    usage = usage_of(study)
    about = study.study
    end_day = day_number(about.as_of) + 1
    end = day_start(about.timezone, end_day)
    tick_end = end_day if log.grain == "day" else end
    outline = log.outline(tick_end) if clock == "local" else None
    profile = outline or _checked(log, tick_end, name, usage)
    first, last = _check_span(profile, name, study, log.grain)
    if log.grain == "day":
        offsets, origin = None, first
    else:
        offsets = zone_offsets(about.timezone, first, last)
        origin = int(offsets.local_days(np.array([first]))[0])
    late = (Note("{n} events after {day} are left out", {"n": profile.n_late, "day": about.as_of}),)
    return Window(
        origin=origin,
        end_day=end_day,
        end=end,
        offsets=offsets,
        late=tick_end if profile.n_late else None,
        notes=log.notes + (late if profile.n_late else ()),
    )


def refuse_missing_accounts(study: Study, log: EventLog, name: str) -> NoReturn:
    """Say which rows have no account, the reduction having met some."""
    end_day = day_number(study.study.as_of) + 1
    end = end_day if log.grain == "day" else day_start(study.study.timezone, end_day)
    _checked(log, end, name, usage_of(study))
    raise AssertionError("rows without an account were found, then none")


def _checked(log: EventLog, end: int, name: str, usage: Usage) -> Profile:
    """Count what is there, and refuse rows that lack an account or a time."""
    profile = log.profile(end)
    _check_rows(log, profile, name, usage)
    return profile


def _check_rows(log: EventLog, profile: Profile, name: str, usage: Usage) -> None:
    if profile.n_rows == 0:
        raise StudyError.at(name, "has no rows, expected one per event", "Export it again")
    account = "', '".join(account_columns(usage))
    problems = []
    if profile.n_without_account:
        mend = "Fill in the account, or delete these rows from the log"
        problems.append(_fault(log, "account", account, profile.n_without_account, profile.n_rows, "are blank", mend))
    if profile.n_without_time:
        mend = "Fill in the time, or delete these rows from the log"
        assert usage.time is not None
        problems.append(_fault(log, "time", usage.time, profile.n_without_time, profile.n_rows, "are blank", mend))
    if profile.n_unreadable:
        mend = "Correct them, or say how times are written under time_unit or time_format in study.toml"
        assert usage.time is not None
        what = "cannot be read as a time"
        problems.append(_fault(log, "unreadable", usage.time, profile.n_unreadable, profile.n_rows, what, mend))
    if problems:
        raise StudyError(*problems)


def _fault(log: EventLog, fault: str, column: str, n: int, n_rows: int, what: str, mend: str) -> Problem:
    examples = log.examples(fault)  # type: ignore[arg-type]
    file, row, _ = examples[0]
    place = place_of([example[:2] for example in examples], n, column) if row else f"{file}, column '{column}'"
    found = f"{n:,} of {n_rows:,} rows {what}"
    if fault == "unreadable":
        found = f"got '{examples[0][2]}', expected {log.expected}; {found}"
    return Problem(place, found, mend)


def _check_span(profile: Profile, name: str, study: Study, grain: Grain) -> tuple[int, int]:
    as_of = study.study.as_of
    if profile.first is None or profile.last is None:
        mend = "Correct as_of, or say what the times count under time_unit, in study.toml"
        raise StudyError.at(name, f"all {profile.n_rows:,} events come after {as_of}, the end of the window", mend)
    per_day = 1 if grain == "day" else DAY
    latest = None if profile.latest is None else profile.latest // per_day
    if latest is not None and latest - day_number(as_of) > FAR_DAYS:
        when = day_date(min(latest, day_number(date.max)))
        mend = "Correct these times, or say what they count under time_unit in study.toml"
        raise StudyError.at(name, f"has an event on {when}, more than ten years after as_of ({as_of})", mend)
    days = (profile.last - profile.first) // per_day
    if days > LONGEST:
        first = day_date(max(profile.first // per_day, -719_162))
        mend = "Correct the times, or say what they count under time_unit in study.toml"
        raise StudyError.at(name, f"events span {days:,} days from {first}, expected at most {LONGEST:,}", mend)
    return profile.first, profile.last
