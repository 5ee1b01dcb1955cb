from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import LogLogisticFitter, LogNormalFitter, WeibullFitter
from matplotlib.figure import Figure

from churn.design_based.accelerated import survey_duration_model
from churn.design_based.curves import survey_kaplan_meier
from churn.design_based.interval_censored import survey_interval_survival
from churn.design_based.recall import RecallCurve, parse_band, read_recall
from churn.parametric.likelihood import DurationScore, log_likelihood
from churn.parametric.turnbull import IntervalShares, half_open
from surveys.core.errors import EstimateError, SpecError, StudyError
from surveys.core.results import Estimate, Unavailable
from surveys.design.design import Design
from surveys.study.schema import Study

mpl.use("agg")

LEFT: dict[str, Any] = {
    "item": "q3",
    "bands": {"1": "<7 d", "2": "7-30 d", "3": ">30 d"},
    "still": [9],
    "missing": [8],
    "not_asked": "missing",
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., RecallCurve]:
    """Write respondents and a study around them, and read what they recall."""

    def read(frame: pd.DataFrame, dated: pd.DataFrame | None = None, **left: Any) -> RecallCurve:
        frame.to_csv(tmp_path / "survey.csv", index=False)
        platform = {"twitter": {"signup": {"item": "q2", "yes": [1], "not_asked": "no"}, "left": LEFT | left}}
        survey = {"wave": "2011-10", "file": "survey.csv", "weight": "w", "id": "id", "platform": platform}
        study = {"study": {"title": "A study", "as_of": "2011-12-31"}, "survey": [survey], "folder": tmp_path}
        return read_recall(Study.model_validate(study), "2011-10", "twitter", dated=dated)

    return read


def answers(seed: int = 3, n: int = 400) -> pd.DataFrame:
    """People who left at a known tenure, asked at another, answering in bands; some never signed up."""
    rng = np.random.default_rng(seed)
    tenure, since = rng.exponential(40, n), rng.uniform(5, 200, n)
    band = np.where(tenure > since, 9, np.digitize(tenure, [7, 30]) + 1).astype(object)
    member = rng.random(n) < 0.8
    frame = pd.DataFrame({"id": np.arange(n), "w": rng.uniform(0.5, 2, n), "q2": np.where(member, 1, 2)})
    return frame.assign(q3=np.where(member, band, ""), since=np.round(since), tenure=tenure)


def simple(n: int) -> Design:
    return Design.from_frame(pd.DataFrame({"w": np.ones(n)}), weight="w")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("<7 d", 0, 7), ("7-30 d", 7, 30), (">30 d", 30, np.inf), ("1 - 4 w", 7, 28), ("<1m", 0, 30), ("1.5-2 m", 45, 60)],
)
def test_reads_bands(text: str, low: float, high: float):
    assert parse_band(text)[1:] == (low, high)


@pytest.mark.parametrize("text", ["7 d", "7-30", "a week", "30-7 d", "<0 d", ""])
def test_refuses_what_is_not_a_band(text: str):
    with pytest.raises(SpecError, match="band"):
        parse_band(text)


def test_adjoining_bands_share_no_tenure():
    low, high = np.repeat([0.0, 7, 60], [10, 20, 70]), np.repeat([7.0, 30, np.inf], [10, 20, 70])
    curve = survey_interval_survival(simple(100), low, high, times=[7, 30, 60])
    np.testing.assert_allclose(curve.estimates.estimate, [0.9, 0.7, 0.7])
    assert curve.support[["low", "high"]].values.tolist() == [[0, 7], [7, 30], [60, np.inf]]


def test_exact_dates_and_censoring_alone_give_the_kaplan_meier_curve():
    rng = np.random.default_rng(1)
    n = 200
    frame = pd.DataFrame({"w": rng.uniform(0.5, 3, n), "town": np.repeat(np.arange(20), 10)})
    design = Design.from_frame(frame, weight="w", cluster="town")
    tenure, asked = np.ceil(rng.exponential(40, n)), rng.integers(10, 80, n).astype(float)
    time, event = np.minimum(tenure, asked), tenure <= asked
    ours = survey_interval_survival(design, time, np.where(event, time, np.inf), times=[7, 20, 30])
    theirs = survey_kaplan_meier(design, time, event, times=[7, 20, 30])
    np.testing.assert_allclose(ours.estimates.estimate, theirs.estimates.estimate, atol=1e-7)
    np.testing.assert_allclose(ours.estimates.std_error, theirs.estimates.std_error, rtol=1e-4)


def test_bands_and_exact_dates_mix():
    low, high = np.array([0.0, 3, 5, 7, 30]), np.array([7.0, 3, 5, 30, np.inf])
    curve = survey_interval_survival(simple(5), low, high, times=[3, 5, 7, 30])
    assert curve.at(7).estimate == pytest.approx(0.4)
    assert curve.at(3).estimate + curve.at(5).estimate == pytest.approx(1.1, abs=0.15)


def test_within_a_band_nothing_is_said():
    curve = survey_interval_survival(simple(10), np.repeat([0.0, 7], 5), np.repeat([7.0, np.inf], 5), times=[3, 7])
    assert isinstance(curve.at(3), Unavailable)
    assert isinstance(curve.at(7), Estimate)


def test_influence_is_the_derivative_in_a_weight():
    frame = answers()
    left = pd.to_numeric(frame["q3"]).to_numpy(float)
    known = np.flatnonzero(~np.isnan(left))
    still, since = left[known] == 9, frame["since"].to_numpy()[known]
    place = np.where(still, 0, left[known] - 1).astype(int)
    low = np.where(still, since, np.array([0.0, 7, 30])[place])
    high = np.where(still, np.inf, np.minimum(np.array([7.0, 30, np.inf])[place], np.ceil(since + 1)))
    shares = IntervalShares(*half_open(low, high), known, len(frame), np.array([7.0, 30.0]))
    law = DurationScore("log-normal", low, high, np.ones((len(known), 1)), known, len(frame))
    weights = frame["w"].to_numpy()
    for statistic, close in ((shares, 1e-6), (law, 1e-8)):
        for row in known[:40:5]:
            up, down = weights.copy(), weights.copy()
            up[row] += 1e-3
            down[row] -= 1e-3
            slope = (statistic.value(up) - statistic.value(down)) / 2e-3
            np.testing.assert_allclose(statistic.influence(weights)[row], slope, atol=close)


@pytest.mark.parametrize("law", ["weibull", "log-normal", "log-logistic"])
def test_likelihood_derivatives_are_those_of_the_likelihood(law: Any):
    low, high = np.array([0, 3, 7, 30, 5.0]), np.array([7, np.inf, 30, 60, 5.0])
    location, h = np.linspace(2, 4, 5), 1e-5
    found = log_likelihood(law, low, high, location, 0.2)
    right, left = (log_likelihood(law, low, high, location + step, 0.2) for step in (h, -h))
    wide, narrow = (log_likelihood(law, low, high, location, 0.2 + step) for step in (h, -h))
    for ours, theirs in (
        (found.location, (right.log_likelihood - left.log_likelihood) / (2 * h)),
        (found.scale, (wide.log_likelihood - narrow.log_likelihood) / (2 * h)),
        (found.location_location, (right.location - left.location) / (2 * h)),
        (found.location_scale, (wide.location - narrow.location) / (2 * h)),
        (found.scale_scale, (wide.scale - narrow.scale) / (2 * h)),
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


@pytest.mark.parametrize(
    ("law", "fitter"),
    [("weibull", WeibullFitter), ("log-normal", LogNormalFitter), ("log-logistic", LogLogisticFitter)],
)
def test_models_are_those_of_lifelines(law: Any, fitter: Any):
    low, high = np.repeat([0.0, 7, 30, 60], [10, 20, 15, 55]), np.repeat([7.0, 30, 60, np.inf], [10, 20, 15, 55])
    ours = survey_duration_model(simple(100), low, high, distribution=law)
    theirs = fitter().fit_interval_censoring(low, high)
    assert ours.at(30).estimate == pytest.approx(float(theirs.survival_function_at_times(30).iloc[0]), abs=1e-4)


def test_the_error_of_the_scale_is_that_of_a_jackknife():
    frame = answers(n=300)
    tenure, town = frame["tenure"].to_numpy(), np.arange(300) % 60
    ends = np.array([0.0, 7, 30, 60, np.inf])
    band = np.digitize(tenure, ends[1:-1], right=True)
    design = Design.from_frame(frame.assign(town=town), weight="w", cluster="town")
    model = survey_duration_model(design, ends[band], ends[band + 1])
    law = DurationScore("weibull", ends[band], ends[band + 1], np.ones((300, 1)), np.arange(300), 300)
    without = [law.value(np.where(town == k, 0.0, frame["w"]))[-1] for k in range(60)]
    jackknife = np.sqrt(59 / 60 * np.square(np.array(without) - model.estimate[-1]).sum())
    assert model.std_error[-1] == pytest.approx(jackknife, rel=0.05)


def test_durations_of_exactly_zero_have_no_model():
    with pytest.raises(SpecError, match="no logarithm"):
        survey_duration_model(simple(2), [0.0, 5], [0.0, 9])


def test_ends_the_wrong_way_round_are_refused():
    with pytest.raises(SpecError, match="1 lower ends lie above"):
        survey_interval_survival(simple(2), [9.0, 5], [1.0, 9], times=[5])


def test_without_time_since_signup_the_curve_is_the_share_of_answers(read: Callable[..., RecallCurve]):
    curve = read(answers())
    for time in (7, 30):
        assert curve.dropout(at=time).estimate == pytest.approx(curve.naive_dropout(at=time).estimate)
    assert any("how long ago people signed up is not asked" in str(note) for note in curve.notes)
    assert curve.naive.estimate.sum() == pytest.approx(1)
    assert curve.left.estimate == pytest.approx(1 - curve.naive.at("still").estimate)


def test_those_asked_early_are_censored(read: Callable[..., RecallCurve]):
    curve = read(answers(seed=1, n=1500), since="since")
    truth = 1 - np.exp(-30 / 40)
    gone, naive = curve.dropout(at=30), curve.naive_dropout(at=30)
    assert gone.conf_low < truth < gone.conf_high
    assert naive.conf_high < truth
    assert any("asked less than 30 days after sign-up" in str(note) for note in curve.notes)


def test_one_person_asked_on_day_twelve_stays_for_twelve_days(read: Callable[..., RecallCurve]):
    frame = pd.DataFrame({"id": range(4), "w": 1.0, "q2": 1, "q3": [1, 2, 9, 9], "since": [90, 90, 12, 90]})
    curve = read(frame, since="since")
    assert curve.dropout(at=7).estimate == pytest.approx(1 / 4)
    assert curve.dropout(at=30).estimate == pytest.approx(1 / 4 + 3 / 4 * 1 / 2, abs=1e-6)
    assert curve.naive_dropout(at=30).estimate == pytest.approx(1 / 2)


def test_who_left_later_than_they_were_asked_is_left_out_and_counted(read: Callable[..., RecallCurve]):
    frame = pd.DataFrame({"id": range(5), "w": 1.0, "q2": 1, "q3": [1, 2, 3, 9, 9], "since": [90, 90, 12, "", 90]})
    curve = read(frame, since="since")
    assert curve.n == 3
    told = [str(note) for note in curve.notes]
    assert "respondents who say they left later than they were asked, left out: 1" in told
    assert "respondents still there who do not say how long ago they signed up, left out: 1" in told


def test_dates_of_a_log_replace_what_is_recalled(read: Callable[..., RecallCurve]):
    frame = pd.DataFrame({"id": range(4), "w": 1.0, "q2": 1, "q3": [1, 2, 9, 9]})
    log = pd.DataFrame({"duration": [25.0, 40.0], "event": [True, False]}, index=[0, 3])
    curve = read(frame, dated=log)
    assert curve.dropout(at=7).estimate == pytest.approx(0, abs=1e-6)
    assert curve.dropout(at=30).estimate == pytest.approx(0.5, abs=1e-6)
    assert curve.naive_dropout(at=7).estimate == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ({"1": "<7 d", "2": "5-30 d"}, "overlap"),
        ({"1": "<7 d", "2": "10-30 d"}, "leave a gap"),
        ({"1": "a week", "2": "7-30"}, "not a band of time"),
    ],
)
def test_bands_that_do_not_adjoin_are_refused(read: Callable[..., RecallCurve], bands: dict[str, str], said: str):
    frame = pd.DataFrame({"id": range(4), "w": 1.0, "q2": 1, "q3": [1, 2, 9, 9]})
    with pytest.raises(StudyError, match=said):
        read(frame, bands=bands)


def test_times_since_signup_have_to_be_days(read: Callable[..., RecallCurve]):
    frame = pd.DataFrame({"id": range(2), "w": 1.0, "q2": 1, "q3": [1, 9], "since": ["a month", "12"]})
    with pytest.raises(StudyError, match="1 cells are not a number of days"):
        read(frame, since="since")
    with pytest.raises(StudyError, match="Did you mean 'since'"):
        read(frame, since="sinse")


def test_a_wave_that_does_not_ask_says_which_do(read: Callable[..., RecallCurve], tmp_path: Path):
    read(answers())
    survey = {"wave": "w", "file": "survey.csv", "platform": {"twitter": {"left": LEFT}}}
    study = Study.model_validate(
        {"study": {"title": "t", "as_of": "2011-12-31"}, "survey": [survey], "folder": tmp_path}
    )
    with pytest.raises(StudyError, match="Waves that ask it: w"):
        read_recall(study, "2011-10", "twitter")


def test_a_model_reaches_beyond_the_bands(read: Callable[..., RecallCurve]):
    curve = read(answers(n=1500), since="since")
    model = curve.fit("weibull")
    assert model.at(30).estimate == pytest.approx(np.exp(-30 / 40), abs=0.04)
    assert model.at(60).conf_low < np.exp(-60 / 40) < model.at(60).conf_high


def test_a_recall_curve_can_be_written_and_drawn(read: Callable[..., RecallCurve]):
    curve = read(answers())
    assert list(curve.to_frame()["time"]) == [7, 30]
    axes = Figure().subplots()
    assert curve.plot(axes) is axes
    assert curve.summary().startswith("7 days: gone ")


def test_the_example_recalls_what_was_planted():
    from reports.examples import open_example

    study = open_example("twitter_france")
    for wave in ("2011-10", "2012-10", "2013-10"):
        curve = read_recall(study, wave, "twitter")
        assert curve.simulated
        gone = curve.dropout(at=30)
        assert gone.conf_low < 0.36 < gone.conf_high


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.1, 5)), min_size=2, max_size=40))
def test_bands_alone_give_weighted_shares(drawn: list[tuple[int, float]]):
    ends = np.array([0.0, 7, 30, 60, np.inf])
    band, weight = np.array([b for b, _ in drawn]), np.array([w for _, w in drawn])
    design = Design.from_frame(pd.DataFrame({"w": weight}), weight="w")
    curve = survey_interval_survival(design, ends[band], ends[band + 1], times=[7, 30])
    kept = [weight[band > k].sum() / weight.sum() for k in (0, 1)]
    known = ~np.isnan(curve.estimates.estimate)
    np.testing.assert_allclose(curve.estimates.estimate[known], np.array(kept)[known], atol=1e-9)


def test_a_likelihood_without_a_maximum_is_refused():
    with pytest.raises(EstimateError, match="no maximum"):
        survey_duration_model(simple(10), np.full(10, 30.0), np.full(10, np.inf))
