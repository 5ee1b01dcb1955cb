"""How a product of factors changes into another, shared out among the factors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Floats

Changes = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
"""A function of the factors before and after, with one value or several."""

STEP = 1e-30
"""Of the complex step, whose error is of its square."""


def shapley_parts(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """
    Share out the difference of two products: the mean change, over all orders, when a factor moves in its turn.

    Shapes (..., k), real or complex; the parts add up to `second.prod(axis=-1) - first.prod(axis=-1)`.
    """
    k = first.shape[-1]
    parts = np.zeros(first.shape, np.result_type(first, second))
    orders = list(permutations(range(k)))
    for order in orders:
        now = first.copy()
        for i in order:
            before = now.prod(axis=-1)
            now[..., i] = second[..., i]
            parts[..., i] += now.prod(axis=-1) - before
    return parts / len(orders)


def log_gradient(
    function: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]], first: Floats, second: Floats
) -> Floats:
    """
    Differentiate a function of two sets of factors by their logarithms, with a complex step.

    Shape (n_values, 2k): by the logarithms of `first`, then of `second`.
    """
    both = np.concatenate([first, second]).astype(complex)
    k = len(first)
    columns = []
    for i in range(2 * k):
        moved = both.copy()
        moved[i] *= np.exp(1j * STEP)
        columns.append(np.imag(function(moved[:k], moved[k:])) / STEP)
    return np.column_stack(columns)
