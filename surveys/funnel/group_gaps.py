"""For whom: the two levels of a group that lie farthest apart, with an interval that knows they were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

from surveys.core.errors import SpecError
from surveys.core.results import Estimate
from surveys.core.rounding import say_points, say_share
from surveys.estimates.contrasts import Contrast
from surveys.funnel.funnel import Funnel, Measure
from surveys.study.schema import Step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupGap:
    """
    The levels of a group with the largest and the smallest share.

    Attributes
    ----------
    wave, platform, step, measure, group : str
        Which share, and how respondents are split.
    high, low : str
        The two levels.
    high_share, low_share : Estimate
        Their shares, each with an interval of its own.
    difference : Contrast
        Of the two; its interval and probability allow for the choice among all pairs of levels.
    n_pairs : int
        Pairs they were chosen from, of every group compared.
    """

    wave: str
    platform: str
    step: Step
    measure: Measure
    group: str
    high: str
    low: str
    high_share: Estimate
    low_share: Estimate
    difference: Contrast
    n_pairs: int

    def summary(self) -> str:
        """Say the two shares and their difference in one line of English."""
        gap = self.difference
        return (
            f"{self.high} {say_share(self.high_share.estimate)}, {self.low} {say_share(self.low_share.estimate)}: "
            f"{say_points(gap.estimate, gap.conf_low, gap.conf_high)}, "
            f"chosen among {self.n_pairs} pairs"
        )


def widest_gap(
    funnel: Funnel,
    *,
    wave: str,
    platform: str,
    group: str | Sequence[str],
    step: Step = "signup",
    measure: Measure = "cumulative",
) -> GroupGap:
    r"""
    Find the two levels of a group, or of one of several groups, that lie farthest apart.

    Parameters
    ----------
    funnel : Funnel
        Whose shares are compared, with their covariance.
    wave, platform : str
        Which of its parts.
    group : str or sequence of str
        How respondents are split; of several groups, the one with the widest gap, all their pairs being counted.
    step, measure : str
        Which share.

    Returns
    -------
    GroupGap

    Raises
    ------
    SpecError
        If in no group two levels have an estimate with an interval.

    Notes
    -----
    The pair is chosen by looking, so that an interval for one pair would be too short: the interval is at
    level :math:`1 - \alpha / m` and the probability is multiplied by :math:`m`, the number of pairs [1]_.

    References
    ----------
    .. [1] O. J. Dunn (1961), "Multiple comparisons among means", *Journal of the American Statistical
       Association* 56, 52-64.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> funnel = estimate_funnel(open_example("twitter_france"))
    >>> gap = widest_gap(funnel, wave="2012-10", platform="twitter", group="age")
    >>> gap.high, gap.difference.conf_low > 0
    ('18-24', True)
    """
    groups = (group,) if isinstance(group, str) else tuple(group)
    rows = funnel.to_frame().query(
        "wave == @wave and platform == @platform and step == @step and measure == @measure and std_error > 0"
    )
    levels = {name: list(rows[rows["group"] == name]["level"]) for name in groups}
    compared = [name for name in groups if len(levels[name]) > 1]
    if not compared:
        found = max((len(levels[name]) for name in groups), default=0)
        raise SpecError.at(
            f"wave '{wave}', platform '{platform}', group '{', '.join(groups)}'",
            f"{found} levels with an interval, expected two or more",
            "Compare another group",
        )
    n_pairs = sum(comb(len(levels[name]), 2) for name in compared)
    ends = {}
    for name in compared:
        shares = {level: funnel.at(wave, platform, step, measure, group=name, level=level) for level in levels[name]}
        ranked = sorted(levels[name], key=lambda level: shares[level].estimate, reverse=True)
        ends[name] = (ranked[0], shares[ranked[0]], ranked[-1], shares[ranked[-1]])
    chosen = max(compared, key=lambda name: ends[name][1].estimate - ends[name][3].estimate)
    high, high_share, low, low_share = ends[chosen]
    return GroupGap(
        wave=wave,
        platform=platform,
        step=step,
        measure=measure,
        group=chosen,
        high=high,
        low=low,
        high_share=high_share,
        low_share=low_share,
        difference=_chosen(
            funnel.contrast(
                {(wave, platform, step, measure, chosen, high): 1, (wave, platform, step, measure, chosen, low): -1}
            ),
            n_pairs,
            funnel.conf_level,
        ),
        n_pairs=n_pairs,
    )


def _chosen(contrast: Contrast, n_pairs: int, conf_level: float) -> Contrast:
    wider = Contrast.of(
        contrast.estimate, contrast.std_error**2, contrast.df, conf_level=1 - (1 - conf_level) / n_pairs
    )
    return replace(wider, p_value=min(1.0, n_pairs * wider.p_value), conf_level=conf_level)
