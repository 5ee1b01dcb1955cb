"""How long accounts stay: activity, tenures, retention, and how awareness, sign-up and staying combine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "JointFunnel": "churn.adoption",
    "join_funnel": "churn.adoption",
    "product_of_shares": "churn.adoption",
    "Activity": "churn.activity",
    "read_activity": "churn.activity",
    "AccountTable": "churn.accounts",
    "read_accounts": "churn.accounts",
    "DropoutRule": "churn.tenures",
    "Tenures": "churn.tenures",
    "measure_tenures": "churn.tenures",
    "read_tenures": "churn.tenures",
    "returned_share": "churn.tenures",
    "TenureCounts": "churn.counts",
    "count_tenures": "churn.counts",
    "read_counts": "churn.counts",
    "write_counts": "churn.counts",
    "SurvivalCurve": "churn.curves",
    "kaplan_meier": "churn.curves",
    "kaplan_meier_by": "churn.curves",
    "SurveyCurves": "churn.design_based",
    "survey_kaplan_meier": "churn.design_based",
    "survey_incidence": "churn.design_based",
    "CoxModel": "churn.hazards",
    "LogRankTest": "churn.hazards",
    "survey_cox": "churn.hazards",
    "survey_logrank": "churn.hazards",
    "DurationModel": "churn.interval_censored",
    "IntervalCurve": "churn.interval_censored",
    "survey_duration_model": "churn.interval_censored",
    "survey_interval_survival": "churn.interval_censored",
    "RecallCurve": "churn.recall",
    "read_recall": "churn.recall",
    "CohortTriangle": "churn.cohorts",
    "retention_triangle": "churn.cohorts",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import churn` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'churn' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List public names."""
    return sorted({*globals(), *_HOMES})
