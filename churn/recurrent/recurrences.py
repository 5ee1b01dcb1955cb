"""Events that come again, such as active days or messages: whose, when, and who was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from churn.recurrent._mean_cumulative import History
from churn.usage.activity import Activity
from surveys.core.arrays import Bools, Floats, Ints
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.results import Note


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recurrences:
    """
    Events of accounts that can come again, and when each account was observed.

    Attributes
    ----------
    account : ndarray of int, shape (n_events,)
        Whose event: the row of `attributes`.
    time : ndarray of float, shape (n_events,)
        Tenure at the event, in `time_unit`.
    owner : ndarray of int, shape (n_spans,)
        Whose stretch of observation: the row of `attributes`.
    start, stop : ndarray of float, shape (n_spans,)
        The account is observed after tenure `start`, up to and including `stop`, in `time_unit`.
    attributes : DataFrame, shape (n_accounts, n_groups)
        Columns that describe the accounts.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.

    Raises
    ------
    SpecError
        If lengths differ, a time is missing or endless, a stretch does not end after it starts, stretches of
        an account overlap, or an event lies outside the observation of its account.

    Examples
    --------
    >>> two = pd.DataFrame(index=range(2))
    >>> Recurrences(account=[0, 0], time=[3, 5], owner=[0, 1], start=[0, 0], stop=[9, 4], attributes=two).summary()
    '2 events of 2 accounts'
    """

    account: Ints
    time: Floats
    owner: Ints
    start: Floats
    stop: Floats
    attributes: pd.DataFrame
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Take copies as arrays and refuse what cannot be."""
        for name in ("account", "owner"):
            object.__setattr__(self, name, np.array(getattr(self, name), np.int64, ndmin=1))
        for name in ("time", "start", "stop"):
            object.__setattr__(self, name, np.array(getattr(self, name), np.float64, ndmin=1))
        _check(self)

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.attributes)

    @classmethod
    def from_spans(
        cls,
        frame: pd.DataFrame,
        *,
        account: str,
        start: str,
        stop: str,
        event: str,
        attributes: Sequence[str] = (),
        time_unit: str = "days",
    ) -> Recurrences:
        """
        Take rows that each say from when to when an account was observed, and whether an event ended that.

        Parameters
        ----------
        frame : DataFrame
            One row per stretch of observation.
        account, start, stop, event : str
            Columns: who; tenure after which, and until which, the account is observed; true or 1 for an event
            at `stop`.
        attributes : sequence of str
            Columns that describe the account; the same in all of its rows.
        time_unit : str
            Unit of tenures.

        Returns
        -------
        Recurrences

        Raises
        ------
        SpecError
            If a column is not there, or an attribute differs within an account; or as the class.

        Examples
        --------
        >>> frame = pd.DataFrame({"id": [1, 1, 2], "start": [0, 3, 0], "stop": [3, 9, 4], "event": [1, 0, 0]})
        >>> Recurrences.from_spans(frame, account="id", start="start", stop="stop", event="event").summary()
        '1 events of 2 accounts'
        """
        check_columns("Recurrences.from_spans", frame, (account, start, stop, event, *attributes))
        code, _ = pd.factorize(frame[account], sort=True)
        if (code < 0).any():
            raise SpecError.at(f"column '{account}'", f"{int((code < 0).sum())} rows have no account", "Name it")
        describing = frame[list(attributes)].groupby(code, dropna=False)
        varying = [name for name in attributes if (describing[name].nunique(dropna=False) > 1).any()]
        if varying:
            raise SpecError.at(f"column '{varying[0]}'", "differs within an account", "Describe accounts by what stays")
        happened = frame[event].to_numpy() == 1
        return cls(
            account=code[happened],
            time=frame[stop].to_numpy()[happened],
            owner=code,
            start=frame[start].to_numpy(),
            stop=frame[stop].to_numpy(),
            attributes=frame[list(attributes)].iloc[np.unique(code, return_index=True)[1]].reset_index(drop=True),
            time_unit=time_unit,
        )

    @classmethod
    def from_tables(
        cls,
        events: pd.DataFrame,
        accounts: pd.DataFrame,
        *,
        account: str = "account",
        time: str = "time",
        entry: str | None = None,
        end: str = "end",
        time_unit: str = "days",
    ) -> Recurrences:
        """
        Take one table of events, and one of the accounts with the end of their observation.

        Parameters
        ----------
        events : DataFrame
            One row per event: `account`, `time`.
        accounts : DataFrame
            One row per account: `account`, `end`, perhaps `entry`; the other columns describe it.
        account, time, entry, end : str
            Columns: who; tenure at the event; tenures after which, and until which, the account is observed.
            Without `entry`, after 0.
        time_unit : str
            Unit of tenures.

        Returns
        -------
        Recurrences

        Raises
        ------
        SpecError
            If a column is not there, an account has two rows, or an event belongs to none; or as the class.

        Examples
        --------
        >>> events = pd.DataFrame({"account": ["a", "a"], "time": [3, 5]})
        >>> accounts = pd.DataFrame({"account": ["a", "b"], "end": [9, 4]})
        >>> from churn.recurrent.mean_cumulative import mean_cumulative_function
        >>> print(mean_cumulative_function(Recurrences.from_tables(events, accounts)).at(4).estimate)
        0.5
        """
        check_columns("events", events, (account, time))
        check_columns("accounts", accounts, (account, end, *([entry] if entry else [])))
        names = pd.Index(accounts[account])
        if not names.is_unique:
            raise SpecError.at("accounts", f"{int(names.duplicated().sum())} accounts have two rows", "Keep one")
        code = names.get_indexer(pd.Index(events[account]))
        if (code < 0).any():
            what = f"{int((code < 0).sum())} rows belong to no account of the table of accounts"
            raise SpecError.at("events", what, "Add these accounts, or leave out these events")
        return cls(
            account=code,
            time=events[time].to_numpy(),
            owner=np.arange(len(names)),
            start=np.zeros(len(names)) if entry is None else accounts[entry].to_numpy(),
            stop=accounts[end].to_numpy(),
            attributes=accounts.drop(columns=[account, end, *([entry] if entry else [])]).reset_index(drop=True),
            time_unit=time_unit,
        )

    def where(self, rows: Bools) -> Recurrences:
        """
        Keep some accounts.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_accounts,)
            True for the accounts to keep.

        Returns
        -------
        Recurrences
        """
        number = np.cumsum(rows) - 1
        events, spans = rows[self.account], rows[self.owner]
        return replace(
            self,
            account=number[self.account[events]],
            time=self.time[events],
            owner=number[self.owner[spans]],
            start=self.start[spans],
            stop=self.stop[spans],
            attributes=self.attributes.loc[rows].reset_index(drop=True),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per event: the attributes of its account, then `account` and `time`."""
        rows = self.attributes.iloc[self.account].reset_index(drop=True)
        return rows.assign(account=self.account, time=self.time)

    def summary(self) -> str:
        """Say how many events and accounts there are, in one line of English."""
        return f"{len(self.time):,} events of {self.n_accounts:,} accounts"


def measure_recurrences(activity: Activity) -> Recurrences:
    """
    Take the local days on which accounts were active, after the day of their first event, as events.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.

    Returns
    -------
    Recurrences
        In days since the first event, observed until the last local day of the window. Accounts first seen
        on that day are left out, and the notes count them.

    Raises
    ------
    EstimateError
        If all accounts were first seen on the last day.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> days = measure_recurrences(read_activity(open_example("twitter_france")))
    >>> days.n_accounts
    4000
    """
    activity = activity.signups()
    until = activity.end_day - 1 - activity.first_day
    kept = until > 0
    if not kept.any():
        raise EstimateError.at("measure_recurrences", "no account was seen before the last day", "Use a longer log")
    account, day = _active_days(activity)
    later = kept[account] & (day > activity.first_day[account])
    number = np.cumsum(kept) - 1
    n_late = int((~kept).sum())
    message = "{n} accounts first seen on the last day of the window are left out"
    return Recurrences(
        account=number[account[later]],
        time=(day - activity.first_day[account])[later].astype(np.float64),
        owner=np.arange(int(kept.sum())),
        start=np.zeros(int(kept.sum())),
        stop=until[kept].astype(np.float64),
        attributes=activity.attributes.loc[kept].reset_index(drop=True),
        notes=activity.notes + ((Note(message, {"n": n_late}),) if n_late else ()),
    )


def history_of(given: Recurrences) -> History:
    """
    Lay events and observation out on the distinct times.

    Examples
    --------
    >>> one = pd.DataFrame(index=range(1))
    >>> history_of(Recurrences(account=[0], time=[3], owner=[0], start=[0], stop=[9], attributes=one)).time.tolist()
    [3.0, 9.0]
    """
    return History.of(given.account, given.time, given.owner, given.start, given.stop)


def check_columns(place: str, frame: pd.DataFrame, names: Sequence[str]) -> None:
    """
    Refuse a table that lacks a column.

    Examples
    --------
    >>> check_columns("events", pd.DataFrame({"account": [1]}), ["acount"])
    Traceback (most recent call last):
    surveys.core.errors.SpecError: events 'acount': no such column. Did you mean 'account'?
    """
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise SpecError(
            *(
                Problem(f"{place} '{name}'", "no such column", did_you_mean(name, map(str, frame.columns), "Add it"))
                for name in absent
            )
        )


def _active_days(activity: Activity) -> tuple[Ints, Ints]:
    days = range(activity.origin, activity.end_day)
    active = [np.flatnonzero(activity.active_between(day, day + 1)) for day in days]
    return np.concatenate(active), np.repeat(np.asarray(days, np.int64), [len(rows) for rows in active])


def _check(given: Recurrences) -> None:
    n_events, n_spans = len(given.time), len(given.owner)
    problems = [
        Problem(f"Recurrences.{name}", f"has {len(values)} rows, expected {n}", "Give one row for each")
        for name, values, n in (
            ("account", given.account, n_events),
            ("start", given.start, n_spans),
            ("stop", given.stop, n_spans),
        )
        if len(values) != n
    ]
    for name, values in (("time", given.time), ("start", given.start), ("stop", given.stop)):
        if wrong := int((~np.isfinite(values)).sum()):
            problems.append(Problem(f"Recurrences.{name}", f"{wrong} are missing or endless", "Give a tenure"))
    for name, code in (("account", given.account), ("owner", given.owner)):
        if wrong := int(((code < 0) | (code >= given.n_accounts)).sum()):
            what = f"{wrong} rows are of no account"
            problems.append(Problem(f"Recurrences.{name}", what, "Number accounts from 0, as the attributes"))
    if not problems and (wrong := int((given.start >= given.stop).sum())):
        problems.append(Problem("Recurrences.stop", f"{wrong} stretches end before they start", "Correct them"))
    if not problems and n_spans:
        problems += _order_problems(history_of(given))
    elif not problems and n_events:
        problems.append(Problem("Recurrences.time", f"{n_events} events of accounts never observed", "Give the spans"))
    if problems:
        raise SpecError(*problems)


def _order_problems(history: History) -> list[Problem]:
    if overlapping := int(history.overlapping().sum()):
        what = f"{overlapping} stretches begin before the account's last one has ended"
        return [Problem("Recurrences.start", what, "Correct them")]
    if outside := int(history.occurrences.n[history.unobserved()].sum()):
        what = f"{outside} events lie outside the observation of their account"
        return [Problem("Recurrences.time", what, "Correct them, or the stretches")]
    return []
