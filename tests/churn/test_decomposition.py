"""Taking a difference apart: parts that add up exactly, covariances of what is shared, and the published series."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from churn.adoption._decomposition import log_gradient, shapley_parts
from churn.adoption.decomposition import decompose, steady_run
from churn.adoption.joint import JointFunnel, Spread, add_staying, join_steps
from churn.adoption.published_funnels import published_funnel
from reports.examples import open_example
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable
from surveys.published.figures import PublishedFigures, read_published
from surveys.study.published import PublishedFunnel
from tests.churn.joined import example_curve, example_funnel, example_wave, share

SHARES = st.floats(0.01, 0.99)
PAIR = st.tuples(SHARES, SHARES).map(np.array)
THREE = st.tuples(SHARES, SHARES, SHARES).map(np.array)


@pytest.fixture(scope="module")
def published() -> PublishedFigures:
    return read_published(open_example("twitter_france"))


def ifop(published: PublishedFigures, wave: int, platform: str = "twitter", **more: str) -> JointFunnel:
    spec = PublishedFunnel(
        id=f"w{wave}",
        label="Ifop",
        date=f"W{wave}",
        aware=f"ifop_w{wave}_{platform}_aware",
        signup=f"ifop_w{wave}_{platform}_member",
        **more,
    )
    joined = published_funnel(spec, published, stayed=share(0.42, 0.008))
    assert isinstance(joined, JointFunnel)
    return joined


@given(THREE, THREE)
def test_shapley_parts_add_up_to_the_difference(first: np.ndarray, second: np.ndarray):
    assert shapley_parts(first, second).sum() == pytest.approx(second.prod() - first.prod(), abs=1e-15)


@given(THREE, THREE)
def test_shapley_parts_turn_their_sign_when_the_funnels_change_places(first: np.ndarray, second: np.ndarray):
    assert shapley_parts(first, second) == pytest.approx(-shapley_parts(second, first), abs=1e-15)


@given(THREE, THREE)
def test_shapley_parts_of_three_steps_are_the_hand_formula(first: np.ndarray, second: np.ndarray):
    """What a step changes, times a third of the others before and after, and a sixth of the two mixtures."""
    (a, b, c), (x, y, z) = first, second
    by_hand = [
        (x - a) * ((b * c + y * z) / 3 + (b * z + y * c) / 6),
        (y - b) * ((a * c + x * z) / 3 + (a * z + x * c) / 6),
        (z - c) * ((a * b + x * y) / 3 + (a * y + x * b) / 6),
    ]
    assert shapley_parts(first, second) == pytest.approx(np.array(by_hand), abs=1e-15)


@given(PAIR, PAIR)
def test_shapley_parts_of_two_steps_are_changes_at_the_mean_of_the_other(first: np.ndarray, second: np.ndarray):
    by_hand = (second - first) * (first + second)[::-1] / 2
    assert shapley_parts(first, second) == pytest.approx(by_hand, abs=1e-15)


@given(THREE, SHARES)
def test_a_step_that_is_the_same_in_both_has_no_part(first: np.ndarray, other: float):
    second = first.copy()
    second[1] = other
    parts = shapley_parts(first, second)
    assert parts[[0, 2]] == pytest.approx([0, 0], abs=1e-16)


def test_the_gradient_is_that_of_finite_differences():
    first, second = np.array([0.3, 0.1, 0.4]), np.array([0.8, 0.2, 0.5])
    step = 1e-6
    numeric = []
    for i in range(6):
        ends = []
        for sign in (1, -1):
            both = np.concatenate([first, second])
            both[i] *= np.exp(sign * step)
            ends.append(shapley_parts(both[:3], both[3:]))
        numeric.append((ends[0] - ends[1]) / (2 * step))
    assert log_gradient(shapley_parts, first, second) == pytest.approx(np.column_stack(numeric), rel=1e-6, abs=1e-10)


def funnel_of(*factors: float, wave: str = "one", errors: float = 0.02) -> JointFunnel:
    """A funnel of which nothing is known but its steps and their relative errors, each of a sample of its own."""
    names = ("aware", "signup", "stayed")[: len(factors)]
    return JointFunnel(
        platform="service",
        wave=wave,
        horizon=30.0,
        conditional={name: share(factor, errors * factor) for name, factor in zip(names, factors, strict=True)},
        cumulative={name: share(product, 0.01) for name, product in zip(names, np.cumprod(factors), strict=True)},
        factors=np.array(factors),
        spreads=tuple(
            Spread(source=f"{wave} {i}", sample=row, deviations=row[None, :])
            for i, row in enumerate(errors * np.eye(len(factors)))
        ),
    )


@given(st.one_of(st.tuples(PAIR, PAIR), st.tuples(THREE, THREE)))
def test_parts_of_any_two_funnels_add_up(both: tuple[np.ndarray, np.ndarray]):
    found = decompose(funnel_of(*both[0], wave="one"), funnel_of(*both[1], wave="two"))
    logs, points = ([part.estimate for part in parts.values()] for parts in (found.log_parts, found.parts))
    assert sum(logs) == pytest.approx(np.log(found.ratio.estimate), abs=1e-13)
    assert sum(points) == pytest.approx(found.difference.estimate, abs=1e-15)


@given(THREE, THREE)
def test_changing_places_turns_every_sign_and_interval(first: np.ndarray, second: np.ndarray):
    one, other = funnel_of(*first, wave="one"), funnel_of(*second, wave="two")
    there, back = decompose(one, other), decompose(other, one)
    assert there.cause == back.cause
    for measure, within in (("log_parts", 1e-13), ("parts", 0.1)):
        for step, part in getattr(there, measure).items():
            turned, width = getattr(back, measure)[step], part.conf_high - part.conf_low if within > 1e-3 else 1.0
            assert part.estimate == pytest.approx(-turned.estimate, abs=1e-15)
            ends = (-turned.conf_high, -turned.conf_low)
            assert (part.conf_low, part.conf_high) == pytest.approx(ends, abs=within * width)
    assert there.ratio.estimate == pytest.approx(1 / back.ratio.estimate)


def test_the_parts_of_waves_add_up_to_machine_precision():
    found = decompose(example_wave("2009-06"), example_wave("2013-10"))
    assert sum(part.estimate for part in found.log_parts.values()) == pytest.approx(
        np.log(found.ratio.estimate), abs=1e-14
    )
    assert sum(part.estimate for part in found.parts.values()) == pytest.approx(found.difference.estimate, abs=1e-16)


def test_one_staying_curve_for_both_is_no_step():
    found = decompose(example_wave("2009-06"), example_wave("2013-10"))
    assert found.steps == ("aware", "signup")
    assert found.log_parts.keys() == found.parts.keys() == {"aware", "signup"}
    assert "one and the same 'stayed' serves both funnels: it is no step of their difference" in map(str, found.notes)
    ends = [example_wave(wave).cumulative["signup"].estimate for wave in ("2009-06", "2013-10")]
    assert found.difference.estimate == pytest.approx(ends[1] - ends[0])


def test_one_funnel_twice_is_no_difference():
    with pytest.raises(SpecError, match="one and the same"):
        decompose(example_wave("2009-06"), example_wave("2009-06"))


def test_a_curve_that_both_share_widens_no_ratio():
    """The ratio of two waves with one curve is that without it, and so is its interval."""
    waves = ("2009-06", "2013-10")
    bare = [join_steps(example_funnel(), None, platform="twitter", wave=wave) for wave in waves]
    with_curve, without = (decompose(*pair).ratio for pair in ([example_wave(wave) for wave in waves], bare))
    assert with_curve.std_error == pytest.approx(without.std_error)


def test_two_platforms_of_one_wave_are_not_taken_as_independent():
    funnel = example_funnel()
    facebook, twitter = (join_steps(funnel, None, platform=name, wave="2012-10") for name in ("facebook", "twitter"))
    found = decompose(facebook, twitter)
    contrast = funnel.contrast(
        {("2012-10", "twitter", "signup", "cumulative"): 1, ("2012-10", "facebook", "signup", "cumulative"): -1}
    )
    assert found.difference.estimate == pytest.approx(contrast.estimate)
    assert found.difference.std_error == pytest.approx(contrast.std_error)


def test_awareness_counts_most_in_the_growth_of_twitter_in_france(published: PublishedFigures):
    """Ifop, June 2009 to October 2011: awareness 28 to 85 %, sign-up per aware person 7.1 to 9.4 %."""
    first, last = ifop(published, 3), ifop(published, 6)
    assert first.conditional["signup"].estimate == pytest.approx(0.071, abs=5e-4)
    assert last.conditional["signup"].estimate == pytest.approx(0.094, abs=5e-4)
    found = decompose(first, last)
    assert found.cause == "aware"
    assert found.log_parts["aware"].estimate == pytest.approx(np.log(85 / 28))
    assert found.log_parts["signup"].conf_low < 0 < found.log_parts["signup"].conf_high


def test_sign_up_per_aware_person_stayed_as_it_was_until_2011(published: PublishedFigures):
    run = steady_run([ifop(published, wave) for wave in (3, 4, 5, 6, 7)])
    assert run is not None
    assert (run.first, run.last, run.n) == ("W3", "W6", 4)
    assert run.ended_by is not None
    assert run.ended_by.estimate == pytest.approx(12 / 89)


def test_facebook_and_twitter_differ_by_sign_up(published: PublishedFigures):
    assert decompose(ifop(published, 7, "facebook"), ifop(published, 7)).cause == "signup"


def test_figures_printed_with_the_log_carry_its_uncertainty(published: PublishedFigures):
    joined = ifop(published, 6, stayed="usage")
    assert joined.steps == ("aware", "signup", "stayed")
    assert joined.cumulative["stayed"].estimate == pytest.approx(0.08 * 0.42)
    twice = decompose(ifop(published, 3, stayed="usage"), joined)
    assert twice.steps == ("aware", "signup")


def test_a_figure_without_a_number_of_respondents_is_not_joined(published: PublishedFigures):
    spec = PublishedFunnel(
        id="w8", label="Ifop", date="2013", aware="ifop_w8_twitter_aware", signup="ifop_w8_twitter_member"
    )
    joined = published_funnel(spec, published)
    assert isinstance(joined, Unavailable)
    assert str(joined) == "the publisher gives no number of respondents"


def test_figures_reported_by_others_are_of_the_sample_of_who_asked(published: PublishedFigures):
    """Awareness printed by Ifop, membership of the same wave by a magazine: one sample."""
    assert all("two samples" not in str(note) for note in ifop(published, 3, "facebook").notes)


def test_one_step_alone_is_not_taken_apart(published: PublishedFigures):
    funnel = ifop(published, 6)
    alone = dataclasses.replace(funnel, cumulative={"aware": funnel.cumulative["aware"]})
    with pytest.raises(SpecError, match="1 steps in common"):
        decompose(alone, funnel)


def test_errors_of_the_parts_are_those_of_simulated_funnels():
    """8,000 pairs whose steps err by 2 %: standard deviations are known to within a percent."""
    first, second = np.array([0.3, 0.1, 0.4]), np.array([0.8, 0.2, 0.5])
    drawn = np.exp(np.random.default_rng(7).normal(0, 0.02, (8000, 2, 3)))
    pairs = [(first * before, second * after) for before, after in drawn]
    points = np.array([shapley_parts(*pair) for pair in pairs])
    found = decompose(funnel_of(*first, wave="one"), funnel_of(*second, wave="two"))
    assert [part.std_error for part in found.parts.values()] == pytest.approx(points.std(axis=0), rel=0.04)
    ends = np.quantile(points, [0.025, 0.975], axis=0).T
    width = ends[:, 1] - ends[:, 0]
    for part, drawn_ends, wide in zip(found.parts.values(), ends, width, strict=True):
        assert (part.conf_low, part.conf_high) == pytest.approx(tuple(drawn_ends), abs=0.06 * wide)


def test_groups_of_one_wave_use_their_covariance():
    """Ages live in the same communes: the error of their difference is that of the funnel's own contrast."""
    funnel, wave = example_funnel(), "2013-10"
    levels = ("35-49", "18-24")
    old, young = (join_steps(funnel, None, platform="twitter", wave=wave, group="age", level=level) for level in levels)
    keys = [(wave, "twitter", "signup", "cumulative", "age", level) for level in levels]
    contrast = funnel.contrast({keys[0]: 1, keys[1]: -1})
    found = decompose(young, old)
    assert found.difference.estimate == pytest.approx(contrast.estimate)
    assert found.difference.std_error == pytest.approx(contrast.std_error)
    shares = [funnel.at(wave, "twitter", "signup", group="age", level=level).estimate for level in levels]
    logs = funnel.contrast({key: 1 / share for key, share in zip(keys, [shares[0], -shares[1]], strict=True)})
    ratio = found.ratio
    assert ratio.std_error / ratio.estimate == pytest.approx(logs.std_error)


def test_samples_that_only_share_their_name_are_independent():
    """Another country's survey of the same wave, and another platform's log, are not this one's."""
    one, other = (
        add_staying(join_steps(example_funnel(), None, platform=name, wave="2012-10"), share(stayed, error))
        for name, stayed, error in (("twitter", 0.42, 0.008), ("facebook", 0.70, 0.009))
    )
    found = decompose(one, other).log_parts["stayed"]
    assert found.std_error == pytest.approx(np.hypot(0.008 / 0.42, 0.009 / 0.70))


def test_one_log_read_at_other_places_stays_one_log():
    stayed = example_curve().at(30)
    assert isinstance(stayed, Estimate)
    one, other = (
        add_staying(join_steps(example_funnel(), None, platform="twitter", wave=wave), stayed)
        for wave in ("2011-10", "2013-10")
    )
    assert "stayed" not in decompose(one, other).steps


def test_waves_are_independent_samples():
    one, other = (join_steps(example_funnel(), None, platform="twitter", wave=wave) for wave in ("2011-10", "2013-10"))
    apart = decompose(one, other)
    for i, step in enumerate(("aware", "signup")):
        variance = one.covariance[i, i] + other.covariance[i, i]
        assert apart.log_parts[step].std_error == pytest.approx(np.sqrt(variance))


def test_few_clusters_widen_the_parts():
    wide, narrow = (
        decompose(
            *(
                dataclasses.replace(each, spreads=tuple(dataclasses.replace(spread, df=df) for spread in each.spreads))
                for each in (funnel_of(0.3, 0.1, wave="one"), funnel_of(0.8, 0.1, wave="two"))
            )
        ).log_parts["aware"]
        for df in (5, np.inf)
    )
    assert narrow.conf_high - narrow.estimate == pytest.approx(1.959964 * narrow.std_error)
    assert wide.conf_high - wide.estimate == pytest.approx(stats.t.ppf(0.975, 10) * wide.std_error)


def test_sign_up_counts_most_from_2011_to_2012(published: PublishedFigures):
    """Awareness 85 to 89 %, sign-up per aware person 9.4 to 13.5 %."""
    found = decompose(ifop(published, 6), ifop(published, 7))
    assert found.cause == "signup"
    assert found.ratios["signup"].estimate == pytest.approx((12 / 89) / (8 / 85))


def test_a_step_that_works_against_the_others_is_below_one_and_does_not_count_most():
    found = decompose(funnel_of(0.3, 0.2, wave="one"), funnel_of(0.9, 0.1, wave="two"))
    assert found.ratios["signup"].estimate == pytest.approx(0.5)
    assert found.cause == "aware"


def test_steps_that_cancel_out_account_for_no_difference():
    """Twice as many have heard, half as many of these sign up: each is certain, and nothing is left of it."""
    found = decompose(funnel_of(0.4, 0.2, wave="one"), funnel_of(0.8, 0.1, wave="two"))
    assert found.log_parts["aware"].conf_low > 0
    assert not found.changed
    assert found.cause is None


def test_two_equal_parts_name_no_step_however_certain_both_are():
    found = decompose(funnel_of(0.3, 0.1, wave="one"), funnel_of(0.45, 0.15, wave="two"))
    assert found.changed
    assert all(part.conf_low > 0 for part in found.log_parts.values())
    assert found.cause is None
    (gap,) = found.gaps.values()
    assert gap.estimate == pytest.approx(0, abs=1e-12)
    assert gap.std_error == pytest.approx(2 * 0.02)


def test_no_step_stands_out_where_all_are_uncertain():
    found = decompose(funnel_of(0.3, 0.2, wave="one", errors=0.5), funnel_of(0.4, 0.25, wave="two", errors=0.5))
    assert found.cause is None


def test_intervals_of_two_levels_are_not_mixed():
    one = funnel_of(0.3, 0.2, wave="one")
    with pytest.raises(SpecError, match=r"levels 0\.95 and 0\.9"):
        decompose(one, dataclasses.replace(one, conf_level=0.9))


def test_the_table_has_every_part_and_the_whole():
    table = decompose(funnel_of(0.3, 0.2, 0.4, wave="one"), funnel_of(0.9, 0.1, 0.4, wave="two")).to_frame()
    assert table.groupby("measure", sort=False).size().to_dict() == {"log": 3, "points": 4, "ratio": 1}


def test_a_run_that_never_breaks_is_ended_by_nothing(published: PublishedFigures):
    run = steady_run([ifop(published, wave) for wave in (3, 4, 5, 6)])
    assert run is not None
    assert (run.n, run.ended_by) == (4, None)
    assert (run.least.estimate, run.most.estimate) == pytest.approx((2 / 28, 8 / 85))


def test_there_is_no_run_where_the_second_already_differs():
    assert steady_run([funnel_of(0.3, 0.05), funnel_of(0.3, 0.20)]) is None
    assert steady_run([funnel_of(0.3, 0.05)]) is None


def test_the_probability_of_a_run_is_cochrans():
    """Logs 0.05 apart, each with an error of 0.02: Q = 0.05 ** 2 / (2 * 0.02 ** 2) on one degree of freedom."""
    run = steady_run([funnel_of(0.3, 0.2), funnel_of(0.3, 0.2 * np.exp(0.05))])
    assert run is not None
    assert run.p_value == pytest.approx(stats.chi2.sf(3.125, 1))


def test_ratios_of_the_steps_multiply_to_that_of_the_whole(published: PublishedFigures):
    found = decompose(ifop(published, 3), ifop(published, 6))
    assert found.ratios["aware"].estimate == pytest.approx(85 / 28)
    assert np.prod([each.estimate for each in found.ratios.values()]) == pytest.approx(found.ratio.estimate)
    part = found.log_parts["aware"]
    assert (found.ratios["aware"].conf_low, found.ratios["aware"].conf_high) == pytest.approx(
        (np.exp(part.conf_low), np.exp(part.conf_high))
    )
