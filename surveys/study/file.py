"""Reading `study.toml`: every problem at once, each naming the key and the nearest known one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from surveys.core.errors import Problem, StudyError, did_you_mean, nearest
from surveys.study.claims import problems_of_claims
from surveys.study.schema import Study

STUDY_FILE = "study.toml"
Location = tuple[int | str, ...]


def read_study(path: str | Path) -> Study:
    """
    Read a study.

    Parameters
    ----------
    path : str or Path
        The folder of the study, or its `study.toml`.

    Returns
    -------
    Study
        Checked against the rules of the study file; the data are not opened.

    Raises
    ------
    StudyError
        With every problem of the file: unknown keys, impossible values, missing keys.

    Examples
    --------
    >>> from reports.examples import example_folder
    >>> read_study(example_folder("twitter_france")).study.timezone
    'Europe/Paris'
    """
    study, problems = inspect_study(path)
    if problems or study is None:
        raise StudyError(*problems)
    return study


def inspect_study(path: str | Path) -> tuple[Study | None, tuple[Problem, ...]]:
    """
    Read what can be read of a study, and list what is wrong with the rest.

    Parameters
    ----------
    path : str or Path
        The folder of the study, or its `study.toml`.

    Returns
    -------
    study : Study or None
        The study without the keys and tables that are wrong, so that its data can be checked all
        the same; None where nothing is left to check.
    problems : tuple of Problem
        In the order of the file's tables; empty when nothing is wrong.

    Examples
    --------
    >>> inspect_study("no/such/folder")[1][0].what
    'file not found'
    """
    path = Path(path)
    file = path if path.suffix == ".toml" else path / STUDY_FILE
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, (Problem(str(file), "file not found", "Make a study with 'churn init'"),)
    except (OSError, UnicodeDecodeError) as error:
        return None, (Problem(str(file), f"cannot be read: {error}", "Save it as UTF-8 text"),)
    except tomllib.TOMLDecodeError as error:
        return None, (Problem(str(file), f"not valid TOML: {error}", "Correct the line named"),)
    problems = [_reserved(file.name)] if "folder" in raw else []
    study, found = _salvage(raw | {"folder": file.parent}, file.name, problems)
    return study, (*found, *(() if study is None else problems_of_claims(study.claim, study.study.language)))


def _reserved(file: str) -> Problem:
    return Problem(file, "unknown key 'folder'", "Remove it: files are found from the folder of the study file")


def _salvage(raw: dict[str, Any], file: str, problems: list[Problem]) -> tuple[Study | None, tuple[Problem, ...]]:
    try:
        return Study.model_validate(raw), tuple(problems)
    except ValidationError as error:
        details = error.errors()
        problems.extend(_problems(details, raw, file))
    for detail in details:
        if detail["type"] == "extra_forbidden":
            _remove(raw, detail["loc"])
    try:
        return Study.model_validate(raw), tuple(problems)
    except ValidationError as error:
        broken = {detail["loc"][:2] for detail in error.errors()}
    for location in sorted(broken, key=lambda loc: [str(part).zfill(6) for part in loc], reverse=True):
        _remove(raw, location if isinstance(location[-1], int) else location[:1])
    try:
        return Study.model_validate(raw), tuple(problems)
    except ValidationError:
        return None, tuple(problems)


def _remove(raw: Any, location: Location) -> None:
    """Take out the value at a location, if it is still there."""
    for part in location[:-1]:
        raw = raw[part]
    if isinstance(raw, dict):
        raw.pop(str(location[-1]), None)
    else:
        del raw[int(location[-1])]


def _problems(details: list[ErrorDetails], raw: dict[str, Any], file: str) -> Iterator[Problem]:
    unknown = {detail["loc"] for detail in details if detail["type"] == "extra_forbidden"}
    told: set[Location] = set()
    for detail in details:
        location, fields = _known_part(detail["loc"])
        misspelt = [str(other[-1]) for other in unknown if other[:-1] == location[:-1]]
        if location in told or (detail["type"] == "missing" and nearest(str(location[-1]), misspelt)):
            continue
        told.add(location)
        yield _problem(detail, location, fields, _place(location, raw, file))


def _problem(detail: ErrorDetails, location: Location, fields: list[str], place: str) -> Problem:
    last, found, context = location[-1], detail["input"], detail.get("ctx", {})
    key = str(last + 1) if isinstance(last, int) else last
    match detail["type"]:
        case "extra_forbidden":
            return Problem(place, f"unknown key '{key}'", did_you_mean(key, fields, f"Known here: {', '.join(fields)}"))
        case "missing":
            return Problem(place, f"key '{key}' is missing", "Add it")
        case "literal_error":
            expected = str(context["expected"])
            choices = [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(",")]
            return Problem(
                place,
                f"got {found!r} for '{key}', expected {expected}",
                did_you_mean(str(found), choices, "Choose one of them"),
            )
        case "value_error":
            shown = "" if isinstance(found, dict | list) else f"got {found!r}, "
            return Problem(place, f"'{key}': {shown}{context['error']}", "Correct the value")
        case _:
            shown = (
                repr(found)
                if not isinstance(found, dict | list)
                else "a table"
                if isinstance(found, dict)
                else "a list"
            )
            return Problem(
                place, f"got {shown} for '{key}': {detail['msg'][:1].lower()}{detail['msg'][1:]}", "Correct the value"
            )


def _known_part(location: Location) -> tuple[Location, list[str]]:
    """Cut a location where pydantic goes on with its own words, and list the keys known in its table."""
    model: type[BaseModel] = Study
    known = [name for name in model.model_fields if name != "folder"]
    inside_dict = False
    for depth, part in enumerate(location):
        if isinstance(part, int) or inside_dict:
            inside_dict = False
            continue
        known = [name for name in model.model_fields if name != "folder"]
        if part not in model.model_fields:
            return location[: depth + 1] if depth == len(location) - 1 else location[:depth], known
        annotation = model.model_fields[part].annotation
        inner = _model_in(annotation)
        if inner is None:
            return location[: depth + 1], known
        inside_dict = "dict[" in str(annotation)
        model = inner
    return location, known


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _place(location: Location, raw: dict[str, Any], file: str) -> str:
    """Name the table a key stands in as its header in the file, with a list's tables counted from 1."""
    tables = [str(part) for part in location[:-1] if not isinstance(part, int)]
    if not tables:
        return file
    if len(location) > 1 and isinstance(location[1], int):
        entry = raw.get(str(location[0]), [])[location[1]]
        name = entry.get("wave") or entry.get("id") if isinstance(entry, dict) else None
        which = f"[[{tables[0]}]] {location[1] + 1}" + (f" ('{name}')" if isinstance(name, str) else "")
        return f"{file}, {which}" + (f", {'.'.join(tables[1:])}" if tables[1:] else "")
    return f"{file}, [{'.'.join(tables)}]"
