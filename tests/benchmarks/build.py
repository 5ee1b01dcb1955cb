"""
Building and rebuilding the bundled report, against importing the libraries alone and running a notebook.

Each line gives wall and processor time of a fresh process (children included), and processor time as a ratio to that of
importing pandas, matplotlib and DuckDB in the same run.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import reports.notebooks
from reports.examples import example_folder

FLOOR = ["-c", "import pandas, matplotlib.figure, duckdb"]
NOTEBOOK = Path(next(iter(reports.notebooks.__path__))) / "from_hearing_to_staying.ipynb"


def timed(
    arguments: list[str], environment: dict[str, str], repeats: int, before: Callable[[], Any]
) -> dict[str, float]:
    """Run a fresh interpreter a few times; give the shortest wall and processor time."""
    walls, processor = [], []
    for _ in range(repeats):
        before()
        used = _children()
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=True)
        walls.append(time.perf_counter() - start)
        processor.append(_children() - used)
    return {"wall": round(min(walls), 3), "processor": round(min(processor), 3)}


def run(rows: int, repeats: int) -> None:
    """Time each kind of build; `rows` is not used."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study, out, kept = folder / "study", folder / "report", folder / "kept"
        shutil.copytree(example_folder("twitter_france"), study, ignore=shutil.ignore_patterns("report", "__pycache__"))
        environment = os.environ | {"CHURN_CACHE": str(kept), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        floor = timed(FLOOR, environment, repeats, lambda: None)["processor"]

        def line(name: str, *arguments: str, before: Callable[[], Any] = lambda: None, **more: str) -> None:
            told = timed(["-m", "reports.cli", *arguments], environment | more, repeats, before)
            print(
                json.dumps(
                    {"benchmark": "build", "line": name, **told, "of_floor": round(told["processor"] / floor, 2)}
                ),
                flush=True,
            )

        def forget() -> None:
            shutil.rmtree(kept, ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)

        build = ("build", str(study), "--out", str(out))
        print(json.dumps({"benchmark": "build", "line": "imports alone", "processor": floor}), flush=True)
        line("cold, both languages, all formats", *build, before=forget)
        line("nothing changed", *build)
        line("label of one claim changed", *build, before=lambda: _edit(study))
        line("why", *build, "--why", before=lambda: _edit(study))
        line(
            "one figure as SVG, nothing kept",
            "figures",
            str(study),
            "survival",
            "--format",
            "svg",
            "--out",
            str(folder / "figures"),
            CHURN_CACHE="",
        )
        line(
            "one figure as SVG, results kept",
            "figures",
            str(study),
            "survival",
            "--format",
            "svg",
            "--out",
            str(folder / "figures"),
        )
        line("check, nothing kept", "check", str(study), CHURN_CACHE="")
        line("check, results kept", "check", str(study))
        line("help", "--help")
        if find_spec("nbclient") is not None:
            read = f"nbformat.read({str(NOTEBOOK)!r}, as_version=4)"
            script = f"import nbformat, nbclient; nbclient.NotebookClient({read}).execute()"
            told = timed(["-c", script], environment, 1, lambda: None)
            print(
                json.dumps(
                    {
                        "benchmark": "build",
                        "line": "a notebook of one funnel run by nbclient",
                        **told,
                        "of_floor": round(told["processor"] / floor, 2),
                    }
                ),
                flush=True,
            )


def _edit(study: Path) -> None:
    """Change the label of the first claim that has one."""
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    start = text.index("label = {", text.index("[[claim]]"))
    end = text.index("\n", start)
    file.write_text(
        text[:start]
        + f'label = {{ fr = "un tiers ({time.time_ns()})", en = "a third ({time.time_ns()})" }}'
        + text[end:],
        encoding="utf-8",
    )


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
