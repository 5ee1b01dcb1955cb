"""Bounds of the share held by the most active, from the shares of other top groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def top_share_bounds(top: float, points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """
    Bound the share held by the most active, from the shares of other top groups.

    Parameters
    ----------
    top : float
        Share of accounts asked about, between 0 and 1, most active first.
    points : sequence of (float, float)
        Known shares of accounts and of messages, from one population, both between 0 and 1.

    Returns
    -------
    low, high : float
        The least and the greatest share of messages that any population with these points allows.

    Notes
    -----
    Counted from the most active, the concentration curve rises from (0, 0) to (1, 1) and is concave.
    Below a chord between two known points it cannot pass; above the line through two neighbouring
    points, prolonged, it cannot pass either.

    Examples
    --------
    >>> [round(bound, 3) for bound in top_share_bounds(0.20, [(0.022, 0.583), (0.225, 0.90)])]
    [0.861, 0.897]
    """
    known = sorted({(0.0, 0.0), (1.0, 1.0), *points})
    low, high = 0.0, 1.0
    for (x0, y0), (x1, y1) in pairwise(known):
        on_line = y0 + (y1 - y0) * (top - x0) / (x1 - x0)
        if x0 <= top <= x1:
            low, high = max(low, on_line), min(high, y1)
        else:
            high = min(high, on_line)
    return low, high
