from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from churn.usage.log import read_activity
from surveys.core.errors import StudyError
from tests.churn.logs import make_study, write_events, write_lines


def message(folder: Path, *lines: str, **usage: str) -> list[str]:
    write_lines(folder / "log.csv", *lines)
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(folder, **({"events": "log.csv"} | usage)))
    return str(caught.value).splitlines()


def test_the_window_ends_with_the_local_day(tmp_path: Path):
    write_lines(
        tmp_path / "log.csv",
        "account,time",
        "a,2013-12-31T22:59:59.999999Z",
        "a,2013-12-31T23:00:00Z",
        "b,2014-01-02T10:00:00Z",
    )
    activity = read_activity(make_study(tmp_path, events="log.csv", timezone="Europe/Paris"))
    assert activity.n_events == 1
    assert activity.accounts["account"].tolist() == ["a"]
    assert [str(note) for note in activity.notes] == ["2 events after 2013-12-31 are left out"]
    assert activity.summary() == "1 events of 1 accounts, observed until 2013-12-31 (Europe/Paris)"


def test_accounts_come_in_the_same_order_every_time(tmp_path: Path):
    rows = [(f"{i * 7919 % 1000:04d}", date(2013, 1, 1 + i % 28)) for i in range(3000)]
    write_events(tmp_path / "log.parquet", rows, pa.date32())
    names = read_activity(make_study(tmp_path, events="log.parquet")).accounts["account"].tolist()
    assert names == sorted(names)


def test_every_kind_of_bad_row_is_counted_and_placed_at_once(tmp_path: Path):
    found = message(
        tmp_path,
        "account,time",
        "a,2013-01-01T10:00:00Z",
        ",2013-01-01T10:00:00Z",
        "b,",
        "c,2013-13-45T10:00:00Z",
        "d,  ",
    )
    assert found == [
        "log.csv, row 3, column 'account': 1 of 5 rows are blank. "
        "Fill in the account, or delete these rows from the log.",
        "log.csv, rows 4 and 6, column 'time': 2 of 5 rows are blank. "
        "Fill in the time, or delete these rows from the log.",
        "log.csv, row 5, column 'time': got '2013-13-45T10:00:00Z', expected a date and time such as "
        "2013-04-05T12:30:00Z; 1 of 5 rows cannot be read as a time. "
        "Correct them, or say how times are written under time_unit or time_format in study.toml.",
    ]


def test_only_the_first_places_are_named(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,2013-01-01", *["b,soon"] * 5)
    assert found[0].startswith("log.csv, rows 3, 4, 5 and more, column 'time': got 'soon', expected a date such as")


def test_a_date_among_times_is_not_guessed_at(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,2013-01-01T10:00:00Z", "b,2013-01-02")
    assert "got '2013-01-02', expected a date and time such as 2013-04-05T12:30:00Z" in found[0]


@pytest.mark.parametrize("text", ["1e9", "12.7x", "0x10", "1_000"])
def test_a_number_is_written_in_digits(text: str, tmp_path: Path):
    found = message(tmp_path, "account,time", "a,1365201000", f"b,{text}", time_unit="s")
    assert found[0].startswith(f"log.csv, row 3, column 'time': got '{text}', expected a number of s")


def test_seconds_taken_for_timestamps_are_refused(tmp_path: Path):
    write_events(tmp_path / "log.parquet", [("a", 1365201000)], pa.int64())
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(tmp_path, events="log.parquet"))
    assert str(caught.value) == (
        "log.parquet, column 'time': holds int64, expected dates and times. "
        "Say what they count under time_unit in study.toml: 's', 'ms', 'us' or 'day'."
    )


def test_milliseconds_taken_for_seconds_are_refused(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,1365201000000", time_unit="s")
    assert found[0].startswith("log.csv, row 2, column 'time': got '1365201000000', expected a number of s")


def test_says_so_when_everything_comes_after_the_window(tmp_path: Path):
    assert message(tmp_path, "account,time", "a,2014-01-01") == [
        "log.csv: all 1 events come after 2013-12-31, the end of the window. "
        "Correct as_of, or say what the times count under time_unit, in study.toml."
    ]


def test_says_so_when_the_span_is_impossible(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,0013-01-01", "b,2013-01-01")
    assert found == [
        "log.csv: events span 730,485 days from 0013-01-01, expected at most 36,525. "
        "Correct the times, or say what they count under time_unit in study.toml."
    ]


def test_says_so_when_a_log_has_no_rows(tmp_path: Path):
    assert message(tmp_path, "account,time") == ["log.csv: has no rows, expected one per event. Export it again."]


def test_a_ragged_row_is_named(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,2013-01-01", "b,2013-01-01,x")
    assert found == ["log.csv, row 3: found 3 columns, expected 2. Correct the row."]


def test_an_open_quotation_mark_is_named(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,2013-01-01", '"b,2013-01-01')
    assert found == ["log.csv, row 3: a quotation mark is not closed. Close it, or double it inside a value."]


def test_a_line_that_is_not_json_is_named(tmp_path: Path):
    lines = ['{"account": "a", "time": "2013-01-01"}'] * 1500
    write_lines(tmp_path / "log.jsonl", *lines, "{oops", *lines)
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(tmp_path, events="log.jsonl"))
    assert str(caught.value) == (
        'log.jsonl, row 1501: expected one JSON object to a line. Write one object such as {"account": "a1"} to a line.'
    )


def test_line_ends_of_two_kinds_and_line_breaks_in_values_are_read(tmp_path: Path):
    (tmp_path / "log.csv").write_bytes(b'account,time\r\n"a\nb",2013-01-01\r\nc,2013-01-01\n')
    assert read_activity(make_study(tmp_path, events="log.csv")).accounts["account"].tolist() == ["a\nb", "c"]


def test_bytes_of_another_encoding_are_refused(tmp_path: Path):
    (tmp_path / "log.csv").write_bytes(b"account,time\nh\xe9l\xe8ne,2013-01-01\n")
    with pytest.raises(StudyError) as caught:
        read_activity(make_study(tmp_path, events="log.csv"))
    assert str(caught.value) == (
        "log.csv, row 2: found bytes that are not UTF-8. "
        "Name the encoding of the file, such as 'cp1252', under encoding in study.toml."
    )


def test_a_format_that_is_none_is_refused(tmp_path: Path):
    found = message(tmp_path, "account,time", "a,2013", time_format="%Q")
    assert found[0].startswith("study.toml, usage.time_format: is not a format of times (")


def test_columns_of_accounts_are_refused_beside_events(tmp_path: Path):
    found = message(tmp_path, "account,time,born", "a,2013-01-01,2012-01-01", signup="born")
    assert found == ["study.toml, usage.signup: is a column of accounts and cannot be used with events. Remove it."]


def test_says_so_when_the_study_has_no_usage(tmp_path: Path):
    study = make_study(tmp_path, events="log.csv").model_copy(update={"usage": None})
    with pytest.raises(StudyError, match=r"^study.toml: has no \[usage\]. Add \[usage\] with events or accounts.$"):
        read_activity(study)
