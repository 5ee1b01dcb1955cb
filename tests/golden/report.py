"""A tally of golden cases by method: how many ran, matched, missed, and could not be expressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

Outcome = Literal["matched", "missed", "not expressed"]

OUTCOMES: list[tuple[str, str, str, Outcome, str]] = []
"""Side, method, case, outcome and detail of every case that ran."""


def record(side: str, method: str, case_id: str, outcome: Outcome, detail: str) -> None:
    """
    Keep the outcome of one case.

    Parameters
    ----------
    side : str
        `surveys` or `churn`.
    method : str
        The statistic, or a part of one.
    case_id : str
        Which case.
    outcome : {"matched", "missed", "not expressed"}
    detail : str
        For a case that is not expressed, why; the table lists each reason once.
    """
    OUTCOMES.append((side, method, case_id, outcome, detail))


def lines() -> Iterator[str]:
    """Give the tally as the lines of a table, with the reasons below it."""
    yield f"{'side':<8} {'method':<26} {'ran':>5} {'matched':>8} {'missed':>7} {'not expressed':>14}"
    tally: dict[tuple[str, str], Counter[Outcome]] = {}
    reasons: Counter[tuple[str, str, str]] = Counter()
    for side, method, case_id, outcome, detail in OUTCOMES:
        tally.setdefault((side, method), Counter())[outcome] += 1
        if outcome != "matched":
            reasons[side, method, detail if outcome == "not expressed" else f"missed: {case_id}"] += 1
    for (side, method), counts in sorted(tally.items()):
        yield _line(side, method, counts)
    yield _line("", "all", sum(tally.values(), Counter()))
    for (side, method, reason), count in sorted(reasons.items()):
        yield f"{side} {method}: {reason}" + (f" ({count} cases)" if count > 1 else "")


def _line(side: str, method: str, counts: Counter[Outcome]) -> str:
    matched, missed, other = counts["matched"], counts["missed"], counts["not expressed"]
    return f"{side:<8} {method:<26} {matched + missed:>5} {matched:>8} {missed:>7} {other:>14}"
