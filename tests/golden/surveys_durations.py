"""What golden cases of durations ask, said with the public API of `churn`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from churn._curves import limits
from churn._interval_censored import ParametricScore
from churn.design_based import survey_kaplan_meier
from churn.hazards import design_matrix, survey_cox, survey_logrank
from churn.interval_censored import survey_duration_model, survey_interval_survival
from surveys.intervals import student_t
from tests.golden.comparing import Comparison, numbers
from tests.golden.report import record

COX = 1e-6
BANDED = 1e-4


def _condition(frame: pd.DataFrame, text: str) -> np.ndarray:
    from tests.golden.surveys_adapters import condition

    return condition(frame, text)


def say_kaplan_meier(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    args, expect, frame = case["args"], case["expect"], setting.frame
    rows = setting.rows & (_condition(frame, args["subset"]) if args["subset"] else True)
    curves = survey_kaplan_meier(setting.design, frame[args["time"]], frame[args["event"]], times=args["at"], rows=rows)
    found, kept = curves.estimates, numbers(expect["S_product_limit"])
    theirs = np.array([numbers(row) for row in expect["vcov_linearized"]])
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    comparison.close("S", found.estimate, kept)
    comparison.close("se", found.std_error, numbers(expect["se_linearized"]))
    comparison.close("vcov", found.covariance, theirs, scale)
    comparison.close("n", found.n, np.full(len(kept), expect["n_rows"]))
    t = float(student_t(expect["df"]))
    relative = np.where(found.estimate > 0, found.std_error / np.where(found.estimate > 0, found.estimate, 1), np.nan)
    low, high = limits(found.estimate, relative, t, "log-log")
    comparison.close("lower", low, numbers(expect["ci95_loglog_t"]["lower"]))
    comparison.close("upper", high, numbers(expect["ci95_loglog_t"]["upper"]))
    for name, share in (("q25_S_le_0.75", 0.25), ("median_S_le_0.5", 0.5)):
        time = expect["quantile_time"][name]
        if time is not None:
            comparison.close(name, curves.quantile(share).estimate, time)


def say_coxph(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    time, event, terms = re.fullmatch(r"Surv\((\w+), (\w+)\) ~ (.*)", args["formula"]).groups()
    frame = setting.frame
    table = pd.DataFrame({term: _term(frame, term) for term in terms.split(" + ")})
    model = survey_cox(setting.design, frame[time], frame[event], table, rows=setting.rows, ties=args["ties"])
    found = model.coefficients
    order = [list(found.index).index(name) for name in expect["estimate"]]
    theirs = np.array([numbers(row) for row in expect["vcov"]])
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    comparison.close("estimate", found.estimate[order], numbers(expect["estimate"].values()), relative=COX)
    comparison.close("se", found.std_error[order], numbers(expect["se"].values()), relative=COX)
    comparison.close("vcov", found.covariance[np.ix_(order, order)], theirs, scale, relative=COX)
    comparison.close("df", found.df, np.full(len(order), float(expect["df"])))
    comparison.close("n", [model.n, model.n_event], [expect["n"], expect["nevent"]])


def _term(frame: pd.DataFrame, term: str) -> pd.Series:
    inner = re.fullmatch(r"log\((\w+)\)", term)
    return np.log(frame[inner.group(1)]) if inner else frame[term]


def say_logrank(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    frame = setting.frame
    time, event, group = re.fullmatch(r"Surv\((\w+), (\w+)\) ~ (\w+)", case["args"]["formula"]).groups()
    for name, expect in case["expect"].items():
        # Which level comes first is not told; of two, the scores are opposite.
        rho = float(name.removeprefix("rho="))
        found = survey_logrank(setting.design, frame[time], frame[event], frame[group], rho=rho, rows=setting.rows)
        score = numbers(expect["score"])
        comparison.close(f"{name} score", np.abs(found.score), np.abs(score))
        comparison.close(f"{name} se", found.std_error, numbers(expect["se"]))
        comparison.close(f"{name} chisq", found.chi_squared, expect["chisq"])
        comparison.close(f"{name} p", found.p_value, expect["p_chisq"], relative=1e-8)


def _bounds(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame["recall_lo"].to_numpy(float), pd.to_numeric(frame["recall_hi"]).to_numpy(float)


def say_turnbull(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    """R evaluates its curve within intervals too; only the tenures asked for are compared."""
    args, expect = case["args"], case["expect"]
    low, high = _bounds(setting.frame)
    found = survey_interval_survival(setting.design, low, high, times=args["at"], rows=setting.rows)
    told = ~np.isnan(found.estimates.estimate)
    theirs = numbers(expect["S_at"])
    comparison.close("S", found.estimates.estimate[told], theirs[told], relative=BANDED)
    comparison.close("told", told[:2], [True, True])


DISTRIBUTIONS: dict[str, Any] = {"weibull": "weibull", "lognormal": "log-normal", "loglogistic": "log-logistic"}


def say_survreg(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    """
    Compare the coefficients as they are, and the covariance with the sign that R gives one score.

    R's `residuals.survreg` (survival 3.5) has the derivative in log(scale) of interval-censored rows with the
    opposite sign: its own log-likelihood, differentiated, and a jackknife give the sign used here. So that
    everything else is compared, the sign is turned before the covariance is taken.
    """
    args, expect, frame = case["args"], case["expect"], setting.frame
    terms = re.fullmatch(r"Surv\(lo, hi, interval2\) ~ (.*)", args["formula"]).group(1)
    low, high = _bounds(frame)
    low = np.maximum(low, 0.5)
    table = pd.DataFrame({term: _term(frame, term) for term in terms.split(" + ")})
    law = DISTRIBUTIONS[args["dist"]]
    model = survey_duration_model(setting.design, low, high, table, distribution=law, rows=setting.rows)
    names = {"(Intercept)": "(intercept)", "Log(scale)": "log(scale)"}
    index = list(model.coefficients.index)
    order = [index.index(names.get(name, name)) for name in expect["estimate"]]
    theirs = np.array([numbers(row) for row in expect["vcov"]])
    errors = np.sqrt(np.diag(theirs))
    covariance = _turned(setting, low, high, design_matrix(setting.design, table), law)[np.ix_(order, order)]
    estimate = numbers(expect["estimate"].values())
    comparison.close("estimate", model.coefficients.estimate[order], estimate, scale=errors, relative=BANDED)
    comparison.close("se", np.sqrt(np.diag(covariance)), numbers(expect["se"].values()), relative=BANDED)
    comparison.close("vcov", covariance, theirs, np.outer(errors, errors), relative=BANDED)
    record("surveys", "survreg_interval: se as R", case_id, "not expressed", "the error of R in the sign of a score")


def _turned(setting: Any, low: np.ndarray, high: np.ndarray, table: pd.DataFrame, law: Any) -> np.ndarray:
    row = np.flatnonzero(setting.rows)
    values = np.column_stack([np.ones(len(row)), table.to_numpy(float)[row]])
    score = ParametricScore(law, low[row], high[row], values, row, setting.design.n)
    _, inverse, scores = score.fit(setting.design.weights)
    scores[(low < high)[row] & np.isfinite(high[row]), -1] *= -1
    moved = np.zeros((setting.design.n, scores.shape[1]))
    moved[row] = scores @ inverse
    return setting.design.covariance(moved)


STATISTICS = {
    "kaplan_meier": say_kaplan_meier,
    "coxph": say_coxph,
    "logrank": say_logrank,
    "turnbull": say_turnbull,
    "survreg_interval": say_survreg,
}
