"""Figures that Pew Research Center printed, from its own microdata, through study files."""

from __future__ import annotations

import json
from functools import cache

import pytest

from surveys.core.results import Estimate
from surveys.funnel.funnel import Funnel, estimate_funnel
from surveys.funnel.shares import Shares, estimate_shares
from surveys.samples.sample import read_sample
from surveys.study.schema import Study
from tests.real.data import DATA, place_study_among, real

PLATFORMS = ("YouTube", "Facebook", "Instagram", "Pinterest", "LinkedIn", "Snapchat", "Twitter", "WhatsApp", "TikTok")
FUNNEL = {26 + i: (name.lower(), "", "") for i, name in enumerate((*PLATFORMS, "Reddit", "Nextdoor"))} | {
    41: ("instagram", "age", "18-29"),
    42: ("facebook", "age", "18-29"),
    43: ("snapchat", "age", "18-29"),
    44: ("tiktok", "age", "18-29"),
    45: ("snapchat", "age", "65+"),
    46: ("tiktok", "age", "65+"),
    47: ("facebook", "age", "65+"),
    56: ("facebook", "sex", "Men"),
    57: ("facebook", "sex", "Women"),
    58: ("pinterest", "sex", "Men"),
    59: ("pinterest", "sex", "Women"),
}
SHARES = {
    22: ("social", "", ""),
    24: ("social_online", "", ""),
    37: ("social", "age", "18-29"),
    38: ("social", "age", "30-49"),
    39: ("social", "age", "50-64"),
    40: ("social", "age", "65+"),
    48: ("facebook_daily", "", ""),
    49: ("facebook_several_a_day", "", ""),
    50: ("instagram_daily", "", ""),
    51: ("instagram_several_a_day", "", ""),
    52: ("youtube_daily", "", ""),
    53: ("youtube_several_a_day", "", ""),
    54: ("twitter_daily", "", ""),
    55: ("twitter_several_a_day", "", ""),
}
PANEL = {61: "major_change", 62: "party", 63: "restaurant", 64: "polling", 65: "grocery", 66: "friend"}


@cache
def published() -> dict[int, float]:
    figures = json.loads((DATA / "published_truth.json").read_text(encoding="utf-8"))
    return {figure["id"]: figure["published"] for figure in figures}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return place_study_among("pew_core_trends_2021", tmp_path_factory.mktemp("core"), real("pew_core_trends_2021"))


@pytest.fixture(scope="module")
def funnel(core: Study) -> Funnel:
    return estimate_funnel(core)


@pytest.fixture(scope="module")
def shares(core: Study) -> Shares:
    return estimate_shares(core)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return place_study_among("pew_atp_w64", tmp_path_factory.mktemp("panel"), real("pew_atp_w64_sav"))


@pytest.fixture(scope="module")
def panel_shares(panel: Study) -> Shares:
    return estimate_shares(panel)


def rounds_to(found: Estimate, figure: int) -> None:
    assert round(100 * found.estimate) == published()[figure]


@pytest.mark.parametrize("figure", FUNNEL)
def test_accounts_are_as_published(funnel: Funnel, figure: int):
    platform, group, level = FUNNEL[figure]
    rounds_to(funnel.at("2021", platform, "signup", group=group, level=level), figure)


@pytest.mark.parametrize("figure", SHARES)
def test_use_is_as_published(shares: Shares, figure: int):
    share, group, level = SHARES[figure]
    rounds_to(shares.at("2021", share, group=group, level=level), figure)


def test_the_base_is_everybody(shares: Shares):
    assert shares.at("2021", "social").n == published()[23]


def test_the_base_of_internet_users_is_theirs(core: Study, shares: Shares):
    assert read_sample(core, core.survey[0]).base("internet").sum() == published()[25]
    assert shares.at("2021", "social_online").n == published()[25]


def test_every_published_figure_is_tried():
    assert sorted({*FUNNEL, *SHARES, 23, 25}) == list(range(22, 60))


@pytest.mark.parametrize("figure", PANEL)
def test_answers_of_the_panel_are_as_published(panel_shares: Shares, figure: int):
    rounds_to(panel_shares.at("2020-03", PANEL[figure]), figure)


def test_the_panel_is_whole(panel: Study):
    assert len(read_sample(panel, panel.survey[0])) == published()[60]


def test_a_filter_left_out_of_the_base_gives_another_number(funnel: Funnel, shares: Shares):
    daily = shares.at("2021", "facebook_daily").estimate
    accounts = funnel.at("2021", "facebook", "signup").estimate
    assert 100 * daily * accounts < 50 < 70 <= round(100 * daily)
