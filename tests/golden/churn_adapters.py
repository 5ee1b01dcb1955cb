"""How each kind of golden case on the churn side is asked of this project, and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.golden.churn_cases import Case, NotExpressedError
from tests.golden.churn_comparisons import run_logrank, run_pairwise, run_rmst_difference
from tests.golden.churn_competing import run_aalen_johansen, run_cuminc, run_mean_cumulative_function
from tests.golden.churn_cox import run_cox, run_discrete_time_hazard, run_fine_gray
from tests.golden.churn_curves import (
    run_kaplan_meier,
    run_life_table,
    run_nelson_aalen,
    run_person_time,
    run_turnbull,
)
from tests.golden.churn_parametric import run_mixture_cure, run_survreg
from tests.golden.churn_projection import run_retention_model
from tests.golden.churn_retention import run_retention

METHODS: Mapping[str, Callable[[Case], str]] = {
    "aalen_johansen": run_aalen_johansen,
    "cox": run_cox,
    "cox_grouped_counts": run_cox,
    "cuminc_gray": run_cuminc,
    "discrete_time_hazard": run_discrete_time_hazard,
    "fine_gray": run_fine_gray,
    "kaplan_meier": run_kaplan_meier,
    "life_table_actuarial": run_life_table,
    "logrank": run_logrank,
    "mean_cumulative_function": run_mean_cumulative_function,
    "mixture_cure_weibull": run_mixture_cure,
    "nelson_aalen": run_nelson_aalen,
    "pairwise_logrank": run_pairwise,
    "person_time": run_person_time,
    "retention": run_retention,
    "rmst_difference": run_rmst_difference,
    "beta_discrete_weibull": run_retention_model,
    "bdw": run_retention_model,
    "sbg": run_retention_model,
    "shifted_beta_geometric": run_retention_model,
    "survreg": run_survreg,
    "turnbull": run_turnbull,
}


def run(case: Case) -> str:
    """Run one case; give what was not compared."""
    method = case.method.lower()
    known = [name for name in METHODS if method == name or method.startswith(f"{name}_")]
    if not known:
        raise NotExpressedError(f"method {case.method}")
    return METHODS[max(known, key=len)](case)
