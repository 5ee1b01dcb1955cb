"""Curves of steps share how they are read, named and shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.competing.incidence import cumulative_incidence
from churn.recurrent.mean_cumulative import mean_cumulative_function
from churn.recurrent.recurrences import Recurrences
from churn.survival.followup import follow_up
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.nelson_aalen import nelson_aalen
from churn.survival.step_curve import CurveDisplay, StepCurve
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError
from surveys.core.results import Unavailable


def shapes() -> dict[str, Tenures]:
    rng = np.random.default_rng(8)
    return {
        "many": Tenures(duration=rng.integers(1, 900, 2000), event=rng.random(2000) < 0.6),
        "one account": Tenures(duration=[5], event=[True]),
        "all censored": Tenures(duration=[3, 3, 8], event=[False] * 3),
        "ties": Tenures(duration=[2, 2, 2, 7], event=[True, True, False, True]),
        "delayed entry": Tenures(duration=[4, 6, 9], event=[True, False, True], entry=[1, 2, 0]),
    }


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("estimate", [kaplan_meier, nelson_aalen])
def test_a_row_of_times_is_read_as_each_of_them(shape, estimate):
    curve = estimate(shapes()[shape])
    assert isinstance(curve, StepCurve)
    times = [0, 2.5, 5, 1e6]
    for given in (times, tuple(times), np.array(times), pd.Series(times, index=list("abcd"))):
        read = curve.at(given)
        assert list(read) == ["time", "estimate", "std_error", "conf_low", "conf_high"]
        assert read.time.tolist() == times
        for k, time in enumerate(times):
            one = curve.at(time)
            if isinstance(one, Unavailable):
                assert read.iloc[k, 1:].isna().all()
            else:
                np.testing.assert_array_equal(
                    read.iloc[k, 1:].to_numpy(), [one.estimate, one.std_error, one.conf_low, one.conf_high]
                )
    assert curve.at([]).shape == (0, 5)


@pytest.mark.parametrize("times", ["30", None, float("nan"), True, ["30"], [1, float("nan")], [[1, 2], [3, 4]]])
def test_what_is_no_time_is_refused(times):
    for curve in (kaplan_meier(shapes()["ties"]), nelson_aalen(shapes()["ties"])):
        with pytest.raises(SpecError, match=rf"^{type(curve).__name__}\.at, time: got "):
            curve.at(times)


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("estimate", [kaplan_meier, nelson_aalen, follow_up])
def test_a_curve_is_named_shortly_and_shown_with_its_drawing(shape, estimate):
    curve = estimate(shapes()[shape])
    assert isinstance(curve, CurveDisplay)
    assert len(repr(curve)) < 500
    shown = curve._repr_html_()
    assert "<table" in shown
    assert "data:image/png;base64," in shown


def test_curves_of_causes_and_of_events_that_come_again_too():
    tenures = Tenures(duration=[1, 2, 3, 4], event=[1, 1, 0, 1], cause=[1, 2, 0, 1], causes=("a", "b"))
    events = Recurrences.from_tables(
        pd.DataFrame({"account": ["a", "a", "b"], "time": [3, 5, 4]}),
        pd.DataFrame({"account": ["a", "b", "c"], "end": [9, 6, 4]}),
    )
    for curve in (cumulative_incidence(tenures), mean_cumulative_function(events)):
        assert len(repr(curve)) < 500
        assert "data:image/png" in curve._repr_html_()
    assert mean_cumulative_function(events).at([1, 2]).estimate.iloc[0] == 0
