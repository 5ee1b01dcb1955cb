from __future__ import annotations

import subprocess
import sys

import churn


def test_every_public_name_is_there():
    assert all(getattr(churn, name).__name__ == name for name in churn.__all__)


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, churn; print([m for m in ('pandas', 'numpy', 'ibis', 'duckdb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_accounts_is_all_that_needs_the_engine():
    modules = "churn.tenures.tenures, churn.survival.kaplan_meier, churn.cohorts.triangle"
    code = f"import sys, {modules}; print('ibis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
