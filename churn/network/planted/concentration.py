"""How unevenly simulated messages are spread over accounts: counted in a log, and expected of very many accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd

from churn.network.concentration import lorenz
from churn.network.planted import _draws as draw
from churn.network.planted.following import NEVER_POSTED
from churn.simulation.study import LIFETIMES, RATE_MEAN, RATE_SHAPE, SIGNUPS_FRANCE

TOP = 0.2


def count_concentration(events: pd.DataFrame, *, n_silent: int) -> pd.DataFrame:
    """
    Count how unevenly the messages of a log are spread over accounts.

    Parameters
    ----------
    events : DataFrame
        Column `account`.
    n_silent : int
        Accounts that never wrote, and are in no log.

    Returns
    -------
    DataFrame
        Columns `measure`, `how` (recounted), `value`: `gini_active` and `top20_active` over the accounts that
        wrote, `gini_accounts` and `top20_accounts` over all.

    Examples
    --------
    >>> count_concentration(pd.DataFrame({"account": list("aaab")}), n_silent=2)["value"].round(3).tolist()
    [0.25, 0.3, 0.625, 0.6]
    """
    counts = events["account"].value_counts().to_numpy()
    return _concentration(counts, np.concatenate([np.zeros(n_silent, dtype=np.int64), counts]), "recounted")


def expect_concentration(
    *,
    seed: int,
    end: datetime,
    never_posted: float = NEVER_POSTED,
    signups: Sequence[tuple[date, float]] = SIGNUPS_FRANCE,
    lifetimes: Sequence[tuple[float, float]] = LIFETIMES,
    rate_mean: float = RATE_MEAN,
    rate_shape: float = RATE_SHAPE,
    n_accounts: int = 1_000_000,
) -> pd.DataFrame:
    """
    Find how unevenly the messages of very many accounts would be spread.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.
    end : datetime
        End of the window, with a time zone.
    never_posted : float, optional
        Share of all accounts that never wrote.
    signups, lifetimes, rate_mean, rate_shape : optional
        As in `churn.simulation.study.simulate_events`.
    n_accounts : int, optional
        Accounts that wrote, to be drawn; the values err by about their number to the power of minus a half.

    Returns
    -------
    DataFrame
        As `count_concentration`, `how` is expected.

    Examples
    --------
    >>> found = expect_concentration(seed=1, end=datetime(2014, 1, 1, tzinfo=UTC), n_accounts=10_000)
    >>> found["value"].round(1).tolist()
    [0.8, 0.8, 0.8, 0.9]
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    shares, means = zip(*lifetimes, strict=True)
    counts = draw.draw_message_counts(
        rng,
        n_accounts,
        end=end.timestamp(),
        knots=[datetime.combine(day, time(), UTC).timestamp() for day, _ in signups],
        growth=[level for _, level in signups],
        shares=shares,
        means=means,
        rate_mean=rate_mean,
        rate_shape=rate_shape,
    )
    n_silent = round(n_accounts * never_posted / (1 - never_posted))
    return _concentration(counts, np.concatenate([np.zeros(n_silent, dtype=np.int64), counts]), "expected")


def _concentration(active: np.ndarray, accounts: np.ndarray, how: str) -> pd.DataFrame:
    return draw.lay_out_truth(
        *(
            row
            for base, curve in (("active", lorenz(active)), ("accounts", lorenz(accounts)))
            for row in (
                (f"gini_{base}", how, curve.gini()),
                (f"top20_{base}", how, curve.top_share(TOP)),
            )
        )
    )
