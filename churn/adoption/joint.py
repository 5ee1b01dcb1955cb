"""The joint funnel: hearing of a service, signing up, and staying, with one interval carried through."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from churn.adoption._joint import draw_factors
from churn.next_visit.curve import NextVisitCurve
from churn.survival.curve import SurvivalCurve
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError
from surveys.core.intervals import logit_limits
from surveys.core.results import Estimate, Note, Unavailable
from surveys.estimates.contrasts import effective_df
from surveys.funnel.funnel import Funnel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAME_CURVE = Note("staying is measured on all accounts of the log, whatever the wave")
INDEPENDENT = Note("survey and log are taken as independent samples")
ONE_PERSON = Note(
    "an account is taken for a person: whoever holds several, or left one and kept another, is not told apart"
)
EXACT = Note(
    "nobody in the sample, or everybody, takes one of the steps: the ends of its exact interval are carried through"
)
STEPS = ("aware", "signup", "stayed")
LOG = "log"
ASSUMED = (SAME_CURVE, INDEPENDENT, ONE_PERSON)
"""What joining the steps of people with the staying of all accounts of a log takes for granted."""
Staying = Literal["", "recall", "log", "printed"]
DRAWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """
    What one source leaves uncertain about the steps of a funnel.

    Attributes
    ----------
    source : str
        Name of the sample.
    sample : ndarray of float
        Numbers of the whole sample, which no other sample of that name has.
    deviations : ndarray of float, shape (m, k)
        A matrix whose cross-product is the covariance of the logarithms of the k steps.
    df : float
        Degrees of freedom; infinite where the normal distribution is used.
    """

    source: str
    sample: Floats = field(repr=False)
    deviations: Floats
    df: float = math.inf

    def shares_sample(self, other: Spread) -> bool:
        """Tell whether another comes from the same sample, so that the two are not independent."""
        return self.source == other.source and np.array_equal(self.sample, other.sample, equal_nan=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointFunnel:
    """
    Awareness, sign-up per aware person, and staying, for one platform, wave and group.

    Attributes
    ----------
    platform, wave : str
        Which service, and which round of the survey.
    group, level : str
        Which respondents; empty for everybody.
    horizon : float
        Tenure at which staying is read, in days.
    conditional : dict of str to Estimate
        `aware` of the base, `signup` of the aware, `stayed` of those who signed up; shares. Without
        `stayed` where nothing tells who stays.
    cumulative : dict of str to Estimate
        The same steps, each as a share of the base.
    factors : ndarray of float, shape (k,)
        The shares whose product is the last step: each cumulative share over the one before.
    spreads : tuple of Spread
        Independent sources of what is uncertain about them. A factor of 0 or 1 has no spread on the logarithm:
        its column is 0, and what is uncertain about it is told by its interval alone.
    population : float or None
        Size of the base, in people; a size without sampling error has no width.
    conf_level : float
        Of every interval.
    staying : {"", "recall", "log", "printed"}
        Whose staying the last step is: what people recall of their own, that of accounts in the log, or as
        somebody printed it; empty where the funnel ends with sign-up.
    notes : tuple of Note
        Assumptions and caveats.
    """

    platform: str
    wave: str
    horizon: float
    conditional: dict[str, Estimate]
    cumulative: dict[str, Estimate]
    factors: Floats = field(repr=False)
    spreads: tuple[Spread, ...] = field(repr=False)
    population: float | None = None
    group: str = ""
    level: str = ""
    conf_level: float = 0.95
    staying: Staying = ""
    notes: tuple[Note, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps, in order."""
        return tuple(self.cumulative)

    @property
    def has_edge(self) -> bool:
        """Tell whether some step is taken by nobody, or by everybody, in its sample."""
        return bool(np.isin(self.factors, (0.0, 1.0)).any())

    @property
    def covariance(self) -> Floats:
        """Covariance of the logarithms of the factors, shape (k, k); 0 for a factor of 0 or 1."""
        k = len(self.factors)
        parts = [spread.deviations.T @ spread.deviations for spread in self.spreads]
        return np.sum(parts, axis=0) if parts else np.zeros((k, k))

    def people(self, step: str) -> Estimate | Unavailable:
        """
        Give the number of people who reached a step.

        Parameters
        ----------
        step : str
            `aware`, `signup` or `stayed`.

        Returns
        -------
        Estimate or Unavailable
            In people; Unavailable where the survey names no population.
        """
        if self.population is None:
            return Unavailable(Note("the survey names no population"))
        share, size = self.cumulative[step], self.population
        return replace(
            share,
            estimate=share.estimate * size,
            std_error=share.std_error * size,
            conf_low=share.conf_low * size,
            conf_high=share.conf_high * size,
            unit="people",
        )

    def bootstrap(self, *, size: int = DRAWS, seed: int = 1) -> dict[str, Estimate]:
        """
        Carry the uncertainty by drawing instead of by linearisation.

        Parameters
        ----------
        size : int
            Number of draws.
        seed : int
            Of the draws; the same seed gives the same intervals.

        Returns
        -------
        dict of str to Estimate
            Each cumulative step with the percentiles of its draws: the factors are drawn on the logit
            with the covariance of the survey and of the log, and multiplied. From a step on that nobody or
            everybody takes, nothing can be drawn and the steps are those of `cumulative`; so are all where the
            design leaves no degree of freedom.

        Raises
        ------
        SpecError
            If `size` is less than 100.
        """
        if size < 100:
            raise SpecError.at("bootstrap, size", f"got {size}, expected 100 or more", "Draw more")
        if any(spread.df < 1 for spread in self.spreads):
            return dict(self.cumulative)
        drawn = draw_factors(
            self.factors,
            [(spread.deviations, spread.df) for spread in self.spreads],
            size=size,
            rng=np.random.default_rng(seed),
        )
        products = np.cumprod(drawn, axis=1)
        tail = (1 - self.conf_level) / 2
        ends = np.quantile(products, [tail, 1 - tail], axis=0)
        edge = np.logical_or.accumulate(np.isin(self.factors, (0.0, 1.0)))
        return {
            step: self.cumulative[step]
            if exact
            else replace(
                self.cumulative[step],
                estimate=float(share),
                std_error=float(error),
                conf_low=float(low),
                conf_high=float(high),
                method="parametric bootstrap, percentiles",
            )
            for step, exact, share, error, low, high in zip(
                self.steps, edge, np.cumprod(self.factors), products.std(axis=0, ddof=1), *ends, strict=True
            )
        }

    def to_frame(self) -> pd.DataFrame:
        """
        Give one row per step and measure.

        Returns
        -------
        DataFrame
            Columns step, measure (`conditional`, `cumulative`, `bootstrap`), estimate, std_error, conf_low,
            conf_high, n, method.
        """
        tables = (
            ("conditional", self.conditional),
            ("cumulative", self.cumulative),
            ("bootstrap", self.bootstrap()),
        )
        rows = [
            {"step": step, "measure": measure, **_columns(estimate)}
            for measure, steps in tables
            for step, estimate in steps.items()
        ]
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Say the last step in one line of English."""
        last = self.cumulative[self.steps[-1]].summary()
        told = f"still there after {self.horizon:g} days" if "stayed" in self.steps else "signed up"
        return f"{self.platform}, {self.wave}: {told}, {last}"

    def plot(self, ax: Axes) -> Axes:
        """Draw each step as a share of the base, on its interval, the first at the top."""
        height = -np.arange(len(self.steps), dtype=float)
        shares = list(self.cumulative.values())
        ax.hlines(height, [share.conf_low for share in shares], [share.conf_high for share in shares])
        ax.plot([share.estimate for share in shares], height, "o")
        return ax


def join_funnel(
    funnel: Funnel,
    curve: SurvivalCurve | NextVisitCurve,
    *,
    platform: str,
    wave: str,
    group: str = "",
    level: str = "",
    horizon: float = 30.0,
) -> JointFunnel:
    r"""
    Join what people say with what accounts do.

    Parameters
    ----------
    funnel : Funnel
        Awareness and sign-up, from surveys.
    curve : SurvivalCurve or NextVisitCurve
        Share of accounts retained by tenure, from the log of the same platform.
    platform, wave : str
        Which part of the funnel to join.
    group, level : str
        Which respondents; everybody without them.
    horizon : float
        Tenure at which staying is read, in days; greater than zero.

    Returns
    -------
    JointFunnel
        Shares of each step and their product, each with an interval at the funnel's level.

    Raises
    ------
    SpecError
        If the funnel has no such part, lacks a step, or the curve ends before the horizon.

    Notes
    -----
    Sign-up as a share of the base already is one estimate, so that only its product with staying is to
    be found: by linearisation on the logarithm, :math:`var(\log pS) = var(p)/p^2 + var(S)/S^2`, the two
    sources being independent. The interval is taken on the logit of the product with the degrees of
    freedom of Welch and Satterthwaite [1]_, so that it stays between 0 and 1. `JointFunnel.bootstrap`
    carries the same uncertainty by drawing.

    References
    ----------
    .. [1] F. E. Satterthwaite (1946), "An approximate distribution of estimates of variance
       components", *Biometrics Bulletin* 2, 110-114.

    Examples
    --------
    >>> from churn.survival.kaplan_meier import kaplan_meier
    >>> from churn.tenures.tenures import read_tenures
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> study = open_example("twitter_france")
    >>> joint = join_funnel(
    ...     estimate_funnel(study), kaplan_meier(read_tenures(study)), platform="twitter", wave="2012-10")
    >>> list(joint.conditional)
    ['aware', 'signup', 'stayed']
    """
    stayed = curve.at(horizon)
    if isinstance(stayed, Unavailable):
        raise SpecError.at("horizon", str(stayed), "Choose a shorter horizon")
    return join_steps(funnel, stayed, platform=platform, wave=wave, group=group, level=level, horizon=horizon)


def join_steps(
    funnel: Funnel,
    stayed: Estimate | None,
    *,
    platform: str,
    wave: str,
    group: str = "",
    level: str = "",
    horizon: float = 30.0,
    source: str = LOG,
    staying: Staying = "log",
    notes: Sequence[Note] = ASSUMED,
) -> JointFunnel:
    """
    Join awareness and sign-up of a survey with a share that stays, from wherever it comes.

    Parameters
    ----------
    funnel : Funnel
        Awareness and sign-up, from surveys.
    stayed : Estimate or None
        Share of those who signed up that stayed: of a log, or recalled by another sample. Without it the
        funnel ends with sign-up.
    platform, wave, group, level : str
        Which part of the funnel to join.
    horizon : float
        Tenure that `stayed` is of, in days.
    source : str
        Name of the sample that `stayed` is from.
    staying : {"recall", "log", "printed"}
        Whose staying it is.
    notes : sequence of Note
        What joining the two assumes.

    Returns
    -------
    JointFunnel

    Raises
    ------
    SpecError
        As `join_funnel`; or if nobody has heard of the service.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> from surveys.funnel.funnel import estimate_funnel
    >>> stay = Estimate(estimate=0.42, std_error=0.006, conf_low=0.408, conf_high=0.432, n=8000, method="log-log")
    >>> young = join_steps(estimate_funnel(open_example("twitter_france")), stay, platform="twitter", wave="2012-10",
    ...                    group="age", level="18-24")
    >>> young.steps, young.level
    (('aware', 'signup', 'stayed'), '18-24')
    """
    where = {"group": group, "level": level}
    for step, measure in (("aware", "cumulative"), ("signup", "cumulative"), ("signup", "conversion")):
        _check_asked(funnel, platform, wave, step, measure, group, level)
    aware, signup = (funnel.at(wave, platform, step, **where) for step in ("aware", "signup"))
    estimates = funnel.estimates[wave]
    wanted = [(platform, group, level, step, "cumulative") for step in ("aware", "signup")]
    places = estimates.index.get_indexer(pd.Index(wanted))
    df = float(estimates.df[places[1]])
    _check_heard(aware)
    each = np.array([aware.estimate, signup.estimate])
    inside = (each > 0) & (each < 1)
    relative = np.where(inside, estimates.deviations[:, places], 0.0) / np.where(inside, each, 1.0)
    relative[:, 1] = np.where(inside[1], relative[:, 1], relative[:, 0])
    steps = np.column_stack([relative[:, 0], relative[:, 1] - relative[:, 0]])
    conversion = funnel.at(wave, platform, "signup", "conversion", **where)
    heard = JointFunnel(
        platform=platform,
        wave=wave,
        group=group,
        level=level,
        horizon=horizon,
        conditional={"aware": aware, "signup": conversion},
        cumulative={"aware": aware, "signup": signup},
        factors=np.array([aware.estimate, signup.estimate / aware.estimate]),
        spreads=(Spread(source=f"survey {wave}", sample=estimates.deviations, deviations=steps, df=df),),
        population=_population(funnel, platform, wave, group, level),
        conf_level=funnel.conf_level,
        notes=() if 0 < signup.estimate < 1 else (EXACT,),
    )
    if stayed is None:
        return heard
    return add_staying(heard, stayed, source=source, staying=staying, notes=notes)


def add_staying(
    funnel: JointFunnel,
    stayed: Estimate,
    *,
    source: str = LOG,
    staying: Staying = "log",
    notes: Sequence[Note] = (INDEPENDENT, ONE_PERSON),
) -> JointFunnel:
    """
    Add the last step to a funnel that ends with sign-up.

    Parameters
    ----------
    funnel : JointFunnel
        Of two steps.
    stayed : Estimate
        Share of those who signed up that stayed, independent of the funnel.
    source : str
        Name of the sample that `stayed` is from.
    staying : {"recall", "log", "printed"}
        Whose staying it is.
    notes : sequence of Note
        What joining the two assumes.

    Returns
    -------
    JointFunnel

    Raises
    ------
    SpecError
        If the share that stays is not between 0 and 1, or has no interval where it is 0 or 1.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> joint = example_results().joint[-1]
    >>> joint.steps[-1]
    'stayed'
    """
    spreads = [
        replace(spread, deviations=np.column_stack([spread.deviations, np.zeros(len(spread.deviations))]))
        for spread in funnel.spreads
    ]
    sure = not 0 < stayed.estimate < 1
    error = np.array([[0.0, 0.0, 0.0 if sure else stayed.std_error / stayed.estimate]])
    known = np.array([stayed.estimate, stayed.std_error, np.nan if stayed.n is None else stayed.n])
    signup = funnel.cumulative["signup"]
    return replace(
        funnel,
        conditional={**funnel.conditional, "stayed": stayed},
        cumulative={**funnel.cumulative, "stayed": product_of_shares(signup, stayed, funnel.spreads[0].df)},
        factors=np.append(funnel.factors, stayed.estimate),
        spreads=(*spreads, Spread(source=source, sample=known, deviations=error)),
        staying=staying,
        notes=(*funnel.notes, *notes, *((EXACT,) if sure and EXACT not in funnel.notes else ())),
    )


def product_of_shares(first: Estimate, second: Estimate, degrees_of_freedom: float = math.inf) -> Estimate:
    r"""
    Multiply two independent shares, carrying both uncertainties.

    Parameters
    ----------
    first, second : Estimate
        Shares between 0 and 1, exclusive, with standard errors.
    degrees_of_freedom : float
        Of the first; the second counts as known to the normal distribution.

    Returns
    -------
    Estimate
        Their product, its base that of the first.

    Raises
    ------
    SpecError
        If a share lies outside 0 to 1, or is 0 or 1 and has no interval.

    Notes
    -----
    A share of 0 or 1 has a linearised standard error of 0, which means nothing. Its exact interval is carried
    through instead, with that of the other share, by recovering variances from the limits of both [1]_: with
    distances d to the upper ends, the product reaches
    :math:`\sqrt{(p_2 d_1)^2 + (p_1 d_2)^2 + (d_1 d_2)^2}` above its estimate.

    References
    ----------
    .. [1] A. Donner and G. Y. Zou (2012), "Closed-form confidence intervals for functions of the normal mean and
       standard deviation", *Statistical Methods in Medical Research* 21, 347-359.

    Examples
    --------
    >>> share = Estimate(estimate=0.12, std_error=0.008, conf_low=0.105, conf_high=0.137, n=2005, method="logit")
    >>> stay = Estimate(estimate=0.42, std_error=0.006, conf_low=0.408, conf_high=0.432, n=8000, method="log-log")
    >>> product_of_shares(share, stay).summary()
    '5.0% [4.4%, 5.8%], n = 2,005'
    >>> none = Estimate(estimate=0.0, std_error=0.0, conf_low=0.0, conf_high=0.012, n=300, method="Korn-Graubard")
    >>> product_of_shares(none, stay).summary()
    '0.0% [0.0%, 0.5%], n = 300'
    """
    _check_shares(first, second)
    if not (0 < first.estimate < 1 and 0 < second.estimate < 1):
        return _exact_product(first, second)
    share = first.estimate * second.estimate
    relative = [(each.std_error / each.estimate) ** 2 for each in (first, second)]
    df = effective_df(relative, [degrees_of_freedom, math.inf])
    std_error = share * math.sqrt(sum(relative))
    low, high = map(float, logit_limits(share, std_error, df, first.conf_level))
    return _product(first, share, std_error, low, high, "linearised product, on the logit")


def _exact_product(first: Estimate, second: Estimate) -> Estimate:
    """Carry the ends of two intervals to the product, where a share is 0 or 1."""
    p, q = first.estimate, second.estimate
    down, up = (p - first.conf_low, q - second.conf_low), (first.conf_high - p, second.conf_high - q)
    below = (q * down[0]) ** 2 + (p * down[1]) ** 2 - (down[0] * down[1]) ** 2
    above = (q * up[0]) ** 2 + (p * up[1]) ** 2 + (up[0] * up[1]) ** 2
    low, high = p * q - math.sqrt(max(below, 0.0)), p * q + math.sqrt(above)
    method = "ends of the exact interval, carried to the product"
    return _product(first, p * q, math.nan, max(low, 0.0), min(high, 1.0), method)


def _product(first: Estimate, share: float, std_error: float, low: float, high: float, method: str) -> Estimate:
    return Estimate(
        estimate=share,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=first.conf_level,
        n=first.n,
        unit="share",
        method=method,
    )


def _check_shares(*shares: Estimate) -> None:
    told = " and ".join(f"{share.estimate:g}" for share in shares)
    if not all(0 <= share.estimate <= 1 for share in shares):
        raise SpecError.at("shares", f"got {told}, expected shares from 0 to 1", "Join shares, not percentages")
    if not all(0 < share.estimate < 1 or math.isfinite(share.conf_low + share.conf_high) for share in shares):
        mend = "Give the exact interval of a share that is 0 or 1"
        raise SpecError.at("shares", f"got {told} without an interval", mend)


def _check_heard(aware: Estimate) -> None:
    if not aware.estimate > 0:
        what = "nobody in the sample has heard of the service, so that sign-up per aware person is not defined"
        raise SpecError.at("aware", what, "Join waves and groups in which somebody has")


def _check_asked(funnel: Funnel, platform: str, wave: str, step: str, measure: str, group: str, level: str) -> None:
    known = funnel.estimates.get(wave)
    if known is None or (platform, group, level, step, measure) not in known.index:
        of = f", {group} '{level}'" if group else ""
        raise SpecError.at(
            f"platform '{platform}', wave '{wave}'{of}", f"no {step}, {measure}", "Ask for it in the survey"
        )


def _population(funnel: Funnel, platform: str, wave: str, group: str, level: str) -> float | None:
    """Find the size of the base, which the funnel gives only multiplied by a share."""
    if group:
        return None
    rows = funnel.rows
    mine = (rows["wave"] == wave) & (rows["platform"] == platform) & (rows["level"] == "")
    row = rows[mine & (rows["step"] == "aware") & (rows["measure"] == "cumulative")].iloc[0]
    size = float(row["population"]) / float(row["estimate"])
    return size if math.isfinite(size) else None


def _columns(estimate: Estimate) -> Mapping[str, float | int | str | None]:
    return {
        "estimate": estimate.estimate,
        "std_error": estimate.std_error,
        "conf_low": estimate.conf_low,
        "conf_high": estimate.conf_high,
        "n": estimate.n,
        "method": estimate.method,
    }
