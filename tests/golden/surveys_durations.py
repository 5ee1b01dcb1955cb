"""What golden cases of durations ask, said with the public API of `churn`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from churn._curves import limits
from churn.design_based import survey_kaplan_meier
from churn.hazards import survey_cox, survey_logrank
from surveys.intervals import student_t
from tests.golden.comparing import Comparison, numbers

COX = 1e-6


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
    low, high = limits(found.estimate, found.std_error / found.estimate, t, "log-log")
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
        rho = float(name.removeprefix("rho="))
        found = survey_logrank(setting.design, frame[time], frame[event], frame[group], rho=rho, rows=setting.rows)
        comparison.close(f"{name} score", found.score, numbers(expect["score"]))
        comparison.close(f"{name} se", found.std_error, numbers(expect["se"]))
        comparison.close(f"{name} chisq", found.chi_squared, expect["chisq"])
        comparison.close(f"{name} p", found.p_value, expect["p_chisq"], relative=1e-8)


STATISTICS = {"kaplan_meier": say_kaplan_meier, "coxph": say_coxph, "logrank": say_logrank}
