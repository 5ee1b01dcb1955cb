"""Array functions of estimators: values under any weights, and influence values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveys._design import Codes, Floats
from surveys.design import Statistic

Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """
    Weighted sums over weighted sums, column by column.

    Attributes
    ----------
    numerator, denominator : ndarray of float, shape (n_rows, k)
        0 outside the domain of each column.
    """

    numerator: Floats
    denominator: Floats

    def value(self, weights: Floats) -> Floats:
        """Divide the sums, shape (k,); NaN where the domain is empty."""
        below = weights @ self.denominator
        return np.divide(weights @ self.numerator, below, out=np.full_like(below, np.nan), where=below != 0)

    def influence(self, weights: Floats) -> Floats:
        """Linearise: (numerator - ratio x denominator) / sum of denominators."""
        below = weights @ self.denominator
        scale = np.divide(1.0, below, out=np.zeros_like(below), where=below != 0)
        slope = (weights @ self.numerator) * scale
        moved = self.denominator * -slope
        moved += self.numerator
        moved *= scale
        return moved


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
    inside = np.zeros((len(values), n_levels * k), bool)
    for level in range(n_levels):
        inside[:, level * k : (level + 1) * k] = counted & (codes == level)[:, None]
    return np.where(inside, np.tile(values, n_levels), 0.0), inside
