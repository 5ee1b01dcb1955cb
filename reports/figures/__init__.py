"""The figures of a report, each drawn from results by a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache

from reports.figures.calibration import draw_calibration
from reports.figures.causes import draw_causes
from reports.figures.ceiling import draw_ceiling
from reports.figures.claims import draw_claims
from reports.figures.cohorts import draw_cohorts
from reports.figures.concentration import draw_concentration
from reports.figures.decomposition import draw_decomposition
from reports.figures.definitions import draw_definitions
from reports.figures.denominators import draw_denominators
from reports.figures.dialogue import draw_dialogue
from reports.figures.diffusion import draw_diffusion
from reports.figures.drawn import DrawnFigure
from reports.figures.following import draw_following
from reports.figures.funnel import draw_funnel
from reports.figures.gaps import draw_gaps
from reports.figures.groups import draw_groups
from reports.figures.joint import draw_joint
from reports.figures.lifecycle import draw_lifecycle
from reports.figures.measures import draw_measures
from reports.figures.projection import draw_projection
from reports.figures.published import draw_published
from reports.figures.publishers import draw_publishers
from reports.figures.recall import draw_recall
from reports.figures.rules import draw_rules
from reports.figures.staying_groups import draw_staying_groups
from reports.figures.survival import draw_survival
from reports.figures.trend import draw_trend
from reports.figures.waves import draw_waves
from reports.results.study import Results
from reports.words.printer import Printer, open_printer
from surveys.core.errors import Problem, SpecError, did_you_mean

FIGURES: Mapping[str, Callable[[Results, Printer], DrawnFigure | None]] = {
    "funnel": draw_funnel,
    "waves": draw_waves,
    "groups": draw_groups,
    "trend": draw_trend,
    "joint": draw_joint,
    "measures": draw_measures,
    "denominators": draw_denominators,
    "decomposition": draw_decomposition,
    "survival": draw_survival,
    "causes": draw_causes,
    "staying-groups": draw_staying_groups,
    "cohorts": draw_cohorts,
    "lifecycle": draw_lifecycle,
    "definitions": draw_definitions,
    "gaps": draw_gaps,
    "rules": draw_rules,
    "projection": draw_projection,
    "recall": draw_recall,
    "calibration": draw_calibration,
    "concentration": draw_concentration,
    "dialogue": draw_dialogue,
    "following": draw_following,
    "diffusion": draw_diffusion,
    "ceiling": draw_ceiling,
    "published": draw_published,
    "publishers": draw_publishers,
    "claims": draw_claims,
}


def check_names(ids: Collection[str]) -> None:
    """
    Refuse names that no figure has.

    Parameters
    ----------
    ids : collection of str
        Names of figures.

    Raises
    ------
    SpecError
        For each that is not one of `FIGURES`, with the nearest.

    Examples
    --------
    >>> check_names(["survivall"])
    Traceback (most recent call last):
    surveys.core.errors.SpecError: figure 'survivall': not known. Did you mean 'survival'?
    """
    unknown = [name for name in ids if name not in FIGURES]
    if unknown:
        raise SpecError(
            *(
                Problem(
                    f"figure '{name}'", "not known", did_you_mean(name, FIGURES, f"Choose from: {', '.join(FIGURES)}")
                )
                for name in unknown
            )
        )


def draw_figures(results: Results, printer: Printer, ids: list[str] | None = None) -> dict[str, DrawnFigure]:
    """
    Draw the figures that a study has data for.

    Parameters
    ----------
    results : Results
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    ids : list of str, optional
        Only these; all without it.

    Returns
    -------
    dict of str to DrawnFigure
        In the order of `FIGURES`; figures the study has no data for are left out.

    Raises
    ------
    SpecError
        If an id is not one of `FIGURES`, or is asked for by name and has no data.

    Examples
    --------
    >>> from reports.words.printer import open_printer
    >>> list(draw_figures(example_results(), open_printer("en"), ["survival"]))
    ['survival']
    """
    check_names(ids or ())
    drawn = {name: FIGURES[name](results, printer) for name in FIGURES if not ids or name in ids}
    absent = [name for name in ids or () if drawn[name] is None]
    if absent:
        raise SpecError(
            *(Problem(f"figure '{name}'", "the study has no data for it", "Leave it out") for name in absent)
        )
    return {name: figure for name, figure in drawn.items() if figure is not None}


@cache
def example_results() -> Results:
    """
    Give the results of the bundled example, each computed once, when it is first asked for.

    Returns
    -------
    Results
        Of *Twitter in France, 2007-2013*.

    Examples
    --------
    >>> example_results().funnel is not None
    True
    """
    from reports.examples import open_example

    return Results(open_example("twitter_france"))


def example_figure(name: str) -> DrawnFigure:
    """
    Draw one figure of the bundled example, in English.

    Parameters
    ----------
    name : str
        One of `FIGURES`.

    Returns
    -------
    DrawnFigure
        Ready to save or show.

    Raises
    ------
    SpecError
        If there is no such figure.

    Examples
    --------
    >>> example_figure("survival").caption.endswith("after 30 days")
    True
    """
    return draw_figures(example_results(), open_printer("en"), [name])[name]
