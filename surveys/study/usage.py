"""`[usage]`: the log of events, or the table of accounts, of one platform."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from surveys.study.fields import Answer, Columns, Section


def _known_clock(name: str) -> str:
    if name != "study":
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("expected 'study', 'UTC' or the name of a time zone, such as 'Europe/Paris'") from None
    return name


class Dropout(Section):
    """
    `[usage] dropout`: what counts as gone, and when.

    Where `rule` is left out, a log of events has `next_visit`: who is never seen again is gone, and no silence has to
    be chosen for the curve; a table of accounts has `inactive` where it says when each was last seen, else `closed`.
    `gap_days` is the silence after which an account is called gone, where a yes or no is needed: under `next_visit`
    for tests between groups and models only. `horizon`, in the unit of a table of tenures, stands in the place of
    `horizon_days` where that unit is not days.
    """

    rule: str | None = None
    gap_days: int = Field(default=30, gt=0)
    horizon_days: int = Field(default=30, gt=0)
    horizon: int | None = Field(default=None, gt=0)


class Coverage(Section):
    """
    `[usage.coverage]`: what the accounts of the log stand for, so that surveys can be held against them.

    `share_of_all` is the share of the accounts of the surveys' population that the log holds, drawn at
    random; 1 where it holds them all. `opened_before` counts the accounts, all of them, that were opened
    before the log begins. `accounts_per_person` says how many one person holds, and
    `accounts_per_person_error` is its standard error. `discrepancy` says how far the log may be from what a survey
    of everybody would find, as a standard error relative to the share: people who do not think of an account
    as theirs, accounts of organisations, a population that is not quite the same. At 0.2, the ratio of log to
    survey may well lie anywhere from 0.7 to 1.5; 0 says that the two count the very same thing.
    """

    share_of_all: float = Field(gt=0, le=1)
    opened_before: float = Field(default=0, ge=0)
    accounts_per_person: float = Field(default=1, gt=0)
    accounts_per_person_error: float = Field(default=0, ge=0)
    discrepancy: float = Field(default=0.2, ge=0)


def _check_address(events: str | None, table: str | None) -> None:
    """Refuse addresses that hold a password, which the message must not repeat."""
    _, slashes, rest = (events or "").partition("://")
    if not slashes:
        if table is not None:
            raise ValueError("table goes with the address of a database or of Spark under events")
        return
    user = rest.partition("?")[0].rpartition("@")[0]
    if ":" in user or "password" in rest.partition("?")[2].lower():
        raise ValueError("events holds a password; put it into PGPASSWORD or ~/.pgpass instead")
    if not table:
        raise ValueError("expected table, which names the log at the address under events")


class Following(Section):
    """
    `[usage.following]`: how many accounts each account follows, in a file of its own.

    `account` names an account as the log does, column by column; `number` is how many it follows.
    """

    file: str
    account: Columns = Field(min_length=1)
    number: str

    @property
    def number_of_columns(self) -> int:
        """How many columns name an account."""
        return 1 if isinstance(self.account, str) else len(self.account)


class Usage(Section):
    """
    `[usage]`: the log of events, or the table of accounts, of one platform.

    A table of accounts gives dates; or else `tenure`, how long each account has lasted in `tenure_unit`,
    and `dropped`, whether it is gone; `entry` then is the tenure at which observation began. `cause` says
    why accounts closed; `cause_blank` names the cause where that cell is blank. `events` names files, or with
    `table` the address of a PostgreSQL server or of Spark, without a password. `recipient` is the column of a
    log that says which account a message went to, blank where it went to nobody in particular.

    `frequency` is the column of a table that says how many accounts each row stands for; such rows name none.

    `group` are columns that describe the account. A blank there is no level, and so are the texts under
    `group_missing`, such as `NA`; those under `group_levels` look like no answer and are levels all the same.

    `clock` says whose clock times without an offset are: `study`, the zone of the study; `UTC`; or the name of a
    zone. It is asked for where times have none and the study does not have the days of UTC. A time that the
    clocks skip is read by the offset before the change; of one that they show twice, the first is meant. Dates
    without a time of day are days of the study's zone, and numbers count from 1970 UTC, whatever it says.

    A log rarely begins with its service. Accounts first seen in its first `opening_days`, the gap if not given,
    may have been there before: they are kept out of sign-ups, tenures and cohorts, and counted in a note. Where
    the log holds every account from its opening on, set `opening_days = 0`. A log that falls silent long before
    `as_of` is taken for one that ends early; `silent_end = true` says that the silence is true.
    """

    events: str | None = None
    table: str | None = None
    accounts: str | None = None
    platform: str | None = None
    simulated: bool = False
    account: Columns = ()
    time: str | None = None
    signup: str | None = None
    entry: str | None = None
    closed: str | None = None
    last_seen: str | None = None
    observed_until: str | None = None
    tenure: str | None = None
    tenure_unit: Literal["days", "weeks", "months", "years"] | None = None
    dropped: Answer | None = None
    cause: str | None = None
    cause_blank: str | None = None
    frequency: str | None = None
    group: tuple[str, ...] = ()
    group_missing: tuple[str, ...] = ()
    group_levels: tuple[str, ...] = ()
    recipient: str | None = None
    following: Following | None = None
    time_unit: Literal["timestamp", "day", "s", "ms", "us"] = "timestamp"
    time_format: str | None = None
    clock: Annotated[str, AfterValidator(_known_clock)] | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    dropout: Dropout = Dropout()
    opening_days: int | None = Field(default=None, ge=0)
    silent_end: bool = False
    coverage: Coverage | None = None

    @model_validator(mode="after")
    def _choose_rule(self) -> Usage:
        if self.dropout.rule is None:
            last_seen = self.tenure is None and (self.last_seen is not None or self.closed is None)
            rule = "next_visit" if self.events is not None else "inactive" if last_seen else "closed"
            object.__setattr__(self, "dropout", self.dropout.model_copy(update={"rule": rule}))
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Usage:
        if (self.events is None) == (self.accounts is None):
            raise ValueError("expected either events or accounts")
        _check_address(self.events, self.table)
        if self.accounts is not None and "://" in self.accounts:
            raise ValueError("accounts are read from files, expected no address")
        if self.events is not None and self.time is None:
            raise ValueError("expected time, the column that says when each event happened")
        if self.events is not None and self.dropout.rule == "closed":
            raise ValueError("rule 'closed' needs accounts with a closing date; a log of events has none")
        if not self.account and self.tenure is None and self.frequency is None:
            raise ValueError("expected account, the column that names each account")
        if self.accounts is not None and self.tenure is None and self.signup is None:
            raise ValueError("expected signup, the column that says when each account was opened")
        if self.accounts is not None and self.dropout.rule == "next_visit":
            raise ValueError("rule 'next_visit' needs a log of events; a table of accounts tells no visits")
        if self.accounts is not None and self.dropout.rule == "first_silence":
            raise ValueError("rule 'first_silence' needs a log of events; a table of accounts tells no silences")
        needed = "closed" if self.dropout.rule == "closed" else "last_seen"
        if self.accounts is not None and self.tenure is None and getattr(self, needed) is None:
            raise ValueError(f"rule '{self.dropout.rule}' needs {needed}, a column of the accounts")
        return self

    @model_validator(mode="after")
    def _tenures_stand_alone(self) -> Usage:
        if self.tenure is None:
            if self.dropped is not None or self.tenure_unit is not None:
                raise ValueError("dropped and tenure_unit are of a table of tenures: name its column under tenure")
            if self.dropout.horizon is not None:
                raise ValueError("horizon is of a table of tenures: give horizon_days")
            return self
        dated = ("events", "time", "signup", "closed", "last_seen", "observed_until")
        if given := [name for name in dated if getattr(self, name) is not None]:
            raise ValueError(f"tenure stands in the place of dates: remove {', '.join(given)}")
        if self.tenure_unit is None or self.dropped is None:
            raise ValueError("tenure needs tenure_unit, what it counts, and dropped, which says who is gone")
        if self.dropout.rule != "closed":
            raise ValueError("a table of tenures says itself who is gone: set dropout = { rule = 'closed' }")
        if (self.tenure_unit == "days") != (self.dropout.horizon is None):
            where = "horizon_days" if self.tenure_unit == "days" else f"horizon, in {self.tenure_unit},"
            raise ValueError(f"tenures in {self.tenure_unit} need {where} in dropout")
        return self

    @model_validator(mode="after")
    def _messages_are_of_logs(self) -> Usage:
        if self.recipient is not None and self.events is None:
            raise ValueError("recipient is a column of a log of events; a table of accounts has no messages")
        if self.recipient is not None and not isinstance(self.account, str) and len(self.account) > 1:
            raise ValueError("recipient names an account by one column: name account by one column too")
        if self.following is not None and not self.account:
            raise ValueError("following needs account, which names each account")
        if self.following is not None and self._number_of_columns() != self.following.number_of_columns:
            raise ValueError("following.account needs as many columns as account")
        return self

    def _number_of_columns(self) -> int:
        return 1 if isinstance(self.account, str) else len(self.account)

    @model_validator(mode="after")
    def _coverage_is_of_a_platform(self) -> Usage:
        if self.coverage is not None and (self.events is None or self.platform is None):
            raise ValueError("coverage needs events, and platform, which surveys ask about too")
        return self

    @model_validator(mode="after")
    def _causes_are_of_closing(self) -> Usage:
        if self.cause is not None and (self.accounts is None or self.dropout.rule != "closed"):
            raise ValueError("cause says why accounts were closed: it needs accounts and rule 'closed'")
        if self.cause is None and self.cause_blank is not None:
            raise ValueError("cause_blank is for blank cells of cause: name its column")
        return self

    @model_validator(mode="after")
    def _rows_stand_for_several(self) -> Usage:
        if self.frequency is not None and self.accounts is None:
            raise ValueError("frequency is of a table of accounts; every row of a log is one event")
        if self.frequency is not None and self.account:
            raise ValueError("frequency says that rows stand for several accounts, and account names one: remove one")
        return self

    @model_validator(mode="after")
    def _opening_is_of_a_log(self) -> Usage:
        if self.opening_days is not None and self.events is None:
            raise ValueError("opening_days is of a log of events; a table of accounts says when each was opened")
        return self

    @property
    def opening(self) -> int:
        """Days at the beginning of a log in which accounts first seen may have been there before."""
        return self.dropout.gap_days if self.opening_days is None else self.opening_days

    @property
    def horizon(self) -> int:
        """The tenure of the headline, in days or in the unit of a table of tenures."""
        return self.dropout.horizon_days if self.dropout.horizon is None else self.dropout.horizon

    @property
    def source(self) -> str:
        """Where the log or the accounts are: a file, or a table at an address."""
        place = self.events or self.accounts or ""
        return place if self.table is None else f"{place} ({self.table})"
