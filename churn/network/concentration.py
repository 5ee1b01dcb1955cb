"""How unevenly messages are spread over accounts: Lorenz curve, Gini coefficient, top shares, who never wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from churn.network import _concentration as arrays
from surveys.core.arguments import check_level
from surveys.core.arrays import Floats, Ints
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.intervals import wilson_interval
from surveys.core.results import Estimate, Note
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Correction = Literal["none", "n/(n-1)"]

REPLICATES, SEED = 2000, 20090921
LARGEST, MUCH = 5, 0.10
"""How many accounts of the largest counts are looked at, and what they may hold before the interval rests on them."""
FRACTION = Note("the account at the cut counts in part, so that the top share is exactly that share of accounts")
DRAWN = Note("the interval is that of accounts drawn independently from many like them")
FEW_HOLD = Note(
    "the {n} accounts with the most hold {share} of all: the interval rests on them, and is often too narrow"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LorenzCurve:
    """
    The share of the total that the least active accounts hold together.

    Attributes
    ----------
    value : ndarray of float, shape (n_values,)
        Distinct counts, rising.
    n : ndarray of int, shape (n_values,)
        Accounts with each.
    accounts, total : ndarray of float, shape (n_values + 1,)
        The curve from (0, 0) to (1, 1): share of accounts, least active first, and share of the total they hold.
    """

    value: Floats
    n: Ints
    accounts: Floats
    total: Floats

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return int(self.n.sum())

    @property
    def n_active(self) -> int:
        """Accounts with a count above 0."""
        return int(self.n[self.value > 0].sum())

    @property
    def sum(self) -> float:
        """What is shared, over all accounts."""
        return float(self.value @ self.n)

    def from_top(self) -> pd.DataFrame:
        """
        Give the points of the curve counted from the most active account, as top shares are read.

        Returns
        -------
        DataFrame
            `accounts`, `total`: from (0, 0), rising.

        Examples
        --------
        >>> lorenz([1, 1, 2]).from_top().round(3).values.tolist()
        [[0.0, 0.0], [0.333, 0.5], [1.0, 1.0]]
        """
        return pd.DataFrame({"accounts": 1 - self.accounts[::-1], "total": 1 - self.total[::-1]})

    def gini(self, correction: Correction = "none") -> float:
        """
        Give the Gini coefficient, twice the area between the curve and the diagonal.

        Parameters
        ----------
        correction : {'none', 'n/(n-1)'}
            The plain one, as KONECT's; or multiplied so that it is 1 where one account holds everything.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        SpecError
            If the correction is none of these.

        Examples
        --------
        >>> lorenz([0, 0, 0, 1]).gini(), lorenz([0, 0, 0, 1]).gini("n/(n-1)")
        (0.75, 1.0)
        """
        if correction not in get_args(Correction):
            mend = did_you_mean(correction, get_args(Correction), "Choose 'none' or 'n/(n-1)'")
            raise SpecError.at(f"correction '{correction}'", "not known", mend)
        plain = float(arrays.gini(self.value, self.n.astype(float)))
        size = self.n_accounts
        return plain if correction == "none" else plain * size / (size - 1)

    def top_share(self, top: float = 0.20) -> float:
        """
        Give the share of the total that the most active accounts hold.

        Parameters
        ----------
        top : float
            Share of accounts, between 0 and 1. Where it cuts through an account, that account counts in part.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        SpecError
            If `top` is not between 0 and 1.

        Examples
        --------
        >>> lorenz([4, 3, 2, 1]).top_share(0.5), lorenz([4, 3, 2, 1]).top_share(0.125)
        (0.7, 0.2)
        """
        _check_top(top)
        return float(arrays.top_share(self.value, self.n.astype(float), top))

    def to_frame(self) -> pd.DataFrame:
        """Give the points of the curve: `accounts`, `total`."""
        return pd.DataFrame({"accounts": self.accounts, "total": self.total})

    def summary(self) -> str:
        """Say how uneven it is, in one line of English."""
        return f"Gini {say_share(self.gini())}, top 20%: {say_share(self.top_share())}, n = {self.n_accounts:,}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the curve."""
        ax.plot(self.accounts, self.total)
        return ax


def lorenz(counts: ArrayLike, n: ArrayLike | None = None, *, silent: int = 0) -> LorenzCurve:
    """
    Draw up the Lorenz curve of counts.

    Parameters
    ----------
    counts : array_like of float
        One count for each account; or distinct ones.
    n : array_like of int, optional
        Accounts with each count.
    silent : int
        Further accounts with a count of 0.

    Returns
    -------
    LorenzCurve

    Raises
    ------
    SpecError
        If counts are negative or not finite, or `n` does not fit.
    EstimateError
        If there is no account, or the total is 0.

    Notes
    -----
    Gastwirth (1972), The estimation of the Lorenz curve and Gini index, *Review of Economics and Statistics* 54.

    Examples
    --------
    >>> lorenz([1, 1, 2], silent=1).to_frame()
       accounts  total
    0      0.00    0.0
    1      0.25    0.0
    2      0.75    0.5
    3      1.00    1.0
    """
    given = np.asarray(counts, np.float64).ravel()
    how_many = np.ones(len(given), np.int64) if n is None else np.asarray(n, np.int64).ravel()
    if len(how_many) != len(given) or (how_many < 0).any() or silent < 0:
        raise SpecError.at("lorenz, n", "expected a number of accounts for each count", "Correct it")
    if not np.all(np.isfinite(given) & (given >= 0)):
        raise SpecError.at("lorenz, counts", "some are negative, missing or endless", "Give counts from 0")
    value, place = np.unique(np.append(given, 0.0), return_inverse=True)
    size = np.bincount(place, weights=np.append(how_many, silent)).astype(np.int64)
    value, size = value[size > 0], size[size > 0]
    held = size * value
    if not held.sum() > 0:
        raise EstimateError.at("lorenz", "the counts are all 0: there is nothing to share", "Take others")
    return LorenzCurve(
        value=value,
        n=size,
        accounts=np.concatenate([[0.0], np.cumsum(size) / size.sum()]),
        total=np.concatenate([[0.0], np.cumsum(held) / held.sum()]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concentration:
    """
    How unevenly a total is spread over accounts, with intervals.

    Attributes
    ----------
    curve : LorenzCurve
    gini : Estimate
        Plain coefficient, without the factor n/(n-1).
    top : float
        Share of accounts, most active first.
    top_share : Estimate
        Share of the total that they hold.
    bootstrap_error : dict of str to float
        Standard deviation of `gini` and `top_share` over resampled accounts, beside the linearised errors that the
        estimates carry.
    replicates, seed : int
        Of the bootstrap.
    """

    curve: LorenzCurve
    gini: Estimate
    top: float
    top_share: Estimate
    bootstrap_error: dict[str, float]
    replicates: int
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each number: `measure`, `estimate`, `std_error`, `conf_low`, `conf_high`, `n`."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "n")
        found = {"gini": self.gini, f"top {self.top:g}": self.top_share}
        return pd.DataFrame(
            [{"measure": key} | {name: getattr(value, name) for name in names} for key, value in found.items()]
        )

    def summary(self) -> str:
        """Say how uneven it is, in one line of English."""
        return f"Gini {self.gini.summary()}; top {say_share(self.top, 0)}: {self.top_share.summary()}"

    def plot(self, ax: Axes) -> Axes:
        """Draw the Lorenz curve."""
        return self.curve.plot(ax)


def measure_concentration(
    curve: LorenzCurve,
    *,
    top: float = 0.20,
    conf_level: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Concentration:
    """
    Estimate Gini coefficient and top share, with intervals over accounts.

    Parameters
    ----------
    curve : LorenzCurve
        The counts.
    top : float
        Share of accounts, between 0 and 1.
    conf_level : float
        Between 0 and 1.
    replicates : int
        Bootstrap samples, at least 100.
    seed : int
        Of the PCG64 generator.

    Returns
    -------
    Concentration
        Intervals are the bootstrap's, bias-corrected and accelerated [1]_; standard errors are linearised, by the
        influence of each account on the coefficient [2]_ and on the top share [3]_.

    Raises
    ------
    SpecError
        If an option is out of its range.

    Notes
    -----
    Accounts are drawn with replacement. Since equal accounts are alike, numbers of accounts with each count are
    drawn instead, from one multinomial distribution: the work grows with the distinct counts, not with the
    accounts. The account at the cut counts in part.

    References
    ----------
    .. [1] Efron (1987), Better bootstrap confidence intervals, *JASA* 82, 171-185.
    .. [2] Langel and Tillé (2013), Variance estimation of the Gini index: revisiting a result several times
       published, *JRSS A* 176, 521-540.
    .. [3] Langel and Tillé (2011), Statistical inference for the quintile share ratio, *Journal of Statistical Planning
       and Inference* 141, 2976-2985.

    Examples
    --------
    >>> found = measure_concentration(lorenz([1, 2, 3, 4, 5, 10, 20, 100], [90, 50, 30, 20, 10, 8, 5, 1]))
    >>> found.summary()
    'Gini 52.2% [42.6%, 68.5%], n = 214; top 20%: 58.7% [49.9%, 73.9%], n = 214'
    """
    _check_top(top)
    check_level(conf_level)
    if replicates < 100:
        raise SpecError.at("replicates", f"got {replicates}, expected at least 100", "Give more")
    value, n = curve.value, curve.n.astype(np.float64)
    blocks = arrays.resample(n, replicates, seed)
    drawn = {
        "gini": np.concatenate([arrays.gini(value, block) for block in blocks]),
        "top_share": np.concatenate([arrays.top_share(value, block, top) for block in blocks]),
    }
    influence = {"gini": arrays.gini_influence(value, n), "top_share": arrays.top_influence(value, n, top)}
    plain = {"gini": curve.gini(), "top_share": curve.top_share(top)}
    notes = {"gini": (DRAWN,), "top_share": (DRAWN, FRACTION)}
    largest = min(LARGEST, curve.n_active)
    held = float(arrays.top_share(value, n, largest / n.sum()))
    few = (Note(FEW_HOLD.message, {"n": largest, "share": held}),) if held > MUCH else ()
    found = {}
    for name in plain:
        usable = drawn[name][np.isfinite(drawn[name])]
        low, high = arrays.bca_limits(usable, plain[name], influence[name], n, conf_level)
        found[name] = Estimate(
            estimate=plain[name],
            std_error=arrays.linearised_error(influence[name], n),
            conf_low=low,
            conf_high=high,
            conf_level=conf_level,
            n=curve.n_accounts,
            method="bootstrap over accounts, BCa",
            notes=notes[name] + few,
        )
    return Concentration(
        curve=curve,
        gini=found["gini"],
        top=top,
        top_share=found["top_share"],
        bootstrap_error={name: float(np.nanstd(values, ddof=1)) for name, values in drawn.items()},
        replicates=replicates,
        seed=seed,
    )


def never_posted(sent: Iterable[Any], *, silent: int = 0, conf_level: float = 0.95) -> Estimate:
    """
    Estimate the share of accounts that never wrote.

    Parameters
    ----------
    sent : iterable of int
        Messages of each account known.
    silent : int
        Further accounts known to exist, without a message.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Of all accounts known; the interval is Wilson's.

    Raises
    ------
    EstimateError
        If no account is known.

    Examples
    --------
    >>> never_posted([3, 0, 1, 0], silent=4).summary()
    '75.0% [40.9%, 92.9%], n = 8'
    """
    counts = np.asarray(sent)
    n = len(counts) + silent
    if n == 0:
        raise EstimateError.at("never_posted", "no account is known", "Give at least one")
    share = (int((counts == 0).sum()) + silent) / n
    low, high = wilson_interval(share, n, conf_level)
    return Estimate(
        estimate=share,
        std_error=float(np.sqrt(share * (1 - share) / n)),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n=n,
        method="Wilson",
    )


def _check_top(top: float) -> None:
    if not 0 < top < 1:
        raise SpecError.at("top", f"got {top}, expected a share between 0 and 1", "Give one such as 0.2")
