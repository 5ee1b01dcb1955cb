"""A folder in which results are kept from one process to the next, each with what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from surveys.core.reads import Place

Read = Place | str
"""A place in a study, or the name of a result."""
FOLDER = "CHURN_CACHE"
"""Variable of the environment that names the folder; empty where nothing is to be kept."""
KEPT_FOR = 30 * 24 * 3600
"""Seconds after which what nobody asked for is removed."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    A result as it is kept.

    Attributes
    ----------
    reads : dict of place or name to str
        What it read, in that order, and what that was.
    digest : str
        Tells it from other results of its name.
    value : str
        Hash of the value; empty where it is not kept.
    """

    reads: dict[Read, str]
    digest: str
    value: str


class Store:
    """
    Results of one study, kept in files.

    What is damaged, or was made by other code, counts as not kept; where nothing can be written, nothing is kept.
    Values are pickled: a store is read by whoever wrote it, and is never part of what is handed on.

    Parameters
    ----------
    folder : Path
        Made when something is written.
    made_by : str
        Tells code and versions of libraries from all others.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()), "version 1")
    >>> store.write("funnel", {("study", "as_of"): "2013"}, "d", b"...")
    >>> store.read("funnel").reads
    {('study', 'as_of'): '2013'}
    >>> Store(store.folder, "version 2").read("funnel") is None
    True
    """

    def __init__(self, folder: Path, made_by: str) -> None:
        self.folder, self.made_by = folder, made_by

    def read(self, name: str) -> Record | None:
        """Give what is kept under a name, its value left where it is; None where nothing is."""
        try:
            with self._file(name).open("rb") as stream:
                header = json.loads(stream.readline())
            if header["made_by"] != self.made_by or header["name"] != name:
                return None
            reads = {read if isinstance(read, str) else tuple(read): digest for read, digest in header["reads"]}
            return Record(reads, header["digest"], header["sha256"])
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def read_value(self, name: str) -> bytes | None:
        """Give the value that is kept under a name; None where there is none, or it is damaged."""
        try:
            with self._file(name).open("rb") as stream:
                header = json.loads(stream.readline())
                payload = stream.read()
            return payload if hashlib.sha256(payload).hexdigest() == header["sha256"] else None
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def write(self, name: str, reads: Mapping[Read, str], digest: str, payload: bytes | None) -> None:
        """Keep a result, or without a payload what it read, in the place of what was kept under its name."""
        header = {
            "name": name,
            "made_by": self.made_by,
            "reads": [[read, told] for read, told in reads.items()],
            "digest": digest,
            "sha256": "" if payload is None else hashlib.sha256(payload).hexdigest(),
        }
        file = self._file(name)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(json.dumps(header).encode() + b"\n" + (payload or b""))
            part.replace(file)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything."""
        for file in self.folder.glob("*.result*"):
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.result"


def open_store(study_folder: Path, made_by: str) -> Store | None:
    """
    Open the store of a study in the user's own folder for such files.

    Parameters
    ----------
    study_folder : Path
        Where `study.toml` lies.
    made_by : str
        Tells code and versions of libraries from all others.

    Returns
    -------
    Store or None
        None where the person wants nothing kept, or there is no place for it.

    Examples
    --------
    >>> store = open_store(Path("my-study"), "version 1")
    """
    root = cache_folder()
    if root is None:
        return None
    folder = root / hashlib.sha256(str(study_folder.resolve()).encode()).hexdigest()[:32]
    _forget_old(root, folder)
    return Store(folder, made_by)


def cache_folder() -> Path | None:
    """
    Give the folder of all stores: that of `CHURN_CACHE`, or `churn` among the user's caches.

    Returns
    -------
    Path or None
        None where there is none.

    Examples
    --------
    >>> folder = cache_folder()
    """
    named = os.environ.get(FOLDER)
    if named is not None:
        return Path(named) if named else None
    caches = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(caches) if caches else Path.home() / ".cache") / "churn"
    except RuntimeError:
        return None


def _forget_old(root: Path, folder: Path) -> None:
    """Mark a store as used, and remove those that have not been for long."""
    try:
        if folder.is_dir():
            os.utime(folder)
        for other in root.iterdir():
            if time.time() - other.stat().st_mtime > KEPT_FOR:
                for file in other.glob("*.result*"):
                    file.unlink(missing_ok=True)
                other.rmdir()
    except OSError:
        pass
