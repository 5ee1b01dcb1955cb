"""Known totals of a population, laid along the respondents who have to add up to them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surveys.core.arrays import Codes, Floats
from surveys.core.errors import Problem, did_you_mean
from surveys.data.codebook import Code, format_code
from surveys.design.rows import Rows, quoted, some

Key = str | tuple[str, ...]
Totals = Mapping[Key, Mapping[Any, float] | float]
Frozen = tuple[tuple[tuple[str, ...], tuple[tuple[tuple[str, ...], float], ...] | float], ...]

AGREEMENT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """
    One known distribution, or one known sum, as the rows of a sample meet it.

    Attributes
    ----------
    name : str
        The columns it is of.
    levels : tuple of str
        Its levels; none for the sum of a number.
    totals : ndarray of float, shape (n_levels,) or (1,)
        People in each level, or the sum.
    cell : ndarray of int, shape (n_rows,)
        Level of each row; 0 for a number.
    values : ndarray of float, shape (n_rows,), or None
        The number to be summed.
    """

    name: str
    levels: tuple[str, ...]
    totals: Floats
    cell: Codes
    values: Floats | None = None

    def terms(self) -> Floats:
        """Give the columns whose weighted sums have to be the totals, shape (n_rows, n_totals)."""
        if self.values is not None:
            return self.values[:, None]
        return np.asarray(self.cell[:, None] == np.arange(len(self.totals)), float)

    def labels(self) -> list[str]:
        """Name each total."""
        return [f"{self.name} = {level}" for level in self.levels] or [self.name]


def freeze(totals: Totals) -> Frozen:
    """
    Write totals so that they can be kept, compared and printed: codes as text, in the order given.

    Examples
    --------
    >>> freeze({"sex": {1: 52, 2: 48}})
    ((('sex',), ((('1',), 52.0), (('2',), 48.0))),)
    """
    return tuple(
        (
            (key,) if isinstance(key, str) else tuple(key),
            float(value)
            if not isinstance(value, Mapping)
            else tuple((_parts(level), float(total)) for level, total in value.items()),
        )
        for key, value in totals.items()
    )


def lay_margins(frozen: Frozen, rows: Rows, weights: Floats) -> tuple[list[Margin], list[Problem]]:
    """
    Find the level of every row in every margin.

    Parameters
    ----------
    frozen : tuple
        Totals, see `freeze`.
    rows : Rows
        The respondents.
    weights : ndarray of float, shape (n_rows,)
        Before the step.

    Returns
    -------
    margins : list of Margin
        Those without a problem.
    problems : list of Problem
        Columns that do not exist, blank cells, levels without a total, totals without anybody,
        totals that are no numbers of people, margins that add up to different populations.

    Examples
    --------
    >>> rows = Rows(pd.DataFrame({"sex": ["F", "F", "M"]}), "wave.csv", np.arange(3))
    >>> (sex,), problems = lay_margins(freeze({"sex": {"F": 52, "M": 48}}), rows, np.ones(3))
    >>> sex.labels(), sex.cell.tolist(), problems
    (['sex = F', 'sex = M'], [0, 0, 1], [])
    """
    margins, problems = [], []
    for columns, totals in frozen:
        found = rows.unknown(columns)
        if not found:
            found = [problem for name in columns for problem in rows.blank(name)]
        if found:
            problems += found
        elif isinstance(totals, float):
            margin, wrong = _number(columns, totals, rows)
            problems += wrong
            margins += [] if wrong else [margin]
        else:
            margin, wrong = _levels(columns, dict(totals), rows, weights)
            problems += wrong
            margins += [] if wrong else [margin]
    return margins, problems or _disagreeing(margins)


def _number(columns: tuple[str, ...], total: float, rows: Rows) -> tuple[Margin, list[Problem]]:
    name = " × ".join(columns)
    if len(columns) > 1:
        problem = Problem(f"margin '{name}'", "one total for several columns", "Give a total for each combination")
        return Margin(name, (), np.zeros(1), np.zeros(0, np.intp)), [problem]
    problems = rows.not_numbers(name, "number, as its margin is a single total")
    if not np.isfinite(total):
        problems.append(Problem(f"margin '{name}'", f"got {total} for its total", "Give a number"))
    values = np.zeros(len(rows.frame)) if problems else rows.frame[name].to_numpy(float)
    return Margin(name, (), np.array([total]), np.zeros(len(values), np.intp), values), problems


def _levels(
    columns: tuple[str, ...], totals: dict[tuple[str, ...], float], rows: Rows, weights: Floats
) -> tuple[Margin, list[Problem]]:
    name = " × ".join(columns)
    place = f"margin '{name}'"
    keys = list(totals)
    position = {key: i for i, key in enumerate(keys)}
    first, codes = _combinations(rows.frame, columns)
    there = [tuple(format_code(rows.frame[column].iloc[row]) for column in columns) for row in first]
    problems = []
    known = [_said(key) for key in keys]
    for key, row in zip(there, first, strict=True):
        if key not in position:
            count = int((codes == codes[row]).sum())
            mend = did_you_mean(_said(key), known, f"Give its total, or correct the data; totals here: {some(known)}")
            problems.append(Problem(place, f"no total for {quoted(_said(key))}, which {count} respondents are", mend))
    cell = np.array([position.get(key, 0) for key in there], np.intp)[codes]
    values = np.array([totals[key] for key in keys])
    for key, total, held in zip(keys, values, np.bincount(cell, weights, len(keys)), strict=True):
        if not (np.isfinite(total) and total >= 0):
            problems.append(Problem(place, f"got {total:g} for {quoted(_said(key))}", "Give a number of people"))
        elif total > 0 and held <= 0 and not problems:
            what = (
                f"the total of {quoted(_said(key))}, {total:,.6g}, cannot be met: no respondent with a weight is in it"
            )
            problems.append(Problem(place, what, "Join the level to another, in the data and in the totals"))
        elif total == 0 and held > 0:
            what = f"the total of {quoted(_said(key))} is 0, and respondents are in it"
            problems.append(Problem(place, what, "Correct the total, or leave these respondents out of the file"))
    return Margin(name, tuple(known), values, cell), problems


def _combinations(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[list[int], Codes]:
    code = np.asarray(frame.groupby(list(columns), sort=False, dropna=False).ngroup(), np.intp)
    first = np.unique(code, return_index=True)[1] if len(code) else np.zeros(0, np.intp)
    return first.tolist(), code


def _disagreeing(margins: list[Margin]) -> list[Problem]:
    """Tell which margins add up to another population than the first."""
    listed = [margin for margin in margins if margin.values is None]
    problems = []
    for margin in listed[1:]:
        first, here = float(listed[0].totals.sum()), float(margin.totals.sum())
        if abs(first - here) > AGREEMENT * max(first, here):
            what = f"it adds up to {here:,.10g}, and '{listed[0].name}' to {first:,.10g}"
            problems.append(
                Problem(f"margin '{margin.name}'", what, "Make the totals of all margins add up to the same")
            )
    return problems


def _parts(level: Hashable) -> tuple[str, ...]:
    parts: tuple[Code, ...] = level if isinstance(level, tuple) else (level,)
    return tuple(format_code(part) for part in parts)


def _said(key: tuple[str, ...]) -> str:
    return " × ".join(key)
