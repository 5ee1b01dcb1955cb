from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reports.examples import open_example
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.models.glm import SurveyGlm
from surveys.samples.sample import read_sample


@pytest.fixture
def respondents(rng: np.random.Generator) -> pd.DataFrame:
    n = 300
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 4, n),
            "place": np.repeat(np.arange(30), 10),
            "age": rng.integers(18, 80, n).astype(float),
            "sex": rng.choice(["F", "M"], n),
            "wave": rng.choice([2.0, 10.0, 9.0], n),
        }
    )
    chance = 1 / (1 + np.exp(-(0.5 - 0.03 * (frame["age"] - 45) + 0.4 * (frame["sex"] == "M"))))
    return frame.assign(kept=(rng.random(n) < chance).astype(float), messages=rng.poisson(3 * chance).astype(float))


@pytest.fixture
def design(respondents: pd.DataFrame) -> Design:
    return Design.from_frame(respondents, weight="w", cluster="place")


@pytest.mark.parametrize(
    ("outcome", "family", "link", "theirs"),
    [
        ("kept", "quasibinomial", "logit", ("Binomial", "Logit")),
        ("kept", "quasibinomial", "cloglog", ("Binomial", "CLogLog")),
        ("messages", "quasipoisson", None, ("Poisson", "Log")),
        ("messages", "gaussian", None, ("Gaussian", "Identity")),
    ],
)
def test_coefficients_are_those_of_statsmodels(respondents, design, outcome, family, link, theirs):
    import statsmodels.api as sm

    found = SurveyGlm(f"{outcome} ~ age + sex", family, link).fit(design, respondents)
    matrix = np.column_stack([np.ones(300), respondents["age"], respondents["sex"] == "M"])
    named = getattr(sm.families, theirs[0])(getattr(sm.families.links, theirs[1])())
    fit = sm.GLM(respondents[outcome], matrix, family=named, freq_weights=respondents["w"]).fit(tol=1e-12)
    np.testing.assert_allclose(found.estimate, fit.params, rtol=1e-6)
    assert found.index.tolist() == ["Intercept", "age", "sex[T.M]"]
    assert (found.n, found.df) == (300, 27)


def test_an_odds_ratio_is_that_of_the_table(respondents: pd.DataFrame, design: Design):
    found = SurveyGlm("kept ~ sex", "quasibinomial").fit(design, respondents).to_frame()
    yes, no = (respondents[respondents["kept"] == k].groupby("sex")["w"].sum() for k in (1, 0))
    assert found["odds_ratio"][1] == pytest.approx(yes["M"] * no["F"] / (yes["F"] * no["M"]))
    assert (found["odds_ratio_low"] < found["odds_ratio"]).all()
    assert "odds_ratio" not in SurveyGlm("messages ~ sex").fit(design, respondents).to_frame()


def test_a_test_of_one_coefficient_is_its_t_squared(respondents: pd.DataFrame, design: Design):
    found = SurveyGlm("kept ~ age + factor(wave)", "quasibinomial").fit(design, respondents)
    tested = found.wald_test("age")
    assert tested.statistic == pytest.approx(found.statistic[1] ** 2)
    assert tested.p_value == pytest.approx(found.p_value[1])
    assert found.wald_test("factor(wave)").ndf == 2
    with pytest.raises(SpecError, match="Did you mean 'age'"):
        found.wald_test("ages")


def test_numbers_made_factors_keep_the_order_of_numbers(respondents: pd.DataFrame, design: Design):
    found = SurveyGlm("messages ~ factor(wave)").fit(design, respondents)
    assert found.index.tolist() == ["Intercept", "factor(wave)[T.9]", "factor(wave)[T.10]"]


def test_rows_without_a_covariate_leave_the_fit_but_not_the_design(respondents: pd.DataFrame, design: Design):
    gaps = respondents.assign(sex=respondents["sex"].mask(respondents["place"] == 3))
    found = SurveyGlm('I(sex == "M") ~ age', "quasibinomial").fit(design, gaps)
    assert (found.n, found.df) == (290, 27)
    limited = SurveyGlm('I(sex == "M") ~ age', "quasibinomial").fit(
        design, respondents, rows=(respondents["place"] != 3).to_numpy()
    )
    np.testing.assert_allclose(found.estimate, limited.estimate)


def test_separation_names_the_covariate(respondents: pd.DataFrame, design: Design):
    told = respondents.assign(expert=np.where(respondents["kept"] == 1, respondents["sex"], "F"))
    with pytest.raises(EstimateError) as refused:
        SurveyGlm("kept ~ age + expert", "quasibinomial").fit(design, told)
    assert str(refused.value) == (
        "formula 'kept ~ age + expert': the data are separated: 'expert[T.M]' tells the outcome without error for "
        "some respondents, so that no finite coefficient exists. Join its levels, or leave it out."
    )


def test_complete_separation_by_a_number_is_seen(respondents: pd.DataFrame, design: Design):
    told = respondents.assign(old=(respondents["age"] > 50).astype(float))
    with pytest.raises(EstimateError, match="'age' tells the outcome"):
        SurveyGlm("old ~ age", "quasibinomial", "cloglog").fit(design, told)


def test_a_level_without_a_single_message_separates_counts(respondents: pd.DataFrame, design: Design):
    silent = respondents.assign(messages=respondents["messages"].where(respondents["sex"] == "F", 0.0))
    with pytest.raises(EstimateError, match=r"'sex\[T.M\]' tells the outcome"):
        SurveyGlm("messages ~ age + sex", "quasipoisson").fit(design, silent)


def test_covariates_that_determine_each_other_are_named(respondents: pd.DataFrame, design: Design):
    with pytest.raises(EstimateError, match="other covariates determine 'months'"):
        SurveyGlm("kept ~ age + months").fit(design, respondents.assign(months=12 * respondents["age"]))


def test_a_column_that_reads_like_code_is_only_a_name(respondents: pd.DataFrame, design: Design, tmp_path):
    trap = f"open({str(tmp_path / 'trap')!r}, 'w')"
    named = respondents.rename(columns={"age": trap}).assign(**{"hours a day": respondents["age"] / 24})
    found = SurveyGlm("messages ~ `hours a day`").fit(design, named)
    assert found.index.tolist() == ["Intercept", "hours a day"]
    assert SurveyGlm(f"messages ~ `{trap}`").fit(design, named).n == 300
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    ("formula", "family", "line"),
    [
        ("kept ~ aeg", "gaussian", "formula 'kept ~ aeg': no column is called 'aeg'. Did you mean 'age'?"),
        (
            "age ~ sex",
            "quasibinomial",
            "formula 'age ~ sex': the outcome goes from 18 to 79, expected 0 to 1. Recode it.",
        ),
        (
            "~ sex",
            "gaussian",
            "formula '~ sex': has no single outcome. Write one outcome that is a number before '~', such as "
            'I(answer == "Yes").',
        ),
    ],
)
def test_formulas_that_cannot_be_fitted_say_why(respondents, design, formula, family, line):
    with pytest.raises(SpecError) as refused:
        SurveyGlm(formula, family).fit(design, respondents)
    assert str(refused.value) == line


def test_a_formula_that_cannot_be_read_is_a_problem_of_the_call(respondents: pd.DataFrame, design: Design):
    with pytest.raises(SpecError, match="cannot be read"):
        SurveyGlm("kept ~ age ~~ (").fit(design, respondents)


def test_families_and_links_that_do_not_go_together_are_refused():
    with pytest.raises(SpecError, match="Did you mean 'quasibinomial'"):
        SurveyGlm("y ~ x", "binomial")
    with pytest.raises(SpecError, match=r"does not go with family .quasipoisson.\. Take log"):
        SurveyGlm("y ~ x", "quasipoisson", "logit")


def test_codes_declared_missing_are_no_answers():
    study = open_example("twitter_france")
    sample = read_sample(study, study.survey[2])
    found = SurveyGlm("I(q1_twitter == 1) ~ factor(sexe)", "quasibinomial").fit(sample)
    assert found.n == sample.frame["q1_twitter"].isin([1, 2]).sum() < len(sample)
