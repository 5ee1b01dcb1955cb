"""First silences in bitmaps of active days: 62 days to a word, one row of words per account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churn.days.bitmaps import BITS, Words, shift_earlier
from surveys.core.arrays import Bools

BLOCK = 16_384
"""Accounts taken at a time, so that their words stay in the processor's cache."""


def first_silence(words: Words, gap: int) -> NDArray[np.int64]:
    """
    Give each account's first active day that no activity follows within `gap` days, -1 where no day is active.

    Days after the last word count as silent, so that the last active day always qualifies.
    """
    found = np.empty(len(words), np.int64)
    for start in range(0, len(words), BLOCK):
        block = np.ascontiguousarray(words[start : start + BLOCK].T)
        found[start : start + BLOCK] = _first_day(block & ~_within(block, gap))
    return found


def came_back(words: Words, gap: int) -> Bools:
    """Tell for each account whether it was active again after at least `gap` silent days in a row."""
    found = np.empty(len(words), bool)
    for start in range(0, len(words), BLOCK):
        block = np.ascontiguousarray(words[start : start + BLOCK].T)
        found[start : start + BLOCK] = np.bitwise_count(block & ~_within(block, gap)).sum(axis=0) > 1
    return found


def _within(columns: Words, gap: int) -> Words:
    """Mark the days followed by activity within `gap` days; words lie along the first axis."""
    reach, covered = shift_earlier(columns, 1), 1
    while covered < gap:
        step = min(covered, gap - covered)
        reach |= shift_earlier(reach, step)
        covered += step
    return reach


def _first_day(columns: Words) -> NDArray[np.int64]:
    """Give the first active day of each account."""
    first = np.full(columns.shape[1], -1, np.int64)
    for j in range(len(columns) - 1, -1, -1):
        lowest = columns[j] & (~columns[j] + np.uint64(1))
        some = lowest != 0
        first[some] = BITS * j + np.frexp(lowest[some].astype(np.float64))[1] - 1
    return first
