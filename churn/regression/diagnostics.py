"""Diagnostics of Cox models: proportional hazards, concordance, residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.regression import _residuals
from churn.regression.fit import Fit
from surveys.core.arrays import Floats
from surveys.core.intervals import student_t
from surveys.core.results import Estimate
from surveys.models.significance import ChiSquaredTest

Transform = Literal["km", "identity", "rank", "log"]
Residuals = Literal["martingale", "deviance", "score", "schoenfeld", "dfbeta"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProportionalHazardsTest:
    """
    A test that hazard ratios stay the same over time.

    Attributes
    ----------
    index : Index, shape (k,)
        Names of the covariates.
    statistic, p_value : ndarray of float, shape (k,)
        Chi-squared on one degree of freedom, for each covariate.
    together : ChiSquaredTest
        Of all covariates.
    transform : {'km', 'identity', 'rank', 'log'}
        The function of time that hazard ratios may follow instead.
    """

    index: pd.Index
    statistic: Floats
    p_value: Floats
    together: ChiSquaredTest
    transform: Transform

    def to_frame(self) -> pd.DataFrame:
        """Give one row per covariate and one, `(all)`, for all: `term`, `statistic`, `df`, `p_value`."""
        return pd.DataFrame(
            {
                "term": [*self.index, "(all)"],
                "statistic": [*self.statistic, self.together.statistic],
                "df": [1] * len(self.index) + [self.together.df],
                "p_value": [*self.p_value, self.together.p_value],
            }
        )

    def summary(self) -> str:
        """Say the test of all covariates in one line of English."""
        return self.together.summary()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concordance:
    """
    How often the account with the higher risk leaves first.

    Attributes
    ----------
    estimate : Estimate
        Share of comparable pairs; pairs of equal risk count half.
    strata : tuple of str
        Within which accounts are compared; one, nameless, without strata.
    concordant, discordant, tied_risk : ndarray of float, shape (n_strata,)
        Comparable pairs, weighted: those who leave in the order of their risk, or against it, or at equal risk.
    tied_time, tied_both : ndarray of float, shape (n_strata,)
        Pairs that leave at the same time, at different and at equal risk: they do not count.
    """

    estimate: Estimate
    strata: tuple[str, ...]
    concordant: Floats
    discordant: Floats
    tied_risk: Floats
    tied_time: Floats
    tied_both: Floats

    def to_frame(self) -> pd.DataFrame:
        """Give one row per stratum, with its pairs."""
        names = ("concordant", "discordant", "tied_risk", "tied_time", "tied_both")
        return pd.DataFrame({"stratum": self.strata} | {name: getattr(self, name) for name in names})

    def summary(self) -> str:
        """Say the concordance in one line of English."""
        return f"concordance {self.estimate.summary()}"


def proportional_hazards(fit: Fit, index: pd.Index, transform: Transform) -> ProportionalHazardsTest:
    """Test each covariate, and all, for an interaction with a function of time."""
    each, together = fit.proportional(transform)
    return ProportionalHazardsTest(
        index=index,
        statistic=each,
        p_value=special.chdtrc(1, each),
        together=ChiSquaredTest.of(together, len(index), "test of proportional hazards"),
        transform=transform,
    )


def concordance_of(fit: Fit, strata: tuple[str, ...], *, n: int, conf_level: float) -> Concordance:
    """Compare the order of the linear predictor with that of leaving, with a normal interval within 0 and 1."""
    pairs = fit.concordance()
    half = float(student_t(np.inf, conf_level)) * pairs.std_error
    value = pairs.concordance
    estimate = Estimate(
        estimate=value,
        std_error=pairs.std_error,
        conf_low=max(value - half, 0.0),
        conf_high=min(value + half, 1.0),
        conf_level=conf_level,
        n=n,
        method="concordance, infinitesimal jackknife",
    )
    return Concordance(
        estimate=estimate,
        strata=strata,
        concordant=pairs.concordant,
        discordant=pairs.discordant,
        tied_risk=pairs.tied_score,
        tied_time=pairs.tied_time,
        tied_both=pairs.tied_both,
    )


def residual_table(
    fit: Fit, kind: Residuals, covariance: Floats, rows: NDArray[np.int64], index: pd.Index
) -> pd.DataFrame:
    """Give residuals of each account of a cell, beside its row."""
    spells = fit.spells
    if kind == "schoenfeld":
        gone, found = fit.schoenfeld_residuals()
        about = {"row": rows[gone], "n": spells.n[gone], "time": fit.slots.time[fit.slots.last[gone]]}
        return pd.DataFrame(about).join(pd.DataFrame(found, columns=index))
    about = {"row": rows, "n": spells.n}
    if kind in ("score", "dfbeta"):
        found = fit.score_residuals() * fit.spread
        found = found @ covariance * spells.weight[:, None] if kind == "dfbeta" else found
        return pd.DataFrame(about).join(pd.DataFrame(found, columns=index))
    residual = fit.martingale_residuals()
    return pd.DataFrame(about | {"residual": _residuals.deviance(spells, residual) if kind == "deviance" else residual})
