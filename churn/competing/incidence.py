"""Competing risks: the share of accounts gone of each of several causes, and each cause taken alone."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args, overload

import numpy as np

from churn.competing._incidence import (
    CauseTallies,
    Influences,
    aalen_errors,
    gone_by_cause,
    jackknife_errors,
    occupancy,
)
from churn.competing.curve import RETAINED, CumulativeIncidence, IncidenceErrors, choose_from
from churn.survival.grouping import Followed, GroupedAccounts, group_accounts
from churn.survival.tallies import ConfType, limits, product_limit
from churn.tenures.counts import TenureCounts, count_tenures
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats
from surveys.core.errors import SpecError, did_you_mean
from surveys.core.intervals import normal_quantile

CAUSE = "cause of dropout"


@overload
def cumulative_incidence(
    tenures: Tenures | TenureCounts,
    *,
    by: None = None,
    std_errors: IncidenceErrors = "jackknife",
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> CumulativeIncidence: ...
@overload
def cumulative_incidence(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    std_errors: IncidenceErrors = "jackknife",
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> dict[str, CumulativeIncidence]: ...
def cumulative_incidence(
    tenures: Tenures | TenureCounts,
    *,
    by: str | None = None,
    std_errors: IncidenceErrors = "jackknife",
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> CumulativeIncidence | dict[str, CumulativeIncidence]:
    r"""
    Estimate the share of accounts gone of each of several causes, by tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts, with causes told apart; the result is the same.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    std_errors : {'jackknife', 'aalen'}
        The infinitesimal jackknife over accounts, as `survfit` of R's survival; or Aalen's formula with
        its correction for ties, as `cuminc` of R's cmprsk, for accounts without weights or clusters.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits of each share are symmetric.
    conf_level : float
        Between 0 and 1.
    start : float, optional
        Estimate for accounts retained until this tenure, in `tenures.time_unit`.
    weight : str, optional
        Attribute, or column of the strata, that holds the weight of each account, above 0.
    cluster : str, optional
        Attribute, or column of the strata, that tells whose accounts belong together, such as the holder;
        without it, each account stands for itself.

    Returns
    -------
    CumulativeIncidence or dict of str to CumulativeIncidence
        With one row per distinct tenure. Accounts without a weight or a cluster are left out, and the
        notes count them.
        By level, in their order, where `by` is given: accounts without a value are in none of the curves, and each
        curve's notes count them.

    Raises
    ------
    SpecError
        If causes are not told apart, an option is not one of those above, or an attribute is not there.
    EstimateError
        If there are no accounts.

    Notes
    -----
    The estimator of Aalen and Johansen [1]_, :math:`\hat F_k(t)=\sum_{t_i\le t}\hat S(t_{i-1})\,d_{ki}/n_i`
    with the Kaplan-Meier curve :math:`\hat S` of leaving for any cause: whoever leaves for one cause can no
    longer leave for another. Equal times and late entry are as in `kaplan_meier`. The jackknife's sum over
    accounts is exact from counts: in closed form where accounts count alike and all are there before the
    first leaves, otherwise by following one influence for each time of entry, or for each cluster.

    References
    ----------
    .. [1] Aalen and Johansen (1978), An empirical transition matrix for non-homogeneous Markov chains based
       on censored observations, *Scandinavian Journal of Statistics* 5, 141-150.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=("closed", "banned"))
    >>> found = cumulative_incidence(tenures)
    >>> found.summary()
    '4 accounts; by 9 days 25.0% retained, 50.0% gone of closed, 25.0% gone of banned'
    >>> found.at(8, "closed").summary()
    '50.0% [5.8%, 84.5%], n = 4'

    One curve for each level:

    >>> import pandas as pd
    >>> age = pd.DataFrame({"age": ["18-24", "18-24", "25-34"]})
    >>> tenures = Tenures(
    ...     duration=[3, 5, 9], event=[1, 1, 0], cause=[1, 2, 0], causes=("closed", "banned"), attributes=age
    ... )
    >>> found = cumulative_incidence(tenures, by="age")
    >>> {level: curve.share[-1].tolist() for level, curve in found.items()}
    {'18-24': [0.0, 0.5, 0.5], '25-34': [1.0, 0.0, 0.0]}
    """
    if by is not None:
        return _by_level(tenures, by, std_errors, conf_type, conf_level, start, weight, cluster)
    _check_options(std_errors, conf_type, conf_level, weight, cluster)
    cells = causes_apart("cumulative_incidence,", tenures, [cluster] if cluster else [], weight)
    return _incidence(cells, tenures.causes, std_errors, conf_type, conf_level, start, weight, cluster)


def _by_level(
    tenures: Tenures | TenureCounts,
    by: str,
    std_errors: IncidenceErrors,
    conf_type: ConfType,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
) -> dict[str, CumulativeIncidence]:
    _check_options(std_errors, conf_type, conf_level, weight, cluster)
    cells = causes_apart("cumulative_incidence, by", tenures, [by, *([cluster] if cluster else [])], weight)
    return {
        level: _incidence(part, tenures.causes, std_errors, conf_type, conf_level, start, weight, cluster)
        for level, part in cells.split(by)
    }


def _incidence(
    cells: GroupedAccounts,
    causes: tuple[str, ...],
    std_errors: IncidenceErrors,
    conf_type: ConfType,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
) -> CumulativeIncidence:
    followed = Followed.of(cells, start, "cumulative_incidence")
    tallies = _tallies(followed, len(causes))
    share = occupancy(product_limit(followed.tallies)[0], tallies)
    error = aalen_errors(share, tallies) if std_errors == "aalen" else _jackknife(followed, tallies, share, cluster)
    error[share == 1] = 0.0
    relative = np.divide(error, share, out=np.zeros_like(error), where=share > 0)
    low, high = limits(share, relative, normal_quantile(conf_level), conf_type)
    return CumulativeIncidence(
        time=followed.timeline.time,
        states=(RETAINED, *causes),
        share=share,
        std_error=error,
        conf_low=low,
        conf_high=high,
        n_at_risk=tallies.n_at_risk,
        n_event=tallies.n_event,
        n_censor=followed.tallies.n_censor,
        start=0.0 if start is None else start,
        time_unit=cells.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        std_errors=std_errors,
        weight=weight,
        n=followed.cells.n_accounts,
        notes=cells.notes,
    )


def _tallies(followed: Followed, n_causes: int) -> CauseTallies:
    cells = followed.cells
    amount = cells.n if cells.weight is None else cells.n * cells.weight
    return CauseTallies(
        followed.tallies.n_at_risk, gone_by_cause(followed.timeline, cells.columns[CAUSE], amount, n_causes)
    )


def _jackknife(followed: Followed, tallies: CauseTallies, share: Floats, cluster: str | None) -> Floats:
    cells, line = followed.cells, followed.timeline
    gone = np.flatnonzero(tallies.n_event.any(axis=1))
    late = line.first is not None and len(gone) > 0 and int(line.first.max()) > gone[0]
    if cells.weight is None and cluster is None and not late:
        return jackknife_errors(share, tallies)
    weight = np.ones(len(cells.n)) if cells.weight is None else cells.weight
    influences = Influences(line, cells.columns[CAUSE], cells.n, weight, tallies, share)
    return influences.errors() if cluster is None else influences.clustered_errors(cells.columns[cluster])


def cause_specific(tenures: Tenures | TenureCounts, cause: str) -> TenureCounts:
    """
    Count those gone of one cause as gone, and those gone of another as censored then.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts, with causes told apart.
    cause : str
        The cause that counts as dropout.

    Returns
    -------
    TenureCounts
        Without causes, for whatever compares hazards, such as a log-rank test or a Cox model. All
        attributes of `Tenures` are strata.

    Raises
    ------
    SpecError
        If causes are not told apart, or there is no such cause.

    Notes
    -----
    A Kaplan-Meier curve of these counts is not the share retained, and one minus it overstates the share
    gone of the cause: see `CumulativeIncidence.naive`.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 5, 8, 9], event=[1, 1, 1, 0], cause=[1, 2, 1, 0], causes=("closed", "banned"))
    >>> cause_specific(tenures, "closed").to_frame()[["duration", "event", "n"]].values.tolist()
    [[3.0, True, 1], [5.0, False, 1], [8.0, True, 1], [9.0, False, 1]]
    """
    _check_told_apart("cause_specific", tenures)
    if cause not in tenures.causes:
        mend = did_you_mean(cause, tenures.causes, choose_from(tenures.causes))
        raise SpecError.at(f"cause_specific, cause '{cause}'", "no such cause", mend)
    counts = count_tenures(tenures, by=list(map(str, tenures.attributes))) if isinstance(tenures, Tenures) else tenures
    return replace(counts, event=np.asarray(counts.cause == counts.causes.index(cause) + 1), cause=None, causes=())


def _check_options(std_errors: str, conf_type: str, conf_level: float, weight: str | None, cluster: str | None) -> None:
    check_choice("std_errors", std_errors, get_args(IncidenceErrors))
    check_choice("conf_type", conf_type, get_args(ConfType))
    check_level(conf_level)
    if std_errors == "aalen" and (weight or cluster):
        what = "got 'aalen', which takes each account for itself, and all alike"
        raise SpecError.at("std_errors", what, "Leave out the weight and the cluster, or choose 'jackknife'")


def _check_told_apart(place: str, tenures: Tenures | TenureCounts) -> None:
    if tenures.cause is None:
        raise SpecError.at(place, "the causes of dropout are not told apart", "Give the cause of each dropout")
    if RETAINED in tenures.causes:
        raise SpecError.at(place, f"a cause is called '{RETAINED}', as are those still there", "Rename it")
    if CAUSE in (tenures.attributes if isinstance(tenures, Tenures) else tenures.strata).columns:
        raise SpecError.at(place, f"an attribute is called '{CAUSE}', as are the causes", "Rename it")


def causes_apart(
    place: str, tenures: Tenures | TenureCounts, columns: list[str], weight: str | None = None
) -> GroupedAccounts:
    """
    Lay accounts out with their causes as one more column, whose codes are those of `tenures.cause`.

    Examples
    --------
    >>> tenures = Tenures(duration=[3, 5, 8], event=[1, 0, 1], cause=[2, 0, 1], causes=("closed", "banned"))
    >>> causes_apart("example,", tenures, []).columns[CAUSE].tolist()
    [2, 0, 1]
    """
    _check_told_apart(place.partition(",")[0], tenures)
    cause = {CAUSE: np.asarray(tenures.cause)}
    if isinstance(tenures, Tenures):
        grouped = group_accounts(
            replace(tenures, attributes=tenures.attributes.assign(**cause)),
            [*columns, CAUSE],
            weight=weight,
            place=place,
        )
    else:
        grouped = group_accounts(
            replace(tenures, strata=tenures.strata.assign(**cause)), [*columns, CAUSE], weight=weight, place=place
        )
    number = np.array(grouped.levels[CAUSE], np.int64)
    return replace(grouped, columns=grouped.columns | {CAUSE: number[grouped.columns[CAUSE]]})
