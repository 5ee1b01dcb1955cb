"""What a log knows of the people that a survey asks: how many signed up by then, and how many are still there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from churn.days.zones import day_date, day_number
from churn.tenures.rules import DropoutRule
from churn.usage.activity import Activity
from surveys.core.errors import SpecError, StudyError
from surveys.core.intervals import logit_limits, wilson_interval
from surveys.core.results import Estimate, Note
from surveys.funnel.funnel import Measure, population_size
from surveys.published.figure import PublishedFigure
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.schema import Step, Study, Survey
from surveys.study.usage import Coverage

PEOPLE_KNOWN = Note("an account is not a person; accounts counted for one person: {ratio}")
BEFORE_LOG = Note("wave {wave} was asked outside the window of the log")
TOO_MANY = Note("in wave {wave} the log counts more holders than there are people in the base")
TOO_LATE = Note(
    "wave {wave} was asked less than {gap} days before the end of the log: who was still there is not known"
)
TOO_LONG = Note("wave {wave} may have been asked on any of {days} days: what the log held then is not known")
MESSAGES = frozenset(note.message for note in (PEOPLE_KNOWN, BEFORE_LOG, TOO_MANY, TOO_LATE, TOO_LONG))
DISCREPANCY = 0.2
"""Relative standard error of a log as a measure of what a survey measures, where nothing is declared."""
LONGEST_FIELDWORK = 92
"""Days of a quarter: over longer ones the log grows too much for their middle to stand for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMargin:
    """
    A share of the funnel that is known from elsewhere than the survey.

    Attributes
    ----------
    wave, platform, step, measure : str
        Which share of the funnel it is, as in `Funnel.to_frame`.
    share, std_error : float
        Between 0 and 1, and its own error: 0 where it is known exactly.
    discrepancy : float
        How far it may be from what a survey of everybody would find, as a standard error relative to `share`: 0
        where it is known to count the very same people.
    n : int or None
        Accounts it was counted on.
    people : float
        Numerator, in people; NaN for a share of those who signed up.
    population : float
        People in the base; NaN for a share of those who signed up.
    day : date or None
        What it was counted on.
    source : str
        `log`, or the identifier of a published figure.
    """

    wave: str
    platform: str
    step: Step
    measure: Measure = "cumulative"
    share: float
    std_error: float = 0.0
    discrepancy: float = DISCREPANCY
    n: int | None = None
    people: float = math.nan
    population: float = math.nan
    day: date | None = None
    source: str = "log"

    def __post_init__(self) -> None:
        """Refuse what cannot be a share, or an error of one."""
        place = f"margin '{self.step}' of wave '{self.wave}'"
        if not 0 < self.share < 1:
            raise SpecError.at(
                place, f"got {self.share:g}, expected a share between 0 and 1", "Give counts over people"
            )
        if not (math.isfinite(self.std_error) and self.std_error >= 0):
            raise SpecError.at(place, f"got {self.std_error:g} for its error", "Give a standard error, 0 or more")
        if not (math.isfinite(self.discrepancy) and self.discrepancy >= 0):
            raise SpecError.at(place, f"got {self.discrepancy:g} for its discrepancy", "Give a share, 0 or more")

    def estimate(self, conf_level: float = 0.95) -> Estimate:
        """Give the margin as an estimate, its interval on the logit, from its own error and the normal distribution."""
        share, error, freedom = (np.array([x]) for x in (self.share, self.std_error, math.inf))
        low, high = logit_limits(share, error, freedom, conf_level)
        return Estimate(
            estimate=self.share,
            std_error=self.std_error,
            conf_low=float(low[0]),
            conf_high=float(high[0]),
            conf_level=conf_level,
            n=self.n,
            method="count of accounts",
        )


def count_log_margins(study: Study, activity: Activity) -> tuple[tuple[LogMargin, ...], tuple[Note, ...]]:
    r"""
    Count, for each wave, the accounts opened by then and those of them still there.

    Parameters
    ----------
    study : Study
        With `[usage.coverage]`, which says what an account of the log stands for.
    activity : Activity
        The log of `usage.platform`.

    Returns
    -------
    margins : tuple of LogMargin
        `signup` as a share of the base, for each wave that asks for it and names its population; and of
        those who signed up the share `lapsed`, or `active` where the wave asks for that.
    notes : tuple of Note
        What could not be counted, and why.

    Raises
    ------
    StudyError
        If the study does not say what an account of the log stands for, or of which platform it is.

    Notes
    -----
    The day is the middle of the fieldwork. With m accounts in a log that holds the share f of all
    accounts, drawn at random, there are :math:`m/f` of them, with variance :math:`m(1-f)/f^2`. Accounts first
    seen in the opening window are among those that `opened_before` counts, where it is given. Who was
    still there is told by hindsight: the account showed something on that day or later. It is known
    for days that lie at least one gap before the end of the log.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> margins, _ = count_log_margins(study, read_activity(study))
    >>> [(margin.wave, margin.step) for margin in margins][:2]
    [('2009-06', 'signup'), ('2009-11', 'signup')]
    """
    usage = study.usage
    if usage is None or usage.coverage is None or usage.platform is None:
        what = "nothing says what an account of the log stands for"
        raise StudyError.at("study.toml, usage", what, "Add platform, and [usage.coverage] with share_of_all")
    margins: list[LogMargin] = []
    notes: list[Note] = []
    for survey in study.survey:
        if usage.platform in survey.platform and survey.platform[usage.platform].signup is not None:
            gap = DropoutRule.of(usage.dropout).gap_days
            found, told = _of_wave(
                survey, population_size(study, survey), activity, usage.coverage, usage.platform, gap
            )
            margins += found
            notes += told
    ratio = f"{usage.coverage.accounts_per_person:g}"
    return tuple(margins), (Note(PEOPLE_KNOWN.message, {"ratio": ratio}), *notes)


def _of_wave(
    survey: Survey, population: float, activity: Activity, coverage: Coverage, platform: str, gap: int
) -> tuple[list[LogMargin], list[Note]]:
    when = wave_fieldwork(survey)
    if when is None or not math.isfinite(population):
        return [], []
    if when.days > LONGEST_FIELDWORK:
        return [], [Note(TOO_LONG.message, {"wave": survey.wave, "days": when.days})]
    if coverage.opened_before:
        activity = activity.signups()
    day = (day_number(when.first) + day_number(when.last)) // 2
    if not int(activity.first_day.min()) <= day < activity.end_day:
        return [], [Note(BEFORE_LOG.message, {"wave": survey.wave})]
    opened = activity.first_day <= day
    n, held = int(np.count_nonzero(opened)), coverage.share_of_all
    accounts = n / held + coverage.opened_before
    per_person = coverage.accounts_per_person
    people = accounts / per_person
    relative = math.hypot(math.sqrt(n * (1 - held)) / held / accounts, coverage.accounts_per_person_error / per_person)
    if people >= population:
        return [], [Note(TOO_MANY.message, {"wave": survey.wave})]
    share = people / population
    signup = LogMargin(
        wave=survey.wave,
        platform=platform,
        step="signup",
        share=share,
        std_error=share * relative,
        discrepancy=coverage.discrepancy,
        n=n,
        people=people,
        population=population,
        day=day_date(day),
    )
    asked = survey.platform[platform]
    step: Step | None = "active" if asked.active else "lapsed" if asked.lapsed or asked.left else None
    if step is None:
        return [signup], []
    if activity.end_day - day < gap:
        return [signup], [Note(TOO_LATE.message, {"wave": survey.wave, "gap": gap})]
    still = float(np.count_nonzero(opened & (activity.last_day >= day)) / n)
    if not 0 < still < 1:
        return [signup], []
    remaining = LogMargin(
        wave=survey.wave,
        platform=platform,
        step=step,
        measure="conversion",
        share=still if step == "active" else 1 - still,
        std_error=math.sqrt(still * (1 - still) * (1 - held) / n),
        discrepancy=coverage.discrepancy,
        n=n,
        day=day_date(day),
    )
    return [signup, remaining], []


def margin_of_figure(
    figure: PublishedFigure,
    *,
    wave: str,
    platform: str,
    population: float,
    step: Step = "signup",
    accounts_per_person: float = 1.0,
    accounts_per_person_error: float = 0.0,
    discrepancy: float = DISCREPANCY,
) -> LogMargin:
    """
    Take a published count, or share, for a margin.

    Parameters
    ----------
    figure : PublishedFigure
        A count of people or accounts, or a share of the base.
    wave, platform, step : str
        Which share of the funnel it is taken for.
    population : float
        People in the base.
    accounts_per_person, accounts_per_person_error : float
        Accounts that one person holds, with its standard error; for counts of accounts.
    discrepancy : float
        As of `LogMargin`.

    Returns
    -------
    LogMargin
        Its error covers rounding, as that of a number spread evenly over the last digit, sampling where
        the figure is a share whose `n` is published, and the error of accounts per person.

    Raises
    ------
    SpecError
        If the figure is neither a share nor a count of people or accounts, or is no share of the base.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.published.figures import read_published
    >>> figures = read_published(open_example("twitter_france"))
    >>> profiles = margin_of_figure(figures["semio_2011_12"], wave="2011-10", platform="twitter", population=38.3e6)
    >>> print(f"{profiles.share:.3f} {profiles.std_error:.5f}")
    0.136 0.00075
    """
    if figure.unit not in ("share", "people", "accounts"):
        what = f"its unit is '{figure.unit}', expected share, people or accounts"
        raise SpecError.at(f"published figure '{figure.id}'", what, "Choose another figure")
    ratio = accounts_per_person if figure.unit == "accounts" else 1.0
    scale = 1.0 if figure.unit == "share" else ratio * population
    share = figure.value / scale
    rounding = figure.half_unit / math.sqrt(3) / scale
    ratio_error = share * accounts_per_person_error / ratio if figure.unit == "accounts" else 0.0
    sampled = 0.0
    if figure.unit == "share" and figure.n:
        low, high = wilson_interval(share, figure.n, 0.95)
        sampled = float(high - low) / (2 * 1.959964)
    return LogMargin(
        wave=wave,
        platform=platform,
        step=step,
        share=share,
        std_error=math.hypot(rounding, ratio_error, sampled),
        discrepancy=discrepancy,
        n=figure.n,
        people=share * population,
        population=population,
        source=figure.id,
    )
