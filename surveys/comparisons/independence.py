"""Tests of independence of two items, which know the survey design."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from surveys.comparisons import _independence
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.rounding import say_p
from surveys.design.design import Design
from surveys.estimates.domains import level_codes, row_mask
from surveys.estimates.influence import Ratio, Total

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TableStatistic = Literal["F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"]
Reference = Literal["F", "chi-squared"]

STATISTICS: tuple[TableStatistic, ...] = get_args(TableStatistic)
METHODS: dict[TableStatistic, str] = {
    "F": "Pearson's chi-squared with Rao and Scott's second-order correction",
    "Chisq": "Pearson's chi-squared with Rao and Scott's first-order correction",
    "Wald": "Wald's test of the differences from independence",
    "adjWald": "Wald's test of the differences from independence, adjusted",
    "lincom": "Pearson's chi-squared against its exact asymptotic distribution",
    "saddlepoint": "Pearson's chi-squared against its asymptotic distribution by saddlepoint",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndependenceTest:
    """
    A test that two items are independent.

    Attributes
    ----------
    statistic : str
        Which test, as `independence_test` names them.
    value : float
        Of the statistic.
    parameters : dict of str to float
        Degrees of freedom: `ndf` and `ddf`, or `df`; empty where the distribution has none.
    p_value : float
        NaN where the design leaves no degrees of freedom.
    table : ndarray of float, shape (n_rows, n_columns)
        Weighted counts.
    row_levels, column_levels : Index
        What its rows and columns are called.
    n : int
        Rows of the sample that have both answers.
    method : str
        Name of the test, as a statistician would cite it.
    """

    statistic: TableStatistic
    value: float
    parameters: dict[str, float]
    p_value: float
    table: Floats = field(repr=False)
    row_levels: pd.Index
    column_levels: pd.Index
    n: int
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Give one row per cell: row, column, weighted count, share of the whole, and of its column."""
        shape = self.table.shape
        return pd.DataFrame(
            {
                "row": np.repeat(np.asarray(self.row_levels), shape[1]),
                "column": np.tile(np.asarray(self.column_levels), shape[0]),
                "count": self.table.ravel(),
                "share": (self.table / self.table.sum()).ravel(),
                "column_share": (self.table / self.table.sum(axis=0)).ravel(),
            }
        )

    def summary(self) -> str:
        """Say the test in one line of English."""
        degrees = ", ".join(f"{value:.4g}" for value in self.parameters.values())
        name = {"F": "F", "Wald": "F", "adjWald": "F"}.get(self.statistic, "X²")
        return f"{name}{f'({degrees})' if degrees else ''} = {self.value:.3g}, {say_p(self.p_value)}, n = {self.n:,}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the share of each row within its column, as stacked bars."""
        shares = self.table / self.table.sum(axis=0)
        names = [str(level) for level in self.column_levels]
        for row, name, below in zip(shares, self.row_levels, np.cumsum(shares, axis=0) - shares, strict=True):
            ax.bar(names, row, bottom=below, label=str(name))
        return ax


def independence_test(
    design: Design,
    row: ArrayLike,
    column: ArrayLike,
    *,
    statistic: TableStatistic = "F",
    rows: ArrayLike | None = None,
    reference: Reference = "F",
) -> IndependenceTest:
    r"""
    Test whether two items are independent in the population.

    Parameters
    ----------
    design : Design
        The sample.
    row, column : array_like, shape (n_rows,)
        Codes or levels of each item; a row without one of them leaves the test, never the design.
    statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
        As in `svychisq` of R's survey; "F" holds its level best in most designs.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the test is limited to.
    reference : {"F", "chi-squared"}
        What "lincom" and "saddlepoint" take as distribution: with the degrees of freedom of the
        design below, or without, as R does for replicate weights, where p-values come out too small.

    Returns
    -------
    IndependenceTest

    Raises
    ------
    SpecError
        If the statistic is not known, or the items do not have one value for each row.
    EstimateError
        If an item has fewer than two levels, or the design has no variance.

    Notes
    -----
    Pearson's :math:`X^2` of the weighted shares is distributed as a weighted sum of chi-squares whose
    weights are design effects [1]_. "F" divides it by their sum and compares with F on
    :math:`d_0 = (\sum\delta)^2/\sum\delta^2` and :math:`d_0` times the design's degrees of freedom [2]_.
    "lincom" gives the tail of the sum exactly, as a mixture of F distributions; R does so only where
    its package CompQuadForm is installed, and otherwise gives the saddlepoint approximation.

    References
    ----------
    .. [1] J. N. K. Rao and A. J. Scott (1984), "On chi-squared tests for multiway contingency tables
       with proportions estimated from survey data", *Annals of Statistics* 12, 46-60.
    .. [2] D. R. Thomas and J. N. K. Rao (1987), "Small-sample comparisons of level and power for
       simple goodness-of-fit statistics under cluster sampling", *JASA* 82, 630-636.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 10, "heard": [1, 0, 1, 1] * 5, "sex": list("FM") * 10})
    >>> print(independence_test(Design.from_frame(frame, weight="w"), frame["heard"], frame["sex"]).summary())
    F(1, 19) = 4.37, p = 0.050, n = 20
    """
    if statistic not in STATISTICS:
        mend = did_you_mean(statistic, STATISTICS, f"Known: {', '.join(STATISTICS)}")
        raise SpecError.at(f"statistic '{statistic}'", "not a test of independence known here", mend)
    inside = row_mask(design, rows)
    (row_code, row_levels), (column_code, column_levels) = (
        level_codes(design, item, inside, name) for item, name in ((row, "row"), (column, "column"))
    )
    counted = inside & (row_code >= 0) & (column_code >= 0)
    shape = (len(row_levels), len(column_levels))
    cells = _independence.cell_indicators(row_code, column_code, counted, shape)
    table = Total(cells).value(design.weights).reshape(shape)
    if (table.sum(axis=0) <= 0).any() or (table.sum(axis=1) <= 0).any():
        raise EstimateError.at(
            "table", "a level has no respondent with a weight", "Limit rows, or join the level to another"
        )
    freedom = design.degrees_of_freedom(inside)
    n = int(np.count_nonzero(inside & (design.weights != 0)))
    find = _wald if statistic in ("Wald", "adjWald") else _pearson
    value, parameters, p_value = find(design, cells, counted, shape, statistic, freedom, n, reference)
    return IndependenceTest(
        statistic=statistic,
        value=value,
        parameters=parameters,
        p_value=p_value,
        table=table,
        row_levels=row_levels,
        column_levels=column_levels,
        n=int(np.count_nonzero(counted & (design.weights != 0))),
        method=METHODS[statistic],
    )


Found = tuple[float, dict[str, float], float]


def _pearson(
    design: Design,
    cells: Floats,
    counted: np.ndarray,
    shape: tuple[int, int],
    statistic: TableStatistic,
    freedom: int,
    n: int,
    reference: Reference,
) -> Found:
    shares = Ratio(cells, np.repeat(counted[:, None], cells.shape[1], axis=1))
    found, moved = shares.value(design.weights), design.deviations(shares)
    effects = _independence.design_effects(found, moved.T @ moved, n, shape)
    value = _independence.pearson(found.reshape(shape), n)
    ndf = float(effects.sum() ** 2 / np.square(effects).sum())
    ddf = ndf * freedom
    if statistic == "F":
        value /= effects.sum()
        p_value = special.fdtrc(ndf, ddf, value) if freedom >= 1 else np.nan
        return value, {"ndf": ndf, "ddf": ddf}, float(p_value)
    if statistic == "Chisq":
        return value, {"df": float(len(effects))}, float(special.chdtrc(len(effects), value / effects.mean()))
    tail = _independence.exact_tail if statistic == "lincom" else _independence.saddlepoint_tail
    below = np.inf if reference == "chi-squared" else ddf
    p_value = tail(value, effects, below) if below > 0 else np.nan
    if np.isnan(p_value) and below > 0:
        raise EstimateError.at(
            "table",
            "its design effects are too uneven for the exact distribution",
            "Take statistic 'saddlepoint' or 'F'",
        )
    return value, {}, float(p_value)


def _wald(
    design: Design,
    cells: Floats,
    counted: np.ndarray,
    shape: tuple[int, int],
    statistic: TableStatistic,
    freedom: int,
    n: int,
    reference: Reference,
) -> Found:
    totals = Total(cells)
    moved = design.deviations(totals)
    ndf = (shape[0] - 1) * (shape[1] - 1)
    try:
        value = _independence.wald_statistic(totals.value(design.weights), moved.T @ moved, shape) / ndf
    except np.linalg.LinAlgError:
        raise EstimateError.at(
            "table", "Wald's test needs more sampling units than the table has cells", "Take statistic 'F'"
        ) from None
    ddf = freedom
    if statistic == "adjWald":
        ddf = freedom - ndf + 1
        value *= ddf / freedom if freedom else np.nan
    p_value = special.fdtrc(ndf, ddf, value) if ddf >= 1 else np.nan
    return float(value), {"ndf": float(ndf), "ddf": float(ddf)}, float(p_value)
