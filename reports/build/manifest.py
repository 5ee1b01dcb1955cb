"""What a report was made from: hashes of inputs, outputs and code, versions and settings."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from churn.usage.fingerprints import log_fingerprints, spark_files
from reports.build.staging import MANIFEST
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
OWN_PACKAGES = ("surveys", "churn", "reports")


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
    files += spark_files(study)
    if study.usage is not None and study.usage.table is None:
        pattern = study.usage.events or study.usage.accounts or ""
        files += sorted(study.folder.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
    return [file for file in dict.fromkeys(files) if file.is_file()]


def describe_build(study: Study, settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    Describe everything that decides what a report will look like.

    Parameters
    ----------
    study : Study
        The study, its files hashed.
    settings : mapping
        Languages, formats and the like.

    Returns
    -------
    dict
        Ready for JSON: `inputs`, `code`, `versions` and `settings`. Two builds with the same
        description give the same bytes. An input in a database has the number of its rows and their span in
        the place of a hash.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> sorted(describe_build(open_example("twitter_france"), {"language": ["en"]}))
    ['code', 'inputs', 'settings', 'versions']
    """
    return {
        "inputs": {_name(file, study.folder): _hash(file) for file in input_files(study)} | log_fingerprints(study),
        "code": _hash_of_code(),
        "versions": {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES},
        "settings": dict(settings),
    }


def write_manifest(folder: Path, description: Mapping[str, Any]) -> None:
    """
    Write the manifest of a finished report, with the hash of each of its files.

    Parameters
    ----------
    folder : Path
        The report.
    description : mapping
        As `describe_build` gives it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_manifest(folder, {"inputs": {}})
    >>> is_current(folder, {"inputs": {}})
    True
    """
    outputs = {_name(file, folder): _hash(file) for file in _files(folder)}
    text = json.dumps({**description, "outputs": outputs}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def is_current(folder: Path, description: Mapping[str, Any]) -> bool:
    """
    Tell whether a report is what a build would give, and untouched since.

    Parameters
    ----------
    folder : Path
        The report, if there is one.
    description : mapping
        As `describe_build` gives it.

    Returns
    -------
    bool
        True where nothing would change.

    Examples
    --------
    >>> is_current(Path("no/such/report"), {})
    False
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        outputs = manifest.pop("outputs")
    except (OSError, ValueError, KeyError):
        return False
    same = manifest == json.loads(json.dumps(description))
    return bool(same and outputs == {_name(file, folder): _hash(file) for file in _files(folder)})


def _files(folder: Path) -> Iterable[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_of_code() -> str:
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in OWN_PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.suffix in {".py", ".typ", ".j2", ".po", ".ttf", ".otf"}:
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
