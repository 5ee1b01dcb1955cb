"""Array functions of tests of independence: design effects of a table, and tails of weighted sums of chi-squares."""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize, special

from surveys.core.arrays import Bools, Codes, Floats

NEAR_MEAN = 1e-4
EDGE = 0.99999
TERMS = 5000
RESIDUE = 1e-12


def cell_indicators(row: Codes, column: Codes, counted: Bools, shape: tuple[int, int]) -> Floats:
    """Give each cell of a table a column that is 1 for the rows in it, columns varying fastest."""
    cells = np.zeros((len(row), shape[0] * shape[1]))
    inside = np.flatnonzero(counted)
    cells[inside, row[inside] * shape[1] + column[inside]] = 1.0
    return cells


def pearson(shares: Floats, n: int) -> float:
    """Give Pearson's statistic of a table of shares that n rows make, shape (n_rows, n_columns)."""
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    return float(n * (np.square(shares - expected) / expected).sum())


def design_effects(shares: Floats, covariance: Floats, n: int, shape: tuple[int, int]) -> Floats:
    r"""
    Give the generalised design effects of a test of independence.

    Parameters
    ----------
    shares : ndarray of float, shape (n_cells,)
        Share of each cell.
    covariance : ndarray of float, shape (n_cells, n_cells)
        Of the shares, under the design.
    n : int
        Rows of the sample.
    shape : (int, int)
        Levels of each item.

    Returns
    -------
    ndarray of float, shape ((n_rows - 1) * (n_columns - 1),)
        Eigenvalues of :math:`(C^\top D^{-1} C / n)^{-1} C^\top D^{-1} V D^{-1} C`, where C spans the
        interactions (Rao and Scott, 1984).
    """
    inner, outer = np.eye(shape[0])[:, 1:], np.eye(shape[1])[:, 1:]
    rows = np.repeat(inner, shape[1], axis=0)
    columns = np.tile(outer, (shape[0], 1))
    additive = np.column_stack([np.ones(len(shares)), rows, columns])
    joint = np.einsum("ij,ik->ijk", rows, columns).reshape(len(shares), -1)
    contrast = joint - additive @ np.linalg.lstsq(additive, joint, rcond=None)[0]
    inverse = np.divide(1.0, shares, out=np.zeros_like(shares), where=shares > 0)
    scaled = inverse[:, None] * contrast
    found: Floats = linalg.eigvalsh(scaled.T @ covariance @ scaled, contrast.T @ scaled / n)
    return found


def wald_statistic(totals: Floats, covariance: Floats, shape: tuple[int, int]) -> float:
    """
    Give Wald's quadratic form in the differences of a table from independence.

    Parameters
    ----------
    totals : ndarray of float, shape (n_cells,)
        Weighted count of each cell.
    covariance : ndarray of float, shape (n_cells, n_cells)
        Of the counts, under the design.
    shape : (int, int)
        Levels of each item.

    Returns
    -------
    float
    """
    table = totals.reshape(shape)
    whole, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(rows, columns) / whole
    in_row = np.repeat(np.eye(shape[0]), shape[1], axis=0)
    in_column = np.tile(np.eye(shape[1]), (shape[0], 1))
    slope = np.eye(len(totals)) - (
        np.tile(columns, shape[0])[:, None] / whole * (in_row @ in_row.T)
        + np.repeat(rows, shape[1])[:, None] / whole * (in_column @ in_column.T)
        - expected.ravel()[:, None] / whole
    )
    used = np.arange(len(totals)).reshape(shape)[1:, 1:].ravel()
    off, spread = (table - expected).ravel()[used], (slope @ covariance @ slope.T)[np.ix_(used, used)]
    return float(off @ np.linalg.solve(spread, off))


def exact_tail(x: float, weights: Floats, df: float) -> float:
    r"""
    Give the tail of a weighted sum of chi-squares over an independent mean chi-square.

    Parameters
    ----------
    x : float
        Where the tail begins.
    weights : ndarray of float, shape (m,)
        Positive weights of chi-squares with one degree of freedom.
    df : float
        Degrees of freedom of the denominator; infinity for none.

    Returns
    -------
    float
        NaN where the weights are so uneven that the series does not settle.

    Notes
    -----
    Ruben's (1962) mixture: the sum is distributed as :math:`\beta\chi^2_{m+2k}` with probability
    :math:`c_k`, so that over a denominator each part has an F distribution.
    """
    m = len(weights)
    scale = float(weights.min())
    gaps = 1 - scale / weights
    chances = np.zeros(TERMS)
    chances[0] = np.sqrt(np.prod(scale / weights))
    powers, moments = np.ones(m), np.zeros(TERMS)
    known = 1
    while known < TERMS and 1 - chances[:known].sum() > RESIDUE:
        powers = powers * gaps
        moments[known] = powers.sum() / 2
        chances[known] = moments[known:0:-1] @ chances[:known] / known
        known += 1
    if 1 - chances[:known].sum() > np.sqrt(RESIDUE):
        return float("nan")
    degrees = m + 2.0 * np.arange(known)
    if np.isinf(df):
        return float(chances[:known] @ special.chdtrc(degrees, x / scale))
    return float(chances[:known] @ special.fdtrc(degrees, df, x / scale / degrees))


def saddlepoint_tail(x: float, weights: Floats, df: float) -> float:
    r"""
    Approximate the same tail as `exact_tail` by saddlepoint, as R does.

    Parameters
    ----------
    x, weights, df
        As for `exact_tail`.

    Returns
    -------
    float
        By Lugannani and Rice's formula for :math:`\sum\delta_j\chi^2_1 - (x/\nu)\chi^2_\nu` above 0,
        with the whole number of degrees of freedom below; near the mean, by Satterthwaite's.
    """
    if x <= 0:
        return 1.0
    ndf = weights.sum() ** 2 / np.square(weights).sum()
    scaled = x / weights.sum()
    if np.isinf(df):
        near = float(special.chdtrc(ndf, scaled * ndf))
        return _saddlepoint(x, weights, np.ones(len(weights)), near)
    near = float(special.fdtrc(ndf, df, scaled))
    return _saddlepoint(0.0, np.append(weights, -x / df), np.append(np.ones(len(weights)), np.floor(df)), near)


def _saddlepoint(x: float, weights: Floats, copies: Floats, near_mean: float) -> float:
    largest = float(weights.max())
    lengths, x = weights / largest, x / largest

    def off(zeta: float) -> float:
        return float((copies * lengths / (1 - 2 * zeta * lengths)).sum() - x)

    if (lengths < 0).any():
        lowest = float((0.5 / lengths[lengths < 0]).max()) * EDGE
    else:
        lowest = -0.01 if x > copies @ lengths else -copies.sum() / (2 * x)
    zeta = float(optimize.brentq(off, lowest, 0.5 * EDGE, xtol=1e-14))
    if abs(zeta) < NEAR_MEAN:
        return near_mean
    cumulant = -(copies * np.log(1 - 2 * zeta * lengths)).sum() / 2
    w = np.sign(zeta) * np.sqrt(2 * (zeta * x - cumulant))
    v = zeta * np.sqrt(2 * (copies * np.square(lengths / (1 - 2 * zeta * lengths))).sum())
    return float(special.ndtr(-(w + np.log(v / w) / w)))
