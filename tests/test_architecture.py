"""Imports point one way, and nobody imports in a circle, not even inside a function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("surveys", "churn", "reports")
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for package in ORDER
    for file in (ROOT / package).rglob("*.py")
}


def imports_of(name: str) -> set[str]:
    """Every module of ours that a module imports, wherever in it the import stands."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
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


def test_there_is_no_import_cycle():
    graph = {name: {other for other in imports_of(name) if not name.startswith(f"{other}.")} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "cycle: " + " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_opens_with_one_sentence(name: str):
    text = MODULES[name].read_text(encoding="utf-8")
    if text.strip():
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        assert first.endswith("."), f"{MODULES[name].relative_to(ROOT)} does not open with a sentence"
