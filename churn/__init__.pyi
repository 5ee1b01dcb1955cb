from churn.adoption.calibration import (
    CalibratedFunnel as CalibratedFunnel,
)
from churn.adoption.calibration import (
    MarginTest as MarginTest,
)
from churn.adoption.calibration import (
    calibrate_to_log as calibrate_to_log,
)
from churn.adoption.calibration import (
    calibrated_design as calibrated_design,
)
from churn.adoption.decomposition import (
    Decomposition as Decomposition,
)
from churn.adoption.decomposition import (
    SteadyRun as SteadyRun,
)
from churn.adoption.decomposition import (
    decompose as decompose,
)
from churn.adoption.decomposition import (
    steady_run as steady_run,
)
from churn.adoption.diffusion import (
    DiffusionComparison as DiffusionComparison,
)
from churn.adoption.diffusion import (
    DiffusionResult as DiffusionResult,
)
from churn.adoption.diffusion import (
    compare_diffusion as compare_diffusion,
)
from churn.adoption.diffusion import (
    fit_diffusion as fit_diffusion,
)
from churn.adoption.joint import (
    JointFunnel as JointFunnel,
)
from churn.adoption.joint import (
    add_staying as add_staying,
)
from churn.adoption.joint import (
    join_funnel as join_funnel,
)
from churn.adoption.joint import (
    join_steps as join_steps,
)
from churn.adoption.joint import (
    product_of_shares as product_of_shares,
)
from churn.adoption.log_margins import (
    LogMargin as LogMargin,
)
from churn.adoption.log_margins import (
    count_log_margins as count_log_margins,
)
from churn.adoption.log_margins import (
    margin_of_figure as margin_of_figure,
)
from churn.adoption.measures import (
    StayingMeasures as StayingMeasures,
)
from churn.adoption.measures import (
    compare_measures as compare_measures,
)
from churn.adoption.measures import (
    join_recall as join_recall,
)
from churn.adoption.populations import PeopleCounts as PeopleCounts
from churn.adoption.populations import count_people as count_people
from churn.adoption.published_funnels import published_funnel as published_funnel
from churn.adoption.reach import (
    MonthlyFlows as MonthlyFlows,
)
from churn.adoption.reach import (
    ReachCeiling as ReachCeiling,
)
from churn.adoption.reach import (
    constant_retention as constant_retention,
)
from churn.adoption.reach import (
    inflow_needed as inflow_needed,
)
from churn.adoption.reach import (
    long_run_states as long_run_states,
)
from churn.adoption.reach import (
    measure_flows as measure_flows,
)
from churn.adoption.reach import (
    mixture_of as mixture_of,
)
from churn.adoption.reach import (
    reach_ceiling as reach_ceiling,
)
from churn.adoption.reach import (
    return_needed as return_needed,
)
from churn.adoption.recall_error import (
    RecallError as RecallError,
)
from churn.adoption.recall_error import (
    compare_recall as compare_recall,
)
from churn.adoption.recall_error import (
    read_log_at as read_log_at,
)
from churn.adoption.recent import stayed_of_recent as stayed_of_recent
from churn.cohorts.comparison import CohortComparison as CohortComparison
from churn.cohorts.comparison import compare_cohorts as compare_cohorts
from churn.cohorts.lifecycle import (
    Lifecycle as Lifecycle,
)
from churn.cohorts.lifecycle import (
    measure_lifecycle as measure_lifecycle,
)
from churn.cohorts.lifecycle import (
    never_returned as never_returned,
)
from churn.cohorts.retention import Retention as Retention
from churn.cohorts.retention import measure_retention as measure_retention
from churn.cohorts.rules import RetentionRule as RetentionRule
from churn.cohorts.triangle import CohortTriangle as CohortTriangle
from churn.cohorts.triangle import retention_triangle as retention_triangle
from churn.competing.curve import CumulativeIncidence as CumulativeIncidence
from churn.competing.gray import GrayTest as GrayTest
from churn.competing.gray import gray_test as gray_test
from churn.competing.incidence import (
    cause_specific as cause_specific,
)
from churn.competing.incidence import (
    cumulative_incidence as cumulative_incidence,
)
from churn.definitions.fan import DefinitionFan as DefinitionFan
from churn.definitions.fan import compare_definitions as compare_definitions
from churn.definitions.fractional_departures import (
    DepartureOdds as DepartureOdds,
)
from churn.definitions.fractional_departures import (
    departure_odds as departure_odds,
)
from churn.definitions.fractional_departures import (
    fractional_tenures as fractional_tenures,
)
from churn.definitions.gap_check import GapCheck as GapCheck
from churn.definitions.gap_check import compare_gap as compare_gap
from churn.definitions.gaps import GapChoice as GapChoice
from churn.definitions.gaps import choose_gap as choose_gap
from churn.definitions.rule_bias import (
    OwnSilences as OwnSilences,
)
from churn.definitions.rule_bias import (
    RuleBias as RuleBias,
)
from churn.definitions.rule_bias import (
    SimulatedAccounts as SimulatedAccounts,
)
from churn.definitions.rule_bias import (
    simulate_rule_bias as simulate_rule_bias,
)
from churn.design_based.accelerated import survey_duration_model as survey_duration_model
from churn.design_based.cox import (
    SurveyCoxResult as SurveyCoxResult,
)
from churn.design_based.cox import (
    survey_cox as survey_cox,
)
from churn.design_based.curves import (
    SurveyCurves as SurveyCurves,
)
from churn.design_based.curves import (
    survey_incidence as survey_incidence,
)
from churn.design_based.curves import (
    survey_kaplan_meier as survey_kaplan_meier,
)
from churn.design_based.interval_censored import (
    IntervalCurve as IntervalCurve,
)
from churn.design_based.interval_censored import (
    survey_interval_survival as survey_interval_survival,
)
from churn.design_based.logrank import (
    LogRankTest as LogRankTest,
)
from churn.design_based.logrank import (
    survey_logrank as survey_logrank,
)
from churn.design_based.recall import (
    RecallCurve as RecallCurve,
)
from churn.design_based.recall import (
    read_recall as read_recall,
)
from churn.design_based.recall import (
    read_recall_levels as read_recall_levels,
)
from churn.network.concentration import (
    Concentration as Concentration,
)
from churn.network.concentration import (
    LorenzCurve as LorenzCurve,
)
from churn.network.concentration import (
    lorenz as lorenz,
)
from churn.network.concentration import (
    measure_concentration as measure_concentration,
)
from churn.network.concentration import (
    never_posted as never_posted,
)
from churn.network.dialogue import Dialogue as Dialogue
from churn.network.dialogue import measure_dialogue as measure_dialogue
from churn.network.followed import read_following as read_following
from churn.network.following import (
    Bounds as Bounds,
)
from churn.network.following import (
    FollowingDropout as FollowingDropout,
)
from churn.network.following import (
    FollowingTenures as FollowingTenures,
)
from churn.network.following import (
    measure_following as measure_following,
)
from churn.network.following import (
    read_following_tenures as read_following_tenures,
)
from churn.network.messages import (
    Messages as Messages,
)
from churn.network.messages import (
    read_early_contacts as read_early_contacts,
)
from churn.network.messages import (
    read_messages as read_messages,
)
from churn.next_visit.curve import HalvesCheck as HalvesCheck
from churn.next_visit.curve import NextVisitCurve as NextVisitCurve
from churn.next_visit.estimate import (
    LevelsAt as LevelsAt,
)
from churn.next_visit.estimate import (
    compare_at as compare_at,
)
from churn.next_visit.estimate import (
    compare_halves as compare_halves,
)
from churn.next_visit.estimate import (
    next_visit_survival as next_visit_survival,
)
from churn.next_visit.estimate import (
    seen_again_after as seen_again_after,
)
from churn.next_visit.visit_counts import VisitCounts as VisitCounts
from churn.next_visit.visit_counts import count_visits as count_visits
from churn.parametric.aft import AcceleratedFailureTime as AcceleratedFailureTime
from churn.parametric.cure import MixtureCureResult as MixtureCureResult
from churn.parametric.cure import mixture_cure as mixture_cure
from churn.parametric.results import AcceleratedFailureTimeResult as AcceleratedFailureTimeResult
from churn.parametric.splines import SmoothSurvival as SmoothSurvival
from churn.parametric.splines import smooth_survival as smooth_survival
from churn.projection.models import RetentionModelResult as RetentionModelResult
from churn.projection.models import fit_retention as fit_retention
from churn.projection.period_counts import PeriodCounts as PeriodCounts
from churn.projection.projection import (
    HoldOut as HoldOut,
)
from churn.projection.projection import (
    RetentionProjection as RetentionProjection,
)
from churn.projection.projection import (
    project_retention as project_retention,
)
from churn.projection.purchase_counts import PurchaseCounts as PurchaseCounts
from churn.projection.purchase_counts import count_purchases as count_purchases
from churn.projection.purchases import PurchaseModelResult as PurchaseModelResult
from churn.projection.purchases import fit_purchases as fit_purchases
from churn.recurrent.mean_cumulative import (
    MeanCumulativeFunction as MeanCumulativeFunction,
)
from churn.recurrent.mean_cumulative import (
    mean_cumulative_function as mean_cumulative_function,
)
from churn.recurrent.recurrences import Recurrences as Recurrences
from churn.recurrent.recurrences import measure_recurrences as measure_recurrences
from churn.regression.cox import Cox as Cox
from churn.regression.cox_curves import CoxCurve as CoxCurve
from churn.regression.cox_curves import CoxCurves as CoxCurves
from churn.regression.cox_results import (
    CoxResult as CoxResult,
)
from churn.regression.diagnostics import Concordance as Concordance
from churn.regression.diagnostics import ProportionalHazardsTest as ProportionalHazardsTest
from churn.regression.discrete import DiscreteHazard as DiscreteHazard
from churn.regression.discrete_results import DiscreteHazardResult as DiscreteHazardResult
from churn.regression.exchange import LifelinesCoxResult as LifelinesCoxResult
from churn.regression.fine_gray import FineGrayResult as FineGrayResult
from churn.regression.fine_gray import fine_gray as fine_gray
from churn.survival.curve import SurvivalCurve as SurvivalCurve
from churn.survival.followup import FollowUp as FollowUp
from churn.survival.followup import follow_up as follow_up
from churn.survival.kaplan_meier import kaplan_meier as kaplan_meier
from churn.survival.life_tables import (
    DropoutRates as DropoutRates,
)
from churn.survival.life_tables import (
    LifeTable as LifeTable,
)
from churn.survival.life_tables import (
    actuarial_life_table as actuarial_life_table,
)
from churn.survival.life_tables import (
    dropout_rates as dropout_rates,
)
from churn.survival.logrank import (
    LogRankComparison as LogRankComparison,
)
from churn.survival.logrank import (
    PairwiseLogRank as PairwiseLogRank,
)
from churn.survival.logrank import (
    TrendTest as TrendTest,
)
from churn.survival.logrank import (
    logrank as logrank,
)
from churn.survival.logrank import (
    pairwise_logrank as pairwise_logrank,
)
from churn.survival.nelson_aalen import (
    HazardCurve as HazardCurve,
)
from churn.survival.nelson_aalen import (
    nelson_aalen as nelson_aalen,
)
from churn.survival.restricted_means import RestrictedMeans as RestrictedMeans
from churn.survival.restricted_means import restricted_means as restricted_means
from churn.tenures.counts import (
    TenureCounts as TenureCounts,
)
from churn.tenures.counts import (
    count_tenures as count_tenures,
)
from churn.tenures.counts import (
    read_counts as read_counts,
)
from churn.tenures.counts import (
    write_counts as write_counts,
)
from churn.tenures.rules import DropoutRule as DropoutRule
from churn.tenures.tables import count_tenure_table as count_tenure_table
from churn.tenures.tenures import (
    Tenures as Tenures,
)
from churn.tenures.tenures import (
    measure_tenures as measure_tenures,
)
from churn.tenures.tenures import (
    read_tenures as read_tenures,
)
from churn.tenures.tenures import (
    returned_share as returned_share,
)
from churn.usage.accounts import AccountTable as AccountTable
from churn.usage.accounts import read_accounts as read_accounts
from churn.usage.activity import Activity as Activity
from churn.usage.log import read_activity as read_activity
from churn.usage.states import (
    AccountStates as AccountStates,
)
from churn.usage.states import (
    load_states as load_states,
)
from churn.usage.states import (
    merge_states as merge_states,
)
from churn.usage.states import (
    read_states as read_states,
)
from churn.usage.states import (
    write_states as write_states,
)

__version__: str
