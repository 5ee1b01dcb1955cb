"""Means, totals, ratios and shares under a survey design, for everybody and for domains."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.core.intervals import NAMES, Method, proportion_interval, student_t
from surveys.core.results import Estimate, Note
from surveys.design.design import Design, Statistic
from surveys.estimates.contrasts import Contrast, weigh
from surveys.estimates.domains import By, Domains, Values, columns_of, lay_out
from surveys.estimates.influence import Logit, Ratio, Total

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_DEGREES = Note("estimates without an interval, their respondents lying in one sampling unit of each stratum: {n}")
NOBODY = Note("estimates that cannot be had, nobody being counted in them: {n}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimates:
    """
    Estimates from one sample, with the covariance that they share.

    Attributes
    ----------
    index : Index, shape (k,)
        What each estimate is of: levels of the domain, then the variable where there are several.
    estimate, std_error : ndarray of float, shape (k,)
        In `unit`; NaN where nobody is counted.
    deviations : ndarray of float, shape (m, k)
        A matrix whose cross-product is the covariance; those of several results from one sample can
        be put side by side, see `combine`.
    df : ndarray of float, shape (k,)
        Degrees of freedom: primary units minus strata, among those that hold a counted row.
    n : ndarray of int, shape (k,)
        Unweighted base.
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the intervals, in `unit`.
    conf_level : float
        Between 0 and 1.
    method : tuple of str, length k
        Name of each interval.
    unit : str
        `share`, or the unit of the variable.
    degrees_of_freedom : int
        Of all rows that any of the estimates counts; contrasts of several use them.
    notes : tuple of Note
        Caveats.
    """

    index: pd.Index
    estimate: Floats
    std_error: Floats
    deviations: Floats = field(repr=False)
    df: Floats
    n: NDArray[np.intp]
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    method: tuple[str, ...]
    unit: str
    degrees_of_freedom: int
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.index)

    @property
    def covariance(self) -> Floats:
        """Covariance of the estimates under the design, shape (k, k)."""
        return self.deviations.T @ self.deviations

    def at(self, key: Hashable) -> Estimate:
        """
        Give one of the estimates.

        Parameters
        ----------
        key : hashable
            A label of `index`.

        Returns
        -------
        Estimate

        Raises
        ------
        SpecError
            If there is no such label.
        """
        i = int(np.flatnonzero(weigh({key: 1.0}, self.index))[0])
        return Estimate(
            estimate=float(self.estimate[i]),
            std_error=float(self.std_error[i]),
            conf_low=float(self.conf_low[i]),
            conf_high=float(self.conf_high[i]),
            conf_level=self.conf_level,
            n=int(self.n[i]),
            unit=self.unit,
            method=self.method[i],
            notes=self.notes,
        )

    def contrast(self, weights: Mapping[Any, float] | Sequence[float]) -> Contrast:
        """
        Estimate a weighted sum of the estimates, such as a difference.

        Parameters
        ----------
        weights : mapping of label to float, or sequence of float
            Weight of each estimate named, the others having 0; or one weight for each, in order.

        Returns
        -------
        Contrast
            With the covariance of the estimates, and `degrees_of_freedom`; those of the estimate itself where
            it is the only one.

        Raises
        ------
        SpecError
            If a label is unknown, or the sequence has another length.

        Examples
        --------
        >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "y": [0, 1, 0, 1, 1, 1], "sex": list("FFFMMM")})
        >>> shares = proportion(Design.from_frame(frame, weight="w"), frame["y"], by=frame["sex"])
        >>> print(shares.contrast({"M": 1, "F": -1}).summary())
        +50.0 points [-36.2, +136.2], t = 1.49 on 5 degrees of freedom, p = 0.196
        """
        k = weigh(weights, self.index)
        used = k != 0
        estimate = float(k[used] @ self.estimate[used])
        variance = float(np.square(self.deviations[:, used] @ k[used]).sum())
        unit = "points" if self.unit == "share" else self.unit
        freedom = float(self.df[used][0]) if np.count_nonzero(used) == 1 else self.degrees_of_freedom
        return Contrast.of(estimate, variance, freedom, conf_level=self.conf_level, unit=unit)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per estimate: the columns of the index, then the numbers."""
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
        """Say each estimate, its interval and its base in a line of English."""
        return "\n".join(f"{_said(key)}: {self.at(key).summary()}" for key in self.index)

    def plot(self, ax: Axes) -> Axes:
        """Draw each estimate as a point on its interval, the first at the top."""
        height = -np.arange(len(self), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.estimate, height, "o")
        return ax


def mean(
    design: Design, values: Values, *, by: By | None = None, rows: ArrayLike | None = None, conf_level: float = 0.95
) -> Estimates:
    """
    Estimate means.

    Parameters
    ----------
    design : Design
        The sample.
    values : array_like of float, shape (n_rows,), or several columns of them
        NaN where there is no answer: the row leaves the estimate, never the design.
    by : array_like, shape (n_rows,), or several columns of them, optional
        Levels of domains to estimate for; rows without a level are in none.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that all estimates are limited to.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        In the unit of `values`, with Student's t on the degrees of freedom of each domain.

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row of the sample.
    EstimateError
        If the design has no variance.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2], "hours": [3.0, 1, 5, np.nan]})
    >>> found = mean(Design.from_frame(frame, weight="w"), frame["hours"])
    >>> found.estimate.tolist(), found.n.tolist()
    ([2.5], [3])
    """
    columns = columns_of(design, values)
    table = lay_out(design, columns, by, rows, np.isfinite(columns.to_numpy(float)))
    return describe_estimates(design, Ratio(table.values, table.counted), table, conf_level)


def total(
    design: Design, values: Values, *, by: By | None = None, rows: ArrayLike | None = None, conf_level: float = 0.95
) -> Estimates:
    """
    Estimate totals of the population.

    Parameters
    ----------
    design, values, by, rows, conf_level
        As for `mean`; weights have to add up to the population for the totals to mean anything.

    Returns
    -------
    Estimates
        In the unit of `values`, with Student's t.

    Raises
    ------
    SpecError, EstimateError
        As `mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [100.0, 200, 100, 200], "signed_up": [1, 0, 1, 1]})
    >>> total(Design.from_frame(frame, weight="w"), frame["signed_up"]).estimate.tolist()
    [400.0]
    """
    columns = columns_of(design, values)
    table = lay_out(design, columns, by, rows, np.isfinite(columns.to_numpy(float)))
    return describe_estimates(design, Total(table.values), table, conf_level)


def ratio(
    design: Design,
    numerator: Values,
    denominator: Values,
    *,
    by: By | None = None,
    rows: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """
    Estimate ratios of two totals.

    Parameters
    ----------
    design, by, rows, conf_level
        As for `mean`.
    numerator : array_like of float, shape (n_rows,), or several columns of them
        NaN where there is no answer.
    denominator : array_like of float, shape (n_rows,), or as many columns as `numerator`
        Likewise; a row counts where both have an answer.

    Returns
    -------
    Estimates
        Named after the numerator, with Student's t.

    Raises
    ------
    SpecError, EstimateError
        As `mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2], "sent": [3.0, 1, 5, 0], "seen": [10.0, 4, 6, 8]})
    >>> ratio(Design.from_frame(frame, weight="w"), frame["sent"], frame["seen"]).estimate.round(3).tolist()
    [0.25]
    """
    above, below = columns_of(design, numerator), columns_of(design, denominator)
    if below.shape[1] not in (1, above.shape[1]):
        raise SpecError.at(
            "denominator", f"got {below.shape[1]} columns for {above.shape[1]} numerators", "Give one, or one for each"
        )
    divisor = np.broadcast_to(below.to_numpy(float), above.shape)
    known = np.isfinite(above.to_numpy(float)) & np.isfinite(divisor)
    table = lay_out(design, above, by, rows, known)
    lower = lay_out(design, pd.DataFrame(divisor, columns=above.columns), by, rows, known)
    return describe_estimates(design, Ratio(table.values, lower.values), table, conf_level)


def proportion(
    design: Design,
    indicator: Values,
    *,
    by: By | None = None,
    rows: ArrayLike | None = None,
    method: Method = "logit",
    conf_level: float = 0.95,
) -> Estimates:
    """
    Estimate shares, with intervals that stay between 0 and 1.

    Parameters
    ----------
    design, by, rows, conf_level
        As for `mean`.
    indicator : array_like of float or bool, shape (n_rows,), or several columns of them
        1 for yes, 0 for no, NaN where there is no answer.
    method : {"logit", "xlogit", "likelihood", "beta", "asin", "mean", "wilson"}
        As in `svyciprop` of R's survey 4.5; "beta" is Korn and Graubard's, which is also given where
        the share is 0 or 1.

    Returns
    -------
    Estimates
        Shares, between 0 and 1.

    Raises
    ------
    SpecError
        As `mean`, and where the indicator is neither 0, 1 nor NaN.
    EstimateError
        As `mean`.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "heard": [1, 0, 1, 1, 0, 0], "sex": list("FFFMMM")})
    >>> print(proportion(Design.from_frame(frame, weight="w"), frame["heard"], by=frame["sex"]).summary())
    F: 50.0% [0.3%, 99.7%], n = 3
    M: 40.0% [0.2%, 99.6%], n = 3
    """
    columns = columns_of(design, indicator)
    values = columns.to_numpy(float)
    if not np.isin(values[np.isfinite(values)], (0.0, 1.0)).all():
        raise SpecError.at(
            "indicator", "got values other than 0 and 1", "Use 1 for yes, 0 for no and NaN for no answer"
        )
    table = lay_out(design, columns, by, rows, np.isfinite(values))
    return describe_shares(design, Ratio(table.values, table.counted), table, method, conf_level)


def describe_shares(
    design: Design, statistic: Statistic, table: Domains, method: Method = "logit", conf_level: float = 0.95
) -> Estimates:
    """
    Estimate shares from a statistic of any form.

    Parameters
    ----------
    design : Design
        The sample.
    statistic : Statistic
        Whose values are shares.
    table : Domains
        What the shares are called, and which rows each counts.
    method : str
        As for `proportion`.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates

    Examples
    --------
    >>> frame = pd.DataFrame({"heard": [1.0, 0.0, 1.0, 1.0]})
    >>> design, counted = Design.from_frame(frame), np.ones((4, 1), bool)
    >>> table = Domains(pd.Index(["heard"]), frame.to_numpy(), counted)
    >>> describe_shares(design, Ratio(table.values, counted), table).estimate.tolist()
    [0.75]
    """
    found = describe_estimates(design, statistic, table, conf_level, unit="share")
    size = np.array([design.n_effective(column) for column in table.counted.T])
    resampled = method in ("logit", "likelihood") and not design.linearised
    low, high, names = proportion_interval(
        found.estimate,
        found.std_error,
        found.df,
        found.n,
        method=method,
        conf_level=conf_level,
        n_effective=size,
        logit_error=_logit_errors(design, statistic, found) if resampled else None,
    )
    return replace(found, conf_low=low, conf_high=high, method=tuple(names.tolist()))


def combine(*parts: Estimates, keys: Sequence[Hashable], names: Sequence[str] = ("part",)) -> Estimates:
    """
    Put results from one sample side by side, so that they share one covariance.

    Parameters
    ----------
    *parts : Estimates
        Of the same sample and confidence level.
    keys : sequence of hashable, one for each part
        What each part is called; a tuple gives several levels of the index.
    names : sequence of str
        What the levels of the index are called that the keys make.

    Returns
    -------
    Estimates
        The keys come first in its index.

    Raises
    ------
    SpecError
        If the parts come from different samples, or there is not one key for each.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2], "heard": [1, 0, 1, 1, 0, 0], "hours": [3.0, 1, 5, 2, 0, 4]})
    >>> design = Design.from_frame(frame, weight="w")
    >>> both = combine(proportion(design, frame["heard"]), mean(design, frame["hours"]), keys=["share", "mean"])
    >>> both.covariance.shape
    (2, 2)
    """
    if len(parts) != len(keys) or len({(len(part.deviations), part.conf_level) for part in parts}) != 1:
        raise SpecError.at("combine", "got results of different samples or levels", "Combine results of one sample")
    index = pd.MultiIndex.from_tuples(
        [(*_parts(key), *_parts(label)) for key, part in zip(keys, parts, strict=True) for label in part.index],
        names=[*names, *parts[0].index.names],
    )
    units = {part.unit for part in parts}
    return Estimates(
        index=index,
        estimate=np.concatenate([part.estimate for part in parts]),
        std_error=np.concatenate([part.std_error for part in parts]),
        deviations=np.concatenate([part.deviations for part in parts], axis=1),
        df=np.concatenate([part.df for part in parts]),
        n=np.concatenate([part.n for part in parts]),
        conf_low=np.concatenate([part.conf_low for part in parts]),
        conf_high=np.concatenate([part.conf_high for part in parts]),
        conf_level=parts[0].conf_level,
        method=tuple(method for part in parts for method in part.method),
        unit=units.pop() if len(units) == 1 else "",
        degrees_of_freedom=max(part.degrees_of_freedom for part in parts),
        notes=tuple(note for part in parts for note in part.notes),
    )


def describe_estimates(
    design: Design, statistic: Statistic, table: Domains, conf_level: float = 0.95, unit: str = ""
) -> Estimates:
    """
    Estimate a statistic of any form, with intervals of Student's t.

    Parameters
    ----------
    design : Design
        The sample.
    statistic : Statistic
        One value for each column of `table`.
    table : Domains
        What the values are called, and which rows each counts.
    conf_level : float
        Between 0 and 1.
    unit : str
        Of the values.

    Returns
    -------
    Estimates

    Examples
    --------
    >>> frame = pd.DataFrame({"hours": [1.0, 2.0, 3.0]})
    >>> design, counted = Design.from_frame(frame), np.ones((3, 1), bool)
    >>> table = Domains(pd.Index(["hours"]), frame.to_numpy(), counted)
    >>> found = describe_estimates(design, Ratio(table.values, counted), table)
    >>> found.estimate.tolist(), found.df.tolist()
    ([2.0], [2.0])
    """
    estimate = statistic.value(design.weights)
    found, remarks = design.appraise(statistic)
    std_error = np.where(np.isnan(estimate), np.nan, np.sqrt(np.square(found).sum(axis=0)))
    df = np.array([design.degrees_of_freedom(column) for column in table.counted.T], float)
    positive = design.weights > 0
    n = np.array([np.count_nonzero(column & positive) for column in table.counted.T], np.intp)
    half = student_t(df, conf_level) * std_error
    notes = [
        Note(note.message, {"n": int(count)})
        for note, count in ((NOBODY, (n == 0).sum()), (NO_DEGREES, ((df < 1) & (n > 0)).sum()))
        if count
    ]
    return Estimates(
        index=table.index,
        estimate=estimate,
        std_error=std_error,
        deviations=found,
        df=df,
        n=n,
        conf_low=estimate - half,
        conf_high=estimate + half,
        conf_level=conf_level,
        method=(NAMES["mean"],) * len(table.index),
        unit=unit,
        degrees_of_freedom=design.degrees_of_freedom(np.asarray(table.counted.any(axis=1))),
        notes=(*notes, *remarks),
    )


def _logit_errors(design: Design, share: Statistic, found: Estimates) -> Floats:
    """Give standard errors of logits, by linearisation where a replicate has a share of 0 or 1."""
    errors = design.std_errors(Logit(share))
    spread = found.estimate * (1 - found.estimate)
    linear = np.divide(found.std_error, spread, out=np.full_like(spread, np.nan), where=spread > 0)
    return np.where(np.isnan(errors), linear, errors)


def _parts(key: Hashable) -> tuple[Hashable, ...]:
    return key if isinstance(key, tuple) else (key,)


def _said(key: Hashable) -> str:
    return " × ".join(map(str, _parts(key)))
