"""
Checking a study and its data without building: every problem of every part, at once.

The report is computed and composed as a build does, its figures without being drawn: what passes here is built.
"""

from __future__ import annotations

from pathlib import Path

from reports.build.manifest import describe_build
from reports.results.graph import Graph
from reports.results.store import open_store
from surveys.core.errors import Problem
from surveys.study.file import inspect_study

JUDGED = "check"
"""Name of the judgement in the graph of results."""


def check_study(folder: Path) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """
    Check a study: its file, its surveys, its usage, its published figures and claims.

    Parameters
    ----------
    folder : Path
        Where `study.toml` lies.

    Returns
    -------
    problems : tuple of Problem
        What keeps the report from being built; empty when nothing does.
    warnings : tuple of str
        What the report will say in its notes.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> check_study(example_folder("twitter_france"))[0]
    ()
    """
    study, found = inspect_study(folder)
    if study is None:
        return found, ()
    if not found:
        graph = Graph(study, open_store(study.folder, describe_build(study).made_by))
        kept = graph.kept(JUDGED)
        if kept is not None:
            problems, warnings = kept
            return problems, warnings
    from reports.build.rehearsal import judge

    return judge(study, found, kept_as=JUDGED)
