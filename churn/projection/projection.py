"""Retention projected beyond what was seen, the error on periods held out, and whether the model fits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from churn.projection._likelihood import PARAMETERS
from churn.projection.models import Model, RetentionModel, fit_retention
from churn.projection.period_counts import PeriodCounts
from churn.tenures.counts import TenureCounts
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, reason_of
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOO_SHORT = Note("{periods} periods were seen; {needed} are needed to hold some out and fit the rest")
ABSENT = Note("the periods left when some are held out cannot be fitted: {reason}")
FITS = Note(
    "a mixture of accounts whose dropout rates differ by a beta distribution, each keeping its own, fits how retention "
    "changes with tenure (likelihood ratio test of c = 1: p ≤ {p}; c = {c}, {low} to {high})"
)
FITS_ALIKE = Note(
    "one constant dropout rate for all accounts fits how retention changes with tenure (likelihood ratio test of "
    "c = 1: p ≤ {p}; c = {c}, {low} to {high})"
)
MISFIT = Note(
    "a mixture of accounts whose dropout rates differ by a beta distribution, each keeping its own, does not fit how "
    "retention changes with tenure, and the counts alone do not tell what would (likelihood ratio test of c = 1: "
    "p ≤ {p}; c = {c}, {low} to {high})"
)
LEAST_P = Decimal("0.001")
UNTOLD = Note("{periods} periods were seen; with fewer than {needed} the fit of a mixture cannot be tested")
UNDECIDED = Note("the fit of a mixture cannot be tested: the likelihood of the wider model has no maximum")
TOO_FEW_PERIODS = Note("{n} whole periods were observed, too few to project")
HARDLY_LEFT = Note("hardly an account is left after {n} periods to be projected")
NO_MODEL = Note("no model of retention fits: {reason}")
MONTH = 30
"""Days of a period, where tenures are in days."""
FEWEST_PERIODS = 6
"""Periods needed for a projection."""
HARDLY_ANY = 0.01
"""Share still there under which nothing is left to project."""
SIGNIFICANT = 0.05
"""Probability under which the mixture does not fit, and the wider model is projected."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoldOut:
    """
    What a model fitted to the first periods would have said of those held out.

    Attributes
    ----------
    model : RetentionModel
        Fitted to the periods before.
    period : ndarray of int, shape (n_held_out,)
        The periods held out.
    observed, projected, conf_low, conf_high : ndarray of float, shape (n_held_out,)
        Share retained after each: seen, and projected with the interval of the model.
    """

    model: RetentionModel
    period: NDArray[np.int64]
    observed: Floats
    projected: Floats
    conf_low: Floats
    conf_high: Floats

    @property
    def error(self) -> Floats:
        """Projected less observed, relative to observed, shape (n_held_out,)."""
        return np.asarray(self.projected / self.observed - 1)

    @property
    def mean_error(self) -> float:
        """Mean of the sizes of the errors."""
        return float(np.abs(self.error).mean())

    def to_frame(self) -> pd.DataFrame:
        """Give one row per period held out: `period`, `observed`, `projected`, its limits, `error`."""
        names = ("period", "observed", "projected", "conf_low", "conf_high", "error")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say the error at the last period and the mean one, in one line of English."""
        seen = f"fitted to {self.model.n_periods} {self.model.time_unit}"
        last, mean = f"{self.error[-1]:+.1%}", say_share(self.mean_error)
        return f"{seen}, the share after {self.period[-1]} is {last} off, {mean} on average"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetentionProjection:
    """
    Retention seen, and projected.

    Attributes
    ----------
    counts : PeriodCounts
        What was seen.
    model : RetentionModel
        Fitted to all of it.
    mixed, ageing : RetentionModel or None
        The model in which rates differ between accounts only, and the one in which they also change with
        tenure; None where it has no maximum.
    p_value : float
        Of the likelihood-ratio test of the first against the second; NaN where there is none.
    verdict : Note
        Whether the mixture of constant rates fits. Where it does not, no cause is named: rates that change with
        tenure, and mixtures of another shape, give the same counts.
    hold_out : HoldOut or Unavailable
        Error of a projection from the first periods of the rest.
    horizon : int
        Last period projected.
    notes : tuple of Note
        Caveats.
    """

    counts: PeriodCounts
    model: RetentionModel
    mixed: RetentionModel | None
    ageing: RetentionModel | None
    p_value: float
    verdict: Note
    hold_out: HoldOut | Unavailable
    horizon: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the model and its intervals."""
        return self.model.method

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per period.

        Returns
        -------
        DataFrame
            `period`, `observed` (NaN where nothing was seen), `survival`, `std_error`, `conf_low`, `conf_high`
            of the model, and `projected`.
        """
        seen = self.counts.to_frame()["survival"].reindex(range(self.horizon))
        found = self.model.survival(self.horizon)
        found.insert(1, "observed", seen.to_numpy())
        return found

    def summary(self) -> str:
        """Say the share projected, the error on periods held out and the verdict, a line for each."""
        last = self.to_frame().iloc[-1]
        share = f"{say_share(last['survival'])} [{say_share(last['conf_low'])}, {say_share(last['conf_high'])}]"
        held = self.hold_out if isinstance(self.hold_out, Unavailable) else self.hold_out.summary()
        return f"after {self.horizon} {self.counts.time_unit}: {share}\n{held}\n{self.verdict}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw shares seen as points, the model as a line with its interval, dashed where it is projected.

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
        fitted, beyond = rows[~rows["projected"]], rows[rows["period"] >= self.model.n_periods]
        (line,) = ax.plot(fitted["period"], fitted["survival"])
        ax.plot(beyond["period"], beyond["survival"], linestyle="--", color=line.get_color())
        ax.fill_between(
            rows["period"], rows["conf_low"], rows["conf_high"], alpha=0.2, linewidth=0, color=line.get_color()
        )
        ax.plot(rows["period"], rows["observed"], "o", color=line.get_color())
        return ax


def project_retention(
    counts: PeriodCounts,
    *,
    horizon: int,
    model: Model = "shifted-beta-geometric",
    hold_out: int | None = None,
    conf_level: float = 0.95,
) -> RetentionProjection:
    """
    Project retention beyond what was seen, and say how far off such a projection would have been.

    Parameters
    ----------
    counts : PeriodCounts
        Accounts at risk and gone in each period.
    horizon : int
        Last period to project; at least the last one seen.
    model : {'shifted-beta-geometric', 'beta-discrete-Weibull'}
        As for `fit_retention`.
    hold_out : int, optional
        Last periods to hold out when the error is measured; a third of them unless told.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    RetentionProjection

    Raises
    ------
    SpecError
        If `horizon` or `hold_out` does not fit the periods seen; as `fit_retention`.
    EstimateError
        As `fit_retention`.

    Notes
    -----
    The likelihood-ratio test of c = 1 asks whether a beta mixture of constant rates fits. It rejects mixtures of
    another shape, such as two kinds of accounts, as surely as rates that change with tenure, and so tells no cause.

    Examples
    --------
    >>> seen = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
    >>> counts = PeriodCounts.from_survivors(seen, time_unit="years")
    >>> projection = project_retention(counts, horizon=15, hold_out=5)
    >>> print(projection.hold_out.summary())
    fitted to 7 years, the share after 12 is -1.7% off, 1.5% on average
    """
    if horizon < counts.n_periods:
        what = f"got {horizon}, expected at least {counts.n_periods}, the periods seen"
        raise SpecError.at("horizon", what, "Give a later period")
    chosen = fit_retention(counts, model=model, conf_level=conf_level)
    mixed = _tried(counts, "shifted-beta-geometric", conf_level)
    ageing = _tried(counts, "beta-discrete-Weibull", conf_level)
    p_value = _compared(mixed, ageing)
    return RetentionProjection(
        counts=counts,
        model=chosen,
        mixed=mixed,
        ageing=ageing,
        p_value=p_value,
        verdict=_verdict(mixed, ageing, p_value, counts.n_periods),
        hold_out=_held_out(counts, model, hold_out, conf_level),
        horizon=horizon,
        notes=chosen.notes,
    )


def project_tenures(counts: TenureCounts, *, conf_level: float = 0.95) -> RetentionProjection | Unavailable:
    """
    Project tenures in periods of 30 days, or in the unit of the tenures where that is longer.

    Every period with an account at risk is fitted, and as many again are projected after the last of them.

    Parameters
    ----------
    counts : TenureCounts
        Tenures, counted.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    RetentionProjection or Unavailable
        Of the beta-discrete-Weibull model where the beta mixture of constant rates does not fit. Unavailable
        where fewer than six periods were seen, hardly an account is left, or no model fits.

    Examples
    --------
    >>> from churn.tenures.counts import count_tenures
    >>> from churn.tenures.tenures import read_tenures
    >>> from reports.examples import open_example
    >>> found = project_tenures(count_tenures(read_tenures(open_example("twitter_france"))))
    >>> bool(found.to_frame()["observed"].notna().sum() == found.counts.n_periods)
    True
    """
    by_day = counts.time_unit == "days"
    unit = None if by_day else counts.time_unit
    periods = PeriodCounts.from_tenures(counts, period=MONTH if by_day else 1, time_unit=unit)
    seen = periods.until(int(np.count_nonzero(periods.n_at_risk > 0)))
    if seen.n_periods < FEWEST_PERIODS:
        return Unavailable(Note(TOO_FEW_PERIODS.message, {"n": seen.n_periods}))
    if seen.to_frame()["survival"].iloc[-1] < HARDLY_ANY:
        return Unavailable(Note(HARDLY_LEFT.message, {"n": seen.n_periods}))
    horizon = 2 * seen.n_periods
    try:
        found = project_retention(seen, horizon=horizon, conf_level=conf_level)
        if found.ageing is None or not found.p_value < SIGNIFICANT:
            return found
        return project_retention(seen, horizon=horizon, model="beta-discrete-Weibull", conf_level=conf_level)
    except EstimateError as error:
        return Unavailable(Note(NO_MODEL.message, {"reason": reason_of(error)}))


def _tried(counts: PeriodCounts, model: Model, conf_level: float) -> RetentionModel | None:
    try:
        return fit_retention(counts, model=model, conf_level=conf_level)
    except EstimateError:
        return None


def _compared(mixed: RetentionModel | None, ageing: RetentionModel | None) -> float:
    if mixed is None or ageing is None:
        return float("nan")
    return float(chi2.sf(max(2 * (ageing.log_likelihood - mixed.log_likelihood), 0.0), 1))


def _verdict(mixed: RetentionModel | None, ageing: RetentionModel | None, p_value: float, n_periods: int) -> Note:
    needed = len(PARAMETERS["beta-discrete-Weibull"]) + 1
    if n_periods < needed:
        return Note(UNTOLD.message, {"periods": n_periods, "needed": needed})
    if mixed is None or ageing is None:
        return UNDECIDED
    c = ageing.parameter("c")
    assert isinstance(c, Estimate)
    upward = max(Decimal(p_value).quantize(LEAST_P, ROUND_CEILING), LEAST_P)
    ends = {"c": c.estimate, "low": c.conf_low, "high": c.conf_high}
    values = {"p": upward} | {name: Decimal(f"{value:.2f}") for name, value in ends.items()}
    if p_value < SIGNIFICANT:
        return Note(MISFIT.message, values)
    return Note((FITS_ALIKE if mixed.family == "geometric" else FITS).message, values)


def _held_out(counts: PeriodCounts, model: Model, hold_out: int | None, conf_level: float) -> HoldOut | Unavailable:
    n_periods, needed = counts.n_periods, len(PARAMETERS[model]) + 2
    if hold_out is not None and not 1 <= hold_out < n_periods:
        what = f"got {hold_out}, expected 1 to {n_periods - 1} of the periods seen"
        raise SpecError.at("hold_out", what, "Hold out fewer periods")
    if n_periods < needed:
        return Unavailable(Note(TOO_SHORT.message, {"periods": n_periods, "needed": needed}))
    kept = n_periods - (max(1, n_periods // 3) if hold_out is None else hold_out)
    try:
        fitted = fit_retention(counts.until(kept), model=model, conf_level=conf_level)
    except EstimateError as error:
        return Unavailable(Note(ABSENT.message, {"reason": error.problems[0].what}))
    rows = fitted.survival(n_periods).iloc[kept:]
    return HoldOut(
        model=fitted,
        period=rows["period"].to_numpy(),
        observed=counts.to_frame()["survival"].to_numpy()[kept:],
        projected=rows["survival"].to_numpy(),
        conf_low=rows["conf_low"].to_numpy(),
        conf_high=rows["conf_high"].to_numpy(),
    )
