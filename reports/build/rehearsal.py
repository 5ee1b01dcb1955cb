"""Judging a study: its report set as a build sets it, up to drawing; or part by part, where one keeps it from that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from churn.network.followed import read_following
from churn.network.messages import read_messages
from churn.next_visit.visit_counts import LOCAL_DAYS
from churn.tenures.tenures import read_tenures
from reports.build.manifest import describe_build
from reports.build.products import Products, open_products
from reports.document.coverage import check_coverage
from reports.results.lookup import joined_platform
from reports.results.progress import open_progress
from reports.results.study import STEPS_OF_RECIPE, StudyResults, compute_all
from reports.words.ledger import Ledger
from surveys.core.errors import Problem, ProblemError
from surveys.core.results import Note
from surveys.funnel.funnel import asks_about_steps, estimate_funnel
from surveys.funnel.shares import estimate_shares
from surveys.languages.rules import rules_of
from surveys.published.figures import fractions_of_percent, read_published
from surveys.published.wave_dates import unread_dates
from surveys.samples.sample import read_sample
from surveys.study.schema import Study
from surveys.study.truth import read_truth
from surveys.tables.banners import build_tables
from surveys.tables.crosstabs import IN_NO_COLUMN

EVER_TAKEN = Note(
    "signup of {platform} in wave {wave} is read as having ever had an account, since leaving is asked too: say so "
    "with means = 'ever', or ask leaving of those who ever had one"
)

NO_SUBJECT = Note(
    "no platform is said to be the subject, so that all are shown alike and leaving, which is asked of several, is "
    "reported of none: set main = true for one of them"
)

INCOMPLETE = Note("language '{code}' has no translation of every message: what it lacks is printed in English")

Part = Callable[[], tuple[Note, ...]]
Judged = tuple[tuple[Problem, ...], tuple[str, ...]]


def judge(study: Study, found: tuple[Problem, ...], *, kept_as: str) -> Judged:
    """
    Judge a study and its data.

    Parameters
    ----------
    study : Study
        What can be read of it.
    found : tuple of Problem
        Those of the study file.
    kept_as : str
        Name of the judgement in the graph of results.

    Returns
    -------
    problems : tuple of Problem
        What keeps the report from being built.
    warnings : tuple of str
        What the report will say in its notes.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> judge(open_example("twitter_france"), (), kept_as="check")[0]
    ()
    """
    met: tuple[Problem, ...] = ()
    if not found:
        try:
            products = open_products(study, describe_build(study))
            return products.graph.value(kept_as, lambda: _judge(products))
        except ProblemError as error:
            met = error.problems
    problems, notes = list(found), list[Note]()
    for part in _parts(study):
        try:
            notes += part()
        except ProblemError as error:
            problems += error.problems
    return tuple(dict.fromkeys(problems or met)), _once(notes)


def _judge(products: Products) -> Judged:
    """Compute what the report would show and set it as a build does, or give the first problems met."""
    with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
        results = compute_all(products.results, progress)
    problems = tuple(dict.fromkeys(_rehearse(products)))
    return problems, _told(results)


def _rehearse(products: Products) -> Iterator[Problem]:
    """Set the report in each of its languages as a build does, up to drawing its figures."""
    ledger = Ledger()
    for language in products.results.study.study.language:
        try:
            check_coverage(products.document(language, drawn=False))
            for _, numbers in products.numbers(language):
                ledger.enter(numbers)
        except ProblemError as error:
            yield from error.problems
    products.tables()
    ledger.to_json()


def _told(results: StudyResults) -> tuple[str, ...]:
    """Gather what the report says in its notes about the data."""
    notes = [*unread_dates(results.study, *([] if results.published is None else [results.published]))]
    notes += () if results.published is None else fractions_of_percent(results.published)
    notes += [*_unsaid_means(results.study), *_no_subject(results.study), *_incomplete(results.study)]
    notes += () if results.funnel is None else results.funnel.notes
    notes += () if results.shares is None else results.shares.notes
    notes += [note for table in results.tables for note in table.notes if note.message != IN_NO_COLUMN]
    for survey in results.study.survey:
        notes += () if survey.platform else read_sample(results.study, survey).about
    notes += () if results.staying is None else [note for note in results.staying.notes if note != LOCAL_DAYS]
    if results.network is not None and results.network.messages is not None:
        notes += results.network.messages.notes
    return _once(notes)


def _once(notes: Iterable[Note]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, notes)))


def _parts(study: Study) -> Iterator[Part]:
    yield lambda: unread_dates(study)
    yield lambda: (*_unsaid_means(study), *_no_subject(study))
    asked = [survey for survey in study.survey if survey.platform]
    for survey in asked or (study.survey if asks_about_steps(study) else ()):
        yield lambda survey=survey: estimate_funnel(study.model_copy(update={"survey": (survey,)})).notes  # type: ignore[misc]
    for survey in study.survey:
        if not survey.platform:
            yield lambda survey=survey: read_sample(study, survey).about  # type: ignore[misc]
    if any(survey.share for survey in study.survey):
        yield lambda: estimate_shares(study).notes
    if study.table:
        yield lambda: _tables(study)
    if study.usage is not None:
        yield lambda: read_tenures(study).notes
        if study.usage.recipient is not None:
            yield lambda: read_messages(study).notes
        if study.usage.following is not None:
            yield lambda: _following(study)
    if study.published is not None:
        yield lambda: _published(study)
    if study.truth is not None:
        yield lambda: _truth(study)


def _unsaid_means(study: Study) -> tuple[Note, ...]:
    """Ask what sign-up means where it matters: among those who are asked whether, or when, they left."""
    return tuple(
        Note(EVER_TAKEN.message, {"wave": survey.wave, "platform": name})
        for survey in study.survey
        for name, platform in survey.platform.items()
        if platform.asks_leaving and platform.signup is not None and platform.signup.means is None
    )


def _no_subject(study: Study) -> tuple[Note, ...]:
    """Ask which platform the study is about where what is told of one alone would be left out."""
    asked = dict.fromkeys(name for survey in study.survey for name, one in survey.platform.items() if one.left)
    return (NO_SUBJECT,) if len(asked) > 1 and not joined_platform(study) else ()


def _incomplete(study: Study) -> tuple[Note, ...]:
    """Tell of languages whose catalogue is not whole."""
    partial = (code for code in study.study.language if not rules_of(code).complete)
    return tuple(Note(INCOMPLETE.message, {"code": code}) for code in partial)


def _tables(study: Study) -> tuple[Note, ...]:
    return tuple(note for table in build_tables(study) for note in table.notes if note.message != IN_NO_COLUMN)


def _following(study: Study) -> tuple[Note, ...]:
    read_following(study)
    return ()


def _truth(study: Study) -> tuple[Note, ...]:
    read_truth(study)
    return ()


def _published(study: Study) -> tuple[Note, ...]:
    published = read_published(study)
    return (*unread_dates(study, published), *fractions_of_percent(published))
