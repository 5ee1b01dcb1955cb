"""What a silence taken for leaving does to a study: the share it moves, and who is wrongly called gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from churn.definitions._departures import gone_given_silence, judged_by_group, silences_by_band, wait_by_group
from churn.next_visit.curve import TOO_SHORT
from churn.next_visit.estimate import LEAST_WAIT
from churn.next_visit.visit_counts import REPLICATE, VisitCounts
from churn.next_visit.waits import product, waits
from surveys.core.arguments import one_number
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.core.intervals import logit_limits, student_t
from surveys.core.results import Estimate, Note, Unavailable

FAR, FAR_ELSEWHERE = 2.0, 3.0
"""Standard errors beyond which the gap moves the curve more than chance would: at one tenure, and at one of several."""
NOBODY_GONE = Note("no account is called gone")
UNKNOWN = Note("too few accounts for a standard error")
WRONGLY = "mean of the odds of coming back after the silence so far; delete-a-group jackknife"
MOVED = "inactive(gap) less next visit, from the same counts; delete-a-group jackknife"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapCheck:
    """
    What a gap does, beside a curve that needs none.

    Attributes
    ----------
    gap_days : int
        Silence after which an account is called gone.
    time : tuple of int
        Tenures, in days.
    difference : tuple of Estimate or Unavailable
        Share still there by the gap less that by the next visit, at each of `time`: below 0 where the gap takes
        absences for departures.
    wrongly_gone : Estimate or Unavailable
        Share of the accounts called gone that are expected back.
    n_called : int
        Accounts called gone.
    conf_level : float
        Between 0 and 1.
    """

    gap_days: int
    time: tuple[int, ...]
    difference: tuple[Estimate | Unavailable, ...]
    wrongly_gone: Estimate | Unavailable
    n_called: int
    conf_level: float = 0.95

    def at(self, time: float) -> Estimate | Unavailable:
        """
        Give what the gap moves at a tenure.

        Raises
        ------
        SpecError
            If the tenure was not asked for.
        """
        time = one_number(time, "GapCheck.at, time")
        if int(time) not in self.time:
            known = ", ".join(map(str, self.time))
            raise SpecError.at("GapCheck.at", f"got {time:g}, expected one of {known}", "Ask compare_gap for it")
        return self.difference[self.time.index(int(time))]

    def is_far(self, time: float, *, errors: float = FAR) -> bool:
        """Tell whether the gap moves the share at a tenure by more than so many standard errors."""
        found = self.at(time)
        return isinstance(found, Estimate) and abs(found.estimate) > errors * found.std_error

    def to_frame(self) -> pd.DataFrame:
        """Give one row per tenure: `time`, `gap_days`, `difference`, `std_error`, `conf_low`, `conf_high`."""
        names = {"difference": "estimate", "std_error": "std_error", "conf_low": "conf_low", "conf_high": "conf_high"}
        return pd.DataFrame(
            {
                "time": list(self.time),
                "gap_days": self.gap_days,
                **{name: [getattr(found, key, np.nan) for found in self.difference] for name, key in names.items()},
            }
        )

    def summary(self) -> str:
        """Say what the gap does, in one line of English."""
        if isinstance(self.wrongly_gone, Unavailable):
            return f"gap {self.gap_days} days: {self.wrongly_gone}"
        return f"gap {self.gap_days} days: {self.wrongly_gone.summary()} of those called gone are expected back"


def compare_gap(
    counts: VisitCounts,
    *,
    gap_days: int,
    times: tuple[int, ...] = (30,),
    conf_level: float = 0.95,
    least_wait: int = LEAST_WAIT,
) -> GapCheck:
    r"""
    Hold the curve under a gap against that of the next visit, and count who is wrongly called gone.

    Parameters
    ----------
    counts : VisitCounts
        Of strata with `replicate`, from which standard errors come.
    gap_days : int
        Silence after which an account is called gone, at least 1.
    times : tuple of int
        Tenures at which the curves are compared, in days.
    conf_level : float
        Between 0 and 1.
    least_wait : int
        As for `next_visit_survival`.

    Returns
    -------
    GapCheck

    Raises
    ------
    SpecError
        If `gap_days` is less than 1.

    Notes
    -----
    Both curves come from the same counts and go together, so that their difference is known better than either.
    An account last seen at tenure u and silent for s days is gone for good with probability Q(L|u) / Q(s|u), where Q
    is the Kaplan-Meier estimate of how long silences last that begin at about u (bands of tenure), and L the longest
    that the log supports; where nobody is expected back, the upper limit is that of as many accounts. Standard
    errors are those of a delete-a-group jackknife over the replicates.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.next_visit.visit_counts import count_visits
    >>> from reports.examples import open_example
    >>> found = compare_gap(count_visits(read_activity(open_example("twitter_france"))), gap_days=30)
    >>> found.is_far(30)
    False
    """
    if gap_days < 1:
        raise SpecError.at("compare_gap, gap_days", f"got {gap_days}", "Give at least 1 day")
    by_replicate = counts.pooled(REPLICATE) if REPLICATE in counts.strata.columns else counts.pooled()
    called = counts.silent.stop - counts.silent.start >= gap_days
    n_called = int(counts.silent.n[called].sum())
    return GapCheck(
        gap_days=gap_days,
        time=tuple(times),
        difference=tuple(_moved(by_replicate, gap_days, time, conf_level, least_wait) for time in times),
        wrongly_gone=_wrongly(by_replicate, gap_days, n_called, conf_level),
        n_called=n_called,
        conf_level=conf_level,
    )


def _moved(counts: VisitCounts, gap: int, time: int, conf_level: float, least_wait: int) -> Estimate | Unavailable:
    size, n = counts.size, len(counts.strata)
    if time >= size - 1:
        last = {"last": f"{size - 1}", "unit": "days"}
        return Unavailable(Note("no account was observed beyond {last} {unit}", last))
    pooled = counts.pooled()
    found = waits(pooled.pairs, pooled.silent, size, only=time)
    wait = int(found.wait[0])
    if wait < least_wait or time + gap >= size:
        return Unavailable(Note(TOO_SHORT, {"time": time, "wait": wait, "least": least_wait}))
    back, there = wait_by_group(counts.pairs, counts.silent, size, n, time, wait)
    gone, at_risk = judged_by_group(counts.silent, size, n, gap)

    def apart(keep: Floats) -> Floats:
        kept = product(keep @ gone[:, : time + 1], keep @ at_risk[:, : time + 1])[0][:, -1]
        return kept - (1 - product(keep @ back, keep @ there)[0][:, -1])

    value, error = _jackknifed(apart, n)
    if np.isnan(error):
        return Unavailable(UNKNOWN)
    half = float(student_t(n - 1, conf_level)) * error
    return Estimate(
        estimate=value,
        std_error=error,
        conf_low=value - half,
        conf_high=value + half,
        conf_level=conf_level,
        n=int(found.followed[0]),
        unit="points",
        method=MOVED,
    )


def _jackknifed(estimate: Callable[[Floats], Floats], n: int) -> tuple[float, float]:
    """Give an estimate from all groups, and its delete-a-group standard error; `estimate` takes groups to keep."""
    keep = np.concatenate([np.ones((1, n)), 1 - np.eye(n)])
    value, *left = estimate(keep)
    if n < 2:
        return float(value), np.nan
    return float(value), float(np.sqrt((n - 1) / n * np.sum((np.array(left) - np.mean(left)) ** 2)))


def _wrongly(counts: VisitCounts, gap: int, n_called: int, conf_level: float) -> Estimate | Unavailable:
    if n_called == 0:
        return Unavailable(NOBODY_GONE)
    n = len(counts.strata)
    ended, still = silences_by_band(counts.pairs, counts.silent, counts.size, n)

    def expected(keep: Floats) -> Floats:
        found = []
        for row in keep:
            silent = np.tensordot(row, still, 1)
            gone = gone_given_silence(np.tensordot(row, ended, 1), silent)
            called = silent[:, gap:]
            found.append(np.sum(called * (1 - gone[:, gap:])) / max(called.sum(), 1))
        return np.array(found)

    value, error = _jackknifed(expected, n)
    if np.isnan(error):
        return Unavailable(UNKNOWN)
    low, high = logit_limits(value, error, n - 1, conf_level)
    if value <= 0:
        high = special.betaincinv(1, n_called, (1 + conf_level) / 2)
    return Estimate(
        estimate=value,
        std_error=error,
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=n_called,
        method=WRONGLY,
    )
