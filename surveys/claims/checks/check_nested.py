"""A later stage is no larger than an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from surveys.claims.checks.registry import ConsistencyCheck, Range, register_check
from surveys.core.results import Note


def _holds(total: Range | None, parts: Sequence[Range]) -> bool:
    return all(later[0] <= earlier[1] for earlier, later in pairwise(parts))


register_check(
    ConsistencyCheck(
        kind="nested",
        broken=Note("a later stage cannot be larger than an earlier one"),
        needs_total=False,
        holds=_holds,
    )
)
