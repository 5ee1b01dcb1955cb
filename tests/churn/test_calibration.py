"""Calibration of surveys to a log: known answers, coverage over simulated studies, and what a wrong margin does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from churn.adoption.calibration import calibrate_to_log, calibrated_design
from churn.adoption.log_margins import LogMargin, count_log_margins, margin_of_figure
from churn.usage.log import read_activity, with_edges
from reports.examples import open_example
from surveys.core.errors import SpecError, StudyError
from surveys.data.codebook import Codebook
from surveys.design.design import Design
from surveys.published.figures import read_published
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer
from surveys.study.schema import Platform, Study, Survey
from surveys.study.usage import Coverage
from surveys.weighting.recipe import PostStratify, reweight

AWARE, PER_AWARE, GONE = 0.6, 0.2, 0.55
SIGNUP = AWARE * PER_AWARE
SPEC = Survey(
    wave="W",
    file="",
    platform={
        "p": Platform(
            aware=Answer(item="aware", yes=(1,)),
            signup=Answer(item="signup", yes=(1,), not_asked="no"),
            lapsed=Answer(item="lapsed", yes=(1,), not_asked="missing"),
        )
    },
)


def make_sample(frame: pd.DataFrame, design: Design | None = None) -> Sample:
    """A wave that holds a table as it is."""
    return Sample(
        spec=SPEC,
        frame=frame,
        codebook=Codebook(),
        design=Design.from_frame(frame) if design is None else design,
        notes=(),
        place="frame",
        lines=np.arange(1, len(frame) + 1),
    )


def draw_people(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw respondents from a population whose shares are known."""
    aware = rng.random(n) < AWARE
    signup = aware & (rng.random(n) < PER_AWARE)
    lapsed = rng.random(n) < GONE
    return pd.DataFrame(
        {
            "aware": aware.astype(float),
            "signup": np.where(aware, signup, np.nan),
            "lapsed": np.where(signup, lapsed, np.nan),
        }
    ).astype(float)


def margin(share: float = SIGNUP, std_error: float = 0.0, *, discrepancy: float = 0.0, **others: str) -> LogMargin:
    """What a log says of wave W, of the very people that the survey asks unless a discrepancy is given."""
    names = {"wave": "W", "platform": "p", "step": "signup"} | others
    return LogMargin(**names, share=share, std_error=std_error, discrepancy=discrepancy)  # type: ignore[arg-type]


@cache
def example() -> Study:
    return open_example("twitter_france")


@pytest.fixture
def sample() -> Sample:
    return make_sample(draw_people(np.random.default_rng(3), 900))


def test_the_share_becomes_the_one_counted_and_the_total_stays(sample: Sample):
    design = calibrated_design(sample, [margin(0.15)])
    signup = sample.frame["signup"].fillna(0.0).to_numpy()
    assert_allclose(design.weights @ signup / design.weights.sum(), 0.15, rtol=1e-9)
    assert_allclose(design.weights.sum(), len(sample), rtol=1e-9)
    assert (design.weights > 0).all()


def test_one_margin_is_post_stratification_to_holders_and_others(sample: Sample):
    holder = sample.frame["signup"].fillna(0.0).map({0.0: "no", 1.0: "yes"})
    n = float(len(sample))
    by_cells = reweight(
        sample.design, sample.frame.assign(holder=holder), PostStratify("holder", {"yes": 0.15 * n, "no": 0.85 * n})
    )
    calibrated = calibrate_to_log(sample, [margin(0.15)])
    _, aware = calibrated.at("W", "aware")
    yes = sample.frame["aware"].to_numpy()
    assert_allclose(calibrated_design(sample, [margin(0.15)]).weights, by_cells.weights, rtol=1e-8)
    influence = (yes - aware.estimate)[:, None] / n
    assert_allclose(aware.std_error**2, by_cells.covariance(influence)[0, 0], rtol=1e-6)


def test_what_a_margin_is_of_has_the_error_of_the_margin(sample: Sample):
    _, after = calibrate_to_log(sample, [margin(0.12, 0.004)]).at("W", "signup")
    assert_allclose([after.estimate, after.std_error], [0.12, 0.004], rtol=1e-6)
    _, exact = calibrate_to_log(sample, [margin(0.12)]).at("W", "signup")
    assert_allclose(exact.std_error, 0.0, atol=1e-9)


def test_a_margin_adds_its_variance_times_the_square_of_what_it_moves(sample: Sample):
    """The slope is that found by calibrating anew to a margin a little higher, and one a little lower."""
    both = [margin(0.12), margin(0.5, step="lapsed", measure="conversion")]
    errors = (0.006, 0.03)
    exact = calibrate_to_log(sample, both)
    known = calibrate_to_log(sample, [replace(one, std_error=error) for one, error in zip(both, errors, strict=True)])
    step = 1e-5
    added = np.zeros(len(exact.after["W"]))
    for i, error in enumerate(errors):
        moved = [
            calibrate_to_log(
                sample, [replace(one, share=one.share + sign * step * (i == k)) for k, one in enumerate(both)]
            )
            .after["W"]
            .estimate
            for sign in (1, -1)
        ]
        added += ((moved[0] - moved[1]) / (2 * step) * error) ** 2
    assert_allclose(known.after["W"].std_error ** 2, exact.after["W"].std_error ** 2 + added, rtol=1e-4, atol=1e-10)


def test_margins_met_before_are_kept(sample: Sample):
    sex = np.where(np.arange(len(sample)) % 3 == 0, "F", "M")
    frame = sample.frame.assign(sex=sex)
    weighed = make_sample(frame, reweight(sample.design, frame, PostStratify("sex", {"F": 450, "M": 450})))
    design = calibrated_design(weighed, [margin(0.15)])
    assert_allclose(design.weights[sex == "F"].sum(), 450, rtol=1e-9)
    assert any("kept" in str(note) for note in calibrate_to_log(weighed, [margin(0.15)]).notes)


def test_survey_and_log_are_tested_against_each_other(sample: Sample):
    found = calibrate_to_log(sample, [margin(0.2, 0.01)])
    (test,) = found.tests
    p = test.survey.estimate
    error = np.sqrt(p * (1 - p) / (len(sample) - 1) + 0.01**2)
    assert_allclose(test.difference.estimate, p - 0.2)
    assert_allclose(test.difference.std_error, error, rtol=1e-9)
    assert_allclose(test.ratio.estimate, 0.2 / p)
    assert not test.agrees
    assert not found.agrees("W")
    assert any("disagree" in str(note) for note in found.notes)
    assert calibrate_to_log(sample, [margin(p, 0.01)]).agrees("W")


@pytest.fixture(scope="module")
def studies() -> pd.DataFrame:
    """What 500 surveys of 800 people estimate, with a log of a tenth of 12,000 accounts among 100,000 people."""
    rng = np.random.default_rng(20091)
    rows = []
    for number in range(500):
        people = make_sample(draw_people(rng, 800))
        accounts = rng.binomial(12_000, 0.1)
        still = rng.binomial(accounts, 1 - GONE)
        margins = [
            margin(accounts / 0.1 / 100_000, np.sqrt(accounts * 0.9) / 0.1 / 100_000),
            margin(1 - still / accounts, np.sqrt(GONE * (1 - GONE) / accounts), step="lapsed", measure="conversion"),
        ]
        found = calibrate_to_log(people, margins)
        rows.append(found.to_frame().assign(margin="right"))
        if number < 60:
            wrong = calibrate_to_log(people, [replace(margins[0], share=1.5 * margins[0].share)])
            rows.append(wrong.to_frame().assign(margin="wrong"))
    return pd.concat(rows, ignore_index=True)


TRUTH = {
    ("aware", "cumulative"): AWARE,
    ("signup", "cumulative"): SIGNUP,
    ("signup", "conversion"): PER_AWARE,
    ("lapsed", "conversion"): GONE,
    ("lapsed", "cumulative"): SIGNUP * GONE,
}


@pytest.mark.parametrize("share", TRUTH)
def test_intervals_after_calibration_cover_the_truth_as_often_as_they_say(
    studies: pd.DataFrame, share: tuple[str, str]
):
    rows = studies.query("margin == 'right' and step == @share[0] and measure == @share[1]")
    covered = (rows["after_low"] <= TRUTH[share]) & (TRUTH[share] <= rows["after_high"])
    assert len(rows) == 500
    assert 0.93 <= covered.mean() <= 0.97


@pytest.mark.parametrize("share", TRUTH)
def test_the_gain_that_is_reported_is_the_one_that_is_had(studies: pd.DataFrame, share: tuple[str, str]):
    rows = studies.query("margin == 'right' and step == @share[0] and measure == @share[1]")
    real = rows["before"].var() / rows["after"].var()
    assert_allclose(rows["variance_ratio"].median(), real, rtol=0.2)
    assert rows["after"].var() < rows["before"].var()


def test_accounts_counted_as_people_bias_what_depends_on_them(studies: pd.DataFrame):
    """With three accounts for two people, calibrated intervals are narrow and hardly ever hold the truth."""
    rows = studies.query("margin == 'wrong' and step == 'signup'").set_index("measure")
    counted = rows.loc["cumulative"]
    assert_allclose(counted["after"].mean(), 1.5 * SIGNUP, rtol=0.02)
    per_aware = rows.loc["conversion"]
    assert per_aware["after_low"].gt(PER_AWARE).mean() > 0.95
    assert_allclose(per_aware["before"].mean(), PER_AWARE, rtol=0.05)


def test_the_test_finds_a_wrong_margin_and_seldom_doubts_a_right_one(studies: pd.DataFrame):
    agree = studies.query("step == 'aware'").groupby("margin")["agrees"].mean()
    assert agree["wrong"] < 0.05
    assert 0.86 < agree["right"] < 0.94, "two tests at 5 %"


def test_the_log_of_the_example_is_counted_by_hand():
    study = example()
    activity = read_activity(study)
    margins, _ = count_log_margins(study, activity)
    found = {(one.wave, one.step): one for one in margins}
    opened = pd.to_datetime(activity.first, unit="us", utc=True).tz_convert("Europe/Paris")
    last = pd.to_datetime(activity.last, unit="us", utc=True).tz_convert("Europe/Paris")
    before = opened < pd.Timestamp("2012-10-18", tz="Europe/Paris")
    still = before & (last >= pd.Timestamp("2012-10-17", tz="Europe/Paris"))
    people = before.sum() / 0.000336134 + 100_000
    assert_allclose(found["2012-10", "signup"].share, people / 38.3e6)
    assert_allclose(found["2012-10", "lapsed"].share, 1 - still.sum() / before.sum())
    assert found["2012-10", "signup"].n == before.sum()
    assert ("2009-06", "lapsed") not in found, "that wave does not ask who left"


def test_several_accounts_of_one_person_are_counted_once_and_their_error_counts():
    study = example()
    activity = read_activity(study)

    def signup(coverage: Coverage) -> LogMargin:
        usage = study.usage.model_copy(update={"coverage": coverage})
        return count_log_margins(study.model_copy(update={"usage": usage}), activity)[0][0]

    one = signup(Coverage(share_of_all=0.001))
    two = signup(Coverage(share_of_all=0.001, accounts_per_person=2))
    unsure = signup(Coverage(share_of_all=0.001, accounts_per_person=2, accounts_per_person_error=0.3))
    assert_allclose(two.share, one.share / 2)
    assert_allclose(unsure.std_error, two.share * np.hypot(two.std_error / two.share, 0.15))
    assert signup(Coverage(share_of_all=1)).std_error == 0


def test_a_wave_after_the_end_of_the_log_has_no_margin():
    study = example()
    short = study.model_copy(
        update={"study": study.study.model_copy(update={"as_of": pd.Timestamp("2011-11-05").date()})}
    )
    margins, notes = count_log_margins(short, read_activity(short))
    assert [(one.wave, one.step) for one in margins][-1] == ("2011-10", "signup")
    assert any("less than 30 days before the end of the log" in str(note) for note in notes)
    assert sum("outside the window" in str(note) for note in notes) == 2


def test_published_counts_are_margins_too():
    """5.2 million profiles on 1 January 2012, rounded, against the survey of October 2011."""
    study = example()
    figures = read_published(study)
    profiles = margin_of_figure(figures["semio_2011_12"], wave="2011-10", platform="twitter", population=38.3e6)
    assert_allclose([profiles.share, profiles.std_error], [5.2 / 38.3, 0.05 / 3**0.5 / 38.3])
    assert not calibrate_to_log(study, [replace(profiles, discrepancy=0.0)]).agrees("2011-10")
    assert calibrate_to_log(study, [profiles]).agrees("2011-10")
    audience = margin_of_figure(
        figures["ifop_w6_twitter_member"], wave="2011-10", platform="twitter", population=38.3e6
    )
    assert_allclose(audience.std_error, np.hypot(0.005 / 3**0.5, 0.00596), rtol=0.02)


def test_waves_of_the_example_agree_with_the_log_until_2011_and_no_longer():
    study = example()
    margins, _ = count_log_margins(study, read_activity(study))
    found = calibrate_to_log(study, margins)
    assert [wave for wave in found.before if found.agrees(wave)] == ["2009-06", "2009-11", "2010-09", "2011-10"]
    apart = [test for test in found.tests if test.margin.step == "signup" and not test.agrees]
    assert all(test.ratio.conf_low > 1 for test in apart), "more accounts than people who say they hold one"


def test_problems_with_margins_are_named(sample: Sample):
    with pytest.raises(SpecError, match="got none"):
        calibrate_to_log(sample, [])
    with pytest.raises(SpecError, match="there is no survey of this wave"):
        calibrate_to_log(sample, [margin(wave="V")])
    with pytest.raises(SpecError, match="the wave has no active"):
        calibrate_to_log(sample, [margin(step="active", measure="conversion")])
    with pytest.raises(SpecError, match="cumulative, is given twice"):
        calibrate_to_log(sample, [margin(), margin()])
    with pytest.raises(SpecError, match="is a product of shares"):
        calibrate_to_log(sample, [margin(0.05, step="lapsed")])
    with pytest.raises(SpecError, match=r"got 1.2, expected a share between 0 and 1"):
        margin(1.2)
    study = example()
    plain = study.model_copy(update={"usage": study.usage.model_copy(update={"coverage": None})})
    with pytest.raises(StudyError, match=r"\[usage.coverage\]"):
        count_log_margins(plain, read_activity(plain))


def test_a_sample_without_holders_cannot_be_weighted_to_some():
    frame = draw_people(np.random.default_rng(1), 50)
    frame["signup"] = np.where(frame["aware"] == 1, 0.0, np.nan)
    with pytest.raises(ValueError, match="too few respondents hold an account"):
        calibrate_to_log(make_sample(frame), [margin(0.1)])


def test_groups_are_calibrated_too():
    study = example()
    wave = read_sample(study, study.survey[3])
    found = calibrate_to_log(wave, [LogMargin(wave="2009-11", platform="twitter", step="signup", share=0.05)])
    young = found.at("2009-11", "signup", group="age", level="18-24")
    assert young[0].estimate > young[1].estimate > 0.05
    assert young[1].std_error < young[0].std_error


def test_the_less_the_log_is_known_to_count_the_same_people_the_less_it_counts(sample: Sample):
    """In between lies the mean of both logarithms, by their precision."""
    survey, full = calibrate_to_log(sample, [margin(0.13)]).at("W", "signup")
    _, half = calibrate_to_log(sample, [margin(0.13, discrepancy=0.15)]).at("W", "signup")
    _, none = calibrate_to_log(sample, [margin(0.13, discrepancy=50.0)]).at("W", "signup")
    assert survey.estimate < half.estimate < full.estimate
    sampling = (survey.std_error / survey.estimate) ** 2
    weight = sampling / (sampling + 0.15**2)
    assert half.estimate == pytest.approx(survey.estimate ** (1 - weight) * 0.13**weight)
    assert half.std_error == pytest.approx(half.estimate / np.sqrt(1 / sampling + 1 / 0.15**2), rel=1e-6)
    assert (none.estimate, none.std_error) == pytest.approx((survey.estimate, survey.std_error), rel=1e-3)


def test_a_log_far_from_the_survey_counts_less_than_one_near_it(sample: Sample):
    survey, _ = calibrate_to_log(sample, [margin(0.13)]).at("W", "signup")
    near, far = (
        calibrate_to_log(sample, [margin(survey.estimate * factor, discrepancy=0.15)]).at("W", "signup")[1]
        for factor in (1.05, 2.0)
    )
    assert near.std_error < far.std_error
    assert far.estimate < survey.estimate * 1.15


def test_what_follows_from_the_share_keeps_the_part_of_its_error_that_the_survey_leaves(sample: Sample):
    """Awareness goes from the precision of the survey to that of a known margin as the discrepancy falls."""
    errors = [
        calibrate_to_log(sample, [margin(0.13, discrepancy=size)]).at("W", "aware")[1].std_error
        for size in (50.0, 0.2, 0.05, 0.0)
    ]
    assert errors == sorted(errors, reverse=True)
    before, _ = calibrate_to_log(sample, [margin(0.13)]).at("W", "aware")
    assert errors[0] == pytest.approx(before.std_error, rel=2e-3)


def test_accounts_that_the_study_counts_as_opened_before_are_not_counted_twice():
    study = open_example("twitter_france")
    assert study.usage is not None
    assert study.usage.coverage is not None
    activity = read_activity(study)
    late = with_edges(activity, study.usage.model_copy(update={"opening_days": 200}), "log", begins=activity.origin)
    assert late.n_signups < activity.n_accounts
    told = [count_log_margins(study, found)[0][-1].n for found in (activity, late)]
    assert told[0] is not None
    assert told[1] == told[0] - (activity.n_accounts - late.n_signups)
    nobody = study.usage.coverage.model_copy(update={"opened_before": 0})
    plain = study.model_copy(update={"usage": study.usage.model_copy(update={"coverage": nobody})})
    assert count_log_margins(plain, late)[0][-1].n == told[0]
