"""Kaplan-Meier curves with Greenwood's limits and the log-rank test of four groups, from a Parquet file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.tenures import (
    compare,
    group_with_duckdb,
    group_with_pandas,
    group_with_polars,
    run_r,
    study_of,
    timed,
)

CELL = ("team", "day", "event")
AT = 365

R_SCRIPT = """
took <- system.time({
  s <- survfit(Surv(day, event) ~ team, d, conf.type="log-log")
  chisq <- survdiff(Surv(day, event) ~ team, d)$chisq
})
at <- summary(s, times=365)
tell(took, list(chi_squared=chisq, survival=at$surv, std_error=at$std.err, conf_low=at$lower, conf_high=at$upper))
"""


def run_ours(path: Path) -> Any:
    from churn.survival.kaplan_meier import kaplan_meier
    from churn.survival.logrank import logrank
    from churn.tenures.tables import count_tenure_table

    counts = count_tenure_table(study_of(path, ["team"]), by=["team"])
    curves, test = kaplan_meier(counts, by="team"), logrank(counts, by="team")
    at = [curve.at(AT) for curve in curves.values()]
    names = {"survival": "estimate", "std_error": "std_error", "conf_low": "conf_low", "conf_high": "conf_high"}
    told = {name: [float(getattr(one, of)) for one in at] for name, of in names.items()}
    return {"chi_squared": test.chi_squared, **told}


def _read(path: Path, told: dict[str, Any]) -> Any:
    import pandas as pd

    with timed(told, "read_"):
        return pd.read_parquet(path, columns=list(CELL))


def run_lifelines(path: Path) -> Any:
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        fits = [KaplanMeierFitter().fit(part["day"], part["event"]) for _, part in frame.groupby("team")]
        test = multivariate_logrank_test(frame["day"], frame["team"], frame["event"])
    limits = np.array([fit.confidence_interval_survival_function_.loc[:AT].iloc[-1] for fit in fits])
    survival = [float(fit.predict(AT)) for fit in fits]
    low, high = limits.T.tolist()
    result = {"chi_squared": float(test.test_statistic), "survival": survival, "conf_low": low, "conf_high": high}
    return told | {"result": result}


def run_statsmodels(path: Path) -> Any:
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        fits = [SurvfuncRight(part["day"], part["event"]) for _, part in frame.groupby("team")]
        chi_squared, _ = survdiff(frame["day"], frame["event"], frame["team"])
    at = [int(np.searchsorted(fit.surv_times, AT, side="right")) - 1 for fit in fits]
    survival = [float(fit.surv_prob[i]) for fit, i in zip(fits, at, strict=True)]
    errors = [float(fit.surv_prob_se[i]) for fit, i in zip(fits, at, strict=True)]
    return told | {"result": {"chi_squared": float(chi_squared), "survival": survival, "std_error": errors}}


def run_sksurv(path: Path) -> Any:
    from sksurv.compare import compare_survival
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        gone, fits = frame["event"].to_numpy(bool), []
        for _, part in frame.groupby("team"):
            fits.append(kaplan_meier_estimator(part["event"].to_numpy(bool), part["day"], conf_type="log-log"))
        chi_squared, _ = compare_survival(Surv.from_arrays(gone, frame["day"]), frame["team"])
    survival = [float(curve[np.searchsorted(time, AT, side="right") - 1]) for time, curve, _ in fits]
    return told | {"result": {"chi_squared": float(chi_squared), "survival": survival}}


def run_surpyval(path: Path) -> Any:
    import surpyval

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        fits = [surpyval.KaplanMeier.fit(part["day"], c=1 - part["event"]) for _, part in frame.groupby("team")]
        for fit in fits:
            fit.cb(fit.x, on="sf")
    return told | {"result": {"survival": [float(np.ravel(fit.sf(AT))[0]) for fit in fits]}}


SYSTEMS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "floor": (lambda path: group_with_duckdb(path, CELL), ("duckdb", "pyarrow")),
    "ours": (
        run_ours,
        (
            "churn.tenures.tables",
            "churn.engine.open",
            "churn.survival.logrank",
            "churn.survival.kaplan_meier",
            "ibis.backends.duckdb",
        ),
    ),
    "polars count": (lambda path: group_with_polars(path, CELL), ("polars",)),
    "pandas count": (lambda path: group_with_pandas(path, CELL), ("pandas",)),
    "statsmodels": (run_statsmodels, ("statsmodels.api",)),
    "lifelines": (run_lifelines, ("lifelines",)),
    "SurPyval": (run_surpyval, ("surpyval",)),
    "scikit-survival": (run_sksurv, ("sksurv.nonparametric", "sksurv.compare")),
    "R": (lambda path: run_r(R_SCRIPT, path, CELL), ()),
}


def run(rows: int, repeats: int, peer_seconds: float = 900) -> None:
    """Time the engine's bare grouping, ours and every peer, in one run."""
    compare(sys.modules[__name__], rows, repeats, peer_seconds)
