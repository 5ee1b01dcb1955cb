from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.comparisons._independence import exact_tail, saddlepoint_tail
from surveys.comparisons.independence import STATISTICS, independence_test
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design


@pytest.fixture
def respondents(rng: np.random.Generator) -> pd.DataFrame:
    n = 240
    age = rng.choice(["18-34", "35-54", "55+"], n)
    heard = rng.random(n) < np.select([age == "18-34", age == "35-54"], [0.7, 0.5], 0.4)
    frame = {"w": rng.uniform(1, 4, n), "place": np.repeat(np.arange(24), 10), "age": age, "heard": heard.astype(float)}
    return pd.DataFrame(frame)


def test_without_a_design_it_is_pearsons_chi_squared(respondents: pd.DataFrame):
    found = independence_test(
        Design.from_frame(respondents), respondents["heard"], respondents["age"], statistic="Chisq"
    )
    counts = pd.crosstab(respondents["heard"], respondents["age"])
    pearson = stats.chi2_contingency(counts, correction=False)
    assert found.value == pytest.approx(pearson.statistic)
    np.testing.assert_allclose(found.table, counts)
    # Under the null the design effect of a simple sample is n / (n - 1) but for what the table itself tells.
    assert found.p_value == pytest.approx(pearson.pvalue, rel=0.5)


def test_a_two_by_two_table_gives_the_same_answer_by_wald_and_adjusted_wald(respondents: pd.DataFrame):
    design = Design.from_frame(respondents, weight="w", cluster="place")
    young = respondents["age"] == "18-34"
    plain, adjusted = (independence_test(design, respondents["heard"], young, statistic=s) for s in ("Wald", "adjWald"))
    assert plain.value == pytest.approx(adjusted.value)
    assert plain.p_value == pytest.approx(adjusted.p_value)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_turning_the_table_changes_nothing(respondents: pd.DataFrame, statistic):
    design = Design.from_frame(respondents, weight="w", cluster="place")
    one = independence_test(design, respondents["heard"], respondents["age"], statistic=statistic)
    other = independence_test(design, respondents["age"], respondents["heard"], statistic=statistic)
    assert one.value == pytest.approx(other.value)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6)
    np.testing.assert_allclose(one.table, other.table.T)


def test_rows_without_an_answer_leave_the_test_but_not_the_design(respondents: pd.DataFrame):
    design = Design.from_frame(respondents, weight="w", cluster="place")
    answers = respondents["heard"].mask(respondents["place"] == 0)
    found = independence_test(design, answers, respondents["age"])
    assert found.n == 230
    assert found.parameters["ddf"] / found.parameters["ndf"] == pytest.approx(23)


@given(st.floats(0.1, 40), st.floats(2, 80))
def test_equal_weights_give_chi_squared_and_f(x, df):
    weights = np.full(3, 2.0)
    assert exact_tail(x, weights, np.inf) == pytest.approx(stats.chi2.sf(x / 2, 3))
    assert exact_tail(x, weights, df) == pytest.approx(stats.f.sf(x / 6, 3, df))


def test_the_exact_tail_agrees_with_simulation(rng: np.random.Generator):
    weights = np.array([2.5, 1.0, 0.3])
    drawn = rng.chisquare(1, (400_000, 3)) @ weights / (rng.chisquare(20, 400_000) / 20)
    for x in (1.0, 4.0, 8.0, 15.0):
        assert exact_tail(x, weights, 20) == pytest.approx((drawn > x).mean(), abs=0.003)


def test_the_saddlepoint_is_close_to_the_exact_tail():
    weights = np.array([2.5, 1.0, 0.3])
    for x in (1.0, 4.0, 8.0, 15.0):
        assert saddlepoint_tail(x, weights, 60) == pytest.approx(exact_tail(x, weights, 60), rel=0.1)
        assert saddlepoint_tail(x, weights, np.inf) == pytest.approx(exact_tail(x, weights, np.inf), rel=0.1)
    assert saddlepoint_tail(0.0, weights, 60) == 1.0


def test_the_table_comes_along_tidy(respondents: pd.DataFrame):
    found = independence_test(Design.from_frame(respondents, weight="w"), respondents["heard"], respondents["age"])
    frame = found.to_frame()
    assert frame.columns.tolist() == ["row", "column", "count", "share", "column_share"]
    assert frame["share"].sum() == pytest.approx(1)
    assert frame.groupby("column")["column_share"].sum().tolist() == pytest.approx([1, 1, 1])


def test_an_unknown_statistic_is_told_the_nearest(respondents: pd.DataFrame):
    with pytest.raises(SpecError, match="Did you mean 'adjWald'"):
        independence_test(Design.from_frame(respondents), respondents["heard"], respondents["age"], statistic="adjwald")


def test_an_item_with_one_level_is_refused(respondents: pd.DataFrame):
    rows = respondents["age"].eq("55+").to_numpy()
    with pytest.raises(EstimateError) as refused:
        independence_test(Design.from_frame(respondents), respondents["heard"], respondents["age"], rows=rows)
    assert str(refused.value) == (
        "column: has 1 level, expected two or more. Name an item that varies among the rows counted."
    )
