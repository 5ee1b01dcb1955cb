"""Confidence intervals for shares, from a simple sample or from a survey design."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from surveys.core.arguments import check_level
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean

Method = Literal["logit", "xlogit", "likelihood", "beta", "asin", "mean", "wilson"]

METHODS: tuple[Method, ...] = get_args(Method)
FARTHEST, HALVINGS = 700.0, 80

NAMES: dict[Method, str] = {
    "logit": "logit, Student's t",
    "xlogit": "logit by linearisation, Student's t",
    "likelihood": "likelihood ratio, Student's t",
    "beta": "Korn-Graubard",
    "asin": "arcsine of the square root, Student's t",
    "mean": "Student's t",
    "wilson": "Wilson, Student's t",
}


def student_t(degrees_of_freedom: ArrayLike, conf_level: float = 0.95) -> Floats:
    """
    Give the two-sided quantile of Student's t.

    Parameters
    ----------
    degrees_of_freedom : array_like of float
        Below 1, no quantile exists and the answer is NaN; infinity gives the normal quantile.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ndarray of float
        Positive, of the shape of `degrees_of_freedom`.

    Examples
    --------
    >>> student_t([10, np.inf]).round(3).tolist()
    [2.228, 1.96]
    """
    degrees = np.asarray(degrees_of_freedom, float)
    upper = 0.5 + conf_level / 2
    finite = np.isfinite(degrees) & (degrees >= 1)
    quantile = special.stdtrit(np.where(finite, degrees, 1.0), upper)
    return np.where(finite, quantile, np.where(degrees == np.inf, special.ndtri(upper), np.nan))


def wilson_interval(p: ArrayLike, n: ArrayLike, conf_level: float = 0.95) -> tuple[Floats, Floats]:
    r"""
    Give Wilson's interval for a share in a simple sample.

    Parameters
    ----------
    p : array_like of float
        Shares found, between 0 and 1.
    n : array_like of float
        Size of each sample, unweighted; 0 gives NaN.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    conf_low, conf_high : ndarray of float
        Ends of the interval, between 0 and 1.

    Raises
    ------
    SpecError
        If a share lies outside 0 to 1, or a size is negative.

    Notes
    -----
    The shares :math:`\pi` that a score test does not reject [1]_:
    :math:`(p-\pi)^2 \le z^2 \pi(1-\pi)/n`. `proportion_confint` of statsmodels agrees to 2e-16, but takes 0.4 s to
    import, which every check of claims would pay.

    References
    ----------
    .. [1] E. B. Wilson (1927), "Probable inference, the law of succession, and statistical
       inference", *Journal of the American Statistical Association* 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(0.28, 1015)
    >>> print(f"{low:.3f} {high:.3f}")
    0.253 0.308
    """
    share, size = np.asarray(p, float), np.asarray(n, float)
    check_level(conf_level)
    if np.any((share < 0) | (share > 1)):
        raise SpecError.at("p", "got a share outside 0 to 1", "Give shares, not percentages")
    if np.any(size < 0):
        raise SpecError.at("n", "got a negative sample size", "Give the number asked")
    return _score(share, np.where(size > 0, size, np.nan), special.ndtri(0.5 + conf_level / 2))


def proportion_interval(
    p: ArrayLike,
    std_error: ArrayLike,
    df: ArrayLike,
    n: ArrayLike,
    *,
    method: Method = "logit",
    conf_level: float = 0.95,
    n_effective: ArrayLike | None = None,
    logit_error: ArrayLike | None = None,
) -> tuple[Floats, Floats, NDArray[np.str_]]:
    r"""
    Give the interval for a share estimated from a survey design.

    Parameters
    ----------
    p : array_like of float, shape (k,)
        Shares, between 0 and 1.
    std_error : array_like of float, shape (k,)
        Their standard errors under the design.
    df : array_like of float, shape (k,)
        Degrees of freedom of the design: primary units minus strata.
    n : array_like of float, shape (k,)
        Respondents who answered, unweighted.
    method : {"logit", "xlogit", "likelihood", "beta", "asin", "mean", "wilson"}
        As in `svyciprop` of R's survey 4.5; "beta" is Korn and Graubard's, "likelihood" holds the
        shares that a likelihood ratio scaled by the design effect does not reject. Where variances
        are linearised, "logit" and "xlogit" are the same.
    conf_level : float
        Between 0 and 1.
    n_effective : array_like of float, shape (k,), optional
        Kish's effective sample size, used where the design gives a share no variance.
    logit_error : array_like of float, shape (k,), optional
        Standard errors of the logits, where replicate weights gave them; by linearisation otherwise.

    Returns
    -------
    conf_low, conf_high : ndarray of float, shape (k,)
        Ends of the interval; NaN where the degrees of freedom are below 1.
    names : ndarray of str, shape (k,)
        Name of the interval that each share was given.

    Raises
    ------
    SpecError
        If `method` is not known, or `conf_level` is not between 0 and 1.

    Notes
    -----
    At a share of 0 or 1 nothing varies in the sample, and every other method would give an interval
    of no width. Korn and Graubard's [1]_ exact interval takes its place, with the smaller of `n` and
    `n_effective` as the size of the sample.

    References
    ----------
    .. [1] E. L. Korn and B. I. Graubard (1998), "Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data", *Survey Methodology* 24, 193-201.

    Examples
    --------
    >>> low, high, names = proportion_interval([0.28, 0.0], [0.02, 0.0], 60, 500)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.242, 0.0], [0.322, 0.008])
    >>> names.tolist()
    ["logit, Student's t", 'Korn-Graubard']
    """
    if method not in METHODS:
        raise SpecError.at(
            f"method '{method}'",
            "not an interval known here",
            did_you_mean(method, METHODS, f"Known: {', '.join(METHODS)}"),
        )
    check_level(conf_level)
    share, error, degrees, size = (np.asarray(x, float) for x in np.broadcast_arrays(p, std_error, df, n))
    simple = size if n_effective is None else np.fmin(size, np.asarray(n_effective, float))
    t = student_t(degrees, conf_level)
    certain = ~((share > 0) & (share < 1) & (error > 0)) & np.isfinite(share)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(certain, simple, share * (1 - share) / error**2)
        needed = method == "beta" or bool(certain.any())
        exact = _korn_graubard(share, effective, degrees, size, conf_level) if needed else (share, share)
        low, high = exact if method == "beta" else _approximate(method, share, error, effective, t)
        if method == "likelihood" or (method == "logit" and logit_error is not None):
            slope = 1 / (share * (1 - share))
            if logit_error is None:
                logit = error * slope * np.sqrt(size / (size - 1) if method == "likelihood" else 1.0)
            else:
                logit = np.asarray(logit_error, float)
            low, high = (_likelihood if method == "likelihood" else _on_logits)(share, logit, t)
    chosen = np.where(certain, NAMES["beta"], NAMES[method])
    return np.where(certain, exact[0], low), np.where(certain, exact[1], high), chosen


def _approximate(method: Method, p: Floats, error: Floats, effective: Floats, t: Floats) -> tuple[Floats, Floats]:
    if method == "mean":
        return p - t * error, p + t * error
    if method == "wilson":
        return _score(p, effective, t)
    if method == "asin":
        middle, half = np.arcsin(np.sqrt(p)), t * error / (2 * np.sqrt(p * (1 - p)))
        return np.sin(middle - half) ** 2, np.sin(middle + half) ** 2
    return _on_logits(p, error / (p * (1 - p)), t)


def _on_logits(p: Floats, logit_error: Floats, t: Floats) -> tuple[Floats, Floats]:
    half = t * logit_error
    return special.expit(special.logit(p) - half), special.expit(special.logit(p) + half)


def _likelihood(p: Floats, logit_error: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Bisect for the logits whose scaled likelihood ratio is the square of the quantile."""
    middle = special.logit(p)
    wanted = np.square(t * logit_error) * p * (1 - p) / 2
    ends = []
    for sign in (-1.0, 1.0):
        near, far = np.zeros_like(middle), np.full_like(middle, FARTHEST)
        for _ in range(HALVINGS):
            distance = (near + far) / 2
            tried = middle + sign * distance
            gap = special.xlogy(p, p / special.expit(tried)) + special.xlogy(1 - p, (1 - p) / special.expit(-tried))
            near, far = np.where(gap < wanted, distance, near), np.where(gap < wanted, far, distance)
        ends.append(np.where(np.isfinite(wanted), special.expit(middle + sign * far), np.nan))
    return ends[0], ends[1]


def _score(p: Floats, n: Floats, quantile: ArrayLike) -> tuple[Floats, Floats]:
    squared = np.square(quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (p + squared / (2 * n)) / (1 + squared / n)
        half = np.sqrt(squared * (4 * n * p * (1 - p) + squared)) / (2 * n) / (1 + squared / n)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _korn_graubard(p: Floats, effective: Floats, df: Floats, n: Floats, conf_level: float) -> tuple[Floats, Floats]:
    tail = (1 - conf_level) / 2
    size = effective * (student_t(n - 1, conf_level) / student_t(df, conf_level)) ** 2
    low = special.betaincinv(np.where(p > 0, size * p, 1), size * (1 - p) + 1, tail)
    high = special.betaincinv(size * p + 1, np.where(p < 1, size * (1 - p), 1), 1 - tail)
    known = np.isfinite(size)
    return np.where(known, np.where(p > 0, low, 0.0), np.nan), np.where(known, np.where(p < 1, high, 1.0), np.nan)


def logit_limits(
    share: ArrayLike, std_error: ArrayLike, degrees_of_freedom: ArrayLike, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """
    Put limits around shares on their logit, by Student's t.

    Parameters
    ----------
    share, std_error : array_like of float
        Shares between 0 and 1, and their standard errors.
    degrees_of_freedom : array_like of float
        Infinite for the normal distribution.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    conf_low, conf_high : ndarray of float
        The share itself where it is 0 or 1.

    Examples
    --------
    >>> [round(float(end), 4) for end in logit_limits(0.28, 0.0141, np.inf)]
    [0.2532, 0.3084]
    """
    p, error = np.asarray(share, float), np.asarray(std_error, float)
    spread = p * (1 - p)
    inside = spread > 0
    half = student_t(degrees_of_freedom, conf_level) * np.divide(error, spread, out=np.zeros_like(spread), where=inside)
    middle = special.logit(np.where(inside, p, 0.5))
    return np.where(inside, special.expit(middle - half), p), np.where(inside, special.expit(middle + half), p)


def normal_quantile(conf_level: float) -> float:
    """Give the two-sided quantile of the normal distribution."""
    return float(special.ndtri((1 + conf_level) / 2))
