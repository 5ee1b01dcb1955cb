"""Golden cases of retention over whole periods: shifted-beta-geometric and beta-discrete-Weibull, of any cohorts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from churn.projection._likelihood import log_likelihood
from churn.projection.models import RetentionModelResult, fit_retention
from churn.projection.period_counts import PeriodCounts
from churn.projection.projection import project_retention
from surveys.core.results import Estimate
from tests.golden.churn_cases import Case, MissedError, NotExpressedError, compare, numbers
from tests.golden.notation import read_table

SETTLED, FLAT, LIKELY = 1e-6, 1e-3, 1e-9
"""Agreement asked of parameters; of those where R's optimiser stops short of our likelihood; of likelihoods."""
BASE = 100_000
"""Accounts that published shares are taken of."""
SEEN = ("observed_survival", "observed", "survivors", "survival", "surviving", "cohorts", "counts", "alive", "active")
LIKE_SEEN = re.compile(r"observed|surviv|cohort|count|alive|active|data|retained", re.I)
TOLD = re.compile(r"project|fitted|publish|model|expect|mle|rate|definition", re.I)
NAMES = {
    "alpha": ("alpha", "a", "gamma", "shape1"),
    "beta": ("beta", "b", "delta", "shape2"),
    "c": ("c", "shape", "power"),
}
LIKELIHOODS = ("loglik", "ll", "log_likelihood", "logLik")
FIGURES = {
    "survival": re.compile(r"(projected|fitted|expected|model|predicted)_?(survival|survivors|s|share)?", re.I),
    "retention": re.compile(r"(retention|renewal)(_rates?)?|r_?t", re.I),
    "dropout": re.compile(r"mean_(churn|dropout)(_rate)?", re.I),
    "lifetime": re.compile(r"derl_d(\d+)", re.I),
    "error": re.compile(r"(?:year|period|month|t)_?(\d+)_rel_error", re.I),
    "at ones": re.compile(r"(?:ll|loglik)_at_1_1", re.I),
}


def run_retention_model(case: Case) -> str:
    expected = case.content["expected"]
    whole = seen_accounts(case)
    parameters = told_parameters(expected)
    n_fitted = next((expected[k] for k in ("calibration_periods", "n_calibration", "calib") if k in expected), None)
    n_fitted = n_fitted or case.content.get("args", {}).get("calibration_periods") or whole.n_periods
    fitted_to = whole.until(int(n_fitted))
    ageing = "c" in parameters or re.search(r"weibull|bdw", case.method, re.I)
    family: Any = "beta-discrete-Weibull" if ageing else "shifted-beta-geometric"
    fitted = fit_retention(fitted_to, model=family)
    tolerance = compare_parameters(fitted, parameters, fitted_to, family)
    compare_published(fitted, expected.get("published") or {})
    compare_likelihoods(fitted, expected, whole.n)
    left_out = compare_figures(fitted, expected, fitted_to, tolerance)
    held_out = [match for key in expected if (match := FIGURES["error"].fullmatch(key)) and expected[key] is not None]
    if held_out:
        rest = whole.n_periods - fitted_to.n_periods
        held = project_retention(whole, horizon=whole.n_periods, model=family, hold_out=rest).hold_out
        for match in held_out:
            at = int(np.flatnonzero(held.period == int(match.group(1)))[0])
            compare(match.group(), held.error[at], expected[match.group()], tolerance)
    return f"not compared: {', '.join(left_out)}" if left_out else "everything compared"


def seen_accounts(case: Case) -> PeriodCounts:
    """
    Find the accounts still there after each period: shares, percentages or counts, of one cohort or several.

    Several are lists by cohort, a mapping of them, or the rows of a file, wide or with a row for each age.
    """
    if case.content.get("data"):
        return PeriodCounts.from_survivors(_table(case), time_unit="years")
    for place in (case.content["expected"], case.content.get("args", {}), case.content):
        for key in SEEN:
            if key in place:
                return _counted(place[key])
        for key, value in place.items():
            if isinstance(value, list | Mapping) and LIKE_SEEN.search(key) and not TOLD.search(key):
                return _counted(value)
    raise NotExpressedError("where the accounts still there are")


def _counted(given: Any) -> PeriodCounts:
    rows = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(rows[0], list):
        rows = [rows]
    length = max(len(row) for row in rows)
    table = np.array([[*numbers(row), *[np.nan] * (length - len(row))] for row in rows])
    if (np.diff(table, axis=1) > 0).any() or np.isnan(table[:, 0]).any():
        table = _from_the_left(table.T if (np.diff(table, axis=0) <= 0).all() else table)
    top = table[:, 0].max()
    return PeriodCounts.from_survivors(table * (BASE / top if top in (1, 100) else 1), time_unit="years")


def _from_the_left(table: np.ndarray) -> np.ndarray:
    """Begin each cohort in the first column, where columns are years of the calendar."""
    rows = [row[~np.isnan(row)] for row in table]
    length = max(len(row) for row in rows)
    return np.array([[*row, *[np.nan] * (length - len(row))] for row in rows])


def _table(case: Case) -> np.ndarray:
    frame, args = read_table(case.data), case.content.get("args", {})
    if cohort := args.get("cohort"):
        age = next((args[k] for k in ("period", "age", "time", "year") if k in args), None)
        n = next((args[k] for k in (*SEEN, "n", "count") if k in args), None)
        if age is not None and n is not None:
            return frame.pivot_table(index=cohort, columns=age, values=n).to_numpy()
        frame = frame.drop(columns=cohort)
    return _from_the_left(frame.select_dtypes("number").to_numpy(float))


def told_parameters(expected: Mapping[str, Any]) -> dict[str, float]:
    """Read parameters under any of their usual names, or as a list beside a list of names."""
    told = next((expected[key] for key in ("mle", "estimates", "estimate", "parameters", "fit") if key in expected), {})
    told = told if isinstance(told, Mapping) and told else expected
    if "par" in told:
        names = [re.sub(r"log\((.*)\)", r"\1", n) for n in told.get("par_names") or list(NAMES)[: len(told["par"])]]
        logs = any("log(" in name for name in told.get("par_names") or ())
        values = np.exp(numbers(told["par"])) if logs else numbers(told["par"])
        told = dict(zip(names, values.tolist(), strict=True))
    found = {
        ours: float(next(told[name] for name in names if name in told))
        for ours, names in NAMES.items()
        if any(name in told for name in names)
    }
    if not {"alpha", "beta"} <= set(found):
        raise NotExpressedError(f"parameters called {', '.join(told)}")
    return found


def compare_parameters(
    fitted: RetentionModelResult, parameters: Mapping[str, float], counts: PeriodCounts, family: Any
) -> float:
    """
    Compare parameters, and give the tolerance of what rests on them.

    Where R's optimiser stopped before the maximum, the likelihood of its parameters is below ours.
    """
    ours = {name: fitted.parameter(name) for name in parameters}  # type: ignore[arg-type]
    if not all(isinstance(value, Estimate) for value in ours.values()):
        raise MissedError(f"parameters: {ours}")
    theirs = np.log([parameters[name] for name in parameters])
    reached = float(log_likelihood(family, theirs, counts.n_at_risk, counts.n_event))
    short = fitted.log_likelihood - reached
    if short < -LIKELY * abs(reached):
        raise MissedError(f"loglik: {fitted.log_likelihood!r}, below {reached!r} at R's parameters")
    apart = max(abs(value.estimate / parameters[name] - 1) for name, value in ours.items())
    tolerance = SETTLED if apart <= SETTLED else FLAT
    for name, value in ours.items():
        compare(name, value.estimate / parameters[name], 1.0, tolerance)
    return tolerance


def compare_published(fitted: RetentionModelResult, published: Mapping[str, Any]) -> None:
    """Compare parameters as a paper printed them, to its decimals."""
    for ours, names in NAMES.items():
        for name in names:
            if isinstance(published.get(name), float):
                decimals = len(repr(published[name]).partition(".")[2])
                value = fitted.parameter(ours)  # type: ignore[arg-type]
                assert isinstance(value, Estimate)
                compare(f"{name} as printed", value.estimate, published[name], 1.001 * 10**-decimals)


def compare_likelihoods(fitted: RetentionModelResult, expected: Mapping[str, Any], n: float) -> None:
    """Compare the greatest log-likelihood, of everybody or for each account."""
    for place in (expected, *(part for part in expected.values() if isinstance(part, Mapping))):
        if place is expected.get("published"):
            continue
        for key, value in place.items():
            if key in LIKELIHOODS:
                per_account = abs(value) < abs(fitted.log_likelihood) / n * 10
                compare(key, fitted.log_likelihood / (n if per_account else 1) / value, 1.0, LIKELY)
            elif key.removesuffix("_per_customer").removesuffix("_per_account") in LIKELIHOODS:
                compare(key, fitted.log_likelihood / n / value, 1.0, LIKELY)


def compare_figures(
    fitted: RetentionModelResult, expected: Mapping[str, Any], counts: PeriodCounts, tolerance: float
) -> list[str]:
    """Compare what follows from the parameters, and name what is not known here."""
    left_out = []
    for key, value in expected.items():
        kind, match = _kind(key)
        if match is None or value is None:
            left_out += [key] if _is_number(value) and not _is_known(key) else []
            continue
        theirs = numbers(value)
        if kind == "survival":
            whole = 1 if theirs[0] == 1 else 0
            found = np.append(np.ones(whole), fitted.survival(len(theirs) - whole)["survival"])
            compare(key, found, theirs, tolerance)
        elif kind == "retention":
            compare(key, fitted.retention_rate(len(theirs))["retention"], theirs, tolerance)
        elif kind == "dropout":
            compare(key, fitted.mean_dropout.estimate, theirs, tolerance)
        elif kind == "lifetime":
            renewals = numbers(expected.get(f"{key}_n", list(range(1, len(theirs) + 1))))
            discount = int(match.group(1)) / 100
            compare(key, list(_lifetimes(fitted, renewals, discount)), theirs, tolerance)
        elif kind == "at ones":
            size = 3 if fitted.family == "beta-discrete-Weibull" else 2
            ones = log_likelihood(fitted.family, np.zeros(size), counts.n_at_risk, counts.n_event)
            scale = counts.n if abs(theirs[0]) < abs(ones) / counts.n * 10 else 1
            compare(key, ones / scale, theirs, LIKELY)
    return left_out


def _lifetimes(fitted: RetentionModelResult, renewals: np.ndarray, discount: float) -> Iterable[float]:
    for n in renewals:
        yield fitted.discounted_residual_lifetime(renewals=int(n), discount=discount).estimate


def _kind(key: str) -> tuple[str, re.Match[str] | None]:
    for kind, pattern in FIGURES.items():
        if key not in SEEN and (match := pattern.fullmatch(key)):
            return kind, match
    return "", None


def _is_known(key: str) -> bool:
    """Tell whether a figure is read elsewhere: likelihoods, parameters, errors, and how much was fitted."""
    elsewhere = ("calibration_periods", "n_calibration", "calib", *(name for names in NAMES.values() for name in names))
    return key.startswith(LIKELIHOODS) or key in elsewhere or FIGURES["error"].fullmatch(key) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
