"""Gone is who shows nothing in the last days of observation, dated at the last activity."""

from __future__ import annotations

from churn.tenures.outcomes import judge_by_silence, judge_table_by_silence
from churn.tenures.rule_kinds import RuleKind, register_rule
from surveys.core.results import Note

TOLD = "an account is gone when it shows nothing for {gap} days; the dropout is dated at its last activity"

INACTIVE = register_rule(
    RuleKind(
        name="inactive",
        describe=lambda gap: Note(TOLD, {"gap": gap}),
        judge_activity=lambda activity, gap: judge_by_silence(activity, gap, dated="at the last activity"),
        judge_accounts=lambda table, gap: judge_table_by_silence(
            table, gap, rule="inactive", dated="at the last activity"
        ),
    )
)
