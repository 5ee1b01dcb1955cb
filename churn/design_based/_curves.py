"""Curves under survey weights as array functions: their values, and the influence of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from surveys.core.arrays import Codes, Floats


class Risk(NamedTuple):
    """
    Weighted people at each distinct time, in each level.

    Attributes
    ----------
    gone : ndarray of float, shape (n_levels, n_causes, n_times)
        Gone at each time, by cause.
    at_risk : ndarray of float, shape (n_levels, n_times)
        Under observation just before each time.
    left : ndarray of float, shape (n_levels, n_times)
        At risk minus gone, exactly 0 where everybody at risk goes.
    """

    gone: Floats
    at_risk: Floats
    left: Floats

    @property
    def hazard(self) -> Floats:
        """Share of those at risk that goes at each time, whatever the cause, shape (n_levels, n_times)."""
        return divide(self.gone.sum(axis=1), self.at_risk)

    @property
    def survival(self) -> Floats:
        """Share retained just after each time, shape (n_levels, n_times); NaN in a level without anybody."""
        kept = np.divide(self.left, self.at_risk, out=np.ones_like(self.left), where=self.at_risk > 0)
        curve = np.cumprod(kept, axis=1)
        return np.where(self.at_risk[:, :1] > 0, curve, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class FollowedSample:
    """
    Who was followed until when, laid out for counting.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Distinct times at which somebody left or was censored, rising.
    position : ndarray of int, shape (n_followed,)
        Place in `time` of each person's end.
    kind : ndarray of int, shape (n_followed,)
        0 for censored; otherwise the cause, counted from 1.
    level : ndarray of int, shape (n_followed,)
        Level of the group, counted from 0.
    row : ndarray of int, shape (n_followed,)
        Row of the sample.
    n_rows, n_levels, n_kinds : int
        Rows of the sample, levels of the group, and causes plus 1.
    """

    time: Floats
    position: Codes
    kind: Codes
    level: Codes
    row: Codes
    n_rows: int
    n_levels: int
    n_kinds: int

    def counts(self, weights: Floats) -> Floats:
        """Add up weights by level, kind and time, shape (n_levels, n_kinds, n_times)."""
        shape = (self.n_levels, self.n_kinds, len(self.time))
        code = np.ravel_multi_index((self.level, self.kind, self.position), shape)
        found = np.bincount(code, weights[self.row], int(np.prod(shape)))
        return np.asarray(found, float).reshape(shape)

    def risk(self, weights: Floats) -> Risk:
        """Count people gone, at risk and left at each time."""
        counts = self.counts(weights)
        ends = counts.sum(axis=1)
        later = np.zeros_like(ends)
        later[:, :-1] = np.cumsum(ends[:, :0:-1], axis=1)[:, ::-1]
        left = counts[:, 0] + later
        return Risk(counts[:, 1:], left + counts[:, 1:].sum(axis=1), left)

    def before(self, times: Floats) -> Codes:
        """Find the last distinct time at or before each of some times, -1 where there is none, shape (k,)."""
        return np.searchsorted(self.time, times, side="right") - 1

    def spread(self, table: Floats) -> Floats:
        """
        Give each row the entry of its level, kind and time, in the columns of its level.

        Parameters
        ----------
        table : ndarray of float, shape (n_levels, n_kinds, n_times, k)

        Returns
        -------
        ndarray of float, shape (n_rows, n_levels * k)
            0 for those not followed, and in the columns of other levels.
        """
        k = table.shape[-1]
        flat = table.reshape(-1, k)
        code = np.ravel_multi_index((self.level, self.kind, self.position), table.shape[:-1])
        if self.n_levels == 1 and len(self.row) == self.n_rows:
            return np.take(flat, code, axis=0)
        moved = np.zeros((self.n_rows, self.n_levels, k))
        moved[self.row, self.level] = np.take(flat, code, axis=0)
        return moved.reshape(self.n_rows, -1)


def divide(above: Floats, below: Floats) -> Floats:
    """Divide, with 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0)


def martingale_table(coefficient: Floats, hazard: Floats, n_kinds: int) -> Floats:
    r"""
    Weigh the martingale increments of each kind of end.

    Parameters
    ----------
    coefficient : ndarray of float, shape (n_levels, n_times, k)
        :math:`c_j`, for each column.
    hazard : ndarray of float, shape (n_levels, n_times)
        :math:`d_j/n_j`.
    n_kinds : int
        Kinds of end; all but the first are events.

    Returns
    -------
    ndarray of float, shape (n_levels, n_kinds, n_times, k)
        :math:`\sum_j c_j\{dN(t_j)-Y(t_j)d_j/n_j\}` of somebody whose observation ends at each time.
    """
    at_risk = -np.cumsum(coefficient * hazard[..., None], axis=1)
    table = np.repeat(at_risk[:, None], n_kinds, axis=1)
    table[:, 1:] += coefficient[:, None]
    return table


class CurveStatistic(Protocol):
    """A statistic of people followed, with k columns for each level."""

    @property
    def followed(self) -> FollowedSample:
        """Who was followed."""
        ...

    def value(self, weights: Floats) -> Floats:
        """Give the estimates under some weights, shape (n_levels * k,)."""
        ...

    def influence(self, weights: Floats) -> Floats:
        """Give the derivative of each estimate in each row's weight, shape (n_rows, n_levels * k)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ProductLimit:
    """
    Kaplan-Meier curves at chosen times.

    Attributes
    ----------
    followed : FollowedSample
        With one cause.
    times : ndarray of float, shape (k,)
    """

    followed: FollowedSample
    times: Floats

    def value(self, weights: Floats) -> Floats:
        """Give the share retained at each time, level by level."""
        survival = self.followed.risk(weights).survival
        empty = np.where(np.isnan(survival[:, :1]), np.nan, 1.0)
        return np.hstack([empty, survival])[:, self.followed.before(self.times) + 1].ravel()

    def influence(self, weights: Floats) -> Floats:
        """Linearise: -S(t) sum of (dN - Y d/n) / (n - d) until t, one column at a time."""
        followed, risk = self.followed, self.followed.risk(weights)
        kept = np.nan_to_num(risk.survival)
        inverse = divide(np.ones(1), risk.left)
        until = np.cumsum(risk.hazard * inverse, axis=1).ravel()
        start = followed.level * len(followed.time)
        own = np.where(followed.kind > 0, inverse.ravel()[start + followed.position], 0.0)
        members = [np.flatnonzero(followed.level == level) for level in range(followed.n_levels)]
        moved = np.zeros((followed.n_levels, len(self.times), followed.n_rows))
        for column, last in enumerate(followed.before(self.times)):
            if last < 0:
                continue
            change = until[start + np.minimum(followed.position, last)]
            change -= own * (followed.position <= last)
            for level, inside in enumerate(members):
                moved[level, column, followed.row[inside]] = kept[level, last] * change[inside]
        return moved.reshape(-1, followed.n_rows).T


@dataclass(frozen=True, slots=True, eq=False)
class RestrictedMean:
    """
    Mean time retained until a horizon: the area under the Kaplan-Meier curve.

    Attributes
    ----------
    followed : FollowedSample
        With one cause.
    until : float
    """

    followed: FollowedSample
    until: float

    def _remaining(self, survival: Floats) -> Floats:
        """Give the area from the start, and from each time, to the horizon: shape (n_levels, n_times + 1)."""
        ends = np.minimum(np.concatenate([[0.0], self.followed.time, [np.inf]]), self.until)
        areas = np.hstack([np.where(np.isnan(survival[:, :1]), np.nan, 1.0), survival]) * np.diff(ends)
        return np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]

    def value(self, weights: Floats) -> Floats:
        """Give the area of each level."""
        return self._remaining(self.followed.risk(weights).survival)[:, 0]

    def influence(self, weights: Floats) -> Floats:
        """Integrate the influence of the curve."""
        risk = self.followed.risk(weights)
        remaining = np.nan_to_num(self._remaining(risk.survival))[:, 1:]
        coefficient = -divide(remaining, risk.left)[..., None]
        return self.followed.spread(martingale_table(coefficient, risk.hazard, self.followed.n_kinds))


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """
    Shares gone of each of several causes that exclude one another (Aalen-Johansen), at chosen times.

    Attributes
    ----------
    followed : FollowedSample
    times : ndarray of float, shape (k,)
    """

    followed: FollowedSample
    times: Floats

    @staticmethod
    def _curves(risk: Risk) -> tuple[Floats, Floats]:
        """Give the share retained just before each time, and the share gone by it of each cause."""
        survival = risk.survival
        before = np.hstack([np.where(np.isnan(survival[:, :1]), np.nan, 1.0), survival[:, :-1]])
        return before, np.cumsum(before[:, None] * divide(risk.gone, risk.at_risk[:, None]), axis=2)

    def value(self, weights: Floats) -> Floats:
        """Give the share gone at each time, level by level and cause by cause."""
        _, gone = self._curves(self.followed.risk(weights))
        start = np.where(np.isnan(gone[..., :1]), np.nan, 0.0)
        return np.concatenate([start, gone], axis=2)[..., self.followed.before(self.times) + 1].ravel()

    def influence(self, weights: Floats) -> Floats:
        """Linearise the share retained before each departure, and the departures themselves."""
        followed, risk = self.followed, self.followed.risk(weights)
        before, gone = (np.nan_to_num(part) for part in self._curves(risk))
        index = followed.before(self.times)
        reached = np.arange(len(followed.time))[:, None] <= index
        until = np.where(index >= 0, gone[..., np.maximum(index, 0)], 0.0)
        tables = []
        for cause in range(followed.n_kinds - 1):
            later = (until[:, cause, None] - gone[:, cause, :, None]) * reached
            own = divide(before, risk.at_risk)[..., None] * reached
            table = martingale_table(-later * divide(np.ones(1), risk.left)[..., None], risk.hazard, followed.n_kinds)
            table -= np.cumsum(own * divide(risk.gone[:, cause], risk.at_risk)[..., None], axis=1)[:, None]
            table[:, cause + 1] += own
            tables.append(table)
        return followed.spread(np.concatenate(tables, axis=-1))
