"""Whose staying: people's own, as they recall it, beside that of accounts, and what the choice between them moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churn.adoption.joint import EXACT, JointFunnel, join_steps, product_of_shares
from churn.design_based.recall import RecallCurve
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.intervals import logit_limits, proportion_interval
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share
from surveys.funnel.funnel import Funnel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECALLED = Note("staying is what the respondents recall of their own; it shares one covariance with the other steps")


def join_recall(funnel: Funnel, recall: RecallCurve, *, horizon: float = 30.0) -> JointFunnel:
    r"""
    Join awareness and sign-up with what the same respondents recall of staying.

    Parameters
    ----------
    funnel : Funnel
        Awareness and sign-up, from surveys.
    recall : RecallCurve
        When people say they left, of a wave of the funnel, and of a level of a group or of everybody.
    horizon : float
        Tenure at which staying is read, in days; the end of a band.

    Returns
    -------
    JointFunnel
        Of the wave, platform and level of the recall.

    Raises
    ------
    SpecError
        If the funnel has no such part or nobody has heard of the service; if no band ends at the horizon, or the
        interviews came too early to tell; or if funnel and recall come from samples of different shape.
    EstimateError
        If those who told when they left lie in so few sampling units that there is no degree of freedom.

    Notes
    -----
    Sign-up and staying are told by the same people, so that they are not independent. Both have influence values over
    one sample, whose cross-product is the covariance of all steps: with d the influence of the logarithm of each,
    :math:`var(\log pS) = |d_p + d_S|^2`. A share of 0 or 1 has no influence; its exact interval is carried through.

    Examples
    --------
    >>> from churn.design_based.recall import read_recall
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> study = open_example("twitter_france")
    >>> joint = join_recall(estimate_funnel(study), read_recall(study, "2012-10", "twitter"))
    >>> joint.staying, len(joint.spreads), joint.cumulative["stayed"].summary()
    ('recall', 1, '6.5% [5.4%, 7.7%], n = 1,968')
    """
    stayed = recall.at(horizon)
    if isinstance(stayed, Unavailable):
        raise SpecError.at("horizon", str(stayed), "Choose the end of another band")
    heard = join_steps(
        funnel,
        None,
        platform=recall.platform,
        wave=recall.wave,
        group=recall.group,
        level=recall.level,
        horizon=horizon,
    )
    told = recall.curve.estimates
    place = int(told.index.get_indexer(pd.Index([float(horizon)]))[0])
    (survey,) = heard.spreads
    influence = told.deviations[:, place]
    if len(influence) != len(survey.deviations):
        raise SpecError.at(
            "recall", "is of another sample than the funnel, so that the two share no covariance", "Read both again"
        )
    df = min(survey.df, float(told.df[place]))
    if df < 1:
        raise EstimateError.at("recall", f"{recall.n} answers leave no degree of freedom", "Join a larger group")
    some = 0 < stayed.estimate < 1
    if not some:
        stayed = _exact(stayed, df)
    relative = influence / stayed.estimate if some else np.zeros(len(influence))
    deviations = np.column_stack([survey.deviations, relative])
    return replace(
        heard,
        conditional={**heard.conditional, "stayed": stayed},
        cumulative={**heard.cumulative, "stayed": _carried(heard.cumulative["signup"], stayed, deviations, df)},
        factors=np.append(heard.factors, stayed.estimate),
        spreads=(replace(survey, deviations=deviations, df=df),),
        staying="recall",
        notes=(*heard.notes, RECALLED, *(() if some or EXACT in heard.notes else (EXACT,))),
    )


def _carried(signup: Estimate, stayed: Estimate, deviations: Floats, df: float) -> Estimate:
    """Multiply two shares of one sample, whose influences on the logarithm add up."""
    if not (0 < signup.estimate < 1 and 0 < stayed.estimate < 1):
        return product_of_shares(signup, stayed, df)
    share = signup.estimate * stayed.estimate
    std_error = share * float(np.sqrt(np.square(deviations.sum(axis=1)).sum()))
    low, high = map(float, logit_limits(share, std_error, df, signup.conf_level))
    return Estimate(
        estimate=share,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=signup.conf_level,
        n=signup.n,
        method="linearised product, on the logit",
    )


def _exact(stayed: Estimate, df: float) -> Estimate:
    """Give a share of everybody, or of nobody, its exact interval."""
    low, high, (method,) = proportion_interval(
        [stayed.estimate], [0.0], [df], [float(stayed.n or 0)], conf_level=stayed.conf_level
    )
    return replace(stayed, std_error=0.0, conf_low=float(low[0]), conf_high=float(high[0]), method=str(method))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StayingMeasures:
    """
    One funnel by several measures of staying.

    Attributes
    ----------
    funnels : dict of str to JointFunnel
        By measure: `recall`, `log`. The first is the study's own choice.
    band : Estimate
        Share of the base that signed up and stayed, from the lowest end by any measure to the highest by any:
        sampling and choice together. Its estimate is the first measure's.
    choice : tuple of float
        Least and largest share that the choice of measure alone gives.
    notes : tuple of Note
        Assumptions of each.
    """

    funnels: dict[str, JointFunnel] = field(repr=False)
    band: Estimate
    choice: tuple[float, float]
    notes: tuple[Note, ...] = ()

    @property
    def choice_share(self) -> float:
        """Width of the choice alone over that of the band: near 0 the sample decides, near 1 the choice."""
        width = self.band.conf_high - self.band.conf_low
        return (self.choice[1] - self.choice[0]) / width if width > 0 else 0.0

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per measure, and one for the band.

        Returns
        -------
        DataFrame
            Columns measure, stayed (of those who signed up), estimate, conf_low, conf_high (of the base), n.
        """
        rows = [
            (name, joint.conditional["stayed"].estimate, joint.cumulative["stayed"])
            for name, joint in self.funnels.items()
        ]
        return pd.DataFrame(
            [
                (name, stayed, share.estimate, share.conf_low, share.conf_high, share.n)
                for name, stayed, share in [*rows, ("any of them", np.nan, self.band)]
            ],
            columns=["measure", "stayed", "estimate", "conf_low", "conf_high", "n"],
        )

    def summary(self) -> str:
        """Say the band in one line of English."""
        low, high = self.choice
        return f"{self.band.summary()}; by the choice of measure alone {say_share(low)} to {say_share(high)}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the share by each measure on its interval, the first at the top."""
        height = -np.arange(len(self.funnels), dtype=float)
        shares = [joint.cumulative["stayed"] for joint in self.funnels.values()]
        ax.hlines(height, [share.conf_low for share in shares], [share.conf_high for share in shares])
        ax.plot([share.estimate for share in shares], height, "o")
        return ax


def compare_measures(funnels: Sequence[JointFunnel]) -> StayingMeasures:
    """
    Set one funnel side by side by several measures of staying.

    Parameters
    ----------
    funnels : sequence of JointFunnel
        Of one platform, wave and level, each with another `staying`; the study's own choice first.

    Returns
    -------
    StayingMeasures

    Raises
    ------
    SpecError
        If there are not two, or they are not of one part of one funnel.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> measures = example_results().adoption.measures
    >>> list(measures.funnels)
    ['recall', 'log']
    """
    named = {joint.staying: joint for joint in funnels if "stayed" in joint.steps}
    parts = {(joint.platform, joint.wave, joint.group, joint.level, joint.horizon) for joint in funnels}
    if len(named) < 2 or len(parts) != 1:
        raise SpecError.at(
            "compare_measures", "expected one funnel by two measures of staying or more", "Join it by recall and by log"
        )
    shares = [joint.cumulative["stayed"] for joint in named.values()]
    return StayingMeasures(
        funnels={str(name): joint for name, joint in named.items()},
        band=replace(
            shares[0],
            conf_low=min(share.conf_low for share in shares),
            conf_high=max(share.conf_high for share in shares),
            method="span of measures of staying",
        ),
        choice=(min(share.estimate for share in shares), max(share.estimate for share in shares)),
        notes=tuple(dict.fromkeys(note for joint in named.values() for note in joint.notes)),
    )
