"""Tenures that have a value in every column that a model needs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churn.survival.grouping import LEFT_OUT
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arrays import Ints
from surveys.core.errors import EstimateError
from surveys.core.results import Note


def complete_rows(
    tenures: Tenures | TenureCounts, columns: pd.DataFrame, *, place: str
) -> tuple[Tenures | TenureCounts, Ints, tuple[Note, ...]]:
    """
    Keep the rows that have a value in every column.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts.
    columns : DataFrame, shape (n_rows, n_columns)
        What a model needs of each row.
    place : str
        Where they are asked for, for the error.

    Returns
    -------
    tenures : Tenures or TenureCounts
        The rows kept.
    rows : ndarray of int
        Their places, counted from 0.
    notes : tuple of Note
        How many accounts are left out for want of which column.

    Raises
    ------
    EstimateError
        If no row is left.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 5], event=[True, False])
    >>> kept, rows, notes = complete_rows(tenures, pd.DataFrame({"age": [20, None]}), place="Cox")
    >>> rows.tolist(), str(notes[0])
    ([0], '1 account without a value of age is left out')
    """
    absent = {str(name): columns[name].isna().to_numpy() for name in columns.columns}
    n = np.ones(len(columns), np.int64) if isinstance(tenures, Tenures) else tenures.n
    notes = tuple(
        Note(LEFT_OUT, {"n": int(n[rows].sum()), "group": name}) for name, rows in absent.items() if rows.any()
    )
    kept = ~np.logical_or.reduce(list(absent.values()))
    if not kept.any():
        raise EstimateError.at(place, "no account has all of the columns", "Leave some of them out")
    return tenures if kept.all() else tenures.where(kept), np.flatnonzero(kept), notes
