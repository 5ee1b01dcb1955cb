"""Claims over figures of one sample: their errors are not independent."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from surveys.claims.arithmetic import evaluate_formula, read_formula
from surveys.claims.inputs import Evidence, correlation_between
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate
from surveys.design.design import Design
from surveys.estimates.means import proportion
from surveys.published.figure import PublishedFigure

N = 1000


def share(count: float, n: int = N) -> Estimate:
    low, high = wilson_interval(count / n, n)
    return Estimate(
        estimate=count / n, std_error=math.nan, conf_low=float(low), conf_high=float(high), n=n, method="Wilson"
    )


def figure(identifier: str, value: float, **said: object) -> PublishedFigure:
    blank = dict.fromkeys(PublishedFigure.__dataclass_fields__, "")
    told = {"value": value, "unit": "share", "half_unit": 0.005, "n": N, "conflicts_with": (), "fieldwork": None}
    return PublishedFigure(**blank | told | {"id": identifier} | said)  # type: ignore[arg-type]


def evidence(one: PublishedFigure) -> Evidence:
    found = share(one.value * N)
    return Evidence(id=one.id, estimate=found, cautious=found, figure=one)


def covered(formula: str, draws: list[tuple[int, ...]], truth: float, correlation: tuple[float, float] | None) -> float:
    read, inside = read_formula(formula, "here"), 0
    known = {} if correlation is None else {frozenset("ab"): correlation}
    for counts in draws:
        inputs = dict(zip("ab", map(share, counts), strict=False))
        found = evaluate_formula(read, inputs, unit="points", correlations=known)
        assert isinstance(found, Estimate)
        inside += found.conf_low <= truth <= found.conf_high
    return inside / len(draws)


def test_a_lead_of_two_answers_to_one_question_is_less_sure_than_that_of_two_polls():
    """Of 1,000, 480 prefer the one and 440 the other: nobody can prefer both."""
    lead = read_formula("a - b", "here")
    inputs = {"a": share(480), "b": share(440)}
    apart = evaluate_formula(lead, inputs, unit="points")
    exclusive = correlation_between(evidence(figure("x", 0.48)), evidence(figure("y", 0.44)), {})
    one_poll = evaluate_formula(lead, inputs, unit="points", correlations={frozenset("ab"): exclusive})
    assert isinstance(apart, Estimate)
    assert isinstance(one_poll, Estimate)
    assert (apart.conf_low, apart.conf_high) == pytest.approx((-0.0037, 0.0835), abs=5e-4)
    assert (one_poll.conf_low, one_poll.conf_high) == pytest.approx((-0.0194, 0.0994), abs=5e-4)


def test_intervals_of_one_sample_cover_as_often_as_they_say():
    rng = np.random.default_rng(31)
    draws = [tuple(row[:2]) for row in rng.multinomial(N, (0.45, 0.40, 0.15), size=2000)]
    exact = -0.45 * 0.40 / math.sqrt(0.45 * 0.55 * 0.40 * 0.60)
    assert covered("a - b", draws, 0.05, None) < 0.88
    assert 0.935 < covered("a - b", draws, 0.05, (exact, exact)) < 0.965
    assert 0.935 < covered("a / b", draws, 0.45 / 0.40, (exact, exact)) < 0.965
    nested = [(int(x), int(rng.binomial(x, 0.5))) for x in rng.binomial(N, 0.3, size=2000)]
    inside = math.sqrt(0.15 * 0.7 / (0.3 * 0.85))
    assert covered("a - b", nested, 0.15, None) > 0.97
    assert 0.935 < covered("a - b", nested, 0.15, (inside, inside)) < 0.965


def test_where_nothing_says_how_many_gave_both_answers_the_widest_interval_stands():
    inputs = {"a": share(480), "b": share(300)}
    widths = []
    for known in ((0.3, 0.3), (-0.2, 0.3), (-0.5, 0.3)):
        found = evaluate_formula(
            read_formula("a - b", "here"), inputs, unit="points", correlations={frozenset("ab"): known}
        )
        assert isinstance(found, Estimate)
        widths.append(found.conf_high - found.conf_low)
    assert all(narrow < wide for narrow, wide in pairwise(widths))


def test_a_number_used_twice_under_two_names_counts_once():
    inputs = {"a": share(300), "b": share(300)}
    twice = evaluate_formula(
        read_formula("a - b", "here"), inputs, unit="points", correlations={frozenset("ab"): (1.0, 1.0)}
    )
    assert isinstance(twice, Estimate)
    assert twice.conf_high - twice.conf_low < 0.005


@pytest.mark.parametrize(
    "other", [{"publisher": "Another"}, {"n": 999}, {"date": "2013"}, {"unit": "people"}, {"base": "adults"}]
)
def test_figures_of_two_polls_are_independent(other: dict[str, object]):
    one, two = figure("x", 0.4), replace(figure("y", 0.3), **other)
    assert correlation_between(evidence(one), evidence(two), {}) == (0.0, 0.0)


def test_two_shares_of_one_poll_lie_between_excluding_and_containing_each_other():
    least, most = correlation_between(evidence(figure("x", 0.3)), evidence(figure("y", 0.15)), {})
    assert least == pytest.approx(-math.sqrt(0.3 * 0.15 / (0.7 * 0.85)))
    assert most == pytest.approx(math.sqrt(0.15 * 0.7 / (0.3 * 0.85)))


def test_own_results_have_the_covariance_of_their_sample():
    answers = pd.DataFrame({"a": [1.0] * 48 + [0] * 52, "b": [0.0] * 48 + [1] * 44 + [0] * 8})
    found = proportion(Design.from_frame(answers), {"a": answers["a"], "b": answers["b"]})
    influences = {name: {"one": found.deviations[:, i]} for i, name in enumerate(found.index)}
    own = [Evidence(id=name, estimate=found.at(name), cautious=found.at(name)) for name in ("a", "b")]
    exact = -0.48 * 0.44 / math.sqrt(0.48 * 0.52 * 0.44 * 0.56)
    assert correlation_between(*own, influences) == pytest.approx((exact, exact))
    assert correlation_between(*own, {"a": influences["a"], "b": {"two": influences["b"]["one"]}}) == (0.0, 0.0)
    assert correlation_between(*own, {}) == (0.0, 0.0)
