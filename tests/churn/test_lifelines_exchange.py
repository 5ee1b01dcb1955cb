"""Models to and from lifelines: what was fitted here agrees with itself there, and the other way round."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from churn.parametric.aft import AcceleratedFailureTime
from churn.parametric.exchange import FITTERS
from churn.parametric.results import AcceleratedFailureTimeResult
from churn.regression.cox import Cox
from churn.regression.cox_results import CoxResult
from churn.tenures.counts import count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError

lifelines = pytest.importorskip("lifelines")
N = 300
PROFILES = pd.DataFrame({"plan": ["basic", "pro", "pro"], "age": [20.0, 40.0, 65.0], "wave": [1, 2, 2]})
TIMES = [0.0, 0.5, 3.0, 7.5, 19.0]


def make_tenures(*, seed: int = 3, discrete: bool = True, entry: bool = False) -> Tenures:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "plan": rng.choice(["basic", "family", "pro"], N),
            "age": rng.uniform(18, 70, N),
            "wave": rng.integers(1, 4, N),
            "w": rng.uniform(0.5, 2, N),
        }
    )
    left = rng.exponential(12 * np.exp(0.5 * (frame["plan"] == "pro") + 0.01 * frame["age"]))
    left = np.ceil(left) if discrete else left
    begun = np.where(rng.random(N) < 0.3, np.minimum(left, 20) * 0.4, np.nan) if entry else None
    return Tenures(duration=np.minimum(left, 20), event=left <= 20, entry=begun, attributes=frame)


MODELS = {
    "plain": (Cox("~ plan + age"), {}),
    "interaction": (Cox("~ plan * age + np.log(age)"), {}),
    "factor": (Cox("~ plan + factor(wave)"), {}),
    "breslow": (Cox("~ plan + age", ties="breslow"), {}),
    "one stratum column": (Cox("~ age", strata="plan"), {}),
    "strata": (Cox("~ age", strata=("plan", "wave")), {}),
    "weights": (Cox("~ plan + age", weights="w"), {}),
    "entry": (Cox("~ plan + age"), {"entry": True}),
    "continuous": (Cox("~ age"), {"discrete": False}),
}


@pytest.mark.parametrize("name", MODELS)
def test_summary_and_predictions_of_a_cox_model_agree(name: str):
    model, shape = MODELS[name]
    fitted = model.fit(make_tenures(**shape), conf_level=0.9)
    theirs = fitted.to_lifelines()
    np.testing.assert_allclose(theirs.params_, fitted.estimate)
    summary = theirs.summary
    np.testing.assert_allclose(summary["se(coef)"], fitted.std_error)
    np.testing.assert_allclose(summary["p"], fitted.p_value, rtol=1e-8)
    np.testing.assert_allclose(summary["coef lower 90%"], fitted.conf_low)
    shares = theirs.predict_survival_function(PROFILES, times=TIMES)
    ours = fitted.predict(PROFILES, TIMES)
    for profile in range(len(PROFILES)):
        own = ours[ours["profile"] == profile]
        if model.strata:
            level = ", ".join(f"{column}={PROFILES[column][profile]}" for column in model.strata)
            own = own[own["stratum"] == level]
        seen = own["survival"].notna().to_numpy()
        np.testing.assert_allclose(shares[profile][seen], own["survival"][seen], rtol=1e-10)
    assert theirs.concordance_index_ == pytest.approx(fitted.concordance().estimate.estimate)
    assert theirs.log_likelihood_ratio_test().test_statistic == pytest.approx(fitted.likelihood_ratio_test().statistic)
    assert len(theirs.predict_median(PROFILES)) == len(PROFILES)
    assert np.isfinite(theirs.predict_expectation(PROFILES)).all()
    theirs.print_summary(style="ascii")


def test_counts_and_accounts_make_the_same_fitter():
    tenures = make_tenures()
    by_account = Cox("~ plan").fit(tenures).to_lifelines()
    by_count = Cox("~ plan").fit(count_tenures(tenures, by=["plan"])).to_lifelines()
    frame = PROFILES[["plan"]]
    np.testing.assert_allclose(
        by_account.predict_survival_function(frame, times=TIMES), by_count.predict_survival_function(frame, times=TIMES)
    )
    assert by_account.weights.sum() == by_count.weights.sum() == N


def test_what_lifelines_fits_itself_is_what_it_is_given():
    tenures = make_tenures(discrete=False)
    frame = tenures.attributes[["plan", "age"]].assign(T=tenures.duration, E=tenures.event)
    theirs = lifelines.CoxPHFitter().fit(frame, "T", "E", formula="plan + age")
    ours = Cox("~ plan + age").fit(tenures).to_lifelines()
    np.testing.assert_allclose(ours.params_, theirs.params_, rtol=1e-5)
    np.testing.assert_allclose(ours.variance_matrix_, theirs.variance_matrix_, rtol=1e-4, atol=1e-8)
    times = tenures.duration[tenures.event][:20]
    np.testing.assert_allclose(
        ours.predict_survival_function(PROFILES, times=np.sort(times)),
        theirs.predict_survival_function(PROFILES, times=np.sort(times)),
        rtol=1e-4,
    )


def test_a_fitter_of_lifelines_has_our_tables_and_drawings():
    tenures = make_tenures()
    frame = tenures.attributes[["plan", "age"]].assign(T=tenures.duration, E=tenures.event)
    theirs = lifelines.CoxPHFitter().fit(frame, "T", "E", formula="plan + age")
    found = CoxResult.from_lifelines(theirs)
    np.testing.assert_allclose(found.to_frame()["hazard_ratio"], theirs.hazard_ratios_)
    np.testing.assert_allclose(found.conf_high, theirs.confidence_intervals_["95% upper-bound"])
    predicted = found.predict(PROFILES, [3, 7])
    assert predicted["profile"].tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(
        predicted["survival"], theirs.predict_survival_function(PROFILES, times=[3, 7]).T.to_numpy().ravel()
    )


def test_what_was_sent_comes_back():
    fitted = Cox("~ plan + age").fit(make_tenures())
    back = CoxResult.from_lifelines(fitted.to_lifelines())
    pd.testing.assert_frame_equal(back.to_frame(), fitted.to_frame())
    assert back.summary() == fitted.summary()


def test_exact_ties_are_refused():
    fitted = Cox("~ age", ties="exact").fit(make_tenures())
    with pytest.raises(SpecError, match="to_lifelines: cannot be had with exact ties"):
        fitted.to_lifelines()


def test_other_fitters_are_refused():
    tenures = make_tenures()
    frame = tenures.attributes[["age"]].assign(T=tenures.duration, E=tenures.event)
    for fitter, match in [
        (lifelines.KaplanMeierFitter(), "got KaplanMeierFitter"),
        (lifelines.CoxPHFitter(), "is not fitted"),
        (lifelines.CoxPHFitter(penalizer=0.1).fit(frame, "T", "E"), "a penalty"),
    ]:
        with pytest.raises(SpecError, match=match):
            CoxResult.from_lifelines(fitter)


DISTRIBUTIONS = ("weibull", "log-normal", "log-logistic")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("formula", [None, "~ plan + age", "~ plan + factor(wave)"])
def test_summary_and_predictions_of_an_aft_model_agree(distribution: str, formula: str | None):
    fitted = AcceleratedFailureTime(formula=formula, distribution=distribution).fit(make_tenures(), conf_level=0.9)
    theirs = fitted.to_lifelines()
    np.testing.assert_allclose(theirs.summary["se(coef)"], fitted.std_error)
    np.testing.assert_allclose(theirs.summary["p"], fitted.p_value, rtol=1e-8, atol=1e-300)
    times = [0.5, 3.0, 7.5, 40.0]
    shares = theirs.predict_survival_function(PROFILES, times=times).T.to_numpy().ravel()
    np.testing.assert_allclose(shares, fitted.predict(PROFILES, times)["survival"], rtol=1e-10)
    medians = fitted.quantiles(0.5, PROFILES)["time"]
    np.testing.assert_allclose(theirs.predict_median(PROFILES), medians, rtol=1e-10)
    theirs.print_summary(style="ascii")
    back = type(fitted).from_lifelines(theirs)
    pd.testing.assert_frame_equal(back.to_frame(), fitted.to_frame())


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("formula", ["plan + age", None])
def test_an_aft_fitter_of_lifelines_is_read(distribution: str, formula: str | None):
    tenures = make_tenures()
    columns = ["plan", "age"] if formula else ["age", "wave"]
    frame = tenures.attributes[columns].assign(T=tenures.duration, E=tenures.event)
    fitter = getattr(lifelines, FITTERS[distribution].name)().fit(frame, "T", "E", formula=formula)
    found = AcceleratedFailureTimeResult.from_lifelines(fitter)
    ours = AcceleratedFailureTime(formula=f"~ {' + '.join(columns)}", distribution=distribution).fit(tenures)
    assert list(found.index) == list(ours.index)
    assert found.terms == ours.terms
    np.testing.assert_allclose(found.estimate, ours.estimate, rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(found.std_error, ours.std_error, rtol=1e-2)
    shares = fitter.predict_survival_function(PROFILES, times=[3.0, 9.0]).T.to_numpy().ravel()
    np.testing.assert_allclose(found.predict(PROFILES, [3.0, 9.0])["survival"], shares, rtol=1e-10)


def test_what_lifelines_does_not_have_is_refused():
    with pytest.raises(SpecError, match="lifelines has no exponential model"):
        AcceleratedFailureTime(distribution="exponential").fit(make_tenures()).to_lifelines()
    with pytest.raises(SpecError, match="got CoxPHFitter"):
        AcceleratedFailureTimeResult.from_lifelines(lifelines.CoxPHFitter())
    with pytest.raises(SpecError, match="is not fitted"):
        AcceleratedFailureTimeResult.from_lifelines(lifelines.WeibullAFTFitter())


@pytest.fixture(autouse=True)
def quiet():
    """Let what lifelines itself warns of pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
