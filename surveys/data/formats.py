"""The formats of survey files: each registers itself where it is defined."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from surveys.core.additions import forget_addition, note_addition
from surveys.data.microdata import Microdata

PREFIX = "format_"
"""What the names of modules begin with that define a format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFormat:
    """
    A format of files of respondents.

    Attributes
    ----------
    name : str
        As a person calls it.
    read : callable
        Takes the file and the encoding that the study states, if any; gives its respondents.
    suffixes : tuple of str
        Endings of its files, in small letters with the point.
    starts : tuple of bytes
        What its files begin with, whatever they are called.
    matches : callable, optional
        Takes a file that begins so, and tells whether it is of this format, where the beginning alone does not.

    Examples
    --------
    >>> SurveyFormat(name="SPSS", suffixes=(".sav",), read=lambda path, encoding: None).suffixes
    ('.sav',)
    """

    name: str
    read: Callable[[Path, str | None], Microdata]
    suffixes: tuple[str, ...] = ()
    starts: tuple[bytes, ...] = ()
    matches: Callable[[Path], bool] | None = None

    def begins(self, path: Path, head: bytes) -> bool:
        """Tell whether a file whose first bytes are `head` begins as one of this format."""
        return any(head.startswith(start) for start in self.starts) and (self.matches is None or self.matches(path))


_REGISTERED: dict[str, SurveyFormat] = {}


def register_format(added: SurveyFormat) -> SurveyFormat:
    """
    Register a format; it is tried before those that were registered earlier.

    Parameters
    ----------
    added : SurveyFormat
        Takes the place of one of the same name.

    Returns
    -------
    SurveyFormat
        The same.

    Examples
    --------
    >>> toy = register_format(SurveyFormat(name="toy", suffixes=(".toy",), read=lambda path, encoding: None))
    >>> toy in list(formats())
    True
    >>> withdraw_format("toy")
    """
    note_addition("format", added.name)
    _REGISTERED.pop(added.name, None)
    _REGISTERED[added.name] = added
    return added


def withdraw_format(name: str) -> None:
    """Forget a format."""
    del _REGISTERED[name]
    forget_addition("format", name)


def formats() -> Iterator[SurveyFormat]:
    """
    Go through the formats that there are, those registered last first.

    Yields
    ------
    SurveyFormat

    Examples
    --------
    >>> sorted(known.name for known in formats())
    ['Excel', 'Parquet', 'SPSS', 'Stata']
    """
    _import_own()
    yield from reversed(list(_REGISTERED.values()))


def format_of(path: Path, head: bytes) -> SurveyFormat | None:
    """
    Find the format of a file: by what it begins with, or else by its ending.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes.

    Returns
    -------
    SurveyFormat or None
        None where it is none of those that are known, as a text is.

    Examples
    --------
    >>> format_of(Path("wave.sav"), b"").name, format_of(Path("wave.csv"), b"a,b") is None
    ('SPSS', True)
    """
    known = list(formats())
    by_content = (one for one in known if one.begins(path, head))
    by_ending = (one for one in known if path.suffix.lower() in one.suffixes)
    return next(by_content, None) or next(by_ending, None)


@cache
def _import_own() -> None:
    """Let the formats of this folder register, before any that was registered elsewhere."""
    others = dict(_REGISTERED)
    _REGISTERED.clear()
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(PREFIX):
            import_module(f"surveys.data.{module.name}")
    _REGISTERED.update(others)
