"""From a log to everything: weekly and monthly triangles, tenures, their curve, and the lifecycle of accounts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.usage import compare


def run(rows: int, repeats: int) -> None:
    """Time all of it against peers and the engine's bare grouping, in one run."""
    with tempfile.TemporaryDirectory() as folder:
        compare("retention", rows, repeats, "int64", Path(folder))
