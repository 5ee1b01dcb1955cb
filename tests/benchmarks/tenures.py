"""A table of tenures of any size, and what is timed on it: one system, one job, one process at a time."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

COVARIATES = ("x1", "x2", "x3", "x4", "x5")
COLUMNS = ("team", "day", "event", *COVARIATES)
CHUNK = 1_000_000
THREADS = 2
SLOW = 10.0
"""Seconds above which a system is not run again."""
AGAIN = 2


def write_table(path: Path, rows: int) -> None:
    """
    Write whole days 1 to 730 in 4 groups under 240 patterns of 5 covariates; about 72 % leave.

    Tenures are Weibull (shape 0.7), and observation ends at random between 30 and 730 days.
    """
    rng = np.random.default_rng(20240607)
    writer = None
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        x = [rng.integers(0, 2, n), (rng.random(n) < 0.3).astype(np.int64)]
        x += [rng.integers(0, levels, n) for levels in (4, 5, 3)]
        team = rng.integers(0, 4, n)
        risk = np.exp(0.4 * x[0] - 0.3 * x[1] + 0.15 * x[2] - 0.1 * x[3] + 0.2 * x[4] + 0.1 * team)
        gone, end = 400 * (rng.exponential(size=n) / risk) ** (1 / 0.7), rng.uniform(30, 730, n)
        day = np.clip(np.ceil(np.minimum(gone, end)), 1, 730)
        table = pa.table(
            {name: pa.array(np.int32(v)) for name, v in zip(COLUMNS, (team, day, gone <= end, *x), strict=True)}
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def study_of(path: Path, group: Sequence[str]) -> Any:
    """Describe the table as a study file does."""
    from surveys.study.schema import Study

    usage = {"accounts": path.name, "tenure": "day", "tenure_unit": "days", "group": list(group)}
    usage |= {"dropped": {"item": "event", "yes": [1], "no": [0]}, "dropout": {"rule": "closed"}}
    about = {"title": "a table of tenures", "as_of": "2024-01-01"}
    return Study.model_validate({"folder": path.parent, "study": about, "usage": usage})


def group_with_duckdb(path: Path, columns: Sequence[str]) -> int:
    """Count the rows of each cell, and nothing else: the least that anybody must do."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    named = ", ".join(columns)
    return int(connection.execute(f"SELECT {named}, count(*) n FROM '{path}' GROUP BY ALL").to_arrow_table().num_rows)


def group_with_polars(path: Path, columns: Sequence[str]) -> int:
    """Count the rows of each cell with polars."""
    import polars as pl

    return pl.scan_parquet(path).group_by(columns).agg(n=pl.len()).collect(engine="streaming").height


def group_with_pandas(path: Path, columns: Sequence[str]) -> int:
    """Count the rows of each cell with pandas."""
    frame = pd.read_parquet(path, columns=list(columns))
    return len(frame.groupby(list(columns)).size())


def run_r(script: str, path: Path, columns: Sequence[str]) -> dict[str, Any]:
    """Hand columns to R, and take what its script prints as JSON; reading is not timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for column in columns:
            pq.read_table(path, columns=[column])[column].to_numpy().astype("<i4").tofile(folder / column)
        (folder / "script.R").write_text(READ_IN_R + script, encoding="utf-8")
        command = ["Rscript", "script.R", str(pq.read_metadata(path).num_rows), *columns]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return dict(json.loads(done.stdout))


READ_IN_R = """
suppressMessages({library(survival); library(jsonlite)})
args <- commandArgs(trailingOnly=TRUE)
d <- as.data.frame(lapply(setNames(args[-1], args[-1]), readBin, what="integer", n=as.numeric(args[1])))
tell <- function(took, result) {
  peak <- grep("VmHWM", readLines("/proc/self/status"), value=TRUE)
  told <- list(seconds=took[["elapsed"]], cpu_seconds=took[["user.self"]] + took[["sys.self"]], result=result)
  told$peak_mb <- round(as.numeric(gsub("[^0-9]", "", peak)) / 1024)
  cat(toJSON(told, auto_unbox=TRUE, digits=NA))
}
"""


def installed(systems: Mapping[str, tuple[Any, tuple[str, ...]]]) -> list[str]:
    """Keep the systems whose modules are here, and R where it is."""
    here = {
        name: all(find_spec(module.partition(".")[0]) for module in modules) for name, (_, modules) in systems.items()
    }
    return [name for name, found in here.items() if found and (name != "R" or which("Rscript"))]


def measured(benchmark: str, system: str, path: Path, seconds: float) -> dict[str, Any]:
    """Run one system in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.tenures", benchmark, system, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {seconds:g} seconds"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(benchmark: ModuleType, rows: int, repeats: int, seconds: float) -> None:
    """Time every system in turn, a few rounds, and print what each took, over the floor and over ours."""
    name = benchmark.__name__.rpartition(".")[2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tenures.parquet"
        write_table(path, rows)
        systems = installed(benchmark.SYSTEMS)
        runs: dict[str, list[dict[str, Any]]] = {system: [] for system in systems}
        for _ in range(repeats):
            for system in systems:
                if not runs[system] or runs[system][-1].get("seconds", SLOW) < SLOW:
                    runs[system].append(measured(name, system, path, seconds))
    best = {system: min(found, key=lambda run: run.get("seconds", np.inf)) for system, found in runs.items()}
    for system, run in best.items():
        print(json.dumps({"benchmark": name, "system": system, "rows": rows} | _beside(run, best)), flush=True)


def _beside(run: Mapping[str, Any], best: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add how long it took beside the floor and ours, and how far its result is from ours."""
    told = {key: value for key, value in run.items() if key != "result"}
    for beside in ("floor", "ours"):
        if "seconds" in run and "seconds" in best[beside]:
            told[f"over_{beside}"] = round(run["seconds"] / best[beside]["seconds"], 2)
            told[f"cpu_over_{beside}"] = round(run["cpu_seconds"] / best[beside]["cpu_seconds"], 2)
    if isinstance(run.get("result"), dict) and "result" in best["ours"]:
        told["largest_difference"] = float(f"{_distance(run['result'], best['ours']['result']):.2g}")
    return told


def _distance(result: Mapping[str, Any], ours: Mapping[str, Any]) -> float:
    """Give the largest difference of numbers that both give, relative where they are above 1."""
    pairs = [(np.asarray(result[key], float), np.asarray(ours[key], float)) for key in result]
    return max(float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))) for a, b in pairs)


@contextmanager
def timed(told: dict[str, Any], what: str = "") -> Iterator[None]:
    """Put down how many seconds a block takes, and how many of processors."""
    start, before = time.perf_counter(), time.process_time()
    yield
    told[f"{what}seconds"] = round(time.perf_counter() - start, 4)
    told[f"{what}cpu_seconds"] = round(time.process_time() - before, 4)


def measure(benchmark: str, system: str, path: Path) -> dict[str, Any]:
    """
    Time one system, its libraries being imported already.

    A system gives its result; those that time themselves give `seconds`, too, without reading the table.
    Fast ones run a few times: `seconds` is the best, `first_seconds` that in a new process.
    """
    job, modules = import_module(f"tests.benchmarks.{benchmark}").SYSTEMS[system]
    for module in modules:
        import_module(module)
    told: dict[str, Any] = {}
    with timed(told):
        found = job(path)
    if isinstance(found, dict) and "seconds" in found:
        told = found
    else:
        told |= {"first_seconds": told["seconds"], "result": found}
        for _ in range(AGAIN if told["seconds"] < SLOW else 0):
            again: dict[str, Any] = {}
            with timed(again):
                job(path)
            told = min(told, told | again, key=lambda run: run["seconds"])
    return {"peak_mb": peak_mb()} | told


def peak_mb() -> int:
    """Give the most memory this process has held; where Linux tells it, without what its parent held before."""
    status = Path("/proc/self/status")
    if status.exists():
        held = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii", errors="replace"))
        if held:
            return int(held[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
