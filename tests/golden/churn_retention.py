"""How golden cases of retention are asked of this project: triangles, brackets, growth, silences, one-month dropout."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from churn.cohorts.lifecycle import measure_lifecycle
from churn.cohorts.retention import Retention, measure_retention
from churn.cohorts.rules import RetentionRule
from churn.cohorts.triangle import retention_triangle
from churn.definitions.fan import compare_definitions
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.tenures import Tenures
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.study.schema import Study
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare

DAY = 86_400_000_000
EXACT = 1e-12


def run_retention(case: Case) -> str:
    study = read_case(case)
    local, elapsed = read_activity(study), read_activity(study, clock="elapsed")
    compare("n_events", local.n_events, case.content["expected"]["n_events"], 0)
    compare("n_users", local.n_accounts, case.content["expected"]["n_users"], 0)
    for name, expected in case.content["expected"].items():
        if name in ("n_users", "n_events"):
            continue
        kind, _, rest = name.partition("_")
        if kind in ("weekly", "monthly", "daily") and rest.startswith("calendar"):
            compare_calendar(name, local, expected)
        elif kind == "elapsed":
            compare_elapsed(name, elapsed, expected)
        elif name == "brackets":
            compare_brackets(elapsed, expected)
        elif kind == "growth":
            compare_growth(local, rest.rpartition("_")[2], expected)
        elif kind == "inactivity":
            compare_silences(name, study, expected)
        elif name == "one_month_dropout":
            compare_dropout(local, elapsed, expected)
        else:
            raise NotExpressedError(name)
    return "everything compared"


def read_case(case: Case) -> Study:
    args = case.args
    end = pd.Timestamp(args["obs_end"]).tz_convert(args["tz"])
    return Study.model_validate(
        {
            "folder": case.data.parent,
            "study": {"title": "golden", "as_of": (end - timedelta(microseconds=1)).date(), "timezone": args["tz"]},
            "usage": {"events": case.data.name, "account": args["user"], "time": args["ts"], "opening_days": 0},
        }
    )


def compare_calendar(name: str, activity: Activity, expected: Mapping[str, Any]) -> None:
    period = {"daily": "day", "weekly": "week", "monthly": "month"}[name.partition("_")[0]]
    measure = "on or after" if name.endswith("unbounded") else "on"
    retention = measure_retention(activity, RetentionRule(measure=measure, period=period))
    ours = retention.to_frame()
    ours = ours[retention.begun[np.nonzero(retention.begun | ~np.isnan(retention.projected))]]
    if ours["cohort"].astype(str).tolist() != expected["cohort"]:
        raise MissedError(f"{name}: cohorts differ")
    fields = {"age": "period", "n_accounts": "cohort_size", "n_seen": "retained", "complete": "complete"}
    for column, key in fields.items():
        compare(f"{name}: {key}", ours[column], expected[key], 0)
    if name == "monthly_calendar":
        triangle = retention_triangle(activity).to_frame()
        retained = np.where(expected["complete"], expected["retained"], np.nan)
        compare(f"{name}: triangle", triangle["n_active"], retained, 0)


def compare_elapsed(name: str, activity: Activity, expected: Mapping[str, Any]) -> None:
    days = int(name.split("_")[1].removesuffix("d"))
    measure = "on or after" if name.endswith("unbounded") else "on"
    if period := {1: "day", 7: "week", 30: "30 days"}.get(days):
        rule = RetentionRule(measure=measure, period=period, clock="elapsed")
    elif measure == "on":
        brackets = tuple((k * days, (k + 1) * days - 1) for k in expected["period"])
        rule = RetentionRule(measure="bracket", period="day", clock="elapsed", brackets=brackets)
    else:
        raise NotExpressedError(f"windows of {days} days")
    ours = measure_retention(activity, rule)
    if rule.measure != "bracket":
        compare(f"{name}: period", ours.age, expected["period"], 0)
    compare_cells(name, ours, expected)


def compare_cells(name: str, ours: Retention, expected: Mapping[str, Any]) -> None:
    fields = {"n_eligible": "eligible", "n_active": "retained", "n_open": "at_risk_partial"}
    for field, key in fields.items():
        if key in expected:
            compare(f"{name}: {key}", getattr(ours, field)[0], expected[key], 0)
    compare(f"{name}: rate", ours.share[0], expected["rate"], EXACT)


def compare_brackets(activity: Activity, expected: list[Mapping[str, Any]]) -> None:
    ranges = tuple((int(bracket["from_day"]), int(bracket["to_day"])) for bracket in expected)
    rule = RetentionRule(measure="bracket", period="day", clock="elapsed", brackets=ranges)
    columns = {key: [bracket[key] for bracket in expected] for key in ("eligible", "retained", "rate")}
    compare_cells("brackets", measure_retention(activity, rule), columns)


def compare_growth(activity: Activity, length: str, expected: Mapping[str, Any]) -> None:
    period = {"daily": "day", "weekly": "week", "monthly": "month"}[length]
    ours = measure_lifecycle(activity, period=period)
    if [str(day) for day in ours.period_start] != expected[period]:
        raise MissedError("growth_accounting: periods differ")
    fields = {"n_new": "new", "n_retained": "retained", "n_resurrected": "resurrected", "n_lost": "churned"}
    for field, key in (fields | {"n_active": "active", "complete": "complete"}).items():
        compare(f"growth_accounting: {key}", getattr(ours, field), expected[key], 0)


def compare_silences(name: str, study: Study, expected: Mapping[str, Any]) -> None:
    gap = int(expected["gap_days"])
    activity = read_activity(study, silence_days=gap)
    since = activity.silent_since
    assert since is not None
    gone = activity.end - since >= gap * DAY
    days = np.where(gone, since + gap * DAY, activity.end) - activity.first
    if activity.accounts.iloc[:, 0].astype(str).tolist() != expected["users"]:
        raise MissedError(f"{name}: users differ")
    compare(f"{name}: duration", days // DAY, expected["duration_days_floor"], 0)
    compare(f"{name}: event", gone, expected["event"], 0)
    compare(f"{name}: last active day", (since - activity.first) // DAY, expected["last_active_day_floor"], 0)
    compare(f"{name}: n_event", gone.sum(), expected["n_event"], 0)
    curve = kaplan_meier(Tenures(duration=days // DAY, event=gone), conf_type="log-log")
    km = expected["km"]
    table = curve.risk_table(km["times"])
    compare(f"{name}: n_risk", table["n_at_risk"], km["n_risk"], 0)
    place = np.searchsorted(curve.time, km["times"], side="right") - 1
    padded = {
        "surv": np.append(curve.survival, 1.0),
        "se": np.append(curve.std_error, 0.0),
        "lower": np.append(curve.conf_low, 1.0),
        "upper": np.append(curve.conf_high, 1.0),
    }
    for key, values in padded.items():
        compare(f"{name}: {key}", values[place], km[key], EXACT)


def compare_dropout(local: Activity, elapsed: Activity, expected: Mapping[str, Any]) -> None:
    rows = (
        compare_definitions(local, elapsed=elapsed, gaps=(), observed_months=1)
        .to_frame()
        .set_index(["definition", "month"])
    )
    places = {
        "days30_window": ("absent", "30 days"),
        "never_after_30d": ("unseen", "30 days"),
        "anniversary_month": ("absent", "anniversary"),
        "calendar_next_month": ("absent", "calendar"),
    }
    for name, theirs in expected.items():
        ours = rows.loc[[places[name]]].iloc[0]
        compare(f"{name}: eligible", ours["n"], theirs["eligible"], 0)
        compare(f"{name}: dropped", ours["n_dropped"], theirs["dropped"], 0)
