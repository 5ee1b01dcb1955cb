"""The bundled examples, and the start of a study of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from surveys.core.errors import SpecError, StudyError, did_you_mean
from surveys.study.file import STUDY_FILE, read_study
from surveys.study.schema import Study

HERE = Path(__file__).parent
STARTER = HERE / "starter.toml"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.py", "report", "figures", ".*")


def example_names() -> list[str]:
    """
    List the bundled examples.

    Returns
    -------
    list of str
        Names that `example_folder` and `churn init --example` accept.

    Examples
    --------
    >>> example_names()
    ['twitter_france']
    """
    return sorted(path.parent.name for path in HERE.glob(f"*/{STUDY_FILE}"))


def example_folder(name: str) -> Path:
    """
    Find the folder of a bundled example.

    Parameters
    ----------
    name : str
        One of `example_names()`.

    Returns
    -------
    Path
        A folder with `study.toml` and its data.

    Raises
    ------
    SpecError
        If there is no such example.

    Examples
    --------
    >>> (example_folder("twitter_france") / "study.toml").is_file()
    True
    """
    names = example_names()
    if name not in names:
        raise SpecError.at(
            f"example '{name}'", "not found", did_you_mean(name, names, f"Choose from: {', '.join(names)}")
        )
    return HERE / name


def open_example(name: str) -> Study:
    """
    Read a bundled example as a study.

    Parameters
    ----------
    name : str
        One of `example_names()`.

    Returns
    -------
    Study
        Ready for the functions that estimate.

    Raises
    ------
    SpecError
        If there is no such example.

    Examples
    --------
    >>> str(open_example("twitter_france").study.as_of)
    '2013-12-31'
    """
    return read_study(example_folder(name))


def start_study(folder: Path, *, example: str | None = None) -> Path:
    """
    Start a study in a new folder.

    Parameters
    ----------
    folder : Path
        Must not exist yet, or be empty.
    example : str, optional
        Copy this bundled example instead of a commented `study.toml`.

    Returns
    -------
    Path
        The `study.toml` to edit.

    Raises
    ------
    StudyError
        If the folder holds something already.
    SpecError
        If there is no such example.

    Examples
    --------
    >>> import tempfile
    >>> start_study(Path(tempfile.mkdtemp()) / "mine").name
    'study.toml'
    """
    source = None if example is None else example_folder(example)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError.at(str(folder), "is not an empty folder", "Name a new one")
    if source is not None:
        shutil.copytree(source, folder, ignore=NOT_COPIED, dirs_exist_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(STARTER, folder / STUDY_FILE)
    return folder / STUDY_FILE
