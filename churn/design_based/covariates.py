"""Covariates of a survey sample, as columns of numbers beside its rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.design.design import Design
from surveys.models.formulas import Covariates, build_covariates


def sample_covariates(
    design: Design, covariates: pd.DataFrame | Mapping[str, ArrayLike], *, intercept: bool = False
) -> tuple[Covariates, Floats]:
    """
    Give covariates as columns of numbers: text and categories in treatment contrasts, as a formula makes them.

    Parameters
    ----------
    design : Design
        The sample.
    covariates : DataFrame or mapping of str to array_like, shape (n_rows, n_columns)
    intercept : bool
        Whether a column of ones comes first.

    Returns
    -------
    covariates : Covariates
        Of the rows that lack none.
    values : ndarray of float, shape (n_rows, k)
        NaN in rows that lack one.

    Raises
    ------
    SpecError
        If there is none, or not one value for each row.
    EstimateError
        If every row lacks one.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1]}), weight="w")
    >>> built, values = sample_covariates(design, {"age": [20, 30, 40], "town": ["Lyon", "Nice", None]})
    >>> list(built.matrix.columns), values.tolist()
    (['age', 'town[T.Nice]'], [[20.0, 0.0], [30.0, 1.0], [nan, nan]])
    """
    table = covariates if isinstance(covariates, pd.DataFrame) else _table(covariates)
    if len(table) != design.n or table.shape[1] == 0:
        what = f"got {table.shape[1]} columns of {len(table)} rows for a sample of {design.n}"
        raise SpecError.at("covariates", what, "Give at least one, with one value for each row of the sample")
    table = table.reset_index(drop=True).rename(columns=str)
    table = table.astype({name: float for name in table.columns if pd.api.types.is_bool_dtype(table[name])})
    known = table.notna().all(axis=1).to_numpy()
    if not known.any():
        raise EstimateError.at("covariates", "no row has all of them", "Leave some of them out")
    formula = "~ " + " + ".join(f"`{name}`" for name in table.columns)
    built = build_covariates(formula, table[known].reset_index(drop=True), intercept=intercept)
    values = np.full((design.n, built.matrix.shape[1]), np.nan)
    values[known] = built.matrix.to_numpy(float)[built.unit]
    return built, values


def _table(columns: Mapping[str, ArrayLike]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(column) if isinstance(column, pd.Categorical) else np.asarray(column)
            for name, column in columns.items()
        }
    )
