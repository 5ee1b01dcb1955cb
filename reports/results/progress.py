"""Telling how far a build has come: a bar on a terminal, lines in a pipe, JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

ProgressStyle = Literal["auto", "json", "quiet"]


class Progress(Protocol):
    """Something that can be told of steps."""

    def step(self, name: str) -> None:
        """Say that a step begins; the one before is done."""

    def warn(self, message: str) -> None:
        """Say something the person should know, in one line."""


@contextmanager
def open_progress(style: ProgressStyle, total: int) -> Iterator[Progress]:
    """
    Open the display that fits where the output goes.

    Parameters
    ----------
    style : {"auto", "json", "quiet"}
        `auto` draws a bar on a terminal and writes plain lines elsewhere; all on standard error.
    total : int
        Number of steps to come.

    Yields
    ------
    Progress
        Closed, with its last step done, on leaving.

    Examples
    --------
    >>> with open_progress("quiet", total=1) as progress:
    ...     progress.step("reading")
    """
    if style == "quiet":
        yield _Quiet()
    elif style == "json":
        yield _Lines(total, as_json=True)
    elif sys.stderr.isatty():
        with _bar(total) as bar:
            yield bar
    else:
        yield _Lines(total, as_json=False)


class _Quiet:
    def step(self, name: str) -> None:
        pass

    def warn(self, message: str) -> None:
        pass


class _Lines:
    def __init__(self, total: int, *, as_json: bool) -> None:
        self.total, self.done, self.as_json, self.started = total, 0, as_json, time.monotonic()

    def step(self, name: str) -> None:
        self.done += 1
        if self.as_json:
            self._write(json.dumps({"step": self.done, "of": self.total, "name": name}))
        else:
            self._write(f"[{self.done}/{self.total}] {name}")

    def warn(self, message: str) -> None:
        self._write(json.dumps({"warning": message}, ensure_ascii=False) if self.as_json else f"warning: {message}")

    def _write(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _Bar:
    def __init__(self, bar: object, task: object, total: int) -> None:
        self.bar, self.task, self.total, self.done = bar, task, total, 0

    def step(self, name: str) -> None:
        from rich.markup import escape

        self.bar.update(self.task, completed=self.done, description=escape(name))  # type: ignore[attr-defined]
        self.done += 1

    def warn(self, message: str) -> None:
        from rich.markup import escape

        self.bar.console.print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True)  # type: ignore[attr-defined]


@contextmanager
def _bar(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
    with RichProgress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task("", total=total), total)
