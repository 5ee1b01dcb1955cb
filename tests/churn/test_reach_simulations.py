"""Whether retention from month to month and the reach that follows hold the truth, accounts being there for months."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from churn.adoption.reach import MonthlyFlows, measure_flows, reach_ceiling
from churn.cohorts.lifecycle import Lifecycle
from churn.cohorts.period_patterns import count_patterns
from surveys.core.results import Estimate

UNIVERSE, MONTHS = 20_000, 12


def lifecycle_of(active: np.ndarray, first: np.ndarray) -> Lifecycle:
    """Lay out a lifecycle of simulated months; active has shape (n_accounts, n_months)."""
    n_months = active.shape[1]
    there = first[:, None] <= np.arange(n_months)
    was = np.zeros_like(active)
    was[:, 1:] = active[:, :-1]
    new = (first[:, None] == np.arange(n_months)).sum(axis=0)
    kept = (active & was).sum(axis=0)
    back = (active & ~was & there).sum(axis=0) - new
    packed = np.zeros((n_months, -(-len(active) // 64) * 8), np.uint8)
    for month in range(n_months):
        bits = np.packbits(active[:, month])
        packed[month, : len(bits)] = bits
    nothing = np.full(n_months, np.nan)
    days = [date(2005, 1, 1) + timedelta(days=31 * month) for month in range(n_months)]
    return Lifecycle(
        period_start=tuple(days),
        n_active=active.sum(axis=0),
        n_new=new,
        n_already=np.zeros_like(new),
        n_retained=kept,
        n_resurrected=back,
        n_lost=was.sum(axis=0) - kept,
        n_dormant=(there & ~active).sum(axis=0),
        complete=np.ones(n_months, bool),
        churn=nothing,
        std_error=nothing,
        conf_low=nothing,
        conf_high=nothing,
        quick_ratio=nothing,
        period="month",
        n=len(active),
        patterns=count_patterns(packed.view(np.uint64), first, np.ones(n_months, bool)),
    )


def simulate(rng: np.random.Generator, rates: dict[float, float], back: float, inflow: float, months: int) -> Lifecycle:
    """Accounts arrive at random, stay from month to month at the rate of their kind, and return at one rate."""
    first = np.repeat(np.arange(months), rng.poisson(inflow, months))
    own = rng.choice(list(rates), len(first), p=list(rates.values()))
    active = np.zeros((len(first), months), bool)
    for month in range(months):
        before = active[:, month - 1] if month else np.zeros(len(first), bool)
        stays = rng.random(len(first)) < np.where(before, own, back)
        active[:, month] = (first == month) | (stays & (first < month))
    return lifecycle_of(active, first)


WORLDS = {
    "one rate, none returns": ({0.6: 1.0}, 0.0, 40, 50),
    "one rate, 2 % of the lapsed return": ({0.6: 1.0}, 0.02, 40, 60),
    "two kinds, none returns": ({0.25: 0.6, 0.93: 0.4}, 0.0, 40, 90),
    "two kinds, 400 arrive": ({0.25: 0.6, 0.93: 0.4}, 0.0, 400, 90),
    "two kinds, 0.5 % of the lapsed return": ({0.25: 0.6, 0.93: 0.4}, 0.005, 40, 90),
}


def flows_of(world: tuple[dict[float, float], float, float, int], rng: np.random.Generator) -> MonthlyFlows:
    found = measure_flows(simulate(rng, *world), universe=UNIVERSE * (world[2] / 40), months=MONTHS)
    assert isinstance(found, MonthlyFlows)
    return found


def coverage(name: str, worlds: int) -> dict[str, float]:
    """Give the share of intervals that hold what a hundred times as many accounts give."""
    rates, back, inflow, months = WORLDS[name]
    rng = np.random.default_rng(11)
    size = 100 if inflow < 100 else 20
    large = simulate(rng, rates, back, inflow * size, months)
    big = measure_flows(large, universe=UNIVERSE * (inflow / 40) * size, months=MONTHS)
    assert isinstance(big, MonthlyFlows)
    reached = big.inflow.estimate / (1 - big.retention.estimate)
    if not back:
        assert reached == pytest.approx(
            large.n_active[-MONTHS - 1 : -1].mean() / (UNIVERSE * inflow / 40 * size), rel=0.05
        )
    arriving = big.inflow.estimate if back else 40 / UNIVERSE
    held: dict[str, list[bool]] = {"retention": [], "inflow": [], "reach": []}
    for _ in range(worlds):
        found = flows_of(WORLDS[name], rng)
        reach = reach_ceiling(found.retention, found.inflow).constant
        assert isinstance(reach, Estimate)
        for key, interval, truth in (
            ("retention", found.retention, big.retention.estimate),
            ("inflow", found.inflow, arriving),
            ("reach", reach, reached),
        ):
            held[key].append(interval.conf_low <= truth <= interval.conf_high)
    return {key: round(float(np.mean(rows)), 3) for key, rows in held.items()}


def test_accounts_are_clusters_and_those_who_return_arrive():
    found = coverage("two kinds, 0.5 % of the lapsed return", 60)
    assert min(found.values()) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_reach_holds_the_truth_in_93_of_100_logs(name: str):
    found = coverage(name, 600 if WORLDS[name][2] < 100 else 400)
    print(f"reach, {name}: {found}")
    assert min(found.values()) >= 0.93
