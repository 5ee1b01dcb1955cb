from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from surveys.core.errors import StudyError
from surveys.design.replicates import ReplicateDesign
from surveys.estimates.means import mean, total
from surveys.samples.panels import join_panel
from surveys.samples.sample import Sample, read_sample
from surveys.study.file import inspect_study
from surveys.study.schema import Replicates, Study, Survey, Weighting
from surveys.weighting.recipe import Rake, WeightingRecipe

ROWS = "w,q1,sex,age,psu,region\n" + "".join(
    f"{1 + i % 3},{1 + i % 2},{1 + i % 2},{20 + 5 * (i % 9)},{i // 3},{'NS'[i // 12]}\n" for i in range(24)
)
SEX = {"1": 500.0, "2": 400.0}


@pytest.fixture
def read(make_study: Callable[..., Study]) -> Callable[..., Sample]:
    def read(text: str = ROWS, **survey: object) -> Sample:
        study = make_study(text, **survey)
        return read_sample(study, study.survey[0])

    return read


def refused(read: Callable[..., Sample], text: str = ROWS, **survey: object) -> list[str]:
    with pytest.raises(StudyError) as error:
        read(text, **survey)
    return str(error.value).split("\n")


def test_a_study_can_rake_by_item_and_by_group(read):
    found = read(
        group={"generation": {"item": "age", "bands": [18, 35, 50]}},
        weighting=[
            {"kind": "rake", "margins": {"sex": SEX, "generation": {"18-34": 300, "35-49": 300, "50+": 300}}},
            {"kind": "trim", "upper": 80},
        ],
    )
    weights, young = found.design.weights, found.levels("generation") == "18-34"
    assert weights.sum() == pytest.approx(900)
    assert weights.max() <= 80
    raked = found.design.adjustments[0].after
    assert raked[young].sum() == pytest.approx(300)
    assert WeightingRecipe.of(found.design).summary() == (
        "1. raked to sex (2 levels) and generation (3 levels), 900 people\n2. trimmed to at most 80"
    )


def test_totals_can_stand_in_a_file_and_be_crossed(read, tmp_path: Path):
    (tmp_path / "totals.csv").write_text("sex,region,total\n1,N,300\n2,N,200\n1,S,100\n2,S,400\n")
    found = read(weighting=[{"kind": "poststratify", "margins": {"sex and region": "totals.csv"}}])
    men_south = ((found.frame["sex"] == 2) & (found.frame["region"] == "S")).to_numpy()
    assert found.design.weights[men_south].sum() == pytest.approx(400)


def test_replicates_are_read_or_made_as_the_study_says(read):
    made = read(cluster="psu", replicates={"make": "jackknife"}, weighting=[{"kind": "rake", "margins": {"sex": SEX}}])
    assert isinstance(made.design, ReplicateDesign)
    assert made.design.n_replicates == 8
    women = (made.frame["sex"] == 2).to_numpy()
    assert np.allclose(made.design.replicates[women].sum(axis=0), 400)
    again = read(cluster="psu", replicates={"make": "bootstrap", "number": 30, "seed": 7})
    assert again.design.n_replicates == 30
    lines = ROWS.splitlines()
    text = "\n".join([lines[0] + ",rw1,rw2", *(f"{line},{1 + i % 2},{2 - i % 2}" for i, line in enumerate(lines[1:]))])
    given = read(text + "\n", replicates={"kind": "BRR", "prefix": "rw", "df": 1})
    assert given.design.n_replicates == 2
    assert given.design.degrees_of_freedom() == 1
    assert np.isfinite(mean(given.design, given.frame["age"]).std_error[0])


def test_totals_that_do_not_fit_the_file_are_refused(read, tmp_path: Path):
    assert refused(read, weighting=[{"kind": "rake", "margins": {"sex": {"1": 500, "3": 400}}}]) == [
        "margin 'sex': no total for '2', which 12 respondents are. Give its total, or correct the data; "
        "totals here: 1, 3.",
    ]
    assert refused(read, weighting=[{"kind": "rake", "margins": {"sex": "none.csv"}}]) == [
        "none.csv: file not found. Put the file of totals beside study.toml."
    ]
    (tmp_path / "totals.csv").write_text("sex,total\n1,many\n1,3\n")
    assert refused(read, weighting=[{"kind": "rake", "margins": {"sex": "totals.csv"}}]) == [
        "totals.csv, column 'total': got 'many', expected numbers of people. Write plain numbers.",
        "totals.csv: levels occur twice: 1. Keep one line for each.",
    ]


def test_replicates_that_the_file_does_not_have_are_refused(read):
    assert refused(read, replicates={"kind": "BRR", "prefix": "rw"}) == [
        "survey.csv, header: no column matches 'rw[0-9]+'. Columns here: w, q1, sex, age, psu, region."
    ]


@pytest.mark.parametrize(
    ("model", "values", "said"),
    [
        (Weighting, {"kind": "rake"}, "rake needs margins"),
        (Weighting, {"kind": "trim", "margins": {"sex": SEX}}, "trim needs lower or upper"),
        (Weighting, {"kind": "poststratify", "margins": {"a": SEX, "b": SEX}}, "poststratify needs one margin"),
        (
            Weighting,
            {"kind": "rake", "margins": {"a": SEX}, "bounds": [0.5, 2]},
            "distance and bounds are for calibrate",
        ),
        (Weighting, {"kind": "calibrate", "margins": {"a": 1.0}, "distance": "logit"}, "'logit' needs bounds"),
        (Weighting, {"kind": "calibrate", "margins": {"a": 1.0}, "bounds": [2, 3]}, "bounds below and above 1"),
        (Replicates, {"kind": "BRR"}, "expected one of prefix, columns or make"),
        (Replicates, {"prefix": "rw"}, "expected kind"),
        (Survey, {"wave": "1", "file": "a", "replicates": {"kind": "BRR", "prefix": "rw"}}, "replicates need weight"),
        (
            Survey,
            {"wave": "1", "file": "a", "weight": "w", "strata": "s", "replicates": {"kind": "BRR", "prefix": "rw"}},
            "stand in the place of strata",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(model, values, said):
    with pytest.raises(ValidationError, match=said):
        model.model_validate(values)


def test_misspelt_keys_and_kinds_are_told_in_the_study_file(tmp_path: Path):
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "A"\nas_of = 2009-06-30\n\n[[survey]]\nwave = "1"\nfile = "survey.csv"\nweight = "w"\n\n'
        '[survey.replicates]\nkind = "JKN"\nprefix = "rw"\n\n'
        '[[survey.weighting]]\nkind = "rake"\nmargin = { sex = { F = 1, M = 1 } }\n'
    )
    _, problems = inspect_study(tmp_path)
    said = [str(problem) for problem in problems]
    assert any("got 'JKN' for 'kind'" in line and "Did you mean 'JKn'?" in line for line in said)
    assert any("unknown key 'margin'. Did you mean 'margins'?" in line for line in said)


def test_a_recipe_can_be_repeated_on_other_rows(read):
    found = read(weighting=[{"kind": "rake", "margins": {"sex": SEX}}])
    (step,) = WeightingRecipe.of(found.design).steps
    assert step == Rake({"sex": SEX})


def test_waves_of_a_panel_keep_what_their_weighting_knows(make_study):
    rows = ROWS.splitlines()
    text = "\n".join([rows[0] + ",who", *(f"{row},{i}" for i, row in enumerate(rows[1:]))]) + "\n"
    rake = [{"kind": "rake", "margins": {"sex": SEX}}]
    study = make_study(text, id="who", panel="p", weighting=rake)
    samples = [read_sample(study, study.survey[0]) for _ in range(2)]
    for sample in join_panel(samples).samples:
        women = total(sample.design, (sample.frame["sex"] == 2).astype(float))
        assert women.estimate[0] == pytest.approx(400)
        assert women.std_error[0] < 1e-6 * 400
    made = make_study(text, id="who", panel="p", replicates={"make": "jackknife"})
    with pytest.raises(StudyError, match="panel 'p': replicate weights differ by wave"):
        join_panel([read_sample(made, made.survey[0])])
