"""Simulated messages with known truth: to whom each is written, and how many answer one received."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn.network.planted import _draws as draw
from surveys.core.errors import Problem, SpecError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedMessages:
    """
    A log of messages with the truth it was drawn from.

    Attributes
    ----------
    events : DataFrame
        The events given, each with its `recipient`, an account that had signed up before, or None where
        the message was to nobody in particular.
    truth : DataFrame
        One row per `measure` and `how`, with its `value`. Measures: `addressed`, share of the messages
        that are to somebody; `dialogue`, share of all messages that answer, that is before which the last
        message between the two went the other way; `dialogue_addressed`, the same of the addressed ones;
        `mutual`, share of the pairs with messages between them in which both wrote. How: `planted`;
        `expected`, the mean of the chances that the messages had when they were written; `recounted`.
    """

    events: pd.DataFrame
    truth: pd.DataFrame


def simulate_messages(
    events: pd.DataFrame, *, seed: int, addressed: float = 0.38, answering: float = 0.5, familiar: float = 0.4
) -> SimulatedMessages:
    """
    Say to whom each event of a log was written.

    Parameters
    ----------
    events : DataFrame
        Columns `account` and `time`, in order of time, as `churn.simulation.study.simulate_events` gives them.
    seed : int
        Seed of the PCG64 generator.
    addressed : float, optional
        Share of the messages that are to somebody.
    answering : float, optional
        Share of the addressed messages that answer the latest one that waits for an answer, when one does.
    familiar : float, optional
        Share of the other addressed messages that go to an account written to before.

    Returns
    -------
    SimulatedMessages
        The log with recipients, and the truth.

    Raises
    ------
    SpecError
        If a share is not between 0 and 1, or the events are not in order of time.

    Notes
    -----
    Messages are drawn one after the other. Who is neither answered nor known is picked among those who wrote
    or were written to in the last thousand or so entries, so that the busy are written to more often. Nobody
    starts anew with somebody whose message waits: a message answers only when it was drawn to, and the sum of the
    chances to do so is what the number of answers should be.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from churn.simulation.study import simulate_events
    >>> log = simulate_events(n_accounts=200, seed=1, end=datetime(2014, 1, 1, tzinfo=UTC))
    >>> simulate_messages(log.events, seed=2).truth["measure"].unique().tolist()
    ['addressed', 'dialogue', 'dialogue_addressed', 'mutual']
    """
    problems = _message_problems(events, {"addressed": addressed, "answering": answering, "familiar": familiar})
    if problems:
        raise SpecError(*problems)
    rng = np.random.Generator(np.random.PCG64(seed))
    sender, names = pd.factorize(events["account"])
    recipient, chance = draw.draw_recipients(rng, sender, addressed=addressed, answering=answering, familiar=familiar)
    to = np.array([None if place == draw.NOBODY else names[place] for place in recipient], dtype=object)
    spoken = float(np.mean(recipient != draw.NOBODY))
    answers = draw.count_answers(sender, recipient) / len(sender)
    truth = draw.lay_out_truth(
        ("addressed", "planted", addressed),
        ("addressed", "recounted", spoken),
        ("dialogue", "expected", chance.mean()),
        ("dialogue", "recounted", answers),
        ("dialogue_addressed", "expected", chance.mean() / addressed if addressed else np.nan),
        ("dialogue_addressed", "recounted", answers / spoken if spoken else np.nan),
        ("mutual", "recounted", draw.mutual_share(sender, recipient)),
    )
    return SimulatedMessages(events=events.assign(recipient=to), truth=truth)


def _message_problems(events: pd.DataFrame, shares: dict[str, float]) -> list[Problem]:
    problems = [
        Problem("simulate_messages", f"{name} is {share}, expected a share between 0 and 1", "Give a share")
        for name, share in shares.items()
        if not 0 <= share <= 1
    ]
    if not events["time"].is_monotonic_increasing:
        problems.append(Problem("simulate_messages, events", "not in order of time", "Sort them by time"))
    return problems
