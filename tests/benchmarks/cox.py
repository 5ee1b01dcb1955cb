"""Cox's model of five covariates with Efron's ties, from a Parquet file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.tenures import (
    COVARIATES,
    compare,
    group_with_duckdb,
    group_with_pandas,
    group_with_polars,
    run_r,
    study_of,
    timed,
)

CELL = (*COVARIATES, "day", "event")

R_SCRIPT = """
took <- system.time(fit <- coxph(Surv(day, event) ~ x1 + x2 + x3 + x4 + x5, d))
tell(took, list(estimate=unname(coef(fit)), std_error=unname(sqrt(diag(vcov(fit)))), log_likelihood=fit$loglik[2]))
"""


def run_ours(path: Path) -> Any:
    from churn.regression.cox import Cox
    from churn.tenures.tables import count_tenure_table

    counts = count_tenure_table(study_of(path, COVARIATES), by=COVARIATES)
    fit = Cox().fit(counts, counts.strata.astype(float))
    return {
        "estimate": fit.estimate.tolist(),
        "std_error": fit.std_error.tolist(),
        "log_likelihood": fit.log_likelihood,
    }


def _read(path: Path, told: dict[str, Any]) -> Any:
    import pandas as pd

    with timed(told, "read_"):
        return pd.read_parquet(path, columns=list(CELL))


def run_lifelines(path: Path) -> Any:
    from lifelines import CoxPHFitter

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        fit = CoxPHFitter().fit(frame, "day", "event")
    result = {"estimate": fit.params_.tolist(), "std_error": fit.standard_errors_.tolist()}
    return told | {"result": result | {"log_likelihood": float(fit.log_likelihood_)}}


def run_statsmodels(path: Path) -> Any:
    from statsmodels.duration.hazard_regression import PHReg

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        fit = PHReg(frame["day"], frame[list(COVARIATES)].astype(float), frame["event"], ties="efron").fit()
    return told | {"result": {"estimate": fit.params.tolist(), "std_error": fit.bse.tolist()}}


def run_sksurv(path: Path) -> Any:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        outcome = Surv.from_arrays(frame["event"].to_numpy(bool), frame["day"])
        fit = CoxPHSurvivalAnalysis(ties="efron").fit(frame[list(COVARIATES)].astype(float), outcome)
    return told | {"result": {"estimate": fit.coef_.tolist()}}


def run_surpyval(path: Path) -> Any:
    from surpyval import CoxPH

    told: dict[str, Any] = {}
    frame = _read(path, told)
    with timed(told):
        covariates = frame[list(COVARIATES)].to_numpy(float)
        fit = CoxPH.fit(frame["day"].to_numpy(float), covariates, c=1 - frame["event"].to_numpy(), tie_method="efron")
    return told | {"result": {"estimate": [float(value) for value in fit.params]}}


SYSTEMS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "floor": (lambda path: group_with_duckdb(path, CELL), ("duckdb", "pyarrow")),
    "ours": (run_ours, ("churn.tenures.tables", "churn.engine.open", "churn.regression.cox", "ibis.backends.duckdb")),
    "polars count": (lambda path: group_with_polars(path, CELL), ("polars",)),
    "pandas count": (lambda path: group_with_pandas(path, CELL), ("pandas",)),
    "R": (lambda path: run_r(R_SCRIPT, path, CELL), ()),
    "SurPyval": (run_surpyval, ("surpyval",)),
    "lifelines": (run_lifelines, ("lifelines",)),
    "statsmodels": (run_statsmodels, ("statsmodels.api",)),
    "scikit-survival": (run_sksurv, ("sksurv.linear_model",)),
}


def run(rows: int, repeats: int, peer_seconds: float = 900) -> None:
    """Time the engine's bare grouping, ours and every peer, in one run."""
    compare(sys.modules[__name__], rows, repeats, peer_seconds)
