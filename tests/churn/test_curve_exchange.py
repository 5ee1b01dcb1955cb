"""Kaplan-Meier curves to lifelines and back: the same shares, intervals and counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.nelson_aalen import nelson_aalen
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError

lifelines = pytest.importorskip("lifelines")


def shapes() -> dict[str, Tenures]:
    rng = np.random.default_rng(4)
    entry = rng.integers(0, 5, 400)
    return {
        "many": Tenures(duration=rng.integers(1, 90, 500), event=rng.random(500) < 0.6),
        "one account": Tenures(duration=[5], event=[True]),
        "all censored": Tenures(duration=[3, 3, 8], event=[False] * 3),
        "censored at 0": Tenures(duration=[0, 2, 7], event=[False, True, True]),
        "ties": Tenures(duration=[2, 2, 2, 7], event=[True, True, False, True]),
        "delayed entry": Tenures(duration=entry + rng.integers(3, 40, 400), event=rng.random(400) < 0.5, entry=entry),
        "all enter late": Tenures(duration=[4, 6, 9], event=[True, False, True], entry=[2, 2, 2]),
    }


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("conf_level", [0.8, 0.95])
def test_a_curve_agrees_with_itself_in_lifelines(shape, conf_level):
    curve = kaplan_meier(shapes()[shape], conf_level=conf_level)
    fitter = curve.to_lifelines()
    theirs = fitter.survival_function_at_times(curve.time).to_numpy()
    np.testing.assert_allclose(theirs, curve.survival, rtol=0, atol=1e-12)
    limits = fitter.confidence_interval_.loc[curve.time].to_numpy()
    inside = (curve.survival > 0) & (curve.survival < 1)
    np.testing.assert_allclose(limits[inside, 0], curve.conf_low[inside], atol=1e-9)
    np.testing.assert_allclose(limits[inside, 1], curve.conf_high[inside], atol=1e-9)
    back = SurvivalCurve.from_lifelines(fitter)
    assert back.n == curve.n
    for name in ("time", "n_at_risk", "n_event", "n_censor", "survival", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(getattr(back, name), getattr(curve, name), rtol=1e-12)


def test_what_lifelines_has_no_word_for_is_refused():
    weight = pd.DataFrame({"weight": [1.5, 2.0, 1.0]})
    tenures = Tenures(duration=[1, 2, 3], event=[1, 0, 1], attributes=weight)
    for curve in (kaplan_meier(tenures, weight="weight"), nelson_aalen(tenures).survival()):
        with pytest.raises(SpecError, match="expected Kaplan-Meier with Greenwood's"):
            curve.to_lifelines()
    with pytest.raises(SpecError, match="Fit it first"):
        SurvivalCurve.from_lifelines(lifelines.KaplanMeierFitter())


def test_a_curve_that_lifelines_refuses_is_refused_in_one_sentence():
    """Everybody at risk is gone before others enter."""
    tenures = Tenures(duration=[1, 2, 9, 10, 12], event=[1, 1, 1, 0, 1], entry=[0, 0, 5, 5, 5])
    with pytest.raises(EstimateError, match=r"^to_lifelines: lifelines refuses it: .*[^.]\. Begin it later\.$"):
        kaplan_meier(tenures).to_lifelines()
