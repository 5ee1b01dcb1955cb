"""Names of steps, platforms, waves and groups as a reader of the report meets them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.words.printer import Printer
from surveys.core.results import Estimate, Note, absence
from surveys.languages.rules import rules_of
from surveys.published.conflicts import PublisherPoint
from surveys.study.schema import Study, Survey


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What questions behind the steps of a funnel asked, as far as words depend on it.

    Attributes
    ----------
    means : {"now", "ever", "either"}
        Who signed up: those who hold an account now, those who ever had one, or one in some waves and the other
        in others.
    account : {"asked", "not asked", "either"}
        Whether using and leaving are of those who signed up, or of those who have heard of the service.
    """

    means: Literal["now", "ever", "either"] = "now"
    account: Literal["asked", "not asked", "either"] = "asked"


HOLDERS = Asked()
"""Those who hold an account now."""


def asked_in(surveys: Iterable[Survey], platform: str = "") -> Asked:
    """
    Tell what the surveys of a study asked.

    Parameters
    ----------
    surveys : iterable of Survey
        Whose words are wanted.
    platform : str
        Key of the platform; any of them without it.

    Returns
    -------
    Asked

    Examples
    --------
    >>> from reports.examples import open_example
    >>> asked_in(open_example("twitter_france").survey, "twitter").means
    'ever'
    """
    found = [one for survey in surveys for name, one in survey.platform.items() if platform in ("", name)]
    means = {one.signup_means for one in found if one.signup is not None} or {"now"}
    later = {one.signup is not None for one in found if one.active is not None or one.asks_leaving} or {True}
    return Asked(
        means=means.pop() if len(means) == 1 else "either",
        account="either" if len(later) == 2 else "asked" if later.pop() else "not asked",
    )


def holding(printer: Printer, asked: Asked) -> str:
    """
    Say what those who signed up do, as the verb of a sentence.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    asked : Asked
        What was asked.

    Returns
    -------
    str
        In the present tense, in the plural.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> holding(open_printer("en"), Asked("ever"))
    'have ever had an account'
    """
    return {
        "now": printer.say("hold an account"),
        "ever": printer.say("have ever had an account"),
        "either": printer.say("have or have had an account"),
    }[asked.means]


def held(printer: Printer, asked: Asked) -> str:
    """
    Say what those who signed up did, as the verb of a sentence.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    asked : Asked
        What was asked.

    Returns
    -------
    str
        In the past tense, in the plural.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> held(open_printer("en"), HOLDERS)
    'held an account'
    """
    return {
        "now": printer.say("held an account"),
        "ever": printer.say("had ever had an account"),
        "either": printer.say("had or had had an account"),
    }[asked.means]


def step_label(printer: Printer, step: str, asked: Asked = HOLDERS, time: str = "") -> str:
    """
    Name a step of the funnel.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    step : str
        `aware`, `signup`, `active`, `lapsed` or `stayed`.
    asked : Asked
        What was asked.
    time : str
        How long who stayed did; a month without it.

    Returns
    -------
    str
        As it stands beside a bar.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> step_label(open_printer("en"), "signup"), step_label(open_printer("en"), "signup", Asked("ever"))
    ('Hold an account', 'Have ever had an account')
    """
    if step == "signup":
        said = holding(printer, asked)
        return f"{said[:1].upper()}{said[1:]}"
    labels = {
        "aware": printer.say("Have heard of it"),
        "active": printer.say("Use it"),
        "lapsed": printer.say("Have left"),
        "stayed": printer.say("Still there {time} later", time=time or printer.say("a month")),
    }
    return labels[step]


def conversion_label(printer: Printer, step: str, asked: Asked = HOLDERS) -> str:
    """
    Name a step as a share of the one it follows.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    step : str
        `signup`, `active`, `lapsed` or `stayed`.
    asked : Asked
        What was asked.

    Returns
    -------
    str
        As it stands in a table.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> conversion_label(open_printer("en"), "signup")
    'hold an account, of those who have heard of it'
    >>> conversion_label(open_printer("en"), "active", Asked(account="not asked"))
    'use it, of those who have heard of it'
    """
    match step, asked.account:
        case "signup", _:
            return printer.say("{hold}, of those who have heard of it", hold=holding(printer, asked))
        case "active", "asked":
            return printer.say("use it, of those who {hold}", hold=holding(printer, asked))
        case "active", "not asked":
            return printer.say("use it, of those who have heard of it")
        case "active", _:
            return printer.say("use it, of those who took the step before")
        case "lapsed", "asked":
            return printer.say("have left, of those who opened an account")
        case "lapsed", "not asked":
            return printer.say("have left, of those who have heard of it")
        case "lapsed", _:
            return printer.say("have left, of those who took the step before")
        case _:
            return printer.say("still there {time} later, of those who signed up", time=printer.say("a month"))


def platform_label(printer: Printer, study: Study, platform: str) -> str:
    """
    Name a platform.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    study : Study
        Where its label is found.
    platform : str
        Key of the platform.

    Returns
    -------
    str
        Its label, its key where it has none, or the title of a study that names no platform.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> platform_label(open_printer("fr"), open_example("twitter_france"), "twitter")
    'Twitter'
    """
    if not platform:
        return printer.label(study.study.title)
    labels = (survey.platform[platform].label for survey in study.survey if platform in survey.platform)
    label = next((label for label in labels if label is not None), platform)
    return printer.label(label)


def wave_label(printer: Printer, survey: Survey) -> str:
    """
    Name a wave in a few characters, for an axis or a row.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    survey : Survey
        The wave.

    Returns
    -------
    str
        The month where the wave is named after one, as in `2009-06`; otherwise its name.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> wave_label(open_printer("en"), open_example("twitter_france").survey[2]).replace("\u00a0", " ")
    'June 2009'
    """
    return printer.numbers.month(survey.wave) if re.fullmatch(r"\d{4}-\d\d", survey.wave) else survey.wave


def group_label(printer: Printer, survey: Survey, group: str) -> str:
    """
    Name a way of splitting respondents.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    survey : Survey
        The wave that splits them.
    group : str
        Key of the group.

    Returns
    -------
    str
        Its label, or its key where it has none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> group_label(open_printer("fr"), open_example("twitter_france").survey[0], "age")
    'Âge'
    """
    return printer.label(survey.group[group].label or group)


def level_label(printer: Printer, survey: Survey, group: str, level: str) -> str:
    """
    Name a level of a group.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    survey : Survey
        The wave that splits respondents.
    group : str
        Key of the group.
    level : str
        Label or band, as the funnel gives it.

    Returns
    -------
    str
        Its label in the language of the report where the study gives one.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> survey = open_example("twitter_france").survey[0]
    >>> level_label(open_printer("fr"), survey, "age", "18-24")
    '18–24'
    >>> level_label(open_printer("en"), survey, "sex", "Femmes")
    'Women'
    """
    for label in survey.group[group].levels.values():
        if level == label or (isinstance(label, dict) and level in label.values()):
            return printer.label(label)
    return level.replace("-", "–") if survey.group[group].bands else level


def sampling_words(printer: Printer, survey: Survey) -> str:
    """
    Say what an interval means under the way the sample was drawn.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    survey : Survey
        The wave.

    Returns
    -------
    str
        A sentence to stand beside ±.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> sampling_words(open_printer("en"), open_example("twitter_france").survey[0])
    'Quota sample: the intervals are those of a random sample of the same design, and a lower bound of the uncertainty.'
    """
    words = {
        "probability": printer.say("Random sample: the intervals cover sampling, not non-response or wording."),
        "quota": printer.say(
            "Quota sample: the intervals are those of a random sample of the same design, "
            "and a lower bound of the uncertainty."
        ),
        "opt-in": printer.say(
            "Opt-in sample: nobody was drawn at random; the intervals assume that weighting has removed all selection."
        ),
        "census": printer.say("Census: there is no sampling error."),
    }
    return words[survey.sampling]


def note_sentence(printer: Printer, note: Note) -> str:
    """
    Say a caveat as a sentence.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    note : Note
        A clause.

    Returns
    -------
    str
        With a capital and a full stop.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> note_sentence(open_printer("en"), Note("the survey names no population"))
    'The survey names no population.'
    """
    clause = printer.note(note)
    return f"{clause[:1].upper()}{clause[1:]}."


def survey_note(printer: Printer, surveys: Sequence[Survey], note: Note) -> str:
    """
    Say a caveat about surveys as a sentence, waves and groups by their labels.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    surveys : sequence of Survey
        The waves it may be about.
    note : Note
        A clause; its values `wave`, `group` and `item`, where it has them, are names in the study.

    Returns
    -------
    str
        With a capital and a full stop.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> note = Note("respondents without an answer to “{group}”, who stand in none of its levels: {n} of {of}",
    ...             {"n": 3, "of": 1015, "group": "age"})
    >>> survey_note(open_printer("en"), open_example("twitter_france").survey, note)
    'Respondents without an answer to “Age”, who stand in none of its levels: 3 of 1,015.'
    """
    values = dict(note.values)
    wave, group, item = values.get("wave"), values.get("group"), values.get("item")
    about = [survey for survey in surveys if survey.wave == wave] or list(surveys)
    if about[0].wave == wave:
        values["wave"] = wave_label(printer, about[0])
    grouped = next((survey for survey in reversed(about) if group in survey.group), None)
    if grouped is not None:
        values["group"] = group_label(printer, grouped, str(group))
    named = next(((survey, name) for survey in about for name in survey.group if survey.group[name].item == item), None)
    if named is not None:
        values["item"] = group_label(printer, *named)
    return note_sentence(printer, Note(note.message, values))


def listed(printer: Printer, clauses: Iterable[str]) -> str:
    """
    Join clauses with semicolons, each said once.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    clauses : iterable of str
        In order.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> listed(open_printer("en"), ["one", "two", "one"])
    'one; two'
    """
    separator = rules_of(printer.language).between
    return separator.join(dict.fromkeys(clauses))


def with_interval(printer: Printer, identifier: str, estimate: Estimate, *, digits: int | None = None) -> str:
    """
    Print an estimate with its interval in brackets.

    Parameters
    ----------
    printer : Printer
        Language, and ledger of the numbers printed.
    identifier : str
        Name of the number in the ledger.
    estimate : Estimate
        The number.
    digits : int, optional
        Of a share, after the decimal sign.

    Returns
    -------
    str
        For a cell or a sentence; the reason alone where the estimate is no number.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> estimate = Estimate(estimate=0.28, std_error=0.01, conf_low=0.25, conf_high=0.31, n=1015, method="Wilson")
    >>> with_interval(open_printer("en"), "aware", estimate)
    '28% (25–31%)'
    """
    share, interval = (show(identifier, estimate, digits=digits) for show in (printer.estimate, printer.interval))
    if absence(estimate) is not None:
        return share
    return f"{share} ({interval})"


def fieldwork_label(point: PublisherPoint, printer: Printer) -> str:
    """
    Say when a figure was measured, as far as its source does.

    Parameters
    ----------
    point : PublisherPoint
        A figure of a series.
    printer : Printer
        Language of the report.

    Returns
    -------
    str
        A day, months, a year, or when it was published.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> point = example_results().diffusion.series[0].points[0]
    >>> fieldwork_label(point, open_printer("en")).replace("\u00a0", " ")
    'between September and December 2007'
    """
    when = point.figure.fieldwork
    if when is None:
        return printer.say("no date")
    first, last = printer.numbers.month(when.first), printer.numbers.month(when.last)
    if first == last:
        said = first
    elif when.days > 360:
        years = dict.fromkeys((str(when.first.year), str(when.last.year)))
        said = "–".join(years)
    elif when.first.year == when.last.year:
        said = printer.say("between {first} and {last}", first=first.rsplit("\u00a0", 1)[0], last=last)
    else:
        said = printer.say("between {first} and {last}", first=first, last=last)
    return printer.say("published {date}", date=said) if when.basis == "publication" else said


def simulated_surveys(printer: Printer, study: Study) -> tuple[str, ...]:
    """
    Say that surveys are simulated, where any is.

    Parameters
    ----------
    printer : Printer
        Language of the report.
    study : Study
        The study.

    Returns
    -------
    tuple of str
        A note, or none.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from reports.words.printer import open_printer
    >>> simulated_surveys(open_printer("en"), open_example("twitter_france"))
    ('Simulated data.',)
    """
    return (printer.say("Simulated data."),) if any(survey.simulated for survey in study.survey) else ()
