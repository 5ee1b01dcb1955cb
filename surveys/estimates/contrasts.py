"""Weighted sums of estimates, such as the difference between two groups or two waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import special

from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.rounding import say_p, say_points


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """
    A weighted sum of estimates, and the test that it is zero.

    Attributes
    ----------
    estimate, std_error : float
        In the unit of the estimates.
    df : float
        Degrees of freedom.
    t, p_value : float
        Estimate over standard error, and its two-sided probability under Student's t; NaN where the
        standard error is 0.
    conf_low, conf_high : float
        Ends of the interval of Student's t.
    conf_level : float
        Between 0 and 1.
    unit : str
        Of the numbers; `points` for shares, whose sums are told in percentage points.

    Examples
    --------
    >>> print(Contrast.of(0.1, 0.0016, 60).summary())
    0.1 [0.02, 0.18], t = 2.50 on 60 degrees of freedom, p = 0.015
    >>> print(Contrast.of(0.1, 0.0016, 60, unit="points").summary())
    +10.0 points [+2.0, +18.0], t = 2.50 on 60 degrees of freedom, p = 0.015
    """

    estimate: float
    std_error: float
    df: float
    t: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float = 0.95
    unit: str = ""

    @classmethod
    def of(cls, estimate: float, variance: float, df: float, *, conf_level: float = 0.95, unit: str = "") -> Self:
        """
        Test an estimate against zero.

        Parameters
        ----------
        estimate, variance : float
            In the unit of the estimates, and its square.
        df : float
            Degrees of freedom; below 1, there is neither test nor interval.
        conf_level : float
            Between 0 and 1.
        unit : str
            Of the numbers; `points` for a sum of shares.

        Returns
        -------
        Contrast
        """
        std_error = float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else float("nan")
        t = estimate / std_error if std_error > 0 else float("nan")
        half = float(student_t(df, conf_level)) * std_error
        return cls(
            estimate=estimate,
            std_error=std_error,
            df=float(df),
            t=t,
            p_value=float(2 * special.stdtr(df, -abs(t))) if df >= 1 else float("nan"),
            conf_low=estimate - half,
            conf_high=estimate + half,
            conf_level=conf_level,
            unit=unit,
        )

    @classmethod
    def between(
        cls,
        weights: Mapping[Any, float] | Sequence[float],
        index: pd.Index,
        estimate: Floats,
        covariance: Floats,
        df: float,
        *,
        conf_level: float = 0.95,
    ) -> Self:
        """
        Test a weighted sum of estimates against zero.

        Parameters
        ----------
        weights : mapping of key to float, or sequence of float
            As for `weigh`.
        index : Index, shape (k,)
            What the estimates are called.
        estimate, covariance : ndarray of float, shapes (k,) and (k, k)
            The estimates.
        df : float
            Degrees of freedom; infinite for a normal interval.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        Contrast

        Raises
        ------
        SpecError
            If a key is unknown.

        Examples
        --------
        >>> names = pd.Index(["F", "M"])
        >>> found = Contrast.between({"M": 1, "F": -1}, names, np.array([0.2, 0.3]), np.eye(2) / 1000, 60)
        >>> round(found.std_error, 4)
        0.0447
        """
        k = weigh(weights, index)
        return cls.of(float(k @ estimate), float(k @ covariance @ k), df, conf_level=conf_level)

    def summary(self) -> str:
        """Say the estimate, its interval and its test in one line of English."""
        if self.unit == "points":
            numbers = say_points(self.estimate, self.conf_low, self.conf_high)
        else:
            numbers = f"{self.estimate:.3g} [{self.conf_low:.3g}, {self.conf_high:.3g}]"
        return f"{numbers}, t = {self.t:.2f} on {self.df:.4g} degrees of freedom, {say_p(self.p_value)}"


def add_independent(parts: Sequence[Contrast], *, conf_level: float = 0.95) -> Contrast:
    """
    Add contrasts of independent samples.

    Parameters
    ----------
    parts : sequence of Contrast
        One for each sample.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Contrast
        Its degrees of freedom are those of Welch and Satterthwaite.

    Examples
    --------
    >>> both = add_independent([Contrast.of(0.3, 0.0004, 60), Contrast.of(-0.2, 0.0004, 60)])
    >>> round(both.estimate, 9), round(both.df, 6)
    (0.1, 120.0)
    """
    variances = np.square([part.std_error for part in parts])
    degrees = [part.df for part in parts]
    joined = effective_df(variances, degrees)
    df = joined if np.isfinite(joined) else min(degrees)
    total, units = sum(part.estimate for part in parts), {part.unit for part in parts}
    unit = units.pop() if len(units) == 1 else ""
    return Contrast.of(total, float(variances.sum()), df, conf_level=conf_level, unit=unit)


def effective_df(variances: Sequence[float] | Floats, degrees_of_freedom: Sequence[float]) -> float:
    """
    Join degrees of freedom of independent parts of a variance, as Welch and Satterthwaite do.

    Parameters
    ----------
    variances : sequence of float
        Of the parts.
    degrees_of_freedom : sequence of float
        Of each; infinite where it is known to the normal distribution.

    Returns
    -------
    float
        Infinite where no part with few degrees of freedom varies; 0 where one that varies has none.

    References
    ----------
    .. [1] F. E. Satterthwaite (1946), "An approximate distribution of estimates of variance
       components", *Biometrics Bulletin* 2, 110-114.

    Examples
    --------
    >>> effective_df([1.0, 1.0], [60, 60]), effective_df([1.0], [np.inf])
    (120.0, inf)
    """
    if any(df <= 0 < v for v, df in zip(variances, degrees_of_freedom, strict=True)):
        return 0.0
    spread = sum(v**2 / df for v, df in zip(variances, degrees_of_freedom, strict=True) if v > 0)
    return float(sum(variances) ** 2 / spread) if spread > 0 else float("inf")


def weigh(weights: Mapping[Any, float] | Sequence[float], index: pd.Index) -> Floats:
    """
    Lay the weights of a contrast out along the estimates.

    Parameters
    ----------
    weights : mapping of label to float, or sequence of float
        Weight of each estimate named, the others having 0; or one weight for each, in order.
    index : Index, shape (k,)
        Labels of the estimates.

    Returns
    -------
    ndarray of float, shape (k,)

    Raises
    ------
    SpecError
        If a label is unknown, or the sequence has another length.

    Examples
    --------
    >>> weigh({"M": 1, "F": -1}, pd.Index(["F", "M", "X"])).tolist()
    [-1.0, 1.0, 0.0]
    """
    if not isinstance(weights, Mapping):
        laid = np.asarray(weights, float)
        if laid.shape != (len(index),):
            raise SpecError.at("contrast", f"got {laid.size} weights for {len(index)} estimates", "Give one for each")
        return laid
    position = {label: i for i, label in enumerate(index)}
    laid = np.zeros(len(index))
    for label, weight in weights.items():
        if label not in position:
            known = [str(name) for name in index]
            mend = did_you_mean(str(label), known, f"Estimates here: {', '.join(known[:12])}")
            raise SpecError.at("contrast", f"no estimate is called '{label}'", mend)
        laid[position[label]] = weight
    return laid
