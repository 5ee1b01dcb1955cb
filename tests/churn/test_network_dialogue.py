from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.network.dialogue import measure_dialogue
from churn.network.messages import read_messages
from churn.network.planted.messages import simulate_messages
from churn.simulation.study import simulate_events
from surveys.core.errors import SpecError
from surveys.core.results import Estimate, Unavailable
from tests.churn.logs import make_study
from tests.churn.test_network_messages import Row, hard_rows, study_of


def shares_of(folder: Path, rows: list[Row]) -> dict[str, Estimate]:
    dialogue = measure_dialogue(read_messages(study_of(folder, rows)))
    names = ("answers", "answers_addressed", "addressed", "mutual", "reciprocated")
    return {name: getattr(dialogue, name) for name in names}


def plain_error(rows: list[Row], answered: list[bool], share: float) -> float:
    """The dyadic-robust error message by message: every pair of messages that share an account."""
    of = [{sender, to} if to and to != sender else {sender} for sender, _, to in rows]
    error = np.array(answered, float) - share
    product = sum(error[i] * error[j] for i in range(len(rows)) for j in range(len(rows)) if of[i] & of[j])
    return float(np.sqrt(product)) / len(rows)


def test_shares_and_bases_of_a_small_log(tmp_path: Path):
    rows: list[Row] = [("a", 0, "b"), ("b", 60, "a"), ("a", 120, "c"), ("c", 180, None), ("d", 240, "a")]
    found = shares_of(tmp_path, rows)
    assert {name: (value.estimate, value.n) for name, value in found.items()} == {
        "answers": (1 / 5, 5),
        "answers_addressed": (1 / 4, 4),
        "addressed": (4 / 5, 5),
        "mutual": (1 / 3, 3),
        "reciprocated": (2 / 4, 4),
    }


def test_the_error_is_that_of_every_pair_of_messages_that_share_an_account(tmp_path: Path):
    rng = np.random.default_rng(3)
    rows: list[Row] = []
    for i, (a, b) in enumerate(rng.integers(0, 8, (400, 2)).tolist()):
        # The first four write back and forth; the others write to whoever, or to nobody.
        turn = (a % 4, 4 + b % 2) if i % 2 else (4 + b % 2, a % 4)
        sender, to = turn if rng.random() < 0.5 else (10 + a, 20 + b if a != b else None)
        rows.append((f"u{sender}", 60 * i, None if to is None else f"u{to}"))
    last: dict[frozenset[str], str] = {}
    answered = []
    for sender, _, to in rows:
        pair = frozenset((sender, to or ""))
        answered.append(bool(to) and last.get(pair) == to)
        last[pair] = sender if to else ""
    found = shares_of(tmp_path, rows)["answers"]
    assert found.estimate == pytest.approx(np.mean(answered))
    assert found.std_error == pytest.approx(plain_error(rows, answered, found.estimate), rel=1e-9)


def test_intervals_hold_the_share(tmp_path: Path):
    for value in shares_of(tmp_path, hard_rows()).values():
        assert 0 <= value.conf_low <= value.estimate <= value.conf_high <= 1


def test_a_log_without_answers_has_a_one_sided_interval(tmp_path: Path):
    messages = read_messages(study_of(tmp_path, [("a", 0, "b"), ("c", 1, "d")]))
    dialogue = measure_dialogue(messages)
    assert isinstance(dialogue.answers, Estimate)
    assert (dialogue.answers.estimate, dialogue.answers.conf_low) == (0, 0)
    assert isinstance(dialogue.median_wait, Unavailable)


def test_a_log_in_which_nobody_is_written_to_has_no_dialogue(tmp_path: Path):
    dialogue = measure_dialogue(read_messages(study_of(tmp_path, [("a", 0, None), ("b", 1, "b")])))
    assert isinstance(dialogue.answers, Unavailable)
    assert len(dialogue.to_frame()) == 0


@pytest.mark.parametrize(("seconds", "median"), [([120], 2), ([120, 600], 6), ([60, 120, 6000], 2)])
def test_the_median_wait_is_the_middle_of_the_answers(tmp_path: Path, seconds: list[int], median: float):
    rows: list[Row] = []
    for i, wait in enumerate(seconds):
        rows += [(f"a{i}", 0, f"b{i}"), (f"b{i}", wait, f"a{i}")]
    assert measure_dialogue(read_messages(study_of(tmp_path, rows))).median_wait == median


def test_a_level_that_is_no_share_is_refused(tmp_path: Path):
    with pytest.raises(SpecError, match="conf_level"):
        measure_dialogue(read_messages(study_of(tmp_path, [("a", 0, "b")])), conf_level=95)


def test_simulated_messages_answer_as_often_as_was_recounted(tmp_path: Path):
    log = simulate_events(n_accounts=300, seed=1, end=datetime(2014, 1, 1, tzinfo=UTC))
    simulated = simulate_messages(log.events, seed=2)
    events = simulated.events.assign(time=pd.to_datetime(simulated.events["time"], utc=True))
    pq.write_table(pa.Table.from_pandas(events, preserve_index=False), tmp_path / "log.parquet")
    study = make_study(tmp_path, events="log.parquet", recipient="recipient")
    dialogue = measure_dialogue(read_messages(study))
    truth = simulated.truth.query("how == 'recounted'").set_index("measure")["value"]
    for name, measure in (("answers", "dialogue"), ("answers_addressed", "dialogue_addressed"), ("mutual", "mutual")):
        assert getattr(dialogue, name).estimate == pytest.approx(truth[measure], abs=1e-12)
    expected = simulated.truth.query("how == 'expected' and measure == 'dialogue'")["value"].item()
    assert dialogue.answers.conf_low < expected < dialogue.answers.conf_high
