"""Simulated networks: what was planted is what is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from churn.network.concentration import lorenz
from churn.network.planted._draws import chance_of_following
from churn.network.planted.concentration import count_concentration, expect_concentration
from churn.network.planted.following import SimulatedFollowing, simulate_following
from churn.network.planted.messages import SimulatedMessages, simulate_messages
from churn.simulation.study import SimulatedLog, simulate_events
from surveys.core.errors import SpecError

WINDOW_END = datetime(2013, 12, 31, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def log() -> SimulatedLog:
    return simulate_events(n_accounts=20_000, seed=4, end=datetime(2014, 1, 1, tzinfo=UTC), rate_mean=0.05)


@pytest.fixture(scope="module")
def following(log: SimulatedLog) -> SimulatedFollowing:
    return simulate_following(log, seed=5)


@pytest.fixture(scope="module")
def messages() -> SimulatedMessages:
    return simulate_messages(simulate_events(n_accounts=1000, seed=6, end=WINDOW_END).events, seed=7)


def value(truth: pd.DataFrame, measure: str, how: str) -> float:
    return float(truth.set_index(["measure", "how"])["value"][measure, how])


def test_many_accounts_that_follow_few_or_many_drop_out_as_the_model_expects(following: SimulatedFollowing) -> None:
    for name in ("few", "middle", "many"):
        recounted, expected = (value(following.truth, f"following_{name}", how) for how in ("recounted", "expected"))
        assert recounted == pytest.approx(expected, abs=0.02)
    assert value(following.truth, "following_ratio", "recounted") == pytest.approx(
        value(following.truth, "following_ratio", "expected"), abs=0.1
    )


def test_those_who_follow_few_leave_twice_as_often_as_those_who_follow_many() -> None:
    log = simulate_events(n_accounts=50, seed=1, end=WINDOW_END)
    truth = simulate_following(log, seed=2).truth
    few, many, ratio = (value(truth, f"following_{name}", "expected") for name in ("few", "many", "ratio"))
    assert 0.70 < few < 0.75
    assert 0.33 < many < 0.37
    assert ratio == pytest.approx(few / many)


def test_the_classes_of_the_number_followed_add_up_to_the_dropout_of_all(log: SimulatedLog) -> None:
    """The law of total probability, with the numbers that the model gives to each class."""
    truth = simulate_following(log, seed=5).truth
    month = log.kinds.query("time_days == 30")
    medians = np.array([14.0, 20.0, 55.0, 65.0])
    sizes = [month["share"] @ chance_of_following(medians, 1.6, *ends) for ends in ((0, 20), (21, 99), (100, np.inf))]
    dropout = [value(truth, f"following_{name}", "expected") for name in ("few", "middle", "many")]
    assert sum(sizes) == pytest.approx(1)
    assert np.dot(sizes, dropout) == pytest.approx(log.truth.set_index("time_days")["expected_dropout"][30])


def test_without_a_dose_the_number_followed_says_nothing(log: SimulatedLog) -> None:
    truth = simulate_following(log, seed=5, medians=(25.0,) * 4).truth
    assert value(truth, "following_ratio", "expected") == pytest.approx(1)
    assert value(truth, "following_ratio", "recounted") == pytest.approx(1, abs=0.05)


def test_numbers_followed_are_skewed_from_none_to_thousands(following: SimulatedFollowing, log: SimulatedLog) -> None:
    followed = following.accounts["followed"].head(len(log.accounts))
    assert 20 <= followed.median() <= 30
    assert followed.mean() > 2 * followed.median()
    assert followed.min() == 0
    assert followed.max() > 1000


def test_accounts_that_never_wrote_are_in_no_log(following: SimulatedFollowing, log: SimulatedLog) -> None:
    accounts = following.accounts["account"]
    assert accounts.is_unique
    assert accounts.head(len(log.accounts)).tolist() == log.accounts["account"].tolist()
    silent = set(accounts) - set(log.events["account"])
    assert len(silent) / len(accounts) == value(following.truth, "never_posted", "recounted")
    assert len(silent) / len(accounts) == pytest.approx(value(following.truth, "never_posted", "planted"), abs=0.01)


def test_the_log_stays_as_it_is(messages: SimulatedMessages) -> None:
    before = simulate_events(n_accounts=1000, seed=6, end=WINDOW_END).events
    pd.testing.assert_frame_equal(messages.events[["account", "time"]], before)


def test_messages_go_to_others_who_have_signed_up(messages: SimulatedMessages) -> None:
    written = messages.events.dropna(subset="recipient")
    signup = messages.events.groupby("account")["time"].min()
    assert (written["recipient"] != written["account"]).all()
    assert (written["recipient"].map(signup) <= written["time"]).all()


def test_messages_answer_as_often_as_their_chances_say(messages: SimulatedMessages) -> None:
    n = len(messages.events)
    for measure in ("addressed", "dialogue"):
        how = "planted" if measure == "addressed" else "expected"
        expected = value(messages.truth, measure, how)
        scatter = np.sqrt(expected * (1 - expected) / n)
        assert value(messages.truth, measure, "recounted") == pytest.approx(expected, abs=4 * scatter)


def test_answers_and_mutual_pairs_are_what_a_plain_recount_finds(messages: SimulatedMessages) -> None:
    written = messages.events.dropna(subset="recipient")
    last: dict[frozenset[str], str] = {}
    answers, directions = 0, set()
    for sender, recipient in zip(written["account"], written["recipient"], strict=True):
        pair = frozenset((sender, recipient))
        answers += last.get(pair) == recipient
        last[pair] = sender
        directions.add((sender, recipient))
    both = Counter(frozenset(direction) for direction in directions)
    assert value(messages.truth, "dialogue", "recounted") == answers / len(messages.events)
    assert value(messages.truth, "dialogue_addressed", "recounted") == pytest.approx(answers / len(written))
    assert value(messages.truth, "mutual", "recounted") == np.mean([count == 2 for count in both.values()])


def test_the_same_seed_gives_the_same_network() -> None:
    log = simulate_events(n_accounts=100, seed=5, end=WINDOW_END)
    first, second, other = (simulate_messages(log.events, seed=seed).events for seed in (5, 5, 6))
    assert first.equals(second)
    assert not first.equals(other)
    few, again, others = (simulate_following(log, seed=seed).accounts for seed in (5, 5, 6))
    assert few.equals(again)
    assert not few.equals(others)


def test_an_account_alone_writes_to_nobody_and_one_among_others_when_it_is_to() -> None:
    events = simulate_events(n_accounts=50, seed=5, end=WINDOW_END).events
    assert simulate_messages(events, seed=5, addressed=1.0).events["recipient"].isna().sum() < 10
    alone = simulate_messages(events[events["account"] == "a00001"], seed=5)
    assert alone.events["recipient"].isna().all()
    assert np.isnan(value(alone.truth, "mutual", "recounted"))
    silent = simulate_messages(events, seed=5, addressed=0.0)
    assert silent.truth["value"].tolist() == pytest.approx([0, 0, 0, 0, np.nan, np.nan, np.nan], nan_ok=True)


def test_a_log_is_as_concentrated_as_very_many_accounts() -> None:
    log = simulate_events(n_accounts=20_000, seed=8, end=WINDOW_END)
    n_silent = round(20_000 * 0.27 / 0.73)
    recounted = count_concentration(log.events, n_silent=n_silent).set_index("measure")["value"]
    expected = expect_concentration(seed=9, end=WINDOW_END, n_accounts=200_000).set_index("measure")["value"]
    assert recounted.to_numpy() == pytest.approx(expected[recounted.index].to_numpy(), abs=0.01)


def test_gini_and_top_share_of_a_few_counts() -> None:
    assert lorenz(np.array([1, 1, 1, 1])).gini() == 0
    assert lorenz(np.array([0, 0, 0, 8])).gini() == 0.75
    assert lorenz(np.array([1, 2, 3, 4])).gini() == pytest.approx(0.25)
    assert lorenz(np.array([1, 2, 3, 4])).top_share(0.25) == 0.4
    assert lorenz(np.array([1, 2, 3, 4])).top_share(0.2) == pytest.approx(0.32)


def test_accounts_that_never_wrote_make_it_more_concentrated_by_as_much_as_they_are() -> None:
    truth = count_concentration(pd.DataFrame({"account": list("aaab")}), n_silent=2).set_index("measure")["value"]
    assert truth["gini_accounts"] == pytest.approx(0.5 + 0.5 * truth["gini_active"])


def test_says_all_that_is_wrong_with_a_network() -> None:
    log = simulate_events(n_accounts=50, seed=5, end=WINDOW_END)
    with pytest.raises(SpecError) as caught:
        simulate_messages(log.events.iloc[::-1], seed=1, addressed=1.2)
    assert str(caught.value).splitlines() == [
        "simulate_messages: addressed is 1.2, expected a share between 0 and 1. Give a share.",
        "simulate_messages, events: not in order of time. Sort them by time.",
    ]
    with pytest.raises(SpecError) as caught:
        simulate_following(log, seed=1, medians=(3.0, 4.0), never_posted=1.0, within_days=31)
    assert str(caught.value).splitlines() == [
        "simulate_following, medians: 2 medians for 4 kinds of accounts, or one of them or spread is not above 0. "
        "Give a positive median for each kind.",
        "simulate_following, never_posted: never_posted is 1.0, expected a share from 0 and below 1. Give a share.",
        "simulate_following, within_days: 31 days, expected one of those at which the log's truth was counted. "
        "Name it under days of simulate_events.",
    ]
