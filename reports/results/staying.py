"""What the usage of one platform says: tenures, cohorts, lifecycle, and what other definitions would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from churn.cohorts.lifecycle import Lifecycle, measure_lifecycle, never_returned
from churn.cohorts.retention import Retention, measure_retention
from churn.cohorts.rules import RetentionRule
from churn.cohorts.triangle import CohortTriangle, retention_triangle
from churn.competing.curve import CumulativeIncidence
from churn.competing.incidence import cumulative_incidence
from churn.definitions.fan import DefinitionFan, compare_definitions
from churn.definitions.gap_check import GapCheck, compare_gap
from churn.definitions.gaps import GapChoice, choose_gap
from churn.definitions.rule_bias import TIMES, OwnSilences, RuleBias, simulate_rule_bias
from churn.next_visit.curve import NextVisitCurve
from churn.next_visit.estimate import LEAST_WAIT, LevelsAt, compare_at, next_visit_survival, next_visit_survival_by
from churn.next_visit.visit_counts import VisitCounts, count_visits
from churn.projection.projection import RetentionProjection, project_tenures
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier, kaplan_meier_by
from churn.survival.logrank import LogRankComparison, logrank
from churn.survival.restricted_means import RestrictedMeans, comparable_means
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.rules import DropoutRule
from churn.tenures.tables import count_tenure_table
from churn.tenures.tenures import measure_tenures, returned_share
from churn.usage.accounts import read_accounts
from churn.usage.activity import Activity, read_activity
from surveys.core.attempts import attempt
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.schema import Study

NO_ACTIVITY = Note("a table of accounts does not say who came back")
NO_SILENCE_TRIED = Note("the log is too short to try any silence")
BY_MONTH = RetentionRule(measure="on", period="month", clock="calendar")
SHORTEST_LOG = 2
"""Local days up to which no silence can be tried, since each needs as many days after it."""
GAP_OF_SIMULATION = 30
ENOUGH, N_SIMULATED = 200, 30_000
"""Accounts from whose silences others are simulated, and how many of these."""
CHECKED = (30, 60, 120)
"""Tenures at which a gap is held against the next visit, in days, beside that of the headline."""
LONGEST_MEAN = 365.0
"""Tenure up to which mean tenures of groups are compared, or the shortest that all reach."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActivityResults:
    """
    What only a log of events can say, beyond tenures.

    Attributes
    ----------
    log : Activity
        What was read, an account a row.
    triangle : CohortTriangle or Unavailable
        Monthly cohorts.
    retention : Retention or Unavailable
        The same cohorts, with what cells that are not over are projected to.
    lifecycle : Lifecycle or Unavailable
        Accounts new, retained, resurrected and lost, month by month.
    never_returned : Estimate or Unavailable
        Share of accounts never seen after the day of their sign-up.
    definitions : DefinitionFan or Unavailable
        One-month dropout under other definitions.
    gaps : GapChoice or Unavailable
        How many come back after silences of other lengths.
    """

    log: Activity
    triangle: CohortTriangle | Unavailable
    retention: Retention | Unavailable
    lifecycle: Lifecycle | Unavailable
    never_returned: Estimate | Unavailable
    definitions: DefinitionFan | Unavailable
    gaps: GapChoice | Unavailable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupStaying:
    """
    How long the accounts of each level of a group stay, compared.

    Attributes
    ----------
    name : str
        Of the group.
    curves : dict of str to SurvivalCurve or NextVisitCurve
        By level, under the rule of the study.
    at : LevelsAt or Unavailable or None
        Whether levels are still there alike at the horizon; None where the rule is not the next visit.
    test : LogRankComparison or Unavailable
        Whether levels leave at the same rate.
    means : RestrictedMeans or Unavailable
        Mean tenure of the levels that have enough accounts, within the tenures that all of these reach.
    """

    name: str
    curves: Mapping[str, SurvivalCurve | NextVisitCurve]
    at: LevelsAt | Unavailable | None
    test: LogRankComparison | Unavailable
    means: RestrictedMeans | Unavailable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StayingResults:
    """
    How long accounts stay.

    Attributes
    ----------
    counts : TenureCounts
        Tenures, counted; under the rule of the next visit by silences of the gap, for tests and models.
    curve : SurvivalCurve or NextVisitCurve
        Share of accounts retained, under the rule of the study.
    visits : VisitCounts or None
        Consecutive and last active days, counted; None where usage is no log of events.
    gap : GapCheck or Unavailable or None
        What calling accounts gone after a silence does; None where usage is no log of events.
    by_gap : Estimate or Unavailable
        Share gone at the horizon by the counts of `counts`.
    dropout : Estimate or Unavailable
        Share gone at the horizon of the study.
    returned : Estimate or Unavailable
        Share that came back after a silence as long as the gap.
    groups : tuple of GroupStaying
        Those that the study names.
    incidence : CumulativeIncidence or Unavailable or None
        Share gone of each cause; None where causes are not told apart.
    projection : RetentionProjection or Unavailable
        Retention projected beyond what was seen.
    activity : ActivityResults or None
        None where usage is a table of accounts.
    bias : RuleBias or Unavailable or None
        What rules of dropout do to simulated accounts; None where the study uses no silence.
    notes : tuple of Note
        Caveats.
    """

    counts: TenureCounts
    curve: SurvivalCurve | NextVisitCurve
    visits: VisitCounts | None
    gap: GapCheck | Unavailable | None
    by_gap: Estimate | Unavailable
    dropout: Estimate | Unavailable
    returned: Estimate | Unavailable
    groups: tuple[GroupStaying, ...]
    incidence: CumulativeIncidence | Unavailable | None
    projection: RetentionProjection | Unavailable
    activity: ActivityResults | None
    bias: RuleBias | Unavailable | None
    notes: tuple[Note, ...]


def compute_staying(study: Study) -> StayingResults:
    """
    Read the usage of a study once, and compute what a report shows of it.

    Parameters
    ----------
    study : Study
        With usage.

    Returns
    -------
    StayingResults

    Raises
    ------
    StudyError
        If the usage cannot be used as it is.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> staying = compute_staying(open_example("twitter_france"))
    >>> staying.dropout.summary()
    '57.9% [56.3%, 59.4%], n = 3,914'
    """
    usage = study.usage
    assert usage is not None
    conf_level, rule = study.study.conf_level, DropoutRule.of(usage.dropout)
    returned: Estimate | Unavailable = Unavailable(NO_ACTIVITY)
    said = visits = None
    gap: GapCheck | Unavailable | None = None
    if usage.tenure is not None:
        counts = count_tenure_table(study, by=usage.group)
    elif usage.events is None:
        counts = count_tenures(measure_tenures(read_accounts(study), rule), by=usage.group)
    else:
        activity = read_activity(study)
        counts = count_tenures(measure_tenures(activity, rule), by=usage.group)
        returned = attempt(lambda: returned_share(activity, rule.gap_days, conf_level=conf_level))
        visits = counted = count_visits(activity)
        times = tuple(sorted({*CHECKED, usage.horizon}))
        gap = attempt(lambda: compare_gap(counted, gap_days=rule.gap_days, times=times, conf_level=conf_level))
        said = _of_activity(activity, rule.gap_days, conf_level)
    by_gap = kaplan_meier(counts, conf_level=conf_level)
    waits = visits if rule.rule == "next_visit" else None
    curve = by_gap if waits is None else next_visit_survival(waits, conf_level=conf_level)
    return StayingResults(
        counts=counts,
        curve=curve,
        visits=visits,
        gap=gap,
        by_gap=by_gap.dropout(at=usage.horizon),
        dropout=curve.dropout(at=usage.horizon),
        returned=returned,
        groups=tuple(
            _group(counts, name, conf_level)
            if waits is None or said is None
            else _group_of_visits(said.log, counts, name, usage.horizon, conf_level)
            for name in usage.group
        ),
        incidence=attempt(lambda: cumulative_incidence(counts, conf_level=conf_level))
        if len(counts.causes) > 1
        else None,
        projection=attempt(lambda: project_tenures(counts, conf_level=conf_level)),
        activity=said,
        bias=None if visits is None else attempt(lambda: _bias(counted, rule.gap_days)),
        notes=counts.notes if waits is None else curve.notes,
    )


def _group_of_visits(
    activity: Activity, counts: TenureCounts, name: str, horizon: float, conf_level: float
) -> GroupStaying:
    """Compare levels by the next visit at the horizon, and by a silence for tests over all tenures and for means."""
    visits = attempt(lambda: count_visits(activity, by=[name], replicates=1))
    by_gap = _group(counts, name, conf_level)
    if isinstance(visits, Unavailable):
        return by_gap
    curves = attempt(lambda: next_visit_survival_by(visits, by=name, conf_level=conf_level))
    if isinstance(curves, Unavailable):
        return by_gap
    return replace(by_gap, curves=curves, at=attempt(lambda: compare_at(curves, at=horizon)))


def _group(counts: TenureCounts, name: str, conf_level: float) -> GroupStaying:
    curves = attempt(lambda: kaplan_meier_by(counts, by=name, conf_level=conf_level))
    return GroupStaying(
        name=name,
        at=None,
        curves={} if isinstance(curves, Unavailable) else curves,
        test=attempt(lambda: logrank(counts, by=name)),
        means=attempt(lambda: comparable_means(counts, by=name, longest=LONGEST_MEAN, conf_level=conf_level)),
    )


def _of_activity(activity: Activity, gap_days: int, conf_level: float) -> ActivityResults:
    return ActivityResults(
        log=activity,
        triangle=attempt(lambda: retention_triangle(activity, conf_level=conf_level)),
        retention=attempt(lambda: measure_retention(activity, BY_MONTH, cohorts="month", conf_level=conf_level)),
        lifecycle=attempt(lambda: measure_lifecycle(activity, conf_level=conf_level)),
        never_returned=attempt(lambda: never_returned(activity, conf_level=conf_level)),
        definitions=attempt(lambda: compare_definitions(activity, gap_days=gap_days, conf_level=conf_level)),
        gaps=attempt(lambda: choose_gap(activity, conf_level=conf_level))
        if activity.end_day - activity.origin > SHORTEST_LOG
        else Unavailable(NO_SILENCE_TRIED),
    )


def _bias(visits: VisitCounts, gap_days: int) -> RuleBias:
    """Simulate with the silences of the log; where it is too short or too small for that, with made-up ones."""
    times = tuple(time for time in TIMES if time + max(gap_days, LEAST_WAIT) < visits.size - 1)
    if visits.n_accounts < ENOUGH or not times:
        return _made_up_bias()
    own = OwnSilences.of(visits)
    return simulate_rule_bias(n_accounts=N_SIMULATED, gap_days=gap_days, times=times, accounts=own)


@cache
def _made_up_bias() -> RuleBias:
    """Simulate once: with made-up silences the simulation is the same for every study."""
    return simulate_rule_bias(gap_days=GAP_OF_SIMULATION)
