"""Figures of a white paper on digital financial services, from its own microdata, through a study file."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveys.funnel import estimate_funnel
from surveys.shares import estimate_shares
from surveys.study import Study
from tests.real.data import place_study_among, real


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return place_study_among("ifii_dfs_adoption_2020", tmp_path, real("ifii_dfs_adoption_2020"))


def test_52_percent_of_women_had_never_used_them_before(study: Study):
    frame = estimate_shares(study).to_frame()
    women = frame.query("level == 'Women'")["estimate"].item()
    assert women == pytest.approx(0.521701, abs=5e-7)
    assert round(100 * women) == 52


def test_45_percent_of_men_is_the_sum_of_two_rounded_shares_and_not_the_share(study: Study):
    """The exact share is 44.08 %; 20 + 25 gives the 45 that was printed."""
    frame = estimate_shares(study).to_frame()
    assert frame.query("level == 'Men'")["estimate"].item() == pytest.approx(0.440848, abs=5e-7)


def test_a_fifth_of_those_who_ever_used_them_have_stopped(study: Study):
    stopped = estimate_funnel(study).at("2020-07", "services", "lapsed", "conversion")
    assert stopped.estimate == pytest.approx(0.209, abs=5e-4)
