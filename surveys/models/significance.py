"""Tests of coefficients: a statistic against its chi-squared or F distribution."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import special

from surveys.core.rounding import say_p


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquaredTest:
    """
    A test by a chi-squared statistic.

    Attributes
    ----------
    statistic : float
    df : int
        Degrees of freedom.
    p_value : float
    method : str
        Name of the test.
    """

    statistic: float
    df: int
    p_value: float
    method: str

    @classmethod
    def of(cls, statistic: float, df: int, method: str) -> ChiSquaredTest:
        """
        Compare a statistic with its distribution.

        Examples
        --------
        >>> print(ChiSquaredTest.of(3.84, 1, "Wald test").summary())
        Wald test: chi-squared(1) = 3.84, p = 0.050
        """
        return cls(statistic=statistic, df=df, p_value=float(special.chdtrc(df, statistic)), method=method)

    def summary(self) -> str:
        """Say the test in one line of English."""
        return f"{self.method}: chi-squared({self.df}) = {self.statistic:.3g}, {say_p(self.p_value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldTest:
    """The test that all coefficients of a term are zero: an F with its degrees of freedom."""

    term: str
    statistic: float
    ndf: float
    ddf: float
    p_value: float

    @classmethod
    def of(cls, term: str, statistic: float, ndf: int, ddf: float) -> WaldTest:
        """
        Compare a statistic with its distribution; NaN below one degree of freedom.

        Examples
        --------
        >>> print(WaldTest.of("age", 4.1, 2, 30.0).summary())
        age: F(2, 30) = 4.1, p = 0.027
        """
        p_value = float(special.fdtrc(ndf, ddf, statistic)) if ddf >= 1 else float("nan")
        return cls(term=term, statistic=statistic, ndf=float(ndf), ddf=ddf, p_value=p_value)

    def summary(self) -> str:
        """Say the test in one line of English."""
        return f"{self.term}: F({self.ndf:.4g}, {self.ddf:.4g}) = {self.statistic:.3g}, {say_p(self.p_value)}"
