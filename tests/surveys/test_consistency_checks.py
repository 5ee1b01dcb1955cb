"""Consistency checks of claims: one object in one file, and a toy one from definition to verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from surveys.claims.check import check_claim
from surveys.claims.checks.registry import ConsistencyCheck, checks, register_check, withdraw_check
from surveys.core.errors import StudyError
from surveys.core.results import Note
from surveys.published.figures import PublishedFigures
from surveys.study.claims import Claim


@pytest.fixture
def doubled() -> Iterator[ConsistencyCheck]:
    """A toy check: the second part is at least twice the first."""
    check = ConsistencyCheck(
        kind="doubled",
        broken=Note("the second is not twice the first"),
        needs_total=False,
        holds=lambda total, parts: parts[1][1] >= 2 * parts[0][0],
    )
    yield register_check(check)
    withdraw_check("doubled")


def verdict(**consistency: Any) -> tuple[str, str]:
    raw = {"statement": "s", "value": 10, "unit": "people", "half_unit": 0.5, "consistency": [consistency]}
    checked = check_claim(Claim.model_validate(raw), PublishedFigures(path=Path("p.csv"), figures={}))
    return checked.verdict, str(checked.reason)


def test_a_toy_check_gives_verdicts(doubled: ConsistencyCheck):
    assert verdict(kind="doubled", parts=["claim", "claim"]) == (
        "contradicted",
        "the second is not twice the first",
    )
    assert "doubled" in checks()


def test_a_check_that_nobody_registered_is_refused_with_the_nearest():
    with pytest.raises(StudyError) as caught:
        verdict(kind="nestled", parts=["claim", "claim"])
    assert str(caught.value) == (
        "study.toml, [[claim]] 's', consistency: got 'nestled' for 'kind', expected between, nested, sum. "
        "Did you mean 'nested'?"
    )


@pytest.mark.parametrize(
    ("consistency", "message"),
    [
        ({"kind": "sum", "parts": ["claim", "claim"]}, "'sum' needs a total. Add total."),
        ({"kind": "nested", "total": "claim", "parts": ["claim", "claim"]}, "'nested' has no total. Remove total."),
    ],
)
def test_a_total_is_asked_for_where_it_is_compared(consistency: dict[str, Any], message: str):
    with pytest.raises(StudyError, match=message.replace(".", r"\.")):
        verdict(**consistency)
