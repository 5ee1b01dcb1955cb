"""Shares retained and quantiles of durations that an accelerated-failure-time model predicts, with their intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from churn.parametric.distributions import DISTRIBUTIONS, Distribution
from surveys.core.arrays import Floats, Ints


class Line(NamedTuple):
    """A model of log durations: its distribution, location, scale, covariance, and the quantile of its intervals."""

    distribution: Distribution
    location: Floats
    scale: float
    covariance: Floats
    quantile: float


def survival_table(line: Line, x: Floats, profile: Ints, time: Floats, *, until: float) -> pd.DataFrame:
    """Give the share retained by each profile at each time, limits being symmetric where the model is linear."""
    standard = DISTRIBUTIONS[line.distribution]
    with np.errstate(divide="ignore"):
        z = (np.log(time) - (x @ line.location)[profile]) / line.scale
    begun = np.isfinite(z)
    at = np.where(begun, z, 0.0)
    slopes = -x[profile] / line.scale
    if standard.free_scale:
        slopes = np.column_stack([slopes, -at])
    error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, line.covariance, slopes))
    half, values = line.quantile * error, standard.values
    columns = {
        "survival": values(at).above,
        "std_error": values(at).density * error,
        "conf_low": values(at + half).above,
        "conf_high": values(at - half).above,
    }
    sure = {"survival": 1.0, "std_error": 0.0, "conf_low": 1.0, "conf_high": 1.0}
    columns = {name: np.where(begun, column, sure[name]) for name, column in columns.items()}
    return pd.DataFrame({"profile": profile, "time": time, **columns, "extrapolated": time > until})


def quantile_table(line: Line, x: Floats, profile: Ints, gone: Floats, *, until: float) -> pd.DataFrame:
    """Give the time by which a share of each profile has gone, limits being symmetric for its logarithm."""
    standard = DISTRIBUTIONS[line.distribution]
    z = standard.quantile(gone) * line.scale
    slopes = x[profile]
    if standard.free_scale:
        slopes = np.column_stack([slopes, z])
    time = np.exp((x @ line.location)[profile] + z)
    error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, line.covariance, slopes))
    half = line.quantile * error
    return pd.DataFrame(
        {
            "profile": profile,
            "share_gone": gone,
            "time": time,
            "std_error": time * error,
            "conf_low": time * np.exp(-half),
            "conf_high": time * np.exp(half),
            "extrapolated": time > until,
        }
    )
