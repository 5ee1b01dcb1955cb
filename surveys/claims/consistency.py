"""What must hold among the numbers of a claim whatever the figures: its own sum, parts and totals, stages."""

from __future__ import annotations

from collections.abc import Callable

from surveys.claims.arithmetic import evaluate_formula, read_formula
from surveys.claims.checks.registry import ConsistencyCheck, Range, checks
from surveys.claims.inputs import Evidence
from surveys.claims.verdicts import ends_said, judge
from surveys.core.errors import StudyError, did_you_mean
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.claims import ITSELF, Claim, Consistency

WRONG_SUM = Note("the sum that it rests on does not give the number claimed")
RIGHT_SUM = Note("the sum that it rests on gives the number claimed")


def sum_of(claim: Claim) -> Estimate | None:
    """
    Work a claim's own sum out, with what the rounding of its numbers allows.

    Parameters
    ----------
    claim : Claim
        Its `arithmetic` is a formula of numbers; whole ones below 1,000 are exact.

    Returns
    -------
    Estimate or None
        None for a claim without a sum.

    Raises
    ------
    StudyError
        If the sum holds anything but numbers, or divides by nil.

    Examples
    --------
    >>> claim = Claim.model_validate({"statement": "From 2.3 million to 576,000: a fall of 79%", "value": "79 %",
    ...     "arithmetic": "1 - 576_000 / 2_300_000"})
    >>> sum_of(claim).summary()
    '75.0% [74.4%, 75.5%], n not published'
    """
    if claim.arithmetic is None:
        return None
    place = f"study.toml, [[claim]] '{claim.id}', arithmetic"
    result = evaluate_formula(read_formula(claim.arithmetic, place), {}, unit=claim.unit, literals="rounded")
    if isinstance(result, Unavailable):
        raise StudyError.at(place, f"'{claim.arithmetic}' divides by nil, or has no value", "Correct the sum")
    return result


def sum_is_right(claim: Claim, result: Estimate) -> bool:
    """
    Tell whether a claim's own sum gives the number it claims, both within their rounding.

    Examples
    --------
    >>> claim = Claim.model_validate({"id": "x", "statement": "2% of 38 million are 760,000", "unit": "people",
    ...     "value": 760_000, "arithmetic": "0.02 * 38_000_000"})
    >>> total = sum_of(claim)
    >>> sum_is_right(claim, total), sum_is_right(claim.model_copy(update={"value": 7_600_000}), total)
    (True, False)
    """
    return judge(claim, result).side in ("fits", "unknown")


def holds(claim: Claim, check: Consistency, find: Callable[[str], Evidence]) -> bool:
    """
    Tell whether what must hold among figures does, within their slack.

    Parameters
    ----------
    claim : Claim
        Its number stands where a figure is named `claim`.
    check : Consistency
        What must hold.
    find : callable
        Gives the figure of a name.

    Returns
    -------
    bool
        True too where a figure is not known: what is not known contradicts nothing.

    Examples
    --------
    >>> claim = Claim.model_validate({"id": "x", "statement": "7 million", "source": "", "of": "", "half_unit": 5e5,
    ...     "measure": "audience", "unit": "people", "value": 7e6, "arithmetic": "7_000_000"})
    >>> check = Consistency(kind="sum", total="claim", parts=("claim", "claim"))
    >>> holds(claim, check, lambda name: None)
    False
    """
    parts = [_range(claim, check, name, find) for name in check.parts]
    known = [part for part in parts if part is not None]
    total = None if check.total is None else _range(claim, check, check.total, find)
    if len(known) < len(parts) or (check.total is not None and total is None):
        return True
    return check_of(claim, check).holds(total, known)


def check_of(claim: Claim, check: Consistency) -> ConsistencyCheck:
    """
    Find the check that a study names.

    Parameters
    ----------
    claim : Claim
        Whose it is, for messages.
    check : Consistency
        As the study has it.

    Returns
    -------
    ConsistencyCheck
        As it is registered.

    Raises
    ------
    StudyError
        If none is registered under the name, or it needs a total and has none, or the other way round.
    """
    place = f"study.toml, [[claim]] '{claim.id}', consistency"
    known = checks()
    if check.kind not in known:
        mend = did_you_mean(check.kind, known, f"Choose {', '.join(known)}")
        raise StudyError.at(place, f"got '{check.kind}' for 'kind', expected {', '.join(known)}", mend)
    found = known[check.kind]
    if found.needs_total != (check.total is not None):
        what = f"'{check.kind}' needs a total" if found.needs_total else f"'{check.kind}' has no total"
        raise StudyError.at(place, what, "Add total" if found.needs_total else "Remove total")
    return found


def _range(claim: Claim, check: Consistency, name: str, find: Callable[[str], Evidence]) -> Range | None:
    if name == ITSELF:
        return ends_said(claim)
    evidence = find(name)
    if evidence.figure is not None and check.slack == "rounding":
        figure = evidence.figure
        return figure.value - figure.half_unit, figure.value + figure.half_unit
    estimate = evidence.cautious
    return (estimate.conf_low, estimate.conf_high) if isinstance(estimate, Estimate) else None
