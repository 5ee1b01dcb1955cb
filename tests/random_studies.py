"""Makes studies of every shape from a seed: what a newcomer's files may hold, and a study file that fits them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

STEPS = ("aware", "signup", "active", "lapsed")
BRACES = "{brace}"
"""The only text with braces that a study holds: any other brace of a report is an unfilled place."""
LEVELS = (
    *("North", "Île-de-France", "A & B", "<45", "«Été»", "Ελλάδα", "Київ", "50 %", "l’Est", "x" * 60, "it's", '"q"'),
    *(
        BRACES,
        "*star*",
        "<b>bold</b>",
        "_under_ #hash",
        "$x_1$ \\alpha",
        "=1+1",
        "Łódź, Zoë",
        "a; b",
        "“curly”",
        "@at [x]",
    ),
)
SERVICES = ("Alpha", "Bêta & Cie <i>", f'γάμμα "3" {BRACES}')
ZONES = ("UTC", "Europe/Paris", "America/New_York")
GROUPS = ("region", "sex", "size")
Table = dict[str, Any]


@dataclass(slots=True)
class RandomStudy:
    """
    A study being made.

    Attributes
    ----------
    folder : Path
        Where its files go.
    rng : Generator
        What is drawn next.
    spec : dict
        What `study.toml` will say.
    shape : list of str
        What the study has, for a reader of a failure.
    """

    folder: Path
    rng: np.random.Generator
    spec: Table
    shape: list[str] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        """Toss a coin that shows heads with this share."""
        return bool(self.rng.random() < share)

    def one_of(self, *choices: Any) -> Any:
        """Draw one."""
        return choices[int(self.rng.integers(len(choices)))]


def make_random_study(folder: Path, seed: int) -> RandomStudy:
    """
    Make a study.

    Parameters
    ----------
    folder : Path
        An empty folder, which gets `study.toml` and its data.
    seed : int
        The same study for the same number.

    Returns
    -------
    RandomStudy
    """
    rng = np.random.default_rng([2024, seed])
    made = RandomStudy(folder, rng, {})
    languages = made.one_of(["en"], ["fr"], ["en", "fr"], ["fr", "en"])
    made.spec["study"] = {
        "title": f"Study {seed}",
        "language": languages,
        "as_of": date(2024, 6, 30),
        "timezone": made.one_of(*ZONES),
    }
    if made.chance(0.3):
        made.spec["study"]["week_starts"] = made.one_of("monday", "saturday", "sunday")
    if made.chance(0.2):
        made.spec["study"]["title"] = f"“Study” {seed}: A & B's <b>*first*</b> {BRACES} #1"
    if made.chance(0.2):
        made.spec["study"]["conf_level"] = 0.9
    if made.chance(0.4):
        made.spec["population"] = {
            name: {"size": size, "label": {"en": name, "fr": name}, "source": "census"}
            for name, size in (("adults", 1_000_000), ("users", 800_000))
        }
    n_waves = int(made.one_of(0, 1, 1, 1, 2, 2, 3))
    platforms = [f"p{i}" for i in range(int(made.one_of(1, 1, 2, 3)))]
    steps = _steps(made)
    for wave in range(n_waves):
        _add_wave(made, wave, platforms, steps)
    if n_waves and made.chance(0.4):
        asked = made.spec["survey"][-1]["platform"]
        asked[str(made.one_of(*asked))]["main"] = True
    if n_waves and made.chance(0.7):
        _add_tables(made)
    if not n_waves or made.chance(0.6):
        _add_usage(made, platforms if n_waves else [])
    if made.chance(0.35):
        _add_published(made, platforms)
    write_study(folder, made.spec)
    return made


def write_study(folder: Path, spec: Table) -> None:
    """
    Write `study.toml`.

    Parameters
    ----------
    folder : Path
        Where.
    spec : dict
        Tables, and lists of tables, whose values are what TOML knows.
    """
    lines = []
    for name, value in spec.items():
        for table in value if isinstance(value, list) else [value]:
            lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            lines += [f"{json.dumps(key)} = {_toml(inner)}" for key, inner in table.items()]
            lines.append("")
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")


def _toml(value: Any) -> str:
    match value:
        case dict():
            inside = ", ".join(f"{json.dumps(str(key), ensure_ascii=False)} = {_toml(v)}" for key, v in value.items())
            return f"{{ {inside} }}"
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)


def _steps(made: RandomStudy) -> list[str]:
    """Choose the steps that are asked; every subset that is not empty comes up."""
    asked = [step for step in STEPS if made.chance(0.6)]
    return asked or [str(made.one_of(*STEPS))]


def _add_wave(made: RandomStudy, number: int, platforms: list[str], steps: list[str]) -> None:
    n = int(made.one_of(12, 40, 120, 300))
    frame = pd.DataFrame({"id": np.arange(n)})
    spec: Table = {"wave": f"{2021 + number}-05"}
    spec["sampling"] = made.one_of("probability", "quota", "opt-in", "census")
    if "population" in made.spec and made.chance(0.7):
        spec["population"] = "adults"
        if made.chance(0.5):
            spec["denominators"] = ["users"]
    if made.chance(0.2):
        spec["mode"] = made.one_of("online", "telephone")
    groups = _add_groups(made, frame)
    _add_design(made, frame, spec, groups)
    asked = [name for name in platforms if made.chance(0.85)] or platforms[:1]
    spec["platform"] = {name: _platform(made, frame, name, steps) for name in asked}
    spec["group"] = groups
    _add_shares(made, frame, spec)
    _add_items(made, frame)
    _add_rows(made, frame, spec)
    spec["file"] = _write(made, frame, f"wave{number}", "csv" if "keep" in spec or "lastpage" in frame else None)
    made.spec.setdefault("survey", []).append(spec)
    made.shape.append(f"wave of {n}: {', '.join(steps)}; groups {', '.join(groups)}")


def _add_rows(made: RandomStudy, frame: pd.DataFrame, spec: Table) -> None:
    """Let rows stand for several people, or be what an online service exports: some of them unfinished."""
    n = len(frame)
    if "weight" not in spec and made.chance(0.3):
        frame["times"] = made.rng.integers(1, 5, n)
        spec["frequency"] = "times"
    elif "weighting" not in spec and made.chance(0.2):
        done = made.rng.random(n) < 0.9
        done[[0, -1]] = True
        frame["submitdate"] = np.where(done, "2021-05-03 10:00:00", None)
        frame["lastpage"] = np.where(done, 9, 3)
        frame["startlanguage"] = "fr"
        if made.chance(0.5):
            spec["keep"] = ["unfinished"]


def _write(made: RandomStudy, frame: pd.DataFrame, name: str, kind: str | None = None) -> str:
    """Write a file of one of the formats, and give its name."""
    kind = kind or str(made.one_of("csv", "csv", "parquet", "sav", "xlsx"))
    file = made.folder / f"{name}.{kind}"
    match kind:
        case "csv":
            frame.to_csv(file, index=False)
        case "parquet":
            frame.to_parquet(file, index=False)
        case "sav":
            pyreadstat.write_sav(frame, str(file))
        case _:
            frame.to_excel(file, index=False)
    made.shape.append(f"{name} as {kind}")
    return file.name


def _binary(made: RandomStudy, n: int, share: float) -> np.ndarray:
    return np.where(made.rng.random(n) < share, 1.0, 2.0)


def _platform(made: RandomStudy, frame: pd.DataFrame, name: str, steps: list[str]) -> Table:
    n = len(frame)
    platform: Table = {"label": f"{SERVICES[int(name[1:])]}"} if made.chance(0.8) else {}
    reached = np.ones(n, bool)
    for step in steps:
        column = f"{name}_{step}"
        share = float(made.one_of(0.0, 0.02, 0.3, 0.6, 0.9, 1.0) if made.chance(0.3) else made.rng.uniform(0.2, 0.8))
        values = _binary(made, n, share)
        answer: Table = {"item": column, "yes": [1]}
        if made.chance(0.4):
            values = np.where(reached, values, np.nan)
            answer["not_asked"] = made.one_of("no", "missing")
        if made.chance(0.3):
            values = np.where(made.rng.random(n) < 0.05, 9.0, values)
            answer["missing"] = [9]
        if np.isnan(values).all():
            values = _binary(made, n, share)
        reached = values == 1
        answer.setdefault("not_asked", "no") if np.isnan(values).any() else None
        frame[column] = values
        platform[step] = answer
    if "signup" in steps and made.chance(0.3):
        _add_recall(made, frame, platform, name)
    if "signup" in platform and made.chance(0.5):
        leaving = "lapsed" in platform or "left" in platform
        platform["signup"]["means"] = "ever" if leaving else made.one_of("ever", "now")
    return platform


def _add_recall(made: RandomStudy, frame: pd.DataFrame, platform: Table, name: str) -> None:
    member = frame[f"{name}_signup"].to_numpy() == 1
    column = f"{name}_left"
    codes = made.rng.choice([1, 2, 3, 9], len(frame), p=[0.2, 0.2, 0.2, 0.4]).astype(float)
    values = np.where(member, codes, np.nan)
    if not member.any():
        return
    frame[column] = values
    platform["left"] = {
        "item": column,
        "bands": {"1": "<7 d", "2": "7-30 d", "3": ">30 d"},
        "still": [9],
        "not_asked": "no",
    }
    if made.chance(0.5):
        platform.pop("lapsed", None)


def _add_groups(made: RandomStudy, frame: pd.DataFrame) -> Table:
    n = len(frame)
    groups: Table = {}
    for name in GROUPS:
        if not made.chance(0.55):
            continue
        k = int(made.one_of(1, 2, 3, 6))
        labels = [str(label) for label in made.rng.choice(LEVELS, k, replace=False)]
        codes = made.rng.integers(1, k + 1, n).astype(float)
        if made.chance(0.4):
            codes[0] = k + 1
            labels.append("lone")
        spec: Table = {"item": name, "levels": {str(i + 1): label for i, label in enumerate(labels)}}
        if made.chance(0.3):
            codes[made.rng.random(n) < 0.1] = 99
            spec["missing"] = [99]
        if made.chance(0.5):
            spec["label"] = name.capitalize()
        if (codes == 99).all():
            codes[:] = 1
        frame[name] = codes.astype(int)
        groups[name] = spec
    if made.chance(0.4):
        frame["age"] = made.rng.integers(16, 80, n)
        groups["age"] = {"item": "age", "bands": [15, 25, 45, 79]}
    return groups


def _add_design(made: RandomStudy, frame: pd.DataFrame, spec: Table, groups: Table) -> None:
    n = len(frame)
    kind = made.one_of("none", "weight", "weight", "strata", "clusters", "made", "replicates", "rake")
    made.shape.append(f"design {kind}")
    if kind == "none":
        return
    frame["w"] = made.rng.uniform(0.5, 3, n).round(3)
    if made.chance(0.2):
        frame.loc[frame.index[: max(1, n // 20)], "w"] = 0.0
    spec["weight"] = "w"
    if kind in ("strata", "clusters", "made"):
        frame["stratum"] = np.arange(n) % 3
        spec["strata"] = "stratum"
    if kind in ("clusters", "made"):
        frame["psu"] = np.arange(n) // 3 % 4
        spec |= {"cluster": "psu", "nest": True}
    if kind == "made":
        spec["replicates"] = {"make": made.one_of("jackknife", "bootstrap"), "number": 20}
    if kind == "replicates":
        for i in range(12):
            frame[f"rw{i + 1}"] = (frame["w"] * made.rng.choice([0.5, 1.5], n)).round(3)
        spec["replicates"] = {"kind": "BRR", "prefix": "rw"}
    if kind == "rake":
        plain = {name: group for name, group in groups.items() if "levels" in group and "missing" not in group}
        frame.loc[frame["w"] == 0, "w"] = 1.0
        margins = {name: _margin(frame, name, plain[name]["levels"]) for name in list(plain)[:2]}
        if margins:
            spec["weighting"] = [{"kind": "rake" if len(margins) > 1 else "poststratify", "margins": margins}]


def _margin(frame: pd.DataFrame, name: str, levels: Table) -> Table:
    """Give each level that occurs its people; the first takes what rounding leaves, so that all margins add up."""
    count = frame[name].value_counts().sort_index()
    people = {levels[str(code)]: 1000 * int(n) for code, n in count.items()}
    return {level: number for level, number in people.items() if number}


def _add_shares(made: RandomStudy, frame: pd.DataFrame, spec: Table) -> None:
    if not made.chance(0.5):
        return
    n = len(frame)
    frame["few"] = np.where(np.arange(n) < int(made.one_of(1, 3, n // 2)), 1, 2)
    spec["base"] = {"few": {"label": "a few", "any": [{"item": "few", "yes": [1]}]}}
    satisfied = np.where(made.rng.random(n) < 0.5, _binary(made, n, 0.5), np.nan)
    if made.chance(0.3):
        satisfied[frame["few"] == 1] = np.nan
    satisfied[-1] = 1.0
    frame["satisfied"] = satisfied
    spec["share"] = {
        "content": {"label": "content", "item": "satisfied", "yes": [1], "not_asked": "missing", "base": "few"}
    }
    if made.chance(0.5):
        spec["share"]["all"] = {"label": "content, of all", "item": "satisfied", "yes": [1], "not_asked": "no"}


def _add_items(made: RandomStudy, frame: pd.DataFrame) -> None:
    """Add what banner tables ask: a scale, and a question with several answers."""
    n = len(frame)
    scale = made.rng.integers(1, 6, n).astype(float)
    scale[made.rng.random(n) < 0.3] = np.nan
    scale[made.rng.random(n) < 0.05] = 8
    scale[0] = 3
    frame["scale"] = scale
    for choice in ("c1", "c2", "c3"):
        frame[choice] = np.where(made.rng.random(n) < 0.2, np.nan, _binary(made, n, 0.4))
        frame.loc[0, choice] = 1.0


def _add_tables(made: RandomStudy) -> None:
    last = made.spec["survey"][-1]
    banner = list(last["group"])[:2]
    if not banner:
        return
    limits = {"flagged": 30, "suppressed": int(made.one_of(0, 5, 30))}
    kinds = [kind for kind in ("platform", "item", "choices") if made.chance(0.6)]
    tables: list[Table] = []
    for kind in kinds:
        table: Table = {"id": f"t-{kind}", "wave": last["wave"], "banner": banner, **limits}
        match kind:
            case "platform":
                table["platform"] = next(iter(last["platform"]))
            case "item":
                levels = {str(code): f"degree {code}" for code in range(1, 6)}
                table |= {"item": "scale", "levels": levels, "missing": [8], "not_asked": "missing"}
                table["net"] = [{"top": 2}, {"codes": [1, 2], "label": "one or two"}]
            case _:
                table |= {"choices": {"c1": "first", "c2": "second", "c3": "third"}, "not_asked": "missing"}
                if made.chance(0.5):
                    table["net"] = [{"codes": ["c1", "c2"], "label": "either"}]
        if kind != "platform" and "base" in last and made.chance(0.4):
            table["base"] = "few"
        tables.append(table)
    if tables:
        made.spec["table"] = tables
        made.shape.append(f"tables {', '.join(kinds)}")


def _add_usage(made: RandomStudy, platforms: list[str]) -> None:
    kind = made.one_of("events", "events", "events", "accounts", "tenures")
    made.shape.append(f"usage {kind}")
    n = int(made.one_of(1, 2, 8, 60, 200))
    usage = {"events": _events, "accounts": _accounts, "tenures": _tenures}[kind](made, n)
    if platforms and made.chance(0.6):
        usage["platform"] = platforms[0]
        if "events" in usage and made.chance(0.5):
            coverage: Table = {"share_of_all": float(made.one_of(0.001, 0.1, 1)), "accounts_per_person": 1.2}
            if made.chance(0.6):
                coverage["discrepancy"] = float(made.one_of(0.0, 0.1, 0.5))
            usage["coverage"] = coverage
    made.spec["usage"] = usage


def _account_groups(made: RandomStudy, n: int) -> tuple[pd.DataFrame, Table]:
    """Give accounts groups with blanks, texts that look like none, tiny levels, one level or none at all."""
    names = [name for name in ("country", "device") if made.chance(0.5)]
    frame = pd.DataFrame(index=range(n))
    for name in names:
        k = int(made.one_of(1, 2, 3, 5))
        values = np.array([str(label) for label in LEVELS[:k]], dtype=object)[made.rng.integers(0, k, n)]
        if made.chance(0.5):
            values[made.rng.random(n) < 0.3] = None
        if made.chance(0.5):
            values[-1] = "lone"
        if all(value is None for value in values):
            values[:] = "only"
        frame[name] = values
    said: Table = {"group": names} if names else {}
    if names and made.chance(0.3):
        frame.loc[made.rng.random(n) < 0.2, names[0]] = "NA"
        said["group_missing"] = ["NA"]
        if (frame[names[0]] == "NA").all():
            frame.loc[0, names[0]] = "only"
    if names and made.chance(0.3):
        frame.loc[made.rng.random(n) < 0.2, names[-1]] = "Unknown"
        said["group_levels"] = ["Unknown"]
    return frame, said


def _stamp(made: RandomStudy, usage: Table) -> Callable[[date], str]:
    """Choose how a log writes its times: with an offset, by a clock that the study names, or as dates."""
    kind = made.one_of("offset", "offset", "wall", "wall", "date")
    if kind == "wall":
        usage["clock"] = made.one_of("study", *ZONES)
    end = {"offset": "T12:00:00Z", "wall": " 12:00:00", "date": ""}[kind]
    return lambda day: f"{day}{end}"


def _events(made: RandomStudy, n: int) -> Table:
    start, last = date(2024, 1, 1), 181
    usage: Table = {"account": "u", "time": "t"}
    groups, said = _account_groups(made, n)
    stamp = _stamp(made, usage)
    if made.chance(0.15):
        usage["silent_end"], last = True, 130
    signup = made.rng.integers(0, 100 if made.chance(0.7) else last - 1, n)
    life = np.ceil(made.rng.exponential(float(made.one_of(3, 40, 400)), n))
    rows = []
    with_recipients = made.chance(0.3)
    for account in range(n):
        day, end = int(signup[account]), min(signup[account] + life[account], last)
        while day <= end:
            row: Table = {"u": f"a{account}", "t": stamp(start + timedelta(days=day))}
            row |= {name: groups[name][account] for name in groups}
            if with_recipients:
                row["to"] = f"a{made.rng.integers(n)}" if made.chance(0.6) else None
            rows.append(row)
            day += int(made.rng.geometric(0.2))
    rows.append({**rows[0], "t": stamp(start + timedelta(days=last - 1)), "u": "a0"})
    usage["events"] = _write(made, pd.DataFrame(rows), "events", made.one_of("csv", "csv", "parquet"))
    rule = made.one_of(None, "next_visit", "inactive", "inactive", "first_silence", "detected")
    usage["dropout"] = {
        **({"rule": rule} if rule else {}),
        "gap_days": int(made.one_of(7, 30)),
        "horizon_days": int(made.one_of(1, 7, 30, 30, 90, 365)),
    }
    if made.chance(0.6):
        usage["opening_days"] = int(made.one_of(0, 0, 5, 20))
    usage |= said
    if with_recipients:
        usage["recipient"] = "to"
    if made.chance(0.25):
        following = pd.DataFrame({"u": [f"a{i}" for i in range(n)], "number": made.rng.integers(0, 300, n)})
        following.to_csv(made.folder / "following.csv", index=False)
        usage["following"] = {"file": "following.csv", "account": "u", "number": "number"}
    return usage


def _rows_for_several(made: RandomStudy, frame: pd.DataFrame, usage: Table) -> None:
    """Let rows of a table of accounts stand for several of them."""
    if made.chance(0.25):
        frame["times"] = made.rng.integers(1, 4, len(frame))
        usage["frequency"] = "times"
        usage.pop("account", None)


def _accounts(made: RandomStudy, n: int) -> Table:
    groups, said = _account_groups(made, n)
    start, as_of = date(2023, 1, 1), date(2024, 6, 30)
    signup = made.rng.integers(0, 500, n)
    life = np.floor(made.rng.exponential(100, n))
    closed = made.chance(0.6)
    frame = pd.DataFrame({"u": [f"a{i}" for i in range(n)], "signup": [f"{start + timedelta(int(d))}" for d in signup]})
    ended = [start + timedelta(int(d + length)) for d, length in zip(signup, life, strict=True)]
    usage: Table = {"account": "u", "signup": "signup"}
    horizon = {"horizon_days": int(made.one_of(1, 7, 30, 90, 700))}
    if closed:
        frame["closed"] = [f"{end}" if end <= as_of else None for end in ended]
        usage |= {"closed": "closed", "dropout": {"rule": "closed", **horizon}}
        if made.chance(0.4):
            frame["why"] = np.where(frame["closed"].notna(), made.rng.choice(["quit", "banned"], n), None)
            usage["cause"] = "why"
    else:
        frame["seen"] = [f"{min(end, as_of)}" for end in ended]
        rule = made.one_of({}, {"rule": "inactive"}, {"rule": "detected"})
        usage |= {"last_seen": "seen", "dropout": {**rule, "gap_days": int(made.one_of(7, 30, 60)), **horizon}}
    usage |= said
    _rows_for_several(made, frame, usage)
    usage["accounts"] = _write(made, pd.concat([frame, groups], axis=1), "accounts", made.one_of("csv", "parquet"))
    return usage


def _tenures(made: RandomStudy, n: int) -> Table:
    groups, said = _account_groups(made, n)
    unit = made.one_of("days", "weeks", "months", "years")
    frame = pd.DataFrame({"length": made.rng.integers(0, 60, n), "gone": made.rng.integers(0, 2, n)})
    if made.chance(0.2):
        frame["gone"] = 0
    if made.chance(0.3):
        frame["from"] = np.where(made.rng.random(n) < 0.3, np.maximum(frame["length"] - 3, 0), 0)
    horizon = int(made.one_of(1, 3, 12, 30, 90))
    usage: Table = {
        "tenure": "length",
        "tenure_unit": unit,
        "dropped": {"item": "gone", "yes": [1]},
        "dropout": {"rule": "closed", "horizon_days" if unit == "days" else "horizon": horizon},
    }
    if "from" in frame:
        usage["entry"] = "from"
    usage |= said
    _rows_for_several(made, frame, usage)
    usage["accounts"] = _write(made, pd.concat([frame, groups], axis=1), "tenures", made.one_of("csv", "parquet"))
    return usage


def _add_published(made: RandomStudy, platforms: list[str]) -> None:
    n = int(made.one_of(1, 4, 9))
    made.shape.append(f"published {n}")
    rising = made.chance(0.6)
    shares = np.sort(made.rng.uniform(2, 90, n))
    figures = pd.DataFrame(
        {
            "id": [f"f{i}" for i in range(n)],
            "entity": "S",
            "country": "FR",
            "measure": made.one_of("awareness", "membership", "m"),
            "value": np.round(shares if rising else shares[::-1], 1),
            "unit": "percent",
            "base_population": "adults",
            "n": pd.array([None if made.chance(0.3) else 1000 for _ in range(n)], dtype="Int64"),
            "publisher": "P",
            "fieldwork_date": [f"{2010 + i}-05" for i in range(n)],
        }
    )
    figures.to_csv(made.folder / "published.csv", index=False)
    published: Table = {"file": "published.csv"}
    if made.chance(0.5):
        published |= {"country": "FR", "platform": {platforms[0] if platforms else "p0": "S"}}
    if made.chance(0.4):
        published["series"] = {"s": {"label": "the series", "figures": list(figures["id"])}}
    if n > 1 and made.chance(0.5):
        by_value = figures.sort_values("value")["id"]
        own = {"stayed": "usage"} if "usage" in made.spec and made.chance(0.5) else {}
        published["funnel"] = [
            {"id": "theirs", "label": f"theirs & {BRACES}", "date": "2012-05"}
            | {"aware": by_value.iloc[-1], "signup": by_value.iloc[0], **own}
        ]
    made.spec["published"] = published
    made.spec["claim"] = [
        claim for number in range(int(made.one_of(0, 1, 3))) for claim in [_claim(made, number, list(figures["id"]))]
    ] or []
    if not made.spec["claim"]:
        del made.spec["claim"]


def _claim(made: RandomStudy, number: int, figures: list[str]) -> Table:
    names = [str(made.one_of(*figures)), "dropout"]
    for survey in made.spec.get("survey", []):
        for platform, asked in survey["platform"].items():
            names += [f"funnel.{survey['wave']}.{platform}.{step}.cumulative" for step in STEPS if step in asked]
    return {
        "id": f"claim{number}",
        "statement": {"en": f"A third have it ({number})", "fr": f"Un tiers l’a ({number})"},
        "source": "the press",
        "measure": "membership",
        "unit": "share",
        "of": "adults",
        "value": float(made.one_of(0.05, 0.33, 0.8)),
        "half_unit": 0.005,
        "headline": made.chance(0.5),
        "reading": [{"inputs": {"a": str(made.one_of(*names))}}],
    }
