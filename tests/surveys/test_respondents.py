from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from surveys.core.errors import StudyError
from surveys.data.read import read_microdata
from surveys.estimates.means import proportion
from surveys.funnel.funnel import estimate_funnel
from surveys.samples.design_report import describe_design
from surveys.samples.sample import Sample, read_sample
from surveys.study.schema import Study

HEADER = (
    "StartDate,Status,Progress,Finished,ResponseId,DistributionChannel,Q1\n"
    "Start Date,Response Type,Progress,Finished,Response ID,Distribution Channel,Heard?\n"
    + ",".join(
        f'"{{""ImportId"":""{name}""}}"'
        for name in ("startDate", "status", "progress", "finished", "_recordId", "distributionChannel", "QID1")
    )
    + "\n"
)
KINDS = {
    "respondent": ("0", "100", "1", "anonymous"),
    "imported": ("4", "100", "1", "anonymous"),
    "offline": ("16", "100", "1", "anonymous"),
    "preview": ("1", "100", "1", "preview"),
    "offline preview": ("17", "100", "1", "preview"),
    "preview by channel": ("0", "100", "1", "preview"),
    "test": ("2", "100", "1", "test"),
    "spam": ("8", "100", "1", "anonymous"),
    "imported spam": ("12", "100", "1", "anonymous"),
    "unfinished": ("0", "50", "0", "anonymous"),
    "unfinished preview": ("1", "50", "0", "preview"),
}
NAMED = {"0": "IP Address", "4": "Imported", "16": "Offline Response", "1": "Survey Preview", "8": "Spam"} | {
    "17": "Offline Survey Preview", "2": "Survey Test", "12": "Imported Spam"}  # fmt: skip


def rows(*kinds: str, words: bool = False) -> str:
    lines = []
    for i, kind in enumerate(kinds):
        status, progress, finished, channel = KINDS[kind]
        if words:
            status, finished = NAMED[status], {"1": "True", "0": "False"}[finished]
        lines.append(f"2024-04-01,{status},{progress},{finished},R_{i},{channel},{i % 2 + 1}\n")
    return "".join(lines)


EVERY = ("respondent", "respondent", *KINDS)


@pytest.fixture
def sample(make_study: Callable[..., Study]):
    def sample(text: str | bytes, **survey: object) -> Sample:
        asked = {"platform": {"a": {"aware": {"item": "Q1", "yes": [1]}}}, "weight": None}
        study = make_study(text, **(asked | survey))
        return read_sample(study, study.survey[0])

    return sample


def told(sample: Sample) -> list[str]:
    return [str(note) for note in sample.notes]


@pytest.mark.parametrize("words", [False, True])
def test_rows_that_are_no_respondents_are_left_out_and_counted_by_reason(sample, words):
    found = sample(HEADER + rows(*EVERY, words=words))
    assert len(found) == 5
    assert told(found) == [
        "rows left out that are previews of the questionnaire, not respondents: 4",
        "rows left out that are tests of the questionnaire, not respondents: 1",
        "rows left out that the survey service takes for spam: 2",
        "respondents left out who did not finish the questionnaire: 1",
    ]
    assert found.lines.tolist() == [4, 5, 6, 7, 8]
    report = describe_design(found.design)
    assert report.left_out == {"preview": 4, "test": 1, "spam": 2, "unfinished": 1}
    counts = report.to_frame().set_index("measure")["value"]
    assert (counts["respondents"], counts["left_out_preview"], counts["left_out_unfinished"]) == (5, 4, 1)
    assert "rows left out: 4 preview, 1 test, 2 spam, 1 unfinished" in report.summary()


def test_a_key_keeps_rows_in(sample):
    found = sample(HEADER + rows(*EVERY), keep=["unfinished", "spam"])
    assert len(found) == 8
    assert told(found)[2:] == [
        "rows that the survey service takes for spam and that are kept: 2",
        "respondents who did not finish the questionnaire and are kept: 1",
    ]
    assert len(sample(HEADER + rows(*EVERY), keep=["preview", "test", "spam", "unfinished"])) == len(EVERY)


def test_an_export_whose_header_was_cut_to_one_row_is_known_by_its_names(sample):
    assert len(sample(HEADER.split("\n")[0] + "\n" + rows(*EVERY))) == 5


def test_an_export_to_spss_is_known_by_its_names(sample, tmp_path: Path):
    frame = pd.DataFrame(
        {"Status": [0.0, 0, 1, 8, 0], "Finished": [1.0, 1, 1, 1, 0], "ResponseId": list("abcde"), "Progress": 100.0,
         "Q1": [1.0, 2, 1, 1, 1]}
    )  # fmt: skip
    labels = {
        "Status": {0.0: "IP Address", 1.0: "Survey Preview", 8.0: "Spam"},
        "Finished": {0.0: "False", 1.0: "True"},
    }
    pyreadstat.write_sav(frame, tmp_path / "survey.sav", variable_value_labels=labels)
    found = sample((tmp_path / "survey.sav").read_bytes(), file="survey.sav")
    assert (len(found), dict(found.design.left_out)) == (2, {"preview": 1, "spam": 1, "unfinished": 1})


def test_respondents_who_did_not_submit_are_left_out_of_limesurvey(sample):
    text = "id,submitdate,lastpage,startlanguage,Q1\n1,2012-10-15 10:00,3,fr,1\n2,,1,fr,1\n3,2012-10-16 10:00,3,fr,2\n"
    found = sample(text)
    assert (len(found), told(found)) == (2, ["respondents left out who did not finish the questionnaire: 1"])
    assert len(sample(text, keep=["unfinished"])) == 3


def test_a_file_without_a_finished_answer_is_refused(sample):
    with pytest.raises(StudyError) as refused:
        sample(HEADER + rows("unfinished", "preview"))
    assert str(refused.value) == (
        "survey.csv: no row is a finished answer of a respondent: preview (1), unfinished (1). Export the answers that "
        "count, or set keep = ['preview', 'unfinished'] for this survey in study.toml."
    )


def test_other_files_keep_all_their_rows(sample):
    assert len(sample("Status,Finished,Q1\n1,0,1\n0,1,2\n")) == 2


COUNTS = "q1,sex,n\n1,1,300\n2,1,200\n1,2,240\n2,2,260\n"
BY_SEX = {"sex": {"item": "sex"}}


def people(text: str) -> str:
    """Write a file of counts out, a line for each person."""
    header, *lines = text.strip().split("\n")
    return header + "\n" + "".join(f"{line}\n" * int(line.rpartition(",")[2]) for line in lines)


def test_rows_that_stand_for_several_people_are_counted_as_people(make_study):
    asked = {"platform": {"a": {"aware": {"item": "q1", "yes": [1]}}}, "weight": None, "group": BY_SEX}
    found = estimate_funnel(make_study(COUNTS, frequency="n", **asked)).at("2009-06", "a", "aware")
    assert (found.estimate, found.n) == (pytest.approx(0.54), 1000)
    assert found.std_error == pytest.approx(np.sqrt(0.54 * 0.46 / 999))
    expanded = estimate_funnel(make_study(people(COUNTS), **asked))
    pd.testing.assert_frame_equal(
        estimate_funnel(make_study(COUNTS, frequency="n", **asked)).to_frame(), expanded.to_frame()
    )


def test_people_of_a_row_share_its_weight_its_stratum_and_its_cluster(make_study):
    rng = np.random.default_rng(3)
    lines = [f"{rng.integers(1, 3)},{rng.uniform(1, 4):.3f},{i % 3},{i % 12},{rng.integers(0, 9)}" for i in range(60)]
    text = "q1,w,region,place,n\n" + "\n".join(lines) + "\n"
    for drawn in ({}, {"strata": "region"}, {"strata": "region", "cluster": "place"}):
        samples = []
        for written, how in ((text, {"frequency": "n"}), (people(text), {})):
            study = make_study(written, **how, **drawn)
            samples.append(read_sample(study, study.survey[0]))
        shares = [proportion(found.design, (found.frame["q1"] == 1).astype(float)) for found in samples]
        assert shares[0].to_frame().equals(shares[1].to_frame())
        assert samples[0].design.degrees_of_freedom() == samples[1].design.degrees_of_freedom()


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("", "there is no number of people"),
        ("-1", "the number of people is negative"),
        ("2.5", "the number of people is not whole"),
        ("many", "got 'many', expected a number of people"),
    ],
)
def test_numbers_of_people_that_are_none_are_refused(make_study, cell, what):
    study = make_study(f"w,q1,n\n1,1,3\n1,2,{cell}\n", frequency="n")
    with pytest.raises(StudyError) as refused:
        read_sample(study, study.survey[0])
    assert str(refused.value).startswith(f"survey.csv, line 3, column 'n': {what}.")


def test_a_row_of_nobody_is_nobody_and_a_file_of_nobody_is_refused(make_study):
    study = make_study("w,q1,n\n1,1,3\n1,2,0\n1,2,1\n", frequency="n")
    assert len(read_sample(study, study.survey[0])) == 4
    study = make_study("w,q1,n\n1,1,0\n1,2,0\n", frequency="n")
    with pytest.raises(StudyError, match="all numbers of people are 0"):
        read_sample(study, study.survey[0])
    study = make_study("w,q1,n\n1,1,1\n", frequency="nn")
    with pytest.raises(StudyError, match=r"no column 'nn'\. Did you mean 'n'\?"):
        read_sample(study, study.survey[0])


def test_whole_weights_of_a_few_patterns_are_asked_about(make_study):
    group = {"sex": {"item": "sex"}}
    study = make_study(COUNTS, weight="n", group=group)
    assert told(read_sample(study, study.survey[0])) == [
        "the weights in 'n' are whole numbers, and no two of the 4 rows are alike: if each row stands for so many "
        "people, the column belongs to the key frequency",
        "levels of 'sex' with very few respondents: 1 (2), 2 (2)",
    ]
    for text in (COUNTS.replace("300", "300.5"), COUNTS + "1,1,90\n"):
        study = make_study(text, weight="n", group=group)
        assert not any("frequency" in note for note in told(read_sample(study, study.survey[0])))


def test_hidden_rows_and_columns_of_a_workbook_are_told(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in (("id", "q1", "secret", "more"), *((i, i % 2, i, i) for i in range(5))):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = book.active.row_dimensions[5].hidden = True
    book.active.column_dimensions.group("C", "D", hidden=True)
    book.save(tmp_path / "wave.xlsx")
    data = read_microdata(tmp_path / "wave.xlsx")
    assert len(data.frame) == 5
    assert [str(note) for note in data.notes] == [
        "rows that are hidden in the workbook are counted as all others: 2",
        "columns that are hidden in the workbook are read as all others: secret, more",
    ]
    book.active.row_dimensions[3].hidden = book.active.row_dimensions[5].hidden = False
    book.active.column_dimensions["C"].hidden = False
    book.save(tmp_path / "wave.xlsx")
    assert read_microdata(tmp_path / "wave.xlsx").notes == ()
