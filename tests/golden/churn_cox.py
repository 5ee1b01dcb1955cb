"""Golden cases of Cox models, from rows and from counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churn.counts import TenureCounts
from churn.cox import Cox
from churn.cox_results import CoxResult
from churn.discrete_hazards import DiscreteHazard
from churn.person_periods import PersonPeriods
from churn.subdistribution import fine_gray
from tests.golden.churn_cases import Case, MissedError, compare, numbers

TOLERANCE = 1e-9
REWEIGHTED = 1e-7
"""R's glm takes standard errors from the step before its last: here up to 3e-8 from the maximum, ours 1e-12."""


def event_of(frame: pd.DataFrame, event: str) -> pd.Series:
    name, _, level = event.partition("==")
    return frame[name] == (float(level) if level else 1)


def covariates_of(frame: pd.DataFrame, args: Mapping[str, Any]) -> pd.DataFrame:
    """Give the columns that a case names, made from others where it says so."""
    made = {}
    for name in args["covariates"]:
        factor = next((f for f in args.get("factor", {}) if name.startswith(f) and name not in frame), None)
        if name in frame:
            made[name] = frame[name]
        elif factor is not None:
            made[name] = (frame[factor] == name.removeprefix(factor)).astype(float)
        elif name == "male":
            made[name] = (frame["sex"] == "M").astype(float)
        else:
            raise MissedError(f"covariate {name} is not in the data")
    return pd.DataFrame(made)


def listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def fit(case: Case) -> CoxResult:
    args = case.args
    frame = pd.read_csv(case.data)
    columns = covariates_of(frame, args)
    formula = "~ " + " + ".join(f"`{name}`" for name in columns)
    count = next((frame[args[key]] for key in ("counts", "expand") if key in args), 1)
    others = [*listed(args.get("strata")), *listed(args.get("cluster")), *listed(args.get("weights"))]
    table = columns.assign(
        **{name: frame[name] for name in others},
        duration=frame[args["time"]],
        event=event_of(frame, args["event"]),
        entry=frame[args["start"]] if "start" in args else np.nan,
        n=count,
    )
    robust = args.get("robust")
    model = Cox(
        formula=formula,
        ties=args["ties"],
        strata=listed(args.get("strata")),
        weights=args.get("weights"),
        clusters=args.get("cluster"),
        std_errors=None if robust is None else "robust" if robust else "model",
    )
    return model.fit(TenureCounts.from_frame(table, time_unit="units"))


def run_cox(case: Case) -> str:
    fitted, expected = fit(case), case.content["expected"]
    frame = fitted.to_frame()
    ours = {
        "coef": fitted.estimate,
        "se": fitted.std_error,
        "hr": frame["hazard_ratio"],
        "z": fitted.z,
        "p": fitted.p_value,
        "lower95": frame["hazard_ratio_low"],
        "upper95": frame["hazard_ratio_high"],
        "loglik_null": fitted.log_likelihood_null,
        "loglik": fitted.log_likelihood,
        "n": fitted.n,
        "n_event": fitted.n_event,
        "lr_test": fitted.likelihood_ratio_test().statistic,
        "score_test": fitted.score_test().statistic,
        "aic": fitted.aic,
    }
    for name, value in ours.items():
        compare(name, value, expected[name], TOLERANCE)
    compare("var", fitted.covariance.ravel(), np.ravel(expected["var"]), TOLERANCE)
    if abs(fitted.wald_test().statistic - expected["wald_test"]) > 0.005 + TOLERANCE:
        raise MissedError(f"wald_test: {fitted.wald_test().statistic}, expected {expected['wald_test']}")
    if expected.get("se_naive") is not None:
        compare("se_naive", np.sqrt(np.diag(fitted.model_covariance)), expected["se_naive"], TOLERANCE)
    if expected.get("robust_score") is not None:
        compare("robust_score", fitted.robust_score_test().statistic, expected["robust_score"], TOLERANCE)
    if expected.get("concordance") is not None:
        compare_concordance(fitted, expected["concordance"])
    if expected.get("basehaz") is not None:
        compare_baseline(fitted, expected["basehaz"])
    if expected.get("predict") is not None:
        compare_predicted(fitted, expected["predict"])
    for transform, test in (expected.get("zph") or {}).items():
        found = fitted.proportional_hazards_test(transform).to_frame()
        for name, column in (("chisq", "statistic"), ("df", "df"), ("p", "p_value")):
            compare(f"zph {transform} {name}", found[column], test[name], TOLERANCE)
    if expected.get("residuals") is not None:
        compare_residuals(fitted, expected["residuals"])
    return ""


def compare_concordance(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    found = fitted.concordance()
    compare("concordance", found.estimate.estimate, expected["c"], TOLERANCE)
    compare("concordance se", found.estimate.std_error, expected["se"], TOLERANCE)
    counts = found.to_frame().drop(columns="stratum").to_numpy()
    theirs = numbers(expected["counts"])
    counts = counts if len(theirs) == counts.size else counts.sum(axis=0, keepdims=True)
    compare("concordance counts", counts.T.ravel(), theirs, TOLERANCE)


def level_of(stratum: str) -> str:
    """Drop the name of the column, which R gives for numbers only."""
    return stratum.rpartition("=")[2]


def compare_baseline(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    found = fitted.baseline_hazard()
    compare("basehaz time", found["time"], expected["time"], 0)
    compare("basehaz", found["cumulative_hazard"], expected["cumhaz"], TOLERANCE)
    if expected["strata"] is not None and list(map(level_of, found["stratum"])) != list(
        map(level_of, expected["strata"])
    ):
        raise MissedError("basehaz: strata differ")


def compare_predicted(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    profiles = pd.DataFrame(expected["newdata"])
    curves = fitted.survival(profiles, conf_type="log")
    sizes = {"": len(expected["time"])} if expected["strata"] is None else expected["strata"]
    start = 0
    named = {level_of(curve.stratum): curve.stratum for curve in curves.curves}
    for stratum, size in sizes.items():
        here = slice(start, start + size)
        for i in range(len(profiles)):
            curve = curves.curve(i, named[level_of(stratum)])
            compare("predict time", curve.time, expected["time"][here], 0)
            for name, value in (
                ("surv", curve.survival),
                ("se_cumhaz", curve.hazard_std_error),
                ("lower", curve.conf_low),
                ("upper", curve.conf_high),
            ):
                theirs = [np.atleast_1d(row)[i] for row in expected[name][here]]
                compare(f"predict {name} {stratum} {i}", value, theirs, TOLERANCE)
        start += size


def compare_residuals(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    for kind in ("martingale", "deviance"):
        compare(kind, fitted.residuals(kind)["residual"], expected[kind], TOLERANCE)
    for kind in ("score", "schoenfeld", "dfbeta"):
        theirs = expected[f"{kind}_first5"]
        ours = fitted.residuals(kind)[list(fitted.index)].head(len(theirs)).to_numpy()
        compare(kind, ours.ravel(), np.ravel(theirs), TOLERANCE)


def run_fine_gray(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame = pd.read_csv(case.data)
    columns = covariates_of(frame, args)
    code = frame[args["event"]]
    table = columns.assign(
        duration=frame[args["time"]],
        event=code > 0,
        cause=code.map({i: None if i == 0 else str(i) for i in code.unique()}),
        n=next((frame[args[key]] for key in ("counts", "expand") if key in args), 1),
    )
    formula = "~ " + " + ".join(f"`{name}`" for name in columns)
    fitted = fine_gray(TenureCounts.from_frame(table, time_unit="units"), formula, cause=str(args["cause"]))
    compare("coef", fitted.estimate, expected["coef"], 1e-7)
    theirs = np.ravel(expected["var"]).astype(float)
    compare("var", fitted.covariance.ravel() / theirs, np.ones(len(theirs)), 1e-7)
    compare("loglik_null", fitted.log_likelihood_null, expected["loglik_null"], 1e-7)
    compare("loglik", fitted.log_likelihood, expected["loglik"], 1e-7)
    return ""


def run_discrete_time_hazard(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame = pd.read_csv(case.data)
    named = [name for name in args["covariates"] if args["period"] not in name]
    table = frame[named].assign(
        period=frame[args["period"]],
        n_at_risk=frame[args["trials"]] if "trials" in args else 1,
        n_event=frame[args["events"]] if "events" in args else frame[args["event"]],
    )
    right = [f"`{name}`" if name in frame else name.replace(args["period"], "period") for name in args["covariates"]]
    baseline = "period" if args.get("period_effect") == "factor" else "formula"
    model = DiscreteHazard(formula=f"~ {' + '.join(right)}", link=args["link"], baseline=baseline)
    fitted = model.fit(PersonPeriods.from_frame(table))
    ours = {
        "coef": fitted.estimate,
        "se": fitted.std_error,
        "var": fitted.covariance.ravel(),
        "deviance": fitted.deviance,
        "null_deviance": fitted.null_deviance,
        "loglik": fitted.log_likelihood,
        "aic": fitted.aic,
        "n": fitted.n,
    }
    for name, value in ours.items():
        theirs = np.ravel(np.array(expected[name], dtype=float)) if name == "var" else expected[name]
        compare(name, value, theirs, REWEIGHTED if name in ("coef", "se", "var") else TOLERANCE)
    return ""
