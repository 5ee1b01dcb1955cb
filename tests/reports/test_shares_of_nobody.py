"""What a small wave lacks is told: a share of nobody is drawn around, and groups of other waves are named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from reports.figures._marks import spread
from tests.random_studies import RandomStudy, Table, write_study
from tests.reports.test_random_studies import build

WAVES = ("2021-05", "2022-05")


def make_study(folder: Path, *, aware: int, groups: tuple[Table, Table]) -> Table:
    """Ask twenty people in two waves; `aware` is what all say in the second."""
    spec: Table = {"study": {"title": "t", "language": ["en", "fr"], "as_of": date(2024, 6, 30)}, "survey": []}
    for wave, group, heard in zip(WAVES, groups, (1, aware), strict=True):
        frame = pd.DataFrame({"aware": [heard] * 20, "signup": [1, 2] * 10, "sex": [1, 1, 2, 2] * 5})
        frame.to_csv(folder / f"{wave}.csv", index=False)
        steps = {step: {"item": step, "yes": [1]} for step in ("aware", "signup")}
        spec["survey"].append({"wave": wave, "file": f"{wave}.csv", "platform": {"p": steps}, "group": group})
    accounts = pd.DataFrame({"u": range(40), "signup": "2024-01-01", "closed": ["2024-02-01", None] * 20})
    accounts.to_csv(folder / "accounts.csv", index=False)
    spec["usage"] = {
        "accounts": "accounts.csv",
        "account": "u",
        "signup": "signup",
        "closed": "closed",
        "platform": "p",
    }
    return spec


def texts_of_study(folder: Path, spec: Table) -> dict[str, list[str]]:
    """Build in memory what `check` accepts."""
    write_study(folder, spec)
    built = build(RandomStudy(folder, np.random.default_rng(0), spec))
    assert built is not None
    return built.texts


def test_a_joint_funnel_whose_conversion_is_of_nobody_in_every_wave_is_drawn(tmp_path: Path) -> None:
    texts = texts_of_study(tmp_path, make_study(tmp_path, aware=2, groups=({}, {})))
    assert any("nobody in the base" in text for text in texts["en"])


def test_groups_that_only_an_earlier_wave_has_are_named(tmp_path: Path) -> None:
    sex = {"sex": {"item": "sex", "label": "Sex at birth", "levels": {"1": "women", "2": "men"}}}
    texts = texts_of_study(tmp_path, make_study(tmp_path, aware=1, groups=(sex, {})))
    assert any("no figure shows" in text and "Sex at birth" in text for text in texts["en"])
    assert any("aucune figure" in text and "Sex at birth" in text for text in texts["fr"])


def test_platforms_that_the_study_is_not_about_are_named_with_where_all_their_shares_stand(tmp_path: Path) -> None:
    spec = make_study(tmp_path, aware=1, groups=({}, {}))
    other = {"label": "Other service", "active": {"item": "signup", "yes": [1]}}
    spec["survey"][0]["platform"]["q"] = other
    texts = texts_of_study(tmp_path, spec)
    assert any("Other service" in text and "funnel.csv" in text for text in texts["en"])


def test_the_label_of_what_has_no_number_stands_as_low_as_the_lowest_of_the_others() -> None:
    assert spread([0.5, float("nan"), 0.2], 0.0).tolist() == [0.5, 0.2, 0.2]
    assert spread([float("nan")], 0.1).tolist() == [0.0]
