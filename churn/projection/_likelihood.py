"""Arrays behind projected retention: survival by whole periods, its likelihood and its derivatives."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from churn.numeric.maximum import Maximum, maximise
from surveys.core.arrays import Floats

Family = Literal["geometric", "discrete Weibull", "shifted-beta-geometric", "beta-discrete-Weibull"]

PARAMETERS: dict[Family, tuple[str, ...]] = {
    "geometric": ("log(-log(retention))",),
    "discrete Weibull": ("log(-log(first retention))", "log(c)"),
    "shifted-beta-geometric": ("log(alpha)", "log(beta)"),
    "beta-discrete-Weibull": ("log(alpha)", "log(beta)", "log(c)"),
}
LIMIT: dict[Family, Family] = {
    "shifted-beta-geometric": "geometric",
    "beta-discrete-Weibull": "discrete Weibull",
}
GAIN = 1e-6


def log_retention(family: Family, theta: NDArray[Any], n_periods: int) -> NDArray[Any]:
    """
    Give the logarithm of the share of those retained so far that is retained through each period.

    Parameters
    ----------
    family : str
        Of `PARAMETERS`.
    theta : ndarray of float or complex, shape (k,)
        As `PARAMETERS` names them.
    n_periods : int

    Returns
    -------
    ndarray of float or complex, shape (n_periods,)
    """
    before = np.arange(n_periods, dtype=float)
    match family:
        case "geometric":
            return np.asarray(-np.exp(theta[0]) * np.ones(n_periods))
        case "discrete Weibull":
            return np.asarray(-np.exp(theta[0]) * np.diff(_powers(n_periods, np.exp(theta[1]))))
        case "shifted-beta-geometric":
            alpha, beta = np.exp(theta)
            return np.asarray(np.log1p(-alpha / (alpha + beta + before)))
        case "beta-discrete-Weibull":
            alpha, beta, c = np.exp(theta)
            elapsed = _powers(n_periods, c)
            return np.asarray(np.diff(special.loggamma(beta + elapsed) - special.loggamma(alpha + beta + elapsed)))


def _powers(n_periods: int, c: Any) -> NDArray[Any]:
    return np.concatenate([[0.0], np.exp(c * np.log(np.arange(1.0, n_periods + 1)))])


def log_survival(family: Family, theta: NDArray[Any], n_periods: int) -> NDArray[Any]:
    """Give the logarithm of the share retained after 0, 1, ... periods, shape (n_periods + 1,)."""
    return np.concatenate([[0.0], np.cumsum(log_retention(family, theta, n_periods))])


def log_likelihood(family: Family, theta: NDArray[Any], n_at_risk: Floats, n_event: Floats) -> Any:
    """Add up the log-likelihood of accounts at risk and gone in each period."""
    kept = log_retention(family, theta, len(n_event))
    lost = -np.expm1(kept)
    some = n_event > 0
    return (n_at_risk - n_event) @ kept + n_event[some] @ np.log(lost[some])


class Fit(NamedTuple):
    """A family fitted; `family` is its limit where the likelihood rises all the way there."""

    family: Family
    theta: Floats
    value: float
    covariance: Floats


def fit(family: Family, n_at_risk: Floats, n_event: Floats) -> Fit | None:
    """
    Fit a family by maximum likelihood, or its limit without mixing where that is at least as likely.

    Parameters
    ----------
    family : {'shifted-beta-geometric', 'beta-discrete-Weibull'}
    n_at_risk, n_event : ndarray of float, shape (n_periods,)

    Returns
    -------
    Fit or None
        None where neither has a maximum.
    """
    limit = LIMIT[family]
    alike = _best(limit, _starts(limit, n_at_risk, n_event), n_at_risk, n_event)
    mixed = _best(family, _starts(family, n_at_risk, n_event), n_at_risk, n_event)
    if mixed is not None and (alike is None or mixed.value > alike.value + GAIN):
        return Fit(family, *mixed)
    return None if alike is None else Fit(limit, *alike)


def _best(family: Family, starts: list[Floats], n_at_risk: Floats, n_event: Floats) -> Maximum | None:
    found = [maximise(lambda theta: log_likelihood(family, theta, n_at_risk, n_event), start) for start in starts]
    return max((one for one in found if one is not None), key=lambda one: one.value, default=None)


def _starts(family: Family, n_at_risk: Floats, n_event: Floats) -> list[Floats]:
    share = n_event.sum() / n_at_risk.sum()
    rate = np.log(-np.log1p(-min(max(share, 1e-9), 1 - 1e-9)))
    match family:
        case "geometric":
            return [np.array([rate])]
        case "discrete Weibull":
            return [np.array([rate, 0.0])]
        case "shifted-beta-geometric":
            first = min(max(n_event[0] / n_at_risk[0], 1e-6), 1 - 1e-6)
            return [np.log(total * np.array([first, 1 - first])) for total in (2.0, 20.0)]
        case "beta-discrete-Weibull":
            sorted_only = _best("shifted-beta-geometric", _starts("shifted-beta-geometric", n_at_risk, n_event),
                                n_at_risk, n_event)  # fmt: skip
            near = [] if sorted_only is None else [np.append(sorted_only.theta, 0.0)]
            first = min(max(n_event[0] / n_at_risk[0], 1e-6), 1 - 1e-6)
            return [*near, *(np.append(np.log(8 * np.array([first, 1 - first])), c) for c in (-0.5, 0.4))]


def discounted(family: Family, theta: NDArray[Any], renewals: int, discount: float) -> Any:
    """Add up what is still to come after a number of renewals, each period worth less by the discount."""
    n_terms = int(np.ceil(40.0 / np.log1p(discount)))
    survival = np.exp(log_survival(family, theta, renewals + n_terms))
    weights = np.exp(-np.log1p(discount) * np.arange(n_terms + 1))
    return (survival[renewals:] @ weights) / survival[renewals - 1]
