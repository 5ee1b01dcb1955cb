"""What golden cases ask of replicate weights and of weights that meet known totals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from surveys.core.intervals import proportion_interval, student_t
from surveys.design.design import Design
from surveys.design.replicates import KINDS, ReplicateDesign
from surveys.estimates._quantiles import weighted_quantile
from surveys.estimates.dispersion import design_effect, variance
from surveys.estimates.means import mean
from surveys.estimates.quantiles import Quantiles, quantile
from surveys.weighting.recipe import Calibrate, PostStratify, Rake, Trim, WeightingStep, kish, reweight
from tests.golden.comparing import Comparison, NotExpressedError, numbers
from tests.golden.likelihood import Profile
from tests.golden.notation import cells, listed
from tests.golden.report import record

if TYPE_CHECKING:
    from tests.golden.surveys_adapters import Setting

WEIGHTS = 1e-6
"""Agreement asked of raking and calibration weights."""
KNOWN = 1e-14
"""A design effect below this belongs to a known total."""
EXACT, LIKELIHOOD, READ = 1e-9, 1e-4, 1e-4
"""Agreement asked of a likelihood interval: with its exact ends, with R, and of R's logits with a reading as R's.

R reads the ends off a spline through a few points; where answers are rare that is off by more than its own rounding,
so that an interval is either R's, or has the exact ends of the profile of which R's ends are such a reading.
"""


def replicated(frame: pd.DataFrame, spec: dict[str, Any]) -> ReplicateDesign:
    """Build a design from replicate weights in the file."""
    kind = spec["rep_type"].split()[0]
    return ReplicateDesign.from_replicates(
        frame,
        weight=spec["weights"],
        columns=f"{spec['rep_weights']['prefix']}[0-9]+",
        kind=kind if kind in KINDS else "other",
        scale=spec.get("scale"),
        rscales=spec.get("rscales"),
        centre="estimate" if spec.get("mse") else "mean",
        df=spec.get("df"),
        holding="weights" if spec.get("combined_weights", True) else "factors",
    )


def adjusted(design: Design, frame: pd.DataFrame, step: dict[str, Any]) -> Design:
    """Weigh a design by one step of a case."""
    return reweight(design, frame, said(frame, step))


def said(frame: pd.DataFrame, step: dict[str, Any]) -> WeightingStep:
    """Say a step with the public API."""
    match step["kind"].lower():
        case "poststratify":
            return PostStratify(*_margin(frame, step))
        case "rake":
            return Rake(dict(_margin(frame, margin) for margin in step["margins"]))
        case "calibrate":
            bounds = step.get("bounds")
            totals = _totals(frame, step["formula"], step["totals"])
            return Calibrate(totals, step["calfun"], tuple(bounds) if bounds else None)
        case "trim":
            return Trim(step.get("lower", -np.inf), step.get("upper", np.inf), bool(step.get("strict")))
    raise NotExpressedError(f"weights adjusted by {step['kind']}")


def _margin(frame: pd.DataFrame, margin: dict[str, Any]) -> tuple[Any, dict[Any, float]]:
    """Read the people in the levels of a column, or in the cells of several, under any of the names in use."""
    by = listed(margin.get("by", margin.get("formula", margin.get("vars"))))
    given = next(margin[key] for key in ("totals", "cells", "population", "freq", "counts") if key in margin)
    return (by[0] if len(by) == 1 else tuple(by)), cells(frame, by, given)


def _totals(frame: pd.DataFrame, formula: str, given: dict[str, float]) -> dict[Any, Any]:
    """Turn totals of a model matrix, whose first levels are left to the intercept, into totals of levels."""
    found: dict[Any, Any] = {}
    for name in formula.lstrip("~").split("+"):
        if frame[name].dtype != object:
            found[name] = given[name]
            continue
        levels = sorted(frame[name].unique())
        rest = {level: given[f"{name}{level}"] for level in levels[1:]}
        found[name] = {levels[0]: given["(Intercept)"] - sum(rest.values())} | rest
    return found


def say_weights(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    found = setting.design.weights
    comparison.close("weights", found, numbers(case["expect"]["weights"]), relative=WEIGHTS)
    comparison.close("sum", found.sum(), case["expect"]["sum"], relative=WEIGHTS)


def say_kish(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    found, expect = kish(setting.design.weights), case["expect"]
    names = ("n", "total", "design_effect", "n_effective", "variation", "smallest", "largest")
    keys = ("n", "sum_w", "deff_kish", "n_eff", "cv_w", "min", "max")
    for name, key in zip(names, keys, strict=True):
        comparison.close(key, getattr(found, name), expect[key])


def logit_error(setting: Setting, indicator: np.ndarray, expect: dict[str, Any]) -> float:
    """
    Give the standard error of the logit of a share: over the replicates, or from R's error of the share.

    Where a replicate has a share of 0 or 1, whose logit is infinite, the error is that of the linearised logit.
    """
    linear = expect["se"] / (expect["estimate"] * (1 - expect["estimate"]))
    if setting.design.linearised:
        return float(linear)
    design = setting.design
    asked, yes = setting.rows, setting.rows & indicator
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = special.logit(design.replicates[yes].sum(axis=0) / design.replicates[asked].sum(axis=0))
    if not np.isfinite(logits).all():
        return float(linear)
    centre = logits.mean() if design.centre == "mean" else special.logit(expect["estimate"])
    return float(np.sqrt(design.coefficients @ np.square(logits - centre)))


def compare_likelihood(
    low: np.ndarray,
    high: np.ndarray,
    case: dict[str, Any],
    setting: Setting,
    indicator: np.ndarray,
    case_id: str,
) -> None:
    """Compare a likelihood interval with the exact ends of its profile, and R's with its own reading of the same."""
    expect, limits = case["expect"], case["expect"]["ci"]["likelihood"]
    profile = Profile(
        share=expect["estimate"],
        logit_error=logit_error(setting, indicator, expect),
        df=expect["df"],
        n=int((setting.rows & (setting.design.weights != 0)).sum()),
        replicated=not setting.design.linearised,
        conf_level=case["args"]["level"],
    )
    exact, ours = Comparison(EXACT), [*low, *high]
    exact.close("likelihood", ours, profile.exact())
    theirs = numbers([limits["lower"], limits["upper"]])
    detail = f"the exact ends, {exact.worst:.1e} off"
    if np.isnan(theirs).any():
        detail += "; R has none, as a replicate has no logit"
    else:
        read = Comparison(READ)
        read.close("likelihood as R reads it", special.logit(profile.interpolated()), special.logit(theirs))
        loose = Comparison(LIKELIHOOD)
        loose.close("likelihood of R", ours, theirs)
        if loose.differences:
            exact.differences += read.differences
    missed = bool(exact.differences)
    record("surveys", "ciprop: likelihood", case_id, "missed" if missed else "matched", detail)
    exact.finish()


def say_quantile(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    """
    Compare quantiles; where R has other limits of the share, or none, the ends are read off the distribution here.

    In a domain of a calibrated design R's exact interval counts the rows outside as answers; at the largest answers
    R gives no interval though its limits of the share are known.
    """
    args, expect = case["args"], case["expect"]
    values = setting.frame[args["var"]]
    for key, limits in expect.items():
        if key == "df":
            continue
        interval, rule = key.split("|")
        found = quantile(
            setting.design,
            values,
            args["q"],
            rows=setting.rows,
            interval="replicates" if interval == "quantile" else interval,
            rule=rule,
        )
        comparison.close("df", found.df, np.full(len(found), float(expect["df"])))
        comparison.close(f"{key} quantile", found.estimate, numbers(limits["quantile"]), found.estimate)
        size = len(setting.rows) if interval == "beta" and setting.calibrated else int(found.n[0])
        ours = {"lower": found.conf_low, "upper": found.conf_high, "se": found.std_error}
        if interval in ("beta", "xlogit", "asin"):
            apart = _woodruff(setting, values, found, interval, rule, int(found.n[0]))
            for name, ends in ours.items():
                comparison.close(f"{key} {name} read off", ends, apart[name], found.estimate)
            if size != found.n[0]:
                ours = _woodruff(setting, values, found, interval, rule, size)
        for name, ends in ours.items():
            theirs = numbers(limits[name])
            known = ~np.isnan(theirs) if interval != "mean" else np.ones(len(theirs), bool)
            comparison.close(f"{key} {name}", ends[known], theirs[known], found.estimate[known])


def _woodruff(
    setting: Setting, values: pd.Series, found: Quantiles, interval: Any, rule: Any, size: int
) -> dict[str, np.ndarray]:
    """Read limits of the shares at or below each quantile, of a stated number of answers, off the distribution."""
    known = setting.rows & values.notna().to_numpy()
    below = [mean(setting.design, (values <= x).astype(float), rows=known) for x in found.estimate]
    share, error = (np.array([getattr(one, name)[0] for one in below]) for name in ("estimate", "std_error"))
    low, high, _ = proportion_interval(share, error, found.df, np.full(len(share), size), method=interval)
    weights, answers = setting.design.weights[known], values.to_numpy(float)[known]
    lower, upper = (weighted_quantile(answers, weights, limit, rule) for limit in (low, high))
    return {"lower": lower, "upper": upper, "se": (upper - lower) / (2 * student_t(found.df))}


def say_variance(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    found = variance(setting.design, setting.frame[case["args"]["var"]], rows=setting.rows)
    comparison.close("estimate", found.estimate, case["expect"]["estimate"])
    comparison.close("se", found.std_error, case["expect"]["se"])


def compare_design_effect(case: dict[str, Any], setting: Setting, values: pd.DataFrame, comparison: Comparison) -> None:
    """Compare the design effects of a mean or total; those of known totals are zero."""
    expect = case["expect"]
    draw = "with replacement" if case["args"]["deff"].startswith("wr") else "without replacement"
    found = design_effect(setting.design, values, of=case["statistic"], rows=setting.rows, draw=draw)
    theirs = numbers(expect["deff"].values())
    ours = found.loc[list(expect["deff"])].to_numpy()
    same = ((theirs < KNOWN) & (ours < KNOWN)) | (np.isinf(theirs) & np.isinf(ours))
    comparison.close("deff", np.where(same, 0.0, ours), np.where(same, 0.0, theirs))


STATISTICS: dict[str, Callable[..., None]] = {
    "weights": say_weights,
    "kish": say_kish,
    "quantile": say_quantile,
    "variance": say_variance,
}
