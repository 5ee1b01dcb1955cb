"""What golden cases of durations ask, said with the public API of `churn`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from churn.design_based.accelerated import survey_duration_model
from churn.design_based.covariates import sample_covariates
from churn.design_based.cox import survey_cox
from churn.design_based.curves import survey_kaplan_meier
from churn.design_based.interval_censored import survey_interval_survival
from churn.design_based.logrank import survey_logrank
from churn.survival.tallies import limits
from surveys.core.intervals import student_t
from tests.golden.comparing import Comparison, NotExpressedError, numbers
from tests.golden.notation import NAME, condition, covariate, flag, order_levels, outcome

COX = 1e-6
BANDED = 1e-4


def say_kaplan_meier(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    args, expect, frame = case["args"], case["expect"], setting.frame
    rows = setting.rows & (condition(frame, args["subset"]) if args.get("subset") else True)
    curves = survey_kaplan_meier(
        setting.design, frame[args["time"]], flag(frame, args["event"]), times=args["at"], rows=rows
    )
    found, kept = curves.estimates, numbers(expect["S_product_limit"])
    theirs = np.array([numbers(row) for row in expect["vcov_linearized"]])
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    comparison.close("S", found.estimate, kept)
    comparison.close("se", found.std_error, numbers(expect["se_linearized"]))
    comparison.close("vcov", found.covariance, theirs, scale)
    comparison.close("n", found.n, np.full(len(kept), expect["n_rows"]))
    t = float(student_t(expect["df"]))
    relative = np.where(found.estimate > 0, found.std_error / np.where(found.estimate > 0, found.estimate, 1), np.nan)
    low, high = limits(found.estimate, relative, t, "log-log")
    comparison.close("lower", low, numbers(expect["ci95_loglog_t"]["lower"]))
    comparison.close("upper", high, numbers(expect["ci95_loglog_t"]["upper"]))
    for name, share in (("q25_S_le_0.75", 0.25), ("median_S_le_0.5", 0.5)):
        time = expect["quantile_time"][name]
        if time is not None:
            comparison.close(name, curves.quantile(share).estimate, time)


def _covariates(frame: pd.DataFrame, terms: list[str], names: Iterable[str]) -> pd.DataFrame:
    """Give a column for each term of a formula, with levels in the order that the names of coefficients tell."""
    ordered = order_levels(frame, list(names), terms)
    return pd.DataFrame({term.strip("`"): covariate(ordered, term) for term in terms})


def _in_order(index: Iterable[object], wanted: Iterable[str]) -> list[int]:
    """Find the coefficients that R names, in its order."""
    names = {"Intercept": "(Intercept)", "(intercept)": "(Intercept)", "log(scale)": "Log(scale)"}
    here = [names.get(str(name), re.sub(r"\[T\.(.*)\]$", r"\1", str(name))).replace("`", "") for name in index]
    return [here.index(name.replace("`", "")) for name in wanted]


def say_coxph(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    args, expect = case["args"], case["expect"]
    (time, event), terms, _ = outcome(args["formula"])
    frame = setting.frame
    table = _covariates(frame, terms, expect["estimate"])
    model = survey_cox(setting.design, frame[time], flag(frame, event), table, rows=setting.rows, ties=args["ties"])
    found = model
    order = _in_order(found.index, expect["estimate"])
    theirs = np.array([numbers(row) for row in expect["vcov"]])
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    comparison.close("estimate", found.estimate[order], numbers(expect["estimate"].values()), relative=COX)
    comparison.close("se", found.std_error[order], numbers(expect["se"].values()), relative=COX)
    comparison.close("vcov", found.covariance[np.ix_(order, order)], theirs, scale, relative=COX)
    comparison.close("df", found.df, float(expect["df"]))
    comparison.close("n", [model.n, model.n_event], [expect["n"], expect["nevent"]])


def say_logrank(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    frame = setting.frame
    (time, event), (group,), _ = outcome(case["args"]["formula"])
    groups = covariate(frame, group)
    for name, expect in case["expect"].items():
        # Which level comes first is not told; of two, the scores are opposite.
        rho = float(name.removeprefix("rho="))
        found = survey_logrank(setting.design, frame[time], flag(frame, event), groups, rho=rho, rows=setting.rows)
        score = numbers(expect["score"])
        comparison.close(f"{name} score", np.abs(found.score), np.abs(score))
        comparison.close(f"{name} se", found.std_error, numbers(expect["se"]))
        comparison.close(f"{name} chisq", found.chi_squared, expect["chisq"])
        comparison.close(f"{name} p", found.p_value, expect["p_chisq"], relative=1e-8)


def _bounds(case: dict[str, Any], setting: Any) -> tuple[np.ndarray, np.ndarray]:
    """
    Find the bounds of durations: columns that the arguments, the formula or the notes name, under whatever names.

    An outcome of a time and who is gone is known exactly, or from below. A note such as `lo=max(recall_lo, 0.5)` says
    how a bound that is no column comes from one, and `(recall_lo, recall_hi]` which columns hold the bounds.
    """
    args, frame = case["args"], setting.frame
    told = " ".join(str(part) for part in (args.get("intervals", ""), case.get("note", ""), setting.note))
    names, _, kind = outcome(args["formula"]) if "formula" in args else ([], [], "interval2")
    if "lower" in args:
        names, kind = [args["lower"], args["upper"]], "interval2"
    if kind != "interval2":
        time, event = names if len(names) == 2 else (args["time"], args["event"])
        gone, duration = flag(frame, event).to_numpy(float), frame[time].to_numpy(float)
        high = np.where(gone == 1, duration, np.where(gone == 0, np.inf, np.nan))
        return duration, high
    written = re.search(rf"[(\[]\s*({NAME})\s*,\s*({NAME})\s*[\])]", told)
    if not names or not all(_reached(frame, name, told) for name in names):
        if written is None:
            raise NotExpressedError(f"no columns {', '.join(names) or 'of bounds'}")
        low, high = (_bound(frame, name, told) for name in written.groups())
        floor = re.search(rf"max\({re.escape(written.group(1))}\s*,\s*([\d.]+)\)", told) if names else None
        return np.maximum(low, float(floor.group(1)) if floor else -np.inf), np.where(np.isnan(high), np.inf, high)
    low, high = (_bound(frame, name, told) for name in names)
    unknown = np.isnan(low) & np.isnan(high)
    return np.where(np.isnan(low) & ~unknown, 0.0, low), np.where(np.isnan(high) & ~unknown, np.inf, high)


def _reached(frame: pd.DataFrame, name: str, told: str) -> bool:
    return name in frame or re.search(rf"(?<![\w.]){re.escape(name)}\s*=\s*p?max\(", told) is not None


def _bound(frame: pd.DataFrame, name: str, told: str) -> np.ndarray:
    if name in frame:
        return pd.to_numeric(frame[name]).to_numpy(float)
    made = re.search(rf"(?<![\w.]){re.escape(name)}\s*=\s*p?max\(({NAME})\s*,\s*([\d.]+)\)", told)
    if made is None:
        raise NotExpressedError(f"no column {name}")
    return np.maximum(pd.to_numeric(frame[made.group(1)]).to_numpy(float), float(made.group(2)))


def say_turnbull(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    """R evaluates its curve within intervals too; only the tenures asked for are compared."""
    args, expect = case["args"], case["expect"]
    low, high = _bounds(case, setting)
    found = survey_interval_survival(setting.design, low, high, times=args["at"], rows=setting.rows)
    told = ~np.isnan(found.estimates.estimate)
    theirs = numbers(expect["S_at"])
    comparison.close("S", found.estimates.estimate[told], theirs[told], relative=BANDED)
    comparison.close("some are told", told.any(), True)


DISTRIBUTIONS: dict[str, Any] = {"weibull": "weibull", "lognormal": "log-normal", "loglogistic": "log-logistic"}


def say_survreg(case: dict[str, Any], setting: Any, comparison: Comparison, case_id: str) -> None:
    """
    Compare the coefficients as they are, and the covariance with the sign that R gives one score.

    R's `residuals.survreg` (survival 3.5) has the derivative in log(scale) of rows with two bounds with the opposite
    sign. So that everything else is compared with R, the sign is turned before the covariance is taken; the covariance
    as it is here is compared with one from the log-likelihood, differentiated by differences.
    """
    args, expect, frame = case["args"], case["expect"], setting.frame
    _, terms, _ = outcome(args["formula"])
    if args["dist"] not in DISTRIBUTIONS:
        raise NotExpressedError(f"distribution {args['dist']}")
    low, high = _bounds(case, setting)
    table = _covariates(frame, terms, expect["estimate"]) if terms else None
    law = DISTRIBUTIONS[args["dist"]]
    model = survey_duration_model(setting.design, low, high, table, distribution=law, rows=setting.rows)
    order = _in_order(model.index, expect["estimate"])
    theirs = np.array([numbers(row) for row in expect["vcov"]])
    errors = np.sqrt(np.diag(theirs))
    values = np.ones((setting.design.n, 1))
    if table is not None:
        values = np.column_stack([values, sample_covariates(setting.design, table)[1]])
    known = ~np.isnan(low + values.sum(axis=1)) & ~np.isnan(high) & setting.rows & (setting.design.weights > 0)
    bounded = (low < high) & np.isfinite(high)
    likelihood = Likelihood(law, low[known], high[known], values[known])
    estimate = numbers(expect["estimate"].values())
    comparison.close("estimate", model.estimate[order], estimate, scale=errors, relative=BANDED)
    for name, turned in (("as R", bounded[known]), ("", np.zeros(known.sum(), bool))):
        scores, inverse = likelihood.influence(model.estimate, setting.design.weights[known], turned)
        moved = np.zeros((setting.design.n, scores.shape[1]))
        moved[known] = scores @ inverse
        covariance = setting.design.covariance(moved)[np.ix_(order, order)]
        if name:
            comparison.close("se as R", np.sqrt(np.diag(covariance)), numbers(expect["se"].values()), relative=BANDED)
            comparison.close("vcov as R", covariance, theirs, np.outer(errors, errors), relative=BANDED)
        else:
            ours = model.covariance[np.ix_(order, order)]
            comparison.close("vcov", ours, covariance, np.outer(errors, errors), relative=BANDED)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The log-likelihood of an accelerated-failure-time model, row by row, and its derivatives by differences."""

    law: str
    low: np.ndarray
    high: np.ndarray
    values: np.ndarray

    def rows(self, theta: np.ndarray) -> np.ndarray:
        """Give the log-likelihood of each row, shape (n,)."""
        scale = np.exp(theta[-1])
        middle = self.values @ theta[:-1]
        kept = {
            "weibull": lambda z: -np.exp(z),
            "log-normal": lambda z: special.log_ndtr(-z),
            "log-logistic": lambda z: -np.logaddexp(0, z),
        }[self.law]
        dense = {
            "weibull": lambda z: z - np.exp(z),
            "log-normal": lambda z: -(z**2) / 2 - np.log(2 * np.pi) / 2,
            "log-logistic": lambda z: z - 2 * np.logaddexp(0, z),
        }[self.law]
        with np.errstate(divide="ignore", over="ignore"):
            from_below, from_above = ((np.log(end) - middle) / scale for end in (self.low, self.high))
            left = np.where(self.low > 0, kept(from_below), 0.0)
            right = np.where(np.isinf(self.high), -np.inf, kept(np.where(np.isinf(self.high), 0.0, from_above)))
        exact = self.low == self.high
        with np.errstate(divide="ignore", invalid="ignore"):
            between = left + np.log1p(-np.exp(right - left))
        at = dense(np.where(exact, from_below, 0.0)) - theta[-1]
        return np.where(exact, at, between)

    def influence(self, theta: np.ndarray, weights: np.ndarray, turned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give scores, shape (n, p), with the last of some rows turned, and the inverse of the information."""
        step = 1e-4 * np.maximum(1, np.abs(theta))

        def slopes(at: np.ndarray) -> np.ndarray:
            moved = np.diag(step)
            return np.column_stack(
                [
                    (8 * (self.rows(at + d) - self.rows(at - d)) - self.rows(at + 2 * d) + self.rows(at - 2 * d))
                    / (12 * h)
                    for d, h in zip(moved, step, strict=True)
                ]
            )

        scores = slopes(theta)
        bent = [
            weights @ (slopes(theta - d) - slopes(theta + d)) / (2 * h)
            for d, h in zip(np.diag(step), step, strict=True)
        ]
        scores[turned, -1] *= -1
        return scores, np.linalg.inv(np.array(bent))


STATISTICS = {
    "kaplan_meier": say_kaplan_meier,
    "coxph": say_coxph,
    "logrank": say_logrank,
    "turnbull": say_turnbull,
    "survreg_interval": say_survreg,
    "survreg": say_survreg,
    "survreg_right": say_survreg,
}
