from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter, KaplanMeierFitter
from matplotlib.figure import Figure

from churn.design_based._cox import CoxScore
from churn.design_based._curves import Incidence, ProductLimit, RestrictedMean
from churn.design_based.cox import survey_cox
from churn.design_based.curves import SurveyCurves, follow, survey_incidence, survey_kaplan_meier
from churn.design_based.logrank import survey_logrank
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tenures import Tenures
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable
from surveys.design.design import Design, Statistic

mpl.use("agg")

N = 240


def people(seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"w": rng.uniform(0.5, 3, N), "town": np.repeat(np.arange(24), 10)})
    frame["region"] = frame["town"] // 6
    frame["sex"] = rng.choice(["F", "M"], N)
    frame["age"] = rng.uniform(18, 80, N)
    left = np.ceil(rng.exponential(np.where(frame["sex"] == "F", 60, 35)))
    asked = rng.integers(20, 90, N)
    frame["duration"], frame["event"] = np.minimum(left, asked), left <= asked
    frame["cause"] = np.where(frame["event"], rng.choice(["bored", "moved", "banned"], N), "")
    return frame


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture
def design(frame: pd.DataFrame) -> Design:
    return Design.from_frame(frame, weight="w", strata="region", cluster="town")


@pytest.fixture
def by_sex(frame: pd.DataFrame, design: Design) -> SurveyCurves:
    return survey_kaplan_meier(design, frame["duration"], frame["event"], times=[7, 30], by=frame["sex"])


def slopes(statistic: Statistic, weights: np.ndarray, rows: list[int], step: float = 1e-5) -> np.ndarray:
    """Differentiate a statistic in the weights of some rows, by moving each up and down."""
    found = []
    for row in rows:
        up, down = weights.copy(), weights.copy()
        up[row] += step
        down[row] -= step
        found.append((statistic.value(up) - statistic.value(down)) / (2 * step))
    return np.array(found)


def test_the_curve_is_that_of_lifelines_with_weights(frame: pd.DataFrame, design: Design):
    curves = survey_kaplan_meier(design, frame["duration"], frame["event"])
    with pytest.warns(match="weights are not integers"):
        theirs = KaplanMeierFitter().fit(frame["duration"], frame["event"], weights=frame["w"])
    np.testing.assert_allclose(curves.survival[""], theirs.predict(curves.time), atol=1e-12)


def test_a_simple_sample_has_nearly_greenwoods_error(frame: pd.DataFrame):
    simple = Design.from_frame(frame)
    ours = survey_kaplan_meier(simple, frame["duration"], frame["event"], times=[7, 30, 60])
    curve = kaplan_meier(Tenures(duration=frame["duration"].to_numpy(), event=frame["event"].to_numpy()))
    theirs = [curve.at(time).std_error for time in (7, 30, 60)]
    np.testing.assert_allclose(ours.estimates.std_error, np.array(theirs) * np.sqrt(N / (N - 1)), rtol=1e-10)


@pytest.mark.parametrize("name", ["curve", "mean", "causes", "efron", "breslow"])
def test_influence_is_the_derivative_in_a_weight(frame: pd.DataFrame, design: Design, name: str):
    kinds = ("", "banned", "bored", "moved")
    cause = np.array([float(kinds.index(value)) for value in frame["cause"]])
    one, _, _ = follow(design, frame["duration"], frame["event"], frame["sex"], None, ("0", "1"))
    several, _, _ = follow(design, frame["duration"], cause, frame["sex"], None, kinds)
    x = np.column_stack([frame["age"], frame["sex"] == "F"])
    position = np.unique(frame["duration"], return_inverse=True)[1]
    cox = [CoxScore(position, frame["event"].to_numpy(), x, np.arange(N), N, ties) for ties in ("efron", "breslow")]
    times = np.array([0.5, 7.0, 30.0, 60.0])
    statistic = {
        "curve": ProductLimit(one, times),
        "mean": RestrictedMean(one, 45.0),
        "causes": Incidence(several, times),
        "efron": cox[0],
        "breslow": cox[1],
    }[name]
    rows = list(range(0, N, 9))
    weights = frame["w"].to_numpy()
    np.testing.assert_allclose(statistic.influence(weights)[rows], slopes(statistic, weights, rows), atol=2e-8)


def test_the_mean_within_a_horizon_is_the_area_under_the_curve(frame: pd.DataFrame, by_sex: SurveyCurves):
    ours = by_sex.restricted_mean(45)
    for level in ("F", "M"):
        time = np.concatenate([[0.0], by_sex.time[by_sex.time < 45], [45.0]])
        kept = np.concatenate([[1.0], by_sex.survival[level].to_numpy()[by_sex.time < 45]])
        assert ours.at(level).estimate == pytest.approx(kept @ np.diff(time))
    assert ours.at("F").unit == "days"


def test_causes_and_those_retained_add_up(frame: pd.DataFrame, design: Design):
    causes = survey_incidence(design, frame["duration"], frame["cause"], times=[7, 30])
    kept = survey_kaplan_meier(design, frame["duration"], frame["event"], times=[7, 30])
    gone = causes.to_frame().groupby("time")["estimate"].sum()
    np.testing.assert_allclose(gone + kept.estimates.estimate, 1)
    total = causes.contrast({("", cause, 30.0): 1 for cause in ("banned", "bored", "moved")})
    assert total.std_error == pytest.approx(kept.at(30).std_error)


def test_one_covariance_holds_for_times_and_groups(by_sex: SurveyCurves):
    assert by_sex.covariance.shape == (4, 4)
    change = by_sex.contrast({("F", 30): 1, ("M", 30): -1})
    assert change.estimate == pytest.approx(by_sex.at(30, "F").estimate - by_sex.at(30, "M").estimate)
    within = by_sex.contrast({("F", 7): 1, ("F", 30): -1})
    assert 0 < within.std_error < by_sex.at(30, "F").std_error + by_sex.at(7, "F").std_error


def test_a_tenure_that_was_not_asked_for_can_be_asked(frame: pd.DataFrame, design: Design, by_sex: SurveyCurves):
    asked = survey_kaplan_meier(design, frame["duration"], frame["event"], times=[12], by=frame["sex"])
    assert by_sex.at(12, "M") == asked.at(12, "M")
    assert by_sex.contrast({("F", 12): 1, ("M", 30): -1}).std_error > 0


def test_dropout_is_one_minus_the_share_retained(by_sex: SurveyCurves):
    kept, gone = by_sex.at(30, "F"), by_sex.dropout(at=30, level="F")
    assert gone.estimate == 1 - kept.estimate
    assert (gone.conf_low, gone.conf_high) == (1 - kept.conf_high, 1 - kept.conf_low)


def test_nothing_is_said_beyond_what_was_observed(by_sex: SurveyCurves):
    assert isinstance(by_sex.at(400, "F"), Unavailable)
    with pytest.raises(SpecError, match="nobody was observed beyond"):
        by_sex.restricted_mean(400)
    with pytest.raises(SpecError, match="400 days: nobody was observed beyond"):
        by_sex.contrast({("F", 400): 1, ("F", 30): -1})


def test_at_the_start_everybody_is_there(by_sex: SurveyCurves):
    start = by_sex.at(0, "F")
    assert (start.estimate, start.std_error, start.conf_low, start.conf_high) == (1, 0, 1, 1)


def test_the_median_has_woodruffs_interval(by_sex: SurveyCurves):
    median = by_sex.quantile(0.5, "M")
    assert isinstance(median, Estimate)
    curve = by_sex.survival["M"]
    assert curve[median.estimate] <= 0.5 < curve[curve.index < median.estimate].iloc[-1]
    assert median.conf_low <= median.estimate <= median.conf_high


def test_says_so_when_the_median_is_never_reached(frame: pd.DataFrame, design: Design):
    curves = survey_kaplan_meier(design, np.minimum(frame["duration"], 5), frame["event"] & (frame["duration"] < 5))
    assert str(curves.median).startswith("median not reached")


def test_rows_outside_the_domain_stay_in_the_design(frame: pd.DataFrame, design: Design):
    women = (frame["sex"] == "F").to_numpy()
    domain = survey_kaplan_meier(design, frame["duration"], frame["event"], times=[30], rows=women)
    level = survey_kaplan_meier(design, frame["duration"], frame["event"], times=[30], by=frame["sex"])
    assert domain.at(30).std_error == pytest.approx(level.at(30, "F").std_error)


def test_counts_those_left_out(frame: pd.DataFrame, design: Design):
    event = frame["event"].astype(float)
    event[:3] = np.nan
    curves = survey_kaplan_meier(design, frame["duration"], event)
    assert curves.n_at_risk[""].iloc[0] == N - 3
    assert [note.values["n"] for note in curves.notes] == [3]


@pytest.mark.parametrize(
    ("duration", "event", "said"),
    [
        (np.full(N, -1.0), np.ones(N), "negative or endless"),
        (np.ones(N), np.full(N, 2.0), "values other than 0 and 1"),
        (np.ones(N - 1), np.ones(N), "one value for each row"),
    ],
)
def test_refuses_what_cannot_be_a_tenure(design: Design, duration: np.ndarray, event: np.ndarray, said: str):
    with pytest.raises(SpecError, match=said):
        survey_kaplan_meier(design, duration, event)


def test_refuses_to_follow_nobody(frame: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError, match="nobody is followed"):
        survey_kaplan_meier(design, np.full(N, np.nan), frame["event"])


def test_an_unknown_level_is_named(by_sex: SurveyCurves):
    with pytest.raises(SpecError, match="Levels here: F, M"):
        by_sex.at(30, "women")


def test_every_result_can_be_written_and_drawn(frame: pd.DataFrame, design: Design, by_sex: SurveyCurves):
    model = survey_cox(design, frame["duration"], frame["event"], frame[["age", "sex"]])
    for result in (by_sex, model, survey_incidence(design, frame["duration"], frame["cause"], times=[30])):
        axes = Figure().subplots()
        assert result.plot(axes) is axes
        assert len(result.to_frame())
        assert result.summary()
    assert by_sex.summary().splitlines()[0].startswith("F, 7 days: ")
    assert by_sex.to_frame()["std_error"].notna().sum() == 4


def test_hazard_ratios_are_those_of_lifelines(frame: pd.DataFrame, design: Design):
    ours = survey_cox(design, frame["duration"], frame["event"], frame[["age", "sex"]])
    table = frame[["duration", "event", "w", "age"]].assign(sexM=(frame["sex"] == "M").astype(float))
    with pytest.warns(match="weights are not integers"):
        theirs = CoxPHFitter().fit(table, "duration", "event", weights_col="w")
    np.testing.assert_allclose(ours.estimate, theirs.params_[["age", "sexM"]], atol=1e-6)
    assert ours.n_event == frame["event"].sum()


def test_a_covariate_that_does_not_vary_is_refused(frame: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError, match="no maximum"):
        survey_cox(design, frame["duration"], frame["event"], {"age": frame["age"], "one": np.ones(N)})


def test_a_covariate_that_separates_is_refused(frame: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError, match="no maximum"):
        survey_cox(design, frame["duration"], frame["event"], {"gone": frame["event"].astype(float)})


def test_rows_without_a_covariate_leave_the_model_only(frame: pd.DataFrame, design: Design):
    age = frame["age"].where(frame.index >= 10)
    model = survey_cox(design, frame["duration"], frame["event"], {"age": age})
    assert model.n == N - 10


def test_the_log_rank_test_is_the_score_test_of_a_cox_model(frame: pd.DataFrame, design: Design):
    test = survey_logrank(design, frame["duration"], frame["event"], frame["sex"])
    model = survey_cox(design, frame["duration"], frame["event"], frame[["sex"]])
    assert np.sign(test.score[0]) == np.sign(model.estimate[0])
    assert test.p_value == pytest.approx(model.to_frame()["p_value"][0], abs=0.02)
    assert test.p_value < test.p_value_f


def test_the_log_rank_test_needs_two_groups(frame: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError, match="two or more"):
        survey_logrank(design, frame["duration"], frame["event"], np.full(N, "F"))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 1000), st.integers(0, 1000))
def test_the_scale_of_weights_does_not_matter(factor: float, seed: int):
    frame = people(seed)
    scaled = frame.assign(w=frame["w"] * factor)
    ours, theirs = (
        survey_kaplan_meier(Design.from_frame(table, weight="w", cluster="town"), table["duration"], table["event"])
        for table in (frame, scaled)
    )
    np.testing.assert_allclose(ours.estimates.estimate, theirs.estimates.estimate)
    np.testing.assert_allclose(ours.estimates.std_error, theirs.estimates.std_error)


@pytest.mark.parametrize("status", [["True", "False", "True", "False"], ["1", "0", "1", "0"], ["gone", None, "x", "y"]])
def test_text_for_who_is_gone_is_refused(status: list[str]):
    design = Design.from_frame(pd.DataFrame({"w": np.ones(4)}), weight="w")
    with pytest.raises(SpecError, match=r"^event: got '.*', expected 0 or 1, or true and false\. Turn the column"):
        survey_kaplan_meier(design, [1, 2, 3, 4], status, times=[3])
    flags = pd.array([True, None, True, False], dtype="boolean")
    assert survey_kaplan_meier(design, [1, 2, 3, 4], flags, times=[3]).estimates.n.tolist() == [3]
