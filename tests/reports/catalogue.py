"""
Every message that the code can print, held against the French catalogue.

`python -m tests.reports.catalogue` prints an entry to fill in for every message that is missing;
with `--sort` it rewrites the catalogue in order.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from surveys.core.singulars import SINGULARS

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "reports" / "words" / "locale" / "fr.po"
SAYING = {"say": 1, "plural": 2}
NOTING = {"Note", "Unavailable"}
BEGINNING = re.compile(r'^((?:msgstr )?".*")\n(msgid )', re.M)
PLACEHOLDER = re.compile(r"{(\w*)}")


def find_messages() -> dict[str, str]:
    """Find every literal message, with the file and line where it first stands."""
    found: dict[str, str] = dict.fromkeys(SINGULARS.values(), "surveys/singulars.py")
    for package in ("surveys", "churn", "reports"):
        for file in sorted((ROOT / package).rglob("*.py")):
            constants = _constants(ast.parse(file.read_text(encoding="utf-8")))
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for message in _messages(node, constants):
                    found.setdefault(message, f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def _messages(node: ast.AST, constants: dict[str, ast.expr]) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in SAYING:
        arguments = node.args[: SAYING[name]]
    elif name in NOTING:
        arguments = node.args[:1] + [keyword.value for keyword in node.keywords if keyword.arg == "message"]
    else:
        return
    for argument in arguments:
        yield from _literals(argument, constants)


def _literals(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, constants)
        yield from _literals(node.orelse, constants)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name | ast.Dict):
        table = constants.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
        if isinstance(table, ast.Dict):
            for value in table.values:
                yield from _literals(value, constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield from _literals(constants[node.id], {})


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Give what is assigned to a name at the top of a module."""
    assigned: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            assigned[node.target.id] = node.value
    return assigned


def read_catalogue() -> dict[str, Message]:
    """Read the catalogue, by English text."""
    with CATALOGUE.open("rb") as stream:
        return {str(message.id): message for message in read_po(stream) if message.id}


def placeholders(text: str) -> set[str]:
    """Give the names in braces."""
    return set(PLACEHOLDER.findall(text))


def missing_messages() -> dict[str, str]:
    """Give the messages without a translation, with where they stand."""
    known = read_catalogue()
    return {text: place for text, place in find_messages().items() if text not in known or not known[text].string}


def sort_catalogue() -> None:
    """Rewrite the catalogue in order; the comment and header at its top stay. A merge may have lost blank lines."""
    text = BEGINNING.sub(r"\1\n\n\2", CATALOGUE.read_text(encoding="utf-8").rstrip("\n"))
    head, *entries = (entry.strip("\n") for entry in text.split("\n\n") if entry.strip("\n"))
    CATALOGUE.write_text("\n\n".join([head, *sorted(entries, key=_order)]) + "\n", encoding="utf-8")


def _order(entry: str) -> str:
    return entry.partition("msgid ")[2].partition("\n")[0].strip('"').casefold()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    if "--sort" in sys.argv:
        sort_catalogue()
    for text, place in missing_messages().items():
        sys.stdout.write(f'\n#: {place}\nmsgid {_quoted(text)}\nmsgstr ""\n')
