"""What a report was made from: hashes of inputs, outputs and code, versions and settings."""

from __future__ import annotations

import hashlib
import json
import platform
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from reports.build.staging import MANIFEST
from reports.words.catalogue import added_words
from surveys.core.additions import OWN, additions
from surveys.study.fields import Language
from surveys.study.file import STUDY_FILE
from surveys.study.schema import Study

PACKAGES = (
    "babel",
    "duckdb",
    "fonttools",
    "ibis-framework",
    "jinja2",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pyreadstat",
    "scipy",
    "typst",
    "tzdata",
)


def input_files(study: Study) -> list[Path]:
    """
    List the files a study is made of.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of Path
        The study file first, then surveys, published figures, numbers followed, truth and usage; those that exist.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> input_files(open_example("twitter_france"))[0].name
    'study.toml'
    """
    named = [STUDY_FILE, *(survey.file for survey in study.survey)]
    following = None if study.usage is None else study.usage.following
    named += [section.file for section in (study.published, following, study.truth) if section is not None]
    files = [study.folder / name for name in named]
    if study.usage is not None and study.usage.table is not None:
        from churn.usage.fingerprints import spark_files

        files += spark_files(study)
    if study.usage is not None and study.usage.table is None:
        pattern = study.usage.events or study.usage.accounts or ""
        files += sorted(study.folder.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
    return [file for file in dict.fromkeys(files) if file.is_file()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """
    Everything that decides what a report will look like.

    Attributes
    ----------
    inputs : dict of str to str
        Hashes of files; of a log in a database, the number of its rows and their span.
    code : str
        Hash of this software: code, templates, catalogues and fonts.
    versions : dict of str to str
        Of the libraries it rests on.
    """

    inputs: Mapping[str, str]
    code: str
    versions: Mapping[str, str]

    @property
    def made_by(self) -> str:
        """Tell code and libraries from all others."""
        return hashlib.sha256(json.dumps([self.code, dict(self.versions)], sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Give it as it stands in the manifest."""
        return {"inputs": dict(self.inputs), "code": self.code, "versions": dict(self.versions)}


def describe_build(study: Study) -> Described:
    """
    Describe everything that decides what a report will look like.

    Parameters
    ----------
    study : Study
        The study, its files hashed.

    Returns
    -------
    Described
        Two builds of which it is the same give the same bytes.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> list(describe_build(open_example("twitter_france")).inputs)[:2]
    ['study.toml', 'surveys/2007-10.csv']
    """
    inputs = {_name(file, study.folder): _hash(file) for file in input_files(study)}
    if study.usage is not None and study.usage.table is not None:
        from churn.usage.fingerprints import log_fingerprints

        inputs |= log_fingerprints(study)
    return Described(
        inputs=inputs,
        code=_hash_of_code() + _mark_of_additions(),
        versions={"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES},
    )


def write_manifest(folder: Path, described: Described, documents: Mapping[Language, Sequence[str]]) -> None:
    """
    Write the manifest of a finished report, with the hash of each of its files.

    Parameters
    ----------
    folder : Path
        The report.
    described : Described
        What it was made from.
    documents : mapping of language to sequence of str
        Formats of its documents, by language.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> described = Described(inputs={}, code="", versions={})
    >>> write_manifest(folder, described, {})
    >>> is_current(folder, described, [])
    True
    """
    outputs = {_name(file, folder): _hash(file) for file in _files(folder)}
    settings = {"documents": {language: list(kinds) for language, kinds in documents.items()}}
    manifest = {**described.to_json(), "settings": settings, "outputs": outputs}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def is_current(folder: Path, described: Described, documents: Iterable[str]) -> bool:
    """
    Tell whether a report is what a build would give, and untouched since.

    Parameters
    ----------
    folder : Path
        The report, if there is one.
    described : Described
        What it would be made from.
    documents : iterable of str
        Names of the documents that it must hold.

    Returns
    -------
    bool
        True where nothing would change.

    Examples
    --------
    >>> is_current(Path("no/such/report"), Described(inputs={}, code="", versions={}), [])
    False
    """
    manifest = read_manifest(folder)
    outputs = manifest.get("outputs")
    if not isinstance(outputs, dict) or not {*documents} <= {*outputs}:
        return False
    if {name: manifest.get(name) for name in ("inputs", "code", "versions")} != described.to_json():
        return False
    return outputs == {_name(file, folder): _hash(file) for file in _files(folder)}


def read_manifest(folder: Path) -> dict[str, Any]:
    """
    Read the manifest of a report.

    Parameters
    ----------
    folder : Path
        The report, if there is one.

    Returns
    -------
    dict
        Empty where there is none, or it cannot be read.

    Examples
    --------
    >>> read_manifest(Path("no/such/report"))
    {}
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def read_settings(folder: Path) -> dict[str, list[str]]:
    """
    Give the documents of a report, as formats by language.

    Parameters
    ----------
    folder : Path
        The report, if there is one.

    Returns
    -------
    dict of str to list of str

    Examples
    --------
    >>> read_settings(Path("no/such/report"))
    {}
    """
    try:
        documents = read_manifest(folder)["settings"]["documents"]
        return {str(language): [str(kind) for kind in kinds] for language, kinds in documents.items()}
    except (KeyError, TypeError, AttributeError):
        return {}


def _files(folder: Path) -> Iterable[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mark_of_additions() -> str:
    """
    Tell a build from all others where it uses code or words from outside.

    No version tells of such code, nor of what it calls, so that nothing made with it is taken for current.
    """
    words = json.dumps(added_words(), sort_keys=True) if added_words() else ""
    return (f" and {uuid.uuid4().hex}" if additions() else "") + words


def _hash_of_code() -> str:
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in OWN:
        for file in sorted((root / package).rglob("*")):
            if file.suffix in {".py", ".typ", ".j2", ".po", ".ttf", ".otf"}:
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
