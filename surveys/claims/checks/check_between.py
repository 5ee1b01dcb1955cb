"""A total lies between its parts."""

from __future__ import annotations

from collections.abc import Sequence

from surveys.claims.checks.registry import ConsistencyCheck, Range, register_check
from surveys.core.results import Note


def _holds(total: Range | None, parts: Sequence[Range]) -> bool:
    assert total is not None
    return total[1] >= min(part[0] for part in parts) and total[0] <= max(part[1] for part in parts)


register_check(
    ConsistencyCheck(
        kind="between",
        broken=Note("a total lies between its parts; this one does not"),
        needs_total=True,
        holds=_holds,
    )
)
