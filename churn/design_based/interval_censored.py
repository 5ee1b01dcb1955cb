"""Durations known only to lie between bounds, under a survey design: nonparametric shares, and parametric models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from churn.design_based.curves import loglog_limits
from churn.parametric.turnbull import IntervalShares, half_open
from churn.survival.step_curve import CurveDisplay
from surveys.core.arguments import one_number
from surveys.core.arrays import Codes, Floats
from surveys.core.errors import EstimateError, Problem, SpecError
from surveys.core.results import Estimate, Note, Unavailable
from surveys.design.design import Design
from surveys.estimates.domains import row_mask
from surveys.estimates.means import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNTOLD = Note("the answers do not say how many were still there at {time} {unit}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class IntervalCurve(CurveDisplay):
    """
    Share retained by tenure, where tenures are known to lie in half-open intervals.

    Attributes
    ----------
    estimates : Estimates
        Shares retained at the tenures asked for, labelled by tenure, with their covariance; NaN where
        the answers do not tell.
    support : DataFrame
        Intervals that hold mass: `low`, excluded, `high`, included, and `mass`. Within one of them
        nothing is known of when people left.
    time_unit : str
        Unit of tenures.
    """

    estimates: Estimates = field(repr=False)
    support: pd.DataFrame = field(repr=False)
    time_unit: str = "days"

    def at(self, time: float) -> Estimate | Unavailable:
        """
        Give the share retained at a tenure that was asked for.

        Parameters
        ----------
        time : float
            One of those asked for, in `time_unit`.

        Returns
        -------
        Estimate or Unavailable
            Unavailable within an interval that holds mass, and beyond what was observed.

        Raises
        ------
        SpecError
            If the tenure was not asked for.
        """
        time = one_number(time, "IntervalCurve.at, time")
        found = self.estimates.at(float(time))
        if np.isnan(found.estimate):
            return Unavailable(Note(UNTOLD.message, {"time": f"{time:g}", "unit": self.time_unit}))
        return found

    def dropout(self, *, at: float) -> Estimate | Unavailable:
        """Give the share gone by a tenure: one minus the share retained, its interval turned round."""
        kept = self.at(at)
        if isinstance(kept, Unavailable):
            return kept
        return replace(kept, estimate=1 - kept.estimate, conf_low=1 - kept.conf_high, conf_high=1 - kept.conf_low)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per tenure asked for, as `Estimates.to_frame`."""
        return self.estimates.to_frame()

    def summary(self) -> str:
        """Say the share retained at each tenure asked for, a line for each."""
        points = [(time, self.at(time)) for time in self.estimates.index]
        return "\n".join(
            f"{time:g} {self.time_unit}: {point if isinstance(point, Unavailable) else point.summary()}"
            for time, point in points
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each share as a point on its interval; nothing is known of the way between them."""
        found = self.estimates
        ax.vlines(found.index.to_numpy(float), found.conf_low, found.conf_high)
        ax.plot(found.index.to_numpy(float), found.estimate, "o")
        return ax


def survey_interval_survival(
    design: Design,
    low: ArrayLike,
    high: ArrayLike,
    *,
    times: Sequence[float],
    rows: ArrayLike | None = None,
    time_unit: str = "days",
    conf_level: float = 0.95,
) -> IntervalCurve:
    r"""
    Estimate the share retained by tenure, where tenures are known to lie between bounds.

    Parameters
    ----------
    design : Design
        The sample: linearised, or with replicate weights.
    low, high : array_like of float, shape (n_rows,)
        Each tenure is more than `low` and at most `high`, in `time_unit`: equal where it is known
        exactly, as from a log; `high` infinite for those who have not left. With a `low` of 0, those who
        left at once are in. NaN for those who do not count.
    times : sequence of float
        Tenures to estimate.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the curve is limited to.
    time_unit : str
        Of tenures.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    IntervalCurve
        With log-log limits of Student's t.

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row, or a lower end lies above its upper end.
    EstimateError
        If nobody counts, or the design has no variance.

    Notes
    -----
    Turnbull's estimate [1]_ with weights: the masses that maximise :math:`\sum_i w_i\log P(l_i<T\le h_i)`.
    Intervals are half open, so that "up to 7 days" and "7 to 30 days" share no tenure; closed ones would
    merge adjoining bands. Errors come from the scores of the masses found; where there are many exact
    dates they agree with those of the Kaplan-Meier curve.

    References
    ----------
    .. [1] B. W. Turnbull (1976), "The empirical distribution function with arbitrarily grouped, censored
       and truncated data", *Journal of the Royal Statistical Society* B 38, 290-295.

    Examples
    --------
    >>> low, high = np.repeat([0.0, 7, 60], [10, 20, 70]), np.repeat([7.0, 30, np.inf], [10, 20, 70])
    >>> design = Design.from_frame(pd.DataFrame({"w": np.ones(100)}), weight="w")
    >>> print(survey_interval_survival(design, low, high, times=[7, 20, 30]).summary())
    7 days: 90.0% [82.0%, 94.5%], n = 100
    20 days: the answers do not say how many were still there at 20 days
    30 days: 70.0% [59.8%, 78.1%], n = 100
    """
    left, right, row, counted = counted_bounds(design, low, high, rows)
    chosen = np.asarray(times, float)
    statistic = IntervalShares(*half_open(left, right), row, design.n, chosen)
    estimate, found = statistic.value(design.weights), design.deviations(statistic)
    told = statistic.told(design.weights)
    estimate = np.where(told, np.minimum(estimate, 1.0), np.nan)
    std_error = np.where(told, np.sqrt(np.square(found).sum(axis=0)), np.nan)
    freedom = design.degrees_of_freedom(counted)
    conf_low, conf_high = loglog_limits(estimate, std_error, np.full(len(chosen), float(freedom)), conf_level)
    starts, ends = statistic.support
    mass = statistic.masses(design.weights)
    support = pd.DataFrame({"low": np.maximum(starts, 0.0), "high": ends, "mass": mass})
    return IntervalCurve(
        estimates=Estimates(
            index=pd.Index(chosen, name="time"),
            estimate=estimate,
            std_error=std_error,
            deviations=found,
            df=np.full(len(chosen), float(freedom)),
            n=np.full(len(chosen), len(row)),
            conf_low=conf_low,
            conf_high=conf_high,
            conf_level=conf_level,
            method=("Turnbull, log-log interval, Student's t",) * len(chosen),
            unit="share",
            degrees_of_freedom=freedom,
        ),
        support=support[support["mass"] > 1e-9].reset_index(drop=True),
        time_unit=time_unit,
    )


def counted_bounds(
    design: Design, low: ArrayLike, high: ArrayLike, rows: ArrayLike | None
) -> tuple[Floats, Floats, Codes, NDArray[np.bool_]]:
    """Check bounds of durations: lower and upper ends and rows of those who count, and who they are."""
    left, right, inside = np.asarray(low, float), np.asarray(high, float), row_mask(design, rows)
    problems = [
        Problem(name, f"got shape {array.shape}, expected ({design.n},)", "Give one value for each row of the sample")
        for name, array in (("low", left), ("high", right))
        if array.shape != (design.n,)
    ]
    if problems:
        raise SpecError(*problems)
    counted = inside & ~np.isnan(left) & ~np.isnan(right) & (design.weights > 0)
    row = np.flatnonzero(counted)
    wrong = int((left[row] > right[row]).sum())
    if wrong:
        problems.append(Problem("low", f"{wrong} lower ends lie above their upper ends", "Correct them"))
    if (left[row] < 0).any() or np.isinf(left[row]).any():
        problems.append(Problem("low", "got a negative or endless lower end", "Give the time from sign-up, 0 or more"))
    if problems:
        raise SpecError(*problems)
    if not len(row):
        raise EstimateError.at("low", "nobody counts", "Choose a larger group")
    return left[row], right[row], row, counted
