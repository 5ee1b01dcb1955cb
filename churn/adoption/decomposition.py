"""What awareness, sign-up and staying each account for in the difference between two funnels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from churn.adoption._decomposition import Changes, log_gradient, shapley_parts
from churn.adoption._joint import draw_factors
from churn.adoption.joint import JointFunnel, Spread
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import student_t
from surveys.core.results import Estimate, Note
from surveys.estimates.contrasts import effective_df

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARED_STEP = Note("one and the same '{step}' serves both funnels: it is no step of their difference")
QUOTIENT = Note("sign-up per aware person is here the quotient of two shares of the base, so that the parts add up")
DRAWS, SEED = 4000, 1
STEADY = 0.05
"""Below this probability that waves agree, they do not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decomposition:
    """
    What each step accounts for in the difference between two funnels.

    Attributes
    ----------
    first, second : JointFunnel
        From which, to which.
    steps : tuple of str
        Those that both have and that are not one number used twice.
    log_parts : dict of str to Estimate
        Logarithm of second over first, by step; they add up to that of `ratio`. Without unit.
    gaps : dict of str to Estimate
        The part of the step whose part is largest, less that of each other step, on the logarithm.
    parts : dict of str to Estimate
        Points of the difference of the last step's shares, by step, after Shapley; they add up to
        `difference`.
    ratio : Estimate
        Second over first, of the last of the steps.
    difference : Estimate
        Second minus first, in points.
    notes : tuple of Note
        Caveats.
    """

    first: JointFunnel = field(repr=False)
    second: JointFunnel = field(repr=False)
    steps: tuple[str, ...]
    log_parts: dict[str, Estimate]
    gaps: dict[str, Estimate]
    parts: dict[str, Estimate]
    ratio: Estimate
    difference: Estimate
    notes: tuple[Note, ...] = ()

    @property
    def cause(self) -> str | None:
        """
        The step that counts most, or None where the two ends do not differ, or no step stands out.

        It stands out where its part has the sign of the whole, is the largest, and its difference from the part of
        each other step leaves out zero. What moved it is not known.
        """
        stands_out = all(gap.conf_low > 0 or gap.conf_high < 0 for gap in self.gaps.values())
        return self.largest if self.changed and stands_out else None

    @property
    def largest(self) -> str:
        """The step whose part is the largest of those with the sign of the whole, however uncertain."""
        return _largest(self.log_parts)

    @property
    def changed(self) -> bool:
        """Tell whether the two ends differ beyond the uncertainty."""
        return self.ratio.conf_low > 1 or self.ratio.conf_high < 1

    @property
    def ratios(self) -> dict[str, Estimate]:
        """Second over first, by step: their product is `ratio`."""
        return {step: _exponential(part, part.estimate) for step, part in self.log_parts.items()}

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per step and measure.

        Returns
        -------
        DataFrame
            Columns step, measure (`log`, `points`), estimate, std_error, conf_low, conf_high.
            The step `all` is the whole.
        """
        rows = [
            _row(step, measure, estimate)
            for measure, estimates in (
                ("log", self.log_parts),
                ("points", self.parts),
            )
            for step, estimate in estimates.items()
        ]
        return pd.DataFrame([*rows, _row("all", "ratio", self.ratio), _row("all", "points", self.difference)])

    def summary(self) -> str:
        """Say the ratio and the part of each step in one line of English."""
        parts = ", ".join(
            f"{step} {part.estimate:+.1%} [{part.conf_low:+.1%}, {part.conf_high:+.1%}]"
            for step, part in self.parts.items()
        )
        return f"times {self.ratio.estimate:.2f} [{self.ratio.conf_low:.2f}, {self.ratio.conf_high:.2f}]: {parts}"

    def plot(self, ax: Axes) -> Axes:
        """Draw each step's part of the difference as a bar with its interval, the first at the top."""
        height = -np.arange(len(self.steps), dtype=float)
        parts = list(self.parts.values())
        ax.barh(height, [part.estimate for part in parts])
        ax.hlines(height, [part.conf_low for part in parts], [part.conf_high for part in parts], color="black")
        return ax


def decompose(first: JointFunnel, second: JointFunnel) -> Decomposition:
    r"""
    Say what each step accounts for in the difference between two funnels.

    Parameters
    ----------
    first, second : JointFunnel
        Of two waves, platforms, countries or groups.

    Returns
    -------
    Decomposition
        Up to the last step that both have and that is not one number used twice.

    Raises
    ------
    SpecError
        If they share fewer than two steps, have intervals of different levels, or are one and the same.
    EstimateError
        If a step is taken by nobody, or by everybody, in one of the samples.

    Notes
    -----
    The last share is a product, so that :math:`\log(p'/p) = \sum_i \log(f'_i/f_i)` splits exactly. Points are
    shared out after Shapley [1]_: the mean, over all orders in which the factors could have changed, of
    what each change adds. Logarithms have intervals by the delta method; points, which are skewed where few
    people take a step, have percentiles of draws of all factors on the logit. Both know the covariance of
    everything that comes from one sample: steps of one wave, two platforms of one wave. A step that is one
    number used twice, such as one staying curve, is no step: it is left out, and where it comes last the
    funnels are compared up to the step before. The part of a step as a percentage of the whole is not given:
    where the whole is uncertain, no bounded interval of such a ratio holds the truth as often as it says.

    References
    ----------
    .. [1] A. F. Shorrocks (2013), "Decomposition procedures for distributional analysis: a unified
       framework based on the Shapley value", *Journal of Economic Inequality* 11, 99-126.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> waves = example_results().joint
    >>> grown = decompose(waves[0], waves[-1])
    >>> total = sum(part.estimate for part in grown.parts.values())
    >>> abs(total - grown.difference.estimate) < 1e-15
    True
    """
    steps = tuple(a for a, b in zip(first.steps, second.steps, strict=False) if a == b)
    if len(steps) < 2:
        raise SpecError.at("decompose", f"{len(steps)} steps in common, expected two or more", "Join the same steps")
    if first.conf_level != second.conf_level:
        raise SpecError.at(
            "decompose", f"levels {first.conf_level:g} and {second.conf_level:g}", "Use intervals of one level"
        )
    for funnel in (first, second):
        if funnel.has_edge:
            what = f"a step of {funnel.platform}, {funnel.wave} is taken by nobody, or by everybody, in its sample"
            raise EstimateError.at("decompose", what, "Compare funnels in which some people, but not all, take each")
    common = _Delta(first, second, len(steps))
    shared = tuple(step for i, step in enumerate(steps) if common.is_one(i))
    own = [i for i, step in enumerate(steps) if step not in shared]
    if not own:
        raise SpecError.at("decompose", "the two funnels are one and the same", "Compare two that differ")
    delta = common if own[-1] == len(steps) - 1 else _Delta(first, second, own[-1] + 1)
    names, unit = tuple(steps[i] for i in own), np.eye(len(delta))
    log_parts = dict(zip(names, delta.weigh(unit[own]), strict=True))
    most = own[names.index(_largest(log_parts))]
    others = [i for i in own if i != most]
    gaps = delta.weigh(unit[most] - unit[others])
    points = delta.draw(shapley_parts)
    ratio = delta.weigh(np.ones((1, len(delta))))[0]
    return Decomposition(
        first=first,
        second=second,
        steps=names,
        log_parts=log_parts,
        gaps={steps[i]: gap for i, gap in zip(others, gaps, strict=True)},
        parts={steps[i]: points[i] for i in own},
        ratio=_exponential(ratio, ratio.estimate),
        difference=delta.draw(lambda f, s: (s.prod(axis=-1) - f.prod(axis=-1))[..., None])[0],
        notes=(*(Note(SHARED_STEP.message, {"step": step}) for step in shared), QUOTIENT),
    )


def _largest(log_parts: Mapping[str, Estimate]) -> str:
    """Name the step whose part is the largest of those with the sign of their sum."""
    sign = math.copysign(1.0, sum(part.estimate for part in log_parts.values()))
    return max(log_parts, key=lambda step: sign * log_parts[step].estimate)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyRun:
    """
    The longest run of funnels, from the first, in which a step did not move beyond its uncertainty.

    Attributes
    ----------
    step : str
        Which step, as a share of the one before.
    first, last : str
        Waves at its ends.
    n : int
        Funnels in it.
    least, most : Estimate
        Smallest and largest of the step in it.
    p_value : float
        Probability of differences as large, had the step been the same in all of them.
    ended_by : Estimate or None
        The step in the next funnel, which does not fit; None where none follows.
    """

    step: str
    first: str
    last: str
    n: int
    least: Estimate
    most: Estimate
    p_value: float
    ended_by: Estimate | None


def steady_run(funnels: Sequence[JointFunnel], step: str = "signup") -> SteadyRun | None:
    r"""
    Find for how long a step stayed as it was at first.

    Parameters
    ----------
    funnels : sequence of JointFunnel
        In the order of time, of independent samples; a run ends before one in which a step is taken by nobody, or
        by everybody.
    step : str
        Which step, as a share of the one before.

    Returns
    -------
    SteadyRun or None
        None where already the second differs from the first.

    Notes
    -----
    Funnels join the run as long as Cochran's test of one common value does not reject at 5 %:
    :math:`Q = \sum w_i (x_i - \bar x)^2`, chi-squared on :math:`k - 1` degrees of freedom, of the logarithms.

    References
    ----------
    .. [1] W. G. Cochran (1954), "The combination of estimates from different experiments", *Biometrics*
       10, 101-129.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> run = steady_run(example_results().joint)
    >>> run is None or run.p_value >= 0.05
    True
    """
    edge = next((i for i, funnel in enumerate(funnels) if funnel.has_edge or not _varies(funnel, step)), len(funnels))
    shares = [funnel.conditional[step] for funnel in funnels[:edge]]
    n, p_value = 1, 1.0
    for k in range(2, len(shares) + 1):
        together = _homogeneity(shares[:k])
        if together < STEADY:
            break
        n, p_value = k, together
    if n < 2:
        return None
    run = shares[:n]
    return SteadyRun(
        step=step,
        first=funnels[0].wave,
        last=funnels[n - 1].wave,
        n=n,
        least=min(run, key=lambda share: share.estimate),
        most=max(run, key=lambda share: share.estimate),
        p_value=p_value,
        ended_by=shares[n] if n < len(shares) else None,
    )


class _Delta:
    """Intervals of functions of two funnels' factors, with the covariance of all that they share."""

    def __init__(self, first: JointFunnel, second: JointFunnel, k: int) -> None:
        self._before, self._after, self._conf_level = first.factors[:k], second.factors[:k], first.conf_level
        self._sources = [
            (
                np.hstack([_columns(a, b, k), _columns(b, a, k)]),
                min(spread.df for spread in (a, b) if spread is not None),
            )
            for a, b in _samples(first.spreads, second.spreads)
        ]

    def is_one(self, i: int) -> bool:
        """Tell whether a step is one number in both funnels, and moves as one."""
        k = len(self._before)
        return bool(self._before[i] == self._after[i]) and all(
            np.array_equal(rows[:, i], rows[:, k + i]) for rows, _ in self._sources
        )

    def __len__(self) -> int:
        """Give the number of factors of either funnel."""
        return len(self._before)

    def weigh(self, weights: Floats) -> list[Estimate]:
        """Weigh the logarithms of second over first, shape (n, k), with intervals by the delta method."""
        value, variances = self._linearised(lambda f, s: np.asarray(weights @ np.log(s / f)))
        degrees = [df for _, df in self._sources]
        return [
            _interval(float(value[i]), variances[:, i], degrees, "log", self._conf_level) for i in range(len(value))
        ]

    def draw(self, function: Changes) -> list[Estimate]:
        """Give each value, in points, of a function of the factors along the last axis, with percentiles of draws."""
        value, variances = self._linearised(function)
        k = len(self._before)
        drawn = draw_factors(
            np.concatenate([self._before, self._after]), self._sources, size=DRAWS, rng=np.random.default_rng(SEED)
        )
        tail = (1 - self._conf_level) / 2
        low, high = np.quantile(function(drawn[:, :k], drawn[:, k:]), [tail, 1 - tail], axis=0)
        return [
            Estimate(
                estimate=float(value[i]),
                std_error=math.sqrt(float(variances[:, i].sum())),
                conf_low=float(low[i]),
                conf_high=float(high[i]),
                conf_level=self._conf_level,
                n=None,
                unit="points",
                method="parametric draws on the logit, percentiles",
            )
            for i in range(len(value))
        ]

    def _linearised(self, function: Changes) -> tuple[Floats, Floats]:
        """Give the values of a function, and the variance that each source leaves of each."""
        gradient = log_gradient(function, self._before, self._after)
        variances = np.array([np.square(rows @ gradient.T).sum(axis=0) for rows, _ in self._sources])
        return np.asarray(function(self._before, self._after), float), variances


def _samples(first: Sequence[Spread], second: Sequence[Spread]) -> Iterator[tuple[Spread | None, Spread | None]]:
    """Give each sample with what it leaves uncertain about either funnel, None where it is not in one of them."""
    later = list(second)
    for spread in first:
        same = next((other for other in later if spread.shares_sample(other)), None)
        later = [other for other in later if other is not same]
        yield spread, same
    for other in later:
        yield None, other


def _columns(spread: Spread | None, other: Spread | None, k: int) -> Floats:
    if spread is not None:
        return spread.deviations[:, :k]
    return np.zeros((0 if other is None else len(other.deviations), k))


def _interval(value: float, variances: Floats, degrees: Sequence[float], unit: str, conf_level: float) -> Estimate:
    std_error = math.sqrt(float(variances.sum()))
    quantile = float(student_t(effective_df(variances, degrees), conf_level))
    return Estimate(
        estimate=value,
        std_error=std_error,
        conf_low=value - quantile * std_error,
        conf_high=value + quantile * std_error,
        conf_level=conf_level,
        n=None,
        unit=unit,
        method="delta method",
    )


def _exponential(log: Estimate, whole: float) -> Estimate:
    return Estimate(
        estimate=math.exp(whole),
        std_error=math.exp(whole) * log.std_error,
        conf_low=math.exp(log.conf_low),
        conf_high=math.exp(log.conf_high),
        conf_level=log.conf_level,
        unit="ratio",
        method="delta method, on the logarithm",
    )


def _varies(funnel: JointFunnel, step: str) -> bool:
    """Tell whether a share has an error to be weighed by."""
    share = funnel.conditional[step]
    return share.estimate > 0 and share.std_error > 0


def _homogeneity(shares: Sequence[Estimate]) -> float:
    value = np.log([share.estimate for share in shares])
    weight = np.array([(share.estimate / share.std_error) ** 2 for share in shares])
    apart = float(weight @ (value - weight @ value / weight.sum()) ** 2)
    return float(special.chdtrc(len(shares) - 1, apart))


def _row(step: str, measure: str, estimate: Estimate) -> dict[str, str | float]:
    return {
        "step": step,
        "measure": measure,
        "estimate": estimate.estimate,
        "std_error": estimate.std_error,
        "conf_low": estimate.conf_low,
        "conf_high": estimate.conf_high,
    }
