from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from surveys.comparisons.groups import pairwise_differences, rank_test, t_test
from surveys.comparisons.pairs import SCORES, adjust_probabilities
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.estimates.means import mean, proportion
from surveys.models.glm import SurveyGlm


@pytest.fixture
def respondents(rng: np.random.Generator) -> pd.DataFrame:
    n = 200
    sex = rng.choice(["F", "M"], n)
    hours = np.round(rng.gamma(2, 2, n) + (sex == "M"), 1)
    age = rng.choice(["18-34", "35-54", "55+"], n)
    return pd.DataFrame(
        {"w": rng.uniform(1, 4, n), "place": np.repeat(np.arange(20), 10), "sex": sex, "hours": hours, "age": age}
    )


@pytest.fixture
def design(respondents: pd.DataFrame) -> Design:
    return Design.from_frame(respondents, weight="w", cluster="place")


def test_the_t_test_is_the_coefficient_of_a_linear_model(respondents: pd.DataFrame, design: Design):
    found = t_test(design, respondents["hours"], respondents["sex"])
    fitted = SurveyGlm("hours ~ sex").fit(design, respondents)
    assert found.estimate == pytest.approx(fitted.estimate[1])
    assert found.std_error == pytest.approx(fitted.std_error[1])
    assert found.df == fitted.df == 18
    assert found.p_value == pytest.approx(fitted.p_value[1])


@pytest.mark.parametrize("test", SCORES)
def test_ranks_do_not_mind_how_values_are_written(respondents: pd.DataFrame, design: Design, test):
    plain = rank_test(design, respondents["hours"], respondents["sex"], test=test)
    squared = rank_test(design, respondents["hours"] ** 2, respondents["sex"], test=test)
    turned = rank_test(design, respondents["hours"], respondents["sex"].map({"F": "z", "M": "a"}), test=test)
    assert plain.statistic == pytest.approx(squared.statistic)
    assert plain.statistic == pytest.approx(-turned.statistic)
    assert plain.p_value == pytest.approx(turned.p_value)


def test_several_groups_are_tested_by_f(respondents: pd.DataFrame, design: Design):
    found = rank_test(design, respondents["hours"], respondents["age"], test="KruskalWallis")
    assert (found.ndf, found.ddf, found.levels) == (2, 17, ("18-34", "35-54", "55+"))
    assert np.isnan(found.estimate)
    assert found.to_frame()["n"].tolist() == [200]


def test_values_that_are_missing_leave_the_test(respondents: pd.DataFrame, design: Design):
    hours = respondents["hours"].where(respondents.index >= 5)
    assert rank_test(design, hours, respondents["sex"]).n == 195


def test_pairs_of_groups_are_told_apart_with_their_covariance(respondents: pd.DataFrame, design: Design):
    means = mean(design, respondents["hours"], by=respondents["age"])
    found = pairwise_differences(means, adjustment="none")
    contrast = means.contrast({"18-34": 1, "55+": -1})
    row = found.to_frame().set_index(["first", "second"]).loc[("18-34", "55+")]
    assert row["std_error"] == pytest.approx(contrast.std_error)
    assert row["p_adjusted"] == row["p_value"] == pytest.approx(contrast.p_value)
    assert row["conf_high"] == pytest.approx(contrast.conf_high)


def test_holm_and_false_discovery_follow_their_definitions():
    p = np.array([0.01, 0.02, 0.04, np.nan])
    assert adjust_probabilities(p, "holm")[:3].tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert adjust_probabilities(p, "fdr")[:3].tolist() == pytest.approx([0.03, 0.03, 0.04])
    assert adjust_probabilities(p, "none")[:3].tolist() == p[:3].tolist()
    assert np.isnan(adjust_probabilities(p, "holm")[3])


def test_a_pair_chosen_is_not_adjusted_for_others(respondents: pd.DataFrame, design: Design):
    shares = proportion(design, respondents["hours"] > 4, by=respondents["age"])
    found = pairwise_differences(shares, labels=["18-34", "55+"])
    assert found.p_adjusted.tolist() == found.p_value.tolist()


def test_three_groups_have_no_t_test(respondents: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError) as refused:
        t_test(design, respondents["hours"], respondents["age"])
    assert str(refused.value) == ("groups: has 3 levels (18-34, 35-54, 55+), expected two. Limit rows to two of them.")


def test_what_is_not_known_is_told_the_nearest(respondents: pd.DataFrame, design: Design):
    with pytest.raises(SpecError, match="Did you mean 'wilcoxon'"):
        rank_test(design, respondents["hours"], respondents["sex"], test="wilcoxn")
    shares = proportion(design, respondents["hours"] > 4, by=respondents["age"])
    with pytest.raises(SpecError, match="Did you mean 'holm'"):
        pairwise_differences(shares, adjustment="hol")
    with pytest.raises(SpecError, match="no estimate is called '55'"):
        pairwise_differences(shares, labels=["18-34", "55"])
