"""Whether open cells turn out within their limits, and that nothing is said of what accounts become."""

from __future__ import annotations

import numpy as np
import pytest

from churn.cohorts._open_cells import project
from churn.projection.period_counts import PeriodCounts
from churn.projection.projection import project_retention

Cells = dict[tuple[int, int], float]


def realised(active: np.ndarray, *, nested: bool) -> tuple[np.ndarray, np.ndarray]:
    """Hide the cells after the diagonal, project them, and tell which exist and which turn out within their limits."""
    n_cohorts, n_ages = active.shape
    size = active[:, 0]
    complete = np.add.outer(np.arange(n_cohorts), np.arange(n_ages)) < n_cohorts
    complete[:, 0] = True
    eligible, seen = np.where(complete, size[:, None], 0), np.where(complete, active, 0)
    before = np.zeros_like(seen)
    before[:, 1:] = np.where(complete[:, 1:], active[:, :-1], 0)
    share = np.where(complete, active / size[:, None], np.nan)
    middle, low, high = project(share, eligible, seen, before, complete, certain=True, nested=nested, conf_level=0.95)
    truth = active / size[:, None]
    return ~np.isnan(middle), (low <= truth + 1e-12) & (truth <= high + 1e-12)


def leavers(rng: np.random.Generator, size: int, trend: float = 0.0, apart: float = 0.0) -> np.ndarray:
    """Ten cohorts of which accounts only leave; the first step rises by `trend` to either side, or scatters."""
    place = np.linspace(-1, 1, 10)[:, None]
    step = np.concatenate([[1.0, 0.45], 0.85 + 0.02 * np.arange(6)])
    own = np.exp(trend * place + apart * rng.standard_normal((10, 1)))
    active = np.zeros((10, 8), int)
    active[:, 0] = size
    for k in range(1, 8):
        share = np.minimum(step[k] * (own if k == 1 else np.exp(0.15 * np.log(own))), 0.995)
        active[:, k] = rng.binomial(active[:, k - 1], share[:, 0])
    return active


def visitors(rng: np.random.Generator, size: int = 80) -> np.ndarray:
    """Forty cohorts of accounts that stay for some months and are seen in nine of ten of these."""
    share = np.array([1] + [0.47 * 0.93**k for k in range(11)])
    alive = rng.random((40, size))[:, :, None] < share
    seen = alive & (rng.random(alive.shape) < 0.9)
    seen[:, :, 0] = True
    return seen.sum(axis=1)


def coverage(draw, cells: tuple[tuple[int, int], ...], worlds: int, *, nested: bool = True) -> Cells:
    rng = np.random.default_rng(10)
    held: dict[tuple[int, int], list[bool]] = {cell: [] for cell in cells}
    for _ in range(worlds):
        exists, inside = realised(draw(rng), nested=nested)
        for cell in cells:
            if exists[cell]:
                held[cell].append(bool(inside[cell]))
    return {cell: round(float(np.mean(rows)), 3) for cell, rows in held.items()}


NEWEST = ((9, 1), (9, 3), (9, 7), (5, 6))
WORLDS = {
    "alike, 80 accounts a cohort": lambda rng: leavers(rng, 80),
    "alike, 1,000": lambda rng: leavers(rng, 1000),
    "rising by 30 % in all, 80": lambda rng: leavers(rng, 80, trend=0.15),
    "rising by 30 % in all, 1,000": lambda rng: leavers(rng, 1000, trend=0.15),
    "scattered by 10 %, 80": lambda rng: leavers(rng, 80, apart=0.1),
    "scattered by 10 %, 1,000": lambda rng: leavers(rng, 1000, apart=0.1),
}


def test_open_cells_turn_out_within_their_limits():
    for draw in (WORLDS["alike, 80 accounts a cohort"], WORLDS["rising by 30 % in all, 1,000"]):
        found = coverage(draw, NEWEST, 120)
        assert min(found.values()) >= 0.89, found


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_93_of_100_open_cells_turn_out_within_their_limits(name: str):
    found = coverage(WORLDS[name], NEWEST, 2000)
    print(f"open cells, cohorts {name}: {found}, mean {np.mean(list(found.values())):.3f}")
    assert min(found.values()) >= 0.92
    assert 0.93 <= np.mean(list(found.values())) <= 0.98


@pytest.mark.slow
def test_open_cells_of_accounts_that_come_and_go_turn_out_within_their_limits():
    found = coverage(visitors, ((39, 1), (39, 5), (39, 11), (34, 8)), 1000, nested=False)
    print(f"open cells, accounts that come and go: {found}")
    assert min(found.values()) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize(
    "mixture", [((0.5, 0.9), (0.5, 0.05)), ((0.45, 0.95), (0.3, 0.2), (0.25, 0.02)), ((0.5, 0.3), (0.5, 0.1))]
)
def test_mixtures_of_constant_rates_are_named_by_no_cause(mixture: tuple[tuple[float, float], ...]):
    rng = np.random.default_rng(13)
    weight, rate = np.array(mixture).T
    named = unfit = 0
    for _ in range(60):
        life = rng.geometric(rate[rng.choice(len(rate), 4000, p=weight)])
        survivors = [4000, *((life > t).sum() for t in range(1, 17))]
        told = str(project_retention(PeriodCounts.from_survivors(survivors), horizon=24).verdict)
        named += "loyal" in told
        unfit += "does not fit" in told
    print(f"mixtures {mixture}: named loyalty {named} of 60, said not to fit {unfit}")
    assert named == 0
