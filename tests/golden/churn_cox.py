"""Golden cases of Cox models, from rows and from counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churn.regression.cox import Cox
from churn.regression.cox_results import CoxResult
from churn.regression.discrete import DiscreteHazard
from churn.regression.fine_gray import fine_gray
from churn.regression.person_periods import PersonPeriods
from churn.tenures.counts import TenureCounts
from surveys.data.codebook import format_code
from tests.golden.churn_cases import Case, MissedError, compare, numbers
from tests.golden.notation import covariates, flag, labels, listed, order_levels, read_table, undotted

TOLERANCE = 1e-9
REWEIGHTED = 1e-7
"""R's glm takes standard errors from the step before its last: here up to 3e-8 from the maximum, ours 1e-12."""


def count_of(frame: pd.DataFrame, args: Mapping[str, Any]) -> Any:
    """Give how many accounts each row stands for."""
    return next((frame[args[key]] for key in ("counts", "expand") if args.get(key)), 1)


def fit(case: Case) -> CoxResult:
    args = case.args
    frame = read_table(case.data)
    columns = covariates(frame, listed(args["covariates"]), case.content["r_code"] or "")
    formula = "~ " + " + ".join(f"`{name}`" for name in columns)
    others = [*listed(args.get("strata")), *listed(args.get("cluster")), *listed(args.get("weights"))]
    gone = flag(frame, args["event"])
    start = next((frame[args[key]] for key in ("start", "entry") if args.get(key)), np.nan)
    table = columns.assign(
        **{name: frame[name] for name in others},
        duration=frame[args["time"]],
        event=gone == 1,
        entry=start,
        n=count_of(frame, args),
    )[gone.notna()]
    # A stratum is a level, however the file writes it.
    whole = [name for name in listed(args.get("strata")) if table[name].dtype.kind == "f"]
    table = table.astype({name: "int64" for name in whole if (table[name] % 1 == 0).all()})
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
        "z": fitted.statistic,
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
        compare_predicted(case, fitted, expected["predict"])
    for transform, test in (expected.get("zph") or {}).items():
        found = fitted.proportional_hazards_test(transform).to_frame()
        for name, column in (("chisq", "statistic"), ("df", "df"), ("p", "p_value")):
            compare(f"zph {transform} {name}", found[column], test[name], TOLERANCE)
    if expected.get("residuals") is not None:
        compare_residuals(fitted, expected["residuals"], stratified=bool(case.args.get("strata")))
    return ""


def compare_concordance(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    found = fitted.concordance()
    compare("concordance", found.estimate.estimate, expected["c"], TOLERANCE)
    compare("concordance se", found.estimate.std_error, expected["se"], TOLERANCE)
    counts = found.to_frame().drop(columns="stratum").to_numpy()
    theirs = numbers(expected["counts"])
    counts = counts if len(theirs) == counts.size else counts.sum(axis=0, keepdims=True)
    # R lists the strata of a table by column, in an order of its own.
    ours, theirs = (in_any_order(table) for table in (counts, theirs.reshape(-1, len(counts)).T))
    compare("concordance counts", ours.ravel(), theirs.ravel(), TOLERANCE)


def in_any_order(rows: np.ndarray) -> np.ndarray:
    """Sort rows, so that tables of the same rows are equal."""
    return rows[np.lexsort(rows.round(9).T[::-1])]


def compare_baseline(fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    """Compare the baseline of each stratum, whatever the order of strata."""
    found = fitted.baseline_hazard()
    theirs = pd.DataFrame({"time": numbers(expected["time"]), "cumhaz": numbers(expected["cumhaz"])})
    theirs["stratum"] = "" if expected["strata"] is None else [labels(name) for name in expected["strata"]]
    ours = found.assign(stratum="" if expected["strata"] is None else found["stratum"].map(labels))
    if set(ours["stratum"]) != set(theirs["stratum"]):
        raise MissedError(f"basehaz: strata {sorted(set(ours['stratum']))}, expected {sorted(set(theirs['stratum']))}")
    for stratum, rows in theirs.groupby("stratum", sort=False):
        here = ours[ours["stratum"] == stratum]
        compare(f"basehaz time {stratum}", here["time"], rows["time"], 0)
        compare(f"basehaz {stratum}", here["cumulative_hazard"], rows["cumhaz"], TOLERANCE)


def compare_predicted(case: Case, fitted: CoxResult, expected: Mapping[str, Any]) -> None:
    profiles = covariates(
        pd.DataFrame(expected["newdata"]), listed(case.args["covariates"]), case.content["r_code"] or ""
    )
    curves = fitted.survival(profiles, conf_type="log")
    sizes = {"": len(expected["time"])} if expected["strata"] is None else expected["strata"]
    start = 0
    named = {labels(curve.stratum): curve.stratum for curve in curves.curves}
    for stratum, size in sizes.items():
        here = slice(start, start + size)
        for i in range(len(profiles)):
            curve = curves.curve(i, named[labels(stratum)])
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


def compare_residuals(fitted: CoxResult, expected: Mapping[str, Any], *, stratified: bool) -> None:
    for kind in ("martingale", "deviance"):
        compare(kind, fitted.residuals(kind)["residual"], expected[kind], TOLERANCE)
    for kind in ("score", "schoenfeld", "dfbeta"):
        theirs = np.atleast_2d(np.array([numbers(row) for row in expected[f"{kind}_first5"]]))
        ours = fitted.residuals(kind)[list(fitted.index)].to_numpy()
        if kind == "schoenfeld" and stratified:  # R begins with its first stratum
            nearest = [int(np.abs(ours - row).sum(axis=1).argmin()) for row in theirs]
            compare(kind, ours[nearest].ravel(), theirs.ravel(), TOLERANCE)
            continue
        compare(kind, ours[: len(theirs)].ravel(), theirs.ravel(), TOLERANCE)


def run_fine_gray(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame = read_table(case.data).dropna(subset=[args["time"], args["event"]])
    columns = covariates(frame, listed(args["covariates"]), case.content["r_code"] or "")
    code, censored = frame[args["event"]].map(format_code), format_code(args.get("cencode", 0))
    table = columns.assign(
        duration=frame[args["time"]],
        event=code != censored,
        cause=code.where(code != censored, None),
        n=count_of(frame, args),
    ).dropna(subset=list(columns))
    formula = "~ " + " + ".join(f"`{name}`" for name in columns)
    fitted = fine_gray(TenureCounts.from_frame(table, time_unit="units"), formula, cause=format_code(args["cause"]))
    compare("coef", fitted.estimate, expected["coef"], 1e-7)
    theirs = np.ravel(expected["var"]).astype(float)
    compare("var", fitted.covariance.ravel() / theirs, np.ones(len(theirs)), 1e-7)
    compare("loglik_null", fitted.log_likelihood_null, expected["loglik_null"], 1e-7)
    compare("loglik", fitted.log_likelihood, expected["loglik"], 1e-7)
    return ""


def run_discrete_time_hazard(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame, said = undotted(read_table(case.data))
    period, definitions = args["period"], said(case.content["r_code"] or "")
    uses_period = re.compile(rf"(?<![\w.]){re.escape(period)}(?![\w.])")
    terms = listed(args["covariates"])
    made = covariates(frame, [said(name) for name in terms if not uses_period.search(name)], definitions)
    table = made.assign(
        period=frame[said(period)],
        n_at_risk=frame[said(args["trials"])] if "trials" in args else 1,
        n_event=frame[said(args["events"])] if "events" in args else flag(frame, said(args["event"])),
    )
    table = order_levels(table.dropna(), [said(name) for name in expected["terms"]], made)
    right = [f"`{said(name)}`" if said(name) in made else uses_period.sub("period", name) for name in terms]
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
