"""What golden cases of parametric survival, cure and projection ask, said with the public API of `churn`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churn._projection import log_likelihood
from churn.counts import TenureCounts
from churn.cure import mixture_cure
from churn.parametric import AcceleratedFailureTime, ParametricSurvival
from churn.period_counts import PeriodCounts
from churn.projection import project_retention
from churn.retention_models import fit_retention
from surveys.results import Estimate
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare, numbers

SURVREG, CURE, SBG = 1e-9, 1e-4, 1e-6
"""The README's for survreg and cure; R's optimiser settled the others to about 2e-7 only."""

DISTRIBUTIONS: dict[str, Any] = {
    "weibull": "weibull",
    "lognormal": "log-normal",
    "loglogistic": "log-logistic",
    "exponential": "exponential",
}
BASE = 100_000


def run_survreg(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    if args["dist"] not in DISTRIBUTIONS:
        raise NotExpressedError(f"distribution {args['dist']}")
    terms = list(np.atleast_1d(args.get("covariates", [])))
    if any("strata(" in term for term in terms):
        raise NotExpressedError("a scale for each stratum")
    frame = pd.read_csv(case.data)
    for name, levels in args.get("factor", {}).items():
        frame[name] = pd.Categorical(frame[name].astype(str), categories=levels)
        named = [f"{name}{level}" for level in levels]
        terms = list(dict.fromkeys(name if term in named else term for term in terms))
    frame = _with_levels(frame, terms, expected["terms"])
    frame, terms = frame.rename(columns=_word), [_word(term) for term in terms]
    model = AcceleratedFailureTime(
        formula="~ " + " + ".join(terms) if terms else None,
        distribution=DISTRIBUTIONS[args["dist"]],
        weights=args.get("weights"),
        clusters=args.get("cluster"),
        std_errors="robust" if args.get("robust") or args.get("cluster") else "model",
    )
    if "lower" in args:
        bounds = {"low": args["lower"], "high": args["upper"], "n": args.get("counts", args.get("expand"))}
        bounds = {key: name and _word(name) for key, name in bounds.items()}
        fitted = model.fit_bounds(frame, **bounds)
    else:
        name, _, level = args["event"].partition("==")
        gone = frame[name] == (int(level) if level else 1)
        until = np.where(gone, frame[args["time"]], np.inf)
        ends = frame.assign(_until=until)
        bounds = {
            "low": args["time"],
            "high": "_until",
            "entry": args.get("entry"),
            "n": args.get("counts", args.get("expand")),
        }
        fitted = model.fit_bounds(ends, **bounds)
    compare_survreg(fitted, expected)
    if "quantiles" in expected:
        compare_quantiles(fitted, expected["quantiles"], frame, terms)
    return "everything compared"


def _word(name: str) -> str:
    """Write a name without the dots of R, which a formula takes for attributes."""
    return name.replace(".", "_")


def _with_levels(frame: pd.DataFrame, terms: list[str], named: list[str]) -> pd.DataFrame:
    """Order the levels of text as R's factors have them: their names follow that of the column."""
    for term in terms:
        if term in frame.columns and frame[term].dtype == object:
            others = [name.removeprefix(term) for name in named if name.startswith(term) and name != term]
            first = [level for level in sorted(frame[term].dropna().unique()) if level not in others]
            frame[term] = pd.Categorical(frame[term], categories=[*first, *others])
    return frame


def compare_survreg(fitted: ParametricSurvival, expected: Mapping[str, Any]) -> None:
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
    fitted: ParametricSurvival, expected: Mapping[str, Any], frame: pd.DataFrame, terms: list[str]
) -> None:
    columns = [term.partition("(")[2].rstrip(")") or term for term in terms]
    profiles = pd.DataFrame(expected["newdata"]).rename(columns=_word)[columns]
    for name in columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            profiles[name] = pd.Categorical(profiles[name], categories=frame[name].cat.categories)
    found = fitted.quantiles(numbers(expected["p"]).tolist(), profiles)
    for ours, theirs in (("time", "est"), ("std_error", "se")):
        compare(f"quantile {theirs}", found[ours], np.concatenate([numbers(row) for row in expected[theirs]]), SURVREG)


def run_mixture_cure(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    frame = pd.read_csv(case.data)
    name, _, level = args["event"].partition("==")
    counts = frame[args["counts"]] if "counts" in args else 1
    gone = frame[name] == (int(level) if level else 1)
    table = pd.DataFrame({"duration": frame[args["time"]], "event": gone, "n": counts})
    found = mixture_cure(TenureCounts.from_frame(table))
    for ours, key in ((found.never_leaving, "cure_fraction"), (found.shape, "shape"), (found.scale, "scale")):
        compare(key, ours.estimate / expected[key], 1.0, CURE)
    compare("loglik", found.log_likelihood, expected["loglik"], 1e-8)
    compare("par", found.theta, expected["par"], CURE)
    compare("se_par", found.std_error / numbers(expected["se_par"]), np.ones(3).tolist(), CURE)
    return "everything compared"


def run_retention_model(case: Case) -> str:
    expected = case.content["expected"]
    seen = numbers(expected["observed_survival"])
    calibration = expected["calibration_periods"]
    counts = PeriodCounts.from_survivors(seen * BASE, time_unit="years")
    family: Any = "beta-discrete-Weibull" if "c" in expected["mle"] else "shifted-beta-geometric"
    fitted = fit_retention(counts.until(calibration), model=family)
    for name in ("alpha", "beta", "c"):
        if name in expected["mle"]:
            ours = fitted.parameter(name)  # type: ignore[arg-type]
            assert isinstance(ours, Estimate)
            compare(name, ours.estimate, expected["mle"][name], SBG)
            published = expected.get("published", {})
            if name in published:
                compare(f"{name} as printed", round(ours.estimate, 3), published[name], 1e-9)
    compare("loglik", fitted.log_likelihood / BASE, expected["mle"]["loglik_per_customer"], 1e-12)
    until = counts.until(calibration)
    ones = log_likelihood("shifted-beta-geometric", np.zeros(2), until.n_at_risk, until.n_event) / BASE
    compare("ll_at_1_1", ones, expected["ll_at_1_1"], 1e-12)
    horizon = len(expected["projected_survival"])
    compare("projected_survival", fitted.survival(horizon)["survival"], expected["projected_survival"], SBG)
    n_rates = len(expected["retention_rate"])
    compare("retention_rate", fitted.retention_rate(n_rates)["retention"], expected["retention_rate"], SBG)
    compare("mean_churn", fitted.mean_dropout.estimate, expected["mean_churn"], SBG)
    for key in [key for key in expected if re.fullmatch(r"derl_d\d+", key)]:
        discount = int(key.removeprefix("derl_d")) / 100
        ours = [
            fitted.discounted_residual_lifetime(renewals=int(n), discount=discount).estimate
            for n in numbers(expected[f"{key}_n"])
        ]
        compare(key, ours, expected[key], SBG)
    if expected.get("year12_rel_error") is not None:
        held = project_retention(counts, horizon=horizon, model=family, hold_out=len(seen) - 1 - calibration).hold_out
        at = int(np.flatnonzero(held.period == 12)[0])
        compare("year12_rel_error", held.error[at], expected["year12_rel_error"], SBG)
    return "everything compared"
