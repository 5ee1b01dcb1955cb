"""How often, how late and how long accounts were seen, from a table or from their active days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.days.bitmaps import BITS, last_day
from churn.usage.activity import Activity
from surveys.core.arguments import check_choice
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.results import Note

DAYS = {"day": 1, "week": 7}
FIRST_DAY = Note("an account is counted once a day; its first day is not a return")
RECENT = Note("{n} accounts first seen in the last {days} days, which are held out, are left out")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PurchaseCounts:
    """
    How many accounts share how often, how late and how long they were seen.

    Attributes
    ----------
    frequency : ndarray of float, shape (n_cells,)
        Times seen again after the first: repeat purchases, or further active days.
    recency : ndarray of float, shape (n_cells,)
        Time from first to last seen, in `time_unit`; 0 where never seen again.
    age : ndarray of float, shape (n_cells,)
        Time from first seen to the end of observation, in `time_unit`.
    n : ndarray of int, shape (n_cells,)
        Accounts, at least 1.
    n_later : ndarray of float, shape (n_cells,), or None
        Times that all accounts of the cell were seen in a span held out after the end of observation.
    held_out : float
        Length of that span, in `time_unit`; 0 where there is none.
    time_unit : str
        Unit of times.
    notes : tuple of Note
        Caveats.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    n: NDArray[np.int64]
    n_later: Floats | None = None
    held_out: float = 0.0
    time_unit: str = "weeks"
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts, over all cells."""
        return int(self.n.sum())

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, time_unit: str = "weeks", notes: tuple[Note, ...] = ()
    ) -> PurchaseCounts:
        """
        Take counts from a table.

        Parameters
        ----------
        frame : DataFrame
            With `frequency`, `recency`, `age`, and perhaps `n` (accounts; 1 where absent); a row per account
            or per cell.
        time_unit : str
            Unit of times.
        notes : tuple of Note
            Caveats.

        Returns
        -------
        PurchaseCounts
            Rows that are alike joined.

        Raises
        ------
        SpecError
            If a column is not there, or a row is impossible.

        Examples
        --------
        >>> frame = pd.DataFrame({"frequency": [0, 2, 0], "recency": [0, 3.5, 0], "age": [9, 9, 9]})
        >>> PurchaseCounts.from_frame(frame).summary()
        '3 accounts, 1 of them seen again, in 2 cells'
        """
        for name in ("frequency", "recency", "age"):
            if name not in frame.columns:
                mend = did_you_mean(name, map(str, frame.columns), "Add it")
                raise SpecError.at("PurchaseCounts", f"has no column '{name}'", mend)
        table = frame[["frequency", "recency", "age"]].astype(float)
        table = table.assign(n=frame["n"].astype(float) if "n" in frame.columns else 1.0)
        problems = row_problems(*(table[name].to_numpy() for name in table.columns))
        if problems:
            raise SpecError(*problems)
        cells = table.groupby(["frequency", "recency", "age"], as_index=False)["n"].sum()
        frequency, recency, age, n = (cells[name].to_numpy() for name in cells.columns)
        return cls(
            frequency=frequency, recency=recency, age=age, n=n.astype(np.int64), time_unit=time_unit, notes=notes
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per cell: `frequency`, `recency`, `age`, `n`, and `n_later` where a span was held out."""
        columns = {"frequency": self.frequency, "recency": self.recency, "age": self.age, "n": self.n}
        return pd.DataFrame(columns if self.n_later is None else columns | {"n_later": self.n_later})

    def summary(self) -> str:
        """Say how many accounts were seen, and how many of them again, in one line of English."""
        again = int(self.n[self.frequency > 0].sum())
        return f"{self.n_accounts:,} accounts, {again:,} of them seen again, in {len(self.n):,} cells"


def row_problems(frequency: Floats, recency: Floats, age: Floats, n: Floats) -> list[Problem]:
    """
    List what is impossible about how often, how late and how long accounts were seen.

    Examples
    --------
    >>> print(*row_problems(*np.array([[2.0], [12.0], [9.0], [1.0]])))
    PurchaseCounts, row 1: got a recency that does not lie between 0 and the age. Correct the row.
    """
    place = "PurchaseCounts"
    checks = (
        (~((frequency >= 0) & (frequency == np.floor(frequency))), "a frequency that is not a whole number from 0"),
        (~((recency >= 0) & (recency <= age) & np.isfinite(age)), "a recency that does not lie between 0 and the age"),
        ((frequency == 0) & (recency > 0), "a recency above 0 for an account that was never seen again"),
        ((frequency > 0) & (recency == 0), "a recency of 0 for an account that was seen again"),
        (~((n >= 1) & (n == np.floor(n))), "a number of accounts that is not a whole number from 1"),
    )
    return [
        Problem(f"{place}, row {int(np.argmax(wrong)) + 1}", f"got {what}", "Correct the row")
        for wrong, what in checks
        if wrong.any()
    ]


def count_purchases(
    activity: Activity, *, per: Literal["day", "week"] = "week", hold_out_days: int = 0
) -> PurchaseCounts:
    """
    Count how often, how late and how long each account was seen.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    per : {'day', 'week'}
        Unit of times.
    hold_out_days : int
        Last days to hold out; accounts first seen in them are left out.

    Returns
    -------
    PurchaseCounts
        An account counts once for each day on which it was active; the end of observation is the last day
        that is not held out.

    Raises
    ------
    SpecError
        If `per` is unknown or `hold_out_days` is negative.
    EstimateError
        If no account is left.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> count_purchases(read_activity(open_example("twitter_france")), hold_out_days=364).n_accounts
    3015
    """
    check_choice("per", per, tuple(DAYS))
    if hold_out_days < 0:
        raise SpecError.at("hold_out_days", f"got {hold_out_days}, expected 0 or more", "Give a number of days")
    activity = activity.signups()
    stop = activity.end_day - hold_out_days
    kept = activity.first_day < stop
    if not kept.any():
        raise EstimateError.at("count_purchases", "no account is left", "Hold out fewer days")
    words = activity.words[kept]
    before = words & _days_before(stop - activity.origin, words.shape[1])
    first = activity.first_day[kept]
    length = DAYS[per]
    cells = pd.DataFrame(
        {
            "frequency": np.bitwise_count(before).sum(axis=1, dtype=np.int64) - 1,
            "recency": last_day(before) + activity.origin - first,
            "age": stop - 1 - first,
            "n": 1,
            "n_later": np.bitwise_count(words & ~before).sum(axis=1, dtype=np.int64),
        }
    )
    counted = cells.groupby(["frequency", "recency", "age"], as_index=False).sum()
    lost = int((~kept).sum())
    recent = (Note(RECENT.message, {"n": lost, "days": hold_out_days}),) if lost else ()
    return PurchaseCounts(
        frequency=counted["frequency"].to_numpy(np.float64),
        recency=counted["recency"].to_numpy(np.float64) / length,
        age=counted["age"].to_numpy(np.float64) / length,
        n=counted["n"].to_numpy(np.int64),
        n_later=counted["n_later"].to_numpy(np.float64) if hold_out_days else None,
        held_out=hold_out_days / length,
        time_unit=f"{per}s",
        notes=(*activity.notes, FIRST_DAY, *recent),
    )


def _days_before(day: int, n_words: int) -> NDArray[np.uint64]:
    """Give words whose bits are set for the days before one."""
    inside = np.clip(day - BITS * np.arange(n_words), 0, BITS)
    return np.array([(1 << int(bits)) - 1 for bits in inside], np.uint64)
