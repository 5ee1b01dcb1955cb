"""Array functions of the calibration of surveys to a log: what margins ask of weights, and what their errors add."""

from __future__ import annotations

import numpy as np

from surveys.core.arrays import Floats


def margin_terms(above: Floats, below: Floats, shares: Floats) -> Floats:
    """
    Give the columns whose weighted sums are zero when weighted shares are those wanted.

    Parameters
    ----------
    above, below : ndarray of float, shape (n_rows, m)
        Numerator and denominator of each share, row by row.
    shares : ndarray of float, shape (m,)
        Wanted.
    """
    return above - below * shares


def margin_slopes(terms: Floats, weights: Floats, influence: Floats, below: Floats) -> Floats:
    """
    Tell how much each estimate moves when a margin moves, all weights being adjusted anew.

    Parameters
    ----------
    terms : ndarray of float, shape (n_rows, c)
        What the weights are calibrated on; those of the margins come last.
    weights : ndarray of float, shape (n_rows,)
        Calibrated, by the raking distance.
    influence : ndarray of float, shape (n_rows, k)
        Derivative of each estimate in each weight.
    below : ndarray of float, shape (n_rows, m)
        Denominators of the margins.

    Returns
    -------
    ndarray of float, shape (k, m)

    Notes
    -----
    The weights are w = d exp(x'a), and the margins hold the sums of w x at given values, that of the
    share p at 0 for x = above - p below. Differentiating both: dw = w x' (X'WX)^-1 e sum(w below) dp.
    """
    size = np.sqrt(weights @ terms**2)
    scaled = terms / np.where(size > 0, size, 1.0)
    inverse = np.linalg.pinv((scaled * weights[:, None]).T @ scaled, rcond=1e-12, hermitian=True)
    m = below.shape[1]
    moved = inverse[:, -m:] * (weights @ below) / np.where(size > 0, size, 1.0)[-m:]
    return np.asarray((influence * weights[:, None]).T @ (scaled @ moved))
