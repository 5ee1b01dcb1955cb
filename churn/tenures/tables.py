"""Counts straight from a table of tenures, without a row per account."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from churn.tenures._cells import read_cells
from churn.tenures.counts import TenureCounts
from surveys.study.schema import Study


def count_tenure_table(study: Study, *, by: Sequence[str] = ()) -> TenureCounts:
    """
    Count accounts that share a stratum, a tenure and an outcome, in one pass on the engine.

    Parameters
    ----------
    study : Study
        With `usage.tenure`: a table that says how long each account has lasted and whether it is gone.
    by : sequence of str
        Columns of `usage.group` whose values are strata; a blank cell is a stratum of its own.

    Returns
    -------
    TenureCounts
        What `count_tenures` gives on the accounts that `read_tenures` reads, in `usage.tenure_unit`.

    Raises
    ------
    StudyError, SpecError
        As `read_cells`.

    Notes
    -----
    Where `usage.account` names accounts, they are checked to occur once, which takes longer than to count.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> table = pd.DataFrame({"months": [3, 5, 3], "left": ["yes", "no", "yes"], "plan": ["a", "a", "b"]})
    >>> usage = {"accounts": "a.csv", "tenure": "months", "tenure_unit": "months", "group": ["plan"]}
    >>> usage |= {"dropped": {"item": "left", "yes": ["yes"]}, "dropout": {"rule": "closed", "horizon": 1}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(f"{folder}/a.csv", index=False)
    ...     about = {"title": "Who stays", "as_of": "2013-12-31"}
    ...     counts = count_tenure_table(Study.model_validate({"folder": folder, "study": about, "usage": usage}))
    >>> counts.to_frame()
       entry  duration  event  n
    0    NaN       3.0   True  2
    1    NaN       5.0  False  1
    """
    cells = read_cells(study, by=by)
    return TenureCounts(
        strata=cells.strata,
        entry=np.full(len(cells.n), np.nan) if cells.entry is None else cells.entry,
        duration=cells.duration,
        event=cells.event,
        n=cells.n,
        cause=cells.cause,
        causes=cells.causes,
        time_unit=cells.time_unit,
        notes=cells.notes,
    )
