"""Next visit: how many accounts are seen again after each tenure, without a silence that counts as leaving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.next_visit.curve import METHOD, TOO_SHORT, HalvesCheck, NextVisitCurve
from churn.next_visit.visit_counts import HALF, VisitCounts, count_visits
from churn.next_visit.waits import Waits, waits
from churn.usage.activity import Activity
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import logit_limits
from surveys.core.results import Estimate, Note, Unavailable

LEAST_WAIT = 60
MONTH = 30
TENURE = "tenure"
SMALL = 0.5
"""What comes back late is small where it is less than so many standard errors."""
NO_HALVES = Note("all accounts signed up at about the same time, so that early and late ones cannot be compared")
SHORT_HALF = (
    "late sign-ups are followed for {wait} days after the first {time} at most, too few to compare them with early ones"
)


@overload
def next_visit_survival(
    counts: VisitCounts,
    *,
    by: None = None,
    conf_level: float = 0.95,
    least_wait: int = LEAST_WAIT,
    halves_at: int = MONTH,
) -> NextVisitCurve: ...
@overload
def next_visit_survival(
    counts: VisitCounts,
    *,
    by: str,
    conf_level: float = 0.95,
    least_wait: int = LEAST_WAIT,
    halves_at: int = MONTH,
) -> dict[str, NextVisitCurve]: ...
def next_visit_survival(
    counts: VisitCounts,
    *,
    by: str | None = None,
    conf_level: float = 0.95,
    least_wait: int = LEAST_WAIT,
    halves_at: int = MONTH,
) -> NextVisitCurve | dict[str, NextVisitCurve]:
    r"""
    Estimate the share of accounts seen again after each tenure.

    Parameters
    ----------
    counts : VisitCounts
        Consecutive and last active days.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    conf_level : float
        Between 0 and 1.
    least_wait : int
        Days of waiting after a tenure that the log has to support for an answer.
    halves_at : int
        Tenure at which early and late sign-ups are compared, in days.

    Returns
    -------
    NextVisitCurve or dict of str to NextVisitCurve
        Up to the first tenure that the log does not support.
        By level, in their order, where `by` is given: accounts without a value are in none of the curves, and each
        curve's notes count them.

    Raises
    ------
    EstimateError
        If there are no accounts.

    Notes
    -----
    For a tenure t, every account observed beyond t is followed from t on, to its next visit, or to the end of the
    log, which censors the wait. One minus the Kaplan-Meier estimate of the wait is the share seen again:

    .. math:: \hat S(t) = 1 - \prod_{v=t+1}^{t+L} (1 - A_{tv} / Y_{tv})

    :math:`A_{tv}` accounts are seen on day v for the first time after t, :math:`Y_{tv}` are observed on v and not
    seen between. Each account counts once, so that Greenwood's variance holds. No silence is taken for a departure
    and no distribution of activity is assumed; accounts may differ, and so may their silences with tenure. Assumed:
    the day of sign-up tells nothing of what follows, which `halves` checks. L is the longest wait that enough
    accounts support: who comes back later is not seen to do so, so that the curve is a lower bound, and `late`
    says how far that may matter. Without an end of the log, it is retention *on or after* day t.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.next_visit.visit_counts import count_visits
    >>> from reports.examples import open_example
    >>> curve = next_visit_survival(count_visits(read_activity(open_example("twitter_france"))))
    >>> curve.dropout(at=30).summary()
    '57.9% [56.3%, 59.4%], n = 3,914'

    One curve for each level:

    >>> from dataclasses import replace
    >>> from churn.usage.log import read_activity
    >>> from churn.next_visit.visit_counts import count_visits
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> parity = pd.DataFrame({"parity": np.where(np.arange(4000) % 2, "odd", "even")})
    >>> counts = count_visits(replace(activity, attributes=parity), by=["parity"])
    >>> {level: curve.n for level, curve in next_visit_survival(counts, by="parity").items()}
    {'even': 2000, 'odd': 2000}
    """
    if by is not None:
        return _by_level(counts, by, conf_level, least_wait)
    check_level(conf_level)
    return replace(
        _curve(counts, conf_level, least_wait), halves=compare_halves(counts, at=halves_at, conf_level=conf_level)
    )


def _by_level(
    counts: VisitCounts,
    by: str,
    conf_level: float,
    least_wait: int,
) -> dict[str, NextVisitCurve]:
    check_level(conf_level)
    _check_by(counts, by)
    levels = counts.strata[by]
    return {
        str(level): replace(
            _curve(part := counts.where((levels == level).to_numpy()), conf_level, least_wait),
            halves=compare_halves(part, at=MONTH, conf_level=conf_level),
        )
        for level in pd.unique(levels.sort_values())
    }


def _check_by(counts: VisitCounts, by: str) -> None:
    if by not in counts.strata.columns:
        mend = did_you_mean(by, map(str, counts.strata.columns), "Count visits by it")
        raise SpecError.at(f"by '{by}'", "is no column of the strata", mend)


def _curve(counts: VisitCounts, conf_level: float, least_wait: int) -> NextVisitCurve:
    if counts.n_accounts == 0:
        raise EstimateError.at("next_visit", "there are no accounts", "Check the log")
    pooled = counts.pooled()
    found = waits(pooled.pairs, pooled.silent, pooled.size)
    enough = found.wait >= least_wait
    n_times = len(enough) if enough.all() else int(np.argmin(enough))
    kept = found.until(n_times)
    share = np.minimum.accumulate(kept.share)
    error = (1 - kept.share) * kept.log_error
    low, high = _limits(share, error, kept, conf_level)
    too_short = kept.late > SMALL * error
    return NextVisitCurve(
        time=np.arange(n_times, dtype=np.float64),
        survival=share,
        std_error=error,
        conf_low=low,
        conf_high=np.minimum(high + np.where(too_short, kept.late, 0.0), 1.0),
        n_at_risk=kept.followed,
        n_back=kept.back,
        n_censor=kept.followed - kept.back - kept.awaited,
        wait=kept.wait,
        late=kept.late,
        too_short=too_short,
        wait_by_day=found.wait,
        least_wait=least_wait,
        halves=Unavailable(NO_HALVES),
        conf_level=conf_level,
        n=counts.n_accounts,
        notes=counts.notes,
    )


def _limits(share: Floats, error: Floats, found: Waits, conf_level: float) -> tuple[Floats, Floats]:
    """Put limits on the logit; where nobody or everybody came back, exact ones of as many as the share rests on."""
    low, high = logit_limits(share, error, np.inf, conf_level)
    tail = (1 - conf_level) / 2
    none, every = share <= 0, share >= 1
    high = np.where(none, special.betaincinv(1, np.maximum(found.effective, 1), 1 - tail), high)
    low = np.where(every, special.betaincinv(np.maximum(found.back, 1), 1, tail), low)
    return np.where(none, 0.0, low), np.where(every, 1.0, high)


def seen_again_after(
    activity: Activity, days: NDArray[np.int64], *, conf_level: float = 0.95, least_wait: int = LEAST_WAIT
) -> Estimate | Unavailable:
    """
    Estimate the share of accounts seen again after a tenure of their own.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    days : ndarray of int, shape (n_accounts,)
        Tenure of each account, such as the end of its first calendar month; 0 or more.
    conf_level : float
        Between 0 and 1.
    least_wait : int
        As for `next_visit_survival`.

    Returns
    -------
    Estimate or Unavailable
        The mean of the shares of the accounts of each tenure; unavailable where the log supports no wait for one.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> seen_again_after(activity, np.full(4000, 30)).summary()
    '42.1% [40.6%, 43.7%], n = 3,914'
    """
    counts = count_visits(
        replace(activity, attributes=pd.DataFrame({TENURE: days})), by=[TENURE], halves=False, replicates=1
    )
    parts = []
    for place, time in enumerate(counts.strata[TENURE]):
        part = counts.where(np.arange(len(counts.strata)) == place)
        if time < part.size - 1:
            parts.append((int(time), waits(part.pairs, part.silent, part.size, only=int(time))))
    followed = [(time, found) for time, found in parts if found.followed[0] > 0]
    short = [(int(found.wait[0]), time) for time, found in followed if found.wait[0] < least_wait]
    if short or not followed:
        wait, time = min(short, default=(0, int(days.max(initial=0))))
        return Unavailable(Note(TOO_SHORT, {"time": time, "wait": wait, "least": least_wait}))
    n = np.array([found.followed[0] for _, found in followed], np.float64)
    share = np.array([found.share[0] for _, found in followed])
    error = (1 - share) * np.array([found.log_error[0] for _, found in followed])
    mean, spread = float(n @ share / n.sum()), float(np.sqrt(n**2 @ error**2) / n.sum())
    low, high = logit_limits(mean, spread, np.inf, conf_level)
    return Estimate(
        estimate=mean,
        std_error=spread,
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=int(n.sum()),
        method=METHOD,
        notes=counts.notes,
    )


def compare_halves(
    counts: VisitCounts, *, at: int = MONTH, conf_level: float = 0.95, least_wait: int = LEAST_WAIT
) -> HalvesCheck | Unavailable:
    """
    Compare early with late sign-ups, which the next-visit curve takes to be alike.

    Parameters
    ----------
    counts : VisitCounts
        Of strata with `half`.
    at : int
        Tenure, in days.
    conf_level : float
        Between 0 and 1.
    least_wait : int
        Days for which late sign-ups have to be followed after it.

    Returns
    -------
    HalvesCheck or Unavailable
        Both halves wait as long, so that none has more time to come back.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.next_visit.visit_counts import count_visits
    >>> from reports.examples import open_example
    >>> compare_halves(count_visits(read_activity(open_example("twitter_france")))).differ
    False
    """
    if HALF not in counts.strata.columns or set(counts.strata[HALF]) != {0, 1}:
        return Unavailable(NO_HALVES)
    parts = [counts.where((counts.strata[HALF] == half).to_numpy()).pooled() for half in (0, 1)]
    wait = 0
    if at < parts[0].size - 1:
        found = [waits(part.pairs, part.silent, part.size, only=at) for part in parts]
        wait = min(int(each.wait[0]) for each in found)
    if wait < least_wait:
        return Unavailable(Note(SHORT_HALF, {"wait": wait, "time": at}))
    early, late = (_within(part, at, wait, conf_level) for part in parts)
    error = float(np.hypot(early.std_error, late.std_error))
    z = (early.estimate - late.estimate) / error if error > 0 else np.nan
    return HalvesCheck(time=at, early=early, late=late, wait=wait, z=z)


def _within(counts: VisitCounts, time: int, wait: int, conf_level: float) -> Estimate:
    """Estimate the share seen again within a wait of a given length."""
    found = waits(counts.pairs, counts.silent, counts.size, only=time, within=wait)
    share, error = found.share, (1 - found.share) * found.log_error
    low, high = _limits(share, error, found, conf_level)
    return Estimate(
        estimate=float(share[0]),
        std_error=float(error[0]),
        conf_low=float(low[0]),
        conf_high=float(high[0]),
        conf_level=conf_level,
        n=int(found.followed[0]),
        method=METHOD,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelsAt:
    """
    Levels of a group compared at one tenure.

    Attributes
    ----------
    time : float
        Tenure, in days.
    levels : tuple of str
        Those whose share can be had.
    reference : str
        The first of them.
    share, std_error : ndarray of float, shape (n_levels,)
        Share still there.
    difference, difference_error, p_value : ndarray of float, shape (n_levels,)
        Against the reference; NaN for itself.
    chi_squared, df, overall_p_value : float, int, float
        Whether all levels are alike (Wald).
    """

    time: float
    levels: tuple[str, ...]
    reference: str
    share: Floats
    std_error: Floats
    difference: Floats
    difference_error: Floats
    p_value: Floats
    chi_squared: float
    df: int
    overall_p_value: float

    def to_frame(self) -> pd.DataFrame:
        """Give one row per level."""
        names = ("share", "std_error", "difference", "difference_error", "p_value")
        return pd.DataFrame({"level": list(self.levels), **{name: getattr(self, name) for name in names}})

    def summary(self) -> str:
        """Say whether levels differ, in one line of English."""
        return f"{len(self.levels)} levels at {self.time:g} days: chi-squared {self.chi_squared:.2f}, df {self.df}"


def compare_at(curves: Mapping[str, NextVisitCurve], *, at: float) -> LevelsAt | Unavailable:
    """
    Test whether the levels of a group stay alike at one tenure.

    Parameters
    ----------
    curves : mapping of str to NextVisitCurve
        By level, of different accounts.
    at : float
        Tenure, in days.

    Returns
    -------
    LevelsAt or Unavailable
        Unavailable where fewer than two levels can be compared.

    Notes
    -----
    Levels share no account, so that variances add up: z is a difference over its standard error, and the joint
    statistic the weighted sum of squares around the common share, chi-squared with one degree of freedom less than
    levels.

    Examples
    --------
    >>> print(compare_at({}, at=30))
    fewer than two levels can be compared at 30 days
    """
    known = {level: found for level, curve in curves.items() if isinstance(found := curve.at(at), Estimate)}
    known = {level: found for level, found in known.items() if found.std_error > 0}
    if len(known) < 2:
        return Unavailable(Note("fewer than two levels can be compared at {time} days", {"time": int(at)}))
    share = np.array([found.estimate for found in known.values()])
    error = np.array([found.std_error for found in known.values()])
    difference, spread = share - share[0], np.hypot(error, error[0])
    difference[0] = spread[0] = np.nan
    weight = 1 / error**2
    statistic = float(np.sum(weight * (share - np.average(share, weights=weight)) ** 2))
    return LevelsAt(
        time=float(at),
        levels=tuple(known),
        reference=next(iter(known)),
        share=share,
        std_error=error,
        difference=difference,
        difference_error=spread,
        p_value=2 * special.ndtr(-np.abs(difference / spread)),
        chi_squared=statistic,
        df=len(known) - 1,
        overall_p_value=float(special.chdtrc(len(known) - 1, statistic)),
    )
