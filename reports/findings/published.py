"""Findings on what was printed."""

from __future__ import annotations

from collections import Counter

from reports.findings.finding import Finding
from reports.results.study import StudyResults
from reports.words.printer import Printer
from surveys.claims.verdicts import Verdict

HELD: tuple[Verdict, ...] = ("supported", "consistent")
A_COUNT = "a count of sentences"


def find_verdicts(results: StudyResults, printer: Printer) -> Finding | None:
    """How many sentences hold up."""
    if not results.claims:
        return None
    counted: Counter[Verdict] = Counter(claim.verdict for claim in results.claims)
    counts = {
        "held": sum(counted[verdict] for verdict in HELD),
        "beside": counted["overstated"] + counted["understated"],
        "contradicted": counted["contradicted"],
        "unchecked": counted["not checkable"],
        "total": len(results.claims),
    }
    text = printer.say(
        "Sentences in print: {held} in agreement with the figures they rest on, {beside} saying too much or too "
        "little, {contradicted} contradicted, {unchecked} not checkable as they stand (base: {total} sentences).",
        **{
            name: printer.value(f"claims.{name}", count, unit="count", why_no_interval=A_COUNT)
            for name, count in counts.items()
        },
    )
    return Finding(rule="printed", text=text)
