from __future__ import annotations

import gzip
import struct
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from surveys.core.errors import StudyError
from surveys.data.codebook import ResponseSet
from surveys.data.microdata import Microdata
from surveys.data.read import read_microdata


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


def texts(column: pd.Series) -> list[object]:
    """Cells, None where missing: pandas 3 has NaN in columns of text."""
    return [None if pd.isna(cell) else cell for cell in column]


def told(data: Microdata) -> list[str]:
    return [str(note) for note in data.notes]


def test_cells_are_numbers_where_all_of_a_column_are(read):
    data = read("id,q1,region\n1, ,Île-de-France\n2,.5,\n3,1e2,Bretagne\n")
    assert data.frame["id"].tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(data.frame["q1"][0])
    assert data.frame["q1"][1:].tolist() == [0.5, 100.0]
    assert texts(data.frame["region"]) == ["Île-de-France", None, "Bretagne"]
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
        (gzip.compress(b"a,b", mtime=0), "this is gzip-compressed, not a table of respondents. Unpack it first."),
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
    assert texts(data.frame["said"]) == ["a", None, None, "d"]
    assert data.lines.tolist() == [1, 2, 3, 4]


def test_stata_files_tell_their_missing_letters_from_blank(tmp_path: Path):
    frame = pd.DataFrame({"q1": [1.0, "a", np.nan, 2.0]}, dtype=object)
    pyreadstat.write_dta(frame, tmp_path / "wave.dta", missing_user_values={"q1": ["a"]})
    data = read_microdata(tmp_path / "wave.dta")
    assert texts(data.frame["q1"]) == ["1", "a", None, "2"]
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


def test_spss_files_bring_a_range_with_one_value_beside_it(tmp_path: Path):
    frame = pd.DataFrame({"age": [20.0, 97.0, 98.0, -1.0, 30.0], "said": ["a", "NR", "b", "NR", "c"]})
    pyreadstat.write_sav(
        frame, tmp_path / "wave.sav", missing_ranges={"age": [{"lo": 97, "hi": 99}, -1], "said": ["NR"]}
    )
    data = read_microdata(tmp_path / "wave.sav")
    for name, missing in (("age", [False, True, True, True, False]), ("said", [False, True, False, True, False])):
        assert data.codebook[name].is_missing(data.frame[name].to_numpy()).tolist() == missing


def test_spss_files_bring_their_sets_of_responses(tmp_path: Path):
    frame = pd.DataFrame({"net1": [1.0, 0, 1], "net2": [0.0, 0, 1], "first": [1.0, 2, 3], "second": [2.0, 3, 1]})
    pyreadstat.write_sav(frame, tmp_path / "wave.sav")
    declared = b"$nets=D1 1 9 Which one net1 net2 \n$said=C 5 Named first second \n"
    record = struct.pack("<iiii", 7, 7, 1, len(declared)) + declared
    raw = (tmp_path / "wave.sav").read_bytes()
    end = raw.index(struct.pack("<ii", 999, 0))
    (tmp_path / "wave.sav").write_bytes(raw[:end] + record + raw[end:])
    sets = read_microdata(tmp_path / "wave.sav").codebook.sets
    assert sets["nets"] == ResponseSet(name="nets", label="Which one", items=("net1", "net2"), counted=1)
    assert sets["said"] == ResponseSet(name="said", label="Named", items=("first", "second"), ticked=False)


@pytest.fixture
def workbook(tmp_path: Path):
    def workbook(*rows: list[object], **sheets: list[list[object]]) -> openpyxl.Workbook:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for name, more in sheets.items():
            sheet = book.create_sheet(name)
            for row in more:
                sheet.append(row)
        return book

    return workbook


def opened(book: openpyxl.Workbook, path: Path) -> Microdata:
    book.save(path)
    return read_microdata(path)


def test_workbooks_give_numbers_text_and_dates_as_stored(workbook, tmp_path: Path):
    rows = [["id", "w ", "when", "said", "ok"], [1, 0.5, date(2009, 6, 3), " a ", True], [], [2, None, None, "", False]]
    data = opened(workbook(*rows, empty=[]), tmp_path / "wave.xlsx")
    assert data.frame["id"].tolist() == [1.0, 2.0]
    assert data.frame["w"][0] == 0.5
    assert np.isnan(data.frame["w"][1])
    assert texts(data.frame["when"]) == ["2009-06-03", None]
    assert texts(data.frame["said"]) == ["a", None]
    assert data.frame["ok"].tolist() == ["TRUE", "FALSE"]
    assert data.lines.tolist() == [2, 4]
    assert told(data) == []


def test_a_workbook_is_known_by_what_it_is_and_not_by_its_name(workbook, tmp_path: Path):
    workbook(["id"], [1]).save(tmp_path / "wave.xlsx")
    (tmp_path / "wave.csv").write_bytes((tmp_path / "wave.xlsx").read_bytes())
    assert read_microdata(tmp_path / "wave.csv").frame["id"].tolist() == [1.0]


def test_names_every_cell_of_a_workbook_that_cannot_be_used(workbook, tmp_path: Path):
    book = workbook(["id", "w", "", "when"], [1, "=1/0", 2, date(2009, 6, 3)], [2, "#DIV/0!", 3, None], [3, 4, 5, None])
    book.active["B3"].data_type = "e"
    book.active.merge_cells("A4:B4")
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    with pytest.raises(StudyError) as error:
        opened(book, tmp_path / "wave.xlsx")
    assert str(error.value).split("\n") == [
        "wave.xlsx: formulas that were never computed: B2. Open the workbook in Excel and save it, "
        "or paste the values.",
        "wave.xlsx: cells that hold an error: B3 (#DIV/0!). Correct the cells.",
        "wave.xlsx: cells that are merged: A4:B4. Separate them, with a value in each.",
        "wave.xlsx: dates of a workbook that counts days from 1904: D2. Turn the 1904 date system off in Excel's "
        "options and check the dates, or write them as text.",
        "wave.xlsx, header: column 3 has no name. Name each column, or remove it.",
    ]


def test_a_workbook_of_1904_without_dates_is_read_and_said(workbook, tmp_path: Path):
    book = workbook(["id", "day"], [1, 38504])
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert told(opened(book, tmp_path / "wave.xlsx")) == [
        "the workbook counts days from 1904: a number that stands for a date is four years later there"
    ]


def test_refuses_a_workbook_with_several_tables(workbook, tmp_path: Path):
    with pytest.raises(StudyError) as error:
        opened(workbook(["id"], [1], Codes=[["code"], [1]]), tmp_path / "wave.xlsx")
    assert str(error.value) == ("wave.xlsx: 2 sheets hold data: Sheet, Codes. Keep the sheet of the respondents only.")


def test_parquet_keeps_types_as_codes(tmp_path: Path):
    table = pa.table(
        {
            "id": pa.array([2**53 + 1, 7], pa.int64()),
            "q1": pa.array([1, None], pa.int8()),
            "yes": pa.array([True, None]),
            "said": pa.array(["a", " "]).dictionary_encode(),
            "day": pa.array([date(2009, 6, 3), None]),
            "none": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "wave.parquet")
    data = read_microdata(tmp_path / "wave.parquet")
    assert data.frame["id"].tolist() == ["9007199254740993", "7"]
    assert data.frame[["q1", "yes"]].values[0].tolist() == [1.0, 1.0]
    assert data.frame[["q1", "yes", "none"]].iloc[1].isna().all()
    assert texts(data.frame["said"]) == ["a", None]
    assert texts(data.frame["day"]) == ["2009-06-03", None]
    assert data.lines.tolist() == [1, 2]


def test_says_why_a_parquet_file_cannot_be_read(tmp_path: Path, refused):
    assert refused("a,b\n1,2\n", "wave.parquet") == [
        "wave.parquet: this is not a Parquet file, whatever its name says. "
        "Name it after what it is, such as .csv, or export it again."
    ]
    assert refused(b"PAR1" + b"x" * 20, "cut.parquet")[0].startswith("cut.parquet: cannot be read as Parquet: ")
    pq.write_table(pa.table({"a": [[1, 2]]}), tmp_path / "lists.parquet")
    with pytest.raises(StudyError) as error:
        read_microdata(tmp_path / "lists.parquet")
    assert str(error.value) == (
        "lists.parquet, column 'a': holds list<element: int64>, expected one value for each respondent. Flatten it."
    )


QUALTRICS = (
    "StartDate,Status,Finished,Q1,Q2_1,Q2_2,Q3_1,Q3_2\n"
    'Start Date,Response Type,Finished,"Have you heard\nof it?",Which? - Selected Choice - Twitter,'
    "Which? - Selected Choice - Facebook,Rate - A,Rate - B\n"
    '"{""ImportId"":""startDate"",""timeZone"":""Europe/Paris""}","{""ImportId"":""status""}",'
    '"{""ImportId"":""finished""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2_1""}","{""ImportId"":""QID2_2""}",'
    '"{""ImportId"":""QID3_1""}","{""ImportId"":""QID3_2""}"\n'
    "2012-10-15,IP Address,True,1,Twitter,,4,5\n"
    "2012-10-15,Survey Preview,False,2,,Facebook,3,\n"
)


def test_qualtrics_headers_are_three_rows(read):
    data = read(QUALTRICS)
    assert data.frame["Q1"].tolist() == [1.0, 2.0]
    assert data.lines.tolist() == [5, 6]
    assert data.codebook["Q1"].label == "Have you heard of it?"
    assert data.codebook.sets == {"Q2": ResponseSet(name="Q2", label="Which?", items=("Q2_1", "Q2_2"))}
    assert told(data) == [
        "respondents who did not finish the questionnaire: 1",
        "rows that are tests of the questionnaire, not respondents: 1",
    ]


def test_qualtrics_without_a_respondent_is_refused(refused):
    assert refused("\n".join(QUALTRICS.split("\n")[:4]) + "\n") == [
        "survey.csv: there are no respondents below the header. Export it again with its data."
    ]


def test_limesurvey_exports_bring_codes_and_questions(read):
    data = read(
        '"id. Response ID","submitdate. Date submitted","lastpage. Last page","q1. Heard of it?",'
        '"q2[SQ001]. Which? [Twitter]","q2[SQ002]. Which? [Facebook]","q2[other]. Which? [Other]"\n'
        '"1","2012-10-15 10:00:00","3","A1","Y","",""\n'
        '"2","","1","A2","","Y","Viadeo"\n'
    )
    assert data.frame.columns.tolist() == ["id", "submitdate", "lastpage", "q1", "q2[SQ001]", "q2[SQ002]", "q2[other]"]
    assert data.codebook["q1"].label == "Heard of it?"
    assert data.codebook.sets == {"q2": ResponseSet(name="q2", label="Which?", items=("q2[SQ001]", "q2[SQ002]"))}
    assert told(data) == ["respondents who did not finish the questionnaire: 1"]


def test_other_tables_keep_points_in_their_names(read):
    assert read("q1. Heard of it?,b\n1,2\n").frame.columns.tolist() == ["q1. Heard of it?", "b"]


def test_a_very_long_cell_is_read_whole(read):
    assert len(read("id,said\n1," + "x" * 200_000 + "\n").frame["said"][0]) == 200_000
