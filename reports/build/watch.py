"""Building a report again whenever its study changes, in one process that stays warm."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reports.build.build import build_report
from reports.build.manifest import input_files
from surveys.core.errors import ProblemError
from surveys.study.file import STUDY_FILE, inspect_study

PAUSE = 0.3
"""Seconds between two looks at the files."""

State = tuple[tuple[str, int, int], ...]


def watch_study(
    study_folder: Path,
    target: Path,
    *,
    languages: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    say: Callable[[str], None] | None = None,
    rounds: int | None = None,
) -> None:
    """
    Build a report, and again whenever the study file or a file of data has changed.

    Parameters
    ----------
    study_folder, target : Path
        As for `build_report`.
    languages, formats : sequence of str, optional
        As for `build_report`.
    say : callable, optional
        Takes a line for each build, and each problem that kept one from being made, in whose case the last good report
        stays; they go to standard error without it.
    rounds : int, optional
        How often to build before returning; until interrupted without it.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> watch_study(example_folder("twitter_france"), Path("report"), rounds=0)
    """
    say = say or _say
    built: State | None = None
    done = 0
    while rounds is None or done < rounds:
        state = _state(study_folder)
        if state == built:
            try:
                time.sleep(PAUSE)
            except KeyboardInterrupt:
                return
            continue
        built = state
        done += 1
        started = time.monotonic()
        try:
            build = build_report(study_folder, target, languages=languages, formats=formats)
        except ProblemError as error:
            for problem in error.problems:
                say(str(problem))
        except KeyboardInterrupt:
            return
        else:
            what = "built" if build.changed else "nothing changed"
            say(f"{what} in {time.monotonic() - started:.1f} s: {', '.join(path.name for path in build.documents)}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _state(study_folder: Path) -> State:
    """Give what a look at the files tells: names, sizes and times of writing."""
    study, _ = inspect_study(study_folder)
    files = [study_folder / STUDY_FILE] if study is None else input_files(study)
    state = []
    for file in files:
        try:
            about = file.stat()
        except OSError:
            continue
        state.append((str(file), about.st_size, about.st_mtime_ns))
    return tuple(state)
