"""What golden cases of parametric survival, cure and projection ask, said with the public API of `churn`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from churn.parametric.aft import AcceleratedFailureTime, AcceleratedFailureTimeResult
from churn.parametric.cure import mixture_cure
from churn.tenures.counts import TenureCounts
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare, numbers
from tests.golden.notation import NAME, covariates, flag, listed, order_levels, read_table, undotted

SURVREG, CURE = 1e-9, 1e-4
"""The README's."""

DISTRIBUTIONS: dict[str, Any] = {
    "weibull": "weibull",
    "lognormal": "log-normal",
    "loglogistic": "log-logistic",
    "exponential": "exponential",
}


def run_survreg(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    if args["dist"] not in DISTRIBUTIONS:
        raise NotExpressedError(f"distribution {args['dist']}")
    terms = listed(args.get("covariates"))
    if any("strata(" in term for term in terms):
        raise NotExpressedError("a scale for each stratum")
    frame = read_table(case.data)
    for name, levels in args.get("factor", {}).items():
        frame[name] = pd.Categorical(frame[name].astype(str), categories=levels)
        named = [f"{name}{level}" for level in levels]
        terms = list(dict.fromkeys(name if term in named else term for term in terms))
    made = covariates(frame, terms, case.content["r_code"] or "")
    frame = frame.assign(**{term: made[term] for term in terms if not _is_formula(frame, term)})
    frame = order_levels(frame, expected["terms"], terms)
    frame, said = undotted(frame)
    terms = [said(term) for term in terms]
    model = AcceleratedFailureTime(
        formula="~ " + " + ".join(terms) if terms else None,
        distribution=DISTRIBUTIONS[args["dist"]],
        weights=args.get("weights") and said(args["weights"]),
        clusters=args.get("cluster") and said(args["cluster"]),
        std_errors="robust" if args.get("robust") or args.get("cluster") else "model",
    )
    if "lower" in args:
        bounds = {"low": args["lower"], "high": args["upper"], "n": args.get("counts", args.get("expand"))}
        bounds = {key: name and said(name) for key, name in bounds.items()}
        fitted = model.fit_bounds(frame, **bounds)
    else:
        gone = flag(frame, said(args["event"]))
        until = np.where(gone == 1, frame[said(args["time"])], np.where(gone == 0, np.inf, np.nan))
        ends = frame.assign(_until=until)
        bounds = {"low": args["time"], "entry": args.get("entry"), "n": args.get("counts", args.get("expand"))}
        bounds = {key: name and said(name) for key, name in bounds.items()} | {"high": "_until"}
        fitted = model.fit_bounds(ends, **bounds)
    compare_survreg(fitted, expected)
    if "quantiles" in expected:
        compare_quantiles(fitted, expected["quantiles"], frame, terms, said)
    return "everything compared"


def _is_formula(frame: pd.DataFrame, term: str) -> bool:
    """Tell whether a formula can say a term: a column, or a function of one."""
    return term in frame or re.fullmatch(rf"(log|sqrt|exp)\({NAME}\)", term) is not None


def compare_survreg(fitted: AcceleratedFailureTimeResult, expected: Mapping[str, Any]) -> None:
    k = len(expected["coef"])
    if len(expected["terms"]) != k or len(fitted.index) != len(expected["se"]):
        raise MissedError(f"coefficients {list(fitted.index)}, expected {expected['terms']}")
    compare("coef", fitted.estimate[:k], expected["coef"], SURVREG)
    compare("scale", fitted.scale, expected["scale"], SURVREG)
    theirs = np.array([numbers(row) for row in expected["var"]])
    size = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    compare("var", (fitted.covariance / size).ravel(), (theirs / size).ravel().tolist(), SURVREG)
    compare("se", fitted.std_error / np.sqrt(np.diag(theirs)), np.ones(len(theirs)).tolist(), SURVREG)
    compare("se as printed", fitted.std_error, expected["se"], SURVREG)
    for name, ours in (("loglik", fitted.log_likelihood), ("loglik_null", fitted.log_likelihood_null)):
        compare(name, ours, expected[name], SURVREG)
    compare("df", len(fitted.index), expected["df"], 0)
    compare("aic", fitted.aic, expected["aic"], SURVREG)


def compare_quantiles(
    fitted: AcceleratedFailureTimeResult,
    expected: Mapping[str, Any],
    frame: pd.DataFrame,
    terms: list[str],
    said: Callable[[str], str],
) -> None:
    columns = [term.partition("(")[2].rstrip(")") or term for term in terms]
    profiles = pd.DataFrame(expected["newdata"]).rename(columns=said)[columns]
    for name in columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            profiles[name] = pd.Categorical(profiles[name], categories=frame[name].cat.categories)
    found = fitted.quantiles(numbers(expected["p"]).tolist(), profiles)
    for ours, theirs in (("time", "est"), ("std_error", "se")):
        compare(f"quantile {theirs}", found[ours], np.concatenate([numbers(row) for row in expected[theirs]]), SURVREG)


def run_mixture_cure(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame = read_table(case.data)
    counts = next((frame[args[key]] for key in ("counts", "expand") if args.get(key)), 1)
    gone = flag(frame, args["event"]) == 1
    table = pd.DataFrame({"duration": frame[args["time"]], "event": gone, "n": counts})
    found = mixture_cure(TenureCounts.from_frame(table))
    for ours, key in ((found.never_leaving, "cure_fraction"), (found.shape, "shape"), (found.scale, "scale")):
        compare(key, ours.estimate / expected[key], 1.0, CURE)
    compare("loglik", found.log_likelihood, expected["loglik"], 1e-8)
    compare("par", found.theta, expected["par"], CURE)
    compare("se_par", found.std_error / numbers(expected["se_par"]), np.ones(3).tolist(), CURE)
    return "everything compared"
