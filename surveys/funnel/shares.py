"""Shares of a base by level of a group, and the further percentages that a study names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from surveys.core.arrays import Floats
from surveys.core.errors import Problem, SpecError, StudyError, did_you_mean
from surveys.core.results import Estimate, Note
from surveys.data.groups import Levels, name_wave
from surveys.design.design import Statistic
from surveys.estimates.domains import Domains, by_level
from surveys.estimates.influence import Ratio
from surveys.estimates.means import Estimates, combine, describe_shares
from surveys.samples.sample import Sample, read_sample
from surveys.study.schema import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False)
class LevelShares:
    """
    One share for each level of a group, not yet estimated.

    Attributes
    ----------
    statistic : Statistic
        With a column for each level.
    counted : ndarray of bool, shape (n_rows, n_levels)
        Who each share is of.
    index : Index, shape (n_levels,)
        Names of the levels; "" for everybody.
    """

    statistic: Statistic
    counted: NDArray[np.bool_]
    index: pd.Index

    @classmethod
    def of(cls, indicator: Floats, base: NDArray[np.bool_], levels: Levels | None) -> LevelShares:
        """Ask for the share of a base that says yes, among those who answered."""
        table = by_level(indicator, base & np.isfinite(indicator), levels)
        return cls(Ratio(table.values, table.counted), table.counted, table.index)

    def estimate(self, sample: Sample, conf_level: float) -> Estimates:
        """Estimate the shares, with intervals on the logit or Korn and Graubard's."""
        table = Domains(self.index, np.zeros((0, 0)), self.counted)
        return describe_shares(sample.design, self.statistic, table, conf_level=conf_level)


def groupings(sample: Sample) -> dict[str, Levels | None]:
    """
    Give everybody, under "", and then each group of the survey with its levels.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> list(groupings(read_sample(study, study.survey[0])))
    ['', 'age', 'sex']
    """
    return {"": None} | {name: sample.grouping(name) for name in sample.spec.group}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """
    The percentages that a study names beside its funnel.

    Attributes
    ----------
    rows : DataFrame
        One row per estimate, as `to_frame` gives them.
    estimates : mapping of str to Estimates
        The same by wave; all of a wave share one covariance.
    notes : tuple of Note
        Caveats about the codes behind the shares, their bases and the groups.
    """

    rows: pd.DataFrame = field(repr=False)
    estimates: Mapping[str, Estimates] = field(repr=False)
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per wave, share, group and level.

        Returns
        -------
        DataFrame
            Columns wave, date, share, base, group, level, estimate, std_error, conf_low, conf_high,
            df, n, simulated. `base` is empty where it is everybody; so are `group` and `level`.
        """
        return self.rows.copy()

    def at(self, wave: str, share: str, *, group: str = "", level: str = "") -> Estimate:
        """
        Give one of the shares.

        Parameters
        ----------
        wave, share, group, level : str
            As in `to_frame`.

        Returns
        -------
        Estimate

        Raises
        ------
        SpecError
            If there is no such estimate.
        """
        if wave not in self.estimates:
            known = list(self.estimates)
            mend = did_you_mean(wave, known, f"Waves here: {', '.join(known) or 'none'}")
            raise SpecError.at(f"wave '{wave}'", "no share is asked for in it", mend)
        return self.estimates[wave].at((share, group, level))

    def summary(self) -> str:
        """Say each share of everybody, a line for each."""
        everybody = self.rows[self.rows["group"] == ""]
        pairs = zip(everybody["wave"], everybody["share"], strict=True)
        return "\n".join(f"{wave}, {share}: {self.at(wave, share).summary()}" for wave, share in pairs)

    def plot(self, ax: Axes) -> Axes:
        """Draw each share of everybody as a point on its interval, the first at the top."""
        everybody = self.rows[self.rows["group"] == ""]
        height = -np.arange(len(everybody), dtype=float)
        ax.hlines(height, everybody["conf_low"], everybody["conf_high"])
        ax.plot(everybody["estimate"], height, "o")
        return ax


def estimate_shares(study: Study) -> Shares:
    """
    Estimate the shares that the surveys of a study name, for everybody and by group.

    Parameters
    ----------
    study : Study
        Each `[survey.share.NAME]` is one share.

    Returns
    -------
    Shares
        Without a row where no survey names a share.

    Raises
    ------
    StudyError
        With every problem of every survey, as `read_sample`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.study.schema import Share
    >>> study = open_example("twitter_france")
    >>> member = Share(item="q2_twitter", yes=(1,), missing=(8, 9), not_asked="no")
    >>> wave = study.survey[2].model_copy(update={"share": {"member": member}})
    >>> print(estimate_shares(study.model_copy(update={"survey": (wave,)})).summary())
    2009-06, member: 2.3% [1.6%, 3.4%], n = 1,001
    """
    problems: list[Problem] = []
    samples = []
    for spec in study.survey:
        if spec.share:
            try:
                samples.append(read_sample(study, spec))
            except StudyError as error:
                problems += error.problems
    if problems:
        raise StudyError(*problems)
    estimates = {sample.spec.wave: _estimate_wave(sample, study.study.conf_level) for sample in samples}
    frames = [_rows(sample, estimates[sample.spec.wave]) for sample in samples]
    notes = {str(note): note for sample in samples for note in _remarks(sample, several=len(samples) > 1)}
    return Shares(
        rows=pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS)),
        estimates=estimates,
        notes=tuple(notes.values()),
    )


COLUMNS = (
    "wave",
    "date",
    "share",
    "base",
    "group",
    "level",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "df",
    "n",
    "simulated",
)


def _estimate_wave(sample: Sample, conf_level: float) -> Estimates:
    parts = {}
    for name, share in sample.spec.share.items():
        indicator, base = sample.indicator(share), sample.base(share.base)
        for group, levels in groupings(sample).items():
            parts[name, group] = LevelShares.of(indicator, base, levels).estimate(sample, conf_level)
    return combine(*parts.values(), keys=list(parts), names=["share", "group"])


def _remarks(sample: Sample, *, several: bool) -> Iterator[Note]:
    bases = [share.base or "" for share in sample.spec.share.values()]
    notes = (*sample.told_of("share"), *sample.told_of("base", *bases), *sample.told_of("group"))
    yield from name_wave(notes, sample.spec.wave) if several else notes


def _rows(sample: Sample, found: Estimates) -> pd.DataFrame:
    spec = sample.spec
    bases = {name: share.base or "" for name, share in spec.share.items()}
    frame = found.to_frame()
    frame = frame.assign(wave=spec.wave, date=spec.date, base=frame["share"].map(bases), simulated=spec.simulated)
    return frame[list(COLUMNS)]
