"""Agreement with R on the churn side, case by case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.golden.churn_adapters import run
from tests.golden.churn_cases import Case, MissedError, NotExpressedError
from tests.golden.report import record

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def folders() -> dict[str, Path]:
    """Every folder of cases that is present, by a short name."""
    found = {"project": HERE / "churn", "shared": ROOT.parent / "shared" / "golden" / "churn"}
    if named := os.environ.get("GOLDEN_DIR"):
        folder = Path(named)
        found["named"] = folder / "churn" if (folder / "churn").is_dir() else folder
    return {name: folder for name, folder in found.items() if (folder / "cases").is_dir()}


CASES = [
    pytest.param(path, id=f"{name}:{path.stem}")
    for name, folder in folders().items()
    for path in sorted((folder / "cases").glob("*.json"))
]


@pytest.mark.parametrize("path", CASES)
def test_agrees_with_r(path: Path, request: pytest.FixtureRequest):
    case = Case.read(path)
    name = request.node.callspec.id
    try:
        detail = run(case)
    except NotExpressedError as reason:
        record("churn", case.method, name, "not expressed", str(reason))
        pytest.skip(f"not expressed: {reason}")
    except MissedError as difference:
        record("churn", case.method, name, "missed", str(difference))
        raise
    record("churn", case.method, name, "matched", detail)
