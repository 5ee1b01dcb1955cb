"""Published shares of messages: of the most active, of conversation; and of accounts that never wrote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from surveys.core.results import Estimate
from surveys.published.concentration_bounds import top_share_bounds
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.study.schema import Study

TOP = re.compile(r"top (\d+(?:\.\d+)?)\s?% of (?P<active>active )?(?:accounts|users)")
CONVERSATION = ("conversational", "conversation", "dialogue", "replies")
SAID_BY_PRESS = "press_claim"

Base = Literal["accounts", "active"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopShare:
    """
    The share of messages that the most active accounts write, as somebody printed it.

    Attributes
    ----------
    top : float
        Share of the accounts.
    base : {'accounts', 'active'}
        Of all accounts, or of those that wrote.
    figure : PublishedFigure
    """

    top: float
    base: Base
    figure: PublishedFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class TopShareBounds:
    """What the top shares of one publisher, of one base, allow the share of another top group to be."""

    publisher: str
    date: str
    base: Base
    low: float
    high: float

    def interval(self) -> Estimate:
        """Give the bounds as an interval, which allows for no sampling."""
        return Estimate(
            estimate=(self.low + self.high) / 2,
            std_error=math.nan,
            conf_low=self.low,
            conf_high=self.high,
            n=None,
            method="bounds of a concave concentration curve",
        )


def top_shares(published: PublishedFigures, study: Study) -> tuple[TopShare, ...]:
    """
    Find what was published of the most active accounts of the service whose usage is known.

    Parameters
    ----------
    published : PublishedFigures
        Figures of `share_of_messages`, whose subgroup says of whom, as in `top 2.2% of accounts`.
    study : Study
        Names the service.

    Returns
    -------
    tuple of TopShare
        In the order of the file, without sentences of the press.

    Examples
    --------
    >>> TOP.fullmatch("top 2.2% of accounts")[1]
    '2.2'
    """
    found = []
    for figure in _of_service(published, study, "share_of_messages"):
        told = TOP.fullmatch(figure.subgroup.strip())
        if told:
            base: Base = "active" if told["active"] else "accounts"
            found.append(TopShare(top=float(told[1]) / 100, base=base, figure=figure))
    return tuple(found)


def bounds_of_tops(shares: tuple[TopShare, ...], top: float) -> tuple[TopShareBounds, ...]:
    """
    Bound the share of one top group by what each publisher says of others.

    Parameters
    ----------
    shares : tuple of TopShare
        As `top_shares` gives them.
    top : float
        Share of accounts asked about.

    Returns
    -------
    tuple of TopShareBounds
        One for each publisher, date and base, in the order of the file.

    Examples
    --------
    >>> bounds_of_tops((), 0.2)
    ()
    """
    sources = dict.fromkeys((share.figure.publisher, share.figure.date, share.base) for share in shares)
    found = []
    for publisher, date, base in sources:
        points = [
            (share.top, share.figure.value)
            for share in shares
            if (share.figure.publisher, share.figure.date, share.base) == (publisher, date, base)
        ]
        low, high = top_share_bounds(top, points)
        found.append(TopShareBounds(publisher=publisher, date=date, base=base, low=low, high=high))
    return tuple(found)


def conversation_shares(published: PublishedFigures, study: Study) -> tuple[PublishedFigure, ...]:
    """
    Find what was published of how many messages are conversation, by whatever definition.

    Parameters
    ----------
    published : PublishedFigures
        Figures of `share_of_messages` with a subgroup such as `conversational`.
    study : Study
        Names the service.

    Returns
    -------
    tuple of PublishedFigure
        In the order of the file, without sentences of the press.
    """
    figures = _of_service(published, study, "share_of_messages")
    return tuple(figure for figure in figures if figure.subgroup.strip() in CONVERSATION)


def silent_shares(published: PublishedFigures, study: Study) -> tuple[PublishedFigure, ...]:
    """
    Find what was published of how many accounts never wrote.

    Parameters
    ----------
    published : PublishedFigures
        Figures of `never_posted`.
    study : Study
        Names the service.

    Returns
    -------
    tuple of PublishedFigure
        In rising order, without sentences of the press and without shares of people, not of accounts.
    """
    figures = (figure for figure in _of_service(published, study, "never_posted") if "accounts" in figure.base)
    return tuple(sorted(figures, key=lambda figure: figure.value))


def _of_service(published: PublishedFigures, study: Study, measure: str) -> Iterator[PublishedFigure]:
    platform = None if study.usage is None else study.usage.platform
    entity = None if study.published is None or platform is None else study.published.platform.get(platform)
    for figure in (published[identifier] for identifier in published):
        wanted = (figure.entity, figure.measure, figure.unit) == (entity, measure, "share")
        if wanted and figure.kind != SAID_BY_PRESS:
            yield figure
