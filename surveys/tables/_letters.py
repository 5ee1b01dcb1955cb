"""Array functions of banner tables: letters of columns, which of them a share is above, and effective bases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from surveys.comparisons.pairs import Adjustment, adjust_probabilities, compare_pairs
from surveys.core.arrays import Bools, Floats


def column_letters(n: int) -> list[str]:
    """Name columns A to Z, then AA, AB and so on."""
    single = list(ascii_uppercase)
    return (single + [first + second for first in single for second in single])[:n]


def runs_alike(inside: Sequence[Bools]) -> tuple[tuple[int, int], ...]:
    """
    Find the rows that follow each other and count the same people in every column.

    Parameters
    ----------
    inside : sequence of ndarray of bool, each of shape (n_respondents, n_columns)
        Whom each row of a table counts.

    Returns
    -------
    tuple of (int, int)
        First row of each run, and one past its last.
    """
    ends = [i for i in range(1, len(inside)) if not np.array_equal(inside[i - 1], inside[i])]
    return tuple(pairwise([0, *ends, len(inside)]))


def effective_bases(
    share: Floats, std_error: Floats, df: Floats, n: NDArray[np.intp], kish: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    r"""
    Divide the base of each column by the design effect of its shares.

    Parameters
    ----------
    share, std_error, df : ndarray of float, shape (n_rows, n_columns)
        Of rows that rest on one base; NaN where there is none. Below one degree of freedom there is no variance.
    n : ndarray of int, shape (n_columns,)
        Respondents of each column.
    kish : ndarray of float, shape (n_columns,)
        Kish's effective base, for columns whose shares have no variance.

    Returns
    -------
    effective : ndarray of float, shape (n_columns,)
        :math:`n / d` with :math:`d = \sum_j v_j / \sum_j \frac{p_j (1 - p_j)}{n - 1}`, at most n.
    by_kish : ndarray of bool, shape (n_columns,)
        Where it is Kish's.
    """
    known = np.isfinite(share) & np.isfinite(std_error) & (df >= 1)
    simple = np.where(known, share * (1 - share), 0.0).sum(axis=0) / np.maximum(n - 1, 1)
    drawn = np.square(np.where(known, std_error, 0.0)).sum(axis=0)
    by_kish = ~(simple > 0) & (n > 0)
    unlike = np.divide(n * simple, drawn, out=np.full(len(n), np.inf), where=drawn > 0)
    effective = np.where(by_kish, kish, np.fmin(unlike, n))
    return np.nan_to_num(np.fmin(effective, n)), by_kish


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
