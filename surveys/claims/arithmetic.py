"""Formulas over numbers that are not exact: their value, and the interval that follows from theirs."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from surveys.core.errors import Problem, StudyError, did_you_mean
from surveys.core.results import Estimate, Note, Unavailable

Literals = Literal["exact", "rounded"]
Correlations = Mapping[frozenset[str], tuple[float, float]]
"""Least and largest correlation of the errors of two inputs, by the pair of their names; 0 of a pair not in it."""

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
}
LONGEST = 300
ALLOWED = f"numbers, names, + - * / ^, {', '.join(FUNCTIONS)} and parentheses"
WRITE_PLAINLY = "Write it so, as in a * b / (a + c)"
EXACT_BELOW = 1000
"""A whole number below this, as 1, 12 or 100, is exact in a sum."""
NOT_DEFINED = Note("the formula has no value for these numbers")
MAY_DIVIDE_BY_NIL = Note("the formula divides by a number that may be nil")


@dataclass(frozen=True, slots=True)
class Formula:
    """
    A formula read from text.

    Attributes
    ----------
    text : str
        As it was written.
    tree : ast.expr
        Of nothing but numbers, names, + - * / and parentheses.
    place : str
        Where it stands, for messages.
    """

    text: str
    tree: ast.expr
    place: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names in it, each once, as they come."""
        names = (node.id for node in _leaves(self.tree) if isinstance(node, ast.Name))
        return tuple(dict.fromkeys(name for name in names if name not in FUNCTIONS))

    @property
    def is_product(self) -> bool:
        """Whether it only multiplies and divides."""
        others = (ast.Add, ast.Sub, ast.USub, ast.Pow, ast.Call)
        return not any(isinstance(node, others) for node in ast.walk(self.tree))


def read_formula(text: str, place: str) -> Formula:
    """
    Read a formula; nothing in it is ever run as code.

    Parameters
    ----------
    text : str
        Such as `a * b / (a + c)`.
    place : str
        Where it stands, for messages.

    Returns
    -------
    Formula
        Ready to be evaluated.

    Raises
    ------
    StudyError
        If it is anything but numbers, names, + - * / and parentheses.

    Examples
    --------
    >>> read_formula("a * b / (a + c)", "study.toml").names
    ('a', 'b', 'c')
    >>> read_formula("(b / a) ^ (1 / 12) - 1", "study.toml").names
    ('b', 'a')
    >>> read_formula("a[0]", "study.toml, [[claim]] 'x', formula")
    Traceback (most recent call last):
    surveys.core.errors.StudyError: study.toml, [[claim]] 'x', formula: 'a[0]' holds a bracket, expected numbers, names, + - * / ^, sqrt, log, log2, log10, exp and parentheses. Write it so, as in a * b / (a + c).
    """  # noqa: E501
    if len(text) > LONGEST:
        what = f"{len(text)} characters, expected {LONGEST} at most"
        raise StudyError.at(place, what, "Split it into several readings")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise StudyError.at(place, f"'{text}' cannot be read, expected {ALLOWED}", WRITE_PLAINLY) from None
    stray = next(_strays(tree), None)
    if stray is not None:
        raise StudyError.at(place, f"'{text}' holds {stray}, expected {ALLOWED}", WRITE_PLAINLY)
    return Formula(text.strip(), tree, place)


def evaluate_formula(
    formula: Formula,
    inputs: Mapping[str, Estimate],
    *,
    unit: str,
    literals: Literals = "exact",
    correlations: Correlations | None = None,
    conf_level: float = 0.95,
) -> Estimate | Unavailable:
    r"""
    Evaluate a formula over estimates, and carry their intervals through.

    Parameters
    ----------
    formula : Formula
        As `read_formula` gives it.
    inputs : mapping of str to Estimate
        One for each name in the formula, and no other.
    unit : str
        Of the result.
    literals : {"exact", "rounded"}
        Whether the numbers written in the formula are exact, or stand for whatever rounds to them.
    correlations : mapping of pair of names to (float, float), optional
        Least and largest correlation of the errors of two inputs, where they are of one sample; the others are
        taken as independent.
    conf_level : float
        Of the intervals of the inputs, between 0 and 1.

    Returns
    -------
    Estimate or Unavailable
        `n` is the smallest base among the inputs. Unavailable where a divisor may be nil.

    Raises
    ------
    StudyError
        If a name has no input, or an input no name.

    Notes
    -----
    Each number in turn is moved to its low and its high end, the others held, and the deviations
    :math:`d_i` of the result are added in squares, on each side by itself:
    :math:`L = f - \sqrt{\sum_i \min(d_i, 0)^2}` and likewise above. This is the method of variance
    estimates recovery (MOVER) [1]_: it keeps asymmetric limits, counts an input used twice once,
    and is exact for a single input. Where everything is positive and the formula only multiplies and
    divides, the logarithm is a sum, and the deviations are those of the logarithm. Inputs of one sample add
    :math:`2\rho_{ij}d_id_j` for each pair, with the sign of the ends that move the result, and with the
    correlation that gives the wider interval where only a range of it is known.

    References
    ----------
    .. [1] G. Y. Zou and A. Donner (2008), "Construction of confidence limits about effect measures: a
       general approach", *Statistics in Medicine* 27, 1693-1702.

    Examples
    --------
    >>> share = Estimate(estimate=0.02, std_error=0.004, conf_low=0.013, conf_high=0.031, n=1015, method="Wilson")
    >>> web = Estimate(estimate=34.7e6, std_error=0, conf_low=34.65e6, conf_high=34.75e6, unit="people", method="")
    >>> evaluate_formula(read_formula("a * b", "here"), {"a": share, "b": web}, unit="people").summary()
    '694,000 [451,099, 1,075,703], n = 1,015'
    """
    _check_names(formula, inputs)
    ranges = {name: (e.estimate, e.conf_low, e.conf_high) for name, e in inputs.items()}
    if literals == "rounded":
        ranges |= _rounded_literals(formula)
    try:
        limits = _limits(formula, ranges, correlations or {})
    except (ValueError, OverflowError, TypeError, ZeroDivisionError):
        return Unavailable(NOT_DEFINED)
    if limits is None:
        return Unavailable(MAY_DIVIDE_BY_NIL)
    bases = [e.n for e in inputs.values() if e.n is not None]
    methods = {e.method for e in inputs.values()} or {"rounding"}
    return Estimate(
        estimate=limits[1],
        std_error=math.nan,
        conf_low=limits[0],
        conf_high=limits[2],
        conf_level=conf_level,
        n=min(bases) if bases else None,
        unit=unit,
        method="rounding" if methods == {"rounding"} else "MOVER",
        notes=all_notes(inputs.values()),
    )


def all_notes(estimates: Iterable[Estimate]) -> tuple[Note, ...]:
    """Gather the caveats of several estimates, each once."""
    said: list[Note] = []
    for note in (note for estimate in estimates for note in estimate.notes):
        if note not in said:
            said.append(note)
    return tuple(said)


def _limits(
    formula: Formula, ranges: Mapping[str, tuple[float, float, float]], correlations: Correlations
) -> tuple[float, float, float] | None:
    """Give low end, value and high end; None where a divisor may be nil."""
    middle = {name: value for name, (value, _, _) in ranges.items()}
    moved = [middle | {name: end} for name, (_, low, high) in ranges.items() for end in (low, high)]
    divisors: list[list[float]] = []
    results = []
    for values in (middle, *moved):
        divided: list[float] = []
        results.append(_value(formula.tree, values, divided))
        divisors.append(divided)
    for same in zip(*divisors, strict=False):
        if min(same) <= 0 <= max(same):
            return None
    value, ends = results[0], results[1:]
    on_log = formula.is_product and min(results) > 0
    deviations = [math.log(end / value) if on_log else end - value for end in ends]
    pairs = list(zip(deviations[::2], deviations[1::2], strict=True))
    moves = {name: ((low, -1), (high, 1)) for name, (low, high) in zip(ranges, pairs, strict=True)}
    down, up = (
        _added({name: pick((0.0, 1), *ends, key=_first) for name, ends in moves.items()}, correlations)
        for pick in (min, max)
    )
    if on_log:
        return value * math.exp(-down), value, value * math.exp(up)
    return value - down, value, value + up


def _first(move: tuple[float, int]) -> float:
    return move[0]


def _added(moves: Mapping[str, tuple[float, int]], correlations: Correlations) -> float:
    """Add deviations in squares, with the end of the input that each comes of, and with their correlation."""
    total = sum(size**2 for size, _ in moves.values())
    for pair, (least, most) in correlations.items():
        (one, end), (other, far) = (moves[name] for name in pair)
        total += 2 * max(least * end * far * one * other, most * end * far * one * other)
    return math.sqrt(max(0.0, total))


def _value(node: ast.expr, values: Mapping[str, float], divisors: list[float]) -> float:
    """Evaluate a tree that has been checked; what it divides by is noted, and nil gives no error."""
    match node:
        case ast.Name():
            return values[node.id]
        case ast.Constant():
            return values.get(_key(node), float(node.value))  # type: ignore[arg-type]
        case ast.UnaryOp():
            size = _value(node.operand, values, divisors)
            return -size if isinstance(node.op, ast.USub) else size
        case ast.BinOp():
            left, right = _value(node.left, values, divisors), _value(node.right, values, divisors)
            match node.op:
                case ast.Pow():
                    return math.pow(left, right)
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
            divisors.append(right)
            return left / right if right else math.inf
        case ast.Call(func=ast.Name(id=name)):
            return float(FUNCTIONS[name](*(_value(argument, values, divisors) for argument in node.args)))
    raise AssertionError(ast.dump(node))


def _leaves(tree: ast.expr) -> Iterator[ast.Name | ast.Constant]:
    leaves = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Constant)]
    yield from sorted(leaves, key=lambda node: (node.lineno, node.col_offset))


def _strays(tree: ast.expr) -> Iterator[str]:
    """Name what a formula may not hold."""
    plain = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, ast.UAdd, ast.USub, *OPERATORS)
    words = {ast.Call: "a call", ast.Attribute: "a dot", ast.Subscript: "a bracket"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                yield f"{node.value!r}"
            elif not _is_finite(node.value):
                yield "a number without end"
        elif isinstance(node, ast.BinOp) and not isinstance(node.op, OPERATORS):
            yield "another sign"
        elif isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and node.args and not node.keywords):
                yield words[ast.Call]
        elif not isinstance(node, plain):
            yield words.get(type(node), "something else")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _check_names(formula: Formula, inputs: Mapping[str, Estimate]) -> None:
    problems = [
        Problem(formula.place, f"'{name}' is not among the inputs", did_you_mean(name, inputs, "Add it to inputs"))
        for name in formula.names
        if name not in inputs
    ]
    problems += [
        Problem(formula.place, f"input '{name}' is not in '{formula.text}'", "Use it, or remove it")
        for name in inputs
        if name not in formula.names
    ]
    if problems:
        raise StudyError(*problems)


def _key(node: ast.Constant) -> str:
    """Name a number by where it stands; no name of an input begins so."""
    return f"@{node.lineno}.{node.col_offset}"


def _rounded_literals(formula: Formula) -> dict[str, tuple[float, float, float]]:
    """Widen each number written by half of its last digit; zeros that end a whole number are not digits."""
    found = {}
    for node in _leaves(formula.tree):
        if isinstance(node, ast.Constant):
            value = float(node.value)  # type: ignore[arg-type]
            written = ast.get_source_segment(formula.text.replace("^", "**"), node) or "0"
            exact = written.isdigit() and value < EXACT_BELOW
            half = 0.0 if exact else half_of_last_digit(written)
            found[_key(node)] = (value, value - half, value + half)
    return found


def half_of_last_digit(written: str) -> float:
    """
    Give half of the last digit of a number as it is written.

    Parameters
    ----------
    written : str
        Such as `0.02` or `38_000_000`; zeros that end a whole number are not digits.

    Returns
    -------
    float
        Whatever lies this near rounds to it.

    Examples
    --------
    >>> half_of_last_digit("0.02"), half_of_last_digit("38_000_000")
    (0.005, 500000.0)
    """
    digits, _, power = written.replace("_", "").lower().partition("e")
    whole, dot, decimals = digits.partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if not dot and whole.strip("0") else 0
    return 0.5 * 10.0 ** (zeros - len(decimals) + int(power or 0))
