"""Who wrote to whom: a log of messages reduced to counts of each account, and of ties that are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd

from churn.days.zones import DAY
from churn.engine.clocks import clock_of
from churn.usage.columns import account_columns, usage_of, wanted_columns
from churn.usage.log_window import log_window, refuse_missing_accounts
from surveys.core.arrays import Ints
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Note
from surveys.study.schema import Study

if TYPE_CHECKING:
    from churn.network._message_log import MessageLog


MINUTE, HOUR = 60_000_000, 3_600_000_000
TO_SELF = "{n} messages that accounts sent to themselves count as sent, but are addressed to nobody"
NOT_ADDRESSED = "{n} of {total} messages are addressed to nobody in particular"
BY_DAY = Note("the log holds days: messages between two accounts on one day do not answer each other")
BY_INSTANT = Note("messages that two accounts send each other at the same instant do not answer each other")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Messages:
    """
    Messages counted by account and by tie; a tie is two accounts with at least one message between them.

    Attributes
    ----------
    accounts : DataFrame, shape (n_accounts, 12)
        One row for each account that sent or received, in the order of `account`, and its messages: `sent`
        in all, among them `to_nobody` and `to_self`; `addressed` to others; `received` from others; accounts
        it wrote to (`contacts`) and that wrote to it (`heard_from`); its `ties`, and those `mutual`, in which
        both wrote; `answers_sent` and `answers_received`.
    ties : DataFrame, shape (n_cells, 4)
        Ties that are alike: messages `one_way` and, at most as many, the `other_way`, how many of them are
        `answers`, and `n`, the ties.
    waits : DataFrame, shape (n_waits, 2)
        Answers `n` by how long after the message answered, `wait`, in whole `wait_unit`.
    wait_unit : {'minutes', 'days'}
        Days where the log holds days.
    within_hours : float or None
        Hours after which an answer is none any more; None where every one counts.
    notes : tuple of Note
        Caveats.
    """

    accounts: pd.DataFrame
    ties: pd.DataFrame
    waits: pd.DataFrame
    wait_unit: str
    within_hours: float | None
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Accounts that sent or received a message."""
        return len(self.accounts)

    @property
    def n_messages(self) -> int:
        """Messages sent, to somebody or to nobody."""
        return int(self.accounts["sent"].sum())

    @property
    def n_addressed(self) -> int:
        """Messages sent to another account."""
        return int(self.accounts["addressed"].sum())

    @property
    def n_answers(self) -> int:
        """Messages that answer one received."""
        return int(self.accounts["answers_sent"].sum())

    @property
    def n_ties(self) -> int:
        """Pairs of accounts with a message between them, whoever wrote."""
        return int(self.ties["n"].sum())

    @property
    def n_mutual(self) -> int:
        """Ties in which both wrote."""
        return int(self.ties["n"].to_numpy() @ (self.ties["other_way"].to_numpy() > 0))

    @property
    def n_edges(self) -> int:
        """Ordered pairs, the static directed edges of SNAP: a mutual tie counts twice."""
        return self.n_ties + self.n_mutual

    def exchanged(self) -> Ints:
        """Messages sent to others or received from others, by account: the degree of KONECT's multigraph."""
        return (self.accounts["addressed"] + self.accounts["received"]).to_numpy()

    def to_frame(self) -> pd.DataFrame:
        """Give one row per account, as `accounts`."""
        return self.accounts.copy()

    def summary(self) -> str:
        """Say how much was written, in one line of English."""
        told = f"{self.n_messages:,} messages, {self.n_addressed:,} of them addressed, {self.n_answers:,} answers"
        return f"{told}; {self.n_accounts:,} accounts, {self.n_ties:,} ties, {self.n_mutual:,} of them mutual"


def read_messages(study: Study, *, within_hours: float | None = None) -> Messages:
    """
    Reduce the log of messages of a study to counts.

    Parameters
    ----------
    study : Study
        With `usage.events` and `usage.recipient`; the window ends as for `read_activity`.
    within_hours : float, optional
        Hours after which a message is not taken for an answer any more; every one counts without it.

    Returns
    -------
    Messages
        Of the window.

    Raises
    ------
    SpecError
        If `within_hours` is not above 0, or shorter than the days of a log that holds days.
    StudyError
        As `read_activity`; if no column of recipients is named, or it names accounts in another way than
        `usage.account` does.

    Notes
    -----
    A message answers when the last earlier message between the two accounts went the other way. Messages at the
    same instant have no order: the answer to either is looked for among the earlier ones, of several the one
    way only one answers, and they do not answer each other; so the order of rows does not matter. The engine
    puts the messages of each tie in order, on disk where memory is short, and gives back a row for
    each account and for each kind of tie.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> messages = read_messages(open_example("twitter_france"))
    >>> messages.n_messages
    153346
    """
    if within_hours is not None and not within_hours > 0:
        raise SpecError.at("within_hours", f"got {within_hours}, expected hours above 0", "Correct it")
    with _opened(study) as (messages, by_day, notes, refuse):
        within = None if within_hours is None else _ticks(within_hours, by_day)
        accounts = messages.by_account(within)
        if accounts["account"].null_count:
            refuse()
        ties, waits = messages.ties(within), messages.waits(within, 1 if by_day else MINUTE)
    found = Messages(
        accounts=_whole(accounts.to_pandas(), ["account"]),
        ties=_whole(ties.to_pandas(), ["one_way", "other_way", "answers"]),
        waits=_whole(waits.to_pandas(), ["wait"]),
        wait_unit="days" if by_day else "minutes",
        within_hours=within_hours,
        notes=notes,
    )
    return replace(found, notes=(*notes, *_about(found)))


@contextmanager
def _opened(study: Study) -> Iterator[tuple[MessageLog, bool, tuple[Note, ...], Callable[[], NoReturn]]]:
    """Open the log; tell whether it holds days, what to note, and how to refuse rows without an account."""
    from churn.engine.open import EventLog, TimeColumn, open_source
    from churn.network._message_log import MessageLog

    usage = usage_of(study)
    if usage.events is None or usage.recipient is None:
        mend = "Name the column that says to whom a message went under recipient"
        raise StudyError.at("study.toml, usage", "names no recipient", mend)
    assert usage.time is not None
    account, recipient = account_columns(usage)[0], usage.recipient
    time = TimeColumn(name=usage.time, unit=usage.time_unit, time_format=usage.time_format, clock=clock_of(study))
    with open_source(
        study.folder,
        usage.events,
        key="events",
        wanted=wanted_columns(usage, {"time": usage.time, "recipient": recipient}),
        delimiter=usage.delimiter,
        encoding=usage.encoding,
        table=usage.table,
    ) as (engine, source):
        log = EventLog(engine, source, account=(account,), time=time, groups=())
        window = log_window(study, log, source.name)
        messages = MessageLog(
            engine,
            source,
            account=account,
            recipient=recipient,
            time=time,
            offsets=log.offsets,
            end=window.late,
        )
        refuse = partial(refuse_missing_accounts, study, log, source.name)
        yield messages, log.grain == "day", source.notes + window.notes, refuse


def _ticks(hours: float, by_day: bool) -> int:
    if by_day and hours < 24:
        mend = "Give 24 hours or more"
        raise SpecError.at("within_hours", f"got {hours:g} for a log that holds days", mend)
    return int(hours // 24) if by_day else round(hours * HOUR)


def _whole(frame: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Put counts in order, as whole numbers of 64 bits whatever the engine gave."""
    counts = {name: np.int64 for name in frame.columns if name != "account"}
    return frame.astype(counts).sort_values(order, ignore_index=True)


def _about(found: Messages) -> tuple[Note, ...]:
    """Say which messages are to nobody, and how ties in time are read."""
    to_nobody, to_self = (int(found.accounts[name].sum()) for name in ("to_nobody", "to_self"))
    notes = [BY_DAY if found.wait_unit == "days" else BY_INSTANT]
    if to_nobody:
        notes.append(Note(NOT_ADDRESSED, {"n": to_nobody, "total": found.n_messages}))
    if to_self:
        notes.append(Note(TO_SELF, {"n": to_self}))
    return tuple(notes)


def read_early_contacts(study: Study, *, days: int) -> pd.DataFrame:
    """
    Count the accounts that each account wrote to in its first days.

    Parameters
    ----------
    study : Study
        As for `read_messages`.
    days : int
        Periods of 24 hours after the first event; local days where the log holds days.

    Returns
    -------
    DataFrame
        `account`, in order, and `contacts`; accounts that wrote to nobody by then are not in it.

    Raises
    ------
    StudyError
        As `read_messages`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_early_contacts(open_example("twitter_france"), days=7).columns.tolist()
    ['account', 'contacts']
    """
    with _opened(study) as (messages, by_day, _, refuse):
        counted = messages.early_contacts(days if by_day else days * DAY)
        if counted["account"].null_count:
            refuse()
    return _whole(counted.to_pandas(), ["account"])
