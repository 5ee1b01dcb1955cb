"""Numbers as each language writes them, to the very space."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.words.numbers import Numbers
from surveys.core.errors import SpecError

FR, EN = Numbers("fr"), Numbers("en")
N, S = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("written", "french", "english"),
    [
        (lambda it: it.share(0.283), f"28{N}%", "28%"),
        (lambda it: it.share(0.0204, 1), f"2,0{N}%", "2.0%"),
        (lambda it: it.share(0), f"0{N}%", "0%"),
        (lambda it: it.share(0.002), f"<{S}0,5{N}%", "<0.5%"),
        (lambda it: it.share(0.9999, 1), f">{S}99,95{N}%", ">99.95%"),
        (lambda it: it.share(1), f"100{N}%", "100%"),
        (lambda it: it.share(-0.021, 1), f"−2,1{N}%", "−2.1%"),
        (lambda it: it.share(199 / 200), f"99,5{N}%", "99.5%"),
        (lambda it: it.share(1999 / 2000), f">{S}99,5{N}%", ">99.5%"),
        (lambda it: it.share(0.0049), f"<{S}0,5{N}%", "<0.5%"),
        (lambda it: it.share(57 / 200), f"29{N}%", "29%"),
        (lambda it: it.share(0.5 / 100), f"1{N}%", "1%"),
        (lambda it: it.share(0.0205, 1), f"2,1{N}%", "2.1%"),
        (lambda it: it.interval(0.96, 0.9999, digits=0), f"96{S}à{S}>{S}99,5{N}%", f"96{S}to{S}>99.5%"),
        (lambda it: it.interval(0.0002, 0.03), f"<{S}0,05{S}à{S}3,0{N}%", f"<0.05{S}to{S}3.0%"),
        (lambda it: it.interval(0.0001, 0.0004), f"0,01{S}à{S}0,04{N}%", "0.01–0.04%"),
        (lambda it: it.interval(0, 1, digits=0), f"0{S}à{S}100{N}%", "0–100%"),
        (lambda it: it.people(1_960_000), f"2,0{S}millions", f"2.0{S}million"),
        (lambda it: it.people(1_949_999), f"1,9{S}million", f"1.9{S}million"),
        (lambda it: it.people(12_500), f"13{N}000", "13,000"),
        (lambda it: it.interval(1.5e6, 1.96e6, "people"), f"1,5{S}à{S}2,0{S}millions", f"1.5–2.0{S}million"),
        (lambda it: it.duration(1.96, "days", 1), f"2,0{S}jours", f"2.0{S}days"),
        (lambda it: it.points(0.0195), f"+2,0{S}points", f"+2.0{S}points"),
        (lambda it: it.count(2015), f"2{N}015", "2,015"),
        (lambda it: it.count(38_000_000), f"38{N}000{N}000", "38,000,000"),
        (lambda it: it.number(1.5, 2), "1,50", "1.50"),
        (lambda it: it.number(-0.04, 1), "0,0", "0.0"),
        (lambda it: it.people(9876), f"9{N}876", "9,876"),
        (lambda it: it.people(45_321), f"45{N}000", "45,000"),
        (lambda it: it.people(690_000), f"0,69{S}million", f"0.69{S}million"),
        (lambda it: it.people(1_700_000), f"1,7{S}million", f"1.7{S}million"),
        (lambda it: it.people(38_000_000), f"38{S}millions", f"38{S}million"),
        (lambda it: it.people(2.4e9), f"2,4{S}milliards", f"2.4{S}billion"),
        (lambda it: it.interval(0.253, 0.308), f"25,3{S}à{S}30,8{N}%", "25.3–30.8%"),
        (lambda it: it.interval(0.25, 0.31, digits=0), f"25{S}à{S}31{N}%", "25–31%"),
        (lambda it: it.interval(12, 15, "days"), f"12{S}à{S}15{S}jours", f"12–15{S}days"),
        (lambda it: it.interval(0.2, 1, "days", 1), f"0,2{S}à{S}1,0{S}jour", f"0.2–1.0{S}day"),
        (lambda it: it.interval(610_000, 770_000, "people"), f"0,61{S}à{S}0,77{S}million", f"0.61–0.77{S}million"),
        (lambda it: it.interval(9.5e6, 12.1e6, "people"), f"9,5{S}à{S}12,1{S}millions", f"9.5–12.1{S}million"),
        (lambda it: it.interval(40_000, 210_000, "people"), f"40{N}000{S}à{S}210{N}000", "40,000–210,000"),
        (lambda it: it.interval(-0.021, 0.034, "points"), f"−2,1{S}à{S}+3,4{S}points", f"−2.1{S}to{S}+3.4{S}points"),
        (lambda it: it.points(0.034), f"+3,4{S}points", f"+3.4{S}points"),
        (lambda it: it.points(-0.005), f"−0,5{S}point", f"−0.5{S}points"),
        (lambda it: it.duration(30), f"30{S}jours", f"30{S}days"),
        (lambda it: it.duration(1), f"1{S}jour", f"1{S}day"),
        (lambda it: it.p_value(0.0004), f"p{S}<{S}0,001", f"p{S}<{S}0.001"),
        (lambda it: it.p_value(0.25), f"p{S}={S}0,25", f"p{S}={S}0.25"),
        (lambda it: it.date(date(2009, 6, 1)), f"1er{S}juin{S}2009", f"1{S}June{S}2009"),
        (lambda it: it.date(date(2009, 6, 12)), f"12{S}juin{S}2009", f"12{S}June{S}2009"),
        (lambda it: it.month("2009-06"), f"juin{S}2009", f"June{S}2009"),
        (lambda it: it.month(date(2009, 6, 30)), f"juin{S}2009", f"June{S}2009"),
    ],
)
def test_is_written_as_readers_of_each_language_expect(written, french, english):
    assert written(FR) == french
    assert written(EN) == english


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
@pytest.mark.parametrize("name", ["share", "count", "number", "people", "points", "duration", "p_value"])
def test_what_is_not_a_number_is_refused(name, value):
    with pytest.raises(SpecError, match="expected a finite number"):
        getattr(EN, name)(value)


def test_an_interval_the_wrong_way_round_is_refused():
    with pytest.raises(SpecError, match="the lower end first"):
        EN.interval(0.3, 0.2)


def test_an_unknown_kind_is_refused():
    with pytest.raises(SpecError, match="got kind 'kilos'"):
        EN.interval(1, 2, "kilos")  # type: ignore[arg-type]


@pytest.mark.parametrize("month", ["2009", "2009-13", "juin 2009", "2009-06-03"])
def test_a_month_of_another_form_is_refused(month):
    with pytest.raises(SpecError, match="expected a month such as '2009-06'"):
        FR.month(month)


@given(st.floats(0, 1e12))
def test_people_are_never_off_by_more_than_their_figures(n):
    shown = EN.people(n)
    number, _, word = shown.partition(S)
    value = float(number.replace(",", "")) * {"": 1, "million": 1e6, "billion": 1e9}[word]
    assert value == pytest.approx(n, rel=0.051, abs=0.5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 2))
def test_all_is_said_of_all_and_nothing_of_nobody(pair, digits):
    k, n = pair
    shown = EN.share(k / n, digits)
    assert shown.startswith("100") == (k == n)
    assert (not shown.strip("0.%")) == (k == 0)


@given(st.integers(5, 994))
def test_halves_go_away_from_zero_whatever_their_binary_neighbour(k):
    assert EN.share(k / 1000) == f"{(k + 5) // 10}%"


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1))
def test_the_ends_of_an_interval_never_claim_more_than_is_true(a, b, digits):
    low, high = sorted((a, b))
    shown = EN.interval(low, high, digits=digits).removesuffix("%").replace(f"{S}to{S}", "–")
    first, last = shown.split("–")
    assert first.strip("0.") or low == 0
    assert not last.startswith("100") or high == 1
