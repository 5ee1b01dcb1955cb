"""Weibull mixture cure model: a share of accounts never leaves, the tenure of the others is Weibull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.numeric.maximum import jacobian, maximise
from churn.parametric._cure import cure_log_likelihood
from churn.parametric.aft import Times
from churn.parametric.likelihood import Durations, known_bounds
from churn.parametric.likelihood import maximise as fit_distribution
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level, some_times
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = ("logit(never leaving)", "log(shape)", "log(scale)")
NO_PLATEAU = Note(
    "dropouts go on until {last} of the {until} {unit} observed: the share that never leaves rests on the "
    "distribution assumed beyond them"
)
NOT_NEEDED = Note(
    "a distribution by which everybody leaves in the end is as likely (likelihood ratio test: p = {p}); the share that "
    "never leaves may be 0"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MixtureCureResult:
    """
    A Weibull mixture cure model, fitted: the share that never leaves, and when the others do.

    Attributes
    ----------
    theta : ndarray of float, shape (3,)
        Logit of the share that never leaves, logarithms of the shape and the scale of the Weibull distribution.
    covariance : ndarray of float, shape (3, 3)
        Of `theta`: the inverse of the observed information.
    log_likelihood : float
        At the maximum.
    log_likelihood_all_leave : float
        Of a Weibull distribution by which everybody leaves in the end.
    p_value : float
        Of the likelihood-ratio test that everybody leaves in the end, halved as the share cannot be negative.
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

    theta: Floats
    covariance: Floats = field(repr=False)
    log_likelihood: float
    log_likelihood_all_leave: float
    p_value: float
    n: int
    n_event: int
    observed_until: float
    conf_level: float = 0.95
    time_unit: str = "days"
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return "Weibull mixture cure, maximum likelihood"

    @property
    def std_error(self) -> Floats:
        """Standard errors of `theta`, shape (3,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def never_leaving(self) -> Estimate:
        """Share of accounts that never leaves, its interval symmetric for its logit."""
        middle, error = float(self.theta[0]), float(self.std_error[0])
        share, half = float(special.expit(middle)), normal_quantile(self.conf_level) * error
        ends = float(special.expit(middle - half)), float(special.expit(middle + half))
        return self._estimate(share, share * (1 - share) * error, *ends, "share")

    @property
    def shape(self) -> Estimate:
        """Shape of the Weibull distribution of those who leave; below 1 where their hazard falls with tenure."""
        return self._positive(1, "parameter")

    @property
    def scale(self) -> Estimate:
        """Tenure by which 63 % of those who leave have done so, in `time_unit`."""
        return self._positive(2, self.time_unit)

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
            `time`, `survival`, `std_error`, `conf_low`, `conf_high`, limits being symmetric for the logit, and
            `extrapolated`: beyond what was observed.

        Raises
        ------
        SpecError
            If a time is negative.
        """
        chosen = some_times(times, "times")
        begun = chosen > 0
        logs = np.log(np.where(begun, chosen, 1.0))

        def logit(theta: NDArray[Any]) -> NDArray[Any]:
            hazard = np.exp(np.exp(theta[1]) * (logs - theta[2]))
            gone = -np.expm1(-hazard) / (1 + np.exp(theta[0]))
            return np.asarray(np.log1p(-gone) - np.log(gone))

        middle, slopes = logit(self.theta), jacobian(logit, self.theta)
        error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes))
        share, half = special.expit(middle), normal_quantile(self.conf_level) * error
        low, high = special.expit(middle - half), special.expit(middle + half)
        columns = {"survival": share, "std_error": share * (1 - share) * error, "conf_low": low, "conf_high": high}
        sure = {"survival": 1.0, "std_error": 0.0, "conf_low": 1.0, "conf_high": 1.0}
        columns = {name: np.where(begun, column, sure[name]) for name, column in columns.items()}
        return pd.DataFrame({"time": chosen, **columns, "extrapolated": chosen > self.observed_until})

    def to_frame(self) -> pd.DataFrame:
        """Give one row per parameter: `parameter`, `estimate`, `std_error`, `conf_low`, `conf_high`."""
        rows = [("never leaving", self.never_leaving), ("shape", self.shape), ("scale", self.scale)]
        names = ("estimate", "std_error", "conf_low", "conf_high")
        return pd.DataFrame([{"parameter": name} | {key: getattr(x, key) for key in names} for name, x in rows])

    def summary(self) -> str:
        """Say the share that never leaves and when half of the others have left, in one line of English."""
        shape, scale = np.exp(self.theta[1:])
        half = scale * np.log(2) ** (1 / shape)
        return f"{self.never_leaving.summary()} never leave; half of the others do by {half:,.0f} {self.time_unit}"

    def __repr__(self) -> str:
        """Say it in one short line."""
        return f"<{type(self).__name__}: {self.summary()}>"

    def _repr_html_(self) -> str:
        """Show the sentence and its parameters as a small table."""
        from html import escape

        rows = self.to_frame()
        told = "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)
        table = rows.to_html(float_format=lambda x: f"{x:.3g}", index=False, border=0)
        return f"<p>{escape(self.summary())}</p>{table}{told}"

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the share retained, its interval, and the share that never leaves as a line below.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        rows = self.survival(np.linspace(0, self.observed_until, 200).tolist())
        (line,) = ax.plot(rows["time"], rows["survival"])
        ax.fill_between(rows["time"], rows["conf_low"], rows["conf_high"], alpha=0.2, linewidth=0,
                        color=line.get_color())  # fmt: skip
        ax.axhline(self.never_leaving.estimate, linestyle="--", color=line.get_color())
        return ax

    def _positive(self, at: int, unit: str) -> Estimate:
        value, error = float(np.exp(self.theta[at])), float(self.std_error[at])
        width = float(np.exp(normal_quantile(self.conf_level) * error))
        return self._estimate(value, value * error, value / width, value * width, unit)

    def _estimate(self, value: float, error: float, low: float, high: float, unit: str) -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            unit=unit,
            method=self.method,
            notes=self.notes,
        )


def mixture_cure(
    tenures: Tenures | TenureCounts, *, times: Times = "exact", conf_level: float = 0.95
) -> MixtureCureResult:
    r"""
    Fit a Weibull mixture cure model: the share of accounts that never leaves, and when the others do.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts, which may begin late; the result is the same.
    times : {'exact', 'begun'}
        As for `AcceleratedFailureTime`: whether durations are taken as they are, or count units begun.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MixtureCureResult

    Raises
    ------
    SpecError
        If an option is not one of those above, or an exact duration is 0.
    EstimateError
        If nobody left, everybody did, or the likelihood has no maximum short of a share of 0 or 1.

    Notes
    -----
    :math:`S(t)=\pi+(1-\pi)\exp(-(t/\lambda)^k)` [1]_, by maximum likelihood. The share that never leaves is
    told apart from late leavers only where accounts were followed well beyond the last dropout [2]_.

    References
    ----------
    .. [1] Boag (1949), "Maximum likelihood estimates of the proportion of patients cured by cancer therapy",
       *Journal of the Royal Statistical Society* B 11, 15-53.
    .. [2] Maller and Zhou (1996), *Survival Analysis with Long-Term Survivors*, Wiley.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> left = np.where(rng.random(2000) < 0.3, np.inf, 20 * rng.weibull(1.3, 2000))
    >>> mixture_cure(Tenures(duration=np.minimum(left, 90), event=left <= 90)).summary()
    '29.4% [27.4%, 31.4%], n = 2,000 never leave; half of the others do by 14 days'
    """
    check_choice("times", times, get_args(Times))
    check_level(conf_level)
    cells = count_tenures(tenures) if isinstance(tenures, Tenures) else tenures
    durations = _durations(cells, times)
    gone = np.isfinite(durations.high)
    if not gone.any() or gone.all():
        what = "everybody has left, so that nobody can be said never to leave" if gone.any() else "nobody has left"
        raise EstimateError.at("mixture_cure", what, "Follow accounts for longer, or include those still there")
    everybody = fit_distribution("weibull", durations, np.ones((len(gone), 1)))
    n, n_event = float(durations.n.sum()), float(durations.n[gone].sum())
    likelihood = cure_log_likelihood(durations)
    found = [maximise(likelihood, start, farthest=40.0) for start in _starts(durations, gone, n_event / n)]
    best = max((one for one in found if one is not None), key=lambda one: one.value, default=None)
    if best is None or (everybody is not None and best.value < everybody.log_likelihood + 1e-6):
        what = "no share that never leaves makes the tenures more likely than a distribution by which everybody leaves"
        raise EstimateError.at("mixture_cure", what, "Use AcceleratedFailureTime, or follow accounts for longer")
    none_stay = float("nan") if everybody is None else everybody.log_likelihood
    p_value = float(special.chdtrc(1, max(2 * (best.value - none_stay), 0.0))) / 2
    last = float(np.max(durations.high[gone]))
    until = float(np.max(np.where(gone, durations.high, durations.low)))
    return MixtureCureResult(
        theta=best.theta,
        covariance=best.covariance,
        log_likelihood=best.value,
        log_likelihood_all_leave=none_stay,
        p_value=p_value,
        n=int(n),
        n_event=int(n_event),
        observed_until=until,
        conf_level=conf_level,
        time_unit=cells.time_unit,
        notes=cells.notes + _caveats(best.theta, last, until, cells.time_unit, p_value, 1 - conf_level),
    )


def _durations(cells: TenureCounts, times: Times) -> Durations:
    zero = cells.event & (cells.duration <= 0)
    if times == "exact" and zero.any():
        what = f"{int(cells.n[zero].sum()):,} accounts left at 0, which has no logarithm"
        raise SpecError.at("mixture_cure", what, "Use times='begun' if durations count units begun")
    bounds = known_bounds(cells.duration, cells.event, cells.entry, begun=times == "begun")
    return Durations(*bounds, cells.n.astype(np.float64), np.ones(len(cells.n)))


def _starts(durations: Durations, gone: NDArray[np.bool_], share_gone: float) -> list[Floats]:
    weight = durations.n[gone]
    logs = np.log(np.maximum(durations.high[gone], 1e-300))
    middle = float(weight @ logs / weight.sum())
    spread = max(float(np.sqrt(weight @ np.square(logs - middle) / weight.sum())), 0.1)
    shape = np.log(min(max(1.2 / spread, 0.2), 5.0))
    odds = special.logit(min(max(1 - share_gone, 0.02), 0.98))
    return [np.array([shift + odds, shape, middle + spread * 0.45]) for shift in (0.0, -1.5)]


def _caveats(theta: Floats, last: float, until: float, unit: str, p_value: float, level: float) -> tuple[Note, ...]:
    late = float(np.exp(-np.exp(np.exp(theta[1]) * (np.log(until) - theta[2]))))
    notes = []
    if late > 0.05:
        notes.append(Note(NO_PLATEAU.message, {"last": f"{last:g}", "until": f"{until:g}", "unit": unit}))
    if p_value >= level:
        notes.append(Note(NOT_NEEDED.message, {"p": Decimal(f"{p_value:.3f}")}))
    return tuple(notes)
