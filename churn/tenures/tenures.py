"""How long each account stayed, under one rule of what counts as gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.days.silences import came_back
from churn.tenures._cells import TenureCells, read_cells
from churn.tenures.judging import judge_accounts, judge_activity
from churn.tenures.rules import DropoutRule
from churn.tenures.status import EventCode, Missing, read_status
from churn.usage.accounts import AccountTable, read_accounts
from churn.usage.activity import Activity
from churn.usage.columns import usage_of
from churn.usage.log import read_activity
from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.schema import Study

SIGNUP_IS_FIRST_EVENT = Note("sign-up is dated at the first event of an account in the log")
DECLARED_LATE = "an account is declared gone {gap} days after its last activity: the curve cannot fall before"
STATUS_UNKNOWN = "accounts of which nothing says whether they are gone, which are left out: {n}"
RETURNS_UNKNOWN = Note("a table of accounts does not say who came back after a silence")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tenures:
    """
    One row per account: how long it was seen to stay, and whether it left then.

    Attributes
    ----------
    duration : ndarray of float, shape (n_accounts,)
        Tenure at dropout or censoring, in `time_unit`; days are days begun, so that an account silent
        since its first instant leaves at 0.
    event : ndarray of bool, shape (n_accounts,)
        True for dropout, False for censoring. Booleans, or 0 and 1; `from_frame` reads other codes.
    entry : ndarray of float, shape (n_accounts,), or None
        Tenure at which observation began, in `time_unit`; the account is at risk after it, and so one whose
        observation ends as it begins would never be, and is refused. NaN where it began at sign-up; None where it
        did so for all.
    cause : ndarray of int, shape (n_accounts,), or None
        Why the account left: 0 for censoring, i for `causes[i - 1]`; None where causes are not told apart.
    causes : tuple of str
        Names of the causes.
    attributes : DataFrame, shape (n_accounts, n_groups)
        Columns that describe the account, as text.
    accounts : DataFrame, shape (n_accounts, n_keys), or None
        What names each account; None where nothing does.
    time_unit : str
        `days`, unless the durations were given in another unit.
    rule : DropoutRule or None
        What counted as gone; None for durations given as they are.
    returned : Estimate, Unavailable or None
        Share of accounts that came back after a silence as long as the gap; None where no gap is used.
    n_excluded : int
        Accounts left out, told in `notes`.
    notes : tuple of Note
        Caveats.

    Raises
    ------
    SpecError
        If lengths differ, a duration is missing, negative or endless, `event` holds anything but booleans, 0
        and 1, an account leaves before it enters or as it does, or a dropout has no cause where causes are told
        apart.

    Examples
    --------
    >>> Tenures(duration=[3, 5], event=[True, False]).summary()
    '2 accounts, 1 of them gone'
    """

    duration: Floats
    event: NDArray[np.bool_]
    entry: Floats | None = None
    cause: NDArray[np.int64] | None = None
    causes: tuple[str, ...] = ()
    attributes: pd.DataFrame = None  # type: ignore[assignment]
    accounts: pd.DataFrame | None = None
    time_unit: str = "days"
    rule: DropoutRule | None = None
    returned: Estimate | Unavailable | None = None
    n_excluded: int = 0
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Take copies as arrays and refuse what cannot be a tenure."""
        duration = np.array(self.duration, dtype=np.float64, ndmin=1)
        event = read_status(self.event, place="Tenures.event")[0]
        entry = None if self.entry is None else np.array(self.entry, dtype=np.float64, ndmin=1)
        attributes = pd.DataFrame(index=range(len(duration))) if self.attributes is None else self.attributes
        cause = None if self.cause is None else np.array(self.cause, dtype=np.int64, ndmin=1)
        accounts = None if self.accounts is None else self.accounts.reset_index(drop=True)
        _check_tenures(duration, event, entry, attributes, accounts)
        _check_causes(event, cause, self.causes)
        for name, value in {
            "duration": duration,
            "event": event,
            "entry": entry,
            "cause": cause,
            "attributes": attributes,
            "accounts": accounts,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.duration)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        duration: str = "duration",
        status: str = "event",
        event: EventCode = None,
        missing: Missing = "refuse",
        entry: str | None = None,
        account: str | Sequence[str] = (),
        time_unit: str = "days",
    ) -> Tenures:
        """
        Take tenures from the columns of a table.

        Parameters
        ----------
        frame : DataFrame
            One row per account; the columns that are not named describe the accounts.
        duration, status : str
            Columns of the tenure and of who is gone.
        event : value or mapping, optional
            The code of a dropout, or what each code means: True, False, or None to leave the account out. Without
            it, `status` holds booleans, or 0 and 1.
        missing : {'refuse', 'leave out'}
            What becomes of accounts of which `status` says nothing.
        entry : str, optional
            Column of the tenure at which observation began.
        account : str or sequence of str
            Columns that name the account.
        time_unit : str
            Unit of tenures.

        Returns
        -------
        Tenures
            Accounts left out are counted in `n_excluded` and in the notes.

        Raises
        ------
        SpecError
            If a column is not there, `status` holds codes that nobody explains, or a tenure is impossible.

        Examples
        --------
        >>> frame = pd.DataFrame({"time": [306, 455, 1010], "status": [2, 2, 1]})
        >>> Tenures.from_frame(frame, duration="time", status="status", event=2).summary()
        '3 accounts, 2 of them gone'
        """
        named = [account] if isinstance(account, str) else list(account)
        wanted = [duration, status, *([] if entry is None else [entry]), *named]
        for name in wanted:
            if name not in frame.columns:
                mend = did_you_mean(name, map(str, frame.columns), "Name a column of the frame")
                raise SpecError.at("Tenures.from_frame", f"no column is called '{name}'", mend)
        place = f"Tenures.from_frame, column '{status}'"
        gone, known = read_status(frame[status], event=event, missing=missing, place=place)
        kept, n_out = frame.loc[known].reset_index(drop=True), int((~known).sum())
        return cls(
            duration=kept[duration].to_numpy(np.float64),
            event=gone[known],
            entry=None if entry is None else kept[entry].to_numpy(np.float64),
            attributes=kept.drop(columns=wanted),
            accounts=kept[named] if named else None,
            time_unit=time_unit,
            n_excluded=n_out,
            notes=(Note(STATUS_UNKNOWN, {"n": n_out}),) if n_out else (),
        )

    def where(self, rows: NDArray[np.bool_]) -> Tenures:
        """
        Keep some accounts.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_accounts,)
            True for the accounts to keep.

        Returns
        -------
        Tenures
        """
        return Tenures(
            duration=self.duration[rows],
            event=self.event[rows],
            entry=None if self.entry is None else self.entry[rows],
            cause=None if self.cause is None else self.cause[rows],
            causes=self.causes,
            attributes=self.attributes.loc[rows].reset_index(drop=True),
            accounts=None if self.accounts is None else self.accounts.loc[rows],
            time_unit=self.time_unit,
            rule=self.rule,
            returned=self.returned,
            n_excluded=self.n_excluded,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per account.

        Returns
        -------
        DataFrame
            The columns that name the account, those that describe it, then `entry`, `duration`, `event`, and
            `cause` where causes are told apart.
        """
        entry = np.nan if self.entry is None else self.entry
        named = pd.DataFrame(index=self.attributes.index) if self.accounts is None else self.accounts
        described = self.attributes[[name for name in self.attributes.columns if name not in named.columns]]
        frame = named.join(described).assign(entry=entry, duration=self.duration, event=self.event)
        return frame if self.cause is None else frame.assign(cause=cause_names(self.cause, self.causes))

    def summary(self) -> str:
        """Say how many accounts there are and how many are gone, in one line of English."""
        return f"{self.n_accounts:,} accounts, {int(self.event.sum()):,} of them gone"


def _check_tenures(
    duration: Floats,
    event: NDArray[np.bool_],
    entry: Floats | None,
    attributes: pd.DataFrame,
    accounts: pd.DataFrame | None,
) -> None:
    lengths = {"event": len(event), "attributes": len(attributes)} | ({} if entry is None else {"entry": len(entry)})
    lengths |= {} if accounts is None else {"accounts": len(accounts)}
    problems = [
        Problem(f"Tenures.{name}", f"has {length} rows, expected {len(duration)}", "Give one row per account")
        for name, length in lengths.items()
        if length != len(duration)
    ]
    wrong = int((~np.isfinite(duration) | (duration < 0)).sum())
    if wrong:
        what = f"{wrong} durations are missing, negative or endless"
        problems.append(Problem("Tenures.duration", what, "Give the time from sign-up, 0 or more"))
    if entry is not None and len(entry) == len(duration):
        if early := int((entry > duration).sum()):
            problems.append(Problem("Tenures.entry", f"{early} accounts leave before they enter", "Correct them"))
        if same := int((entry == duration).sum()):
            what = f"{same} accounts come under observation as it ends, and would never be at risk"
            problems.append(Problem("Tenures.entry", what, "Leave these accounts out"))
    if problems:
        raise SpecError(*problems)


def _check_causes(event: NDArray[np.bool_], cause: NDArray[np.int64] | None, causes: tuple[str, ...]) -> None:
    if cause is None:
        return
    if len(cause) != len(event):
        what = f"has {len(cause)} rows, expected {len(event)}"
        raise SpecError.at("Tenures.cause", what, "Give one row per account")
    if ((cause < 0) | (cause > len(causes))).any():
        raise SpecError.at("Tenures.cause", f"expected whole numbers from 0 to {len(causes)}", "Name every cause")
    apart = int(((cause > 0) != event).sum())
    if apart:
        what = f"{apart} accounts left without a cause, or have a cause and did not leave"
        raise SpecError.at("Tenures.cause", what, "Give a cause for every dropout, and none for the others")


def causes_of(names: pd.Series[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """
    Give each cause of a column its number.

    Parameters
    ----------
    names : Series of str, shape (n,)
        Missing where the account did not leave.

    Returns
    -------
    cause : ndarray of int, shape (n,)
        0 where missing, i for the i-th cause.
    causes : tuple of str
        The causes in alphabetical order, or in that of the column's categories.

    Examples
    --------
    >>> causes_of(pd.Series(["left", None, "banned"]))
    (array([2, 0, 1]), ('banned', 'left'))
    """
    categories = names if isinstance(names.dtype, pd.CategoricalDtype) else names.astype("category")
    return np.asarray(categories.cat.codes, np.int64) + 1, tuple(map(str, categories.cat.categories))


def cause_names(cause: NDArray[np.int64], causes: tuple[str, ...]) -> pd.Series[str]:
    """
    Name numbered causes, the inverse of `causes_of`.

    Parameters
    ----------
    cause : ndarray of int, shape (n,)
        0 for none, i for the i-th cause.
    causes : tuple of str
        Their names.

    Returns
    -------
    Series of category, shape (n,)
        Missing where `cause` is 0.

    Examples
    --------
    >>> cause_names(np.array([2, 0, 1]), ("banned", "left")).tolist()
    ['left', nan, 'banned']
    """
    return pd.Series(pd.Categorical.from_codes(cause - 1, dtype=pd.CategoricalDtype(list(causes))))


def read_tenures(study: Study) -> Tenures:
    """
    Read the log or the accounts of a study and measure how long accounts stayed.

    Parameters
    ----------
    study : Study
        With `usage`, whose `dropout` gives the rule.

    Returns
    -------
    Tenures
        One row per account, in days; in the unit of the table where it gives tenures, not dates.

    Raises
    ------
    StudyError
        As `read_activity`, `read_accounts` and `measure_tenures`; as `read_cells` for a table of tenures.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> tenures = read_tenures(open_example("twitter_france"))
    >>> tenures.summary()
    '3,915 accounts, 3,165 of them gone'
    >>> print(tenures.notes[-1])
    85 accounts that signed up in the last 30 days of the window are left out
    """
    usage = usage_of(study)
    if usage.tenure is not None:
        return _spread(read_cells(study, by=usage.group))
    source = read_accounts(study) if usage.events is None else read_activity(study)
    return measure_tenures(source, DropoutRule.of(usage.dropout))


def measure_tenures(source: Activity | AccountTable, rule: DropoutRule) -> Tenures:
    """
    Measure how long accounts stayed, from sign-up to dropout or censoring.

    Parameters
    ----------
    source : Activity or AccountTable
        One row per account. Sign-up is the first event of an `Activity`; accounts that may have been there
        before it begins are left out.
    rule : DropoutRule
        What counts as gone; under `next_visit` accounts are called gone as under `inactive`.

    Returns
    -------
    Tenures
        Durations in days begun: elapsed periods of 24 hours, rounded up. Where the source holds days, and
        for the rule `first_silence`, the difference of the days. `entry` is rounded down, so that
        observation begins before it ends. `cause` is that of an `AccountTable` under the rule `closed`.

    Raises
    ------
    StudyError
        If an account is first observed at or after its dropout or censoring, if no account signed up early
        enough, or if the source lacks what the rule needs.

    Notes
    -----
    Where the source holds days, the status is that at the end of the day `gap_days` before the last one.
    The rule `first_silence` counts whole days without activity, on the clock of the `Activity`; one read
    with `silence_days` equal to the gap knows its silences to the microsecond, and is judged as by `inactive`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> measure_tenures(activity, DropoutRule("inactive", 30)).summary()
    '3,915 accounts, 3,165 of them gone'
    >>> measure_tenures(activity, DropoutRule("first_silence", 30)).summary()
    '3,915 accounts, 3,298 of them gone'
    """
    from_log = isinstance(source, Activity)
    rule = rule.for_labels if from_log else rule
    returned: Estimate | Unavailable | None = None
    if rule.rule != "closed":
        returned = (
            returned_share(source, rule.gap_days) if isinstance(source, Activity) else Unavailable(RETURNS_UNKNOWN)
        )
    if isinstance(source, Activity):
        source = source.signups()
    found = judge_activity(source, rule) if isinstance(source, Activity) else judge_accounts(source, rule)
    kept = found.kept
    cause, causes = None, tuple[str, ...]()
    if isinstance(source, AccountTable) and source.cause is not None and rule.rule == "closed":
        cause, causes = source.cause[kept], source.causes
    return Tenures(
        duration=found.duration[kept],
        event=found.event[kept],
        entry=None if found.entry is None else found.entry[kept],
        cause=cause,
        causes=causes,
        attributes=source.attributes.loc[kept].reset_index(drop=True),
        accounts=source.accounts.loc[kept] if source.accounts.shape[1] else None,
        rule=rule,
        returned=returned,
        n_excluded=int((~kept).sum()),
        notes=(*source.notes, *((SIGNUP_IS_FIRST_EVENT,) if from_log else ()), *_about(kept, rule)),
    )


def _about(kept: NDArray[np.bool_], rule: DropoutRule) -> tuple[Note, ...]:
    """Say who is left out, and how late dropout is told."""
    if rule.rule == "detected":
        return (Note(DECLARED_LATE, {"gap": rule.gap_days}),)
    n = int((~kept).sum())
    message = "{n} accounts that signed up in the last {gap} days of the window are left out"
    return (Note(message, {"n": n, "gap": rule.gap_days}),) if n else ()


def _spread(cells: TenureCells) -> Tenures:
    """Give every account of a cell its row."""
    rows = np.repeat(np.arange(len(cells.n)), cells.n)
    return Tenures(
        duration=cells.duration[rows],
        event=cells.event[rows],
        entry=None if cells.entry is None else cells.entry[rows],
        cause=None if cells.cause is None else cells.cause[rows],
        causes=cells.causes,
        attributes=cells.strata.iloc[rows].reset_index(drop=True),
        time_unit=cells.time_unit,
        rule=DropoutRule("closed"),
        n_excluded=cells.n_unknown,
        notes=cells.notes,
    )


def returned_share(activity: Activity, gap_days: int, *, conf_level: float = 0.95) -> Estimate:
    """
    Estimate the share of accounts that came back after a long silence.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    gap_days : int
        Silent local days in a row, at least 1.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Share of all accounts; the interval is Wilson's.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> returned_share(activity, gap_days=30).summary()
    '5.4% [4.7%, 6.1%], n = 4,000'
    """
    n = activity.n_accounts
    back = int(came_back(activity.words, gap_days).sum())
    share = back / n
    low, high = wilson_interval(share, n, conf_level)
    return Estimate(
        estimate=share,
        std_error=float(np.sqrt(share * (1 - share) / n)),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=n,
        method="Wilson",
    )
