"""How each kind of golden case on the churn side is asked of this project, and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.activity import read_activity
from churn.cohorts import retention_triangle
from churn.counts import TenureCounts
from churn.curves import SurvivalCurve, kaplan_meier, kaplan_meier_by
from surveys.results import Unavailable
from surveys.study import Study

SPECIAL = {"NA": np.nan, "NaN": np.nan, "Inf": np.inf, "-Inf": -np.inf}


class NotExpressedError(Exception):
    """The project has no way yet to ask for what the case expects."""


class MissedError(AssertionError):
    """The project's number is not the expected one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its file, and what it says."""

    path: Path
    content: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Case:
        return cls(path, json.loads(path.read_text(encoding="utf-8")))

    @property
    def method(self) -> str:
        return self.content["method"]

    @property
    def args(self) -> Mapping[str, Any]:
        return self.content["args"]

    @property
    def data(self) -> Path:
        return self.path.parent.parent / self.content["data"]


def numbers(values: Any) -> np.ndarray:
    """Read numbers as the cases write them."""
    return np.array([SPECIAL.get(v, v) if isinstance(v, str) else v for v in np.atleast_1d(values)], np.float64)


def compare(what: str, ours: Any, theirs: Any, tolerance: float) -> None:
    """Raise MissedError unless two arrays agree, NaN with NaN."""
    found, expected = np.atleast_1d(np.asarray(ours, np.float64)), numbers(theirs)
    if found.shape != expected.shape:
        raise MissedError(f"{what}: {len(found)} values, expected {len(expected)}")
    if (np.isnan(found) != np.isnan(expected)).any():
        at = int(np.flatnonzero(np.isnan(found) != np.isnan(expected))[0])
        raise MissedError(f"{what}[{at}]: {found[at]}, expected {expected[at]}")
    with np.errstate(invalid="ignore"):
        apart = np.where(found == expected, 0.0, np.abs(found - expected) / np.maximum(1, np.abs(expected)))
    apart = np.nan_to_num(apart, nan=0.0)
    if (apart > tolerance).any():
        at = int(np.argmax(apart))
        raise MissedError(f"{what}[{at}]: {found[at]!r}, expected {expected[at]!r}")


def run_kaplan_meier(case: Case) -> str:
    args = case.args
    if args.get("robust") or args.get("cluster"):
        raise NotExpressedError("the jackknife variance of a weighted or clustered curve")
    frame = pd.read_csv(case.data)
    counts = frame[args[key]] if (key := next((k for k in ("counts", "weights", "expand") if k in args), None)) else 1
    if np.any(np.asarray(counts) != np.floor(counts)):
        raise NotExpressedError("sampling weights, whose variance needs the design")
    name, _, level = args["event"].partition("==")
    event = frame[name] == int(level) if level else frame[name] == 1
    entry = frame[args["entry"]] if "entry" in args else np.nan
    by = args.get("by")
    table = pd.DataFrame({"duration": frame[args["time"]], "event": event, "entry": entry, "n": counts})
    options = {"conf_type": args["conf_type"], "conf_level": args.get("level", 0.95)}
    if by:
        cells = TenureCounts.from_frame(table.assign(**{by: frame[by].astype(str)}), time_unit="units")
        curves = kaplan_meier_by(cells, by=by, start=args.get("start_time"), **options)
    else:
        curves = {"all": kaplan_meier(TenureCounts.from_frame(table, time_unit="units"), **options)}
    expected = {curve["stratum"].partition("=")[2] or "all": curve for curve in case.content["expected"]}
    if set(curves) != set(expected):
        raise MissedError(f"strata {sorted(curves)}, expected {sorted(expected)}")
    for level, curve in curves.items():
        compare_curve(level, curve, expected[level], weighted="weights" in args)
    return "cumulative hazard and restricted mean not compared"


def compare_curve(level: str, curve: SurvivalCurve, expected: Mapping[str, Any], *, weighted: bool) -> None:
    if not weighted:
        compare(f"{level}: n", curve.n, expected["n"], 0)
    fields = {
        "time": curve.time,
        "n_risk": curve.n_at_risk,
        "n_event": curve.n_event,
        "n_censor": curve.n_censor,
        "surv": curve.survival,
        "se_surv": curve.std_error,
        "se_log_surv": np.where(curve.survival > 0, curve.log_std_error, np.inf),
        "lower": curve.conf_low,
        "upper": curve.conf_high,
    }
    for name, ours in fields.items():
        compare(f"{level}: {name}", ours, expected[name], 1e-12)
    quantiles = [curve.quantile(p) for p in expected["quantiles"]["p"]]
    reached = [q for q in quantiles if not isinstance(q, Unavailable)]
    compare(
        f"{level}: quantiles",
        [np.nan if isinstance(q, Unavailable) else q.estimate for q in quantiles],
        expected["quantiles"]["est"],
        1e-12,
    )
    kept = [i for i, q in enumerate(quantiles) if not isinstance(q, Unavailable)]
    for name, key in (("conf_low", "lower"), ("conf_high", "upper")):
        theirs = numbers(expected["quantiles"][key])[kept]
        compare(f"{level}: quantiles {key}", [getattr(q, name) for q in reached], theirs, 1e-12)
    if "at" in expected:
        compare_at(level, curve, expected["at"])


def compare_at(level: str, curve: SurvivalCurve, expected: Mapping[str, Any]) -> None:
    times = numbers(expected["times"])
    table = curve.risk_table(times)
    compare(f"{level}: at n_risk", table["n_at_risk"], expected["n_risk"], 0)
    for i, time in enumerate(times):
        here = curve.at(float(time))
        if isinstance(here, Unavailable):
            continue
        for ours, key in ((here.estimate, "surv"), (here.std_error, "se_surv")):
            compare(f"{level}: at {time:g} {key}", ours, numbers(expected[key])[i], 1e-12)
        for ours, key in ((here.conf_low, "lower"), (here.conf_high, "upper")):
            compare(f"{level}: at {time:g} {key}", ours, numbers(expected[key])[i], 1e-12)


def run_retention(case: Case) -> str:
    args = case.args
    end = pd.Timestamp(args["obs_end"]).tz_convert(args["tz"])
    study = Study.model_validate(
        {
            "folder": case.data.parent,
            "study": {"title": "golden", "as_of": (end - pd.Timedelta(days=1)).date(), "timezone": args["tz"]},
            "usage": {"events": case.data.name, "account": args["user"], "time": args["ts"]},
        }
    )
    activity = read_activity(study)
    compare("n_events", activity.n_events, case.content["expected"]["n_events"], 0)
    compare("n_users", activity.n_accounts, case.content["expected"]["n_users"], 0)
    ours = retention_triangle(activity).to_frame()
    theirs = pd.DataFrame(case.content["expected"]["monthly_calendar"])
    if ours["cohort"].astype(str).tolist() != theirs["cohort"].tolist():
        raise MissedError("monthly_calendar: cohorts differ")
    compare("monthly_calendar: period", ours["age"], theirs["period"], 0)
    compare("monthly_calendar: cohort_size", ours["n_accounts"], theirs["cohort_size"], 0)
    compare("monthly_calendar: complete", ours["complete"], theirs["complete"], 0)
    retained = theirs["retained"].where(theirs["complete"])
    compare("monthly_calendar: retained", ours["n_active"], retained.to_numpy(np.float64), 0)
    return "only monthly_calendar compared"


METHODS: Mapping[str, Callable[[Case], str]] = {"kaplan_meier": run_kaplan_meier, "retention": run_retention}


def run(case: Case) -> str:
    """Run one case; give what was not compared."""
    if case.method not in METHODS:
        raise NotExpressedError(f"method {case.method}")
    return METHODS[case.method](case)
