"""Whose staying: what people recall, joined with the other steps of the same sample, and beside it the log's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.adoption.joint import EXACT, INDEPENDENT, ONE_PERSON, JointFunnel, join_steps, product_of_shares
from churn.adoption.measures import RECALLED, compare_measures, join_recall
from churn.design_based.recall import RecallCurve, read_recall, read_recall_levels
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Unavailable
from surveys.funnel.funnel import Funnel, estimate_funnel
from surveys.study.file import read_study
from surveys.study.schema import Study

LOG = Estimate(estimate=0.42, std_error=0.01, conf_low=0.4, conf_high=0.44, n=2400, method="log-log")
STUDY = """
[study]
title = "t"
as_of = 2013-12-31
[[survey]]
wave = "one"
file = "one.csv"
weight = "w"
cluster = "village"
[survey.platform.service]
aware = { item = "heard", yes = [1] }
signup = { item = "joined", yes = [1], not_asked = "no" }
left = { item = "left", bands = { 1 = "<7 d", 2 = "7-30 d", 3 = ">30 d" }, still = [9], not_asked = "missing" }
[survey.group.side]
item = "side"
levels = { 1 = "West", 2 = "East" }
"""


def answers(rng: np.random.Generator, villages: int = 40, each: int = 30, stays: float = 0.5) -> pd.DataFrame:
    """Villages where many sign up are villages where many stay: the two shares are anything but independent."""
    village = np.repeat(np.arange(villages), each)
    mood = np.repeat(rng.normal(0, 1.0, villages), each)
    heard = rng.random(len(village)) < 0.8
    joined = heard & (rng.random(len(village)) < 1 / (1 + np.exp(0.5 - mood)))
    kept = rng.random(len(village)) < (stays if stays in (0, 1) else 1 / (1 + np.exp(-mood)))
    left = np.where(kept, np.where(rng.random(len(village)) < 0.5, 9, 3), rng.integers(1, 3, len(village)))
    return pd.DataFrame(
        {
            "w": rng.uniform(0.5, 2, len(village)).round(3),
            "village": village,
            "heard": np.where(heard, 1, 2),
            "joined": pd.array(np.where(joined, 1, 2), "Int64"),
            "left": pd.array(np.where(joined, left, 0), "Int64"),
            "side": 1 + village % 2,
        }
    ).assign(left=lambda rows: rows["left"].replace(0, pd.NA))


def study_of(folder: Path, frame: pd.DataFrame, text: str = STUDY) -> Study:
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "one.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder)


def both(study: Study) -> tuple[Funnel, RecallCurve]:
    return estimate_funnel(study), read_recall(study, "one", "service")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return answers(np.random.default_rng(7))


@pytest.fixture(scope="module")
def joint(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> JointFunnel:
    return join_recall(*both(study_of(tmp_path_factory.mktemp("study") / "s", frame)))


def test_the_product_is_the_weighted_share_who_signed_up_and_stayed(joint: JointFunnel, frame: pd.DataFrame):
    stayed = (frame["joined"] == 1) & frame["left"].isin([3, 9])
    assert joint.cumulative["stayed"].estimate == pytest.approx(np.average(stayed, weights=frame["w"]))
    assert joint.steps == ("aware", "signup", "stayed")
    assert (joint.staying, joint.notes) == ("recall", (RECALLED,))


def test_its_error_is_that_of_the_share_itself_and_not_of_independent_factors(joint: JointFunnel, frame: pd.DataFrame):
    """Where everybody tells, the product is one weighted mean, whose variance under the design is known."""
    stayed = ((frame["joined"] == 1) & frame["left"].isin([3, 9])).to_numpy(float)
    share = np.average(stayed, weights=frame["w"])
    totals = (frame["w"] * (stayed - share)).groupby(frame["village"]).sum() / frame["w"].sum()
    by_hand = np.sqrt(len(totals) / (len(totals) - 1) * np.square(totals - totals.mean()).sum())
    last = joint.cumulative["stayed"]
    assert last.std_error == pytest.approx(by_hand, rel=1e-9)
    apart = product_of_shares(joint.cumulative["signup"], joint.conditional["stayed"])
    assert last.std_error > 1.1 * apart.std_error


def test_the_bootstrap_draws_from_the_same_covariance(joint: JointFunnel):
    drawn = joint.bootstrap(size=20_000)["stayed"]
    assert drawn.std_error == pytest.approx(joint.cumulative["stayed"].std_error, rel=0.05)


def test_levels_are_joined_with_the_recall_of_their_own(frame: pd.DataFrame, tmp_path: Path):
    study = study_of(tmp_path / "s", frame)
    levels = read_recall_levels(study, "one", "service")
    assert list(levels) == [("side", "West"), ("side", "East")]
    for (_, level), curve in levels.items():
        assert isinstance(curve, RecallCurve)
        mine = frame[frame["side"] == (1 if level == "West" else 2)]
        stayed = (mine["joined"] == 1) & mine["left"].isin([3, 9])
        found = join_recall(estimate_funnel(study), curve)
        assert (found.group, found.level) == ("side", level)
        assert found.cumulative["stayed"].estimate == pytest.approx(np.average(stayed, weights=mine["w"]))


def test_a_level_where_nobody_told_says_so(frame: pd.DataFrame, tmp_path: Path):
    silent = frame.assign(left=frame["left"].where(frame["side"] == 1))
    east = read_recall_levels(study_of(tmp_path / "s", silent), "one", "service")["side", "East"]
    assert isinstance(east, Unavailable)
    assert "nobody of them signed up and told" in str(east)


@pytest.mark.parametrize("stays", [0, 1])
def test_where_everybody_stays_or_nobody_does_the_exact_interval_is_carried(stays: int, tmp_path: Path):
    study = study_of(tmp_path / "s", answers(np.random.default_rng(3), stays=stays))
    found = join_recall(*both(study))
    assert EXACT in found.notes
    last = found.cumulative["stayed"]
    assert last.estimate == pytest.approx(stays * found.cumulative["signup"].estimate)
    assert last.conf_low <= last.estimate <= last.conf_high
    assert last.conf_high > last.conf_low
    assert found.conditional["stayed"].method == "Korn-Graubard"


def test_one_sampling_unit_leaves_no_interval_and_says_so(frame: pd.DataFrame, tmp_path: Path):
    alone = frame.assign(left=frame["left"].where(frame["village"] == 0))
    with pytest.raises(EstimateError, match="leave no degree of freedom"):
        join_recall(*both(study_of(tmp_path / "s", alone)))


def test_a_horizon_inside_a_band_is_refused(frame: pd.DataFrame, tmp_path: Path):
    with pytest.raises(SpecError, match="60"):
        join_recall(*both(study_of(tmp_path / "s", frame)), horizon=60)


def test_an_account_is_told_to_be_taken_for_a_person_wherever_the_log_is_joined(frame: pd.DataFrame, tmp_path: Path):
    funnel = estimate_funnel(study_of(tmp_path / "s", frame))
    logged = join_steps(funnel, LOG, platform="service", wave="one")
    assert logged.staying == "log"
    assert {ONE_PERSON, INDEPENDENT} <= set(logged.notes)


def test_the_choice_of_measure_has_a_band(joint: JointFunnel, frame: pd.DataFrame, tmp_path: Path):
    logged = join_steps(estimate_funnel(study_of(tmp_path / "s", frame)), LOG, platform="service", wave="one")
    found = compare_measures([joint, logged])
    shares = [each.cumulative["stayed"] for each in (joint, logged)]
    assert list(found.funnels) == ["recall", "log"]
    assert found.choice == (min(s.estimate for s in shares), max(s.estimate for s in shares))
    assert found.band.conf_low == min(s.conf_low for s in shares)
    assert found.band.conf_high == max(s.conf_high for s in shares)
    assert 0 < found.choice_share < 1
    assert found.to_frame()["measure"].tolist() == ["recall", "log", "any of them"]


def test_one_measure_is_no_choice(joint: JointFunnel):
    with pytest.raises(SpecError, match="by two measures"):
        compare_measures([joint, replace(joint, notes=())])
