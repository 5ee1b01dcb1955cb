"""The command: problems on one line each, exit status, and the last good report left in place."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reports.examples import example_folder

ROOT = Path(__file__).parents[2]


def churn(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "-m", "reports.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(example_folder("twitter_france"), folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


SMALL = """
[study]
title = "Small"
language = ["en"]
as_of = 2010-12-31

[[survey]]
wave = "2010-06"
file = "survey.csv"
[survey.platform.service]
aware = { item = "heard", yes = [1] }
signup = { item = "account", yes = [1], not_asked = "no" }

[usage]
events = "events.csv"
platform = "service"
account = "who"
time = "at"
dropout = { gap_days = 30 }
"""


@pytest.fixture
def small_study(tmp_path: Path) -> Path:
    """The smallest study with both sides, so that building it is quick."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "study.toml").write_text(SMALL, encoding="utf-8")
    answers = "\n".join(f"{int(i % 3 > 0)},{'' if i % 3 == 0 else int(i % 4 == 1)}" for i in range(120))
    (folder / "survey.csv").write_text(f"heard,account\n{answers}\n", encoding="utf-8")
    days = [(i, day) for i in range(60) for day in range(1, 29, 1 + i % 5)]
    events = "\n".join(f"a{i:02},2010-{1 + (i + day) % 12:02}-{day:02}T10:00:00Z" for i, day in days)
    (folder / "events.csv").write_text(f"who,at\n{events}\n", encoding="utf-8")
    return folder


def edit(study: Path, *changes: tuple[str, str]) -> None:
    text = (study / "study.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (study / "study.toml").write_text(text, encoding="utf-8")


def test_help_comes_at_once_because_nothing_heavy_is_loaded(tmp_path: Path):
    script = (
        "import sys, reports.cli; print(sorted({'pandas', 'numpy', 'matplotlib', 'ibis', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "build" in churn("--help", cwd=tmp_path).stdout


def test_check_tells_a_misspelt_key_a_missing_column_and_a_missing_file_on_one_line_each(study: Path, tmp_path: Path):
    edit(
        study,
        ('weight = "poids"', 'wieght = "poids"'),
        ('aware = { item = "q1_facebook"', 'aware = { item = "q1_facebok"'),
        ("events/*.parquet", "evnts/*.parquet"),
    )
    done = churn("check", study, cwd=tmp_path)
    assert done.returncode == 1
    problems = [line for line in done.stderr.splitlines() if not line.startswith("warning:")]
    assert problems == [
        "study.toml, [[survey]] 1 ('2007-10'): unknown key 'wieght'. Did you mean 'weight'?",
        "2007-10.csv, header: no column 'q1_facebok'. Did you mean 'q1_facebook'?",
        "evnts/*.parquet: no such file. Name files under events in study.toml, as in 'events/*.parquet'.",
    ]


def test_check_of_the_example_finds_no_problem(tmp_path: Path):
    done = churn("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no problems\n")


def test_problems_are_objects_for_machines(study: Path, tmp_path: Path):
    edit(study, ('weight = "poids"', 'wieght = "poids"'))
    done = churn("check", study, "--json", cwd=tmp_path)
    objects = [json.loads(line) for line in done.stderr.splitlines()]
    assert [o["mend"] for o in objects if "mend" in o] == ["Did you mean 'weight'?"]


def test_wrong_usage_exits_2(tmp_path: Path):
    assert churn("bild", cwd=tmp_path).returncode == 2
    assert churn("build", "--no-such-option", cwd=tmp_path).returncode == 2


def test_an_unknown_figure_offers_the_nearest(study: Path, tmp_path: Path):
    done = churn("figures", study, "survivall", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "figure 'survivall': not known. Did you mean 'survival'?"


def test_one_figure_is_drawn_for_a_slide(study: Path, tmp_path: Path):
    done = churn("figures", study, "survival", "--format", "svg", "--lang", "fr", "--out", "slides", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["slides/survival.fr.svg", "slides/survival.csv"]
    assert "Jours depuis l’inscription" in (tmp_path / "slides" / "survival.fr.svg").read_text(encoding="utf-8")


def test_init_copies_an_example_that_checks(tmp_path: Path):
    assert churn("init", "mine", "--example", "twitter_france", cwd=tmp_path).returncode == 0
    assert not list((tmp_path / "mine").rglob("*.py"))
    assert churn("check", "mine", cwd=tmp_path).returncode == 0


def test_init_never_writes_over_a_folder(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    done = churn("init", "mine", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "mine: is not an empty folder. Name a new one.\n")


def test_a_started_study_says_what_it_lacks(tmp_path: Path):
    churn("init", "mine", cwd=tmp_path)
    done = churn("check", "mine", cwd=tmp_path)
    assert done.returncode == 1
    assert all(line.count(": ") >= 1 for line in done.stderr.splitlines())
    assert "Traceback" not in done.stderr


def test_a_refused_build_leaves_the_last_good_report(small_study: Path, tmp_path: Path):
    assert churn("build", small_study, "--lang", "en", "--format", "html", cwd=tmp_path).returncode == 0
    before = {path: path.read_bytes() for path in (small_study / "report").rglob("*") if path.is_file()}
    edit(small_study, ("events.csv", "evnts.csv"))
    done = churn("build", small_study, "--lang", "en", "--format", "html", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in (small_study / "report").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("moment", ["reports.build.files.write_shared", "reports.build.staging._swap"])
def test_a_killed_build_leaves_the_last_good_report(small_study: Path, tmp_path: Path, moment: str):
    """Killed in the middle, and killed when all is written and nothing swapped."""
    assert churn("build", small_study, "--lang", "en", "--format", "html", cwd=tmp_path).returncode == 0
    before = {path: path.read_bytes() for path in (small_study / "report").rglob("*") if path.is_file()}
    module, name = moment.rsplit(".", 1)
    killed = (
        f"import os, signal, {module}, reports.cli; "
        f"assert callable({moment}); "
        f"{module}.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL); "
        f"reports.cli.app(['build', {str(small_study)!r}, '--force'])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", killed], cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert {path: path.read_bytes() for path in (small_study / "report").rglob("*") if path.is_file()} == before


def test_nothing_changed_nothing_rebuilt(small_study: Path, tmp_path: Path):
    first = churn("build", small_study, "--lang", "en", "--format", "html", "--json", cwd=tmp_path)
    again = churn("build", small_study, "--lang", "en", "--format", "html", "--json", cwd=tmp_path)
    assert [json.loads(done.stdout)["changed"] for done in (first, again)] == [True, False]
    edit(small_study, ("gap_days = 30", "gap_days = 31"))
    changed = churn("build", small_study, "--lang", "en", "--format", "html", "--json", cwd=tmp_path)
    assert json.loads(changed.stdout)["changed"] is True
