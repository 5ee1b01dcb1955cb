"""Gone is whose account was closed."""

from __future__ import annotations

import numpy as np

from churn.tenures.outcomes import Outcomes, observed_until, outcomes_of_table
from churn.tenures.rule_kinds import RuleKind, register_rule
from churn.usage.accounts import AccountTable
from surveys.core.errors import StudyError
from surveys.core.results import Note

TOLD = "an account is gone when it is closed"


def _judge(table: AccountTable, gap_days: int) -> Outcomes:
    if table.closed is None:
        raise StudyError.at("study.toml, usage.closed", "is not given, rule 'closed' needs it", "Name the column")
    event = ~np.isnan(table.closed)
    stop = np.where(event, table.closed, observed_until(table))
    return outcomes_of_table(table, stop, event, np.ones(table.n_accounts, bool))


CLOSED = register_rule(
    RuleKind(
        name="closed",
        describe=lambda gap: Note(TOLD),
        judge_activity="needs the closing date of each account",
        judge_accounts=_judge,
        mend="Use rule 'inactive', or a table of accounts",
    )
)
