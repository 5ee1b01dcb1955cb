"""Leaving as people recall it: in bands of time since sign-up, with what the interview came too early to tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.design_based.accelerated import survey_duration_model
from churn.design_based.interval_censored import (
    IntervalCurve,
    survey_interval_survival,
)
from churn.parametric.distributions import Distribution
from churn.parametric.results import AcceleratedFailureTimeResult
from churn.survival.step_curve import CurveDisplay
from surveys.core.arguments import one_number
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError, StudyError, did_you_mean
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share
from surveys.design.design import Design
from surveys.estimates.means import Estimates, proportion
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer
from surveys.study.schema import Recall, Study, Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAYS: Mapping[str, float] = {"d": 1.0, "w": 7.0, "m": 30.0}
BAND = re.compile(
    r"\s*(?:(?P<low>\d+(?:\.\d+)?)\s*-\s*(?P<high>\d+(?:\.\d+)?)|(?P<sign>[<>])\s*(?P<end>\d+(?:\.\d+)?))\s*(?P<unit>[dwm])\s*"
)

ALL_SINCE = Note(
    "how long ago people signed up is not asked: those still there count as having stayed beyond {last} days"
)
EARLY = Note("respondents asked less than {last} days after sign-up, who count for as long as they could tell: {n}")
UNKNOWN_SINCE = Note("respondents still there who do not say how long ago they signed up, left out: {n}")
IMPOSSIBLE = Note("respondents who say they left later than they were asked, left out: {n}")
DATED = Note("respondents whose departure or presence is dated by the log: {n}")
NO_ANSWER = Note("respondents who signed up and do not say whether or when they left, left out: {n}")
TOO_FEW = Note("nobody of them signed up and told when they left, or too few for a variance")
MESSAGES = frozenset(note.message for note in (ALL_SINCE, EARLY, UNKNOWN_SINCE, IMPOSSIBLE, DATED, NO_ANSWER))


class Band(NamedTuple):
    """
    A stretch of time since sign-up, in days: more than `low` and at most `high`.

    Attributes
    ----------
    text : str
        As the study file has it.
    low, high : float
        0 and infinity where the band is open.
    """

    text: str
    low: float
    high: float


def parse_band(text: str) -> Band:
    """
    Read a band of time such as `<7 d`, `7-30 d` or `>30 d`.

    Parameters
    ----------
    text : str
        Units are d, w and m: days, weeks of 7 days and months of 30 days.

    Returns
    -------
    Band
        Half open: a tenure of exactly 7 days belongs to `<7 d`, and one of 30 days to `7-30 d`, so that
        bands that adjoin share none.

    Raises
    ------
    SpecError
        If the text is not a band, or ends before it begins.

    Examples
    --------
    >>> parse_band("1-4 w")
    Band(text='1-4 w', low=7.0, high=28.0)
    >>> parse_band(">1 m").high
    inf
    """
    found = BAND.fullmatch(text)
    if found is None:
        raise SpecError.at(
            f"band '{text}'", "not a band of time", "Write '<7 d', '7-30 d' or '>30 d'; units are d, w, m"
        )
    unit = DAYS[found["unit"]]
    if found["sign"]:
        end = float(found["end"]) * unit
        low, high = (0.0, end) if found["sign"] == "<" else (end, np.inf)
    else:
        low, high = float(found["low"]) * unit, float(found["high"]) * unit
    if low >= high:
        raise SpecError.at(f"band '{text}'", "the band ends before it begins", "Write the shorter time first")
    return Band(text, low, high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RecallCurve(CurveDisplay):
    """
    When those who signed up left, as they recall it.

    Attributes
    ----------
    wave, platform : str
        Which survey, and which service.
    group, level : str
        Which respondents; empty for everybody.
    bands : tuple of Band
        In order.
    curve : IntervalCurve
        Share still there at each end of a band, in days, with one covariance.
    naive : Estimates
        Share of all answers that lies in each band, and `still`: nobody counts for less because the
        interview came early. Labelled by the text of the band.
    left : Estimate
        Share of all answers that says to have left, whenever: what takes every departure for an early one.
    n : int
        Respondents counted.
    conf_level : float
        Between 0 and 1.
    simulated : bool
        Whether the data are.
    notes : tuple of Note
        Caveats.
    """

    wave: str
    platform: str
    bands: tuple[Band, ...]
    curve: IntervalCurve
    naive: Estimates = field(repr=False)
    left: Estimate
    n: int
    conf_level: float
    simulated: bool
    notes: tuple[Note, ...] = ()
    group: str = ""
    level: str = ""
    _design: Design = field(repr=False)
    _ends: tuple[Floats, Floats] = field(repr=False)
    _claimed: Floats = field(repr=False)

    @property
    def curve_notes(self) -> tuple[Note, ...]:
        """Caveats of the curve alone, those of the sample left aside."""
        return tuple(note for note in self.notes if note.message in MESSAGES)

    @property
    def times(self) -> tuple[float, ...]:
        """Ends of the bands at which the share still there can be asked, in days."""
        return tuple(float(time) for time in self.curve.estimates.index)

    def at(self, time: float) -> Estimate | Unavailable:
        """
        Give the share still there at an end of a band.

        Parameters
        ----------
        time : float
            One of `times`, in days.

        Returns
        -------
        Estimate or Unavailable
            Unavailable where the interviews came too early to tell.

        Raises
        ------
        SpecError
            If no band ends there.
        """
        time = one_number(time, "RecallCurve.at, time")
        return self.curve.at(time)

    def dropout(self, *, at: float) -> Estimate | Unavailable:
        """
        Give the share gone by an end of a band: one minus the share still there.

        Parameters
        ----------
        at : float
            One of `times`, in days; 30 for the one-month dropout.

        Returns
        -------
        Estimate or Unavailable

        Raises
        ------
        SpecError
            If no band ends there.
        """
        return self.curve.dropout(at=at)

    def naive_dropout(self, *, at: float) -> Estimate:
        """
        Give the share of all answers that says to have left by an end of a band.

        Parameters
        ----------
        at : float
            One of `times`, in days.

        Returns
        -------
        Estimate
            It counts those asked earlier than that as still there.

        Raises
        ------
        SpecError
            If no band ends there.
        """
        self.curve.estimates.at(float(at))
        gone = np.where(np.isnan(self._claimed), np.nan, (self._claimed <= at).astype(float))
        return proportion(self._design, gone, conf_level=self.conf_level).at("value")

    def fit(self, distribution: Distribution = "weibull") -> AcceleratedFailureTimeResult:
        """
        Fit a parametric model to the same answers, for tenures between and beyond the bands.

        Parameters
        ----------
        distribution : {'weibull', 'log-normal', 'log-logistic'}
            Of tenures.

        Returns
        -------
        AcceleratedFailureTimeResult

        Raises
        ------
        EstimateError
            If the likelihood has no maximum.
        """
        low, high = self._ends
        low = np.where((low == high) & (low <= 0), 0.0, low)
        high = np.where((low == high) & (low <= 0), 0.5, high)
        return survey_duration_model(self._design, low, high, distribution=distribution, conf_level=self.conf_level)

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per end of a band.

        Returns
        -------
        DataFrame
            `wave`, `platform`, `time` in days; `gone`, `conf_low`, `conf_high`, the share gone by then;
            `naive`, `naive_low`, `naive_high`, the share of all answers; `n`; `simulated`. NaN where
            the interviews came too early to tell.
        """
        rows = []
        for time in self.times:
            gone, naive = self.dropout(at=time), self.naive_dropout(at=time)
            told = (np.nan,) * 3 if isinstance(gone, Unavailable) else (gone.estimate, gone.conf_low, gone.conf_high)
            rows.append((self.wave, self.platform, time, *told, naive.estimate, naive.conf_low, naive.conf_high))
        names = ["wave", "platform", "time", "gone", "conf_low", "conf_high", "naive", "naive_low", "naive_high"]
        return pd.DataFrame(rows, columns=names).assign(n=self.n, simulated=self.simulated)

    def summary(self) -> str:
        """Say the share gone by each end of a band, with the naive share, a line for each."""
        lines = []
        for time in self.times:
            gone, naive = self.dropout(at=time), self.naive_dropout(at=time)
            told = str(gone) if isinstance(gone, Unavailable) else gone.summary()
            lines.append(f"{time:g} days: gone {told}; of all answers {say_share(naive.estimate)}")
        return "\n".join(lines)

    def plot(self, ax: Axes) -> Axes:
        """Draw the share gone by each end of a band as a point on its interval, the naive share beside it."""
        rows = self.to_frame()
        ax.vlines(rows["time"], rows["conf_low"], rows["conf_high"])
        ax.plot(rows["time"], rows["gone"], "o")
        ax.plot(rows["time"], rows["naive"], "x")
        return ax


def read_recall(study: Study, wave: str, platform: str, *, dated: pd.DataFrame | None = None) -> RecallCurve:
    """
    Read when people say they left, and estimate the share gone by each end of a band.

    Parameters
    ----------
    study : Study
        With a survey that asks `left` of a platform.
    wave, platform : str
        Which survey, and which service.
    dated : DataFrame, optional
        Respondents whose tenure a log knows: indexed by respondent, with `duration` in days and `event`,
        true for gone. They count by the log rather than by what they recall.

    Returns
    -------
    RecallCurve

    Raises
    ------
    StudyError
        As `read_sample`; if the wave does not ask the question; if bands cannot be read, overlap or
        leave a gap; if times since sign-up are not days.
    EstimateError
        If nobody counts, or the design has no variance.

    Notes
    -----
    Whoever answers "still there" twelve days after signing up has stayed for twelve days, not for thirty:
    with an item that gives the time since sign-up, such answers are censored there, and departures lie
    no later than the interview. The naive share counts them as having stayed.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> curve = read_recall(open_example("twitter_france"), "2012-10", "twitter")
    >>> [band.text for band in curve.bands], curve.times
    (['<7 d', '7-30 d', '>30 d'], (7.0, 30.0))
    """
    found = _read_answers(study, wave, platform)
    if dated is not None:
        low, high, told = _dated(found.sample, dated, found.low, found.high, found.members)
        found = replace(found, low=low, high=high, notes=(*found.notes, *told))
    return _curve(found, study.study.conf_level)


def read_recall_levels(study: Study, wave: str, platform: str) -> dict[tuple[str, str], RecallCurve | Unavailable]:
    """
    Read when people say they left, for each level of each group of the wave.

    Parameters
    ----------
    study : Study
        With a survey that asks `left` of a platform.
    wave, platform : str
        Which survey, and which service.

    Returns
    -------
    dict of (group, level) to RecallCurve or Unavailable
        In the order of the study; Unavailable where nobody of a level signed up and told, or too few for a
        variance.

    Raises
    ------
    StudyError
        As `read_recall`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> levels = read_recall_levels(open_example("twitter_france"), "2012-10", "twitter")
    >>> levels["sex", "Femmes"].n + levels["sex", "Hommes"].n
    200
    """
    found = _read_answers(study, wave, platform)
    curves: dict[tuple[str, str], RecallCurve | Unavailable] = {}
    for group in found.sample.spec.group:
        levels = found.sample.grouping(group)
        for i, level in enumerate(levels.names):
            mine = levels.position == i
            inside = replace(
                found, low=np.where(mine, found.low, np.nan), high=np.where(mine, found.high, np.nan), notes=()
            )
            try:
                curves[group, level] = _curve(inside, study.study.conf_level, group, level)
            except EstimateError:
                curves[group, level] = Unavailable(TOO_FEW)
    return curves


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answers:
    """What one wave answers: bounds of each tenure in days, NaN for those who do not count, and the band chosen."""

    wave: str
    platform: str
    sample: Sample
    bands: tuple[Band, ...]
    place: NDArray[np.intp]
    members: NDArray[np.bool_]
    low: Floats
    high: Floats
    notes: tuple[Note, ...]


def _read_answers(study: Study, wave: str, platform: str) -> _Answers:
    spec = _find(study, wave, platform)
    question = spec.platform[platform].left
    assert question is not None
    bands, codes = _bands(question, f"study.toml, survey '{wave}', {platform}.left")
    sample = read_sample(study, spec)
    chosen = np.stack([sample.indicator(_band_answer(question, code)) for code in codes])
    asked = ~np.isnan(chosen).any(axis=0)
    signup = spec.platform[platform].signup
    members = np.ones(len(sample), bool) if signup is None else sample.indicator(signup) == 1
    place = np.where((chosen == 1).any(axis=0), np.argmax(chosen == 1, axis=0), -1)
    ends = np.array([band[1:] for band in bands])
    low, high, notes = _tenures(ends, place, asked & members, members, _since(sample, question))
    return _Answers(
        wave=wave,
        platform=platform,
        sample=sample,
        bands=bands,
        place=place,
        members=members,
        low=low,
        high=high,
        notes=(*sample.notes, *notes),
    )


def _curve(found: _Answers, conf_level: float, group: str = "", level: str = "") -> RecallCurve:
    """Estimate the curve, and the naive shares, of those who have bounds."""
    design, counted, place = found.sample.design, ~np.isnan(found.low), found.place
    ends = np.array([band[1:] for band in found.bands])
    times = sorted({float(end) for end in ends.ravel() if 0 < end < np.inf})
    curve = survey_interval_survival(design, found.low, found.high, times=times, conf_level=conf_level)
    indicators = {band.text: np.where(counted, place == i, np.nan) for i, band in enumerate(found.bands)}
    naive = proportion(design, indicators | {"still": np.where(counted, place < 0, np.nan)}, conf_level=conf_level)
    left = proportion(design, np.where(counted, place >= 0, np.nan), conf_level=conf_level)
    return RecallCurve(
        wave=found.wave,
        platform=found.platform,
        group=group,
        level=level,
        bands=found.bands,
        curve=curve,
        naive=naive,
        left=left.at("value"),
        n=int(counted.sum()),
        conf_level=conf_level,
        simulated=found.sample.spec.simulated,
        notes=found.notes,
        _design=design,
        _ends=(found.low, found.high),
        _claimed=np.where(counted, np.where(place < 0, np.inf, ends[place, 1]), np.nan),
    )


def _find(study: Study, wave: str, platform: str) -> Survey:
    asking = [spec for spec in study.survey if platform in spec.platform and spec.platform[platform].left is not None]
    known = [spec.wave for spec in asking]
    if wave not in known:
        mend = did_you_mean(wave, known, f"Waves that ask it: {', '.join(known) or 'none'}")
        raise StudyError.at(f"study.toml, survey '{wave}'", f"does not ask when people left {platform}", mend)
    return asking[known.index(wave)]


def _bands(question: Recall, place: str) -> tuple[tuple[Band, ...], list[str]]:
    """Read the bands in order, with the code of each; those that adjoin share an end."""
    problems: list[Problem] = []
    found: list[tuple[Band, str]] = []
    for code, text in question.bands.items():
        try:
            found.append((parse_band(text), code))
        except SpecError as error:
            problems += [Problem(f"{place}, {problem.place}", problem.what, problem.mend) for problem in error.problems]
    found.sort(key=lambda pair: pair[0].low)
    for (band, _), (following, _) in pairwise(found):
        if band.high != following.low:
            what = "overlap" if band.high > following.low else "leave a gap"
            said = f"bands '{band.text}' and '{following.text}' {what}"
            problems.append(Problem(place, said, "End each band where the next begins"))
    if problems:
        raise StudyError(*problems)
    return tuple(band for band, _ in found), [code for _, code in found]


def _band_answer(question: Recall, code: str) -> Answer:
    others = tuple(other for other in question.bands if other != code)
    return Answer(
        item=question.item,
        yes=(code,),
        no=(*others, *question.still),
        missing=question.missing,
        not_asked=question.not_asked,
    )


def _since(sample: Sample, question: Recall) -> Floats | None:
    """Read the days since sign-up, NaN where they are not told."""
    if question.since is None:
        return None
    place = f"{sample.place}, column '{question.since}'"
    if question.since not in sample.frame.columns:
        mend = did_you_mean(question.since, map(str, sample.frame.columns), "Name the column of days since sign-up")
        raise StudyError.at(f"{sample.place}, header", f"no column '{question.since}'", mend)
    column = sample.frame[question.since]
    days = pd.to_numeric(column, errors="coerce").to_numpy(float)
    wrong = (np.isnan(days) & column.notna().to_numpy()) | (days < 0)
    if wrong.any():
        what = f"{int(wrong.sum())} cells are not a number of days"
        raise StudyError.at(place, what, "Write days from sign-up to the interview, 0 or more, or leave them blank")
    return days


def _tenures(
    ends: Floats,
    place: NDArray[np.intp],
    counted: NDArray[np.bool_],
    members: NDArray[np.bool_],
    since: Floats | None,
) -> tuple[Floats, Floats, list[Note]]:
    """Give the bounds of each tenure, NaN for those who do not count, and what has to be said."""
    last = float(max(end for end in ends.ravel() if np.isfinite(end)))
    stayed = place < 0
    low, high = np.where(stayed, last, ends[place, 0]), np.where(stayed, np.inf, ends[place, 1])
    tolds = [Note(NO_ANSWER.message, {"n": int((members & ~counted).sum())})]
    keep = counted.copy()
    if since is None:
        tolds.append(Note(ALL_SINCE.message, {"last": f"{last:g}"}))
    else:
        low = np.where(stayed, since, low)
        high = np.where(~stayed & np.isfinite(since), np.minimum(high, since), high)
        silent, impossible = counted & stayed & np.isnan(since), counted & ~stayed & (since <= low)
        keep &= ~silent & ~impossible
        tolds += [
            Note(UNKNOWN_SINCE.message, {"n": int(silent.sum())}),
            Note(IMPOSSIBLE.message, {"n": int(impossible.sum())}),
            Note(EARLY.message, {"n": int((keep & (since < last)).sum()), "last": f"{last:g}"}),
        ]
    notes = [note for note in tolds if note.values.get("n") != 0]
    return np.where(keep, low, np.nan), np.where(keep, high, np.nan), notes


def _dated(
    sample: Sample, dated: pd.DataFrame, low: Floats, high: Floats, members: NDArray[np.bool_]
) -> tuple[Floats, Floats, list[Note]]:
    """Put what a log knows in the place of what is recalled."""
    if sample.spec.id is None:
        raise StudyError.at(f"study.toml, survey '{sample.spec.wave}'", "names no id of respondents", "Set id")
    if not {"duration", "event"}.issubset(dated.columns) or not dated.index.is_unique:
        raise SpecError.at("dated", "expected one row per respondent with duration and event", "Correct the table")
    matched = dated.reindex(sample.frame[sample.spec.id])
    duration, event = matched["duration"].to_numpy(float), matched["event"].to_numpy(float)
    known = np.isfinite(duration) & members
    low = np.where(known, duration, low)
    high = np.where(known, np.where(event == 1, duration, np.inf), high)
    return low, high, [Note(DATED.message, {"n": int(known.sum())})]
