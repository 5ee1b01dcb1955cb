"""Which files stand behind each printed number, as the graph of results knows them."""

from __future__ import annotations

from collections.abc import Iterable

from reports.results.graph import Graph
from reports.results.study import NAMED_AFTER
from reports.words.ledger import PrintedNumber
from surveys.study.file import STUDY_FILE


def files_behind(graph: Graph, printed: Iterable[tuple[str, tuple[PrintedNumber, ...]]]) -> dict[str, tuple[str, ...]]:
    """
    Tell which files stand behind each printed number.

    A number named after a result rests on the files of that result; another, on those that all of what prints it rests
    on; one that is named after waves, on no other wave's.

    Parameters
    ----------
    graph : Graph
        Of the study.
    printed : iterable of (str, tuple of PrintedNumber)
        Numbers, by the result that prints them.

    Returns
    -------
    dict of str to tuple of str
        Files as the study names them, by the name of the number; the study file where there is no other.

    Examples
    --------
    >>> from reports.build.products import Products
    >>> from reports.figures import example_results
    >>> products = Products(example_results())
    >>> files_behind(products.graph, products.numbers("en"))["funnel.2012-10.twitter.aware.cumulative"]
    ('surveys/2012-10.csv',)
    """
    behind: dict[str, tuple[str, ...]] = {}
    for product, numbers in printed:
        sources = graph.sources(product)
        for number in numbers:
            known = behind.get(number.id)
            behind[number.id] = sources if known is None else tuple(file for file in known if file in sources)
    of_results = {given: graph.sources(result) for given, result in NAMED_AFTER.items()}
    for name in behind:
        named = [given for given in of_results if f"{name}.".startswith(f"{given}.")]
        if named:
            behind[name] = of_results[max(named, key=len)]
    return {name: _of_its_waves(graph, name, files) or (STUDY_FILE,) for name, files in behind.items()}


def _of_its_waves(graph: Graph, name: str, files: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the files of other waves than those that a number is named after."""
    surveys = graph.study.survey
    named = {survey.file for survey in surveys if f".{survey.wave}." in f"{name}."}
    others = {survey.file for survey in surveys} - named if named else set[str]()
    return tuple(file for file in files if file not in others)
