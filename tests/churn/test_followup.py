from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from matplotlib.figure import Figure

from churn.survival.followup import follow_up
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable

mpl.use("agg")


def simulated() -> Tenures:
    rng = np.random.default_rng(4)
    left, ended = rng.integers(1, 200, 200), rng.integers(20, 90, 200)
    age = pd.DataFrame({"age": rng.choice(["18-24", "25-34"], 200)})
    return Tenures(duration=np.minimum(left, ended), event=left <= ended, attributes=age)


def test_agrees_with_lifelines_on_events_turned_round():
    tenures = simulated()
    found = follow_up(tenures)
    theirs = KaplanMeierFitter().fit(tenures.duration, ~tenures.event)
    np.testing.assert_allclose(found.curve.survival, theirs.survival_function_at_times(found.curve.time), atol=1e-12)
    assert isinstance(found.median, Estimate)
    assert found.median.estimate == theirs.median_survival_time_
    assert found.median.method == "reverse Kaplan-Meier, log-log interval, Brookmeyer-Crowley"


def test_it_is_the_median_duration_when_nobody_leaves():
    durations = np.array([3, 5, 8, 13, 21])
    found = follow_up(Tenures(duration=durations, event=np.zeros(5, bool))).median
    assert isinstance(found, Estimate)
    assert found.estimate == np.median(durations)


def test_counts_give_the_same_as_rows():
    tenures = simulated()
    frames = [follow_up(x, by="age")["18-24"].to_frame() for x in (tenures, count_tenures(tenures, by=["age"]))]
    pd.testing.assert_frame_equal(*frames)
    assert frames[0].columns.tolist()[2:5] == ["n_ended", "n_left", "share"]


def test_says_so_when_all_left():
    found = follow_up(Tenures(duration=[1, 2], event=[1, 1]))
    assert isinstance(found.median, Unavailable)
    assert found.summary() == (
        "follow-up not known: 100.0% of accounts would still be followed at 2 days, when the last left"
    )


def test_causes_do_not_matter():
    tenures = Tenures(duration=[1, 2, 3], event=[1, 0, 0], cause=[1, 0, 0], causes=("x",))
    assert follow_up(tenures).curve.n_event.tolist() == [0, 1, 1]


def test_is_drawn_as_steps():
    ax = Figure().add_subplot()
    found = follow_up(simulated())
    found.plot(ax)
    assert ax.lines[0].get_ydata()[-1] == found.curve.survival[-1]


def test_refuses_a_share_that_is_none():
    with pytest.raises(SpecError, match="expected a share between 0 and 1"):
        follow_up(simulated()).quantile(2)
