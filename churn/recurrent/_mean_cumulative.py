"""Arrays behind the mean cumulative function: recurrent events per account at risk, and their robust variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from churn.survival.tallies import divide, merge_near_ties
from surveys.core.arrays import Bools, Floats, Ints


class Occurrences(NamedTuple):
    """Events, as rows: whose, and the place of its time; how many of the account then. Ordered by both."""

    account: Ints
    place: Ints
    n: Ints


class Spans(NamedTuple):
    """Stretches of observation, as rows: whose, and the places of the first and last times within."""

    account: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """
    Events and observation of accounts, laid out on the distinct times.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Distinct times of events and of ends of observation, rising.
    occurrences : Occurrences
    spans : Spans
        Ordered by account and time.
    """

    time: Floats
    occurrences: Occurrences
    spans: Spans

    @classmethod
    def of(cls, account: Ints, when: Floats, owner: Ints, start: Floats, stop: Floats) -> History:
        """Lay out events (`account`, `when`) and observation of `owner` at start < time <= stop."""
        when, start, stop = merge_near_ties(when, start, stop)
        time = np.unique(np.concatenate([when, stop]))
        key, n = np.unique(account * len(time) + np.searchsorted(time, when), return_counts=True)
        order = np.lexsort((stop, owner))
        first, last = np.searchsorted(time, start, side="right"), np.searchsorted(time, stop)
        occurrences = Occurrences(key // len(time), key % len(time), n.astype(np.int64))
        return cls(time, occurrences, Spans(owner[order], first[order], last[order]))

    def overlapping(self) -> Bools:
        """Tell which spans begin before the account's last one has ended."""
        spans = self.spans
        same = np.diff(spans.account, prepend=-1) == 0
        return np.asarray(same & (spans.first <= np.concatenate([[-1], spans.last[:-1]])))

    def unobserved(self) -> Bools:
        """Tell which events lie outside the observation of their account."""
        row = np.minimum(self._span_of_events(), len(self.spans.last) - 1)
        spans, events = self.spans, self.occurrences
        inside = (spans.first[row] <= events.place) & (events.place <= spans.last[row])
        return np.asarray((spans.account[row] != events.account) | ~inside)

    def _span_of_events(self) -> Ints:
        spans, events, n = self.spans, self.occurrences, len(self.time)
        return np.searchsorted(spans.account * n + spans.last, events.account * n + events.place)

    def tally(self) -> tuple[Ints, Ints]:
        """Count accounts at risk and events at each time."""
        n_times = len(self.time)
        begun = np.cumsum(np.bincount(self.spans.first, minlength=n_times + 1)[:n_times])
        over = np.cumsum(np.bincount(self.spans.last, minlength=n_times))
        n_at_risk = begun - np.concatenate([[0], over[:-1]])
        n_event = np.bincount(self.occurrences.place, self.occurrences.n, n_times)
        return n_at_risk.astype(np.int64), np.rint(n_event).astype(np.int64)

    def robust_variance(self, n_at_risk: Ints, n_event: Ints) -> Floats:
        r"""
        Give the variance of the mean number of events by each time, from sums within accounts.

        An account moves the mean at a time by :math:`u=(dN-Y\,d/n)/n`. The sum of squares over accounts of
        what each has moved grows at a time by :math:`\sum(2Uu+u^2)`, with U what it had moved until then: the
        sum needs U at events and at both ends of each span only, since those at risk together move nothing.
        """
        events, spans, n_times = self.occurrences, self.spans, len(self.time)
        each = divide(np.ones(n_times), n_at_risk.astype(np.float64))
        shared = n_event * each**2
        until = np.concatenate([[0.0], np.cumsum(shared)])
        length = until[spans.last + 1] - until[spans.first]
        earlier = _sum_before(spans.account, length)
        own = _sum_before(events.account, events.n * each[events.place])

        row = self._span_of_events()
        moved = own - earlier[row] - (until[events.place] - until[spans.first[row]])
        at_events = np.bincount(events.place, events.n * moved, n_times)
        at_start = self._own_events(spans.first, each) - earlier
        at_end = self._own_events(spans.last + 1, each) - earlier - length
        entered = np.cumsum(np.bincount(spans.first, at_start, n_times + 1)[:n_times])
        left = np.cumsum(np.bincount(spans.last, at_end, n_times))
        at_risk = entered - np.concatenate([[0.0], left[:-1]])

        squares = np.bincount(events.place, events.n.astype(np.float64) ** 2, n_times)
        fresh = each**2 * squares - each**3 * n_event.astype(np.float64) ** 2
        total: Floats = np.cumsum(2 * (each * at_events - shared * at_risk) + fresh)
        return np.maximum(total, 0.0)

    def _own_events(self, place: Ints, each: Floats) -> Floats:
        """Give for each span what its account's events before a place have moved the mean by."""
        events, owner, n = self.occurrences, self.spans.account, len(self.time)
        total = np.concatenate([[0.0], np.cumsum(events.n * each[events.place])])
        key = events.account * n + events.place
        until, since = np.searchsorted(key, owner * n + place), np.searchsorted(key, owner * n)
        moved: Floats = total[until] - total[since]
        return moved


def _sum_before(account: Ints, values: Floats) -> Floats:
    """Add up the values of earlier rows of the same account; rows are ordered by account."""
    total = np.cumsum(values) - values
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    sizes = np.diff(np.append(begins, len(account)))
    before: Floats = total - np.repeat(total[begins], sizes)
    return before
