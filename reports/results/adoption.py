"""What joining the steps says: from hearing to staying, by wave, group, country and platform, and in people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from churn.adoption.decomposition import Decomposition, SteadyRun, decompose, steady_run
from churn.adoption.joint import ASSUMED, INDEPENDENT, LOG, ONE_PERSON, JointFunnel, join_funnel, join_steps
from churn.adoption.measures import StayingMeasures, compare_measures, join_recall
from churn.adoption.populations import PeopleCounts, count_people
from churn.adoption.published_funnels import published_funnel
from churn.adoption.recent import stayed_of_recent
from churn.design_based.recall import TOO_FEW, RecallCurve, read_recall_levels
from churn.tenures.rules import DropoutRule
from reports.results.lookup import joined_platform
from reports.results.staying import StayingResults
from surveys.core.errors import EstimateError, SpecError, StudyError, did_you_mean
from surveys.core.results import Estimate, Note, Unavailable
from surveys.funnel.funnel import Funnel
from surveys.published.figures import PublishedFigures
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.published import PublishedFunnel
from surveys.study.schema import Study, Survey

NOW_HOLDERS = Note(
    "sign-up is of those who hold an account now: whoever left is not among them, so that the product is a lower bound "
    "of those who signed up and stayed"
)
NOT_SOME = Note("some step is taken by nobody or by everybody, or is not asked of them")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrintedFunnel:
    """A funnel that others printed, and which of the study's tables names it."""

    spec: PublishedFunnel
    funnel: JointFunnel | Unavailable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JoinedLevel:
    """One level of a group joined, and whether staying is that of its own accounts or of all."""

    group: str
    level: str
    funnel: JointFunnel | Unavailable
    own_curve: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two funnels whose difference is taken apart; `first` and `second` name those that others printed."""

    decomposition: Decomposition
    first: PublishedFunnel | None = None
    second: PublishedFunnel | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdoptionResults:
    """
    The steps joined, compared and counted in people.

    Attributes
    ----------
    waves : tuple of JointFunnel
        Of the main platform, one for each wave that asked about it: by people's own staying, where the wave asked
        when they left, and by that of accounts in the log elsewhere.
    by_log : tuple of JointFunnel
        The same by the log alone, for every wave; empty without a log of the platform.
    measures : StayingMeasures or None
        The last wave by both; None where it has one.
    levels : tuple of JoinedLevel
        The same in the last of them, for each level of each group.
    printed : tuple of PrintedFunnel
        Figures that others printed, joined; in the order of the study.
    people : dict of str to PeopleCounts
        Those who signed up, and who stayed, in the last wave, on each denominator.
    comparisons : tuple of Comparison
        The first wave and the last in which some people, but not all, take each step, then the pairs that the study
        names.
    recent : JointFunnel, Unavailable or None
        The last wave, with staying of the accounts that signed up in the year up to it; None without a log.
    steady : SteadyRun or None
        For how long sign-up per aware person stayed as it was at first, in the waves.
    steady_printed : dict of str to SteadyRun
        The same, by series of printed funnels.
    """

    waves: tuple[JointFunnel, ...]
    by_log: tuple[JointFunnel, ...]
    measures: StayingMeasures | None
    levels: tuple[JoinedLevel, ...]
    printed: tuple[PrintedFunnel, ...]
    people: dict[str, PeopleCounts]
    comparisons: tuple[Comparison, ...]
    recent: JointFunnel | Unavailable | None
    steady: SteadyRun | None
    steady_printed: dict[str, SteadyRun]


def compute_adoption(
    study: Study,
    funnel: Funnel | None,
    staying: StayingResults | None,
    published: PublishedFigures | None,
    recalls: Sequence[RecallCurve] = (),
) -> AdoptionResults | None:
    """
    Join what surveys, publications and the log say.

    Parameters
    ----------
    study : Study
        What to report on.
    funnel : Funnel or None
        From surveys.
    staying : StayingResults or None
        From usage.
    published : PublishedFigures or None
        Figures that others printed.
    recalls : sequence of RecallCurve
        When people say they left the main platform, by wave.

    Returns
    -------
    AdoptionResults or None
        None where there is nothing to join.

    Raises
    ------
    StudyError
        If the study names a figure or a funnel that is not there.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> adoption = example_results().adoption
    >>> adoption.comparisons[0].decomposition.steps
    ('aware', 'signup')
    """
    by_log = tuple(_by_log(study, funnel, staying))
    recalled = tuple(_by_recall(study, funnel, recalls))
    waves = _one_per_wave(study, (*recalled, *by_log))
    printed = tuple(_printed(study, staying, published))
    if not waves and not printed:
        return None
    last = waves[-1] if waves else None
    series: dict[str, list[JointFunnel]] = {}
    for each in printed:
        if each.spec.series and isinstance(each.funnel, JointFunnel):
            series.setdefault(each.spec.series, []).append(each.funnel)
    runs = {name: steady_run(line) for name, line in series.items() if len(line) > 1}
    return AdoptionResults(
        waves=waves,
        by_log=by_log,
        measures=None if last is None else _measures(last, by_log),
        levels=() if last is None else tuple(_levels(study, funnel, staying, last)),
        printed=printed,
        people={} if last is None else _people(study, last),
        comparisons=tuple(_comparisons(study, _of_one_measure(waves, by_log), printed)),
        recent=None if last is None else _recent(study, funnel, staying, last),
        steady=steady_run(waves) if len(waves) > 1 else None,
        steady_printed={name: run for name, run in runs.items() if run is not None},
    )


def _by_log(study: Study, funnel: Funnel | None, staying: StayingResults | None) -> Iterator[JointFunnel]:
    """Join survey and log for every wave in which somebody has heard of the service."""
    stayed = _stayed(study, staying)
    platform = joined_platform(study)
    if funnel is None or staying is None or stayed is None or study.usage is None or study.usage.platform != platform:
        return
    for survey in study.survey:
        if _asks(survey, platform) and funnel.at(survey.wave, platform, "aware").estimate > 0:
            joined = join_funnel(funnel, staying.curve, platform=platform, wave=survey.wave, horizon=_horizon(study))
            signup = survey.platform[platform].signup
            holders = signup is not None and signup.means == "now"
            yield replace(joined, notes=(*joined.notes, NOW_HOLDERS)) if holders else joined


def _by_recall(study: Study, funnel: Funnel | None, recalls: Sequence[RecallCurve]) -> Iterator[JointFunnel]:
    """Join what people say of all steps, for every wave whose bands end at the horizon."""
    asked = {survey.wave for survey in study.survey if _asks(survey, joined_platform(study))}
    for recall in recalls:
        if funnel is not None and recall.wave in asked:
            joined = _recalled(funnel, recall, _days(study))
            if isinstance(joined, JointFunnel):
                yield joined


def _recalled(funnel: Funnel, recall: RecallCurve, days: float) -> JointFunnel | Unavailable:
    try:
        return join_recall(funnel, recall, horizon=days)
    except SpecError:
        return Unavailable(NOT_SOME)
    except EstimateError:
        return Unavailable(TOO_FEW)


def _one_per_wave(study: Study, funnels: Sequence[JointFunnel]) -> tuple[JointFunnel, ...]:
    """Keep the first funnel of each wave, in the order of the study."""
    first: dict[str, JointFunnel] = {}
    for each in funnels:
        first.setdefault(each.wave, each)
    return tuple(first[survey.wave] for survey in study.survey if survey.wave in first)


def _measures(last: JointFunnel, by_log: Sequence[JointFunnel]) -> StayingMeasures | None:
    others = [each for each in by_log if each.wave == last.wave and each.staying != last.staying]
    return compare_measures([last, *others]) if others and last.horizon == others[0].horizon else None


def _of_one_measure(waves: tuple[JointFunnel, ...], by_log: tuple[JointFunnel, ...]) -> tuple[JointFunnel, ...]:
    """Give waves that may be compared, since a change of measure is no change of staying."""
    if not waves or waves[0].staying == waves[-1].staying:
        return waves
    return by_log if len(by_log) > 1 else tuple(each for each in waves if each.staying == waves[-1].staying)


def _levels(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, last: JointFunnel
) -> Iterator[JoinedLevel]:
    """Join the last wave for each level of each group by the measure of the whole."""
    assert funnel is not None
    if last.staying == "recall":
        levels = read_recall_levels(study, last.wave, last.platform)
        for (group, level), recall in levels.items():
            joined = recall if isinstance(recall, Unavailable) else _recalled(funnel, recall, last.horizon)
            yield JoinedLevel(group=group, level=level, funnel=joined, own_curve=True)
        return
    assert staying is not None
    yield from _levels_by_log(study, funnel, staying, last.wave)


def _levels_by_log(study: Study, funnel: Funnel, staying: StayingResults, wave: str) -> Iterator[JoinedLevel]:
    """Join levels with the curve of their own accounts where the log tells them apart."""
    platform, horizon = joined_platform(study), _horizon(study)
    rows = funnel.to_frame().query("wave == @wave and platform == @platform and group != '' and step == 'signup'")
    curves = {(found.name, level): curve for found in staying.groups for level, curve in found.curves.items()}
    for group, level in dict.fromkeys(zip(rows["group"], rows["level"], strict=True)):
        own = curves.get((group, level))
        stayed = (staying.curve if own is None else own).at(horizon)
        joined: JointFunnel | Unavailable = Unavailable(NOT_SOME)
        if isinstance(stayed, Estimate):
            with suppress(SpecError):
                joined = join_steps(
                    funnel,
                    stayed,
                    platform=platform,
                    wave=wave,
                    group=group,
                    level=level,
                    horizon=horizon,
                    source=LOG if own is None else f"{LOG}, {group} {level}",
                    notes=ASSUMED if own is None else (INDEPENDENT, ONE_PERSON),
                )
        yield JoinedLevel(group=group, level=level, funnel=joined, own_curve=own is not None)


def _recent(
    study: Study, funnel: Funnel | None, staying: StayingResults | None, last: JointFunnel
) -> JointFunnel | Unavailable | None:
    """Join the last wave with staying of recent accounts only, where the log and the date of the wave allow it."""
    survey = next(survey for survey in study.survey if survey.wave == last.wave)
    when = wave_fieldwork(survey)
    if funnel is None or staying is None or staying.activity is None or study.usage is None or when is None:
        return None
    if study.usage.platform != last.platform:
        return None
    stayed = stayed_of_recent(
        staying.activity.log,
        DropoutRule.of(study.usage.dropout),
        when.last,
        horizon=_horizon(study),
        conf_level=study.study.conf_level,
    )
    if isinstance(stayed, Unavailable) or not _some(stayed):
        return stayed if isinstance(stayed, Unavailable) else None
    return join_steps(
        funnel,
        stayed,
        platform=last.platform,
        wave=last.wave,
        horizon=_horizon(study),
        source="log, recent accounts",
        notes=(INDEPENDENT, ONE_PERSON),
    )


def _printed(
    study: Study, staying: StayingResults | None, published: PublishedFigures | None
) -> Iterator[PrintedFunnel]:
    if study.published is None or published is None:
        return
    for spec in study.published.funnel:
        joined = published_funnel(
            spec,
            published,
            stayed=_stayed(study, staying),
            horizon=_horizon(study),
            conf_level=study.study.conf_level,
        )
        yield PrintedFunnel(spec=spec, funnel=joined)


def _people(study: Study, last: JointFunnel) -> dict[str, PeopleCounts]:
    survey = next(survey for survey in study.survey if survey.wave == last.wave)
    names = [name for name in (survey.population, *survey.denominators) if name is not None]
    unknown = [name for name in names if name not in study.population]
    if unknown:
        raise StudyError.at(
            f"study.toml, [[survey]] '{survey.wave}', denominators",
            f"no population is called '{unknown[0]}'",
            did_you_mean(unknown[0], study.population, "Name one of [population]"),
        )
    if not names:
        return {}
    sizes = {name: study.population[name] for name in names}
    return {step: count_people(last.cumulative[step], sizes) for step in last.steps}


def _comparisons(
    study: Study, waves: tuple[JointFunnel, ...], printed: tuple[PrintedFunnel, ...]
) -> Iterator[Comparison]:
    taken = [wave for wave in waves if not wave.has_edge]
    if len(taken) > 1:
        yield Comparison(decomposition=decompose(taken[0], taken[-1]))
    known = {each.spec.id: each for each in printed}
    for pair in () if study.published is None else study.published.compare:
        for name in pair:
            if name not in known:
                raise StudyError.at(
                    "study.toml, [published] compare",
                    f"no [[published.funnel]] is called '{name}'",
                    did_you_mean(name, known, "Name one of them"),
                )
        first, second = (known[name] for name in pair)
        if isinstance(first.funnel, JointFunnel) and isinstance(second.funnel, JointFunnel):
            yield Comparison(decomposition=decompose(first.funnel, second.funnel), first=first.spec, second=second.spec)


def _stayed(study: Study, staying: StayingResults | None) -> Estimate | None:
    if staying is None or study.usage is None or study.usage.platform is None:
        return None
    stayed = staying.curve.at(_horizon(study))
    return stayed if isinstance(stayed, Estimate) and _some(stayed) else None


def _horizon(study: Study) -> float:
    return 30.0 if study.usage is None else float(study.usage.horizon)


def _days(study: Study) -> float:
    """Give the horizon in days, as answers about leaving are: weeks of 7 and months of 30."""
    unit = "days" if study.usage is None else study.usage.tenure_unit or "days"
    return _horizon(study) * {"days": 1.0, "weeks": 7.0, "months": 30.0, "years": 365.0}[unit]


def _asks(survey: Survey, platform: str) -> bool:
    return platform in survey.platform and {"aware", "signup"} <= survey.platform[platform].steps().keys()


def _some(share: Estimate) -> bool:
    """Tell whether a share is neither of nobody nor of everybody, so that its linearised error means something."""
    return 0 < share.estimate < 1
