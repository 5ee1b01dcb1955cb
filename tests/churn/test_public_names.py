from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import churn
import surveys

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", [churn, surveys])
def test_every_public_name_is_there(package):
    assert all(getattr(package, name).__name__ == name for name in package.__all__)


@pytest.mark.parametrize("package", [churn, surveys])
def test_completion_offers_public_names_alone(package):
    assert dir(package) == sorted([*package.__all__, "__version__"])
    assert not [name for name in package.__all__ if name.startswith("_")]


@pytest.mark.slow
def test_a_type_checker_sees_the_signatures(tmp_path):
    code = tmp_path / "outside.py"
    code.write_text(
        "from churn import kaplan_meier\nfrom surveys import mean\nreveal_type(kaplan_meier)\nreveal_type(mean)\n"
    )
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(code)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "-> churn.survival.curve.SurvivalCurve" in told
    assert "-> surveys.estimates.means.Estimates" in told


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'churn' has no attribute 'kaplan_meyer'"):
        _ = churn.kaplan_meyer


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, churn; print([m for m in ('pandas', 'numpy', 'ibis', 'duckdb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_accounts_is_all_that_needs_the_engine():
    modules = "churn.tenures.tenures, churn.survival.kaplan_meier, churn.cohorts.triangle"
    code = f"import sys, {modules}; print('ibis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
