from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from surveys.errors import StudyError
from surveys.sources import Microdata, read_microdata


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str | bytes, name: str = "survey.csv", **how: str) -> Microdata:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_microdata(tmp_path / name, **how)

    return read


@pytest.fixture
def refused(read):
    def refused(text: str | bytes, name: str = "survey.csv", **how: str) -> list[str]:
        with pytest.raises(StudyError) as error:
            read(text, name, **how)
        return str(error.value).split("\n")

    return refused


def told(data: Microdata) -> list[str]:
    return [str(note) for note in data.notes]


def test_cells_are_numbers_where_all_of_a_column_are(read):
    data = read("id,q1,region\n1, ,Île-de-France\n2,.5,\n3,1e2,Bretagne\n")
    assert data.frame["id"].tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(data.frame["q1"][0])
    assert data.frame["q1"][1:].tolist() == [0.5, 100.0]
    assert data.frame["region"].tolist() == ["Île-de-France", None, "Bretagne"]
    assert data.lines.tolist() == [2, 3, 4]
    assert told(data) == []


def test_a_byte_order_mark_is_no_part_of_a_name(read):
    assert read(b"\xef\xbb\xbfid,q1\n1,2\n").frame.columns.tolist() == ["id", "q1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_will_do(read, end: str):
    assert read(end.join(["id,q1", "1,0", "2,1", ""])).frame["q1"].tolist() == [0.0, 1.0]


def test_mixed_ends_of_lines_leave_nothing_in_the_last_column(read):
    assert read("id,q1\r\n1,a\n2,a\r\n").frame["q1"].tolist() == ["a", "a"]


def test_blank_lines_are_not_respondents_and_do_not_shift_the_count(read):
    data = read("id,q1\n1,0\n\n2,1\n\n")
    assert data.lines.tolist() == [2, 4]


def test_quoted_cells_may_hold_delimiters_quotes_and_lines(read):
    data = read('id,said\n1,"one, ""two""\nthree"\n2,four\n')
    assert data.frame["said"].tolist() == ['one, "two"\nthree', "four"]
    assert data.lines.tolist() == [2, 4]


def test_western_text_is_read_as_such_and_said(read):
    data = read("id,region\n1,“Œuvre” à 5 €\n".encode("cp1252"))
    assert data.frame["region"].tolist() == ["“Œuvre” à 5 €"]
    assert told(data) == ["the text is not UTF-8 and is read as Windows-1252"]


def test_an_encoding_that_is_named_is_used(read):
    data = read("id,region\n1,Île\n".encode("utf-16-be"), encoding="utf-16-be")
    assert data.frame["region"].tolist() == ["Île"]


def test_a_semicolon_is_told_from_the_header_and_said(read):
    data = read("id;w\n1;2\n")
    assert data.frame["w"].tolist() == [2.0]
    assert told(data) == ["cells are separated by a semicolon"]


def test_decimal_commas_between_semicolons_are_read_and_said(read):
    data = read("id;w\n1;0,5\n2;1\n")
    assert data.frame["w"].tolist() == [0.5, 1.0]
    assert told(data) == [
        "cells are separated by a semicolon",
        "numbers are read with a comma before their decimals",
    ]


def test_commas_and_points_together_are_left_as_text(read):
    data = read("id;w\n1;0,5\n2;1.002\n")
    assert data.frame["w"].tolist() == ["0,5", "1.002"]


def test_what_is_stated_needs_no_note(read):
    data = read("id;w\n1;0,5\n2;1\n", delimiter=";", decimal=",")
    assert data.frame["w"].tolist() == [0.5, 1.0]
    assert told(data) == []


def test_a_tab_and_a_hint_line_are_understood_in_silence(read):
    assert told(read("id\tq1\n1\t2\n")) == []
    data = read("sep=;\nid;q1\n1;2\n")
    assert data.frame["q1"].tolist() == [2.0]
    assert data.lines.tolist() == [3]
    assert told(data) == []


def test_identifiers_that_differ_by_zeros_or_beyond_a_float_stay_text(read):
    data = read("a,b,c\n00042,9007199254740993,01\n042,9007199254740992,02\n42,1,03\n")
    assert data.frame["a"].tolist() == ["00042", "042", "42"]
    assert data.frame["b"].tolist() == ["9007199254740993", "9007199254740992", "1"]
    assert data.frame["c"].tolist() == [1.0, 2.0, 3.0]


def test_says_when_text_looks_encoded_twice(read):
    data = read("id,region\n1,ÃŽle-de-France\n")
    assert told(data) == ["some text looks encoded twice, such as ÃŽle-de-France"]


def test_ordinary_accents_raise_no_alarm(read):
    assert told(read("id,town\n1,SÃO PAULO\n2,Âge\n")) == []


def test_names_each_line_that_is_too_long_or_too_short(refused):
    assert refused("a,b\n1,2\n1,2,3\n1\n") == [
        "survey.csv, line 3: 3 cells, expected 2 as in the header. Correct the line.",
        "survey.csv, line 4: 1 cells, expected 2 as in the header. Correct the line.",
    ]


def test_says_how_many_more_lines_are_wrong(refused):
    lines = refused("a,b\n" + "1,2,\n" * 40)
    assert len(lines) == 6
    assert lines[-1] == (
        "survey.csv: 35 more lines have another number of cells than the header. Look for cells that hold the "
        "delimiter and have no quotes, or for a delimiter at the end of each line."
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3),
        ('a,b\n1,"2\n3,"4"\n', 2),
        ('a,b\n1,2\n3,4" screen\n', 3),
        ('a,b\n1,"2"x\n', 2),
        ('a,b\n1,"x\ny"\n3,4"\n', 4),
    ],
)
def test_names_the_line_of_a_quote_left_open(refused, text: str, line: int):
    assert refused(text) == [
        f"survey.csv, line {line}: a quotation mark is not closed, or stands inside a cell without quotes. "
        "Close it, or put the cell in quotes and double the marks inside."
    ]


def test_names_columns_that_have_no_name_or_the_same(refused):
    assert refused("weight,,Weight , ,b\n1,2,3,4,5\n") == [
        "survey.csv, header: columns 2, 4 have no name. Name each column, or remove it.",
        "survey.csv, header: columns 'weight' and 'Weight' differ only in capitals or spaces. "
        "Rename or remove one of them.",
    ]
    assert refused("a,a\n1,2\n") == ["survey.csv, header: two columns are called 'a'. Rename or remove one of them."]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "there is no header, only blank lines. Export the data again."),
        (b" \n\n", "there is no header, only blank lines. Export the data again."),
        (b"a,b\n", "there are no respondents below the header. Export it again with its data."),
        (gzip.compress(b"a,b"), "this is gzip-compressed, not a table of respondents. Unpack it first."),
        (
            b"PK\x03\x04",
            "this is a zip archive or a workbook, not a table of respondents. Unpack it, or save the sheet as CSV.",
        ),
        (b"SQLite format 3\x00", "this is an SQLite database, not a table of respondents. Export the table as CSV."),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "this is a pointer of Git LFS: the data were not downloaded. Run 'git lfs pull'.",
        ),
        (b"<!DOCTYPE html><p>", "this is a web page, not a table of respondents. Download the data again."),
        (
            "a,b\n1,2\n".encode("utf-16-be"),
            "this looks like UTF-16 without a byte-order mark. Save it as UTF-8, or set encoding for this survey.",
        ),
    ],
)
def test_says_what_a_file_is_instead(refused, raw: bytes, message: str):
    assert refused(raw) == [f"survey.csv: {message}"]


def test_names_the_cell_that_holds_a_nul_byte(refused):
    assert refused(b"a,b\n1,2\n3,x\x00y\n") == [
        "survey.csv, line 3, column 'b': the cell holds a NUL byte. Correct the cell."
    ]


def test_says_when_the_stated_encoding_is_wrong(refused):
    assert refused("a,b\n1,é\n".encode("cp1252"), encoding="utf-8") == [
        "survey.csv, line 2: the text is not utf-8. Leave encoding out, or name the right one."
    ]
    assert refused("a,b\n1,2\n", encoding="utf-99") == [
        "survey.csv: encoding 'utf-99' is not known. Write 'utf-8' or 'cp1252'."
    ]


def test_says_when_there_is_no_file(tmp_path: Path):
    with pytest.raises(StudyError) as error:
        read_microdata(tmp_path / "absent.csv")
    assert str(error.value) == "absent.csv: file not found. Check the name of the file in study.toml."


@pytest.mark.parametrize("name", ["wave.sav", "wave.zsav"])
def test_spss_files_bring_labels_and_declared_missing_values(tmp_path: Path, name: str):
    frame = pd.DataFrame({"q1": [1.0, 2.0, 9.0, np.nan], "age": [20.0, 97.0, 98.0, 30.0], "said": ["a", "", " ", "d"]})
    pyreadstat.write_sav(
        frame,
        tmp_path / name,
        compress=name.endswith("zsav"),
        column_labels={"q1": "Heard of it?"},
        variable_value_labels={"q1": {1: "Yes", 2: "No", 9: "Refused"}},
        missing_ranges={"q1": [9], "age": [{"lo": 97, "hi": 99}]},
    )
    data = read_microdata(tmp_path / name)
    assert data.codebook["q1"].label == "Heard of it?"
    assert data.codebook["q1"].codes == {1: "Yes", 2: "No", 9: "Refused"}
    assert data.codebook["q1"].is_missing(data.frame["q1"].to_numpy()).tolist() == [False, False, True, False]
    assert data.codebook["age"].is_missing(data.frame["age"].to_numpy()).tolist() == [False, True, True, False]
    assert data.frame["said"].tolist() == ["a", None, None, "d"]
    assert data.lines.tolist() == [1, 2, 3, 4]


def test_stata_files_tell_their_missing_letters_from_blank(tmp_path: Path):
    frame = pd.DataFrame({"q1": [1.0, "a", np.nan, 2.0]}, dtype=object)
    pyreadstat.write_dta(frame, tmp_path / "wave.dta", missing_user_values={"q1": ["a"]})
    data = read_microdata(tmp_path / "wave.dta")
    assert data.frame["q1"].tolist() == ["1", "a", None, "2"]
    assert data.codebook["q1"].is_missing(data.frame["q1"].to_numpy()).tolist() == [False, True, False, False]


def test_a_file_cut_short_is_refused(tmp_path: Path):
    pyreadstat.write_sav(pd.DataFrame({"q1": np.arange(500.0)}), tmp_path / "wave.sav")
    whole = (tmp_path / "wave.sav").read_bytes()
    (tmp_path / "wave.sav").write_bytes(whole[:-200])
    with pytest.raises(StudyError) as error:
        read_microdata(tmp_path / "wave.sav")
    assert str(error.value) == (
        "wave.sav: cannot be read as an SPSS file: file did not contain the expected number of rows. "
        "Export it again, or ask for a complete copy."
    )
