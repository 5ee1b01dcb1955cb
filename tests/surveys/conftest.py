from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surveys.study.schema import Study

HONEST = {
    "wave": "2009-06",
    "file": "survey.csv",
    "weight": "w",
    "platform": {"twitter": {"aware": {"item": "q1", "yes": [1]}}},
}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20090601)


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Study]:
    """Write a file of respondents and the smallest honest study around it."""

    def make(text: str | bytes, *, population: dict[str, Any] | None = None, **survey: Any) -> Study:
        spec = HONEST | survey
        raw = text if isinstance(text, bytes) else text.encode()
        (tmp_path / spec["file"]).write_bytes(raw)
        study = {"study": {"title": "A study", "as_of": "2009-06-30"}, "survey": [spec], "folder": tmp_path}
        return Study.model_validate(study | ({"population": population} if population else {}))

    return make
