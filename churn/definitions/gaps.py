"""Choosing the silence after which an account is taken to be gone: how many come back after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churn.cohorts.lifecycle import check_local
from churn.definitions._arrays import silences
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import SpecError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes


CANDIDATES = (1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 45, 60, 75, 90, 120, 150, 180, 270, 365)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapChoice:
    """
    How many accounts come back after a silence, by its length, and the shortest one that seldom misleads.

    Attributes
    ----------
    gap : ndarray of int, shape (n_gaps,)
        Silent local days in a row, rising.
    n_silent : ndarray of int, shape (n_gaps,)
        Accounts that were silent for so long, and then observed for as long again.
    n_returned : ndarray of int, shape (n_gaps,)
        Those of them that came back.
    share, std_error, conf_low, conf_high : ndarray of float, shape (n_gaps,)
        Share that came back, with its interval (Wilson); NaN where no account was silent for so long.
    share_of_all : ndarray of float, shape (n_gaps,)
        Share of all accounts that came back after a silence of so many days, as `returned_share`.
    error : float
        Share of accounts wrongly taken to be gone that is accepted, between 0 and 1.
    conf_level : float
        Between 0 and 1.
    n : int
        Accounts.
    notes : tuple of Note
        Caveats.
    """

    gap: Ints
    n_silent: Ints
    n_returned: Ints
    share: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    share_of_all: Floats
    error: float
    conf_level: float = 0.95
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the interval."""
        return "share of accounts that came back after a silence, Wilson interval"

    @property
    def chosen(self) -> int | Unavailable:
        """Shortest gap from which on no more accounts come back than is accepted, in days."""
        known = np.flatnonzero(~np.isnan(self.share))
        if not len(known) or self.share[known[-1]] > self.error:
            reason = "more than {error} of the accounts come back after each of the silences tried"
            return Unavailable(Note(reason, {"error": self.error}))
        over = np.flatnonzero(self.share[known] > self.error)
        return int(self.gap[known[over[-1] + 1 if len(over) else 0]])

    def at(self, gap_days: int) -> Estimate | Unavailable:
        """
        Give the share of accounts that came back after a silence.

        Parameters
        ----------
        gap_days : int
            One of `gap`.

        Returns
        -------
        Estimate or Unavailable

        Raises
        ------
        SpecError
            If that gap was not tried.
        """
        if gap_days not in self.gap:
            tried = ", ".join(map(str, self.gap))
            raise SpecError.at("GapChoice.at", f"a gap of {gap_days} days was not tried", f"Choose one of: {tried}")
        i = int(np.flatnonzero(self.gap == gap_days)[0])
        if not self.n_silent[i]:
            return Unavailable(Note("no account was silent for {gap} days and then observed", {"gap": gap_days}))
        return Estimate(
            estimate=float(self.share[i]),
            std_error=float(self.std_error[i]),
            conf_low=float(self.conf_low[i]),
            conf_high=float(self.conf_high[i]),
            conf_level=self.conf_level,
            n=int(self.n_silent[i]),
            method="Wilson",
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per gap.

        Returns
        -------
        DataFrame
            `gap`, `n_silent`, `n_returned`, `share`, `std_error`, `conf_low`, `conf_high`, `share_of_all`.
        """
        names = ("gap", "n_silent", "n_returned", "share", "std_error", "conf_low", "conf_high", "share_of_all")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say which gap was chosen, in one line of English."""
        gap = self.chosen
        if isinstance(gap, Unavailable):
            return str(gap)
        back = self.at(gap)
        assert isinstance(back, Estimate)
        return f"after {gap} silent days {back.summary()} come back, at most {say_share(self.error)} accepted"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the share that comes back by the length of the silence, with the share accepted.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        (line,) = ax.plot(self.gap, self.share, marker="o", markersize=3)
        ax.fill_between(self.gap, self.conf_low, self.conf_high, alpha=0.2, linewidth=0, color=line.get_color())
        ax.axhline(self.error, linestyle=":", color=line.get_color())
        return ax


def choose_gap(
    activity: Activity,
    *,
    error: float = 0.05,
    gaps: Sequence[int] | None = None,
    conf_level: float = 0.95,
) -> GapChoice:
    """
    Find the shortest silence after which accounts seldom come back.

    Parameters
    ----------
    activity : Activity
        Active local days of each account.
    error : float
        Share of silent accounts that may come back all the same, between 0 and 1.
    gaps : sequence of int, optional
        Silent local days in a row to try; from 1 to 365 if not given, as far as the log reaches.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    GapChoice
        Its `chosen` is the shortest gap from which on at most `error` come back.

    Raises
    ------
    SpecError
        If `error` or `conf_level` is not between 0 and 1, a gap is not a whole number of days from 1 or longer than
        half the log, or the activity holds elapsed days.
    EstimateError
        If there are no accounts.

    Notes
    -----
    Every account counts once. So that silences near the end of the log do not pass for final ones, one counts
    only where the log goes on for as long again after it was long enough. Accounts that come back still later
    are not seen to do so: the share is a lower bound.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> choose_gap(read_activity(open_example("twitter_france")), error=0.05).summary()
    'after 45 silent days 0.7% [0.5%, 1.1%], n = 3,029 come back, at most 5.0% accepted'
    """
    check_local(activity, "choose_gap", conf_level)
    n_days = activity.end_day - activity.origin
    if gaps is None:
        gaps = [gap for gap in CANDIDATES if 2 * gap < n_days]
    wrong = [gap for gap in gaps if gap < 1 or gap != int(gap) or 2 * gap >= n_days]
    if wrong or not len(gaps):
        what = f"got {wrong}, the log has {n_days} days" if wrong else "there is no gap to try"
        raise SpecError.at("choose_gap, gaps", what, "Give whole days, from 1 to less than half the log")
    if not 0 < error < 1:
        raise SpecError.at(
            "choose_gap, error", f"got {error}, expected a share between 0 and 1", "Give one such as 0.05"
        )
    tried = np.unique(np.asarray(gaps, np.int64))
    silent, returned, ever = silences(activity.words, n_days, tried.tolist())
    share = np.divide(returned, silent, out=np.full(len(tried), np.nan), where=silent > 0)
    low, high = wilson_interval(share, silent, conf_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        std_error = np.sqrt(share * (1 - share) / silent)
    return GapChoice(
        gap=tried,
        n_silent=silent,
        n_returned=returned,
        share=share,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        share_of_all=ever / activity.n_accounts,
        error=error,
        conf_level=conf_level,
        n=activity.n_accounts,
        notes=(*activity.notes, Note("accounts that come back after the end of the window are not seen to do so")),
    )
