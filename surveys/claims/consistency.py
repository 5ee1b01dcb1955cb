"""What must hold among the numbers of a claim whatever the figures: its own sum, parts and totals, stages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from surveys.claims.arithmetic import evaluate_formula, read_formula
from surveys.claims.inputs import Evidence
from surveys.claims.verdicts import ends_said
from surveys.core.errors import StudyError
from surveys.core.results import Estimate, Note, Unavailable
from surveys.study.claims import ITSELF, Claim, Consistency

Range = tuple[float, float]

WRONG_SUM = Note("the sum that it rests on does not give the number claimed")
RIGHT_SUM = Note("the sum that it rests on gives the number claimed")
NOT_BETWEEN = Note("a total lies between its parts; this one does not")
NOT_THE_SUM = Note("the parts do not add up to the total")
NOT_NESTED = Note("a later stage cannot be larger than an earlier one")
BROKEN = {"between": NOT_BETWEEN, "sum": NOT_THE_SUM, "nested": NOT_NESTED}


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
    low, high = ends_said(claim)
    return result.conf_low <= high and low <= result.conf_high


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
    match check.kind, total:
        case "between", (low, high):
            return high >= min(part[0] for part in known) and low <= max(part[1] for part in known)
        case "sum", (low, high):
            return high >= sum(part[0] for part in known) and low <= sum(part[1] for part in known)
    return all(later[0] <= earlier[1] for earlier, later in pairwise(known))


def _range(claim: Claim, check: Consistency, name: str, find: Callable[[str], Evidence]) -> Range | None:
    if name == ITSELF:
        return ends_said(claim)
    evidence = find(name)
    if evidence.figure is not None and check.slack == "rounding":
        figure = evidence.figure
        return figure.value - figure.half_unit, figure.value + figure.half_unit
    estimate = evidence.cautious
    return (estimate.conf_low, estimate.conf_high) if isinstance(estimate, Estimate) else None
