"""Array functions of trends: a straight line through estimates that share a covariance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from surveys.core.arrays import Floats


class Line(NamedTuple):
    """Coefficients of the slope, the slope with its variance, and the distance from the line."""

    coefficients: Floats
    slope: float
    variance: float
    departure: float


def fit_line(x: Floats, y: Floats, covariance: Floats) -> Line:
    r"""
    Fit a line by generalised least squares.

    Parameters
    ----------
    x, y : ndarray of float, shape (k,)
        Where the estimates stand, and their values.
    covariance : ndarray of float, shape (k, k)
        Of the estimates; taken as known.

    Returns
    -------
    Line
        `departure` is the quadratic form of the residuals, on k - 2 degrees of freedom.

    Notes
    -----
    With :math:`X` the columns 1 and x, the slope is the second entry of
    :math:`(X^\top V^{-1} X)^{-1} X^\top V^{-1} y`.
    """
    centred = np.column_stack([np.ones_like(x), x - x.mean()])
    solved = np.linalg.solve(covariance, np.column_stack([centred, y]))
    precision = centred.T @ solved[:, :2]
    coefficients = np.linalg.solve(precision, solved[:, :2].T)
    fitted = coefficients @ y
    residual = y - centred @ fitted
    departure = float(residual @ np.linalg.solve(covariance, residual))
    return Line(coefficients[1], float(fitted[1]), float(np.linalg.inv(precision)[1, 1]), departure)
