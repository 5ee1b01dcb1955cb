"""Curves of competing risks: the share of accounts retained, and gone of each cause, by tenure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from churn.survival.step_curve import CurveDisplay
from churn.survival.tallies import ConfType, Tallies, limits, product_limit
from surveys.core.arguments import check_choice, one_number
from surveys.core.arrays import Amounts, Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, NoteValue, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IncidenceErrors = Literal["jackknife", "aalen"]
Drawing = Literal["curves", "stacked"]

RETAINED = "retained"
METHODS = {"jackknife": "infinitesimal jackknife", "aalen": "Aalen's variance"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CumulativeIncidence(CurveDisplay):
    """
    Share of accounts retained, and gone of each cause, by tenure.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures at which an account left or was censored, in `time_unit`, rising.
    states : tuple of str
        `retained`, then the causes.
    share : ndarray of float, shape (n_times, n_states)
        Share of accounts in each state just after each time; each row sums to 1.
    std_error, conf_low, conf_high : ndarray of float, shape (n_times, n_states)
        Standard errors and pointwise confidence limits; NaN where limits do not exist.
    n_at_risk, n_censor : ndarray, shape (n_times,)
        Accounts under observation just before each time, and censored at it; sums of weights if there are any.
    n_event : ndarray, shape (n_times, n_causes)
        Accounts gone at each time, by cause, or sums of weights.
    start : float
        Tenure at which the curves begin, in `time_unit`; shares are of accounts retained until then.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    std_errors : {'jackknife', 'aalen'}
        How standard errors were found.
    weight : str or None
        Attribute that held the weights of accounts.
    n : int
        Accounts that the curves rest on.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    states: tuple[str, ...]
    share: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Amounts
    n_event: Amounts
    n_censor: Amounts
    start: float = 0.0
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: ConfType = "log-log"
    std_errors: IncidenceErrors = "jackknife"
    weight: str | None = None
    n: int
    notes: tuple[Note, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """Names of the causes."""
        return self.states[1:]

    @property
    def method(self) -> str:
        """Name of the estimate, its standard error and its interval."""
        return f"Aalen-Johansen, {METHODS[self.std_errors]}, {self.conf_type} interval"

    def at(self, time: float, cause: str) -> Estimate | Unavailable:
        """
        Give the share gone of a cause by a tenure.

        Parameters
        ----------
        time : float
            In `time_unit`.
        cause : str
            One of `causes`, or `retained` for the share still there.

        Returns
        -------
        Estimate or Unavailable
            Unavailable before the curves begin, and beyond the longest tenure observed unless everybody
            has gone by then.

        Raises
        ------
        SpecError
            If there is no such cause.

        Examples
        --------
        >>> from churn.competing.incidence import cumulative_incidence
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(
        ...     duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=("closed", "banned")
        ... )
        >>> cumulative_incidence(tenures).at(5, "banned").estimate
        0.25
        """
        time = one_number(time, "CumulativeIncidence.at, time")
        column = self._column(cause)
        if absent := self._out_of_reach(time):
            return absent
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        if index < 0:
            certain = float(column == 0)
            return self._estimate(certain, 0.0, certain, certain)
        found = (x[index, column] for x in (self.share, self.std_error, self.conf_low, self.conf_high))
        return self._estimate(*map(float, found))

    def naive(self, time: float, cause: str) -> Estimate | Unavailable:
        """
        Give one minus Kaplan-Meier with the other causes censored, which overstates the share gone.

        Parameters
        ----------
        time : float
            In `time_unit`.
        cause : str
            One of `causes`.

        Returns
        -------
        Estimate or Unavailable
            As `at`, with a note that gives both numbers; the standard error is Greenwood's.

        Raises
        ------
        SpecError
            If there is no such cause.

        Notes
        -----
        It is the share that would leave if no other cause existed, and if whoever left for another cause
        had been as likely as the rest to leave for this one. The share that does leave is `at`.

        Examples
        --------
        >>> from churn.competing.incidence import cumulative_incidence
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(
        ...     duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=("closed", "banned")
        ... )
        >>> found = cumulative_incidence(tenures).naive(8, "closed")
        >>> print(found.notes[-1])
        62.5% gone of closed by 8 days if other causes are taken for censoring, 50.0% if not
        """
        column = self._column(cause, self.causes)
        if absent := self._out_of_reach(time):
            return absent
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        if index < 0:
            return self._estimate(0.0, 0.0, 0.0, 0.0, method=self._naive_method)
        retained, error = product_limit(Tallies(self.n_at_risk, self.n_event[:, column - 1], self.n_censor))
        low, high = limits(retained, error, normal_quantile(self.conf_level), self.conf_type)
        value = float(1 - retained[index])
        message = "{naive} gone of {cause} by {time} {unit} if other causes are taken for censoring, {share} if not"
        told: dict[str, NoteValue] = {
            "naive": value,
            "cause": cause,
            "time": f"{time:g}",
            "unit": self.time_unit,
            "share": float(self.share[index, column]),
        }
        with np.errstate(invalid="ignore"):
            spread = float((retained * error)[index])
        found = self._estimate(value, spread, float(1 - high[index]), float(1 - low[index]), method=self._naive_method)
        return replace(found, notes=(*self.notes, Note(message, told)))

    @property
    def _naive_method(self) -> str:
        return f"one minus Kaplan-Meier, {self.conf_type} interval"

    def overstatement(self, times: Sequence[float]) -> pd.DataFrame:
        """
        Compare the share gone of each cause with one minus Kaplan-Meier.

        Parameters
        ----------
        times : sequence of float
            Tenures, in `time_unit`.

        Returns
        -------
        DataFrame
            `time`, `cause`, `share`, `one_minus_kaplan_meier`, and `overstated`, the difference; NaN where
            `at` is unavailable.

        Examples
        --------
        >>> from churn.competing.incidence import cumulative_incidence
        >>> from churn.tenures.tenures import Tenures
        >>> tenures = Tenures(
        ...     duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=("closed", "banned")
        ... )
        >>> found = cumulative_incidence(tenures).overstatement([8]).round(3)
        >>> found[["cause", "share", "one_minus_kaplan_meier", "overstated"]].values.tolist()
        [['closed', 0.5, 0.625, 0.125], ['banned', 0.25, 0.333, 0.083]]
        """
        rows = []
        for time in times:
            for cause in self.causes:
                both = self.at(time, cause), self.naive(time, cause)
                share, naive = (np.nan if isinstance(x, Unavailable) else x.estimate for x in both)
                rows.append((float(time), cause, share, naive, naive - share))
        return pd.DataFrame(rows, columns=["time", "cause", "share", "one_minus_kaplan_meier", "overstated"])

    def _column(self, cause: str, known: tuple[str, ...] | None = None) -> int:
        names = self.states if known is None else known
        if cause not in names:
            raise SpecError.at(f"cause '{cause}'", "no such cause", did_you_mean(cause, names, choose_from(names)))
        return self.states.index(cause)

    def _out_of_reach(self, time: float) -> Unavailable | None:
        if time < self.start:
            reason = "the curve begins at {start} {unit}"
            return Unavailable(Note(reason, {"start": f"{self.start:g}", "unit": self.time_unit}))
        if time > self.time[-1] and self.share[-1, 0] > 0:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        return None

    def _estimate(self, value: float, error: float, low: float, high: float, *, method: str = "") -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            method=method or self.method,
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per time and state.

        Returns
        -------
        DataFrame
            `time`, `state`, `n_at_risk`, `n_event` (NaN for `retained`), `n_censor`, `share`,
            `std_error`, `conf_low`, `conf_high`.
        """
        n_times, n_states = self.share.shape
        n_event = np.column_stack([np.full(n_times, np.nan), self.n_event])
        columns = {
            "time": self.time.repeat(n_states),
            "state": pd.Categorical(list(self.states) * n_times, categories=list(self.states)),
            "n_at_risk": self.n_at_risk.repeat(n_states),
            "n_event": n_event.ravel(),
            "n_censor": self.n_censor.repeat(n_states),
        }
        shares = {name: getattr(self, name).ravel() for name in ("share", "std_error", "conf_low", "conf_high")}
        return pd.DataFrame(columns | shares)

    def summary(self) -> str:
        """Say how many accounts left and of what, in one line of English."""
        parts = [
            f"{say_share(share)} gone of {cause}" for cause, share in zip(self.causes, self.share[-1, 1:], strict=True)
        ]
        told = ", ".join([f"{say_share(self.share[-1, 0])} retained", *parts])
        return f"{self.n:,} accounts; by {self.time[-1]:g} {self.time_unit} {told}"

    def plot(self, ax: Axes, *, drawing: Drawing = "curves") -> Axes:
        """
        Draw the share gone of each cause as steps.

        Parameters
        ----------
        ax : Axes
            Where to draw.
        drawing : {'curves', 'stacked'}
            A curve with its interval for each cause, or areas on top of each other, in the order of `causes`.

        Returns
        -------
        Axes
            The same; each line or area is labelled with its cause.
        """
        check_choice("drawing", drawing, get_args(Drawing))
        time = np.concatenate([[self.start], self.time])
        below = np.zeros(len(time))
        for column, cause in enumerate(self.causes, start=1):
            share, low, high = (
                np.concatenate([[0.0], np.where(np.isnan(x[:, column]), self.share[:, column], x[:, column])])
                for x in (self.share, self.conf_low, self.conf_high)
            )
            if drawing == "stacked":
                ax.fill_between(time, below, below + share, step="post", linewidth=0, label=cause)
                below = below + share
            else:
                (line,) = ax.step(time, share, where="post", label=cause)
                ax.fill_between(time, low, high, step="post", alpha=0.2, linewidth=0, color=line.get_color())
        return ax


def choose_from(names: Sequence[str]) -> str:
    """
    Say which names there are to choose from.

    Examples
    --------
    >>> choose_from(("closed", "banned"))
    'Choose one of closed, banned'
    """
    return f"Choose one of {', '.join(names)}" if names else "Give the cause of each dropout"
