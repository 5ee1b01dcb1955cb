from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.network.messages import Messages, read_early_contacts, read_messages
from surveys.core.errors import SpecError, StudyError
from surveys.study.schema import Study
from tests.churn.logs import make_study, write_lines
from tests.churn.servers import PASSWORD, postgres_server, spark_session

NAMES = ("a", "B", "b", "é", "E", "Ω", "10", "9")  # orders differ by collation
START = datetime(2013, 5, 1, tzinfo=UTC)
Row = tuple[str, int, str | None]


def plain(rows: list[Row], within: float | None = None) -> dict[str, Any]:
    """The counts written out, tie by tie and instant by instant."""
    account: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    turns: dict[tuple[str, str], dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for sender, second, to in rows:
        account[sender]["sent"] += 1
        if not to:
            account[sender]["to_nobody"] += 1
        elif to == sender:
            account[sender]["to_self"] += 1
        else:
            account[sender]["addressed"] += 1
            account[to]["received"] += 1
            turns[min(sender, to), max(sender, to)][second][sender] += 1
    waits: dict[int, int] = defaultdict(int)
    ties: dict[tuple[int, int, int], int] = defaultdict(int)
    for (low, high), by_instant in turns.items():
        sent, answers, before = {low: 0, high: 0}, 0, None
        for second in sorted(by_instant):
            now = by_instant[second]
            for own, other in ((low, high), (high, low)):
                sent[own] += now[own]
                soon = before is not None and (within is None or second - before <= within * 3600)
                if soon and now[own] and by_instant[before][other]:
                    answers += 1
                    account[own]["answers_sent"] += 1
                    account[other]["answers_received"] += 1
                    waits[(second - before) // 60] += 1
            before = second
        for own, other in ((low, high), (high, low)):
            account[own]["contacts"] += sent[own] > 0
            account[own]["heard_from"] += sent[other] > 0
            account[own]["ties"] += 1
            account[own]["mutual"] += sent[own] > 0 and sent[other] > 0
        ties[max(sent.values()), min(sent.values()), answers] += 1
    return {
        "accounts": {name: {k: v for k, v in counts.items() if v} for name, counts in account.items()},
        "ties": dict(ties),
        "waits": dict(waits),
    }


def told(messages: Messages) -> dict[str, Any]:
    counts = messages.accounts.set_index("account").to_dict("index")
    return {
        "accounts": {name: {k: v for k, v in row.items() if v} for name, row in counts.items()},
        "ties": {tuple(row[:3]): row[3] for row in messages.ties.itertuples(index=False, name=None)},
        "waits": dict(messages.waits.itertuples(index=False, name=None)),
    }


def table_of(rows: list[Row]) -> pa.Table:
    senders, seconds, recipients = zip(*rows, strict=True)
    times = pa.array([START + timedelta(seconds=s) for s in seconds], pa.timestamp("us", "UTC"))
    return pa.table({"account": pa.array(senders), "time": times, "to": pa.array(recipients, pa.string())})


def study_of(folder: Path, rows: list[Row]) -> Study:
    pq.write_table(table_of(rows), folder / "log.parquet")
    return make_study(folder, events="log.parquet", recipient="to")


def hard_rows(n: int = 800, seed: int = 5) -> list[Row]:
    """Few accounts and few instants, so that messages meet in time; some to oneself, some to nobody."""
    rng = np.random.default_rng(seed)
    seconds = rng.integers(0, 200, n) * 1800
    pairs = rng.integers(0, len(NAMES), (n, 2))
    blank = rng.choice([None, "", "to"], n, p=[0.15, 0.05, 0.8])
    return [
        (NAMES[a], int(s), NAMES[b] if kind == "to" else kind)
        for (a, b), s, kind in zip(pairs.tolist(), seconds.tolist(), blank.tolist(), strict=True)
    ]


class TestOneLog:
    def test_an_answer_goes_back_after_the_last_message_between_the_two(self, tmp_path: Path):
        rows = [("a", 0, "b"), ("c", 60, "b"), ("b", 120, "a"), ("b", 180, "a"), ("a", 240, "b"), ("a", 300, None)]
        messages = read_messages(study_of(tmp_path, rows))
        assert (messages.n_messages, messages.n_addressed, messages.n_answers) == (6, 5, 2)
        assert (messages.n_ties, messages.n_mutual, messages.n_edges) == (2, 1, 3)
        assert messages.waits.values.tolist() == [[1, 1], [2, 1]]

    def test_messages_at_the_same_instant_do_not_answer_each_other(self, tmp_path: Path):
        messages = read_messages(study_of(tmp_path, [("a", 0, "b"), ("b", 0, "a")]))
        assert messages.n_answers == 0
        assert any("same instant" in str(note) for note in messages.notes)

    def test_of_several_messages_at_an_instant_one_answers(self, tmp_path: Path):
        messages = read_messages(study_of(tmp_path, [("a", 0, "b"), ("b", 9, "a"), ("b", 9, "a")]))
        assert messages.n_answers == 1

    def test_an_answer_that_comes_too_late_is_none(self, tmp_path: Path):
        study = study_of(tmp_path, [("a", 0, "b"), ("b", 7200, "a"), ("a", 14_401, "b")])
        assert read_messages(study, within_hours=2).n_answers == 1

    def test_messages_to_nobody_and_to_oneself_are_sent_but_not_addressed(self, tmp_path: Path):
        rows = [("a", 0, None), ("a", 1, ""), ("a", 2, "a"), ("b", 3, "a")]
        messages = read_messages(study_of(tmp_path, rows))
        assert messages.accounts.set_index("account").loc["a", ["sent", "to_nobody", "to_self"]].tolist() == [3, 2, 1]
        said = [str(note) for note in messages.notes]
        assert "2 of 4 messages are addressed to nobody in particular" in said
        assert any(note.startswith("1 message that an account sent to itself") for note in said)

    def test_accounts_that_only_receive_are_known(self, tmp_path: Path):
        messages = read_messages(study_of(tmp_path, [("a", 0, "b")]))
        assert messages.accounts["account"].tolist() == ["a", "b"]
        assert messages.exchanged().tolist() == [1, 1]

    def test_messages_after_the_window_do_not_count(self, tmp_path: Path):
        rows = [("a", 0, "b"), ("b", 400 * 86_400, "a")]
        messages = read_messages(study_of(tmp_path, rows))
        assert (messages.n_messages, messages.n_answers) == (1, 0)

    def test_a_log_of_days_cannot_tell_answers_of_the_same_day(self, tmp_path: Path):
        write_lines(tmp_path / "log.csv", "account,time,to", "a,2013-01-01,b", "b,2013-01-01,a", "a,2013-01-03,b")
        messages = read_messages(make_study(tmp_path, events="log.csv", recipient="to"))
        assert messages.n_answers == 1
        assert (messages.wait_unit, messages.waits["wait"].tolist()) == ("days", [2])

    def test_contacts_of_the_first_days_are_counted_from_the_first_event(self, tmp_path: Path):
        rows = [("a", 0, None), ("a", 10, "b"), ("a", 20, "b"), ("a", 86_399, "c"), ("a", 86_400, "d"), ("b", 5, "b")]
        contacts = read_early_contacts(study_of(tmp_path, rows), days=1)
        assert contacts.values.tolist() == [["a", 2]]

    def test_names_of_two_kinds_are_refused(self, tmp_path: Path):
        table = pa.table({"account": [1, 2], "time": pa.array([START, START]), "to": ["2", "1"]})
        pq.write_table(table, tmp_path / "log.parquet")
        with pytest.raises(StudyError, match="cannot name the same accounts"):
            read_messages(make_study(tmp_path, events="log.parquet", recipient="to"))

    def test_whole_numbers_of_any_width_name_accounts(self, tmp_path: Path):
        wide, narrow = pa.array([1, 2], pa.int64()), pa.array([2, None], pa.int32())
        pq.write_table(pa.table({"account": wide, "time": pa.array([START] * 2), "to": narrow}), tmp_path / "l.parquet")
        messages = read_messages(make_study(tmp_path, events="l.parquet", recipient="to"))
        assert messages.accounts["received"].tolist() == [0, 1]

    def test_a_message_without_a_sender_is_refused(self, tmp_path: Path):
        with pytest.raises(StudyError, match="blank"):
            read_messages(study_of(tmp_path, [("a", 0, "b"), ("", 1, "a")]))

    def test_a_column_that_is_not_there_is_named(self, tmp_path: Path):
        write_lines(tmp_path / "log.csv", "account,time,target", "a,2013-01-01,b")
        with pytest.raises(StudyError, match="recipient asks for it"):
            read_messages(make_study(tmp_path, events="log.csv", recipient="tarjet"))

    def test_a_log_without_recipients_is_refused(self, tmp_path: Path):
        write_lines(tmp_path / "log.csv", "account,time", "a,2013-01-01")
        with pytest.raises(StudyError, match="names no recipient"):
            read_messages(make_study(tmp_path, events="log.csv"))

    @pytest.mark.parametrize("hours", [0, -1, float("nan")])
    def test_hours_that_are_none_are_refused(self, tmp_path: Path, hours: float):
        with pytest.raises(SpecError, match="above 0"):
            read_messages(study_of(tmp_path, [("a", 0, "b")]), within_hours=hours)


class TestStudyKeys:
    def test_a_table_of_accounts_has_no_recipients(self):
        with pytest.raises(ValueError, match="has no messages"):
            make_study(Path(), accounts="a.csv", signup="s", last_seen="l", recipient="to")

    def test_accounts_named_by_several_columns_have_no_recipients(self):
        with pytest.raises(ValueError, match="by one column"):
            make_study(Path(), events="a.csv", account=("country", "id"), recipient="to")

    def test_following_names_accounts_as_the_log_does(self):
        with pytest.raises(ValueError, match="as many columns"):
            make_study(Path(), events="a.csv", following={"file": "f", "account": ("a", "b"), "number": "n"})


@pytest.mark.parametrize("within", [None, 1.5])
def test_counts_are_those_of_a_plain_computation(tmp_path: Path, within: float | None):
    rows = hard_rows()
    assert told(read_messages(study_of(tmp_path, rows), within_hours=within)) == plain(rows, within)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.sampled_from(["a", "b", "c", None])),
        min_size=1,
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25)
def test_the_order_of_rows_does_not_matter(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], random: Any):
    shuffled = list(rows)
    random.shuffle(shuffled)
    found = [told(read_messages(study_of(tmp_path_factory.mktemp("log"), each))) for each in (rows, shuffled)]
    assert found[0] == found[1] == plain(rows)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        before = os.environ.get("PGPASSWORD")
        os.environ["PGPASSWORD"] = PASSWORD
        yield address
        os.environ.pop("PGPASSWORD") if before is None else os.environ.update(PGPASSWORD=before)


def test_postgresql_counts_the_same(tmp_path: Path, server: str):
    import psycopg

    rows = hard_rows()
    with psycopg.connect(server) as connection:
        connection.execute('CREATE TABLE messages (account text, "time" timestamptz, "to" text)')
        with connection.cursor().copy("COPY messages FROM STDIN") as copy:
            for row in table_of(rows).to_pylist():
                copy.write_row(list(row.values()))
    study = make_study(tmp_path, events=server, table="public.messages", recipient="to", as_of=date(2013, 12, 31))
    assert told(read_messages(study, within_hours=1.5)) == plain(rows, 1.5)
    pd.testing.assert_frame_equal(read_early_contacts(study, days=2), early(tmp_path, rows))


def test_spark_counts_the_same(tmp_path: Path):
    rows = hard_rows()
    study_of(tmp_path, rows)
    with spark_session():
        study = make_study(tmp_path, events="spark://local[2]", table="log.parquet", recipient="to")
        assert told(read_messages(study, within_hours=1.5)) == plain(rows, 1.5)
        pd.testing.assert_frame_equal(read_early_contacts(study, days=2), early(tmp_path, rows))


def early(folder: Path, rows: list[Row]) -> pd.DataFrame:
    return read_early_contacts(study_of(folder, rows), days=2)
