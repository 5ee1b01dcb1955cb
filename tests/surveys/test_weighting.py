from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.estimates.means import mean, total
from surveys.samples.design_report import describe_design
from surveys.weighting.recipe import Calibrate, PostStratify, Rake, Trim, WeightingRecipe, kish, reweight

CELLS = pd.DataFrame({"sex": list("FFMMFM"), "age": ["young", "old"] * 3, "hours": [1.0, 2, 3, 4, 5, 6]})


@pytest.fixture
def people(rng: np.random.Generator) -> pd.DataFrame:
    n = 400
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n, p=[0.6, 0.4]),
            "age": rng.choice(["18-34", "35-64", "65+"], n),
            "region": rng.choice(["N", "S"], n),
            "income": rng.gamma(3, 10, n),
            "w": rng.uniform(50, 150, n),
        }
    )
    return frame.assign(heard=(rng.random(n) < np.where(frame["sex"] == "F", 0.2, 0.6)).astype(float))


def drawn(frame: pd.DataFrame) -> Design:
    return Design.from_frame(frame, weight="w" if "w" in frame else None)


def problems(error: pytest.ExceptionInfo[ValueError]) -> list[str]:
    return str(error.value).split("\n")


def test_post_stratified_weights_are_the_cells_people_over_its_respondents():
    found = reweight(drawn(CELLS), CELLS, PostStratify("sex", {"F": 60, "M": 30}))
    assert found.weights.tolist() == [20, 20, 10, 10, 20, 10]


def test_crossed_cells_are_named_by_their_parts():
    totals = {("F", "young"): 10, ("F", "old"): 8, ("M", "young"): 6, ("M", "old"): 4}
    found = reweight(drawn(CELLS), CELLS, PostStratify(("sex", "age"), totals))
    assert pd.Series(found.weights).groupby([CELLS["sex"], CELLS["age"]]).sum().to_dict() == totals


def test_codes_stored_as_numbers_meet_totals_named_by_text():
    frame = pd.DataFrame({"sex": [1.0, 2, 2]})
    assert reweight(drawn(frame), frame, PostStratify("sex", {"1": 10, "2": 10})).weights.tolist() == [10, 5, 5]


@settings(max_examples=40, deadline=None)
@given(
    weights=st.lists(st.floats(0.1, 50), min_size=30, max_size=30),
    women=st.floats(0.2, 0.8),
    old=st.floats(0.2, 0.8),
)
def test_raked_weights_meet_every_margin_and_stay_positive(weights: list[float], women: float, old: float):
    frame = pd.DataFrame({"sex": (["F", "M"] * 15), "age": ["young", "young", "old"] * 10, "w": weights})
    margins = {
        "sex": {"F": 1000 * women, "M": 1000 * (1 - women)},
        "age": {"young": 1000 * (1 - old), "old": 1000 * old},
    }
    found = pd.Series(reweight(drawn(frame), frame, Rake(margins)).weights)
    assert (found > 0).all()
    for name, totals in margins.items():
        sums = found.groupby(frame[name]).sum()
        assert np.allclose([sums[level] for level in totals], list(totals.values()), rtol=1e-10)


@pytest.mark.parametrize(
    ("distance", "bounds"),
    [("linear", None), ("linear", (0.5, 2.0)), ("raking", None), ("raking", (0.5, 2.0)), ("logit", (0.5, 2.0))],
)
def test_calibrated_weights_meet_totals_within_their_bounds(people, distance, bounds):
    design = drawn(people)
    before = design.weights
    income = float(before @ people["income"]) * 1.03
    totals = {"sex": {"F": 21_000, "M": 19_000}, "income": income}
    found = reweight(design, people, Calibrate(totals, distance, bounds)).weights
    assert found[people["sex"] == "F"].sum() == pytest.approx(21_000, rel=1e-9)
    assert found @ people["income"] == pytest.approx(income, rel=1e-9)
    if bounds:
        assert (found / before).min() >= bounds[0] - 1e-12
        assert (found / before).max() <= bounds[1] + 1e-12


def test_margins_that_say_the_same_twice_do_no_harm(people):
    once = Calibrate({"sex": {"F": 21_000, "M": 19_000}})
    twice = Calibrate({"sex": {"F": 21_000, "M": 19_000}, ("sex",): {("F",): 21_000, ("M",): 19_000}})
    assert np.allclose(reweight(drawn(people), people, once).weights, reweight(drawn(people), people, twice).weights)


def test_linear_calibration_on_cells_is_post_stratification(people):
    totals = {"F": 21_000, "M": 19_000}
    cells = reweight(drawn(people), people, PostStratify("sex", totals))
    linear = reweight(drawn(people), people, Calibrate({"sex": totals}))
    assert np.allclose(cells.weights, linear.weights, rtol=1e-12)
    errors = [mean(design, people["heard"]).std_error[0] for design in (cells, linear)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-10)


@pytest.mark.parametrize("kind", ["cells", "rake", "calibrate"])
def test_known_totals_have_no_sampling_error_and_related_estimates_less(people, kind):
    totals = {"F": 21_000, "M": 19_000}
    step = {
        "cells": PostStratify("sex", totals),
        "rake": Rake({"sex": totals}),
        "calibrate": Calibrate({"sex": totals}),
    }
    design = drawn(people)
    weighted = reweight(design, people, step[kind])
    women = total(weighted, (people["sex"] == "F").astype(float))
    assert women.estimate[0] == pytest.approx(21_000)
    assert women.std_error[0] < 1e-6 * women.estimate[0]
    assert mean(weighted, people["heard"]).std_error[0] < mean(design, people["heard"]).std_error[0]


def test_trimming_keeps_the_sum_and_the_limits():
    frame = pd.DataFrame({"w": [1.0, 2, 3, 4, 40]})
    found = reweight(drawn(frame), frame, Trim(upper=20)).weights
    assert found.tolist() == [6, 7, 8, 9, 20]
    pushed = pd.DataFrame({"w": [1.0, 2, 3, 19, 45]})
    assert reweight(drawn(pushed), pushed, Trim(upper=20, strict=False)).weights.max() > 20
    strict = reweight(drawn(pushed), pushed, Trim(upper=20)).weights
    assert strict.max() == 20
    assert strict.sum() == pytest.approx(70)


def test_a_recipe_gives_the_same_weights_again_and_can_be_printed(people):
    recipe = WeightingRecipe(
        (Rake({"sex": {"F": 21_000, "M": 19_000}, "region": {"N": 22_000, "S": 18_000}}), Trim(upper=160))
    )
    once, again = recipe.apply(drawn(people), people), recipe.apply(drawn(people), people)
    assert once.weights.tobytes() == again.weights.tobytes()
    assert WeightingRecipe.of(once) == recipe
    assert (
        recipe.summary() == "1. raked to sex (2 levels) and region (2 levels), 40,000 people\n2. trimmed to at most 160"
    )
    assert recipe.to_frame()[["step", "margin", "level", "total"]].to_numpy().tolist()[:2] == [
        [1, "sex", "F", 21_000.0],
        [1, "sex", "M", 19_000.0],
    ]


def test_steps_and_their_cost_are_in_the_report_of_the_design(people):
    design = reweight(drawn(people), people, Rake({"sex": {"F": 30_000, "M": 10_000}}), Trim(upper=200))
    report = describe_design(design)
    assert len(report.step_effects) == 3
    assert report.step_effects[-1] == pytest.approx(kish(design.weights).design_effect)
    assert "1. raked to sex (2 levels), 40,000 people" in report.summary()


def test_a_level_without_a_total_is_named(people):
    with pytest.raises(SpecError) as error:
        reweight(drawn(people), people, Rake({"age": {"18-34": 10, "35-64": 10, "65": 10}}))
    count = int((people["age"] == "65+").sum())
    assert problems(error)[0] == f"margin 'age': no total for '65+', which {count} respondents are. Did you mean '65'?"


def test_a_total_without_anybody_is_named():
    with pytest.raises(SpecError) as error:
        reweight(drawn(CELLS), CELLS, PostStratify("sex", {"F": 50, "M": 40, "X": 2}))
    assert problems(error) == [
        "margin 'sex': the total of 'X', 2, cannot be met: no respondent with a weight is in it. "
        "Join the level to another, in the data and in the totals."
    ]


def test_margins_of_different_populations_are_named():
    with pytest.raises(SpecError) as error:
        reweight(drawn(CELLS), CELLS, Rake({"sex": {"F": 50, "M": 40}, "age": {"young": 50, "old": 41}}))
    assert problems(error) == [
        "margin 'age': it adds up to 91, and 'sex' to 90. Make the totals of all margins add up to the same."
    ]


def test_margins_that_contradict_each_other_are_named():
    frame = pd.DataFrame({"sex": list("FFM"), "age": ["old", "old", "young"]})
    with pytest.raises(EstimateError, match=r"margin '(sex|age)': is not met after 2000 sweeps"):
        reweight(drawn(frame), frame, Rake({"sex": {"F": 50, "M": 50}, "age": {"old": 60, "young": 40}}))


def test_bounds_that_no_weights_meet_are_named(people):
    with pytest.raises(EstimateError) as error:
        reweight(drawn(people), people, Calibrate({"sex": {"F": 39_000, "M": 1_000}}, "logit", (0.8, 1.2)))
    assert "cannot be met together with the others with factors from 0.8 to 1.2" in problems(error)[0]


def test_blank_cells_and_unknown_columns_are_named_together():
    frame = CELLS.assign(sex=["F", None, "M", "M", "F", "M"])
    with pytest.raises(SpecError) as error:
        reweight(drawn(frame), frame, Rake({"sex": {"F": 1, "M": 1}, "agee": {"young": 1, "old": 1}}))
    assert problems(error) == [
        "frame, line 2, column 'sex': the cell is blank, and every respondent belongs somewhere. Fill it in.",
        "frame, header: no column 'agee'. Did you mean 'age'?",
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Trim(lower=5, upper=2), "trim: got limits 5 and 2. Give an upper limit above the lower one."),
        (
            lambda: Calibrate({"a": 1.0}, "linaer"),
            "distance 'linaer': not a distance known here. Did you mean 'linear'?",
        ),
        (
            lambda: Calibrate({"a": 1.0}, "logit"),
            "bounds: missing, and distance 'logit' needs them. Give for example (0.4, 2.5).",
        ),
        (lambda: Calibrate({"a": 1.0}, bounds=(1.1, 2)), "bounds: got 1.1 and 2. Give one below 1 and one above."),
    ],
)
def test_impossible_settings_are_refused(make, said):
    with pytest.raises(SpecError) as error:
        make()
    assert problems(error) == [said]


def test_limits_on_one_side_of_the_mean_weight_are_refused():
    frame = pd.DataFrame({"w": [10.0, 20]})
    with pytest.raises(SpecError, match="the mean weight is 15, outside -inf to 12"):
        reweight(drawn(frame), frame, Trim(upper=12))


def test_a_single_total_cannot_be_raked():
    with pytest.raises(SpecError, match="margin 'hours': a single total, and raking needs one for each level"):
        reweight(drawn(CELLS), CELLS, Rake({"hours": 20.0}))
