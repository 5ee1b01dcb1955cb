"""A share in numbers of people: what each denominator counts, and what the choice among them adds."""

from __future__ import annotations

import pytest

from churn.adoption.populations import PeopleCounts, count_people
from surveys.core.errors import SpecError
from surveys.core.results import Estimate
from surveys.study.schema import Population

SHARE = Estimate(estimate=0.05, std_error=0.006, conf_low=0.04, conf_high=0.065, n=1002, method="logit")


def size(people: float, *, half_unit: float = 0.0, access: float = 1.0) -> Population:
    return Population(size=people, half_unit=half_unit, access=access, label="people", source="somebody")


def counted(**denominators: Population) -> PeopleCounts:
    return count_people(SHARE, denominators)


def test_people_are_the_share_times_the_size():
    web = counted(web=size(34.7e6)).people["web"]
    assert (web.estimate, web.std_error) == pytest.approx((1.735e6, 208_200))
    assert (web.conf_low, web.conf_high) == pytest.approx((1.388e6, 2.2555e6))
    assert (web.unit, web.n) == ("people", 1002)


def test_only_those_with_access_are_counted():
    """51.5 million adults, of whom 74.3 % are on the web."""
    adults = counted(adults=size(51.5e6, access=0.743))
    assert adults.sizes["adults"] == pytest.approx(38_264_500)
    assert adults.people["adults"].estimate == pytest.approx(0.05 * 38_264_500)


def test_a_rounded_size_widens_the_ends_but_moves_no_estimate():
    """34.7 million was printed: 34.65 to 34.75 are all rounded to it; with access of a half, half of that."""
    rounded = counted(web=size(34.7e6, half_unit=5e4, access=0.5)).people["web"]
    assert rounded.estimate == pytest.approx(0.05 * 34.7e6 / 2)
    assert rounded.conf_low == pytest.approx(0.04 * 34.65e6 / 2)
    assert rounded.conf_high == pytest.approx(0.065 * 34.75e6 / 2)


def test_the_band_spans_every_denominator_and_rests_on_the_first():
    found = counted(web=size(34.7e6), small=size(30e6), press=size(38e6, half_unit=5e5))
    assert found.band.estimate == found.people["web"].estimate
    assert found.band.conf_low == found.people["small"].conf_low
    assert found.band.conf_high == found.people["press"].conf_high == pytest.approx(0.065 * 38.5e6)


def test_the_choice_of_denominator_alone_has_its_own_ends():
    found = counted(web=size(34.7e6), small=size(30e6), press=size(38e6))
    assert found.choice == pytest.approx((1.5e6, 1.9e6))
    assert found.choice_share == pytest.approx(4e5 / (0.065 * 38e6 - 0.04 * 30e6))


def test_with_one_denominator_there_is_no_choice():
    alone = counted(web=size(34.7e6))
    assert alone.choice[0] == alone.choice[1]
    assert alone.choice_share == 0
    assert (alone.band.conf_low, alone.band.conf_high) == (alone.people["web"].conf_low, alone.people["web"].conf_high)


def test_a_share_without_any_error_leaves_the_whole_band_to_the_choice():
    exact = Estimate(estimate=0.5, std_error=0.0, conf_low=0.5, conf_high=0.5, n=None, method="known")
    found = count_people(exact, {"one": size(10), "two": size(20)})
    assert found.choice_share == pytest.approx(1)
    assert count_people(exact, {"one": size(10)}).choice_share == 0


def test_the_table_has_a_row_for_each_denominator_and_one_for_the_band():
    table = counted(web=size(34.7e6), press=size(38e6)).to_frame().set_index("denominator")
    assert table.index.tolist() == ["web", "press", "any of them"]
    assert table["size"].isna().tolist() == [False, False, True]
    assert table.loc["any of them", "conf_high"] == table["conf_high"].max()


def test_what_multiplying_assumes_is_said():
    assert "taken to behave" in str(counted(web=size(34.7e6)).notes[0])


def test_without_a_denominator_there_is_nothing_to_count():
    with pytest.raises(SpecError, match="no denominator"):
        count_people(SHARE, {})
