"""The next-visit curve: the share of accounts seen again after each tenure, with what the log cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.survival.step_curve import StepCurve
from churn.survival.tallies import crossing
from surveys.core.arguments import one_number
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


METHOD = "next visit: Kaplan-Meier of the wait for it, logit interval"
TOO_SHORT = "at {time} days accounts are followed for {wait} days more at most, fewer than the {least} that are needed"
LATE = (
    "the log is too short for {time} days: {late} came back in the last quarter of the {wait} days of waiting that it "
    "shows, so that others may still; the upper limit is as much higher"
)
DIFFER = (
    "of early sign-ups {early} were still there after {time} days, of late ones {later} (z = {z}): cohorts differ, or "
    "a season moves the curve; look at the cohorts, or end the log before the quiet months"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HalvesCheck:
    """
    Whether early and late sign-ups stay alike, as the curve assumes.

    Attributes
    ----------
    time : int
        Tenure, in days.
    early, late : Estimate
        Share of either half seen again within the same wait.
    wait : int
        That wait, in days.
    z : float
        Difference over its standard error; NaN where both are known without error.
    """

    time: int
    early: Estimate
    late: Estimate
    wait: int
    z: float

    @property
    def differ(self) -> bool:
        """Tell whether chance alone would rarely put the halves so far apart (1 in 20)."""
        return bool(abs(self.z) > 1.96)

    def note(self) -> Note:
        """Say how far apart the halves are."""
        shares = {"early": self.early.estimate, "later": self.late.estimate}
        return Note(DIFFER, {**shares, "time": self.time, "z": Decimal(f"{self.z:.1f}")})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NextVisitCurve(StepCurve):
    """
    Share of accounts seen again after each tenure: who is never seen again is gone.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures, in days: whole local days since the day of sign-up, from 0 to the last that the log supports.
    survival : ndarray of float, shape (n_times,)
        Share of accounts seen after each time, between 0 and 1; never rising.
    std_error : ndarray of float, shape (n_times,)
        Standard error of `survival` (Greenwood).
    conf_low, conf_high : ndarray of float, shape (n_times,)
        Pointwise limits, on the logit; exact where nobody or everybody came back. The upper one is higher by
        `late` where the log is too short.
    n_at_risk : ndarray of int, shape (n_times,)
        Accounts followed beyond each time: the base of its share.
    n_back : ndarray of int, shape (n_times,)
        Those of them seen again within `wait`.
    n_censor : ndarray of int, shape (n_times,)
        Those whose wait the end of the log cuts short.
    wait : ndarray of int, shape (n_times,)
        Longest wait that the log supports, in days: who comes back later counts as gone.
    late : ndarray of float, shape (n_times,)
        Part of `survival` that came back in the last quarter of `wait`.
    too_short : ndarray of bool, shape (n_times,)
        True where `late` is not small beside the standard error, so that still later returns are to be feared.
    wait_by_day : ndarray of int, shape (n_days,)
        As `wait`, for every tenure observed, those beyond the curve too.
    least_wait : int
        Shorter waits, in days, are not taken for an answer.
    halves : HalvesCheck or Unavailable
        Early against late sign-ups.
    conf_level : float
        Between 0 and 1.
    n : int
        Accounts.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    n_at_risk: Ints
    n_back: Ints
    n_censor: Ints
    wait: Ints
    late: Floats
    too_short: NDArray[np.bool_]
    wait_by_day: Ints
    least_wait: int
    halves: HalvesCheck | Unavailable
    conf_level: float = 0.95
    n: int
    notes: tuple[Note, ...] = ()
    _columns: ClassVar[tuple[str, ...]] = (
        "time",
        "n_at_risk",
        "n_back",
        "n_censor",
        "survival",
        "std_error",
        "conf_low",
        "conf_high",
        "wait",
        "late",
        "too_short",
    )

    @property
    def start(self) -> float:
        """Tenure at which the curve begins, in `time_unit`."""
        return 0.0

    @property
    def time_unit(self) -> str:
        """Unit of tenures."""
        return "days"

    @property
    def conf_type(self) -> str:
        """Scale on which the limits are symmetric."""
        return "logit"

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return METHOD

    def _at(self, time: float) -> Estimate | Unavailable:
        if time < 0:
            return Unavailable(Note("the curve begins at {start} {unit}", {"start": "0", "unit": "days"}))
        i = int(time)
        if i >= len(self.time):
            return Unavailable(self._reason(i))
        numbers = (self.survival, self.std_error, self.conf_low, self.conf_high)
        return self._estimate(i, *(float(x[i]) for x in numbers))

    def _reason(self, time: int) -> Note:
        if time >= len(self.wait_by_day):
            message = "no account was observed beyond {last} {unit}"
            return Note(message, {"last": f"{len(self.wait_by_day)}", "unit": "days"})
        return Note(TOO_SHORT, {"time": time, "wait": int(self.wait_by_day[time]), "least": self.least_wait})

    def dropout(self, *, at: float) -> Estimate | Unavailable:
        """
        Give the share of accounts never seen again after a tenure.

        Parameters
        ----------
        at : float
            In days; 30 for the one-month dropout.

        Returns
        -------
        Estimate or Unavailable
            One minus the share still there, its interval turned round.
        """
        kept = self._at(one_number(at, "NextVisitCurve.at, time"))
        if isinstance(kept, Unavailable):
            return kept
        return self._estimate(int(at), 1 - kept.estimate, kept.std_error, 1 - kept.conf_high, 1 - kept.conf_low)

    def _estimate(self, i: int, value: float, error: float, low: float, high: float) -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=int(self.n_at_risk[i]),
            method=self.method,
            notes=self.notes + self.warnings(i),
        )

    def warnings(self, time: float) -> tuple[Note, ...]:
        """
        Say what may be wrong with the share still there after a tenure.

        Parameters
        ----------
        time : float
            In days.

        Returns
        -------
        tuple of Note
            That the log is too short for it; that early and late sign-ups differ.
        """
        found = []
        i = int(time)
        if 0 <= i < len(self.time) and self.too_short[i]:
            found.append(Note(LATE, {"time": i, "late": float(self.late[i]), "wait": int(self.wait[i])}))
        if isinstance(self.halves, HalvesCheck) and self.halves.differ:
            found.append(self.halves.note())
        return tuple(found)

    @property
    def median(self) -> Estimate | Unavailable:
        """Tenure by which half of the accounts have gone, as `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, share_gone: float) -> Estimate | Unavailable:
        """
        Give the tenure by which a share of the accounts has gone.

        Parameters
        ----------
        share_gone : float
            Between 0 and 1, both excluded.

        Returns
        -------
        Estimate or Unavailable
            In days, without a standard error; the interval holds the tenures at which that of the curve contains
            the share, and an end that is not reached is NaN.

        Raises
        ------
        SpecError
            If `share_gone` is not between 0 and 1.
        """
        share_gone = one_number(share_gone, "NextVisitCurve.quantile, share_gone")
        if not 0 < share_gone < 1:
            raise SpecError.at("quantile", f"got {share_gone}, expected a share between 0 and 1", "Correct it")
        if not len(self.time):
            return Unavailable(self._reason(0))
        last = float(self.time[-1])
        value, low, high = (
            crossing(self.time, x, share_gone, last) for x in (self.survival, self.conf_low, self.conf_high)
        )
        if np.isnan(value):
            reason = "median not reached: {share} remained at {time} {unit}"
            if share_gone != 0.5:
                reason = "quantile not reached: {share} remained at {time} {unit}"
            return Unavailable(Note(reason, {"share": float(self.survival[-1]), "time": f"{last:g}", "unit": "days"}))
        return Estimate(
            estimate=value,
            std_error=np.nan,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            unit="days",
            method=f"{self.method}, Brookmeyer-Crowley",
            notes=self.notes,
        )

    def risk_table(self, times: Sequence[float]) -> pd.DataFrame:
        """
        Count accounts followed beyond chosen tenures, and those seen again.

        Parameters
        ----------
        times : sequence of float
            Tenures, in days; those beyond the curve are left out.

        Returns
        -------
        DataFrame
            `time`, `n_at_risk`, `n_back`, `n_censor`, `wait`.
        """
        chosen = np.array([int(time) for time in times if 0 <= time < len(self.time)], np.int64)
        names = ("n_at_risk", "n_back", "n_censor", "wait")
        return pd.DataFrame(
            {"time": chosen.astype(np.float64), **{name: getattr(self, name)[chosen] for name in names}}
        )

    def summary(self) -> str:
        """Say how many accounts there are and when half of them had gone, in one line of English."""
        median = self.median
        if isinstance(median, Unavailable):
            return f"{self.n:,} accounts; {median}"
        low, high = ("not reached" if np.isnan(x) else f"{x:g}" for x in (median.conf_low, median.conf_high))
        return f"{self.n:,} accounts; median {median.estimate:g} days [{low}, {high}]"

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
        (line,) = ax.step(self.time, self.survival, where="post")
        ax.fill_between(
            self.time, self.conf_low, self.conf_high, step="post", alpha=0.2, linewidth=0, color=line.get_color()
        )
        return ax
