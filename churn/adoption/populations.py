"""A share in numbers of people, on every denominator that somebody might choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Note
from surveys.study.schema import Population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAME_BEHAVIOUR = Note("whoever the survey did not ask is taken to behave as those whom it asked")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeopleCounts:
    """
    One share on several denominators.

    Attributes
    ----------
    share : Estimate
        Of the survey's base.
    people : dict of str to Estimate
        People, by denominator: the interval is that of the share, widened by the rounding of the size.
    sizes : dict of str to float
        People each denominator counts, with access where only those are counted.
    band : Estimate
        From the lowest end on any denominator to the highest on any: sampling and choice together. Its
        estimate is the first denominator's.
    choice : tuple of float
        Fewest and most people that the choice of denominator alone gives.
    notes : tuple of Note
        What multiplying assumes.
    """

    share: Estimate
    people: dict[str, Estimate]
    sizes: dict[str, float]
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
        Give one row per denominator, and one for the band.

        Returns
        -------
        DataFrame
            Columns denominator, size, estimate, conf_low, conf_high, n.
        """
        rows = [
            {"denominator": name, "size": self.sizes.get(name, np.nan), **_columns(estimate)}
            for name, estimate in (*self.people.items(), ("any of them", self.band))
        ]
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Say the band in one line of English."""
        low, high = self.choice
        return f"{self.band.summary()}; by the choice of denominator alone {low:,.0f} to {high:,.0f}"

    def plot(self, ax: Axes) -> Axes:
        """Draw people on each denominator on its interval, the first at the top."""
        height = -np.arange(len(self.people), dtype=float)
        people = list(self.people.values())
        ax.hlines(height, [each.conf_low for each in people], [each.conf_high for each in people])
        ax.plot([each.estimate for each in people], height, "o")
        return ax


def count_people(share: Estimate, denominators: Mapping[str, Population]) -> PeopleCounts:
    """
    Multiply a share by each population that it might be of.

    Parameters
    ----------
    share : Estimate
        Of the survey's base, between 0 and 1.
    denominators : mapping of str to Population
        The first is the one that fits best.

    Returns
    -------
    PeopleCounts

    Raises
    ------
    SpecError
        If there is no denominator.

    Examples
    --------
    >>> share = Estimate(estimate=0.05, std_error=0.007, conf_low=0.04, conf_high=0.065, n=1002, method="Wilson")
    >>> web = Population(size=34.7e6, half_unit=5e4, label="web users aged 11 and over", source="Médiamétrie")
    >>> print(count_people(share, {"web": web, "press": web.model_copy(update={"size": 38e6})}).summary())
    1,735,000 [1,386,000, 2,473,250], n = 1,002; by the choice of denominator alone 1,735,000 to 1,900,000
    """
    if not denominators:
        raise SpecError.at("count_people", "no denominator", "Name a population of the study")
    people, sizes = {}, {}
    for name, population in denominators.items():
        sizes[name] = population.size * population.access
        low, high = ((population.size + sign * population.half_unit) * population.access for sign in (-1, 1))
        people[name] = replace(
            share,
            estimate=share.estimate * sizes[name],
            std_error=share.std_error * sizes[name],
            conf_low=share.conf_low * low,
            conf_high=share.conf_high * high,
            unit="people",
        )
    counts = [each.estimate for each in people.values()]
    first = next(iter(people.values()))
    return PeopleCounts(
        share=share,
        people=people,
        sizes=sizes,
        band=replace(
            first,
            conf_low=min(each.conf_low for each in people.values()),
            conf_high=max(each.conf_high for each in people.values()),
            method="span of denominators",
        ),
        choice=(min(counts), max(counts)),
        notes=(SAME_BEHAVIOUR,),
    )


def _columns(estimate: Estimate) -> dict[str, float | int | None]:
    return {
        "estimate": estimate.estimate,
        "conf_low": estimate.conf_low,
        "conf_high": estimate.conf_high,
        "n": estimate.n,
    }
