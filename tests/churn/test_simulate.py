"""Simulated studies: what was planted is what is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from churn.simulation.draws import apportion, calibrate, expected_survival, mean_share
from churn.simulation.study import (
    LIFETIMES,
    PlantedPlatform,
    SamplingPlan,
    SimulatedSurvey,
    holders_under,
    simulate_events,
    simulate_survey,
)
from surveys.core.errors import SpecError

TWITTER = PlantedPlatform(
    aware=0.63, signup=0.12, left=(0.24, 0.12, 0.17), aware_by_age=-0.6, signup_by_age=-1.3, signup_of_women=-0.2
)
UNFILTERED = PlantedPlatform(signup=0.33, signup_by_age=0.3)
WINDOW_END = datetime(2013, 12, 31, 23, tzinfo=UTC)
FOREVER = datetime(2250, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def big() -> SimulatedSurvey:
    return simulate_survey({"twitter": TWITTER, "copains_davant": UNFILTERED}, n=300_000, seed=11)


def weighted_share(
    frame: pd.DataFrame, column: str, *, yes: tuple[int, ...], missing: tuple[int, ...], blank: str
) -> float:
    answers = frame[column]
    asked = ~answers.isin(missing) & (answers.notna() | (blank == "no"))
    return float(np.average(answers.isin(yes)[asked], weights=frame["weight"][asked]))


def truth_of(survey: SimulatedSurvey, platform: str, measure: str, time_days: float | None = None) -> float:
    rows = survey.truth.query("platform == @platform and measure == @measure")
    return float((rows if time_days is None else rows[rows["time_days"] == time_days])["value"].item())


def test_the_weighted_shares_of_many_respondents_are_the_planted_ones(big: SimulatedSurvey) -> None:
    for platform, step in (("twitter", "aware"), ("twitter", "signup"), ("copains_davant", "signup")):
        share = weighted_share(big.frame, f"{platform}_{step}", yes=(1,), missing=(8, 9), blank="no")
        assert share == pytest.approx(truth_of(big, platform, step), abs=0.004)


def test_the_weighted_shares_of_many_leavers_are_the_planted_ones(big: SimulatedSurvey) -> None:
    for bands, measure, day in (((1,), "dropout", 7), ((1, 2), "dropout", 30), ((1, 2, 3), "lapsed", None)):
        share = weighted_share(big.frame, "twitter_left", yes=bands, missing=(8,), blank="missing")
        assert share == pytest.approx(truth_of(big, "twitter", measure, day), abs=0.008)


def test_without_weights_the_shares_are_biased() -> None:
    survey = simulate_survey(
        {"twitter": TWITTER}, n=300_000, seed=12, plan=SamplingPlan(age_coverage=(0.3, 0.6, 1, 1, 1))
    )
    unweighted = survey.frame.assign(weight=1.0)
    share = weighted_share(unweighted, "twitter_signup", yes=(1,), missing=(8, 9), blank="no")
    assert share < 0.11
    assert weighted_share(survey.frame, "twitter_signup", yes=(1,), missing=(8, 9), blank="no") == pytest.approx(
        0.12, abs=0.004
    )


def test_small_waves_are_right_on_average_and_less_precise_than_simple_random_samples() -> None:
    shares = np.array(
        [
            weighted_share(
                simulate_survey({"twitter": TWITTER}, n=1000, seed=seed).frame,
                "twitter_aware",
                yes=(1,),
                missing=(8, 9),
                blank="no",
            )
            for seed in range(150)
        ]
    )
    simple = np.sqrt(0.63 * 0.37 / 1000)
    assert shares.mean() == pytest.approx(0.63, abs=4 * shares.std() / np.sqrt(150))
    assert 1.1 < shares.var() / simple**2 < 2.0


def test_young_people_sign_up_more(big: SimulatedSurvey) -> None:
    joined = big.frame["twitter_signup"] == 1
    assert joined[big.frame["age"] < 25].mean() > 2 * joined[big.frame["age"] >= 65].mean()


def test_the_holders_of_many_are_as_young_as_those_of_the_population(big: SimulatedSurvey) -> None:
    holders = big.frame[big.frame["twitter_signup"] == 1]
    share = np.average(holders["age"] < 35, weights=holders["weight"])
    assert share == pytest.approx(holders_under(35, TWITTER), abs=0.01)
    assert holders_under(85, TWITTER) == 1
    assert holders_under(18, TWITTER) == 0


def test_filters_are_honoured(big: SimulatedSurvey) -> None:
    frame = big.frame
    assert frame.loc[frame["twitter_aware"] == 2, "twitter_signup"].isna().all()
    assert (frame.loc[frame["twitter_aware"] >= 8, "twitter_signup"] == 9).all()
    assert frame.loc[frame["twitter_aware"] == 1, "twitter_signup"].isin([1, 2, 8, 9]).all()
    assert frame["twitter_left"].notna().equals(frame["twitter_signup"] == 1)
    assert set(frame["twitter_left"].dropna()) == {1, 2, 3, 8, 9}
    assert frame["copains_davant_signup"].notna().all()


def test_weights_add_up_to_the_respondents_or_to_the_population() -> None:
    sample = simulate_survey({"twitter": TWITTER}, n=1015, seed=3)
    people = simulate_survey({"twitter": TWITTER}, n=1015, seed=3, plan=SamplingPlan(weight_total=34.7e6))
    assert sample.frame["weight"].sum() == pytest.approx(1015)
    assert people.frame["weight"].sum() == pytest.approx(34.7e6)
    assert 1.05 < 1 + (sample.frame["weight"].std() / sample.frame["weight"].mean()) ** 2 < 1.5


def test_clusters_stay_in_one_region_and_every_region_has_two() -> None:
    frame = simulate_survey({"twitter": TWITTER}, n=1015, seed=3).frame
    assert (frame.groupby("cluster")["region"].nunique() == 1).all()
    assert (frame.groupby("region")["cluster"].nunique() >= 2).all()
    assert frame["age"].between(18, 84).all()


def test_the_same_seed_gives_the_same_survey() -> None:
    first, second, other = (simulate_survey({"twitter": TWITTER}, n=500, seed=seed).frame for seed in (5, 5, 6))
    assert first.to_csv() == second.to_csv()
    assert first.to_csv() != other.to_csv()


def test_says_all_that_is_wrong_with_what_is_planted() -> None:
    with pytest.raises(SpecError) as caught:
        simulate_survey({"a": PlantedPlatform(aware=1.2), "b": PlantedPlatform(aware=0.1, signup=0.2)}, n=10, seed=1)
    assert str(caught.value).splitlines() == [
        "simulate_survey, platform 'a': aware is 1.2, expected a share between 0 and 1. Give a share.",
        "simulate_survey, platform 'b': signup is 0.2, expected less than aware, 0.1. "
        "Give both as shares of everybody.",
        "simulate_survey, n: 10 respondents leave a region with fewer than two. "
        "Ask for more respondents or plan fewer regions.",
    ]


def test_the_truth_of_a_log_is_a_recount_of_a_log_without_a_window() -> None:
    cut, whole = (simulate_events(n_accounts=1500, seed=4, end=end) for end in (WINDOW_END, FOREVER))
    assert cut.truth.equals(whole.truth)
    seen = whole.events.groupby("account")["time"].agg(["min", "max"])
    lasted = (seen["max"] - seen["min"]).dt.total_seconds() / 86_400
    recount = [np.mean(lasted > day) for day in cut.truth["time_days"]]
    assert cut.truth["survival"].tolist() == recount
    assert cut.truth["dropout"].tolist() == [1 - share for share in recount]


def test_the_log_is_the_whole_log_cut_at_the_end_of_the_window() -> None:
    cut, whole = (simulate_events(n_accounts=300, seed=4, end=end).events for end in (WINDOW_END, FOREVER))
    before = whole[whole["time"] < WINDOW_END].reset_index(drop=True)
    assert cut.equals(before)
    assert cut["account"].nunique() == 300
    assert cut["time"].is_monotonic_increasing
    assert str(cut["time"].dtype) == "datetime64[us, UTC]"


def test_the_accounts_of_a_log_tell_how_long_each_lasted() -> None:
    log = simulate_events(n_accounts=300, seed=4, end=FOREVER)
    seen = log.events.groupby("account")["time"].agg(["min", "max"])
    lasted = (seen["max"] - seen["min"]).dt.total_seconds() / 86_400
    assert log.accounts["account"].tolist() == seen.index.tolist()
    assert log.accounts["lasted_days"].to_numpy() == pytest.approx(lasted.to_numpy())
    assert (log.accounts["lasted_days"][log.accounts["kind"] == 0] == 0).all()


def test_the_dropout_of_the_kinds_adds_up_to_that_of_all() -> None:
    log = simulate_events(n_accounts=300, seed=4, end=WINDOW_END)
    share = log.kinds["share"] * log.kinds["expected_dropout"]
    assert share.groupby(log.kinds["time_days"]).sum().to_numpy() == pytest.approx(
        log.truth["expected_dropout"].to_numpy()
    )


def test_many_accounts_drop_out_as_the_model_expects() -> None:
    truth = simulate_events(n_accounts=60_000, seed=8, end=datetime(2014, 1, 1, tzinfo=UTC), rate_mean=0.1).truth
    assert truth["dropout"].to_numpy() == pytest.approx(truth["expected_dropout"].to_numpy(), abs=0.006)


def test_retention_has_a_steep_first_month_and_a_plateau_near_a_fifth() -> None:
    shares, means = zip(*LIFETIMES, strict=True)
    silent, month, year, two_years = 1 - expected_survival([0, 30, 365, 730], shares, means, 0.22, 16)
    assert 0.38 < silent < 0.43
    assert 0.55 < month < 0.60
    assert 0.78 < year < 0.82
    assert two_years - year < 0.06


def test_a_silence_of_thirty_days_is_rarely_followed_by_a_return() -> None:
    events = simulate_events(n_accounts=3000, seed=9, end=WINDOW_END).events
    ordered = events.sort_values(["account", "time"])
    silence = ordered.groupby("account")["time"].diff() >= timedelta(days=30)
    assert silence.groupby(ordered["account"]).any().mean() < 0.08


def test_accounts_are_numbered_in_the_order_of_their_signup() -> None:
    first = simulate_events(n_accounts=400, seed=2, end=WINDOW_END).events.groupby("account")["time"].min()
    assert first.index[:2].tolist() == ["a00001", "a00002"]
    assert first.is_monotonic_increasing


def test_the_same_seed_gives_the_same_log() -> None:
    first, second, other = (simulate_events(n_accounts=100, seed=seed, end=WINDOW_END).events for seed in (5, 5, 6))
    assert first.equals(second)
    assert not first.equals(other)


def test_says_what_is_wrong_with_a_log_that_ends_before_the_last_signup() -> None:
    growth = [(date(2009, 1, 1), 0.0), (date(2010, 1, 1), 1.0)]
    with pytest.raises(SpecError) as caught:
        simulate_events(n_accounts=10, seed=1, end=datetime(2009, 6, 1, tzinfo=UTC), signups=growth)
    assert str(caught.value) == (
        "simulate_events, end: 2009-06-01 00:00:00+00:00 has no time zone or lies before the last sign-up, "
        "2010-01-01. Give a later instant with a time zone."
    )


def test_whole_numbers_add_up_to_the_total() -> None:
    assert apportion([0.5, 0.3, 0.2], 11).tolist() == [6, 3, 2]
    assert apportion([1, 1, 1], 2).sum() == 2


def test_the_intercept_found_gives_the_share_asked_for() -> None:
    offsets, mass = np.array([-1.0, 0.0, 2.0]), np.array([0.2, 0.5, 0.3])
    intercept = calibrate(0.07, offsets, mass, 0.3)
    assert np.dot(mass, mean_share(offsets + intercept, 0.3)) == pytest.approx(0.07, abs=1e-12)
