"""Waits for the next visit as arrays: consecutive active days, time to the next one, distribution of silences."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from churn.days.bitmaps import BITS, Words
from churn.survival.tallies import divide
from surveys.core.arrays import Floats, Ints

BLOCK = 32_768
"""Accounts taken at a time."""
DENSE = 20_000_000
"""Cells up to which a table is added up in place; larger ones are sorted."""
MOST_WAITING = 4_000_000
"""Codes that wait to be added up."""
LEAST = 30
"""Accounts still awaited that a wait needs to be supported."""
LEAST_SHARE = 0.02
"""Share of the accounts followed that have to be still awaited."""
FEW = 10
"""Of fewer than ten times `LEAST` accounts, a tenth is enough."""
LEAST_FOLLOWED, LEAST_SHARE_FOLLOWED, FEW_FOLLOWED = 100, 0.05, 3
"""The same of accounts observed for so long, back or not: where nearly all are back, few are still awaited."""


class Cells(NamedTuple):
    """Accounts that share a group and two tenures: of an active day and the next, or of the last one and the end."""

    group: Ints
    start: Ints
    stop: Ints
    n: Ints


def active_days(words: Words) -> tuple[Ints, Ints]:
    """Give row and day of every active day, in rising order of both."""
    width = 64 * words.shape[1]
    flags = np.unpackbits(np.ascontiguousarray(words, "<u8").view(np.uint8), axis=None, bitorder="little")
    bit = np.flatnonzero(flags.view(bool))
    row = bit // width
    place = bit - row * width
    return row, BITS * (place // 64) + place % 64


def tally_visits(words: Words, first: Ints, follow: Ints, group: Ints, n_groups: int) -> tuple[Cells, Cells]:
    """
    Count consecutive active days, and last active days, by tenure.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_accounts, n_words)
        Active days, at least one for each account.
    first : ndarray of int, shape (n_accounts,)
        Place of the first active day.
    follow : ndarray of int, shape (n_accounts,)
        Days observed after it.
    group : ndarray of int, shape (n_accounts,)
        From 0.
    n_groups : int
        Number of groups.

    Returns
    -------
    pairs : Cells
        An active day at tenure `start`, the next one at `stop`.
    silent : Cells
        The last active day at tenure `start`, of accounts observed until `stop`.
    """
    size = int(follow.max(initial=0)) + 1
    pairs, silent = (_Tally((n_groups, size, size)) for _ in range(2))
    for begin in range(0, len(words), BLOCK):
        block = slice(begin, begin + BLOCK)
        row, day = active_days(words[block])
        tenure = day - first[block][row]
        start = group[block] * size
        same = row[1:] == row[:-1]
        pairs.add((start[row[:-1][same]] + tenure[:-1][same]) * size + tenure[1:][same])
        final = np.append(~same, True)[: len(row)]
        silent.add((start[row[final]] + tenure[final]) * size + follow[block][row[final]])
    return pairs.cells(), silent.cells()


class _Tally:
    """Counts of codes, added up in place where they are few, else sorted; codes wait until there are many."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        size = int(np.prod([float(x) for x in shape]))
        self._dense = np.zeros(size, np.int64) if size <= DENSE else None
        self._waiting: list[Ints] = []
        self._parts: list[tuple[Ints, Ints]] = []
        self._n, self._most = 0, MOST_WAITING

    def add(self, codes: Ints) -> None:
        self._waiting.append(codes)
        self._n += len(codes)
        if self._n > self._most:
            self._flush()

    def _flush(self) -> None:
        codes = np.concatenate([np.zeros(0, np.int64), *self._waiting])
        self._waiting, self._n = [], 0
        if self._dense is not None:
            counts = np.bincount(codes)
            self._dense[: len(counts)] += counts
        else:
            self._parts.append(np.unique(codes, return_counts=True))

    def cells(self) -> Cells:
        self._flush()
        if self._dense is not None:
            codes = np.flatnonzero(self._dense)
            return _cells(codes, self._dense[codes], self._shape)
        codes, place = np.unique(np.concatenate([part for part, _ in self._parts]), return_inverse=True)
        n = np.bincount(place, np.concatenate([n for _, n in self._parts]), len(codes))
        return _cells(codes, np.rint(n).astype(np.int64), self._shape)


def _cells(codes: Ints, n: Ints, shape: tuple[int, int, int]) -> Cells:
    rest, stop = np.divmod(codes, shape[2])
    group, start = np.divmod(rest, shape[1])
    return Cells(group, start, stop, n)


def add_cells(cells: Cells, group: Ints, size: int) -> Cells:
    """Give groups new numbers, and add up what then is alike; a group below 0 is left out."""
    code = group[cells.group]
    kept = code >= 0
    codes = (code[kept] * size + cells.start[kept]) * size + cells.stop[kept]
    found, place = np.unique(codes, return_inverse=True)
    n = np.rint(np.bincount(place, cells.n[kept], len(found))).astype(np.int64)
    return _cells(found, n, (int(group.max(initial=-1)) + 1, size, size))


class Waits(NamedTuple):
    """
    The wait for the next visit from each tenure on, shape (n_times,).

    `share` comes back within `wait` days, the longest that is supported, and `late` of it in the last quarter of
    them; `log_error` is the standard error of the logarithm of the share that does not. `followed` accounts are
    observed beyond the tenure, `awaited` of them for the whole wait without a visit; `effective` is the harmonic mean
    of those awaited day by day, how many the share rests on where returns are as likely on every day.
    """

    share: Floats
    log_error: Floats
    wait: Ints
    late: Floats
    followed: Ints
    back: Ints
    awaited: Ints
    effective: Ints

    def until(self, n: int) -> Waits:
        """Keep the first tenures."""
        share, error, wait, late, *counts = self
        return Waits(share[:n], error[:n], wait[:n], late[:n], *(count[:n] for count in counts))


def waits(pairs: Cells, silent: Cells, size: int, *, only: int | None = None, within: int | None = None) -> Waits:
    """
    Estimate at every tenure the share of accounts seen again, by the product limit of the wait.

    With `only`, at that tenure alone; with `within`, within a wait of that length.
    """
    there, back = np.zeros(size), np.zeros(size)
    observed = _observed(silent, size)
    visits, ends = (_rows(cells, size) for cells in (pairs, silent))
    found = []
    for t in range(size - 1 if only is None else only + 1):
        row = visits(t)
        back += row
        there += (row + ends(t))[::-1].cumsum()[::-1]
        if only is None or t == only:
            found.append(_wait(back[t + 1 :], there[t + 1 :], observed[t + 1 :], within))
    share, error, wait, late, *counts = np.array(found).reshape(-1, len(Waits._fields)).T
    return Waits(share, error, wait.astype(np.int64), late, *(np.rint(count).astype(np.int64) for count in counts))


def _observed(silent: Cells, size: int) -> Floats:
    """Count accounts observed until each tenure or longer."""
    return np.bincount(silent.stop, silent.n, size)[::-1].cumsum()[::-1]


def _rows(cells: Cells, size: int) -> Callable[[int], Floats]:
    """Give the function that spreads the cells of one `start` over `stop`."""
    order = np.argsort(cells.start, kind="stable")
    stop, n = cells.stop[order], cells.n[order]
    ends = np.searchsorted(cells.start[order], np.arange(size + 1))

    def row(start: int) -> Floats:
        part = slice(ends[start], ends[start + 1])
        return np.bincount(stop[part], n[part], size).astype(np.float64)

    return row


def _wait(back: Floats, there: Floats, observed: Floats, within: int | None) -> tuple[float, ...]:
    n = supported(there, observed) if within is None else within
    if n == 0:
        return np.nan, np.nan, 0, np.nan, observed[0], 0, 0, 0
    kept, error = product(back[:n], there[:n])
    late = kept[max(0, 3 * n // 4 - 1)] - kept[-1]
    effective = n / np.sum(1 / np.maximum(there[:n], 1))
    left = there[n - 1] - back[n - 1]
    return 1 - kept[-1], error[-1], n, late, observed[0], back[:n].sum(), left, max(1, effective)


def supported(there: Floats, observed: Floats) -> int:
    """
    Give the longest wait that enough accounts support.

    Enough are `LEAST` accounts still awaited and `LEAST_SHARE` of those followed. Where nearly all are back, few are
    awaited however long the log: then `LEAST_FOLLOWED` observed for so long are enough, no one of which weighs much.

    Parameters
    ----------
    there : ndarray of float, shape (n_days,)
        Accounts observed on a day and not back before it.
    observed : ndarray of float, shape (n_days,)
        Accounts observed on a day, back or not.
    """
    if observed[0] == 0:
        return 0
    n = observed[0]
    awaited = there >= max(1, min(LEAST, n / FEW), LEAST_SHARE * n)
    followed = observed >= max(1, min(LEAST_FOLLOWED, n / FEW_FOLLOWED), LEAST_SHARE_FOLLOWED * n)
    enough = awaited | followed
    return len(enough) if enough.all() else int(np.argmin(enough))


def product(gone: Floats, at_risk: Floats) -> tuple[Floats, Floats]:
    """Give the product limit along the last axis, and the standard error of its logarithm (Greenwood)."""
    hazard = divide(gone, at_risk)
    terms = np.where(hazard < 1, divide(hazard, (1 - hazard) * at_risk), 0.0)
    kept = np.cumprod(1 - hazard, -1, dtype=np.float64)
    error: Floats = np.sqrt(np.cumsum(terms, -1))
    return kept, error
