"""Cells that agree in every key, added up, as an array function."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surveys.core.arrays import Ints

LARGEST = 2**62


def add_up(keys: Sequence[tuple[Ints, int]], kept: Ints, n: Ints) -> tuple[Ints, Ints]:
    """
    Add up the cells that agree in every key, in the order of the keys; a code of -1 comes last.

    Parameters
    ----------
    keys : sequence of tuple of ndarray of int, shape (n_cells,), and int
        Code of each cell and the number of codes; the first key weighs most.
    kept : ndarray of int
        Cells that count.
    n : ndarray of int, shape (n_cells,)
        What to add up.

    Returns
    -------
    rows : ndarray of int
        One cell of each kind.
    total : ndarray of int
        Sums over the kinds.
    """
    code, size = np.zeros(len(kept), np.int64), 1
    for own, levels in keys:
        if size * (levels + 1) > LARGEST:
            distinct, code = np.unique(code, return_inverse=True)
            size = len(distinct)
        own = own[kept]
        code, size = code * (levels + 1) + np.where(own < 0, levels, own), size * (levels + 1)
    if size > 8 * len(code) + 10_000:
        distinct, code = np.unique(code, return_inverse=True)
        size = len(distinct)
    total = np.zeros(size, np.int64)
    np.add.at(total, code, n[kept])
    row = np.full(size, -1, np.int64)
    row[code] = kept
    there = row >= 0
    return row[there], total[there]
