"""Draws and counts behind simulated messages and numbers of accounts followed, on arrays."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr

from churn.simulation.draws import DAY_SECONDS, draw_kinds, draw_lifetimes, draw_signups
from surveys.core.arrays import Floats, Ints

NOBODY = -1
_CROWD = 1000
_TRIES = 20


def draw_followed(rng: np.random.Generator, medians: Floats, spread: float) -> Ints:
    """Draw how many accounts each follows: log-normal around its median, rounded down."""
    drawn = np.exp(np.log(medians) + spread * rng.standard_normal(len(medians)))
    return np.asarray(np.floor(drawn), dtype=np.int64)


def chance_of_following(medians: Floats, spread: float, fewest: int, most: float) -> Floats:
    """Probability of following from `fewest` to `most` accounts, elementwise."""
    below, within = (
        ndtr((np.log(bound) - np.log(medians)) / spread) if bound > 0 else np.zeros_like(medians)
        for bound in (fewest, most + 1)
    )
    return np.asarray(within - below)


def draw_recipients(
    rng: np.random.Generator, sender: Ints, *, addressed: float, answering: float, familiar: float
) -> tuple[Ints, Floats]:
    """
    Decide to whom each message goes, in the order given, and the chance it had of answering one received.

    Whoever is written to answers the latest message that waits for an answer, or else writes to an account
    written to before, or to one that wrote or was written to lately. Nobody starts a new exchange with an
    account whose message waits, so a message answers only when it was drawn to.
    """
    speaks, answers, returns = (rng.random(len(sender)) for _ in range(3))
    picks = rng.random((len(sender), _TRIES))
    recipient = np.full(len(sender), NOBODY, dtype=np.int64)
    chance = np.zeros(len(sender))
    waiting: dict[int, dict[int, None]] = defaultdict(dict)
    contacts: dict[int, list[int]] = defaultdict(list)
    seen: list[int] = []
    for i, account in enumerate(sender.tolist()):
        letters = waiting[account]
        chance[i] = addressed * answering if letters else 0.0
        to = NOBODY
        if speaks[i] < addressed and letters and answers[i] < answering:
            to, _ = letters.popitem()
        elif speaks[i] < addressed:
            known = contacts[account] if returns[i] < familiar else []
            to = _pick(picks[i], known, seen, {account, *letters})
        if to != NOBODY:
            waiting[to].pop(account, None)
            waiting[to][account] = None
            contacts[account].append(to)
            seen.append(to)
            recipient[i] = to
        seen.append(account)
    return recipient, chance


def _pick(chances: Floats, known: Sequence[int], seen: Sequence[int], but: set[int]) -> int:
    """Pick one of the accounts known, at first, or of the crowd that was seen last; nobody if none will do."""
    crowd = seen[-_CROWD:]
    for attempt, chance in enumerate(chances.tolist()):
        among = known if known and attempt < _TRIES // 2 else crowd
        if among and (found := among[int(chance * len(among))]) not in but:
            return found
    return NOBODY


def count_answers(sender: Ints, recipient: Ints) -> int:
    """Count messages a to b before which the last one between the two went from b to a."""
    last: dict[tuple[int, int], int] = {}
    answers = 0
    for a, b in zip(sender.tolist(), recipient.tolist(), strict=True):
        if b != NOBODY:
            pair = (min(a, b), max(a, b))
            answers += last.get(pair) == b
            last[pair] = a
    return answers


def mutual_share(sender: Ints, recipient: Ints) -> float:
    """Share of the pairs with messages between them in which both wrote to the other."""
    written = {(a, b) for a, b in zip(sender.tolist(), recipient.tolist(), strict=True) if b != NOBODY}
    pairs = {(min(pair), max(pair)) for pair in written}
    return sum((a, b) in written and (b, a) in written for a, b in pairs) / len(pairs) if pairs else math.nan


def draw_message_counts(
    rng: np.random.Generator,
    n: int,
    *,
    end: float,
    knots: Sequence[float],
    growth: Sequence[float],
    shares: Sequence[float],
    means: Sequence[float],
    rate_mean: float,
    rate_shape: float,
) -> Ints:
    """Draw how many messages each of `n` accounts writes until `end` (seconds), the one at sign-up among them."""
    opened = draw_signups(rng, knots, growth, n)
    lasts = draw_lifetimes(rng, draw_kinds(rng, shares, n), means)
    rates = rng.gamma(rate_shape, rate_mean / rate_shape, n)
    return np.asarray(1 + rng.poisson(rates * np.minimum(lasts, (end - opened) / DAY_SECONDS)), dtype=np.int64)


def lay_out_truth(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Lay out measure, how it is known, and its value."""
    return pd.DataFrame(rows, columns=["measure", "how", "value"]).astype({"value": float})
