"""
What is read of a study while something is computed from it, noted as it is read.

Tables of `study.toml` tell the open `Reader` of every attribute that is asked of them. What a result rests on is thus
known without a list kept by hand, and a result is as it was wherever all that was read of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Share = Callable[[str, Callable[[], Any]], Any]
Place = tuple[str | int, ...]
"""Where something stands in a study, such as `("survey", 2, "platform", "twitter", "label")`."""
WHOLE = "*"
"""Last part of the place of a table that was read as a whole: compared, hashed, printed or copied out."""

_OPEN: ContextVar[Reader | None] = ContextVar("reader", default=None)


class Table(Protocol):
    """A table of `study.toml`: values and further tables by name."""

    def tables(self) -> Iterator[tuple[Place, Any]]:
        """Go through the tables inside, each with its place in this one."""


class Reader:
    """
    Notes what is read of one study.

    Parameters
    ----------
    study : table
        The study; tables that are not part of it, or copied from parts of it, are not noted.
    share : callable, optional
        Gives what several results take from a study, by name, computing it when it is first asked for.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> reader = Reader(study)
    >>> with reader.noting() as read:
    ...     title = study.study.title
    >>> list(read)
    [('study',), ('study', 'title')]
    """

    def __init__(self, study: Table, share: Share | None = None) -> None:
        self._share = share
        self._places: dict[int, tuple[Any, list[Place], Collection[str]]] = {id(study): (study, [()], ())}
        for place, table in study.tables():
            self._places.setdefault(id(table), (table, [], ()))[1].append(place)
        self._noted: list[dict[Any, None]] = []

    @contextmanager
    def noting(self) -> Iterator[dict[Any, None]]:
        """Note what is read inside, in the order of the first reading; nothing of it is noted outside."""
        self._noted.append({})
        token = _OPEN.set(self)
        try:
            yield self._noted[-1]
        finally:
            _OPEN.reset(token)
            self._noted.pop()

    def note(self, what: Any) -> None:
        """Note that something else was read, such as a result."""
        if self._noted:
            self._noted[-1][what] = None

    def note_attribute(self, table: object, name: str) -> None:
        """Note that an attribute of a table was asked for."""
        known = self._places.get(id(table))
        if known is not None and name not in known[2]:
            for place in known[1]:
                self.note((*place, name))

    def adopt(self, copied: object, table: object, replaced: Collection[str]) -> None:
        """Take a copy of a table for the table itself, but for the attributes that were replaced in it."""
        known = self._places.get(id(table))
        if known is not None:
            self._places[id(copied)] = (copied, known[1], {*known[2], *replaced})

    def shared(self, name: str, compute: Callable[[], T], *, of: Collection[Any]) -> T:
        """Give what several results take from tables of the study; compute it where one of these is no such table."""
        places = [self.place_of(table) for table in of]
        if self._share is None or None in places:
            return compute()
        found: T = self._share(".".join([name, *(str(part) for place in places for part in place or ())]), compute)
        return found

    def place_of(self, value: object) -> Place | None:
        """Give the place of a table of the study; None for anything else, and for what stands in several places."""
        known = self._places.get(id(value))
        return None if known is None or known[2] or len(known[1]) > 1 else known[1][0]


def shared(name: str, compute: Callable[[], T], *, of: Collection[Any]) -> T:
    """
    Compute what several results of a study take from it once, while they are computed together.

    Parameters
    ----------
    name : str
        Of what is shared; things of one name made from tables in other places of the study are told apart.
    compute : callable
        Without arguments.
    of : collection of table
        The tables of the study that it is made from; where one is a copy that differs, it is computed each time.

    Returns
    -------
    result of `compute`

    Examples
    --------
    >>> shared("three", lambda: 3, of=())
    3
    """
    reader = _OPEN.get()
    return compute() if reader is None else reader.shared(name, compute, of=of)


def open_reader() -> Reader | None:
    """
    Give the reader that notes what is read now; None where nothing does.

    Examples
    --------
    >>> open_reader() is None
    True
    """
    return _OPEN.get()


@contextmanager
def unnoted() -> Iterator[None]:
    """
    Read without being noted.

    Examples
    --------
    >>> with unnoted():
    ...     open_reader() is None
    True
    """
    token = _OPEN.set(None)
    try:
        yield
    finally:
        _OPEN.reset(token)


def shape_of(value: object, is_table: Any) -> object:
    """
    Give what can be seen of a value without opening the tables in it.

    Parameters
    ----------
    value : object
        An attribute of a table: a plain value, a table, or tables in a tuple or by name.
    is_table : callable
        Tells tables from plain values.

    Returns
    -------
    object
        The value, tables being shown by the name of their kind, as are lists and names of tables by how many and which.

    Examples
    --------
    >>> shape_of({"a": 1}, lambda value: False), shape_of((3, 4), lambda value: value == 4)
    ({'a': 1}, (3, 'int'))
    """
    if is_table(value):
        return type(value).__name__
    if isinstance(value, Mapping):
        return {key: shape_of(one, is_table) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return tuple(shape_of(one, is_table) for one in value)
    return value
