"""Marks that several figures share, drawn on the axes they are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from reports.look.theme import INK
from surveys.core.results import Estimate

MARKERS = ("o", "s", "D", "^", "v", "P", "X")


def upper_end(estimate: Estimate) -> float:
    """Give the upper end of an interval, or the estimate where there is no interval: what a label stands beside."""
    return estimate.conf_high if np.isfinite(estimate.conf_high) else estimate.estimate


def draw_interval(axes: Axes, y: float, low: float, high: float, *, color: str = INK) -> None:
    """Draw a confidence interval as a line with short ends, at a height."""
    axes.plot([low, high], [y, y], color=color, linewidth=1.2, solid_capstyle="butt", zorder=3)
    axes.plot([low, high], [y, y], linestyle="", marker="|", markersize=5, markeredgewidth=1.2, color=color, zorder=3)


def spread(positions: Sequence[float], gap: float) -> np.ndarray:
    """
    Move labels apart as little as needed for neighbours to be at least `gap` apart, keeping their order.

    The label of what has no number, such as a share of nobody, stands as low as the lowest of the others.
    """
    wanted = np.asarray(positions, float)
    wanted = np.where(np.isfinite(wanted), wanted, np.min(wanted, where=np.isfinite(wanted), initial=np.inf))
    wanted = np.where(np.isfinite(wanted), wanted, 0.0)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    fitted = _rising_fit(wanted[order] - steps) + steps
    placed = np.empty_like(wanted)
    placed[order] = fitted
    return placed


def _rising_fit(values: np.ndarray) -> np.ndarray:
    """Least-squares fit that never falls, by pooling neighbours that do (isotonic regression)."""
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(values).x)
