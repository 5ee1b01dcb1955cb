"""Whom accounts follow, and who leaves: one-month dropout by the number followed, in classes and as a smooth curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from churn.network.followed import number_of, read_following
from churn.network.messages import read_early_contacts
from churn.parametric.spline_basis import spline_basis
from churn.regression.cox import Cox
from churn.survival.curve import SurvivalCurve
from churn.survival.kaplan_meier import kaplan_meier
from churn.survival.logrank import TrendTest, logrank
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import Tenures, measure_tenures
from churn.usage.accounts import AccountTable, read_accounts
from churn.usage.activity import Activity
from churn.usage.columns import usage_of
from churn.usage.log import read_activity
from surveys.core.arrays import Floats
from surveys.core.errors import EstimateError, SpecError, StudyError, reason_of
from surveys.core.results import Estimate, Note, Unavailable
from surveys.core.rounding import say_share
from surveys.models.significance import ChiSquaredTest, WaldTest
from surveys.study.schema import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Number = Literal["followed", "contacts"]

COLUMN = "number"
LANDMARK_DAYS = 7
KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the number at which the pieces of the spline meet (Harrell, 2015, table 2.3)."""
POINTS = 60

ASSOCIATION = Note(
    "an association, not an effect: accounts that follow more may be those that would have stayed anyway"
)
GROWN = Note("the number is that of the file: where it was taken after sign-up, those who stayed had longer to follow")
AT_LANDMARK = (
    "accounts are counted from day {days} after sign-up, when the number is known: those gone by then are left out, "
    "since nobody who leaves early can reach a high number"
)
NOT_FOLLOWED_UP = Note("no account of the class was followed for long enough")
ONE_CLASS = Note("all accounts are of one class: there is nothing to compare")
FARTHEST = 100.0
"""Logarithm of a ratio beyond which these data set no limit to it."""
NO_LIMIT = "these data set no limit to it"
NO_LINE = "no smooth curve could be fitted: {reason}"
UNKNOWN = "{n} accounts of the log are not in the file of numbers followed, and are left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """
    Where classes of a number begin, and what counts as few and as many.

    Attributes
    ----------
    starts : tuple of int
        First number of each class, rising from 0; the last class has no end.
    few, many : int
        At most so many are few, and at least so many are many.
    """

    starts: tuple[int, ...]
    few: int
    many: int

    def __post_init__(self) -> None:
        """Refuse bounds that do not rise from 0, or few that reach many."""
        if not self.starts or self.starts[0] != 0 or any(np.diff(self.starts) <= 0):
            raise SpecError.at("Bounds.starts", f"got {self.starts}, expected them to rise from 0", "Correct them")
        if not 0 <= self.few < self.many:
            raise SpecError.at("Bounds.few", f"got {self.few}, expected it below many, {self.many}", "Correct them")

    def names(self) -> list[str]:
        """
        Name the classes.

        Examples
        --------
        >>> BOUNDS["followed"].names()
        ['0', '1-9', '10-20', '21-99', '100+']
        """
        ends = [start - 1 for start in self.starts[1:]]
        closed = [f"{a}" if a == b else f"{a}-{b}" for a, b in zip(self.starts, ends, strict=False)]
        return [*closed, f"{self.starts[-1]}+"]


BOUNDS: dict[Number, Bounds] = {
    "followed": Bounds(starts=(0, 1, 10, 21, 100), few=20, many=100),
    "contacts": Bounds(starts=(0, 1, 2, 5, 10), few=1, many=5),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowingTenures:
    """
    Tenures counted by the number followed.

    Attributes
    ----------
    counts : TenureCounts
        One stratum, `number`, for each number.
    number : {'followed', 'contacts'}
        Accounts followed, as a file says; or accounts written to in the first days, where none does.
    landmark_days : int or None
        Day after sign-up from which tenures count, for `contacts`.
    notes : tuple of Note
        Caveats.
    """

    counts: TenureCounts
    number: Number
    landmark_days: int | None
    notes: tuple[Note, ...] = ()


def read_following_tenures(
    study: Study, *, landmark_days: int = LANDMARK_DAYS, source: Activity | AccountTable | None = None
) -> FollowingTenures:
    """
    Count tenures by the number followed.

    Parameters
    ----------
    study : Study
        With `usage.following`; or with a log that names recipients.
    landmark_days : int
        Without `usage.following`, days after sign-up in which the accounts written to are counted.
    source : Activity or AccountTable, optional
        The study's own, where it has been read already.

    Returns
    -------
    FollowingTenures
        Exact: tenures that agree in number, duration and outcome are counted together.

    Raises
    ------
    SpecError
        If `landmark_days` is less than 1.
    StudyError
        As `read_tenures` and `read_following`; if the study has neither following nor recipients.
    EstimateError
        If nobody was still there at the landmark.

    Notes
    -----
    Who is written to in the first days is known at their end only. Were tenures counted from sign-up, the days an
    account needs to reach its number would be days on which it cannot leave: tenures begin at the landmark
    instead, of those still there [1]_.

    References
    ----------
    .. [1] Anderson, Cain and Gelber (1983), Analysis of survival by tumor response, *Journal of Clinical Oncology* 1.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> read_following_tenures(open_example("twitter_france")).counts.n_accounts
    3915
    """
    usage = usage_of(study)
    if landmark_days < 1:
        raise SpecError.at("landmark_days", f"got {landmark_days}", "Give at least 1 day")
    if usage.tenure is not None:
        mend = "Give a log, or accounts with dates"
        raise StudyError.at("study.toml, usage", "gives tenures without saying whose they are", mend)
    if source is None:
        source = read_accounts(study) if usage.events is None else read_activity(study)
    rule = DropoutRule.of(usage.dropout)
    if usage.following is not None:
        return _by_file(source, read_following(study), rule)
    if usage.recipient is None or not isinstance(source, Activity):
        mend = "Name a file under [usage.following], or the column recipient of the log"
        raise StudyError.at("study.toml, usage", "does not say how many accounts each follows", mend)
    contacts = number_of(source.accounts, _named(read_early_contacts(study, days=landmark_days), source))
    tenures = measure_tenures(_with_number(source, np.nan_to_num(contacts)), rule)
    after = start_at_landmark(tenures, landmark_days)
    return FollowingTenures(
        counts=count_tenures(after, by=(COLUMN,)),
        number="contacts",
        landmark_days=landmark_days,
        notes=(Note(AT_LANDMARK, {"days": landmark_days}), ASSOCIATION),
    )


def _by_file(source: Activity | AccountTable, following: pd.DataFrame, rule: DropoutRule) -> FollowingTenures:
    tenures = measure_tenures(_with_number(source, number_of(source.accounts, following)), rule)
    known = tenures.attributes[COLUMN].notna().to_numpy()
    notes = (Note(UNKNOWN, {"n": int((~known).sum())}),) if not known.all() else ()
    if not known.any():
        what = "names none of the accounts of the log"
        raise StudyError.at("study.toml, usage.following", what, "Check that both name accounts alike")
    return FollowingTenures(
        counts=count_tenures(tenures.where(known), by=(COLUMN,)),
        number="followed",
        landmark_days=None,
        notes=(*notes, GROWN, ASSOCIATION),
    )


def _with_number(source: Activity | AccountTable, number: Floats) -> Activity | AccountTable:
    return replace(source, attributes=source.attributes.assign(**{COLUMN: number}))


def _named(contacts: pd.DataFrame, activity: Activity) -> pd.DataFrame:
    return contacts.rename(columns={"account": str(activity.accounts.columns[0])})


def start_at_landmark(tenures: Tenures, days: float) -> Tenures:
    """
    Count tenures from a day after sign-up, of those still there.

    Parameters
    ----------
    tenures : Tenures
        One row per account.
    days : float
        The landmark, in the unit of the tenures.

    Returns
    -------
    Tenures
        Of accounts that had neither left nor been censored by the landmark.

    Raises
    ------
    EstimateError
        If nobody was left.

    Examples
    --------
    >>> start_at_landmark(Tenures(duration=[3, 7, 9], event=[True, True, False]), 7).duration.tolist()
    [2.0]
    """
    there = tenures.duration > days
    if not there.any():
        raise EstimateError.at("landmark", f"nobody was still there at day {days:g}", "Choose an earlier day")
    kept = tenures.where(there)
    entry = None if kept.entry is None else np.where(kept.entry > days, kept.entry - days, np.nan)
    return replace(kept, duration=kept.duration - days, entry=entry)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowedClass:
    """
    Accounts that follow about as many.

    Attributes
    ----------
    name : str
        Such as `10-20`.
    low, high : int
        Smallest and largest number in it.
    middle : float
        Their median.
    curve : SurvivalCurve
        Kaplan-Meier.
    dropout : Estimate or Unavailable
        Share gone by the horizon.
    """

    name: str
    low: int
    high: int
    middle: float
    curve: SurvivalCurve
    dropout: Estimate | Unavailable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseCurve:
    """
    Dropout by the horizon as a smooth function of the number followed.

    Attributes
    ----------
    number : ndarray of float, shape (n_points,)
    dropout, conf_low, conf_high : ndarray of float, shape (n_points,)
        Share gone by the horizon, with its pointwise interval.
    ratio, ratio_low, ratio_high : ndarray of float, shape (n_points,)
        Hazard ratio against `reference`, with its pointwise interval; 1 there.
    reference : float
    knots : tuple of float
        Numbers at which the pieces of the spline meet; straight in log(1 + number) where there are two.
    association, curvature : ChiSquaredTest or None
        Wald tests that the number does not matter, and that the log hazard is straight in log(1 + number).
    conf_level : float
    method : str
    """

    number: Floats
    dropout: Floats
    conf_low: Floats
    conf_high: Floats
    ratio: Floats
    ratio_low: Floats
    ratio_high: Floats
    reference: float
    knots: tuple[float, ...]
    association: ChiSquaredTest | WaldTest
    curvature: ChiSquaredTest | None
    conf_level: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Give one row per number drawn."""
        names = ("number", "dropout", "conf_low", "conf_high", "ratio", "ratio_low", "ratio_high")
        return pd.DataFrame({name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowingDropout:
    """
    Dropout by the number followed.

    Attributes
    ----------
    classes : tuple of FollowedClass
        Those with an account, in order.
    few, many : Estimate or Unavailable
        Dropout by the horizon of accounts that follow at most `bounds.few`, and at least `bounds.many`.
    ratio : Estimate or Unavailable
        The first over the second.
    trend : TrendTest or Unavailable
        Whether the rate of leaving rises or falls from class to class, up to the horizon.
    smooth : DoseCurve or Unavailable
    bounds : Bounds
    horizon : float
        In `time_unit`; after the landmark where there is one.
    time_unit : str
    number : {'followed', 'contacts'}
    landmark_days : int or None
    n : int
        Accounts.
    notes : tuple of Note
    """

    classes: tuple[FollowedClass, ...]
    few: Estimate | Unavailable
    many: Estimate | Unavailable
    ratio: Estimate | Unavailable
    trend: TrendTest | Unavailable
    smooth: DoseCurve | Unavailable
    bounds: Bounds
    horizon: float
    time_unit: str
    number: Number
    landmark_days: int | None
    n: int
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give one row per class: `number`, `low`, `high`, `n`, `dropout`, `conf_low`, `conf_high`."""
        rows = []
        for found in self.classes:
            told = found.dropout if isinstance(found.dropout, Estimate) else None
            ends = (told.estimate, told.conf_low, told.conf_high) if told else (np.nan, np.nan, np.nan)
            rows.append((found.name, found.low, found.high, found.curve.n, *ends))
        names = ["number", "low", "high", "n", "dropout", "conf_low", "conf_high"]
        return pd.DataFrame(rows, columns=names)

    def summary(self) -> str:
        """Say how much sooner those leave who follow few, in one line of English."""
        if not (
            isinstance(self.ratio, Estimate) and isinstance(self.few, Estimate) and isinstance(self.many, Estimate)
        ):
            return f"{self.n:,} accounts; {self.ratio}"
        low, high = self.ratio.conf_low, self.ratio.conf_high
        return (
            f"up to {self.bounds.few}: {say_share(self.few.estimate)} gone, {self.bounds.many} or more: "
            f"{say_share(self.many.estimate)}; ratio {self.ratio.estimate:.2f} [{low:.2f}, {high:.2f}]"
        )

    def plot(self, ax: Axes) -> Axes:
        """Draw the smooth curve with its band, and each class as a point with its interval, over log(1 + number)."""
        if isinstance(self.smooth, DoseCurve):
            place = np.log1p(self.smooth.number)
            ax.fill_between(place, self.smooth.conf_low, self.smooth.conf_high, alpha=0.2, linewidth=0)
            ax.plot(place, self.smooth.dropout)
        for found in self.classes:
            if isinstance(found.dropout, Estimate):
                x = math.log1p(found.middle)
                ax.vlines(x, found.dropout.conf_low, found.dropout.conf_high)
                ax.plot(x, found.dropout.estimate, "o")
        return ax


def measure_following(
    tenures: FollowingTenures,
    *,
    horizon: float = 30,
    bounds: Bounds | None = None,
    reference: float | None = None,
    conf_level: float = 0.95,
) -> FollowingDropout:
    """
    Relate dropout within a horizon to the number followed.

    Parameters
    ----------
    tenures : FollowingTenures
        Counts by number.
    horizon : float
        In the unit of the tenures; after the landmark where there is one.
    bounds : Bounds, optional
        Classes; without it 0, 1-9, 10-20, 21-99 and 100 or more followed, or 0, 1, 2-4, 5-9 and 10 or more contacts.
    reference : float, optional
        Number against which hazard ratios are; the one from which on there are many, without it.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    FollowingDropout
        Shares of classes are Kaplan-Meier's. The ratio is that of two independent ones, its interval symmetric for
        the logarithm. The smooth curve is Cox's model of a natural cubic spline of log(1 + number) [1]_, fitted to
        tenures up to the horizon: its band is pointwise. The trend is Tarone's, over the classes' ranks.

    Raises
    ------
    SpecError
        If `horizon` is not above 0.

    References
    ----------
    .. [1] Harrell (2015), *Regression Modeling Strategies*, 2nd ed., 2.4.5.

    Examples
    --------
    >>> from reports.examples import open_example
    >>> tenures = read_following_tenures(open_example("twitter_france"))
    >>> measure_following(tenures).summary()
    'up to 20: 73.8% gone, 100 or more: 35.0%; ratio 2.11 [1.93, 2.31]'
    """
    if not horizon > 0:
        raise SpecError.at("horizon", f"got {horizon}, expected a time after sign-up", "Give days above 0")
    chosen = BOUNDS[tenures.number] if bounds is None else bounds
    counts = tenures.counts
    number = counts.strata[COLUMN].to_numpy(np.float64)
    place = np.searchsorted(chosen.starts, number, side="right") - 1
    classes = [
        _class(counts, place == i, name, horizon, conf_level)
        for i, name in enumerate(chosen.names())
        if (place == i).any()
    ]
    few, many = (_dropout(counts, rows, horizon, conf_level) for rows in (number <= chosen.few, number >= chosen.many))
    until = _until(counts, horizon)
    against = float(chosen.many) if reference is None else reference
    return FollowingDropout(
        classes=tuple(classes),
        few=few,
        many=many,
        ratio=_ratio(few, many, conf_level),
        trend=_trend(until, place, chosen.names()),
        smooth=_smooth(until, number, horizon, against, conf_level),
        bounds=chosen,
        horizon=horizon,
        time_unit=counts.time_unit,
        number=tenures.number,
        landmark_days=tenures.landmark_days,
        n=counts.n_accounts,
        notes=tenures.notes,
    )


def _class(
    counts: TenureCounts, rows: NDArray[np.bool_], name: str, horizon: float, conf_level: float
) -> FollowedClass:
    part = counts.where(rows)
    number = part.strata[COLUMN].to_numpy(np.float64)
    curve = kaplan_meier(part, conf_level=conf_level)
    return FollowedClass(
        name=name,
        low=int(number.min()),
        high=int(number.max()),
        middle=float(_quantiles(number, part.n, (0.5,))[0]),
        curve=curve,
        dropout=curve.dropout(at=horizon),
    )


def _dropout(
    counts: TenureCounts, rows: NDArray[np.bool_], horizon: float, conf_level: float
) -> Estimate | Unavailable:
    if not rows.any():
        return Unavailable(NOT_FOLLOWED_UP)
    return kaplan_meier(counts.where(rows), conf_level=conf_level).dropout(at=horizon)


def _ratio(few: Estimate | Unavailable, many: Estimate | Unavailable, conf_level: float) -> Estimate | Unavailable:
    """Divide two independent shares, the logarithm of the ratio being taken for normal."""
    if isinstance(few, Unavailable) or isinstance(many, Unavailable):
        return few if isinstance(few, Unavailable) else many
    if not (few.estimate > 0 and many.estimate > 0):
        return Unavailable(Note("nobody of one of the two classes has left: there is no ratio"))
    ratio = few.estimate / many.estimate
    error = math.hypot(few.std_error / few.estimate, many.std_error / many.estimate)
    half = float(special.ndtri(0.5 + conf_level / 2)) * error
    return Estimate(
        estimate=ratio,
        std_error=ratio * error,
        conf_low=ratio * math.exp(-half),
        conf_high=ratio * math.exp(half),
        conf_level=conf_level,
        n=(few.n or 0) + (many.n or 0),
        unit="ratio",
        method="two independent Kaplan-Meier shares, log",
        notes=(ASSOCIATION,),
    )


def _until(counts: TenureCounts, horizon: float) -> TenureCounts:
    """Stop the observation of everybody at the horizon."""
    return replace(
        counts,
        duration=np.minimum(counts.duration, horizon),
        event=counts.event & (counts.duration <= horizon),
        cause=None,
        causes=(),
    )


def _trend(counts: TenureCounts, place: NDArray[np.int64], names: Sequence[str]) -> TrendTest | Unavailable:
    if len(np.unique(place)) < 2:
        return Unavailable(ONE_CLASS)
    classed = replace(counts, strata=pd.DataFrame({"class": np.asarray(names, dtype=object)[place]}))
    try:
        found = logrank(classed, by="class")
        return found.trend({level: float(names.index(level)) for level in found.levels})
    except EstimateError as error:
        return Unavailable(Note("no trend could be tested: {reason}", {"reason": reason_of(error)}))


def _smooth(
    counts: TenureCounts, number: Floats, horizon: float, reference: float, conf_level: float
) -> DoseCurve | Unavailable:
    knots = np.unique(_quantiles(number, counts.n, KNOTS))
    if number.min() == number.max() or len(knots) < 2:
        return Unavailable(ONE_CLASS)
    try:
        fitted = Cox().fit(counts, _covariates(number, knots), conf_level=conf_level)
    except (EstimateError, SpecError) as error:
        return Unavailable(Note(NO_LINE, {"reason": reason_of(error)}))
    low, high = np.log1p(_quantiles(number, counts.n, (0.005, 0.995)))
    grid = np.unique(np.append(np.expm1(np.linspace(low, high, POINTS)), reference))
    grid = grid[(grid >= np.expm1(low)) & (grid <= np.expm1(high))]
    rows = _covariates(grid, knots)
    at = [curve.at(min(horizon, float(curve.time[-1]))) for curve in fitted.survival(rows).curves]
    stays = [value for value in at if isinstance(value, Estimate)]
    apart = rows.to_numpy() - _covariates(np.array([reference]), knots).to_numpy()
    log_ratio = apart @ fitted.estimate
    variance = np.einsum("ij,jk,ik->i", apart, fitted.covariance, apart)
    half = float(special.ndtri(0.5 + conf_level / 2)) * np.sqrt(np.maximum(variance, 0.0))
    if not np.abs(log_ratio).max() + half.max() < FARTHEST:
        return Unavailable(Note(NO_LINE, {"reason": NO_LIMIT}))
    return DoseCurve(
        number=grid,
        dropout=np.array([1 - value.estimate for value in stays]),
        conf_low=np.array([1 - value.conf_high for value in stays]),
        conf_high=np.array([1 - value.conf_low for value in stays]),
        ratio=np.exp(log_ratio),
        ratio_low=np.exp(log_ratio - half),
        ratio_high=np.exp(log_ratio + half),
        reference=reference,
        knots=tuple(knots.tolist()),
        association=fitted.wald_test(),
        curvature=_curvature(fitted.estimate[1:], fitted.covariance[1:, 1:]) if len(fitted.estimate) > 1 else None,
        conf_level=conf_level,
        method="Cox, natural cubic spline of log(1 + number)",
    )


def _covariates(number: Floats, knots: Floats) -> pd.DataFrame:
    """Give log(1 + number) and a piece of the spline for each inner knot, of about the same size."""
    basis, _ = spline_basis(1 + number, 1 + knots)
    span = math.log((1 + knots[-1]) / (1 + knots[0]))
    columns = {"log": basis[:, 1]} | {f"piece {i}": basis[:, i] / span**2 for i in range(2, basis.shape[1])}
    return pd.DataFrame(columns)


def _curvature(estimate: Floats, covariance: Floats) -> ChiSquaredTest:
    statistic = float(estimate @ np.linalg.solve(covariance, estimate))
    return ChiSquaredTest.of(statistic, len(estimate), "Wald test of curvature")


def _quantiles(number: Floats, n: NDArray[np.int64], shares: Sequence[float]) -> Floats:
    """Give the smallest numbers that at least these shares of the accounts do not exceed."""
    order = np.argsort(number, kind="stable")
    until = np.cumsum(n[order]) / n.sum()
    return number[order][np.minimum(np.searchsorted(until, np.asarray(shares) - 1e-12), len(number) - 1)]
