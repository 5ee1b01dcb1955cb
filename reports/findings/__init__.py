"""Findings: short sentences that rules make from results, the most telling first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reports.findings.adoption import (
    find_for_whom,
    find_heard,
    find_signed_up,
    find_stayed,
    find_steady,
    find_why,
)
from reports.findings.finding import Finding
from reports.findings.published import find_verdicts
from reports.findings.usage import (
    find_answered,
    find_by_definition,
    find_concentrated,
    find_followed,
    find_left,
)
from reports.results.study import StudyResults
from reports.words.printer import Printer

Rule = Callable[[StudyResults, Printer], Finding | None]
RULES: Sequence[Rule] = (
    find_heard,
    find_signed_up,
    find_left,
    find_stayed,
    find_why,
    find_steady,
    find_for_whom,
    find_by_definition,
    find_followed,
    find_concentrated,
    find_answered,
    find_verdicts,
)
"""In the order of the questions that a study answers."""


def find(results: StudyResults, printer: Printer) -> tuple[Finding, ...]:
    """
    Say in sentences what the results say.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.

    Returns
    -------
    tuple of Finding
        Those that the data decide come first; among them, and among the others, in the order of the
        questions: who has heard, signed up, left, why, for whom, and whether what was printed holds.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> found = find(example_results(), open_printer("en"))
    >>> found[0].rule, all(finding.text.endswith(".") for finding in found)
    ('heard', True)
    """
    found = [finding for rule in RULES if (finding := rule(results, printer)) is not None]
    return tuple(sorted(found, key=lambda finding: not finding.decided))
