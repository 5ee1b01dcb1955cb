"""The adapters read the formats of golden cases, not the cases: other names, orders and spellings of the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from tests.golden.churn_adapters import run as run_churn
from tests.golden.churn_cases import Case, MissedError
from tests.golden.churn_projection import run_retention_model
from tests.golden.likelihood import Profile
from tests.golden.notation import (
    NotExpressedError,
    cells,
    condition,
    covariate,
    labels,
    order_levels,
    outcome,
    read_table,
    undotted,
)
from tests.golden.surveys_adapters import run as run_survey
from tests.golden.surveys_durations import _bounds

HERE = Path(__file__).parent
FRAME = pd.DataFrame(
    {
        "sch.wide": ["Yes", "No", None, "Yes"],
        "api": [640.0, 700, 650, np.nan],
        "nh": [1.0, 2, 3, 4],
        "Nh": [10.0, 20, 30, 40],
        "stype": ["E", "H", "E", "M"],
    }
)


class TestConditions:
    @pytest.mark.parametrize(
        ("text", "met"),
        [
            ("sch.wide=='Yes'", [1, 0, 0, 1]),
            ('sch.wide == "Yes" & api<650', [1, 0, 0, 0]),
            ("sch.wide != 'Yes'", [0, 1, 0, 0]),
            ("api >= 650 | stype == 'M'", [0, 1, 1, 1]),
            ("!(api >= 650)", [1, 0, 0, 0]),
            ("!is.na(api)", [1, 1, 1, 0]),
            ("api not missing", [1, 1, 1, 0]),
            ("is.na(`sch.wide`)", [0, 0, 1, 0]),
            ("stype %in% c('H', 'M')", [0, 1, 0, 1]),
            ("Nh - nh > 9", [0, 1, 1, 1]),
            ("nh==2", [0, 1, 0, 0]),
        ],
    )
    def test_are_read_as_in_r_and_a_missing_value_meets_none(self, text: str, met: list[int]):
        assert condition(FRAME, text).astype(int).tolist() == met

    def test_that_name_no_column_are_not_expressed(self):
        with pytest.raises(NotExpressedError, match="no column other"):
            condition(FRAME, "other == 1")


@pytest.mark.parametrize(
    "given",
    [
        {"E.No": 5, "E.Yes": 6, "H.No": 7},
        {"E:No": 5, "E:Yes": 6, "H:No": 7},
        {"E|No": 5, "E|Yes": 6, "H|No": 7},
        {"stypeE:sch.wideNo": 5, "stypeE:sch.wideYes": 6, "stypeH:sch.wideNo": 7},
        {"stype=E, sch.wide=No": 5, "stype=E, sch.wide=Yes": 6, "stype=H, sch.wide=No": 7},
        {"E": {"No": 5, "Yes": 6}, "H": {"No": 7}},
        [{"sch.wide": "No", "stype": "E", "Freq": 5}, {"stype": "E", "sch.wide": "Yes", "Freq": 6},
         {"stype": "H", "sch.wide": "No", "Freq": 7}],
        [{"levels": ["E", "No"], "n": 5}, {"levels": ["E", "Yes"], "n": 6}, {"levels": ["H", "No"], "n": 7}],
        {"stype": ["E", "E", "H"], "sch.wide": ["No", "Yes", "No"], "Freq": [5, 6, 7]},
    ],
)  # fmt: skip
def test_cells_of_several_columns_are_read_however_they_are_written(given: Any):
    found = cells(FRAME, ["stype", "sch.wide"], given)
    assert found == {("E", "No"): 5, ("E", "Yes"): 6, ("H", "No"): 7}


def test_cells_of_one_column_may_be_written_with_its_name():
    assert cells(FRAME, ["stype"], {"stypeE": 5, "stypeH": 6}) == {"E": 5, "H": 6}


def test_names_that_differ_in_capitals_only_are_two_columns(tmp_path: Path):
    (tmp_path / "fpc.csv").write_text("nh,Nh,x\n3,15,2.5\n3,15,\n", encoding="utf-8")
    frame = read_table(tmp_path / "fpc.csv")
    assert frame[["nh", "Nh"]].to_numpy().tolist() == [[3, 15], [3, 15]]


def test_outcomes_have_columns_of_any_name():
    assert outcome("Surv(from.day, to.day, type = 'interval2') ~ sex + log(age)") == (
        ["from.day", "to.day"],
        ["sex", "log(age)"],
        "interval2",
    )
    assert outcome("Surv(days, status == 2) ~ 1") == (["days", "status == 2"], [], "")


def test_covariates_are_made_as_they_are_called():
    frame = pd.DataFrame({"sex": ["M", "F", None], "ph.ecog": [1.0, 2, 3], "age": [20.0, 30, 40]})
    for name in ("sexM", "factor(sex)M", 'I(sex == "M")', "male"):
        made = covariate(frame, name, 'crr(t, e, cbind(age, male = as.integer(sex=="M")), failcode=1)')
        assert made.tolist()[:2] == [1, 0]
        assert np.isnan(made.iloc[2])
    assert covariate(frame, "log(ph.ecog)").iloc[1] == pytest.approx(np.log(2))
    assert covariate(frame, "I(age^2)").tolist() == [400, 900, 1600]
    assert covariate(frame, "age:ph.ecog").tolist() == [20, 60, 120]
    assert covariate(frame, "factor(ph.ecog)2").tolist() == [0, 1, 0]


def test_levels_follow_the_names_of_coefficients():
    frame = pd.DataFrame({"band": ["<30", "30-49", "50+"]})
    found = order_levels(frame, ["(Intercept)", "band<30", "band50+"], ["band"])
    assert found["band"].cat.categories.tolist() == ["30-49", "<30", "50+"]


def test_names_with_dots_are_renamed_and_other_texts_are_left():
    frame, said = undotted(pd.DataFrame({"ph.ecog": [1], "ph_ecog": [2]}))
    assert frame.columns.tolist() == ["ph_ecog_", "ph_ecog"]
    assert said("y ~ `ph.ecog` + log(ph.ecog) + wt.loss") == "y ~ ph_ecog_ + log(ph_ecog_) + wt.loss"


@pytest.mark.parametrize(
    ("text", "level"),
    [("sex=1", "1"), ("x=Maintained   ", "Maintained"), ("sex=1, ph.ecog=2", "1, 2"), ("adeno", "adeno")],
)
def test_strata_are_called_by_their_levels(text: str, level: str):
    assert labels(text) == level


class TestBounds:
    frame = pd.DataFrame({"from.day": [0.0, 7], "to.day": [7.0, np.inf], "t": [3.0, 5], "gone": [1.0, 0]})

    def bounds(self, note: str = "", **args: Any) -> tuple[list[float], list[float]]:
        low, high = _bounds({"args": args}, SimpleNamespace(frame=self.frame, note=note))
        return low.tolist(), high.tolist()

    def test_are_columns_that_the_outcome_names(self):
        expected = ([0, 7], [7, np.inf])
        assert self.bounds(formula="Surv(from.day, to.day, interval2) ~ 1") == expected
        assert self.bounds(lower="from.day", upper="to.day") == expected
        assert self.bounds(intervals="(from.day, to.day]") == expected

    def test_may_be_made_as_the_note_says(self):
        note = "event in (from.day, to.day]; lo=max(from.day,0.5)"
        assert self.bounds(note, formula="Surv(lo, hi, interval2) ~ 1") == ([0.5, 7], [7, np.inf])

    def test_of_a_time_and_a_status_are_exact_or_open(self):
        assert self.bounds(formula="Surv(t, gone) ~ 1") == ([3, 5], [3, np.inf])


DOTTED = {
    "sex": "the.sex", "age": "how.old", "status": "gone.now", "inst": "In.st", "x1": "X2", "x2": "x.2", "iw": "n.rows",
    "month": "Mon.th", "lo0": "from.day", "hi": "to.day", "count": "N",
}  # fmt: skip
SURVEY_NAMES = {
    "sex": "the.sex", "age": "how.old", "urban": "in.town", "psu": "PSU", "region": "Psu.stratum", "w": "W.t",
    "n_psu_pop": "N.psu", "n_pers_pop": "n.psu", "days": "tenure.days", "drop": "is.gone", "recall_lo": "after.day",
    "recall_hi": "by.day", "aware": "has.heard", "signup": "has.account", "age_grp": "age.band", "wave": "Wave",
}  # fmt: skip


def renamed(text: str, names: dict[str, str]) -> str:
    """Rename columns in a text, wherever they stand as words."""
    pattern = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"(?<![\w.])({pattern})(?![\w.])", lambda found: names[found.group()], text)


def renamed_file(path: Path, folder: Path, names: dict[str, str]) -> None:
    header, _, rest = path.read_text(encoding="utf-8").partition("\n")
    (folder / path.name).write_text(f"{renamed(header, names)}\n{rest}", encoding="utf-8")


CHURN = sorted((HERE / "churn" / "cases").glob("*.json"))
SOME = [path for path in CHURN if path.name.startswith(("cox", "km", "lr", "aft", "turn", "discr", "rmst", "person"))]


@pytest.mark.parametrize("path", SOME, ids=lambda path: path.stem)
def test_churn_cases_with_other_names(path: Path, tmp_path: Path):
    content = json.loads(path.read_text(encoding="utf-8"))
    for folder in ("cases", "data"):
        (tmp_path / folder).mkdir()
    renamed_file(path.parent.parent / content["data"], tmp_path / "data", DOTTED)
    content = {
        key: json.loads(renamed(json.dumps(part), DOTTED)) if key in ("args", "expected") else part
        for key, part in content.items()
    }
    (tmp_path / "cases" / path.name).write_text(json.dumps(content), encoding="utf-8")
    run_churn(Case.read(tmp_path / "cases" / path.name))


SURVEYS = json.loads((HERE / "surveys" / "golden_adoption.json").read_text(encoding="utf-8"))
STATISTICS = ("glm", "coxph", "logrank", "turnbull", "survreg_interval", "kaplan_meier", "by", "contrast", "ciprop")


@pytest.fixture(scope="module")
def renamed_surveys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("surveys")
    for path in (HERE / "surveys").glob("*.csv"):
        renamed_file(path, folder, SURVEY_NAMES)
    told = json.dumps(SURVEYS)
    told = re.sub(r'"sex([FM])"', r'"the.sex\1"', told)
    return folder, json.loads(renamed(told, SURVEY_NAMES))


@pytest.mark.parametrize("at", [i for i, case in enumerate(SURVEYS["cases"]) if case["statistic"] in STATISTICS])
def test_survey_cases_with_other_names(at: int, renamed_surveys: tuple[Path, dict[str, Any]]):
    folder, content = renamed_surveys
    run_survey(content["cases"][at], folder, content["designs"], content["cases"][at]["id"])


def other_strata(case: str, folder: Path) -> Case:
    """Copy a case with 10 and 9 for 1 and 2, so that R's first stratum sorts last."""
    path = HERE / "churn" / "cases" / f"{case}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    frame = pd.read_csv(path.parent.parent / content["data"])
    for name in ("cases", "data"):
        (folder / name).mkdir()
    frame.assign(sex=frame["sex"].map({1: 10, 2: 9})).to_csv(folder / content["data"], index=False)
    told = json.dumps(content).replace("sex=1", "sex=10").replace("sex=2", "sex=9")
    (folder / "cases" / path.name).write_text(told, encoding="utf-8")
    return Case.read(folder / "cases" / path.name)


@pytest.mark.parametrize("case", ["cox_lung_strata", "km_lung_log", "lr_lung_sex", "na_lung"])
def test_strata_come_in_any_order(case: str, tmp_path: Path):
    run_churn(other_strata(case, tmp_path))


def test_post_strata_of_several_variables_are_met(tmp_path: Path):
    frame = pd.read_csv(HERE / "surveys" / "adoption_a.csv")
    cell = frame["sex"] + "." + frame["age_grp"]
    wanted = (frame.groupby(cell)["w"].sum() * np.linspace(0.9, 1.2, cell.nunique())).to_dict()
    weights = frame["w"] * cell.map(wanted) / frame.groupby(cell)["w"].transform("sum")
    design = {
        "type": "taylor",
        "data": "adoption_a.csv",
        "ids": ["psu"],
        "strata": ["region"],
        "nest": True,
        "weights": "w",
    }
    design["adjust"] = [{"kind": "poststratify", "by": ["sex", "age_grp"], "totals": wanted}]
    expect = {"weights": weights.tolist(), "sum": weights.sum()}
    case = {"id": "x", "design": "d", "statistic": "weights", "args": {}, "expect": expect}
    run_survey(case, HERE / "surveys", {"d": design}, "x")


class TestProjection:
    """Cohorts that leave by a beta-discrete-Weibull law, fitted here by scipy."""

    truth = (0.9, 2.5, 0.8)
    sizes = (10_000, 8_000, 6_000)

    def survival(self, theta: Any, n: int) -> np.ndarray:
        a, b, c = np.exp(theta)
        return np.exp(special.betaln(a, b + np.arange(n + 1) ** c) - special.betaln(a, b))

    def rows(self) -> list[list[float]]:
        kept = self.survival(np.log(self.truth), 8)
        return [
            np.round(n * kept[: 9 - 2 * i] * np.linspace(1, 1.01, 9 - 2 * i)).tolist() for i, n in enumerate(self.sizes)
        ]

    def fitted(self, rows: list[list[float]], free: int) -> np.ndarray:
        def loss(theta: np.ndarray) -> float:
            whole = np.append(theta, np.zeros(3 - free))
            total = 0.0
            for row in rows:
                kept = self.survival(whole, len(row) - 1)
                total += np.sum(-np.diff(row) * np.log(-np.diff(kept))) + row[-1] * np.log(kept[-1])
            return -total

        options = {"xatol": 1e-10, "fatol": 1e-10, "maxiter": 20_000, "maxfev": 20_000}
        first = optimize.minimize(loss, np.zeros(free), method="Nelder-Mead", options=options)
        found = optimize.minimize(loss, first.x, method="Nelder-Mead", options=options)
        return np.append(found.x, -found.fun)

    def case(self, rows: Any, method: str, expected: dict[str, Any]) -> Case:
        content = {"method": method, "data": None, "expected": {"observed": rows} | expected}
        return Case(Path("x/cases/x.json"), content)

    @pytest.mark.parametrize("method", ["shifted_beta_geometric", "beta_discrete_weibull"])
    def test_of_several_cohorts_under_any_keys(self, method: str):
        rows = self.rows()
        free = 3 if method == "beta_discrete_weibull" else 2
        *theta, ll = self.fitted(rows, free)
        kept = self.survival(np.append(theta, np.zeros(3 - free)), 12)
        values = np.exp(theta).tolist()
        padded = [[*row, *["NA"] * (9 - len(row))] for row in rows]
        by_name = {f"cohort {i}": row for i, row in enumerate(rows)}
        plain = dict(zip(("alpha", "beta", "c"), values, strict=False))
        short = dict(zip(("a", "b", "shape"), values, strict=False)) | {"loglik": ll}
        listed = {"par": list(theta), "par_names": ["log(alpha)", "log(beta)", "log(c)"][:free]}
        for seen, told in ((rows, {"mle": plain}), (padded, {"mle": short}), (by_name, {"mle": listed, "ll": ll})):
            figures = {"survival": kept[1:].tolist(), "mean_churn": 1 - kept[1]}
            said = run_retention_model(self.case(seen, method, told | figures))
            assert said == "everything compared"

    def test_of_wrong_parameters_is_missed(self):
        rows = self.rows()
        *theta, _ = self.fitted(rows, 2)
        wrong = {"mle": {"alpha": float(np.exp(theta[0])) * 1.01, "beta": float(np.exp(theta[1]))}}
        with pytest.raises(MissedError):
            run_retention_model(self.case(rows, "sbg", wrong))


def test_an_interpolated_profile_is_close_to_its_exact_ends_where_answers_are_many():
    profile = Profile(share=0.4, logit_error=0.1, df=50, n=500)
    assert profile.interpolated() == pytest.approx(profile.exact(), rel=1e-5)
    rare = Profile(share=0.01, logit_error=0.5, df=50, n=500)
    assert rare.interpolated() != pytest.approx(rare.exact(), rel=1e-5)
    assert rare.interpolated() == pytest.approx(rare.exact(), rel=1e-2)
