"""What each account did and when: a log of events reduced to one row per account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, NoReturn, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.days.bitmaps import any_between, words_needed
from churn.days.zones import DAY, ZoneOffsets, day_date, day_number, day_start, zone_offsets
from churn.engine.clocks import clock_of
from churn.usage.columns import refuse_inexact, settle_groups
from churn.usage.log_edges import FAR_DAYS, check_last_days, find_there_before
from surveys.core.errors import Problem, SpecError, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study, Weekday
from surveys.study.usage import Usage

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine.open import EventLog, Grain, Profile
    from churn.engine.partials import Merged

LONGEST = 36_525
NO_WORDS = np.zeros((0, 1), np.uint64)

DayClock = Literal["local", "elapsed"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activity:
    """
    One row per account: when it was first and last seen, and on which local days.

    Attributes
    ----------
    accounts : DataFrame, shape (n_accounts, n_keys)
        What names each account, in rising order.
    attributes : DataFrame, shape (n_accounts, n_groups)
        Columns that describe the account, as text; the value at its first event.
    n_events_of : ndarray of int, shape (n_accounts,)
        Events within the window.
    first, last : ndarray of int, shape (n_accounts,)
        First and last event, in microseconds since 1970 UTC; local midnight where the log holds days.
    first_day, last_day : ndarray of int, shape (n_accounts,)
        Local days of `first` and `last`, in days since 1970-01-01.
    words : ndarray of uint64, shape (n_accounts, n_words)
        Active days: bit `k` of word `j` is the day `origin + 62 * j + k`.
    origin : int
        Day of the first bit: a local one, in days since 1970-01-01, or 0 for elapsed days.
    end : int
        End of observation, exclusive, in microseconds since 1970 UTC.
    end_day : int
        Local day after the last one observed, in days since 1970-01-01.
    timezone : str
        Name of the zone whose days these are.
    clock : {'local', 'elapsed'}
        Whether the days of `words` are local calendar days, or periods of 24 hours since the account's first
        event, the first of them being 0.
    grain : {'instant', 'day'}
        Whether the log says when in the day an event happened.
    week_starts : str
        Day on which the weeks of the calendar begin, such as `monday`.
    there_before : ndarray of bool, shape (n_accounts,), or None
        True for accounts first seen in the opening window of the log, which may have been opened before it
        begins; None where there are none. `signups` leaves them out.
    silence_days : int or None
        Length of the silences of `silent_since`, in periods of 24 hours; None where it was not asked for.
    silent_since : ndarray of int, shape (n_accounts,), or None
        Last event before the first silence of that length, as `first`; `last` where no event follows one.
    n_events : int
        Events within the window, over all accounts.
    notes : tuple of Note
        Caveats.
    """

    accounts: pd.DataFrame
    attributes: pd.DataFrame
    n_events_of: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    first_day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    words: NDArray[np.uint64]
    origin: int
    end: int
    end_day: int
    timezone: str
    clock: DayClock = "local"
    grain: Grain = "instant"
    week_starts: Weekday = "monday"
    there_before: NDArray[np.bool_] | None = None
    silence_days: int | None = None
    silent_since: NDArray[np.int64] | None = None
    n_events: int
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.first)

    @property
    def n_signups(self) -> int:
        """Number of accounts whose sign-up the log saw."""
        return self.n_accounts - (0 if self.there_before is None else int(self.there_before.sum()))

    def signups(self) -> Activity:
        """
        Keep the accounts whose sign-up the log saw; their first event is their sign-up.

        Returns
        -------
        Activity
            Without those of `there_before`, which the notes count.
        """
        if self.there_before is None:
            return self
        rows = ~self.there_before
        per_account = ("n_events_of", "first", "last", "first_day", "last_day", "words")
        silent = None if self.silent_since is None else self.silent_since[rows]
        frames = {name: getattr(self, name).loc[rows].reset_index(drop=True) for name in ("accounts", "attributes")}
        kept = frames | {name: getattr(self, name)[rows] for name in per_account}
        n_events = int(self.n_events_of[rows].sum())
        return replace(self, **kept, silent_since=silent, there_before=None, n_events=n_events)

    def active_between(self, start: int, stop: int) -> NDArray[np.bool_]:
        """
        Tell which accounts were active in a span of local days.

        Parameters
        ----------
        start, stop : int
            First day, and the day after the last, counted as `origin` is.

        Returns
        -------
        ndarray of bool, shape (n_accounts,)
        """
        return any_between(self.words, start - self.origin, stop - self.origin)

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per account.

        Returns
        -------
        DataFrame
            The columns that name and describe the account, then `first` and `last` (UTC) and `n_events`.
        """
        seen = {name: pd.to_datetime(getattr(self, name), unit="us", utc=True) for name in ("first", "last")}
        return pd.concat([self.accounts, self.attributes], axis=1).assign(**seen, n_events=self.n_events_of)

    def summary(self) -> str:
        """Say how much was seen, in one line of English."""
        last = day_date(self.end_day - 1)
        return f"{self.n_events:,} events of {self.n_accounts:,} accounts, observed until {last} ({self.timezone})"


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


def read_activity(study: Study, *, clock: DayClock = "local", silence_days: int | None = None) -> Activity:
    """
    Reduce the log of events of a study to one row per account.

    Parameters
    ----------
    study : Study
        With `usage.events`; the window ends when the local day `study.as_of` ends in `study.timezone`.
    clock : {'local', 'elapsed'}
        Days in which activity is kept: local calendar days, or periods of 24 hours since the account's first
        event, which are the same in every zone.
    silence_days : int, optional
        Also find each account's first silence of so many periods of 24 hours, to the microsecond. This puts the
        events of every account in order, and so costs several times the rest; days alone tell such
        silences to within a day.

    Returns
    -------
    Activity
        First and last event and active days of each account, within the window.

    Raises
    ------
    SpecError
        If `clock` is none of these, or `silence_days` is less than 1.
    StudyError
        If files or columns are not there; if rows lack an account or a time, or hold a time that cannot be
        read; if nothing lies within the window, or the log ends long before it does.

    Notes
    -----
    Times without an offset are on the clock of `usage.clock`; numbers are UTC. A column of dates holds local
    days. Sign-up is an account's first event; accounts first seen in the opening window (`usage.opening`) are marked in
    `there_before`. The log is read twice, once to count and once to reduce, and never held in
    memory; what is kept is a few numbers per account and a bit per day. Parquet files whose footers tell the
    span of their timestamps are read once. Elapsed days need the first event of every account before any day
    can be told, and so one more reading. `usage.events` may be the address of a PostgreSQL server or of Spark,
    where `usage.table` names the log: the same reduction then runs there.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> activity.summary()
    '153,346 events of 4,000 accounts, observed until 2013-12-31 (Europe/Paris)'
    >>> activity.to_frame().columns.tolist()
    ['account', 'first', 'last', 'n_events']
    """
    from churn.engine.open import EventLog, TimeColumn, open_source

    if clock not in get_args(DayClock):
        raise SpecError.at("read_activity, clock", f"got '{clock}'", "Choose 'local' or 'elapsed'")
    if silence_days is not None and silence_days < 1:
        raise SpecError.at("read_activity, silence_days", f"got {silence_days}", "Give at least 1 day")
    usage = usage_of(study)
    _check_keys(usage)
    assert usage.events is not None
    assert usage.time is not None
    wanted = wanted_columns(usage, {"time": usage.time})
    with open_source(
        study.folder,
        usage.events,
        key="events",
        wanted=wanted,
        delimiter=usage.delimiter,
        encoding=usage.encoding,
        table=usage.table,
    ) as (engine, source):
        time = TimeColumn(name=usage.time, unit=usage.time_unit, time_format=usage.time_format, clock=clock_of(study))
        log = EventLog(engine, source, account=account_columns(usage), time=time, groups=usage.group)
        activity = _reduced(study, usage, log, source.name, source.notes, clock)
        return activity if silence_days is None else _with_silences(activity, log, silence_days)


def _check_keys(usage: Usage) -> None:
    if usage.events is None:
        mend = "Name the log under events, or use read_accounts"
        raise StudyError.at("study.toml, usage", "names accounts, expected a log of events", mend)
    unused = [key for key in ("signup", "entry", "closed", "last_seen", "observed_until") if getattr(usage, key)]
    if unused:
        what = "is a column of accounts and cannot be used with events"
        raise StudyError(*(Problem(f"study.toml, usage.{key}", what, "Remove it") for key in unused))


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


def _reduced(
    study: Study, usage: Usage, log: EventLog, name: str, notes: tuple[Note, ...], clock: DayClock
) -> Activity:
    window = log_window(study, log, name, clock=clock)
    merged = log.by_account(
        end=window.late,
        origin=window.origin,
        offsets=window.offsets,
        n_words=words_needed(window.end_day - window.origin),
        clock=clock,
    )
    if merged is None:
        refuse_missing_accounts(study, log, name)
    refuse_inexact(merged.accounts, account_columns(usage), name)
    activity = activity_of(
        merged,
        accounts=account_columns(usage),
        groups=usage.group,
        offsets=window.offsets,
        origin=window.origin,
        end=window.end,
        end_day=window.end_day,
        timezone=study.study.timezone,
        clock=clock,
        notes=notes + window.notes,
    )
    attributes = settle_groups(activity.attributes, usage, name)
    activity = replace(activity, attributes=attributes, week_starts=study.study.week_starts)
    return with_edges(activity, usage, name, begins=window.origin)


def with_edges(activity: Activity, usage: Usage, name: str, *, begins: int) -> Activity:
    """
    Mark the accounts that may have been there when the log begins, and refuse one that ends too early.

    Parameters
    ----------
    activity : Activity
        One row per account.
    usage : Usage
        Its opening window, its gap, and whether a silence at the end is true.
    name : str
        Name of the log, for messages.
    begins : int
        First local day of the log, in days since 1970-01-01.

    Returns
    -------
    Activity

    Raises
    ------
    StudyError
        As `find_there_before` and `check_last_days`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> activity = read_activity(study)
    >>> late = study.usage.model_copy(update={"opening_days": 30})
    >>> with_edges(activity, late, "log", begins=activity.origin).n_signups
    3966
    """
    end_day = activity.end_day
    there, told = find_there_before(
        activity.first_day,
        origin=begins,
        end_day=end_day,
        opening_days=usage.opening_days,
        gap_days=usage.dropout.gap_days,
    )
    # Days of 24 hours since the first event tell no silence of the log; local days of the last events do.
    words, origin = (activity.words, activity.origin) if activity.clock == "local" else (NO_WORDS, begins)
    silence = check_last_days(words, activity.last_day, origin=origin, end_day=end_day, usage=usage, name=name)
    notes = tuple(note for note in (told, silence) if note is not None)
    return replace(activity, there_before=there, notes=activity.notes + notes)


def _with_silences(activity: Activity, log: EventLog, silence_days: int) -> Activity:
    """Add the last event before each account's first silence; a log of days counts the days between two."""
    by_day = activity.grain == "day"
    end, gap = (activity.end_day, silence_days) if by_day else (activity.end, silence_days * DAY)
    found = log.first_silences(end=end, gap=gap)["since"]
    last = activity.last_day if by_day else activity.last
    since = np.where(found.is_null().to_numpy(), last, found.fill_null(0).to_numpy())
    since = midnights(since, activity.timezone) if by_day else since
    return replace(activity, silence_days=silence_days, silent_since=since)


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


def activity_of(
    merged: Merged,
    *,
    accounts: tuple[str, ...],
    groups: tuple[str, ...],
    offsets: ZoneOffsets | None,
    origin: int,
    end: int,
    end_day: int,
    timezone: str,
    clock: DayClock,
    notes: tuple[Note, ...],
) -> Activity:
    """Describe merged states as the activity of accounts."""
    first, last = merged.first, merged.last
    first_day, last_day = (first, last) if offsets is None else (offsets.local_days(first), offsets.local_days(last))
    if offsets is None:
        first, last = midnights(first, timezone), midnights(last, timezone)
    return Activity(
        accounts=table_frame(merged.accounts, "account_", accounts),
        attributes=pd.DataFrame(dict(zip(groups, merged.groups, strict=True)), index=pd.RangeIndex(len(first))),
        n_events_of=merged.n_events,
        first=first,
        last=last,
        first_day=first_day,
        last_day=last_day,
        words=merged.words,
        origin=origin if clock == "local" else 0,
        end=end,
        end_day=end_day,
        timezone=timezone,
        clock=clock,
        grain="day" if offsets is None else "instant",
        n_events=int(merged.n_events.sum()),
        notes=notes + _changed(merged, groups),
    )


def midnights(days: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """
    Give the instants at which local days begin, in microseconds since 1970 UTC.

    Examples
    --------
    >>> midnights(np.array([15_887]), "Europe/Paris").astype("datetime64[us]").astype(str).tolist()
    ['2013-06-30T22:00:00.000000']
    """
    distinct, index = np.unique(days, return_inverse=True)
    return np.array([day_start(timezone, int(day)) for day in distinct], np.int64)[index]


def table_frame(table: pa.Table, prefix: str, names: tuple[str, ...]) -> pd.DataFrame:
    """
    Give numbered columns of a table their names; text becomes categories.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = table_frame(pa.table({"group_0": ["FR", "BE", "FR"]}), "group_", ("country",))
    >>> frame["country"].cat.categories.tolist()
    ['BE', 'FR']
    """
    columns = {}
    for i, name in enumerate(names):
        column = table[f"{prefix}{i}"]
        columns[name] = column.to_pandas() if prefix == "account_" else pd.Categorical(column.to_pandas())
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _changed(merged: Merged, groups: tuple[str, ...]) -> tuple[Note, ...]:
    message = "{n} accounts have several values of {group}; the one at their first event counts"
    counts = {name: int(several.sum()) for name, several in zip(groups, merged.several, strict=True)}
    return tuple(Note(message, {"n": n, "group": name}) for name, n in counts.items() if n)
