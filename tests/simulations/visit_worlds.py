"""Worlds in which the whole life of every account is known: patterns of visits, and what a log shows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.days.bitmaps import BITS, words_needed
from churn.days.zones import DAY
from churn.usage.activity import Activity
from surveys.core.arrays import Floats, Ints

Visits = tuple[Ints, Floats]

YEAR, LAST_SIGNUPS = 365, 30
"""Days of the log, and days at its end in which nobody signs up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    How accounts sign up, live and visit.

    `visits(rng, entry, life)` gives account and days since sign-up of every visit of whole lives; `life(rng, entry)`
    how long each lives. Sign-ups begin `before` days before the log, and accounts first seen in its first `opening`
    days are taken to have been there already.
    """

    visits: Callable[[np.random.Generator, Floats, Floats], Visits]
    life: Callable[[np.random.Generator, Floats], Floats] = lambda rng, entry: 60 * rng.weibull(0.7, len(entry))
    days: int = YEAR
    before: int = 0
    opening: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Whole lives: the days of every account (sorted), its sign-up and its last active day, in days of the log."""

    account: Ints
    day: Ints
    signup: Ints
    last: Ints


def poisson(rng: np.random.Generator, rates: Floats, life: Floats) -> Visits:
    """Visits at a constant rate while an account lives."""
    account = np.repeat(np.arange(len(life)), rng.poisson(rates * life))
    return account, rng.random(len(account)) * life[account]


def _rates(rng: np.random.Generator, n: int) -> Floats:
    return rng.gamma(2.0, 0.175, n) + 0.02


def _plain(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    return poisson(rng, _rates(rng, len(life)), life)


def _weekly(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """One evening a week at most."""
    account, since = _plain(rng, entry, life)
    return account, np.minimum(np.floor(since / 7) * 7 + 0.3 * rng.random(len(since)), life[account])


def _monthly(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Three in ten visit about every 40 days."""
    n = len(life)
    return poisson(rng, np.where(rng.random(n) < 0.3, 1 / 40, _rates(rng, n)), life)


def _gamma(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Many accounts with rates close to 0."""
    return poisson(rng, rng.gamma(0.5, 0.3, len(life)), life)


def _bursty(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Ten days with a visit a day, 25 without, on average."""
    parts, t = [], np.zeros(len(life))
    while (t < life).any():
        stop = t + rng.exponential(10, len(life))
        account, since = poisson(rng, np.ones(len(life)), np.maximum(np.minimum(stop, life) - t, 0))
        parts.append((account, t[account] + since))
        t = stop + rng.exponential(25, len(life))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _lognormal(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Silences of 5 days in the median, and a few of months."""
    parts, t, who = [], np.zeros(len(life)), np.arange(len(life))
    while len(who):
        t = t + rng.lognormal(np.log(5), 1.5, len(who))
        who, t = who[t < life[who]], t[t < life[who]]
        parts.append((who, t))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _holiday(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Nobody is seen for 20 days that end 10 days before the log does."""
    account, since = _plain(rng, entry, life)
    day = np.floor(entry[account] + since)
    kept = (day < YEAR - 30) | (day >= YEAR - 10)
    return account[kept], since[kept]


def _seasonal(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Rates between a tenth of their mean, at the end of the log, and nearly twice it."""
    account, since = poisson(rng, 1.9 * _rates(rng, len(life)), life)
    kept = rng.random(len(since)) * 1.9 < 1 - 0.9 * np.cos(2 * np.pi * (entry[account] + since) / 365)
    return account[kept], since[kept]


def _dependent(rng: np.random.Generator, entry: Floats, life: Floats) -> Visits:
    """Who lives long visits often: many accounts are hardly ever seen, and soon gone."""
    return poisson(rng, rng.gamma(1.0, 0.25, len(life)) * np.sqrt(life / 60) + 0.01, life)


def _shorter(rng: np.random.Generator, entry: Floats) -> Floats:
    """Lives three times as short for the last to sign up as for the first."""
    return (90 - 60 * entry / YEAR) * rng.weibull(0.7, len(entry))


WORLDS = {
    "poisson": World(visits=_plain),
    "weekly": World(visits=_weekly),
    "holiday": World(visits=_holiday),
    "monthly": World(visits=_monthly),
    "bursty": World(visits=_bursty),
    "lognormal": World(visits=_lognormal),
    "gamma": World(visits=_gamma),
    "seasonal": World(visits=_seasonal),
    "delayed entry": World(visits=_monthly, before=365, opening=30),
    "delayed, opening of 90 days": World(visits=_monthly, before=365, opening=90),
    "lives depend on activity": World(visits=_dependent),
    "trend over cohorts": World(visits=_plain, life=_shorter),
    "two years": World(visits=_lognormal, days=730),
    "seven months": World(visits=_lognormal, days=210),
}
LONG_SILENCES = ("monthly", "bursty", "lognormal", "gamma")
BROKEN = ("seasonal", "trend over cohorts", "seven months")
"""Where what the curve assumes does not hold, or the log is short."""


def draw(world: World, rng: np.random.Generator, n: int) -> Drawn:
    """Draw whole lives."""
    entry = rng.random(n) * (world.days - LAST_SIGNUPS + world.before) - world.before
    life = world.life(rng, entry)
    account, since = world.visits(rng, entry, life)
    first = np.floor(entry).astype(np.int64)
    day = np.floor(entry[account] + since).astype(np.int64)
    shift = 100_000
    key = np.unique(np.concatenate([np.arange(n) * shift + first + world.before, account * shift + day + world.before]))
    account, day = key // shift, key % shift - world.before
    last = np.empty(n, np.int64)
    last[account] = day
    return Drawn(account=account, day=day, signup=first, last=last)


def observed(world: World, lives: Drawn) -> tuple[Activity, Ints]:
    """Give the log of a world without the accounts of its opening window, and which of the accounts are in it."""
    seen = (lives.day >= 0) & (lives.day < world.days)
    account, day = lives.account[seen], lives.day[seen]
    first = np.full(len(lives.signup), world.days)
    np.minimum.at(first, account, day)
    kept = (first >= world.opening) & (first < world.days)
    who = np.flatnonzero(kept)
    inside = kept[account]
    row, day = np.searchsorted(who, account[inside]), day[inside]
    n = len(who)
    last = np.zeros(n, np.int64)
    last[row] = day
    words = np.zeros((n, words_needed(world.days)), np.uint64)
    np.bitwise_or.at(words, (row, day // BITS), np.uint64(1) << (day % BITS).astype(np.uint64))
    activity = Activity(
        accounts=pd.DataFrame({"account": who}),
        attributes=pd.DataFrame(index=pd.RangeIndex(n)),
        n_events_of=np.bincount(row, minlength=n),
        first=first[who] * DAY,
        last=last * DAY,
        first_day=first[who],
        last_day=last,
        words=words,
        origin=0,
        end=world.days * DAY,
        end_day=world.days,
        timezone="UTC",
        grain="day",
        n_events=len(day),
    )
    return activity, who


def true_survival(world: World, times: tuple[int, ...], *, n: int = 500_000, seed: int = 99) -> Floats:
    """Share of accounts seen after each tenure in their whole life, of those that signed up within the log."""
    rng, found, total, part = np.random.default_rng(seed), np.zeros(len(times)), 0, min(n, 50_000)
    for _ in range(n // part):
        lives = draw(world, rng, part)
        tenure = (lives.last - lives.signup)[lives.signup >= world.opening]
        found += (tenure[:, None] > np.array(times)).sum(axis=0)
        total += len(tenure)
    return found / total
