"""A log of messages, reduced to what is known of each account and of each tie: one Ibis expression for every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churn.days.zones import ZoneOffsets
from churn.engine.base import Engine
from churn.engine.event_log import account_key
from churn.engine.sources import Source
from churn.engine.times import TimeColumn, Times, time_sample
from surveys.core.errors import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

COUNTS = (
    "sent",
    "to_nobody",
    "to_self",
    "addressed",
    "received",
    "contacts",
    "heard_from",
    "ties",
    "mutual",
    "answers_sent",
    "answers_received",
)


class MessageLog:
    """
    A log of messages, opened on an engine.

    Parameters
    ----------
    engine : Engine
        Where it runs.
    source : Source
        Files of the log, or its table.
    account, recipient : str
        Columns that name who wrote, and to whom.
    time : TimeColumn
        When each message was written.
    offsets : ZoneOffsets or None
        Clock of times without an offset; None for UTC.
    end : int or None
        First tick after the window; None where no event lies after it.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        *,
        account: str,
        recipient: str,
        time: TimeColumn,
        offsets: ZoneOffsets | None = None,
        end: int | None,
    ) -> None:
        self._engine, self._source = engine, source
        table = engine.open(source, list(dict.fromkeys([account, recipient, time.name])))
        times = Times(engine, table, time, source, lambda: time_sample(engine, source, time.name))
        sender, to = _of_one_kind(account_key(table[account]), account_key(table[recipient]), source, recipient)
        rows = table.select(sender=sender, recipient=to, tick=times.instants(offsets))
        self._rows = rows if end is None else rows.filter(rows.tick < end)
        self._messages = self._rows.filter(self._rows.recipient.notnull() & (self._rows.recipient != self._rows.sender))
        engine.keep_order(False)

    def by_account(self, within: int | None) -> pa.Table:
        """
        Count messages of each account: `account` and `COUNTS`, in no order.

        An account is whoever sent or received a message; where rows have no account, one is null. `within` are the
        ticks after which an answer is none any more; None where every one counts.
        """
        ties = self._ties(within)
        low, high = _seen_from(ties, "low", "high"), _seen_from(ties, "high", "low")
        every = ibis.union(self._senders(), low, high)
        return self._engine.fetch(
            every.group_by("account").aggregate(**{name: every[name].sum() for name in COUNTS}), self._source
        )

    def ties(self, within: int | None) -> pa.Table:
        """Count ties that are alike: `one_way`, `other_way` (messages), `answers` and `n`, in no order."""
        ties = self._ties(within)
        one_way, other_way = ibis.greatest(ties.n_low, ties.n_high), ibis.least(ties.n_low, ties.n_high)
        cells = ties.select(one_way=one_way, other_way=other_way, answers=ties.answers_low + ties.answers_high)
        return self._engine.fetch(cells.group_by(*cells.columns).aggregate(n=cells.count()), self._source)

    def waits(self, within: int | None, unit: int) -> pa.Table:
        """Count answers by how many whole units of time they took: `wait` and `n`, in no order."""
        turns = self._turns(within)
        waits = turns.select(
            wait=self._engine.quotient(turns.tick - turns.before, unit), n=turns.answer_low + turns.answer_high
        ).filter(lambda t: t.n > 0)
        return self._engine.fetch(waits.group_by("wait").aggregate(n=waits.n.sum()), self._source)

    def early_contacts(self, span: int) -> pa.Table:
        """Count the accounts written to within a span after one's first event: `account`, `contacts`, in no order."""
        first = self._rows.group_by("sender").aggregate(start=self._rows.tick.min())
        rows = self._messages.join(first, "sender")
        rows = rows.filter(rows.tick - rows.start < span)
        counted = rows.group_by("sender").aggregate(contacts=rows.recipient.nunique())
        return self._engine.fetch(counted.rename(account="sender"), self._source)

    def _senders(self) -> ir.Table:
        """Every message from the side of its sender."""
        rows = self._rows
        nobody, own = rows.recipient.isnull(), rows.recipient == rows.sender
        counted = {"sent": rows.count(), "to_nobody": _number(nobody).sum(), "to_self": _number(own).sum()}
        senders = rows.group_by(account=rows.sender).aggregate(**counted)
        zero = ibis.literal(0, dt.int64)
        return senders.select(
            "account", **{name: senders[name].cast(dt.int64) if name in counted else zero for name in COUNTS}
        )

    def _turns(self, within: int | None) -> ir.Table:
        """
        Messages between two accounts at one instant, with how many of them answer.

        A turn answers when the last earlier instant with a message between the two has one the other way. Of several
        messages one way at an instant, the first answers and the others follow it; messages both ways at an instant
        do not answer each other.
        """
        rows = self._messages
        from_low = rows.sender < rows.recipient
        rows = rows.select(
            low=ibis.ifelse(from_low, rows.sender, rows.recipient),
            high=ibis.ifelse(from_low, rows.recipient, rows.sender),
            tick=rows.tick,
            from_low=_number(from_low),
        )
        turns = rows.group_by("low", "high", "tick").aggregate(n_low=rows.from_low.sum(), n=rows.count())
        turns = turns.select(
            "low", "high", "tick", n_low=turns.n_low.cast(dt.int64), n_high=(turns.n - turns.n_low).cast(dt.int64)
        )
        window = ibis.window(group_by=["low", "high"], order_by="tick")
        turns = turns.mutate(
            before=turns.tick.lag().over(window),
            low_before=turns.n_low.lag().over(window),
            high_before=turns.n_high.lag().over(window),
        )
        soon = turns.before.notnull()
        if within is not None:
            soon &= turns.tick - turns.before <= within
        return turns.mutate(
            answer_low=_number(soon & (turns.n_low > 0) & (turns.high_before > 0)),
            answer_high=_number(soon & (turns.n_high > 0) & (turns.low_before > 0)),
        )

    def _ties(self, within: int | None) -> ir.Table:
        turns = self._turns(within)
        return turns.group_by("low", "high").aggregate(
            n_low=turns.n_low.sum().cast(dt.int64),
            n_high=turns.n_high.sum().cast(dt.int64),
            answers_low=turns.answer_low.sum().cast(dt.int64),
            answers_high=turns.answer_high.sum().cast(dt.int64),
        )


def _seen_from(ties: ir.Table, own: str, other: str) -> ir.Table:
    """Every tie from the side of one of its two accounts."""
    sent, received = ties[f"n_{own}"], ties[f"n_{other}"]
    counted = {
        "addressed": sent,
        "received": received,
        "contacts": _number(sent > 0),
        "heard_from": _number(received > 0),
        "ties": ibis.literal(1, dt.int64),
        "mutual": _number((sent > 0) & (received > 0)),
        "answers_sent": ties[f"answers_{own}"],
        "answers_received": ties[f"answers_{other}"],
    }
    zero = ibis.literal(0, dt.int64)
    return ties.select(account=ties[own], **{name: counted.get(name, zero) for name in COUNTS})


def _number(told: ir.BooleanValue) -> ir.IntegerValue:
    """Count a truth as 1; what is not known, as a recipient that is null, counts 0."""
    return ibis.ifelse(told, ibis.literal(1, dt.int64), ibis.literal(0, dt.int64))


def _of_one_kind(sender: ir.Value, recipient: ir.Value, source: Source, name: str) -> tuple[ir.Value, ir.Value]:
    """Give both names as one kind, so that an account is the same on either side."""
    if sender.type().is_integer() and recipient.type().is_integer():
        return sender.cast(dt.int64), recipient.cast(dt.int64)
    if sender.type().copy(nullable=True) == recipient.type().copy(nullable=True):
        return sender, recipient
    what = f"holds {recipient.type()} and the account {sender.type()}: they cannot name the same accounts"
    mend = "Write both columns as text, or both as whole numbers"
    raise StudyError.at(f"{source.name}, column '{name}'", what, mend)
