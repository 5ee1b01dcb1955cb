"""What each account did and when: one row per account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.days.bitmaps import any_between
from churn.days.zones import ZoneOffsets, day_date, day_start
from surveys.core.results import Note
from surveys.study.schema import Weekday

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine.open import Grain
    from churn.engine.partials import Merged

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
