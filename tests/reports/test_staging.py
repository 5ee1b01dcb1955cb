"""A build that fails or is killed leaves the last good report in place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reports.build.staging import recover, staged_folder
from surveys.core.errors import StudyError


def build(target: Path, text: str) -> None:
    with staged_folder(target) as folder:
        (folder / "manifest.json").write_text(text)


def test_a_new_report_takes_the_place_of_the_old(tmp_path: Path):
    build(tmp_path / "report", "old")
    build(tmp_path / "report", "new")
    assert (tmp_path / "report" / "manifest.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_build_that_fails_leaves_the_old_report(tmp_path: Path):
    build(tmp_path / "report", "old")

    def fail() -> None:
        with staged_folder(tmp_path / "report") as folder:
            (folder / "manifest.json").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "report" / "manifest.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_build_that_is_killed_leaves_the_old_report_and_the_next_one_tidies_up(tmp_path: Path):
    build(tmp_path / "report", "old")
    script = (
        "import sys, time; from pathlib import Path; from reports.build.staging import staged_folder\n"
        "with staged_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'manifest.json').write_text('half'); print('begun', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "report")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert (tmp_path / "report" / "manifest.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    build(tmp_path / "report", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_swap_cut_short_is_mended(tmp_path: Path):
    build(tmp_path / "report", "old")
    (tmp_path / "report").rename(tmp_path / ".report.previous")
    recover(tmp_path / "report")
    assert (tmp_path / "report" / "manifest.json").read_text() == "old"


def test_a_folder_of_ones_own_is_never_replaced(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(StudyError, match="holds something that is not a report"):
        build(tmp_path / "mine", "new")
    assert (tmp_path / "mine" / "thesis.txt").exists()
