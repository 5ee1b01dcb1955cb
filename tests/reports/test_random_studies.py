"""Studies of every shape: what `check` accepts is built, on the right bases, and prints nothing that means none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from reports.build.check import check_study
from reports.build.tables import result_tables
from reports.document.blocks import texts_of
from reports.document.html import render_html
from reports.figures import draw_figures
from reports.figures.drawn import DrawnFigure, words_of
from reports.look.theme import figure_to_svg
from reports.results.progress import open_progress
from reports.results.study import StudyResults, compute_all
from reports.sections.compose import compose_document
from reports.words.ledger import Ledger
from reports.words.printer import Printer
from surveys.study.file import read_study
from tests.random_studies import BRACES, STEPS, RandomStudy, Table, make_random_study

IN_THE_SUITE, SLOWLY = 20, 200
NOTHING = re.compile(r"\b(?:nan|inf|None|NaN|NaT|Traceback|unexpected)\b|[{}]")
TEXTS_OF_SVG = re.compile(r"<text[^>]*>([^<]*)</text>")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a build prints: texts in both languages, tables, and the ledger."""

    made: RandomStudy
    results: StudyResults
    texts: dict[str, list[str]]
    anchors: dict[str, set[str]]
    numbers: list[dict[str, object]]


def build(made: RandomStudy) -> Rehearsal | None:
    """Build in memory; None where `check` has problems."""
    problems, _ = check_study(made.folder)
    if problems:
        return None
    study = read_study(made.folder)
    with open_progress("quiet", total=9) as progress:
        results = compute_all(StudyResults(study), progress)
    ledger, texts, anchors = Ledger(), {}, {}
    for language in study.study.language:
        printer = Printer(language, ledger)
        figures = draw_figures(results, printer)
        document = compose_document(results, printer, {name: words_of(drawn) for name, drawn in figures.items()})
        assert render_html(document)
        anchors[language] = {getattr(block, "anchor", "") for block in document.blocks}
        texts[language] = [*texts_of(document), *_drawn(figures)]
    texts["tables"] = [frame.to_csv(index=False) for frame in result_tables(results).values()]
    return Rehearsal(made, results, texts, anchors, json.loads(ledger.to_json())["numbers"])


def _drawn(figures: dict[str, DrawnFigure]) -> Iterator[str]:
    for figure in figures.values():
        yield from TEXTS_OF_SVG.findall(figure_to_svg(figure.figure))
        yield figure.data.to_csv(index=False)


def hold(folder: Path, seed: int) -> bool:
    """Hold one study to everything, and tell whether `check` accepted it."""
    folder.mkdir()
    made = make_random_study(folder, seed)
    built = build(made)
    if built is None:
        return False
    said = {where: [text for text in texts if _says_nothing(text)] for where, texts in built.texts.items()}
    assert not any(said.values()), (made.shape, said)
    reasons = ("why_no_interval", "why_no_base")
    unfounded = [row["id"] for row in built.numbers if row["base"] is None and not any(row[why] for why in reasons)]
    assert not unfounded, (made.shape, unfounded)
    _hold_funnel(built)
    _hold_shares(built)
    _hold_tables(built)
    _hold_accounts(built)
    _hold_mentions(built)
    return True


def _says_nothing(text: str) -> bool:
    """Whether a text prints what means none, or a place that was not filled."""
    return NOTHING.search(text.replace(BRACES, "")) is not None


def _read(file: Path) -> pd.DataFrame:
    match file.suffix:
        case ".csv":
            return pd.read_csv(file)
        case ".parquet":
            return pd.read_parquet(file)
        case ".sav":
            return pyreadstat.read_sav(str(file))[0]
        case _:
            return pd.read_excel(file)


def _respondents(built: Rehearsal, spec: Table) -> pd.DataFrame:
    """Give a row for each respondent who counts."""
    frame = _read(built.made.folder / spec["file"])
    if "submitdate" in frame and "keep" not in spec:
        frame = frame[frame["submitdate"].notna()]
    if "frequency" in spec:
        frame = frame.loc[frame.index.repeat(frame[spec["frequency"]])]
    return frame[frame["w"] > 0] if "weight" in spec else frame


def _hold_funnel(built: Rehearsal) -> None:
    """Count by plain pandas who each step is of, in everybody and in each level of a group."""
    if built.results.funnel is None:
        assert not any(spec["platform"] for spec in built.made.spec.get("survey", []))
        return
    rows = built.results.funnel.to_frame()
    for spec in built.made.spec["survey"]:
        counted = _respondents(built, spec)
        found = set()
        for row in rows[rows["wave"] == spec["wave"]].itertuples(index=False):
            of = _base_of_step(counted, spec["platform"][row.platform], row.step, row.measure)
            n = int((of & _level(spec, counted, row.group, row.level)).sum())
            assert row.n == n, (built.made.shape, tuple(row)[:7], row.n, n)
            found.add((row.platform, row.step))
        asked = {(name, step) for name, one in spec["platform"].items() for step in _questions(one)}
        assert found == asked, (built.made.shape, found, asked)


def _questions(platform: Table) -> Table:
    """Give the question behind each step; who says when they left says that they did."""
    left = {"lapsed": platform["left"]} if "left" in platform else {}
    return {**left, **{step: platform[step] for step in STEPS if step in platform}}


def _base_of_step(counted: pd.DataFrame, platform: Table, step: str, measure: str) -> pd.Series:
    """
    Tell who a share is of.

    A conversion is of those who reached the step before and answered. A cumulative share is of all who answered; where
    only those who reached the step before were asked it is a product, and of those whom that step is of.
    """
    questions = _questions(platform)
    earlier = {"aware": [], "signup": ["aware"], "active": ["signup", "aware"], "lapsed": ["signup", "aware"]}[step]
    before = next((name for name in earlier if name in questions), None)
    answered = _answered(counted, questions[step])
    if measure == "conversion":
        assert before is not None
        return answered & (counted[questions[before]["item"]] == 1)
    if before is not None and questions[step].get("not_asked") == "missing":
        return _base_of_step(counted, platform, before, "cumulative")
    return answered


def _answered(counted: pd.DataFrame, answer: Table) -> pd.Series:
    """Tell who answered an item: with a code that means an answer, or not asked where that means no."""
    item = counted[answer["item"]]
    asked = item.notna() if answer.get("not_asked") == "missing" else pd.Series(True, index=item.index)
    return asked & ~item.isin(answer.get("missing", []))


def _hold_shares(built: Rehearsal) -> None:
    """Count by plain pandas who answered what else is asked, in the base named."""
    if built.results.shares is None:
        assert not any("share" in spec for spec in built.made.spec.get("survey", []))
        return
    rows, held = built.results.shares.to_frame(), 0
    for spec in built.made.spec["survey"]:
        counted = _respondents(built, spec)
        for row in rows[rows["wave"] == spec["wave"]].itertuples(index=False):
            asked = spec["share"][row.share]
            inside = _level(spec, counted, row.group, row.level) & _answered(counted, asked)
            if "base" in asked:
                inside &= counted["few"] == 1
            assert row.n == int(inside.sum()), (built.made.shape, row.wave, row.share, row.group, row.level)
            held += 1
    assert held == len(rows)


def _hold_tables(built: Rehearsal) -> None:
    """Count by plain pandas who answered each row of a banner table, column by column."""
    specs = {spec["wave"]: spec for spec in built.made.spec.get("survey", [])}
    for table, asked in zip(built.results.tables, built.made.spec.get("table", []), strict=True):
        if "platform" in asked:
            continue
        spec = specs[asked["wave"]]
        counted = _respondents(built, spec)
        for row in table.to_frame().itertuples(index=False):
            if "choices" in asked:
                items = [row.row] if row.row in asked["choices"] else list(asked["choices"])[:2]
                answered = counted[items].notna().all(axis=1)
            else:
                answered = counted["scale"].notna() & (counted["scale"] != 8)
            if "base" in asked:
                answered &= counted["few"] == 1
            n = int((answered & _level(spec, counted, row.group, row.level)).sum())
            assert row.n == n, (built.made.shape, table.id, row.row, row.group, row.level, row.n, n)


def _level(spec: Table, frame: pd.DataFrame, group: str, level: str) -> pd.Series:
    if not group:
        return pd.Series(True, index=frame.index)
    given = spec["group"][group]
    if "bands" in given:
        low, _, high = level.rstrip("+").partition("-")
        return frame["age"].between(float(low), float(high) if high else 1000.0)
    levels = given["levels"]
    return frame[str(given["item"])].isin([int(code) for code, label in levels.items() if label == level])


def _hold_accounts(built: Rehearsal) -> None:
    """Count accounts by plain pandas: all, those gone where the file says so, by level, and by month of sign-up."""
    staying, usage = built.results.staying, built.made.spec.get("usage")
    if staying is None:
        assert usage is None
        return
    accounts = _accounts_of(built, usage)
    shape, counts = built.made.shape, staying.counts
    if staying.activity is not None:
        months = accounts["signup"].dt.to_period("M").dt.start_time.dt.date.value_counts()
        triangle = staying.activity.triangle
        sizes = {month: int(n) for month, n in zip(triangle.cohort, triangle.n_accounts, strict=True) if n}
        assert sizes == months.to_dict(), (shape, sizes, months.to_dict())
    if "gap_days" in usage["dropout"] and usage["dropout"].get("rule") != "detected":
        latest = pd.Timestamp(built.made.spec["study"]["as_of"]) - timedelta(days=usage["dropout"]["gap_days"])
        accounts = accounts[pd.to_datetime(accounts["signup"]) <= latest]
    assert counts.n_accounts == accounts["times"].sum(), (shape, counts.n_accounts, len(accounts))
    if "gone" in accounts:
        assert counts.n[counts.event].sum() == accounts.loc[accounts["gone"] == 1, "times"].sum(), shape
    for name in usage.get("group", []):
        column = accounts[name].mask(accounts[name].isin(usage.get("group_missing", [])))
        expected = accounts.groupby(column.to_numpy(object))["times"].sum()
        found = pd.Series(counts.n).groupby(counts.strata[name].to_numpy(object)).sum()
        assert found.to_dict() == expected.to_dict(), (shape, name, found.to_dict(), expected.to_dict())


def _accounts_of(built: Rehearsal, usage: Table) -> pd.DataFrame:
    """Give a row for each account that counts, with how many it stands for."""
    if "accounts" in usage:
        frame = _plain_text(built.made.folder / usage["accounts"])
        frame = frame.assign(times=frame["times"].astype(int) if "times" in frame else 1)
        if "closed" in usage:
            frame["gone"] = frame["closed"].notna().astype(int)
        return frame.assign(gone=frame["gone"].astype(int)) if "gone" in frame else frame
    log = _plain_text(built.made.folder / usage["events"])
    log["day"] = _local_days(log["t"], built.made.spec["study"]["timezone"], usage.get("clock"))
    accounts = log.sort_values("day", kind="stable").groupby("u").first().assign(times=1)
    opening = usage.get("opening_days", usage["dropout"]["gap_days"])
    seen = (accounts["day"] - log["day"].min()).dt.days
    latest = pd.Timestamp(built.made.spec["study"]["as_of"]) - timedelta(days=usage["dropout"]["gap_days"])
    followed = (seen >= opening) & (accounts["day"] <= latest)
    if "opening_days" not in usage and not followed.any():
        return accounts.rename(columns={"day": "signup"})
    return accounts[seen >= opening].rename(columns={"day": "signup"})


def _plain_text(file: Path) -> pd.DataFrame:
    """Read a table of text, of which only blank cells are missing."""
    if file.suffix == ".csv":
        return pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    return pd.read_parquet(file)


def _local_days(times: pd.Series, zone: str, clock: str | None) -> pd.Series:
    read = pd.to_datetime(times)
    if read.dt.tz is None:
        if clock is None:
            return read.dt.normalize()
        read = read.dt.tz_localize(zone if clock == "study" else clock)
    return read.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def _hold_mentions(built: Rehearsal) -> None:
    """Look for everything that the study asks for in the texts of each language: a result, or why there is none."""
    for language in built.made.spec["study"]["language"]:
        printed = "\n".join(built.texts[language])
        missing = [what for what, words in _asked_for(built.made.spec, language) if _flat(words) not in _flat(printed)]
        tables = {f"tab-table-{asked['id']}" for asked in built.made.spec.get("table", [])}
        missing += sorted(tables - built.anchors[language])
        assert not missing, (built.made.shape, language, missing)


def _flat(text: str) -> str:
    """Leave out what typography changes: spaces, and the kind of quotes and apostrophes."""
    return re.sub(r"[\s\u00a0\u202f\u2060\u200b\u00ad]|[\"'“”«»‘’]", "", text).casefold()


def _asked_for(spec: Table, language: str) -> Iterator[tuple[str, str]]:
    for wave in spec.get("survey", []):
        for name, platform in wave["platform"].items():
            yield f"platform {name}", platform.get("label", name)
        for name, group in wave["group"].items():
            yield f"group {name}", group.get("label", name)
        for name, share in wave.get("share", {}).items():
            yield f"share {name}", share["label"]
    for name in spec.get("usage", {}).get("group", []):
        yield f"group of accounts {name}", name
    for claim in spec.get("claim", []):
        yield claim["id"], claim["statement"][language]
    for funnel in spec.get("published", {}).get("funnel", []):
        yield f"published funnel {funnel['id']}", funnel["label"]
    for series in spec.get("published", {}).get("series", {}).values():
        yield "series", series["label"]


@pytest.mark.parametrize("seed", range(IN_THE_SUITE))
def test_a_random_study_is_built_whole_or_refused_by_check(tmp_path: Path, seed: int) -> None:
    hold(tmp_path / "study", seed)


@pytest.mark.slow
def test_two_hundred_random_studies_are_built_whole_or_refused_by_check(tmp_path: Path) -> None:
    accepted = []
    for seed in range(IN_THE_SUITE, IN_THE_SUITE + SLOWLY):
        accepted.append(hold(tmp_path / str(seed), seed))
        if seed % 10 == 0:
            hold_commands(tmp_path / str(seed), accepted=accepted[-1])
    assert sum(accepted) > 0.8 * SLOWLY


def hold_commands(folder: Path, *, accepted: bool) -> None:
    """Run `check` and `build` as a newcomer does: what `check` accepts is written, as PDF too, without a trace."""
    found = [_run("check", str(folder)), _run("build", str(folder), "--out", str(folder / "out"))]
    assert [each.returncode == 0 for each in found] == [accepted, accepted], found
    assert not any("Traceback" in each.stdout + each.stderr for each in found), found
    if accepted:
        kinds = {file.suffix for file in (folder / "out").rglob("*") if file.is_file()}
        assert kinds >= {".pdf", ".html", ".json"}, kinds


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reports.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
