"""The recipe of a report: every result of a study, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from churn.adoption.joint import JointFunnel, join_funnel
from churn.recall import RecallCurve, read_recall
from reports.adoption import AdoptionResults, compute_adoption
from reports.calibration import CalibrationResults, compute_calibration
from reports.diffusion import DiffusionResults, compute_diffusion
from reports.lookup import main_platform
from reports.network import NetworkResults, compute_network
from reports.progress import Progress
from reports.usage import StayingResults, compute_staying
from surveys.banners import build_tables
from surveys.claims import CheckedClaim, check_claim
from surveys.crosstabs import BannerTable
from surveys.disclosure import Disclosure, disclose
from surveys.funnel import Funnel, estimate_funnel
from surveys.published import PublishedFigures, SeriesPoint, read_published
from surveys.results import Estimate, Unavailable
from surveys.study import Study
from surveys.truth import read_truth
from surveys.waves import WaveChanges, compare_waves

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
        From surveys; None where the study has none.
    changes : WaveChanges or None
        From wave to wave; None where there are fewer than two.
    tables : tuple of BannerTable
        Those that the study asks for.
    disclosure : Disclosure or None
        What a survey must disclose; None where the study has none.
    staying : StayingResults or None
        From usage; None where the study has none.
    recalls : tuple of RecallCurve
        When people say they left the main platform, one for each wave that asked.
    joint : tuple of JointFunnel
        Surveys and usage joined, one for each wave that asked about the platform of the usage.
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
    """

    study: Study
    funnel: Funnel | None
    changes: WaveChanges | None
    tables: tuple[BannerTable, ...]
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
        If data cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.progress import open_progress
    >>> with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
    ...     results = compute_results(open_example("twitter_france"), progress)
    >>> len(results.claims)
    6
    """
    progress.step(STEPS_OF_RECIPE[0])
    funnel = estimate_funnel(study) if study.survey else None
    progress.step(STEPS_OF_RECIPE[1])
    staying = compute_staying(study) if study.usage is not None else None
    progress.step(STEPS_OF_RECIPE[2])
    published = read_published(study) if study.published is not None else None
    recalls = _recalls(study)
    return Results(
        study=study,
        funnel=funnel,
        changes=compare_waves(study, funnel) if funnel is not None and len(study.survey) > 1 else None,
        tables=tuple(build_tables(study)),
        disclosure=None if funnel is None else disclose(study, funnel),
        staying=staying,
        recalls=recalls,
        joint=_joint(study, funnel, staying),
        adoption=compute_adoption(study, funnel, staying, published),
        calibration=compute_calibration(study, funnel, staying, recalls),
        network=compute_network(study, staying),
        diffusion=compute_diffusion(study, funnel, staying, published),
        published=published,
        series=() if published is None else published.series(study),
        claims=()
        if published is None
        else tuple(check_claim(claim, published, conf_level=study.study.conf_level) for claim in study.claim),
        truth=None if study.truth is None else read_truth(study),
    )


def _recalls(study: Study) -> tuple[RecallCurve, ...]:
    platform = main_platform(study)
    asked = [survey.wave for survey in study.survey if platform in survey.platform and survey.platform[platform].left]
    return tuple(read_recall(study, wave, platform) for wave in asked)


def _joint(study: Study, funnel: Funnel | None, staying: StayingResults | None) -> tuple[JointFunnel, ...]:
    """Join the two sides for every wave in which some, but not all, take each step."""
    if funnel is None or staying is None or study.usage is None or study.usage.platform is None:
        return ()
    platform, horizon = study.usage.platform, study.usage.horizon
    stayed = staying.curve.at(horizon)
    if isinstance(stayed, Unavailable) or not _some(stayed):
        return ()
    asked = [
        survey.wave
        for survey in study.survey
        if platform in survey.platform
        and {"aware", "signup"} <= survey.platform[platform].steps().keys()
        and all(_some(funnel.at(survey.wave, platform, step)) for step in ("aware", "signup"))
    ]
    return tuple(join_funnel(funnel, staying.curve, platform=platform, wave=wave, horizon=horizon) for wave in asked)


def _some(share: Estimate) -> bool:
    """Tell whether a share is neither of nobody nor of everybody, so that its linearised error means something."""
    return 0 < share.estimate < 1
