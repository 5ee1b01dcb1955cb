"""Tables of accounts: when each was opened, closed, last seen, and over what time it was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.days.zones import DAY, UTC_NAMES, day_date, day_number, day_start, wall_offsets, zone_offsets
from churn.engine.clocks import clock_notes, clock_of, clock_problem
from churn.usage.activity import table_frame
from churn.usage.columns import account_columns, place_of, refuse_inexact, settle_groups, usage_of, wanted_columns
from churn.usage.log_edges import FAR_DAYS, check_last_seen
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study
from surveys.study.usage import Usage

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine.open import Grain


TIMES = ("signup", "entry", "closed", "last_seen", "observed_until")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccountTable:
    """
    One row per account: its dates, on one clock.

    Attributes
    ----------
    accounts : DataFrame, shape (n_accounts, n_keys)
        What names each account, in the order of the file.
    attributes : DataFrame, shape (n_accounts, n_groups)
        Columns that describe the account, as text.
    signup : ndarray of float, shape (n_accounts,)
        When it was opened; whole ticks: microseconds since 1970 UTC, or days where `grain` is `day`.
    entry, closed, last_seen, observed_until : ndarray of float, shape (n_accounts,), or None
        When observation began, when it was closed, last seen, and when observation ended; NaN where
        blank, None where the study names no such column.
    end : float
        End of observation for accounts without `observed_until`; NaN on a clock of the table's own.
    end_day : int or None
        Local day after the last one observed, in days since 1970-01-01; None on a clock of its own.
    grain : {'instant', 'day'}
        What a tick is.
    cause : ndarray of int, shape (n_accounts,), or None
        Why it was closed: 0 where blank, i for `causes[i - 1]`; None where the study names no such column.
    causes : tuple of str
        Names of the causes, in alphabetical order.
    columns : mapping of str to str
        Column of the file behind each of these.
    files : tuple of str
        Names of the files.
    file, row : ndarray of int, shape (n_accounts,)
        Where each account stands: number of the file, and row as a spreadsheet shows it.
    notes : tuple of Note
        Caveats.
    """

    accounts: pd.DataFrame
    attributes: pd.DataFrame
    signup: Floats
    entry: Floats | None = None
    closed: Floats | None = None
    last_seen: Floats | None = None
    observed_until: Floats | None = None
    cause: NDArray[np.int64] | None = None
    causes: tuple[str, ...] = ()
    end: float
    end_day: int | None
    grain: Grain
    columns: Mapping[str, str]
    files: tuple[str, ...]
    file: NDArray[np.int64]
    row: NDArray[np.int64]
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.signup)

    @property
    def ticks_per_day(self) -> int:
        """Ticks in a day of 24 hours."""
        return 1 if self.grain == "day" else DAY

    def rows(self, index: NDArray[np.int64]) -> list[tuple[str, int]]:
        """Give the file and row of some accounts."""
        return [(self.files[self.file[i]], int(self.row[i])) for i in index]

    def summary(self) -> str:
        """Say how many accounts there are, in one line of English."""
        until = "observed until each its own day" if self.end_day is None else f"until {day_date(self.end_day - 1)}"
        return f"{self.n_accounts:,} accounts, {until}"


def read_accounts(study: Study) -> AccountTable:
    """
    Read the table of accounts of a study and check that its dates agree with each other.

    Parameters
    ----------
    study : Study
        With `usage.accounts`. Blank cells under `closed` are accounts still open; under `entry`, accounts
        observed from sign-up on; under `observed_until`, accounts observed to the end of the window. An
        account has a `cause` if and only if it is closed, unless `cause_blank` names the cause of blanks.

    Returns
    -------
    AccountTable
        One row per account.

    Raises
    ------
    StudyError
        If files or columns are not there, an account is blank or occurs twice, a time is missing or cannot
        be read, or times contradict each other or the window; all such problems at once.

    Notes
    -----
    Where any column holds dates without a time of day, all are taken to local days. With `time_unit =
    "day"` the numbers count days on a clock of the table's own, of which only differences matter; the
    window is then `observed_until`, not `as_of`.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"id": ["a", "b"], "opened": ["2013-11-01", "2013-11-30"], "seen": "2013-12-02"})
    >>> study = {"title": "Who stays", "as_of": "2013-12-31"}
    >>> usage = {"accounts": "a.csv", "account": "id", "signup": "opened", "last_seen": "seen"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(f"{folder}/a.csv", index=False)
    ...     read_accounts(Study.model_validate({"folder": folder, "study": study, "usage": usage})).summary()
    '2 accounts, until 2013-12-31'
    """
    from churn.engine.open import TimeColumn, open_source, read_accounts_table

    usage = usage_of(study)
    if usage.accounts is None:
        mend = "Name the table under accounts, or use read_activity"
        raise StudyError.at("study.toml, usage", "names events, expected a table of accounts", mend)
    if usage.tenure is not None:
        what = "names a column of tenures, expected dates"
        raise StudyError.at("study.toml, usage.tenure", what, "Use read_tenures, or count_tenure_table")
    times = {key: getattr(usage, key) for key in TIMES if getattr(usage, key) is not None}
    with open_source(
        study.folder,
        usage.accounts,
        key="accounts",
        wanted=wanted_columns(usage, times | _others(usage)),
        delimiter=usage.delimiter,
        encoding=usage.encoding,
    ) as (engine, source):
        columns = [
            TimeColumn(name=name, unit=usage.time_unit, time_format=usage.time_format, clock=clock_of(study))
            for name in times.values()
        ]
        accounts = account_columns(usage)
        described = (*usage.group, *_others(usage).values())
        table, grains, expected = read_accounts_table(engine, source, account=accounts, times=columns, groups=described)
        files = tuple(path.name for path in source.files)
        if table.num_rows == 0:
            raise StudyError.at(source.name, "has no rows, expected one per account", "Export it again")
        notes = source.notes
    table, told = _settled(table, study, times, files)
    refuse_inexact(table.select([f"account_{i}" for i in range(len(accounts))]), accounts, files[0])
    found = _on_one_clock(table, study, usage, times, grains, files, notes + told)
    problems = [*_blank_problems(table, found, expected), *_time_problems(found), *_cause_problems(found)]
    if problems:
        raise StudyError(*problems)
    found = found if usage.frequency is None else _repeated(found, table, usage)
    silence = _silence(found, study, usage)
    return found if silence is None else replace(found, notes=(*found.notes, silence))


def _others(usage: Usage) -> dict[str, str]:
    """Give the columns that are read as they stand, by the key that names them."""
    return {key: name for key in ("cause", "frequency") if (name := getattr(usage, key)) is not None}


def _repeated(found: AccountTable, table: pa.Table, usage: Usage) -> AccountTable:
    """Repeat each row for the accounts that it stands for."""
    stored = table[f"group_{len(usage.group) + len(_others(usage)) - 1}"].to_pandas()
    n = pd.to_numeric(stored, errors="coerce").to_numpy(np.float64)
    place = {**found.columns, "frequency": usage.frequency or ""}
    read = replace(found, columns=place)
    whole = np.isfinite(n) & (n >= 0) & (n == np.floor(n))
    mend = "Correct these cells, or name another column under frequency in study.toml"
    problems = _problem(read, ~whole, "frequency", "do not stand for a whole number of accounts, 0 or more", mend)
    if not problems and not n.any():
        problems = [Problem(f"{found.files[0]}, column '{usage.frequency}'", "is 0 in every row", mend)]
    if problems:
        raise StudyError(
            *(replace(problem, what=problem.what.replace("accounts do", "rows do")) for problem in problems)
        )
    rows = np.repeat(np.arange(found.n_accounts), n.astype(np.int64))
    frames = {name: getattr(read, name).iloc[rows].reset_index(drop=True) for name in ("accounts", "attributes")}
    columns = (*TIMES, "cause", "file", "row")
    arrays = {name: values[rows] for name in columns if (values := getattr(read, name)) is not None}
    return replace(read, **frames, **arrays)


def _silence(found: AccountTable, study: Study, usage: Usage) -> Note | None:
    """Refuse, or tell of, last activity that ends long before the window does."""
    if found.last_seen is None or found.end_day is None or found.observed_until is not None:
        return None
    days = found.last_seen if found.grain == "day" else _local_days(found.last_seen, study.study.timezone)
    files = found.files[0] if len(found.files) == 1 else f"{found.files[0]} and {len(found.files) - 1} more"
    place = f"{files}, column '{found.columns['last_seen']}'"
    return check_last_seen(days.astype(np.int64), end_day=found.end_day, usage=usage, place=place)


def _settled(
    table: pa.Table, study: Study, times: Mapping[str, str], files: tuple[str, ...]
) -> tuple[pa.Table, tuple[Note, ...]]:
    """Put times without an offset on the clock that the study names, or ask for it."""
    import pyarrow as pa

    clock, problems, n_walls, n_unclear = clock_of(study), [], 0, 0
    if clock in UTC_NAMES:
        return table, ()
    for name in dict.fromkeys(times.values()):
        ticks = table[f"tick_{name}"]
        rows = table[f"wall_{name}"].fill_null(False).to_numpy() & ~ticks.is_null().to_numpy()
        n = int(rows.sum())
        if not n:
            continue
        n_walls += n
        if clock is None:
            problems.append(clock_problem(f"{files[0]}, column '{name}'", n))
            continue
        values = ticks.fill_null(0).to_numpy().astype(np.int64)
        walls = values[rows]
        offsets = wall_offsets(clock, int(walls.min()), int(walls.max()))
        n_unclear += sum(int(((walls >= low) & (walls < high)).sum()) for low, high in offsets.unclear)
        values[rows] = offsets.instants(walls)
        read = pa.chunked_array([pa.array(values, mask=ticks.is_null().to_numpy())])
        table = table.set_column(table.schema.get_field_index(f"tick_{name}"), f"tick_{name}", read)
    if problems:
        raise StudyError(*problems)
    return table, clock_notes(clock, n_walls, n_unclear)


def _on_one_clock(
    table: pa.Table,
    study: Study,
    usage: Usage,
    times: Mapping[str, str],
    grains: Mapping[str, Grain],
    files: tuple[str, ...],
    notes: tuple[Note, ...],
) -> AccountTable:
    zone, end_day = study.study.timezone, day_number(study.study.as_of) + 1
    filled = [key for key, name in times.items() if table[f"raw_{name}"].null_count < table.num_rows]
    grain: Grain = "day" if any(grains[times[key]] == "day" for key in filled) else "instant"
    cause, causes = _causes(table, usage)
    ticks = {key: table[f"tick_{name}"].to_pandas().to_numpy(np.float64) for key, name in times.items()}
    if grain == "day":
        ticks = {
            key: _local_days(values, zone) if grains[times[key]] == "instant" else values
            for key, values in ticks.items()
        }
    own_clock = usage.time_unit == "day"
    end = np.nan if own_clock else float(end_day - 1 if grain == "day" else day_start(zone, end_day))
    return AccountTable(
        accounts=table_frame(table, "account_", account_columns(usage)),
        attributes=settle_groups(table_frame(table, "group_", usage.group), usage, files[0]),
        **ticks,
        cause=cause,
        causes=causes,
        end=end,
        end_day=None if own_clock else end_day,
        grain=grain,
        columns=dict(times) | {"account": "', '".join(account_columns(usage)), "cause": usage.cause or ""},
        files=files,
        file=table["file"].to_numpy().astype(np.int64),
        row=table["row"].to_numpy().astype(np.int64),
        notes=notes,
    )


def _causes(table: pa.Table, usage: Usage) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Give causes their numbers; a blank one of an account with a closing date is what the study says it is."""
    if usage.cause is None or usage.closed is None:
        return None, ()
    named = table[f"group_{len(usage.group)}"].to_pandas().astype(object).str.strip().replace("", None)
    if usage.cause_blank is not None:
        closed = np.asarray(table[f"raw_{usage.closed}"].to_pandas().notna())
        named = named.mask(named.isna() & closed, usage.cause_blank)
    codes, causes = pd.factorize(named, sort=True)
    return codes.astype(np.int64) + 1, tuple(map(str, causes))


def _local_days(instants: Floats, timezone: str) -> Floats:
    days = np.full(len(instants), np.nan)
    known = ~np.isnan(instants)
    if known.any():
        whole = instants[known].astype(np.int64)
        days[known] = zone_offsets(timezone, int(whole.min()), int(whole.max())).local_days(whole)
    return days


def _problem(table: AccountTable, wrong: NDArray[np.bool_], key: str, what: str, mend: str) -> list[Problem]:
    index = np.flatnonzero(wrong)
    if not len(index):
        return []
    place = place_of(table.rows(index[:3]), len(index), table.columns[key])
    return [Problem(place, f"{len(index):,} of {table.n_accounts:,} accounts {what}", mend)]


def _blank_problems(table: pa.Table, found: AccountTable, expected: Mapping[str, str]) -> list[Problem]:
    blank = np.asarray(found.accounts.isna().any(axis=1))
    problems = _problem(found, blank, "account", "have no name", "Fill in the account, or delete these rows")
    named = found.accounts.shape[1] > 0
    twice = np.asarray(found.accounts.duplicated(keep="first")) & ~blank if named else np.zeros(len(blank), bool)
    mend = "Keep one row per account, or name more columns under account in study.toml"
    problems += _problem(found, twice, "account", "occur a second time", mend)
    for key in TIMES:
        ticks = getattr(found, key)
        if ticks is None:
            continue
        name = found.columns[key]
        raw = table[f"raw_{name}"].to_pandas()
        absent = np.asarray(raw.isna())
        unreadable = ~absent & np.isnan(ticks)
        if unreadable.any():
            got = raw[unreadable].iloc[0]
            what = f"have a time that cannot be read, such as '{got}', expected {expected[name]}"
            mend = "Correct them, or say how times are written under time_unit or time_format in study.toml"
            problems += _problem(found, unreadable, key, what, mend)
        if key == "signup":
            mend = "Fill in the date, or leave these accounts out of the table"
            problems += _problem(found, absent, key, "have no date of sign-up", mend)
        if key == "last_seen":
            mend = "Write the date of sign-up where the account was never used after it"
            problems += _problem(found, absent, key, "have no date of last activity", mend)
    return problems


def _time_problems(found: AccountTable) -> list[Problem]:
    problems = []
    for key in ("closed", "last_seen", "observed_until"):
        ticks = getattr(found, key)
        if ticks is not None:
            what = f"have {key} before sign-up"
            problems += _problem(found, ticks < found.signup, key, what, "Correct these rows")
    if found.end_day is not None:
        day = day_date(found.end_day - 1)
        mend = "Correct these rows, or set as_of in study.toml to the last day the table covers"
        for key in TIMES:
            ticks = getattr(found, key)
            if ticks is not None and key != "observed_until":
                late = ticks > found.end if found.grain == "day" else ticks >= found.end
                problems += _problem(found, late, key, f"have {key} after {day}, the end of the window", mend)
                problems += _epoch_problems(found, ticks, key)
        if found.observed_until is not None:
            late = found.observed_until > found.end
            problems += _problem(
                found, late, "observed_until", f"have observed_until after {day}, the end of the window", mend
            )
    until = found.observed_until
    if until is not None:
        for key in ("closed", "last_seen"):
            ticks = getattr(found, key)
            if ticks is not None:
                what = f"have {key} after their observation ended"
                problems += _problem(found, ticks > until, key, what, "Correct these rows")
    if found.end_day is None:
        open_ended = np.isnan(until) if until is not None else np.ones(found.n_accounts, bool)
        open_ended &= np.isnan(found.closed) if found.closed is not None and found.last_seen is None else True
        what = "have no end of observation, which days on a clock of their own need"
        mend = "Fill in a column for the day on which observation ended and name it under observed_until in study.toml"
        key = "observed_until" if until is not None else "signup"
        problems += _problem(found, open_ended, key, what, mend)
    return problems


def _epoch_problems(found: AccountTable, ticks: Floats, key: str) -> list[Problem]:
    """Find times on the first day of 1970, which stand for no time, among times of other years."""
    days = np.floor(ticks / found.ticks_per_day)
    if np.isnan(days).all() or np.nanmedian(days) < FAR_DAYS:
        return []
    mend = "Leave these cells blank, or correct them; or say what the times count under time_unit in study.toml"
    return _problem(found, np.abs(days) <= 1, key, f"have {key} on 1970-01-01, far from the others", mend)


def _cause_problems(found: AccountTable) -> list[Problem]:
    if found.cause is None or found.closed is None:
        return []
    absent, gone = found.cause == 0, ~np.isnan(found.closed)
    what, mend = "are closed without a cause", "Fill in the cause, or name that of blank cells under cause_blank"
    problems = _problem(found, absent & gone, "cause", what, f"{mend} in study.toml")
    mend = "Clear the cause, or fill in the date of closing"
    return problems + _problem(found, ~absent & ~gone, "cause", "have a cause and are not closed", mend)
