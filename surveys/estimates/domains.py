"""Domains: who each estimate counts, laid out as columns that are 0 outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from surveys.core.arrays import Bools, Codes, Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.data.groups import Levels
from surveys.design.design import Design
from surveys.estimates.influence import spread

Values = ArrayLike | pd.DataFrame | pd.Series | Mapping[str, ArrayLike]
By = ArrayLike | pd.Series | pd.Categorical | pd.DataFrame | Mapping[str, ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class Domains:
    """
    Columns of values, one for each domain and variable.

    Attributes
    ----------
    index : Index, shape (k,)
        What each column is called.
    values : ndarray of float, shape (n_rows, k)
        0 where not counted.
    counted : ndarray of bool, shape (n_rows, k)
        Who lies in the domain and has an answer.
    rows : ndarray of bool, shape (n_rows,), or None
        The rows that all columns are limited to.
    """

    index: pd.Index
    values: Floats
    counted: Bools
    rows: Bools | None = None


def columns_of(design: Design, values: Values) -> pd.DataFrame:
    """
    Put values side by side, each under its name.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"hours": [1, 2, 4]}))
    >>> columns_of(design, [1, 2, 4]).to_dict("list")
    {'value': [1, 2, 4]}
    """
    if isinstance(values, pd.DataFrame):
        frame = values
    elif isinstance(values, pd.Series):
        frame = values.to_frame(values.name if values.name is not None else "value")
    elif isinstance(values, Mapping):
        frame = pd.DataFrame({name: np.asarray(column) for name, column in values.items()})
    else:
        array = np.asarray(values)
        frame = pd.DataFrame(array if array.ndim == 2 else {"value": array})
    if len(frame) != design.n:
        raise SpecError.at(
            "values", f"got {len(frame)} rows for a sample of {design.n}", "Give one value for each row of the sample"
        )
    return frame


def lay_out(design: Design, columns: pd.DataFrame, by: By | None, rows: ArrayLike | None, known: Bools) -> Domains:
    """
    Give each domain and variable a column; `known` tells which cells have an answer.

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [1.0, 2.0, 4.0]})
    >>> table = lay_out(Design.from_frame(frame), frame, ["F", "M", "F"], None, np.ones((3, 1), bool))
    >>> table.index.tolist(), table.values.tolist()
    (['F', 'M'], [[1.0, 0.0], [0.0, 2.0], [4.0, 0.0]])
    """
    mask = None if rows is None else _mask(design, rows)
    counted = known if mask is None else known & mask[:, None]
    values = columns.to_numpy(float)
    variables = pd.Index([str(name) for name in columns.columns], name="variable")
    if by is None:
        return Domains(variables, np.where(counted, values, 0.0), counted, mask)
    codes, levels = _levels(design, by)
    index = levels
    if len(variables) > 1:
        tuples = [(*(key if isinstance(key, tuple) else (key,)), name) for key in levels for name in variables]
        index = pd.MultiIndex.from_tuples(tuples, names=[*levels.names, "variable"])
    return Domains(index, *spread(values, counted, codes, len(levels)), mask)


def _mask(design: Design, rows: ArrayLike) -> Bools:
    mask = np.asarray(rows)
    if mask.shape != (design.n,) or mask.dtype != bool:
        raise SpecError.at(
            "rows", f"got {mask.dtype} of shape {mask.shape}", f"Give {design.n} true or false values, one for each row"
        )
    return mask


def _levels(design: Design, by: By) -> tuple[Codes, pd.Index]:
    """List the levels of a domain in order, with the number of each row's, -1 being none."""
    frame = by if isinstance(by, pd.DataFrame) else pd.DataFrame(by) if isinstance(by, Mapping) else None
    if frame is None:
        name = by.name if isinstance(by, pd.Series) and by.name is not None else "domain"
        frame = pd.DataFrame({name: by})
    if len(frame) != design.n:
        raise SpecError.at(
            "by", f"got {len(frame)} rows for a sample of {design.n}", "Give one level for each row of the sample"
        )
    if frame.shape[1] > 1:
        grouped = frame.groupby(list(frame.columns), observed=True, sort=True, dropna=True)
        codes = np.asarray(grouped.ngroup().fillna(-1), np.intp)
        return codes, grouped.size().index
    column = frame.iloc[:, 0]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, np.intp), pd.Index(column.cat.categories, name=column.name)
    codes, levels = pd.factorize(column, sort=True)
    return np.asarray(codes, np.intp), pd.Index(levels, name=column.name)


def by_level(values: Floats, counted: Bools, levels: Levels | None) -> Domains:
    """
    Give each level of a group a column of one variable.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
        Anything where not counted.
    counted : ndarray of bool, shape (n_rows,)
        Who the variable counts.
    levels : Levels or None
        None for everybody, a single column.

    Returns
    -------
    Domains
        Its index holds the names of the levels, or "" for everybody.

    Examples
    --------
    >>> sex = Levels(("F", "M"), np.array([0, 1, 0]))
    >>> by_level(np.array([1.0, np.nan, 0.0]), np.array([True, False, True]), sex).counted.tolist()
    [[True, False], [False, False], [True, False]]
    """
    column, inside = np.where(counted, values, 0.0)[:, None], counted[:, None]
    if levels is None:
        return Domains(pd.Index([""], name="level"), column, inside)
    return Domains(pd.Index(levels.names, name="level"), *spread(column, inside, levels.position, len(levels.names)))


def row_mask(design: Design, rows: ArrayLike | None) -> Bools:
    """
    Tell which rows a domain counts: all of them without one.

    Examples
    --------
    >>> row_mask(Design.from_frame(pd.DataFrame({"hours": [1, 2, 4]})), None).tolist()
    [True, True, True]
    """
    return np.ones(design.n, bool) if rows is None else _mask(design, rows)


def level_codes(design: Design, item: ArrayLike, inside: Bools, name: str) -> tuple[Codes, pd.Index]:
    """
    Find the levels of an item that occur in a domain, and number them.

    Parameters
    ----------
    design : Design
        The sample.
    item : array_like, shape (n_rows,)
        Levels or codes; a missing one is none.
    inside : ndarray of bool, shape (n_rows,)
        The domain.
    name : str
        What the item is called in messages.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
        Counted from 0 in the order of the levels, -1 for none and outside the domain.
    levels : Index

    Raises
    ------
    SpecError
        If the item does not have one value for each row.
    EstimateError
        If it has fewer than two levels.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"hours": [1, 2, 4]}))
    >>> codes, levels = level_codes(design, ["yes", "no", None], np.ones(3, bool), "heard")
    >>> codes.tolist(), levels.tolist()
    ([1, 0, -1], ['no', 'yes'])
    """
    found, levels = _levels(design, item)
    present = np.zeros(len(levels), bool)
    present[found[inside & (found >= 0)]] = True
    if present.sum() < 2:
        what = f"has {present.sum()} level{'' if present.sum() == 1 else 's'}, expected two or more"
        raise EstimateError.at(name, what, "Name an item that varies among the rows counted")
    codes = np.where(inside & (found >= 0), (np.cumsum(present) - 1)[found], -1)
    return np.asarray(codes, np.intp), levels[present]
