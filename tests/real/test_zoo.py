"""
A study on every data set, built in both languages, and every base it prints counted again from the file.

The pages are HTML, which takes seconds; with `-m slow`, PDF too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from reports.build.build import build_report
from reports.build.check import check_study
from tests.real.counting import Count, Key, count_shares, count_steps, count_tables, key, read_waves
from tests.real.data import place_study, place_study_among, real

SURVEYS = (
    "brexit_panel_sav",
    "fivethirtyeight_nonvoters_2020",
    "gss2016_networks",
    "ifii_dfs_adoption_2020",
    "pew_atp_w64",
    "pew_core_trends_2021",
)
FOLDERS = {"pew_atp_w64": "pew_atp_w64_sav"}
ITEMS = ["age", "sex", "Weight", "Hindsight", "BrexitID"]


def place(name: str, folder: Path) -> None:
    """Place a study; the ten waves that are stacked in one file become a file each."""
    data = real(FOLDERS.get(name, name))
    place_study_among(name, folder, data) if name != "brexit_panel_sav" else split_waves(data, folder)


def split_waves(data: Path, folder: Path) -> None:
    frame, meta = pyreadstat.read_sav(data / "BrexitAttitudes_Data.sav")
    labels = {item: meta.variable_value_labels[item] for item in ITEMS if item in meta.variable_value_labels}
    for wave, rows in frame.groupby("Wave"):
        file = folder / f"wave_{int(wave):02d}.sav"
        pyreadstat.write_sav(rows[ITEMS], file, variable_value_labels=labels)
    place_study("brexit_panel_sav", folder)


class Built:
    """A study that was built: its report, and what plain counting finds in its files."""

    def __init__(self, folder: Path, formats: list[str]) -> None:
        assert check_study(folder)[0] == ()
        self.documents = build_report(folder, folder / "report", languages=["fr", "en"], formats=formats).documents
        self.folder = folder / "report"
        self.ledger = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))["numbers"]
        self.said, self.waves = read_waves(folder)
        self.shares = count_shares(self.waves)
        self.steps = count_steps(self.waves)
        self.tables = count_tables(self.said, self.waves)

    def table(self, name: str) -> pd.DataFrame:
        file = self.folder / "tables" / f"{name}.csv"
        return pd.read_csv(file, dtype={"wave": str, "row": str, "level": str}).fillna({"group": "", "level": ""})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Build each study once."""
    found: dict[str, Built] = {}

    def of(name: str) -> Built:
        if name not in found:
            folder = tmp_path_factory.mktemp(name)
            place(name, folder)
            found[name] = Built(folder, ["html"])
        return found[name]

    return of


@pytest.mark.parametrize("name", SURVEYS)
def test_is_built_in_both_languages(built: Callable[[str], Built], name: str):
    pages = built(name).documents
    assert [page.name for page in pages] == ["report.en.html", "report.fr.html"]
    for page in pages:
        text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\b(nan|inf|None|Traceback)\b|[{}]", text)


@pytest.mark.slow
@pytest.mark.parametrize("name", SURVEYS)
def test_is_set_as_pdf_too(name: str, tmp_path: Path):
    place(name, tmp_path)
    assert all(page.stat().st_size > 10_000 for page in Built(tmp_path, ["pdf", "html"]).documents)


@pytest.mark.parametrize("name", SURVEYS)
def test_every_base_in_the_ledger_is_that_of_a_plain_count(built: Callable[[str], Built], name: str):
    """Every share rests on those who were asked and answered; every count printed is one."""
    study = built(name)
    wrong = [f"{row['id']}: {said}" for row in study.ledger if (said := objection(study, row))]
    assert "\n".join(wrong) == ""
    assert len(study.ledger) > 20


def objection(study: Built, row: Mapping[str, Any]) -> str:
    """Say what is wrong with a number of the ledger: nothing where it is that of a plain count."""
    counts = {".".join(place): count for place, count in (study.shares | study.steps | study.tables).items()}
    identifier: str = row["id"]
    if identifier.startswith("disclosure."):
        return disclosure_objection(study, row)
    if identifier == "gap.pairs":
        sizes = [len(study.waves[-1].levels(name)) for name in study.waves[-1].spec["group"]]
        return differs(row["value"], sum(size * (size - 1) // 2 for size in sizes))
    if identifier in counts:
        count = counts[identifier]
        return differs(row["base"], count.n) or differs(row["value"], count.share, relative=1e-9)
    for field, attribute in (("n_effective", "effective"), ("n_weighted", "weighted"), ("n", "n")):
        plain = identifier.replace(f".{field}.", ".", 1) if f".{field}." in identifier else identifier
        plain = plain.removesuffix(f".{field}")
        if plain != identifier and plain in counts:
            return differs(row["value"], getattr(counts[plain], attribute), absolute=0.0 if field == "n" else 0.5)
    return "no plain count is known"


def differs(found: float | None, expected: float, *, relative: float = 0.0, absolute: float = 0.0) -> str:
    if found is not None and abs(found - expected) <= max(relative * abs(expected), absolute):
        return ""
    return f"{found}, counted {expected}"


def disclosure_objection(study: Built, row: Mapping[str, Any]) -> str:
    """Check what is said of a whole wave: its respondents, their equal-weighted number, and answers missing."""
    names = [wave.spec["wave"] for wave in study.waves]
    wave = study.waves[names.index(row["id"].split(".", 1)[1].rpartition(".")[0])]
    weight, kind = wave.weight, row["id"].rpartition(".")[2]
    if kind == "n":
        return differs(row["value"], len(wave.frame))
    if kind == "n_effective":
        return differs(row["value"], round(weight.sum() ** 2 / (weight**2).sum()))
    if kind in ("margin", "nonresponse"):
        return "" if row["base"] in (None, len(wave.frame)) else f"{row['base']}, respondents {len(wave.frame)}"
    return "no plain count is known"


def same(rows: pd.DataFrame, counts: Mapping[Key, Count], place: Callable[[Any], Key]) -> None:
    """Compare a table's bases and shares with plain counts, row by row, and that none is left out."""
    keys = [place(row) for row in rows.itertuples()]
    assert set(keys) == set(counts)
    assert [int(n) for n in rows["n"]] == [counts[at].n for at in keys]
    np.testing.assert_allclose(rows["estimate"], [counts[at].share for at in keys], rtol=1e-9)
    for column, name in (("n_weighted", "weighted"), ("n_effective", "effective")):
        if column in rows:
            np.testing.assert_allclose(rows[column], [getattr(counts[at], name) for at in keys], rtol=1e-9)


@pytest.mark.parametrize("name", SURVEYS)
def test_every_base_in_the_tables_is_that_of_a_plain_count(built: Callable[[str], Built], name: str):
    study = built(name)
    if study.shares:
        same(study.table("shares"), study.shares, lambda r: key("share", r.wave, r.share, r.group, r.level))
    if study.steps:
        same(
            study.table("funnel"),
            study.steps,
            lambda r: (*key("funnel", r.wave, r.platform, r.group, r.level, r.step), r.measure),
        )
    for table in study.said.get("table", []):
        counts = {at: count for at, count in study.tables.items() if at[1] == table["id"]}
        frame = study.table(f"table_{table['id'].replace('-', '_')}")
        same(frame, counts, lambda r, name=table["id"]: key("table", name, r.row, r.group, r.level))


@pytest.mark.parametrize("name", SURVEYS)
def test_every_base_in_the_figures_is_that_of_a_plain_count(built: Callable[[str], Built], name: str):
    study = built(name)
    for file in (study.folder / "figures").glob("*.csv"):
        drawn = pd.read_csv(file, dtype={"wave": str, "level": str}).fillna({"group": "", "level": ""})
        assert {"platform", "step", "n"} <= set(drawn), file.name
        for row in drawn.to_dict("records"):
            parts = (row["wave"], row["platform"], row.get("group", ""), row.get("level", ""), row["step"])
            count = study.steps[*key("funnel", *map(str, parts)), row.get("measure", "cumulative")]
            assert (row["n"], row["share"]) == (count.n, pytest.approx(count.share, rel=1e-9)), (file.name, row)


def expected_from_r(folder: str, names: list[str]) -> pd.DataFrame:
    rows = [
        line.rstrip(",").split(",")
        for line in (real(folder) / "expected_from_r.csv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("chg")
    ]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype(dict.fromkeys(names[-4:], float))


def test_nets_of_the_two_highest_codes_are_those_of_r(built: Callable[[str], Built]):
    study = built("fivethirtyeight_nonvoters_2020")
    theirs = expected_from_r("fivethirtyeight_nonvoters_2020", ["item", "group", "level", "share", "se", "low", "high"])
    assert len(theirs) == 170
    for item, rows in theirs.groupby("item"):
        net = study.table(f"table_{item.lower()}").query("row == 'net.1'").set_index(["group", "level"])
        assert net["label"].unique().tolist() == ["Top 2"]
        places = [
            ("", "") if group == "All" else (group, level) for group, level in rows[["group", "level"]].to_numpy()
        ]
        found = net.loc[places, ["estimate", "std_error", "conf_low", "conf_high"]]
        np.testing.assert_allclose(found, rows[["share", "se", "low", "high"]], rtol=2e-6)


def test_shares_of_ten_waves_are_those_of_r(built: Callable[[str], Built]):
    study = built("brexit_panel_sav")
    theirs = expected_from_r("brexit_panel_sav", ["wave", "share", "group", "level", "estimate", "se", "low", "high"])
    assert len(theirs) == 210
    ours = study.table("shares").set_index(["wave", "share", "group", "level"])
    names = {"": "", "sexl": "sex", "agec": "age"}
    places = [(w, s, names[g], lvl) for w, s, g, lvl in theirs[["wave", "share", "group", "level"]].to_numpy()]
    found = ours.loc[places, ["estimate", "std_error", "conf_low", "conf_high"]]
    np.testing.assert_allclose(found, theirs[["estimate", "se", "low", "high"]], rtol=2e-8)


def test_changes_between_ten_waves_are_those_of_r(built: Callable[[str], Built]):
    lines = (real("brexit_panel_sav") / "expected_from_r.csv").read_text(encoding="utf-8").splitlines()
    changes = [line.split() for line in lines if line.startswith("chg")]
    assert len(changes) == 9
    ours = built("brexit_panel_sav").table("shares").query("share == 'leave' and group == ''").set_index("wave")
    for _, wave, change, error, _ in changes:
        pair = ours.loc[[str(int(wave) - 1), wave]]
        assert pair["estimate"].diff().iloc[1] == pytest.approx(float(change), abs=1e-9)
        assert np.hypot(*pair["std_error"]) == pytest.approx(float(error), rel=1e-7)


def test_a_question_asked_of_half_the_sample_has_the_base_of_those_who_answered(built: Callable[[str], Built]):
    study = built("gss2016_networks")
    (row,) = [row for row in study.ledger if row["id"] == "table.snapchat.Yes"]
    assert (round(100 * row["value"], 1), row["base"]) == (22.7, 1372)
    assert "22.7%" in row["texts"]["en"][0] or "23%" in row["texts"]["en"][0]


def test_reasons_were_asked_of_some(built: Callable[[str], Built]):
    table = built("fivethirtyeight_nonvoters_2020").table("table_q28")
    assert set(table.query("group == ''")["n"]) == {5302}
