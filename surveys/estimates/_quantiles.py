"""Array functions of weighted quantiles."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from surveys.core.arrays import Floats

Rule = Literal["math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9"]

RULES: tuple[Rule, ...] = get_args(Rule)
SAME = 1e-14


def weighted_quantile(values: Floats, weights: Floats, p: Floats, rule: Rule) -> Floats:
    """
    Read values off a weighted distribution.

    Parameters
    ----------
    values, weights : ndarray of float, shape (n,)
        Rows of weight 0 are passed over; without any other, the answer is NaN.
    p : ndarray of float, shape (k,)
        Between 0 and 1; NaN elsewhere.
    rule : str
        As R's `svyquantile`: "math" and "hf1" give the least value that a share `p` does not exceed,
        "school" and "hf2" halve between two where `p` is reached exactly; "hf3" to "hf9" are those of
        Hyndman and Fan (1996), "Sample quantiles in statistical packages", *American Statistician*
        50, 361-365, with weights.

    Returns
    -------
    ndarray of float, shape (k,)
    """
    present = weights != 0
    if not present.any():
        return np.full(len(p), np.nan)
    order = np.argsort(values[present], kind="stable")
    x, w = values[present][order], weights[present][order]
    if rule == "hf3":
        x, first = np.unique(x, return_index=True)
        w = np.add.reduceat(w, first)
    inside = (p >= 0) & (p <= 1)
    q = np.where(inside, p, 0.5)
    if len(x) == 1:
        found = np.full(len(p), x[0])
    elif rule in ("math", "hf1", "school", "hf2", "hf3", "hf4"):
        found = _stepped(x, np.cumsum(w) / w.sum(), q, rule)
    elif rule == "shahvaish":
        reached = (np.cumsum(w / w.mean()) + 0.5 - w / 2) / (len(x) + 1)
        found = x[np.clip(np.searchsorted(reached, q, "right") - 1, 0, len(x) - 1)]
    else:
        found = np.interp(q, _positions(np.cumsum(w), w, rule), x)
    return np.where(inside, found, np.nan)


def _stepped(x: Floats, reached: Floats, p: Floats, rule: Rule) -> Floats:
    above = np.minimum(np.searchsorted(reached, p * (1 - SAME), "left"), len(x) - 1)
    exact = np.abs(reached[above] - p) <= SAME
    after = np.minimum(above + 1, len(x) - 1)
    if rule in ("school", "hf2"):
        return np.where(exact, (x[above] + x[after]) / 2, x[above])
    if rule == "hf3":
        return np.where(exact & (above % 2 == 0), x[after], x[above])
    if rule == "hf4":
        return np.asarray(np.interp(p, reached, x))
    return x[above]


def _positions(sums: Floats, w: Floats, rule: Rule) -> Floats:
    """Give the share at which each value lies."""
    before = np.concatenate([[0.0], sums[:-1]])
    found: Floats
    match rule:
        case "hf5":
            found = (sums - w / 2) / sums[-1]
        case "hf6":
            found = sums / (sums[-1] + w[-1])
        case "hf7":
            found = before / sums[-2]
        case "hf8":
            found = (before / 3 + sums * 2 / 3) / (sums[-1] + w[-1] / 3)
        case _:
            found = (before * 3 / 8 + sums * 5 / 8) / (sums[-1] + w[-1] / 4)
    return found
