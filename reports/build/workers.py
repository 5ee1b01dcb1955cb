"""Making languages side by side: each further one in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from reports.build.earlier import EarlierFiles
from reports.build.files import N_STEPS_PER_LANGUAGE, write_language
from reports.build.manifest import describe_build
from reports.build.products import open_products
from reports.results.progress import Progress, open_progress
from surveys.core.errors import ProblemError
from surveys.study.fields import Language
from surveys.study.file import read_study
from surveys.study.schema import Study


class Workers:
    """
    Processes that each make one language of a report, from results that the first process has kept.

    They start at once, to be ready when `begin` lets them; what one of them cannot make is left to be made here.

    Parameters
    ----------
    study : Study
        The study.
    target, folder : Path
        The report, and where the new one is written.
    plan : mapping of language to sequence of str
        Formats by language; the first language is not theirs.
    processes : int
        How many languages are made at once.
    made_by : str
        Tells code of this process; a worker whose code is other makes nothing, as where something was registered here.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> Workers(open_example("twitter_france"), Path("report"), Path("new"), {"fr": ["pdf"]}, 2, "").made("fr", None)
    False
    """

    def __init__(
        self,
        study: Study,
        target: Path,
        folder: Path,
        plan: Mapping[Language, Sequence[str]],
        processes: int,
        made_by: str,
    ) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for language in list(plan)[1:processes]:
            task = json.dumps(
                {
                    "study": str(study.folder),
                    "target": str(target),
                    "folder": str(folder),
                    "language": language,
                    "formats": list(plan[language]),
                    "made_by": made_by,
                }
            )
            command = f"import sys; sys.path[:] = {sys.path!r}; from reports.build.workers import work; work({task!r})"
            self._running[language] = subprocess.Popen(
                [sys.executable, "-c", command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def begin(self) -> None:
        """Let them work, now that the results that they draw from are kept."""
        for process in self._running.values():
            try:
                if process.stdin is not None:
                    process.stdin.write(b"begin\n")
                    process.stdin.close()
            except OSError:
                pass

    def made(self, language: Language, progress: Progress | None) -> bool:
        """Wait for a language, and tell whether a worker has made it."""
        process = self._running.pop(language, None)
        if process is None or process.wait() != 0:
            return False
        for kind in ("figures", "document", "files") if progress is not None else ():
            progress.step(f"{kind} ({language})")  # type: ignore[union-attr]
        return True

    def __enter__(self) -> Self:
        """Let them start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End those that still run."""
        for process in self._running.values():
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def work(task: str) -> None:
    """
    Make one language of a report, once a line on standard input says that results are kept.

    Parameters
    ----------
    task : str
        JSON with `study`, `target`, `folder`, `language`, `formats` and `made_by`.

    Raises
    ------
    SystemExit
        With another status than 0 where the language cannot be made.
    """
    asked = json.loads(task)
    study = read_study(asked["study"])
    described = describe_build(study)
    if described.made_by != asked["made_by"] or not sys.stdin.readline():
        raise SystemExit(1)
    products = open_products(study, described)
    if products.graph.store is None:
        raise SystemExit(1)
    earlier = EarlierFiles(Path(asked["target"]), products.graph.store, asked["language"])
    try:
        with open_progress("quiet", total=N_STEPS_PER_LANGUAGE) as progress:
            write_language(products, Path(asked["folder"]), asked["language"], asked["formats"], earlier, progress)
    except ProblemError:
        raise SystemExit(1) from None
    earlier.keep()
