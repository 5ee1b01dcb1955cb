from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from surveys.core.errors import SpecError, StudyError
from surveys.samples.sample import Sample, read_sample
from surveys.study.fields import Answer
from surveys.study.schema import Recall, Study

HEARD = {"item": "q1", "yes": [1]}


@pytest.fixture
def sample(make_study: Callable[..., Study]):
    def sample(text: str | bytes, **survey: object) -> Sample:
        study = make_study(text, **survey)
        return read_sample(study, study.survey[0])

    return sample


@pytest.fixture
def refused(sample):
    def refused(text: str | bytes, **survey: object) -> list[str]:
        with pytest.raises(StudyError) as error:
            sample(text, **survey)
        return str(error.value).split("\n")

    return refused


def asks(**answer: object) -> dict[str, object]:
    return {"twitter": {"aware": HEARD | answer}}


def told(sample: Sample) -> list[str]:
    return [str(note) for note in sample.notes]


def test_codes_become_yes_no_and_no_answer(sample):
    found = sample("w,q1\n1,1\n1,2\n1,9\n", platform=asks(missing=[9]))
    assert found.indicator(Answer(item="q1", yes=(1,), missing=(9,))).tolist()[:2] == [1.0, 0.0]
    assert np.isnan(found.indicator(Answer(item="q1", yes=(1,), missing=(9,)))[2])
    assert told(found) == []


def test_a_filtered_question_means_what_the_study_says(sample):
    found = sample("w,q1\n1,1\n1, \n", platform=asks(not_asked="no"))
    assert found.indicator(Answer(item="q1", yes=(1,), not_asked="no")).tolist() == [1.0, 0.0]
    assert np.isnan(found.indicator(Answer(item="q1", yes=(1,), not_asked="missing"))[1])


def test_blank_cells_that_nobody_explains_are_refused(refused):
    assert refused("w,q1\n1,1\n1,\n1,\n") == [
        "survey.csv, column 'q1': 2 of 3 cells are blank, and study.toml does not say what that means. "
        "Set not_asked = 'no' if a blank means no, so that these people stay in the base, "
        "or not_asked = 'missing' to leave them out."
    ]


def test_an_empty_column_is_refused(refused):
    assert refused("w,q1\n1,\n1,\n", platform=asks(not_asked="no")) == [
        "survey.csv, column 'q1': the column is empty. Name the column that holds the answers."
    ]


def test_codes_that_mean_no_without_being_listed_are_said(sample):
    assert told(sample("w,q1\n1,1\n1,2\n1,8\n")) == ["“q1”: every answer other than 1 counts as no, such as 2, 8"]
    assert told(sample("w,q1\n1,1\n1,2\n1,8\n", platform=asks(no=[2, 8]))) == []


def test_codes_outside_those_listed_are_refused(refused):
    assert refused("w,q1\n1,1\n1,2\n1,9\n1,9\n1,-1\n", platform=asks(no=[2])) == [
        "survey.csv, column 'q1': codes not listed in study.toml: -1 (1 respondent), 9 (2 respondents). "
        "Correct the cells, or list the codes under yes, no or missing for 'q1' in study.toml."
    ]


def test_text_among_numbers_is_refused(refused):
    assert refused("w,q1\n1,1\n1,2\n1,NA\n") == [
        "survey.csv, column 'q1': codes that are not numbers: NA (1 respondent). "
        "Correct the cells, or list the codes under yes, no or missing for 'q1' in study.toml."
    ]


@pytest.mark.parametrize("said", ["NA", "N/A", "nan", "NULL", "None", "#N/A"])
def test_a_blank_that_another_program_wrote_is_a_blank(sample, refused, said):
    text = f"w,q1\n1,Yes\n1,No\n1,{said}\n1,{said}\n"
    assert refused(text, platform=asks(yes=["Yes"])) == [
        f"survey.csv, column 'q1': codes that look like no answer: '{said}' (2 respondents). "
        "List them under missing for 'q1' in study.toml, or under no if they mean no; "
        "not_asked says what a question that was not asked means."
    ]
    heard = Answer(item="q1", yes=("Yes",), not_asked="missing")
    found = sample(text, platform=asks(yes=["Yes"], not_asked="missing"))
    assert np.isnan(found.indicator(heard)).tolist() == [False, False, True, True]
    assert told(found) == [f"“q1”: answers that say {said} count as questions that were not asked: 2"]
    assert sample(text, platform=asks(yes=["Yes"], not_asked="no")).indicator(
        Answer(item="q1", yes=("Yes",), not_asked="no")
    ).tolist() == [1, 0, 0, 0]
    assert np.isnan(sample(text, platform=asks(yes=["Yes"], missing=[said])).indicator(
        Answer(item="q1", yes=("Yes",), missing=(said,)))).sum() == 2  # fmt: skip


def test_numbers_beside_nan_are_no_blanks(sample, refused):
    text = "w,q1\n1,1\n1,2\n1,NaN\n"
    assert refused(text)[0].startswith("survey.csv, column 'q1': codes that are not numbers: NaN (1 respondent).")
    assert sample(text, platform=asks(missing=["NaN"])).indicator(Answer(item="q1", yes=(1,), missing=("NaN",)))[1] == 0


@pytest.mark.parametrize(
    "label", ["Refused", "Don’t know", "-9. No answer", "Sans réponse", "NSP", "Refus", "(VOL.) DK/Ref"]
)
def test_a_label_that_means_no_answer_is_asked_about(sample, refused, tmp_path, label):
    raw = spss(
        tmp_path,
        pd.DataFrame({"w": [1.0] * 4, "q1": [1.0, 2, 9, 9]}),
        variable_value_labels={"q1": {1: "Yes", 2: "No", 9: label}},
    )
    assert refused(raw, file="wave.sav") == [
        f"wave.sav, column 'q1': codes that look like no answer: 9 '{label}' (2 respondents). "
        "List them under missing for 'q1' in study.toml, or under no if they mean no."
    ]
    assert told(sample(raw, file="wave.sav", platform=asks(missing=[9]))) == []
    assert told(sample(raw, file="wave.sav", platform=asks(no=[2, 9]))) == []


def test_a_label_that_says_not_asked_is_a_question_not_asked(sample, refused, tmp_path):
    frame = pd.DataFrame({"w": [1.0] * 4, "q1": [1.0, 2, 8, 8]})
    raw = spss(tmp_path, frame, variable_value_labels={"q1": {1: "Yes", 2: "No", 8: "Not asked"}})
    assert "8 'Not asked' (2 respondents)" in refused(raw, file="wave.sav")[0]
    heard = Answer(item="q1", yes=(1,), not_asked="missing")
    assert np.isnan(sample(raw, file="wave.sav", platform=asks(not_asked="missing")).indicator(heard)).sum() == 2


def test_a_group_asks_about_levels_that_look_like_no_answer(sample, refused, tmp_path):
    text = "w,q1,sex\n" + "1,1,F\n1,2,M\n" * 5 + "1,1,NA\n1,2,Refused\n"
    assert refused(text, group={"sex": {"item": "sex"}}) == [
        "survey.csv, column 'sex': codes that look like no answer: 'NA', 'Refused'. "
        "List them under missing for the group of 'sex' in study.toml, or under levels if they are."
    ]
    kept = sample(text, group={"sex": {"item": "sex", "missing": ["NA", "Refused"]}})
    assert kept.grouping("sex").names == ("F", "M")
    assert told(kept) == ["respondents without an answer to “sex”, who stand in none of its levels: 2 of 12"]
    levels = {"F": "Women", "M": "Men", "Refused": "Not said", "NA": "Elsewhere"}
    assert len(sample(text, group={"sex": {"item": "sex", "levels": levels}}).grouping("sex").names) == 4


def test_respondents_without_a_level_are_counted(sample):
    found = sample("w,q1,sex\n" + "1,1,F\n1,2,M\n1,1,\n" * 10, group={"gender": {"item": "sex"}})
    assert told(found) == ["respondents without an answer to “gender”, who stand in none of its levels: 10 of 30"]


def test_answers_may_be_words(sample, refused):
    found = sample("w,q1\n1,Oui\n1,Non\n", platform=asks(yes=["Oui"]))
    assert found.indicator(Answer(item="q1", yes=("Oui",))).tolist() == [1.0, 0.0]
    assert refused("w,q1\n1,Oui\n1,Non\n", platform=asks(yes=["oui"])) == [
        "survey.csv, column 'q1': no respondent has code oui, which study.toml counts as yes. Did you mean 'Oui'?"
    ]


def test_a_recall_question_tells_who_left(sample):
    left = {"item": "q5", "bands": {"1": "<7 d", "2": "7-30 d"}, "still": [9], "missing": [8], "not_asked": "missing"}
    found = sample("w,q5\n1,1\n1,2\n1,9\n1,8\n1,\n", platform={"twitter": {"left": left}})
    gone = found.indicator(Recall(**left))
    assert gone[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(gone[3:]).all()


def spss(tmp_path, frame: pd.DataFrame, **how: object) -> bytes:
    pyreadstat.write_sav(frame, tmp_path / "made.sav", **how)
    return (tmp_path / "made.sav").read_bytes()


LABELS = {"q1": {1: "Yes", 2: "No", 9: "Refused"}}


def test_declared_missing_codes_are_no_answer(sample, tmp_path):
    raw = spss(
        tmp_path,
        pd.DataFrame({"w": [1.0] * 3, "q1": [1.0, 2, 9]}),
        variable_value_labels=LABELS,
        missing_ranges={"q1": [9]},
    )
    found = sample(raw, file="wave.sav")
    assert np.isnan(found.indicator(Answer(item="q1", yes=(1,)))[2])


def test_codes_without_a_label_are_refused_with_their_count(refused, tmp_path):
    raw = spss(tmp_path, pd.DataFrame({"w": [1.0] * 4, "q1": [1.0, 2, 7, 7]}), variable_value_labels=LABELS)
    assert refused(raw, file="wave.sav") == [
        "wave.sav, column 'q1': codes without a label in the file: 7 (2 respondents). "
        "Correct the cells, or list the codes under yes, no or missing for 'q1' in study.toml."
    ]


def test_a_code_for_yes_that_the_file_does_not_know_is_refused(refused, tmp_path):
    raw = spss(tmp_path, pd.DataFrame({"w": [1.0] * 3, "q1": [1.0, 2, 2]}), variable_value_labels=LABELS)
    assert refused(raw, file="wave.sav", platform=asks(yes=[3])) == [
        "wave.sav, column 'q1': no respondent has code 3, which study.toml counts as yes. "
        "Correct yes for 'q1' in study.toml; the codes are 1 (Yes), 2 (No), 9 (Refused)."
    ]


def test_numbers_fall_into_bands(sample):
    found = sample(
        "w,q1,age\n1,1,17\n1,1,18\n1,1,24\n1,1,25\n1,2,70\n1,2,99\n",
        group={"age": {"item": "age", "bands": [18, 25, 35], "missing": [99]}},
    )
    assert found.levels("age").tolist() == [None, "18-24", "18-24", "25-34", "35+", None]
    assert found.grouping("age").names == ("18-24", "25-34", "35+")
    assert told(found)[0] == "respondents below the first band of 'age', who are in none: 1"


def test_text_in_bands_is_refused(refused):
    group = {"age": {"item": "age", "bands": [18, 25]}}
    assert refused("w,q1,age\n1,1,20\n1,2,old\n", group=group) == [
        "survey.csv, column 'age': got 'old', expected numbers. "
        "Correct the cells, or list them under missing for the group of 'age' in study.toml."
    ]


def test_levels_come_in_the_order_of_the_study_and_may_join_codes(sample):
    group = {"sex": {"item": "sex", "levels": {"2": "Women", "1": "Men", "3": "Women"}, "missing": [9]}}
    found = sample("w,q1,sex\n" + "".join(f"1,{i % 2},{i % 3 + 1}\n" for i in range(30)) + "1,1,9\n", group=group)
    assert found.grouping("sex").names == ("Women", "Men")
    assert found.levels("sex")[:3].tolist() == ["Men", "Women", "Women"]
    assert found.levels("sex")[-1] is None


def test_codes_without_a_level_are_refused(refused):
    group = {"sex": {"item": "sex", "levels": {"1": "Men", "2": "Women"}}}
    assert refused("w,q1,sex\n1,1,1\n1,0,2\n1,0,3\n", group=group) == [
        "survey.csv, column 'sex': codes without a level: 3. "
        "List them under levels or missing for the group of 'sex' in study.toml."
    ]


def test_labels_of_the_file_name_levels(sample, tmp_path):
    frame = pd.DataFrame({"w": [1.0] * 10, "q1": [1.0, 0] * 5, "region": [2.0, 1] * 5})
    raw = spss(tmp_path, frame, variable_value_labels={"region": {1: "Nord", 2: "Est"}})
    found = sample(raw, file="wave.sav", group={"region": {"item": "region"}})
    assert found.grouping("region").names == ("Nord", "Est")


def test_levels_that_look_alike_are_kept_apart_and_said(sample):
    rows = "".join(f"1,{i % 2},{name}\n" for name in ("Oui", "oui") for i in range(5))
    found = sample("w,q1,a\n" + rows, group={"a": {"item": "a"}})
    assert sorted(found.grouping("a").names) == ["Oui", "oui"]
    assert told(found) == ["labels 'Oui' and 'oui' of 'a' look alike and are kept apart"]


def test_a_level_with_hardly_anybody_is_said(sample):
    rows = "".join(f"1,{i % 2},Nord\n" for i in range(9))
    assert told(sample("w,q1,region\n" + rows + "1,1,Corse\n", group={"region": {"item": "region"}})) == [
        "levels of 'region' with very few respondents: Corse (1)"
    ]


def test_labels_can_be_printed_and_are_kept_apart(sample):
    rows = "".join(f'1,{i % 2},"{name}"\n' for name in ("a\x1b[31mb", "a\nb", "a b", "x" * 300) for i in range(5))
    found = sample("w,q1,a\n" + rows, group={"a": {"item": "a"}})
    assert sorted(found.grouping("a").names) == ["a [31mb", "a b", "a b (2)", "x" * 199 + "…"]
    assert told(found) == [
        "labels of 'a' beyond 200 characters are cut",
        "labels of 'a' hold markup or control characters, printed as text",
    ]


def test_a_population_asked_whole_is_said(sample):
    assert told(sample("q1,size\n1,2\n0,2\n", weight=None, fpc="size")) == [
        "population sizes equal the numbers drawn, so that estimates have no sampling error"
    ]


def test_a_base_is_those_for_whom_any_answer_is_yes(sample):
    any_of = [{"item": "q1", "yes": [1]}, {"item": "q2", "yes": [1], "not_asked": "no"}]
    found = sample("w,q1,q2\n1,1,\n1,0,1\n1,0,0\n", base={"online": {"any": any_of}})
    assert found.base("online").tolist() == [True, True, False]
    assert found.base(None).tolist() == [True, True, True]


def test_all_problems_of_a_file_are_told_at_once(refused):
    text = "id,w,q1,sex\nR1,1,1,1\nR1,-1,,2\nR2,x,1,2\n"
    assert refused(text, id="id", strata="region", group={"sex": {"item": "sexe"}}) == [
        "survey.csv, header: no column 'region'. Columns here: id, w, q1, sex.",
        "survey.csv, header: no column 'sexe'. Did you mean 'sex'?",
        "survey.csv, lines 2, 3, column 'id': the same respondents occur twice: 'R1'. "
        "Keep one row for each respondent.",
        "survey.csv, column 'q1': 1 of 3 cells are blank, and study.toml does not say what that means. "
        "Set not_asked = 'no' if a blank means no, so that these people stay in the base, "
        "or not_asked = 'missing' to leave them out.",
    ]


def test_respondents_without_an_identifier_are_refused(refused):
    assert refused("id,w,q1\nR1,1,1\n,1,0\n", id="id") == [
        "survey.csv, line 3, column 'id': the respondent has no identifier. Fill it in."
    ]


def test_a_transposed_table_is_recognised(refused):
    assert refused("id,R1,R2\nw,1,1\nq1,1,2\n") == [
        "survey.csv: the names of items stand in the first column: the table is transposed. "
        "Turn it so that each respondent is a row and each item a column."
    ]


def test_a_design_without_variance_is_refused_by_the_name_of_its_file(refused):
    assert refused("w,q1,s\n1,1,a\n1,0,a\n1,0,b\n", strata="s") == [
        "survey.csv: one unit alone was drawn from strata 'b', so that variances cannot be estimated. "
        "Join it to another, or set lonely_psu to 'adjust', 'average', 'certainty' or 'remove'."
    ]


def test_a_rule_for_lonely_units_is_said(sample):
    assert told(sample("w,q1,s\n1,1,a\n1,0,a\n1,0,b\n", strata="s", lonely_psu="adjust")) == [
        "strata with one primary unit (b) follow the rule 'adjust'"
    ]


def test_uneven_weights_are_said(sample):
    rows = "".join(f"1,{i % 2}\n" for i in range(99))
    assert told(sample("w,q1\n9999,1\n" + rows)) == [
        "weights are so uneven that 100 respondents tell as much as 1 of equal weight (Kish)"
    ]


def test_personal_data_are_left_alone_and_said(sample):
    found = sample("w,q1,email,IP\n1,1,a@b.c,::1\n1,0,d@e.f,::1\n")
    assert told(found) == ["columns that look like personal data are not used: email, IP"]


def test_offers_the_nearest_group_and_base(sample):
    found = sample("w,q1,age\n1,1,20\n1,0,30\n", group={"age": {"item": "age", "bands": [18]}})
    with pytest.raises(SpecError) as error:
        found.levels("aeg")
    assert str(error.value) == "group 'aeg': the survey has no such group. Did you mean 'age'?"
    with pytest.raises(SpecError) as error:
        found.base("online")
    assert str(error.value) == "base 'online': the survey has no such base. Bases here: none."
