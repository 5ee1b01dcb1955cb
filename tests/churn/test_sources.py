from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.engine.sources import Source, check_columns, find_source
from surveys.core.errors import StudyError
from tests.churn.logs import write_lines


def find(folder: Path, pattern: str, *, delimiter: str | None = None, encoding: str = "utf-8") -> Source:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return find_source(folder, pattern, key="events", delimiter=delimiter, encoding=encoding, scratch=scratch)


def message(folder: Path, pattern: str, **options: str) -> str:
    with pytest.raises(StudyError) as caught:
        find(folder, pattern, **options)
    return str(caught.value)


def test_a_pattern_finds_files_in_the_order_of_their_names(tmp_path: Path):
    (tmp_path / "events").mkdir()
    for name in ("b", "a"):
        pq.write_table(pa.table({"account": [1], "time": [2]}), tmp_path / "events" / f"{name}.parquet")
    source = find(tmp_path, "events/*.parquet")
    assert [path.name for path in source.files] == ["a.parquet", "b.parquet"]
    assert source.columns == ("account", "time")


def test_a_file_whose_name_looks_like_a_pattern_is_found(tmp_path: Path):
    write_lines(tmp_path / "log[1].csv", "account,time")
    assert find(tmp_path, "log[1].csv").files[0].name == "log[1].csv"


def test_the_delimiter_is_told_from_the_header_and_noted(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account;time", "1;2")
    source = find(tmp_path, "log.csv")
    assert source.columns == ("account", "time")
    assert [str(note) for note in source.notes] == ["log.csv is read as separated by semicolon"]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "\ufeffaccount,time")
    assert find(tmp_path, "log.csv").columns == ("account", "time")


def test_compressed_files_are_read(tmp_path: Path):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(b"account,time\n1,2\n"))
    assert find(tmp_path, "log.csv.gz").columns == ("account", "time")


def test_runs_of_blanks_are_one_delimiter(tmp_path: Path):
    (tmp_path / "log.txt").write_bytes(b" account   time\r\n 001  5\r\n")
    source = find(tmp_path, "log.txt", delimiter="whitespace")
    assert source.readable[0].read_bytes() == b"account\ttime\n001\t5\n"
    assert source.files[0].name == "log.txt"


def test_other_encodings_are_copied_to_utf_8(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,time", "hélène,5", encoding="cp1252")
    source = find(tmp_path, "log.csv", encoding="cp1252")
    assert source.readable[0].read_text(encoding="utf-8") == "account,time\nhélène,5\n"


def test_keys_of_json_lines_are_gathered(tmp_path: Path):
    write_lines(tmp_path / "log.jsonl", '{"account": "1"}', '{"account": "2", "time": 3}')
    assert find(tmp_path, "log.jsonl").columns == ("account", "time")


def test_mixed_line_ends_are_made_one_kind(tmp_path: Path):
    (tmp_path / "log.csv").write_bytes(b'account,time\r\n1,5\n"2",6\r\n')
    assert find(tmp_path, "log.csv").readable[0].read_bytes() == b'account,time\n1,5\n"2",6\n'


def test_says_that_a_compressed_file_is_cut_short(tmp_path: Path):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(b"account,time\n1,2\n")[:-12])
    assert message(tmp_path, "log.csv.gz").startswith("log.csv.gz: cannot be read (Compressed file ended")


def test_a_single_column_asks_for_the_delimiter(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account time")
    with pytest.raises(StudyError) as caught:
        check_columns(find(tmp_path, "log.csv"), {"account": "account", "time": "time"})
    assert str(caught.value) == (
        "log.csv, row 1: found one column, 'account time', expected several. "
        "Name what stands between columns under delimiter in study.toml ('whitespace' for blanks)."
    )


def test_says_which_file_was_meant(tmp_path: Path):
    write_lines(tmp_path / "messages.csv", "account,time")
    assert message(tmp_path, "mesages.csv") == "mesages.csv: no such file. Did you mean 'messages.csv'?"


def test_says_that_a_folder_is_not_a_file(tmp_path: Path):
    (tmp_path / "logs").mkdir()
    found = message(tmp_path, "logs")
    assert (
        found == "logs: is a folder, expected files. Name files under events in study.toml, as in 'events/*.parquet'."
    )


def test_says_which_kinds_it_knows(tmp_path: Path):
    write_lines(tmp_path / "log.xlsx", "x")
    assert message(tmp_path, "log.xlsx") == (
        "log.xlsx: kind of file not known, expected one of .parquet, .csv, .txt, .tsv, .json, .jsonl, .ndjson. "
        "Convert it, or narrow the pattern under events in study.toml."
    )


def test_says_that_a_name_occurs_twice_and_another_is_missing(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "account,,account")
    assert message(tmp_path, "log.csv").splitlines() == [
        "log.csv, row 1, column 2: has no name. Name every column in the first row.",
        "log.csv, row 1, column 'account': occurs more than once. Give every column its own name.",
    ]


def test_says_that_files_differ_in_their_columns(tmp_path: Path):
    write_lines(tmp_path / "a.csv", "account,time")
    write_lines(tmp_path / "b.csv", "account,when")
    assert message(tmp_path, "*.csv") == (
        "b.csv: columns are 'account', 'when', expected those of a.csv: 'account', 'time'. "
        "Give all files the same columns in the same order."
    )


def test_says_that_the_encoding_is_another(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "hélène,time", encoding="cp1252")
    assert message(tmp_path, "log.csv") == (
        "log.csv: byte 0xe9 is not utf-8. "
        "Name the encoding of the file, such as 'cp1252', under encoding in study.toml."
    )


def test_says_that_an_empty_file_has_no_header(tmp_path: Path):
    (tmp_path / "log.csv").touch()
    found = message(tmp_path, "log.csv")
    assert found == "log.csv, row 1: is empty, expected column names. Export the file again."


def test_says_that_a_parquet_file_is_none(tmp_path: Path):
    write_lines(tmp_path / "log.parquet", "account,time")
    assert message(tmp_path, "log.parquet").startswith("log.parquet: not a readable Parquet file (")


def test_missing_columns_are_named_with_the_nearest(tmp_path: Path):
    write_lines(tmp_path / "log.csv", "user_id,sent_at")
    with pytest.raises(StudyError) as caught:
        check_columns(find(tmp_path, "log.csv"), {"account": "userid", "time": "when"})
    assert str(caught.value).splitlines() == [
        "log.csv, column 'userid': not found; [usage] account asks for it and the columns are 'user_id', 'sent_at'. "
        "Did you mean 'user_id'?",
        "log.csv, column 'when': not found; [usage] time asks for it and the columns are 'user_id', 'sent_at'. "
        "Name an existing column under time in study.toml.",
    ]
