"""Arrays behind departures told by silence: the curve under a gap, silences by band, who will not come back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churn.next_visit.waits import FEW, LEAST, Cells, product
from surveys.core.arrays import Bools, Floats, Ints

EDGES = np.array([0, 1, 4, 8, 15, 30, 60, 120])
"""Tenures of the last visit at which a band begins, within which silences have one distribution."""
LEAST_SILENT = 0.005
"""Share of the silences of a band that have to be observed for so long."""


def wait_by_group(pairs: Cells, silent: Cells, size: int, n_groups: int, time: int, wait: int) -> tuple[Floats, Floats]:
    """Count by group accounts back and accounts awaited on each day of a wait, shape (n_groups, wait)."""
    columns = slice(time + 1, time + 1 + wait)
    early = pairs.start <= time
    shape = (n_groups, size)
    visits = _by_group(pairs.group, pairs.stop, pairs.n, shape, early)
    ends = _by_group(silent.group, silent.stop, silent.n, shape, silent.start <= time)
    there = (visits + ends)[:, ::-1].cumsum(1)[:, ::-1]
    return visits[:, columns], there[:, columns]


def _by_group(group: Ints, place: Ints, n: Ints, shape: tuple[int, int], kept: Bools) -> Floats:
    code = group[kept] * shape[1] + place[kept]
    return np.bincount(code, n[kept], shape[0] * shape[1]).astype(np.float64).reshape(shape)


def judged_by_group(silent: Cells, size: int, n_groups: int, gap: int) -> tuple[Floats, Floats]:
    """Count by group accounts gone at each tenure and at risk at it under a silence, shape (n_groups, size)."""
    kept = silent.stop >= gap
    gone = kept & (silent.start <= silent.stop - gap)
    shape = (n_groups, size)
    left = _by_group(silent.group, silent.start, silent.n, shape, gone)
    others = _by_group(silent.group, np.maximum(silent.stop - gap, 0), silent.n, shape, kept & ~gone)
    return left, (left + others)[:, ::-1].cumsum(1)[:, ::-1]


class Silences(NamedTuple):
    """Silences by group, band of the tenure of the last visit, and length, shape (n_groups, n_bands, n_days)."""

    ended: Floats
    open: Floats


def silences_by_band(pairs: Cells, silent: Cells, size: int, n_groups: int) -> Silences:
    """Count silences that a visit ended, and those open at the end of the log."""
    return Silences(*(_by_band(cells, size, n_groups) for cells in (pairs, silent)))


def _by_band(cells: Cells, size: int, n_groups: int) -> Floats:
    code = (cells.group * len(EDGES) + band_of(cells.start)) * size + cells.stop - cells.start
    counts = np.bincount(code, cells.n, n_groups * len(EDGES) * size).astype(np.float64)
    return counts.reshape(n_groups, len(EDGES), size)


def band_of(tenure: Ints) -> Ints:
    """Give the band of a tenure of the last visit."""
    return np.searchsorted(EDGES, tenure, side="right") - 1


def _lasting(ended: Floats, open_: Floats) -> tuple[Floats, Bools]:
    """Give the product limit of the length of silences by band, and the lengths that enough of them support."""
    at_risk = (ended + open_)[:, ::-1].cumsum(1)[:, ::-1]
    first = at_risk[:, :1]
    kept, _ = product(ended, at_risk)
    return kept, at_risk >= np.maximum(np.clip(first / FEW, 1, LEAST), LEAST_SILENT * first)


def gone_given_silence(ended: Floats, open_: Floats) -> Floats:
    """
    Give the probability that nobody comes back, by band and days of silence so far.

    That is Q(L) / Q(s), Q being the product limit of the length of silences and L the longest that enough of them
    support; 1 from L on.

    Parameters
    ----------
    ended, open_ : ndarray of float, shape (n_bands, n_days)
        Silences ended by a visit, and open at the end of the log.

    Returns
    -------
    ndarray of float, shape (n_bands, n_days)
    """
    kept, enough = _lasting(ended, open_)
    reach = np.maximum(enough.sum(1) - 1, 0)
    final = kept[np.arange(len(kept)), reach][:, None]
    odds: Floats = np.minimum(1.0, np.divide(final, kept, out=np.ones_like(kept), where=kept > final))
    return odds


def silence_law(ended: Floats, open_: Floats) -> Floats:
    """
    Give the probability that the silence after a visit is over within so many days, by band, shape (n_bands, n_days).

    It is flat from the longest silence on that enough of them support; what is left never comes back.
    """
    kept, enough = _lasting(ended, open_)
    over: Floats = 1 - np.minimum.accumulate(np.where(enough, kept, 1.0), 1)
    return over


def draw_visits(rng: np.random.Generator, distribution: Floats, limit: Ints) -> tuple[Ints, Ints]:
    """
    Draw the tenures of visits, each silence from the distribution of its band, until they pass a limit.

    Parameters
    ----------
    rng : Generator
    distribution : ndarray of float, shape (n_bands, n_days)
        As `silence_law`.
    limit : ndarray of int, shape (n_accounts,)
        Tenure of each account beyond which one more visit is enough.

    Returns
    -------
    account, tenure : ndarray of int, shape (n_visits,)
        The day of sign-up among them.
    """
    who, tenure = np.arange(len(limit)), np.zeros(len(limit), np.int64)
    parts = [(who, tenure)]
    while len(who):
        band, chance = band_of(tenure), rng.random(len(who))
        silence = np.empty(len(who), np.int64)
        for i in np.unique(band):
            silence[band == i] = np.searchsorted(distribution[i], chance[band == i], side="right")
        back = silence < distribution.shape[1]
        who, tenure = who[back], (tenure + silence)[back]
        parts.append((who, tenure))
        more = tenure <= limit[who]
        who, tenure = who[more], tenure[more]
    account, seen = (np.concatenate(column) for column in zip(*parts, strict=True))
    return account, seen
