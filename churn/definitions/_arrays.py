"""Arrays behind the choice of a definition: who came back after a silence, and dropout within one's own month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from churn.days.bitmaps import BITS, Words, gather, last_day, shift_earlier
from churn.survival.tallies import ConfType, limits
from surveys.core.arrays import Bools, Ints
from surveys.core.intervals import normal_quantile

BLOCK = 16_384


def silences(words: Words, n_days: int, gaps: Sequence[int]) -> tuple[Ints, Ints, Ints]:
    """
    Count accounts that fell silent for so long, and those of them that came back, for each rising gap.

    Only silences count that began `2 * gap` days before the end or earlier, of which `gap` more days were
    seen after they were `gap` long.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_accounts, n_words)
        Active days, at least one for each account.
    n_days : int
        Days from the first bit to the end of observation.
    gaps : sequence of int
        Silent days in a row, rising.

    Returns
    -------
    n_silent, n_returned, n_ever : ndarray of int, shape (n_gaps,)
        Accounts with such a silence; those that came back after one; those that came back after any silence of
        `gap` days, however late it began.
    """
    silent, returned, ever = (np.zeros(len(gaps), np.int64) for _ in range(3))
    for start in range(0, len(words), BLOCK):
        columns = gather(words, slice(start, start + BLOCK))
        final = _only(last_day(columns.T), columns.shape)
        near, covered = columns, 0
        for i, gap in enumerate(gaps):
            while covered < gap:
                step = min(max(covered, 1), gap - covered)
                near = shift_earlier(columns, 1) if not covered else near | shift_earlier(near, step)
                covered += step
            before = columns & ~near
            back = before & ~final
            ever[i] += np.count_nonzero(np.bitwise_or.reduce(back, axis=0))
            early = _days_before(len(columns), n_days - 2 * gap)
            silent[i] += np.count_nonzero(np.bitwise_or.reduce(before & early, axis=0))
            returned[i] += np.count_nonzero(np.bitwise_or.reduce(back & early, axis=0))
    return silent, returned, ever


def _only(days: Ints, shape: tuple[int, ...]) -> Words:
    """Set one day of each account."""
    alone = np.zeros(shape, np.uint64)
    alone[days // BITS, np.arange(shape[1])] = np.uint64(1) << (days % BITS).astype(np.uint64)
    return alone


def _days_before(n_words: int, day: int) -> Words:
    """Set all days before a position, shape (n_words, 1)."""
    left = np.clip(day - BITS * np.arange(n_words), 0, BITS)
    return np.array([[(1 << int(n)) - 1] for n in left], np.uint64)


def dropout_within(
    duration: Ints, event: Bools, month: Ints, conf_level: float, conf_type: ConfType = "log-log"
) -> tuple[float, float, float, float]:
    """
    Estimate the share gone before the end of a month of its own length, by Kaplan and Meier's product.

    Time is the share of one's month that has passed; `duration` and `month` are whole days. Gives the estimate,
    its standard error and its limits; NaN where the curve does not reach the end of the month.
    """
    within = duration < month
    longest = int(month.max())
    code = (np.minimum(duration, longest) * 2 + event) * (longest + 1) + month
    counts = np.bincount(code[within])
    cells = np.flatnonzero(counts)
    n = counts[cells]
    days, length = cells // (longest + 1), cells % (longest + 1)
    gone = np.asarray(days % 2, bool)
    time, place = np.unique(np.round((days // 2) / length, 12), return_inverse=True)
    events = np.bincount(place, np.where(gone, n, 0), len(time))
    leaving = np.bincount(place, n, len(time))
    beyond = len(duration) - n.sum()
    if not beyond and leaving[-1] > events[-1]:
        return (np.nan,) * 4
    at_risk = np.cumsum(leaving[::-1])[::-1] + beyond
    kept = float(np.prod(1 - events / at_risk))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.sum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0)))
    low, high = limits(np.array([kept]), np.array([spread]), normal_quantile(conf_level), conf_type)
    return 1 - kept, kept * float(spread), 1 - float(high[0]), 1 - float(low[0])
