"""Where the real data are, and studies placed beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from surveys.study.file import read_study
from surveys.study.schema import Study

HERE = Path(__file__).parent
DATA = Path(os.environ.get("REAL_DATA_DIR", HERE.parent.parent.parent / "shared" / "data"))


def real(name: str) -> Path:
    """Find a folder of real data; skip, saying so, where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not among the real data; name a folder that holds it in REAL_DATA_DIR")
    return folder


def place_study(name: str, folder: Path, data: Path | None = None) -> Study:
    """Place a study whose files stand in its folder `data`."""
    shutil.copy(HERE / "studies" / f"{name}.toml", folder / "study.toml")
    if data is not None:
        (folder / "data").symlink_to(data, target_is_directory=True)
    return read_study(folder)


def place_study_among(name: str, folder: Path, data: Path) -> Study:
    """Place a study whose files stand right beside it."""
    for file in data.iterdir():
        (folder / file.name).symlink_to(file.resolve())
    return place_study(name, folder)
