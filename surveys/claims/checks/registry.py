"""The consistency checks that there are: each registers itself where it is defined."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from surveys.core.additions import forget_addition, note_addition
from surveys.core.results import Note

Range = tuple[float, float]
"""Low and high end of a number, with what its rounding or its sampling allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyCheck:
    """
    Something that must hold among figures whatever their value.

    Attributes
    ----------
    kind : str
        By which `[[claim.consistency]]` names it.
    broken : Note
        One clause that says what does not hold; it is the reason of the verdict.
    needs_total : bool
        Whether it compares a `total` with its `parts`, or the parts among each other.
    holds : callable
        Takes the total, None where it needs none, and the parts, each as a range; True where they go together.
    """

    kind: str
    broken: Note
    needs_total: bool
    holds: Callable[[Range | None, Sequence[Range]], bool]


_REGISTERED: dict[str, ConsistencyCheck] = {}


def register_check(check: ConsistencyCheck) -> ConsistencyCheck:
    """
    Register a check.

    Parameters
    ----------
    check : ConsistencyCheck
        Its kind is what studies write.

    Returns
    -------
    ConsistencyCheck
        The same.

    Examples
    --------
    >>> odd = ConsistencyCheck(kind="odd", broken=Note("odd"), needs_total=False, holds=lambda total, parts: True)
    >>> register_check(odd).kind in checks()
    True
    >>> withdraw_check("odd")
    """
    note_addition("check", check.kind)
    _REGISTERED[check.kind] = check
    return check


def withdraw_check(kind: str) -> None:
    """Forget a check."""
    del _REGISTERED[kind]
    forget_addition("check", kind)


def checks() -> dict[str, ConsistencyCheck]:
    """
    Give the checks by kind.

    Examples
    --------
    >>> sorted(checks())
    ['between', 'nested', 'sum']
    """
    _import_all()
    return dict(sorted(_REGISTERED.items()))


@cache
def _import_all() -> None:
    """Let those of this folder register, before any that was registered elsewhere."""
    others = dict(_REGISTERED)
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "registry":
            import_module(f"{__package__}.{module.name}")
    _REGISTERED.update(others)
