"""A build reads each file of data once."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest

from churn.engine import open as engine
from reports.build.build import build_report
from reports.results.study import StudyResults
from surveys.samples import sample
from surveys.study.file import read_study
from surveys.tables.disclosure import disclose
from tests.reports.test_incremental import made


def test_each_survey_and_the_log_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    read_microdata, open_source = sample.read_microdata, engine.open_source

    def counting_read(path, **how):
        read[path.name] += 1
        return read_microdata(path, **how)

    def counting_open(folder, pattern, **how):
        read[pattern] += 1
        return open_source(folder, pattern, **how)

    monkeypatch.setattr(sample, "read_microdata", counting_read)
    monkeypatch.setattr(engine, "open_source", counting_open)
    (tmp_path / "study").mkdir()
    build_report(made(tmp_path / "study", 3).folder, tmp_path / "report", formats=["html"])
    assert read == {"one.csv": 1, "two.csv": 1, "log.csv": 1}


def test_two_tables_of_one_wave_and_file_are_two_samples(tmp_path: Path) -> None:
    edited = made(tmp_path, 3)
    other = deepcopy(edited.spec["survey"][0]) | {"weight": "w2"}
    del other["platform"]
    edited.spec["survey"].append(other)
    edited.write()
    study = read_study(edited.folder)
    assert str(StudyResults(study).disclosure) == str(disclose(study))
