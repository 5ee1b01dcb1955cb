"""The study file: every problem at once, each naming the key and the nearest known one."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveys.core.errors import StudyError
from surveys.study.file import inspect_study, read_study

SMALLEST = """
[study]
title = "t"
as_of = 2013-12-31
"""

WAVE = """
[[survey]]
wave = "2009-06"
file = "a.csv"
[survey.platform.twitter]
aware = { item = "q1", yes = [1] }
"""


def problems_of(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return [str(problem) for problem in inspect_study(tmp_path)[1]]


def test_the_smallest_study_is_a_title_and_a_window(tmp_path: Path):
    (tmp_path / "study.toml").write_text(SMALLEST, encoding="utf-8")
    study = read_study(tmp_path)
    assert study.folder == tmp_path
    assert study.study.language == ("en",)


def test_a_misspelt_key_is_named_with_the_nearest_known_one(tmp_path: Path):
    assert problems_of(tmp_path, SMALLEST + WAVE.replace("file = ", 'wieght = "w"\nfile = ')) == [
        "study.toml, [[survey]] 1 ('2009-06'): unknown key 'wieght'. Did you mean 'weight'?"
    ]


def test_a_misspelt_key_deep_in_a_table_is_named_with_its_table(tmp_path: Path):
    assert problems_of(tmp_path, SMALLEST + WAVE.replace("item", "itme")) == [
        "study.toml, [[survey]] 1 ('2009-06'), platform.twitter.aware: unknown key 'itme'. Did you mean 'item'?"
    ]


def test_an_unknown_table_is_a_problem_of_the_file(tmp_path: Path):
    assert problems_of(tmp_path, SMALLEST + "[survei]\n") == [
        "study.toml: unknown key 'survei'. Did you mean 'survey'?"
    ]


def test_an_impossible_value_is_shown_with_what_was_expected(tmp_path: Path):
    assert problems_of(tmp_path, SMALLEST + WAVE.replace("file = ", 'sampling = "quotta"\nfile = ')) == [
        "study.toml, [[survey]] 1 ('2009-06'): got 'quotta' for 'sampling', "
        "expected 'probability', 'quota', 'opt-in' or 'census'. Did you mean 'quota'?"
    ]


def test_a_time_zone_that_does_not_exist_is_refused(tmp_path: Path):
    assert problems_of(tmp_path, SMALLEST + 'timezone = "Europe/Pariss"\n') == [
        "study.toml, [study]: 'timezone': got 'Europe/Pariss', "
        "expected the name of a time zone, such as 'Europe/Paris'. Correct the value."
    ]


def test_all_problems_are_told_at_once(tmp_path: Path):
    text = SMALLEST.replace("title", "titel") + WAVE.replace("yes", "yess") + "[usage]\nevents = 'x'\naccount = 'u'\n"
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    assert [problem.place for problem in caught.value.problems] == [
        "study.toml, [study]",
        "study.toml, [[survey]] 1 ('2009-06'), platform.twitter.aware",
        "study.toml",
    ]


def test_what_is_right_is_kept_so_that_its_data_can_be_checked(tmp_path: Path):
    (tmp_path / "study.toml").write_text(SMALLEST + WAVE + WAVE.replace("file", "flie"), encoding="utf-8")
    study, problems = inspect_study(tmp_path)
    assert study is not None
    assert [survey.file for survey in study.survey] == ["a.csv"]
    assert len(problems) == 1


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    assert str(inspect_study(tmp_path / "none")[1][0]).endswith(
        "study.toml: file not found. Make a study with 'churn init'."
    )


def test_broken_toml_names_the_line(tmp_path: Path):
    assert "line 2" in problems_of(tmp_path, "[study]\ntitle = \n")[0]


def test_the_folder_cannot_be_set_from_the_file(tmp_path: Path):
    assert problems_of(tmp_path, "folder = '/etc'\n" + SMALLEST) == [
        "study.toml: unknown key 'folder'. Remove it: files are found from the folder of the study file."
    ]


def test_a_message_is_one_line_without_control_characters(tmp_path: Path):
    line = problems_of(tmp_path, SMALLEST + '"\\u001b[31m\\n" = 1\n')[0]
    assert "\n" not in line
    assert "\x1b" not in line


TENURES = """
[usage]
accounts = "a.csv"
tenure = "months"
tenure_unit = "months"
dropped = { item = "left", yes = ["Yes"] }
dropout = { rule = "closed", horizon = 12 }
"""


def test_a_table_of_tenures_needs_neither_names_nor_dates(tmp_path: Path):
    (tmp_path / "study.toml").write_text(SMALLEST + TENURES, encoding="utf-8")
    usage = read_study(tmp_path).usage
    assert usage is not None
    assert usage.account == ()
    assert usage.horizon == 12


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (", horizon = 12", "", "tenures in months need horizon, in months, in dropout"),
        (
            'tenure_unit = "months"\n',
            "",
            "tenure needs tenure_unit, what it counts, and dropped, which says who is gone",
        ),
        ('accounts = "a.csv"', 'events = "a.csv"\ntime = "t"', "rule 'closed' needs accounts with a closing date"),
        ("rule", "gap_days = 9, rule", None),
    ],
)
def test_what_a_table_of_tenures_lacks_is_told(tmp_path: Path, old: str, new: str, told: str | None):
    found = problems_of(tmp_path, SMALLEST + TENURES.replace(old, new, 1))
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_accounts_with_dates_need_a_name(tmp_path: Path):
    text = "[usage]\naccounts = 'a.csv'\nsignup = 'opened'\nlast_seen = 'seen'\n"
    assert problems_of(tmp_path, SMALLEST + text) == [
        "study.toml: 'usage': expected account, the column that names each account. Correct the value."
    ]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_what_toml_calls_a_number_and_is_none_is_refused(tmp_path: Path, number: str):
    group = f'[survey.group.age]\nitem = "age"\nbands = [18, {number}]\n'
    size = f'[population.web]\nsize = {number}\nlabel = "w"\nsource = "s"\n'
    told = problems_of(tmp_path, SMALLEST + size + WAVE + group)
    assert [line.split(":")[0] for line in told] == [
        "study.toml, [population.web]",
        "study.toml, [[survey]] 1 ('2009-06'), group.age",
    ]
    assert told[1].endswith(f"got {number} for 'bands': input should be a finite number. Correct the value.")
