"""How often verdicts err: true claims contradicted, false ones supported, over simulated polls of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surveys.claims.check import check_claim
from surveys.published.figure import PublishedFigure
from surveys.published.figures import PublishedFigures
from surveys.study.claims import Claim

pytestmark = pytest.mark.slow

POLL = PublishedFigure(
    id="a",
    entity="S",
    country="W",
    measure="use",
    subgroup="",
    wave="",
    value=0.4,
    unit="share",
    half_unit=0.0005,
    base="adults",
    n=1000,
    date="2023-08",
    publisher="P",
    source="",
    kind="sample",
    confidence="",
    conflicts_with=(),
)
TIMES, FAR = 4000, 3.5


def verdict(evidence: str, value: Any, *figures: PublishedFigure, **keys: Any) -> str:
    raw = {"statement": "s", "value": value, "evidence": evidence, "half_unit": 0.0005, **keys}
    claim = Claim.model_validate({name: one for name, one in raw.items() if one is not None})
    return check_claim(claim, PublishedFigures(path=Path("p.csv"), figures={one.id: one for one in figures})).verdict


def poll(rng: np.random.Generator, name: str, p: float, n: int) -> PublishedFigure:
    return replace(POLL, id=name, value=round(float(rng.binomial(n, p)) / n, 3), n=n, wave=name)


def level(rng: np.random.Generator, *, true: bool) -> str:
    p, n = float(rng.uniform(0.15, 0.85)), int(rng.integers(400, 3000))
    off = 0.0 if true else float(rng.choice([-1, 1])) * FAR * (p * (1 - p) / n) ** 0.5
    return verdict("a", round(p + off, 3), poll(rng, "a", p, n))


def change(rng: np.random.Generator, *, true: bool) -> str:
    p, n = float(rng.uniform(0.15, 0.6)), int(rng.integers(400, 3000))
    q = p + float(rng.uniform(0.05, 0.2))
    off = 0.0 if true else FAR * ((p * (1 - p) + q * (1 - q)) / n) ** 0.5
    rows = poll(rng, "a", p, n), poll(rng, "b", q, n)
    return verdict("a -> b", round(q - p + off, 3), *rows, says="rose by", unit="points")


def ratio(rng: np.random.Generator, *, true: bool) -> str:
    p, n = float(rng.uniform(0.15, 0.6)), int(rng.integers(400, 3000))
    q = p + float(rng.uniform(0.05, 0.3))
    error = q / p * ((1 - p) / (p * n) + (1 - q) / (q * n)) ** 0.5
    rows = poll(rng, "a", p, n), poll(rng, "b", q, n)
    return verdict("b / a", round(q / p + (0 if true else FAR * error), 3), *rows, unit="ratio")


def lead(rng: np.random.Generator, *, true: bool) -> str:
    n = int(rng.integers(400, 3000))
    first, second, _ = rng.multinomial(n, [0.35, 0.42, 0.23])
    rows = [replace(POLL, id=name, value=round(x / n, 3), n=n) for name, x in (("a", first), ("b", second))]
    off = 0.0 if true else FAR * ((0.77 - 0.07**2) / n) ** 0.5
    return verdict("a -> b", round(0.07 + off, 3), *rows, says="rose by", unit="points")


def words(rng: np.random.Generator, *, true: bool) -> str:
    n = int(rng.integers(400, 3000))
    beyond = FAR * (0.25 / n) ** 0.5
    p = float(rng.uniform(0.5, 0.8)) if true else float(rng.uniform(0.2, 0.5 - beyond))
    return verdict("a", "more than half", poll(rng, "a", p, n), half_unit=None)


@pytest.mark.parametrize("kind", [level, change, ratio, lead, words])
def test_a_true_claim_is_seldom_gone_against_and_a_false_one_seldom_supported(kind: Callable[..., str]):
    rng = np.random.default_rng(20231231)
    true, false = (Counter(kind(rng, true=truth) for _ in range(TIMES)) for truth in (True, False))
    against = sum(true[name] for name in ("contradicted", "overstated", "understated"))
    print(f"{kind.__name__}: true {dict(true)}, false {dict(false)}")
    assert against <= 0.05 * TIMES
    assert true["contradicted"] <= 0.03 * TIMES
    assert false["supported"] <= 0.01 * TIMES
