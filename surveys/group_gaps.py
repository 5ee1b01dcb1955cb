"""For whom: the two levels of a group that lie farthest apart, with an interval that knows they were chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from surveys.contrasts import Contrast
from surveys.errors import SpecError
from surveys.funnel import Funnel, Measure
from surveys.results import Estimate
from surveys.rounding import say_points, say_share
from surveys.study import Step


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
        Pairs they were chosen from.
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
    funnel: Funnel, *, wave: str, platform: str, group: str, step: Step = "signup", measure: Measure = "cumulative"
) -> GroupGap:
    r"""
    Find the two levels of a group that lie farthest apart.

    Parameters
    ----------
    funnel : Funnel
        Whose shares are compared, with their covariance.
    wave, platform, group : str
        Which of its parts.
    step, measure : str
        Which share.

    Returns
    -------
    GroupGap

    Raises
    ------
    SpecError
        If fewer than two levels have an estimate with an interval.

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
    >>> from surveys.funnel import estimate_funnel
    >>> funnel = estimate_funnel(open_example("twitter_france"))
    >>> gap = widest_gap(funnel, wave="2012-10", platform="twitter", group="age")
    >>> gap.high, gap.difference.conf_low > 0
    ('18-24', True)
    """
    rows = funnel.to_frame().query(
        "wave == @wave and platform == @platform and group == @group and step == @step and measure == @measure"
    )
    levels = list(rows[rows["std_error"] > 0]["level"])
    if len(levels) < 2:
        raise SpecError.at(
            f"wave '{wave}', platform '{platform}', group '{group}'",
            f"{len(levels)} levels with an interval, expected two or more",
            "Compare another group",
        )
    shares = {level: funnel.at(wave, platform, step, measure, group=group, level=level) for level in levels}
    ranked = sorted(levels, key=lambda level: shares[level].estimate, reverse=True)
    high, low = ranked[0], ranked[-1]
    n_pairs = len(list(combinations(levels, 2)))
    return GroupGap(
        wave=wave,
        platform=platform,
        step=step,
        measure=measure,
        group=group,
        high=high,
        low=low,
        high_share=shares[high],
        low_share=shares[low],
        difference=_chosen(
            funnel.contrast(
                {(wave, platform, step, measure, group, high): 1, (wave, platform, step, measure, group, low): -1}
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
