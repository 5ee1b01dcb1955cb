"""Timing one thing, and telling it in one line of JSON."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Mapping
from typing import Any


def best(functions: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Run each in turn, a few rounds; give the shortest time of each in seconds."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: min(taken) for name, taken in times.items()}


def tell(benchmark: str, line: str, rows: int, seconds: Mapping[str, float | None], **more: Any) -> None:
    """Print seconds of ours and each peer, and peers' seconds over ours."""
    ours = seconds["ours"]
    ratios = {name: round(other / ours, 2) for name, other in seconds.items() if name != "ours" and other and ours}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = {name: None if value is None else round(value, 4) for name, value in seconds.items()}
    row = {"benchmark": benchmark, "line": line, "rows": rows, "seconds": shown, "over_ours": ratios}
    print(json.dumps(row | {"peak_mb_so_far": round(peak)} | more), flush=True)
