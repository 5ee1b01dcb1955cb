"""Discrete-time hazard models, fitted: ratios, hazards by period, and predicted shares retained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arguments import some_times
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.core.intervals import student_t
from surveys.models import glm_fit as _regression
from surveys.models.fitted import FittedModel
from surveys.models.formulas import Covariates

Link = Literal["cloglog", "logit"]
RATIOS: dict[Link, str] = {"cloglog": "hazard_ratio", "logit": "odds_ratio"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DiscreteHazardResult(FittedModel):
    """
    A discrete-time hazard regression, fitted.

    Attributes
    ----------
    index, estimate, std_error, covariance, statistic, p_value, conf_low, conf_high, conf_level, terms, notes
        As of every `FittedModel`; the covariance is the inverse of the expected information.
    link : {'cloglog', 'logit'}
    log_likelihood, null_deviance : float
        Of accounts period by period. The null model is an intercept alone; for a model without one, a
        linear predictor of 0, as in R.
    n, n_event : int
        Periods of accounts at risk, and dropouts.
    baseline : tuple of int
        Positions of the coefficients of time.
    periods : ndarray of int
        Those with an account at risk, rising.
    width : float
        Length of a period, in `time_unit`.
    time_unit : str
        Unit of tenures.
    """

    link: Link
    log_likelihood: float
    null_deviance: float
    n_event: int
    baseline: tuple[int, ...]
    periods: NDArray[np.int64]
    width: float
    time_unit: str
    _covariates: Covariates

    @property
    def method(self) -> str:
        """Name of the model."""
        return f"discrete-time hazard, {self.link} link"

    @property
    def ratio(self) -> str:
        """What an exponentiated coefficient is: `hazard_ratio` of the grouped continuous hazard, or `odds_ratio`."""
        return RATIOS[self.link]

    @property
    def nuisance(self) -> tuple[int, ...]:
        """The coefficients of time, which sentences leave out."""
        return self.baseline

    @property
    def deviance(self) -> float:
        """Minus twice the log-likelihood, of accounts period by period."""
        return -2 * self.log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2 * len(self.index) - 2 * self.log_likelihood

    def predict(
        self, profiles: pd.DataFrame | None = None, times: float | Sequence[float] | None = None
    ) -> pd.DataFrame:
        """
        Predict hazards and shares retained, by period.

        Parameters
        ----------
        profiles : DataFrame, shape (n_profiles, n_columns), optional
            Values of the columns that the model names, one row for each kind of account; not needed where it
            names none.
        times : float or sequence of float, optional
            Tenures, in `time_unit`; for each, the last period that has ended by then is given. All periods
            without them.

        Returns
        -------
        DataFrame
            `profile`, the row of the profiles counted from 0; `period`; `time`, its end, in `time_unit`;
            `hazard`, `hazard_low`, `hazard_high`, its interval symmetric on the scale of the link;
            `survival` at the end of the period, `std_error`, `conf_low`, `conf_high`, symmetric on the scale
            of log(-log).

        Raises
        ------
        SpecError
            If a column or a value is missing or unknown, or a time lies before the end of the first period or
            beyond the last.
        """
        profiles = pd.DataFrame(index=[0]) if profiles is None else profiles
        parts = [self._follow(i, row.to_frame().T.infer_objects()) for i, (_, row) in enumerate(profiles.iterrows())]
        shown = slice(None) if times is None else self._places(some_times(times, "times"))
        return pd.concat([part.iloc[shown] for part in parts], ignore_index=True)

    def _places(self, times: Floats) -> NDArray[np.intp]:
        ends = self.periods * self.width
        if (times < ends[0]).any() or (times > ends[-1]).any():
            what = f"expected tenures of {ends[0]:g} to {ends[-1]:g} {self.time_unit}, where hazards were estimated"
            raise SpecError.at("times", what, "Leave the others out")
        return np.searchsorted(ends, times, side="right") - 1

    def _follow(self, profile: int, row: pd.DataFrame) -> pd.DataFrame:
        rows = row.loc[row.index.repeat(len(self.periods))].reset_index(drop=True).assign(period=self.periods)
        x = self._covariates.of(rows)
        z, link = float(student_t(np.inf, self.conf_level)), _regression.LINKS[self.link]
        eta = x @ self.estimate
        error = np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x))
        hazard = link.inverse(eta)
        log_survival = np.cumsum(np.log1p(-hazard))
        gradient = np.cumsum((-link.slope(hazard) / (1 - hazard))[:, None] * x, axis=0)
        log_error = np.sqrt(np.einsum("ij,jk,ik->i", gradient, self.covariance, gradient))
        survival = np.exp(log_survival)
        center, half = np.log(-log_survival), z * log_error / -log_survival
        return pd.DataFrame(
            {
                "profile": profile,
                "period": self.periods,
                "time": self.periods * self.width,
                "hazard": hazard,
                "hazard_low": link.inverse(eta - z * error),
                "hazard_high": link.inverse(eta + z * error),
                "survival": survival,
                "std_error": survival * log_error,
                "conf_low": np.exp(-np.exp(center + half)),
                "conf_high": np.exp(-np.exp(center - half)),
            }
        )
