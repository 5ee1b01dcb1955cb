"""Whether 95 % intervals hold the truth in about 95 % of simulated surveys."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatisticalWarning

from churn.design_based.curves import survey_kaplan_meier
from surveys.design.design import Design
from surveys.estimates.contrasts import add_independent
from surveys.estimates.means import proportion, ratio

STRATA, TOWNS, PEOPLE = 5, 200, 60
SURVEYS = 1000
HONEST = (0.93, 0.97)

Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Population:
    """People in towns of strata, alike within a town; one row per person, those of a town side by side."""

    frame: pd.DataFrame
    truth: dict[str, float]


def make_population(rng: np.random.Generator) -> Population:
    n = STRATA * TOWNS * PEOPLE
    stratum = np.repeat(np.arange(STRATA), TOWNS * PEOPLE)
    town = np.repeat(np.arange(STRATA * TOWNS), PEOPLE)
    alike = rng.normal(0, 0.6, STRATA * TOWNS)[town]
    woman = rng.integers(0, 2, n)
    tenure = np.ceil(rng.exponential(45 * np.exp(-0.4 * woman + alike + 0.15 * stratum)))
    heard = rng.random(n) < 1 / (1 + np.exp(-(0.4 + 0.5 * woman + 0.8 * alike)))
    heard_later = heard | (rng.random(n) < 0.2)
    signed_up = heard & (rng.random(n) < 1 / (1 + np.exp(0.8 - 0.7 * alike + 0.6 * woman)))
    seen = rng.gamma(2, 5 * np.exp(0.5 * alike))
    sent = rng.poisson(seen * np.exp(-1.5 + 0.3 * alike + 0.3 * woman))
    columns = {"stratum": stratum, "town": town, "woman": woman, "tenure": tenure, "seen": seen, "sent": sent}
    columns |= {"heard": heard.astype(float), "heard_later": heard_later.astype(float)}
    frame = pd.DataFrame(columns | {"signed_up": signed_up.astype(float)})
    truth = {
        "S(30)": (tenure > 30).mean(),
        "funnel step": signed_up.sum() / heard.sum(),
        "ratio": sent.sum() / seen.sum(),
        "change between waves": heard_later.mean() - heard.mean(),
    }
    return Population(frame, truth)


def draw_survey(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Draw towns within strata, more in some than in others; in each, women at twice the rate of men."""
    woman = population.frame["woman"].to_numpy().reshape(-1, PEOPLE)
    rows, weights = [], []
    for stratum in range(STRATA):
        drawn = 8 + 2 * stratum
        for town in rng.choice(TOWNS, drawn, replace=False) + stratum * TOWNS:
            for sex, wanted in ((0, 4), (1, 8)):
                there = np.flatnonzero(woman[town] == sex)
                taken = rng.choice(there, min(wanted, len(there)), replace=False)
                rows.append(taken + town * PEOPLE)
                weights.append(np.full(len(taken), TOWNS / drawn * len(there) / len(taken)))
    frame = population.frame.iloc[np.concatenate(rows)].reset_index(drop=True)
    asked = rng.integers(15, 90, len(frame))
    duration = np.minimum(frame["tenure"], asked)
    return frame.assign(w=np.concatenate(weights), duration=duration, event=frame["tenure"] <= asked)


def designed(frame: pd.DataFrame, weight: str | None = "w") -> Design:
    return Design.from_frame(frame, weight=weight, strata="stratum", cluster="town")


def by_lifelines(frame: pd.DataFrame, weights: np.ndarray | None) -> Ends:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatisticalWarning)
        fitted = KaplanMeierFitter().fit(frame["duration"], frame["event"], weights=weights)
    limits = fitted.confidence_interval_
    row = limits.iloc[int(np.searchsorted(limits.index.to_numpy(), 30, "right")) - 1]
    return float(row.iloc[0]), float(row.iloc[1])


def unweighted(mean: float, values: np.ndarray) -> Ends:
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    return mean - half, mean + half


def intervals(frame: pd.DataFrame, later: pd.DataFrame) -> Iterator[tuple[str, str, Ends]]:
    """Give every interval for every quantity in one pair of surveys."""
    ours = "design-based"
    design, after = designed(frame), designed(later)
    kept = survey_kaplan_meier(design, frame["duration"], frame["event"], times=[30]).at(30)
    yield "S(30)", ours, (kept.conf_low, kept.conf_high)
    w = frame["w"].to_numpy()
    for name, weights in (
        ("lifelines, weights", w),
        ("lifelines, weights of mean 1", w / w.mean()),
        ("unweighted", None),
    ):
        yield "S(30)", name, by_lifelines(frame, weights)
    step = proportion(design, frame["signed_up"], rows=frame["heard"] == 1).at("signed_up")
    yield "funnel step", ours, (step.conf_low, step.conf_high)
    some = frame["signed_up"].to_numpy()[frame["heard"] == 1]
    yield "funnel step", "unweighted", unweighted(some.mean(), some)
    rate = ratio(design, frame["sent"], frame["seen"]).at("sent")
    yield "ratio", ours, (rate.conf_low, rate.conf_high)
    plain = frame["sent"].sum() / frame["seen"].sum()
    yield (
        "ratio",
        "unweighted",
        unweighted(plain, ((frame["sent"] - plain * frame["seen"]) / frame["seen"].mean()).to_numpy()),
    )
    before = proportion(design, frame["heard"]).contrast({"heard": -1})
    change = add_independent([proportion(after, later["heard_later"]).contrast({"heard_later": 1}), before])
    yield "change between waves", ours, (change.conf_low, change.conf_high)
    one, two = later["heard_later"].to_numpy(), frame["heard"].to_numpy()
    half = 1.96 * np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
    middle = one.mean() - two.mean()
    yield "change between waves", "unweighted", (middle - half, middle + half)


def cover(surveys: int, seed: int) -> pd.DataFrame:
    """Give the share of surveys whose interval holds the truth, and its mean width."""
    rng = np.random.default_rng(seed)
    population = make_population(rng)
    held = [
        (quantity, method, low <= population.truth[quantity] <= high, high - low)
        for _ in range(surveys)
        for quantity, method, (low, high) in intervals(draw_survey(population, rng), draw_survey(population, rng))
    ]
    table = pd.DataFrame(held, columns=["quantity", "method", "coverage", "width"])
    return table.groupby(["quantity", "method"], sort=False).mean()


def test_intervals_hold_the_truth_in_a_few_surveys():
    found = cover(60, seed=20131231)["coverage"].unstack()
    assert (found["design-based"] >= 0.87).all()
    assert found.loc["S(30)", "lifelines, weights"] < 0.5


@pytest.mark.slow
def test_intervals_hold_the_truth_in_a_thousand_surveys(request: pytest.FixtureRequest):
    if "slow" not in request.config.getoption("markexpr"):
        pytest.skip("takes a minute: asked for with -m slow")
    found = cover(SURVEYS, seed=20090601)
    print()
    print(found.to_string(float_format="{:.3f}".format))
    honest = found.xs("design-based", level="method")["coverage"]
    assert honest.between(*HONEST).all()
    for quantity in honest.index:
        others = found.loc[quantity].drop("design-based")["coverage"]
        assert (others < honest[quantity]).all()
