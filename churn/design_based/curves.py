"""Retention under a survey design: curves, medians, mean times and causes, with one covariance for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from churn.design_based._curves import CurveStatistic, FollowedSample, Incidence, ProductLimit, RestrictedMean
from churn.survival.tallies import ConfType, crossing, limits, merge_near_ties
from surveys.core.arguments import check_level, numbers, one_number
from surveys.core.arrays import Bools, Codes, Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note, Unavailable
from surveys.design.design import Design
from surveys.estimates.contrasts import Contrast
from surveys.estimates.domains import By, lay_out
from surveys.estimates.means import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


LEFT_OUT = Note("respondents without a duration, an outcome or a level, who are left out: {n}")
NOT_OBSERVED = Note("nobody was observed beyond {last} {unit}")
SHOWN = (7.0, 30.0, 90.0, 365.0)
EVERYBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyCurves:
    """
    Share of the population retained by tenure, for everybody or for each level of a group.

    Attributes
    ----------
    time : ndarray of float, shape (n_times,)
        Tenures at which a respondent left or was censored, in `time_unit`, rising.
    survival : DataFrame, shape (n_times, n_levels)
        Share retained just after each time, a column for each level; "" is everybody.
    n_at_risk : DataFrame, shape (n_times, n_levels)
        Respondents under observation just before each time, unweighted.
    weighted_at_risk : DataFrame, shape (n_times, n_levels)
        The sum of their weights.
    estimates : Estimates
        Shares retained at the tenures asked for, labelled by level and tenure, with their covariance.
    time_unit : str
        Unit of tenures.
    conf_level : float
        Between 0 and 1.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    notes : tuple of Note
        Caveats.
    """

    time: Floats
    survival: pd.DataFrame = field(repr=False)
    n_at_risk: pd.DataFrame = field(repr=False)
    weighted_at_risk: pd.DataFrame = field(repr=False)
    estimates: Estimates = field(repr=False)
    time_unit: str
    conf_level: float
    conf_type: ConfType
    notes: tuple[Note, ...]
    _design: Design = field(repr=False)
    _followed: FollowedSample = field(repr=False)

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels; "" alone for everybody."""
        return tuple(self.survival.columns)

    @property
    def covariance(self) -> Floats:
        """Covariance of `estimates` across levels and times, shape (n_levels * k, n_levels * k)."""
        return self.estimates.covariance

    def at(self, time: float, level: str = EVERYBODY) -> Estimate | Unavailable:
        """
        Give the share retained at a tenure, whether or not it was asked for.

        Parameters
        ----------
        time : float
            In `time_unit`, 0 or more.
        level : str
            One of `levels`.

        Returns
        -------
        Estimate or Unavailable
            Unavailable beyond the longest tenure observed, unless everybody has gone by then.

        Raises
        ------
        SpecError
            If there is no such level.
        """
        time = one_number(time, "SurveyCurves.at, time")
        position = self._position(level)
        last = self._last(position)
        if time > last and self.survival[level].to_numpy(float)[-1] > 0:
            return Unavailable(Note(NOT_OBSERVED.message, {"last": f"{last:g}", "unit": self.time_unit}))
        return self._estimated([time]).at((level, float(time)))

    def dropout(self, *, at: float, level: str = EVERYBODY) -> Estimate | Unavailable:
        """
        Give the share gone by a tenure.

        Parameters
        ----------
        at : float
            In `time_unit`.
        level : str
            One of `levels`.

        Returns
        -------
        Estimate or Unavailable
            One minus the share retained, its interval turned round.

        Raises
        ------
        SpecError
            If there is no such level.
        """
        kept = self.at(at, level)
        if isinstance(kept, Unavailable):
            return kept
        return replace(kept, estimate=1 - kept.estimate, conf_low=1 - kept.conf_high, conf_high=1 - kept.conf_low)

    def contrast(self, weights: Mapping[tuple[str, float] | float, float]) -> Contrast:
        """
        Estimate a weighted sum of shares retained, such as the difference of two groups or two tenures.

        Parameters
        ----------
        weights : mapping to float
            Keys (level, tenure), or the tenure alone where there is one level; any tenure will do.

        Returns
        -------
        Contrast
            With the covariance of the shares under the design.

        Raises
        ------
        SpecError
            If a level is unknown, or a tenure lies beyond what was observed.
        """
        keyed = {
            ((str(key[0]), float(key[1])) if isinstance(key, tuple) else (EVERYBODY, float(key))): weight
            for key, weight in weights.items()
        }
        problems = [
            Problem(f"contrast, {time:g} {self.time_unit}", str(found), "Choose a shorter tenure")
            for level, time in keyed
            if isinstance(found := self.at(time, level), Unavailable)
        ]
        if problems:
            raise SpecError(*problems)
        return self._estimated(sorted({time for _, time in keyed})).contrast(keyed)

    @property
    def median(self) -> Estimate | Unavailable:
        """Tenure by which half of everybody has gone, as `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, share_gone: float, level: str = EVERYBODY) -> Estimate | Unavailable:
        """
        Give the tenure by which a share of the population has gone.

        Parameters
        ----------
        share_gone : float
            Between 0 and 1, both excluded.
        level : str
            One of `levels`.

        Returns
        -------
        Estimate or Unavailable
            In `time_unit`; an end of the interval that is not reached is NaN, and so then is the
            standard error.

        Raises
        ------
        SpecError
            If `share_gone` is not between 0 and 1, or there is no such level.

        Notes
        -----
        Woodruff's interval [1]_: the tenures at which the curve crosses the ends of the interval of the
        share retained at the estimated tenure. The standard error is that of an interval of Student's t
        as wide.

        References
        ----------
        .. [1] R. S. Woodruff (1952), "Confidence intervals for medians and other position measures",
           *Journal of the American Statistical Association* 47, 635-646.
        """
        share_gone = one_number(share_gone, "SurveyCurves.quantile, share_gone")
        if not 0 < share_gone < 1:
            raise SpecError.at("quantile", f"got {share_gone}, expected a share between 0 and 1", "Correct it")
        position = self._position(level)
        curve = self.survival.iloc[:, position].to_numpy()
        value = crossing(self.time, curve, share_gone, self._last(position))
        if np.isnan(value):
            reason = "median not reached: {share} remained at {time} {unit}"
            if share_gone != 0.5:
                reason = "quantile not reached: {share} remained at {time} {unit}"
            last = f"{self._last(position):g}"
            return Unavailable(Note(reason, {"share": float(curve[-1]), "time": last, "unit": self.time_unit}))
        there = self._estimated([value])
        i = there.index.get_loc((level, value))
        t = float(student_t(there.df[i], self.conf_level))
        error = there.std_error[i] / there.estimate[i] if there.estimate[i] > 0 else np.nan
        ends = limits(np.array([1 - share_gone]), np.array([error]), t, self.conf_type)
        high, low = (crossing(self.time, curve, 1 - float(end[0]), np.nan) for end in ends)
        return Estimate(
            estimate=value,
            std_error=(high - low) / (2 * t),
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=int(there.n[i]),
            unit=self.time_unit,
            method="Woodruff",
            notes=self.notes,
        )

    def restricted_mean(self, until: float) -> Estimates:
        """
        Estimate the mean time retained within a horizon: the area under the curve.

        Parameters
        ----------
        until : float
            In `time_unit`, more than 0.

        Returns
        -------
        Estimates
            One for each level, in `time_unit`, with Student's t and one covariance.

        Raises
        ------
        SpecError
            If the curve of a level ends before the horizon.
        """
        until = one_number(until, "SurveyCurves.restricted_mean, until")
        if not until > 0:
            raise SpecError.at("until", f"got {until:g}, expected a time after 0", "Choose a longer horizon")
        short = [
            Problem(
                f"until, level '{name}'" if name else "until",
                str(Note(NOT_OBSERVED.message, {"last": f"{self._last(i):g}", "unit": self.time_unit})),
                "Choose a shorter horizon",
            )
            for i, name in enumerate(self.levels)
            if until > self._last(i) and self.survival[name].to_numpy(float)[-1] > 0
        ]
        if short:
            raise SpecError(*short)
        index = pd.Index(self.levels, name="level")
        statistic = RestrictedMean(self._followed, float(until))
        return describe_curves(self._design, statistic, index, 1, unit=self.time_unit, conf_level=self.conf_level)

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per level and time of the curves.

        Returns
        -------
        DataFrame
            `level`, `time`, `n_at_risk`, `weighted_at_risk`, `survival`; and `std_error`, `conf_low`,
            `conf_high` at the tenures asked for, NaN elsewhere.
        """
        parts = [
            pd.DataFrame(
                {
                    "level": level,
                    "time": self.time,
                    "n_at_risk": self.n_at_risk[level].to_numpy(),
                    "weighted_at_risk": self.weighted_at_risk[level].to_numpy(),
                    "survival": self.survival[level].to_numpy(),
                }
            )
            for level in self.levels
        ]
        errors = self.estimates.to_frame()[["level", "time", "std_error", "conf_low", "conf_high"]]
        return pd.concat(parts, ignore_index=True).merge(errors, on=["level", "time"], how="left")

    def summary(self) -> str:
        """Say the share retained at each tenure asked for, a line for each."""
        return "\n".join(
            f"{level or 'everybody'}, {time:g} {self.time_unit}: {self.estimates.at((level, time)).summary()}"
            for level, time in self.estimates.index
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each curve as steps, with the intervals at the tenures asked for."""
        found = self.estimates.to_frame()
        for level in self.levels:
            time = np.concatenate([[0.0], self.time])
            (line,) = ax.step(time, np.concatenate([[1.0], self.survival[level]]), where="post", label=level or None)
            inside = found[found["level"] == level]
            ax.vlines(inside["time"], inside["conf_low"], inside["conf_high"], color=line.get_color())
        return ax

    def _position(self, level: str) -> int:
        if level not in self.levels:
            mend = did_you_mean(level, self.levels, f"Levels here: {', '.join(self.levels)}")
            raise SpecError.at(f"level '{level}'", "there is no such curve", mend)
        return self.levels.index(level)

    def _last(self, position: int) -> float:
        return float(self.time[np.flatnonzero(self.n_at_risk.iloc[:, position])[-1]])

    def _estimated(self, times: Sequence[float]) -> Estimates:
        known = set(self.estimates.index.get_level_values("time"))
        if known.issuperset(times):
            return self.estimates
        return _at_times(self._design, self._followed, self.levels, times, self.conf_type, self.conf_level)


def survey_kaplan_meier(
    design: Design,
    duration: ArrayLike,
    event: ArrayLike,
    *,
    times: Sequence[float] | None = None,
    by: By | None = None,
    rows: ArrayLike | None = None,
    time_unit: str = "days",
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> SurveyCurves:
    r"""
    Estimate the share of a population retained by tenure, from a survey sample.

    Parameters
    ----------
    design : Design
        The sample: linearised, or with replicate weights.
    duration : array_like of float, shape (n_rows,)
        Tenure at dropout or censoring, in `time_unit`; NaN for those who do not count.
    event : array_like of float or bool, shape (n_rows,)
        1 for gone, 0 for censored, NaN for those who do not count.
    times : sequence of float, optional
        Tenures to estimate with errors, in `time_unit`; without it, those of 7, 30, 90 and 365 that the
        curves reach. Any other can be asked of the result.
    by : array_like, shape (n_rows,), or several columns of them, optional
        Levels of groups, a curve for each.
    rows : array_like of bool, shape (n_rows,), optional
        The domain that the curves are limited to.
    time_unit : str
        Of tenures.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    SurveyCurves

    Raises
    ------
    SpecError
        If the arguments do not have one value for each row, a duration is negative or endless, an event
        is neither 0, 1 nor NaN, or an option is unknown.
    EstimateError
        If nobody is followed, or the design has no variance.

    Notes
    -----
    The product limit with weighted :math:`d_j` gone of :math:`n_j` at risk. It is linearised [1]_:
    :math:`u_i(t)=-S(t)\sum_{t_j\le t}\{dN_i(t_j)-Y_i(t_j)d_j/n_j\}/(n_j-d_j)` is what a unit of weight of
    row *i* adds to it, and the design gives the variance of the weighted sum. Limits use Student's t on
    the degrees of freedom of each level.

    References
    ----------
    .. [1] A. Demnati and J. N. K. Rao (2010), "Linearization variance estimators for model parameters
       from complex survey data", *Survey Methodology* 36, 193-201.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"w": rng.uniform(1, 3, 400), "town": np.repeat(np.arange(40), 10)})
    >>> left, asked = rng.exponential(45, 400), rng.uniform(15, 90, 400)
    >>> design = Design.from_frame(frame, weight="w", cluster="town")
    >>> curves = survey_kaplan_meier(design, np.minimum(left, asked), left <= asked, times=[30])
    >>> print(curves.summary())
    everybody, 30 days: 51.4% [45.8%, 56.8%], n = 400
    """
    _check_options(conf_type, conf_level)
    followed, levels, notes = follow(design, duration, event, by, rows, ("0", "1"))
    chosen = [time for time in SHOWN if time <= followed.time[-1]] if times is None else [float(t) for t in times]
    chosen = chosen or [float(followed.time[-1])]
    risk = followed.risk(design.weights)
    bare = followed.risk((design.weights > 0).astype(float))

    def frame(values: NDArray[np.generic]) -> pd.DataFrame:
        return pd.DataFrame(values.T, index=pd.Index(followed.time, name="time"), columns=pd.Index(levels))

    return SurveyCurves(
        time=followed.time,
        survival=frame(risk.survival),
        n_at_risk=frame(bare.at_risk.astype(np.intp)),
        weighted_at_risk=frame(risk.at_risk),
        estimates=_at_times(design, followed, levels, chosen, conf_type, conf_level),
        time_unit=time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        notes=notes,
        _design=design,
        _followed=followed,
    )


def survey_incidence(
    design: Design,
    duration: ArrayLike,
    cause: ArrayLike,
    *,
    times: Sequence[float],
    by: By | None = None,
    rows: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """
    Estimate the share gone of each of several causes, by tenure.

    Parameters
    ----------
    design, duration, times, by, rows, conf_level
        As for `survey_kaplan_meier`.
    cause : array_like of str or None, shape (n_rows,)
        What each respondent left for; "" for those censored, None or NaN for those who do not count.

    Returns
    -------
    Estimates
        Shares of everybody, or of each level, gone of each cause by each tenure; limits are on the
        log-log scale of what has not happened, with Student's t.

    Raises
    ------
    SpecError, EstimateError
        As `survey_kaplan_meier`.

    Notes
    -----
    The estimator of Aalen and Johansen: whoever leaves for one cause can no longer leave for another.
    One minus a Kaplan-Meier curve that censors the other causes would overstate each.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 2]}), weight="w")
    >>> found = survey_incidence(design, [3, 5, 8, 9, 20, 30], ["bored", "moved", "bored", "", "", ""], times=[10])
    >>> found.to_frame()[["cause", "time", "estimate"]].round(3).values.tolist()
    [['bored', 10.0, 0.222], ['moved', 10.0, 0.222]]
    """
    told = pd.Series(cause, dtype=object)
    causes = sorted({str(value) for value in told.dropna()} - {""})
    if not causes:
        raise EstimateError.at("cause", "nobody has left", "Name the column of the causes")
    known = {name: float(i) for i, name in enumerate(("", *causes))}
    kinds = np.array([np.nan if value is None or value != value else known[str(value)] for value in told])
    followed, levels, notes = follow(design, duration, kinds, by, rows, ("", *causes))
    statistic = Incidence(followed, np.asarray(times, float))
    labels = [(level, name, float(time)) for level in levels for name in causes for time in times]
    index = pd.MultiIndex.from_tuples(labels, names=["level", "cause", "time"])
    found = describe_curves(design, statistic, index, len(causes) * len(times), unit="share", conf_level=conf_level)
    low, high = loglog_limits(1 - found.estimate, found.std_error, found.df, conf_level)
    method = ("log-log, Student's t",) * len(index)
    return replace(found, conf_low=1 - high, conf_high=1 - low, method=method, notes=notes)


def describe_curves(
    design: Design, statistic: CurveStatistic, index: pd.Index, per_level: int, *, unit: str, conf_level: float
) -> Estimates:
    """
    Estimate a statistic of people followed, with its covariance.

    Parameters
    ----------
    design : Design
        The sample.
    statistic : CurveStatistic
        With `per_level` columns for each level.
    index : Index, shape (n_levels * per_level,)
        What each column is called.
    per_level : int
        Columns of one level.
    unit : str
        Of the estimates.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        With Student's t on the degrees of freedom of each level.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1, 2]}), weight="w")
    >>> followed, levels, _ = follow(design, [3, 5, 8, 9], [1, 1, 0, 1], None, None, ("0", "1"))
    >>> statistic = ProductLimit(followed, np.array([5.0]))
    >>> found = describe_curves(design, statistic, pd.Index(levels), 1, unit="share", conf_level=0.95)
    >>> found.estimate.round(3).tolist(), found.std_error.round(3).tolist(), found.df.tolist()
    ([0.5], [0.304], [3.0])
    """
    followed = statistic.followed
    estimate, found = statistic.value(design.weights), design.deviations(statistic)
    counted = np.zeros((design.n, followed.n_levels), bool)
    counted[followed.row, followed.level] = True
    df = np.array([design.degrees_of_freedom(column) for column in counted.T], float).repeat(per_level)
    n = (counted & (design.weights > 0)[:, None]).sum(axis=0).repeat(per_level)
    std_error = np.where(np.isnan(estimate), np.nan, np.sqrt(np.square(found).sum(axis=0)))
    half = student_t(df, conf_level) * std_error
    return Estimates(
        index=index,
        estimate=estimate,
        std_error=std_error,
        deviations=found,
        df=df,
        n=n,
        conf_low=estimate - half,
        conf_high=estimate + half,
        conf_level=conf_level,
        method=("Student's t",) * len(index),
        unit=unit,
        degrees_of_freedom=design.degrees_of_freedom(np.asarray(counted.any(axis=1))),
    )


def _at_times(
    design: Design,
    followed: FollowedSample,
    levels: Sequence[str],
    times: Sequence[float],
    kind: ConfType,
    conf_level: float,
) -> Estimates:
    chosen = np.asarray(times, float)
    labels = [(level, time) for level in levels for time in chosen.tolist()]
    index = pd.MultiIndex.from_tuples(labels, names=["level", "time"])
    statistic = ProductLimit(followed, chosen)
    found = describe_curves(design, statistic, index, len(chosen), unit="share", conf_level=conf_level)
    ended = np.array([followed.time[followed.position[followed.level == i]].max() for i in range(len(levels))])
    beyond = (chosen > ended[:, None]).ravel() & (found.estimate > 0)
    estimate, std_error = (np.where(beyond, np.nan, x) for x in (found.estimate, found.std_error))
    low, high = _limits(estimate, std_error, found.df, kind, conf_level)
    method = (f"Kaplan-Meier, {kind} interval, Student's t",) * len(index)
    return replace(found, estimate=estimate, std_error=std_error, conf_low=low, conf_high=high, method=method)


def loglog_limits(kept: Floats, error: Floats, df: Floats, conf_level: float) -> tuple[Floats, Floats]:
    """
    Give limits of shares retained, symmetric on the log-log scale, with Student's t.

    Examples
    --------
    >>> low, high = loglog_limits(np.array([0.5, 1.0]), np.array([0.1, 0.0]), np.array([20.0, 20.0]), 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.282, 1.0], [0.684, 1.0])
    """
    return _limits(kept, error, df, "log-log", conf_level)


def _limits(kept: Floats, error: Floats, df: Floats, kind: ConfType, conf_level: float) -> tuple[Floats, Floats]:
    """Give limits of shares retained; before anybody has gone, nothing varies and both are 1."""
    relative = np.divide(error, kept, out=np.full_like(kept, np.nan), where=kept > 0)
    low, high = np.empty_like(kept), np.empty_like(kept)
    for value in np.unique(df):
        inside = df == value
        t = float(student_t(value, conf_level))
        low[inside], high[inside] = limits(kept[inside], relative[inside], t, kind)
    still = kept == 1
    return np.where(still, 1.0, low), np.where(still, 1.0, high)


def follow(
    design: Design, duration: ArrayLike, kind: ArrayLike, by: By | None, rows: ArrayLike | None, kinds: Sequence[str]
) -> tuple[FollowedSample, tuple[str, ...], tuple[Note, ...]]:
    """
    Lay out who is followed, having checked that they can be.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1, 2]}), weight="w")
    >>> followed, levels, notes = follow(design, [3, 5, 5, 9], [1, 1, 0, 1], ["a", "b", "a", None], None, ("0", "1"))
    >>> levels, followed.time.tolist(), followed.level.tolist()
    (('a', 'b'), [3.0, 5.0], [0, 1, 0])
    >>> print(notes[0])
    respondents without a duration, an outcome or a level, who are left out: 1
    """
    time = numbers(duration, "duration")
    ending = numbers(kind, "event", expected=f"{' or '.join(kinds)}, or true and false")
    asked = np.ones(design.n, bool) if rows is None else np.asarray(rows)
    _check_arrays(design, time, ending, asked, len(kinds))
    codes, levels = level_of_rows(design, by)
    known = np.isfinite(time) & np.isfinite(ending) & (codes >= 0)
    row = np.flatnonzero(known & asked & (design.weights > 0))
    present = np.bincount(codes[row], minlength=len(levels)) > 0
    if not len(row):
        raise EstimateError.at("duration", "nobody is followed", "Choose a larger group")
    found, place = np.unique(time[row], return_inverse=True)
    distinct, merged = np.unique(merge_near_ties(found)[0], return_inverse=True)
    followed = FollowedSample(
        time=distinct,
        position=merged[place].astype(np.intp),
        kind=ending[row].astype(np.intp),
        level=(np.cumsum(present) - 1)[codes[row]],
        row=row,
        n_rows=design.n,
        n_levels=int(present.sum()),
        n_kinds=len(kinds),
    )
    n_out = int((asked & ~known & (design.weights > 0) & np.isfinite(time + np.nan_to_num(ending))).sum())
    notes = (Note(LEFT_OUT.message, {"n": n_out}),) if n_out else ()
    return followed, tuple(name for name, there in zip(levels, present, strict=True) if there), notes


def level_of_rows(design: Design, by: By | None) -> tuple[Codes, tuple[str, ...]]:
    """
    Give the level of each row, -1 for none, and the names of the levels; "" is everybody.

    Examples
    --------
    >>> design = Design.from_frame(pd.DataFrame({"w": [1.0, 2, 1, 2]}), weight="w")
    >>> codes, names = level_of_rows(design, ["men", "women", None, "men"])
    >>> codes.tolist(), names
    ([0, 1, -1, 0], ('men', 'women'))
    """
    if by is None:
        return np.zeros(design.n, np.intp), (EVERYBODY,)
    table = lay_out(design, pd.DataFrame({"value": np.ones(design.n)}), by, None, np.ones((design.n, 1), bool))
    codes = np.where(table.counted.any(axis=1), table.counted.argmax(axis=1), -1)
    names = (" × ".join(map(str, key)) if isinstance(key, tuple) else str(key) for key in table.index)
    return codes.astype(np.intp), tuple(names)


def _check_arrays(design: Design, time: Floats, ending: Floats, asked: Bools, n_kinds: int) -> None:
    problems = [
        Problem(name, f"got shape {array.shape}, expected ({design.n},)", "Give one value for each row of the sample")
        for name, array in (("duration", time), ("event", ending), ("rows", asked))
        if array.shape != (design.n,)
    ]
    if not problems and asked.dtype != bool:
        problems.append(Problem("rows", f"got {asked.dtype}", "Give true or false for each row"))
    if (time < 0).any() or np.isinf(time).any():
        problems.append(Problem("duration", "got a negative or endless duration", "Give the time from sign-up"))
    if not np.isin(ending[np.isfinite(ending)], range(n_kinds)).all():
        problems.append(Problem("event", "got values other than 0 and 1", "Use 1 for gone, 0 for censored"))
    if problems:
        raise SpecError(*problems)


def _check_options(conf_type: str, conf_level: float) -> None:
    known = get_args(ConfType)
    if conf_type not in known:
        mend = did_you_mean(conf_type, known, f"Choose from: {', '.join(known)}")
        raise SpecError.at("conf_type", f"got '{conf_type}'", mend)
    check_level(conf_level)
