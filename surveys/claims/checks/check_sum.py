"""Parts add up to their total."""

from __future__ import annotations

from collections.abc import Sequence

from surveys.claims.checks.registry import ConsistencyCheck, Range, register_check
from surveys.core.results import Note


def _holds(total: Range | None, parts: Sequence[Range]) -> bool:
    assert total is not None
    return total[1] >= sum(part[0] for part in parts) and total[0] <= sum(part[1] for part in parts)


register_check(
    ConsistencyCheck(
        kind="sum",
        broken=Note("the parts do not add up to the total"),
        needs_total=True,
        holds=_holds,
    )
)
