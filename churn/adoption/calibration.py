"""Surveys weighted so that they hold as many account holders as the log counts, and what that gains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from churn.adoption._calibration import margin_slopes, margin_terms
from churn.adoption.log_margins import LogMargin
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, Problem, SpecError, did_you_mean
from surveys.core.intervals import logit_limits
from surveys.core.results import Estimate, Note
from surveys.core.rounding import say_p, say_share
from surveys.design.design import Design
from surveys.estimates.contrasts import Contrast, add_independent
from surveys.estimates.influence import Ratio
from surveys.estimates.means import Estimates, combine
from surveys.funnel.funnel import step_shares
from surveys.funnel.shares import LevelShares, groupings
from surveys.samples.sample import Sample, read_sample
from surveys.study.schema import Study
from surveys.weighting.adjustments import Calibrated, PostStratified, Raked
from surveys.weighting.recipe import Calibrate, reweight

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOLERANCE = 1e-9
ROUNDING = 1e-12
"""A share that moves less than this has not moved."""
DISAGREE = Note(
    "in wave {wave} survey and log disagree by more than their errors and the discrepancy allow: the log "
    "counts for that much less in its calibrated shares"
)
DISCREPANT = Note(
    "survey and log need not count the same people: a share of the log is taken for that of the survey to within a "
    "standard error of {discrepancy} times it, or as far as the two are seen to differ, and counts accordingly"
)
NO_WEIGHTS = Note("no weights meet what the log says")
KEPT = Note("margins that the survey was weighted to before are kept")
MESSAGES = frozenset(note.message for note in (DISAGREE, DISCREPANT, KEPT))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginTest:
    """
    A survey held against a margin.

    Attributes
    ----------
    margin : LogMargin
        What the log counts.
    survey : Estimate
        The same share, before calibration.
    difference : Contrast
        Survey minus log, with the errors of both and the discrepancy declared between them.
    ratio : Estimate
        Log over survey: with one account taken for one person, the accounts that one holder has.
    agrees : bool
        Whether the difference is within what the errors and the discrepancy allow, at the level of the intervals.
    """

    margin: LogMargin
    survey: Estimate
    difference: Contrast
    ratio: Estimate
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedFunnel:
    """
    A platform's funnel before and after its surveys were calibrated to a log.

    Attributes
    ----------
    platform : str
        Which service.
    before, after : dict of str to Estimates
        By wave: `group`, `level`, `step`, `measure`. The variance after is that of the calibrated sample,
        plus what the margins' own errors add.
    moved : dict of str to tuple of Contrast
        After minus before, in the same order: the two share a sample, and their difference knows it.
    from_margins : dict of str to ndarray of float
        Part of the variance after that the margins' errors make, in the same order.
    tests : tuple of MarginTest
        Each margin, held against its survey.
    conf_level : float
        Of every interval.
    notes : tuple of Note
        Where survey and log disagree, and caveats.
    """

    platform: str
    before: dict[str, Estimates] = field(repr=False)
    after: dict[str, Estimates] = field(repr=False)
    moved: dict[str, tuple[Contrast, ...]] = field(repr=False)
    from_margins: dict[str, Floats] = field(repr=False)
    tests: tuple[MarginTest, ...]
    conf_level: float
    notes: tuple[Note, ...] = ()

    def agrees(self, wave: str) -> bool:
        """Tell whether no margin of a wave is contradicted by its survey."""
        return all(test.agrees for test in self.tests if test.margin.wave == wave)

    def at(
        self, wave: str, step: str, measure: str = "cumulative", *, group: str = "", level: str = ""
    ) -> tuple[Estimate, Estimate]:
        """
        Give a share before and after calibration.

        Parameters
        ----------
        wave, step, measure, group, level : str
            As in `to_frame`.

        Returns
        -------
        before, after : Estimate

        Raises
        ------
        SpecError
            If there is no such estimate.
        """
        if wave not in self.before:
            mend = did_you_mean(wave, list(self.before), f"Waves here: {', '.join(self.before) or 'none'}")
            raise SpecError.at(f"wave '{wave}'", "was not calibrated", mend)
        key = (group, level, step, measure)
        return self.before[wave].at(key), self.after[wave].at(key)

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per wave, group, level, step and measure.

        Returns
        -------
        DataFrame
            Columns wave, platform, group, level, step, measure, n; before, before_error, before_low,
            before_high; after, after_error, after_low, after_high; moved, moved_low, moved_high, moved_p;
            variance_ratio (before over after; infinite where the log leaves no error), n_effective_before
            and n_effective_after (respondents drawn at random who would tell as much), margin_part (share
            of the variance after that the log's own error makes), agrees.
        """
        return pd.concat([self._wave_frame(wave) for wave in self.before], ignore_index=True)

    def _wave_frame(self, wave: str) -> pd.DataFrame:
        before, after, moved = self.before[wave], self.after[wave], self.moved[wave]
        old, new = before.std_error**2, after.std_error**2
        none = new <= 1e-12 * old
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(none, np.inf, old / new)
            sizes = [found.estimate * (1 - found.estimate) / found.std_error**2 for found in (before, after)]
            part = np.where(none, np.nan, self.from_margins[wave] / new)
        columns: dict[str, object] = {"wave": wave, "platform": self.platform}
        columns |= {str(name): before.index.get_level_values(str(name)) for name in before.index.names}
        columns |= {"n": before.n}
        for name, found in (("before", before), ("after", after)):
            columns |= {
                name: found.estimate,
                f"{name}_error": found.std_error,
                f"{name}_low": found.conf_low,
                f"{name}_high": found.conf_high,
            }
        columns |= {
            "moved": [one.estimate for one in moved],
            "moved_low": [one.conf_low for one in moved],
            "moved_high": [one.conf_high for one in moved],
            "moved_p": [one.p_value for one in moved],
            "variance_ratio": ratio,
            "n_effective_before": sizes[0],
            "n_effective_after": np.where(none, np.inf, sizes[1]),
            "margin_part": part,
            "agrees": self.agrees(wave),
        }
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Say each margin beside its survey, a line for each."""
        return "\n".join(
            f"{test.margin.wave}, {test.margin.step}: survey {say_share(test.survey.estimate)}, "
            f"log {say_share(test.margin.share)}, "
            f"{'agree' if test.agrees else 'disagree'} ({say_p(test.difference.p_value)})"
            for test in self.tests
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw each step of everybody before calibration and, just under it, after."""
        rows = self.to_frame().query("group == ''").reset_index(drop=True)
        height = -np.arange(len(rows), dtype=float)
        for name, shift in (("before", 0.0), ("after", -0.25)):
            ax.hlines(height + shift, rows[f"{name}_low"], rows[f"{name}_high"])
            ax.plot(rows[name], height + shift, "o")
        ax.set_yticks(height, [f"{wave}, {step}" for wave, step in zip(rows["wave"], rows["step"], strict=True)])
        return ax


def calibrate_to_log(
    source: Study | Sample | Sequence[Sample], margins: Sequence[LogMargin], *, conf_level: float | None = None
) -> CalibratedFunnel:
    r"""
    Weigh surveys so that they hold as many account holders as a log counts.

    Parameters
    ----------
    source : Study, Sample or sequence of Sample
        Waves; of a study, those that have a margin are read.
    margins : sequence of LogMargin
        Of one platform; several of a wave are met together.
    conf_level : float, optional
        Between 0 and 1; that of the study, or 0.95.

    Returns
    -------
    CalibratedFunnel

    Raises
    ------
    SpecError
        If there is no margin, margins are of several platforms, twice of one share, or of a wave or share
        that the surveys do not have.
    EstimateError
        If no weights meet the margins of a wave, such as where no respondent holds an account.
    StudyError
        As `read_sample`.

    Notes
    -----
    Log and survey need not count the same people, and no test of one against the other can tell a small
    difference from none. Each margin :math:`m`, with its error :math:`\sigma`, is therefore taken for the share
    of the survey only to within a discrepancy: relative to the share, its variance is
    :math:`\tau^2 = \max(d^2, \log(p/m)^2 - s^2 - \sigma^2)`, with `d` as declared and :math:`s` the error of the
    survey's share :math:`p` [2]_. Weights then meet
    :math:`\log p^* = (1 - w)\log p + w \log m` with :math:`w = s^2 / (s^2 + \sigma^2 + \tau^2)`; where `d` is 0,
    they meet the margin itself. They are calibrated by the raking distance [1]_, so that they stay positive: the
    total weight stays, and so do margins that the survey was weighted to before. The variance after it is that of
    the residuals of a regression on the margins, of the part of each share that the survey itself keeps, and

    .. math:: \sum_m (d\theta/dp_m)^2\, w_m^2 (\sigma_m^2 + \tau_m^2).

    References
    ----------
    .. [1] J.-C. Deville and C.-E. Särndal (1992), "Calibration estimators in survey sampling", *Journal of
       the American Statistical Association* 87, 376-382.
    .. [2] R. DerSimonian and N. Laird (1986), "Meta-analysis in clinical trials", *Controlled Clinical Trials* 7,
       177-188.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> known = LogMargin(wave="2009-11", platform="twitter", step="signup", share=0.05, std_error=0.002,
    ...                   discrepancy=0)
    >>> calibrated = calibrate_to_log(study, [known])
    >>> before, after = calibrated.at("2009-11", "signup")
    >>> round(after.estimate, 6), round(after.std_error, 6)
    (0.05, 0.002)
    """
    platform = _check_margins(margins)
    waves = list(dict.fromkeys(margin.wave for margin in margins))
    samples = _samples(source, waves)
    level = conf_level if conf_level is not None else source.study.conf_level if isinstance(source, Study) else 0.95
    notes: list[Note] = []
    found: dict[str, _Wave] = {}
    tests: list[MarginTest] = []
    for wave in waves:
        here = [margin for margin in margins if margin.wave == wave]
        found[wave] = _calibrate(samples[wave], platform, here, level)
        tests += found[wave].tests
        notes += found[wave].notes
    return CalibratedFunnel(
        platform=platform,
        before={wave: one.before for wave, one in found.items()},
        after={wave: one.after for wave, one in found.items()},
        moved={wave: one.moved for wave, one in found.items()},
        from_margins={wave: one.added for wave, one in found.items()},
        tests=tuple(tests),
        conf_level=level,
        notes=tuple({str(note): note for note in notes}.values()),
    )


class _Held(NamedTuple):
    margin: LogMargin
    shares: LevelShares
    above: Floats
    below: Floats


class _Target(NamedTuple):
    """What weights are calibrated to: a margin, moved towards the survey as far as the two may differ."""

    held: _Held
    weight: float
    error: float
    own: Floats


class _Wave(NamedTuple):
    before: Estimates
    after: Estimates
    moved: tuple[Contrast, ...]
    added: Floats
    tests: list[MarginTest]
    notes: list[Note]


def calibrated_design(sample: Sample, margins: Sequence[LogMargin]) -> Design:
    """
    Weigh a wave to the margins of a log.

    Parameters
    ----------
    sample : Sample
        The wave.
    margins : sequence of LogMargin
        Of one platform and this wave.

    Returns
    -------
    Design
        Of the same kind; its variances take the margins as known exactly.

    Raises
    ------
    SpecError, EstimateError
        As `calibrate_to_log`.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> sample = read_sample(study, study.survey[3])
    >>> known = LogMargin(wave="2009-11", platform="twitter", step="signup", share=0.05)
    >>> design = calibrated_design(sample, [known])
    >>> bool(np.isclose(design.weights.sum(), sample.design.weights.sum()))
    True
    """
    return _weighed(sample, margins, _terms(sample, _hold(sample, margins)))


def _weighed(sample: Sample, margins: Sequence[LogMargin], terms: Floats) -> Design:
    frame = pd.DataFrame(terms, columns=[f"term {i}" for i in range(terms.shape[1])])
    totals = sample.design.weights @ terms
    totals[-len(margins) :] = 0.0
    step = Calibrate(dict(zip(frame.columns, totals.tolist(), strict=True)), "raking", tolerance=TOLERANCE)
    try:
        return reweight(sample.design, frame, step)
    except EstimateError as error:
        steps = " and ".join(f"{margin.step} at {say_share(margin.share)}" for margin in margins)
        what = f"no weights give {steps}: {error.problems[0].what}"
        refused = EstimateError.at(
            f"wave '{sample.spec.wave}'", what, "Drop a margin, or the wave: too few respondents hold an account"
        )
        refused.reason = NO_WEIGHTS
        raise refused from None


def _calibrate(sample: Sample, platform: str, margins: list[LogMargin], conf_level: float) -> _Wave:
    measured = _hold(sample, margins)
    tests = [_test(sample, one, conf_level) for one in measured]
    targets = [_target(sample, one, test.survey) for one, test in zip(measured, tests, strict=True)]
    held = [target.held for target in targets]
    terms = _terms(sample, held)
    calibrated = replace(sample, design=_weighed(sample, [one.margin for one in held], terms))
    shares: dict[tuple[str, str, str], LevelShares] = {
        (group, step, measure): share
        for group, levels in groupings(sample).items()
        for (step, measure), share in step_shares(sample, platform, levels).items()
    }
    before, plain = (_estimated(shares, one, conf_level) for one in (sample, calibrated))
    weights = calibrated.design.weights
    influence = np.concatenate([share.statistic.influence(weights) for share in shares.values()], axis=1)
    below = np.concatenate([one.below for one in held], axis=1)
    slopes = margin_slopes(terms, weights, influence, below)
    own = (slopes * np.array([target.error for target in targets])).T
    kept = np.concatenate([target.own for target in targets], axis=1) @ slopes.T
    plain = replace(plain, deviations=plain.deviations + kept)
    after = _with_errors(plain, own, conf_level)
    difference = np.concatenate([plain.deviations - before.deviations, own])
    change = after.estimate - before.estimate
    still = np.abs(change) < ROUNDING
    moved = tuple(
        Contrast.of(float(size), float(variance), float(df), conf_level=conf_level)
        for size, variance, df in zip(
            np.where(still, 0.0, change),
            np.where(still, 0.0, np.square(difference).sum(axis=0)),
            before.df,
            strict=True,
        )
    )
    notes = [] if all(test.agrees for test in tests) else [Note(DISAGREE.message, {"wave": sample.spec.wave})]
    notes += [
        Note(DISCREPANT.message, {"discrepancy": Decimal(str(size))})
        for size in dict.fromkeys(margin.discrepancy for margin in margins if margin.discrepancy > 0)
    ]
    notes += [KEPT] if _kept(sample) else []
    return _Wave(before, after, moved, np.square(own).sum(axis=0), tests, notes)


def _estimated(shares: dict[tuple[str, str, str], LevelShares], sample: Sample, conf_level: float) -> Estimates:
    parts = [share.estimate(sample, conf_level) for share in shares.values()]
    joined = combine(*parts, keys=list(shares), names=["group", "step", "measure"])
    ordered = [(group, level, step, measure) for group, step, measure, level in joined.index]
    index = pd.MultiIndex.from_tuples(ordered, names=["group", "level", "step", "measure"])
    return replace(joined, index=index)


def _with_errors(plain: Estimates, own: Floats, conf_level: float) -> Estimates:
    """Add the margins' errors to the covariance of estimates, and lay out their intervals anew."""
    deviations = np.concatenate([plain.deviations, own])
    error = np.where(np.isnan(plain.std_error), np.nan, np.sqrt(np.square(deviations).sum(axis=0)))
    low, high = logit_limits(plain.estimate, error, plain.df, conf_level)
    certain = np.isin(plain.estimate, (0.0, 1.0))
    return replace(
        plain,
        deviations=deviations,
        std_error=error,
        conf_low=np.where(certain, plain.conf_low, low),
        conf_high=np.where(certain, plain.conf_high, high),
    )


def _target(sample: Sample, held: _Held, survey: Estimate) -> _Target:
    """Move a margin towards the survey, by the precision of each, and tell what is then uncertain about it."""
    margin, estimates = held.margin, held.shares.estimate(sample, survey.conf_level)
    if margin.discrepancy == 0:
        return _Target(held, 1.0, margin.std_error, np.zeros_like(estimates.deviations))
    sampling = (survey.std_error / survey.estimate) ** 2
    counting = (margin.std_error / margin.share) ** 2
    apart = math.log(survey.estimate / margin.share) ** 2
    counting += max(margin.discrepancy**2, apart - sampling - counting)
    weight = sampling / (sampling + counting)
    share = survey.estimate ** (1 - weight) * margin.share**weight
    return _Target(
        held._replace(margin=replace(margin, share=share)),
        weight,
        weight * share * math.sqrt(counting),
        (1 - weight) * share / survey.estimate * estimates.deviations,
    )


def _test(sample: Sample, held: _Held, conf_level: float) -> MarginTest:
    margin = held.margin
    estimates = held.shares.estimate(sample, conf_level)
    survey = estimates.at("")
    parts = [
        Contrast.of(survey.estimate, survey.std_error**2, float(estimates.df[0])),
        Contrast.of(-margin.share, margin.std_error**2 + (margin.discrepancy * margin.share) ** 2, math.inf),
    ]
    difference = add_independent(parts, conf_level=conf_level)
    return MarginTest(
        margin=margin,
        survey=survey,
        difference=difference,
        ratio=_ratio_of(margin, survey, difference.df, conf_level),
        agrees=not difference.p_value < 1 - conf_level,
    )


def _ratio_of(margin: LogMargin, survey: Estimate, df: float, conf_level: float) -> Estimate:
    """Divide log by survey, with an interval on the logarithm."""
    from surveys.core.intervals import student_t

    none = not survey.estimate > 0
    value = math.nan if none else margin.share / survey.estimate
    relative = math.nan if none else math.hypot(margin.std_error / margin.share, survey.std_error / survey.estimate)
    factor = math.exp(float(student_t(df, conf_level)) * relative)
    return Estimate(
        estimate=value,
        std_error=value * relative,
        conf_low=value / factor,
        conf_high=value * factor,
        conf_level=conf_level,
        n=survey.n,
        unit="ratio",
        method="ratio of independent estimates, on the logarithm",
    )


def _shares(sample: Sample, margin: LogMargin) -> LevelShares:
    spec = sample.spec
    place = f"margin '{margin.step}' of wave '{margin.wave}'"
    if margin.platform not in spec.platform:
        mend = did_you_mean(margin.platform, list(spec.platform), f"Platforms here: {', '.join(spec.platform)}")
        raise SpecError.at(place, f"the wave does not ask about platform '{margin.platform}'", mend)
    shares = step_shares(sample, margin.platform, None)
    if (margin.step, margin.measure) not in shares:
        known = ", ".join(f"{step} ({measure})" for step, measure in shares)
        raise SpecError.at(place, f"the wave has no {margin.step} ({margin.measure})", f"It has: {known}")
    return shares[margin.step, margin.measure]


def _hold(sample: Sample, margins: Sequence[LogMargin]) -> list[_Held]:
    """Find the share of each margin in a wave, with its numerator and denominator, each of shape (n_rows, 1)."""
    held = []
    for margin in margins:
        shares = _shares(sample, margin)
        if not isinstance(shares.statistic, Ratio):
            place = f"margin '{margin.step}' of wave '{margin.wave}'"
            mend = "Give the share of those who signed up: measure conversion"
            raise SpecError.at(place, "is a product of shares", mend)
        below = np.asarray(shares.statistic.denominator, float)
        held.append(_Held(margin, shares, shares.statistic.numerator, below))
    return held


def _terms(sample: Sample, held: Sequence[_Held]) -> Floats:
    """Lay out what weights are calibrated on: the total, margins met before, and those of the log last."""
    above, below = (
        np.concatenate(parts, axis=1) for parts in zip(*((one.above, one.below) for one in held), strict=True)
    )
    shares = np.array([one.margin.share for one in held])
    return np.concatenate([np.ones((len(sample), 1)), *_kept(sample), margin_terms(above, below, shares)], axis=1)


def _kept(sample: Sample) -> list[Floats]:
    """Give the terms of margins that the survey was weighted to before."""
    found: list[Floats] = []
    for adjustment in sample.design.adjustments:
        if isinstance(adjustment, PostStratified):
            found.append(adjustment.margin.terms())
        elif isinstance(adjustment, Raked):
            found += [margin.terms() for margin in adjustment.margins]
        elif isinstance(adjustment, Calibrated):
            found.append(adjustment.terms)
    return found


def _check_margins(margins: Sequence[LogMargin]) -> str:
    if not margins:
        raise SpecError.at("calibrate_to_log, margins", "got none", "Give at least one, see count_log_margins")
    problems = []
    platforms = list(dict.fromkeys(margin.platform for margin in margins))
    if len(platforms) > 1:
        what = f"are of several platforms: {', '.join(platforms)}"
        problems.append(Problem("calibrate_to_log, margins", what, "Calibrate each platform by itself"))
    keys = [(margin.wave, margin.step, margin.measure) for margin in margins]
    for wave, step, measure in dict.fromkeys(key for key in keys if keys.count(key) > 1):
        place = f"margin '{step}' of wave '{wave}'"
        problems.append(Problem(place, f"{measure}, is given twice", "Choose one of them"))
    if problems:
        raise SpecError(*problems)
    return platforms[0]


def _samples(source: Study | Sample | Sequence[Sample], waves: list[str]) -> dict[str, Sample]:
    if isinstance(source, Study):
        found = {spec.wave: spec for spec in source.survey}
        _check_waves(waves, list(found))
        return {wave: read_sample(source, found[wave]) for wave in waves}
    samples = {one.spec.wave: one for one in ([source] if isinstance(source, Sample) else source)}
    _check_waves(waves, list(samples))
    return samples


def _check_waves(waves: list[str], known: list[str]) -> None:
    unknown = [wave for wave in waves if wave not in known]
    if unknown:
        mend = did_you_mean(unknown[0], known, f"Waves here: {', '.join(known) or 'none'}")
        raise SpecError.at(f"margin of wave '{unknown[0]}'", "there is no survey of this wave", mend)
