"""One finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    A sentence with its numbers, their intervals and their base.

    Attributes
    ----------
    rule : str
        Name of the rule that made it.
    text : str
        The sentence, in the language of the report.
    decided : bool
        Whether its interval leaves out what would make it no finding, such as no change.
    """

    rule: str
    text: str
    decided: bool = True
