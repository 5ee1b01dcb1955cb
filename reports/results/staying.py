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
from churn.next_visit.estimate import LEAST_WAIT, LevelsAt, compare_at, next_visit_survival
from churn.next_visit.visit_counts import VisitCounts, count_visits
from churn.projection.projection import RetentionProjection, project_tenures
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.logrank import LogRankComparison, logrank
from churn.survival.restricted_means import RestrictedMeans, comparable_means
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.rules import DropoutRule
from churn.tenures.tables import count_tenure_table
from churn.tenures.tenures import Tenures, measure_tenures, returned_share
from churn.usage.accounts import read_accounts
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from reports.results.graph import Graph, Nodes, node
from surveys.core.attempts import attempt
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.schema import Study
from surveys.study.usage import Usage

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


class ActivityResults(Nodes):
    """What only a log of events can say, beyond tenures; each part computed when it is asked for."""

    @node(kept=False)
    def log(self) -> Activity:
        """What was read, an account a row."""
        return read_activity(self.graph.study)

    @node()
    def triangle(self) -> CohortTriangle | Unavailable:
        """Monthly cohorts."""
        return attempt(lambda: retention_triangle(self.log, conf_level=self._conf_level))

    @node("cohorts")
    def retention(self) -> Retention | Unavailable:
        """The same cohorts, with what cells that are not over are projected to."""
        return attempt(lambda: measure_retention(self.log, BY_MONTH, cohorts="month", conf_level=self._conf_level))

    @node("lifecycle")
    def lifecycle(self) -> Lifecycle | Unavailable:
        """Accounts new, retained, resurrected and lost, month by month."""
        return attempt(lambda: measure_lifecycle(self.log, conf_level=self._conf_level))

    @node()
    def never_returned(self) -> Estimate | Unavailable:
        """Share of accounts never seen after the day of their sign-up."""
        return attempt(lambda: never_returned(self.log, conf_level=self._conf_level))

    @node("definitions")
    def definitions(self) -> DefinitionFan | Unavailable:
        """One-month dropout under other definitions."""
        gap_days = _rule(self.graph.study).gap_days
        return attempt(lambda: compare_definitions(self.log, gap_days=gap_days, conf_level=self._conf_level))

    @node("gaps")
    def gaps(self) -> GapChoice | Unavailable:
        """How many come back after silences of other lengths."""
        if self.log.end_day - self.log.origin <= SHORTEST_LOG:
            return Unavailable(NO_SILENCE_TRIED)
        return attempt(lambda: choose_gap(self.log, conf_level=self._conf_level))

    @property
    def _conf_level(self) -> float:
        return self.graph.study.study.conf_level


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


class StayingResults(Nodes):
    """
    How long accounts stay; each part computed when it is asked for.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> staying = open_staying(Graph(open_example("twitter_france")))
    >>> staying.dropout.summary()
    '57.9% [56.3%, 59.4%], n = 3,914'
    """

    @node(kept=False)
    def activity(self) -> ActivityResults | None:
        """What only a log of events can say; None where usage is a table of accounts."""
        usage = self._usage
        if usage.tenure is not None or usage.events is None:
            return None
        return ActivityResults(self.graph, f"{self.prefix}activity.")

    @node(kept=False)
    def tenures(self) -> Tenures | None:
        """Tenure of each account under the rule of the study; None where the table of accounts gives them."""
        if self._usage.tenure is not None:
            return None
        known = read_accounts(self.graph.study) if self.activity is None else self.activity.log
        return measure_tenures(known, _rule(self.graph.study))

    @node()
    def counts(self) -> TenureCounts:
        """Tenures, counted; under the rule of the next visit by silences of the gap, for tests and models."""
        if self.tenures is None:
            return count_tenure_table(self.graph.study, by=self._usage.group)
        return count_tenures(self.tenures, by=self._usage.group)

    @node()
    def visits(self) -> VisitCounts | None:
        """Consecutive and last active days, counted; None where usage is no log of events."""
        return None if self.activity is None else count_visits(self.activity.log)

    @node()
    def by_gap_curve(self) -> SurvivalCurve:
        """Share of accounts retained by the counts of `counts`."""
        return kaplan_meier(self.counts, conf_level=self._conf_level)

    @node("survival", "risk", "unseen", "visit", "silence")
    def curve(self) -> SurvivalCurve | NextVisitCurve:
        """Share of accounts retained, under the rule of the study."""
        waits = self._waits
        return self.by_gap_curve if waits is None else next_visit_survival(waits, conf_level=self._conf_level)

    @node()
    def gap(self) -> GapCheck | Unavailable | None:
        """What calling accounts gone after a silence does; None where usage is no log of events."""
        visits, gap_days = self.visits, _rule(self.graph.study).gap_days
        if visits is None:
            return None
        times = tuple(sorted({*CHECKED, self._usage.horizon}))
        return attempt(lambda: compare_gap(visits, gap_days=gap_days, times=times, conf_level=self._conf_level))

    @node()
    def by_gap(self) -> Estimate | Unavailable:
        """Share gone at the horizon by the counts of `counts`."""
        return self.by_gap_curve.dropout(at=self._usage.horizon)

    @node("dropout")
    def dropout(self) -> Estimate | Unavailable:
        """Share gone at the horizon of the study."""
        return self.curve.dropout(at=self._usage.horizon)

    @node("returned")
    def returned(self) -> Estimate | Unavailable:
        """Share that came back after a silence as long as the gap."""
        activity = self.activity
        if activity is None:
            return Unavailable(NO_ACTIVITY)
        gap_days = _rule(self.graph.study).gap_days
        return attempt(lambda: returned_share(activity.log, gap_days, conf_level=self._conf_level))

    @node("bygroup")
    def groups(self) -> tuple[GroupStaying, ...]:
        """Those that the study names."""
        usage, activity, counts = self._usage, self.activity, self.counts
        return tuple(
            _group(counts, name, self._conf_level)
            if self._waits is None or activity is None
            else _group_of_visits(activity.log, counts, name, usage.horizon, self._conf_level)
            for name in usage.group
        )

    @node("causes")
    def incidence(self) -> CumulativeIncidence | Unavailable | None:
        """Share gone of each cause; None where causes are not told apart."""
        if len(self.counts.causes) <= 1:
            return None
        return attempt(lambda: cumulative_incidence(self.counts, conf_level=self._conf_level))

    @node("projection")
    def projection(self) -> RetentionProjection | Unavailable:
        """Retention projected beyond what was seen."""
        return attempt(lambda: project_tenures(self.counts, conf_level=self._conf_level))

    @node("rules")
    def bias(self) -> RuleBias | Unavailable | None:
        """What rules of dropout do to simulated accounts; None where the study uses no silence."""
        visits, gap_days = self.visits, _rule(self.graph.study).gap_days
        return None if visits is None else attempt(lambda: _bias(visits, gap_days))

    @node()
    def notes(self) -> tuple[Note, ...]:
        """Caveats."""
        return self.counts.notes if self._waits is None else self.curve.notes

    @property
    def _usage(self) -> Usage:
        usage = self.graph.study.usage
        assert usage is not None
        return usage

    @property
    def _conf_level(self) -> float:
        return self.graph.study.study.conf_level

    @property
    def _waits(self) -> VisitCounts | None:
        """Counts of visits where the next visit is the rule."""
        return self.visits if _rule(self.graph.study).rule == "next_visit" else None


def open_staying(graph: Graph) -> StayingResults:
    """
    Open what the usage of a study says: its counts and its curve, the rest when it is asked for.

    Parameters
    ----------
    graph : Graph
        Of a study with usage.

    Returns
    -------
    StayingResults

    Raises
    ------
    StudyError
        If the usage cannot be used as it is.
    EstimateError
        If it does not give a curve.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> open_staying(Graph(open_example("twitter_france"))).by_gap.n
    3915
    """
    staying = StayingResults(graph, "staying.")
    _ = staying.counts, staying.by_gap, staying.curve, staying.dropout
    return staying


def _rule(study: Study) -> DropoutRule:
    assert study.usage is not None
    return DropoutRule.of(study.usage.dropout)


def _group_of_visits(
    activity: Activity, counts: TenureCounts, name: str, horizon: float, conf_level: float
) -> GroupStaying:
    """Compare levels by the next visit at the horizon, and by a silence for tests over all tenures and for means."""
    visits = attempt(lambda: count_visits(activity, by=[name], replicates=1))
    by_gap = _group(counts, name, conf_level)
    if isinstance(visits, Unavailable):
        return by_gap
    curves = attempt(lambda: next_visit_survival(visits, by=name, conf_level=conf_level))
    if isinstance(curves, Unavailable):
        return by_gap
    return replace(by_gap, curves=curves, at=attempt(lambda: compare_at(curves, at=horizon)))


def _group(counts: TenureCounts, name: str, conf_level: float) -> GroupStaying:
    curves = attempt(lambda: kaplan_meier(counts, by=name, conf_level=conf_level))
    return GroupStaying(
        name=name,
        at=None,
        curves={} if isinstance(curves, Unavailable) else curves,
        test=attempt(lambda: logrank(counts, by=name)),
        means=attempt(lambda: comparable_means(counts, by=name, longest=LONGEST_MEAN, conf_level=conf_level)),
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
