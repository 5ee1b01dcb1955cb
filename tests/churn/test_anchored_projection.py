"""What is printed beyond the last period seen begins at the curve seen, and turns out within its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from churn.projection.period_counts import PeriodCounts
from churn.projection.projection import RetentionProjection, project_retention, project_tenures
from churn.tenures.counts import TenureCounts
from surveys.core.results import Unavailable

Draw = Callable[[np.random.Generator, int], np.ndarray]


def of_beta_rates(rng: np.random.Generator, n: int, c: float = 1.0) -> np.ndarray:
    """Periods lived through by accounts whose rates differ by a beta distribution and change with tenure."""
    rates = np.maximum(rng.beta(0.9, 2.5, n), 1e-12)
    return np.ceil((np.log(rng.random(n)) / np.log1p(-rates)) ** (1 / c))


def of_two_types(rng: np.random.Generator, n: int) -> np.ndarray:
    """Half leave at 60 % a period, half at 3 %."""
    return rng.geometric(np.where(rng.random(n) < 0.5, 0.6, 0.03))


def of_a_hazard(hazard: np.ndarray, rng: np.random.Generator, n: int) -> np.ndarray:
    share = np.concatenate([[1.0], np.cumprod(1 - hazard)])
    return 1 + (rng.random(n)[:, None] < share[1:]).sum(axis=1)


PERIODS = np.arange(1, 61)
FLOOR = 0.03 + 0.4 * PERIODS**-1.5
WEEKLY = np.clip(0.25 * PERIODS**-0.7 * np.where(PERIODS % 7 < 2, 2.2, 0.5), 0, 0.9)
WORLDS: dict[str, Draw] = {
    "beta-geometric": of_beta_rates,
    "beta-discrete-Weibull, c = 0.7": lambda rng, n: of_beta_rates(rng, n, 0.7),
    "beta-discrete-Weibull, c = 1.4": lambda rng, n: of_beta_rates(rng, n, 1.4),
    "two types": of_two_types,
    "hazard with a floor": lambda rng, n: of_a_hazard(FLOOR, rng, n),
    "weekly seasonality": lambda rng, n: of_a_hazard(WEEKLY, rng, n),
}
FITTING = tuple(WORLDS)[:3]


class Coverage(NamedTuple):
    """Share of worlds in which the curve seen later lies within the limits, after one period more, half, all again."""

    near: float
    middle: float
    far: float
    width: float


def projected(rng: np.random.Generator, life: np.ndarray, n_seen: int) -> RetentionProjection | Unavailable:
    """Project accounts that signed up one period after the other, so that few were followed to the last."""
    followed = rng.integers(1, n_seen + 1, len(life))
    frame = pd.DataFrame({"duration": np.minimum(life, followed), "event": life <= followed, "n": 1})
    return project_tenures(TenureCounts.from_frame(frame, time_unit="months"))


def coverage(draw: Draw, *, n: int, n_seen: int, worlds: int, seed: int = 3) -> Coverage:
    rng = np.random.default_rng(seed)
    inside, width = [], []
    for _ in range(worlds):
        life = draw(rng, n)
        found = projected(rng, life, n_seen)
        if isinstance(found, Unavailable):
            continue
        last = found.counts.n_periods
        at = [last, last + max(last // 2, 2) - 1, found.horizon - 1]
        rows = found.to_frame().iloc[at]
        later = np.array([(life > k + 1).mean() for k in at])
        inside.append((rows["conf_low"] <= later) & (later <= rows["conf_high"]).to_numpy())
        width.append(rows["conf_high"].iloc[-1] - rows["conf_low"].iloc[-1])
    return Coverage(*np.mean(inside, axis=0).round(3).tolist(), round(float(np.mean(width)), 3))


@pytest.mark.parametrize(("n", "n_seen"), [(2000, 12), (400, 7), (5000, 30)])
def test_the_curve_seen_stands_and_the_projection_begins_at_its_end(n: int, n_seen: int):
    rng = np.random.default_rng(1)
    found = projected(rng, of_two_types(rng, n), n_seen)
    assert isinstance(found, RetentionProjection)
    rows, last, seen = found.to_frame(), found.counts.n_periods, found.counts.to_frame()
    pd.testing.assert_frame_equal(
        rows[["survival", "conf_low", "conf_high"]].iloc[:last], seen[["survival", "conf_low", "conf_high"]]
    )
    model = rows["model"].to_numpy()
    assert np.allclose(rows["survival"].iloc[last:], seen["survival"].iloc[-1] * model[last:] / model[last - 1])
    assert (np.diff(rows["survival"]) <= 0).all()
    assert (rows["conf_low"] <= rows["survival"]).all()
    assert (rows["survival"] <= rows["conf_high"]).all()


def test_an_error_on_periods_held_out_widens_the_interval():
    rng = np.random.default_rng(2)
    found = projected(rng, WORLDS["hazard with a floor"](rng, 100_000), 18)
    assert isinstance(found, RetentionProjection)
    assert not isinstance(found.hold_out, Unavailable)
    assert found.hold_out.lack_of_fit > 0
    rows = found.to_frame()
    assert rows["std_error"].iloc[-1] / rows["survival"].iloc[-1] > found.hold_out.lack_of_fit


def test_where_nothing_can_be_held_out_the_projection_has_an_interval_still():
    rows = project_retention(PeriodCounts.from_survivors([100, 80, 70, 65]), horizon=5).to_frame()
    assert (rows["conf_low"] < rows["survival"]).all()
    assert rows["survival"].iloc[2] == pytest.approx(0.65)


def test_nobody_left_is_projected_as_nobody():
    rows = project_retention(PeriodCounts.from_survivors([100, 60, 20, 0]), horizon=5).to_frame()
    assert rows["survival"].iloc[2:].tolist() == [0, 0, 0]


def test_a_horizon_at_the_last_period_seen_projects_nothing():
    rows = project_retention(PeriodCounts.from_survivors([100, 80, 70, 65]), horizon=3).to_frame()
    assert rows["survival"].round(2).tolist() == [0.8, 0.7, 0.65]
    assert not rows["projected"].any()


def test_where_the_model_fits_the_later_curve_lies_within_the_limits():
    found = coverage(WORLDS["beta-geometric"], n=20_000, n_seen=12, worlds=40)
    assert min(found[:3]) >= 0.87, found


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_how_often_the_later_curve_lies_within_the_limits(name: str):
    found = coverage(WORLDS[name], n=20_000, n_seen=12, worlds=200)
    print(f"anchored projection, {name}: {found}")
    if name in FITTING:
        assert min(found[:3]) >= 0.91, found
