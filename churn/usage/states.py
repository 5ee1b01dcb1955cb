"""States of accounts kept between readings: a log is reduced day by day, and its days are merged."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from churn.days.bitmaps import BITS, words_needed
from churn.days.zones import day_start, zone_offsets
from churn.engine.clocks import clock_of
from churn.engine.partials import compacted, merge
from churn.usage.activity import Activity, activity_of
from churn.usage.columns import account_columns, refuse_inexact, usage_of, wanted_columns
from churn.usage.log_edges import find_there_before
from churn.usage.log_window import log_window, refuse_missing_accounts
from surveys.core.errors import Problem, SpecError, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study

if TYPE_CHECKING:
    import pyarrow as pa

    from churn.engine.open import Grain

ABOUT = b"adoption-churn states"
SHARED = ("account", "group", "timezone", "grain", "opening_days", "gap_days")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccountStates:
    """
    What each account did, in parts that can be merged.

    Attributes
    ----------
    table : pyarrow.Table
        One row per account and word of 62 days in which it was active: `account_0`..., `word` (local day since
        1970-01-01 over 62, rounded down), `bits` of active days within it, `n_events`, `first`, `last`; and for
        each group its value at `first`, and the first and last of its values.
    account, group : tuple of str
        Columns that name and describe the account.
    end_day : int
        Local day after the last one observed, in days since 1970-01-01.
    timezone : str
        Name of the zone whose days these are.
    grain : {'instant', 'day'}
        Whether `first` and `last` are microseconds since 1970 UTC, or local days.
    opening_days : int or None
        Opening window of the log that the parts make together, as in `[usage]`.
    gap_days : int
        Silence after which an account is taken to be gone, which is the window where none is given.
    notes : tuple of Note
        Caveats.
    """

    table: pa.Table
    account: tuple[str, ...]
    group: tuple[str, ...]
    end_day: int
    timezone: str
    grain: Grain
    opening_days: int | None = 0
    gap_days: int = 30
    notes: tuple[Note, ...] = ()

    @property
    def n_events(self) -> int:
        """Events, over all accounts."""
        return int(self.table["n_events"].to_numpy().sum())

    def to_activity(self) -> Activity:
        """
        Give one row per account, as `read_activity` does.

        Returns
        -------
        Activity
        """
        word = self.table["word"].to_numpy().astype(np.int64)
        opening = int(word.min()) * BITS
        first = self.table["first"].to_numpy()
        offsets = None
        if self.grain == "instant":
            offsets = zone_offsets(self.timezone, int(first.min()), int(self.table["last"].to_numpy().max()))
        keys = [f"account_{i}" for i in range(len(self.account))]
        n_words = words_needed(self.end_day - opening)
        merged = merge([_shifted(self.table, -opening // BITS)], keys, len(self.group), n_words)
        assert merged is not None
        activity = activity_of(
            merged,
            accounts=self.account,
            groups=self.group,
            offsets=offsets,
            origin=opening,
            end=day_start(self.timezone, self.end_day),
            end_day=self.end_day,
            timezone=self.timezone,
            clock="local",
            notes=self.notes,
        )
        there, told = find_there_before(
            activity.first_day,
            origin=int(activity.first_day.min()),
            end_day=self.end_day,
            opening_days=self.opening_days,
            gap_days=self.gap_days,
        )
        return replace(activity, there_before=there, notes=activity.notes + (() if told is None else (told,)))

    def summary(self) -> str:
        """Say how much was seen, in one line of English."""
        return self.to_activity().summary()


def read_states(study: Study) -> AccountStates:
    """
    Reduce the log of events of a study to states that can be merged with those of other days.

    Parameters
    ----------
    study : Study
        With `usage.events`: the log of a day, or of any other time; the window ends with `study.as_of`.

    Returns
    -------
    AccountStates

    Raises
    ------
    StudyError
        As `read_activity`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_states(open_example("twitter_france")).summary()
    '153,346 events of 4,000 accounts, observed until 2013-12-31 (Europe/Paris)'
    """
    import pyarrow as pa

    from churn.engine.open import EventLog, TimeColumn, open_source

    usage = usage_of(study)
    if usage.events is None or usage.time is None:
        mend = "Name the log under events"
        raise StudyError.at("study.toml, usage", "names accounts, expected a log of events", mend)
    with open_source(
        study.folder,
        usage.events,
        key="events",
        wanted=wanted_columns(usage, {"time": usage.time}),
        delimiter=usage.delimiter,
        encoding=usage.encoding,
        table=usage.table,
    ) as (engine, source):
        time = TimeColumn(name=usage.time, unit=usage.time_unit, time_format=usage.time_format, clock=clock_of(study))
        log = EventLog(engine, source, account=account_columns(usage), time=time, groups=usage.group)
        window = log_window(study, log, source.name)
        origin = window.origin // BITS * BITS
        n_words = words_needed(window.end_day - origin)
        gathered = log.gather(end=window.late, origin=origin, offsets=window.offsets, n_words=n_words)
        table = pa.concat_tables(gathered, promote_options="permissive")
        keys = [f"account_{i}" for i in range(len(account_columns(usage)))]
        if any(table[key].null_count for key in keys):
            refuse_missing_accounts(study, log, source.name)
        refuse_inexact(table.select(keys), account_columns(usage), source.name)
        return AccountStates(
            table=compacted(_shifted(table, origin // BITS), keys, len(usage.group)),
            account=account_columns(usage),
            group=usage.group,
            end_day=window.end_day,
            timezone=study.study.timezone,
            grain=log.grain,
            opening_days=usage.opening_days,
            gap_days=usage.dropout.gap_days,
            notes=source.notes + window.notes,
        )


def merge_states(*states: AccountStates) -> AccountStates:
    """
    Merge the states of several days into one.

    Parameters
    ----------
    *states : AccountStates
        Of logs that have no event in common: an event that is in two of them is counted twice in
        `n_events`, though not in any day.

    Returns
    -------
    AccountStates
        The same in whatever order and by whatever steps they are merged: the smallest `first`, the largest
        `last`, the sum of `n_events`, the bits of any.

    Raises
    ------
    SpecError
        If there is nothing to merge, or accounts, groups, zone or grain differ.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> states = read_states(open_example("twitter_france"))
    >>> merge_states(states, states).n_events == 2 * states.n_events
    True
    >>> merge_states(states, states).table.num_rows == states.table.num_rows
    True
    """
    import pyarrow as pa

    if not states:
        raise SpecError.at("merge_states", "got no states", "Give at least one")
    opening = states[0]
    different = [name for name in SHARED if len({getattr(state, name) for state in states}) > 1]
    if different:
        raise SpecError(
            *(
                Problem("merge_states", f"{name} differs: {_listed(states, name)}", "Read all days with the same study")
                for name in different
            )
        )
    table = pa.concat_tables([state.table for state in states], promote_options="permissive")
    return AccountStates(
        table=compacted(table, [f"account_{i}" for i in range(len(opening.account))], len(opening.group)),
        account=opening.account,
        group=opening.group,
        end_day=max(state.end_day for state in states),
        timezone=opening.timezone,
        grain=opening.grain,
        opening_days=opening.opening_days,
        gap_days=opening.gap_days,
        notes=tuple({str(note): note for state in states for note in state.notes}.values()),
    )


def write_states(states: AccountStates, path: str | Path) -> None:
    """
    Write states to a Parquet file.

    Parameters
    ----------
    states : AccountStates
        From a log, or merged.
    path : str or Path
        File to write.

    Examples
    --------
    >>> import tempfile
    >>> from reports.examples import open_example
    >>> path = Path(tempfile.mkdtemp()) / "states.parquet"
    >>> write_states(read_states(open_example("twitter_france")), path)
    >>> load_states(path).n_events
    153346
    """
    import pyarrow.parquet as pq

    about = {name: getattr(states, name) for name in (*SHARED, "end_day")}
    notes = [note.to_json() for note in states.notes]
    about["notes"] = notes
    metadata = {ABOUT: json.dumps(about)}
    pq.write_table(states.table.replace_schema_metadata(metadata), path, compression="zstd")


def load_states(path: str | Path) -> AccountStates:
    """
    Read states that `write_states` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    AccountStates

    Raises
    ------
    StudyError
        If the file is not one of states.

    Examples
    --------
    >>> load_states("README.md")
    Traceback (most recent call last):
    surveys.core.errors.StudyError: README.md: not a file of account states. Write it with write_states
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[ABOUT])
    except (pa.ArrowException, OSError, KeyError, ValueError):
        raise StudyError.at(Path(path).name, "not a file of account states", "Write it with write_states") from None
    return AccountStates(
        table=table.replace_schema_metadata(None),
        account=tuple(about["account"]),
        group=tuple(about["group"]),
        end_day=about["end_day"],
        timezone=about["timezone"],
        grain=about["grain"],
        opening_days=about["opening_days"],
        gap_days=about["gap_days"],
        notes=tuple(map(Note.from_json, about["notes"])),
    )


def _shifted(table: pa.Table, words: int) -> pa.Table:
    """Count words from an earlier or a later one."""
    import pyarrow as pa

    word = pa.array(table["word"].to_numpy().astype(np.int32) + np.int32(words))
    return table.set_column(table.schema.get_field_index("word"), "word", word)


def _listed(states: tuple[AccountStates, ...], name: str) -> str:
    return " and ".join(dict.fromkeys(str(getattr(state, name)) for state in states))
