"""The recipe of a report: every result of a study, computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pandas as pd

from churn.adoption.joint import JointFunnel
from churn.design_based.recall import RecallCurve, read_recall
from reports.results.adoption import AdoptionResults, compute_adoption
from reports.results.calibration import CalibrationResults, compute_calibration
from reports.results.diffusion import DiffusionResults, compute_diffusion
from reports.results.lookup import joined_platform
from reports.results.named import name_estimates, name_influences
from reports.results.network import NetworkResults, compute_network
from reports.results.progress import Progress
from reports.results.staying import StayingResults, compute_staying
from surveys.claims.check import CheckedClaim, check_claim
from surveys.claims.inputs import Influences, Own
from surveys.core.attempts import attempt
from surveys.core.errors import StudyError
from surveys.core.results import Unavailable
from surveys.funnel.funnel import Funnel, asks_about_steps, estimate_funnel
from surveys.funnel.shares import Shares, estimate_shares
from surveys.funnel.waves import WaveChanges, compare_waves
from surveys.published.figures import PublishedFigures, SeriesPoint, read_published
from surveys.study.file import STUDY_FILE
from surveys.study.schema import Study
from surveys.study.truth import read_truth
from surveys.tables.banners import build_tables
from surveys.tables.crosstabs import BannerTable
from surveys.tables.disclosure import Disclosure, disclose

T = TypeVar("T")
STEPS_OF_RECIPE = ("reading surveys", "reading usage", "published figures and claims")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Results:
    """
    Everything a report shows.

    Attributes
    ----------
    study : Study
        What was asked for.
    funnel : Funnel or None
        From surveys; None where none asks about a platform.
    changes : WaveChanges or None
        From wave to wave; None where there are fewer than two.
    tables : tuple of BannerTable
        Those that the study asks for.
    shares : Shares or None
        Further percentages that surveys name; None where they name none.
    disclosure : Disclosure or None
        What a survey must disclose; None where the study has none.
    staying : StayingResults or None
        From usage; None where the study has none.
    recalls : tuple of RecallCurve
        When people say they left the main platform, one for each wave that asked.
    joint : tuple of JointFunnel
        Awareness, sign-up and staying joined, one for each wave that asked about the main platform: by people's
        own staying where it was asked, by the log elsewhere.
    adoption : AdoptionResults or None
        The steps joined, compared and counted in people.
    calibration : CalibrationResults or None
        What the log adds to the survey; None where the study lacks either.
    network : NetworkResults or None
        Who writes to whom; None where the log does not say.
    diffusion : DiffusionResults or None
        How far the service may spread; None where the study has no series.
    published : PublishedFigures or None
        Figures that others printed.
    series : tuple of SeriesPoint
        Those of the study's own platforms and waves.
    claims : tuple of CheckedClaim
        Sentences and their verdicts, in the order of the study.
    truth : DataFrame or None
        What a simulated study was made from.
    absent : mapping of str to Unavailable
        Parts that the study has data for and that these do not give, by the name of the attribute above.
    """

    study: Study
    funnel: Funnel | None
    changes: WaveChanges | None
    tables: tuple[BannerTable, ...]
    shares: Shares | None
    disclosure: Disclosure | None
    staying: StayingResults | None
    recalls: tuple[RecallCurve, ...]
    joint: tuple[JointFunnel, ...]
    adoption: AdoptionResults | None
    calibration: CalibrationResults | None
    network: NetworkResults | None
    diffusion: DiffusionResults | None
    published: PublishedFigures | None
    series: tuple[SeriesPoint, ...]
    claims: tuple[CheckedClaim, ...]
    truth: pd.DataFrame | None
    absent: Mapping[str, Unavailable] = field(default_factory=dict)


class Attempts:
    """
    Computes parts of a report that the other parts do without, and keeps the reasons of those that cannot be had.

    Examples
    --------
    >>> from surveys.core.errors import EstimateError
    >>> from surveys.core.results import Note
    >>> def fail() -> int:
    ...     raise EstimateError.because("diffusion", Note("no point"), "Give more")
    >>> attempts = Attempts()
    >>> attempts.part("network", lambda: 3, 0), attempts.part("diffusion", fail, 0), str(attempts.absent["diffusion"])
    (3, 0, 'no point')
    """

    def __init__(self) -> None:
        self.absent: dict[str, Unavailable] = {}

    def part(self, name: str, compute: Callable[[], T], otherwise: T) -> T:
        """Compute one, or give what stands for its absence."""
        found = attempt(compute)
        if isinstance(found, Unavailable):
            self.absent[name] = found
            return otherwise
        return found


def compute_results(study: Study, progress: Progress) -> Results:
    """
    Compute everything a report on a study shows.

    Parameters
    ----------
    study : Study
        What to compute.
    progress : Progress
        Told of `STEPS_OF_RECIPE`.

    Returns
    -------
    Results
        Parts that the study does not have are None or empty.

    Raises
    ------
    StudyError
        If the study has nothing to report on, or data cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.results.progress import open_progress
    >>> with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
    ...     results = compute_results(open_example("twitter_france"), progress)
    >>> len(results.claims)
    29
    """
    _check_parts(study)
    progress.step(STEPS_OF_RECIPE[0])
    funnel = estimate_funnel(study) if asks_about_steps(study) else None
    shares = estimate_shares(study) if any(survey.share for survey in study.survey) else None
    progress.step(STEPS_OF_RECIPE[1])
    staying = compute_staying(study) if study.usage is not None else None
    progress.step(STEPS_OF_RECIPE[2])
    published = read_published(study) if study.published is not None else None
    attempts = Attempts()
    no_recalls: tuple[RecallCurve, ...] = ()
    recalls = attempts.part("recalls", lambda: _recalls(study), no_recalls)
    adoption = attempts.part("adoption", lambda: compute_adoption(study, funnel, staying, published, recalls), None)
    network = attempts.part("network", lambda: compute_network(study, staying, published), None)
    joint = () if adoption is None else adoption.waves
    by_log = () if adoption is None else adoption.by_log
    own = name_estimates(funnel=funnel, shares=shares, staying=staying, joint=(*by_log, *joint), network=network)
    return Results(
        study=study,
        funnel=funnel,
        changes=attempts.part("changes", lambda: _changes(study, funnel), None),
        tables=tuple(build_tables(study)),
        shares=shares,
        disclosure=disclose(study, funnel) if study.survey else None,
        staying=staying,
        recalls=recalls,
        joint=joint,
        adoption=adoption,
        calibration=attempts.part("calibration", lambda: compute_calibration(study, funnel, staying, recalls), None),
        network=network,
        diffusion=attempts.part("diffusion", lambda: compute_diffusion(study, funnel, staying, published), None),
        published=published,
        series=() if published is None else published.series(study),
        claims=_check_claims(study, published, own, name_influences(funnel, shares, staying, (*by_log, *joint))),
        truth=None if study.truth is None else read_truth(study),
        absent=attempts.absent,
    )


def _changes(study: Study, funnel: Funnel | None) -> WaveChanges | None:
    return compare_waves(study, funnel) if funnel is not None and len(study.survey) > 1 else None


def _check_parts(study: Study) -> None:
    if not (study.survey or study.usage or study.published):
        what = "nothing to report on, expected at least one of [[survey]], [usage] and [published]"
        raise StudyError.at(STUDY_FILE, what, "Add one, as in the file that 'churn init' makes")


def _check_claims(
    study: Study, published: PublishedFigures | None, own: Own, influences: Influences
) -> tuple[CheckedClaim, ...]:
    level = study.study.conf_level
    known = PublishedFigures(path=Path("[published]"), figures={}) if published is None else published
    return tuple(check_claim(claim, known, own=own, influences=influences, conf_level=level) for claim in study.claim)


def _recalls(study: Study) -> tuple[RecallCurve, ...]:
    platform = joined_platform(study)
    asked = [survey.wave for survey in study.survey if platform in survey.platform and survey.platform[platform].left]
    return tuple(read_recall(study, wave, platform) for wave in asked)
