"""Simulated numbers of accounts followed, with known dropout by number, and accounts that never wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.network.planted import _draws as draw
from churn.simulation import draws as lives
from churn.simulation.study import SimulatedLog
from surveys.core.errors import Problem, SpecError

FEW, MANY = 20, 100
CLASSES = {"few": (0, FEW), "middle": (FEW + 1, MANY - 1), "many": (MANY, np.inf)}
FOLLOWED = (14.0, 20.0, 55.0, 65.0)
"""Median number followed by accounts of each kind in `LIFETIMES`: those that soon leave follow fewer."""
FOLLOWED_SPREAD = 1.6
FOLLOWED_BY_SILENT = 8.0
NEVER_POSTED = 0.27


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedFollowing:
    """
    How many accounts each account follows, with the truth it was drawn from.

    Attributes
    ----------
    accounts : DataFrame
        One row per account: `account`, `followed`. First the accounts of the log, then those that never
        wrote anything, numbered after them.
    truth : DataFrame
        One row per `measure` and `how`, with its `value`. Measures: `never_posted`, share of all accounts
        that never wrote; `following_few`, `following_middle` and `following_many`, share of the accounts of
        the log whose last activity came at most `within_days` after sign-up, among those that follow at most 20,
        21 to 99, and 100 or more; `following_ratio`, few over many. How: `planted`; `expected`, by the
        model, over all that could have been drawn; `recounted`, in the whole simulation.
    """

    accounts: pd.DataFrame
    truth: pd.DataFrame


def simulate_following(
    log: SimulatedLog,
    *,
    seed: int,
    medians: Sequence[float] = FOLLOWED,
    spread: float = FOLLOWED_SPREAD,
    never_posted: float = NEVER_POSTED,
    silent_median: float = FOLLOWED_BY_SILENT,
    within_days: int = 30,
) -> SimulatedFollowing:
    """
    Draw how many accounts each account of a log follows, and accounts that never wrote.

    Parameters
    ----------
    log : SimulatedLog
        The log, with the kind of every account.
    seed : int
        Seed of the PCG64 generator.
    medians : sequence of float, optional
        Median number followed by accounts of each kind of the log.
    spread : float, optional
        Standard deviation of the logarithm of the number followed, within each kind.
    never_posted : float, optional
        Share of all accounts that never wrote anything; they are in no log.
    silent_median : float, optional
        Median number that these follow.
    within_days : int, optional
        Days after sign-up at which dropout is counted; one of those of the log's truth.

    Returns
    -------
    SimulatedFollowing
        Numbers followed, and the truth.

    Raises
    ------
    SpecError
        If a number is out of its range, or there is not a median for each kind.

    Notes
    -----
    The number is log-normal given the kind, and independent of the lifetime within it; lifetimes stay as they
    were drawn. By Bayes' rule the share gone among those that follow few is the mean of the kinds' shares
    gone, weighted by how common each kind is and how often it follows few.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from churn.simulation.study import simulate_events
    >>> log = simulate_events(n_accounts=400, seed=1, end=datetime(2014, 1, 1, tzinfo=UTC))
    >>> truth = simulate_following(log, seed=2).truth
    >>> truth[truth["how"] == "expected"].round(3)[["measure", "value"]].values.tolist()
    [['following_few', 0.737], ['following_middle', 0.532], ['following_many', 0.348], ['following_ratio', 2.116]]
    """
    problems = _following_problems(log, medians, spread, never_posted, silent_median, within_days)
    if problems:
        raise SpecError(*problems)
    rng = np.random.Generator(np.random.PCG64(seed))
    kind = log.accounts["kind"].to_numpy()
    followed = draw.draw_followed(rng, np.asarray(medians, dtype=float)[kind], spread)
    n = len(log.accounts)
    n_silent = int(rng.negative_binomial(n, 1 - never_posted))
    silent = pd.DataFrame(
        {
            "account": lives.account_names(n_silent, first=n + 1),
            "followed": draw.draw_followed(rng, np.full(n_silent, silent_median), spread),
        }
    )
    accounts = pd.concat([log.accounts[["account"]].assign(followed=followed), silent], ignore_index=True)
    gone = (log.accounts["lasted_days"] <= within_days).to_numpy()
    classes = [(followed >= low) & (followed <= high) for low, high in CLASSES.values()]
    counted = [float(gone[rows].mean()) if rows.any() else np.nan for rows in classes]
    expected = _expected_dropout(log, np.asarray(medians, dtype=float), spread, within_days)
    truth = draw.lay_out_truth(
        ("never_posted", "planted", never_posted),
        ("never_posted", "recounted", n_silent / len(accounts)),
        *((f"following_{name}", "expected", share) for name, share in zip(CLASSES, expected, strict=True)),
        ("following_ratio", "expected", expected[0] / expected[-1]),
        *((f"following_{name}", "recounted", share) for name, share in zip(CLASSES, counted, strict=True)),
        ("following_ratio", "recounted", counted[0] / counted[-1] if counted[-1] else np.nan),
    )
    return SimulatedFollowing(accounts=accounts, truth=truth)


def _expected_dropout(log: SimulatedLog, medians: np.ndarray, spread: float, within_days: int) -> list[float]:
    kinds = log.kinds[log.kinds["time_days"] == within_days].sort_values("kind")
    weights = [
        kinds["share"].to_numpy() * draw.chance_of_following(medians, spread, low, high)
        for low, high in CLASSES.values()
    ]
    return [float(np.average(kinds["expected_dropout"], weights=weight)) for weight in weights]


def _following_problems(
    log: SimulatedLog, medians: Sequence[float], spread: float, never_posted: float, silent_median: float, within: int
) -> list[Problem]:
    problems = []
    kinds = log.kinds["kind"].nunique()
    if len(medians) != kinds or min(*medians, spread, silent_median) <= 0:
        what = f"{len(medians)} medians for {kinds} kinds of accounts, or one of them or spread is not above 0"
        problems.append(Problem("simulate_following, medians", what, "Give a positive median for each kind"))
    if not 0 <= never_posted < 1:
        what = f"never_posted is {never_posted}, expected a share from 0 and below 1"
        problems.append(Problem("simulate_following, never_posted", what, "Give a share"))
    if within not in set(log.kinds["time_days"]):
        what = f"{within} days, expected one of those at which the log's truth was counted"
        problems.append(Problem("simulate_following, within_days", what, "Name it under days of simulate_events"))
    return problems
