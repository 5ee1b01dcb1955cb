"""The joint funnel: a product whose interval carries both uncertainties, and covers as often as it says."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from churn.adoption._joint import draw_factors
from churn.adoption.decomposition import decompose
from churn.adoption.joint import EXACT, JointFunnel, Spread, add_staying, join_funnel, join_steps, product_of_shares
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable
from surveys.estimates.contrasts import effective_df
from tests.churn.joined import POPULATION, WAVES, draw_funnel, example_curve, example_funnel, example_wave, share


def heard(aware: float, conversion: float, errors: tuple[float, float], df: float = math.inf) -> JointFunnel:
    """A funnel of two steps with independent relative errors."""
    signup = aware * conversion
    deviations = np.diag(errors)
    return JointFunnel(
        platform="service",
        wave="one",
        horizon=30.0,
        conditional={"aware": share(aware, errors[0] * aware), "signup": share(conversion, errors[1] * conversion)},
        cumulative={"aware": share(aware, errors[0] * aware), "signup": share(signup, math.hypot(*errors) * signup)},
        factors=np.array([aware, conversion]),
        spreads=(Spread(source="survey one", sample=deviations, deviations=deviations, df=df),),
    )


def test_the_relative_variance_of_a_product_is_the_sum_of_the_two():
    product = product_of_shares(share(0.2, 0.02), share(0.5, 0.03))
    assert product.estimate == pytest.approx(0.1)
    assert (product.std_error / 0.1) ** 2 == pytest.approx(0.1**2 + 0.06**2)


def test_a_step_known_without_error_only_scales_the_other():
    product = product_of_shares(share(0.2, 0.02), share(0.5, 0.0))
    assert product.std_error == pytest.approx(0.01)


def test_few_degrees_of_freedom_widen_the_interval_only_as_far_as_the_survey_is_to_blame():
    known, few = (
        product_of_shares(share(0.2, 0.02), share(0.5, 0.03)),
        product_of_shares(share(0.2, 0.02), share(0.5, 0.03), 5),
    )
    assert few.conf_high - few.conf_low > known.conf_high - known.conf_low
    sure = product_of_shares(share(0.2, 1e-9), share(0.5, 0.03), 5)
    assert sure.conf_low == pytest.approx(product_of_shares(share(0.2, 1e-9), share(0.5, 0.03)).conf_low)


def test_the_interval_stays_between_0_and_1():
    product = product_of_shares(share(0.99, 0.05), share(0.99, 0.05))
    assert 0 < product.conf_low < product.conf_high < 1


def test_nobody_in_the_sample_leaves_the_exact_upper_end_times_the_other_share():
    none = Estimate(estimate=0.0, std_error=0.0, conf_low=0.0, conf_high=0.012, n=300, method="Korn-Graubard")
    known = dataclasses.replace(share(0.5, 0.0), conf_low=0.5, conf_high=0.5)
    product = product_of_shares(none, known)
    assert (product.estimate, product.conf_low) == (0.0, 0.0)
    assert product.conf_high == pytest.approx(0.012 * 0.5)
    stays = dataclasses.replace(share(0.5, 0.03), conf_low=0.44, conf_high=0.56)
    assert product_of_shares(none, stays).conf_high == pytest.approx(0.012 * math.hypot(0.5, 0.06))


def test_everybody_in_the_sample_leaves_the_lower_ends():
    every = Estimate(estimate=1.0, std_error=0.0, conf_low=0.99, conf_high=1.0, n=300, method="Korn-Graubard")
    half = dataclasses.replace(share(0.5, 0.03), conf_low=0.44, conf_high=0.56)
    one, other = product_of_shares(every, half), product_of_shares(half, every)
    assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
        (other.estimate, other.conf_low, other.conf_high)
    )
    assert one.conf_low == pytest.approx(0.5 - math.sqrt(0.06**2 + 0.005**2 - 0.0006**2))
    assert one.conf_high == pytest.approx(0.56)


def test_a_share_of_nobody_without_an_interval_is_refused():
    bare = Estimate(estimate=0.0, std_error=0.0, conf_low=math.nan, conf_high=math.nan, method="")
    with pytest.raises(SpecError, match=r"got 0 and 0\.5 without an interval"):
        product_of_shares(bare, share(0.5, 0.03))


def test_a_survey_in_which_nobody_signed_up_joins_with_an_upper_end():
    survey = draw_funnel(1, n=300, aware=0.8, signup=1e-9)
    stays = dataclasses.replace(share(0.42, 0.01), conf_low=0.40, conf_high=0.44)
    joint = join_steps(survey, stays, platform="service", wave="one")
    last = joint.cumulative["stayed"]
    assert (last.estimate, last.conf_low) == (0.0, 0.0)
    assert 0.3 * 3 / 300 < last.conf_high < 0.6 * 4 / 300
    assert joint.has_edge
    assert EXACT in joint.notes
    assert joint.bootstrap()["stayed"] == last
    assert joint.bootstrap()["aware"] != joint.cumulative["aware"]
    assert isinstance(joint.people("stayed"), Estimate)
    with pytest.raises(EstimateError, match="is taken by nobody"):
        decompose(joint, joint)


def test_a_survey_in_which_nobody_has_heard_is_refused():
    with pytest.raises(SpecError, match="nobody in the sample has heard"):
        join_steps(draw_funnel(1, n=300, aware=2e-9, signup=1e-9), None, platform="service", wave="one")


def test_the_interval_covers_the_product_as_often_as_it_says():
    """Binomial steps of 400 and 900: 2,000 studies, so that the coverage is known to within a point."""
    rng = np.random.default_rng(20131231)
    truth, covered = 0.15 * 0.42, 0
    for signed, stayed in zip(rng.binomial(400, 0.15, 2000), rng.binomial(900, 0.42, 2000), strict=True):
        p, s = signed / 400, stayed / 900
        product = product_of_shares(share(p, math.sqrt(p * (1 - p) / 400)), share(s, math.sqrt(s * (1 - s) / 900)), 399)
        covered += product.conf_low <= truth <= product.conf_high
    assert 0.93 <= covered / 2000 <= 0.97


@pytest.mark.parametrize("wave", WAVES)
def test_steps_multiply_to_the_last_one(wave: str):
    joint = example_wave(wave)
    assert joint.factors.prod() == pytest.approx(joint.cumulative["stayed"].estimate)
    for step, factor in zip(joint.steps, joint.factors, strict=True):
        assert joint.conditional[step].estimate == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize("wave", WAVES)
def test_linearised_and_bootstrapped_intervals_agree_on_the_example(wave: str):
    """100,000 draws place each end to within 0.3 % of the width (one standard error); 4,000, to within 1.2 %."""
    joint = example_wave(wave)
    for size, within in ((100_000, 0.02), (4000, 0.05)):
        drawn = joint.bootstrap(size=size, seed=5)
        for step, line in joint.cumulative.items():
            width = line.conf_high - line.conf_low
            assert drawn[step].estimate == pytest.approx(line.estimate)
            assert drawn[step].conf_low == pytest.approx(line.conf_low, abs=within * width)
            assert drawn[step].conf_high == pytest.approx(line.conf_high, abs=within * width)
            assert drawn[step].std_error == pytest.approx(line.std_error, rel=0.05)


def test_where_a_rate_is_tiny_the_ends_still_agree_but_not_the_standard_error():
    """Four sign-ups: the draws are lognormal, whose standard deviation is a fifth above the linearised one."""
    rare = add_staying(heard(0.3, 0.004, (0.02, 0.5)), share(0.42, 0.008))
    line, drawn = rare.cumulative["stayed"], rare.bootstrap(size=200_000)["stayed"]
    width = line.conf_high - line.conf_low
    assert (drawn.conf_low - line.conf_low) / width == pytest.approx(0, abs=0.01)
    assert (drawn.conf_high - line.conf_high) / width == pytest.approx(0, abs=0.01)
    relative = line.std_error / line.estimate
    lognormal = math.sqrt(math.expm1(relative**2)) * math.exp(relative**2 / 2)
    assert drawn.std_error / line.estimate == pytest.approx(lognormal, rel=0.03)
    assert drawn.std_error > 1.15 * line.std_error


def test_a_step_known_without_error_is_drawn_as_it_is():
    drawn = draw_factors(
        np.array([1.0, 0.2, 0.5]), [(np.diag([0.0, 0.1, 0.0]), math.inf)], size=1000, rng=np.random.default_rng(1)
    )
    assert (drawn[:, 0] == 1).all()
    assert (drawn[:, 2] == 0.5).all()
    assert drawn[:, 1].std() == pytest.approx(0.02, rel=0.1)
    sure = add_staying(heard(0.3, 0.2, (0.0, 0.0)), share(0.42, 0.0))
    stayed = sure.bootstrap()["stayed"]
    assert (stayed.conf_low, stayed.conf_high, stayed.std_error) == pytest.approx((0.0252, 0.0252, 0.0))


def test_draws_have_the_covariance_that_they_are_drawn_from():
    """On the logit, where draws are normal; 200,000 of them."""
    factors, deviations = np.array([0.3, 0.2]), np.array([[0.05, -0.02], [0.01, 0.08]])
    drawn = draw_factors(factors, [(deviations, math.inf)], size=200_000, rng=np.random.default_rng(2))
    on_logit = deviations / (1 - factors)
    assert np.cov(special.logit(drawn).T) == pytest.approx(on_logit.T @ on_logit, rel=0.03, abs=1e-5)


def test_draws_of_few_degrees_of_freedom_have_the_tails_of_student():
    drawn = draw_factors(np.array([0.2]), [(np.array([[0.08]]), 4.0)], size=400_000, rng=np.random.default_rng(3))
    ends = np.quantile(special.logit(drawn[:, 0]), [0.025, 0.975]) - special.logit(0.2)
    assert ends == pytest.approx(stats.t.ppf([0.025, 0.975], 4) * 0.1, rel=0.02)


def test_few_clusters_widen_both_intervals():
    few, many = (heard(0.3, 0.2, (0.02, 0.1), df) for df in (5.0, math.inf))
    joined = [add_staying(joint, share(0.42, 0.001)) for joint in (few, many)]
    for intervals in (
        [joint.bootstrap(size=40_000)["signup"] for joint in joined],
        [joint.cumulative["stayed"] for joint in joined],
    ):
        wide, narrow = (special.logit(each.conf_high) - special.logit(each.conf_low) for each in intervals)
        assert wide / narrow == pytest.approx(stats.t.ppf(0.975, 5) / 1.959964, rel=0.05)


def test_degrees_of_freedom_join_as_satterthwaite_joined_them():
    assert effective_df([0.04, 0.04], [10, 10]) == pytest.approx(20)
    assert effective_df([0.04, 0.0], [10, 3]) == pytest.approx(10)
    assert effective_df([0.03, 0.01], [10, math.inf]) == pytest.approx(0.04**2 / (0.03**2 / 10))
    assert effective_df([0.03], [math.inf]) == math.inf


def test_the_seed_decides_the_draws():
    joint = example_wave("2013-10")
    assert joint.bootstrap(seed=3) == joint.bootstrap(seed=3)
    assert joint.bootstrap(seed=3) != joint.bootstrap(seed=4)
    assert joint.bootstrap() == joint.bootstrap()


def test_a_bootstrap_of_a_few_draws_is_refused():
    with pytest.raises(SpecError, match="got 99, expected 100 or more"):
        example_wave("2013-10").bootstrap(size=99)


@pytest.mark.parametrize(("group", "level"), [("", ""), ("age", "18-24"), ("sex", "Femmes")])
def test_the_covariance_of_logs_is_that_of_the_survey(group: str, level: str):
    """By hand: the covariance of the two cumulative shares, and the delta method."""
    funnel, wave = example_funnel(), "2012-10"
    joint = join_steps(funnel, None, platform="twitter", wave=wave, group=group, level=level)
    estimates = funnel.estimates[wave]
    keys = list(estimates.index)
    places = [keys.index(("twitter", group, level, step, "cumulative")) for step in ("aware", "signup")]
    aware, signup = estimates.estimate[places]
    jacobian = np.array([[1 / aware, 0], [-1 / aware, 1 / signup]])
    by_hand = jacobian @ estimates.covariance[np.ix_(places, places)] @ jacobian.T
    assert joint.covariance == pytest.approx(by_hand, rel=1e-9, abs=1e-16)
    assert (joint.factors[0], joint.factors.prod()) == pytest.approx((aware, signup))


def test_sign_up_per_aware_person_has_nearly_the_error_of_the_ratio_estimate():
    """They part only where people who gave no answer to one question answered the other."""
    for wave in WAVES:
        joint = example_wave(wave)
        ratio = joint.conditional["signup"]
        assert math.sqrt(joint.covariance[1, 1]) == pytest.approx(ratio.std_error / ratio.estimate, rel=0.02)


def test_survey_and_log_are_independent():
    covariance = example_wave("2013-10").covariance
    assert (covariance[2, :2] == 0).all()
    stayed = example_curve().at(30)
    assert isinstance(stayed, Estimate)
    assert covariance[2, 2] == pytest.approx((stayed.std_error / stayed.estimate) ** 2)


def test_the_curve_ends_the_funnel_of_each_group():
    levels = [
        join_funnel(example_funnel(), example_curve(), platform="twitter", wave="2013-10", group="sex", level=level)
        for level in ("Hommes", "Femmes")
    ]
    for joint in levels:
        assert joint.cumulative["stayed"].estimate == pytest.approx(
            joint.cumulative["signup"].estimate * joint.conditional["stayed"].estimate
        )
        assert isinstance(joint.people("stayed"), Unavailable)
    assert levels[0].conditional["stayed"] == levels[1].conditional["stayed"]


def test_a_survey_that_was_simulated_joins_like_any_other():
    joint = join_steps(draw_funnel(1, n=1000, aware=0.8, signup=0.1), share(0.42, 0.01), platform="service", wave="one")
    assert joint.population == pytest.approx(POPULATION)
    assert joint.summary().startswith("service, one: still there after 30 days, ")


def test_a_funnel_without_staying_ends_with_sign_up():
    joint = join_steps(example_funnel(), None, platform="facebook", wave="2012-10")
    assert joint.steps == ("aware", "signup")
    assert "signed up" in joint.summary()
    assert joint.notes == ()


def test_staying_of_nobody_or_everybody_keeps_its_exact_interval():
    every = Estimate(estimate=1.0, std_error=0.0, conf_low=0.97, conf_high=1.0, n=120, method="Korn-Graubard")
    begun = heard(0.3, 0.2, (0.02, 0.1))
    begun.cumulative["signup"] = dataclasses.replace(begun.cumulative["signup"], conf_low=0.05, conf_high=0.07)
    joint = add_staying(begun, every)
    signup, stayed = joint.cumulative["signup"], joint.cumulative["stayed"]
    assert stayed.estimate == signup.estimate
    assert stayed.conf_low < signup.conf_low
    assert stayed.conf_high == pytest.approx(signup.conf_high)
    assert joint.bootstrap()["stayed"] == stayed


def test_the_table_gives_each_step_three_times():
    table = example_wave("2013-10").to_frame()
    assert table["measure"].unique().tolist() == ["conditional", "cumulative", "bootstrap"]
    assert (table.groupby("measure").size() == 3).all()
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()


def test_people_are_the_share_of_the_population_named_by_the_wave():
    joint = example_wave("2013-10")
    people = joint.people("stayed")
    assert isinstance(people, Estimate)
    assert people.estimate == pytest.approx(joint.cumulative["stayed"].estimate * 38_300_000)
    assert people.conf_low < people.estimate < people.conf_high


def test_without_a_population_there_are_no_people():
    joint = dataclasses.replace(example_wave("2013-10"), population=None)
    assert isinstance(joint.people("stayed"), Unavailable)


def test_a_curve_that_ends_before_the_horizon_is_refused():
    short = kaplan_meier(TenureCounts.from_frame(pd.DataFrame({"duration": [5, 9], "event": [1, 0], "n": [3, 7]})))
    with pytest.raises(SpecError, match="no account was observed beyond 9 days"):
        join_funnel(example_funnel(), short, platform="twitter", wave="2013-10")


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"platform": "twitter", "wave": "2007-10"}, "platform 'twitter', wave '2007-10': no signup, cumulative"),
        ({"platform": "twitter", "wave": "2020-10"}, "platform 'twitter', wave '2020-10': no aware, cumulative"),
        ({"platform": "orkut", "wave": "2012-10"}, "platform 'orkut', wave '2012-10': no aware, cumulative"),
        (
            {"platform": "copains_davant", "wave": "2012-10"},
            "platform 'copains_davant', wave '2012-10': no aware, cumulative",
        ),
        (
            {"platform": "twitter", "wave": "2012-10", "group": "age", "level": "12-17"},
            "platform 'twitter', wave '2012-10', age '12-17': no aware, cumulative",
        ),
    ],
)
def test_a_part_that_the_funnel_lacks_is_named(where: dict[str, str], told: str):
    with pytest.raises(SpecError) as caught:
        join_funnel(example_funnel(), example_curve(), **where)
    assert str(caught.value) == f"{told}. Ask for it in the survey."
