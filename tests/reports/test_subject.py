"""What a study is about: the platform it says, the one whose usage is known, or none, and then all alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.build.check import check_study
from reports.document.blocks import Block, KeyFigures, Table
from reports.examples import open_example
from reports.figures.funnel import draw_funnel
from reports.figures.waves import draw_waves
from reports.findings import find
from reports.results.lookup import joined_platform, log_platform, main_platform, subjects
from reports.results.progress import open_progress
from reports.results.study import STEPS_OF_RECIPE, StudyResults, compute_all
from reports.sections.adoption import write_adoption
from reports.sections.overview import write_overview
from reports.words.printer import open_printer
from surveys.study.file import read_study

PLATFORM = """
[survey.platform.{name}]
{main}
aware = {{ item = "{name}_heard", yes = [1] }}
signup = {{ item = "{name}_joined", yes = [1], means = "ever" }}
"""
LEFT = (
    'left = { item = "%s_left", bands = { 1 = "<7 d", 2 = "7-30 d", 3 = ">30 d" }, still = [9], '
    'not_asked = "missing" }\n'
)


def write(folder: Path, *, main: str = "", left: tuple[str, ...] = (), names: tuple[str, ...] = ("a", "b")) -> Path:
    """Write a study of two waves and several platforms."""
    rng, n = np.random.default_rng(11), 240
    columns: dict[str, object] = {}
    for name in names:
        heard = rng.random(n) < 0.7
        joined = heard & (rng.random(n) < 0.6)
        columns |= {f"{name}_heard": np.where(heard, 1, 2), f"{name}_joined": np.where(joined, 1, 2)}
        columns[f"{name}_left"] = pd.Series(rng.choice([1, 2, 3, 9], n)).where(joined).astype("Int64")
    folder.mkdir(exist_ok=True)
    pd.DataFrame(columns).to_csv(folder / "s.csv", index=False)
    asked = "".join(
        PLATFORM.format(name=name, main="main = true" if name == main else "") + (LEFT % name if name in left else "")
        for name in names
    )
    waves = "".join(f'[[survey]]\nwave = "{year}-01"\nfile = "s.csv"\n{asked}' for year in (2012, 2013))
    (folder / "study.toml").write_text(f'[study]\ntitle = "t"\nas_of = 2013-12-31\n{waves}', encoding="utf-8")
    return folder


def results(folder: Path) -> StudyResults:
    with open_progress("quiet", total=len(STEPS_OF_RECIPE)) as progress:
        return compute_all(StudyResults(read_study(folder)), progress)


def labels(blocks: list[Block]) -> list[str]:
    return [item.label for block in blocks if isinstance(block, KeyFigures) for item in block.items]


def anchors(blocks: list[Block]) -> list[str]:
    return [block.anchor for block in blocks if isinstance(block, Table)]


def test_without_a_word_several_platforms_are_shown_alike(tmp_path: Path):
    found, printer = results(write(tmp_path / "s")), open_printer("en")
    assert (main_platform(found.study), subjects(found.study)) == ("", ("a", "b"))
    assert labels(write_overview(found, printer)) == ["have heard of a", "have heard of b"]
    assert anchors(write_adoption(found, printer, {})) == ["tab-waves-a", "tab-waves-b"]
    assert not [finding for finding in find(found, printer) if finding.rule in ("heard", "signed-up", "for-whom")]
    for drawn in (draw_funnel(found, printer), draw_waves(found, printer)):
        assert drawn is not None
        assert "a" in drawn.caption


def test_the_study_says_which_one_it_is_about(tmp_path: Path):
    found, printer = results(write(tmp_path / "s", main="b")), open_printer("en")
    assert subjects(found.study) == ("b",)
    assert labels(write_overview(found, printer)) == ["have heard of b", "of the aware have ever had an account"]
    assert anchors(write_adoption(found, printer, {})) == ["tab-waves"]


def test_one_platform_alone_is_the_subject(tmp_path: Path):
    assert main_platform(read_study(write(tmp_path / "s", names=("a",)))) == "a"


def test_two_subjects_are_refused(tmp_path: Path):
    folder = write(tmp_path / "s", main="a")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    both = text.replace("[survey.platform.b]\n", "[survey.platform.b]\nmain = true\n")
    (folder / "study.toml").write_text(both, encoding="utf-8")
    problems, _ = check_study(folder)
    assert str(problems[0]) == (
        "study.toml: 'survey': expected one platform with main = true, got a and b. Correct the value."
    )


@pytest.mark.parametrize(("main", "left", "joined"), [("", ("b",), "b"), ("a", ("a", "b"), "a"), ("", ("a", "b"), "")])
def test_leaving_is_told_of_the_subject_or_of_the_only_one_asked(
    tmp_path: Path, main: str, left: tuple[str, ...], joined: str
):
    folder = write(tmp_path / "s", main=main, left=left)
    found = results(folder)
    assert joined_platform(found.study) == joined
    assert {curve.platform for curve in found.recalls} == ({joined} if joined else set())
    assert {joint.platform for joint in found.joint} == ({joined} if joined else set())
    problems, warnings = check_study(folder)
    assert not problems
    assert any("no platform is said to be the subject" in line for line in warnings) == (not joined)


def test_the_platform_of_the_log_is_the_subject_unless_another_is_named():
    study = open_example("twitter_france")
    assert main_platform(study) == "twitter"
    survey = study.survey[-1]
    facebook = survey.platform["facebook"].model_copy(update={"main": True})
    last = survey.model_copy(update={"platform": {**survey.platform, "facebook": facebook}})
    other = study.model_copy(update={"survey": (*study.survey[:-1], last)})
    assert (main_platform(other), log_platform(other), joined_platform(other)) == ("facebook", "twitter", "twitter")
