"""When observation of each account stopped, and whether it was gone by then, under one rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.days.silences import first_silence
from churn.days.zones import DAY, day_date
from churn.tenures.rules import DropoutRule
from churn.usage.accounts import AccountTable
from churn.usage.activity import Activity, place_of
from surveys.core.arrays import Bools, Floats
from surveys.core.errors import Problem, StudyError

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


def judge_activity(activity: Activity, rule: DropoutRule) -> Outcomes:
    """
    Apply a rule to a log of events.

    Parameters
    ----------
    activity : Activity
        Sign-up is the first event of an account.
    rule : DropoutRule
        Any but `closed`; `next_visit` calls accounts gone as `inactive` does.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If the rule needs closing dates, or no account signed up early enough.

    Examples
    --------
    >>> from churn.usage.activity import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> {name: int(judge_activity(activity, DropoutRule(name, 30)).event.sum()) for name in ("inactive", "detected")}
    {'inactive': 3165, 'detected': 3165}
    """
    rule = rule.for_labels
    if rule.rule == "closed":
        mend = "Use rule 'inactive', or a table of accounts"
        raise StudyError.at("study.toml, usage.dropout", "rule 'closed' needs the closing date of each account", mend)
    first, last, end, by_day = _seen(activity, rule)
    gap = rule.gap_days * (1 if by_day else DAY)
    judged = end - gap
    kept = _early_enough(first, judged, rule, by_day=by_day)
    _check_some_left(kept, rule, activity.end_day)
    gone = last <= judged
    elapsed = np.where(gone, last, judged) - first + (gap if rule.rule == "detected" else 0)
    return Outcomes(duration=(elapsed if by_day else -(-elapsed // DAY)).astype(np.float64), event=gone, kept=kept)


def _seen(activity: Activity, rule: DropoutRule) -> tuple[Ticks, Ticks, Ticks | int, bool]:
    """Give sign-up, the activity that may be the last, the end, and whether these are days or microseconds."""
    if rule.rule == "first_silence":
        exact = activity.grain == "instant" and activity.silence_days == rule.gap_days
        if exact and activity.silent_since is not None:
            return activity.first, activity.silent_since, activity.end, False
        days = activity.origin + first_silence(activity.words, rule.gap_days)
        if activity.clock == "elapsed":
            return np.zeros_like(days), days, (activity.end - activity.first) // DAY - 1, True
        return activity.first_day, days, activity.end_day - 1, True
    if activity.grain == "day":
        return activity.first_day, activity.last_day, activity.end_day - 1, True
    return activity.first, activity.last, activity.end, False


def judge_accounts(table: AccountTable, rule: DropoutRule) -> Outcomes:
    """
    Apply a rule to a table of accounts.

    Parameters
    ----------
    table : AccountTable
        With `closed` for the rule `closed`, `last_seen` for `inactive` and `detected`.
    rule : DropoutRule
        Any but `first_silence` and `next_visit`.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If the table lacks what the rule needs, an account is first observed at or after its dropout or
        censoring, or no account signed up early enough.

    Examples
    --------
    >>> import pandas as pd
    >>> days = {"signup": np.array([0.0, 0.0]), "closed": np.array([5.0, np.nan]), "end": 30.0, "end_day": 31}
    >>> where = {"columns": {}, "files": ("a.csv",), "file": np.zeros(2, int), "row": np.arange(2)}
    >>> blank = pd.DataFrame(index=range(2))
    >>> table = AccountTable(accounts=blank, attributes=blank, grain="day", **days, **where)
    >>> judge_accounts(table, DropoutRule("closed")).duration
    array([ 5., 30.])
    """
    if rule.rule in ("first_silence", "next_visit"):
        mend = "Use rule 'inactive', or a log of events"
        told = "silences" if rule.rule == "first_silence" else "visits"
        what = f"rule '{rule.rule}' needs a log of events; a table of accounts tells no {told}"
        raise StudyError.at("study.toml, usage.dropout", what, mend)
    until = np.full(table.n_accounts, table.end)
    if table.observed_until is not None:
        until = np.where(np.isnan(table.observed_until), until, table.observed_until)
    found = _from_closing(table, until) if rule.rule == "closed" else _from_last_seen(table, until, rule)
    problems = _order_problems(table, found)
    if problems:
        raise StudyError(*problems)
    return found


def _early_enough(first: Ticks, judged: Ticks | int, rule: DropoutRule, *, by_day: bool) -> Bools:
    """Tell who signed up before the last moment at which accounts are judged; `detected` judges all to the end."""
    if rule.rule == "detected":
        return np.ones(len(first), bool)
    return np.asarray(first <= judged if by_day else first < judged)


def _check_some_left(kept: Bools, rule: DropoutRule, end_day: int) -> None:
    if not kept.any():
        what = f"all accounts signed up in the {rule.gap_days} days before {day_date(end_day - 1)}"
        raise StudyError.at("study.toml, usage.dropout.gap_days", what, "Shorten the gap, or use a longer log")


def _from_closing(table: AccountTable, until: Floats) -> Outcomes:
    if table.closed is None:
        raise StudyError.at("study.toml, usage.closed", "is not given, rule 'closed' needs it", "Name the column")
    event = ~np.isnan(table.closed)
    return _outcomes(table, np.where(event, table.closed, until), event, np.ones(table.n_accounts, bool))


def _from_last_seen(table: AccountTable, until: Floats, rule: DropoutRule) -> Outcomes:
    if table.last_seen is None:
        what = f"is not given, rule '{rule.rule}' needs it"
        raise StudyError.at("study.toml, usage.last_seen", what, "Name the column")
    gap = rule.gap_days * table.ticks_per_day
    judged = until - gap
    kept = _early_enough(table.signup, judged, rule, by_day=table.grain == "day")
    if table.end_day is not None:
        _check_some_left(kept, rule, table.end_day)
    event = table.last_seen <= judged
    stop = np.where(event, table.last_seen, judged) + (gap if rule.rule == "detected" else 0)
    return _outcomes(table, stop, event, kept)


def _outcomes(table: AccountTable, stop: Floats, event: Bools, kept: Bools) -> Outcomes:
    """Count days begun; observation begins at days completed, so that it begins before it ends."""
    per_day = table.ticks_per_day
    entry = None if table.entry is None else np.floor((table.entry - table.signup) / per_day)
    if entry is not None:
        entry[entry < 0] = np.nan
        entry[(entry == 0) & (table.entry == table.signup)] = np.nan
    return Outcomes(duration=np.ceil((stop - table.signup) / per_day), event=event, kept=kept, entry=entry)


def _order_problems(table: AccountTable, found: Outcomes) -> list[Problem]:
    problems = []
    negative = np.flatnonzero(found.kept & (found.duration < 0))
    if len(negative):
        place = place_of(table.rows(negative[:3]), len(negative), table.columns["signup"])
        what = f"{len(negative):,} accounts signed up after their observation ended"
        problems.append(Problem(place, what, "Correct these rows, or as_of in study.toml"))
    if found.entry is not None:
        late = np.flatnonzero(found.kept & (found.entry >= found.duration))
        if len(late):
            place = place_of(table.rows(late[:3]), len(late), table.columns["entry"])
            what = f"{len(late):,} accounts come under observation when they are already gone or censored"
            problems.append(Problem(place, what, "Correct these rows, or leave these accounts out of the table"))
    return problems
