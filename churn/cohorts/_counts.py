"""Arrays behind retention: accounts of each group that are active in each window of days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from churn.days.bitmaps import BITS, FULL, Words, any_between, gather
from surveys.core.arrays import Ints

ROWS = 16_384
NARROW = 65_536
LANES = np.uint64(0x0101010101010101)
FULL_BYTE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """
    Accounts in the order of their group, and within it those observed longest first.

    Attributes
    ----------
    order : ndarray of int, shape (n_accounts,)
        Rows of the accounts.
    bounds : ndarray of int, shape (n_groups + 1,)
        Where each group begins in `order`, and where the last one ends.
    longer : ndarray of int, shape (n_groups, n_lengths)
        Accounts of each group observed for at least 0, 1, ... whole days.
    """

    order: Ints
    bounds: Ints
    longer: Ints

    @classmethod
    def of(cls, group: Ints, n_groups: int, observed: Ints) -> Groups:
        """Sort accounts into groups 0 to n_groups - 1; `observed` counts whole days, 0 or more."""
        longest = int(observed.max(initial=0))
        counts = np.bincount(group * (longest + 1) + observed, minlength=n_groups * (longest + 1))
        longer = np.cumsum(counts.reshape(n_groups, -1)[:, ::-1], axis=1)[:, ::-1]
        bounds = np.concatenate([[0], np.cumsum(longer[:, 0])])
        order = _sorted(longest - observed)
        return cls(order[_sorted(group[order])], bounds, longer)

    @property
    def runs(self) -> tuple[Ints, Ints]:
        """Bounds of the accounts of one group observed equally long, shape (n_runs + 1,), and their groups."""
        counts = -np.diff(self.longer, axis=1, append=0)[:, ::-1]
        kept = np.flatnonzero(counts)
        return np.concatenate([[0], np.cumsum(counts.ravel()[kept])]), kept // counts.shape[1]

    @property
    def size(self) -> Ints:
        """Accounts of each group, shape (n_groups,)."""
        return np.diff(self.bounds)

    def observed_for(self, days: Ints) -> Ints:
        """Count accounts observed for at least some numbers of days, shape (n_groups, len(days))."""
        return lookup(self.longer, days)


def lookup(longer: Ints, days: Ints) -> Ints:
    """Take the counts of those observed for at least so many days; 0 beyond the longest."""
    padded = np.concatenate([longer, np.zeros((len(longer), 1), np.int64)], axis=1)
    return padded[:, np.clip(days, 0, padded.shape[1] - 1)]


def _sorted(keys: Ints) -> Ints:
    """Sort stably; numbers of 16 bits are sorted by radix, several times faster."""
    narrow = len(keys) and keys.max() < NARROW and keys.min() >= 0
    return np.argsort(keys.astype(np.uint16) if narrow else keys, kind="stable").astype(np.int64, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """
    Days in which activity counts, the same for every account.

    Attributes
    ----------
    low, high : ndarray of int, shape (n_windows,)
        First day of each window, and the day after its last, as positions in the bitmap.
    reach : ndarray of int, shape (n_groups, n_windows)
        Leading accounts of each group that come to the window at all.
    endless : bool
        Whether activity at any time from `low` on counts.
    """

    low: Ints
    high: Ints
    reach: Ints
    endless: bool


def count_active(
    words: Words, last: Ints, groups: Groups, windows: Windows, upto: Ints, shift: Ints | None = None
) -> tuple[Ints, Ints, Ints]:
    """
    Count accounts of each group that are active in each window.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_accounts, n_words)
        Active days.
    last : ndarray of int, shape (n_accounts,)
        Last active day, as a position after shifting.
    groups : Groups
        Accounts by group.
    windows : Windows
        Days that count.
    upto : ndarray of int, shape (n_groups, n_windows)
        How many leading accounts of each group see the window through; accounts observed equally long do so
        together.
    shift : ndarray of int, shape (n_accounts,), optional
        Days by which each bitmap is moved to an earlier position; equal ones should follow one another.

    Returns
    -------
    n_seen, n_active, n_before : ndarray of int, shape (n_groups, n_windows)
        Active accounts of the group; those among the leading ones; leading ones active in the window before.
    """
    if windows.endless:
        seen = _seen_since(last, groups, windows.low)
    elif np.all(windows.high == windows.low + 1):
        seen = _seen_on(words, groups, windows.low, shift)
    else:
        seen = _seen_within(words, groups, windows, shift)
    bounds, group = groups.runs
    within = bounds[1:] - groups.bounds[group]
    through = within[:, None] <= upto[group]
    before = np.zeros_like(seen)
    before[:, 1:] = np.where(through[:, 1:], seen[:, :-1], 0)
    first = np.searchsorted(group, np.arange(len(groups.size)))
    counts = (np.add.reduceat(part, first, axis=0) for part in (seen, np.where(through, seen, 0), before))
    return tuple(counts)  # type: ignore[return-value]


def _seen_since(last: Ints, groups: Groups, low: Ints) -> Ints:
    """Count the accounts of each run last seen at the start of each window or later; windows start one by one."""
    bounds, group = groups.runs
    run = np.repeat(np.arange(len(group)), np.diff(bounds))
    reached = np.searchsorted(low, last, side="right")[groups.order]
    n = np.bincount(run * (len(low) + 1) + reached, minlength=len(group) * (len(low) + 1))
    return np.cumsum(n.reshape(len(group), -1)[:, ::-1], axis=1)[:, -2::-1]


def _seen_on(words: Words, groups: Groups, days: Ints, shift: Ints | None) -> Ints:
    """Count the accounts of each run that are active on each of some days."""
    bounds, group = groups.runs
    seen = np.zeros((len(group), words.shape[1] * BITS + 1), np.int64)
    for a, b, columns in _pieces(words, groups.order, shift):
        low, high = _overlapping(bounds, a, b)
        seen[low:high, :-1] += day_counts(columns.T, np.maximum(bounds[low:high] - a, 0))
    return seen[:, np.minimum(days, words.shape[1] * BITS)]


def day_counts(columns: Words, starts: Ints) -> Ints:
    """
    Count the accounts active on each day, for each run of accounts that begins at `starts`.

    `columns` has shape (n_words, n_accounts); the result has shape (n_runs, n_words * 62). Eight days at a time are
    added up in the eight bytes of a word, for at most 255 accounts.
    """
    n_words, n = columns.shape
    n_blocks = -(-np.diff(np.append(starts, n)) // FULL_BYTE)
    opening = np.cumsum(n_blocks) - n_blocks
    within = np.arange(n_blocks.sum()) - np.repeat(opening, n_blocks)
    blocks = np.repeat(starts, n_blocks) + FULL_BYTE * within
    counts = np.empty((n_words, len(blocks), 8, 8), np.uint8)
    for bit in range(8):
        lanes = np.add.reduceat((columns >> np.uint64(bit)) & LANES, blocks, axis=1)
        counts[..., bit] = lanes.astype("<u8", copy=False).view(np.uint8).reshape(n_words, -1, 8)
    totals = np.add.reduceat(counts.reshape(n_words, -1, 64), opening, axis=1, dtype=np.int64)
    return totals[..., :BITS].transpose(1, 0, 2).reshape(len(starts), -1)


def _seen_within(words: Words, groups: Groups, windows: Windows, shift: Ints | None) -> Ints:
    """Count the accounts of each run that are active within each window."""
    bounds, group = groups.runs
    seen = np.zeros((len(group), len(windows.low)), np.int64)
    reach = windows.reach[group] + (groups.bounds[group] - bounds[:-1])[:, None] > 0
    for a, b, columns in _pieces(words, groups.order, shift):
        low, high = _overlapping(bounds, a, b)
        edges = np.clip(bounds[low : high + 1] - a, 0, b - a).tolist()
        for k in np.flatnonzero(reach[low:high].any(axis=0)).tolist():
            now = any_between(columns, windows.low[k], windows.high[k])
            for i in np.flatnonzero(reach[low:high, k]).tolist():
                seen[low + i, k] += np.count_nonzero(now[edges[i] : edges[i + 1]])
    return seen


def count_own(words: Words, last: Ints, groups: Groups, low: Ints, high: Ints, *, endless: bool) -> Ints:
    """
    Count accounts of each group that are active in windows of its own.

    `low` and `high` have shape (n_groups, n_windows); so has the result.
    """
    seen = np.zeros(low.shape, np.int64)
    for a, b, columns in _pieces(words, groups.order, None):
        final = last[groups.order[a:b]]
        for g in range(*_overlapping(groups.bounds, a, b)):
            part = slice(max(groups.bounds[g] - a, 0), min(groups.bounds[g + 1], b) - a)
            for k in range(low.shape[1]):
                now = final[part] >= low[g, k] if endless else any_between(columns[part], low[g, k], high[g, k])
                seen[g, k] += np.count_nonzero(now)
    return seen


def _pieces(words: Words, order: Ints, shift: Ints | None) -> Iterator[tuple[int, int, Words]]:
    """Take the bitmaps in order, in pieces that fit the processor's cache, and move them to earlier days."""
    gathered = gather(words, order)
    for a in range(0, len(order), ROWS):
        b = min(a + ROWS, len(order))
        piece = gathered[:, a:b]
        yield a, b, (piece if shift is None else _earlier(piece, shift[order[a:b]])).T


def _overlapping(bounds: Ints, a: int, b: int) -> tuple[int, int]:
    return int(np.searchsorted(bounds, a, side="right")) - 1, int(np.searchsorted(bounds, b, side="left"))


def _earlier(columns: Words, by: Ints) -> Words:
    """Move the days of each account to earlier positions; accounts lie along the second axis."""
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(by)) + 1, [len(by)]])
    moved = np.zeros_like(columns)
    n_words = len(columns)
    for start, stop in pairwise(cuts.tolist()):
        whole, part = divmod(int(by[start]), BITS)
        moved[: n_words - whole, start:stop] = columns[whole:, start:stop] >> np.uint64(part)
        if part:
            upper = columns[whole + 1 :, start:stop] << np.uint64(BITS - part)
            moved[: n_words - whole - 1, start:stop] |= upper & FULL
    return moved


def pack_windows(words: Words, low: Ints, high: Ints) -> NDArray[np.uint64]:
    """Give one bit per account and window, set where the account is active in it: shape (n_windows, n_parts)."""
    n, lanes = len(words), -(-len(words) // 64)
    packed = np.zeros((len(low), lanes * 8), np.uint8)
    for a in range(0, n, ROWS):
        columns = gather(words, slice(a, a + ROWS)).T
        for k in range(len(low)):
            bits = np.packbits(any_between(columns, low[k], high[k]))
            packed[k, a // 8 : a // 8 + len(bits)] = bits
    return packed.view(np.uint64)


def pack_from(last: Ints, low: Ints) -> NDArray[np.uint64]:
    """Give one bit per account and day, set where the account is last seen on that day or later."""
    packed = np.zeros((len(low), -(-len(last) // 64) * 8), np.uint8)
    for k, day in enumerate(low):
        bits = np.packbits(last >= day)
        packed[k, : len(bits)] = bits
    return packed.view(np.uint64)


def count_common(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> Ints:
    """Count accounts with both bits, for each row of `first` and each row of `second` from the same place on."""
    found = np.zeros((len(first), len(second)), np.int64)
    for i, row in enumerate(first):
        for j in range(i, len(second)):
            found[i, j] = np.bitwise_count(row & second[j]).sum(dtype=np.int64)
    return found
