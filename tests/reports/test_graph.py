"""Results as a graph: what they read is noted, and what was kept is given again only where all of it is as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reports.results.graph import Graph, Nodes, attempted, node
from reports.results.store import Store
from surveys.core.reads import Reader
from surveys.core.results import Unavailable
from surveys.study.schema import Study


def study_of(folder: Path, **changes: object) -> Study:
    wave = {"wave": "1", "file": "a.csv", "label": "First", "weight": None}
    raw = {"study": {"title": "T", "as_of": date(2024, 1, 1)}, "survey": [wave | changes]}
    return Study.model_validate(raw | {"folder": folder})


class Counted(Nodes):
    calls: list[str]

    @node()
    def text(self) -> str:
        self.calls.append("text")
        survey = self.graph.study.survey[0]
        return (survey_folder(self) / survey.file).read_text()

    @node()
    def length(self) -> int:
        self.calls.append("length")
        return len(self.text)

    @node()
    def survey(self) -> object:
        self.calls.append("survey")
        return self.graph.study.survey[0]

    @node(kept=False)
    def rows(self) -> list[str]:
        self.calls.append("rows")
        return list(self.text)

    @node()
    def last(self) -> str:
        self.calls.append("last")
        return self.rows[-1]

    @attempted()
    def ratio(self) -> float | None:
        return 1 / (len(self.text) - 3)


def survey_folder(nodes: Nodes) -> Path:
    return nodes.graph.study.folder


def opened(study: Study, folder: Path, version: str = "1") -> Counted:
    nodes = Counted(Graph(study, Store(folder / "kept", version)))
    nodes.graph.find = lambda name: getattr(nodes, name)
    nodes.calls = []
    return nodes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("abc")
    return tmp_path


def test_a_result_is_computed_once_in_a_process_and_kept_for_others(folder: Path) -> None:
    first = opened(study_of(folder), folder)
    assert (first.length, first.length) == (3, 3)
    assert first.calls == ["length", "text"]
    second = opened(study_of(folder), folder)
    assert second.length == 3
    assert second.calls == []


def test_other_content_of_a_file_is_another_input(folder: Path) -> None:
    assert opened(study_of(folder), folder).length == 3
    (folder / "a.csv").write_text("abcd")
    second = opened(study_of(folder), folder)
    assert second.length == 4
    assert second.calls == ["text", "length"]


def test_what_was_not_read_changes_nothing(folder: Path) -> None:
    assert opened(study_of(folder), folder).length == 3
    second = opened(study_of(folder, label="Another", weight="w"), folder)
    assert second.length == 3
    assert second.calls == []


def test_a_result_that_comes_out_as_before_spares_what_rests_on_it(folder: Path) -> None:
    assert opened(study_of(folder), folder).length == 3
    (folder / "b.csv").write_text("abc")
    second = opened(study_of(folder, file="b.csv"), folder)
    assert second.length == 3
    assert second.calls == ["text"]


def test_a_table_of_the_study_in_a_result_is_the_one_of_today(folder: Path) -> None:
    assert opened(study_of(folder), folder).survey.label == "First"
    second = opened(study_of(folder, label="Another"), folder)
    assert second.survey.label == "Another"
    assert second.calls == []


def test_rows_of_people_are_never_kept(folder: Path) -> None:
    (folder / "a.csv").write_text("someone@example.org")
    first = opened(study_of(folder), folder)
    assert first.last == "g"
    kept = {file: file.read_bytes() for file in (folder / "kept").iterdir()}
    assert len(kept) == 3
    assert sum(b"someone" in content for content in kept.values()) == 1
    second = opened(study_of(folder), folder)
    assert second.last == "g"
    assert second.calls == []


def test_other_code_or_libraries_make_everything_anew(folder: Path) -> None:
    assert opened(study_of(folder), folder).length == 3
    second = opened(study_of(folder), folder, version="2")
    assert second.length == 3
    assert second.calls == ["length", "text"]


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]\n", b'{"made_by": "1"}\nx'])
def test_a_damaged_file_counts_as_none(folder: Path, damage: bytes) -> None:
    assert opened(study_of(folder), folder).length == 3
    for file in (folder / "kept").iterdir():
        file.write_bytes(damage)
    assert opened(study_of(folder), folder).length == 3


def test_where_nothing_can_be_kept_everything_is_computed_all_the_same(folder: Path) -> None:
    for _ in range(2):
        nodes = Counted(Graph(study_of(folder), Store(folder / "a.csv" / "kept", "1")))
        nodes.calls = []
        assert nodes.length == 3
        assert nodes.calls == ["length", "text"]


def test_why_a_result_is_stale_names_what_was_read_and_is_another(folder: Path) -> None:
    assert opened(study_of(folder), folder).length == 3
    assert opened(study_of(folder), folder).graph.why_stale("length") == ()
    ((place, before, now),) = opened(study_of(folder, file="c.csv"), folder).graph.why_stale("length")
    assert place == ("survey", 0, "file")
    assert before.startswith("sha256:")
    assert now == "'c.csv'"


def test_what_cannot_be_had_says_why_in_another_process_too(folder: Path) -> None:
    for _ in range(2):
        nodes = opened(study_of(folder), folder)
        assert nodes.ratio is None
        assert isinstance(nodes.why_absent("ratio"), Unavailable)


def test_files_behind_a_result_are_those_of_all_it_rests_on(folder: Path) -> None:
    nodes = opened(study_of(folder), folder)
    assert nodes.length == 3
    assert nodes.graph.sources("length") == ("a.csv",)


def test_a_copy_is_read_as_the_table_but_for_what_was_replaced(folder: Path) -> None:
    study = study_of(folder)
    reader = Reader(study)
    with reader.noting() as noted:
        copied = study.survey[0].model_copy(update={"label": "Other"})
        assert (copied.label, copied.file) == ("Other", "a.csv")
    assert list(noted) == [("survey",), ("survey", 0, "file")]


def test_comparing_or_printing_a_table_reads_the_whole_of_it(folder: Path) -> None:
    study = study_of(folder)
    reader = Reader(study)
    with reader.noting() as noted:
        assert study.survey[0] == study.survey[0]
    assert ("survey", 0, "*") in noted
    with reader.noting() as noted:
        repr(study.survey[0])
    assert ("survey", 0, "*") in noted or ("survey", 0, "label") in noted
