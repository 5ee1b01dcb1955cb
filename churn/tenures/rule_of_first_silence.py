"""Gone is who shows nothing for some days in a row, whatever follows, dated at the last activity before them."""

from __future__ import annotations

import numpy as np

from churn.days.silences import first_silence
from churn.days.zones import DAY
from churn.tenures.outcomes import Outcomes, judge_from
from churn.tenures.rule_kinds import RuleKind, register_rule
from churn.usage.activity import Activity
from surveys.core.results import Note

TOLD = (
    "an account is gone at its first {gap} days without activity, even if it comes back; "
    "the dropout is dated at its last activity before them"
)


def _judge(activity: Activity, gap_days: int) -> Outcomes:
    exact = activity.grain == "instant" and activity.silence_days == gap_days
    if exact and activity.silent_since is not None:
        return judge_from(activity.first, activity.silent_since, activity.end, activity, gap_days, by_day=False)
    days = activity.origin + first_silence(activity.words, gap_days)
    if activity.clock == "elapsed":
        last_day = (activity.end - activity.first) // DAY - 1
        return judge_from(np.zeros_like(days), days, last_day, activity, gap_days, by_day=True)
    return judge_from(activity.first_day, days, activity.end_day - 1, activity, gap_days, by_day=True)


FIRST_SILENCE = register_rule(
    RuleKind(
        name="first_silence",
        describe=lambda gap: Note(TOLD, {"gap": gap}),
        judge_activity=_judge,
        judge_accounts="needs a log of events; a table of accounts tells no silences",
        mend="Use rule 'inactive', or a log of events",
    )
)
