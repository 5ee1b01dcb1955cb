"""Variances of variables in the population, and what a design costs compared with a simple random sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from surveys.core.arrays import Bools, Floats
from surveys.core.errors import SpecError
from surveys.design.design import Design
from surveys.estimates.domains import By, Values, columns_of, lay_out
from surveys.estimates.means import Estimates, describe_estimates, mean, total

Draw = Literal["without replacement", "with replacement"]


@dataclass(frozen=True, slots=True, eq=False)
class Variance:
    """
    Variances of columns in the population.

    Attributes
    ----------
    values : ndarray of float, shape (n_rows, k)
        0 where not counted.
    counted : ndarray of bool, shape (n_rows, k)
        Who each column counts.
    n : ndarray of float, shape (k,)
        How many.
    """

    values: Floats
    counted: Bools
    n: Floats

    def value(self, weights: Floats) -> Floats:
        """Give the variances, n / (n - 1) times the weighted ones, shape (k,)."""
        people, middle = self._middle(weights)
        squares = weights @ np.where(self.counted, np.square(self.values - middle), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(people > 0, self.n / (self.n - 1) * squares / people, np.nan)

    def influence(self, weights: Floats) -> Floats:
        """Linearise; the mean moves the sum of squares around it by nothing."""
        people, middle = self._middle(weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = np.where(self.counted, np.square(self.values - middle), 0.0) * (self.n / (self.n - 1))
            moved = np.where(self.counted, squares - self.value(weights), 0.0) / people
        return np.where(people > 0, moved, 0.0)

    def _middle(self, weights: Floats) -> tuple[Floats, Floats]:
        people = weights @ self.counted.astype(float)
        return people, np.divide(weights @ self.values, people, out=np.zeros_like(people), where=people > 0)


def variance(
    design: Design, values: Values, *, by: By | None = None, rows: ArrayLike | None = None, conf_level: float = 0.95
) -> Estimates:
    """
    Estimate variances of variables in the population.

    Parameters
    ----------
    design, values, by, rows, conf_level
        As for `surveys.estimates.means.mean`.

    Returns
    -------
    Estimates
        In the squared unit of `values`, as R's `svyvar`.

    Raises
    ------
    SpecError, EstimateError
        As `mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [3.0, 1, 5, 3]})
    >>> variance(Design.from_frame(frame), frame["hours"]).estimate.round(6).tolist()
    [2.666667]
    """
    columns = columns_of(design, values)
    table = lay_out(design, columns, by, rows, np.isfinite(columns.to_numpy(float)))
    n = (table.counted & (design.weights != 0)[:, None]).sum(axis=0).astype(float)
    return describe_estimates(design, Variance(table.values, table.counted, n), table, conf_level)


def design_effect(
    design: Design,
    values: Values,
    *,
    of: Literal["mean", "total"] = "mean",
    by: By | None = None,
    rows: ArrayLike | None = None,
    draw: Draw = "without replacement",
) -> pd.Series[float]:
    """
    Compare the variance of means or totals with that of a simple random sample of the same size.

    Parameters
    ----------
    design, values, by, rows
        As for `surveys.estimates.means.mean`.
    of : {"mean", "total"}
        Which estimates.
    draw : {"without replacement", "with replacement"}
        How the simple sample would be drawn; R's `deff=TRUE` and `deff="replace"`. Without
        replacement, weights have to add up to the population.

    Returns
    -------
    Series of float, shape (k,)
        Named as the estimates; NaN where there are more respondents than people they stand for.

    Raises
    ------
    SpecError, EstimateError
        As `mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [3.0, 1, 5, 3]})
    >>> design_effect(Design.from_frame(frame), frame["hours"], draw="with replacement").round(9).tolist()
    [1.0]
    """
    if of not in ("mean", "total"):
        raise SpecError.at("of", f"got '{of}', expected mean or total", "Choose one of them")
    found = (mean if of == "mean" else total)(design, values, by=by, rows=rows)
    columns = columns_of(design, values)
    table = lay_out(design, columns, by, rows, np.isfinite(columns.to_numpy(float)))
    n = (table.counted & (design.weights != 0)[:, None]).sum(axis=0).astype(float)
    people = design.weights @ table.counted.astype(float)
    spread = Variance(table.values, table.counted, n).value(design.weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = spread / n * (people**2 if of == "total" else 1.0)
        if draw == "without replacement":
            simple = simple * np.where(people < n, np.nan, (people - n) / people)
        effect = np.square(found.std_error) / simple
    return pd.Series(effect, index=found.index, name="design_effect")
