"""Studies of tables and shares alone, without a platform, are built to the end."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from reports.build.build import build_report
from reports.build.check import check_study
from surveys.study.fields import Language

STUDY = """
[study]
title = "Tables"
language = ["en", "fr"]
as_of = 2020-12-31
[[survey]]
wave = "2020"
file = "s.csv"
[survey.group.sex]
item = "sex"
label = { en = "Sex", fr = "Sexe" }
[survey.base.young]
label = "the young"
any = [{ item = "age", yes = [18, 19, 20] }]
[survey.share.happy]
label = "happy"
item = "sat"
yes = [1, 2]
missing = [9]
not_asked = "missing"
base = "young"
[[table]]
id = "sat"
item = "sat"
banner = ["sex"]
not_asked = "missing"
missing = [9]
levels = { 1 = "Very good", 2 = "Good", 3 = "Poor" }
[[table.net]]
top = 2
[[table]]
id = "young"
item = "sat"
banner = ["sex"]
base = "young"
not_asked = "missing"
missing = [9]
"""


class Tables(HTMLParser):
    """The cells of every table of a page, and its paragraphs."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text = ""
        self._cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        plain = data.replace("\u00a0", " ").replace("\u202f", " ")
        self.text += plain
        if self._cell:
            self.rows[-1][-1] += plain.strip()


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    n = 600
    return pd.DataFrame(
        {
            "sex": [("F", "M", None)[i % 3] for i in range(n)],
            "age": [18 + i % 6 for i in range(n)],
            "sat": [None if i % 4 == 0 else (1, 2, 3, 9)[(i // 4) % 4] for i in range(n)],
        }
    )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_study_without_a_platform_is_built_with_the_bases_of_its_tables(
    tmp_path: Path, frame: pd.DataFrame, language: Language
):
    frame.to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    assert check_study(tmp_path)[0] == ()
    build_report(tmp_path, tmp_path / "out", languages=(language,), formats=("html",))
    page = Tables()
    page.feed((tmp_path / "out" / f"report.{language}.html").read_text(encoding="utf-8"))
    answered = frame[frame["sat"].isin([1, 2, 3])]
    counts = [len(answered), *answered["sex"].value_counts().sort_index()]
    named = {"en": "Respondents", "fr": "Répondants"}[language]
    young = answered[answered["age"] <= 20]
    of_young = [len(young), *young["sex"].value_counts().sort_index()]
    printed = [row[1:] for row in page.rows if row and row[0] == named]
    assert printed == [[str(n) for n in each] for each in (counts, of_young)]
    assert {"en": "within the base “the young”", "fr": "dans la base « the young »"}[language] in page.text
    everybody = {"en": "everybody in the base", "fr": "ensemble de la base"}[language]
    assert [row[-1] for row in page.rows if row and row[0] == everybody] == [str(len(young))]
    n = answered["sex"].isna().sum()
    said = {
        "en": (
            f"who stand in no column of “Sex”: {n} of {len(answered)}",
            "Sex",
            "other than 18, 19, 20 counts as no",
        ),
        "fr": (
            f"dans aucune colonne de « Sexe » : {n} sur {len(answered)}",
            "Sexe",
            "autre que 18, 19, 20 compte pour non",
        ),
    }
    assert all(page.text.count(words) for words in said[language])
    assert page.text.count(said[language][-1]) == 1
