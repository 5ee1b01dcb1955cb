"""Recall error: what people say of leaving against what the log of the same accounts shows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from churn.adoption.joint import product_of_shares
from churn.adoption.recall_error import RecallError, _greenwood, _wald, compare_recall, read_log_at
from churn.design_based.recall import read_recall
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import Tenures, measure_tenures
from reports.examples import open_example
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Estimate
from surveys.funnel.funnel import estimate_funnel
from surveys.study.schema import Study


@cache
def example() -> Study:
    return open_example("twitter_france")


@cache
def error_of(wave: str) -> RecallError:
    return compare_recall(example(), read_recall(example(), wave, "twitter"))


def test_the_log_is_read_as_it_stood_when_people_were_asked():
    activity = read_log_at(example(), "2011-10")
    assert str(np.datetime64(int(activity.end_day) - 1, "D")) == "2011-10-22"
    assert error_of("2011-10").log.n == measure_tenures(activity, DropoutRule("inactive", 30)).n_accounts


def test_the_difference_has_the_variances_of_both():
    recalled, logged, gap = error_of("2012-10").at(30.0)
    assert_allclose(gap.estimate, recalled.estimate - logged.estimate)
    assert_allclose(gap.std_error**2, recalled.std_error**2 + logged.std_error**2)
    assert gap.conf_low < gap.estimate < gap.conf_high


def test_people_recall_fewer_early_departures_than_the_log_shows_in_every_wave():
    """Planted: 24 and 36 % by recall; 48 and 58 % gone in the log."""
    for wave in ("2011-10", "2012-10", "2013-10"):
        error = error_of(wave)
        assert not error.agrees
        assert all(gap.conf_high < 0 for gap in error.differences)
        assert error.bands["difference"].iloc[0] < -0.1


def test_bands_share_out_everybody_on_both_sides():
    bands = error_of("2012-10").bands
    assert bands["band"].tolist() == ["0-7 d", "7-30 d", ">30 d"]
    assert_allclose(bands[["recalled", "logged"]].sum(), 1.0)
    assert_allclose(bands["difference"].sum(), 0.0, atol=1e-12)


def test_the_joint_test_is_an_f_test_of_both_times():
    error = error_of("2012-10")
    covariance = error.recall.curve.estimates.covariance + _greenwood(error.log, list(error.times))
    difference = np.array([gap.estimate for gap in error.differences])
    squared = difference @ np.linalg.inv(covariance) @ difference
    freedom = error.recall.curve.estimates.degrees_of_freedom
    assert_allclose(error.f_value, squared * (freedom - 1) / freedom / 2)
    assert error.df == (2.0, freedom - 1)


def test_greenwoods_covariance_is_that_of_shares_in_a_log_without_censoring():
    rng = np.random.default_rng(5)
    duration = rng.integers(1, 60, 400).astype(float)
    curve = kaplan_meier(Tenures(duration=duration, event=np.ones(400, bool)))
    p, q = (duration > 7).mean(), (duration > 30).mean()
    expected = np.array([[p * (1 - p), q * (1 - p)], [q * (1 - p), q * (1 - q)]]) / 400
    assert_allclose(_greenwood(curve, [7.0, 30.0]), expected)


def test_equal_answers_and_log_are_not_told_apart():
    """Of 300 pairs of samples from one law, the joint test rejects about 5 %."""
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(300):
        low, high = rng.multinomial(250, [0.3, 0.15, 0.55]), rng.multinomial(900, [0.3, 0.15, 0.55])
        difference, covariance = np.zeros(2), np.zeros((2, 2))
        for sign, counts in ((1, low), (-1, high)):
            n = counts.sum()
            p = np.array([counts[0], counts[0] + counts[1]]) / n
            difference += sign * p
            covariance += np.array([[p[0] * (1 - p[0]), p[0] * (1 - p[1])], [p[0] * (1 - p[1]), p[1] * (1 - p[1])]]) / n
        rejected += _wald(difference, covariance, 249.0)[2] < 0.05
    assert 5 <= rejected <= 26


def test_sign_up_is_joined_with_staying_as_recalled_and_as_logged():
    error = error_of("2012-10")
    signup = estimate_funnel(example()).at("2012-10", "twitter", "signup")
    with_recall, with_log = error.stayed_after(signup)
    logged = error.log.at(30.0)
    assert isinstance(logged, Estimate)
    assert_allclose(with_log.estimate, product_of_shares(signup, logged).estimate)
    assert with_recall.estimate > with_log.estimate


def test_frame_and_sentence_hold_every_time():
    error = error_of("2013-10")
    frame = error.to_frame()
    assert frame["time"].tolist() == [7.0, 30.0]
    assert_allclose(frame["difference"], frame["recalled"] - frame["logged"])
    assert error.summary().startswith("7 days: gone 31.4% as recalled, 48.")


def test_what_cannot_be_compared_is_named():
    study = example()
    recall = read_recall(study, "2012-10", "twitter")
    with pytest.raises(SpecError, match="recall and log are not both known there"):
        error_of("2012-10").at(14.0)
    elsewhere = study.model_copy(update={"usage": study.usage.model_copy(update={"platform": "facebook"})})
    with pytest.raises(StudyError, match="no log of events of platform 'twitter'"):
        compare_recall(elsewhere, recall)
    with pytest.raises(StudyError, match="there is no such wave"):
        read_log_at(study, "2012-11")
    early = study.model_copy(update={"study": study.study.model_copy(update={"as_of": read_log_day()})})
    with pytest.raises(StudyError, match="was asked after 2011-12-31"):
        read_log_at(early, "2012-10")


def read_log_day() -> object:
    """The last day of 2011."""
    from datetime import date

    return date(2011, 12, 31)
