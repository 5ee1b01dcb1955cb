"""Agreement between those who code the same messages: kappa and alpha, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from surveys.coding._agreement import Level, alpha
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, did_you_mean
from surveys.core.results import Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ratings = pd.DataFrame | Sequence[Sequence[Hashable]] | NDArray[np.generic]

ALL_ALIKE = "all messages were given the same category: agreement beyond chance cannot be told"
LEFT_OUT = Note("messages left out because fewer than two coders coded them: {n}")
INCOMPLETE = Note("messages left out because some coder did not code them: {n}")
EMPTY_RESAMPLES = Note("resamples without agreement to tell, all of one category, left out of the interval: {n}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """
    A coefficient of agreement: 1 where coders always agree, 0 where they agree as by chance.

    Attributes
    ----------
    coefficient : str
        Its name.
    estimate, std_error : float
        The coefficient, and its standard error.
    conf_low, conf_high : float
        Ends of the interval.
    conf_level : float
        Between 0 and 1.
    n_units, n_coders : int
        Messages that count, and coders.
    method : str
        Where the interval comes from.
    notes : tuple of Note
        What was left out.
    """

    coefficient: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    conf_level: float
    n_units: int
    n_coders: int
    method: str
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give one row: coefficient, estimate, std_error, conf_low, conf_high, n_units, n_coders, method."""
        names = ("coefficient", "estimate", "std_error", "conf_low", "conf_high", "n_units", "n_coders", "method")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})

    def summary(self) -> str:
        """Say the coefficient, its interval and its base in one line of English."""
        return (
            f"{self.coefficient} {self.estimate:.3f} [{self.conf_low:.3f}, {self.conf_high:.3f}], "
            f"{self.n_units:,} messages, {self.n_coders} coders"
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw the coefficient as a point on its interval."""
        ax.hlines(0.0, self.conf_low, self.conf_high)
        ax.plot([self.estimate], [0.0], "o")
        return ax


def cohen_kappa(
    first: Sequence[Hashable] | NDArray[np.generic],
    second: Sequence[Hashable] | NDArray[np.generic],
    *,
    weights: Literal["none", "linear", "quadratic"] = "none",
    conf_level: float = 0.95,
) -> Agreement:
    """
    Estimate Cohen's kappa: how far two coders agree beyond chance.

    Parameters
    ----------
    first, second : sequence, shape (n,)
        Category that each coder gave each message; messages that one of them left blank do not count.
    weights : {"none", "linear", "quadratic"}
        What a disagreement between ordered categories costs: always the same, their distance, or its
        square. Categories are taken in their sorted order.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Agreement
        With the asymptotic interval of Fleiss, Cohen and Everitt [1]_.

    Raises
    ------
    SpecError
        If the coders did not code the same number of messages.
    EstimateError
        If all messages were given the same category by both.

    References
    ----------
    .. [1] J. L. Fleiss, J. Cohen and B. S. Everitt (1969), "Large sample standard errors of kappa and
       weighted kappa", *Psychological Bulletin* 72, 323-327.

    Examples
    --------
    >>> first = ["yes"] * 25 + ["no"] * 25
    >>> second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    >>> cohen_kappa(first, second).summary()
    "Cohen's kappa 0.400 [0.151, 0.649], 50 messages, 2 coders"
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    if len(first) != len(second):
        mend = "Give both codings of each message"
        raise SpecError.at("second", f"got {len(second)} messages, expected {len(first)} as in first", mend)
    counted, values, left_out = _count(pd.DataFrame({"first": list(first), "second": list(second)}), coders_needed=2)
    pairs = pd.DataFrame({"first": list(first), "second": list(second)}).dropna()
    one, other = (pd.Categorical(pairs[name], categories=values).codes for name in ("first", "second"))
    table = np.zeros((len(values), len(values)))
    np.add.at(table, (one, other), 1.0)
    if len(values) < 2:
        raise EstimateError.at("agreement", ALL_ALIKE, "Code a sample with several categories")
    found = cohens_kappa(table, wt=None if weights == "none" else weights)
    error = float(found.std_kappa)
    half = float(special.ndtri(0.5 + conf_level / 2)) * error
    name = "Cohen's kappa" if weights == "none" else f"Cohen's kappa, {weights} weights"
    return Agreement(
        coefficient=name,
        estimate=float(found.kappa),
        std_error=error,
        conf_low=float(found.kappa) - half,
        conf_high=min(float(found.kappa) + half, 1.0),
        conf_level=conf_level,
        n_units=len(counted),
        n_coders=2,
        method="asymptotic",
        notes=_left_out(INCOMPLETE, left_out),
    )


def fleiss_kappa(ratings: Ratings, *, conf_level: float = 0.95, n_resamples: int = 1000, seed: int = 2009) -> Agreement:
    """
    Estimate Fleiss' kappa: how far several coders agree beyond chance.

    Parameters
    ----------
    ratings : DataFrame or array_like, shape (n_units, n_coders)
        Category that each coder gave each message; a message that some coder left blank does not count.
    conf_level : float
        Between 0 and 1.
    n_resamples : int
        Samples of messages drawn with replacement for the interval.
    seed : int
        Of their drawing; the same seed gives the same interval.

    Returns
    -------
    Agreement

    Raises
    ------
    SpecError
        If fewer than two coders, or no message, are left.
    EstimateError
        If all messages were given the same category by all.

    References
    ----------
    .. [1] J. L. Fleiss (1971), "Measuring nominal scale agreement among many raters", *Psychological
       Bulletin* 76, 378-382.

    Examples
    --------
    >>> fleiss_kappa([["a", "a", "a"], ["a", "b", "b"], ["b", "b", "b"], ["a", "a", "b"]] * 10).summary()
    "Fleiss' kappa 0.333 [0.113, 0.533], 40 messages, 3 coders"
    """
    table = _as_table(ratings)
    units, _, left_out = _count(table, coders_needed=table.shape[1])
    found = _resampled(units, _fleiss, conf_level, n_resamples, seed)
    return _agreement("Fleiss' kappa", found, len(units), table.shape[1], conf_level, _left_out(INCOMPLETE, left_out))


def krippendorff_alpha(
    ratings: Ratings,
    *,
    level: Level = "nominal",
    conf_level: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 2009,
) -> Agreement:
    r"""
    Estimate Krippendorff's alpha: how far coders agree beyond chance, whoever coded what.

    Parameters
    ----------
    ratings : DataFrame or array_like, shape (n_units, n_coders)
        Value that each coder gave each message; blank where a coder did not code it.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences between values mean; values have to be numbers unless they are names.
    conf_level, n_resamples, seed
        As for `fleiss_kappa`.

    Returns
    -------
    Agreement

    Raises
    ------
    SpecError
        If the level is not known, values are not numbers where they have to be, or no message was
        coded twice.
    EstimateError
        If all messages were given the same value by all.

    Notes
    -----
    :math:`\alpha = 1 - D_o/D_e`: disagreement observed over that expected by chance, from the matrix of
    coincidences [1]_. The interval is that of messages drawn with replacement, so that it covers the
    drawing of messages, not that of coders.

    References
    ----------
    .. [1] K. Krippendorff (2011), *Computing Krippendorff's Alpha-Reliability*, University of Pennsylvania.

    Examples
    --------
    >>> found = krippendorff_alpha([[1, 1, 1], [2, 2, None], [3, 3, 2], [1, 1, 2]] * 10, level="ordinal")
    >>> round(found.estimate, 3), found.n_units
    (0.693, 40)
    """
    if level not in get_args(Level):
        known = get_args(Level)
        mend = did_you_mean(level, known, f"Known: {', '.join(known)}")
        raise SpecError.at(f"level '{level}'", "not a level of measurement", mend)
    table = _as_table(ratings)
    units, values, left_out = _count(table, coders_needed=2)
    numbers = np.arange(len(values), dtype=float)
    if level != "nominal":
        try:
            numbers = np.array([float(str(value)) for value in values])
        except ValueError:
            raise SpecError.at("ratings", f"level '{level}' needs numbers", "Give numbers, or use 'nominal'") from None

    def coefficient(drawn: NDArray[np.intp]) -> float:
        return alpha(drawn, numbers, level)

    found = _resampled(units, coefficient, conf_level, n_resamples, seed)
    name = f"Krippendorff's alpha, {level}"
    return _agreement(name, found, len(units), table.shape[1], conf_level, _left_out(LEFT_OUT, left_out))


def _as_table(ratings: Ratings) -> pd.DataFrame:
    table = pd.DataFrame(ratings)
    if table.shape[1] < 2:
        raise SpecError.at("ratings", f"got {table.shape[1]} coder, expected two or more", "Give a column for each")
    return table


def _count(table: pd.DataFrame, coders_needed: int) -> tuple[NDArray[np.intp], list[Hashable], int]:
    """Count the codings of each value in each unit that enough coders coded; give the values, and who is left out."""
    coded = table.notna().sum(axis=1).to_numpy()
    kept = table[coded >= coders_needed]
    if kept.empty:
        raise SpecError.at("ratings", "no message was coded by enough coders", "Give the codings of each coder")
    stacked = kept.to_numpy(object)
    given = {value for row in stacked for value in row if not pd.isna(value)}
    values = sorted(given, key=lambda value: (isinstance(value, str), value))
    units = np.column_stack([(stacked == value).sum(axis=1) for value in values]).astype(np.intp)
    return units, values, int((coded < coders_needed).sum())


def _fleiss(units: NDArray[np.intp]) -> float:
    from statsmodels.stats.inter_rater import fleiss_kappa as kappa

    return float(kappa(units)) if (units.sum(axis=0) > 0).sum() > 1 else float("nan")


def _resampled(
    units: NDArray[np.intp], coefficient: Callable[[NDArray[np.intp]], float], conf_level: float, n: int, seed: int
) -> tuple[float, Floats]:
    estimate = coefficient(units)
    if np.isnan(estimate):
        raise EstimateError.at("agreement", ALL_ALIKE, "Code a sample with several categories")
    rng = np.random.default_rng(seed)
    drawn = [coefficient(units[rng.integers(0, len(units), len(units))]) for _ in range(n)]
    return estimate, np.array(drawn)


def _agreement(
    name: str, found: tuple[float, Floats], n_units: int, n_coders: int, conf_level: float, notes: tuple[Note, ...]
) -> Agreement:
    estimate, drawn = found
    told = drawn[~np.isnan(drawn)]
    if len(told) < len(drawn):
        notes += (Note(EMPTY_RESAMPLES.message, {"n": len(drawn) - len(told)}),)
    low, high = np.quantile(told, [0.5 - conf_level / 2, 0.5 + conf_level / 2]) if len(told) else (np.nan, np.nan)
    return Agreement(
        coefficient=name,
        estimate=estimate,
        std_error=float(told.std(ddof=1)) if len(told) > 1 else float("nan"),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=conf_level,
        n_units=n_units,
        n_coders=n_coders,
        method=f"bootstrap of messages, {len(drawn)} samples",
        notes=notes,
    )


def _left_out(note: Note, n: int) -> tuple[Note, ...]:
    return (Note(note.message, {"n": n}),) if n else ()
