"""What each account did and when: a log of events reduced to one row per account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn._bitmaps import any_between, words_needed
from churn._zones import DAY, ZoneOffsets, day_date, day_number, day_start, zone_offsets
from surveys.errors import Problem, StudyError
from surveys.results import Note
from surveys.study import Study, Usage

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine import EventLog, Grain, Profile

LONGEST = 36_525


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
        Active local days: bit `k` of word `j` is the day `origin + 62 * j + k`.
    origin : int
        Local day of the first bit, in days since 1970-01-01.
    end : int
        End of observation, exclusive, in microseconds since 1970 UTC.
    end_day : int
        Local day after the last one observed, in days since 1970-01-01.
    timezone : str
        Name of the zone whose days these are.
    grain : {'instant', 'day'}
        Whether the log says when in the day an event happened.
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
    grain: Grain = "instant"
    n_events: int
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.first)

    def active_between(self, start: int, stop: int) -> NDArray[np.bool_]:
        """
        Tell which accounts were active in a span of local days.

        Parameters
        ----------
        start, stop : int
            First day, and the day after the last, in days since 1970-01-01.

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


def read_activity(study: Study) -> Activity:
    """
    Reduce the log of events of a study to one row per account.

    Parameters
    ----------
    study : Study
        With `usage.events`; the window ends when the local day `study.as_of` ends in `study.timezone`.

    Returns
    -------
    Activity
        First and last event and active local days of each account, within the window.

    Raises
    ------
    StudyError
        If files or columns are not there; if rows lack an account or a time, or hold a time that cannot be
        read; if nothing lies within the window.

    Notes
    -----
    Times without an offset, and numbers, are UTC. A column of dates holds local days. Sign-up is an
    account's first event. The log is read twice, once to count and once to reduce, and never held in
    memory; what is kept is a few numbers per account and a bit per local day.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> activity.summary()
    '153,346 events of 4,000 accounts, observed until 2013-12-31 (Europe/Paris)'
    >>> activity.to_frame().columns.tolist()
    ['account', 'first', 'last', 'n_events']
    """
    from churn.engine import EventLog, TimeColumn, open_source

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
    ) as (engine, source):
        time = TimeColumn(name=usage.time, unit=usage.time_unit, time_format=usage.time_format)
        log = EventLog(engine, source, account=account_columns(usage), time=time, groups=usage.group)
        return _reduced(study, usage, log, source.name, source.notes)


def _check_keys(usage: Usage) -> None:
    if usage.events is None:
        mend = "Name the log under events, or use read_accounts"
        raise StudyError.at("study.toml, usage", "names accounts, expected a log of events", mend)
    unused = [key for key in ("signup", "entry", "closed", "last_seen", "observed_until") if getattr(usage, key)]
    if unused:
        what = "is a column of accounts and cannot be used with events"
        raise StudyError(*(Problem(f"study.toml, usage.{key}", what, "Remove it") for key in unused))


def _reduced(study: Study, usage: Usage, log: EventLog, name: str, notes: tuple[Note, ...]) -> Activity:
    about = study.study
    end_day = day_number(about.as_of) + 1
    end = day_start(about.timezone, end_day)
    profile = log.profile(end_day if log.grain == "day" else end)
    _check_rows(log, profile, name, usage)
    first, last = _check_span(profile, name, study, log.grain)
    if log.grain == "day":
        offsets, origin = None, first
    else:
        offsets = zone_offsets(about.timezone, first, last)
        origin = int(offsets.local_days(np.array([first]))[0])
    tick_end = end_day if offsets is None else end
    table = log.by_account(
        end=tick_end if profile.n_late else None,
        origin=origin,
        offsets=offsets,
        n_words=words_needed(end_day - origin),
    )
    late = (Note("{n} events after {day} are left out", {"n": profile.n_late, "day": about.as_of}),)
    return _activity(
        table,
        usage=usage,
        offsets=offsets,
        origin=origin,
        end=end,
        end_day=end_day,
        timezone=about.timezone,
        notes=notes + (late if profile.n_late else ()),
    )


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
    place = place_of([(file, row) for file, row, _ in examples], n, column)
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
    days = (profile.last - profile.first) // (1 if grain == "day" else DAY)
    if days > LONGEST:
        first = day_date(max(profile.first // (1 if grain == "day" else DAY), -719_162))
        mend = "Correct the times, or say what they count under time_unit in study.toml"
        raise StudyError.at(name, f"events span {days:,} days from {first}, expected at most {LONGEST:,}", mend)
    return profile.first, profile.last


def _activity(
    table: pa.Table,
    *,
    usage: Usage,
    offsets: ZoneOffsets | None,
    origin: int,
    end: int,
    end_day: int,
    timezone: str,
    notes: tuple[Note, ...],
) -> Activity:
    columns = {name: table[name].to_numpy() for name in ("n_events", "first", "last")}
    first, last = columns["first"].astype(np.int64), columns["last"].astype(np.int64)
    first_day, last_day = (first, last) if offsets is None else (offsets.local_days(first), offsets.local_days(last))
    if offsets is None:
        first, last = midnights(first, timezone), midnights(last, timezone)
    n_words = words_needed(end_day - origin)
    words = np.empty((table.num_rows, n_words), np.uint64)
    for j in range(n_words):
        words[:, j] = table[f"word_{j}"].to_numpy()
    return Activity(
        accounts=table_frame(table, "account_", account_columns(usage)),
        attributes=table_frame(table, "group_", usage.group),
        n_events_of=columns["n_events"].astype(np.int64),
        first=first,
        last=last,
        first_day=first_day,
        last_day=last_day,
        words=words,
        origin=origin,
        end=end,
        end_day=end_day,
        timezone=timezone,
        grain="day" if offsets is None else "instant",
        n_events=int(columns["n_events"].sum()),
        notes=notes + _changed(table, usage.group),
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


def _changed(table: pa.Table, groups: tuple[str, ...]) -> tuple[Note, ...]:
    message = "{n} accounts have several values of {group}; the one at their first event counts"
    counts = {name: int(table[f"several_group_{i}"].to_pandas().eq(True).sum()) for i, name in enumerate(groups)}
    return tuple(Note(message, {"n": n, "group": name}) for name, n in counts.items() if n)
