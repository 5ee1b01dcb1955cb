"""The log of events of a study: read once, and reduced to what is known of each account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from churn.days.bitmaps import words_needed
from churn.days.zones import DAY
from churn.engine.clocks import clock_of
from churn.usage.activity import Activity, DayClock, activity_of, midnights
from churn.usage.columns import account_columns, refuse_inexact, settle_groups, usage_of, wanted_columns
from churn.usage.log_edges import check_last_days, find_there_before
from churn.usage.log_window import log_window, refuse_missing_accounts
from surveys.core.errors import Problem, SpecError, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study
from surveys.study.usage import Usage

if TYPE_CHECKING:
    from churn.engine.open import EventLog

NO_WORDS = np.zeros((0, 1), np.uint64)


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
