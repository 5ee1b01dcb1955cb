"""Gone is who shows nothing for some days, dated when these are over."""

from __future__ import annotations

from churn.tenures.outcomes import judge_by_silence, judge_table_by_silence
from churn.tenures.rule_kinds import RuleKind, register_rule
from surveys.core.results import Note

TOLD = "an account is gone when it shows nothing for {gap} days; the dropout is dated when they are over"

DETECTED = register_rule(
    RuleKind(
        name="detected",
        describe=lambda gap: Note(TOLD, {"gap": gap}),
        judge_activity=lambda activity, gap: judge_by_silence(activity, gap, dated="when declared"),
        judge_accounts=lambda table, gap: judge_table_by_silence(table, gap, rule="detected", dated="when declared"),
    )
)
