"""Funnels of printed figures: what sampling and rounding leave open, and the published sign-up per aware person."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from churn.adoption._joint import nested_deviations, rounding_deviations
from churn.adoption.joint import JointFunnel
from churn.adoption.published_funnels import published_funnel
from reports.examples import open_example
from surveys.core.errors import SpecError, StudyError
from surveys.core.results import Unavailable
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures, read_published
from surveys.study.published import PublishedFunnel
from tests.churn.joined import share

SIGNUP_PER_AWARE = {
    "twitter-fr-2009-06": 7.1,
    "twitter-fr-2009-11": 7.9,
    "twitter-fr-2010-09": 8.8,
    "twitter-fr-2011-10": 9.4,
    "twitter-fr-2012-10": 13.5,
    "twitter-fr-2009-11-atelier": 9.0,
    "twitter-us-2010-02": 8.0,
    "twitter-us-2011-01": 8.7,
    "twitter-us-2012-01": 11.1,
    "twitter-ca-2009-06": 5.6,
    "facebook-fr-2009-06": 32.3,
    "facebook-fr-2009-11": 38.1,
    "facebook-fr-2010-09": 45.7,
    "facebook-fr-2011-10": 51.6,
    "facebook-fr-2012-10": 56.8,
    "facebook-us-2010-02": 46.6,
    "facebook-us-2011-01": 54.8,
    "facebook-us-2012-01": 58.1,
    "copains-davant-fr-2009-06": 50.6,
    "copains-davant-fr-2009-11": 52.7,
    "copains-davant-fr-2010-09": 52.3,
    "copains-davant-fr-2011-10": 45.1,
}
WITHOUT_N = {"twitter-fr-2013-10", "facebook-fr-2013-10"}
"""Ifop's wave of 2013: nobody printed its number of respondents."""


@pytest.fixture(scope="module")
def published() -> PublishedFigures:
    return read_published(open_example("twitter_france"))


def figure(name: str, value: float, n: int | None, *, measure: str = "", **more: object) -> PublishedFigure:
    made: dict[str, object] = {"publisher": "Ifop", "half_unit": 0.005} | more
    return PublishedFigure(
        id=name,
        entity="Twitter",
        country="FR",
        measure=measure or name,
        subgroup="",
        wave="",
        value=value,
        unit="share",
        base="web users",
        n=n,
        date="2009",
        source="",
        kind="published",
        confidence="high",
        conflicts_with=(),
        **made,  # type: ignore[arg-type]
    )


def joined(*figures: PublishedFigure, **more: str) -> JointFunnel | Unavailable:
    names = {"aware": "aware", "signup": "signup"} | more
    return published_funnel(
        PublishedFunnel(id="one", label="One", date="2009", **names),
        PublishedFigures(Path("figures.csv"), {each.id: each for each in figures}),
        stayed=share(0.42, 0.01),
    )


def funnel(*figures: PublishedFigure, **more: str) -> JointFunnel:
    found = joined(*figures, **more)
    assert isinstance(found, JointFunnel)
    return found


def test_sign_up_per_aware_person_is_that_of_the_publications(published: PublishedFigures):
    study = open_example("twitter_france")
    assert study.published is not None
    found = {spec.id: published_funnel(spec, published) for spec in study.published.funnel}
    shares = {
        name: 100 * each.conditional["signup"].estimate for name, each in found.items() if isinstance(each, JointFunnel)
    }
    assert shares.keys() == SIGNUP_PER_AWARE.keys()
    assert shares == pytest.approx(SIGNUP_PER_AWARE, abs=0.051)
    reasons = {name: str(each) for name, each in found.items() if isinstance(each, Unavailable)}
    assert reasons == dict.fromkeys(WITHOUT_N, "the publisher gives no number of respondents")


def test_nested_steps_vary_as_they_do_in_simulated_samples():
    """20,000 samples of 1,000: the covariance is known to within 1 % of the variances."""
    rng = np.random.default_rng(28)
    aware = rng.binomial(1000, 0.6, 20_000)
    logs = np.log(np.column_stack([aware / 1000, rng.binomial(aware, 0.2) / aware]))
    deviations = nested_deviations(0.6, 0.12, 1000)
    found = deviations.T @ deviations
    assert np.cov(logs.T).diagonal() == pytest.approx(found.diagonal(), rel=0.04)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.02
    assert found[0, 1] == 0


def test_the_variance_of_a_nested_step_is_the_hand_formula():
    """Of 0.28 n = 284 people, 2/28: (1-c) / (nac)."""
    c = 2 / 28
    found = funnel(figure("aware", 0.28, 1015, half_unit=0.0), figure("signup", 0.02, 1015, half_unit=0.0))
    assert found.covariance[1, 1] == pytest.approx((1 - c) / (1015 * 0.28 * c))
    assert found.conditional["signup"].std_error == pytest.approx(math.sqrt(c * (1 - c) / (1015 * 0.28)))
    assert found.cumulative["signup"].std_error == pytest.approx(math.sqrt(0.02 * 0.98 / 1015))


def test_rounding_varies_as_it_does_in_simulated_figures():
    rng = np.random.default_rng(5)
    rounded = np.array([0.28, 0.02]) + rng.uniform(-0.005, 0.005, (200_000, 2)) * [1, 0.2]
    logs = np.log(np.column_stack([rounded[:, 0], rounded[:, 1] / rounded[:, 0]]))
    deviations = rounding_deviations([0.28, 0.02], [0.005, 0.001])
    assert np.cov(logs.T) == pytest.approx(deviations.T @ deviations, rel=0.02)


def test_rounding_widens_the_interval():
    exact = funnel(figure("aware", 0.28, 1015, half_unit=0.0), figure("signup", 0.02, 1015, half_unit=0.0))
    rounded = funnel(figure("aware", 0.28, 1015), figure("signup", 0.02, 1015))
    third = (0.005 / 0.02) ** 2 / 3 + (0.005 / 0.28) ** 2 / 3
    assert rounded.covariance[1, 1] - exact.covariance[1, 1] == pytest.approx(third)


def test_the_interval_of_a_printed_funnel_holds_the_truth_as_often_as_it_says():
    """Samples of 1,000, printed as whole percentages, of 30 % aware and 24 % of these signed up."""
    rng = np.random.default_rng(24)
    held = []
    for aware in rng.binomial(1000, 0.30, 1000):
        signup = rng.binomial(aware, 0.24)
        found = funnel(figure("aware", round(aware / 1000, 2), 1000), figure("signup", round(signup / 1000, 2), 1000))
        share = found.conditional["signup"]
        held.append(share.conf_low <= 0.24 <= share.conf_high)
    assert 0.93 <= np.mean(held) <= 0.975


def test_figures_of_two_samples_are_independent_and_say_so():
    """Then awareness moves sign-up per aware person the other way."""
    found = funnel(figure("aware", 0.6, 1000, half_unit=0), figure("signup", 0.12, 500, half_unit=0.0))
    first, second = 0.4 / (1000 * 0.6), 0.88 / (500 * 0.12)
    assert found.covariance == pytest.approx(np.array([[first, -first], [-first, first + second]]))
    assert any("two samples" in str(note) for note in found.notes)
    other = funnel(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000, publisher="TNS"))
    assert any("two samples" in str(note) for note in other.notes)


def test_a_publisher_quoted_by_another_is_one_publisher():
    found = funnel(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000, publisher="Ifop via Le Monde"))
    assert not any("two samples" in str(note) for note in found.notes)


def test_a_share_of_the_aware_is_multiplied_not_divided(published: PublishedFigures):
    """L'Atelier, November 2009: 60 % aware, 9 % of these signed up, which is 5.4 % of web users; n = 1,052."""
    spec = PublishedFunnel(
        id="atelier",
        label="L'Atelier",
        date="2009-11",
        aware="atelier09_twitter_aware",
        signup="atelier09_twitter_conv",
    )
    found = published_funnel(spec, published)
    assert isinstance(found, JointFunnel)
    assert found.conditional["signup"].estimate == pytest.approx(0.09)
    assert found.cumulative["signup"].estimate == pytest.approx(0.054)
    sampling, rounding = 0.91 / (1052 * 0.6 * 0.09), (0.005 / 0.09) ** 2 / 3
    assert found.covariance == pytest.approx(
        np.diag([0.4 / (1052 * 0.6) + (0.005 / 0.6) ** 2 / 3, sampling + rounding])
    )
    assert found.conditional["signup"].n == 631


@pytest.mark.parametrize("numbers", [(None, 1000), (1000, None), (None, None)])
def test_a_figure_without_a_number_of_respondents_is_not_joined(numbers: tuple[int | None, int | None]):
    found = joined(figure("aware", 0.6, numbers[0]), figure("signup", 0.12, numbers[1]))
    assert str(found) == "the publisher gives no number of respondents"


@pytest.mark.parametrize("values", [(0.12, 0.12), (0.1, 0.2), (1.0, 0.2), (0.5, 0.0)])
def test_steps_that_do_not_nest_are_not_joined(values: tuple[float, float]):
    found = joined(figure("aware", values[0], 1000), figure("signup", values[1], 1000))
    assert str(found) == "'signup' is not less than 'aware': nobody can sign up who has not heard"


def test_a_figure_that_is_not_in_the_file_is_named_with_the_nearest():
    with pytest.raises(StudyError) as caught:
        joined(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000), signup="sign_up")
    assert str(caught.value) == (
        "study.toml, [[published.funnel]] 'one': 'sign_up' is not in figures.csv. Did you mean 'signup'?"
    )


def test_staying_of_the_own_log_is_joined_where_the_study_asks_for_it():
    two, three = (
        funnel(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000), **more) for more in ({}, {"stayed": "usage"})
    )
    assert two.steps == ("aware", "signup")
    assert three.steps == ("aware", "signup", "stayed")
    assert three.cumulative["stayed"].estimate == pytest.approx(0.12 * 0.42)
    relative = three.cumulative["signup"].std_error / 0.12
    assert three.cumulative["stayed"].std_error / (0.12 * 0.42) == pytest.approx(math.hypot(relative, 0.01 / 0.42))


def test_staying_as_printed_carries_its_sampling_and_rounding():
    found = funnel(
        figure("aware", 0.6, 1000),
        figure("signup", 0.12, 1000),
        figure("kept", 0.4, 223, half_unit=0.005),
        stayed="kept",
    )
    stayed = found.conditional["stayed"]
    assert (stayed.estimate, stayed.n) == (0.4, 223)
    assert stayed.std_error == pytest.approx(math.sqrt(0.4 * 0.6 / 223 + 0.005**2 / 3))
    assert found.cumulative["stayed"].estimate == pytest.approx(0.048)


def test_staying_as_printed_without_a_number_of_respondents_is_not_joined():
    found = joined(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000), figure("kept", 0.4, None), stayed="kept")
    assert str(found) == "the publisher gives no number of respondents"


def test_a_printed_share_of_nobody_who_stays_is_refused_and_one_of_the_log_keeps_its_upper_end():
    with pytest.raises(StudyError, match="'kept' is 0, expected a share between 0 and 1"):
        joined(figure("aware", 0.6, 1000), figure("signup", 0.12, 1000), figure("kept", 0.0, 223), stayed="kept")
    own = PublishedFunnel(id="one", label="One", date="2009", aware="aware", signup="signup", stayed="usage")
    figures = {each.id: each for each in (figure("aware", 0.6, 1000), figure("signup", 0.12, 1000))}
    found = published_funnel(own, PublishedFigures(Path("figures.csv"), figures), stayed=share(0.0, 0.0))
    assert isinstance(found, JointFunnel)
    stayed, signup = found.cumulative["stayed"], found.cumulative["signup"]
    assert (stayed.estimate, stayed.conf_low) == (0.0, 0.0)
    assert 0.11 < stayed.conf_high < signup.conf_high
    unsure = replace(share(0.0, 0.0), conf_low=math.nan, conf_high=math.nan)
    with pytest.raises(SpecError, match="without an interval"):
        published_funnel(own, PublishedFigures(Path("figures.csv"), figures), stayed=unsure)
