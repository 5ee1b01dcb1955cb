"""What is true of every fitted model: tables, sentences, tests, predictions and displays of one kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churn.design_based.cox import survey_cox
from churn.parametric.aft import AcceleratedFailureTime
from churn.parametric.cure import mixture_cure
from churn.parametric.splines import smooth_survival
from churn.regression.cox import Cox
from churn.regression.discrete import DiscreteHazard
from churn.regression.fine_gray import fine_gray
from churn.tenures.tenures import Tenures
from surveys.core.errors import SpecError
from surveys.design.design import Design
from surveys.models.fitted import FittedModel
from surveys.models.glm import SurveyGlm
from surveys.models.significance import ChiSquaredTest, WaldTest

N = 240
DURATION_MODELS = ("cox", "fine_gray", "discrete", "aft")


def make_frame(rng: np.random.Generator) -> pd.DataFrame:
    plan, age = rng.choice(["basic", "family", "pro"], N), rng.uniform(18, 70, N)
    left = np.ceil(rng.exponential(12 * np.exp(0.5 * (plan == "pro") + 0.01 * age)))
    return pd.DataFrame(
        {
            "plan": plan,
            "age": age,
            "duration": np.minimum(left, 20),
            "event": left <= 20,
            "cause": np.where(left <= 20, rng.integers(1, 3, N), 0),
            "kept": (left > 20).astype(float),
            "town": np.repeat(np.arange(N // 8), 8),
        }
    )


def fit_all(*, formula: str = "plan + age") -> dict[str, FittedModel]:
    frame = make_frame(np.random.default_rng(5))
    tenures = Tenures(
        duration=frame["duration"],
        event=frame["event"],
        cause=frame["cause"],
        causes=("left", "banned"),
        attributes=frame[["plan", "age"]],
    )
    design = Design.from_frame(frame, cluster="town")
    return {
        "cox": Cox(f"~ {formula}").fit(tenures),
        "fine_gray": fine_gray(tenures, f"~ {formula}", cause="left"),
        "discrete": DiscreteHazard(f"~ {formula}").fit(tenures),
        "aft": AcceleratedFailureTime(formula=f"~ {formula}").fit(tenures),
        "glm": SurveyGlm(f"kept ~ {formula}", family="quasibinomial").fit(design, frame),
        "linear": SurveyGlm(f"kept ~ {formula}").fit(design, frame),
        "survey_cox": survey_cox(design, frame["duration"], frame["event"], frame[["plan", "age"]]),
    }


FITTED = fit_all()


@pytest.mark.parametrize("name", FITTED)
def test_tables_have_the_same_columns(name: str):
    fitted = FITTED[name]
    statistic = "z" if np.isinf(fitted.df) else "t"
    wanted = ["term", "estimate", "std_error", statistic, "p_value", "conf_low", "conf_high"]
    if fitted.ratio:
        wanted += [fitted.ratio, f"{fitted.ratio}_low", f"{fitted.ratio}_high"]
    assert fitted.to_frame().columns.tolist() == wanted


@pytest.mark.parametrize("name", FITTED)
def test_displays_are_short(name: str):
    fitted = FITTED[name]
    assert len(repr(fitted)) < 500
    shown = fitted._repr_html_()
    assert shown.count("<table") == 1
    assert "plan[T.pro]" in shown


def test_a_model_of_many_coefficients_is_shown_short():
    frame = pd.DataFrame({"y": np.arange(400) % 7.0, "level": [f"level {i % 80:03}" for i in range(400)]})
    fitted = SurveyGlm("y ~ level").fit(Design.from_frame(frame.assign(w=1.0), weight="w"), frame)
    assert len(repr(fitted)) < 500
    assert fitted._repr_html_().count("<tr") == 31
    assert "50 more coefficients" in fitted._repr_html_()


@pytest.mark.parametrize("name", FITTED)
def test_a_term_is_tested_by_the_distribution_of_its_intervals(name: str):
    fitted = FITTED[name]
    found = fitted.wald_test("plan")
    assert isinstance(found, ChiSquaredTest if np.isinf(fitted.df) else WaldTest)
    one = fitted.wald_test("age")
    place = fitted.terms["age"][0]
    assert one.statistic == pytest.approx(fitted.statistic[place] ** 2)
    assert one.p_value == pytest.approx(fitted.p_value[place])


@pytest.mark.parametrize("name", FITTED)
def test_an_unknown_term_or_coefficient_is_refused(name: str):
    with pytest.raises(SpecError, match="the model has no such term"):
        FITTED[name].wald_test("plam")
    with pytest.raises(SpecError):
        FITTED[name].contrast({"plan[T.por]": 1})


@pytest.mark.parametrize("name", FITTED)
def test_a_contrast_of_one_coefficient_is_the_coefficient(name: str):
    fitted = FITTED[name]
    found = fitted.contrast({"age": 1.0})
    place = fitted.terms["age"][0]
    assert (found.estimate, found.std_error) == pytest.approx((fitted.estimate[place], fitted.std_error[place]))
    assert (found.conf_low, found.conf_high) == pytest.approx((fitted.conf_low[place], fitted.conf_high[place]))


@pytest.mark.parametrize("name", DURATION_MODELS)
def test_one_time_and_several_predict_alike(name: str):
    profiles = pd.DataFrame({"plan": ["pro", "basic"], "age": [30.0, 40.0]})
    fitted = FITTED[name]
    several = fitted.predict(profiles, [4, 9, 15])
    share = "incidence" if name == "fine_gray" else "survival"
    one = fitted.predict(profiles, 9)
    assert several.loc[several["time"] == 9, share].tolist() == one[share].tolist()
    assert len(one) == 2


@pytest.mark.parametrize("name", DURATION_MODELS)
def test_a_negative_time_is_refused(name: str):
    with pytest.raises(SpecError, match="negative"):
        FITTED[name].predict(pd.DataFrame({"plan": ["pro"], "age": [30.0]}), [3, -1])


def test_a_share_beyond_what_was_observed_is_missing_under_cox():
    found = FITTED["cox"].predict(pd.DataFrame({"plan": ["pro"], "age": [30.0]}), [0.5, 20, 25])
    assert found["survival"].isna().tolist() == [False, False, True]
    assert found["survival"].iloc[0] == 1


def test_predictions_of_a_regression_are_those_of_its_coefficients():
    fitted = FITTED["glm"]
    found = fitted.predict(pd.DataFrame({"plan": ["pro"], "age": [30.0]})).iloc[0]
    logit = fitted.contrast({"Intercept": 1, "plan[T.pro]": 1, "age": 30})
    ends = [1 / (1 + np.exp(-x)) for x in (logit.estimate, logit.conf_low, logit.conf_high)]
    assert [found["mean"], found["conf_low"], found["conf_high"]] == pytest.approx(ends)


def test_names_of_columns_may_hold_spaces_under_a_design():
    frame = make_frame(np.random.default_rng(5)).rename(columns={"plan": "kind of plan"})
    design = Design.from_frame(frame, cluster="town")
    fitted = survey_cox(design, frame["duration"], frame["event"], frame[["kind of plan", "age"]])
    assert fitted.estimate == pytest.approx(FITTED["survey_cox"].estimate)
    assert list(fitted.terms) == ["kind of plan", "age"]
    assert list(fitted.index) == ["kind of plan[T.family]", "kind of plan[T.pro]", "age"]


def test_curves_of_parametric_models_are_shown_short_and_take_one_time():
    frame = make_frame(np.random.default_rng(5))
    tenures = Tenures(duration=frame["duration"], event=frame["event"])
    some_stay = Tenures(duration=[1, 2, 3, 4, 60, 60, 60], event=[1] * 4 + [0] * 3)
    for found in (smooth_survival(tenures), mixture_cure(some_stay)):
        assert len(repr(found)) < 500
        assert found._repr_html_().count("<table") == 1
        assert found.survival(9)["survival"].tolist() == pytest.approx(found.survival([3, 9])["survival"].tolist()[1:])


def test_predicted_curves_are_shown_short():
    curves = FITTED["cox"].survival(pd.DataFrame({"plan": ["pro", "basic"], "age": [30.0, 40.0]}))
    assert repr(curves) == "<CoxCurves: 2 profiles, 2 curves>"
    assert len(repr(curves.curves[0])) < 200


def test_a_row_of_times_is_read_as_each_of_them():
    frame = make_frame(np.random.default_rng(5))
    smooth = smooth_survival(Tenures(duration=frame["duration"], event=frame["event"]))
    cox = FITTED["cox"].survival(pd.DataFrame({"plan": ["pro"], "age": [30.0]})).curve()
    for curve, about in ((smooth, {}), (cox, {}), (FITTED["aft"], {"plan": "pro", "age": 30.0})):
        for times in ([2.0, 9.5], np.array([2.0, 9.5]), pd.Series([2.0, 9.5])):
            read = curve.at(times, **about)
            assert list(read) == ["time", "estimate", "std_error", "conf_low", "conf_high"]
            for row in read.itertuples():
                one = curve.at(row.time, **about)
                assert (row.estimate, row.conf_low) == pytest.approx((one.estimate, one.conf_low))
