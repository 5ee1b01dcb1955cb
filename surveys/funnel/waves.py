"""Changes between the waves of a repeated survey, and trends over those that can be compared."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import student_t
from surveys.core.probabilities import f_probability
from surveys.core.results import Note
from surveys.estimates.contrasts import Contrast, add_independent
from surveys.estimates.means import Estimates, combine
from surveys.funnel._trends import fit_line
from surveys.funnel.funnel import BEFORE, Funnel, estimate_wave
from surveys.published.wave_dates import wave_fieldwork
from surveys.samples.panels import Panel, join_panel
from surveys.samples.sample import read_sample
from surveys.study.breaks import Break, breaks_between, breaks_series
from surveys.study.schema import STEPS, Step, Study, Survey

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Scale = Literal["logit", "share"]
Key = tuple[str, ...]

SERIES = ["platform", "group", "level", "step", "measure"]
FEWEST = 3
UNDATED = Note("when wave {wave} was asked is not read from “{text}”: trends through it are told by wave, not by year")
SHARED = Note("waves {before} and {after} share {n} respondents; the interval of their change takes it into account")
BROKEN: Mapping[str, Note] = {
    "universe": Note("waves {before} and {after} did not reach out to the same people: their change is not comparable"),
    "mode": Note(
        "waves {before} and {after} were not asked in the same way: part of their change is an effect of mode"
    ),
    "wording": Note("waves {before} and {after} did not ask in the same words: their change is not comparable"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveChanges:
    """
    Changes of every step from wave to wave, and trends.

    Attributes
    ----------
    changes : DataFrame
        One row per change, as `to_frame` gives them.
    trends : DataFrame
        One row per run of at least three waves that can be compared: platform, group, level, step, measure,
        first, last, n_waves, n (respondents of all), scale, slope (per `unit`), std_error, conf_low, conf_high,
        df, F, p_value (of no trend), departure_F, departure_df, departure_p (of a straight line), unit.
    breaks : mapping of (str, str) to tuple of Break
        What differs between each two waves that a change joins.
    conf_level : float
        Of every interval.
    notes : tuple of Note
        Respondents that waves share, and breaks.

    Notes
    -----
    Waves are independent samples, unless their surveys name one `panel`: then those who are in both
    link the two estimates, and their covariance enters the interval of the change.
    """

    changes: pd.DataFrame = field(repr=False)
    trends: pd.DataFrame = field(repr=False)
    breaks: Mapping[tuple[str, str], tuple[Break, ...]] = field(repr=False)
    conf_level: float
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per platform, group, level, step, measure and pair of waves.

        Returns
        -------
        DataFrame
            Columns platform, group, level, step, measure, before, after, change, std_error, conf_low,
            conf_high, df, t, p_value, n_before, n_after, n_shared, breaks, comparable. Changes are differences
            of shares; `breaks` names what differs between the waves, and `comparable` tells whether the
            question, those asked and the mode are not known to differ.
        """
        return self.changes.copy()

    def at(
        self,
        before: str,
        after: str,
        platform: str,
        step: str,
        measure: str = "cumulative",
        *,
        group: str = "",
        level: str = "",
    ) -> Contrast:
        """
        Give one of the changes.

        Parameters
        ----------
        before, after, platform, step, measure, group, level : str
            As in `to_frame`.

        Returns
        -------
        Contrast

        Raises
        ------
        SpecError
            If there is no such change.
        """
        values = (platform, group, level, step, measure, before, after)
        wanted = dict(zip((*SERIES, "before", "after"), values, strict=True))
        rows = self.changes
        for name, value in wanted.items():
            known = list(dict.fromkeys(rows[name]))
            rows = rows[rows[name] == value]
            if rows.empty:
                mend = did_you_mean(value, known, f"Known here: {', '.join(known)}")
                raise SpecError.at(f"{name} '{value}'", "there is no such change", mend)
        row = rows.iloc[0]
        names = ("std_error", "df", "t", "p_value", "conf_low", "conf_high")
        return Contrast(
            estimate=float(row["change"]),
            **{name: float(row[name]) for name in names},
            conf_level=self.conf_level,
            unit="points",
        )

    def summary(self) -> str:
        """Say each change of everybody's shares, a line for each."""
        return "\n".join(map(_said, self._everybody().to_dict("records")))

    def plot(self, ax: Axes) -> Axes:
        """Draw each change of everybody's shares as a point on its interval, hollow across a break."""
        rows = self._everybody()
        height = -np.arange(len(rows), dtype=float)
        joined = rows["comparable"].to_numpy(bool)
        ax.axvline(0, linewidth=0.8)
        ax.hlines(height, rows["conf_low"], rows["conf_high"])
        ax.plot(rows["change"][joined], height[joined], "o")
        ax.plot(rows["change"][~joined], height[~joined], "o", markerfacecolor="none")
        return ax

    def _everybody(self) -> pd.DataFrame:
        return self.changes[(self.changes["group"] == "") & (self.changes["measure"] == "cumulative")]


def _said(row: Mapping[Hashable, Any]) -> str:
    where = f"{row['platform']}, {row['step']}, {row['before']} to {row['after']}"
    points = f"{100 * row['change']:+.1f} points [{100 * row['conf_low']:+.1f}, {100 * row['conf_high']:+.1f}]"
    return f"{where}: {points}" + ("" if row["comparable"] else f", break: {row['breaks']}")


class _Source(NamedTuple):
    """Estimates of one wave, or of the waves of a panel: index (wave, platform, group, level, step, measure)."""

    estimates: Estimates
    position: dict[Key, int]


def compare_waves(study: Study, funnel: Funnel, *, scale: Scale = "logit") -> WaveChanges:
    r"""
    Compare the waves of a study's funnel.

    Parameters
    ----------
    study : Study
        What its waves asked, of whom and how; panels are read again to find shared respondents.
    funnel : Funnel
        Of the study.
    scale : {"logit", "share"}
        What a trend is straight on.

    Returns
    -------
    WaveChanges
        Every change from the last wave that has the same step of the same platform and group.

    Raises
    ------
    StudyError
        If a panel cannot be joined, as `join_panel`.

    Notes
    -----
    A trend is the line fitted to the waves by generalised least squares with their covariance under the
    design [1]_; its slope is tested by Wald's F on 1 and Satterthwaite's degrees of freedom, and the
    distance of the waves from it by F on the number of waves minus 2 and the smallest degrees of freedom of
    a wave. Where the question, those asked or the mode differ between two waves, a new run begins.

    References
    ----------
    .. [1] J. E. Grizzle, C. F. Starmer and G. G. Koch (1969), "Analysis of categorical data by linear
       models", *Biometrics* 25, 489-504.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> study = open_example("twitter_france")
    >>> changes = compare_waves(study, estimate_funnel(study))
    >>> print(changes.at("2009-06", "2009-11", "twitter", "aware").summary())
    +37.6 points [+33.1, +42.2], t = 16.22 on 186.1 degrees of freedom, p < 0.001
    """
    surveys = {survey.wave: survey for survey in study.survey if survey.wave in funnel.estimates}
    panels = _panels(study, list(surveys.values()))
    sources = _sources(funnel, panels)
    shared = {pair: n for panel in panels for pair, n in _shared(panel)}
    changes: list[dict[str, object]] = []
    trends: list[dict[str, object]] = []
    breaks: dict[tuple[str, str], tuple[Break, ...]] = {}
    for key, waves in _series(funnel, sources):
        steps = _steps(key)
        for before, after in pairwise(waves):
            found = breaks_between(surveys[before], surveys[after], steps=steps)
            breaks[before, after] = tuple(dict.fromkeys((*breaks.get((before, after), ()), *found)))
            changes.append(_change(key, before, after, sources, found, shared.get((before, after), 0)))
        for run in _runs(waves, surveys, steps):
            trends += _trend(key, run, [surveys[wave] for wave in run], sources, scale, funnel.conf_level)
    order = list(surveys)
    breaks = dict(sorted(breaks.items(), key=lambda item: [order.index(wave) for wave in item[0]]))
    return WaveChanges(
        changes=pd.DataFrame(changes, columns=CHANGES),
        trends=pd.DataFrame(trends, columns=TRENDS),
        breaks=breaks,
        conf_level=funnel.conf_level,
        notes=(*_shared_notes(shared), *_break_notes(breaks), *_undated_notes(surveys, trends)),
    )


def _panels(study: Study, surveys: Sequence[Survey]) -> list[Panel]:
    names = [survey.panel for survey in surveys if survey.panel is not None]
    return [
        join_panel([read_sample(study, survey) for survey in surveys if survey.panel == name])
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def _shared(panel: Panel) -> Iterator[tuple[tuple[str, str], int]]:
    waves = [sample.spec.wave for sample in panel.samples]
    for one in range(len(waves)):
        for other in range(one + 1, len(waves)):
            yield (waves[one], waves[other]), panel.shared(one, other)


def _sources(funnel: Funnel, panels: Sequence[Panel]) -> dict[str, _Source]:
    """Give the estimates of each wave; those of a panel stand together, with one covariance."""
    parts: dict[str, Estimates] = dict(funnel.estimates)
    sources: dict[str, _Source] = {}
    for panel in panels:
        waves = [sample.spec.wave for sample in panel.samples]
        together = {
            wave: estimate_wave(sample, funnel.conf_level)[0] for wave, sample in zip(waves, panel.samples, strict=True)
        }
        source = _source(combine(*together.values(), keys=waves, names=["wave"]))
        sources |= dict.fromkeys(waves, source)
    for wave, found in parts.items():
        sources.setdefault(wave, _source(combine(found, keys=[wave], names=["wave"])))
    return sources


def _source(estimates: Estimates) -> _Source:
    return _Source(estimates, {key: i for i, key in enumerate(estimates.index)})


def _series(funnel: Funnel, sources: Mapping[str, _Source]) -> Iterator[tuple[Key, list[str]]]:
    """Give each series with the waves in which somebody is counted in it."""
    waves: dict[Key, list[str]] = {}
    for wave, found in funnel.estimates.items():
        for key, n in zip(found.index, found.n, strict=True):
            if n and (wave, *key) in sources[wave].position:
                waves.setdefault(key, []).append(wave)
    yield from waves.items()


def _steps(key: Key) -> tuple[Step, ...]:
    """Name the steps whose wording a series depends on."""
    step = next(step for step in STEPS if step == key[3])
    return (step, *BEFORE[step][:1]) if key[4] == "conversion" else (step,)


def _runs(waves: Sequence[str], surveys: Mapping[str, Survey], steps: tuple[Step, ...]) -> list[list[str]]:
    """Cut the waves of a series where they cannot be compared."""
    runs = [[waves[0]]]
    for before, after in pairwise(waves):
        if breaks_series(breaks_between(surveys[before], surveys[after], steps=steps)):
            runs.append([])
        runs[-1].append(after)
    return [run for run in runs if len(run) >= FEWEST]


def _contrast(weights: Mapping[Key, float], sources: Mapping[str, _Source]) -> Contrast:
    """Weigh estimates of several waves, keyed by wave and series."""
    inside: dict[int, tuple[Estimates, Floats]] = {}
    for key, weight in weights.items():
        source = sources[key[0]]
        _, laid = inside.setdefault(id(source), (source.estimates, np.zeros(len(source.estimates))))
        laid[source.position[key]] = weight
    parts = [estimates.contrast(laid.tolist()) for estimates, laid in inside.values()]
    return parts[0] if len(parts) == 1 else add_independent(parts, conf_level=parts[0].conf_level)


def _change(
    key: Key, before: str, after: str, sources: Mapping[str, _Source], found: tuple[Break, ...], shared: int
) -> dict[str, object]:
    change = _contrast({(after, *key): 1.0, (before, *key): -1.0}, sources)
    n_before, n_after = (int(sources[wave].estimates.n[sources[wave].position[wave, *key]]) for wave in (before, after))
    return {
        **dict(zip(SERIES, key, strict=True)),
        "before": before,
        "after": after,
        "change": change.estimate,
        **{name: getattr(change, name) for name in ("std_error", "conf_low", "conf_high", "df", "t", "p_value")},
        "n_before": n_before,
        "n_after": n_after,
        "n_shared": shared,
        "breaks": ", ".join(dict.fromkeys(part.reason for part in found)),
        "comparable": not breaks_series(found),
    }


def _trend(
    key: Key, waves: list[str], specs: list[Survey], sources: Mapping[str, _Source], scale: Scale, conf_level: float
) -> list[dict[str, object]]:
    """Fit a line to a run of waves; there is none through shares of 0 or 1 on the logit, or without variance."""
    position = [sources[wave].position[wave, *key] for wave in waves]
    share = np.array([sources[wave].estimates.estimate[i] for wave, i in zip(waves, position, strict=True)])
    if scale == "logit" and not ((share > 0) & (share < 1)).all():
        return []
    y = np.log(share / (1 - share)) if scale == "logit" else share
    slope_of = 1 / (share * (1 - share)) if scale == "logit" else np.ones(len(share))
    covariance = _covariance(waves, position, sources) * np.outer(slope_of, slope_of)
    if not (np.diag(covariance) > 0).all():
        return []
    when = [wave_fieldwork(spec) for spec in specs]
    years = [found.year for found in when if found is not None]
    dated = len(years) == len(specs) and len(set(years)) > 1
    x = np.array(years, float) if dated else np.arange(len(waves), dtype=float)
    line = fit_line(x, y, covariance)
    df = _degrees(waves, line.coefficients * slope_of, position, sources)
    smallest = min(float(sources[wave].estimates.degrees_of_freedom) for wave in waves)
    error, statistic = float(np.sqrt(line.variance)), line.slope**2 / line.variance
    half = float(student_t(df, conf_level)) * error
    beyond = len(waves) - 2
    row: dict[str, object] = {
        **dict(zip(SERIES, key, strict=True)),
        "first": waves[0],
        "last": waves[-1],
        "n_waves": len(waves),
        "n": sum(int(sources[wave].estimates.n[i]) for wave, i in zip(waves, position, strict=True)),
        "scale": scale,
        "unit": "year" if dated else "wave",
        "slope": line.slope,
        "std_error": error,
        "conf_low": line.slope - half,
        "conf_high": line.slope + half,
        "df": df,
        "F": statistic,
        "p_value": f_probability(statistic, 1, df),
        "departure_F": line.departure / beyond,
        "departure_df": beyond,
        "departure_p": f_probability(line.departure / beyond, beyond, smallest),
    }
    return [row]


def _covariance(waves: Sequence[str], position: Sequence[int], sources: Mapping[str, _Source]) -> Floats:
    """Give the covariance of one estimate of each wave: 0 between independent samples."""
    found = np.zeros((len(waves), len(waves)))
    for i, one in enumerate(waves):
        for j, other in enumerate(waves):
            if sources[one] is sources[other]:
                deviations = sources[one].estimates.deviations
                found[i, j] = deviations[:, position[i]] @ deviations[:, position[j]]
    return found


def _degrees(waves: Sequence[str], weights: Floats, position: Sequence[int], sources: Mapping[str, _Source]) -> float:
    """Join the degrees of freedom of independent samples by Satterthwaite's formula."""
    laid: dict[int, tuple[Estimates, Floats]] = {}
    for wave, weight, i in zip(waves, weights, position, strict=True):
        source = sources[wave]
        laid.setdefault(id(source), (source.estimates, np.zeros(len(source.estimates))))[1][i] = weight
    parts = [estimates.contrast(line.tolist()) for estimates, line in laid.values()]
    return parts[0].df if len(parts) == 1 else add_independent(parts).df


def _shared_notes(shared: Mapping[tuple[str, str], int]) -> Iterator[Note]:
    for (before, after), n in shared.items():
        if n:
            yield Note(SHARED.message, {"before": before, "after": after, "n": n})


def _undated_notes(surveys: Mapping[str, Survey], trends: Sequence[Mapping[str, object]]) -> Iterator[Note]:
    """Name the waves whose dates cannot be read, where they turned a trend in years into one in waves."""
    undated = [survey for survey in surveys.values() if wave_fieldwork(survey) is None]
    if len(undated) < len(surveys) and any(trend["unit"] == "wave" for trend in trends):
        for survey in undated:
            yield Note(UNDATED.message, {"wave": survey.wave, "text": survey.date or survey.wave})


def _break_notes(breaks: Mapping[tuple[str, str], tuple[Break, ...]]) -> Iterator[Note]:
    for (before, after), found in breaks.items():
        for reason in dict.fromkeys(part.reason for part in found if part.reason in BROKEN):
            yield Note(BROKEN[reason].message, {"before": before, "after": after})


CHANGES = [
    *SERIES,
    "before",
    "after",
    "change",
    "std_error",
    "conf_low",
    "conf_high",
    "df",
    "t",
    "p_value",
    "n_before",
    "n_after",
    "n_shared",
    "breaks",
    "comparable",
]
TRENDS = [
    *SERIES,
    "first",
    "last",
    "n_waves",
    "n",
    "scale",
    "slope",
    "std_error",
    "conf_low",
    "conf_high",
    "df",
    "F",
    "p_value",
    "departure_F",
    "departure_df",
    "departure_p",
    "unit",
]
