"""Every estimate by group, on groups as they come: blanks, one level, a level of one account, one nobody stayed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn import (
    Recurrences,
    Tenures,
    actuarial_life_table,
    count_tenures,
    cumulative_incidence,
    dropout_rates,
    follow_up,
    gray_test,
    kaplan_meier,
    logrank,
    mean_cumulative_function,
    nelson_aalen,
    pairwise_logrank,
    restricted_means,
)
from churn.regression.person_periods import count_periods
from surveys.core.errors import EstimateError

N = 40
ESTIMATES: dict[str, Callable[[Any], Any]] = {
    "kaplan_meier": lambda tenures: kaplan_meier(tenures, by="g"),
    "nelson_aalen": lambda tenures: nelson_aalen(tenures, by="g"),
    "cumulative_incidence": lambda tenures: cumulative_incidence(tenures, by="g"),
    "follow_up": lambda tenures: follow_up(tenures, by="g"),
    "dropout_rates": lambda tenures: dropout_rates(tenures, by="g"),
    "count_periods": lambda tenures: count_periods(tenures, by=["g"]),
}
COMPARISONS: dict[str, Callable[[Any], Any]] = {
    "logrank": lambda tenures: logrank(tenures, by="g"),
    "pairwise_logrank": lambda tenures: pairwise_logrank(tenures, by="g"),
    "gray_test": lambda tenures: gray_test(tenures, by="g"),
    "restricted_means": lambda tenures: restricted_means(tenures, by="g", until=5.0),
}
GROUPS: dict[str, list[str | None]] = {
    "blanks": [("a", "b", None, "")[i % 3] for i in range(N)],
    "one level": ["a"] * N,
    "one account": ["a", "b"] * (N // 2 - 1) + ["a", "lone"],
    "one account and blanks": ["a", None] * (N // 2 - 1) + ["a", "lone"],
}


def tenures_of(group: list[str | None], *, short: str = "") -> Tenures:
    rng = np.random.default_rng(5)
    duration = rng.integers(6, 60, N).astype(float)
    cause = rng.integers(0, 3, N)
    duration[[level == short for level in group]] = 0.0
    return Tenures(
        duration=duration,
        event=cause > 0,
        cause=cause,
        causes=("closed", "banned"),
        attributes=pd.DataFrame({"g": group}),
    )


@pytest.mark.parametrize("shape", GROUPS)
@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("counted", [False, True])
def test_estimates_by_group_take_every_shape_of_group(name: str, shape: str, counted: bool) -> None:
    tenures = tenures_of(GROUPS[shape])
    found = ESTIMATES[name](count_tenures(tenures, by=["g"]) if counted else tenures)
    told = found.values() if isinstance(found, dict) else [found]
    assert all(isinstance(each.summary(), str) and len(each.to_frame()) for each in told)


@pytest.mark.parametrize("shape", [shape for shape in GROUPS if shape != "one level"])
@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("counted", [False, True])
def test_comparisons_take_every_group_of_two_levels_or_more(name: str, shape: str, counted: bool) -> None:
    tenures = tenures_of(GROUPS[shape])
    found = COMPARISONS[name](count_tenures(tenures, by=["g"]) if counted else tenures)
    assert isinstance(found.summary(), str)
    absent = sum(level is None for level in GROUPS[shape])
    assert [note.values["n"] for note in found.notes if "without a value" in note.message] == [absent] * bool(absent)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_of_one_level_say_that_there_is_one(name: str) -> None:
    with pytest.raises(EstimateError, match="expected two or more"):
        COMPARISONS[name](tenures_of(GROUPS["one level"]))


@pytest.mark.parametrize("name", [*ESTIMATES, "logrank", "pairwise_logrank", "gray_test"])
def test_a_level_whose_longest_tenure_is_0_stops_nothing(name: str) -> None:
    found = {**ESTIMATES, **COMPARISONS}[name](tenures_of(GROUPS["one account"], short="lone"))
    told = found.values() if isinstance(found, dict) else [found]
    assert all(isinstance(each.summary(), str) for each in told)


def test_mean_counts_of_events_take_blanks_and_single_accounts() -> None:
    events = pd.DataFrame({"account": ["a", "a", "b"], "time": [3, 5, 4]})
    accounts = pd.DataFrame({"account": list("abc"), "end": [9, 6, 4], "age": ["18-24", "25-34", None]})
    found = mean_cumulative_function(Recurrences.from_tables(events, accounts), by="age")
    assert {level: curve.n for level, curve in found.items()} == {"18-24": 1, "25-34": 1}


def test_life_tables_of_accounts_without_tenure_stop_nothing() -> None:
    assert actuarial_life_table(Tenures(duration=[0, 0], event=[True, False]), breaks=[0, 1, 2]).summary()
