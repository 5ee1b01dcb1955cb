from __future__ import annotations

import pytest
from scipy import stats

from reports.examples import open_example
from surveys.core.errors import SpecError
from surveys.funnel.funnel import Funnel, estimate_funnel
from surveys.funnel.group_gaps import widest_gap


@pytest.fixture(scope="module")
def funnel() -> Funnel:
    return estimate_funnel(open_example("twitter_france"))


def test_the_widest_pair_is_the_largest_and_the_smallest_share(funnel: Funnel):
    gap = widest_gap(funnel, wave="2012-10", platform="twitter", group="age")
    twitter = funnel.to_frame().query("wave == '2012-10' and platform == 'twitter' and group == 'age'")
    rows = twitter.query("step == 'signup' and measure == 'cumulative'")
    assert gap.high_share.estimate == rows["estimate"].max()
    assert gap.low_share.estimate == rows["estimate"].min()
    assert gap.difference.estimate == pytest.approx(rows["estimate"].max() - rows["estimate"].min())


def test_the_interval_allows_for_the_choice_among_all_pairs(funnel: Funnel):
    gap = widest_gap(funnel, wave="2012-10", platform="twitter", group="age")
    plain = funnel.contrast(
        {
            ("2012-10", "twitter", "signup", "cumulative", "age", gap.high): 1,
            ("2012-10", "twitter", "signup", "cumulative", "age", gap.low): -1,
        }
    )
    assert gap.n_pairs == 10
    half = stats.t.ppf(1 - 0.025 / 10, plain.df) * plain.std_error
    assert gap.difference.conf_high - gap.difference.estimate == pytest.approx(half)
    assert gap.difference.p_value == pytest.approx(min(1.0, 10 * plain.p_value))
    assert gap.difference.conf_level == funnel.conf_level


def test_two_levels_are_no_choice(funnel: Funnel):
    gap = widest_gap(funnel, wave="2012-10", platform="twitter", group="sex")
    assert gap.n_pairs == 1


def test_a_group_that_nobody_was_asked_about_is_refused(funnel: Funnel):
    with pytest.raises(SpecError, match="two or more"):
        widest_gap(funnel, wave="2012-10", platform="twitter", group="region")


def test_of_several_groups_every_pair_is_counted(funnel: Funnel):
    alone = {name: widest_gap(funnel, wave="2012-10", platform="twitter", group=name) for name in ("age", "sex")}
    both = widest_gap(funnel, wave="2012-10", platform="twitter", group=("sex", "age"))
    assert (both.group, both.high, both.low) == ("age", alone["age"].high, alone["age"].low)
    assert both.n_pairs == alone["age"].n_pairs + alone["sex"].n_pairs
    assert both.difference.conf_low < alone["age"].difference.conf_low
