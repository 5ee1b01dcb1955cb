"""Golden cases of competing risks and recurrent events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churn.competing.curve import CumulativeIncidence
from churn.competing.gray import gray_test
from churn.competing.incidence import cumulative_incidence
from churn.recurrent.mean_cumulative import mean_cumulative_function
from churn.recurrent.recurrences import Recurrences
from churn.tenures.counts import TenureCounts
from surveys.core.results import Estimate
from surveys.data.codebook import format_code
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare, numbers
from tests.golden.churn_curves import by_level, joined, levels_of
from tests.golden.notation import read_table


def with_causes(case: Case, *columns: str) -> TenureCounts:
    """Count rows by tenure, cause and named columns; code 0 is censoring."""
    args = case.args
    if args.get("cluster"):
        raise NotExpressedError("clusters, which R's survival 3.5-3 takes no notice of in curves of several states")
    frame = read_table(case.data)
    counted = next((key for key in ("counts", "expand") if args.get(key)), None)
    used = {
        "duration": frame[args["time"]],
        "cause": frame[args["event"]],
        "n": frame[args[counted]] if counted else 1,
    }
    if args.get("weights"):
        used["weight"] = frame[args["weights"]]
    if args.get("entry"):
        used["entry"] = frame[args["entry"]]
    for name in columns:
        used[name] = levels_of(frame, name)
    table = pd.DataFrame(used).dropna()
    codes = sorted(table.loc[table["cause"] != 0, "cause"].unique())
    table["event"] = table["cause"] != 0
    table["cause"] = pd.Categorical(table["cause"].where(table["event"]), categories=codes).rename_categories(
        [f"{code:g}" for code in codes]
    )
    for name in columns:
        table[name] = table[name].map(format_code)
    keys = [name for name in table.columns if name != "n"]
    return TenureCounts.from_frame(table.groupby(keys, dropna=False, observed=True)["n"].sum().reset_index())


def incidences(
    counts: TenureCounts, group: str | None, everybody: str, **options: Any
) -> dict[str, CumulativeIncidence]:
    """Give the curves of each group, or of everybody."""
    if group is None:
        return {everybody: cumulative_incidence(counts, **options)}
    return cumulative_incidence(counts, by=group, **options)


def run_aalen_johansen(case: Case) -> str:
    args = case.args
    by = joined(args.get("by"))
    options: dict[str, Any] = {"conf_type": args.get("conf_type", "log"), "conf_level": args.get("level", 0.95)}
    counts = with_causes(case, *([by] if by else []))
    accounts = incidences(counts, by, "all", **options)
    curves = incidences(counts, by, "all", weight="weight", **options) if args.get("weights") else accounts
    expected = by_level(case.content["expected"])
    if set(curves) != set(expected):
        raise MissedError(f"strata {sorted(curves)}, expected {sorted(expected)}")
    for level, curve in curves.items():
        compare_states(level, curve, accounts[level], expected[level])
    return "everything"


def compare_states(
    level: str, curve: CumulativeIncidence, accounts: CumulativeIncidence, expected: Mapping[str, Any]
) -> None:
    """Compare curves; R's survival 3.5-3 counts accounts in curves of several states, whatever their weights."""
    compare(f"{level}: states", len(curve.states), len(expected["states"]), 0)
    if "time" in expected:
        compare(f"{level}: time", curve.time, expected["time"], 1e-12)
        n_states, n_times = len(curve.states), len(curve.time)
        n_risk = np.column_stack([accounts.n_at_risk, np.zeros((n_times, n_states - 1))])
        compare(f"{level}: n_risk", n_risk.ravel(), np.ravel(expected["n_risk"]), 0)
        n_event = np.column_stack([np.zeros(n_times), accounts.n_event])
        compare(f"{level}: n_event", n_event.ravel(), np.ravel(expected["n_event"]), 0)
        at, ours = expected, curve.to_frame()
    else:
        at = expected["at"]
        last = float(curve.time[-1])
        found = [curve.at(min(time, last), state) for time in numbers(at["times"]) for state in curve.states]
        ours = pd.DataFrame(
            [(x.estimate, x.std_error, x.conf_low, x.conf_high) for x in found if isinstance(x, Estimate)],
            columns=["share", "std_error", "conf_low", "conf_high"],
        )
    for name, key in (("share", "pstate"), ("std_error", "se"), ("conf_low", "lower"), ("conf_high", "upper")):
        compare(f"{level}: {key}", ours[name], np.ravel(np.array(at[key], dtype=object)).tolist(), 1e-12)


def run_cuminc(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    group, strata = joined(args.get("group")), joined(args.get("strata"))
    counts = with_causes(case, *(name for name in (group, strata) if name))
    curves = incidences(counts, group, "1", std_errors="aalen", conf_type="plain")
    names = [f"{level} {cause}" for cause in counts.causes for level in curves]
    theirs = [" ".join(name.split()) for name in expected["curves"]]
    if set(names) != set(theirs):
        raise MissedError(f"curves {names}, expected {theirs}")
    times = sorted(set(numbers(expected["times"]).tolist()))
    for name, share, variance in zip(theirs, expected["est"], expected["var"], strict=True):
        level, _, cause = name.rpartition(" ")
        curve = curves[level]
        found = [curve.at(time, cause) if time <= curve.time[-1] else None for time in times]
        ours = [(x.estimate, x.std_error**2) if isinstance(x, Estimate) else (np.nan, np.nan) for x in found]
        compare(f"{name}: est", [x for x, _ in ours], share, 1e-12)
        compare(f"{name}: var", [x for _, x in ours], variance, 1e-12)
    if expected.get("gray"):
        test = gray_test(counts, by=str(group), rho=args.get("rho", 0), strata=strata or ())
        theirs = expected["gray"]
        told = [str(cause) for cause in np.atleast_1d(theirs["cause"])]
        if set(test.causes) != set(told):
            raise MissedError(f"causes {test.causes}, expected {told}")
        order = [list(test.causes).index(cause) for cause in told]
        compare("gray stat", np.atleast_1d(test.chi_squared)[order], theirs["stat"], 1e-12)
        compare("gray p", np.atleast_1d(test.p_value)[order], theirs["p"], 1e-12)
        compare("gray df", np.full(len(test.causes), test.df), theirs["df"], 0)
    return "everything"


def run_mean_cumulative_function(case: Case) -> str:
    args = case.args
    by = joined(args.get("by"))
    names = {"account": args["id"], "start": args["start"], "stop": args["stop"], "event": args["event"]}
    frame = read_table(case.data)
    if by:
        frame[by] = levels_of(frame, by)
    frame = frame.dropna(subset=[*names.values(), *([by] if by else [])])
    given = Recurrences.from_spans(frame, **names, attributes=[by] if by else [])
    curves = mean_cumulative_function(given, by=by) if by else {"all": mean_cumulative_function(given)}
    expected = by_level(case.content["expected"])
    if set(curves) != set(expected):
        raise MissedError(f"strata {sorted(curves)}, expected {sorted(expected)}")
    for level, curve in curves.items():
        for ours, key in ((curve.time, "time"), (curve.mean, "mcf"), (curve.std_error, "se")):
            compare(f"{level}: {key}", ours, expected[level][key], 1e-12)
    return "everything"
