"""How long accounts were followed: the reverse Kaplan-Meier curve, in which leaving cuts observation short."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, overload

import pandas as pd

from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.step_curve import CurveDisplay
from churn.survival.tallies import ConfType
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import one_number
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FollowUp(CurveDisplay):
    """
    Share of accounts that would still be followed, by tenure, had nobody left.

    Attributes
    ----------
    curve : SurvivalCurve
        Kaplan-Meier curve in which the end of observation is the event, and leaving is censoring.
    """

    curve: SurvivalCurve

    @property
    def n(self) -> int:
        """Number of accounts."""
        return self.curve.n

    @property
    def conf_level(self) -> float:
        """Confidence level, between 0 and 1."""
        return self.curve.conf_level

    @property
    def notes(self) -> tuple[Note, ...]:
        """Caveats."""
        return self.curve.notes

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"reverse {self.curve.method}"

    @property
    def median(self) -> Estimate | Unavailable:
        """Tenure until which half of the accounts would have been followed, as `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> Estimate | Unavailable:
        """
        Give the tenure by which observation of a share of the accounts would have ended.

        Parameters
        ----------
        share : float
            Between 0 and 1, both excluded.

        Returns
        -------
        Estimate or Unavailable
            As `SurvivalCurve.quantile`, in `curve.time_unit`.

        Raises
        ------
        SpecError
            If `share` is not between 0 and 1.
        """
        share = one_number(share, "FollowUp.quantile, share")
        found = self.curve.quantile(share)
        if isinstance(found, Estimate):
            return replace(found, method=f"{self.method}, Brookmeyer-Crowley")
        message = (
            "follow-up not known: {share} of accounts would still be followed at {time} {unit}, when the last left"
        )
        told = {"time": f"{self.curve.time[-1]:g}", "unit": self.curve.time_unit}
        return Unavailable(Note(message, {"share": float(self.curve.survival[-1]), **told}))

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per time.

        Returns
        -------
        DataFrame
            `time`, `n_at_risk`, `n_ended` (observation ended), `n_left`, `share`, `std_error`, `conf_low`,
            `conf_high`.
        """
        names = {"n_event": "n_ended", "n_censor": "n_left", "survival": "share"}
        frame: pd.DataFrame = self.curve.to_frame().rename(columns=names)
        return frame

    def summary(self) -> str:
        """Say the median follow-up in one line of English."""
        median = self.median
        if isinstance(median, Unavailable):
            return str(median)
        low, high = ("not reached" if isnan(x) else f"{x:g}" for x in (median.conf_low, median.conf_high))
        return f"median follow-up {median.estimate:g} {self.curve.time_unit} [{low}, {high}], n = {self.n:,}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the curve and its interval as steps."""
        return self.curve.plot(ax)


@overload
def follow_up(
    tenures: Tenures | TenureCounts,
    *,
    by: None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> FollowUp: ...
@overload
def follow_up(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> dict[str, FollowUp]: ...
def follow_up(
    tenures: Tenures | TenureCounts,
    *,
    by: str | None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> FollowUp | dict[str, FollowUp]:
    """
    Estimate how long accounts were followed.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    FollowUp or dict of str to FollowUp
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
    The reverse Kaplan-Meier estimator [1]_. The median of the durations themselves would call a product
    that loses its users early one that was watched for a short time. At equal times the end of observation
    comes before leaving, as `survfit(Surv(time, status == 0) ~ 1)` of R's survival has it.

    References
    ----------
    .. [1] Schemper and Smith (1996), A note on quantifying follow-up in studies of failure time,
       *Controlled Clinical Trials* 17, 343-346.

    Examples
    --------
    >>> follow_up(Tenures(duration=[1, 2, 3, 4, 5, 6], event=[1, 0, 1, 0, 0, 0])).summary()
    'median follow-up 5 days [2, not reached], n = 6'

    One curve for each level:

    >>> age = pd.DataFrame({"age": ["18-24", "18-24", "25-34"]})
    >>> found = follow_up(Tenures(duration=[1, 2, 3], event=[1, 0, 0], attributes=age), by="age")
    >>> {level: part.median.estimate for level, part in found.items()}
    {'18-24': 2.0, '25-34': 3.0}
    """
    if by is not None:
        return _by_level(tenures, by, conf_type, conf_level)
    return FollowUp(curve=kaplan_meier(_reversed(tenures), conf_type=conf_type, conf_level=conf_level))


def _by_level(
    tenures: Tenures | TenureCounts,
    by: str,
    conf_type: ConfType,
    conf_level: float,
) -> dict[str, FollowUp]:
    curves = kaplan_meier(_reversed(tenures), by=by, conf_type=conf_type, conf_level=conf_level)
    return {level: FollowUp(curve=curve) for level, curve in curves.items()}


def _reversed(tenures: Tenures | TenureCounts) -> Tenures | TenureCounts:
    if isinstance(tenures, Tenures):
        return replace(tenures, event=~tenures.event, cause=None, causes=())
    return replace(tenures, event=~tenures.event, cause=None, causes=())
