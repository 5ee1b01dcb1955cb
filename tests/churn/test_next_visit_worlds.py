"""Next visit in worlds whose truth is known: a short version of `tests.simulations.next_visit`, and the long one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulations.next_visit import METHODS, coverage, simulate, table
from tests.simulations.visit_worlds import BROKEN, LONG_SILENCES, WORLDS


@pytest.mark.parametrize("name", ["bursty", "delayed entry", "lives depend on activity"])
def test_a_few_draws_are_near_the_truth(name: str):
    frame = simulate(name, reps=6, accounts=3000, truth_of=60_000)
    own = frame[frame["method"] == "next visit"]
    assert (own["estimate"] - own["truth"]).groupby(own["time"]).mean().abs().max() < 0.012
    assert own["held"].astype(float).mean() > 0.7
    assert table(frame).count("\n") == len(METHODS) + 1


@pytest.mark.parametrize("name", ["seasonal", "trend over cohorts"])
def test_where_cohorts_differ_it_is_told(name: str):
    own = simulate(name, reps=3, accounts=4000, truth_of=50_000).query("method == 'next visit'")
    assert own["apart"].mean() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in WORLDS if name not in BROKEN and "opening" not in name])
def test_intervals_hold_the_truth_where_the_assumptions_hold(name: str):
    frame = simulate(name, reps=200, accounts=4000)
    assert coverage(frame)[name].min() > 0.90
    if name in LONG_SILENCES:
        found = frame.query("method == 'next visit' and time == 30")
        assert np.abs(found["expected"].mean() / found["called"].mean() - 1) < 0.1
