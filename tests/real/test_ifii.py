"""Figures of a white paper on digital financial services, from its own microdata, through a study file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from scipy import stats

from surveys.funnel.funnel import estimate_funnel
from surveys.funnel.shares import estimate_shares
from surveys.study.schema import Study
from surveys.tables.banners import build_tables
from tests.real.data import place_study_among, real

STAGES = {"never": (5,), "first_use": (1,), "continuing": (2, 3, 4), "stopped": (6,)}
LEVELS = {"": None, "Men": 0, "Women": 1}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return place_study_among("ifii_dfs_adoption_2020", tmp_path, real("ifii_dfs_adoption_2020"))


def test_52_percent_of_women_had_never_used_them_before(study: Study):
    women = estimate_shares(study).at("2020-07", "never_before", group="sex", level="Women").estimate
    assert women == pytest.approx(0.521701, abs=5e-7)
    assert round(100 * women) == 52


def test_45_percent_of_men_is_the_sum_of_two_rounded_shares_and_not_the_share(study: Study):
    """The exact share is 44.08 %; 20 + 25 gives the 45 that was printed."""
    shares = estimate_shares(study)
    men = {name: shares.at("2020-07", name, group="sex", level="Men").estimate for name in ("never_before", *STAGES)}
    assert men["never_before"] == pytest.approx(0.440848, abs=5e-7)
    assert round(100 * men["never"]) + round(100 * men["first_use"]) == 45


def test_a_fifth_of_those_who_ever_used_them_have_stopped(study: Study):
    stopped = estimate_funnel(study).at("2020-07", "services", "lapsed", "conversion")
    assert stopped.estimate == pytest.approx(0.209, abs=5e-4)


def respondents() -> pd.DataFrame:
    """The file as it is."""
    return pyreadstat.read_dta(real("ifii_dfs_adoption_2020") / "onlinesurvey-pooled.dta")[0]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stage", STAGES)
def test_stages_are_weighted_shares_with_linearised_intervals(study: Study, stage: str, level: str):
    """Recomputed from the file: weighted share, Student's t on its logit, everybody's unit for the variance."""
    frame = respondents()
    inside = np.ones(len(frame), bool) if LEVELS[level] is None else (frame["female"] == LEVELS[level]).to_numpy()
    weight, yes = frame["weight"].to_numpy(), frame["dfs_use_num"].isin(STAGES[stage]).to_numpy()
    share = np.average(yes[inside], weights=weight[inside])
    scores = np.where(inside, weight * (yes - share), 0.0) / weight[inside].sum()
    n = len(frame)
    error = np.sqrt(n / (n - 1) * np.sum((scores - scores.mean()) ** 2))
    half = stats.t.ppf(0.975, inside.sum() - 1) * error / (share * (1 - share))
    logit = np.log(share / (1 - share))
    found = estimate_shares(study).at("2020-07", stage, group="sex" if level else "", level=level)
    assert found.estimate == pytest.approx(share, abs=1e-12)
    assert found.std_error == pytest.approx(error, rel=1e-9)
    ends = [1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1)]
    assert [found.conf_low, found.conf_high] == pytest.approx(ends, rel=1e-9)
    assert found.n == inside.sum()


@pytest.mark.parametrize("level", LEVELS)
def test_stages_are_one_composition(study: Study, level: str):
    """They add up to one without error, for they share one covariance; never and first use make the published 52 %."""
    shares = estimate_shares(study)
    group = "sex" if level else ""
    whole = shares.estimates["2020-07"].contrast({(stage, group, level): 1.0 for stage in STAGES})
    assert whole.estimate == pytest.approx(1.0, abs=1e-12)
    assert whole.std_error == pytest.approx(0.0, abs=1e-12)
    at = {name: shares.at("2020-07", name, group=group, level=level).estimate for name in ("never_before", *STAGES)}
    assert at["never"] + at["first_use"] == pytest.approx(at["never_before"], abs=1e-12)


def test_the_banner_table_holds_the_same_stages(study: Study):
    (table,) = build_tables(study)
    frame = table.to_frame()
    women = frame[frame["level"] == "Women"].set_index("row")["estimate"]
    shares = estimate_shares(study)
    expected = {name: shares.at("2020-07", name, group="sex", level="Women").estimate for name in STAGES}
    assert women["5"] == pytest.approx(expected["never"])
    assert women["1"] == pytest.approx(expected["first_use"])
    assert women["net.2"] == pytest.approx(expected["continuing"])
    assert round(100 * women["net.1"]) == 52
    assert women[["1", "2", "3", "4", "5", "6"]].sum() == pytest.approx(1.0)
