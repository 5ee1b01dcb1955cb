from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.estimates.means import mean, total


def people(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def refused(frame: pd.DataFrame, **design: object) -> list[str]:
    with pytest.raises(SpecError) as error:
        Design.from_frame(frame, place="survey.csv", lines=np.arange(2, len(frame) + 2), **design)
    return str(error.value).split("\n")


def test_simple_random_sampling_is_the_textbook_variance(rng: np.random.Generator):
    y = rng.normal(size=40)
    frame = people(w=[5.0] * 40, size=[200.0] * 40)
    found = mean(Design.from_frame(frame, weight="w", fpc="size"), y)
    assert found.std_error[0] == pytest.approx(np.sqrt((1 - 40 / 200) * y.var(ddof=1) / 40))
    assert found.df.tolist() == [39]


def test_strata_add_up_their_own_variances(rng: np.random.Generator):
    y = rng.normal(size=30)
    stratum = np.repeat(["a", "b"], [10, 20])
    frame = people(w=np.where(stratum == "a", 3.0, 7.0), stratum=stratum)
    found = total(Design.from_frame(frame, weight="w", strata="stratum"), y)
    parts = [w**2 * n * y[stratum == s].var(ddof=1) for s, w, n in (("a", 3, 10), ("b", 7, 20))]
    assert found.std_error[0] == pytest.approx(np.sqrt(sum(parts)))
    assert found.df.tolist() == [28]


def test_two_stages_follow_sarndal(rng: np.random.Generator):
    # Equation 4.3.21: variance between units plus the fraction drawn times that within.
    m, n, size, inside = 5, 4, 25, 12
    y = rng.normal(size=m * n)
    frame = people(psu=np.repeat(np.arange(m), n), person=np.arange(m * n), n_psu=[size] * m * n, n_in=[inside] * m * n)
    design = Design.from_frame(frame, cluster=["psu", "person"], fpc=["n_psu", "n_in"])
    found = total(design, y)
    cells = y.reshape(m, n)
    totals = inside * cells.mean(axis=1)
    between = size**2 * (1 - m / size) / m * totals.var(ddof=1)
    within = size / m * (inside**2 * (1 - n / inside) / n * cells.var(axis=1, ddof=1)).sum()
    assert found.estimate[0] == pytest.approx(size / m * totals.sum())
    assert found.std_error[0] == pytest.approx(np.sqrt(between + within))


def test_weights_come_from_the_population_sizes(rng: np.random.Generator):
    frame = people(psu=[1, 1, 2, 2], n_psu=[10] * 4, n_in=[6, 6, 8, 8], person=[1, 2, 3, 4])
    design = Design.from_frame(frame, cluster=["psu", "person"], fpc=["n_psu", "n_in"])
    assert design.weights.tolist() == [15, 15, 20, 20]


def test_sampling_fractions_are_read_as_fractions():
    sizes = Design.from_frame(people(size=[8.0, 8, 8, 8]), fpc="size")
    shares = Design.from_frame(people(size=[0.5, 0.5, 0.5, 0.5]), fpc="size")
    assert shares.weights.tolist() == sizes.weights.tolist() == [2, 2, 2, 2]
    assert shares.stages[0].fraction.tolist() == sizes.stages[0].fraction.tolist()


def test_rows_outside_a_domain_stay_in_the_design():
    frame = people(w=[1.0] * 6, psu=[1, 1, 2, 2, 3, 3])
    design = Design.from_frame(frame, weight="w", cluster="psu")
    inside = np.array([True, True, False, False, False, False])
    found = total(design, np.ones(6), rows=inside)
    assert found.std_error[0] == pytest.approx(np.sqrt(3 / 2 * ((2 - 2 / 3) ** 2 + 2 * (2 / 3) ** 2)))
    assert found.df.tolist() == [0]


def test_codes_that_start_again_in_each_stratum_are_told_apart():
    frame = people(w=[1.0] * 4, stratum=["a", "a", "b", "b"], psu=[1, 2, 1, 2])
    assert Design.from_frame(frame, weight="w", strata="stratum", cluster="psu", nest=True).degrees_of_freedom() == 2
    assert refused(frame, weight="w", strata="stratum", cluster="psu") == [
        "survey.csv, column 'psu': 2 codes occur in several strata, such as '1' in 'a', 'b'. "
        "Set nest = true if codes start again in each stratum, or correct them."
    ]


def test_says_which_weights_cannot_be_weights():
    frame = people(w=[1.0, np.nan, -1.0, np.inf, 2.0])
    mend = "Correct the weight, or remove the respondent from the file."
    assert refused(frame, weight="w") == [
        f"survey.csv, line 3, column 'w': there is no weight. {mend}",
        f"survey.csv, line 5, column 'w': the weight is infinite. {mend}",
        f"survey.csv, line 4, column 'w': the weight is negative. {mend}",
    ]


def test_says_when_all_weights_are_zero():
    assert refused(people(w=[0.0, 0.0]), weight="w") == [
        "survey.csv, column 'w': all weights are 0. Name the column of the weights."
    ]


def test_offers_the_decimal_comma_for_weights_that_hold_one():
    assert refused(people(w=["1,5", "0,5"]), weight="w") == [
        "survey.csv, lines 2, 3, column 'w': got '1,5', '0,5', expected a weight. Set decimal = ',' for this survey."
    ]


def test_names_blank_strata_and_clusters_together():
    frame = people(w=[1.0, 1, 1], stratum=["a", None, "b"], psu=[1, 2, np.nan])
    assert refused(frame, weight="w", strata="stratum", cluster="psu") == [
        "survey.csv, line 3, column 'stratum': the cell is blank, and every respondent belongs somewhere. Fill it in.",
        "survey.csv, line 4, column 'psu': the cell is blank, and every respondent belongs somewhere. Fill it in.",
    ]


def test_offers_the_nearest_column():
    assert refused(people(weight=[1.0, 1]), weight="wieght") == [
        "survey.csv, header: no column 'wieght'. Did you mean 'weight'?"
    ]


def test_says_where_fewer_people_exist_than_were_drawn():
    frame = people(stratum=list("aabb"), size=[1.0, 1, 9, 8])
    assert refused(frame, strata="stratum", fpc="size") == [
        "survey.csv, column 'size': the population is smaller than the number drawn in strata 'a'. Correct the column.",
        "survey.csv, column 'size': the population size varies in strata 'b'. Correct the column.",
    ]


def test_names_the_strata_that_have_one_unit():
    frame = people(w=[1.0] * 4, stratum=["a", "a", "b", "c"])
    design = Design.from_frame(frame, weight="w", strata="stratum")
    assert design.lonely_strata == ("b", "c")
    with pytest.raises(EstimateError) as error:
        mean(design, np.arange(4.0))
    assert str(error.value) == (
        "sampling design: one unit alone was drawn from strata 'b', 'c', so that variances cannot be estimated. "
        "Join it to another, or set lonely_psu to 'adjust', 'average', 'certainty' or 'remove'."
    )


def test_a_stratum_taken_whole_is_not_lonely():
    frame = people(stratum=["a", "a", "b"], size=[9.0, 9, 1])
    design = Design.from_frame(frame, strata="stratum", fpc="size")
    assert design.lonely_strata == ()
    assert np.isfinite(mean(design, np.arange(3.0)).std_error).all()


def test_one_unit_in_all_has_no_variance():
    design = Design.from_frame(people(w=[1.0, 1], psu=[1, 1]), weight="w", cluster="psu", lonely_psu="adjust")
    with pytest.raises(EstimateError) as error:
        design.covariance(np.ones((2, 1)))
    assert str(error.value) == (
        "sampling design: there is one primary unit in all, so that nothing tells how samples would vary. "
        "Name the column of the units drawn first, or leave cluster out if people were drawn directly."
    )


def test_covariance_is_that_of_the_columns_together(rng: np.random.Generator):
    frame = people(w=rng.uniform(1, 3, 60), stratum=np.repeat([1, 2, 3], 20), psu=np.repeat(np.arange(15), 4))
    design = Design.from_frame(frame, weight="w", strata="stratum", cluster="psu")
    u = rng.normal(size=(60, 3))
    whole = design.covariance(u)
    assert whole[0, 1] == pytest.approx(
        (design.covariance(u[:, [0]] + u[:, [1]])[0, 0] - whole[0, 0] - whole[1, 1]) / 2
    )


def test_respondents_without_weight_do_not_count():
    design = Design.from_frame(people(w=[1.0, 0, 1, 1]), weight="w")
    found = mean(design, np.array([1.0, 100, 2, 3]))
    assert found.estimate[0] == pytest.approx(2)
    assert (found.n.tolist(), found.df.tolist()) == ([3], [2])


def test_kish_counts_what_unequal_weights_leave():
    design = Design.from_frame(people(w=[1.0, 1, 4]), weight="w")
    assert design.n_effective() == pytest.approx(36 / 18)
