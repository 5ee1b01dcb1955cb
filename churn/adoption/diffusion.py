"""How a service spreads: logistic and Bass curves through shares measured at a few times, with honest bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import special

from churn.adoption.diffusion_curves import (
    CEILING_LIMIT,
    PARAMETERS,
    DiffusionModel,
    Observations,
    curve,
    fit,
    fit_many,
    information,
    jacobian,
    log_likelihood,
    pearson,
    sampling_variance,
    starts_of,
)
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENOUGH_POINTS = 10
GRID, REFINEMENTS = 24, 2
"""Ceilings tried at once for their profile likelihood, and how often closer together."""
SURE = 2.0
"""Difference of AICc up to which two models cannot be told apart."""
SMALLEST_VARIANCE = 0.01
"""Of a share beside the largest of the series, so that one of nobody does not outweigh the others."""
UnknownSizes = Literal["smallest", "left out"]

FEW_POINTS = Note("only {points} points for {parameters} parameters: the bands rest on the model more than on the data")
OPEN_CEILING = Note("the ceiling is not identified: the data allow anything from {low} up to everybody")
AT_LIMIT = Note("the most likely ceiling is everybody; the other parameters are given for that ceiling")
OUTSIDE = Note("the inflection lies after the last point: the ceiling is an extrapolation of the model")
BEFORE = Note("the inflection lies before the first point")
SCATTER = Note(
    "points scatter {ratio} times as widely as sampling and rounding allow; intervals are widened accordingly"
)
WITHOUT_SIZE = Note(
    "points without a published number of respondents, {points} of {all}, count as the smallest one, {n}"
)
LEFT_OUT = Note("{points} of {all} points have no published number of respondents and are left out")
FALLEN = Note(
    "the last share is {points} points below the highest, more than both errors allow: a curve that only rises does "
    "not describe the end of the series"
)
FALLING = Note("the series does not rise, from {first} to {last}: no curve of diffusion is fitted to it")
GIVEN_CEILING = Note("the ceiling is given, not estimated")
NO_INFLECTION = Note("imitation is weaker than innovation: growth is fastest at the launch and there is no inflection")
TOO_FEW = Note("too few points for the number of parameters to compare the models")
UNDECIDED = Note("the data cannot tell the models apart: AICc differs by {difference}")
DECIDED = Note("AICc prefers the best model to the next by {difference}")


class NotRisingError(EstimateError):
    """Shares that do not rise with time, to which no curve of diffusion can be fitted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiffusionResult:
    """
    A curve of diffusion, fitted.

    Attributes
    ----------
    model : {'logistic', 'bass'}
        Which curve.
    times : ndarray of float, shape (n_points,)
        When each share was measured, in years, rising.
    shares : ndarray of float, shape (n_points,)
        Shares measured, between 0 and 1.
    launch : float
        Year from which Bass' curve starts; 0 for a logistic one.
    fixed_ceiling : float or None
        Share that the curve approaches where it was given; None where it is estimated.
    theta, covariance : ndarray of float, shapes (k,) and (k, k)
        Parameters on the scale of the search, the ceiling as a logit last; covariance widened by `dispersion`.
    deviance, log_likelihood : float
        At the maximum.
    dispersion : float
        Squared residuals for each degree of freedom, in units of sampling and rounding; 1 is no more than that.
    degrees_of_freedom : int
        Points less parameters.
    ceiling : Estimate
        Share that the curve approaches, with its interval by profile likelihood.
    conf_level : float
        Between 0 and 1.
    notes : tuple of Note
        Caveats.
    """

    model: DiffusionModel
    times: Floats
    shares: Floats
    launch: float
    fixed_ceiling: float | None
    theta: Floats
    covariance: Floats = field(repr=False)
    seen: Observations = field(repr=False)
    deviance: float
    log_likelihood: float
    dispersion: float
    degrees_of_freedom: int
    ceiling: Estimate
    conf_level: float = 0.95
    notes: tuple[Note, ...] = ()

    @property
    def n_parameters(self) -> int:
        """Parameters estimated."""
        return len(self.theta)

    @property
    def ceiling_is_known(self) -> bool:
        """Whether the ceiling was estimated and the data bound it from above."""
        return self.fixed_ceiling is None and self.ceiling.conf_high < 1 and not self._outside

    @property
    def _outside(self) -> bool:
        found = self._inflection_year()
        return found is not None and found > float(self.times[-1])

    def parameter(self, name: str) -> Estimate | Unavailable:
        """
        Give a parameter.

        Parameters
        ----------
        name : str
            `growth` (a year, of the odds of the ceiling) and `midpoint` (a year) of a logistic curve;
            `innovation` and `imitation` (a year) of Bass' curve; `ceiling` of either.

        Returns
        -------
        Estimate or Unavailable
            Rates with intervals symmetric for their logarithms. Unavailable where the model lacks it.
        """
        if name == "ceiling":
            return self.ceiling
        if name not in PARAMETERS[self.model]:
            return Unavailable(Note("the {model} curve has no {name}", {"model": self.model, "name": name}))
        at = PARAMETERS[self.model].index(name)
        error = math.sqrt(max(float(self.covariance[at, at]), 0.0))
        if name == "midpoint":
            year = float(self.theta[at]) + self.launch
            return self._estimate(year, error, year - self._quantile * error, year + self._quantile * error, "year")
        value, factor = float(np.exp(self.theta[at])), math.exp(min(self._quantile * error, 700.0))
        return self._estimate(value, value * error, value / factor, value * factor, "ratio")

    @property
    def inflection(self) -> Estimate | Unavailable:
        """
        When growth is fastest: half-way for a logistic curve, `ln(q / p) / (p + q)` after the launch for Bass'.

        Returns
        -------
        Estimate or Unavailable
            A year; Unavailable where imitation is weaker than innovation.
        """
        found = self._inflection_year()
        if found is None:
            return Unavailable(NO_INFLECTION)
        slopes = jacobian(lambda theta: np.array([_inflection(self.model, theta)]), self.theta)[0]
        error = math.sqrt(max(float(slopes @ self.covariance @ slopes), 0.0))
        return self._estimate(found, error, found - self._quantile * error, found + self._quantile * error, "year")

    def _inflection_year(self) -> float | None:
        found = _inflection(self.model, self.theta)
        return None if not math.isfinite(found) else found + self.launch

    def curve(self, times: Sequence[float] | Floats) -> pd.DataFrame:
        """
        Give the share that the curve reaches, with a band by the delta method.

        Parameters
        ----------
        times : array_like of float
            In years.

        Returns
        -------
        DataFrame
            `time`, `share`, `std_error`, `conf_low`, `conf_high`, symmetric for the logit of the share, and
            `extrapolated`: before the first point or after the last.
        """
        when = np.asarray(times, float)
        share = self._shares(self.theta, when)
        slopes = jacobian(lambda theta: self._shares(theta, when), self.theta)
        error = np.sqrt(np.maximum(np.einsum("ti,ij,tj->t", slopes, self.covariance, slopes), 0.0))
        inside = (share > 1e-12) & (share < 1 - 1e-12)
        spread = np.where(inside, share * (1 - share), 1.0)
        half = np.minimum(self._quantile * error / spread, 700.0)
        logit = special.logit(np.where(inside, share, 0.5))
        return pd.DataFrame(
            {
                "time": when,
                "share": share,
                "std_error": error,
                "conf_low": np.where(inside, special.expit(logit - half), share),
                "conf_high": np.where(inside, special.expit(logit + half), share),
                "extrapolated": (when < self.times[0]) | (when > self.times[-1]),
            }
        )

    def bootstrap(
        self, times: Sequence[float] | Floats, *, replicates: int = 200, seed: int = 20090921
    ) -> pd.DataFrame:
        """
        Give the band of the curve by parametric bootstrap.

        Points are drawn anew from the fitted curve, as widely scattered as they were found to be, and the
        curve is fitted to each set.

        Parameters
        ----------
        times : array_like of float
            In years.
        replicates : int
            Sets drawn.
        seed : int
            Of the draws.

        Returns
        -------
        DataFrame
            `time`, `share`, `conf_low`, `conf_high` (percentiles), `extrapolated`.
        """
        when = np.asarray(times, float)
        rng = np.random.default_rng(seed)
        mean = np.clip(curve(self.model, self.theta, self.seen.times, self.fixed_ceiling), 0.0, 1.0)
        starts = np.tile(self.theta, (replicates, 1))
        thetas, _ = fit_many(self.model, self._redrawn(mean, rng, replicates), self.fixed_ceiling, starts)
        tail = 0.5 - self.conf_level / 2
        low, high = np.quantile(self._shares(thetas, when), [tail, 1 - tail], axis=0)
        band = self.curve(when)[["time", "share", "extrapolated"]]
        return band.assign(conf_low=low, conf_high=high)[["time", "share", "conf_low", "conf_high", "extrapolated"]]

    def _redrawn(self, mean: Floats, rng: np.random.Generator, replicates: int) -> Observations:
        wider, shape = max(self.dispersion, 1.0), (replicates, len(mean))
        if self.seen.errors is not None:
            return self.seen._replace(shares=rng.normal(mean, self.seen.errors * math.sqrt(wider), shape))
        assert self.seen.sizes is not None
        sizes = np.maximum(np.rint(self.seen.sizes / wider), 1).astype(int)
        return self.seen._replace(shares=rng.binomial(sizes, mean, shape) / sizes)

    def _shares(self, theta: Floats, when: Floats) -> Floats:
        return np.asarray(curve(self.model, theta, when - self.launch, self.fixed_ceiling), float)

    @property
    def _quantile(self) -> float:
        return _quantile(self.conf_level, self.dispersion, self.degrees_of_freedom)

    def _estimate(self, value: float, error: float, low: float, high: float, unit: str) -> Estimate:
        return Estimate(
            estimate=value,
            std_error=error,
            conf_low=low,
            conf_high=high,
            conf_level=self.conf_level,
            n=len(self.times),
            unit=unit,
            method="maximum likelihood, delta method",
        )

    def residuals(self) -> pd.DataFrame:
        """
        Give one row per point.

        Returns
        -------
        DataFrame
            `time`, `share`, `fitted`, `residual` in units of the sampling and rounding error.
        """
        fitted = curve(self.model, self.theta, self.seen.times, self.fixed_ceiling)
        scaled = (self.seen.shares - fitted) / np.sqrt(sampling_variance(self.seen, fitted))
        return pd.DataFrame({"time": self.times, "share": self.shares, "fitted": fitted, "residual": scaled})

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per parameter.

        Returns
        -------
        DataFrame
            `parameter`, `estimate`, `std_error`, `conf_low`, `conf_high`, `unit`.
        """
        told = {name: self.parameter(name) for name in (*PARAMETERS[self.model], "ceiling")}
        return pd.DataFrame(
            [
                {
                    "parameter": name,
                    "estimate": found.estimate,
                    "std_error": found.std_error,
                    "conf_low": found.conf_low,
                    "conf_high": found.conf_high,
                    "unit": found.unit,
                }
                for name, found in told.items()
                if isinstance(found, Estimate)
            ]
        )

    def summary(self) -> str:
        """Say model, ceiling and scatter in one line of English."""
        return (
            f"{self.model}, {len(self.times)} points: ceiling {say_share(self.ceiling.estimate)} "
            f"[{say_share(self.ceiling.conf_low)}, {say_share(self.ceiling.conf_high)}], "
            f"dispersion {self.dispersion:.1f}"
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw the curve within the data, with its band."""
        rows = self.curve(np.linspace(self.times[0], self.times[-1], 200))
        (line,) = ax.plot(rows["time"], rows["share"])
        ax.fill_between(rows["time"], rows["conf_low"], rows["conf_high"], alpha=0.2, color=line.get_color())
        return ax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiffusionComparison:
    """
    Curves fitted to the same points, compared.

    Attributes
    ----------
    table : DataFrame
        `name`, `n_parameters`, `deviance`, `aicc`, `difference` from the best, `weight`; best first.
    verdict : Note
        Whether the data tell the models apart.
    dispersion : float
        Scatter by which deviances are divided, that of the closest curve; 1 at least.
    """

    table: pd.DataFrame
    verdict: Note
    dispersion: float

    @property
    def best(self) -> str:
        """Name of the model with the smallest AICc."""
        return str(self.table["name"].iloc[0])

    @property
    def decided(self) -> bool:
        """Whether the next model is clearly worse."""
        return self.verdict.message == DECIDED.message


def fit_diffusion(
    times: Sequence[float] | Floats,
    shares: Sequence[float] | Floats,
    *,
    n: Sequence[float] | Floats | None = None,
    std_errors: Sequence[float] | Floats | None = None,
    half_unit: float = 0.0,
    model: DiffusionModel = "logistic",
    ceiling: float | None = None,
    launch: float | None = None,
    unknown_sizes: UnknownSizes = "smallest",
    conf_level: float = 0.95,
) -> DiffusionResult:
    r"""
    Fit a curve of diffusion to shares measured at a few times.

    Parameters
    ----------
    times : array_like of float, shape (n_points,)
        When each share was measured, in years.
    shares : array_like of float, shape (n_points,)
        Between 0 and 1.
    n : array_like of float, shape (n_points,), optional
        Respondents behind each share, NaN where not published: shares are then binomial.
    std_errors : array_like of float, shape (n_points,), optional
        Standard errors of the shares, instead of `n`: shares are then normal.
    half_unit : float
        Half of the last printed digit of the shares, such as 0.005 for whole percents: a share printed may
        lie anywhere within it.
    model : {'logistic', 'bass'}
        :math:`c / (1 + e^{-r(t - m)})` [1]_, or
        :math:`c (1 - e^{-(p+q)(t-t_0)}) / (1 + (q/p) e^{-(p+q)(t-t_0)})` [2]_.
    ceiling : float, optional
        Share `c` that the curve approaches, between 0 and 1; estimated without it.
    launch : float, optional
        Year :math:`t_0` in which the service opened; Bass' curve needs it.
    unknown_sizes : {'smallest', 'left out'}
        Whether a point without `n` counts as the smallest known one, or not at all.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DiffusionResult

    Raises
    ------
    SpecError
        If the arrays differ in length, hold a value that is not a share, or an option is impossible.
    NotRisingError
        If the shares do not rise: the slope of a line through them, each weighed by its error, is not above zero by
        a one-sided test at 5 %.
    EstimateError
        If there are no more points than parameters, or the likelihood has no maximum.

    Notes
    -----
    A curve of diffusion only rises, whatever its parameters; fitted to shares that fall, it would be a level line
    with a ceiling and an inflection that mean nothing. Maximum likelihood. Rounding adds :math:`h^2/3` to the
    variance of each share, by fewer respondents. Points that scatter more widely than that widen every interval by
    the square root of the dispersion, with Student's t (quasi-likelihood). The interval of the ceiling is that of
    its profile likelihood, which may be open: then the data do not say where the growth ends.

    References
    ----------
    .. [1] P.-F. Verhulst (1838), "Notice sur la loi que la population suit dans son accroissement",
       *Correspondance mathématique et physique* 10, 113-121.
    .. [2] F. M. Bass (1969), "A new product growth for model consumer durables", *Management Science* 15,
       215-227.

    Examples
    --------
    >>> years = [2008.7, 2009.4, 2009.9, 2010.7, 2011.8, 2012.8]
    >>> shares = [0.04, 0.28, 0.63, 0.80, 0.85, 0.89]
    >>> found = fit_diffusion(years, shares, n=[3046, 1015, 1002, 2015, 2080, 2005], half_unit=0.005)
    >>> round(found.inflection.estimate, 1)
    2009.6
    """
    when, reached = np.asarray(times, float), np.asarray(shares, float)
    sizes = None if n is None else np.asarray(n, float)
    errors = None if std_errors is None else np.asarray(std_errors, float)
    _check(when, reached, sizes, errors, model, ceiling, launch, conf_level)
    notes: list[Note] = []
    if sizes is not None:
        keep, sizes = _filled(sizes, unknown_sizes, notes)
        when, reached, sizes = when[keep], reached[keep], sizes[keep]
        sizes = _less_rounding(reached, sizes, half_unit)
    elif errors is not None:
        errors = np.sqrt(errors**2 + half_unit**2 / 3)
    order = np.argsort(when, kind="stable")
    when, reached = when[order], reached[order]
    start = 0.0 if launch is None or model == "logistic" else launch
    if model == "logistic":
        start = float(when.mean())
    seen = Observations(
        when - start, reached, None if sizes is None else sizes[order], None if errors is None else errors[order]
    )
    return _fitted(model, seen, when, start, ceiling, conf_level, notes)


def compare_diffusion(fits: Mapping[str, DiffusionResult]) -> DiffusionComparison:
    """
    Compare curves fitted to the same points by AICc.

    Parameters
    ----------
    fits : mapping of str to DiffusionResult
        By name; all of the same points.

    Returns
    -------
    DiffusionComparison
        Deviances are divided by the scatter of the closest curve (QAICc) [1]_.

    Raises
    ------
    SpecError
        If there are fewer than two, or they are of other points.

    References
    ----------
    .. [1] K. P. Burnham and D. R. Anderson (2002), *Model Selection and Multimodel Inference*, 2nd ed., 2.4-2.5.

    Examples
    --------
    >>> years, shares = [2008.7, 2009.4, 2009.9, 2010.7, 2011.8, 2012.8], [0.04, 0.28, 0.63, 0.80, 0.85, 0.89]
    >>> found = {str(top): fit_diffusion(years, shares, n=[1000] * 6, ceiling=top) for top in (0.9, 1.0)}
    >>> compare_diffusion(found).best
    '0.9'
    """
    if len(fits) < 2:
        raise SpecError.at("fits", f"got {len(fits)}, expected two or more", "Fit another model")
    first = next(iter(fits.values()))
    if any(not np.array_equal(first.shares, other.shares) for other in fits.values()):
        raise SpecError.at("fits", "they are of other points", "Fit each model to the same points")
    scatter = max(1.0, min(found.dispersion for found in fits.values()))
    rows = []
    for name, found in fits.items():
        k, m = found.n_parameters + (scatter > 1), len(found.times)
        penalty = 2 * k + 2 * k * (k + 1) / (m - k - 1) if m - k - 1 > 0 else math.inf
        rows.append((name, found.n_parameters, found.deviance, found.deviance / scatter + penalty))
    table = pd.DataFrame(rows, columns=["name", "n_parameters", "deviance", "aicc"])
    table = table.sort_values("aicc", kind="stable", ignore_index=True)
    known = np.isfinite(table["aicc"].to_numpy())
    table["difference"] = np.where(known, table["aicc"] - table["aicc"].min(), math.nan) if known.any() else math.nan
    weights = np.where(known, np.exp(-0.5 * table["difference"].fillna(math.inf)), 0.0)
    table["weight"] = weights / weights.sum() if weights.sum() else math.nan
    if known.sum() < 2:
        return DiffusionComparison(table=table, verdict=TOO_FEW, dispersion=scatter)
    gap = float(table["difference"].iloc[1])
    verdict = Note((UNDECIDED if gap < SURE else DECIDED).message, {"difference": Decimal(f"{gap:.1f}")})
    return DiffusionComparison(table=table, verdict=verdict, dispersion=scatter)


def _check(
    when: Floats,
    reached: Floats,
    sizes: Floats | None,
    errors: Floats | None,
    model: str,
    ceiling: float | None,
    launch: float | None,
    conf_level: float,
) -> None:
    check_choice("model", model, tuple(PARAMETERS))
    check_level(conf_level)
    if (sizes is None) == (errors is None):
        raise SpecError.at("n, std_errors", "got both or neither", "Give one of them")
    other = sizes if sizes is not None else errors
    assert other is not None
    if not when.shape == reached.shape == other.shape or when.ndim != 1:
        raise SpecError.at("times, shares", "their lengths differ", "Give one of each for every point")
    if not (np.isfinite(when).all() and ((reached >= 0) & (reached <= 1)).all()):
        raise SpecError.at("shares", "expected shares between 0 and 1 at known times", "Leave out the others")
    if (sizes is not None and (sizes <= 0).any()) or (errors is not None and not (errors > 0).all()):
        raise SpecError.at("n, std_errors", "expected numbers greater than zero", "Leave out points without any")
    if ceiling is not None and not 0 < ceiling <= 1:
        raise SpecError.at(
            "ceiling", f"got {ceiling:g}, expected a share above 0, up to 1", "Give one, or leave it out"
        )
    if model == "bass" and (launch is None or launch >= when.min()):
        got = "none" if launch is None else f"{launch:g}"
        raise SpecError.at(
            "launch", f"got {got}, expected a year before the first point", "Say when the service opened"
        )


def _filled(sizes: Floats, unknown: UnknownSizes, notes: list[Note]) -> tuple[np.ndarray, Floats]:
    check_choice("unknown_sizes", unknown, ("smallest", "left out"))
    missing = np.isnan(sizes)
    if missing.all():
        raise SpecError.at("n", "not published for any point", "Give at least one")
    if not missing.any():
        return ~missing, sizes
    counted = {"points": int(missing.sum()), "all": len(sizes)}
    if unknown == "left out":
        notes.append(Note(LEFT_OUT.message, counted))
        return ~missing, sizes
    smallest = int(np.nanmin(sizes))
    notes.append(Note(WITHOUT_SIZE.message, {**counted, "n": smallest}))
    return np.ones(len(sizes), bool), np.where(missing, smallest, sizes)


def _less_rounding(reached: Floats, sizes: Floats, half_unit: float) -> Floats:
    """Lower the number of respondents so that the binomial variance has room for rounding."""
    spread = np.clip(reached * (1 - reached), 0.5 / sizes * (1 - 0.5 / sizes), None)
    return np.asarray(spread / (spread / sizes + half_unit**2 / 3))


def _fitted(
    model: DiffusionModel,
    seen: Observations,
    when: Floats,
    start: float,
    ceiling: float | None,
    conf_level: float,
    notes: list[Note],
) -> DiffusionResult:
    k, m = 2 + (ceiling is None), len(when)
    if m <= k:
        raise EstimateError.at("fit_diffusion", f"{m} points for {k} parameters", "Give more points, or a ceiling")
    _check_rising(seen, when)
    found = fit(model, seen, ceiling)
    if found is None:
        raise EstimateError.at("fit_diffusion", "the likelihood has no maximum", "Give more points, or a ceiling")
    fitted = curve(model, found.theta, seen.times, ceiling)
    degrees = m - k
    dispersion = pearson(seen, fitted) / degrees
    at_limit = ceiling is None and found.theta[2] > CEILING_LIMIT - 1
    quantile = _quantile(conf_level, dispersion, degrees)
    top = 1.0 if at_limit else float(special.expit(found.theta[2])) if ceiling is None else ceiling
    low, high = (
        _profile(model, seen, found.theta, found.deviance, dispersion, quantile) if ceiling is None else (top, top)
    )
    covariance = _covariance(model, seen, found.theta, ceiling, at_limit) * max(dispersion, 1.0)
    result = DiffusionResult(
        model=model,
        times=when,
        shares=seen.shares,
        launch=start,
        fixed_ceiling=ceiling,
        theta=found.theta,
        covariance=covariance,
        seen=seen,
        deviance=found.deviance,
        log_likelihood=log_likelihood(seen, fitted),
        dispersion=dispersion,
        degrees_of_freedom=degrees,
        ceiling=Estimate(
            estimate=top,
            std_error=math.nan,
            conf_low=low,
            conf_high=high,
            conf_level=conf_level,
            n=m,
            method="given" if ceiling is not None else "profile likelihood",
        ),
        conf_level=conf_level,
    )
    return _noted(result, notes, at_limit)


def _check_rising(seen: Observations, when: Floats) -> None:
    """Refuse shares through which a line does not rise."""
    variance = sampling_variance(seen, seen.shares)
    weight = 1 / np.clip(variance, np.max(variance) * SMALLEST_VARIANCE, None)
    apart = when - np.average(when, weights=weight)
    spread = float(np.sum(weight * apart**2))
    slope = float(np.sum(weight * apart * seen.shares)) / spread if spread > 0 else 0.0
    if not slope * math.sqrt(spread) > special.ndtri(0.95):
        first, last = seen.shares[0], seen.shares[-1]
        what = f"do not rise, from {first:.1%} in {when[0]:.1f} to {last:.1%} in {when[-1]:.1f}"
        raise NotRisingError.at("shares", what, "Fit a curve of diffusion to a series that rises")


def _fallen(found: DiffusionResult) -> Note | None:
    """Say where the last share lies below the highest beyond the errors of both."""
    variance = sampling_variance(found.seen, found.shares)
    top = int(np.argmax(found.shares))
    gap, error = found.shares[top] - found.shares[-1], math.sqrt(variance[top] + variance[-1])
    if not gap > special.ndtri(0.5 + found.conf_level / 2) * error:
        return None
    return Note(FALLEN.message, {"points": Decimal(f"{100 * gap:.1f}")})


def _noted(found: DiffusionResult, notes: list[Note], at_limit: bool) -> DiffusionResult:
    from dataclasses import replace

    told, m = list(notes), len(found.times)
    if m < ENOUGH_POINTS:
        told.append(Note(FEW_POINTS.message, {"points": m, "parameters": found.n_parameters}))
    if found.fixed_ceiling is not None:
        told.append(GIVEN_CEILING)
    elif found.ceiling.conf_high >= 1:
        told.append(Note(OPEN_CEILING.message, {"low": found.ceiling.conf_low}))
    if at_limit:
        told.append(AT_LIMIT)
    inflection = found.inflection
    if isinstance(inflection, Unavailable):
        told.append(inflection.reason)
    elif inflection.estimate > found.times[-1]:
        told.append(OUTSIDE)
    elif inflection.estimate < found.times[0]:
        told.append(BEFORE)
    fallen = _fallen(found)
    if fallen is not None:
        told.append(fallen)
    if found.dispersion > 2:
        told.append(Note(SCATTER.message, {"ratio": Decimal(f"{math.sqrt(found.dispersion):.1f}")}))
    return replace(found, notes=tuple(told))


def _covariance(
    model: DiffusionModel, seen: Observations, theta: Floats, ceiling: float | None, at_limit: bool
) -> Floats:
    """Invert the information; where the ceiling is at its limit, that of the other parameters."""
    found = information(model, theta, seen, ceiling)
    if not at_limit:
        return np.asarray(np.linalg.pinv(found, hermitian=True, rcond=1e-13), float)
    covariance = np.zeros_like(found)
    covariance[:2, :2] = np.linalg.pinv(found[:2, :2], hermitian=True, rcond=1e-13)
    return covariance


def _profile(
    model: DiffusionModel, seen: Observations, theta: Floats, deviance: float, dispersion: float, quantile: float
) -> tuple[float, float]:
    """Find where the deviance of the best curve with a given ceiling rises too far; 0 or 1 where it never does."""
    allowed = deviance + quantile**2 * max(dispersion, 1.0)
    middle = min(float(theta[2]), CEILING_LIMIT - 1)
    ends = []
    for limit in (-CEILING_LIMIT, CEILING_LIMIT):
        logits = np.concatenate([middle + np.geomspace(1e-3, 1.0, GRID) * (limit - middle)])
        rises = _best_with(model, seen, special.expit(logits), theta) - allowed
        beyond = np.flatnonzero(rises > 0)
        if not len(beyond):
            ends.append(0.0 if limit < 0 else 1.0)
            continue
        inner, outer = (middle if beyond[0] == 0 else logits[beyond[0] - 1]), logits[beyond[0]]
        for _ in range(REFINEMENTS):
            between = np.linspace(inner, outer, GRID)
            over = np.flatnonzero(_best_with(model, seen, special.expit(between), theta) > allowed)
            at = int(over[0]) if len(over) else GRID - 1
            inner, outer = between[max(at - 1, 0)], between[at]
        ends.append(float(special.expit((inner + outer) / 2)))
    return ends[0], ends[1]


def _best_with(model: DiffusionModel, seen: Observations, ceilings: Floats, theta: Floats) -> Floats:
    """Give the least deviance under each ceiling, from where the best curve lies and from afresh."""
    own = np.stack([next(starts_of(model, seen, float(top))) for top in ceilings])
    tried = [fit_many(model, seen, ceilings, starts)[1] for starts in (np.tile(theta[:2], (len(ceilings), 1)), own)]
    return np.minimum(*tried)


def _quantile(conf_level: float, dispersion: float, degrees: int) -> float:
    """Student's where the scatter was estimated, normal where sampling and rounding account for it."""
    upper = 0.5 + conf_level / 2
    return float(special.stdtrit(degrees, upper) if dispersion > 1 else special.ndtri(upper))


def _inflection(model: DiffusionModel, theta: Floats) -> float:
    if model == "logistic":
        return float(theta[1])
    innovation, imitation = np.exp(theta[:2])
    return float((theta[1] - theta[0]) / (innovation + imitation)) if imitation > innovation else math.nan
