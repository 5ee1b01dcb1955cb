"""Person-period counts: accounts at risk and gone in each period of tenure, for discrete-time hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arrays import Ints
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.results import Note
from surveys.models.patterns import find_patterns

COLUMNS = ("period", "n_at_risk", "n_event")
CENSORED_INSIDE = "{n} accounts are censored inside a period and count as at risk throughout it"
ENTERED_INSIDE = "{n} accounts leave or are censored before the end of the period in which they came under observation"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonPeriods:
    """
    How many accounts of each kind are at risk in each period of tenure, and how many of them leave in it.

    Attributes
    ----------
    strata : DataFrame, shape (n_rows, n_strata)
        What tells accounts apart.
    period : ndarray of int, shape (n_rows,)
        Counted from 1: the period k goes from tenure (k - 1) `width`, excluded, to k `width`, included, and
        the first also holds tenure 0.
    n_at_risk, n_event : ndarray of int, shape (n_rows,)
        Accounts.
    width : float
        Length of a period, in `time_unit`.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

    strata: pd.DataFrame
    period: Ints
    n_at_risk: Ints
    n_event: Ints
    width: float = 1.0
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, width: float = 1.0, time_unit: str = "days") -> PersonPeriods:
        """
        Take periods from a table.

        Parameters
        ----------
        frame : DataFrame
            With `period`, `n_at_risk` and `n_event`; the other columns are strata. Rows may be alike.
        width : float
            Length of a period, in `time_unit`.
        time_unit : str
            Unit of tenures.

        Returns
        -------
        PersonPeriods

        Raises
        ------
        SpecError
            If a column is not there, or the counts are impossible.

        Examples
        --------
        >>> frame = pd.DataFrame({"period": [1, 2], "n_at_risk": [10, 8], "n_event": [2, 1]})
        >>> PersonPeriods.from_frame(frame).summary()
        '18 periods of accounts, 3 dropouts, in 2 rows'
        """
        for name in COLUMNS:
            if name not in frame.columns:
                mend = did_you_mean(name, map(str, frame.columns), "Add it")
                raise SpecError.at("PersonPeriods", f"has no column '{name}'", mend)
        values = frame[list(COLUMNS)].to_numpy(float)
        period, at_risk, gone = values.T
        problems = []
        if not np.all((values == np.floor(values)) & (values >= 0)) or not np.all((period >= 1) & (at_risk >= 1)):
            what = "expected whole numbers: period and n_at_risk from 1, n_event from 0"
            problems.append(Problem("PersonPeriods", what, "Correct the counts"))
        elif (gone > at_risk).any():
            problems.append(Problem("PersonPeriods", "more accounts leave than are at risk", "Correct the counts"))
        if problems:
            raise SpecError(*problems)
        return cls(
            strata=frame.drop(columns=list(COLUMNS)).reset_index(drop=True),
            period=period.astype(np.int64),
            n_at_risk=at_risk.astype(np.int64),
            n_event=gone.astype(np.int64),
            width=width,
            time_unit=time_unit,
        )

    def to_frame(self) -> pd.DataFrame:
        """Give one row per kind of account and period: the strata, `period`, `n_at_risk`, `n_event`."""
        return self.strata.assign(period=self.period, n_at_risk=self.n_at_risk, n_event=self.n_event)

    def summary(self) -> str:
        """Say how many periods and dropouts there are, in one line of English."""
        return (
            f"{int(self.n_at_risk.sum()):,} periods of accounts, {int(self.n_event.sum()):,} dropouts, "
            f"in {len(self.period):,} rows"
        )


def count_periods(tenures: Tenures | TenureCounts, *, by: Sequence[str] = (), width: float = 1.0) -> PersonPeriods:
    """
    Count accounts at risk and gone in each period of tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : sequence of str
        Columns that tell accounts apart; a missing value is a stratum of its own.
    width : float
        Length of a period, in `tenures.time_unit`; 30 for months of a tenure in days.

    Returns
    -------
    PersonPeriods
        An account that comes under observation inside a period is at risk from the next; one censored
        inside a period is at risk in it. The notes count both.

    Raises
    ------
    SpecError
        If a column is not there, or the width is not above 0.
    EstimateError
        If no account is at risk in any period.

    Examples
    --------
    >>> tenures = Tenures(duration=[1, 2, 2, 3], event=[True, True, False, False])
    >>> count_periods(tenures).to_frame()
       period  n_at_risk  n_event
    0       1          4        1
    1       2          3        1
    2       3          1        0
    """
    frame = tenures.attributes if isinstance(tenures, Tenures) else tenures.strata
    for name in by:
        if name not in frame.columns:
            mend = did_you_mean(name, map(str, frame.columns), "Drop it")
            raise SpecError.at(f"count_periods, by '{name}'", "no such column", mend)
    if not width > 0:
        raise SpecError.at("count_periods, width", f"got {width}, expected more than 0", "Give the length of a period")
    n = np.ones(len(frame), np.int64) if isinstance(tenures, Tenures) else tenures.n
    entry = np.full(len(frame), np.nan) if tenures.entry is None else tenures.entry
    begun = np.where(np.isnan(entry), 0.0, entry) / width
    first = np.where(np.isnan(entry), 1, np.ceil(begun) + 1).astype(np.int64)
    last = np.maximum(np.ceil(tenures.duration / width), 1).astype(np.int64)
    seen = last >= first
    if not seen.any():
        raise EstimateError.at("count_periods", "no account is at risk in any period", "Take shorter periods")
    unit, start = find_patterns(frame[list(by)]) if by else (np.zeros(len(frame), np.int64), np.zeros(1, np.int64))
    size = (len(start), int(last[seen].max()))

    def table(rows: NDArray[np.bool_], period: Ints) -> Ints:
        flat = np.bincount(unit[rows] * size[1] + period[rows] - 1, n[rows], size[0] * size[1])
        return np.rint(flat).astype(np.int64).reshape(size)

    ended, entered = table(seen, last), table(seen & (first > 1), first)
    entered[:, :-1], entered[:, -1] = entered[:, 1:].copy(), 0
    at_risk = np.cumsum((ended - entered)[:, ::-1], axis=1)[:, ::-1]
    gone = table(seen & tenures.event, last)
    row, column = np.nonzero(at_risk)
    inside = seen & ~tenures.event & (tenures.duration < last * width)
    return PersonPeriods(
        strata=frame[list(by)].iloc[start[row]].reset_index(drop=True),
        period=column + 1,
        n_at_risk=at_risk[row, column],
        n_event=gone[row, column],
        width=width,
        time_unit=tenures.time_unit,
        notes=(
            *tenures.notes,
            *(
                Note(message, {"n": int(n[rows].sum())})
                for message, rows in ((CENSORED_INSIDE, inside), (ENTERED_INSIDE, ~seen))
                if rows.any()
            ),
        ),
    )
