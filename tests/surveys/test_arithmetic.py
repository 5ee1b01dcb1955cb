"""Formulas: what they are worth, how far off they may be, and what they may not hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.claims.arithmetic import evaluate_formula, half_of_last_digit, read_formula
from surveys.core.errors import StudyError
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note, Unavailable

PLACE = "study.toml, [[claim]] 'x', formula"


def number(value: float, low: float | None = None, high: float | None = None, **rest: object) -> Estimate:
    ends = {"conf_low": value if low is None else low, "conf_high": value if high is None else high}
    return Estimate(**{"estimate": value, "std_error": math.nan, "method": "known", **ends, **rest})  # type: ignore[arg-type]


def evaluate(text: str, **inputs: Estimate) -> Estimate:
    result = evaluate_formula(read_formula(text, PLACE), inputs, unit="ratio")
    assert isinstance(result, Estimate)
    return result


def sample_share(share: float, n: int) -> Estimate:
    low, high = (float(end) for end in wilson_interval(share, n))
    return number(share, low, high, n=n)


def test_a_difference_of_two_shares_is_newcombes_hybrid_score_interval():
    """Newcombe (1998), Statistics in Medicine 17, table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339."""
    change = evaluate("a - b", a=sample_share(56 / 70, 70), b=sample_share(48 / 80, 80))
    assert change.estimate == pytest.approx(0.2)
    assert (round(change.conf_low, 4), round(change.conf_high, 4)) == (0.0524, 0.3339)


def test_one_input_keeps_its_own_ends_through_any_formula():
    a = number(0.2, 0.11, 0.4)
    for text, function in {
        "3 * a": lambda x: 3 * x,
        "1 - a": lambda x: 1 - x,
        "a / (1 - a)": lambda x: x / (1 - x),
        "2 / a": lambda x: 2 / x,
    }.items():
        result = evaluate(text, a=a)
        assert (result.conf_low, result.conf_high) == pytest.approx(sorted((function(0.11), function(0.4))))


def test_an_input_used_twice_counts_once():
    a = number(0.2, 0.1, 0.4)
    assert evaluate("a - a", a=a).conf_high == 0.0
    assert evaluate("a / (a + b)", a=a, b=number(0.3)).conf_high == pytest.approx(0.4 / 0.7)


def test_products_keep_to_ratios_and_never_fall_below_nil():
    product = evaluate("a * b", a=number(0.01, 0.001, 0.1), b=number(0.01, 0.001, 0.1))
    assert product.conf_low == pytest.approx(1e-4 / 10 ** math.sqrt(2))
    assert product.conf_high == pytest.approx(1e-4 * 10 ** math.sqrt(2))


def test_a_product_covers_as_often_as_it_says():
    generator = np.random.default_rng(11)
    p, q, n, m, covered = 0.6, 0.09, 1052, 631, 0
    for x, y in zip(generator.binomial(n, p, 2000) / n, generator.binomial(m, q, 2000) / m, strict=True):
        result = evaluate("a * b", a=sample_share(float(x), n), b=sample_share(float(y), m))
        covered += result.conf_low <= p * q <= result.conf_high
    assert 0.93 <= covered / 2000 <= 0.97


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0, 0.3), st.floats(0, 0.3))
def test_the_interval_holds_the_value_and_widens_with_every_input(a, b, slack, more):
    one, other = number(a, a * (1 - slack), a * (1 + slack)), number(b, b * (1 - more), b * (1 + more))
    for text in ("a * b", "a / b", "a - b", "a + b", "a / (a + b)"):
        both, alone = evaluate(text, a=one, b=other), evaluate(text, a=one, b=number(b))
        assert both.conf_low <= both.estimate <= both.conf_high
        assert both.conf_low <= alone.conf_low + 1e-9
        assert alone.conf_high <= both.conf_high + 1e-9


def test_the_smallest_base_and_every_caveat_are_kept_once():
    note = Note("said once")
    result = evaluate("a * b * c", a=number(1, n=50, notes=(note,)), b=number(1, n=20, notes=(note,)), c=number(1))
    assert result.n == 20
    assert result.notes == (note,)


def test_a_divisor_that_may_be_nil_gives_a_reason_and_no_number():
    for text in ("a / b", "1 / (a - a)", "a / (b * 0)"):
        inputs = {name: number(1, -1, 2) for name in read_formula(text, PLACE).names}
        assert isinstance(evaluate_formula(read_formula(text, PLACE), inputs, unit="ratio"), Unavailable)


def test_numbers_written_in_a_sum_stand_for_whatever_rounds_to_them():
    formula = read_formula("0.02 * 38_000_000", PLACE)
    rounded = evaluate_formula(formula, {}, unit="people", literals="rounded")
    exact = evaluate_formula(formula, {}, unit="people")
    assert isinstance(rounded, Estimate)
    assert isinstance(exact, Estimate)
    assert rounded.estimate == exact.estimate == exact.conf_low == pytest.approx(760_000)
    assert rounded.conf_low == pytest.approx(570_000, rel=0.01)


@pytest.mark.parametrize(
    ("written", "half"), [("2", 0.5), ("0.60", 0.005), ("51_500_000", 5e4), ("1e3", 500.0), ("0", 0.5), ("3.0", 0.05)]
)
def test_half_of_the_last_digit(written, half):
    assert half_of_last_digit(written) == pytest.approx(half)


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("abs(a)", "holds a call"),
        ("a.real", "holds a dot"),
        ("a[0]", "holds a bracket"),
        ("a // 2", "holds another sign"),
        ("a % 2", "holds another sign"),
        ("~a", "holds something else"),
        ("not a", "holds something else"),
        ("a if b else c", "holds something else"),
        ("lambda: a", "holds something else"),
        ("[a for a in b]", "holds something else"),
        ("'a' * 3", "holds 'a'"),
        ("True + a", "holds True"),
        ("2j * a", "holds 2j"),
        ("1e999 * a", "holds a number without end"),
        ("a +", "cannot be read"),
        ("", "cannot be read"),
        ("a = 2", "cannot be read"),
        ("__import__('os')", "holds a call"),
    ],
)
def test_anything_but_arithmetic_is_refused_by_name(text, stray):
    with pytest.raises(StudyError) as caught:
        read_formula(text, PLACE)
    assert str(caught.value) == (
        f"{PLACE}: '{text}' {stray}, expected numbers, names, + - * / ^, sqrt, log, log2, log10, exp and parentheses. "
        "Write it so, as in a * b / (a + c)."
    )


def test_a_formula_without_end_is_refused_before_it_is_read():
    with pytest.raises(StudyError, match="expected 300 at most"):
        read_formula("a+" * 5000 + "a", PLACE)


def test_names_and_inputs_that_do_not_meet_are_told_together():
    with pytest.raises(StudyError) as caught:
        evaluate_formula(read_formula("a * share", PLACE), {"a": number(1), "shar": number(1)}, unit="ratio")
    assert str(caught.value).split("\n") == [
        f"{PLACE}: 'share' is not among the inputs. Did you mean 'shar'?",
        f"{PLACE}: input 'shar' is not in 'a * share'. Use it, or remove it.",
    ]
