"""Caveats that count one thing: what each says in the singular, by what it says in the plural."""

from __future__ import annotations

from collections.abc import Mapping

SINGULARS: Mapping[str, str] = {
    "{n} events after {day} are left out": "{n} event after {day} is left out",
    "{n} accounts have several values of {group}; the one at their first event counts": (
        "{n} account has several values of {group}; the one at its first event counts"
    ),
    "{n} accounts are left out because the table does not say whether they are gone": (
        "{n} account is left out because the table does not say whether it is gone"
    ),
    "{n} accounts without a value of {group} are left out": "{n} account without a value of {group} is left out",
    "{n} messages that accounts sent to themselves count as sent, but are addressed to nobody": (
        "{n} message that an account sent to itself counts as sent, but is addressed to nobody"
    ),
    "{n} accounts of the log are not in the file of numbers followed, and are left out": (
        "{n} account of the log is not in the file of numbers followed, and is left out"
    ),
    "{n} accounts that signed up in the last {gap} days of the window are left out": (
        "{n} account that signed up in the last {gap} days of the window is left out"
    ),
    "{n} accounts of the log signed up in the year before, fewer than {few}": (
        "{n} account of the log signed up in the year before, fewer than {few}"
    ),
    "{n} accounts first seen in the last {days} days, which are held out, are left out": (
        "{n} account first seen in the last {days} days, which are held out, is left out"
    ),
    "{n} whole periods were observed, too few to project": "{n} whole period was observed, too few to project",
}
