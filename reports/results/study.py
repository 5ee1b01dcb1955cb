"""The results of a study: what every report, figure, notebook and claim takes from it, each computed when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reports.results.graph import Graph, Nodes, attempted, named_after, node, nodes_of
from reports.results.lookup import joined_platform
from reports.results.progress import Progress
from reports.results.staying import ActivityResults, StayingResults, open_staying
from surveys.core.errors import StudyError
from surveys.core.results import Unavailable
from surveys.study.file import STUDY_FILE
from surveys.study.schema import Study

if TYPE_CHECKING:
    import pandas as pd

    from churn.adoption.joint import JointFunnel
    from churn.design_based.recall import RecallCurve
    from churn.next_visit.curve import NextVisitCurve
    from churn.survival.curve import SurvivalCurve
    from churn.tenures.tenures import Tenures
    from reports.results.adoption import AdoptionResults
    from reports.results.calibration import CalibrationResults
    from reports.results.diffusion import DiffusionResults
    from reports.results.network import NetworkResults
    from surveys.claims.check import CheckedClaim
    from surveys.funnel.funnel import Funnel
    from surveys.funnel.shares import Shares
    from surveys.funnel.waves import WaveChanges
    from surveys.published.figures import PublishedFigures, SeriesPoint
    from surveys.tables.crosstabs import BannerTable
    from surveys.tables.disclosure import Disclosure

STEPS_OF_RECIPE = ("reading surveys", "reading usage", "published figures and claims")


class StudyResults(Nodes):
    """
    Everything a report shows: named parts, each computed once, when it is first asked for, from the parts it names.

    Parameters
    ----------
    study : Study
        What is asked for.

    Raises
    ------
    StudyError
        If the study has nothing to report on; and where a part is asked for whose data cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> results = StudyResults(open_example("twitter_france"))
    >>> results.computed
    ()
    >>> len(results.published.figures) > 100, results.computed
    (True, ('published',))
    """

    def __init__(self, study: Study, graph: Graph | None = None) -> None:
        if not (study.survey or study.usage or study.published):
            what = "nothing to report on, expected at least one of [[survey]], [usage] and [published]"
            raise StudyError.at(STUDY_FILE, what, "Add one, as in the file that 'churn init' makes")
        super().__init__(Graph(study) if graph is None else graph)
        if graph is None:
            self.graph.find = self.find

    @property
    def study(self) -> Study:
        """What is asked for."""
        study: Study = self._instead.get("study", self.graph.study)
        return study

    @property
    def computed(self) -> tuple[str, ...]:
        """Names of the results that have been asked for."""
        return self.graph.computed

    def find(self, name: str) -> None:
        """Ask for a result by its name in the graph, such as `funnel` or `staying.curve`."""
        found: object = self
        for part in name.split("."):
            found = getattr(found, part, None)

    @node("funnel", "gap")
    def funnel(self) -> Funnel | None:
        """From surveys; None where none asks about a platform."""
        from surveys.funnel.funnel import asks_about_steps, estimate_funnel

        return estimate_funnel(self.study) if asks_about_steps(self.study) else None

    @property
    def tenures(self) -> Tenures | None:
        """Tenure of each account, under the rule of the study; None where there is no log and no table of accounts."""
        return None if self.staying is None else self.staying.tenures

    @property
    def curve(self) -> SurvivalCurve | NextVisitCurve | None:
        """Share of accounts retained, under the rule of the study; None without usage."""
        return None if self.staying is None else self.staying.curve

    @node("share")
    def shares(self) -> Shares | None:
        """Further percentages that surveys name; None where they name none."""
        from surveys.funnel.shares import estimate_shares

        return estimate_shares(self.study) if any(survey.share for survey in self.study.survey) else None

    @attempted()
    def staying(self) -> StayingResults | None:
        """From usage; None where the study has none."""
        if self.study.usage is None:
            return None
        return open_staying(self.graph)

    @node("published", "publishers", "steady")
    def published(self) -> PublishedFigures | None:
        """Figures that others printed."""
        from surveys.published.figures import read_published

        return read_published(self.study) if self.study.published is not None else None

    @attempted("recall", otherwise=())
    def recalls(self) -> tuple[RecallCurve, ...]:
        """When people say they left the main platform, one curve for each wave that asked."""
        return _recalls(self.study)

    @attempted("joint", "people", "difference", "why")
    def adoption(self) -> AdoptionResults | None:
        """The steps joined, compared and counted in people."""
        from reports.results.adoption import compute_adoption

        parts = self.funnel, self.staying, self.published, self.recalls
        return compute_adoption(self.study, *parts)

    @node()
    def joint(self) -> tuple[JointFunnel, ...]:
        """
        Awareness, sign-up and staying joined, one funnel for each wave that asked about the main platform.

        By people's own staying where it was asked, by the log elsewhere.
        """
        return () if self.adoption is None else self.adoption.waves

    @attempted("network", "following")
    def network(self) -> NetworkResults | None:
        """Who writes to whom; None where the log does not say."""
        from reports.results.network import compute_network

        parts = self.staying, self.published
        return compute_network(self.study, *parts)

    @attempted("change", "trend")
    def changes(self) -> WaveChanges | None:
        """From wave to wave; None where there are fewer than two."""
        funnel = self.funnel
        return _changes(self.study, funnel)

    @node("table")
    def tables(self) -> tuple[BannerTable, ...]:
        """Banner tables that the study asks for."""
        from surveys.tables.banners import build_tables

        return tuple(build_tables(self.study))

    @node("disclosure")
    def disclosure(self) -> Disclosure | None:
        """What a survey must disclose; None where the study has none."""
        from surveys.tables.disclosure import disclose

        return disclose(self.study, self.funnel) if self.study.survey else None

    @attempted("calibration")
    def calibration(self) -> CalibrationResults | None:
        """What the log adds to the survey; None where the study lacks either."""
        from reports.results.calibration import compute_calibration

        parts = self.funnel, self.staying, self.recalls
        return compute_calibration(self.study, *parts)

    @attempted("diffusion", "ceiling")
    def diffusion(self) -> DiffusionResults | None:
        """How far the service may spread; None where the study has no series."""
        from reports.results.diffusion import compute_diffusion

        parts = self.funnel, self.staying, self.published
        return compute_diffusion(self.study, *parts)

    @node()
    def series(self) -> tuple[SeriesPoint, ...]:
        """Published figures of the study's own platforms and waves."""
        return () if self.published is None else self.published.series(self.study)

    @node("claim", "claims")
    def claims(self) -> tuple[CheckedClaim, ...]:
        """Sentences and their verdicts, in the order of the study."""
        from reports.results.named import name_estimates, name_influences
        from surveys.claims.study_claims import check_claims

        if not self.study.claim:
            return ()
        joint = () if self.adoption is None else (*self.adoption.by_log, *self.adoption.waves)
        own = name_estimates(
            funnel=self.funnel, shares=self.shares, staying=self.staying, joint=joint, network=self.network
        )
        influences = name_influences(self.funnel, self.shares, self.staying, joint)

        return check_claims(self.study, self.published, own=own, influences=influences)

    @node("truth")
    def truth(self) -> pd.DataFrame | None:
        """What a simulated study was made from."""
        from surveys.study.truth import read_truth

        return None if self.study.truth is None else read_truth(self.study)

    @node()
    def absent(self) -> Mapping[str, Unavailable]:
        """Parts that the study has data for and that these do not give, by name."""
        reasons = {name: self.why_absent(name) for name in ATTEMPTED}
        return {name: reason for name, reason in reasons.items() if reason is not None}


PARTS = nodes_of(StudyResults)
"""Names of the parts, each after those that it is made from."""
NAMED_AFTER = {
    **named_after(StudyResults),
    **named_after(StayingResults, "staying."),
    **named_after(ActivityResults, "staying.activity."),
}
"""Results, by what the names of the numbers begin with that are printed of them."""
ATTEMPTED = ("staying", "recalls", "adoption", "network", "changes", "calibration", "diffusion")


def compute_all(results: StudyResults, progress: Progress) -> StudyResults:
    """
    Compute everything a report shows, in an order that tells a person how far it has come.

    Parameters
    ----------
    results : StudyResults
        Of the study.
    progress : Progress
        Told of `STEPS_OF_RECIPE`.

    Returns
    -------
    StudyResults
        The same.

    Raises
    ------
    StudyError
        If data cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.results.progress import open_progress
    >>> with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
    ...     results = compute_all(StudyResults(open_example("twitter_france")), progress)
    >>> len(results.claims)
    40
    """
    progress.step(STEPS_OF_RECIPE[0])
    _ = results.funnel, results.shares
    progress.step(STEPS_OF_RECIPE[1])
    _ = results.staying
    progress.step(STEPS_OF_RECIPE[2])
    for name in PARTS:
        getattr(results, name)
    return results


def _changes(study: Study, funnel: Funnel | None) -> WaveChanges | None:
    from surveys.funnel.waves import compare_waves

    return compare_waves(study, funnel) if funnel is not None and len(study.survey) > 1 else None


def _recalls(study: Study) -> tuple[RecallCurve, ...]:
    from churn.design_based.recall import read_recall

    platform = joined_platform(study)
    asked = [survey.wave for survey in study.survey if platform in survey.platform and survey.platform[platform].left]
    return tuple(read_recall(study, wave, platform) for wave in asked)
