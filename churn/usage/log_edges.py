"""Edges of a log: accounts that were there when it begins, a silence before it ends, years far from its window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churn.days.bitmaps import active_days
from churn.days.zones import day_date
from surveys.core.arrays import Bools, Ints
from surveys.core.errors import StudyError
from surveys.core.results import Note
from surveys.study.usage import Usage

FAR_DAYS = 3653
"""Days without any event, about ten years, that no log of a service has."""
UNLIKE = 10
"""How many times as long as any other silence such a one is: logs of few events have long ones all along."""
MANY_ACTIVE = 100
"""Accounts active in the last days before a silence, from which on the silence cannot be theirs."""
SHORTEST_TAIL = 3
UNUSUAL = 3
"""How many times as long as any other silence of a log its last one is, to be told."""

THERE_BEFORE = Note(
    "accounts first seen in the first {days} days of the log may have been opened before it begins, and count "
    "neither as sign-ups nor in tenures and cohorts: {n} of {total}"
)
THERE_ON_FIRST = Note(
    "accounts first seen on the first day of the log may have been opened before it begins, and count "
    "neither as sign-ups nor in tenures and cohorts: {n} of {total}"
)
NOTHING_ELSE = Note(
    "all accounts that can be followed are first seen in the first {days} days of the log: whether they signed up "
    "then or were there before cannot be told, and all {total} accounts are taken as sign-ups"
)
SILENT_TAIL = Note(
    "the last event is on {last}, {days} days before the end of observation on {end}: accounts may look gone only "
    "because the log ends early"
)


def find_there_before(
    first_day: Ints, *, origin: int, end_day: int, opening_days: int | None, gap_days: int
) -> tuple[Bools | None, Note | None]:
    """
    Tell which accounts may have been there when the log begins.

    Parameters
    ----------
    first_day : ndarray of int, shape (n_accounts,)
        Local day of each account's first event, in days since 1970-01-01.
    origin, end_day : int
        First day of the log, and the day after the last one observed.
    opening_days : int or None
        Length of the opening window; the gap where the study does not say.
    gap_days : int
        Silence after which an account is taken to be gone.

    Returns
    -------
    there_before : ndarray of bool, shape (n_accounts,), or None
        True for accounts first seen in the opening window; None where there are none, or where a window that
        the study does not name would leave no account to follow.
    note : Note or None
        How many there are.

    Raises
    ------
    StudyError
        If a window that the study names leaves no sign-up.

    Examples
    --------
    >>> days = np.array([0, 3, 40])
    >>> there, note = find_there_before(days, origin=0, end_day=90, opening_days=7, gap_days=30)
    >>> there.tolist()
    [True, True, False]
    """
    days, total = gap_days if opening_days is None else opening_days, len(first_day)
    there = first_day < origin + days
    if not there.any():
        return None, None
    followed = ~there & (first_day < end_day - gap_days)
    if opening_days is None and not followed.any():
        return None, Note(NOTHING_ELSE.message, {"days": days, "total": total})
    if there.all():
        where = "on the first day" if days == 1 else f"in the first {days} days"
        what = f"all {total:,} accounts are first seen {where} of the log, which leaves no sign-up"
        mend = "Shorten the opening window; 0 if the log begins with the service"
        raise StudyError.at("study.toml, usage.opening_days", what, mend)
    told = {"n": int(there.sum()), "total": total}
    return there, Note(THERE_ON_FIRST.message, told) if days == 1 else Note(
        THERE_BEFORE.message, {**told, "days": days}
    )


def check_last_days(
    words: NDArray[np.uint64], last_day: Ints, *, origin: int, end_day: int, usage: Usage, name: str
) -> Note | None:
    """
    Refuse a log that ends long before its window does, or that has events in years far from the others.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_accounts, n_words)
        Active local days, the first bit being `origin`.
    last_day : ndarray of int, shape (n_accounts,)
        Local day of each account's last event.
    origin, end_day : int
        First day of the log, and the day after the last one observed, in days since 1970-01-01.
    usage : Usage
        Its gap and whether the silence at the end is true (`silent_end`).
    name : str
        Name of the log, for messages.

    Returns
    -------
    Note or None
        What is told of a silence at the end that few accounts can explain.

    Raises
    ------
    StudyError
        If no event lies within ten years of others or of the end, or if 100 accounts or more fall silent at
        once, for longer than the gap.

    Examples
    --------
    >>> usage = Usage(events="log.csv", account="id", time="at")
    >>> words = np.array([[7]], np.uint64)
    >>> note = check_last_days(words, np.array([2]), origin=0, end_day=60, usage=usage, name="log.csv")
    >>> print(note.message.format(**note.values)[:60])
    the last event is on 1970-01-03, 57 days before the end of o
    """
    last = int(last_day.max())
    days = origin + active_days(words) if len(words) else np.array([last])
    tail = end_day - 1 - last
    _check_far(days, tail, end_day, usage, name)
    if usage.silent_end:
        return None
    n_cut = int(np.count_nonzero(last_day > last - usage.dropout.gap_days))
    if tail > usage.dropout.gap_days and n_cut >= MANY_ACTIVE:
        raise StudyError.at(name, *_silence(last, tail, end_day, n_cut, usage.dropout.gap_days))
    longest = max(int(np.diff(days).max(initial=1)) - 1, 1)
    unusual = tail >= SHORTEST_TAIL and tail > UNUSUAL * longest and n_cut >= MANY_ACTIVE
    if tail > usage.dropout.gap_days or unusual:
        return Note(SILENT_TAIL.message, {"last": day_date(last), "days": tail, "end": day_date(end_day - 1)})
    return None


def check_last_seen(last_day: Ints, *, end_day: int, usage: Usage, place: str) -> Note | None:
    """
    Refuse a table of accounts whose last activity ends long before its window does.

    Parameters
    ----------
    last_day : ndarray of int, shape (n_accounts,)
        Local day on which each account was last seen.
    end_day : int
        The day after the last one observed, in days since 1970-01-01.
    usage : Usage
        Its gap and whether the silence at the end is true (`silent_end`).
    place : str
        Name of the table and its column, for messages.

    Returns
    -------
    Note or None

    Raises
    ------
    StudyError
        As `check_last_days`.

    Examples
    --------
    >>> usage = Usage(accounts="a.csv", account="id", signup="opened", last_seen="seen")
    >>> check_last_seen(np.array([50]), end_day=60, usage=usage, place="a.csv, column 'seen'") is None
    True
    """
    last = int(last_day.max())
    tail = end_day - 1 - last
    _check_far(np.array([last]), tail, end_day, usage, place)
    if usage.silent_end or tail <= usage.dropout.gap_days:
        return None
    n_cut = int(np.count_nonzero(last_day > last - usage.dropout.gap_days))
    if n_cut >= MANY_ACTIVE:
        raise StudyError.at(place, *_silence(last, tail, end_day, n_cut, usage.dropout.gap_days))
    return Note(SILENT_TAIL.message, {"last": day_date(last), "days": tail, "end": day_date(end_day - 1)})


def _silence(last: int, tail: int, end_day: int, n_cut: int, gap: int) -> tuple[str, str]:
    what = (
        f"the last event is on {day_date(last)}, {tail:,} days before as_of ({day_date(end_day - 1)}), and "
        f"{n_cut:,} accounts were active in the {gap} days before it: all of them would look gone"
    )
    return (
        what,
        f"Set as_of = {day_date(last)} in study.toml, or silent_end = true under [usage] if the silence is true",
    )


def _check_far(days: Ints, tail: int, end_day: int, usage: Usage, name: str) -> None:
    """Refuse events more than ten years from the next ones, or all of them from the end."""
    mend = "Correct these times, or say what they count under time_unit in study.toml"
    if tail > FAR_DAYS:
        when = f"events lie between {day_date(days[0])} and {day_date(days[-1])}"
        what = f"{when}, {tail:,} days before as_of ({day_date(end_day - 1)})"
        raise StudyError.at(name, what, mend if usage.time_unit != "timestamp" else f"{mend}; or correct as_of")
    silent = np.sort(np.diff(days))
    wide = np.flatnonzero(np.diff(days) > FAR_DAYS)
    if len(wide) and silent[-1] > UNLIKE * (silent[-2] if len(silent) > 1 else 1):
        before, after = day_date(days[wide[0]]), day_date(days[wide[0] + 1])
        what = f"has events on {before} and before, then none until {after}, expected years near as_of"
        raise StudyError.at(name, what, mend)
