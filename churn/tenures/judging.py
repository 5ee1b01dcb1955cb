"""Applying a rule of dropout to a log of events or to a table of accounts."""

from __future__ import annotations

import numpy as np

from churn.tenures.outcomes import Outcomes
from churn.tenures.rule_kinds import rule_kind
from churn.tenures.rules import DropoutRule
from churn.usage.accounts import AccountTable
from churn.usage.activity import Activity
from churn.usage.columns import place_of
from surveys.core.errors import Problem, StudyError


def judge_activity(activity: Activity, rule: DropoutRule) -> Outcomes:
    """
    Apply a rule to a log of events.

    Parameters
    ----------
    activity : Activity
        Sign-up is the first event of an account.
    rule : DropoutRule
        Any but `closed`; `next_visit` calls accounts gone as `inactive` does.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If the rule needs closing dates, or no account signed up early enough.

    Examples
    --------
    >>> from churn.usage.log import read_activity
    >>> from reports.examples import open_example
    >>> activity = read_activity(open_example("twitter_france"))
    >>> {name: int(judge_activity(activity, DropoutRule(name, 30)).event.sum()) for name in ("inactive", "detected")}
    {'inactive': 3165, 'detected': 3165}
    """
    kind = rule_kind(rule.for_labels.rule)
    if isinstance(kind.judge_activity, str):
        what = f"rule '{kind.name}' {kind.judge_activity}"
        raise StudyError.at("study.toml, usage.dropout", what, kind.mend)
    return kind.judge_activity(activity, rule.gap_days)


def judge_accounts(table: AccountTable, rule: DropoutRule) -> Outcomes:
    """
    Apply a rule to a table of accounts.

    Parameters
    ----------
    table : AccountTable
        With `closed` for the rule `closed`, `last_seen` for `inactive` and `detected`.
    rule : DropoutRule
        Any but `first_silence` and `next_visit`.

    Returns
    -------
    Outcomes

    Raises
    ------
    StudyError
        If the table lacks what the rule needs, an account is first observed at or after its dropout or
        censoring, or no account signed up early enough.

    Examples
    --------
    >>> import pandas as pd
    >>> days = {"signup": np.array([0.0, 0.0]), "closed": np.array([5.0, np.nan]), "end": 30.0, "end_day": 31}
    >>> where = {"columns": {}, "files": ("a.csv",), "file": np.zeros(2, int), "row": np.arange(2)}
    >>> blank = pd.DataFrame(index=range(2))
    >>> table = AccountTable(accounts=blank, attributes=blank, grain="day", **days, **where)
    >>> judge_accounts(table, DropoutRule("closed")).duration
    array([ 5., 30.])
    """
    kind = rule_kind(rule.rule)
    if isinstance(kind.judge_accounts, str):
        what = f"rule '{kind.name}' {kind.judge_accounts}"
        raise StudyError.at("study.toml, usage.dropout", what, kind.mend)
    found = kind.judge_accounts(table, rule.gap_days)
    problems = _order_problems(table, found)
    if problems:
        raise StudyError(*problems)
    return found


def _order_problems(table: AccountTable, found: Outcomes) -> list[Problem]:
    problems = []
    negative = np.flatnonzero(found.kept & (found.duration < 0))
    if len(negative):
        place = place_of(table.rows(negative[:3]), len(negative), table.columns["signup"])
        what = f"{len(negative):,} accounts signed up after their observation ended"
        problems.append(Problem(place, what, "Correct these rows, or as_of in study.toml"))
    if found.entry is not None:
        late = np.flatnonzero(found.kept & (found.entry >= found.duration))
        if len(late):
            place = place_of(table.rows(late[:3]), len(late), table.columns["entry"])
            what = f"{len(late):,} accounts come under observation when they are already gone or censored"
            problems.append(Problem(place, what, "Correct these rows, or leave these accounts out of the table"))
    return problems
