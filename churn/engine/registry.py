"""The engines on which logs at an address are read: each registers itself under the scheme of its addresses."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from surveys.core.additions import forget_addition, note_addition
from surveys.core.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from churn.engine.base import Engine
    from churn.engine.sources import Source

Open: TypeAlias = "Callable[[str, Path, str, Path], tuple[Engine, Source]]"
"""Takes address, folder of the study, name of the table and a folder for what does not fit in memory."""

ENDING = "_engine"
"""What the names of modules end with that define an engine."""

_REGISTERED: dict[str, Open] = {}


def opens(scheme: str) -> Callable[[Open], Open]:
    """
    Register a function that starts an engine.

    Parameters
    ----------
    scheme : str
        What its addresses begin with, before `://`.

    Returns
    -------
    decorator
        Gives the function back.

    Examples
    --------
    >>> @opens("toy")
    ... def open_toy(address, folder, table, scratch):
    ...     raise NotImplementedError
    >>> "toy" in schemes()
    True
    >>> withdraw_engine("toy")
    """

    def register(function: Open) -> Open:
        note_addition("engine", scheme)
        _REGISTERED[scheme] = function
        return function

    return register


def withdraw_engine(scheme: str) -> None:
    """Forget an engine."""
    del _REGISTERED[scheme]
    forget_addition("engine", scheme)


def schemes() -> tuple[str, ...]:
    """Name the schemes that are known, in alphabetical order."""
    return tuple(sorted({*_own(), *_REGISTERED}))


def engine_for(address: str) -> Open:
    """
    Find what opens an address.

    Parameters
    ----------
    address : str
        With its scheme.

    Returns
    -------
    callable

    Raises
    ------
    StudyError
        If no engine has registered for the scheme.

    Examples
    --------
    >>> engine_for("mysql://localhost/log")
    Traceback (most recent call last):
    surveys.core.errors.StudyError: study.toml, usage.events: ... begins with mysql://, expected postgresql or spark...
    """
    scheme = address.partition("://")[0]
    if scheme not in _REGISTERED and scheme in _own():
        import_module(f"churn.engine.{scheme}{ENDING}")
    if scheme not in _REGISTERED:
        what = f"has an address that begins with {scheme}://, expected {' or '.join(schemes())}"
        raise StudyError.at("study.toml, usage.events", what, did_you_mean(scheme, schemes(), "Choose one of them"))
    return _REGISTERED[scheme]


def _own() -> tuple[str, ...]:
    """Name the engines of this folder, a module each that is called by its scheme and the word engine."""
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(name.removesuffix(ENDING) for name in modules if name.endswith(ENDING))
