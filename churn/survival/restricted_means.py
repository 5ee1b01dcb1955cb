"""Mean tenure within a horizon, group by group: the differences and ratios of areas under Kaplan-Meier curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.intervals import normal_quantile
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIFFERENCE = "difference of areas under Kaplan-Meier curves, Greenwood"
FEWEST = 10
"""Accounts without which a level is left out where horizon and levels are chosen together."""
ONE_LEVEL = Note("fewer than two levels can be compared")
NOT_REACHED = Note("no tenure is reached in all levels")
NO_SPREAD = Note("no test: nobody left in either level")
RATIO = "ratio of areas under Kaplan-Meier curves, logarithm, Greenwood"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestrictedMeans:
    """
    Mean tenure within a horizon of each group of accounts, and how it differs from that of a reference group.

    Attributes
    ----------
    levels : tuple of str
        Of the group, in order.
    reference : str
        The level compared with.
    until : float
        Horizon, in `time_unit`.
    n : ndarray of int, shape (k,)
        Accounts of each level.
    estimate, std_error, conf_low, conf_high : ndarray of float, shape (k,)
        Mean tenure of each level, in `time_unit`.
    difference, difference_std_error, difference_low, difference_high : ndarray of float, shape (k,)
        Mean of each level minus that of the reference, in `time_unit`; NaN for the reference.
    z, p_value : ndarray of float, shape (k,)
        Difference over its standard error, and its two-sided probability under the normal distribution.
    ratio, ratio_low, ratio_high : ndarray of float, shape (k,)
        Mean of each level over that of the reference, its interval symmetric on the logarithmic scale.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    notes : tuple of Note
        Caveats.
    """

    levels: tuple[str, ...]
    reference: str
    until: float
    n: Ints
    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    difference: Floats
    difference_std_error: Floats
    difference_low: Floats
    difference_high: Floats
    z: Floats
    p_value: Floats
    ratio: Floats
    ratio_low: Floats
    ratio_high: Floats
    time_unit: str = "days"
    conf_level: float = 0.95
    notes: tuple[Note, ...] = ()

    @property
    def method(self) -> str:
        """Name of the estimate and its test."""
        return "areas under Kaplan-Meier curves, Greenwood, normal"

    def difference_of(self, level: str) -> Estimate:
        """
        Give the mean of a level minus that of the reference.

        Parameters
        ----------
        level : str
            Any of `levels` but the reference.

        Returns
        -------
        Estimate
            In `time_unit`.

        Raises
        ------
        SpecError
            If there is no such level, or it is the reference.

        Examples
        --------
        >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 4})
        >>> tenures = Tenures(duration=[5, 9, 20, 31, 40, 41, 42, 43], event=[1] * 8, attributes=group)
        >>> restricted_means(tenures, by="age", until=30).difference_of("25-34").estimate
        3.5
        """
        i = self._position(level)
        return Estimate(
            estimate=float(self.difference[i]),
            std_error=float(self.difference_std_error[i]),
            conf_low=float(self.difference_low[i]),
            conf_high=float(self.difference_high[i]),
            conf_level=self.conf_level,
            n=self._base(i),
            unit=self.time_unit,
            method=DIFFERENCE,
            notes=self.notes,
        )

    def ratio_of(self, level: str) -> Estimate:
        """
        Give the mean of a level over that of the reference.

        Parameters
        ----------
        level : str
            Any of `levels` but the reference.

        Returns
        -------
        Estimate
            Without a unit; the standard error is that of the ratio itself, by the delta method.

        Raises
        ------
        SpecError
            If there is no such level, or it is the reference.

        Examples
        --------
        >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 4})
        >>> tenures = Tenures(duration=[5, 9, 20, 31, 40, 41, 42, 43], event=[1] * 8, attributes=group)
        >>> round(restricted_means(tenures, by="age", until=30).ratio_of("25-34").estimate, 3)
        1.165
        """
        i = self._position(level)
        error = np.log(self.ratio_high[i] / self.ratio_low[i]) / (2 * normal_quantile(self.conf_level))
        return Estimate(
            estimate=float(self.ratio[i]),
            std_error=float(self.ratio[i] * error),
            conf_low=float(self.ratio_low[i]),
            conf_high=float(self.ratio_high[i]),
            conf_level=self.conf_level,
            n=self._base(i),
            unit="ratio",
            method=RATIO,
            notes=self.notes,
        )

    def test_of(self, level: str) -> float | Unavailable:
        """
        Give the probability of a difference this large, if there were none between a level and the reference.

        Parameters
        ----------
        level : str
            Any of `levels` but the reference.

        Returns
        -------
        float or Unavailable
            Between 0 and 1; Unavailable where both means are certain, nobody having left.

        Raises
        ------
        SpecError
            If there is no such level, or it is the reference.

        Examples
        --------
        >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 4})
        >>> tenures = Tenures(duration=[40] * 8, event=[0] * 8, attributes=group)
        >>> print(restricted_means(tenures, by="age", until=30).test_of("25-34"))
        no test: nobody left in either level
        """
        p_value = float(self.p_value[self._position(level)])
        return Unavailable(NO_SPREAD) if np.isnan(p_value) else p_value

    def _position(self, level: str) -> int:
        others = [name for name in self.levels if name != self.reference]
        if level not in others:
            mend = did_you_mean(level, others, f"Levels here: {', '.join(others)}")
            raise SpecError.at(f"level '{level}'", f"not compared with '{self.reference}'", mend)
        return self.levels.index(level)

    def _base(self, i: int) -> int:
        return int(self.n[i] + self.n[self.levels.index(self.reference)])

    def to_frame(self) -> pd.DataFrame:
        """Give one row per level: its mean, then its difference from the reference and their ratio."""
        names = ("n", "estimate", "std_error", "conf_low", "conf_high")
        compared = ("difference", "difference_std_error", "difference_low", "difference_high", "z", "p_value")
        columns = {name: getattr(self, name) for name in (*names, *compared, "ratio", "ratio_low", "ratio_high")}
        return pd.DataFrame({"level": self.levels, **columns})

    def summary(self) -> str:
        """Say each mean, and its difference from the reference, in a line of English."""
        until = f"of the first {self.until:g} {self.time_unit}"
        lines = []
        for i, level in enumerate(self.levels):
            line = f"{level}: {self.estimate[i]:.1f} {until} [{self.conf_low[i]:.1f}, {self.conf_high[i]:.1f}]"
            if level != self.reference:
                ends = f"[{self.difference_low[i]:+.1f}, {self.difference_high[i]:+.1f}]"
                line += f"; {self.difference[i]:+.1f} {ends} from {self.reference}"
            lines.append(line)
        return "\n".join(lines)

    def plot(self, ax: Axes) -> Axes:
        """Draw the mean of each level as a point on its interval, the first at the top."""
        height = -np.arange(len(self.levels), dtype=float)
        ax.hlines(height, self.conf_low, self.conf_high)
        ax.plot(self.estimate, height, "o")
        return ax


def restricted_means(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    until: float,
    reference: str | None = None,
    conf_level: float = 0.95,
) -> RestrictedMeans:
    r"""
    Estimate the mean tenure of groups within a horizon, and compare them.

    Unlike a hazard ratio, the difference is in days and holds whether or not hazards are proportional.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str
        Attribute, or column of the strata, whose levels are the groups.
    until : float
        Horizon, in `tenures.time_unit`, more than 0.
    reference : str, optional
        Level to compare with; the first without it.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    RestrictedMeans
        Accounts without a level are left out, and the notes count them.

    Raises
    ------
    SpecError
        If the attribute or the reference is not there, or the horizon is not above 0.
    EstimateError
        If there are fewer than two groups, or one was not observed until the horizon.

    Notes
    -----
    :math:`\int_0^{\tau}\hat S(t)\,dt` of each group, groups being independent; variances by Greenwood's
    formula, the interval of a ratio by the delta method on its logarithm [1]_.

    References
    ----------
    .. [1] P. Royston and M. K. B. Parmar (2013), "Restricted mean survival time: an alternative to the
       hazard ratio", *BMC Medical Research Methodology* 13, 152.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 4})
    >>> tenures = Tenures(duration=[5, 9, 20, 31, 40, 41, 42, 43], event=[1] * 8, attributes=group)
    >>> print(restricted_means(tenures, by="age", until=30).summary())
    18-24: 21.2 of the first 30 days [11.2, 31.3]
    25-34: 24.8 of the first 30 days [15.8, 33.7]; +3.5 [-9.9, +16.9] from 18-24
    """
    check_level(conf_level)
    curves = kaplan_meier(tenures, by=by, conf_level=conf_level)
    if len(curves) < 2:
        what = f"has {len(curves)} level, expected two or more"
        raise EstimateError.at(f"restricted_means, by '{by}'", what, "Choose another attribute")
    base = next(iter(curves)) if reference is None else str(reference)
    if base not in curves:
        mend = did_you_mean(base, curves, f"Levels here: {', '.join(curves)}")
        raise SpecError.at(f"reference '{base}'", "no such level", mend)
    return _compared(curves, base, until, tenures.time_unit, conf_level)


def comparable_means(
    tenures: Tenures | TenureCounts, *, by: str, longest: float, conf_level: float = 0.95
) -> RestrictedMeans:
    """
    Compare the mean tenure of the groups that can be compared, within a horizon that all of them reach.

    Parameters
    ----------
    tenures, by, conf_level
        As for `restricted_means`.
    longest : float
        Horizon, in `tenures.time_unit`, where all levels reach it.

    Returns
    -------
    RestrictedMeans
        Levels of fewer than `FEWEST` accounts are left out, so that they do not shorten the horizon of the others;
        so are those of which nobody was under observation within it. The notes name them. The horizon is the
        shortest of the longest tenures of the levels, levels that everybody has left reaching any.

    Raises
    ------
    SpecError
        If the attribute is not there.
    EstimateError
        If there are not two levels to compare, or one was not followed at all.

    Examples
    --------
    >>> group = pd.DataFrame({"age": ["18-24", "25-34"] * 10 + ["65+"]})
    >>> tenures = Tenures(duration=[*range(20, 40), 1], event=[1, 0] * 10 + [0], attributes=group)
    >>> found = comparable_means(tenures, by="age", longest=30)
    >>> found.levels, found.until, str(found.notes[-1])
    (('18-24', '25-34'), 30.0, 'levels left out of the comparison of means, which have fewer than 10 accounts: 65+')
    """
    check_level(conf_level)
    place, mend = f"comparable_means, by '{by}'", "Join levels to larger ones"
    curves = kaplan_meier(tenures, by=by, conf_level=conf_level)
    few = [level for level, curve in curves.items() if curve.n < FEWEST]
    enough = {level: curve for level, curve in curves.items() if level not in few}
    until = min([longest, *(_reach(curve) for curve in enough.values())])
    if not until > 0:
        raise EstimateError.because(place, NOT_REACHED, mend)
    late = [level for level, curve in enough.items() if until <= curve.observed_from]
    compared = {level: curve for level, curve in enough.items() if level not in late}
    if len(compared) < 2:
        raise EstimateError.because(place, ONE_LEVEL, mend)
    found = _compared(compared, next(iter(compared)), until, tenures.time_unit, conf_level)
    return replace(found, notes=(*found.notes, *_left_out(few, late)))


def _reach(curve: SurvivalCurve) -> float:
    """Give the horizon up to which a mean can be had."""
    return float("inf") if curve.survival[-1] <= 0 else float(curve.time[-1])


def _left_out(few: list[str], late: list[str]) -> list[Note]:
    notes = []
    if few:
        message = "levels left out of the comparison of means, which have fewer than {n} accounts: {levels}"
        notes.append(Note(message, {"n": FEWEST, "levels": ", ".join(few)}))
    if late:
        message = "levels left out of the comparison of means, nobody being under observation within it: {levels}"
        notes.append(Note(message, {"levels": ", ".join(late)}))
    return notes


def _compared(
    curves: dict[str, SurvivalCurve], base: str, until: float, time_unit: str, conf_level: float
) -> RestrictedMeans:
    means = _means({level: curve.restricted_mean(until) for level, curve in curves.items()})
    mean, error = (np.array([getattr(found, name) for found in means]) for name in ("estimate", "std_error"))
    levels = tuple(curves)
    return RestrictedMeans(
        levels=levels,
        reference=base,
        until=float(until),
        n=np.array([curve.n for curve in curves.values()], np.int64),
        estimate=mean,
        std_error=error,
        conf_low=np.array([found.conf_low for found in means]),
        conf_high=np.array([found.conf_high for found in means]),
        **_comparisons(mean, error, levels.index(base), normal_quantile(conf_level)),
        time_unit=time_unit,
        conf_level=conf_level,
        notes=tuple(dict.fromkeys(note for curve in curves.values() for note in curve.notes)),
    )


def _means(found: dict[str, Estimate | Unavailable]) -> list[Estimate]:
    short = [
        Problem(f"until, level '{level}'", str(mean), "Choose a shorter horizon")
        for level, mean in found.items()
        if isinstance(mean, Unavailable)
    ]
    if short:
        raise EstimateError(*short)
    return [mean for mean in found.values() if isinstance(mean, Estimate)]


def _comparisons(mean: Floats, error: Floats, base: int, quantile: float) -> dict[str, Floats]:
    other = np.arange(len(mean)) != base
    difference = np.where(other, mean - mean[base], np.nan)
    spread = np.where(other, np.hypot(error, error[base]), np.nan)
    z = np.divide(difference, spread, out=np.full(len(mean), np.nan), where=spread > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(other, mean / mean[base], np.nan)
        width = np.exp(quantile * np.hypot(error / mean, error[base] / mean[base]))
    return {
        "difference": difference,
        "difference_std_error": spread,
        "difference_low": difference - quantile * spread,
        "difference_high": difference + quantile * spread,
        "z": z,
        "p_value": 2 * special.ndtr(-np.abs(z)),
        "ratio": ratio,
        "ratio_low": ratio / width,
        "ratio_high": ratio * width,
    }
