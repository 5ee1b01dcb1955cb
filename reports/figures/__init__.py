"""The figures of a report, each drawn from results by a function of its own."""

from __future__ import annotations

from functools import cache

from reports.figures.drawn import DrawnFigure, FigureWords, words_of
from reports.figures.registry import FIGURES, check_names
from reports.results.study import StudyResults
from reports.words.printer import Printer, open_printer
from surveys.core.errors import Problem, SpecError


def draw_figures(results: StudyResults, printer: Printer, ids: list[str] | None = None) -> dict[str, DrawnFigure]:
    """
    Draw the figures that a study has data for.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    ids : list of str, optional
        Only these; all without it.

    Returns
    -------
    dict of str to DrawnFigure
        In the order asked for, or of `FIGURES`; figures the study has no data for are left out.

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
    drawn = {name: FIGURES[name](results, printer) for name in ids or FIGURES}
    absent = [name for name in ids or () if drawn[name] is None]
    if absent:
        raise SpecError(
            *(Problem(f"figure '{name}'", "the study has no data for it", "Leave it out") for name in absent)
        )
    return {name: figure for name, figure in drawn.items() if figure is not None}


def words_of_figures(results: StudyResults, printer: Printer) -> dict[str, FigureWords]:
    """
    Give the words of the figures that a study has data for, which is what chapters take.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    dict of str to FigureWords
        By name.

    Examples
    --------
    >>> len(words_of_figures(example_results(), open_printer("en"))) > 20
    True
    """
    return {name: words_of(drawn) for name, drawn in draw_figures(results, printer).items()}


@cache
def example_results() -> StudyResults:
    """
    Give the results of the bundled example, each computed once, when it is first asked for.

    Returns
    -------
    StudyResults
        Of *Twitter in France, 2007-2013*.

    Examples
    --------
    >>> example_results().funnel is not None
    True
    """
    from reports.examples import open_example

    return StudyResults(open_example("twitter_france"))


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
