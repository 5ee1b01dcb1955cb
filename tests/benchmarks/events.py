"""From a log to the state of each account: events, first, last, active days; accounts as numbers and as text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.usage import compare


def run(rows: int, repeats: int) -> None:
    """Time the reduction against peers and the engine's bare grouping, in one run."""
    with tempfile.TemporaryDirectory() as folder:
        for accounts in ("int64", "text"):
            compare("events", rows, repeats, accounts, Path(folder))
