"""Nothing stale, nothing made twice: an edited study is built from what was kept and from nothing, byte for byte."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.build import manifest
from reports.build.build import build_report
from reports.look import theme
from reports.results.graph import Graph
from tests.random_studies import write_study

IN_THE_SUITE, SLOWLY = 13, 300
ALL = ("*",)
PLATFORM = {
    "label": "Svc",
    "aware": {"item": "aware", "yes": [1]},
    "signup": {"item": "signup", "yes": [1], "not_asked": "no"},
    "lapsed": {"item": "lapsed", "yes": [1], "not_asked": "no"},
}


@dataclass
class Edited:
    """A study that is edited, and the kind of edit that was made last."""

    folder: Path
    rng: np.random.Generator
    spec: dict[str, Any]
    frames: dict[str, pd.DataFrame]
    versions: dict[str, str] = field(default_factory=dict)
    accent: str = "#B3400F"

    def write(self) -> None:
        write_study(self.folder, self.spec)
        for name, frame in self.frames.items():
            frame.to_csv(self.folder / name, index=False)

    def word(self) -> str:
        return "".join(self.rng.choice(list("abcdefgh"), 6))


def wave(rng: np.random.Generator, n: int = 90) -> pd.DataFrame:
    aware = rng.random(n) < 0.7
    signup = aware & (rng.random(n) < 0.5)
    return pd.DataFrame(
        {
            "aware": np.where(aware, 1, 2),
            "signup": np.where(aware, np.where(signup, 1, 2), np.nan),
            "lapsed": np.where(signup, np.where(rng.random(n) < 0.4, 1, 2), np.nan),
            "age": rng.choice([1, 2, 3], n),
            "q": rng.choice([1, 2, 3, 4], n),
            "w": rng.uniform(0.5, 2, n).round(3),
            "w2": rng.uniform(0.5, 2, n).round(3),
        }
    )


def log(rng: np.random.Generator, n: int = 50) -> pd.DataFrame:
    rows = []
    for i in range(n):
        day = datetime(2023, 1, 1, 12) + timedelta(days=int(rng.integers(0, 200)))
        while day < datetime(2023, 12, 31) and rng.random() < 0.9:
            rows.append({"account": f"u{i}", "time": day.isoformat(), "plan": "ab"[i % 2]})
            day += timedelta(days=int(rng.integers(1, 25)))
    return pd.DataFrame(rows)


def claim(name: str, value: float, inputs: str) -> dict[str, Any]:
    return {
        "id": name,
        "label": {"en": f"claim {name}", "fr": f"affirmation {name}"},
        "statement": {"en": "A third have it", "fr": "Un tiers l’a"},
        "source": "the press",
        "measure": "membership",
        "unit": "share",
        "of": "adults",
        "value": value,
        "half_unit": 0.005,
        "reading": [{"inputs": {"a": inputs}}],
    }


def made(folder: Path, seed: int) -> Edited:
    rng = np.random.default_rng(seed)
    survey = {"date": "2022", "weight": "w", "platform": {"svc": PLATFORM}}
    ages = {"age": {"item": "age", "levels": {"1": "young", "2": "middle", "3": "old"}}}
    figure = {"entity": "Svc", "country": "FR", "measure": "membership", "unit": "share", "base_population": "adults"}
    published = pd.DataFrame(
        [
            {"id": "f1", **figure, "value": 0.3, "half_unit": 0.005, "n": 1000, "publisher": "Poll", "date": "2022-01"},
            {"id": "f2", **figure, "value": 0.4, "half_unit": 0.005, "n": 1000, "publisher": "Poll", "date": "2023-01"},
        ]
    )
    spec = {
        "study": {"title": "A study", "as_of": date(2023, 12, 31), "language": ["en"]},
        "survey": [
            {"wave": "2022", "file": "one.csv", **survey, "group": ages},
            {"wave": "2023", "file": "two.csv", **survey, "date": "2023", "group": deepcopy(ages)},
        ],
        "usage": {
            "events": "log.csv",
            "account": "account",
            "time": "time",
            "platform": "svc",
            "opening_days": 0,
            "group": ["plan"],
            "dropout": {"gap_days": 30},
        },
        "published": {"file": "published.csv", "country": "FR", "platform": {"svc": "Svc"}},
        "claim": [claim("one", 0.33, "f1"), claim("two", 0.5, "funnel.2023.svc.aware.cumulative")],
        "table": [{"id": "opinions", "item": "q", "label": "Opinion", "banner": ["age"]}],
    }
    frames = {"one.csv": wave(rng), "two.csv": wave(rng), "log.csv": log(rng), "published.csv": published}
    study = Edited(folder, rng, spec, frames)
    study.write()
    return study


def edit_title(study: Edited) -> None:
    study.spec["study"]["title"] = study.word()


def edit_label_of_level(study: Edited) -> None:
    for survey in study.spec["survey"]:
        survey["group"]["age"]["levels"][str(study.rng.integers(1, 4))] = study.word()


def edit_codes(study: Edited) -> None:
    answer = study.spec["survey"][1]["platform"] = deepcopy(study.spec["survey"][1]["platform"])
    answer["svc"]["aware"]["yes"] = [1, 2] if answer["svc"]["aware"]["yes"] == [1] else [1]


def edit_weight(study: Edited) -> None:
    study.spec["survey"][0]["weight"] = "w2" if study.spec["survey"][0]["weight"] == "w" else "w"


def edit_rows(study: Edited) -> None:
    name = str(study.rng.choice(["one.csv", "two.csv"]))
    study.frames[name] = study.frames[name].assign(q=study.rng.permutation(study.frames[name]["q"].to_numpy()))


def edit_log(study: Edited) -> None:
    study.frames["log.csv"] = study.frames["log.csv"].drop(study.rng.integers(len(study.frames["log.csv"])))
    study.frames["log.csv"] = study.frames["log.csv"].reset_index(drop=True)


def edit_claim(study: Edited) -> None:
    study.spec["claim"][0]["value"] = float(study.rng.integers(20, 60)) / 100


def edit_label_of_claim(study: Edited) -> None:
    study.spec["claim"][1]["label"] = {"en": study.word(), "fr": study.word()}


def edit_gap(study: Edited) -> None:
    study.spec["usage"]["dropout"]["gap_days"] = int(study.rng.integers(14, 45))


def edit_published(study: Edited) -> None:
    study.frames["published.csv"].loc[0, "value"] = float(study.rng.integers(20, 60)) / 100


def edit_language(study: Edited) -> None:
    study.spec["study"]["language"] = ["en"] if len(study.spec["study"]["language"]) == 2 else ["en", "fr"]


def edit_library(study: Edited) -> None:
    study.versions["numpy"] = study.word()


def edit_theme(study: Edited) -> None:
    study.accent = f"#{study.rng.integers(0x100000, 0xFFFFFF):06X}"


OPENED = ("staying", "staying.activity")
"""What is opened anew in every process, and computes nothing by that."""
OF_CLAIMS = ("*:claims:*",)
JUDGED = (
    *OF_CLAIMS,
    "claims",
    "files:tables",
    *(f"chapter:{name}:*" for name in ("overview", "answers", "published", "methods")),
)
RESULTS_OF_THE_LOG = ("staying.counts", "staying.visits", "staying.curve", "staying.groups")
OF_THE_LOG = (*RESULTS_OF_THE_LOG, "*:survival:*", "*:lifecycle:*")
OF_SURVEYS = ("funnel", "shares", "tables", "changes", "*:waves:*", "*:groups:*", "*:tables:*")

EDITS: dict[Callable[[Edited], None], tuple[tuple[str, ...], tuple[str, ...]]] = {
    edit_title: (("front:*",), ()),
    edit_label_of_claim: (OF_CLAIMS, ()),
    edit_claim: (JUDGED, ()),
    edit_label_of_level: (ALL, OF_THE_LOG),
    edit_codes: (ALL, OF_THE_LOG),
    edit_weight: (ALL, OF_THE_LOG),
    edit_rows: (ALL, OF_THE_LOG),
    edit_log: (ALL, OF_SURVEYS),
    edit_gap: (ALL, OF_SURVEYS),
    edit_published: (ALL, (*OF_THE_LOG, *OF_SURVEYS)),
    edit_language: (ALL, ("adoption", "network", *RESULTS_OF_THE_LOG)),
    edit_library: (ALL, ()),
    edit_theme: (ALL, ()),
}
"""Each edit, with what may be made again after it, and of that, what may not."""


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def software(monkeypatch: pytest.MonkeyPatch) -> Callable[[Edited], None]:
    """Let a study's own versions of libraries and of the theme count as those that are installed."""
    known, code = manifest.metadata.version, manifest._hash_of_code

    def take(study: Edited) -> None:
        monkeypatch.setattr(theme, "ACCENT", study.accent)
        monkeypatch.setattr(manifest.metadata, "version", lambda name: study.versions.get(name) or known(name))
        monkeypatch.setattr(manifest, "_hash_of_code", lambda: code() + study.accent)

    return take


def hold(
    folder: Path, seed: int, n_edits: int, software: Callable[[Edited], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "study").mkdir()
    study = made(folder / "study", seed)
    monkeypatch.setenv("CHURN_CACHE", str(folder / "kept"))
    software(study)
    build_report(study.folder, folder / "kept-up", formats=["html"])
    remade: list[str] = []
    compute = Graph._compute
    monkeypatch.setattr(
        Graph, "_compute", lambda self, name, *rest, **more: remade.append(name) or compute(self, name, *rest, **more)
    )
    edits = list(EDITS)
    order = [*edits, *(edits[i] for i in study.rng.integers(len(edits), size=max(n_edits - len(edits), 0)))][:n_edits]
    for step, edit in enumerate(order):
        edit(study)
        study.write()
        software(study)
        monkeypatch.setenv("CHURN_CACHE", str(folder / "kept"))
        remade.clear()
        build_report(study.folder, folder / "kept-up", formats=["html"])
        may, may_not = EDITS[edit]
        again = [name for name in remade if not any(fnmatch.fnmatch(name, pattern) for pattern in (*OPENED, *may))]
        assert not again, (step, edit.__name__, again)
        needless = [name for name in remade if any(fnmatch.fnmatch(name, pattern) for pattern in may_not)]
        assert not needless, (step, edit.__name__, needless)
        monkeypatch.setenv("CHURN_CACHE", "")
        build_report(study.folder, folder / f"new-{step}", formats=["html"])
        kept_up, new = files_of(folder / "kept-up"), files_of(folder / f"new-{step}")
        others = [name for name in sorted({*kept_up, *new}) if kept_up.get(name) != new.get(name)]
        assert not others, (step, edit.__name__, others)


def test_a_build_from_what_was_kept_is_a_build_from_nothing(
    tmp_path: Path, software: Callable[[Edited], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(tmp_path, 1, IN_THE_SUITE, software, monkeypatch)


@pytest.mark.slow
def test_three_hundred_edits_leave_nothing_stale(
    tmp_path: Path, software: Callable[[Edited], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(tmp_path, 2, SLOWLY, software, monkeypatch)
