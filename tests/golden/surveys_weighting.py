"""What golden cases ask of replicate weights and of weights that meet known totals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from surveys.design import Design
from surveys.dispersion import design_effect, variance
from surveys.quantiles import quantile
from surveys.replicates import KINDS, ReplicateDesign
from surveys.weighting import Calibrate, PostStratify, Rake, Trim, WeightingStep, kish, reweight
from tests.golden.comparing import Comparison, NotExpressedError, numbers
from tests.golden.report import record

if TYPE_CHECKING:
    from tests.golden.surveys_adapters import Setting

WEIGHTS = 1e-6
"""Agreement asked of raking and calibration weights."""
KNOWN = 1e-14
"""A design effect below this belongs to a known total."""
LIKELIHOOD, INTERPOLATED = 1e-4, 1e-2
"""Agreement asked of a likelihood interval, and of those below, where R reads its ends off a spline."""
RARE = frozenset(
    f"{design}.ciprop.rare_H_over_700"
    for design in ("P1_srs", "P3_clus1", "P4_clus2", "P5_poststrat", "P6_rake", "P8_jk1")
)
"""Few yeses: the profile is far from a parabola, R's interpolation of it is coarse, and ours is its exact root."""


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
    match step["kind"]:
        case "poststratify":
            return PostStratify(*_margin(step))
        case "rake":
            return Rake(dict(map(_margin, step["margins"])))
        case "calibrate":
            bounds = step.get("bounds")
            totals = _totals(frame, step["formula"], step["totals"])
            return Calibrate(totals, step["calfun"], tuple(bounds) if bounds else None)
        case "trim":
            return Trim(step.get("lower", -np.inf), step.get("upper", np.inf), bool(step.get("strict")))
    raise NotExpressedError(f"weights adjusted by {step['kind']}")


def _margin(margin: dict[str, Any]) -> tuple[Any, dict[Any, float]]:
    by = margin["by"]
    if len(by) == 1:
        return by[0], margin["totals"]
    return tuple(by), {tuple(key.split(".")): total for key, total in margin["totals"].items()}


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


def compare_likelihood(low: np.ndarray, high: np.ndarray, limits: dict[str, Any], case_id: str) -> None:
    """Compare a likelihood interval; R finds its own by interpolating a profile, which is coarse for rare answers."""
    method = "ciprop: likelihood"
    if None in (limits["lower"], limits["upper"]):
        record("surveys", method, case_id, "not expressed", "R has no limits, as a replicate has no logit")
        return
    comparison = Comparison(LIKELIHOOD)
    comparison.close("lower", low, numbers(limits["lower"]))
    comparison.close("upper", high, numbers(limits["upper"]))
    missed = comparison.worst > LIKELIHOOD
    record("surveys", method, case_id, "missed" if missed else "matched", f"{comparison.worst:.1e} off")
    assert comparison.worst < (INTERPOLATED if case_id.partition(":")[2] in RARE else LIKELIHOOD)


def say_quantile(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    values = setting.frame[args["var"]]
    for key, limits in expect.items():
        if key == "df":
            continue
        interval, rule = key.split("|")
        if interval == "beta" and setting.calibrated and not setting.rows.all():
            record("surveys", "quantile: beta", case_id, "not expressed", "R counts respondents outside the domain")
            continue
        found = quantile(
            setting.design,
            values,
            args["q"],
            rows=setting.rows,
            interval="replicates" if interval == "quantile" else interval,
            rule=rule,
        )
        comparison.close("df", found.df, np.full(len(found), float(expect["df"])))
        for name, ours in (
            ("quantile", found.estimate),
            ("lower", found.conf_low),
            ("upper", found.conf_high),
            ("se", found.std_error),
        ):
            theirs = numbers(limits[name])
            if interval != "mean" and np.isnan(theirs).any():
                record("surveys", f"quantile: {interval}", case_id, "not expressed", "R has no interval at the largest")
            known = ~np.isnan(theirs) if interval != "mean" else np.ones(len(theirs), bool)
            comparison.close(f"{key} {name}", ours[known], theirs[known], found.estimate[known])


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
