"""Rows of a table with what they are called: finds the cells that cannot be used, and says where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Codes, Floats
from surveys.core.errors import Problem, did_you_mean
from surveys.design.stages import Stage, first_rows, nested

SHOWN = 5


def listed(columns: str | Sequence[str] | None) -> list[str]:
    """
    Give the names of columns as a list, whether none, one or several are named.

    Examples
    --------
    >>> listed("region"), listed(["region", "age"]), listed(None)
    (['region'], ['region', 'age'], [])
    """
    if columns is None:
        return []
    return [columns] if isinstance(columns, str) else list(columns)


def some(values: Sequence[str], shown: int = SHOWN) -> str:
    """
    List the first few values, and say how many more there are.

    Examples
    --------
    >>> some(["a", "b", "c", "d"], shown=2)
    'a, b and 2 more'
    """
    if len(values) <= shown:
        return ", ".join(values)
    return f"{', '.join(values[:shown])} and {len(values) - shown} more"


def shortened(values: Sequence[str], shown: int = SHOWN) -> str:
    """
    List the first few values; an ellipsis, which every language has, stands for the others.

    Examples
    --------
    >>> shortened(["a", "b", "c", "d"], shown=2)
    'a, b, …'
    """
    return ", ".join([*values[:shown], "…"] if len(values) > shown else values)


def quoted(value: object) -> str:
    """
    Write a value from the data between quotes, whole numbers without a decimal point.

    Examples
    --------
    >>> print(quoted(3.0), quoted("north"))
    '3' 'north'
    """
    return f"'{value:g}'" if isinstance(value, float) else f"'{value}'"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a table, with what they are called: looks for what a design cannot be read from."""

    frame: pd.DataFrame
    place: str
    lines: NDArray[np.intp]

    def at(self, wrong: NDArray[np.bool_], column: str) -> str:
        """Name the cells of a column that are wrong."""
        lines = [str(line) for line in self.lines[wrong]]
        word = "line" if len(lines) == 1 else "lines"
        return f"{self.place}, {word} {some(lines)}, column '{column}'"

    def unknown(self, names: Sequence[str]) -> list[Problem]:
        """Tell which columns do not exist."""
        known = [str(name) for name in self.frame.columns]
        return [
            Problem(
                f"{self.place}, header",
                f"no column '{name}'",
                did_you_mean(name, known, f"Columns here: {some(known, 12)}"),
            )
            for name in dict.fromkeys(names)
            if name not in known
        ]

    def blank(self, name: str) -> list[Problem]:
        """Tell which cells of a stratum or cluster are blank."""
        wrong = self.frame[name].isna().to_numpy()
        if not wrong.any():
            return []
        return [
            Problem(self.at(wrong, name), "the cell is blank, and every respondent belongs somewhere", "Fill it in")
        ]

    def bad_weights(self, name: str) -> list[Problem]:
        """Tell which weights cannot be weights."""
        problems = self.not_numbers(name, "weight")
        if problems:
            return problems
        values = self.frame[name].to_numpy(float)
        for wrong, what in (
            (np.isnan(values), "there is no weight"),
            (np.isinf(values), "the weight is infinite"),
            ((values < 0) & np.isfinite(values), "the weight is negative"),
        ):
            if wrong.any():
                problems.append(
                    Problem(self.at(wrong, name), what, "Correct the weight, or remove the respondent from the file")
                )
        if not problems and values.sum() == 0:
            problems.append(
                Problem(f"{self.place}, column '{name}'", "all weights are 0", "Name the column of the weights")
            )
        return problems

    def bad_sizes(self, name: str) -> list[Problem]:
        """Tell which population sizes cannot be sizes."""
        problems = self.not_numbers(name, "population size")
        if problems:
            return problems
        wrong = ~(self.frame[name].to_numpy(float) > 0)
        if not wrong.any():
            return []
        return [Problem(self.at(wrong, name), "the population size is blank, 0 or negative", "Correct it")]

    def not_numbers(self, name: str, meaning: str) -> list[Problem]:
        """Tell which cells of a column of numbers are text."""
        column = self.frame[name]
        if pd.api.types.is_numeric_dtype(column):
            return []
        wrong = (pd.to_numeric(column, errors="coerce").isna() & column.notna()).to_numpy()
        found = [quoted(value) for value in dict.fromkeys(column[wrong].astype(str))]
        comma = all("," in value for value in found)
        mend = "Set decimal = ',' for this survey" if comma else "Write plain numbers, with a point before the decimals"
        return [Problem(self.at(wrong, name), f"got {some(found)}, expected a {meaning}", mend)]

    def straddling(self, name: str, unit: Codes, stratum: Codes, names: Sequence[str]) -> list[Problem]:
        """Tell which cluster codes occur in several strata."""
        rows = first_rows(nested(unit, stratum))
        several = np.flatnonzero(np.bincount(unit[rows]) > 1)
        if len(several) == 0:
            return []
        code = self.frame[name].iloc[first_rows(unit)[several[0]]]
        inside = [quoted(names[i]) for i in stratum[rows][unit[rows] == several[0]]]
        return [
            Problem(
                f"{self.place}, column '{name}'",
                f"{len(several)} codes occur in several strata, such as {quoted(code)} in {some(inside)}",
                "Set nest = true if codes start again in each stratum, or correct them",
            )
        ]

    def small_sizes(
        self,
        columns: Sequence[str],
        sizes: Sequence[Floats],
        stages: Sequence[Stage],
        stratum: Codes,
        names: Sequence[str],
    ) -> list[Problem]:
        """Tell where fewer units exist than were drawn, or the size varies within a set."""
        problems = []
        parent = stratum
        for name, size, stage in zip(columns, sizes, stages, strict=False):
            top, bottom = np.full(len(stage.drawn), -np.inf), np.full(len(stage.drawn), np.inf)
            np.maximum.at(top, parent, size)
            np.minimum.at(bottom, parent, size)
            first = parent is stratum
            for wrong, what in (
                (bottom < stage.drawn, "the population is smaller than the number drawn"),
                (top > bottom, "the population size varies"),
            ):
                if wrong.any():
                    sets = np.flatnonzero(wrong)
                    where = (
                        f"strata {some([quoted(names[i]) for i in sets.tolist()])}" if first else f"{len(sets)} units"
                    )
                    problems.append(
                        Problem(f"{self.place}, column '{name}'", f"{what} in {where}", "Correct the column")
                    )
            parent = stage.unit
        return problems
