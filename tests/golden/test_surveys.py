"""Agreement with R's survey, case by case."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.golden.comparing import MissedError, NotExpressedError
from tests.golden.report import record
from tests.golden.surveys_adapters import run

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def folders() -> dict[str, Path]:
    """Every folder that may hold cases, by a short name."""
    found = {"project": HERE / "surveys", "shared": ROOT.parent / "shared" / "golden" / "surveys"}
    if named := os.environ.get("GOLDEN_DIR"):
        folder = Path(named)
        found["named"] = folder / "surveys" if (folder / "surveys").is_dir() else folder
    return found


@cache
def contents(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


CASES = [
    pytest.param(path, case, id=f"{name}:{case['id']}")
    for name, folder in folders().items()
    for path in sorted(folder.glob("*.json"))
    if "cases" in contents(path) and "designs" in contents(path)
    for case in contents(path)["cases"]
]


@pytest.mark.parametrize(("path", "case"), CASES)
def test_agrees_with_r(path: Path, case: dict[str, Any], request: pytest.FixtureRequest):
    name = request.node.callspec.id
    try:
        detail = run(case, path.parent, contents(path)["designs"], name)
    except NotExpressedError as reason:
        record("surveys", case["statistic"], name, "not expressed", str(reason))
        pytest.skip(f"not expressed: {reason}")
    except MissedError as difference:
        record("surveys", case["statistic"], name, "missed", str(difference))
        raise
    record("surveys", case["statistic"], name, "matched", detail)
