"""How far a service can reach, given how many of a month's visitors it keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from churn.adoption._reach import (
    Ends,
    carry,
    mixed_survival,
    mixture_through,
    returning_reach,
    steady_reach,
    three_states,
)
from churn.cohorts.period_patterns import PeriodPatterns, ratio_error
from churn.projection.models import RetentionModelResult
from surveys.core.errors import SpecError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churn.cohorts.lifecycle import Lifecycle

OVER_ALL = Note("so many arrivals would soon have reached everybody")
NO_RETURN = Note("how many of the lapsed come back is not known")
NO_MIXTURE = Note("how rates differ between accounts is not known")
NO_CAP = Note("reach has no cap: some accounts hardly ever leave, and they add up")
SAME_RATE = Note("every account is taken to leave at the same rate, whatever its age")
UNIVERSE = Note("the universe is taken as constant, and arrivals as the same every month")
INDEPENDENT_INPUTS = Note("the inputs are taken as independent")
EARLY = Note("fewer than two whole months were observed")

ASSUMPTIONS = ("constant", "returning", "mixed")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReachCeiling:
    """
    The share of a universe that a service reaches in the long run, under each assumption.

    Attributes
    ----------
    retention, inflow : Estimate
        Share of a month's visitors who are back the next; arrivals of a month as a share of the universe.
    constant : Estimate or Unavailable
        Every visitor leaves at the same rate and none returns: inflow / (1 - retention).
    returning : Estimate or Unavailable
        Lapsed visitors return at a rate, and the universe is finite.
    mixed : Estimate or Unavailable
        Rates of leaving differ between accounts; within `horizon` months where there is one.
    horizon : int or None
        Months of arrivals counted for `mixed`.
    notes : tuple of Note
        Assumptions.
    """

    retention: Estimate
    inflow: Estimate
    constant: Estimate | Unavailable
    returning: Estimate | Unavailable
    mixed: Estimate | Unavailable
    horizon: int | None
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per assumption.

        Returns
        -------
        DataFrame
            `assumption`, `reach`, `conf_low`, `conf_high`, `reason` where there is none.
        """
        rows = []
        for name in ASSUMPTIONS:
            found: Estimate | Unavailable = getattr(self, name)
            if isinstance(found, Estimate):
                rows.append((name, found.estimate, found.conf_low, found.conf_high, ""))
            else:
                rows.append((name, math.nan, math.nan, math.nan, str(found)))
        return pd.DataFrame(rows, columns=["assumption", "reach", "conf_low", "conf_high", "reason"])

    def summary(self) -> str:
        """Say the steady state in one line of English."""
        told = str(self.constant) if isinstance(self.constant, Unavailable) else self.constant.summary()
        kept, arriving = say_share(self.retention.estimate, 0), say_share(self.inflow.estimate)
        return f"retention {kept}, inflow {arriving} a month: reach {told}"

    def plot(self, ax: Axes) -> Axes:
        """Draw reach against retention for this inflow, with the steady state as a point."""
        retention = np.linspace(0.0, 0.99, 200)
        (line,) = ax.plot(retention, np.minimum(self.inflow.estimate / (1 - retention), 1.0))
        if isinstance(self.constant, Estimate):
            ax.plot(self.retention.estimate, self.constant.estimate, "o", color=line.get_color())
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonthlyFlows:
    """
    What arrives, stays, returns and is reached in a month, on average over some months of a log.

    Attributes
    ----------
    retention : Estimate
        Share of a month's accounts that is active in the next, resurrected ones not counted.
    returning : Estimate
        Share of dormant accounts that is active again the next month.
    inflow : Estimate
        Accounts that arrive in a month, new or back after a month away, as a share of the universe.
    newcomers : Estimate
        New accounts of a month, as a share of the universe.
    reach : Estimate
        Accounts active in the last month, as a share of the universe.
    first_month, last_month : str
        The months averaged, as `2013-01`.
    universe : float
        People.
    notes : tuple of Note
        Caveats.
    """

    retention: Estimate
    returning: Estimate
    inflow: Estimate
    newcomers: Estimate
    reach: Estimate
    first_month: str
    last_month: str
    universe: float
    notes: tuple[Note, ...] = ()

    def summary(self) -> str:
        """Say the four in one line of English."""
        return (
            f"{self.first_month} to {self.last_month}: retention {say_share(self.retention.estimate)}, "
            f"returning {say_share(self.returning.estimate, 2)}, "
            f"inflow {say_share(self.inflow.estimate, 2)} of the universe a month, "
            f"reach {say_share(self.reach.estimate)}"
        )


def reach_ceiling(
    retention: Estimate | float,
    inflow: Estimate | float,
    *,
    returning: Estimate | float | None = None,
    mixture: RetentionModelResult | tuple[float, float] | None = None,
    horizon: int | None = None,
) -> ReachCeiling:
    r"""
    Work out the share of a universe that a service reaches in the long run.

    Parameters
    ----------
    retention : Estimate or float
        Share of a month's visitors who are back the next month; from 0 up to, not including, 1.
    inflow : Estimate or float
        Visitors who arrive in a month, as a share of the universe.
    returning : Estimate or float, optional
        Share of the lapsed who come back in a month.
    mixture : RetentionModelResult or (float, float), optional
        How rates of leaving differ between accounts: a fitted model, or the two parameters of a beta distribution
        of monthly dropout.
    horizon : int, optional
        Months of arrivals counted where rates differ; without it all are, and reach may have no cap.

    Returns
    -------
    ReachCeiling
        Under each assumption, with an interval carried from the inputs.

    Raises
    ------
    SpecError
        If a share is impossible.

    Notes
    -----
    In a steady state, each month loses as many visitors as arrive: reach :math:`= i / (1 - \rho)`. With a return
    rate :math:`r` and a finite universe, everybody has been there in the end, and a share
    :math:`r / (r + 1 - \rho)` is present. Where monthly dropout has a beta distribution [1]_, reach is
    :math:`i \sum_t S(t)`, which grows without end for :math:`\alpha \le 1`. Intervals: squared distances to
    the ends of each input's interval are added, on the logarithm or the logit of the result [2]_.

    References
    ----------
    .. [1] P. S. Fader and B. G. S. Hardie (2007), "How to project customer retention", *Journal of Interactive
       Marketing* 21, 76-90.
    .. [2] G. Y. Zou and A. Donner (2008), "Construction of confidence limits about effect measures", *Statistics in
       Medicine* 27, 1693-1702.

    Examples
    --------
    >>> reach_ceiling(0.40, 0.06).summary()
    'retention 40%, inflow 6.0% a month: reach 10.0% [10.0%, 10.0%], n not published'
    """
    kept, arriving = _share("retention", retention), _share("inflow", inflow)
    back = None if returning is None else _share("returning", returning)
    return ReachCeiling(
        retention=kept,
        inflow=arriving,
        constant=_constant(kept, arriving),
        returning=Unavailable(NO_RETURN) if back is None else _returning(kept, back),
        mixed=Unavailable(NO_MIXTURE) if mixture is None else _mixed(arriving, mixture, horizon),
        horizon=horizon,
        notes=(SAME_RATE, UNIVERSE, INDEPENDENT_INPUTS),
    )


def inflow_needed(reach: Estimate | float, retention: Estimate | float) -> Estimate:
    """
    Work out the arrivals that keep a reach, as a share of the universe a month.

    Parameters
    ----------
    reach : Estimate or float
        Share of the universe.
    retention : Estimate or float
        Share of a month's visitors who are back the next month.

    Returns
    -------
    Estimate
        Returning visitors included: `reach * (1 - retention)`.

    Raises
    ------
    SpecError
        If a share is impossible.

    Examples
    --------
    >>> inflow_needed(0.10, 0.40).estimate
    0.06
    """
    reached, kept = _share("reach", reach), _share("retention", retention)
    ends = carry(lambda r, k: r * (1 - k), [_ends(reached), _ends(kept)], scale="log")
    return _carried(ends, reached, kept)


def return_needed(reach: Estimate | float, retention: Estimate | float) -> Estimate:
    """
    Work out the share of the lapsed who must return each month to keep a reach, once there are no newcomers left.

    Parameters
    ----------
    reach : Estimate or float
        Share of the universe.
    retention : Estimate or float
        Share of a month's visitors who are back the next month.

    Returns
    -------
    Estimate
        `reach * (1 - retention) / (1 - reach)`.

    Raises
    ------
    SpecError
        If a share is impossible, or the reach is everybody.

    Examples
    --------
    >>> round(return_needed(0.10, 0.40).estimate, 4)
    0.0667
    """
    reached, kept = _share("reach", reach), _share("retention", retention)
    if reached.conf_high >= 1:
        raise SpecError.at("reach", "got everybody, and nobody is left to return", "Give a share below 1")
    ends = carry(lambda r, k: r * (1 - k) / (1 - r), [_ends(reached), _ends(kept)], scale="log")
    return _carried(ends, reached, kept)


def constant_retention(retention: Estimate | float, months: int) -> Estimate:
    """
    Give the share of accounts left after some months if all leave at one rate.

    Parameters
    ----------
    retention : Estimate or float
        Share kept each month.
    months : int
        How many.

    Returns
    -------
    Estimate
        `retention ** months`, with the ends of its interval raised to the same power.

    Raises
    ------
    SpecError
        If the share is impossible.

    Examples
    --------
    >>> constant_retention(0.40, 3).summary()
    '6.4% [6.4%, 6.4%], n not published'
    """
    kept = _share("retention", retention)
    estimate, low, high = (end**months for end in _ends(kept))
    return _carried((estimate, low, high), kept)


def mixture_of(
    early: tuple[float, Estimate | float], late: tuple[float, Estimate | float]
) -> tuple[float, float] | Unavailable:
    """
    Find the mixture of dropout rates whose retention passes through two points.

    Parameters
    ----------
    early, late : (float, Estimate or float)
        Months since sign-up, and the share still there.

    Returns
    -------
    (float, float) or Unavailable
        Parameters of the beta distribution of monthly dropout; Unavailable where retention falls at least as
        fast as at one rate.

    Examples
    --------
    >>> alpha, beta = mixture_of((1, 0.40), (12, 0.20))
    >>> round(beta / (alpha + beta), 3)
    0.4
    """
    shares = tuple(_share("share", share).estimate for _, share in (early, late))
    found = mixture_through((early[0], late[0]), (shares[0], shares[1]))
    return Unavailable(NO_MIXTURE) if found is None else found


def long_run_states(retention: float, returning: float, arriving: float, renewal: float) -> dict[str, float]:
    """
    Give the long-run shares of a finite universe that is slowly renewed.

    Parameters
    ----------
    retention, returning : float
        Shares that stay when present, and come back when lapsed, each month.
    arriving : float
        Share of those never there who arrive each month.
    renewal : float
        Share of the universe replaced by newcomers each month; above 0 where nobody returns.

    Returns
    -------
    dict of str to float
        `present`, `lapsed`, `never`; they add up to 1.

    Raises
    ------
    SpecError
        If a share is impossible.

    Examples
    --------
    >>> states = long_run_states(0.4, 0.05, 0.02, 0.0)
    >>> round(states["present"], 4), round(0.05 / (0.05 + 0.6), 4)
    (0.0769, 0.0769)
    """
    named = {"retention": retention, "returning": returning, "arriving": arriving, "renewal": renewal}
    for name, share in named.items():
        if not 0 <= share <= 1:
            raise SpecError.at(name, f"got {share:g}, expected a share between 0 and 1", "Correct it")
    present, lapsed, never = three_states(retention, returning, arriving, renewal)
    return {"present": float(present), "lapsed": float(lapsed), "never": float(never)}


def measure_flows(
    lifecycle: Lifecycle, *, universe: float, share_of_all: float = 1.0, months: int = 12
) -> MonthlyFlows | Unavailable:
    """
    Read monthly retention, return, inflow and reach from the lifecycle of a log.

    Parameters
    ----------
    lifecycle : Lifecycle
        Of calendar months.
    universe : float
        People who could hold an account.
    share_of_all : float
        Share of all accounts that the log holds.
    months : int
        Whole months averaged, from the last back.

    Returns
    -------
    MonthlyFlows or Unavailable
        An account counts in several months, and is one cluster: intervals of shares are Wilson's for as many
        independent ones as would be as precise, those of arrivals Garwood's for as many independent arrivals. Where
        the lifecycle knows no account apart, or more than twelve months are asked for, each month of an account
        counts as one of its own.

    Notes
    -----
    Whoever was away and is back arrives as much as whoever is new: only with both is reach, in a steady state,
    inflow over one minus retention.

    Raises
    ------
    SpecError
        If the lifecycle is not of months, or the universe or the share is not above 0.
    """
    if lifecycle.period != "month":
        raise SpecError.at("lifecycle", f"got {lifecycle.period}s, expected months", "Measure it by month")
    if not universe > 0 or not 0 < share_of_all <= 1:
        raise SpecError.at("universe, share_of_all", "expected a number above 0 and a share above 0", "Correct them")
    whole = np.flatnonzero(lifecycle.complete)
    whole = whole[whole > 0][-months:]
    if len(whole) < 2 or not lifecycle.n_active[whole].all():
        return Unavailable(EARLY)
    level, accounts = lifecycle.conf_level, universe * share_of_all
    before, exposure = whole - 1, accounts * len(whole)
    back = lifecycle.n_resurrected[whole].sum()
    told = lifecycle.patterns
    patterns = None if told is None else told.until(int(whole[-1]), len(whole))
    kept, returned, arrived = (1.0, 1.0, 1.0) if patterns is None else _clustering(patterns)
    return MonthlyFlows(
        retention=_wilson(lifecycle.n_retained[whole].sum(), lifecycle.n_active[before].sum(), level, kept),
        returning=_wilson(back, lifecycle.n_dormant[before].sum(), level, returned),
        inflow=_poisson(lifecycle.n_new[whole].sum() + back, exposure, level, arrived),
        newcomers=_poisson(lifecycle.n_new[whole].sum(), exposure, level),
        reach=_poisson(lifecycle.n_active[whole[-1]], accounts, level),
        first_month=f"{lifecycle.period_start[whole[0]]:%Y-%m}",
        last_month=f"{lifecycle.period_start[whole[-1]]:%Y-%m}",
        universe=universe,
        notes=(UNIVERSE,),
    )


def _clustering(patterns: PeriodPatterns) -> tuple[float, float, float]:
    """
    Tell how many times as large variances are with accounts as clusters as with each month of one by itself.

    Of the share retained, of the share that returns, and of arrivals.
    """
    was, now = patterns.active[:, :-1], patterns.active[:, 1:]
    away = patterns.there[:, :-1] & ~was
    effects = []
    for at_risk, stays in ((was, was & now), (away, away & now)):
        share, error, _ = ratio_error(stays.sum(axis=1).astype(float), at_risk.sum(axis=1).astype(float), patterns.n)
        simple = share * (1 - share) / max(float(patterns.n @ at_risk.sum(axis=1)), 1.0)
        effects.append(max(error**2 / simple, 1.0) if simple > 0 else 1.0)
    arrivals = (now & ~was).sum(axis=1).astype(float)
    total = float(patterns.n @ arrivals)
    effects.append(float(patterns.n @ arrivals**2) / total if total > 0 else 1.0)
    return effects[0], effects[1], effects[2]


def _share(name: str, value: Estimate | float) -> Estimate:
    found = (
        value
        if isinstance(value, Estimate)
        else Estimate(estimate=value, std_error=0.0, conf_low=value, conf_high=value, method="given")
    )
    most = found.conf_high if math.isfinite(found.conf_high) else found.estimate
    if not (found.estimate >= 0 and most <= 1) or (name == "retention" and not found.estimate < 1):
        expected = "a share from 0 up to 1, 1 excluded" if name == "retention" else "a share between 0 and 1"
        raise SpecError.at(name, f"got {found.estimate:g}, expected {expected}", "Give it as 0.4 for 40%")
    return found


def _ends(found: Estimate) -> Ends:
    low, high = found.conf_low, found.conf_high
    return (
        found.estimate,
        low if math.isfinite(low) else found.estimate,
        high if math.isfinite(high) else found.estimate,
    )


def _constant(kept: Estimate, arriving: Estimate) -> Estimate | Unavailable:
    if steady_reach(kept.estimate, arriving.estimate) > 1:
        return Unavailable(OVER_ALL)
    if arriving.estimate == 0:
        return _carried((0.0, 0.0, 0.0), kept, arriving)
    estimate, low, high = carry(steady_reach, [_ends(kept), _ends(arriving)], scale="log")
    return _carried((estimate, low, min(high, 1.0)), kept, arriving)


def _returning(kept: Estimate, back: Estimate) -> Estimate:
    if back.estimate == 0:
        return _carried((0.0, 0.0, 0.0), kept, back)
    return _carried(carry(returning_reach, [_ends(kept), _ends(back)], scale="logit"), kept, back)


def _mixed(
    arriving: Estimate, mixture: RetentionModelResult | tuple[float, float], horizon: int | None
) -> Estimate | Unavailable:
    if isinstance(mixture, RetentionModelResult):
        tenure = mixture.expected_tenure(horizon=horizon)
        if isinstance(tenure, Unavailable):
            return Unavailable(NO_CAP)
        stay = _ends(tenure)
    else:
        alpha, beta = mixture
        if horizon is None and alpha <= 1:
            return Unavailable(NO_CAP)
        months = (alpha + beta - 1) / (alpha - 1) if horizon is None else mixed_survival(alpha, beta, horizon - 1).sum()
        stay = (float(months), float(months), float(months))
    estimate, low, high = carry(lambda i, months: i * months, [_ends(arriving), stay], scale="log")
    return Unavailable(OVER_ALL) if estimate > 1 else _carried((estimate, low, min(high, 1.0)), arriving)


def _carried(ends: Ends, *inputs: Estimate) -> Estimate:
    known = [found.n for found in inputs if found.n is not None]
    return Estimate(
        estimate=ends[0],
        std_error=math.nan,
        conf_low=ends[1],
        conf_high=ends[2],
        conf_level=inputs[0].conf_level,
        n=min(known) if known else None,
        method="carried from the inputs, squared distances added",
    )


def _wilson(count: float, n: float, conf_level: float, effect: float = 1.0) -> Estimate:
    """Give a share of months of accounts, with Wilson's interval for n / effect independent ones."""
    share = float(count / n) if n else 0.0
    low, high = wilson_interval(share, max(float(n) / effect, 1.0), conf_level)
    return Estimate(
        estimate=share,
        std_error=math.sqrt(share * (1 - share) * effect / max(float(n), 1.0)),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=int(n),
        method="Wilson, accounts as clusters",
    )


def _poisson(count: float, exposure: float, conf_level: float, effect: float = 1.0) -> Estimate:
    """Share of a universe that a count stands for, with Garwood's interval for count / effect independent ones."""
    tail = 0.5 - conf_level / 2
    low = effect * float(special.gammaincinv(count / effect, tail)) if count else 0.0
    high = effect * float(special.gammaincinv(count / effect + 1, 1 - tail))
    return Estimate(
        estimate=float(count / exposure),
        std_error=math.sqrt(count * effect) / exposure,
        conf_low=low / exposure,
        conf_high=min(high / exposure, 1.0),
        conf_level=conf_level,
        n=int(count),
        method="Poisson, Garwood",
    )
