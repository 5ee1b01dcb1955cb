"""Why a report is not current: what would be made anew, and which of its inputs are others now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reports.build.manifest import Described, read_manifest
from reports.build.products import open_products
from reports.results.inputs import ABSENT, HASHED
from surveys.core.reads import WHOLE, Place
from surveys.study.fields import Language
from surveys.study.schema import Study

MOST_NAMED = 8
"""Names that a line lists."""


def tell_reasons(study: Study, target: Path, described: Described, languages: Sequence[Language]) -> list[str]:
    """
    Say what of a report would be made anew, and why.

    Nothing is computed: what rests on a result that comes out as before is told, and is not made anew.

    Parameters
    ----------
    study : Study
        The study.
    target : Path
        The report, which is not current.
    described : Described
        What it would be made from.
    languages : sequence of {"fr", "en"}
        Those asked for.

    Returns
    -------
    list of str
        A line each.

    Examples
    --------
    >>> from reports.build.manifest import describe_build
    >>> from reports.examples import open_example
    >>> study = open_example("twitter_france")
    >>> tell_reasons(study, Path("no/such/report"), describe_build(study), ["en"])
    ['no/such/report: there is no report yet']
    """
    manifest = read_manifest(target)
    if not manifest:
        return [f"{target}: there is no report yet"]
    told = [*_other_software(manifest, described)]
    if told:
        return [*told, "everything is made anew"]
    told += [
        f"{name}: {_file_is_other(manifest['inputs'], described.inputs, name)}"
        for name in _others(manifest["inputs"], described.inputs)
    ]
    products = open_products(study, described)
    by_reason: dict[str, list[str]] = {}
    for language in languages:
        for name in products.stale(language):
            reasons = "; ".join(dict.fromkeys(_reasons(study, products.graph.why_stale(name))))
            by_reason.setdefault(reasons, []).append(_shown(name))
    told += [f"at most {_listed(names)}: {reasons}" for reasons, names in by_reason.items()]
    return told or [f"{target}: files of the report were changed, removed or are not all there"]


def _other_software(manifest: Mapping[str, object], described: Described) -> Iterator[str]:
    if manifest.get("code") != described.code:
        yield "this software is another version than the one that made the report"
    before = manifest.get("versions")
    for name in _others(before if isinstance(before, dict) else {}, described.versions):
        was = before.get(name, "none") if isinstance(before, dict) else "none"
        yield f"{name}: {was} before, {described.versions.get(name, 'none')} now"


def _others(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]


def _file_is_other(before: Mapping[str, str], now: Mapping[str, str], name: str) -> str:
    if name not in before:
        return "is new"
    return "holds something else" if name in now else "is gone"


def _reasons(study: Study, stale: Iterable[tuple[Place | str, str, str]]) -> Iterator[str]:
    for read, before, now in stale:
        if isinstance(read, str):
            yield "was never made" if ":" in read else "rests on results never kept"
        else:
            yield f"{place_text(study, read)} {_change(before, now)}"


def place_text(study: Study, place: Place) -> str:
    """
    Name a place in a study as a person would.

    Parameters
    ----------
    study : Study
        The study.
    place : tuple of str and int
        As a `Reader` notes it.

    Returns
    -------
    str
        Keys joined by points, members of a list by what they are called or their position from 1.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> place_text(open_example("twitter_france"), ("survey", 0, "weight"))
    "survey '2007-10'.weight"
    """
    text = ""
    value: object = study
    for part in place:
        value = _inside(value, part)
        if isinstance(part, int):
            name = getattr(value, "wave", None) or getattr(value, "id", None)
            text += f" '{name}'" if name else f" {part + 1}"
        elif part != WHOLE:
            text += f".{part}" if text else str(part)
    return text


def _inside(value: object, part: str | int) -> object:
    try:
        return value[part] if isinstance(value, dict | tuple) else getattr(value, str(part), None)  # type: ignore[index]
    except LookupError:
        return None


def _change(before: str, now: str) -> str:
    if ABSENT in (before, now):
        return "is new" if before == ABSENT else "is gone"
    if before.startswith(HASHED) or now.startswith(HASHED):
        return "is another"
    return f"was {before}, is {now}"


def _shown(name: str) -> str:
    """Name a product as a person would."""
    match name.split(":"):
        case ["chapter", chapter, language]:
            return f"chapter {chapter} ({language})"
        case ["svg" | "words", figure, language]:
            return f"figure {figure} ({language})"
        case ["files", what]:
            return what
        case ["front", language]:
            return f"title page ({language})"
        case _:
            return name


def _listed(names: Sequence[str]) -> str:
    once = list(dict.fromkeys(names))
    more = f" and {len(once) - MOST_NAMED} more" if len(once) > MOST_NAMED else ""
    return ", ".join(once[:MOST_NAMED]) + more
