"""How long accounts stay: activity, tenures, retention, and how awareness, sign-up and staying combine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "adoption.joint": ("JointFunnel", "add_staying", "join_funnel", "join_steps", "product_of_shares"),
    "adoption.measures": ("StayingMeasures", "compare_measures", "join_recall"),
    "adoption.recent": ("stayed_of_recent",),
    "adoption.decomposition": ("Decomposition", "SteadyRun", "decompose", "steady_run"),
    "adoption.populations": ("PeopleCounts", "count_people"),
    "adoption.published_funnels": ("published_funnel",),
    "adoption.calibration": ("CalibratedFunnel", "MarginTest", "calibrate_to_log", "calibrated_design"),
    "adoption.log_margins": ("LogMargin", "count_log_margins", "margin_of_figure"),
    "adoption.recall_error": ("RecallError", "compare_recall", "read_log_at"),
    "adoption.diffusion": ("DiffusionComparison", "DiffusionFit", "compare_diffusion", "fit_diffusion"),
    "adoption.reach": (
        "MonthlyFlows",
        "ReachCeiling",
        "constant_retention",
        "inflow_needed",
        "long_run_states",
        "measure_flows",
        "mixture_of",
        "reach_ceiling",
        "return_needed",
    ),
    "network.messages": ("Messages", "read_early_contacts", "read_messages"),
    "network.concentration": (
        "Concentration",
        "LorenzCurve",
        "lorenz",
        "measure_concentration",
        "never_posted",
    ),
    "network.dialogue": ("Dialogue", "measure_dialogue"),
    "network.followed": ("read_following",),
    "network.following": (
        "Bounds",
        "FollowingDropout",
        "FollowingTenures",
        "measure_following",
        "read_following_tenures",
    ),
    "usage.activity": ("Activity", "read_activity"),
    "usage.accounts": ("AccountTable", "read_accounts"),
    "tenures.rules": ("DropoutRule",),
    "tenures.tenures": ("Tenures", "measure_tenures", "read_tenures", "returned_share"),
    "tenures.counts": ("TenureCounts", "count_tenures", "read_counts", "write_counts"),
    "usage.states": ("AccountStates", "load_states", "merge_states", "read_states", "write_states"),
    "tenures.tables": ("count_tenure_table",),
    "survival.curve": ("SurvivalCurve",),
    "next_visit.visit_counts": ("VisitCounts", "count_visits"),
    "next_visit.curve": ("HalvesCheck", "NextVisitCurve"),
    "next_visit.estimate": (
        "LevelsAt",
        "compare_at",
        "compare_halves",
        "next_visit_survival",
        "next_visit_survival_by",
        "seen_again_after",
    ),
    "definitions.gap_check": ("GapCheck", "compare_gap"),
    "definitions.fractional_departures": ("DepartureOdds", "departure_odds", "fractional_tenures"),
    "survival.kaplan_meier": ("kaplan_meier", "kaplan_meier_by"),
    "survival.nelson_aalen": ("HazardCurve", "nelson_aalen", "nelson_aalen_by"),
    "survival.life_tables": ("DropoutRates", "LifeTable", "actuarial_life_table", "dropout_rates"),
    "survival.followup": ("FollowUp", "follow_up", "follow_up_by"),
    "survival.logrank": ("LogRankComparison", "PairwiseLogRank", "TrendTest", "logrank", "pairwise_logrank"),
    "survival.restricted_means": ("RestrictedMeans", "restricted_means"),
    "competing.curve": ("CumulativeIncidence",),
    "competing.incidence": ("cause_specific", "cumulative_incidence", "cumulative_incidence_by"),
    "competing.gray": ("GrayTest", "gray_test"),
    "regression.cox": ("Cox",),
    "regression.cox_results": ("Concordance", "CoxResult", "ProportionalHazardsTest"),
    "regression.cox_curves": ("CoxCurve", "CoxCurves"),
    "regression.fine_gray": ("FineGrayResult", "fine_gray"),
    "regression.discrete": ("DiscreteHazard", "DiscreteHazardResult"),
    "parametric.aft": ("AcceleratedFailureTime",),
    "parametric.results": ("ParametricSurvival",),
    "parametric.splines": ("SmoothSurvival", "smooth_survival"),
    "parametric.cure": ("MixtureCure", "mixture_cure"),
    "recurrent.recurrences": ("Recurrences", "measure_recurrences"),
    "recurrent.mean_cumulative": ("MeanCumulativeFunction", "mean_cumulative_function", "mean_cumulative_function_by"),
    "design_based.curves": ("SurveyCurves", "survey_kaplan_meier", "survey_incidence"),
    "design_based.cox": ("CoxModel", "LogRankTest", "survey_cox", "survey_logrank"),
    "design_based.interval_censored": (
        "DurationModel",
        "IntervalCurve",
        "survey_duration_model",
        "survey_interval_survival",
    ),
    "design_based.recall": ("RecallCurve", "read_recall", "read_recall_levels"),
    "cohorts.triangle": ("CohortTriangle", "retention_triangle"),
    "cohorts.rules": ("RetentionRule",),
    "cohorts.retention": ("Retention", "measure_retention"),
    "cohorts.comparison": ("CohortComparison", "compare_cohorts"),
    "cohorts.lifecycle": ("Lifecycle", "measure_lifecycle", "never_returned"),
    "definitions.fan": ("DefinitionFan", "compare_definitions"),
    "definitions.gaps": ("GapChoice", "choose_gap"),
    "definitions.rule_bias": ("OwnSilences", "RuleBias", "SimulatedAccounts", "simulate_rule_bias"),
    "projection.period_counts": ("PeriodCounts",),
    "projection.models": ("RetentionModel", "fit_retention"),
    "projection.projection": ("HoldOut", "RetentionProjection", "project_retention"),
    "projection.purchase_counts": ("PurchaseCounts", "count_purchases"),
    "projection.purchases": ("PurchaseModel", "fit_purchases"),
}
_HOMES = {name: f"churn.{module}" for module, names in _MODULES.items() for name in names}

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
