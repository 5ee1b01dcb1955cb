"""Medians and other quantiles under a survey design, with Woodruff's intervals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.core.arrays import Bools, Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import proportion_interval, student_t
from surveys.core.results import Note
from surveys.design.design import Design
from surveys.estimates._quantiles import RULES, Rule, weighted_quantile
from surveys.estimates.domains import By, Values, columns_of, lay_out
from surveys.estimates.influence import Ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Interval = Literal["mean", "beta", "xlogit", "asin", "replicates"]

INTERVALS: tuple[Interval, ...] = get_args(Interval)
NAMES: dict[Interval, str] = {
    "mean": "Woodruff, Student's t",
    "beta": "Woodruff, Korn-Graubard",
    "xlogit": "Woodruff, logit",
    "asin": "Woodruff, arcsine of the square root",
    "replicates": "Student's t on replicates",
}
BEYOND = Note("quantiles without one end of their interval, which lies beyond the answers given: {n}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantiles:
    """
    Quantiles of one sample.

    Attributes
    ----------
    index : Index, shape (k,)
        Domain and variable, as for `Estimates`, then `quantile`, between 0 and 1.
    estimate, std_error, conf_low, conf_high : ndarray of float, shape (k,)
        In the unit of the variable; NaN where nobody is counted, or an end lies beyond the answers.
        The standard error is the width of the interval over twice the quantile of Student's t.
    df : ndarray of float, shape (k,)
        Degrees of freedom.
    n : ndarray of int, shape (k,)
        Unweighted base.
    conf_level : float
        Between 0 and 1.
    method : str
        Name of the interval.
    notes : tuple of Note
        Caveats.
    """

    index: pd.Index
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    df: Floats
    n: NDArray[np.intp]
    conf_level: float
    method: str
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.index)

    def to_frame(self) -> pd.DataFrame:
        """List the quantiles: columns of the index, then `estimate` to `method`."""
        columns = {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "df": self.df,
            "n": self.n,
            "method": self.method,
        }
        return pd.DataFrame(columns, index=self.index).reset_index()

    def summary(self) -> str:
        """Say each quantile and its interval in a line of English."""
        rows = zip(self.index, self.estimate, self.conf_low, self.conf_high, self.n, strict=True)
        return "\n".join(
            f"{' × '.join(map(str, key))}: {value:.4g} [{low:.4g}, {high:.4g}], n = {n:,}"
            for key, value, low, high, n in rows
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each quantile as a point on its interval, the first at the top."""
        height = -np.arange(len(self), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.estimate, height, "o")
        return ax


@dataclass(frozen=True, slots=True, eq=False)
class _Quantile:
    """Quantiles of columns as a statistic, for replicates: they have no influence values."""

    values: Floats
    counted: Bools
    p: Floats
    rule: Rule

    def value(self, weights: Floats) -> Floats:
        found = [
            weighted_quantile(column[known], weights[known], self.p, self.rule)
            for column, known in zip(self.values.T, self.counted.T, strict=True)
        ]
        return np.concatenate(found)

    def influence(self, weights: Floats) -> Floats:
        raise NotImplementedError


def quantile(
    design: Design,
    values: Values,
    p: float | Sequence[float] = 0.5,
    *,
    by: By | None = None,
    rows: ArrayLike | None = None,
    interval: Interval = "mean",
    rule: Rule = "math",
    conf_level: float = 0.95,
) -> Quantiles:
    """
    Estimate quantiles, such as medians.

    Parameters
    ----------
    design, values, by, rows, conf_level
        As for `surveys.estimates.means.mean`.
    p : float or sequence of float
        Which quantiles, between 0 and 1.
    interval : {"mean", "beta", "xlogit", "asin", "replicates"}
        Woodruff's [1]_ interval: limits of the share at or below the quantile, by the method named as
        in R's `svyquantile`, are read back off the distribution. "replicates" estimates the quantile
        in every replicate instead, which a jackknife does not do well.
    rule : str
        How a value is read off the distribution: "math" is the least value that the share does not
        exceed; "school", "shahvaish" and "hf1" to "hf9" as in R's `svyquantile`.

    Returns
    -------
    Quantiles

    Raises
    ------
    SpecError
        If a quantile is not between 0 and 1, `interval` or `rule` is not known, the design has no
        replicates to use, or as `mean`.
    EstimateError
        If the design has no variance.

    References
    ----------
    .. [1] R. S. Woodruff (1952), "Confidence intervals for medians and other position measures",
       *Journal of the American Statistical Association* 47, 635-646.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2] * 6, "hours": [3.0, 1, 5, 2, 8, 4, 6, 7, 2, 9, 4, 3]})
    >>> print(quantile(Design.from_frame(frame, weight="w"), frame["hours"]).summary())
    hours × 0.5: 4 [2, 9], n = 12
    """
    wanted = np.atleast_1d(np.asarray(p, float))
    _check(design, wanted, interval, rule)
    columns = columns_of(design, values)
    table = lay_out(design, columns, by, rows, np.isfinite(columns.to_numpy(float)))
    statistic = _Quantile(table.values, table.counted, wanted, rule)
    found = statistic.value(design.weights)
    df = np.repeat([design.degrees_of_freedom(column) for column in table.counted.T], len(wanted)).astype(float)
    n = np.repeat((table.counted & (design.weights != 0)[:, None]).sum(axis=0), len(wanted))
    t = student_t(df, conf_level)
    notes: tuple[Note, ...] = ()
    if interval == "replicates":
        moved, notes = design.appraise(statistic)
        error = np.where(np.isnan(found), np.nan, np.sqrt(np.square(moved).sum(axis=0)))
        low, high = found - t * error, found + t * error
    else:
        inside = np.repeat(table.counted, len(wanted), axis=1)
        below = np.repeat(table.values, len(wanted), axis=1) <= found
        share = Ratio((inside & below).astype(float), inside)
        moved, notes = design.appraise(share)
        shares, share_error = share.value(design.weights), np.sqrt(np.square(moved).sum(axis=0))
        limits = _share_limits(interval, shares, share_error, df, n, conf_level)
        low, high = (_read_off(design, table.values, table.counted, limit, len(wanted), rule) for limit in limits)
        error = (high - low) / (2 * t)
    beyond = int(((np.isnan(low) | np.isnan(high)) & np.isfinite(found)).sum())
    return Quantiles(
        index=_index(table.index, wanted),
        estimate=found,
        std_error=error,
        conf_low=low,
        conf_high=high,
        df=df,
        n=n,
        conf_level=conf_level,
        method=NAMES[interval],
        notes=(*notes, *((Note(BEYOND.message, {"n": beyond}),) if beyond else ())),
    )


def _share_limits(
    interval: Interval, shares: Floats, error: Floats, df: Floats, n: NDArray[np.intp], conf_level: float
) -> tuple[Floats, Floats]:
    if interval == "mean":
        half = student_t(df, conf_level) * error
        return shares - half, shares + half
    low, high, _ = proportion_interval(shares, error, df, n, method=interval, conf_level=conf_level)  # type: ignore[arg-type]
    return low, high


def _read_off(design: Design, values: Floats, counted: Bools, limits: Floats, n_p: int, rule: Rule) -> Floats:
    """Read limits of shares off the distribution of each column."""
    found = [
        weighted_quantile(column[known], design.weights[known], limits[i * n_p : (i + 1) * n_p], rule)
        for i, (column, known) in enumerate(zip(values.T, counted.T, strict=True))
    ]
    return np.concatenate(found)


def _check(design: Design, p: Floats, interval: str, rule: str) -> None:
    if not ((p > 0) & (p < 1)).all():
        raise SpecError.at("p", "got a quantile outside 0 to 1", "Write 0.5 for the median")
    for name, value, known in (("interval", interval, INTERVALS), ("rule", rule, RULES)):
        if value not in known:
            mend = did_you_mean(str(value), known, f"Known: {', '.join(known)}")
            raise SpecError.at(
                f"{name} '{value}'", f"not {'an' if name == 'interval' else 'a'} {name} known here", mend
            )
    if interval == "replicates" and design.linearised:
        mend = "Make replicates with surveys.design.replicates, or choose another interval"
        raise SpecError.at("interval 'replicates'", "the design has no replicate weights", mend)


def _index(index: pd.Index, p: Floats) -> pd.MultiIndex:
    tuples: list[tuple[Hashable, ...]] = [
        (*(key if isinstance(key, tuple) else (key,)), float(share)) for key in index for share in p
    ]
    return pd.MultiIndex.from_tuples(tuples, names=[*index.names, "quantile"])
