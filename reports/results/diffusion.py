"""How far a service may spread: curves through its series, the ceiling of its reach, and who measured what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from churn.adoption.diffusion import (
    FALLING,
    DiffusionComparison,
    DiffusionResult,
    NotRisingError,
    compare_diffusion,
    fit_diffusion,
)
from churn.adoption.diffusion_curves import DiffusionModel
from churn.adoption.reach import (
    MonthlyFlows,
    ReachCeiling,
    constant_retention,
    inflow_needed,
    measure_flows,
    reach_ceiling,
    return_needed,
)
from churn.projection.projection import RetentionProjection
from reports.results.lookup import funnel_rows, main_platform
from reports.results.staying import StayingResults
from surveys.core.errors import EstimateError
from surveys.core.results import Estimate, Note, Unavailable
from surveys.funnel.funnel import Funnel
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.published.series import PublishedSeries, read_published_series
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.fields import Label
from surveys.study.fieldwork import year_of
from surveys.study.schema import Study, Survey

SPREADING: tuple[Literal["aware", "signup"], ...] = ("aware", "signup")
FEWEST_POINTS = 5
REPLICATES = 100
AHEAD = 2
"""Years after the last point for which the curves are asked."""
MONTHS_SHOWN = (1, 3, 6, 12)
MONTH = 30
REACHES = (0.05, 0.10, 0.20)
LONG_RUN = 60
"""Months of arrivals counted where rates of leaving differ between accounts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """
    One step of the main platform over time, with the curves fitted to it.

    Attributes
    ----------
    step : {"aware", "signup"}
        Which step.
    origin : {"published", "survey"}
        Whose values.
    points : DataFrame
        `time` in years, `share`, `conf_low`, `conf_high` (NaN without a base), `n` (NaN without), `id`.
    fits : dict of str to DiffusionResult
        `logistic` and, where the launch is known, `bass`, their ceilings estimated.
    comparison : DiffusionComparison or None
        Of these and of the same with everybody as the ceiling.
    ahead : float
        Year after the last point for which `expected` is given.
    expected : dict of str to (Estimate, Estimate)
        By model: share expected then, with an interval by the delta method, and by bootstrap.
    caveats : tuple of label
        What the study says against some of the points.
    simulated : bool
        Whether the points are.
    """

    step: Literal["aware", "signup"]
    origin: Literal["published", "survey"]
    points: pd.DataFrame
    fits: dict[str, DiffusionResult]
    comparison: DiffusionComparison | None
    ahead: float
    expected: dict[str, tuple[Estimate, Estimate]]
    caveats: tuple[Label, ...]
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedReach:
    """Reach of a service, with the monthly retention published beside it, if any."""

    label: Label
    reach: PublishedFigure
    retention: PublishedFigure | None
    at_most: bool
    ceiling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """
    What is left after some months.

    Attributes
    ----------
    months : int
        Of 30 days.
    claimed : Estimate or None
        If all leave at the published monthly rate; None where none was published.
    constant : Estimate
        If all leave at the rate of the first month of the log.
    seen : Estimate
        In the log.
    """

    months: int
    claimed: Estimate | None
    constant: Estimate
    seen: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReachResults:
    """
    What retention says about reach.

    Attributes
    ----------
    published : tuple of PublishedReach
        Pairs of the study, and reaches without a retention.
    statement : PublishedReach or None
        That a retention caps reach.
    needed : tuple of (float, Estimate, Estimate)
        For each reach: newcomers, and returning lapsed accounts, needed a month at the retention of the statement.
    flows : MonthlyFlows or None
        Of the log.
    newcomers : ReachCeiling or None
        At the retention that new accounts of the log have in their first month.
    everybody : ReachCeiling or None
        At the month-to-month retention of all accounts of the log, with those who return, and rates mixed.
    decay : tuple of Decay
        One rate against what is seen.
    old_cohorts : tuple of PublishedFigure
        Shares of accounts still there long after sign-up.
    """

    published: tuple[PublishedReach, ...]
    statement: PublishedReach | None
    needed: tuple[tuple[float, Estimate, Estimate], ...]
    flows: MonthlyFlows | None
    newcomers: ReachCeiling | None
    everybody: ReachCeiling | None
    decay: tuple[Decay, ...]
    old_cohorts: tuple[PublishedFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiffusionResults:
    """
    What the part on diffusion shows.

    Attributes
    ----------
    platform : str
        Key of the main platform.
    series : tuple of PublishedSeries
        What several publishers say.
    spreads : tuple of Spread
        Awareness and membership, where there are points enough and they rise.
    falling : dict of str to Note
        By step: that the series does not rise.
    reach : ReachResults or None
        None where neither the study nor its log says anything about it.
    """

    platform: str
    series: tuple[PublishedSeries, ...]
    spreads: tuple[Spread, ...]
    falling: dict[Literal["aware", "signup"], Note]
    reach: ReachResults | None


def compute_diffusion(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, published: PublishedFigures | None
) -> DiffusionResults | None:
    """
    Compute what the part on diffusion shows.

    Parameters
    ----------
    study : Study
        What to compute.
    funnel : Funnel or None
        From surveys.
    staying : StayingResults or None
        From usage.
    published : PublishedFigures or None
        Figures that others printed.

    Returns
    -------
    DiffusionResults or None
        None where the study has nothing of all this.

    Raises
    ------
    StudyError
        If a table of the study names a figure that is not there.
    """
    platform = main_platform(study)
    series = () if published is None else read_published_series(study, published)
    found = {step: _spread(study, step, platform, funnel, published) for step in SPREADING}
    spreads = tuple(spread for spread in found.values() if isinstance(spread, Spread))
    falling = {step: spread.reason for step, spread in found.items() if isinstance(spread, Unavailable)}
    reach = _reach(study, staying, published)
    if not series and not spreads and not falling and reach is None:
        return None
    return DiffusionResults(platform=platform, series=series, spreads=spreads, falling=falling, reach=reach)


def _spread(
    study: Study,
    step: Literal["aware", "signup"],
    platform: str,
    funnel: Funnel | None,
    published: PublishedFigures | None,
) -> Spread | Unavailable | None:
    printed = _published_points(study, step, platform, published)
    asked = _survey_points(study, step, platform, funnel)
    points, origin = (printed, "published") if len(printed) >= FEWEST_POINTS else (asked, "survey")
    if len(points) < FEWEST_POINTS or points["n"].isna().all():
        return None
    launched = None if study.published is None else study.published.launched.get(platform)
    launch = None if launched is None else year_of(launched)
    try:
        fits, capped = _fits(points, launch, study.study.conf_level)
    except NotRisingError:
        ends = {"first": float(points["share"].iloc[0]), "last": float(points["share"].iloc[-1])}
        return Unavailable(Note(FALLING.message, ends))
    if not fits:
        return None
    ahead = float(np.ceil(points["time"].iloc[-1])) + AHEAD
    waves = {survey.wave: survey for survey in study.survey}
    shown = [waves[wave] for wave in points["wave"] if wave in waves]
    return Spread(
        step=step,
        origin="published" if origin == "published" else "survey",
        points=points,
        fits=fits,
        comparison=compare_diffusion(fits | capped) if len(fits | capped) > 1 else None,
        ahead=ahead,
        expected={name: _expected(fit, ahead) for name, fit in fits.items()},
        caveats=tuple(survey.caveat for survey in shown if survey.caveat is not None),
        simulated=origin == "survey" and any(survey.simulated for survey in shown),
    )


def _published_points(study: Study, step: str, platform: str, published: PublishedFigures | None) -> pd.DataFrame:
    rows = []
    for point in () if published is None else published.series(study):
        if (point.platform, point.step) != (platform, step) or point.figure.fieldwork is None:
            continue
        figure, interval = point.figure, point.figure.interval(study.study.conf_level)
        known = isinstance(interval, Estimate)
        rows.append(
            {
                "wave": point.wave,
                "time": figure.fieldwork.year if figure.fieldwork else np.nan,
                "share": figure.value,
                "conf_low": interval.conf_low if known else np.nan,  # type: ignore[union-attr]
                "conf_high": interval.conf_high if known else np.nan,  # type: ignore[union-attr]
                "n": np.nan if figure.n is None else float(figure.n),
                "half_unit": figure.half_unit,
                "id": figure.id,
            }
        )
    return _by_time(rows)


def _survey_points(study: Study, step: str, platform: str, funnel: Funnel | None) -> pd.DataFrame:
    """Give the study's own estimates, each as of the simple sample that would be as precise."""
    surveys: dict[str, Survey] = {survey.wave: survey for survey in study.survey}
    rows = []
    found = [] if funnel is None else funnel_rows(funnel, platform=platform, group="", measure="cumulative")
    for row in found:
        when, share, error = wave_fieldwork(surveys[row.wave]), row.estimate.estimate, row.estimate.std_error
        if row.step == step and when is not None and 0 < share < 1 and error > 0:
            rows.append(
                {
                    "wave": row.wave,
                    "time": when.year,
                    "share": share,
                    "conf_low": row.estimate.conf_low,
                    "conf_high": row.estimate.conf_high,
                    "n": share * (1 - share) / error**2,
                    "half_unit": 0.0,
                    "id": row.id,
                }
            )
    return _by_time(rows)


def _by_time(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = ["wave", "time", "share", "conf_low", "conf_high", "n", "half_unit", "id"]
    return pd.DataFrame(rows, columns=columns).sort_values("time", kind="stable", ignore_index=True)


def _fits(
    points: pd.DataFrame, launch: float | None, conf_level: float
) -> tuple[dict[str, DiffusionResult], dict[str, DiffusionResult]]:
    """Fit each model with its ceiling estimated, and up to everybody; those that cannot be fitted are left out."""
    models: list[DiffusionModel] = ["logistic"]
    if launch is not None and launch < points["time"].iloc[0]:
        models.append("bass")
    fits: dict[str, DiffusionResult] = {}
    capped: dict[str, DiffusionResult] = {}
    for model in models:
        for ceiling, into, name in ((None, fits, model), (1.0, capped, f"{model}, everybody")):
            try:
                into[name] = fit_diffusion(
                    points["time"].to_numpy(float),
                    points["share"].to_numpy(float),
                    n=points["n"].to_numpy(float),
                    half_unit=float(points["half_unit"].max()),
                    model=model,
                    ceiling=ceiling,
                    launch=launch,
                    conf_level=conf_level,
                )
            except NotRisingError:
                raise
            except EstimateError:
                continue
    return fits, capped


def _expected(fit: DiffusionResult, year: float) -> tuple[Estimate, Estimate]:
    by_delta, by_bootstrap = fit.curve([year]).iloc[0], fit.bootstrap([year], replicates=REPLICATES).iloc[0]
    told = [
        Estimate(
            estimate=float(band["share"]),
            std_error=float("nan"),
            conf_low=float(band["conf_low"]),
            conf_high=float(band["conf_high"]),
            conf_level=fit.conf_level,
            n=len(fit.times),
            method=method,
        )
        for band, method in ((by_delta, "delta method, on the logit"), (by_bootstrap, "parametric bootstrap"))
    ]
    return told[0], told[1]


def _reach(study: Study, staying: StayingResults | None, published: PublishedFigures | None) -> ReachResults | None:
    pairs = _pairs(study, published)
    statement = next((pair for pair in pairs if pair.ceiling and pair.retention is not None), None)
    flows, newcomers, everybody = _of_log(study, staying)
    if not pairs and flows is None:
        return None
    return ReachResults(
        published=pairs,
        statement=statement,
        needed=()
        if statement is None or statement.retention is None
        else tuple(
            (
                reach,
                inflow_needed(reach, _estimate(statement.retention)),
                return_needed(reach, _estimate(statement.retention)),
            )
            for reach in REACHES
        ),
        flows=flows,
        newcomers=newcomers,
        everybody=everybody,
        decay=_decay(statement, staying),
        old_cohorts=_old_cohorts(study, published),
    )


def _pairs(study: Study, published: PublishedFigures | None) -> tuple[PublishedReach, ...]:
    if study.published is None or published is None:
        return ()
    return tuple(
        PublishedReach(
            label=pair.label,
            reach=published[pair.reach],
            retention=None if pair.retention is None else published[pair.retention],
            at_most=pair.at_most,
            ceiling=pair.ceiling,
        )
        for pair in study.published.reach
    )


def _old_cohorts(study: Study, published: PublishedFigures | None) -> tuple[PublishedFigure, ...]:
    if study.published is None or published is None:
        return ()
    return tuple(published[identifier] for identifier in study.published.old_cohorts if identifier in published)


def _estimate(figure: PublishedFigure) -> Estimate:
    """Give a published share with the interval of its rounding, and of its sampling where that is known."""
    found = figure.interval()
    if isinstance(found, Estimate):
        return found
    return Estimate(
        estimate=figure.value,
        std_error=float("nan"),
        conf_low=max(figure.value - figure.half_unit, 0.0),
        conf_high=min(figure.value + figure.half_unit, 1.0),
        method="rounding",
        notes=(found.reason,),
    )


def _of_log(
    study: Study, staying: StayingResults | None
) -> tuple[MonthlyFlows | None, ReachCeiling | None, ReachCeiling | None]:
    universe, coverage = _universe(study), None if study.usage is None else study.usage.coverage
    if staying is None or staying.activity is None or universe is None or coverage is None:
        return None, None, None
    # One person may hold several accounts: reach is of people.
    share = min(1.0, coverage.share_of_all * coverage.accounts_per_person)
    lifecycle = staying.activity.lifecycle
    if isinstance(lifecycle, Unavailable):
        return None, None, None
    flows = measure_flows(lifecycle, universe=universe, share_of_all=share)
    if isinstance(flows, Unavailable) or flows.retention.estimate >= 1:
        return None, None, None
    first = staying.curve.at(MONTH)
    model = staying.projection.model if isinstance(staying.projection, RetentionProjection) else None
    newcomers = (
        None
        if isinstance(first, Unavailable) or first.estimate >= 1
        else reach_ceiling(first, flows.newcomers, mixture=model, horizon=LONG_RUN)
    )
    everybody = reach_ceiling(flows.retention, flows.inflow, returning=flows.returning)
    return flows, newcomers, everybody


def _universe(study: Study) -> float | None:
    """Size of the population of the last survey that names one."""
    named: Sequence[str] = [survey.population for survey in study.survey if survey.population is not None]
    return float(study.population[named[-1]].size) if named else None


def _decay(statement: PublishedReach | None, staying: StayingResults | None) -> tuple[Decay, ...]:
    if staying is None or staying.curve.time_unit != "days":
        return ()
    first = staying.curve.at(MONTH)
    claimed = None if statement is None or statement.retention is None else _estimate(statement.retention)
    found = []
    for months in MONTHS_SHOWN:
        seen = staying.curve.at(MONTH * months)
        if isinstance(first, Unavailable) or isinstance(seen, Unavailable) or first.estimate >= 1:
            break
        found.append(
            Decay(
                months=months,
                claimed=None if claimed is None else constant_retention(claimed, months),
                constant=constant_retention(first, months),
                seen=seen,
            )
        )
    return tuple(found)
