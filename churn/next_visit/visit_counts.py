"""Visits as counts: two small tables of consecutive and last active days, which tell when accounts were seen again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.cohorts.lifecycle import check_local
from churn.next_visit.waits import Cells, add_cells, tally_visits
from churn.survival.grouping import LEFT_OUT
from churn.usage.activity import Activity
from surveys.core.arrays import Ints
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note

REPLICATES = 25
HALF, REPLICATE = "half", "replicate"
LOCAL_DAYS = Note("tenures are counted in local days from the day of sign-up, the first active day of an account")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VisitCounts:
    """
    How many accounts share two consecutive active days, or their last active day and the end of observation.

    Counts of several files, machines or groups of accounts add up.

    Attributes
    ----------
    strata : DataFrame, shape (n_strata, n_columns)
        What tells groups of accounts apart: the columns asked for, `half` of sign-ups (0 for the earlier one), and
        `replicate`, a number from a hash of the account, for standard errors.
    pairs : Cells
        `n` times an account of stratum `group` was active at tenure `start`, and next at `stop`, in days.
    silent : Cells
        `n` accounts of stratum `group` were last active at tenure `start` and observed until `stop`, in days.
    size : int
        Days after the longest tenure observed.
    notes : tuple of Note
        Caveats.
    """

    strata: pd.DataFrame
    pairs: Cells
    silent: Cells
    size: int
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return int(self.silent.n.sum())

    def where(self, rows: NDArray[np.bool_]) -> VisitCounts:
        """
        Keep some strata.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_strata,)
            True for the strata to keep.

        Returns
        -------
        VisitCounts
        """
        group = np.where(rows, np.cumsum(rows) - 1, -1)
        return self._regrouped(group, self.strata.loc[rows].reset_index(drop=True))

    def pooled(self, by: str | None = None) -> VisitCounts:
        """
        Add up strata, all of them or those alike in one column.

        Parameters
        ----------
        by : str, optional
            Column of the strata.

        Returns
        -------
        VisitCounts
            One stratum for each level, in order; those without a value are left out.
        """
        if by is None:
            return self._regrouped(np.zeros(len(self.strata), np.int64), pd.DataFrame(index=range(1)))
        codes, levels = pd.factorize(self.strata[by], sort=True)
        return self._regrouped(codes.astype(np.int64), pd.DataFrame({by: levels}))

    def _regrouped(self, group: Ints, strata: pd.DataFrame) -> VisitCounts:
        pairs, silent = (add_cells(cells, group, self.size) for cells in (self.pairs, self.silent))
        return replace(self, strata=strata, pairs=pairs, silent=silent)

    def __add__(self, other: VisitCounts) -> VisitCounts:
        """Put counts of other accounts beside these; the strata of both follow each other."""
        shift = len(self.strata)
        pairs, silent = (
            Cells(*(np.concatenate(both) for both in zip(first, (second[0] + shift, *second[1:]), strict=True)))
            for first, second in ((self.pairs, other.pairs), (self.silent, other.silent))
        )
        return VisitCounts(
            strata=pd.concat([self.strata, other.strata], ignore_index=True),
            pairs=pairs,
            silent=silent,
            size=max(self.size, other.size),
            notes=tuple(dict.fromkeys(self.notes + other.notes)),
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per cell.

        Returns
        -------
        DataFrame
            The strata, then `table` (`pairs` or `silent`), `start`, `stop`, in days, and `n`.
        """
        parts = []
        for name, cells in (("pairs", self.pairs), ("silent", self.silent)):
            told = self.strata.iloc[cells.group].reset_index(drop=True)
            parts.append(told.assign(table=name, start=cells.start, stop=cells.stop, n=cells.n))
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Say how much was counted, in one line of English."""
        days = int((self.pairs.n).sum()) + self.n_accounts
        return f"{self.n_accounts:,} accounts, {days:,} active days, observed for {self.size - 1:,} days at most"


def count_visits(
    activity: Activity, *, by: Sequence[str] = (), halves: bool = True, replicates: int = REPLICATES
) -> VisitCounts:
    """
    Count consecutive and last active days of accounts, by tenure.

    Parameters
    ----------
    activity : Activity
        Active local days of each account; sign-up is on the first of them. Accounts that may be older than the log
        are left out.
    by : sequence of str
        Attributes whose values are strata.
    halves : bool
        Whether early and late sign-ups are strata, so that they can be compared.
    replicates : int
        Groups of accounts, by a hash of what names them, for jackknifed standard errors; 1 for none.

    Returns
    -------
    VisitCounts

    Raises
    ------
    SpecError
        If days are not local ones, an attribute is not there, or `replicates` is not at least 1.
    EstimateError
        If there are no accounts.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> count_visits(read_activity(open_example("twitter_france"))).summary()
    '4,000 accounts, 136,995 active days, observed for 1,823 days at most'
    """
    check_local(activity, "count_visits", 0.95)
    activity = activity.signups()
    if replicates < 1:
        raise SpecError.at("count_visits, replicates", f"got {replicates}", "Give at least 1")
    kept, notes = _kept(activity, by)
    if not kept.any():
        raise EstimateError.at("count_visits", "there are no accounts", "Check the log")
    columns = {name: activity.attributes.loc[kept, name].reset_index(drop=True) for name in by}
    first = activity.first_day[kept]
    if halves:
        columns[HALF] = pd.Series((first > np.median(first)).astype(np.int64))
    if replicates > 1:
        columns[REPLICATE] = pd.Series(_hashed(activity.accounts.loc[kept], replicates))
    group, strata = _strata(columns, len(first))
    pairs, silent = tally_visits(
        activity.words if kept.all() else activity.words[kept],
        first - activity.origin,
        activity.end_day - 1 - first,
        group,
        len(strata),
    )
    size = int(activity.end_day - first.min())
    return VisitCounts(
        strata=strata, pairs=pairs, silent=silent, size=size, notes=(*activity.notes, LOCAL_DAYS, *notes)
    )


def _kept(activity: Activity, by: Sequence[str]) -> tuple[NDArray[np.bool_], tuple[Note, ...]]:
    """Leave out accounts without a value of a group, and count them."""
    kept, notes = np.ones(activity.n_accounts, bool), []
    for name in by:
        if name not in activity.attributes.columns:
            mend = did_you_mean(name, map(str, activity.attributes.columns), "Name it under group in study.toml")
            raise SpecError.at(f"by '{name}'", "is no attribute of the accounts", mend)
        told = activity.attributes[name].notna().to_numpy()
        if not told.all():
            notes.append(Note(LEFT_OUT, {"n": int((~told).sum()), "group": name}))
        kept &= told
    return kept, tuple(notes)


def _hashed(accounts: pd.DataFrame, replicates: int) -> Ints:
    """Give each account a replicate that depends on nothing but its name."""
    keys = pd.util.hash_pandas_object(accounts, index=False).to_numpy()
    return (keys % np.uint64(replicates)).astype(np.int64)


def _strata(columns: dict[str, pd.Series], n: int) -> tuple[Ints, pd.DataFrame]:
    """Give each account the number of its combination of values, and the combinations."""
    if not columns:
        return np.zeros(n, np.int64), pd.DataFrame(index=range(1))
    code, levels = np.zeros(n, np.int64), []
    for values in columns.values():
        number, distinct = pd.factorize(values, sort=True)
        code = code * len(distinct) + number
        levels.append(distinct)
    found, group = np.unique(code, return_inverse=True)
    places = np.unravel_index(found, [len(distinct) for distinct in levels])
    told = zip(columns, levels, places, strict=True)
    return group.astype(np.int64), pd.DataFrame({name: np.asarray(distinct)[place] for name, distinct, place in told})
