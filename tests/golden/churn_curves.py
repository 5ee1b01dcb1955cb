"""Golden cases of survival curves, cumulative hazards, life tables and durations known within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from churn.design_based.interval_censored import survey_interval_survival
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.life_tables import LifeTable, actuarial_life_table, dropout_rates
from churn.survival.nelson_aalen import HazardCurve, nelson_aalen
from churn.survival.tallies import ConfType
from churn.tenures.counts import TenureCounts
from surveys.core.results import Unavailable
from surveys.data.codebook import format_code
from surveys.design.design import Design
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare, numbers
from tests.golden.notation import flag, labels, listed, read_table

EXACT = 1e-12
BANDED = 1e-4
EVERYBODY = "all"
NOT_COMPARED = "not compared: intervals of quantiles not reached or from limits that turn back, times beyond those seen"


def label(value: Any) -> str:
    """Write a level as R does."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def count_rows(case: Case, columns: Sequence[str] = ()) -> TenureCounts:
    """
    Count the rows of a case that have the same tenure, outcome and columns; rows that lack one are left out.

    A column may be a condition, such as `age >= 65`, or several joined by a plus.
    """
    args, frame = case.args, read_table(case.data)
    gone = flag(frame, args["event"])
    if "=" not in args["event"] and frame[args["event"]].max() == 2:
        gone = flag(frame, f"{args['event']} == 2")
    counted = next((key for key in ("counts", "expand") if args.get(key)), None)
    table = pd.DataFrame({name: levels_of(frame, name) for name in columns}, index=frame.index).assign(
        duration=frame[args["time"]],
        event=gone.map({1.0: True, 0.0: False}),
        n=frame[args[counted]] if counted else 1,
    )
    if args.get("entry"):
        table["entry"] = frame[args["entry"]]
    table = table.dropna()
    whole = {name: "int64" for name in columns if table[name].dtype.kind == "f" and (table[name] % 1 == 0).all()}
    keys = [column for column in table.columns if column != "n"]
    cells = table.astype(whole | {"event": bool, "n": "int64"}).groupby(keys, sort=False)["n"].sum().reset_index()
    return TenureCounts.from_frame(cells, time_unit="units")


def levels_of(frame: pd.DataFrame, named: str) -> pd.Series:
    """Give the levels that a column, a condition, or several columns joined by a plus make, as R writes them."""
    if named in frame:
        return frame[named]
    if re.search(r"[<>=!]=?|%in%", named):
        return flag(frame, named).map({1.0: "TRUE", 0.0: "FALSE"})
    parts = [frame[name] for name in listed(named)]
    known = pd.concat(parts, axis=1).notna().all(axis=1)
    joined = [", ".join(format_code(level) for level in row) for row in zip(*parts, strict=True)]
    return pd.Series(joined, index=frame.index, dtype=object).where(known)


def joined(named: Any) -> str | None:
    """Write the columns of groups as one name."""
    return "+".join(listed(named)) or None if not isinstance(named, str) else named


def by_level(expected: Any) -> dict[str, Mapping[str, Any]]:
    """Give the curves of a case by the name of their level."""
    curves = expected if isinstance(expected, list) else [expected]
    return {_stratum(curve.get("stratum", EVERYBODY)): curve for curve in curves}


def _stratum(name: str) -> str:
    return EVERYBODY if name == EVERYBODY else labels(name)


def conf_type(case: Case) -> str:
    """Give the scale of the limits; R's own default is the logarithm."""
    asked = case.args.get("conf_type") or "log"
    if asked not in get_args(ConfType):
        raise NotExpressedError(f"limits of type {asked}")
    return asked


def run_kaplan_meier(case: Case) -> str:
    args = case.args
    weight, cluster, by = args.get("weights"), args.get("cluster"), joined(args.get("by"))
    robust = bool(args.get("robust", cluster is not None))
    counts = count_rows(case, [name for name in (by, weight, cluster) if name])
    common = {"start": args.get("start_time"), "conf_level": args.get("level", 0.95), "weight": weight}
    curve_options = common | {"conf_type": conf_type(case), "cluster": cluster}

    def curves(std_errors: str, **options: Any) -> dict[str, SurvivalCurve]:
        if by:
            return kaplan_meier(counts, by=by, std_errors=std_errors, **options)
        return {EVERYBODY: kaplan_meier(counts, std_errors=std_errors, **options)}

    found = curves("jackknife" if robust else "greenwood", **curve_options)
    # R's standard error of the area is Greenwood's whatever that of the curve.
    plain = curves("greenwood", **curve_options | {"cluster": None}) if robust else found
    hazards = cumulative_hazards(counts, by, **common, cluster=cluster, std_errors="jackknife" if robust else "aalen")
    expected = by_level(case.content["expected"])
    same_levels(found, expected)
    for level, curve in found.items():
        compare_curve(level, curve, expected[level])
        compare_hazard(level, hazards[level], expected[level])
        compare_area(level, plain[level], expected[level].get("rmst"))
    return NOT_COMPARED


def cumulative_hazards(counts: TenureCounts, by: str | None, **options: Any) -> dict[str, HazardCurve]:
    """Give the cumulative hazard of each level, or of everybody."""
    return nelson_aalen(counts, by=by, **options) if by else {EVERYBODY: nelson_aalen(counts, **options)}


def run_nelson_aalen(case: Case) -> str:
    args = case.args
    weight, cluster, by = args.get("weights"), args.get("cluster"), joined(args.get("by"))
    ties = {None: "together", "na": "together", "fh": "together", "fh2": "one by one"}.get(args.get("ties"))
    if ties is None:
        raise NotExpressedError(f"ties {args['ties']}")
    robust = bool(args.get("robust", cluster is not None))
    found = cumulative_hazards(
        count_rows(case, [name for name in (by, weight, cluster) if name]),
        by,
        ties=ties,
        start=args.get("start_time"),
        conf_level=args.get("level", 0.95),
        weight=weight,
        cluster=cluster,
        std_errors="jackknife" if robust else "aalen",
    )
    expected = by_level(case.content["expected"])
    same_levels(found, expected)
    for level, hazard in found.items():
        curve = hazard.survival(conf_type(case))
        compare_curve(level, curve, expected[level])
        compare_hazard(level, hazard, expected[level])
        if not robust:
            compare_area(level, curve, expected[level].get("rmst"))
    return NOT_COMPARED


def same_levels(found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    """Raise MissedError unless the curves are of the same levels."""
    if set(found) != set(expected):
        raise MissedError(f"strata {sorted(found)}, expected {sorted(expected)}")


def compare_curve(level: str, curve: SurvivalCurve, expected: Mapping[str, Any]) -> None:
    """Compare a curve and its quantiles."""
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
        if expected.get(name) is not None:
            compare(f"{level}: {name}", ours, expected[name], EXACT)
    compare_quantiles(level, curve, expected["quantiles"])
    if "at" in expected:
        compare_at(level, curve, expected["at"])


def compare_hazard(level: str, hazard: HazardCurve, expected: Mapping[str, Any]) -> None:
    """Compare a cumulative hazard."""
    compare(f"{level}: cumhaz", hazard.cumulative_hazard, expected["cumhaz"], EXACT)
    compare(f"{level}: se_cumhaz", hazard.std_error, expected["se_cumhaz"], EXACT)


def compare_area(level: str, curve: SurvivalCurve, expected: Mapping[str, Any] | None) -> None:
    """Compare the area under a curve, where it was observed until the horizon."""
    if expected is None:
        return
    area = curve.restricted_mean(expected["tau"])
    if isinstance(area, Unavailable):
        if expected["tau"] <= curve.time[-1]:
            raise MissedError(f"{level}: rmst: {area}")
        return
    compare(f"{level}: rmst", area.estimate, expected["est"], EXACT)
    compare(f"{level}: se of rmst", area.std_error, expected["se"], EXACT)


def compare_quantiles(level: str, curve: SurvivalCurve, expected: Mapping[str, Any]) -> None:
    """
    Compare quantiles, and the intervals of those that are reached.

    Where a limit of the curve turns back, so that it is crossed more than once, R's `findq` looks the share up
    among its sorted values and may give a time at which the interval does not hold the share; here it is the first
    time at which the limit is crossed. Such ends are not compared.
    """
    quantiles = [curve.quantile(p) for p in expected["p"]]
    ours = [np.nan if isinstance(q, Unavailable) else q.estimate for q in quantiles]
    compare(f"{level}: quantiles", ours, expected["est"], EXACT)
    kept = [i for i, q in enumerate(quantiles) if not isinstance(q, Unavailable)]
    for name, key in (("conf_low", "lower"), ("conf_high", "upper")):
        limit = getattr(curve, name)
        if (np.diff(limit[~np.isnan(limit)]) <= 0).all():
            theirs = numbers(expected[key])[kept]
            compare(f"{level}: quantiles {key}", [getattr(quantiles[i], name) for i in kept], theirs, EXACT)


def compare_at(level: str, curve: SurvivalCurve, expected: Mapping[str, Any]) -> None:
    """Compare a curve at chosen times, where something was observed."""
    times = numbers(expected["times"])
    compare(f"{level}: at n_risk", curve.risk_table(times)["n_at_risk"], expected["n_risk"], EXACT)
    for i, time in enumerate(times):
        here = curve.at(float(time))
        if isinstance(here, Unavailable):
            continue
        ours = {"surv": here.estimate, "se_surv": here.std_error, "lower": here.conf_low, "upper": here.conf_high}
        for key, value in ours.items():
            compare(f"{level}: at {time:g} {key}", value, numbers(expected[key])[i], EXACT)


def run_turnbull(case: Case) -> str:
    """R puts the mass of each innermost interval in its middle; the shares between them are what is known."""
    args, frame = case.args, read_table(case.data)
    low = frame[args["lower"]].fillna(0.0)
    high = frame[args["upper"]].fillna(np.inf)
    by = joined(args.get("by"))
    levels = levels_of(frame, by).map(label) if by else pd.Series(EVERYBODY, index=frame.index)
    expected = by_level(case.content["expected"])
    same_levels(dict.fromkeys(levels.dropna()), expected)
    design = Design.from_frame(frame, weight=args["weights"]) if args.get("weights") else Design.from_frame(frame)
    for level, curve in expected.items():
        times, theirs = numbers(curve["time"]).round(9), numbers(curve["surv"])
        rows = (levels == level).to_numpy()
        found = survey_interval_survival(design, low, high, times=times, rows=rows)
        middle = found.support[["low", "high"]].mean(axis=1).to_numpy()
        gone = np.array([found.support["mass"].to_numpy()[middle <= time].sum() for time in times])
        compare(f"{level}: surv", 1 - gone, theirs, BANDED)
        told = ~np.isnan(found.estimates.estimate)
        compare(f"{level}: surv told", found.estimates.estimate[told], theirs[told], BANDED)
    return "everything"


def run_life_table(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    by = joined(args.get("by"))
    counts = count_rows(case, [by] if by else [])
    if not by:
        compare_life_table("", actuarial_life_table(counts, args["breaks"]), expected)
        return "everything"
    strata = counts.strata[by].map(label)
    tables = by_level(expected) if isinstance(expected, list) else {labels(name): t for name, t in expected.items()}
    same_levels(dict.fromkeys(strata), tables)
    for level, theirs in tables.items():
        here = TenureCounts.from_frame(counts.to_frame()[(strata == level).to_numpy()], time_unit="units")
        compare_life_table(f"{level}: ", actuarial_life_table(here, args["breaks"]), theirs)
    return "everything"


def compare_life_table(level: str, table: LifeTable, expected: Mapping[str, Any]) -> None:
    fields = {
        "start": table.start,
        "end": table.end,
        "n_enter": table.n_enter,
        "n_event": table.n_event,
        "n_withdrawn": table.n_censor,
        "n_effective": table.n_effective,
        "q": table.dropout,
        "surv_end": table.survival,
        "se_surv_end": table.std_error,
        "hazard": table.hazard,
    }
    for name, ours in fields.items():
        compare(f"{level}{name}", ours, expected[name], EXACT)


def run_person_time(case: Case) -> str:
    args, expected = case.args, case.content["expected"]
    by = joined(args.get("by"))
    rates = dropout_rates(count_rows(case, [by] if by else []), by=by, conf_level=args.get("level", 0.95))
    theirs = [labels(str(name)) for name in np.atleast_1d(expected["by"])] if by else []
    if by and set(rates.level) != set(theirs):
        raise MissedError(f"levels {rates.level}, expected {theirs}")
    order = [list(rates.level).index(name) for name in theirs] if by else slice(None)
    scale = args.get("scale") or 1
    fields = {
        "events": rates.n_event,
        "person_time": rates.time_at_risk / scale,
        "rate": rates.rate * scale,
        "lower_exact": rates.conf_low * scale,
        "upper_exact": rates.conf_high * scale,
    }
    for name, ours in fields.items():
        compare(name, np.atleast_1d(ours)[order], expected[name], EXACT)
    return "everything"
