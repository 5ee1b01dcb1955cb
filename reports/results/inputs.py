"""What stands at the places of a study, told apart: values of `study.toml`, and the content of the files they name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from surveys.core.reads import WHOLE, Place, shape_of, unnoted
from surveys.study.fields import Section
from surveys.study.schema import Study

ABSENT = "absent"
LONGEST_TEXT = 60
"""Length up to which a value is given as it is, to be shown when it changes."""
HASHED = "sha256:"


class Inputs:
    """
    The inputs of a study, each looked at once.

    Parameters
    ----------
    study : Study
        The study, whose files do not change while this is used.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> inputs = Inputs(open_example("twitter_france"))
    >>> inputs.digest(("study", "timezone")), inputs.digest(("survey", 99, "wave"))
    ("'Europe/Paris'", 'absent')
    >>> inputs.digest(("survey", 0, "file"))[:7]
    'sha256:'
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._digests: dict[Place, str] = {}
        self._hashes: dict[Path, str] = {}

    def digest(self, place: Place) -> str:
        """
        Tell what stands at a place from everything else that could.

        Parameters
        ----------
        place : tuple of str and int
            As a `Reader` notes it.

        Returns
        -------
        str
            A short value itself, the hash of others. Of a text that names a file, several by a pattern, a folder or
            a table of a database, what it holds is in the hash.
        """
        if place not in self._digests:
            with unnoted():
                self._digests[place] = self._digest(place)
        return self._digests[place]

    def hash(self, file: Path) -> str:
        """Hash the content of a file."""
        if file not in self._hashes:
            with file.open("rb") as stream:
                self._hashes[file] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._hashes[file]

    def at(self, place: Place) -> Any:
        """
        Give what stands at a place.

        Raises
        ------
        LookupError or AttributeError
            If the study has no such place.
        """
        value: Any = self.study
        with unnoted():
            for part in place:
                value = getattr(value, str(part)) if isinstance(value, Section) else value[part]
        return value

    def _digest(self, place: Place) -> str:
        if place == ("folder",):
            return ""
        whole = place[-1] == WHOLE
        try:
            value = self.at(place[:-1] if whole else place)
        except (LookupError, AttributeError):
            return ABSENT
        shown = value.model_dump() if whole else shape_of(value, lambda one: isinstance(one, Section))
        text, files = repr(shown), [*self._files_in(shown)]
        if place == ("usage", "events") and isinstance(value, str) and "://" in value:
            files += self._log()
        if not files and len(text) <= LONGEST_TEXT:
            return text
        return HASHED + hashlib.sha256(repr((text, files)).encode()).hexdigest()

    def _log(self) -> Iterator[str]:
        """Tell what a log holds that is in no file of the study."""
        from churn.usage.fingerprints import log_fingerprints, spark_files

        yield repr(log_fingerprints(self.study))
        yield from (self.hash(file) for file in spark_files(self.study))

    def _files_in(self, value: object) -> Iterator[str]:
        if isinstance(value, Mapping):
            for one in value.values():
                yield from self._files_in(one)
        elif isinstance(value, tuple | list):
            for one in value:
                yield from self._files_in(one)
        elif isinstance(value, str) and 0 < len(value) < 1024 and value.isprintable():
            for file in self._named(value):
                yield f"{file.name} {self.hash(file)}"

    def _named(self, name: str) -> list[Path]:
        """Find what a text names: a file, those of a folder, or those that a pattern finds."""
        folder = self.study.folder
        try:
            path = folder / name
            if path.is_file():
                return [path]
            if path.is_dir() and path.resolve() != folder.resolve():
                return sorted(file for file in path.rglob("*") if file.is_file())
            if any(mark in name for mark in "*?["):
                root = Path(path.anchor) if Path(name).is_absolute() else folder
                return sorted(file for file in root.glob(name.lstrip("/")) if file.is_file())
        except (OSError, ValueError, NotImplementedError):
            pass
        return []
