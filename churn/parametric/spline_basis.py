"""Natural cubic spline basis of log time, and the Royston-Parmar log-likelihood, as array functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn.parametric.likelihood import Durations
from surveys.core.arrays import Floats


def spline_basis(times: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """
    Give a natural cubic spline of log time and its slopes, each of shape (n_times, n_knots).

    A constant, the log time, and a piece for each inner knot; straight beyond the first and the last.
    """
    logs, ends = np.log(times), np.log(knots)
    first, last = ends[0], ends[-1]
    rows, slopes = [np.ones(len(logs)), logs], [np.zeros(len(logs)), np.ones(len(logs))]
    past_first, past_last = np.maximum(logs - first, 0.0), np.maximum(logs - last, 0.0)
    for knot in ends[1:-1]:
        share, past = (last - knot) / (last - first), np.maximum(logs - knot, 0.0)
        rows.append(past**3 - share * past_first**3 - (1 - share) * past_last**3)
        slopes.append(3 * (past**2 - share * past_first**2 - (1 - share) * past_last**2))
    return np.column_stack(rows), np.column_stack(slopes)


def orthogonal(durations: Durations, knots: Floats) -> Floats:
    """Give coefficients of splines that are orthogonal over the dropouts, as columns, shape (k, k)."""
    gone = np.isfinite(durations.high)
    rows, _ = spline_basis(durations.high[gone], knots)
    share = durations.total[gone] / durations.total[gone].sum()
    return np.asarray(np.linalg.inv(np.linalg.qr(rows * np.sqrt(share)[:, None], mode="r")))


def spline_log_likelihood(durations: Durations, knots: Floats, turn: Floats) -> Callable[[NDArray[Any]], Any]:
    """
    Give the likelihood of durations whose log cumulative hazard is a spline of log time.

    Its parameters are weights of the columns of `turn`, which holds coefficients of the spline.
    """
    low, high, entry, weight = durations.low, durations.high, durations.entry, durations.total
    exact, stays, late = low == high, np.isinf(high) & (low > 0), entry > 0
    between = ~exact & np.isfinite(high)
    begins = low[between] <= 0
    at, slope = (rows @ turn for rows in spline_basis(low[exact], knots))
    until, since, by, entered = (
        spline_basis(ends, knots)[0] @ turn
        for ends in (low[stays], np.where(begins, 1.0, low[between]), high[between], entry[late])
    )
    times = float(weight[exact] @ np.log(low[exact]))

    def log_likelihood(theta: NDArray[Any]) -> Any:
        hazard = at @ theta
        total = weight[exact] @ (hazard + np.log(slope @ theta) - np.exp(hazard)) - times
        total = total - weight[stays] @ np.exp(until @ theta) + weight[late] @ np.exp(entered @ theta)
        if between.any():
            before = np.where(begins, 0.0, np.exp(since @ theta))
            total = total + weight[between] @ (np.log(-np.expm1(before - np.exp(by @ theta))) - before)
        return total

    return log_likelihood
