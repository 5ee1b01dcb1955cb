"""Questions to bitmaps of active days: 62 days to a word, one row of words per account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveys.core.arrays import Bools, Ints

Words = NDArray[np.uint64]

BITS = 62
FULL = np.uint64((1 << BITS) - 1)


def words_needed(n_days: int) -> int:
    """Give the number of words that hold a number of days."""
    return -(-n_days // BITS)


def any_between(words: Words, start: int, stop: int) -> Bools:
    """Tell for each account whether any day from `start` up to but not including `stop` is active."""
    start, stop = max(start, 0), min(stop, BITS * words.shape[1])
    found = np.zeros(len(words), bool)
    if start >= stop:
        return found
    for j in range(start // BITS, (stop - 1) // BITS + 1):
        low, high = max(start - BITS * j, 0), min(stop - BITS * j, BITS)
        mask = np.uint64((1 << high) - (1 << low))
        found |= (words[:, j] & mask) != 0
    return found


def last_day(words: Words) -> NDArray[np.int64]:
    """Give each account's last active day, -1 where no day is active."""
    last = np.full(len(words), -1, np.int64)
    for j in range(words.shape[1]):
        column = words[:, j]
        rows = np.flatnonzero(column)
        _, exponent = np.frexp((column[rows] & ~(column[rows] >> np.uint64(1))).astype(np.float64))
        last[rows] = BITS * j + exponent - 1
    return last


def active_days(words: Words) -> NDArray[np.int64]:
    """Give the days on which any account was active, rising."""
    found = np.bitwise_or.reduce(words, axis=0)
    bits = (found[:, None] >> np.arange(BITS, dtype=np.uint64)) & np.uint64(1)
    return np.flatnonzero(bits.ravel())


def shift_later(words: Words, days: int) -> Words:
    """Move every active day later by a number of days; what passes the end is lost."""
    whole, part = divmod(days, BITS)
    moved = np.zeros_like(words)
    n_words = words.shape[1]
    if whole >= n_words:
        return moved
    moved[:, whole:] = (words[:, : n_words - whole] << np.uint64(part)) & FULL
    if part and whole + 1 < n_words:
        moved[:, whole + 1 :] |= words[:, : n_words - whole - 1] >> np.uint64(BITS - part)
    return moved


def shift_earlier(columns: Words, days: int) -> Words:
    """Move every active day earlier; words lie along the first axis, and what passes the beginning is lost."""
    whole, part = divmod(days, BITS)
    moved = np.zeros_like(columns)
    kept = len(columns) - whole
    if kept <= 0:
        return moved
    np.right_shift(columns[whole:], np.uint64(part), out=moved[:kept])
    if part and kept > 1:
        moved[: kept - 1] |= (columns[whole + 1 :] << np.uint64(BITS - part)) & FULL
    return moved


def gather(words: Words, rows: Ints | slice) -> Words:
    """Take the bitmaps of some accounts, each word of all of them side by side: shape (n_words, n_rows)."""
    if isinstance(rows, slice) or not words.flags.f_contiguous:
        return np.ascontiguousarray(words[rows].T)
    taken = np.empty((words.shape[1], len(rows)), np.uint64)
    for column, place in zip(words.T, taken, strict=True):
        np.take(column, rows, out=place, mode="clip")
    return taken
