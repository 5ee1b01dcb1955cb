"""Royston-Parmar flexible parametric survival: the log cumulative hazard as a spline of log tenure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args, overload

import numpy as np
import pandas as pd

from churn.numeric.maximum import Maximum, maximise
from churn.parametric.aft import Times
from churn.parametric.likelihood import Durations, known_bounds
from churn.parametric.likelihood import maximise as fit_distribution
from churn.parametric.results import EXTRAPOLATED
from churn.parametric.spline_basis import orthogonal, spline_basis, spline_log_likelihood
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level, is_several, one_number, some_times
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHECKED, FARTHEST = 400, 200.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SmoothSurvival:
    """
    Share of accounts retained, as a smooth curve.

    Attributes
    ----------
    knots : ndarray of float, shape (k,)
        Tenures where pieces of the spline meet, in `time_unit`; it is straight outside of them, on the
        scale of logarithms.
    theta : ndarray of float, shape (k,)
        Coefficients of the log cumulative hazard.
    covariance : ndarray of float, shape (k, k)
        Of `theta`.
    log_likelihood : float
        At `theta`.
    n, n_event : int
        Accounts, and those of them that left.
    observed_until : float
        Longest tenure observed, in `time_unit`.
    conf_level : float
        Between 0 and 1.
    time_unit : str
        Unit of tenures.
    notes : tuple of Note
        Caveats.
    """

    knots: Floats
    theta: Floats
    covariance: Floats = field(repr=False)
    log_likelihood: float
    n: int
    n_event: int
    observed_until: float
    conf_level: float = 0.95
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"Royston-Parmar spline with {len(self.knots)} knots, log-log interval"

    @property
    def aic(self) -> float:
        """Akaike's criterion; of curves fitted to the same accounts, the lowest is the best bet."""
        return 2 * len(self.theta) - 2 * self.log_likelihood

    def survival(self, times: float | Sequence[float]) -> pd.DataFrame:
        """
        Give the share retained at chosen tenures.

        Parameters
        ----------
        times : float or sequence of float
            In `time_unit`; 0 or more.

        Returns
        -------
        DataFrame
            `time`, `survival`, `std_error`, `conf_low`, `conf_high`, limits being symmetric for
            log(-log(survival)), and `extrapolated`: beyond what was observed.

        Raises
        ------
        SpecError
            If a time is negative.
        """
        chosen = some_times(times, "times")
        begun = chosen > 0
        rows, _ = spline_basis(np.where(begun, chosen, 1.0), self.knots)
        middle = rows @ self.theta
        error = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.covariance, rows))
        half, hazard = normal_quantile(self.conf_level) * error, np.exp(middle)
        share = np.exp(-hazard)
        return pd.DataFrame(
            {
                "time": chosen,
                "survival": np.where(begun, share, 1.0),
                "std_error": np.where(begun, share * hazard * error, 0.0),
                "conf_low": np.where(begun, np.exp(-np.exp(middle + half)), 1.0),
                "conf_high": np.where(begun, np.exp(-np.exp(middle - half)), 1.0),
                "extrapolated": chosen > self.observed_until,
            }
        )

    @overload
    def at(self, time: float) -> Estimate: ...

    @overload
    def at(self, time: Sequence[float]) -> pd.DataFrame: ...

    def at(self, time: float | Sequence[float]) -> Estimate | pd.DataFrame:
        """
        Give the share retained at a tenure.

        Parameters
        ----------
        time : float or sequence of float
            In `time_unit`; 0 or more.

        Returns
        -------
        Estimate or DataFrame
            With a note where the tenure lies beyond what was observed; for several times a row each, `time`,
            `estimate`, `std_error`, `conf_low`, `conf_high`.

        Raises
        ------
        SpecError
            If the time is negative.
        """
        if is_several(time):
            names = ["time", "survival", "std_error", "conf_low", "conf_high"]
            return self.survival(time)[names].rename(columns={"survival": "estimate"})
        time = one_number(time, "SmoothSurvival.at, time")
        row = self.survival([time]).iloc[0]
        note = Note(EXTRAPOLATED.message, {"last": f"{self.observed_until:g}", "unit": self.time_unit})
        return Estimate(
            estimate=float(row["survival"]),
            std_error=float(row["std_error"]),
            conf_low=float(row["conf_low"]),
            conf_high=float(row["conf_high"]),
            conf_level=self.conf_level,
            n=self.n,
            method=self.method,
            notes=self.notes + ((note,) if row["extrapolated"] else ()),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the curve at a hundred tenures up to the longest observed, as `survival`."""
        return self.survival(np.linspace(0, self.observed_until, 101).tolist())

    def summary(self) -> str:
        """Say how many accounts left and the share retained at the longest tenure, in one line of English."""
        share = self.at(self.observed_until)
        told = f"{say_share(share.estimate)} [{say_share(share.conf_low)}, {say_share(share.conf_high)}]"
        return (
            f"{self.n:,} accounts, {self.n_event:,} of them gone; {told} stay {self.observed_until:g} {self.time_unit}"
        )

    def __repr__(self) -> str:
        """Say it in one short line."""
        return f"<{type(self).__name__}: {self.summary()}>"

    def _repr_html_(self) -> str:
        """Show the sentence and a few shares as a small table."""
        from html import escape

        rows = self.survival(np.linspace(0, self.observed_until, 6).tolist())
        told = "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)
        table = rows.to_html(float_format=lambda x: f"{x:.3g}", index=False, border=0)
        return f"<p>{escape(self.summary())}</p>{table}{told}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the curve and its interval as far as accounts were observed.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        rows = self.to_frame()
        (line,) = ax.plot(rows["time"], rows["survival"])
        limits = (rows["conf_low"], rows["conf_high"])
        ax.fill_between(rows["time"], *limits, alpha=0.2, linewidth=0, color=line.get_color())
        return ax


def smooth_survival(
    tenures: Tenures | TenureCounts, *, n_knots: int = 4, times: Times = "exact", conf_level: float = 0.95
) -> SmoothSurvival:
    r"""
    Fit a Royston-Parmar model: the share of accounts retained as a smooth curve.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts, which may begin late; the result is the same.
    n_knots : int
        Knots, those at the first and the last dropout among them; 2 give a Weibull distribution.
    times : {'exact', 'begun'}
        As for `AcceleratedFailureTime`: whether durations are taken as they are, or count units begun.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    SmoothSurvival

    Raises
    ------
    SpecError
        If an option is not one of those above, or an exact duration is 0.
    EstimateError
        If dropouts lie at fewer tenures than there are knots, the fit does not settle, or its curve rises.

    Notes
    -----
    :math:`\log H(t)` is a natural cubic spline of :math:`\log t` [1]_, with knots at evenly spaced quantiles of
    the dropouts; the covariance is the inverse of the observed information. Beyond the last knot it goes on as
    a Weibull distribution, which is an extrapolation and told as one.

    References
    ----------
    .. [1] Royston and Parmar (2002), "Flexible parametric proportional-hazards and proportional-odds models for
       censored survival data", *Statistics in Medicine* 21, 2175-2197.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> left = 40 * rng.weibull(0.8, 2000)
    >>> smooth_survival(Tenures(duration=np.minimum(left, 90), event=left <= 90)).summary()
    '2,000 accounts, 1,717 of them gone; 14.1% [12.6%, 15.6%] stay 90 days'
    """
    check_choice("times", times, get_args(Times))
    check_level(conf_level)
    if n_knots < 2:
        raise SpecError.at("n_knots", f"got {n_knots}, expected 2 or more", "Give one such as 4")
    cells = count_tenures(tenures) if isinstance(tenures, Tenures) else tenures
    zero = cells.event & (cells.duration <= 0)
    if times == "exact" and zero.any():
        what = f"{int(cells.n[zero].sum()):,} accounts left at 0, which has no logarithm"
        raise SpecError.at("smooth_survival", what, "Use times='begun' if durations count units begun")
    low, high, entry = known_bounds(cells.duration, cells.event, cells.entry, begun=times == "begun")
    knots = _knots(high, cells.n.astype(np.float64), n_knots)
    found = _fit(Durations(low, high, entry, cells.n.astype(np.float64), np.ones(len(low))), knots)
    until = float(np.where(cells.event, high, low).max())
    _check_falling(found.theta, knots, until)
    return SmoothSurvival(
        knots=knots,
        theta=found.theta,
        covariance=found.covariance,
        log_likelihood=found.value,
        n=cells.n_accounts,
        n_event=int(cells.n[cells.event].sum()),
        observed_until=until,
        conf_level=conf_level,
        time_unit=cells.time_unit,
        notes=cells.notes,
    )


def _knots(high: Floats, n: Floats, n_knots: int) -> Floats:
    gone = np.isfinite(high)
    if len(np.unique(high[gone])) < n_knots:
        what = f"dropouts lie at {len(np.unique(high[gone]))} tenures, {n_knots} knots need as many"
        raise EstimateError.at("smooth_survival", what, "Follow accounts for longer, or use fewer knots")
    shares = np.linspace(0, 1, n_knots)
    knots = np.unique(np.quantile(high[gone], shares, weights=n[gone], method="inverted_cdf"))
    if len(knots) < n_knots:
        what = f"dropouts are so bunched that {n_knots} knots fall on {len(knots)} tenures"
        raise EstimateError.at("smooth_survival", what, "Use fewer knots")
    return np.asarray(knots)


def _fit(durations: Durations, knots: Floats) -> Maximum:
    """Begin at the Weibull distribution, which is a spline without inner knots."""
    weibull = fit_distribution("weibull", durations, np.ones((len(durations.low), 1)))
    if weibull is not None:
        shape = float(np.exp(-weibull.theta[1]))
        start = np.concatenate([[-shape * weibull.theta[0], shape], np.zeros(len(knots) - 2)])
        turn = orthogonal(durations, knots)
        found = maximise(spline_log_likelihood(durations, knots, turn), np.linalg.solve(turn, start), farthest=FARTHEST)
        if found is not None:
            return Maximum(turn @ found.theta, found.value, turn @ found.covariance @ turn.T)
    raise EstimateError.at("smooth_survival", "the fit does not settle", "Use fewer knots")


def _check_falling(theta: Floats, knots: Floats, until: float) -> None:
    """Refuse a curve that rises somewhere, as if accounts came back."""
    grid = np.geomspace(knots[0] / 10, max(until, knots[-1]) * 10, CHECKED)
    if (spline_basis(grid, knots)[1] @ theta < 0).any():
        raise EstimateError.at("smooth_survival", "the curve fitted rises with tenure", "Use fewer knots")
