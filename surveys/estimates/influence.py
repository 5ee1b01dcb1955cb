"""Array functions of estimators: values under any weights, and influence values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from surveys.core.arrays import Bools, Codes, Floats
from surveys.design.design import Statistic


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """
    Weighted sums of columns.

    Attributes
    ----------
    values : ndarray of float, shape (n_rows, k)
        0 outside the domain of each column.
    """

    values: Floats

    def value(self, weights: Floats) -> Floats:
        """Add up the weighted rows, shape (k,)."""
        return weights @ self.values

    def influence(self, weights: Floats) -> Floats:
        """Give the values themselves: a sum is linear."""
        return self.values

    def unit_sums(self, weights: Floats, unit: Codes, n_units: int) -> Floats:
        """Add up the weighted rows of each unit, shape (n_units, k)."""
        return weighted_sums(weights, self.values, unit, n_units)


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """
    Weighted sums over weighted sums, column by column.

    Attributes
    ----------
    numerator : ndarray of float, shape (n_rows, k)
        0 outside the domain of each column.
    denominator : ndarray of float or bool, shape (n_rows, k)
        Likewise; true for 1.
    """

    numerator: Floats
    denominator: Floats | Bools

    def value(self, weights: Floats) -> Floats:
        """Divide the sums, shape (k,); NaN where the domain is empty."""
        below = _sums(weights, self.denominator)
        return np.divide(weights @ self.numerator, below, out=np.full_like(below, np.nan), where=below != 0)

    def influence(self, weights: Floats) -> Floats:
        """Linearise: (numerator - ratio x denominator) / sum of denominators."""
        slope, scale = _linear(weights @ self.numerator, _sums(weights, self.denominator))
        moved = self.denominator * -slope
        moved += self.numerator
        moved *= scale
        return moved

    def unit_sums(self, weights: Floats, unit: Codes, n_units: int) -> Floats:
        """Add up weight times influence over the rows of each unit, shape (n_units, k)."""
        above = weighted_sums(weights, self.numerator, unit, n_units)
        below = weighted_sums(weights, self.denominator, unit, n_units)
        slope, scale = _linear(above.sum(axis=0), below.sum(axis=0))
        return (above - below * slope) * scale


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """
    Products of estimates, column by column.

    Attributes
    ----------
    first, second : Statistic
        With the same number of columns.
    """

    first: Statistic
    second: Statistic

    def value(self, weights: Floats) -> Floats:
        """Multiply the values, shape (k,)."""
        return self.first.value(weights) * self.second.value(weights)

    def influence(self, weights: Floats) -> Floats:
        """Apply the rule for the derivative of a product; an empty domain moves nothing."""
        first, second = (np.nan_to_num(part.value(weights)) for part in (self.first, self.second))
        return self.first.influence(weights) * second + self.second.influence(weights) * first


@dataclass(frozen=True, slots=True, eq=False)
class Logit:
    """
    Logits of shares; infinite where a share is 0 or 1.

    Attributes
    ----------
    share : Statistic
        Whose values are shares.
    """

    share: Statistic

    def value(self, weights: Floats) -> Floats:
        """Give log(p / (1 - p)), shape (k,)."""
        return np.asarray(special.logit(self.share.value(weights)))

    def influence(self, weights: Floats) -> Floats:
        """Apply the rule of the chain; a share of 0 or 1 moves nothing."""
        p = self.share.value(weights)
        spread = p * (1 - p)
        return self.share.influence(weights) * np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)


def weighted_sums(weights: Floats, values: Floats | Bools, unit: Codes, n_units: int) -> Floats:
    """Add up weighted rows by unit without a weighted copy of the whole matrix, shape (n_units, k)."""
    sums, weighted = np.empty((n_units, values.shape[1])), np.empty(len(weights))
    for j, column in enumerate(values.T):
        np.multiply(weights, column, out=weighted)
        sums[:, j] = np.bincount(unit, weighted, n_units)
    return sums


def _sums(weights: Floats, columns: Floats | Bools) -> Floats:
    if columns.dtype == bool:
        return np.array([np.add.reduce(weights, where=column) for column in columns.T])
    return weights @ columns


def _linear(above: Floats, below: Floats) -> tuple[Floats, Floats]:
    """Give a ratio of sums and the inverse of the lower one, 0 where that is 0."""
    scale = np.divide(1.0, below, out=np.zeros_like(below), where=below != 0)
    return above * scale, scale


def spread(values: Floats, counted: Bools, codes: Codes, n_levels: int) -> tuple[Floats, Bools]:
    """
    Give each level of a group its own columns.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, k)
        One column per variable.
    counted : ndarray of bool, shape (n_rows, k)
        Which rows each variable counts.
    codes : ndarray of int, shape (n_rows,)
        Level of each row, counted from 0; -1 for none.
    n_levels : int
        Number of levels.

    Returns
    -------
    values : ndarray of float, shape (n_rows, n_levels * k)
        0 where not counted, the variables of one level side by side.
    counted : ndarray of bool, shape (n_rows, n_levels * k)
    """
    k = values.shape[1]
    laid, inside = (np.zeros((len(values), n_levels * k), kind, order="F") for kind in (float, bool))
    for level in range(n_levels):
        here = codes == level
        for j in range(k):
            column = level * k + j
            np.logical_and(counted[:, j], here, out=inside[:, column])
            np.copyto(laid[:, column], values[:, j], where=inside[:, column])
    return laid, inside
