"""Finding one estimate among a study's results, with the identifier under which it is printed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surveys.core.results import Estimate, Note, absence
from surveys.data.groups import NO_LEVEL, NO_LEVEL_IN_WAVE
from surveys.funnel.funnel import Funnel
from surveys.study.schema import STEPS, Study, Survey

if TYPE_CHECKING:
    from churn.adoption.joint import JointFunnel
    from surveys.tables.disclosure import Disclosure

KEYS = ["wave", "platform", "group", "level", "step", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow:
    """One estimate of the funnel, and where it stands."""

    wave: str
    platform: str
    group: str
    level: str
    step: str
    measure: str
    estimate: Estimate
    simulated: bool

    @property
    def id(self) -> str:
        """Name in the ledger of printed numbers."""
        parts = ("funnel", self.wave, self.platform, self.group, self.level, self.step, self.measure)
        return ".".join(part for part in parts if part)


def funnel_rows(funnel: Funnel, **wanted: str) -> list[FunnelRow]:
    """
    List the estimates of the funnel that are numbers.

    `all_funnel_rows` lists those, too, that cannot be had, such as the share of a level that nobody is in.

    Parameters
    ----------
    funnel : Funnel
        The study's funnel.
    **wanted : str
        Values of `wave`, `platform`, `group`, `level`, `step` or `measure` to keep.

    Returns
    -------
    list of FunnelRow
        In the order of the funnel.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> funnel = estimate_funnel(open_example("twitter_france"))
    >>> rows = funnel_rows(funnel, wave="2012-10", group="", measure="cumulative")
    >>> [(row.platform, row.step) for row in rows][:2]
    [('twitter', 'aware'), ('twitter', 'signup')]
    """
    return [row for row in all_funnel_rows(funnel, **wanted) if absence(row.estimate) is None]


def all_funnel_rows(funnel: Funnel, **wanted: str) -> list[FunnelRow]:
    """
    List estimates of the funnel, those too that are no number.

    Parameters
    ----------
    funnel : Funnel
        The study's funnel.
    **wanted : str
        As for `funnel_rows`.

    Returns
    -------
    list of FunnelRow
        In the order of the funnel.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> len(all_funnel_rows(estimate_funnel(open_example("twitter_france")), wave="2007-10", group=""))
    3
    """
    frame = funnel.to_frame()
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    return [
        FunnelRow(
            **dict(zip(KEYS, map(str, key), strict=True)),
            estimate=funnel.at(wave, platform, step, measure, group=group, level=level),
            simulated=bool(simulated),
        )
        for *key, simulated in frame[[*KEYS, "simulated"]].itertuples(index=False)
        for wave, platform, group, level, step, measure in [key]
    ]


def steps_of_panels(rows: Iterable[FunnelRow]) -> tuple[str, ...]:
    """
    Choose the steps that a figure has panels for: awareness and sign-up, or else what was asked in their place.

    Parameters
    ----------
    rows : iterable of FunnelRow
        Those that could be drawn.

    Returns
    -------
    tuple of str
        Two steps at most, in the order of the funnel; empty where there is no row.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> steps_of_panels([SimpleNamespace(step="active"), SimpleNamespace(step="aware")]), steps_of_panels([])
    (('aware',), ())
    """
    there = {row.step for row in rows}
    first = tuple(step for step in STEPS[:2] if step in there)
    return first or tuple(step for step in STEPS[2:] if step in there)


def joint_id(joint: JointFunnel, step: str = "stayed") -> str:
    """
    Name a step of a joint funnel as a share of the base in the ledger of printed numbers.

    Parameters
    ----------
    joint : JointFunnel
        Of a wave, and of a level or of everybody.
    step : str
        `aware`, `signup` or `stayed`.

    Returns
    -------
    str
        Staying with its measure, `recall` or `log`: the two are different numbers.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> joint_id(example_results().joint[-1])
    'joint.2013-10.twitter.stayed.recall'
    """
    parts = ("joint", joint.wave, joint.platform, joint.group, joint.level, step)
    name = ".".join(part for part in parts if part)
    return f"{name}.{joint.staying}" if step == "stayed" else name


def kinds_of_columns(asked: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """
    Choose the step and measure of each column of a table of the funnel.

    Parameters
    ----------
    asked : collection of (str, str)
        Steps and measures that there are.

    Returns
    -------
    list of (str, str)
        Awareness of the base; sign-up of the base and of the aware; later steps of those who signed up, or of the base
        where the steps before were not asked.

    Examples
    --------
    >>> kinds_of_columns([("aware", "cumulative"), ("active", "cumulative"), ("active", "conversion")])
    [('aware', 'cumulative'), ('active', 'conversion')]
    >>> kinds_of_columns([("active", "cumulative")])
    [('active', 'cumulative')]
    """
    whole = [(step, "cumulative") for step in STEPS[:2]] + [("signup", "conversion")]
    later = [(step, "conversion") if (step, "conversion") in asked else (step, "cumulative") for step in STEPS[2:]]
    return [kind for kind in (*whole, *later) if kind in asked]


def main_platform(study: Study) -> str:
    """
    Name the platform that the report is about.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        Key of the platform: the one with `main = true`, or whose usage is known, or the only one asked about.
        Empty where a study asks about several and says nothing of the kind, or about none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> main_platform(study), main_platform(study.model_copy(update={"usage": None}))
    ('twitter', '')
    """
    declared = [name for survey in study.survey for name, platform in survey.platform.items() if platform.main]
    if declared:
        return declared[0]
    if study.usage is not None and study.usage.platform is not None:
        return study.usage.platform
    asked = list(dict.fromkeys(name for survey in study.survey for name in survey.platform))
    return asked[0] if len(asked) == 1 else ""


def subjects(study: Study) -> tuple[str, ...]:
    """
    Name the platforms that chapters are written about: the main one, or all of them alike.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of str
        Keys; empty where no survey asks about a platform.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> subjects(study), len(subjects(study.model_copy(update={"usage": None})))
    (('twitter',), 4)
    """
    main = main_platform(study)
    return (main,) if main else tuple(platforms(study))


def joined_platform(study: Study) -> str:
    """
    Name the platform whose steps can be joined with staying: the main one, if anything tells who stays.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        Key of the main platform where its log is known or people are asked when they left it; else of the one
        platform of which that is true, if there is one; else that of the main one, which may be empty.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> joined_platform(open_example("twitter_france").model_copy(update={"usage": None}))
    'twitter'
    """
    main = main_platform(study)
    known = dict.fromkeys(name for survey in study.survey for name, one in survey.platform.items() if one.left)
    if study.usage is not None and study.usage.platform is not None:
        known = {study.usage.platform: None} | known
        return main if main in known else study.usage.platform
    return next(iter(known)) if len(known) == 1 and main not in known else main


def log_platform(study: Study) -> str:
    """
    Name the platform that the log is of.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        Its key; that of the main platform where the log does not say; empty where there is none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> log_platform(open_example("twitter_france"))
    'twitter'
    """
    named = None if study.usage is None else study.usage.platform
    return main_platform(study) if named is None else named


def latest_wave(study: Study, platform: str) -> Survey | None:
    """
    Find the last wave that asked about a platform.

    Parameters
    ----------
    study : Study
        The study.
    platform : str
        Key of the platform; empty for any.

    Returns
    -------
    Survey or None
        None where no wave did.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> latest_wave(open_example("twitter_france"), "myspace").wave
    '2011-10'
    """
    return next(
        (
            survey
            for survey in reversed(study.survey)
            if platform in survey.platform or (not platform and survey.platform)
        ),
        None,
    )


def platforms(study: Study) -> Iterator[str]:
    """
    Name the platforms asked about, the main one first.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    str
        Keys, each once.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> list(platforms(open_example("twitter_france")))
    ['twitter', 'facebook', 'myspace', 'copains_davant']
    """
    named = [main_platform(study), *(platform for survey in study.survey for platform in survey.platform)]
    yield from (platform for platform in dict.fromkeys(named) if platform)


def respondents(disclosure: Disclosure | None, wave: str) -> int | None:
    """
    Count the respondents of a wave, whatever they answered.

    Parameters
    ----------
    disclosure : Disclosure or None
        Of the study.
    wave : str
        Name of the wave.

    Returns
    -------
    int or None
        None where the surveys were not disclosed.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> respondents(example_results().disclosure, "2009-06")
    1015
    """
    sizes = () if disclosure is None else disclosure.of("sample_size")
    return next((int(item.values["n"]) for item in sizes if item.wave == wave), None)


def in_no_level(funnel: Funnel, wave: str) -> tuple[Note, ...]:
    """
    Give the notes on respondents of a wave who stand in no level of a group.

    Parameters
    ----------
    funnel : Funnel
        Of the study.
    wave : str
        Name of the wave.

    Returns
    -------
    tuple of Note

    Examples
    --------
    >>> from reports.figures import example_results
    >>> in_no_level(example_results().funnel, "2013-10")
    ()
    """
    return tuple(
        note
        for note in funnel.notes
        if note.message == NO_LEVEL or (note.message == NO_LEVEL_IN_WAVE and note.values["wave"] == wave)
    )
