"""Log-likelihood of the Weibull mixture cure model, as an array function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn.parametric.likelihood import Durations
from surveys.core.arrays import Floats


def cure_log_likelihood(durations: Durations) -> Callable[[NDArray[Any]], Any]:
    """
    Give the likelihood of a Weibull distribution of those who leave, mixed with some who never do.

    Its parameters are the logit of the share that never leaves, the log shape and the log scale.
    """
    low, high, entry, weight = durations.low, durations.high, durations.entry, durations.total
    exact, open_end = low == high, np.isinf(high)
    between = ~exact & ~open_end
    late = entry > 0
    with np.errstate(divide="ignore"):
        log_low, log_high, log_entry = (np.log(x) for x in (np.maximum(low, 0.0), high, entry))
    begins = low <= 0

    def log_likelihood(theta: NDArray[Any]) -> Any:
        odds, shape, scale = theta[0], np.exp(theta[1]), theta[2]
        log_never, log_leaver = -np.log1p(np.exp(-odds)), -np.log1p(np.exp(odds))

        def kept(logs: Floats) -> NDArray[Any]:
            return np.asarray(np.exp(-np.exp(shape * (logs - scale))))

        def retained(logs: Floats) -> NDArray[Any]:
            return np.asarray(np.log(np.exp(log_never) + np.exp(log_leaver) * kept(logs)))

        z = shape * (log_low[exact] - scale)
        total = weight[exact] @ (log_leaver + theta[1] - log_low[exact] + z - np.exp(z))
        stays = open_end & ~begins
        total = total + weight[stays] @ retained(log_low[stays])
        if between.any():
            held = np.where(begins[between], 1.0, kept(np.where(begins[between], 0.0, log_low[between])))
            total = total + weight[between] @ (log_leaver + np.log(held - kept(log_high[between])))
        if late.any():
            total = total - weight[late] @ retained(log_entry[late])
        return total

    return log_likelihood
