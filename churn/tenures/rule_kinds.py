"""The rules of dropout that there are: each registers itself where it is defined."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from churn.tenures.outcomes import Outcomes
from churn.usage.accounts import AccountTable
from churn.usage.activity import Activity
from surveys.core.additions import forget_addition, note_addition
from surveys.core.results import Note

PREFIX = "rule_of_"
"""What the names of modules begin with that define a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """
    A rule of dropout: what counts as gone, and when.

    Attributes
    ----------
    name : str
        As `study.toml` names it.
    describe : callable
        Takes the gap in days, and says the rule in one clause.
    judge_activity, judge_accounts : callable or str
        Takes a log or a table of accounts and the gap in days, and gives when observation of each account stopped and
        whether it was gone; a text where it cannot, which says what the rule needs.
    mend : str
        What to do where the rule cannot be had.

    Examples
    --------
    >>> rule_kind("closed").judge_activity
    'needs the closing date of each account'
    """

    name: str
    describe: Callable[[int], Note]
    judge_activity: Callable[[Activity, int], Outcomes] | str
    judge_accounts: Callable[[AccountTable, int], Outcomes] | str
    mend: str = "Choose another rule"


_REGISTERED: dict[str, RuleKind] = {}


def register_rule(added: RuleKind) -> RuleKind:
    """
    Register a rule, which studies can then name.

    Parameters
    ----------
    added : RuleKind
        Takes the place of one of the same name.

    Returns
    -------
    RuleKind
        The same.

    Examples
    --------
    >>> toy = RuleKind(name="toy", describe=lambda gap: Note("nobody leaves"), judge_activity="", judge_accounts="")
    >>> register_rule(toy) is rule_kind("toy")
    True
    >>> withdraw_rule("toy")
    """
    note_addition("rule", added.name)
    _REGISTERED[added.name] = added
    return added


def withdraw_rule(name: str) -> None:
    """Forget a rule."""
    del _REGISTERED[name]
    forget_addition("rule", name)


def rule_names() -> tuple[str, ...]:
    """
    Name the rules that there are.

    Examples
    --------
    >>> rule_names()
    ('next_visit', 'inactive', 'first_silence', 'detected', 'closed')
    """
    _import_own()
    return tuple(sorted(_REGISTERED, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def rule_kind(name: str) -> RuleKind:
    """
    Give a rule by its name.

    Raises
    ------
    KeyError
        If there is none.
    """
    _import_own()
    return _REGISTERED[name]


ORDER = ("next_visit", "inactive", "first_silence", "detected", "closed")
"""In which the rules of this folder are told to people; others follow."""


@cache
def _import_own() -> None:
    """Let those of this folder register, before any that was registered elsewhere."""
    others = dict(_REGISTERED)
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(PREFIX):
            import_module(f"churn.tenures.{module.name}")
    _REGISTERED.update(others)
