"""The funnel of each platform: who has heard of it, signed up, uses it, and has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, StudyError, did_you_mean
from surveys.core.results import Estimate, Note, NoteValue
from surveys.data.groups import Levels, name_wave
from surveys.estimates.contrasts import Contrast, add_independent
from surveys.estimates.influence import Product
from surveys.estimates.means import Estimates, combine
from surveys.funnel.shares import LevelShares, groupings
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer
from surveys.study.schema import STEPS, Platform, Recall, Step, Study, Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Measure = Literal["cumulative", "conversion"]
Key = tuple[str, ...]

KEY = ("wave", "platform", "group", "level", "step", "measure")
BEFORE: dict[Step, tuple[Step, ...]] = {
    "aware": (),
    "signup": ("aware",),
    "active": ("signup", "aware"),
    "lapsed": ("signup", "aware"),
}
CONTRADICTION = Note("respondents of wave {wave} who say yes to '{step}' of {platform} but no to '{before}': {n}")
NOBODY = Note("estimates of wave {wave} that cannot be had, nobody being counted in them: {n}")
NO_INTERVAL = Note(
    "estimates of wave {wave} without an interval, their respondents lying in one sampling unit of each stratum: {n}"
)
ASKED_ONLY = Note("'{step}' of {platform} in wave {wave} is a share of those who were asked")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Funnel:
    """
    Shares of each step, by platform, wave and group.

    Attributes
    ----------
    rows : DataFrame
        One row per estimate, as `to_frame` gives them.
    estimates : mapping of str to Estimates
        The same by wave; all of a wave share one covariance.
    conf_level : float
        Of every interval.
    notes : tuple of Note
        Answers that contradict each other, and caveats of the samples.

    Notes
    -----
    `cumulative` is the share of the base that reached a step. `conversion` is the share of those who
    reached the step before that is asked about: sign-up of the aware; active, and lapsed, of those who
    signed up. Its numerator counts those who say yes to both, so that steps nest. A step that only
    those who reached the step before were asked, the others being left out (`not_asked = "missing"`),
    has their product as its cumulative share: answers of some must not pass for answers of all.
    """

    rows: pd.DataFrame = field(repr=False)
    estimates: Mapping[str, Estimates] = field(repr=False)
    conf_level: float
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per wave, platform, group, level, step and measure.

        Returns
        -------
        DataFrame
            Columns wave, date, platform, group, level, step, measure, estimate, std_error, conf_low,
            conf_high, df, n, population, population_low, population_high, simulated. `group` and
            `level` are empty for everybody. Shares are between 0 and 1; the population columns are in
            people, and NaN for conversions and where the survey names no population.
        """
        return self.rows.copy()

    def at(
        self, wave: str, platform: str, step: str, measure: str = "cumulative", *, group: str = "", level: str = ""
    ) -> Estimate:
        """
        Give one of the shares.

        Parameters
        ----------
        wave, platform, step, measure, group, level : str
            As in `to_frame`.

        Returns
        -------
        Estimate

        Raises
        ------
        SpecError
            If there is no such estimate.
        """
        return self._of(wave).at((platform, group, level, step, measure))

    def contrast(self, weights: Mapping[Key, float]) -> Contrast:
        """
        Estimate a weighted sum of shares, such as the difference of two waves or groups.

        Parameters
        ----------
        weights : mapping of tuple to float
            Keys (wave, platform, step, measure) or (wave, platform, step, measure, group, level).

        Returns
        -------
        Contrast
            Within a wave with its covariance; waves are independent samples, and their degrees of
            freedom are joined by Welch and Satterthwaite's formula.

        Raises
        ------
        SpecError
            If a key names no estimate.

        Examples
        --------
        >>> from reports.examples import open_example
        >>> funnel = estimate_funnel(open_example("twitter_france"))
        >>> change = funnel.contrast({
        ...     ("2009-11", "twitter", "aware", "cumulative"): 1, ("2009-06", "twitter", "aware", "cumulative"): -1})
        >>> change.estimate > 0.25 and change.p_value < 0.001
        True
        """
        by_wave: dict[str, dict[Key, float]] = {}
        for key, weight in weights.items():
            wave, platform, step, measure, group, level = (*key, "", "") if len(key) == 4 else key
            by_wave.setdefault(wave, {})[(platform, group, level, step, measure)] = weight
        parts = [self._of(wave).contrast(inside) for wave, inside in by_wave.items()]
        return parts[0] if len(parts) == 1 else add_independent(parts, conf_level=self.conf_level)

    def summary(self) -> str:
        """Say the share of everybody that reached each step, a line for each platform and step."""
        everybody = self.rows[(self.rows["group"] == "") & (self.rows["measure"] == "cumulative")]
        keys = zip(everybody["wave"], everybody["platform"], everybody["step"], strict=True)
        return "\n".join(
            f"{wave}, {platform}, {step}: {self.at(wave, platform, step).summary()}" for wave, platform, step in keys
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw the share of everybody that reached each step, waves from left to right."""
        everybody = self.rows[(self.rows["group"] == "") & (self.rows["measure"] == "cumulative")]
        place = {wave: i for i, wave in enumerate(dict.fromkeys(self.rows["wave"]))}
        for (platform, step), line in everybody.groupby(["platform", "step"], sort=False):
            x = line["wave"].map(place).to_numpy(float)
            (drawn,) = ax.plot(x, line["estimate"], "o-", label=f"{platform}, {step}")
            ax.vlines(x, line["conf_low"], line["conf_high"], color=drawn.get_color())
        return ax

    def _of(self, wave: str) -> Estimates:
        if wave not in self.estimates:
            known = list(self.estimates)
            mend = did_you_mean(wave, known, f"Waves here: {', '.join(known) or 'none'}")
            raise SpecError.at(f"wave '{wave}'", "the funnel has no such wave", mend)
        return self.estimates[wave]


def estimate_funnel(study: Study) -> Funnel:
    """
    Estimate the funnel of every platform, wave and group of a study.

    Parameters
    ----------
    study : Study
        With at least one survey that asks about a platform.

    Returns
    -------
    Funnel

    Raises
    ------
    StudyError
        With every problem of every survey, as `read_sample`; if no survey asks about a platform; if
        two surveys ask about one platform in one wave.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> funnel = estimate_funnel(open_example("twitter_france"))
    >>> print(funnel.at("2009-06", "twitter", "aware").summary())
    29.5% [26.3%, 33.0%], n = 1,007
    """
    asked = [spec for spec in study.survey if spec.platform]
    if not asked:
        raise StudyError.at(
            "study.toml", "no survey asks about a platform", "Add [survey.platform.NAME] with the items of its steps"
        )
    _check_waves(asked)
    problems: list[Problem] = []
    samples = []
    for spec in asked:
        try:
            samples.append(read_sample(study, spec))
            population_size(study, spec)
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError(*problems)
    estimates: dict[str, Estimates] = {}
    notes: list[Note] = []
    frames = []
    for sample in samples:
        found, told = estimate_wave(sample, study.study.conf_level)
        estimates[sample.spec.wave] = found
        told_of = (*sample.told_of("platform"), *sample.told_of("group"))
        notes += [
            *sample.about,
            *(name_wave(told_of, sample.spec.wave) if len(samples) > 1 else told_of),
            *told,
            *_without(found, sample.spec.wave),
        ]
        frames.append(_rows(sample.spec, found, population_size(study, sample.spec)))
    kept = {str(note): note for note in notes}
    return Funnel(
        rows=pd.concat(frames, ignore_index=True),
        estimates=estimates,
        conf_level=study.study.conf_level,
        notes=tuple(kept.values()),
    )


def asks_about_steps(study: Study) -> bool:
    """
    Tell whether a funnel is to be had: a survey asks about a platform, or nothing else of a survey is asked for.

    Parameters
    ----------
    study : Study
        Shares and banner tables alone are a study without a funnel; a survey without any of the three is none.

    Returns
    -------
    bool

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> asks_about_steps(study)
    True
    >>> bare = [survey.model_copy(update={"platform": {}}) for survey in study.survey]
    >>> asks_about_steps(study.model_copy(update={"survey": tuple(bare)}))
    False
    """
    if any(survey.platform for survey in study.survey):
        return True
    return bool(study.survey) and not study.table and not any(survey.share for survey in study.survey)


def population_size(study: Study, spec: Survey) -> float:
    """
    Give the number of people that a survey's base stands for.

    Parameters
    ----------
    study : Study
    spec : Survey

    Returns
    -------
    float
        NaN where the survey names no population.

    Raises
    ------
    StudyError
        If it names one that the study does not have.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> population_size(study, study.survey[0])
    31500000.0
    """
    if spec.population is None:
        return float("nan")
    if spec.population not in study.population:
        known = list(study.population)
        mend = did_you_mean(spec.population, known, f"Add [population.{spec.population}]")
        raise StudyError.at(
            f"study.toml, survey '{spec.wave}'", f"population '{spec.population}' is not described", mend
        )
    return study.population[spec.population].size


def _check_waves(asked: list[Survey]) -> None:
    waves = [spec.wave for spec in asked]
    twice = [wave for wave in dict.fromkeys(waves) if waves.count(wave) > 1]
    if twice:
        raise StudyError.at("study.toml", f"several surveys have wave '{twice[0]}'", "Give each its own name")


def estimate_wave(sample: Sample, conf_level: float) -> tuple[Estimates, list[Note]]:
    """
    Estimate the funnel of every platform and group of one wave.

    Parameters
    ----------
    sample : Sample
        The wave.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    estimates : Estimates
        Index: platform, group, level, step, measure; all share one covariance.
    notes : list of Note
        Answers that contradict each other, and shares of those asked only.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> estimates, _ = estimate_wave(read_sample(study, study.survey[2]), 0.95)
    >>> print(estimates.at(("twitter", "", "", "aware", "cumulative")).summary())
    29.5% [26.3%, 33.0%], n = 1,007
    """
    parts: dict[Key, Estimates] = {}
    notes: list[Note] = []
    grouped = groupings(sample)
    for name, platform in sample.spec.platform.items():
        answers = {step: sample.indicator(answer) for step, answer in _questions(platform).items()}
        notes += _contradictions(answers, name, sample.spec.wave) + _asked_only(platform, name, sample.spec.wave)
        for group, levels in grouped.items():
            for (step, measure), share in _shares(answers, platform, levels).items():
                parts[name, group, step, measure] = share.estimate(sample, conf_level)
    joined = combine(*parts.values(), keys=list(parts), names=["platform", "group", "step", "measure"])
    ordered = [(*key[:2], key[4], *key[2:4]) for key in joined.index]
    return replace(joined, index=pd.MultiIndex.from_tuples(ordered, names=KEY[1:])), notes


def step_shares(sample: Sample, platform: str, levels: Levels | None) -> dict[tuple[Step, Measure], LevelShares]:
    """
    Give the shares of a platform's steps by level of a group, not yet estimated.

    Parameters
    ----------
    sample : Sample
        A wave that asks about the platform.
    platform : str
        Its name.
    levels : Levels or None
        None for everybody.

    Returns
    -------
    dict of (step, measure) to LevelShares
        In the order of the funnel, as `estimate_funnel` estimates them.

    Raises
    ------
    StudyError
        As `Sample.indicator`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> wave = read_sample(study, study.survey[2])
    >>> list(step_shares(wave, "twitter", None))
    [('aware', 'cumulative'), ('signup', 'cumulative'), ('signup', 'conversion')]
    """
    asked = sample.spec.platform[platform]
    answers = {step: sample.indicator(answer) for step, answer in _questions(asked).items()}
    return _shares(answers, asked, levels)


def _questions(platform: Platform) -> dict[Step, Answer | Recall]:
    """Give the question behind each step; leaving may be asked in bands of time."""
    asked: dict[Step, Answer | Recall] = dict(platform.steps())
    if platform.left is not None and "lapsed" not in asked:
        asked["lapsed"] = platform.left
    return asked


def _before(step: Step, asked: Mapping[Step, object]) -> Step | None:
    return next((earlier for earlier in BEFORE[step] if earlier in asked), None)


def _shares(
    answers: dict[Step, Floats], platform: Platform, levels: Levels | None
) -> dict[tuple[Step, Measure], LevelShares]:
    shares: dict[tuple[Step, Measure], LevelShares] = {}
    questions = _questions(platform)
    for step in STEPS:
        if step not in answers:
            continue
        yes, before = answers[step], _before(step, answers)
        everybody = np.ones(len(yes), bool)
        if before is not None:
            shares[step, "conversion"] = LevelShares.of(yes, answers[before] == 1, levels)
        if before is not None and questions[step].not_asked == "missing":
            reached, onward = shares[before, "cumulative"], shares[step, "conversion"]
            product = Product(reached.statistic, onward.statistic)
            shares[step, "cumulative"] = LevelShares(product, reached.counted, reached.index)
        else:
            shares[step, "cumulative"] = LevelShares.of(yes, everybody, levels)
    return {(step, measure): shares[step, measure] for step, measure in sorted(shares, key=_in_order)}


def _in_order(key: tuple[Step, Measure]) -> tuple[int, bool]:
    return STEPS.index(key[0]), key[1] == "conversion"


def _contradictions(answers: dict[Step, Floats], platform: str, wave: str) -> list[Note]:
    notes = []
    for step, yes in answers.items():
        before = _before(step, answers)
        n = 0 if before is None else int(((yes == 1) & (answers[before] == 0)).sum())
        if n and before is not None:
            told: dict[str, NoteValue] = {"n": n, "wave": wave, "platform": platform, "step": step, "before": before}
            notes.append(Note(CONTRADICTION.message, told))
    return notes


def _asked_only(platform: Platform, name: str, wave: str) -> list[Note]:
    asked = _questions(platform)
    return [
        Note(ASKED_ONLY.message, {"step": step, "platform": name, "wave": wave})
        for step, question in asked.items()
        if question.not_asked == "missing" and _before(step, asked) is None
    ]


def _without(found: Estimates, wave: str) -> list[Note]:
    """Count the estimates that have no interval, or are not there at all."""
    empty = int((found.n == 0).sum())
    single = int(((found.df < 1) & (found.n > 0)).sum())
    notes = [Note(NOBODY.message, {"wave": wave, "n": empty})] if empty else []
    return notes + ([Note(NO_INTERVAL.message, {"wave": wave, "n": single})] if single else [])


def _rows(spec: Survey, found: Estimates, size: float) -> pd.DataFrame:
    frame = found.to_frame()
    people = np.where(frame["measure"] == "cumulative", size, np.nan)
    columns = {
        "wave": spec.wave,
        "date": spec.date,
        **{name: frame[name] for name in KEY[1:]},
        **{name: frame[name] for name in ("estimate", "std_error", "conf_low", "conf_high", "df", "n")},
        "population": frame["estimate"] * people,
        "population_low": frame["conf_low"] * people,
        "population_high": frame["conf_high"] * people,
        "simulated": spec.simulated,
    }
    return pd.DataFrame(columns)
