"""Who answers: the share of messages that answer one received, of ties that are mutual, and how long answers take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churn.network.messages import Messages
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats
from surveys.core.intervals import proportion_interval
from surveys.core.results import Estimate, Note, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Estimate | Unavailable

METHOD = "logit, dyadic-robust"
DEPENDENT = Note(
    "messages that share a sender, a recipient or a tie depend on each other, and the interval allows for it"
)
NONE_ADDRESSED = Note("no message is addressed to another account")
NO_ANSWER = Note("no message answers another")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialogue:
    """
    How much of what is written is dialogue.

    Attributes
    ----------
    answers : Estimate or Unavailable
        Share of all messages that answer one received.
    answers_addressed : Estimate or Unavailable
        The same, of the messages addressed to another account.
    addressed : Estimate or Unavailable
        Share of all messages that are addressed to another account.
    mutual : Estimate or Unavailable
        Share of the ties in which both accounts wrote; a tie is counted once, whoever wrote.
    reciprocated : Estimate or Unavailable
        Share of the ordered pairs, one writing to the other, that are returned, as SNAP and KONECT count: each mutual
        tie counts twice.
    median_wait : float or Unavailable
        Time by which half of the answers had come, in `wait_unit`, to the whole one begun.
    wait_unit : str
    n_messages, n_addressed, n_ties, n_edges : int
        Bases.
    notes : tuple of Note
        Caveats.
    """

    answers: Estimate | Unavailable
    answers_addressed: Estimate | Unavailable
    addressed: Estimate | Unavailable
    mutual: Estimate | Unavailable
    reciprocated: Estimate | Unavailable
    median_wait: float | Unavailable
    wait_unit: str
    n_messages: int
    n_addressed: int
    n_ties: int
    n_edges: int
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each share: `measure`, `estimate`, `std_error`, `conf_low`, `conf_high`, `n`."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "n")
        measures = ("answers", "answers_addressed", "addressed", "mutual", "reciprocated")
        found = {measure: getattr(self, measure) for measure in measures}
        return pd.DataFrame(
            [
                {"measure": measure} | {name: getattr(value, name) for name in names}
                for measure, value in found.items()
                if isinstance(value, Estimate)
            ],
            columns=["measure", *names],
        )

    def summary(self) -> str:
        """Say how much is dialogue, in one line of English."""
        answers, mutual = (
            value.summary() if isinstance(value, Estimate) else str(value) for value in (self.answers, self.mutual)
        )
        return f"answers: {answers}; mutual ties: {mutual}"

    def plot(self, ax: Axes) -> Axes:
        """Draw each share with its interval, the first at the top."""
        frame = self.to_frame()
        place = -np.arange(len(frame), dtype=float)
        ax.hlines(place, frame["conf_low"], frame["conf_high"])
        ax.plot(frame["estimate"].to_numpy(), place, "o")
        return ax


def measure_dialogue(messages: Messages, *, conf_level: float = 0.95) -> Dialogue:
    r"""
    Estimate how much of what is written is dialogue.

    Parameters
    ----------
    messages : Messages
        Counts by account and by tie.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Dialogue

    Raises
    ------
    SpecError
        If `conf_level` is not between 0 and 1.

    Notes
    -----
    Each share is a ratio of sums, :math:`p = \sum a / \sum m`, over ties and, for messages to nobody, over their
    senders. Messages depend on each other when they share an account on either side, so the variance is the one that
    is robust to dyadic dependence [1]_: with :math:`e = a - pm`,
    :math:`\{\sum_i (\sum_{t \ni i} e_t)^2 - \sum_t e_t^2\} / (\sum m)^2`, the first sum over accounts
    and the second over ties, which belong to two accounts each. It never is below what independent ties would give.
    Intervals are symmetric for the logit.

    References
    ----------
    .. [1] Aronow, Samii and Assenova (2015), Cluster-robust variance estimation for dyadic data, *Political
       Analysis* 23, 564-577.

    Examples
    --------
    >>> from churn.network.messages import read_messages
    >>> from reports.examples import open_example
    >>> dialogue = measure_dialogue(read_messages(open_example("twitter_france")))
    >>> round(dialogue.answers.estimate, 4)
    0.1659
    """
    check_level(conf_level)
    account = {name: messages.accounts[name].to_numpy(np.float64) for name in messages.accounts.columns[1:]}
    one_way, other_way, answers, n = (
        messages.ties[name].to_numpy(np.float64) for name in ("one_way", "other_way", "answers", "n")
    )
    written, one = one_way + other_way, np.ones(len(n))
    both = (other_way > 0).astype(np.float64)
    involved, alone = account["addressed"] + account["received"], account["to_nobody"] + account["to_self"]
    answered = account["answers_sent"] + account["answers_received"]
    ties, mutual = account["ties"], account["mutual"]

    def share(of_ties: Floats, base: Floats, of_accounts: Floats, account_base: Floats, single: Floats | None) -> Found:
        return _share(of_ties, base, n, of_accounts, account_base, single, conf_level)

    return Dialogue(
        answers=share(answers, written, answered, involved, alone),
        answers_addressed=share(answers, written, answered, involved, None),
        addressed=share(written, written, involved, involved, alone),
        mutual=share(both, one, mutual, ties, None),
        reciprocated=share(2 * both, one + both, 2 * mutual, ties + mutual, None),
        median_wait=_median_wait(messages),
        wait_unit=messages.wait_unit,
        n_messages=messages.n_messages,
        n_addressed=messages.n_addressed,
        n_ties=messages.n_ties,
        n_edges=messages.n_edges,
        notes=(*messages.notes, DEPENDENT),
    )


def _share(
    hit: Floats,
    base: Floats,
    n: Floats,
    account_hit: Floats,
    account_base: Floats,
    single: Floats | None,
    conf_level: float,
) -> Found:
    """
    Estimate a share of what ties hold.

    Parameters
    ----------
    hit, base, n : ndarray of float, shape (n_cells,)
        What counts, what it is of, and how many ties are so.
    account_hit, account_base : ndarray of float, shape (n_accounts,)
        The same, over all ties of each account.
    single : ndarray of float, shape (n_accounts,), or None
        What is in the base and of no tie, account by account.
    """
    total = float(n @ base) + (0.0 if single is None else float(single.sum()))
    if not n.sum() > 0 or not total > 0:
        return Unavailable(NONE_ADDRESSED)
    p = float(n @ hit) / total
    of_account = account_hit - p * (account_base if single is None else account_base + single)
    of_tie = hit - p * base
    within_ties = float(n @ of_tie**2)
    apart = within_ties + (0.0 if single is None else p**2 * float(single @ single))
    variance = max(float(of_account @ of_account) - within_ties, apart)
    error = math.sqrt(variance) / total
    low, high, names = proportion_interval([p], [error], [math.inf], [n.sum()], conf_level=conf_level)
    exact = names[0] == "Korn-Graubard"
    return Estimate(
        estimate=p,
        std_error=error,
        conf_low=float(low[0]),
        conf_high=float(high[0]),
        conf_level=conf_level,
        n=int(total),
        method="Korn-Graubard, ties taken as independent" if exact else METHOD,
        notes=(DEPENDENT,),
    )


def _median_wait(messages: Messages) -> float | Unavailable:
    """Take the time by which half of the answers had come; the middle of two where it lies between them."""
    wait, n = messages.waits["wait"].to_numpy(), messages.waits["n"].to_numpy()
    if not len(n):
        return Unavailable(NO_ANSWER)
    until, total = np.cumsum(n), int(n.sum())
    low, high = (wait[np.searchsorted(until, rank, side="right")] for rank in ((total - 1) // 2, total // 2))
    return float(low + high) / 2
