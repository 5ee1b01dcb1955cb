"""What was registered from outside these packages: code that no version of theirs tells of."""

from __future__ import annotations

import sys

OWN = ("surveys", "churn", "reports")
"""Packages whose own registrations are part of their version."""

_FROM_OUTSIDE: set[tuple[str, str]] = set()


def note_addition(kind: str, name: str) -> None:
    """
    Note who calls the function that calls this one, if it is a module of other packages.

    Parameters
    ----------
    kind, name : str
        Of what is registered, as in `"rule"` and `"seen_once"`.

    Examples
    --------
    >>> def register(name):
    ...     note_addition("rule", name)
    >>> register("inactive")
    >>> ("rule", "inactive") in additions()
    False
    """
    module = str(sys._getframe(2).f_globals.get("__name__", ""))
    if module.partition(".")[0] not in OWN:
        _FROM_OUTSIDE.add((kind, name))


def forget_addition(kind: str, name: str) -> None:
    """Note that something is registered no more."""
    _FROM_OUTSIDE.discard((kind, name))


def additions() -> frozenset[tuple[str, str]]:
    """Give kind and name of all that was registered from outside."""
    return frozenset(_FROM_OUTSIDE)
