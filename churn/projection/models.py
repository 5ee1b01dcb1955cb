"""Retention by whole periods where dropout rates differ between accounts: shifted-beta-geometric and its kin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.numeric.maximum import jacobian
from churn.projection._likelihood import LIMIT, PARAMETERS, Family, Fit, discounted, fit, log_retention, log_survival
from churn.projection.period_counts import PeriodCounts
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Model = Literal["shifted-beta-geometric", "beta-discrete-Weibull"]

ALIKE = Note("no mixture of dropout rates is more likely than one rate for all accounts; that one is used")
ENDLESS = Note("the expected tenure has no end where alpha is 1 or less, and it is {alpha}; give a horizon")
HORIZON = Note("the expected tenure of this model is only worked out within a horizon; give one")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetentionModelResult:
    """
    Retention by whole periods, as a family of distributions has it.

    Attributes
    ----------
    family : str
        `shifted-beta-geometric` or `beta-discrete-Weibull`; `geometric` or `discrete Weibull`, their limits
        where all accounts have the same rate, if no mixture of rates is more likely.
    theta : ndarray of float, shape (k,)
        Parameters on the scale on which they were estimated, named by `names`.
    covariance : ndarray of float, shape (k, k)
        Of `theta`: the inverse of the observed information.
    log_likelihood : float
        At the maximum.
    n : float
        Accounts.
    n_periods : int
        Periods that were fitted.
    conf_level : float
        Between 0 and 1.
    time_unit : str
        What a period is called, in the plural.
    notes : tuple of Note
        Caveats.
    """

    family: Family
    theta: Floats
    covariance: Floats = field(repr=False)
    log_likelihood: float
    n: float
    n_periods: int
    conf_level: float = 0.95
    time_unit: str = "periods"
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return f"{self.family}, maximum likelihood, delta method"

    @property
    def names(self) -> tuple[str, ...]:
        """What `theta` holds."""
        return PARAMETERS[self.family]

    def parameter(self, name: Literal["alpha", "beta", "c"]) -> Estimate | Unavailable:
        """
        Give a parameter.

        Parameters
        ----------
        name : {'alpha', 'beta', 'c'}
            `alpha` and `beta` of the rates' beta distribution; `c`, below 1 where the risk of each account falls.

        Returns
        -------
        Estimate or Unavailable
            With an interval that is symmetric for its logarithm; Unavailable where the family lacks it.

        Examples
        --------
        >>> from churn.projection.period_counts import PeriodCounts
        >>> model = fit_retention(PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
        >>> model.parameter("c").reason.message
        '{family} has no {name}'
        """
        wanted = f"log({name})"
        if wanted not in self.names:
            return Unavailable(Note("{family} has no {name}", {"family": self.family, "name": name}))
        at = self.names.index(wanted)
        return self._on_logs(float(np.exp(self.theta[at])), float(np.sqrt(self.covariance[at, at])), unit="parameter")

    @property
    def mean_dropout(self) -> Estimate:
        """Share that leaves in the first period: the mean rate; its interval is symmetric for log(-log(1 - share))."""
        first = self.survival(1).iloc[0]
        return Estimate(
            estimate=float(1 - first["survival"]),
            std_error=float(first["std_error"]),
            conf_low=float(1 - first["conf_high"]),
            conf_high=float(1 - first["conf_low"]),
            conf_level=self.conf_level,
            n=round(self.n),
            method=self.method,
            notes=self.notes,
        )

    def survival(self, n_periods: int) -> pd.DataFrame:
        """
        Give the share retained after each period.

        Parameters
        ----------
        n_periods : int
            How many periods, from the first.

        Returns
        -------
        DataFrame
            `period`, `survival`, `std_error`, `conf_low`, `conf_high`, limits being symmetric for
            log(-log(survival)), and `projected`: beyond the periods that were fitted.

        Examples
        --------
        >>> from churn.projection.period_counts import PeriodCounts
        >>> model = fit_retention(PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
        >>> model.survival(8)[["period", "survival", "projected"]].tail(2).round(3)
           period  survival  projected
        6       7     0.489      False
        7       8     0.460       True
        """

        def curve(theta: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(log_survival(self.family, theta, n_periods)[1:])

        logs, spread = curve(self.theta), self._spread(jacobian(curve, self.theta))
        half = normal_quantile(self.conf_level) * spread / -logs
        period = np.arange(1, n_periods + 1)
        return pd.DataFrame(
            {
                "period": period,
                "survival": np.exp(logs),
                "std_error": np.exp(logs) * spread,
                "conf_low": np.exp(logs * np.exp(half)),
                "conf_high": np.exp(logs * np.exp(-half)),
                "projected": period > self.n_periods,
            }
        )

    def survival_after(self, period: int, n_periods: int) -> pd.DataFrame:
        """
        Give the share retained after later periods, of the accounts still there after one.

        Parameters
        ----------
        period : int
            After which all are still there.
        n_periods : int
            How many periods, from the first; more than `period`.

        Returns
        -------
        DataFrame
            A row per period after `period`: `period`, `survival`, and `log_error`, the standard error of its
            logarithm, by the delta method.

        Examples
        --------
        >>> from churn.projection.period_counts import PeriodCounts
        >>> model = fit_retention(PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
        >>> model.survival_after(7, 9).round(3)
           period  survival  log_error
        0       8     0.942      0.005
        1       9     0.891      0.010
        """

        def curve(theta: NDArray[np.float64]) -> NDArray[np.float64]:
            logs = log_survival(self.family, theta, n_periods)
            return np.asarray(logs[period + 1 :] - logs[period])

        spread = self._spread(jacobian(curve, self.theta))
        share = np.exp(curve(self.theta))
        return pd.DataFrame({"period": np.arange(period + 1, n_periods + 1), "survival": share, "log_error": spread})

    def retention_rate(self, n_periods: int) -> pd.DataFrame:
        """
        Give the share of those still there that is retained through each period.

        Parameters
        ----------
        n_periods : int
            How many periods, from the first.

        Returns
        -------
        DataFrame
            `period`, `retention`, `std_error`, `conf_low`, `conf_high`, limits being symmetric for
            log(-log(retention)), and `projected`.
        """

        def rates(theta: NDArray[np.float64]) -> NDArray[np.float64]:
            return log_retention(self.family, theta, n_periods)

        logs, spread = rates(self.theta), self._spread(jacobian(rates, self.theta))
        half = normal_quantile(self.conf_level) * spread / -logs
        period = np.arange(1, n_periods + 1)
        return pd.DataFrame(
            {
                "period": period,
                "retention": np.exp(logs),
                "std_error": np.exp(logs) * spread,
                "conf_low": np.exp(logs * np.exp(half)),
                "conf_high": np.exp(logs * np.exp(-half)),
                "projected": period > self.n_periods,
            }
        )

    def expected_tenure(self, *, horizon: int | None = None) -> Estimate | Unavailable:
        """
        Give the number of periods that an account begins, on average.

        Parameters
        ----------
        horizon : int, optional
            Periods after which no more are counted; without one, all are.

        Returns
        -------
        Estimate or Unavailable
            In periods, with an interval that is symmetric for its logarithm. Unavailable without a horizon
            where the mean is infinite, as it is for mixed rates with `alpha` of 1 or less.

        Examples
        --------
        >>> from churn.projection.period_counts import PeriodCounts
        >>> model = fit_retention(PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
        >>> print(model.expected_tenure())
        the expected tenure has no end where alpha is 1 or less, and it is 0.668; give a horizon
        >>> round(model.expected_tenure(horizon=12).estimate, 2)
        7.16
        """
        if horizon is not None:
            return self._positive(lambda theta: np.exp(log_survival(self.family, theta, horizon - 1)).sum())
        if self.family == "geometric":
            return self._positive(lambda theta: -1 / np.expm1(-np.exp(theta[0])))
        if self.family != "shifted-beta-geometric":
            return Unavailable(HORIZON)
        alpha = float(np.exp(self.theta[0]))
        if alpha <= 1:
            return Unavailable(Note(ENDLESS.message, {"alpha": f"{alpha:.3g}"}))
        return self._positive(lambda theta: (np.exp(theta).sum() - 1) / (np.exp(theta[0]) - 1))

    def discounted_residual_lifetime(self, *, renewals: int, discount: float) -> Estimate:
        """
        Give the periods still to come after a number of renewals, later ones counting for less.

        Parameters
        ----------
        renewals : int
            Periods through which the account was retained, plus one: at 1, it stands before its first renewal.
        discount : float
            By which a period is worth less than the one before, such as 0.1; more than 0.

        Returns
        -------
        Estimate
            In periods: the sum over k from 0 of `S(renewals + k) / S(renewals - 1) / (1 + discount)**k` [1]_,
            with an interval that is symmetric for its logarithm.

        Raises
        ------
        SpecError
            If `renewals` is below 1, or `discount` is not more than 0.

        References
        ----------
        .. [1] Fader and Hardie (2010), "Customer-base valuation in a contractual setting: the perils of
           ignoring heterogeneity", *Marketing Science* 29, 85-93.

        Examples
        --------
        >>> from churn.projection.period_counts import PeriodCounts
        >>> model = fit_retention(PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491]))
        >>> round(model.discounted_residual_lifetime(renewals=1, discount=0.1).estimate, 3)
        5.414
        """
        if renewals < 1:
            raise SpecError.at("renewals", f"got {renewals}, expected 1 or more", "Count the first period as 1")
        if not discount >= 1e-4:
            raise SpecError.at("discount", f"got {discount:g}, expected 0.0001 or more", "Give one such as 0.1")
        return self._positive(lambda theta: discounted(self.family, theta, renewals, discount))

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per parameter.

        Returns
        -------
        DataFrame
            `parameter`, `estimate`, `std_error`, `conf_low`, `conf_high`: `theta` without its logarithms.
        """
        error = np.sqrt(np.diag(self.covariance))
        half = normal_quantile(self.conf_level) * error
        names = [name.removeprefix("log(").removesuffix(")") for name in self.names]
        columns = {"estimate": np.exp(self.theta), "std_error": np.exp(self.theta) * error}
        limit = {"conf_low": np.exp(self.theta - half), "conf_high": np.exp(self.theta + half)}
        return pd.DataFrame({"parameter": names, **columns, **limit})

    def summary(self) -> str:
        """Say the parameters and their intervals in one line of English."""
        rows = self.to_frame().itertuples()
        told = ", ".join(f"{row[1]} {row.estimate:.3f} [{row.conf_low:.3f}, {row.conf_high:.3f}]" for row in rows)
        return f"{self.family}: {told}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the share retained over the periods fitted, with its interval."""
        rows = self.survival(self.n_periods)
        (line,) = ax.plot(rows["period"], rows["survival"])
        ax.fill_between(
            rows["period"], rows["conf_low"], rows["conf_high"], alpha=0.2, linewidth=0, color=line.get_color()
        )
        return ax

    def _spread(self, slopes: Floats) -> Floats:
        return np.asarray(np.sqrt(np.einsum("...i,ij,...j", slopes, self.covariance, slopes)))

    def _positive(self, function: Callable[[NDArray[Any]], Any]) -> Estimate:
        value = float(function(self.theta))
        return self._on_logs(value, float(self._spread(jacobian(function, self.theta))) / value, unit=self.time_unit)

    def _on_logs(self, value: float, error: float, *, unit: str) -> Estimate:
        half = normal_quantile(self.conf_level) * error
        return Estimate(
            estimate=value,
            std_error=value * error,
            conf_low=value * float(np.exp(-half)),
            conf_high=value * float(np.exp(half)),
            conf_level=self.conf_level,
            n=round(self.n),
            unit=unit,
            method=self.method,
            notes=self.notes,
        )


def fit_retention(
    counts: PeriodCounts, *, model: Model = "shifted-beta-geometric", conf_level: float = 0.95
) -> RetentionModelResult:
    r"""
    Fit retention by whole periods, dropout rates differing between accounts.

    Parameters
    ----------
    counts : PeriodCounts
        Accounts at risk and gone in each period.
    model : {'shifted-beta-geometric', 'beta-discrete-Weibull'}
        Whether an account keeps its rate, or the rate may change with tenure.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    RetentionModelResult

    Raises
    ------
    SpecError
        If the model is unknown, or `conf_level` is not between 0 and 1.
    EstimateError
        If there are fewer periods than parameters, nobody has left, or nobody did after the first period.

    Notes
    -----
    With :math:`S(t)=B(\alpha,\beta+t^c)/B(\alpha,\beta)`: each account leaves in a period with a probability
    drawn from a beta distribution [1]_, constant where :math:`c=1`; otherwise its retention after `t`
    periods is :math:`(1-\theta)^{t^c}` [2]_. Maximum likelihood, by Newton's method. Limits of the share
    retained come from the delta method on log(-log S).

    References
    ----------
    .. [1] Fader and Hardie (2007), "How to project customer retention", *Journal of Interactive Marketing*
       21, 76-90.
    .. [2] Fader, Hardie, Liu, Davin and Steenburgh (2018), "'How to project customer retention' revisited: the
       role of duration dependence", *Journal of Interactive Marketing* 43, 1-16.

    Examples
    --------
    >>> counts = PeriodCounts.from_survivors([1000, 869, 743, 653, 593, 551, 517, 491], time_unit="years")
    >>> fit_retention(counts).summary()
    'shifted-beta-geometric: alpha 0.668 [0.493, 0.906], beta 3.806 [2.540, 5.704]'
    """
    _check(counts, model, conf_level)
    found = fit(model, counts.n_at_risk, counts.n_event)
    if found is None:
        mend = "Follow accounts for longer, or choose the shifted-beta-geometric model"
        why = Note("the likelihood of the {model} model has no maximum", {"model": model})
        raise EstimateError.because("fit_retention", why, mend)
    return _described(found, model, counts, conf_level)


def _check(counts: PeriodCounts, model: Model, conf_level: float) -> None:
    check_choice("model", model, tuple(LIMIT))
    check_level(conf_level)
    needed = len(PARAMETERS[model])
    if counts.n_periods < needed:
        told = {"periods": counts.n_periods, "model": model, "needed": needed}
        why = Note("got {periods} periods, the {model} model needs at least {needed}", told)
        raise EstimateError.because("fit_retention", why, "Follow accounts for longer, or count shorter periods")
    if not counts.n_event.any():
        raise EstimateError.because("fit_retention", Note("nobody has left"), "Follow accounts for longer")
    if not counts.n_event[1:].any():
        why = Note("nobody leaves after the first period, so that later rates cannot be known")
        raise EstimateError.because("fit_retention", why, "Follow accounts for longer, or count shorter periods")


def _described(found: Fit, model: Model, counts: PeriodCounts, conf_level: float) -> RetentionModelResult:
    return RetentionModelResult(
        family=found.family,
        theta=found.theta,
        covariance=found.covariance,
        log_likelihood=found.value,
        n=counts.n,
        n_periods=counts.n_periods,
        conf_level=conf_level,
        time_unit=counts.time_unit,
        notes=counts.notes + ((ALIKE,) if found.family != model else ()),
    )
