"""The figures that there are: each registers itself where it is defined."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from surveys.core.additions import forget_addition, note_addition
from surveys.core.errors import Problem, SpecError, did_you_mean

if TYPE_CHECKING:
    from reports.figures.drawn import DrawnFigure
    from reports.results.study import StudyResults
    from reports.words.printer import Printer

Draw: TypeAlias = "Callable[[StudyResults, Printer], DrawnFigure | None]"

SHARED = ("drawn", "registry")
"""Modules of this folder that are no figures."""

_REGISTERED: dict[str, Draw] = {}
_CHAPTERS: dict[str, str] = {}


def draws(name: str, *, chapter: str = "") -> Callable[[Draw], Draw]:
    """
    Register a function that draws a figure.

    Parameters
    ----------
    name : str
        Of the figure and its files; also that of its module, with hyphens for underscores.
    chapter : str
        Chapter at whose end the figure stands, by a name of `reports.sections.names.CHAPTER_NAMES`; without it the
        chapters say where.

    Returns
    -------
    decorator
        Gives the function back. It takes results and a printer, and gives None where the study has no data.

    Examples
    --------
    >>> @draws("nothing")
    ... def draw_nothing(results, printer):
    ...     return None
    >>> "nothing" in FIGURES
    True
    >>> withdraw("nothing")
    """

    def register(draw: Draw) -> Draw:
        note_addition("figure", name)
        _REGISTERED[name] = draw
        if chapter:
            _CHAPTERS[name] = chapter
        return draw

    return register


def withdraw(name: str) -> None:
    """Forget a figure."""
    del _REGISTERED[name]
    forget_addition("figure", name)
    _CHAPTERS.pop(name, None)


def closing_figures(chapter: str) -> tuple[str, ...]:
    """Name the figures that registered for the end of a chapter."""
    return tuple(sorted(name for name, where in _CHAPTERS.items() if where == chapter))


class _Figures(Mapping[str, Draw]):
    """Every figure by name, its module imported when it is asked for; in alphabetical order."""

    def __getitem__(self, name: str) -> Draw:
        if name not in _REGISTERED and name in _named_by_modules():
            import_module(f"reports.figures.{name.replace('-', '_')}")
        return _REGISTERED[name]

    def __contains__(self, name: object) -> bool:
        return name in _REGISTERED or name in _named_by_modules()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*_named_by_modules(), *_REGISTERED}))

    def __len__(self) -> int:
        return len(list(iter(self)))


FIGURES: Mapping[str, Draw] = _Figures()


def check_names(names: Collection[str]) -> None:
    """
    Refuse names that no figure has.

    Parameters
    ----------
    names : collection of str
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
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        choices = f"Choose from: {', '.join(FIGURES)}"
        raise SpecError(
            *(Problem(f"figure '{name}'", "not known", did_you_mean(name, FIGURES, choices)) for name in unknown)
        )


@cache
def _named_by_modules() -> tuple[str, ...]:
    """Name the figures of this folder, a module each, without importing them."""
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(name.replace("_", "-") for name in modules if name not in SHARED and not name.startswith("_"))
