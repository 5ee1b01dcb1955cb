from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from surveys.core.errors import StudyError
from surveys.funnel.funnel import estimate_funnel
from surveys.study.schema import Study
from surveys.tables.disclosure import ITEMS, REQUIRED, disclose

TEXT = "w,q1,q2\n1,1,1\n2,1,\n1,2,9\n1,9,2\n3,1,1\n2,2,2\n"
ASKED = {
    "twitter": {
        "aware": {"item": "q1", "yes": [1], "missing": [9]},
        "signup": {"item": "q2", "yes": [1], "missing": [9], "not_asked": "no"},
    }
}


def with_disclosure(study: Study, **said: str) -> Study:
    return Study.model_validate(study.model_dump() | {"disclosure": said})


def test_every_item_is_told_or_a_gap(make_study):
    found = disclose(make_study(TEXT, platform=ASKED))
    assert {item.name for item in found.items} == set(ITEMS) == set(REQUIRED)
    assert found.summary() == (
        "3 of 16 items told; missing: sponsor, institute, population, frame, recruitment, mode, dates, weighting, "
        "wording, response, incentives, limitations, contact"
    )


def test_item_nonresponse_is_counted_among_those_who_were_asked(make_study):
    found = disclose(make_study(TEXT, platform=ASKED))
    assert found.nonresponse[["question", "n_asked", "n_missing"]].values.tolist() == [
        ["twitter.aware", 6, 1],
        ["twitter.signup", 5, 1],
    ]
    assert found.of("item_nonresponse")[0].values == {"lowest": pytest.approx(1 / 6), "highest": pytest.approx(0.2)}
    assert [str(note) for note in found.notes] == [
        "blank cells count as questions that were not asked: answers that were simply left blank are not among "
        "those missing"
    ]


def test_text_that_says_not_asked_is_no_missing_answer(make_study):
    text = "w,q1,q2\n1,1,Yes\n2,1,NA\n1,2,Not asked\n1,1,Refused\n3,1,No\n"
    signup = {"item": "q2", "yes": ["Yes"], "missing": ["Refused"], "not_asked": "no"}
    found = disclose(make_study(text, platform={"twitter": {"aware": {"item": "q1", "yes": [1]}, "signup": signup}}))
    assert found.nonresponse[["question", "n_asked", "n_missing"]].values.tolist()[1] == ["twitter.signup", 3, 1]


def test_notes_of_several_waves_name_theirs(make_study):
    study = make_study("w,q1,sex\n1,Yes,F\n1,No,\n1,NA,M\n", group={"sex": {"item": "sex"}}, platform={
        "a": {"aware": {"item": "q1", "yes": ["Yes"], "not_asked": "no"}}})  # fmt: skip
    again = study.survey[0].model_copy(update={"wave": "2010-06"})
    told = [str(note) for note in estimate_funnel(study.model_copy(update={"survey": (*study.survey, again)})).notes]
    for wave in ("2009-06", "2010-06"):
        assert f"{wave}, “q1”: answers that say NA count as questions that were not asked: 1" in told
        assert f"{wave}: respondents without an answer to “sex”, who stand in none of its levels: 1 of 3" in told


def test_sample_size_and_precision_come_from_the_data(make_study):
    found = disclose(make_study(TEXT, platform=ASKED, sampling="quota"))
    assert found.of("sample_size")[0].values == {"n": 6, "n_effective": 5}
    precision = found.of("precision")[0]
    assert (precision.origin, precision.values["sampling"]) == ("computed", "quota")
    assert 0 < precision.values["half_width"] < 0.5


def test_a_share_of_some_is_no_share_of_everybody(make_study):
    """Its interval, of few respondents, would be the widest."""
    some = {"base": {"members": {"any": [ASKED["twitter"]["signup"]]}}}
    share = {"heard": {"item": "q1", "yes": [1], "missing": [9], "base": "members"}}
    widths = [
        disclose(make_study(TEXT, platform=ASKED, **named)).of("precision")[0].values["half_width"]
        for named in ({}, some | {"share": share})
    ]
    assert widths[0] == widths[1]


def test_a_weight_without_its_criteria_is_a_gap(make_study):
    assert "weighting" in {item.name for item in disclose(make_study(TEXT, platform=ASKED)).gaps}
    unweighted = make_study(TEXT, platform=ASKED, weight=None)
    assert "weighting" not in {item.name for item in disclose(unweighted).gaps}
    told = with_disclosure(make_study(TEXT, platform=ASKED), weighting="raking to the census")
    assert [item.origin for item in disclose(told).of("weighting")] == ["stated", "computed"]


def test_what_is_said_for_all_waves_fills_the_gap_of_one(make_study):
    study = make_study(TEXT, platform=ASKED)
    assert [item.wave for item in disclose(study).of("mode")] == ["2009-06"]
    assert [item.origin for item in disclose(with_disclosure(study, mode="By telephone")).of("mode")] == ["stated"]
    online = make_study(TEXT, platform=ASKED, mode="online")
    assert [(item.origin, item.said) for item in disclose(online).of("mode")] == [("stated", "online")]


def test_the_wording_of_each_question_asked_is_told_or_missing(make_study):
    found = disclose(make_study(TEXT, platform=ASKED, wording={"aware": "Have you heard of it?"})).of("wording")
    assert [(item.values["step"], item.origin) for item in found] == [("aware", "stated"), ("signup", "gap")]


def test_the_frame_says_who_asks_for_each_item(make_study):
    frame = disclose(with_disclosure(make_study(TEXT, platform=ASKED), sponsor="A ministry")).to_frame()
    sponsor = frame[frame["item"] == "sponsor"].iloc[0]
    assert sponsor.tolist() == ["sponsor", "", "AAPOR, BPC, ESOMAR/WAPOR, 77-808", "stated", "A ministry"]
    assert frame[frame["item"] == "incentives"]["said"].tolist() == ["not stated"]


def test_unknown_disclosures_are_refused():
    with pytest.raises(ValueError, match="sponser"):
        Study.model_validate({"study": {"title": "", "as_of": "2009-06-30"}, "disclosure": {"sponser": "A ministry"}})


def test_problems_of_the_data_are_told(make_study):
    with pytest.raises(StudyError, match="cells are blank"):
        disclose(make_study("w,q1\n1,1\n1,\n"))


def test_plots_a_point_for_each_question(make_study):
    axes = disclose(make_study(TEXT, platform=ASKED)).plot(Figure().subplots())
    assert len(axes.lines[0].get_xdata()) == 2
    assert isinstance(disclose(make_study(TEXT, platform=ASKED)).nonresponse, pd.DataFrame)
