"""
Bias and coverage of the next visit, and of other ways to tell who is gone, in worlds whose truth is known.

Usage: python -m tests.simulations.next_visit [--reps 200] [--accounts 4000] [--world NAME ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.definitions.gap_check import compare_gap
from churn.next_visit.curve import HalvesCheck
from churn.next_visit.estimate import next_visit_survival
from churn.next_visit.visit_counts import count_visits
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import Tenures, measure_tenures
from surveys.core.results import Estimate
from tests.simulations.visit_worlds import WORLDS, Drawn, World, draw, observed, true_survival

TIMES = (30, 60, 120)
GAPS = (30, 60, 90, 120, 180)
METHODS = ("next visit", "inactive(30)", "chosen gap", "oracle")


def simulate(name: str, *, reps: int, accounts: int, truth_of: int = 500_000) -> pd.DataFrame:
    """
    Draw a world many times.

    Returns
    -------
    DataFrame
        One row per draw, method and tenure: `world`, `rep`, `method`, `time`, `truth`, `estimate`, `std_error`,
        `held` (the interval holds the truth), `told` (a warning is printed), `far` (the gap of 30 days moves the
        share by more than two standard errors), `called` and `expected` (share of the accounts called gone that come
        back, and its estimate), `called_held`.
    """
    world = WORLDS[name]
    truth = dict(zip(TIMES, true_survival(world, TIMES, n=truth_of), strict=True))
    rng = np.random.default_rng([1, crc32(name.encode())])
    rows = [row for rep in range(reps) for row in _rows(world, draw(world, rng, accounts), rep)]
    frame = pd.DataFrame(rows)
    frame["truth"] = frame["time"].map(truth)
    frame["held"] = ((frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])).where(frame["low"].notna())
    return frame.assign(world=name)


def _rows(world: World, lives: Drawn, rep: int) -> Iterable[dict[str, object]]:
    activity, who = observed(world, lives)
    counts = count_visits(activity)
    curve = next_visit_survival(counts)
    gaps = {gap: kaplan_meier(measure_tenures(activity, DropoutRule("inactive", gap))) for gap in GAPS}
    final = lives.last[who] - activity.first_day
    follow = activity.end_day - 1 - activity.first_day
    oracle = kaplan_meier(Tenures(duration=np.minimum(final, follow), event=final <= follow))
    found = {"next visit": curve, "inactive(30)": gaps[30], "chosen gap": gaps[_chosen(curve, gaps)], "oracle": oracle}
    check = compare_gap(counts, gap_days=30, times=TIMES)
    last = activity.last_day - activity.first_day
    called = last <= follow - 30
    wrong = check.wrongly_gone
    known = isinstance(wrong, Estimate)
    share = float((final > last)[called].mean())
    beside = {
        "rep": rep,
        "called": share,
        "expected": wrong.estimate if known else np.nan,
        "called_held": wrong.conf_low <= share <= wrong.conf_high if known else None,
    }
    for method, each in found.items():
        for time in TIMES:
            told = each.at(time)
            numbers = dict.fromkeys(("estimate", "std_error", "low", "high"), np.nan)
            if isinstance(told, Estimate):
                numbers = {"estimate": told.estimate, "std_error": told.std_error}
                numbers |= {"low": told.conf_low, "high": told.conf_high}
            yield {
                **beside,
                "method": method,
                "time": time,
                **numbers,
                "told": bool(curve.warnings(time)),
                "apart": isinstance(curve.halves, HalvesCheck) and curve.halves.differ,
                "far": check.is_far(time),
            }


def _chosen(curve: object, gaps: dict[int, SurvivalCurve]) -> int:
    """Choose the gap of least estimated squared bias, against the next visit, plus variance."""
    cost = dict.fromkeys(gaps, 0.0)
    for time in TIMES:
        near = curve.at(time)  # type: ignore[attr-defined]
        for gap, each in gaps.items():
            found = each.at(time)
            if isinstance(found, Estimate) and isinstance(near, Estimate):
                cost[gap] += max((found.estimate - near.estimate) ** 2 - near.std_error**2 / 2, 0)
            cost[gap] += found.std_error**2 if isinstance(found, Estimate) else np.inf
    return min(cost, key=lambda gap: cost[gap])


def table(frame: pd.DataFrame) -> str:
    """Write bias and coverage, tenure by tenure, and what is told beside them."""
    lines = [f"{'world':28} {'method':13}" + "".join(f"{f'S({t})':>8}{'bias':>9}{'cover':>7}" for t in TIMES)]
    for name, world in frame.groupby("world", sort=False):
        for method in METHODS:
            cells = []
            for time in TIMES:
                part = world[(world["method"] == method) & (world["time"] == time)]
                bias, cover = (part["estimate"] - part["truth"]).mean(), part["held"].astype(float).mean()
                cells.append(f"{part['truth'].iloc[0]:8.3f}{bias:+9.4f}{cover:7.3f}")
            lines.append(f"{name:28} {method:13}" + "".join(cells))
        own = world[world["method"] == "next visit"]
        told, far = (own.groupby("time")[column].mean().round(2).tolist() for column in ("told", "far"))
        one = own[own["time"] == TIMES[0]]
        lines.append(
            f"{'':28} told {told}, halves apart {one['apart'].mean():.2f}, gap far {far}; called gone wrongly "
            f"{one['called'].mean():.4f}, expected {one['expected'].mean():.4f}, "
            f"interval holds it {one['called_held'].astype(float).mean():.2f}"
        )
    return "\n".join(lines)


def coverage(frame: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Give for each world the coverage of the next visit at `TIMES`."""
    own = frame[frame["method"] == "next visit"].assign(held=lambda rows: rows["held"].astype(float))
    return {str(name): part.groupby("time")["held"].mean().to_numpy() for name, part in own.groupby("world")}


def main() -> None:
    """Run the worlds asked for, and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--world", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    asked = parser.parse_args()
    for i, name in enumerate(asked.world):
        told = table(simulate(name, reps=asked.reps, accounts=asked.accounts))
        print("\n".join(told.split("\n")[min(i, 1) :]), flush=True)


if __name__ == "__main__":
    main()
