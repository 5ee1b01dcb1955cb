"""Kaplan-Meier curves: the share of accounts retained by tenure, for everybody or for each level of an attribute."""

from __future__ import annotations

from typing import Literal, cast, get_args, overload

import numpy as np

from churn.survival._jackknife import influence_of_product_limit
from churn.survival.curve import SurvivalCurve
from churn.survival.grouping import MODEL_BASED, Followed, GroupedAccounts, check_errors, group_accounts
from churn.survival.tallies import ConfType, limits, product_limit
from churn.tenures.counts import TenureCounts
from churn.tenures.tenures import Tenures
from surveys.core.arguments import check_choice, check_level
from surveys.core.arrays import Floats
from surveys.core.intervals import normal_quantile
from surveys.core.results import Note

StdErrors = Literal["greenwood", "jackknife"]


@overload
def kaplan_meier(
    tenures: Tenures | TenureCounts,
    *,
    by: None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> SurvivalCurve: ...
@overload
def kaplan_meier(
    tenures: Tenures | TenureCounts,
    *,
    by: str,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> dict[str, SurvivalCurve]: ...
def kaplan_meier(
    tenures: Tenures | TenureCounts,
    *,
    by: str | None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    start: float | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    std_errors: StdErrors | None = None,
) -> SurvivalCurve | dict[str, SurvivalCurve]:
    r"""
    Estimate the share of accounts retained, by tenure.

    Parameters
    ----------
    tenures : Tenures or TenureCounts
        One row per account, or counts of accounts; the result is the same.
    by : str, optional
        Attribute, or column of the strata, whose levels have a curve each; one curve of all without it.
    conf_type : {'log-log', 'log', 'plain'}
        Scale on which the limits are symmetric.
    conf_level : float
        Between 0 and 1.
    start : float, optional
        Estimate for accounts retained until this tenure, in `tenures.time_unit`; those that left or were
        censored before it are not counted.
    weight : str, optional
        Attribute, or column of the strata, that holds the weight of each account, above 0.
    cluster : str, optional
        Attribute, or column of the strata, that tells whose accounts belong together, such as the holder;
        without it, each account stands for itself.
    std_errors : {'greenwood', 'jackknife'}, optional
        Greenwood's formula, which takes weights for numbers of accounts; or the infinitesimal jackknife,
        the default where there is a weight or a cluster.

    Returns
    -------
    SurvivalCurve or dict of str to SurvivalCurve
        With one row per distinct tenure. Accounts without a weight or a cluster are left out, and the
        notes count them.
        By level, in their order, where `by` is given: accounts without a value are in none of the curves, and each
        curve's notes count them.

    Raises
    ------
    SpecError
        If an option is not one of those above, or an attribute is not there.
    EstimateError
        If there are no accounts.

    Notes
    -----
    The product limit :math:`\hat S(t)=\prod_{t_i\le t}(1-d_i/n_i)` [1]_, with Greenwood's variance. At
    equal times dropouts come before censorings; an account is at risk after its entry, up to and
    including its duration.

    The jackknife adds up, over clusters, the squares of the influence of their accounts on the curve [2]_.
    Accounts of one cell have the same influence, so that counts give it exactly; a cluster has to be among their
    strata.

    References
    ----------
    .. [1] Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, *JASA* 53,
       457-481.
    .. [2] Therneau and Grambsch (2000), *Modeling Survival Data*, 7.2; `robust = TRUE` of R's survival.

    Examples
    --------
    >>> curve = kaplan_meier(Tenures(duration=[1, 2, 3, 4, 5, 6, 7, 8], event=[1, 1, 1, 1, 0, 1, 0, 0]))
    >>> curve.summary()
    '8 accounts, 5 of them gone; median 5 days [1, not reached]'
    >>> curve.dropout(at=3).summary()
    '37.5% [13.9%, 77.1%], n = 8'

    Accounts of one holder, who may leave with all of them:

    >>> import pandas as pd
    >>> holders = pd.DataFrame({"holder": list("aabbccdd")})
    >>> tenures = Tenures(duration=[1, 2, 3, 4, 5, 6, 7, 8], event=[1, 1, 1, 1, 0, 1, 0, 0], attributes=holders)
    >>> kaplan_meier(tenures, cluster="holder").dropout(at=3).summary()
    '37.5% [11.1%, 84.6%], n = 8'

    One curve for each level:

    >>> import pandas as pd
    >>> group = pd.DataFrame({"age": ["18-24", "18-24", "25-34"]})
    >>> tenures = Tenures(duration=[3, 5, 9], event=[True, False, True], attributes=group)
    >>> {level: curve.n for level, curve in kaplan_meier(tenures, by="age").items()}
    {'18-24': 2, '25-34': 1}
    """
    if by is not None:
        return _by_level(tenures, by, conf_type, conf_level, start, weight, cluster, std_errors)
    chosen = _check_options(conf_type, conf_level, weight, cluster, std_errors)
    cells = group_accounts(tenures, [cluster] if cluster else [], weight=weight, place="kaplan_meier,")
    return _curve(cells, conf_type, conf_level, start, weight, cluster, chosen)


def _by_level(
    tenures: Tenures | TenureCounts,
    by: str,
    conf_type: ConfType,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
    std_errors: StdErrors | None,
) -> dict[str, SurvivalCurve]:
    chosen = _check_options(conf_type, conf_level, weight, cluster, std_errors)
    cells = group_accounts(tenures, [by, *([cluster] if cluster else [])], weight=weight, place="kaplan_meier, by")
    return {
        level: _curve(part, conf_type, conf_level, start, weight, cluster, chosen) for level, part in cells.split(by)
    }


def _curve(
    cells: GroupedAccounts,
    conf_type: ConfType,
    conf_level: float,
    start: float | None,
    weight: str | None,
    cluster: str | None,
    std_errors: StdErrors,
) -> SurvivalCurve:
    followed = Followed.of(cells, start, "kaplan_meier")
    tallies = followed.tallies
    survival, log_error = product_limit(tallies)
    jackknife = None
    if std_errors == "jackknife":
        jackknife = followed.jackknife(cluster, *influence_of_product_limit(tallies))
        log_error = np.where(survival > 0, np.sqrt(jackknife.variance()), 0.0)
    with np.errstate(invalid="ignore"):
        std_error = survival * log_error
    low, high = limits(survival, log_error, normal_quantile(conf_level), conf_type)
    model_based = (MODEL_BASED,) if weight and std_errors == "greenwood" else ()
    return SurvivalCurve(
        time=followed.timeline.time,
        survival=survival,
        std_error=std_error,
        log_std_error=log_error,
        conf_low=low,
        conf_high=high,
        n_at_risk=tallies.n_at_risk,
        n_event=tallies.n_event,
        n_censor=tallies.n_censor,
        start=0.0 if start is None else start,
        time_unit=cells.time_unit,
        conf_level=conf_level,
        conf_type=conf_type,
        n=followed.cells.n_accounts,
        std_errors=std_errors,
        weight=weight,
        observed_from=max(0.0, float(np.nan_to_num(followed.cells.entry, nan=0.0).min())),
        notes=cells.notes + model_based + _emptied(followed.timeline.time, survival, cells.time_unit),
        _jackknife=jackknife,
    )


def _check_options(
    conf_type: str, conf_level: float, weight: str | None, cluster: str | None, std_errors: str | None
) -> StdErrors:
    check_choice("conf_type", conf_type, get_args(ConfType))
    check_level(conf_level)
    return cast(StdErrors, check_errors(std_errors, "greenwood", weight, cluster))


def _emptied(time: Floats, survival: Floats, time_unit: str) -> tuple[Note, ...]:
    zero = np.flatnonzero(survival == 0)
    if not len(zero) or zero[0] == len(time) - 1:
        return ()
    message = "all accounts at risk had gone at {time} {unit}, before others came under observation"
    return (Note(message, {"time": f"{time[zero[0]]:g}", "unit": time_unit}),)
