"""Two proportions, and one, from counts or printed shares: intervals of difference, ratio and odds ratio."""

from __future__ import annotations

import math
from typing import Literal

from surveys.core.arguments import check_level
from surveys.core.errors import SpecError
from surveys.core.results import Estimate

Compare = Literal["difference", "ratio", "odds-ratio"]
TwoMethod = Literal["newcombe", "miettinen-nurminen", "agresti-caffo"]
OneMethod = Literal["wilson", "wilson-corrected", "agresti-coull", "jeffreys", "clopper-pearson"]

OF_STATSMODELS = {"newcombe": "newcomb", "miettinen-nurminen": "score", "agresti-caffo": "agresti-caffo"}
COMPARED = {"difference": "diff", "ratio": "ratio", "odds-ratio": "odds-ratio"}
NEARLY_ONE, FARTHEST, TINY = 1 - 1e-9, 1e9, 1e-300
Counts = tuple[float, int, float, int]
NAMES = {
    "newcombe": "Newcombe",
    "miettinen-nurminen": "Miettinen-Nurminen",
    "agresti-caffo": "Agresti-Caffo",
    "wilson": "Wilson",
    "wilson-corrected": "Wilson, corrected for continuity",
    "agresti-coull": "Agresti-Coull",
    "jeffreys": "Jeffreys",
    "clopper-pearson": "Clopper-Pearson",
}


def compare_proportions(
    one: float,
    n_one: int,
    other: float,
    n_other: int,
    *,
    compare: Compare = "difference",
    method: TwoMethod | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """
    Compare two independent proportions.

    Parameters
    ----------
    one, other : float
        Shares between 0 and 1, or counts: a whole number above 1 is a count.
    n_one, n_other : int
        Respondents.
    compare : {"difference", "ratio", "odds-ratio"}
        One less the other, one over the other, or the odds of one over those of the other.
    method : {"newcombe", "miettinen-nurminen", "agresti-caffo"}, optional
        Newcombe's hybrid score and Agresti-Caffo are of differences alone; Newcombe is the method of a difference
        unless another is named, Miettinen-Nurminen's score that of ratios.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        In shares (a difference), or as a ratio.

    Raises
    ------
    SpecError
        If a share lies outside 0 to 1, a count exceeds its n, or the method is not one of the comparison.

    Notes
    -----
    By `confint_proportions_2indep` of statsmodels, whose `newcomb` is Newcombe's method 10 [1]_. Limits of Miettinen
    and Nurminen [2]_, where their score test reaches the level, are searched here: the search of statsmodels 0.14.5
    fails for such counts as 38 of 50 against 11 of 91, and elsewhere stops up to 6e-3 from the limit.

    References
    ----------
    .. [1] R. G. Newcombe (1998), "Interval estimation for the difference between independent proportions",
       *Statistics in Medicine* 17, 873-890.
    .. [2] O. Miettinen and M. Nurminen (1985), "Comparative analysis of two rates", *Statistics in Medicine* 4,
       213-226.

    Examples
    --------
    >>> compare_proportions(56, 70, 48, 80).summary()
    '+20.0 points [+5.2, +33.4], n = 150'
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    check_level(conf_level)
    p, q = _share(one, n_one, "one"), _share(other, n_other, "other")
    chosen = method or ("newcombe" if compare == "difference" else "miettinen-nurminen")
    if compare not in COMPARED or chosen not in OF_STATSMODELS:
        raise SpecError.at(
            "compare_proportions", f"got {compare!r} by {chosen!r}", "See its parameters for the choices"
        )
    if compare != "difference" and chosen != "miettinen-nurminen":
        what = f"method '{chosen}' is of differences, got compare='{compare}'"
        raise SpecError.at("method", what, "Give 'miettinen-nurminen'")
    counts = p * n_one, n_one, q * n_other, n_other
    if chosen == "miettinen-nurminen":
        low, high = _by_score(counts, compare, conf_level)
    else:
        name = OF_STATSMODELS[chosen]
        low, high = confint_proportions_2indep(*counts, method=name, compare="diff", alpha=1 - conf_level)
    return Estimate(
        estimate=_compared(p, q, compare),
        std_error=math.nan,
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=n_one + n_other,
        unit="points" if compare == "difference" else "ratio",
        method=NAMES[chosen],
    )


def one_proportion(share: float, n: int, *, method: OneMethod = "wilson", conf_level: float = 0.95) -> Estimate:
    """
    Give a proportion its interval.

    Parameters
    ----------
    share : float
        Between 0 and 1, or a count: a whole number above 1.
    n : int
        Respondents.
    method : {"wilson", "wilson-corrected", "agresti-coull", "jeffreys", "clopper-pearson"}
        Of the interval.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        A share.

    Raises
    ------
    SpecError
        If the share lies outside 0 to 1, the count exceeds `n`, or the method is not known.

    Notes
    -----
    By `proportion_confint` of statsmodels, but for Wilson's interval corrected for continuity, which it has not.

    Examples
    --------
    >>> one_proportion(81, 263, method="wilson-corrected").summary()
    '30.8% [25.4%, 36.8%], n = 263'
    """
    from statsmodels.stats.proportion import proportion_confint

    check_level(conf_level)
    p = _share(share, n, "share")
    names = {"wilson": "wilson", "agresti-coull": "agresti_coull", "jeffreys": "jeffreys", "clopper-pearson": "beta"}
    if method == "wilson-corrected":
        low, high = _corrected(p, n, conf_level)
    elif method in names:
        low, high = proportion_confint(p * n, n, alpha=1 - conf_level, method=names[method])
    else:
        raise SpecError.at(
            "method", f"got {method!r}, expected {', '.join([*names, 'wilson-corrected'])}", "Choose one"
        )
    return Estimate(
        estimate=p,
        std_error=math.nan,
        conf_low=max(0.0, float(low)),
        conf_high=min(1.0, float(high)),
        conf_level=conf_level,
        n=n,
        unit="share",
        method=NAMES[method],
    )


def _by_score(counts: Counts, compare: Compare, conf_level: float) -> tuple[float, float]:
    """Search where the score test of a difference, a ratio or an odds ratio reaches its level, on either side."""
    from scipy.optimize import brentq
    from scipy.special import ndtri

    z = float(ndtri(0.5 + conf_level / 2))
    is_difference = compare == "difference"
    low, high = (-NEARLY_ONE, NEARLY_ONE) if is_difference else (-math.log(FARTHEST), math.log(FARTHEST))

    def excess(at: float, level: float) -> float:
        return _score(counts, compare, at if is_difference else math.exp(at)) - level

    found = [
        brentq(excess, low, high, args=(level,), xtol=1e-12) if excess(low, level) > 0 > excess(high, level) else end
        for level, end in ((z, low), (-z, high))
    ]
    if is_difference:
        return (-1.0 if found[0] == low else found[0]), (1.0 if found[1] == high else found[1])
    return (0.0 if found[0] == low else math.exp(found[0])), (math.inf if found[1] == high else math.exp(found[1]))


def _score(counts: Counts, compare: Compare, value: float) -> float:
    """Give Miettinen and Nurminen's statistic at a value of what is compared; it falls as the value rises."""
    x1, n1, x2, n2 = counts
    p, q = {"difference": _at_difference, "ratio": _at_ratio, "odds-ratio": _at_odds_ratio}[compare](counts, value)
    correction = (n1 + n2) / (n1 + n2 - 1)
    first, second = max(p * (1 - p), TINY), max(q * (1 - q), TINY)
    match compare:
        case "difference":
            distance, variance = x1 / n1 - x2 / n2 - value, first / n1 + second / n2
        case "ratio":
            distance, variance = x1 / n1 - value * x2 / n2, first / n1 + value**2 * second / n2
        case "odds-ratio":
            distance = (x1 / n1 - p) / first - (x2 / n2 - q) / second
            variance = 1 / (n1 * first) + 1 / (n2 * second)
    return distance / math.sqrt(variance * correction)


def _at_difference(counts: Counts, value: float) -> tuple[float, float]:
    """Maximise the likelihood of two proportions that differ by a value."""
    x1, n1, x2, n2 = counts
    n, c = n1 + n2, x1 + x2
    l2 = (n1 + 2 * n2) * value - n - c
    l1 = (n2 * value - n - 2 * x2) * value + c
    l0 = x2 * value * (1 - value)
    shift = l2 / (3 * n)
    q = shift**3 - l1 * l2 / (6 * n**2) + l0 / (2 * n)
    p = math.copysign(math.sqrt(max(shift**2 - l1 / (3 * n), 0.0)), q)
    angle = (math.pi + math.acos(min(1.0, max(-1.0, q / p**3 if p else 0.0)))) / 3
    second = min(1.0, max(0.0, 2 * p * math.cos(angle) - shift))
    return min(1.0, max(0.0, second + value)), second


def _at_ratio(counts: Counts, value: float) -> tuple[float, float]:
    """Maximise the likelihood of two proportions whose ratio is a value."""
    x1, n1, x2, n2 = counts
    a, b, c = (n1 + n2) * value, -(n1 * value + x1 + n2 + x2 * value), x1 + x2
    second = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    return min(1.0, value * second), min(1.0, second)


def _at_odds_ratio(counts: Counts, value: float) -> tuple[float, float]:
    """Maximise the likelihood of two proportions whose odds ratio is a value."""
    x1, n1, x2, n2 = counts
    a, c = n2 * (value - 1), -(x1 + x2)
    b = n1 * value + n2 + c * (value - 1)
    second = min(1.0, max(0.0, -2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0)))))
    return second * value / (1 + second * (value - 1)), second


def _share(given: float, n: int, name: str) -> float:
    if n <= 0:
        raise SpecError.at("n", f"got {n}, expected a number above 0", "Give the number asked")
    share = given / n if given > 1 and float(given).is_integer() else float(given)
    if not 0 <= share <= 1:
        raise SpecError.at(name, f"got {given:g} of {n:,}, expected a share between 0 and 1, or a count", "Correct it")
    return share


def _compared(p: float, q: float, compare: Compare) -> float:
    if compare == "difference":
        return p - q
    over, under = (p, q) if compare == "ratio" else (p * (1 - q), q * (1 - p))
    return over / under if under else math.inf


def _corrected(p: float, n: int, conf_level: float) -> tuple[float, float]:
    """Give Wilson's interval with Yates's correction, as in Newcombe (1998), method 4."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + conf_level / 2))
    middle, below = 2 * n * p + z**2, 2 * (n + z**2)
    down = z * math.sqrt(z**2 - 2 - 1 / n + 4 * p * (n * (1 - p) + 1))
    up = z * math.sqrt(z**2 + 2 - 1 / n + 4 * p * (n * (1 - p) - 1))
    return (0.0 if p == 0 else (middle - 1 - down) / below), (1.0 if p == 1 else (middle + 1 + up) / below)
