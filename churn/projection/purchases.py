"""Accounts that are never closed: how likely each is still there, and how often it will be seen again (BG/NBD)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.numeric.maximum import maximise
from churn.projection._purchases import alive, expected_later, expected_of_new, log_likelihood, score, slopes
from churn.projection.purchase_counts import PurchaseCounts, row_problems
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARAMETERS = ("r", "alpha", "a", "b")
NOT_HELD = Note("no days were held out")
SHOWN = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PurchaseHoldOut:
    """
    Times that accounts were expected to be seen in a span held out, and were.

    Attributes
    ----------
    frequency : ndarray of int, shape (k,)
        Times seen again before; the last stands for itself and all above.
    n : ndarray of int, shape (k,)
        Accounts.
    observed, expected : ndarray of float, shape (k,)
        Times seen in the span, over these accounts.
    span : float
        Length of the span, in `time_unit`.
    time_unit : str
        Unit of times.
    """

    frequency: NDArray[np.int64]
    n: NDArray[np.int64]
    observed: Floats
    expected: Floats
    span: float
    time_unit: str = "weeks"

    @property
    def error(self) -> float:
        """Expected less observed over all accounts, relative to observed."""
        return float(self.expected.sum() / self.observed.sum() - 1)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per frequency: `frequency`, `n`, `observed` and `expected`."""
        names = ("frequency", "n", "observed", "expected")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say how far off the expected total is, in one line of English."""
        total, seen = self.expected.sum(), self.observed.sum()
        return (
            f"over {self.span:g} {self.time_unit} held out, {total:,.0f} expected, {seen:,.0f} seen: {self.error:+.1%}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PurchaseModelResult:
    """
    How often accounts are seen while they are there, and how likely they go after each time.

    Attributes
    ----------
    theta : ndarray of float, shape (4,)
        Logarithms of r and alpha, of the gamma distribution of rates, and of a and b, of the beta
        distribution of the probability to go after a time seen.
    covariance : ndarray of float, shape (4, 4)
        Of `theta`: the inverse of the observed information.
    log_likelihood : float
        At the maximum.
    counts : PurchaseCounts
        What was fitted.
    hold_out : PurchaseHoldOut or Unavailable
        Expected and seen in the span held out.
    conf_level : float
        Between 0 and 1.
    notes : tuple of Note
        Caveats.
    """

    theta: Floats
    covariance: Floats = field(repr=False)
    log_likelihood: float
    counts: PurchaseCounts = field(repr=False)
    hold_out: PurchaseHoldOut | Unavailable
    conf_level: float = 0.95
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its interval."""
        return "BG/NBD, maximum likelihood, delta method"

    def parameter(self, name: Literal["r", "alpha", "a", "b"]) -> Estimate:
        """
        Give a parameter, its interval symmetric for its logarithm.

        Parameters
        ----------
        name : {'r', 'alpha', 'a', 'b'}
            `alpha` in the unit of times.

        Returns
        -------
        Estimate

        Raises
        ------
        SpecError
            If there is no such parameter.
        """
        if name not in PARAMETERS:
            raise SpecError.at(name, "is no parameter of the model", f"Choose one of: {', '.join(PARAMETERS)}")
        at = PARAMETERS.index(name)
        return self._on_logs(float(np.exp(self.theta[at])), float(np.sqrt(self.covariance[at, at])), "parameter")

    def alive(self, *, frequency: float, recency: float, age: float) -> Estimate:
        """
        Give the probability that an account has not gone.

        Parameters
        ----------
        frequency : float
            Times it was seen again after the first.
        recency, age : float
            Time from its first to its last, and to the end of observation, in the unit of times.

        Returns
        -------
        Estimate
            With an interval that is symmetric for the logit. An account that was never seen again has not
            gone, as the model lets accounts go only after a return.

        Raises
        ------
        SpecError
            If the three are impossible together.

        Examples
        --------
        >>> frame = {"frequency": [0, 1, 2, 5, 1, 9], "recency": [0, 3, 20, 30, 8, 37], "n": [600, 150, 90, 60, 80, 20]}
        >>> model = fit_purchases(PurchaseCounts.from_frame(pd.DataFrame(frame).assign(age=39)))
        >>> model.alive(frequency=2, recency=20, age=39).summary()
        '63.4% [48.1%, 76.3%], n = 1,000'
        """
        account = _one(frequency, recency, age)
        share = float(alive(self.theta, *account)[0])
        if share in (0.0, 1.0):
            return self._estimate(share, 0.0, share, share, "share")
        error = self._error(lambda theta: alive(theta, *account)) / (share * (1 - share))
        half, middle = normal_quantile(self.conf_level) * error, special.logit(share)
        ends = float(special.expit(middle - half)), float(special.expit(middle + half))
        return self._estimate(share, share * (1 - share) * error, *ends, "share")

    def expected(self, span: float, *, frequency: float, recency: float, age: float) -> Estimate:
        """
        Give the times an account is expected to be seen within a span from now.

        Parameters
        ----------
        span : float
            More than 0, in the unit of times.
        frequency, recency, age : float
            As for `alive`.

        Returns
        -------
        Estimate
            With an interval for the expected number, symmetric for its logarithm; the number itself varies more.

        Raises
        ------
        SpecError
            If the span is not more than 0, or the three are impossible together.

        Examples
        --------
        >>> frame = {"frequency": [0, 1, 2, 5, 1, 9], "recency": [0, 3, 20, 30, 8, 37], "n": [600, 150, 90, 60, 80, 20]}
        >>> model = fit_purchases(PurchaseCounts.from_frame(pd.DataFrame(frame).assign(age=39)))
        >>> round(model.expected(39, frequency=2, recency=20, age=39).estimate, 2)
        1.15
        """
        account = _one(frequency, recency, age)
        _check_span(span)
        value = float(expected_later(self.theta, span, *account)[0])
        error = self._error(lambda theta: expected_later(theta, span, *account))
        return self._on_logs(value, error / value, "times")

    def expected_of_new(self, span: float) -> Estimate:
        """
        Give the times a new account is expected to be seen again within a span.

        Parameters
        ----------
        span : float
            More than 0, in the unit of times.

        Returns
        -------
        Estimate
            As for `expected`.

        Raises
        ------
        SpecError
            If the span is not more than 0.
        """
        _check_span(span)
        spans = np.array([span])
        value = float(expected_of_new(self.theta, spans)[0])
        error = self._error(lambda theta: expected_of_new(theta, spans))
        return self._on_logs(value, error / value, "times")

    def share_alive(self) -> Estimate:
        """
        Give the share of all accounts expected not to have gone.

        Returns
        -------
        Estimate
            With an interval for the expected share, symmetric for its logit.
        """
        cells = (self.counts.frequency, self.counts.recency, self.counts.age)
        weight = self.counts.n / self.counts.n.sum()

        def mean(theta: Floats) -> Floats:
            return np.array([weight @ alive(theta, *cells)])

        share = float(mean(self.theta)[0])
        error = self._error(mean) / (share * (1 - share)) if share < 1 else 0.0
        half, middle = normal_quantile(self.conf_level) * error, special.logit(share)
        ends = float(special.expit(middle - half)), float(special.expit(middle + half))
        return self._estimate(share, share * (1 - share) * error, *ends, "share")

    def accounts(self, span: float) -> pd.DataFrame:
        """
        Give what is expected of each cell of accounts.

        Parameters
        ----------
        span : float
            More than 0, in the unit of times.

        Returns
        -------
        DataFrame
            `frequency`, `recency`, `age`, `n`; `alive`, the probability of each account, and `expected`, the
            times each is expected to be seen within the span.

        Raises
        ------
        SpecError
            If the span is not more than 0.
        """
        _check_span(span)
        cells = (self.counts.frequency, self.counts.recency, self.counts.age)
        found = {"alive": alive(self.theta, *cells), "expected": expected_later(self.theta, span, *cells)}
        return self.counts.to_frame().drop(columns="n_later", errors="ignore").assign(**found)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per parameter: `parameter`, `estimate`, `std_error`, `conf_low`, `conf_high`."""
        names = ("estimate", "std_error", "conf_low", "conf_high")
        rows = [(name, self.parameter(name)) for name in PARAMETERS]  # type: ignore[arg-type]
        return pd.DataFrame([{"parameter": name} | {key: getattr(x, key) for key in names} for name, x in rows])

    def summary(self) -> str:
        """Say the parameters and their intervals in one line of English."""
        rows = self.to_frame().itertuples()
        return ", ".join(f"{row[1]} {row.estimate:.3f} [{row.conf_low:.3f}, {row.conf_high:.3f}]" for row in rows)

    def plot(self, ax: Axes) -> Axes:
        """
        Draw the times a new account is expected to be seen again, by its age.

        Parameters
        ----------
        ax : Axes
            Where to draw.

        Returns
        -------
        Axes
            The same.
        """
        spans = np.linspace(0, float(self.counts.age.max()), 100)
        ax.plot(spans, expected_of_new(self.theta, spans))
        return ax

    def _error(self, function: Callable[[Floats], Floats]) -> float:
        change = slopes(function, self.theta)[0]
        return float(np.sqrt(change @ self.covariance @ change))

    def _on_logs(self, value: float, error: float, unit: str) -> Estimate:
        width = float(np.exp(normal_quantile(self.conf_level) * error))
        return self._estimate(value, value * error, value / width, value * width, unit)

    def _estimate(self, value: float, error: float, low: float, high: float, unit: str) -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.counts.n_accounts,
            unit=unit,
            method=self.method,
            notes=self.notes,
        )


def fit_purchases(counts: PurchaseCounts, *, conf_level: float = 0.95) -> PurchaseModelResult:
    r"""
    Fit how often accounts are seen and how likely they go, where no account is ever closed.

    Parameters
    ----------
    counts : PurchaseCounts
        How often, how late and how long accounts were seen.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    PurchaseModelResult
        With the error on the span held out, where there is one.

    Raises
    ------
    SpecError
        If `conf_level` is not between 0 and 1.
    EstimateError
        If nobody was seen again, or the likelihood has no maximum.

    Notes
    -----
    The BG/NBD model [1]_: while it is there, an account is seen at random times at its own rate,
    :math:`\lambda\sim\mathrm{Gamma}(r,\alpha)`; after each return it goes with its own probability,
    :math:`p\sim\mathrm{Beta}(a,b)`. Maximum likelihood by Newton's method, over cells of accounts.

    References
    ----------
    .. [1] Fader, Hardie and Lee (2005), "'Counting your customers' the easy way: an alternative to the
       Pareto/NBD model", *Marketing Science* 24, 275-284.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from churn.projection.purchase_counts import count_purchases
    >>> from reports.examples import open_example
    >>> counts = count_purchases(read_activity(open_example("twitter_france")), hold_out_days=182)
    >>> fit_purchases(counts).hold_out.summary()
    'over 26 weeks held out, 23,199 expected, 22,894 seen: +1.3%'
    """
    check_level(conf_level)
    if not (counts.frequency > 0).any():
        raise EstimateError.at("fit_purchases", "nobody was seen again", "Observe accounts for longer")
    cells = (counts.frequency, counts.recency, counts.age, counts.n.astype(np.float64))
    likelihood, gradient = log_likelihood(*cells), score(*cells)
    scale = np.log(float(np.average(counts.age, weights=counts.n)) / 4)
    starts = [np.array([0.0, scale, 0.0, 1.0]), np.array([-1.0, scale - 1, -1.0, 1.0])]
    tried = (maximise(likelihood, start, score=gradient) for start in starts)
    found = next((one for one in tried if one is not None), None)
    if found is None:
        what = "the likelihood has no maximum: accounts hardly differ in how often they are seen, or hardly any go"
        raise EstimateError.at("fit_purchases", what, "Observe more accounts, or for longer")
    return PurchaseModelResult(
        theta=found.theta,
        covariance=found.covariance,
        log_likelihood=found.value,
        counts=counts,
        hold_out=_held_out(found.theta, counts),
        conf_level=conf_level,
        notes=counts.notes,
    )


def _held_out(theta: Floats, counts: PurchaseCounts) -> PurchaseHoldOut | Unavailable:
    if counts.n_later is None:
        return Unavailable(NOT_HELD)
    each = expected_later(theta, counts.held_out, counts.frequency, counts.recency, counts.age)
    group = np.minimum(counts.frequency, SHOWN).astype(np.int64)
    n, observed, expected = (np.bincount(group, x) for x in (counts.n, counts.n_later, each * counts.n))
    seen = np.flatnonzero(n)
    return PurchaseHoldOut(
        frequency=seen,
        n=n[seen].astype(np.int64),
        observed=observed[seen].astype(np.float64),
        expected=expected[seen].astype(np.float64),
        span=counts.held_out,
        time_unit=counts.time_unit,
    )


def _one(frequency: float, recency: float, age: float) -> tuple[Floats, Floats, Floats]:
    account = (np.array([float(frequency)]), np.array([float(recency)]), np.array([float(age)]))
    problems = row_problems(*account, np.ones(1))
    if problems:
        raise SpecError(*(Problem("account", problem.what, "Correct it") for problem in problems))
    return account


def _check_span(span: float) -> None:
    if not span > 0:
        raise SpecError.at("span", f"got {span:g}, expected more than 0", "Give a length of time")
