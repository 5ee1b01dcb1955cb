"""What golden survey cases ask, said with the public API."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from surveys.core.intervals import METHODS, proportion_interval, student_t
from surveys.data.codebook import format_code
from surveys.design.design import Design
from surveys.estimates.means import Estimates, mean, proportion, ratio, total
from tests.golden import surveys_durations, surveys_tests, surveys_weighting
from tests.golden.comparing import Comparison, NotExpressedError, numbers, standard_errors
from tests.golden.notation import condition, listed, read_table
from tests.golden.report import record

FILTER_NOTE = re.compile(r"\s*\((?![^()]*==)[^()]*\)\s*$")
"""What a filter says of itself, after the condition: `(rows dropped before the design)`."""
FITTED = 1e-6
"""Agreement asked of what R fits by iteration, such as the logit of a share."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A design of the golden set: data, sample design, and the domain it is limited to."""

    frame: pd.DataFrame
    design: Design
    rows: np.ndarray
    calibrated: bool
    note: str = ""


def read_setting(folder: Path, designs: dict[str, Any], name: str) -> Setting:
    """Build the design that a case names."""
    return _setting(folder, _Designs(designs), name)


class _Designs(dict[str, Any]):
    """Designs of one file, hashable by identity so that settings are built once."""

    def __hash__(self) -> int:
        return id(self)


@cache
def _setting(folder: Path, designs: _Designs, name: str) -> Setting:
    spec = designs[name]
    if spec.get("base"):
        base = _setting(folder, designs, spec["base"])
        frame, design, calibrated = base.frame, base.design, base.calibrated
    else:
        frame = read_table(folder / spec["data"])
        if "filter" in spec:
            frame = frame[condition(frame, FILTER_NOTE.sub("", spec["filter"]))].reset_index(drop=True)
        design, calibrated = drawn(frame, spec), False
    for step in spec.get("adjust") or ():
        step = step | {"kind": step["kind"].lower()}
        design, calibrated = surveys_weighting.adjusted(design, frame, step), calibrated or step["kind"] != "trim"
    rows = condition(frame, spec["domain"]) if spec.get("domain") else np.ones(len(frame), bool)
    return Setting(frame, design, rows, calibrated, str(spec.get("note") or ""))


def drawn(frame: pd.DataFrame, spec: dict[str, Any]) -> Design:
    """Build a design from the columns that a case names."""
    if spec["type"] != "taylor":
        return surveys_weighting.replicated(frame, spec)
    weights = spec.get("weights")
    if weights is not None and not isinstance(weights, str):
        frame, weights = frame.assign(**{"(weight)": float(weights)}), "(weight)"
    return Design.from_frame(
        frame,
        weight=weights,
        strata=_columns(spec.get("strata")),
        cluster=_columns(spec.get("ids")),
        nest=bool(spec.get("nest")),
        fpc=_columns(spec.get("fpc")),
        lonely_psu=spec.get("lonely_psu") or "fail",
    )


def _columns(named: Any) -> list[str] | None:
    """Read the columns of a design; none is written as nothing, 1 or 0."""
    return [name for name in listed(named) if name not in ("0", "1")] or None


def run(case: dict[str, Any], folder: Path, designs: dict[str, Any], case_id: str) -> str:
    """Say a case and compare it."""
    statistic = case["statistic"]
    if statistic not in STATISTICS:
        raise NotExpressedError(f"the statistic '{statistic}'")
    setting = read_setting(folder, designs, case["design"])
    comparison = Comparison()
    STATISTICS[statistic](case, setting, comparison, case_id)
    return comparison.finish()


def columns(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Give variables as columns, and an indicator of each level for those of text."""
    parts = {}
    for name in names:
        if frame[name].dtype == object:
            parts |= {f"{name}{level}": _is(frame[name], level) for level in sorted(frame[name].dropna().unique())}
        else:
            parts[name] = frame[name]
    return pd.DataFrame(parts)


def _is(column: pd.Series, level: str) -> pd.Series:
    return (column == level).astype(float).where(column.notna())


def compare_estimates(found: Estimates, keys: list[str], expect: dict[str, Any], comparison: Comparison) -> None:
    """Compare estimates, standard errors, covariance, degrees of freedom and intervals of Student's t."""
    order = [keys.index(key) for key in expect["estimate"]]
    theirs, se = (
        numbers(expect["estimate"].values()),
        standard_errors(numbers(expect["se"].values()), numbers(expect["estimate"].values())),
    )
    ours_se = standard_errors(found.std_error[order], theirs)
    comparison.close("estimate", found.estimate[order], theirs)
    comparison.close("se", ours_se, se)
    if "vcov" in expect:
        covariance = np.array([numbers(row) for row in expect["vcov"]])
        scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        known = (se > 0)[:, None] & (se > 0)
        ours = found.covariance[np.ix_(order, order)]
        comparison.close("vcov", np.where(known, ours, 0.0), np.where(known, covariance, 0.0), scale)
    if "ci95_t" in expect:
        limits = expect["ci95_t"]
        comparison.close("df", found.df[order], np.full(len(order), float(expect["df"])))
        for name, limit in (("lower", found.conf_low), ("upper", found.conf_high)):
            comparison.close(name, limit[order], numbers(limits[name].values()), theirs)


def say_mean(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    values = columns(setting.frame, case["args"]["vars"])
    estimator = mean if case["statistic"] == "mean" else total
    found = estimator(setting.design, values, rows=setting.rows)
    compare_estimates(found, list(values.columns), case["expect"], comparison)
    if "deff" in case["expect"]:
        surveys_weighting.compare_design_effect(case, setting, values, comparison)


def say_prop(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    column = setting.frame[case["args"]["var"]]
    levels = {key: key if column.dtype == object else float(key) for key in case["expect"]["estimate"]}
    values = {key: _is(column, level) for key, level in levels.items()}
    found = mean(setting.design, values, rows=setting.rows)
    compare_estimates(found, list(levels), case["expect"], comparison)


def say_ratio(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    frame, expect = setting.frame, case["expect"]
    found = ratio(setting.design, frame[case["args"]["num"]], frame[case["args"]["den"]], rows=setting.rows)
    wrapped = {name: {"r": expect[name]} for name in ("estimate", "se")}
    wrapped |= {"df": expect["df"], "ci95_t": {end: {"r": limit} for end, limit in expect["ci95_t"].items()}}
    compare_estimates(found, ["r"], wrapped, comparison)


def by(setting: Setting, variables: list[str], groups: list[str], fun: str = "mean") -> tuple[Estimates, list[str]]:
    """Estimate for the levels of some groups, whose keys join the levels with a full stop, and a colon with several."""
    estimator = {"mean": mean, "total": total}[fun]
    found = estimator(setting.design, setting.frame[variables], by=setting.frame[groups], rows=setting.rows)
    keys = [key if isinstance(key, tuple) else (key,) for key in found.index]
    size = len(groups)
    joined = [".".join(format_code(part) for part in key[:size]) for key in keys]
    if len(variables) > 1:
        joined = [f"{level}:{key[-1]}" for level, key in zip(joined, keys, strict=True)]
    return found, joined


def say_by(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    found, keys = by(setting, listed(args["vars"]), listed(args["by"]), args["fun"])
    compare_estimates(found, keys, expect, comparison)
    # The degrees that these cases give are those of the design, whoever answered.
    comparison.close("df", setting.design.degrees_of_freedom(setting.rows), expect["df"])


def say_contrast(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    kind, _, what = args["of"].partition(" ")
    variables, _, groups = what.partition("|")
    if groups:
        found, keys = by(setting, listed(variables), listed(groups), args.get("fun", "mean"))
    else:
        values = columns(setting.frame, listed(variables))
        found = {"mean": mean, "total": total}[kind](setting.design, values, rows=setting.rows)
        keys = list(values.columns)
    contrast = found.contrast([args["coefs"].get(key, 0.0) for key in keys])
    comparison.close("estimate", contrast.estimate, expect["estimate"], contrast.std_error)
    comparison.close("se", contrast.std_error, expect["se"])
    comparison.close("df", contrast.df, expect["df"])
    comparison.close("t", contrast.t, expect["t"], 1.0)
    comparison.close("p", contrast.p_value, expect["p_value"], relative=1e-8)


def lacks_logit(setting: Setting, indicator: np.ndarray) -> bool:
    """Tell whether a replicate has a share of 0 or 1, whose logit is infinite."""
    if setting.design.linearised:
        return False
    yes, asked = (setting.design.replicates[rows].sum(axis=0) for rows in (setting.rows & indicator, setting.rows))
    return bool(((yes == 0) | (yes == asked)).any())


def say_ciprop(case: dict[str, Any], setting: Setting, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    indicator = condition(setting.frame, args["indicator"])
    for name, limits in expect["ci"].items():
        if name not in METHODS:
            record("surveys", f"ciprop: {name}", case_id, "not expressed", f"the interval '{name}'")
            continue
        found = proportion(setting.design, indicator, rows=setting.rows, method=name, conf_level=args["level"])
        low, high = found.conf_low, found.conf_high
        if name == "beta" and setting.calibrated:
            low, high, _ = proportion_interval(
                found.estimate, found.std_error, found.df, expect["n"], method="beta", conf_level=args["level"]
            )
        comparison.close("estimate", found.estimate, expect["estimate"])
        comparison.close("se", found.std_error, expect["se"])
        comparison.close("df", found.df, expect["df"])
        if name == "likelihood":
            surveys_weighting.compare_likelihood(low, high, case, setting, indicator, case_id)
            continue
        if name == "logit" and lacks_logit(setting, indicator):
            # R gives such a replicate some logit or other; here the error is that of the linearised logit.
            half = student_t(found.df, args["level"]) * surveys_weighting.logit_error(setting, indicator, expect)
            middle = logit(found.estimate)
            comparison.close(
                "logit of a replicate without one", [*low, *high], [*expit(middle - half), *expit(middle + half)]
            )
            continue
        fitted = FITTED if name == "logit" else None
        comparison.close(f"{name} lower", low, numbers(limits["lower"]), found.estimate, relative=fitted)
        comparison.close(f"{name} upper", high, numbers(limits["upper"]), relative=fitted)


STATISTICS: dict[str, Callable[[dict[str, Any], Setting, Comparison, str], None]] = {
    "mean": say_mean,
    "total": say_mean,
    "prop": say_prop,
    "ratio": say_ratio,
    "by": say_by,
    "contrast": say_contrast,
    "ciprop": say_ciprop,
}
STATISTICS |= surveys_durations.STATISTICS | surveys_tests.STATISTICS | surveys_weighting.STATISTICS
