"""The face of a package: its public names, imported when they are first asked for."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

DISTRIBUTION = "adoption-churn"


def read_face(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """
    Give a package the names that its stub lists, so that importing it costs nothing.

    Parameters
    ----------
    package : str
        Name of the package.
    file : str
        Its `__init__.py`; the stub `__init__.pyi` beside it imports every public name from its module.

    Returns
    -------
    getattr : function
        For the package's `__getattr__` (PEP 562): imports a public name; `__all__` and `__version__` too.
    dir : function
        For its `__dir__`: the public names.

    Examples
    --------
    >>> import surveys
    >>> find, names = read_face("surveys", surveys.__file__)
    >>> find("Note").__module__, "Note" in names(), "re" in names()
    ('surveys.core.results', True, False)
    """

    @cache
    def homes() -> dict[str, str]:
        stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
        imports = (node for node in stub.body if isinstance(node, ast.ImportFrom) and node.module is not None)
        return {alias.name: str(node.module) for node in imports for alias in node.names}

    def find(name: str) -> Any:
        if name == "__all__":
            return sorted(homes())
        if name == "__version__":
            from importlib.metadata import version

            return version(DISTRIBUTION)
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value = getattr(import_module(homes()[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return find, lambda: [*sorted(homes()), "__version__"]
