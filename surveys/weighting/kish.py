"""What unequal weights cost, by Kish's rule of thumb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from surveys.core.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kish:
    """
    What unequal weights cost, by Kish's rule of thumb.

    Attributes
    ----------
    n : int
        Weights.
    total : float
        Their sum.
    design_effect : float
        n times the sum of squares over the squared sum: 1 for equal weights.
    n_effective : float
        `n` over `design_effect`.
    variation : float
        Standard deviation over mean.
    smallest, largest : float
        Extremes.

    Examples
    --------
    >>> round(kish([1, 1, 2]).design_effect, 3)
    1.125
    """

    n: int
    total: float
    design_effect: float
    n_effective: float
    variation: float
    smallest: float
    largest: float


def kish(weights: ArrayLike) -> Kish:
    """
    Tell what unequal weights cost.

    Parameters
    ----------
    weights : array_like of float, shape (n_rows,)

    Returns
    -------
    Kish

    Raises
    ------
    SpecError
        If there is no positive weight.

    References
    ----------
    .. [1] L. Kish (1965), *Survey Sampling*, 11.7.

    Examples
    --------
    >>> cost = kish([1, 1, 2])
    >>> cost.n, round(cost.n_effective, 2)
    (3, 2.67)
    """
    values = np.asarray(weights, float)
    if not values.sum() > 0:
        raise SpecError.at("weights", "there is no positive weight", "Give the weights of respondents")
    squares, total = float(values @ values), float(values.sum())
    return Kish(
        n=len(values),
        total=total,
        design_effect=len(values) * squares / total**2,
        n_effective=total**2 / squares,
        variation=float(values.std() / values.mean()),
        smallest=float(values.min()),
        largest=float(values.max()),
    )
