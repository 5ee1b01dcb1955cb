"""The mean cumulative function: how many events that come again an account has had, by tenure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, get_args, overload

import numpy as np
import pandas as pd

from churn.recurrent.recurrences import Recurrences, check_columns, history_of
from churn.survival.grouping import LEFT_OUT
from churn.survival.step_curve import StepCurve
from churn.survival.tallies import divide
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RecurrentErrors = Literal["robust", "poisson"]
RecurrentLimits = Literal["log", "plain"]
METHODS = {"robust": "robust variance", "poisson": "Poisson variance"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MeanCumulativeFunction(StepCurve):
    """
    Mean number of events per account, by tenure.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures of events and of ends of observation, in `time_unit`, rising.
    mean : ndarray of float, shape (n_times,)
        Events per account up to and including each time.
    std_error, conf_low, conf_high : ndarray of float, shape (n_times,)
        Standard errors and pointwise confidence limits; NaN where limits do not exist.
    n_at_risk, n_event : ndarray of int, shape (n_times,)
        Accounts under observation just before each time, and events at it.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log', 'plain'}
        Scale on which the limits are symmetric.
    std_errors : {'robust', 'poisson'}
        How standard errors were found.
    n : int
        Accounts.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    mean: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Ints
    n_event: Ints
    time_unit: str = "days"
    conf_level: float = 0.95
    conf_type: RecurrentLimits = "log"
    std_errors: RecurrentErrors = "robust"
    n: int
    notes: tuple[Note, ...] = ()
    _columns: ClassVar[tuple[str, ...]] = ("time", "n_at_risk", "n_event", "mean", "std_error", "conf_low", "conf_high")

    @property
    def method(self) -> str:
        """Name of the estimate, its standard error and its interval."""
        return f"mean cumulative function, {METHODS[self.std_errors]}, {self.conf_type} interval"

    def _at(self, time: float) -> Estimate | Unavailable:
        if time > self.time[-1]:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        columns = (self.mean, self.std_error, self.conf_low, self.conf_high)
        value, error, low, high = (0.0,) * 4 if index < 0 else (float(x[index]) for x in columns)
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            unit="events",
            method=self.method,
            notes=self.notes,
        )

    def summary(self) -> str:
        """Say how many events an account has by the last tenure, in one line of English."""
        low, value, high = (f"{x[-1]:.2f}" for x in (self.conf_low, self.mean, self.conf_high))
        return f"{value} events per account by {self.time[-1]:g} {self.time_unit} [{low}, {high}], n = {self.n:,}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the curve and its interval as steps.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        time = np.concatenate([[min(0.0, self.time[0])], self.time])
        low, high = (
            np.concatenate([[0.0], np.where(np.isnan(x), self.mean, x)]) for x in (self.conf_low, self.conf_high)
        )
        (line,) = ax.step(time, np.concatenate([[0.0], self.mean]), where="post")
        ax.fill_between(time, low, high, step="post", alpha=0.2, linewidth=0, color=line.get_color())
        return ax


@overload
def mean_cumulative_function(
    recurrences: Recurrences,
    *,
    by: None = None,
    std_errors: RecurrentErrors = "robust",
    conf_type: RecurrentLimits = "log",
    conf_level: float = 0.95,
) -> MeanCumulativeFunction: ...
@overload
def mean_cumulative_function(
    recurrences: Recurrences,
    *,
    by: str,
    std_errors: RecurrentErrors = "robust",
    conf_type: RecurrentLimits = "log",
    conf_level: float = 0.95,
) -> dict[str, MeanCumulativeFunction]: ...
def mean_cumulative_function(
    recurrences: Recurrences,
    *,
    by: str | None = None,
    std_errors: RecurrentErrors = "robust",
    conf_type: RecurrentLimits = "log",
    conf_level: float = 0.95,
) -> MeanCumulativeFunction | dict[str, MeanCumulativeFunction]:
    r"""
    Estimate the mean number of events per account, by tenure.

    Parameters
    ----------
    recurrences : Recurrences
        Events of accounts, and when each was observed.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    std_errors : {'robust', 'poisson'}
        From sums within accounts, which holds however an account's events depend on each other; or taking
        every event for itself, which is too small where some accounts are always busier than others.
    conf_type : {'log', 'plain'}
        Scale on which the limits are symmetric; plain ones end at 0.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MeanCumulativeFunction or dict of str to MeanCumulativeFunction
        By level, in their order, where `by` is given: accounts without a value are in none of the curves, and each
        curve's notes count them.

    Raises
    ------
    SpecError
        If an option is not one of those above.
    EstimateError
        If there are no accounts.

    Notes
    -----
    Nelson's estimator :math:`\hat M(t)=\sum_{t_i\le t} d_i/n_i`, of events :math:`d_i` and accounts observed
    :math:`n_i` [1]_, with the robust variance of Lawless and Nadeau [2]_: `survfit(Surv(start, stop, event) ~ 1,
    id = account)$cumhaz` of R's survival. If observation of an account ends when it leaves, this is the
    number of events of accounts that stay; observe them to the end of the window for that of all accounts.

    References
    ----------
    .. [1] Nelson (1988), Graphical analysis of system repair data, *Journal of Quality Technology* 20, 24-35.
    .. [2] Lawless and Nadeau (1995), Some simple robust methods for the analysis of recurrent events,
       *Technometrics* 37, 158-168.

    Examples
    --------
    >>> events = pd.DataFrame({"account": ["a", "a", "b"], "time": [3, 5, 4]})
    >>> accounts = pd.DataFrame({"account": ["a", "b", "c"], "end": [9, 6, 4]})
    >>> print(mean_cumulative_function(Recurrences.from_tables(events, accounts)).summary())
    1.17 events per account by 9 days [0.55, 2.47], n = 3

    One curve for each level:

    >>> events = pd.DataFrame({"account": ["a", "a", "b"], "time": [3, 5, 4]})
    >>> accounts = pd.DataFrame({"account": ["a", "b", "c"], "end": [9, 6, 4], "age": ["18-24", "18-24", "25-34"]})
    >>> found = mean_cumulative_function(Recurrences.from_tables(events, accounts), by="age")
    >>> {level: curve.mean[-1].item() for level, curve in found.items()}
    {'18-24': 1.5, '25-34': 0.0}
    """
    if by is not None:
        return _by_level(recurrences, by, std_errors, conf_type, conf_level)
    check_choice("std_errors", std_errors, get_args(RecurrentErrors))
    check_choice("conf_type", conf_type, get_args(RecurrentLimits))
    check_level(conf_level)
    if not len(recurrences.owner):
        raise EstimateError.at("mean_cumulative_function", "there are no accounts to follow", "Choose a larger group")
    history = history_of(recurrences)
    n_at_risk, n_event = history.tally()
    steps = divide(n_event.astype(np.float64), n_at_risk.astype(np.float64))
    mean = np.cumsum(steps)
    if std_errors == "robust":
        error = np.sqrt(history.robust_variance(n_at_risk, n_event))
    else:
        error = np.sqrt(np.cumsum(divide(steps, n_at_risk.astype(np.float64))))
    low, high = _limits(mean, error, normal_quantile(conf_level), conf_type)
    return MeanCumulativeFunction(
        time=history.time,
        mean=mean,
        std_error=error,
        conf_low=low,
        conf_high=high,
        n_at_risk=n_at_risk,
        n_event=n_event,
        time_unit=recurrences.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        std_errors=std_errors,
        n=recurrences.n_accounts,
        notes=recurrences.notes,
    )


def _by_level(
    recurrences: Recurrences,
    by: str,
    std_errors: RecurrentErrors,
    conf_type: RecurrentLimits,
    conf_level: float,
) -> dict[str, MeanCumulativeFunction]:
    check_columns("mean_cumulative_function, by", recurrences.attributes, (by,))
    code, levels = pd.factorize(recurrences.attributes[by], sort=True)
    if not len(levels):
        place = f"mean_cumulative_function, by '{by}'"
        raise EstimateError.at(place, "no account has a value", "Choose another attribute")
    n_absent = int((code < 0).sum())
    notes = (Note(LEFT_OUT, {"n": n_absent, "group": by}),) if n_absent else ()
    whole = replace(recurrences, notes=recurrences.notes + notes)
    return {
        str(level): mean_cumulative_function(
            whole.where(code == i), std_errors=std_errors, conf_type=conf_type, conf_level=conf_level
        )
        for i, level in enumerate(levels)
    }


def _limits(mean: Floats, error: Floats, z: float, conf_type: RecurrentLimits) -> tuple[Floats, Floats]:
    if conf_type == "plain":
        return np.maximum(mean - z * error, 0.0), mean + z * error
    inside = np.where(mean > 0, mean, np.nan)
    width: Floats = np.exp(z * error / inside)
    return inside / width, inside * width
