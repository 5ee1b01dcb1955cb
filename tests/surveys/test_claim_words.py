"""Claims written short, and what words make of verdicts: monotone, along the direction claimed, within evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reports.build.claims_read import tell_claims
from surveys.claims.check import CheckedClaim, check_claim
from surveys.claims.study_claims import check_claims
from surveys.core.errors import StudyError
from surveys.core.results import Estimate
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.study.claim_words import read_said
from surveys.study.claims import Claim
from surveys.study.file import read_study
from surveys.study.schema import Study

FIGURE = PublishedFigure(
    id="a",
    entity="S",
    country="W",
    measure="use",
    subgroup="",
    wave="",
    value=0.4,
    unit="share",
    half_unit=0.005,
    base="adults",
    n=1000,
    date="2023-08",
    publisher="P",
    source="",
    kind="published",
    confidence="",
    conflicts_with=(),
)


def figure(name: str, value: float, **changes: Any) -> PublishedFigure:
    return replace(FIGURE, id=name, value=value, **changes)


def check(evidence: Any, value: Any, *figures: PublishedFigure, **keys: Any) -> CheckedClaim:
    claim = Claim.model_validate({"statement": "s", "value": value, "evidence": evidence, **keys})
    return check_claim(claim, PublishedFigures(path=Path("p.csv"), figures={one.id: one for one in figures}))


ORDER = ("supported", "consistent", "overstated", "understated", "contradicted")
SEVERITY = {"supported": 0, "consistent": 1, "overstated": 2, "understated": 2, "contradicted": 3}


@pytest.mark.parametrize(
    ("said", "value", "unit", "says"),
    [
        ("82 %", 0.82, "share", ""),
        ("plus de 10 %", 0.1, "share", "more than"),
        ("un Allemand sur cinq", 0.2, "share", ""),
        ("nine new cars in ten", 0.9, "share", ""),
        ("la moitié", 0.5, "share", ""),
        ("almost tripled", 3, "ratio", "almost"),
        ("douze fois", 12, "ratio", ""),
        ("2,3 millions", 2.3e6, "", ""),
        ("350 milliards", 350e9, "", ""),
        ("12 lakh downloads", 1.2e6, "downloads", ""),
        ("39 points", 0.39, "points", ""),
        ("2.6 minutes per day", 2.6, "minutes per day", ""),
    ],
)
def test_numbers_are_read_as_sentences_say_them(said: str, value: float, unit: str, says: str):
    found = read_said(said)
    assert (found.value, found.unit, found.says) == (pytest.approx(value), unit, says)


@pytest.mark.parametrize("said", ["many", "1,234 people", "3 furlongs"])
def test_a_number_that_cannot_be_read_is_asked_about(said: str):
    with pytest.raises(ValueError, match=r"says no number|two ways|not known"):
        read_said(said)


def test_a_claim_takes_three_keys():
    checked = check("1 - july / peak", "82 %", figure("peak", 44e6, unit="people", half_unit=5e5, n=None),
                    figure("july", 8e6, unit="people", half_unit=5e5, n=None))  # fmt: skip
    assert checked.verdict == "supported"
    assert checked.claim.id == "s"


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=8, unique=True), st.floats(0.05, 0.95))
def test_verdicts_are_monotone_as_the_value_moves_away(values: list[float], known: float):
    for side in (1, -1):
        away = sorted((value for value in values if side * (value - known) > 0), key=lambda value: abs(value - known))
        found = [SEVERITY[check("a", value, figure("a", known), half_unit=0.005).verdict] for value in away]
        assert found == sorted(found)


@given(st.floats(0.01, 0.99), st.sampled_from([30, 300, 3000]))
def test_a_claim_equal_to_its_evidence_is_never_contradicted(value: float, n: int):
    for says in ("equals", "about", "almost", "at least", "at most"):
        assert check("a", value, figure("a", value, n=n), says=says).verdict in ("supported", "consistent")


@given(st.floats(0.2, 0.45), st.floats(0.5, 0.9))
def test_the_opposite_direction_contradicts_and_the_claimed_one_does_not(low: float, high: float):
    rows = figure("a", low, n=20_000), figure("b", high, n=20_000)
    size = f"{100 * (high - low):.0f} points"
    assert check("a -> b", size, *rows, says="rose by").verdict in ("supported", "consistent")
    assert check("b -> a", size, *rows, says="fell by").verdict in ("supported", "consistent")
    assert check("a -> b", size, *rows, says="fell by").verdict == "contradicted"
    assert check("b -> a", size, *rows, says="rose by").verdict == "contradicted"


def test_a_relative_fall_is_not_one_in_points():
    rows = figure("a", 0.8, n=50_000), figure("b", 0.4, n=50_000)
    assert check("a -> b", "half", *rows, says="fell by").verdict == "supported"
    assert check("a -> b", "50 points", *rows, says="fell by").verdict == "overstated"
    assert check("a -> b", "40 points", *rows, says="fell by").verdict == "supported"


def test_a_forgotten_sign_is_asked_about():
    with pytest.raises(ValidationError, match=r"falls by 0\.39, above 0; write -0\.39"):
        Claim.model_validate({"statement": "s", "says": "falls", "value": 0.39, "unit": "points", "arithmetic": "1"})


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_an_irrelevant_source_changes_nothing(known: float, claimed: float):
    alone = check("a", claimed, figure("a", known), measure="use")
    other = figure("z", 0.5, measure="something else")
    assert check(["a", "z"], claimed, figure("a", known), other, measure="use").verdict == alone.verdict


def test_sources_are_judged_by_their_span():
    rows = figure("a", 0.79, n=20_000), figure("b", 0.82, n=20_000, publisher="Q")
    assert check(["a", "b"], "80.5 %", *rows).verdict == "consistent"
    assert check(["a", "b"], "90 %", *rows).verdict == "overstated"


def test_one_publisher_that_says_two_things_bears_out_neither():
    minutes: dict[str, Any] = {"unit": "minutes", "unit_printed": "minutes", "half_unit": 0.05, "n": None}
    rows = figure("a", 2.6, **minutes), figure("b", 2.9, **minutes)
    assert check(["a", "b"], "2.6 minutes", *rows).verdict == "not checkable"


@pytest.mark.parametrize(
    ("claimed", "unit"), [("3 downloads", "minutes"), ("3 USD", "minutes"), ("3 %", "minutes"), ("3 people", "share")]
)
def test_another_unit_is_no_evidence(claimed: str, unit: str):
    checked = check("a", claimed, figure("a", 0.03 if unit == "share" else 3, unit=unit, unit_printed=unit, n=None))
    assert (checked.verdict, checked.flags) == ("not checkable", ("unit",))


def test_downloads_are_not_people_unless_the_study_says_why_they_may_stand():
    row = figure("a", 16.6e6, unit="downloads", unit_printed="million downloads", half_unit=5e4, n=None)
    assert check("a", "16.6 million people", row).verdict == "not checkable"
    reading = [{"inputs": {"a": "a"}, "differs": {"unit": "downloads, not people"}}]
    claim = Claim.model_validate({"statement": "s", "value": "16.6 million people", "reading": reading})
    assert check_claim(claim, PublishedFigures(path=Path("p.csv"), figures={"a": row})).verdict == "supported"


def test_evidence_of_low_grade_never_bears_out_alone():
    assert check("a", "40 %", figure("a", 0.4, confidence="low")).verdict == "not checkable"
    assert check("a", "40 %", figure("a", 0.4, kind="claim")).verdict == "not checkable"
    assert check(["a", "b"], "40 %", figure("a", 0.4, kind="claim"), figure("b", 0.4)).verdict == "supported"


def test_a_full_count_has_no_sampling_error_and_a_model_one_that_is_not_known():
    assert check("a", "3.0 %", figure("a", 0.025, half_unit=0.0005, n=None, kind="count")).verdict == "overstated"
    assert check("a", "3.0 %", figure("a", 0.025, half_unit=0.0005, n=None)).verdict == "not checkable"
    assert check("a", "2.5 %", figure("a", 0.025, half_unit=0.0005, n=None, kind="estimate")).verdict == "consistent"
    assert check("a", "3.0 %", figure("a", 0.025, half_unit=0.0005, n=None, kind="estimate")).verdict == "not checkable"


def test_part_of_the_people_is_no_evidence_for_all():
    assert check("a", "40 %", figure("a", 0.4, subgroup="18-29")).flags == ("base",)
    assert check("a", "40 %", figure("a", 0.4, subgroup="18-29"), subgroup="18-29").verdict == "supported"


def test_one_counterexample_refutes_a_superlative_and_examples_do_not_bear_it_out():
    months: dict[str, Any] = {"unit": "months", "unit_printed": "months", "half_unit": 0.05, "n": None}
    rows = figure("a", 9, **months), figure("c", 0.2, **months), figure("g", 2, **months)
    keys = {"says": "fastest", "unit": "ratio"}
    assert check(["a / g", "c / g"], 1, *rows, **keys).verdict == "contradicted"
    assert check(["a / g"], 1, *rows, **keys).verdict == "consistent"


def test_what_will_be_is_borne_out_by_no_figure_of_before():
    assert check("a", "40 %", FIGURE, says="will", by="2030").verdict == "not checkable"
    assert check("a", "90 %", FIGURE, says="will", by="2030").verdict == "not checkable"


def test_growth_may_be_nil_or_above_100_percent_and_take_roots():
    row = figure("a", 1.5, n=None)
    assert check("a", "150 %", row).verdict == "supported"
    rows = (
        figure("a", 1e6, unit="people", half_unit=500, n=None),
        figure("b", 4e6, unit="people", half_unit=500, n=None),
    )
    assert check("(b / a) ^ (1 / 2) - 1", "100 %", *rows).verdict == "supported"
    assert check("log(2) / log(b / a)", 0.5, *rows, unit="ratio").verdict == "supported"


@pytest.mark.parametrize(
    ("arithmetic", "value", "verdict"),
    [
        ("1 - 576_000 / 2_300_000", 0.75, "supported"),
        ("1 - 576_000 / 2_300_000", 0.79, "overstated"),
        ("100 * 10.3 / 49.3", 0.2, "contradicted"),
    ],
)
def test_a_sum_alone_is_graded_like_any_figure(arithmetic: str, value: float, verdict: str):
    claim = Claim.model_validate({"statement": "s", "value": value, "arithmetic": arithmetic})
    checked = check_claim(claim, PublishedFigures(path=Path("p.csv"), figures={}))
    assert checked.verdict == verdict
    assert isinstance(checked.interval, Estimate)


def test_a_lead_in_one_poll_is_less_sure_than_between_two():
    one = check("a -> b", "3 points", figure("a", 0.39), figure("b", 0.42), says="rose by").interval
    two = check("a -> b", "3 points", figure("a", 0.39), figure("b", 0.42, wave="2"), says="rose by").interval
    assert isinstance(one, Estimate)
    assert isinstance(two, Estimate)
    assert one.conf_low < two.conf_low < two.conf_high < one.conf_high


def study(**keys: Any) -> Study:
    raw = {
        "folder": Path(),
        "study": {"title": {"fr": "t", "en": "t"}, "language": ["fr", "en"], "as_of": "2023-12-31"},
    }
    return Study.model_validate(raw | keys)


def test_a_population_is_an_input():
    adults = {"size": 52_700_000, "label": "adults", "source": "INSEE"}
    claim = {"statement": "s", "value": "10 million people", "evidence": "a * adults"}
    published = PublishedFigures(path=Path("p.csv"), figures={"a": figure("a", 0.19, n=1005)})
    assert check_claims(study(population={"adults": adults}, claim=[claim]), published)[0].verdict == "supported"


def test_ids_are_unique_and_languages_complete(tmp_path: Path):
    claim = 'id = "x"\nvalue = 0.5\narithmetic = "1 / 2"\n'
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = { fr = "t", en = "t" }\nlanguage = ["fr", "en"]\nas_of = 2023-12-31\n'
        f'[[claim]]\nstatement = {{ fr = "s" }}\n{claim}[[claim]]\nstatement = "s"\n{claim}',
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    assert str(caught.value).splitlines() == [
        "study.toml, [[claim]] 'x': 2 claims have this id. Give each an id of its own.",
        "study.toml, [[claim]] 'x', statement: nothing in en, expected fr and en. Add en = \"…\".",
    ]


def test_a_claim_in_five_lines_is_read_and_what_was_inferred_is_told(tmp_path: Path):
    (tmp_path / "p.csv").write_text(
        "id,entity,country,measure,value,unit,base_population,n,publisher,fieldwork_date\n"
        "peak,S,W,daily_users,44,million,daily users,,Sensor Tower,2023-07-06\n"
        "july,S,W,daily_users,8,million,daily users,,Sensor Tower,2023-07-31\n",
        encoding="utf-8",
    )
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "T"\nlanguage = ["en"]\nas_of = 2023-08-31\n[published]\nfile = "p.csv"\n'
        '[[claim]]\nstatement = "S lost 82% of its daily users."\nsays = "fell by"\nvalue = "82 %"\n'
        'evidence = "peak -> july"\n',
        encoding="utf-8",
    )
    lines = tell_claims(tmp_path)[0].splitlines()
    assert lines[0].startswith("s-lost-82-of-its-daily-users: supported")
    assert lines[1] == "  inferred: id = s-lost-82-of-its-daily-users, unit = share, value = 0.82, half_unit = 0.005"
    assert lines[2] == "  read as: 1 - b / a, where a = peak, b = july"


def test_a_fraction_filed_under_percent_is_asked_about_and_not_held_against_a_claim():
    checked = check("a", "58 %", figure("a", 0.0058, half_unit=0.00005, n=None, unit_printed="percent"))
    assert (checked.verdict, checked.flags) == ("not checkable", ("unit",))
    assert "fraction filed under percent" in str(checked.reason)
