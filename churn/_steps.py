"""Going forward from what was observed of a cohort, by the steps of those that were observed longer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churn._bitmaps import Flags
from churn._curves import normal_quantile

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def project(
    share: Floats,
    eligible: Ints,
    active: Ints,
    before: Ints,
    complete: Flags,
    *,
    certain: bool,
    nested: bool,
    conf_level: float,
) -> tuple[Floats, Floats, Floats]:
    """
    Go forward from each cohort's last complete share by the steps of all eligible accounts.

    Arrays have shape (n_cohorts, n_ages); so have the projected shares and their limits, NaN where complete.
    `certain` says that every account is active in the first window, `nested` that whoever is active in a window
    was so in the one before.
    """
    shape = share.shape
    middle, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    known, known_variance = np.where(complete, share, np.nan), _log_variance(active, eligible)
    if certain:
        middle[~complete[:, 0], 0], variance[~complete[:, 0], 0] = 1.0, 0.0
    total, start, n = active.sum(axis=0), before.sum(axis=0), eligible.sum(axis=0)
    for k in range(1, shape[1]):
        if not start[k]:
            continue
        step = total[k] / start[k]
        apart = (
            _log_variance(total[k], start[k]) if nested else _log_variance(np.array([total[k], start[k]]), n[k]).sum()
        )
        base = np.where(complete[:, k - 1], known[:, k - 1], middle[:, k - 1])
        spread = np.where(complete[:, k - 1], known_variance[:, k - 1], variance[:, k - 1])
        middle[:, k] = np.where(complete[:, k], np.nan, np.minimum(base * step, 1))
        variance[:, k] = np.where(complete[:, k], np.nan, spread + apart)
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.exp(normal_quantile(conf_level) * np.sqrt(variance))
        low, high = middle / width, np.minimum(middle * width, 1)
    return middle, low, high


def _log_variance(active: Ints, n: Ints) -> Floats:
    """Give the variance of the logarithm of a share."""
    active, n = np.asarray(active, np.float64), np.asarray(n, np.float64)
    found: Floats = np.full(np.broadcast_shapes(active.shape, n.shape), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((active > 0) & (n > 0), 1 / active - 1 / n, found)
