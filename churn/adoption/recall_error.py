"""What people recall of leaving, held against what the log of the same platform shows: recall error."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churn.adoption.joint import product_of_shares
from churn.days.zones import day_date, day_number
from churn.design_based.recall import RecallCurve
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import measure_tenures
from churn.usage.activity import Activity
from churn.usage.log import read_activity
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, StudyError, did_you_mean
from surveys.core.probabilities import f_probability
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_points, say_share
from surveys.estimates.contrasts import Contrast, add_independent
from surveys.published.wave_dates import wave_fieldwork
from surveys.study.schema import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


AT_WAVE = Note("the log is read as it stood on {day}, so that both sides saw the same months")
SILENCE = Note("the log counts accounts, and calls one gone that is silent; people may not think of it as leaving")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecallError:
    """
    Dropout as recalled in one wave beside dropout in the log.

    Attributes
    ----------
    wave, platform : str
        Which survey, and which service.
    recall : RecallCurve
        As people tell it.
    log : SurvivalCurve
        Accounts opened before the wave, observed until it.
    day : date
        Until when the log was read.
    times : tuple of float
        Ends of bands at which both are known, in days.
    differences : tuple of Contrast
        Share gone, recalled minus logged, at each of `times`; the two are independent.
    f_value, df, p_value : float, tuple of two float, float
        Wald's test that recall and log agree at all of `times`: F, its degrees of freedom, probability.
    bands : DataFrame
        Where the difference lies: `band`, `recalled`, `logged`, `difference`, shares of those who signed up
        that left in each band of time; the last is those who left later or not at all.
    conf_level : float
        Between 0 and 1.
    notes : tuple of Note
        Caveats.
    """

    wave: str
    platform: str
    recall: RecallCurve = field(repr=False)
    log: SurvivalCurve = field(repr=False)
    day: date
    times: tuple[float, ...]
    differences: tuple[Contrast, ...]
    f_value: float
    df: tuple[float, float]
    p_value: float
    bands: pd.DataFrame = field(repr=False)
    conf_level: float
    notes: tuple[Note, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the differences are within what both errors allow, at the level of the intervals."""
        return not self.p_value < 1 - self.conf_level

    def at(self, time: float) -> tuple[Estimate, Estimate, Contrast]:
        """
        Give the share gone by an end of a band: recalled, logged, and the difference.

        Parameters
        ----------
        time : float
            One of `times`, in days.

        Returns
        -------
        recalled, logged : Estimate
        difference : Contrast

        Raises
        ------
        SpecError
            If it is not one of them.
        """
        if time not in self.times:
            known = [f"{one:g}" for one in self.times]
            mend = did_you_mean(f"{time:g}", known, f"Times here: {', '.join(known)}")
            raise SpecError.at(f"time {time:g}", "recall and log are not both known there", mend)
        recalled, logged = self.recall.dropout(at=time), self.log.dropout(at=time)
        assert isinstance(recalled, Estimate)
        assert isinstance(logged, Estimate)
        return recalled, logged, self.differences[self.times.index(time)]

    def stayed_after(self, signup: Estimate, *, horizon: float = 30.0) -> tuple[Estimate, Estimate]:
        """
        Join sign-up with staying, as recalled and as logged.

        Parameters
        ----------
        signup : Estimate
            Share of the base that signed up, from the same survey.
        horizon : float
            One of `times`, in days.

        Returns
        -------
        with_recall, with_log : Estimate
            Share of the base that signed up and was still there then. A share of the base and a share of those
            in it who signed up are taken as uncorrelated, which they are in a simple sample.

        Raises
        ------
        SpecError
            If recall and log are not both known there, or a share is 0 or 1.
        """
        self.at(horizon)
        kept = [self.recall.at(horizon), self.log.at(horizon)]
        joined = [product_of_shares(signup, one) for one in kept if isinstance(one, Estimate)]
        return joined[0], joined[1]

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per end of a band.

        Returns
        -------
        DataFrame
            wave, platform, time in days; recalled, recalled_low, recalled_high, logged, logged_low, logged_high,
            difference, difference_low, difference_high, p_value, n_recall, n_log, day, simulated.
        """
        rows = []
        for time in self.times:
            recalled, logged, difference = self.at(time)
            ends = [(one.estimate, one.conf_low, one.conf_high) for one in (recalled, logged, difference)]
            rows.append((time, *(value for three in ends for value in three), difference.p_value))
        columns = [f"{name}{end}" for name in ("recalled", "logged", "difference") for end in ("", "_low", "_high")]
        frame = pd.DataFrame(rows, columns=["time", *columns, "p_value"])
        frame.insert(0, "wave", self.wave)
        frame.insert(1, "platform", self.platform)
        return frame.assign(n_recall=self.recall.n, n_log=self.log.n, day=self.day, simulated=self.recall.simulated)

    def summary(self) -> str:
        """Say each difference, a line for each."""
        rows = [(time, *self.at(time)) for time in self.times]
        return "\n".join(
            f"{time:g} days: gone {say_share(recalled.estimate)} as recalled, {say_share(logged.estimate)} in the log, "
            f"difference {say_points(gap.estimate, gap.conf_low, gap.conf_high)}"
            for time, recalled, logged, gap in rows
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw recalled and logged dropout as points on their intervals, side by side at each time."""
        rows = self.to_frame()
        place = np.arange(len(rows), dtype=float)
        for name, shift in (("recalled", -0.1), ("logged", 0.1)):
            ax.vlines(place + shift, rows[f"{name}_low"], rows[f"{name}_high"])
            ax.plot(place + shift, rows[name], "o", label=name)
        ax.set_xticks(place, [f"{time:g}" for time in self.times])
        return ax


def read_log_at(study: Study, wave: str) -> Activity:
    """
    Read the log as it stood when a wave was asked.

    Parameters
    ----------
    study : Study
        With a log of events.
    wave : str
        Its fieldwork has to have a date.

    Returns
    -------
    Activity
        Observed until the end of the middle day of the fieldwork, in the study's time zone.

    Raises
    ------
    StudyError
        As `read_activity`; if there is no such wave, it has no date, or it was asked after the end of the log.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> print(read_log_at(open_example("twitter_france"), "2012-10").summary().partition("accounts, ")[2])
    observed until 2012-10-17 (Europe/Paris)
    """
    day = _fieldwork_day(study, wave)
    about = study.study.model_copy(update={"as_of": day})
    return read_activity(study.model_copy(update={"study": about}))


def compare_recall(study: Study, recall: RecallCurve, *, activity: Activity | None = None) -> RecallError:
    r"""
    Hold what people recall of leaving against the log.

    Parameters
    ----------
    study : Study
        With the log of events of the same platform.
    recall : RecallCurve
        Of one wave.
    activity : Activity, optional
        The log as it stood then; read by `read_log_at` without it.

    Returns
    -------
    RecallError

    Raises
    ------
    StudyError
        As `read_log_at`; if the log is of another platform.
    SpecError
        If recall and log have no time in common.

    Notes
    -----
    Both sides are of those who signed up before the wave and neither knows what came after it. The two
    are independent, so that variances add; intervals are Student's with Welch and Satterthwaite's degrees of
    freedom. The joint test is Wald's, with Greenwood's covariance for the log,
    :math:`cov(\hat S(s), \hat S(t)) = \hat S(t)/\hat S(s)\, var(\hat S(s))` for s before t, and for recall that
    of its design. A difference is not all memory: bands of time push departures near an edge to either
    side (heaping) and forward or backward in time (telescoping), forgotten accounts never enter the survey, and
    a silence is not what everybody calls leaving.

    Examples
    --------
    >>> from churn.design_based.recall import read_recall
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> error = compare_recall(study, read_recall(study, "2012-10", "twitter"))
    >>> error.times, error.agrees
    ((7.0, 30.0), False)
    """
    usage = study.usage
    if usage is None or usage.events is None or usage.platform != recall.platform:
        what = f"no log of events of platform '{recall.platform}'"
        raise StudyError.at("study.toml, usage", what, "Compare recall with the log of the same platform")
    log = read_log_at(study, recall.wave) if activity is None else activity
    curve = kaplan_meier(measure_tenures(log, DropoutRule.of(usage.dropout)), conf_level=recall.conf_level)
    known = [time for time in recall.times if _known(recall, time) and isinstance(curve.dropout(at=time), Estimate)]
    if not known:
        what = "recall and log are never both known"
        raise SpecError.at(f"wave '{recall.wave}'", what, "Ask in shorter bands, or use a longer log")
    positions = [recall.times.index(time) for time in known]
    estimates = recall.curve.estimates
    gone = [(recall.dropout(at=time), curve.dropout(at=time)) for time in known]
    freedom = float(estimates.degrees_of_freedom)
    differences = tuple(
        add_independent(
            [
                Contrast.of(recalled.estimate, recalled.std_error**2, freedom),
                Contrast.of(-logged.estimate, logged.std_error**2, math.inf),
            ],
            conf_level=recall.conf_level,
        )
        for recalled, logged in gone
        if isinstance(recalled, Estimate) and isinstance(logged, Estimate)
    )
    covariance = estimates.covariance[np.ix_(positions, positions)] + _greenwood(curve, known)
    f_value, df, p_value = _wald(np.array([one.estimate for one in differences]), covariance, freedom)
    day = day_date(log.end_day - 1)
    return RecallError(
        wave=recall.wave,
        platform=recall.platform,
        recall=recall,
        log=curve,
        day=day,
        times=tuple(known),
        differences=differences,
        f_value=f_value,
        df=df,
        p_value=p_value,
        bands=_by_band(recall, curve, known),
        conf_level=recall.conf_level,
        notes=(Note(AT_WAVE.message, {"day": day}), SILENCE),
    )


def _fieldwork_day(study: Study, wave: str) -> date:
    surveys = {survey.wave: survey for survey in study.survey}
    place = f"study.toml, survey '{wave}'"
    if wave not in surveys:
        raise StudyError.at(place, "there is no such wave", did_you_mean(wave, list(surveys), "Name a wave"))
    when = wave_fieldwork(surveys[wave])
    if when is None:
        raise StudyError.at(place, "has no date", "Give date, such as 2012-10-15/2012-10-19")
    day = day_date((day_number(when.first) + day_number(when.last)) // 2)
    if day > study.study.as_of:
        raise StudyError.at(place, f"was asked after {study.study.as_of}, when observation ends", "Correct one of them")
    return day


def _known(recall: RecallCurve, time: float) -> bool:
    return not isinstance(recall.dropout(at=time), Unavailable)


def _greenwood(curve: SurvivalCurve, times: list[float]) -> Floats:
    """Give the covariance of a Kaplan-Meier curve at some times, which rise."""
    kept = [one for time in times if isinstance(one := curve.at(time), Estimate)]
    shares, errors = np.array([one.estimate for one in kept]), np.array([one.std_error for one in kept])
    earlier = np.minimum.outer(np.arange(len(times)), np.arange(len(times)))
    relative = np.divide(errors, shares, out=np.zeros_like(errors), where=shares > 0) ** 2
    return np.asarray(np.outer(shares, shares) * relative[earlier])


def _wald(difference: Floats, covariance: Floats, freedom: float) -> tuple[float, tuple[float, float], float]:
    """Test that all differences are zero, as an F with the degrees of freedom of the survey's design."""
    k = len(difference)
    below = freedom - k + 1
    if np.linalg.matrix_rank(covariance) < k or below < 1:
        return math.nan, (float(k), below), math.nan
    squared = float(difference @ np.linalg.solve(covariance, difference))
    value = squared * below / (freedom * k)
    return value, (float(k), below), f_probability(value, k, below)


def _by_band(recall: RecallCurve, curve: SurvivalCurve, times: list[float]) -> pd.DataFrame:
    """Share out those who signed up by when they left, on both sides."""
    edges = [0.0, *times]
    names = [f"{low:g}-{high:g} d" for low, high in pairwise(edges)]
    kept = []
    for found in (recall, curve):
        shares = [one.estimate for time in times if isinstance(one := found.at(time), Estimate)]
        kept.append(np.array([1.0, *shares, 0.0]))
    recalled, logged = (-np.diff(shares) for shares in kept)
    rows = {"band": [*names, f">{times[-1]:g} d"], "recalled": recalled, "logged": logged}
    return pd.DataFrame(rows).assign(difference=recalled - logged)
