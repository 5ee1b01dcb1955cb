"""Retention projected beyond what was seen, the error on periods held out, and whether the model fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.projection._likelihood import PARAMETERS
from churn.projection.models import Model, RetentionModelResult, fit_retention
from churn.projection.period_counts import PeriodCounts
from churn.tenures.counts import TenureCounts
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, reason_of
from surveys.core.intervals import normal_quantile
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
    model : RetentionModelResult
        Fitted to the periods before.
    period : ndarray of int, shape (n_held_out,)
        The periods held out.
    observed, projected, conf_low, conf_high : ndarray of float, shape (n_held_out,)
        Share retained after each: seen, and as the model has it, with its interval.
    anchored : ndarray of float, shape (n_held_out,)
        Share retained after each, projected from the last share seen before them.
    chance : ndarray of float, shape (n_held_out,)
        Standard error of the logarithm of seen over anchored, were the model right: of the counts held out, and
        of the parameters.
    """

    model: RetentionModelResult
    period: NDArray[np.int64]
    observed: Floats
    projected: Floats
    conf_low: Floats
    conf_high: Floats
    anchored: Floats = field(repr=False)
    chance: Floats = field(repr=False)

    @property
    def error(self) -> Floats:
        """Model less observed, relative to observed, shape (n_held_out,)."""
        return np.asarray(self.projected / self.observed - 1)

    @property
    def mean_error(self) -> float:
        """Mean of the sizes of the errors of the model."""
        return float(np.abs(self.error).mean())

    @property
    def anchored_error(self) -> Floats:
        """Anchored less observed, relative to observed, shape (n_held_out,)."""
        return np.asarray(self.anchored / self.observed - 1)

    @property
    def mean_anchored_error(self) -> float:
        """Mean of the sizes of the errors of the anchored projection."""
        return float(np.abs(self.anchored_error).mean())

    @property
    def lack_of_fit(self) -> float:
        """Largest error of the anchored projection, on the scale of logarithms, less what chance explains."""
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.log(self.observed / self.anchored) ** 2 - self.chance**2
        return float(np.sqrt(np.max(beyond[np.isfinite(beyond)], initial=0.0)))

    def to_frame(self) -> pd.DataFrame:
        """Give one row per period held out: `period`, `observed`, `projected`, its limits, `error`."""
        names = ("period", "observed", "projected", "conf_low", "conf_high", "error")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say the error of the anchored projection at the last period and the mean one, in one line of English."""
        seen = f"fitted to {self.model.n_periods} {self.model.time_unit}"
        last, mean = f"{self.anchored_error[-1]:+.1%}", say_share(self.mean_anchored_error)
        return f"{seen}, the share after {self.period[-1]} is {last} off, {mean} on average"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetentionProjection:
    """
    Retention seen, and projected from the last share seen.

    Attributes
    ----------
    counts : PeriodCounts
        What was seen.
    model : RetentionModelResult
        Fitted to all of it.
    mixed, ageing : RetentionModelResult or None
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
    model: RetentionModelResult
    mixed: RetentionModelResult | None
    ageing: RetentionModelResult | None
    p_value: float
    verdict: Note
    hold_out: HoldOut | Unavailable
    horizon: int
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its intervals."""
        return f"product limit, carried on by the model ({self.model.method})"

    def to_frame(self) -> pd.DataFrame:
        r"""
        Give one row per period: the curve observed, and beyond its end what is projected from there.

        Returns
        -------
        DataFrame
            `period`; `observed`, NaN where nothing was seen; `survival`, `std_error`, `conf_low`, `conf_high`: of
            the product limit up to the last period seen, of the anchored projection after it; `model`: the share
            that the model has; `projected`.

        Notes
        -----
        After the last period seen, :math:`T`, the share is :math:`S(T)\,M(t)/M(T)`, `S` being the product limit
        and `M` the model. The variance of its logarithm adds up Greenwood's of :math:`S(T)`, that of the
        parameters in :math:`M(t)/M(T)`, and the square of `HoldOut.lack_of_fit` times :math:`(t-T)/h`, where `h`
        periods were held out: an error of the model goes on growing as it did there. Limits are symmetric for
        log(-log S). Where nothing could be held out, an error of the model is not in the interval.

        Examples
        --------
        >>> seen = [1000, 631, 468, 382, 326, 289, 262, 241]
        >>> projection = project_retention(PeriodCounts.from_survivors(seen), horizon=8)
        >>> projection.to_frame()[["observed", "survival", "projected"]].tail(2).round(3)
           observed  survival  projected
        6     0.241     0.241      False
        7       NaN     0.222       True
        """
        shares = np.concatenate([self.counts.to_frame()["survival"], self._beyond()])
        gone = shares <= 0
        spread = np.sqrt(np.concatenate([self.counts.greenwood, self._variance_beyond()]))
        low, high = _limits(shares, spread, self.model.conf_level)
        period = np.arange(1, self.horizon + 1)
        projected = period > self.counts.n_periods
        return pd.DataFrame(
            {
                "period": period,
                "observed": np.where(projected, np.nan, shares),
                "survival": shares,
                "std_error": np.where(gone, np.nan, shares * np.where(gone, 1.0, spread)),
                "conf_low": low,
                "conf_high": high,
                "model": self.model.survival(self.horizon)["survival"].to_numpy(),
                "projected": projected,
            }
        )

    def summary(self) -> str:
        """Say the share projected, the error on periods held out and the verdict, a line for each."""
        last = self.to_frame().iloc[-1]
        share = f"{say_share(last['survival'])} [{say_share(last['conf_low'])}, {say_share(last['conf_high'])}]"
        held = self.hold_out if isinstance(self.hold_out, Unavailable) else self.hold_out.summary()
        return f"after {self.horizon} {self.counts.time_unit}: {share}\n{held}\n{self.verdict}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw shares seen as points, and beyond them the projection, dashed, with its interval.

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
        beyond = rows[rows["period"] >= self.counts.n_periods]
        (line,) = ax.plot(beyond["period"], beyond["survival"], linestyle="--")
        ax.fill_between(
            beyond["period"], beyond["conf_low"], beyond["conf_high"], alpha=0.2, linewidth=0, color=line.get_color()
        )
        ax.plot(rows["period"], rows["observed"], "o", color=line.get_color())
        return ax

    def _beyond(self) -> Floats:
        last = float(self.counts.to_frame()["survival"].iloc[-1])
        return np.asarray(last * self.model.survival_after(self.counts.n_periods, self.horizon)["survival"])

    def _variance_beyond(self) -> Floats:
        later = self.model.survival_after(self.counts.n_periods, self.horizon)
        variance = self.counts.greenwood[-1] + later["log_error"].to_numpy() ** 2
        if isinstance(self.hold_out, Unavailable):
            return np.asarray(variance)
        ahead = (later["period"].to_numpy() - self.counts.n_periods) / len(self.hold_out.period)
        return np.asarray(variance + (self.hold_out.lack_of_fit * ahead) ** 2)


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
    fitted to 7 years, the share after 12 is -0.9% off, 0.7% on average
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


def _tried(counts: PeriodCounts, model: Model, conf_level: float) -> RetentionModelResult | None:
    try:
        return fit_retention(counts, model=model, conf_level=conf_level)
    except EstimateError:
        return None


def _compared(mixed: RetentionModelResult | None, ageing: RetentionModelResult | None) -> float:
    if mixed is None or ageing is None:
        return float("nan")
    return float(special.chdtrc(1, max(2 * (ageing.log_likelihood - mixed.log_likelihood), 0.0)))


def _verdict(
    mixed: RetentionModelResult | None, ageing: RetentionModelResult | None, p_value: float, n_periods: int
) -> Note:
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
        return Unavailable(Note(ABSENT.message, {"reason": reason_of(error)}))
    rows = fitted.survival(n_periods).iloc[kept:]
    later, observed = fitted.survival_after(kept, n_periods), counts.to_frame()["survival"].to_numpy()
    leaving = 1 - fitted.retention_rate(n_periods)["retention"].to_numpy()[kept:]
    counted = np.cumsum(leaving / (counts.n_at_risk[kept:] * (1 - leaving)))
    return HoldOut(
        model=fitted,
        period=rows["period"].to_numpy(),
        observed=observed[kept:],
        projected=rows["survival"].to_numpy(),
        conf_low=rows["conf_low"].to_numpy(),
        conf_high=rows["conf_high"].to_numpy(),
        anchored=observed[kept - 1] * later["survival"].to_numpy(),
        chance=np.sqrt(counted + later["log_error"].to_numpy() ** 2),
    )


def _limits(share: Floats, spread: Floats, conf_level: float) -> tuple[Floats, Floats]:
    """Give limits symmetric for log(-log share), where `spread` is the error of log share; the share at its ends."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(share)
        half = normal_quantile(conf_level) * spread / -logs
        low, high = np.exp(logs * np.exp(half)), np.exp(logs * np.exp(-half))
    inner = (share > 0) & (share < 1)
    return np.where(inner, low, share), np.where(inner, high, share)
