"""When observation of each account stopped, and whether it was gone by then, under one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from churn.days.zones import DAY, day_date
from churn.usage.accounts import AccountTable
from churn.usage.activity import Activity
from surveys.core.arrays import Bools, Floats
from surveys.core.errors import StudyError

Dated = Literal["at the last activity", "when declared"]
Ticks = NDArray[np.int64] | Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """
    One row per account of a log or a table, those left out included.

    Attributes
    ----------
    duration : ndarray of float, shape (n_accounts,)
        Days from sign-up to dropout or censoring; without meaning for those left out.
    event : ndarray of bool, shape (n_accounts,)
        True for dropout, False for censoring.
    kept : ndarray of bool, shape (n_accounts,)
        False for accounts that signed up too late to be judged.
    entry : ndarray of float, shape (n_accounts,), or None
        Days from sign-up to the beginning of observation; NaN where it began at sign-up.
    """

    duration: Floats
    event: Bools
    kept: Bools
    entry: Floats | None = None


def judge_by_silence(activity: Activity, gap_days: int, *, dated: Dated) -> Outcomes:
    """
    Call accounts gone that show nothing in the last days of a log, and censor the others before these.

    Parameters
    ----------
    activity : Activity
        Sign-up is the first event of an account.
    gap_days : int
        Days of silence.
    dated : {'at the last activity', 'when declared'}
        When a dropout is dated; where it is when the silence is over, everybody is judged to the end.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If no account signed up early enough.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> int(judge_by_silence(activity, 30, dated="at the last activity").event.sum())
    3165
    """
    by_day = activity.grain == "day"
    if by_day:
        return judge_from(
            activity.first_day, activity.last_day, activity.end_day - 1, activity, gap_days, dated, by_day=True
        )
    return judge_from(activity.first, activity.last, activity.end, activity, gap_days, dated, by_day=False)


def judge_from(
    first: Ticks,
    last: Ticks,
    end: Ticks | int,
    activity: Activity,
    gap_days: int,
    dated: Dated = "at the last activity",
    *,
    by_day: bool,
) -> Outcomes:
    """
    Call accounts gone whose last activity, as a rule sees it, lies a gap before the end.

    Parameters
    ----------
    first, last : ndarray, shape (n_accounts,)
        Sign-up and the activity that may be the last, in days or microseconds.
    end : int or ndarray, shape (n_accounts,)
        Of observation, alike.
    activity : Activity
        For messages.
    gap_days : int
        Days of silence.
    dated : {'at the last activity', 'when declared'}
        As for `judge_by_silence`.
    by_day : bool
        Whether times are days, not microseconds.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If no account signed up early enough.
    """
    gap = gap_days * (1 if by_day else DAY)
    judged = end - gap
    late = dated == "when declared"
    kept = _early_enough(first, judged, to_the_end=late, by_day=by_day)
    _check_some_left(kept, gap_days, activity.end_day)
    gone = last <= judged
    elapsed = np.where(gone, last, judged) - first + (gap if late else 0)
    return Outcomes(duration=(elapsed if by_day else -(-elapsed // DAY)).astype(np.float64), event=gone, kept=kept)


def judge_table_by_silence(table: AccountTable, gap_days: int, *, rule: str, dated: Dated) -> Outcomes:
    """
    Call accounts of a table gone that were last seen a gap before observation ended.

    Parameters
    ----------
    table : AccountTable
        With `last_seen`.
    gap_days : int
        Days of silence.
    rule : str
        Name of the rule, for messages.
    dated : {'at the last activity', 'when declared'}
        As for `judge_by_silence`.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If the table does not say when accounts were last seen, or no account signed up early enough.
    """
    if table.last_seen is None:
        what = f"is not given, rule '{rule}' needs it"
        raise StudyError.at("study.toml, usage.last_seen", what, "Name the column")
    gap = gap_days * table.ticks_per_day
    judged = observed_until(table) - gap
    late = dated == "when declared"
    kept = _early_enough(table.signup, judged, to_the_end=late, by_day=table.grain == "day")
    if table.end_day is not None:
        _check_some_left(kept, gap_days, table.end_day)
    event = table.last_seen <= judged
    stop = np.where(event, table.last_seen, judged) + (gap if late else 0)
    return outcomes_of_table(table, stop, event, kept)


def observed_until(table: AccountTable) -> Floats:
    """Give the end of observation of each account of a table, in its ticks."""
    until = np.full(table.n_accounts, table.end)
    if table.observed_until is None:
        return until
    return np.where(np.isnan(table.observed_until), until, table.observed_until)


def _early_enough(first: Ticks, judged: Ticks | int, *, to_the_end: bool, by_day: bool) -> Bools:
    """Tell who signed up before the last moment at which accounts are judged."""
    if to_the_end:
        return np.ones(len(first), bool)
    return np.asarray(first <= judged if by_day else first < judged)


def _check_some_left(kept: Bools, gap_days: int, end_day: int) -> None:
    if not kept.any():
        what = f"all accounts signed up in the {gap_days} days before {day_date(end_day - 1)}"
        raise StudyError.at("study.toml, usage.dropout.gap_days", what, "Shorten the gap, or use a longer log")


def outcomes_of_table(table: AccountTable, stop: Floats, event: Bools, kept: Bools) -> Outcomes:
    """Give outcomes in days begun; observation begins at days completed, so that it begins before it ends."""
    per_day = table.ticks_per_day
    entry = None if table.entry is None else np.floor((table.entry - table.signup) / per_day)
    if entry is not None:
        entry[entry < 0] = np.nan
        entry[(entry == 0) & (table.entry == table.signup)] = np.nan
    return Outcomes(duration=np.ceil((stop - table.signup) / per_day), event=event, kept=kept, entry=entry)
