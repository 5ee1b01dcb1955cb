"""Reading replicate weights: which columns hold them, and what their deviations count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats
from surveys.core.errors import Problem, did_you_mean
from surveys.design.rows import some

Kind = Literal["JK1", "JKn", "BRR", "Fay", "bootstrap", "SDR", "other"]

KINDS: tuple[Kind, ...] = get_args(Kind)


def find_columns(frame: pd.DataFrame, columns: str | Sequence[str], place: str) -> tuple[list[str], list[Problem]]:
    """
    Give the columns that are listed, or whose names a pattern matches.

    Examples
    --------
    >>> frame = pd.DataFrame(columns=["id", "rw1", "rw2"])
    >>> find_columns(frame, "rw[0-9]+", "wave.csv")
    (['rw1', 'rw2'], [])
    """
    if not isinstance(columns, str):
        return list(columns), []
    try:
        found = [str(name) for name in frame.columns if re.fullmatch(columns, str(name))]
    except re.error as error:
        return [], [
            Problem(f"replicate columns '{columns}'", f"not a pattern: {error}", "Write for example 'rw[0-9]+'")
        ]
    if found:
        return found, []
    known = some([str(name) for name in frame.columns], 12)
    return [], [Problem(f"{place}, header", f"no column matches '{columns}'", f"Columns here: {known}")]


def scale_deviations(
    kind: str, n: int, scale: float | None, rscales: float | Sequence[float] | None, rho: float
) -> tuple[Floats, list[Problem]]:
    """
    Give what each squared deviation counts, by R's conventions for each kind.

    Examples
    --------
    >>> scale_deviations("BRR", 4, None, None, 0.0)
    (array([0.25, 0.25, 0.25, 0.25]), [])
    """
    if kind not in KINDS:
        mend = did_you_mean(str(kind), KINDS, f"Known: {', '.join(KINDS)}")
        return np.zeros(0), [Problem(f"kind '{kind}'", "not a kind of replicate weights known here", mend)]
    problems = []
    if not 0 <= rho < 1:
        problems.append(Problem("rho", f"got {rho:g}, expected a number from 0 to below 1", "Fay's own choice is 0.3"))
    usual = {
        "JK1": (n - 1) / n if n else 0.0,
        "JKn": 1.0,
        "BRR": 1 / n if n else 0.0,
        "Fay": 1 / (n * (1 - rho) ** 2) if n and rho < 1 else 0.0,
        "bootstrap": 1 / (n - 1) if n > 1 else 0.0,
        "SDR": 4 / n if n else 0.0,
        "other": 1.0,
    }[kind]
    if kind == "JKn" and rscales is None:
        mend = "Give rscales, (n - 1) / n for the stratum of each replicate"
        problems.append(Problem("rscales", "missing, and kind 'JKn' has no usual value", mend))
    if kind == "other" and scale is None and rscales is None:
        mend = "Give scale or rscales, from the documentation of the survey"
        problems.append(Problem("scale", "missing, and kind 'other' has no usual value", mend))
    each = np.ones(n) if rscales is None else np.asarray(rscales, float)
    if each.ndim == 0:
        each = np.full(n, float(each))
    if each.shape != (n,):
        problems.append(
            Problem("rscales", f"got {each.size} numbers for {n} replicates", "Give one for each replicate")
        )
    chosen = usual if scale is None else scale
    if not (np.isfinite(each).all() and (each >= 0).all() and np.isfinite(chosen) and chosen > 0):
        problems.append(Problem("scale", "scales have to be positive numbers", "Correct scale or rscales"))
    return (chosen * each if not problems else np.zeros(0)), problems
