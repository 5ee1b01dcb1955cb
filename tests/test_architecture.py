"""Imports point one way, from room to room, and nobody imports in a circle, not even inside a function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("surveys", "churn", "reports")
LAYERS = (
    ("surveys.core",),
    ("surveys.languages",),
    ("surveys.coding", "surveys.design", "surveys.study"),
    ("surveys.data", "surveys.published"),
    ("surveys.claims", "surveys.estimates", "surveys.weighting"),
    ("surveys.comparisons", "surveys.samples"),
    ("surveys.funnel", "surveys.models"),
    ("surveys.tables",),
    ("churn.days", "churn.numeric"),
    ("churn.engine", "churn.simulation"),
    ("churn.usage",),
    ("churn.cohorts", "churn.tenures"),
    ("churn.survival",),
    ("churn.next_visit",),
    ("churn.competing", "churn.definitions", "churn.projection", "churn.recurrent", "churn.regression"),
    ("churn.parametric",),
    ("churn.design_based", "churn.network"),
    ("churn.adoption", "churn.network.planted"),
    ("reports.look",),
    ("reports.examples", "reports.results"),
    ("reports.words",),
    ("reports.document", "reports.figures", "reports.findings"),
    ("reports.sections",),
    ("reports.build",),
    ("reports.cli",),
)
"""Rooms from the ground up: each imports only what lies below it."""
RANK = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for package in ORDER
    for file in (ROOT / package).rglob("*.py")
}


def imports_of(name: str, text: str | None = None) -> set[str]:
    """Every module of ours that a module imports, wherever in it the import stands."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8") if text is None else text)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names} | {base}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return {part for part in found if part in MODULES and part != name}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_imports_only_its_own_package_and_those_below(name: str):
    rank = ORDER.index(name.split(".")[0])
    strays = sorted(other for other in imports_of(name) if ORDER.index(other.split(".")[0]) > rank)
    assert not strays, f"{MODULES[name].relative_to(ROOT)} imports upward: {', '.join(strays)}"


def room_of(name: str) -> str:
    """The innermost room that a module is in; the package where it is in none."""
    parts = name.split(".")
    inside = (".".join(parts[:k]) for k in range(len(parts), 0, -1))
    return next((room for room in inside if room in RANK), parts[0])


def climbs(name: str, imported: Iterable[str]) -> list[str]:
    """What a module imports from rooms that do not lie below its own."""
    own = room_of(name)
    return sorted(
        other
        for other in imported
        if own in RANK and (room := room_of(other)) != own and RANK.get(room, -1) >= RANK[own] and other != room
    )


def intrusions(name: str, imported: Iterable[str]) -> list[str]:
    """What a module imports of the private modules of other rooms."""
    return sorted(
        other for other in imported if other.rpartition(".")[2].startswith("_") and room_of(other) != room_of(name)
    )


def find_cycle(graph: Mapping[str, set[str]]) -> str:
    """The first circle of imports; empty where there is none."""
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> str:
        if name in trail:
            return " → ".join([*trail[trail.index(name) :], name])
        found = "" if name in done else next(filter(None, (visit(o, (*trail, name)) for o in sorted(graph[name]))), "")
        done.add(name)
        return found

    return next(filter(None, (visit(name, ()) for name in sorted(graph))), "")


def import_graph() -> dict[str, set[str]]:
    return {name: {other for other in imports_of(name) if not name.startswith(f"{other}.")} for name in MODULES}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_room_imports_only_from_those_below(name: str):
    assert not climbs(name, imports_of(name)), f"{MODULES[name].relative_to(ROOT)} imports upward"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_what_is_private_is_private_to_its_room(name: str):
    assert not intrusions(name, imports_of(name)), f"{MODULES[name].relative_to(ROOT)} imports what is private"


def test_every_module_is_in_a_room():
    lost = [name for name in MODULES if "." in name and room_of(name) in ORDER and MODULES[name].name != "__init__.py"]
    assert not lost


def test_every_room_is_a_package():
    folders = {file.parent for name, file in MODULES.items() if name.split(".")[0] in ORDER}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file()]


def test_types_of_arrays_are_named_in_one_module():
    alias = re.compile(r"^(Floats|Ints|Bools|Codes|Amounts) = ", re.M)
    named = [name for name, file in MODULES.items() if alias.search(file.read_text(encoding="utf-8"))]
    assert named == ["surveys.core.arrays"]


def test_there_is_no_import_cycle():
    assert not find_cycle(import_graph())


def test_a_planted_import_is_found():
    """Upward, private, or in a circle: late imports and those for types alone too."""
    late = "def f():\n    from surveys.tables.banners import build_tables\n"
    assert climbs("surveys.core.results", imports_of("surveys.core.results", late)) == ["surveys.tables.banners"]
    typed = "if TYPE_CHECKING:\n    from surveys.estimates import _quantiles\n"
    assert "surveys.estimates._quantiles" in intrusions("churn.cohorts.cells", imports_of("churn.cohorts.cells", typed))
    graph = import_graph()
    graph["surveys.core.errors"] = {*graph["surveys.core.errors"], "surveys.design.design"}
    assert "surveys.design.design" in find_cycle(graph)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_opens_with_one_sentence(name: str):
    text = MODULES[name].read_text(encoding="utf-8")
    if text.strip():
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        assert first.endswith("."), f"{MODULES[name].relative_to(ROOT)} does not open with a sentence"
