"""Rows that are alike, so that each kind of row is worked on once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from surveys.core.arrays import Ints

PROBE = 5_000
MOST_CODES = 2**62


def find_patterns(frame: pd.DataFrame) -> tuple[Ints, Ints]:
    """
    Find rows that are alike.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)

    Returns
    -------
    unit : ndarray of int, shape (n_rows,)
        The pattern of each row; every row is its own where few are alike.
    first : ndarray of int, shape (n_units,)
        The first row of each pattern.

    Examples
    --------
    >>> unit, first = find_patterns(pd.DataFrame({"sex": ["F", "M", "F"], "age": [20, 20, 20]}))
    >>> unit.tolist(), first.tolist()
    ([0, 1, 0], [0, 1])
    """
    n = len(frame)
    alone = np.arange(n, dtype=np.int64)
    probe = frame.iloc[:: max(1, n // PROBE)]
    if n > PROBE and len(probe.drop_duplicates()) > len(probe) / 2:
        return alone, alone
    code, size = np.zeros(n, np.int64), 1
    for name in frame.columns:
        own, levels = pd.factorize(frame[name])
        if size * len(levels) > MOST_CODES:
            code, distinct = pd.factorize(code)
            size = len(distinct)
        code, size = code * len(levels) + own, size * len(levels)
    code = pd.factorize(code)[0].astype(np.int64)
    first = np.empty(int(code.max(initial=-1)) + 1, np.int64)
    first[code[::-1]] = alone[::-1]
    return code, first
