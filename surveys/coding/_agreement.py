"""Array functions of hand-coded samples: design effects, and agreement between coders."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Floats

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def cluster_effects(category: NDArray[np.intp], cluster: NDArray[np.intp], k: int) -> Floats:
    r"""
    Give the design effect of each category's share in a sample of clusters.

    Parameters
    ----------
    category, cluster : ndarray of int, shape (n,)
        Of each message, counted from 0.
    k : int
        Number of categories.

    Returns
    -------
    ndarray of float, shape (k,)
        Linearised variance of the share over clusters drawn with replacement, over :math:`p(1-p)/n`;
        1 where a share is 0 or 1.
    """
    n, m = len(category), int(cluster.max()) + 1
    table = np.zeros((m, k))
    np.add.at(table, (cluster, category), 1.0)
    share = table.sum(axis=0) / n
    scores = (table - share * table.sum(axis=1, keepdims=True)) / n
    variance = m / (m - 1) * np.square(scores).sum(axis=0)
    simple = share * (1 - share) / n
    effects: Floats = np.divide(variance, simple, out=np.ones(k), where=simple > 0)
    return effects


def mean_effect(effects: Floats, share: Floats) -> float:
    r"""Give Rao and Scott's mean of design effects: :math:`\sum (1-p_j) d_j / (k-1)` over shares that are not 0."""
    seen = share > 0
    return float(((1 - share) * effects)[seen].sum() / (seen.sum() - 1)) if seen.sum() > 1 else 1.0


def coincidences(units: NDArray[np.intp], k: int) -> Floats:
    """
    Count how often each two values meet in a unit.

    Parameters
    ----------
    units : ndarray of int, shape (n_units, k)
        How many coders gave each value to each unit.
    k : int
        Number of values.

    Returns
    -------
    ndarray of float, shape (k, k)
        Krippendorff's matrix of coincidences; units with fewer than two codings count for nothing.
    """
    codings = units.sum(axis=1)
    paired = units[codings > 1].astype(float)
    weights = 1.0 / (codings[codings > 1] - 1)
    found: Floats = (paired * weights[:, None]).T @ paired
    found[np.diag_indices(k)] -= (paired * weights[:, None]).sum(axis=0)
    return found


def squared_differences(values: Floats, margins: Floats, level: Level) -> Floats:
    """
    Give the squared difference between each two values.

    Parameters
    ----------
    values, margins : ndarray of float, shape (k,)
        The values, rising, and how often each was paired.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences between values mean.

    Returns
    -------
    ndarray of float, shape (k, k)
    """
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "ordinal":
        middle = np.cumsum(margins) - margins / 2
        return np.square(middle[:, None] - middle[None, :])
    apart = values[:, None] - values[None, :]
    if level == "interval":
        return np.square(apart)
    total = values[:, None] + values[None, :]
    return np.square(np.divide(apart, total, out=np.zeros_like(apart), where=total != 0))


def alpha(units: NDArray[np.intp], values: Floats, level: Level) -> float:
    r"""
    Give Krippendorff's alpha.

    Parameters
    ----------
    units : ndarray of int, shape (n_units, k)
        How many coders gave each value to each unit.
    values : ndarray of float, shape (k,)
        The values, rising.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences between values mean.

    Returns
    -------
    float
        :math:`1 - D_o / D_e`; NaN where all codings are the same value.
    """
    observed = coincidences(units, len(values))
    margins = observed.sum(axis=0)
    apart = squared_differences(values, margins, level)
    expected = float(margins @ apart @ margins)
    if expected == 0:
        return float("nan")
    return 1 - float((margins.sum() - 1) * (observed * apart).sum()) / expected
