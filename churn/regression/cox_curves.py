"""Predicted survival curves of a Cox model, for profiles of covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args, overload

import numpy as np
import pandas as pd

from churn.regression._predicted import Hazard
from churn.survival.tallies import ConfType, limits
from surveys.core.arguments import check_level, is_several, one_number, some_times
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoxCurve:
    """
    The share of accounts retained of one profile in one stratum, by tenure.

    Attributes
    ----------
    stratum : str
        Name of the stratum; empty without strata.
    profile : int
        Row of the profiles, counted from 0.
    time : ndarray of float, shape (n_times,)
        Tenures at which an account left or was censored, in `time_unit`, rising.
    cumulative_hazard, hazard_std_error : ndarray of float, shape (n_times,)
    survival, std_error, conf_low, conf_high : ndarray of float, shape (n_times,)
        Share retained just after each time, between 0 and 1.
    time_unit : str
    conf_level : float
    n : int
        Rows of accounts that the model rests on.
    method : str
    notes : tuple of Note
    """

    stratum: str
    profile: int
    time: Floats
    cumulative_hazard: Floats
    hazard_std_error: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    time_unit: str
    conf_level: float
    n: int
    method: str
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        """Say profile, stratum and times in one short line."""
        where = f", {self.stratum}" if self.stratum else ""
        return (
            f"<CoxCurve: profile {self.profile}{where}, {len(self.time)} times to {self.time[-1]:g} {self.time_unit}>"
        )

    @overload
    def at(self, time: float) -> Estimate | Unavailable: ...

    @overload
    def at(self, time: Sequence[float] | Floats | pd.Series) -> pd.DataFrame: ...

    def at(self, time: float | Sequence[float] | Floats | pd.Series) -> Estimate | Unavailable | pd.DataFrame:
        """
        Give the share retained at a tenure.

        Parameters
        ----------
        time : float or sequence of float
            In `time_unit`.

        Returns
        -------
        Estimate, Unavailable or DataFrame
            Unavailable beyond the longest tenure observed; for several times a row each, `time`, `estimate`,
            `std_error`, `conf_low`, `conf_high`.
        """
        if is_several(time):
            return self.rows_at(time).drop(columns=["stratum", "profile"]).rename(columns={"survival": "estimate"})
        time = one_number(time, "CoxCurve.at, time")
        if time > self.time[-1]:
            reason = "no account was observed beyond {last} {unit}"
            return Unavailable(Note(reason, {"last": f"{self.time[-1]:g}", "unit": self.time_unit}))
        i = int(np.searchsorted(self.time, time, side="right")) - 1
        parts = (self.survival, self.std_error, self.conf_low, self.conf_high)
        value, error, low, high = (1.0, 0.0, 1.0, 1.0) if i < 0 else tuple(float(part[i]) for part in parts)
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=self.n,
            method=self.method,
            notes=self.notes,
        )

    def rows_at(self, times: float | Sequence[float] | Floats | pd.Series | None = None) -> pd.DataFrame:
        """
        Give the share retained at some tenures, or at all at which the curve may step.

        Parameters
        ----------
        times : float or sequence of float, optional
            In `time_unit`; 0 or more.

        Returns
        -------
        DataFrame
            `stratum`, `profile`, `time`, `survival`, `std_error`, `conf_low`, `conf_high`; NaN beyond the longest
            tenure observed.
        """
        chosen = self.time if times is None else some_times(times, "times")
        place = np.searchsorted(self.time, chosen, side="right")
        beyond = chosen > self.time[-1]
        parts = {"survival": (self.survival, 1.0), "std_error": (self.std_error, 0.0)}
        parts |= {"conf_low": (self.conf_low, 1.0), "conf_high": (self.conf_high, 1.0)}
        columns = {
            name: np.where(beyond, np.nan, np.concatenate([[first], part])[place])
            for name, (part, first) in parts.items()
        }
        return pd.DataFrame({"stratum": self.stratum, "profile": self.profile, "time": chosen, **columns})

    def to_frame(self) -> pd.DataFrame:
        """Give one row per time: `time`, `cumulative_hazard`, `hazard_std_error`, `survival` and its interval."""
        names = ("time", "cumulative_hazard", "hazard_std_error", "survival", "std_error", "conf_low", "conf_high")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def plot(self, ax: Axes) -> Axes:
        """Draw the curve and its interval as steps, from 1 at the start."""
        time = np.concatenate([[0.0], self.time])
        low, high = (
            np.concatenate([[1.0], np.where(np.isnan(x) & (self.survival == 1), 1.0, x)])
            for x in (self.conf_low, self.conf_high)
        )
        (line,) = ax.step(time, np.concatenate([[1.0], self.survival]), where="post")
        ax.fill_between(time, low, high, step="post", alpha=0.2, linewidth=0, color=line.get_color())
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoxCurves:
    """
    Predicted curves, one for each profile in each stratum.

    Attributes
    ----------
    profiles : DataFrame, shape (n_profiles, n_columns)
        As they were given.
    curves : tuple of CoxCurve
        By stratum, then profile.
    """

    profiles: pd.DataFrame = field(repr=False)
    curves: tuple[CoxCurve, ...]

    def __repr__(self) -> str:
        """Say how many curves there are in one short line."""
        return f"<CoxCurves: {len(self.profiles)} profiles, {len(self.curves)} curves>"

    def curve(self, profile: int = 0, stratum: str = "") -> CoxCurve:
        """
        Give one curve.

        Parameters
        ----------
        profile : int
            Row of the profiles, counted from 0.
        stratum : str
            Its name; empty without strata.

        Returns
        -------
        CoxCurve

        Raises
        ------
        SpecError
            If there is no such curve.
        """
        for found in self.curves:
            if (found.profile, found.stratum) == (profile, stratum):
                return found
        known = ", ".join(f"{c.profile} in '{c.stratum}'" if c.stratum else f"{c.profile}" for c in self.curves)
        raise SpecError.at(f"profile {profile}, stratum '{stratum}'", "no such curve", f"Curves here: {known}")

    def to_frame(self) -> pd.DataFrame:
        """Give one row per stratum, profile and time: `stratum`, `profile`, then the columns of a curve."""
        parts = []
        for found in self.curves:
            part = found.to_frame()
            part.insert(0, "profile", found.profile)
            part.insert(0, "stratum", found.stratum)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Say for each curve what share it retains at its end, in a line of English."""
        lines = []
        for found in self.curves:
            end = found.at(float(found.time[-1]))
            name = f"profile {found.profile}" + (f", {found.stratum}" if found.stratum else "")
            lines.append(f"{name}: {end.summary() if isinstance(end, Estimate) else end}, at {found.time[-1]:g}")
        return "\n".join(f"{line} {self.curves[0].time_unit}" for line in lines)

    def plot(self, ax: Axes) -> Axes:
        """Draw all curves."""
        for found in self.curves:
            found.plot(ax)
        return ax


def curves_of(
    hazards: Sequence[Hazard],
    *,
    strata: Sequence[str],
    profiles: pd.DataFrame,
    conf_type: ConfType,
    conf_level: float,
    time_unit: str,
    method: str,
    n: int,
    notes: tuple[Note, ...],
) -> CoxCurves:
    """
    Turn cumulative hazards into shares retained, with their intervals.

    Raises
    ------
    SpecError
        If `conf_type` or `conf_level` is not possible.

    Examples
    --------
    >>> hazard = Hazard(np.array([1.0]), np.array([[0.5]]), np.array([[0.1]]), np.array([1]))
    >>> about = {"profiles": pd.DataFrame(index=[0]), "time_unit": "days", "method": "", "n": 9, "notes": ()}
    >>> curves_of([hazard], strata=[""], conf_type="log", conf_level=0.95, **about).curve().survival.round(3)
    array([0.607])
    """
    if conf_type not in get_args(ConfType):
        mend = did_you_mean(conf_type, get_args(ConfType), "Choose one of them")
        raise SpecError.at("conf_type", f"got '{conf_type}', expected one of {', '.join(get_args(ConfType))}", mend)
    check_level(conf_level)
    z = float(student_t(np.inf, conf_level))
    curves = []
    for name, hazard in zip(strata, hazards, strict=True):
        for i in range(hazard.cumulative.shape[1]):
            survival, error = np.exp(-hazard.cumulative[:, i]), hazard.std_error[:, i]
            low, high = limits(survival, error, z, conf_type)
            curve = CoxCurve(
                stratum=name,
                profile=i,
                time=hazard.time,
                cumulative_hazard=hazard.cumulative[:, i],
                hazard_std_error=error,
                survival=survival,
                std_error=survival * error,
                conf_low=low,
                conf_high=high,
                time_unit=time_unit,
                conf_level=conf_level,
                n=n,
                method=method,
                notes=notes,
            )
            curves.append(curve)
    return CoxCurves(profiles=profiles, curves=tuple(curves))


def hazard_table(hazards: Sequence[Hazard], strata: Sequence[str]) -> pd.DataFrame:
    """Lay out the cumulative hazard of one profile in each stratum, one row per time."""
    parts = [
        pd.DataFrame(
            {
                "stratum": name,
                "time": hazard.time,
                "cumulative_hazard": hazard.cumulative[:, 0],
                "std_error": hazard.std_error[:, 0],
            }
        )
        for name, hazard in zip(strata, hazards, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)
