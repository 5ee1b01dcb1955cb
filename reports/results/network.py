"""What the messages of one platform say: who writes, who answers, and who leaves by how many they follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from churn.network.concentration import Concentration, lorenz, measure_concentration, never_posted
from churn.network.dialogue import Dialogue, measure_dialogue
from churn.network.followed import count_silent, read_following
from churn.network.following import FollowingDropout, measure_following, read_following_tenures
from churn.network.messages import Messages, read_messages
from churn.usage.log import read_activity
from reports.results.staying import StayingResults
from surveys.core.attempts import attempt
from surveys.core.results import Estimate, Unavailable
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.published.message_shares import (
    TopShare,
    TopShareBounds,
    bounds_of_tops,
    conversation_shares,
    silent_shares,
    top_shares,
)
from surveys.study.schema import Study

TOP = 0.20

Known = Literal["following", "messages"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConcentrationResults:
    """
    How unevenly messages are spread.

    Attributes
    ----------
    accounts : Concentration
        Over all accounts known, those that never wrote among them.
    active : Concentration
        Over those that wrote.
    exchanged : Concentration or None
        Of messages sent to others or received from them, over all accounts known; None without recipients.
    never_posted : Estimate
        Share of all accounts known that never wrote.
    known : {'following', 'messages'}
        How accounts are known that never wrote: from the file of numbers followed, or as recipients.
    published : tuple of TopShare
        What others printed of the most active.
    bounds : tuple of TopShareBounds
        What that allows the share of the top fifth to be.
    silent : tuple of PublishedFigure
        What others printed of accounts that never wrote, in rising order.
    """

    accounts: Concentration
    active: Concentration
    exchanged: Concentration | None
    never_posted: Estimate
    known: Known
    published: tuple[TopShare, ...]
    bounds: tuple[TopShareBounds, ...]
    silent: tuple[PublishedFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkResults:
    """
    What the part on the network shows.

    Attributes
    ----------
    concentration : ConcentrationResults or None
        None for a table of accounts.
    messages : Messages or None
    dialogue : Dialogue or None
        None where the log names no recipient.
    conversations : tuple of PublishedFigure
        Shares of messages that are conversation, as others defined and printed them.
    following : FollowingDropout or None
        None where accounts cannot be told apart by whom they follow.
    why_no_following : Unavailable or None
        Why dropout by the number of accounts followed cannot be had, where it was asked for.
    """

    concentration: ConcentrationResults | None
    messages: Messages | None
    dialogue: Dialogue | None
    conversations: tuple[PublishedFigure, ...]
    following: FollowingDropout | None
    why_no_following: Unavailable | None = None

    def named(self) -> dict[str, Estimate | Unavailable]:
        """
        Give the estimates by their names in the ledger.

        Returns
        -------
        dict of str to Estimate or Unavailable
            Those of `NETWORK` that the study has data for, then dropout by the number of accounts followed.
        """
        found = {name: estimate for name, measure in NETWORK.items() if (estimate := measure(self)) is not None}
        classes = () if self.following is None else self.following.classes
        return found | {f"following.class.{group.low}": group.dropout for group in classes}


Measured = Estimate | Unavailable | None


def _of_dialogue(name: str) -> Callable[[NetworkResults], Measured]:
    return lambda found: None if found.dialogue is None else getattr(found.dialogue, name)


def _of_concentration(base: str, name: str) -> Callable[[NetworkResults], Measured]:
    def measure(found: NetworkResults) -> Measured:
        measured = None if found.concentration is None else getattr(found.concentration, base)
        return None if measured is None else getattr(measured, name)

    return measure


def _of_following(name: str) -> Callable[[NetworkResults], Measured]:
    return lambda found: None if found.following is None else getattr(found.following, name)


NETWORK: Mapping[str, Callable[[NetworkResults], Measured]] = {
    "network.dialogue": _of_dialogue("answers"),
    "network.dialogue.addressed": _of_dialogue("answers_addressed"),
    "network.addressed": _of_dialogue("addressed"),
    "network.mutual": _of_dialogue("mutual"),
    "network.reciprocated": _of_dialogue("reciprocated"),
    **{f"network.gini.{base}": _of_concentration(base, "gini") for base in ("accounts", "active", "exchanged")},
    **{f"network.top20.{base}": _of_concentration(base, "top_share") for base in ("accounts", "active", "exchanged")},
    "network.never_posted": lambda found: None if found.concentration is None else found.concentration.never_posted,
    **{f"following.{name}": _of_following(name) for name in ("few", "many", "ratio")},
}
"""Results by their names in the ledger, each with where it is found; None where the study has no data for it."""


def compute_network(
    study: Study, staying: StayingResults | None, published: PublishedFigures | None = None
) -> NetworkResults | None:
    """
    Compute what the part on the network shows.

    Parameters
    ----------
    study : Study
        With or without recipients of messages and numbers followed.
    staying : StayingResults or None
        Its usage.
    published : PublishedFigures, optional
        Figures to stand beside.

    Returns
    -------
    NetworkResults or None
        None where the study says neither to whom messages go nor how many accounts each follows.

    Raises
    ------
    StudyError
        If the log or the file of numbers followed cannot be used as they are.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> compute_network(open_example("twitter_france"), None).following.summary()
    'up to 20: 73.8% gone, 100 or more: 35.0%; ratio 2.11 [1.93, 2.31]'
    """
    usage = study.usage
    if usage is None or (usage.recipient is None and usage.following is None):
        return None
    conf_level = study.study.conf_level
    messages = None if usage.recipient is None else read_messages(study)
    following = None if usage.following is None else read_following(study)
    found = None if usage.recipient is None and following is None else _following(study, staying, conf_level)
    return NetworkResults(
        concentration=None
        if usage.events is None
        else _concentration(study, staying, messages, following, published, conf_level),
        messages=messages,
        dialogue=None if messages is None else measure_dialogue(messages, conf_level=conf_level),
        conversations=() if published is None else conversation_shares(published, study),
        following=found if isinstance(found, FollowingDropout) else None,
        why_no_following=found if isinstance(found, Unavailable) else None,
    )


def _concentration(
    study: Study,
    staying: StayingResults | None,
    messages: Messages | None,
    following: pd.DataFrame | None,
    published: PublishedFigures | None,
    conf_level: float,
) -> ConcentrationResults:
    accounts, sent = _senders(study, staying, messages)
    silent = 0 if following is None else count_silent(accounts, following)
    exchanged = None if messages is None else messages.exchanged()
    shares = () if published is None else top_shares(published, study)
    return ConcentrationResults(
        accounts=measure_concentration(lorenz(sent, silent=silent), top=TOP, conf_level=conf_level),
        active=measure_concentration(lorenz(sent[sent > 0]), top=TOP, conf_level=conf_level),
        exchanged=None
        if exchanged is None or not exchanged.any()
        else measure_concentration(lorenz(exchanged, silent=silent), top=TOP, conf_level=conf_level),
        never_posted=never_posted(sent.tolist(), silent=silent, conf_level=conf_level),
        known="messages" if following is None else "following",
        published=shares,
        bounds=bounds_of_tops(shares, TOP),
        silent=() if published is None else silent_shares(published, study),
    )


def _senders(
    study: Study, staying: StayingResults | None, messages: Messages | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Name the accounts of the log, and count what each sent."""
    assert study.usage is not None
    if messages is not None:
        given = study.usage.account
        name = given if isinstance(given, str) else given[0]
        return messages.accounts[["account"]].rename(columns={"account": name}), messages.accounts["sent"].to_numpy()
    activity = read_activity(study) if staying is None or staying.activity is None else staying.activity.log
    return activity.accounts, activity.n_events_of


def _following(study: Study, staying: StayingResults | None, conf_level: float) -> FollowingDropout | Unavailable:
    assert study.usage is not None
    log = None if staying is None or staying.activity is None else staying.activity.log
    horizon = study.usage.horizon
    return attempt(
        lambda: measure_following(read_following_tenures(study, source=log), horizon=horizon, conf_level=conf_level)
    )
