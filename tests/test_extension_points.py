"""What is added in one file is used by a study that names it: a format of survey files, an engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.engine.base import Engine
from churn.engine.duckdb import DuckDBEngine
from churn.engine.registry import opens, withdraw_engine
from churn.engine.sources import Source, find_source
from reports.build.check import check_study
from reports.results.study import Results
from surveys.core.errors import StudyError
from surveys.data.codebook import Codebook
from surveys.data.formats import SurveyFormat, register_format, withdraw_format
from surveys.data.microdata import Microdata
from surveys.study.file import read_study
from tests.random_studies import write_study
from tests.reports.test_incremental import log

ABOUT = {"title": "A study", "as_of": date(2023, 12, 31)}


def read_lines_of_json(path: Path, encoding: str | None) -> Microdata:
    """Read a file of one JSON object a line, with all its items."""
    rows = [json.loads(line) for line in path.read_text(encoding=encoding or "utf-8").splitlines()]
    frame = pd.DataFrame(rows).astype(float)
    return Microdata(place=path.name, frame=frame, codebook=Codebook(), lines=np.arange(1, len(frame) + 1))


@pytest.fixture
def lines_of_json() -> Iterator[None]:
    register_format(SurveyFormat(name="lines of JSON", suffixes=(".jsonl",), read=read_lines_of_json))
    yield
    withdraw_format("lines of JSON")


@pytest.mark.usefixtures("lines_of_json")
def test_a_survey_is_read_from_a_format_that_was_added(tmp_path: Path) -> None:
    answers = [{"aware": 1 + (i % 4 == 0), "w": 1.0} for i in range(80)]
    (tmp_path / "wave.jsonl").write_text("\n".join(map(json.dumps, answers)))
    platform = {"svc": {"label": "Svc", "aware": {"item": "aware", "yes": [1]}}}
    write_study(tmp_path, {"study": ABOUT, "survey": [{"wave": "1", "file": "wave.jsonl", "platform": platform}]})
    assert check_study(tmp_path)[0] == ()
    funnel = Results(read_study(tmp_path)).funnel
    assert funnel is not None
    share = funnel.at("1", "svc", "aware")
    assert (share.estimate, share.n) == (0.75, 80)


def spec_at(address: str) -> dict[str, object]:
    usage = {"events": address, "table": "log.csv", "account": "account", "time": "time", "opening_days": 0}
    return {"study": ABOUT, "usage": usage}


def test_a_log_is_read_by_an_engine_that_was_added(tmp_path: Path) -> None:
    @opens("toy")
    def open_toy(address: str, folder: Path, table: str, scratch: Path) -> tuple[Engine, Source]:
        source = find_source(folder, table, key="events", delimiter=None, encoding="utf-8", scratch=scratch)
        return DuckDBEngine(scratch), source

    log(np.random.default_rng(1)).to_csv(tmp_path / "log.csv", index=False)
    try:
        write_study(tmp_path, spec_at("toy://here"))
        added = Results(read_study(tmp_path)).staying
    finally:
        withdraw_engine("toy")
    usage = {"events": "log.csv", "account": "account", "time": "time", "opening_days": 0}
    write_study(tmp_path, {"study": ABOUT, "usage": usage})
    own = Results(read_study(tmp_path)).staying
    assert added is not None
    assert own is not None
    pd.testing.assert_frame_equal(added.counts.to_frame(), own.counts.to_frame())


def test_an_engine_that_nobody_added_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    write_study(tmp_path, spec_at("toy://here"))
    with pytest.raises(StudyError, match="begins with toy://, expected postgresql or spark"):
        _ = Results(read_study(tmp_path)).staying
