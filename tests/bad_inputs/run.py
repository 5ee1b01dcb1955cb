"""Every file of a folder of bad inputs, put into the smallest study of its kind and checked by the command."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from typer.testing import CliRunner

from reports.cli import app

Verdict = Literal["accept", "accept_with_warning", "reject"]

ABOUT = '[study]\ntitle = "Bad inputs"\nas_of = 2009-12-31\ntimezone = "Europe/Paris"\n\n'
SURVEY = """[[survey]]
wave = "2009-12"
file = {file}
id = "respondent_id"
weight = "weight"
strata = "stratum"
cluster = "psu"
lonely_psu = "adjust"
[survey.platform.twitter]
aware = {{ item = "aware", yes = [1], no = [0] }}
signup = {{ item = "has_account", yes = [1], no = [0] }}

[survey.group.region]
item = "region"

[survey.group.age]
item = "age_group"
"""
ACCOUNTS = """[usage]
accounts = {file}
account = "user_id"
signup = "created_at"
closed = "churned_at"
observed_until = "extract_at"
dropout = {{ rule = "closed", horizon_days = 30 }}
"""
EVENTS = """[usage]
events = {file}
account = "user_id"
time = "ts"
opening_days = 0
silent_end = true
clock = "study"
"""
DURATIONS = """[usage]
accounts = {file}
tenure = "duration_days"
tenure_unit = "days"
dropped = {{ item = "event", yes = [1], no = [0] }}
dropout = {{ rule = "closed", horizon_days = 30 }}
"""
STUDIES = {"survey": SURVEY, "any": SURVEY, "aggregate": SURVEY, "accounts": ACCOUNTS, "events": EVENTS}
STUDIES |= {"durations": DURATIONS}
SAV = """[[survey]]
wave = "2009-12"
file = {file}
id = "id"
weight = "poids"

[survey.platform.twitter]
aware = {{ item = "aware", yes = [1], no = [0, 2] }}
"""
CHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "design_fpc_smaller_than_n.csv": (('cluster = "psu"', 'fpc = "fpc"'),),
    "fr_semicolon_decimal_comma.csv": (('weight = "weight"', 'weight = "weight"\ndecimal = ","'),),
    "cols_python_names.csv": (
        ('"region"', '"__class__"'),
        ('"stratum"', '"lambda"'),
        ('"psu"', '"index"'),
        ('"aware"', '"a.b[0]"'),
    ),
    "two_extract_dates.csv": (("2009-12-31", "2010-03-31"),),
}
"""What the study says otherwise of some files: columns and limits that the others do not have."""
OF_THE_KIND = ("sign-up is dated at the first event of an account in the log",)
"""What is said of every good file of a kind too, so that it is no warning about this one."""


@dataclass(frozen=True, slots=True)
class BadInput:
    """One line of `index.csv`: a file, what it is, and what has to be said of it."""

    path: Path
    kind: str
    wrong: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command made of a file."""

    verdict: Verdict | Literal["crash"]
    said: tuple[str, ...]


def read_index(folder: Path) -> list[BadInput]:
    """Read what a folder holds."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as lines:
        return [
            BadInput(folder / row["file"], row["kind"], row["what_is_wrong"], row["verdict"])  # type: ignore[arg-type]
            for row in csv.DictReader(lines)
        ]


def check_input(found: BadInput, folder: Path) -> Outcome:
    """Place a file in a study of its kind and run `churn check` on it."""
    shutil.copy(found.path, folder / found.path.name)
    template = SAV if found.path.suffix == ".sav" else STUDIES[found.kind]
    text = ABOUT + template.format(file=json.dumps(found.path.name, ensure_ascii=False))
    for before, after in CHANGES.get(found.path.name, ()):
        text = text.replace(before, after)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", str(folder), "--json"])
    said = tuple(line for line in (*result.stdout.splitlines(), *result.stderr.splitlines()) if line.strip())
    if result.exit_code == 1:
        return Outcome("reject", said)
    if result.exit_code != 0:
        return Outcome("crash", (*said, repr(result.exception)))
    warned = any('"warning"' in line and not any(known in line for known in OF_THE_KIND) for line in said)
    return Outcome("accept_with_warning" if warned else "accept", said)
