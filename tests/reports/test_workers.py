"""Languages made side by side give the bytes of languages made one after the other, and end with their build."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.build import build as building
from reports.build.workers import Workers
from surveys.core.errors import StudyError
from tests.reports.test_incremental import files_of, made


def two_languages(folder: Path) -> Path:
    folder.mkdir()
    study = made(folder, 11)
    study.spec["study"]["language"] = ["en", "fr"]
    study.write()
    return folder


def test_two_processes_write_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = two_languages(tmp_path / "study")
    monkeypatch.setenv("CHURN_CACHE", str(tmp_path / "one"))
    building.build_report(study, tmp_path / "alone")
    monkeypatch.setenv("CHURN_CACHE", str(tmp_path / "two"))
    started: list[str] = []
    made_by = Workers.made

    def noted(self: Workers, language: str, progress: object) -> bool:
        found = made_by(self, language, progress)  # type: ignore[arg-type]
        started.extend([language] * found)
        return found

    monkeypatch.setattr(Workers, "made", noted)
    building.build_report(study, tmp_path / "together", processes=2)
    assert started == ["en"]
    assert files_of(tmp_path / "alone") == files_of(tmp_path / "together")


def test_a_worker_ends_with_a_build_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = two_languages(tmp_path / "study")
    (study / "two.csv").write_text("aware\n1\n")
    running: list[Workers] = []
    enter = Workers.__enter__
    monkeypatch.setattr(Workers, "__enter__", lambda self: running.append(self) or enter(self))
    with pytest.raises(StudyError):
        building.build_report(study, tmp_path / "report", processes=2)
    (workers,) = running
    assert [process.poll() is not None for process in workers._running.values()] == [True]
    assert not (tmp_path / "report").exists()


def test_documents_that_were_not_asked_for_stay_while_they_stand(tmp_path: Path) -> None:
    study, target = two_languages(tmp_path / "study"), tmp_path / "report"
    building.build_report(study, target)
    before = files_of(target)
    assert not building.build_report(study, target, languages=["fr"], formats=["pdf"]).changed
    assert files_of(target) == before
    toml = (study / "study.toml").read_text()
    (study / "study.toml").write_text(toml.replace("A study", "Another study"))
    build = building.build_report(study, target, languages=["fr"], formats=["pdf"])
    assert build.changed
    assert set(build.removed) == {"report.en.pdf", "report.en.html", "report.fr.html"}
    assert {name for name in files_of(target) if name.startswith("report.")} == {"report.fr.pdf"}


def test_why_names_the_input_that_changed(tmp_path: Path) -> None:
    study, target = two_languages(tmp_path / "study"), tmp_path / "report"
    assert building.why_stale(study, target) == [f"{target}: there is no report yet"]
    building.build_report(study, target, formats=["html"])
    assert building.why_stale(study, target, formats=["html"]) == []
    toml = (study / "study.toml").read_text()
    (study / "study.toml").write_text(toml.replace('"gap_days" = 30', '"gap_days" = 40'))
    told = building.why_stale(study, target, formats=["html"])
    assert told[0] == "study.toml: holds something else"
    assert told[1].endswith("usage.dropout.gap_days was 30, is 40")
