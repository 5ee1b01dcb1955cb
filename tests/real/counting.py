"""Bases of surveys, counted from files by plain pandas and the words of a study; nothing of the project is used."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

STEPS = ("aware", "signup", "active", "lapsed")


@dataclass(frozen=True, slots=True)
class Count:
    """Who stands behind a share: respondents, their weights, Kish's base, the share and its variance."""

    n: int
    weighted: float
    kish: float
    share: float
    variance: float
    effective: float = float("nan")

    @classmethod
    def of(cls, inside: pd.Series, yes: pd.Series, weight: pd.Series) -> Count:
        """Count rows inside, and the weighted share of them that is a yes, each respondent drawn by chance."""
        w, y = weight[inside], yes[inside].astype(float)
        if not len(w):
            return cls(0, 0.0, 0.0, float("nan"), float("nan"))
        share, size = (w * y).sum() / w.sum(), len(weight)
        variance = size / (size - 1) * ((w * (y - share)) ** 2).sum() / w.sum() ** 2
        return cls(len(w), w.sum(), w.sum() ** 2 / (w**2).sum(), share, variance)


def effective_base(counts: list[Count]) -> float:
    """Divide the base that some shares have in common by their design effect; by Kish's where nothing varies."""
    n = counts[0].n
    simple = sum(c.share * (1 - c.share) for c in counts) / max(n - 1, 1)
    return min(n, n * simple / sum(c.variance for c in counts)) if simple > 0 else counts[0].kish


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """A survey of a study file: what it says, the rows of its file, and the labels there."""

    spec: Mapping[str, Any]
    frame: pd.DataFrame
    labels: Mapping[str, Mapping[Any, str]]

    @classmethod
    def read(cls, folder: Path, spec: Mapping[str, Any]) -> Wave:
        path = folder / spec["file"]
        if path.suffix in (".sav", ".dta"):
            read = pyreadstat.read_sav if path.suffix == ".sav" else pyreadstat.read_dta
            frame, meta = read(path, user_missing=True)
            return cls(spec, frame, meta.variable_value_labels)
        text = pd.read_csv(path, dtype=str, keep_default_na=False).apply(lambda column: column.str.strip())
        frame = pd.DataFrame({name: _numbers(text[name]) for name in text})
        return cls(spec, frame, {})

    @property
    def weight(self) -> pd.Series:
        if "weight" not in self.spec:
            return pd.Series(1.0, index=self.frame.index)
        return self.frame[self.spec["weight"]].astype(float)

    def answer(self, spec: Mapping[str, Any]) -> pd.Series:
        """Give 1 for yes, 0 for no, NaN for neither."""
        column = self.frame[spec["item"]]
        found = pd.Series(np.nan, index=column.index)
        blank = column.isna()
        if "no" in spec:
            found[_is(column, spec["no"])] = 0.0
        else:
            found[~blank & ~_is(column, spec.get("missing", []))] = 0.0
        found[_is(column, spec["yes"])] = 1.0
        if spec.get("not_asked") == "no":
            found[blank] = 0.0
        return found

    def levels(self, name: str) -> dict[str, pd.Series]:
        """Give the rows of each level of a group, by its label."""
        spec = self.spec["group"][name]
        column = self.frame[spec["item"]]
        known = column.notna() & ~_is(column, spec.get("missing", []))
        if bands := spec.get("bands"):
            ends = [*bands[1:], np.inf]
            return {
                f"{low:g}-{high - 1:g}" if high < np.inf else f"{low:g}+": known & (column >= low) & (column < high)
                for low, high in zip(bands, ends, strict=True)
            }
        labels = {_code(code): label for code, label in self.labels.get(spec["item"], {}).items()}
        labels |= spec.get("levels", {})
        named = column.map(_code, na_action="ignore")
        named = named.map(lambda code: labels.get(code, code), na_action="ignore")
        return {level: known & (named == level) for level in named[known].unique()}

    def groups(self, names: Mapping[str, Any] | list[str]) -> Iterator[tuple[str, str, pd.Series]]:
        """Give everybody, then each level of some groups, as the names that printed numbers have."""
        yield "", "", pd.Series(True, index=self.frame.index)
        for name in names:
            for level, rows in self.levels(name).items():
                yield name, level, rows


def _numbers(column: pd.Series) -> pd.Series:
    """Take texts for numbers where every one is a number; empty texts are missing."""
    known = column.where(column != "")
    numbers = pd.to_numeric(known, errors="coerce")
    return numbers if numbers.notna().sum() == known.notna().sum() else known.astype(object)


def _is(column: pd.Series, codes: Iterable[Any]) -> pd.Series:
    """Tell the rows that have one of some codes, as a number or as its text."""
    return column.map(_code, na_action="ignore").isin([_code(code) for code in codes])


def _code(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


Key = tuple[str, ...]
"""What a number is of: table, wave, names, group and level; without the parts that are empty."""


def key(*parts: str) -> Key:
    return tuple(part for part in parts if part)


def read_waves(folder: Path) -> tuple[Mapping[str, Any], list[Wave]]:
    """Read a study file and the files of its surveys."""
    said = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    return said, [Wave.read(folder, spec) for spec in said.get("survey", [])]


def count_shares(waves: list[Wave]) -> dict[Key, Count]:
    """Count behind `[survey.share]`: those of its base who answered."""
    found = {}
    for wave in waves:
        for name, spec in wave.spec.get("share", {}).items():
            answer = wave.answer(spec)
            inside = answer.notna()
            if "base" in spec:
                asked = [wave.answer(part) for part in wave.spec["base"][spec["base"]]["any"]]
                inside &= pd.concat(asked, axis=1).eq(1).any(axis=1)
            for group, level, rows in wave.groups(wave.spec.get("group", {})):
                count = Count.of(inside & rows, answer == 1, wave.weight)
                found[key("share", wave.spec["wave"], name, group, level)] = count
    return found


def count_steps(waves: list[Wave]) -> dict[Key, Count]:
    """Count behind the steps of platforms: of those who answered, and of those of the step before who did."""
    found = {}
    for wave in waves:
        for platform, spec in wave.spec.get("platform", {}).items():
            steps = [step for step in STEPS if step in spec]
            answers = {step: wave.answer(spec[step]) for step in steps}
            for group, level, rows in wave.groups(wave.spec.get("group", {})):
                for i, step in enumerate(steps):
                    answer = answers[step]
                    place = key("funnel", wave.spec["wave"], platform, group, level, step)
                    found[(*place, "cumulative")] = Count.of(answer.notna() & rows, answer == 1, wave.weight)
                    if i:
                        before = answers[steps[i - 1]] == 1
                        inside = answer.notna() & before & rows
                        found[(*place, "conversion")] = Count.of(inside, answer == 1, wave.weight)
    return found


def count_tables(said: Mapping[str, Any], waves: list[Wave]) -> dict[Key, Count]:
    """Count behind banner tables: by the codes of an item, or the choices of a question with several answers."""
    found: dict[Key, Count] = {}
    for table in said.get("table", []):
        wave = next(w for w in waves[::-1] if table.get("wave", w.spec["wave"]) == w.spec["wave"])
        blocks: list[tuple[pd.Series, list[tuple[str, pd.Series]]]] = []
        for row, inside, yes in _rows(table, wave, table.get("missing", [])):
            if not blocks or not blocks[-1][0].equals(inside):
                blocks.append((inside, []))
            blocks[-1][1].append((row, yes))
        for group, level, rows in wave.groups(table["banner"]):
            for inside, lines in blocks:
                counts = [Count.of(inside & rows, yes, wave.weight) for _, yes in lines]
                effective = effective_base(counts)
                for (row, _), count in zip(lines, counts, strict=True):
                    found[key("table", table["id"], row, group, level)] = replace(count, effective=effective)
    return found


def _rows(table: Mapping[str, Any], wave: Wave, missing: list[Any]) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    nets = table.get("net", [])
    if "item" in table:
        column = wave.frame[table["item"]]
        inside = column.notna() & ~_is(column, missing)
        codes = column.map(_code, na_action="ignore")
        order = list(table.get("levels", {})) or sorted(codes[inside].unique())
        for code in order:
            yield code, inside, codes == code
        for i, net in enumerate(nets, start=1):
            parts = [_code(c) for c in net.get("codes", [])]
            parts += order[: net["top"]] if "top" in net else order[-net["bottom"] :] if "bottom" in net else []
            yield f"net.{i}", inside, codes.isin(parts)
        return
    counted, items = table.get("counted", [1]), list(table["choices"])
    known = {item: wave.frame[item].notna() & ~_is(wave.frame[item], missing) for item in items}
    chosen = {item: _is(wave.frame[item], counted) for item in items}
    for item in items:
        yield item, known[item], chosen[item]
    for i, net in enumerate(nets, start=1):
        some = pd.concat([chosen[item] & known[item] for item in net["codes"]], axis=1).any(axis=1)
        every = pd.concat([known[item] for item in net["codes"]], axis=1).all(axis=1)
        yield f"net.{i}", some | every, some
