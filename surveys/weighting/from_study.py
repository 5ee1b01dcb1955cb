"""From the study file to a recipe of weighting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from surveys.core.errors import Problem, SpecError, did_you_mean
from surveys.design.rows import quoted, some
from surveys.study.schema import Weighting
from surveys.weighting.margins import Key
from surveys.weighting.recipe import Calibrate, PostStratify, Rake, Trim, WeightingRecipe, WeightingStep

TOTAL = "total"


def build_recipe(steps: tuple[Weighting, ...], folder: Path) -> WeightingRecipe:
    """
    Read the steps that a study file lists.

    Parameters
    ----------
    steps : tuple of Weighting
        As `[[survey.weighting]]` states them.
    folder : Path
        Where files of totals are found.

    Returns
    -------
    WeightingRecipe

    Raises
    ------
    SpecError
        With every problem: files of totals that cannot be read, limits that cannot be met.

    Examples
    --------
    >>> step = Weighting(kind="rake", margins={"sex": {"F": 52, "M": 48}})
    >>> print(build_recipe((step,), Path()).summary())
    1. raked to sex (2 levels), 100 people
    """
    built: list[WeightingStep] = []
    problems: list[Problem] = []
    for step in steps:
        try:
            built.append(_step(step, folder))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(*problems)
    return WeightingRecipe(tuple(built))


def _step(step: Weighting, folder: Path) -> WeightingStep:
    if step.kind == "trim":
        lower = float("-inf") if step.lower is None else step.lower
        return Trim(lower, float("inf") if step.upper is None else step.upper, step.strict)
    margins: dict[Key, dict[Any, float] | float] = {}
    for name, totals in step.margins.items():
        if isinstance(totals, str):
            key, margins[key] = read_totals(folder / totals)
        else:
            margins[name] = dict(totals) if isinstance(totals, dict) else totals
    if step.kind == "calibrate":
        return Calibrate(margins, step.distance, step.bounds)
    listed: dict[Key, dict[Any, float]] = {}
    for key, found in margins.items():
        if not isinstance(found, dict):
            raise SpecError.at(
                f"margin '{key}'", f"a single total, and {step.kind} needs one for each level", "Use calibrate"
            )
        listed[key] = found
    return PostStratify(*next(iter(listed.items()))) if step.kind == "poststratify" else Rake(listed)


def read_totals(path: Path) -> tuple[Key, dict[Any, float]]:
    r"""
    Read the totals of a margin.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8: a column `total`, and one column for each item, several being crossed.

    Returns
    -------
    key : str or tuple of str
        The items.
    totals : dict
        People by code, or by tuple of codes.

    Raises
    ------
    SpecError
        If the file cannot be read, has no column `total` or no other, repeats a level, or a total
        is not a number.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sex.csv"
    ...     _ = path.write_text("sex,total\nF,52\nM,48\n")
    ...     read_totals(path)
    ('sex', {'F': 52, 'M': 48})
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError.at(path.name, "file not found", "Put the file of totals beside study.toml") from None
    except (OSError, ValueError) as error:
        raise SpecError.at(path.name, f"cannot be read: {error}", "Give a CSV file in UTF-8") from None
    items = [str(name) for name in frame.columns if name != TOTAL]
    if TOTAL not in frame or not items:
        mend = did_you_mean(TOTAL, items, "Name one column total, and the others after items")
        raise SpecError.at(f"{path.name}, header", f"columns {some(items)}, expected items and '{TOTAL}'", mend)
    numbers = pd.to_numeric(frame[TOTAL], errors="coerce")
    place, problems = f"{path.name}, column '{TOTAL}'", []
    if numbers.isna().any():
        wrong = some([quoted(value) for value in frame[TOTAL][numbers.isna()]])
        problems.append(Problem(place, f"got {wrong}, expected numbers of people", "Write plain numbers"))
    if frame.duplicated(items).any():
        repeated = some([" × ".join(row) for row in frame[frame.duplicated(items)][items].to_numpy()])
        problems.append(Problem(path.name, f"levels occur twice: {repeated}", "Keep one line for each"))
    if problems:
        raise SpecError(*problems)
    keys = [row[0] if len(items) == 1 else tuple(row) for row in frame[items].to_numpy().tolist()]
    return (items[0] if len(items) == 1 else tuple(items)), dict(zip(keys, numbers.tolist(), strict=True))
