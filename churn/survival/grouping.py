"""Accounts by the levels of their groups, with their weights and clusters, as estimators from counts take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.survival._jackknife import Jackknife
from churn.survival.tallies import Tallies, Timeline, weighted_tallies
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note

LEFT_OUT = "{n} accounts without a value of {group} are left out"
NO_VALUE = Note("no account has a value")
MODEL_BASED = Note("standard errors take the weights of accounts for numbers of accounts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupedAccounts:
    """
    Accounts that share a tenure, an outcome and the columns asked for.

    Attributes
    ----------
    duration, entry : ndarray of float, shape (n_cells,)
        As in `TenureCounts`.
    event : ndarray of bool, shape (n_cells,)
    n : ndarray of int, shape (n_cells,)
        Accounts.
    columns : mapping of str to ndarray of int, shape (n_cells,)
        Code of the level of each column, counted from 0.
    levels : mapping of str to tuple of str
        Names of the levels of each column, in order.
    weight : ndarray of float, shape (n_cells,), or None
        Of each account.
    time_unit : str
    notes : tuple of Note
    """

    duration: Floats
    entry: Floats
    event: NDArray[np.bool_]
    n: Ints
    columns: dict[str, Ints] = field(default_factory=dict)
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    weight: Floats | None = None
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return int(self.n.sum())

    def where(self, rows: NDArray[np.bool_] | Ints) -> GroupedAccounts:
        """Keep some cells, named by a mask or their places; levels stay as they are."""
        return replace(
            self,
            duration=self.duration[rows],
            entry=self.entry[rows],
            event=self.event[rows],
            n=self.n[rows],
            columns={name: code[rows] for name, code in self.columns.items()},
            weight=None if self.weight is None else self.weight[rows],
        )

    def split(self, by: str) -> Iterator[tuple[str, GroupedAccounts]]:
        """Give the cells of each level of a column, in order, after its name."""
        code = self.columns[by].astype(np.min_scalar_type(len(self.levels[by])))
        order = np.argsort(code, kind="stable")
        ends = np.searchsorted(code[order], np.arange(len(self.levels[by]) + 1))
        for name, start, stop in zip(self.levels[by], ends, ends[1:], strict=False):
            yield name, self.where(order[start:stop])


def check_errors(std_errors: str | None, model: str, weight: str | None, cluster: str | None) -> str:
    """
    Choose where standard errors come from: the jackknife where there is a weight or a cluster, unless told.

    Examples
    --------
    >>> check_errors(None, "greenwood", None, "holder")
    'jackknife'
    """
    if std_errors is None:
        return "jackknife" if weight or cluster else model
    check_choice("std_errors", std_errors, (model, "jackknife"))
    if cluster and std_errors == model:
        what = f"got '{model}', which takes each account for itself"
        raise SpecError.at("std_errors", what, "Leave out the cluster, or choose 'jackknife'")
    return std_errors


def group_accounts(
    tenures: Tenures | TenureCounts, columns: Sequence[str] = (), *, weight: str | None = None, place: str = "by"
) -> GroupedAccounts:
    """
    Lay accounts out for estimation.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts.
    columns : sequence of str
        Attributes, or columns of the strata, whose levels are wanted.
    weight : str, optional
        Attribute that holds the weight of each account.
    place : str
        Where the names come from, for errors.

    Returns
    -------
    GroupedAccounts
        Accounts without a value in one of the columns are left out, and the notes count them.

    Raises
    ------
    SpecError
        If a column is not there, or a weight is not a number above 0.
    EstimateError
        If no account has a value in all of the columns.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["25-34", "18-24", None]})
    >>> cells = group_accounts(Tenures(duration=[3, 5, 9], event=[1, 0, 1], attributes=group), ["age"])
    >>> cells.columns["age"].tolist(), cells.levels["age"]
    ([1, 0], ('18-24', '25-34'))
    >>> print(cells.notes[0])
    1 account without a value of age is left out
    """
    frame = tenures.attributes if isinstance(tenures, Tenures) else tenures.strata
    for name in (*columns, *([weight] if weight else [])):
        if name not in frame.columns:
            mend = did_you_mean(name, map(str, frame.columns), "Name an attribute of the accounts")
            raise SpecError.at(f"{place} '{name}'", "no such attribute", mend)
    size = len(tenures.duration)
    coded = {name: pd.factorize(frame[name], sort=True) for name in columns}
    whole = GroupedAccounts(
        duration=tenures.duration,
        entry=np.full(size, np.nan) if tenures.entry is None else tenures.entry,
        event=tenures.event,
        n=np.ones(size, np.int64) if isinstance(tenures, Tenures) else tenures.n,
        columns={name: code.astype(np.int64) for name, (code, _) in coded.items()},
        levels={name: tuple(map(str, known)) for name, (_, known) in coded.items()},
        weight=_weights(frame[weight], weight) if weight else None,
        time_unit=tenures.time_unit,
        notes=tenures.notes,
    )
    return _complete(whole, weight, place)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """
    Accounts followed from one start, tallied by tenure.

    Attributes
    ----------
    cells : GroupedAccounts
    timeline : Timeline
        When each cell is at risk.
    accounts, tallies : Tallies
        Of accounts, and of their weights; the same where there are none.
    """

    cells: GroupedAccounts
    timeline: Timeline
    accounts: Tallies
    tallies: Tallies

    @classmethod
    def of(cls, cells: GroupedAccounts, start: float | None, place: str) -> Followed:
        """
        Follow accounts, perhaps those alone that were retained until `start`.

        Raises
        ------
        EstimateError
            If there are none.
        """
        kept = np.ones(len(cells.n), bool) if start is None else cells.duration >= start
        if not kept.any():
            raise EstimateError.at(place, "there are no accounts to follow", "Choose a larger group")
        cells = cells if kept.all() else cells.where(kept)
        timeline = Timeline.of(cells.duration, cells.event, cells.entry)
        accounts = timeline.tally(cells.n)
        return cls(cells, timeline, accounts, weighted_tallies(timeline, accounts, cells.n, cells.weight))

    def jackknife(self, cluster: str | None, gone: Floats, at_risk: Floats) -> Jackknife:
        """Prepare the infinitesimal jackknife of a cumulative hazard with these coefficients."""
        return Jackknife(
            timeline=self.timeline,
            count=self.cells.n,
            weight=np.ones(len(self.cells.n)) if self.cells.weight is None else self.cells.weight,
            cluster=None if cluster is None else self.cells.columns[cluster],
            gone=gone,
            at_risk=at_risk,
        )


def _weights(column: pd.Series, name: str) -> Floats:
    weight = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    wrong = int((column.notna().to_numpy() & ~(np.isfinite(weight) & (weight > 0))).sum())
    if wrong:
        raise SpecError.at(f"weight '{name}'", f"{wrong} weights are not numbers above 0", "Correct them")
    return weight


def _complete(cells: GroupedAccounts, weight: str | None, place: str) -> GroupedAccounts:
    absent = {name: code < 0 for name, code in cells.columns.items()}
    if weight and cells.weight is not None:
        absent[weight] = np.isnan(cells.weight)
    if not any(rows.any() for rows in absent.values()):
        return cells
    notes = tuple(
        Note(LEFT_OUT, {"n": int(cells.n[rows].sum()), "group": name}) for name, rows in absent.items() if rows.any()
    )
    kept = ~np.logical_or.reduce(list(absent.values()))
    if not kept.any():
        named = "', '".join(absent)
        raise EstimateError.because(f"{place} '{named}'", NO_VALUE, "Choose another attribute")
    cells = cells.where(kept)
    present = {name: np.flatnonzero(np.bincount(code)) for name, code in cells.columns.items()}
    return replace(
        cells,
        columns={name: np.searchsorted(present[name], code) for name, code in cells.columns.items()},
        levels={name: tuple(cells.levels[name][i] for i in found) for name, found in present.items()},
        notes=cells.notes + notes,
    )
