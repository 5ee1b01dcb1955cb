"""Studies with known truth: survey waves and usage logs drawn from planted shares and lifetimes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd
from scipy.special import expit

from churn.simulation import draws as draw
from surveys.core.errors import Problem, SpecError

AGE_BANDS = (18, 25, 35, 50, 65)
OLDEST = 84
BAND_DAYS = (7, 30)
YES, NO, DONT_KNOW, REFUSED = 1, 2, 8, 9
STILL_THERE = 9
FORGOTTEN = 8

# Millions of accounts: membership (Ifop) times web users until 2009, then profiles counted by Semiocast;
# the last value prolongs that growth.
SIGNUPS_FRANCE = (
    (date(2009, 1, 1), 0.1),
    (date(2009, 6, 3), 0.66),
    (date(2009, 11, 13), 1.7),
    (date(2011, 3, 1), 2.4),
    (date(2011, 6, 1), 3.3),
    (date(2012, 1, 1), 5.2),
    (date(2012, 6, 1), 7.3),
    (date(2013, 12, 31), 12.0),
)
RATE_MEAN, RATE_SHAPE = 0.22, 16.0
LIFETIMES = ((0.36, 0.0), (0.17, 12.0), (0.25, 150.0), (0.22, 2500.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedPlatform:
    """
    What is true of one platform in the population that a survey samples.

    Attributes
    ----------
    aware : float or None
        Share of everybody that has heard of it; None if the wave does not ask.
    signup : float or None
        Share of everybody that holds an account, at most `aware`; None if the wave does not ask.
    left : tuple of three floats, or None
        Shares of those who signed up that left in less than 7 days, in 7 to 30 days, and later;
        the rest are still there. None if the wave does not ask.
    aware_by_age, signup_by_age : float
        Change in the log-odds of having heard, and of signing up once one has, when age doubles.
    signup_of_women : float
        Difference between women and men in the log-odds of signing up, once one has heard.

    Examples
    --------
    >>> PlantedPlatform(aware=0.28, signup=0.02, signup_by_age=-1.5).conversion
    0.07142857142857142
    """

    aware: float | None = None
    signup: float | None = None
    left: tuple[float, float, float] | None = None
    aware_by_age: float = 0.0
    signup_by_age: float = 0.0
    signup_of_women: float = 0.0

    @property
    def conversion(self) -> float | None:
        """Share of those who have heard that sign up, or None when either is not asked."""
        return None if self.aware is None or self.signup is None else self.signup / self.aware

    @property
    def effects_on_awareness(self) -> tuple[float, float]:
        """Changes in the log-odds of having heard: when age doubles, and of women."""
        return self.aware_by_age, 0.0

    @property
    def effects_on_signup(self) -> tuple[float, float]:
        """Changes in the log-odds of signing up, once one has heard: when age doubles, and of women."""
        return self.signup_by_age, self.signup_of_women


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """
    Whom a simulated survey reaches, and how unevenly.

    Attributes
    ----------
    region_shares, region_coverage : tuple of float
        Share of the population in each region, and how easily its people are reached (relative).
    age_shares, age_coverage : tuple of five floats
        The same for ages 18-24, 25-34, 35-49, 50-64 and 65-84.
    cluster_size : float
        Mean number of respondents in a cluster.
    cluster_sd : float
        Standard deviation between clusters, in log-odds of every answer.
    weight_cv : float
        Coefficient of variation of the noise in the weights, beyond what coverage asks for.
    nonresponse : float
        Share of the answers to each question that are coded 8 or 9, at random.
    weight_total : float or None
        What the weights add up to, in people; None means the number of respondents.

    Examples
    --------
    >>> len(SamplingPlan().region_shares)
    8
    """

    region_shares: tuple[float, ...] = (0.19, 0.17, 0.06, 0.09, 0.14, 0.11, 0.12, 0.12)
    region_coverage: tuple[float, ...] = (0.75, 1.05, 0.95, 1.0, 1.1, 1.05, 1.05, 1.1)
    age_shares: tuple[float, ...] = (0.15, 0.22, 0.32, 0.22, 0.09)
    age_coverage: tuple[float, ...] = (0.75, 1.0, 1.1, 1.1, 0.7)
    cluster_size: float = 10.0
    cluster_sd: float = 0.3
    weight_cv: float = 0.25
    nonresponse: float = 0.01
    weight_total: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedSurvey:
    """
    One wave of microdata with the truth it was drawn from.

    Attributes
    ----------
    frame : DataFrame
        One row per respondent: `respondent`, `region` (stratum, codes from 1), `cluster` (codes from
        1, unique over regions), `sex` (1 men, 2 women), `age` in years, `weight`, and for each
        platform and question a column such as `twitter_aware`. Blank cells (NaN) were not asked.
    truth : DataFrame
        One row per planted value: `platform`, `measure` (aware, signup, conversion, dropout, lapsed),
        `time_days` (for dropout), `value` (a share of the population, of the aware for conversion,
        of those who signed up for dropout and lapsed).
    """

    frame: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedLog:
    """
    A usage log, cut at the end of its window, with the truth that nobody who holds only the log can see.

    Attributes
    ----------
    events : DataFrame
        One row per event, in order of time: `account` (text such as `a00042`, numbered in order of
        sign-up), `time` (UTC, microseconds, whole seconds). The first event of an account is its sign-up.
    truth : DataFrame
        One row per `time_days`: `survival`, the share of accounts whose last activity ever, also after
        the window, came more than that many days after sign-up; `dropout`, 1 - survival;
        `expected_dropout`, the same by the model, over all logs that could have been drawn.
    accounts : DataFrame
        One row per account, in order of sign-up: `account`; `kind`, the place in `lifetimes` of the law
        that its lifetime was drawn from; `lasted_days`, from sign-up to its last activity ever.
    kinds : DataFrame
        One row per kind and `time_days`: `kind`, `share` of the accounts that are of it, by the model,
        and their `expected_dropout`.
    """

    events: pd.DataFrame
    truth: pd.DataFrame
    accounts: pd.DataFrame
    kinds: pd.DataFrame


def simulate_survey(
    platforms: Mapping[str, PlantedPlatform], *, n: int, seed: int, plan: SamplingPlan | None = None
) -> SimulatedSurvey:
    """
    Draw one wave of a survey whose population shares are known.

    Parameters
    ----------
    platforms : mapping of str to PlantedPlatform
        What is true of each platform, by name.
    n : int
        Number of respondents.
    seed : int
        Seed of the PCG64 generator; the same seed gives the same rows.
    plan : SamplingPlan, optional
        Regions, ages, clusters, weights and non-response.

    Returns
    -------
    SimulatedSurvey
        Answers are coded 1 yes, 2 no, 8 does not know, 9 refused. Sign-up is asked of those who have
        heard (blank for those who have not, 9 when awareness itself is not known), or of everybody
        when awareness is not asked. `left` is asked of those who signed up: 1 within 7 days, 2 in 7 to
        30 days, 3 later, 9 still there, 8 does not remember. `weight` adds up to `plan.weight_total`,
        or to `n`.

    Raises
    ------
    SpecError
        If shares are not between 0 and 1, more people sign up than have heard, or `n` is too small
        for two clusters in every region.

    Notes
    -----
    The log-odds of an answer are an intercept, plus effects of age and sex, plus a normal effect of
    the cluster, drawn anew for each question. The intercept is solved for so that the mean over
    the population, not over those reached, is the planted share exactly. Non-response is unrelated
    to the answers. Weights undo the uneven coverage; without them the shares are biased.

    Examples
    --------
    >>> wave = simulate_survey({"twitter": PlantedPlatform(aware=0.28, signup=0.02)}, n=1015, seed=1)
    >>> wave.truth[["platform", "measure", "value"]].round(4).values.tolist()
    [['twitter', 'aware', 0.28], ['twitter', 'signup', 0.02], ['twitter', 'conversion', 0.0714]]
    >>> wave.frame.columns.tolist()
    ['respondent', 'region', 'cluster', 'sex', 'age', 'weight', 'twitter_aware', 'twitter_signup']
    """
    plan = SamplingPlan() if plan is None else plan
    _refuse(_survey_problems(platforms, n, plan))
    rng = np.random.Generator(np.random.PCG64(seed))
    frame = _draw_respondents(rng, n, plan)
    for name, platform in platforms.items():
        for step, answers in _draw_answers(rng, frame, platform, plan).items():
            frame[f"{name}_{step}"] = answers
    return SimulatedSurvey(frame=frame, truth=_planted(platforms))


def holders_under(age: int, platform: PlantedPlatform, plan: SamplingPlan | None = None) -> float:
    """
    Give the share of a platform's account holders that are under an age, in the population.

    Parameters
    ----------
    age : int
        In years.
    platform : PlantedPlatform
        With a share of sign-up.
    plan : SamplingPlan, optional
        With the ages of the population.

    Returns
    -------
    float
        A share of those who signed up.

    Raises
    ------
    SpecError
        If nobody is asked about sign-up.

    Examples
    --------
    >>> round(holders_under(35, PlantedPlatform(aware=0.94, signup=0.17, signup_by_age=-1.3)), 2)
    0.61
    """
    if platform.signup is None:
        raise SpecError.at("holders_under, platform", "no share signs up", "Give signup")
    plan = SamplingPlan() if plan is None else plan
    cells = _population_cells(plan)
    steps = ((platform.aware, platform.effects_on_awareness), (platform.signup, platform.effects_on_signup))
    for share, effects in steps:
        if share is not None:
            _, shares = _solve_step(plan, cells, share, effects)
            cells = cells.assign(mass=cells["mass"] * shares)
    return float(cells.loc[cells["age"] < age, "mass"].sum() / cells["mass"].sum())


def simulate_events(
    *,
    n_accounts: int,
    seed: int,
    end: datetime,
    signups: Sequence[tuple[date, float]] = SIGNUPS_FRANCE,
    lifetimes: Sequence[tuple[float, float]] = LIFETIMES,
    rate_mean: float = RATE_MEAN,
    rate_shape: float = RATE_SHAPE,
    days: Sequence[int] = (30, 60, 90, 180, 365),
) -> SimulatedLog:
    """
    Draw the usage log of accounts whose lifetimes are known.

    Parameters
    ----------
    n_accounts : int
        Number of accounts that sign up.
    seed : int
        Seed of the PCG64 generator; the same seed gives the same events.
    end : datetime
        End of the window, with a time zone; later events exist but are not in the log.
    signups : sequence of (date, float), optional
        Cumulative growth from the first date to the last, in any unit, at 0 h UTC; sign-ups are
        spread evenly between neighbouring dates.
    lifetimes : sequence of (float, float), optional
        Shares of the accounts, adding up to 1, with the mean of their exponential lifetimes in days;
        a mean of 0 is an account that never does anything after its sign-up.
    rate_mean, rate_shape : float, optional
        Mean, in events a day, and shape of the gamma distribution from which the activity of each account is drawn.
    days : sequence of int, optional
        Days since sign-up at which the truth is counted.

    Returns
    -------
    SimulatedLog
        Events up to `end` and the truth for all accounts.

    Raises
    ------
    SpecError
        If shares do not add up to 1, a number is not positive, growth falls, or `end` lies before the
        last sign-up.

    Notes
    -----
    Every account is simulated to the end of its life and cut at `end` afterwards, so the truth does not
    depend on the window and memory grows with `n_accounts` times the mean lifetime. The law of
    lifetimes is a mixture: its hazard falls steeply in the first month although no account's own does.
    By default about 41 % of accounts show nothing after sign-up, 57 % are gone in a month and 20 % stay
    beyond a year, which is what was published about Twitter around 2009; a silence of 30 days is rarely
    followed by a return.

    Examples
    --------
    >>> log = simulate_events(n_accounts=200, seed=1, end=datetime(2014, 1, 1, tzinfo=UTC))
    >>> log.events.head(1).astype(str).values.tolist()
    [['a00001', '2009-01-19 22:29:35+00:00']]
    >>> log.truth["time_days"].tolist()
    [30, 60, 90, 180, 365]
    """
    _refuse(_log_problems(n_accounts, end, signups, lifetimes, rate_mean, rate_shape))
    rng = np.random.Generator(np.random.PCG64(seed))
    knots = [int(datetime.combine(day, time(), UTC).timestamp()) for day, _ in signups]
    opened = draw.draw_signups(rng, knots, [level for _, level in signups], n_accounts)
    shares, means = zip(*lifetimes, strict=True)
    kind = draw.draw_kinds(rng, shares, n_accounts)
    life = draw.draw_lifetimes(rng, kind, means)
    rates = rng.gamma(rate_shape, rate_mean / rate_shape, n_accounts)
    account, since = draw.draw_activity(rng, life, rates)
    last = np.zeros(n_accounts, dtype=np.int64)
    np.maximum.at(last, account, since)
    survival = np.array([np.mean(last > day * draw.DAY_SECONDS) for day in days])
    expected = draw.expected_survival(days, shares, means, rate_mean, rate_shape)
    truth = {"time_days": list(days), "survival": survival, "dropout": 1 - survival, "expected_dropout": 1 - expected}
    names = draw.account_names(n_accounts)
    accounts = pd.DataFrame({"account": names, "kind": kind, "lasted_days": last / draw.DAY_SECONDS})
    kinds = [
        pd.DataFrame({"kind": place, "share": share, "time_days": list(days)}).assign(
            expected_dropout=1 - draw.expected_survival(days, [1.0], [mean], rate_mean, rate_shape)
        )
        for place, (share, mean) in enumerate(lifetimes)
    ]
    return SimulatedLog(
        events=_log_until(end, names, account, opened[account] + since),
        truth=pd.DataFrame(truth),
        accounts=accounts,
        kinds=pd.concat(kinds, ignore_index=True),
    )


def _draw_respondents(rng: np.random.Generator, n: int, plan: SamplingPlan) -> pd.DataFrame:
    region_shares, age_shares = (
        np.asarray(shares) / np.sum(shares) for shares in (plan.region_shares, plan.age_shares)
    )
    reached = age_shares * plan.age_coverage / np.dot(age_shares, plan.age_coverage)
    sizes = draw.apportion(region_shares * plan.region_coverage, n)
    region, cluster = draw.assign_clusters(rng, sizes, plan.cluster_size)
    band = rng.choice(len(reached), size=n, p=reached)
    bounds = np.array([*AGE_BANDS, OLDEST + 1])
    wanted = (region_shares / sizes)[region] * (age_shares / reached)[band]
    weight = draw.noisy_weights(rng, wanted, plan.weight_cv, plan.weight_total or n)
    columns = {
        "respondent": np.arange(1, n + 1),
        "region": region + 1,
        "cluster": cluster + 1,
        "sex": rng.integers(1, 3, size=n),
        "age": rng.integers(bounds[band], bounds[band + 1]),
        "weight": weight,
    }
    return pd.DataFrame(columns)


def _draw_answers(
    rng: np.random.Generator, frame: pd.DataFrame, platform: PlantedPlatform, plan: SamplingPlan
) -> dict[str, np.ndarray]:
    cells = _population_cells(plan)
    heard, silent = np.ones(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    answers: dict[str, np.ndarray] = {}
    if platform.aware is not None:
        heard, share = _draw_step(rng, frame, plan, cells, platform.aware, platform.effects_on_awareness)
        cells = cells.assign(mass=cells["mass"] * share)
        answers["aware"] = _with_nonresponse(rng, np.where(heard, YES, NO), plan.nonresponse, (DONT_KNOW, REFUSED))
        silent = answers["aware"] >= DONT_KNOW
    if platform.signup is not None:
        willing, _ = _draw_step(rng, frame, plan, cells, platform.signup, platform.effects_on_signup)
        joined = np.where(heard & willing, YES, NO)
        signup = _with_nonresponse(rng, joined, plan.nonresponse, (DONT_KNOW, REFUSED))
        answers["signup"] = np.where(silent, REFUSED, np.where(heard, signup, np.nan))
    if platform.left is not None:
        shares = (*platform.left, 1 - sum(platform.left))
        bands = rng.choice([1, 2, 3, STILL_THERE], size=len(frame), p=shares)
        left = _with_nonresponse(rng, bands, plan.nonresponse, (FORGOTTEN,))
        answers["left"] = np.where(answers["signup"] == YES, left, np.nan)
    return answers


def _population_cells(plan: SamplingPlan) -> pd.DataFrame:
    """Give every age and sex with its share of the population, `mass`."""
    widths = np.diff([*AGE_BANDS, OLDEST + 1])
    mass = np.repeat(np.asarray(plan.age_shares) / np.sum(plan.age_shares) / widths, widths)
    ages = np.arange(AGE_BANDS[0], OLDEST + 1)
    return pd.concat([pd.DataFrame({"sex": sex, "age": ages, "mass": mass / 2}) for sex in (1, 2)], ignore_index=True)


def _draw_step(
    rng: np.random.Generator,
    frame: pd.DataFrame,
    plan: SamplingPlan,
    cells: pd.DataFrame,
    target: float,
    effects: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Draw who would say yes, so that the mass of those who do is `target`; also the share in each cell."""
    intercept, shares = _solve_step(plan, cells, target, effects)
    cluster = frame["cluster"].to_numpy() - 1
    of_cluster = plan.cluster_sd * rng.standard_normal(cluster.max() + 1)
    chance = expit(intercept + _log_odds(frame, effects) + of_cluster[cluster])
    return rng.random(len(frame)) < chance, shares


def _solve_step(
    plan: SamplingPlan, cells: pd.DataFrame, target: float, effects: tuple[float, float]
) -> tuple[float, np.ndarray]:
    """Find the intercept that gives the target, and the share who would say yes in each cell."""
    offsets = _log_odds(cells, effects)
    intercept = draw.calibrate(target, offsets, cells["mass"].to_numpy(), plan.cluster_sd)
    return intercept, draw.mean_share(intercept + offsets, plan.cluster_sd)


def _log_odds(people: pd.DataFrame, effects: tuple[float, float]) -> np.ndarray:
    """Add up the effects of doubling one's age (from 40) and of being a woman."""
    by_age, of_women = effects
    return np.asarray(by_age * np.log2(people["age"] / 40) + of_women * (people["sex"] == 2))


def _with_nonresponse(rng: np.random.Generator, answers: np.ndarray, share: float, codes: Sequence[int]) -> np.ndarray:
    silent = rng.random(len(answers)) < share
    return np.where(silent, rng.choice(codes, size=len(answers)), answers.astype(float))


def _planted(platforms: Mapping[str, PlantedPlatform]) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float | None]] = []
    for name, platform in platforms.items():
        for measure in ("aware", "signup", "conversion"):
            rows.append((name, measure, np.nan, getattr(platform, measure)))
        if platform.left is not None:
            within = itertools.accumulate(platform.left[: len(BAND_DAYS)])
            rows += [(name, "dropout", day, share) for day, share in zip(BAND_DAYS, within, strict=True)]
            rows.append((name, "lapsed", np.nan, sum(platform.left)))
    truth = pd.DataFrame(rows, columns=["platform", "measure", "time_days", "value"])
    return truth.astype({"time_days": float, "value": float}).dropna(subset="value", ignore_index=True)


def _log_until(end: datetime, names: np.ndarray, account: np.ndarray, seconds: np.ndarray) -> pd.DataFrame:
    seen = seconds < end.timestamp()
    account, seconds = account[seen], seconds[seen]
    order = np.lexsort((account, seconds))
    times = pd.DatetimeIndex(seconds[order].astype("datetime64[s]").astype("datetime64[us]"), tz="UTC")
    return pd.DataFrame({"account": names[account[order]], "time": times})


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise SpecError(*problems)


def _survey_problems(platforms: Mapping[str, PlantedPlatform], n: int, plan: SamplingPlan) -> list[Problem]:
    problems = []
    for name, platform in platforms.items():
        place = f"simulate_survey, platform '{name}'"
        for step in ("aware", "signup"):
            share = getattr(platform, step)
            if share is not None and not 0 < share < 1:
                problems.append(Problem(place, f"{step} is {share}, expected a share between 0 and 1", "Give a share"))
        if platform.aware is not None and platform.signup is not None and platform.signup >= platform.aware:
            what = f"signup is {platform.signup}, expected less than aware, {platform.aware}"
            problems.append(Problem(place, what, "Give both as shares of everybody"))
        if platform.left is not None and (platform.signup is None or min(platform.left) < 0 or sum(platform.left) > 1):
            what = "left needs signup, and shares that add up to at most 1"
            problems.append(Problem(place, what, "Give shares of those who signed up"))
    if len(plan.region_shares) != len(plan.region_coverage):
        what = f"{len(plan.region_shares)} region_shares and {len(plan.region_coverage)} region_coverage"
        problems.append(Problem("simulate_survey, plan", what, "Give one of each for every region"))
    elif draw.apportion(np.multiply(plan.region_shares, plan.region_coverage), n).min() < 2:
        what = f"{n} respondents leave a region with fewer than two"
        problems.append(Problem("simulate_survey, n", what, "Ask for more respondents or plan fewer regions"))
    if {len(plan.age_shares), len(plan.age_coverage)} != {len(AGE_BANDS)}:
        what = f"{len(plan.age_shares)} age_shares and {len(plan.age_coverage)} age_coverage, expected {len(AGE_BANDS)}"
        problems.append(Problem("simulate_survey, plan", what, "Give one of each for every age band"))
    return problems


def _log_problems(
    n_accounts: int,
    end: datetime,
    signups: Sequence[tuple[date, float]],
    lifetimes: Sequence[tuple[float, float]],
    rate_mean: float,
    rate_shape: float,
) -> list[Problem]:
    problems = []
    if n_accounts < 1 or rate_mean <= 0 or rate_shape <= 0:
        what = f"n_accounts {n_accounts}, rate_mean {rate_mean}, rate_shape {rate_shape}, expected all above 0"
        problems.append(Problem("simulate_events", what, "Give positive numbers"))
    if abs(sum(share for share, _ in lifetimes) - 1) > 1e-9 or min(mean for _, mean in lifetimes) < 0:
        what = "shares do not add up to 1, or a mean lifetime is below 0"
        problems.append(
            Problem("simulate_events, lifetimes", what, "Give (share, mean in days) for every kind of account")
        )
    rises = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(signups))
    if len(signups) < 2 or not rises or signups[0][1] == signups[-1][1]:
        what = "expected rising dates and a cumulative number that grows"
        problems.append(Problem("simulate_events, signups", what, "Give (date, cumulative number), earliest first"))
    elif end.tzinfo is None or end < datetime.combine(signups[-1][0], time(), UTC):
        what = f"{end} has no time zone or lies before the last sign-up, {signups[-1][0]}"
        problems.append(Problem("simulate_events, end", what, "Give a later instant with a time zone"))
    return problems
