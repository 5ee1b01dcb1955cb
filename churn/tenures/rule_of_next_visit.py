"""Gone after a day is who is never seen again; where accounts are called gone one by one, as by inactivity."""

from __future__ import annotations

from churn.tenures.outcomes import judge_by_silence
from churn.tenures.rule_kinds import RuleKind, register_rule
from surveys.core.results import Note

TOLD = "an account is gone after a day when it is never seen again, however long it is silent before"

NEXT_VISIT = register_rule(
    RuleKind(
        name="next_visit",
        describe=lambda gap: Note(TOLD),
        judge_activity=lambda activity, gap: judge_by_silence(activity, gap, dated="at the last activity"),
        judge_accounts="needs a log of events; a table of accounts tells no visits",
        mend="Use rule 'inactive', or a log of events",
    )
)
