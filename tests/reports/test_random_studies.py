"""Studies of every shape: what `check` accepts is built, on the right bases, and prints nothing that means none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from reports.build.check import check_study
from reports.build.tables import result_tables
from reports.document.blocks import texts_of
from reports.document.html import render_html
from reports.figures import draw_figures
from reports.figures.drawn import DrawnFigure, drawn_svg
from reports.results.progress import open_progress
from reports.results.study import Results, compute_results
from reports.sections.compose import compose_document
from reports.words.ledger import Ledger
from reports.words.printer import Printer
from surveys.study.file import read_study
from tests.random_studies import RandomStudy, make_random_study

IN_THE_SUITE, SLOWLY = 20, 200
NOTHING = re.compile(r"\b(?:nan|inf|None|NaN|NaT|Traceback|unexpected)\b|[{}]")
TEXTS_OF_SVG = re.compile(r"<text[^>]*>([^<]*)</text>")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a build prints: texts in both languages, tables, and the ledger."""

    made: RandomStudy
    results: Results
    texts: dict[str, list[str]]
    numbers: list[dict[str, object]]


def build(made: RandomStudy) -> Rehearsal | None:
    """Build in memory; None where `check` has problems."""
    problems, _ = check_study(made.folder)
    if problems:
        return None
    study = read_study(made.folder)
    with open_progress("quiet", total=9) as progress:
        results = compute_results(study, progress)
    ledger, texts = Ledger(), {}
    for language in study.study.language:
        printer = Printer(language, ledger)
        figures = draw_figures(results, printer)
        document = compose_document(results, printer, figures)
        assert render_html(document)
        texts[language] = [*texts_of(document), *_drawn(figures)]
    texts["tables"] = [frame.to_csv(index=False) for frame in result_tables(results).values()]
    return Rehearsal(made, results, texts, json.loads(ledger.to_json())["numbers"])


def _drawn(figures: dict[str, DrawnFigure]) -> Iterator[str]:
    for figure in figures.values():
        yield from TEXTS_OF_SVG.findall(drawn_svg(figure))
        yield figure.data.to_csv(index=False)


def hold(folder: Path, seed: int) -> bool:
    """Hold one study to everything, and tell whether `check` accepted it."""
    folder.mkdir()
    made = make_random_study(folder, seed)
    built = build(made)
    if built is None:
        return False
    said = {where: [text for text in texts if NOTHING.search(text)] for where, texts in built.texts.items()}
    assert not any(said.values()), (made.shape, said)
    reasons = ("why_no_interval", "why_no_base")
    unfounded = [row["id"] for row in built.numbers if row["base"] is None and not any(row[why] for why in reasons)]
    assert not unfounded, (made.shape, unfounded)
    _hold_funnel(built)
    _hold_tables(built)
    return True


def _hold_funnel(built: Rehearsal) -> None:
    """Count by plain pandas who answered each step, in everybody and in each level of a group."""
    if built.results.funnel is None:
        return
    rows = built.results.funnel.to_frame().query("measure == 'cumulative'")
    for spec in built.made.spec["survey"]:
        frame = pd.read_csv(built.made.folder / spec["file"])
        counted = frame[frame["w"] > 0] if "weight" in spec else frame
        for row in rows[rows["wave"] == spec["wave"]].itertuples(index=False):
            answer = spec["platform"][row.platform].get(row.step)
            if answer is None or answer.get("not_asked") == "missing":
                continue
            answered = ~counted[answer["item"]].isin(answer.get("missing", []))
            inside = _level(spec, counted, row.group, row.level)
            assert row.n == int((answered & inside).sum()), (built.made.shape, tuple(row)[:6])


def _hold_tables(built: Rehearsal) -> None:
    """Count by plain pandas who answered the item of a banner table, column by column."""
    specs = {spec["wave"]: spec for spec in built.made.spec.get("survey", [])}
    for table, asked in zip(built.results.tables, built.made.spec.get("table", []), strict=True):
        if "item" not in asked:
            continue
        spec = specs[asked["wave"]]
        frame = pd.read_csv(built.made.folder / spec["file"])
        counted = frame[frame["w"] > 0] if "weight" in spec else frame
        answered = counted["scale"].notna() & (counted["scale"] != 8)
        if "base" in asked:
            answered &= counted["few"] == 1
        for row in table.to_frame().itertuples(index=False):
            n = int((answered & _level(spec, counted, row.group, row.level)).sum())
            assert row.n == n, (built.made.shape, table.id, row.row, row.group, row.level)


def _level(spec: dict[str, dict[str, dict[str, object]]], frame: pd.DataFrame, group: str, level: str) -> pd.Series:
    if not group:
        return pd.Series(True, index=frame.index)
    given = spec["group"][group]
    if "bands" in given:
        low, _, high = level.rstrip("+").partition("-")
        return frame["age"].between(float(low), float(high) if high else 1000.0)
    levels = given["levels"]
    assert isinstance(levels, dict)
    return frame[str(given["item"])].isin([int(code) for code, label in levels.items() if label == level])


@pytest.mark.parametrize("seed", range(IN_THE_SUITE))
def test_a_random_study_is_built_whole_or_refused_by_check(tmp_path: Path, seed: int) -> None:
    hold(tmp_path / "study", seed)


@pytest.mark.slow
def test_two_hundred_random_studies_are_built_whole_or_refused_by_check(tmp_path: Path) -> None:
    accepted = [hold(tmp_path / str(seed), seed) for seed in range(IN_THE_SUITE, IN_THE_SUITE + SLOWLY)]
    assert sum(accepted) > 0.8 * SLOWLY
