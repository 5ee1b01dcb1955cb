"""What the rule of dropout does to the curve: rules and habits compared with a truth that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from churn.days.bitmaps import BITS, words_needed
from churn.days.zones import DAY, SECOND
from churn.definitions._departures import draw_visits, silence_law, silences_by_band
from churn.next_visit.curve import NextVisitCurve
from churn.next_visit.estimate import next_visit_survival
from churn.next_visit.visit_counts import VisitCounts, count_visits
from churn.simulation import draws as draw
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import count_tenures
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import Tenures, measure_tenures, returned_share
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import Problem, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Habit = Literal["next_visit", "inactive", "last_seen", "log_end", "detected", "first_silence", "never_returned"]

HABITS: tuple[Habit, ...] = get_args(Habit)
TIMES = (30, 60, 90, 120)
SIMULATED_FROM = Note("accounts are simulated: Weibull lifetimes, gamma rates of activity")
OWN = Note("accounts are simulated: silences drawn from those of the log, by the tenure of the visit before them")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAccounts:
    """
    How accounts live in a simulation.

    Attributes
    ----------
    lifetime_shape, lifetime_days : float
        Shape and scale, in days, of the Weibull distribution of lifetimes.
    rate_mean, rate_shape, rate_least : float
        Events per day while an account lives: mean and shape of their gamma distribution, and what is added to
        it.
    entry_days, end_day : int
        Accounts sign up evenly over the first days; the log ends after the last.

    Raises
    ------
    SpecError
        If a number is not above 0, or accounts sign up after the end.

    Examples
    --------
    >>> SimulatedAccounts().end_day
    210
    """

    lifetime_shape: float = 0.7
    lifetime_days: float = 60.0
    rate_mean: float = 0.35
    rate_shape: float = 2.0
    rate_least: float = 0.02
    entry_days: int = 180
    end_day: int = 210

    def __post_init__(self) -> None:
        """Refuse a life that cannot be."""
        positive = ("lifetime_shape", "lifetime_days", "rate_mean", "rate_shape", "entry_days")
        problems = [
            Problem(f"SimulatedAccounts.{name}", f"got {getattr(self, name)}", "Give a number above 0")
            for name in positive
            if getattr(self, name) <= 0
        ]
        if self.rate_least < 0:
            problems.append(Problem("SimulatedAccounts.rate_least", f"got {self.rate_least}", "Give 0 or more"))
        if self.end_day < self.entry_days:
            what = f"accounts sign up until day {self.entry_days}, the log ends on day {self.end_day}"
            problems.append(Problem("SimulatedAccounts", what, "Let the log end later"))
        if problems:
            raise SpecError(*problems)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnSilences:
    """
    How accounts live in a simulation that has the silences of a log.

    Accounts differ by nothing else than the tenures of their visits: those that are seldom seen are not kept apart.

    Attributes
    ----------
    distribution : ndarray of float, shape (n_bands, n_days)
        Probability that the silence after a visit is over within so many days, by the tenure of that visit.
    followed : ndarray of float, shape (n_days,)
        Share of accounts observed for so many days after that of sign-up.
    """

    distribution: Floats
    followed: Floats

    @property
    def end_day(self) -> int:
        """The log ends after so many days."""
        return len(self.followed)

    @classmethod
    def of(cls, counts: VisitCounts) -> OwnSilences:
        """
        Take the silences and the days of sign-up of a log.

        Examples
        --------
        >>> from churn.usage.log import read_activity
        >>> from churn.next_visit.visit_counts import count_visits
        >>> from reports.examples import open_example
        >>> OwnSilences.of(count_visits(read_activity(open_example("twitter_france")))).end_day
        1824
        """
        ended, still = silences_by_band(counts.pairs, counts.silent, counts.size, len(counts.strata))
        followed = np.bincount(counts.silent.stop, counts.silent.n, counts.size)
        return cls(distribution=silence_law(ended.sum(0), still.sum(0)), followed=followed / followed.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleBias:
    """
    Survival by each rule of dropout, beside the truth of the simulation.

    Attributes
    ----------
    rule : tuple of str
        `next_visit`, `inactive`, `detected`, `first_silence`: the rules of `DropoutRule`. `last_seen`: as
        `inactive`, but everybody is dated at the last activity, dropouts and those censored. `log_end`: dropouts at
        the last activity, the others censored when the log ends. `never_returned`: share of the accounts old enough
        that was ever seen after that day.
    time : ndarray of float, shape (n_times,)
        Tenures, in days.
    truth : ndarray of float, shape (n_times,)
        Share of accounts whose last activity, of all their life, comes later.
    truth_error : ndarray of float, shape (n_times,)
        Standard error of `truth`, from the number of accounts drawn.
    survival, std_error : ndarray of float, shape (n_rules, n_times)
        What each rule finds in the log, with its standard error; NaN where the log is too short.
    gap_days : int
        Silence after which an account is taken to be gone.
    returned : Estimate
        Share of accounts that came back after such a silence.
    accounts : SimulatedAccounts or OwnSilences
        How accounts lived.
    n : int
        Accounts.
    seed : int
        Of the draws.
    notes : tuple of Note
        Caveats.
    """

    rule: tuple[Habit, ...]
    time: Floats
    truth: Floats
    truth_error: Floats
    survival: Floats
    std_error: Floats
    gap_days: int
    returned: Estimate
    accounts: SimulatedAccounts | OwnSilences
    n: int
    seed: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the curves."""
        return "Kaplan-Meier, of the wait for next_visit; share of accounts old enough for never_returned"

    @property
    def bias(self) -> Floats:
        """Survival by each rule less the truth, shape (n_rules, n_times)."""
        return self.survival - self.truth

    def truth_at(self, k: int) -> Estimate:
        """Give the true share of accounts not gone at the k-th of `time`, with its 95 % interval over simulations."""
        return self._estimate(self.truth[k], self.truth_error[k], "share of simulated accounts")

    def estimate_at(self, rule: Habit, k: int) -> Estimate:
        """Give what a rule makes of that share at the k-th of `time`, with its 95 % interval over simulations."""
        row = self.rule.index(rule)
        return self._estimate(self.survival[row, k], self.std_error[row, k], self.method)

    def _estimate(self, value: float, error: float, method: str) -> Estimate:
        half = normal_quantile(0.95) * float(error)
        low, high = float(value) - half, float(value) + half
        return Estimate(
            estimate=float(value), std_error=float(error), conf_low=low, conf_high=high, n=self.n, method=method
        )

    def bias_of(self, rule: Habit) -> Floats:
        """
        Give the bias of one rule.

        Parameters
        ----------
        rule : str
            One of `rule`.

        Returns
        -------
        ndarray of float, shape (n_times,)

        Raises
        ------
        SpecError
            If the rule was not simulated.
        """
        if rule not in self.rule:
            raise SpecError.at(
                "RuleBias.bias_of", f"there is no rule '{rule}'", f"Choose one of: {', '.join(self.rule)}"
            )
        return np.asarray(self.bias[self.rule.index(rule)])

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per rule and tenure.

        Returns
        -------
        DataFrame
            `rule`, `gap_days`, `time`, `truth`, `truth_error`, `survival`, `std_error`, `bias`.
        """
        n_rules, n_times = self.survival.shape
        return pd.DataFrame(
            {
                "rule": np.repeat(np.array(self.rule, dtype=object), n_times),
                "gap_days": self.gap_days,
                "time": np.tile(self.time, n_rules),
                "truth": np.tile(self.truth, n_rules),
                "truth_error": np.tile(self.truth_error, n_rules),
                **{name: getattr(self, name).ravel() for name in ("survival", "std_error", "bias")},
            }
        )

    def summary(self) -> str:
        """Say how far the default rule and the worst one are from the truth, in one line of English."""
        apart = np.abs(self.bias).max(axis=1)
        worst = int(np.nanargmax(apart))
        own = f"{apart[0]:.3f} off at most by '{self.rule[0]}'"
        return f"{self.n:,} accounts, gap {self.gap_days} days: {own}, {apart[worst]:.3f} by '{self.rule[worst]}'"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw what each rule finds as lines, and the truth as points.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        for name, survival in zip(self.rule, self.survival, strict=True):
            ax.plot(self.time, survival, marker=".", label=name)
        ax.plot(self.time, self.truth, linestyle="none", marker="o", markerfacecolor="none", label="truth")
        return ax


def simulate_rule_bias(
    *,
    n_accounts: int = 200_000,
    gap_days: int = 30,
    times: tuple[int, ...] = TIMES,
    accounts: SimulatedAccounts | OwnSilences | None = None,
    seed: int = 7,
) -> RuleBias:
    """
    Draw accounts whose lives are known, and ask every rule of dropout how long they stayed.

    Parameters
    ----------
    n_accounts : int
        Accounts to draw.
    gap_days : int
        Silence after which an account is taken to be gone.
    times : tuple of int
        Tenures at which to compare, in days.
    accounts : SimulatedAccounts or OwnSilences, optional
        How accounts live: Weibull lifetimes, one event at sign-up and then a Poisson process; or with the silences of
        a log, each drawn by the tenure of the visit before.
    seed : int
        Of the draws.

    Returns
    -------
    RuleBias
        Deterministic for a given seed.

    Raises
    ------
    SpecError
        If a number is not above 0.

    Notes
    -----
    The truth is the share of accounts whose last activity comes later than a tenure, in lives that the end
    of the log does not cut. `next_visit`, the default rule of a study, finds it; `inactive`, which judges every
    account as of `gap_days` before the end, finds it where few are silent for longer and come back; `last_seen`
    and `log_end`, which most tutorials do, overstate how long accounts stay; `detected` is the truth moved by the
    gap; `first_silence` takes absences for departures.

    Examples
    --------
    >>> found = simulate_rule_bias(n_accounts=20_000)
    >>> found.summary()
    "20,000 accounts, gap 30 days: 0.004 off at most by 'next_visit', 0.362 by 'detected'"
    """
    lives = SimulatedAccounts() if accounts is None else accounts
    _check(n_accounts, gap_days, times)
    rng = np.random.Generator(np.random.PCG64(seed))
    entry, account, since = (
        _drawn(rng, lives, n_accounts)
        if isinstance(lives, SimulatedAccounts)
        else _drawn_by_silence(rng, lives, n_accounts, max(times))
    )
    final = np.zeros(n_accounts, np.int64)
    np.maximum.at(final, account, since)
    days = np.array(times, np.float64)
    truth = (final > days[:, None] * draw.DAY_SECONDS).mean(axis=1)
    activity = _observed(entry, account, since, lives.end_day)
    found = np.array([_survival(activity, habit, gap_days, days) for habit in HABITS])
    return RuleBias(
        rule=HABITS,
        time=days,
        truth=truth,
        truth_error=np.sqrt(truth * (1 - truth) / n_accounts),
        survival=found[:, 0],
        std_error=found[:, 1],
        gap_days=gap_days,
        returned=returned_share(activity, gap_days),
        accounts=lives,
        n=n_accounts,
        seed=seed,
        notes=(SIMULATED_FROM if isinstance(lives, SimulatedAccounts) else OWN,),
    )


def _drawn(rng: np.random.Generator, lives: SimulatedAccounts, n: int) -> tuple[Ints, Ints, Ints]:
    """Draw sign-ups, in seconds of the log, and the account and the seconds since sign-up of every event."""
    entry = np.floor(rng.random(n) * lives.entry_days * draw.DAY_SECONDS).astype(np.int64)
    life = lives.lifetime_days * rng.weibull(lives.lifetime_shape, n)
    rates = rng.gamma(lives.rate_shape, lives.rate_mean / lives.rate_shape, n) + lives.rate_least
    return entry, *draw.draw_activity(rng, life, rates)


def _drawn_by_silence(rng: np.random.Generator, lives: OwnSilences, n: int, longest: int) -> tuple[Ints, Ints, Ints]:
    """Draw the same from the silences of a log; an account is always seen at the time of day of its sign-up."""
    follow = rng.choice(lives.end_day, n, p=lives.followed)
    account, tenure = draw_visits(rng, lives.distribution, np.maximum(follow, longest))
    entry = (lives.end_day - 1 - follow) * draw.DAY_SECONDS + rng.integers(0, draw.DAY_SECONDS, n)
    return entry, account, tenure * draw.DAY_SECONDS


def _check(n_accounts: int, gap_days: int, times: tuple[int, ...]) -> None:
    place = "simulate_rule_bias"
    problems = []
    if n_accounts < 1 or gap_days < 1:
        what = f"got n_accounts {n_accounts} and gap_days {gap_days}"
        problems.append(Problem(place, what, "Give whole numbers from 1"))
    if not times or min(times) <= 0:
        problems.append(Problem(f"{place}, times", f"got {times}", "Give tenures above 0"))
    if problems:
        raise SpecError(*problems)


def _observed(entry: Ints, account: Ints, since: Ints, end_day: int) -> Activity:
    """Keep what happens before the log ends, in days of UTC from 1970-01-01."""
    second = entry[account] + since
    seen = second < end_day * draw.DAY_SECONDS
    account, second = account[seen], second[seen]
    n = len(entry)
    last = entry.copy()
    np.maximum.at(last, account, second)
    day = second // draw.DAY_SECONDS
    words = np.zeros((words_needed(end_day), n), np.uint64)
    place = day // BITS * n + account
    np.bitwise_or.at(words.reshape(-1), place, np.uint64(1) << (day % BITS).astype(np.uint64))
    return Activity(
        accounts=pd.DataFrame({"account": np.arange(n)}),
        attributes=pd.DataFrame(index=pd.RangeIndex(n)),
        n_events_of=np.bincount(account, minlength=n),
        first=entry * SECOND,
        last=last * SECOND,
        first_day=entry // draw.DAY_SECONDS,
        last_day=last // draw.DAY_SECONDS,
        words=words.T,
        origin=0,
        end=end_day * DAY,
        end_day=end_day,
        timezone="UTC",
        n_events=len(second),
    )


def _survival(activity: Activity, habit: Habit, gap_days: int, days: Floats) -> tuple[Floats, Floats]:
    """Give the survival that a rule finds at some tenures, and its standard error."""
    if habit == "never_returned":
        old = activity.end - activity.first >= days[:, None] * DAY
        seen = activity.last - activity.first > days[:, None] * DAY
        n = old.sum(axis=1)
        share = np.divide((old & seen).sum(axis=1), n, out=np.full(len(n), np.nan), where=n > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return share, np.sqrt(share * (1 - share) / n)
    if habit == "next_visit":
        seen_again = next_visit_survival(count_visits(activity, halves=False, replicates=1))
        return _read_off(seen_again, days)
    if habit == "last_seen" or habit == "log_end":
        gone = activity.last <= activity.end - gap_days * DAY
        stop = activity.last if habit == "last_seen" else np.where(gone, activity.last, activity.end)
        duration = -(-(stop - activity.first) // DAY)
        tenures = Tenures(duration=duration.astype(np.float64), event=gone)
    else:
        tenures = measure_tenures(activity, DropoutRule(habit, gap_days))
    return _read_off(kaplan_meier(count_tenures(tenures)), days)


def _read_off(curve: SurvivalCurve | NextVisitCurve, days: Floats) -> tuple[Floats, Floats]:
    found = [curve.at(float(day)) for day in days]
    told = [(np.nan, np.nan) if isinstance(x, Unavailable) else (x.estimate, x.std_error) for x in found]
    return tuple(np.array(column) for column in zip(*told, strict=True))  # type: ignore[return-value]
