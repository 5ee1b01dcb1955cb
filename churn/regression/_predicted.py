"""Cumulative hazards of a Cox model at profiles of covariates, with their standard errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churn.regression._residuals import Increments
from churn.regression.risk_sets import Slots, Spells
from surveys.core.arrays import Floats, Ints


class Hazard(NamedTuple):
    """Cumulative hazards of profiles at the times of one stratum, shape (n_times, n_profiles)."""

    time: Floats
    cumulative: Floats
    std_error: Floats
    gone: Ints


def cumulative_hazard(
    time: Floats,
    slots: Slots,
    stratum: int,
    added: Increments,
    profiles: Floats,
    log_risk: Floats,
    covariance: Floats,
) -> Hazard:
    """
    Follow profiles of covariates through one stratum.

    Parameters
    ----------
    time : ndarray of float, shape (n_times,)
        At which hazards are wanted, rising.
    slots, stratum, added
        Of the fit.
    profiles : ndarray of float, shape (n_profiles, k)
        Covariates on the scale of the fit.
    log_risk : ndarray of float, shape (n_profiles,)
    covariance : ndarray of float, shape (k, k)
        Of the coefficients on the scale of the fit.

    Notes
    -----
    Breslow's or Efron's hazard, after the ties of the fit; its variance has a part from the hazard and
    one from the coefficients (Tsiatis, 1981), as `survfit.coxph` of R's survival.
    """
    own = np.flatnonzero(slots.stratum == stratum)
    hazard = np.concatenate([[0.0], np.cumsum(added.hazard[own])])
    square = np.concatenate([[0.0], np.cumsum(added.square[own])])
    moment = np.concatenate([np.zeros((1, profiles.shape[1])), np.cumsum(added.moment[own], axis=0)])
    place = np.searchsorted(slots.time[own], time, side="right")
    risk = np.exp(log_risk)
    away = hazard[place][:, None, None] * profiles - moment[place][:, None, :]
    variance = square[place][:, None] + np.einsum("tpj,jk,tpk->tp", away, covariance, away)
    gone = np.concatenate([[0], slots.gone[own]])[np.where(np.diff(place, prepend=0) > 0, place, 0)]
    return Hazard(time, hazard[place][:, None] * risk, np.sqrt(variance) * risk, gone)


def times_of(spells: Spells, stratum: int) -> Floats:
    """Give the distinct times of dropout or censoring in a stratum."""
    return np.unique(spells.duration[spells.stratum == stratum])
