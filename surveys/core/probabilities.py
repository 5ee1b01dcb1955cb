"""Probabilities of test statistics."""

from __future__ import annotations

from scipy import special


def f_probability(statistic: float, df_numerator: float, df_denominator: float) -> float:
    """Give the probability that F is larger; NaN where a degree of freedom is below 1."""
    if df_numerator < 1 or not df_denominator >= 1:
        return float("nan")
    return float(special.fdtrc(df_numerator, df_denominator, statistic))
