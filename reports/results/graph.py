"""
Results as a graph: each computed once, when it is asked for, from what it reads, and kept as long as that stands.

What a result reads, of the study, its files and other results, is noted while it is computed. A result that was kept
is as good as a new one wherever everything that it read is as it was; nothing else decides.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar, overload

from reports.results.inputs import ABSENT, Inputs
from reports.results.store import Read, Record, Store
from surveys.core.attempts import attempt
from surveys.core.errors import ProblemError
from surveys.core.reads import Place, Reader
from surveys.core.results import Unavailable
from surveys.study.fields import Section
from surveys.study.schema import Study

T = TypeVar("T")
FILE_KEYS = ("file", "events", "accounts", "tenure")
"""Keys of `study.toml` that name the files of data."""


@dataclass(slots=True)
class _Known:
    """A result that is known: what it read, what tells it from others, and its value if it was asked for."""

    reads: dict[Read, str]
    digest: str
    value: list[Any] = field(default_factory=list)


class Graph:
    """
    The results of one study, by name.

    Parameters
    ----------
    study : Study
        What they are results of.
    store : Store, optional
        Where results are kept from one process to the next; nowhere without it.
    find : callable, optional
        Asks for a result by its name, where it must be known whether it is still what it was.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> graph = Graph(open_example("twitter_france"))
    >>> graph.value("title", lambda: graph.study.study.title["en"])
    'Twitter in France, 2007–2013'
    >>> graph.reads("title")
    (('study',), ('study', 'title'))
    """

    def __init__(self, study: Study, store: Store | None = None, find: Callable[[str], object] | None = None) -> None:
        self.study = study
        self.inputs = Inputs(study)
        self.store = store
        self.find = find
        self._reader = Reader(study, lambda name, compute: self.value(name, compute, kept=False))
        self._known: dict[str, _Known] = {}
        self._records: dict[str, Record | None] = {}
        self._checking: set[str] = set()
        self._fallen: set[str] = set()

    @property
    def computed(self) -> tuple[str, ...]:
        """Names of the results that are known, in the order in which they were."""
        return tuple(self._known)

    def reads(self, name: str) -> tuple[Read, ...]:
        """Give what a result read, in that order: places in the study, and names of other results."""
        return tuple(self._known[name].reads)

    def value(self, name: str, compute: Callable[[], T], *, kept: bool = True) -> T:
        """
        Give a result: the one that is known, the one that was kept if it still stands, or a new one.

        Parameters
        ----------
        name : str
            Of the result.
        compute : callable
            Without arguments.
        kept : bool
            Whether it may be kept for other processes: not what holds a row for each person or account.

        Returns
        -------
        result of `compute`
        """
        known = self._known.get(name) or self._from_store(name)
        if known is not None and not known.value:
            known = self._with_value(name, known)
        if known is None:
            known = self._compute(name, compute, kept=kept)
        self._reader.note(name)
        return known.value[0]  # type: ignore[no-any-return]

    def kept(self, name: str) -> Any:
        """Give a result that was kept and still stands; None where there is none, without computing one."""
        known = self._from_store(name)
        known = None if known is None else self._with_value(name, known)
        return None if known is None else known.value[0]

    def digest(self, name: str) -> str:
        """Tell a result from all others of its name; it is computed where it does not stand."""
        return self._digest(name)

    def why_stale(self, name: str) -> tuple[tuple[Read, str, str], ...]:
        """
        Say what of a result that was kept is another now, without computing anything.

        Parameters
        ----------
        name : str
            Of the result.

        Returns
        -------
        tuple of (place or name, str, str)
            What was read, what it was, and what it is; the name of a result that was never kept. Empty where it stands.
        """
        return tuple(dict.fromkeys(self._why_stale(name, set())))

    def sources(self, name: str) -> tuple[str, ...]:
        """
        List the files behind a result.

        Parameters
        ----------
        name : str
            Of a result that is known.

        Returns
        -------
        tuple of str
            As the study names them, each once.
        """
        found: dict[str, None] = {}
        waiting, seen = [name], {name}
        while waiting:
            for read in self._reads_of(waiting.pop()):
                if isinstance(read, str):
                    if read not in seen:
                        seen.add(read)
                        waiting.append(read)
                elif read[-1] in FILE_KEYS and isinstance(value := self.inputs.at(read), str):
                    found[value] = None
        return tuple(found)

    def _reads_of(self, name: str) -> Mapping[Read, str]:
        if name in self._known:
            return self._known[name].reads
        record = self._record(name)
        return {} if record is None else record.reads

    def _compute(self, name: str, compute: Callable[[], Any], *, kept: bool) -> _Known:
        with self._reader.noting() as noted:
            value = compute()
        reads = {read: self._digest(read) for read in noted}
        payload = self._pickled(value) if kept and self.store is not None else None
        digest = hashlib.sha256(repr(reads).encode() if payload is None else payload).hexdigest()
        known = self._known[name] = _Known(reads, digest, [value])
        if self.store is not None:
            self.store.write(name, reads, digest, payload)
        return known

    def _record(self, name: str) -> Record | None:
        if name not in self._records:
            self._records[name] = None if self.store is None else self.store.read(name)
        return self._records[name]

    def _from_store(self, name: str) -> _Known | None:
        """Give what is known of a result that was kept, if it still stands."""
        record = self._record(name)
        if record is None or name in self._checking or name in self._fallen:
            return None
        self._checking.add(name)
        try:
            stands = all(self._digest(read) == digest for read, digest in record.reads.items())
        except ProblemError:
            stands = False
        finally:
            self._checking.discard(name)
        if not stands:
            self._fallen.add(name)
            return None
        known = self._known[name] = _Known(record.reads, record.digest)
        return known

    def _with_value(self, name: str, known: _Known) -> _Known | None:
        """Fetch the value of a result that stands; None where it was not kept, or is damaged."""
        record = self._record(name)
        payload = None if self.store is None or record is None or not record.value else self.store.read_value(name)
        try:
            known.value.append(_Unpickler(io.BytesIO(payload or b""), self.inputs).load())
        except Exception:
            return None
        return known

    def _digest(self, read: Read) -> str:
        if not isinstance(read, str):
            return self.inputs.digest(read)
        known = self._known.get(read) or self._from_store(read)
        if known is None and self.find is not None:
            with self._reader.noting():
                self.find(read)
            known = self._known.get(read)
        return ABSENT if known is None else known.digest

    def _why_stale(self, name: str, seen: set[str]) -> Iterator[tuple[Read, str, str]]:
        if name in seen:
            return
        seen.add(name)
        record = self._record(name)
        if record is None:
            yield name, ABSENT, ABSENT
            return
        if name in self._known:
            return
        for read, before in record.reads.items():
            if isinstance(read, str):
                yield from self._why_stale(read, seen)
            elif (now := self.inputs.digest(read)) != before:
                yield read, before, now

    def _pickled(self, value: object) -> bytes | None:
        stream = io.BytesIO()
        try:
            _Pickler(stream, self._reader).dump(value)
        except (pickle.PicklingError, TypeError, AttributeError):
            return None
        return stream.getvalue()


class Nodes:
    """
    Results that are nodes of a graph, as attributes.

    Parameters
    ----------
    graph : Graph
        Where they are computed and kept.
    prefix : str
        What their names begin with there.
    """

    def __init__(self, graph: Graph, prefix: str = "") -> None:
        self.graph, self.prefix = graph, prefix
        self._instead: dict[str, Any] = {}

    def but(self, **parts: object) -> Self:
        """
        Give the same results, some of them being others.

        Parameters
        ----------
        **parts : object
            What stands in the place of a result, by its name. What was computed from it stays as it is.

        Returns
        -------
        Nodes
            Of the same kind.
        """
        for name in nodes_of(type(self)):
            if name not in parts:
                getattr(self, name)
        other: Self = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._instead = self._instead | parts
        return other

    @classmethod
    def given(cls, study: Study, **parts: object) -> Self:
        """
        Make results of parts that are known, for a study that has no data for them.

        Parameters
        ----------
        study : Study
            What the others would be computed from.
        **parts : object
            Results, by name.

        Returns
        -------
        Nodes
            Of this kind.
        """
        nodes: Self = object.__new__(cls)
        Nodes.__init__(nodes, Graph(study))
        nodes._instead = parts
        return nodes

    def why_absent(self, name: str) -> Unavailable | None:
        """Say why a result cannot be had that others do without; None where it can."""
        if name in self._instead:
            return None
        found = vars(type(self))[name].found(self)
        return found if isinstance(found, Unavailable) else None


class Node(Generic[T]):
    """A result of a graph, computed by a method when it is asked for; see `node`."""

    def __init__(
        self, compute: Callable[[Any], T], *, kept: bool, gives: tuple[str, ...], attempted: bool, otherwise: Any
    ) -> None:
        self.compute, self.kept, self.gives = compute, kept, gives
        self.attempted, self.otherwise = attempted, otherwise
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, nodes: None, owner: type) -> Self: ...
    @overload
    def __get__(self, nodes: Nodes, owner: type) -> T: ...
    def __get__(self, nodes: Nodes | None, owner: type) -> Any:
        if nodes is None:
            return self
        if self.name in nodes._instead:
            return nodes._instead[self.name]
        found = self.found(nodes)
        return self.otherwise if self.attempted and isinstance(found, Unavailable) else found

    def found(self, nodes: Nodes) -> Any:
        """Give the result, or why it cannot be had."""

        def compute() -> Any:
            return attempt(lambda: self.compute(nodes)) if self.attempted else self.compute(nodes)

        return nodes.graph.value(nodes.prefix + self.name, compute, kept=self.kept)


def node(*gives: str, kept: bool = True) -> Callable[[Callable[[Any], T]], Node[T]]:
    """
    Make a method of `Nodes` a result of its graph.

    Parameters
    ----------
    *gives : str
        What the names of the numbers begin with that are printed of it.
    kept : bool
        Whether it may be kept for other processes: not what holds a row for each person or account.

    Returns
    -------
    decorator

    Examples
    --------
    >>> from reports.examples import open_example
    >>> class Titles(Nodes):
    ...     @node()
    ...     def title(self) -> str:
    ...         return self.graph.study.study.title["fr"]
    >>> Titles(Graph(open_example("twitter_france"))).title
    'Twitter en France, 2007-2013'
    """
    return lambda compute: Node(compute, kept=kept, gives=gives, attempted=False, otherwise=None)


def attempted(*gives: str, otherwise: Any = None, kept: bool = True) -> Callable[[Callable[[Any], T]], Node[T]]:
    """
    Make a method of `Nodes` a result that others do without where the data do not give it.

    Parameters
    ----------
    *gives : str
        As for `node`.
    otherwise : object
        What stands in its place then; `Nodes.why_absent` says why.
    kept : bool
        As for `node`.

    Returns
    -------
    decorator

    Examples
    --------
    >>> from reports.examples import open_example
    >>> class Ratios(Nodes):
    ...     @attempted()
    ...     def ratio(self) -> float | None:
    ...         return 1 / 0
    >>> ratios = Ratios(Graph(open_example("twitter_france")))
    >>> ratios.ratio, print(ratios.why_absent("ratio"))
    cannot be estimated
    (None, None)
    """
    return lambda compute: Node(compute, kept=kept, gives=gives, attempted=True, otherwise=otherwise)


def nodes_of(kind: type[Nodes]) -> tuple[str, ...]:
    """
    Name the results of a kind of nodes, in the order in which they are defined.

    Examples
    --------
    >>> nodes_of(Nodes)
    ()
    """
    return tuple(name for name, part in vars(kind).items() if isinstance(part, Node))


def named_after(kind: type[Nodes], prefix: str = "") -> dict[str, str]:
    """
    Give the results that printed numbers are named after.

    Parameters
    ----------
    kind : type
        Of nodes.
    prefix : str
        What the names of the results begin with in the graph.

    Returns
    -------
    dict of str to str
        Results, by what the names of their numbers begin with.

    Examples
    --------
    >>> named_after(Nodes)
    {}
    """
    parts = ((name, part) for name, part in vars(kind).items() if isinstance(part, Node))
    return {given: prefix + name for name, part in parts for given in part.gives}


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


class _Pickler(pickle.Pickler):
    """Writes results; tables of the study by their place in it, so that a result always shows the study as it is."""

    dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda one: (_read_only, (dict(one),))}

    def __init__(self, stream: io.BytesIO, reader: Reader) -> None:
        super().__init__(stream, protocol=5)
        self._reader = reader

    def persistent_id(self, value: object) -> Place | None:
        if isinstance(value, Graph | Nodes):
            raise pickle.PicklingError("a graph is no result")
        return self._reader.place_of(value) if isinstance(value, Section) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, inputs: Inputs) -> None:
        super().__init__(stream)
        self._inputs = inputs

    def persistent_load(self, place: Place) -> Any:
        return self._inputs.at(place)
