"""Staying of the accounts that signed up shortly before a wave of the survey, instead of all accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from churn.next_visit.estimate import next_visit_survival
from churn.next_visit.visit_counts import count_visits
from churn.survival.kaplan_meier import kaplan_meier
from churn.tenures.rules import DropoutRule
from churn.tenures.tenures import measure_tenures
from churn.usage.activity import Activity
from surveys.core.results import Estimate, Note, Unavailable

YEAR = 365
FEW = 30
TOO_FEW = Note("{n} accounts of the log signed up in the year before, fewer than {few}")
EPOCH = date(1970, 1, 1)


def stayed_of_recent(
    activity: Activity,
    rule: DropoutRule,
    until: date,
    *,
    horizon: float = 30.0,
    days: int = YEAR,
    conf_level: float = 0.95,
) -> Estimate | Unavailable:
    """
    Read staying off the accounts that signed up in the days up to a date.

    Parameters
    ----------
    activity : Activity
        One row per account; sign-up is its first event.
    rule : DropoutRule
        What counts as gone.
    until : date
        Last day of sign-up.
    horizon : float
        Tenure at which staying is read, in days.
    days : int
        Length of the span of sign-ups.
    conf_level : float
        Of the interval.

    Returns
    -------
    Estimate or Unavailable
        Unavailable where fewer than 30 accounts signed up then.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> rule = DropoutRule("inactive", 30)
    >>> isinstance(stayed_of_recent(activity, rule, date(2013, 10, 15)), Estimate)
    True
    >>> print(stayed_of_recent(activity, rule, date(2008, 10, 15)))
    0 accounts of the log signed up in the year before, fewer than 30
    """
    last = (until - EPOCH).days
    if rule.rule == "next_visit":
        return _next_visit(activity, last, horizon, days, conf_level)
    tagged = replace(activity, attributes=activity.attributes.assign(signup_day=activity.first_day))
    tenures = measure_tenures(tagged, rule)
    signup_day = tenures.attributes["signup_day"].to_numpy()
    recent = (signup_day <= last) & (signup_day > last - days)
    if recent.sum() < FEW:
        return Unavailable(Note(TOO_FEW.message, {"n": int(recent.sum()), "few": FEW}))
    return kaplan_meier(tenures.where(recent), conf_level=conf_level).at(horizon)


def _next_visit(activity: Activity, last: int, horizon: float, days: int, conf_level: float) -> Estimate | Unavailable:
    """Read the share seen again off the accounts that signed up in the days up to a date."""
    signups = activity.signups()
    recent = (signups.first_day <= last) & (signups.first_day > last - days)
    if recent.sum() < FEW:
        return Unavailable(Note(TOO_FEW.message, {"n": int(recent.sum()), "few": FEW}))
    counts = count_visits(replace(signups, there_before=None if recent.all() else ~recent), halves=False, replicates=1)
    return next_visit_survival(counts, conf_level=conf_level).at(horizon)
