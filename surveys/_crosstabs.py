"""Array functions of banner tables: letters of columns, and which of them a share is above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from surveys._comparisons import Adjustment, adjust_probabilities, compare_pairs
from surveys._design import Floats
from surveys._estimates import Bools


def column_letters(n: int) -> list[str]:
    """Name columns A to Z, then AA, AB and so on."""
    single = list(ascii_uppercase)
    return (single + [first + second for first in single for second in single])[:n]


def letters_above(
    estimate: Floats,
    deviations: Floats,
    shown: Bools,
    letters: Sequence[str],
    df: float,
    adjustment: Adjustment,
    conf_levels: tuple[float, float],
) -> NDArray[np.object_]:
    """
    Give each column of one row and one group the letters of those that it is significantly above.

    Parameters
    ----------
    estimate : ndarray of float, shape (k,)
        Share of each column.
    deviations : ndarray of float, shape (m, k)
        Their cross-product is the covariance of the shares, overlaps included.
    shown : ndarray of bool, shape (k,)
        Columns that are not suppressed; the others are not tested.
    letters : sequence of str, length k
    df : float
        Degrees of freedom.
    adjustment : {"holm", "fdr", "none"}
        For the number of pairs.
    conf_levels : (float, float)
        From the first, small letters; from the second, capitals.

    Returns
    -------
    ndarray of str, shape (k,)
    """
    above: list[list[str]] = [[] for _ in letters]
    tested = np.flatnonzero(shown & np.isfinite(estimate))
    if len(tested) > 1:
        pairs = np.array(list(combinations(tested.tolist(), 2)))
        difference, _, _, p_value = compare_pairs(estimate, deviations, pairs, df)
        adjusted = adjust_probabilities(p_value, adjustment)
        for (i, j), gap, p in zip(pairs.tolist(), difference, adjusted, strict=True):
            higher, lower = (i, j) if gap > 0 else (j, i)
            if p < 1 - conf_levels[1]:
                above[higher].append(letters[lower].upper())
            elif p < 1 - conf_levels[0]:
                above[higher].append(letters[lower].lower())
    joint = "" if all(len(letter) == 1 for letter in letters) else " "
    return np.array([joint.join(sorted(found, key=str.upper)) for found in above], dtype=object)
