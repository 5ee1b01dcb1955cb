"""The distributions of log durations that parametric models know: one table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from surveys.core.arrays import Floats

Distribution = Literal["weibull", "log-normal", "log-logistic", "exponential"]
HIGHEST = 700.0
"""Standardised log duration from which nobody is left under a Weibull distribution, in double precision."""


class Values(NamedTuple):
    """Share below and above z, density and its slope, and the first two derivatives of the log density, and it."""

    below: Floats
    above: Floats
    density: Floats
    slope: Floats
    score: Floats
    bend: Floats
    log_density: Floats


class Standard(NamedTuple):
    """
    A distribution of standardised log durations.

    `values` are taken at z, `quantile` of a share gone; the scale is a parameter but where `free_scale` is false.
    """

    values: Callable[[Floats], Values]
    quantile: Callable[[Floats], Floats]
    free_scale: bool = True


def _extreme_value(z: Floats) -> Values:
    capped = np.minimum(z, HIGHEST)
    e = np.exp(capped)
    density = np.exp(capped - e)
    return Values(-np.expm1(-e), np.exp(-e), density, density * (1 - e), 1 - e, -e, z - e)


def _normal(z: Floats) -> Values:
    log_density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    density = np.exp(log_density)
    return Values(special.ndtr(z), special.ndtr(-z), density, -z * density, -z, -np.ones_like(z), log_density)


def _logistic(z: Floats) -> Values:
    below, above = special.expit(z), special.expit(-z)
    density = below * above
    log_density = special.log_expit(z) + special.log_expit(-z)
    return Values(below, above, density, density * (above - below), above - below, -2 * density, log_density)


def _extreme_quantile(share_gone: Floats) -> Floats:
    return np.asarray(np.log(-np.log1p(-share_gone)))


DISTRIBUTIONS: dict[Distribution, Standard] = {
    "weibull": Standard(_extreme_value, _extreme_quantile),
    "log-normal": Standard(_normal, special.ndtri),
    "log-logistic": Standard(_logistic, special.logit),
    "exponential": Standard(_extreme_value, _extreme_quantile, free_scale=False),
}
