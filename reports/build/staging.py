"""Building beside the last good report, and swapping the new one in only when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surveys.core.errors import StudyError

MANIFEST = "manifest.json"


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """
    Give a new folder to build in; on leaving without an error, put it in the place of the target.

    Parameters
    ----------
    target : Path
        Folder of the report. An earlier report there stays until the new one is whole; it stays, too,
        when building fails or is killed.

    Yields
    ------
    Path
        An empty folder on the same file system.

    Raises
    ------
    StudyError
        If the target holds something that is not a report, which would be lost.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "report"
    >>> with staged_folder(target) as folder:
    ...     written = (folder / "manifest.json").write_text("{}")
    >>> [path.name for path in target.iterdir()]
    ['manifest.json']
    """
    target = target.resolve()
    recover(target)
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise StudyError.at(str(target), "holds something that is not a report", "Name another folder with --out")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    folder = target.with_name(f".{target.name}.building-{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
        _swap(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def recover(target: Path) -> None:
    """
    Bring back the earlier report where a swap was cut short between its two renames.

    Parameters
    ----------
    target : Path
        Folder of the report.

    Examples
    --------
    >>> recover(Path("no/such/report"))
    """
    previous = _previous(target)
    if previous.is_dir() and not target.exists():
        previous.rename(target)


def _previous(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _swap(folder: Path, target: Path) -> None:
    previous = _previous(target)
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    folder.rename(target)
    shutil.rmtree(previous, ignore_errors=True)


def _remove_abandoned(target: Path) -> None:
    """Remove what killed builds left behind: folders named after a process that is no more."""
    for folder in target.parent.glob(f".{target.name}.building-*"):
        process = folder.name.rpartition("-")[2]
        if process.isdigit() and not _alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
