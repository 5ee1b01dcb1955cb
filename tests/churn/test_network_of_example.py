"""The bundled example's messages, counted by hand with pandas and by the public functions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from churn.network.concentration import lorenz, measure_concentration, never_posted
from churn.network.dialogue import Dialogue, measure_dialogue
from churn.network.messages import read_messages
from reports.examples import example_folder, open_example
from surveys.core.results import Estimate

HERE = example_folder("twitter_france")


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    files = sorted((HERE / "events").glob("*.parquet"))
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


@pytest.fixture(scope="module")
def dialogue() -> Dialogue:
    return measure_dialogue(read_messages(open_example("twitter_france")))


def number(estimate: object) -> float:
    assert isinstance(estimate, Estimate)
    return estimate.estimate


def truth(measure: str, how: str) -> float:
    rows = pd.read_csv(HERE / "truth.csv").query("source == 'usage' and measure == @measure and how == @how")
    return float(rows["value"].item())


def gini_by_hand(counts: np.ndarray) -> float:
    """Mean absolute difference over twice the mean, from all pairs of distinct counts."""
    value, n = np.unique(counts, return_counts=True)
    differences = np.abs(np.subtract.outer(value, value)) * np.multiply.outer(n, n)
    return float(differences.sum() / (2 * len(counts) ** 2 * counts.mean()))


def test_answers_and_addressed_messages_are_those_of_a_count_by_hand(events: pd.DataFrame, dialogue: Dialogue) -> None:
    written = events.dropna(subset="recipient").sort_values("time", kind="stable")
    pair = written[["account", "recipient"]].min(axis=1) + " " + written[["account", "recipient"]].max(axis=1)
    before = written["account"].groupby(pair).shift()
    answers = int((before == written["recipient"]).sum())
    assert number(dialogue.addressed) == pytest.approx(len(written) / len(events), abs=1e-12)
    assert number(dialogue.answers) == pytest.approx(answers / len(events), abs=1e-12)
    assert number(dialogue.answers_addressed) == pytest.approx(answers / len(written), abs=1e-12)


def test_mutual_ties_are_those_of_a_count_by_hand(events: pd.DataFrame, dialogue: Dialogue) -> None:
    directions = set(events.dropna(subset="recipient")[["account", "recipient"]].itertuples(index=False, name=None))
    ties = Counter(frozenset(direction) for direction in directions)
    mutual = sum(count == 2 for count in ties.values())
    assert (dialogue.n_ties, dialogue.n_edges) == (len(ties), len(directions))
    assert number(dialogue.mutual) == pytest.approx(mutual / len(ties), abs=1e-12)
    assert number(dialogue.reciprocated) == pytest.approx(2 * mutual / len(directions), abs=1e-12)


def test_concentration_is_that_of_a_count_by_hand(events: pd.DataFrame) -> None:
    counts = events["account"].value_counts().to_numpy()
    silent = len(pd.read_parquet(HERE / "following.parquet")) - len(counts)
    every = np.concatenate([counts, np.zeros(silent, dtype=np.int64)])
    for base, known, more in (("active", counts, 0), ("accounts", every, silent)):
        found = measure_concentration(lorenz(counts, silent=more), replicates=200)
        shown = np.sort(known)[::-1]
        whole, part = divmod(0.2 * len(known), 1)
        top = (shown[: int(whole)].sum() + part * shown[int(whole)]) / shown.sum()
        assert found.gini.estimate == pytest.approx(gini_by_hand(known), abs=1e-12)
        assert found.top_share.estimate == pytest.approx(top, abs=1e-12)
        assert found.gini.estimate == pytest.approx(truth(f"gini_{base}", "recounted"), abs=1e-6)
        assert found.gini.conf_low < truth(f"gini_{base}", "expected") < found.gini.conf_high
        assert found.top_share.conf_low < truth(f"top20_{base}", "expected") < found.top_share.conf_high


def test_accounts_that_never_wrote_are_counted_by_hand(events: pd.DataFrame) -> None:
    accounts = pd.read_parquet(HERE / "following.parquet")["account"]
    sent = events["account"].value_counts().reindex(accounts, fill_value=0)
    found = never_posted(sent)
    assert found.estimate == (~accounts.isin(events["account"])).mean()
    assert found.conf_low < truth("never_posted", "planted") < found.conf_high


def test_the_intervals_of_dialogue_hold_what_was_expected(dialogue: Dialogue) -> None:
    pairs = (
        (dialogue.addressed, "addressed", "planted"),
        (dialogue.answers, "dialogue", "expected"),
        (dialogue.answers_addressed, "dialogue_addressed", "expected"),
    )
    for found, measure, how in pairs:
        assert isinstance(found, Estimate)
        assert found.conf_low < truth(measure, how) < found.conf_high
