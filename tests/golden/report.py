"""A tally of golden cases by method: how many ran, matched, missed, and could not be expressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

Outcome = Literal["matched", "missed", "not expressed"]

TALLY: dict[tuple[str, str], Counter[Outcome]] = {}
REASONS: dict[tuple[str, str], Counter[str]] = {}


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
    TALLY.setdefault((side, method), Counter())[outcome] += 1
    if outcome == "not expressed":
        REASONS.setdefault((side, method), Counter())[detail] += 1
    elif outcome == "missed":
        REASONS.setdefault((side, method), Counter())[f"missed: {case_id}"] += 1


def lines() -> Iterator[str]:
    """Give the tally as the lines of a table, with the reasons below it."""
    yield f"{'side':<8} {'method':<26} {'ran':>5} {'matched':>8} {'missed':>7} {'not expressed':>14}"
    whole: Counter[Outcome] = Counter()
    for (side, method), counts in sorted(TALLY.items()):
        whole += counts
        yield _line(side, method, counts)
    yield _line("", "all", whole)
    for (side, method), reasons in sorted(REASONS.items()):
        for reason, count in sorted(reasons.items()):
            yield f"{side} {method}: {reason}" + (f" ({count} cases)" if count > 1 else "")


def _line(side: str, method: str, counts: Counter[Outcome]) -> str:
    matched, missed, other = counts["matched"], counts["missed"], counts["not expressed"]
    return f"{side:<8} {method:<26} {matched + missed:>5} {matched:>8} {missed:>7} {other:>14}"
