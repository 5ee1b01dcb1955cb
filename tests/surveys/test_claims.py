"""Claims: the verdict of each one in the example, and what moves it, one input at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reports.examples import open_example
from surveys.claims.check import CheckedClaim, check_claim
from surveys.claims.inputs import NOT_IN_THE_STUDY, SAMPLING_LEFT_OUT
from surveys.claims.study_claims import check_claims
from surveys.core.errors import StudyError
from surveys.core.results import Estimate, Note, Unavailable
from surveys.published.figures import PublishedFigures, read_published
from surveys.study.claims import Claim
from surveys.study.schema import Study

VERDICTS: dict[str, tuple[str, set[str]]] = {
    "a-third-know-twitter": ("consistent", set()),
    "760000-on-twitter": ("consistent", {"base", "date", "precision"}),
    "12-million-on-facebook": ("supported", {"base"}),
    "60-percent-leave": ("not checkable", {"definition", "base", "date"}),
    "retention-caps-reach": ("contradicted", {"date", "definition"}),
    "facebook-twice-as-faithful": ("overstated", {"date"}),
    "40-percent-futile": ("consistent", {"base", "definition"}),
    "80-20": ("understated", {"base"}),
    "half-of-canada-on-facebook": ("not checkable", {"base", "date"}),
    "not-5-percent-of-canada-on-twitter": ("not checkable", {"date", "definition"}),
    "47-percent-of-canada-on-twitter": ("contradicted", {"mode"}),
    "1-million-on-twitter": ("contradicted", {"arithmetic"}),
    "9-percent-of-the-french": ("overstated", {"base"}),
    "8-percent-in-2011": ("not checkable", {"precision"}),
    "networks-tripled": ("not checkable", {"list"}),
    "women-and-men-on-facebook": ("contradicted", {"consistency", "base"}),
    "google-plus-known-by-7-percent": ("not checkable", {"definition"}),
    "fall-in-two-months": ("not checkable", {"wording"}),
    "7-million-members": ("contradicted", {"consistency", "definition"}),
    "26-to-29-million-on-facebook": ("supported", set()),
    "200-million-users": ("overstated", {"definition"}),
    "100-million-messages": ("supported", {"date"}),
    "80-percent-spam": ("not checkable", {"base"}),
    "growth-of-a-third-of-a-percent": ("contradicted", set()),
    "350-billion-messages": ("contradicted", {"unit"}),
    "54-and-a-half-percent-gave-up": ("consistent", {"precision"}),
    "generation-y": ("supported", {"date"}),
    "young-sign-up-less": ("not checkable", {"precision"}),
    "ten-or-twenty-followed": ("not checkable", set()),
    "dialogue-is-an-illusion": ("supported", {"definition"}),
    "thousand-a-second": ("supported", set()),
    "140-signs": ("supported", set()),
    "followed-back": ("not checkable", set()),
    "ten-followers": ("not checkable", {"definition", "date"}),
    "followers-mean-nothing": ("not checkable", set()),
    "america-readier": ("supported", {"definition", "base", "date"}),
    "stays-an-elites": ("not checkable", {"reliability"}),
    "thirteenth-site": ("not checkable", set()),
    "two-million-for-dell": ("supported", set()),
    "twenty-answers": ("not checkable", set()),
}
NAMES_WITHOUT_DATA = ("dropout", "following.ratio", "network.dialogue", "network.mutual")
YOUNG = "share.2013-10.holders_under_35"
STATED: tuple[dict[str, Any], ...] = (
    {
        "id": "a-third-know-twitter",
        "statement": "A third of French web users know Twitter.",
        "date": "2009-09-21",
        "country": "FR",
        "measure": "awareness",
        "value": 0.333,
        "half_unit": 0.005,
        "reading": [{"inputs": {"a": "ifop_w3_twitter_aware"}}],
    },
    {
        "id": "generation-y",
        "statement": "Most account holders are under 35.",
        "measure": "age_of_holders",
        "says": "at least",
        "value": 0.5,
        "reading": [{"inputs": {"a": YOUNG}, "differs": {"base": "of a survey of autumn 2013"}}],
    },
    {
        "id": "ten-or-twenty-followed",
        "statement": "Those who follow few accounts leave more.",
        "measure": "dropout_ratio",
        "unit": "ratio",
        "says": "at least",
        "value": 1,
        "reading": [{"inputs": {"a": "following.ratio"}, "differs": {"base": "of a log"}}],
    },
    {
        "id": "dialogue-is-an-illusion",
        "statement": "At most 5% of messages answer.",
        "measure": "share_of_messages",
        "subgroup": "conversational",
        "says": "at most",
        "value": 0.05,
        "reading": [
            {"inputs": {"a": "network.dialogue"}, "differs": {"base": "of a log"}},
            {"inputs": {"a": "pear09_conversational"}, "differs": {"definition": "begins with @"}},
        ],
    },
)
"""Claims made here, for what moves verdicts."""


@pytest.fixture(scope="module")
def study() -> Study:
    return open_example("twitter_france")


@pytest.fixture(scope="module")
def published(study: Study) -> PublishedFigures:
    return read_published(study)


@pytest.fixture(scope="module")
def claims(study: Study) -> dict[str, Claim]:
    return {claim.id: claim for claim in study.claim} | {raw["id"]: Claim.model_validate(raw) for raw in STATED}


@pytest.fixture(scope="module")
def judged(study: Study, published: PublishedFigures) -> dict[str, CheckedClaim]:
    """Every claim of the example, with what the study has no data for."""
    absent = dict.fromkeys((YOUNG, *NAMES_WITHOUT_DATA), Unavailable(NOT_IN_THE_STUDY))
    return {checked.claim.id: checked for checked in check_claims(study, published, own=absent)}


@pytest.fixture
def check(claims: dict[str, Claim], published: PublishedFigures):
    """Check a claim with fields of its own, of its first reading or of figures changed, or with other readings."""

    def checked(
        name: str,
        *,
        reading: dict[str, Any] | None = None,
        readings: list[dict[str, Any]] | None = None,
        figures: dict[str, dict[str, Any]] | None = None,
        own: dict[str, Estimate | Unavailable] | None = None,
        **changes: Any,
    ) -> CheckedClaim:
        stated = claims[name].model_dump() | changes
        if reading is not None:
            stated["reading"] = [stated["reading"][0] | reading, *stated["reading"][1:]]
        if readings is not None:
            stated["reading"] = readings
        changed = {key: replace(published[key], **values) for key, values in (figures or {}).items()}
        known = replace(published, figures=published.figures | changed)
        absent = dict.fromkeys((YOUNG, *NAMES_WITHOUT_DATA), Unavailable(NOT_IN_THE_STUDY))
        return check_claim(Claim.model_validate(stated), known, own=absent | (own or {}))

    return checked


def own(value: float, low: float, high: float, unit: str = "share") -> Estimate:
    return Estimate(
        estimate=value, std_error=0.01, conf_low=low, conf_high=high, n=900, unit=unit, method="logit, Student's t"
    )


@pytest.mark.parametrize("name", VERDICTS)
def test_each_claim_in_print_gets_the_verdict_that_the_evidence_bears(judged, name):
    checked = judged[name]
    assert (checked.verdict, set(checked.flags)) == VERDICTS[name]


def test_every_claim_of_the_example_has_a_verdict_here(study):
    assert [claim.id for claim in study.claim] == [*VERDICTS]


def test_every_claim_is_worded_in_both_languages(study):
    for claim in study.claim:
        for label in (claim.statement, claim.source, claim.of, claim.label):
            assert isinstance(label, dict)
            assert label.keys() == {"fr", "en"}
        for reading in claim.reading:
            assert all(isinstance(words, dict) and len(words) == 2 for words in reading.differs.values())


# ---- one input moved, for each claim

MOVED: list[tuple[str, dict[str, Any], str]] = [
    ("a-third-know-twitter", {"figures": {"ifop_w3_twitter_aware": {"value": 0.33}}}, "supported"),
    ("760000-on-twitter", {"figures": {"mediam_2009_12": {"value": 3.47e6}}}, "contradicted"),
    ("12-million-on-facebook", {"figures": {"fb_fr_2009_09": {"value": 7.00806e6}}}, "overstated"),
    ("60-percent-leave", {"measure": "lifetime_dropout", "reading": {"decisive": ()}}, "supported"),
    ("retention-caps-reach", {"value": 0.2}, "supported"),
    ("facebook-twice-as-faithful", {"figures": {"nielsen09_retention": {"value": 0.26}}}, "supported"),
    ("40-percent-futile", {"figures": {"pear09_babble": {"value": 0.3}}}, "overstated"),
    ("80-20", {"value": 0.9}, "not checkable"),
    ("half-of-canada-on-facebook", {"value": 0.8}, "overstated"),
    ("not-5-percent-of-canada-on-twitter", {"figures": {"ca_cs1006_tw": {"value": 0.02}}}, "supported"),
    ("47-percent-of-canada-on-twitter", {"value": 0.02}, "consistent"),
    ("1-million-on-twitter", {"arithmetic": "0.60 * 0.05 * 34_700_000"}, "not checkable"),
    ("9-percent-of-the-french", {"figures": {"atelier09_twitter_aware": {"value": 0.95}}}, "supported"),
    (
        "8-percent-in-2011",
        {"figures": {"ifop_w6_twitter_member": {"value": 0.15, "n": 20_000}}, "value": 0.08},
        "supported",
    ),
    ("networks-tripled", {"reading": {"decisive": ()}}, "supported"),
    ("women-and-men-on-facebook", {"figures": {"cdeacf_w5_facebook_men": {"value": 0.31}}}, "overstated"),
    ("google-plus-known-by-7-percent", {"value": 0.79, "reading": {"decisive": ()}}, "supported"),
    ("fall-in-two-months", {"reading": {"decisive": ()}}, "supported"),
    ("7-million-members", {"figures": {"cs12_tw_25_34": {"value": 2.5e6}}}, "overstated"),
    ("26-to-29-million-on-facebook", {"figures": {"bva12_fb_member": {"value": 0.4}}}, "overstated"),
    ("200-million-users", {"figures": {"tw1109_mau": {"value": 200e6}}}, "supported"),
    ("100-million-messages", {"figures": {"tw1103_tpd": {"value": 55e6}}}, "not checkable"),
    ("80-percent-spam", {"value": 0.77, "reading": {"decisive": ()}}, "supported"),
    ("growth-of-a-third-of-a-percent", {"value": 0.083, "half_unit": 0.0005}, "not checkable"),
    ("350-billion-messages", {"value": 200e6}, "supported"),
    ("54-and-a-half-percent-gave-up", {"value": 0.75}, "overstated"),
]


@pytest.mark.parametrize(("name", "move", "verdict"), MOVED)
def test_a_claim_with_an_input_changed_gets_the_verdict_of_the_change(check, name, move, verdict):
    assert check(name, **move).verdict == verdict


# ---- the number claimed


@pytest.mark.parametrize(
    ("value", "half_unit", "verdict"),
    [
        (0.28, 0.005, "supported"),
        (0.28, 0.0005, "consistent"),
        (0.30, 0.005, "consistent"),
        (0.333, 0.005, "overstated"),
        (0.22, 0.005, "understated"),
        (0.90, 0.005, "contradicted"),
        (0.05, 0.005, "contradicted"),
    ],
)
def test_the_verdict_follows_the_value_through_the_interval_of_the_figure(check, value, half_unit, verdict):
    assert check("a-third-know-twitter", value=value, half_unit=half_unit).verdict == verdict


def test_fewer_respondents_make_a_third_possible(check):
    assert check("a-third-know-twitter", figures={"ifop_w3_twitter_aware": {"n": 150}}).verdict == "consistent"


def test_coarser_rounding_makes_a_third_possible(check):
    assert check("a-third-know-twitter", figures={"ifop_w3_twitter_aware": {"half_unit": 0.05}}).verdict == "consistent"


def test_a_range_is_supported_where_it_covers_the_interval_and_overstated_where_it_lies_above(check):
    assert check("26-to-29-million-on-facebook", low=31e6, high=34e6).flags == ("arithmetic",)
    assert check("26-to-29-million-on-facebook", low=27e6, high=28e6, arithmetic=None).verdict == "consistent"
    assert check("26-to-29-million-on-facebook", low=31e6, high=34e6, arithmetic=None).verdict == "overstated"


# ---- arithmetic


def test_a_sum_that_gives_another_number_contradicts_its_claim(check):
    assert check("760000-on-twitter", value=7_600_000).flags[0] == "arithmetic"
    assert check("760000-on-twitter", value=7_600_000).verdict == "contradicted"
    assert check("1-million-on-twitter", value=1_900_000, half_unit=50_000).verdict == "supported"


def test_a_sum_is_right_within_the_rounding_of_what_it_multiplies(check):
    assert check("1-million-on-twitter", arithmetic="0.6 * 0.05 * 34_700_000").verdict != "contradicted"


def test_760000_on_the_population_of_its_date_lies_between_a_third_of_a_million_and_one_and_a_quarter(check):
    interval = check("760000-on-twitter").interval
    assert isinstance(interval, Estimate)
    assert interval.estimate == pytest.approx(694_000)
    assert 0.25e6 < interval.conf_low < 0.45e6
    assert 1.06e6 < interval.conf_high < 1.30e6


# ---- base


def test_another_country_is_not_evidence(check):
    checked = check("a-third-know-twitter", country="CA")
    assert (checked.verdict, checked.flags) == ("not checkable", ("base",))


def test_spam_at_the_gateway_would_be_nearly_right_if_mailboxes_were_gateways(check, claims):
    gateways = [reading.model_dump() | {"decisive": ()} for reading in claims["80-percent-spam"].reading]
    assert check("80-percent-spam", readings=gateways[:1], value=0.77).verdict == "supported"
    assert check("80-percent-spam", readings=gateways).verdict == "consistent"
    assert "span" in str(check("80-percent-spam", readings=gateways).reason)


def test_half_of_canada_holds_at_the_end_of_2010_and_not_in_2009(check, claims):
    readings = [reading.model_dump() for reading in claims["half-of-canada-on-facebook"].reading]
    alone = [check("half-of-canada-on-facebook", readings=[reading]).verdict for reading in readings]
    assert alone == ["overstated", "supported", "overstated", "supported"]


# ---- definition, date


def test_a_figure_of_something_else_is_no_evidence(check):
    checked = check("a-third-know-twitter", measure="membership")
    assert (checked.verdict, checked.flags) == ("not checkable", ("definition",))


def test_a_figure_of_another_time_is_no_evidence(check):
    checked = check("a-third-know-twitter", date="2013-09-21")
    assert (checked.verdict, checked.flags) == ("not checkable", ("date",))
    assert check("a-third-know-twitter", date="2010-09").verdict == "overstated"


def test_a_difference_that_the_study_explains_decides_only_where_it_says_so(check):
    words = {"date": {"fr": "plus tard", "en": "later"}}
    assert check("a-third-know-twitter", date="2013-09-21", reading={"differs": words}).verdict == "overstated"
    decisive = {"differs": words, "decisive": ("date",)}
    assert check("a-third-know-twitter", date="2013-09-21", reading=decisive).verdict == "not checkable"


def test_60_percent_would_be_supported_if_visitors_were_sign_ups(check):
    assert check("60-percent-leave", reading={"decisive": ()}).verdict == "supported"


# ---- unit


def test_a_value_off_by_a_thousand_is_flagged_and_one_off_by_ten_is_not(check):
    assert set(check("350-billion-messages", value=200e6).flags) == set()
    assert check("350-billion-messages", value=200e6).verdict == "supported"
    assert set(check("350-billion-messages", value=2e9).flags) == set()
    assert set(check("350-billion-messages", value=200e3, half_unit=500).flags) == {"unit"}


# ---- precision, and changes


def test_a_change_that_two_larger_surveys_would_tell_from_none_is_supported(check):
    figures = {
        key: {"n": 200_000, "half_unit": 0.00005} for key in ("ifop_w5_twitter_member", "ifop_w6_twitter_member")
    }
    assert check("8-percent-in-2011", figures=figures).verdict == "supported"
    assert check("8-percent-in-2011", figures=figures, value=0.03).verdict == "contradicted"


def test_a_change_the_other_way_contradicts(check):
    assert check("8-percent-in-2011", figures={"ifop_w6_twitter_member": {"value": 0.02}}).verdict == "contradicted"


def test_54_and_a_half_percent_loses_its_flag_when_it_says_about_half(check):
    checked = check("54-and-a-half-percent-gave-up", value=0.5, half_unit=0.05)
    assert (checked.verdict, set(checked.flags)) == ("supported", set())


# ---- bounds


@pytest.mark.parametrize(("value", "verdict"), [(100e6, "supported"), (139.8e6, "consistent"), (250e6, "contradicted")])
def test_at_least_is_kept_possible_or_broken(check, value, verdict):
    assert check("100-million-messages", value=value).verdict == verdict


def test_a_cap_of_20_percent_was_not_passed(check):
    assert check("retention-caps-reach", value=0.20).verdict == "supported"


def test_a_cap_that_one_reading_passes_and_another_keeps_is_not_checkable(check):
    checked = check("retention-caps-reach", value=0.12)
    assert checked.verdict == "not checkable"
    assert checked.reason.values["first"] in ("the date", "the definition")


# ---- internal consistency


def test_a_total_between_its_parts_is_no_contradiction(check):
    checked = check("women-and-men-on-facebook", figures={"ifop_w5_facebook_member": {"value": 0.52}})
    assert checked.verdict == "consistent"
    assert "consistency" not in checked.flags


def test_parts_that_add_up_leave_the_reading_to_decide(check):
    assert check("7-million-members", value=5_600_000, half_unit=50_000).verdict in ("consistent", "overstated")
    assert check("7-million-members", figures={"cs12_tw_15_24": {"value": 2.6e6}}).verdict == "overstated"


def test_stages_that_nest_or_that_might_not_be_comparable_are_no_contradiction(check, claims):
    check_of_stages = claims["google-plus-known-by-7-percent"].consistency[0].model_dump()
    both_aided = [check_of_stages | {"differs": {}}]
    assert check("google-plus-known-by-7-percent", consistency=both_aided).verdict == "contradicted"
    nested = check("google-plus-known-by-7-percent", value=0.79, consistency=both_aided)
    assert nested.verdict == "not checkable"
    assert "consistency" not in nested.flags


def test_sampling_slack_lets_a_small_sample_off(check, claims):
    women = claims["women-and-men-on-facebook"].consistency[0].model_dump() | {"slack": "sampling"}
    small = {"ifop_w5_facebook_member": {"n": 100}}
    assert check("women-and-men-on-facebook", consistency=[women], figures=small).verdict != "contradicted"


# ---- comparability


@pytest.mark.parametrize(("name", "verdict"), [("networks-tripled", "supported"), ("fall-in-two-months", "supported")])
def test_a_change_counts_where_list_and_wording_are_the_same(check, name, verdict):
    assert check(name, reading={"decisive": (), "differs": {}}).verdict == verdict


def test_a_list_of_contacts_would_be_evidence_of_nothing_else(check):
    """The Ipsos figure moves the verdict, not the number of answers to a mailing list."""
    raised = {"ca_ipsos09_use": {"value": 0.45}}
    assert check("47-percent-of-canada-on-twitter", figures=raised).verdict == "consistent"


# ---- shares without a number of respondents


def test_without_a_number_of_respondents_rounding_bears_out_and_says_so(check):
    checked = check("a-third-know-twitter", value=0.28, figures={"ifop_w3_twitter_aware": {"n": None}})
    assert checked.verdict == "supported"
    assert isinstance(checked.interval, Estimate)
    assert SAMPLING_LEFT_OUT in checked.interval.notes


def test_without_a_number_of_respondents_only_what_a_thousand_would_exclude_is_held_against_a_claim(check):
    unknown = {"ifop_w3_twitter_aware": {"n": None}}
    assert check("a-third-know-twitter", value=0.30, figures=unknown).verdict == "not checkable"
    assert check("a-third-know-twitter", value=0.30, figures=unknown).flags == ("precision",)
    assert check("a-third-know-twitter", value=0.40, figures=unknown).verdict == "overstated"


# ---- several readings, and the study's own results


def test_readings_that_abstain_leave_the_verdict_to_the_others(check):
    answers = {"network.dialogue": own(0.21, 0.19, 0.23)}
    checked = check("dialogue-is-an-illusion", own=answers)
    assert checked.verdict == "contradicted"
    assert [reading.verdict for reading in checked.readings] == ["contradicted", "contradicted"]


def test_readings_that_disagree_say_on_what_it_depends(check):
    checked = check("dialogue-is-an-illusion", own={"network.dialogue": own(0.03, 0.02, 0.04)})
    assert checked.verdict == "not checkable"
    assert str(checked.reason) == "the readings disagree, according to the base and the definition"
    assert isinstance(checked.interval, Estimate)
    assert (checked.interval.conf_low, checked.interval.conf_high) == pytest.approx((0.02, 0.397), abs=1e-3)


def test_own_results_decide_what_they_can(check):
    young = {YOUNG: own(0.62, 0.55, 0.69)}
    assert check("generation-y", own=young).verdict == "supported"
    assert check("generation-y", own={YOUNG: own(0.4, 0.35, 0.45)}).verdict == "contradicted"
    assert check("generation-y", own={YOUNG: own(0.5, 0.45, 0.55)}).verdict == "consistent"
    ratio = {"following.ratio": own(1.4, 1.2, 1.7, "ratio")}
    assert check("ten-or-twenty-followed", own=ratio).verdict == "supported"


def test_a_result_that_the_study_cannot_give_makes_the_claim_not_checkable_with_its_reason(check):
    assert check("generation-y").verdict == "not checkable"
    assert str(check("generation-y").reason) == "the study has no data for it"
    gone = {YOUNG: Unavailable(Note("no wave asked for it"))}
    assert str(check("generation-y", own=gone).reason) == "no wave asked for it"


def test_a_name_that_nobody_gives_is_refused_with_the_nearest(check):
    with pytest.raises(StudyError) as caught:
        check("a-third-know-twitter", reading={"inputs": {"a": "ifop_w3_twitter_awar"}})
    assert str(caught.value) == (
        "study.toml, [[claim]] 'a-third-know-twitter': 'ifop_w3_twitter_awar' is not in published_figures.csv, nor a "
        "result of the study. Did you mean 'ifop_w3_twitter_aware'?"
    )
    with pytest.raises(StudyError, match=r"Did you mean 'following\.ratio'"):
        check("generation-y", reading={"inputs": {"a": "following.ratios"}})


def test_any_step_of_the_funnel_may_answer_a_claim(check):
    name = "funnel.2009-06.twitter.aware.cumulative"
    checked = check("a-third-know-twitter", reading={"inputs": {"a": name}}, own={name: own(0.33, 0.3, 0.36)})
    assert checked.verdict == "supported"


def test_a_bad_formula_names_its_claim(check):
    with pytest.raises(StudyError, match=r"study\.toml, \[\[claim\]\] '8-percent-in-2011', formula: 'b\[a\]' holds"):
        check("8-percent-in-2011", reading={"formula": "b[a]"})


# ---- what it gives back


def test_the_frame_has_a_row_for_each_reading(check):
    frame = check("half-of-canada-on-facebook").to_frame()
    assert frame["reading"].tolist() == [1, 2, 3, 4]
    assert frame["reading_verdict"].tolist() == ["overstated", "supported", "overstated", "supported"]


def test_the_summary_is_one_line(check):
    assert check("a-third-know-twitter").summary() == (
        "overstated: the value claimed lies above the interval of the figures (28.0% [24.8%, 31.4%], n = 1,015)"
    )


def test_relative_to_the_claim_a_third_is_five_sixths(check):
    checked = check("a-third-know-twitter")
    assert isinstance(checked.interval, Estimate)
    assert checked.relative(checked.interval).estimate == pytest.approx(0.28 / 0.333)


def test_the_published_file_is_beside_the_study(published: PublishedFigures):
    assert published.path.name == Path("published_figures.csv").name
    assert published["ifop_w3_twitter_aware"].n == 1015


# ---- what a claim may not say


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": None}, "expected value, or low and high"),
        ({"low": 0.2, "high": 0.3}, "expected value, or low and high"),
        ({"value": None, "low": 0.3, "high": 0.2}, "expected low below high"),
        ({"value": None, "low": 0.2, "high": 0.3, "says": "at least"}, "'at least' needs one value"),
        ({"value": 28}, "a share lies between 0 and 1, got 28"),
        ({"value": -1, "unit": "people"}, "expected a number above 0, got -1"),
        ({"reading": []}, "expected evidence, a consistency or an arithmetic"),
        ({"top": 0.2}, "top goes in the claim and in each of its readings"),
        ({"reading": [{"inputs": {"a": "x", "b": "y"}}]}, "several inputs need a formula"),
        ({"reading": [{"inputs": {"a": "x"}, "top": {"b": 0.1}}]}, "top needs one share for each input, a"),
        ({"reading": [{"inputs": {"a": "x"}, "decisive": ["base"]}]}, "decisive names base, which differs"),
    ],
)
def test_a_claim_that_cannot_be_meant_is_refused(claims, changes, message):
    with pytest.raises(ValidationError, match=message):
        Claim.model_validate(claims["a-third-know-twitter"].model_dump() | changes)
